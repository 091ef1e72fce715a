"""The smallest legal things, made through actions where it can be; the time is given."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient

from controls.base.by import By, Reach
from controls.base.db import db, transaction
from controls.identity import actions, queries
from controls.identity.permissions import ROLES, Role, reach
from controls.identity.tables import Organisation, Person

NOW = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)


def system(at: datetime = NOW) -> By:
    """The command line: may do accounts and catalogue everywhere."""
    ids = [o.id for o in queries.organisations()] or [0]
    return By(None, "system", "SYS", at, reach([(Role.SYS, id) for id in ids]))


def organisation(code: str = "STAR", parent: str | None = None) -> Organisation:
    """An organisation (its ministry must exist when a parent is named)."""
    with transaction():
        row = actions.add_organisation(system(), code, f"{code} da", f"{code} en", parent)
    return row


def person(username: str, role: Role | None, organisation: Organisation, at: datetime = NOW, **facts: Any) -> Person:
    """A person with a role in an organisation."""
    with transaction():
        row = actions.add_person(system(at), username, facts.pop("name", username.title()), organisation.id, **facts)
        if role is not None:
            actions.grant_role(system(at), row.id, role, organisation.id)
    return row


def by(person: Person, at: datetime = NOW, reason: str = "") -> By:
    """The author that a person is."""
    return replace(queries.by_of(person, at, at.date()), reason=reason)


def signed_in(client: FlaskClient, person: Person) -> FlaskClient:
    """The browser, signed in as a person."""
    with transaction():
        token = actions.sign_in(by(person), person, "test").token
    with client.session_transaction() as session:
        session["sign_in"] = token
    return client


__all__ = ["NOW", "ROLES", "Reach", "by", "db", "organisation", "person", "signed_in", "system"]
