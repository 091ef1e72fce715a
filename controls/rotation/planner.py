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
from math import ceil, inf
from typing import Any

from controls.base.why import N_, Reason, Why
from controls.rotation import because, halves
from controls.rotation import horizon as ahead
from controls.rotation.board import Board, Options, options
from controls.rotation.horizon import OVERLOAD, SPREAD, Candidate, Crowd, Horizon, Place, Placed, Turn

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
FOUND = 2
"""HiGHS's word for a solution that keeps everything."""

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


@dataclass(frozen=True)
class _Goal:
    """What is sought: the cheapest plan; the fewest hours above capacity; the cheapest plan with no more such hours."""

    only_over: bool = False
    at_most: float = inf

    @property
    def hour(self) -> int:
        """What an hour above capacity costs: nothing up to a number that is given."""
        return 1 if self.only_over else OVERLOAD if self.at_most == inf else 0

    def of(self, board: Board) -> int:
        """What a plan is worth."""
        return board.over if self.only_over else board.cost - (OVERLOAD - self.hour) * board.over


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
        self._seek(gap, _Goal(), self.most // 2)
        if not board.over and not self.rough:
            return
        bound, cost, turns = self.bound, board.cost, list(board.turns)
        if board.over:
            self._seek(0.0, _Goal(only_over=True), self.most * 3 // 4)
            self.least = ceil(self.bound - 1e-6)
            board.settle()
        self._cheapen(gap, bound)
        if board.over > self.least and board.cost > cost:
            # Fewer hours are worth any price only when they are the fewest.
            self._put(range(len(turns)), turns)
            self._cheapen(gap, bound)

    def _cheapen(self, gap: float, bound: float) -> None:
        """The cheapest plan that exceeds capacity by no more than this one; no plan's cost falls below a bound."""
        goal = _Goal(at_most=self.board.over)
        self.bound = bound - OVERLOAD * self.board.over
        if self._spare(goal) > self._near(gap, goal):
            self._seek(gap, goal, self.most)

    def _spare(self, goal: _Goal) -> float:
        """By how much a plan could be better, at most."""
        return goal.of(self.board) - self.bound

    def _near(self, gap: float, goal: _Goal) -> float:
        """How much better is not worth a search: whole numbers differ by one."""
        return max(0.99, gap * goal.of(self.board), goal.hour * self.rough)

    def _put(self, some: Sequence[int], turns: Sequence[tuple[Turn, ...]]) -> None:
        for at, own in zip(some, turns, strict=True):
            self.board.put(at, own)

    def _seek(self, gap: float, goal: _Goal, most: int) -> None:
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
        self, some: Sequence[int], options: Sequence[Options], goal: _Goal
    ) -> tuple["_Model", list[tuple[Turn, ...]]]:
        """The problem of some candidates, who are taken off the board; and the turns that they had."""
        had = [self.board.turns[at] for at in some]
        self._put(some, [()] * len(some))
        return _Model(self.board, some, options, goal), had


class _Model:
    """Columns and rows: one way for each candidate, its turns in seasons, hours within what is left, turns spread."""

    def __init__(self, board: Board, some: Sequence[int], options: Sequence[Options], goal: _Goal) -> None:
        self.board, self.some, self.options, self.goal = board, some, options, goal
        self.steps = 0
        self.low: list[float] = []
        self.high: list[float] = []
        self.costs: list[float] = []
        self.starts, self.index, self.value = [0], list[int](), list[float]()
        horizon = board.horizon
        self.places = {
            (year, season, team): self._row(-inf, board.left[year, season, team])
            for team in sorted({one.team for one in board.candidates})
            for year in range(horizon.first, horizon.last + 1)
            for season in horizon.all_seasons
        }
        self.crowds: dict[tuple[Crowd, int], int] = {}
        self.first: list[int] = []
        """By candidate: the column of its first way."""
        self.seasons: list[dict[tuple[int, bool], list[tuple[int, int]]]] = []
        """By candidate and turn, where there is a choice: columns and their seasons."""
        for at, own in zip(some, options, strict=True):
            self._candidate(at, own)
        self.integers = len(self.costs)
        crowded = sum(max(0, board.met[kind] - board.even[kind[0]]) for kind in self.crowds)
        self.apart = goal.of(board) - goal.hour * board.over - SPREAD * crowded
        """What the plan of all others costs."""
        limit = [] if goal.at_most == inf else [(self._row(-inf, goal.at_most), 1.0)]
        for row in self.places.values():
            self._column(goal.hour, [(row, -1.0), *limit])
        for row in self.crowds.values():
            self._column(SPREAD, [(row, -1.0)])

    def _row(self, low: float, high: float) -> int:
        self.low.append(low)
        self.high.append(high)
        return len(self.low) - 1

    def _column(self, cost: float, parts: Iterable[tuple[int, float]]) -> int:
        for row, value in parts:
            self.index.append(row)
            self.value.append(value)
        self.starts.append(len(self.index))
        self.costs.append(cost)
        return len(self.costs) - 1

    def _candidate(self, at: int, own: Options) -> None:
        """A column for each way; with a choice of seasons, one for each season of a turn as well."""
        board, one = self.board, self.board.candidates[at]
        seasons, me = board.horizon.seasons_of(one), self._row(1.0, 1.0)
        links: dict[tuple[int, bool], int] = {}
        self.first.append(len(self.costs))
        for price, way in own:
            parts = [(me, 1.0)]
            for year, light in way:
                if len(seasons) == 1:
                    parts.append((self.places[year, seasons[0], one.team], float(one.takes(light))))
                else:
                    if (year, light) not in links:
                        links[year, light] = self._row(0.0, 0.0)
                    parts.append((links[year, light], -1.0))
                for kind in () if self.goal.only_over else board.kinds[at]:
                    if (kind, year) not in self.crowds:
                        self.crowds[kind, year] = self._row(-inf, board.even[kind] - board.met[kind, year])
                    parts.append((self.crowds[kind, year], 1.0))
            self._column(0.0 if self.goal.only_over else float(price), parts)
        self.seasons.append({})
        for (year, light), row in links.items():
            rows = [self.places[year, season, one.team] for season in seasons]
            columns = [self._column(0.0, [(row, 1.0), (place, float(one.takes(light)))]) for place in rows]
            self.seasons[-1][year, light] = list(zip(columns, seasons, strict=True))

    def _load(self, high: Sequence[float], whole: bool) -> Any:
        import highspy
        import numpy

        lp, count = highspy.HighsLp(), len(self.costs)
        lp.num_col_, lp.num_row_ = count, len(self.low)
        lp.col_cost_, lp.col_lower_ = numpy.array(self.costs, dtype=float), numpy.zeros(count)
        lp.col_upper_ = numpy.array([1.0] * self.integers + [inf] * (count - self.integers))
        lp.row_lower_, lp.row_upper_ = numpy.array(self.low, dtype=float), numpy.array(high, dtype=float)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = numpy.array(self.starts, dtype=numpy.int32)
        lp.a_matrix_.index_ = numpy.array(self.index, dtype=numpy.int32)
        lp.a_matrix_.value_ = numpy.array(self.value, dtype=float)
        if whole:
            kinds = highspy.HighsVarType
            lp.integrality_ = [kinds.kInteger] * self.integers + [kinds.kContinuous] * (count - self.integers)
        highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", 1)):
            highs.setOptionValue(name, value)
        highs.passModel(lp)
        return highs

    def relaxed(self) -> float:
        """What no plan falls below: turns may be shared between ways. Crowds are asked about when they are one."""
        lazy = set(self.crowds.values())
        highs = self._load([inf if row in lazy else high for row, high in enumerate(self.high)], whole=False)
        while True:
            highs.run()
            solution = highs.getSolution()
            spent = solution.row_value
            broken = sorted(row for row in lazy if spent[row] > self.high[row] + 1e-6)
            if not broken:
                break
            lazy.difference_update(broken)
            for row in broken:
                highs.changeRowBounds(row, -inf, self.high[row])
        self.values, self.reduced = list(solution.col_value), list(solution.col_dual)
        bound: float = highs.getInfo().objective_function_value
        return bound

    def whole(self, gap: float, nodes: int) -> float:
        """Decide in whole numbers, to within a gap; what none of these plans falls below."""
        highs = self._load(self.high, whole=True)
        for name, value in (("mip_rel_gap", 0.0), ("mip_abs_gap", gap), ("mip_max_nodes", nodes)):
            highs.setOptionValue(name, value)
        highs.run()
        info = highs.getInfo()
        self.steps = int(info.simplex_iteration_count)
        self.values = list(highs.getSolution().col_value) if info.primal_solution_status == FOUND else []
        return float(info.mip_dual_bound + self.apart)

    def turns(self) -> list[tuple[Turn, ...]]:
        """What was found: of each candidate the way that has most of it; nothing when nothing was."""
        found = []
        for at, own, first, seasons in zip(self.some, self.options, self.first, self.seasons, strict=True):
            if not self.values:
                return []
            _, way = own[max(range(len(own)), key=lambda number: (self.values[first + number], -number))]
            only = self.board.horizon.seasons_of(self.board.candidates[at])[0]
            found.append(
                tuple(
                    Turn(
                        form[0],
                        max(seasons[form], key=lambda one: self.values[one[0]])[1] if seasons else only,
                        form[1],
                    )
                    for form in way
                )
            )
        return found

    def doubt(self, at: int, turns: tuple[Turn, ...]) -> tuple[bool, float]:
        """How sure the relaxation is of a candidate's way: whether it is, and what another way costs more."""
        way, first = ahead.way_of(turns), self.first[at]
        shares = [self.values[first + n] for n, (_, other) in enumerate(self.options[at]) if other == way]
        others = [self.reduced[first + n] for n, (_, other) in enumerate(self.options[at]) if other != way]
        return sum(shares) > 1 - 1e-6, min(others, default=inf)

    def open(self, at: int, turns: tuple[Turn, ...], spare: float, count: int) -> Options:
        """The ways of a candidate that a plan can go which is better by up to `spare`, at most so many; and its own."""
        way, first = ahead.way_of(turns), self.first[at]
        ranked = sorted((self.reduced[first + n], n) for n in range(len(self.options[at])))
        near = {n for more, n in ranked[:count] if more <= spare + 1e-6}
        return tuple(own for n, own in enumerate(self.options[at]) if n in near or own[1] == way)
