"""The hand-over queue: what stands in it, how it is emptied, and that assessing waits for it."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from controls.accounts import actions as accounts
from controls.base import held, verify
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.settings import current
from controls.base.why import Refused
from controls.finding.tables import Action, Finding
from controls.forum import queries as forum
from controls.forum.tables import Decision, Meeting
from controls.identity import actions as identity
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.tables import Part
from controls.overview import queries as overview
from controls.review.tables import Control
from controls.staffing import actions, queries
from controls.staffing.rules import Key
from controls.universe import actions as catalogue
from controls.universe.tables import LineDuty, Process
from controls.universe.words import LineKind
from controls.wheel import actions as wheel
from controls.wheel import queries as cycles
from controls.wheel.words import State
from tests import make
from tests.photograph import photographed
from tests.staffing.scene import WHY, Scene
from tests.web.town import put

TODAY = make.NOW.date()
ALL = ["universe_process", "review_control", "forum_decision", "finding_finding", "finding_action"]


@pytest.fixture
def scene(app: Flask) -> Scene:
    return photographed(Scene)()


def refused(scene: Scene, act: Any, name: str, *given: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        scene.do(act, name, *given)
    db.session.rollback()
    return caught.value


def keys(scene: Scene, person: str = "", **more: Any) -> list[Key]:
    rows = queries.queue(scene.agency.id, TODAY, scene.id(person) if person else None, **more)
    return [row.key for row in rows]


def test_each_object_has_an_owner_or_stands_in_the_queue(scene: Scene) -> None:
    """Nobody named, or the account ended; who comes back owns again what nobody has taken over."""
    assert [(row.kind, row.code, row.owner) for row in queries.queue(scene.agency.id, TODAY)] == [
        ("universe_process", "LON-1", None)
    ]
    scene.leave("anne")
    rows = queries.queue(scene.agency.id, TODAY)
    assert [(row.kind, row.code, row.proposed) for row in rows] == [
        ("universe_process", "KRE-1", "Bo"), ("universe_process", "KRE-2", None), ("universe_process", "LON-1", None),
        ("review_control", "KRE-1.1-K1", "Bo"), ("finding_finding", "F-1", "Bo"), ("finding_action", "H-1", "Bo"),
        ("forum_decision", "B-2025-1", None),
    ]  # fmt: skip
    assert rows[0].total == 7 and len(queries.queue(scene.agency.id, TODAY, kind="finding_action")) == 1
    counts = dict.fromkeys(ALL, 1) | {"universe_process": 3}
    assert queries.counts([scene.agency.id, scene.sister.id], TODAY) == {scene.agency.id: counts}
    mine = [(held.KINDS[kind].many, n) for kind, n in (counts | {"universe_process": 2}).items()]
    assert sorted(queries.owned_by(scene.id("anne"), TODAY)) == sorted(mine)
    with transaction():
        identity.enable_person(make.system(), scene.id("anne"))
    assert [key.kind for key in keys(scene)] == ["universe_process"]


def test_one_by_one_with_line_duty_and_the_reason(scene: Scene) -> None:
    """The new owner is in line from today (S4), owns the control (S2) and the action (S12); the deputy moves up."""
    scene.leave("anne")
    one = next(key for key in keys(scene) if key.id == scene.process("KRE-1").id and key.kind == "universe_process")
    assert scene.do(actions.give_over, "carl", scene.agency.id, [one], None, True, WHY) == 1
    process = db.session.get_one(Process, one.id)
    assert (process.owner_id, process.deputy_id) == (scene.id("bo"), None)
    lasting = db.session.scalars(select(LineDuty).where(LineDuty.process_id == one.id, LineDuty.valid_to.is_(None)))
    assert {(row.kind, row.person_id) for row in lasting} == {
        (LineKind.OWNER, scene.id("bo")), (LineKind.CONTROL_OWNER, scene.id("anne")),
    }  # fmt: skip
    rest = [key for key in keys(scene) if key.owner_id]
    assert scene.do(actions.give_over, "carl", scene.agency.id, rest, scene.id("bo"), False, WHY) == 5
    assert [key.kind for key in keys(scene)] == ["universe_process"], "the one that nobody was ever named for"
    owned = [db.session.get_one(table, id).owner_id for table, id in (  # type: ignore[attr-defined]
        (Control, scene.control), (Finding, scene.finding), (Action, scene.action))]  # fmt: skip
    assert owned == [scene.id("bo")] * 3
    decision = db.session.get_one(Decision, scene.decision)
    assert (decision.condition_owner_id, decision.condition_holder_id) == (scene.id("anne"), scene.id("bo"))
    for duty, kind, id, within in (
        (Duty.S2, "review_control", scene.control, 0), (Duty.S12, "finding_finding", scene.finding, 0),
        (Duty.S12, "finding_action", scene.action, 0), (Duty.S4, "universe_process", one.id, TODAY.year),
    ):  # fmt: skip
        assert scene.id("bo") in people.taken((kind, id))[(duty, kind, id, within, Side.FIRST)]
    told = db.session.scalars(select(EventRow).where(EventRow.reason == WHY)).all()
    assert {row.action for row in told} == {
        "universe.owner_named", "review.control_handed_over", "finding.handed_over", "finding.action_handed_over",
        "forum.condition_handed_over", "staffing.handed_over",
    }  # fmt: skip
    assert verify.faults(db.session(), current().keys) == []


def test_the_locked_whole_does_not_tell_who_took_a_condition_over(scene: Scene) -> None:
    meeting = db.session.get_one(Meeting, db.session.get_one(Decision, scene.decision).meeting_id)
    before = forum.whole_hash(meeting)
    key = Key("forum_decision", scene.decision, scene.id("anne"))
    scene.do(actions.give_over, "carl", scene.agency.id, [key], scene.id("bo"), False, WHY)
    db.session.expire_all()
    assert forum.whole_hash(meeting) == before
    row = forum.decision_rows(meeting.id)[0]
    assert (row.condition_owner, row.condition_holder) == ("Anne", "Bo")


def test_all_of_one_person_who_has_not_left_yet(scene: Scene) -> None:
    mine = keys(scene, "anne")
    assert {key.kind for key in mine} == set(ALL) and len(mine) == 6
    scene.do(actions.give_over, "carl", scene.agency.id, mine, scene.id("bo"), False, WHY)
    assert keys(scene, "anne") == [] and queries.owned_by(scene.id("anne"), TODAY) == []


def test_all_or_none_and_each_refusal_at_its_row(scene: Scene) -> None:
    """Who has tested a control does not take it over (S2); nothing of the batch is done, the attempt is in the log."""
    control = db.session.get_one(Control, scene.control)
    with transaction():
        put(scene.by("mette"), Part, duty=Duty.S2, object_type="review_control", object_id=control.id,
            side=Side.SECOND, person_id=scene.id("mette"))  # fmt: skip
    scene.leave("anne")
    every, at = keys(scene), scene.agency.id
    why = refused(scene, actions.give_over, "carl", at, every, scene.id("mette"), False, WHY)
    assert why.status == 403
    assert [reason.field for reason in why.reasons] == [f"review_control-{control.id}-{scene.id('anne')}"]
    assert len(keys(scene)) == len(every)
    last = db.session.scalars(select(EventRow.action).order_by(EventRow.seq.desc())).first()
    assert last == "identity.same_person_refused"
    old = [Key("review_control", control.id, scene.id("bo")), Key("finding_action", 999, 0)]
    moved = refused(scene, actions.give_over, "carl", at, old, scene.id("bo"), False, WHY)
    assert [reason.code for reason in moved.reasons] == ["staffing.moved"] * 2
    none = refused(scene, actions.give_over, "carl", at, every, None, True, WHY)
    assert {reason.code for reason in none.reasons} == {"staffing.no_proposal"} and len(none.reasons) == 3
    elsewhere = refused(scene, actions.give_over, "carl", at, every, scene.id("dova"), False, WHY)
    assert [reason.code for reason in elsewhere.reasons] == ["staffing.not_here"]
    assert refused(scene, actions.give_over, "bo", at, every, scene.id("bo"), False, WHY).status == 403


def test_assessing_does_not_open_while_a_process_stands_in_the_queue(scene: Scene) -> None:
    assert overview.tasks(scene.by("dova")) == overview.tasks(scene.by("bo")) == [], "only the group there gives over"
    year = scene.open()
    assert [one.code for one in overview.tasks(scene.by("carl")) if one.kind == "staffing.queue"] == ["STAR"]
    scene.do(wheel.advance, "carl", year, None)
    why = refused(scene, wheel.advance, "carl", year, None)
    assert [reason.code for reason in why.reasons] == ["staffing.in_queue"] and "LON-1" in str(why.reasons[0])
    row = scene.process("LON-1")
    named = [actions.Named(row.id, row.version, scene.id("anne"), scene.id("bo"))]
    assert scene.do(actions.name_owners, "carl", scene.agency.id, named) == 1
    scene.leave("anne")
    assert "KRE-1, KRE-2, LON-1" in str(refused(scene, wheel.advance, "carl", year, None).reasons[0])
    processes = [key for key in keys(scene) if key.kind == "universe_process"]
    scene.do(actions.give_over, "carl", scene.agency.id, processes, scene.id("bo"), False, WHY)
    scene.do(wheel.advance, "carl", year, None)
    cycle = cycles.cycle_by_id(year)
    assert cycle is not None and cycle.state is State.ASSESSING, "a control in the queue does not hold it back"
    for kinds in ({"finding_finding", "finding_action"}, {"forum_decision", "review_control"}):
        assert [one.code for one in overview.tasks(scene.by("carl")) if one.kind == "staffing.queue"] == ["STAR"]
        rest = [key for key in keys(scene) if key.kind in kinds]
        scene.do(actions.give_over, "carl", scene.agency.id, rest, scene.id("bo"), False, WHY)
    assert not keys(scene) and not [one for one in overview.tasks(scene.by("carl")) if one.kind == "staffing.queue"]


def test_owners_of_many_at_once_all_or_none(scene: Scene) -> None:
    rows = queries.owners(scene.agency.id, TODAY)
    assert [(row.code, row.owner, row.deputy) for row in rows] == [
        ("KRE-1", "Anne (anne)", "Bo (bo)"), ("KRE-2", "Anne (anne)", ""), ("LON-1", "", ""),
    ]  # fmt: skip
    same = [actions.Named(row.id, row.version, row.owner_id, row.deputy_id) for row in rows]
    assert scene.do(actions.name_owners, "carl", scene.agency.id, same) == 0
    bad = [same[0]._replace(deputy_id=scene.id("anne")), same[1]._replace(version=0, deputy_id=scene.id("bo")),
           same[2]._replace(owner_id=scene.id("dova"))]  # fmt: skip
    why = refused(scene, actions.name_owners, "carl", scene.agency.id, bad)
    assert [(reason.code, reason.field) for reason in why.reasons] == [
        ("universe.same_deputy", f"r{bad[0].id}-deputy_id"), ("stale_version", f"r{bad[1].id}-"),
        ("universe.not_here", f"r{bad[2].id}-owner_id"),
    ]  # fmt: skip
    assert queries.owners(scene.agency.id, TODAY) == rows
    assert refused(scene, actions.name_owners, "bo", scene.agency.id, same).status == 403


def test_nobody_is_ended_without_being_told_what_he_owns(scene: Scene) -> None:
    why = refused(scene, accounts.close_account, "adam", scene.id("anne"), None)
    assert why.status == 409 and "6" in str(why.reasons[0]), str(why.reasons[0])
    scene.do(accounts.close_account, "adam", scene.id("nina"), None)
    scene.do(accounts.close_account, "adam", scene.id("anne"), None, 6)
    assert len(keys(scene)) == 7


def test_the_check_reads_roles_line_visits_and_whom_to_borrow(scene: Scene) -> None:
    """Carl is made deputy, so that only the ministry's member approves; nobody but Mette and Nina tests."""
    row = scene.process("KRE-2")
    scene.do(catalogue.name_owner, "carl", row.id, None, scene.id("anne"), scene.id("mette"))
    found = queries.check(scene.agency.id, TODAY)
    names = {
        row.process.code: {task.value: found.named(ids) for task, ids in row.able.may.items()} for row in found.rows
    }
    assert names["KRE-1"] == {
        "fill": ["Anne", "Bo", "Mette", "Nina"], "approve": ["Carl", "Dorte", "Kari"], "test": ["Mette", "Nina"],
        "quality": ["Carl", "Dorte", "Kari", "Mette", "Nina"],
    }  # fmt: skip
    assert names["KRE-2"]["test"] == ["Nina"] and names["KRE-2"]["approve"] == ["Carl", "Dorte", "Kari"]
    assert [row.able.gaps for row in found.rows] == [(), (), ()]
    scene.leave("nina")
    found = queries.check(scene.agency.id, TODAY)
    short = next(row for row in found.rows if row.able.gaps)
    assert (short.process.code, [gap.task.value for gap in short.able.gaps]) == ("KRE-2", ["test"])
    assert found.borrow(short, short.able.gaps[0].task) == {"ALS": ["Clen"]}
    scene.do(actions.look_at_staffing, "carl", scene.agency.id)
    scene.do(actions.answer_none, "carl", scene.agency.id)
    day = queries.first_day(scene.agency.id, TODAY)
    assert day.staffing and day.staffing.missing == 1 and day.history and (day.owned, day.processes) == (2, 3)
    scene.do(actions.look_at_staffing, "dorte", scene.agency.id)
    assert verify.faults(db.session(), current().keys) == []
