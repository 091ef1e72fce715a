"""Redaction: the text is gone from row and log, everything else is still told, and every proof holds."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from controls.base import audit, redaction, verify
from controls.base.audit import EventRow, HeadRow
from controls.base.by import By
from controls.base.db import db, saved, transaction
from controls.base.settings import current
from controls.base.why import Refused
from controls.history.actions import REDACTED
from controls.identity.permissions import Role
from controls.identity.tables import Person

CHANGED = audit.declare("test.title_changed", "Title changed", "note")
SICK = "Fuldmægtig, sygemeldt med stress"


@pytest.fixture
def people(app: Flask, make: Any) -> tuple[Person, By, By]:
    """A person whose title tells too much, one who asks and one who approves."""
    organisation = make.organisation("DEP")
    person = make.person("anne", Role.OWN, organisation)
    return person, *(make.by(make.person(name, Role.GRP, organisation)) for name in ("asker", "approver"))


def write(by: By, person: Person, **values: Any) -> None:
    """Change the person, quoting the title in the reason and a field of the event."""
    with transaction():
        row = db.session.get_one(Person, person.id)
        for column, value in values.items():
            setattr(row, column, value)
        saved(by, row)
        audit.record(by.because(f"Ny titel: {row.title}"), CHANGED, row, note=f"{row.title}!")


def remove(asker: By, approver: By, person: Person, column: str, mark: str) -> int:
    """What the redaction's action does."""
    with transaction() as session:
        row = session.get_one(Person, person.id)
        cleaned = redaction.clear(session, row, column, mark)
        audit.record(approver, REDACTED, row, asked_by_id=asker.person_id, cleaned=cleaned)
    return len(cleaned)


def found() -> list[verify.Fault]:
    db.session.rollback()
    db.session.expire_all()
    return verify.faults(db.session(), current().keys)


def everything() -> str:
    """Every text that the database holds about people and events."""
    db.session.rollback()
    with db.engine.connect() as connection:
        rows = [
            *connection.execute(select(EventRow.payload, EventRow.reason)),
            *connection.execute(select(Person.title)),
        ]
    return repr([tuple(row) for row in rows])


def test_the_text_is_gone_and_the_rest_is_still_told(people: tuple[Person, By, By]) -> None:
    person, asker, approver = people
    write(asker, person, title=SICK)
    write(asker, person, unit="Regnskab")
    db.session.rollback()
    leaves = list(db.session.scalars(select(EventRow.leaf).order_by(EventRow.seq)))
    assert remove(asker, approver, person, "title", "[R-1]") == 2
    assert "sygemeldt" not in everything() and "Regnskab" in everything()
    assert found() == []
    events = list(db.session.scalars(select(EventRow).order_by(EventRow.seq)))
    assert [event.leaf for event in events][: len(leaves)] == leaves
    assert [event.reason for event in events if event.payload is None] == ["Ny titel: [R-1]"] * 2
    assert db.session.get_one(Person, person.id).title == "[R-1]"
    retold = redaction.retold(db.session())
    assert [one.payload["rows"][0]["state"]["unit"] for one in retold.values()] == ["", "Regnskab"]
    assert {one.by for one in retold.values()} == {db.session.get_one(HeadRow, 1).size}


def test_a_text_that_was_edited_away_goes_from_the_log_only(people: tuple[Person, By, By]) -> None:
    person, asker, approver = people
    write(asker, person, title=SICK)
    write(asker, person, title="Fuldmægtig")
    assert remove(asker, approver, person, "title", "[R-1]") == 2
    assert db.session.get_one(Person, person.id).title == "[R-1]"
    assert "sygemeldt" not in everything() and found() == []
    with pytest.raises(Refused, match="no such text"):
        remove(asker, approver, person, "title", "[R-1]")
    write(asker, person, title="")
    assert remove(asker, approver, person, "title", "[R-2]") and found() == []


def test_what_a_redaction_retells_can_be_redacted_later(people: tuple[Person, By, By]) -> None:
    person, asker, approver = people
    write(asker, person, title=SICK, unit="Et andet sygdomsforløb")
    remove(asker, approver, person, "title", "[R-1]")
    assert "sygdomsforløb" in everything()
    remove(asker, approver, person, "unit", "[R-2]")
    write(asker, person, title="Kontorchef")
    assert "syg" not in everything() and "Kontorchef" in everything()
    assert found() == []
    first = redaction.retold(db.session())
    assert [one.payload["rows"][0]["state"]["unit"] for one in first.values() if "note" in one.payload["fields"]] == [
        "[R-2]"
    ]


def test_what_was_changed_behind_the_product_is_never_redacted(people: tuple[Person, By, By]) -> None:
    person, asker, approver = people
    write(asker, person, title=SICK)
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE identity_person SET unit = 'x' WHERE username = 'anne'"))
    with pytest.raises(Refused, match="do not agree"):
        remove(asker, approver, person, "title", "[R-1]")
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE identity_person SET unit = '' WHERE username = 'anne'"))
        connection.execute(text("UPDATE base_event SET payload = replace(payload, 'stress', 'gigt')"))
    with pytest.raises(Refused, match="do not agree"):
        remove(asker, approver, person, "title", "[R-1]")
    assert "sygemeldt" in everything()


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        ("UPDATE base_event SET salt = leaf WHERE payload IS NULL", "salt"),
        ("UPDATE base_event SET payload = '{}' WHERE payload IS NULL", "payload"),
        ("UPDATE base_event SET payload = NULL, salt = NULL WHERE action = 'history.redacted'", "payload"),
        ("UPDATE base_event SET payload = '' WHERE action = 'history.redacted'", "payload"),
        ("UPDATE base_event SET payload = replace(payload, 'cleaned', 'Cleaned')", "payload"),
        ("UPDATE base_event SET reason = '' WHERE payload IS NULL", "reason"),
        ("UPDATE identity_person SET title = 'x' WHERE username = 'anne'", "title"),
    ],
)  # fmt: skip
def test_a_redacted_log_is_still_watched(people: tuple[Person, By, By], statement: str, column: str) -> None:
    person, asker, approver = people
    write(asker, person, title=SICK)
    remove(asker, approver, person, "title", "[R-1]")
    assert found() == []
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text(statement))
    assert column in {fault.column for fault in found()}


def test_nobody_redacts_alone(people: tuple[Person, By, By]) -> None:
    person, asker, _ = people
    write(asker, person, title=SICK)
    remove(asker, asker, person, "title", "[R-1]")
    assert [fault.column for fault in found()] == ["person_id"]


def test_a_second_text_goes_from_reasons_that_the_first_redaction_retells(people: tuple[Person, By, By]) -> None:
    person, asker, approver = people
    write(asker, person, title=SICK, unit="Fraværende hele foråret")
    with transaction():
        row = db.session.get_one(Person, person.id)
        row.language = "en"
        saved(asker, row)
        audit.record(asker.because(f"{row.title} og {row.unit}"), CHANGED, row, note="")
    remove(asker, approver, person, "title", "[R-1]")
    remove(asker, approver, person, "unit", "[R-2]")
    db.session.rollback()
    told = select(EventRow.reason).where(EventRow.action == CHANGED.name).order_by(EventRow.seq)
    reasons = list(db.session.scalars(told))
    assert reasons[-1] == "[R-1] og [R-2]" and "hele foråret" not in everything() and found() == []
