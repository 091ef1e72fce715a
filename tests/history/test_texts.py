"""Every text column is declared, and texts that were copied are removed from the copies with all checksums holding."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, select

from controls.base import audit, seal, verify
from controls.base.audit import EventRow
from controls.base.db import Base, Choice, db, transaction
from controls.base.settings import current
from controls.history import actions, kinds, labels, queries
from controls.history.texts import NEVER, REDACTABLE
from controls.history.words import LegalBasis
from controls.identity.permissions import Role
from controls.identity.tables import Person, Reopening, VisitingGrant
from controls.papers import checker, package
from controls.recommendation import snapshot
from controls.recommendation.tables import Recommendation
from controls.review.tables import DesignTest
from tests import make
from tests.history.test_redaction import sound
from tests.history.test_routes import page, words
from tests.papers.sample import CHANGED, Year, filled

SICK = "Sagsbehandleren var sygemeldt med stress i marts."


def text_columns() -> set[tuple[str, str]]:
    """Every text column of a logged table, but choices and secrets, from the metadata."""
    tables = [table for table in Base.metadata.tables.values() if table.info.get("log", True)]
    return {
        (table.name, column.name) for table in tables for column in table.columns
        if isinstance(column.type, String) and not isinstance(column.type, Choice) and not column.info.get("secret")
    } - {("alembic_version", "version_num")}  # fmt: skip


def test_every_text_column_is_declared_or_told_why_not(app: Flask) -> None:
    """A new text column must be put into one of the lists of history/texts.py: removable, or why it need never be."""
    told = {(table, column) for table, columns in REDACTABLE.items() for column in columns}
    undeclared, twice = [], []
    for table, column in sorted(text_columns()):
        why = NEVER.get(f"{table}.{column}") or NEVER.get(column)
        undeclared += [f"{table}.{column}"] if not why and (table, column) not in told else []
        twice += [f"{table}.{column}"] if f"{table}.{column}" in NEVER and (table, column) in told else []
    assert not undeclared, f"declare in history/texts.py: {undeclared}"
    assert not twice and told <= text_columns()
    known = {column for _, column in text_columns()} | {f"{table}.{column}" for table, column in text_columns()}
    assert NEVER.keys() <= known and all(len(why) > 5 for why in NEVER.values())


def test_long_texts_are_never_kept_back_by_a_columns_name_alone(app: Flask) -> None:
    """A column without a limit of length is either removable, or its reason is told for its own table."""
    long = [(t, c) for t, c in text_columns() if Base.metadata.tables[t].c[c].type.length is None]
    assert all(c in REDACTABLE.get(t, ()) or f"{t}.{c}" in NEVER or c == "hashes" for t, c in long)


def test_each_removable_record_is_found_and_has_a_home(app: Flask) -> None:
    for table in REDACTABLE:
        slug = kinds.BY_TABLE[table].slug if table in kinds.BY_TABLE else table
        found = kinds.to_redact(slug)
        assert found is not None and found.table == table and table in labels.TABLES
        assert queries.to_redact("x", found, frozenset({1})) == [] and queries.organisation_of(table, 1) is None
    assert kinds.to_redact("identity_part") is None and kinds.to_redact("area") is None


@pytest.fixture
def year(app: Flask) -> Year:
    """A year in which the text was copied into a frozen basis, an earlier version and a test's copy of a control."""
    made = filled()
    with transaction():
        paper = db.session.scalars(select(Recommendation)).one()
        whole = {
            "introduction": "Til forum", "roll": [], "lines": [
                {"code": "KRE-1.1", "text": SICK, "dissent": "", "compensating_measure": "Ingen", "hours": 40},
                {"code": "KRE-1.2", "text": "Højt niveau", "dissent": "", "compensating_measure": "", "hours": 30},
            ],
        }  # fmt: skip
        paper.snapshot, paper.snapshot_hash = snapshot.sealed(whole, lambda: b"0123456789abcdef")
        design = db.session.scalars(select(DesignTest)).one()
        design.control_copy = json.dumps({"text": f"Kontrol: {SICK}", "key_reason": ""})
        again = db.session.scalars(select(Reopening).where(Reopening.object_type == "review_review")).one()
        again.snapshot = json.dumps({
            "review_review": [{"conclusion": SICK, "state": "approved"}],
            "review_design_test": [{"conclusion": "God", "control_copy": design.control_copy}], "files": [[1, "ab"]],
        })  # fmt: skip
        audit.record(make.by(made.group, reason="Aflagt"), CHANGED, paper)
    return made


def remove(year: Year, table: str, row: Any, field: str) -> str:
    """Ask and approve; the checksum-bearing column afterwards."""
    slug = kinds.BY_TABLE[table].slug if table in kinds.BY_TABLE else table
    kind = kinds.to_redact(slug)
    assert kind is not None
    known = db.session.scalar(select(Person).where(Person.username == "admin"))
    admin = known or make.person("admin", Role.ADM, year.organisation)
    with transaction():
        asked = actions.ask_redaction(make.by(admin), kind, row.id, field, LegalBasis.UNLAWFUL, "Helbred")
        id = asked.id
    with transaction():
        actions.approve_redaction(make.by(year.group), id, None)
    return f"[fjernet/removed R-{id}]"


def log_text() -> str:
    """All payloads and reasons."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return repr(connection.execute(select(EventRow.payload, EventRow.reason)).all())


def test_a_text_goes_from_the_frozen_basis_and_its_checksum_holds(year: Year) -> None:
    paper = db.session.scalars(select(Recommendation)).one()
    before = paper.snapshot_hash
    offered = queries.free_texts("recommendation_recommendation", paper.id)
    assert "snapshot/lines/0/text" in offered and "snapshot/lines/0/dissent" not in offered
    assert queries.texts("recommendation_recommendation", paper.id, "snapshot/lines/0/text")[0] == SICK
    mark = remove(year, "recommendation_recommendation", paper, "snapshot/lines/0/text")
    db.session.expire_all()
    whole = json.loads(paper.snapshot)
    assert whole["lines"][0]["text"] == mark and whole["lines"][1]["text"] == "Højt niveau"
    assert "lines/0/text" not in whole["salts"] and set(whole["gone"]) == {"lines/0/text"}
    assert seal.checksum(whole) == before == paper.snapshot_hash == checker.sealed(whole)
    assert "stress" not in paper.snapshot and '"text": "' + SICK not in log_text()
    assert sound() == []
    whole["gone"]["lines/0/text"] = {"digest": hashlib.sha256(b"x").hexdigest()}
    assert seal.checksum(whole) != before


def test_texts_go_from_earlier_versions_and_copies_of_controls(year: Year) -> None:
    again, design = (
        db.session.scalars(select(Reopening).where(Reopening.object_type == "review_review")).one(),
        db.session.scalars(select(DesignTest)).one(),
    )
    offered = queries.free_texts("identity_reopening", again.id)
    nested = "snapshot/review_design_test/0/control_copy/text"
    assert {"answer", "reason", "snapshot/review_review/0/conclusion", nested} <= set(offered)
    mark = remove(year, "identity_reopening", again, "snapshot/review_review/0/conclusion")
    other = remove(year, "identity_reopening", again, nested)
    third = remove(year, "review_design_test", design, "control_copy/text")
    db.session.expire_all()
    kept = json.loads(again.snapshot)
    assert kept["review_review"][0] == {"conclusion": mark, "state": "approved"} and kept["files"] == [[1, "ab"]]
    assert json.loads(kept["review_design_test"][0]["control_copy"])["text"] == other
    assert json.loads(design.control_copy) == {"text": third, "key_reason": ""}
    assert sound() == []


def test_a_visiting_grants_reason_is_found_asked_and_gone(year: Year, client: FlaskClient) -> None:
    """A table without a history page of its own and without an organisation column: the host's people decide."""
    with transaction():
        row = db.session.get_one(VisitingGrant, year.visit.id)
        row.reason = SICK
        audit.record(make.by(year.group), CHANGED, row)
    admin = make.person("admin", Role.ADM, year.organisation)
    elsewhere = make.person("anden", Role.ADM, make.organisation("REFU"))
    hits = page(client, admin, "/redactions/new?kind=identity_visiting_grant&number=Gæst Gæstesen")
    form = next(href for href in hits.xpath(".//li/a/@href") if "id=" in href)
    page(client, elsewhere, form, 404)
    assert "Begrundelse" in words(page(client, admin, form))
    where = f"/redactions/new/identity_visiting_grant/{row.id}"
    make.signed_in(client, admin)
    sent = {"column": "reason", "legal_basis": "gdpr_17_1_d", "explanation": "Helbred"}
    assert client.post(where, data=sent | {"column": "task"}).status_code == 422
    answer = client.post(where, data=sent)
    assert answer.status_code == 303
    shown = words(page(client, year.group, answer.headers["Location"]))
    assert SICK in shown
    assert client.post(f"{answer.headers['Location']}/approve", data={"version": "1"}).status_code == 303
    assert "stress" not in db.session.get_one(VisitingGrant, year.visit.id).reason and sound() == []


def test_a_package_with_removed_texts_is_sound_and_a_changed_basis_is_named(year: Year, tmp_path: Path) -> None:
    paper = db.session.scalars(select(Recommendation)).one()
    remove(year, "recommendation_recommendation", paper, "snapshot/lines/0/text")
    with (tmp_path / "a.zip").open("w+b") as file:
        package.write(make.by(year.auditor), year.organisation, 2026, "en", file)
    found = [f for f in checker.check(tmp_path / "a.zip").faults if "evidence" not in f.file]
    assert found == []
    with transaction():
        paper = db.session.scalars(select(Recommendation)).one()
        paper.snapshot = paper.snapshot.replace("Højt niveau", "Lavt niveau")
        audit.record(make.by(year.group), CHANGED, paper)
    with (tmp_path / "b.zip").open("w+b") as file:
        package.write(make.by(year.auditor), year.organisation, 2026, "en", file)
    assert any("checksum" in fault.what for fault in checker.check(tmp_path / "b.zip").faults)
    assert [f.column for f in verify.faults(db.session(), current().keys) if f.table.startswith("recomm")] == [
        "snapshot"
    ]
