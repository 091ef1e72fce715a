"""Workbooks as a person fills them in: fetched, opened, a few cells written, saved."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from openpyxl import load_workbook

from controls.base import intake, intake_child
from controls.base.by import By
from controls.base.db import transaction
from controls.base.intake import Limits
from controls.identity.tables import Organisation
from controls.papers import actions, changing, coming_back, earlier_reviews, risk_forms
from controls.papers.changing import Preview
from controls.papers.words import Kind


def fetched(by: By, kind: Kind, organisation: Organisation, year: int | None = None, language: str = "da") -> bytes:
    """The workbook as it leaves."""
    return coming_back.write(by, kind, organisation, year, language)[0]


class Opened:
    """A workbook that is open in front of its reader."""

    def __init__(self, data: bytes) -> None:
        self.book: Any = load_workbook(io.BytesIO(data))
        self.sheet = self.book.worksheets[0]
        self.heads = {cell.value: cell.column for cell in self.sheet[1]}
        self.meta = self.book["_meta"]
        self.before: list[tuple[Any, Any, str]] = []

    def row(self, code: str) -> int:
        """The row of a code."""
        return next(row[1].row for row in self.sheet.iter_rows() if row[1].value == code)

    def cell(self, code: str, heading: str) -> Any:
        """A cell by its code and heading."""
        return self.sheet.cell(self.row(code), self.heads[heading])

    def put(self, code: str, heading: str, value: Any) -> str:
        """Write in a cell; its name."""
        cell = self.cell(code, heading)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"
        return str(cell.coordinate)

    def over(self, cell: Any, value: Any, formulas: bool = False) -> None:
        """Write over a cell until it is restored; a text that begins as a formula is one only when that is asked."""
        self.before.append((cell, cell.value, cell.data_type))
        cell.value = value
        if isinstance(value, str) and not formulas:
            cell.data_type = "s"

    def restored(self) -> bool:
        """Put back what was written over; whether there was any."""
        was = bool(self.before)
        while self.before:
            cell, value, kind = self.before.pop()
            cell.value, cell.data_type = value, kind
        return was

    @property
    def saved(self) -> bytes:
        """The file."""
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()


@contextmanager
def near() -> Iterator[None]:
    """The child process read in this one: starting a program for each file costs more than all else a test does."""

    def run(command: list[str], *, input: bytes, **rest: Any) -> Any:
        limits = Limits(**json.loads(command[3]))
        return SimpleNamespace(stdout=json.dumps(intake_child.answer(input, limits, command[4:])))

    with patch.object(intake.subprocess, "run", run):
        yield


def brought(by: By, kind: Kind, organisation: Organisation, data: bytes, year: int | None = None,
            name: str = "skema.xlsx") -> int:  # fmt: skip
    """Bring a workbook back; the id of the file that waits."""
    with near():
        file = coming_back.read(kind, organisation, year, data, name)
    with transaction():
        return actions.keep_draft(by, organisation.id, kind, year, file).id


def seen(by: By, id: int, kind: Kind) -> Preview:
    """What the preview shows."""
    file = coming_back.file(by, id, kind)
    assert file is not None
    if kind is Kind.FORMS:
        return risk_forms.preview(*coming_back.forms(by, file.row))
    if kind is Kind.CATALOGUE:
        return coming_back.catalogue(file.row)[1]
    back, parts = coming_back.history(by, file.row)
    return earlier_reviews.preview(back, parts, by.today)


def names(preview: Preview) -> list[str]:
    """All rows that can be chosen."""
    return [changing.name(row) for row in preview.new]


def whole(by: By, id: int) -> list[str]:
    """All rows of a catalogue file that can be chosen."""
    return names(seen(by, id, Kind.CATALOGUE))
