"""The cycle's steps, dates and refusals."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controls.base.why import N_, Why
from controls.wheel import dates as calendar
from controls.wheel import rules
from controls.wheel.dates import FIELDS, Dates, default_dates
from controls.wheel.rules import Goal, Parameters
from controls.wheel.words import State

SOMETHING = Why("test.something", N_("Something is missing."))
LONG = "En begrundelse, der er lang nok."


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(2022, (4, 17)), (2023, (4, 9)), (2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2038, (4, 25))],
)
def test_easter(year: int, sunday: tuple[int, int]) -> None:
    assert calendar.easter(year) == date(year, *sunday)


def test_store_bededag_is_gone_from_2024() -> None:
    assert not calendar.working_day(date(2023, 5, 5))
    assert calendar.working_day(date(2024, 4, 26))


@pytest.mark.parametrize(
    "day", ["2026-01-01", "2026-04-02", "2026-04-03", "2026-04-06", "2026-05-14", "2026-05-25", "2026-06-05",
            "2026-12-24", "2026-12-25", "2026-12-31", "2026-03-28"],
)  # fmt: skip
def test_days_the_office_is_closed(day: str) -> None:
    assert not calendar.working_day(date.fromisoformat(day))


@pytest.mark.parametrize(("year", "day"), [(2022, 31), (2023, 31), (2024, 22), (2025, 31), (2026, 27), (2027, 31)])
def test_a_deadline_in_easter_week_moves_ahead_of_it(year: int, day: int) -> None:
    assert calendar.deadline(date(year, 3, 31)) == date(year, 3, day)


def test_the_years_of_the_agency_follow_the_template() -> None:
    known = {
        2022: ("01-10", "01-31", "03-01", "03-31", "04-07", "04-29"),
        2023: ("01-09", "01-31", "03-01", "03-31", "04-11", "04-28"),
        2024: ("01-08", "01-31", "03-01", "03-22", "04-08", "04-30"),
        2025: ("01-13", "01-31", "03-03", "03-31", "04-07", "04-30"),
        2026: ("01-12", "01-30", "03-02", "03-27", "04-07", "04-30"),
    }
    for year, days in known.items():
        planned = default_dates(year)
        assert [str(getattr(planned, name))[5:] for name in FIELDS[:6]] == list(days)


@given(st.integers(2000, 2099))
def test_default_dates_are_always_allowed(year: int) -> None:
    assert rules.why_not_dates(year, default_dates(year)) == []


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(-30, 30))
def test_working_days_count_the_same_both_ways(day: date, number: int) -> None:
    start = calendar.on_or_after(day)
    assert calendar.add_working_days(calendar.add_working_days(start, number), -number) == start


def codes(reasons: list[rules.Reason]) -> list[str]:
    return [reason.code for reason in reasons]


def test_dates_in_the_wrong_year_order_or_on_a_free_day_are_refused() -> None:
    good = default_dates(2026)
    assert codes(rules.why_not_dates(2025, good))[0] == "wheel.other_year"
    sunday = replace(good, assess_deadline=date(2026, 3, 29))
    found = [(r.code, r.field) for r in rules.why_not_dates(2026, sunday)]
    assert found == [("wheel.no_working_day", "assess_deadline")]
    early = replace(good, calibrating_from=date(2026, 3, 3))
    assert ("wheel.date_order", "calibrating_from") in [(r.code, r.field) for r in rules.why_not_dates(2026, early)]
    late = replace(good, recommended_on=date(2026, 6, 11))
    assert codes(rules.why_not_dates(2026, late)) == ["wheel.paper_late"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (Parameters(950), []),
        (Parameters(0), ["wheel.capacity"]),
        (Parameters(950, interval_low=6), ["wheel.interval"]),
        (Parameters(950, interval_high=4, interval_elevated=3), ["wheel.interval_order"]),
        (Parameters(950, 5, 5, 5, 5), []),
    ],
)
def test_parameters(parameters: Parameters, expected: list[str]) -> None:
    assert codes(rules.why_not_parameters(parameters)) == expected


def test_the_default_intervals() -> None:
    assert [Parameters(1).interval(band) for band in ("high", "elevated", "moderate", "low")] == [2, 3, 5, 5]


def test_years_are_opened_one_after_another() -> None:
    assert rules.why_not_open(2026, None, 39) == []
    assert rules.why_not_open(2027, 2026, 39) == []
    assert codes(rules.why_not_open(2026, 2026, 39)) == ["wheel.year_exists"]
    assert codes(rules.why_not_open(2028, 2026, 39)) == ["wheel.not_next_year"]
    assert codes(rules.why_not_open(2027, 2026, 0)) == ["wheel.no_processes"]


def test_a_legal_step_never_skips_one() -> None:
    order = list(State)
    for (here, verb), there in rules.STEPS.items():
        assert order.index(there) - order.index(here) == (1 if verb == "advance" else -1)
    seen = [State.CREATED]
    while (after := rules.next_state(seen[-1])) is not None:
        seen.append(after)
    assert seen == order


@given(st.lists(st.sampled_from(["advance", "go_back"]), max_size=40))
def test_every_walk_passes_each_state_on_the_way(verbs: list[str]) -> None:
    state, visited = State.CREATED, {State.CREATED}
    for verb in verbs:
        state = rules.STEPS.get((state, verb), state)
        visited.add(state)
    reached = list(State).index(max(visited, key=list(State).index))
    assert visited >= set(list(State)[: reached + 1])


def test_advance_waits_for_what_is_missing() -> None:
    assert codes(rules.why_not_advance(State.ASSESSING, [SOMETHING()], [], "")) == ["test.something"]
    assert codes(rules.why_not_advance(State.CLOSED, [], [], "")) == ["wheel.no_step"]
    assert rules.why_not_advance(State.CREATED, [], [], "") == []


def test_closing_short_of_a_goal_needs_a_reason() -> None:
    goals = [Goal("A", 39, 39, "x"), Goal("B", 21, 22, "x")]
    assert codes(rules.why_not_advance(State.REPORTED, [], goals, "")) == ["wheel.goal_short"]
    assert rules.why_not_advance(State.REPORTED, [], goals, LONG) == []
    assert rules.why_not_advance(State.REPORTED, [], goals[:1], "") == []


def test_going_back_needs_a_reason_and_undoes_no_decision() -> None:
    assert rules.why_not_go_back(State.CALIBRATING, LONG) == []
    assert codes(rules.why_not_go_back(State.CALIBRATING, "kort")) == ["wheel.reason_needed"]
    for state in (State.CREATED, State.RECOMMENDED, State.DECIDED, State.CLOSED):
        assert codes(rules.why_not_go_back(state, LONG)) == ["wheel.no_step"]


def test_parameters_freeze() -> None:
    assert rules.why_not_configure(State.CREATED) == []
    assert all(rules.why_not_configure(state) for state in list(State)[1:])


@given(st.integers(2020, 2040))
def test_plan_and_dates_are_the_same_thing(year: int) -> None:
    assert rules.dates_of(rules.plan(default_dates(year))) == default_dates(year)


@given(st.sampled_from(State), st.integers(0, 364))
def test_ten_steps_at_most_one_now(state: State, day: int) -> None:
    dates: Dates = default_dates(2026)
    turns = rules.turns(state, dates, date(2026, 1, 1) + timedelta(days=day))
    assert [turn.number for turn in turns] == list(range(1, 11))
    assert sum(turn.state == "now" for turn in turns) == (0 if state is State.CLOSED else 1)
    done = [turn.state == "done" for turn in turns]
    assert done == sorted(done, reverse=True)


def test_the_hand() -> None:
    assert rules.hand(2026, date(2026, 4, 14)) == 3.43
    assert rules.hand(2026, date(2025, 4, 14)) is None
    assert rules.hand(2026, date(2026, 12, 31)) == 11.97
