"""The tree against a naive reading of RFC 9162, for all sizes up to 64."""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from controls.base import merkle

SIZES = range(1, 65)
LEAVES = [merkle.leaf_hash(bytes([n])) for n in range(64)]


def naive(leaves: list[bytes]) -> bytes:
    """The definition, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def test_the_empty_tree() -> None:
    known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root([]).hex() == merkle.EMPTY_ROOT.hex() == known


def test_roots_and_frontiers() -> None:
    frontier: list[bytes] = []
    for size in SIZES:
        merkle.append(frontier, size - 1, LEAVES[size - 1])
        assert merkle.frontier_root(frontier) == merkle.root(LEAVES[:size]) == naive(LEAVES[:size])
        assert len(frontier) == size.bit_count()


@pytest.mark.parametrize("size", SIZES)
def test_inclusion(size: int) -> None:
    leaves, root = LEAVES[:size], naive(LEAVES[:size])
    for index in range(size):
        proof = merkle.inclusion_proof(index, leaves)
        assert merkle.check_inclusion(index, size, leaves[index], proof, root)
        assert not merkle.check_inclusion(index, size, b"x" * 32, proof, root)
        assert not merkle.check_inclusion(index, size, leaves[index], [*proof, root], root)
        assert not merkle.check_inclusion(index, size, leaves[index], proof, b"x" * 32)
        if proof:
            assert not merkle.check_inclusion(index, size, leaves[index], proof[:-1], root)
        other = (index + 1) % size
        assert other == index or not merkle.check_inclusion(other, size, leaves[index], proof, root)
    assert not merkle.check_inclusion(size, size, leaves[-1], [], root)


@pytest.mark.parametrize("size", SIZES)
def test_consistency(size: int) -> None:
    leaves, root = LEAVES[:size], naive(LEAVES[:size])
    for first in range(1, size + 1):
        proof, old = merkle.consistency_proof(first, leaves), naive(LEAVES[:first])
        assert merkle.check_consistency(first, size, old, root, proof)
        assert not merkle.check_consistency(first, size, b"x" * 32, root, proof)
        assert not merkle.check_consistency(first, size, old, b"x" * 32, proof)
        assert not merkle.check_consistency(first, size, old, root, [*proof, root])
        assert not proof or not merkle.check_consistency(first, size, old, root, proof[:-1])


def test_what_is_not_there_has_no_proof() -> None:
    with pytest.raises(ValueError):
        merkle.inclusion_proof(3, LEAVES[:3])
    with pytest.raises(ValueError):
        merkle.consistency_proof(4, LEAVES[:3])


def test_times_are_told_in_utc() -> None:
    assert merkle.plain(datetime(2026, 6, 8, 8, tzinfo=ZoneInfo("Europe/Copenhagen"))).endswith("06:00:00.000000+00:00")
