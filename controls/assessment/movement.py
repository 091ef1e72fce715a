"""How a sub-process's risk band has moved since last year."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Group:
    """Sub-processes that stand in one cell and came from one: how many there are."""

    likelihood: int
    impact: int
    band: Band
    last_likelihood: int | None
    last_impact: int | None
    last_band: Band | None
    number: int

    @property
    def way(self) -> Way:
        """Where they went."""
        return went(self.band, self.last_band)


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


def arrows(groups: Iterable[Group]) -> list[tuple[int, int, int, int, int]]:
    """From which cell to which those went that changed band, and how many: impact and likelihood of both."""
    found: Counter[tuple[int, int, int, int]] = Counter()
    for group in groups:
        if group.way in (Way.UP, Way.DOWN) and group.last_impact and group.last_likelihood:
            found[group.last_impact, group.last_likelihood, group.impact, group.likelihood] += group.number
    return [(*way, number) for way, number in sorted(found.items()) if way[:2] != way[2:]]
