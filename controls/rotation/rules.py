"""The five-year roll's arithmetic: when a sub-process is due, its status in a year, what a year's cell says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from controls.assessment.words import Band, Change
from controls.base.why import N_, Labelled
from controls.rotation.words import Degree, Form, Status

FLOOR = 5
"""Every active sub-process is covered at least once in any five calendar years, whatever its band."""


@dataclass(frozen=True)
class Intervals:
    """Years between full coverages by inherent band, as the cycle has frozen them."""

    high: int = 2
    elevated: int = 3
    moderate: int = 5
    low: int = 5

    def of(self, band: Band | None) -> int:
        """The band's interval, never above the floor; a sub-process without a band follows the floor."""
        years: int = FLOOR if band is None else getattr(self, band)
        return max(1, min(years, FLOOR))


LIGHT_BANDS = (Band.LOW, Band.MODERATE)
"""The bands of which a review may be a light one (product.md section 4)."""


@dataclass(frozen=True)
class BandStep:
    """The inherent band that a year's approved assessment gave."""

    year: int
    band: Band


@dataclass(frozen=True)
class Entry:
    """A line of the coverage ledger: of which sub-process it was written, and whether as imported history."""

    covered_on: date
    degree: Degree
    form: Form
    review_number: str
    subprocess_id: int = 0
    imported: bool = False


class PlanKind(Labelled):
    """What is decided or proposed for a year, in the order of what outweighs what."""

    PROGRESS = "progress", N_("In progress")
    PLANNED = "planned", N_("Planned")
    PROPOSED = "proposed", N_("Proposed")
    DEFERRED = "deferred", N_("Deferred")


CHOSEN = (PlanKind.PLANNED, PlanKind.PROGRESS)
RANK = {kind: place for place, kind in enumerate(PlanKind)}


@dataclass(frozen=True)
class Planned:
    """A choice (or deferral until `until`) of a sub-process for a year."""

    subprocess_id: int
    year: int
    kind: PlanKind
    hours: int | None = None
    until: int | None = None
    form: Form | None = None


def last_full(entries: Iterable[Entry]) -> Entry | None:
    """The latest full coverage; a partial one never resets the clock."""
    full = [entry for entry in entries if entry.degree is Degree.FULL]
    return max(full, key=lambda entry: entry.covered_on, default=None)


def due_year(
    covered: int | None, activated: int, steps: Sequence[BandStep], intervals: Intervals, as_of: int
) -> int:  # fmt: skip
    """Last full coverage + interval; never covered: year of activation + interval − 1; at most the floor.

    A risen band moves the due year forward at once, but never to a year already past when it rose; a fallen band
    moves it back only from the year after the assessment that lowered it. The first band rises from the floor, which
    was all that counted before it.
    """
    known = [step for step in sorted(steps, key=lambda step: step.year) if step.year <= as_of]
    lengths = [FLOOR, *(intervals.of(step.band) for step in known)]
    due = after(covered, activated, FLOOR)
    for step, was, now in zip(known, lengths, lengths[1:], strict=False):
        if now < was:
            due = min(due, max(after(covered, activated, now), step.year))
        elif now > was and step.year < as_of:
            due = after(covered, activated, now)
    return due


def after(covered: int | None, activated: int, interval: int) -> int:
    """The year in which an interval ends, which runs from the last full coverage, or begins with the activation."""
    return activated + interval - 1 if covered is None else covered + interval


def status(due: int, covered: int | None, year: int) -> Status:
    """Overdue when the due year is past, due in it, else covered, or not yet covered when it never was."""
    if due < year:
        return Status.OVERDUE
    if due == year:
        return Status.DUE
    return Status.NEVER if covered is None else Status.COVERED


@dataclass(frozen=True)
class RollRow:
    """A sub-process in the roll, with everything its row shows."""

    subprocess_id: int
    code: str
    name_da: str
    name_en: str
    process_id: int
    process_code: str
    process_name_da: str
    process_name_en: str
    area_code: str
    area_name_da: str
    area_name_en: str
    owner_id: int | None
    amount_ore: int | None
    activated: int
    band: Band | None
    score: int | None
    band_year: int | None
    fraud: bool
    band_before: Band | None
    score_before: int | None
    entries: tuple[Entry, ...]
    plans: tuple[Planned, ...]
    due: int
    status: Status
    interval: int = FLOOR
    """Years between two full coverages by its band."""
    changed: bool = False
    """Essentially changed, and not covered since."""
    clock: int | None = None
    """The year of the full coverage from which the due year is counted: of what it came of, when none is its own."""
    changes: tuple[Change, ...] = ()
    """What was ticked as changed in the assessment that the band is of."""

    @cached_property
    def covered(self) -> Entry | None:
        """The latest full coverage."""
        return last_full(self.entries)

    @property
    def hours(self) -> int | None:
        """Hours of the latest choice; unknown when it was never chosen."""
        known = [plan for plan in self.plans if plan.hours and plan.kind is not PlanKind.DEFERRED]
        return max(known, key=lambda plan: plan.year).hours if known else None

    @property
    def floor_due(self) -> int:
        """The year by whose end it must have been covered whatever its band: the floor of five calendar years."""
        return after(self.clock, self.activated, FLOOR)

    def settled(self, year: int) -> bool:
        """Whether the forum has already placed it: chosen for this or a later year, deferred beyond it, or chosen
        last year and not finished."""
        made = [plan for plan in self.plans if plan.kind in CHOSEN and plan.year >= year - 1]
        waits = [plan for plan in self.plans if plan.kind is PlanKind.DEFERRED and (plan.until or 0) > year]
        return bool(waits) or any(not self.finished(plan) for plan in made)

    def ahead(self, year: int) -> Planned | None:
        """The choice already made for a year."""
        return next((plan for plan in self.plans if plan.year == year and plan.kind in CHOSEN), None)

    def finished(self, plan: Planned) -> bool:
        """Whether a review has been counted, fully or in part, since it was chosen."""
        return any(entry.covered_on.year >= plan.year for entry in self.entries)


def cell(row: RollRow, year: int, this_year: int) -> str:
    """What a year's cell says: what was covered, else what is chosen or proposed, else that it is overdue now."""
    in_year = [entry for entry in row.entries if entry.covered_on.year == year]
    full = last_full(in_year) if in_year else None
    if full:
        return "light" if full.form is Form.LIGHT else "covered"
    if any(entry.degree is Degree.PARTIAL for entry in in_year):
        return "partial"
    kinds = [plan.kind for plan in row.plans if plan.year == year and not row.finished(plan)]
    if year < this_year - 1:
        kinds = [kind for kind in kinds if kind is PlanKind.DEFERRED]
    best = min(kinds, key=RANK.__getitem__, default=None)
    if best is PlanKind.PLANNED and year < this_year:
        best = PlanKind.PROGRESS
    if best is not None:
        return best.value
    return "overdue" if year == this_year and row.status is Status.OVERDUE else ""


@dataclass(frozen=True)
class Counts:
    """The roll in figures, as of a year."""

    total: int
    covered: int
    due: int
    overdue: int
    never: int


def counts(rows: Sequence[RollRow]) -> Counts:
    """How many are covered, due this year, overdue, and not yet covered."""

    def of(wanted: Status) -> int:
        return sum(1 for row in rows if row.status is wanted)

    return Counts(len(rows), of(Status.COVERED), of(Status.DUE), of(Status.OVERDUE), of(Status.NEVER))


def has_history(rows: Iterable[RollRow]) -> bool:
    """Whether anything at all has been covered."""
    return any(row.entries for row in rows)


def chosen(rows: Sequence[RollRow], area: str = "", band: str = "", status: str = "") -> list[RollRow]:
    """The rows that pass the page's filters."""
    tests: list[Callable[[RollRow], bool]] = []
    if area:
        tests.append(lambda row: row.area_code == area)
    if band:
        tests.append(lambda row: (row.band.value if row.band else "") == band)
    if status:
        tests.append(lambda row: row.status.value == status)
    return [row for row in rows if all(test(row) for test in tests)]
