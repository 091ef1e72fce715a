"""Who is reminded of what, and why somebody is not."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from controls.assessment.rules import EDITABLE, OPEN
from controls.assessment.words import State
from controls.base.why import N_, Reason, Why
from controls.reminder.words import Outcome
from controls.wheel.words import State as Phase

MOST = 1000
FIRST = (3, 16)
"""The day in the year from which owners are reminded: finance is at year-end until mid-March."""
NAMED = 4

NOTHING_CHOSEN = Why("reminder.nothing_chosen", N_("Choose at least one assessment, or send to all of the list."))
SENT_TWICE = Why(
    "reminder.sent_twice", N_("Somebody else reminded the same people a moment ago. Look at the list again."), 409
)
TOO_MANY = Why("reminder.too_many", N_("At most {max} at a time. Narrow the list."))


@dataclass(frozen=True)
class Held:
    """An assessment and who holds it: the owner, the deputy when the owner has left, the author of a returned one."""

    id: int
    code: str
    state: State
    phase: Phase
    year: int
    due_on: date | None
    author: int | None
    owner: int | None
    deputy: int | None

    @property
    def holder(self) -> int | None:
        """Whose turn it is; only people at work count."""
        first = self.author if self.state is State.RETURNED else None
        return first or self.owner or self.deputy


def outcome(held: Held, today: date, reminded: Collection[int]) -> Outcome:
    """What becomes of one; `reminded` are those who have been reminded today."""
    if held.state not in EDITABLE:
        return Outcome.NOT_MISSING
    if held.phase not in OPEN:
        return Outcome.NOT_OPEN
    if held.holder is None:
        return Outcome.NO_OWNER
    if today < date(held.year, *FIRST):
        return Outcome.YEAR_END
    return Outcome.TODAY if held.holder in reminded else Outcome.REMINDED


def why_not_send(number: int) -> list[Reason]:
    """Something is chosen, and not more than a sending can hold."""
    return [NOTHING_CHOSEN()] if not number else [TOO_MANY(max=MOST)] if number > MOST else []


def codes(all_of: Sequence[str]) -> str:
    """The codes a message names: a few of them, and that there are more."""
    return ", ".join(all_of) if len(all_of) <= NAMED else ", ".join(all_of[: NAMED - 1]) + f" … ({len(all_of)})"


def by_holder(reminded: Iterable[Held]) -> dict[int, list[Held]]:
    """What each holder is reminded of."""
    found: dict[int, list[Held]] = {}
    for held in reminded:
        if held.holder is not None:
            found.setdefault(held.holder, []).append(held)
    return found
