"""Reads of accounts: people with roles, requests, stand-ins, exceptions, the register of keepers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from controls.base.by import By
from controls.base.db import db
from controls.base.why import Reason
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
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

OWNED: list[Callable[[int, date], list[tuple[str, int]]]] = []
"""Filled by wiring: what a person answers for, by kind and number; whoever ends the account is told it first."""


def owned(person_id: int, on: date) -> list[tuple[str, int]]:
    """What a person answers for."""
    return [line for ask in OWNED for line in ask(person_id, on)]


@dataclass(frozen=True)
class Account:
    """A person in the list, with the roles held that day and the organisation's code."""

    person: Person
    code: str
    roles: tuple[Role, ...]

    def open(self, today: date) -> bool:
        """Whether the person can sign in."""
        return self.person.valid_to is None or self.person.valid_to >= today


def _reached(by: By) -> list[int]:
    return sorted(by.everywhere(Permission.ACCOUNT_READ))


def _holds(on: date) -> Any:
    return and_(RoleGrant.valid_from <= on, or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to >= on))


def accounts(by: By) -> list[Account]:
    """The people of the organisations in reach, with their roles, in one query."""
    rows = db.session.execute(
        select(Person, Organisation.code, RoleGrant.role)
        .join(Organisation, Organisation.id == Person.organisation_id)
        .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, _holds(by.today)))
        .where(Person.organisation_id.in_(_reached(by)))
        .order_by(Organisation.path, Person.name, Person.id, RoleGrant.id)
    )
    found: dict[int, Account] = {}
    for person, code, role in rows:
        known = found.get(person.id, Account(person, code, ()))
        found[person.id] = Account(person, code, (*known.roles, role)) if role else known
    return list(found.values())


def account(by: By, id: int) -> Person | None:
    """A person in reach."""
    return db.session.scalar(select(Person).where(Person.id == id, Person.organisation_id.in_(_reached(by))))


class Full(NamedTuple):
    """A person, whose second account it is, the sign-ins that count (last used first) and the roles (newest first)."""

    person: Person
    first: Person | None
    sign_ins: list[SignIn]
    grants: list[tuple[RoleGrant, Organisation]]


def account_in_full(by: By, id: int) -> Full | None:
    """A person in reach with all that hangs on the account, in one query: a row for each sign-in and role."""
    first = aliased(Person)
    rows = db.session.execute(
        select(Person, first, SignIn, RoleGrant, Organisation)
        .outerjoin(first, first.id == Person.same_person_as_id)
        .outerjoin(SignIn, and_(SignIn.person_id == Person.id, *people.counts(by.at)))
        .outerjoin(RoleGrant, RoleGrant.person_id == Person.id)
        .outerjoin(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(Person.id == id, Person.organisation_id.in_(_reached(by)))
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc(), RoleGrant.id.desc())
    ).all()  # fmt: skip
    if not rows:
        return None
    sign_ins = dict.fromkeys(row[2] for row in rows if row[2] is not None)
    grants = dict.fromkeys((row[3], row[4]) for row in rows if row[3] is not None)
    return Full(rows[0][0], rows[0][1], list(sign_ins), list(grants))


@dataclass(frozen=True)
class Asked:
    """A request as the list shows it."""

    request: RoleRequest
    person: str
    organisation: Organisation
    asked_by: str
    decided_by: str


def _requests(by: By) -> Select[*tuple[Any, ...]]:
    whom, asker, judge = aliased(Person), aliased(Person), aliased(Person)
    return (
        select(RoleRequest, whom.name, Organisation, asker.name, func.coalesce(judge.name, ""))
        .join(whom, whom.id == RoleRequest.person_id).join(asker, asker.id == RoleRequest.asked_by_id)
        .outerjoin(judge, judge.id == RoleRequest.decided_by_id)
        .join(Organisation, Organisation.id == RoleRequest.organisation_id)
        .where(RoleRequest.organisation_id.in_(_reached(by)))
        .order_by(RoleRequest.state != RequestState.ASKED, RoleRequest.id.desc())
    )  # fmt: skip


def requests(by: By) -> list[Asked]:
    """Requests for roles in reach, waiting ones first, then newest."""
    return [Asked(*row) for row in db.session.execute(_requests(by).limit(200))]


def requests_for(by: By, person_id: int) -> tuple[list[Asked], dict[int, list[Reason]]]:
    """Requests for roles of one person, and why the reader may not approve those that wait (S8)."""
    rows = people.with_parts(_requests(by).where(RoleRequest.person_id == person_id), RoleRequest)
    waiting = [(Duty.S8, row[0]) for row in rows if row[0].state is RequestState.ASKED]
    parts = {key: who for *_row, taken in rows for key, who in taken.items()}
    why_not = people.why_not_parts(by, waiting, Side.SECOND, Permission.ACCOUNT_MANAGE, parts)
    return [Asked(*row) for *row, _parts in rows], why_not


def waiting(person_id: int, role: Role, organisation_id: int) -> bool:
    """Whether somebody asked for this role already."""
    query = select(RoleRequest.id).where(
        RoleRequest.person_id == person_id, RoleRequest.role == role, RoleRequest.organisation_id == organisation_id,
        RoleRequest.state == RequestState.ASKED,
    )  # fmt: skip
    return db.session.scalar(query.limit(1)) is not None


def holds(person_id: int, role: Role, organisation_id: int, on: date) -> bool:
    """Whether a person holds a role in an organisation on a day."""
    query = select(RoleGrant.id).where(
        RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.organisation_id == organisation_id,
        _holds(on),
    )  # fmt: skip
    return db.session.scalar(query.limit(1)) is not None


def roles(person_id: int, on: date) -> set[Role]:
    """The roles that a person holds on a day, in all accounts."""
    root = select(func.coalesce(Person.same_person_as_id, Person.id)).where(Person.id == person_id).scalar_subquery()
    same = select(Person.id).where(or_(Person.id == root, Person.same_person_as_id == root))
    return set(db.session.scalars(select(RoleGrant.role).where(RoleGrant.person_id.in_(same), _holds(on))))


def has_second(person_id: int) -> bool:
    """Whether another account names this one as its first."""
    return db.session.scalar(select(Person.id).where(Person.same_person_as_id == person_id).limit(1)) is not None


def parts_of_person(person_id: int) -> list[Part]:
    """Every part that stands on an account."""
    return list(db.session.scalars(select(Part).where(Part.person_id == person_id).order_by(Part.id)))


@dataclass(frozen=True)
class Standing:
    """A stand-in as a list shows it."""

    row: StandIn
    person: str
    stand_in: str

    def stands(self, today: date) -> bool:
        """Whether it holds today."""
        return self.row.ended_at is None and self.row.valid_from <= today <= self.row.valid_to


def stand_ins(person_id: int, *, of: bool = True) -> list[Standing]:
    """Who stands in for a person, or (not `of`) for whom this person stands in; newest first."""
    whom, who = aliased(Person), aliased(Person)
    rows = db.session.execute(
        select(StandIn, whom.name, who.name)
        .join(whom, whom.id == StandIn.person_id).join(who, who.id == StandIn.stand_in_id)
        .where((StandIn.person_id if of else StandIn.stand_in_id) == person_id).order_by(StandIn.id.desc())
    )  # fmt: skip
    return [Standing(row[0], row[1], row[2]) for row in rows]


@dataclass(frozen=True)
class Excepted:
    """An exception of the chair as lists and exports show it."""

    row: DutyException
    person: str
    granted_by: str
    organisation: Organisation

    def stands(self, today: date) -> bool:
        """Whether it holds today."""
        return self.row.ended_at is None and self.row.valid_from <= today <= self.row.valid_to


def exceptions(organisation_ids: frozenset[int]) -> list[Excepted]:
    """Exceptions that reach these organisations (given there or above), newest first."""
    whom, chair, here = aliased(Person), aliased(Person), aliased(Organisation)
    touched = select(Organisation.id).join(here, here.path.startswith(Organisation.path))
    rows = db.session.execute(
        select(DutyException, whom.name, chair.name, Organisation)
        .join(whom, whom.id == DutyException.person_id).join(chair, chair.id == DutyException.granted_by_id)
        .join(Organisation, Organisation.id == DutyException.organisation_id)
        .where(DutyException.organisation_id.in_(touched.where(here.id.in_(organisation_ids))))
        .order_by(DutyException.id.desc())
    )  # fmt: skip
    return [Excepted(row[0], row[1], row[2], row[3]) for row in rows]


def keepers(organisation_ids: frozenset[int]) -> list[Keeper]:
    """The register of database administrators and keepers of checkpoints."""
    query = select(Keeper).where(Keeper.organisation_id.in_(organisation_ids))
    return list(db.session.scalars(query.order_by(Keeper.kind, Keeper.ended_at.is_not(None), Keeper.name)))


def kept_otherwise(kind: KeeperKind, name_key: str) -> bool:
    """Whether somebody of this name is, or was, in the register with the other trust."""
    query = select(Keeper.id).where(Keeper.kind != kind, Keeper.name_key == name_key)
    return db.session.scalar(query.limit(1)) is not None
