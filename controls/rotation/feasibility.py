"""Whether the years ahead are possible, and what a plan of them leads to: counted, without an optimiser.

Counting proves a no: what must be done between two years takes more hours than there are. A plan that fits proves a
yes. Where reviews of equal hours come once, one of the two always does. Between them small cases are searched through;
for the rest the answer is that of a simulated plan, and says so.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from controls.rotation import horizon as ahead
from controls.rotation.horizon import Candidate, Horizon, Missing, Place, Placed


@dataclass(frozen=True)
class Feasibility:
    """Whether every deadline can be kept within capacity, and if not, where it breaks."""

    possible: bool
    exact: bool
    """Proved; else simulated."""
    breaks: int | None
    """The first year by whose end not everything can be done."""
    missing: tuple[Missing, ...]
    """The turns without room in all the horizon, by deadline; `lacking` are those of the first year that breaks."""
    added: Mapping[Place, int]
    """The capacity that would make it possible: the smallest when it is `least` hours in all."""
    least: int
    """The hours that must be added at least: proved."""

    @property
    def lacking(self) -> tuple[int, ...]:
        """The sub-processes for which the first year that breaks has no room."""
        return tuple(one.id for one in self.missing if one.by == self.breaks)

    @property
    def smallest(self) -> bool:
        """Whether no smaller added capacity would do: proved."""
        return sum(self.added.values()) == self.least


def feasible(candidates: Collection[Candidate], horizon: Horizon) -> Feasibility:
    """Whether every deadline can be kept within capacity."""
    played = ahead.earliest_due_first(candidates, horizon)
    if played.missing:
        played = ahead.earliest_due_first(candidates, horizon, overdue_last=True)
    added = ahead.load(list(candidates), played.placed, horizon).over
    missing = tuple(sorted(played.missing, key=lambda one: (one.by, one.id)))
    breaks = min((one.by for one in missing), default=None)
    return Feasibility(not added, not added, breaks, missing, added, 0)


@dataclass(frozen=True)
class YearEffect:
    """What a plan makes of a year."""

    year: int
    reviews: int
    due: tuple[int, ...]
    """Those whose deadline is this year, given the turns before it."""
    overdue: tuple[int, ...]
    """Those whose deadline is past when the year ends."""
    hours: Mapping[str, int]
    """Planned by team."""
    capacity: Mapping[str, int]
    over: int
    """Hours above capacity of the teams and seasons that have too much."""


@dataclass(frozen=True)
class Effect:
    """What a plan leads to, year by year, and whether what it leaves open can be placed."""

    years: tuple[YearEffect, ...]
    outside: tuple[tuple[int, int], ...]
    """The turns that the plan does not have: sub-process and the year by whose end it is needed."""
    feasibility: Feasibility
    """With every turn of the plan decided."""


def effect(candidates: Sequence[Candidate], placed: Placed, horizon: Horizon) -> Effect:
    """What a plan leads to; turns outside the horizon are left aside."""
    within = range(horizon.first, horizon.last + 1)
    turns = {one.id: [turn for turn in sorted(placed.get(one.id, ())) if turn.year in within] for one in candidates}
    due: dict[int, list[int]] = {year: [] for year in within}
    overdue: dict[int, list[int]] = {year: [] for year in within}
    outside: list[tuple[int, int]] = []
    for one in candidates:
        deadline, done = one.due, {turn.year for turn in turns[one.id]}
        for year in within:
            if deadline == year:
                due[year].append(one.id)
            if year in done:
                deadline = year + one.interval
            elif deadline <= year:
                overdue[year].append(one.id)
                if deadline == year or year == horizon.first:
                    outside.append((one.id, deadline))
    years = [_year(candidates, turns, horizon, year, due[year], overdue[year]) for year in within]
    decided = [
        replace(one, fixed=one.fixed | {turn.year for turn in turns[one.id]}) if turns[one.id] else one
        for one in candidates
    ]
    return Effect(tuple(years), tuple(outside), feasible(decided, horizon))


def _year(
    candidates: Sequence[Candidate],
    turns: Mapping[int, Sequence[ahead.Turn]],
    horizon: Horizon,
    year: int,
    due: Iterable[int],
    overdue: Iterable[int],
) -> YearEffect:
    hours: dict[Place, int] = {}
    reviews = 0
    for one in candidates:
        for turn in turns[one.id]:
            if turn.year == year:
                place = (year, turn.season, one.team)
                hours[place] = hours.get(place, 0) + one.takes(turn.light)
                reviews += 1
    teams = sorted({team for _, _, team in horizon.capacity} | {team for _, _, team in hours})
    by_team = {team: sum(spent for place, spent in hours.items() if place[2] == team) for team in teams}
    over = sum(max(0, spent - horizon.capacity.get(place, 0)) for place, spent in hours.items())
    capacity = {team: horizon.of_year(year, team) for team in teams}
    return YearEffect(year, reviews, tuple(due), tuple(overdue), by_team, capacity, over)
