"""Reviews from before the product as a workbook to fill in, and what one that came back would add to the ledger."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import or_, select

from controls.base.db import db
from controls.base.why import N_
from controls.papers.changing import Altered, Preview, Row, State
from controls.papers.filling import MOVED, Back, Column, Form, Holds, Read, Written, listed
from controls.rotation import queries as rotation
from controls.rotation.tables import Coverage
from controls.rotation.words import Degree
from controls.rotation.words import Form as ReviewForm
from controls.universe.tables import Area, Process, Subprocess

DEGREES = tuple((one.value, one.label) for one in (Degree.FULL, Degree.PARTIAL))
COLUMNS = (
    Column("code", N_("Sub-process code"), Holds.CODE, 16, most=40),
    Column("name", N_("Sub-process"), Holds.SHOWN, 44),
    Column("process", N_("Process"), Holds.SHOWN, 34),
    Column("known", N_("Last covered"), Holds.SHOWN, 14),
    Column("covered_on", N_("Covered on"), Holds.DAY, 14),
    Column("degree", N_("Degree of coverage"), Holds.WORD, 16, words=DEGREES),
    Column("form", N_("Form of review"), Holds.WORD, 18, words=listed(ReviewForm)),
    Column("reference", N_("Reference"), width=30, most=40),
)
FORM = Form("earlier_reviews", N_("Earlier reviews"), COLUMNS, adds=200)
ANSWERS = ("covered_on", "degree", "form", "reference")

NOT_YET = N_("A review cannot count from a day that has not come yet.")
UNKNOWN = N_("The organisation has no sub-process with this code.")
NO_CODE = N_("The sub-process code is missing.")
MISSING = N_("This cell must be filled in too.")
BAD_REFERENCE = N_(
    "A reference starts with a letter or digit, and may hold letters, digits, spaces and - . , / : _ ( )."
)
ANOTHER = N_("The ledger has another review of this sub-process on that day. Undo its import first.")
TWICE = N_("The same review stands in another row too.")
CHANGED = N_("The sub-process was changed by {who} after the workbook was fetched. Fetch it again.")


class Part(NamedTuple):
    """A sub-process with its process, and the lines of the ledger that count for it."""

    row: Subprocess
    process: Process
    ledger: list[Coverage]

    @property
    def last(self) -> date | None:
        """The last full coverage."""
        return max((one.covered_on for one in self.ledger if one.degree is Degree.FULL), default=None)


def parts(organisation_id: int, on: date) -> list[Part]:
    """The sub-processes in force, in the catalogue's order, with what is known of them; two queries."""
    ledger: dict[int, list[Coverage]] = {}
    for line in rotation.ledger(organisation_id):
        ledger.setdefault(line.subprocess_id, []).append(line)
    found = db.session.execute(
        select(Subprocess, Process).join(Process, Process.id == Subprocess.process_id)
        .join(Area, Area.id == Process.area_id)
        .where(Subprocess.organisation_id == organisation_id, Subprocess.valid_from <= on)
        .where(or_(Subprocess.valid_to.is_(None), Subprocess.valid_to >= on))
        .order_by(Area.sort_key, Subprocess.sort_key, Subprocess.code)
    )  # fmt: skip
    return [Part(row, process, ledger.get(row.id, [])) for row, process in found]


def written(found: Sequence[Part], name: Callable[[Any], str], shown: Callable[[date | None], str]) -> list[Written]:
    """A row for each sub-process; what is known stands beside, and the rows below are for more reviews of the same."""
    return [
        Written(
            f"S{part.row.id}", str(part.row.version),
            {"code": part.row.code, "name": name(part.row), "process": f"{part.process.code} {name(part.process)}",
             "known": shown(part.last) if part.last else ""},
            frozenset(ANSWERS),
        )
        for part in found
    ]  # fmt: skip


def preview(back: Back, found: Sequence[Part], today: date) -> Preview:
    """What a workbook would add to the ledger, row by row."""
    by_code = {part.row.code.casefold(): part for part in found}
    seen: dict[tuple[int, str], int] = {}
    for read in back.rows:
        part = by_code.get(read.values.get("code", "").casefold())
        if part and read.values.get("covered_on"):
            key = (part.row.id, read.values["covered_on"])
            seen[key] = seen.get(key, 0) + 1
    twice = {key for key, times in seen.items() if times > 1}
    return Preview(tuple(_row(back, read, by_code, twice, today) for read in back.rows))


def _row(
    back: Back, read: Read, by_code: Mapping[str, Part], twice: Iterable[tuple[int, str]], today: date
) -> Row:  # fmt: skip
    code = read.values.get("code", "")
    part = by_code.get(code.casefold())
    values = {field: read.values[field] for field in ANSWERS if field in read.values}
    changes = tuple(Altered(field, "", text, back.cell(read.number, field)) for field, text in values.items())
    about = part.row if part else None

    def row(state: State, *reasons: Any, shown: tuple[Altered, ...] = changes) -> Row:
        return Row(read.number, read.key, code, about, state, shown, reasons, values)

    def fault(field: str, reason: str, value: object = "", **params: object) -> Any:
        return back.fault(read.number, field, reason, value, **params)

    if not values and not read.faults:
        return row(State.SAME)
    faults = list(read.faults) + _faults(read, values, part, fault, today)
    if part and (part.row.id, values.get("covered_on", "")) in twice:
        faults.append(fault("covered_on", TWICE))
    if faults or part is None:
        return row(State.ERROR, *faults)
    same = [line for line in part.ledger if line.covered_on.isoformat() == values["covered_on"]]
    if any(_told(line) == values for line in same):
        return row(State.SAME, shown=())
    if same:
        return row(State.ERROR, fault("covered_on", ANOTHER))
    if read.key and back.known[read.key].version != str(part.row.version):
        return row(State.MEANWHILE, fault("code", CHANGED, who=part.row.saved_by))
    return row(State.NEW)


def _told(line: Coverage) -> dict[str, str]:
    return {
        "covered_on": line.covered_on.isoformat(), "degree": line.degree.value, "form": line.form.value,
        "reference": line.review_number,
    }  # fmt: skip


def _faults(
    read: Read, values: Mapping[str, str], part: Part | None, fault: Callable[..., Any], today: date
) -> list[Any]:  # fmt: skip
    """What is wrong with a row that holds something."""
    told = {str(one.params["cell"]) for one in read.faults}
    faults = [
        reason for field in ANSWERS if field not in values
        if (reason := fault(field, MISSING)).params["cell"] not in told
    ]  # fmt: skip
    code = read.values.get("code", "")
    if part is None:
        faults.insert(0, fault("code", UNKNOWN, code) if code else fault("code", NO_CODE))
    elif read.key and read.key != f"S{part.row.id}":
        faults.insert(0, fault("code", MOVED, code))
    if values.get("covered_on", "") > today.isoformat():
        faults.append(fault("covered_on", NOT_YET))
    reference = values.get("reference", "")
    if reference and not re.fullmatch(r"[^\W_][\w .,/:()-]*", reference):
        faults.append(fault("reference", BAD_REFERENCE, reference))
    return faults
