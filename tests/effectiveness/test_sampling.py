"""Sampling against published tables, exact cases and properties."""

import json
from fractions import Fraction
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controls.effectiveness import drawing, sampling
from controls.effectiveness.chance import Infeasible, Invalid, SamplingError
from controls.effectiveness.drawing import Selection
from controls.effectiveness.words import SampleRisk
from controls.review.words import Frequency, Outcome

Case = dict[str, Any]
CASES: list[Case] = json.loads((Path(__file__).parents[1] / "data/sampling-cases.json").read_text("utf-8"))["cases"]


def sample_size(case: Case) -> None:
    plan = sampling.sample_size(
        case["method"],
        case["confidence"],
        case["tolerable_rate"],
        population=case["population"],
        expected_errors=case.get("expected_errors"),
        expected_rate=case.get("expected_rate"),
    )
    assert plan.n == case["n_expected"]
    assert plan.acceptance == case.get("acceptance_number")


def upper_limit(case: Case) -> None:
    limit = sampling.upper_limit(
        case["method"], case["n"], case["k"], case["confidence"], population=case["population"]
    )
    assert isclose(limit.rate, case["upper_limit"], rel_tol=0, abs_tol=case["tolerance"])
    assert limit.deviations == case.get("upper_deviations")


def decision(case: Case) -> None:
    found = sampling.decision(
        case["method"], case["n"], case["k"], case["confidence"], case["tolerable_rate"], population=case["population"]
    )
    assert found.accept is case["accept"]
    assert isclose(found.risk, case["risk"], rel_tol=0, abs_tol=1e-8)


def achieved_confidence(case: Case) -> None:
    found = sampling.achieved_confidence(
        case["method"], case["n"], case["k"], case["tolerable_rate"], population=case["population"]
    )
    assert isclose(found, case["achieved_confidence"], rel_tol=0, abs_tol=case["tolerance"])


def sequential_risk(case: Case) -> None:
    found = sampling.sequential_risk(
        case["groups"], case["accept_at_cumulative"], case["stop_at"], case["tolerable_rate"]
    )
    assert isclose(found, case["risk"], rel_tol=0, abs_tol=case["tolerance"])


def selection(case: Case) -> None:
    items = case["items"]
    if isinstance(items, str):
        low, high = map(int, items.split(".."))
        items = [str(number) for number in range(low, high + 1)]
    if case["method"] == "sha256_rank":
        found = drawing.draw(items, case["seed"], case["n"])[0]
    elif case["method"] == "systematic_items":
        found = drawing.systematic(items, case["n"], case["start"])
    else:
        found = drawing.monetary(items, case["values"], case["n"], case["start"])
    assert found == case["selected"]


def allocation(case: Case) -> None:
    assert drawing.allocation(case["n"], case["strata"]) == case["allocation"]


CHECKS = {
    check.__name__: check
    for check in (sample_size, upper_limit, decision, achieved_confidence, sequential_risk, selection, allocation)
}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_reference_case(case: Case) -> None:
    check = CHECKS[case["kind"]]
    if "error" not in case:
        check(case)
        return
    with pytest.raises(SamplingError) as refused:
        check(case)
    assert refused.value.code == case["error"]
    assert isinstance(refused.value, ValueError)
    assert str(refused.value.reason)


def test_all_reference_cases_are_here() -> None:
    assert len(CASES) == 176


@pytest.mark.parametrize("bad", [True, "nan", "", "abc", 95, -0.1, 0, 1, "1e-999999999", float("inf")])
def test_a_rate_outside_its_domain_is_refused(bad: Any) -> None:
    with pytest.raises(Invalid):
        sampling.decision("binomial", 10, 0, bad, "0.1")
    with pytest.raises(Invalid):
        sampling.decision("binomial", 10, 0, "0.9", bad)


@pytest.mark.parametrize(("n", "k"), [(0, 0), (10, 11), (10, -1), (True, 0), (10.0, 0), (21, 0)])
def test_a_count_outside_its_domain_is_refused(n: Any, k: Any) -> None:
    with pytest.raises(Invalid):
        sampling.upper_limit("hypergeometric", n, k, "0.9", population=20)


def test_unknown_methods_and_missing_figures_are_refused() -> None:
    with pytest.raises(Invalid):
        sampling.upper_limit("guess", 10, 0, "0.9")
    with pytest.raises(Invalid):
        sampling.sample_size("binomial", "0.9", "0.1")
    with pytest.raises(Invalid):
        sampling.sample_size("binomial", "0.9", "0.1", expected_errors=0, expected_rate="0.01")


def test_expected_deviations_near_the_tolerable_rate_are_infeasible() -> None:
    with pytest.raises(Infeasible):
        sampling.sample_size("hypergeometric", "0.9", "0.05", population=10, expected_rate="0.03")
    with pytest.raises(Infeasible):
        sampling.sample_size("mus_poisson", "0.9", "0.05", expected_rate="0.05")


def test_warnings_say_what_to_think_about() -> None:
    def codes(*args: Any, **more: Any) -> set[str]:
        return {warning.code for warning in sampling.sample_size(*args, **more).warnings}

    assert codes("hypergeometric", "0.95", "0.05", population=10, expected_errors=0) == {
        "sampling.over_half",
        "sampling.no_room",
    }
    assert codes("binomial", "0.99", "0.001", expected_errors=0) == {"sampling.over_500"}
    assert codes("binomial", "0.9", "0.1", expected_errors=0) == set()


def test_only_random_draws_carry_a_limit() -> None:
    found = sampling.evaluate("hypergeometric", Selection.RANDOM, 12, 1, "0.9", "0.1", population=12)
    assert (found.rate, found.projected, found.accept) == (Fraction(1, 12), Fraction(1), True)
    assert found.limit == sampling.Limit(1 / 12, 1) and found.allowance == 0
    for selection in set(Selection) - {Selection.RANDOM, Selection.SYSTEMATIC}:
        with pytest.raises(Invalid):
            sampling.evaluate("hypergeometric", selection, 12, 1, "0.9", "0.1", population=12)


def test_strata_weigh_by_their_size() -> None:
    assert sampling.stratified_rate([(100, 10, 1), (300, 10, 0)]) == Fraction(1, 40)


def test_unplanned_extension_shows_its_true_risk() -> None:
    risk = sampling.sequential_risk([45, 32, 28, 27], [0, 1, 2, 3], 4, "0.05")
    assert round(risk, 3) == 0.199
    with pytest.raises(Invalid):
        sampling.sequential_risk([], [], 1, "0.05")


# --- Draws ---

KEYS = st.lists(
    st.text("abcæøå0123456789-. é", min_size=1, max_size=8).filter(str.strip),
    min_size=1,
    max_size=40,
    unique_by=lambda text: text.strip(),
)


@given(KEYS, st.text(max_size=10), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_a_draw_depends_on_nothing_but_seed_and_keys(keys: list[str], seed: str, chance: Any) -> None:
    shuffled = chance.sample(keys, len(keys))
    assert drawing.population_hash(keys) == drawing.population_hash(shuffled)
    assert drawing.rank(keys, seed) == drawing.rank(shuffled, seed)
    longest = drawing.draw(keys, seed, len(keys))[0]
    assert sorted(longest) == sorted(key.strip() for key in keys)
    for n in range(1, len(keys) + 1):
        chosen, reserves = drawing.draw(shuffled, seed, n, 2)
        assert chosen + reserves == longest[: n + 2]


@given(KEYS, st.data())
@settings(deadline=None)
def test_any_change_of_a_key_or_an_amount_changes_the_hash(keys: list[str], data: Any) -> None:
    at = data.draw(st.integers(0, len(keys) - 1))
    changed = [key + "X" if i == at else key for i, key in enumerate(keys)]
    assert drawing.population_hash(keys) != drawing.population_hash(changed)
    amounts = [5] * len(keys)
    more = [5 + (i == at) for i in range(len(keys))]
    assert drawing.population_hash(keys, amounts) != drawing.population_hash(keys, more)


def test_keys_are_trimmed_and_composed() -> None:
    assert drawing.item_keys([" Bla\u030abær ", "b"]) == ["Blåbær", "b"]
    assert drawing.population_hash(["a"]) == "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"


@pytest.mark.parametrize("bad", ["", "  ", "a\nb", "a\tb", "\ud800", "x" * 201, "A ", "A"])
def test_an_unusable_or_double_key_is_refused_by_its_row(bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        drawing.population_hash(["A", bad])
    assert refused.value.reason.params["row"] == 2


@pytest.mark.parametrize("n", [0, 4, True])
def test_more_than_the_population_cannot_be_drawn(n: int) -> None:
    with pytest.raises(Invalid):
        drawing.draw(["a", "b", "c"], "s", n)
    with pytest.raises(Invalid):
        drawing.systematic(["a", "b", "c"], n, 1)


@given(st.integers(1, 60), st.data())
@settings(deadline=None)
def test_a_systematic_draw_from_a_seed_takes_n_different_items(total: int, data: Any) -> None:
    n = data.draw(st.integers(1, total))
    start = drawing.start_of(data.draw(st.text(max_size=5)), total, n)
    assert len(set(drawing.systematic(map(str, range(total)), n, start))) == n


def test_monetary_draws() -> None:
    assert drawing.monetary(["a", "b"], [90, 10], 4, 25) == ["a", "a", "a", "b"]
    for amounts, start in ([-1, 5], 1), ([5, 5], 0), ([5, 5], 6):
        with pytest.raises(Invalid):
            drawing.monetary(["a", "b"], amounts, 2, start)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8).filter(any), st.data())
def test_an_allocation_adds_up_and_reaches_each_stratum(strata: list[int], data: Any) -> None:
    n = data.draw(st.integers(sum(size > 0 for size in strata), sum(strata)))
    shares = drawing.allocation(n, strata)
    assert sum(shares) == n
    assert all((share > 0) == (size > 0) and share <= size for share, size in zip(shares, strata, strict=True))


def test_fewer_items_than_strata_is_infeasible() -> None:
    with pytest.raises(Infeasible):
        drawing.allocation(1, [5, 5])


# --- Laws against each other ---


@given(st.integers(1, 25), st.data())
@settings(deadline=None, max_examples=60)
def test_size_limit_and_decision_tell_one_story(population: int, data: Any) -> None:
    rate, confidence = (data.draw(st.sampled_from(["0.05", "0.1", "0.2"])), data.draw(st.sampled_from(["0.9", "0.95"])))
    plan = sampling.sample_size("hypergeometric", confidence, rate, population=population, expected_errors=0)
    for n in range(1, population + 1):
        limit = sampling.upper_limit("hypergeometric", n, 0, confidence, population=population)
        accept = sampling.decision("hypergeometric", n, 0, confidence, rate, population=population).accept
        assert accept == (n >= plan.n) == (Fraction(limit.deviations or 0, population) < Fraction(rate))


# --- The frequency table and the conclusion ---


def test_the_table_by_rhythm_and_by_number() -> None:
    assert [sampling.table_size(Frequency.MONTHLY, 12, risk) for risk in SampleRisk] == [2, 3, 5]
    assert sampling.table_size(Frequency.DAILY, 250, SampleRisk.HIGH) == 40
    assert sampling.table_size(Frequency.WEEKLY, 8, SampleRisk.HIGH) == 8
    by_number = [
        sampling.table_size(Frequency.EVENT, n, SampleRisk.NORMAL) for n in (1, 2, 3, 5, 12, 13, 25, 53, 101, 250, 251)
    ]
    assert by_number == [1, 2, 2, 3, 3, 5, 10, 15, 30, 30, 40]
    with pytest.raises(Invalid):
        sampling.table_size(Frequency.EVENT, 0, SampleRisk.LOW)
    assert set(sampling.DEFAULT_TABLE.rows) == set(Frequency) - {Frequency.EVENT, Frequency.CONTINUOUS}


def test_risk_goes_up_one_column_and_never_beyond() -> None:
    assert sampling.raised(SampleRisk.LOW) is SampleRisk.LOW
    assert sampling.raised(SampleRisk.LOW, False, True, True) is SampleRisk.NORMAL
    assert sampling.raised(SampleRisk.HIGH, True) is SampleRisk.HIGH


@pytest.mark.parametrize(
    ("deviations", "accepted", "statistical", "facts", "outcome"),
    [
        (0, True, True, {}, Outcome.EFFECTIVE),
        (0, True, False, {}, Outcome.EFFECTIVE),
        (1, True, True, {}, Outcome.WITH_OBSERVATION),
        (2, False, True, {"isolated_and_compensated": True}, Outcome.PARTLY),
        (1, False, False, {"isolated_and_compensated": True}, Outcome.NOT),
        (2, False, True, {}, Outcome.NOT),
        (1, False, False, {}, Outcome.NOT),
        (1, False, False, {"second_stage_due": True}, Outcome.CANNOT_CONCLUDE),
        (0, True, True, {"fraud_or_systematic": True}, Outcome.NOT),
        (0, True, True, {"complete": False}, Outcome.CANNOT_CONCLUDE),
        (2, False, True, {"complete": False}, Outcome.NOT),
        (2, False, True, {"complete": False, "isolated_and_compensated": True}, Outcome.CANNOT_CONCLUDE),
    ],
)
def test_suggested_outcome(
    deviations: int, accepted: bool, statistical: bool, facts: dict[str, bool], outcome: Outcome
) -> None:
    assert sampling.suggested_outcome(deviations, accepted, statistical=statistical, **facts) is outcome
