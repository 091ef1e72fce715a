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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from controls.base import keys, settings
from controls.base.audit import EMPTY, HEAD, WRONG_HEAD, Broken, EventRow, Sealed, head_code, split
from controls.base.db import AFTER_COMMIT, db
from controls.base.fault import CannotTell, Exact, Fault
from controls.base.merkle import EMPTY_ROOT, HASH, append, frontier_root
from controls.base.why import N_, Why

ALGORITHM = b"\x01"
"""Ed25519 in signed notes."""
ID, SIGNATURE = 4, 64
"""Bytes of a note's key id and of a signature."""
LONGEST = 2000
"""Characters; a checkpoint is about 300."""


class Malformed(CannotTell):
    """The text is no checkpoint, or is not written the one way it can be written."""


MALFORMED = Why("checkpoint.malformed", N_("The file {file} is not a checkpoint, or it was changed."))
UNSIGNED = Why("checkpoint.unsigned", N_("The checkpoint {file} was changed: its signature does not fit its lines."))
OTHER_KEY = Why(
    "checkpoint.other_key", N_("The checkpoint {file} was signed with another key than this installation's.")
)
SHORTER = Why(
    "checkpoint.shorter",
    N_(
        "The log is shorter than the checkpoint {file} says ({size} events then, {found} now): an older backup was "
        "restored, or the log's end was removed."
    ),
)
DIFFERENT = Why(
    "checkpoint.different",
    N_("The first {size} events are not the ones that the checkpoint {file} was made of: the log was rewritten."),
)


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


def note(folder: Path, body: str) -> str:
    """The body as a note that this installation signed; a body that begins with its name is a checkpoint's."""
    public = keys.public_key(folder)
    name = origin(public)
    signed = note_key(name, public) + keys.sign(folder, body.encode())
    return f"{body}\n— {name} {base64.b64encode(signed).decode()}\n"


LINES = re.compile(r"(\S+)\n(0|[1-9]\d{0,18})\n(\S+)\ntime (\S+)\ncycle (\S[^\n]*)\n\n— (\S+) (\S+)\n", re.ASCII)


def parse(text: str, name: str = "") -> Checkpoint:
    """Read a checkpoint; whatever would not be written letter for letter the same is refused."""
    found = LINES.fullmatch(text) if len(text) <= LONGEST else None
    if found is None or found[1] != found[6]:
        raise Malformed(MALFORMED(file=Exact(name)))
    try:
        root, signed = base64.b64decode(found[3], validate=True), base64.b64decode(found[7], validate=True)
        at = datetime.strptime(found[4], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (binascii.Error, ValueError) as error:
        raise Malformed(MALFORMED(file=Exact(name))) from error
    cycle = "" if found[5] == "-" else found[5]
    made = Checkpoint(found[1], int(found[2]), root, at, cycle, signed[:ID], signed[ID:])
    if len(root) != HASH or len(signed) != ID + SIGNATURE or made.text != text:
        raise Malformed(MALFORMED(file=Exact(name)))
    return made


def of(session: Session, folder: Path, at: datetime, cycle: str = "") -> Checkpoint:
    """A checkpoint of the log as the session reads it, not kept."""
    head = session.execute(select(HEAD).where(HEAD.c.id == 1)).one_or_none()
    if head is None:
        raise Broken(EMPTY())
    if head.mac != head_code(keys.mac_key(folder), head.size, head.frontier, head.root):
        raise Broken(WRONG_HEAD())
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
        return parse(data.decode(), path.name)
    except UnicodeDecodeError as error:
        raise Malformed(MALFORMED(file=Exact(path.name))) from error


def before(folder: Path, size: int, end: datetime) -> Checkpoint | None:
    """The last checkpoint that was made before a moment at which the log held so many events."""
    for noted, path in reversed(list(kept(folder))):
        if noted <= size and (made := read(path)).at < end:
            return made
    return None


class Notes:
    """The checkpoints that a verification holds against the log: those of the key folder and those from outside."""

    def __init__(self, folder: Path, given: Iterable[tuple[str, Checkpoint]] = ()) -> None:
        self.sizes: dict[int, list[tuple[str, bytes]]] = {}
        self.unsigned: list[Fault] = []
        """What is wrong with the files themselves."""
        for size, path in kept(folder):
            try:
                note = read(path)
            except (OSError, Malformed):
                note = None
            if note is None or note.size != size:
                self.unsigned.append(Fault(MALFORMED, file=path.name))
            else:
                self._take(folder, path.name, note)
        for name, note in given:
            self._take(folder, name, note)

    def _take(self, folder: Path, name: str, note: Checkpoint) -> None:
        public = keys.public_key(folder)
        if not note.signed(public):
            self.unsigned.append(Fault(UNSIGNED if note.by(public) else OTHER_KEY, file=name))
        self.sizes.setdefault(note.size, []).append((name, note.root))

    def at(self, size: int, root: bytes) -> Iterator[Fault]:
        """Checkpoints of this size that tell of another log."""
        for name, noted in self.sizes.get(size, ()):
            if noted != root:
                yield Fault(DIFFERENT, file=name, facts={"size": size})

    def beyond(self, size: int) -> Iterator[Fault]:
        """Checkpoints of more events than the log has."""
        yield from self.at(0, EMPTY_ROOT)
        for noted in sorted(self.sizes):
            if noted > size:
                for name, _ in self.sizes[noted]:
                    yield Fault(SHORTER, file=name, facts={"size": noted, "found": size})


def compare(session: Session, folder: Path) -> Fault | None:
    """The log's head against the last checkpoint of the key folder: what a start looks at, in two short reads."""
    *_, (size, path) = [(0, None), *kept(folder)]
    head = session.execute(select(HEAD).where(HEAD.c.id == 1)).one_or_none()
    if head is not None:
        try:
            keys.mac_key(folder)
        except keys.Unusable:
            return Fault(keys.NO_KEY, file=str(folder / "log.mac"))
    if path is None:
        return None
    try:
        note = read(path)
    except (OSError, Malformed):
        return Fault(MALFORMED, file=path.name)
    if head is None or head.size < note.size:
        facts = {"size": note.size, "found": head.size if head else 0}
        return Fault(SHORTER, file=path.name, facts=facts)
    if note.size != size or _root_at(session, note.size, head) != note.root:
        return Fault(DIFFERENT, file=path.name, facts={"size": note.size})
    return None


def _root_at(session: Session, size: int, head: Any) -> bytes:
    """The root when the log had `size` events: what both trees have whole stands in the head's frontier."""
    apart = (size ^ head.size).bit_length()
    shared = head.size >> apart << apart
    frontier = split(head.frontier)[: shared.bit_count()]
    leaves = session.scalars(
        select(EventRow.leaf).where(EventRow.seq > shared, EventRow.seq <= size).order_by(EventRow.seq)
    )
    for at, leaf in enumerate(leaves, shared):
        append(frontier, at, leaf)
    return frontier_root(frontier)


STARTED = "kontrolrul.started"


def begin() -> None:
    """At the first request of a process: compare log and last checkpoint once, and report what does not fit."""
    if STARTED not in current_app.extensions:
        try:
            found = compare(db.session(), settings.current().keys)
        except SQLAlchemyError:  # the database is not there yet: the next request asks again
            db.session.rollback()
            return
        current_app.extensions[STARTED] = found
        if found is not None:
            logging.getLogger(__name__).error("the log does not fit its last checkpoint: %s", found)


def startup_fault() -> Fault | None:
    """What the start found; shown to administrators and auditors until the process ends."""
    found: Fault | None = current_app.extensions.get(STARTED)
    return found


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
