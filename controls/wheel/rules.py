"""The annual cycle as a state machine: its steps, what it needs to take them, and the ten steps of the wheel.

created → parameters_locked → assessing → calibrating → recommended → decided → reviewing → reported → closed
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from controls.base.why import N_, Reason, Why
from controls.wheel.dates import FIELDS, Dates, working_day, working_days_between
from controls.wheel.words import State

ORDER = tuple(State)
STEPS: dict[tuple[State, str], State] = {
    **{(here, "advance"): there for here, there in zip(ORDER, ORDER[1:], strict=False)},
    **{
        (there, "go_back"): here
        for here, there in zip(ORDER, ORDER[1:], strict=False)
        if there not in (State.RECOMMENDED, State.DECIDED, State.CLOSED)
    },
}
"""A handed-over recommendation, locked minutes and a closed year are not undone by going back."""

TAKEN_ELSEWHERE = frozenset({State.RECOMMENDED, State.DECIDED})
"""Handing over the recommendation and locking the minutes take these steps."""

FORUM_PAPER_DAYS = 5
REASON_LENGTH = 10

YEAR_EXISTS = Why("wheel.year_exists", N_("{year} has already been opened."), 409)
NOT_NEXT_YEAR = Why("wheel.not_next_year", N_("The next year to open is {year}."))
NO_PROCESSES = Why("wheel.no_processes", N_("There are no active processes in {year}. Import the catalogue first."))
NO_STEP = Why("wheel.no_step", N_("The cycle cannot take this step from the state “{state}”."), 409)
REASON_NEEDED = Why("wheel.reason_needed", N_("Write why, in at least {min} characters."))
GOAL_SHORT = Why("wheel.goal_short", N_("{goal}: {done} of {total} is done. Write why the year is closed anyway."))
FROZEN = Why("wheel.frozen", N_("Parameters and dates are frozen when the parameters are locked."), 409)
CAPACITY = Why("wheel.capacity", N_("Capacity must be between 1 and {max} hours."))
INTERVAL = Why("wheel.interval", N_("An interval must be between 1 and 5 years."))
INTERVAL_ORDER = Why("wheel.interval_order", N_("A higher risk band cannot have a longer interval than a lower one."))
NOT_PROPOSED = Why("wheel.not_proposed", N_("One person proposes to close the year, and another confirms it."), 409)
NOT_CLOSING = Why("wheel.not_closing", N_("Only a reported year is closed."), 409)
OTHER_YEAR = Why("wheel.other_year", N_("The date must be in {year}."))
NO_WORKING_DAY = Why("wheel.no_working_day", N_("{date} is not a working day."))
DATE_ORDER = Why("wheel.date_order", N_("This date cannot be before the one above it."))
PAPER_LATE = Why("wheel.paper_late", N_("Hand over at least {days} working days before the meeting."))


@dataclass(frozen=True)
class Parameters:
    """Capacity in hours a year, and the years between reviews for each risk band."""

    capacity_hours: int
    interval_high: int = 2
    interval_elevated: int = 3
    interval_moderate: int = 5
    interval_low: int = 5

    def interval(self, band: str) -> int:
        """Years between two reviews of a sub-process in this band."""
        years: int = getattr(self, f"interval_{band}")
        return years


@dataclass(frozen=True)
class Goal:
    """One of the year's two goals: its words, how many are done of how many, and the page with the rows behind it."""

    label: str
    done: int
    total: int
    endpoint: str
    shows: str = ""

    @property
    def met(self) -> bool:
        """Whether all are done."""
        return self.done >= self.total


@dataclass(frozen=True)
class AreaCount:
    """How many assessments of one process area are in each state; approved counts locked."""

    code: str
    name_da: str
    name_en: str
    issued: int
    not_started: int
    draft: int
    submitted: int
    returned: int
    calibrated: int
    approved: int

    @property
    def treated(self) -> int:
        """Forms that the group is through with."""
        return self.calibrated + self.approved


@dataclass(frozen=True)
class Late:
    """An owner whose assessments are not submitted: how many, their deadline, and when he was last reminded."""

    owner_id: int | None
    owner: str | None
    missing: int
    returned: int
    due_on: date | None
    reminded_on: date | None


class Course(NamedTuple):
    """How far a year's assessments are: by area, and who is late by owner."""

    areas: list[AreaCount]
    late: list[Late]


def whole(counts: Iterable[AreaCount]) -> AreaCount:
    """Counts taken together; they keep the name of an area when they are all of it."""
    names = ("issued", "not_started", "draft", "submitted", "returned", "calibrated", "approved")
    listed = list(counts)
    titles = {(one.code, one.name_da, one.name_en) for one in listed}
    title = titles.pop() if len(titles) == 1 else ("", "", "")
    return AreaCount(*title, *(sum(getattr(one, name) for one in listed) for name in names))


def next_state(state: State) -> State | None:
    """The state after this one."""
    return STEPS.get((state, "advance"))


def why_not_open(year: int, latest: int | None, processes: int) -> list[Reason]:
    """Years are opened one after another, and only where there is something to assess."""
    if latest is not None and year <= latest:
        return [YEAR_EXISTS(year=year)]
    reasons = [NOT_NEXT_YEAR("year", year=latest + 1)] if latest is not None and year != latest + 1 else []
    return reasons + ([] if processes else [NO_PROCESSES(year=year)])


def why_not_parameters(parameters: Parameters) -> list[Reason]:
    """Capacity is a positive number of hours; no interval exceeds the five-year floor, none is upside down."""
    most = 100_000
    reasons = [] if 1 <= parameters.capacity_hours <= most else [CAPACITY("capacity_hours", max=most)]
    bands = ("high", "elevated", "moderate", "low")
    years = [parameters.interval(band) for band in bands]
    reasons += [INTERVAL(f"interval_{b}") for b, n in zip(bands, years, strict=True) if not 1 <= n <= 5]
    for band, higher, lower in zip(bands[1:], years, years[1:], strict=False):
        reasons += [INTERVAL_ORDER(f"interval_{band}")] if lower < higher else []
    return reasons


def why_not_dates(year: int, dates: Dates) -> list[Reason]:
    """The days lie in the year, in order, on working days, and the paper is out in good time before the meeting."""
    reasons: list[Reason] = []
    before: date | None = None
    for name in FIELDS:
        day: date = getattr(dates, name)
        if day.year != year:
            reasons.append(OTHER_YEAR(name, year=year))
        elif not working_day(day):
            reasons.append(NO_WORKING_DAY(name, date=f"{day.day}.{day.month}.{day.year}"))
        elif before is not None and day < before:
            reasons.append(DATE_ORDER(name))
        before = day
    if working_days_between(dates.recommended_on, dates.meeting_on) < FORUM_PAPER_DAYS:
        reasons.append(PAPER_LATE("recommended_on", days=FORUM_PAPER_DAYS))
    return reasons


def why_not_configure(state: State) -> list[Reason]:
    """Scales, intervals, capacity and dates are frozen when the parameters are locked."""
    return [] if state is State.CREATED else [FROZEN()]


def why_not_advance(state: State, missing: Iterable[Reason], goals: Iterable[Goal], reason: str) -> list[Reason]:
    """The next step is taken when nothing is missing; a year closes short of a goal only with a reason."""
    after = next_state(state)
    if after is None:
        return [NO_STEP(state=state)]
    reasons = list(missing)
    if after is State.CLOSED and len(reason.strip()) < REASON_LENGTH:
        reasons += [
            GOAL_SHORT("reason", goal=goal.label, done=goal.done, total=goal.total) for goal in goals if not goal.met
        ]
    return reasons


def why_not_propose_close(state: State, missing: Iterable[Reason], goals: Iterable[Goal], reason: str) -> list[Reason]:
    """A reported year is proposed to be closed as it would be closed."""
    if next_state(state) is not State.CLOSED:
        return [NOT_CLOSING()]
    return why_not_advance(state, missing, goals, reason)


def why_not_go_back(state: State, reason: str) -> list[Reason]:
    """One step back needs a reason; what was handed over, decided or closed is not undone this way."""
    if (state, "go_back") not in STEPS:
        return [NO_STEP(state=state)]
    return [] if len(reason.strip()) >= REASON_LENGTH else [REASON_NEEDED("reason", min=REASON_LENGTH)]


def plan(dates: Dates) -> dict[State, tuple[date, date | None]]:
    """For each state the day it is planned to begin and its last day, where it has one."""
    return {
        State.CREATED: (dates.opened_on, None),
        State.PARAMETERS_LOCKED: (dates.parameters_locked_on, None),
        State.ASSESSING: (dates.assessing_from, dates.assess_deadline),
        State.CALIBRATING: (dates.calibrating_from, dates.approve_deadline),
        State.RECOMMENDED: (dates.recommended_on, dates.meeting_on),
        State.DECIDED: (dates.decided_on, None),
        State.REVIEWING: (dates.reviewing_from, dates.review_deadline),
        State.REPORTED: (dates.reported_on, None),
        State.CLOSED: (dates.closed_on, None),
    }


def dates_of(planned: dict[State, tuple[date, date | None]]) -> Dates:
    """The planned days again from what each state holds."""

    def last(state: State) -> date:
        first, end = planned[state]
        return end or first

    return Dates(
        opened_on=planned[State.CREATED][0], parameters_locked_on=planned[State.PARAMETERS_LOCKED][0],
        assessing_from=planned[State.ASSESSING][0], assess_deadline=last(State.ASSESSING),
        calibrating_from=planned[State.CALIBRATING][0], approve_deadline=last(State.CALIBRATING),
        recommended_on=planned[State.RECOMMENDED][0], meeting_on=last(State.RECOMMENDED),
        decided_on=planned[State.DECIDED][0], reviewing_from=planned[State.REVIEWING][0],
        review_deadline=last(State.REVIEWING), reported_on=planned[State.REPORTED][0],
        closed_on=planned[State.CLOSED][0],
    )  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """One of the ten steps of the wheel: months since 1 January, its days this year, and whether it is done or now."""

    number: int
    title: str
    role: str
    start: int
    end: int
    first: date
    last: date
    state: str


GROUP, OWNERS, TESTERS = N_("the group"), N_("process owners and controllers"), N_("testers")
TURNS: tuple[tuple[str, str, State, int, int], ...] = (
    (N_("Open the year"), GROUP, State.CREATED, 0, 1),
    (N_("Owners confirm"), N_("process owners"), State.PARAMETERS_LOCKED, 1, 2),
    (N_("Overall risk assessment"), OWNERS, State.ASSESSING, 2, 3),
    (N_("Calibration and approval"), GROUP, State.CALIBRATING, 3, 4),
    (N_("Recommendation to the forum"), GROUP, State.CALIBRATING, 4, 5),
    (N_("VD-forum"), N_("forum and secretary"), State.RECOMMENDED, 5, 6),
    (N_("Planning"), TESTERS, State.DECIDED, 6, 7),
    (N_("Tests and reviews"), TESTERS, State.REVIEWING, 7, 10),
    (N_("Hearing and approval"), N_("testers and quality reviewers"), State.REVIEWING, 10, 11),
    (N_("Annual control report"), GROUP, State.REPORTED, 11, 12),
)


def now_number(state: State, dates: Dates, today: date) -> int:
    """The number of the step that the year is in (11 when it is closed)."""
    if state is State.CALIBRATING:
        return 5 if today > dates.approve_deadline else 4
    if state is State.REVIEWING:
        return 9 if today >= date(dates.opened_on.year, 11, 1) else 8
    return {
        State.CREATED: 1, State.PARAMETERS_LOCKED: 2, State.ASSESSING: 3, State.RECOMMENDED: 6, State.DECIDED: 7,
        State.REPORTED: 10,
    }.get(state, 11)  # fmt: skip


def turns(state: State, dates: Dates, today: date) -> list[Turn]:
    """The ten steps with their days and what is done."""
    year = dates.opened_on.year
    days = [
        (dates.opened_on, dates.parameters_locked_on), (dates.parameters_locked_on, dates.assessing_from),
        (dates.assessing_from, dates.assess_deadline), (dates.calibrating_from, dates.approve_deadline),
        (dates.approve_deadline, dates.recommended_on), (dates.meeting_on, dates.meeting_on),
        (dates.decided_on, dates.reviewing_from), (dates.reviewing_from, date(year, 10, 31)),
        (date(year, 11, 1), dates.review_deadline), (dates.reported_on, dates.closed_on),
    ]  # fmt: skip
    now = now_number(state, dates, today)
    return [
        Turn(number, title, role, start, end, first, last, "done" if number < now else "now" if number == now else "")
        for number, ((title, role, _, start, end), (first, last)) in enumerate(zip(TURNS, days, strict=True), 1)
    ]


def hand(year: int, today: date) -> float | None:
    """Where today's hand stands on the wheel, in months since 1 January; none outside the year."""
    if today.year != year:
        return None
    days = ((date(year + today.month // 12, today.month % 12 + 1, 1)) - date(year, today.month, 1)).days
    return round(today.month - 1 + (today.day - 1) / days, 2)
