"""The custody of the year's files for sheet 13: who had them withdrawn, held and disposed of, and what was signed."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from controls.base.clock import local_day
from controls.base.db import db
from controls.evidence import custody
from controls.evidence.tables import Binding, Evidence, Hold, Request, Retention
from controls.evidence.words import DataClass, RequestKind, RequestState
from controls.papers import extent
from controls.papers.scope import Scope

Taken = tuple[str, str, str]
"""Who asked, who approved, and why."""


@dataclass
class Kept:
    """What concerns the custody of the files in a workbook, read once."""

    people: dict[int | None, str]
    today: date
    years: dict[DataClass, int]
    signed: dict[int, datetime]
    taken: dict[tuple[int, RequestKind], Taken] = field(default_factory=dict)
    holds: dict[int, list[Hold]] = field(default_factory=dict)

    def until(self, row: Evidence) -> date:
        """The last day that the file is kept: its retention, or a hold with a later day."""
        years = self.years.get(row.data_class or DataClass.INTERNAL, custody.LEAST_YEARS)
        until = custody.keep_until(local_day(row.uploaded_at), row.covers_to, years)
        return max([until, *(hold.until for hold in self.in_force(row) if hold.until is not None)])

    def in_force(self, row: Evidence) -> list[Hold]:
        """The holds on a file that are not lifted."""
        return [one for one in self.holds.get(row.id, ()) if one.lifted_at is None]

    def held(self, row: Evidence) -> tuple[bool, str, str]:
        """Whether a file is on legal hold, by whom and why."""
        found = [one for one in self.in_force(row) if one.until is None or one.until >= self.today]
        names = dict.fromkeys(self.people[one.set_by_id] for one in found)
        return bool(found), ", ".join(names), "; ".join(one.reason for one in found)


def signed(s: Scope) -> dict[int, datetime]:
    """The first signature on each file that the organisation's signatures were given on."""
    found: dict[int, datetime] = {}
    for hashes, at in db.session.execute(
        select(Binding.hashes, Binding.signed_at).where(Binding.organisation_id == s.organisation).order_by(Binding.id)
    ):
        for id in extent.signed_files(hashes):
            found.setdefault(id, at)
    return found


def kept(s: Scope) -> Kept:
    """The custody of the files on sheet 13."""
    files = select(Evidence.id).where(extent.evidence(s))
    rules = select(Retention.data_class, Retention.years).where(Retention.organisation_id == s.organisation)
    years = {row[0]: row[1] for row in db.session.execute(rules)}
    found = Kept(s.people, s.by.today, years, signed(s))
    asked = select(Request).where(Request.evidence_id.in_(files), Request.state == RequestState.APPROVED)
    for one in db.session.scalars(asked.order_by(Request.id)):
        people = s.people[one.asked_by_id], s.people[one.decided_by_id]
        found.taken[one.evidence_id, one.kind] = *people, one.reason
    for hold in db.session.scalars(select(Hold).where(Hold.evidence_id.in_(files)).order_by(Hold.id)):
        found.holds.setdefault(hold.evidence_id, []).append(hold)
    return found
