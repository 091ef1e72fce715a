"""Verification: each changed cell, row and event is found and named; a sound database raises no alarm."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from controls.base import audit, checkpoint, files, keys, merkle, stored, verify
from controls.base import db as db_module
from controls.base.audit import EventRow
from controls.base.db import Base, db, transaction
from controls.base.settings import current
from controls.base.verify import Fault
from controls.evidence import queries as evidence
from controls.evidence.actions import ADDED
from controls.evidence.tables import Evidence
from controls.identity.permissions import Role
from controls.identity.tables import Person
from tests import make as making


@pytest.fixture
def filled(app: Flask, make: Any) -> Flask:
    """Two organisations and two people with roles: seven events."""
    dep = make.organisation("DEP")
    star = make.organisation("STAR", "DEP")
    make.person("anne", Role.OWN, star)
    make.person("bente", Role.GRP, dep)
    return app


def found() -> list[Fault]:
    db.session.rollback()
    db.session.expire_all()
    return verify.faults(db.session(), current().keys)


def change(statement: str) -> None:
    """What a database administrator can do."""
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_sound_database_raises_no_alarm(filled: Flask) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("statement", "table", "column"),
    [
        ("UPDATE identity_person SET name = 'Anne K' WHERE username = 'anne'", "identity_person", "name"),
        ("UPDATE identity_person SET name = 'anne' WHERE username = 'anne'", "identity_person", "name"),
        ("UPDATE identity_person SET title = ' ' WHERE username = 'bente'", "identity_person", "title"),
        ("UPDATE identity_person SET valid_to = '2027-01-01' WHERE username = 'bente'", "identity_person", "valid_to"),
        ("UPDATE identity_organisation SET parent_id = NULL WHERE code = 'STAR'", "identity_organisation", "parent_id"),
        ("UPDATE identity_role_grant SET role = 'GRP' WHERE role = 'OWN'", "identity_role_grant", "role"),
        ("DELETE FROM identity_role_grant WHERE role = 'OWN'", "identity_role_grant", ""),
        ("UPDATE base_event SET reason = 'because' WHERE seq = 3", "base_event", "reason"),
        ("UPDATE base_event SET payload = NULL, salt = NULL WHERE seq = 3", "base_event", "payload"),
        ("DELETE FROM base_told WHERE seq = 3", "base_told", ""),
        ("UPDATE base_told SET row_id = row_id + 1 WHERE seq = 3", "base_told", ""),
        ("INSERT INTO base_told (seq, table_name, row_id) VALUES (99, 'identity_person', 1)", "base_told", ""),
        ("UPDATE base_event SET role = 'GRP' WHERE seq = 2", "base_event", "leaf"),
        ("UPDATE base_event SET payload = replace(payload, 'STAR', 'SKAT') WHERE seq = 2", "base_event", "payload"),
        ("UPDATE base_event SET salt = leaf WHERE seq = 4", "base_event", "payload"),
        ("UPDATE base_event SET mac = leaf WHERE seq = 4", "base_event", "mac"),
        ("UPDATE base_event SET seq = 99 WHERE seq = 5", "base_event", "seq"),
        ("DELETE FROM base_event WHERE seq = (SELECT max(seq) FROM base_event)", "base_log_head", "size"),
        ("DELETE FROM base_event WHERE seq = 1", "base_event", "seq"),
        ("UPDATE base_log_head SET size = size - 1", "base_log_head", "size"),
        ("DELETE FROM base_log_head", "base_log_head", ""),
    ],
)
def test_what_is_changed_behind_the_product_is_named(filled: Flask, statement: str, table: str, column: str) -> None:
    change(statement)
    assert any((fault.table, fault.column) == (table, column) for fault in found())


def test_two_processes_find_what_one_finds(filled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long log is divided: the lower half is read by another process."""
    change("UPDATE base_event SET role = 'GRP' WHERE seq = 2")
    change("UPDATE base_event SET mac = leaf WHERE seq = 6")
    change("DELETE FROM base_told WHERE seq = 3")
    alone = found()
    monkeypatch.setattr(verify, "BY_ONE", 1)
    assert found() == alone and len(alone) > 3
    if db.engine.dialect.name == "sqlite":  # PostgreSQL keeps no text that is none
        change("UPDATE base_event SET reason = CAST(x'ff' AS TEXT) WHERE seq = 2")
        assert ("base_event", "2", "reason") in {(one.table, one.row, one.column) for one in found()}


def test_a_row_put_in_stands_in_no_event(filled: Flask) -> None:
    columns = "role, person_id, organisation_id, valid_from, granted_by, version, saved_at, saved_by"
    change(
        f"INSERT INTO identity_role_grant (id, {columns}) SELECT 77, 'AUD', person_id, organisation_id, valid_from, "
        "granted_by, version, saved_at, saved_by FROM identity_role_grant WHERE role = 'OWN'"
    )
    assert [str(fault) for fault in found()] == [
        "Table identity_role_grant, row 77: no event tells of the row; it was put in past the product."
    ]


INEXACT = [
    ("UPDATE base_event SET at = substr(at, 1, 19) WHERE seq = 2", "base_event", "at"),
    ("UPDATE base_event SET leaf = upper(hex(leaf)) WHERE seq = 2", "base_event", "leaf"),
    ("UPDATE base_event SET person_name = CAST(person_name AS BLOB) WHERE seq = 2", "base_event", "person_name"),
    ("UPDATE base_log_head SET size = 'six'", "base_log_head", "size"),
    ("UPDATE identity_person SET valid_from = '2026-3-17' WHERE username = 'anne'", "identity_person", "valid_from"),
    ("UPDATE identity_person SET valid_from = valid_from || ' ' WHERE id = 1", "identity_person", "valid_from"),
    ("UPDATE identity_person SET version = x'31' WHERE username = 'anne'", "identity_person", "version"),
    ("UPDATE identity_person SET version = 1.5 WHERE username = 'anne'", "identity_person", "version"),
    ("UPDATE identity_person SET saved_at = saved_at || '0' WHERE id = 1", "identity_person", "saved_at"),
    ("UPDATE identity_person SET title = CAST(x'ff' AS TEXT) WHERE id = 1", "identity_person", "title"),
    ("UPDATE identity_person SET name = CAST(name AS BLOB) WHERE id = 1", "identity_person", "name"),
]


@pytest.mark.only("sqlite")  # PostgreSQL's own types hold one form only
@pytest.mark.parametrize(("statement", "table", "column"), INEXACT)
def test_another_form_of_the_same_value_is_found(filled: Flask, statement: str, table: str, column: str) -> None:
    change(statement)
    assert [(fault.table, fault.column, fault.why.code.split(".")[1]) for fault in found()][:1] == [
        (table, column, "form")
    ]


@pytest.mark.only("postgresql")  # SQLite keeps days as text, which the test above changes
def test_a_day_that_no_calendar_has_is_found(filled: Flask) -> None:
    change("UPDATE identity_person SET valid_from = 'infinity', saved_at = '-infinity' WHERE username = 'anne'")
    assert {fault.column for fault in found()} == {"valid_from", "saved_at"}


def test_every_logged_column_has_one_form() -> None:
    """A column of a new kind must be told here before it can be verified."""
    for mapper in Base.registry.mappers:
        for dialect in ("sqlite", "postgresql"):
            for column in mapper.class_.__table__.columns:
                assert stored.form(column, dialect)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=5, max_size=5), st.integers(0, 2**63 - 1))
def test_a_line_is_written_as_the_log_writes_it(texts: list[str], number: int) -> None:
    """What the verification hashes anew is to the letter what was hashed when the event was written."""
    cells = stored.Cells(EventRow, sqlite.dialect())
    line = stored.Line(cells, audit.UNCOVERED)
    row = dict.fromkeys(cells.names) | dict(
        zip(("person_name", "role", "request_key", "action", "object_type"), texts, strict=True)
    )
    row |= {"seq": number, "object_id": number, "at": "2026-03-17 09:00:00.000001", "payload_digest": b"\0\xff"}
    told = {name: value for name, value in row.items() if name not in audit.UNCOVERED}
    told |= {"at": "2026-03-17T09:00:00.000001+00:00", "payload_digest": "00ff"}
    for _ in range(2):  # the types of a row are remembered
        assert line.of([row[name] for name in cells.names]).decode() == merkle.canonical(told)
    for name, wrong in (("seq", "1"), ("role", b"x"), ("at", "2026-03-17"), ("object_id", True)):
        with pytest.raises(ValueError):
            line.of([(row | {name: wrong})[key] for key in cells.names])


def put(data: bytes) -> str:
    """Bytes in the store, past everything else."""
    with files.received(BytesIO(data), 100) as incoming:
        files.current_store().keep(incoming, making.NOW.date())
        return incoming.sha256


def test_a_file_that_is_changed_or_gone_is_named(filled: Flask) -> None:
    root = current().evidence
    wired = verify.CHECKS[:]
    sizes = {put(data): len(data) for data in (b"one", b"two", b"three")}
    digests = list(sizes)
    person = db.session.scalars(select(Person)).first()
    assert person is not None and evidence.damaged in wired
    rows = [
        Evidence(
            organisation_id=person.organisation_id, subject_type="x", subject_id=1, sha256=digest, filename="f.txt",
            media_type="text/plain", size=sizes[digest], shows="x", covers_from=None, covers_to=None,
            uploaded_by_id=person.id, uploaded_at=making.NOW,
        )
        for digest in digests
    ]  # fmt: skip
    with transaction():
        db.session.add_all(rows)
        audit.record(making.system(), ADDED, person)
    assert found() == []
    files.path_of(root, digests[0]).write_bytes(b"eno")
    files.path_of(root, digests[1]).unlink()
    assert sorted((fault.why.code, fault.file) for fault in found()) == [
        ("evidence.changed", digests[0]), ("evidence.gone", digests[1])
    ]  # fmt: skip


def note(filled: Flask) -> checkpoint.Checkpoint:
    db.session.rollback()
    with db_module.snapshot() as session:
        return checkpoint.make(session, current().keys, making.NOW)


def test_a_shorter_and_a_rewritten_log_are_told_from_a_checkpoint(filled: Flask, make: Any, tmp_path: Path) -> None:
    outside = note(filled)
    size = outside.size
    make.organisation("ALS")
    assert found() == []
    rewrite(size - 1)
    (current().keys / "checkpoints" / f"{size}.txt").unlink()
    assert found() == [], "a rewrite with the key is seen by none but an earlier checkpoint"
    faults = verify.faults(db.session(), current().keys, [("outside.txt", outside)])
    assert [(fault.why, fault.file) for fault in faults] == [(checkpoint.DIFFERENT, "outside.txt")]
    file = tmp_path / "outside.txt"
    file.write_text(outside.text)
    answer = filled.test_cli_runner().invoke(
        args=["audit", "verify", "--lang", "da", "--json", "--checkpoint", str(file)]
    )
    assert answer.exit_code == 1 and json.loads(answer.output)[0]["text"].endswith("Loggen er skrevet om.")
    file.write_text(outside.text.replace("time", "tide"))
    answer = filled.test_cli_runner().invoke(args=["audit", "verify", "--lang", "da", "--checkpoint", str(file)])
    assert answer.exit_code == 2 and "Kan ikke afgøres" in answer.output


def rewrite(seq: int) -> None:
    """What somebody with database and keys can do: an event tells otherwise, and all after it is made to fit."""
    key = keys.mac_key(current().keys)
    with db.engine.begin() as connection:
        session = Session(connection)
        row = session.get_one(EventRow, seq)
        row.payload = (row.payload or "").replace('"reason":""', '"reason":"because"')
        row.reason = "because"
        row.payload_digest = merkle.payload_digest(row.salt or b"", row.payload)
        row.leaf = merkle.leaf_hash(audit.leaf_entry(row))
        row.mac = audit.event_code(key, row.leaf)
        session.flush()
        leaves = list(session.scalars(select(EventRow.leaf).order_by(EventRow.seq)))
        session.execute(update(audit.HEAD).values(audit._head(key, len(leaves), merkle.frontier_of(leaves))))
        session.flush()


def test_a_kept_checkpoint_is_itself_checked(filled: Flask) -> None:
    made = note(filled)
    folder = current().keys / "checkpoints"
    path = folder / f"{made.size}.txt"
    path.write_text(made.text.replace("cycle -", "cycle STAR 2026"))
    (folder / "9.txt").write_text("nonsense")
    assert sorted(str(fault) for fault in found()) == [
        f"The checkpoint {path.name} was changed: its signature does not fit its lines.",
        "The file 9.txt is not a checkpoint, or it was changed.",
    ]
    other = folder / "other"
    keys.ensure(other)
    path.write_text(checkpoint._sign(other, audit.Sealed(made.size, made.root, making.NOW), "").text)
    (folder / "9.txt").unlink()
    assert [fault.why for fault in found()] == [checkpoint.OTHER_KEY]


def start(filled: Flask) -> Fault | None:
    db.session.rollback()
    filled.extensions.pop(checkpoint.STARTED, None)
    checkpoint.begin()
    db.session.rollback()
    return checkpoint.startup_fault()


def test_the_start_reports_an_older_backup_and_a_rewritten_log(filled: Flask, make: Any, caplog: Any) -> None:
    assert start(filled) is None
    first = note(filled)
    size = first.size
    for code in ("ALS", "STIL", "SIRI", "FOA", "KK"):
        make.organisation(code)
        assert start(filled) is None, "a log that has grown fits"
    change(f"DELETE FROM base_event WHERE seq > {size - 1}")
    change(f"UPDATE base_log_head SET size = {size - 1}")
    fault = start(filled)
    assert fault is not None and fault.why is checkpoint.SHORTER and "older backup" in str(fault)
    assert "the log does not fit its last checkpoint" in caplog.text


def test_the_start_sees_a_log_that_was_rewritten_and_grew(filled: Flask, make: Any) -> None:
    size = note(filled).size
    make.organisation("ALS")
    rewrite(size - 1)
    for code in ("STIL", "SIRI", "FOA"):
        fault = start(filled)
        assert fault is not None and fault.why is checkpoint.DIFFERENT
        make.organisation(code)


@pytest.mark.parametrize(("role", "sees"), [(Role.ADM, True), (Role.AUD, True), (Role.CTL, False)])
def test_administrators_and_auditors_see_it(filled: Flask, make: Any, client: Any, role: Role, sees: bool) -> None:
    reader = make.person("reader", role, make.organisation("ALS", "DEP"))
    size = note(filled).size
    make.signed_in(client, reader)
    change("UPDATE base_log_head SET size = 3")
    filled.extensions.pop(checkpoint.STARTED, None)
    page = client.get("/").get_data(as_text=True)
    assert (f"Loggen er kortere, end kontrolpunktet {size}.txt siger" in page) is sees


def test_without_the_key_nothing_can_be_told(filled: Flask) -> None:
    path = current().keys / "log.mac"
    kept = path.read_bytes()
    path.unlink()
    try:
        answer = filled.test_cli_runner().invoke(args=["audit", "verify", "--lang", "da"])
        assert answer.exit_code == 2 and "Uden den kan loggen hverken efterprøves eller fortsættes" in answer.output
        fault = start(filled)
        assert fault is not None and fault.why is keys.NO_KEY
    finally:
        path.write_bytes(kept)


def test_a_default_stands_for_a_column_that_came_later(filled: Flask) -> None:
    columns = {column.name: column for column in Person.__table__.columns}
    assert verify._at_birth(columns["version"]) == 1 and verify._at_birth(columns["valid_to"]) is None


def test_the_command_says_so(filled: Flask) -> None:
    run = filled.test_cli_runner()
    assert run.invoke(args=["audit", "verify"]).exit_code == 0
    change("UPDATE identity_person SET name = 'Anne K' WHERE username = 'anne'")
    answer = run.invoke(args=["audit", "verify"])
    assert answer.exit_code == 1 and "identity_person" in answer.output and "name" in answer.output


def test_a_secret_stands_in_the_log_by_its_digest_only(filled: Flask, make: Any) -> None:
    person = make.person("carl", Role.CTL, make.organisation("ALS", "DEP"), password="a long pass phrase")
    kept = str(person.password_hash)
    assert kept.startswith("$argon2")
    payloads = db.session.scalars(text("SELECT payload FROM base_event")).all()
    assert not any("$argon2" in payload for payload in payloads) and found() == []
    change("UPDATE identity_person SET password_hash = '$argon2id$other' WHERE username = 'carl'")
    assert [fault.column for fault in found()] == ["password_hash"]


def test_a_check_that_stumbles_over_a_value_is_a_fault_and_stops_nothing(
    filled: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(session: Any) -> Any:
        yield Fault(verify.UNCHECKED, facts={"check": "first", "error": ""})
        raise ValueError("no date")

    monkeypatch.setattr(verify, "CHECKS", [stumbles, evidence.damaged])
    assert [str(fault).split(" ")[3] for fault in found()] == ["(first)", f"({stumbles.__qualname__})"]
    assert filled.test_cli_runner().invoke(args=["audit", "verify", "--lang", "da"]).exit_code == 1
