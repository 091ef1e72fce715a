"""The coverage ledger on a day: for each sub-process covered or not, by which review, and from when it is due.

Pure functions over plain values. Only a full, approved detailed review covers (product.md section 4). Both figures
are told: the rolling one, five calendar years up to and with the day's own, and that of the fixed block.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from controls.rotation import rules
from controls.rotation.past import Past
from controls.rotation.rules import FLOOR, Entry, Intervals
from controls.rotation.words import Cover, Degree, Form, Source, Status

BLOCK_FROM = 2024
"""A year in which a fixed block of five years begins: 2024–2028, the next 2029–2033."""


@dataclass(frozen=True)
class Written:
    """A line of the ledger as it was written."""

    id: int
    organisation_id: int
    subprocess_id: int
    covered_on: date
    degree: Degree
    form: Form
    source: Source
    review_number: str
    reverses_id: int | None = None


def counting(lines: Iterable[Written]) -> dict[int, list[Entry]]:
    """By sub-process the lines that count, oldest first: no review reopened since, no import undone."""
    written = sorted(lines, key=lambda line: line.id)
    undone = {line.reverses_id for line in written if line.source is Source.REVERSED}
    reopened = {_review(line): line.id for line in written if line.source is Source.REOPENED}
    found: dict[int, list[Entry]] = {}
    for line in sorted(written, key=lambda line: (line.covered_on, line.id)):
        counts = line.id not in undone if line.source is Source.IMPORT else (
            line.source is Source.REVIEW and line.id > reopened.get(_review(line), 0)
        )  # fmt: skip
        if counts:
            entry = Entry(line.covered_on, line.degree, line.form, line.review_number, line.subprocess_id,
                          line.source is Source.IMPORT)  # fmt: skip
            found.setdefault(line.subprocess_id, []).append(entry)
    return found


def _review(line: Written) -> tuple[int, int, str]:
    return line.organisation_id, line.subprocess_id, line.review_number


def rolling(year: int) -> tuple[int, int]:
    """The five calendar years up to and with a year."""
    return year - FLOOR + 1, year


def block(year: int) -> tuple[int, int]:
    """The fixed block of five years that a year lies in."""
    first = BLOCK_FROM + (year - BLOCK_FROM) // FLOOR * FLOOR
    return first, first + FLOOR - 1


def due(counts: Past, intervals: Intervals, year: int) -> int:
    """The due year by the band's interval, and at the latest the one that an essential change binds to."""
    found = rules.due_year(counts.clock, counts.activated, counts.steps, intervals, year)
    return found if counts.latest is None else min(found, counts.latest)


@dataclass(frozen=True)
class Standing:
    """How a sub-process stands in the ledger on a day.

    `partial` is a later review that covered in part only; `inherited` the sub-process from which coverage, or failing
    that the due year alone, has come; `changed` the year to which an essential change binds, where that decides.
    """

    cover: Cover
    review: Entry | None
    partial: Entry | None
    inherited: int | None
    due_interval: int
    due_floor: int
    due: int
    changed: int | None
    status: Status
    in_block: bool

    @property
    def covered(self) -> bool:
        """Whether a full review of the rolling five years covers it."""
        return self.cover in (Cover.ORDINARY, Cover.LIGHT)


def standing(id: int, counts: Past, intervals: Intervals, day: date) -> Standing:
    """The ledger's answer for one sub-process: the review shown is the one that covers, else the latest there was."""
    year, full = day.year, rules.last_full(counts.entries)
    reviews = [entry for entry in counts.entries if entry.degree is not Degree.NONE]
    latest = max(reviews, key=lambda entry: entry.covered_on, default=None)
    cover = _cover(full, latest, year)
    shown = latest if cover is Cover.PARTIAL else full or latest
    later = latest if latest is not shown and latest and latest.degree is Degree.PARTIAL else None
    interval = rules.due_year(counts.clock, counts.activated, counts.steps, intervals, year)
    first = due(counts, intervals, year)
    source = shown.subprocess_id if shown and shown.subprocess_id != id else counts.of
    begins, ends = block(year)
    return Standing(
        cover, shown, later, source if source != id else None, interval,
        rules.after(counts.clock, counts.activated, FLOOR), first, first if first < interval else None,
        rules.status(first, full.covered_on.year if full else None, year),
        full is not None and begins <= full.covered_on.year <= ends,
    )  # fmt: skip


def _cover(full: Entry | None, latest: Entry | None, year: int) -> Cover:
    first, _last = rolling(year)
    if full is not None and full.covered_on.year >= first:
        return Cover.LIGHT if full.form is Form.LIGHT else Cover.ORDINARY
    if latest is not None and latest.degree is Degree.PARTIAL and latest.covered_on.year >= first:
        return Cover.PARTIAL
    return Cover.LAPSED if full is not None else Cover.NEVER


@dataclass(frozen=True)
class Totals:
    """What the lines add up to: covers, and statuses of the due year, each sum to all that is active."""

    active: int
    covers: Counter[Cover]
    statuses: Counter[Status]
    inherited: int
    imported: int
    in_block: int

    @property
    def covered(self) -> int:
        """Covered by a full review of the rolling five years."""
        return self.covers[Cover.ORDINARY] + self.covers[Cover.LIGHT]

    @property
    def missing(self) -> int:
        """Not covered by one."""
        return self.active - self.covered

    @property
    def later(self) -> int:
        """Due after this year."""
        return self.active - self.statuses[Status.OVERDUE] - self.statuses[Status.DUE]


def totals(lines: Sequence[Standing]) -> Totals:
    """How many there are of each."""
    covered = [line for line in lines if line.covered]
    return Totals(
        len(lines), Counter(line.cover for line in lines), Counter(line.status for line in lines),
        sum(line.inherited is not None for line in covered),
        sum(line.review is not None and line.review.imported for line in covered),
        sum(line.in_block for line in lines),
    )  # fmt: skip
