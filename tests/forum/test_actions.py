"""The forum from announced to locked, and the supplementary decision."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from controls.base import checkpoint, settings, verify
from controls.base.audit import EventRow
from controls.base.db import Stale, transaction
from controls.base.why import Refused
from controls.forum import actions, queries
from controls.forum.rules import Attendance, DecisionValues
from controls.forum.words import Decided, Function, MeetingForm, State
from controls.history import actions as history
from controls.history.kinds import BY_SLUG
from controls.history.words import LegalBasis
from controls.recommendation.words import Recommended
from controls.rotation import queries as rotation
from controls.rotation.rules import PlanKind
from controls.wheel import queries as wheel
from controls.wheel.words import State as CycleState
from tests.recommendation import scene as stage
from tests.recommendation.test_actions import handed

HELD = date(2026, 6, 12)
LATER = datetime(2026, 10, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def scene(app: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    stage.wire(monkeypatch)
    monkeypatch.setattr(actions, "ON_LOCK", [])
    built = handed(make)
    return built


def announced(scene: Any, at: Any = stage.MAY, **values: Any) -> int:
    with transaction():
        return int(
            actions.announce(scene.by("secretary", at), scene.agency.id, 2026, values.pop("held_on", HELD), **values).id
        )


def there(scene: Any, *, present: bool = True) -> list[Attendance]:
    ids = {who: person.id for who, person in scene.people.items()}
    return [
        Attendance(ids["chair"], Function.CHAIR, present),
        Attendance(ids["member"], Function.MEMBER, present, ids["other"] if present else None),
        Attendance(ids["other"], Function.MEMBER, False),
        Attendance(ids["secretary"], Function.SECRETARY, present),
    ]


def decide(
    scene: Any,
    id: int,
    code: str,
    decided: Decided,
    version: int | None = None,
    who: str = "secretary",
    at: Any = stage.JUNE,
    **values: Any,
) -> Any:
    with transaction():
        return actions.decide(scene.by(who, at), id, DecisionValues(scene.part[code], decided, **values), version)


def recorded(scene: Any, at: Any = stage.JUNE) -> int:
    id = announced(scene)
    with transaction():
        actions.set_presence(scene.by("secretary", at), id, None, there(scene))
    decide(
        scene, id, "LON-1.1", Decided.CHOSEN, reason="Ny lov fra juli.", hours=20, added_by_id=scene.people["member"].id
    )
    with transaction():
        actions.agree_with_rest(scene.by("secretary", at), id)
    return id


def locked(scene: Any) -> int:
    id = recorded(scene)
    with transaction():
        actions.send_to_chair(scene.by("secretary", stage.JUNE), id)
    with transaction():
        actions.lock(scene.by("chair", stage.JUNE), id)
    return id


def codes(refused: Any) -> list[str]:
    return [reason.code.removeprefix("forum.") for reason in refused.value.reasons]


def test_the_whole_way(scene: Any, monkeypatch: pytest.MonkeyPatch, database: Any) -> None:
    told: list[list[str]] = []
    monkeypatch.setattr(actions, "ON_LOCK", [lambda by, meeting, made: told.append([d.number for d in made])])
    id = locked(scene)
    assert [checkpoint.read(path).cycle for _, path in checkpoint.kept(settings.current().keys)] == ["STAR 2026"]
    meeting = queries.meeting(id)
    assert (meeting.state, meeting.number, meeting.confirmed_by_id) == (
        State.LOCKED,
        "2026/1",
        scene.people["chair"].id,
    )
    assert wheel.cycle_by_id(scene.cycle_id).state is CycleState.DECIDED
    made = {row.code: row.decision for row in queries.decision_rows(id)}
    assert {code: row.number for code, row in made.items()} == {
        "KRE-1.1": "B-2026-01",
        "KRE-1.2": "B-2026-02",
        "LON-1.1": "B-2026-03",
    }
    assert told == [["B-2026-01", "B-2026-02", "B-2026-03"]]
    assert (made["KRE-1.1"].hours, made["KRE-1.1"].lead_id) == (40, scene.people["controller"].id)
    assert (made["KRE-1.2"].decided, made["KRE-1.2"].deferred_to) == (Decided.DEFERRED, 2027)
    assert made["LON-1.1"].added_by_forum and made["LON-1.1"].recommended is Recommended.NOT
    assert queries.whole_hash(meeting) == meeting.hash and len(meeting.hash) == 64
    plans = {(plan.subprocess_id, plan.kind, plan.until) for plan in rotation.planned(scene.agency.id)}
    assert (scene.part["KRE-1.2"], PlanKind.DEFERRED, 2027) in plans and len(plans) == 3
    cells = {row.code: row for row in rotation.roll(scene.agency.id, 2026, date(2026, 12, 31))}
    assert cells["KRE-1.1"].hours == 40 and cells["KRE-1.1"].settled(2026)
    names = [
        event.action for event in database.query(EventRow).order_by(EventRow.seq) if event.action.startswith("forum.")
    ]
    assert names == [
        "forum.meeting_announced",
        "forum.presence_set",
        "forum.decided",
        "forum.agreed",
        "forum.minutes_sent",
        "forum.minutes_locked",
    ]
    assert [code for _m, _d, code in queries.for_export(scene.agency.id, 2026)] == ["KRE-1.1", "KRE-1.2", "LON-1.1"]


def test_handed_over_shows_as_proposed_until_decided(scene: Any) -> None:
    assert [(plan.kind, plan.hours) for plan in rotation.planned(scene.agency.id)] == [(PlanKind.PROPOSED, 40)]


def test_the_usual_people_are_invited(scene: Any) -> None:
    seats = {seat.person_id: seat.function for seat in queries.presence(announced(scene))}
    ids = {who: person.id for who, person in scene.people.items()}
    assert seats == {
        ids["chair"]: Function.CHAIR,
        ids["member"]: Function.MEMBER,
        ids["other"]: Function.MEMBER,
        ids["secretary"]: Function.SECRETARY,
    }


def test_s5_the_author_may_not_record(scene: Any, make: Any) -> None:
    from controls.identity import actions as identity
    from controls.identity.permissions import Role

    with transaction():
        identity.grant_role(make.system(stage.AT), scene.people["group"].id, Role.SEC, scene.ministry.id)
    id = announced(scene)
    for attempt in (
        lambda: decide(scene, id, "KRE-1.1", Decided.CHOSEN, who="group"),
        lambda: actions.agree_with_rest(scene.by("group", stage.JUNE), id),
        lambda: actions.set_presence(scene.by("group", stage.JUNE), id, None, there(scene)),
        lambda: actions.send_to_chair(scene.by("group", stage.JUNE), id),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert codes(refused) == ["sod_conflict"] and refused.value.status == 403


def test_s5_the_author_may_not_vote(scene: Any) -> None:
    id = announced(scene)
    author = scene.people["group"].id

    def seated(**as_what: Any) -> list[Attendance]:
        return [*there(scene), Attendance(author, Function.MEMBER, **as_what)]

    with pytest.raises(Refused) as refused, transaction():
        actions.set_presence(scene.by("secretary", stage.JUNE), id, None, seated(present=True))
    assert codes(refused) == ["wrote"] and refused.value.reasons[0].params["name"] == scene.people["group"].name
    with transaction():
        actions.set_presence(scene.by("secretary", stage.JUNE), id, None, seated(present=False))


def test_s6_the_recorder_may_not_confirm(scene: Any, make: Any) -> None:
    from controls.identity import actions as identity
    from controls.identity.permissions import Role

    with transaction():
        identity.grant_role(make.system(stage.AT), scene.people["chair"].id, Role.SEC, scene.ministry.id)
    id = announced(scene)
    decide(scene, id, "KRE-1.1", Decided.CHOSEN, who="chair")
    with transaction():
        actions.set_presence(scene.by("secretary", stage.JUNE), id, None, there(scene))
        actions.agree_with_rest(scene.by("secretary", stage.JUNE), id)
        actions.send_to_chair(scene.by("secretary", stage.JUNE), id)
    with pytest.raises(Refused) as refused, transaction():
        actions.lock(scene.by("chair", stage.JUNE), id)
    assert codes(refused) == ["sod_conflict"]
    assert (
        queries.meeting(id).state is State.WITH_CHAIR
        and wheel.cycle_by_id(scene.cycle_id).state is CycleState.RECOMMENDED
    )


@pytest.mark.parametrize("who", ["group", "controller", "owner", "member", "chair", "auditor", "admin"])
def test_only_the_secretary_records(scene: Any, who: str) -> None:
    id = announced(scene)
    with pytest.raises(Refused) as refused:
        decide(scene, id, "KRE-1.1", Decided.CHOSEN, who=who)
    assert codes(refused) == ["forbidden"]


def test_a_deviation_needs_a_reason(scene: Any) -> None:
    id = announced(scene)
    with pytest.raises(Refused) as refused:
        decide(scene, id, "KRE-1.1", Decided.NOT_CHOSEN)
    assert [(reason.code, reason.field) for reason in refused.value.reasons] == [("forum.reason_deviation", "reason")]
    assert queries.decisions(id) == []
    row = decide(scene, id, "KRE-1.1", Decided.NOT_CHOSEN, reason="Revisionen ser på den.")
    assert row.reason and queries.meeting(id).state is State.DRAFT


def test_two_secretaries_at_once(scene: Any) -> None:
    id = announced(scene)
    row = decide(scene, id, "KRE-1.1", Decided.CHOSEN)
    seen = row.version
    decide(scene, id, "KRE-1.1", Decided.NOT_CHOSEN, version=seen, reason="Nej.")
    with pytest.raises(Stale):
        decide(scene, id, "KRE-1.1", Decided.CHOSEN, version=seen)


def test_not_before_the_meeting_and_not_without_quorum(scene: Any) -> None:
    id = announced(scene)
    with transaction():
        actions.agree_with_rest(scene.by("secretary"), id)
    with pytest.raises(Refused) as refused, transaction():
        actions.send_to_chair(scene.by("secretary"), id)
    assert codes(refused) == ["not_held", "chair_absent", "not_quorate"]
    with transaction():
        actions.move(scene.by("secretary"), id, None, stage.MAY.date())
        actions.set_presence(scene.by("secretary"), id, None, there(scene))
        actions.send_to_chair(scene.by("secretary"), id)


def test_every_line_has_its_decision(scene: Any) -> None:
    id = announced(scene)
    with transaction():
        actions.set_presence(scene.by("secretary", stage.JUNE), id, None, there(scene))
    decide(scene, id, "KRE-1.1", Decided.CHOSEN)
    with pytest.raises(Refused) as refused, transaction():
        actions.send_to_chair(scene.by("secretary", stage.JUNE), id)
    assert codes(refused) == ["undecided"]


def test_the_chair_returns_with_a_comment(scene: Any) -> None:
    id = recorded(scene)
    with transaction():
        actions.send_to_chair(scene.by("secretary", stage.JUNE), id)
    with pytest.raises(Refused) as refused:
        decide(scene, id, "KRE-1.1", Decided.CHOSEN)
    assert "wrong_state" in codes(refused)
    with transaction():
        actions.return_to_secretary(scene.by("chair", stage.JUNE), id, None, "Skriv, hvem der foreslog LON-1.1.")
    assert (queries.meeting(id).state, bool(queries.meeting(id).return_comment)) == (State.DRAFT, True)
    with transaction():
        actions.write_note(scene.by("secretary", stage.JUNE), id, None, "Enigt.")
        actions.send_to_chair(scene.by("secretary", stage.JUNE), id)


def test_locked_is_locked(scene: Any) -> None:
    id = locked(scene)
    for change in (
        lambda: decide(scene, id, "KRE-1.1", Decided.NOT_CHOSEN, reason="x"),
        lambda: actions.write_note(scene.by("secretary", LATER), id, None, "x"),
        lambda: actions.set_presence(scene.by("secretary", LATER), id, None, there(scene)),
        lambda: actions.move(scene.by("secretary", LATER), id, None, HELD),
        lambda: actions.return_to_secretary(scene.by("chair", LATER), id, None, "Ret det."),
        lambda: actions.lock(scene.by("chair", LATER), id),
    ):
        with pytest.raises(Refused) as refused:
            change()
        assert "wrong_state" in codes(refused)


def test_the_checksum_can_be_reckoned_when_a_text_was_removed(scene: Any, database: Any) -> None:
    id = locked(scene)
    told = next(row for row in queries.decisions(id) if row.reason)
    was = queries.meeting(id).hash
    kind, why = BY_SLUG["decision"], (LegalBasis.UNLAWFUL, "En sygdom er nævnt.")
    with transaction():
        asked = history.ask_redaction(scene.by("admin", LATER), kind, told.id, "reason", *why)
    with transaction():
        history.approve_redaction(scene.by("second", LATER), asked.id, None)
    meeting = queries.meeting(id)
    assert meeting.hash == was != meeting.resealed == queries.whole_hash(meeting)
    assert verify.faults(database, settings.current().keys) == []


def conditional(scene: Any) -> int:
    id = announced(scene)
    with transaction():
        actions.set_presence(scene.by("secretary", stage.JUNE), id, None, there(scene))
    decide(
        scene,
        id,
        "KRE-1.1",
        Decided.CHOSEN_WITH_CONDITION,
        condition="Kun over 50.000 kr.",
        condition_owner_id=scene.people["owner"].id,
        condition_due=date(2026, 9, 1),
    )
    with transaction():
        actions.agree_with_rest(scene.by("secretary", stage.JUNE), id)
        actions.send_to_chair(scene.by("secretary", stage.JUNE), id)
        actions.lock(scene.by("chair", stage.JUNE), id)
    return id


def test_a_condition_is_met_after_the_lock_and_the_hash_stands(scene: Any) -> None:
    id = conditional(scene)
    row = next(row for row in queries.decisions(id) if row.condition)
    with pytest.raises(Refused) as refused, transaction():
        actions.meet_condition(scene.by("secretary", stage.JUNE), row.id, row.version, date(2026, 8, 26))
    assert codes(refused) == ["too_early"]
    with transaction():
        actions.meet_condition(scene.by("secretary", LATER), row.id, row.version, date(2026, 8, 26))
    assert row.condition_met_on == date(2026, 8, 26)
    assert queries.whole_hash(queries.meeting(id)) == queries.meeting(id).hash
    with pytest.raises(Refused) as refused, transaction():
        actions.meet_condition(scene.by("secretary", LATER), row.id, None, date(2026, 8, 27))
    assert codes(refused) == ["no_condition"]


def test_a_supplementary_decision_replaces_a_locked_one(scene: Any) -> None:
    first = next(row for row in queries.decisions(conditional(scene)) if row.condition)
    id = announced(scene, LATER, held_on=LATER.date(), form=MeetingForm.WRITTEN)
    assert queries.meeting(id).recommendation_id is None
    changed = {
        "condition": "Kun over 50.000 kr.",
        "condition_owner_id": scene.people["owner"].id,
        "condition_due": date(2026, 11, 15),
    }
    with pytest.raises(Refused) as refused:
        decide(scene, id, "KRE-1.1", Decided.CHOSEN_WITH_CONDITION, at=LATER, **changed)
    assert codes(refused) == ["replaces", "reason_supplement"]
    with pytest.raises(Refused) as refused:
        decide(scene, id, "KRE-1.2", Decided.CHOSEN, at=LATER, reason="x", replaces_id=first.id)
    assert codes(refused) == ["replaces"]
    with transaction():
        actions.set_presence(scene.by("secretary", LATER), id, None, there(scene))
    decide(
        scene,
        id,
        "KRE-1.1",
        Decided.CHOSEN_WITH_CONDITION,
        at=LATER,
        reason="Ny frist.",
        replaces_id=first.id,
        **changed,
    )
    assert len(queries.standing(scene.agency.id)) == 2
    with transaction():
        actions.send_to_chair(scene.by("secretary", LATER), id)
        actions.lock(scene.by("chair", LATER), id)
    (second,) = queries.decisions(id)
    assert (second.number, second.replaces_id, second.hours) == ("B-2026-03", first.id, 40)
    assert queries.meeting(id).number == "2026/2"
    assert {row.id for row in queries.standing(scene.agency.id, 2026)} >= {second.id}
    assert first.id not in {row.id for row in queries.standing(scene.agency.id)}
    assert queries.decision_by_number(scene.agency.id, "B-2026-03").id == second.id


def test_nothing_to_meet_about(scene: Any) -> None:
    announced(scene)
    with pytest.raises(Refused) as refused:
        announced(scene)
    assert codes(refused) == ["already"]
    with pytest.raises(Refused) as refused, transaction():
        actions.announce(scene.by("secretary"), scene.agency.id, 2031, HELD)
    assert codes(refused) == ["not_found"]


def test_tasks_follow_the_state(scene: Any, database: Any) -> None:
    from sqlalchemy import union_all

    def kinds(who: str, at: Any = stage.MAY) -> list[str]:
        found = queries.tasks(scene.by(who, at))
        return sorted(row.kind for row in database.execute(union_all(*found)))

    id = recorded(scene)
    assert kinds("secretary") == ["forum.record"] and kinds("chair") == [] and kinds("member") == []
    with transaction():
        actions.send_to_chair(scene.by("secretary", stage.JUNE), id)
    assert kinds("chair") == ["forum.confirm"] and kinds("secretary") == []
