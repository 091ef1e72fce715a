"""Both stores by the same tests: put if absent, hash on every read, missing told apart, removal for good."""

import hashlib
import io
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from controls.base import files, objects
from controls.base.settings import Storage

pytestmark = pytest.mark.xdist_group("storage")
UNTIL = date(2031, 12, 31)
DATA = b"bilag" * 300_000
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["folder", "plain", "versioned", "locking"])
def store(request: pytest.FixtureRequest, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> files.Store:
    """The store under test, empty; uploads wait in a folder of their own."""
    kept = app.config["KONTROLRUL"]
    monkeypatch.setitem(app.config, "KONTROLRUL", replace(kept, data=tmp_path))
    if request.param == "folder":
        return files.Folder(tmp_path / "evidence")
    access: Storage = request.getfixturevalue("storage")
    return objects.Objects(f"s3://{request.param}/{tmp_path.name}/deep", access)


def put(store: files.Store, data: bytes = DATA, until: date = UNTIL) -> str:
    with files.received(io.BytesIO(data), 10**8) as incoming:
        store.keep(incoming, until)
        return incoming.sha256


def test_kept_once_and_read_as_it_was(store: files.Store) -> None:
    assert not store.exists(NAME) and list(store.listing()) == []
    before = datetime.now(UTC) - timedelta(seconds=5)
    assert put(store) == NAME == put(store)
    assert store.exists(NAME) and files.check(store, NAME) == len(DATA) and files.read(store, NAME) == DATA
    [kept] = store.listing()
    assert kept.name == NAME and before < kept.at < datetime.now(UTC) + timedelta(seconds=5)


def test_missing_is_told(store: files.Store) -> None:
    with pytest.raises(files.Missing):
        files.check(store, NAME)
    with pytest.raises(files.Missing):
        files.opened(store, NAME)


def swap(store: files.Store, data: bytes) -> None:
    """Other bytes under the name, past the store's own door."""
    if isinstance(store, files.Folder):
        path = files.path_of(store.root, NAME)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    else:
        assert isinstance(store, objects.Objects)
        answer = store._ask("PUT", NAME, body=data, digest=hashlib.sha256(data).hexdigest())
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("damage", [DATA[:-1], DATA + b"x", b"", DATA.replace(b"b", b"B", 1)])
def test_a_changed_file_is_not_handed_out_nor_kept_again(store: files.Store, damage: bytes) -> None:
    swap(store, damage)
    for ask in (files.check, files.opened, files.read):
        with pytest.raises(files.Damaged):
            ask(store, NAME)
    with pytest.raises(files.Damaged):
        put(store)


def test_removed_for_good_unless_the_storage_locks_it(store: files.Store) -> None:
    put(store)
    if store.lock():
        with pytest.raises(files.Locked):
            store.remove(NAME)
        assert files.read(store, NAME) == DATA
        return
    store.remove(NAME)
    if isinstance(store, objects.Objects):
        assert store._versions(NAME) == [""]
    assert not store.exists(NAME) and list(store.listing()) == []
    store.remove(NAME)


def test_the_storages_own_lock_is_known(storage: Storage) -> None:
    locks = {name: objects.Objects(f"s3://{name}", storage).lock() for name in ("plain", "versioned", "locking")}
    assert locks == {"plain": "", "versioned": "", "locking": "COMPLIANCE"}


def test_wrong_keys_and_no_server_are_told(storage: Storage, app: Flask, tmp_path: Path) -> None:
    for access in (replace(storage, secret="wrong"), replace(storage, endpoint="http://127.0.0.1:9")):
        store = objects.Objects(f"s3://plain/{tmp_path.name}", access)
        with pytest.raises(files.Unreachable):
            put(store)
        with pytest.raises(files.Unreachable):
            files.check(store, NAME)
        with pytest.raises(files.Unreachable):
            list(store.listing())


def test_files_are_their_owners_only_and_nothing_is_left_behind(app: Flask, tmp_path: Path) -> None:
    app.config["KONTROLRUL"], kept = replace(app.config["KONTROLRUL"], data=tmp_path), app.config["KONTROLRUL"]
    try:
        store = files.Folder(tmp_path / "evidence")
        path = files.path_of(store.root, put(store))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(files.TooLarge), files.received(io.BytesIO(DATA), 100):
            pass
        with pytest.raises(OSError), files.received(Cut(), 10**8):  # type: ignore[arg-type]
            pass
        assert [one.name for one in store.listing()] == [NAME]
    finally:
        app.config["KONTROLRUL"] = kept


class Cut:
    """A connection that breaks half way."""

    def __init__(self) -> None:
        self.parts: Iterator[bytes] = iter([b"half"])

    def read(self, size: int) -> bytes:
        for part in self.parts:
            return part
        raise OSError("cut")
