"""What a workbook that came back would change, row by row, before anything is changed."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from controls.base.why import N_, Labelled, Reason, Why


class State(Labelled):
    """What a row that came back is."""

    NEW = "new", N_("New value")
    ERROR = "error", N_("Error")
    MEANWHILE = "meanwhile", N_("Changed by others meanwhile")
    SAME = "same", N_("Unchanged")


FIRST = tuple(State)
MEANWHILE = Why(
    "stale_version",
    N_("{code} was saved by {who} after the workbook was fetched. Fetch it again and write your answers there."), 409,
)  # fmt: skip
NONE_CHOSEN = Why("import_none_chosen", N_("Choose at least one row."))
NOT_NEW = Why("import_row_errors", N_("{code} cannot be imported. See the row."))
MOVED_ON = Why(
    "stale_version", N_("Somebody changed these rows after you saw them: {codes}. Look at the differences again."), 409
)  # fmt: skip
TAKEN = Why("wrong_state", N_("The file has been imported already."), 409)
NOT_TAKEN = Why("wrong_state", N_("The file has not been imported, so there is nothing to undo."), 409)
UNDONE = Why("wrong_state", N_("The import has been undone already."), 409)
CHANGED_SINCE = Why(
    "stale_version", N_("The import cannot be undone: {codes} were changed after it. Correct them on their own pages."),
    409,
)  # fmt: skip
AUTHOR = Why("papers.author", N_("{name} submitted the forms with the import, and alone can take them back."), 403)
UNDO_WHY = Why("field_required", N_("Write why the import is undone, in at least 10 characters."))
REASON_LEAST = 10


class Altered(NamedTuple):
    """One cell: its field, what stands there now, what the file says, and the cell's name."""

    field: str
    now: str
    then: str
    cell: str


@dataclass(frozen=True)
class Row:
    """One row: its number in the sheet, its key, what it is about, and what the file would change in it."""

    number: int
    key: str
    code: str
    about: Any
    state: State
    changes: tuple[Altered, ...] = ()
    reasons: tuple[Reason, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """All rows of a file that came back."""

    rows: tuple[Row, ...]

    @property
    def counts(self) -> Counter[State]:
        """How many rows there are of each kind."""
        return Counter(row.state for row in self.rows)

    @property
    def new(self) -> list[Row]:
        """The rows that can be chosen."""
        return [row for row in self.rows if row.state is State.NEW]

    @property
    def cells(self) -> int:
        """How many cells would be changed."""
        return sum(len(row.changes) for row in self.new)

    def in_reading_order(self, only: str = "") -> list[Row]:
        """What changes first, then what cannot, as they stand in the file; unchanged rows only when asked for."""
        shown = [row for row in self.rows if row.state.value == only or (not only and row.state is not State.SAME)]
        return sorted(shown, key=lambda row: (FIRST.index(row.state), row.number))


def name(row: Row) -> str:
    """How a row is named among the chosen: its number in the sheet, and a digest of what its reader saw."""
    told = repr((row.key, *row.changes))
    return f"{row.number}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def chosen(preview: Preview, names: Collection[str]) -> list[Row]:
    """The rows that were chosen, as they are now."""
    numbers = {name.partition("-")[0] for name in names}
    return [row for row in preview.rows if str(row.number) in numbers]


def why_not_take(preview: Preview, names: Collection[str]) -> list[Reason]:
    """All or nothing: each chosen row must be one that can be taken, and just as its reader saw it."""
    rows = chosen(preview, names)
    if not rows:
        return [NONE_CHOSEN("row")]
    reasons = [
        reason for row in rows if row.state is not State.NEW for reason in row.reasons or (NOT_NEW(code=row.code),)
    ]
    moved = [row.code for row in rows if name(row) not in names]
    return reasons or ([MOVED_ON(codes=", ".join(dict.fromkeys(moved)))] if moved else [])
