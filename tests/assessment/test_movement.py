"""Movement by band since last year: cells, ways and arrows from the counted groups."""

import pytest

from controls.assessment import movement
from controls.assessment.movement import Group, Way
from controls.assessment.words import Band

GROUPS = [
    Group(3, 4, Band.ELEVATED, 3, 3, Band.MODERATE, 4), Group(3, 4, Band.ELEVATED, 3, 4, Band.ELEVATED, 2),
    Group(3, 3, Band.MODERATE, 4, 4, Band.HIGH, 1), Group(3, 3, Band.MODERATE, 2, 3, Band.MODERATE, 5),
    Group(1, 1, Band.LOW, None, None, None, 3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("now", "last", "way"),
    [(Band.HIGH, Band.LOW, Way.UP), (Band.LOW, Band.MODERATE, Way.DOWN), (Band.LOW, Band.LOW, Way.SAME),
     (Band.LOW, None, Way.NEW)],
)  # fmt: skip
def test_where_a_band_went(now: Band, last: Band | None, way: Way) -> None:
    assert movement.went(now, last) is way


def test_cells_and_ways_count_everything_once() -> None:
    assert movement.cells(GROUPS) == {(3, 4): 6, (3, 3): 6, (1, 1): 3}
    assert movement.ways(GROUPS) == {Way.UP: 4, Way.DOWN: 1, Way.SAME: 7, Way.NEW: 3}


def test_arrows_only_for_what_changed_band() -> None:
    """From impact and likelihood to impact and likelihood: a new score in the same band is no arrow."""
    assert movement.arrows(GROUPS) == [(3, 3, 4, 3, 4), (4, 4, 3, 3, 1)]


def test_a_band_that_changed_where_it_stands_has_no_arrow() -> None:
    """Other bands in another year's scales move a band without moving the score."""
    group = Group(3, 3, Band.ELEVATED, 3, 3, Band.MODERATE, 1)
    assert movement.arrows([group]) == [] and group.way is Way.UP
