"""The meeting's page: one form after the other, nothing lost when refused, undo, questions, approval, keys."""

import re
from typing import Any

from flask.testing import FlaskClient

from controls.assessment import actions, queries
from controls.assessment.words import State
from controls.base.db import db, transaction
from tests import make
from tests.assessment.test_routes import budget, text
from tests.assessment.year import Year

QUEUE = "/cycles/2026/calibration?org=STAR"
WHY = "Revisionen fandt to dobbeltbetalinger i 2025."
SAME = {"inherent_likelihood": "3", "inherent_impact": "4", "control_level": "4", "residual_likelihood": "3",
        "residual_impact": "4"}  # fmt: skip


def typed(year: Year, code: str, **changes: str) -> dict[str, str]:
    return {**SAME, "version": str(year.form(code).version), "order": "code", "onward": "LON-1", **changes}


def step(client: FlaskClient, year: Year, code: str, verb: str, **changes: str) -> Any:
    return client.post(f"/assessments/{year.form(code).id}/queue/{verb}", data=typed(year, code, **changes))


def test_the_queue_shows_one_form_with_what_it_is_held_against(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    with budget(8):
        answer = client.get(QUEUE)
    page = text(answer)
    assert answer.status_code == 200 and "0 af 3" in page and page.count('aria-current="true"') == 1
    assert "data-agree" in page and 'data-keys="e"' in page and "Ingen svar sidste år" in page
    with budget(8):
        other = text(client.get(f"{QUEUE}&process=LON-1&order=code&area=LON"))
    assert 'id="opened" tabindex="-1" autofocus>LON-1' in other and "KRE-3" not in re.sub(
        "<option.*?option>", "", other
    )
    assert client.get("/cycles/2031/calibration").status_code == 404


def test_agree_and_go_on(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    answer = step(client, year, "KRE-1", "agree")
    assert (answer.status_code, answer.location) == (
        303, "/cycles/2026/calibration?org=STAR&order=code&process=LON-1",
    )  # fmt: skip
    row = year.form("KRE-1")
    assert row.state is State.CALIBRATED and not row.calibration_changed and row.calibrated_by_id == year.first.id
    page = text(client.get(answer.location))
    assert "1 af 3" in page and "Fortryd KRE-1" in page and "KRE-1 er kalibreret" in page


def test_a_changed_score_is_not_agreed_away_and_needs_a_reason(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    for verb, status in (("agree", 422), ("change", 422)):
        answer = step(client, year, "KRE-1", verb, inherent_impact="5", comment="Halvskrevet til ejeren")
        page = text(answer)
        assert answer.status_code == status and 'href="#reason"' in page and "Halvskrevet til ejeren</textarea>" in page
        assert '<option value="5" selected>' in page and year.form("KRE-1").state is State.SUBMITTED
    answer = step(client, year, "KRE-1", "change", inherent_impact="5", reason=WHY)
    assert answer.status_code == 303
    row = year.form("KRE-1")
    assert row.calibration_changed and row.inherent_impact == 5 and f";{year.first.id};" in row.assessors


def test_somebody_else_was_quicker(client: FlaskClient, year: Year) -> None:
    data = typed(year, "KRE-1", inherent_impact="5", reason=WHY)
    with transaction():
        actions.calibrate(year.by(year.second), year.form("KRE-1").id, None, None)
    make.signed_in(client, year.first)
    answer = client.post(f"/assessments/{year.form('KRE-1').id}/queue/change", data=data)
    assert answer.status_code == 409 and WHY in text(answer) and "Dorte" in text(answer)


def test_return_with_a_comment(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    refused = step(client, year, "KRE-1", "return", comment="kort")
    assert refused.status_code == 422 and 'href="#comment"' in text(refused) and "kort</textarea>" in text(refused)
    assert step(client, year, "KRE-1", "return", comment=WHY).status_code == 303
    assert year.form("KRE-1").state is State.RETURNED and year.form("KRE-1").return_comment == WHY


def test_an_agreement_is_undone_until_it_is_approved(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    step(client, year, "KRE-1", "change", inherent_impact="5", reason=WHY)
    undone = step(client, year, "KRE-1", "undo")
    assert undone.status_code == 303 and "process=KRE-1" in undone.location
    row = year.form("KRE-1")
    assert row.state is State.SUBMITTED and row.inherent_impact == 4 and row.calibrated_by_id is None
    assert {line.inherent_impact for line in queries.lines(row.id)} == {4}
    step(client, year, "KRE-1", "agree")
    page = text(client.get(f"{QUEUE}&show=approve&process=KRE-1"))
    assert "samme person må ikke både" in page  # who changed a score stays an assessor, though it was undone
    make.signed_in(client, year.second)
    approved = step(client, year, "KRE-1", "approve")
    assert approved.status_code == 303 and year.form("KRE-1").state is State.APPROVED
    assert step(client, year, "KRE-1", "undo").status_code == 409


def test_a_question_reaches_the_author_and_holds_approval_until_it_is_answered(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    assert step(client, year, "KRE-1", "ask", comment="").status_code == 422
    assert step(client, year, "KRE-1", "ask", comment="Er konsekvensen ikke større efter fundet?").status_code == 303
    id = year.form("KRE-1").id
    step(client, year, "KRE-1", "agree")
    make.signed_in(client, year.second)
    with budget(8):
        page = text(client.get(f"{QUEUE}&show=approve&process=KRE-1"))
    assert "har ikke svaret" in page and step(client, year, "KRE-1", "approve").status_code == 409
    make.signed_in(client, year.controller)
    assert "Besvar gruppens spørgsmål om KRE-1" in text(client.get("/tasks"))
    page = text(client.get(f"/assessments/{id}"))
    asked = re.search(r'name="question" value="(\d+)"', page)
    assert asked and "Er konsekvensen ikke større" in page
    data = {"question": asked[1], "version": "1"}
    assert client.post(f"/assessments/{id}/answer", data=data | {"reply": "Nej"}).status_code == 422
    answer = client.post(f"/assessments/{id}/answer", data=data | {"reply": "Nej, fundet er lukket i marts."})
    assert answer.status_code == 303
    assert (
        client.post(f"/assessments/{id}/answer", data=data | {"reply": "En gang til, bare længere."}).status_code == 409
    )
    make.signed_in(client, year.deputy)
    assert client.post(f"/assessments/{id}/answer", data={**data, "version": "2", "reply": WHY}).status_code == 409
    make.signed_in(client, year.second)
    assert "fundet er lukket i marts" in text(client.get(f"{QUEUE}&show=approve&process=KRE-1"))
    assert step(client, year, "KRE-1", "approve").status_code == 303


def test_a_question_is_taken_back_and_only_the_author_answers(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    id = year.form("LON-1").id
    client.post(f"/assessments/{id}/ask", data={"challenge": "Hvorfor er svaret det samme?"})
    asked = queries.questions(id)[0].row.id
    make.signed_in(client, year.owner)  # owns KRE-1 only
    assert client.post(f"/assessments/{id}/answer", data={"question": asked, "reply": WHY}).status_code == 404
    make.signed_in(client, year.second)
    assert (
        client.post(f"/assessments/{id}/withdraw-question", data={"question": asked, "version": 1}).status_code == 303
    )
    db.session.rollback()
    assert queries.questions(id) == [] and queries.open_questions(id) == 0


def test_readers_see_the_queue_and_only_the_group_acts(client: FlaskClient, year: Year) -> None:
    for person in (year.controller, year.auditor, year.owner):
        make.signed_in(client, person)
        page = text(client.get(QUEUE))
        assert "data-agree" not in page and "/queue/change" not in page
        assert step(client, year, "KRE-1", "agree").status_code == 403


def test_keys_are_turned_off_and_on(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    assert client.post("/me/keys", data={"keys": "off"}).status_code == 303
    assert "data-keys" not in text(client.get(QUEUE)) and "slået fra" in text(client.get("/me"))
    client.post("/me/keys", data={"keys": "on"})
    assert "data-keys" in text(client.get(QUEUE))
