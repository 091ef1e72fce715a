"""What a handed-over recommendation is bound to: the assessments' bands, the roll, the rule set and the lines."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from controls.assessment.words import Band
from controls.base import seal
from controls.recommendation.rules import Hours
from controls.recommendation.words import Recommended
from controls.rotation.rules import FLOOR, Intervals, RollRow, counts


def of_row(row: RollRow, year: int) -> dict[str, Any]:
    """A sub-process as the roll and its last approved assessment showed it."""
    covered, ahead = row.covered, row.ahead(year)
    return {
        "code": row.code, "name_da": row.name_da, "name_en": row.name_en, "owner_id": row.owner_id,
        "amount_ore": row.amount_ore, "band": row.band, "score": row.score, "band_year": row.band_year,
        "band_before": row.band_before, "score_before": row.score_before, "fraud": row.fraud,
        "covered_on": covered.covered_on if covered else None, "covered_form": covered.form if covered else None,
        "covered_by": covered.review_number if covered else "", "due": row.due, "status": row.status,
        "ahead": ahead is not None, "ahead_hours": (ahead.hours or 0) if ahead else 0,
    }  # fmt: skip


def build(
    organisation: str, year: int, number: int, introduction: str, rule_set: int, scales: str, capacity: int,
    intervals: Intervals, goal_a: tuple[int, int], roll: Sequence[RollRow], lines: Sequence[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """The whole as one value; the same data always give the same value. The scales stand by their SHA-256."""
    figures = counts(roll)
    return {
        "organisation": organisation, "year": year, "version": number, "introduction": introduction,
        "rules": {
            "rule_set": rule_set, "scales": scales, "capacity_hours": capacity, "floor": FLOOR,
            "intervals": {name: getattr(intervals, name) for name in ("high", "elevated", "moderate", "low")},
        },
        "goal_a": {"approved": goal_a[0], "active": goal_a[1]},
        "counts": {"total": figures.total, "covered": figures.covered, "due": figures.due,
                   "overdue": figures.overdue, "never": figures.never},
        "roll": [of_row(row, year) for row in roll],
        "lines": list(lines),
    }  # fmt: skip


TEXTS = ("compensating_measure", "dissent", "text")
"""What people write freely on a line."""


def places(whole: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Where in the whole people have written freely."""
    lines = range(len(whole["lines"]))
    return [("introduction",), *(("lines", str(number), name) for number in lines for name in TEXTS)]


def sealed(whole: Mapping[str, Any], salt: Callable[[], bytes]) -> tuple[str, str]:
    """The canonical text and its SHA-256, in which each free text stands by its salted digest."""
    return seal.sealed(whole, places(whole), salt)


Pair = tuple[SimpleNamespace, SimpleNamespace]
"""A line beside its sub-process in the roll, as they were frozen."""


@dataclass(frozen=True)
class Frozen:
    """A handed-over recommendation read back, by what was recommended."""

    whole: SimpleNamespace
    review: list[Pair]
    defer: list[Pair]
    left_out: list[Pair]
    silent: list[SimpleNamespace]
    hours: Hours

    @property
    def lines(self) -> list[Pair]:
        """The lines the forum decides about."""
        return self.review + self.defer

    @property
    def lowered(self) -> list[tuple[SimpleNamespace, Recommended | None]]:
        """Sub-processes at a lower risk level than the year before, with what is recommended of each."""
        named, bands = {line.code: Recommended(line.recommended) for line in self.whole.lines}, list(Band)
        return [
            (row, named.get(row.code)) for row in self.whole.roll
            if row.band and row.band_before and bands.index(row.band) < bands.index(row.band_before)
        ]  # fmt: skip


def read(text: str) -> Frozen:
    """The frozen whole from its canonical text."""
    whole: SimpleNamespace = json.loads(text, object_hook=lambda found: SimpleNamespace(**found))
    places = {row.code: row for row in whole.roll}
    of: dict[str, list[Pair]] = {member.value: [] for member in Recommended}
    for line in whole.lines:
        of[line.recommended].append((line, places.pop(line.code)))
    proposed = sum(line.hours for line, _row in of["review"] if line.review_year == whole.year)
    ahead = sum(row.ahead_hours for row in whole.roll)
    return Frozen(
        whole, of["review"], of["defer"], of["not_recommended"], list(places.values()),
        Hours(proposed, ahead, whole.rules.capacity_hours),
    )  # fmt: skip
