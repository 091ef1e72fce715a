"""The planner against references that try everything, and what holds of every plan. tests/long/plans.py does more."""

from dataclasses import replace
from random import Random

import pytest

from controls.rotation import halves, planner
from controls.rotation.board import Board, options
from controls.rotation.feasibility import feasible
from controls.rotation.horizon import Candidate, Horizon, Turn, earliest_due_first, way_of
from tests.rotation import plans
from tests.speed.plan import problem

SMALL, LARGER = range(12), (1004, 1008, 1009, 1011, 1017, 1020)


@pytest.mark.parametrize("seed", SMALL)
def test_small_plans_are_the_best_there_are(seed: int) -> None:
    given, scope = plans.problem(seed, 1, 4)
    found = planner.plan(given, scope, gap=0.0)
    assert (sum(found.lacking.values()), found.cost) == plans.cheapest(given, scope)
    assert found.least == sum(found.lacking.values()) and found.gap == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("seed", LARGER)
def test_larger_plans_hold_and_say_why(seed: int) -> None:
    given, scope = plans.problem(seed, 9, 30)
    found = planner.plan(given, scope)
    plans.kept(given, scope, found)
    plans.feasibility_kept(given, scope, feasible(given, scope), found)
    whys = {(one.id, one.turn): one.why for one in found.placements}
    for one in given:
        for at, turn in enumerate(found.placed[one.id]):
            plans.true(one, found.placed[one.id], at, whys[one.id, turn], given, found, scope)
    Random(seed).shuffle(given)
    assert planner.plan(given, scope) == found


def test_no_plan_is_an_answer_that_says_what_is_lacking_and_where() -> None:
    given = [Candidate(id, 10, 40, 2026, 5, team) for id, team in ((1, "A"), (2, "A"), (3, ""), (4, ""))]
    scope = Horizon(2026, 5, {(2026, 1, "A"): 50, (2026, 1, ""): 80})
    found = planner.plan(given, scope)
    assert found.lacking == {(2026, 1, "A"): 30} and found.least == 30
    assert [str(one) for one in found.why_not] == [
        "No plan keeps every deadline within capacity: 30 hours are lacking in all.",
        "30 hours of A are lacking in 2026.",
    ]


def test_a_plan_of_nothing_is_empty() -> None:
    assert planner.plan([], Horizon(2026, 5, {})).placements == ()
    assert planner.plan([Candidate(1, 5, 42, 2040, 5)], Horizon(2026, 5, {})).placed == {1: ()}


def test_the_least_overload_comes_before_the_cost() -> None:
    late = Candidate(1, 25, 55, 2020, 5)
    found = planner.plan([late], Horizon(2026, 3, {(2026, 1, ""): 54, (2027, 1, ""): 54, (2028, 1, ""): 55}))
    assert found.placed == {1: (Turn(2028),)} and not found.lacking


@pytest.mark.parametrize("seasons", [(1, 2), (2, 1)])
def test_what_stands_keeps_its_season(seasons: tuple[int, int]) -> None:
    given = [
        Candidate(id, 9, 40, 2027, 5, standing=frozenset({2027}), slots=frozenset({(2027, season)}))
        for id, season in enumerate(seasons, 1)
    ]
    scope = Horizon(2027, 1, {(2027, 1, ""): 40, (2027, 2, ""): 40}, 2)
    assert planner.plan(given, scope).placed == {id: (Turn(2027, seasons[id - 1]),) for id in (1, 2)}
    # One is where the other was before: what stands goes first, the other takes what is left.
    given[1] = replace(given[1], standing=None, slots=frozenset())
    assert planner.plan(given, scope).placed[1] == (Turn(2027, seasons[0]),)
    # Both stood in the first, which has room for one only: no hours above capacity for the sake of a season.
    crowd = [replace(one, slots=frozenset({(2027, 1)})) for one in given]
    assert not planner.plan(crowd, scope).lacking


@pytest.mark.parametrize("seed", range(20))
def test_seasons_that_stand_cost_nothing(seed: int) -> None:
    chance = Random(seed)
    given = plans.candidates(chance, 40, 5, 2, 2)
    scope = plans.horizon(chance, given, 5, 2, (0.9, 1.2, 3)[seed % 3])
    played = earliest_due_first(given, scope).placed
    given = [replace(one, slots=frozenset((turn.year, chance.choice((1, 2))) for turn in played[one.id]))
             for one in given]  # fmt: skip
    board = Board(given, options(given, scope), scope)
    for at, one in enumerate(given):
        board.put(at, played[one.id])

    def kept() -> int:
        return sum((turn.year, turn.season) in one.slots for one in given for turn in board.placed()[one.id])

    over, cost, before = board.over, board.cost, kept()
    halves.keep(board)
    assert board.over <= over and board.cost <= cost and kept() > before
    assert all(turn.season in scope.seasons_of(one) for one in given for turn in board.placed()[one.id])
    ways = {one.id: way_of(played[one.id]) for one in given}
    assert {id: way_of(turns) for id, turns in board.placed().items()} == ways  # years stay
    # Where all could stand where they stood, all do.
    for at, one in enumerate(given):
        given[at] = replace(one, slots=frozenset((turn.year, turn.season) for turn in played[one.id]))
    again = Board(given, options(given, scope), scope)
    for at, one in enumerate(given):
        again.put(at, board.placed()[one.id])
    halves.keep(again)
    if not over:
        assert again.placed() == played


def test_just_enough_hours_do_not_hold_the_search_up() -> None:
    """Nobody waits for an hour or two of thousands; the plan is as near to the best as where there is room."""
    given, scope = problem(110, 5, 400, 1.0, Random(3))
    found = planner.plan(given, scope)
    assert found.gap <= 0.01 and 0 < sum(found.lacking.values()) <= found.least + planner.ROUGH
