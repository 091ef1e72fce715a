"""The best plan of the years ahead, by mixed integer optimisation (HiGHS), with the gap that is proved.

A sub-process goes one of its ways; deadlines and decided years are hard, capacity may be exceeded at a price, and the
fewest hours above it that there can be, when they are found, come before anything else; where not even earliest due
first keeps within it, to within a working day, unless the plan is to be the very best. What shares no team, area or
owner is planned apart. The relaxation is solved first: it is what no plan falls below, and leaves few sub-processes
undecided. They and those that are cheapest to move are then decided in whole numbers, some more at a time, until the
gap is small enough; at last all that could still be part of a better plan. One thread, a fixed seed, limits of steps
and none of time: the same answer every time, whatever the order of what is given.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from controls.base.why import N_, Reason, Why
from controls.rotation import because, halves
from controls.rotation import horizon as ahead
from controls.rotation.board import Board, Options, options
from controls.rotation.horizon import OVERLOAD, Candidate, Horizon, Place, Placed, Turn
from controls.rotation.model import Goal, Model

GAP = 0.0095
"""How near to the best the plan is proved to be before the search ends, as a share of its cost."""
ROUGH = 7
"""Hours above capacity, about a working day, that are not searched for where no plan is known to keep within it."""
KERNELS = (20, 40, 80)
"""How many sub-processes are decided in whole numbers at a time, before all are."""
NODES = 20
"""Branches that are looked into for some."""
STEPS = 60_000
"""Steps of the simplex method that are spent on whole numbers, about; each part has its share of them."""
STEPS_OF_ROW = 4
"""How many of them a branch takes for each row, about."""
WAYS = 5
"""How many ways of each are considered then: those nearest to the relaxation's."""
MOST = 500
"""How many ways there may be to choose from in whole numbers at the last."""

LACKS = Why("plan.lacks", N_("No plan keeps every deadline within capacity: {hours} hours are lacking in all."))
LACKS_IN = Why("plan.lacks_in", N_("{hours} hours are lacking in {year}."))
LACKS_OF = Why("plan.lacks_of", N_("{hours} hours of {team} are lacking in {year}."))
LACKS_LESS = Why(
    "plan.lacks_less",
    N_("No plan keeps every deadline within capacity: the best that was found lacks {hours} hours, and {least} are "
       "lacking in any."),
)  # fmt: skip
NOT_FOUND = Why(
    "plan.not_found",
    N_("No plan that keeps every deadline within capacity was found. The best that was found lacks {hours} hours."),
)


@dataclass(frozen=True)
class Placement:
    """A turn of a sub-process, and why it is there."""

    id: int
    turn: Turn
    hours: int
    why: Reason


@dataclass(frozen=True)
class Plan:
    """The turns of the horizon, what they cost, and what is lacking."""

    placements: tuple[Placement, ...]
    placed: Placed
    cost: int
    gap: float
    """How much cheaper a plan with no more overload could be at most, as a share of this one's cost: proved."""
    hours: Mapping[Place, int]
    lacking: Mapping[Place, int]
    """Hours above capacity by place: empty when the plan keeps within it."""
    least: int
    """The hours above capacity that every plan has: proved. When `lacking` has no more, no smaller relaxation does."""
    why_not: tuple[Reason, ...] = ()
    """Why there is no plan within capacity: what is lacking, and where."""


def plan(
    candidates: Iterable[Candidate], horizon: Horizon, gap: float = GAP, told: Callable[[int, int], None] | None = None
) -> Plan:
    """The best plan, proved to within `gap` if it can be; `told` hears how many sub-processes of all are placed."""
    given = sorted(candidates, key=lambda one: one.id)
    placed: dict[int, tuple[Turn, ...]] = {}
    whys: dict[int, list[Reason]] = {}
    cost, bound, least = 0, 0.0, 0
    steps, rest = STEPS, len(given)
    for part in _parts(given, horizon):
        search = _Search(part, horizon, steps * len(part) // rest)
        search.run(gap)
        if any(one.slots for one in part):
            halves.keep(search.board)
            search.board.settle()
        steps, rest = steps - search.steps, rest - len(part)
        placed |= search.board.placed()
        whys |= because.reasons(search.board)
        cost, bound, least = cost + search.board.cost, bound + search.bound, least + search.least
        if told:
            told(len(placed), len(given))
    asked = ahead.load(given, placed, horizon)
    own = cost - OVERLOAD * sum(asked.over.values())
    gap_left = max(0.0, own - bound) / max(1, own)
    placements = tuple(
        Placement(one.id, turn, one.takes(turn.light), why)
        for one in given
        for turn, why in zip(placed[one.id], whys[one.id], strict=True)
    )
    return Plan(placements, placed, cost, gap_left, asked.hours, asked.over, least, why_not(asked.over, least))


def why_not(over: Mapping[Place, int], least: int) -> tuple[Reason, ...]:
    """Why there is no plan within capacity: how much is lacking, how much of it is proved, and where."""
    if not over:
        return ()
    lacking = sum(over.values())
    less = LACKS_LESS(hours=lacking, least=least) if least else NOT_FOUND(hours=lacking)
    first = LACKS(hours=lacking) if lacking == least else less
    where: dict[tuple[int, str], int] = {}
    for (year, _season, team), hours in over.items():
        where[year, team] = where.get((year, team), 0) + hours
    return first, *(
        LACKS_OF(hours=hours, team=team, year=year) if team else LACKS_IN(hours=hours, year=year)
        for (year, team), hours in sorted(where.items())
    )


def _parts(candidates: Sequence[Candidate], horizon: Horizon) -> list[list[Candidate]]:
    """The candidates, taken apart where they share no team and no area or owner that may get crowded."""
    even = ahead.shares(candidates, horizon)
    root: dict[object, object] = {}

    def find(kind: object) -> object:
        while (above := root.setdefault(kind, kind)) != kind:
            root[kind] = root[above]
            kind = above
        return kind

    for one in candidates:
        for kind in ahead.crowds(one):
            if kind in even:
                root[find(kind)] = find(one.team)
    parts: dict[object, list[Candidate]] = {}
    for one in candidates:
        parts.setdefault(find(one.team), []).append(one)
    return list(parts.values())


class _Search:
    """The search for the best plan of a part: the plan so far, and what no plan falls below."""

    def __init__(self, candidates: Sequence[Candidate], horizon: Horizon, most: int) -> None:
        self.board = Board(candidates, options(candidates, horizon), horizon)
        self.bound, self.least, self.rough = 0.0, 0, 0
        self.steps, self.most = 0, most
        """Steps of the simplex method spent on whole numbers, and those that may be."""

    def run(self, gap: float) -> None:
        """The cheapest plan; if it exceeds capacity, the least excess is sought, and the cheapest plan with no more."""
        board = self.board
        if gap and ahead.earliest_due_first(board.candidates, board.horizon).missing:
            self.rough = ROUGH
        self._seek(gap, Goal(), self.most // 2)
        if not board.over and not self.rough:
            return
        bound, cost, turns = self.bound, board.cost, list(board.turns)
        if board.over:
            self._seek(0.0, Goal(only_over=True), self.most * 3 // 4)
            self.least = ceil(self.bound - 1e-6)
            board.settle()
        self._cheapen(gap, bound)
        if board.over > self.least and board.cost > cost:
            # Fewer hours are worth any price only when they are the fewest.
            self._put(range(len(turns)), turns)
            self._cheapen(gap, bound)

    def _cheapen(self, gap: float, bound: float) -> None:
        """The cheapest plan that exceeds capacity by no more than this one; no plan's cost falls below a bound."""
        goal = Goal(at_most=self.board.over)
        self.bound = bound - OVERLOAD * self.board.over
        if self._spare(goal) > self._near(gap, goal):
            self._seek(gap, goal, self.most)

    def _spare(self, goal: Goal) -> float:
        """By how much a plan could be better, at most."""
        return goal.of(self.board) - self.bound

    def _near(self, gap: float, goal: Goal) -> float:
        """How much better is not worth a search: whole numbers differ by one."""
        return max(0.99, gap * goal.of(self.board), goal.hour * self.rough)

    def _put(self, some: Sequence[int], turns: Sequence[tuple[Turn, ...]]) -> None:
        for at, own in zip(some, turns, strict=True):
            self.board.put(at, own)

    def _seek(self, gap: float, goal: Goal, most: int) -> None:
        """Decide in whole numbers, some candidates more at a time, until no plan can be much better or time is up."""
        board, everyone = self.board, range(len(self.board.turns))
        model, had = self._model(everyone, board.options, goal)
        self.bound = model.relaxed()
        if any(had):
            self._put(everyone, had)
        else:
            self._put(everyone, model.turns())
            board.settle()
        order = sorted(everyone, key=lambda at: (*model.doubt(at, board.turns[at]), at))
        stages = [size for size, before in zip(KERNELS, (0, *KERNELS), strict=False) if before < len(order)]
        for size in (*stages, None):
            spare, near, whole = self._spare(goal), self._near(gap, goal), size is None
            if spare <= near or self.steps >= most:
                return
            count = MOST if whole else WAYS
            open_ = {at: model.open(at, board.turns[at], spare, count) for at in order[:size]}
            some = sorted(at for at, ways in open_.items() if len(ways) > 1 or board.choice(at))
            if sum(len(open_[at]) for at in some) > MOST:
                return
            part, had = self._model(some, [open_[at] for at in some], goal)
            nodes = max(NODES, (most - self.steps) // (STEPS_OF_ROW * len(part.low))) if whole else NODES
            bound = part.whole(near, nodes)
            self.steps += part.steps
            self._put(some, part.turns() or had)
            if self._spare(goal) >= spare or board.over > goal.at_most:
                self._put(some, had)
            if not goal.only_over:
                board.settle()
            if whole:
                self.bound = max(self.bound, min(bound, float(goal.of(board))))
                return

    def _model(
        self, some: Sequence[int], options: Sequence[Options], goal: Goal
    ) -> tuple[Model, list[tuple[Turn, ...]]]:
        """The problem of some candidates, who are taken off the board; and the turns that they had."""
        had = [self.board.turns[at] for at in some]
        self._put(some, [()] * len(some))
        return Model(self.board, some, options, goal), had
