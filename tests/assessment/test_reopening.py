"""Reopening an approved or locked form: two persons, both versions kept, worked on again after the others (S11)."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient

from controls.assessment import actions, queries
from controls.assessment.rules import Scores
from controls.assessment.tables import Assessment
from controls.assessment.words import State
from controls.base.db import Stale, transaction
from controls.base.why import Refused
from controls.identity import queries as identity
from controls.identity.permissions import Role
from controls.identity.tables import Reopening
from controls.overview import queries as overview
from controls.wheel.words import State as Phase
from tests import make
from tests.assessment.year import GOOD, SCORES, Year
from tests.photograph import photographed

WHY = "Et tal i vurderingen var fra den forkerte periode."
NOW = replace(GOOD, scores=Scores(2, 4, 4, 2, 4))


def _refused(code: str) -> Any:
    return pytest.raises(Refused, check=lambda error: code in {reason.code for reason in error.reasons})


class Scene:
    """A year whose forms are approved, with a third of the group, the chair and another controller."""

    def __init__(self, year: Year) -> None:
        self.year = year
        self.third = make.person("third", Role.GRP, year.organisation)
        self.chair = make.person("chair", Role.VDC, year.organisation)
        self.other = make.person("other", Role.CTL, year.organisation)
        year.submit_all()
        for code in ("KRE-1", "KRE-3", "LON-1"):
            self.approve(code)
        self.id = year.form().id

    def do(self, act: Any, who: Any, *args: Any, id: int | None = None) -> Any:
        with transaction():
            return act(make.by(who), id or self.id, *args)

    def approve(self, code: str = "KRE-1") -> None:
        id = self.year.form(code).id
        self.do(actions.calibrate, self.year.first, None, None, id=id)
        self.do(actions.approve, self.year.second, None, id=id)

    def reopen(self) -> None:
        self.do(actions.ask_reopening, self.year.controller, None, WHY)
        self.do(actions.approve_reopening, self.chair, None, "Enig")

    @property
    def form(self) -> Assessment:
        return self.year.form()

    @property
    def asked(self) -> Reopening:
        return identity.reopenings(self.form)[-1].row


@photographed
def _approved() -> Scene:
    return Scene(Year())


@pytest.fixture
def scene(app: Flask, wired: None) -> Scene:
    return _approved()


def _tasks(person: Any) -> set[str]:
    return {one.kind for one in overview.tasks(make.by(person))}


def test_a_locked_form_is_reopened_worked_on_and_locked_again(scene: Scene) -> None:
    """When the year has come further the form alone goes through calibration and approval again."""
    scene.year.go_to(Phase.RECOMMENDED)
    locked_at = scene.form.locked_at
    assert scene.form.state is State.LOCKED and locked_at is not None
    with _refused("wrong_state"):
        scene.do(actions.submit, scene.year.controller, None, NOW)
    scene.do(actions.ask_reopening, scene.year.controller, None, WHY)
    assert (scene.form.state, scene.asked.number) == (State.LOCKED, 1)
    scene.do(actions.approve_reopening, scene.chair, None, "Enig")
    row = scene.form
    assert (row.state, row.approver_id, row.approved_at, row.locked_at, row.calibrated_at) == (
        State.RETURNED, None, None, None, None)  # fmt: skip
    assert (row.return_comment, row.returned_by_id) == (WHY, scene.chair.id)
    assert "assessment.correct" in _tasks(scene.year.controller)

    scene.do(actions.submit, scene.year.controller, None, NOW)
    assert "assessment.calibrate" in _tasks(scene.third)
    scene.do(actions.calibrate, scene.year.first, None, None)
    assert "assessment.approve" in _tasks(scene.year.second)
    with transaction():
        make.actions.grant_role(make.system(), scene.year.controller.id, Role.GRP, scene.year.organisation.id)
    with _refused("sod_conflict"):
        scene.do(actions.approve, scene.year.controller, None)
    scene.do(actions.approve, scene.year.second, None)
    row = scene.form
    assert row.state is State.LOCKED and row.locked_at is not None and Scores.of(row) == NOW.scores
    assert "assessment.approve" not in _tasks(scene.third)

    (was,) = queries.earlier(identity.reopenings(row))
    assert was.scores == SCORES and was.was["approver_id"] == scene.year.second.id and was.was["state"] == "locked"
    assert {id: kept.scores for id, kept in was.lines.items()} == dict.fromkeys(was.lines, SCORES)
    assert len(json.loads(was.asked.row.snapshot)["assessment_line"]) == len(queries.lines(row.id)) == 2
    scene.do(actions.ask_reopening, scene.year.controller, None, WHY)
    assert scene.asked.number == 2


def test_before_the_recommendation_it_is_approved_not_locked(scene: Scene) -> None:
    """The reopened form holds the hand-over up until it is approved anew, and other forms stay final."""
    scene.reopen()
    assert queries.unapproved(scene.year.cycle)[0].params["codes"] == "KRE-1"
    scene.do(actions.submit, scene.year.controller, None, NOW)
    scene.approve()
    assert scene.form.state is State.APPROVED and not queries.unapproved(scene.year.cycle)
    scene.year.go_to(Phase.RECOMMENDED)
    assert scene.form.state is State.LOCKED


def test_only_the_reopened_form_is_open_after_its_year(scene: Scene) -> None:
    scene.year.go_to(Phase.RECOMMENDED)
    scene.reopen()
    scene.do(actions.submit, scene.year.controller, None, NOW)
    other = scene.year.form("KRE-3").id
    for act, args in ((actions.calibrate, (None, None)), (actions.approve, (None,))):
        with pytest.raises(Refused):
            scene.do(act, scene.year.first, *args, id=other)
    with _refused("wrong_state"):
        scene.do(actions.submit, scene.year.controller, None, NOW, id=other)


def test_who_worked_on_it_does_not_let_it_be_reopened(scene: Scene) -> None:
    """The asker, who submitted, calibrated and approved it, and a stand-in for one of them."""
    scene.do(actions.ask_reopening, scene.year.controller, None, WHY)
    with transaction():
        make.actions.grant_role(make.system(), scene.year.controller.id, Role.GRP, scene.year.organisation.id)
    for person in (scene.year.controller, scene.year.first, scene.year.second):
        for act in (actions.approve_reopening, actions.refuse_reopening):
            with _refused("sod_conflict"):
                scene.do(act, person, None, "Enig")
        assert queries.why_not_reopen(make.by(person), scene.asked)[0].code == "sod_conflict"
    chair, worker = make.by(scene.chair), make.by(scene.year.first)
    both = replace(chair, on_behalf_of=worker.person_id, counts_as=(*chair.persons, *worker.persons))
    with _refused("sod_conflict"), transaction():
        actions.approve_reopening(both, scene.id, None, "Enig")
    assert scene.form.state is State.APPROVED
    told = {
        name: "assessment.reopen" in _tasks(person)
        for name, person in (
            ("third", scene.third),
            ("chair", scene.chair),
            ("first", scene.year.first),
            ("owner", scene.year.owner),
        )
    }
    assert told == {"third": True, "chair": True, "first": False, "owner": False}
    scene.do(actions.approve_reopening, scene.third, None, "")
    assert "assessment.reopen" not in _tasks(scene.chair)


def test_who_may_ask_and_two_at_once(scene: Scene) -> None:
    seen = scene.form.version
    for person in (scene.year.first, scene.year.owner, scene.chair, scene.other):
        with _refused("forbidden"):
            scene.do(actions.ask_reopening, person, None, WHY)
    with _refused("field_required"):
        scene.do(actions.ask_reopening, scene.year.controller, None, " ")
    scene.do(actions.ask_reopening, scene.year.controller, seen, WHY)
    with pytest.raises(Stale):
        scene.do(actions.ask_reopening, scene.year.controller, seen, WHY)
    with _refused("identity.reopening_waits"):
        scene.do(actions.ask_reopening, scene.year.controller, None, WHY)
    version = scene.asked.version
    scene.do(actions.refuse_reopening, scene.chair, version, "Tallet er rigtigt.")
    with pytest.raises(Stale):
        scene.do(actions.approve_reopening, scene.third, version, "Enig")
    assert scene.form.state is State.APPROVED and scene.asked.snapshot == ""


def test_a_form_that_its_owner_submitted_is_asked_for_by_any_controller(scene: Scene) -> None:
    """The owner may not ask (security.md section 2), so without a controller nobody could."""
    scene.reopen()
    scene.do(actions.submit, scene.year.owner, None, NOW)
    scene.approve()
    with _refused("forbidden"):
        scene.do(actions.ask_reopening, scene.year.owner, None, WHY)
    scene.do(actions.ask_reopening, scene.other, None, WHY)
    assert scene.asked.number == 2


def test_the_pages(scene: Scene, client: FlaskClient) -> None:
    scene.year.go_to(Phase.RECOMMENDED)
    path, year = f"/assessments/{scene.id}", scene.year

    def as_(person: Any) -> FlaskClient:
        return make.signed_in(client, person)

    assert f"{path}/reopen" not in as_(year.first).get(path).text
    assert f"{path}/reopen" in as_(year.controller).get(path).text
    version = scene.form.version
    empty = client.post(f"{path}/reopen", data={"version": version, "reason": ""})
    assert empty.status_code == 422 and "reason" in empty.text
    refused = as_(scene.other).post(f"{path}/reopen", data={"version": version, "reason": WHY})
    assert refused.status_code == 403
    assert as_(year.controller).post(f"{path}/reopen", data={"version": version, "reason": WHY}).status_code == 303
    assert f"{path}/reopen/approve" not in as_(year.second).get(path).text and WHY in client.get(path).text
    assert f"{path}/reopen/approve" in as_(scene.third).get(path).text
    version = scene.asked.version
    assert client.post(f"{path}/reopen/refuse", data={"version": version, "answer": ""}).status_code == 422
    assert client.post(f"{path}/reopen/approve", data={"version": version, "answer": "Enig"}).status_code == 303
    late = as_(scene.chair).post(f"{path}/reopen/approve", data={"version": version, "answer": "Enig"})
    assert late.status_code == 409
    form = as_(year.controller).get(path).text
    assert f"{path}/submit" in form and WHY in form and "Version 1" in form, "the author works on it again"
    scene.do(actions.submit, year.controller, None, NOW)
    scene.approve()
    page = as_(year.auditor).get(path).text
    assert "Version 1" in page and "Version 2" in page and WHY in page and "Dorte" in page
    assert getattr(current_app.view_functions["assessment.approve_reopening"], "fresh", False)
