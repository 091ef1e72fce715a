"""Whether the years ahead are possible: counted, without an optimiser.

Counting proves a no: what must be done between two years takes more hours than there are. A plan that fits proves a
yes. Where reviews of equal hours come once, one of the two always does. Between them small cases are searched through;
for the rest the answer is that of a simulated plan, and says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import gcd

from controls.rotation import horizon as ahead
from controls.rotation.board import Board, options
from controls.rotation.horizon import Candidate, Horizon, Missing, Place, Placed, Way

FEW = 10
"""Up to so many sub-processes of a team all plans are searched through where counting does not decide."""
LOOKS = 20_000
"""How many steps that search takes at most."""


@dataclass(frozen=True)
class Feasibility:
    """Whether every deadline can be kept within capacity, and if not, where it breaks."""

    possible: bool
    exact: bool
    """Proved, and so is the first year that breaks; else simulated."""
    breaks: int | None
    """The first year by whose end not everything can be done."""
    missing: tuple[Missing, ...]
    """The turns without room in all the horizon, by deadline; `lacking` are those of the first year that breaks."""
    added: Mapping[Place, int]
    """A capacity to add that makes it possible: the smallest there is when `smallest`."""
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
    """Whether every deadline can be kept within capacity; what is overdue already may come in any year."""
    by_team: dict[str, list[Candidate]] = {}
    for one in sorted(candidates, key=lambda one: one.id):
        by_team.setdefault(one.team, []).append(one)
    answers = [_Team(of_team, horizon).answer() for _team, of_team in sorted(by_team.items())]
    breaks = min((one.breaks for one in answers if one.breaks is not None), default=None)
    return Feasibility(
        breaks is None,
        any(one.exact for one in answers if one.breaks == breaks) or not answers,
        breaks,
        tuple(sorted((one for answer in answers for one in answer.missing), key=lambda one: (one.by, one.id))),
        {place: hours for answer in answers for place, hours in answer.added.items()},
        sum(one.least for one in answers),
    )


POSSIBLE = Feasibility(True, True, None, (), {}, 0)
Load = tuple[tuple[int, int], ...]
"""Hours by number of the slot."""


class _Team:
    """The question for one team, whose hours nobody else can spend."""

    def __init__(self, candidates: Sequence[Candidate], horizon: Horizon) -> None:
        self.candidates, self.horizon, self.team = candidates, horizon, candidates[0].team
        self.years = range(horizon.first, horizon.last + 1)
        self.ways = [ahead.ways(one, horizon) for one in candidates]
        self.unit = gcd(*(one.takes(light) for one in candidates for light in (False, True))) or 1

    def answer(self) -> Feasibility:
        """Play earliest due first; where something is missing, count; where counting does not decide, search."""
        played = self._played()
        if not played.missing:
            return POSSIBLE
        added: Mapping[Place, int] = ahead.load(self.candidates, played.placed, self.horizon).over
        first, last, few = self.years[0], self.years[-1], len(self.candidates) <= FEW
        missing = [replace(one, by=one.by if one.by >= first else last) for one in played.missing]
        # A turn that is put above capacity in an early year may ask for another one after it.
        once = all(len(turns) <= 1 for turns in played.placed.values())
        breaks, least, exact = min(one.by for one in missing), self._least(), once and self._alike()
        if exact:
            least = sum(added.values())
        elif few and sum(added.values()) > least:
            added, least = self._searched(added, least)
        elif not few and not least:
            added = self._settled(played.placed)
        if not added:
            return POSSIBLE
        if few and least and not exact:
            breaks, exact = self._breaks(breaks)
        elif not exact:
            exact = self._least(breaks) > 0
        return Feasibility(
            False, exact, breaks, tuple(replace(one, by=max(one.by, breaks)) for one in missing), added, least
        )

    def _played(self) -> ahead.Played:
        played = ahead.earliest_due_first(self.candidates, self.horizon)
        return played if not played.missing else ahead.earliest_due_first(
            self.candidates, self.horizon, overdue_last=True
        )  # fmt: skip

    def _breaks(self, since: int) -> tuple[int, bool]:
        """The first year by whose end not everything can be done, asked of one year after the other."""
        for year in range(since, self.years[-1]):
            until = self._until(year)
            played = until._played()
            if played.missing:
                over = ahead.load(until.candidates, played.placed, until.horizon).over
                added, least = until._searched(over, until._least())
                if added:
                    return year, least > 0
        return self.years[-1], True

    def _alike(self) -> bool:
        """Whether reviews of equal hours come once, in any season: earliest due first is then exact."""
        hours = {one.takes(light) for one, ways in zip(self.candidates, self.ways, strict=True)
                 for way in ways for _year, light in way}  # fmt: skip
        once = all(len(way) <= 1 for ways in self.ways for way in ways)
        return once and len(hours) == 1 and not any(one.seasons for one in self.candidates)

    def _until(self, year: int) -> "_Team":
        """The same question for what is needed by the end of a year."""
        due = self.years[-1]
        candidates = [replace(one, due=due) if one.due < self.years[0] else one for one in self.candidates]
        return _Team(candidates, replace(self.horizon, years=year - self.years[0] + 1))

    def _least(self, until: int | None = None) -> int:
        """The hours that are lacking at least, counted: what must be done between two years beyond what there is."""
        ends = self.years if until is None else range(until, until + 1)
        best = dict.fromkeys(range(self.years[0] - 1, self.years[-1] + 1), 0)
        for last in ends:
            for first in range(self.years[0], last + 1):
                best[last] = max(best[last], best[last - 1], best[first - 1] + self._lacking(first, last))
        return best[ends[-1]]

    def _lacking(self, first: int, last: int) -> int:
        """Hours that are lacking between two years; what is left of a slot below the common unit is of no use."""
        rooms = [
            max(0, self.horizon.capacity.get((year, season, self.team), 0))
            for year in range(first, last + 1)
            for season in self.horizon.all_seasons
        ]
        more = self._needed(first, last) - sum(room - room % self.unit for room in rooms)
        if more <= 0:
            return 0
        units = more // self.unit
        return more - sum(sorted((room % self.unit for room in rooms), reverse=True)[:units])

    def _needed(self, first: int, last: int) -> int:
        """Hours that must be spent between two years, whichever way each goes."""
        return sum(
            _fewest(ways, one.takes(False), one.takes(True), first, last)
            for one, ways in zip(self.candidates, self.ways, strict=True)
        )

    def _settled(self, placed: Placed) -> Mapping[Place, int]:
        """What is above capacity when the played plan has been mended."""
        board = Board(self.candidates, options(self.candidates, self.horizon), self.horizon, spread=False)
        for at, one in enumerate(self.candidates):
            board.put(at, placed[one.id])
        board.settle()
        return {place: -left for place, left in sorted(board.left.items()) if left < 0}

    def _searched(self, added: Mapping[Place, int], least: int) -> tuple[Mapping[Place, int], int]:
        """The smallest capacity to add, among all plans; what was known before where there are too many to look at."""
        search = _Search(self.candidates, self.ways, self.horizon, sum(added.values()))
        done = search.run()
        found = added if search.found is None else search.found
        return found, sum(found.values()) if done else least


@lru_cache(maxsize=50_000)
def _fewest(ways: tuple[Way, ...], hours: int, light_hours: int, first: int, last: int) -> int:
    return min(sum(light_hours if light else hours for year, light in way if first <= year <= last) for way in ways)


class _Search:
    """All plans of a few candidates, but for those that cannot lack less than the best so far."""

    def __init__(
        self, candidates: Sequence[Candidate], ways: Sequence[tuple[Way, ...]], horizon: Horizon, best: int
    ) -> None:
        self.best, self.looks = best, 0
        self.found: Mapping[Place, int] | None = None
        self.seen: set[tuple[int, tuple[int, ...]]] = set()
        team, seasons = candidates[0].team, horizon.all_seasons
        self.places = [(year, season, team) for year in range(horizon.first, horizon.last + 1) for season in seasons]
        self.room = tuple(max(0, horizon.capacity.get(place, 0)) for place in self.places)
        numbers = {place: number for number, place in enumerate(self.places)}
        loads = []
        for one, own in zip(candidates, ways, strict=True):
            found = {
                tuple(
                    (numbers[year, season, team], one.takes(light))
                    for (year, light), season in zip(way, kinds, strict=True)
                )
                for way in own
                for kinds in product(horizon.seasons_of(one), repeat=len(way))
            }
            loads.append((len(found), one.id, sorted(found)))
        self.loads = [choices for _count, _id, choices in sorted(loads)]
        count = len(self.places)
        self.ranges = [(first, last) for first in range(count) for last in range(first + 1, count + 1)]
        needs = [[0] * len(self.ranges)]
        for choices in reversed(self.loads):
            least = [min(sum(h for n, h in load if a <= n < b) for load in choices) for a, b in self.ranges]
            needs.append([more + here for more, here in zip(needs[-1], least, strict=True)])
        self.needs = needs[::-1]

    def run(self) -> bool:
        """Look at all; whether there was time for it."""
        return self._go(0, self.room, 0)

    def _go(self, at: int, left: tuple[int, ...], over: int) -> bool:
        free = [max(0, one) for one in left]
        lacks = max(need - sum(free[a:b]) for need, (a, b) in zip(self.needs[at], self.ranges, strict=True))
        if over + max(0, lacks) >= self.best or (at, left) in self.seen:
            return True
        if at == len(self.loads):
            self.best = over
            self.found = {place: -one for place, one in zip(self.places, left, strict=True) if one < 0}
            return True
        self.seen.add((at, left))
        self.looks += 1
        if self.looks > LOOKS:
            return False
        after = sorted(self._after(load, left) for load in self.loads[at])
        return all(self._go(at + 1, then, over) for over, then in after)

    def _after(self, load: Load, left: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        then = list(left)
        for number, hours in load:
            then[number] -= hours
        return -sum(one for one in then if one < 0), tuple(then)
