"""The years ahead as the plan has them: who is reviewed when, the hours against capacity, what is due and what is late.

All of it is arithmetic over the rows of the roll, so that a page can answer while somebody moves things about.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from controls.planning.changes import Hours, Review, Reviews, Room
from controls.rotation.rules import CHOSEN, LIGHT_BANDS, RANK, PlanKind, Planned, RollRow
from controls.rotation.words import Form

HORIZON = 5
"""Years that are planned ahead, this one included."""
LONGEST = 10
ORDINARY_HOURS, LIGHT_HOURS = 42, 15
"""Hours of an ordinary and of a light review that is not told otherwise (product.md section 4)."""
EVERYBODY = 0
"""The whole organisation, beside its teams."""


@dataclass(frozen=True)
class Team:
    """A team of the organisation, and the codes of the areas that it reviews."""

    id: int
    name: str
    areas: frozenset[str]


@dataclass(frozen=True)
class Spot:
    """A review in its year: decided or proposed elsewhere (`kind`), or planned (`review`)."""

    year: int
    hours: int
    light: bool = False
    kind: PlanKind | None = None
    review: Review | None = None
    of: int = 0
    """The year it was chosen for, when it is finished later."""

    @property
    def season(self) -> int:
        """The half of the year, where one is chosen."""
        return self.review.season if self.review else 0


def hours_of(row: RollRow, light: bool) -> int:
    """Hours of a review: a light one's, else those of the latest ordinary choice, else the usual ones."""
    if light:
        return LIGHT_HOURS
    known = [plan for plan in row.plans if plan.hours and plan.form is Form.ORDINARY]
    return (max(known, key=lambda plan: plan.year).hours or 0) if known else ORDINARY_HOURS


def may_be_light(row: RollRow, serious: Collection[int]) -> bool:
    """Low and moderate bands without fraud line, open serious finding or essential change."""
    return row.band in LIGHT_BANDS and not (row.fraud or row.changed or row.subprocess_id in serious)


def light_next(row: RollRow, spots: Sequence[Spot], year: int, serious: Collection[int]) -> bool:
    """Whether a review in a year is a light one: where it may be, and never twice running."""
    before = [spot for spot in spots if spot.year < year]
    last = before[-1].light if before else row.covered is not None and row.covered.form is Form.LIGHT
    return may_be_light(row, serious) and not last


def decided(row: RollRow, this_year: int) -> dict[int, Planned]:
    """What is decided, proposed or under way for a sub-process, by the year in which it counts."""
    found: dict[int, Planned] = {}
    for plan in row.plans:
        year = _counts_in(row, plan, this_year)
        if year is not None and (year not in found or RANK[plan.kind] < RANK[found[year].kind]):
            found[year] = plan
    return found


def _counts_in(row: RollRow, plan: Planned, this_year: int) -> int | None:
    if plan.kind is PlanKind.DEFERRED:
        until = (plan.year, plan.until or 0)
        later = any(
            (other.year, other.until or 0) > until if other.kind is PlanKind.DEFERRED else other.year >= plan.year
            for other in row.plans
        )
        return None if later or plan.until is None or plan.until < this_year else plan.until
    if plan.year < this_year - 1 or row.finished(plan):
        return None
    return None if plan.kind is PlanKind.PROPOSED and plan.year < this_year else max(plan.year, this_year)


def spots(row: RollRow, reviews: Sequence[Review], this_year: int) -> tuple[Spot, ...]:
    """The reviews of a sub-process from this year on, in order."""
    if not row.plans and not reviews:
        return ()
    left = {one.instead for one in reviews if one.instead is not None}
    found, begins = [], this_year
    made = decided(row, this_year) if row.plans else {}
    for year, plan in made.items():
        if year in left and plan.kind is not PlanKind.PROGRESS:
            continue
        if plan.kind is PlanKind.DEFERRED:
            begins = year  # the plan had it in the years from which the VD-forum has deferred it
        light = plan.form is Form.LIGHT
        hours = plan.hours if plan.hours and plan.kind is not PlanKind.DEFERRED else hours_of(row, light)
        begun = plan.kind is not PlanKind.DEFERRED and plan.year < year
        found.append(Spot(year, 0 if begun else hours, light, plan.kind, None, plan.year))
    if any(entry.covered_on.year == begins == this_year for entry in row.entries):
        begins += 1  # this year's review is made, in full or in part
    for one in reviews:
        if one.year is not None and one.year >= begins and (one.year not in made or one.year in left):
            found.append(Spot(one.year, one.hours, one.light, None, one))
    found.sort(key=lambda spot: spot.year)
    return tuple(found)


@dataclass(frozen=True)
class Load:
    """Reviews of a year and their hours against what there is; no capacity is known before the first is told."""

    year: int
    number: int
    hours: int
    capacity: int | None
    halves: tuple["Load", ...] = ()
    """Each half of a year whose hours are divided: with those reviews for which a half is chosen."""

    @property
    def open(self) -> int:
        """Hours of the reviews for which no half is chosen, where there are halves."""
        return self.hours - sum(half.hours for half in self.halves) if self.halves else 0

    @property
    def over(self) -> int:
        """Hours above capacity."""
        return 0 if self.capacity is None else max(0, self.hours - self.capacity)

    @property
    def free(self) -> int:
        """Hours left."""
        return 0 if self.capacity is None else max(0, self.capacity - self.hours)


@dataclass(frozen=True)
class Effect:
    """What a plan does to a year: its load, what is due in it, and what is late when it ends."""

    load: Load
    due: int
    late: tuple[RollRow, ...]
    new: tuple[RollRow, ...] = ()
    """Those that were not late the year before."""


class Made(NamedTuple):
    """A review that was made of a sub-process with an end; what was closed, split, merged or transferred has one."""

    subprocess_id: int
    year: int
    hours: int
    area: str


@dataclass(frozen=True)
class Board:
    """The roll's rows with their reviews in place, and the hours there are."""

    rows: Sequence[RollRow]
    spots: Mapping[int, tuple[Spot, ...]]
    hours: Hours
    teams: Sequence[Team]
    this_year: int
    ended: Sequence[Made] = ()

    @cached_property
    def teams_of(self) -> dict[int, int]:
        """The team of each sub-process, where one has its area."""
        area = self._teams_of_areas
        return {row.subprocess_id: area[row.area_code] for row in self.rows if row.area_code in area} if area else {}

    @cached_property
    def _teams_of_areas(self) -> dict[str, int]:
        return {code: team.id for team in self.teams for code in team.areas}

    @cached_property
    def gone(self) -> list[tuple[int, int, int]]:
        """Year, team and hours of the reviews of sub-processes that have left the roll since."""
        if not self.ended:
            return []
        here = {row.subprocess_id for row in self.rows}
        return [
            (one.year, self._teams_of_areas.get(one.area, EVERYBODY), one.hours)
            for one in self.ended if one.subprocess_id not in here
        ]  # fmt: skip

    def capacity(self, year: int, team: int = EVERYBODY) -> int | None:
        """Hours of a year."""
        room = self.room(year, team)
        return room.hours if room else None

    def halves(self, year: int, team: int = EVERYBODY) -> tuple[int, ...]:
        """Hours of the halves of a year ahead, where they are divided; a team's else as those of all are.

        The year that runs is not divided: what is to be done in it is chosen.
        """
        room, whole = self.room(year, team), self.room(year)
        if room is None or year <= self.this_year:
            return ()
        if room.first is None and whole is not None:
            room = whole.scaled(room.hours)
        return () if room.first is None else (room.first, room.hours - room.first)

    def more(self, year: int, team: int, hours: int) -> Room:
        """The hours of a year with some added, divided as those there are."""
        there = self.room(year, team) or Room(0)
        return there.scaled(there.hours + hours)

    def room(self, year: int, team: int = EVERYBODY) -> Room | None:
        """Hours of a year with their division: as told for it, else as for the latest year before, else the first."""
        if (year, team) in self.hours:
            return self.hours[year, team]
        known = self._known.get(team, ())
        before = [room for then, room in known if then < year]
        return before[-1] if before else known[0][1] if known else None

    @cached_property
    def _known(self) -> dict[int, list[tuple[int, Room]]]:
        found: dict[int, list[tuple[int, Room]]] = {}
        for (year, team), room in sorted(self.hours.items()):
            found.setdefault(team, []).append((year, room))
        return found

    @cached_property
    def _asked(self) -> dict[tuple[int, int, int], tuple[int, int]]:
        """Number and hours of the reviews by year and team, in season 0, and of those for which a half is chosen."""
        found: dict[tuple[int, int, int], list[int]] = {}
        for year, team, hours in self.gone:
            for of in {EVERYBODY, team}:
                kept = found.setdefault((year, of, 0), [0, 0])
                kept[0] += 1
                kept[1] += hours
        for row in self.rows:
            team = self.teams_of.get(row.subprocess_id, EVERYBODY)
            asked = [(spot.year, spot.season, spot.hours) for spot in self.spots.get(row.subprocess_id, ())]
            if row.plans or row.entries:
                asked += [(year, 0, hours) for year, hours in done(row, self.this_year)]
            for year, season, hours in asked:
                for of in {EVERYBODY, team}:
                    for within in {0, season}:
                        kept = found.setdefault((year, of, within), [0, 0])
                        kept[0] += 1
                        kept[1] += hours
        return {key: (number, hours) for key, (number, hours) in found.items()}

    def load(self, year: int, team: int = EVERYBODY) -> Load:
        """A year's reviews against its hours, of all or of one team; and each half where the hours are divided."""
        found = [
            Load(year, *self._asked.get((year, team, season), (0, 0)), capacity)
            for season, capacity in enumerate((self.capacity(year, team), *self.halves(year, team)))
        ]
        return replace(found[0], halves=tuple(found[1:])) if len(found) > 1 else found[0]

    def roomier(self, row: RollRow, year: int) -> int:
        """The half of a year that has more hours free for a sub-process; 0 where its hours are not divided."""
        team = self.teams_of.get(row.subprocess_id, EVERYBODY)
        halves = self.load(year, team).halves
        if not halves:
            return 0
        first, second = ((half.capacity or 0) - half.hours for half in halves)
        return 1 if first >= second else 2

    def effects(self, last: int) -> list[Effect]:
        """What the plan does to this year and those up to the last."""
        years = range(self.this_year, last + 1)
        due, late = dict.fromkeys(years, 0), {year: list[RollRow]() for year in years}
        for row in self.rows:
            for year, kept in followed(row, self.spots.get(row.subprocess_id, ()), years):
                due[year] += 1
                if not kept:
                    late[year].append(row)
        found, before = list[Effect](), set[int]()
        for year in years:
            new = tuple(row for row in late[year] if row.subprocess_id not in before)
            found.append(Effect(self.load(year), due[year], tuple(late[year]), new))
            before = {row.subprocess_id for row in late[year]}
        return found


def done(row: RollRow, this_year: int) -> list[tuple[int, int]]:
    """The years up to this one in which something was chosen or covered, with the hours of what was chosen."""
    found = {entry.covered_on.year: 0 for entry in row.entries}
    for plan in sorted(row.plans, key=lambda plan: -RANK[plan.kind]):
        if plan.kind in CHOSEN and (plan.year < this_year or (plan.year == this_year and row.finished(plan))):
            found[plan.year] = plan.hours or 0
    begun = {plan.year for plan in row.plans if plan.kind in CHOSEN}
    # A review that was chosen for one year and ended in the next has its hours in the first.
    return [(year, hours) for year, hours in found.items() if year in begun or year - 1 not in begun]


def followed(row: RollRow, spots: Sequence[Spot], years: Iterable[int]) -> list[tuple[int, bool]]:
    """The years in which a sub-process is due or late, and whether it is reviewed in them."""
    due, found, reviewed = row.due, [], {spot.year for spot in spots}
    for year in years:
        if due <= year:
            found.append((year, year in reviewed))
        if year in reviewed:
            due = year + row.interval
    return found


def board(
    rows: Sequence[RollRow], reviews: Reviews, hours: Hours, teams: Sequence[Team], this_year: int,
    ended: Sequence[Made] = (),
) -> Board:  # fmt: skip
    """The roll with a plan laid on it."""
    placed = {row.subprocess_id: spots(row, reviews.get(row.subprocess_id, ()), this_year) for row in rows}
    return Board(rows, {id: found for id, found in placed.items() if found}, hours, teams, this_year, ended)


@dataclass(frozen=True)
class Sums:
    """The sentences above the grid: how many have a year in it, who has none, and who is beyond the floor."""

    total: int
    without: tuple[int, ...]
    beyond: tuple[int, ...]


def sums(board: Board, years: Collection[int]) -> Sums:
    """Who has a year in these, reviewed or to be, and who was not reviewed in the last five calendar years."""
    without, beyond = [], []
    for row in board.rows:
        id = row.subprocess_id
        if not any(spot.year in years for spot in board.spots.get(id, ())) and not any(
            entry.covered_on.year in years for entry in row.entries
        ):
            without.append(id)
        if row.floor_due < board.this_year:
            beyond.append(id)
    return Sums(len(board.rows), tuple(without), tuple(beyond))
