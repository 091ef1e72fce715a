"""The coverage ledger on a day: which lines count, what covers, from what it came, and what the lines add up to."""

from collections import Counter
from datetime import date

import pytest

from controls.assessment.words import Band
from controls.rotation import ledger
from controls.rotation.ledger import Written, counting, standing
from controls.rotation.past import Past, own, past
from controls.rotation.rules import BandStep, Entry, Intervals
from controls.rotation.words import Cover, Degree, Form, Source, Status
from controls.universe.structure import Origin
from controls.universe.words import Kind

DAY = date(2026, 6, 8)


def line(id: int, source: Source = Source.REVIEW, number: str = "G-1", part: int = 1, reverses: int = 0) -> Written:
    return Written(id, 1, part, date(2023, 5, id), Degree.FULL, Form.ORDINARY, source, number, reverses or None)


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        ([line(1)], [1]),
        ([line(1), line(2, Source.REOPENED)], []),
        ([line(1), line(2, Source.REOPENED), line(3)], [3]),  # approved again
        ([line(3), line(2, Source.REOPENED), line(1)], [3]),  # whatever the order they are read in
        ([line(1), line(2, Source.REOPENED, "G-2")], [1]),
        ([line(1), line(2, Source.REOPENED, part=2)], [1]),
        ([line(1, Source.IMPORT), line(2, Source.REVERSED, reverses=1)], []),
        ([line(1, Source.IMPORT), line(2, Source.IMPORT), line(3, Source.REVERSED, reverses=1)], [2]),
        ([line(1, Source.IMPORT), line(2, Source.REOPENED)], [1]),
    ],
)
def test_a_line_counts_until_its_review_is_reopened_or_its_import_undone(lines: list[Written], days: list[int]) -> None:
    assert [entry.covered_on.day for entry in counting(lines).get(1, [])] == days


def entry(year: int, degree: Degree = Degree.FULL, form: Form = Form.ORDINARY, of: int = 1) -> Entry:
    return Entry(date(year, 11, 3), degree, form, f"G-{year}", of)


def stands(*entries: Entry, activated: int = 2020, band: Band | None = None) -> ledger.Standing:
    steps = [BandStep(2026, band)] if band else []
    return standing(1, own(entries, activated, steps, 1), Intervals(), DAY)


@pytest.mark.parametrize(
    ("entries", "cover", "shown"),
    [
        ([entry(2022)], Cover.ORDINARY, 2022),
        ([entry(2021)], Cover.LAPSED, 2021),
        ([entry(2024, form=Form.LIGHT)], Cover.LIGHT, 2024),
        ([entry(2023), entry(2025, Degree.PARTIAL)], Cover.ORDINARY, 2023),
        ([entry(2020), entry(2025, Degree.PARTIAL)], Cover.PARTIAL, 2025),
        ([entry(2020, Degree.PARTIAL)], Cover.NEVER, 2020),
        ([entry(2024, Degree.NONE)], Cover.NEVER, None),
        ([], Cover.NEVER, None),
    ],
)
def test_only_a_full_review_of_the_last_five_years_covers(
    entries: list[Entry], cover: Cover, shown: int | None
) -> None:
    found = stands(*entries)
    assert (found.cover, found.review and found.review.covered_on.year) == (cover, shown)
    assert found.covered == (cover in (Cover.ORDINARY, Cover.LIGHT))


def test_due_by_the_interval_and_by_the_floor() -> None:
    found = stands(entry(2024), band=Band.HIGH)
    assert (found.due_interval, found.due_floor, found.due, found.status) == (2026, 2029, 2026, Status.DUE)
    never = stands(activated=2024, band=Band.ELEVATED)
    assert (never.due_interval, never.due_floor, never.changed) == (2026, 2028, None)


def test_the_rolling_years_and_the_fixed_block() -> None:
    assert ledger.rolling(2026) == (2022, 2026)
    blocks = {year: ledger.block(year) for year in (2023, 2024, 2028, 2029)}
    assert blocks == {2023: (2019, 2023), 2024: (2024, 2028), 2028: (2024, 2028), 2029: (2029, 2033)}
    assert not stands(entry(2023)).in_block and stands(entry(2024)).in_block


def of(kind: Kind, inherits: bool, before: Past, **now: Past) -> ledger.Standing:
    origins = {2: [Origin(kind, date(2025, 1, 2), () if kind is Kind.CHANGED else (1,), inherits)]}
    counts = past(2, {1: before, 2: now.get("now") or own((), 2025, of=2)}, origins)
    return standing(2, counts, Intervals(), DAY)


def test_what_was_inherited_says_from_what() -> None:
    kept = of(Kind.SPLIT, True, own([entry(2023)], 2020, of=1))
    assert (kept.cover, kept.inherited, kept.due) == (Cover.ORDINARY, 1, 2028)
    due_only = of(Kind.SPLIT, False, own([entry(2023)], 2020, of=1))
    assert (due_only.cover, due_only.inherited, due_only.review, due_only.due) == (Cover.NEVER, 1, None, 2028)
    reviewed = of(Kind.SPLIT, True, own([entry(2023)], 2020, of=1), now=own([entry(2025, of=2)], 2025, of=2))
    assert (reviewed.inherited, reviewed.due) == (None, 2030)


def test_a_review_of_its_own_does_not_hide_whose_due_year_it_has() -> None:
    now = own([entry(2025, Degree.PARTIAL, of=2)], 2025, of=2)
    found = of(Kind.SPLIT, False, own([entry(2023)], 2020, of=1), now=now)
    assert found.review and (found.cover, found.review.subprocess_id, found.inherited) == (Cover.PARTIAL, 2, 1)
    assert found.due == 2028


def test_an_essential_change_binds_the_due_year() -> None:
    changed = of(Kind.CHANGED, False, own((), 2020), now=own([entry(2024, of=2)], 2020, of=2))
    assert (changed.due_interval, changed.due, changed.changed) == (2029, 2027, 2027)


def test_the_lines_add_up() -> None:
    lines = [
        stands(entry(2024)), stands(entry(2023, form=Form.LIGHT)), stands(entry(2020)), stands(activated=2026),
        of(Kind.SPLIT, True, own([entry(2024)], 2020, of=1)), stands(entry(2020), entry(2025, Degree.PARTIAL)),
    ]  # fmt: skip
    found = ledger.totals(lines)
    assert found.covers == Counter({
        Cover.ORDINARY: 2, Cover.LIGHT: 1, Cover.PARTIAL: 1, Cover.LAPSED: 1, Cover.NEVER: 1,
    })  # fmt: skip
    assert (found.active, found.covered, found.missing, found.inherited, found.in_block) == (6, 3, 3, 1, 2)
    assert found.covers.total() == found.active == found.statuses.total()
    assert (found.statuses[Status.OVERDUE], found.statuses[Status.DUE], found.later) == (2, 0, 4)
