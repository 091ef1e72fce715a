"""How fast the planner is, and how good, beside a plan made by earliest due first.

    python -m tests.speed.plan [--sizes 110,1000,5000,20000] [--years 5] [--team 400] [--room 1.1] [--seed 1]

Aims on 2 cores: 20,000 sub-processes in 10 s with a proven gap of 1 % at most, 1,000 in 5 s, 110 in 1 s.
"""

import argparse
import time
from random import Random

from controls.rotation import horizon as ahead
from controls.rotation import planner
from controls.rotation.horizon import Candidate, Horizon

AREA, OWNER = 40, 10
"""Sub-processes of an area, and of an owner."""


def problem(size: int, years: int, team: int, room: float, chance: Random) -> tuple[list[Candidate], Horizon]:
    """An agency (or many of them) in the middle of its roll: `team` sub-processes for each team, and about `room` times
    the hours that are needed."""
    found = []
    for id in range(1, size + 1):
        score = chance.choice((2, 3, 4, 6, 8, 9, 10, 12, 12, 15, 16, 20, 25))
        interval, low = (2, False) if score >= 15 else (3, False) if score >= 10 else (5, chance.random() < 0.8)
        standing = frozenset({2026 + chance.randrange(years)}) if chance.random() < 0.7 else None
        found.append(Candidate(
            id, score, chance.choice((34, 38, 42, 46, 50)), 2026 + chance.randint(-1, interval - 1), interval,
            f"T{id // team}", f"A{id // AREA}", id // OWNER, 15 if low else None, low and chance.random() < 0.3,
            frozenset({2026 + chance.randrange(2)}) if chance.random() < 0.05 else frozenset(), standing,
        ))  # fmt: skip
    hours: dict[str, int] = {}
    empty = Horizon(2026, years, {})
    for one in found:
        least = min(sum(one.takes(light) for _, light in way) for way in ahead.ways(one, empty))
        hours[one.team] = hours.get(one.team, 0) + least
    capacity = {(2026 + at, 1, name): round(all * room / years) for name, all in hours.items() for at in range(years)}
    return found, Horizon(2026, years, capacity)


def main() -> None:
    """Plan, and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--sizes", default="110,1000,5000,20000")
    ask.add_argument("--years", type=int, default=5)
    ask.add_argument("--team", type=int, default=400)
    ask.add_argument("--room", type=float, default=1.1)
    ask.add_argument("--seed", type=int, default=1)
    given = ask.parse_args()
    for size in (int(one) for one in given.sizes.split(",")):
        found, scope = problem(size, given.years, given.team, given.room, Random(given.seed))
        wall, cpu = time.monotonic(), time.process_time()
        made = planner.plan(found, scope)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        played = ahead.earliest_due_first(found, scope).placed
        greedy, over = ahead.cost(found, played, scope), sum(ahead.load(found, played, scope).over.values())
        print(f"{size} sub-processes x {given.years} years, {len(made.placements)} turns: {wall:.2f} s "
              f"({cpu:.2f} s of CPU), proven gap {made.gap:.2%}, hours above capacity {sum(made.lacking.values())} "
              f"(at least {made.least} proved), "
              f"cost {made.cost:,}, earliest due first {greedy:,} "
              f"({greedy / made.cost:.2f}; {over} hours above capacity)", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
