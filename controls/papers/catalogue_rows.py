"""The catalogue as a workbook to correct and add to, and what one that came back would change, row by row."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select

from controls.base.db import Versioned, db
from controls.base.intake import Sheet as Given
from controls.base.why import N_, Reason, Refused
from controls.papers.changing import Altered, Preview, State
from controls.papers.changing import Row as Changed
from controls.papers.filling import MOVED, Back, Column, Form, Holds, Read, Written, digest, settled
from controls.universe import queries as universe
from controls.universe import rules, sheet
from controls.universe.rules import CODE_LENGTH, NAME_LENGTH, TEXT_LENGTH, Entry
from controls.universe.tables import Area, Process, Subprocess

WIDTHS = {"area_code": 12, "process_code": 13, "subprocess_code": 15, "typical_risk": 46, "typical_key_control": 46}
CODES = ("area_code", "process_code", "subprocess_code")
STEPS = ("likelihood", "impact")
VALUES = tuple(column.field for column in sheet.COLUMNS if column.field not in CODES)


def _column(column: sheet.Column) -> Column:
    field = column.field
    holds = Holds.CODE if field in CODES else Holds.STEP if field in STEPS else Holds.TEXT
    most = CODE_LENGTH if field in CODES else TEXT_LENGTH if field in WIDTHS else NAME_LENGTH
    width = WIDTHS.get(field, 12 if field in STEPS else 30)
    return Column(field, column.english, holds, width, most=most, told=column.label)


FORM = Form("catalogue", N_("Catalogue"), tuple(_column(column) for column in sheet.COLUMNS), adds=200)
DANISH = {column.english: column.danish for column in sheet.COLUMNS}

OTHER_PLACE = N_("The sub-process stands under another area and process. A file cannot move it.")
THERE = N_("The code is in use already. Correct it in the row that it has.")
CHANGED = N_("{who} changed the sub-process, its process or its area after the workbook was fetched. Fetch it again.")
GONE = N_("The sub-process was closed after the workbook was fetched.")


class Part(NamedTuple):
    """A sub-process with its process and area."""

    row: Subprocess
    process: Process
    area: Area

    @property
    def version(self) -> str:
        """What the row shows of all three, as a digest: who owns the process is no matter here."""
        return digest(FORM, self.values)

    @property
    def saved_by(self) -> str:
        """Who saved one of the three last."""
        rows: tuple[Versioned, ...] = (self.row, self.process, self.area)
        return max(rows, key=lambda one: one.saved_at).saved_by

    @property
    def values(self) -> dict[str, str]:
        """Its row in the workbook."""
        row, above, top = self.row, self.process, self.area
        found = {
            "area_code": top.code, "area_da": top.name_da, "area_en": top.name_en, "process_code": above.code,
            "process_da": above.name_da, "process_en": above.name_en, "subprocess_code": row.code,
            "subprocess_da": row.name_da, "subprocess_en": row.name_en, "typical_risk": row.typical_risk,
            "typical_key_control": row.typical_key_control, "likelihood": row.suggested_likelihood,
            "impact": row.suggested_impact,
        }  # fmt: skip
        return {field: settled(str(value)) for field, value in found.items() if value not in ("", None)}


def parts(organisation_id: int) -> list[Part]:
    """The catalogue as it is in force, in its own order, in one query."""
    found = db.session.execute(
        select(Subprocess, Process, Area).join(Process, Process.id == Subprocess.process_id)
        .join(Area, Area.id == Process.area_id)
        .where(Subprocess.organisation_id == organisation_id, Subprocess.valid_to.is_(None))
        .order_by(Area.sort_key, Subprocess.sort_key, Subprocess.code)
    )  # fmt: skip
    return [Part(*row) for row in found]


def written(found: Sequence[Part]) -> list[Written]:
    """A row for each sub-process, with its process and area; only names, texts and suggestions can be corrected."""
    return [Written(f"S{part.row.id}", part.version, part.values, frozenset(VALUES)) for part in found]


def words(label: str) -> tuple[str, ...]:
    """A heading of the catalogue in both languages."""
    return said(label, "da"), said(label, "en")


def said(label: str, language: str) -> str:
    """A heading of the catalogue in one language."""
    return DANISH[label] if language == "da" else label


def entries(given: Given, numbers: Iterable[int]) -> tuple[dict[int, Entry], dict[int, list[Reason]]]:
    """Rows of the sheet as entries by number, or what is wrong with them by number."""
    wanted = set(numbers)
    rows = [given.rows[0], *(row for row in given.rows[1:] if row.number in wanted)]
    try:
        return {entry.row: entry for entry in sheet.entries(rows, given.name)}, {}
    except Refused as refused:
        faults: dict[int, list[Reason]] = {}
        for reason in refused.reasons:
            if "row" in reason.params:
                faults.setdefault(int(str(reason.params["row"])), []).append(reason)
        return {}, faults


def preview(back: Back, given: Given, found: Sequence[Part], organisation_id: int) -> Preview:
    """What a workbook would change in the catalogue, row by row."""
    keyed = {f"S{part.row.id}": part for part in found}
    coded = {part.row.code.casefold() for part in found}
    touched = [read.number for read in back.rows if not back.untouched(read)]
    read_, faults = entries(given, touched) if touched else ({}, {})
    if read_:
        for reason in rules.why_not_import(rules.lines(read_.values()), universe.existing(organisation_id)):
            number = int(str(reason.params.get("row", 0)))
            if number:
                told = back.fault(number, "subprocess_code", str(reason.params["reason"]), reason.params.get("value"))
                faults.setdefault(number, []).append(told)
    return Preview(tuple(_row(back, read, keyed, coded, faults.get(read.number, [])) for read in back.rows))


def chosen(given: Given, rows: Sequence[Changed]) -> list[Entry]:
    """The entries of the chosen rows, holding only what they change; what an entry leaves empty stays as it is."""
    found, _faults = entries(given, [row.number for row in rows])
    kept = {row.number: {change.field for change in row.changes} for row in rows}
    left = {
        number: {field: None if field in STEPS else "" for field in VALUES if field not in fields}
        for number, fields in kept.items()
    }
    return [Entry(**(entry._asdict() | left[number])) for number, entry in found.items()]


def _row(back: Back, read: Read, keyed: dict[str, Part], coded: set[str], faults: list[Reason]) -> Changed:
    part, code = keyed.get(read.key), read.values.get("subprocess_code", "")
    now = part.values if part else {}
    changes = tuple(
        Altered(field, now.get(field, ""), text, back.cell(read.number, field))
        for field in (VALUES if part else (*CODES, *VALUES))
        if (text := sheet.tidy(read.values.get(field))) not in ("", sheet.tidy(now.get(field)))
    )

    def row(state: State, *reasons: Reason, shown: tuple[Altered, ...] = changes) -> Changed:
        return Changed(read.number, read.key, code, part.row if part else None, state, shown, reasons, read.values)

    def fault(field: str, reason: str, **params: object) -> Reason:
        return back.fault(read.number, field, reason, **params)

    if back.untouched(read):
        return row(State.SAME, shown=())
    wrong = {str(reason.params.get("cell")): reason for reason in [*read.faults, *faults]}
    if read.key and part is None:
        return row(State.MEANWHILE, fault("subprocess_code", GONE))
    if part and code.casefold() != part.row.code.casefold():
        return row(State.ERROR, fault("subprocess_code", MOVED))
    if part and any(read.values.get(field, "").casefold() != now[field].casefold() for field in CODES[:2]):
        return row(State.ERROR, fault("area_code", OTHER_PLACE))
    if part is None and code.casefold() in coded:
        return row(State.ERROR, fault("subprocess_code", THERE))
    if wrong:
        return row(State.ERROR, *wrong.values())
    if not changes:
        return row(State.SAME)
    if part and back.known[read.key].version != part.version:
        return row(State.MEANWHILE, fault("subprocess_code", CHANGED, who=part.saved_by))
    return row(State.NEW)
