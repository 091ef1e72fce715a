"""Every way of changing what is stored, tried and looked for: by the row's own check, and at random by the command.

    python -m tests.long.mutation [--database sqlite|postgresql|both] [--rows 20 | --all] [--random 300] [--seed 1]

Over every logged table of the metadata, the log's own tables and the evidence files of the filled demo. For every
column of a row six mutations: NULL, empty, a small change, the other case, another type, the neighbour's value. One
that leaves what is stored as it was is not counted; one that the database itself refuses is counted apart (constraints
are taken off first where they can be). Beside them whole rows: deleted, inserted, copied, renumbered; files cut,
flipped, swapped, removed; and the log's tail rewritten without the key. All must be found.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Boolean, Connection, Date, DateTime, Integer, LargeBinary, TypeDecorator, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from controls.base import audit, files, merkle, settings, verify
from controls.base.audit import EventRow, HeadRow, ToldRow
from controls.base.db import db
from controls.base.verify import Verifier
from controls.evidence.tables import Evidence
from tests.empty import put_rows
from tests.long.filling import fill, logged

CELLS = ("NULL", "empty", "small", "case", "type", "swap")
ROWS = ("deleted", "inserted", "copied", "renumbered")
FILES = ("cut", "flipped", "swapped", "removed")
OWN_ROWS = 300
"""Of the log's own two long tables, when every row of the logged ones is tried."""


class Skipped(Exception):
    """This change would leave what is stored as it was."""


@dataclass
class Counts:
    """What became of the changes of each kind."""

    found: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def show(self, name: str) -> None:
        """Print them."""
        print(f"\n{name}: {'':<14}{'found':>9}{'missed':>8}{'refused by the database':>25}{'as it was':>11}")
        missed = Counter(line.split(" ")[0] for line in self.missed)
        for kind in [*CELLS, *ROWS, *FILES, "tail"]:
            numbers = (self.found[kind], missed[kind], self.refused[kind], self.same[kind])
            print(f"  {kind:<24}{numbers[0]:>9,}{numbers[1]:>8}{numbers[2]:>25,}{numbers[3]:>11,}")
        total = (self.found.total(), len(self.missed), self.refused.total(), self.same.total())
        print(f"  {'all':<24}{total[0]:>9,}{total[1]:>8}{total[2]:>25,}{total[3]:>11,}")
        for line in self.missed[:50]:
            print("  MISSED", line)


@dataclass
class Change:
    """One change: what it is called, the statements that make it, and where it must be found."""

    kind: str
    where: str
    table: str
    make: list[tuple[str, tuple[Any, ...]]]
    ids: tuple[int, ...]
    cell: tuple[str, tuple[Any, ...]] | None = None


class Bench:
    """The changes of one database, on a connection whose constraints are off where the database lets them be."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.lite = connection.dialect.name == "sqlite"
        self.sign = "?" if self.lite else "%s"
        self.tables = {class_.__tablename__: class_.__table__ for class_ in (*logged(), EventRow, ToldRow, HeadRow)}

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        """A statement of the driver's own, so that no type stands between."""
        return self.connection.exec_driver_sql(sql, values)

    def key(self, table: str) -> str:
        """The column a row is found by."""
        return "seq" if table in ("base_event", "base_told") else "id"

    def ids(self, table: str, most: int | None, chance: random.Random) -> list[int]:
        """Rows to try, first and last among them."""
        key = self.key(table)
        found = [row[0] for row in self.run(f"SELECT DISTINCT {key} FROM {table} ORDER BY {key}")]
        if most is None or len(found) <= most:
            return found
        return sorted({found[0], found[-1], *chance.sample(found, max(most - 2, 0))})

    def rows(self, table: str, id: int) -> list[Any]:
        """The stored rows with this number."""
        return list(self.run(f"SELECT * FROM {table} WHERE {self.key(table)} = {self.sign}", (id,)))

    def neighbour(self, table: str, id: int) -> Any:
        """Another row: the next, else the one before."""
        key, sign = self.key(table), self.sign
        for sql in (f"{key} > {sign} ORDER BY {key}", f"{key} < {sign} ORDER BY {key} DESC"):
            found = self.run(f"SELECT * FROM {table} WHERE {sql} LIMIT 1", (id,)).first()
            if found is not None:
                return found
        return None

    def changes(self, table: str, id: int) -> Iterator[Change]:
        """Every change of one row."""
        found = self.rows(table, id)
        if not found:
            return
        row, other = found[0], self.neighbour(table, id)
        for column in self.tables[table].columns:
            for kind in CELLS:
                yield from self._cell(kind, table, row, other, column)
        yield from self._whole(table, row)

    def _where(self, table: str, row: Any) -> tuple[str, tuple[Any, ...]]:
        keys = [column.name for column in self.tables[table].primary_key]
        return " AND ".join(f"{key} = {self.sign}" for key in keys), tuple(getattr(row, key) for key in keys)

    def _twins(self, row: Any, other: Any, name: str) -> bool:
        """Whether nothing else tells two rows apart, so that a swap leaves both as they were."""
        return all(getattr(row, each) == getattr(other, each) for each in row._fields if each != name)

    def _cell(self, kind: str, table: str, row: Any, other: Any, column: Any) -> Iterator[Change]:
        name, value = column.name, getattr(row, column.name)
        key = self.key(table)
        if kind == "swap" and other is not None and getattr(other, name) != value and not self._twins(row, other, name):
            yield self._swap(table, row, other, name)
            return
        try:
            new = self._new(kind, value, column)
        except Skipped:
            new = value
        where, at = self._where(table, row)
        ids = (getattr(row, key),) if name != key else (getattr(row, key), *([new] if type(new) is int else []))
        put = f"UPDATE {table} SET {name} = {self.sign} WHERE "
        shown = f"typeof({name}), {name}" if self.lite else name
        yield Change(kind, f"{table} {at} {name}", table, [(put + where, (new, *at))], ids,
                     (f"SELECT {shown} FROM {table} WHERE ", (name,)))  # fmt: skip

    def _swap(self, table: str, row: Any, other: Any, name: str) -> Change:
        put = f"UPDATE {table} SET {name} = {self.sign} WHERE "
        (mine, at), (theirs, there) = self._where(table, row), self._where(table, other)
        a, b, key = getattr(row, name), getattr(other, name), self.key(table)
        if name in self.tables[table].primary_key:  # over a number that nobody has
            free = (-1, *at[1:]) if name == "id" or name == "seq" else None
            if free is None:
                return Change("swap", f"{table} {at} {name}", table, [(put + mine, (b, *at))], (getattr(row, key),))
            make = [(put + mine, (-1, *at)), (put + theirs, (a, *there)), (put + mine, (b, *free))]
            return Change("swap", f"{table} {at} {name}", table, make, (a, b))
        make = [(put + mine, (b, *at)), (put + theirs, (a, *there))]
        return Change("swap", f"{table} {at} {name}", table, make, (getattr(row, key), getattr(other, key)))

    def _new(self, kind: str, value: Any, column: Any) -> Any:
        """The value that this kind of change puts in; another type's is refused by PostgreSQL."""
        if kind == "NULL":
            return None
        if kind == "empty":
            return b"" if isinstance(value, bytes) else ""
        if kind == "small":
            return _first(column, self.lite) if value is None else _next(value)
        if value is None:
            raise Skipped
        if kind == "case":
            return value.swapcase() if isinstance(value, str) else _upper_hex(value)
        if kind == "type":
            return value.decode("latin-1").replace("\0", "0") if isinstance(value, bytes) else str(value).encode()
        raise Skipped

    def _whole(self, table: str, row: Any) -> Iterator[Change]:
        columns, key = [column.name for column in self.tables[table].columns], self.key(table)
        where, at = self._where(table, row)
        put = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([self.sign] * len(columns))})"
        drop = f"DELETE FROM {table} WHERE {where}"
        free = self.run(f"SELECT max({key}) + 1 FROM {table}").scalar()
        copy = _Row(row, {key: free})
        texts = {name: _next(getattr(row, name)) for name in columns if isinstance(getattr(row, name), str)}
        fresh = _Row(row, {key: free, **({} if table in ("base_told",) else texts)})
        place, id = f"{table} {at}", getattr(row, key)
        yield Change("deleted", place, table, [(drop, at)], (id,))
        for kind, made in (("inserted", fresh), ("copied", copy)):
            values = tuple(getattr(made, name) for name in columns)
            yield Change(kind, place, table, [(put, values)], (free,))
        move = f"UPDATE {table} SET {key} = {self.sign} WHERE {where}"
        yield Change("renumbered", place, table, [(move, (free, *at))], (id, free))

    def put_back(self, table: str, rows: Sequence[Any]) -> None:
        """A table's rows as they were."""
        self.run(f"DELETE FROM {table}")
        if rows:
            put_rows(self.connection, table, rows[0]._fields, rows)

    def check(self, verifier: Verifier, change: Change) -> bool:
        """Whether the verifier's own check of the changed row finds it."""
        if change.table == "base_log_head":
            return any(True for _ in verifier.log())
        if change.table in ("base_event", "base_told"):
            return any(True for id in change.ids for _ in verifier.event(id))
        return any(verifier.row(change.table, id) for id in change.ids)

    def attempt(self, verifier: Verifier, change: Change, counts: Counts) -> None:
        """Make a change, look for it, take it back."""
        before = self._read(change)
        self.run("SAVEPOINT mutation")
        try:
            for sql, values in change.make:
                self.run(sql, values)
            if change.cell and self._read(change) == before:
                counts.same[change.kind] += 1
            elif self.check(verifier, change):
                counts.found[change.kind] += 1
            else:
                counts.missed.append(f"{change.kind} {change.where}: {change.make}")
        except (DBAPIError, OverflowError) as error:
            if isinstance(error, DBAPIError) and error.statement not in {sql for sql, _ in change.make}:
                raise
            counts.refused[change.kind] += 1
        self.run("ROLLBACK TO SAVEPOINT mutation")
        self.run("RELEASE SAVEPOINT mutation")

    def _read(self, change: Change) -> Any:
        """The cell as it is stored; nothing when its row has another number now."""
        if change.cell is None:
            return None
        sql, _ = change.make[0]
        where = sql.split(" WHERE ")[1]
        found = self.run(change.cell[0] + where, change.make[0][1][1:]).first()
        return None if found is None else tuple(found)


class _Row:
    """A row with some values changed."""

    def __init__(self, row: Any, changed: dict[str, Any]) -> None:
        self._row, self._changed = row, changed

    def __getattr__(self, name: str) -> Any:
        return self._changed[name] if name in self._changed else getattr(self._row, name)


def _upper_hex(value: Any) -> Any:
    if not isinstance(value, bytes):
        raise Skipped
    return value.hex().upper().encode()


def _next(value: Any) -> Any:
    """The least change of a value."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 1.0000001
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"\1"
    return value[:-1] + chr(ord(value[-1]) ^ 1) if value else "x"


def _first(column: Any, lite: bool) -> Any:
    """A value for a cell that has none."""
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    moment = datetime(2026, 1, 1)
    values: list[tuple[type[Any], Any]] = [
        (Boolean, 1 if lite else True), (Integer, 1), (DateTime, f"{moment}.000000" if lite else moment),
        (Date, "2026-01-01" if lite else moment.date()), (LargeBinary, b"x"),
    ]  # fmt: skip
    return next((value for type_, value in values if isinstance(kind, type_)), "x")


@contextmanager
def unconstrained(lasting: bool) -> Iterator[Connection]:
    """A connection that a database administrator could have: foreign keys, checks and triggers off; all undone after.

    `lasting`: on a database of our own the other constraints are dropped for good.
    """
    engine = db.engine
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name == "sqlite":
            driver.execute("PRAGMA foreign_keys=OFF")
            driver.execute("PRAGMA ignore_check_constraints=ON")
            if lasting:
                _relax_sqlite(driver)
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
            if lasting:
                _relax_postgresql(connection)
            connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()
            if engine.dialect.name == "sqlite":
                driver.execute("PRAGMA ignore_check_constraints=OFF")
                driver.execute("PRAGMA foreign_keys=ON")
            else:
                connection.exec_driver_sql("SET session_replication_role = DEFAULT")
                connection.commit()


def _relax_sqlite(driver: Any) -> None:
    for (name,) in list(driver.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
        driver.execute(f"DROP TRIGGER {name}")
    driver.execute("PRAGMA writable_schema=ON")
    driver.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'")
    driver.execute("PRAGMA writable_schema=RESET")
    for (name,) in list(driver.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%UNIQUE%'")):
        driver.execute(f"DROP INDEX {name}")


def _relax_postgresql(connection: Connection) -> None:
    own = "n.nspname = current_schema()"
    for table, name in list(connection.exec_driver_sql(
        "SELECT t.relname, c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
        f"JOIN pg_namespace n ON n.oid = t.relnamespace WHERE {own} AND c.contype IN ('f', 'c', 'u')"
    )):  # fmt: skip
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name} CASCADE")
    for table, name in list(connection.exec_driver_sql(
        "SELECT table_name, column_name FROM information_schema.columns c WHERE table_schema = current_schema() "
        "AND is_nullable = 'NO' AND NOT EXISTS (SELECT 1 FROM information_schema.key_column_usage k "
        "WHERE k.table_name = c.table_name AND k.column_name = c.column_name)"
    )):  # fmt: skip
        connection.exec_driver_sql(f"ALTER TABLE {table} ALTER COLUMN {name} DROP NOT NULL")
    for (name,) in list(connection.exec_driver_sql(
        "SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n "
        f"ON n.oid = i.relnamespace WHERE {own} AND x.indisunique AND NOT x.indisprimary"
    )):  # fmt: skip
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")


def every(rows: int | None, chance: random.Random, lasting: bool, only: str = "") -> Counts:
    """Every change of these many rows of each table, looked for by the row's own check."""
    counts, folder = Counts(), settings.current().keys
    with unconstrained(lasting) as connection:
        bench, session = Bench(connection), Session(connection)
        verifier = Verifier(session, folder)
        for table in bench.tables:
            if only not in table:
                continue
            own = table in (EventRow.__tablename__, ToldRow.__tablename__)
            for id in bench.ids(table, OWN_ROWS if own and rows is None else rows, chance):
                for change in bench.changes(table, id):
                    bench.attempt(verifier, change, counts)
                if bench.check(verifier, Change("", "", table, [], (id,))):
                    counts.missed.append(f"FALSE alarm {table} {id}")
        _tail(bench, verifier, counts, chance)
        session.close()
    _files(rows, chance, counts)
    return counts


def _tail(bench: Bench, verifier: Verifier, counts: Counts, chance: random.Random) -> None:
    """Somebody without the key tells an event anew and makes all hashes after it fit."""
    size = bench.run("SELECT max(seq) FROM base_event").scalar()
    session = Session(bench.connection)
    for back in sorted({1, 2, *(chance.randint(1, size) for _ in range(8))}):
        bench.run("SAVEPOINT tail")
        row = session.get_one(EventRow, size - back + 1)
        row.person_name += "x"
        row.leaf = merkle.leaf_hash(audit.leaf_entry(row, audit.uncovered(json.loads(row.payload or "{}"))))
        session.flush()
        leaves = list(session.scalars(select(EventRow.leaf).order_by(EventRow.seq)))
        frontier = merkle.frontier_of(leaves)
        bench.run(f"UPDATE base_log_head SET frontier = {bench.sign}, root = {bench.sign}",
                  (b"".join(frontier), merkle.frontier_root(frontier)))  # fmt: skip
        found = {(fault.table, fault.column) for fault in verifier.log()}
        if {("base_event", "mac"), ("base_log_head", "mac")} <= found:
            counts.found["tail"] += 1
        else:
            counts.missed.append(f"tail {row.seq}: {found}")
        session.expire_all()
        bench.run("ROLLBACK TO SAVEPOINT tail")
        bench.run("RELEASE SAVEPOINT tail")
        session.expunge_all()


def _paths(rows: int | None, chance: random.Random) -> list[Path]:
    root = settings.current().evidence
    digests = list(db.session.scalars(select(Evidence.sha256).distinct().order_by(Evidence.sha256)))
    db.session.rollback()
    found = [path for digest in digests if (path := files.path_of(root, digest)).is_file()]
    return found if rows is None or len(found) <= rows else chance.sample(found, rows)


def spoil(kind: str, path: Path, other: Path) -> Callable[[], None]:
    """Change a file; what puts it right again."""
    kept = path.read_bytes()
    if kind == "removed":
        path.unlink()
    else:
        new = {"cut": kept[:-1], "flipped": bytes([kept[0] ^ 1]) + kept[1:], "swapped": other.read_bytes()}[kind]
        path.write_bytes(new)
    return lambda: _rewrite(path, kept)


def _rewrite(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _files(rows: int | None, chance: random.Random, counts: Counts) -> None:
    paths = _paths(rows, chance)
    for at, path in enumerate(paths):
        for kind in FILES:
            if kind == "swapped" and len(paths) < 2:
                continue
            mend = spoil(kind, path, paths[at - 1])
            found = {fault.file for check in verify.CHECKS for fault in check(db.session())}
            db.session.rollback()
            mend()
            if path.name in found:
                counts.found[kind] += 1
            else:
                counts.missed.append(f"{kind} {path.name}")


def drawn(app: Flask, number: int, chance: random.Random) -> Counts:
    """Changes drawn at random, each looked for by the whole command, which must name its table or file."""
    counts = Counts()
    paths = _paths(None, chance)
    while counts.found.total() + len(counts.missed) < number:
        if paths and chance.random() < 0.1:
            _by_command_file(app, chance, paths, counts)
            continue
        with unconstrained(False) as connection:
            bench = Bench(connection)
            table = chance.choice(sorted(bench.tables))
            ids = bench.ids(table, None, chance)
            changes = list(bench.changes(table, chance.choice(ids))) if ids else []
            if not changes:
                continue
            change = chance.choice(changes)
            before, kept = bench._read(change), bench.run(f"SELECT * FROM {table}").all()
            connection.rollback()
            try:
                for sql, values in change.make:
                    bench.run(sql, values)
                same = bool(change.cell) and bench._read(change) == before
            except (DBAPIError, OverflowError):
                counts.refused[change.kind] += 1
                continue
            if same:
                counts.same[change.kind] += 1
                continue
            connection.commit()
        _by_command(app, change.kind, change.where, change.table, counts)
        with unconstrained(False) as connection:
            Bench(connection).put_back(change.table, kept)
            connection.commit()
    return counts


def _by_command(app: Flask, kind: str, where: str, named: str, counts: Counts) -> None:
    answer = app.test_cli_runner().invoke(args=["audit", "verify", "--json"])
    crashed = answer.exception is not None and not isinstance(answer.exception, SystemExit)
    told = json.loads(answer.stdout) if answer.exit_code == 1 and not crashed else []
    if any(named in (fault["table"], fault["file"]) for fault in told):
        counts.found[kind] += 1
    else:
        counts.missed.append(f"{kind} {where}: exit {answer.exit_code}, {answer.exception!r}, {answer.output[:300]}")


def _by_command_file(app: Flask, chance: random.Random, paths: list[Path], counts: Counts) -> None:
    path, kind = chance.choice(paths), chance.choice(FILES)
    other = next((one for one in paths if one != path), path)
    if other == path and kind == "swapped":
        return
    mend = spoil(kind, path, other)
    _by_command(app, kind, path.name, path.name, counts)
    mend()


def run(app: Flask, rows: int | None, number: int, seed: int, only: str = "") -> int:
    """All of it on one database; how many were missed."""
    with app.app_context():
        name = db.engine.dialect.name
        filled = fill()
        print(f"{name}: filled for this run: {', '.join(filled) or 'none'}", flush=True)
        begun = time.monotonic()
        found = verify.faults(db.session(), settings.current().keys)
        print(
            f"{name}: {len(found)} faults before, {time.monotonic() - begun:.1f} s", *found[:20], sep="\n  ", flush=True
        )
        begun = time.monotonic()
        counts = every(rows, random.Random(seed), True, only)
        counts.show(f"{name}, by the row's own check, {time.monotonic() - begun:.0f} s")
        begun = time.monotonic()
        whole = drawn(app, number, random.Random(seed))
        whole.show(f"{name}, at random by the whole command, {time.monotonic() - begun:.0f} s")
        after = verify.faults(db.session(), settings.current().keys)
        print(f"{name}: {len(after)} faults after all was put right", *after[:20], sep="\n  ", flush=True)
        db.session.remove()
        db.engine.dispose()
    return len(found) + len(counts.missed) + len(whole.missed) + len(after)


def main() -> None:
    """Build the demo, change it in every way, print the counts; exit 1 when anything was missed."""
    from tests.speed.pages import built, copied, postgresql

    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    ask.add_argument("--rows", type=int, default=20, help="rows of each table")
    ask.add_argument("--all", action="store_true", help=f"every row of the logged tables, {OWN_ROWS} of the log's own")
    ask.add_argument("--random", type=int, default=300, help="changes for the whole command")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--only", default="", help="tables whose name holds this")
    given = ask.parse_args()
    rows, missed = None if given.all else given.rows, 0
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "demo"
        app = built(data)
        if given.database != "sqlite":
            with postgresql(Path(folder) / "pg") as url:
                missed += run(copied(app, data, url), rows, given.random, given.seed, given.only)
        if given.database != "postgresql":
            missed += run(app, rows, given.random, given.seed, given.only)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
