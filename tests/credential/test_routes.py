"""One's own sign-in over HTTP: authenticator app, recovery codes, password, and the sign-ins that count."""

import html
import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from controls.base import demo, keys, settings
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.verify import faults
from controls.credential.tables import RecoveryCode, Totp
from controls.identity import actions as accounts
from controls.identity import queries as people
from controls.identity.permissions import Role
from controls.identity.tables import SignIn

PASSWORD = "langt kodeord 2026"


@pytest.fixture
def anne(make: Any) -> Any:
    return make.person("anne", Role.OWN, make.organisation(), password=PASSWORD, name="Anne Kirkeby")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, make: Any) -> Any:
    """Moves the time; the code of a moment."""

    def move(seconds: int) -> None:
        monkeypatch.setattr(demo, "now", lambda: make.NOW + timedelta(seconds=seconds))

    return move


def events() -> list[str]:
    return list(db.session.scalars(select(EventRow.action).order_by(EventRow.seq)))


def code(secret: str, make: Any, seconds: int = 0) -> str:
    return pyotp.TOTP(secret).at(make.NOW + timedelta(seconds=seconds))


def use_app(client: FlaskClient, make: Any) -> tuple[str, list[str]]:
    """Add an authenticator app as its owner does; its secret and the recovery codes."""
    assert client.post("/me/app/begin").location == "/me/app"
    page = client.get("/me/app").get_data(as_text=True)
    found = re.search(r'<span class="kr-mono">([A-Z2-7 ]+)</span>', page)
    assert found and "data:image/svg+xml" in page
    secret = found[1].replace(" ", "")
    shown = client.post("/me/app", data={"code": code(secret, make)}).get_data(as_text=True)
    codes = re.findall(r'<li class="kr-mono">([A-Z2-9-]{14})</li>', shown)
    assert len(set(codes)) == 10
    return secret, codes


def test_an_app_is_added_and_asked_for(client: FlaskClient, anne: Any, make: Any, clock: Any, app: Flask) -> None:
    make.signed_in(client, anne)
    secret, _codes = use_app(client, make)
    row = db.session.scalars(select(Totp)).one()
    assert secret not in row.secret and keys.show(settings.current().keys, row.secret) == secret
    told = "".join(db.session.scalars(select(EventRow.payload)))
    assert secret not in told and row.secret not in told
    client.post("/logout")
    clock(60)
    asked = client.post("/login", data={"username": "anne", "password": PASSWORD, "next": "/me"})
    assert asked.status_code == 200 and "Engangskode" in asked.get_data(as_text=True)
    assert client.get("/me").status_code == 303, "the password alone opens nothing"
    typed = code(secret, make, 60)
    answer = client.post("/login/code", data={"code": typed, "next": "/me"})
    assert (answer.status_code, answer.location) == (303, "/me") and client.get("/me").status_code == 200
    other = app.test_client()
    other.post("/login", data={"username": "anne", "password": PASSWORD})
    again = other.post("/login/code", data={"code": typed})
    assert again.status_code == 401 and "forkert eller brugt" in again.get_data(as_text=True)
    assert events()[-1] == "identity.sign_in_refused"
    assert faults(db.session(), settings.current().keys) == []


def test_a_wrong_first_code_adds_nothing(client: FlaskClient, anne: Any, make: Any) -> None:
    make.signed_in(client, anne)
    client.post("/me/app/begin")
    for typed in ("000000", "", "abc"):
        assert client.post("/me/app", data={"code": typed}).status_code == 422
    assert db.session.scalars(select(Totp)).all() == []


def test_each_recovery_code_counts_once(client: FlaskClient, anne: Any, make: Any, app: Flask) -> None:
    make.signed_in(client, anne)
    _secret, codes = use_app(client, make)
    stored = "".join(db.session.scalars(select(RecoveryCode.digest)))
    assert not any(one in stored for one in codes)
    for typed, status in ((codes[0].lower().replace("-", " "), 303), (codes[0], 401), (codes[1], 303)):
        other = app.test_client()
        other.post("/login", data={"username": "anne", "password": PASSWORD})
        assert other.post("/login/code", data={"code": typed}).status_code == status
    fresh = make.signed_in(app.test_client(), anne)
    assert "8 gendannelseskoder er tilbage" in fresh.get("/me/sign-in").get_data(as_text=True)
    assert "Dine gendannelseskoder" in fresh.post("/me/codes").get_data(as_text=True)
    other = app.test_client()
    other.post("/login", data={"username": "anne", "password": PASSWORD})
    assert other.post("/login/code", data={"code": codes[2]}).status_code == 401, "old codes end when new are made"


def test_the_second_step_waits_five_minutes(client: FlaskClient, anne: Any, make: Any, clock: Any) -> None:
    make.signed_in(client, anne)
    secret, _codes = use_app(client, make)
    client.post("/logout")
    client.post("/login", data={"username": "anne", "password": PASSWORD})
    clock(301)
    late = client.post("/login/code", data={"code": code(secret, make, 301)})
    assert late.status_code == 401 and "Begynd igen" in late.get_data(as_text=True)
    assert client.post("/login/code", data={"code": "123456"}).status_code == 401


def test_a_stolen_key_folder_is_needed_to_read_secrets(anne: Any, client: FlaskClient, make: Any) -> None:
    make.signed_in(client, anne)
    use_app(client, make)
    row = db.session.scalars(select(Totp)).one()
    with pytest.raises(keys.Unusable):
        keys.show(settings.current().keys, row.secret[:-6] + "AAAA==")


def test_ending_the_app(client: FlaskClient, anne: Any, make: Any, clock: Any) -> None:
    make.signed_in(client, anne)
    secret, _codes = use_app(client, make)
    clock(11 * 60)
    asked = client.post("/me/app/end")
    assert asked.status_code == 401 and "again_code" in asked.get_data(as_text=True)
    data = {"again": "code", "again_code": code(secret, make, 11 * 60)}
    assert client.post("/me/app/end", data={"again": "password", "again_password": PASSWORD}).status_code == 401
    assert client.post("/me/app/end", data=data).location == "/me/sign-in"
    client.post("/logout")
    assert client.post("/login", data={"username": "anne", "password": PASSWORD}).status_code == 303


def test_an_administrator_may_end_a_lost_app_and_nobody_else(client: FlaskClient, anne: Any, make: Any) -> None:
    from controls.base.why import Refused
    from controls.credential import actions

    make.signed_in(client, anne)
    use_app(client, make)
    bent = make.person("bent", Role.CTL, db.session.get(type(anne), anne.id) and make.organisation("AMS"))
    with pytest.raises(Refused), transaction():
        actions.end_app(make.by(bent), anne.id)
    with transaction():
        actions.end_app(make.system(), anne.id)
    assert client.get("/me").status_code == 401


def test_the_password_is_changed_and_others_are_signed_out(
    client: FlaskClient, anne: Any, make: Any, app: Flask
) -> None:
    make.signed_in(client, anne)
    elsewhere = make.signed_in(app.test_client(), anne)
    assert elsewhere.get("/me").status_code == 200
    wrong = {"old": "forkert kode her", "new": "password1234", "again": "noget andet her"}
    page = client.post("/me/password", data=wrong)
    text = html.unescape(page.get_data(as_text=True))
    assert page.status_code == 422 and "nuværende adgangskode er ikke rigtig" in text
    assert "gættet først" in text and "ikke ens" in text and "password1234" not in text
    right = {"old": PASSWORD, "new": "hest batteri klamme", "again": "hest batteri klamme"}
    assert client.post("/me/password", data=right).location == "/me/sign-in"
    assert client.get("/me").status_code == 200 and elsewhere.get("/me").status_code == 401
    assert events()[-2:] == ["identity.password_changed", "identity.sign_ins_ended"]
    fresh = app.test_client()
    assert fresh.post("/login", data={"username": "anne", "password": PASSWORD}).status_code == 401
    assert fresh.post("/login", data={"username": "anne", "password": right["new"]}).status_code == 303


def test_a_password_given_by_others_is_changed_first(client: FlaskClient, anne: Any, make: Any) -> None:
    from controls.base import passwords

    with transaction():
        accounts.reset_password(make.system(), anne.id, passwords.digest("engangs kode her"))
    client.post("/login", data={"username": "anne", "password": "engangs kode her"})
    for path in ("/", "/me", "/me/sign-in", "/tasks"):
        assert client.get(path).location == "/me/password"
    assert client.get("/me/password").status_code == 200
    data = {"old": "engangs kode her", "new": "hest batteri klamme", "again": "hest batteri klamme"}
    assert client.post("/me/password", data=data).status_code == 303
    assert client.get("/me").status_code == 200


def test_my_sign_ins(client: FlaskClient, anne: Any, make: Any, app: Flask) -> None:
    make.signed_in(client, anne)
    others = [make.signed_in(app.test_client(), anne) for _ in range(2)]
    bent = make.person("bent", Role.CTL, make.organisation("AMS"))
    stranger = make.signed_in(app.test_client(), bent)
    page = client.get("/me/sign-in").get_data(as_text=True)
    assert page.count('/end"') == 2 and page.count("Denne her") == 1
    first = db.session.scalars(select(SignIn.id).where(SignIn.person_id == anne.id).order_by(SignIn.id)).all()[1]
    assert stranger.post(f"/me/sign-ins/{first}/end").status_code == 404
    assert client.post(f"/me/sign-ins/{first}/end").location == "/me/sign-in"
    assert [one.get("/me").status_code for one in others] == [401, 200]
    assert client.post("/me/sign-ins/end-others").location == "/me/sign-in"
    assert [one.get("/me").status_code for one in (client, others[1], stranger)] == [200, 401, 200]
    assert client.post("/me/sign-ins/999999/end").status_code == 404


def test_an_administrator_signs_somebody_out(client: FlaskClient, anne: Any, make: Any, app: Flask) -> None:
    admin = make.signed_in(app.test_client(), make.person("admin", Role.ADM, people.organisation("STAR")))
    make.signed_in(client, anne)
    assert "Logget ind nu" in admin.get(f"/users/{anne.id}").get_data(as_text=True)
    assert client.post(f"/users/{anne.id}/sign-ins/end").status_code == 403
    far = make.signed_in(app.test_client(), make.person("far", Role.ADM, make.organisation("AMS")))
    assert far.post(f"/users/{anne.id}/sign-ins/end").status_code == 404
    assert admin.post(f"/users/{anne.id}/sign-ins/end").status_code == 303
    assert client.get("/me").status_code == 401 and events()[-1] == "identity.sign_ins_ended"


@pytest.mark.parametrize("answer", ["", "x", "{}", '{"rawId": "AAAA"}', "[1]", '{"rawId": 7, "response": {}}'])
def test_no_passkey_no_way_in(client: FlaskClient, anne: Any, make: Any, app: Flask, answer: str) -> None:
    """What is no answer of an authenticator opens and adds nothing; the real ones are tried in a browser."""
    make.signed_in(client, anne)
    assert "data-passkey" in client.post("/me/passkeys/begin").get_data(as_text=True)
    added = client.post("/me/passkeys", data={"name": "x", "answer": answer})
    assert added.status_code == 422 and "kunne ikke læses" in added.get_data(as_text=True)
    stranger = app.test_client()
    assert "data-passkey" in stranger.get("/login").get_data(as_text=True)
    refused = stranger.post("/login/passkey", data={"answer": answer})
    assert refused.status_code == 401 and events()[-1] == "identity.sign_in_refused"
    bare = stranger.get("/login", base_url="http://localhost").get_data(as_text=True)
    assert 'data-kind="prove" hidden' in bare
