"""The planner against a reference that tries everything, and what must always hold of larger plans."""

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from controls.rotation import horizon as ahead
from controls.rotation import planner
from controls.rotation.horizon import Candidate, Horizon, Turn


def candidates(chance: Random, count: int, first: int, years: int, teams: int = 1, seasons: int = 1) -> list[Candidate]:
    """Sub-processes of every kind: overdue, due later, decided, in the standing plan, with light reviews."""
    found = []
    for id in range(1, count + 1):
        band = chance.choice((2, 3, 5, 5))
        low = band == 5 and chance.random() < 0.7
        some = frozenset({first + chance.randrange(years)})
        found.append(Candidate(
            id, chance.randint(13, 25) if band < 5 else chance.randint(1, 12), chance.choice((30, 42, 55)),
            first + chance.randint(-2, years), band, f"T{chance.randrange(teams)}", f"A{chance.randrange(3)}",
            chance.choice((None, 1, 2)), 15 if low else None, low and chance.random() < 0.3,
            some if chance.random() < 0.1 else frozenset(), some if chance.random() < 0.4 else None,
            frozenset({1}) if seasons > 1 and chance.random() < 0.3 else frozenset(),
        ))  # fmt: skip
    return found


def horizon(chance: Random, count: int, first: int, years: int, teams: int, seasons: int, share: float) -> Horizon:
    """Capacity about `share` of what everything once in the horizon takes."""
    each = max(1, round(count * 42 * share / years / teams / seasons))
    capacity = {
        (year, season, f"T{team}"): max(0, each + chance.randint(-15, 15))
        for year in range(first, first + years) for season in range(1, seasons + 1) for team in range(teams)
    }  # fmt: skip
    return Horizon(first, years, capacity, seasons)


def legal(one: Candidate, years: tuple[int, ...], lights: tuple[bool, ...], scope: Horizon) -> bool:
    """Whether turns keep the deadlines and what is decided, and are light never twice running."""
    if not one.fixed & set(range(scope.first, scope.last + 1)) <= set(years):
        return False
    limit = one.due if one.due >= scope.first else scope.last
    for year in (*years, scope.last + 1):
        if year > limit and limit <= scope.last:
            return False
        limit = year + one.interval
    before = one.light_last
    for light in lights:
        if light and (before or one.light_hours is None):
            return False
        before = light
    return True


def spare(one: Candidate, years: tuple[int, ...], scope: Horizon) -> bool:
    """Whether a turn could be left out without making anything late (or later)."""
    for at, year in enumerate(years):
        rest = years[:at] + years[at + 1 :]
        later = at == 0 and one.due < scope.first
        if year not in one.fixed and not later and legal(one, rest, (), scope):
            return True
    return False


def all_turns(one: Candidate, scope: Horizon) -> Iterator[tuple[Turn, ...]]:
    """Every legal list of turns."""
    span = range(scope.first, scope.last + 1)
    seasons = [s for s in range(1, scope.seasons + 1) if s in one.seasons or not one.seasons]
    for picked in product((False, True), repeat=scope.years):
        years = tuple(year for year, chosen in zip(span, picked, strict=True) if chosen)
        if legal(one, years, (), scope) and not spare(one, years, scope):
            for lights in product((False, True), repeat=len(years)):
                if legal(one, years, lights, scope):
                    for kinds in product(seasons, repeat=len(years)):
                        yield tuple(map(Turn, years, kinds, lights))


def cheapest(given: list[Candidate], scope: Horizon) -> tuple[int, int]:
    """The fewest hours above capacity that any plan has, and the cost of the best of those plans."""
    best = (10**9, 0)
    for chosen in product(*(all_turns(one, scope) for one in given)):
        placed = {one.id: turns for one, turns in zip(given, chosen, strict=True)}
        over = sum(ahead.load(given, placed, scope).over.values())
        if over <= best[0]:
            best = min(best, (over, ahead.cost(given, placed, scope)))
    return best


@pytest.mark.parametrize("seed", range(20))
def test_small_plans_are_the_best_there_are(seed: int) -> None:
    chance = Random(seed)
    count, years, seasons = chance.randint(1, 3), chance.randint(2, 4), chance.randint(1, 2)
    given = candidates(chance, count, 2026, years, 2, seasons)
    scope = horizon(chance, count, 2026, years, 2, seasons, chance.choice((0.4, 1)))
    found = planner.plan(given, scope, gap=0.0)
    assert (sum(found.lacking.values()), found.cost) == cheapest(given, scope)
    assert found.least == sum(found.lacking.values())
