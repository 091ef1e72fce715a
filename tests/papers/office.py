"""What a person writes in the two workbooks before saving them with another program, and what must come of it."""

from datetime import date
from pathlib import Path

from controls.assessment import actions as assessing
from controls.base.db import transaction
from controls.papers.words import Kind
from tests.assessment.year import Year
from tests.papers.filled import Opened, brought, fetched, seen

DATA = Path(__file__).parents[1] / "data"
FILES = {Kind.FORMS: DATA / "forms-by-libreoffice.xlsx", Kind.HISTORY: DATA / "history-by-libreoffice.xlsx"}
WRITTEN = (
    ("KRE-1", "Sandsynlighed før kontroller", 2), ("KRE-1", "Særlig risiko for svig?", "Nej"),
    ("KRE-1", "Ændret: Lov", "Ja"), ("KRE-1", "Begrundelse", "=HYPERLINK(1) æøå 😀\n\n“to linjer” & <mere>"),
    ("KRE-1.1", "Konsekvens før kontroller", 5), ("KRE-1.1", "Begrundelse", "1-2"),
    ("KRE-3", "Ændring siden sidste år", "Op"), ("LON-1", "Begrundelse", "_x0041_ 007 +1 -1 @x " + "æ" * 1000),
)  # fmt: skip
THERE = "=1+1 _x0041_ _x000D_ æøå\n😀 «»  to mellemrum"
DAY, REFERENCE = date(2022, 5, 1), "2022-05-01"


def forms(year: Year) -> tuple[bytes, set[tuple[str, str]]]:
    """The workbook of risk forms, filled in; each cell that was written, with what must come back.

    A text that was there before is not touched, and no program may change it.
    """
    with transaction():
        assessing.save_draft(year.by(year.owner), year.form().id, 0, {"reason_step": [THERE]})
    book = Opened(fetched(year.by(year.controller), Kind.FORMS, year.organisation, 2026))
    for code, heading, value in WRITTEN:
        book.put(code, heading, value)
    return book.saved, {(book.cell(code, heading).coordinate, str(value)) for code, heading, value in WRITTEN}


def history(year: Year) -> bytes:
    """The workbook of earlier reviews, with one review written in."""
    book = Opened(fetched(year.by(year.first), Kind.HISTORY, year.organisation))
    for heading, value in (("Dækket den", DAY), ("Dækningsgrad", "Fuld"), ("Gennemgangens form", "Forenklet"),
                           ("Reference", REFERENCE)):  # fmt: skip
        book.put("LON-1.1", heading, value)
    return book.saved


SAID = {"no": "Nej", "yes": "Ja", "up": "Op"}


def forms_back(year: Year, data: bytes) -> set[tuple[str, str]]:
    """The cells that the saved workbook would change, and to what."""
    by = year.by(year.controller)
    found = seen(by, brought(by, Kind.FORMS, year.organisation, data, 2026), Kind.FORMS)
    return {(change.cell, SAID.get(change.then, change.then)) for row in found.rows for change in row.changes}


def history_back(year: Year, data: bytes) -> list[tuple[str, dict[str, str]]]:
    """The reviews that the saved workbook would add."""
    by = year.by(year.first)
    found = seen(by, brought(by, Kind.HISTORY, year.organisation, data), Kind.HISTORY)
    return [(row.code, dict(row.values)) for row in found.new]


REVIEW = [("LON-1.1", {"covered_on": "2022-05-01", "degree": "full", "form": "light", "reference": REFERENCE})]
