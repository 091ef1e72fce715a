"""Sign-in over HTTP: who gets in, what the cookie holds, what is answered at the door."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from controls.base import demo
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.identity.permissions import Role
from controls.identity.tables import SignIn

PASSWORD = "langt kodeord 2026"


@pytest.fixture
def anne(make: Any) -> Any:
    return make.person("anne", Role.OWN, make.organisation(), password=PASSWORD, name="Anne Kirkeby")


def actions_logged() -> list[str]:
    return list(db.session.scalars(select(EventRow.action).order_by(EventRow.seq)))


def test_name_and_password(client: FlaskClient, anne: Any) -> None:
    assert client.get("/me").status_code == 303
    answer = client.post("/login", data={"username": "anne", "password": PASSWORD, "next": "/me"})
    assert (answer.status_code, answer.location) == (303, "/me")
    page = client.get("/me").get_data(as_text=True)
    assert "Anne Kirkeby" in page and "Procesejer" in page
    assert actions_logged()[-1] == "identity.signed_in"


def test_wrong_password_is_401_and_logged_without_what_was_typed(client: FlaskClient, anne: Any) -> None:
    for data in ({"username": "anne", "password": "forkert"}, {"username": "nobody", "password": PASSWORD}):
        answer = client.post("/login", data=data)
        assert answer.status_code == 401 and "Forkert brugernavn eller adgangskode." in answer.get_data(as_text=True)
        row = db.session.scalars(select(EventRow).order_by(EventRow.seq.desc())).first()
        assert row is not None and row.action == "identity.sign_in_refused" and "forkert" not in row.payload


def test_no_redirect_to_other_hosts(client: FlaskClient, anne: Any) -> None:
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = client.post("/login", data={"username": "anne", "password": PASSWORD, "next": target})
        assert answer.location == "/"
        client.post("/logout")


def test_idle_and_absolute_limits(client: FlaskClient, anne: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make.signed_in(client, anne)
    start = make.NOW
    for minutes in range(25, 10 * 60, 25):
        monkeypatch.setattr(demo, "now", lambda minutes=minutes: start + timedelta(minutes=minutes))
        assert client.get("/me").status_code == 200
    monkeypatch.setattr(demo, "now", lambda: start + timedelta(hours=10, minutes=1))
    assert client.get("/me").status_code == 401


def test_idle_limit(client: FlaskClient, anne: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make.signed_in(client, anne)
    monkeypatch.setattr(demo, "now", lambda: make.NOW + timedelta(minutes=31))
    answer = client.get("/me")
    assert answer.status_code == 401 and "Du er logget ud" in answer.get_data(as_text=True)


def test_sign_out_ends_the_row(client: FlaskClient, anne: Any, make: Any) -> None:
    make.signed_in(client, anne)
    with client.session_transaction() as session:
        token = session["sign_in"]
    client.post("/logout")
    assert db.session.scalars(select(SignIn).where(SignIn.token == token)).one().ended_at is not None
    with client.session_transaction() as session:
        session["sign_in"] = token
    assert client.get("/me").status_code == 401


def test_language_is_kept_with_the_person(client: FlaskClient, anne: Any, make: Any) -> None:
    make.signed_in(client, anne)
    assert client.post("/me/language", data={"language": "en", "next": "/me"}).location == "/me"
    assert "My settings" in client.get("/me").get_data(as_text=True)
    assert client.post("/me/language", data={"language": "xx"}).status_code == 303
    assert "My settings" in client.get("/me").get_data(as_text=True)


def test_demo_people_only_with_the_mark_and_from_this_machine(client: FlaskClient, app: Any, make: Any) -> None:
    with transaction():
        demo.mark()
    app.extensions.pop("kontrolrul.demo", None)
    make.person("anne", Role.OWN, make.organisation(), name="Anne Kirkeby")
    try:
        assert "Anne Kirkeby" in client.get("/login").get_data(as_text=True)
        assert "Anne Kirkeby" not in client.get("/login", headers={"X-Forwarded-For": "127.0.0.1"}).get_data(
            as_text=True
        )
        far = client.get("/login", environ_overrides={"REMOTE_ADDR": "10.0.0.5"})
        assert "Anne Kirkeby" not in far.get_data(as_text=True)
        refused = client.post("/login/demo", data={"person": "anne"}, headers={"Forwarded": "for=127.0.0.1"})
        assert refused.status_code == 404
        assert client.post("/login/demo", data={"person": "anne"}).status_code == 303
    finally:
        app.extensions.pop("kontrolrul.demo", None)


def test_no_demo_people_in_a_real_database(client: FlaskClient, app: Any, anne: Any) -> None:
    app.extensions.pop("kontrolrul.demo", None)
    assert "Anne Kirkeby" not in client.get("/login").get_data(as_text=True)
    assert client.post("/login/demo", data={"person": "anne"}).status_code == 404
    with pytest.raises(RuntimeError), transaction():
        demo.mark()


def test_form_token_is_demanded(app: Any, client: FlaskClient, anne: Any, make: Any) -> None:
    make.signed_in(client, anne)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = client.post("/logout")
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400 and "Siden er for gammel" in answer.get_data(as_text=True)


def test_unknown_host_and_headers(client: FlaskClient, app: Any) -> None:
    assert client.get("/login", base_url="http://evil.example").status_code == 400
    headers = client.get("/login").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"] and headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
