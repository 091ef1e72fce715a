"""Pages of reviews: every part for every reader, forms with errors, conflicts, refusals, and the query budget."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from controls.base.db import db
from controls.review import actions, queries
from controls.review.words import DesignOutcome, Outcome, State
from tests.review import scene as scenes
from tests.review.scene import Scene

PARTS = ("", "/scope", "/walkthrough", "/controls", "/design", "/operation", "/hearing", "/conclusion")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def _post(client: FlaskClient, path: str, scene: Scene, **data: Any) -> Any:
    return client.post(f"/reviews/{scene.review_id}{path}", data={"version": scene.review.version, **data})


READERS = ("lead", "tester", "reviewer", "group", "owner", "auditor", "other")


@pytest.mark.parametrize(
    "reader",
    [pytest.param(one, marks=pytest.mark.half(("sqlite", "postgresql")[at % 2])) for at, one in enumerate(READERS)],
)
def test_every_part_opens_in_every_state(make: ModuleType, client: FlaskClient, reader: str) -> None:
    scene = scenes.chosen(make)
    for advance in (lambda same: same, _advance):
        advance(scene)
        make.signed_in(client, scene.people[reader])
        for part in PARTS:
            answer = client.get(f"/reviews/{scene.review_id}{part}")
            assert answer.status_code == 200, (part, answer.text[-500:])
            assert answer.text.count("<h1") == 1


def _advance(scene: Scene) -> Scene:
    people = {name: person.id for name, person in scene.people.items()}
    plan = scenes.rules.Plan(people["lead"], people["tester"], people["reviewer"], 42)
    scene.do(actions.plan, "group", scene.review_id, None, plan)
    scene.do(actions.start, "lead", scene.review_id, None)
    scene.do(actions.declare_independence, "lead", scene.review_id, None)
    days = (date(2025, 1, 1), date(2025, 12, 31))
    scene.do(actions.describe_scope, "lead", scene.review_id, None, "Alle", *days)
    scene.do(actions.describe_walkthrough, "lead", scene.review_id, None, date(2026, 3, 16), "")
    scene.do(actions.add_risk, "owner", scene.subprocess.id, scenes.RISK)
    control = scene.do(actions.add_control, "owner", scene.subprocess.id, scenes.CONTROL)
    scene.do(actions.test_design, "tester", scene.review_id, control.id, scenes.GOOD)
    scene.do(actions.conclude, "lead", scene.review_id, None, scenes.CONCLUSION)
    return scene


def test_the_administrator_reads_no_content(make: ModuleType, client: FlaskClient) -> None:
    scene = scenes.chosen(make)
    make.signed_in(client, scene.people["admin"])
    assert client.get(f"/reviews/{scene.review_id}").status_code == 403
    assert client.get("/reviews").status_code == 403


def test_a_stranger_sees_nothing(make: ModuleType, client: FlaskClient) -> None:
    scene = scenes.chosen(make)
    make.signed_in(client, make.person("stranger", scenes.Role.OWN, scene.organisation))
    assert client.get(f"/reviews/{scene.review_id}").status_code == 404
    assert "G-2026-01" not in client.get("/reviews").text


def test_the_list_filters(make: ModuleType, client: FlaskClient) -> None:
    scene = scenes.planned(make)
    make.signed_in(client, scene.people["auditor"])
    assert "G-2026-01" in client.get("/reviews?year=2026&state=planned").text
    lead = scene.people["lead"].id
    assert "G-2026-01" in client.get(f"/reviews?lead={lead}&sort=-code").text
    assert "G-2026-01" not in client.get("/reviews?state=archived").text
    assert client.get("/reviews?year=x&lead=1e9&state=nothing&sort=odd&page=-1").status_code == 200


def test_the_year_in_the_browser(make: ModuleType, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scenes.chosen(make)
    ids = {name: person.id for name, person in scene.people.items()}
    outcomes: dict[int, Outcome | None] = {}
    monkeypatch.setattr(queries, "OPERATED", [scenes.operated(outcomes)])
    monkeypatch.setattr(queries, "GATES_TO_APPROVE", [])
    make.signed_in(client, scene.people["group"])
    same = {"lead_id": ids["lead"], "tester_id": ids["tester"], "quality_reviewer_id": ids["lead"], "form": "ordinary"}
    wrong = _post(client, "/plan", scene, **same)
    assert wrong.status_code == 403 and "Samme person" in wrong.text
    plan = _post(client, "/plan", scene, **{**same, "quality_reviewer_id": ids["reviewer"], "draft_due": "30.9.2026"})
    assert plan.status_code == 303
    make.signed_in(client, scene.people["lead"])
    assert _post(client, "/declare", scene).status_code == 303
    bad = _post(client, "/scope/save", scene, scope="Alle", period_from="1.1.2026", period_to="31.12.2025")
    assert bad.status_code == 422 and "Alle" in bad.text
    good = _post(client, "/scope/save", scene, scope="Alle", period_from="1.1.2025", period_to="31.12.2025")
    assert good.status_code == 303
    assert _post(client, "/start", scene).status_code == 303
    walk = _post(client, "/walkthrough/save", scene, walkthrough_on="16.3.2026", walkthrough_note="Bilag 1021")
    assert walk.status_code == 303
    risk = {"cause": "Travlt", "event": "To gange", "consequence": "Tab", "category": "loss"}
    risk |= {"assertions": ["NOJ", "FOR"]}
    assert client.post(f"/reviews/{scene.review_id}/risks/new", data={"version": 0, **risk}).status_code == 303
    control = {"text": "To personer", "kind": "preventive", "execution": "manual", "frequency": "monthly"}
    new = f"/reviews/{scene.review_id}/controls/new"
    assert client.post(new, data={"version": 0, "key_control": "y", **control}).status_code == 422
    keyed = {"version": 0, "key_control": "y", "key_reason": "Sidste led", **control}
    assert client.post(new, data=keyed).status_code == 303
    page = client.get(f"/reviews/{scene.review_id}/controls").text
    assert "KRE-3.1-R1" in page and "KRE-3.1-K1" in page and "Udækket" in page
    found = queries.controls_of(scene.subprocess.id)[0]
    cell = {"risk_id": queries.risks_of(scene.subprocess.id)[0].id, "control_id": found.id, "degree": "full"}
    assert client.post(f"/reviews/{scene.review_id}/matrix/save", data=cell).status_code == 303
    assert "Udækket" not in client.get(f"/reviews/{scene.review_id}/controls").text
    path = f"/reviews/{scene.review_id}/design/{found.id}"
    assert client.post(f"{path}/save", data={"outcome": "appropriate"}).status_code == 422
    assert client.post(f"{path}/save", data={"outcome": "appropriate", "conclusion": "Vist"}).status_code == 303
    words = {"conclusion_design": "appropriate", "conclusion_operating": "effective", "overall_class": "none"}
    assert _post(client, "/conclusion/save", scene, conclusion="Fin", **words).status_code == 303
    outcomes[found.id] = Outcome.EFFECTIVE
    assert _post(client, "/hearing/send", scene, hearing_to="18.3.2026").status_code == 422
    assert _post(client, "/hearing/send", scene, hearing_to="31.3.2026").status_code == 303
    assert _post(client, "/approve", scene).status_code == 403
    make.signed_in(client, scene.people["owner"])
    assert _post(client, "/hearing/answer", scene, owner_reply="Enig").status_code == 303
    make.signed_in(client, scene.people["reviewer"])
    assert _post(client, "/conclusion/quality", scene, quality_note="Set").status_code == 303
    make.signed_in(client, scene.people["group"])
    assert "Godkend gennemgang" in client.get(f"/reviews/{scene.review_id}/conclusion").text
    assert _post(client, "/approve", scene).status_code == 303
    assert _post(client, "/archive", scene).status_code == 303
    assert scene.review.state is State.ARCHIVED


def test_a_stale_form_gets_both_texts(make: ModuleType, client: FlaskClient) -> None:
    scene = scenes.planned(make)
    make.signed_in(client, scene.people["lead"])
    seen = scene.review.version
    days = {"period_from": "1.1.2025", "period_to": "31.12.2025"}
    assert _post(client, "/scope/save", scene, scope="Den første", **days).status_code == 303
    late = client.post(f"/reviews/{scene.review_id}/scope/save", data={"version": seen, "scope": "Den anden", **days})
    assert late.status_code == 409 and "Den første" in late.text and "Den anden" in late.text
    assert f'value="{scene.review.version}"' in late.text


def test_a_cell_of_the_matrix_is_not_written_over_unseen(make: ModuleType, client: FlaskClient) -> None:
    """Two browsers on one cell: the later one gets both texts; a cell that was emptied or just filled is one too."""
    scene = scenes.started(make)
    make.signed_in(client, scene.people["owner"])
    page, path = f"/reviews/{scene.review_id}/controls", f"/reviews/{scene.review_id}/matrix/save"
    (risk,), (first, second) = scene.risks, scene.controls

    def save(seen: str, control: int, comment: str, degree: str = "full") -> Any:
        cell = {"seen": seen, "risk_id": risk, "control_id": control, "degree": degree, "comment": comment}
        return client.post(path, data=cell)

    def seen(text: str) -> str:
        return str(re.findall('name="seen"[^>]*value="([^"]*)"', text)[0])

    before = seen(client.get(page).text)
    assert before == f"{risk}.{first}.1"
    assert save(before, first, "Den ene", "partial").status_code == 303
    late = save(before, first, "Den anden")
    assert late.status_code == 409 and late.text.count("Den ene") == 2 and late.text.count("Den anden") == 2
    assert seen(late.text) == f"{risk}.{first}.2"
    assert save(seen(late.text), first, "Begge", "").status_code == 303
    assert save(seen(late.text), first, "Igen").status_code == 409
    assert save(before, second, "Ny").status_code == 303
    assert save(before, second, "Også ny").status_code == 409
    wrong = save(before, first, "Et", "no such")
    assert wrong.status_code == 422 and seen(wrong.text) == before


def test_edit_and_close_a_control(make: ModuleType, client: FlaskClient) -> None:
    scene = scenes.started(make)
    make.signed_in(client, scene.people["owner"])
    path = f"/reviews/{scene.review_id}/controls/{scene.controls[0]}"
    assert "To personer" in client.get(f"{path}/edit").text
    assert "Luk kontrol" in client.get(f"{path}/close").text
    assert client.post(f"{path}/close", data={"version": 1, "reason": ""}).status_code == 422
    assert client.post(f"{path}/close", data={"version": 1, "reason": "Udgået"}).status_code == 303
    risk = f"/reviews/{scene.review_id}/risks/{scene.risks[0]}"
    assert 'value="NOJ"' in client.get(risk).text
    changed = {"version": 1, "cause": "Nyt", "event": "B", "consequence": "C", "category": "fraud"}
    assert client.post(risk, data=changed).status_code == 303
    assert queries.risk(scene.risks[0]).cause == "Nyt"


def test_suspending_asks_why(make: ModuleType, client: FlaskClient) -> None:
    scene = scenes.started(make)
    make.signed_in(client, scene.people["group"])
    assert _post(client, "/suspend", scene, reason="").status_code == 422
    assert _post(client, "/suspend", scene, reason="Stoppet").status_code == 303
    assert "Stoppet" in client.get(f"/reviews/{scene.review_id}").text
    assert _post(client, "/resume", scene, reason="Igen").status_code == 303


def test_pages_stay_within_eight_queries(make: ModuleType, client: FlaskClient) -> None:
    scene = scenes.drafted(make)
    scene.do(actions.add_control, "owner", scene.subprocess.id, scenes.CONTROL)
    make.signed_in(client, scene.people["auditor"])
    client.get("/reviews")
    for path in ("/reviews", *(f"/reviews/{scene.review_id}{part}" for part in PARTS[:-1])):
        with counted() as sent:
            assert client.get(path).status_code == 200
        asked = [text for text in sent if text.lstrip().upper().startswith("SELECT")]
        assert len(asked) <= 8, (path, len(asked), [text[:120] for text in asked])


def test_failed_designs_lead_to_a_finding(make: ModuleType, client: FlaskClient) -> None:
    scene = scenes.started(make)
    weak = scenes.rules.DesignValues(DesignOutcome.NOT, "Ingen spor")
    scene.do(actions.test_design, "tester", scene.review_id, scene.controls[0], weak)
    make.signed_in(client, scene.people["tester"])
    page = client.get(f"/reviews/{scene.review_id}/design/{scene.controls[0]}").text
    assert f"/reviews/{scene.review_id}/findings/new?control={scene.controls[0]}" in page
