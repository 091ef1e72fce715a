"""Reviews from before the product: into the ledger by two persons, so that the roll starts from the truth; and out."""

import io
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from controls.base import audit, settings, verify
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.papers import actions, changing, coming_back, earlier_reviews
from controls.papers.changing import State
from controls.papers.words import Kind
from controls.rotation import queries as rotation
from controls.rotation.rules import RollRow
from controls.rotation.words import Source, Status
from controls.universe.tables import Subprocess
from tests import make
from tests.assessment.year import Year
from tests.papers.filled import Opened, brought, fetched, names, near, seen
from tests.web.town import MADE

DAY, DEGREE, FORM, REFERENCE = "Dækket den", "Dækningsgrad", "Gennemgangens form", "Reference"
WHY = "Filen var fra den forkerte styrelse."


def workbook(year: Year, language: str = "da") -> Opened:
    return Opened(fetched(year.by(year.first), Kind.HISTORY, year.organisation, None, language))


def fill(
    book: Opened, code: str, day: Any, degree: str = "Fuld", form: str = "Almindelig", reference: str = "J-1"
) -> None:
    for heading, value in ((DAY, day), (DEGREE, degree), (FORM, form), (REFERENCE, reference)):
        book.put(code, heading, value)


def bring(year: Year, data: bytes, name: str = "historik.xlsx", who: Any = None) -> int:
    return brought(year.by(who or year.first), Kind.HISTORY, year.organisation, data, None, name)


def look(year: Year, id: int) -> changing.Preview:
    return seen(year.by(year.first), id, Kind.HISTORY)


def take(year: Year, id: int, who: Any = None) -> Any:
    chosen = names(look(year, id))
    with transaction():
        return actions.take_history(year.by(who or year.second), id, chosen)


def undo(year: Year, id: int, reason: str = WHY) -> Any:
    with transaction():
        return actions.undo_history(year.by(year.first), id, reason)


def roll(year: Year) -> dict[str, RollRow]:
    return {row.code: row for row in rotation.roll(year.organisation.id, 2026, date(2026, 12, 31))}


def test_the_template_holds_the_sub_processes_and_empty_rows(year: Year) -> None:
    book, english = workbook(year), workbook(year, "en")
    assert [book.sheet.cell(n, 2).value for n in range(2, 7)] == ["KRE-1.1", "KRE-1.2", "KRE-3.1", "LON-1.1", None]
    assert book.cell("KRE-1.1", "Delproceskode").protection.locked and not book.cell("KRE-1.1", DAY).protection.locked
    assert not book.sheet.cell(9, 2).protection.locked and "Covered on" in english.heads
    assert {"Delproces", "Proces"} <= book.heads.keys() and {"Sub-process", "Process"} <= english.heads.keys()
    assert earlier_reviews.FORM.adds == 200
    found = look(year, bring(year, book.saved))
    assert found.counts == {State.SAME: 4}


def test_imported_history_counts_in_the_roll_and_undone_counts_no_more(year: Year) -> None:
    before = roll(year)
    assert before["KRE-1.1"].covered is None and before["KRE-1.1"].due == 2030
    book = workbook(year)
    fill(book, "KRE-1.1", date(2022, 5, 1))
    fill(book, "KRE-3.1", date(2020, 11, 30), reference="J-2020/44")
    fill(book, "LON-1.1", "3-6-2023", "Delvis", "Forenklet")
    book.sheet.cell(6, 2).value = "KRE-1.1"
    for at, value in enumerate((date(2017, 4, 3), "Full", "Light", "J-0"), 6):
        book.sheet.cell(6, at).value = value
    id = bring(year, book.saved)
    found = look(year, id)
    assert found.counts == {State.NEW: 4, State.SAME: 1}
    assert take(year, id).rows == 4
    after = roll(year)
    assert (after["KRE-1.1"].due, after["KRE-3.1"].due, after["LON-1.1"].due) == (2027, 2025, 2030)
    assert after["KRE-3.1"].status is Status.OVERDUE and after["KRE-1.1"].covered is not None
    assert [row.source for row in rotation.ledger(year.organisation.id)] == [Source.IMPORT] * 4
    assert look(year, bring(year, book.saved)).counts == {State.SAME: 5}
    with pytest.raises(Refused, match="at least 10"):
        undo(year, id, "nej")
    undo(year, id)
    assert {code: row.due for code, row in roll(year).items()} == {code: row.due for code, row in before.items()}
    assert rotation.ledger(year.organisation.id) == [] and len(rotation.coverages(year.organisation.id)) == 8
    newest = db.session.query(EventRow).order_by(EventRow.seq.desc()).first()
    assert newest is not None and (newest.action, newest.reason) == ("papers.history_undone", WHY)
    with pytest.raises(Refused, match="undone already"):
        undo(year, id)
    assert verify.faults(db.session(), settings.current().keys) == []


def test_who_brings_a_file_does_not_confirm_it(year: Year) -> None:
    book = workbook(year)
    fill(book, "KRE-1.1", date(2022, 5, 1))
    id = bring(year, book.saved)
    with pytest.raises(Refused, match="Dorte") as refused:
        take(year, id, year.first)
    assert refused.value.status == 403 and rotation.ledger(year.organisation.id) == []
    take(year, id)
    with pytest.raises(Refused, match="already"):
        take(year, id)


def test_rows_that_cannot_be_taken_name_sheet_and_cell(year: Year) -> None:
    book = workbook(year)
    fill(book, "KRE-1.1", date(2026, 3, 18))
    fill(book, "KRE-1.2", date(2022, 5, 1), reference="=1+1")
    book.put("KRE-3.1", DAY, date(2021, 1, 1))
    book.sheet.cell(6, 2).value = "XYZ-9"
    book.sheet.cell(6, 6).value = date(2021, 1, 1)
    id = bring(year, book.saved)
    told = [str(reason) for row in look(year, id).rows for reason in row.reasons]
    assert told == [
        "Sheet Tidligere gennemgange, cell F2: A review cannot count from a day that has not come yet.",
        "Sheet Tidligere gennemgange, cell I3: A reference starts with a letter or digit, and may hold letters, digits,"
        " spaces and - . , / : _ ( ). The file says “=1+1”.",
        *(f"Sheet Tidligere gennemgange, cell {c}4: This cell must be filled in too." for c in "GHI"),
        "Sheet Tidligere gennemgange, cell B6: The organisation has no sub-process with this code."
        " The file says “XYZ-9”.",
        *(f"Sheet Tidligere gennemgange, cell {c}6: This cell must be filled in too." for c in "GHI"),
    ]


def test_the_same_day_twice_and_a_sub_process_that_was_renamed_meanwhile(year: Year) -> None:
    book = workbook(year)
    fill(book, "KRE-1.1", date(2022, 5, 1))
    book.sheet.cell(6, 2).value = "kre-1.1"
    for at, value in enumerate((date(2022, 5, 1), "Fuld", "Almindelig", "J-0"), 6):
        book.sheet.cell(6, at).value = value
    fill(book, "LON-1.1", date(2022, 5, 1))
    part = rotation.roll(year.organisation.id, 2026, date(2026, 12, 31))[3].subprocess_id
    id = bring(year, book.saved)
    db.session.rollback()
    with transaction():
        row = db.session.get_one(Subprocess, part)
        row.name_da = "Oprettelse af løn"
        audit.record(year.by(year.second), MADE, row)
    found = look(year, id)
    assert found.counts == {State.ERROR: 2, State.MEANWHILE: 1, State.SAME: 2}
    with pytest.raises(Refused, match="Choose"):
        take(year, id)


def test_a_plain_csv_will_do(year: Year) -> None:
    head = "Sub-process code;Covered on;Degree of coverage;Form of review;Reference"
    text = f"{head}\nKRE-1.1;1.5.2022;Full;Ordinary;J 7\n"
    id = bring(year, text.encode(), "history.csv")
    assert look(year, id).counts == {State.NEW: 1}
    with pytest.raises(Refused, match="Sheet CSV, cell H1: The column “Form of review” is missing"):
        bring(year, text.replace("Form of review", "Kind").encode(), "history.csv")


def test_pages(year: Year, client: FlaskClient) -> None:
    browser = make.signed_in(client, year.first)
    assert "/import/history" in browser.get("/plan").text
    answer = browser.get("/import/history/excel")
    assert "tidligere-gennemgange-2026-uge12.xlsx" in answer.headers["Content-Disposition"]
    book = Opened(answer.data)
    fill(book, "KRE-1.1", date(2022, 5, 1))
    with near():
        sent = browser.post("/import/history", data={"file": (io.BytesIO(book.saved), "historik.xlsx")})
    page = browser.get(sent.location).text
    assert "En anden person bekræfter indlæsningen" in page and "1.5.2022" in page and "Dorte" in page
    other = make.signed_in(client, year.second)
    row = next(part.split('"')[0] for part in other.get(sent.location).text.split('value="') if part.startswith("2-"))
    done = other.post(f"{sent.location}/take", data={"row": [row], "act": "take"}, follow_redirects=True)
    assert "1 række blev indlæst" in done.text
    short = other.post(f"{sent.location}/undo", data={"reason": "nej"})
    assert short.status_code == 422 and "mindst 10 tegn" in short.text and "nej</textarea>" in short.text
    undone = other.post(f"{sent.location}/undo", data={"reason": WHY}, follow_redirects=True)
    assert "Indlæsningen er fortrudt" in undone.text and WHY in undone.text
    assert make.signed_in(client, year.controller).get(sent.location).status_code == 403
    assert coming_back.waiting(year.organisation.id, Kind.HISTORY, None) == []
