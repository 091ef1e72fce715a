"""What papers write: only that a workbook was exported."""

from controls.base import audit
from controls.base.by import By
from controls.base.why import N_
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.papers.rules import Summary

EXPORTED = audit.declare(
    "papers.workbook_exported", N_("Audit workbook exported"), "year", "language", "sheets", "rows", "digest"
)


def record_export(by: By, organisation: Organisation, summary: Summary) -> None:
    """Put into the log who took the year's data out, and the digest of what was taken."""
    by.must(Permission.WORKBOOK_EXPORT, organisation.id)
    audit.record(
        by, EXPORTED, organisation, organisation_id=organisation.id, year=summary.year, language=summary.lang,
        sheets=len(summary.sheets), rows=summary.rows, digest=summary.digest,
    )  # fmt: skip
