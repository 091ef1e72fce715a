"""Movement by band since last year: where a band went, and cells and ways from the counted groups."""

import pytest

from controls.assessment import movement
from controls.assessment.movement import Group, Way
from controls.assessment.words import Band

GROUPS = [
    Group(3, 4, Way.UP, 4), Group(3, 4, Way.SAME, 2), Group(3, 3, Way.DOWN, 1), Group(3, 3, Way.SAME, 5),
    Group(1, 1, Way.NEW, 3),
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
