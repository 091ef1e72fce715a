"""Which occurrences to test: keys, population hash, and draws that anybody can re-perform in any language."""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil

from controls.base.why import N_, Labelled, Why
from controls.effectiveness.chance import (
    BAD_METHOD,
    LARGEST_POPULATION,
    LARGEST_SAMPLE,
    Infeasible,
    Invalid,
    whole_number,
)

BAD_KEY = Why("sampling.key", N_("Item {row} has no usable key. A key has 1 to 200 visible characters."))
TWICE = Why("sampling.duplicate", N_("The key “{key}” stands more than once in the population (item {row})."))
NEGATIVE = Why("sampling.negative", N_("Negative amounts belong in a population of their own (item {row})."))
TOO_FEW = Why("sampling.too_few", N_("The sample must have at least one item for each stratum."))


class Selection(Labelled):
    """How the items were picked; only the random ones carry a statistical conclusion (EU 480/2014 art. 28(4))."""

    RANDOM = "random", N_("Simple random")
    SYSTEMATIC = "systematic", N_("Systematic with random start")
    STRATIFIED = "stratified", N_("Stratified random")
    MONETARY = "monetary", N_("Monetary unit")
    HAPHAZARD = "haphazard", N_("Haphazard")
    BLOCK = "block", N_("Block")
    TARGETED = "targeted", N_("Targeted")


RANDOM_ENOUGH = (Selection.RANDOM, Selection.SYSTEMATIC)


def item_keys(raw: Iterable[str]) -> list[str]:
    """The population's keys, NFC and trimmed, in the order given; an empty, unprintable or double key is refused."""
    keys: dict[str, int] = {}
    for row, text in enumerate(raw, 1):
        key = unicodedata.normalize("NFC", text).strip()
        if not 1 <= len(key) <= 200 or any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in key):
            raise Invalid(BAD_KEY("key", row=row))
        if key in keys:
            raise Invalid(TWICE("key", key=key, row=row))
        keys[key] = row
    return list(keys)


def population_hash(raw: Sequence[str], amounts_ore: Sequence[int] | None = None) -> str:
    """SHA-256 over the keys sorted by UTF-8 bytes, each (with TAB and amount in øre if given) followed by LF."""
    keys = item_keys(raw)
    tails = [""] * len(keys) if amounts_ore is None else [f"\t{amount}" for amount in amounts_ore]
    lines = sorted(zip((key.encode() for key in keys), tails, strict=True))
    return hashlib.sha256(b"".join(key + tail.encode() + b"\n" for key, tail in lines)).hexdigest()


def rank(raw: Iterable[str], seed: str) -> list[str]:
    """All keys by hex SHA-256(seed LF key), ties by key: an order nobody chose and anybody can re-perform."""
    return sorted(item_keys(raw), key=lambda key: (hashlib.sha256(f"{seed}\n{key}".encode()).digest(), key.encode()))


def draw(raw: Iterable[str], seed: str, n: int, reserves: int = 0) -> tuple[list[str], list[str]]:
    """The sample and the reserves after it, by rank; a longer draw begins with the shorter one. Raises Invalid."""
    ranked = rank(raw, seed)
    whole_number(n, "n", 1, len(ranked))
    return ranked[:n], ranked[n : n + whole_number(reserves, "reserves", 0, LARGEST_POPULATION)]


def start_of(seed: str, total: int, n: int) -> Fraction:
    """A random start in (0, total/n], made from the seed for systematic and monetary draws."""
    return Fraction(int(hashlib.sha256(f"{seed}\nstart".encode()).hexdigest(), 16) + 1, 2**256) * Fraction(total, n)


def systematic(raw: Iterable[str], n: int, start: Fraction | int) -> list[str]:
    """Item ceil(start + j·N/n) for j = 0..n-1, exact; mind rhythms such as month ends (ISA 530 app. 4)."""
    keys = item_keys(raw)
    step = Fraction(len(keys), whole_number(n, "n", 1, len(keys)))
    if not 0 < start <= step:
        raise Invalid(BAD_METHOD("start"))
    return [keys[ceil(start + j * step) - 1] for j in range(n)]


def monetary(raw: Sequence[str], amounts_ore: Sequence[int], n: int, start: Fraction | int) -> list[str]:
    """The items whose running total first reaches start + j·(total/n); a large item may be hit more than once."""
    for row, amount in enumerate(amounts_ore, 1):
        if amount < 0:
            raise Invalid(NEGATIVE("amount", row=row))
    step = Fraction(sum(amounts_ore), whole_number(n, "n", 1, LARGEST_SAMPLE))
    if not 0 < start <= step:
        raise Invalid(BAD_METHOD("start"))
    chosen, reached, hits = [], 0, 0
    for key, amount in zip(item_keys(raw), amounts_ore, strict=True):
        reached += amount
        while hits < n and start + hits * step <= reached:
            chosen.append(key)
            hits += 1
    return chosen


def allocation(n: int, strata: Sequence[int]) -> list[int]:
    """Items per stratum by largest remainder, ties to the earlier, at least one where there is anything to test."""
    total = sum(whole_number(size, "strata", 0, LARGEST_POPULATION) for size in strata)
    if whole_number(n, "n", 1, max(1, total)) < sum(size > 0 for size in strata):
        raise Infeasible(TOO_FEW("n"))
    shares = [n * size // total for size in strata]
    by_remainder = sorted(range(len(strata)), key=lambda i: (-(n * strata[i] % total), i))
    for i in by_remainder[: n - sum(shares)]:
        shares[i] += 1
    for i, size in enumerate(strata):
        if size and not shares[i]:
            shares[shares.index(max(shares))] -= 1
            shares[i] = 1
    return shares
