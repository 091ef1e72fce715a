"""What a test of operation may do next, how large its sample is, and what its result says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from controls.base.why import FIELD_REQUIRED, N_, WRONG_STATE, Reason, Why
from controls.effectiveness import sampling
from controls.effectiveness.chance import SamplingError
from controls.effectiveness.words import Method, Nature, Result, SampleRisk, State
from controls.review.words import DesignOutcome, Execution, Frequency, Outcome
from controls.review.words import State as ReviewState

STEPS: dict[str, frozenset[State]] = {
    "plan": frozenset({State.PLANNED, State.POPULATION_CONFIRMED}),
    "confirm_population": frozenset({State.PLANNED, State.POPULATION_CONFIRMED}),
    "draw": frozenset({State.POPULATION_CONFIRMED}),
    "record": frozenset({State.SAMPLE_DRAWN, State.TESTING}),
    "conclude": frozenset({State.SAMPLE_DRAWN, State.TESTING}),
    "quality_review": frozenset({State.CONCLUDED}),
}
OPEN_REVIEWS = frozenset({ReviewState.IN_PROGRESS, ReviewState.DRAFT})
STATISTICAL = frozenset({Method.HYPERGEOMETRIC, Method.BINOMIAL, Method.DISCOVERY})
USUAL_CONFIDENCE, USUAL_RATE = "0.90", "0.10"
LARGEST_TYPED, MOST_ITEMS, FEWEST_RESERVES = 1_000_000, 1_000, 3
SHARED_AGE = timedelta(days=456)
NEEDS_FINDING = frozenset({Outcome.PARTLY, Outcome.NOT, Outcome.CANNOT_CONCLUDE})

DESIGN_MISSING = Why("effectiveness.design_missing", N_("Test the design of the control first."), 409)
DESIGN_FAILED = Why(
    "effectiveness.design_failed",
    N_("The design is not appropriate. That is a finding at once, and operation is not tested."), 409,
)  # fmt: skip
REVIEW_CLOSED = Why(
    "effectiveness.review_closed", N_("Controls are tested while the review is in progress or in draft."), 409
)
DRAWN = Why("effectiveness.drawn", N_("The sample is drawn and locked. It cannot be drawn or planned again."), 409)
ALREADY = Why("effectiveness.already", N_("The control already has a test in this review."), 409)
TOO_LARGE = Why("effectiveness.too_large", N_("A typed population may have at most {most} items."))
TOO_MANY = Why("effectiveness.too_many", N_("The sample would be {n} items. At most {most} can be tested here."))
LATER = Why("date_out_of_range", N_("The date may not lie in the future."))
NO_KEYS = Why("effectiveness.keys", N_("The list of keys is not the one that was confirmed."), 409)
BAD_SEED = Why("effectiveness.seed", N_("The seed must be 32 hexadecimal digits."))
EMPTY = Why("effectiveness.empty", N_("The population is empty, so there is nothing to draw."), 409)
EXPECTED = Why(
    "number_out_of_range", N_("“Expected exceptions” ({n}) cannot be more than “Number of items” ({size}).")
)  # fmt: skip
RESULT = Why("effectiveness.result", N_("Choose a result for item {rank}."))
NATURE = Why("effectiveness.nature", N_("Say whether the exception in item {rank} is isolated or systematic."))
NOTE = Why("effectiveness.note", N_("Describe the exception in item {rank}."))
REASON_NA = Why(
    "effectiveness.reason_na", N_("Say why item {rank} is not applicable. The next reserve takes its place.")
)
AMOUNT = Why("effectiveness.amount", N_("An amount belongs to an exception and is not negative (item {rank})."))
NOT_IN_LINE = Why("effectiveness.not_in_line", N_("Item {rank} is a reserve that is not in use."), 409)
RESERVE_TESTED = Why(
    "effectiveness.reserve_tested", N_("Item {rank} was replaced by item {reserve}, which is already tested."), 409
)
MISSING = Why(
    "effectiveness.missing", N_("{tested} of {all} items are tested. Test the rest before you conclude."), 409
)
WHY_OTHER = Why("effectiveness.why_other", N_("The result points to “{suggested}”. Say why you conclude otherwise."))
UNTESTED = Why("effectiveness.untested", N_("{control}: the operation of the key control is not tested."), 409)
UNFINISHED = Why("effectiveness.unfinished", N_("{control}: the test of operation is not quality-reviewed."), 409)
OTHER_CONTROL = Why("effectiveness.other_control", N_("Refer to a test of the same control."))
NOT_REVIEWED = Why("effectiveness.not_reviewed", N_("Refer to a test that is quality-reviewed."), 409)
TOO_OLD = Why("effectiveness.too_old", N_("The test of the shared control is more than 15 months old."), 409)
WHAT = {
    "sample_risk": N_("Column of the frequency table"), "confidence": N_("Confidence"),
    "tolerable_rate": N_("Tolerable deviation rate"), "expected_exceptions": N_("Expected exceptions"),
    "population": N_("What is counted"), "source": N_("Source"), "extracted_by": N_("Extracted by"),
    "extracted_on": N_("Extracted on"), "completeness": N_("How completeness was checked"),
    "conclusion": N_("Conclusion"), "comment": N_("Comment"), "size": N_("Number of items"),
}  # fmt: skip
FIELD_OF = {"population": "size", "n": "size", "expected_errors": "expected_exceptions", "key": "keys"}


@dataclass(frozen=True)
class Plan:
    """How the size is found; rates are the decimals as written ("0.95")."""

    method: Method
    sample_risk: SampleRisk | None = None
    confidence: str = ""
    tolerable_rate: str = ""
    expected_exceptions: int | None = None
    hours: int = 0


@dataclass(frozen=True)
class Population:
    """Every occurrence of the control in the period: a typed count (keys "1" to "N") or a list of keys."""

    size: int
    text: str
    source: str
    extracted_by: str
    extracted_on: date | None
    completeness: str
    keys: tuple[str, ...] | None = None

    def all_keys(self) -> Sequence[str]:
        """The keys of the items."""
        return typed_keys(self.size) if self.keys is None else self.keys


@dataclass(frozen=True)
class ItemValue:
    """The result of one item as typed."""

    rank: int
    result: Result | None
    nature: Nature | None = None
    amount_ore: int | None = None
    note: str = ""
    version: int | None = None


@dataclass(frozen=True)
class Verdict:
    """The tester's conclusion; a reason when it is not the one the result points to."""

    outcome: Outcome
    conclusion: str
    reason: str = ""
    hours: int | None = None


@dataclass(frozen=True)
class Figures:
    """What the results say so far: rates are shares 0-1; None where the method allows no figure."""

    to_test: int
    tested: int
    exceptions: int
    not_applicable: int
    missing: int
    rate: float | None
    upper: float | None
    achieved: float | None
    accepted: bool
    suggested: Outcome


def typed_keys(size: int) -> list[str]:
    """A typed count N means the keys "1" to "N"."""
    return [str(i) for i in range(1, size + 1)]


def proposed_method(execution: Execution, frequency: Frequency) -> Method:
    """Automated: one of each configuration; once or twice a year: all; otherwise the frequency table."""
    if execution is Execution.AUTOMATED:
        return Method.TEST_OF_ONE
    return Method.FULL if frequency in (Frequency.ANNUAL, Frequency.HALF_YEARLY) else Method.FREQUENCY_TABLE


def _required(**values: object) -> list[Reason]:
    empty = [name for name, value in values.items() if value is None or value == ""]
    return [FIELD_REQUIRED(name, label=WHAT[name]) for name in empty]


def _step(verb: str, state: State) -> list[Reason]:
    if state in STEPS[verb]:
        return []
    drawn = verb in ("plan", "confirm_population", "draw") and state is not State.PLANNED
    return [DRAWN()] if drawn else [WRONG_STATE(state=state.label)]


def why_not_open(review: ReviewState, design: DesignOutcome | None) -> list[Reason]:
    """Only a control whose design was judged appropriate in this review is tested for operation (AS 2201 .42-.44)."""
    reasons = [] if review in OPEN_REVIEWS else [REVIEW_CLOSED()]
    if design is None:
        return [*reasons, DESIGN_MISSING()]
    return reasons if design is DesignOutcome.APPROPRIATE else [*reasons, DESIGN_FAILED()]


def why_not_plan(plan: Plan, state: State | None = None) -> list[Reason]:
    """A method has the figures it needs, and the plan stands once the sample is drawn."""
    reasons = [] if state is None else _step("plan", state)
    if plan.method is Method.FREQUENCY_TABLE:
        reasons += _required(sample_risk=plan.sample_risk)
    if plan.method in STATISTICAL:
        reasons += _required(confidence=plan.confidence, tolerable_rate=plan.tolerable_rate)
    if plan.method in (Method.HYPERGEOMETRIC, Method.BINOMIAL):
        reasons += _required(expected_exceptions=plan.expected_exceptions)
    return reasons


def why_not_confirm_population(state: State, population: Population, today: date) -> list[Reason]:
    """A population says what is counted, where from, by whom and when, and how its completeness was checked."""
    reasons = _step("confirm_population", state) + _required(
        population=population.text, source=population.source, extracted_by=population.extracted_by,
        extracted_on=population.extracted_on, completeness=population.completeness,
    )  # fmt: skip
    if population.extracted_on and population.extracted_on > today:
        reasons.append(LATER("extracted_on"))
    if not 0 <= population.size <= LARGEST_TYPED:
        reasons.append(TOO_LARGE("size", most=LARGEST_TYPED))
    return reasons


def size_of(plan: Plan, frequency: Frequency, population: int) -> int:
    """Number of items to draw; raises SamplingError when the figures do not fit."""
    if plan.method is Method.FULL:
        return population
    if plan.method is Method.TEST_OF_ONE:
        return min(1, population)
    if plan.method is Method.FREQUENCY_TABLE:
        return sampling.table_size(frequency, population, plan.sample_risk or SampleRisk.NORMAL)
    law = "binomial" if plan.method is Method.BINOMIAL else "hypergeometric"
    expected = 0 if plan.method is Method.DISCOVERY else plan.expected_exceptions or 0
    found = sampling.sample_size(
        law, plan.confidence, plan.tolerable_rate, population=population, expected_errors=expected
    )
    return min(found.n, population)


def why_not_size(plan: Plan, frequency: Frequency, population: int) -> list[Reason]:
    """The method must give a size that can be tested."""
    if not population:
        return [EMPTY("size")]
    expected = plan.expected_exceptions or 0
    if plan.method in STATISTICAL and expected > population:
        return [EXPECTED("expected_exceptions", n=expected, size=population)]
    try:
        n = size_of(plan, frequency, population)
    except SamplingError as error:
        return [error.reason.at(FIELD_OF.get(error.reason.field, error.reason.field))]
    return [TOO_MANY(n=n, most=MOST_ITEMS)] if n > MOST_ITEMS else []


def reserves(plan: Plan, n: int, population: int) -> int:
    """A few items in line after the sample, for those that turn out not to apply."""
    return 0 if plan.method is Method.FULL else min(population - n, max(FEWEST_RESERVES, n // 5))


def why_not_draw(state: State, plan: Plan, frequency: Frequency, population: int) -> list[Reason]:
    """A sample is drawn once, from a frozen population; there is no silent re-draw (ISA 530 .8)."""
    return _step("draw", state) or why_not_size(plan, frequency, population)


def why_not_record(state: State) -> list[Reason]:
    """Results are recorded from the draw until the test is concluded."""
    return _step("record", state)


def why_not_result(value: ItemValue) -> list[Reason]:
    """An exception says what and of which nature; an item that does not apply says why (ISA 530 .10-.12)."""
    at, rank = f"r{value.rank}-", value.rank
    if value.result is None:
        return [RESULT(f"{at}result", rank=rank)]
    reasons = []
    if value.result is Result.EXCEPTION:
        reasons += [NATURE(f"{at}nature", rank=rank)] if value.nature is None else []
        reasons += [] if value.note else [NOTE(f"{at}note", rank=rank)]
    if value.result is Result.NOT_APPLICABLE and not value.note:
        reasons.append(REASON_NA(f"{at}note", rank=rank))
    if value.amount_ore is not None and (value.result is not Result.EXCEPTION or value.amount_ore < 0):
        reasons.append(AMOUNT(f"{at}amount", rank=rank))
    return reasons


def figures(
    plan: Plan, population: int, to_test: int, results: Iterable[tuple[Result | None, Nature | None]]
) -> Figures:
    """Rate, upper limit, achieved confidence and the conclusion they point to, for the items in line."""
    listed = list(results)
    k = sum(result is Result.EXCEPTION for result, _ in listed)
    n = k + sum(result is Result.PASS for result, _ in listed)
    void = sum(result is Result.NOT_APPLICABLE for result, _ in listed)
    missing = sum(result is None for result, _ in listed)
    whole = population - void if plan.method is Method.FULL else population
    law = "binomial" if plan.method is Method.BINOMIAL else "hypergeometric"
    rate, sure = plan.tolerable_rate or USUAL_RATE, plan.confidence or USUAL_CONFIDENCE
    upper = achieved = None
    statistical = plan.method in STATISTICAL
    accepted = k == 0
    if n:
        if statistical:
            upper = sampling.upper_limit(law, n, k, sure, population=whole).rate
            accepted = sampling.decision(law, n, k, sure, rate, population=whole).accept
        elif plan.method is Method.FULL and not missing:
            upper = k / n
        if plan.method is not Method.TEST_OF_ONE:
            achieved = sampling.achieved_confidence(law, n, k, rate, population=whole)
    if plan.method is Method.DISCOVERY and k:
        accepted = False
    complete = n > 0 and (plan.method is Method.FULL or n >= to_test)
    suggested = sampling.suggested_outcome(
        k, accepted, statistical=statistical, complete=complete,
        fraud_or_systematic=(Result.EXCEPTION, Nature.SYSTEMATIC) in listed,
    )  # fmt: skip
    if not n:
        suggested = Outcome.CANNOT_CONCLUDE
    return Figures(
        to_test, n, k, void, missing, float(Fraction(k, n)) if n else None, upper, achieved, accepted, suggested
    )


def why_not_conclude(state: State, plan: Plan, population: int, found: Figures) -> list[Reason]:
    """A test is concluded when every item has a result; a hit in discovery sampling ends it at once."""
    if state is State.POPULATION_CONFIRMED and not population:
        return []
    reasons = _step("conclude", state)
    stopped = plan.method is Method.DISCOVERY and found.exceptions
    if not reasons and found.missing and not stopped:
        tested = found.tested + found.not_applicable
        reasons.append(MISSING(tested=tested, all=tested + found.missing))
    return reasons


def why_not_verdict(verdict: Verdict, suggested: Outcome) -> list[Reason]:
    """A person decides; another conclusion than the result points to needs a reason (AS 2315 .34-.45)."""
    reasons = _required(conclusion=verdict.conclusion)
    if verdict.outcome is not suggested and not verdict.reason:
        reasons.append(WHY_OTHER("reason", suggested=suggested.label))
    return reasons


def why_not_quality_review(state: State) -> list[Reason]:
    """A concluded test is quality-reviewed."""
    return _step("quality_review", state)


def why_not_send_back(state: State, comment: str) -> list[Reason]:
    """Only a concluded test goes back to the tester, with a comment."""
    return _step("quality_review", state) + _required(comment=comment)


def why_not_refer(
    same: bool, state: State, outcome: Outcome | None, tested_on: date | None, today: date
) -> list[Reason]:
    """A shared control is tested once a year for all it serves; the last within 15 months counts."""
    if not same:
        return [OTHER_CONTROL("test_id")]
    if state is not State.REVIEWED or outcome is None or tested_on is None:
        return [NOT_REVIEWED("test_id")]
    return [TOO_OLD("test_id")] if today - tested_on > SHARED_AGE else []
