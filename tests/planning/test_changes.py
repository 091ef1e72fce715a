"""What a draft changes: moves, drops and new reviews, told only where they differ from what stands."""

from controls.planning import changes
from controls.planning.changes import NONE, Changes, Difference, Review, Room

STANDING = {1: (Review(2027, hours=42, why="plan.due"),), 2: (Review(2026, hours=15), Review(2029, hours=42))}


def move(found: Changes, id: int, at: int | None, to: int | None, decided: bool = False) -> Changes:
    return changes.moved(found, STANDING, id, at, Review(to, hours=42, reason="x" * decided), decided)


def years(found: Changes, id: int) -> list[int | None]:
    return [one.year for one in changes.over(STANDING, found).get(id, ())]


def test_a_move_and_its_way_back_leave_nothing() -> None:
    found = move(NONE, 1, 2027, 2028)
    assert years(found, 1) == [2028] and found.reviews.keys() == {1}
    assert move(found, 1, 2028, 2027) == NONE  # the planner's reason is back too


def test_what_is_new_and_what_is_dropped() -> None:
    found = move(NONE, 3, None, 2028)
    assert years(found, 3) == [2028] and years(move(found, 3, 2028, None), 3) == []
    assert move(found, 3, 2028, None) == NONE
    found = move(NONE, 2, 2026, None)
    assert years(found, 2) == [2029]
    assert changes.differences(STANDING, found) == [
        Difference(2, ((2026, 0), (2029, 0)), ((2029, 0),), (), (STANDING[2][1],))
    ]


def test_a_decided_year_is_left_with_its_name_and_taken_back() -> None:
    found = move(NONE, 4, 2026, 2027, decided=True)
    assert changes.over(STANDING, found)[4] == (Review(2027, hours=42, instead=2026, reason="x"),)
    assert changes.differences(STANDING, found) == [
        Difference(4, ((2026, 0),), ((2027, 0),), (2026,), found.reviews[4])
    ]
    assert changes.over(STANDING, move(found, 4, 2027, 2028))[4][0].instead == 2026  # it still leaves the decided year
    assert move(found, 4, 2027, 2026) == NONE
    dropped = move(NONE, 4, 2026, None, decided=True)
    assert changes.over(STANDING, dropped)[4] == (Review(None, hours=42, instead=2026, reason="x"),)


def test_hours_are_told_where_they_differ() -> None:
    found = changes.with_hours(NONE, {(2026, 0): Room(1000)}, {(2026, 0): Room(1000), (2027, 0): Room(1200, 500)})
    assert found.hours == {(2027, 0): (1200, 500)} and changes.unpack(changes.pack(found)) == found
    assert changes.with_hours(found, {(2027, 0): Room(1200, 500)}, {}) == NONE
    assert changes.with_hours(found, {(2027, 0): Room(1200, 500)}, {(2027, 0): Room(1200)}).hours


def test_a_review_goes_to_the_other_half_of_its_year_and_back() -> None:
    standing = {1: (Review(2027, 1, hours=42, why="plan.due"),)}
    found = changes.moved(NONE, standing, 1, 2027, Review(2027, 2, hours=42), False)
    (difference,) = changes.differences(standing, found)
    assert (difference.before, difference.after) == (((2027, 1),), ((2027, 2),))
    assert changes.moved(found, standing, 1, 2027, Review(2027, 1, hours=42), False) == NONE
