"""Figures read exactly, and the laws of chance behind a sample: binomial, hypergeometric, Poisson.

Floating point decides where it can; where a risk lies too close to its limit, whole numbers do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import comb, exp, fsum, lgamma, log, log1p

from controls.base.why import N_, Reason, Why

Rate = Fraction | Decimal | float | str
LARGEST_POPULATION, LARGEST_SAMPLE = 10_000_000, 100_000
BAD_RATE = Why("sampling.rate", N_("A rate must be above 0 % and below 100 %."))
BAD_COUNT = Why("sampling.count", N_("The number must be a whole number from {low} to {high}."))
BAD_METHOD = Why("sampling.method", N_("The method and the figures do not fit together."))


class SamplingError(ValueError):
    """A question that cannot be answered; `reason` is the sentence for the user."""

    code = "error"

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(f"{self.code}: {reason.code} {reason.field}".strip())


class Invalid(SamplingError):
    """A figure outside its domain: refused, never clamped."""

    code = "invalid"


class Infeasible(SamplingError):
    """Figures in order, but no sample can give what is asked for."""

    code = "infeasible"


def exact(value: Rate, field: str) -> Fraction:
    """The number as written, never its floating-point neighbour."""
    if isinstance(value, Fraction):
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Invalid(BAD_RATE(field)) from None
    if isinstance(value, bool) or not number.is_finite() or abs(number.adjusted()) > 18 or len(str(value)) > 40:
        raise Invalid(BAD_RATE(field))
    return Fraction(number)


def share(value: Rate, field: str) -> Fraction:
    """A rate or confidence strictly between 0 and 1; 95 for 0.95 is refused."""
    number = exact(value, field)
    if not 0 < number < 1:
        raise Invalid(BAD_RATE(field))
    return number


def whole_number(value: object, field: str, low: int, high: int) -> int:
    """A whole number within bounds; True, 12.0 and 12.5 are none."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(BAD_COUNT(field, low=low, high=high))
    return value


@dataclass(frozen=True)
class Law:
    """P(X <= k) in floating point, and exactly where two sides may tie."""

    low: int
    high: int
    mode: int
    log_term: Callable[[int], float]
    term: Callable[[int], int]
    whole: Callable[[], int]
    blur: float

    def at_most(self, k: int) -> float:
        terms, peak = [0.0], 0.0
        for i in range(min(k, self.high), self.low - 1, -1):
            terms.append(exp(self.log_term(i)))
            peak = max(peak, terms[-1])
            if i < self.mode and terms[-1] < peak * 1e-18:
                break
        return min(1.0, fsum(terms))

    def within(self, k: int, alpha: Fraction) -> bool:
        """P(X <= k) <= alpha, settled with whole numbers when too close to call."""
        risk = self.at_most(k)
        if abs(risk - alpha) > self.blur * alpha:
            return risk <= alpha
        return sum(map(self.term, range(self.low, min(k, self.high) + 1))) <= alpha * self.whole()


def _log_comb(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def binomial(n: int, p: Fraction | float) -> Law:
    """Deviations among n items when each deviates with probability p."""
    a, b = p.as_integer_ratio()
    log_p, log_q = log(p), log1p(-p)
    return Law(
        0,
        n,
        int((n + 1) * p),
        lambda i: _log_comb(n, i) + i * log_p + (n - i) * log_q,
        lambda i: comb(n, i) * a**i * (b - a) ** (n - i),
        lambda: b**n,
        1e-9 + 5e-14 * n,
    )


def hypergeometric(n: int, bad: int, population: int) -> Law:
    """Deviations among n items drawn from a population that holds `bad` of them."""
    few, many = sorted((n, bad))  # the law is the same with sample and deviations exchanged
    whole, rest = _log_comb(population, few), population - many
    return Law(
        max(0, few - rest),
        few,
        (few + 1) * (many + 1) // (population + 2),
        lambda i: _log_comb(many, i) + _log_comb(rest, few - i) - whole,
        lambda i: comb(many, i) * comb(rest, few - i),
        lambda: comb(population, few),
        1e-9 + 5e-14 * population,
    )


def gamma_tail(a: float, x: float) -> float:
    """Upper regularised gamma Q(a, x); for whole a it is P(Poisson(x) <= a - 1)."""
    scale = exp(a * log(x) - x - lgamma(a + 1))
    if x < a + 1:
        term, terms, i = 1.0, [1.0], a
        while term > 1e-17 * terms[0]:
            i += 1
            term *= x / i
            terms.append(term)
        return max(0.0, 1 - scale * fsum(terms))
    b = x + 1 - a
    c, d = 1e300, 1 / b
    fraction = d
    for i in range(1, 100_000):  # Lentz's continued fraction
        step = -i * (i - a)
        b += 2
        d = 1 / (step * d + b)
        c = b + step / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return min(1.0, scale * a * fraction)


def halve(low: float, high: float, too_likely: Callable[[float], bool]) -> float:
    """The point where a falling probability meets its limit, by bisection."""
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if too_likely(middle) else (low, middle)
    return high


def first_good(low: int, high: int, good: Callable[[int], bool]) -> int:
    """The first good number in a range whose last is good, once good always good."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle + 1, high)
    return low
