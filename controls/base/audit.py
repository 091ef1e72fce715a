"""The log: one event per action, in the same transaction as the change, as a leaf of a Merkle tree (RFC 9162).

`record` flushes and takes the state of every row that changed since the event before it, so no changed row can
be left out; `seal` gives the events their gapless numbers just before the commit and refuses rows without one.
Each event and the one head row carry a code under a key that lies outside the database. What a redaction must be
able to take away (the states, the fields, the reason) stands in the payload only, which the leaf covers by its digest.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)  # fmt: skip
from sqlalchemy.orm import Mapped, Session, mapped_column

from controls.base import keys, settings
from controls.base.by import By
from controls.base.db import AFTERWARDS, BEFORE_COMMIT, Base, Model, UtcTime, db
from controls.base.fault import CannotTell
from controls.base.merkle import HASH, append, canonical, frontier_root, leaf_hash, payload_digest, plain
from controls.base.why import N_, Refused, Why

SECRET = {"secret": True}
"""Column info of what the log tells only by its SHA-256: the log is kept for good and read by many."""

UNLOGGED = {"log": False}
"""Table info of what is no content: drafts, sign-in rows, request keys (security.md names them)."""


class EventRow(Model):
    """One line of the log."""

    __tablename__ = "base_event"
    __table_args__ = (
        Index("ix_base_event_object", "object_type", "object_id"),
        Index("ix_base_event_organisation", "organisation_id", "seq"),
        Index("ix_base_event_person", "person_id", "seq"),
        Index("ix_base_event_action", "action", "seq"),
        Index("ix_base_event_kind", "object_type", "seq"),
        Index("ix_base_event_at", "at"),
        {"info": UNLOGGED},
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    person_id: Mapped[int | None]
    person_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(40))
    on_behalf_of: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text)
    request_key: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(80))
    object_type: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[int | None]
    object_version: Mapped[int | None]
    organisation_id: Mapped[int | None]
    payload: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))
    mac: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class ToldRow(Model):
    """Which rows an event tells of: derived from the payloads, so that one row's history is found without reading all.

    The verification makes it anew and compares.
    """

    __tablename__ = "base_told"
    __table_args__ = (Index("ix_base_told_row", "table_name", "row_id", "seq"), {"info": UNLOGGED})

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    table_name: Mapped[str] = mapped_column(String(60), primary_key=True)
    row_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class HeadRow(Model):
    """The log's one head: its size and the roots of its full subtrees, with a code over both."""

    __tablename__ = "base_log_head"
    __table_args__ = {"info": UNLOGGED}

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int]
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


class Broken(CannotTell):
    """The log cannot be continued: what is stored is not what was written."""


EMPTY = Why("log.empty", N_("The log is empty."))
NO_HEAD = Why(
    "log.no_head",
    N_("The log has events but no head. Run “flask audit adopt” after an upgrade, else “flask audit verify”."),
)
WRONG_HEAD = Why("log.wrong_head", N_("The log's head is not what this installation wrote. Run “flask audit verify”."))
ADOPTED = Why("log.adopted", N_("The log carries codes already; only a log from before they were made can be adopted."))
UNFIT = Why("log.unfit", N_("Event {row} is not what was written; the log cannot be adopted."))


@dataclass(frozen=True)
class Sealed:
    """What a transaction made of the log: its size and root, and the time of its last event."""

    size: int
    root: bytes
    at: datetime


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
    """Every column of a row, by name, in the form JSON can carry; a secret one only by its digest."""
    mapper = inspect(row).mapper
    return {column.key: _told(column, getattr(row, column.key)) for column in mapper.column_attrs}


def _told(column: Any, value: Any) -> Any:
    if value is None or not column.columns[0].info.get("secret"):
        return plain(value)
    return hashlib.sha256(str(value).encode()).hexdigest()


def record(by: By, what: Event, subject: Any, /, organisation_id: int | None = None, **fields: Any) -> None:
    """Append one event about `subject`, with the state of every row changed since the last event."""
    if set(fields) - set(what.fields):
        raise ValueError(f"{what.name} does not declare {set(fields) - set(what.fields)}")
    session = db.session()
    session.flush()
    changed = session.info.setdefault("changed", {})
    rows = [{"table": row.__tablename__, "id": row.id, "state": state(row)} for row in changed.values()]
    changed.clear()
    payload = {"fields": {key: plain(value) for key, value in fields.items()}, "reason": by.reason, "rows": rows}
    organisation = organisation_id or getattr(subject, "organisation_id", None) or by.organisation_id
    session.info.setdefault("events", []).append(
        EventRow(
            at=by.at, person_id=by.person_id, person_name=by.name, role=by.role, on_behalf_of=by.on_behalf_of,
            reason=by.reason,
            request_key=by.request_key, action=what.name, object_type=subject.__tablename__, object_id=subject.id,
            object_version=getattr(subject, "version", None), organisation_id=organisation,
            payload=canonical(payload),
        )
    )  # fmt: skip
    session.info.setdefault("told", []).append(rows_told(payload))


CLEANED = "cleaned"
"""The field in which a redaction retells the payloads it took away, by number, without what was removed."""


def rows_told(payload: Mapping[str, Any]) -> set[tuple[str, int]]:
    """Table and id of every row that a payload tells of, those it retells included."""
    rows = {(str(row["table"]), int(row["id"])) for row in payload["rows"]}
    again = payload["fields"].get(CLEANED)
    return rows.union(*(rows_told(one) for one in again.values())) if again else rows


UNCOVERED = frozenset({"payload", "reason", "salt", "leaf", "mac"})
"""Columns that an event's leaf does not cover: the payload, which tells the reason too, stands in by its digest."""


def leaf_entry(row: EventRow, uncovered: frozenset[str] = UNCOVERED) -> bytes:
    """What the leaf covers: every column but the payload and its copies, which stand in by the payload's digest."""
    names = [c.key for c in inspect(row).mapper.column_attrs if c.key not in uncovered]
    return canonical({name: plain(getattr(row, name)) for name in names}).encode()


def uncovered(payload: Mapping[str, Any]) -> frozenset[str]:
    """What the event's leaf does not cover; a payload of an early log does not tell the reason, so its leaf does."""
    return UNCOVERED if "reason" in payload else UNCOVERED - {"reason"}


def head_code(key: bytes, size: int, frontier: bytes, root: bytes) -> bytes:
    """The head's code."""
    return keys.code(key, b"head", size.to_bytes(8, "big"), root, frontier)


def event_code(key: bytes, leaf: bytes) -> bytes:
    """An event's code."""
    return keys.code(key, b"leaf", leaf)


def split(frontier: bytes) -> list[bytes]:
    """The hashes of a stored frontier."""
    return [frontier[start : start + HASH] for start in range(0, len(frontier), HASH)]


HEAD = cast(Table, HeadRow.__table__)
_SCHEMA = Table("alembic_version", Base.metadata, Column("version_num", String(32), primary_key=True), info=UNLOGGED)
_VERSION = select(func.max(_SCHEMA.c.version_num)).scalar_subquery().label("version")
_READ_HEAD = (
    select(HEAD.c.size, HEAD.c.frontier, HEAD.c.root, HEAD.c.mac, _VERSION)
    .where(HEAD.c.id == 1)
    .with_for_update(of=HEAD)
)
_MOVE_HEAD = update(HEAD).where(HEAD.c.id == 1).values(
    {name: bindparam(f"new_{name}") for name in ("size", "frontier", "root", "mac")}
)  # fmt: skip
KNOWN = max(path.name[:4] for path in (Path(__file__).parents[2] / "migrations" / "versions").glob("[0-9]*.py"))
"""The last step of the schema that this code was written for."""

NEWER = Why(
    "newer_schema",
    N_("The database has been upgraded to a newer version of Kontrolrul than this one. Nothing was saved."), 503,
)  # fmt: skip


def seal(session: Session) -> None:
    """Number and hash the transaction's events; refuse a change that no event tells of."""
    session.flush()
    left = session.info.get("changed", {})
    if left:
        raise RuntimeError(f"changed without an event: {sorted({r.__tablename__ for r in left.values()})}")
    events = session.info.get("events", [])
    if not events:
        return
    head = session.execute(_READ_HEAD).one_or_none() or _first(session)
    if head.version and head.version > KNOWN:
        raise Refused([NEWER()])
    key = keys.mac_key(settings.current().keys)
    if head.mac != head_code(key, head.size, head.frontier, head.root):
        raise Broken(WRONG_HEAD())
    frontier = split(head.frontier)
    for seq, row in enumerate(events, head.size + 1):
        row.seq, row.salt = seq, secrets.token_bytes(16)
        row.payload_digest = payload_digest(row.salt, row.payload or "")
        row.leaf = leaf_hash(leaf_entry(row))
        row.mac = event_code(key, row.leaf)
        append(frontier, seq - 1, row.leaf)
    session.add_all(events)
    session.flush()
    told = [
        {"seq": row.seq, "table_name": table, "row_id": id}
        for row, rows in zip(events, session.info["told"], strict=True)
        for table, id in rows
    ]
    if told:
        session.execute(insert(ToldRow), told)
    made = _head(key, head.size + len(events), frontier)
    session.execute(_MOVE_HEAD, {f"new_{name}": value for name, value in made.items()})
    session.info["sealed"] = Sealed(made["size"], made["root"], events[-1].at)


def _head(key: bytes, size: int, frontier: list[bytes]) -> dict[str, Any]:
    stored, root = b"".join(frontier), frontier_root(frontier)
    return {"size": size, "frontier": stored, "root": root, "mac": head_code(key, size, stored, root)}


def _first(session: Session) -> Any:
    """The head of an empty log, and its keys; a log with events never gets a new head, nor one with a head new keys."""
    _lock(session)
    head = session.execute(_READ_HEAD).one_or_none()
    if head is None:
        if session.scalar(select(func.max(EventRow.seq))):
            raise Broken(NO_HEAD())
        keys.ensure(settings.current().keys)
        session.execute(insert(HEAD).values(id=1, **_head(keys.mac_key(settings.current().keys), 0, [])))
        head = session.execute(_READ_HEAD).one()
    return head


def _lock(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(7203)"))


def adopt(session: Session) -> int:
    """Give a log from before the codes its codes and its head; its events must fit their leaves."""
    _lock(session)
    coded = session.scalar(select(func.count()).select_from(EventRow).where(EventRow.mac.is_not(None)))
    if coded or session.execute(_READ_HEAD).one_or_none() or list((settings.current().keys).glob("checkpoints/*")):
        raise Broken(ADOPTED())
    keys.ensure(settings.current().keys)
    key, frontier, size = keys.mac_key(settings.current().keys), list[bytes](), 0
    for row in session.scalars(select(EventRow).order_by(EventRow.seq)):
        payload = row.payload or ""
        fits = row.leaf == leaf_hash(leaf_entry(row, uncovered(json.loads(payload)))) and (
            row.payload_digest == payload_digest(row.salt or b"", payload)
        )
        if row.seq != size + 1 or not fits:
            raise Broken(UNFIT(row=row.seq))
        row.mac = event_code(key, row.leaf)
        append(frontier, size, row.leaf)
        size += 1
    session.execute(insert(HEAD).values(id=1, **_head(key, size, frontier)))
    return size


def forget(session: Session) -> None:
    """Drop what a transaction had gathered (committed or not)."""
    for name in ("events", "told", "changed", "sealed", "checkpoint"):
        session.info.pop(name, None)


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
