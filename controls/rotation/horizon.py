"""The years ahead as plain values: which turns of review they need, what a plan of them costs, earliest due first.

A sub-process has its turn by the end of its due year, and again at most its interval after each turn, as long as the
horizon lasts; what is decided stays. What is overdue already may come late, which costs. No turn is planned that could
be left out without making anything late, and each is light where it may be. Hours are whole.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from heapq import heappop, heappush
from math import ceil
from typing import NamedTuple

Slot = tuple[int, int]
"""A year and a season of it."""
Place = tuple[int, int, str]
"""A year, a season and a team: what has a capacity."""
Form = tuple[int, bool]
"""A year and whether the review is light: a turn before its season is chosen."""
Way = tuple[Form, ...]
"""A sub-process's turns within the horizon, in order."""

HOUR = 60
"""What an hour of review costs. It pays for an interval: coming early gives a year's share of it away."""
LATE = 60
"""What a year of delay costs per hour for what is overdue already, besides its risk score (1–25): never worth it."""
CHANGE = 20
"""What an hour costs in a year where the standing plan does not have the sub-process."""
SPREAD = 200
"""What each turn costs that an area or an owner has in a year beyond its even share and one."""
OVERLOAD = 10_000
"""What an hour above capacity costs; the fewest there can be are asked for before anything else (see `planner`)."""


class Turn(NamedTuple):
    """A review in a year and season, ordinary or light."""

    year: int
    season: int = 1
    light: bool = False


Placed = Mapping[int, tuple[Turn, ...]]
"""By sub-process: its turns, in order."""


@dataclass(frozen=True)
class Candidate:
    """A sub-process to be placed: what the planner knows of it."""

    id: int
    risk: int
    hours: int
    due: int
    interval: int
    team: str = ""
    area: str = ""
    owner: int | None = None
    light_hours: int | None = None
    """Hours of a light review; None when only an ordinary one may cover it."""
    light_last: bool = False
    """A light review covers it now: never twice running."""
    fixed: frozenset[int] = frozenset()
    """The years decided for it: chosen, or deferred to; a deferral is a later due year too."""
    standing: frozenset[int] | None = None
    """Its years in the standing plan; None when that does not know it."""
    seasons: frozenset[int] = frozenset()
    """The seasons in which it can be reviewed; none named: all."""
    slots: frozenset[Slot] = frozenset()
    """Where the standing plan has chosen a season too."""

    def takes(self, light: bool) -> int:
        """Hours of its review."""
        return self.light_hours if light and self.light_hours is not None else self.hours


@dataclass(frozen=True)
class Horizon:
    """Years, seasons and capacity in hours of each team; what is not named has none."""

    first: int
    years: int
    capacity: Mapping[Place, int]
    seasons: int = 1

    @property
    def last(self) -> int:
        """The last year."""
        return self.first + self.years - 1

    @cached_property
    def all_seasons(self) -> tuple[int, ...]:
        """The seasons of a year."""
        return tuple(range(1, self.seasons + 1))

    def seasons_of(self, one: Candidate) -> tuple[int, ...]:
        """The seasons in which a sub-process can be reviewed."""
        return tuple(season for season in self.all_seasons if season in one.seasons) or self.all_seasons


def ways(one: Candidate, horizon: Horizon) -> tuple[Way, ...]:
    """Every way to place a sub-process that keeps its deadlines and decided years, and holds nothing superfluous."""
    fixed = frozenset(year for year in one.fixed if horizon.first <= year <= horizon.last)
    due = max(horizon.first - 1, min(one.due, horizon.last + 1))
    return _ways(horizon.first, horizon.last, due, one.interval, fixed, one.light_hours is not None, one.light_last)


@lru_cache(maxsize=10_000)
def _ways(
    first: int, last: int, due: int, interval: int, fixed: frozenset[int], light: bool, light_last: bool
) -> tuple[Way, ...]:
    found: list[Way] = []

    def spare(before: int | None, year: int, after: int | None) -> bool:
        """Whether nothing would be later without the turn of a year."""
        limit = due if before is None else before + interval
        return year not in fixed and limit >= (last + 1 if after is None else after)

    def go(years: tuple[int, ...]) -> None:
        before, year = years[-2] if len(years) > 1 else None, years[-1] if years else None
        limit = year + interval if year is not None else last if due < first else due
        wanted = min((one for one in fixed if year is None or one > year), default=None)
        needed = due <= last if year is None else limit <= last
        if not needed and wanted is None and (year is None or not spare(before, year, None)):
            found.extend(tuple(zip(years, forms, strict=True)) for forms in _forms(len(years), light, light_last))
        start = first if year is None else year + 1
        for after in range(start, min(limit, last, wanted or last) + 1):
            if year is None or not spare(before, year, after):
                go((*years, after))

    go(())
    return tuple(found)


@lru_cache(maxsize=1000)
def _forms(count: int, light: bool, light_last: bool) -> tuple[tuple[bool, ...], ...]:
    """Ordinary or light for turns in order: never light twice running, and light wherever it could be."""
    if not light:
        return ((False,) * count,)
    found: list[tuple[bool, ...]] = []

    def go(forms: tuple[bool, ...]) -> None:
        if len(forms) == count:
            around = (light_last, *forms, False)
            if all(any(around[at : at + 3]) for at in range(count)):
                found.append(forms)
            return
        if not (forms[-1] if forms else light_last):
            go((*forms, True))
        go((*forms, False))

    go(())
    return tuple(found)


def price(one: Candidate, way: Way, horizon: Horizon) -> int:
    """What a way costs by itself: hours, less what lasts beyond the horizon; waiting by risk; change of the plan."""
    if not way:
        return 0
    (first, light), (last, last_light), standing = way[0], way[-1], one.standing
    spent = HOUR * sum(one.takes(light) for _year, light in way)
    beyond = HOUR // one.interval * one.takes(last_light) * (last + one.interval - horizon.last)
    waiting = one.risk + (LATE if one.due < horizon.first else 0)
    waited = one.takes(light) * waiting * (first - horizon.first)
    moved = 0 if standing is None else sum(one.takes(light) for year, light in way if year not in standing)
    return spent - beyond + waited + CHANGE * moved


def way_of(turns: Iterable[Turn]) -> Way:
    """The way that turns go, seasons left aside."""
    return tuple((turn.year, turn.light) for turn in turns)


@dataclass(frozen=True)
class Load:
    """What a plan asks of the teams."""

    hours: Mapping[Place, int]
    over: Mapping[Place, int]
    """Hours above capacity, where there are any."""


Crowd = tuple[str, object]
"""An area or an owner."""


def crowds(one: Candidate) -> list[Crowd]:
    """The area and the owner that a turn of the sub-process asks something of."""
    found: list[Crowd] = [("area", one.area)] if one.area else []
    return [*found, ("owner", one.owner)] if one.owner is not None else found


def shares(candidates: Iterable[Candidate], horizon: Horizon) -> dict[Crowd, int]:
    """How many turns in a year an area and an owner may have: the even share of what is needed, rounded up, and one."""
    counts: Counter[Crowd] = Counter()
    for one in candidates:
        needed = min(map(len, ways(one, horizon)))
        for kind in crowds(one):
            counts[kind] += needed
    return {kind: ceil(count / horizon.years) + 1 for kind, count in counts.items() if count > 2}


def load(candidates: Iterable[Candidate], placed: Placed, horizon: Horizon) -> Load:
    """Hours by place, and what is above capacity."""
    hours: dict[Place, int] = {}
    for one in candidates:
        for year, season, light in placed.get(one.id, ()):
            place = (year, season, one.team)
            hours[place] = hours.get(place, 0) + one.takes(light)
    over = {place: spent - horizon.capacity.get(place, 0) for place, spent in sorted(hours.items())}
    return Load(hours, {place: more for place, more in over.items() if more > 0})


def cost(candidates: Sequence[Candidate], placed: Placed, horizon: Horizon) -> int:
    """What a plan costs in all; the planner's figure and that of earliest due first are this one."""
    own = sum(price(one, way_of(placed.get(one.id, ())), horizon) for one in candidates)
    met = Counter((kind, turn.year) for one in candidates for turn in placed.get(one.id, ()) for kind in crowds(one))
    even = shares(candidates, horizon)
    crowded = sum(max(0, count - even.get(kind, count)) for (kind, _year), count in met.items())
    return own + OVERLOAD * sum(load(candidates, placed, horizon).over.values()) + SPREAD * crowded


@dataclass(frozen=True)
class Missing:
    """A turn that found no room by its deadline, and where it was put above capacity."""

    id: int
    by: int
    turn: Turn


@dataclass(frozen=True)
class Played:
    """A plan made by earliest due first."""

    placed: dict[int, tuple[Turn, ...]]
    missing: tuple[Missing, ...]


def earliest_due_first(candidates: Iterable[Candidate], horizon: Horizon, *, overdue_last: bool = False) -> Played:
    """The plan of a patient person: what is decided, then by deadline and risk, each as late as there is room.

    What is overdue comes first and as early as there is room, or last. Without any room a turn goes where it exceeds
    capacity least. For reviews of equal hours that come once, this places all that can be placed, whatever the order.
    """
    return _Player(candidates, horizon, overdue_last).played()


class _Player:
    """What is left in each place, and whose turn is next."""

    def __init__(self, candidates: Iterable[Candidate], horizon: Horizon, overdue_last: bool) -> None:
        self.horizon, self.overdue_last = horizon, overdue_last
        self.left = dict(horizon.capacity)
        self.turns: dict[int, list[Turn]] = {}
        self.decided: dict[int, list[Turn]] = {}
        self.missing: list[Missing] = []
        self.queue: list[tuple[int, int, int, int, Candidate]] = []
        self.candidates = sorted(candidates, key=lambda one: one.id)
        for one in self.candidates:
            self.turns[one.id], self.decided[one.id] = [], []
            for year in sorted(one.fixed):
                if horizon.first <= year <= horizon.last:
                    self._decide(one, year)
            self._ask(one, one.due)

    def _decide(self, one: Candidate, year: int) -> None:
        """Keep room in a decided year, until it is known whether the review is light."""
        light = one.light_hours is not None
        season = max(self.horizon.seasons_of(one), key=lambda season: self.left.get((year, season, one.team), 0))
        self.decided[one.id].append(Turn(year, season, light))
        self._take(one, self.decided[one.id][-1])

    def _ask(self, one: Candidate, due: int) -> None:
        decided, late = self.decided[one.id], due < self.horizon.first
        deadline = self.horizon.last if late and self.overdue_last else due
        if decided and (late or decided[0].year <= due):
            deadline = decided[0].year
        if deadline <= self.horizon.last:
            heappush(self.queue, (deadline, -one.risk, one.id, due, one))

    def played(self) -> Played:
        """The whole plan."""
        while self.queue:
            _deadline, _risk, _id, due, one = heappop(self.queue)
            turns = self.turns[one.id]
            light = one.light_hours is not None and not (turns[-1].light if turns else one.light_last)
            decided = self.decided[one.id]
            if decided and (due < self.horizon.first or decided[0].year <= due):
                kept = decided.pop(0)
                self._take(one, kept, -1)
                turn = kept._replace(light=light)
            else:
                turn = self._placed(one, due, light)
            turns.append(turn)
            self._take(one, turn)
            self._ask(one, turn.year + one.interval)
        self._too_much_decided()
        return Played({id: tuple(turns) for id, turns in self.turns.items()}, tuple(self.missing))

    def _too_much_decided(self) -> None:
        """Where decided turns alone exceed capacity, those of the lowest risk are missing too."""
        over = {place: -left for place, left in self.left.items() if left < 0}
        forced = {(one.id, one.turn) for one in self.missing}
        there: dict[Place, list[tuple[int, int, Candidate, Turn]]] = {}
        for one in self.candidates:
            for turn in self.turns[one.id]:
                place = (turn.year, turn.season, one.team)
                if (one.id, turn) in forced and place in over:
                    over[place] -= one.takes(turn.light)
                elif place in over:
                    there.setdefault(place, []).append((one.risk, -one.id, one, turn))
        for place, more in sorted(over.items()):
            for _risk, _id, one, turn in sorted(there.get(place, ()), key=lambda one: one[:2]):
                if more > 0 and turn.year in one.fixed:
                    self.missing.append(Missing(one.id, turn.year, turn))
                    more -= one.takes(turn.light)

    def _placed(self, one: Candidate, due: int, light: bool) -> Turn:
        """The first slot with room for what is overdue, the last one for the rest; else the one that lacks least."""
        first = self.turns[one.id][-1].year + 1 if self.turns[one.id] else self.horizon.first
        late, team, needed = due < self.horizon.first, one.team, one.takes(light)
        years = range(first, (self.horizon.last if late else due) + 1)
        slots = [(year, season) for year in (years if late else years[::-1]) for season in self.horizon.seasons_of(one)]
        for slot in slots:
            if self.left.get((*slot, team), 0) >= needed:
                return Turn(*slot, light)
        turn = Turn(*max(slots, key=lambda slot: max(0, self.left.get((*slot, team), 0))), light)
        self.missing.append(Missing(one.id, due, turn))
        return turn

    def _take(self, one: Candidate, turn: Turn, sign: int = 1) -> None:
        place = (turn.year, turn.season, one.team)
        self.left[place] = self.left.get(place, 0) - sign * one.takes(turn.light)
