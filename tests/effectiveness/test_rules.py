"""What a test may do next, sizes by method, and what results say: tables of cases, nothing running."""

import csv
from datetime import date
from pathlib import Path

import pytest

from controls.effectiveness import rules
from controls.effectiveness.words import Method, Nature, Result, SampleRisk, State
from controls.review.words import DesignOutcome, Execution, Frequency, Outcome
from controls.review.words import State as ReviewState

P, X, NA = (Result.PASS, None), (Result.EXCEPTION, Nature.ISOLATED), (Result.NOT_APPLICABLE, None)
SYSTEMATIC, NONE = (Result.EXCEPTION, Nature.SYSTEMATIC), (None, None)
TABLE = rules.Plan(Method.FREQUENCY_TABLE, SampleRisk.NORMAL)
FULL, ONE = rules.Plan(Method.FULL), rules.Plan(Method.TEST_OF_ONE)
HYPER = rules.Plan(Method.HYPERGEOMETRIC, None, "0.90", "0.10", 1)
DISCOVERY = rules.Plan(Method.DISCOVERY, None, "0.95", "0.02")


@pytest.mark.parametrize(
    "review, design, codes",
    [
        (ReviewState.IN_PROGRESS, DesignOutcome.APPROPRIATE, []),
        (ReviewState.DRAFT, DesignOutcome.APPROPRIATE, []),
        (ReviewState.IN_PROGRESS, None, ["effectiveness.design_missing"]),
        (ReviewState.IN_PROGRESS, DesignOutcome.PARTLY, ["effectiveness.design_failed"]),
        (ReviewState.PLANNED, DesignOutcome.NOT, ["effectiveness.review_closed", "effectiveness.design_failed"]),
    ],
)
def test_the_design_gate(review: ReviewState, design: DesignOutcome | None, codes: list[str]) -> None:
    assert [reason.code for reason in rules.why_not_open(review, design)] == codes


@pytest.mark.parametrize(
    "plan, frequency, population, size",
    [
        (TABLE, Frequency.MONTHLY, 12, 3),
        (TABLE, Frequency.EVENT, 160, 30),
        (TABLE, Frequency.QUARTERLY, 1, 1),
        (FULL, Frequency.ANNUAL, 1, 1),
        (ONE, Frequency.CONTINUOUS, 40, 1),
        (HYPER, Frequency.EVENT, 1900, 38),
        (DISCOVERY, Frequency.EVENT, 1000, 138),
        (rules.Plan(Method.BINOMIAL, None, "0.95", "0.05", 0), Frequency.EVENT, 9, 9),
    ],
)
def test_sizes(plan: rules.Plan, frequency: Frequency, population: int, size: int) -> None:
    assert rules.size_of(plan, frequency, population) == size and rules.why_not_size(plan, frequency, population) == []


def test_sizes_that_cannot_be() -> None:
    impossible = rules.Plan(Method.HYPERGEOMETRIC, None, "0.95", "0.05", 5)
    assert [r.field for r in rules.why_not_size(impossible, Frequency.EVENT, 20)] == ["expected_exceptions"]
    assert [r.code for r in rules.why_not_size(FULL, Frequency.EVENT, 5000)] == ["effectiveness.too_many"]
    assert [r.code for r in rules.why_not_size(TABLE, Frequency.EVENT, 0)] == ["effectiveness.empty"]


@pytest.mark.parametrize(
    "plan, fields",
    [
        (rules.Plan(Method.FREQUENCY_TABLE), ["sample_risk"]),
        (FULL, []),
        (ONE, []),
        (rules.Plan(Method.BINOMIAL), ["confidence", "tolerable_rate", "expected_exceptions"]),
        (rules.Plan(Method.DISCOVERY), ["confidence", "tolerable_rate"]),
    ],
)
def test_a_method_has_its_figures(plan: rules.Plan, fields: list[str]) -> None:
    assert [reason.field for reason in rules.why_not_plan(plan)] == fields


@pytest.mark.parametrize(
    "execution, frequency, method",
    [
        (Execution.AUTOMATED, Frequency.CONTINUOUS, Method.TEST_OF_ONE),
        (Execution.MANUAL, Frequency.ANNUAL, Method.FULL),
        (Execution.MANUAL, Frequency.MONTHLY, Method.FREQUENCY_TABLE),
        (Execution.IT_DEPENDENT, Frequency.HALF_YEARLY, Method.FULL),
    ],
)
def test_the_proposed_method(execution: Execution, frequency: Frequency, method: Method) -> None:
    assert rules.proposed_method(execution, frequency) is method


@pytest.mark.parametrize(
    "value, fields",
    [
        (rules.ItemValue(3, None), ["r3-result"]),
        (rules.ItemValue(3, Result.PASS), []),
        (rules.ItemValue(3, Result.EXCEPTION), ["r3-nature", "r3-note"]),
        (rules.ItemValue(3, Result.EXCEPTION, Nature.ISOLATED, 100, "Mangler"), []),
        (rules.ItemValue(3, Result.EXCEPTION, Nature.ISOLATED, -1, "Mangler"), ["r3-amount"]),
        (rules.ItemValue(3, Result.PASS, None, 100), ["r3-amount"]),
        (rules.ItemValue(3, Result.NOT_APPLICABLE), ["r3-note"]),
        (rules.ItemValue(3, Result.NOT_APPLICABLE, None, None, "Annulleret"), []),
    ],
)
def test_results(value: rules.ItemValue, fields: list[str]) -> None:
    assert [reason.field for reason in rules.why_not_result(value)] == fields


@pytest.mark.parametrize(
    "plan, population, to_test, results, suggested",
    [
        (TABLE, 12, 3, [P, P, P], Outcome.EFFECTIVE),
        (TABLE, 12, 3, [P, X, P], Outcome.NOT),
        (TABLE, 12, 3, [P, P, NA], Outcome.CANNOT_CONCLUDE),
        (TABLE, 12, 3, [P, P, NA, P], Outcome.EFFECTIVE),
        (FULL, 2, 2, [P, P], Outcome.EFFECTIVE),
        (FULL, 2, 2, [P, NA], Outcome.EFFECTIVE),
        (FULL, 2, 2, [NA, NA], Outcome.CANNOT_CONCLUDE),
        (FULL, 2, 2, [P, SYSTEMATIC], Outcome.NOT),
        (ONE, 1, 1, [P], Outcome.EFFECTIVE),
        (ONE, 1, 1, [X], Outcome.NOT),
        (HYPER, 1900, 38, [X] + [P] * 37, Outcome.WITH_OBSERVATION),
        (HYPER, 1900, 38, [SYSTEMATIC] + [P] * 37, Outcome.NOT),
        (HYPER, 1900, 38, [X, X] + [P] * 36, Outcome.NOT),
        (DISCOVERY, 1000, 138, [X] + [NONE] * 137, Outcome.NOT),
    ],
)
def test_what_results_point_to(
    plan: rules.Plan, population: int, to_test: int, results: list, suggested: Outcome
) -> None:
    assert rules.figures(plan, population, to_test, results).suggested is suggested


def test_figures() -> None:
    table = rules.figures(TABLE, 12, 3, [P, P, P])
    assert table.upper is None and table.achieved == pytest.approx(0.4545, abs=1e-4)
    hyper = rules.figures(HYPER, 1900, 38, [X] + [P] * 37)
    assert hyper.accepted and hyper.rate == pytest.approx(1 / 38) and hyper.achieved >= 0.90 and hyper.upper < 0.10
    assert rules.figures(ONE, 1, 1, [P]).achieved is None
    whole = rules.figures(FULL, 2, 2, [P, X])
    assert whole.upper == whole.rate == 0.5


def test_conclusion_needs_all_items_but_a_discovery_hit_stops() -> None:
    waiting = rules.figures(TABLE, 12, 3, [P, NONE, P])
    reasons = rules.why_not_conclude(State.TESTING, TABLE, 12, waiting)
    assert [(r.code, r.params) for r in reasons] == [("effectiveness.missing", {"tested": 2, "all": 3})]
    hit = rules.figures(DISCOVERY, 1000, 138, [X] + [NONE] * 137)
    assert rules.why_not_conclude(State.TESTING, DISCOVERY, 1000, hit) == []
    assert rules.why_not_conclude(State.PLANNED, TABLE, 0, waiting) != []


def test_another_outcome_needs_a_reason() -> None:
    assert rules.why_not_verdict(rules.Verdict(Outcome.NOT, "Tekst"), Outcome.NOT) == []
    assert [r.field for r in rules.why_not_verdict(rules.Verdict(Outcome.PARTLY, ""), Outcome.NOT)] == [
        "conclusion",
        "reason",
    ]
    assert rules.why_not_verdict(rules.Verdict(Outcome.PARTLY, "Tekst", "Grund"), Outcome.NOT) == []


def test_only_a_concluded_test_is_reviewed() -> None:
    assert rules.why_not_quality_review(State.CONCLUDED) == []
    assert rules.why_not_quality_review(State.TESTING) != []


def test_population_says_where_it_comes_from() -> None:
    empty = rules.Population(2_000_000, "", "", "", date(2026, 4, 2), "")
    fields = [r.field for r in rules.why_not_confirm_population(State.PLANNED, empty, date(2026, 4, 1))]
    assert fields == ["population", "source", "extracted_by", "completeness", "extracted_on", "size"]


@pytest.mark.parametrize(
    "same, state, tested_on, code",
    [
        (False, State.REVIEWED, date(2026, 1, 1), "effectiveness.other_control"),
        (True, State.CONCLUDED, date(2026, 1, 1), "effectiveness.not_reviewed"),
        (True, State.REVIEWED, date(2024, 12, 1), "effectiveness.too_old"),
        (True, State.REVIEWED, date(2025, 3, 1), None),
    ],
)
def test_a_shared_test_is_reviewed_and_recent(same: bool, state: State, tested_on: date, code: str | None) -> None:
    reasons = rules.why_not_refer(same, state, Outcome.EFFECTIVE, tested_on, date(2026, 4, 1))
    assert [reason.code for reason in reasons] == ([code] if code else [])


def test_no_step_skips_a_state() -> None:
    order = list(State)
    for verb, states in rules.STEPS.items():
        assert states and all(state in order for state in states), verb
    assert rules.STEPS["draw"] == {State.POPULATION_CONFIRMED} and rules.STEPS["quality_review"] == {State.CONCLUDED}


DEMO = Path(__file__).resolve().parents[2] / "controls" / "demo" / "data"


def _rows(name: str) -> list[dict[str, str]]:
    with (DEMO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_demo_samples_have_the_size_the_method_gives() -> None:
    frequencies = {row["control_id"]: row["frequency"] for row in _rows("controls")}
    tests = [row for row in _rows("tests") if row["kind"] == "operating"]
    assert len(tests) > 100
    for row in tests:
        frequency = next(word for word in Frequency if word.value == frequencies[row["control_id"]])
        plan = rules.Plan(
            next(word for word in Method if word.value == row["method"]),
            next((word for word in SampleRisk if word.value == row["sample_risk"]), None),
            row["confidence"],
            row["tolerable_rate"],
            int(row["expected_exceptions"]) if row["expected_exceptions"] else None,
        )
        size = rules.size_of(plan, frequency, int(row["population_size"]))
        assert (rules.why_not_plan(plan), size) == ([], int(row["expected_sample_size"])), row["test_id"]
