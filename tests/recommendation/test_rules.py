"""What a line may say, what is missing before handing over, and the hours."""

from dataclasses import replace

import pytest

from controls.assessment.words import Band
from controls.recommendation import rules, snapshot
from controls.recommendation.rules import LineValues, Put
from controls.recommendation.words import DeferCode, ReasonCode, Recommended, State
from controls.rotation.rules import Intervals, PlanKind, Planned, RollRow
from controls.rotation.words import Form
from controls.wheel.words import State as CycleState
from tests.rotation.test_rules import entry, row

REVIEW, NOT, DEFER = Recommended.REVIEW, Recommended.NOT, Recommended.DEFER
DEFERRED = LineValues(1, DEFER, defer_to=2027, defer_code=DeferCode.CAPACITY, compensating_measure="Vi ser loggen.")


def said(values: LineValues, place: RollRow) -> list[tuple[str, str]]:
    return [
        (reason.code.removeprefix("recommendation."), reason.field) for reason in rules.why_not_put(values, place, 2026)
    ]


@pytest.mark.parametrize(
    ("values", "place", "why"),
    [
        (LineValues(1), row(), []),
        (LineValues(1, text="ord " * 61), row(), [("too_long", "text")]),
        (LineValues(1, text="ord " * 60), row(), []),
        (LineValues(1, review_year=2027), row(), []),
        (LineValues(1, review_year=2028), row(), [("review_year", "review_year")]),
        (LineValues(1, form=Form.LIGHT), row(band=Band.MODERATE), []),
        (LineValues(1, form=Form.LIGHT), row(), [("light_band", "form")]),
        (LineValues(1, form=Form.LIGHT), row(band=None), [("light_band", "form")]),
        (LineValues(1, form=Form.LIGHT), row(band=Band.LOW, fraud=True), [("light_fraud", "form")]),
        (LineValues(1, form=Form.LIGHT), replace(row(band=Band.LOW), changed=True), [("light_changed", "form")]),
        (
            LineValues(1, form=Form.LIGHT),
            row((entry(2023, form=Form.LIGHT),), band=Band.LOW),
            [("light_twice", "form")],
        ),
        (DEFERRED, row(), []),
        (replace(DEFERRED, defer_to=2026), row(), [("defer_to", "defer_to")]),
        (replace(DEFERRED, defer_to=2032), row(), [("defer_to", "defer_to")]),
        (
            LineValues(1, DEFER),
            row(),
            [("defer_code", "defer_code"), ("defer_to", "defer_to"), ("defer_measure", "compensating_measure")],
        ),
        (LineValues(1, NOT), row(), []),
        (LineValues(1, NOT), row(due=2026), [("no_reason_not", "text")]),
        (LineValues(1, NOT, text="Revisionen ser på den."), row(due=2026), []),
        (LineValues(1, NOT), row(due=2026, plans=(Planned(1, 2026, PlanKind.PLANNED),)), []),
    ],
)
def test_a_line(values: LineValues, place: RollRow, why: list[tuple[str, str]]) -> None:
    assert said(values, place) == why


GOOD = Put("KRE-1.1", REVIEW, True, "Forfalden.", 40)


@pytest.mark.parametrize(
    ("lines", "roll", "why"),
    [
        ([GOOD], [row(due=2026)], []),
        ([], [], ["no_lines"]),
        ([replace(GOOD, reasoned=False)], [], ["no_reason"]),
        ([replace(GOOD, text=" ")], [], ["no_text"]),
        ([replace(GOOD, hours=0)], [], ["no_hours"]),
        ([GOOD], [row(due=2026, code="LON-1.1")], ["unsettled"]),
        ([GOOD], [row(due=2025, code="LON-1.1")], ["unsettled"]),
        ([GOOD], [row(due=2027, code="LON-1.1")], []),
        ([GOOD, Put("LON-1.1", DEFER, False, "", 0)], [row(due=2026, code="LON-1.1")], []),
        ([GOOD, Put("LON-1.1", NOT, False, "", 0)], [row(due=2026, code="LON-1.1")], ["unsettled"]),
        ([GOOD, Put("LON-1.1", NOT, False, "Lukkes.", 0)], [row(due=2026, code="LON-1.1")], []),
        ([GOOD], [row(due=2026, code="LON-1.1", plans=(Planned(1, 2026, PlanKind.PLANNED),))], []),
    ],
)
def test_what_is_missing_before_handing_over(lines: list[Put], roll: list[RollRow], why: list[str]) -> None:
    found = rules.why_not_hand_over(State.DRAFT, lines, roll, 2026)
    assert [reason.code.removeprefix("recommendation.") for reason in found] == why


def test_handed_over_is_frozen() -> None:
    assert rules.why_not_change(State.HANDED_OVER)[0].status == 409
    assert rules.why_not_hand_over(State.HANDED_OVER, [GOOD], [], 2026)[0].status == 409


def test_start() -> None:
    assert rules.why_not_start(CycleState.CALIBRATING, [], False, 2026) == []
    assert [r.code for r in rules.why_not_start(CycleState.ASSESSING, [], True, 2026)] == [
        "recommendation.no_time",
        "recommendation.exists",
    ]


def test_candidates_press_in_order() -> None:
    rows = [row(), row(due=2026, band=Band.LOW), row(due=2025), row(due=2026), row(score=20)]
    assert [(r.due, r.band, r.score) for r in rules.rank(rows)] == [
        (2025, Band.HIGH, 16),
        (2026, Band.HIGH, 16),
        (2026, Band.LOW, 16),
        (2028, Band.HIGH, 20),
        (2028, Band.HIGH, 16),
    ]
    assert rules.next_pressing(rows, set(), 2026) is rows[2]
    assert rules.next_pressing(rows, {1}, 2026) is None


def test_codes_are_read_as_they_are_stored() -> None:
    assert rules.codes("due;fraud") == (ReasonCode.DUE, ReasonCode.FRAUD) and rules.codes("") == ()


def test_hours_count_this_year_and_what_was_chosen_ahead() -> None:
    roll = [row(plans=(Planned(1, 2026, PlanKind.PLANNED, 30),)), row()]
    lines = [(REVIEW, 2026, 40), (REVIEW, 2027, 50), (DEFER, 2026, 15), (NOT, 2026, 9)]
    found = rules.hours(lines, roll, 60, 2026)
    assert (found.proposed, found.ahead, found.asked, found.over, found.free) == (40, 30, 70, 10, 0)


def test_the_snapshot_is_the_same_for_the_same_data_and_reads_back() -> None:
    line = {"code": "KRE-1.1", "recommended": REVIEW, "hours": 40, "review_year": 2026}
    whole = [
        snapshot.build(
            "STAR", 2026, 1, "", 1, "ab", 100, Intervals(), (2, 2), [row((entry(2024),)), row(code="LON-1.1")], [line]
        )
        for _ in range(2)
    ]
    (text, digest), again = (snapshot.sealed(one, lambda: b"salt") for one in whole)
    assert (text, digest) == again and len(digest) == 64
    kept = snapshot.read(text)
    assert [(place.code, of.hours) for of, place in kept.review] == [("KRE-1.1", 40)]
    assert [place.code for place in kept.silent] == ["LON-1.1"]
    assert kept.whole.rules.scales == "ab"
    assert kept.whole.roll[0].covered_on == "2024-11-01" and kept.hours.asked == 40


def test_what_fell_since_the_year_before_is_told_to_the_forum() -> None:
    """Recommended or not: low scores are no way round a review."""
    roll = [
        row(code="KRE-1.1", band=Band.LOW, band_before=Band.HIGH),
        row(code="KRE-1.2", band=Band.MODERATE, band_before=Band.ELEVATED),
        row(code="KRE-1.3", band=Band.HIGH, band_before=Band.LOW),
        row(code="KRE-1.4", band=Band.HIGH, band_before=None),
        row(code="KRE-1.5", band=None, band_before=Band.HIGH),
        row(code="KRE-1.6", band=Band.LOW, band_before=Band.LOW),
    ]
    line = {"code": "KRE-1.2", "recommended": REVIEW, "hours": 40, "review_year": 2026}
    whole = snapshot.build("STAR", 2026, 1, "", 1, "ab", 100, Intervals(), (2, 2), roll, [line])
    kept = snapshot.read(snapshot.sealed(whole, lambda: b"salt")[0])
    assert [(place.code, asked) for place, asked in kept.lowered] == [("KRE-1.1", None), ("KRE-1.2", REVIEW)]
