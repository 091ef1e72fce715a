"""The log's Merkle tree (RFC 9162 section 2.1), and the canonical form of what is hashed."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

EMPTY_ROOT = hashlib.sha256().digest()
"""The root of a tree without leaves."""
HASH = 32
"""Bytes of a hash."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and the two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def append(frontier: list[bytes], size: int, leaf: bytes) -> None:
    """Add the leaf after `size` others to the frontier: the roots of the full subtrees, largest first."""
    while size & 1:
        leaf = node_hash(frontier.pop(), leaf)
        size >>= 1
    frontier.append(leaf)


def frontier_root(frontier: Sequence[bytes]) -> bytes:
    """The root of the tree whose full subtrees these are."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for left in reversed(frontier[:-1]):
        root = node_hash(left, root)
    return root


def frontier_of(leaves: Sequence[bytes]) -> list[bytes]:
    """The frontier of these leaves."""
    frontier: list[bytes] = []
    for size, leaf in enumerate(leaves):
        append(frontier, size, leaf)
    return frontier


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaves."""
    return frontier_root(frontier_of(leaves))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from the leaf at `index` (from 0) to the root (section 2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} among {len(leaves)}")
    proof: list[bytes] = []
    while len(leaves) > 1:
        k = _split(len(leaves))
        if index < k:
            proof.append(root(leaves[k:]))
            leaves = leaves[:k]
        else:
            proof.append(root(leaves[:k]))
            leaves, index = leaves[k:], index - k
    return proof[::-1]


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether the proof leads from the leaf to the root (section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == expected


def consistency_proof(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that show the tree of `first` leaves to be the beginning of this one (section 2.1.4.1)."""
    if not 0 < first <= len(leaves):
        raise ValueError(f"there is no tree of {first} leaves in one of {len(leaves)}")
    proof: list[bytes] = []
    whole = True
    while first != len(leaves):
        k = _split(len(leaves))
        if first <= k:
            proof.append(root(leaves[k:]))
            leaves = leaves[:k]
        else:
            proof.append(root(leaves[:k]))
            leaves, first, whole = leaves[k:], first - k, False
    return [*([] if whole else [root(leaves)]), *proof[::-1]]


def check_consistency(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows the tree with root `old` to be the beginning of that with root `new` (2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and old == new
    path = [old, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old and sr == new


def plain(value: Any) -> Any:
    """A value in the form JSON can carry: times in UTC with microseconds, bytes in hex."""
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


_ENCODER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=plain, allow_nan=False
)  # fmt: skip


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces and real letters: the same data always gives the same text."""
    return _ENCODER.encode(value)


def payload_digest(salt: bytes, payload: str) -> bytes:
    """SHA-256 of salt and payload, so that a redacted payload cannot be guessed from its digest."""
    return hashlib.sha256(salt + payload.encode()).digest()
