"""The five-year grid as a workbook: the rows, the hours of each year with a chart, and what the file is.

Colours are conditional formats, so that a cell that somebody changes takes the colour of what it says.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from textwrap import wrap
from typing import Any

from flask_babel import force_locale, get_locale, gettext
from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.formatting import rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.writer.excel import ExcelWriter

from controls.assessment.words import Band
from controls.base.clock import COPENHAGEN
from controls.base.form import said
from controls.base.why import N_
from controls.papers.columns import UNSAFE, clean
from controls.papers.workbook_out import HEADING, STRONG, Archive
from controls.planning import ahead, grid
from controls.planning.board import Board, hours_of
from controls.planning.changes import Changes
from controls.planning.queries import Seen
from controls.planning.words import Show
from controls.rotation.rules import RollRow
from controls.rotation.words import Status

_RULES: Any = rule
FormulaRule, CellIsRule = _RULES.FormulaRule, _RULES.CellIsRule

NAMES = {"da": "femaarsrul", "en": "five-year-roll"}
WORDS = {
    "covered": N_("Covered"), "light": N_("Covered (light)"), "partial": N_("Partly covered"),
    "progress": N_("In progress"), "proposed": N_("Proposed"), "planned": N_("Planned"), "deferred": N_("Deferred"),
    "overdue": N_("Overdue"),
}  # fmt: skip
"""What a cell says, as on the page."""
LETTERS = {Band.LOW: N_("L"), Band.MODERATE: N_("M"), Band.ELEVATED: N_("E"), Band.HIGH: N_("H")}
TINTS = {
    "covered": "E2F2FB", "light": "E2F2FB", "partial": "E2F2FB", "progress": "FFEECC", "deferred": "DCDCDC",
    "overdue": "FFE0E0",
}  # fmt: skip
BANDS = {Band.LOW: ("FFFBE6", "1A1A1A"), Band.MODERATE: ("FED976", "1A1A1A"), Band.ELEVATED: ("F16913", "1A1A1A"),
         Band.HIGH: ("7F2704", "FFFFFF")}  # fmt: skip
RED, LINE = Font(color="B00000", bold=True), Side(style="dashed", color="FF5C5C5C")
TOP = Alignment(vertical="top", horizontal="left", indent=1, wrap_text=True)
LINES_OF_A_PAGE, LINE_HEIGHT = 72, 15
"""Lines of text that a page of A3 has room for, and the height of each in points."""
BEFORE, FIRST_YEAR = 7, 8
"""Columns before the first year; the rows begin under the headings."""


@dataclass(frozen=True)
class Made:
    """A workbook of the grid: its bytes, its name, how many rows, and the checksum of what is in them."""

    data: bytes
    filename: str
    rows: int
    digest: str


@dataclass(frozen=True)
class About:
    """What the last sheet tells: of whom, for whom, when, and which rows were asked for."""

    code: str
    name: str
    who: str
    at: datetime
    filters: Mapping[str, str]


def write(seen: Seen, rows: Sequence[RollRow], years: Sequence[int], about: About, lang: str) -> Made:
    """The rows of the grid as they were asked for."""
    with force_locale(lang):
        table = [_row(seen, row, years) for row in rows]
        book = Workbook()
        title = gettext("Five-year roll %(first)s–%(last)s", first=years[0], last=years[-1])
        name = gettext("Five-year roll")
        _rows(book.active, name, table, rows, years, seen.this_year)
        _load(book.create_sheet(gettext("Hours")), seen.board, years)
        digest = sha256(repr(table).encode()).hexdigest()
        _about(book.create_sheet(gettext("About the file")), title, seen, about, digest)
        data = _saved(book, title, about)
    return Made(data, f"{NAMES[lang]}-{_safe(about.code)}-{years[0]}-{years[-1]}.xlsx", len(table), digest)


def _safe(code: str) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in code)


def _row(seen: Seen, row: RollRow, years: Sequence[int]) -> list[Any]:
    """A sub-process: area, code, name, owner, band, score, hours, years, last covered, due, state, why."""
    name = row.name_en or row.name_da if _english() else row.name_da or row.name_en
    spots = seen.board.spots.get(row.subprocess_id, ())
    cells = [_said(one) for one in _cells(seen.board, row, years)]
    first = next((spot for spot in spots if spot.hours), None)
    why = " ".join(f"{spot.year}: {' '.join(said(one) for one in ahead.why(spot))}" for spot in spots)
    own = " ".join(spot.review.reason for spot in spots if spot.review and spot.review.reason)
    return [
        row.area_code, row.code, name, seen.standing.owners.get(row.owner_id or 0),
        f"{gettext(LETTERS[row.band])} {gettext(row.band.label)}" if row.band else None, row.score,
        first.hours if first else hours_of(row, False), *cells, row.covered.covered_on.year if row.covered else None,
        row.due, gettext(row.status.label), f"{why} {own}".strip() or None,
    ]  # fmt: skip


def _said(cell: grid.Cell) -> str | None:
    if not cell.word:
        return None
    word = gettext(WORDS[cell.word])
    return f"{word}, {_half(cell.season)}" if cell.season else word


def _half(season: int) -> str:
    return str(gettext("1st half") if season == 1 else gettext("2nd half"))


def _english() -> bool:
    return str(get_locale())[:2] == "en"


def _cells(laid: Board, row: RollRow, years: Sequence[int]) -> list[grid.Cell]:
    return grid.cells(laid, row, years, Changes())


def _rows(
    sheet: Any, name: str, table: Sequence[Sequence[Any]], rows: Sequence[RollRow], years: Sequence[int], now: int
) -> None:  # fmt: skip
    sheet.title = name
    heads = [
        gettext("Area"), gettext("Code"), gettext("Sub-process"), gettext("Owner"), gettext("Risk band"),
        gettext("Likelihood × impact"), gettext("Hours"), *years, gettext("Last covered"), gettext("Due"),
        gettext("Status"), gettext("Why"),
    ]  # fmt: skip
    said = max((len(cell) for values in table for cell in values[BEFORE : BEFORE + len(years)] if cell), default=0)
    widths = [10, 10, 54, 22, 14, 15, 8, *[max(15, said + 3) for _year in years], 10, 9, 21, 60]
    _headed(sheet, heads, widths)
    lines = [_lines(values, widths) for values in table]
    for number, values in enumerate(table, 2):
        for at, value in enumerate(values, 1):
            _put(sheet, number, at, value)
        sheet.row_dimensions[number].height = LINE_HEIGHT * lines[number - 2]
    last = max(2, len(table) + 1)
    area, end = get_column_letter(FIRST_YEAR), get_column_letter(BEFORE + len(years))
    _coloured(sheet, f"{area}2:{end}{last}", f"{area}2")
    for band, (fill, ink) in BANDS.items():
        look = FormulaRule([f'LEFT($E2,1)="{gettext(LETTERS[band])}"'], fill=_fill(fill), font=Font(color=ink))
        sheet.conditional_formatting.add(f"E2:F{last}", look)
    due = get_column_letter(BEFORE + len(years) + 2)
    sheet.conditional_formatting.add(f"{due}2:{due}{last}", CellIsRule("lessThan", [str(now)], font=RED))
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{last}"
    sheet.freeze_panes = "D2"
    for number in _breaks([row.area_code for row in rows], lines):
        sheet.row_breaks.append(Break(id=number))
    _paper(sheet)


def _lines(values: Sequence[Any], widths: Sequence[int]) -> int:
    """How many lines the longest text of a row takes in its column: not every program finds that by itself."""
    texts = ((value, width) for value, width in zip(values, widths, strict=True) if isinstance(value, str))
    return max((len(wrap(text, width - 2)) for text, width in texts), default=1) or 1


def _breaks(areas: Sequence[str], lines: Sequence[int]) -> list[int]:
    """The rows after which a page ends: between two areas, as late as the page has room."""
    found, begun, last = [], 0, 0
    for at in range(1, len(areas)):
        if areas[at] != areas[at - 1]:
            last = at
        if sum(lines[begun : at + 1]) > LINES_OF_A_PAGE and last > begun:
            found.append(last + 1)
            begun = last
    return found


def _coloured(sheet: Any, place: str, first: str) -> None:
    """The colours of the page; what is planned or proposed has a frame and no colour."""
    edge = Side(style="thin", color="FF1A1A1A")
    for word, label in WORDS.items():
        look: dict[str, Any] = {"fill": _fill(TINTS[word])} if word in TINTS else {}
        if word in ("planned", "proposed"):
            side = LINE if word == "planned" else edge
            look = {"border": Border(left=side, right=side, top=side, bottom=side)}
        said = gettext(label)
        told = (
            f'OR({first}="{said}",LEFT({first},{len(said) + 1})="{said},")'
            if word == "planned"
            else f'{first}="{said}"'
        )
        sheet.conditional_formatting.add(place, FormulaRule([told], **look))


def _load(sheet: Any, laid: Board, years: Sequence[int]) -> None:
    """The hours of each year against what there is, of its halves where they are divided and of the teams; a chart."""
    heads = [gettext("Year"), gettext("Reviews"), gettext("Hours"), gettext("Capacity"), gettext("Hours over"),
             gettext("Hours free")]  # fmt: skip
    _headed(sheet, heads, [24, 15, 12, 12, 14, 14])
    for number, year in enumerate(years, 2):
        load = laid.load(year)
        for at, value in enumerate((str(year), load.number, load.hours, load.capacity), 1):
            _put(sheet, number, at, value)
        _put(sheet, number, 5, f"=MAX(0,C{number}-D{number})", formula=True)
        _put(sheet, number, 6, f"=MAX(0,D{number}-C{number})", formula=True)
    end = len(years) + 1
    sheet.conditional_formatting.add(f"E2:E{end}", CellIsRule("greaterThan", ["0"], font=RED, fill=_fill("FFE0E0")))
    below, parts = end + 2, [(f"{load.year}", load.halves) for load in map(laid.load, years)]
    for team in laid.teams:
        for load in (laid.load(year, team.id) for year in years):
            parts += [(f"{team.name} {load.year}", (load,)), (f"{team.name} {load.year}", load.halves)]
    for name, loads in parts:
        for season, load in enumerate(loads, 1):
            label = f"{name}, {_half(season)}" if len(loads) > 1 else name
            for at, value in enumerate((label, load.number, load.hours, load.capacity), 1):
                _put(sheet, below, at, value)
            _put(sheet, below, 5, f"=MAX(0,C{below}-D{below})", formula=True)
            _put(sheet, below, 6, f"=MAX(0,D{below}-C{below})", formula=True)
            below += 1
    sheet.freeze_panes = "B2"
    _chart(sheet, end, "H2")
    _paper(sheet)


def _chart(sheet: Any, end: int, place: str) -> None:
    """Hours as columns, what there is as a line."""
    bars, line, years = BarChart(), LineChart(), Reference(sheet, min_col=1, min_row=2, max_row=end)
    bars.title = gettext("Hours against capacity")
    bars.y_axis.title, bars.x_axis.title = gettext("Hours"), gettext("Year")
    bars.add_data(Reference(sheet, min_col=3, min_row=1, max_row=end), titles_from_data=True)
    line.add_data(Reference(sheet, min_col=4, min_row=1, max_row=end), titles_from_data=True)
    bars.set_categories(years)
    bars.x_axis.delete = bars.y_axis.delete = False
    bars.series[0].graphicalProperties.solidFill = "004D99"
    line.series[0].graphicalProperties.line.solidFill = "1A1A1A"
    line.series[0].graphicalProperties.line.width = 28_000
    line.series[0].smooth = False
    bars.legend.position = "b"
    bars.width, bars.height = 20, 10
    bars += line
    sheet.add_chart(bars, place)


def _about(sheet: Any, title: str, seen: Seen, about: About, digest: str) -> None:
    now = seen.standing
    lines: list[tuple[str, Any]] = [
        (gettext("What"), title), (gettext("Organisation"), f"{about.code} {about.name}"),
        (gettext("Fetched"), about.at.astimezone(COPENHAGEN).replace(tzinfo=None, microsecond=0)),
        (gettext("By"), about.who),
        (gettext("Version of the plan"), now.number or gettext("There is no standing plan yet.")),
        (gettext("Not kept yet"), gettext("Sub-processes changed in a draft: %(n)s", n=len(now.draft.reviews))),
        (gettext("Filter"), _filters(about.filters, now.owners) or gettext("None")),
        (gettext("Checksum of the rows (SHA-256)"), digest),
    ]  # fmt: skip
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 80
    for number, (label, value) in enumerate(lines, 1):
        _put(sheet, number, 1, label, STRONG["font"])
        _put(sheet, number, 2, value)
        if isinstance(value, datetime):
            sheet.cell(number, 2).number_format = "dd-mm-yyyy hh:mm:ss"
        sheet.cell(number, 2).alignment = Alignment(horizontal="left", vertical="top", indent=1, wrap_text=True)
    _paper(sheet)


def _filters(filters: Mapping[str, str], owners: Mapping[int, str]) -> str:
    """The filters in words."""
    labels = {"area": N_("Area"), "band": N_("Risk band"), "owner": N_("Owner"), "status": N_("Status")}
    words = {member.value: gettext(member.label) for member in (*Band, *Status, *Show)}
    words |= {str(id): name for id, name in owners.items()}
    return ", ".join(f"{gettext(labels[key])}: {words.get(value, value)}" for key, value in filters.items())


def _headed(sheet: Any, heads: Iterable[Any], widths: Sequence[int]) -> None:
    heads = [str(head) for head in heads]
    sheet.row_dimensions[1].height = LINE_HEIGHT * _lines(heads, widths)
    for at, (head, width) in enumerate(zip(heads, widths, strict=True), 1):
        cell = sheet.cell(1, at, head)
        cell.font, cell.fill, cell.alignment = HEADING["font"], HEADING["fill"], HEADING["alignment"]
        sheet.column_dimensions[get_column_letter(at)].width = width


def _put(sheet: Any, row: int, column: int, value: Any, font: Font | None = None, formula: bool = False) -> None:
    """A cell; a text that a program would take for a formula stays a text."""
    if value is None:
        return
    text = isinstance(value, str) and not formula
    cell = sheet.cell(row, column, clean(value) if text else value)
    if text:
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(UNSAFE)
    cell.alignment = TOP if text else Alignment(vertical="top")
    if font is not None:
        cell.font = font


def _fill(colour: str) -> PatternFill:
    """A conditional format's fill: its colour is the background's."""
    return PatternFill(bgColor=f"FF{colour}", fill_type="solid")


def _paper(sheet: Any) -> None:
    """Landscape, as wide as a page, the headings on each."""
    setup = sheet.page_setup
    setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", 8, 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    sheet.oddFooter.center.text = "&A  &P/&N"
    for side in ("left", "right", "top", "bottom"):
        setattr(sheet.page_margins, side, 0.4)


def _saved(book: Any, title: str, about: About) -> bytes:
    """The bytes, the same for the same content."""
    known = book.properties
    moment = about.at.astimezone(COPENHAGEN).replace(tzinfo=None, microsecond=0)
    known.title, known.creator, known.lastModifiedBy = title, about.who, about.who
    known.created = known.modified = moment
    out = io.BytesIO()
    ExcelWriter(book, Archive(out, about.at)).save()
    return out.getvalue()
