"""Every route from the URL map: nobody gets in unknown, and what is not one's own is not there (see test_matrix)."""

from typing import Any

from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from controls.identity.permissions import Permission, Role


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
