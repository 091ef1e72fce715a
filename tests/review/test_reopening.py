"""Reopening an approved review: two persons, both versions kept, coverage withdrawn and given again (S11)."""

import json
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import Refused
from controls.identity import queries as identity
from controls.identity.permissions import Permission, Role
from controls.identity.tables import Part, Reopening
from controls.identity.words import RequestState
from controls.overview import queries as overview
from controls.review import actions, queries
from controls.review.words import Outcome, State
from controls.rotation import queries as rotation
from controls.rotation.tables import Coverage
from controls.rotation.words import Degree, Source
from tests.review import scene as scenes
from tests.review.scene import CONCLUSION, Scene
from tests.speed.counting import counted

WHY = "En kontrol var testet på den forkerte periode."


def _refused(code: str) -> Any:
    return pytest.raises(Refused, check=lambda error: code in {reason.code for reason in error.reasons})


@pytest.fixture
def scene(make: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """An approved review that covers in full, a second member of the group, and the chair."""
    found: dict[int, Outcome | None] = {}
    monkeypatch.setattr(queries, "OPERATED", [scenes.operated(found)])
    monkeypatch.setattr(queries, "GATES_TO_APPROVE", [])
    scene = scenes.drafted(make)
    found.update(dict.fromkeys(scene.controls, Outcome.EFFECTIVE))
    scene.people["second"] = make.person("second", Role.GRP, scene.organisation)
    scene.people["chair"] = make.person("chair", Role.VDC, scene.organisation)
    _approve(scene)
    return scene


def _approve(scene: Scene, at: Any = None) -> None:
    scene.do(actions.send_to_hearing, "lead", scene.review_id, None, at=at)
    scene.do(actions.answer_hearing, "owner", scene.review_id, None, "Enig.", at=at)
    scene.do(actions.quality_review, "reviewer", scene.review_id, None, "Gennemgået.", at=at)
    scene.do(actions.approve, "group", scene.review_id, None, at=at)


def _ask(scene: Scene, name: str = "lead", reason: str = WHY, at: Any = None) -> Reopening:
    scene.do(actions.ask_reopening, name, scene.review_id, None, reason, at=at)
    return identity.reopenings(scene.review)[-1].row


def test_two_persons_reopen_and_the_earlier_version_stays(make: ModuleType, scene: Scene) -> None:
    approved_at, conclusion = scene.review.approved_at, scene.review.conclusion
    asked = _ask(scene)
    assert (asked.number, asked.state, scene.review.state) == (1, RequestState.ASKED, State.APPROVED)
    scene.do(actions.approve_reopening, "chair", scene.review_id, asked.version, "Enig")
    row = scene.review
    assert (row.state, row.coverage, row.approved_by_id, row.quality_reviewed_at) == (
        State.IN_PROGRESS, None, None, None)  # fmt: skip
    assert (row.owner_reply, row.hearing_to, row.draft_on) == ("", None, None)
    assert {test.reviewer_id for test in queries.design_tests(row.id).values()} == {None}
    (was,) = queries.earlier(identity.reopenings(row))
    assert (was.number, was.approver, was.approved_at, was.coverage) == (1, "Group", approved_at, Degree.FULL)
    assert was.conclusion == conclusion and was.asked.row.reason == WHY and was.asked.decided_by == "Chair"
    kept = json.loads(was.asked.row.snapshot)
    assert len(kept["review_design_test"]) == 2 and kept["review_design_test"][0]["reviewer_id"] is not None
    events = {row[0]: row[1] for row in db.session.execute(select(EventRow.action, EventRow.reason))}
    assert events["identity.reopening_asked"] == events["identity.reopened"] == WHY

    scene.do(actions.conclude, "lead", scene.review_id, None, replace(CONCLUSION, text="Rettet."))
    _approve(scene)
    assert scene.review.state is State.APPROVED and scene.review.conclusion == "Rettet."
    (was,) = queries.earlier(identity.reopenings(scene.review))
    assert was.conclusion == conclusion
    assert _ask(scene).number == 2


def test_coverage_is_withdrawn_from_the_day_until_approved_again(make: ModuleType, scene: Scene) -> None:
    part, next_year = scene.subprocess.id, make.NOW + timedelta(days=365)
    first = db.session.scalars(select(Coverage)).one()
    _ask(scene, at=next_year)
    scene.do(actions.approve_reopening, "second", scene.review_id, None, at=next_year)
    rows = db.session.scalars(select(Coverage).order_by(Coverage.id)).all()
    assert [(row.degree, row.source) for row in rows] == [(Degree.FULL, Source.REVIEW), (Degree.NONE, Source.REOPENED)]
    assert rows[0].covered_on == first.covered_on and rows[1].covered_on == next_year.date()

    def counted(year: int) -> list[Degree]:
        return [entry.degree for entry in rotation.roll(scene.organisation.id, year, date(year, 12, 31))[0].entries]

    def shown(year: int) -> dict[int, str]:
        found = overview.coverage_beside().values(frozenset([scene.organisation.id]), year)
        return {id: cell.text for id, cell in found.items()}

    assert (counted(2026), counted(2027), rotation.last_full({part})) == ([Degree.FULL], [], {})
    assert (shown(2026), shown(2027)) == ({part: "2026"}, {})
    scene.do(actions.conclude, "lead", scene.review_id, None, CONCLUSION, at=next_year)
    _approve(scene, at=next_year)
    assert (counted(2026), counted(2027)) == ([Degree.FULL], [Degree.FULL])
    assert rotation.last_full({part})[part].covered_on == next_year.date() and shown(2027) == {part: "2027"}


@pytest.mark.parametrize("who", ["lead", "tester", "reviewer", "group"])
def test_asker_tester_and_reviewer_do_not_approve(make: ModuleType, scene: Scene, who: str) -> None:
    """On the person over the object's whole life: a role that comes later, or a stand-in, changes nothing."""
    _ask(scene, "lead" if who != "lead" else "tester")
    if who != "group":
        with transaction():
            make.actions.grant_role(make.system(), scene.people[who].id, Role.GRP, scene.organisation.id)
    for act in (actions.approve_reopening, actions.refuse_reopening):
        with _refused("sod_conflict"):
            scene.do(act, who, scene.review_id, None, "Enig")
    (waiting,) = identity.reopenings(scene.review)
    assert identity.why_not_reopen(scene.by(who), waiting)[0].code == "sod_conflict"
    chair, worker = scene.by("chair"), scene.by(who)
    both = replace(chair, on_behalf_of=worker.person_id, counts_as=(*chair.persons, *worker.persons))
    with _refused("sod_conflict"), transaction():
        actions.approve_reopening(both, scene.review_id, None)
    assert scene.review.state is State.APPROVED and identity.why_not_reopen(scene.by("second"), waiting) == []


def test_a_stand_in_asks_for_both(make: ModuleType, scene: Scene) -> None:
    chair, lead = scene.by("chair"), scene.by("lead")
    for_lead = replace(chair, reach=lead.reach, on_behalf_of=lead.person_id, counts_as=(*chair.persons, *lead.persons))
    with transaction():
        actions.ask_reopening(for_lead, scene.review_id, None, WHY)
    with _refused("sod_conflict"):
        scene.do(actions.approve_reopening, "chair", scene.review_id, None)
    scene.do(actions.approve_reopening, "second", scene.review_id, None)


def test_wrong_roles_and_states(make: ModuleType, scene: Scene) -> None:
    for name in ("reviewer", "group", "owner", "auditor", "chair", "admin", "other"):
        with _refused("forbidden"):
            _ask(scene, name)
    with _refused("field_required"):
        _ask(scene, reason=" ")
    with _refused("identity.reopening_decided"):
        scene.do(actions.approve_reopening, "second", scene.review_id, None)
    _ask(scene, "tester")
    with _refused("identity.reopening_waits"):
        _ask(scene)
    for name in ("owner", "auditor", "admin", "other"):
        for act in (actions.approve_reopening, actions.refuse_reopening):
            with _refused("forbidden"):
                scene.do(act, name, scene.review_id, None, "Nej")
    with _refused("field_required"):
        scene.do(actions.refuse_reopening, "second", scene.review_id, None, " ")
    scene.do(actions.refuse_reopening, "second", scene.review_id, None, "Perioden er rigtig.")
    assert scene.review.state is State.APPROVED and identity.reopenings(scene.review)[0].row.snapshot == ""
    assert db.session.scalars(select(Coverage.degree)).all() == [Degree.FULL]
    with _refused("identity.reopening_decided"):
        scene.do(actions.approve_reopening, "chair", scene.review_id, None)
    scene.do(actions.archive, "group", scene.review_id, None)
    assert _ask(scene).number == 1
    scene.do(actions.approve_reopening, "chair", scene.review_id, None)
    with _refused("identity.not_final"):
        _ask(scene)


def test_two_at_once(make: ModuleType, scene: Scene) -> None:
    seen = scene.review.version
    asked = _ask(scene)
    with pytest.raises(Stale):
        scene.do(actions.ask_reopening, "tester", scene.review_id, seen, WHY)
    version = asked.version
    scene.do(actions.approve_reopening, "second", scene.review_id, version)
    with pytest.raises(Stale):
        scene.do(actions.refuse_reopening, "chair", scene.review_id, version, "Nej")
    parts = db.session.scalars(select(Part.person_id).where(Part.duty == "S11", Part.side == "second")).all()
    assert parts == [scene.people["second"].id]


def test_the_task_is_for_those_who_may_decide(make: ModuleType, scene: Scene) -> None:
    def asked(name: str) -> bool:
        return any(one.kind == "review.reopen" for one in overview.tasks(scene.by(name)))

    assert not asked("second")
    _ask(scene)
    told = {name: asked(name) for name in ("second", "chair", "group", "lead", "auditor", "owner")}
    assert told == {"second": True, "chair": True, "group": False, "lead": False, "auditor": False, "owner": False}
    scene.do(actions.refuse_reopening, "second", scene.review_id, None, "Nej")
    assert not asked("chair")


def test_the_pages(make: ModuleType, client: FlaskClient, scene: Scene) -> None:
    path = f"/reviews/{scene.review_id}"

    def as_(name: str) -> FlaskClient:
        return make.signed_in(client, scene.people[name])

    assert "/reopen" not in as_("group").get(path).text
    version = scene.review.version
    empty = as_("lead").post(f"{path}/reopen", data={"version": version, "reason": ""})
    assert empty.status_code == 422 and "reason" in empty.text
    assert as_("other").post(f"{path}/reopen", data={"version": version, "reason": WHY}).status_code == 403
    assert as_("lead").post(f"{path}/reopen", data={"version": version, "reason": WHY}).status_code == 303
    assert f"{path}/reopen/approve" not in as_("group").get(path).text
    assert WHY in client.get(path).text
    shown = as_("second").get(path).text
    assert f"{path}/reopen/approve" in shown and WHY in shown
    asked = identity.reopenings(scene.review)[0].row
    failed = client.post(f"{path}/reopen/refuse", data={"version": asked.version, "answer": ""})
    assert failed.status_code == 422
    assert client.post(f"{path}/reopen/approve", data={"version": asked.version, "answer": ""}).status_code == 303
    late = as_("chair").post(f"{path}/reopen/approve", data={"version": asked.version, "answer": "Enig"})
    assert late.status_code == 409
    page = as_("auditor").get(path).text
    assert "Version 1" in page and "Version 2" in page and WHY in page and CONCLUSION.text in page


@pytest.mark.parametrize("who", ["chair", "second", "lead", "auditor"])
def test_the_page_asks_little(make: ModuleType, client: FlaskClient, scene: Scene, who: str) -> None:
    """At most eight queries with an earlier version and a request that waits, also for who may not decide it."""
    _ask(scene)
    scene.do(actions.approve_reopening, "chair", scene.review_id, None, "Enig")
    scene.do(actions.conclude, "lead", scene.review_id, None, CONCLUSION)
    _approve(scene)
    with transaction():
        make.actions.grant_role(make.system(), scene.people["lead"].id, Role.GRP, scene.organisation.id)
    _ask(scene)
    make.signed_in(client, scene.people[who])
    path = f"/reviews/{scene.review_id}"
    client.get(path)
    with counted(db.engine) as few:
        page = client.get(path).text
    assert "Enig" in page and len(few) <= 8, few


def test_approval_asks_for_a_fresh_sign_in(scene: Scene) -> None:
    from flask import current_app

    assert getattr(current_app.view_functions["review.approve_reopening"], "fresh", False)
    assert Permission.REOPENING_APPROVE in scene.by("chair").reach
