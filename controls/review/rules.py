"""Steps of a review, what is missing in each part, who may sign, and how far the review covers."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from controls.base.merkle import canonical
from controls.base.why import FIELD_REQUIRED, N_, WRONG_STATE, Labelled, Reason, Why
from controls.identity.duties import Duty, why_not_same
from controls.review.words import (
    Assertion,
    Category,
    Cover,
    DesignOutcome,
    Execution,
    Frequency,
    Kind,
    Outcome,
    OverallClass,
    State,
)  # fmt: skip
from controls.rotation.words import Degree, Form
from controls.wheel.dates import add_working_days, working_days_between

S = State
STEPS: dict[tuple[State, str], State] = {
    (S.CHOSEN, "plan"): S.PLANNED,
    (S.PLANNED, "plan"): S.PLANNED,
    (S.IN_PROGRESS, "plan"): S.IN_PROGRESS,
    (S.PLANNED, "start"): S.IN_PROGRESS,
    (S.PLANNED, "declare"): S.PLANNED,
    (S.IN_PROGRESS, "declare"): S.IN_PROGRESS,
    (S.PLANNED, "scope"): S.PLANNED,
    (S.IN_PROGRESS, "scope"): S.IN_PROGRESS,
    (S.IN_PROGRESS, "walkthrough"): S.IN_PROGRESS,
    (S.IN_PROGRESS, "design"): S.IN_PROGRESS,
    (S.IN_PROGRESS, "sign"): S.IN_PROGRESS,
    (S.DRAFT, "sign"): S.DRAFT,
    (S.IN_HEARING, "sign"): S.IN_HEARING,
    (S.IN_PROGRESS, "conclude"): S.DRAFT,
    (S.DRAFT, "conclude"): S.DRAFT,
    (S.DRAFT, "take_back"): S.IN_PROGRESS,
    (S.IN_HEARING, "take_back"): S.IN_PROGRESS,
    (S.DRAFT, "hear"): S.IN_HEARING,
    (S.IN_HEARING, "answer"): S.IN_HEARING,
    (S.DRAFT, "quality"): S.DRAFT,
    (S.IN_HEARING, "quality"): S.IN_HEARING,
    (S.IN_HEARING, "approve"): S.APPROVED,
    (S.APPROVED, "archive"): S.ARCHIVED,
    (S.CHOSEN, "suspend"): S.SUSPENDED,
    (S.PLANNED, "suspend"): S.SUSPENDED,
    (S.IN_PROGRESS, "suspend"): S.SUSPENDED,
    (S.DRAFT, "suspend"): S.SUSPENDED,
    (S.SUSPENDED, "resume"): S.SUSPENDED,
}
LIVE = (S.CHOSEN, S.PLANNED, S.IN_PROGRESS, S.DRAFT, S.IN_HEARING)
DONE = (S.APPROVED, S.ARCHIVED)
HEARING_DAYS = 10
FEWEST_KEY, MOST_KEY, ASK_ABOVE = 2, 5, 6

DATE_ORDER = Why("date_order", N_("The end date is before the start date."))
NO_SCOPE = Why("review.no_scope", N_("Scope and period are not described (part 1)."))
NOT_INDEPENDENT = Why("review.no_declaration", N_("The team's independence is not declared (part 1)."))
NO_WALKTHROUGH = Why("review.no_walkthrough", N_("The walkthrough has no date (part 2)."))
NO_RISK = Why("review.no_risk", N_("No risk is described (part 3)."))
KEY_CONTROLS = Why(
    "review.key_controls",
    N_("There are {number} key controls. With none, or more than six, a reason is needed (part 7)."),
)
UNTESTED_DESIGN = Why("review.design_missing", N_("The design of key control {control} is not tested (part 4)."))
CONTROL_CHANGED = Why(
    "review.control_changed",
    N_("Control {control} was changed after its design was tested. Test the design again (part 4)."),
)
NO_CONCLUSION = Why("review.no_conclusion", N_("The conclusion lacks its class, outcome or text (part 7)."))
NOT_QUALITY_REVIEWED = Why("review.not_quality_reviewed", N_("The review has not been quality-reviewed (part 7)."))
NOT_HEARD = Why("review.not_heard", N_("The process owner has not answered. The hearing runs until {day} (part 6)."))
HEARING_SHORT = Why(
    "review.hearing_short", N_("The hearing must last at least {days} working days: until {day} or later.")
)
UNKNOWN_PERSON = Why("review.unknown_person", N_("Choose a person from the list."))
ALREADY_CLOSED = Why("review.already_closed", N_("{number} is closed already."), 409)
ELSEWHERE = Why("review.elsewhere", N_("{number} belongs to another organisation."))
ALREADY_SIGNED = Why("already_done", N_("This was already done."), 409)
NOT_VALID = Why("review.control_not_valid", N_("Control {control} does not belong to this review."))
RANGE = Why("number_out_of_range", N_("“{label}” must be between {min} and {max}."))

SCOPE, PERIOD_FROM, PERIOD_TO = N_("Scope"), N_("Period from"), N_("Period to")
CAUSE, EVENT, CONSEQUENCE = N_("Cause"), N_("Event"), N_("Consequence")
TEXT, KEY_REASON = N_("What the control is"), N_("Why it is a key control")
CONCLUSION, REASON, REPLY, NOTE = N_("Conclusion"), N_("Reason"), N_("Reply"), N_("Note of the quality review")
KEY_CONTROLS_REASON = N_("Why this number of key controls")
OCCURRENCES = N_("Times a year")
WALKTHROUGH_ON = N_("Walkthrough made on")
DESIGN_LABEL = N_("Outcome on design")


@dataclass(frozen=True)
class Plan:
    """Who does the review and when."""

    lead_id: int
    tester_id: int
    quality_reviewer_id: int
    hours: int = 0
    start_on: date | None = None
    draft_due: date | None = None
    form: Form | None = None


@dataclass(frozen=True)
class RiskValues:
    """A risk: cause, event and consequence."""

    cause: str
    event: str
    consequence: str
    category: Category
    assertions: tuple[Assertion, ...] = ()
    owner_id: int | None = None


@dataclass(frozen=True)
class ControlValues:
    """A control: who, what, when, how, if it fails, where documented."""

    text: str
    key_control: bool
    kind: Kind
    execution: Execution
    frequency: Frequency
    key_reason: str = ""
    occurrences_a_year: int | None = None
    owner_role: str = ""
    performer_role: str = ""
    system: str = ""
    shared_number: str = ""
    owner_id: int | None = None
    performer_id: int | None = None


@dataclass(frozen=True)
class LinkValues:
    """How far a control covers a risk; no degree means that it does not."""

    degree: Cover | None
    assertions: tuple[Assertion, ...] = ()
    comment: str = ""


@dataclass(frozen=True)
class DesignValues:
    """Result of a test of design."""

    outcome: DesignOutcome
    conclusion: str
    hours: int = 0


@dataclass(frozen=True)
class ConclusionValues:
    """The conclusion of a review."""

    design: DesignOutcome | None
    operating: Outcome | None
    overall: OverallClass | None
    text: str
    hours_used: int | None = None
    key_controls_reason: str = ""


class PartState(Labelled):
    """State of a part of a review."""

    NOT_STARTED = "not_started", N_("Not started")
    IN_PROGRESS = "in_progress", N_("In progress")
    DONE = "done", N_("Done")
    NOT_NEEDED = "not_needed", N_("Not needed")


@dataclass(frozen=True)
class FindingRow:
    """A finding as the review's page lists it."""

    number: str
    text: str
    state: Labelled
    severity: Labelled
    endpoint: str
    values: Mapping[str, object]
    control_id: int | None = None
    settled: bool = False


@dataclass(frozen=True)
class Tested:
    """What the parts 4 and 5 need to know of one key control."""

    number: str
    design: DesignOutcome | None
    changed: bool
    operating: Outcome | None


@dataclass(frozen=True)
class Standing:
    """What a review has so far, part by part."""

    scope: bool
    declared: bool
    walkthrough: bool
    risks: int
    keys: Sequence[Tested]
    key_controls_reason: str
    concluded: bool
    heard: bool
    quality_reviewed: bool
    finished: bool
    findings: int = 0
    open_findings: int = 0


@dataclass(frozen=True)
class Part:
    """A part of the task list: its state and what is missing in it."""

    state: PartState
    missing: tuple[Reason, ...] = ()


def why_not(state: State, verb: str) -> list[Reason]:
    """A step may be taken only in the states of the table."""
    return [] if (state, verb) in STEPS else [WRONG_STATE(state=state)]


def _required(pairs: Iterable[tuple[str, str, str]]) -> list[Reason]:
    return [FIELD_REQUIRED(name, label=label) for name, label, text in pairs if not text.strip()]


def _why_not_team(values: Plan, testers: Iterable[int | None], roots: Mapping[int, int]) -> list[Reason]:
    """The quality reviewer neither leads nor tests (S3); `roots` tells which accounts are one person's."""
    team = (values.quality_reviewer_id, values.lead_id, values.tester_id, *testers)
    second, *first = (None if id is None else roots.get(id, id) for id in team)
    reasons = why_not_same(Duty.S3, [second], first)
    return [reason.at("quality_reviewer_id") for reason in reasons]


def why_not_plan(
    values: Plan, able: Collection[int], reviewers: Collection[int], testers: Iterable[int | None] = (),
    named: Collection[tuple[str, int | None]] = (), roots: Mapping[int, int] | None = None,
) -> list[Reason]:  # fmt: skip
    """A plan names people who may lead, test or quality-review there and keep S3, and ends after it begins.

    Who is `named` already stays, though a role has ended since.
    """
    may = {"lead_id": able, "tester_id": able, "quality_reviewer_id": reviewers}
    chosen = [(name, getattr(values, name)) for name in may]
    reasons = [UNKNOWN_PERSON(name) for name, id in chosen if id not in may[name] and (name, id) not in named]
    if values.start_on and values.draft_due and values.draft_due < values.start_on:
        reasons.append(DATE_ORDER("draft_due"))
    return reasons + _why_not_team(values, testers, roots or {})


def why_not_scope(scope: str, period_from: date | None, period_to: date | None) -> list[Reason]:
    """A scope has words and a whole period."""
    days = (("period_from", PERIOD_FROM, period_from), ("period_to", PERIOD_TO, period_to))
    reasons = _required([("scope", SCOPE, scope)])
    reasons += [FIELD_REQUIRED(name, label=label) for name, label, day in days if day is None]
    if period_from and period_to and period_to < period_from:
        reasons.append(DATE_ORDER("period_to"))
    return reasons


def why_not_risk(values: RiskValues) -> list[Reason]:
    """A risk has a cause, an event and a consequence."""
    labels = {"cause": CAUSE, "event": EVENT, "consequence": CONSEQUENCE}
    return _required([(name, label, getattr(values, name)) for name, label in labels.items()])


def why_not_control(values: ControlValues) -> list[Reason]:
    """A control is described, and a key control says why it is one."""
    reasons = _required([("text", TEXT, values.text)])
    if values.key_control:
        reasons += _required([("key_reason", KEY_REASON, values.key_reason)])
    if values.occurrences_a_year is not None and values.occurrences_a_year < 1:
        reasons.append(RANGE("occurrences_a_year", label=OCCURRENCES, min=1, max=1_000_000_000))
    return reasons


def why_not_conclude(has: Standing) -> list[Reason]:
    """Before a draft: scope, independence, walkthrough, risks, and a design test of every key control as it stands."""
    reasons = [NO_SCOPE()] if not has.scope else []
    reasons += [NOT_INDEPENDENT()] if not has.declared else []
    reasons += [NO_WALKTHROUGH()] if not has.walkthrough else []
    reasons += [NO_RISK()] if not has.risks else []
    if asks_reason(len(has.keys)) and not has.key_controls_reason.strip():
        reasons.append(KEY_CONTROLS("key_controls_reason", number=len(has.keys)))
    return reasons + design_missing(has.keys)


def design_missing(keys: Iterable[Tested]) -> list[Reason]:
    """Key controls whose design is untested, or was tested before the control was changed."""
    untested = [UNTESTED_DESIGN(control=key.number) for key in keys if key.design is None]
    return untested + [CONTROL_CHANGED(control=key.number) for key in keys if key.design is not None and key.changed]


def asks_reason(key_controls: int) -> bool:
    """Two to five key controls are usual; none, or more than six, asks for a reason."""
    return key_controls == 0 or key_controls > ASK_ABOVE


def why_not_hear(concluded: bool, hearing_from: date, hearing_to: date) -> list[Reason]:
    """A hearing begins with a whole conclusion and lasts at least ten working days."""
    reasons = [] if concluded else [NO_CONCLUSION()]
    if working_days_between(hearing_from, hearing_to) < HEARING_DAYS:
        first = add_working_days(hearing_from, HEARING_DAYS)
        reasons.append(HEARING_SHORT("hearing_to", days=HEARING_DAYS, day=f"{first.day}.{first.month}.{first.year}"))
    return reasons


def why_not_approve(has: Standing, hearing_to: date | None, today: date) -> list[Reason]:
    """Before approval: a whole conclusion, the owner heard, the quality reviewed."""
    reasons = [] if has.concluded else [NO_CONCLUSION()]
    if not has.heard and (hearing_to is None or today <= hearing_to):
        reasons.append(NOT_HEARD(day=f"{hearing_to.day}.{hearing_to.month}.{hearing_to.year}" if hearing_to else "–"))
    return reasons + ([] if has.quality_reviewed else [NOT_QUALITY_REVIEWED()])


def degree(
    keys: Collection[int], design: Mapping[int, DesignOutcome], operating: Mapping[int, Outcome | None]
) -> Degree:
    """Full when every key control has a design test and each that passed an operating test that concluded."""
    if not keys or not any(key in design for key in keys):
        return Degree.PARTIAL if design else Degree.NONE
    passed = [key for key in keys if design.get(key) is DesignOutcome.APPROPRIATE]
    concluded = all(operating.get(key) not in (None, Outcome.CANNOT_CONCLUDE) for key in passed)
    return Degree.FULL if concluded and all(key in design for key in keys) else Degree.PARTIAL


def uncovered(risks: Iterable[int], links: Iterable[tuple[int, int]]) -> list[int]:
    """Risks that no control covers."""
    covered = {risk for risk, _control in links}
    return [risk for risk in risks if risk not in covered]


def idle(controls: Iterable[int], links: Iterable[tuple[int, int]]) -> list[int]:
    """Controls that cover no risk."""
    used = {control for _risk, control in links}
    return [control for control in controls if control not in used]


def next_number(stem: str, letter: str, taken: Iterable[str]) -> str:
    """KRE-1.1-R1, KRE-1.1-R2 …: one above the highest ever used."""
    pattern = re.compile(rf"{re.escape(stem)}-{letter}(\d+)$")
    found = [int(match[1]) for number in taken if (match := pattern.match(number))]
    return f"{stem}-{letter}{max(found, default=0) + 1}"


def review_number(year: int, taken: Iterable[str]) -> str:
    """G-2026-01, G-2026-02 … per organisation and review year."""
    found = [int(match[1]) for number in taken if (match := re.match(rf"G-{year}-(\d+)$", number))]
    return f"G-{year}-{max(found, default=0) + 1:02d}"


FROZEN = ("number", "text", "key_control", "key_reason", "kind", "execution", "frequency", "occurrences_a_year",
          "owner_role", "performer_role", "system", "shared_number")  # fmt: skip


def frozen(control: object) -> str:
    """A control as a test saw it: canonical JSON of what is described."""
    return canonical({name: getattr(control, name) for name in FROZEN})


def joined(assertions: Iterable[Assertion]) -> str:
    """Assertions as they are kept: FUL;NOJ in the order of the list."""
    chosen = set(assertions)
    return ";".join(one.value for one in Assertion if one in chosen)


def split(text: str) -> list[Assertion]:
    """Assertions as they were kept."""
    codes = set(text.split(";"))
    return [one for one in Assertion if one.value in codes]


def parts(has: Standing) -> dict[int, Part]:
    """The seven parts of the task list with their states and what is missing."""
    first = ([NO_SCOPE()] if not has.scope else []) + ([NOT_INDEPENDENT()] if not has.declared else [])
    third = [NO_RISK()] if not has.risks else []
    fourth = design_missing(has.keys)
    tests = [key for key in has.keys if key.design is DesignOutcome.APPROPRIATE]
    tested = [key for key in tests if key.operating is not None]
    seventh = why_not_finish(has)
    return {
        1: _part(first, has.scope or has.declared),
        2: _part([] if has.walkthrough else [NO_WALKTHROUGH()], False),
        3: _part(third, bool(has.keys)),
        4: _part(fourth, any(key.design for key in has.keys)) if has.keys else Part(PartState.NOT_STARTED),
        5: Part(_counted(len(tested), len(tests), all(key.design for key in has.keys) and bool(has.keys))),
        6: Part(_hearing(has)),
        7: Part(PartState.DONE) if has.finished else Part(
            PartState.IN_PROGRESS if has.concluded else PartState.NOT_STARTED, tuple(seventh)),
    }  # fmt: skip


def why_not_finish(has: Standing) -> list[Reason]:
    """What part 7 still lacks."""
    return ([] if has.concluded else [NO_CONCLUSION()]) + ([] if has.quality_reviewed else [NOT_QUALITY_REVIEWED()])


def _part(missing: Sequence[Reason], begun: bool) -> Part:
    if not missing:
        return Part(PartState.DONE)
    return Part(PartState.IN_PROGRESS if begun else PartState.NOT_STARTED, tuple(missing))


def _counted(done: int, total: int, known: bool) -> PartState:
    if known and total == 0:
        return PartState.NOT_NEEDED
    if known and done == total:
        return PartState.DONE
    return PartState.IN_PROGRESS if done else PartState.NOT_STARTED


def _hearing(has: Standing) -> PartState:
    if has.finished or (has.heard and not has.open_findings):
        return PartState.DONE
    return PartState.IN_PROGRESS if has.findings or has.heard else PartState.NOT_STARTED
