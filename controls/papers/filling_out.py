"""Writes a workbook to fill in: protected without a password, only the answers' cells open, with drop-down lists."""

import io
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from datetime import date
from typing import Any, cast

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from controls.base.by import By
from controls.base.why import N_
from controls.papers.columns import UNSAFE, escaped
from controls.papers.filling import (
    EDITION,
    FORMAT,
    HEAD,
    LISTS,
    META,
    YES,
    Column,
    Form,
    Holds,
    Known,
    Place,
    Written,
    checksum,
    digest,
)

Say = Callable[[str], str]
Text = tuple[str, str]
"""A line about the file: a word and what it says."""

HEADING = {
    "font": Font(name="Calibri", size=11, bold=True, color="FFFFFFFF"),
    "fill": PatternFill("solid", fgColor="FF1F4E6B"),
    "alignment": Alignment(vertical="top", horizontal="left", indent=1, wrap_text=True),
}  # fmt: skip
OPEN, SHUT = PatternFill("solid", fgColor="FFFFFFFF"), PatternFill("solid", fgColor="FFEEF1F4")
LINE = Side(style="thin", color="FFB8C0C8")
FRAME = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
ABOUT, KEY = N_("About the file"), N_("Key")
NOT_LISTED = N_("Choose from the list.")
NO_DAY = N_("Write a date, for example 30-04-2026.")
TOO_LONG = N_("The text is too long.")
PROMPT, SPARE_LIST, TALLEST, WIDE, ABOUT_WIDE = 255, 2_000, 20, 200, 110
Styles = dict[tuple[Holds, bool, bool, bool], Any]
"""Looks that were made before: making one costs many times what taking it again does."""


def write(
    by: By, form: Form, place: Place, rows: Sequence[Written], say: Say, language: str, about: Iterable[Text],
    codes: Sequence[str] = (),
) -> bytes:  # fmt: skip
    """The workbook as bytes, with its rows, its lists, what it is, and `_meta`."""
    book = cast(Any, Workbook())
    sheet = book.active
    book.properties.title, book.properties.creator, book.properties.language = say(form.title), by.name, language
    sheet.title = say(form.title)[:31]
    lists = _Lists(book.create_sheet(LISTS), say)
    _heading(sheet, form, say)
    styles: Styles = {}
    for number, row in enumerate(rows, 2):
        _line(sheet, form, number, row, say, styles)
    last = len(rows) + 1 + form.adds
    for number in range(len(rows) + 2, last + 1):
        open_ = frozenset(c.field for c in form.columns if c.holds is not Holds.SHOWN)
        _line(sheet, form, number, Written("", "", {}, open_), say, styles)
    for at, column in enumerate(form.columns, 2):
        _validate(sheet, column, f"{get_column_letter(at)}2:{get_column_letter(at)}{last}", lists, say, codes)
    _finish(sheet, form, last)
    known = {row.key: Known(row.version, digest(form, row.values)) for row in rows}
    _meta(book.create_sheet(META), form, place, known, language, by)
    _about(book.create_sheet(say(ABOUT)[:31]), about)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _put(cell: Any, value: Any, column: Column | None = None) -> None:
    """A value as what it is: text stays text whatever it begins with, a step is a number, a day is a date."""
    if column is not None and column.holds is Holds.STEP and isinstance(value, str):
        value = int(value)
    elif column is not None and column.holds is Holds.DAY and isinstance(value, str):
        value = date.fromisoformat(value)
    if not isinstance(value, str):
        cell.value = value
        cell.number_format = "dd-mm-yyyy" if isinstance(value, date) else "General"
        return
    cell.value = escaped(value)
    cell.data_type = "s"
    cell.number_format = "@"
    if value.startswith(UNSAFE):
        cell.quotePrefix = True


def _heading(sheet: Any, form: Form, say: Say) -> None:
    for at, text in enumerate((say(KEY), *(column.heading(say) for column in form.columns)), 1):
        cell = sheet.cell(1, at)
        _put(cell, text)
        for name, value in HEADING.items():
            setattr(cell, name, value)
    for at, column in enumerate(form.columns, 2):
        sheet.column_dimensions[get_column_letter(at)].width = column.width
    sheet.column_dimensions["A"].hidden = True
    sheet.row_dimensions[1].height = 48


def _line(sheet: Any, form: Form, number: int, row: Written, say: Say, styles: Styles) -> None:
    if row.key:
        _put(sheet.cell(number, 1), row.key)
    tall = 1
    for at, column in enumerate(form.columns, 2):
        cell, value, may = sheet.cell(number, at), row.values.get(column.field, ""), column.field in row.open
        if value:
            _put(cell, _shown(column, value, say), column)
            tall = max(tall, sum(max(len(line) - 1, 0) // (column.width - 2) + 1 for line in value.split("\n")))
        strong = row.top and column.holds in (Holds.SHOWN, Holds.CODE)
        look = (column.holds, may, strong, value.startswith(UNSAFE))
        if look not in styles:
            styles[look] = _style(cell, *look)
        cell._style = copy(styles[look])
    sheet.row_dimensions[number].height = 15 * min(tall, TALLEST)


def _style(cell: Any, holds: Holds, may: bool, strong: bool, unsafe: bool) -> Any:
    """The look of a cell: white and open, or grey and locked; text stays text when it is written over."""
    cell.number_format = "@" if holds in (Holds.TEXT, Holds.CODE) else "dd-mm-yyyy" if holds is Holds.DAY else "General"
    cell.protection, cell.fill, cell.border = Protection(locked=not may), OPEN if may else SHUT, FRAME
    cell.alignment = Alignment(vertical="top", horizontal="left", indent=1, wrap_text=True)
    cell.quotePrefix = unsafe
    cell.font = Font(name="Calibri", size=11, bold=strong)
    return cell._style


def _shown(column: Column, value: str, say: Say) -> str:
    """The value as the reader's language has it."""
    if column.holds is Holds.TICK:
        return say(YES)
    if column.holds is Holds.WORD:
        return next((say(label) for stored, label in column.words if stored == value), value)
    return value


class _Lists:
    """The hidden sheet of the drop-down lists, a column for each list."""

    def __init__(self, sheet: Any, say: Say) -> None:
        self.sheet, self.say, self.kept = sheet, say, dict[tuple[str, ...], str]()
        sheet.sheet_state = "hidden"
        sheet.protection.sheet = True

    def of(self, texts: Sequence[str]) -> str:
        """The range in which these texts stand."""
        key = tuple(texts)
        if key not in self.kept:
            at = len(self.kept) + 1
            for number, text in enumerate(texts, 1):
                _put(self.sheet.cell(number, at), int(text) if text.isdigit() else text)
            letter = get_column_letter(at)
            self.kept[key] = f"{LISTS}!${letter}$1:${letter}${len(texts)}"
        return self.kept[key]


def _validate(
    sheet: Any, column: Column, cells: str, lists: _Lists, say: Say, codes: Sequence[str]
) -> None:  # fmt: skip
    """What a column's cells take, and the list or the rule that the program offers there."""
    choices = {
        Holds.STEP: [str(step) for step in range(1, 6)], Holds.TICK: [say(YES)], Holds.CODE: list(codes),
        Holds.WORD: [say(label) for _value, label in column.words],
    }.get(column.holds, [])  # fmt: skip
    if choices and len(choices) <= SPARE_LIST:
        rule = DataValidation("list", formula1=lists.of(choices), allow_blank=True, error=say(NOT_LISTED))
    elif column.holds is Holds.DAY:
        rule = DataValidation("date", operator="greaterThan", formula1="32873", allow_blank=True, error=say(NO_DAY))
    elif column.holds is Holds.TEXT:
        rule = DataValidation(
            "textLength", operator="lessThanOrEqual", formula1=str(column.most), allow_blank=True, error=say(TOO_LONG)
        )
    else:
        return
    rule.showErrorMessage, rule.errorTitle = True, column.heading(say)[:32]
    if column.hint:
        rule.showInputMessage, rule.promptTitle = True, column.heading(say)[:32]
        rule.prompt = column.hint[:PROMPT]
    rule.add(cells)
    sheet.add_data_validation(rule)


def _finish(sheet: Any, form: Form, last: int) -> None:
    """Protection, frozen heading, filter, and how it prints."""
    guard = sheet.protection
    guard.sheet = True
    guard.autoFilter = guard.formatColumns = guard.formatRows = guard.sort = False
    shown = sum(1 for column in form.columns if column.holds in (Holds.SHOWN, Holds.CODE))
    sheet.freeze_panes = f"{get_column_letter(min(shown, 2) + 2)}2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(form.columns) + 1)}{last}"
    setup = sheet.page_setup
    pages = max(1, round(sum(column.width for column in form.columns) / WIDE))
    setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", 8, pages, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows, sheet.print_title_cols = "1:1", "B:C"
    sheet.oddFooter.center.text = "&A  &P/&N"


def _meta(sheet: Any, form: Form, place: Place, known: dict[str, Known], language: str, by: By) -> None:
    """What the file is, for when it comes back."""
    sheet.sheet_state = "hidden"
    sheet.protection.sheet = True
    facts = dict(zip(HEAD, (FORMAT, str(EDITION), *place, language, by.at.isoformat(), ""), strict=True))
    facts["checksum"] = checksum(place, known)
    rows = [*facts.items(), *((key, *one) for key, one in known.items())]
    for number, row in enumerate(rows, 1):
        for at, text in enumerate(row, 1):
            _put(sheet.cell(number, at), text)


def _about(sheet: Any, about: Iterable[Text]) -> None:
    """What the file is, for its reader."""
    sheet.protection.sheet = True
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, ABOUT_WIDE
    for number, (word, text) in enumerate(about, 1):
        for at, said in enumerate((word, text), 1):
            if said:
                _put(sheet.cell(number, at), said)
            sheet.cell(number, at).alignment = Alignment(vertical="top", wrap_text=True)
        sheet.row_dimensions[number].height = 15 * (len(text) // (ABOUT_WIDE - 10) + 1)
        sheet.cell(number, 1).font = Font(name="Calibri", size=11, bold=True)
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
