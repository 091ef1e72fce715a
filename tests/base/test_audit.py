"""The log: gapless, in the same transaction as the change, nothing changed without an event."""

import hashlib
import json
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from controls.base import audit
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity import actions, queries
from controls.identity.permissions import Role


def test_an_event_tells_the_new_state_and_its_leaf(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    row = db.session.scalars(select(EventRow)).one()
    told = json.loads(row.payload)
    assert told["rows"][0]["table"] == "identity_organisation" and told["rows"][0]["state"]["code"] == "DEP"
    assert row.payload_digest == hashlib.sha256(row.salt + row.payload.encode()).digest()
    assert row.leaf == hashlib.sha256(b"\x00" + audit.leaf_entry(row)).digest()
    assert json.loads(audit.leaf_entry(row))["payload_digest"] == row.payload_digest.hex()


def test_a_change_without_an_event_leaves_nothing(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    with pytest.raises(RuntimeError, match="identity_organisation"), transaction():
        queries.organisations()[0].name_da = "Quietly changed"
    assert queries.organisations()[0].name_da == "DEP da"
    assert db.session.scalar(select(func.count()).select_from(EventRow)) == 1


def test_a_failed_action_leaves_neither_row_nor_event(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    with pytest.raises(Refused), transaction():
        actions.add_organisation(make.system(), "STAR", "a", "b", "DEP")
        actions.add_organisation(make.system(), "STAR", "a", "b", "DEP")
    assert [o.code for o in queries.organisations()] == ["DEP"]
    assert db.session.scalar(select(func.max(EventRow.seq))) == 1


def test_rows_are_never_deleted(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    with pytest.raises(RuntimeError, match="never deleted"), transaction() as session:
        session.delete(queries.organisations()[0])
    assert queries.organisations()


def test_writers_at_once_lose_nothing(app: Flask, make: Any) -> None:
    organisation = make.organisation("DEP")
    people = [make.person(f"person{n}", Role.OWN, organisation) for n in range(4)]
    authors = [make.by(person) for person in people]
    before = db.session.scalar(select(func.max(EventRow.seq)))
    db.session.rollback()
    faults: list[BaseException] = []

    def write(author: Any) -> None:
        try:
            with app.app_context():
                for turn in range(12):
                    with transaction():
                        actions.choose_language(author, "en" if turn % 2 else "da")
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(author,)) for author in authors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    numbers = list(db.session.scalars(select(EventRow.seq).order_by(EventRow.seq)))
    assert numbers == list(range(1, (before or 0) + 48 + 1))
