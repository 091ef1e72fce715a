"""Every write of tests of operation: plan, population, draw, results, conclusion, quality review."""

import secrets
from collections.abc import Sequence

from controls.base import audit
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.merkle import canonical
from controls.base.why import N_, NOT_FOUND, Refused, refuse_if
from controls.effectiveness import drawing, queries, rules, sampling
from controls.effectiveness.chance import SamplingError
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.effectiveness.words import Method, Nature, Result, State
from controls.evidence import actions as evidence
from controls.identity.permissions import Permission
from controls.review import actions as reviewing
from controls.review import queries as reviews
from controls.review.words import Outcome

PLANNED = audit.declare("effectiveness.planned", N_("Test of operation planned"))
POPULATION = audit.declare("effectiveness.population_confirmed", N_("Population confirmed"))
DRAWN = audit.declare("effectiveness.sample_drawn", N_("Sample drawn"))
RECORDED = audit.declare("effectiveness.results_recorded", N_("Results of sample items recorded"), "ranks")
CONCLUDED = audit.declare("effectiveness.concluded", N_("Test of operation concluded"))
REVIEWED = audit.declare("effectiveness.quality_reviewed", N_("Test of operation quality-reviewed"), "evidence")
SENT_BACK = audit.declare("effectiveness.sent_back", N_("Test of operation sent back to the tester"), "comment")
PUT_BACK = audit.declare("effectiveness.put_back", N_("Test of operation put back with its reopened review"))
REFERRED = audit.declare("effectiveness.referred", N_("Shared control refers to its test of the year"))


def plan_test(
    by: By, review_id: int, control_id: int, plan: rules.Plan, version: int | None = None, number: str = ""
) -> OperatingTest:
    """Plan the test of a control whose design held, or change the plan before the sample is drawn."""
    test = queries.test_of(review_id, control_id)
    if test is None:
        test = _begun(by, review_id, control_id, number)
    elif version is None:
        raise Refused([rules.ALREADY()])
    else:
        _load(by, test.id, version)
    refuse_if(rules.why_not_plan(plan, test.state))
    if test.population_size:
        refuse_if(rules.why_not_size(plan, queries.frequency_of(test), test.population_size))
    statistical = plan.method in rules.STATISTICAL
    test.method, test.hours = plan.method, plan.hours
    test.sample_risk = plan.sample_risk if plan.method is Method.FREQUENCY_TABLE else None
    test.table_version = sampling.DEFAULT_TABLE.version if plan.method is Method.FREQUENCY_TABLE else None
    test.confidence = plan.confidence if statistical else ""
    test.tolerable_rate = plan.tolerable_rate if statistical else ""
    test.expected_exceptions = _expected(plan)
    saved(by, test)
    audit.record(by, PLANNED, test)
    return test


def _expected(plan: rules.Plan) -> int | None:
    if plan.method is Method.DISCOVERY:
        return 0
    return plan.expected_exceptions if plan.method in rules.STATISTICAL else None


def _begun(by: By, review_id: int, control_id: int, number: str) -> OperatingTest:
    """A new test with a frozen copy of the control, when the review and its design test allow one."""
    found = queries.facts(review_id, control_id)
    if found is None:
        raise Refused([NOT_FOUND()])
    review, control, design = found
    own = by.own_id in (review.tester_id, review.lead_id)
    by.must(Permission.CONTROL_TEST, review.organisation_id, own=own, places=reviews.places(review))
    refuse_if(rules.why_not_open(review.state, design))
    reviewing.take_test(by, review, control)
    test = OperatingTest(
        organisation_id=review.organisation_id, number=number or _next_number(review.organisation_id, review.year),
        review_id=review.id, control_id=control.id, control_version=control.version,
        control_copy=canonical(audit.state(control)), state=State.PLANNED, tester_id=by.person_id,
    )  # fmt: skip
    db.session.add(test)
    return test


def _next_number(organisation_id: int, year: int) -> str:
    prefix = f"T-{year}-"
    used = [number.removeprefix(prefix) for number in queries.numbers_used(organisation_id, prefix)]
    return f"{prefix}{max((int(n) for n in used if n.isdigit()), default=0) + 1:04}"


def _load(by: By, id: int, version: int | None) -> OperatingTest:
    """The test to be changed by its tester while its review is open."""
    test: OperatingTest = load(OperatingTest, id, version)
    review = queries.review_of(test)
    team = (test.tester_id, review.tester_id, review.lead_id)
    by.must(Permission.CONTROL_TEST, test.organisation_id, own=by.own_id in team, places=reviews.places(review))
    refuse_if([] if review.state in rules.OPEN_REVIEWS else [rules.REVIEW_CLOSED()])
    reviewing.take_test(by, review, queries.control_of(test))
    return test


def confirm_population(by: By, id: int, version: int | None, population: rules.Population) -> OperatingTest:
    """Freeze the population: what is counted, from where, by whom, and the hash over its item keys."""
    test = _load(by, id, version)
    refuse_if(rules.why_not_confirm_population(test.state, population, by.today))
    if population.size:
        refuse_if(rules.why_not_size(queries.plan_of(test), queries.frequency_of(test), population.size))
    try:
        test.population_hash = drawing.population_hash(population.all_keys())
    except SamplingError as error:
        raise Refused([error.reason.at("keys")]) from error
    test.population, test.population_size = population.text, population.size
    test.population_source, test.completeness = population.source, population.completeness
    test.extracted_by, test.extracted_on = population.extracted_by, population.extracted_on
    test.state = State.POPULATION_CONFIRMED
    saved(by, test)
    audit.record(by, POPULATION, test)
    return test


def draw(
    by: By, id: int, version: int | None, keys: Sequence[str] | None = None, seed: str | None = None
) -> OperatingTest:
    """Draw the sample once: a fresh seed of 128 bits, made after the population was frozen, ranks its keys.

    `seed` is given only when a drawn sample is re-performed (demo and tests); `keys` are those that were confirmed.
    """
    test = _load(by, id, version)
    plan, size, frequency = queries.plan_of(test), test.population_size or 0, queries.frequency_of(test)
    refuse_if(rules.why_not_draw(test.state, plan, frequency, size))
    listed = list(keys) if keys is not None else rules.typed_keys(size)
    refuse_if([] if drawing.population_hash(listed) == test.population_hash else [rules.NO_KEYS()])
    test.seed = seed or secrets.token_hex(16)
    refuse_if([] if len(test.seed) == 32 and set(test.seed) <= set("0123456789abcdef") else [rules.BAD_SEED()])
    n = rules.size_of(plan, frequency, size)
    chosen, spare = drawing.draw(listed, test.seed, n, rules.reserves(plan, n, size))
    for rank, key in enumerate([*chosen, *spare], 1):
        item = SampleItem(
            organisation_id=test.organisation_id, test_id=test.id, rank=rank, item_key=key, reserve=rank > n
        )
        saved(by, item)
        db.session.add(item)
    test.sample_size, test.drawn_at, test.state = n, by.at, State.SAMPLE_DRAWN
    saved(by, test)
    audit.record(by, DRAWN, test)
    return test


def record_item(
    by: By, test_id: int, rank: int, version: int | None, result: Result, nature: Nature | None = None,
    amount_ore: int | None = None, note: str = "",
) -> OperatingTest:  # fmt: skip
    """Record the result of one item."""
    return record_items(by, test_id, [rules.ItemValue(rank, result, nature, amount_ore, note, version)])


def record_items(by: By, test_id: int, values: Sequence[rules.ItemValue]) -> OperatingTest:
    """Record the results of several items at once: all or none; one that does not apply brings the next reserve."""
    test = _load(by, test_id, None)
    refuse_if(rules.why_not_record(test.state))
    refuse_if(reason for value in values for reason in rules.why_not_result(value))
    listed = {item.rank: item for item in queries.items(test_id)}
    line = {item.rank for item in queries.in_line(listed.values())}
    refuse_if(rules.NOT_IN_LINE(rank=value.rank) for value in values if value.rank not in line)
    for value in values:
        item = load(SampleItem, listed[value.rank].id, value.version)
        exception = value.result is Result.EXCEPTION
        item.result, item.note, item.tested_on = value.result, value.note, by.today
        item.nature, item.amount_ore = (value.nature, value.amount_ore) if exception else (None, None)
        saved(by, item)
    _line_up(by, list(listed.values()))
    if test.state is State.SAMPLE_DRAWN:
        test.state = State.TESTING
        saved(by, test)
    audit.record(by, RECORDED, test, ranks=sorted(value.rank for value in values))
    return test


def _line_up(by: By, items: list[SampleItem]) -> None:
    """Every item that does not apply has one reserve in its place, and no other reserve is in line."""
    by_rank = {item.rank: item for item in items}
    spare = [item for item in items if item.reserve]
    for item in spare:
        replaced = by_rank.get(item.replaces_rank or 0)
        if replaced is not None and replaced.result is not Result.NOT_APPLICABLE:
            refuse_if([rules.RESERVE_TESTED(rank=replaced.rank, reserve=item.rank)] if item.result else [])
            item.replaces_rank = None
            saved(by, item)
    while True:
        replaced_ranks = {item.replaces_rank for item in spare}
        void = [i for i in queries.in_line(items) if i.result is Result.NOT_APPLICABLE and i.rank not in replaced_ranks]
        free = [item for item in spare if item.replaces_rank is None]
        if not void or not free:
            return
        free[0].replaces_rank = void[0].rank
        saved(by, free[0])


def conclude(by: By, id: int, version: int | None, verdict: rules.Verdict) -> OperatingTest:
    """Conclude when every item has a result; the figures are stored as they were then."""
    test = _load(by, id, version)
    found = queries.figures(test, queries.items(test.id))
    refuse_if(rules.why_not_conclude(test.state, queries.plan_of(test), test.population_size or 0, found))
    refuse_if(rules.why_not_verdict(verdict, found.suggested))
    test.exceptions, test.suggested = found.exceptions, found.suggested
    test.upper_limit = "" if found.upper is None else f"{found.upper:.4f}"
    test.achieved_confidence = "" if found.achieved is None else f"{found.achieved:.4f}"
    test.outcome, test.conclusion = verdict.outcome, verdict.conclusion
    test.outcome_reason = verdict.reason if verdict.outcome is not found.suggested else ""
    test.hours = test.hours if verdict.hours is None else verdict.hours
    test.tested_on, test.state = by.today, State.CONCLUDED
    saved(by, test)
    audit.record(by.because(test.outcome_reason), CONCLUDED, test)
    return test


def quality_review(by: By, id: int, version: int | None) -> OperatingTest:
    """Another person than lead and tester reviews the test (S3)."""
    test = _to_review(by, id, version)
    test.state, test.reviewer_id, test.reviewed_on = State.REVIEWED, by.person_id, by.today
    saved(by, test)
    subjects = queries.evidence_of_tests([test.id])
    seen = evidence.bind(by, test.organisation_id, OperatingTest.__tablename__, test.id, subjects)
    audit.record(by, REVIEWED, test, evidence=seen)
    return test


def send_back(by: By, id: int, version: int | None, comment: str) -> OperatingTest:
    """The reviewer sends the test back to the tester with a comment; the results stay."""
    test = _to_review(by, id, version)
    refuse_if(rules.why_not_send_back(test.state, comment))
    test.state = State.TESTING if test.sample_size else State.POPULATION_CONFIRMED
    saved(by, test)
    audit.record(by.because(comment), SENT_BACK, test, comment=comment)
    return test


def _to_review(by: By, id: int, version: int | None) -> OperatingTest:
    test: OperatingTest = load(OperatingTest, id, version)
    review = queries.review_of(test)
    own = by.own_id == review.quality_reviewer_id
    by.must(Permission.REVIEW_APPROVE, test.organisation_id, own=own, places=reviews.places(review))
    refuse_if(rules.why_not_quality_review(test.state))
    reviewing.take_sign(by, review)
    return test


def put_back(by: By, review_id: int) -> None:
    """With a review that is reopened: its own reviewed tests wait for a quality review again, and may be sent back."""
    for test in queries.tests_of(review_id):
        if test.state is State.REVIEWED and test.refers_to_id is None:
            test.state, test.reviewer_id, test.reviewed_on = State.CONCLUDED, None, None
            saved(by, test)
            audit.record(by, PUT_BACK, test)


def refer(by: By, review_id: int, control_id: int, test_id: int, conclusion: str, number: str = "") -> OperatingTest:
    """Let a shared control's test of the year count here too, instead of testing it again."""
    other: OperatingTest = load(OperatingTest, test_id)
    found = queries.facts(review_id, control_id)
    if found is None:
        raise Refused([NOT_FOUND()])
    review, control, _design = found
    own = by.own_id in (review.tester_id, review.lead_id)
    by.must(Permission.CONTROL_TEST, review.organisation_id, own=own, places=reviews.places(review))
    refuse_if([rules.ALREADY()] if queries.test_of(review_id, control_id) else [])
    same = other.control_id == control.id and other.refers_to_id is None
    refuse_if(rules.why_not_refer(same, other.state, other.outcome, other.tested_on, by.today))
    refuse_if([] if review.state in rules.OPEN_REVIEWS else [rules.REVIEW_CLOSED()])
    refuse_if(rules.why_not_verdict(rules.Verdict(other.outcome or Outcome.CANNOT_CONCLUDE, conclusion),
                                    other.outcome or Outcome.CANNOT_CONCLUDE))  # fmt: skip
    reviewing.take_test(by, review, control)
    test = OperatingTest(
        organisation_id=review.organisation_id, number=number or _next_number(review.organisation_id, review.year),
        review_id=review.id, control_id=control.id, refers_to_id=other.id, control_version=other.control_version,
        control_copy=other.control_copy, state=State.REVIEWED, method=other.method, outcome=other.outcome,
        exceptions=other.exceptions, conclusion=conclusion, tester_id=other.tester_id, tested_on=other.tested_on,
        reviewer_id=other.reviewer_id, reviewed_on=other.reviewed_on,
    )  # fmt: skip
    saved(by, test)
    db.session.add(test)
    audit.record(by, REFERRED, test)
    return test
