"""How tasks are ordered and told on the home page."""

from dataclasses import dataclass
from datetime import date

from controls.base.why import N_

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


def greeting(hour: int) -> str:
    """Good morning until ten, good day until eighteen, then good evening."""
    if hour < 10:
        return N_("Good morning, %(name)s")
    return N_("Good day, %(name)s") if hour < 18 else N_("Good evening, %(name)s")


def days(due: date, today: date) -> int:
    """Days until the due day; negative when it is past."""
    return (due - today).days
