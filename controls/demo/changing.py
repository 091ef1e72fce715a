"""The catalogue through the years: as it was in 2022, and each change of structure on its own day."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from functools import partial

from controls.base.by import By
from controls.demo.stage import Row, Stage, parts, rows
from controls.papers import actions as papers
from controls.papers import changing, coming_back
from controls.papers.words import Kind
from controls.universe import actions
from controls.universe import queries as catalogue
from controls.universe.structure import Named, Part, Said
from controls.universe.tables import Subprocess
from controls.universe.words import Level

CONFIRMER = {"bemo": "clen", "clen": "bemo"}
FIRST = "katalog-2022.csv"
ANEW, MOVED = frozenset({"merge", "split", "new"}), "move"
"""Kinds of change from which sub-processes came into being, and the one that gave another code."""


def enter(stage: Stage) -> None:
    """Each change is made on its day; what came into being gets its texts from the proposed catalogue."""
    for row in rows("events"):
        stage.on(row["date"], 10, f"event {row['event_id']}", partial(KINDS[row["kind"]], stage, row))
        if row["kind"] in ANEW:
            stage.on(row["date"], 10.5, f"texts of event {row['event_id']}", partial(_texts, stage, row))


def begun(code: str) -> date | None:
    """The day on which a change brought a sub-process into being; None for what there was from the start."""
    found = (row["date"] for row in rows("events") if row["kind"] in ANEW and code in parts(row["to_codes"]))
    return next(map(date.fromisoformat, found), None)


def called(code: str, on: date) -> str:
    """The code that a sub-process had on a day."""
    given = (row for row in rows("events") if row["kind"] == MOVED and row["to_codes"] == code)
    return next((row["from_codes"] for row in given if on < date.fromisoformat(row["date"])), code)


def first() -> bytes:
    """The catalogue as it was before any change: the proposed one, with what stood in the place of what came later."""
    listed = list(csv.DictReader(io.StringIO(catalogue.proposed().decode("utf-8-sig"), newline="")))
    by_code = {row["subprocess_code"]: row for row in listed}
    later = {code for row in rows("events") if row["kind"] in ANEW | {MOVED} for code in parts(row["to_codes"])}
    there = [row for row in listed if row["subprocess_code"] not in later]
    for event in rows("events"):
        columns = (parts(event[column]) for column in ("from_codes", "from_names_da", "from_names_en"))
        for code, name_da, name_en in zip(*columns, strict=False):
            like = by_code.get((parts(event["to_codes"]) or [""])[0], {})
            above = next(row for row in listed if row["process_code"] == code.rpartition(".")[0])
            old = {"subprocess_code": code, "subprocess_da": name_da, "subprocess_en": name_en}
            texts = {column: like.get(column, "") for column in TEXTS}
            there.append(above | texts | old)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, listed[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(there)
    return text.getvalue().encode()


TEXTS = ("typical_risk_da", "typical_key_control_da", "inherent_likelihood_1_5", "inherent_impact_1_5")


def take_in(stage: Stage, organisation: str, data: bytes, name: str, by: tuple[str, str], at: datetime) -> None:
    """One brings a catalogue file, another confirms it."""
    id = papers.save_draft(stage.by(by[0], at), stage.organisation(organisation), data, name)
    confirmer = stage.by(by[1], at)
    file = coming_back.file(confirmer, id, Kind.CATALOGUE)
    assert file is not None
    _back, found, _unused = coming_back.catalogue(file.row)
    papers.take_catalogue(confirmer, id, [changing.name(row) for row in found.new])


def _texts(stage: Stage, row: Row, at: datetime) -> None:
    data = catalogue.proposed(parts(row["to_codes"]))
    who = row["recorded_by"], CONFIRMER[row["recorded_by"]]
    take_in(stage, row["organisation"], data, catalogue.PROPOSED, who, at)


def _given(stage: Stage, row: Row, at: datetime) -> tuple[By, Said]:
    return stage.by(row["recorded_by"], at), Said(at.date(), row["reason_da"])


def _part(stage: Stage, row: Row, code: str) -> Subprocess:
    found = catalogue.subprocess(stage.subprocess(row["organisation"], code))
    assert found is not None
    return found


def _named(row: Row) -> list[Named]:
    """What came of it, by the names of the proposed catalogue."""
    known = {entry.subprocess_code: entry for entry in catalogue.proposed_entries()}
    found = [known[code] for code in parts(row["to_codes"])]
    return [Named(entry.subprocess_code, entry.subprocess_da, entry.subprocess_en) for entry in found]


def _merge(stage: Stage, row: Row, at: datetime) -> None:
    one, *others = (_part(stage, row, code) for code in parts(row["from_codes"]))
    by, said = _given(stage, row, at)
    actions.merge(by, one.id, one.version, said, [other.id for other in others], _named(row)[0])


def _split(stage: Stage, row: Row, at: datetime) -> None:
    """The file's own words say which part keeps the coverage, and what the review had examined of it."""
    (old,) = (_part(stage, row, code) for code in parts(row["from_codes"]))
    by, said = _given(stage, row, at)
    why = row["coverage_rule_da"]
    made = []
    for one in _named(row):
        keeps = f"{one.code} arver dækningen" in why
        made.append(Part(one.code, one.name_da, one.name_en, keeps, why if keeps else ""))
    actions.split(by, old.id, old.version, said, made)


def _move(stage: Stage, row: Row, at: datetime) -> None:
    """It goes under another process, and gets a code of that."""
    part, code = _part(stage, row, row["from_codes"]), row["to_codes"]
    by, said = _given(stage, row, at)
    under = stage.process(row["organisation"], code.rpartition(".")[0])
    actions.move(by, Level.SUBPROCESS, part.id, part.version, said, under)
    actions.recode(by, Level.SUBPROCESS, part.id, part.version, said, code)


def _new(stage: Stage, row: Row, at: datetime) -> None:
    by, said = _given(stage, row, at)
    for named in _named(row):
        above = stage.process(row["organisation"], named.code.rpartition(".")[0])
        actions.create(by, Level.SUBPROCESS, above, said, named)


def _close(stage: Stage, row: Row, at: datetime) -> None:
    part = _part(stage, row, row["from_codes"])
    by, said = _given(stage, row, at)
    actions.close(by, Level.SUBPROCESS, part.id, part.version, said)


def _system(stage: Stage, row: Row, at: datetime) -> None:
    """A new system makes a sub-process another."""
    part = _part(stage, row, row["to_codes"])
    by, said = _given(stage, row, at)
    actions.mark_changed(by, part.id, part.version, said)


KINDS: dict[str, Callable[[Stage, Row, datetime], None]] = {
    "merge": _merge, "split": _split, "move": _move, "new": _new, "close": _close, "system_change": _system,
}  # fmt: skip
