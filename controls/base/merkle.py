"""Leaf and node hashes of the log's Merkle tree (RFC 9162 section 2.1.1), and the canonical form of what is hashed."""

import hashlib
import json
from datetime import date, datetime
from typing import Any


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and the two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def plain(value: Any) -> Any:
    """A value in the form JSON can carry: times in UTC with microseconds, bytes in hex."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces and real letters: the same data always gives the same text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=plain, allow_nan=False)


def payload_digest(salt: bytes, payload: str) -> bytes:
    """SHA-256 of salt and payload, so that a redacted payload cannot be guessed from its digest."""
    return hashlib.sha256(salt + payload.encode()).digest()
