"""Reopening a closed finding: two persons, and how it was closed is kept (S11)."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from controls.base.db import Stale, db, transaction
from controls.base.why import Refused
from controls.finding import actions, queries
from controls.finding.tables import Finding
from controls.finding.words import State
from controls.identity import queries as identity
from controls.identity.permissions import Role
from controls.identity.tables import Reopening
from controls.overview import queries as overview
from tests.effectiveness import setting
from tests.finding.test_actions import done
from tests.photograph import photographed

WHY = "Fejlen er set igen."


class Scene:
    """A finding that was closed, and the people around it."""

    def __init__(self, make: Any) -> None:
        self.make, self.s = make, setting.prepared(make)
        finding, action = done(self.s, make)
        with transaction():
            setting.evidence(make.by(self.s.owner), self.s.organisation.id, "finding_action", action.id)
            actions.verify(make.by(self.s.other), action.id, None, "Set")
        with transaction():
            actions.close(make.by(self.s.other), finding.id, None, "Blanketten er låst.")
        self.id = finding.id
        self.chair = make.person("chair", Role.VDC, self.s.organisation)

    @property
    def finding(self) -> Finding:
        db.session.expire_all()
        return db.session.get_one(Finding, self.id)

    @property
    def asked(self) -> Reopening:
        return identity.reopenings(self.finding)[-1].row

    def do(self, act: Any, who: Any, *args: Any, version: int | None = None) -> None:
        with transaction():
            act(who if hasattr(who, "persons") else self.make.by(who), self.id, version, *args)


@pytest.fixture
def scene(database: Any, make: Any) -> Scene:
    return photographed(Scene)(make)


def _refused(code: str) -> Any:
    return pytest.raises(Refused, check=lambda error: code in {reason.code for reason in error.reasons})


def test_two_persons_reopen_and_the_closing_is_kept(scene: Scene) -> None:
    scene.do(actions.ask_reopening, scene.s.tester, WHY)
    assert scene.finding.state is State.CLOSED and scene.asked.number == 1
    scene.do(actions.approve_reopening, scene.s.group, "Enig")
    row = scene.finding
    assert (row.state, row.closed_on, row.closed_by_id, row.closing_note) == (State.REOPENED, None, None, "")
    ((one, was),) = queries.earlier_versions(identity.reopenings(row))
    assert was["closing_note"] == "Blanketten er låst." and was["closed_by_id"] == scene.s.other.id
    assert (one.row.reason, one.decided_by, one.asked_by) == (WHY, "Group", "Tester")
    with _refused("identity.not_final"):
        scene.do(actions.ask_reopening, scene.s.tester, WHY)


def test_who_worked_on_it_does_not_let_it_be_reopened(scene: Scene, make: Any) -> None:
    """The asker, who raised, owned, verified and closed it, and a stand-in for one of them."""
    scene.do(actions.ask_reopening, scene.s.lead, WHY)
    for person in (scene.s.lead, scene.s.tester, scene.s.owner, scene.s.other):
        with transaction():
            make.actions.grant_role(make.system(), person.id, Role.GRP, scene.s.organisation.id)
        for act in (actions.approve_reopening, actions.refuse_reopening):
            with _refused("sod_conflict"):
                scene.do(act, person, "Enig")
    chair, worker = make.by(scene.chair), make.by(scene.s.other)
    with _refused("sod_conflict"):
        both = replace(chair, on_behalf_of=worker.person_id, counts_as=(*chair.persons, *worker.persons))
        scene.do(actions.approve_reopening, both, "Enig")
    scene.do(actions.approve_reopening, scene.chair, "Enig")


def test_wrong_roles_and_two_at_once(scene: Scene) -> None:
    seen = scene.finding.version
    for person in (scene.s.group, scene.s.owner, scene.chair):
        with _refused("forbidden"):
            scene.do(actions.ask_reopening, person, WHY)
    with _refused("field_required"):
        scene.do(actions.ask_reopening, scene.s.tester, " ")
    scene.do(actions.ask_reopening, scene.s.tester, WHY, version=seen)
    with pytest.raises(Stale):
        scene.do(actions.ask_reopening, scene.s.lead, WHY, version=seen)
    with _refused("forbidden"):
        scene.do(actions.approve_reopening, scene.s.owner, "Enig")
    told = [task.kind for task in overview.tasks(scene.make.by(scene.chair))]
    assert "finding.reopen" in told
    version = scene.asked.version
    scene.do(actions.refuse_reopening, scene.chair, "Det er en ny fejl.", version=version)
    with pytest.raises(Stale):
        scene.do(actions.approve_reopening, scene.s.group, "Enig", version=version)
    assert scene.finding.state is State.CLOSED and scene.asked.snapshot == ""


def test_the_pages(scene: Scene, make: Any, client: FlaskClient) -> None:
    path = f"/findings/{scene.id}"
    make.signed_in(client, scene.s.tester)
    assert "do=reopen" in client.get(path).text
    assert "/reopen" in client.get(f"{path}?do=reopen").text
    version = scene.finding.version
    assert client.post(f"{path}/reopen", data={"version": version, "reason": ""}).status_code == 422
    assert client.post(f"{path}/reopen", data={"version": version, "reason": WHY}).status_code == 303
    make.signed_in(client, scene.chair)
    assert f"{path}/reopen/approve" in client.get(path).text
    version = scene.asked.version
    empty = client.post(f"{path}/reopen/refuse", data={"version": version, "answer": ""})
    assert empty.status_code == 422 and "answer" in empty.text
    assert client.post(f"{path}/reopen/approve", data={"version": version, "answer": ""}).status_code == 303
    page = client.get(path).text
    assert "Blanketten er låst." in page and WHY in page and "Version 2" in page
    assert client.post(f"{path}/reopen/approve", data={"version": version, "answer": ""}).status_code == 409
