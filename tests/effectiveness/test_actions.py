"""Tests of operation: order of states, the design gate, the locked draw, reserves, S3, versions, events."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import Refused
from controls.effectiveness import actions, drawing, queries, rules
from controls.effectiveness.words import Method, Nature, Result, SampleRisk, State
from controls.identity import queries as identity
from controls.identity.permissions import Role
from controls.review import actions as reviewing
from controls.review.tables import Review
from controls.review.words import DesignOutcome, Execution, Frequency, Outcome
from controls.review.words import State as ReviewState
from tests.effectiveness import setting

SEED = "0123456789abcdef0123456789abcdef"
FINE = rules.Verdict(Outcome.EFFECTIVE, "Ingen afvigelser.")


def codes(caught: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


def planned(s: setting.Setting, make: Any, plan: rules.Plan = setting.PLAN) -> Any:
    with transaction():
        return actions.plan_test(make.by(s.tester), s.review.id, s.control.id, plan)


def drawn(s: setting.Setting, make: Any, plan: rules.Plan = setting.PLAN, size: int = 12) -> Any:
    test, by = planned(s, make, plan), make.by(s.tester)
    with transaction():
        actions.confirm_population(by, test.id, test.version, setting.population(size))
    with transaction():
        return actions.draw(by, test.id, test.version, seed=SEED)


def all_pass(s: setting.Setting, make: Any, test: Any) -> None:
    line = queries.in_line(queries.items(test.id))
    with transaction():
        actions.record_items(make.by(s.tester), test.id, [rules.ItemValue(i.rank, Result.PASS) for i in line])


def events() -> list[str]:
    return list(db.session.scalars(select(EventRow.action).order_by(EventRow.seq)))


def test_the_whole_way(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test = drawn(s, make)
    assert test.state is State.SAMPLE_DRAWN and test.sample_size == 3 and test.number == "T-2026-0002"
    items = queries.items(test.id)
    keys = rules.typed_keys(12)
    assert [i.item_key for i in items] == drawing.rank(keys, SEED)[:6]
    assert [i.reserve for i in items] == [False] * 3 + [True] * 3
    assert test.population_hash == drawing.population_hash(keys)
    all_pass(s, make, test)
    assert test.state is State.TESTING
    with transaction():
        actions.conclude(make.by(s.tester), test.id, test.version, FINE)
    assert test.suggested is Outcome.EFFECTIVE and float(test.achieved_confidence) == pytest.approx(0.4545, abs=1e-3)
    with transaction():
        actions.quality_review(make.by(s.reviewer), test.id, test.version)
    assert test.state is State.REVIEWED and test.reviewer_id == s.reviewer.id
    assert events()[-6:] == [
        "effectiveness.planned",
        "effectiveness.population_confirmed",
        "effectiveness.sample_drawn",
        "effectiveness.results_recorded",
        "effectiveness.concluded",
        "effectiveness.quality_reviewed",
    ]
    assert queries.untested(s.review) == [] and setting.outcomes(s.review) == {s.control.id: Outcome.EFFECTIVE}


@pytest.mark.parametrize(
    "design, code",
    [
        (None, "effectiveness.design_missing"),
        (DesignOutcome.PARTLY, "effectiveness.design_failed"),
        (DesignOutcome.NOT, "effectiveness.design_failed"),
    ],
)
def test_only_an_appropriate_design_passes(database: Any, make: Any, design: Any, code: str) -> None:
    s = setting.prepared(make, design)
    with pytest.raises(Refused) as caught, transaction():
        actions.plan_test(make.by(s.tester), s.review.id, s.control.id, setting.PLAN)
    assert codes(caught) == [code] and queries.test_of(s.review.id, s.control.id) is None


def test_only_the_reviews_tester_or_lead_tests(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    for person in (s.other, s.group, s.owner, s.reviewer):
        with pytest.raises(Refused) as caught, transaction():
            actions.plan_test(make.by(person), s.review.id, s.control.id, setting.PLAN)
        assert codes(caught) == ["forbidden"]
    with transaction():
        actions.plan_test(make.by(s.lead), s.review.id, s.control.id, setting.PLAN)


def test_a_closed_review_is_not_tested(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    with transaction():
        row = db.session.get_one(Review, s.review.id)
        row.state = ReviewState.APPROVED
        setting.put(make.by(s.group), row)
    with pytest.raises(Refused) as caught, transaction():
        actions.plan_test(make.by(s.tester), s.review.id, s.control.id, setting.PLAN)
    assert codes(caught) == ["effectiveness.review_closed"]


def test_plan_may_change_until_the_draw_and_never_after(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test, by = planned(s, make), make.by(s.tester)
    high = rules.Plan(Method.FREQUENCY_TABLE, SampleRisk.HIGH)
    with transaction():
        actions.plan_test(by, s.review.id, s.control.id, high, test.version)
        actions.confirm_population(by, test.id, None, setting.population())
        actions.draw(by, test.id, None)
    assert test.sample_size == 5 and len(test.seed) == 32
    seed = test.seed
    for again in (
        lambda: actions.draw(by, test.id, test.version),
        lambda: actions.plan_test(by, s.review.id, s.control.id, setting.PLAN, test.version),
        lambda: actions.confirm_population(by, test.id, test.version, setting.population(13)),
    ):
        with pytest.raises(Refused) as caught, transaction():
            again()
        assert codes(caught) == ["effectiveness.drawn"] and caught.value.status == 409
    assert test.seed == seed


def test_a_second_plan_is_no_new_test(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    planned(s, make)
    with pytest.raises(Refused) as caught, transaction():
        actions.plan_test(make.by(s.tester), s.review.id, s.control.id, setting.PLAN)
    assert codes(caught) == ["effectiveness.already"]


def test_no_draw_before_the_population(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test = planned(s, make)
    with pytest.raises(Refused), transaction():
        actions.draw(make.by(s.tester), test.id, test.version)


def test_listed_keys_are_the_ones_that_were_frozen(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test, by, keys = planned(s, make), make.by(s.tester), tuple(f"2026-{i}" for i in range(100, 112))
    with transaction():
        actions.confirm_population(by, test.id, test.version, setting.population(keys=keys))
    with pytest.raises(Refused) as caught, transaction():
        actions.draw(by, test.id, test.version, keys=[*keys[:-1], "2026-999"])
    assert codes(caught) == ["effectiveness.keys"]
    with transaction():
        actions.draw(by, test.id, test.version, keys=tuple(reversed(keys)), seed=SEED)
    assert [i.item_key for i in queries.items(test.id)] == drawing.rank(keys, SEED)[:6]


def test_double_keys_are_refused(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test = planned(s, make)
    with pytest.raises(Refused) as caught, transaction():
        actions.confirm_population(make.by(s.tester), test.id, None, setting.population(2, keys=("a", "a ")))
    assert codes(caught) == ["sampling.duplicate"]


def test_the_next_reserve_comes_in_line(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test, by = drawn(s, make), make.by(s.tester)

    def record(rank: int, result: Result, note: str = "") -> None:
        with transaction():
            actions.record_item(by, test.id, rank, None, result, note=note)

    def line() -> list[int]:
        return [item.rank for item in queries.in_line(queries.items(test.id))]

    with pytest.raises(Refused) as caught:
        record(1, Result.NOT_APPLICABLE)
    assert codes(caught) == ["effectiveness.reason_na"]
    with pytest.raises(Refused):
        record(4, Result.PASS)
    record(1, Result.NOT_APPLICABLE, "Annulleret før frigivelse")
    assert line() == [1, 2, 3, 4]
    record(4, Result.NOT_APPLICABLE, "Også annulleret")
    assert line() == [1, 2, 3, 4, 5]
    record(4, Result.PASS)
    assert line() == [1, 2, 3, 4]
    with pytest.raises(Refused) as caught:
        record(1, Result.PASS)
    assert codes(caught) == ["effectiveness.reserve_tested"]
    assert line() == [1, 2, 3, 4]


def test_results_are_saved_all_or_none(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test, by = drawn(s, make), make.by(s.tester)
    values = [rules.ItemValue(1, Result.PASS), rules.ItemValue(2, Result.EXCEPTION, note="Mangler")]
    with pytest.raises(Refused) as caught, transaction():
        actions.record_items(by, test.id, values)
    assert [r.field for r in caught.value.reasons] == ["r2-nature"]
    assert all(item.result is None for item in queries.items(test.id)) and test.state is State.SAMPLE_DRAWN


def test_two_testers_on_one_row(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test = drawn(s, make)
    with transaction():
        actions.record_item(make.by(s.tester), test.id, 1, 1, Result.PASS)
    with pytest.raises(Stale) as caught, transaction():
        actions.record_item(make.by(s.lead), test.id, 1, 1, Result.EXCEPTION, Nature.ISOLATED, None, "Mangler")
    assert caught.value.status == 409 and caught.value.row.result is Result.PASS
    with transaction():
        actions.record_item(make.by(s.lead), test.id, 2, 1, Result.PASS)


def test_conclusion_waits_for_every_item_and_says_why_it_differs(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test, by = drawn(s, make), make.by(s.tester)
    with transaction():
        actions.record_item(by, test.id, 1, None, Result.EXCEPTION, Nature.ISOLATED, 125_000, "Kun én underskrift")
    with pytest.raises(Refused) as caught, transaction():
        actions.conclude(by, test.id, test.version, FINE)
    assert codes(caught) == ["effectiveness.missing"]
    with transaction():
        actions.record_items(by, test.id, [rules.ItemValue(rank, Result.PASS) for rank in (2, 3)])
    with pytest.raises(Refused) as caught, transaction():
        actions.conclude(by, test.id, test.version, FINE)
    assert codes(caught) == ["effectiveness.why_other"] and caught.value.reasons[0].field == "reason"
    partly = rules.Verdict(Outcome.PARTLY, "Én måned", "Afgrænset til én måned", hours=5)
    with transaction():
        actions.conclude(by, test.id, test.version, partly)
    assert (test.exceptions, test.suggested, test.outcome, test.hours) == (1, Outcome.NOT, Outcome.PARTLY, 5)
    with pytest.raises(Refused), transaction():
        actions.record_item(by, test.id, 2, None, Result.PASS)


def test_s3_another_person_reviews(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test = drawn(s, make)
    all_pass(s, make, test)
    with transaction():
        actions.conclude(make.by(s.tester), test.id, test.version, FINE)
    for person, code in (
        (s.tester, "forbidden"),
        (s.lead, "forbidden"),
        (s.other, "forbidden"),
        (s.owner, "forbidden"),
    ):
        with pytest.raises(Refused) as caught, transaction():
            actions.quality_review(make.by(person), test.id, test.version)
        assert codes(caught) == [code]
    with transaction():
        review = db.session.get_one(Review, s.review.id)
        review.lead_id, review.tester_id = s.group.id, s.lead.id
        setting.put(make.by(s.group), review)
    with pytest.raises(Refused) as caught, transaction():
        actions.quality_review(make.by(s.group), test.id, test.version)
    assert codes(caught) == ["sod_conflict"]


def test_the_reviewer_may_send_it_back(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test = drawn(s, make)
    all_pass(s, make, test)
    with transaction():
        actions.conclude(make.by(s.tester), test.id, test.version, FINE)
    with pytest.raises(Refused), transaction():
        actions.send_back(make.by(s.reviewer), test.id, test.version, "")
    with transaction():
        actions.send_back(make.by(s.reviewer), test.id, test.version, "Vis posteringen for post 2")
    assert test.state is State.TESTING
    with transaction():
        actions.record_item(make.by(s.tester), test.id, 2, None, Result.PASS, note="Postering set")
        actions.conclude(make.by(s.tester), test.id, None, FINE)


def test_nothing_happened_in_the_period(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    test, by = planned(s, make), make.by(s.tester)
    with transaction():
        actions.confirm_population(by, test.id, test.version, setting.population(0))
    with pytest.raises(Refused) as caught, transaction():
        actions.draw(by, test.id, test.version)
    assert codes(caught) == ["effectiveness.empty"]
    with transaction():
        actions.conclude(by, test.id, test.version, rules.Verdict(Outcome.CANNOT_CONCLUDE, "Ingen tilfælde i perioden"))
    assert test.outcome is Outcome.CANNOT_CONCLUDE


@pytest.mark.parametrize(
    "plan, size, n, spare",
    [
        (rules.Plan(Method.FULL), 12, 12, 0),
        (rules.Plan(Method.TEST_OF_ONE), 1, 1, 0),
        (rules.Plan(Method.HYPERGEOMETRIC, None, "0.90", "0.10", 0), 250, 21, 4),
        (rules.Plan(Method.BINOMIAL, None, "0.95", "0.05", 0), 5000, 59, 11),
        (rules.Plan(Method.DISCOVERY, None, "0.95", "0.02"), 1000, 138, 27),
    ],
)
def test_methods(database: Any, make: Any, plan: rules.Plan, size: int, n: int, spare: int) -> None:
    s = setting.prepared(make)
    test = drawn(s, make, plan, size)
    assert test.sample_size == n and sum(item.reserve for item in queries.items(test.id)) == spare


def test_untested_gate(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    assert [r.code for r in queries.untested(s.review)] == ["effectiveness.untested"]
    planned(s, make)
    assert [r.code for r in queries.untested(s.review)] == ["effectiveness.unfinished"]


def test_a_shared_control_is_tested_once(database: Any, make: Any) -> None:
    s = setting.prepared(make, execution=Execution.AUTOMATED, frequency=Frequency.CONTINUOUS)
    test = drawn(s, make, rules.Plan(Method.TEST_OF_ONE), 1)
    with transaction():
        second = Review(
            organisation_id=s.organisation.id,
            number="G-2026-02",
            year=2026,
            subprocess_id=s.subprocess.id,
            state=ReviewState.IN_PROGRESS,
            form=s.review.form,
            lead_id=s.lead.id,
            tester_id=s.other.id,
        )
        setting.put(make.by(s.group), second)
    by = make.by(s.other)
    with pytest.raises(Refused) as caught, transaction():
        actions.refer(by, second.id, s.control.id, test.id, "Gælder også her.")
    assert codes(caught) == ["effectiveness.not_reviewed"]
    all_pass(s, make, test)
    with transaction():
        actions.conclude(make.by(s.tester), test.id, None, FINE)
        actions.quality_review(make.by(s.reviewer), test.id, None)
    with transaction():
        actions.refer(by, second.id, s.control.id, test.id, "Gælder også her.")
    assert setting.outcomes(second) == {s.control.id: Outcome.EFFECTIVE} and queries.untested(second) == []


def test_a_reopened_review_lets_its_tests_be_sent_back(database: Any, make: Any) -> None:
    """Reviewed tests keep their results, wait for quality review again, and stay whole in the version that ended."""
    s = setting.prepared(make)
    test = drawn(s, make)
    all_pass(s, make, test)
    with transaction():
        actions.conclude(make.by(s.tester), test.id, None, FINE)
        actions.quality_review(make.by(s.reviewer), test.id, None)
    with transaction():
        review = db.session.get_one(Review, s.review.id)
        review.state, review.approved_by_id, review.approved_at = ReviewState.APPROVED, s.group.id, make.NOW
        setting.put(make.by(s.group), review)
    chair = make.person("chair", Role.VDC, s.organisation)
    with transaction():
        reviewing.ask_reopening(make.by(s.lead), s.review.id, None, "Forkert periode")
    with transaction():
        reviewing.approve_reopening(make.by(chair), s.review.id, None)
    assert (test.state, test.reviewer_id, test.outcome) == (State.CONCLUDED, None, FINE.outcome)
    kept = json.loads(identity.reopenings(review)[0].row.snapshot)
    assert kept["effectiveness_test"][0]["reviewer_id"] == s.reviewer.id and len(kept["effectiveness_item"]) == 6
    with transaction():
        actions.send_back(make.by(s.reviewer), test.id, None, "Se perioden")
    assert test.state is State.TESTING
