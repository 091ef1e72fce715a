"""How a sub-process's risk band has moved since last year."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from controls.assessment.words import Band
from controls.base.why import N_, Labelled

ORDER = tuple(Band)
"""From the lowest band to the highest."""


class Way(Labelled):
    """Where a band went."""

    UP = "up", N_("Up a band")
    DOWN = "down", N_("Down a band")
    SAME = "same", N_("Same band")
    NEW = "new", N_("New this year")


SIGNS = {Way.UP: "▲", Way.DOWN: "▼", Way.SAME: "=", Way.NEW: "+"}
"""A sign beside the word, so that neither depends on a colour."""


def went(now: Band, last: Band | None) -> Way:
    """The movement from last year's band to this year's."""
    if last is None:
        return Way.NEW
    apart = ORDER.index(now) - ORDER.index(last)
    return Way.UP if apart > 0 else Way.DOWN if apart < 0 else Way.SAME


class Group(NamedTuple):
    """How many sub-processes stand in a cell and went a way to come there."""

    likelihood: int
    impact: int
    way: Way
    number: int


class Arrow(NamedTuple):
    """How many went from one cell to another, by impact and likelihood."""

    last_impact: int
    last_likelihood: int
    impact: int
    likelihood: int
    number: int


def cells(groups: Iterable[Group]) -> Counter[tuple[int, int]]:
    """How many stand in each cell."""
    found: Counter[tuple[int, int]] = Counter()
    for group in groups:
        found[group.likelihood, group.impact] += group.number
    return found


def ways(groups: Iterable[Group]) -> dict[Way, int]:
    """How many went each way."""
    found = dict.fromkeys(Way, 0)
    for group in groups:
        found[group.way] += group.number
    return found
