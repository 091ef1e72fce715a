"""Every route × role from the URL map: a step that is not one's own answers with a sentence, never with a fault."""

from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from controls.base.by import Reach
from controls.identity.permissions import ROLES, Permission, Role

PEOPLE = [role for role in Role if role is not Role.SYS]
SENTENCES = {"da": "Du har ikke adgang til dette", "en": "You do not have access to this"}


def _missing(rule: Rule, name: str) -> Any:
    """A value for a part of a path that no object has."""
    kind = rule._converters[name]
    if isinstance(kind, AnyConverter):
        return sorted(kind.items)[0]
    return 999_999 if isinstance(kind, IntegerConverter) else "XYZ-9.9"


def addresses(app: Flask) -> list[tuple[str, str, Any]]:
    """Method, a path whose object is missing, and the permission of every route."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        with app.test_request_context():
            path = url_for(rule.endpoint, **{name: _missing(rule, name) for name in rule.arguments})
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        found += [(method, path, permission) for method in sorted(rule.methods & {"GET", "POST", "PUT"})]
    return found


@pytest.mark.parametrize("role", PEOPLE)
def test_every_route_for_every_role(app: Flask, client: FlaskClient, make: Any, role: Role) -> None:
    organisation = make.organisation()
    make.signed_in(client, make.person("someone", role, organisation, language="da"))
    for method, path, permission in addresses(app):
        if permission == "open" or path == "/logout":
            continue
        answer = client.open(path, method=method)
        text = answer.get_data(as_text=True)
        assert answer.status_code < 500, f"{role} {method} {path}: {answer.status_code}"
        held = permission == "signed in" or permission in ROLES[role]
        if not held:
            assert answer.status_code == 403, f"{role} {method} {path}: {answer.status_code}"
            assert SENTENCES["da"] in text
        elif answer.status_code == 403:
            far = ROLES[role].get(permission)
            assert far is not Reach.ALL or SENTENCES["da"] in text or "Samme person" in text, f"{method} {path}"


def test_nobody_gets_in_without_a_sign_in(app: Flask, client: FlaskClient, make: Any) -> None:
    make.organisation()
    for method, path, permission in addresses(app):
        if permission == "open":
            continue
        answer = client.open(path, method=method)
        expected = 303 if method == "GET" else 401
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code}"
        if method == "GET":
            assert "/login" in answer.location


def test_the_administrator_has_no_content(app: Flask, client: FlaskClient, make: Any) -> None:
    make.signed_in(client, make.person("admin", Role.ADM, make.organisation()))
    reading = {Permission.CATALOGUE_READ, Permission.CONTENT_READ, Permission.EVIDENCE_READ, Permission.WORKBOOK_EXPORT}
    for method, path, permission in addresses(app):
        if permission in reading:
            assert client.open(path, method=method).status_code == 403


def test_other_organisations_are_not_there(app: Flask, client: FlaskClient, make: Any) -> None:
    make.organisation("DEP")
    star, als = make.organisation("STAR", "DEP"), make.organisation("ALS", "DEP")
    make.signed_in(client, make.person("group", Role.GRP, star))
    for path in ("/processes", "/cycles", "/plan", "/reports"):
        assert client.get(f"{path}?org={als.code}").status_code == 404
        assert client.get(f"{path}?org={star.code}").status_code == 200
