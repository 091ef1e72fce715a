"""Redaction: a personal text goes out of a row and of every event that tells it, and all proofs stay valid.

The events keep digest and leaf and lose payload and salt, so that the text cannot be guessed from what is left. The
redaction's own event retells their payloads without the text: the rest of the history is still read and replayed, and
what was retold can itself be redacted later.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from controls.base import seal
from controls.base.audit import CLEANED, EventRow, ToldRow, leaf_entry, state, uncovered
from controls.base.merkle import canonical, leaf_hash, payload_digest
from controls.base.why import N_, Refused, Why

ACTION = "history.redacted"
"""The event that tells of a redaction."""
SHORTEST = 12
"""A text at least this long is also taken out of longer texts that quote it."""

UNSOUND = Why(
    "redaction.unsound", N_("The log and the record do not agree. Verify the log before anything is removed."), 409
)
NOTHING = Why("redaction.nothing", N_("There is no such text, neither in the record nor in its history."), 409)


@dataclass(frozen=True)
class Retold:
    """A payload that was taken away, as the redaction with number `by` retells it."""

    by: int
    payload: Mapping[str, Any]


def retold(session: Session) -> dict[int, Retold]:
    """Every payload that was taken away, by its event's number; newest redaction first, since one may cover another."""
    found: dict[int, Retold] = {}
    rows = session.execute(
        select(EventRow.seq, EventRow.payload).where(EventRow.action == ACTION).order_by(EventRow.seq.desc())
    )
    for seq, payload in rows:
        with suppress(
            AttributeError, KeyError, TypeError, ValueError
        ):  # a payload that was tampered with retells nothing
            held = found[seq].payload if payload is None else json.loads(payload)
            for number, one in held["fields"][CLEANED].items():
                if int(number) < seq:
                    found.setdefault(int(number), Retold(seq, one))
    return found


@dataclass(frozen=True)
class Cell:
    """The text that is to go: a column of a row, or with a path a text inside the JSON that the column keeps."""

    table: str
    id: int
    column: str
    mark: str
    path: seal.Path = ()

    def text(self, state: Mapping[str, Any]) -> str | None:
        """The text in a state of the row."""
        value = state.get(self.column)
        return seal.found(json.loads(value), self.path) if self.path and value else value

    def without(self, state: Mapping[str, Any]) -> str:
        """The column without the text."""
        return seal.blank(state[self.column], self.path, self.mark) if self.path else self.mark


def clear(session: Session, row: Any, column: str, mark: str, path: seal.Path = ()) -> dict[str, Any]:
    """Put the mark in the cell, and take the payloads of the events that tell its texts; what the event retells.

    What is taken away must be what was written, else a redaction would hide that it was changed.
    """
    table = row.__tablename__
    session.flush()
    rows = list(session.scalars(
        select(EventRow).join(ToldRow, ToldRow.seq == EventRow.seq)
        .where(ToldRow.table_name == table, ToldRow.row_id == row.id, EventRow.payload.is_not(None))
        .order_by(EventRow.seq)
    ))  # fmt: skip
    payloads = {event.seq: json.loads(event.payload or "") for event in rows}
    told = dict(one for seq, payload in payloads.items() for one in _states(seq, payload, table, row.id))
    now = state(row)
    # A column that came to the table after the last event about the row is empty in it, and not told.
    written = bool(told) and canonical(dict.fromkeys(now) | dict(told[max(told)])) == canonical(now)
    if not written or not all(_fits(event, payloads[event.seq]) for event in rows):
        raise Refused([UNSOUND()])
    cell = Cell(table, row.id, column, mark, path)
    texts = {text for one in told.values() if (text := cell.text(one)) not in (None, "", mark)}
    if not texts:
        raise Refused([NOTHING()])
    cleaned = {}
    for event in rows:
        payload = _without(payloads[event.seq], cell, texts)
        if payload != payloads[event.seq]:
            cleaned[str(event.seq)] = payload
            session.expunge(event)
            session.execute(update(EventRow).where(EventRow.seq == event.seq).values(payload=None, salt=None))
            for seq, reason in _reasons(event.seq, payload):
                session.execute(update(EventRow).where(EventRow.seq == seq).values(reason=reason))
    if cell.text(now):
        setattr(row, column, cell.without(now))
    return cleaned


def _reasons(seq: int, payload: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Each event's reason as it is told now: an earlier redaction that is redacted retells the reasons of others."""
    if "reason" in payload:
        yield seq, payload["reason"]
    for number, one in payload["fields"].get(CLEANED, {}).items():
        yield from _reasons(int(number), one)


def _states(seq: int, payload: Mapping[str, Any], table: str, id: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The row's state by the number of the event that told it first."""
    for number, one in payload["fields"].get(CLEANED, {}).items():
        yield from _states(int(number), one, table, id)
    yield from ((seq, one["state"]) for one in payload["rows"] if (one["table"], one["id"]) == (table, id))


def _fits(row: EventRow, payload: Mapping[str, Any]) -> bool:
    return row.payload_digest == payload_digest(row.salt or b"", row.payload or "") and row.leaf == leaf_hash(
        leaf_entry(row, uncovered(payload))
    )


def _without(payload: Mapping[str, Any], cell: Cell, texts: set[str]) -> dict[str, Any]:
    """The payload with the mark in the row's cell, and wherever the event's own words quote one of the texts."""

    longest = sorted(texts, key=len, reverse=True)

    def said(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        for text in longest:
            value = cell.mark if value == text else value.replace(text, cell.mark) if len(text) >= SHORTEST else value
        return value

    fields = {key: said(value) for key, value in payload["fields"].items() if key != CLEANED}
    if CLEANED in payload["fields"]:
        inner = payload["fields"][CLEANED].items()
        fields[CLEANED] = {seq: _without(one, cell, texts) for seq, one in inner}
    rows = [
        {**one, "state": {**one["state"], cell.column: cell.without(one["state"])}}
        if (one["table"], one["id"]) == (cell.table, cell.id) and cell.text(one["state"]) in texts else one
        for one in payload["rows"]
    ]  # fmt: skip
    reason = {"reason": said(payload["reason"])} if "reason" in payload else {}
    return {"fields": fields, **reason, "rows": rows}
