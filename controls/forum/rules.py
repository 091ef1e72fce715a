"""Who must be there, what may be decided on a line, and what is missing before the minutes are locked."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from controls.base.merkle import canonical
from controls.base.why import N_, WRONG_STATE, Reason, Why
from controls.forum.words import Decided, Function, MeetingForm, State
from controls.recommendation.words import DeferCode, Recommended
from controls.rotation.rules import FLOOR
from controls.rotation.words import Form
from controls.wheel.words import State as CycleState

STEPS = {
    (State.ANNOUNCED, "decide"): State.DRAFT,
    (State.DRAFT, "decide"): State.DRAFT,
    (State.DRAFT, "send_to_chair"): State.WITH_CHAIR,
    (State.WITH_CHAIR, "return"): State.DRAFT,
    (State.WITH_CHAIR, "lock"): State.LOCKED,
}
"""announced → draft → with the chair → locked, and back from the chair with a comment."""

COMMENT_LENGTH = 5
TOLD = 3
"""So many codes are named in one sentence; the page itself lists them all."""
CHOSEN = (Decided.CHOSEN, Decided.CHOSEN_WITH_CONDITION)
AFTER_DECISION = frozenset({CycleState.DECIDED, CycleState.REVIEWING, CycleState.REPORTED})
ANNOUNCED_IN = AFTER_DECISION | {CycleState.RECOMMENDED}

NOTHING_HANDED_OVER = Why("forum.nothing_handed_over", N_("No recommendation has been handed over in {year}."), 409)
ALREADY = Why("forum.already", N_("A meeting about this recommendation has already been announced."), 409)
NO_CHAIR = Why("forum.no_chair", N_("Choose one chair."))
TWICE = Why("forum.twice", N_("The same person is on the list twice."))
STAND_IN_ABSENT = Why("forum.stand_in_absent", N_("Whoever stands in must be present."))
STOOD_IN_PRESENT = Why("forum.stood_in_present", N_("Nobody can stand in for a person who is present."))
WROTE = Why(
    "forum.wrote",
    N_("{name} wrote the recommendation and therefore does not vote on it. Let a stand-in take the seat."),
)
STAND_IN_UNKNOWN = Why("forum.stand_in_unknown", N_("A stand-in can only stand in for another member of the forum."))
NOT_QUORATE = Why(
    "forum.not_quorate", N_("The forum is not quorate: {present} of {seats} are present, and {needed} are needed.")
)
CHAIR_ABSENT = Why(
    "forum.chair_absent", N_("The chair is not marked as present. Whoever led the meeting is its chair.")
)
NOT_HELD = Why("forum.not_held", N_("The meeting is on {date}. Minutes can be sent when it has been held."), 409)
UNDECIDED = Why("forum.undecided", N_("There is no decision on {code} yet."))
UNDECIDED_LINES = Why("forum.undecided", N_("{n} lines have no decision yet: {codes}"))
NOTHING_DECIDED = Why("forum.nothing_decided", N_("Nothing has been decided yet."))
REASON_DEVIATION = Why("forum.reason_deviation", N_("The decision deviates from the recommendation. Write why."))
REASON_ADDED = Why("forum.reason_added", N_("The sub-process was not recommended. Write why it is added."))
REASON_SUPPLEMENT = Why("forum.reason_supplement", N_("Write why the earlier decision is changed."))
REPLACES = Why("forum.replaces", N_("Choose the locked decision that is changed."))
ADD_ONLY_CHOSEN = Why("forum.add_only_chosen", N_("A sub-process that was not recommended can only be chosen."))
CONDITION = Why("forum.condition", N_("Write the condition."))
CONDITION_OWNER = Why("forum.condition_owner", N_("Choose who must meet the condition."))
CONDITION_DUE = Why("forum.condition_due", N_("Write by when the condition must be met."))
DEFER_CODE = Why("forum.defer_code", N_("Choose why it is deferred."))
DEFER_TO = Why("forum.defer_to", N_("Write a year from {first} to {last}."))
DEFER_MEASURE = Why("forum.defer_measure", N_("Write what is done instead until then."))
REVIEW_YEAR = Why("forum.review_year", N_("Choose {year} or {next}."))
TOO_MANY_VOTES = Why("forum.too_many_votes", N_("There are more votes than members present ({present})."))
COMMENT = Why("forum.comment", N_("Write what must be corrected, in at least {min} characters."))
ANOTHER_CHAIR = Why("forum.another_chair", N_("The minutes are approved by the chair of the meeting, {name}."), 403)
NOT_LOCKED = Why("forum.not_locked", N_("The minutes can be read when the chair has approved them."), 403)
NOT_DECIDED = Why("forum.not_decided", N_("The minutes of the VD-forum have not been locked."), 409)
NO_CONDITION = Why("forum.no_condition", N_("The decision has no open condition."), 409)
TOO_EARLY = Why("forum.too_early", N_("The date cannot be in the future."))


@dataclass(frozen=True)
class Attendance:
    """What a person does at the meeting, whether he is there, and for whom he stands in."""

    person_id: int
    function: Function
    present: bool
    stand_in_for_id: int | None = None


@dataclass(frozen=True)
class DecisionValues:
    """What the forum decides on a sub-process; None means as it was recommended."""

    subprocess_id: int
    decided: Decided
    reason: str = ""
    condition: str = ""
    condition_owner_id: int | None = None
    condition_due: date | None = None
    deferred_to: int | None = None
    defer_code: DeferCode | None = None
    compensating_measure: str = ""
    review_year: int | None = None
    hours: int | None = None
    form: Form | None = None
    lead_id: int | None = None
    added_by_id: int | None = None
    votes_for: int | None = None
    votes_against: int | None = None
    votes_abstain: int | None = None
    replaces_id: int | None = None


@dataclass(frozen=True)
class Quorum:
    """Seats of the forum, those filled by a member or a stand-in, and how many it takes."""

    seats: int
    present: int
    needed: int

    @property
    def reached(self) -> bool:
        """Whether the forum can decide."""
        return self.seats > 0 and self.present >= self.needed


def quorum(people: Iterable[Attendance], without: Collection[int] = ()) -> Quorum:
    """Half of the members, the chair counted among them; an absent member whose stand-in is there counts as present.

    `without` are those disqualified on a line: they have neither seat nor presence there.
    """
    seated = (one for one in people if one.function in (Function.CHAIR, Function.MEMBER))
    listed = [one for one in seated if one.person_id not in without]
    stood_in = {one.stand_in_for_id for one in listed if one.present}
    filled = [one for one in listed if one.present or one.person_id in stood_in]
    return Quorum(len(listed), len(filled), (len(listed) + 1) // 2)


def voters(people: Iterable[Attendance]) -> list[int]:
    """Who votes: the members that are present, and who stands in for one."""
    return [one.person_id for one in people if one.present and one.function in (Function.CHAIR, Function.MEMBER)]


def why_not_announce(state: CycleState, handed_over: bool, open_meeting: bool, year: int) -> list[Reason]:
    """A meeting is about a handed-over recommendation, or about changing decisions that are already locked."""
    if state is CycleState.RECOMMENDED and handed_over:
        return [ALREADY()] if open_meeting else []
    return [] if state in AFTER_DECISION else [NOTHING_HANDED_OVER(year=year)]


def why_not_change(state: State) -> list[Reason]:
    """Presence, date, text and decisions change until the minutes go to the chair."""
    return [] if (state, "decide") in STEPS else [WRONG_STATE(state=state)]


def why_not_presence(people: Sequence[Attendance]) -> list[Reason]:
    """One chair; nobody twice; a stand-in is there himself, and stands in for a member who is not."""
    reasons = [] if sum(one.function is Function.CHAIR for one in people) == 1 else [NO_CHAIR()]
    known = {one.person_id: one for one in people}
    reasons += [] if len(known) == len(people) else [TWICE()]
    for one in people:
        if one.stand_in_for_id is None:
            continue
        other = known.get(one.stand_in_for_id)
        reasons += [] if one.present else [STAND_IN_ABSENT()]
        if other is None or other.person_id == one.person_id or other.function not in (Function.CHAIR, Function.MEMBER):
            reasons.append(STAND_IN_UNKNOWN())
        elif other.present:
            reasons.append(STOOD_IN_PRESENT())
    return reasons


def deviates(recommended: Recommended, decided: Decided) -> bool:
    """Whether the decision differs from the recommendation."""
    follows = {
        Recommended.REVIEW: CHOSEN, Recommended.DEFER: (Decided.DEFERRED,), Recommended.NOT: (Decided.NOT_CHOSEN,),
    }  # fmt: skip
    return decided not in follows[recommended]


def why_not_decide(
    state: State, values: DecisionValues, recommended: Recommended, year: int, present: int, *, supplementary: bool
) -> list[Reason]:
    """A deviation, an addition and a change of a locked decision need a reason; condition and deferral their parts."""
    reasons = why_not_change(state)
    if supplementary:
        reasons += [] if values.replaces_id else [REPLACES("replaces")]
        reasons += [] if values.reason.strip() else [REASON_SUPPLEMENT("reason")]
    elif recommended is Recommended.NOT:
        reasons += [] if values.decided in CHOSEN else [ADD_ONLY_CHOSEN("decided")]
        reasons += [] if values.reason.strip() else [REASON_ADDED("reason")]
    elif deviates(recommended, values.decided) and not values.reason.strip():
        reasons.append(REASON_DEVIATION("reason"))
    if values.review_year not in (None, year, year + 1):
        reasons.append(REVIEW_YEAR("review_year", year=year, next=year + 1))
    votes = sum(n or 0 for n in (values.votes_for, values.votes_against, values.votes_abstain))
    reasons += [TOO_MANY_VOTES("votes_for", present=present)] if votes > present else []
    return reasons + _why_not_condition(values) + _why_not_defer(values, year)


def _why_not_condition(values: DecisionValues) -> list[Reason]:
    if values.decided is not Decided.CHOSEN_WITH_CONDITION:
        return []
    reasons = [] if values.condition.strip() else [CONDITION("condition")]
    reasons += [] if values.condition_owner_id else [CONDITION_OWNER("condition_owner")]
    return reasons + ([] if values.condition_due else [CONDITION_DUE("condition_due")])


def _why_not_defer(values: DecisionValues, year: int) -> list[Reason]:
    if values.decided is not Decided.DEFERRED:
        return []
    reasons = [] if values.defer_code else [DEFER_CODE("defer_code")]
    if values.deferred_to is None or not year < values.deferred_to <= year + FLOOR:
        reasons.append(DEFER_TO("deferred_to", first=year + 1, last=year + FLOOR))
    return reasons + ([] if values.compensating_measure.strip() else [DEFER_MEASURE("compensating_measure")])


def why_undecided(codes: Sequence[str]) -> list[Reason]:
    """Lines without a decision, told in one sentence: their number, and the first of them by code."""
    if len(codes) < 2:
        return [UNDECIDED(code=code) for code in codes]
    end = ", …" if len(codes) > TOLD else "."
    return [UNDECIDED_LINES(n=len(codes), codes=", ".join(codes[:TOLD]) + end)]


def why_not_send(
    state: State, form: MeetingForm, held_on: date, today: date, people: Sequence[Attendance],
    undecided: Sequence[str], decisions: int,
) -> list[Reason]:  # fmt: skip
    """Minutes go to the chair when the meeting was held and quorate and every line has its decision."""
    reasons = [] if (state, "send_to_chair") in STEPS or state is State.ANNOUNCED else [WRONG_STATE(state=state)]
    if form is MeetingForm.MEETING and today < held_on:
        reasons.append(NOT_HELD(date=f"{held_on.day}.{held_on.month}.{held_on.year}"))
    found = quorum(people)
    reasons += [] if any(one.function is Function.CHAIR and one.present for one in people) else [CHAIR_ABSENT()]
    if not found.reached:
        reasons.append(NOT_QUORATE(present=found.present, seats=found.seats, needed=found.needed))
    reasons += why_undecided(undecided)
    return reasons + ([] if decisions or undecided else [NOTHING_DECIDED()])


def why_not_return(state: State, comment: str) -> list[Reason]:
    """The chair sends the minutes back with a comment."""
    reasons = [] if (state, "return") in STEPS else [WRONG_STATE(state=state)]
    return reasons + ([] if len(comment.strip()) >= COMMENT_LENGTH else [COMMENT("comment", min=COMMENT_LENGTH)])


def why_not_lock(state: State, acting: int | None, chair: int | None, chair_name: str) -> list[Reason]:
    """The meeting's chair approves, or who stands in for the chair."""
    reasons = [] if (state, "lock") in STEPS else [WRONG_STATE(state=state)]
    return reasons + ([] if chair is not None and acting == chair else [ANOTHER_CHAIR(name=chair_name)])


def numbers(year: int, taken: int, count: int) -> list[str]:
    """The next decision numbers of an organisation's year: B-2026-01, B-2026-02, …"""
    return [f"B-{year}-{n:02d}" for n in range(taken + 1, taken + count + 1)]


def sealed(whole: object) -> str:
    """SHA-256 of the canonical whole of the minutes."""
    return hashlib.sha256(canonical(whole).encode()).hexdigest()


def reading_minutes(texts: Iterable[str]) -> int:
    """Reading time at 200 words a minute, at least one."""
    return max(1, -(-sum(len(text.split()) for text in texts) // 200))


@dataclass(frozen=True)
class Made:
    """A decision as the summary counts it."""

    recommended: Recommended
    decided: Decided
    review_year: int
    hours: int


@dataclass(frozen=True)
class Summary:
    """The decisions of a meeting in figures; hours are those of the meeting's own year."""

    proposed: int
    agreed: int
    added: int
    deferred: int
    conditions: int
    deviations: int
    chosen: int
    hours: int


def summary(made: Sequence[Made], year: int) -> Summary:
    """What the meeting decided, in figures."""
    chosen = [one for one in made if one.decided in CHOSEN]
    proposed = [one for one in made if one.recommended is Recommended.REVIEW]
    return Summary(
        proposed=len(proposed), agreed=sum(one.decided in CHOSEN for one in proposed),
        added=sum(one.recommended is Recommended.NOT for one in chosen),
        deferred=sum(one.decided is Decided.DEFERRED for one in made),
        conditions=sum(one.decided is Decided.CHOSEN_WITH_CONDITION for one in made),
        deviations=sum(deviates(one.recommended, one.decided) for one in made), chosen=len(chosen),
        hours=sum(one.hours for one in chosen if one.review_year == year),
    )  # fmt: skip
