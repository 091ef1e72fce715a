"""The door: waiting after wrong answers, and a sign-in that died while something was being typed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from controls.base import demo, passwords
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.identity import actions as accounts
from controls.identity.permissions import Role
from controls.signin.tables import Throttle

PASSWORD = "langt kodeord 2026"
FAR = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}}


@pytest.fixture
def anne(make: Any) -> Any:
    return make.person("anne", Role.OWN, make.organisation(), password=PASSWORD, name="Anne Kirkeby")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, anne: Any) -> None:
    """The hash is tested elsewhere; here forty of them would only take time."""
    monkeypatch.setattr(passwords, "fits", lambda stored, typed: bool(stored) and typed == PASSWORD)


def attempt(client: FlaskClient, password: str = "forkert", username: str = "anne", **more: Any) -> Any:
    return client.post("/login", data={"username": username, "password": password}, **more)


def test_twenty_wrong_passwords(client: FlaskClient, app: Flask, anne: Any) -> None:
    """BI-S070: 429 with the wait told; the real person is let in from elsewhere."""
    statuses = [attempt(app.test_client(), **FAR).status_code for _ in range(20)]
    assert statuses[:5] == [401] * 5 and set(statuses[5:]) == {429}
    answer = attempt(app.test_client(), PASSWORD, **FAR)
    assert answer.status_code == 429 and answer.headers["Retry-After"] == "1"
    assert "Vent 1 sekunder" in answer.get_data(as_text=True) and 'value="anne"' in answer.get_data(as_text=True)
    assert attempt(client, PASSWORD).status_code == 303


def test_the_wait_passes_and_grows(client: FlaskClient, anne: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 0.0
    for _ in range(5):
        attempt(client)
    for expected in (1, 2, 4, 8, 16):
        assert int(attempt(client).headers["Retry-After"]) == expected
        seconds += expected
        monkeypatch.setattr(demo, "now", lambda s=seconds: make.NOW + timedelta(seconds=s))
        assert attempt(client).status_code == 401
    seconds += 32
    monkeypatch.setattr(demo, "now", lambda s=seconds: make.NOW + timedelta(seconds=s))
    assert attempt(client, PASSWORD).status_code == 303
    kinds = db.session.scalar(select(func.count()).select_from(Throttle))
    assert kinds == 0, "a right password begins the count anew"


def test_the_answer_is_the_same_whether_the_name_exists(app: Flask, anne: Any) -> None:
    told = {}
    for name in ("anne", "nobody"):
        pages = [attempt(app.test_client(), username=name) for _ in range(7)]
        texts = [re.sub(r'(value|data-passkey)="[^"]*"', "", page.get_data(as_text=True)) for page in pages]
        told[name] = [(page.status_code, text) for page, text in zip(pages, texts, strict=True)]
    assert told["anne"] == told["nobody"]


def test_a_known_browser_does_not_wait_for_others(client: FlaskClient, app: Flask, anne: Any, make: Any) -> None:
    assert attempt(client, PASSWORD).status_code == 303
    client.post("/logout")
    for number in range(1, 26):
        address = {"environ_overrides": {"REMOTE_ADDR": f"198.51.100.{number}"}}
        for _ in range(5):
            attempt(app.test_client(), **address)
    stranger = attempt(app.test_client(), PASSWORD, environ_overrides={"REMOTE_ADDR": "203.0.113.5"})
    assert stranger.status_code == 429, "a flood from everywhere makes unknown browsers wait"
    assert attempt(client, PASSWORD).status_code == 303


def test_a_forged_address_header_changes_nothing(app: Flask, anne: Any) -> None:
    """BI-S067: the socket's address counts."""
    for number in range(6):
        last = attempt(app.test_client(), headers={"X-Forwarded-For": f"10.0.0.{number}"})
    assert last.status_code == 429


def test_no_typed_name_is_kept_in_the_counts(client: FlaskClient, anne: Any) -> None:
    attempt(client, username="min hemmelige adgangskode")
    kept = db.session.scalars(select(Throttle.key)).all()
    assert len(kept) == 3 and all(re.fullmatch("[0-9a-f]{64}", key) for key in kept)
    assert "hemmelige" not in "".join(db.session.scalars(select(EventRow.payload)))


def test_codes_are_braked_too(client: FlaskClient, anne: Any, make: Any) -> None:
    from controls.credential import actions as credentials
    from tests.credential.test_routes import code

    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with transaction():
        credentials.add_app(make.by(anne), secret, code(secret, make), 0)
    attempt(client, PASSWORD)
    statuses = [client.post("/login/code", data={"code": f"00000{n}"}).status_code for n in range(7)]
    assert statuses == [401] * 5 + [429] * 2


def test_the_question_who_it_is_is_braked_too(
    client: FlaskClient, anne: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.signed_in(client, anne)
    monkeypatch.setattr(demo, "now", lambda: make.NOW + timedelta(minutes=11))
    data = {"again": "password", "again_password": "forkert", "next": "/me"}
    statuses = [client.post("/login/again", data=data).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2


def test_a_disabled_person_is_out_at_once(client: FlaskClient, app: Flask, anne: Any, make: Any) -> None:
    make.signed_in(client, anne)
    with transaction():
        accounts.disable_person(make.system(), anne.id)
    assert client.get("/me").status_code == 401
    assert attempt(app.test_client(), PASSWORD).status_code == 401
    with transaction():
        accounts.enable_person(make.system(), anne.id)
    assert attempt(app.test_client(), PASSWORD).status_code == 303


# --- a sign-in that died -------------------------------------------------------------------------------------------


def fields(page: str, action: str) -> list[tuple[str, str]]:
    """The hidden fields of the form with this action."""
    form = page[page.index(f'action="{action}"') :]
    form = form[: form.index("</form>")]
    return re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)


def test_what_was_typed_comes_back(client: FlaskClient, anne: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make.signed_in(client, anne)
    monkeypatch.setattr(demo, "now", lambda: make.NOW + timedelta(minutes=31))
    typed = {"old": "x", "reason": "Lang æøå", "picked": ["1", "2"]}
    dead = client.post("/login/again?a=b", data=typed)
    page = dead.get_data(as_text=True)
    assert dead.status_code == 401 and "Du er logget ud" in page and "er bevaret" in page
    sent = dict(fields(page, "/login"))
    assert sent["to"] == "/login/again?a=b" and sent["kept-reason"] == "Lang æøå"
    form = [(name, value) for name, value in fields(page, "/login") if name not in ("csrf_token", "request_key")]
    wrong = client.post("/login", data=_many([*form, ("username", "anne"), ("password", "forkert")]))
    assert ("kept-reason", "Lang æøå") in fields(wrong.get_data(as_text=True), "/login")
    again = client.post("/login", data=_many([*form, ("username", "anne"), ("password", PASSWORD)]))
    back = fields(again.get_data(as_text=True), "/login/again?a=b")
    assert again.status_code == 200 and ("reason", "Lang æøå") in back
    assert [value for name, value in back if name == "picked"] == ["1", "2"]
    assert client.get("/me").status_code == 200


def test_what_was_typed_is_not_sent_for_somebody_else(
    client: FlaskClient, anne: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.person("bent", Role.CTL, make.organisation("AMS"), password=PASSWORD)
    make.signed_in(client, anne)
    monkeypatch.setattr(demo, "now", lambda: make.NOW + timedelta(minutes=31))
    form = fields(client.post("/login/again", data={"reason": "hemmeligt"}).get_data(as_text=True), "/login")
    other = client.post("/login", data=_many([*form, ("username", "bent"), ("password", PASSWORD)]))
    assert other.status_code == 303


def test_the_text_never_goes_to_another_host(client: FlaskClient, anne: Any) -> None:
    data = {"username": "anne", "password": PASSWORD, "to": "//evil.example/x", "kept-a": "1"}
    page = client.post("/login", data=data).get_data(as_text=True)
    assert 'action="/"' in page and "evil" not in page


def test_a_damaged_cookie_is_told(client: FlaskClient, app: Flask) -> None:
    """BI-S069; with no cookie at all one is only shown in."""
    assert client.get("/me").status_code == 303
    client.set_cookie(str(app.config["SESSION_COOKIE_NAME"]), "tampered")
    assert client.get("/me").status_code == 401


def _many(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def test_a_new_password_is_never_written_into_a_page(
    client: FlaskClient, anne: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.signed_in(client, anne)
    typed = {"old": PASSWORD, "new": "hest batteri klamme", "again": "hest batteri klamme"}
    for minutes in (11, 31):
        monkeypatch.setattr(demo, "now", lambda m=minutes: make.NOW + timedelta(minutes=m))
        answer = client.post("/me/password", data=typed)
        assert answer.status_code == 401 and "klamme" not in answer.get_data(as_text=True)
