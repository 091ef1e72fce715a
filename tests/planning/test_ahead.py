"""What the planner is asked: hours of a year as one pool, or of its halves where they are divided; and its answer."""

import json

import pytest

from controls.planning import ahead, board, rules
from controls.planning.board import Load, Team
from controls.planning.changes import NONE, Changes, Hours, Review, Room
from controls.rotation import planner
from tests.rotation.test_rules import row

NOW = 2026
ROWS = [row((), (), subprocess_id=id, area_code="LON", due=NOW + 1, activated=2022, interval=5) for id in (1, 2)]
TEAM = Team(7, "Løn", frozenset({"LON"}))


def test_what_stayed_is_not_said_to_stay_where_the_plan_has_it_no_longer() -> None:
    rows = [row((), (), subprocess_id=1, area_code="LON", due=NOW + 2, activated=2022, interval=5)]
    stood = {1: (Review(NOW + 1, 0, False, 42),)}
    given, scope = ahead.asked(ahead.question(board.board(rows, stood, {(NOW, 0): Room(90)}, (), NOW), (), 3))
    answer = ahead.answer(planner.plan(given, scope), given, scope)
    told = {year: ahead.answered(answer, {1: (Review(year, 0, True, 15),)})[0].reviews[1][0].why
            for year in (NOW + 1, NOW + 2)}  # fmt: skip
    assert told == {NOW + 1: "plan.stays", NOW + 2: "plan.has"}


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ({(NOW, 0): Room(90)}, {(NOW, 1, ""): 90, (NOW + 1, 1, ""): 90}),
        # A division counts from the year for which it is told; the year that runs is one pool.
        ({(NOW, 0): Room(90, 40)}, {(NOW, 1, ""): 90, (NOW + 1, 1, ""): 40, (NOW + 1, 2, ""): 50}),
        # A team follows the division of all, unless it is told its own; what no team has is what is left of each half.
        (
            {(NOW, 0): Room(90, 30), (NOW, 7): Room(30)},
            {(NOW, 1, ""): 60, (NOW, 1, "7"): 30, (NOW + 1, 1, ""): 20, (NOW + 1, 2, ""): 40, (NOW + 1, 1, "7"): 10,
             (NOW + 1, 2, "7"): 20},
        ),
        (
            {(NOW, 0): Room(90), (NOW, 7): Room(30, 25)},
            {(NOW, 1, ""): 60, (NOW, 1, "7"): 30, (NOW + 1, 1, ""): 60, (NOW + 1, 1, "7"): 25, (NOW + 1, 2, "7"): 5},
        ),
        (
            {(NOW, 0): Room(90, 30)},
            {(NOW, 1, ""): 90, (NOW + 1, 1, ""): 30, (NOW + 1, 2, ""): 60, (NOW, 1, "7"): 0, (NOW + 1, 1, "7"): 0},
        ),
    ],
)  # fmt: skip
def test_hours_of_years_and_halves(hours: Hours, expected: object) -> None:
    teams = (TEAM,) if any("7" in place for place in expected) else ()  # type: ignore[attr-defined]
    laid = board.board([], {}, hours, teams, NOW)
    scope = ahead.horizon(laid, [], 2)
    assert scope.capacity == expected and scope.seasons == max(season for _year, season, _team in scope.capacity)


def test_the_planner_divides_the_work_and_its_answer_says_the_half() -> None:
    laid = board.board(ROWS, {}, {(NOW, 0): Room(0), (NOW + 1, 0): Room(84, 42)}, (), NOW)
    found = ahead.possible(laid, (), NONE, 2)
    assert found and found.possible
    given, scope = ahead.asked(ahead.question(laid, (), 2))
    answer = ahead.answer(planner.plan(given, scope), given, scope)
    wanted, _told = ahead.answered(answer, {})
    assert {(one.year, one.season) for kept in wanted.reviews.values() for one in kept} == {(NOW + 1, 1), (NOW + 1, 2)}
    assert ahead.answered(answer, wanted.reviews)[0] == NONE  # it stands already, in its half
    again = board.board(ROWS, wanted.reviews, laid.hours, (), NOW)
    year = again.load(NOW + 1)
    assert year == Load(NOW + 1, 2, 84, 84, (Load(NOW + 1, 1, 42, 42), Load(NOW + 1, 1, 42, 42))) and year.open == 0
    assert ahead.why(again.spots[1][0])[-1].code == f"plan.{('first', 'second')[again.spots[1][0].season - 1]}_half"
    # Where the halves are too small for one review each, the year breaks that had room as one pool.
    uneven = board.board(ROWS, {}, {(NOW, 0): Room(0), (NOW + 1, 0): Room(84, 20)}, (), NOW)
    broken = ahead.possible(uneven, (), NONE, 2)
    assert broken and broken.breaks == NOW + 1
    one_pool = board.board(ROWS, {}, {(NOW, 0): Room(0), (NOW + 1, 0): Room(84)}, (), NOW)
    given, scope = ahead.asked(ahead.question(one_pool, (), 2))
    kept = json.loads(ahead.answer(planner.plan(given, scope), given, scope))["reviews"]
    assert [review[:2] for _id, reviews in kept for review in reviews] == [[NOW + 1, 0]] * 2


def test_load_of_halves_and_where_there_is_room() -> None:
    plan = {1: (Review(NOW + 1, 1, hours=42),), 2: (Review(NOW + 1, hours=30),)}
    laid = board.board(ROWS, plan, {(NOW, 0): Room(90, 40)}, (), NOW)
    year = laid.load(NOW + 1)
    assert [(half.hours, half.capacity, half.over) for half in year.halves] == [(42, 40, 2), (0, 50, 0)]
    assert (year.over, year.open, laid.load(NOW).halves) == (0, 30, ())
    assert laid.roomier(ROWS[1], NOW + 1) == 2 and laid.roomier(ROWS[1], NOW) == 0
    assert laid.more(NOW + 1, 0, 45) == Room(135, 60) and laid.more(NOW + 1, 7, 45) == Room(45)


@pytest.mark.parametrize(
    ("years", "hours", "half", "more", "expected"),
    [
        ((NOW, NOW + 1), 90, None, False, []),
        ((NOW + 1,), 90, 90, False, []),
        ((NOW + 10,), 90, None, False, ["plan.not_ahead"]),
        ((NOW + 1,), None, None, False, ["field_required"]),
        ((NOW + 1,), 90, 91, False, ["plan.half_least"]),
        ((NOW, NOW + 1), 90, 40, False, ["plan.half_ahead"]),
        ((NOW + 1,), 90, 40, True, ["plan.half_of_hours"]),
    ],
)
def test_which_hours_may_be_told(
    years: tuple[int, ...], hours: int | None, half: int | None, more: bool, expected: list[str]
) -> None:
    assert [reason.code for reason in rules.why_not_hours(years, hours, half, more, NOW)] == expected


@pytest.mark.parametrize(
    ("key", "room", "codes"),
    [((NOW, 0), Room(500), ["plan.frozen"]), ((NOW, 0), Room(400, 100), []), ((NOW, 7), Room(50), [])],
)
def test_a_control_years_hours_stay_but_may_be_divided(key: tuple[int, int], room: Room, codes: list[str]) -> None:
    wanted = Changes({}, {key: room})
    found = rules.why_not_keep(wanted, 1, 1, "Forår er travlt.", {NOW}, {(NOW, 0): Room(400)})
    assert [one.code for one in found] == codes


@pytest.mark.parametrize(
    ("least", "said"), [(30, "30 hours are lacking in all"), (10, "and 10 are lacking in any"), (0, "was found")]
)
def test_what_the_planner_lacks_is_told_with_the_teams_name(least: int, said: str) -> None:
    laid = board.board(ROWS, {}, {(NOW, 0): Room(90)}, (TEAM,), NOW)
    first, where = ahead.lacks(laid, {"lacking": [[NOW + 1, 1, "7", 30]], "least": least})
    assert said in str(first) and str(where) == f"30 hours of Løn are lacking in {NOW + 1}."
    assert ahead.lacks(laid, {"lacking": [], "least": 0}) == ()
