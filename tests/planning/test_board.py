"""The years ahead reckoned: decided and planned reviews in their years, hours, what is due and late, and the sums."""

from datetime import date

import pytest

from controls.assessment.words import Band
from controls.planning import ahead, board
from controls.planning.board import Spot, Team
from controls.planning.changes import NONE, Review, Room
from controls.rotation.rules import Entry, PlanKind, Planned
from controls.rotation.words import Degree, Form
from tests.rotation.test_rules import row

NOW = 2026
P, PROGRESS, PROPOSED, DEFERRED = PlanKind.PLANNED, PlanKind.PROGRESS, PlanKind.PROPOSED, PlanKind.DEFERRED


def entry(year: int, form: Form = Form.ORDINARY) -> Entry:
    return Entry(date(year, 9, 1), Degree.FULL, form, f"G-{year}")


@pytest.mark.parametrize(
    ("plans", "reviews", "expected"),
    [
        ((), (), []),
        ((Planned(1, 2026, P, 46, form=Form.ORDINARY),), (), [(2026, 46, P)]),
        ((Planned(1, 2026, P, 46), Planned(1, 2026, PROGRESS, 50)), (), [(2026, 50, PROGRESS)]),
        ((Planned(1, 2025, PROGRESS, 50),), (), [(2026, 0, PROGRESS)]),  # its hours are last year's
        ((Planned(1, 2023, P, 50),), (), []),
        ((Planned(1, 2025, PROPOSED, 50),), (), []),
        ((Planned(1, 2025, DEFERRED, None, 2027),), (), [(2027, 42, DEFERRED)]),
        ((Planned(1, 2024, DEFERRED, None, 2027), Planned(1, 2026, P, 40)), (), [(2026, 40, P)]),
        ((Planned(1, 2026, P, 46),), (Review(2026, hours=42), Review(2029, hours=9)), [(2026, 46, P), (2029, 9, None)]),
        ((Planned(1, 2026, P, 46),), (Review(2027, hours=46, instead=2026),), [(2027, 46, None)]),
        ((Planned(1, 2026, P, 46),), (Review(None, instead=2026),), []),
        ((), (Review(2025, hours=42), Review(2028, hours=42)), [(2028, 42, None)]),
        # What is deferred is not in the year from which it is; a second deferral takes the place of the first.
        ((Planned(1, 2026, DEFERRED, None, 2028),), (Review(2026, hours=42),), [(2028, 42, DEFERRED)]),
        ((Planned(1, 2024, DEFERRED, None, 2026), Planned(1, 2026, DEFERRED, None, 2027)), (), [(2027, 42, DEFERRED)]),
    ],
)  # fmt: skip
def test_reviews_in_their_years(plans: tuple[Planned, ...], reviews: tuple[Review, ...], expected: object) -> None:
    found = board.spots(row(plans=plans), reviews, NOW)
    assert [(spot.year, spot.hours, spot.kind) for spot in found] == expected


def test_this_years_review_is_planned_no_more_when_it_is_made() -> None:
    made = row((Entry(date(2026, 5, 2), Degree.PARTIAL, Form.ORDINARY, "G-1"),), (Planned(1, 2026, P, 46),))
    assert [spot.year for spot in board.spots(made, (Review(2026, hours=42), Review(2029, hours=42)), NOW)] == [2029]


def test_light_reviews_are_for_low_bands_and_never_twice_running() -> None:
    low = row((entry(2024),), band=Band.LOW)
    assert board.light_next(low, (), 2028, ()) and not board.light_next(low, (Spot(2027, 15, True),), 2029, ())
    assert not board.light_next(row((entry(2024, Form.LIGHT),), band=Band.LOW), (), 2028, ())
    assert not board.may_be_light(low, {low.subprocess_id}) and not board.may_be_light(row(band=Band.HIGH), ())
    assert not board.may_be_light(row(band=Band.LOW, fraud=True), ())
    assert not board.may_be_light(row(band=Band.LOW, changed=True), ())
    assert board.hours_of(low, True) == 15 and board.hours_of(low, False) == 42
    assert board.hours_of(row(plans=(Planned(1, 2024, P, 15, form=Form.LIGHT),)), False) == 42
    assert board.hours_of(row(plans=(Planned(1, 2024, P, 55, form=Form.ORDINARY),)), False) == 55


ROWS = [
    row((entry(2024),), (Planned(1, 2024, P, 40),), subprocess_id=1, area_code="KRE", due=2027, interval=3),
    row((), (Planned(2, 2026, P, 50, form=Form.ORDINARY),), subprocess_id=2, area_code="LON", due=2026, interval=2),
    row((), (), subprocess_id=3, area_code="LON", due=2025, activated=2020, interval=5),
]
PLAN = {1: (Review(2028, hours=42),), 3: (Review(2026, hours=30),)}
TEAMS = (Team(7, "Løn", frozenset({"LON"})),)
BOARD = board.board(ROWS, PLAN, {(2025, 0): Room(60), (2026, 7): Room(70)}, TEAMS, NOW)


def test_hours_against_capacity_by_year_and_team() -> None:
    assert [(load.number, load.hours, load.over) for load in map(BOARD.load, range(2024, 2029))] == [
        (1, 40, 0), (0, 0, 0), (2, 80, 20), (0, 0, 0), (1, 42, 0),
    ]  # fmt: skip
    assert BOARD.load(2026, 7).over == 10 and BOARD.load(2028, 7).hours == 0
    assert [BOARD.capacity(year) for year in (2024, 2025, 2030)] == [60, 60, 60]
    assert board.board(ROWS, {}, {}, (), NOW).load(2026) == board.Load(2026, 1, 50, None)


def test_what_was_made_of_what_has_left_the_roll_has_its_hours() -> None:
    ended = (board.Made(9, 2026, 46, "LON"), board.Made(8, 2025, 42, "KRE"), board.Made(2, 2026, 50, "LON"))
    laid = board.board(ROWS, PLAN, BOARD.hours, TEAMS, NOW, ended)  # 2 is there still
    found = [(year, team, laid.load(year, team).number, laid.load(year, team).hours) for year in (2025, 2026)
             for team in (0, 7)]  # fmt: skip
    assert found == [(2025, 0, 1, 42), (2025, 7, 0, 0), (2026, 0, 3, 126), (2026, 7, 3, 126)]
    asked = ahead.horizon(laid, ahead.candidates(laid, (), NONE), 5).capacity
    before = ahead.horizon(BOARD, ahead.candidates(BOARD, (), NONE), 5).capacity
    assert {place: hours - asked[place] for place, hours in before.items() if hours != asked[place]} == {
        (2026, 1, "7"): 46
    }


def test_what_is_due_and_late() -> None:
    found = BOARD.effects(2029)
    assert [one.due for one in found] == [2, 1, 2, 1]  # 2, 3 | 1 | 1, 2 again | 2
    assert [[late.subprocess_id for late in one.late] for one in found] == [[], [1], [2], [2]]


def test_the_sums_above_the_grid() -> None:
    found = board.sums(BOARD, range(2025, 2027))
    assert (found.total, found.without, found.beyond) == (3, (1,), (3,))
