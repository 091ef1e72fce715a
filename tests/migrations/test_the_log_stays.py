"""A database made by the migrations refuses what would take from the log, whoever asks by plain SQL."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from controls.base.db import db
from tests.migrations.test_schema import empty

EVENT = text(
    "INSERT INTO base_event (seq, at, person_name, role, reason, request_key, action, object_type, payload, salt, "
    "payload_digest, leaf) VALUES (1, :at, 'system', 'SYS', 'why', '', 'a.b', 'x', '{}', :bytes, :bytes, :bytes)"
)


@pytest.fixture
def logged(empty: Flask, tmp_path: Path) -> Iterator[Flask]:
    """One event in a database of the newest schema."""
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(EVENT, {"at": datetime(2026, 3, 17, tzinfo=UTC).replace(tzinfo=None), "bytes": b"x" * 32})
    yield empty


def _run(sql: str) -> int:
    with db.engine.begin() as connection:
        return connection.execute(text(sql)).rowcount


REFUSED = (
    "DELETE FROM base_event",
    "DELETE FROM base_event WHERE seq > 0",
    "UPDATE base_event SET person_name = 'another'",
    "UPDATE base_event SET seq = 2",
    "UPDATE base_event SET payload = '{\"a\": 1}'",
    "UPDATE base_event SET leaf = payload_digest || leaf",
)


def test_the_log_is_not_taken_from(logged: Flask) -> None:
    """Nor emptied: PostgreSQL's TRUNCATE passes by the triggers of rows, and has one of its own."""
    for sql in (*REFUSED, *(["TRUNCATE base_event"] if db.engine.dialect.name == "postgresql" else [])):
        with pytest.raises(DBAPIError):
            _run(sql)
        with db.engine.connect() as connection:
            found = connection.execute(text("SELECT seq, person_name, payload FROM base_event")).all()
            assert found == [(1, "system", "{}")], sql


def test_a_redaction_and_the_codes_of_an_old_log_are_written(logged: Flask) -> None:
    assert _run("UPDATE base_event SET payload = NULL, salt = NULL, reason = ''") == 1
    assert _run("UPDATE base_event SET mac = leaf") == 1


__all__ = ["empty"]
