"""A workbook to fill in: what its columns hold, and how what comes back is read, cell by cell.

The first sheet holds the rows; hidden column A the row's key. The hidden sheet `_meta` holds what the file is, each
row's key, version and digest as they were when it was written, and a checksum over all of that.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from hashlib import sha256
from typing import Any, NamedTuple

from controls.base.intake import Row, cell_name
from controls.base.intake import Sheet as Given
from controls.base.merkle import canonical
from controls.base.why import N_, Labelled, Reason, Refused, Why, refuse_if
from controls.universe.sheet import plain

META, LISTS = "_meta", "_lister"
FORMAT, EDITION = "kontrolrul", 1
HEAD = ("format", "edition", "form", "organisation", "year", "language", "made_at", "checksum")
"""What stands in the first rows of `_meta`, a name and a value in each; below them a row for each row of the form."""

Values = Mapping[str, str]
Words = Callable[[str], Iterable[str]]
"""A marked word in each language that a file may be written in."""

AT = Why("import_row_errors", N_("Sheet {sheet}, cell {cell}: {reason}"))
AT_SAID = Why("import_row_errors", N_("Sheet {sheet}, cell {cell}: {reason} The file says {value}."))

NO_META = N_("The hidden sheet is missing, so this is not a form from Kontrolrul. Fetch the form again.")
WRONG_FORM = N_("This is another form. Upload it where it was fetched.")
WRONG_EDITION = N_("The form was made by another version of Kontrolrul. Fetch it again.")
WRONG_PLACE = N_("The form belongs to another organisation.")
WRONG_YEAR = N_("The form belongs to another year.")
WRONG_SUM = N_("The hidden sheet has been changed. Fetch the form again.")
NO_COLUMN = N_("The column “{column}” is missing. Fetch the form again.")
TWO_COLUMNS = N_("The column “{column}” stands here too. Delete one of them.")
NO_KEY = N_("The row's hidden key is missing. Rows cannot be added here.")
BAD_KEY = N_("The row's hidden key is not one of this form's.")
TWO_KEYS = N_("The row stands in the sheet twice.")
MOVED = N_("The code and the row's hidden key do not fit. Sort whole rows only.")
NO_STEP = N_("Write a whole number from 1 to 5, or leave the cell empty.")
NO_WORD = N_("Choose from the list: {words}.")
NO_TEXT = N_("Excel has made the text a date. Format the cell as text and write it again.")
NO_TRUTH = N_("Write it as text.")
LONG_TEXT = N_("The text may be at most {most} characters. It has {n}.")
NO_DAY = N_("Write a date, for example 30-04-2026.")
DAY_RANGE = N_("The date must be between 01-01-1990 and 31-12-2100.")
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)


class Holds(Enum):
    """What the cells of a column hold."""

    SHOWN, CODE, STEP, WORD, TICK, TEXT, DAY = (auto() for _ in range(7))


@dataclass(frozen=True)
class Column:
    """A column: its field, its heading (and what stands behind a colon in it), and what its cells hold."""

    field: str
    label: str
    holds: Holds = Holds.TEXT
    width: int = 12
    of: str = ""
    words: tuple[tuple[str, str], ...] = ()
    most: int = 10_000
    hint: str = ""
    told: str = ""

    def heading(self, say: Callable[[str], str]) -> str:
        """The heading in one language."""
        return f"{say(self.label)}: {say(self.of)}" if self.of else say(self.label)

    @property
    def words_of_heading(self) -> object:
        """The heading as a parameter of a reason, translated where that is shown."""
        if self.of:
            return Reason("", "{label}: {of}", params={"label": self.label, "of": self.of})
        return self.told or self.label


def listed(words: type[Labelled]) -> tuple[tuple[str, str], ...]:
    """The choices of a word list: stored value and label."""
    return tuple((member.value, member.label) for member in words)


@dataclass(frozen=True)
class Form:
    """A kind of form: its name, the title of its sheet, its columns, and whether rows may be added below."""

    name: str
    title: str
    columns: tuple[Column, ...]
    adds: int = 0


class Written(NamedTuple):
    """A row of a form as it leaves: key, version, its values, and which of them may be filled in."""

    key: str
    version: str
    values: Values
    open: frozenset[str]
    top: bool = False


class Known(NamedTuple):
    """A row as it was when the form left."""

    version: str
    digest: str


class Place(NamedTuple):
    """Whose form it is."""

    form: str
    organisation: str
    year: str


def digest(form: Form, values: Values) -> str:
    """The digest of what may be filled in in a row."""
    told = {c.field: values[c.field] for c in form.columns if c.holds is not Holds.SHOWN and values.get(c.field)}
    return sha256(canonical(told).encode()).hexdigest()[:32]


def checksum(place: Place, rows: Mapping[str, Known]) -> str:
    """The checksum of `_meta`: whose form it is, and every row of it."""
    told = [FORMAT, EDITION, *place, sorted([key, *known] for key, known in rows.items())]
    return sha256(canonical(told).encode()).hexdigest()


@dataclass
class Read:
    """A row as it came back: its number in the sheet, and each filled cell's value by field; or its faults."""

    number: int
    key: str
    values: dict[str, str]
    faults: list[Reason] = field(default_factory=list)


@dataclass(frozen=True)
class Back:
    """A form as it came back, every row of it read, and how each of its rows was when it left."""

    form: Form
    sheet: str
    rows: list[Read]
    known: dict[str, Known]
    columns: dict[str, int]
    keyed: bool = True

    def untouched(self, read: Read) -> bool:
        """Whether a row came back as it left."""
        left = self.known.get(read.key)
        return left is not None and not read.faults and left.digest == digest(self.form, read.values)

    def cell(self, number: int, field: str) -> str:
        """The name of a cell."""
        return cell_name(self.columns.get(field, 0), number)

    def fault(self, number: int, field: str, reason: str | Reason, value: object = "", **params: object) -> Reason:
        """One bad cell: sheet, cell, what is wrong, and what stands there."""
        return at(self.sheet, self.cell(number, field), reason, value, **params)


def kept(given: Given) -> str:
    """A sheet that was read, as a text that can wait."""
    rows = {"": given.rows, **given.also}
    told = {name: [[row.number, [_plain(cell) for cell in row.cells]] for row in of] for name, of in rows.items()}
    return json.dumps({"name": given.name, "rows": told}, ensure_ascii=False)


def waited(text: str) -> Given:
    """The sheet that waited."""
    told = json.loads(text)
    rows = {
        name: [Row(number, [date.fromisoformat(c[0]) if isinstance(c, list) else c for c in cells])
               for number, cells in of]
        for name, of in told["rows"].items()
    }  # fmt: skip
    return Given(told["name"], rows.pop(""), rows)


def _plain(cell: Any) -> Any:
    return [cell.isoformat()] if isinstance(cell, date) else cell


def at(sheet: str, cell: str, reason: str | Reason, value: object = "", **params: object) -> Reason:
    """A bad cell, in words; `reason` may have parameters of its own."""
    told = Reason("", reason, params=params) if params and isinstance(reason, str) else reason
    if value in ("", None):
        return AT(sheet=sheet, cell=cell, reason=told)
    text = str(value)
    return AT_SAID(sheet=sheet, cell=cell, reason=told, value=f"“{text if len(text) <= 80 else text[:79] + '…'}”")


def back(form: Form, given: Given, asked: Place, words: Words) -> Back:
    """Read a form that came back; raises `Refused` when it is not this form, with sheet and cell."""
    meta = given.also.get(META)
    keyed = meta is not None or not form.adds
    found = Back(form, given.name, [], _meta(form, given.name, meta, asked) if keyed else {}, {}, keyed)
    found.columns.update(_heading(form, given, words))
    readers = {column.field: reader(column, words) for column in form.columns}
    for row in given.rows:
        if row.number > given.rows[0].number:
            found.rows.append(_row(form, found, row, readers))
    _keys(form, found)
    return found


def _meta(form: Form, sheet: str, rows: list[Row] | None, asked: Place) -> dict[str, Known]:
    """The hidden sheet, checked from above."""
    if rows is None:
        raise Refused([at(sheet, "A1", NO_META)])
    told = {str(row.cells[0]): (row.number, _told(row.cells[1:2])) for row in rows[: len(HEAD)]}

    def must(name: str, wanted: str, reason: str) -> None:
        number, value = told.get(name, (HEAD.index(name) + 1, ""))
        if value != wanted:
            raise Refused([at(META, f"B{number}", reason, value)])

    must("format", FORMAT, NO_META)
    must("edition", str(EDITION), WRONG_EDITION)
    must("form", form.name, WRONG_FORM)
    must("organisation", asked.organisation, WRONG_PLACE)
    must("year", asked.year, WRONG_YEAR)
    known = {
        _told(row.cells[:1]): Known(_told(row.cells[1:2]), _told(row.cells[2:3]))
        for row in rows if row.number > len(HEAD)
    }  # fmt: skip
    must("checksum", checksum(asked, known), WRONG_SUM)
    return known


def _told(cells: Sequence[Any]) -> str:
    return "" if not cells or cells[0] is None else str(cells[0])


def _heading(form: Form, given: Given, words: Words) -> dict[str, int]:
    """Where each column stands: by its heading in either language; every one is needed, and only once."""
    names = {plain(heading): c for c in form.columns for heading in _headings(c, words)}
    head, places, reasons = given.rows[0], dict[str, int](), list[Reason]()
    for place, cell in enumerate(head.cells):
        column = names.get(plain(cell))
        if column is None:
            continue
        if column.field in places:
            name = cell_name(place, head.number)
            reasons.append(at(given.name, name, TWO_COLUMNS, column=column.words_of_heading))
        places.setdefault(column.field, place)
    for wanted, column in enumerate(form.columns, 1):
        if column.field not in places and column.holds is not Holds.SHOWN:
            name = cell_name(wanted, head.number)
            reasons.append(at(given.name, name, NO_COLUMN, column=column.words_of_heading))
    refuse_if(reasons)
    return places


def _headings(column: Column, words: Words) -> list[str]:
    labels, others = list(words(column.label)), list(words(column.of)) if column.of else []
    return [f"{a}: {b}" for a, b in zip(labels, others, strict=True)] if others else labels


Reader = Callable[[Any], tuple[str, str, dict[str, object]]]
"""From a cell to its value, or what is wrong with it and the parameters of that."""


def reader(column: Column, words: Words) -> Reader:
    """How a cell of this column is read."""
    if column.holds is Holds.STEP:
        return _step
    if column.holds is Holds.DAY:
        return _day
    if column.holds is Holds.WORD:
        known = {_small(said): value for value, label in column.words for said in words(label)}
        told = tuple(label for _value, label in column.words)
        return lambda cell: _word(cell, known, told)
    if column.holds is Holds.TICK:
        known = {
            "x": "yes",
            **dict.fromkeys(map(_small, words(YES)), "yes"),
            **dict.fromkeys(map(_small, words(NO)), ""),
        }
        return lambda cell: ("yes", "", {}) if cell is True else _word(cell, known, (YES,))
    return lambda cell: _text(cell, column.most)


YES, NO = N_("Yes"), N_("No")


def _small(text: object) -> str:
    return " ".join(unicodedata.normalize("NFC", str(text)).casefold().split())


def _word(cell: Any, known: Mapping[str, str], told: tuple[str, ...]) -> tuple[str, str, dict[str, object]]:
    if cell in (None, ""):
        return "", "", {}
    value = None if isinstance(cell, bool) else known.get(_small(cell))
    return ("", NO_WORD, {"words": told}) if value is None else (value, "", {})


def _step(cell: Any) -> tuple[str, str, dict[str, object]]:
    text = "" if cell is None else str(cell).strip()
    if not text:
        return "", "", {}
    return ("", NO_STEP, {}) if isinstance(cell, bool) or not re.fullmatch("[1-5]", text) else (text, "", {})


def _day(cell: Any) -> tuple[str, str, dict[str, object]]:
    if cell in (None, ""):
        return "", "", {}
    found = cell if isinstance(cell, date) else day(cell) if isinstance(cell, str) else None
    if found is None:
        return "", NO_DAY, {}
    return ("", DAY_RANGE, {}) if not FIRST_DAY <= found <= LAST_DAY else (found.isoformat(), "", {})


def day(text: str) -> date | None:
    """A date as it is written in Denmark or in ISO's way."""
    for pattern in ("%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text.strip(), pattern).date()
        except ValueError:
            continue
    return None


def _text(cell: Any, most: int) -> tuple[str, str, dict[str, object]]:
    if isinstance(cell, bool):
        return "", NO_TRUTH, {}
    if isinstance(cell, date):
        return "", NO_TEXT, {}
    text = settled("" if cell is None else str(cell))
    return ("", LONG_TEXT, {"most": most, "n": len(text)}) if len(text) > most else (text, "", {})


def settled(text: str) -> str:
    """A text as a form stores it: composed (NFC), one kind of line end, no space around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").strip())


def _row(form: Form, found: Back, row: Row, readers: Mapping[str, Reader]) -> Read:
    read = Read(row.number, _told(row.cells[:1]) if found.keyed else "", {})
    for column in form.columns:
        place = found.columns.get(column.field)
        if place is None or column.holds is Holds.SHOWN:
            continue
        cell = row.cells[place]
        value, wrong, params = readers[column.field](cell)
        if wrong:
            shown = cell.isoformat() if isinstance(cell, date) else cell
            read.faults.append(found.fault(row.number, column.field, wrong, shown, **params))
        elif value:
            read.values[column.field] = value
    return read


def _keys(form: Form, found: Back) -> None:
    """Each row is one of the form's, and stands there once; where rows may be added, an added one has no key."""
    seen, reasons = set[str](), list[Reason]()
    for read in found.rows:
        name = cell_name(0, read.number)
        if not read.key:
            if not form.adds:
                reasons.append(at(found.sheet, name, NO_KEY))
        elif read.key not in found.known:
            reasons.append(at(found.sheet, name, BAD_KEY, read.key))
        elif read.key in seen:
            reasons.append(at(found.sheet, name, TWO_KEYS))
        seen.add(read.key)
    refuse_if(reasons)
