"""Files on disk, named by their SHA-256, written once and checked on every read."""

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import IO

CHUNK = 1024 * 1024


class TooLarge(Exception):
    """More bytes came than the limit allows."""


class Damaged(Exception):
    """The file on disk is missing or is no longer what its name says."""


def path_of(root: Path, sha256: str) -> Path:
    """Where a file with this hash lies."""
    return root / sha256[:2] / sha256


def store(root: Path, stream: IO[bytes], limit: int) -> tuple[str, int]:
    """Write a stream under its SHA-256: temp file (0600), fsync, link, fsync the folder; hash and size back."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    temp = root / f".{secrets.token_hex(8)}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise TooLarge
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        target = path_of(root, digest.hexdigest())
        target.parent.mkdir(exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.link(temp, target)
        _sync(target.parent)
        _sync(root)
    finally:
        temp.unlink(missing_ok=True)
    return digest.hexdigest(), size


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(root: Path, sha256: str) -> bytes:
    """The file's bytes, or `Damaged` when they no longer match the name."""
    try:
        data = path_of(root, sha256).read_bytes()
    except FileNotFoundError as error:
        raise Damaged(sha256) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Damaged(sha256)
    return data
