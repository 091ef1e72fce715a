"""Sign-in through the certified provider: who is let in, what the groups give, and what a forged answer brings."""

import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from controls.base import clock, demo, openid, settings
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.verify import faults
from controls.identity import queries as people
from controls.identity.permissions import Role
from controls.identity.tables import Person, RoleGrant
from controls.signin import actions
from controls.signin.tables import ClaimsMap
from tests.oidc import standing

pytestmark = pytest.mark.xdist_group("oidc")
BACK = "http://localhost/login/account/back"
CONTROLLER = {"name": "Nanna Ravn", "preferred_username": "nanna@example.dk", "email": "anne@example.dk"}
ROLES = {"ctl-star": ["CTL@STAR"], "grp-star": ["GRP@STAR"], "adm": ["ADM@STAR"], "wrong": ["BOSS@STAR"]}


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[standing.Standing]:
    with standing.provider(tmp_path_factory.mktemp("oidc"), BACK) as stands:
        yield stands


@pytest.fixture(autouse=True)
def settled(app: Flask, provider: standing.Standing, make: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation with the provider; its clock is the machine's, as the provider's is."""
    monkeypatch.setattr(demo, "now", clock.machine)
    make.organisation("STAR")
    make.organisation("AMS")
    write(provider, provision=True, organisation="STAR")
    yield
    settings.current().openid_file.unlink(missing_ok=True)


def write(provider: standing.Standing, **more: Any) -> None:
    settings.current().openid_file.write_text(provider.settings(roles=ROLES, **more))


class Surfer:
    """A browser's part at the provider: follows it, types the name, and comes back with the address."""

    def __init__(self) -> None:
        self.session = requests.Session()

    def through(self, url: str, name: str) -> str:
        """The address that the provider sends the browser back to."""
        answer = self.session.get(url, allow_redirects=False)
        for _ in range(12):
            if answer.is_redirect:
                url = urljoin(answer.url, answer.headers["Location"])
                if url.startswith(BACK):
                    return url
                answer = self.session.get(url, allow_redirects=False)
                continue
            found = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            assert found, answer.text[:500]
            hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
            data = {**hidden, "login": name, "password": "x"}
            answer = self.session.post(html.unescape(found[1]), data=data, allow_redirects=False)
        raise AssertionError("the provider never came back")


def sign_in(client: FlaskClient, name: str, surfer: Surfer | None = None, following: str = "/me") -> Any:
    gone = client.get(f"/login/account?next={following}")
    assert gone.status_code == 303, gone.get_data(as_text=True)
    back = (surfer or Surfer()).through(gone.location, name)
    return client.get(back.removeprefix("http://localhost"))


def events() -> list[str]:
    return list(db.session.scalars(select(EventRow.action).order_by(EventRow.seq)))


def roles_of(username: str) -> set[str]:
    found = people.person(username)
    assert found is not None
    return {role.value for role, _ in people.held(found.id, demo.now().date())}


def test_the_way_out_has_state_nonce_and_pkce(client: FlaskClient) -> None:
    asked = parse_qs(urlsplit(client.get("/login/account").location).query)
    assert asked["response_type"] == ["code"] and asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    assert asked["redirect_uri"] == [BACK] and "prompt" not in asked


def test_a_new_person_is_made_with_the_roles_of_his_groups(client: FlaskClient, provider: standing.Standing) -> None:
    provider.know(s1={**CONTROLLER, "groups": ["ctl-star", "grp-star", "unknown"]})
    answer = sign_in(client, "s1")
    assert (answer.status_code, answer.location) == (303, "/me")
    assert "Nanna Ravn" in client.get("/me").get_data(as_text=True) and roles_of("nanna") == {"CTL", "GRP"}
    assert "Arbejdskonto" in client.get("/me/sign-in").get_data(as_text=True)
    assert [name for name in events() if name.startswith("signin.")] == [
        "signin.account_linked", "signin.claims_map_read", "signin.claimed_roles",
    ]  # fmt: skip
    assert json.loads(db.session.scalars(select(ClaimsMap.content)).one())["roles"]["ctl-star"] == ["CTL@STAR"]
    assert faults(db.session(), settings.current().keys) == []


def test_roles_end_with_the_groups_and_come_again(app: Flask, provider: standing.Standing) -> None:
    for groups, held in ((["ctl-star", "grp-star"], {"CTL", "GRP"}), (["grp-star"], {"GRP"}), (["ctl-star"], {"CTL"})):
        provider.know(s1={**CONTROLLER, "groups": groups})
        assert sign_in(app.test_client(), "s1").status_code == 303
        assert roles_of("nanna") == held
    assert events().count("signin.claims_map_read") == 1
    assert len(db.session.scalars(select(RoleGrant)).all()) == 2, "a role resumed the same day is one row"


def test_roles_given_otherwise_stay(app: Flask, provider: standing.Standing, make: Any) -> None:
    anne = make.person("anne", Role.OWN, people.organisation("STAR"), at=demo.now())
    with transaction():
        actions.link_account(make.system(demo.now()), anne, provider.issuer, "s2")
    provider.know(s2={"name": "Anne", "groups": ["ctl-star"]})
    sign_in(app.test_client(), "s2")
    assert roles_of("anne") == {"OWN", "CTL"}
    provider.know(s2={"name": "Anne"})
    sign_in(app.test_client(), "s2")
    assert roles_of("anne") == {"OWN"}


def test_nobody_is_known_by_name_or_address(client: FlaskClient, provider: standing.Standing, make: Any) -> None:
    make.person("nanna", Role.OWN, people.organisation("STAR"), at=demo.now(), email="nanna@example.dk")
    provider.know(s3={**CONTROLLER, "email": "nanna@example.dk", "groups": ["ctl-star"]})
    answer = sign_in(client, "s3")
    assert answer.status_code == 403 and "ikke knyttet til din arbejdskonto" in answer.get_data(as_text=True)
    assert client.get("/me").status_code == 303 and events()[-1] == "signin.work_refused"
    told = db.session.scalars(select(EventRow.payload).order_by(EventRow.seq.desc())).first()
    assert told and '"subject":"s3"' in told


def test_an_unknown_account_is_refused_unless_people_are_made(client: FlaskClient, provider: standing.Standing) -> None:
    write(provider)
    provider.know(s4={**CONTROLLER, "groups": ["ctl-star"]}, s5={**CONTROLLER})
    answer = sign_in(client, "s4")
    assert answer.status_code == 403 and "kendes ikke her" in answer.get_data(as_text=True)
    write(provider, provision=True, organisation="STAR")
    answer = sign_in(client, "s5")
    assert answer.status_code == 403 and "Ingen af dine grupper" in answer.get_data(as_text=True)
    assert db.session.scalars(select(Person)).all() == []


def test_administrator_and_business_role_together_are_refused(client: FlaskClient, provider: standing.Standing) -> None:
    """S9, whatever the map says."""
    provider.know(s6={**CONTROLLER, "groups": ["adm", "ctl-star"]})
    assert sign_in(client, "s6").status_code == 403
    assert db.session.scalars(select(RoleGrant)).all() == [] and events()[-1] == "signin.work_refused"


def test_a_misspelt_map_is_told(client: FlaskClient, provider: standing.Standing) -> None:
    provider.know(s7={**CONTROLLER, "groups": ["wrong"]})
    answer = sign_in(client, "s7")
    assert answer.status_code == 403 and "BOSS@STAR" in answer.get_data(as_text=True)


def test_a_forged_answer_opens_nothing(client: FlaskClient, app: Flask, provider: standing.Standing) -> None:
    provider.know(s1={**CONTROLLER, "groups": ["ctl-star"]})
    back = Surfer().through(client.get("/login/account").location, "s1").removeprefix("http://localhost")
    stolen = app.test_client()
    assert stolen.get(back).status_code == 401, "another browser never asked"
    other = app.test_client()
    other.get("/login/account")
    assert other.get(back).status_code == 401, "another state"
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    for forged in ({"code": "x"}, {"state": "x"}, {"iss": "http://127.0.0.1:1"}):
        again = app.test_client()
        own = Surfer().through(again.get("/login/account").location, "s1")
        query = {name: values[0] for name, values in parse_qs(urlsplit(own).query).items()} | forged
        assert again.get(f"/login/account/back?{urlencode(query)}").status_code == 401
    assert client.get(back).status_code == 303
    assert app.test_client().get(back).status_code == 401, "a code counts once"


@pytest.mark.parametrize("changed", [{"nonce": "x"}, {"verifier": "x" * 43}])
def test_a_wrong_nonce_or_verifier_opens_nothing(
    client: FlaskClient, provider: standing.Standing, changed: dict[str, str]
) -> None:
    provider.know(s1={**CONTROLLER, "groups": ["ctl-star"]})
    back = Surfer().through(client.get("/login/account").location, "s1")
    with client.session_transaction() as session:
        session["work"] = session["work"] | changed
    assert client.get(back.removeprefix("http://localhost")).status_code == 401


def test_confirming_with_the_work_account_keeps_what_was_typed(
    client: FlaskClient, provider: standing.Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = {**CONTROLLER, "groups": ["ctl-star"]}
    provider.know(s1=controller, s8={**controller, "preferred_username": "bo"})
    surfer = Surfer()
    sign_in(client, "s1", surfer)
    monkeypatch.setattr("controls.web.guard.is_fresh", lambda: False)
    asked = client.post("/login/again?x=1", data={"next": "/me", "reason": "Æ typed"}).get_data(as_text=True)
    assert 'formaction="/login/account"' in asked and 'name="to" value="/login/again?x=1"' in asked
    for who, status in (("s8", "en andens arbejdskonto"), ("s1", "")):
        leave = client.post("/login/account", data={"to": "/login/again?x=1", "next": "/me", "reason": "Æ typed"})
        onward = re.search(r'href="(/login/account\?[^"]+)"', leave.get_data(as_text=True))
        assert leave.status_code == 200 and onward
        gone = client.get(html.unescape(onward[1]))
        assert parse_qs(urlsplit(gone.location).query)["prompt"] == ["login"]
        page = client.get(surfer.through(gone.location, who).removeprefix("http://localhost")).get_data(as_text=True)
        assert 'action="/login/again?x=1"' in page and 'name="reason" value="Æ typed"' in page and status in page
    assert events()[-1] == "identity.signed_in_again" and events().count("identity.signed_in_again") == 1


def test_a_text_typed_before_the_sign_in_died_comes_back(
    client: FlaskClient, provider: standing.Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.know(s1={**CONTROLLER, "groups": ["ctl-star"]})
    sign_in(client, "s1")
    monkeypatch.setattr(demo, "now", lambda: clock.machine() + timedelta(minutes=31))
    dead = client.post("/login/again", data={"reason": "Æ typed"})
    assert dead.status_code == 401 and 'formaction="/login/account"' in dead.get_data(as_text=True)
    monkeypatch.setattr(demo, "now", clock.machine)
    leave = client.post("/login/account", data={"to": "/login/again", "next": "/me", "kept-reason": "Æ typed"})
    onward = re.search(r'href="(/login/account\?[^"]+)"', leave.get_data(as_text=True))
    assert onward
    back = Surfer().through(client.get(html.unescape(onward[1])).location, "s1")
    page = client.get(back.removeprefix("http://localhost")).get_data(as_text=True)
    assert 'action="/login/again"' in page and 'name="reason" value="Æ typed"' in page


def test_a_provider_that_is_away_is_told(client: FlaskClient) -> None:
    settings.current().openid_file.write_text('issuer = "http://127.0.0.1:1"\nclient_id = "x"\n')
    answer = client.get("/login/account")
    assert answer.status_code == 503 and "svarer ikke" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("issuer = 1", "lacks client_id"), ('client_id = "x"', "lacks issuer"), ("= x", "cannot be read"),
        ('issuer = "http://example.dk"\nclient_id = "x"', "https address"),
        ('issuer = "https://example.dk"\nclient_id = "x"\nclient_sekret = "y"', "client_sekret"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, said: str, client: FlaskClient) -> None:
    file = settings.current().openid_file
    file.write_text(text)
    with pytest.raises(openid.NotSettled, match=said):
        openid.read(file)
    assert client.get("/login").status_code == 200 and client.get("/login/account").status_code == 404


def test_without_a_file_nothing_is_offered(client: FlaskClient) -> None:
    settings.current().openid_file.unlink()
    assert "/login/account" not in client.get("/login").get_data(as_text=True)
    assert client.get("/login/account").status_code == 404 == client.get("/login/account/back").status_code
