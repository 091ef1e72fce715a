"""Reads of the hand-over queue, of the staffing check and of the first day."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, literal, or_, select, true, union_all
from sqlalchemy.orm import aliased

from controls.accounts import queries as accounts
from controls.assessment.scales import STANDARD, band
from controls.base import demo, held, task
from controls.base.by import By
from controls.base.clock import local_day
from controls.base.db import db
from controls.base.why import N_, Reason
from controls.identity import queries as people
from controls.identity.duties import Duty
from controls.identity.permissions import Permission, Role
from controls.identity.tables import Organisation, Person, RoleGrant, VisitingGrant
from controls.identity.visits import Visited, VisitState, VisitTask
from controls.rotation.queries import stands
from controls.rotation.tables import Coverage
from controls.staffing import estimate, rules
from controls.staffing.check import Able, Ids, Place, Staff, able, in_line
from controls.staffing.tables import Answer
from controls.staffing.words import Act, Asked, Task
from controls.universe import queries as universe
from controls.universe.rules import Entry
from controls.universe.tables import LineDuty, Process, Subprocess
from controls.universe.words import LineKind
from controls.wheel.queries import Cycle

Rows = Select[*tuple[Any, ...]]

HELD: list[Callable[[date], Rows]] = []
"""Filled by wiring: each slice's select (of `base.held.rows`) of what has an owner and is not over."""

EVERYTHING = 100_000

QUEUE = task.declare(
    "staffing.queue", N_("Give over what has no owner in {code}"), N_("Open queue"), "staffing.handover",
    of_organisation=True,
)  # fmt: skip

# --- The hand-over queue -----------------------------------------------------------------------------------------


class Held(NamedTuple):
    """An object with its owner and who takes over unless somebody is chosen."""

    kind: str
    id: int
    organisation_id: int
    code: str
    name_da: str
    name_en: str
    owner_id: int | None
    page: int
    owner: str | None
    ended: date | None
    proposed_id: int | None
    proposed: str | None
    total: int

    @property
    def key(self) -> rules.Key:
        """As the page carries it."""
        return rules.Key(self.kind, self.id, self.owner_id or 0)


def _gone(owner_id: ColumnElement[Any], on: date) -> ColumnElement[bool]:
    """Whether an object has no owner."""
    return or_(*_ways_gone(owner_id, on))


def _ways_gone(owner_id: ColumnElement[Any], on: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Nobody was named, or the account has ended."""
    return owner_id.is_(None), owner_id.in_(select(Person.id).where(Person.valid_to < on))


def _held(organisation_ids: Collection[int] | None, on: date, person_id: int | None, kind: str = "") -> Any:
    """What stands in the queue in these organisations (or all), or what a person owns there; of one kind or every."""
    found = []
    for place, publish in enumerate(HELD):
        query = publish(on)
        column = query.selected_columns
        owner = column["owner_id"]
        mine = _gone(owner, on) if person_id is None else owner == person_id
        here = true() if organisation_ids is None else column["organisation_id"].in_(organisation_ids)
        found.append(query.add_columns(literal(place).label("place")).where(here, mine))
    rows = union_all(*found).subquery()
    return select(rows).where(rows.c.kind == kind).subquery() if kind else rows


def queue(
    organisation_id: int, on: date, person_id: int | None = None, kind: str = "", offset: int = 0, limit: int = 1000
) -> list[Held]:
    """What stands in the queue of an organisation, or all that a person owns there, in one query; processes first."""
    rows = _held([organisation_id], on, person_id, kind)
    owner, above, deputy = aliased(Person), aliased(Person), aliased(Person)

    def able(person: Any, id: Any) -> ColumnElement[bool]:
        another = or_(rows.c.owner_id.is_(None), person.id != rows.c.owner_id)
        return and_(person.id == id, or_(person.valid_to.is_(None), person.valid_to >= on), another)

    found = db.session.execute(
        select(rows.c.kind, rows.c.id, rows.c.organisation_id, rows.c.code, rows.c.name_da, rows.c.name_en,
               rows.c.owner_id, rows.c.page, owner.name, owner.valid_to, func.coalesce(above.id, deputy.id),
               func.coalesce(above.name, deputy.name), func.count().over())
        .outerjoin(owner, owner.id == rows.c.owner_id)
        .outerjoin(above, able(above, rows.c.above_id)).outerjoin(deputy, able(deputy, rows.c.deputy_id))
        .order_by(rows.c.place, owner.id.is_(None), owner.name, rows.c.owner_id, rows.c.code, rows.c.id)
        .offset(offset).limit(limit)
    )  # fmt: skip
    return [Held(*row) for row in found]


def counts(
    organisation_ids: Collection[int] | None, on: date, person_id: int | None = None
) -> dict[int, dict[str, int]]:  # fmt: skip
    """How many of each kind stand in the queue (or are a person's), by organisation, in one query."""
    rows = _held(organisation_ids, on, person_id)
    found: dict[int, dict[str, int]] = {}
    for organisation, kind, number in db.session.execute(
        select(rows.c.organisation_id, rows.c.kind, func.count())
        .group_by(rows.c.organisation_id, rows.c.kind, rows.c.place).order_by(rows.c.place)
    ):  # fmt: skip
        found.setdefault(organisation, {})[kind] = number
    return found


def owned_by(person_id: int, on: date) -> list[tuple[str, int]]:
    """What a person answers for, by kind and number, for whoever ends the account; no name of it is told."""
    total: dict[str, int] = {}
    for some in counts(None, on, person_id).values():
        for kind, number in some.items():
            total[kind] = total.get(kind, 0) + number
    return [(held.KINDS[kind].many, number) for kind, number in total.items()]


def unowned(cycle: Cycle) -> list[Reason]:
    """The gate to assessing: every process has an owner whose account is open."""
    on = local_day(demo.now())
    query = universe.held_processes(on)
    column = query.selected_columns
    codes = db.session.scalars(
        query.where(column["organisation_id"] == cycle.organisation_id, _gone(column["owner_id"], on))
        .with_only_columns(Process.code).order_by(Process.sort_key, Process.code)
    )  # fmt: skip
    return rules.why_not_assess(list(codes))


def tasks(by: By) -> list[Rows]:
    """The group gives over what has no owner, from the day a year is opened: all that stands in the queue.

    Asked on every page, so that each kind is looked for until one is found.
    """
    edits = by.everywhere(Permission.CATALOGUE_EDIT)
    if not edits:
        return []
    there = or_(*(_one_stands(publish(by.today), by.today) for publish in HELD))
    opened = select(Cycle.id).where(Cycle.organisation_id == Organisation.id).exists()
    return [
        task.rows(QUEUE, id=Organisation.id, code=Organisation.code, name_da=Organisation.name_da,
                  name_en=Organisation.name_en).where(Organisation.id.in_(edits), opened, there)
    ]  # fmt: skip


def _one_stands(held_ones: Rows, on: date) -> ColumnElement[bool]:
    """Whether at least one of a kind has no owner in the organisation of the outer query.

    Nobody named and an account that has ended are asked apart, so that an index finds each.
    """
    column = held_ones.selected_columns
    here = held_ones.where(column["organisation_id"] == Organisation.id)
    here = here.with_only_columns(literal(1), maintain_column_froms=True).correlate(Organisation)
    return or_(*(here.where(gone).exists() for gone in _ways_gone(column["owner_id"], on)))


def staff(organisation_id: int, on: date) -> list[tuple[int, str, str]]:
    """Who works here: id, name, user name."""
    rows = people.people(frozenset({organisation_id}), on=on)
    return [(row.id, row.name, row.username) for row in rows]


# --- Owners and deputies -----------------------------------------------------------------------------------------


class Owned(NamedTuple):
    """A process with who owns it and who is deputy; a name is empty when the account has ended."""

    id: int
    version: int
    code: str
    name_da: str
    name_en: str
    owner_id: int | None
    deputy_id: int | None
    owner: str
    deputy: str


def owners(organisation_id: int, on: date) -> list[Owned]:
    """One row for each process in force, in the order of codes, in one query."""
    owner, deputy = aliased(Person), aliased(Person)

    def open_(person: Any, id: Any) -> ColumnElement[bool]:
        return and_(person.id == id, or_(person.valid_to.is_(None), person.valid_to >= on))

    rows = db.session.execute(
        select(Process.id, Process.version, Process.code, Process.name_da, Process.name_en, owner.id, deputy.id,
               owner.name, owner.username, deputy.name, deputy.username)
        .outerjoin(owner, open_(owner, Process.owner_id)).outerjoin(deputy, open_(deputy, Process.deputy_id))
        .where(Process.organisation_id == organisation_id, universe.active(Process, on))
        .order_by(Process.sort_key, Process.code)
    )  # fmt: skip
    return [Owned(*row[:7], _label(row[7], row[8]), _label(row[9], row[10])) for row in rows]


def _label(name: str | None, username: str | None) -> str:
    return rules.label(name, username) if name and username else ""


# --- The staffing check ------------------------------------------------------------------------------------------

TASKS = {
    VisitTask.APPROVER: (Task.APPROVE, Task.QUALITY), VisitTask.TESTER: (Task.TEST,),
    VisitTask.QUALITY_REVIEWER: (Task.QUALITY,),
}  # fmt: skip
"""What a visitor may do in the process he is lent to."""

BORROWED = {
    Task.APPROVE: (VisitTask.APPROVER, {Role.GRP}), Task.TEST: (VisitTask.TESTER, {Role.CTL}),
    Task.QUALITY: (VisitTask.QUALITY_REVIEWER, {Role.CTL, Role.GRP}),
}  # fmt: skip
"""What to ask for when somebody lacks, and which role at home fits; nobody is borrowed to fill in a form."""

ROLES = {
    Role.OWN: ("owners",), Role.CTL: ("fill", "test", "quality"), Role.GRP: ("approve", "quality"),
}  # fmt: skip
ACTS = {Role.GRP: Act.WRITE, Role.SEC: Act.RECORD, Role.VDC: Act.CONFIRM}


class Lender(NamedTuple):
    """Somebody who can be borrowed, and where from."""

    id: int
    name: str
    code: str
    roles: frozenset[Role]


@dataclass(frozen=True)
class Row:
    """A process of the check, with who may do each task."""

    process: Owned
    place: Place
    able: Able


@dataclass(frozen=True)
class Found:
    """The whole check of an organisation."""

    rows: list[Row]
    staff: Staff
    names: dict[int, str]
    lenders: list[Lender]

    def named(self, ids: Ids) -> list[str]:
        """Their names, in order."""
        return sorted(self.names[id] for id in ids if id in self.names)

    def borrow(self, row: Row, task: Task) -> dict[str, list[str]]:
        """By organisation, who has a role that fits, is not in line here and does not do the task already."""
        if task not in BORROWED:
            return {}
        suits, out = BORROWED[task][1], in_line(row.place, self.staff) | row.able.may[task]
        gap = row.able.gap(task)
        out |= {gap.only} if gap and gap.only else frozenset()
        found: dict[str, list[str]] = {}
        for one in self.lenders:
            if one.id not in out and suits & one.roles:
                found.setdefault(one.code, []).append(one.name)
        return found


def check(organisation_id: int, on: date) -> Found:
    """Who may do what in each process, in four queries; `on` is a day of the year that is looked at."""
    staff, names, lenders = _staff(organisation_id, on)
    visitors = _visitors(organisation_id, on)
    rows = [
        Row(owned, place, able(place, staff)) for owned, place in _places(organisation_id, on, visitors)
    ]  # fmt: skip
    return Found(rows, staff, names, lenders)


def _staff(organisation_id: int, on: date) -> tuple[Staff, dict[int, str], list[Lender]]:
    """Everybody with a role that the check asks about: those whose role reaches here, and whom one could borrow."""
    top, here = aliased(Organisation), aliased(Organisation)
    root = func.coalesce(Person.same_person_as_id, Person.id)
    rows = db.session.execute(
        select(root, Person.name, Organisation.id, Organisation.code, RoleGrant.role, here.id)
        .join(RoleGrant, RoleGrant.person_id == Person.id).join(Organisation, Organisation.id == Person.organisation_id)
        .join(top, top.id == RoleGrant.organisation_id)
        .outerjoin(here, and_(here.id == organisation_id, here.path.startswith(top.path)))
        .where(RoleGrant.role.in_([*ROLES, *ACTS]), RoleGrant.valid_from <= on)
        .where(or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to >= on))
        .where(Person.valid_from <= on, or_(Person.valid_to.is_(None), Person.valid_to >= on))
        .order_by(Organisation.path, Person.name, Person.id)
    )  # fmt: skip
    sets: dict[str, set[int]] = {}
    acts: dict[Act, set[int]] = {}
    names: dict[int, str] = {}
    lenders: dict[int, Lender] = {}
    for id, name, home, code, role, reaches in rows:
        names[id] = name
        if reaches is not None:
            for group in ROLES.get(role, ()):
                sets.setdefault(group, set()).add(id)
            if role in ACTS:
                acts.setdefault(ACTS[role], set()).add(id)
        if home != organisation_id and role in (Role.CTL, Role.GRP):
            known = lenders.get(id)
            lenders[id] = Lender(id, name, code, frozenset({role, *(known.roles if known else ())}))
    off: dict[Duty, set[int]] = {}
    for given in accounts.exceptions(frozenset({organisation_id})):
        if given.stands(on):
            off.setdefault(given.row.duty, set()).add(given.row.person_id)
    made = Staff(
        **{group: frozenset(ids) for group, ids in sets.items()},
        acts={act: frozenset(ids) for act, ids in acts.items()},
        **{name: frozenset(off.get(duty, ()))
           for name, duty in (("off_s2", Duty.S2), ("off_s4", Duty.S4), ("off_s5", Duty.S5))},
    )  # fmt: skip
    return made, names, list(lenders.values())


def _visitors(organisation_id: int, on: date) -> dict[tuple[Visited, int], dict[Task, set[int]]]:
    """Who is lent to a process or the year of the organisation, from a day on."""
    root = func.coalesce(Person.same_person_as_id, Person.id)
    rows = db.session.execute(
        select(VisitingGrant.object_type, VisitingGrant.object_id, VisitingGrant.task, root)
        .join(Person, Person.id == VisitingGrant.visitor_id)
        .where(VisitingGrant.host_organisation_id == organisation_id, VisitingGrant.valid_to >= on)
        .where(VisitingGrant.state == VisitState.GRANTED, VisitingGrant.object_type != Visited.REVIEW)
    )  # fmt: skip
    found: dict[tuple[Visited, int], dict[Task, set[int]]] = {}
    for kind, id, lent_for, person_id in rows:
        place = (kind, id if kind is Visited.PROCESS else 0)
        for may in TASKS[lent_for]:
            found.setdefault(place, {}).setdefault(may, set()).add(person_id)
    return found


def _places(
    organisation_id: int, on: date, visitors: dict[tuple[Visited, int], dict[Task, set[int]]]
) -> list[tuple[Owned, Place]]:
    """Each process in force with those who have line duty there in the year, in one query."""
    first, last = date(on.year, 1, 1), date(on.year, 12, 31)
    root = func.coalesce(Person.same_person_as_id, Person.id)
    duty = and_(
        LineDuty.process_id == Process.id, LineDuty.valid_from <= last,
        or_(LineDuty.valid_to.is_(None), LineDuty.valid_to >= first),
    )  # fmt: skip
    rows = db.session.execute(
        select(Process, LineDuty.kind, LineDuty.person_id, root, Person.id)
        .outerjoin(LineDuty, duty)
        .outerjoin(Person, or_(
            Person.id == LineDuty.person_id, Person.id == Process.owner_id, Person.id == Process.deputy_id
        ))
        .where(Process.organisation_id == organisation_id, universe.active(Process, on))
        .order_by(Process.sort_key, Process.code)
    )  # fmt: skip
    found: dict[int, tuple[Process, dict[str, set[int]]]] = {}
    for process, kind, holder, person_id, account in rows:
        sets = found.setdefault(process.id, (process, {"owners": set(), "line": set(), "keepers": set()}))[1]
        if person_id is None:
            continue
        sets["line"].add(person_id)
        if account in (process.owner_id, process.deputy_id):
            sets["owners"].add(person_id)
        if account == holder and kind in (LineKind.CONTROL_OWNER, LineKind.PERFORMER):
            sets["keepers"].add(person_id)
    everywhere = visitors.get((Visited.CYCLE, 0), {})
    return [
        (
            Owned(id, process.version, process.code, process.name_da, process.name_en, process.owner_id,
                  process.deputy_id, "", ""),
            Place(id, **{name: frozenset(ids) for name, ids in sets.items()},
                  visitors=_both(everywhere, visitors.get((Visited.PROCESS, id), {}))),
        )
        for id, (process, sets) in found.items()
    ]  # fmt: skip


def _both(one: dict[Task, set[int]], two: dict[Task, set[int]]) -> dict[Task, Ids]:
    return {task: frozenset(one.get(task, set()) | two.get(task, set())) for task in {*one, *two}}


# --- The first day -----------------------------------------------------------------------------------------------


def seen(organisation_id: int, year: int) -> tuple[Answer | None, int | None]:
    """What was answered about the staffing of a year, and the cycle of the year when it is opened, in one query."""
    row = db.session.execute(
        select(Answer, Cycle.id).select_from(Organisation)
        .outerjoin(Answer, and_(
            Answer.organisation_id == Organisation.id, Answer.asked == Asked.STAFFING, Answer.year == year
        ))
        .outerjoin(Cycle, and_(Cycle.organisation_id == Organisation.id, Cycle.year == year))
        .where(Organisation.id == organisation_id)
    ).one()  # fmt: skip
    return row[0], row[1]


def answer(organisation_id: int, asked: Asked, year: int) -> Answer | None:
    """What was answered in a year."""
    return db.session.scalar(
        select(Answer).where(Answer.organisation_id == organisation_id, Answer.asked == asked, Answer.year == year)
    )  # fmt: skip


WAITING: list[Callable[[int], ScalarSelect[Any]]] = []
"""Filled by wiring: the newest catalogue file that waits in an organisation, or 0."""
KEPT: list[Callable[[int, int, str], set[str]]] = []
"""Filled by wiring: the sub-processes in a person's own waiting file of a name."""


def first_day(organisation_id: int, on: date) -> rules.FirstDay:
    """How far an organisation is before its first year, in one query (a row for each answer)."""
    there = [Process.organisation_id == organisation_id, universe.active(Process, on)]
    parts = [Subprocess.organisation_id == organisation_id, universe.active(Subprocess, on)]
    codes = [entry.subprocess_code for entry in universe.proposed_entries()]
    open_ = select(Person.id).where(or_(Person.valid_to.is_(None), Person.valid_to >= on))

    def count(table: Any, *where: ColumnElement[bool]) -> Any:
        return select(func.count()).select_from(table).where(*where).scalar_subquery()

    figures = select(
        count(Subprocess, *parts), count(Subprocess, *parts, Subprocess.code.in_(codes)),
        WAITING[0](organisation_id),
        count(Process, *there), count(Process, *there, Process.owner_id.in_(open_)),
        count(Process, *there, Process.deputy_id.in_(open_)),
        count(Coverage, Coverage.organisation_id == organisation_id, stands(Coverage)),
    ).subquery()  # fmt: skip
    rows = db.session.execute(
        select(figures, Answer)
        .outerjoin(Answer, and_(Answer.organisation_id == organisation_id, Answer.year == on.year))
    ).all()  # fmt: skip
    answers = {row[-1].asked: rules.Answered(row[-1].answered_on, row[-1].missing) for row in rows if row[-1]}
    subprocesses, kept, waiting, processes, owned, deputies, reviews = rows[0][:7]
    return rules.FirstDay(
        subprocesses, kept, len(codes), waiting, processes, owned, deputies, reviews, answers.get(Asked.HISTORY),
        answers.get(Asked.STAFFING),
    )  # fmt: skip


class Offered(NamedTuple):
    """A sub-process of the proposed catalogue with what it takes."""

    entry: Entry
    load: estimate.Load


def offered() -> list[Offered]:
    """The proposed catalogue, each with its load by the suggested inherent band on the standard scales."""
    return [
        Offered(entry, estimate.load(
            band(STANDARD, entry.likelihood, entry.impact) if entry.likelihood and entry.impact else None
        ))
        for entry in universe.proposed_entries()
    ]  # fmt: skip


def chosen_before(organisation_id: int, person_id: int | None) -> set[str]:
    """What the reader's own waiting file keeps, so that the page shows the ticks again."""
    return KEPT[0](organisation_id, person_id, universe.PROPOSED) if person_id else set()
