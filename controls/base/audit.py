"""The log: one event per action, in the same transaction as the change, as a leaf of a Merkle tree (RFC 9162).

`record` flushes and takes the state of every row that changed since the event before it, so no changed row can
be left out; `seal` gives the events their gapless numbers just before the commit and refuses rows without one.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String, Text, event, func, inspect, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from controls.base.by import By
from controls.base.db import AFTERWARDS, BEFORE_COMMIT, Model, UtcTime, db
from controls.base.merkle import canonical, leaf_hash, payload_digest, plain

UNLOGGED = {"log": False}
"""Table info of what is no content: drafts, sign-in rows, request keys (security.md names them)."""


class EventRow(Model):
    """One line of the log."""

    __tablename__ = "base_event"
    __table_args__ = (Index("ix_base_event_object", "object_type", "object_id"), {"info": UNLOGGED})

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    person_id: Mapped[int | None]
    person_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(40))
    on_behalf_of: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text)
    request_key: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(80), index=True)
    object_type: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[int | None]
    object_version: Mapped[int | None]
    organisation_id: Mapped[int | None] = mapped_column(index=True)
    payload: Mapped[str] = mapped_column(Text)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))


@dataclass(frozen=True)
class Event:
    """A declared event: its name, its words for the reader, and the fields it carries beside the rows."""

    name: str
    label: str
    fields: tuple[str, ...] = ()


EVENTS: dict[str, Event] = {}


def declare(name: str, label: str, *fields: str) -> Event:
    """Declare an event once, at the top of an `actions.py`."""
    if name in EVENTS:
        raise ValueError(f"event {name} is declared twice")
    EVENTS[name] = Event(name, label, fields)
    return EVENTS[name]


def state(row: Any) -> dict[str, Any]:
    """Every column of a row, by name, in the form JSON can carry."""
    mapper = inspect(row).mapper
    return {column.key: plain(getattr(row, column.key)) for column in mapper.column_attrs}


def record(by: By, what: Event, subject: Any, /, organisation_id: int | None = None, **fields: Any) -> None:
    """Append one event about `subject`, with the state of every row changed since the last event."""
    if set(fields) - set(what.fields):
        raise ValueError(f"{what.name} does not declare {set(fields) - set(what.fields)}")
    session = db.session()
    session.flush()
    changed = session.info.setdefault("changed", {})
    rows = [{"table": row.__tablename__, "id": row.id, "state": state(row)} for row in changed.values()]
    changed.clear()
    payload = canonical({"fields": {key: plain(value) for key, value in fields.items()}, "rows": rows})
    organisation = organisation_id or getattr(subject, "organisation_id", None) or by.organisation_id
    session.info.setdefault("events", []).append(
        EventRow(
            at=by.at, person_id=by.person_id, person_name=by.name, role=by.role, on_behalf_of=None, reason=by.reason,
            request_key=by.request_key, action=what.name, object_type=subject.__tablename__, object_id=subject.id,
            object_version=getattr(subject, "version", None), organisation_id=organisation, payload=payload,
        )
    )  # fmt: skip


def leaf_entry(row: EventRow) -> bytes:
    """What the leaf covers: every column but the payload itself, which stands in by its digest."""
    names = [c.key for c in inspect(row).mapper.column_attrs if c.key not in ("payload", "salt", "leaf")]
    return canonical({name: plain(getattr(row, name)) for name in names}).encode()


def seal(session: Session) -> None:
    """Number and hash the transaction's events; refuse a change that no event tells of."""
    session.flush()
    left = session.info.get("changed", {})
    if left:
        raise RuntimeError(f"changed without an event: {sorted({r.__tablename__ for r in left.values()})}")
    events = session.info.get("events", [])
    if not events:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(7203)"))
    last = session.scalar(select(func.max(EventRow.seq))) or 0
    for seq, row in enumerate(events, last + 1):
        row.seq, row.salt = seq, secrets.token_bytes(16)
        row.payload_digest = payload_digest(row.salt, row.payload)
        row.leaf = leaf_hash(leaf_entry(row))
    session.add_all(events)
    session.flush()


def forget(session: Session) -> None:
    """Drop what a transaction had gathered (committed or not)."""
    session.info.pop("events", None)
    session.info.pop("changed", None)


def _logged(session: Session) -> Iterator[Any]:
    for row in session.new:
        if row.__table__.info.get("log", True):
            yield row
    for row in session.dirty:
        if row.__table__.info.get("log", True) and session.is_modified(row):
            yield row


@event.listens_for(Session, "before_flush")
def _gather(session: Session, context: Any, instances: Any) -> None:
    changed = session.info.setdefault("changed", {})
    for row in _logged(session):
        changed[id(row)] = row
    gone = [row for row in session.deleted if row.__table__.info.get("log", True)]
    if gone:
        raise RuntimeError(f"rows are never deleted: {sorted({r.__tablename__ for r in gone})}")


BEFORE_COMMIT.append(seal)
AFTERWARDS.append(forget)
