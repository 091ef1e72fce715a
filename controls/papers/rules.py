"""What the audit workbook is called, and why it cannot be made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from controls.base.why import N_, Why
from controls.papers.columns import SheetSum

NO_CYCLE = Why("papers.no_cycle", N_("There is no cycle for {year} in {organisation}."), 404)
NOT_YET = Why("papers.not_yet", N_("Nothing was recorded in {organisation} by {day}. The catalogue came later."), 404)
NOT_SINCE = Why(
    "papers.not_since",
    N_("The log does not go on from the older package: what stood there up to event {size} is rewritten or gone."),
    409,
)  # fmt: skip
NO_CHECKPOINT = Why("papers.no_checkpoint", N_("{name} is neither an audit package nor a checkpoint of the log."))
RELEASE = "0.1"
LANGUAGES: Mapping[str, str] = {"da": N_("Danish"), "en": N_("English")}
NAMES = {"da": "revisionsudtraek", "en": "audit-extract"}
DAYS = {"da": "katalog", "en": "catalogue"}
PACKAGES = {"da": "revisionspakke", "en": "audit-package"}


@dataclass(frozen=True)
class Contents:
    """What a workbook holds: rows and control total of each sheet, and the digest of all data sheets."""

    organisation_code: str
    lang: str
    sheets: tuple[SheetSum, ...]
    digest: str

    @property
    def rows(self) -> int:
        """Rows on all data sheets."""
        return sum(sheet.rows for sheet in self.sheets)


@dataclass(frozen=True)
class Summary(Contents):
    """What the audit workbook of a year holds."""

    year: int


@dataclass(frozen=True)
class OfDay(Contents):
    """What the catalogue of a day holds."""

    day: date


@dataclass(frozen=True)
class Packed:
    """What an audit package holds, and its manifest's digest; `missing` counts evidence that was not in the store."""

    organisation_code: str
    year: int
    digest: str
    size: int
    files: int
    rows: int
    events: int
    evidence: int
    missing: int


def filename(code: str, year: int, lang: str) -> str:
    """The name of a workbook: what it is, of whom, of which year."""
    return f"{NAMES[lang]}-{_safe(code)}-{year}.xlsx"


def day_name(summary: OfDay) -> str:
    """The name of the catalogue of a day: of whom, and of which day."""
    return f"{DAYS[summary.lang]}-{_safe(summary.organisation_code)}-{summary.day.isoformat()}.xlsx"


def package_name(code: str, year: int, at: datetime, lang: str) -> str:
    """The name of a package, with the day: each is kept beside the older ones."""
    return f"{PACKAGES[lang]}-{_safe(code)}-{year}-{at:%Y%m%d-%H%M}.zip"


def _safe(code: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in code)
