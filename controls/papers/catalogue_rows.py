"""The catalogue as a workbook to correct and add to, and what one that came back would change, row by row."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select

from controls.base.db import Versioned, db
from controls.base.intake import Sheet as Given
from controls.base.why import N_, Reason, Refused
from controls.papers.changing import Altered, Preview, State
from controls.papers.changing import Row as Changed
from controls.papers.filling import MOVED, Back, Column, Form, Holds, Read, Written, digest, settled
from controls.universe import rules, sheet
from controls.universe.rules import CODE_LENGTH, NAME_LENGTH, TEXT_LENGTH, Entry, Key, Line
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


Faults = dict[int, list[Reason]]


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


def own(given: Given) -> Back:
    """A file of one's own as rows without keys: its columns may be fewer, and called otherwise."""
    places = sheet.heading(given.rows[0].cells).places
    rows = [
        Read(row.number, "", {field: text for field, place in places.items() if (text := sheet.tidy(row.cells[place]))})
        for row in given.rows[1:]
    ]
    return Back(FORM, given.name, rows, {}, places, keyed=False)


def entries(given: Given, numbers: Iterable[int], named: Collection[Key]) -> tuple[dict[int, Entry], Faults]:
    """Rows of the sheet as entries by number, and what is wrong with the rest by number."""
    wanted, faults = set(numbers), Faults()
    while wanted:
        rows = [given.rows[0], *(row for row in given.rows[1:] if row.number in wanted)]
        try:
            return {entry.row: entry for entry in sheet.entries(rows, given.name, named)}, faults
        except Refused as refused:
            for reason in refused.reasons:
                if "row" in reason.params:
                    faults.setdefault(int(str(reason.params["row"])), []).append(reason)
            wanted -= faults.keys()
    return {}, faults


def preview(back: Back, given: Given, found: Sequence[Part], there: Mapping[Key, Line]) -> Preview:
    """What a file would change in the catalogue (`found`, and all that is `there`), row by row."""
    keyed = {f"S{part.row.id}": part for part in found}
    coded = {part.row.code.casefold(): part for part in found}
    touched = [read.number for read in back.rows if not back.untouched(read)]
    named, faults = entries(given, touched, {key for key, line in there.items() if not line.closed})
    for number, entry in named.items():
        for reason in rules.why_not_import(rules.parts_of(entry), there)[1:]:
            told = back.fault(number, "subprocess_code", str(reason.params["reason"]), reason.params.get("value"))
            faults.setdefault(number, []).append(told)
    return Preview(tuple(
        _row(back, read, keyed, coded, there, named.get(read.number), faults.get(read.number, [])) for read in back.rows
    ))  # fmt: skip


def chosen(rows: Sequence[Changed]) -> list[Entry]:
    """The entries of the chosen rows, holding only what they change; what an entry leaves empty stays as it is."""
    return [_entry(row, {change.field: change.then for change in row.changes}) for row in rows]


def _entry(row: Changed, then: Mapping[str, str]) -> Entry:
    told = [row.values[c.field] if c.field in CODES else then.get(c.field, "") for c in sheet.COLUMNS]
    return Entry._make([row.number, *told[:-2], *(int(text) if text else None for text in told[-2:])])


def _above(entry: Entry, there: Mapping[Key, Line]) -> dict[str, str]:
    """The names that an entry's area and process have already."""
    area, process, _part = (there.get(line.key) for line in rules.parts_of(entry))
    return {
        f"{level}_{language}": str(line.values[f"name_{language}"])
        for level, line in (("area", area), ("process", process)) if line is not None for language in ("da", "en")
    }  # fmt: skip


def _row(
    back: Back, read: Read, keyed: dict[str, Part], coded: dict[str, Part], there: Mapping[Key, Line],
    entry: Entry | None, faults: list[Reason],
) -> Changed:  # fmt: skip
    code = read.values.get("subprocess_code", "")
    part = keyed.get(read.key) if back.keyed else coded.get(code.casefold())
    values: Mapping[str, str] = read.values
    if entry and not read.key:  # a row that was added: names may stand in another row, a process may be its area
        values = {field: str(value) for field, value in entry._asdict().items() if value is not None}
    now = part.values if part else {} if entry is None else _above(entry, there)
    changes = tuple(
        Altered(field, now.get(field, ""), text, back.cell(read.number, field) if read.values.get(field) else "")
        for field in (VALUES if part else (*CODES, *VALUES))
        if (text := sheet.tidy(values.get(field))) not in ("", sheet.tidy(now.get(field)))
    )

    def row(state: State, *reasons: Reason, shown: tuple[Altered, ...] = changes) -> Changed:
        return Changed(read.number, read.key, code, part.row if part else None, state, shown, reasons, values)

    def fault(field: str, reason: str, **params: object) -> Reason:
        return back.fault(read.number, field, reason, **params)

    if back.untouched(read):
        return row(State.SAME, shown=())
    wrong = {str(reason.params.get("cell")): reason for reason in [*read.faults, *faults]}
    if read.key and part is None:
        return row(State.MEANWHILE, fault("subprocess_code", GONE))
    if part and code.casefold() != part.row.code.casefold():
        return row(State.ERROR, fault("subprocess_code", MOVED))
    if read.key and any(read.values.get(field, "").casefold() != now[field].casefold() for field in CODES[:2]):
        return row(State.ERROR, fault("area_code", OTHER_PLACE))
    if back.keyed and part is None and code.casefold() in coded:
        return row(State.ERROR, fault("subprocess_code", THERE))
    if wrong:
        return row(State.ERROR, *wrong.values())
    if not changes:
        return row(State.SAME)
    if read.key and part and back.known[read.key].version != part.version:
        return row(State.MEANWHILE, fault("subprocess_code", CHANGED, who=part.saved_by))
    return row(State.NEW)
