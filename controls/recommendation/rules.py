"""What a recommendation may say, what is missing before it is handed over, and how its hours add up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from controls.assessment.words import Band
from controls.base.why import N_, WRONG_STATE, Reason, Why
from controls.recommendation.words import DeferCode, ReasonCode, Recommended, State
from controls.rotation.rules import FLOOR, LIGHT_BANDS, RollRow
from controls.rotation.words import Form, Status
from controls.wheel.words import State as CycleState

WORDS = 60
"""The paper gives each line at most this many words."""

NO_TIME = Why("recommendation.no_time", N_("The recommendation is drafted while the cycle is in “{state}”."), 409)
EXISTS = Why("recommendation.exists", N_("There is already a recommendation for {year}."), 409)
TOO_LONG = Why("recommendation.too_long", N_("At most {max} words (there are {count})."))
LIGHT_BAND = Why("recommendation.light_band", N_("A light review is only for the bands low and moderate."))
LIGHT_FRAUD = Why("recommendation.light_fraud", N_("A light review is not allowed where the risk of fraud is special."))
LIGHT_CHANGED = Why(
    "recommendation.light_changed", N_("The sub-process is essentially changed. Choose an ordinary review.")
)
LIGHT_TWICE = Why(
    "recommendation.light_twice", N_("The latest review was light. Two light reviews may not follow each other.")
)
REVIEW_YEAR = Why("recommendation.review_year", N_("Choose {year} or {next}."))
DEFER_CODE = Why("recommendation.defer_code", N_("Choose why it is deferred."))
DEFER_TO = Why("recommendation.defer_to", N_("Write a year from {first} to {last}."))
DEFER_MEASURE = Why("recommendation.defer_measure", N_("Write what is done instead until then."))
NO_REASON_NOT = Why("recommendation.no_reason_not", N_("{code} is due. Write why it is not recommended."))
NO_LINES = Why("recommendation.no_lines", N_("No sub-process is recommended yet."))
NO_REASON = Why("recommendation.no_reason", N_("{code}: choose at least one reason."))
NO_TEXT = Why("recommendation.no_text", N_("{code}: write why in one or two sentences."))
NO_HOURS = Why("recommendation.no_hours", N_("{code}: write how many hours it takes."))
UNSETTLED = Why("recommendation.unsettled", N_("{code} is due in {due}: recommend it, defer it or write why not."))
NONE_CHOSEN = Why("recommendation.none_chosen", N_("Choose at least one sub-process of the list."))
GONE = Why("recommendation.gone", N_("One of the chosen sub-processes is no longer on the list. Choose again."), 409)
SAID = Why("recommendation.said", N_("{code}: somebody has taken a position meanwhile. Choose again."), 409)
NOT_HANDED_OVER = Why("recommendation.not_handed_over", N_("The recommendation has not been handed over."), 409)


@dataclass(frozen=True)
class LineValues:
    """What the group says about one sub-process; `review_year` 0 means the cycle's own year."""

    subprocess_id: int
    recommended: Recommended = Recommended.REVIEW
    reason_codes: tuple[ReasonCode, ...] = ()
    text: str = ""
    hours: int = 0
    form: Form = Form.ORDINARY
    proposed_lead_id: int | None = None
    dissent: str = ""
    review_year: int = 0
    defer_to: int | None = None
    defer_code: DeferCode | None = None
    compensating_measure: str = ""


@dataclass(frozen=True)
class Put:
    """A line as it stands, by the code of its sub-process."""

    code: str
    recommended: Recommended
    reasoned: bool
    text: str
    hours: int


def codes(text: str) -> tuple[ReasonCode, ...]:
    """Reason codes from the way they are stored."""
    return tuple(ReasonCode(code) for code in text.split(";") if code)


def why_not_start(state: CycleState, unapproved: Sequence[Reason], exists: bool, year: int) -> list[Reason]:
    """A draft begins while the cycle calibrates, when every assessment is approved."""
    reasons = [] if state is CycleState.CALIBRATING else [NO_TIME(state=CycleState.CALIBRATING)]
    return reasons + ([EXISTS(year=year)] if exists else []) + list(unapproved)


def why_not_change(state: State) -> list[Reason]:
    """Handing over freezes the recommendation."""
    return [] if state is State.DRAFT else [WRONG_STATE(state=state)]


def why_not_put(values: LineValues, row: RollRow, year: int) -> list[Reason]:
    """At most 60 words; a light review and a deferral have conditions; what is due is never left out silently."""
    count = len(values.text.split())
    reasons = [TOO_LONG("text", max=WORDS, count=count)] if count > WORDS else []
    if values.review_year not in (0, year, year + 1):
        reasons.append(REVIEW_YEAR("review_year", year=year, next=year + 1))
    if values.recommended is Recommended.REVIEW and values.form is Form.LIGHT:
        reasons += why_not_light(row)
    if values.recommended is Recommended.DEFER:
        reasons += _why_not_defer(values, year)
    if values.recommended is Recommended.NOT and _pressing(row, year) and not values.text.strip():
        reasons.append(NO_REASON_NOT("text", code=row.code))
    return reasons


class Standing(Protocol):
    """A line as it stands in the draft."""

    recommended: Recommended
    text: str


def positioned(line: Standing) -> bool:
    """Whether a line says anything; what was taken out does not."""
    return line.recommended is not Recommended.NOT or bool(line.text.strip())


def why_not_take_over(
    lines: Sequence[LineValues], places: Mapping[int, RollRow], known: Mapping[int, Standing], year: int
) -> list[Reason]:
    """What is taken over is in the roll, fulfils what a line must, and nobody has taken a position on it meanwhile."""
    reasons = [] if all(values.subprocess_id in places for values in lines) else [GONE("pick")]
    for values in lines:
        place, line = places.get(values.subprocess_id), known.get(values.subprocess_id)
        if place is not None:
            reasons += [SAID("pick", code=place.code)] if line and positioned(line) else []
            reasons += [reason.at("pick") for reason in why_not_put(values, place, year)]
    return reasons


def why_not_light(row: RollRow) -> list[Reason]:
    """A light review is for low and moderate bands without fraud line or essential change, and never twice running."""
    reasons = [] if row.band in LIGHT_BANDS else [LIGHT_BAND("form")]
    reasons += [LIGHT_FRAUD("form")] if row.fraud else []
    reasons += [LIGHT_CHANGED("form")] if row.changed else []
    covered = row.covered
    return reasons + ([LIGHT_TWICE("form")] if covered and covered.form is Form.LIGHT else [])


def _why_not_defer(values: LineValues, year: int) -> list[Reason]:
    reasons = [] if values.defer_code else [DEFER_CODE("defer_code")]
    if values.defer_to is None or not year < values.defer_to <= year + FLOOR:
        reasons.append(DEFER_TO("defer_to", first=year + 1, last=year + FLOOR))
    return reasons + ([] if values.compensating_measure.strip() else [DEFER_MEASURE("compensating_measure")])


def _pressing(row: RollRow, year: int) -> bool:
    return row.status in (Status.OVERDUE, Status.DUE) and not row.settled(year)


def why_not_hand_over(state: State, lines: Sequence[Put], roll: Sequence[RollRow], year: int) -> list[Reason]:
    """Handing over needs lines, a reason, words and hours on each chosen one, and a position on everything due."""
    reasons = why_not_change(state)
    chosen = [line for line in lines if line.recommended is Recommended.REVIEW]
    reasons += [] if chosen else [NO_LINES()]
    for line in chosen:
        reasons += [] if line.reasoned else [NO_REASON(code=line.code)]
        reasons += [] if line.text.strip() else [NO_TEXT(code=line.code)]
        reasons += [] if line.hours else [NO_HOURS(code=line.code)]
    said = {line.code for line in lines if line.recommended is not Recommended.NOT or line.text.strip()}
    open_rows = [row for row in roll if _pressing(row, year) and row.code not in said]
    return reasons + [UNSETTLED(code=row.code, due=row.due) for row in open_rows]


def rank(rows: Iterable[RollRow]) -> list[RollRow]:
    """Candidates in the order they press: overdue, due, then band and score."""
    statuses = (Status.OVERDUE, Status.DUE)
    bands = list(Band)
    return sorted(
        rows,
        key=lambda row: (
            statuses.index(row.status) if row.status in statuses else len(statuses),
            -(bands.index(row.band) if row.band else -1), -(row.score or 0),
        ),
    )  # fmt: skip


def next_pressing(rows: Iterable[RollRow], said: set[int], year: int) -> RollRow | None:
    """The next due sub-process that the draft says nothing about."""
    return next((row for row in rank(rows) if _pressing(row, year) and row.subprocess_id not in said), None)


@dataclass(frozen=True)
class Hours:
    """Hours asked for in the year against its capacity; `ahead` were chosen by an earlier forum."""

    proposed: int
    ahead: int
    capacity: int

    @property
    def asked(self) -> int:
        """All hours of the year."""
        return self.proposed + self.ahead

    @property
    def over(self) -> int:
        """Hours above the capacity."""
        return max(0, self.asked - self.capacity)

    @property
    def free(self) -> int:
        """Hours left of the capacity."""
        return max(0, self.capacity - self.asked)


def hours(lines: Iterable[tuple[Recommended, int, int]], roll: Iterable[RollRow], capacity: int, year: int) -> Hours:
    """Hours of the lines (recommended, review year, hours) to be reviewed this year, and of those chosen ahead."""
    proposed = sum(h for recommended, of_year, h in lines if recommended is Recommended.REVIEW and of_year == year)
    plans = [plan for row in roll if (plan := row.ahead(year)) is not None]
    return Hours(proposed, sum(plan.hours or 0 for plan in plans), capacity)
