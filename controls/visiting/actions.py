"""Writes of visiting grants: ask, lend, ask for the role, grant, end."""

from controls.base import audit
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import FIELD_REQUIRED, N_, NOT_FOUND, Refused, refuse_if
from controls.identity import actions as identity
from controls.identity.actions import take_part
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.tables import Person, VisitingGrant
from controls.identity.visits import VisitState
from controls.visiting import queries, rules

ASKED = audit.declare("visiting.asked", N_("Visitor asked for"))
LENT = audit.declare("visiting.lent", N_("Visitor lent"))
PREPARED = audit.declare("visiting.role_asked", N_("Visiting role asked for"))
GRANTED = audit.declare("visiting.granted", N_("Visiting role granted"))
ENDED = audit.declare("visiting.ended", N_("Visiting role ended"))


def ask(by: By, asked: rules.Asked) -> VisitingGrant:
    """The borrowing coordinator asks for a person of another organisation, for one place until a day."""
    found = queries.facts(asked, by.today)
    if found is None or by.person_id is None:
        raise Refused([NOT_FOUND()])
    facts, place = found
    by.must(Permission.VISITING_ASK, place.organisation_id)
    refuse_if(rules.why_not_ask(asked, facts, by.today))
    row = VisitingGrant(
        visitor_id=asked.visitor_id, home_organisation_id=facts.home_id, host_organisation_id=facts.host_id,
        task=asked.task, object_type=asked.kind, object_id=asked.object_id, valid_from=asked.valid_from,
        valid_to=asked.valid_to, reason=asked.reason.strip(), state=VisitState.AWAITING_LENDER,
        asked_by_id=by.person_id, asked_on=by.today,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    identity.must_hold(by, load(Person, row.visitor_id), rules.COUNTS_AS[row.task])
    for persons in (by.persons, [row.visitor_id]):
        take_part(by, Duty.S8, row, Side.FIRST, persons=persons, organisation_id=row.host_organisation_id)
    audit.record(by.because(row.reason), ASKED, row, organisation_id=row.host_organisation_id)
    return row


def _load(by: By, id: int, version: int | None) -> VisitingGrant:
    """A grant that the author may see."""
    row: VisitingGrant = load(VisitingGrant, id, version)
    if queries.show(by, id) is None:
        raise Refused([NOT_FOUND()])
    return row


def lend(by: By, id: int, version: int | None) -> VisitingGrant:
    """The lender's coordinator agrees; neither who asked for the visitor nor the visitor does (S8)."""
    row = _load(by, id, version)
    by.must(Permission.VISITING_ASK, row.home_organisation_id)
    refuse_if(rules.why_not(row.state, "lend"))
    home = row.home_organisation_id
    take_part(by, Duty.S8, row, Side.SECOND, permission=Permission.VISITING_ASK, organisation_id=home)
    row.state = rules.STEPS[(row.state, "lend")]
    row.agreed_by_id, row.agreed_on = by.person_id, by.today
    saved(by, row)
    audit.record(by, LENT, row, organisation_id=row.host_organisation_id)
    return row


def prepare(by: By, id: int, version: int | None) -> VisitingGrant:
    """An administrator asks for the role; another grants it."""
    row = _load(by, id, version)
    by.must(Permission.ACCOUNT_MANAGE, row.host_organisation_id)
    refuse_if(rules.why_not(row.state, "prepare"))
    refuse_if([rules.PREPARED()] if row.role_asked_by_id is not None else [])
    take_part(by, Duty.S8, row, Side.FIRST, organisation_id=row.host_organisation_id)
    row.role_asked_by_id, row.role_asked_on = by.person_id, by.today
    saved(by, row)
    audit.record(by, PREPARED, row, organisation_id=row.host_organisation_id)
    return row


def grant(by: By, id: int, version: int | None) -> VisitingGrant:
    """A second administrator grants the role (S8); it holds from its first day to its last, and counts as held (S9)."""
    row = _load(by, id, version)
    by.must(Permission.ACCOUNT_MANAGE, row.host_organisation_id)
    refuse_if(rules.why_not(row.state, "grant"))
    refuse_if([] if row.role_asked_by_id is not None else [rules.NOT_PREPARED()])
    refuse_if([rules.OVER()] if row.valid_to < by.today else [])
    host = row.host_organisation_id
    take_part(by, Duty.S8, row, Side.SECOND, permission=Permission.ACCOUNT_MANAGE, organisation_id=host)
    identity.hold(by, load(Person, row.visitor_id), rules.COUNTS_AS[row.task])
    row.state = rules.STEPS[(row.state, "grant")]
    row.granted_by_id, row.granted_on = by.person_id, by.today
    saved(by, row)
    audit.record(by, GRANTED, row, organisation_id=row.host_organisation_id)
    return row


def end(by: By, id: int, version: int | None, reason: str) -> VisitingGrant:
    """Whoever sees the grant may say no to it, or end it before its last day, with a reason."""
    row = _load(by, id, version)
    refuse_if(rules.why_not(rules.shown(row.state, row.valid_to, by.today), "end"))
    refuse_if([] if reason.strip() else [FIELD_REQUIRED("reason", label=rules.REASON)])
    withdrawn = by.person_id == row.asked_by_id
    row.state = VisitState.ENDED if withdrawn else rules.STEPS[(row.state, "end")]
    row.ended_by_id, row.ended_on, row.end_reason = by.person_id, by.today, reason.strip()
    saved(by, row)
    audit.record(by.because(row.end_reason), ENDED, row, organisation_id=row.host_organisation_id)
    return row
