"""Whether the log and the rows are what was written: every fault, named by table, row, column or file.

The tree is built anew from the events (RFC 9162), each event's leaf, digest and code are made again, head
and checkpoints are compared, and the last state that the events tell of each row is held against the row itself, both
ways. Everything is read raw (see `stored`) and as of one moment. A payload may be gone only where a later redaction
says so, and then what the redaction retells stands in for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, create_engine, inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from controls.base import checkpoint, keys
from controls.base.audit import UNCOVERED, EventRow, HeadRow, ToldRow, event_code, head_code, rows_told, uncovered
from controls.base.checkpoint import Checkpoint
from controls.base.db import Base, snapshot
from controls.base.fault import Fault
from controls.base.merkle import append, canonical, frontier_root, leaf_hash, payload_digest
from controls.base.redaction import ACTION, Retold, retold
from controls.base.stored import INEXACT, Cells, Line, any_bytes, stream
from controls.base.why import N_, Why

__all__ = ["CHECKS", "Fault", "Verifier", "faults"]

CHECKS: list[Callable[[Session], Iterable[Fault]]] = []
"""Filled by wiring: what else must hold (evidence files are what their names say; the history kept the rules)."""

FORM = Why("log.form", N_("Log, event {row}: the column {column} is not stored in the form in which it was written."))
GAP = Why("log.gap", N_("Log, event {row}: the number follows {before}; an event was removed or put in."))
GONE = Why("log.gone", N_("Log, event {row}: the content is gone, and no redaction tells of it."))
SALT = Why("log.salt", N_("Log, event {row}: the salt was to be removed with the content."))
BACK = Why("log.back", N_("Log, event {row}: the content was removed by a redaction and is there again."))
CANONICAL = Why("log.canonical", N_("Log, event {row}: the content cannot be read."))
DIGEST = Why("log.digest", N_("Log, event {row}: the content does not fit its digest."))
REASON = Why("log.reason", N_("Log, event {row}: the reason is not the one in the event's content."))
LEAF = Why("log.leaf", N_("Log, event {row}: the columns do not fit the leaf hash; at least one was changed."))
CODE = Why("log.code", N_("Log, event {row}: the code was not made with this installation's key."))
VERSION = Why("log.version", N_("Log, event {row}: the object's version is not the one in the event's content."))
ALONE = Why("log.alone", N_("Log, event {row}: the same person asked for the redaction and approved it."))
LISTED = Why("log.listed", N_("List of rows told: it does not hold what event {row} tells of."))
UNASKED = Why("log.unasked", N_("List of rows told: it names event {row}, which is not in the log."))
HEADLESS = Why("head.gone", N_("The log's head is missing."))
HEADS = Why("head.more", N_("The log has more than one head."))
HEAD_FORM = Why("head.form", N_("The log's head: {column} is not stored in the form in which it was written."))
HEAD_SIZE = Why("head.size", N_("The log's head says {said} events, the log has {found}."))
HEAD_ROOT = Why("head.root", N_("The log's head: the root is not the root of the events' tree."))
HEAD_CODE = Why("head.code", N_("The log's head: the code was not made with this installation's key."))
NO_TABLE = Why("row.table", N_("The table {table} is missing."))
UNTOLD = Why("row.untold", N_("Table {table}, row {row}: no event tells of the row; it was put in past the product."))
TWICE = Why("row.twice", N_("Table {table}, row {row}: the row is there twice."))
REMOVED = Why("row.removed", N_("Table {table}, row {row}: the row stands in the log and is gone."))
LOST = Why("row.lost", N_("Table {table}, row {row}: event {seq}, the last one about the row, cannot be read."))
CELL = Why("row.cell", N_("Table {table}, row {row}, column {column}: it is not what event {seq} wrote."))
CELL_FORM = Why(
    "row.form", N_("Table {table}, row {row}, column {column}: it is not stored in the form in which it was written.")
)
UNCHECKED = Why(
    "check.stopped", N_("A further check ({check}) stopped at a value that the product does not write: {error}")
)

Told = tuple[int, Mapping[str, Any] | None]
"""The last event about a row, and the state it tells; None when it cannot be read."""
AT_ONCE = 500
BY_ONE = 50_000
"""Events that one process checks alone: another takes a second to start."""
BELOW = -(2**62)
"""Below every number of an event."""


def faults(session: Session, folder: Path, given: Iterable[tuple[str, Checkpoint]] = ()) -> list[Fault]:
    """All faults, as of one moment; `given` are checkpoints from outside by name. Nothing found: all is sound."""
    with snapshot() as opened:
        return _tolerant(opened.connection(), lambda: _all(opened, folder, given))


def _tolerant(connection: Connection, read: Callable[[], Iterable[Fault]]) -> list[Fault]:
    """The faults; with texts that are no UTF-8 read as bytes when there are any."""
    try:
        return list(read())
    except OperationalError as error:
        if "decode" not in str(error):
            raise
    with any_bytes(connection):
        return list(read())


def _all(session: Session, folder: Path, given: Iterable[tuple[str, Checkpoint]]) -> Iterator[Fault]:
    verifier = Verifier(session, folder)
    yield from verifier.log(given)
    yield from verifier.rows()
    for check in CHECKS:
        try:
            yield from check(session)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            yield Fault(UNCHECKED, facts={"check": check.__qualname__, "error": f"{type(error).__name__}: {error}"})


class Verifier:
    """Checks against what one session reads: all of the log, all rows, or one event or row for itself."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.key, self.folder = keys.mac_key(folder), folder
        self.connection = session.connection()
        self.taken: dict[int, Retold] = retold(session)
        self.retelling = {one.by for one in self.taken.values()}
        self.tables = {
            mapper.class_.__tablename__: Cells(mapper.class_, self.connection.dialect)
            for mapper in sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__tablename__)
            if mapper.class_.__table__.info.get("log", True)
        }
        self.events = Cells(EventRow, self.connection.dialect)
        self.heads = Cells(HeadRow, self.connection.dialect)
        self._at = {name: at for at, name in enumerate(self.events.names)}
        self._lines = {left: Line(self.events, left) for left in (UNCOVERED, UNCOVERED - {"reason"})}
        self._rest = [(self._at[name], kind) for name, kind in (
            ("reason", str), ("payload", str), ("salt", bytes), ("leaf", bytes), ("mac", bytes))]  # fmt: skip

    def log(self, given: Iterable[tuple[str, Checkpoint]] = ()) -> Iterator[Fault]:
        """Every event, the head, and every checkpoint: those in the key folder and those given."""
        half = self._half()
        with ExitStack() as stack:
            lower: Callable[[], list[Fault]] = list
            if (
                half != BELOW
            ):  # old events stay and a removal tells of itself: the other process may read a moment apart
                pool = stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
                lower = pool.submit(_until, _address(self.connection), self.folder, half).result
            upper = list(self.events_of("seq > :half", half))
            yield from lower()
            yield from upper
        yield from self._tree(given)

    def _half(self) -> int:
        """The last number of a long log's lower half, which another process checks; below all when it is short."""
        found = stream(self.connection, "SELECT count(*), max(seq) FROM base_event")
        ((count, last),) = list(found)
        return int(last) // 2 if count > BY_ONE else BELOW

    def events_of(self, part: str, half: int) -> Iterator[Fault]:
        """Every event of a part of the log, for itself and with the list of the rows it tells of."""
        listed = _Listed(self.connection, part, half)
        for raw in self.events.all(self.connection, "seq", part, half=half):
            seq = raw[0]
            payload, told = self._payload(raw)
            yield from self._event(raw, payload)
            if payload is not None and listed.of(seq) != told:
                yield Fault(LISTED, "base_told", str(seq))
        yield from (Fault(UNASKED, "base_told", str(seq)) for seq in listed.left())

    def _tree(self, given: Iterable[tuple[str, Checkpoint]]) -> Iterator[Fault]:
        """The tree of the leaves, with every number in its turn, against head and checkpoints."""
        frontier: list[bytes] = []
        size = before = 0
        notes = checkpoint.Notes(self.folder, given)
        yield from notes.unsigned
        for seq, leaf in stream(self.connection, "SELECT seq, leaf FROM base_event ORDER BY seq"):
            if seq != before + 1:
                yield Fault(GAP, "base_event", str(seq), "seq", facts={"before": before})
            append(frontier, size, leaf if type(leaf) is bytes else b"")
            size, before = size + 1, seq
            if size in notes.sizes:
                yield from notes.at(size, frontier_root(frontier))
        yield from notes.beyond(size)
        yield from self._head(size, frontier)

    def event(self, seq: int) -> Iterator[Fault]:
        """One event by its number: what can be said of it without reading the others."""
        found = self.events.some(self.connection, "seq", seq)
        if len(found) != 1:
            yield Fault(GAP, "base_event", str(seq), "seq", facts={"before": seq - 1})
        listed = {(table, id) for _, table, id in Cells(ToldRow, self.connection.dialect).some(
            self.connection, "seq", seq)}  # fmt: skip
        for raw in found:
            payload, told = self._payload(raw)
            yield from self._event(raw, payload)
            if payload is not None and listed != told:
                yield Fault(LISTED, "base_told", str(seq))

    def _payload(self, raw: Any) -> tuple[dict[str, Any] | None, set[tuple[str, int]]]:
        """What the event tells and of which rows, or what the redaction that took it away retells; None: unreadable."""
        text, taken = raw[self._at["payload"]], self.taken.get(raw[0])
        try:
            held: dict[str, Any] = orjson.loads(text or "") if taken is None or text else dict(taken.payload)
            return held, rows_told(held)
        except (AttributeError, TypeError, ValueError, KeyError):
            return None, set()

    def _event(self, raw: Any, payload: dict[str, Any] | None) -> Iterator[Fault]:
        seq, at = raw[0], self._at
        try:
            entry = self._lines[uncovered(payload or {"reason": ""})].of(raw)
            exact = not [place for place, kind in self._rest if raw[place] is not None and type(raw[place]) is not kind]
        except ValueError:
            exact = False
        if not exact:
            for name, value in zip(self.events.names, self.events.plain(raw), strict=True):
                if value is INEXACT:
                    yield Fault(FORM, "base_event", str(seq), name)
            return
        for why, column in self._wrong(seq, raw, payload):
            yield Fault(why, "base_event", str(seq), column)
        leaf = raw[at["leaf"]]
        if leaf_hash(entry) != leaf:
            yield Fault(LEAF, "base_event", str(seq), "leaf")
        if leaf is None or event_code(self.key, leaf) != raw[at["mac"]]:
            yield Fault(CODE, "base_event", str(seq), "mac")

    def _wrong(self, seq: int, raw: Any, payload: dict[str, Any] | None) -> Iterator[tuple[Why, str]]:
        at, taken = self._at, seq in self.taken
        text, salt, reason = raw[at["payload"]], raw[at["salt"]], raw[at["reason"]]
        if text is None:
            if not taken:
                yield GONE, "payload"
            if salt is not None:
                yield SALT, "salt"
        else:
            if taken:
                yield BACK, "payload"
            if payload_digest(salt or b"", text) != raw[at["payload_digest"]]:  # of the very bytes that are stored
                yield DIGEST, "payload"
            if payload is None:
                yield CANONICAL, "payload"
        if payload is None:
            return
        if reason != payload.get("reason", reason):
            yield REASON, "reason"
        kind, id, version = raw[at["object_type"]], raw[at["object_id"]], raw[at["object_version"]]
        for one in payload["rows"]:
            if one["id"] == id and one["table"] == kind and one["state"].get("version", version) != version:
                yield VERSION, "object_version"
        if raw[at["action"]] == ACTION and payload["fields"].get("asked_by_id") in (None, raw[at["person_id"]]):
            yield ALONE, "person_id"

    def _head(self, size: int, frontier: list[bytes]) -> Iterator[Fault]:
        found = list(self.heads.all(self.connection, "id"))
        if not found and size:
            yield Fault(HEADLESS, "base_log_head", "1")
        if len(found) > 1:
            yield Fault(HEADS, "base_log_head")
        for raw in found[:1]:
            held = dict(zip(self.heads.names, raw, strict=True))
            if INEXACT in (values := self.heads.plain(raw)) or None in values or held["id"] != 1:
                for name, value in zip(self.heads.names, values, strict=True):
                    if value is INEXACT or value is None or (name == "id" and value != 1):
                        yield Fault(HEAD_FORM, "base_log_head", "1", name)
                continue
            stored, root = b"".join(frontier), frontier_root(frontier)
            if held["size"] != size:
                facts = {"said": held["size"], "found": size}
                yield Fault(HEAD_SIZE, "base_log_head", "1", "size", facts=facts)
            if held["frontier"] != stored or held["root"] != root:
                yield Fault(HEAD_ROOT, "base_log_head", "1", "root")
            whole = 0 <= held["size"] < 2**63
            if not whole or held["mac"] != head_code(self.key, held["size"], held["frontier"], held["root"]):
                yield Fault(HEAD_CODE, "base_log_head", "1", "mac")

    def rows(self) -> Iterator[Fault]:
        """Every logged row against the last event about it, both ways."""
        there = set(inspect(self.connection).get_table_names())
        for name, cells in self.tables.items():
            if name in there:
                yield from self._table(name, cells)
            else:
                yield Fault(NO_TABLE, name)

    def _table(self, name: str, cells: Cells) -> Iterator[Fault]:
        """Rows and what is told of them, both in the order of the ids, read side by side."""
        told = self._states(name)
        last: Any = None
        expected = next(told, None)
        at = cells.names.index("id")
        for raw in cells.all(self.connection, "id"):
            id = raw[at]
            if type(id) is not int:
                yield Fault(CELL_FORM, name, str(id), "id")
                continue
            while expected is not None and expected[0] < id:
                yield Fault(REMOVED, name, str(expected[0]))
                expected = next(told, None)
            if last == id:
                yield Fault(TWICE, name, str(id))
            elif expected is None or expected[0] != id:
                yield Fault(UNTOLD, name, str(id))
            else:
                yield from self._cells(name, id, cells, raw, expected[1])
                expected = next(told, None)
            last = id
        while expected is not None:
            yield Fault(REMOVED, name, str(expected[0]))
            expected = next(told, None)

    def row(self, table: str, id: int) -> list[Fault]:
        """One row against the last event about it."""
        cells = self.tables[table]
        told = dict(self._states(table, id))
        found = cells.some(self.connection, "id", id)
        if not found:
            return [Fault(REMOVED, table, str(id))] if told else []
        if len(found) > 1:
            return [Fault(TWICE, table, str(id))]
        return list(self._cells(table, id, cells, found[0], told[id])) if told else [Fault(UNTOLD, table, str(id))]

    def _states(self, table: str, id: int | None = None) -> Iterator[tuple[int, Told]]:
        """Each row's last event with the state it tells, in the order of ids; the list it reads is checked by `log`."""
        one = "" if id is None else " AND row_id = :id"
        found = stream(
            self.connection,
            f"SELECT row_id, max(seq) FROM base_told WHERE table_name = :name{one} GROUP BY row_id ORDER BY row_id",  # nosec B608
            **({"name": table} if id is None else {"name": table, "id": id}),
        )
        kept: dict[int, dict[tuple[str, int], Any]] = {}
        while chunk := list(islice(found, AT_ONCE)):
            wanted = {seq for _, seq in chunk}
            kept = {seq: states for seq, states in kept.items() if seq in wanted}
            kept |= self._read(wanted - kept.keys())
            for row_id, seq in chunk:
                state = kept.get(seq, {}).get((table, row_id))
                yield row_id, (seq, state) if state is not None else self._earlier(table, row_id, seq)

    def _earlier(self, table: str, id: int, last: int) -> Told:
        """A redaction retells rows of earlier events: the last that wrote the row itself."""
        sql = "SELECT seq FROM base_told WHERE table_name = :name AND row_id = :id AND seq < :last ORDER BY seq DESC"
        if last in self.retelling:
            for (seq,) in list(stream(self.connection, sql, name=table, id=id, last=last)):
                state = self._read({seq}).get(seq, {}).get((table, id))
                if state is not None or seq not in self.retelling:
                    return seq, state
        return last, None

    def _read(self, wanted: set[int]) -> dict[int, dict[tuple[str, int], Any]]:
        """The states that these events tell of rows, those they retell included."""
        found = {}
        for raw in self.connection.execute(
            select(EventRow.seq, EventRow.payload).where(EventRow.seq.in_(sorted(wanted)))
        ):
            try:
                taken = self.taken.get(raw[0])
                payload = orjson.loads(raw[1]) if raw[1] else taken.payload if taken else {}
                found[raw[0]] = {(one["table"], one["id"]): one["state"] for one in payload["rows"]}
            except (AttributeError, TypeError, ValueError, KeyError):
                continue
        return found

    def _cells(self, table: str, id: int, cells: Cells, raw: Any, told: Told) -> Iterator[Fault]:
        seq, state = told
        if state is None:
            yield Fault(LOST, table, str(id), facts={"seq": seq})
            return
        for name, column, value in zip(cells.names, cells.columns, cells.plain(raw), strict=True):
            if value is INEXACT:
                yield Fault(CELL_FORM, table, str(id), name)
            elif not same(value, state[name] if name in state else _at_birth(column)):
                yield Fault(CELL, table, str(id), name, facts={"seq": seq})


def _address(connection: Connection) -> str:
    return connection.engine.url.render_as_string(hide_password=False)


def _until(address: str, folder: Path, half: int) -> list[Fault]:
    """The lower half of a long log, by a process and a connection of its own."""
    with Session(create_engine(address)) as session:
        return _tolerant(session.connection(), lambda: Verifier(session, folder).events_of("seq <= :half", half))


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are the same to the letter: 1, 1.0 and true are three."""
    if isinstance(one, dict | list | float):
        return canonical(one) == canonical(other)
    return type(one) is type(other) and one == other


def _at_birth(column: Any) -> Any:
    """What a migration gave the rows that were there, when the last event about them is older than the column."""
    if column.nullable or column.default is None or not column.default.is_scalar:
        return None
    value = column.default.arg
    return getattr(value, "value", value)


class _Listed:
    """The rows listed for each event, read along with the events."""

    def __init__(self, connection: Connection, part: str, half: int) -> None:
        self._rows = stream(
            connection, f"SELECT seq, table_name, row_id FROM base_told WHERE {part} ORDER BY seq", half=half  # nosec B608
        )  # fmt: skip
        self._next = next(self._rows, None)
        self._passed: dict[int, None] = {}

    def of(self, seq: int) -> set[tuple[str, int]]:
        """The rows listed for the event with this number."""
        found = set()
        while (row := self._next) is not None and type(row[0]) is int and row[0] <= seq:
            if row[0] == seq:
                found.add((row[1], row[2]))
            else:
                self._passed[row[0]] = None
            self._next = next(self._rows, None)
        return found

    def left(self) -> Iterator[int]:
        """The numbers that no event asked for, each once."""
        if self._next is not None:
            self._passed |= dict.fromkeys(row[0] for row in (self._next, *self._rows))
        return iter(self._passed)
