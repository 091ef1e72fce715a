"""What a catalogue entry is, how codes are ordered, what an import changes, and what may be said about a process."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from controls.base.why import N_, Labelled, Reason, Why
from controls.universe.words import Level

CODE_LENGTH, NAME_LENGTH, TEXT_LENGTH = 40, 300, 10_000
LEAST_SCORE, MOST_SCORE = 1, 5

ROW_ERRORS = Why("import_row_errors", N_("{n} rows have errors. Nothing was imported. See the list."))
ONE_ROW = Why("import_row_errors", N_("1 row has errors. Nothing was imported. See the list."))
ROW_ERROR = Why("import_row_errors", N_("Row {row}, column {column}: {reason} The file says {value}."))
ROW_GAP = Why("import_row_errors", N_("Row {row}, column {column}: {reason}"))
CELL_ERROR = Why("import_row_errors", N_("Sheet {sheet}, cell {cell}: {reason} The file says {value}."))
CELL_GAP = Why("import_row_errors", N_("Sheet {sheet}, cell {cell}: {reason}"))
CHANGED_SINCE = Why(
    "stale_version", N_("The import cannot be undone: {codes} were changed after it. Correct them on their own pages."),
    409,
)  # fmt: skip
USED = Why(
    "wrong_state",
    N_("The import cannot be undone: {codes} have been used since. Close on their own pages what should not be there."),
    409,
)  # fmt: skip
MISSING_COLUMN = Why("import_missing_column", N_("The sheet lacks the column “{column}”."))
DOUBLE_COLUMN = Why("import_double_column", N_("The sheet has the column “{column}” twice: {first} and {second}."))
NO_ROWS = Why("file_empty", N_("The sheet has a heading but no rows."))
NO_FILE = Why("field_required", N_("Choose a file first."))
SAME_DEPUTY = Why("universe.same_deputy", N_("The deputy must be another person than the process owner."))
NOT_HERE = Why("universe.not_here", N_("Choose a person who works here on that day."))
BELOW_ZERO = Why("number_out_of_range", N_("The number may not be below zero."))
NO_SHARE = Why("number_out_of_range", N_("The share must be between 0 and 100 per cent."))

OTHER_PLACE = N_("The sub-process belongs to another process in the system. A file cannot move it.")
OTHER_AREA = N_("The process belongs to another area in the system. A file cannot move it.")
CLOSED = N_("The code is no longer in use. A code is never used again.")


class Entry(NamedTuple):
    """One sub-process with its process and area, as a row of a catalogue file says it; `row` is the row's number."""

    row: int
    area_code: str
    area_da: str
    area_en: str
    process_code: str
    process_da: str
    process_en: str
    subprocess_code: str
    subprocess_da: str
    subprocess_en: str
    typical_risk: str = ""
    typical_key_control: str = ""
    likelihood: int | None = None
    impact: int | None = None


Key = tuple[Level, str]
LEVELS = tuple(Level)


class Change(Labelled):
    """What an import does to one line of the catalogue."""

    NEW = "new", N_("New")
    CHANGED = "changed", N_("Changed")
    SAME = "same", N_("Unchanged")
    ABSENT = "absent", N_("Not in the file")


@dataclass(frozen=True)
class Line:
    """One area, process or sub-process: in the file, or in the system. `values` holds what an import may change."""

    level: Level
    code: str
    parent: str
    values: Mapping[str, str | int | None]
    row: int = 0
    closed: bool = False

    @property
    def key(self) -> Key:
        """A code is one code, however its letters are written."""
        return self.level, self.code.casefold()


@dataclass(frozen=True)
class Difference:
    """What the file says of one line beside what stands in the system; `version` of the row once it is taken."""

    level: Level
    code: str
    change: Change
    fields: tuple[tuple[str, str | int | None, str | int | None], ...] = ()
    version: int = 0


@dataclass(frozen=True)
class Preview:
    """All differences between a file and the catalogue."""

    lines: tuple[Difference, ...]
    counts: Mapping[Change, int] = field(default_factory=dict)

    @property
    def new(self) -> int:
        """Lines that the import adds."""
        return self.counts.get(Change.NEW, 0)

    @property
    def changed(self) -> int:
        """Lines that get another name or another suggestion."""
        return self.counts.get(Change.CHANGED, 0)

    @property
    def same(self) -> int:
        """Lines that stay as they are."""
        return self.counts.get(Change.SAME, 0)

    @property
    def absent(self) -> int:
        """Lines of the system that the file does not mention; they stay."""
        return self.counts.get(Change.ABSENT, 0)


VALUES = ("name_da", "name_en", "typical_risk", "typical_key_control", "suggested_likelihood", "suggested_impact")
"""What a file may say of a sub-process, in the order of an entry."""


@dataclass(frozen=True)
class Facts:
    """What is known of a process beside its name; systems and legal basis hold several parts with semicolons."""

    owner_id: int | None = None
    deputy_id: int | None = None
    unit: str = ""
    performer_unit: str = ""
    yearly_amount_ore: int | None = None
    transactions: int | None = None
    systems: str = ""
    legal_basis: str = ""
    provider_share: int | None = None


def parts(text: str) -> list[str]:
    """The parts of a text that are separated by semicolons or lines."""
    return [part for part in (" ".join(piece.split()) for piece in re.split(r"[;\n]", text)) if part]


def why_not_named(owner_id: int | None, deputy_id: int | None, here: Collection[int | None]) -> list[Reason]:
    """Owner and deputy are two people who work here."""
    named = (("owner_id", owner_id), ("deputy_id", deputy_id))
    reasons = [NOT_HERE(field=name) for name, person in named if person is not None and person not in here]
    return reasons + ([SAME_DEPUTY("deputy_id")] if owner_id is not None and owner_id == deputy_id else [])


def why_not_facts(facts: Facts, here: frozenset[int | None]) -> list[Reason]:
    """Owner and deputy are two people who work here (`here`); figures are not below zero."""
    reasons = why_not_named(facts.owner_id, facts.deputy_id, here)
    for name, value in (("yearly_amount_ore", facts.yearly_amount_ore), ("transactions", facts.transactions)):
        if value is not None and value < 0:
            reasons.append(BELOW_ZERO(field=name))
    if facts.provider_share is not None and not 0 <= facts.provider_share <= 100:
        reasons.append(NO_SHARE(field="provider_share"))
    return reasons


def last_year_end(today: date) -> date:
    """The last day of the year before."""
    return date(today.year - 1, 12, 31)


DANISH = {"æ": "30", "ä": "30", "ø": "31", "ö": "31", "å": "32"}
MARKS = {" ": "01", "-": "02", ".": "03"}
BETWEEN_LEVELS = "00"


def sort_key(*codes: str) -> str:
    """A text that sorts as people sort codes: KRE-2 before KRE-10, æ ø å last, level after level.

    Each sign becomes two signs of digit and lower-case letter, so that no database's own collation can reorder them.
    """
    return BETWEEN_LEVELS.join(_natural(code)[:64] for code in codes)


@lru_cache(maxsize=4096)
def _natural(code: str) -> str:
    return "".join(_signs(unicodedata.normalize("NFC", code).casefold()))


def _signs(text: str) -> Iterator[str]:
    for piece in re.findall(r"\d+|\D", text):
        if piece.isdigit() and piece.isascii():
            digits = piece.lstrip("0") or "0"
            yield f"1{len(digits):02d}{digits}"
        elif piece in DANISH:
            yield DANISH[piece]
        else:
            plain = unicodedata.normalize("NFKD", piece)[0]
            yield f"2{plain}" if "a" <= plain <= "z" else MARKS.get(piece, "04")


def lines(entries: Iterable[Entry]) -> list[Line]:
    """Each area, process and sub-process of the entries once, with the names any entry gives; above before below."""
    found: dict[tuple[Level, str], Line] = {}
    for e in entries:
        for line in parts_of(e):
            first = found.setdefault(line.key, line)
            if first is not line:
                given = {name: first.values[name] or value for name, value in line.values.items()}
                found[line.key] = replace(first, values=given)
    return sorted(found.values(), key=lambda line: LEVELS.index(line.level))


def parts_of(e: Entry) -> tuple[Line, Line, Line]:
    """An entry's area, process and sub-process."""
    return (
        Line(Level.AREA, e.area_code, "", {"name_da": e.area_da, "name_en": e.area_en}, e.row),
        Line(Level.PROCESS, e.process_code, e.area_code, {"name_da": e.process_da, "name_en": e.process_en}, e.row),
        Line(Level.SUBPROCESS, e.subprocess_code, e.process_code, dict(zip(VALUES, e[8:], strict=True)), e.row),
    )


def difference(listed: Sequence[Line], there: Mapping[Key, Line]) -> Preview:
    """What the file would change, line by line; what it leaves empty or does not mention stays as it is."""
    named = {line.key for line in listed}
    found = [_compare(line, there.get(line.key)) for line in listed]
    found += [Difference(line.level, line.code, Change.ABSENT)
              for key, line in there.items() if key not in named and not line.closed]  # fmt: skip
    return Preview(tuple(found), Counter(line.change for line in found))


def _compare(line: Line, there: Line | None) -> Difference:
    if there is None:
        return Difference(line.level, line.code, Change.NEW)
    changes = tuple(
        (name, there.values[name], value)
        for name, value in line.values.items()
        if value not in ("", None) and value != there.values[name]
    )
    return Difference(line.level, there.code, Change.CHANGED if changes else Change.SAME, changes)


def why_not_import(listed: Iterable[Line], there: Mapping[Key, Line]) -> list[Reason]:
    """A file names things and adds things; it never moves a sub-process, and never gives a closed code to another."""
    faults = []
    for line in listed:
        found = there.get(line.key)
        if found is None:
            continue
        if found.closed:
            faults.append(fault(line.row, line.level.label, CLOSED, line.code))
        elif found.parent.casefold() != line.parent.casefold():
            reason = OTHER_AREA if line.level is Level.PROCESS else OTHER_PLACE
            faults.append(fault(line.row, line.level.label, reason, line.code))
    return with_count(faults)


def fault(row: int, column: str, reason: str, value: object = "", sheet: str = "", cell: str = "") -> Reason:
    """One bad cell: its row, its column, what is wrong, and what stands there (in quotes, so that it is not a word).

    In a workbook its sheet and its name are told instead.
    """
    told: dict[str, Any] = {"row": row, "column": column, "reason": reason}
    error, gap = (CELL_ERROR, CELL_GAP) if sheet else (ROW_ERROR, ROW_GAP)
    told |= {"sheet": sheet, "cell": cell} if sheet else {}
    if value in ("", None):
        return gap(**told)
    text = str(value)
    return error(**told, value=f"“{text if len(text) <= 80 else text[:79] + '…'}”")


def with_count(faults: list[Reason]) -> list[Reason]:
    """All faults, in the order of the rows, below one sentence that counts the rows."""
    if not faults:
        return []
    count = len({reason.params["row"] for reason in faults})
    first = ONE_ROW() if count == 1 else ROW_ERRORS(n=count)
    return [first, *sorted(faults, key=lambda reason: int(str(reason.params["row"])))]
