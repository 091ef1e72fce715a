"""The pages beside the year (log, accounts, evidence, visits, jobs, one's own): few queries, and good manners."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from controls.base.db import db
from controls.identity.permissions import Role
from controls.identity.tables import Person, VisitingGrant
from tests import make as making
from tests.empty import empty
from tests.journeys import manners
from tests.long import filling
from tests.speed.counting import counted

MOST, FEW, MANY = 8, 4, 16
PAGES = {
    Role.AUD: ("/log", "/log?person=1", "/log/3", "/verification", "/redactions", "/users", "/keepers", "/exceptions"),
    Role.ADM: ("/jobs", "/users", "/users/new", "/users/{person}", "/users/{person}/close", "/keepers",
               "/evidence/disposal", "/redactions/new"),
    Role.GRP: ("/visiting", "/visiting/{visit}", "/evidence/requests", "/users/{person}", "/settings/handover",
               "/settings/owners", "/settings/staffing"),
    Role.VDC: ("/exceptions",),
    Role.OWN: ("/me", "/me/sign-in", "/me/password", "/me/stand-ins"),
}  # fmt: skip
"""Each page by somebody to whom it shows most; the account is one that nothing else names."""


def scene(size: int) -> dict[Role, Person]:
    """An agency with so many people, sign-ins of one of them, and rows in every table."""
    agency = making.organisation()
    people = {role: making.person(f"p{role.value.lower()}", role, agency) for role in PAGES}
    for number in range(size):
        making.person(f"one{number}", Role.CTL, agency)
    filling.fill(size, found="[]", told="[]", object_type="identity_person", column_name="title")
    making.person("nobody", None, agency)
    return people


def seen(client: FlaskClient, people: dict[Role, Person], size: int) -> dict[str, int]:
    """Queries of each page; its manners looked at on the way."""
    ids = {
        "person": db.session.scalar(select(func.max(Person.id))),
        "visit": db.session.scalar(select(func.max(VisitingGrant.id))),
    }
    found = {}
    for role, paths in PAGES.items():
        for _ in range(size if role is Role.OWN else 1):
            making.signed_in(client, people[role])
        for page in paths:
            path = page.format(**ids)
            client.get(path)  # what is learned once in the life of the application is learned
            with counted(db.engine) as queries:
                answer = client.get(path)
            assert answer.status_code == 200, f"{role} {path}: {answer.status_code}"
            assert manners.faults(answer.text, "da") == [], f"{role} {path}"
            found[f"{role} {page}"] = len(queries)
    return found


@pytest.mark.long
@pytest.mark.half("sqlite")  # the same statements; tests/web/test_queries.py counts them on the other
def test_pages_beside_the_year_ask_little_and_never_more_for_more_rows(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most eight queries a page, the same for 4 and for 16 of everything."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    few = seen(client, scene(FEW), FEW)
    db.session.rollback()
    db.session.remove()
    empty()
    many = seen(client, scene(MANY), MANY)
    assert few == many
    assert {page: number for page, number in many.items() if number > MOST} == {}
