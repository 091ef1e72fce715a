"""Writes of the coverage ledger: lines are added and never changed."""

from collections.abc import Iterable
from datetime import date

from controls.base import audit
from controls.base.by import By, Place
from controls.base.db import db
from controls.base.why import N_, NOT_FOUND, Refused, Why, refuse_if
from controls.identity.permissions import Permission
from controls.rotation import queries
from controls.rotation.tables import Coverage
from controls.rotation.words import Degree, Form, Source
from controls.universe import queries as universe

COVERAGE_RECORDED = audit.declare("rotation.coverage_recorded", N_("Coverage recorded"))
COVERAGE_WITHDRAWN = audit.declare("rotation.coverage_withdrawn", N_("Coverage withdrawn: the review was reopened"))
COVERAGE_REVERSED = audit.declare("rotation.coverage_reversed", N_("Imported review undone"))

ASKED = {Source.REVIEW: Permission.REVIEW_APPROVE, Source.IMPORT: Permission.CATALOGUE_EDIT}
NOT_YET = Why("rotation.not_yet", N_("A review cannot count from a day that has not come yet."))
NOT_IMPORTED = Why("rotation.not_imported", N_("Only imported history that still counts can be undone."), 409)
ELSEWHERE = Why("rotation.elsewhere", N_("The sub-process belongs to another organisation."))


def record_coverage(
    by: By, organisation_id: int, subprocess_id: int, covered_on: date, degree: Degree, form: Form, source: Source,
    review_number: str, places: Iterable[Place] = (),
) -> Coverage:  # fmt: skip
    """Add a review to the ledger from the day it was approved; only a full one resets the clock."""
    part = universe.subprocess(subprocess_id)
    if part is None:
        raise Refused([NOT_FOUND()])
    by.must(ASKED[source], organisation_id, own=True, places=places)
    refuse_if([NOT_YET("covered_on")] if covered_on > by.today else [])
    refuse_if([ELSEWHERE("subprocess_id")] if part.organisation_id != organisation_id else [])
    row = Coverage(
        organisation_id=organisation_id, subprocess_id=subprocess_id, covered_on=covered_on, degree=degree, form=form,
        source=source, review_number=review_number, recorded_at=by.at,
    )  # fmt: skip
    db.session.add(row)
    audit.record(by, COVERAGE_RECORDED, row)
    return row


def withdraw_coverage(by: By, organisation_id: int, subprocess_id: int, form: Form, review_number: str) -> Coverage:
    """Tell that a review was reopened: from today its lines no longer count; they stay, and earlier dates keep them."""
    by.must(Permission.REOPENING_APPROVE, organisation_id)
    row = Coverage(
        organisation_id=organisation_id, subprocess_id=subprocess_id, covered_on=by.today, degree=Degree.NONE,
        form=form, source=Source.REOPENED, review_number=review_number, recorded_at=by.at,
    )  # fmt: skip
    db.session.add(row)
    audit.record(by, COVERAGE_WITHDRAWN, row)
    return row


def reverse_import(by: By, id: int) -> Coverage:
    """Undo an imported review: from today it no longer counts; its line stays, and so does what was shown before."""
    row = queries.standing(id)
    if row is None or row.source is not Source.IMPORT:
        raise Refused([NOT_IMPORTED()])
    by.must(Permission.CATALOGUE_EDIT, row.organisation_id)
    gone = Coverage(
        organisation_id=row.organisation_id, subprocess_id=row.subprocess_id, covered_on=by.today, degree=Degree.NONE,
        form=row.form, source=Source.REVERSED, review_number=row.review_number, recorded_at=by.at, reverses_id=row.id,
    )  # fmt: skip
    db.session.add(gone)
    audit.record(by, COVERAGE_REVERSED, gone)
    return gone
