"""Writes of the VD-forum: announce, presence, decisions, minutes to the chair and locked."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from controls.base import audit, checkpoint
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import N_, NOT_FOUND, WRONG_STATE, Refused, refuse_if
from controls.forum import impartiality, queries, rules
from controls.forum.rules import Attendance, DecisionValues
from controls.forum.tables import Decision, Impartiality, Meeting, Presence
from controls.forum.words import Decided, Declared, Function, MeetingForm, Ruling, State
from controls.identity import actions as accounts
from controls.identity import queries as identity
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission, Role
from controls.recommendation import queries as recommendation
from controls.recommendation.words import Recommended
from controls.recommendation.words import State as RecommendationState
from controls.rotation.words import Form
from controls.universe import queries as universe
from controls.wheel import actions as wheel
from controls.wheel import queries as cycles
from controls.wheel.words import State as CycleState

ANNOUNCED = audit.declare("forum.meeting_announced", N_("Meeting announced"))
MOVED = audit.declare("forum.meeting_moved", N_("Meeting moved to another day"))
PRESENCE_SET = audit.declare("forum.presence_set", N_("Presence recorded"))
NOTE_WRITTEN = audit.declare("forum.note_written", N_("Text of the minutes saved"))
DECLARED = audit.declare("forum.impartiality_declared", N_("Matter of a member told of"))
RULED = audit.declare("forum.impartiality_ruled", N_("Ruling on impartiality recorded"))
DECIDED = audit.declare("forum.decided", N_("Decision recorded"))
AGREED = audit.declare("forum.agreed", N_("The rest of the recommendation agreed to"), "decisions")
SENT = audit.declare("forum.minutes_sent", N_("Minutes sent to the chair"))
RETURNED = audit.declare("forum.minutes_returned", N_("Minutes returned to the secretary"))
LOCKED = audit.declare("forum.minutes_locked", N_("Minutes approved and locked"), "hash", "decisions")
RESEALED = audit.declare("forum.minutes_resealed", N_("Minutes sealed anew after a text was removed"), "hash")
CONDITION_MET = audit.declare("forum.condition_met", N_("Condition met"))
CONDITION_HANDED_OVER = audit.declare("forum.condition_handed_over", N_("Condition given over to another person"))

ON_LOCK: list[Callable[[By, Meeting, list[Decision]], object]] = []
"""What locking sets going; filled by app.py (reviews are created)."""


def announce(
    by: By, about_id: int, year: int, held_on: date, form: MeetingForm = MeetingForm.MEETING,
    organisation_id: int | None = None, invited: Sequence[Attendance] | None = None,
) -> Meeting:  # fmt: skip
    """Announce a meeting about a handed-over recommendation, or about changing decisions that are already locked."""
    forum = organisation_id or by.organisation_id
    cycle = cycles.cycle(about_id, year)
    if forum is None or cycle is None:
        raise Refused([NOT_FOUND()])
    by.must(Permission.FORUM_RECORD, forum)
    by.must(Permission.FORUM_RECORD, about_id)
    main = cycle.state is CycleState.RECOMMENDED
    given = recommendation.current(cycle.id) if main else None
    handed_over = given is not None and given.state is RecommendationState.HANDED_OVER
    already = given is not None and queries.open_meeting(given.id)
    refuse_if(rules.why_not_announce(cycle.state, handed_over, already, year))
    people = list(invited) if invited is not None else _usual(forum, about_id, by)
    refuse_if(rules.why_not_presence(people))
    row = Meeting(
        organisation_id=forum, about_id=about_id, cycle_id=cycle.id, recommendation_id=given.id if given else None,
        year=year, number="", held_on=held_on, form=form, state=State.ANNOUNCED, chair_id=_chair(people), note="",
        return_comment="", hash="",
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    db.session.flush()
    _seat(by, row, people)
    audit.record(by, ANNOUNCED, row)
    return row


def _usual(forum: int, about_id: int, by: By) -> list[Attendance]:
    chairs = identity.people(frozenset({forum}), Role.VDC, by.today)[:1]
    members = identity.people(frozenset({forum, about_id}), Role.VDM, by.today)
    people = [Attendance(person.id, Function.CHAIR, False) for person in chairs]
    people += [Attendance(person.id, Function.MEMBER, False) for person in members]
    known = {one.person_id for one in people}
    if by.person_id is not None and by.person_id not in known:
        people.append(Attendance(by.person_id, Function.SECRETARY, False))
    return people


def _chair(people: Sequence[Attendance]) -> int | None:
    return next((one.person_id for one in people if one.function is Function.CHAIR), None)


def _seat(by: By, row: Meeting, people: Sequence[Attendance]) -> None:
    known = {seat.person_id: seat for seat in queries.presence(row.id)}
    for one in people:
        seat = known.get(one.person_id)
        if seat is None:
            seat = Presence(organisation_id=row.organisation_id, meeting_id=row.id, person_id=one.person_id)
            db.session.add(seat)
        seat.function, seat.present, seat.stand_in_for_id = one.function, one.present, one.stand_in_for_id
        saved(by, seat)
    gone = set(known) - {one.person_id for one in people}
    for person_id in gone:
        known[person_id].present, known[person_id].stand_in_for_id = False, None
        known[person_id].function = Function.OTHER
        saved(by, known[person_id])


def move(by: By, id: int, version: int | None, held_on: date) -> Meeting:
    """Move the meeting to another day before the minutes go to the chair."""
    row = load(Meeting, id, version)
    by.must(Permission.FORUM_RECORD, row.organisation_id)
    refuse_if(rules.why_not_change(row.state))
    row.held_on = held_on
    saved(by, row)
    audit.record(by, MOVED, row)
    return row


def set_presence(by: By, meeting_id: int, version: int | None, people: Sequence[Attendance]) -> Meeting:
    """Record who was there, who stood in for whom, and who led the meeting."""
    row = load(Meeting, meeting_id, version)
    _ask(by, row)
    refuse_if(rules.why_not_change(row.state) + rules.why_not_presence(people))
    refuse_if(queries.why_not_vote(by, row, people))
    _begin(by, row)
    row.chair_id = _chair(people)
    _seat(by, row, people)
    for one in queries.declarations(row.id):
        if one.row.ruling is not None:
            one.row.took_part = impartiality.took_part(people, one.row.person_id, one.row.ruling)
            saved(by, one.row)
    audit.record(by, PRESENCE_SET, row)
    return row


def declare(
    by: By, meeting_id: int, subprocess_id: int, version: int | None, declaration: Declared, circumstance: str
) -> Impartiality:  # fmt: skip
    """A member tells of a matter of his own on a line, or tells it better until the others have ruled (S7)."""
    meeting = load(Meeting, meeting_id)
    organisation, people = meeting.organisation_id, queries.attendances(queries.presence(meeting.id))
    known = queries.declared(meeting.id, subprocess_id, by.own_id)
    mine = any(one.person_id == by.own_id for one in people)
    if not by.may(Permission.FORUM_DECLARE, organisation, own=mine):
        by.must(Permission.FORUM_DECLARE, meeting.about_id, own=mine)
    ruled = known is not None and known.ruling is not None
    refuse_if(impartiality.why_not_declare(meeting.state, people, by.own_id, circumstance, ruled))
    part = universe.subprocess(subprocess_id)
    if part is None or part.organisation_id != meeting.about_id or by.own_id is None:
        raise Refused([NOT_FOUND()])
    row = load(Impartiality, known.id, version) if known else Impartiality(
        organisation_id=organisation, meeting_id=meeting.id, subprocess_id=subprocess_id, person_id=by.own_id,
        ruled_by="")  # fmt: skip
    row.declaration, row.circumstance, row.declared_at = declaration, circumstance.strip(), by.at
    saved(by, row)
    db.session.add(row)
    accounts.take_part(by, Duty.S7, row, Side.FIRST)
    audit.record(by, DECLARED, row)
    return row


def rule(by: By, id: int, version: int | None, ruling: Ruling, ruled_by: Collection[int]) -> Impartiality:
    """Record how the other members ruled on what a member told; the disqualified takes no part in the line (S7)."""
    row = load(Impartiality, id, version)
    meeting = load(Meeting, row.meeting_id)
    _ask(by, meeting)
    people = queries.attendances(queries.presence(meeting.id))
    refuse_if(impartiality.why_not_rule(meeting.state, people, row.person_id, ruled_by))
    accounts.take_part(by, Duty.S7, row, Side.SECOND, permission=Permission.FORUM_RECORD)
    accounts.take_part(by, Duty.S7, row, Side.SECOND, persons=ruled_by)
    row.ruling, row.ruled_by, row.ruled_at = ruling, impartiality.listed(ruled_by), by.at
    row.took_part = impartiality.took_part(people, row.person_id, ruling)
    row.recorded_by_id = by.person_id
    saved(by, row)
    _begin(by, meeting)
    audit.record(by, RULED, row)
    return row


def _ask(by: By, row: Meeting) -> None:
    """Who records neither wrote the recommendation (S5) nor confirms the minutes (S6)."""
    by.must(Permission.FORUM_RECORD, row.organisation_id)
    _decide_on(by, row, Permission.FORUM_RECORD)
    accounts.take_part(by, Duty.S6, row, Side.FIRST)


def _begin(by: By, row: Meeting) -> None:
    """The minutes begin with the first thing recorded; whoever records last before the chair is the recorder."""
    row.state, row.recorder_id = rules.STEPS[(row.state, "decide")], by.person_id
    saved(by, row)


def _decide_on(by: By, row: Meeting, permission: Permission, voters: Iterable[int] | None = None) -> None:
    basis = queries.written(row)
    if basis is not None:
        accounts.take_part(by, Duty.S5, basis, Side.SECOND, permission=permission, persons=voters)


def write_note(by: By, id: int, version: int | None, note: str) -> Meeting:
    """Write the text of the minutes."""
    row = load(Meeting, id, version)
    _ask(by, row)
    refuse_if(rules.why_not_change(row.state))
    _begin(by, row)
    row.note = note.strip()
    audit.record(by, NOTE_WRITTEN, row)
    return row


def decide(by: By, meeting_id: int, values: DecisionValues, version: int | None = None) -> Decision:
    """Record the forum's decision on a sub-process, beside what was recommended."""
    meeting = load(Meeting, meeting_id)
    _ask(by, meeting)
    line = recommendation.line(meeting.recommendation_id, values.subprocess_id) if meeting.recommendation_id else None
    earlier = _earlier(meeting, values)
    recommended = earlier.recommended if earlier else line.recommended if line else Recommended.NOT
    told = [one.told for one in queries.declarations(meeting.id)]
    without = impartiality.disqualified(told, values.subprocess_id)
    present = rules.quorum(queries.attendances(queries.presence(meeting.id)), without).present
    refuse_if(rules.why_not_decide(meeting.state, values, recommended, meeting.year, present,
                                   supplementary=meeting.recommendation_id is None))  # fmt: skip
    known = queries.decision(meeting.id, values.subprocess_id)
    row = load(Decision, known.id, version) if known else _new(meeting, values.subprocess_id)
    row.recommended = recommended
    _fill(row, values, meeting, earlier or line)
    row.recorded_by_id = by.person_id
    saved(by, row)
    _begin(by, meeting)
    audit.record(by, DECIDED, row)
    return row


def _earlier(meeting: Meeting, values: DecisionValues) -> Decision | None:
    """The locked decision that a supplementary one changes."""
    if meeting.recommendation_id is not None or values.replaces_id is None:
        return None
    row = load(Decision, values.replaces_id)
    standing = {other.id for other in queries.standing(meeting.about_id)}
    if row.id not in standing or row.subprocess_id != values.subprocess_id:
        raise Refused([rules.REPLACES("replaces")])
    return row


def _new(meeting: Meeting, subprocess_id: int) -> Decision:
    part = universe.subprocess(subprocess_id)
    if part is None or part.organisation_id != meeting.about_id:
        raise Refused([NOT_FOUND()])
    row = Decision(organisation_id=meeting.about_id, meeting_id=meeting.id, subprocess_id=subprocess_id, number="")
    db.session.add(row)
    return row


def _fill(row: Decision, values: DecisionValues, meeting: Meeting, basis: Any) -> None:
    lead = basis and (basis.lead_id if isinstance(basis, Decision) else basis.proposed_lead_id)
    conditional, deferred = values.decided is Decided.CHOSEN_WITH_CONDITION, values.decided is Decided.DEFERRED
    row.decided, row.reason = values.decided, values.reason.strip()
    row.condition = values.condition.strip() if conditional else ""
    row.condition_owner_id = values.condition_owner_id if conditional else None
    row.condition_due = values.condition_due if conditional else None
    row.deferred_to, row.defer_code = (values.deferred_to, values.defer_code) if deferred else (None, None)
    row.compensating_measure = values.compensating_measure.strip() if deferred else ""
    row.review_year = values.review_year or (basis.review_year if basis else meeting.year)
    row.hours = values.hours if values.hours is not None else basis.hours if basis else 0
    row.form = values.form or (basis.form if basis else Form.ORDINARY)
    row.lead_id = values.lead_id or lead
    row.added_by_forum = row.recommended is Recommended.NOT and values.decided in rules.CHOSEN
    row.added_by_id = values.added_by_id if row.added_by_forum else None
    row.votes_for, row.votes_against, row.votes_abstain = values.votes_for, values.votes_against, values.votes_abstain
    row.replaces_id = values.replaces_id


def agree_with_rest(by: By, meeting_id: int) -> list[Decision]:
    """Agree with the recommendation on every line that has no decision of its own yet."""
    meeting = load(Meeting, meeting_id)
    _ask(by, meeting)
    refuse_if(rules.why_not_change(meeting.state))
    known = {row.subprocess_id for row in queries.decisions(meeting.id)}
    made = []
    for line, _part in queries.lines(meeting.recommendation_id):
        if line.subprocess_id in known:
            continue
        row = _new(meeting, line.subprocess_id)
        row.recommended = line.recommended
        _fill(row, _as_recommended(line), meeting, line)
        row.recorded_by_id = by.person_id
        saved(by, row)
        made.append(row)
    _begin(by, meeting)
    audit.record(by, AGREED, meeting, decisions=len(made))
    return made


def _as_recommended(line: Any) -> DecisionValues:
    values = DecisionValues(line.subprocess_id, Decided.CHOSEN)
    if line.recommended is Recommended.DEFER:
        return replace(
            values, decided=Decided.DEFERRED, reason=line.text, deferred_to=line.defer_to, defer_code=line.defer_code,
            compensating_measure=line.compensating_measure,
        )  # fmt: skip
    return values


def send_to_chair(by: By, id: int, version: int | None = None) -> Meeting:
    """Send the minutes to the chair when every line has its decision."""
    row = load(Meeting, id, version)
    _ask(by, row)
    refuse_if(queries.why_not_send(row, by.today))
    _begin(by, row)
    row.state, row.return_comment = rules.STEPS[(State.DRAFT, "send_to_chair")], ""
    audit.record(by, SENT, row)
    return row


def return_to_secretary(by: By, id: int, version: int | None, comment: str) -> Meeting:
    """Send the minutes back to the secretary with a comment."""
    row = load(Meeting, id, version)
    by.must(Permission.FORUM_CONFIRM, row.organisation_id)
    refuse_if(rules.why_not_return(row.state, comment))
    row.state, row.return_comment = rules.STEPS[(row.state, "return")], comment.strip()
    saved(by, row)
    audit.record(by, RETURNED, row)
    return row


def lock(by: By, id: int, version: int | None = None) -> Meeting:
    """Approve the minutes: number the decisions, seal the whole by SHA-256, create the reviews, advance the cycle.

    A checkpoint of the log follows the commit.
    """
    row = load(Meeting, id, version)
    by.must(Permission.FORUM_CONFIRM, row.organisation_id)
    chair = identity.names({row.chair_id}).get(row.chair_id or 0, "")
    refuse_if(rules.why_not_lock(row.state, by.own_id, row.chair_id, chair) + queries.why_not_settled(row))
    accounts.take_part(by, Duty.S6, row, Side.SECOND, permission=Permission.FORUM_CONFIRM)
    _decide_on(by, row, Permission.FORUM_CONFIRM)
    _decide_on(by, row, Permission.FORUM_CONFIRM, rules.voters(queries.attendances(queries.presence(row.id))))
    made = queries.in_order(row)
    used, minutes = queries.taken(row.about_id, row.year)
    for decision, number in zip(made, rules.numbers(row.year, used, len(made)), strict=True):
        decision.number = number
        saved(by, decision)
    row.number, row.state = f"{row.year}/{minutes + 1}", State.LOCKED
    row.confirmed_by_id, row.confirmed_at = by.person_id, by.at
    row.hash = queries.whole_hash(row)
    saved(by, row)
    audit.record(by, LOCKED, row, hash=row.hash, decisions=len(made))
    for follow in ON_LOCK:
        follow(by, row, made)
    cycle = cycles.cycle_by_id(row.cycle_id)
    if row.recommendation_id is not None and cycle is not None and cycle.state is CycleState.RECOMMENDED:
        wheel.advance(by, cycle.id, None)
    about = identity.organisation_by_id(row.about_id)
    checkpoint.due(f"{about.code if about else row.about_id} {row.year}")
    return row


def reseal(by: By, row: Any) -> None:
    """When a text was removed from locked minutes: the checksum of what stands, beside that of what was locked."""
    meeting = queries.minutes_of(row)
    if meeting is None or meeting.state is not State.LOCKED:
        return
    meeting.resealed = queries.whole_hash(meeting)
    saved(by, meeting)
    audit.record(by, RESEALED, meeting, hash=meeting.resealed)


def meet_condition(by: By, decision_id: int, version: int | None, on: date) -> Decision:
    """Record that a condition has been met, and when."""
    row = load(Decision, decision_id, version)
    meeting = load(Meeting, row.meeting_id)
    by.must(Permission.FORUM_RECORD, meeting.organisation_id)
    refuse_if([] if meeting.state is State.LOCKED else [WRONG_STATE(state=meeting.state)])
    refuse_if([] if row.condition and row.condition_met_on is None else [rules.NO_CONDITION()])
    refuse_if([rules.TOO_EARLY("on")] if on > by.today else [])
    row.condition_met_on = on
    saved(by, row)
    audit.record(by, CONDITION_MET, row)
    return row


def hand_over_condition(by: By, decision_id: int, holder_id: int, reason: str) -> Decision:
    """Give an open condition over to another person; the locked decision still tells who was charged with it."""
    row = load(Decision, decision_id)
    meeting = load(Meeting, row.meeting_id)
    by.must(Permission.REVIEW_PLAN, row.organisation_id)
    refuse_if([] if meeting.state is State.LOCKED else [WRONG_STATE(state=meeting.state)])
    refuse_if([] if row.condition and row.condition_met_on is None else [rules.NO_CONDITION()])
    row.condition_holder_id = holder_id
    saved(by, row)
    audit.record(by.because(reason), CONDITION_HANDED_OVER, row)
    return row
