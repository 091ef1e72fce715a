"""Removal of a personal text: asked by one, approved by another, gone from row, log and pages; the log stays sound."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from controls.base import audit, verify
from controls.base.audit import EventRow
from controls.base.db import db, saved, transaction
from controls.base.settings import current
from controls.base.why import Refused
from controls.finding.tables import Finding
from controls.history import actions
from controls.history.kinds import BY_SLUG
from controls.history.tables import Redaction
from controls.history.words import LegalBasis, State
from controls.identity.permissions import Role
from tests import make
from tests.history.test_routes import page, words
from tests.papers.sample import CHANGED, Year, filled

SICK = "Sagsbehandleren var sygemeldt med stress i marts."


@pytest.fixture
def year(app: Flask) -> Year:
    """A year in which a finding's cause tells of somebody's illness, and was told in a reason too."""
    made = filled()
    with transaction():
        row = db.session.get_one(Finding, made.finding.id)
        row.cause = SICK
        saved(make.by(made.group), row)
        audit.record(make.by(made.group, reason=f"Rettet: {SICK}"), CHANGED, row)
    return made


def asked(year: Year) -> Redaction:
    """The administrator's request."""
    admin = make.person("admin", Role.ADM, year.organisation)
    with transaction():
        return actions.ask_redaction(
            make.by(admin), BY_SLUG["finding"], year.finding.id, "cause", LegalBasis.UNLAWFUL, "Helbredsoplysning"
        )


def sound() -> list[str]:
    """Faults, but for the file that the sample never had."""
    db.session.rollback()
    db.session.expire_all()
    found = verify.faults(db.session(), current().keys)
    return [str(fault) for fault in found if not fault.table.startswith("evidence") and not fault.file]


def test_asked_approved_and_gone(year: Year, client: FlaskClient) -> None:
    admin = make.person("admin", Role.ADM, year.organisation)
    make.signed_in(client, admin)
    hits = page(client, admin, "/redactions/new?kind=finding&number=f-2026-01")
    form = next(href for href in hits.xpath(".//li/a/@href") if "id=" in href)
    assert "sygemeldt" not in words(page(client, admin, form))
    where = f"/redactions/new/finding/{year.finding.id}"
    answer = client.post(where, data={"column": "number", "legal_basis": "gdpr_17_1_d", "explanation": "Helbred"})
    assert answer.status_code == 422 and "Helbred" in answer.text
    sent = {"column": "cause", "legal_basis": "gdpr_17_1_d", "explanation": "Helbred"}
    answer = client.post(where, data=sent)
    assert answer.status_code == 303
    here = answer.headers["Location"]
    assert client.post(where, data=sent).status_code == 409
    shown = words(page(client, admin, here))
    assert "Helbred" in shown and "sygemeldt" not in shown and "Fjern teksten" not in shown
    assert client.post(f"{here}/approve", data={"version": "1"}).status_code == 403
    approver = words(page(client, year.group, here))
    assert SICK in approver and "Fjern teksten" in approver
    assert client.post(f"{here}/approve", data={"version": "1"}).status_code == 303
    with db.engine.connect() as connection:
        whole = repr(connection.execute(select(EventRow.payload, EventRow.reason)).all())
    assert "sygemeldt" not in whole and sound() == []
    history = page(client, year.auditor, f"/history/finding/{year.finding.id}")
    assert "sygemeldt" not in words(history)
    assert "[fjernet/removed R-1]" in words(history) and "Forhold" in words(history)
    assert "En personlig tekst er fjernet her: Behandlet ulovligt" in words(history)
    assert "Fjernelse R-1" in words(history.find_class("kr-panel")[0]), "the removal's own event names it"
    log = words(page(client, year.auditor, "/log"))
    assert "Fjernet efter: Behandlet ulovligt" in log and "Tekst fjernet" in log and "sygemeldt" not in log
    assert "Gruppe Gruppesen" in words(page(client, year.auditor, "/redactions"))
    page(client, year.auditor, "/history/redaction/1")


def test_another_person_than_the_asker_decides(year: Year) -> None:
    """S13 by the action, and by the ledger of parts when the program is not asked."""
    row = asked(year)
    asker = make.by(db.session.get_one(type(year.owner), row.asked_by_id))
    both = replace(make.by(year.group), person_id=asker.person_id, counts_as=asker.counts_as)
    with pytest.raises(Refused, match="same person"), transaction():
        actions.approve_redaction(both, row.id, None)
    db.session.rollback()
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO identity_part (duty, object_type, object_id, within, side, person_id, taken_at) "
            "SELECT duty, object_type, object_id, within, 'second', person_id, taken_at FROM identity_part "
            "WHERE object_type = 'history_redaction'"
        ))  # fmt: skip
    assert db.session.get_one(Redaction, row.id).state is State.ASKED
    assert "sygemeldt" in str(db.session.scalars(select(EventRow.payload)).all())


def test_a_rejection_leaves_the_text_and_says_why(year: Year, client: FlaskClient) -> None:
    row = asked(year)
    make.signed_in(client, year.group)
    answer = client.post(f"/redactions/{row.id}/reject", data={"version": "1", "note": ""})
    assert answer.status_code == 422
    answer = client.post(f"/redactions/{row.id}/reject", data={"version": "1", "note": "Skal dokumentere kontrolåret"})
    assert answer.status_code == 303
    assert "Skal dokumentere kontrolåret" in words(page(client, year.group, f"/redactions/{row.id}"))
    assert client.post(f"/redactions/{row.id}/approve", data={"version": "2"}).status_code == 409
    assert db.session.get_one(Finding, year.finding.id).cause == SICK


def test_redaction_is_for_the_roles_of_the_matrix_in_their_organisation(year: Year, client: FlaskClient) -> None:
    row = asked(year)
    elsewhere = make.organisation("ALS")
    for role in (Role.GRP, Role.AUD, Role.ADM):
        stranger = make.person(f"fremmed{role.value.lower()}", role, elsewhere)
        page(client, stranger, f"/redactions/{row.id}", 404)
        assert "R-1" not in words(page(client, stranger, "/redactions"))
    stranger = make.person("endnu-en", Role.ADM, elsewhere)
    make.signed_in(client, stranger)
    sent: dict[str, Any] = {"column": "cause", "legal_basis": "gdpr_17_1_d", "explanation": "x"}
    assert client.post(f"/redactions/new/finding/{year.finding.id}", data=sent).status_code == 404
    for person, status in ((year.owner, 403), (year.tester, 403), (year.auditor, 200)):
        page(client, person, "/redactions", status)
        page(client, person, "/redactions/new", 403)
        assert client.post(f"/redactions/{row.id}/approve", data={"version": "1"}).status_code == 403
    other = make.person("gruppe2", Role.GRP, elsewhere)
    make.signed_in(client, other)
    assert client.post(f"/redactions/{row.id}/approve", data={"version": "1"}).status_code == 404


def test_a_stale_page_does_not_remove(year: Year) -> None:
    row = asked(year)
    with pytest.raises(Refused) as refused, transaction():
        actions.approve_redaction(make.by(year.group), row.id, 7)
    assert refused.value.status == 409


def test_the_texts_of_events_that_told_other_rows_stay_readable(year: Year) -> None:
    """One event filled all tables; only the finding's cause is gone from it, and every row still fits the log."""
    row = asked(year)
    with transaction():
        actions.approve_redaction(make.by(year.group), row.id, None)
    assert sound() == []
    assert db.session.get_one(Redaction, row.id).events == 2
