"""Reads of organisations, people, roles and sign-ins."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import Session, aliased

from controls.base.audit import EventRow
from controls.base.by import By, Place
from controls.base.clock import local_day
from controls.base.db import built, db
from controls.base.db import within as covered
from controls.base.fault import Fault
from controls.base.why import N_, Reason, Why
from controls.identity.duties import FIXED, NAMED, RULES, Duty, Side, why_not_same
from controls.identity.permissions import ROLES, Permission, Role, reach
from controls.identity.tables import DutyException, Part, Reopening, RoleGrant, SignIn, StandIn, VisitingGrant
from controls.identity.tables import Organisation as Organisation
from controls.identity.tables import Person as Person
from controls.identity.visits import Visited, VisitState, VisitTask, visits
from controls.identity.words import RequestState

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
_PRINCIPAL = aliased(Person)
_ALL_BELOW = (
    select(func.aggregate_strings(cast(_BELOW.id, String), " "))
    .where(_BELOW.path.startswith(_TOP.path)).correlate(_TOP).scalar_subquery()
)  # fmt: skip
"""The organisations in which a role counts as one text: a row for each would read the person again and again."""
_LIVE = (
    select(SignIn, Person, Organisation, exists().where(VisitingGrant.visitor_id == Person.id, *_STANDING),
           _PRINCIPAL, RoleGrant.role, _ALL_BELOW)
    .join(Person, Person.id == SignIn.person_id)
    .outerjoin(StandIn, and_(
        StandIn.id == SignIn.standing_in_id, StandIn.stand_in_id == Person.id, StandIn.ended_at.is_(None),
        StandIn.valid_from <= bindparam("on"), StandIn.valid_to >= bindparam("on"),
    ))
    .outerjoin(_PRINCIPAL, and_(
        _PRINCIPAL.id == StandIn.person_id,
        or_(_PRINCIPAL.valid_to.is_(None), _PRINCIPAL.valid_to >= bindparam("on")),
    ))
    .join(Organisation, Organisation.id == func.coalesce(_PRINCIPAL.organisation_id, Person.organisation_id))
    .outerjoin(RoleGrant, and_(
        RoleGrant.person_id == func.coalesce(_PRINCIPAL.id, Person.id), RoleGrant.valid_from <= bindparam("on"),
        or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to >= bindparam("on")),
    ))
    .outerjoin(_TOP, _TOP.id == RoleGrant.organisation_id)
    .where(SignIn.token == bindparam("token"), SignIn.ended_at.is_(None))
    .where(or_(Person.valid_to.is_(None), Person.valid_to >= bindparam("on")))
    .order_by(RoleGrant.id)
)  # fmt: skip
"""Both are asked at every request, so they are built once."""


def organisation(code: str) -> Organisation | None:
    """An organisation by its code."""
    return db.session.scalar(select(Organisation).where(Organisation.code == code))


def organisation_by_id(id: int) -> Organisation | None:
    """An organisation by its id."""
    return db.session.get(Organisation, id)


def keep_waiting(id: int) -> None:
    """Let whoever else wants to change what is one of a kind in the organisation wait until this transaction ends."""
    db.session.execute(select(Organisation.id).where(Organisation.id == id).with_for_update(key_share=True))


def organisations() -> list[Organisation]:
    """All organisations, parents before children."""
    return list(db.session.scalars(select(Organisation).order_by(Organisation.path)))


def at_or_below(code: str) -> list[Organisation]:
    """The organisation with a code and those below it, parents first."""
    return list(db.session.scalars(_AT_OR_BELOW, {"code": code}))


_ABOVE = aliased(Organisation)
_AT_OR_BELOW = (
    select(Organisation)
    .where(Organisation.path.startswith(
        select(_ABOVE.path).where(_ABOVE.code == bindparam("code")).scalar_subquery()
    ))
    .order_by(Organisation.path)
)  # fmt: skip


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


def grant_of(person_id: int, role: Role, organisation_id: int, begun: date) -> RoleGrant | None:
    """A role that was given on a day (and perhaps ended the same day)."""
    return db.session.scalar(
        select(RoleGrant).where(
            RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.organisation_id == organisation_id,
            RoleGrant.valid_from == begun,
        )
    )  # fmt: skip


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


def by_of(
    person: Person, at: datetime, on: date, roles: Held | None = None, visiting: bool = True,
    principal: Person | None = None,
) -> By:  # fmt: skip
    """The author that a signed-in person is; roles and visits of that day are read unless they are known.

    Who stands in for somebody acts with that one's roles and nothing more, and counts as both. A visiting grant is
    to one person, so no stand-in has it.
    """
    holder = principal or person
    roles = held(holder.id, on) if roles is None else roles
    first = [role.value for role, _ in roles]
    return By(
        person_id=person.id, name=person.name, role="+".join(dict.fromkeys(first)) or "-", at=at,
        reach=reach(roles), visits=visits(visited(person.id, on)) if visiting and principal is None else {},
        organisation_id=holder.organisation_id, unit=holder.unit,
        on_behalf_of=principal.id if principal else None, principal=principal.name if principal else "",
        counts_as=tuple(dict.fromkeys([person.root_id, holder.root_id])),
    )  # fmt: skip


def admitted(person: Person, on: date) -> bool:
    """Whether a person may sign in that day."""
    return person.valid_from <= on and (person.valid_to is None or person.valid_to >= on)


def counts(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions under which a sign-in still counts."""
    return SignIn.ended_at.is_(None), SignIn.seen_at >= at - IDLE, SignIn.started_at >= at - ABSOLUTE


def sign_ins(person_id: int, at: datetime) -> list[SignIn]:
    """A person's sign-ins that still count, the last used first."""
    query = select(SignIn).where(SignIn.person_id == person_id, *counts(at))
    return list(db.session.scalars(query.order_by(SignIn.seen_at.desc(), SignIn.id.desc())))


def owner(token: str) -> Person | None:
    """Whose sign-in a cookie holds, though it counts no more."""
    return db.session.scalar(select(Person).join(SignIn, SignIn.person_id == Person.id).where(SignIn.token == token))


class Live(NamedTuple):
    """A sign-in that counts: who, in which organisation, whether he visits, whom he stands in for, with which roles."""

    sign_in: SignIn
    person: Person
    organisation: Organisation
    visiting: bool
    principal: Person | None
    roles: Held


def live_sign_in(token: str, at: datetime, on: date) -> Live | None:
    """The sign-in behind a cookie, while it counts; whom one stands in for lends roles and organisation."""
    rows: list[Any] = list(db.session.execute(_LIVE, {"token": token, "on": on}))
    if not rows:
        return None
    sign_in, person, organisation, visiting, principal, *_role = rows[0]
    if at - sign_in.seen_at > IDLE or at - sign_in.started_at > ABSOLUTE or not admitted(person, on):
        return None
    roles = [(role, int(id)) for *_, role, below in rows if role for id in below.split()]
    return Live(sign_in, person, organisation, visiting, principal, roles)


Taken = dict[tuple[Duty, str, int, int, Side], set[int]]
"""Who took which side of which rule on which object, and what narrows it (else 0)."""


_TAKER = aliased(Person)
PART = (
    Part.duty, Part.object_type, Part.object_id, Part.within, Part.side,
    func.coalesce(_TAKER.same_person_as_id, _TAKER.id),
)  # fmt: skip
"""The columns of a part, the person by the first account."""


def parts_of(*objects: tuple[str, Any]) -> Select[*tuple[Any, ...]]:
    """The parts that were taken on these objects."""
    there = or_(*(and_(Part.object_type == kind, Part.object_id == id) for kind, id in objects))
    return select(*PART).join(_TAKER, _TAKER.id == Part.person_id).where(there)


def with_parts(query: Select[*tuple[Any, ...]], model: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement, each with the parts that were taken on its row of a table, in one query."""
    on = and_(Part.object_type == model.__tablename__, Part.object_id == model.id)
    wider = query.add_columns(*PART).outerjoin(Part, on).outerjoin(_TAKER, _TAKER.id == Part.person_id)
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in db.session.execute(wider):
        found.setdefault(tuple(row[: -len(PART)]), []).append(row[-len(PART) :])
    return [(*row, by_part(parts)) for row, parts in found.items()]


@built
def _parts_of_one(kind: str) -> Select[*tuple[Any, ...]]:
    return parts_of((kind, bindparam("id")))


def taken(*objects: tuple[str, int]) -> Taken:
    """Who took which part on these objects, of all rules, in one query."""
    one = objects[0] if len(objects) == 1 else None
    query = db.session.execute(_parts_of_one(one[0]), {"id": one[1]}) if one else db.session.execute(parts_of(*objects))
    return by_part(query)


def by_part(rows: Iterable[Any]) -> Taken:
    """Rows of `PART`, of which an outer join leaves some empty, as who took which part."""
    found: Taken = {}
    for duty, kind, id, within, side, person_id in rows:
        if duty is not None:
            found.setdefault((duty, kind, id, within, side), set()).add(person_id)
    return found


BOTH_SIDES = Why(
    "identity.both_sides", N_("Rule {duty}: one person stands on both sides of {table} no. {row}: {name}.")
)  # fmt: skip
LOOSE_EXCEPTION = Why(
    "identity.loose_exception", N_("Rule {duty}: the part no. {row} names an exemption that did not cover it.")
)  # fmt: skip


def both_sides(session: Session) -> Iterator[Fault]:
    """Where the history broke a rule: one person on both sides, or a part under an exemption that did not cover it."""
    one, two, whom, other = aliased(Part), aliased(Part), aliased(Person), aliased(Person)
    rows = session.execute(
        select(one.duty, one.object_type, one.object_id, whom.name).distinct()
        .join(two, and_(
            one.duty == two.duty, one.object_type == two.object_type, one.object_id == two.object_id,
            one.within == two.within, one.side == Side.FIRST, two.side == Side.SECOND,
        ))
        .join(whom, whom.id == one.person_id).join(other, other.id == two.person_id)
        .where(func.coalesce(whom.same_person_as_id, whom.id) == func.coalesce(other.same_person_as_id, other.id))
        .where(or_(and_(one.exception_id.is_(None), two.exception_id.is_(None)), one.duty.in_(FIXED)))
        .order_by(one.duty, one.object_type, one.object_id)
    )  # fmt: skip
    for duty, table, row, name in rows:
        yield Fault(BOTH_SIDES, table, str(row), facts={"duty": duty.value, "name": name})
    loose = session.execute(
        select(Part, DutyException, Person)
        .join(DutyException, DutyException.id == Part.exception_id)
        .join(Person, Person.id == Part.person_id).order_by(Part.id)
    )  # fmt: skip
    for part, given, person in loose:
        on = local_day(part.taken_at)
        over = given.ended_at is not None and given.ended_at < part.taken_at
        mine = given.person_id in (person.id, person.root_id)
        if given.duty is not part.duty or over or not mine or not given.valid_from <= on <= given.valid_to:
            yield Fault(LOOSE_EXCEPTION, Part.__tablename__, str(part.id), facts={"duty": part.duty.value})


class Reopened(NamedTuple):
    """A request to reopen with the names of who asked and who decided, and the parts that were taken on it."""

    row: Reopening
    asked_by: str
    decided_by: str | None
    parts: Taken


def reopenings(row: Any) -> list[Reopened]:
    """Every request to reopen an object, oldest first."""
    asker, decider = aliased(Person), aliased(Person)
    query = (
        select(Reopening, asker.name, decider.name).join(asker, asker.id == Reopening.asked_by_id)
        .outerjoin(decider, decider.id == Reopening.decided_by_id)
        .where(Reopening.object_type == row.__tablename__, Reopening.object_id == row.id).order_by(Reopening.id)
    )  # fmt: skip
    return [Reopened(*one) for one in with_parts(query, Reopening)]


def why_not_reopen(by: By, asked: Reopened) -> list[Reason]:
    """Why the reader may not decide on a reopening (S11)."""
    may = Permission.REOPENING_APPROVE
    return why_not_part(by, Duty.S11, asked.row, Side.SECOND, permission=may, parts=asked.parts)


def edition_of(model: Any) -> ColumnElement[int]:
    """The version in force of the object of this row, as SQL."""
    ended = select(func.count() + 1).where(
        Reopening.object_type == model.__tablename__, Reopening.object_id == model.id,
        Reopening.state == RequestState.APPROVED,
    )  # fmt: skip
    return ended.correlate(model).scalar_subquery()


def reopened(model: Any) -> ColumnElement[bool]:
    """Whether the object of this row was ever reopened, as a predicate."""
    return asked_to_reopen(model).where(Reopening.state == RequestState.APPROVED)


def kept_versions(row: Any) -> list[str]:
    """The versions of an object that were ended by reopening it, oldest first, as they were kept."""
    query = select(Reopening.snapshot).where(
        Reopening.object_type == row.__tablename__, Reopening.object_id == row.id,
        Reopening.state == RequestState.APPROVED,
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Reopening.id)))


def asked_to_reopen(model: Any) -> Exists:
    """Whether somebody ever asked to reopen the object of this row, as a predicate."""
    return exists().where(Reopening.object_type == model.__tablename__, Reopening.object_id == model.id)


def to_reopen(by: By, model: Any) -> ColumnElement[bool]:
    """The objects of a table whose reopening the author is to decide: found from the few requests that wait."""
    asked = select(Reopening.object_id).where(
        Reopening.object_type == model.__tablename__, Reopening.state == RequestState.ASKED,
        covered(by, Permission.REOPENING_APPROVE, Reopening.organisation_id),
        untaken(by, Duty.S11, Reopening, Side.SECOND),
    )  # fmt: skip
    found: ColumnElement[bool] = model.id.in_(asked)
    return found


def untaken(by: By, duty: Duty, model: Any, side: Side) -> ColumnElement[bool]:
    """The rows of a table on which the author has not taken the other side of a rule, as a predicate in SQL."""
    there = select(Part.id).where(
        Part.duty == duty, Part.object_type == model.__tablename__, Part.object_id == model.id,
        Part.side == side.other, Part.person_id.in_(by.persons),
    )  # fmt: skip
    return ~there.exists()


def roots(ids: Iterable[int | None]) -> dict[int, int]:
    """The first account of each of these people."""
    wanted = {id for id in ids if id is not None}
    query = select(Person.id, func.coalesce(Person.same_person_as_id, Person.id)).where(Person.id.in_(wanted))
    return {row[0]: row[1] for row in db.session.execute(query)} if wanted else {}


def behind(row: Any) -> tuple[int | None, ...]:
    """Who the log says made an object: the person, and the one he stood in for."""
    told = select(EventRow.person_id, EventRow.on_behalf_of).where(
        EventRow.object_type == row.__tablename__, EventRow.object_id == row.id
    )  # fmt: skip
    return tuple(db.session.execute(told.order_by(EventRow.seq).limit(1)).one_or_none() or ())


def excepted(duty: Duty, persons: Collection[int], organisation_id: int | None, on: date) -> dict[int, int]:
    """Which of these persons the chair has excepted from a rule here and now, with the exception's id."""
    if RULES[duty].fixed or not persons:
        return {}
    rows = db.session.execute(_excepted({duty}, persons, {organisation_id}, on))
    return {person_id: id for _duty, _at, person_id, _none, id in rows}


def _excepted(
    duties: Collection[Duty], persons: Collection[int], organisations: Collection[int | None], on: date
) -> Select[*tuple[Any, ...]]:  # fmt: skip
    above, here = aliased(Organisation), aliased(Organisation)
    return (
        select(type_coerce(DutyException.duty, String), here.id, DutyException.person_id, literal(""), DutyException.id)
        .join(above, above.id == DutyException.organisation_id)
        .join(here, here.path.startswith(above.path))
        .where(here.id.in_(organisations), DutyException.duty.in_(duties), DutyException.person_id.in_(persons))
        .where(DutyException.ended_at.is_(None), DutyException.valid_from <= on, DutyException.valid_to >= on)
    )


def _able(
    permission: Permission, without: Collection[int], organisations: Collection[int | None], on: date, most: int
) -> Select[*tuple[Any, ...]]:  # fmt: skip
    """A few people who hold a permission over these organisations, without those who may not use it here."""
    roles = [role for role, may in ROLES.items() if permission in may and role is not Role.SYS]
    top, here = aliased(Organisation), aliased(Organisation)
    root = func.coalesce(Person.same_person_as_id, Person.id)
    found = (
        select(literal("").label("duty"), here.id.label("at"), root.label("root"), Person.name).distinct()
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .join(top, top.id == RoleGrant.organisation_id).join(here, here.path.startswith(top.path))
        .where(here.id.in_(organisations), RoleGrant.role.in_(roles), RoleGrant.valid_from <= on)
        .where(or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to >= on))
        .where(or_(Person.valid_to.is_(None), Person.valid_to >= on), root.not_in(without))
        .order_by(Person.name).limit(most).subquery()
    )  # fmt: skip
    return select(found, literal(0))


class Clash(NamedTuple):
    """Who acts under a rule in an organisation, and who took the other side."""

    duty: Duty
    at: int | None
    acting: frozenset[int]
    others: frozenset[int]


def _why_not(clashes: list[Clash], permission: Permission | None, on: date) -> list[list[Reason]]:
    """The reasons of each, with who may instead: one query for all, and none when nobody stands on both sides."""
    met = [one for one in clashes if one.acting & one.others]
    acting = frozenset(chain.from_iterable(one.acting for one in met))
    others = frozenset(chain.from_iterable(one.others for one in met))
    places, duties = {one.at for one in met}, {one.duty for one in met if not RULES[one.duty].fixed}
    asked = [_excepted(duties, acting & others, places, on)] if duties else []
    if met and permission:
        never = acting | frozenset.intersection(*(one.others for one in met))
        asked.append(_able(permission, never, places, on, len(places) * (NAMED + len(others - never))))
    rows = db.session.execute(union_all(*asked)).all() if asked else []
    reasons = []
    for one in clashes:
        free = {person for duty, at, person, *_rest in rows if (duty, at) == (one.duty, one.at)}
        able = {name for duty, at, person, name, _id in rows
                if not duty and at == one.at and person not in one.others}  # fmt: skip
        reasons.append(why_not_same(one.duty, one.acting, one.others, free, sorted(able)[:NAMED]))
    return reasons


def why_not_part(
    by: By, duty: Duty, row: Any, side: Side, *, within: int = 0, permission: Permission | None = None,
    persons: Iterable[int] | None = None, parts: Taken | None = None, organisation_id: int | None = None,
    besides: Iterable[int] = (),
) -> list[Reason]:  # fmt: skip
    """Why the author (or these `persons`) may not take this side of a rule on a row, and who may instead.

    Button and action ask the same here; `parts` are those read before, for a page that asks several times, and
    `besides` who stands on the other side without having acted yet.
    """
    known = taken((row.__tablename__, row.id)) if parts is None else parts
    others = known.get((duty, row.__tablename__, row.id, within, side.other), set()) | set(besides)
    acting = by.persons if persons is None else persons
    at = organisation_id or getattr(row, "organisation_id", None)
    return _why_not([Clash(duty, at, frozenset(acting), frozenset(others))], permission, by.today)[0]


def why_not_parts(
    by: By, asked: Iterable[tuple[Duty, Any]], side: Side, permission: Permission, parts: Taken
) -> dict[int, list[Reason]]:
    """The same for the rows of a list, by id, with the parts that were taken on them."""
    rows = list(asked)
    clashes = [
        Clash(duty, row.organisation_id, frozenset(by.persons),
              frozenset(parts.get((duty, row.__tablename__, row.id, 0, side.other), ())))
        for duty, row in rows
    ]  # fmt: skip
    return {row.id: why for (_duty, row), why in zip(rows, _why_not(clashes, permission, by.today), strict=True)}


def holders(organisation_id: int, roles: Iterable[Role], on: date) -> dict[Role, dict[int, str]]:
    """Names of people who hold each of these roles over an organisation that day (there, or above it)."""
    found: dict[Role, dict[int, str]] = {role: {} for role in roles}
    rows = db.session.execute(
        select(RoleGrant.role, Person.id, Person.name)
        .join(Person, Person.id == RoleGrant.person_id)
        .join(_TOP, _TOP.id == RoleGrant.organisation_id).join(_BELOW, _BELOW.path.startswith(_TOP.path))
        .where(_BELOW.id == organisation_id, RoleGrant.role.in_(list(found)), RoleGrant.valid_from <= on)
        .where(or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to >= on))
        .where(Person.valid_from <= on, or_(Person.valid_to.is_(None), Person.valid_to >= on))
    )  # fmt: skip
    for role, id, name in rows:
        found[role][id] = name
    return found


def visitors(places: Iterable[Place], on: date) -> dict[VisitTask, dict[int, str]]:
    """Names of people who are lent to any of these places on a day or later, by what for."""
    there = [and_(VisitingGrant.object_type == kind, VisitingGrant.object_id == id) for kind, id in places]
    rows = db.session.execute(
        select(VisitingGrant.task, Person.id, Person.name).join(Person, Person.id == VisitingGrant.visitor_id)
        .where(VisitingGrant.state == VisitState.GRANTED, VisitingGrant.valid_to >= on, or_(*there))
    )  # fmt: skip
    found: dict[VisitTask, dict[int, str]] = {task: {} for task in VisitTask}
    for task, id, name in rows:
        found[task][id] = name
    return found
