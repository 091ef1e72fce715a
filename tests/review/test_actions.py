"""Actions of reviews: states, refusals, four eyes, frozen copies, gates, coverage and the log."""

from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from controls.base import audit
from controls.base.audit import EventRow
from controls.base.db import Stale, db, saved, transaction
from controls.base.why import Refused, Why
from controls.forum.tables import Decision, Meeting
from controls.forum.words import Decided, MeetingForm
from controls.forum.words import State as MeetingState
from controls.identity.permissions import Role
from controls.identity.tables import Person
from controls.planning import queries as planning
from controls.recommendation.words import Recommended
from controls.review import actions, queries, rules
from controls.review.tables import Review
from controls.review.words import DesignOutcome, Outcome, State
from controls.rotation.tables import Coverage
from controls.rotation.words import Degree, Form
from controls.universe import actions as catalogue
from controls.universe.structure import Named, Said
from controls.universe.tables import LineDuty, Process, Subprocess
from controls.universe.words import Level
from controls.wheel import queries as wheel
from tests.review import scene as scenes
from tests.review.scene import CONCLUSION, CONTROL, GOOD, Scene


def _refused(code: str) -> Any:
    return pytest.raises(Refused, check=lambda error: code in {reason.code for reason in error.reasons})


@pytest.fixture
def operated(monkeypatch: pytest.MonkeyPatch) -> dict[int, Outcome | None]:
    """Outcomes of operating tests, given by the test; nothing else is waited for."""
    found: dict[int, Outcome | None] = {}
    monkeypatch.setattr(queries, "OPERATED", [scenes.operated(found)])
    monkeypatch.setattr(queries, "GATES_TO_APPROVE", [])
    return found


def _heard(scene: Scene) -> None:
    scene.do(actions.send_to_hearing, "lead", scene.review_id, None)
    scene.do(actions.answer_hearing, "owner", scene.review_id, None, "Enig.")
    scene.do(actions.quality_review, "reviewer", scene.review_id, None, "Gennemgået.")


def test_a_review_runs_from_choice_to_archive(make: ModuleType, operated: dict[int, Outcome | None]) -> None:
    scene = scenes.drafted(make)
    assert scene.review.state is State.DRAFT and scene.review.draft_on == make.NOW.date()
    operated.update(dict.fromkeys(scene.controls, Outcome.EFFECTIVE))
    _heard(scene)
    scene.do(actions.approve, "group", scene.review_id, None)
    review = scene.review
    assert (review.state, review.coverage, review.hours_used) == (State.APPROVED, Degree.FULL, 38)
    line = db.session.scalars(select(Coverage)).one()
    assert (line.subprocess_id, line.degree, line.review_number) == (scene.subprocess.id, Degree.FULL, "G-2026-01")
    scene.do(actions.archive, "lead", scene.review_id, None)
    assert scene.review.state is State.ARCHIVED
    events = set(db.session.scalars(select(EventRow.action)))
    assert {"review.planned", "review.approved", "rotation.coverage_recorded", "review.design_tested"} <= events
    said, part = Said(make.NOW.date(), "Opgaven er afsluttet."), db.session.get_one(Subprocess, scene.subprocess.id)
    scene.do(catalogue.close, "group", Level.SUBPROCESS, part.id, part.version, said)
    seen = planning.seen(scene.organisation.id, make.NOW.date() + timedelta(days=1), None)
    # The sub-process has left the roll; the hours of its review are spent all the same.
    assert (seen.rows, seen.board.load(2026).number, seen.board.load(2026).hours) == ([], 1, 42)


@pytest.mark.parametrize(
    ("outcomes", "degree"),
    [((None, None), Degree.PARTIAL), ((Outcome.NOT, Outcome.EFFECTIVE), Degree.FULL),
     ((Outcome.CANNOT_CONCLUDE, Outcome.EFFECTIVE), Degree.PARTIAL)],
)  # fmt: skip
def test_coverage_follows_the_tests(
    make: ModuleType, operated: dict[int, Outcome | None], outcomes: tuple[Outcome | None, ...], degree: Degree
) -> None:
    scene = scenes.drafted(make)
    operated.update(zip(scene.controls, outcomes, strict=True))
    _heard(scene)
    assert scene.do(actions.approve, "group", scene.review_id, None).coverage is degree


def test_the_reviewer_neither_leads_nor_tests(make: ModuleType, operated: dict[int, Outcome | None]) -> None:
    scene = scenes.chosen(make)
    lead, tester = scene.people["lead"].id, scene.people["tester"].id
    with _refused("sod_conflict"):
        scene.do(actions.plan, "group", scene.review_id, None, rules.Plan(lead, tester, lead))
    assert scene.review.state is State.CHOSEN


def test_who_led_or_tested_cannot_sign(make: ModuleType, operated: dict[int, Outcome | None]) -> None:
    scene = scenes.drafted(make)
    for name in ("lead", "tester", "other", "owner", "auditor", "admin"):
        with pytest.raises(Refused) as error:
            scene.do(actions.quality_review, name, scene.review_id, None, "")
        assert error.value.status == 403
    scene.do(actions.send_to_hearing, "lead", scene.review_id, None)
    for name in ("lead", "tester"):
        with pytest.raises(Refused) as error:
            scene.do(actions.approve, name, scene.review_id, None)
        assert error.value.status == 403


def test_approval_waits_for_reply_quality_and_later_gates(
    make: ModuleType, operated: dict[int, Outcome | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scenes.drafted(make)
    operated.update(dict.fromkeys(scene.controls, Outcome.EFFECTIVE))
    scene.do(actions.send_to_hearing, "lead", scene.review_id, None)
    with _refused("review.not_heard"):
        scene.do(actions.approve, "group", scene.review_id, None)
    with _refused("review.not_quality_reviewed"):
        scene.do(actions.approve, "group", scene.review_id, None)
    scene.do(actions.quality_review, "reviewer", scene.review_id, None, "")
    after = make.NOW + timedelta(days=30)
    gate = Why("test.gate", "Not tested")
    monkeypatch.setattr(queries, "GATES_TO_APPROVE", [lambda review: [gate()]])
    with _refused("test.gate"):
        scene.do(actions.approve, "group", scene.review_id, None, at=after)
    monkeypatch.setattr(queries, "GATES_TO_APPROVE", [])
    assert scene.do(actions.approve, "group", scene.review_id, None, at=after).state is State.APPROVED


def test_the_hearing_lasts_ten_working_days(make: ModuleType) -> None:
    scene = scenes.drafted(make)
    with _refused("review.hearing_short"):
        scene.do(actions.send_to_hearing, "lead", scene.review_id, None, date(2026, 3, 30))
    review = scene.do(actions.send_to_hearing, "lead", scene.review_id, None, date(2026, 3, 31))
    assert (review.hearing_from, review.hearing_to) == (date(2026, 3, 17), date(2026, 3, 31))


def test_only_the_owner_answers(make: ModuleType) -> None:
    scene = scenes.drafted(make)
    scene.do(actions.send_to_hearing, "lead", scene.review_id, None)
    for name in ("lead", "group", "auditor"):
        with _refused("forbidden"):
            scene.do(actions.answer_hearing, name, scene.review_id, None, "Enig.")
    with _refused("field_required"):
        scene.do(actions.answer_hearing, "owner", scene.review_id, None, " ")


def test_a_draft_needs_every_part(make: ModuleType) -> None:
    scene = scenes.started(make)
    with pytest.raises(Refused) as error:
        scene.do(actions.conclude, "lead", scene.review_id, None, CONCLUSION)
    assert [reason.code for reason in error.value.reasons] == ["review.design_missing"] * 2
    assert scene.review.draft_on is None


def test_a_test_keeps_the_control_it_was_made_on(make: ModuleType) -> None:
    scene = scenes.started(make)
    for control in scene.controls:
        scene.do(actions.test_design, "tester", scene.review_id, control, GOOD)
    before = queries.design_tests(scene.review_id)[scene.controls[0]].control_copy
    changed = rules.ControlValues(**{**CONTROL.__dict__, "text": "En person frigiver."})
    scene.do(actions.edit_control, "tester", scene.controls[0], None, changed)
    assert queries.design_tests(scene.review_id)[scene.controls[0]].control_copy == before
    assert "To personer" in before
    with _refused("review.control_changed"):
        scene.do(actions.conclude, "lead", scene.review_id, None, CONCLUSION)


def test_two_who_save_the_same_review(make: ModuleType) -> None:
    scene = scenes.planned(make)
    seen = scene.review.version
    days = (date(2025, 1, 1), date(2025, 12, 31))
    scene.do(actions.describe_scope, "lead", scene.review_id, seen, "Den første", *days)
    with pytest.raises(Stale) as error:
        scene.do(actions.describe_scope, "tester", scene.review_id, seen, "Den anden", *days)
    assert error.value.status == 409 and scene.review.scope == "Den første"


def test_who_may_describe(make: ModuleType) -> None:
    scene = scenes.planned(make)
    for name in ("other", "reviewer", "group", "auditor", "admin"):
        with _refused("forbidden"):
            scene.do(actions.add_risk, name, scene.subprocess.id, scenes.RISK)
    numbers = [scene.do(actions.add_risk, "owner", scene.subprocess.id, scenes.RISK).number for _ in range(2)]
    assert numbers == ["KRE-3.1-R1", "KRE-3.1-R2"]


def test_a_control_that_moves_takes_its_line_along(make: ModuleType) -> None:
    """S4 asks who is in line in the process in which the sub-process stands now."""
    scene = scenes.started(make)
    part, said = scene.subprocess, Said(make.NOW.date(), "Opgaven er flyttet til et andet kontor.")
    owned = replace(CONTROL, owner_id=scene.people["other"].id)
    control = scene.do(actions.add_control, "owner", part.id, owned)
    area = db.session.get_one(Process, part.process_id).area_id
    made = scene.do(catalogue.create, "group", Level.PROCESS, area, said, Named("KRE-9", "Andre betalinger"))
    scene.do(catalogue.move, "group", Level.SUBPROCESS, part.id, part.version, said, made.id)
    rows = db.session.scalars(select(LineDuty).where(LineDuty.control_id == control.id))
    assert {(row.process_id == made.id, row.valid_to is None) for row in rows} == {(False, False), (True, True)}


def test_closed_controls_do_not_count(make: ModuleType) -> None:
    scene = scenes.started(make)
    scene.do(actions.close_control, "owner", scene.controls[1], None, "Udgået")
    with _refused("review.already_closed"):
        scene.do(actions.edit_control, "owner", scene.controls[1], None, CONTROL)
    after = make.NOW + timedelta(days=2)
    scene.do(actions.test_design, "tester", scene.review_id, scene.controls[0], GOOD, at=after)
    review = scene.do(actions.conclude, "lead", scene.review_id, None, CONCLUSION, at=after)
    assert [control.id for control in queries.key_controls(review)] == [scene.controls[0]]


def test_suspend_and_resume(make: ModuleType) -> None:
    scene = scenes.started(make)
    with _refused("field_required"):
        scene.do(actions.suspend, "group", scene.review_id, None, "")
    scene.do(actions.suspend, "group", scene.review_id, None, "Projektet blev stoppet.", 11)
    assert (scene.review.state, scene.review.hours_used) == (State.SUSPENDED, 11)
    with _refused("wrong_state"):
        scene.do(actions.conclude, "lead", scene.review_id, None, CONCLUSION)
    assert scene.do(actions.resume, "group", scene.review_id, None, "Genoptaget").state is State.IN_PROGRESS


def test_taking_back_starts_over(make: ModuleType) -> None:
    scene = scenes.drafted(make)
    scene.do(actions.quality_review, "reviewer", scene.review_id, None, "")
    scene.do(actions.take_back, "lead", scene.review_id, None, "Ny oplysning")
    review = scene.review
    assert (review.state, review.draft_on, review.quality_reviewed_at) == (State.IN_PROGRESS, None, None)


def test_the_forum_makes_reviews(make: ModuleType) -> None:
    scene = scenes.chosen(make)
    chair = make.person("chair", scenes.Role.VDC, scene.organisation)
    made = _decided(scene, make.by(chair), [Decided.CHOSEN])
    assert [(row.number, row.state, row.hours_planned) for row in made] == [("G-2026-02", State.CHOSEN, 36)]
    assert _goal_b(scene) == (0, 1)
    again = _decided(scene, make.by(chair), [Decided.NOT_CHOSEN], made[0].decision_id)
    assert not again
    row = db.session.get_one(Review, made[0].id)
    db.session.refresh(row)
    assert row.state is State.SUSPENDED and row.state_reason == "Grund"
    assert _goal_b(scene) == (0, 0)


def _goal_b(scene: Scene) -> tuple[int, int]:
    [goal] = wheel.counted(queries.goal_b(scene.organisation.id, 2026))
    return goal.done, goal.total


def _decided(scene: Scene, by: Any, wanted: list[Decided], replaces: int | None = None) -> list[Review]:
    from controls.wheel.tables import Cycle
    from controls.wheel.words import State as CycleState

    part = db.session.get_one(Subprocess, scene.subprocess.id)
    cycle = db.session.scalar(select(Cycle)) or Cycle(
        organisation_id=part.organisation_id,
        year=2026,
        state=CycleState.DECIDED,
        capacity_hours=1100,
        interval_high=2,
        interval_elevated=3,
        interval_moderate=5,
        interval_low=5,
    )
    with transaction():
        if cycle.id is None:
            scenes._put(by, cycle)
        meeting = scenes._put(by, Meeting(
            organisation_id=part.organisation_id, about_id=part.organisation_id, cycle_id=cycle.id, year=2026,
            number="2026/1", held_on=by.today, form=MeetingForm.MEETING, state=MeetingState.LOCKED))  # fmt: skip
        rows = [scenes._put(by, Decision(
            organisation_id=part.organisation_id, meeting_id=meeting.id, number=f"B-2026-{meeting.id:02d}",
            subprocess_id=part.id, recommended=Recommended.REVIEW, decided=one, reason="Grund", review_year=2026,
            hours=36, form=Form.ORDINARY, replaces_id=replaces)) for one in wanted]  # fmt: skip
        return actions.create_chosen(by, meeting, rows)


def test_a_design_that_fails_needs_no_operating_test() -> None:
    failed = {1: DesignOutcome.NOT, 2: DesignOutcome.APPROPRIATE}
    assert rules.degree({1, 2}, failed, {2: Outcome.EFFECTIVE}) is Degree.FULL


def test_a_plan_names_people_who_hold_the_duty_there(make: ModuleType, operated: dict[int, Outcome | None]) -> None:
    """By a role over the organisation, or lent to the review; whoever sends the request past the page's list."""
    scene = scenes.chosen(make)
    elsewhere = make.person("elsewhere", Role.CTL, make.organisation("ALS"))
    ids = {name: row.id for name, row in scene.people.items()} | {"elsewhere": elsewhere.id, "nobody": 999}
    wrong = {"lead_id": ("owner", "group", "auditor", "elsewhere", "nobody"), "quality_reviewer_id": ("owner", "admin")}
    for field, names in (wrong | {"tester_id": wrong["lead_id"]}).items():
        for name in names:
            team = {"lead_id": ids["lead"], "tester_id": ids["tester"], "quality_reviewer_id": ids["reviewer"]}
            with pytest.raises(Refused) as error:
                scene.do(actions.plan, "group", scene.review_id, None, rules.Plan(**team | {field: ids[name]}))
            assert [(one.code, one.field) for one in error.value.reasons] == [("review.unknown_person", field)], name
    scene.do(actions.plan, "group", scene.review_id, None, rules.Plan(ids["lead"], ids["tester"], ids["group"]))
    assert scene.review.state is State.PLANNED


def test_a_plan_knows_two_accounts_of_one_person(make: ModuleType, operated: dict[int, Outcome | None]) -> None:
    """S3 is about people: who tests under one account is not named quality reviewer under another."""
    scene = scenes.chosen(make)
    ids = {name: row.id for name, row in scene.people.items()}
    with transaction():
        again = db.session.get_one(Person, ids["reviewer"])
        again.same_person_as_id = ids["tester"]
        saved(make.by(scene.people["admin"]), again)
        audit.record(make.by(scene.people["admin"]), scenes.MADE, again)
    with pytest.raises(Refused) as error:
        scene.do(actions.plan, "group", scene.review_id, None, rules.Plan(ids["lead"], ids["tester"], ids["reviewer"]))
    assert [(one.code, one.field) for one in error.value.reasons] == [("sod_conflict", "quality_reviewer_id")]
