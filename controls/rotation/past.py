"""What of the past counts for a sub-process whose structure has changed (product.md section 4).

Renamed or moved keeps its coverage; what is split inherits only what the review examined of it, else the due year;
merged is covered only if all its parts are; what was closed for more than 12 months starts again; what is essentially
changed is due by the end of the second year after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from controls.assessment.words import Band
from controls.rotation.rules import BandStep, Entry, last_full
from controls.universe.structure import DUE_AFTER_CHANGE, Origin
from controls.universe.words import Kind

RISING = tuple(Band)
"""The bands, lowest first."""


@dataclass(frozen=True)
class Past:
    """What counts: ledger lines, the year from which the interval runs, bands, and the latest due year if bound.

    `clock` is the year of the full coverage from which the next due year is counted; None counts from `activated`.
    `of` is the sub-process whose clock it is.
    """

    entries: tuple[Entry, ...]
    clock: int | None
    activated: int
    steps: tuple[BandStep, ...] = ()
    latest: int | None = None
    of: int = 0

    @property
    def start(self) -> int:
        """The due year by the floor alone: what is due first among several has the least."""
        return self.activated - 1 if self.clock is None else self.clock


def own(entries: Sequence[Entry], activated: int, steps: Sequence[BandStep] = (), of: int = 0) -> Past:
    """The past of a sub-process that nothing happened to."""
    full = last_full(entries)
    return Past(tuple(entries), full.covered_on.year if full else None, activated, tuple(steps), of=of)


def past(
    id: int, owns: Mapping[int, Past], origins: Mapping[int, Sequence[Origin]], until: date = date.max
) -> Past:  # fmt: skip
    """What counts for a sub-process on a day, from its own past and that of all it came of as that was then."""
    found = owns[id] if until == date.max else _until(owns[id], until)
    for origin in (one for one in origins.get(id, ()) if one.on <= until):
        if origin.kind is Kind.CHANGED:
            found = _changed(found, origin)
        elif origin.kind is Kind.REOPENED:
            found = found if origin.inherits else _again(id, found, origin)
        else:
            parts = [past(before, owns, origins, origin.on) for before in origin.before if before in owns]
            found = _come_of(found, origin, parts) if parts else found
    return found


def _until(now: Past, day: date) -> Past:
    entries = [entry for entry in now.entries if entry.covered_on <= day]
    return own(entries, now.activated, [step for step in now.steps if step.year <= day.year], now.of)


def _changed(now: Past, origin: Origin) -> Past:
    """A second change does not put off what the first one asks."""
    if _covered_since(now, origin.on):
        return replace(now, latest=None)
    bound = origin.on.year + DUE_AFTER_CHANGE
    return replace(now, latest=bound if now.latest is None else min(now.latest, bound))


def _again(id: int, now: Past, origin: Origin) -> Past:
    """What it came of once counts no longer either."""
    entries = [entry for entry in now.entries if entry.covered_on >= origin.on]
    return own(entries, origin.on.year, [step for step in now.steps if step.year >= origin.on.year], id)


def _come_of(now: Past, origin: Origin, parts: Sequence[Past]) -> Past:
    """Bands are known from the parts until its own come, and it is due when the first of them would have been."""
    bands: dict[int, BandStep] = {}
    for step in (step for part in parts for step in part.steps if step.year <= origin.on.year):
        there = bands.setdefault(step.year, step)
        bands[step.year] = max(there, step, key=lambda one: RISING.index(one.band))
    bands |= {step.year: step for step in now.steps}
    first = min(parts, key=lambda part: part.start)
    bound = min((part.latest for part in parts if part.latest is not None), default=None)
    entries = now.entries + (_inherited(parts) if origin.inherits else ())
    full = last_full(entries)
    return Past(
        entries, full.covered_on.year if full else first.clock, first.activated,
        tuple(bands[year] for year in sorted(bands)), None if _covered_since(now, origin.on) else bound,
        full.subprocess_id if full else first.of,
    )  # fmt: skip


def _inherited(parts: Sequence[Past]) -> tuple[Entry, ...]:
    """All of one; of several the oldest full coverage, when each of them has one."""
    if len(parts) == 1:
        return parts[0].entries
    full = [entry for entry in (last_full(part.entries) for part in parts) if entry]
    return (min(full, key=lambda entry: entry.covered_on),) if len(full) == len(parts) else ()


def _covered_since(now: Past, on: date) -> bool:
    full = last_full(now.entries)
    return full is not None and full.covered_on >= on
