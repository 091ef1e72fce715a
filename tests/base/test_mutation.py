"""Short forms of the long runs: every kind of change is found, no sound history raises an alarm, old copies show."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from controls.base import audit, checkpoint, merkle, verify
from controls.base.audit import EventRow, ToldRow
from controls.base.db import db
from controls.base.settings import current
from controls.identity.permissions import Role
from controls.identity.tables import Person
from tests import make as making
from tests.long import filling, histories, mutation


@pytest.fixture
def filled(app: Flask, make: Any) -> Flask:
    """A few people, and two rows in every other logged table."""
    dep = make.organisation("DEP")
    make.organisation("STAR", "DEP")
    for name, role in (("anne", Role.OWN), ("bente", Role.GRP), ("carl", Role.AUD)):
        make.person(name, role, dep, title="Fuldmægtig")
    filling.fill()
    assert verify.faults(db.session(), current().keys) == []
    return app


@pytest.mark.long
def test_every_change_of_a_row_is_found_by_its_own_check(filled: Flask) -> None:
    rows = 2 if db.engine.dialect.name == "sqlite" else 1  # where each change takes three times as long
    db.session.remove()
    counts = mutation.every(rows, random.Random(1), lasting=False)
    assert not counts.missed, "\n".join(counts.missed[:10])
    tables = len(filling.logged())
    assert tables > 30 and counts.found.total() > 30 * rows * tables
    of_two = set() if rows > 1 else {"swapped"}  # files, which are the same beside either database
    assert set(counts.found) == {*mutation.CELLS, *mutation.ROWS, *mutation.FILES, "tail"} - of_two


@pytest.mark.long
def test_changes_at_random_are_found_by_the_command(filled: Flask) -> None:
    db.session.remove()
    counts = mutation.drawn(filled, 8, random.Random(2))
    assert not counts.missed, "\n".join(counts.missed)
    assert verify.faults(db.session(), current().keys) == []


@pytest.mark.long
def test_no_sound_history_raises_an_alarm(app: Flask) -> None:
    done = 0
    for turn in range(25):
        db.session.rollback()
        histories.empty(current().data)
        history, found = histories.lived(random.Random(f"suite/{turn}"), 12)
        assert found == [], f"history {turn}: {found}"
        done += history.done.total() - history.done["refused"]
    assert done > 100


Copy = dict[Any, list[dict[str, Any]]]


def backup() -> Copy:
    """Every row of every table; keys and checkpoints lie outside, as with a real backup."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            table: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in db.metadata.sorted_tables if table.name != "alembic_version"
        }  # fmt: skip


def restore(kept: Copy) -> None:
    """Put a backup in the database's place."""
    db.session.remove()
    with mutation.unconstrained(False) as connection:
        for table in reversed(list(kept)):
            connection.execute(table.delete())
        for table, rows in kept.items():
            if rows:
                connection.execute(insert(table), rows)
        connection.commit()


def started(app: Flask) -> verify.Fault | None:
    """What the first request of a new process finds."""
    db.session.rollback()
    app.extensions.pop(checkpoint.STARTED, None)
    checkpoint.begin()
    db.session.rollback()
    return checkpoint.startup_fault()


def note(name: str, folder: Path) -> Path:
    """A checkpoint that leaves the house."""
    db.session.rollback()
    made = checkpoint.make(db.session(), current().keys, making.NOW)
    db.session.rollback()
    (folder / name).write_text(made.text)
    return folder / name


def test_an_older_backup_is_reported_at_the_start_and_by_the_command(filled: Flask, make: Any, tmp_path: Path) -> None:
    old = backup()
    make.person("dorte", Role.CTL, make.organisation("SKAT", "DEP"))
    outside = note("outside.txt", tmp_path)
    assert started(filled) is None
    restore(old)
    fault = started(filled)
    assert fault is not None and fault.why is checkpoint.SHORTER
    answer = filled.test_cli_runner().invoke(args=["audit", "verify", "--lang", "da", "--checkpoint", str(outside)])
    assert answer.exit_code == 1 and answer.output.count("En ældre sikkerhedskopi er indlæst") == 2
    make.organisation("ALS")
    for code in ("B1", "B2", "B3"):
        make.organisation(code)
    fault = started(filled)
    assert fault is not None and fault.why is checkpoint.DIFFERENT, "it does not help to go on from the old copy"


def test_rows_and_log_rewritten_with_the_key_fail_with_an_older_checkpoint_only(filled: Flask, tmp_path: Path) -> None:
    outside = note("outside.txt", tmp_path)
    (current().keys / "checkpoints" / f"{checkpoint.read(outside).size}.txt").unlink()
    with rewriting() as (key, leaves):
        for row in db.session.scalars(select(EventRow).order_by(EventRow.seq)):
            row.payload = (row.payload or "").replace("Fuldmægtig", "Direktør")
            row.payload_digest = merkle.payload_digest(row.salt or b"", row.payload)
            row.leaf = merkle.leaf_hash(audit.leaf_entry(row))
            row.mac = audit.event_code(key, row.leaf)
            leaves.append(row.leaf)
        db.session.execute(update(Person).values(title=func.replace(Person.title, "Fuldmægtig", "Direktør")))
    run = filled.test_cli_runner()
    assert run.invoke(args=["audit", "verify"]).exit_code == 0
    answer = run.invoke(args=["audit", "verify", "--json", "--checkpoint", str(outside)])
    assert answer.exit_code == 1
    assert [fault["code"] for fault in json.loads(answer.output)] == ["checkpoint.different"]


@contextmanager
def rewriting() -> Iterator[tuple[bytes, list[bytes]]]:
    """What somebody with database and keys does: no event is recorded, and the head is made to fit at the end."""
    from controls.base import keys

    key, leaves = keys.mac_key(current().keys), list[bytes]()
    db.session.rollback()
    db.session.connection(execution_options={"writes": True})
    with db.session.no_autoflush:
        yield key, leaves
    db.session.flush()
    db.session.execute(audit.HEAD.update().values(audit._head(key, len(leaves), merkle.frontier_of(leaves))))
    db.session.commit()
    db.session.info.clear()
    assert db.session.scalar(select(ToldRow.seq).limit(1))
