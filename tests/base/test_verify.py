"""Verification: each changed cell, row and event is found and named; a sound database raises no alarm."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from controls.base import verify
from controls.base.db import db
from controls.base.settings import current
from controls.base.verify import Fault
from controls.identity.permissions import Role


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


def test_a_row_put_in_stands_in_no_event(filled: Flask) -> None:
    columns = "role, person_id, organisation_id, valid_from, granted_by, version, saved_at, saved_by"
    change(
        f"INSERT INTO identity_role_grant (id, {columns}) SELECT 77, 'AUD', person_id, organisation_id, valid_from, "
        "granted_by, version, saved_at, saved_by FROM identity_role_grant WHERE role = 'OWN'"
    )
    assert Fault("identity_role_grant", "77", "", "stands in no event") in found()


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
