"""Read an uploaded table (CSV or xlsx) into rows of plain values, or say which line or cell is in the way."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from controls.base.why import N_, Reason, Refused, Why

Cell = str | int | float | date | bool | None
ROOT = Path(__file__).parents[2]

EMPTY = Why("file_empty", N_("The file is empty."))
TOO_LARGE = Why("file_too_large", N_("The file is too large. The limit is {limit}."), 413)
TYPE_NOT_ALLOWED = Why("file_type_not_allowed", N_("This file type is not allowed. Allowed types: {types}."), 415)
MISMATCH = Why("file_type_mismatch", N_("The file's content does not match its extension {ext}."), 415)
MACROS = Why("file_has_macros", N_("The file contains macros. Save it without macros and try again."), 415)
ACTIVE = Why("file_active_content", N_("The file contains active content ({what}) and was refused."), 415)
ENCRYPTED = Why("file_encrypted", N_("The file is password protected and cannot be checked."))
CORRUPT = Why("file_corrupt", N_("The file cannot be read. It is damaged or incomplete."))
EXPANDS = Why("archive_expands_too_much", N_("The file is too large when unpacked ({limit})."))
TOO_MANY_ROWS = Why("import_too_many_rows", N_("The sheet has too many rows or columns ({limit})."))
FORMULA = Why("import_formula_not_allowed", N_("Cell {cell} holds a formula. Paste it as a value."))
EXTERNAL = Why("import_external_link", N_("The sheet refers to another file or address and was refused."))
ENTITIES = Why("xml_entities_refused", N_("The file contains XML entities or a DTD and was refused."))
BAD_CHARS = Why("field_bad_chars", N_("Cell {cell} contains characters that cannot be stored."))
ERROR_VALUE = Why("import_error_value", N_("Cell {cell} holds an error value. Correct it and try again."))
NOT_UTF8 = Why("file_corrupt", N_("Line {line} is not UTF-8 text. Save the file as CSV UTF-8 and try again."))
BAD_QUOTES = Why("file_corrupt", N_("The quotation marks in line {line} do not match. Correct the line and try again."))
FROM_CHILD = {
    why.code: why
    for why in (
        MISMATCH,
        MACROS,
        ACTIVE,
        ENCRYPTED,
        CORRUPT,
        EXPANDS,
        TOO_MANY_ROWS,
        FORMULA,
        EXTERNAL,
        ENTITIES,
        ERROR_VALUE,
    )
}


@dataclass(frozen=True)
class Limits:
    """What one import may cost; rows are counted below the heading."""

    upload: int = 50_000_000
    unpacked: int = 50_000_000
    members: int = 2_000
    ratio: int = 100
    rows: int = 20_000
    columns: int = 100
    seconds: int = 10
    memory: int = 512 * 1024 * 1024

    def sheet(self) -> str:
        """The bounds of a sheet as the user reads them."""
        return f"{self.rows} × {self.columns}"


@dataclass(frozen=True)
class Row:
    """One row as the user sees it: its number in the sheet, and its values from column A on."""

    number: int
    cells: list[Cell]

    def cell_name(self, column: int) -> str:
        """The name of a cell in this row, such as F12; column A is 0."""
        return cell_name(column, self.number)


@dataclass(frozen=True)
class Sheet:
    """The first visible sheet of a workbook, or the CSV file; empty rows are left out, all rows are equally long.

    `also` holds the sheets that were asked for by name, hidden ones too, as far as the workbook has them.
    """

    name: str
    rows: list[Row]
    also: dict[str, list[Row]] = field(default_factory=dict)


def cell_name(column: int, row: int) -> str:
    """Column 5 in row 12 is F12."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def read(data: bytes, filename: str, *, limits: Limits | None = None, also: tuple[str, ...] = ()) -> Sheet:
    """The rows of an uploaded .csv or .xlsx file; raises `Refused` naming the line, or sheet and cell."""
    limits = limits or Limits()
    extension = Path(filename).suffix.lower()
    if extension == ".xlsm":
        refuse(MACROS)
    if extension not in (".csv", ".xlsx"):
        refuse(TYPE_NOT_ALLOWED, types="csv, xlsx")
    if not data.strip(b"\xef\xbb\xbf \r\n\t"):
        refuse(EMPTY)
    if len(data) > limits.upload:
        refuse(TOO_LARGE, limit=f"{limits.upload // 1_000_000} MB")
    if extension == ".csv":
        return Sheet("CSV", _even(_csv(data, limits)))
    name, rows, others = _workbook(data, limits, also)
    return Sheet(name, _even(rows, name), {other: _even(found, other) for other, found in others.items() if found})


def named(filename: str) -> str:
    """The name of an uploaded file without its path and without signs that do not show."""
    return "".join(sign for sign in filename.replace("\\", "/").rpartition("/")[2] if sign.isprintable())[-200:]


def refuse(why: Why, **params: object) -> NoReturn:
    """Refuse the file for one reason."""
    raise Refused([Reason(why.code, why.text, why.status, params)])


def place(sheet: str, cell: str) -> str:
    """A cell with its sheet, as a formula writes it: 'Om filen'!F12 (ECMA-376 part 1, 18.17.2.2)."""
    plain = re.fullmatch(r"[^\W\d]\w*", sheet)
    return f"{sheet}!{cell}" if plain else "'" + sheet.replace("'", "''") + f"'!{cell}"


def _even(rows: Iterable[Row], sheet: str = "") -> list[Row]:
    """Rows that hold something, equally long, without unstorable characters."""
    kept = [row for row in rows if any(cell is not None for cell in row.cells)]
    if not kept:
        refuse(EMPTY)
    width = max(len(row.cells) for row in kept)
    for row in kept:
        row.cells.extend([None] * (width - len(row.cells)))
        for column, cell in enumerate(row.cells):
            if isinstance(cell, str) and not _storable(cell):
                cell_ = row.cell_name(column)
                refuse(BAD_CHARS, cell=place(sheet, cell_) if sheet else cell_)
    return kept


def _storable(text: str) -> bool:
    return text.isprintable() or not any(
        (sign < " " and sign not in "\t\n\r") or "\ud800" <= sign <= "\udfff" or sign in "\x7f\ufffe\uffff"
        for sign in text
    )


# --- CSV ---


def _csv(data: bytes, limits: Limits) -> Iterator[Row]:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        refuse(MISMATCH, ext=".csv")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(NOT_UTF8, line=data.count(b"\n", 0, error.start) + 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator(text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if number > limits.rows + 1 or len(cells) > limits.columns:
                refuse(TOO_MANY_ROWS, limit=limits.sheet())
            yield Row(number, [cell if cell.strip() else None for cell in cells])
    except csv.Error:
        refuse(BAD_QUOTES, line=number + 1)


def separator(text: str) -> str:
    """Semicolon or comma, whichever stands more often outside quotation marks in the first line that is not empty."""
    heading = text.lstrip()[:100_000].partition("\n")[0]
    outside = "".join(heading.split('"')[::2])
    return ";" if outside.count(";") > outside.count(",") else ","


# --- Workbook ---


def _workbook(
    data: bytes, limits: Limits, also: tuple[str, ...]
) -> tuple[str, list[Row], dict[str, list[Row]]]:  # fmt: skip
    """Let a child process with limits read the workbook: it may fail or be stopped, this process goes on."""
    if not data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        refuse(MISMATCH, ext=".xlsx")
    command = [sys.executable, "-m", "controls.base.intake_child", json.dumps(asdict(limits)), *also]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=limits.seconds, cwd=ROOT, env=environment, check=False
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):  # too slow, or stopped by its own limits
        refuse(EXPANDS, limit=f"{limits.seconds} s, {limits.memory // 1024 // 1024} MB")
    if "refused" in answer:
        refuse(FROM_CHILD[answer["refused"]], **answer["params"])
    return answer["name"], _rows(answer["rows"]), {name: _rows(rows) for name, rows in answer["also"].items()}


def _rows(told: list[Any]) -> list[Row]:
    return [Row(number, [_value(cell) for cell in cells]) for number, cells in told]


def _value(cell: Any) -> Cell:
    """JSON knows no dates: they come as a list with one ISO date."""
    return date.fromisoformat(cell[0]) if isinstance(cell, list) else cell
