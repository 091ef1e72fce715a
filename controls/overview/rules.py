"""How tasks are ordered and told on the home page."""

from dataclasses import dataclass
from datetime import date

from controls.assessment.words import Band
from controls.base.why import N_
from controls.review.words import DesignOutcome, Outcome

FIRST, MESSAGES, MOST = 5, 3, 100
"""Lines under "what you must do now", how many of the latest messages, and how many tasks are told at most."""


@dataclass(frozen=True)
class Task:
    """One thing somebody must do."""

    kind: str
    id: int
    code: str
    name_da: str
    name_en: str
    due: date | None

    def late(self, today: date) -> bool:
        """Past its day."""
        return self.due is not None and self.due < today


SOUND = (Outcome.EFFECTIVE, Outcome.WITH_OBSERVATION)


def residual_after_tests(
    design: DesignOutcome | None, operating: Outcome | None, inherent: Band | None, residual: Band | None
) -> Band | None:
    """The risk left after the controls that actually work, by an approved review (COSO 2013: residual risk).

    Controls found effective carry what was assumed of them; others carry nothing, and the risk before controls is left.
    """
    if operating is Outcome.CANNOT_CONCLUDE or (operating is None and design in (None, DesignOutcome.APPROPRIATE)):
        return None
    return residual if design is DesignOutcome.APPROPRIATE and operating in SOUND else inherent


def greeting(hour: int) -> str:
    """Good morning until ten, good day until eighteen, then good evening."""
    if hour < 10:
        return N_("Good morning, %(name)s")
    return N_("Good day, %(name)s") if hour < 18 else N_("Good evening, %(name)s")


def days(due: date, today: date) -> int:
    """Days until the due day; negative when it is past."""
    return (due - today).days
