"""Reads of visiting grants: the list, one grant, what can be borrowed for, who can be borrowed, tasks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import aliased

from controls.base import task
from controls.base.by import By
from controls.base.db import db
from controls.base.why import N_
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission, Role
from controls.identity.tables import Organisation, Person, RoleGrant, VisitingGrant
from controls.identity.visits import Visited, VisitState
from controls.review.rules import LIVE
from controls.review.tables import Review
from controls.universe.tables import Process, Subprocess
from controls.visiting import rules
from controls.wheel.tables import Cycle
from controls.wheel.words import State as Phase

SHOW = "visiting.show"
LEND = task.declare("visiting.lend", N_("Answer the request to borrow {name} for {code}"), N_("Answer request"), SHOW)
PREPARE = task.declare("visiting.prepare", N_("Ask for the visiting role of {name} for {code}"), N_("Open"), SHOW)
GRANT = task.declare("visiting.grant", N_("Grant {name} the visiting role for {code}"), N_("Grant role"), SHOW)

Home, Host = aliased(Organisation, name="home"), aliased(Organisation, name="host")
Part = aliased(Subprocess, name="part")
OPEN = (VisitState.AWAITING_LENDER, VisitState.AWAITING_GRANT, VisitState.GRANTED)


class Place(NamedTuple):
    """What a person can be borrowed for."""

    kind: Visited
    id: int
    organisation_id: int
    code: str
    name_da: str
    name_en: str
    live: bool

    @property
    def value(self) -> str:
        """Kind and id as an address and a form carry them."""
        return f"{self.kind.value}-{self.id}"


@dataclass(frozen=True)
class Row:
    """A grant with its names and its place."""

    grant: VisitingGrant
    visitor: str
    home: Organisation
    host: Organisation
    code: str
    name_da: str
    name_en: str
    year: int | None

    def state(self, today: date) -> VisitState:
        """The state as shown on a day."""
        return rules.shown(self.grant.state, self.grant.valid_to, today)

    def stands(self, today: date) -> bool:
        """Whether the visitor sees the place on a day."""
        grant = self.grant
        return grant.state is VisitState.GRANTED and grant.valid_from <= today <= grant.valid_to


def _readable(by: By) -> ColumnElement[bool]:
    """Both houses' coordinators, administrators, and the visitor."""
    houses = by.everywhere(Permission.VISITING_ASK) | by.everywhere(Permission.ACCOUNT_MANAGE)
    return or_(
        VisitingGrant.visitor_id == by.person_id, VisitingGrant.home_organisation_id.in_(houses),
        VisitingGrant.host_organisation_id.in_(houses),
    )  # fmt: skip


def _of(kind: Visited, table: Any) -> ColumnElement[bool]:
    return and_(VisitingGrant.object_type == kind, VisitingGrant.object_id == table.id)


_CODE = case(
    (VisitingGrant.object_type == Visited.PROCESS, Process.code),
    (VisitingGrant.object_type == Visited.REVIEW, Review.number), else_=cast(Cycle.year, String),
)  # fmt: skip


def _placed(query: Any) -> Any:
    return (
        query.select_from(VisitingGrant).join(Person, Person.id == VisitingGrant.visitor_id)
        .join(Home, Home.id == VisitingGrant.home_organisation_id)
        .join(Host, Host.id == VisitingGrant.host_organisation_id)
        .outerjoin(Process, _of(Visited.PROCESS, Process)).outerjoin(Review, _of(Visited.REVIEW, Review))
        .outerjoin(Part, Part.id == Review.subprocess_id).outerjoin(Cycle, _of(Visited.CYCLE, Cycle))
    )  # fmt: skip


def _rows(*where: ColumnElement[bool]) -> list[Row]:
    found = db.session.execute(
        _placed(select(
            VisitingGrant, Person.name, Home, Host, _CODE, func.coalesce(Process.name_da, Part.name_da, ""),
            func.coalesce(Process.name_en, Part.name_en, ""), Cycle.year,
        )).where(*where).order_by(VisitingGrant.asked_on.desc(), VisitingGrant.id.desc())
    )  # fmt: skip
    return [Row(*row) for row in found]


def listing(by: By) -> list[Row]:
    """The grants that the reader may see, newest first."""
    return _rows(_readable(by))


def show(by: By, id: int) -> Row | None:
    """One grant, when the reader may see it."""
    found = _rows(VisitingGrant.id == (id if 0 < id < 2**31 else 0), _readable(by))
    return found[0] if found else None


def place(kind: Visited, id: int) -> Place | None:
    """A process, review or cycle by id."""
    found = _places(kind, _TABLES[kind].id == (id if 0 < id < 2**31 else 0))
    return found[0] if found else None


_TABLES: dict[Visited, Any] = {Visited.PROCESS: Process, Visited.REVIEW: Review, Visited.CYCLE: Cycle}


def _places(kind: Visited, *where: ColumnElement[bool]) -> list[Place]:
    query: Any
    if kind is Visited.PROCESS:
        query = select(Process.id, Process.organisation_id, Process.code, Process.name_da, Process.name_en,
                       Process.valid_to.is_(None)).order_by(Process.sort_key)  # fmt: skip
    elif kind is Visited.REVIEW:
        query = (
            select(Review.id, Review.organisation_id, Review.number, Subprocess.name_da, Subprocess.name_en,
                   Review.state.in_(LIVE))
            .join(Subprocess, Subprocess.id == Review.subprocess_id).order_by(Review.number.desc())
        )  # fmt: skip
    else:
        query = select(Cycle.id, Cycle.organisation_id, cast(Cycle.year, String), literal(""),
                       literal("").label("en"), Cycle.state != Phase.CLOSED).order_by(Cycle.year.desc())  # fmt: skip
    return [Place(kind, *row) for row in db.session.execute(query.where(*where))]


def places(organisation_id: int) -> list[Place]:
    """What an organisation can borrow a person for: a process, a review that goes on, a cycle that is open."""
    found = [
        *_places(Visited.PROCESS, Process.organisation_id == organisation_id),
        *_places(Visited.REVIEW, Review.organisation_id == organisation_id, Review.state.in_(LIVE)),
        *_places(Visited.CYCLE, Cycle.organisation_id == organisation_id),
    ]
    return [one for one in found if one.live]


@dataclass(frozen=True)
class Lendable:
    """Somebody who can be borrowed."""

    id: int
    name: str
    code: str
    roles: frozenset[Role]


def lendable(host_id: int, on: date) -> list[Lendable]:
    """Controllers and members of groups in other organisations that day, by organisation and name."""
    rows = db.session.execute(
        select(Person.id, Person.name, Organisation.code, RoleGrant.role)
        .join(RoleGrant, RoleGrant.person_id == Person.id).join(Organisation, Organisation.id == Person.organisation_id)
        .where(RoleGrant.role.in_([Role.CTL, Role.GRP]), Person.organisation_id != host_id, *_holds(on))
        .order_by(Organisation.code, Person.name)
    )  # fmt: skip
    found: dict[int, Lendable] = {}
    for id, name, code, role in rows:
        known = found.get(id)
        found[id] = Lendable(id, name, code, frozenset({role, *(known.roles if known else ())}))
    return list(found.values())


def _holds(on: date) -> tuple[ColumnElement[bool], ...]:
    return (
        RoleGrant.valid_from <= on, or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to >= on),
        Person.valid_from <= on, or_(Person.valid_to.is_(None), Person.valid_to >= on),
    )  # fmt: skip


def facts(asked: rules.Asked, on: date) -> tuple[rules.Facts, Place] | None:
    """The person with roles at home, the place, and whether he is asked for or lent there already."""
    there = place(asked.kind, asked.object_id)
    person = db.session.get(Person, asked.visitor_id) if 0 < asked.visitor_id < 2**31 else None
    if there is None or person is None:
        return None
    host = db.session.get_one(Organisation, there.organisation_id)
    roles = set(db.session.scalars(
        select(RoleGrant.role).join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.person_id == person.id, *_holds(on))
    ))  # fmt: skip
    twice = db.session.scalar(
        select(func.count()).where(
            VisitingGrant.visitor_id == person.id, VisitingGrant.task == asked.task,
            VisitingGrant.object_type == asked.kind, VisitingGrant.object_id == asked.object_id,
            VisitingGrant.state.in_(OPEN), VisitingGrant.valid_to >= asked.valid_from,
            VisitingGrant.valid_from <= asked.valid_to,
        )
    )  # fmt: skip
    return rules.Facts(
        person.name, person.organisation_id, roles, host.id, host.code, there.code, there.live, bool(twice)
    ), there  # fmt: skip


def tasks(by: By) -> list[Select[Any]]:
    """Requests to answer (the lender), roles to ask for and to grant (administrators)."""
    grant = VisitingGrant
    lends, manages = by.everywhere(Permission.VISITING_ASK), by.everywhere(Permission.ACCOUNT_MANAGE)
    live, other = grant.valid_to >= by.today, people.untaken(by, Duty.S8, grant, Side.SECOND)
    awaits = [grant.host_organisation_id.in_(manages), grant.state == VisitState.AWAITING_GRANT, live]
    wanted: list[tuple[task.TaskKind, Collection[ColumnElement[bool]]]] = []
    if lends:
        lender = [grant.home_organisation_id.in_(lends), grant.state == VisitState.AWAITING_LENDER]
        wanted.append((LEND, [*lender, live, other]))
    if manages:
        wanted.append((PREPARE, [*awaits, grant.role_asked_by_id.is_(None)]))
        wanted.append((GRANT, [*awaits, grant.role_asked_by_id.is_not(None), other]))
    return [
        _placed(task.rows(kind, id=grant.id, code=_CODE, name_da=Person.name, name_en=Person.name,
                          due=grant.valid_from)).where(*where)
        for kind, where in wanted
    ]  # fmt: skip
