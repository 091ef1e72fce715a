"""Reads of the catalogue: areas, processes, sub-processes, the list of them, and catalogue files."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Date,
    ScalarSelect,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    text,
    true,
    union,
)  # fmt: skip
from sqlalchemy.orm import aliased

from controls.base import held, intake, told
from controls.base.by import By
from controls.base.clock import midnight_after
from controls.base.db import Base, built, db
from controls.base.why import N_, Reason
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person
from controls.universe import rules, sheet
from controls.universe.rules import Entry, Line
from controls.universe.structure import Origin, Standing, day_before
from controls.universe.tables import Area, Lineage, LineDuty, Process, Structure, Subprocess
from controls.universe.words import Kind, Level

T = TypeVar("T", Area, Process, Subprocess)

TABLES: dict[Level, Any] = {Level.AREA: Area, Level.PROCESS: Process, Level.SUBPROCESS: Subprocess}

PROPOSED, CODE = "catalogue.csv", "subprocess_code"
"""The shipped catalogue, the starting data of an organisation, and its column of sub-processes."""


class Cell(NamedTuple):
    """What stands beside a sub-process: a text; with `level` a risk band (the text is its figure)."""

    text: str = ""
    level: str = ""
    late: bool = False


@dataclass(frozen=True)
class Beside:
    """A column of the list that a later slice fills: heading, and the cells of these sub-processes, in one query."""

    heading: str
    values: Callable[[Sequence[int], int], dict[int, Cell]]


BESIDE: list[Beside] = []
"""Filled by app.py, at most two, so that the list keeps to five columns."""

HELD = held.declare("universe_process", N_("Process"), N_("Processes"), "overview.process", by_code=True)


def area(id: int) -> Area | None:
    """An area by id."""
    return db.session.get(Area, id)


def process(id: int) -> Process | None:
    """A process by id."""
    return db.session.get(Process, id)


def line_rows(process_id: int, control_id: int | None = None) -> list[LineDuty]:
    """The line duties of a process that last: its own, or those by one of its controls."""
    query = select(LineDuty).where(LineDuty.process_id == process_id, LineDuty.valid_to.is_(None))
    return list(db.session.scalars(query.where(LineDuty.control_id == control_id).order_by(LineDuty.id)))


def standing(process_id: int, first: date, last: date, *objects: tuple[str, int]) -> people.Taken:
    """The parts taken on a process and these objects, with who is in line there in the period, in one query (S4)."""
    root = func.coalesce(Person.same_person_as_id, Person.id)
    line = (
        select(literal(Duty.S4), literal("universe_process"), literal(process_id), null(), literal(Side.FIRST), root)
        .outerjoin(LineDuty, and_(LineDuty.person_id == Person.id, LineDuty.process_id == process_id))
        .outerjoin(Process, and_(Process.id == process_id, Person.id.in_([Process.owner_id, Process.deputy_id])))
        .where(or_(Process.id.is_not(None), and_(
            LineDuty.valid_from <= last, or_(LineDuty.valid_to.is_(None), LineDuty.valid_to >= first))))
    )  # fmt: skip
    found: people.Taken = {}
    for duty, kind, id, within, side, person_id in db.session.execute(
        people.parts_of(("universe_process", process_id), *objects).union_all(line)
    ):
        for year in range(first.year, last.year + 1) if within is None else (within,):
            found.setdefault((Duty(duty), kind, id, year, Side(side)), set()).add(person_id)
    return found


def why_not_off_line(
    by: By, process: Process, first: date, last: date, permission: Permission, parts: people.Taken
) -> list[Reason]:
    """S4: who has line duty in the process in the period neither approves, tests nor reviews in it."""
    for year in range(first.year, last.year + 1):
        reasons = people.why_not_part(
            by, Duty.S4, process, Side.SECOND, within=year, permission=permission, parts=parts
        )  # fmt: skip
        if reasons:
            return reasons
    return []


def subprocess(id: int) -> Subprocess | None:
    """A sub-process by id."""
    return db.session.get(Subprocess, id)


def areas(organisation_id: int) -> list[Area]:
    """The areas of an organisation."""
    return list(db.session.scalars(
        select(Area).where(Area.organisation_id == organisation_id).order_by(Area.sort_key, Area.code)))  # fmt: skip


def by_code(organisation_id: int, level: Level, code: str) -> Any:
    """An area, process or sub-process by its code."""
    if not code.isprintable():  # PostgreSQL cannot compare with what it cannot store
        return None
    table = TABLES[level]
    return db.session.scalar(select(table).where(table.organisation_id == organisation_id, table.code == code))


def process_by_code(organisation_id: int, code: str) -> Process | None:
    """A process by its code in an organisation."""
    return by_code(organisation_id, Level.PROCESS, code)  # type: ignore[no-any-return]


def subprocess_by_code(organisation_id: int, code: str) -> Subprocess | None:
    """A sub-process by its code in an organisation."""
    return by_code(organisation_id, Level.SUBPROCESS, code)  # type: ignore[no-any-return]


def active(table: type[Process] | type[Subprocess], on: date) -> ColumnElement[bool]:
    """In force on a day."""
    return and_(table.valid_from <= on, or_(table.valid_to.is_(None), table.valid_to >= on))


def active_processes(organisation_id: int, on: date) -> list[Process]:
    """The processes in force on a day, in the order of their codes."""
    return list(db.session.scalars(
        select(Process).where(Process.organisation_id == organisation_id, active(Process, on))
        .order_by(Process.sort_key, Process.code)))  # fmt: skip


def active_subprocesses(organisation_id: int, on: date) -> list[Subprocess]:
    """The sub-processes in force on a day, in the order of their codes."""
    return list(db.session.scalars(
        select(Subprocess).where(Subprocess.organisation_id == organisation_id, active(Subprocess, on))
        .order_by(Subprocess.sort_key, Subprocess.code)))  # fmt: skip


def subprocesses_of(process_id: int, on: date | None = None) -> list[Subprocess]:
    """The sub-processes of a process: those in force on a day, or all that ever were."""
    query = select(Subprocess).where(Subprocess.process_id == process_id)
    if on is not None:
        query = query.where(active(Subprocess, on))
    return list(db.session.scalars(query.order_by(Subprocess.sort_key, Subprocess.code)))


def by_ids(ids: Iterable[int]) -> dict[int, Subprocess]:
    """Sub-processes by id, in one query."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {row.id: row for row in db.session.scalars(select(Subprocess).where(Subprocess.id.in_(wanted)))}


def processes_by_ids(ids: Iterable[int]) -> dict[int, Process]:
    """Processes by id, in one query."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {row.id: row for row in db.session.scalars(select(Process).where(Process.id.in_(wanted)))}


def owned_by(person_id: int, on: date) -> list[Process]:
    """The processes that a person owns or is deputy for."""
    return list(db.session.scalars(
        select(Process).where(or_(Process.owner_id == person_id, Process.deputy_id == person_id), active(Process, on))
        .order_by(Process.organisation_id, Process.sort_key)))  # fmt: skip


def held_processes(on: date) -> Select[*tuple[Any, ...]]:
    """The processes in force on a day, with who owns each; the deputy takes over unless somebody is chosen."""
    return held.rows(
        HELD, id=Process.id, organisation_id=Process.organisation_id, code=Process.code, name_da=Process.name_da,
        name_en=Process.name_en, owner_id=Process.owner_id, deputy_id=Process.deputy_id,
    ).where(active(Process, on))  # fmt: skip


def is_own_area(process_id: int, person_id: int | None, on: date) -> bool:
    """Whether a person owns the process, is deputy for it or has line duty in it that day."""
    duty = select(LineDuty.id).where(
        LineDuty.process_id == process_id, LineDuty.person_id == person_id, LineDuty.valid_from <= on,
        or_(LineDuty.valid_to.is_(None), LineDuty.valid_to >= on),
    )  # fmt: skip
    holds = or_(Process.owner_id == person_id, Process.deputy_id == person_id, duty.exists())
    return db.session.scalar(select(Process.id).where(Process.id == process_id, holds)) is not None


# --- The list ---


class Named(NamedTuple):
    """A line of the list: what it is called and who owns it."""

    id: int
    code: str
    name_da: str
    name_en: str
    owner: str = ""


class ListedProcess(NamedTuple):
    """A process of the list with those of its sub-processes that are on the page."""

    process: Named
    subprocesses: list[Named]


class ListedArea(NamedTuple):
    """An area of the list; the organisation is told when the list holds several."""

    organisation: str
    area: Named
    processes: list[ListedProcess]


@dataclass(frozen=True)
class Figures:
    """What stands above the list: how many there are, how many pass the filter, and what can be filtered by."""

    areas: int
    processes: int
    subprocesses: int
    matching: int
    area_choices: list[Named]
    owner_choices: list[tuple[int, str]]


Owner = aliased(Person)


def _listed(organisation_ids: frozenset[int], on: date, *columns: Any) -> Select[Any]:
    return (
        select(*columns).select_from(Subprocess)
        .join(Process, Process.id == Subprocess.process_id)
        .where(Subprocess.organisation_id.in_(organisation_ids), active(Subprocess, on), active(Process, on))
    )  # fmt: skip


def _matching(filters: dict[str, str]) -> ColumnElement[bool]:
    if not all(value.isprintable() for value in filters.values()):
        return false()
    parts: list[ColumnElement[bool]] = []
    if "area" in filters:
        parts.append(Process.area_id.in_(select(Area.id).where(Area.code == filters["area"])))
    if "owner" in filters:
        parts.append(Process.owner_id == _number(filters["owner"]))
    for word in filters.get("q", "").split()[:5]:
        columns = (Subprocess.code, Subprocess.name_da, Subprocess.name_en, Process.name_da, Process.name_en)
        parts.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return and_(true(), *parts)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def figures(organisation_ids: frozenset[int], on: date, filters: dict[str, str]) -> Figures:
    """The figures above the list and the choices of its filter, in one grouped query."""
    rows = db.session.execute(_figures(organisation_ids, on, tuple(filters.items()))).all()
    areas = {row[0]: row for row in rows}
    owners = {row[4]: row[5] for row in rows if row[4]}
    by_code: dict[str, Named] = {}
    for row in areas.values():
        by_code.setdefault(row[1], Named(*row[:4]))
    return Figures(
        areas=len(areas), processes=sum(row[6] for row in rows), subprocesses=sum(row[7] for row in rows),
        matching=sum(row[8] for row in rows),
        area_choices=list(by_code.values()),
        owner_choices=sorted(owners.items(), key=lambda one: (one[1], one[0])),
    )  # fmt: skip


@built
def _figures(organisation_ids: frozenset[int], on: date, filters: tuple[tuple[str, str], ...]) -> Select[Any]:
    """A row for each area and owner in it; counted by their ids, which is quicker than by their names."""
    parts = _listed(
        organisation_ids, on, Process.area_id, Process.owner_id, func.count(Process.id.distinct()).label("processes"),
        func.count().label("subprocesses"), func.sum(case((_matching(dict(filters)), 1), else_=0)).label("matching"),
    ).group_by(Process.area_id, Process.owner_id).subquery()  # fmt: skip
    of = parts.c
    return (
        select(Area.id, Area.code, Area.name_da, Area.name_en, of.owner_id, Owner.name, of.processes, of.subprocesses,
               of.matching)
        .join(parts, of.area_id == Area.id).outerjoin(Owner, Owner.id == of.owner_id).order_by(Area.sort_key, Area.id)
    )  # fmt: skip


def listed(
    organisation_ids: frozenset[int], on: date, filters: dict[str, str], *, descending: bool, offset: int, limit: int
) -> list[ListedArea]:
    """One page of sub-processes below their processes and areas, in one query."""
    query = _page(organisation_ids, on, tuple(filters.items()), descending, offset, limit)
    return _grouped(db.session.execute(query).all())


@built
def _page(
    organisation_ids: frozenset[int], on: date, filters: tuple[tuple[str, str], ...], descending: bool, offset: int,
    limit: int,
) -> Select[Any]:  # fmt: skip
    order = [Organisation.path, Subprocess.sort_key, Subprocess.code]
    return (
        _listed(
            organisation_ids, on, Organisation.code, Area.id, Area.code, Area.name_da, Area.name_en,
            Process.id, Process.code, Process.name_da, Process.name_en, Owner.name,
            Subprocess.id, Subprocess.code, Subprocess.name_da, Subprocess.name_en,
        )
        .join(Area, Area.id == Process.area_id)
        .join(Organisation, Organisation.id == Subprocess.organisation_id)
        .outerjoin(Owner, Owner.id == Process.owner_id)
        .where(_matching(dict(filters)))
        .order_by(*(column.desc() for column in order) if descending else order)
        .offset(offset).limit(limit)
    )  # fmt: skip


def _grouped(rows: Sequence[Any]) -> list[ListedArea]:
    """Rows of the list below their areas and processes; a page that begins within an area says the area again."""
    found: list[ListedArea] = []
    area, process = 0, 0
    for (organisation, area_id, area_code, area_da, area_en, process_id, process_code, process_da, process_en, owner,
         id, code, name_da, name_en) in rows:  # fmt: skip
        if area_id != area:
            found.append(ListedArea(organisation, Named(area_id, area_code, area_da, area_en), []))
            area, process = area_id, 0
        if process_id != process:
            named = Named(process_id, process_code, process_da, process_en, owner or "")
            found[-1].processes.append(ListedProcess(named, []))
            process = process_id
        found[-1].processes[-1].subprocesses.append(Named(id, code, name_da, name_en, owner or ""))
    return found


# --- Catalogue files ---


def proposed(kept: Collection[str] | None = None) -> bytes:
    """The shipped catalogue's bytes, or a file of the same columns with these sub-processes only."""
    data = resources.files("controls.universe").joinpath(PROPOSED).read_bytes()
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    if kept is None or all(row[CODE] in kept for row in rows):
        return data
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for row in rows if row[CODE] in kept)
    return text.getvalue().encode()


@cache
def proposed_entries() -> tuple[Entry, ...]:
    """The shipped catalogue, entry by entry; it never changes while the program runs."""
    return tuple(read_catalogue(proposed(), PROPOSED))


def read_catalogue(data: bytes, filename: str) -> list[Entry]:
    """The entries of a catalogue file (CSV or xlsx); raises `Refused` with every bad row."""
    name = intake.named(filename)
    return entries(intake.read(data, name), name)


def entries(given: intake.Sheet, name: str, named: Collection[rules.Key] = ()) -> list[Entry]:
    """The rows of a file as entries; raises `Refused` with every bad row."""
    return sheet.entries(given.rows, given.name if name.lower().endswith(".xlsx") else "", named)


def existing(organisation_id: int) -> dict[rules.Key, Line]:
    """The catalogue of an organisation, closed lines too, as an import compares with it.

    What an import added that was undone is not there: a corrected file may bring it again.
    """
    none, blank = cast(null(), Date), literal("")
    above = _given_up(organisation_id).add_columns(blank, blank, blank, literal(True), blank, none, none).union_all(
        select(literal(Level.AREA.value), Area.code, Area.name_da, Area.name_en, Area.sort_key, literal(False), blank,
               none, none).where(Area.organisation_id == organisation_id),
        select(literal(Level.PROCESS.value), Process.code, Process.name_da, Process.name_en, Process.sort_key,
               Process.valid_to.is_not(None), Area.code, Process.valid_to, _undone_on(Process))
        .join(Area, Area.id == Process.area_id).where(Process.organisation_id == organisation_id),
    ).order_by(text("5"))  # fmt: skip
    found = [
        Line(Level(level), code, over, {"name_da": da, "name_en": en}, closed=gone)
        for level, code, da, en, _key, gone, over, closed, undone in db.session.execute(above)
        if undone is None or closed != day_before(undone)
    ]
    values = [getattr(Subprocess, name) for name in rules.VALUES]
    found += [
        Line(Level.SUBPROCESS, code, over, dict(zip(rules.VALUES, rest, strict=True)), closed=closed is not None)
        for code, closed, undone, over, *rest in db.session.execute(
            select(Subprocess.code, Subprocess.valid_to, _undone_on(Subprocess), Process.code, *values)
            .join(Process, Process.id == Subprocess.process_id)
            .where(Subprocess.organisation_id == organisation_id).order_by(Subprocess.sort_key))
        if undone is None or closed != day_before(undone)
    ]  # fmt: skip
    return {line.key: line for line in found}


def _undone_on(table: Any) -> ScalarSelect[date]:
    """The day on which the import that added a line was undone last."""
    query = select(func.max(Structure.effective_on)).join(Lineage, Lineage.structure_id == Structure.id)
    query = query.where(Lineage.object_type == table.__tablename__, Lineage.before_id == table.id)
    return query.where(Structure.kind == Kind.UNDONE).correlate(table).scalar_subquery()


def in_use(organisation_id: int) -> set[tuple[str, int]]:
    """Table and id of the processes and sub-processes that anything outside the catalogue's own tree refers to.

    Every slice's tables are asked, also those that come later: none can be forgotten.
    """
    own = {Process.__tablename__, Subprocess.__tablename__}
    asked = [
        select(literal(key.column.table.name), key.parent).join(key.column.table, key.column == key.parent)
        .where(key.column.table.c.organisation_id == organisation_id)
        for table in Base.metadata.sorted_tables if table.name not in own
        for key in table.foreign_keys if key.column.table.name in own
    ]  # fmt: skip
    changed = select(Lineage.object_type, Lineage.after_id).join(Structure, Structure.id == Lineage.structure_id)
    asked.append(changed.where(Lineage.organisation_id == organisation_id, Structure.kind == Kind.CHANGED))
    return {(table, id) for table, id in db.session.execute(union(*asked))}


def rows_of(table: type[T], organisation_id: int) -> list[T]:
    """Every area, process or sub-process of an organisation, closed ones too."""
    return list(db.session.scalars(select(table).where(table.organisation_id == organisation_id)))


def has_processes(organisation_id: int) -> bool:
    """Whether the organisation has any process in its catalogue."""
    query = select(Process.id).where(Process.organisation_id == organisation_id, Process.valid_to.is_(None)).limit(1)
    return db.session.scalar(query) is not None


# --- Changes of structure ---

UNDER_WAY: list[Callable[[Sequence[int]], list[Reason]]] = []
"""Filled by wiring: what of later slices is under way in sub-processes, so that they cannot end now."""


def under_way(ids: Sequence[int]) -> list[Reason]:
    """Why these sub-processes cannot be closed, split, merged or transferred now."""
    return [reason for published in UNDER_WAY for reason in published(ids)] if ids else []


CONTROLS: list[Callable[[int], list[int]]] = []
"""Filled by wiring: the controls of a sub-process, whose owners and performers are in line in its process."""


def controls_of(subprocess_id: int) -> list[int]:
    """The ids of the controls of a sub-process."""
    return [id for published in CONTROLS for id in published(subprocess_id)]


def standing_of(row: Any) -> Standing:
    """What the rules must know of an area, a process or a sub-process."""
    level = {Area: Level.AREA, Process: Level.PROCESS, Subprocess: Level.SUBPROCESS}[type(row)]
    since, until = getattr(row, "valid_from", None), getattr(row, "valid_to", None)
    return Standing(level, row.code, row.name_da, row.name_en, since, until)


def _given_up(organisation_id: int) -> Select[*tuple[Any, ...]]:
    """Level and code of what something was called before it got another code."""
    query = select(cast(Structure.level, String), Lineage.was).join(Structure, Structure.id == Lineage.structure_id)
    return query.where(Lineage.organisation_id == organisation_id, Structure.kind == Kind.RECODED)


def codes(organisation_id: int, level: Level) -> set[str]:
    """Every code that is or was in use at a level, in small letters: a code is never used again."""
    table = TABLES[level]
    found = set(db.session.scalars(select(table.code).where(table.organisation_id == organisation_id)))
    found |= {code for of, code in db.session.execute(_given_up(organisation_id)) if of == level}
    return {code.casefold() for code in found}


def by_old_code(organisation_id: int, level: Level, code: str) -> Any:
    """What had this code before it got another."""
    if not code.isprintable():
        return None
    table = TABLES[level]
    return db.session.scalar(
        select(table).join(Lineage, Lineage.after_id == table.id)
        .join(Structure, Structure.id == Lineage.structure_id)
        .where(Lineage.organisation_id == organisation_id, Structure.level == level, Lineage.was == code,
               Structure.kind == Kind.RECODED)
    )  # fmt: skip


def sort_keys(level: Level, row: Any) -> list[tuple[Any, str]]:
    """The row and all beneath it, each with the text by which it is sorted."""
    if level is Level.SUBPROCESS:
        over = db.session.get_one(Process, row.process_id)
        return [(row, rules.sort_key(db.session.get_one(Area, over.area_id).code, over.code, row.code))]
    if level is Level.PROCESS:
        area = db.session.get_one(Area, row.area_id)
        beneath = [(one, rules.sort_key(area.code, row.code, one.code)) for one in subprocesses_of(row.id)]
        return [(row, rules.sort_key(area.code, row.code)), *beneath]
    found: list[tuple[Any, str]] = [(row, rules.sort_key(row.code))]
    for over in db.session.scalars(select(Process).where(Process.area_id == row.id)):
        found += sort_keys(Level.PROCESS, over)
    return found


PAST = (Kind.SPLIT, Kind.MERGED, Kind.TRANSFERRED, Kind.REOPENED, Kind.CHANGED)


def origins(organisation_ids: frozenset[int], until: date, recorded: bool = False) -> dict[int, list[Origin]]:
    """The past of the sub-processes of some organisations, oldest first, and of all that they came of elsewhere.

    `recorded` leaves out what was written later than the day, though it counts from before.
    """
    found = _origins(Lineage.organisation_id.in_(organisation_ids), until, recorded)
    asked: set[int] = set()
    after: Iterable[Origin] = [one for past in found.values() for one in past if one.kind is Kind.TRANSFERRED]
    while elsewhere := {id for one in after for id in one.before} - asked:
        more = _origins(Lineage.after_id.in_(elsewhere), until, recorded)
        found, asked, after = more | found, asked | elsewhere, [one for past in more.values() for one in past]
    return found


def _origins(where: ColumnElement[bool], until: date, recorded: bool) -> dict[int, list[Origin]]:
    where = and_(where, Structure.recorded_at < midnight_after(until)) if recorded else where
    columns = (Lineage.after_id, Structure.id, Structure.kind, Structure.effective_on, Lineage.inherits)
    rows = db.session.execute(
        select(*columns, Lineage.before_id).join(Structure, Structure.id == Lineage.structure_id)
        .where(where, Lineage.object_type == Subprocess.__tablename__, Lineage.after_id.is_not(None))
        .where(Structure.kind.in_(PAST), Structure.effective_on <= until)
        .order_by(Lineage.after_id, Structure.effective_on, Structure.id, Lineage.id)
    )  # fmt: skip
    found: dict[int, list[Origin]] = {}
    for (after, _id, kind, on, inherits), lines in groupby(rows, key=lambda row: tuple(row[:5])):
        before = tuple(line[5] for line in lines if line[5] not in (None, after))
        found.setdefault(after, []).append(Origin(kind, on, before, inherits))
    return found


@dataclass(frozen=True)
class Placed:
    """A sub-process as it was on a day, with what it stood under."""

    id: int
    organisation_id: int
    code: str
    name_da: str
    name_en: str
    valid_from: date
    valid_to: date | None
    process_id: int
    process_code: str
    process_name_da: str
    process_name_en: str
    owner_id: int | None
    deputy_id: int | None
    yearly_amount_ore: int | None
    area_id: int
    area_code: str
    area_name_da: str
    area_name_en: str

    def in_force(self, day: date) -> bool:
        """Whether it stood in the catalogue on the day."""
        return self.valid_from <= day and (self.valid_to is None or self.valid_to >= day)


def rows_then(organisation_ids: frozenset[int], also: frozenset[int] = frozenset()) -> dict[str, Select[Any]]:
    """Which rows of the log tell of the catalogue of some organisations, and of some sub-processes elsewhere."""
    elsewhere = select(Subprocess.organisation_id).where(Subprocess.id.in_(also))
    more = {Subprocess: Subprocess.id.in_(also)}
    tables: tuple[Any, ...] = (Area, Process, Subprocess)
    return {
        table.__tablename__: select(table.id).where(
            or_(table.organisation_id.in_(organisation_ids), more.get(table, table.organisation_id.in_(elsewhere)))
            if also else table.organisation_id.in_(organisation_ids)
        )
        for table in tables
    }  # fmt: skip


def placed_then(was: Mapping[told.Key, told.State]) -> dict[int, Placed]:
    """Every sub-process that the log told of by a day, closed ones too, in the order of then."""
    found = [
        _placed(id, part, was[Process.__tablename__, part["process_id"]], was)
        for (table, id), part in was.items() if table == Subprocess.__tablename__
    ]  # fmt: skip
    return {placed.id: placed for _, placed in sorted(found, key=lambda one: one[0])}


def _placed(
    id: int, part: told.State, over: told.State, was: Mapping[told.Key, told.State]
) -> tuple[tuple[str, str, int], Placed]:
    """A sub-process with what it stood under, and by what it is sorted."""
    area = was[Area.__tablename__, over["area_id"]]
    until = part["valid_to"]
    placed = Placed(
        id, part["organisation_id"], part["code"], part["name_da"], part["name_en"],
        date.fromisoformat(part["valid_from"]), date.fromisoformat(until) if until else None, part["process_id"],
        over["code"], over["name_da"], over["name_en"], over["owner_id"], over["deputy_id"],
        over["yearly_amount_ore"], over["area_id"], area["code"], area["name_da"], area["name_en"],
    )  # fmt: skip
    return (area["sort_key"], part["sort_key"], id), placed


def as_of(organisation_ids: frozenset[int], day: date) -> list[Placed]:
    """The sub-processes in force on an earlier day, as they were recorded by the end of it, in the order of then."""
    was = told.states(db.session(), rows_then(organisation_ids), day)
    return [placed for placed in placed_then(was).values() if placed.in_force(day)]


def then(organisation: Organisation, day: date) -> list[ListedArea]:
    """The list of an organisation as it was recorded by the end of a day, with who owned what."""
    rows = as_of(frozenset({organisation.id}), day)
    owners = people.names({row.owner_id for row in rows if row.owner_id})
    return _grouped([
        (organisation.code, row.area_id, row.area_code, row.area_name_da, row.area_name_en,
         row.process_id, row.process_code, row.process_name_da, row.process_name_en, owners.get(row.owner_id or 0, ""),
         row.id, row.code, row.name_da, row.name_en)
        for row in rows
    ])  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """A line of an object's structural history: what happened, from what day, who said why, and what came of what."""

    kind: Kind
    effective_on: date
    recorded_at: datetime
    who: str
    reason: str
    was: str
    before: Named | None
    after: Named | None
    inherits: bool
    note: str


def changes_of(level: Level, row: Any) -> list[Changed]:
    """What happened to the structure of an object, newest first."""
    table = TABLES[level]
    before, after = aliased(table), aliased(table)
    rows = db.session.execute(
        select(Structure, Lineage, Person.name, before, after)
        .join(Structure, Structure.id == Lineage.structure_id)
        .outerjoin(Person, Person.id == Structure.recorded_by_id)
        .outerjoin(before, before.id == Lineage.before_id).outerjoin(after, after.id == Lineage.after_id)
        .where(Lineage.object_type == table.__tablename__)
        .where(or_(Lineage.before_id == row.id, Lineage.after_id == row.id))
        .order_by(Structure.effective_on.desc(), Structure.id.desc(), Lineage.id)
    )  # fmt: skip

    def named(one: Any) -> Named | None:
        return None if one is None or one.id == row.id else Named(one.id, one.code, one.name_da, one.name_en)

    return [
        Changed(told.kind, told.effective_on, told.recorded_at, who or "", told.reason, line.was, named(first),
                named(then), line.inherits, line.reason)
        for told, line, who, first, then in rows
    ]  # fmt: skip


def places(level: Level, organisation_ids: Iterable[int], on: date) -> list[tuple[int, int, str, str, str]]:
    """Where something of a level can stand: organisation, id, code and names of areas, or of processes in force."""
    table: Any = Area if level is Level.PROCESS else Process
    query = select(table.organisation_id, table.id, table.code, table.name_da, table.name_en)
    query = query.where(table.organisation_id.in_(list(organisation_ids)))
    if table is Process:
        query = query.where(Process.valid_from <= on, Process.valid_to.is_(None))
    return [tuple(row) for row in db.session.execute(query.order_by(table.organisation_id, table.sort_key, table.code))]
