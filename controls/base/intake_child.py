"""The child process that opens a stranger's workbook: checked as a zip, then as XML, then read, under hard limits.

Bytes come on standard input, one JSON object leaves on standard output: the rows, or a code and its parameters.
"""

import io
import json
import posixpath
import re
import resource
import sys
import zipfile
from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, time, timedelta
from pyexpat import ParserCreate
from typing import Any, NoReturn

from controls.base.intake import Limits, cell_name, place

Attributes = dict[str, str]
ACTIVE = {"activex/": "ActiveX", "embeddings/": "OLE", "ctrlprops/": "ActiveX", "webextensions/": "Web extension"}
LINKS = ("xl/externallinks/", "xl/connections.xml", "xl/querytables/", "xl/model/")


class Stop(Exception):
    """Refused, with the code of a reason in `intake` and its parameters."""


def stop(code: str, **params: object) -> NoReturn:
    """Refuse the workbook."""
    raise Stop(code, params)


def unpack(data: bytes, limits: Limits) -> dict[str, bytes]:
    """All XML parts of the workbook, once the archive is found harmless; sizes are counted, not believed."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            stop("file_encrypted")
        stop("file_type_mismatch", ext=".xlsx")
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = archive.infolist()
    if len(members) > limits.members:
        stop("archive_expands_too_much", limit=limits.members)
    parts: dict[str, bytes] = {}
    size, most = 0, min(limits.unpacked, max(len(data) * limits.ratio, 1_000_000))
    for member in members:
        inspect_name(member)
        with archive.open(member) as stream:
            content = stream.read(most - size + 1)
        size += len(content)
        if size > most:
            stop("archive_expands_too_much", limit=f"{most // 1_000_000} MB")
        if member.filename.lower().endswith((".xml", ".rels", ".vml")):
            parts[member.filename] = content
    if "[Content_Types].xml" not in parts or "xl/workbook.xml" not in parts:
        stop("file_type_mismatch", ext=".xlsx")
    if b"macroenabled" in parts["[Content_Types].xml"].lower():
        stop("file_has_macros")
    return parts


def inspect_name(member: zipfile.ZipInfo) -> None:
    """A member whose name or flags show what a table of values never holds."""
    name = member.filename.lower().replace("\\", "/")
    if member.flag_bits & 1:
        stop("file_encrypted")
    if name.startswith("/") or ":" in name or ".." in name.split("/"):
        stop("file_active_content", what="path")
    if name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/"):
        stop("file_has_macros")
    if name.startswith(LINKS):
        stop("import_external_link")
    for folder, what in ACTIVE.items():
        if folder in name:
            stop("file_active_content", what=what)


def walk(content: bytes, start: Callable[[str, Attributes], None], end: Callable[[str], None] | None = None) -> None:
    """Read XML part for part; a DTD or entity stops it at once."""
    parser = ParserCreate(namespace_separator="}")
    parser.StartDoctypeDeclHandler = lambda *_: stop("xml_entities_refused")
    parser.EntityDeclHandler = lambda *_: stop("xml_entities_refused")
    parser.StartElementHandler = lambda tag, found: start(tag.rpartition("}")[2], found)
    if end:
        parser.EndElementHandler = lambda tag: end(tag.rpartition("}")[2])
    parser.Parse(content, True)


def inspect_links(_tag: str, found: Attributes) -> None:
    """A clickable address or mail address is harmless text; anything else that lies outside is not."""
    if found.get("TargetMode") == "External" and not found.get("Type", "").endswith("/hyperlink"):
        stop("import_external_link")


class Cells:
    """Goes through one sheet's XML: bounds, formulas and error values, which the reader itself would pass over."""

    def __init__(self, limits: Limits, sheet: str) -> None:
        self.limits, self.sheet, self.row, self.column, self.kind = limits, sheet, 0, -1, ""

    def here(self) -> str:
        """The cell, with its sheet."""
        return place(self.sheet, cell_name(self.column, self.row))

    def start(self, tag: str, found: Attributes) -> None:
        if tag == "row":
            self.row, self.column = int(found.get("r", self.row + 1)), -1
        elif tag == "c":
            self.column, self.kind = self.column + 1, found.get("t", "")
            if place := re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", found.get("r", "")):
                self.column, self.row = number_of(place[1]), int(place[2])
        elif tag == "f":
            stop("import_formula_not_allowed", cell=self.here())
        elif tag in ("v", "is"):
            if self.row > self.limits.rows + 1 or self.column >= self.limits.columns:
                stop("import_too_many_rows", limit=self.limits.sheet())
            if self.kind == "e":
                stop("import_error_value", cell=self.here())


def number_of(letters: str) -> int:
    """Column F is 5."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def sheet_paths(parts: dict[str, bytes]) -> Iterator[tuple[str, str, bool]]:
    """Each sheet's name, the part it is stored in, and whether it is seen."""
    sheets: list[tuple[str, str, bool]] = []
    targets: dict[str, str] = {}

    def sheet(tag: str, found: Attributes) -> None:
        if tag == "sheet":
            key = next((value for name, value in found.items() if name.endswith("relationships}id")), "")
            sheets.append((found.get("name", ""), key, found.get("state", "visible") == "visible"))

    def relation(tag: str, found: Attributes) -> None:
        if tag == "Relationship":
            targets[found.get("Id", "")] = posixpath.normpath(posixpath.join("/xl", found.get("Target", "")))[1:]

    walk(parts["xl/workbook.xml"], sheet)
    walk(parts.get("xl/_rels/workbook.xml.rels", b"<none/>"), relation)
    return ((name, targets.get(key, ""), seen) for name, key, seen in sheets)


def plain(cell: Any) -> Any:
    """A value as JSON: whole numbers without a decimal point, a date in a list, a point in time as text."""
    if isinstance(cell, datetime):
        return [cell.date().isoformat()] if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return [cell.isoformat()]
    if isinstance(cell, time | timedelta):
        return str(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return None if isinstance(cell, str) and not cell.strip() else cell


def rows_of(data: bytes, limits: Limits, also: Collection[str] = ()) -> dict[str, Any]:
    """The first visible sheet and those asked for by name, read only when every XML part has been looked through."""
    from python_calamine import CalamineWorkbook  # needed only now, and never in the parent

    parts = unpack(data, limits)
    for name, content in parts.items():
        walk(content, inspect_links if name.endswith(".rels") else lambda *_: None)
    sheets = [one for one in sheet_paths(parts) if one[1] in parts and one[1].startswith("xl/worksheets/")]
    first = next((name for name, _path, seen in sheets if seen), None)
    if first is None:
        stop("file_type_mismatch", ext=".xlsx")
    book, found = CalamineWorkbook.from_filelike(io.BytesIO(data)), dict[str, Any]()
    for name, path, _seen in sheets:
        if name == first or name in also:
            walk(parts[path], Cells(limits, name).start)
            table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            found[name] = [[i, [plain(cell) for cell in row]] for i, row in enumerate(table, 1)]
    return {"name": first, "rows": found.pop(first), "also": found}


def answer(data: bytes, limits: Limits, also: Collection[str] = ()) -> dict[str, Any]:
    """The rows, or what stands in the way."""
    try:
        return rows_of(data, limits, also)
    except Stop as refused:
        return {"refused": refused.args[0], "params": refused.args[1]}
    except MemoryError:
        return {"refused": "archive_expands_too_much", "params": {"limit": f"{limits.memory // 1024 // 1024} MB"}}
    except Exception:  # whatever a damaged workbook does to its readers, it is damaged
        return {"refused": "file_corrupt", "params": {}}


def main() -> None:
    """Take on the limits first, then the stranger's bytes."""
    limits = Limits(**json.loads(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    json.dump(answer(sys.stdin.buffer.read(), limits, sys.argv[2:]), sys.stdout)


if __name__ == "__main__":
    main()
