"""A plan being weighed: what is left in each place, who is asked for how much, and what a change would do."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from controls.rotation import horizon as ahead
from controls.rotation.horizon import OVERLOAD, SPREAD, Candidate, Crowd, Horizon, Place, Turn, Way

Options = tuple[tuple[int, Way], ...]
"""A sub-process's ways with their prices, the cheapest first."""


def options(candidates: Iterable[Candidate], horizon: Horizon) -> list[Options]:
    """The ways of each candidate; reckoned once for those that are alike."""
    known: dict[object, Options] = {}
    found = []
    for one in candidates:
        alike = (one.risk, one.hours, one.due, one.interval, one.light_hours, one.light_last, one.fixed, one.standing)
        if alike not in known:
            known[alike] = tuple(sorted((ahead.price(one, way, horizon), way) for way in ahead.ways(one, horizon)))
        found.append(known[alike])
    return found


class Board:
    """The turns of candidates, and what they leave."""

    def __init__(
        self, candidates: Sequence[Candidate], options: Sequence[Options], horizon: Horizon, *, spread: bool = True
    ) -> None:
        self.candidates, self.options, self.horizon = candidates, options, horizon
        self.even = ahead.shares(candidates, horizon) if spread else {}
        self.kinds = [[kind for kind in ahead.crowds(one) if kind in self.even] for one in candidates]
        self.left: Counter[Place] = Counter(horizon.capacity)
        self.met: Counter[tuple[Crowd, int]] = Counter()
        self.turns: list[tuple[Turn, ...]] = [()] * len(candidates)
        self.prices = [0] * len(candidates)

    def put(self, at: int, turns: tuple[Turn, ...]) -> None:
        """Give a candidate these turns instead of those it has."""
        for sign, changed in ((-1, self.turns[at]), (1, turns)):
            for turn in changed:
                self.left[self.place(at, turn)] -= sign * self.candidates[at].takes(turn.light)
                for kind in self.kinds[at]:
                    self.met[kind, turn.year] += sign
        self.turns[at] = turns
        self.prices[at] = ahead.price(self.candidates[at], ahead.way_of(turns), self.horizon)

    def choice(self, at: int) -> bool:
        """Whether a candidate's turns can be in several seasons."""
        return len(self.horizon.seasons_of(self.candidates[at])) > 1

    def place(self, at: int, turn: Turn) -> Place:
        """Where a turn takes its hours."""
        return turn.year, turn.season, self.candidates[at].team

    @property
    def over(self) -> int:
        """Hours above capacity."""
        return -sum(left for left in self.left.values() if left < 0)

    @property
    def cost(self) -> int:
        """What the plan costs in all."""
        crowded = sum(max(0, count - self.even[kind]) for (kind, _year), count in self.met.items())
        return sum(self.prices) + OVERLOAD * self.over + SPREAD * crowded

    def fitting(self, at: int, way: Way) -> tuple[Turn, ...] | None:
        """The turns of another way in seasons with room, where no area and no owner gets too many; None without."""
        one, mine = self.candidates[at], self.turns[at]
        held = {self.place(at, turn): one.takes(turn.light) for turn in mine}
        years = {turn.year for turn in mine}
        found = []
        for year, light in way:
            if year not in years and any(self.met[kind, year] >= self.even[kind] for kind in self.kinds[at]):
                return None
            for season in self.horizon.seasons_of(one):
                place = (year, season, one.team)
                if self.left[place] + held.get(place, 0) >= one.takes(light):
                    found.append(Turn(year, season, light))
                    break
            else:
                return None
        return tuple(found)

    def settle(self) -> None:
        """Let each candidate go the cheapest way that fits, until none can go a cheaper one or leave a full place."""
        moved = True
        while moved:
            moved = False
            for at, mine in enumerate(self.turns):
                now = ahead.way_of(mine)
                crammed = any(self.left[self.place(at, turn)] < 0 for turn in mine)
                for _price, way in self.options[at]:
                    if way == now and not crammed:
                        break
                    turns = self.fitting(at, way)
                    if turns is not None:
                        self.put(at, turns)
                        moved = True
                    if turns is not None:
                        break

    def placed(self) -> Mapping[int, tuple[Turn, ...]]:
        """The turns by sub-process."""
        return {one.id: turns for one, turns in zip(self.candidates, self.turns, strict=True)}
