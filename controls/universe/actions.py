"""Writes of the catalogue: an import as one event, and the facts of a process."""

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
from controls.universe import queries, rules
from controls.universe.rules import CatalogueFile, Change, Difference, Entry, Facts, Level, Line, Preview
from controls.universe.tables import Area, Import, ImportDraft, LineDuty, Process, Subprocess
from controls.universe.words import LineKind

CATALOGUE_IMPORTED = audit.declare(
    "universe.catalogue_imported", N_("Catalogue imported"), "filename", "sha256", "new", "changed", "same", "absent"
)
PUT_BACK = audit.declare("universe.put_back", N_("Import of a catalogue undone"), "lines")
PROCESS_EDITED = audit.declare("universe.process_edited", N_("Facts of the process edited"))
OWNER_NAMED = audit.declare("universe.owner_named", N_("Process owner and deputy named"))


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
