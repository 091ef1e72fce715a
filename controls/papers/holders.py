"""Who holds what in the organisation of a workbook, for sheets 18 and 18a: roles, visitors, and what does not fit."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from typing import Any

from sqlalchemy import String, case, cast, func, select
from sqlalchemy.orm import aliased

from controls.base.db import db
from controls.identity import rules
from controls.identity.duties import Duty
from controls.identity.permissions import BUSINESS_ROLES, ROLES, Permission, Role
from controls.identity.tables import DutyException, Organisation, Person, RoleGrant, VisitingGrant
from controls.identity.visits import TASKS, Visited, VisitTask
from controls.papers import extent
from controls.papers.scope import Scope
from controls.review.tables import Review
from controls.universe.tables import Process
from controls.wheel.tables import Cycle

_ENDS = func.coalesce(VisitingGrant.ended_on, VisitingGrant.valid_to)


def visitors(s: Scope) -> Iterator[tuple[Any, ...]]:
    """People lent to the organisation: who, for what task and when, from where, and in which place."""
    v, home, host = VisitingGrant, aliased(Organisation), aliased(Organisation)
    number = case(
        (v.object_type == Visited.PROCESS, select(Process.code).where(Process.id == v.object_id).scalar_subquery()),
        (v.object_type == Visited.REVIEW, select(Review.number).where(Review.id == v.object_id).scalar_subquery()),
        else_=select(cast(Cycle.year, String)).where(Cycle.id == v.object_id).scalar_subquery(),
    )
    query = (
        select(Person.id, Person.username, Person.name, Person.title, Person.unit, v.task, host.code, v.valid_from,
               _ENDS, v.granted_by_id, home.code, v.object_type, number)
        .join(v, v.visitor_id == Person.id).join(home, home.id == v.home_organisation_id)
        .join(host, host.id == v.host_organisation_id)
        .where(extent.visits(s)).order_by(Person.name, Person.id, v.id)
    )  # fmt: skip
    for row in db.session.execute(query):
        yield *row[:9], s.people[row[9]], *row[10:]


@dataclass(frozen=True)
class Held:
    """A role or a visitor's task as somebody holds it; `root_id` is the same for all accounts of one person."""

    person_id: int
    root_id: int
    role: Role | VisitTask
    organisation: str
    first: date
    last: date | None
    place: tuple[Visited, int] | None = None

    @property
    def gives(self) -> Collection[Permission]:
        """What it permits."""
        return TASKS[self.role] if isinstance(self.role, VisitTask) else ROLES[self.role]


@dataclass(frozen=True)
class Clash:
    """Two of them that together reach both acts of a rule, and when; with the chair's exception if there is one."""

    duty: Duty
    one: Held
    other: Held
    first: date
    last: date | None
    exception_id: int | None


def incompatible(s: Scope) -> list[Clash]:
    """What people hold in the organisation that does not go together, by name."""
    of: dict[int, list[Held]] = {}
    for held in _held(s):
        of.setdefault(held.root_id, []).append(held)
    exempt = _exempt(s)
    pairs = [pair for held in of.values() for pair in permutations(held, 2)]
    found = [clash for one, other in pairs for clash in _clashes(one, other, exempt)]
    return sorted(found, key=lambda c: (s.people[c.one.person_id], c.one.root_id, list(Duty).index(c.duty), c.first))


def _held(s: Scope) -> Iterator[Held]:
    root = func.coalesce(Person.same_person_as_id, Person.id)
    roles = (
        select(Person.id, root, RoleGrant.role, Organisation.code, RoleGrant.valid_from, RoleGrant.valid_to)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(extent.grants(s)).order_by(RoleGrant.id)
    )  # fmt: skip
    for row in db.session.execute(roles):
        yield Held(*row)
    v = VisitingGrant
    lent = (
        select(Person.id, root, v.task, Organisation.code, v.valid_from, _ENDS, v.object_type, v.object_id)
        .join(v, v.visitor_id == Person.id).join(Organisation, Organisation.id == v.host_organisation_id)
        .where(extent.visits(s)).order_by(v.id)
    )  # fmt: skip
    for id, root_id, task, code, first, last, kind, place in db.session.execute(lent):
        yield Held(id, root_id, task, code, first, last, (kind, place))


def _exempt(s: Scope) -> list[tuple[int, Duty, int, date, date]]:
    """The chair's exceptions: number, rule, person, first and last day."""
    e = DutyException
    root = func.coalesce(Person.same_person_as_id, Person.id)
    query = select(e.id, e.duty, root, e.valid_from, e.valid_to).join(Person, Person.id == e.person_id)
    return [(row[0], row[1], row[2], row[3], row[4]) for row in db.session.execute(query.where(extent.exceptions(s)))]


def _clashes(one: Held, other: Held, exempt: list[tuple[int, Duty, int, date, date]]) -> Iterator[Clash]:
    first = max(one.first, other.first)
    last = min((held.last for held in (one, other) if held.last is not None), default=None)
    apart = one.place is not None and other.place is not None and one.place != other.place
    if apart or one.role == other.role or (last is not None and last < first):
        return
    duties = rules.clashes(one.gives, other.gives)
    if one.role is Role.ADM and other.role in BUSINESS_ROLES:
        duties.append(Duty.S9)
    for duty in duties:
        exception = next((id for id, of, person, begins, ends in exempt if of is duty and person == one.root_id
                          and ends >= first and (last is None or begins <= last)), None)  # fmt: skip
        yield Clash(duty, one, other, first, last, exception)
