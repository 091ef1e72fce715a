"""The short form of the state machines of different persons, on both databases, and that they can fail."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from controls.base.why import SAME_PERSON
from controls.identity import actions as identity
from controls.identity import queries as people
from controls.identity.duties import RULES, Duty, Side
from tests.long import separation
from tests.long import separation_year as year


def test_no_history_ends_with_one_person_on_both_sides(app: Flask) -> None:
    counts = separation.run(15, 40, same=True)
    assert counts["done"] > 5 and counts["refused"] > 2 and counts["histories"] >= 5, counts


def test_no_year_ends_with_one_person_on_both_sides(app: Flask) -> None:
    counts = year.run(2, 4, same=True)
    refused = sum(number for name, number in counts.items() if name.startswith("refused S"))
    assert counts["histories"] == 2 and counts["done"] > 30 and refused > 2 and counts["let through"] > 5, counts


@pytest.fixture
def switched() -> Iterator[Any]:
    """What is done to the product before each history of a test."""
    yield year.HELD.append
    year.HELD.clear()


@pytest.mark.only("sqlite")
def test_a_rule_switched_off_is_found(app: Flask, switched: Any) -> None:
    """Without S5 an author of the recommendation records or confirms: the reckoning tells it, the ledger cannot."""
    take = identity.take_part

    def off(by: Any, duty: Duty, *args: Any, **kw: Any) -> None:
        if duty is not Duty.S5:
            take(by, duty, *args, **kw)

    switched(lambda patch: patch.setattr(identity, "take_part", off))
    with pytest.raises(AssertionError, match="on both sides.*S5"):
        year.run(4, 4, same=True)


@pytest.mark.only("sqlite")
def test_a_wrong_refusal_is_found(app: Flask, switched: Any) -> None:
    """A rule that refuses one who did nothing on the other side."""
    why = people.why_not_part

    def strict(by: Any, duty: Duty, row: Any, side: Side, **kw: Any) -> Any:
        if duty is Duty.S15 and side is Side.SECOND:
            return [SAME_PERSON(a=RULES[duty].first, b=RULES[duty].second)]
        return why(by, duty, row, side, **kw)

    switched(lambda patch: patch.setattr(people, "why_not_part", strict))
    with pytest.raises(AssertionError, match="wrongly refused by S15"):
        year.run(4, 4, same=True)
