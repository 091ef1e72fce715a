"""Before and after: what each event changed against the event before it, and which words of a long text are new."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from controls.base.why import FIELD_REQUIRED, N_, Labelled, Reason, Why
from controls.base.why import WRONG_STATE as WRONG
from controls.history import labels
from controls.history.kinds import BY_SLUG
from controls.history.words import State

PER_PAGE = 50
CAP = 1000
"""Counts above this are shown as so many and a plus."""
MOST_WORDS = 4000
"""Longer texts are shown whole before and after, not word by word."""


class Show(StrEnum):
    """How a value is shown."""

    TEXT = "text"
    LONG = "long"
    WORD = "word"
    LIST = "list"
    YES_NO = "yes_no"
    DAY = "day"
    MOMENT = "moment"
    NUMBER = "number"
    YEAR = "year"
    ORE = "ore"
    SHARE = "share"
    ROW = "row"
    PEOPLE = "people"
    TABLE = "table"
    POINTER = "pointer"
    CODE = "code"
    WHOLE = "whole"
    SECRET = "secret"


@dataclass(frozen=True)
class Cell:
    """What a column holds: how it is shown, with the choices or the table (for a pointer: the column) it takes."""

    kind: Show
    table: str = ""
    words: type[Labelled] | type[StrEnum] | None = None


@dataclass(frozen=True)
class Named:
    """What a row is called."""

    code: str
    da: str = ""
    en: str = ""


@dataclass(frozen=True)
class Asked:
    """What the address asks of the log."""

    person: int = 0
    table: str = ""
    number: str = ""
    action: str = ""
    first: date | None = None
    last: date | None = None
    before: int | None = None


@dataclass(frozen=True)
class Event:
    """An event as it was read: who, when, why, and the states it tells (or what a redaction retells)."""

    seq: int
    at: datetime
    who: str
    role: str
    on_behalf_of: int | None
    reason: str
    action: str
    subject: tuple[str, int]
    payload: Mapping[str, Any]
    removed_by: int | None = None


@dataclass(frozen=True)
class Change:
    """One column before and after."""

    column: str
    cell: Cell
    old: Any
    new: Any
    other: Any = None
    """For a pointer: the column that says into which table."""


@dataclass(frozen=True)
class Changed:
    """One row that an event made or changed."""

    table: str
    id: int
    new: bool
    changes: list[Change]


@dataclass(frozen=True)
class Entry:
    """An event and what it changed."""

    event: Event
    rows: list[Changed] = field(default_factory=list)

    def wanted(self) -> Iterator[tuple[str, int]]:
        """Every row whose name is needed to show the entry."""
        yield self.event.subject
        if self.event.on_behalf_of:
            yield "identity_person", self.event.on_behalf_of
        for row in self.rows:
            yield row.table, row.id
            for change in row.changes:
                yield from _pointed(change)


def _pointed(change: Change) -> Iterator[tuple[str, int]]:
    for value in (change.old, change.new):
        if change.cell.kind is Show.ROW and isinstance(value, int):
            yield change.cell.table, value
        elif change.cell.kind is Show.PEOPLE and value:
            yield from (("identity_person", id) for id in ids(value))
        elif change.cell.kind is Show.POINTER and isinstance(value, int):
            yield table_of(str(change.other or "")), value


def ids(text: object) -> list[int]:
    """Ids of people from ;3;7;."""
    return [int(id) for id in str(text).split(";") if id.isdigit()]


def entries(
    events: Sequence[Event], earlier: Iterable[Event], own: Callable[[str, int, Mapping[str, Any]], bool],
    cell: Callable[[str, str], Cell],
) -> list[Entry]:  # fmt: skip
    """What each event changed, newest first as given; `earlier` tell the states before the oldest of them."""
    before: dict[tuple[str, int], Mapping[str, Any]] = {}
    for event in earlier:
        before.update({(one["table"], one["id"]): one["state"] for one in event.payload["rows"]})
    found = []
    for event in reversed(events):
        rows = []
        for one in event.payload["rows"]:
            key, state = (one["table"], one["id"]), one["state"]
            if own(*key, state):
                changes = list(_changes(key[0], before.get(key), state, cell))
                rows += [Changed(*key, key not in before, changes)] if changes else []
            before[key] = state
        found.append(Entry(event, rows))
    return found[::-1]


def typed(cell: Cell, value: Any) -> Any:
    """A value as JSON carries it, made into what it was; what cannot be is shown as it stands."""
    if value is None or value == "":
        return None
    try:
        return READERS[cell.kind](cell, value) if cell.kind in READERS else value
    except (KeyError, TypeError, ValueError):
        return str(value)


READERS: dict[Show, Callable[[Cell, Any], Any]] = {
    Show.DAY: lambda cell, value: date.fromisoformat(value),
    Show.MOMENT: lambda cell, value: datetime.fromisoformat(value),
    Show.WORD: lambda cell, value: cell.words(value) if cell.words else value,
    Show.LIST: lambda cell, value: [cell.words(one) for one in value.split(";") if one] if cell.words else value,
    Show.SHARE: lambda cell, value: float(value),
    Show.PEOPLE: lambda cell, value: ids(value),
    Show.TABLE: lambda cell, value: labels.TABLES[table_of(value)],
}


def table_of(value: str) -> str:
    """The table behind a kind of record, given by table or by the word in its address."""
    return BY_SLUG[value].table if value in BY_SLUG else value


def _changes(
    table: str, old: Mapping[str, Any] | None, new: Mapping[str, Any], cell: Callable[[str, str], Cell]
) -> Iterator[Change]:
    for column, value in new.items():
        was = old.get(column) if old else None
        if column in labels.UNTOLD or value == was or (was in (None, "") and value in (None, "")):
            continue
        if old is None and value in (False, 0):
            continue
        other = new.get(labels.POINTERS[column]) if column in labels.POINTERS else None
        yield Change(column, cell(table, column), was, value, other)


def marked(old: str, new: str) -> list[tuple[str, str]]:
    """A text before and after as pieces: kept (""), removed ("-") and added ("+")."""
    a, b = re.findall(r"\s+|\w+|[^\w\s]", old), re.findall(r"\s+|\w+|[^\w\s]", new)
    if len(a) + len(b) > MOST_WORDS:
        return [("-", old), ("+", new)]
    pieces: list[tuple[str, str]] = []
    for verb, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if verb == "equal":
            pieces.append(("", "".join(a[i:j])))
            continue
        pieces += [("-", "".join(a[i:j]))] if j > i else []
        pieces += [("+", "".join(b[k:m]))] if m > k else []
    return pieces


# The versions of an assessment, side by side.

VERSIONED = ("assessment.submitted", "assessment.calibrated")
ANSWERS = (
    "inherent_likelihood", "inherent_impact", "inherent_band", "control_level", "residual_likelihood",
    "residual_impact", "residual_band", "change_direction", "change_kinds", "reason_step", "reason_no_key_control",
    "reason_unchanged", "fraud", "fraud_reason", "certainty", "propose_review", "reason", "copied_answers",
    "calibration_reason",
)  # fmt: skip
"""The columns of an assessment that hold what was answered, in the order of the form."""
OWN_LINE = ("inherited", *ANSWERS[:2], *ANSWERS[3:6], "reason", "reason_step")


@dataclass(frozen=True)
class Version:
    """An assessment as one event left it: the event, its own answers, and those of its lines by their ids."""

    event: Event
    answers: Mapping[str, Any]
    lines: Mapping[int, Mapping[str, Any]]


def versions(entries: Iterable[Entry], table: str, part: str) -> list[Version]:
    """The versions that were submitted or calibrated, oldest first, each whole."""
    answers: dict[str, Any] = {}
    lines: dict[int, Mapping[str, Any]] = {}
    found = []
    for event in reversed([entry.event for entry in entries]):
        for row in event.payload["rows"]:
            if row["table"] == table:
                answers = row["state"]
            elif row["table"] == part:
                lines = lines | {row["id"]: {name: row["state"].get(name) for name in OWN_LINE}}
        if event.action in VERSIONED:
            found.append(Version(event, answers, {id: line for id, line in lines.items() if not line["inherited"]}))
    return found


def field_of(name: str) -> tuple[int | None, str]:
    """The column that a field of the form fills, and of a sub-process's line its sub-process."""
    found = re.fullmatch(r"line-(\d+)-(\w+)", name)
    return (int(found[1]), found[2]) if found else (None, name)


def as_stored(values: list[str]) -> Any:
    """What was typed in a field, as a column would hold it."""
    return {"yes": True, "no": False, "y": True}.get(values[0], ";".join(values)) if values else None


# Redaction and verification.

NOT_FREE = Why("redaction.column", N_("Choose one of the fields in which people write freely."))
ASKED_ALREADY = Why("redaction.asked", N_("It is asked already, and awaits approval."), 409)
TOO_LARGE = Why(
    "verification.size",
    N_("The log has {size} events, too many to check on a page. It is checked at night and by “flask audit verify”."),
    409,
)  # fmt: skip
MOST_EVENTS = 300_000
"""Logs longer than this are verified by the nightly job and the command."""
TOLD_FAULTS = 1000
"""As many faults are kept with a run; all are counted."""


def mark(id: int) -> str:
    """What stands where a text was removed, in both languages, with the number of the redaction."""
    return f"[fjernet/removed R-{id}]"


def why_not_ask(column: str, free: Iterable[str], waiting: bool, explanation: str) -> list[Reason]:
    """A redaction is asked for one field in which people write freely, with an explanation, and once at a time."""
    reasons = [] if column in set(free) else [NOT_FREE("column")]
    reasons += [ASKED_ALREADY()] if waiting else []
    return reasons + ([] if explanation else [FIELD_REQUIRED("explanation", label=N_("Explanation"))])


def why_not_decide(state: State) -> list[Reason]:
    """It is decided once; that another person than the asker decides, the ledger of S13 sees to."""
    return [] if state is State.ASKED else [WRONG(state=state.label)]


def why_not_reject(state: State, note: str) -> list[Reason]:
    """A rejection says why."""
    lacking = [] if note else [FIELD_REQUIRED("note", label=N_("Reason for the rejection"))]
    return why_not_decide(state) + lacking


def why_not_verify_here(size: int) -> list[Reason]:
    """A page can wait some seconds, not minutes."""
    return [TOO_LARGE(size=size)] if size > MOST_EVENTS else []
