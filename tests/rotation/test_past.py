"""What of the past counts after a change of structure: each rule of product.md section 4, and chains of them."""

from datetime import date
from types import SimpleNamespace

import pytest

from controls.assessment.words import Band
from controls.rotation.past import Past, own, past
from controls.rotation.queries import row_of
from controls.rotation.rules import BandStep, Entry, Intervals, PlanKind, Planned, due_year
from controls.rotation.words import Degree, Form
from controls.universe.structure import Origin
from controls.universe.words import Kind


def full(year: int, degree: Degree = Degree.FULL) -> Entry:
    return Entry(date(year, 11, 3), degree, Form.ORDINARY, f"G-{year}")


def due(found: Past, year: int = 2026) -> int:
    counted = due_year(found.clock, found.activated, found.steps, Intervals(), year)
    return counted if found.latest is None else min(counted, found.latest)


A, B, NEW = 1, 2, 3
PART = (
    "code", "name_da", "name_en", "process_id", "process_code", "process_name_da", "process_name_en", "area_code",
    "area_name_da", "area_name_en", "owner_id", "yearly_amount_ore",
)  # fmt: skip
SPLIT_2024 = Origin(Kind.SPLIT, date(2024, 1, 2), (A,))


def of(origin: Origin, *parts: Past, now: Past | None = None) -> Past:
    owns = {**dict(enumerate(parts, 1)), NEW: now or own((), origin.on.year)}
    return past(NEW, owns, {NEW: [origin]})


def test_a_part_inherits_what_the_review_examined_of_it() -> None:
    found = of(Origin(Kind.SPLIT, date(2024, 1, 2), (A,), True), own([full(2022)], 2020))
    assert found.entries == (full(2022),) and due(found) == 2027


def test_a_part_that_was_not_examined_has_the_due_year_only() -> None:
    found = of(SPLIT_2024, own([full(2022)], 2020))
    assert found.entries == () and found.clock == 2022 and due(found) == 2027


def test_a_part_of_what_was_never_covered_is_due_as_that_was() -> None:
    assert due(of(SPLIT_2024, own((), 2021))) == 2025


def test_its_own_coverage_outweighs_what_it_inherits() -> None:
    found = of(SPLIT_2024, own([full(2022)], 2020), now=own([full(2025)], 2024))
    assert found.entries == (full(2025),) and due(found) == 2030


def test_bands_are_known_from_what_it_came_of_until_its_own_come() -> None:
    before = own([full(2022)], 2020, [BandStep(2023, Band.HIGH)])
    assert due(of(SPLIT_2024, before)) == 2024
    assert due(of(SPLIT_2024, before, now=own((), 2024, [BandStep(2024, Band.LOW)])), 2025) == 2027


@pytest.mark.parametrize(
    ("one", "other", "covered", "expected"),
    [
        ([full(2022)], [full(2024)], [full(2022)], 2027),  # covered since the part that waits longest
        ([full(2022)], [], [], 2024),  # one was never: not covered, due when that one is
        ([full(2022, Degree.PARTIAL)], [full(2024)], [], 2024),
        ([], [], [], 2024),
    ],
)
def test_merged_is_covered_only_if_all_parts_are(
    one: list[Entry], other: list[Entry], covered: list[Entry], expected: int
) -> None:
    found = of(Origin(Kind.MERGED, date(2025, 1, 2), (A, B), True), own(one, 2020), own(other, 2020))
    assert list(found.entries) == covered and due(found) == expected


def test_what_binds_one_part_binds_what_it_is_merged_into() -> None:
    changed = {B: [Origin(Kind.CHANGED, date(2024, 5, 1))], NEW: [Origin(Kind.MERGED, date(2025, 1, 2), (A, B), True)]}
    owns = {A: own([full(2022)], 2020), B: own([full(2023)], 2020), NEW: own((), 2025)}
    assert due(past(NEW, owns, changed)) == 2026, "not 2027, when the one that waits longest is due"


def test_the_highest_band_of_the_parts_counts() -> None:
    low, high = (
        own([full(2022)], 2020, [BandStep(2024, Band.LOW)]),
        own([full(2022)], 2020, [BandStep(2024, Band.HIGH)]),
    )
    found = of(Origin(Kind.MERGED, date(2025, 1, 2), (A, B), True), low, high)
    assert found.steps == (BandStep(2024, Band.HIGH),) and due(found) == 2024


def test_transferred_keeps_its_coverage() -> None:
    found = of(Origin(Kind.TRANSFERRED, date(2025, 6, 1), (A,), True), own([full(2022)], 2020))
    assert found.entries == (full(2022),) and due(found) == 2027


def test_opened_again_after_a_year_starts_again() -> None:
    again = Origin(Kind.REOPENED, date(2025, 6, 1))
    found = past(A, {A: own([full(2022)], 2025, [BandStep(2022, Band.HIGH)])}, {A: [again]})
    assert found == Past((), None, 2025, of=A) and due(found) == 2029


def test_what_starts_again_has_left_what_it_came_of() -> None:
    origins = {NEW: [Origin(Kind.CHANGED, date(2023, 3, 1)), SPLIT_2024, Origin(Kind.REOPENED, date(2026, 6, 1))]}
    found = past(NEW, {A: own([full(2022)], 2020, of=A), NEW: own((), 2024, of=NEW)}, origins)
    assert found == Past((), None, 2026, of=NEW)


def test_what_was_split_may_open_again_without_reaching_its_parts() -> None:
    origins = {A: [Origin(Kind.REOPENED, date(2026, 1, 2))], NEW: [SPLIT_2024]}
    assert due(past(NEW, {A: own((), 2020), NEW: own((), 2024)}, origins)) == 2024


def test_opened_again_within_a_year_keeps_all() -> None:
    before = own([full(2022)], 2020)
    assert past(A, {A: before}, {A: [Origin(Kind.REOPENED, date(2025, 6, 1), inherits=True)]}) == before


def test_essentially_changed_is_due_within_two_years_until_it_is_covered() -> None:
    changed = Origin(Kind.CHANGED, date(2026, 2, 2))
    assert due(past(A, {A: own([full(2025)], 2020)}, {A: [changed]})) == 2028
    assert due(past(A, {A: own([full(2025), full(2026)], 2020)}, {A: [changed]})) == 2031
    assert due(past(A, {A: own([full(2022)], 2020)}, {A: [changed]})) == 2027, "never later than it was"


def test_a_second_change_does_not_put_off_what_the_first_asks() -> None:
    twice = {A: [Origin(Kind.CHANGED, date(year, 5, 1)) for year in (2023, 2025)]}
    assert due(past(A, {A: own([full(2022)], 2020)}, twice)) == 2025
    assert due(past(A, {A: own([full(2022), full(2024)], 2020)}, twice)) == 2027, "covered since the first one"


def test_a_change_follows_into_the_parts() -> None:
    origins = {A: [Origin(Kind.CHANGED, date(2023, 5, 1))], NEW: [SPLIT_2024]}
    assert due(past(NEW, {A: own([full(2022)], 2020), NEW: own((), 2024)}, origins)) == 2025


def test_a_chain_is_followed_to_its_beginning() -> None:
    origins = {
        B: [Origin(Kind.TRANSFERRED, date(2023, 1, 2), (A,), True)],
        NEW: [Origin(Kind.SPLIT, date(2024, 1, 2), (B,), True)],
    }
    found = past(NEW, {A: own([full(2021)], 2019), B: own((), 2023), NEW: own((), 2024)}, origins)
    assert found.entries == (full(2021),) and due(found) == 2026


def test_what_starts_again_is_not_what_was_planned_before() -> None:
    part = SimpleNamespace(id=A, **dict.fromkeys(PART))
    plans = tuple(Planned(A, year, PlanKind.PLANNED) for year in (2024, 2025))
    again = past(A, {A: own([full(2024)], 2020)}, {A: [Origin(Kind.REOPENED, date(2025, 6, 1))]})
    row = row_of(part, again, [], Intervals(), plans, 2025)
    assert row.plans == plans[1:] and not row.entries
