"""How many occurrences of a control to test, which ones, and what the result says (ISA 530, AS 2315).

Every rate is read as the decimal written, so 0.07 is exactly 7/100; K = ceil(T·N) is the smallest number of
deviations at which the population's rate reaches the tolerable rate T; alpha = 1 - confidence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil, exp, fsum, log

from controls.base.why import N_, Reason, Why
from controls.effectiveness.chance import (
    BAD_METHOD,
    BAD_RATE,
    LARGEST_POPULATION,
    LARGEST_SAMPLE,
    Infeasible,
    Invalid,
    Law,
    Rate,
    binomial,
    exact,
    first_good,
    gamma_tail,
    halve,
    hypergeometric,
    share,
    whole_number,
)
from controls.effectiveness.drawing import RANDOM_ENOUGH, Selection
from controls.effectiveness.words import SampleRisk
from controls.review.words import Frequency, Outcome

NOT_RANDOM = Why("sampling.not_random", N_("A haphazard, block or targeted sample gives no limit and no confidence."))
TOO_MANY_EXPECTED = Why(
    "sampling.expected", N_("The expected exceptions must stay below the tolerable deviation rate.")
)
TOO_LARGE = Why(
    "sampling.too_large", N_("The sample would be larger than {limit} items. Raise the tolerable deviation rate.")
)
OVER_HALF = Why("sampling.over_half", N_("The sample is more than half the population: consider testing all."), 200)
OVER_500 = Why("sampling.over_500", N_("The sample has more than 500 items."), 200)
NO_ROOM = Why("sampling.no_room", N_("This rate tolerates no exception, so nearly all items must be tested."), 200)


@dataclass(frozen=True)
class Plan:
    """A sample size with its acceptance number: at most so many deviations, and the control is relied on."""

    n: int
    acceptance: int | None
    warnings: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Limit:
    """Upper deviation limit as a share 0-1, and as a count when the population is finite."""

    rate: float
    deviations: int | None = None


@dataclass(frozen=True)
class Decision:
    """Accept iff the risk of so few deviations at the tolerable rate is at most alpha."""

    accept: bool
    risk: float


@dataclass(frozen=True)
class Evaluation:
    """What a tested sample says: rates as shares 0-1, `projected` in items (None without a population)."""

    rate: Fraction
    projected: Fraction | None
    limit: Limit
    allowance: float
    achieved: float
    accept: bool


# --- Size, limit, decision ---------------------------------------------------------------------------------


def _law(method: str, n: int, rate: Fraction, population: int | None) -> Law | None:
    """The law of deviations among n when the rate is just intolerable; None for Poisson."""
    if method == "hypergeometric" and population is not None:
        return hypergeometric(n, ceil(rate * population), population)
    return binomial(n, rate) if method == "binomial" else None


def _risk(method: str, n: int, k: int, rate: Fraction, population: int | None) -> float:
    law = _law(method, n, rate, population)
    return law.at_most(k) if law else gamma_tail(k + 1, float(n * rate))


def _accepts(method: str, n: int, k: int, rate: Fraction, population: int | None, alpha: Fraction) -> bool:
    law = _law(method, n, rate, population)
    return law.within(k, alpha) if law else gamma_tail(k + 1, float(n * rate)) <= alpha


def _population(method: str, population: int | None) -> int:
    """The bound on a sample: N for the hypergeometric method, which needs it; the others ignore N."""
    if method not in ("hypergeometric", "binomial", "poisson") or (method == "hypergeometric" and population is None):
        raise Invalid(BAD_METHOD("method"))
    if population is not None:
        whole_number(population, "population", 1, LARGEST_POPULATION)
    return population if method == "hypergeometric" and population else LARGEST_POPULATION


def sample_size(
    method: str,
    confidence: Rate,
    tolerable_rate: Rate,
    *,
    population: int | None = None,
    expected_errors: int | None = None,
    expected_rate: Rate | None = None,
) -> Plan:
    """The first n with P(X <= k(n)) <= alpha, k given as a count or ceil(rate·n) (ISA 530 app. 3, AS 2315 .16-.23).

    Confidence and rates are shares 0-1; raises Invalid or Infeasible. `mus_poisson` plans monetary units.
    """
    alpha, tolerable = 1 - share(confidence, "confidence"), share(tolerable_rate, "tolerable_rate")
    if (expected_errors is None) == (expected_rate is None):
        raise Invalid(BAD_METHOD("expected_errors"))
    expected = None if expected_rate is None else exact(expected_rate, "expected_rate")
    if expected is not None and not 0 <= expected < 1:
        raise Invalid(BAD_RATE("expected_rate"))
    if expected is not None and expected >= tolerable:
        raise Infeasible(TOO_MANY_EXPECTED("expected_rate"))
    if method == "mus_poisson":
        return Plan(_monetary_size(alpha, tolerable, expected), None)
    most = _population(method, population)
    fixed = whole_number(expected_errors or 0, "expected_errors", 0, 10_000)
    if method == "hypergeometric" and fixed >= ceil(tolerable * most):
        raise Infeasible(TOO_MANY_EXPECTED("expected_errors"))
    for k, first, last in _blocks(expected, fixed, most):
        good = partial(_accepts, method, k=k, rate=tolerable, population=population, alpha=alpha)
        if good(last):
            n = first_good(first, last, good)
            return Plan(n, k, _warnings(n, tolerable, population))
    raise Infeasible(TOO_LARGE(limit=LARGEST_SAMPLE) if most > LARGEST_SAMPLE else TOO_MANY_EXPECTED())


def _blocks(expected: Fraction | None, fixed: int, most: int) -> Iterator[tuple[int, int, int]]:
    """Ranges of n with one acceptance number each; within a range the risk only falls, across ranges it may rise."""
    if not expected:
        yield fixed, 1, most
        return
    k, first = 1, 1
    while first <= min(most, LARGEST_SAMPLE):
        last = int(k / expected)
        yield k, first, min(last, most)
        k, first = k + 1, last + 1


def _warnings(n: int, tolerable: Fraction, population: int | None) -> tuple[Reason, ...]:
    found = [(OVER_500, n > 500)]
    if population:
        found += [(OVER_HALF, 2 * n > population), (NO_ROOM, tolerable * population < 1)]
    return tuple(why() for why, true in found if true)


def _monetary_size(alpha: Fraction, tolerable: Fraction, expected: Fraction | None) -> int:
    """Units for monetary unit sampling: n with 1 - GammaCDF(T·n; 1 + e·n) <= alpha, e·n not rounded."""
    for n in range(1, LARGEST_SAMPLE):
        if gamma_tail(float(1 + (expected or 0) * n), float(tolerable * n)) <= alpha:
            return n
    raise Infeasible(TOO_LARGE(limit=LARGEST_SAMPLE))


def upper_limit(method: str, n: int, k: int, confidence: Rate, *, population: int | None = None) -> Limit:
    """The highest rate not rejected after k deviations in n, one-sided: Clopper-Pearson, chi-square (Poisson),
    or the largest count D with H(k;N,D,n) > alpha over N (hypergeometric). Shares 0-1; raises Invalid.
    """
    alpha, most = 1 - share(confidence, "confidence"), _population(method, population)
    whole_number(k, "k", 0, whole_number(n, "n", 1, most))
    if method == "hypergeometric":
        rejected = first_good(
            k + 1, most - n + k + 1, lambda bad: bad > most - n + k or hypergeometric(n, bad, most).within(k, alpha)
        )
        return Limit((rejected - 1) / most, rejected - 1)
    if method == "poisson":
        return Limit(min(1.0, halve(0, 2 * k + 10 - 10 * log(alpha), lambda x: gamma_tail(k + 1, x) > alpha) / n))
    return Limit(1.0 if k == n else halve(k / n, 1, lambda p: binomial(n, p).at_most(k) > alpha))


def decision(
    method: str, n: int, k: int, confidence: Rate, tolerable_rate: Rate, *, population: int | None = None
) -> Decision:
    """Rely on the control iff P(X <= k | tolerable rate) <= alpha; a census iff k < K (AS 2315 .41). Raises Invalid."""
    alpha, tolerable = 1 - share(confidence, "confidence"), share(tolerable_rate, "tolerable_rate")
    whole_number(k, "k", 0, whole_number(n, "n", 1, _population(method, population)))
    return Decision(_accepts(method, n, k, tolerable, population, alpha), _risk(method, n, k, tolerable, population))


def achieved_confidence(method: str, n: int, k: int, tolerable_rate: Rate, *, population: int | None = None) -> float:
    """1 - P(X <= k | tolerable rate), a share 0-1; shown beside every test, frequency table too. Raises Invalid."""
    return 1 - decision(method, n, k, "0.5", tolerable_rate, population=population).risk


def evaluate(
    method: str,
    selection: Selection,
    n: int,
    k: int,
    confidence: Rate,
    tolerable_rate: Rate,
    *,
    population: int | None = None,
) -> Evaluation:
    """Rate k/n, projection, limit, allowance for sampling risk and decision (ISA 530 A20, app. 4); random draws only.

    Raises Invalid, also for strata, which are given a limit each and never pooled.
    """
    if selection not in RANDOM_ENOUGH:
        raise Invalid(NOT_RANDOM("selection"))
    limit = upper_limit(method, n, k, confidence, population=population)
    decided = decision(method, n, k, confidence, tolerable_rate, population=population)
    rate = Fraction(k, n)
    return Evaluation(
        rate, rate * population if population else None, limit, limit.rate - k / n, 1 - decided.risk, decided.accept
    )


def stratified_rate(strata: Sequence[tuple[int, int, int]]) -> Fraction:
    """The projected rate of strata (N, n, k), each weighted with its share of the population (ISA 530 app. 1)."""
    total = sum(size for size, _, _ in strata)
    for size, n, k in strata:
        whole_number(k, "k", 0, whole_number(n, "n", 1, whole_number(size, "population", 1, LARGEST_POPULATION)))
    return sum((Fraction(size * k, n * total) for size, n, k in strata), Fraction(0))


def sequential_risk(groups: Sequence[int], accept_at: Sequence[int], stop_at: int, tolerable_rate: Rate) -> float:
    """The true risk of wrong acceptance when a test goes on group by group (binomial, a share 0-1).

    After each group it accepts at `accept_at` deviations so far, fails at `stop_at`, otherwise takes the next.
    """
    rate, going, accepted = share(tolerable_rate, "tolerable_rate"), {0: 1.0}, 0.0
    if not groups or len(groups) != len(accept_at) or max(accept_at) >= stop_at:
        raise Invalid(BAD_METHOD("groups"))
    for size, bound in zip(groups, accept_at, strict=True):
        law = binomial(whole_number(size, "groups", 1, LARGEST_SAMPLE), rate)
        after = {
            k: fsum(p * exp(law.log_term(k - j)) for j, p in going.items() if 0 <= k - j <= size)
            for k in range(stop_at)
        }
        accepted += fsum(p for k, p in after.items() if k <= bound)
        going = {k: p for k, p in after.items() if k > bound}
    return accepted


# --- The frequency table -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A non-statistical table of sample sizes (low, normal, high risk); `bands` serve controls without rhythm."""

    version: int
    rows: dict[Frequency, tuple[int, int, int]]
    bands: tuple[tuple[int, tuple[int, int, int]], ...]


DEFAULT_TABLE = Table(
    1,
    {
        Frequency.ANNUAL: (1, 1, 1),
        Frequency.HALF_YEARLY: (2, 2, 2),
        Frequency.QUARTERLY: (2, 2, 3),
        Frequency.MONTHLY: (2, 3, 5),
        Frequency.SEMI_MONTHLY: (3, 5, 8),
        Frequency.WEEKLY: (5, 10, 15),
        Frequency.DAILY: (20, 30, 40),
        Frequency.MANY: (25, 40, 60),
    },
    (
        (2, (2, 2, 2)),
        (4, (2, 2, 3)),
        (12, (2, 3, 5)),
        (24, (3, 5, 8)),
        (52, (5, 10, 15)),
        (100, (10, 15, 20)),
        (250, (20, 30, 40)),
        (LARGEST_POPULATION, (25, 40, 60)),
    ),
)


def table_size(frequency: Frequency, population: int, risk: SampleRisk, table: Table = DEFAULT_TABLE) -> int:
    """Items to test by the frequency table, at most the population; event-driven controls by N."""
    whole_number(population, "population", 1, LARGEST_POPULATION)
    row = table.rows.get(frequency) or next(sizes for top, sizes in table.bands if population <= top)
    return min(population, row[list(SampleRisk).index(risk)])


def raised(risk: SampleRisk, *grounds: bool) -> SampleRisk:
    """One column up on any ground: new control or performer, deviation last year, sole key control, fraud risk."""
    columns = list(SampleRisk)
    return columns[min(columns.index(risk) + any(grounds), len(columns) - 1)]


def suggested_outcome(
    deviations: int,
    accepted: bool,
    *,
    statistical: bool,
    complete: bool = True,
    fraud_or_systematic: bool = False,
    isolated_and_compensated: bool = False,
    second_stage_due: bool = False,
) -> Outcome:
    """The conclusion a result points to; a person decides, with a reason if another is chosen (AS 2315 .34-.45).

    Presumes a design judged appropriate. `accepted`: the decision, or deviations within the table's acceptance;
    `complete`: occurrences enough, population proven, evidence found; `second_stage_due`: planned, not yet tested.
    """
    isolated = isolated_and_compensated and statistical
    if fraud_or_systematic or not (accepted or isolated or second_stage_due):
        return Outcome.NOT
    if not complete or (second_stage_due and not accepted):
        return Outcome.CANNOT_CONCLUDE
    if not accepted:
        return Outcome.PARTLY
    return Outcome.WITH_OBSERVATION if deviations else Outcome.EFFECTIVE
