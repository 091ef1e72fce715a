#!/usr/bin/env python3
"""Checks an audit package from Kontrolrul without Kontrolrul: Python 3.9 or later is all that is needed.

    python check.py [FOLDER_OR_ZIP] [--older PACKAGE_OR_CHECKPOINT] [--key PUBLIC_KEY] [--lang da|en]

Checks the hash of every file, the log's tree (RFC 9162) against the signed checkpoint, every event's form, digests and
place in the tree, every row against the event that told it last, the checksums of what was handed over, the evidence,
the workbook, and that the log goes on from an older package. Lists all faults. Exit: 0 sound, 1 changed, 2 cannot
tell. Nothing is ever unpacked to disk.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import locale
import os
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

FORMAT = "kontrolrul-audit-package/1"
MANIFEST, NOTE, CHECKPOINT, KEY, OLDER = "manifest.json", "manifest.note", "checkpoint.txt", "public.key", "older.txt"
LEAVES, EVENTS, ROWS, INDEX, EVIDENCE = "leaves.bin", "events.jsonl", "rows.jsonl", "evidence.csv", "evidence/"
CHECKER = "check.py"
EXPORTED, REDACTED, CLEANED = "papers.package_exported", "history.redacted", "cleaned"
"""The events that tell of a package taken out and of a redaction, and the field that retells what was taken away."""
EVIDENCE_TABLE, COMPARED = "evidence_evidence", (
    "filename", "sha256", "size", "subject_type", "subject_id", "data_class",
)  # fmt: skip
SEALED_TABLE, SALTS, GONE = "recommendation_recommendation", "salts", "gone"
"""The table of frozen wholes, and what lies beside one: salts of its texts, digests of those that were removed."""
LITTER = frozenset({".DS_Store", "desktop.ini", "Thumbs.db"})
"""What an operating system leaves in a folder by itself."""
HASH, CHUNK, MIB = 32, 1 << 20, 1 << 20
SMALL, LONGEST, MOST_LEAVES, MOST_FILES = 64 * MIB, 64 * MIB, 2048 * MIB, 200_000
"""The largest manifest or checkpoint, the longest line, the largest list of leaves, and the most files."""
RATIO = 200
"""A package that unpacks to more than this many times its size (and 100 MB) is not read."""
BAD_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
UNSAFE = tuple("=+-@\t\r\n")


class CannotTell(Exception):
    """There is nothing to check, or it cannot be read."""


class Fault(NamedTuple):
    """One thing that is not as it should be: the file, the place in it (row, column), and what is wrong."""

    file: str
    place: str
    what: str


# ---------------------------------------------------------------- words

DANISH = {
    "event {0}": "hændelse {0}",
    "line {0}": "linje {0}",
    "column {0}": "kolonne {0}",
    "sheet {0}": "ark {0}",
    "evidence {0} ({1})": "dokumentation {0} ({1})",
    "is missing": "mangler",
    "is in the package, but not in the manifest": "ligger i pakken, men står ikke i fortegnelsen (manifest.json)",
    "is not the file that was packed: its SHA-256 is another": "er ikke den fil, der blev pakket: SHA-256 er en anden",
    "is {0} bytes; the manifest says {1}": "fylder {0} bytes; fortegnelsen siger {1}",
    "cannot be read: {0}": "kan ikke læses: {0}",
    "is a link, not a file": "er et link, ikke en fil",
    "is there twice": "findes to gange",
    "has a name that leads out of the package": "har et navn, der fører ud af pakken",
    "is not signed by the key in the package": "er ikke underskrevet med pakkens nøgle",
    "does not hold the manifest's SHA-256": "indeholder ikke fortegnelsens SHA-256",
    "is not in the form of a signed checkpoint": "har ikke form som et underskrevet kontrolpunkt",
    "is not a public key": "er ikke en offentlig nøgle",
    "is another key than the one you gave with --key": "er en anden nøgle end den, du har angivet med --key",
    "is another key than the older package's": "er en anden nøgle end den ældre pakkes",
    "has {0} leaves; the checkpoint says {1}": "har {0} blade; kontrolpunktet siger {1}",
    "is not a whole number of hashes": "er ikke et helt antal hashværdier",
    "the tree's root is not the checkpoint's": "træets rod er ikke kontrolpunktets",
    "is not in the form in which it was written": "har ikke den form, den blev skrevet i",
    "stands twice, or not in the order of the log": "står to gange eller ikke i ændringsloggens rækkefølge",
    "is not in the log's tree: it has only {0} leaves": "er ikke i ændringsloggens træ, som kun har {0} blade",
    "is not the leaf in the log's tree": "er ikke bladet i ændringsloggens træ",
    "does not fit the event's own contents": "passer ikke til hændelsens eget indhold",
    "does not fit its digest": "passer ikke til sin hashværdi",
    "is gone, but no event in the package tells of a redaction":
        "er væk, men ingen hændelse i pakken fortæller om en sletning af oplysninger",
    "{0} are told in the manifest, {1} are here": "fortegnelsen siger {0}, men her er {1}",
    "is not what event {0} says": "er ikke det, som hændelse {0} fortæller",
    "is not told by event {0}, or that event is not in the package":
        "fortælles ikke af hændelse {0}, eller den hændelse er ikke i pakken",
    "is told again by the later event {0}": "fortælles igen af den senere hændelse {0}",
    "is told by no event": "fortælles ikke af nogen hændelse",
    "does not have the checksum that was given when it was handed over":
        "har ikke den kontrolsum, der blev givet ved afleveringen",
    "stands in rows.jsonl, but not in the index": "står i rows.jsonl, men ikke i oversigten",
    "stands in the index, but not in rows.jsonl": "står i oversigten, men ikke i rows.jsonl",
    "is not what rows.jsonl says": "er ikke det, som rows.jsonl siger",
    "its file {0} is not in the package": "filen {0} er ikke i pakken",
    "its file was not in the store when the package was made": "filen var ikke i lageret, da pakken blev lavet",
    "its contents do not have the SHA-256 that its row and event say":
        "indholdet har ikke den SHA-256, som rækken og hændelsen fortæller",
    "belongs to no line of the index": "hører ikke til nogen linje i oversigten",
    "the sheet is not the one that was written: its SHA-256 is another":
        "arket er ikke det, der blev skrevet: SHA-256 er en anden",
    "has {0} rows; the manifest says {1}": "har {0} rækker; fortegnelsen siger {1}",
    "has {0} rows; rows.jsonl has {1}": "har {0} rækker; rows.jsonl har {1}",
    "the older log has {0} events, this one only {1}: events are gone, or the two were switched":
        "den ældre ændringslog har {0} hændelser, denne kun {1}: Hændelser er væk, eller de to er byttet om",
    "this log does not go on from the older one: what was written up to event {0} has been rewritten":
        "denne ændringslog fortsætter ikke den ældre: Noget af det, der blev skrevet til og med hændelse {0}, "
        "er skrevet om",
    "is of another log: {0}": "hører til en anden ændringslog: {0}",
    "no event here tells that the older package was taken out with this manifest":
        "ingen hændelse her fortæller, at den ældre pakke er hentet med denne fortegnelse",
    "nothing to check: there is no {0}": "der er intet at kontrollere: {0} findes ikke",
    "is neither a folder nor a zip": "er hverken en mappe eller en zip",
    "is too large to be read": "er for stor til at blive læst",
    "would unpack to far more than its size": "vil fylde langt mere udpakket, end den selv gør",
    "is made in a form that this checker does not know: {0}": "har en form, som dette program ikke kender: {0}",
    "is damaged: {0}": "er beskadiget: {0}",
    "Audit package of {0} {1}, made {2} by {3}.": "Revisionspakke for {0} {1}, lavet {2} af {3}.",
    "Checkpoint: {0} events, root {1}.": "Kontrolpunkt: {0} hændelser, rod {1}.",
    "Checked: {0} files, {1} leaves, {2} events ({3} redacted), {4} rows, {5} pieces of evidence, {6} sheets.":
        "Kontrolleret: {0} filer, {1} blade, {2} hændelser ({3} med slettede oplysninger), {4} rækker, "
        "{5} stykker dokumentation, {6} ark.",
    "Older checkpoint: {0} events; this log goes on from it.":
        "Ældre kontrolpunkt: {0} hændelser; denne ændringslog fortsætter det.",
    "Signature: checked with the package cryptography.": "Underskrift: kontrolleret med pakken cryptography.",
    "Signature: the package cryptography is not here; checked with this file's own arithmetic (RFC 8032).":
        "Underskrift: Pakken cryptography findes ikke her; kontrolleret med dette programs egen regning (RFC 8032).",
    "Key: {0}. Compare it with the key you had before (--key does it for you).":
        "Nøgle: {0}. Sammenlign den med den nøgle, I har fået tidligere (--key gør det for dig).",
    "Key: {0}, the one you gave.": "Nøgle: {0}, den du har angivet.",
    "Sound: nothing in this package has been changed.": "Alt stemmer: Intet i pakken er ændret.",
    "Faults: {0}. This package is not what was made.": "Fejl: {0}. Pakken er ikke, som den blev lavet.",
    "Cannot tell: {0}": "Kan ikke afgøres: {0}",
}  # fmt: skip

LANGUAGE = ["en"]


def say(text: str, *values: object) -> str:
    """A sentence in the reader's language."""
    return (DANISH[text] if LANGUAGE[0] == "da" else text).format(*values)


def default_language() -> str:
    """Danish where the machine speaks Danish, else English."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    named = named or locale.getlocale()[0] or ""
    return "da" if named.lower().startswith("da") else "en"


# ---------------------------------------------------------------- the tree (RFC 9162 section 2.1)


def node(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and the two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: bytes, size: int) -> bytes:
    """The root over the first `size` leaves."""
    full: list[bytes] = []
    for at in range(size):
        leaf, rest = leaves[at * HASH : at * HASH + HASH], at
        while rest & 1:
            leaf, rest = node(full.pop(), leaf), rest >> 1
        full.append(leaf)
    if not full:
        return hashlib.sha256().digest()
    top = full.pop()
    while full:
        top = node(full.pop(), top)
    return top


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces and real letters: the form in which everything was hashed."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def exact(text: str) -> Any:
    """The value that the text tells, when it is in the canonical form; else ValueError."""
    try:
        value = json.loads(text)
        if canonical(value) != text:
            raise ValueError(text[:80])
    except RecursionError as error:
        raise ValueError(text[:80]) from error
    return value


def sealed(whole: dict[str, Any]) -> str:
    """The checksum of a frozen whole: each free text stands in it by the digest of its salt and itself."""
    bare = json.loads(canonical({name: part for name, part in whole.items() if name not in (SALTS, GONE)}))
    digests = dict(whole.get(GONE, {}))
    for place, salt in whole.get(SALTS, {}).items():
        text = place_of(bare, place)
        digests[place] = {"digest": hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()}
    for place, digest in digests.items():
        outer, _, key = place.rpartition("/")
        place_of(bare, outer)[key] = digest
    return hashlib.sha256(canonical(bare).encode()).hexdigest()


def place_of(value: Any, place: str) -> Any:
    """What stands at a place: keys and numbers with a slash between."""
    for key in place.split("/") if place else ():
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


# ---------------------------------------------------------------- signatures (Ed25519, RFC 8032 section 5.1.7)

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _add(p: Any, q: Any) -> Any:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, p: Any) -> Any:
    sum_: Any = (0, 1, 1, 0)
    while number:
        sum_ = _add(sum_, p) if number & 1 else sum_
        p, number = _add(p, p), number >> 1
    return sum_


def _point(data: bytes) -> Any:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def own_ed25519(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the signature over the data is by this key, reckoned here."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + data).digest(), "little") % ORDER
    left, right = _times(s, BASE), _add(r, _times(h, a))
    same = (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0
    return bool(same)


try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    LIBRARY = False
else:
    LIBRARY = True


def signed(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the signature over the data is by this key."""
    if not LIBRARY:
        return own_ed25519(public, data, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


class Note(NamedTuple):
    """A signed note (C2SP): its text, and the signatures under it by name."""

    text: str
    signatures: list[tuple[str, bytes, bytes]]

    @property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.split("\n")[:-1]

    def by(self, public: bytes) -> bool:
        """Whether one of the signatures is by this key."""
        data = self.text.encode()
        return any(id == key_id(name, public) and signed(public, data, sig) for name, id, sig in self.signatures)


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that name a key in a signature line (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def read_note(data: bytes) -> Note:
    """A signed note from its bytes, or ValueError."""
    text, gap, below = data.decode().rpartition("\n\n")
    if not gap or not below.endswith("\n"):
        raise ValueError("no signature")
    found = []
    for line in below.split("\n")[:-1]:
        dash, name, blob = line.split(" ")
        raw = base64.b64decode(blob, validate=True)
        if dash != "\u2014" or len(raw) != 68:
            raise ValueError(line)
        found.append((name, raw[:4], raw[4:]))
    return Note(text + "\n", found)


class Checkpoint(NamedTuple):
    """What a checkpoint says of the log: which log, how many events, and the root over them."""

    origin: str
    size: int
    root: bytes
    note: Note


def read_checkpoint(data: bytes) -> Checkpoint:
    """A checkpoint from its bytes, or ValueError."""
    note = read_note(data)
    origin, size, top = note.lines[:3]
    found = base64.b64decode(top, validate=True)
    if len(found) != HASH or not size.isascii() or not size.isdigit() or size != str(int(size)):
        raise ValueError(size)
    return Checkpoint(origin, int(size), found, note)


def read_key(data: bytes) -> bytes:
    """The public key of a key line, name+id+key (C2SP signed-note), or ValueError."""
    name, id, rest = data.decode().strip().split("+", 2)
    raw = base64.b64decode(rest, validate=True)
    if len(raw) != 33 or raw[0] != 1 or key_id(name, raw[1:]).hex() != id:
        raise ValueError(name)
    return raw[1:]


def fingerprint(public: bytes) -> str:
    """How a key is told to a reader: SHA-256, in groups of four."""
    text = hashlib.sha256(public).hexdigest()
    return " ".join(text[at : at + 4] for at in range(0, 64, 4))


# ---------------------------------------------------------------- the package as it lies there


class Package:
    """A package as a folder or a zip; only files that were listed here are opened, and nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        self.path, self.faults = path, list[Fault]()
        self.archive: zipfile.ZipFile | None = None
        self.sizes: dict[str, int] = {}
        if path.is_dir():
            self._folder()
        elif zipfile.is_zipfile(path):
            self._zip()
        else:
            raise CannotTell(f"{path}: {say('is neither a folder nor a zip')}")
        if len(self.sizes) > MOST_FILES:
            raise CannotTell(f"{path}: {say('is too large to be read')}")

    def _folder(self) -> None:
        for folder, below, names in os.walk(self.path):
            for name in below + names:
                whole = Path(folder, name)
                known = whole.relative_to(self.path).as_posix()
                if whole.is_symlink() or not (whole.is_dir() or whole.is_file()):
                    self.faults.append(Fault(known, "", say("is a link, not a file")))
                elif whole.is_file() and name not in LITTER:
                    self.sizes[known] = whole.stat().st_size

    def _zip(self) -> None:
        self.archive = archive = zipfile.ZipFile(self.path)
        infos, size = archive.infolist(), self.path.stat().st_size
        packed, unpacked = sum(i.compress_size for i in infos), sum(i.file_size for i in infos)
        if packed > size or unpacked > RATIO * size + 100 * MIB:
            raise CannotTell(f"{self.path}: {say('would unpack to far more than its size')}")
        for info in infos:
            name = info.filename
            if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
                self.faults.append(Fault(name, "", say("has a name that leads out of the package")))
            elif info.external_attr >> 28 == 0xA:
                self.faults.append(Fault(name, "", say("is a link, not a file")))
            elif name in self.sizes:
                self.faults.append(Fault(name, "", say("is there twice")))
            elif not name.endswith("/") and name.rsplit("/", 1)[-1] not in LITTER:
                self.sizes[name] = info.file_size

    def open(self, name: str) -> IO[bytes]:
        """A file of the package, to be read."""
        if name not in self.sizes:
            raise KeyError(name)
        return self.archive.open(name) if self.archive else (self.path / name).open("rb")

    def read(self, name: str, most: int = SMALL) -> bytes:
        """A small file's bytes."""
        if self.sizes.get(name, 0) > most:
            raise ValueError(say("is too large to be read"))
        with self.open(name) as file:
            return file.read(most)

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """Number and text of each line of a file, one at a time."""
        with self.open(name) as file:
            number = 0
            while line := file.readline(LONGEST):
                number += 1
                if not line.endswith(b"\n"):
                    raise ValueError(say("line {0}", number))
                yield number, line[:-1].decode()


# ---------------------------------------------------------------- the checks


class Check:
    """One run over a package: what was found wrong, and how much was looked at."""

    def __init__(self, package: Package) -> None:
        self.package, self.faults = package, list(package.faults)
        self.digests: dict[str, str] = {}
        self.manifest: dict[str, Any] = {}
        self.public: bytes | None = None
        self.checkpoint: Checkpoint | None = None
        self.leaves, self.events, self.redacted, self.evidence, self.sheets = b"", 0, 0, 0, 0
        self.rows: dict[tuple[str, int], tuple[int, str]] = {}
        self.told: set[tuple[str, int]] = set()
        self.retold: dict[int, Any] = {}
        self.taken: set[str] = set()
        self.older: list[int] = []

    def fault(self, file: str, place: str, text: str, *values: object) -> None:
        """Note a fault."""
        self.faults.append(Fault(file, place, say(text, *values)))

    def run(self, key: bytes | None) -> None:
        """Every check in turn; a file that fails one is still put to the others."""
        steps = (
            (MANIFEST, self.read_manifest), (KEY, lambda: self.read_key(key)), (CHECKPOINT, self.read_checkpoint),
            (MANIFEST, self.check_files), (NOTE, self.check_note), (LEAVES, self.check_leaves),
            (ROWS, self.read_rows), (EVENTS, self.check_events), (ROWS, self.check_seals), (INDEX, self.check_evidence),
            (MANIFEST, self.counted),
        )  # fmt: skip
        for name, step in steps:
            self.guarded(name, step)
        for name in self.part("sheets"):
            self.guarded(name, lambda name=name: self.check_workbook(name))
        if OLDER in self.package.sizes:
            self.guarded(OLDER, lambda: self.check_older(OLDER, self.package.read(OLDER)))

    def guarded(self, name: str, step: Any) -> None:
        """A step whose file may be missing, damaged or of another form."""
        try:
            step()
        except KeyError as error:
            self.fault(str(error.args[0]) if error.args else name, "", "is missing")
        except OSError as error:
            self.fault(name, "", "cannot be read: {0}", error)
        except (*BAD_ZIP, csv.Error, TypeError, AttributeError, IndexError, RecursionError) as error:
            self.fault(name, "", "is damaged: {0}", str(error)[:200] or type(error).__name__)

    def part(self, name: str) -> dict[str, Any]:
        """A part of the manifest."""
        found = self.manifest.get(name)
        return found if isinstance(found, dict) else {}

    def read_manifest(self) -> None:
        """What the package should hold."""
        if MANIFEST not in self.package.sizes:
            raise CannotTell(f"{self.package.path}: {say('nothing to check: there is no {0}', MANIFEST)}")
        try:
            found = json.loads(self.package.read(MANIFEST))
        except (ValueError, RecursionError) as error:
            raise CannotTell(f"{MANIFEST}: {say('is damaged: {0}', str(error)[:200])}") from error
        form = found.get("format") if isinstance(found, dict) else None
        if form != FORMAT:
            raise CannotTell(f"{MANIFEST}: {say('is made in a form that this checker does not know: {0}', form)}")
        self.manifest = found

    def read_key(self, given: bytes | None) -> None:
        """The public key, compared with the one the auditor already had."""
        try:
            self.public = read_key(self.package.read(KEY))
        except ValueError:
            self.fault(KEY, "", "is not a public key")
        if given is not None and self.public != given:
            self.fault(KEY, "", "is another key than the one you gave with --key")

    def read_checkpoint(self) -> None:
        """The checkpoint and its signature."""
        try:
            self.checkpoint = read_checkpoint(self.package.read(CHECKPOINT))
        except ValueError:
            self.fault(CHECKPOINT, "", "is not in the form of a signed checkpoint")
            return
        self.check_signature(CHECKPOINT, self.checkpoint.note)

    def check_signature(self, name: str, note: Note) -> None:
        """The signature under a note."""
        if self.public is not None and not note.by(self.public):
            self.fault(name, "", "is not signed by the key in the package")

    def check_note(self) -> None:
        """The signed note that holds the manifest's digest."""
        note = read_note(self.package.read(NOTE))
        if note.lines[1:2] != [hashlib.sha256(self.package.read(MANIFEST)).hexdigest()]:
            self.fault(NOTE, "", "does not hold the manifest's SHA-256")
        self.check_signature(NOTE, note)

    def check_files(self) -> None:
        """Every file by its SHA-256: none changed, none missing, none too many."""
        told = self.part("files")
        for name in sorted(self.package.sizes):
            self.guarded(name, lambda name=name: self.digest(name))
            if name not in told and name not in (MANIFEST, NOTE):
                self.fault(name, "", "is in the package, but not in the manifest")
        for name, one in sorted(told.items()):
            if name not in self.package.sizes:
                self.fault(name, "", "is missing")
            elif self.package.sizes[name] != one.get("size"):
                self.fault(name, "", "is {0} bytes; the manifest says {1}", self.package.sizes[name], one.get("size"))
            elif self.digests.get(name) != one.get("sha256"):
                self.fault(name, "", "is not the file that was packed: its SHA-256 is another")

    def digest(self, name: str) -> None:
        """Hash one file."""
        found = hashlib.sha256()
        with self.package.open(name) as file:
            while chunk := file.read(CHUNK):
                found.update(chunk)
        self.digests[name] = found.hexdigest()

    def check_leaves(self) -> None:
        """The tree over all leaves of the log gives the root that the checkpoint signs."""
        self.leaves = self.package.read(LEAVES, MOST_LEAVES)
        if len(self.leaves) % HASH:
            self.fault(LEAVES, "", "is not a whole number of hashes")
        if self.checkpoint is None:
            return
        if self.size != self.checkpoint.size:
            self.fault(LEAVES, "", "has {0} leaves; the checkpoint says {1}", self.size, self.checkpoint.size)
        elif root(self.leaves, self.size) != self.checkpoint.root:
            self.fault(LEAVES, "", "the tree's root is not the checkpoint's")

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self.leaves) // HASH

    def read_rows(self) -> None:
        """The exported rows, each with the event that told it last."""
        for number, line in self.package.lines(ROWS):
            place = say("line {0}", number)
            try:
                row = exact(line)
                table, id, seq, state = row["table"], row["id"], row["seq"], canonical(row["state"])
                if len(row) != 4 or not isinstance(table, str) or type(id) is not int or not isinstance(
                    row["state"], dict) or row["state"].get("id") != id:  # fmt: skip
                    raise ValueError(line[:80])
            except (ValueError, KeyError, TypeError):
                self.fault(ROWS, place, "is not in the form in which it was written")
                continue
            if (table, id) in self.rows:
                self.fault(ROWS, f"{table} {id}", "is there twice")
            self.rows[table, id] = (seq if type(seq) is int else 0, state)

    def check_events(self) -> None:
        """Each event's form, digests and place in the tree, and the rows it tells."""
        before, hollow = 0, list[tuple[int, object]]()
        for number, line in self.package.lines(EVENTS):
            self.events += 1
            try:
                found = exact(line)
                entry, payload, salt, leaf = found["entry"], found["payload"], found["salt"], found["leaf"]
                seq = entry["seq"]
                if len(found) != 4 or type(seq) is not int or not isinstance(leaf, str):
                    raise ValueError(line[:80])
            except (ValueError, KeyError, TypeError):
                self.fault(EVENTS, say("line {0}", number), "is not in the form in which it was written")
                continue
            if seq <= before:
                self.fault(EVENTS, say("event {0}", seq), "stands twice, or not in the order of the log")
            before = max(seq, before)
            self.check_leaf(seq, entry, leaf)
            if payload is None and salt is None:
                hollow.append((seq, entry.get("action")))
            else:
                held = self.check_payload(seq, entry, payload, salt)
                self.check_told(seq, held.get("rows"))
                self.note_fields(seq, entry.get("action"), held.get("fields"))
        self.check_hollow(hollow)
        self.check_untold()

    def check_hollow(self, hollow: list[tuple[int, object]]) -> None:
        """A payload may be gone only where a redaction says so; what the redaction retells stands in for it."""
        self.redacted = len(hollow)
        for seq, action in reversed(hollow):
            one = self.retold.get(seq)
            if not isinstance(one, dict):
                place = say("event {0}", seq) + ", payload"
                self.fault(EVENTS, place, "is gone, but no event in the package tells of a redaction")
                continue
            self.check_told(seq, one.get("rows"))
            self.note_fields(seq, action, one.get("fields"))

    def check_leaf(self, seq: int, entry: Any, leaf: str) -> None:
        """The leaf is made of the event's contents and stands at the event's place in the tree."""
        place = say("event {0}", seq) + ", leaf"
        if hashlib.sha256(b"\x00" + canonical(entry).encode()).hexdigest() != leaf:
            self.fault(EVENTS, place, "does not fit the event's own contents")
        if not 0 < seq <= self.size:
            self.fault(EVENTS, place, "is not in the log's tree: it has only {0} leaves", self.size)
        elif self.leaves[(seq - 1) * HASH : seq * HASH].hex() != leaf:
            self.fault(EVENTS, place, "is not the leaf in the log's tree")

    def check_payload(self, seq: int, entry: Any, payload: Any, salt: Any) -> dict[str, Any]:
        """The payload fits the digest that the leaf covers; what it tells."""
        place, held = say("event {0}", seq) + ", payload", None
        try:
            digest = hashlib.sha256(bytes.fromhex(salt) + payload.encode()).hexdigest()
            if salt != salt.lower() or len(salt) != 32 or digest != entry.get("payload_digest"):
                self.fault(EVENTS, place, "does not fit its digest")
            held = exact(payload)
        except (ValueError, TypeError, AttributeError):
            self.fault(EVENTS, place, "is not in the form in which it was written")
        return held if isinstance(held, dict) else {}

    def check_told(self, seq: int, rows: Any) -> None:
        """Rows that this event tells: equal to the exported ones that say it is their last."""
        for one in rows if isinstance(rows, list) else ():
            key = (one.get("table"), one.get("id")) if isinstance(one, dict) else ("", 0)
            if key not in self.rows:
                continue
            last, state = self.rows[key]
            if seq == last:
                self.told.add(key)
                self.check_state(key, seq, json.loads(state), one.get("state"))
            elif seq > last:
                self.fault(ROWS, f"{key[0]} {key[1]}", "is told again by the later event {0}", seq)

    def check_state(self, key: tuple[str, int], seq: int, now: dict[str, Any], said: Any) -> None:
        """Each column of a row is what its event says; one that came to the table after the event is empty."""
        said = said if isinstance(said, dict) else {}
        for column in sorted(now.keys() | said.keys()):
            if canonical(now.get(column)) != canonical(said.get(column)):
                place = f"{key[0]} {key[1]}, " + say("column {0}", column)
                self.fault(ROWS, place, "is not what event {0} says", seq)

    def note_fields(self, seq: int, action: Any, fields: Any) -> None:
        """What later checks need of an event: packages taken out, and what a redaction retells."""
        if action == EXPORTED and isinstance(fields, dict):
            self.taken.add(str(fields.get("digest")))
        if action == REDACTED:
            self.note_cleaned(seq, fields)

    def note_cleaned(self, seq: int, fields: Any) -> None:
        """The payloads that a redaction retells without what was removed, by the number of their events."""
        cleaned = fields.get(CLEANED) if isinstance(fields, dict) else None
        for number, one in cleaned.items() if isinstance(cleaned, dict) else ():
            if number.isascii() and number.isdigit() and int(number) < seq:
                self.retold[int(number)] = one

    def check_untold(self) -> None:
        """Rows that no event in the package tells."""
        for key in sorted(self.rows.keys() - self.told):
            seq = self.rows[key][0]
            text = "is not told by event {0}, or that event is not in the package" if seq else "is told by no event"
            self.fault(ROWS, f"{key[0]} {key[1]}", text, seq)

    def check_seals(self) -> None:
        """The frozen basis of each recommendation has its checksum, also where a text was removed from it."""
        for (table, id), (_, state) in sorted(self.rows.items()):
            if table != SEALED_TABLE:
                continue
            row = json.loads(state)
            whole = json.loads(row["snapshot"] or "null")
            if whole is None or (SALTS not in whole and self.redacted):
                continue  # before the texts had salts, a removed one took the checksum along; the log tells the rest
            if sealed(whole) != row["snapshot_hash"]:
                place = f"{table} {id}, {say('column {0}', 'snapshot')}"
                self.fault(ROWS, place, "does not have the checksum that was given when it was handed over")

    def counted(self) -> None:
        """As many of each as the manifest tells."""
        found = {LEAVES: self.size, EVENTS: self.events, ROWS: len(self.rows), INDEX: self.evidence}
        told = self.part("counts")
        for name, number in found.items():
            if told.get(name) != number:
                self.fault(name, "", "{0} are told in the manifest, {1} are here", told.get(name), number)

    def check_evidence(self) -> None:
        """The index against the evidence's rows, and each file against its name."""
        rows = {id: json.loads(state) for (table, id), (_, state) in self.rows.items() if table == EVIDENCE_TABLE}
        used, seen = set[str](), set[int]()
        with self.package.open(INDEX) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
            for line in csv.DictReader(text, delimiter=";", strict=True):
                self.evidence += 1
                id = int(line["id"])
                place = say("evidence {0} ({1})", id, rows.get(id, line).get("filename"))
                if id in seen:
                    self.fault(INDEX, place, "is there twice")
                seen.add(id)
                if id not in rows:
                    self.fault(INDEX, place, "stands in the index, but not in rows.jsonl")
                    continue
                for column in COMPARED:
                    if line[column] != harmless(rows[id].get(column)):
                        self.fault(INDEX, f"{place}, {say('column {0}', column)}", "is not what rows.jsonl says")
                self.check_file(place, line["file"], rows[id])
                used.add(line["file"])
        for id in sorted(rows.keys() - seen):
            self.fault(INDEX, f"{EVIDENCE_TABLE} {id}", "stands in rows.jsonl, but not in the index")
        for name in sorted(self.package.sizes):
            if name.startswith(EVIDENCE) and name not in used:
                self.fault(name, "", "belongs to no line of the index")

    def check_file(self, place: str, name: str, row: dict[str, Any]) -> None:
        """One piece of evidence: the file is there, and is what the row says it is; one disposed of is gone."""
        if not name and row.get("disposed_at"):
            return
        if not name:
            self.fault(INDEX, place, "its file was not in the store when the package was made")
        elif name not in self.package.sizes or not name.startswith(EVIDENCE):
            self.fault(INDEX, place, "its file {0} is not in the package", name)
        elif self.digests.get(name) != row.get("sha256"):
            self.fault(name, place, "its contents do not have the SHA-256 that its row and event say")

    def check_workbook(self, name: str) -> None:
        """Each sheet by its SHA-256 and number of rows, also against the rows it was made from."""
        tables = [table for table, _ in self.rows]
        with self.package.open(name) as file, zipfile.ZipFile(io.BytesIO(file.read(MOST_LEAVES))) as book:
            for sheet in self.part("sheets")[name]:
                self.sheets += 1
                place, found, rows = say("sheet {0}", sheet["title"]), hashlib.sha256(), 0
                rest = b""
                with book.open(sheet["file"]) as part:
                    while chunk := part.read(CHUNK):
                        found.update(chunk)
                        rows += (rest + chunk).count(b"<row ")
                        rest = chunk[-4:]
                if found.hexdigest() != sheet["sha256"]:
                    self.fault(name, place, "the sheet is not the one that was written: its SHA-256 is another")
                if rows - 1 != sheet["rows"]:
                    self.fault(name, place, "has {0} rows; the manifest says {1}", rows - 1, sheet["rows"])
                exported = sum(tables.count(table) for table in sheet["tables"])
                if sheet["tables"] and sheet["rows"] != exported:
                    self.fault(name, place, "has {0} rows; rows.jsonl has {1}", sheet["rows"], exported)

    def check_given(self, path: Path, older: Package | None) -> None:
        """An older package or checkpoint that the auditor kept."""
        if older is None:
            self.check_older(str(path), kept_checkpoint(path))
            return
        self.check_older(f"{path}: {CHECKPOINT}", older.read(CHECKPOINT))
        if KEY in older.sizes and read_key(older.read(KEY)) != self.public:
            self.fault(KEY, "", "is another key than the older package's")
        digest, manifest = hashlib.sha256(older.read(MANIFEST)).hexdigest(), json.loads(older.read(MANIFEST))
        now = read_checkpoint(self.package.read(CHECKPOINT)).size
        if (
            manifest.get("organisation") == self.manifest.get("organisation")
            and read_checkpoint(older.read(CHECKPOINT)).size < now and digest not in self.taken
        ):  # fmt: skip
            self.fault(str(path), "", "no event here tells that the older package was taken out with this manifest")

    def check_older(self, name: str, data: bytes) -> None:
        """This log goes on from an older checkpoint: its beginning has the older root."""
        try:
            older = read_checkpoint(data)
        except ValueError:
            self.fault(name, "", "is not in the form of a signed checkpoint")
            return
        self.check_signature(name, older.note)
        if self.checkpoint is not None and older.origin != self.checkpoint.origin:
            self.fault(name, "", "is of another log: {0}", older.origin)
        elif older.size > self.size:
            text = "the older log has {0} events, this one only {1}: events are gone, or the two were switched"
            self.fault(name, "", text, older.size, self.size)
        elif root(self.leaves, older.size) != older.root:
            text = "this log does not go on from the older one: what was written up to event {0} has been rewritten"
            self.fault(name, "", text, older.size)
        else:
            self.older.append(older.size)


def harmless(value: object) -> str:
    """A value as the index holds it: a text that a spreadsheet would take for a formula has an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith((*UNSAFE, "'")) else text


# ---------------------------------------------------------------- the report


def report(check: Check, given: bool) -> None:
    """What was checked, and every fault."""
    about, made = check.manifest, check.checkpoint
    code = check.part("organisation").get("code")
    print(say("Audit package of {0} {1}, made {2} by {3}.", code, about.get("year"), about.get("made_at"),
              about.get("made_by")))  # fmt: skip
    if made is not None:
        print(say("Checkpoint: {0} events, root {1}.", made.size, made.root.hex()))
    text = "Checked: {0} files, {1} leaves, {2} events ({3} redacted), {4} rows, {5} pieces of evidence, {6} sheets."
    print(say(text, len(check.digests), check.size, check.events, check.redacted, len(check.rows), check.evidence,
              check.sheets))  # fmt: skip
    for size in check.older:
        print(say("Older checkpoint: {0} events; this log goes on from it.", size))
    print(say("Signature: checked with the package cryptography." if LIBRARY else OWN))
    if check.public is not None:
        print(say("Key: {0}, the one you gave." if given else COMPARE, fingerprint(check.public)))
    for fault in check.faults:
        print(", ".join(part for part in (fault.file, fault.place) if part) + f": {fault.what}")
    if check.faults:
        print(say("Faults: {0}. This package is not what was made.", len(check.faults)))
    else:
        print(say("Sound: nothing in this package has been changed."))


OWN = "Signature: the package cryptography is not here; checked with this file's own arithmetic (RFC 8032)."
COMPARE = "Key: {0}. Compare it with the key you had before (--key does it for you)."


def check(path: Path, older: Path | None = None, key: Path | None = None) -> Check:
    """Check the package at the path."""
    done = Check(opened(path))
    try:
        given = read_key(key.read_bytes()) if key else None
    except ValueError as error:
        raise CannotTell(f"{key}: {say('is not a public key')}") from error
    done.run(given)
    if older is not None:
        kept = opened(older) if older.is_dir() or zipfile.is_zipfile(older) else None
        done.guarded(str(older), lambda: done.check_given(older, kept))
    return done


def kept_checkpoint(path: Path) -> bytes:
    """The checkpoint in a package, or the file itself."""
    if path.is_dir() or zipfile.is_zipfile(path):
        return opened(path).read(CHECKPOINT)
    if path.stat().st_size > SMALL:
        raise CannotTell(f"{path}: {say('is too large to be read')}")
    return path.read_bytes()


def opened(path: Path) -> Package:
    """The package at the path."""
    try:
        return Package(path)
    except (OSError, *BAD_ZIP) as error:
        raise CannotTell(f"{path}: {say('cannot be read: {0}', error)}") from error


def main(words: list[str] | None = None) -> int:
    """The command: prints the report, gives back the exit status."""
    parser = argparse.ArgumentParser(prog=CHECKER, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("package", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--older", type=Path, help="an older package or checkpoint that this one must go on from")
    parser.add_argument("--key", type=Path, help="the public key you had before")
    parser.add_argument("--lang", choices=("da", "en"), default=default_language())
    asked = parser.parse_args(words)
    LANGUAGE[0] = asked.lang
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        done = check(asked.package, asked.older, asked.key)
    except (CannotTell, OSError) as error:
        print(say("Cannot tell: {0}", error))
        return 2
    report(done, asked.key is not None)
    return 1 if done.faults else 0


if __name__ == "__main__":
    sys.exit(main())
