"""What papers write: only that a workbook or a package was exported."""

from controls.base import audit
from controls.base.by import By
from controls.base.why import N_
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.papers.rules import Packed, Summary

EXPORTED = audit.declare(
    "papers.workbook_exported", N_("Audit workbook exported"), "year", "language", "sheets", "rows", "digest"
)
PACKAGE_EXPORTED = audit.declare(
    "papers.package_exported", N_("Audit package exported"), "year", "digest", "size", "files", "rows", "events",
    "evidence", "missing",
)  # fmt: skip


def record_export(by: By, organisation: Organisation, summary: Summary) -> None:
    """Put into the log who took the year's data out, and the digest of what was taken."""
    by.must(Permission.WORKBOOK_EXPORT, organisation.id)
    audit.record(
        by, EXPORTED, organisation, organisation_id=organisation.id, year=summary.year, language=summary.lang,
        sheets=len(summary.sheets), rows=summary.rows, digest=summary.digest,
    )  # fmt: skip


def record_package(by: By, organisation: Organisation, packed: Packed) -> None:
    """Put into the log who took the audit package out, and the digest of its manifest: the next package tells of it."""
    by.must(Permission.PACKAGE_EXPORT, organisation.id)
    audit.record(
        by, PACKAGE_EXPORTED, organisation, organisation_id=organisation.id, year=packed.year, digest=packed.digest,
        size=packed.size, files=packed.files, rows=packed.rows, events=packed.events, evidence=packed.evidence,
        missing=packed.missing,
    )  # fmt: skip
