"""Writes of the catalogue: an import as one event, the facts of a process, and changes of structure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from controls.base import audit
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import FORBIDDEN, N_, refuse_if
from controls.identity import actions as accounts
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.universe import queries, rules, structure
from controls.universe.rules import Change, Difference, Entry, Facts, Line, Preview
from controls.universe.structure import Named, Part, Said
from controls.universe.tables import Area, Lineage, LineDuty, Process, Structure, Subprocess
from controls.universe.words import Kind, Level, LineKind

CATALOGUE_IMPORTED = audit.declare(
    "universe.catalogue_imported", N_("Catalogue imported"), "filename", "sha256", "new", "changed", "same", "absent"
)
PUT_BACK = audit.declare("universe.put_back", N_("Import of a catalogue undone"), "lines")
PROCESS_EDITED = audit.declare("universe.process_edited", N_("Facts of the process edited"))
OWNER_NAMED = audit.declare("universe.owner_named", N_("Process owner and deputy named"))
STRUCTURE_CHANGED = audit.declare("universe.structure_changed", N_("Structure of the catalogue changed"), "kind")


WRITTEN = (Change.NEW, Change.CHANGED)


def import_catalogue(by: By, organisation_id: int, entries: list[Entry], filename: str, sha256: str) -> Preview:
    """Take a catalogue file from the command line, which counts as both persons (S15)."""
    refuse_if([] if by.person_id is None else [FORBIDDEN()])
    return _import(by, organisation_id, entries, filename, sha256)


def _import(by: By, organisation_id: int, entries: list[Entry], filename: str, sha256: str) -> Preview:
    """Take a catalogue file: what is new is added, what is named otherwise is renamed, nothing is removed."""
    _alone(by, organisation_id)
    there, listed = queries.existing(organisation_id), rules.lines(entries)
    refuse_if(rules.why_not_import(listed, there))
    preview = rules.difference(listed, there)
    touched = {(line.level, line.code.casefold()) for line in preview.lines if line.change in WRITTEN}
    _take(by, organisation_id, [line for line in listed if line.key in touched], filename)
    audit.record(
        by, CATALOGUE_IMPORTED, people.organisation_by_id(organisation_id), organisation_id=organisation_id,
        filename=filename, sha256=sha256, new=preview.new, changed=preview.changed, same=preview.same,
        absent=preview.absent,
    )  # fmt: skip
    return preview


def import_entries(by: By, organisation_id: int, entries: list[Entry], filename: str, sha256: str) -> list[Difference]:
    """Take entries of a file that another has confirmed (S15); what was added and what was changed."""
    preview = _import(by, organisation_id, entries, filename, sha256)
    db.session.flush()
    rows = _rows(organisation_id)
    return [
        replace(line, version=rows[line.level][line.code.casefold()].version)
        for line in preview.lines if line.change in WRITTEN
    ]  # fmt: skip


def put_back(by: By, organisation_id: int, taken: list[Difference], reason: str) -> None:
    """Undo an import: names and suggestions are again what they were, and what was added closes from today.

    Only when nobody has changed or used any of it since. An area is no more than a heading: with nothing beneath it
    it is in no list, and it stays.
    """
    _alone(by, organisation_id)
    rows = _rows(organisation_id)
    found: list[tuple[Difference, Any]] = [(line, rows[line.level].get(line.code.casefold())) for line in taken]
    since = _codes(line for line, row in found if _moved_on(line, row))
    refuse_if([rules.CHANGED_SINCE(codes=since)] if since else [])
    added = [row for line, row in found if line.change is Change.NEW and line.level is not Level.AREA]
    ends = {(row.__tablename__, row.id) for row in added}
    used = queries.in_use(organisation_id) | {
        (Process.__tablename__, row.process_id) for row in rows[Level.SUBPROCESS].values()
        if row.valid_to is None and (row.__tablename__, row.id) not in ends
    }  # fmt: skip
    kept = _codes(row for row in added if (row.__tablename__, row.id) in used)
    refuse_if([rules.USED(codes=kept)] if kept else [])
    for line, row in found:
        for name, was, _then in line.fields:
            setattr(row, name, was)
        if line.fields:
            saved(by, row)
    for row in added:
        _end(by, by.today, row)
    if added:
        told, level = [_line(row, None) for row in added], queries.standing_of(added[0]).level
        _write_down(by, Kind.UNDONE, level, Said(by.today, reason), added[0], told)
    audit.record(by, PUT_BACK, people.organisation_by_id(organisation_id), organisation_id=organisation_id,
                 lines=len(taken))  # fmt: skip


def _moved_on(line: Difference, row: Any) -> bool:
    """Whether a line is not as the import left it; of what was added, whatever was saved counts."""
    if row is None or (line.change is Change.NEW and line.level is not Level.AREA and row.version != line.version):
        return True
    return any(getattr(row, name) != then for name, _was, then in line.fields)


def _codes(lines: Iterable[Any]) -> str:
    return ", ".join(dict.fromkeys(line.code for line in lines))


def _rows(organisation_id: int) -> dict[Level, dict[str, Any]]:
    """Every line of the catalogue by level and code."""
    return {
        level: {row.code.casefold(): row for row in queries.rows_of(table, organisation_id)}
        for level, table in queries.TABLES.items()
    }


def edit_process(by: By, id: int, version: int, facts: Facts) -> Process:
    """Say who owns a process, what runs through it and on what legal basis."""
    row = load(Process, id, version)
    by.must(Permission.CATALOGUE_EDIT, row.organisation_id)
    here = frozenset(one.id for one in people.people(frozenset({row.organisation_id}), on=by.today))
    refuse_if(rules.why_not_facts(facts, here | {row.owner_id, row.deputy_id}))
    row.owner_id, row.deputy_id = facts.owner_id, facts.deputy_id
    row.unit, row.performer_unit = facts.unit, facts.performer_unit
    row.yearly_amount_ore, row.transactions = facts.yearly_amount_ore, facts.transactions
    row.systems = "; ".join(rules.parts(facts.systems))
    row.legal_basis = "; ".join(rules.parts(facts.legal_basis))
    row.provider_share = facts.provider_share
    saved(by, row)
    set_line(by, row, {LineKind.OWNER: row.owner_id, LineKind.DEPUTY: row.deputy_id})
    audit.record(by, PROCESS_EDITED, row)
    return row


def name_owner(
    by: By, id: int, version: int | None, owner_id: int | None, deputy_id: int | None, reason: str = ""
) -> Process:  # fmt: skip
    """Say who owns a process and who is deputy; both are in line there from today (S4)."""
    row = load(Process, id, version)
    by.must(Permission.CATALOGUE_EDIT, row.organisation_id)
    named = [people.person_by_id(one) for one in (owner_id, deputy_id) if one is not None]
    here = {one.id for one in named if one and one.organisation_id == row.organisation_id
            and people.admitted(one, by.today)}  # fmt: skip
    refuse_if(rules.why_not_named(owner_id, deputy_id, here | {row.owner_id, row.deputy_id}))
    row.owner_id, row.deputy_id = owner_id, deputy_id
    saved(by, row)
    set_line(by, row, {LineKind.OWNER: owner_id, LineKind.DEPUTY: deputy_id})
    audit.record(by.because(reason) if reason else by, OWNER_NAMED, row)
    return row


def hand_over(by: By, id: int, owner_id: int, reason: str) -> Process:
    """Give a process over to another owner; a deputy who takes over is deputy no more."""
    row = load(Process, id)
    deputy_id = None if row.deputy_id == owner_id else row.deputy_id
    return name_owner(by, id, None, owner_id, deputy_id, reason)


def set_line(by: By, process: Process, holders: dict[LineKind, int | None], control_id: int | None = None) -> None:
    """Say who has line duty in a process from today; each counts on the line for the year (S4).

    Told in the event of the act that changes the process or the control.
    """
    lasting = {row.kind: row for row in queries.line_rows(process.id, control_id)}
    for kind, person_id in holders.items():
        row = lasting.get(kind)
        if (row.person_id if row else None) == person_id:
            continue
        if row is not None:
            row.valid_to = by.today
            saved(by, row)
        if person_id is not None:
            accounts.take_part(by, Duty.S4, process, Side.FIRST, within=by.today.year, persons=[person_id])
            made = LineDuty(
                organisation_id=process.organisation_id, process_id=process.id, person_id=person_id, kind=kind,
                control_id=control_id, valid_from=by.today,
            )  # fmt: skip
            saved(by, made)
            db.session.add(made)


def stay_off_line(by: By, process: Process, first: date, last: date, permission: Permission) -> None:
    """S4: enter in the ledger who has line duty in the period, and that the author approves, tests or reviews in it."""
    known = people.taken(("universe_process", process.id))
    at = [("universe_process", process.id, year) for year in range(first.year, last.year + 1)]
    if all(set(by.persons) <= known.get((Duty.S4, *one, Side.SECOND), set()) for one in at):
        return
    there = queries.standing(process.id, first, last)
    take = partial(accounts.take_part, by, Duty.S4, process, parts=known)
    for kind, id, year in at:
        line = there.get((Duty.S4, kind, id, year, Side.FIRST), set())
        take(side=Side.SECOND, within=year, permission=permission, besides=line)
        first_ones = known.get((Duty.S4, kind, id, year, Side.FIRST), set())
        seconds = known.get((Duty.S4, kind, id, year, Side.SECOND), set())
        if line - first_ones - seconds:
            take(side=Side.FIRST, within=year, persons=line - first_ones - seconds)


def _take(by: By, organisation_id: int, lines: list[Line], filename: str) -> None:
    """Write the lines level after level, so that each finds what it stands under."""
    rows, again = _rows(organisation_id), list[Any]()
    for level in Level:
        for line in (line for line in lines if line.level is level):
            row = rows[level].get(line.key[1])
            fresh = row is None or getattr(row, "valid_to", None) is not None
            if row is None:
                row = rows[level][line.key[1]] = queries.TABLES[level](organisation_id=organisation_id, code=line.code)
                db.session.add(row)
            elif fresh:
                again.append(row)
            for name, value in line.values.items():
                if fresh or value not in ("", None):
                    setattr(row, name, value)
            _set_under(by, row, line, rows)
            saved(by, row)
        db.session.flush()
    if again:
        told, level = [_line(None, row, inherits=True) for row in again], queries.standing_of(again[0]).level
        _write_down(by, Kind.REOPENED, level, Said(by.today, filename), again[0], told)


def _set_under(by: By, row: Any, line: Line, rows: dict[Level, dict[str, Any]]) -> None:
    """Put a row in its place, and into force if it is new or was undone."""
    codes = [line.code]
    if line.level is not Level.AREA:
        above = rows[Level.AREA if line.level is Level.PROCESS else Level.PROCESS][line.parent.casefold()]
        codes = [above.code, line.code]
        setattr(row, "area_id" if line.level is Level.PROCESS else "process_id", above.id)
        if line.level is Level.SUBPROCESS:
            codes = [next(one.code for one in rows[Level.AREA].values() if one.id == above.area_id), *codes]
        if row.valid_from is None or (row.valid_to is not None and row.valid_to < row.valid_from):
            row.valid_from = by.today
        row.valid_to = None
    row.sort_key = rules.sort_key(*codes)


# --- Changes of structure: each is told with its day and its reason, and nothing is deleted ---


def create(by: By, level: Level, under_id: int, said: Said, named: Named) -> Any:
    """Add a process to an area, or a sub-process to a process; it has no coverage."""
    above: Any = load(Area if level is Level.PROCESS else Process, under_id)
    _alone(by, above.organisation_id)
    refuse_if(
        structure.why_not_beneath(queries.standing_of(above)) + structure.why_not_said(Kind.CREATED, said, by.today)
        + structure.why_not_named(named, queries.codes(above.organisation_id, level))
    )  # fmt: skip
    row = _made(by, level, above, said.on, named)
    _tell(by, Kind.CREATED, level, said, row, [_line(None, row)])
    return row


def rename(by: By, level: Level, id: int, version: int, said: Said, name_da: str, name_en: str) -> Any:
    """Give another name; identity, history and coverage stay."""
    row = _changing(by, Kind.RENAMED, level, id, version, said)
    refuse_if(structure.why_not_rename(queries.standing_of(row), name_da, name_en))
    was, row.name_da, row.name_en = row.name_da, name_da, name_en
    saved(by, row)
    _tell(by, Kind.RENAMED, level, said, row, [_line(row, row, was=was)])
    return row


def recode(by: By, level: Level, id: int, version: int, said: Said, code: str) -> Any:
    """Give another code; the old one leads here and is never used again."""
    row = _changing(by, Kind.RECODED, level, id, version, said)
    refuse_if(structure.why_not_recode(queries.standing_of(row), code, queries.codes(row.organisation_id, level)))
    was, row.code = row.code, code
    saved(by, row)
    db.session.flush()
    _sort(by, level, row)
    _tell(by, Kind.RECODED, level, said, row, [_line(row, row, was=was)])
    return row


def move(by: By, level: Level, id: int, version: int, said: Said, under_id: int | None) -> Any:
    """Put a process under another area, or a sub-process under another process; its coverage stays."""
    row = _changing(by, Kind.MOVED, level, id, version, said)
    column = "area_id" if level is Level.PROCESS else "process_id"
    above = _place(level, under_id, {row.organisation_id})
    refuse_if([structure.SAME_PLACE("under")] if getattr(row, column) == above.id else [])
    was = db.session.get_one(type(above), getattr(row, column))
    setattr(row, column, above.id)
    saved(by, row)
    db.session.flush()
    _sort(by, level, row)
    if level is Level.SUBPROCESS:
        _line_along(by, row.id, was, above)
    _tell(by, Kind.MOVED, level, said, row, [_line(row, row, was=was.code)])
    return row


def _line_along(by: By, subprocess_id: int, was: Process, above: Process) -> None:
    """Who owns or performs a control of what was moved is in line where it belongs now (S4)."""
    for control_id in queries.controls_of(subprocess_id):
        holders = {row.kind: row.person_id for row in queries.line_rows(was.id, control_id)}
        set_line(by, was, dict.fromkeys(holders), control_id)
        set_line(by, above, dict(holders), control_id)


def split(by: By, id: int, version: int, said: Said, parts: Sequence[Part]) -> list[Subprocess]:
    """Make several sub-processes of one, which closes; each inherits what the review documents as examined of it."""
    row = _changing(by, Kind.SPLIT, Level.SUBPROCESS, id, version, said)
    taken = queries.codes(row.organisation_id, Level.SUBPROCESS)
    refuse_if(structure.why_not_split(parts, taken) + queries.under_way([row.id]))
    above = db.session.get_one(Process, row.process_id)
    made = [_made(by, Level.SUBPROCESS, above, said.on, part) for part in parts]
    _end(by, said.on, row)
    _tell(by, Kind.SPLIT, Level.SUBPROCESS, said, row, [
        _line(row, after, inherits=part.inherits, reason=part.reason.strip())
        for part, after in zip(parts, made, strict=True)
    ])  # fmt: skip
    return made


def merge(by: By, id: int, version: int, said: Said, others: Sequence[int], named: Named) -> Subprocess:
    """Make one sub-process of several in a process, which close; it is covered only if all of them are."""
    first = _changing(by, Kind.MERGED, Level.SUBPROCESS, id, version, said)
    there = {row.id: row for row in queries.subprocesses_of(first.process_id, by.today)}
    rows = [first, *(there[other] for other in dict.fromkeys(others) if other in there and other != first.id)]
    refuse_if(
        ([structure.TWO_MERGED("others")] if len(rows) < 2 else [])
        + [reason for row in rows[1:] for reason in structure.why_not(
            Kind.MERGED, said, queries.standing_of(row), by.today) if reason.field != "reason"]
        + structure.why_not_named(named, queries.codes(first.organisation_id, Level.SUBPROCESS))
        + queries.under_way([row.id for row in rows])
    )  # fmt: skip
    above = db.session.get_one(Process, first.process_id)
    made: Subprocess = _made(by, Level.SUBPROCESS, above, said.on, named)
    for row in rows:
        _end(by, said.on, row)
    lines = [_line(row, made, inherits=True) for row in rows]
    _tell(by, Kind.MERGED, Level.SUBPROCESS, said, made, lines)
    return made


def close(by: By, level: Level, id: int, version: int, said: Said) -> Any:
    """Take out of the catalogue from a day, with all beneath; findings stay."""
    row = _changing(by, Kind.CLOSED, level, id, version, said)
    beneath = queries.subprocesses_of(row.id, by.today) if level is Level.PROCESS else []
    refuse_if(queries.under_way([one.id for one in beneath] if level is Level.PROCESS else [row.id]))
    for one in (row, *beneath):
        _end(by, said.on, one)
    _off_duty(by, level, row, said.on)
    lines = [_line(row, None), *(_line(one, None) for one in beneath)]
    _tell(by, Kind.CLOSED, level, said, row, lines)
    return row


def reopen(by: By, level: Level, id: int, version: int, said: Said) -> Any:
    """Take into the catalogue again, with what closed on the same day; after 12 months it starts without coverage."""
    row = _changing(by, Kind.REOPENED, level, id, version, said)
    above = db.session.get_one(Process, row.process_id) if level is Level.SUBPROCESS else None
    refuse_if(structure.why_not_beneath(queries.standing_of(above)) if above else [])
    closed, again = row.valid_to, structure.starts_again(row.valid_to, said.on)
    beneath = [one for one in queries.subprocesses_of(row.id) if one.valid_to == closed] if above is None else []
    for one in (row, *beneath):
        one.valid_to = None
        saved(by, one)
    if level is Level.PROCESS:
        set_line(by, row, {LineKind.OWNER: row.owner_id, LineKind.DEPUTY: row.deputy_id})
    lines = [_line(None, row, inherits=not again)]
    lines += [_line(None, one, inherits=not again) for one in beneath]
    _tell(by, Kind.REOPENED, level, said, row, lines)
    return row


def transfer(by: By, level: Level, id: int, version: int, said: Said, under_id: int | None) -> Any:
    """Close here and begin in another organisation under the same code, with its coverage; owners are named there."""
    row = _changing(by, Kind.TRANSFERRED, level, id, version, said)
    above = _place(level, under_id, by.everywhere(Permission.CATALOGUE_EDIT) - {row.organisation_id})
    there = above.organisation_id
    _alone(by, there)
    beneath = queries.subprocesses_of(row.id, by.today) if level is Level.PROCESS else []
    taken = queries.codes(there, Level.SUBPROCESS)
    refuse_if(
        structure.why_not_code(row.code, queries.codes(there, level))
        + [reason for one in beneath for reason in structure.why_not_code(one.code, taken)]
        + queries.under_way([one.id for one in beneath] if level is Level.PROCESS else [row.id])
    )
    made = _copied(by, level, row, above, said.on)
    pairs = [(one, _copied(by, Level.SUBPROCESS, one, made, said.on)) for one in beneath]
    for one in (row, *beneath):
        _end(by, said.on, one)
    _off_duty(by, level, row, said.on)
    lines = [_line(row, made, inherits=True)]
    lines += [_line(before, after, inherits=True) for before, after in pairs]
    _tell(by, Kind.TRANSFERRED, level, said, row, lines)
    return made


def mark_changed(by: By, id: int, version: int, said: Said) -> Subprocess:
    """Say that a new system or law makes it another: it is due by the end of the second year after."""
    row: Subprocess = _changing(by, Kind.CHANGED, Level.SUBPROCESS, id, version, said)
    _tell(by, Kind.CHANGED, Level.SUBPROCESS, said, row, [_line(row, row, inherits=True)])
    return row


def _alone(by: By, organisation_id: int) -> None:
    """Who changes the structure of an organisation does so alone: two cannot take one code at the same time."""
    by.must(Permission.CATALOGUE_EDIT, organisation_id)
    people.keep_waiting(organisation_id)


def _changing(by: By, kind: Kind, level: Level, id: int, version: int, said: Said) -> Any:
    row = load(queries.TABLES[level], id, version)
    _alone(by, row.organisation_id)
    refuse_if(structure.why_not(kind, said, queries.standing_of(row), by.today))
    return row


def _place(level: Level, under_id: int | None, organisations: set[int] | frozenset[int]) -> Any:
    """The area or process that something is put under, in force, in one of these organisations."""
    table: Any = Area if level is Level.PROCESS else Process
    above = db.session.get(table, under_id) if under_id and 0 < under_id < 2**31 else None
    if above is None or above.organisation_id not in organisations or getattr(above, "valid_to", None) is not None:
        refuse_if([structure.NO_PLACE("under")])
    return above


def _made(by: By, level: Level, above: Any, on: date, named: Named) -> Any:
    row: Any = queries.TABLES[level](
        organisation_id=above.organisation_id, code=named.code, name_da=named.name_da, name_en=named.name_en,
        valid_from=on,
    )  # fmt: skip
    setattr(row, "area_id" if level is Level.PROCESS else "process_id", above.id)
    row.sort_key = ""
    saved(by, row)
    db.session.add(row)
    db.session.flush()
    _sort(by, level, row)
    return row


COPIED = {
    Level.PROCESS: (
        "unit", "performer_unit", "systems", "legal_basis", "yearly_amount_ore", "transactions", "provider_share",
    ),
    Level.SUBPROCESS: ("typical_risk", "typical_key_control", "suggested_likelihood", "suggested_impact"),
}  # fmt: skip
"""What is known of it wherever it is done."""


def _copied(by: By, level: Level, row: Any, above: Any, on: date) -> Any:
    made = _made(by, level, above, on, Named(row.code, row.name_da, row.name_en))
    for name in COPIED[level]:
        setattr(made, name, getattr(row, name))
    return made


def _end(by: By, on: date, row: Process | Subprocess) -> None:
    row.valid_to = structure.day_before(on)
    saved(by, row)


def _sort(by: By, level: Level, row: Any) -> None:
    """The place in every list of the row and all beneath it."""
    for one, key in queries.sort_keys(level, row):
        if one.sort_key != key:
            one.sort_key = key
            saved(by, one)


def _off_duty(by: By, level: Level, row: Any, on: date) -> None:
    """Nobody has line duty in a process that is over."""
    if level is Level.PROCESS and on <= by.today:
        set_line(by, row, {LineKind.OWNER: None, LineKind.DEPUTY: None})


def _line(before: Any, after: Any, *, was: str = "", inherits: bool = False, reason: str = "") -> Lineage:
    row = after or before
    return Lineage(
        organisation_id=row.organisation_id, object_type=row.__tablename__, before_id=before.id if before else None,
        after_id=after.id if after else None, was=was, inherits=inherits, reason=reason,
    )  # fmt: skip


def _tell(by: By, kind: Kind, level: Level, said: Said, row: Any, lines: list[Lineage]) -> None:
    """Write down what happened, and record it in the row's log."""
    _write_down(by, kind, level, said, row, lines)
    audit.record(by.because(said.reason.strip()), STRUCTURE_CHANGED, row, kind=kind.value)


def _write_down(by: By, kind: Kind, level: Level, said: Said, row: Any, lines: list[Lineage]) -> None:
    """What happened, from what day and why, and what came of what."""
    told = Structure(
        organisation_id=row.organisation_id, kind=kind, level=level, effective_on=said.on, reason=said.reason.strip(),
        recorded_at=by.at, recorded_by_id=by.person_id,
    )  # fmt: skip
    db.session.add(told)
    db.session.flush()
    for line in lines:
        line.structure_id = told.id
    db.session.add_all(lines)
