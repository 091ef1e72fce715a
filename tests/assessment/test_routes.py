"""The pages of the assessment: form, refusal, conflict, receipt, calibration, list, matrix."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from controls.assessment import actions, queries
from controls.assessment.words import Copied, State
from controls.base.db import db, transaction
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.universe.rules import Facts
from controls.wheel.words import State as Phase
from tests import make
from tests.assessment.year import SCORES, WHY, Year

FORM = {
    "inherent_likelihood": "3", "inherent_impact": "4", "control_level": "4", "residual_likelihood": "3",
    "residual_impact": "4", "fraud": "no", "change_direction": "unchanged", "certainty": "fair", "propose_review": "no",
    "reason": WHY,
}  # fmt: skip


@contextmanager
def budget(most: int) -> Iterator[None]:
    """At most so many queries."""
    seen: list[str] = []

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert len(seen) <= most, "\n".join(seen)


def as_(client: FlaskClient, person: Any) -> FlaskClient:
    return make.signed_in(client, person)


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def chosen(page: str, name: str = "") -> int:
    """How many boxes are chosen on a page (of those whose name begins so)."""
    return len(re.findall(rf'name="{name}[^>]* checked(?=>| aria)', page))


def test_the_form_is_empty_and_shows_facts(client: FlaskClient, year: Year) -> None:
    id = year.form().id
    as_(client, year.owner)
    with budget(8):
        answer = client.get(f"/assessments/{id}")
    page = text(answer)
    assert answer.status_code == 200 and "KRE-1 Fakturaer" in page and chosen(page) == 0
    assert "Navision Stat" in page and "27. marts 2026" in page and page.count("<h1>") == 1


def test_submit_with_errors_keeps_what_was_typed(client: FlaskClient, year: Year) -> None:
    id = year.form().id
    as_(client, year.owner)
    typed = {**FORM, "reason": "For kort", "fraud": "", "row_version": "1.0"}
    answer = client.post(f"/assessments/{id}/submit", data=typed)
    page = text(answer)
    assert answer.status_code == 422 and "For kort</textarea>" in page
    assert chosen(page) == 8 and 'href="#fraud"' in page and 'href="#reason"' in page
    assert year.form().state is State.NOT_STARTED


def test_submit_then_receipt(client: FlaskClient, year: Year) -> None:
    id = year.form().id
    as_(client, year.owner)
    answer = client.post(f"/assessments/{id}/submit", data={**FORM, "row_version": "1.0"})
    assert (answer.status_code, answer.location) == (303, f"/assessments/{id}")
    with budget(8):
        page = text(client.get(f"/assessments/{id}"))
    assert WHY in page and "take-back" in page
    assert client.post(f"/assessments/{id}/take-back", data={"row_version": year.form().version}).status_code == 303
    assert WHY in text(client.get(f"/assessments/{id}")) and year.form().state is State.DRAFT


def test_lines_and_ticks_are_read(client: FlaskClient, year: Year) -> None:
    form = year.form()
    first = queries.lines(form.id)[0].subprocess_id
    own = {f"line-{first}-{name}": "2" for name in vars(SCORES)}
    own |= {f"line-{first}-own": "y", f"line-{first}-reason": WHY}
    as_(client, year.owner)
    data = {**FORM, **own, "change_kinds": ["law", "system"], "row_version": "1.0"}
    assert client.post(f"/assessments/{form.id}/submit", data=data).status_code == 303
    row = year.form()
    assert row.change_kinds == "system;law" and [line.inherited for line in queries.lines(row.id)] == [False, True]
    del data[f"line-{first}-control_level"]
    client.post(f"/assessments/{form.id}/take-back", data={"row_version": row.version})
    answer = client.post(f"/assessments/{form.id}/submit", data={**data, "row_version": "3.0"})
    assert answer.status_code == 422 and f'href="#line-{first}-control_level"' in text(answer)


def test_draft_is_saved_and_shown_again(client: FlaskClient, year: Year) -> None:
    id = year.form().id
    as_(client, year.owner)
    typed = {"inherent_impact": "5", "reason": "På vej", "row_version": "1.0"}
    answer = client.post(f"/assessments/{id}/draft", data=typed)
    assert answer.status_code == 303
    page = text(client.get(f"/assessments/{id}"))
    assert "På vej" in page and chosen(page) == 1 and "Kladde" in page


def test_a_conflict_asks_which_of_two_answers_stands(client: FlaskClient, year: Year) -> None:
    id = year.form().id
    theirs = {"reason": ["Bos begrundelse"], "control_level": ["2"], "fraud_reason": ["Bo"]}
    with transaction():
        actions.save_draft(year.by(year.deputy), id, 0, theirs)
    as_(client, year.owner)
    mine = {**FORM, "fraud_reason": "Anne", "row_version": "1.0"}
    for verb in ("draft", "submit"):
        answer = client.post(f"/assessments/{id}/{verb}", data=mine)
        page = text(answer)
        assert answer.status_code == 409 and "Bos svar" in page and f"Dit svar: {WHY}" in page
        assert 'name="row_version" value="1.2"' in page, "what only one of them changed is saved"
        assert all(f'name="keep-{name}" id="keep-{name}"' in page for name in theirs) and chosen(page, "keep-") == 0
    both = {**mine, "row_version": "1.2", "clash": list(theirs), "keep-control_level": "theirs", "keep-reason": "mine"}
    answer = client.post(f"/assessments/{id}/draft", data=both)
    page = text(answer)
    assert answer.status_code == 422 and 'href="#keep-fraud_reason"' in page and 'href="#keep-reason"' not in page
    assert "Bos svar" in page and "Anne" in page and chosen(page, "keep-") == 2
    assert client.post(f"/assessments/{id}/submit", data={**both, "keep-fraud_reason": "theirs"}).status_code == 303
    row = year.form()
    assert (row.control_level, row.reason, row.fraud_reason) == (2, WHY, "Bo")


def test_a_draft_takes_in_what_only_another_changed(client: FlaskClient, year: Year) -> None:
    id = year.form().id
    with transaction():
        actions.save_draft(year.by(year.deputy), id, 0, {"control_level": ["2"]})
    as_(client, year.owner)
    assert client.post(f"/assessments/{id}/draft", data={"reason": WHY, "row_version": "1.0"}).status_code == 303
    assert queries.typed(queries.draft(id)) == {"control_level": ["2"], "reason": [WHY]}
    page = text(client.get(f"/assessments/{id}"))
    assert "Kontroldækning" in page and "Bo" in page


def put(client: FlaskClient, id: int, version: str, **fields: Any) -> tuple[int, Any]:
    answer = client.put(f"/assessments/{id}", data={"row_version": version, "window": "w", **fields})
    return answer.status_code, answer.get_json()


def test_autosave_keeps_only_what_was_changed(client: FlaskClient, year: Year) -> None:
    id = year.form().id
    as_(client, year.owner)
    assert put(client, id, "1.0", reason="Først")[1]["version"] == "1.1"
    with budget(7):  # two of them begin
        status, told = put(client, id, "1.1", control_level="4", change_kinds=["law", "system"])
    assert (status, told["version"], told["taken"], told["clashes"]) == (200, "1.2", [], [])
    assert put(client, id, "1.2", change_kinds="", reason="Først\n igen ")[1]["version"] == "1.3"
    assert queries.typed(queries.draft(id)) == {"reason": ["Først\n igen "], "control_level": ["4"]}
    status, told = put(client, id, "1.3", inherent_impact="9", reason="a\x01b")
    assert status == 422 and {name for name, _text in told["errors"]} == {"inherent_impact", "reason"}
    assert put(client, id, "1.3", approver_id="7", **{"line-99-own": "y"})[1]["version"] == "1.3"


def test_autosave_tells_what_both_changed(client: FlaskClient, year: Year) -> None:
    id = year.form().id
    with transaction():
        actions.save_draft(year.by(year.deputy), id, 0, {"reason": ["Bos"], "fraud": ["no"]}, window="b")
    as_(client, year.owner)
    status, told = put(client, id, "1.0", reason="Annes", control_level="4")
    assert (status, told["version"]) == (409, "1.2")
    assert [(one["name"], one["values"], one["who"]) for one in told["clashes"]] == [("reason", ["Bos"], "Bo")]
    assert [(one["name"], one["values"]) for one in told["taken"]] == [("fraud", ["no"])]
    assert put(client, id, "1.2", reason="Annes")[0] == 200
    year.submit(who=year.deputy)
    status, told = put(client, id, "1.3", reason="For sent")
    assert status == 409 and "Bo" in told["reasons"][0] and not told["again"]


def test_autosave_is_for_who_fills_in(client: FlaskClient, year: Year) -> None:
    other, mine = year.form("KRE-3").id, year.form().id
    as_(client, year.owner)
    assert client.put(f"/assessments/{other}", data={"reason": "x"}).status_code == 404
    as_(client, year.first)
    assert client.put(f"/assessments/{mine}", data={"reason": "x"}).status_code == 403
    client.delete_cookie("kontrolrul")
    assert client.put(f"/assessments/{mine}", data={"reason": "x"}).status_code == 401


def test_a_conflict_with_a_submitted_form_keeps_the_text(client: FlaskClient, year: Year) -> None:
    id = year.form().id
    year.submit(who=year.deputy)
    as_(client, year.owner)
    answer = client.post(f"/assessments/{id}/submit", data={**FORM, "reason": "Min egen " + WHY, "row_version": "1.0"})
    assert answer.status_code == 409 and "Min egen" in text(answer)


def test_copy_last_years_answers(client: FlaskClient, year: Year) -> None:
    last = year.submit()
    with transaction():
        last = year.form()
        last.year = 2025
        _moved(last, year)
    as_(client, year.owner)
    form = _new_form(year, last)
    page = text(client.get(f"/assessments/{form}"))
    assert 'value="all"' in page and chosen(page) == 0 and page.count("kr-last") == 5
    client.post(f"/assessments/{form}/draft", data={"copy": "control_level", "row_version": "1.0"})
    assert chosen(text(client.get(f"/assessments/{form}"))) == 1
    client.post(f"/assessments/{form}/draft", data={"copy": "all", "row_version": "1.1"})
    page = text(client.get(f"/assessments/{form}"))
    copied = ";".join(answer for answer in Copied if answer is not Copied.LINES)
    assert f'name="copied" value="{copied}"' in page and chosen(page) == 6
    data = {**FORM, "copied": copied, "control_level": "3", "row_version": "1.2"}
    answer = client.post(f"/assessments/{form}/submit", data=data)
    assert answer.status_code == 422 and 'href="#reason_unchanged"' in text(answer)
    client.post(f"/assessments/{form}/submit", data={**data, "reason_unchanged": WHY})
    row = queries.of_process(year.cycle.id, last.process_id)
    assert row is not None and row.copied and Copied.CONTROL_LEVEL not in row.copied_answers.split(";")
    assert len(row.copied_answers.split(";")) == 5 and row.reason_unchanged == WHY


def test_what_has_changed_is_not_offered_for_copying(client: FlaskClient, year: Year) -> None:
    last = year.submit()
    with transaction():
        last = year.form()
        last.year = 2025
        _moved(last, year)
    form = _new_form(year, last)
    process = universe.process(last.process_id)
    assert process is not None
    facts = Facts(year.owner.id, year.deputy.id, systems="Navision Stat", yearly_amount_ore=2 * 10**9)
    with transaction():
        catalogue.edit_process(year.by(year.first), process.id, process.version, facts)
    as_(client, year.owner)
    page = text(client.get(f"/assessments/{form}"))
    offers = set(re.findall(r'name="copy" value="(\w+)"', page))
    assert offers == {"all", "inherent_likelihood", "control_level", "residual_likelihood", "fraud"}
    assert "+100" in page and page.count("kr-last") == 5
    client.post(f"/assessments/{form}/draft", data={"copy": "inherent_impact", "row_version": "1.0"})
    client.post(f"/assessments/{form}/draft", data={"copy": "all", "row_version": "1.1"})
    fields = queries.typed(queries.draft(form))
    assert fields["control_level"] == ["4"] and "inherent_impact" not in fields and "residual_impact" not in fields


def _moved(row: Any, year: Year) -> None:
    """Last year's form, made from this year's: moved to a cycle of 2025."""
    from controls.base import audit

    db.session.info.setdefault("changed", {}).clear()
    cycle = year.cycle
    old = type(cycle)(
        organisation_id=cycle.organisation_id, year=2025, state=Phase.CLOSED, capacity_hours=1, interval_high=2,
        interval_elevated=3, interval_moderate=5, interval_low=5, saved_at=make.NOW, saved_by="x",
    )  # fmt: skip
    db.session.add(old)
    db.session.flush()
    row.cycle_id = old.id
    audit.record(year.by(year.first), actions.STARTED, row)


def _new_form(year: Year, last: Any) -> int:
    process_id = last.process_id
    with transaction():
        actions.start(year.by(year.first), year.cycle)
    form = queries.of_process(year.cycle.id, process_id)
    assert form is not None
    return form.id


def test_forbidden_and_hidden(client: FlaskClient, year: Year) -> None:
    mine, other = year.form().id, year.form("KRE-3").id
    as_(client, year.owner)
    assert client.get(f"/assessments/{other}").status_code == 404
    assert client.post(f"/assessments/{other}/submit", data=FORM).status_code == 404
    assert client.post(f"/assessments/{mine}/approve").status_code == 403
    assert client.get(f"/assessments/{mine}/submit").status_code == 405
    as_(client, year.auditor)
    page = client.get(f"/assessments/{mine}")
    assert page.status_code == 200 and "formaction" not in text(page)
    assert client.post(f"/assessments/{mine}/submit", data=FORM).status_code == 403
    assert client.get("/assessments/99999999999999999999").status_code == 404


@pytest.fixture
def calibrating(year: Year) -> Year:
    year.submit_all()
    return year


GROUP = {name: str(value) for name, value in vars(SCORES).items()}


def test_calibrate_agree_approve(client: FlaskClient, calibrating: Year) -> None:
    form = calibrating.form()
    id = form.id
    as_(client, calibrating.first)
    with budget(8):
        page = text(client.get(f"/assessments/{id}"))
    assert 'name="agree"' in page and "/return" in page
    answer = client.post(f"/assessments/{id}/calibrate", data={**GROUP, "agree": "1", "version": form.version})
    assert answer.status_code == 303 and calibrating.form().state is State.CALIBRATED
    page = text(client.get(f"/assessments/{id}"))
    assert f"/assessments/{id}/approve" in page
    version = calibrating.form().version
    assert client.post(f"/assessments/{id}/approve", data={"row_version": version}).status_code == 303
    assert calibrating.form().state is State.APPROVED


def test_changing_a_score_asks_why_and_bars_from_approving(client: FlaskClient, calibrating: Year) -> None:
    form = calibrating.form()
    id, changed = form.id, {**GROUP, "inherent_impact": "5", "version": str(form.version)}
    as_(client, calibrating.first)
    answer = client.post(f"/assessments/{id}/calibrate", data=changed)
    assert answer.status_code == 422 and 'href="#reason"' in text(answer)
    assert client.post(f"/assessments/{id}/calibrate", data={**changed, "reason": WHY}).status_code == 303
    page = text(client.get(f"/assessments/{id}"))
    assert f"/assessments/{id}/approve" not in page and "kr-reasons" in page
    assert client.post(f"/assessments/{id}/approve", data={"row_version": "9"}).status_code == 409
    answer = client.post(f"/assessments/{id}/approve", data={"row_version": calibrating.form().version})
    assert answer.status_code == 403
    clash = client.post(f"/assessments/{id}/calibrate", data={**changed, "reason": "Noget andet end før"})
    assert clash.status_code == 409 and "Noget andet end før" in text(clash) and WHY in text(clash)


def test_return_needs_a_comment(client: FlaskClient, calibrating: Year) -> None:
    form = calibrating.form()
    as_(client, calibrating.first)
    for comment in ("", "kort"):
        answer = client.post(f"/assessments/{form.id}/return", data={"version": form.version, "comment": comment})
        assert answer.status_code == 422 and 'href="#comment"' in text(answer)
    answer = client.post(f"/assessments/{form.id}/return", data={"version": form.version, "comment": WHY})
    assert answer.status_code == 303
    as_(client, calibrating.owner)
    assert WHY in text(client.get(f"/assessments/{form.id}"))


def test_objection(client: FlaskClient, calibrating: Year) -> None:
    form = calibrating.form()
    as_(client, calibrating.owner)
    assert "/object" in text(client.get(f"/assessments/{form.id}"))
    assert client.post(f"/assessments/{form.id}/object", data={"version": form.version, "text": ""}).status_code == 422
    answer = client.post(f"/assessments/{form.id}/object", data={"version": form.version, "text": "Jeg er helt uenig."})
    assert answer.status_code == 303
    as_(client, calibrating.first)
    assert "Jeg er helt uenig." in text(client.get(f"/assessments/{form.id}"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 3), ("area=KRE", 2), ("area=XXX", 0), ("state=submitted", 3), ("state=missing", 0), ("state=nonsense", 3),
        ("band=elevated", 3), ("band=high", 0), ("sort=-before", 3), ("sort=owner", 3), ("owner=abc", 3), ("page=2", 0),
        ("all=1&sort=-submitted", 3),
    ],
)  # fmt: skip
def test_the_list(client: FlaskClient, calibrating: Year, query: str, shown: int) -> None:
    as_(client, calibrating.auditor)
    with budget(8):
        answer = client.get(f"/cycles/2026/assessments?{query}")
    assert answer.status_code == 200 and text(answer).count('href="/assessments/') == shown


def test_the_owner_sees_own_rows_only(client: FlaskClient, calibrating: Year) -> None:
    as_(client, calibrating.owner)
    page = text(client.get("/cycles/2026/assessments"))
    assert page.count('href="/assessments/') == 1 and "KRE-1" in page
    assert client.get("/cycles/2026/assessments?org=NOPE").status_code == 404
    assert "/cycles" in text(client.get("/cycles/2031/assessments"))


def test_the_matrix(client: FlaskClient, calibrating: Year) -> None:
    as_(client, calibrating.auditor)
    with budget(8):
        page = text(client.get("/cycles/2026/matrix"))
    assert "p=3&amp;c=4" in page and page.count('href="/assessments/') == 4
    assert text(client.get("/cycles/2026/matrix?p=1&c=1")).count('href="/assessments/') == 0
    assert text(client.get("/cycles/2026/matrix?p=x&c=9")).count('href="/assessments/') == 4
    assert text(client.get("/cycles/2026/matrix?show=after&area=LON")).count('href="/assessments/') == 1
