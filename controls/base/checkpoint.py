"""Signed checkpoints of the log: a few lines of text that, once outside the house, nobody can write the past around.

The text is a signed note (C2SP signed-note and tlog-checkpoint): origin, size and root of the tree, then the time and
the cycle it was made for, then an Ed25519 signature with the id of its key. One is kept for each size in the key
folder; copies leave by workbook, file and mail.
"""

import base64
import binascii
import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controls.base import keys, settings
from controls.base.audit import HEAD, WRONG_HEAD, Broken, Sealed, head_code
from controls.base.db import AFTER_COMMIT, db
from controls.base.merkle import HASH

ALGORITHM = b"\x01"
"""Ed25519 in signed notes."""
ID, SIGNATURE = 4, 64
"""Bytes of a note's key id and of a signature."""
LONGEST = 2000
"""Characters; a checkpoint is about 300."""


class Malformed(ValueError):
    """The text is no checkpoint, or is not written the one way it can be written."""


@dataclass(frozen=True)
class Checkpoint:
    """The log's size and root at a moment, signed."""

    origin: str
    size: int
    root: bytes
    at: datetime
    cycle: str
    key: bytes
    signature: bytes

    @property
    def body(self) -> str:
        """What is signed."""
        root, at = base64.b64encode(self.root).decode(), self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{self.origin}\n{self.size}\n{root}\ntime {at}\ncycle {self.cycle or '-'}\n"

    @property
    def text(self) -> str:
        """The whole note."""
        return f"{self.body}\n— {self.origin} {base64.b64encode(self.key + self.signature).decode()}\n"

    def by(self, public: bytes) -> bool:
        """Whether this key is the one that the note names."""
        return self.key == note_key(self.origin, public)

    def signed(self, public: bytes) -> bool:
        """Whether this key signed these very lines."""
        return self.by(public) and keys.signed(public, self.body.encode(), self.signature)


def origin(public: bytes) -> str:
    """The installation's name in its notes: it lasts as long as its key."""
    return f"kontrolrul/{keys.key_id(public)}"


def note_key(name: str, public: bytes) -> bytes:
    """The id of a key in a signed note: the first bytes of SHA-256 over name, line feed, algorithm and key."""
    return hashlib.sha256(name.encode() + b"\n" + ALGORITHM + public).digest()[:ID]


def verifier(folder: Path) -> str:
    """The public key as others check notes with it: name, key id, and algorithm and key in base64."""
    public = keys.public_key(folder)
    name = origin(public)
    return f"{name}+{note_key(name, public).hex()}+{base64.b64encode(ALGORITHM + public).decode()}"


LINES = re.compile(r"(\S+)\n(0|[1-9]\d{0,18})\n(\S+)\ntime (\S+)\ncycle (\S[^\n]*)\n\n— (\S+) (\S+)\n", re.ASCII)


def parse(text: str) -> Checkpoint:
    """Read a checkpoint; whatever would not be written letter for letter the same is refused."""
    found = LINES.fullmatch(text) if len(text) <= LONGEST else None
    if found is None or found[1] != found[6]:
        raise Malformed("This is not a checkpoint.")
    try:
        root, signed = base64.b64decode(found[3], validate=True), base64.b64decode(found[7], validate=True)
        at = datetime.strptime(found[4], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (binascii.Error, ValueError) as error:
        raise Malformed("This is not a checkpoint.") from error
    cycle = "" if found[5] == "-" else found[5]
    made = Checkpoint(found[1], int(found[2]), root, at, cycle, signed[:ID], signed[ID:])
    if len(root) != HASH or len(signed) != ID + SIGNATURE or made.text != text:
        raise Malformed("This is not a checkpoint.")
    return made


def of(session: Session, folder: Path, at: datetime, cycle: str = "") -> Checkpoint:
    """A checkpoint of the log as the session reads it, not kept."""
    head = session.execute(select(HEAD).where(HEAD.c.id == 1)).one_or_none()
    if head is None:
        raise LookupError("The log is empty.")
    if head.mac != head_code(keys.mac_key(folder), head.size, head.frontier, head.root):
        raise Broken(WRONG_HEAD)
    return _sign(folder, Sealed(head.size, head.root, at), cycle)


def make(session: Session, folder: Path, at: datetime, cycle: str = "") -> Checkpoint:
    """A checkpoint of the committed log, kept in the key folder; daily, with each export, and on demand."""
    if session.info.get("writing"):
        raise RuntimeError("a checkpoint tells of the committed log; within a transaction use checkpoint.due")
    made = of(session, folder, at, cycle)
    _keep(folder, made)
    return made


def due(cycle: str) -> None:
    """Have a checkpoint made as soon as this transaction is committed (`cycle` as in “STAR 2026”)."""
    db.session.info["checkpoint"] = cycle


def _sign(folder: Path, sealed: Sealed, cycle: str) -> Checkpoint:
    public = keys.public_key(folder)
    name = origin(public)
    bare = Checkpoint(name, sealed.size, sealed.root, sealed.at, cycle, note_key(name, public), b"")
    return Checkpoint(bare.origin, bare.size, bare.root, bare.at, bare.cycle, bare.key,
                      keys.sign(folder, bare.body.encode()))  # fmt: skip


def _keep(folder: Path, made: Checkpoint) -> None:
    """The first checkpoint of a size stays: a later one over another log must not take its place."""
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True, mode=0o700)
    keys.write_once(folder / "checkpoints" / f"{made.size}.txt", made.text.encode)


def kept(folder: Path) -> Iterator[tuple[int, Path]]:
    """Size and path of every checkpoint in the key folder, oldest first."""
    found = (path for path in folder.glob("checkpoints/*.txt") if path.stem.isdecimal() and path.stem.isascii())
    return iter(sorted((int(path.stem), path) for path in found))


def read(path: Path) -> Checkpoint:
    """The checkpoint in a file."""
    with path.open("rb") as file:
        data = file.read(4 * LONGEST)
    try:
        return parse(data.decode())
    except UnicodeDecodeError as error:
        raise Malformed("This is not a checkpoint.") from error


def _committed(session: Session) -> None:
    """The write is done and stays done: a checkpoint that cannot be made is reported, and the next one is made."""
    cycle, sealed = session.info.get("checkpoint"), session.info.get("sealed")
    if cycle is None or sealed is None:
        return
    folder: Any = settings.current().keys
    try:
        _keep(folder, _sign(folder, sealed, cycle))
    except (OSError, keys.Unusable):
        logging.getLogger(__name__).exception("no checkpoint could be made at size %s", sealed.size)


AFTER_COMMIT.append(_committed)
