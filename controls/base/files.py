"""Files of evidence, named by their SHA-256: taken in beside the store, kept once, hashed again on every read.

`Folder` is the store on this machine; `base/objects.py` keeps the same files in an S3-compatible object storage.
"""

import hashlib
import io
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Protocol

from controls.base.settings import Settings, current

CHUNK = 1024 * 1024
PART = ".part"


class TooLarge(Exception):
    """More bytes came than the limit allows."""


class Damaged(Exception):
    """The stored file is no longer what its name says."""


class Missing(Damaged):
    """There is no file of this name."""


class Locked(Exception):
    """The storage's own lock does not let the file be removed yet."""


class Unreachable(OSError):
    """The store does not answer, or not as it should."""


@dataclass(frozen=True)
class Incoming:
    """A file that has been received whole beside the store, and is not kept yet."""

    path: Path
    sha256: str
    size: int

    def head(self, size: int) -> bytes:
        """The first bytes."""
        with self.path.open("rb") as file:
            return file.read(size)


@dataclass(frozen=True)
class Kept:
    """One name in the store and when it came there."""

    name: str
    at: datetime


class Store(Protocol):
    """What a store of evidence can do; both stores pass the same tests."""

    def keep(self, incoming: Incoming, until: date) -> None:
        """Put a file under its hash unless it is there; afterwards it survives a power cut.

        `until` is the day before which a storage with a lock of its own lets nobody remove it.
        """

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """The stored bytes as they are, piece by piece; `Missing` when there is no such file."""

    def exists(self, sha256: str) -> bool:
        """Whether a file of this name is there."""

    def listing(self) -> Iterator[Kept]:
        """Every name in the store, those of files left half received too."""

    def remove(self, name: str) -> None:
        """Remove the bytes for good (disposal and orphans only); `Locked` when the storage refuses."""

    def lock(self) -> str:
        """The storage's own lock on new files, in its own word; "" when it has none."""


def current_store() -> Store:
    """The store of the running application."""
    return store_of(current())


@lru_cache(8)
def store_of(settings: Settings) -> Store:
    """The store that these settings name."""
    if not settings.evidence_url:
        return Folder(settings.evidence)
    from controls.base.objects import Objects  # only who keeps evidence in object storage loads its client

    return Objects(settings.evidence_url, settings.storage)


@contextmanager
def received(stream: IO[bytes], limit: int) -> Iterator[Incoming]:
    """Take in a stream: a temp file (0600) in the evidence folder, hashed while it is written; gone at the end."""
    folder = current().evidence
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temp = folder / f".{secrets.token_hex(8)}{PART}"
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise TooLarge
                digest.update(chunk)
                file.write(chunk)
        yield Incoming(temp, digest.hexdigest(), size)
    finally:
        temp.unlink(missing_ok=True)


class Folder:
    """The store in a folder of this machine: `ab/<hash>`, mode 0600, every file and folder entry on the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, incoming: Incoming, until: date) -> None:
        """fsync, link to the hash, fsync the folders; a file that is there already must be sound."""
        handle = os.open(incoming.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        target = path_of(self.root, incoming.sha256)
        new = not target.parent.exists()
        target.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            os.link(incoming.path, target)
        except FileExistsError:
            check(self, incoming.sha256)
        _sync(target.parent)
        if new:
            _sync(self.root)

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """The bytes on the disk."""
        try:
            with path_of(self.root, sha256).open("rb", buffering=0) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except FileNotFoundError as error:
            raise Missing(sha256) from error
        except OSError as error:
            raise Damaged(sha256) from error

    def exists(self, sha256: str) -> bool:
        """Whether the file is in its place."""
        return path_of(self.root, sha256).is_file()

    def listing(self) -> Iterator[Kept]:
        """Files in the folders of two digits, and half received ones beside them."""
        for path in sorted(self.root.glob("*")) if self.root.is_dir() else []:
            for file in sorted(path.iterdir()) if path.is_dir() else [path]:
                with suppress(FileNotFoundError):
                    yield Kept(file.name, datetime.fromtimestamp(file.lstat().st_mtime, UTC))

    def remove(self, name: str) -> None:
        """Unlink and put the folder on the disk."""
        path = self.root / name if name.endswith(PART) else path_of(self.root, name)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _sync(path.parent)

    def lock(self) -> str:
        """A folder has no lock of its own."""
        return ""


def path_of(root: Path, sha256: str) -> Path:
    """Where a file with this hash lies."""
    return root / sha256[:2] / sha256


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check(store: Store, sha256: str) -> int:
    """Hash the stored bytes again: their number, or `Damaged` (`Missing`)."""
    digest, size = hashlib.sha256(), 0
    for chunk in store.chunks(sha256):
        digest.update(chunk)
        size += len(chunk)
    if digest.hexdigest() != sha256:
        raise Damaged(sha256)
    return size


def opened(store: Store, sha256: str) -> IO[bytes]:
    """The file to hand out, only when it is what its name says; more than a megabyte waits in a temp file."""
    digest = hashlib.sha256()
    out: IO[bytes] = io.BytesIO()
    try:
        for chunk in store.chunks(sha256):
            digest.update(chunk)
            if isinstance(out, io.BytesIO) and out.tell() + len(chunk) > CHUNK:
                held, out = out, tempfile.TemporaryFile()  # noqa: SIM115 - who hands it out closes it
                out.write(held.getbuffer())
            out.write(chunk)
        if digest.hexdigest() != sha256:
            raise Damaged(sha256)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def read(store: Store, sha256: str) -> bytes:
    """A file's bytes, or `Damaged` when they no longer match the name."""
    with opened(store, sha256) as file:
        return file.read()
