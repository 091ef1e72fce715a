"""Writes of accounts: roles asked for and approved, stand-ins, exceptions of the chair, the register of keepers."""

from datetime import date, timedelta

from controls.accounts import queries, rules
from controls.base import audit
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import FORBIDDEN, N_, NOT_FOUND, Refused, refuse_if
from controls.identity import actions as identity
from controls.identity import queries as people
from controls.identity.actions import take_part
from controls.identity.duties import Duty, Side, why_not_same
from controls.identity.permissions import Permission, Role
from controls.identity.tables import (
    DutyException,
    Keeper,
    Organisation,
    Part,
    Person,
    RoleGrant,
    RoleRequest,
    SignIn,
    StandIn,
)
from controls.identity.words import KeeperKind, RequestState

ASKED = audit.declare("identity.role_asked", N_("Role asked for"))
APPROVED = audit.declare("identity.role_approved", N_("Role approved"))
REFUSED = audit.declare("identity.role_refused", N_("Role refused"))
CLOSED = audit.declare("identity.person_closed", N_("Account closed"))
SAME = audit.declare("identity.same_person_told", N_("Second account told"))
STAND_IN_CHOSEN = audit.declare("identity.stand_in_chosen", N_("Stand-in chosen"))
STAND_IN_ENDED = audit.declare("identity.stand_in_ended", N_("Stand-in ended"))
ACTING = audit.declare("identity.acting_chosen", N_("Acts as stand-in, or as oneself again"), "for")
EXCEPTED = audit.declare("identity.exception_granted", N_("Exemption granted by the chair"))
EXCEPTION_ENDED = audit.declare("identity.exception_ended", N_("Exemption ended"))
KEEPER_ADDED = audit.declare("identity.keeper_added", N_("Entered in the register of keepers"))
KEEPER_ENDED = audit.declare("identity.keeper_ended", N_("Ended in the register of keepers"))


def ask_role(
    by: By, person_id: int, role: Role, organisation_id: int, reason: str, valid_to: date | None = None
) -> RoleRequest:
    """Ask for a role for somebody; a second administrator approves it (S8)."""
    by.must(Permission.ROLE_ASK, organisation_id)
    person = _person(by, person_id)
    refuse_if(rules.why_not_ask(
        role, person.name, person.valid_to is None or person.valid_to >= by.today,
        queries.holds(person_id, role, organisation_id, by.today), queries.waiting(person_id, role, organisation_id),
        valid_to, reason, by.today,
    ))  # fmt: skip
    identity.must_hold(by, person, role)
    row = RoleRequest(
        person_id=person_id, role=role, organisation_id=organisation_id, valid_to=valid_to, reason=reason.strip(),
        state=RequestState.ASKED, asked_by_id=by.person_id, asked_at=by.at,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    for persons in (by.persons, [person_id]):
        take_part(by, Duty.S8, row, Side.FIRST, persons=persons)
    audit.record(by.because(row.reason), ASKED, row)
    return row


def _person(by: By, id: int) -> Person:
    found = queries.account(by, id)
    if found is None:
        raise Refused([NOT_FOUND()])
    return found


def _request(by: By, id: int, version: int | None) -> RoleRequest:
    row = load(RoleRequest, id, version)
    by.must(Permission.ACCOUNT_MANAGE, row.organisation_id)
    refuse_if(rules.why_not_answer(row.state))
    return row


def approve_role(by: By, id: int, version: int | None) -> RoleGrant:
    """A second administrator, who neither asked for the role nor receives it, approves (S8)."""
    row = _request(by, id, version)
    take_part(by, Duty.S8, row, Side.SECOND, permission=Permission.ACCOUNT_MANAGE)
    row.state, row.decided_by_id, row.decided_at = RequestState.APPROVED, by.person_id, by.at
    saved(by, row)
    grant = identity.give_role(by, row.person_id, row.role, row.organisation_id, row.valid_to)
    audit.record(by, APPROVED, row)
    return grant


def refuse_role(by: By, id: int, version: int | None, note: str) -> RoleRequest:
    """Say no to a request."""
    row = _request(by, id, version)
    take_part(by, Duty.S8, row, Side.SECOND, permission=Permission.ACCOUNT_MANAGE)
    row.state, row.decided_by_id, row.decided_at, row.note = RequestState.REFUSED, by.person_id, by.at, note.strip()
    saved(by, row)
    audit.record(by, REFUSED, row)
    return row


def end_role(by: By, grant_id: int, version: int | None) -> RoleGrant:
    """End a role at once: from now it is not held."""
    row = load(RoleGrant, grant_id, version)
    by.must(Permission.ACCOUNT_MANAGE, row.organisation_id)
    refuse_if(rules.why_not_end(row.valid_to is not None and row.valid_to < by.today))
    return identity.end_role(by, grant_id)


def close_account(by: By, person_id: int, version: int | None, told: int = 0) -> Person:
    """Close an account: it cannot sign in from now, and what it did stays.

    `told` is how many things the author was told that the person answers for; from now they stand in the queue.
    """
    row = load(Person, person_id, version)
    by.must(Permission.ACCOUNT_MANAGE, row.organisation_id)
    closed = row.valid_to is not None and row.valid_to < by.today
    refuse_if(rules.why_not_disable(row.root_id in by.persons, closed, row.name))
    owned = sum(number for _kind, number in queries.owned(person_id, by.today))
    refuse_if(rules.why_not_untold(owned, told, row.name))
    row.valid_to = by.today - timedelta(days=1)
    saved(by, row)
    audit.record(by, CLOSED, row)
    identity.end_sign_ins(by, person_id)
    return row


def tell_same_person(by: By, person_id: int, version: int | None, first_id: int) -> Person:
    """Say that an account is somebody's second: from now the rules of different persons see one person.

    What the second account has done is copied to the first; where both sides of a rule meet, the check of the log
    tells it, since the ledger cannot hold it.
    """
    row, first = load(Person, person_id, version), load(Person, first_id)
    by.must(Permission.ACCOUNT_MANAGE, row.organisation_id)
    refuse_if(rules.why_not_same_person(
        first.name, first.same_person_as_id is not None, queries.has_second(row.id), row.id == first.id
    ))  # fmt: skip
    there = {(p.duty, p.object_type, p.object_id, p.within) for p in queries.parts_of_person(first.id)}
    for part in queries.parts_of_person(row.id):
        if (part.duty, part.object_type, part.object_id, part.within) not in there:
            db.session.add(
                Part(
                    duty=part.duty, object_type=part.object_type, object_id=part.object_id, within=part.within,
                    side=part.side, person_id=first.id, exception_id=part.exception_id, taken_at=by.at,
                )
            )  # fmt: skip
    row.same_person_as_id = first.id
    saved(by, row)
    audit.record(by, SAME, row)
    return row


def choose_stand_in(
    by: By, person_id: int, stand_in_id: int, valid_from: date, valid_to: date | None, reason: str
) -> StandIn:
    """Choose who stands in: for oneself, or as administrator for somebody who is away."""
    person, other = load(Person, person_id), load(Person, stand_in_id)
    if by.on_behalf_of is not None or person.id != by.person_id:
        by.must(Permission.ACCOUNT_MANAGE, person.organisation_id)
    roles, others = queries.roles(person.id, by.today), queries.roles(other.id, by.today)
    refuse_if(rules.why_not_stand_in(
        person.name, person.root_id == other.root_id, valid_from, valid_to, reason, by.today, roles, others
    ))  # fmt: skip
    row = StandIn(
        person_id=person.id, stand_in_id=other.id, valid_from=valid_from, valid_to=valid_to, reason=reason.strip(),
        chosen_by_id=by.person_id,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    for role in roles:
        identity.hold(by, other, role)
    audit.record(by.because(row.reason), STAND_IN_CHOSEN, row, organisation_id=person.organisation_id)
    return row


def end_stand_in(by: By, id: int, version: int | None) -> StandIn:
    """End a stand-in before its last day."""
    row = load(StandIn, id, version)
    person = load(Person, row.person_id)
    if person.id != by.person_id and not by.may(Permission.ACCOUNT_MANAGE, person.organisation_id):
        raise Refused([NOT_FOUND()])
    if by.on_behalf_of is not None:
        by.must(Permission.ACCOUNT_MANAGE, person.organisation_id)
    refuse_if(rules.why_not_end(row.ended_at is not None))
    row.ended_at = by.at
    saved(by, row)
    audit.record(by, STAND_IN_ENDED, row, organisation_id=person.organisation_id)
    return row


def act_for(by: By, sign_in: SignIn, id: int | None) -> None:
    """Act as stand-in from now, or (None) as oneself again; each act tells on whose behalf."""
    row = load(StandIn, id) if id is not None else None
    if row is not None:
        stands = row.ended_at is None and row.valid_from <= by.today <= row.valid_to
        if row.stand_in_id != by.person_id or not stands:
            raise Refused([FORBIDDEN()])
    sign_in.standing_in_id = row.id if row else None
    audit.record(by, ACTING, db.session.get_one(Person, by.person_id), **{"for": row.person_id if row else None})


def grant_exception(
    by: By, organisation_id: int, duty: Duty, person_id: int, valid_from: date, valid_to: date | None, reason: str
) -> DutyException:
    """The chair lets a person stand on both sides of a rule for a time; it is printed on every export."""
    by.must(Permission.EXCEPTION_GRANT, organisation_id)
    person = load(Person, person_id)
    refuse_if(rules.why_not_except(duty, person.root_id in by.persons, valid_from, valid_to, reason, by.today))
    row = DutyException(
        organisation_id=organisation_id, duty=duty, person_id=person.root_id, valid_from=valid_from,
        valid_to=valid_to, reason=reason.strip(), granted_by_id=by.person_id, granted_at=by.at,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    audit.record(by.because(row.reason), EXCEPTED, row)
    return row


def end_exception(by: By, id: int, version: int | None) -> DutyException:
    """End an exception before its last day."""
    row = load(DutyException, id, version)
    if row.organisation_id not in by.anywhere(Permission.EXCEPTION_GRANT):
        raise Refused([NOT_FOUND()])
    refuse_if(rules.why_not_end(row.ended_at is not None))
    row.ended_at, row.ended_by_id = by.at, by.person_id
    saved(by, row)
    audit.record(by, EXCEPTION_ENDED, row)
    return row


def add_keeper(by: By, organisation_id: int, kind: KeeperKind, name: str, place: str, person_id: int | None) -> Keeper:
    """Enter in the register who administers the database or keeps checkpoints outside; nobody is both (S16)."""
    by.must(Permission.ACCOUNT_MANAGE, organisation_id)
    person = load(Person, person_id) if person_id is not None else None
    shown = person.name if person else " ".join(name.split())
    refuse_if(rules.why_not_keeper(shown))
    key = shown.casefold()
    side, home = rules.side(kind), db.session.get_one(Organisation, organisation_id)
    who = [person.root_id if person else 0]
    free = people.excepted(Duty.S16, who, organisation_id, by.today)
    why = why_not_same(Duty.S16, who, who if queries.kept_otherwise(kind, key) else [], free)
    if why:
        raise identity.SamePerson(why, by, Duty.S16, side, identity.Bound(home, organisation_id))
    row = Keeper(
        organisation_id=organisation_id, kind=kind, name=shown, name_key=key, place=place.strip(),
        person_id=person.id if person else None, valid_from=by.today,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    if person is not None:
        take_part(by, Duty.S16, home, side, persons=[person.id], organisation_id=organisation_id)
    audit.record(by, KEEPER_ADDED, row)
    return row


def end_keeper(by: By, id: int, version: int | None) -> Keeper:
    """Say that somebody no longer administers the database or keeps checkpoints; the entry stays."""
    row = load(Keeper, id, version)
    if row.organisation_id not in by.anywhere(Permission.ACCOUNT_MANAGE):
        raise Refused([NOT_FOUND()])
    refuse_if(rules.why_not_end(row.ended_at is not None))
    row.ended_at = by.at
    saved(by, row)
    audit.record(by, KEEPER_ENDED, row)
    return row
