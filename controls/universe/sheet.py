"""Read the rows of a sheet as catalogue entries: columns by name in Danish or English, every bad cell named."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from controls.base.why import N_, Reason, Refused, refuse_if
from controls.universe import rules
from controls.universe.rules import Entry
from controls.universe.words import Level

Cell = str | int | float | date | bool | None


class Row(Protocol):
    """A row as it came: its number in the sheet and its cells from column A on."""

    @property
    def number(self) -> int: ...

    @property
    def cells(self) -> Sequence[Cell]: ...


class Column(NamedTuple):
    """A column: its field, its headings in Danish and English, and other headings it is known by."""

    field: str
    danish: str
    english: str
    others: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Both headings, for whoever has to add the column."""
        return f"{self.danish} / {self.english}"


COLUMNS = (
    Column("area_code", "Områdekode", "Area code", ("Område nr", "Områdenr", "Områdenummer", "Area no")),
    Column("area_da", "Område", "Area (Danish)", ("Procesområde", "Områdenavn", "Område dansk", "area_da")),
    Column("area_en", "Område (engelsk)", "Area", ("Process area", "Area name", "Area English", "area_en")),
    Column("process_code", "Proceskode", "Process code", ("Proces nr", "Procesnr", "Procesnummer", "Process no")),
    Column("process_da", "Proces", "Process (Danish)", ("Procesnavn", "Proces dansk", "process_da")),
    Column("process_en", "Proces (engelsk)", "Process", ("Process name", "Process English", "process_en")),
    Column("subprocess_code", "Delproceskode", "Sub-process code", (
        "Delproces nr", "Delprocesnr", "Delprocesnummer", "Sub-process no", "subprocess_code")),
    Column("subprocess_da", "Delproces", "Sub-process (Danish)", ("Delprocesnavn", "Delproces dansk", "subprocess_da")),
    Column("subprocess_en", "Delproces (engelsk)", "Sub-process", (
        "Sub-process name", "Sub-process English", "Subprocess", "subprocess_en")),
    Column("typical_risk", "Typisk risiko", "Typical risk", ("typical_risk_da", "typical_risk_en")),
    Column("typical_key_control", "Typisk nøglekontrol", "Typical key control", (
        "typical_key_control_da", "typical_key_control_en")),
    Column("likelihood", "Iboende sandsynlighed", "Inherent likelihood", (
        "Sandsynlighed", "Likelihood", "inherent_likelihood_1_5")),
    Column("impact", "Iboende konsekvens", "Inherent impact", ("Konsekvens", "Impact", "inherent_impact_1_5")),
)  # fmt: skip
BY_FIELD = {column.field: column for column in COLUMNS}

NO_CODE = N_("The code is missing.")
BAD_CODE = N_("A code starts with a letter or digit, and may hold letters, digits, spaces and - . , _ + & ( ).")
LONG_CODE = N_("A code may be at most 40 characters.")
LOOKS_LIKE_DATE = N_("Excel has made the code a date. Format the column as text and write the code again.")
NO_NAME = N_("The name is missing in both Danish and English.")
LONG_NAME = N_("A name may be at most 300 characters.")
LONG_TEXT = N_("The text may be at most 10,000 characters.")
NAME_NO_CODE = N_("The process has a name but no code.")
FORMULA = N_("A name may not begin with an equals sign. Write it as plain text.")
NO_SCORE = N_("Write a whole number from 1 to 5, or leave the cell empty.")
TWICE = N_("The sub-process code is used in more than one row.")
TWO_NAMES = N_("The same code has different names in different rows.")
TWO_AREAS = N_("The same process stands under different areas.")


def plain(heading: object) -> str:
    """A heading without capitals, signs and spaces, so that “Sub-process code” and “subprocess_code” are one."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", str(heading or "")).casefold())


KNOWN = {
    plain(heading): column.field for column in COLUMNS for heading in (column.danish, column.english, *column.others)
}


@dataclass(frozen=True)
class Heading:
    """Where each known column stands, how the sheet writes it, and the headings that are not read."""

    places: dict[str, int]
    words: list[str]
    unused: list[str]

    def column(self, field: str) -> str:
        """A column as the reader finds it: its letter and, in quotes, its heading."""
        if field not in self.places:
            return f"“{BY_FIELD[field].label}”"
        return f"{letter(self.places[field])} “{self.words[self.places[field]]}”"


def letter(place: int) -> str:
    """The letters of a column; the first is A."""
    letters, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def heading(cells: Sequence[Cell]) -> Heading:
    """The columns of a sheet, or a refusal that names every needed column it lacks and every column it has twice."""
    words = [" ".join(str(cell).split()) if cell is not None else "" for cell in cells]
    places: dict[str, int] = {}
    reasons: list[Reason] = []
    for place, word in enumerate(words):
        field = KNOWN.get(plain(word), "")
        if field in places:
            reasons.append(rules.DOUBLE_COLUMN(
                "file", column=BY_FIELD[field].label, first=letter(places[field]), second=letter(place)))  # fmt: skip
        elif field:
            places[field] = place
    for either in (("area_code",), ("area_da", "area_en"), ("subprocess_code",), ("subprocess_da", "subprocess_en")):
        if not any(field in places for field in either):
            reasons.append(rules.MISSING_COLUMN("file", column=BY_FIELD[either[0]].label))
    refuse_if(reasons)
    return Heading(places, words, [word for word in words if word and plain(word) not in KNOWN])


def unused(rows: Sequence[Row]) -> list[str]:
    """Headings that stand in the sheet and are not read."""
    return heading(rows[0].cells).unused


def entries(rows: Sequence[Row], sheet: str = "", named: Collection[rules.Key] = ()) -> list[Entry]:
    """The entries of a sheet whose first row is the heading; every bad cell is refused, none is passed over.

    `sheet` is its name in a workbook; a file of plain text has none. `named` has names already, and needs none here.
    """
    head = heading(rows[0].cells)
    if len(rows) == 1:
        raise Refused([rules.NO_ROWS("file")])
    reader = Reader(head, sheet, named)
    found = [reader.entry(row) for row in rows[1:]]
    reader.compare(found)
    refuse_if(rules.with_count(reader.faults))
    return reader.named(found)


class Reader:
    """Goes through the rows and gathers the entries' faults."""

    def __init__(self, head: Heading, sheet: str = "", named: Collection[rules.Key] = ()) -> None:
        self.head, self.sheet, self.there, self.faults = head, sheet, named, list[Reason]()
        self.place = {column.field: head.places.get(column.field, -1) for column in COLUMNS}

    def fault(self, row: int, field: str, reason: str, value: object = "") -> None:
        """Note one bad cell."""
        cell = f"{letter(max(self.place[field], 0))}{row}"
        self.faults.append(rules.fault(row, self.head.column(field), reason, value, self.sheet, cell))

    def cell(self, row: Row, field: str) -> Cell:
        """A cell by its column; nothing when the sheet has no such column."""
        place = self.place[field]
        return row.cells[place] if place >= 0 else None

    def entry(self, row: Row) -> Entry:
        """One row as an entry; a process that is not there is stood in for by its area."""
        area = self.code(row, "area_code")
        process = self.code(row, "process_code", needed=False)
        names = {
            field: self.text(row, field, rules.NAME_LENGTH, LONG_NAME)
            for field in ("area_da", "area_en", "process_da", "process_en", "subprocess_da", "subprocess_en")
        }
        if not process:
            for field in ("process_da", "process_en"):
                if names[field]:
                    self.fault(row.number, "process_code", NAME_NO_CODE, names[field])
            names |= {"process_da": names["area_da"], "process_en": names["area_en"]}
        return Entry(
            row=row.number, area_code=area, area_da=names["area_da"], area_en=names["area_en"],
            process_code=process or area, process_da=names["process_da"], process_en=names["process_en"],
            subprocess_code=self.code(row, "subprocess_code"), subprocess_da=names["subprocess_da"],
            subprocess_en=names["subprocess_en"],
            typical_risk=self.text(row, "typical_risk", rules.TEXT_LENGTH, LONG_TEXT),
            typical_key_control=self.text(row, "typical_key_control", rules.TEXT_LENGTH, LONG_TEXT),
            likelihood=self.score(row, "likelihood"), impact=self.score(row, "impact"),
        )  # fmt: skip

    def code(self, row: Row, field: str, needed: bool = True) -> str:
        """A code that can stand in a sentence and in an address."""
        cell = self.cell(row, field)
        if isinstance(cell, date):
            self.fault(row.number, field, LOOKS_LIKE_DATE, cell.isoformat())
            return ""
        code = tidy(cell)
        if not code:
            if needed:
                self.fault(row.number, field, NO_CODE)
        elif len(code) > rules.CODE_LENGTH:
            self.fault(row.number, field, LONG_CODE, code)
        elif not re.fullmatch(r"[^\W_][\w .,+&()-]*", code) or ".." in code:
            self.fault(row.number, field, BAD_CODE, code)
        return code

    def text(self, row: Row, field: str, limit: int, too_long: str) -> str:
        """A name or text on one line."""
        text = tidy(self.cell(row, field))
        if len(text) > limit:
            self.fault(row.number, field, too_long, text)
        elif text.startswith("=") and limit == rules.NAME_LENGTH:
            self.fault(row.number, field, FORMULA, text)
        return text

    def score(self, row: Row, field: str) -> int | None:
        """A suggested score from 1 to 5."""
        cell = self.cell(row, field)
        text = tidy(cell)
        if not text:
            return None
        if isinstance(cell, bool) or not re.fullmatch(r"[1-5]", text):
            self.fault(row.number, field, NO_SCORE, text)
            return None
        return int(text)

    def compare(self, found: list[Entry]) -> None:
        """Rows must agree: a sub-process once, a code with one name, a process in one area, each with a name."""
        rows: dict[str, list[Entry]] = {}
        for entry in found:
            rows.setdefault(entry.subprocess_code.casefold(), []).append(entry)
        for code, same in rows.items():
            if code and len(same) > 1:
                for entry in same:
                    self.fault(entry.row, "subprocess_code", TWICE, entry.subprocess_code)
        for entry in found:
            if entry.subprocess_code and not (entry.subprocess_da or entry.subprocess_en):
                self.fault(entry.row, self.first("subprocess"), NO_NAME)
        self.agree(found, "area", lambda e: e.area_code)
        self.agree(found, "process", lambda e: e.process_code)
        self.one_area(found)

    def first(self, level: str) -> str:
        """The column a missing name is looked for in."""
        return f"{level}_da" if f"{level}_da" in self.head.places else f"{level}_en"

    def agree(self, found: list[Entry], level: str, code_of: Callable[[Entry], str]) -> None:
        """One code has one name in each language, and at least one name."""
        groups: dict[str, list[Entry]] = {}
        for entry in found:
            if code_of(entry):
                groups.setdefault(code_of(entry).casefold(), []).append(entry)
        for same in groups.values():
            named = (Level(level), code_of(same[0]).casefold()) in self.there
            for field in (f"{level}_da", f"{level}_en"):
                names = {name for entry in same if (name := getattr(entry, field))}
                named = named or bool(names)
                if len(names) > 1:
                    for entry in unlike(same, field):
                        self.fault(entry.row, field, TWO_NAMES, getattr(entry, field))
            if not named and not self.stands_in(same[0], level):
                self.fault(same[0].row, self.first(level), NO_NAME)

    def stands_in(self, entry: Entry, level: str) -> bool:
        """A stand-in's name is its area's, which is complained of there."""
        return level == "process" and entry.process_code == entry.area_code

    def one_area(self, found: list[Entry]) -> None:
        """A process stands under one area."""
        areas: dict[str, dict[str, Entry]] = {}
        for entry in found:
            if entry.process_code and entry.area_code:
                areas.setdefault(entry.process_code.casefold(), {}).setdefault(entry.area_code.casefold(), entry)
        for firsts in areas.values():
            if len(firsts) > 1:
                for entry in firsts.values():
                    self.fault(entry.row, "area_code", TWO_AREAS, f"{entry.process_code}: {entry.area_code}")

    def named(self, found: list[Entry]) -> list[Entry]:
        """Entries with the names that only one row of their area or process gives."""
        names: dict[tuple[str, str], str] = {}
        for field, code in NAMED_BY.items():
            for entry in found:
                if name := getattr(entry, field):
                    names.setdefault((field, getattr(entry, code).casefold()), name)
        return [self.with_names(entry, names) for entry in found]

    def with_names(self, e: Entry, names: dict[tuple[str, str], str]) -> Entry:
        """One entry with the names of its area and process."""
        area, process = e.area_code.casefold(), e.process_code.casefold()
        return e._replace(
            area_da=names.get(("area_da", area), ""), area_en=names.get(("area_en", area), ""),
            process_da=names.get(("process_da", process), ""), process_en=names.get(("process_en", process), ""),
        )  # fmt: skip


NAMED_BY = {
    "area_da": "area_code", "area_en": "area_code", "process_da": "process_code", "process_en": "process_code",
}  # fmt: skip


def unlike(same: Iterable[Entry], field: str) -> list[Entry]:
    """The first row of each different name."""
    firsts: dict[str, Entry] = {}
    for entry in same:
        if name := getattr(entry, field):
            firsts.setdefault(name, entry)
    return list(firsts.values())


def tidy(cell: Cell) -> str:
    """A cell as text on one line; a whole number has no decimals."""
    if isinstance(cell, str):
        text = cell if cell.isascii() else unicodedata.normalize("NFC", cell)
        return " ".join(text.split())
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)
