"""The coverage certificate of a day: what the five-year roll proves, sub-process by sub-process.

It is made of what was recorded by the end of the day and of nothing else, so that it is the same, byte for byte,
whenever it is printed and by whom; that is why it tells neither. Who printed it when is in the log.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from hashlib import sha256
from typing import Any

from controls.base import checkpoint, settings
from controls.base.by import By
from controls.base.checkpoint import Checkpoint
from controls.base.clock import midnight_after
from controls.base.fault import CannotTell
from controls.base.why import N_, Refused, Why
from controls.forum import queries as forum
from controls.forum.queries import Deferral
from controls.identity import queries as people
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.papers.rules import NOT_YET
from controls.rotation import ledger
from controls.rotation import queries as rotation
from controls.rotation.ledger import Standing, Totals
from controls.rotation.rules import Entry
from controls.rotation.words import Status
from controls.universe.queries import Placed
from controls.universe.structure import Origin

AHEAD = Why("papers.ahead", N_("Choose a day that is not after today."))


def needed(by: By) -> Permission:
    """What it takes: to read the roll, or to be a command on the host."""
    return Permission.WORKBOOK_EXPORT if by.person_id is None else Permission.CATALOGUE_READ


@dataclass(frozen=True)
class Line:
    """A sub-process on the certificate.

    `source` is the code of what coverage or due year came from, `by` the change of structure that passed it on;
    `deferrals` are those since the last full review.
    """

    organisation: str
    part: Placed
    standing: Standing
    source: str
    by: Origin | None
    deferrals: tuple[Deferral, ...]

    @property
    def lacks(self) -> bool:
        """Whether it is named first: not covered, or overdue."""
        return not self.standing.covered or self.standing.status is Status.OVERDUE


@dataclass(frozen=True)
class Section:
    """An organisation on the certificate, as it was called then."""

    id: int
    code: str
    name_da: str
    name_en: str
    lines: tuple[Line, ...]

    @cached_property
    def totals(self) -> Totals:
        """What its lines add up to."""
        return _totals(self.lines)

    @cached_property
    def areas(self) -> list[tuple[Placed, Totals]]:
        """What the lines of each area add up to, told by one of its sub-processes."""
        found: dict[int, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.part.area_id, []).append(line)
        return [(lines[0].part, _totals(lines)) for lines in found.values()]


def _totals(lines: Iterable[Line]) -> Totals:
    return ledger.totals([line.standing for line in lines])


PRESSING = {Status.OVERDUE: 0, Status.DUE: 1}


@dataclass(frozen=True)
class Certificate:
    """What is certified of an organisation and those below it, and the log's last checkpoint by the end of the day."""

    id: int
    code: str
    name_da: str
    name_en: str
    day: date
    sections: tuple[Section, ...]
    without: tuple[str, ...]
    """Codes of the organisations that had no active sub-process."""
    stamp: Checkpoint | None
    events: int | None
    """How many events the log held by the end of the day; unknown while it lasts."""

    @property
    def running(self) -> bool:
        """Whether the day lasts still: more may be recorded, and the certificate is a preliminary one."""
        return self.events is None

    @cached_property
    def lines(self) -> list[Line]:
        """Every sub-process."""
        return [line for section in self.sections for line in section.lines]

    @cached_property
    def totals(self) -> Totals:
        """What all lines add up to."""
        return _totals(self.lines)

    @cached_property
    def missing(self) -> list[Line]:
        """What is not covered or is overdue, the most pressing first."""
        lacking = [line for line in self.lines if line.lacks]
        return sorted(lacking, key=lambda line: (PRESSING.get(line.standing.status, 2), line.standing.due))

    @property
    def deferred(self) -> list[Line]:
        """What the forum has deferred since it was last covered."""
        return [line for line in self.lines if line.deferrals]

    @cached_property
    def digest(self) -> str:
        """The checksum of what is certified, the same in both languages and in every form."""
        whole = {
            "organisation": self.code, "day": self.day.isoformat(), "events": self.events,
            "checkpoint": self.stamp.text if self.stamp else "", "without": self.without,
            "lines": [_facts(line) for line in self.lines],
        }  # fmt: skip
        text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()


def _facts(line: Line) -> list[Any]:
    part, stands = line.part, line.standing
    return [
        line.organisation, part.area_code, part.code, part.name_da, part.name_en, stands.cover,
        [_entry(one) for one in (stands.review, stands.partial)], line.source,
        [line.by.kind, line.by.on.isoformat()] if line.by else None, stands.due_interval, stands.due_floor, stands.due,
        stands.status, stands.in_block,
        [[one.number, one.on.isoformat(), one.until, one.code] for one in line.deferrals],
    ]  # fmt: skip


def _entry(review: Entry | None) -> list[Any]:
    if review is None:
        return []
    return [review.review_number, review.covered_on.isoformat(), review.degree, review.form, review.imported]


def certify(by: By, organisation: Organisation, day: date, below: Iterable[Organisation] = ()) -> Certificate:
    """The certificate of an organisation and all below it; 404 when nothing was recorded by the day.

    `below` are organisations that are at hand already, all below it among them.
    """
    by.must(needed(by), organisation.id)
    if day > by.today:
        raise Refused([AHEAD("on")])
    known = {one.id: one for one in below or people.organisations()}
    whole = {id: one for id, one in known.items() if one.path.startswith(organisation.path)}
    events, there, recorded = rotation.recorded_in(frozenset(whole), day)
    lines = dict[int, list[Line]]()
    deferrals = forum.deferrals(whole.keys(), midnight_after(day))
    for one in recorded:
        if one.part.in_force(day):
            line = _line(one, deferrals.get(one.part.id, []), known, day)
            lines.setdefault(one.part.organisation_id, []).append(line)
    if not lines:
        raise Refused([NOT_YET(organisation=organisation.code, day=f"{day.day}.{day.month}.{day.year}")])
    sections = tuple(
        Section(id, one.code, one.name_da, one.name_en, tuple(lines[id])) for id, one in whole.items() if id in lines
    )  # fmt: skip
    without = tuple(one.code for id, one in whole.items() if id in there and id not in lines)
    return Certificate(
        organisation.id, organisation.code, organisation.name_da, organisation.name_en, day, sections, without,
        _stamp(events, day), events if day < by.today else None,
    )  # fmt: skip


def _stamp(events: int, day: date) -> Checkpoint | None:
    try:
        return checkpoint.before(settings.current().keys, events, midnight_after(day))
    except CannotTell as error:
        raise Refused([error.reason]) from error


def _line(
    one: rotation.Recorded, deferrals: list[Deferral], known: Mapping[int, Organisation], day: date
) -> Line:  # fmt: skip
    stands, here = one.standing(day), one.part.organisation_id
    covered = stands.review.covered_on if stands.review and stands.covered else date.min
    before = one.came_of.get(stands.inherited or 0)
    passed = next((origin for origin in reversed(one.origins) if origin.before), None) if before else None
    source = "" if before is None else before.code
    if before is not None and before.organisation_id != here:
        there = known.get(before.organisation_id) or people.organisation_by_id(before.organisation_id)
        source = f"{there.code if there else ''} {source}"
    since = tuple(deferral for deferral in deferrals if deferral.on > covered)
    return Line(known[here].code, one.part, stands, source, passed, since)


@dataclass(frozen=True)
class Certified:
    """What left the house: of whom and of which day, in which form and language, and the checksums."""

    organisation_code: str
    day: date
    form: str
    lang: str
    running: bool
    active: int
    missing: int
    digest: str
    file_digest: str


def moment(day: date) -> datetime:
    """The time that stands in a certificate's files: the day itself."""
    return datetime.combine(day, time(), UTC)
