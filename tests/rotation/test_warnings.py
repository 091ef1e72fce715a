"""The warning list: each reason, what counting proves, and ten years in which much happens."""

from typing import Any

import pytest

from controls.rotation.horizon import Horizon
from controls.rotation.warnings import Outside, Part, Year, outside
from tests.long import rolling

P26, P27, P30, CHOSEN_28 = Year(2026, 42), Year(2027, 42), Year(2030, 42), Year(2028, 42, True)


def scope(*hours: int) -> Horizon:
    """Hours of 2026 and the years after it."""
    return Horizon(2026, 5, {(2026 + at, 1, ""): there for at, there in enumerate(hours)})


AMPLE = scope(420, 420, 420, 420, 420)


def part(id: int = 1, floor: int = 2028, *years: Year, due: int = 0, hours: int = 42, interval: int = 5) -> Part:
    return Part(id, 9, hours, due or floor, floor, interval, "", years)


def said(found: tuple[Outside, ...]) -> dict[int, list[str]]:
    return {one.id: [reason.code.removeprefix("outside.") for reason in one.reasons] for one in found}


@pytest.mark.parametrize(
    ("one", "reasons", "floor"),
    [
        (part(1, 2028, P27), [], False),
        (part(1, 2025, P26), ["beyond", "after"], True),
        (part(1, 2028), ["without"], True),
        (part(1, 2031), [], False),  # beyond the years ahead
        (part(1, 2028, P30), ["after"], True),
        (part(1, 2027, CHOSEN_28), ["forum"], True),
        (part(1, 2030, P27, due=2026), ["after"], False),  # late by its band, in time by the floor
        (part(1, 2030, P26, P30, due=2027, interval=3), ["after"], False),  # the second comes too late
        (part(1, 2030, P26, due=2027, interval=2), ["without"], False),
    ],
)
def test_each_reason(one: Part, reasons: list[str], floor: bool) -> None:
    found = outside([one], AMPLE)
    assert said(found) == ({1: reasons} if reasons else {}) and [one.floor for one in found] == [floor] * len(found)


def test_years_with_more_reviews_than_hours() -> None:
    found = outside([part(id, 2027, P27) for id in (1, 2, 3)], scope(42, 84, 0, 0, 0))
    assert said(found) == {3: ["full"]}, "2026 has room for it"
    assert not outside([part(id, 2027, P27) for id in (1, 2, 3)], scope(0), counted=False)


def proof(found: tuple[Outside, ...]) -> Any:
    (one,) = found
    return one.id, one.reasons[-1].code, dict(one.reasons[-1].params)


def test_no_plan_has_room() -> None:
    planned = [part(1, 2027, P26), part(2, 2027, P27)]
    found = outside([*planned, part(3, 2027)], scope(80, 50, 400, 0, 0))
    assert proof(found) == (3, "outside.room", {"number": 3, "room": 2, "first": 2026, "by": 2027})
    found = outside([*planned, part(3, 2027, hours=15)], scope(50, 48, 400, 0, 0))
    assert proof(found) == (3, "outside.hours", {"needed": 99, "hours": 98, "first": 2026, "by": 2027})
    found = outside([*planned, part(3, 2027, hours=15)], scope(50, 50, 400, 0, 0))
    assert proof(found) == (3, "outside.unfound", {"by": 2027}) and not found[0].impossible


def test_those_whom_the_plan_has_keep_their_room() -> None:
    found = outside([part(1, 2026), part(2, 2027, P26)], scope(42, 0, 400, 0, 0))
    assert said(found) == {1: ["without", "room"]}, "though its years end first"


def test_what_is_decided_for_others_keeps_its_hours() -> None:
    later = part(2, 2031, Year(2026, 42, True), due=2031)
    assert said(outside([part(1, 2026, P26), later], scope(42, 0, 0, 0, 0))) == {1: ["full", "room"]}
    assert not outside([part(1, 2026, P26), part(2, 2031, P26, due=2031)], scope(42, 0, 0, 0, 0))


def test_teams_have_hours_of_their_own() -> None:
    two = Horizon(2026, 5, {(2026, 1, ""): 420, (2026, 1, "7"): 0})
    assert said(outside([Part(1, 9, 42, 2026, 2026, 5, "7", (P26,)), part(2, 2026, P26)], two)) == {1: ["full", "room"]}


def test_ten_years_in_which_much_happens() -> None:
    counts, leads = rolling.simulate(2, 2)
    assert counts["lists checked"] == 80 and leads
    assert counts["no room in any plan, proved and so"] and counts["planned where the hours do not reach"]
