"""What the audit workbook is called, and why it cannot be made."""

from collections.abc import Mapping
from dataclasses import dataclass

from controls.base.why import N_, Why
from controls.papers.columns import SheetSum

NO_CYCLE = Why("papers.no_cycle", N_("There is no cycle for {year} in {organisation}."), 404)
RELEASE = "0.1"
LANGUAGES: Mapping[str, str] = {"da": N_("Danish"), "en": N_("English")}
NAMES = {"da": "revisionsudtraek", "en": "audit-extract"}


@dataclass(frozen=True)
class Summary:
    """What a workbook holds: rows and control total of each sheet, and the digest of all data sheets."""

    organisation_code: str
    year: int
    lang: str
    sheets: tuple[SheetSum, ...]
    digest: str

    @property
    def rows(self) -> int:
        """Rows on all data sheets."""
        return sum(sheet.rows for sheet in self.sheets)


def filename(code: str, year: int, lang: str) -> str:
    """The name of the file: what it is, of whom, of which year."""
    safe = "".join(c if c.isalnum() and c.isascii() else "-" for c in code)
    return f"{NAMES[lang]}-{safe}-{year}.xlsx"
