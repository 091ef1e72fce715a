"""Proofs for strangers: that an event is in the log, and that an older checkpoint's log is the beginning of this one.

RFC 9162 sections 2.1.3 and 2.1.4; everything a check needs is in the answer, and SHA-256 is all it takes.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controls.base import checkpoint
from controls.base.audit import EventRow, leaf_entry, uncovered
from controls.base.checkpoint import DIFFERENT, SHORTER, Checkpoint
from controls.base.fault import CannotTell, Fault
from controls.base.merkle import EMPTY_ROOT, consistency_proof, inclusion_proof, leaf_hash, payload_digest, root
from controls.base.redaction import retold
from controls.base.why import N_, Why

NO_EVENT = Why("prove.no_event", N_("There is no event {row}; the log has {size}."))
CHANGED = Why(
    "prove.changed",
    N_("Event {row} or the log's head was changed, so nothing can be proved with them. Run “flask audit verify”."),
)


class Unproved(CannotTell):
    """What was to be proved does not hold."""


def prove(
    session: Session, folder: Path, seq: int, at: datetime, since: tuple[str, Checkpoint] | None = None
) -> dict[str, Any]:
    """An event's inclusion in the log as it is now, signed now, and the log's consistency with an older checkpoint."""
    now = checkpoint.of(session, folder, at)
    row = session.get(EventRow, seq) if 0 < seq <= now.size else None
    if row is None:
        raise Unproved(Fault(NO_EVENT, row=str(seq), facts={"size": now.size}).reason)
    leaves = list(session.scalars(select(EventRow.leaf).order_by(EventRow.seq)))
    entry = _entry(session, row)
    if len(leaves) != now.size or root(leaves) != now.root or leaf_hash(entry) != row.leaf:
        raise Unproved(Fault(CHANGED, row=str(seq)).reason)
    made = {
        "event": seq, "entry": entry.decode(), "payload": row.payload, "salt": row.salt.hex() if row.salt else None,
        "leaf": row.leaf.hex(), "index": seq - 1, "size": now.size,
        "inclusion": [one.hex() for one in inclusion_proof(seq - 1, leaves)], "root": now.root.hex(),
        "checkpoint": now.text, "key": checkpoint.verifier(folder),
    }  # fmt: skip
    return made | ({"since": _since(*since, leaves)} if since else {})


def _entry(session: Session, row: EventRow) -> bytes:
    """What the leaf covers; a content that was redacted stands in by its digest, and is not shown."""
    text = row.payload
    taken = retold(session).get(row.seq) if text is None else None
    try:
        payload = json.loads(text) if text is not None else taken.payload if taken else {"reason": ""}
    except ValueError:
        payload = {"reason": ""}
    if text is not None and payload_digest(row.salt or b"", text) != row.payload_digest:
        raise Unproved(Fault(CHANGED, row=str(row.seq)).reason)
    return leaf_entry(row, uncovered(payload))


def _since(name: str, old: Checkpoint, leaves: list[bytes]) -> dict[str, Any]:
    facts = {"size": old.size, "found": len(leaves)}
    if old.size > len(leaves):
        raise Unproved(Fault(SHORTER, file=name, facts=facts).reason)
    if old.root != (root(leaves[: old.size]) if old.size else EMPTY_ROOT):
        raise Unproved(Fault(DIFFERENT, file=name, facts=facts).reason)
    proof = consistency_proof(old.size, leaves) if old.size else []
    return {
        "size": old.size, "root": old.root.hex(), "consistency": [one.hex() for one in proof], "checkpoint": old.text,
    }  # fmt: skip
