"""Facts of a process beside last year's: which have changed, and which answers may then not be copied."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from controls.assessment.words import Band, Copied, Moved


@dataclass(frozen=True)
class Residual:
    """The band that the last approved review of a sub-process left, and its year."""

    code: str
    band: Band
    year: int


@dataclass(frozen=True)
class Seen:
    """Facts of a process as they were at a submission; of the systems a checksum (empty: nothing was kept)."""

    amount_ore: int | None
    owner_id: int | None
    systems: str


def checksum(text: str) -> str:
    """What tells that a text is another, without keeping it."""
    return sha256(" ".join(text.casefold().split()).encode()).hexdigest()


def moved(then: Seen, now: Seen, new_findings: int) -> list[Moved]:
    """The facts that have changed since last year's form was submitted."""
    kept = bool(then.systems)
    found = {
        Moved.FINDING: new_findings > 0, Moved.SYSTEM: kept and then.systems != now.systems,
        Moved.OWNER: kept and then.owner_id != now.owner_id,
        Moved.AMOUNT: _amount_moved(then.amount_ore, now.amount_ore),
    }  # fmt: skip
    return [fact for fact, holds in found.items() if holds]


def _amount_moved(then: int | None, now: int | None) -> bool:
    return then is not None and now is not None and 4 * abs(now - then) > abs(then)


CONTROLS = frozenset({Copied.CONTROL_LEVEL, Copied.RESIDUAL_LIKELIHOOD, Copied.RESIDUAL_IMPACT, Copied.LINES})
TOUCHED: dict[Moved, frozenset[Copied]] = {
    Moved.FINDING: CONTROLS | {Copied.FRAUD},
    Moved.SYSTEM: CONTROLS | {Copied.INHERENT_LIKELIHOOD, Copied.FRAUD},
    Moved.OWNER: frozenset(Copied),
    Moved.AMOUNT: frozenset({Copied.INHERENT_IMPACT, Copied.RESIDUAL_IMPACT, Copied.LINES}),
}
"""The answers that a fact is about: a new finding tells of controls, another system of how often it goes wrong too, a
new owner has judged nothing yet, and an amount says how large the damage can be."""


def offered(facts: Iterable[Moved]) -> set[Copied]:
    """Last year's answers that may be copied: those whose facts have not changed."""
    return set(Copied) - {answer for fact in facts for answer in TOUCHED[fact]}
