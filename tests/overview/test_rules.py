"""How tasks are ordered and greeted."""

from datetime import date

import pytest

from controls.assessment.words import Band
from controls.overview.rules import Task, days, greeting, residual_after_tests
from controls.review.words import DesignOutcome, Outcome

TODAY = date(2026, 6, 8)


@pytest.mark.parametrize(
    ("due", "late", "number"), [(date(2026, 6, 7), True, -1), (TODAY, False, 0), (date(2026, 6, 12), False, 4)]
)
def test_late_is_past_the_day(due: date, late: bool, number: int) -> None:
    task = Task("assessment.fill", 1, "KRE-1", "a", "b", due)
    assert task.late(TODAY) is late and days(due, TODAY) == number


def test_without_a_day_nothing_is_late() -> None:
    assert not Task("x", 1, "a", "b", "c", None).late(TODAY)


@pytest.mark.parametrize(("hour", "word"), [(0, "morning"), (9, "morning"), (10, "day"), (17, "day"), (18, "evening")])
def test_greeting(hour: int, word: str) -> None:
    assert word in greeting(hour)


@pytest.mark.parametrize(
    ("design", "operating", "left"),
    [
        (DesignOutcome.APPROPRIATE, Outcome.EFFECTIVE, Band.LOW),
        (DesignOutcome.APPROPRIATE, Outcome.WITH_OBSERVATION, Band.LOW),
        (DesignOutcome.APPROPRIATE, Outcome.PARTLY, Band.HIGH),
        (DesignOutcome.APPROPRIATE, Outcome.NOT, Band.HIGH),
        (DesignOutcome.PARTLY, Outcome.EFFECTIVE, Band.HIGH),
        (DesignOutcome.NOT, None, Band.HIGH),
        (DesignOutcome.APPROPRIATE, Outcome.CANNOT_CONCLUDE, None),
        (DesignOutcome.APPROPRIATE, None, None),
        (None, None, None),
    ],
)
def test_only_controls_that_work_lower_the_residual(
    design: DesignOutcome | None, operating: Outcome | None, left: Band | None
) -> None:
    assert residual_after_tests(design, operating, Band.HIGH, Band.LOW) is left
