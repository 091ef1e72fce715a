"""Writes a workbook sheet by sheet and row by row, so that its size does not show in memory.

openpyxl's write-only sheets do the format; the rows are ours: handing over a cell costs several times what its XML
does, and what a column holds often stands there again in the next row. A sheet's XML is hashed as it is written.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from itertools import chain, islice
from math import ceil
from tempfile import NamedTemporaryFile
from typing import IO, Any, cast
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.compat import safe_string
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from controls.base.why import Labelled
from controls.papers.columns import (
    COPENHAGEN,
    FORBIDDEN,
    LIMIT,
    NO,
    UNSAFE,
    YES,
    Column,
    Kind,
    Sheet,
    SheetSum,
    clean,
    escaped,
)  # fmt: skip

Say = Callable[[str], str]
ROWS_OF_A_SHEET = 1_048_575
WIDTH_OF_A_PAGE = 260
FORMATS = {
    Kind.DATE: "dd-mm-yyyy", Kind.MOMENT: "dd-mm-yyyy hh:mm:ss", Kind.ORE: "#,##0.00", Kind.SHARE: "0.0%",
}  # fmt: skip
BILLION = 1_000_000_000
DAY_ZERO = date(1899, 12, 30).toordinal()
HEADING = {
    "font": Font(name="Calibri", size=11, bold=True, color="FFFFFFFF"),
    "fill": PatternFill("solid", fgColor="FF1F4E6B"),
    "alignment": Alignment(vertical="top", horizontal="left", indent=1, wrap_text=True),
}  # fmt: skip
TITLE = {"font": Font(name="Calibri", size=16, bold=True)}
STRONG = {"font": Font(name="Calibri", size=11, bold=True)}
LEFT = {"alignment": Alignment(vertical="top", horizontal="left", indent=1)}
TALLEST = 12
TOGETHER = 200
"""Rows handed over at once."""
AGAIN = 256
"""Values of a column whose cells are kept for when they come again."""


class Part:
    """The XML of one sheet on its way to the archive, hashed as it is written."""

    def __init__(self) -> None:
        self.file = NamedTemporaryFile(prefix="workbook-")  # noqa: SIM115 - lives until the archive is written
        self.digest = sha256()

    def write(self, data: bytes) -> None:
        """Take the next bytes of the sheet."""
        self.digest.update(data)
        self.file.write(data)


class Archive(ZipFile):
    """A zip whose members all carry the workbook's own moment, so that the same content gives the same file."""

    def __init__(self, out: IO[bytes], at: datetime) -> None:
        super().__init__(out, "w", ZIP_DEFLATED, compresslevel=4)
        self.at = at.astimezone(COPENHAGEN).replace(tzinfo=None).timetuple()

    def writestr(self, zinfo_or_arcname: Any, data: Any, *rest: Any, **named: Any) -> None:
        """Add a small member."""
        super().writestr(ZipInfo(zinfo_or_arcname, self.at[:6]), data, ZIP_DEFLATED)


class Writer(ExcelWriter):
    """openpyxl's writer, taking each sheet from its part."""

    _archive: Archive

    def write_worksheet(self, ws: Any) -> None:
        """Move a finished sheet into the archive."""
        part: Part = ws._writer.out
        part.file.flush()
        stamp = time.mktime(self._archive.at)
        os.utime(part.file.name, (stamp, stamp))
        ws._rels = ws._writer._rels
        self._archive.write(part.file.name, ws.path[1:])
        self.manifest.append(ws)
        part.file.close()


class Book:
    """A workbook being written; the cover stands first and is filled last."""

    def __init__(self, title: str, author: str, at: datetime, say: Say) -> None:
        self.book = cast(Any, Workbook(write_only=True))
        self.say, self.at, self.parts = say, at, list[Part]()
        moment = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        known = self.book.properties
        known.title, known.creator, known.created, known.modified = title, author, moment, moment
        known.lastModifiedBy = author

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, *what: object) -> None:
        for part in self.parts:
            part.file.close()

    def page(self, title: str, widths: Sequence[int], frozen: bool = True) -> "Page":
        """A new sheet with its column widths; `frozen` keeps heading and key in sight."""
        return Page(self, title, widths, frozen)

    def write(self, sheet: Sheet, rows: Iterable[Sequence[Any]]) -> list[SheetSum]:
        """Write a sheet's rows; what does not fit on one sheet goes on to the next."""
        todo, sums = iter(rows), list[SheetSum]()
        while True:
            first = next(todo, None)
            if first is None and sums:
                return sums
            more = f" ({len(sums) + 1})" if sums else ""
            title = f"{sheet.number} {self.say(sheet.title)}"[: 31 - len(more)] + more
            part = chain([first], islice(todo, ROWS_OF_A_SHEET - 1)) if first is not None else iter(())
            sums.append(self._page(sheet, title, part))
            if first is None:
                return sums

    def _page(self, sheet: Sheet, title: str, rows: Iterator[Sequence[Any]]) -> SheetSum:
        heads = [self.say(column.label) for column in sheet.columns]
        widths = [max(column.wide, len(head) + 4) for column, head in zip(sheet.columns, heads, strict=True)]
        page = self.page(title, widths)
        page.line(heads, HEADING)
        count, total = page.pour(sheet, rows)
        digest = page.close(f"A1:{get_column_letter(len(sheet.columns))}{count + 1}")
        chosen = sheet.columns[sheet.total_at]
        return SheetSum(sheet.number, title, count, chosen.label, total, chosen.kind, digest)

    def save(self, out: IO[bytes]) -> None:
        """Put the sheets into the file."""
        archive = Archive(out, self.at)
        Writer(self.book, archive).save()


class Page:
    """One sheet being written."""

    def __init__(self, book: Book, title: str, widths: Sequence[int], frozen: bool) -> None:
        self.book, self.sheet, self.rows, self.lines = book, book.book.create_sheet(title), 0, 1
        self.written = list[str]()
        for at, width in enumerate(widths, 1):
            self.sheet.column_dimensions[get_column_letter(at)].width = width
        self.sheet.freeze_panes = "B2" if frozen else None
        self._paper(sum(widths), frozen)
        self.part = Part()
        book.parts.append(self.part)
        self.sheet._writer = WorksheetWriter(self.sheet, self.part)  # type: ignore[arg-type]
        self.sheet._writer.write_top()
        self.sheet._values_to_row = lambda rows, number: rows
        self.sheet._writer.write_row = self._put

    def _paper(self, width: int, data: bool) -> None:
        """Landscape A3 (the cover A4), as many pages wide as can be read, heading and key on each."""
        setup = self.sheet.page_setup
        setup.orientation, setup.paperSize = "landscape", 8 if data else 9
        setup.fitToWidth, setup.fitToHeight = max(1, round(width / WIDTH_OF_A_PAGE)) if data else 1, 0
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True
        self.sheet.sheet_view.showGridLines = data
        for side in ("left", "right", "top", "bottom"):
            setattr(self.sheet.page_margins, side, 0.4)
        if data:
            self.sheet.print_title_rows, self.sheet.print_title_cols = "1:1", "A:A"
            self.sheet.oddFooter.center.text = "&A  &P/&N"

    def style(self, number_format: str = "General", quoted: bool = False, **look: Any) -> int:
        """The workbook's number of a style."""
        cell = WriteOnlyCell(self.sheet)
        cell.number_format, cell.alignment = number_format, look.pop("alignment", Alignment(vertical="top"))
        for name, value in look.items():
            setattr(cell, name, value)
        if quoted:
            cell.quotePrefix = True
        return int(cell.style_id)

    def line(self, values: Sequence[Any], look: dict[str, Any] | None = None, formats: Sequence[str] = ()) -> None:
        """One row of a few cells, each with its own look: headings and the cover."""
        self.lines, cells = 1, []
        for at, value in enumerate(values, 1):
            if value is None:
                continue
            text = isinstance(value, str)
            kind = formats[at - 1] if at <= len(formats) and formats[at - 1] else "General"
            style = self.style(kind, text and value.startswith(UNSAFE), **(look or (LEFT if text and at > 1 else {})))
            end = spelled(style, clean(value)) if text else figure(style, serial(value))
            cells.append(f'<c r="{get_column_letter(at)}{self.rows + 1}{end}')
        self._send(cells)

    def _send(self, cells: Iterable[str]) -> None:
        """Take the cells of the next row, as tall as its longest text."""
        self.rows += 1
        tall = f' ht="{15 * min(self.lines, TALLEST)}" customHeight="1"' if self.lines > 1 else ""
        self.written.append(f'<row r="{self.rows}"{tall}>{"".join(cells)}</row>')
        if len(self.written) == TOGETHER:
            self._flush()

    def _flush(self) -> None:
        self.sheet.append(["".join(self.written)])
        self.written.clear()

    def _put(self, xml: Any, rows: list[str], number: int) -> None:
        """In place of openpyxl's writing of a row: rows that are XML already, after what was written before them."""
        xml.flush()
        self.part.write(rows[0].encode())

    def pour(self, sheet: Sheet, rows: Iterable[Sequence[Any]]) -> tuple[int, int]:
        """All rows of a sheet; gives back their number and the control total."""
        put = [(f'<c r="{get_column_letter(at)}', self.putter(column)) for at, column in enumerate(sheet.columns, 1)]
        at, total, start = sheet.total_at, 0, self.rows
        for row in rows:
            self.lines, number = 1, self.rows + 1
            self._send([
                f"{begin}{number}{end(value)}"
                for (begin, end), value in zip(put, row, strict=True) if value is not None and value != ""
            ])  # fmt: skip
            total += row[at] or 0
        return self.rows - start, total

    def putter(self, column: Column) -> Callable[[Any], str]:
        """How a value of this column becomes its cell, from the row's number on."""
        if column.kind is Kind.LONG:
            return self._long(column)
        if column.kind is Kind.TEXT:
            return lru_cache(AGAIN)(self._text(column))
        if column.kind in (Kind.WORD, Kind.WORDS, Kind.YES_NO):
            return self._word(column)
        style, turn = self.style(FORMATS.get(column.kind, "General")), TURNS.get(column.kind, lambda value: value)
        return lru_cache(AGAIN)(lambda value: figure(style, turn(value)))

    def _text(self, column: Column) -> Callable[[str], str]:
        look = Alignment(vertical="top", horizontal="left", indent=1, wrap_text=column.kind is Kind.LONG)
        plain, quoted = self.style(alignment=look), self.style(quoted=True, alignment=look)

        def text(value: str) -> str:
            unsafe = value[0] in UNSAFE
            if FORBIDDEN.search(value) or len(value) > LIMIT or "\r" in value:
                value = clean(value)
                unsafe = unsafe or value.startswith(UNSAFE)
            return spelled(quoted if unsafe else plain, value)

        return text

    def _long(self, column: Column) -> Callable[[str], str]:
        """A text that may make its row taller."""
        text, wide = self._text(column), column.wide - 2

        def long(value: str) -> str:
            self.lines = max(self.lines, value.count("\n") + len(value) // wide + 1)
            return text(value)

        return long

    def _word(self, column: Column) -> Callable[[Any], str]:
        style, known, say = self.style(alignment=LEFT["alignment"]), dict[Any, str](), self.book.say
        words: dict[str, Labelled] = {m.value: m for words in column.lists for m in words}

        def spell(value: Any) -> str:
            if column.kind is Kind.YES_NO:
                return say(YES if value else NO)
            if column.kind is Kind.WORDS:
                parts = value.replace(",", ";").split(";")
                return ", ".join(say(words[p.strip()].label) if p.strip() in words else p.strip() for p in parts)
            return say(words[value].label)

        def word(value: Any) -> str:
            if value not in known:
                known[value] = spelled(style, spell(value))
            return known[value]

        return word

    def close(self, filtered: str = "") -> str:
        """End the sheet; gives back the digest of its XML."""
        if filtered:
            self.sheet.auto_filter.ref = filtered
        self._flush()
        self.sheet.close()
        return self.part.digest.hexdigest()


def spelled(style: int, text: str) -> str:
    """A cell that holds a text, from the row's number on."""
    kept = ' xml:space="preserve"' if text != text.strip() else ""
    inside = f"<is><t{kept}>{escape(escaped(text))}</t></is>" if text else ""
    return f'" s="{style}" t="inlineStr">{inside}</c>'


def figure(style: int, value: Any) -> str:
    """A cell that holds a number, from the row's number on."""
    return f'" s="{style}" t="n"><v>{safe_string(value)}</v></c>'


def serial(value: Any) -> Any:
    """A date or moment as the number a workbook stores; other values as they are."""
    if isinstance(value, datetime):
        return moment(value)
    return value.toordinal() - DAY_ZERO if isinstance(value, date) else value


def moment(value: datetime) -> float:
    """The moment in Denmark as days since the workbook's day zero, never a hair before its second (programs cut)."""
    here = value.astimezone(COPENHAGEN)
    seconds = here.hour * 3600 + here.minute * 60 + here.second
    return here.toordinal() - DAY_ZERO + ceil(seconds * BILLION / 86400) / BILLION


TURNS: dict[Kind, Callable[[Any], Any]] = {
    Kind.DATE: lambda value: value.toordinal() - DAY_ZERO,
    Kind.MOMENT: moment,
    Kind.ORE: lambda value: value // 100 if value % 100 == 0 else value / 100,
    Kind.SHARE: float,
}
