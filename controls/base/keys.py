"""The key folder: keys of log, checkpoints and stored secrets, made once, mode 0600, never in the database."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from controls.base.fault import CannotTell, Exact
from controls.base.why import N_, Why

SIZE = 32
"""Bytes of each key."""
NONCE = 12


class Unusable(CannotTell):
    """A key is missing or is not a key."""


NO_KEY = Why(
    "key.missing", N_("The key {file} cannot be read. Without it the log can be neither checked nor continued.")
)
OTHER_KEY = Why("key.other", N_("A stored secret does not fit secrets.key in the key folder."))
NOT_A_KEY = Why("key.broken", N_("{file} is not a key of {size} bytes."))


def ensure(folder: Path) -> None:
    """Make the keys that are not there; only an empty log asks, so that a lost key is told and never made anew."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_once(folder / "log.mac", lambda: secrets.token_bytes(SIZE))
    write_once(folder / "checkpoint.key", lambda: Ed25519PrivateKey.generate().private_bytes_raw())


def write_once(path: Path, content: Callable[[], bytes]) -> None:
    """Write whole (0600, to the disk) and link: who comes at once sees no file or all of it, and the first one wins."""
    if path.exists():
        return
    temp = path.with_name(f".{secrets.token_hex(8)}.part")
    with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content())
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(temp, path)
    temp.unlink()
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as error:
        raise Unusable(NO_KEY(file=Exact(path))) from error
    if len(key) != SIZE:
        raise Unusable(NOT_A_KEY(file=Exact(path), size=SIZE))
    return key


def mac_key(folder: Path) -> bytes:
    """The key of the codes on events and head."""
    return _read(folder / "log.mac")


def code(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA-256 over the parts."""
    return hmac.digest(key, b"".join(parts), "sha256")


def sign(folder: Path, data: bytes) -> bytes:
    """The Ed25519 signature of the data."""
    return Ed25519PrivateKey.from_private_bytes(_read(folder / "checkpoint.key")).sign(data)


def public_key(folder: Path) -> bytes:
    """The public half of the signing key: auditors may have it."""
    private = Ed25519PrivateKey.from_private_bytes(_read(folder / "checkpoint.key"))
    return private.public_key().public_bytes_raw()


def key_id(public: bytes) -> str:
    """The first 16 hex digits of the public key's SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def signed(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the signature over the data is by this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def secret_key(folder: Path) -> bytes:
    """The key under which the database's few secrets are encrypted and digested; made when it is first needed."""
    write_once(folder / "secrets.key", lambda: secrets.token_bytes(SIZE))
    return _read(folder / "secrets.key")


def hide(folder: Path, text: str) -> str:
    """A secret as it is stored: AES-256-GCM, a fresh nonce first, in base64."""
    nonce = secrets.token_bytes(NONCE)
    return base64.b64encode(nonce + AESGCM(secret_key(folder)).encrypt(nonce, text.encode(), None)).decode()


def show(folder: Path, hidden: str) -> str:
    """A stored secret again; unusable when it was changed, or hidden under another key."""
    try:
        raw = base64.b64decode(hidden, validate=True)
        return AESGCM(secret_key(folder)).decrypt(raw[:NONCE], raw[NONCE:], None).decode()
    except (ValueError, InvalidTag) as error:
        raise Unusable(OTHER_KEY()) from error
