"""The key folder: made once with mode 0600, never changed, and refused when it is not whole."""

from pathlib import Path

import pytest

from controls.base import keys


def test_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keys.ensure(folder)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    keys.ensure(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert set(first) == {"log.mac", "checkpoint.key"} and {len(key) for key in first.values()} == {32}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_signatures(tmp_path: Path) -> None:
    keys.ensure(tmp_path)
    public, signature = keys.public_key(tmp_path), keys.sign(tmp_path, b"root")
    assert keys.signed(public, b"root", signature) and len(keys.key_id(public)) == 16
    assert not keys.signed(public, b"boot", signature) and not keys.signed(public, b"root", signature[::-1])


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(keys.Unusable, match="cannot be read"):
        keys.mac_key(tmp_path)
    (tmp_path / "log.mac").write_bytes(b"short")
    with pytest.raises(keys.Unusable, match="32 bytes"):
        keys.mac_key(tmp_path)
