"""What a column and a sheet of a workbook are, and how a cell is read back."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from controls.base.why import N_, Labelled


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    LONG = "long"
    DATE = "date"
    MOMENT = "moment"
    NUMBER = "number"
    ORE = "ore"
    SHARE = "share"
    YES_NO = "yes_no"
    WORD = "word"
    WORDS = "words"


WIDTHS = {
    Kind.TEXT: 18, Kind.LONG: 46, Kind.DATE: 12, Kind.MOMENT: 18, Kind.NUMBER: 11, Kind.ORE: 18, Kind.SHARE: 11,
    Kind.YES_NO: 10, Kind.WORD: 18, Kind.WORDS: 26,
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: its heading (marked for translation), what it holds and how wide it is."""

    label: str
    kind: Kind = Kind.TEXT
    width: int = 0
    words: type[Labelled] | None = None
    also: type[Labelled] | None = None

    @property
    def lists(self) -> list[type[Labelled]]:
        """The word lists that its cells are taken from."""
        return [words for words in (self.words, self.also) if words is not None]

    @property
    def wide(self) -> int:
        """Width in characters: its own, or the usual one of its kind."""
        return self.width or WIDTHS[self.kind]

    def reader(self, say: Callable[[str], str]) -> Callable[[Any], Any]:
        """How a cell of this column is read back to the value it was written from, in the language of `say`."""
        if self.lists:
            known = {say(member.label): member for words in self.lists for member in words}
            if self.kind is Kind.WORDS:
                return lambda cell: [known[part] for part in cell.split(", ")] if cell else []
            return lambda cell: known[cell] if cell else None
        if self.kind is Kind.YES_NO:
            answers = {say(YES): True, say(NO): False}
            return lambda cell: answers[cell] if cell else None
        return READERS.get(self.kind, lambda cell: cell)


YES, NO = N_("Yes"), N_("No")
COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def _day(cell: Any) -> date | None:
    return cell.date() if isinstance(cell, datetime) else cell or None


def _moment(cell: Any) -> datetime | None:
    return cell.replace(tzinfo=COPENHAGEN) if cell else None


def _ore(cell: Any) -> int | None:
    if cell in (None, ""):
        return None
    return int((Decimal(str(cell)) * 100).to_integral_value(ROUND_HALF_EVEN))


READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: lambda cell: cell or "",
    Kind.LONG: lambda cell: cell or "",
    Kind.DATE: _day,
    Kind.MOMENT: _moment,
    Kind.ORE: _ore,
    Kind.NUMBER: lambda cell: None if cell in (None, "") else int(cell) if cell == int(cell) else cell,
    Kind.SHARE: lambda cell: None if cell in (None, "") else float(cell),
}


@dataclass(frozen=True)
class Sheet:
    """One sheet: number, title, columns in order, and the heading of the column whose sum is the control total."""

    number: str
    title: str
    columns: tuple[Column, ...]
    total: str

    @property
    def total_at(self) -> int:
        """Where the column of the control total stands."""
        return next(at for at, column in enumerate(self.columns) if column.label == self.total)


@dataclass(frozen=True)
class SheetSum:
    """What was written on one sheet: how many rows, the control total, and the digest of the sheet's content."""

    number: str
    title: str
    rows: int
    total_of: str
    total: int
    kind: Kind
    digest: str

    @property
    def shown(self) -> int | float:
        """The control total as the column shows it (amounts in DKK)."""
        return self.total / 100 if self.kind is Kind.ORE else self.total


ORGANISATION = Column(N_("organisation"), width=14)
CYCLE = Column(N_("cycle"), Kind.NUMBER, 9)
SUBPROCESS = (Column(N_("subprocess_id"), Kind.NUMBER, 13), Column(N_("subprocess_code"), width=16))


def sheet(number: str, title: str, *columns: Column, total: str) -> Sheet:
    """A sheet; organisation and cycle stand last on every one."""
    return Sheet(number, title, (*columns, ORGANISATION, CYCLE), total)


UNSAFE = tuple("=+-@\t\r\n")
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LIMIT = 32_767
READS_AS_SIGN = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def escaped(text: str) -> str:
    """A text in which nothing reads as an escaped sign (ECMA-376 part 1, 22.9.2.19: _xHHHH_ is one)."""
    return READS_AS_SIGN.sub("_x005F_", text) if "_x" in text else text


def clean(text: str) -> str:
    """Text as a cell can hold it: without control characters and no longer than a cell may be."""
    text = FORBIDDEN.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"
