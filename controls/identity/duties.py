"""Different persons: the separation rules S1 to S12 as data, and the one function that answers with reasons."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from controls.base.why import N_, SAME_PERSON, Reason


class Duty(StrEnum):
    """The separation rules in force."""

    S1 = "S1"
    S3 = "S3"
    S5 = "S5"
    S6 = "S6"
    S9 = "S9"
    S12 = "S12"


@dataclass(frozen=True)
class Pair:
    """Two acts that one person may not both do on the same object."""

    first: str
    second: str


PAIRS = {
    Duty.S1: Pair(N_("assess a process"), N_("approve its assessment")),
    Duty.S3: Pair(N_("lead a review or test in it"), N_("quality-review or approve it")),
    Duty.S5: Pair(N_("write the recommendation"), N_("decide, record or confirm its lines")),
    Duty.S6: Pair(N_("record the decisions"), N_("confirm them")),
    Duty.S9: Pair(N_("administer the system"), N_("hold a role in the control year")),
    Duty.S12: Pair(N_("own an action"), N_("verify it")),
}


def why_not_same(duty: Duty, person: int | None, others: Iterable[int | None]) -> list[Reason]:
    """Reasons when `person` already did the other act of the pair on this object."""
    if person is None or person not in {other for other in others if other is not None}:
        return []
    pair = PAIRS[duty]
    return [SAME_PERSON(a=pair.first, b=pair.second)]
