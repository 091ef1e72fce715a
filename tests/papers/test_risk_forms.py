"""Risk forms out to a workbook and back: nothing lost, just what was changed, all or nothing, undone by name."""

import io
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from controls.assessment import actions as assessing
from controls.assessment import queries as assessments
from controls.assessment.words import State as Stage
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity.permissions import Role
from controls.papers import actions, coming_back
from controls.papers.changing import State
from controls.papers.words import Kind
from controls.wheel.words import State as Phase
from tests import make
from tests.assessment.year import GOOD, SCORES, WHY, Year, own_line
from tests.papers.filled import Opened, brought, fetched, names, seen

S, K = "Sandsynlighed før kontroller", "Konsekvens før kontroller"
STEPS = (S, K, "Kontroldækning", "Sandsynlighed efter kontroller", "Konsekvens efter kontroller")


def workbook(year: Year, who: Any = None, language: str = "da") -> Opened:
    return Opened(fetched(year.by(who or year.controller), Kind.FORMS, year.organisation, 2026, language))


def bring(year: Year, book: Opened, who: Any = None) -> int:
    return brought(year.by(who or year.controller), Kind.FORMS, year.organisation, book.saved, 2026)


def look(year: Year, id: int, who: Any = None) -> Any:
    return seen(year.by(who or year.controller), id, Kind.FORMS)


def take(year: Year, id: int, submit: bool = False, who: Any = None) -> Any:
    by = year.by(who or year.controller)
    with transaction():
        return actions.take_forms(by, id, names(seen(by, id, Kind.FORMS)), submit)


def undo(year: Year, id: int, who: Any = None) -> Any:
    with transaction():
        return actions.undo_forms(year.by(who or year.controller), id)


def answer(book: Opened, code: str) -> None:
    """All that a process is asked."""
    for heading, value in zip(STEPS, (3, 4, 4, 3, 4), strict=True):
        book.put(code, heading, value)
    for heading, value in (("Ændring siden sidste år", "Uændret"), ("Særlig risiko for svig?", "Nej"),
                           ("Hvor sikker er du?", "Nogenlunde"), ("Bør den gennemgås i år?", "Nej"),
                           ("Begrundelse", WHY)):  # fmt: skip
        book.put(code, heading, value)


def test_headings_are_in_the_readers_language(year: Year) -> None:
    danish, english = workbook(year), workbook(year, language="en")
    assert danish.sheet.title == "Risikoskemaer" and english.sheet.title == "Risk forms"
    assert set(STEPS) <= danish.heads.keys() and "Likelihood before controls" in english.heads
    assert [danish.sheet.cell(n, 2).value for n in range(2, 9)] == [
        "KRE-1", "KRE-1.1", "KRE-1.2", "KRE-3", "KRE-3.1", "LON-1", "LON-1.1"]  # fmt: skip


def test_only_answers_are_open_and_lists_are_offered(year: Year) -> None:
    book = workbook(year)
    assert book.sheet.protection.sheet and not book.sheet.protection.password
    assert not book.cell("KRE-1", S).protection.locked and book.cell("KRE-1", "Kode").protection.locked
    assert book.cell("KRE-1.1", "Hvor sikker er du?").protection.locked
    assert not book.cell("KRE-1.1", S).protection.locked
    assert [book.book[name].sheet_state for name in ("_lister", "_meta")] == ["hidden", "hidden"]
    assert book.sheet.column_dimensions["A"].hidden and book.sheet.freeze_panes == "D2"
    rules = book.sheet.data_validations.dataValidation
    lists = {str(rule.sqref): rule.formula1 for rule in rules if rule.type == "list"}
    assert lists["G2:G8"] == "_lister!$A$1:$A$5" and len(lists) == 15
    prompt = next(rule.prompt for rule in rules if str(rule.sqref) == "G2:G8")
    assert prompt.startswith("1 = under 1 gang på 20 år")


@pytest.mark.parametrize("language", ["da", "en"])
def test_an_unchanged_file_changes_nothing(year: Year, language: str) -> None:
    year.submit("KRE-3", replace(GOOD, reason="=HYPERLINK(1)\nÆ ø å 😀 _x0041_ og mere tekst"))
    with transaction():
        assessing.save_draft(year.by(year.owner), year.form().id, 0, {"reason": ["+x\n\n-y"], "inherent_impact": ["2"],
                                                                      "change_kinds": ["law", "people"]})  # fmt: skip
    id = bring(year, workbook(year, language=language))
    found = look(year, id)
    assert found.counts == {State.SAME: 7} and found.cells == 0
    with pytest.raises(Refused, match="Choose at least one row"):
        take(year, id)


def test_fourteen_changed_cells_are_just_those(year: Year) -> None:
    year.submit("LON-1", own_line(year.form("LON-1"), SCORES))
    with transaction():
        assessing.take_back(year.by(year.controller), year.form("LON-1").id, None)
    book = workbook(year)
    cells = {book.put("KRE-1", heading, 2) for heading in STEPS}
    cells |= {book.put("KRE-1", "Ændret: System", "x"), book.put("KRE-1", "Begrundelse", "Nyt"),
              book.put("KRE-3", S, 5), book.put("KRE-3", "Hvor sikker er du?", "meget"),
              book.put("LON-1", "Begrundelse", "=1+1"), book.put("LON-1", K, None), book.put("LON-1.1", K, "1"),
              book.put("LON-1.1", "Begrundelse", "Ny\nlinje"),
              book.put("LON-1", "Særlig risiko for svig?", "Yes")}  # fmt: skip
    id = bring(year, book)
    found = look(year, id)
    assert {change.cell for row in found.new for change in row.changes} == cells and found.cells == len(cells) == 14
    assert found.counts == {State.NEW: 4, State.SAME: 3}
    take(year, id)
    typed = {code: assessments.typed(assessments.draft(year.form(code).id)) for code in ("KRE-1", "KRE-3", "LON-1")}
    assert typed["KRE-1"]["change_kinds"] == ["system"] and typed["KRE-1"]["control_level"] == ["2"]
    assert typed["LON-1"]["reason"] == ["=1+1"] and typed["LON-1"]["certainty"] == ["fair"]
    assert "inherent_impact" not in typed["LON-1"] and typed["LON-1"]["fraud"] == ["yes"]
    line = assessments.line_ids(year.form("LON-1").id)[0]
    assert typed["LON-1"][f"line-{line}-inherent_impact"] == ["1"] and typed["LON-1"][f"line-{line}-own"] == ["y"]
    assert look(year, bring(year, book)).counts[State.NEW] == 0


def test_chosen_rows_only(year: Year) -> None:
    book = workbook(year)
    book.put("KRE-1", S, 5)
    book.put("KRE-3", S, 5)
    id = bring(year, book)
    with transaction():
        actions.take_forms(year.by(year.controller), id, names(look(year, id))[:1], False)
    assert assessments.draft(year.form("KRE-1").id) and not assessments.draft(year.form("KRE-3").id)


def another(year: Year) -> Any:
    """Somebody else who may fill in every form."""
    return make.person("cleo", Role.CTL, year.organisation)


def test_submitted_and_undone(year: Year) -> None:
    book = workbook(year)
    for code in ("KRE-1", "LON-1"):
        answer(book, code)
    id = bring(year, book)
    assert take(year, id, submit=True).rows == 2
    assert [year.form(code).state for code in ("KRE-1", "KRE-3", "LON-1")] == [
        Stage.SUBMITTED, Stage.NOT_STARTED, Stage.SUBMITTED]  # fmt: skip
    told = [row.action for row in db.session.query(EventRow).order_by(EventRow.seq)][-3:]
    assert told == ["assessment.submitted", "assessment.submitted", "papers.forms_imported"]
    with pytest.raises(Refused, match="already"):
        take(year, id)
    for who, why in ((year.owner, "access"), (another(year), "Mette .*alone")):
        with pytest.raises(Refused, match=why):
            undo(year, id, who)
    undo(year, id)
    assert year.form().state is Stage.DRAFT and assessments.typed(assessments.draft(year.form().id)) == {}
    assert db.session.query(EventRow).order_by(EventRow.seq.desc()).first().action == "papers.forms_undone"
    with pytest.raises(Refused, match="undone already"):
        undo(year, id)


def test_undo_puts_drafts_back(year: Year) -> None:
    with transaction():
        assessing.save_draft(year.by(year.owner), year.form().id, 0, {"reason": ["Min egen tekst"]})
    book = workbook(year)
    book.put("KRE-1", "Begrundelse", "En anden")
    book.put("KRE-3", S, 5)
    id = bring(year, book)
    take(year, id)
    undo(year, id, another(year))
    assert assessments.typed(assessments.draft(year.form().id)) == {"reason": ["Min egen tekst"]}
    assert assessments.draft(year.form("KRE-3").id) is None


def test_undo_is_refused_with_names_when_forms_were_changed_since(year: Year) -> None:
    book = workbook(year)
    book.put("KRE-1", S, 5)
    book.put("KRE-3", S, 5)
    id = bring(year, book)
    take(year, id)
    with transaction():
        assessing.save_draft(year.by(year.owner), year.form().id, None, {"reason": ["Anne skriver selv"]})
    with pytest.raises(Refused, match=r"undone: KRE-1 were") as refused:
        undo(year, id)
    assert refused.value.status == 409
    assert assessments.draft(year.form("KRE-3").id) is not None


def test_stale_rows_are_refused_and_named(year: Year) -> None:
    book = workbook(year)
    book.put("KRE-1", S, 5)
    book.put("KRE-3", S, 5)
    with transaction():
        assessing.save_draft(year.by(year.owner), year.form().id, 0, {"reason": ["Anne skriver imens"]})
    id = bring(year, book)
    found = look(year, id)
    assert found.counts == {State.MEANWHILE: 1, State.NEW: 1, State.SAME: 5}
    assert "KRE-1 was saved by Anne" in str(found.in_reading_order()[1].reasons[0])
    chosen = [f"{row.number}-x" for row in found.rows if row.state is State.MEANWHILE]
    with pytest.raises(Refused, match="KRE-1 was saved by Anne") as refused, transaction():
        actions.take_forms(year.by(year.controller), id, chosen + names(found), False)
    assert refused.value.status == 409 and assessments.draft(year.form("KRE-3").id) is None
    take(year, id)


def test_rows_changed_after_they_were_seen(year: Year) -> None:
    book = workbook(year)
    book.put("KRE-1", S, 5)
    book.put("KRE-1", K, 2)
    id = bring(year, book)
    chosen = names(look(year, id))
    with transaction():
        assessing.save_draft(year.by(year.owner), year.form().id, 0, {"inherent_likelihood": ["5"]})
    with pytest.raises(Refused, match="KRE-1") as refused, transaction():
        actions.take_forms(year.by(year.controller), id, chosen, False)
    assert refused.value.status == 409


def test_what_a_submission_lacks_is_told_by_sheet_and_cell(year: Year) -> None:
    book = workbook(year)
    answer(book, "KRE-1")
    cell = book.put("KRE-1", "Begrundelse", "For kort")
    book.put("KRE-1.1", S, 2)
    id = bring(year, book)
    with pytest.raises(Refused) as refused:
        take(year, id, submit=True)
    told = [str(reason) for reason in refused.value.reasons]
    assert f"Sheet Risikoskemaer, cell {cell}: Write a reason of at least 20 characters. You have written 8." in told
    assert "Sheet Risikoskemaer, cell H3: Choose a step at Impact before controls." in told
    assert year.form().state is Stage.NOT_STARTED and coming_back.waiting(year.organisation.id, Kind.FORMS, 2026)


def test_an_owner_has_own_forms_only(year: Year) -> None:
    own = workbook(year, year.owner)
    assert [own.sheet.cell(n, 2).value for n in range(2, own.sheet.max_row + 1)] == ["KRE-1", "KRE-1.1", "KRE-1.2"]
    book = workbook(year)
    book.put("KRE-1", S, 5)
    book.put("KRE-3", S, 5)
    id = bring(year, book, year.owner)
    found = look(year, id, year.owner)
    assert found.counts == {State.NEW: 1, State.ERROR: 1, State.SAME: 5}
    assert "not yours to fill in" in str(found.in_reading_order()[1].reasons[0])
    take(year, id, who=year.owner)
    assert assessments.draft(year.form().id).author_id == year.owner.id


def test_forms_that_are_not_open_are_locked(year: Year) -> None:
    year.submit()
    book = workbook(year)
    assert book.cell("KRE-1", S).protection.locked and book.cell("KRE-1", S).value == 3
    book.put("KRE-1", S, 5)
    found = look(year, bring(year, book))
    assert found.counts == {State.ERROR: 1, State.SAME: 6}
    assert "cell G2: This cannot be done in the state" in str(found.in_reading_order()[0].reasons[0])


def test_pages(year: Year, client: FlaskClient) -> None:
    browser, here = make.signed_in(client, year.controller), "/cycles/2026/assessments"
    assert "Hent regnearket" in browser.get(f"{here}/import").text
    answer_ = browser.get(f"{here}/excel")
    assert answer_.status_code == 200 and "risikovurderinger-2026-uge12.xlsx" in answer_.headers["Content-Disposition"]
    assert db.session.query(EventRow).order_by(EventRow.seq.desc()).first().action == "papers.forms_exported"
    book = Opened(answer_.data)
    answer(book, "KRE-1")
    book.put("KRE-3", S, 9)
    sent = browser.post(f"{here}/import", data={"file": (io.BytesIO(book.saved), "skema.xlsx")})
    assert sent.status_code == 303
    page = browser.get(sent.location).text
    assert "Ark Risikoskemaer, celle G5: Skriv et helt tal fra 1 til 5" in page and "Filen siger “9”" in page
    assert page.count(" checked>") == 1 and "<ins>3</ins>" in page
    row = next(part.split('"')[0] for part in page.split('value="')[1:] if part.startswith("2-"))
    none = browser.post(f"{sent.location}/take", data={"act": "draft"})
    assert none.status_code == 422 and "Vælg mindst én række" in none.text
    done = browser.post(f"{sent.location}/take", data={"row": [row], "act": "submit"}, follow_redirects=True)
    assert "1 række blev indlæst" in done.text and "Fortryd indlæsningen" in done.text
    third = make.signed_in(client, another(year))
    assert "skema.xlsx" in third.get(f"{here}/import").text
    shown = third.get(sent.location).text
    assert "kan kun selv" in shown and "Fortryd indlæsningen" not in shown
    make.signed_in(client, year.controller)
    assert year.form().state is Stage.SUBMITTED
    undone = browser.post(f"{sent.location}/undo", follow_redirects=True)
    assert "Indlæsningen er fortrudt" in undone.text and year.form().state is Stage.DRAFT
    other = make.signed_in(client, year.owner)
    assert other.get(sent.location).status_code == 404
    assert "skema.xlsx" not in other.get(f"{here}/import").text


def test_no_such_year_and_not_ones_own(year: Year, client: FlaskClient) -> None:
    browser = make.signed_in(client, year.controller)
    assert browser.get("/cycles/2031/assessments/excel").status_code == 404
    assert make.signed_in(client, year.first).get("/cycles/2026/assessments/import").status_code == 403


def test_when_the_year_is_calibrated_returned_forms_alone_are_open(year: Year) -> None:
    year.submit_all()
    with transaction():
        assessing.return_to_author(year.by(year.first), year.form().id, None, "Skriv mere om udfaldet.")
    assert year.phase is Phase.CALIBRATING
    book = workbook(year)
    assert not book.cell("KRE-1", S).protection.locked and book.cell("KRE-3", S).protection.locked
    book.put("KRE-1", "Begrundelse", "Betalingsløsningen har nu kørt i tre måneder uden fejl.")
    id = bring(year, book)
    take(year, id, submit=True)
    assert year.form().state is Stage.SUBMITTED
