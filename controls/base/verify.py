"""Whether the log and the rows are what was written: every fault, named by table, row and column.

The tree is built anew from the events (RFC 9162), each event's canonical form, digests and code are made again, the
head is compared, and the last state that the events tell of each row is held against the row itself, both ways.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controls.base import keys
from controls.base.audit import EventRow, HeadRow, event_code, head_code, leaf_entry, state
from controls.base.db import Base
from controls.base.merkle import append, canonical, frontier_root, leaf_hash, payload_digest


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
    size = 0
    for row in session.scalars(select(EventRow).order_by(EventRow.seq).execution_options(yield_per=1000)):
        for column, what in _event(row, key):
            yield Fault("base_event", f"seq {row.seq}", column, what)
        if row.seq != size + 1:
            yield Fault("base_event", f"seq {row.seq}", "seq", f"follows {size}: an event is missing or was put in")
        append(frontier, size, row.leaf)
        size += 1
        _replay(row, states)
        session.expunge(row)
    yield from _head(session.get(HeadRow, 1), key, size, frontier)


def _event(row: EventRow, key: bytes) -> Iterator[tuple[str, str]]:
    try:
        exact = canonical(json.loads(row.payload)) == row.payload
    except (TypeError, ValueError):
        exact = False
    if not exact:
        yield "payload", "is not in the canonical form in which it was written"
    if payload_digest(row.salt, row.payload or "") != row.payload_digest:
        yield "payload", "does not fit its digest"
    if leaf_hash(leaf_entry(row)) != row.leaf:
        yield "leaf", "does not fit the event's columns"
    if event_code(key, row.leaf) != row.mac:
        yield "mac", "was not made with this installation's key"


def _replay(row: EventRow, states: States) -> None:
    try:
        told = json.loads(row.payload)["rows"]
    except (TypeError, ValueError, KeyError):
        return
    for one in told:
        states[one["table"], one["id"]] = one["state"]


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
