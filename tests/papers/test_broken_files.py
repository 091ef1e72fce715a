"""Thirty-three broken workbooks, each refused with sheet and cell in both languages, and nothing of them is taken."""

import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any
from zipfile import ZipFile

import pytest
from flask_babel import force_locale

from controls.base.db import db, transaction
from controls.base.form import said
from controls.base.why import Reason, Refused
from controls.papers import actions, changing
from controls.papers.changing import State
from controls.papers.tables import Intake
from controls.papers.words import Kind
from tests.assessment.year import Year
from tests.papers import office
from tests.papers.filled import Opened, brought, fetched, seen

Break = Callable[[Opened], object]
S, K = "Sandsynlighed før kontroller", "Konsekvens før kontroller"
FORMS, HISTORY, META = "Risikoskemaer", "Tidligere gennemgange", "_meta"


def put(code: str, heading: str, value: Any) -> Break:
    return lambda book: book.over(book.cell(code, heading), value)


def raw(sheet: str, cell: str, value: Any) -> Break:
    return lambda book: book.over(book.book[sheet][cell], value, formulas=True)


def delete(column: int) -> Break:
    return lambda book: book.sheet.delete_cols(column)


def row_of(review: dict[str, Any], row: int = 2) -> Break:
    """A row of the history with these values by column."""

    def fill(book: Opened) -> None:
        for letter, value in review.items():
            book.over(book.sheet[f"{letter}{row}"], value)

    return fill


GOOD = {"F": date(2022, 5, 1), "G": "Fuld", "H": "Almindelig", "I": "J-1"}

BROKEN: list[tuple[str, Kind, Break, str, str]] = [
    ("a step above the scale", Kind.FORMS, put("KRE-1", S, 6), FORMS, "G2"),
    ("a step with a decimal", Kind.FORMS, put("KRE-1", S, 2.5), FORMS, "G2"),
    ("a step in words", Kind.FORMS, put("KRE-3", S, "høj"), FORMS, "G5"),
    ("a step that is true", Kind.FORMS, put("KRE-3", S, True), FORMS, "G5"),
    ("a word that is not in the list", Kind.FORMS, put("KRE-1", "Hvor sikker er du?", "måske"), FORMS, "V2"),
    ("a tick that is neither yes nor no", Kind.FORMS, put("KRE-1", "Ændret: Lov", "tja"), FORMS, "N2"),
    ("a text that is too long", Kind.FORMS, put("KRE-1", "Begrundelse", "æ" * 10_001), FORMS, "X2"),
    ("a text that became a date", Kind.FORMS, put("KRE-1", "Begrundelse", date(2026, 2, 1)), FORMS, "X2"),
    ("a formula", Kind.FORMS, raw(FORMS, "G2", "=1+1"), FORMS, "G2"),
    ("an error value", Kind.FORMS, raw(FORMS, "X2", "#N/A"), FORMS, "X2"),
    ("a formula in the hidden sheet", Kind.FORMS, raw(META, "B4", "=A1"), META, "B4"),
    ("a sub-process's reason without steps", Kind.FORMS, put("KRE-1.1", "Begrundelse", "Fordi"), FORMS, "G3"),
    ("a process's question for a sub-process", Kind.FORMS, put("KRE-1.1", "Hvor sikker er du?", "Meget"), FORMS, "V3"),
    ("codes that changed places", Kind.FORMS, raw(FORMS, "B2", "KRE-3"), FORMS, "B2"),
    ("a row without its key", Kind.FORMS, raw(FORMS, "A3", None), FORMS, "A3"),
    ("a key of no row", Kind.FORMS, raw(FORMS, "A3", "A999"), FORMS, "A3"),
    ("a row that stands twice", Kind.FORMS, raw(FORMS, "A3", "A1"), FORMS, "A3"),
    ("a column that is gone", Kind.FORMS, delete(8), FORMS, "H1"),
    ("a column that stands twice", Kind.FORMS, raw(FORMS, "AB1", S), FORMS, "AB1"),
    ("no hidden sheet", Kind.FORMS, lambda book: book.book.remove(book.meta), FORMS, "A1"),
    ("another year", Kind.FORMS, raw(META, "B5", "2025"), META, "B5"),
    ("another organisation", Kind.FORMS, raw(META, "B4", "ALS"), META, "B4"),
    ("another kind of form", Kind.FORMS, raw(META, "B3", "earlier_reviews"), META, "B3"),
    ("a later version of the form", Kind.FORMS, raw(META, "B2", "2"), META, "B2"),
    ("a version that was changed", Kind.FORMS, raw(META, "B9", "7.0"), META, "B8"),
    ("a day to come", Kind.HISTORY, row_of(GOOD | {"F": date(2026, 3, 18)}), HISTORY, "F2"),
    ("a day that does not exist", Kind.HISTORY, row_of(GOOD | {"F": "31-02-2022"}), HISTORY, "F2"),
    ("no day", Kind.HISTORY, row_of({k: v for k, v in GOOD.items() if k != "F"}), HISTORY, "F2"),
    ("no degree", Kind.HISTORY, row_of({k: v for k, v in GOOD.items() if k != "G"}), HISTORY, "G2"),
    ("a reference that is too long", Kind.HISTORY, row_of(GOOD | {"I": "J" * 41}), HISTORY, "I2"),
    ("a reference like a formula", Kind.HISTORY, row_of(GOOD | {"I": "=J"}), HISTORY, "I2"),
    ("a code that is not there", Kind.HISTORY, row_of({"B": "XYZ-1", **GOOD}, 6), HISTORY, "B6"),
    ("a review without a code", Kind.HISTORY, row_of(GOOD, 6), HISTORY, "B6"),
]  # fmt: skip


WORDS = {"da": "(Ark {0}, celle {1}: |Celle {0}!{1} )", "en": "(Sheet {0}, cell {1}: |Cell {0}!{1} )"}


def reasons(year: Year, kind: Kind, data: bytes) -> list[Reason]:
    """Why a workbook is refused: as a whole, or those of its rows that hold something."""
    by = year.by(year.controller if kind is Kind.FORMS else year.first)
    try:
        id = brought(by, kind, year.organisation, data, 2026 if kind is Kind.FORMS else None)
    except Refused as refused:
        return refused.reasons
    found = seen(by, id, kind)
    wrong = [row for row in found.rows if row.state is State.ERROR]
    chosen, taker = [changing.name(row) for row in wrong], year.by(year.second)
    with pytest.raises(Refused) as why, transaction():
        if kind is Kind.FORMS:
            actions.take_forms(by, id, chosen, False)
        else:
            actions.take_history(taker, id, chosen)
    assert why.value.reasons == [reason for row in wrong for reason in row.reasons]
    return why.value.reasons


@pytest.mark.only("sqlite")
def test_each_broken_file_is_refused_with_sheet_and_cell_in_both_languages(year: Year) -> None:
    """Reading knows no database; one scene serves them all, as nothing of them is taken."""
    sheets = {kind: fetched(year.by(who), kind, year.organisation, at) for kind, who, at in (
        (Kind.FORMS, year.controller, 2026), (Kind.HISTORY, year.first, None))}  # fmt: skip
    wrong, books = [], {kind: Opened(data) for kind, data in sheets.items()}
    for name, kind, break_, sheet, cell in BROKEN:
        book = books[kind]
        break_(book)
        told = reasons(year, kind, book.saved)
        if not book.restored():  # more than cells was broken
            books[kind] = Opened(sheets[kind])
        for language, words in WORDS.items():
            with force_locale(language):
                texts = [str(said(reason)) for reason in told]
            wanted = re.compile(words.format(re.escape(sheet), cell))
            if not texts or not all(wanted.match(text) for text in texts):
                wrong.append((name, language, texts))
    assert not wrong, wrong
    assert len(BROKEN) >= 25 and len({name for name, *_ in BROKEN}) == len(BROKEN)
    assert db.session.query(Intake).count() == 0


@pytest.mark.only("sqlite")
def test_control_characters_are_refused_by_name(year: Year) -> None:
    """No program writes them; a file that was made by hand can hold them in its XML's own way."""
    book = Opened(fetched(year.by(year.controller), Kind.FORMS, year.organisation, 2026))
    book.put("KRE-1", "Begrundelse", "MARK")
    for sign in ("_x0007_", "_x000B_", "_x007F_"):
        out = io.BytesIO()
        with ZipFile(io.BytesIO(book.saved)) as old, ZipFile(out, "w") as new:
            for member in old.namelist():
                new.writestr(member, old.read(member).replace(b"MARK", f"a{sign}b".encode()))
        (reason,) = reasons(year, Kind.FORMS, out.getvalue())
        assert (reason.code, str(reason)) == (
            "field_bad_chars", "Cell Risikoskemaer!X2 contains characters that cannot be stored.")  # fmt: skip


@pytest.mark.only("sqlite")
def test_files_saved_by_libreoffice_come_in(year: Year) -> None:
    """Made by `python -m tests.long.libreoffice --keep`, which also does it anew."""
    _sent, wanted = office.forms(year)
    assert office.forms_back(year, office.FILES[Kind.FORMS].read_bytes()) == wanted
    assert office.history_back(year, office.FILES[Kind.HISTORY].read_bytes()) == office.REVIEW
