"""A fresh sign-in: what weighs most asks once more who it is, and nothing typed is lost by it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from controls.base import demo
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.identity.permissions import Role
from controls.identity.tables import SignIn

PASSWORD = "langt kodeord 2026"
WEIGHTY = {
    "accounts.approve_role",
    "accounts.end_role",
    "accounts.grant_exception",
    "assessment.approve",
    "credential.add_app",
    "credential.add_passkey",
    "credential.change_password",
    "evidence.approve",
    "forum.lock",
    "history.approve",
    "papers.download",
    "papers.download_package",
    "review.approve",
    "signin.again",
    "visiting.grant",
}
"""Endpoints that ask for a fresh sign-in; a new one is put here on purpose."""


@pytest.fixture
def auditor(make: Any) -> Any:
    return make.person("bifa", Role.AUD, make.organisation(), password=PASSWORD)


@pytest.fixture
def late(client: FlaskClient, auditor: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A browser whose sign-in is eleven minutes old."""
    make.signed_in(client, auditor)
    monkeypatch.setattr(demo, "now", lambda: make.NOW + timedelta(minutes=11))
    return client


def last_event() -> tuple[str, str]:
    row = db.session.scalars(select(EventRow).order_by(EventRow.seq.desc())).first()
    assert row is not None
    return row.action, row.payload


def test_the_weighty_endpoints(app: Flask) -> None:
    marked = {name for name, view in app.view_functions.items() if getattr(view, "fresh", False)}
    assert marked >= WEIGHTY


def test_within_the_limit_nothing_is_asked(
    client: FlaskClient, auditor: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.signed_in(client, auditor)
    monkeypatch.setattr(demo, "now", lambda: make.NOW + timedelta(minutes=10))
    assert client.post("/login/again", data={"next": "/reports"}).location == "/reports"


def test_a_stale_sign_in_is_asked_and_keeps_what_was_posted(late: FlaskClient) -> None:
    typed = {"next": "/reports", "reason": 'Æ "citat" & <b>', "csrf_token": "x", "picked": ["1", "2"]}
    asked = late.post("/login/again?a=1", data=typed)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 401 and "Bekræft, at det er dig" in page
    assert 'action="/login/again?a=1"' in page and "Æ &#34;citat&#34; &amp; &lt;b&gt;" in page
    assert re.findall(r'name="picked" value="(\d)"', page) == ["1", "2"] and 'value="x"' not in page
    wrong = late.post("/login/again", data={"next": "/reports", "again": "password", "again_password": "forkert"})
    assert wrong.status_code == 401 and "Adgangskoden er forkert" in wrong.get_data(as_text=True)
    assert 'name="next" value="/reports"' in wrong.get_data(as_text=True)
    right = late.post("/login/again", data={"next": "/reports", "again": "password", "again_password": PASSWORD})
    assert (right.status_code, right.location) == (303, "/reports")
    action, payload = last_event()
    assert action == "identity.signed_in_again" and PASSWORD not in payload and '"how":"password"' in payload
    assert late.post("/login/again", data={"next": "/"}).status_code == 303


def test_a_fetched_file_is_asked_for_again(late: FlaskClient) -> None:
    asked = late.get("/reports/workbook/2026?org=STAR", headers={"Referer": "http://localhost/reports?org=STAR"})
    page = asked.get_data(as_text=True)
    assert asked.status_code == 401 and 'action="/login/again"' in page
    assert 'name="next" value="/reports/workbook/2026?org=STAR"' in page and 'href="/reports?org=STAR"' in page
    far = late.get("/reports/workbook/2026", headers={"Referer": "http://evil.example/reports"})
    assert "evil" not in far.get_data(as_text=True)


def test_permission_comes_before_the_question(late: FlaskClient) -> None:
    assert late.post("/forum/1/minutes/lock").status_code == 403


def test_a_demo_person_presses_a_button_only_in_the_demo(
    late: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed = {"next": "/", "again": "demo"}
    assert late.post("/login/again", data=pressed).status_code == 401
    monkeypatch.setattr(demo, "is_demo", lambda: True)
    for far in ({"headers": {"X-Forwarded-For": "127.0.0.1"}}, {"environ_overrides": {"REMOTE_ADDR": "10.0.0.5"}}):
        assert late.post("/login/again", data=pressed, **far).status_code == 401
    assert late.post("/login/again", data=pressed).status_code == 303


def test_the_limit_is_each_sign_ins_own(client: FlaskClient, app: Flask, auditor: Any, make: Any) -> None:
    with transaction():
        one, two = (make_row(make, auditor) for _ in range(2))
    assert one.token != two.token and db.session.scalars(select(SignIn)).all() == [one, two]
    assert one.fresh_at == one.started_at == make.NOW


def make_row(make: Any, person: Any) -> SignIn:
    from controls.identity import actions

    return actions.sign_in(make.by(person), person, "password", "Firefox, Linux", "192.0.2.0/24")
