"""Reads of organisations, people, roles and sign-ins."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from controls.base.by import By, Place
from controls.base.db import db
from controls.identity.permissions import Role, reach
from controls.identity.tables import Organisation as Organisation
from controls.identity.tables import Person as Person
from controls.identity.tables import RoleGrant, SignIn, VisitingGrant
from controls.identity.visits import Visited, VisitState, VisitTask, visits

Held = list[tuple[Role, int]]
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=10)


_TOP, _BELOW = aliased(Organisation), aliased(Organisation)
_HELD = (
    select(RoleGrant.role, _BELOW.id)
    .join(_TOP, _TOP.id == RoleGrant.organisation_id)
    .join(_BELOW, _BELOW.path.startswith(_TOP.path))
    .where(RoleGrant.person_id == bindparam("person"), RoleGrant.valid_from <= bindparam("on"))
    .where(RoleGrant.valid_to.is_(None) | (RoleGrant.valid_to >= bindparam("on")))
    .order_by(RoleGrant.id)
)
_STANDING = (
    VisitingGrant.state == VisitState.GRANTED,
    VisitingGrant.valid_from <= bindparam("on"), VisitingGrant.valid_to >= bindparam("on"),
)  # fmt: skip
"""A visiting grant holds from its first day to its last, and ends by itself."""

_VISITS = select(VisitingGrant.task, VisitingGrant.object_type, VisitingGrant.object_id).where(
    VisitingGrant.visitor_id == bindparam("person"), *_STANDING
)
_LIVE = (
    select(SignIn, Person, Organisation, exists().where(VisitingGrant.visitor_id == Person.id, *_STANDING),
           RoleGrant.role, _BELOW.id)
    .join(Person, Person.id == SignIn.person_id)
    .join(Organisation, Organisation.id == Person.organisation_id)
    .outerjoin(RoleGrant, and_(
        RoleGrant.person_id == Person.id, RoleGrant.valid_from <= bindparam("on"),
        or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to >= bindparam("on")),
    ))
    .outerjoin(_TOP, _TOP.id == RoleGrant.organisation_id)
    .outerjoin(_BELOW, _BELOW.path.startswith(_TOP.path))
    .where(SignIn.token == bindparam("token"), SignIn.ended_at.is_(None))
    .order_by(RoleGrant.id)
)  # fmt: skip
"""Both are asked at every request, so they are built once."""


def organisation(code: str) -> Organisation | None:
    """An organisation by its code."""
    return db.session.scalar(select(Organisation).where(Organisation.code == code))


def organisation_by_id(id: int) -> Organisation | None:
    """An organisation by its id."""
    return db.session.get(Organisation, id)


def organisations() -> list[Organisation]:
    """All organisations, parents before children."""
    return list(db.session.scalars(select(Organisation).order_by(Organisation.path)))


def within(ids: frozenset[int]) -> list[Organisation]:
    """The organisations with these ids, parents first."""
    return list(db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.path)))


def person(username: str) -> Person | None:
    """A person by the name typed at sign-in."""
    return db.session.scalar(select(Person).where(Person.username == username))


def person_by_id(id: int) -> Person | None:
    """A person by id."""
    return db.session.get(Person, id)


def names(ids: set[int | None]) -> dict[int, str]:
    """Names of people by id, in one query."""
    wanted = [id for id in ids if id is not None]
    if not wanted:
        return {}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def people(organisation_ids: frozenset[int], role: Role | None = None, on: date | None = None) -> list[Person]:
    """People of these organisations (with a role that day), by name."""
    query = select(Person).where(Person.organisation_id.in_(organisation_ids)).order_by(Person.name)
    if on is not None:
        query = query.where(Person.valid_from <= on, (Person.valid_to.is_(None)) | (Person.valid_to >= on))
    if role is not None:
        query = query.where(Person.id.in_(select(RoleGrant.person_id).where(RoleGrant.role == role)))
    return list(db.session.scalars(query))


def everyone() -> list[tuple[Person, str, list[Role]]]:
    """Every person with organisation code and roles, for the demo's list and the administrator."""
    rows = db.session.execute(
        select(Person, Organisation.code).join(Organisation, Organisation.id == Person.organisation_id)
        .order_by(Organisation.path, Person.name)
    ).all()  # fmt: skip
    held: dict[int, list[Role]] = {}
    for grant in db.session.scalars(select(RoleGrant).order_by(RoleGrant.id)):
        held.setdefault(grant.person_id, []).append(grant.role)
    return [(person, code, held.get(person.id, [])) for person, code in rows]


def grants(person_id: int) -> list[RoleGrant]:
    """The roles a person holds or held."""
    return list(db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == person_id)))


def held(person_id: int, on: date) -> list[tuple[Role, int]]:
    """Roles held on a day, unfolded to every organisation at or below the one they are held in."""
    rows = db.session.execute(_HELD, {"person": person_id, "on": on})
    return [(row[0], row[1]) for row in rows]


def visited(person_id: int, on: date) -> list[tuple[VisitTask, Visited, int]]:
    """What a person is lent for on a day, and to which places."""
    return [(row[0], row[1], row[2]) for row in db.session.execute(_VISITS, {"person": person_id, "on": on})]


def by_of(person: Person, at: datetime, on: date, roles: Held | None = None, visiting: bool = True) -> By:
    """The author that a signed-in person is; roles and visits of that day are read unless they are known."""
    roles = held(person.id, on) if roles is None else roles
    first = [role.value for role, _ in roles]
    return By(
        person_id=person.id, name=person.name, role="+".join(dict.fromkeys(first)) or "-", at=at, reach=reach(roles),
        visits=visits(visited(person.id, on)) if visiting else {}, organisation_id=person.organisation_id,
        unit=person.unit,
    )  # fmt: skip


def live_sign_in(token: str, at: datetime, on: date) -> tuple[SignIn, Person, Organisation, bool, Held] | None:
    """The sign-in behind a cookie, while it counts: person, organisation, whether he visits, and roles that day."""
    rows = db.session.execute(_LIVE, {"token": token, "on": on}).all()
    if not rows or at - rows[0][0].seen_at > IDLE or at - rows[0][0].started_at > ABSOLUTE:
        return None
    return (
        rows[0][0],
        rows[0][1],
        rows[0][2],
        rows[0][3],
        [(role, below) for *_, role, below in rows if role is not None],
    )


def visitors(places: Iterable[Place], task: VisitTask, on: date) -> dict[int, str]:
    """Names of people who are lent for a task to any of these places, on a day or later."""
    there = [and_(VisitingGrant.object_type == kind, VisitingGrant.object_id == id) for kind, id in places]
    rows = db.session.execute(
        select(Person.id, Person.name).join(VisitingGrant, VisitingGrant.visitor_id == Person.id)
        .where(VisitingGrant.state == VisitState.GRANTED, VisitingGrant.valid_to >= on, VisitingGrant.task == task)
        .where(or_(*there))
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}
