"""Whether the log and the rows are what was written: every fault, named by table, row and column.

The tree is built anew from the events (RFC 9162), each event's canonical form, digests and code are made again, the
head is compared, and the last state that the events tell of each row is held against the row itself, both ways. A
payload may be gone only where a later redaction says so, and then what the redaction retells stands in for it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controls.base import keys
from controls.base.audit import (
    EventRow,
    HeadRow,
    ToldRow,
    event_code,
    head_code,
    leaf_entry,
    rows_told,
    state,
    uncovered,
)  # fmt: skip
from controls.base.db import Base
from controls.base.merkle import append, canonical, frontier_root, leaf_hash, payload_digest
from controls.base.redaction import ACTION, Retold, retold


@dataclass(frozen=True)
class Fault:
    """One thing that is not what was written."""

    table: str
    row: str
    column: str
    what: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.table, self.row, self.column) if part) + f": {self.what}"


States = dict[tuple[str, int], dict[str, Any]]


def faults(session: Session, folder: Path) -> list[Fault]:
    """All faults of the log, its head and the logged rows; an empty list when everything is sound."""
    states: States = {}
    return [*_log(session, keys.mac_key(folder), states), *_rows(session, states)]


def _log(session: Session, key: bytes, states: States) -> Iterator[Fault]:
    frontier: list[bytes] = []
    size, taken, listed = 0, retold(session), _Listed(session)
    for row in session.scalars(select(EventRow).order_by(EventRow.seq).execution_options(yield_per=1000)):
        payload = _payload(row, taken.get(row.seq))
        for column, what in _event(row, payload, row.seq in taken, key):
            yield Fault("base_event", f"seq {row.seq}", column, what)
        if row.seq != size + 1:
            yield Fault("base_event", f"seq {row.seq}", "seq", f"follows {size}: an event is missing or was put in")
        if payload is not None and listed.of(row.seq) != rows_told(payload):
            yield Fault("base_told", f"seq {row.seq}", "", "does not list the rows that the event tells of")
        append(frontier, size, row.leaf)
        size += 1
        for one in payload["rows"] if payload else ():
            states[one["table"], one["id"]] = one["state"]
        session.expunge(row)
    for seq in listed.left():
        yield Fault("base_told", f"seq {seq}", "", "lists rows for an event that is not there")
    yield from _head(session.get(HeadRow, 1), key, size, frontier)


class _Listed:
    """The rows listed for each event, read along with the events."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(select(ToldRow.seq, ToldRow.table_name, ToldRow.row_id).order_by(ToldRow.seq)
                               .execution_options(yield_per=1000))  # fmt: skip
        self._groups = ((seq, {(table, id) for _, table, id in group}) for seq, group in groupby(rows, itemgetter(0)))
        self._next = next(self._groups, None)
        self._passed: list[int] = []

    def of(self, seq: int) -> set[tuple[str, int]]:
        """The rows listed for the event with this number."""
        while self._next is not None and self._next[0] < seq:
            self._passed.append(self._next[0])
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != seq:
            return set()
        found, self._next = self._next[1], next(self._groups, None)
        return found

    def left(self) -> Iterator[int]:
        """The numbers that no event asked for."""
        yield from self._passed
        if self._next is not None:
            yield self._next[0]
        yield from (seq for seq, _ in self._groups)


def _payload(row: EventRow, taken: Retold | None) -> dict[str, Any] | None:
    """What the event tells, or what the redaction that took it away retells; None when it cannot be read."""
    try:
        held: dict[str, Any] = json.loads(row.payload or "") if taken is None or row.payload else dict(taken.payload)
        rows_told(held)
    except (AttributeError, TypeError, ValueError, KeyError):
        return None
    return held


def _event(row: EventRow, payload: dict[str, Any] | None, taken: bool, key: bytes) -> Iterator[tuple[str, str]]:
    if row.payload is None:
        if not taken:
            yield "payload", "is gone, and no redaction tells of it"
        if row.salt is not None:
            yield "salt", "was to be removed with the payload"
    else:
        if taken:
            yield "payload", "was removed by a redaction and is there again"
        if payload is None or canonical(payload) != row.payload:
            yield "payload", "is not in the canonical form in which it was written"
        if payload_digest(row.salt or b"", row.payload) != row.payload_digest:
            yield "payload", "does not fit its digest"
    if payload is not None and row.reason != payload.get("reason", row.reason):
        yield "reason", "is not the reason that the event tells"
    if leaf_hash(leaf_entry(row, uncovered(payload or {"reason": ""}))) != row.leaf:
        yield "leaf", "does not fit the event's columns"
    if event_code(key, row.leaf) != row.mac:
        yield "mac", "was not made with this installation's key"
    if row.action == ACTION and payload is not None and payload["fields"].get("asked_by_id") in (None, row.person_id):
        yield "person_id", "asked for the redaction and approved it"


def _head(head: HeadRow | None, key: bytes, size: int, frontier: list[bytes]) -> Iterator[Fault]:
    if head is None:
        if size:
            yield Fault("base_log_head", "1", "", "is missing")
        return
    stored, root = b"".join(frontier), frontier_root(frontier)
    if head.size != size:
        yield Fault("base_log_head", "1", "size", f"says {head.size}, the log has {size} events")
    if head.frontier != stored or head.root != root:
        yield Fault("base_log_head", "1", "root", "is not the root of the events' tree")
    if head.mac != head_code(key, head.size, head.frontier, head.root):
        yield Fault("base_log_head", "1", "mac", "was not made with this installation's key")


def _rows(session: Session, states: States) -> Iterator[Fault]:
    left = dict(states)
    for mapper in sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__tablename__):
        table = mapper.class_.__tablename__
        if not mapper.class_.__table__.info.get("log", True):
            continue
        for row in session.scalars(select(mapper.class_).execution_options(yield_per=1000)):
            told = left.pop((table, row.id), None)
            if told is None:
                yield Fault(table, str(row.id), "", "stands in no event")
                continue
            now = json.loads(canonical(state(row)))
            for column in sorted(now.keys() | told.keys()):
                if canonical(now.get(column)) != canonical(told.get(column)):
                    yield Fault(table, str(row.id), column, "is not what the last event about it says")
            session.expunge(row)
    for table, id in sorted(left):
        yield Fault(table, str(id), "", "stands in the log and is gone")
