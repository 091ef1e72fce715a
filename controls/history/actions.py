"""What history writes: runs of the verification, redactions, and that a person took his own data out."""

import json
from collections.abc import Sequence
from typing import Any

from controls.base import audit, checkpoint, redaction
from controls.base.by import By
from controls.base.db import Base, Versioned, db, load, saved
from controls.base.why import N_, NOT_FOUND, Refused, refuse_if
from controls.forum import actions as forum
from controls.history import queries, rules, texts
from controls.history.kinds import Kind
from controls.history.queries import Verified
from controls.history.tables import Check, Redaction
from controls.history.words import LegalBasis, State
from controls.identity import actions as accounts
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.tables import Person

VERIFIED = audit.declare("history.verified", N_("Log verified"), "events", "faults")
ASKED = audit.declare("history.redaction_asked", N_("Removal of a text asked"))
REJECTED = audit.declare("history.redaction_rejected", N_("Removal of a text rejected"))
REDACTED = audit.declare(
    redaction.ACTION, N_("Text removed"), "asked_by_id", "redaction", "column", "legal_basis", audit.CLEANED
)
DATA_TAKEN = audit.declare("history.own_data_taken", N_("Own data taken out"), "language", "digest")


def record_check(by: By, found: Verified) -> Check:
    """Keep the result of a verification that was run, and have the log as it was found signed."""
    by.must(Permission.LOG_VERIFY)
    told = [
        {"code": one.why.code, "text": one.why.text, "table": one.table, "row": one.row, "column": one.column,
         "file": one.file, "facts": {name: str(value) for name, value in one.facts.items()}}
        for one in found.faults[: rules.TOLD_FAULTS]
    ]  # fmt: skip
    row = Check(
        person_id=by.person_id, started_at=found.started_at, finished_at=found.finished_at, events=found.events,
        faults=len(found.faults), found=json.dumps(told, ensure_ascii=False),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    audit.record(by, VERIFIED, row, events=row.events, faults=row.faults)
    if not found.faults:
        checkpoint.due("")
    return row


def ask_redaction(by: By, kind: Kind, object_id: int, column: str, basis: LegalBasis, explanation: str) -> Redaction:
    """Ask that a personal text be removed from a record and everything the log tells of it (GDPR art. 17)."""
    organisation = queries.organisation_of(kind.table, object_id)
    if organisation is None or not by.may(Permission.REDACTION_ASK, organisation):
        raise Refused([NOT_FOUND()])
    waiting = queries.waiting(kind.table, object_id, column)
    refuse_if(rules.why_not_ask(column, queries.free_texts(kind.table, object_id), waiting, explanation))
    row = Redaction(
        organisation_id=organisation, object_type=kind.table, object_id=object_id, column_name=column,
        legal_basis=basis, explanation=explanation, state=State.ASKED, asked_by_id=by.person_id, asked_at=by.at,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    accounts.take_part(by, Duty.S13, row, Side.FIRST)
    audit.record(by, ASKED, row)
    return row


def _load(by: By, id: int, version: int | None) -> Redaction:
    row: Redaction = load(Redaction, id, version)
    by.must(Permission.REDACTION_APPROVE, row.organisation_id)
    return row


def approve_redaction(by: By, id: int, version: int | None) -> Redaction:
    """Remove the text from the record and from every event that tells it; another person than the asker (S13)."""
    row = _load(by, id, version)
    refuse_if(rules.why_not_decide(row.state))
    accounts.take_part(by, Duty.S13, row, Side.SECOND)
    subject = db.session.get_one(_model(row.object_type), row.object_id)
    column, path = texts.split(row.column_name)
    cleaned = redaction.clear(db.session(), subject, column, rules.mark(row.id), path)
    if isinstance(subject, Versioned) and db.session.is_modified(subject):
        saved(by, subject)
    row.state, row.decided_by_id, row.decided_at, row.events = State.APPROVED, by.person_id, by.at, len(cleaned)
    saved(by, row)
    audit.record(
        by, REDACTED, subject, organisation_id=row.organisation_id, asked_by_id=row.asked_by_id, redaction=row.id,
        column=row.column_name, legal_basis=row.legal_basis, cleaned=cleaned,
    )  # fmt: skip
    forum.reseal(by, subject)
    return row


def reject_redaction(by: By, id: int, version: int | None, note: str) -> Redaction:
    """Leave the text where it is, with the reason why."""
    row = _load(by, id, version)
    refuse_if(rules.why_not_reject(row.state, note))
    accounts.take_part(by, Duty.S13, row, Side.SECOND)
    row.state, row.decided_by_id, row.decided_at, row.note = State.REJECTED, by.person_id, by.at, note
    saved(by, row)
    audit.record(by.because(note), REJECTED, row)
    return row


def _model(table: str) -> Any:
    found: Sequence[Any] = [m.class_ for m in Base.registry.mappers if m.class_.__tablename__ == table]
    return found[0]


def record_own_data(by: By, language: str, digest: str) -> None:
    """Put into the log that a person took out what is stored about him (GDPR art. 15)."""
    audit.record(by, DATA_TAKEN, db.session.get_one(Person, by.person_id), language=language, digest=digest)
