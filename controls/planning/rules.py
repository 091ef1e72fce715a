"""What may be moved, kept, named and adopted, and why not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from controls.base.why import FIELD_REQUIRED, N_, Reason, Why
from controls.planning.board import EVERYBODY, LONGEST, Spot
from controls.planning.changes import Changes, Difference, Hours, Room
from controls.planning.words import Asked
from controls.rotation.rules import PlanKind, RollRow

REASON_LEAST = 10
NAME_LENGTH = 80
MOST_HOURS = 10**6
MOST_PEOPLE = 50
DEAD_AFTER = timedelta(minutes=15)
AT_ONCE = 20
"""Scenarios that an organisation keeps at a time."""

NOT_AHEAD = Why("plan.not_ahead", N_("Choose a year from {first} to {last}."))
NOTHING_THERE = Why("plan.nothing_there", N_("{code} has no review in {year}. Load the page again."), 409)
TAKEN = Why("plan.taken", N_("{code} has a review in {year} already."))
UNDER_WAY = Why("plan.under_way", N_("The review of {code} is under way and stays in its year."))
SAYS_WHY = Why(
    "plan.says_why",
    N_("{year} is decided by the VD-forum. Write why the plan leaves it, in at least {min} characters."),
)
HALF_LEAST = Why("plan.half_least", N_("The first half of a year has at most its {hours} hours."))
HALF_AHEAD = Why("plan.half_ahead", N_("Only the hours of the years after {year} are divided."))
HALF_OF_HOURS = Why(
    "plan.half_of_hours",
    N_("Write the hours a year that are divided. Those of more people follow the hours there are."),
)
SAYS_WHY_TOO = Why(
    "plan.says_why",
    N_("{year} is recommended to the VD-forum. Write why the plan leaves it, in at least {min} characters."),
)
REASON_SHORT = Why("plan.reason_short", N_("Write why, in at least {min} characters."))
NO_CHANGES = Why("plan.no_changes", N_("Nothing has been changed."))
MOVED_ON = Why(
    "plan.moved_on",
    N_("The standing plan has come to version {number} meanwhile. Look at the differences, and keep the plan again."),
    409,
)
FROZEN = Why("plan.frozen", N_("The hours of {year} are those of the control year and are changed there."))
NAME_LONG = Why("plan.name_long", N_("A name may be at most {max} characters."))
NAME_USED = Why("plan.name_used", N_("There is already one called “{name}”."))
MANY = Why("plan.many", N_("At most {max} scenarios are kept. Remove one first."))
GONE = Why("plan.gone", N_("The scenario has been removed."), 409)
AT_WORK = Why("plan.at_work", N_("The planner is already at work for {code}."), 409)
NOT_DONE = Why("plan.not_done", N_("The planner has not ended."), 409)
NO_ROWS = Why("plan.no_rows", N_("{code} has no sub-processes of its own."))
NO_HOURS = Why("plan.no_hours", N_("No hours of the years ahead are known yet. Write them under “What if” first."))
AREA_TAKEN = Why("plan.area_taken", N_("The area {area} belongs to the team “{name}”."))
NAME = N_("Name")
HOURS = N_("Hours a year")


def years_ahead(this_year: int) -> range:
    """The years that may be planned."""
    return range(this_year, this_year + LONGEST)


def why_not_move(
    row: RollRow, spots: Sequence[Spot], at: int | None, to: int | None, this_year: int, reason: str
) -> list[Reason]:
    """A review that is there goes to a year ahead that has none of the same; what is decided is left with a reason."""
    here = next((spot for spot in spots if at is not None and spot.year == at), None)
    if at is not None and here is None:
        return [NOTHING_THERE(code=row.code, year=at)]
    if here is not None and here.kind is PlanKind.PROGRESS:
        return [UNDER_WAY(code=row.code)]
    years = years_ahead(this_year)
    if to is not None and to not in years:
        return [NOT_AHEAD("to", first=years[0], last=years[-1])]
    if to is not None and to != at and any(spot.year == to for spot in spots):
        return [TAKEN("to", code=row.code, year=to)]
    if here is not None and here.kind is not None and to != at and len(reason.strip()) < REASON_LEAST:
        why = SAYS_WHY_TOO if here.kind is PlanKind.PROPOSED else SAYS_WHY
        return [why("reason", year=at, min=REASON_LEAST)]
    return []


def why_not_hours(
    years: Collection[int], hours: int | None, half: int | None, more: bool, this_year: int
) -> list[Reason]:  # fmt: skip
    """Hours are told for years ahead; they may be divided, where they are not added and the year has not begun."""
    ahead = years_ahead(this_year)
    if not all(year in ahead for year in years):
        return [NOT_AHEAD("first", first=ahead[0], last=ahead[-1])]
    if hours is None:
        return [FIELD_REQUIRED("hours", label=HOURS)]
    if half is None:
        return []
    reasons = [HALF_OF_HOURS("half")] if more else [] if half <= hours else [HALF_LEAST("half", hours=hours)]
    return reasons + ([HALF_AHEAD("half", year=this_year)] if this_year in years else [])


def why_not_keep(
    changes: Changes, base: int, number: int, reason: str, frozen: Collection[int], standing: Hours
) -> list[Reason]:  # fmt: skip
    """A version needs changes, a reason, and a draft that was begun on the newest one.

    A control year's hours (`frozen`) stay as many as they are; they may be divided, in halves and among teams.
    """
    reasons = [] if changes else [NO_CHANGES()]
    reasons += [] if base == number else [MOVED_ON(number=number)]
    others = {
        year for (year, team), room in changes.hours.items()
        if team == EVERYBODY and room.hours != standing.get((year, team), Room(-1)).hours
    }  # fmt: skip
    reasons += [FROZEN(year=year) for year in sorted(others & set(frozen))]
    return reasons + ([] if len(reason.strip()) >= REASON_LEAST else [REASON_SHORT("reason", min=REASON_LEAST)])


def why_not_name(name: str, used: Collection[str]) -> list[Reason]:
    """A name of at most 80 characters that no other has."""
    if not name.strip():
        return [FIELD_REQUIRED("name", label=NAME)]
    if len(name.strip()) > NAME_LENGTH:
        return [NAME_LONG("name", max=NAME_LENGTH)]
    taken = name.strip().casefold() in {one.casefold() for one in used}
    return [NAME_USED("name", name=name.strip())] if taken else []


def why_not_scenario(changes: Changes, name: str, used: Collection[str], kept: int) -> list[Reason]:
    """A scenario needs changes and a name of its own, and room among those that are kept."""
    reasons = [] if changes else [NO_CHANGES()]
    reasons += [MANY(max=AT_ONCE)] if kept >= AT_ONCE else []
    return reasons + why_not_name(name, used)


def why_not_team(name: str, areas: Collection[str], others: Mapping[str, Collection[str]]) -> list[Reason]:
    """A team has a name of its own, and areas that no other team has."""
    reasons = why_not_name(name, list(others))
    taken = [(area, other) for other, theirs in others.items() for area in sorted(set(areas) & set(theirs))]
    return reasons + [AREA_TAKEN("areas", area=area, name=other) for area, other in taken]


def at_work(state: Asked, asked_at: datetime, now: datetime) -> bool:
    """Whether the planner may still answer; after so long its process is taken for dead."""
    return state in (Asked.WAITING, Asked.RUNNING) and now - asked_at < DEAD_AFTER


def why_not_ask(busy: bool, code: str, rows: int, hours: Hours) -> list[Reason]:
    """One proposal at a time, where there is something to plan, and hours to plan with."""
    reasons = [AT_WORK(code=code)] if busy else []
    return reasons + ([NO_ROWS(code=code)] if not rows else [] if hours else [NO_HOURS()])


def why_not_take(state: Asked) -> list[Reason]:
    """Only an answer can be taken into a draft."""
    return [] if state is Asked.DONE else [NOT_DONE()]


class Named(Protocol):
    """What a line of the list of differences says of its sub-process."""

    @property
    def code(self) -> str: ...
    @property
    def name_da(self) -> str: ...
    @property
    def name_en(self) -> str: ...


@dataclass(frozen=True)
class Told:
    """A line of the list of differences: the sub-process, its years before and after, and what decision is left."""

    row: Named
    difference: Difference


def told(rows: Sequence[RollRow], differences: Sequence[Difference]) -> list[Told]:
    """The differences in the order of the roll; what has left the roll is left out."""
    found = {one.subprocess_id: one for one in differences}
    return [Told(row, found[row.subprocess_id]) for row in rows if row.subprocess_id in found]
