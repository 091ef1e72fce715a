"""The planner's problem as HiGHS is given it: a way for each sub-process, hours within what is left, turns spread."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from controls.rotation import horizon as ahead
from controls.rotation.board import Board, Options
from controls.rotation.horizon import OVERLOAD, SPREAD, Crowd, Turn

FOUND = 2
"""HiGHS's word for a solution that keeps everything."""


@dataclass(frozen=True)
class Goal:
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


class Model:
    """Columns and rows: one way for each candidate, its turns in seasons, hours within what is left, turns spread."""

    def __init__(self, board: Board, some: Sequence[int], options: Sequence[Options], goal: Goal) -> None:
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
