"""How fast the log is written and verified.

    python -m tests.speed.audit [--database sqlite|postgresql|both] [--events 1000000] [--writers 16] [--seconds 20]
                              [--only verify|save]

Verification: a log of so many events over a tenth as many rows is verified whole in a process of its own; events a
second of wall and of CPU time, and that process's peak memory (aims: 25,000 a second, below 300 MB). Saves: so many
processes change each its own row through `transaction()`, in turns with the log and without it (the log's steps are
not registered in those processes); saves a second (aim: 100), 99th percentile, worst, and the ratio of the two.
"""

import argparse
import json
import multiprocessing
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from controls.base import audit, keys, merkle, settings, verify
from controls.base.audit import EventRow, HeadRow, ToldRow
from controls.base.db import BEFORE_COMMIT, db, saved, transaction
from controls.base.merkle import canonical, leaf_hash, payload_digest, plain
from controls.identity.permissions import Role
from controls.identity.tables import Person
from tests import make
from tests.speed.pages import application, postgresql

CHANGED = audit.EVENTS.get("test.changed") or audit.declare("test.changed", "Changed for a test")
CHUNK = 5_000
TURNS = 2


def fill(events: int) -> None:
    """A log as the product writes it: each event holds the whole new state of one of many people."""
    organisation = make.organisation("DEP")
    person = make.person("first", Role.OWN, organisation, title="Fuldmægtig", unit="Tilskud og tilsyn")
    key, told_state = keys.mac_key(settings.current().keys), audit.state(person)
    values = {column.key: getattr(person, column.key) for column in Person.__table__.columns}
    head = db.session.get_one(HeadRow, 1)
    size, frontier, first, people = head.size, audit.split(head.frontier), person.id + 1, max(events // 10, 1)
    about = organisation.id
    db.session.rollback()
    last: dict[int, tuple[int, int]] = {}
    with db.engine.connect().execution_options(writes=True) as connection:
        while size < events:
            rows, told = [], []
            for seq in range(size + 1, min(size + CHUNK, events) + 1):
                id = first + seq % people
                version = last.get(id, (0, 0))[1] + 1
                last[id] = (seq, version)
                rows.append(_event(key, seq, about, told_state | _now(seq, id, version, plain)))
                told.append({"seq": seq, "table_name": "identity_person", "row_id": id})
                merkle.append(frontier, seq - 1, rows[-1]["leaf"])
            with connection.begin():
                connection.execute(insert(EventRow), rows)
                connection.execute(insert(ToldRow), told)
            size = rows[-1]["seq"]
        ids = sorted(last)
        with connection.begin():
            for start in range(0, len(ids), CHUNK):
                batch = ids[start : start + CHUNK]
                made = [values | _now(last[id][0], id, last[id][1], lambda value: value) for id in batch]
                connection.execute(insert(Person), made)
            connection.execute(update(audit.HEAD).values(audit._head(key, size, frontier)))


def _now(seq: int, id: int, version: int, form: Any) -> dict[str, Any]:
    at = make.NOW + timedelta(seconds=seq)
    return {"id": id, "username": f"p{id}", "title": f"Fuldmægtig {seq}", "version": version, "saved_at": form(at)}


def _event(key: bytes, seq: int, organisation: int, state: dict[str, Any]) -> dict[str, Any]:
    payload = canonical({"fields": {}, "reason": "", "rows": [
        {"table": "identity_person", "id": state["id"], "state": state}
    ]})  # fmt: skip
    salt = secrets.token_bytes(16)
    covered = {
        "seq": seq, "at": make.NOW + timedelta(seconds=seq), "person_id": None, "person_name": "system", "role": "SYS",
        "on_behalf_of": None, "request_key": "", "action": CHANGED.name, "object_type": "identity_person",
        "object_id": state["id"], "object_version": state["version"], "organisation_id": organisation,
        "payload_digest": payload_digest(salt, payload),
    }  # fmt: skip
    leaf = leaf_hash(canonical({name: plain(value) for name, value in covered.items()}).encode())
    return covered | {"payload": payload, "salt": salt, "reason": "", "leaf": leaf, "mac": audit.event_code(key, leaf)}


def child(data: str, url: str) -> None:
    """Verify, and print what it took."""
    app = application(Path(data), url)
    with app.app_context():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall, cpu = time.monotonic(), time.process_time()
        found = verify.faults(db.session(), settings.current().keys)
        print(json.dumps({
            "faults": [str(fault) for fault in found[:5]], "wall": time.monotonic() - wall,
            "cpu": time.process_time() - cpu, "before": before / 1024,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "helper": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        }))  # fmt: skip


def verified(app: Flask, data: Path, events: int) -> None:
    """Fill a log and have it verified."""
    with app.app_context():
        begun = time.monotonic()
        fill(events)
        name, url = db.engine.dialect.name, db.engine.url.render_as_string(hide_password=False)
        db.session.remove()
        print(f"{name}: {events:,} events written in {time.monotonic() - begun:.0f} s", flush=True)
    answer = subprocess.run([sys.executable, "-m", "tests.speed.audit", "--child", str(data), url],
                            check=True, capture_output=True, text=True)  # fmt: skip
    told = json.loads(answer.stdout)
    print(
        f"{name}: verified {events:,} events and {events // 10:,} rows in {told['wall']:.1f} s "
        f"({events / told['wall']:,.0f} a second; {events / told['cpu']:,.0f} a second of its CPU), "
        f"peak {told['peak']:.0f} MB (before: {told['before']:.0f} MB) and {told['helper']:.0f} MB in the process that "
        f"reads the lower half, faults {told['faults']}", flush=True,
    )  # fmt: skip


def writer(app: Flask, id: int, logged: bool, begin: float, seconds: float, out: Any) -> None:
    """One process that saves as fast as it is let; the waits of its saves."""
    with app.app_context():
        db.engine.dispose(close=False)
        if not logged:
            BEFORE_COMMIT.remove(audit.seal)
            event.remove(Session, "before_flush", audit._gather)
        by = make.system()
        db.session.rollback()
        time.sleep(max(begin - time.time(), 0))
        waits = []
        while time.time() < begin + seconds:
            before = time.monotonic()
            with transaction():
                row = db.session.get_one(Person, id)
                row.title = f"Fuldmægtig {len(waits)}"
                saved(by, row)
                if logged:
                    audit.record(by, CHANGED, row)
            waits.append(time.monotonic() - before)
        db.engine.dispose()
        out.put(waits)


def saves(app: Flask, writers: int, seconds: float) -> None:
    """With the log and without, in turns."""
    with app.app_context():
        organisation = make.organisation("DEP")
        ids = [make.person(f"w{n}", Role.OWN, organisation, title="x").id for n in range(writers)]
        name = db.engine.dialect.name
        db.session.remove()
        db.engine.dispose()
    fork = multiprocessing.get_context("fork")
    rates: dict[bool, float] = {}
    for logged in (True, False):
        rates[logged] = 0.0
    waits: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(TURNS):
        for logged in (True, False):
            out, begin = fork.SimpleQueue(), time.time() + 2
            people = [fork.Process(target=writer, args=(app, id, logged, begin, seconds / TURNS, out)) for id in ids]
            for one in people:
                one.start()
            for _one in people:
                waits[logged] += out.get()
            for one in people:
                one.join()
    for logged, words in ((True, "with the log"), (False, "without it")):
        told = sorted(waits[logged])
        rates[logged] = len(told) / seconds
        half, most, worst = (told[at] * 1000 for at in (len(told) // 2, int(len(told) * 0.99), -1))
        print(f"{name}: {writers} writers {words}: {rates[logged]:,.0f} saves/s, half within {half:.0f} ms, "
              f"99 % within {most:.0f} ms, worst {worst:.0f} ms", flush=True)  # fmt: skip
    print(f"{name}: {rates[True] / rates[False]:.2f} of the saves without the log", flush=True)
    with app.app_context():
        size = db.session.scalar(select(HeadRow.size))
        print(f"{name}: the log has {size:,} events")
        db.session.remove()


def main() -> None:
    """Measure and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    ask.add_argument("--events", type=int, default=1_000_000)
    ask.add_argument("--writers", type=int, default=16)
    ask.add_argument("--seconds", type=float, default=20)
    ask.add_argument("--only", choices=("verify", "save"))
    ask.add_argument("--child", nargs=2, metavar=("DATA", "URL"), help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.child:
        return child(*given.child)

    def run(folder: Path, url: str) -> None:
        folder.mkdir()
        app = application(folder, url)
        for what, do in (("save", lambda: saves(app, given.writers, given.seconds)),
                         ("verify", lambda: verified(app, folder, given.events))):  # fmt: skip
            if given.only in (None, what):
                with app.app_context():
                    db.drop_all()
                    db.create_all()
                    db.engine.dispose()
                do()
        with app.app_context():
            db.engine.dispose()

    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        if given.database != "postgresql":
            run(folder / "sqlite", f"sqlite:///{folder / 'sqlite' / 's.sqlite'}")
        if given.database != "sqlite":
            with postgresql(folder / "pg") as url:
                run(folder / "postgresql", url)
    return None


if __name__ == "__main__":
    main()
