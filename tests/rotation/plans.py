"""Problems for the planner, what must hold of any plan, and references that try everything."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random

from controls.base.why import Reason
from controls.rotation import horizon as ahead
from controls.rotation.feasibility import Feasibility
from controls.rotation.horizon import Candidate, Horizon, Place, Turn
from controls.rotation.planner import Plan

Turns = tuple[Turn, ...]


def candidates(chance: Random, count: int, years: int, teams: int = 1, seasons: int = 1) -> list[Candidate]:
    """Sub-processes of every kind: overdue, due later, decided, in the standing plan, with light reviews."""
    found = []
    for id in range(1, count + 1):
        band = chance.choice((2, 3, 5, 5))
        low = band == 5 and chance.random() < 0.7
        one, other = frozenset({2026 + chance.randrange(years)}), frozenset({2026 + chance.randrange(years)})
        found.append(Candidate(
            id, chance.randint(13, 25) if band < 5 else chance.randint(1, 12), chance.choice((30, 42, 55)),
            2026 + chance.randint(-2, band), band, f"T{chance.randrange(teams)}",
            f"A{chance.randrange(1 + count // 8)}", chance.choice((None, 1, 2)),
            15 if low else None, low and chance.random() < 0.3,
            one if chance.random() < 0.1 else frozenset(), other if chance.random() < 0.4 else None,
            frozenset({1}) if seasons > 1 and chance.random() < 0.3 else frozenset(),
        ))  # fmt: skip
    return found


def horizon(chance: Random, given: Sequence[Candidate], years: int, seasons: int, room: float) -> Horizon:
    """About `room` times the hours that are needed, unevenly over years."""
    empty, hours = Horizon(2026, years, {}, seasons), Counter[str]()
    for one in given:
        hours[one.team] += min(sum(one.takes(light) for _, light in way) for way in ahead.ways(one, empty))
    capacity = {
        (year, season, team): max(0, round(all * room / years / seasons) + chance.randint(-15, 15))
        for team, all in hours.items() for year in range(2026, 2026 + years) for season in range(1, seasons + 1)
    }  # fmt: skip
    return Horizon(2026, years, capacity, seasons)


def problem(seed: int, least: int, most: int, longest: int = 5, alike: bool = False) -> tuple[list[Candidate], Horizon]:
    """A problem of some size; `alike`: reviews of equal hours, that come once."""
    chance = Random(seed)
    count = chance.randint(least, most)
    years, seasons = chance.randint(2 if most < 9 else 5, longest), chance.choice((1, 1, 2))
    given = candidates(chance, count, years, chance.randint(1, 2), seasons)
    if alike:
        given = [Candidate(one.id, one.risk, 42, one.due, 99, one.team, fixed=one.fixed) for one in given]
    return given, horizon(chance, given, years, seasons, chance.choice((0.8, 1, 1.2, 1.5, 2)))


def legal(one: Candidate, years: tuple[int, ...], scope: Horizon) -> bool:
    """Whether turns keep the deadlines and what is decided."""
    if not one.fixed & set(range(scope.first, scope.last + 1)) <= set(years):
        return False
    limit = one.due if one.due >= scope.first else scope.last
    for year in (*years, scope.last + 1):
        if year > limit and limit <= scope.last:
            return False
        limit = year + one.interval
    return True


def light_enough(one: Candidate, lights: Sequence[bool]) -> bool:
    """Whether reviews are light only where they may be, and never twice running."""
    return not any(
        light and (before or one.light_hours is None)
        for before, light in zip((one.light_last, *lights), lights, strict=False)
    )


def spare(one: Candidate, years: tuple[int, ...], scope: Horizon) -> bool:
    """Whether a turn could be left out without making anything late, or later."""
    for at, year in enumerate(years):
        later = at == 0 and one.due < scope.first
        if year not in one.fixed and not later and legal(one, years[:at] + years[at + 1 :], scope):
            return True
    return False


def all_turns(one: Candidate, scope: Horizon) -> Iterator[Turns]:
    """Every legal list of turns."""
    span = range(scope.first, scope.last + 1)
    seasons = [s for s in range(1, scope.seasons + 1) if s in one.seasons or not one.seasons]
    for picked in product((False, True), repeat=scope.years):
        years = tuple(year for year, chosen in zip(span, picked, strict=True) if chosen)
        if legal(one, years, scope) and not spare(one, years, scope):
            for lights in product((False, True), repeat=len(years)):
                if light_enough(one, lights):
                    for kinds in product(seasons, repeat=len(years)):
                        yield tuple(map(Turn, years, kinds, lights))


def fewest_over(given: Sequence[Candidate], scope: Horizon) -> int:
    """The fewest hours above capacity that any plan has."""
    teams = sorted({one.team for one in given})
    own = {one.id: {tuple(_hours(one, turns).items()): 0 for turns in all_turns(one, scope)} for one in given}
    return sum(_best([own[one.id] for one in given if one.team == team], scope, {})[0] for team in teams)


Asks = tuple[tuple[object, int], ...]
"""What a list of turns asks: hours of a place, and one of an area's or owner's reviews in a year."""


def _best(given: Sequence[Mapping[Asks, int]], scope: Horizon, even: Mapping[object, int]) -> tuple[int, int]:
    """The fewest hours above capacity of any plan, and the cost of the best of those plans: of every plan.

    Plans of the first few that leave as much to the rest are alike but for what they cost: only the best goes on. What
    is left counts as far as the rest can ask for it.
    """
    keys = sorted({key for own in given for asks in own for key, _ in asks}, key=repr)
    hours = [len(key) == 3 for key in keys]  # type: ignore[arg-type]
    room = [
        scope.capacity.get(key, 0) if is_place else even[key[0]]  # type: ignore[call-overload, index]
        for key, is_place in zip(keys, hours, strict=True)
    ]
    wanted = [[([dict(asks).get(key, 0) for key in keys], price) for asks, price in own.items()] for own in given]
    most = [[max(column) for column in zip(*(asks for asks, _ in own), strict=True)] for own in wanted]
    plans = {tuple(room): (0, 0)}
    for at, own in enumerate(wanted):
        rest = [sum(column) for column in zip([0] * len(keys), *most[at + 1 :], strict=True)]
        after: dict[tuple[int, ...], tuple[int, int]] = {}
        for left, (over, cost) in plans.items():
            for asks, price in own:
                more, paid, then = over, cost + price, []
                for free, asked, later, is_place in zip(left, asks, rest, hours, strict=True):
                    if asked > free:
                        more += (asked - free) * is_place
                        paid += (asked - free) * (ahead.OVERLOAD if is_place else ahead.SPREAD)
                    then.append(min(later, max(0, free - asked)))
                state = tuple(then)
                after[state] = min((more, paid), after.get(state, (10**9, 0)))
        plans = after
    return min(plans.values())


def _hours(one: Candidate, turns: Turns) -> Counter[Place]:
    return Counter({(turn.year, turn.season, one.team): one.takes(turn.light) for turn in turns})


def first_broken(given: Sequence[Candidate], scope: Horizon) -> int | None:
    """The first year by whose end not everything that is needed by then can be done."""
    for year in range(scope.first, scope.last + 1):
        until = Horizon(scope.first, year - scope.first + 1, scope.capacity, scope.seasons)
        asked = given if year == scope.last else [_not_before(one, scope) for one in given]
        if fewest_over(asked, until):
            return year
    return None


def _not_before(one: Candidate, scope: Horizon) -> Candidate:
    return Candidate(**{**vars(one), "due": scope.last}) if one.due < scope.first else one


def cheapest(given: Sequence[Candidate], scope: Horizon) -> tuple[int, int]:
    """The fewest hours above capacity of any plan, and the cost of the best of those plans."""
    even, asked = ahead.shares(given, scope), []
    for one in given:
        own: dict[Asks, int] = {}
        for turns in all_turns(one, scope):
            met = [((kind, turn.year), 1) for turn in turns for kind in ahead.crowds(one) if kind in even]
            asks = (*_hours(one, turns).items(), *met)
            own[asks] = min(ahead.price(one, ahead.way_of(turns), scope), own.get(asks, 10**9))
        asked.append(own)
    return _best(asked, scope, even)


def kept(given: Sequence[Candidate], scope: Horizon, plan: Plan) -> None:
    """Every deadline and decided year is kept, light reviews are where they may be, hours are as reported."""
    hours: Counter[Place] = Counter()
    for one in given:
        turns = plan.placed[one.id]
        years = tuple(turn.year for turn in turns)
        assert years == tuple(sorted(set(years))) and legal(one, years, scope) and not spare(one, years, scope)
        assert light_enough(one, [turn.light for turn in turns])
        assert all(turn.season in (one.seasons or range(1, scope.seasons + 1)) for turn in turns)
        hours += _hours(one, turns)
    assert dict(hours) == plan.hours
    over = {place: spent - scope.capacity.get(place, 0) for place, spent in hours.items()}
    assert {place: more for place, more in over.items() if more > 0} == plan.lacking
    assert plan.least <= sum(plan.lacking.values()) and bool(plan.lacking) == bool(plan.why_not)
    assert plan.cost == ahead.cost(given, plan.placed, scope)


def feasibility_kept(given: Sequence[Candidate], scope: Horizon, answer: Feasibility, plan: Plan) -> None:
    """What the answer and a plan say of each other, and that the capacity to be added is enough."""
    lacking = sum(plan.lacking.values())
    assert not (answer.possible and plan.least) and not (not lacking and answer.least)
    assert answer.least <= lacking and plan.least <= sum(answer.added.values())
    assert answer.possible == (answer.breaks is None) == (not answer.missing) == (not answer.added)
    if answer.exact:
        assert answer.possible == (not plan.lacking) or plan.least < lacking
    ids = {one.id for one in given}
    assert answer.possible or (answer.lacking and set(answer.lacking) <= ids)


def true(
    one: Candidate, turns: Turns, at: int, why: Reason, given: Sequence[Candidate], plan: Plan, scope: Horizon
) -> None:
    """The sentence of a turn's place is true: each of its figures is in the data."""
    told: Mapping[str, object] = why.params
    turn, before = turns[at], turns[at - 1].year if at else None
    due = one.due if before is None else before + one.interval
    year, code = turn.year, why.code.removeprefix("plan.")
    if code == "fixed":
        assert told == {"year": year} and year in one.fixed
        return
    assert told["due"] == due and (year <= due or due < scope.first)
    if code == "overdue":
        assert due < scope.first and at == 0 and not any(_cheaper(one, turns, at, scope))
    elif code == "due":
        assert due == year and at == 0
    elif code == "again":
        assert due == year and told["before"] == before and told["interval"] == one.interval
    elif code == "risk":
        assert told["risk"] == one.risk > 60 // one.interval and year < due and not any(_cheaper(one, turns, at, scope))
    elif code == "even":
        assert told["year"] == year < due and not any(_cheaper(one, turns, at, scope))
    elif code == "stays":
        assert told["year"] == year and one.standing is not None and year in one.standing
    else:
        best = told["best"]
        assert isinstance(best, int) and best in _cheaper(one, turns, at, scope)
        left = {
            season: scope.capacity.get((best, season, one.team), 0) - plan.hours.get((best, season, one.team), 0)
            for season in (one.seasons or range(1, scope.seasons + 1))
        }
        if code == "full":
            assert told["hours"] == one.takes(turn.light) > max(left.values())
            assert told["left"] == max(0, *left.values())
        elif code in ("crowded_area", "crowded_owner"):
            name = code.removeprefix("crowded_")
            alike = [other for other in given if getattr(other, name) == getattr(one, name)]
            count, kind = (
                sum(t.year == best for other in alike for t in plan.placed[other.id]),
                (name, getattr(one, name)),
            )
            assert told["count"] == count >= ahead.shares(given, scope)[kind]
        else:
            assert code == "tied"
            _tied(one, turns, at, best, given, plan, scope)


def _cheaper(one: Candidate, turns: Turns, at: int, scope: Horizon) -> list[int]:
    """The years that would be better for a turn, taken by itself."""
    since = turns[at - 1].year + 1 if at else scope.first
    due = turns[at - 1].year + one.interval if at else one.due

    def costs(year: int) -> int:
        wait = (one.risk + (ahead.LATE if due < scope.first else 0)) * (year - scope.first) if not at else 0
        change = ahead.CHANGE if one.standing is not None and year not in one.standing else 0
        return wait + change - 60 // one.interval * year

    last = scope.last if due < scope.first else due
    return [year for year in range(since, last + 1) if costs(year) < costs(turns[at].year)]


def _tied(
    one: Candidate, turns: Turns, at: int, best: int, given: Sequence[Candidate], plan: Plan, scope: Horizon
) -> None:
    """With the turn in the better year, whatever comes after it, the plan costs as much, or something has no room."""
    now = ahead.price(one, ahead.way_of(turns), scope)
    even, met = ahead.shares(given, scope), Counter[tuple[object, int]]()
    for other in given:
        if other.id != one.id:
            met.update((kind, turn.year) for turn in plan.placed[other.id] for kind in ahead.crowds(other))
    mine = _hours(one, turns)
    for others in all_turns(one, scope):
        if len(others) > at and others[at].year == best and others[:at] == turns[:at]:
            fits = all(
                plan.hours.get(place, 0) - mine[place] + hours <= scope.capacity.get(place, 0)
                for place, hours in _hours(one, others).items()
            )
            crowds = any(
                met[kind, turn.year] >= even.get(kind, 10**9)
                for turn in others for kind in ahead.crowds(one) if turn.year not in {own.year for own in turns}
            )  # fmt: skip
            assert not fits or crowds or ahead.price(one, ahead.way_of(others), scope) >= now
