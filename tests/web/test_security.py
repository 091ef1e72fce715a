"""Requests from other sites, the security log, and what is answered when the database is away, slow or newer."""

import errno
import json
import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from controls.base import audit
from controls.base.audit import EventRow
from controls.base.db import PATIENCE, db
from controls.identity.permissions import Role
from controls.web import errors
from tests.effectiveness import setting
from tests.finding.test_routes import FORM, as_

CHOOSE = {"language": "en", "next": "/me"}

pytestmark = pytest.mark.usefixtures("client")  # each request in a context of its own


@pytest.fixture
def owner(app: Flask, make: Any) -> FlaskClient:
    return as_(app, make, make.person("owner", Role.OWN, make.organisation("STAR")))


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(one.getMessage()) for one in caplog.records if one.name == "kontrolrul.security"]


def events() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(EventRow)) or 0


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:81"}, {"Origin": "localhost"},
    {"Origin": "http://localhost.evil.example"}, {"Referer": "https://evil.example/localhost"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Referer": "http://localhost/me"}, {"Origin": "http://["},
    {"Origin": "http://localhost", "Referer": "http://["}, {"Referer": "http://["},
])  # fmt: skip
def test_another_sites_request_is_refused(
    owner: FlaskClient, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    before = events()
    answer = owner.post("/me/language", data=CHOOSE, headers=headers)
    assert answer.status_code == 403 and "et andet sted" in answer.text and events() == before
    told = lines(caplog)[-1]
    assert told["because"] == ["cross_site"] and told["incident"] in answer.text and "evil" not in json.dumps(told)


@pytest.mark.parametrize("headers", [
    {}, {"Origin": "http://localhost"}, {"Referer": "http://localhost/me"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
])  # fmt: skip
def test_its_own_pages_are_heard(owner: FlaskClient, headers: dict[str, str]) -> None:
    assert owner.post("/me/language", data=CHOOSE, headers=headers).status_code == 303


def test_links_from_elsewhere_are_followed(owner: FlaskClient) -> None:
    assert (
        owner.get("/me", headers={"Referer": "https://mail.example/", "Sec-Fetch-Site": "cross-site"}).status_code
        == 200
    )


def test_a_refusal_is_an_event_with_its_reasons(
    app: Flask, make: Any, owner: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = owner.post("/cycles/new", data={"year": "2026", "secret": "<script>"})
    told = db.session.scalars(select(EventRow).order_by(EventRow.seq.desc())).first()
    assert answer.status_code == 403 and told is not None and told.action == "identity.refused"
    assert json.loads(told.payload)["fields"] == {"because": ["forbidden"], "page": "wheel.open_next"}
    line = lines(caplog)[-1]
    assert line["person"] == told.person_id and line["status"] == 403 and line["incident"] in answer.text
    assert "script" not in json.dumps(line) + told.payload


def test_a_refused_form_leaves_a_line_without_what_was_typed(
    app: Flask, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    s = setting.prepared(make)
    before = events()
    client = as_(app, make, s.tester)
    began = events()
    answer = client.post(f"/reviews/{s.review.id}/findings/new", data={**FORM, "cause": "", "condition": "a\0<b>"})
    assert answer.status_code == 422 and events() == began > before - 1
    line = lines(caplog)[-1]
    assert line["status"] == 422 and line["endpoint"] == "finding.new" and "<b>" not in json.dumps(line)


@pytest.mark.only("postgresql")  # SQLite has no connection to lose
def test_a_lost_connection_is_made_anew(app: Flask, owner: FlaskClient) -> None:
    """PostgreSQL was restarted: the next request works."""
    assert owner.get("/me").status_code == 200
    db.session.rollback()
    with db.engine.connect() as connection:
        connection.execute(text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid() "
            "AND datname = current_database()"
        ))  # fmt: skip
        connection.invalidate()
    assert owner.get("/me").status_code == 200
    assert owner.post("/me/language", data=CHOOSE).status_code == 303


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_database_that_is_away_is_told_as_such(
    app: Flask, make: Any, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    language: str,
) -> None:  # fmt: skip
    """503 with a number and nothing from inside, though the page's own frame cannot be read either."""
    monkeypatch.setitem(app.config, "SHOW_ERRORS", True)

    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("SELECT secret FROM identity_person", {}, Exception("/var/lib/secret"))

    monkeypatch.setattr(db.session.session_factory.class_, "execute", away)  # type: ignore[attr-defined]
    for answer in (owner.get("/me", headers={"Accept-Language": language}), owner.post("/me/language", data=CHOOSE)):
        assert answer.status_code == 503 and "SELECT" not in answer.text and "/var" not in answer.text
        assert any(line["incident"] in answer.text for line in lines(caplog)) and "<h1" in answer.text


@pytest.mark.parametrize(("error", "status"), [
    (OSError(errno.ENOSPC, "x"), 503), (OSError(errno.EFBIG, "x"), 503), (OSError(errno.ENOENT, "x"), 500),
    (OperationalError("x", {}, Exception()), 503), (ValueError(), 500),
])  # fmt: skip
def test_what_may_be_tried_again(error: Exception, status: int) -> None:
    assert errors.status_of(error) == status


def test_an_older_program_writes_nothing_in_a_newer_database(app: Flask, owner: FlaskClient) -> None:
    before = events()
    with db.engine.begin() as connection:
        connection.execute(text(f"INSERT INTO alembic_version (version_num) VALUES ('{int(audit.KNOWN) + 1:04}')"))
    answer = owner.post("/me/language", data=CHOOSE)
    assert answer.status_code == 503 and "nyere version" in answer.text and events() == before
    with db.engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{audit.KNOWN}'"))
    assert owner.post("/me/language", data=CHOOSE).status_code == 303


def test_a_database_is_not_waited_for_without_end(app: Flask) -> None:
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            assert {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in PATIENCE} == {
                "lock_timeout": "10s", "statement_timeout": "1min", "idle_in_transaction_session_timeout": "5min",
            }  # fmt: skip
        else:
            asked = ("journal_mode", "foreign_keys", "busy_timeout")
            assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked] == ["wal", 1, 10000]


def test_the_log_is_pythons_own() -> None:
    assert logging.getLogger("kontrolrul.security").isEnabledFor(logging.WARNING)
