"""The log: gapless, in the same transaction as the change, nothing changed without an event."""

import hashlib
import json
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from controls.base import audit, keys, merkle
from controls.base.audit import EventRow, HeadRow
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


def test_the_head_follows_the_log_under_the_key(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    make.organisation("STAR")
    key = keys.mac_key(app.config["KONTROLRUL"].keys)
    rows, head = list(db.session.scalars(select(EventRow).order_by(EventRow.seq))), db.session.get_one(HeadRow, 1)
    assert head.size == 2 and head.root == merkle.root([row.leaf for row in rows])
    assert audit.split(head.frontier) == merkle.frontier_of([row.leaf for row in rows])
    assert head.mac == audit.head_code(key, 2, head.frontier, head.root)
    assert [row.mac for row in rows] == [audit.event_code(key, row.leaf) for row in rows]


def test_a_changed_or_lost_head_stops_the_writing(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE base_log_head SET size = 0"))
    with pytest.raises(audit.Broken, match="head is not what"):
        make.organisation("STAR")
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM base_log_head"))
    with pytest.raises(audit.Broken, match="no head"):
        make.organisation("STAR")
    assert [o.code for o in queries.organisations()] == ["DEP"]


def test_only_a_log_from_before_the_codes_is_adopted(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    with pytest.raises(audit.Broken, match="codes already"), transaction() as session:
        audit.adopt(session)
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM base_log_head"))
        connection.execute(text("UPDATE base_event SET mac = NULL"))
    with transaction() as session:
        assert audit.adopt(session) == 1
    make.organisation("STAR")
    assert db.session.get_one(HeadRow, 1).size == 2
