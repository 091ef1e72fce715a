"""The roll's arithmetic: tables of cases, and what always holds."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controls.assessment.words import Band
from controls.rotation import rules
from controls.rotation.rules import BandStep, Entry, Intervals, PlanKind, Planned, RollRow
from controls.rotation.words import Degree, Form, Status

STAR = Intervals(high=3, elevated=5, moderate=5, low=5)
L, M, E, H = Band.LOW, Band.MODERATE, Band.ELEVATED, Band.HIGH


def steps(*pairs: tuple[int, Band]) -> list[BandStep]:
    return [BandStep(year, band) for year, band in pairs]


@pytest.mark.parametrize(
    ("covered", "activated", "bands", "as_of", "due"),
    [
        (None, 2022, [], 2024, 2026),  # never assessed: the floor
        (None, 2022, [(2022, H)], 2022, 2024),  # never covered: activation + interval - 1
        (None, 2022, [(2022, L)], 2025, 2026),
        (2022, 2022, [(2022, H)], 2024, 2025),  # covered + interval
        (2023, 2022, [(2023, E)], 2024, 2028),
        (2022, 2022, [(2022, E), (2026, H)], 2026, 2026),  # risen: not to 2025, which is past, but to this year
        (2022, 2022, [(2026, H)], 2026, 2026),  # its first band: the floor was all that counted until then
        (2022, 2022, [(2022, E), (2026, H)], 2027, 2026),  # and overdue the year after
        (2024, 2022, [(2024, E), (2025, H)], 2025, 2027),  # risen: forward at once
        (2022, 2022, [(2022, H), (2024, L)], 2024, 2025),  # fallen: not before the next cycle
        (2022, 2022, [(2022, H), (2024, L)], 2025, 2027),
        (2022, 2022, [(2022, L), (2023, H), (2025, L)], 2026, 2027),  # fallen again: back, never past the floor
        (2025, 2022, [(2022, H), (2023, L), (2024, H)], 2026, 2028),  # only the coverage and today's band count
        (2022, 2022, [(2022, E), (2030, H)], 2026, 2027),  # a later band is not known yet
    ],
)
def test_due_year(covered: int | None, activated: int, bands: list[tuple[int, Band]], as_of: int, due: int) -> None:
    assert rules.due_year(covered, activated, steps(*bands), STAR, as_of) == due


histories = st.lists(
    st.tuples(st.integers(2015, 2040), st.sampled_from(list(Band))), max_size=12, unique_by=lambda pair: pair[0]
)
intervals = st.builds(Intervals, *(st.integers(1, 9) for _ in range(4)))


@given(st.none() | st.integers(2015, 2040), st.integers(2015, 2040), histories, intervals, st.integers(2015, 2045))
def test_the_due_year_is_never_past_the_floor(
    covered: int | None, activated: int, bands: list[tuple[int, Band]], used: Intervals, as_of: int
) -> None:
    due = rules.due_year(covered, activated, steps(*bands), used, as_of)
    latest = activated + rules.FLOOR - 1 if covered is None else covered + rules.FLOOR
    assert due <= latest


@given(st.integers(2015, 2040), histories, intervals, st.integers(2015, 2045))
def test_a_full_coverage_never_brings_the_due_year_forward(
    covered: int, bands: list[tuple[int, Band]], used: Intervals, as_of: int
) -> None:
    earlier = rules.due_year(covered, 2015, steps(*bands), used, as_of)
    assert rules.due_year(covered + 1, 2015, steps(*bands), used, as_of) >= earlier


@given(st.integers(2015, 2040), st.none() | st.integers(2015, 2040), st.integers(2015, 2045))
def test_status_follows_the_due_year(due: int, covered: int | None, year: int) -> None:
    found = rules.status(due, covered, year)
    assert (found is Status.OVERDUE) == (due < year)
    assert (found is Status.DUE) == (due == year)
    assert (found in (Status.COVERED, Status.NEVER)) == (due > year)


entries = st.builds(
    Entry,
    st.dates(date(2018, 1, 1), date(2030, 1, 1)),
    st.sampled_from(list(Degree)),
    st.sampled_from(list(Form)),
    st.just("G-1"),
)


@given(st.lists(entries), st.lists(entries.filter(lambda entry: entry.degree is not Degree.FULL)))
def test_partial_never_resets_the_clock(full: list[Entry], partial: list[Entry]) -> None:
    before, after = rules.last_full(full), rules.last_full(full + partial)
    assert (before and before.covered_on) == (after and after.covered_on)


def row(entries: tuple[Entry, ...] = (), plans: tuple[Planned, ...] = (), due: int = 2028, **facts: object) -> RollRow:
    covered = rules.last_full(entries)
    values: dict[str, object] = {
        "subprocess_id": 1,
        "code": "KRE-1.1",
        "name_da": "a",
        "name_en": "",
        "process_id": 1,
        "process_code": "KRE-1",
        "process_name_da": "",
        "process_name_en": "",
        "area_code": "KRE",
        "area_name_da": "",
        "area_name_en": "",
        "owner_id": None,
        "amount_ore": None,
        "activated": 2022,
        "band": H,
        "score": 16,
        "band_year": 2026,
        "fraud": False,
        "band_before": None,
        "score_before": None,
        "entries": entries,
        "plans": plans,
        "due": due,
        "status": rules.status(due, covered.covered_on.year if covered else None, 2026),
        "clock": covered.covered_on.year if covered else None,
    }
    return RollRow(**{**values, **facts})  # type: ignore[arg-type]


def entry(year: int, degree: Degree = Degree.FULL, form: Form = Form.ORDINARY) -> Entry:
    return Entry(date(year, 11, 1), degree, form, "G")


@pytest.mark.parametrize(
    ("made", "year", "said"),
    [
        (row((entry(2024),)), 2024, "covered"),
        (row((entry(2024, form=Form.LIGHT),)), 2024, "light"),
        (row((entry(2024, Degree.PARTIAL),)), 2024, "partial"),
        (row((entry(2024, Degree.PARTIAL), entry(2024))), 2024, "covered"),
        (row((entry(2024, Degree.NONE),)), 2024, ""),
        (row(plans=(Planned(1, 2026, PlanKind.PLANNED),)), 2026, "planned"),
        (row(plans=(Planned(1, 2025, PlanKind.PLANNED),)), 2025, "progress"),  # chosen last year and not finished
        (row(plans=(Planned(1, 2023, PlanKind.PLANNED),)), 2023, ""),
        (row((entry(2026),), (Planned(1, 2026, PlanKind.PLANNED),)), 2026, "covered"),
        (row(plans=(Planned(1, 2026, PlanKind.PROPOSED), Planned(1, 2026, PlanKind.DEFERRED))), 2026, "proposed"),
        (row(plans=(Planned(1, 2024, PlanKind.DEFERRED, until=2026),)), 2024, "deferred"),
        (row(due=2025), 2026, "overdue"),
        (row(due=2025), 2025, ""),
        (row(due=2025, plans=(Planned(1, 2026, PlanKind.PROPOSED),)), 2026, "proposed"),
        (row(due=2026), 2026, ""),
    ],
)
def test_a_cell_says_what_happened_or_will(made: RollRow, year: int, said: str) -> None:
    assert rules.cell(made, year, 2026) == said


def test_settled_by_the_forum() -> None:
    assert not row().settled(2026)
    assert row(plans=(Planned(1, 2026, PlanKind.PLANNED),)).settled(2026)
    assert row(plans=(Planned(1, 2025, PlanKind.PLANNED),)).settled(2026)
    assert not row((entry(2025, Degree.PARTIAL),), (Planned(1, 2025, PlanKind.PLANNED),)).settled(2026)
    assert row(plans=(Planned(1, 2025, PlanKind.DEFERRED, until=2027),)).settled(2026)
    assert not row(plans=(Planned(1, 2025, PlanKind.DEFERRED, until=2026),)).settled(2026)
    assert not row(plans=(Planned(1, 2026, PlanKind.PROPOSED),)).settled(2026)


def test_hours_of_the_latest_choice() -> None:
    assert row().hours is None
    plans = (
        Planned(1, 2024, PlanKind.PLANNED, 30),
        Planned(1, 2026, PlanKind.PROPOSED, 42),
        Planned(1, 2027, PlanKind.DEFERRED, 99),
    )
    assert row(plans=plans).hours == 42


def test_counts_and_filters() -> None:
    rows = [row(due=2025), row(due=2026, band=L), row((entry(2025),)), row(due=2027, area_code="LON")]
    assert rules.counts(rows) == rules.Counts(4, 1, 1, 1, 1)
    assert rules.chosen(rows, status="overdue") == [rows[0]]
    assert rules.chosen(rows, band="low") == [rows[1]]
    assert rules.chosen(rows, area="LON", band="high") == [rows[3]]
    assert rules.has_history(rows) and not rules.has_history(rows[:2])


def test_intervals_never_exceed_the_floor() -> None:
    assert Intervals(2, 3, 9, 9).of(L) == 5 and Intervals().of(None) == 5 and Intervals().of(H) == 2
