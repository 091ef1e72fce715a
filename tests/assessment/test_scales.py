"""A year's scales as a value: bands without holes, the rule of impact 5, the reasons asked for, the priority figure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controls.assessment import rules, scale_rules, scales
from controls.assessment.rules import Answers, Before, Scores
from controls.assessment.scale_rules import Assessed, Known
from controls.assessment.scales import STANDARD, Scales
from controls.assessment.words import Band, Certainty, Change, Copied, Measure
from controls.wheel.words import State as Phase

ORDER = list(Band)
FIGURES = st.integers(1, 5)
SCORES = st.builds(Scores, *[FIGURES] * 5)
BEGINS = st.tuples(*[st.integers(-2, 30)] * 3)
WEIGHTS = st.lists(st.integers(0, 100), min_size=len(Measure), max_size=len(Measure))


def begun(begins: Sequence[int], worst: Band = Band.LOW) -> Scales:
    """The standard scales with other bands."""
    return replace(
        STANDARD, moderate_from=begins[0], elevated_from=begins[1], high_from=begins[2], worst_impact=worst
    )  # fmt: skip


def refused(wanted: Scales) -> list[tuple[str, str]]:
    return [(reason.code.split(".")[1], reason.field) for reason in scale_rules.why_not_scales(wanted)]


def test_the_standard_scales_hold_to_their_own_rules() -> None:
    assert refused(STANDARD) == [] and STANDARD.factors == ()
    assert [(span.band, span.least, span.most) for span in scales.spans(STANDARD)] == [
        (Band.LOW, 1, 4), (Band.MODERATE, 5, 9), (Band.ELEVATED, 10, 14), (Band.HIGH, 15, 25),
    ]  # fmt: skip
    danish, english = scales.shown(STANDARD, "da"), scales.shown(STANDARD, "en")
    assert [len(one.anchors) for one in (*danish, *english)] == [5] * 10
    assert danish[0].anchors == danish[3].anchors != english[0].anchors
    assert danish[1].from_ore[2] == 1_000_000_00 and not danish[0].from_ore


@given(st.tuples(*[st.integers(1, 26)] * 3).map(sorted), st.sampled_from(ORDER))
@example([5, 10, 15], Band.ELEVATED)
@example([2, 3, 25], Band.HIGH)
def test_bands_that_are_accepted_have_no_hole_and_no_overlap(begins: list[int], worst: Band) -> None:
    used = begun(begins, worst)
    if refused(used):
        assert {field for _, field in refused(used)} <= {"moderate_from", "elevated_from", "high_from"}
        return
    spans = scales.spans(used)
    assert [span.band for span in spans] == ORDER and (spans[0].least, spans[-1].most) == (1, 25)
    for product in range(1, 26):
        assert [span.band for span in spans if span.least <= product <= span.most] == [
            scales.by_product(used, product)
        ]  # fmt: skip
    met = {scales.by_product(used, product) for product in scales.PRODUCTS}
    assert met == set(ORDER)  # none that nothing can be in
    for one in scales.FIGURES:
        assert ORDER.index(scales.band(used, one, 5)) >= ORDER.index(worst)
        for other in scales.FIGURES[:-1]:
            for low, high in ((scales.band(used, one, other), scales.band(used, one, other + 1)),
                              (scales.band(used, other, one), scales.band(used, other + 1, one))):  # fmt: skip
                assert ORDER.index(high) >= ORDER.index(low)


@given(BEGINS)
def test_bands_are_refused_only_when_something_is_wrong_with_them(begins: tuple[int, int, int]) -> None:
    ends = (*begins[1:], 26)
    sound = 1 < begins[0] < begins[1] < begins[2] <= 25 and all(
        any(least <= product < end for product in scales.PRODUCTS) for least, end in zip(begins, ends, strict=True)
    )
    assert (not refused(begun(begins))) == sound


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"moderate_from": 1}, [("band_range", "moderate_from")]),
        ({"high_from": 26}, [("band_range", "high_from")]),
        ({"elevated_from": 5}, [("band_order", "elevated_from")]),
        ({"elevated_from": 16}, [("band_order", "high_from")]),
        ({"moderate_from": 7, "elevated_from": 8}, [("band_empty", "moderate_from")]),
        ({"impact_2_from_ore": 0}, [("amount_order", "impact_2_from_ore")]),
        ({"impact_4_from_ore": 1_000_000_050}, [("amount_whole", "impact_4_from_ore")]),
        ({"impact_4_from_ore": 1_000_000_00}, [("amount_order", "impact_4_from_ore")]),
        ({"impact_da": "a\nb\nc\nd"}, [("step_name", "impact_da_5")]),
        ({"impact_da": "a\n \nc\nd\ne"}, [("step_name", "impact_da_2")]),
        ({"control_en": f"a\nb\nc\nd\n{'x' * 61}"}, [("step_name", "control_en_5")]),
        ({"likelihood_en": "a\nb\nA\nd\ne"}, [("step_twice", "likelihood_en_3")]),
        ({"impact_help_da": " "}, [("help_text", "impact_help_da")]),
        ({"leap_steps": 5}, [("leap", "leap_steps")]),
        ({"reason_least": 0}, [("reason_least", "reason_least")]),
        ({"reason_least": 30, "reason_most": 30}, [("reason_most", "reason_most")]),
        ({"weight_amount": 60, "weight_fraud": 30}, [("weights", "weight_amount")]),
        ({"weight_amount": 120, "weight_fraud": -20}, [("weight", "weight_amount"), ("weight", "weight_fraud")]),
        ({"weight_amount": 60, "weight_fraud": 40}, []),
    ],
)
def test_each_fault_names_its_field(changed: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert refused(replace(STANDARD, **changed)) == expected


@pytest.mark.parametrize("state", list(Phase))
def test_scales_are_frozen_when_the_parameters_are_locked(state: Phase) -> None:
    codes = [reason.code for reason in scale_rules.why_not_change_scales(state, 2026, False)]
    assert codes == ([] if state is Phase.CREATED else ["assessment.scales_frozen"])
    assert scale_rules.why_not_change_scales(state, 2026, True)


@given(SCORES, WEIGHTS, st.integers(0, 10**14), st.integers(0, 6), st.booleans(), st.sampled_from(Certainty))
def test_a_priority_figure_never_moves_a_band(
    scores: Scores, weights: list[int], amount: int, changes: int, fraud: bool, certainty: Certainty
) -> None:
    used = replace(STANDARD, **{f"weight_{m}": w for m, w in zip(Measure, weights, strict=True)})
    assert rules.levels(scores, used) == rules.levels(scores, STANDARD)
    known = Known(scores, amount, changes, fraud, certainty)
    figure = scale_rules.priority(used, known)
    total = sum(weights)
    assert figure is None if total == 0 else figure is not None and total <= figure <= 5 * total
    assert all(1 <= scale_rules.reckoned(measure, known, used) <= 5 for measure in Measure)


def test_the_priority_figure_is_the_weighted_sum() -> None:
    used = replace(STANDARD, weight_control=25, weight_amount=50, weight_uncertainty=25)
    known = Known(Scores(4, 5, 2, 3, 3), 10_000_000_00, certainty=Certainty.LITTLE)
    assert scale_rules.priority(used, known) == 25 * 4 + 50 * 4 + 25 * 5
    assert scale_rules.priority(used, replace(known, amount_ore=None)) == 25 * 4 + 50 * 1 + 25 * 5
    assert scale_rules.priority(used, replace(known, amount_ore=10_000_000_00 - 1)) == 25 * 4 + 50 * 3 + 25 * 5
    assert scale_rules.priority(replace(STANDARD, weight_change=50, weight_fraud=50), replace(
        known, changes=2, fraud=True)) == 50 * 3 + 50 * 5  # fmt: skip


@given(SCORES, SCORES)
def test_only_what_would_change_band_is_told(one: Scores, other: Scores) -> None:
    rows = [Assessed(str(n), "", "", scores, rules.levels(scores, STANDARD)) for n, scores in enumerate((one, other))]
    assert scale_rules.shifts(rows, STANDARD) == ()
    wanted = begun((3, 6, 9))
    told = {shift.row.code for shift in scale_rules.shifts(rows, wanted)}
    for row in rows:
        now, then = row.kept, rules.levels(row.scores, wanted)
        same = (now.inherent.band, now.residual.band) == (then.inherent.band, then.residual.band)
        assert (row.code in told) != same


WHY = "Ny betalingsløsning fra februar, som vi mangler erfaring med."
ANSWERS = Answers(
    Scores(3, 4, 4, 2, 4), True, "", change_kinds=(Change.LAW,), reason=WHY, copied=tuple(Copied),
)  # fmt: skip
LAST = Scores(3, 4, 4, 1, 4)


@pytest.mark.parametrize(
    ("changed", "last", "expected"),
    [
        ({}, LAST, {"reason_no_key_control", "reason_unchanged", "fraud_reason"}),
        ({"leap_steps": 1}, LAST, {"reason_step", "reason_no_key_control", "reason_unchanged", "fraud_reason"}),
        ({"ask_copied": False}, LAST, {"reason_no_key_control", "fraud_reason"}),
        ({"ask_copied": False}, ANSWERS.scores, {"reason_no_key_control", "reason_unchanged", "fraud_reason"}),
        ({"ask_copied": False, "ask_unchanged": False}, ANSWERS.scores, {"reason_no_key_control", "fraud_reason"}),
        ({"ask_fraud": False, "ask_no_key_control": False}, LAST, {"reason_unchanged"}),
    ],
)
def test_the_reasons_are_the_years_own(changed: dict[str, Any], last: Scores, expected: set[str]) -> None:
    assert rules.asked(ANSWERS, Before(last, used=replace(STANDARD, **changed))) == expected


def test_the_length_of_a_reason_is_the_years_own() -> None:
    for least, most, code in ((70, 1000, "reason_short"), (5, 30, "reason_long"), (5, 100, "")):
        used = replace(STANDARD, reason_least=least, reason_most=most)
        found = [r.code for r in rules.why_not_answers(ANSWERS, Before(used=used)) if r.field == "reason"]
        assert found == ([f"assessment.{code}"] if code else [])


def test_two_years_with_the_same_scales_have_the_same_digest() -> None:
    assert STANDARD.digest == replace(STANDARD).digest != begun((4, 10, 15)).digest
