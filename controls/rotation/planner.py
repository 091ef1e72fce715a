"""The best plan of the years ahead, by mixed integer optimisation (HiGHS), with the gap that is proved.

A sub-process goes one of its ways; deadlines and decided years are hard, capacity may be exceeded at a price. When the
best plan exceeds it, the least excess there is is asked for before anything else: then no plan keeps both, and that
excess is what is lacking. One thread, a fixed seed and no limit of time: the same answer every time, whatever the order
of what is given.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controls.base.why import N_, Reason, Why
from controls.rotation import horizon as ahead
from controls.rotation.horizon import OVERLOAD, SPREAD, Candidate, Horizon, Place, Placed, Turn, Way

GAP = 0.005
"""How near to the best the plan is proved to be before the search ends."""

FIXED = Why("plan.fixed", N_("Decided for {year}."))
OVERDUE = Why("plan.overdue", N_("Was due in {due}."))
DUE = Why("plan.due", N_("Is due in {due}."))
AGAIN = Why("plan.again", N_("Again {interval} years after {before}."))
RISK = Why("plan.risk", N_("High risk (score {risk}) comes before it is due in {due}."))
STAYS = Why("plan.stays", N_("Stays in {year} as in the standing plan."))
FULL = Why("plan.full", N_("Moved from {best}, where {left} hours are left and {hours} are needed."))
CROWDED = Why("plan.crowded", N_("Moved from {best}, where its area or its owner has enough reviews already."))
EVEN = Why("plan.even", N_("Placed in {year}, which gives the best plan as a whole."))
LACKS = Why("plan.lacks", N_("No plan keeps every deadline within the hours there are: {hours} hours are lacking."))


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
    """How much cheaper a plan could be at most, as a share of this one's cost: proved."""
    hours: Mapping[Place, int]
    lacking: Mapping[Place, int]
    """Hours above capacity by place: empty when the plan keeps within it."""
    least: int
    """The hours above capacity that every plan has: proved. The smallest relaxation is found when `lacking` has it."""
    why_not: tuple[Reason, ...] = ()
    """Why there is no plan within capacity."""


def plan(
    candidates: Iterable[Candidate], horizon: Horizon, gap: float = GAP, told: Callable[[int, int], None] | None = None
) -> Plan:
    """The best plan, proved to within `gap`; `told` hears how many of how many steps are done."""
    given = sorted(candidates, key=lambda one: one.id)
    model = _Model(given, horizon)
    placed, bound, least = model.solve(gap)
    cost, asked = ahead.cost(given, placed, horizon), ahead.load(given, placed, horizon)
    placements = tuple(
        Placement(one.id, turn, one.takes(turn.light), _why(one, placed[one.id], at, horizon))
        for one in given
        for at, turn in enumerate(placed[one.id])
    )
    lacking = sum(asked.over.values())
    why_not = (LACKS(hours=lacking),) if lacking else ()
    if told:
        told(1, 1)
    return Plan(
        placements, placed, cost, max(0.0, cost - bound) / max(1, cost), asked.hours, asked.over, least, why_not
    )


def _why(one: Candidate, turns: Sequence[Turn], at: int, horizon: Horizon) -> Reason:
    year = turns[at].year
    if year in one.fixed:
        return FIXED(year=year)
    if at and year == turns[at - 1].year + one.interval:
        return AGAIN(interval=one.interval, before=turns[at - 1].year)
    if not at and one.due < horizon.first:
        return OVERDUE(due=one.due)
    if not at and one.due == year:
        return DUE(due=year)
    if one.standing is not None and year in one.standing:
        return STAYS(year=year)
    return EVEN(year=year)


class _Model:
    """The columns and rows of the whole problem."""

    def __init__(self, candidates: Sequence[Candidate], horizon: Horizon) -> None:
        import highspy
        import numpy

        self.candidates, self.horizon, self.numpy, self.highspy = candidates, horizon, numpy, highspy
        self.costs: list[float] = []
        self.upper: list[float] = []
        self.whole: list[bool] = []
        self.rows: list[tuple[float, float, list[int], list[float]]] = []
        self.ways: list[list[tuple[int, Way]]] = []
        self.seasons: list[dict[tuple[int, bool], list[tuple[int, int]]]] = []
        places: dict[Place, list[tuple[int, float]]] = {}
        met: dict[tuple[ahead.Crowd, int], list[tuple[int, float]]] = {}
        even = ahead.shares(candidates, horizon)
        for one in candidates:
            own = [(self._column(ahead.price(one, way, horizon), 1.0, True), way) for way in ahead.ways(one, horizon)]
            self.ways.append(own)
            self._row(1.0, 1.0, [(column, 1.0) for column, _ in own])
            forms: dict[tuple[int, bool], list[int]] = {}
            for column, way in own:
                for form in way:
                    forms.setdefault(form, []).append(column)
            seasons = horizon.seasons_of(one)
            self.seasons.append({})
            for (year, light), columns in forms.items():
                for kind in ahead.crowds(one):
                    if kind in even:
                        met.setdefault((kind, year), []).extend((column, 1.0) for column in columns)
                takes = float(one.takes(light))
                if len(seasons) == 1:
                    places.setdefault((year, seasons[0], one.team), []).extend((column, takes) for column in columns)
                else:
                    chosen = [(season, self._column(0.0, 1.0, True)) for season in seasons]
                    self.seasons[-1][year, light] = chosen
                    self._row(0.0, 0.0, [(c, 1.0) for _, c in chosen] + [(column, -1.0) for column in columns])
                    for season, column in chosen:
                        places.setdefault((year, season, one.team), []).append((column, takes))
        self.over: list[int] = []
        for place, parts in sorted(places.items()):
            self.over.append(self._column(OVERLOAD, float("inf"), False))
            self._row(-float("inf"), horizon.capacity.get(place, 0), [*parts, (self.over[-1], -1.0)])
        for (kind, _year), parts in met.items():
            self._row(-float("inf"), even[kind], [*parts, (self._column(SPREAD, float("inf"), False), -1.0)])
        self.highs = self._built()

    def _column(self, price: float, upper: float, whole: bool) -> int:
        self.costs.append(price)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.costs) - 1

    def _row(self, low: float, high: float, parts: Iterable[tuple[int, float]]) -> None:
        listed = list(parts)
        self.rows.append((low, high, [column for column, _ in listed], [value for _, value in listed]))

    def _built(self) -> Any:
        numpy, highspy = self.numpy, self.highspy
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.costs), len(self.rows)
        lp.col_cost_ = numpy.array(self.costs, dtype=float)
        lp.col_lower_, lp.col_upper_ = numpy.zeros(len(self.costs)), numpy.array(self.upper)
        lp.row_lower_ = numpy.array([row[0] for row in self.rows], dtype=float)
        lp.row_upper_ = numpy.array([row[1] for row in self.rows], dtype=float)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        starts = numpy.zeros(len(self.rows) + 1, dtype=numpy.int32)
        starts[1:] = numpy.cumsum([len(row[2]) for row in self.rows])
        lp.a_matrix_.start_ = starts
        lp.a_matrix_.index_ = numpy.array([column for row in self.rows for column in row[2]], dtype=numpy.int32)
        lp.a_matrix_.value_ = numpy.array([value for row in self.rows for value in row[3]], dtype=float)
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in self.whole]
        highs = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", 1)):
            highs.setOptionValue(name, value)
        highs.passModel(lp)
        return highs

    def solve(self, gap: float) -> tuple[dict[int, tuple[Turn, ...]], float, int]:
        """The plan, what no plan falls below, and the fewest hours above capacity."""
        if not self.candidates:
            return {}, 0.0, 0
        least = self._least_overload()
        count = len(self.over)
        self.highs.addRow(-self.highspy.kHighsInf, least, count, self._ints(self.over), self.numpy.ones(count))
        self.highs.setOptionValue("mip_rel_gap", gap)
        self.highs.run()
        bound = self.highs.getInfo().mip_dual_bound
        return self._placed(self.highs.getSolution().col_value), bound, least

    def _least_overload(self) -> int:
        numpy, count = self.numpy, len(self.costs)
        alone = numpy.zeros(count)
        alone[self.over] = 1.0
        self.highs.changeColsCost(count, self._ints(range(count)), alone)
        self.highs.setOptionValue("mip_rel_gap", 0.0)
        self.highs.run()
        least: int = round(self.highs.getInfo().objective_function_value)
        self.highs.changeColsCost(count, self._ints(range(count)), numpy.array(self.costs, dtype=float))
        return least

    def _ints(self, values: Iterable[int]) -> Any:
        return self.numpy.array(list(values), dtype=self.numpy.int32)

    def _placed(self, values: Sequence[float]) -> dict[int, tuple[Turn, ...]]:
        found: dict[int, tuple[Turn, ...]] = {}
        for one, own, seasons in zip(self.candidates, self.ways, self.seasons, strict=True):
            way = next(way for column, way in own if values[column] > 0.5)
            only = self.horizon.seasons_of(one)[0]
            found[one.id] = tuple(
                Turn(year, next((s for s, c in seasons.get((year, light), ()) if values[c] > 0.5), only), light)
                for year, light in way
            )
        return found
