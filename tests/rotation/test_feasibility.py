"""Whether years are possible: against a reference that tries everything, and where it breaks."""

import pytest

from controls.rotation.feasibility import feasible
from controls.rotation.horizon import Candidate, Horizon
from tests.rotation import plans


@pytest.mark.parametrize("seed", range(24))
def test_small_answers_are_exact(seed: int) -> None:
    given, scope = plans.problem(seed, 1, 5, alike=seed % 3 == 0)
    found, over = feasible(given, scope), plans.fewest_over(given, scope)
    assert (found.possible, found.exact, found.smallest, found.least) == (not over, True, True, over)
    assert found.breaks == plans.first_broken(given, scope)
    more = {p: scope.capacity.get(p, 0) + found.added.get(p, 0) for p in {*scope.capacity, *found.added}}
    assert feasible(given, Horizon(scope.first, scope.years, more, scope.seasons)).possible


def test_the_lowest_risks_are_missing_in_the_first_year_that_breaks() -> None:
    given = [Candidate(id, id, 42, 2027 if id < 8 else 2029, 5) for id in range(1, 10)]
    scope = Horizon(2026, 5, {(year, 1, ""): 100 for year in range(2026, 2031)})
    found = feasible(given, scope)
    assert (found.possible, found.exact, found.breaks, found.lacking) == (False, True, 2027, (1, 2, 3))
    assert sum(found.added.values()) == found.least == 26 + 26 + 42 and found.smallest


def test_decided_turns_may_be_too_many() -> None:
    given = [Candidate(id, id, 42, 2030, 5, fixed=frozenset({2028})) for id in (1, 2, 3)]
    found = feasible(given, Horizon(2026, 5, {(2028, 1, ""): 90, (2026, 1, ""): 500}))
    assert (found.breaks, found.lacking, found.added) == (2028, (1,), {(2028, 1, ""): 36})


def test_the_smallest_capacity_to_add_counts_no_review_that_is_asked_for_by_another_in_a_full_year() -> None:
    found = feasible([Candidate(1, 18, 55, 2028, 2)], Horizon(2026, 3, {(2026, 1, ""): 29, (2027, 1, ""): 25}))
    assert (found.possible, found.exact, found.smallest, found.least) == (False, True, True, 30)
    assert found.added == {(2027, 1, ""): 30}
