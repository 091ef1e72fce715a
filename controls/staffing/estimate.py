"""What a catalogue takes: sub-processes a year by the five-year floor and by the default intervals, and hours."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from controls.assessment.words import Band
from controls.planning.board import LIGHT_HOURS, ORDINARY_HOURS
from controls.rotation.rules import FLOOR, Intervals

LIGHT = frozenset({Band.LOW, Band.MODERATE})
PARTS = 60
"""A share of a review a year is told in sixtieths, which every interval from one to five years divides evenly."""


@dataclass(frozen=True)
class Estimate:
    """So many sub-processes, so many reviews a year at least and by the intervals, and the hours without and with
    light reviews."""

    subprocesses: int
    floor: int
    yearly: int
    hours: int
    hours_light: int


@dataclass(frozen=True)
class Load:
    """What one sub-process takes: its share of a review a year in sixtieths, and whether a light review will do."""

    parts: int
    light: bool


def load(band: Band | None, intervals: Intervals | None = None) -> Load:
    """The load of a sub-process by its suggested inherent band."""
    return Load(PARTS // (intervals or Intervals()).of(band), band in LIGHT)


def estimate(loads: Iterable[Load]) -> Estimate:
    """What these sub-processes take in a year, reviews rounded up, hours to the nearest ten."""
    found = list(loads)
    heavy = sum(one.parts for one in found if not one.light)
    light = sum(one.parts for one in found) - heavy
    return Estimate(
        len(found), ceil(len(found) / FLOOR), ceil(Fraction(heavy + light, PARTS)),
        _tens(Fraction((heavy + light) * ORDINARY_HOURS, PARTS)),
        _tens(Fraction(heavy * ORDINARY_HOURS + light * LIGHT_HOURS, PARTS)),
    )  # fmt: skip


def _tens(hours: Fraction) -> int:
    """To the nearest ten, a half upwards, as the script on the page rounds."""
    return int((hours + 5) // 10) * 10
