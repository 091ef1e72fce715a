"""The audit package of one organisation and year: a zip that an auditor checks without this product.

It holds the workbook, the evidence, the rows behind the workbook, the events that told them, and every leaf of the
log, so that the tree, each event's place in it, and that the log goes on from an older package can be proven offline.
Everything is read in one snapshot and streamed.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy import and_, select

from controls.base import checkpoint, files, keys, settings
from controls.base.audit import EventRow, leaf_entry, state, uncovered
from controls.base.by import By
from controls.base.checkpoint import Checkpoint
from controls.base.clock import COPENHAGEN
from controls.base.db import db
from controls.base.fault import CannotTell
from controls.base.merkle import append, canonical, frontier_root, plain
from controls.base.redaction import Retold, retold
from controls.base.why import Refused
from controls.evidence.rules import STORE_DOWN
from controls.evidence.tables import Evidence
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.papers import checker, extent, queries, readme, rules, workbook
from controls.papers.rules import NO_CHECKPOINT, NOT_SINCE, Packed
from controls.papers.scope import Scope

BATCH = 500
"""How many events are asked for by number at a time."""
NOTE = "Kontrolrul audit package\n{digest}\n"
"""What is signed of a manifest; its first line sets it apart from a checkpoint, which begins with the log's name."""
Keys = dict[tuple[str, int], int]
"""The exported rows by table and id, each with the number of the event that told it last."""


class Hashed:
    """A file on its way into the zip: counted and hashed as it is written."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw, self.size, self.digest = raw, 0, sha256()

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self.size += len(data)
        self.digest.update(data)
        self.raw.write(data)

    def line(self, value: object) -> None:
        """Take a line of canonical JSON."""
        self.write(canonical(value).encode() + b"\n")


@dataclass
class Archive:
    """The zip being written, and what is in it; all files carry the package's own moment."""

    zip: ZipFile
    at: datetime
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def file(self, name: str, packed: bool = True) -> Iterator[Hashed]:
        """A new file; evidence goes in as it is, since most of it is packed already."""
        info = ZipInfo(name, self.at.astimezone(COPENHAGEN).timetuple()[:6])
        info.compress_type, info.external_attr = ZIP_DEFLATED if packed else ZIP_STORED, 0o644 << 16
        with self.zip.open(info, "w", force_zip64=True) as raw:
            hashed = Hashed(raw)
            yield hashed
        self.files[name] = {"sha256": hashed.digest.hexdigest(), "size": hashed.size}

    def put(self, name: str, data: bytes) -> None:
        """A small file."""
        with self.file(name) as file:
            file.write(data)


def write(
    by: By, organisation: Organisation, year: int, lang: str, out: IO[bytes], since: Checkpoint | None = None
) -> Packed:
    """Write the package to `out` and tell what is in it; the caller records it.

    `since` is an older checkpoint: the log must go on from it, and it goes along in the package.
    """
    by.must(Permission.PACKAGE_EXPORT, organisation.id)
    folder = settings.current().keys
    with queries.snapshot():
        scope = queries.scope(by, organisation, year)
        stamp = checkpoint.make(db.session(), folder, by.at, f"{organisation.code} {year}")
        with ZipFile(out, "w", compresslevel=6) as zip:
            archive = Archive(zip, by.at)
            _texts(archive, stamp, folder, since)
            counts = _log(archive, scope, stamp, since)
            counts |= _evidence(archive, scope)
            missing = counts.pop("missing")
            book = {rules.filename(scope.code, year, lang): _workbook(archive, scope, organisation, lang)}
            digest = _manifest(archive, scope, organisation, {"counts": counts, "sheets": book})
    return Packed(
        organisation.code, year, digest, stamp.size, len(archive.files), counts[checker.ROWS], counts[checker.EVENTS],
        counts[checker.INDEX], missing,
    )  # fmt: skip


def checkpoint_in(path: Path) -> Checkpoint:
    """The checkpoint of an older package, or the checkpoint that the file is."""
    try:
        data = checker.kept_checkpoint(path)
        return checkpoint.parse(data.decode())
    except (checker.CannotTell, CannotTell, KeyError, ValueError) as error:
        raise Refused([NO_CHECKPOINT("since", name=path.name)]) from error


def _texts(archive: Archive, stamp: Checkpoint, folder: Path, since: Checkpoint | None) -> None:
    """What to do, the checker, the key and the checkpoints."""
    for name, text in readme.TEXTS.items():
        archive.put(name, text.encode())
    archive.put(checker.CHECKER, Path(checker.__file__).read_bytes())
    archive.put(checker.KEY, f"{checkpoint.verifier(folder)}\n".encode())
    archive.put(checker.CHECKPOINT, stamp.text.encode())
    if since is not None:
        archive.put(checker.OLDER, since.text.encode())


def _log(archive: Archive, s: Scope, stamp: Checkpoint, since: Checkpoint | None) -> dict[str, int]:
    """All leaves, the events and the rows."""
    parts, taken = extent.parts(s), retold(db.session())
    told: Keys = {
        (part.model.__tablename__, id): 0
        for part in parts for id in db.session.scalars(select(part.model.id).where(part.where))
    }  # fmt: skip
    with archive.file(checker.LEAVES, packed=False) as file:
        chosen = _leaves(file, s, told, taken, since)
    if not s.reads_log:
        chosen = {seq for seq in told.values() if seq}
    exports = and_(EventRow.organisation_id == s.organisation, EventRow.action == checker.EXPORTED)
    chosen |= set(db.session.scalars(select(EventRow.seq).where(exports)))
    for seq in sorted(chosen, reverse=True):
        while seq in taken and taken[seq].by not in chosen:
            chosen.add(seq := taken[seq].by)
    with archive.file(checker.EVENTS) as file:
        for row in _events(sorted(chosen)):
            file.line(_event(row, taken))
    with archive.file(checker.ROWS) as file:
        for part in parts:
            table = part.model.__tablename__
            query = select(part.model).where(part.where).order_by(part.model.id)
            for row in db.session.scalars(query.execution_options(yield_per=1000)):
                file.line({"table": table, "id": row.id, "seq": told[table, row.id], "state": state(row)})
                db.session.expunge(row)
    return {checker.LEAVES: stamp.size, checker.EVENTS: len(chosen), checker.ROWS: len(told)}


def _leaves(file: Hashed, s: Scope, told: Keys, taken: Mapping[int, Retold], since: Checkpoint | None) -> set[int]:
    """Write every leaf; note who told which row last; give back the events that belong in the package."""
    begins, ends = extent.bounds(s)
    public = keys.public_key(settings.current().keys)
    of_year = select(EventRow.seq).where(extent.events(s), EventRow.at >= begins, EventRow.at < ends)
    chosen = set(db.session.scalars(of_year))
    frontier: list[bytes] = []
    log = queries.stream(select(EventRow.seq, EventRow.leaf, EventRow.payload).order_by(EventRow.seq))
    for size, (seq, leaf, payload) in enumerate(log):
        file.write(leaf)
        if since is not None and size < since.size:
            append(frontier, size, leaf)
        for one in _rows(payload, taken.get(seq)):
            key = (one["table"], one["id"])
            if key in told:
                told[key] = seq
                chosen.add(seq)
    if since is not None and not (frontier_root(frontier) == since.root and since.signed(public)):
        raise Refused([NOT_SINCE(size=str(since.size))])
    return chosen


def _rows(payload: str | None, taken: Retold | None) -> Iterable[Mapping[str, Any]]:
    """The rows that an event tells, or what a redaction retells of it; a payload that was tampered with tells none."""
    try:
        held = json.loads(payload) if payload is not None else taken.payload if taken else {}
        rows = held.get("rows", ())
        return [one for one in rows if isinstance(one["table"], str) and isinstance(one["id"], int)]
    except (ValueError, TypeError, AttributeError, KeyError):
        return ()


def _events(numbers: list[int]) -> Iterator[EventRow]:
    for start in range(0, len(numbers), BATCH):
        some = numbers[start : start + BATCH]
        for row in db.session.scalars(select(EventRow).where(EventRow.seq.in_(some)).order_by(EventRow.seq)):
            yield row
            db.session.expunge(row)


def _event(row: EventRow, taken: Mapping[int, Retold]) -> dict[str, Any]:
    """An event as its leaf covers it, with what the digest in it stands for."""
    if row.payload is None and row.seq in taken:
        told: Any = taken[row.seq].payload
    else:
        try:
            told = json.loads(row.payload or "{}")
        except ValueError:
            told = None
    entry = json.loads(leaf_entry(row, uncovered(told if isinstance(told, dict) else {})))
    return {"entry": entry, "payload": row.payload, "salt": row.salt and row.salt.hex(), "leaf": row.leaf.hex()}


def _evidence(archive: Archive, s: Scope) -> dict[str, int]:
    """The files of the year's evidence, each once, and their index; of one disposed of only the line."""
    names: dict[str, str] = {}
    count, missing, index = 0, 0, io.StringIO(newline="")
    index.write("\ufeff")
    table = csv.writer(index, delimiter=";")
    table.writerow(("id", "file", "state", *checker.COMPARED, "shows"))
    for row in db.session.scalars(select(Evidence).where(extent.evidence(s)).order_by(Evidence.id)):
        if row.disposed_at is None and row.sha256 not in names:
            names[row.sha256] = _file(archive, row)
        name, count = names[row.sha256] if row.disposed_at is None else "", count + 1
        word = "included" if name else "disposed" if row.disposed_at else "missing"
        missing += word == "missing"
        told = (plain(getattr(row, column)) for column in (*checker.COMPARED, "shows"))
        table.writerow([row.id, name, word, *map(checker.harmless, told)])
    archive.put(checker.INDEX, index.getvalue().encode())
    return {checker.INDEX: count, "missing": missing}


def _file(archive: Archive, row: Evidence) -> str:
    """Put a piece of evidence in as it is stored, also when it was changed there: the checker tells."""
    ending = Path(row.filename).suffix.lower()
    name = f"{checker.EVIDENCE}{row.sha256}{ending if ending[1:].isascii() and ending[1:].isalnum() else ''}"
    chunks = files.current_store().chunks(row.sha256)
    try:
        first = next(chunks, b"")
    except files.Damaged:
        return ""
    except files.Unreachable as error:
        raise Refused([STORE_DOWN()]) from error
    with archive.file(name, packed=False) as file, suppress(files.Damaged):
        for chunk in chain([first], chunks):
            file.write(chunk)
    return name


def _workbook(archive: Archive, s: Scope, organisation: Organisation, lang: str) -> list[dict[str, Any]]:
    """A workbook, and what the checker is to find in it: sheet by sheet its digest, and the tables of its rows."""
    name = rules.filename(s.code, s.year, lang)
    with TemporaryFile() as whole:
        summary = workbook.fill(s, organisation, lang, whole)
        whole.seek(0)
        with archive.file(name, packed=False) as file:
            while chunk := whole.read(files.CHUNK):
                file.write(chunk)
    tables: dict[str, list[str]] = {}
    for part in extent.parts(s):
        tables.setdefault(part.sheet, []).append(part.model.__tablename__)
    numbers = [sheet.number for sheet in summary.sheets]
    return [
        {"title": sheet.title, "rows": sheet.rows, "sha256": sheet.digest, "file": f"xl/worksheets/sheet{at}.xml",
         "tables": tables.get(sheet.number, []) if numbers.count(sheet.number) == 1 else []}
        for at, sheet in enumerate(summary.sheets, 2)
    ]  # fmt: skip


def _manifest(archive: Archive, s: Scope, organisation: Organisation, facts: Mapping[str, Any]) -> str:
    """Every file with its SHA-256, and the signature on it; the manifest's own digest."""
    told = {
        "format": checker.FORMAT, "year": s.year, "files": archive.files, **facts,
        "organisation": {"code": s.code, "name_da": organisation.name_da, "name_en": organisation.name_en},
        "made_at": s.by.at.astimezone(COPENHAGEN).isoformat(timespec="seconds"),
        "made_by": f"{s.by.name} ({s.by.role})", "log": "year" if s.reads_log else "rows",
    }  # fmt: skip
    data = f"{json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)}\n".encode()
    digest = sha256(data).hexdigest()
    archive.put(checker.MANIFEST, data)
    archive.put(checker.NOTE, checkpoint.note(settings.current().keys, NOTE.format(digest=digest)).encode())
    return digest
