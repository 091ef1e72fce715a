"""What papers write: that something was exported, and workbooks that came back, by the actions of their slices."""

import json
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from controls.assessment import actions as assessing
from controls.base import audit
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import FORBIDDEN, N_, Reason, Refused, refuse_if
from controls.identity import actions as accounts
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.papers import catalogue_rows, certificate, changing, coming_back, day, earlier_reviews, risk_forms
from controls.papers.certificate import Certified
from controls.papers.coming_back import UploadedFile
from controls.papers.plan_sheet import Made as PlanMade
from controls.papers.rules import OfDay, Packed, Summary
from controls.papers.tables import Intake, IntakeDraft
from controls.papers.words import Kind
from controls.rotation import actions as rotation
from controls.rotation.words import Degree, Source
from controls.rotation.words import Form as ReviewForm
from controls.universe import actions as catalogue
from controls.universe.rules import Change, Difference
from controls.universe.words import Level

EXPORTED = audit.declare(
    "papers.workbook_exported", N_("Audit workbook exported"), "year", "language", "sheets", "rows", "digest"
)
PACKAGE_EXPORTED = audit.declare(
    "papers.package_exported", N_("Audit package exported"), "year", "digest", "size", "files", "rows", "events",
    "evidence", "missing",
)  # fmt: skip
PLAN_EXPORTED = audit.declare("papers.plan_exported", N_("Five-year roll exported"), "rows", "digest")
DAY_EXPORTED = audit.declare(
    "papers.day_exported", N_("Catalogue of a day exported"), "day", "language", "rows", "digest"
)  # fmt: skip
CERTIFICATE_EXPORTED = audit.declare(
    "papers.certificate_exported", N_("Coverage certificate exported"), "day", "form", "language",
    "subprocesses", "uncovered", "digest", "file_digest",
)  # fmt: skip
FORMS_OUT = audit.declare(
    "papers.forms_exported", N_("Forms taken out to be filled in"), "kind", "year", "rows", "digest"
)  # fmt: skip
FORMS_IMPORTED = audit.declare("papers.forms_imported", N_("Risk forms imported"), "cells")
FORMS_UNDONE = audit.declare("papers.forms_undone", N_("Import of risk forms undone"))
CATALOGUE_TAKEN = audit.declare("papers.catalogue_imported", N_("Rows of the catalogue imported"))
CATALOGUE_UNDONE = audit.declare("papers.catalogue_undone", N_("Import of rows of the catalogue undone"))
HISTORY_IMPORTED = audit.declare("papers.history_imported", N_("Earlier reviews imported"))
HISTORY_UNDONE = audit.declare("papers.history_undone", N_("Import of earlier reviews undone"))


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


def record_day(by: By, organisation: Organisation, summary: OfDay) -> None:
    """Put into the log who took the catalogue of a day out, and the digest of what was taken."""
    by.must(day.needed(by), organisation.id)
    audit.record(
        by, DAY_EXPORTED, organisation, organisation_id=organisation.id, day=summary.day, language=summary.lang,
        rows=summary.rows, digest=summary.digest,
    )  # fmt: skip


def record_certificate(by: By, organisation: Organisation, made: Certified) -> None:
    """Put into the log who printed the coverage certificate of which day, and the checksums of what was printed."""
    by.must(certificate.needed(by), organisation.id)
    audit.record(
        by, CERTIFICATE_EXPORTED, organisation, organisation_id=organisation.id, day=made.day, form=made.form,
        language=made.lang, subprocesses=made.active, uncovered=made.missing, digest=made.digest,
        file_digest=made.file_digest,
    )  # fmt: skip


def record_plan(by: By, organisation: Organisation, made: PlanMade) -> None:
    """Put into the log who took the five-year grid out, and the checksum of its rows."""
    by.must(Permission.CATALOGUE_READ, organisation.id)
    audit.record(
        by, PLAN_EXPORTED, organisation, organisation_id=organisation.id, rows=made.rows, digest=made.digest,
    )  # fmt: skip


# --- workbooks that come back ---------------------------------------------------------------------------------------


def record_form(by: By, organisation: Organisation, kind: Kind, year: int | None, rows: int, digest: str) -> None:
    """Put into the log who took forms out to fill in, and the digest of the file."""
    by.must(coming_back.NEEDED[kind], organisation.id, own=True)
    audit.record(
        by, FORMS_OUT, organisation, organisation_id=organisation.id, kind=kind, year=year, rows=rows, digest=digest,
    )  # fmt: skip


def keep_draft(by: By, organisation_id: int, kind: Kind, year: int | None, file: UploadedFile) -> IntakeDraft:
    """Keep a workbook that came back until it is imported or dropped; the reader's earlier one gives way."""
    by.must(coming_back.NEEDED[kind], organisation_id, own=True)
    for earlier in coming_back.waiting(organisation_id, kind, year):
        if earlier.person_id == by.person_id:
            db.session.delete(earlier)
    row = IntakeDraft(
        organisation_id=organisation_id, kind=kind, year=year, person_id=by.person_id, on_behalf_of_id=by.on_behalf_of,
        uploaded_at=by.at, filename=file.filename, sha256=file.sha256, rows=file.rows,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def save_draft(by: By, organisation_id: int, data: bytes, filename: str) -> int:
    """Read and keep a catalogue file that did not come by the page, until another confirms it or it is dropped."""
    organisation = people.organisation_by_id(organisation_id)
    assert organisation is not None
    file = coming_back.read(Kind.CATALOGUE, organisation, None, data, filename)
    return keep_draft(by, organisation_id, Kind.CATALOGUE, None, file).id


def drop_draft(by: By, id: int) -> int:
    """Drop a workbook that was not imported."""
    row = load(IntakeDraft, id)
    by.must(coming_back.NEEDED[row.kind], row.organisation_id, own=True)
    refuse_if([FORBIDDEN()] if row.kind is Kind.FORMS and row.person_id != by.person_id else [])
    refuse_if([changing.TAKEN()] if row.intake_id else [])
    db.session.delete(row)
    return row.organisation_id


def take_forms(by: By, id: int, names: Collection[str], submit: bool) -> Intake:
    """Put the chosen rows into the drafts of their forms, or submit these: all or nothing, and one step in the log."""
    file = load(IntakeDraft, id)
    by.must(Permission.ASSESSMENT_FILL, file.organisation_id, own=True)
    refuse_if([FORBIDDEN()] if file.person_id != by.person_id else [])
    refuse_if([changing.TAKEN()] if file.intake_id else [])
    back, forms = coming_back.forms(by, file)
    preview = risk_forms.preview(back, forms)
    refuse_if(changing.why_not_take(preview, names))
    there, rows = risk_forms.targets(forms), changing.chosen(preview, names)
    whole = risk_forms.merged((there[row.key], row) for row in rows)
    before = {id: [risk_forms.typed(form), form.draft is not None] for id, (form, _typed) in whole.items()}
    taken, reasons = [], list[Reason]()
    for form, answers in whole.values():
        try:
            taken.append(_fill(by, form, answers, submit))
        except Refused as refused:
            reasons += [coming_back.placed(back, form, reason) for reason in refused.reasons]
    refuse_if(reasons)
    row = _intake(by, file, len(rows), taken, submitted=submit)
    file.before = json.dumps(before, ensure_ascii=False)
    audit.record(by, FORMS_IMPORTED, row, cells=sum(len(one.changes) for one in rows))
    return row


def _fill(by: By, form: risk_forms.OneForm, answers: risk_forms.Typed, submit: bool) -> list[int]:
    """One form's draft, or its submission; the versions it has afterwards."""
    version, draft_version = form.row.version, form.draft.version if form.draft else 0
    if not submit:
        draft = assessing.keep_draft(by, form.row.id, draft_version, answers, assessment_version=version)
        return [form.row.id, version, draft.version]
    assessing.submit(by, form.row.id, version, risk_forms.answers(form, answers), draft_version=draft_version)
    db.session.flush()
    return [form.row.id, form.row.version, 0]


def _intake(by: By, file: IntakeDraft, rows: int, taken: Sequence[object], **facts: Any) -> Intake:
    row = Intake(
        organisation_id=file.organisation_id, kind=file.kind, year=file.year, filename=file.filename, rows=rows,
        sha256=file.sha256, taken=json.dumps(taken), imported_by_id=file.person_id, imported_at=file.uploaded_at,
        **facts,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    db.session.flush()
    file.intake_id = row.id
    return row


def undo_forms(by: By, id: int) -> Intake:
    """Put the drafts back as they were before the import, when nobody has changed the forms since."""
    file, row = _taken(by, id)
    refuse_if(coming_back.why_not_undo(by, row))
    changed = coming_back.changed_since(row)
    refuse_if([changing.CHANGED_SINCE(codes=", ".join(changed))] if changed else [])
    before = json.loads(file.before)
    for form_id, version, draft_version in json.loads(row.taken):
        answers, had_draft = before[str(form_id)]
        if row.submitted:
            assessing.take_back(by, form_id, version)
            db.session.flush()
        if row.submitted or had_draft:
            assessing.keep_draft(by, form_id, draft_version, answers)
        else:
            assessing.drop_draft(by, form_id, draft_version)
    return _undone(by, row, FORMS_UNDONE)


def _taken(by: By, id: int) -> tuple[IntakeDraft, Intake]:
    file = load(IntakeDraft, id)
    by.must(coming_back.NEEDED[file.kind], file.organisation_id, own=True)
    if file.intake_id is None:
        raise Refused([changing.NOT_TAKEN()])
    row = load(Intake, file.intake_id)
    refuse_if([changing.UNDONE()] if row.undone_at else [])
    return file, row


def _undone(by: By, row: Intake, event: audit.Event) -> Intake:
    row.undone_by_id, row.undone_at = by.person_id, by.at
    saved(by, row)
    audit.record(by, event, row)
    return row


def _to_confirm(by: By, id: int) -> IntakeDraft:
    """A file that waits, for another person than who brought it."""
    file = load(IntakeDraft, id)
    by.must(Permission.CATALOGUE_EDIT, file.organisation_id)
    refuse_if([changing.TAKEN()] if file.intake_id else [])
    why = coming_back.why_not_confirm(by, file)
    if why:
        raise accounts.SamePerson(why, by, Duty.S15, Side.SECOND, accounts.Bound(file, file.organisation_id))
    return file


def _confirmed(by: By, file: IntakeDraft, rows: int) -> Intake:
    row = _intake(by, file, rows, [], confirmed_by_id=by.person_id)
    accounts.take_part(by, Duty.S15, row, Side.FIRST, persons=[file.person_id, file.on_behalf_of_id])
    accounts.take_part(by, Duty.S15, row, Side.SECOND)
    return row


def take_history(by: By, id: int, names: Collection[str]) -> Intake:
    """Add the chosen reviews to the ledger: another person than who brought the file confirms it (S15)."""
    file = _to_confirm(by, id)
    back, parts = coming_back.history(by, file)
    preview = earlier_reviews.preview(back, parts, by.today)
    refuse_if(changing.why_not_take(preview, names))
    rows, there = changing.chosen(preview, names), {part.row.code.casefold(): part.row.id for part in parts}
    row = _confirmed(by, file, len(rows))
    made = [
        rotation.record_coverage(
            by, file.organisation_id, there[one.code.casefold()], date.fromisoformat(one.values["covered_on"]),
            Degree(one.values["degree"]), ReviewForm(one.values["form"]), Source.IMPORT, one.values["reference"],
        )
        for one in rows
    ]  # fmt: skip
    row.taken = json.dumps([one.id for one in made])
    audit.record(by, HISTORY_IMPORTED, row)
    return row


def take_catalogue(by: By, id: int, names: Collection[str]) -> Intake:
    """Take the chosen rows into the catalogue: another person than who brought the file confirms it (S15)."""
    file = _to_confirm(by, id)
    _back, preview, _unused = coming_back.catalogue(file)
    refuse_if(changing.why_not_take(preview, names))
    rows = changing.chosen(preview, names)
    row = _confirmed(by, file, len(rows))
    made = catalogue.import_entries(by, file.organisation_id, catalogue_rows.chosen(rows), file.filename, file.sha256)
    row.taken = json.dumps([[line.level, line.code] for line in made])
    file.before = json.dumps(
        [[line.level, line.code, line.change, line.fields, line.version] for line in made], ensure_ascii=False
    )
    audit.record(by, CATALOGUE_TAKEN, row)
    return row


def undo_catalogue(by: By, id: int, reason: str) -> Intake:
    """Put names and suggestions back as they were and close what was added, when nobody has changed or used it."""
    file, row = _taken(by, id)
    refuse_if([changing.UNDO_WHY("reason")] if len(reason.strip()) < changing.REASON_LEAST else [])
    by.must(Permission.CATALOGUE_EDIT, row.organisation_id)
    catalogue.put_back(by, row.organisation_id, [
        Difference(Level(level), code, Change(change), tuple((n, was, then) for n, was, then in fields), *version)
        for level, code, change, fields, *version in json.loads(file.before)
    ], reason)  # fmt: skip
    row.undo_reason = reason.strip()
    return _undone(by.because(reason.strip()), row, CATALOGUE_UNDONE)


def undo_history(by: By, id: int, reason: str) -> Intake:
    """Undo an import of earlier reviews: each of them counts no longer from today, and says so in the ledger."""
    _file, row = _taken(by, id)
    refuse_if([changing.UNDO_WHY("reason")] if len(reason.strip()) < changing.REASON_LEAST else [])
    by.must(Permission.CATALOGUE_EDIT, row.organisation_id)
    for coverage_id in json.loads(row.taken):
        rotation.reverse_import(by, coverage_id)
    row.undo_reason = reason.strip()
    return _undone(by.because(reason.strip()), row, HISTORY_UNDONE)
