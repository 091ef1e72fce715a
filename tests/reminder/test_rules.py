"""Who is reminded, and each reason why somebody is not."""

from dataclasses import replace
from datetime import date

import pytest

from controls.assessment.words import State
from controls.reminder import rules
from controls.reminder.rules import Held
from controls.reminder.words import Outcome
from controls.wheel.words import State as Phase

HELD = Held(1, "KRE-1", State.NOT_STARTED, Phase.ASSESSING, 2026, date(2026, 3, 27), None, 7, 8)
LATER = date(2026, 3, 16)


@pytest.mark.parametrize(
    ("changes", "day", "reminded", "wanted"),
    [
        ({}, LATER, (), Outcome.REMINDED), ({}, date(2026, 3, 15), (), Outcome.YEAR_END),
        ({}, date(2027, 1, 2), (), Outcome.REMINDED), ({}, LATER, (7,), Outcome.TODAY),
        ({}, LATER, (8,), Outcome.REMINDED), ({"owner": None}, LATER, (8,), Outcome.TODAY),
        ({"owner": None, "deputy": None}, LATER, (), Outcome.NO_OWNER),
        ({"state": State.SUBMITTED}, LATER, (), Outcome.NOT_MISSING),
        ({"state": State.RETURNED, "author": 9}, LATER, (7,), Outcome.REMINDED),
        ({"state": State.DRAFT, "author": 9}, LATER, (9,), Outcome.REMINDED),
        ({"phase": Phase.RECOMMENDED}, LATER, (), Outcome.NOT_OPEN),
    ],
)  # fmt: skip
def test_outcomes(changes: dict[str, object], day: date, reminded: tuple[int, ...], wanted: Outcome) -> None:
    assert rules.outcome(replace(HELD, **changes), day, reminded) is wanted  # type: ignore[arg-type]


def test_who_holds_it() -> None:
    assert HELD.holder == 7 and replace(HELD, owner=None).holder == 8
    assert replace(HELD, state=State.RETURNED, author=9).holder == 9
    assert replace(HELD, state=State.RETURNED).holder == 7


def test_codes_name_a_few() -> None:
    assert rules.codes(["KRE-1", "KRE-2"]) == "KRE-1, KRE-2"
    assert rules.codes(["A", "B", "C", "D", "E"]) == "A, B, C … (5)"


def test_something_is_chosen_and_not_too_much() -> None:
    assert [reason.code for reason in rules.why_not_send(0)] == ["reminder.nothing_chosen"]
    assert [reason.code for reason in rules.why_not_send(1001)] == ["reminder.too_many"]
    assert rules.why_not_send(1) == []
