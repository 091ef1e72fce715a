"""Writes of the catalogue: an import as one event, the facts of a process, and changes of structure."""

from collections.abc import Sequence
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
from controls.universe.rules import CatalogueFile, Change, Difference, Entry, Facts, Line, Preview
from controls.universe.structure import Named, Part, Said
from controls.universe.tables import Area, Import, ImportDraft, Lineage, LineDuty, Process, Structure, Subprocess
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


def _import(
    by: By, organisation_id: int, entries: list[Entry], filename: str, sha256: str, seen: str | None = None
) -> Preview:
    """Take a catalogue file: what is new is added, what is named otherwise is renamed, nothing is removed.

    `seen` is the preview that was looked at; when the catalogue has moved on, it has to be looked at again.
    """
    there, listed = queries.existing(organisation_id), rules.lines(entries)
    by.must(Permission.CATALOGUE_EDIT, organisation_id)
    preview = rules.difference(listed, there)
    refuse_if(rules.why_not_import(listed, there) + rules.why_not_as_seen(preview, seen))
    touched = {(line.level, line.code.casefold()) for line in preview.lines if line.change in WRITTEN}
    _take(by, organisation_id, [line for line in listed if line.key in touched])
    audit.record(
        by, CATALOGUE_IMPORTED, people.organisation_by_id(organisation_id), organisation_id=organisation_id,
        filename=filename, sha256=sha256, new=preview.new, changed=preview.changed, same=preview.same,
        absent=preview.absent,
    )  # fmt: skip
    return preview


def import_entries(by: By, organisation_id: int, entries: list[Entry], filename: str, sha256: str) -> list[Difference]:
    """Take entries of a workbook that another has confirmed (S15); what was added and what was changed."""
    preview = _import(by, organisation_id, entries, filename, sha256)
    return [line for line in preview.lines if line.change in WRITTEN]


def put_back(by: By, organisation_id: int, changed: list[Difference]) -> None:
    """Undo an import: names and suggestions are again what they were, when nobody has changed them since.

    What an import has added is closed as anything else, on its own page with a date and a reason.
    """
    by.must(Permission.CATALOGUE_EDIT, organisation_id)
    rows: dict[Level, dict[str, Any]] = {
        level: {row.code.casefold(): row for row in queries.rows_of(table, organisation_id)}
        for level, table in TABLES.items()
    }
    found = [(line, rows[line.level].get(line.code.casefold())) for line in changed]
    added = [line.code for line in changed if line.change is Change.NEW]
    since = [
        line.code for line, row in found
        if row is None or any(getattr(row, name) != then for name, _was, then in line.fields)
    ]  # fmt: skip
    refuse_if([rules.ADDED(codes=", ".join(dict.fromkeys(added)))] if added else [])
    refuse_if([rules.CHANGED_SINCE(codes=", ".join(dict.fromkeys(since)))] if since else [])
    for line, row in found:
        for name, was, _then in line.fields:
            setattr(row, name, was)
        saved(by, row)
    audit.record(by, PUT_BACK, people.organisation_by_id(organisation_id), organisation_id=organisation_id,
                 lines=len(changed))  # fmt: skip


TABLES: dict[Level, Any] = {Level.AREA: Area, Level.PROCESS: Process, Level.SUBPROCESS: Subprocess}


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


def keep_draft(by: By, organisation_id: int, file: CatalogueFile) -> ImportDraft:
    """Keep a catalogue file until it is taken or dropped; the reader's earlier file gives way."""
    by.must(Permission.CATALOGUE_EDIT, organisation_id)
    refuse_if(rules.why_not_import(rules.lines(file.entries), queries.existing(organisation_id)))
    for earlier in queries.drafts(organisation_id):
        if earlier.person_id == by.person_id:
            db.session.delete(earlier)
    row = ImportDraft(
        organisation_id=organisation_id, person_id=by.person_id, on_behalf_of_id=by.on_behalf_of, uploaded_at=by.at,
        filename=file.filename, sha256=file.sha256, rows=rules.packed(file),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def take_draft(by: By, id: int, seen: str) -> Preview:
    """Confirm a file that another has brought (S15), as its preview showed it."""
    row = load(ImportDraft, id)
    by.must(Permission.CATALOGUE_EDIT, row.organisation_id)
    entries, _ = rules.unpacked(row.rows)
    why = queries.why_not_take(by, row)
    if why:
        raise accounts.SamePerson(why, by, Duty.S15, Side.SECOND, accounts.Bound(row, row.organisation_id))
    taken = Import(
        organisation_id=row.organisation_id, filename=row.filename, sha256=row.sha256, imported_by_id=row.person_id,
        imported_at=row.uploaded_at, confirmed_by_id=by.person_id,
    )  # fmt: skip
    saved(by, taken)
    db.session.add(taken)
    accounts.take_part(by, Duty.S15, taken, Side.FIRST, persons=[row.person_id, row.on_behalf_of_id])
    accounts.take_part(by, Duty.S15, taken, Side.SECOND)
    preview = _import(by, row.organisation_id, entries, row.filename, row.sha256, seen)
    db.session.delete(row)
    return preview


def drop_draft(by: By, id: int) -> int:
    """Drop a file that was not taken."""
    row = load(ImportDraft, id)
    by.must(Permission.CATALOGUE_EDIT, row.organisation_id)
    db.session.delete(row)
    return row.organisation_id


def _take(by: By, organisation_id: int, lines: list[Line]) -> None:
    """Write the lines level after level, so that each finds what it stands under."""
    areas = {row.code.casefold(): row for row in queries.rows_of(Area, organisation_id)}
    for line in (line for line in lines if line.level is Level.AREA):
        area = areas.get(line.key[1]) or Area(organisation_id=organisation_id, sort_key=rules.sort_key(line.code))
        areas[line.key[1]] = area
        _write(by, area, line)
    db.session.flush()
    processes = {row.code.casefold(): row for row in queries.rows_of(Process, organisation_id)}
    for line in (line for line in lines if line.level is Level.PROCESS):
        process = processes.get(line.key[1]) or Process(organisation_id=organisation_id, valid_from=by.today)
        processes[line.key[1]] = process
        above = areas[line.parent.casefold()]
        process.area_id, process.sort_key = above.id, rules.sort_key(above.code, line.code)
        _write(by, process, line)
    db.session.flush()
    subprocesses = {row.code.casefold(): row for row in queries.rows_of(Subprocess, organisation_id)}
    codes = {area.id: area.code for area in areas.values()}
    for line in (line for line in lines if line.level is Level.SUBPROCESS):
        row = subprocesses.get(line.key[1]) or Subprocess(organisation_id=organisation_id, valid_from=by.today)
        over = processes[line.parent.casefold()]
        row.process_id, row.sort_key = over.id, rules.sort_key(codes[over.area_id], over.code, line.code)
        _write(by, row, line)


def _write(by: By, row: Area | Process | Subprocess, line: Line) -> None:
    if not row.code:
        row.code, row.name_da, row.name_en = line.code, "", ""
        db.session.add(row)
    for name, value in line.values.items():
        if value not in ("", None):
            setattr(row, name, value)
    saved(by, row)


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
    """Write down what happened, from what day and why, and what came of what."""
    told = Structure(
        organisation_id=row.organisation_id, kind=kind, level=level, effective_on=said.on, reason=said.reason.strip(),
        recorded_at=by.at, recorded_by_id=by.person_id,
    )  # fmt: skip
    db.session.add(told)
    db.session.flush()
    for line in lines:
        line.structure_id = told.id
    db.session.add_all(lines)
    audit.record(by.because(told.reason), STRUCTURE_CHANGED, row, kind=kind.value)
