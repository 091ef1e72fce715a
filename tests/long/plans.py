"""The planner and the feasibility answer against references that try everything, and against what always holds.

    python -m tests.long.plans [--small 300] [--larger 500] [--seed 1]

Small: up to 8 sub-processes and 5 years; the answer, the first year that breaks, the smallest capacity to add and the
best plan's cost must be those of the reference. Larger: up to 40 sub-processes and 7 years; deadlines, decided years
and hours hold, the plan is the same whatever the order, and each reason is true.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from random import Random

from controls.rotation import planner
from controls.rotation.feasibility import feasible
from tests.rotation import plans


def small(seed: int, seen: Counter[str]) -> None:
    """A small problem, tried in every way."""
    given, scope = plans.problem(seed, 1, 8, alike=seed % 4 == 0)
    answer, over = feasible(given, scope), plans.fewest_over(given, scope)
    assert (answer.possible, answer.exact, answer.least, answer.smallest) == (not over, True, over, True), "feasibility"
    assert answer.breaks == plans.first_broken(given, scope), "first year"
    seen["possible" if answer.possible else "impossible"] += 1
    found = planner.plan(given, scope, gap=0.0)
    assert (sum(found.lacking.values()), found.cost) == plans.cheapest(given, scope), "cost"
    seen[f"{len(given)} x {scope.years}"] += 1


def larger(seed: int, seen: Counter[str]) -> None:
    """A larger problem, held to what always holds."""
    given, scope = plans.problem(seed, 9, 40, longest=7)
    found = planner.plan(given, scope)
    plans.kept(given, scope, found)
    answer = feasible(given, scope)
    plans.feasibility_kept(given, scope, answer, found)
    whys = {(one.id, one.turn): one.why for one in found.placements}
    for one in given:
        for at, turn in enumerate(found.placed[one.id]):
            plans.true(one, found.placed[one.id], at, whys[one.id, turn], given, found, scope)
            seen[whys[one.id, turn].code] += 1
    Random(seed).shuffle(given)
    assert planner.plan(given, scope) == found, "another order, another plan"
    seen["within capacity" if not found.lacking else "least excess proved" if found.least else "excess"] += 1
    seen["feasibility proved" if answer.exact else "feasibility simulated"] += 1
    seen["gap above 1 %"] += found.gap > 0.01


def main() -> int:
    """Run, and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--small", type=int, default=300)
    ask.add_argument("--larger", type=int, default=500)
    ask.add_argument("--seed", type=int, default=1)
    given = ask.parse_args()
    wrong = 0
    kinds: tuple[tuple[Callable[[int, Counter[str]], None], int], ...] = ((small, given.small), (larger, given.larger))
    for kind, count in kinds:
        seen: Counter[str] = Counter()
        began, slowest = time.monotonic(), (0.0, 0)
        for seed in range(given.seed, given.seed + count):
            at = time.monotonic()
            try:
                kind(seed, seen)
            except AssertionError as fault:
                wrong += 1
                print(f"{kind.__name__} {seed}: {fault!r}"[:300], flush=True)
            slowest = max(slowest, (time.monotonic() - at, seed))
        print(f"{kind.__name__}: {count} in {time.monotonic() - began:.0f} s, slowest {slowest[0]:.1f} s "
              f"(seed {slowest[1]}), {dict(sorted(seen.items()))}", flush=True)  # fmt: skip
    print(f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
