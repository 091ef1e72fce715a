"""The audit package, checked by its own checker alone: sound when it is, and every tampering named."""

import ast
import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from sqlalchemy import select, text, update

from controls.base import audit, checkpoint, keys, merkle, redaction, settings
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.evidence import actions as evidence
from controls.evidence.tables import Evidence
from controls.finding.tables import Finding
from controls.identity.permissions import Role
from controls.papers import actions, checker, package
from tests import make
from tests.papers.sample import CHANGED, PDF, Year


class Small(Year):
    """A year with two different files of evidence, one of them used twice."""

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            by, org = make.by(self.tester), self.organisation.id
            evidence.add(by, org, "review_review", self.review.id, "bilag.pdf", BytesIO(PDF), "Det samme bilag")
            evidence.add(
                by, org, "review_review", self.review.id, "=note.txt", BytesIO(b"Set og fundet i orden"), "Note"
            )
        self.change("Et nyt forhold")

    def pack(self, folder: Path, who: Any = None, since: Any = None, minutes: int = 0) -> Path:
        """A package, recorded, in a folder of its own."""
        by = make.by(who or self.auditor, make.NOW + timedelta(minutes=minutes))
        path = folder / f"pakke-{minutes}.zip"
        with path.open("w+b") as file:
            packed = package.write(by, self.organisation, 2026, "en", file, since)
        with transaction():
            actions.record_package(by, self.organisation, packed)
        return path


@dataclass(frozen=True)
class Ran:
    """What the checker said."""

    status: int
    said: str


def check(folder: Path, *words: object, lang: str = "en") -> Ran:
    """Run the package's checker alone: a folder with nothing else in it, no site-packages, no environment."""
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)
    (alone / "check.py").write_bytes(Path(checker.__file__).read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", "-S", "check.py", *map(str, words), "--lang", lang], cwd=alone, capture_output=True,
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}, timeout=60,
    )  # fmt: skip
    assert not done.stderr, done.stderr.decode()
    return Ran(done.returncode, done.stdout.decode())


Files = dict[str, bytes]


def unpacked(path: Path) -> Files:
    """The files of a package."""
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, held: Files) -> Path:
    """A package of these files."""
    with ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return path


def signed_anew(held: Files) -> None:
    """Manifest and signature made again with the installation's own key: only the checks behind them are left."""
    told = json.loads(held["manifest.json"])
    told["files"] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in held.items()
        if name not in ("manifest.json", "manifest.note")
    }  # fmt: skip
    resign(held, told)


def resign(held: Files, told: dict[str, Any]) -> None:
    """Another manifest, signed."""
    held["manifest.json"] = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
    digest = hashlib.sha256(held["manifest.json"]).hexdigest()
    held["manifest.note"] = checkpoint.note(settings.current().keys, package.NOTE.format(digest=digest)).encode()


def lines(held: Files, name: str, turn: Callable[[list[Any]], None]) -> None:
    """Change the lines of a file of JSON lines."""
    rows = [json.loads(line) for line in held[name].decode().splitlines()]
    turn(rows)
    held[name] = "".join(merkle.canonical(row) + "\n" for row in rows).encode()


def row_of(rows: list[Any], table: str) -> Any:
    """The first row of a table."""
    return next(row for row in rows if row["table"] == table)


def evidence_names(held: Files) -> list[str]:
    """The files of evidence."""
    return [name for name in held if name.startswith("evidence/")]


def swapped(held: Files) -> None:
    one, two = evidence_names(held)
    held[one], held[two] = held[two], held[one]


def byte(name: str, at: int = 40) -> Callable[[Files], None]:
    """Flip a bit of a file."""

    def turn(held: Files) -> None:
        data = bytearray(held[name])
        data[at] ^= 1
        held[name] = bytes(data)

    return turn


def on_events(turn: Callable[[list[Any]], None]) -> Callable[[Files], None]:
    return lambda held: lines(held, "events.jsonl", turn)


def on_rows(turn: Callable[[list[Any]], None]) -> Callable[[Files], None]:
    return lambda held: lines(held, "rows.jsonl", turn)


def finding_event(rows: list[Any]) -> Any:
    """The event that changed the finding."""
    return next(row for row in rows if row["entry"]["action"] == "test.changed")


def to_older(held: Files) -> None:
    """A finding put back to what it was, with its older event, and the newer event taken out."""
    events = [json.loads(line) for line in held["events.jsonl"].decode().splitlines()]
    newest = finding_event(events)
    old = next(e for e in events if e["entry"]["action"] == "test.filled")
    state = next(r["state"] for r in json.loads(old["payload"])["rows"] if r["table"] == "finding_finding")

    def back(rows: list[Any]) -> None:
        row_of(rows, "finding_finding").update(state=state, seq=old["entry"]["seq"])

    lines(held, "rows.jsonl", back)
    lines(held, "events.jsonl", lambda rows: rows.remove(newest))


def stale(rows: list[Any]) -> None:
    row = row_of(rows, "finding_finding")
    row["seq"] -= 1


def note_line(held: Files, number: int, value: str) -> None:
    text = held["checkpoint.txt"].decode().split("\n")
    text[number] = value
    held["checkpoint.txt"] = "\n".join(text).encode()


def bad_signature(name: str) -> Callable[[Files], None]:
    def turn(held: Files) -> None:
        text, _, last = held[name].decode().rstrip("\n").rpartition(" ")
        blob = bytearray(base64.b64decode(last))
        blob[30] ^= 1
        held[name] = f"{text} {base64.b64encode(blob).decode()}\n".encode()

    return turn


def other_key(held: Files) -> None:
    """Another key under the same name."""
    public = bytes(keys.Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    name = held["public.key"].decode().split("+")[0]
    id = checkpoint.note_key(name, public).hex()
    held["public.key"] = f"{name}+{id}+{base64.b64encode(bytes([1]) + public).decode()}\n".encode()


def in_index(old: str, new: str) -> Callable[[Files], None]:
    def turn(held: Files) -> None:
        assert old in held["evidence.csv"].decode("utf-8-sig")
        held["evidence.csv"] = held["evidence.csv"].decode().replace(old, new, 1).encode()

    return turn


def cell_in_workbook(held: Files) -> None:
    """One cell of a workbook."""
    name = "audit-extract-STAR-2026.xlsx"
    with ZipFile(BytesIO(held[name])) as book:
        parts = {part: book.read(part) for part in book.namelist()}
    target = "xl/worksheets/sheet3.xml"
    changed = parts[target].replace(b"<v>16</v>", b"<v>12</v>", 1)
    assert changed != parts[target]
    parts[target] = changed
    out = BytesIO()
    with ZipFile(out, "w") as book:
        for part, data in parts.items():
            book.writestr(part, data)
    held[name] = out.getvalue()


def told_of(held: Files, turn: Callable[[dict[str, Any]], Any]) -> None:
    told = json.loads(held["manifest.json"])
    turn(told)
    resign(held, told)


def hidden(rows: list[Any]) -> None:
    finding_event(rows).update(payload=None, salt=None)


def word(rows: list[Any]) -> None:
    one = finding_event(rows)
    one["payload"] = one["payload"].replace("Et nyt forhold", "Et andet forhold")


def name_of(rows: list[Any]) -> None:
    finding_event(rows)["entry"]["person_name"] = "En anden"


def whole(rows: list[Any]) -> None:
    """An event made anew throughout: payload, digest and leaf fit each other, but not the tree."""
    one = finding_event(rows)
    one["payload"] = one["payload"].replace("Et nyt forhold", "Et andet forhold")
    digest = hashlib.sha256(bytes.fromhex(one["salt"]) + one["payload"].encode()).hexdigest()
    one["entry"]["payload_digest"] = digest
    one["leaf"] = merkle.leaf_hash(merkle.canonical(one["entry"]).encode()).hex()


EVENT, EVERY = "events.jsonl", "manifest.json"
BARE: list[tuple[str, Callable[[Files], Any], tuple[str, ...]]] = [
    ("a byte of evidence", lambda h: byte(evidence_names(h)[0], 3)(h), ("evidence/", "SHA-256 is another")),
    ("two pieces of evidence swapped", swapped, ("evidence/", " bytes; the manifest says", "do not have the SHA-256")),
    ("a piece of evidence gone", lambda h: h.pop(evidence_names(h)[1]), ("evidence/", "is missing")),
    ("a file too many", lambda h: h.update({"nyt.txt": b"x"}), ("nyt.txt: is in the package, but not in the m",)),
    ("litter in evidence", lambda h: h.update({"evidence/x": b"x"}), ("evidence/x: belongs to no line of the index",)),
    ("the readme", byte("README.txt"), ("README.txt: is not the file that was packed",)),
    ("the checker", byte("check.py"), ("check.py: is not the file that was packed",)),
    ("the manifest", lambda h: h.update({EVERY: h[EVERY].replace(b'"year": 2026', b'"year": 2025')}),
     ("manifest.note: does not hold the manifest's SHA-256",)),
    ("a manifest entry", lambda h: h.update({EVERY: h[EVERY].replace(
        hashlib.sha256(h["rows.jsonl"]).hexdigest().encode(), b"0" * 64)}), ("rows.jsonl: is not the file",)),
    ("the manifest's signature", bad_signature("manifest.note"), ("manifest.note: is not signed",)),
    ("no signature", lambda h: h.pop("manifest.note"), ("manifest.note: is missing",)),
    ("no leaves", lambda h: h.pop("leaves.bin"), ("leaves.bin: is missing",)),
    ("no events", lambda h: h.pop(EVENT), ("events.jsonl: is missing",)),
]  # fmt: skip
"""Tamperings by somebody without the key."""

KEYED: list[tuple[str, Callable[[Files], Any], tuple[str, ...]]] = [
    ("a byte of evidence", lambda h: byte(evidence_names(h)[0], 3)(h), ("its contents do not have the SHA-256",)),
    ("two pieces of evidence swapped", swapped, ("its contents do not have the SHA-256",)),
    ("evidence dropped", lambda h: h.pop(evidence_names(h)[1]), ("evidence.csv", "is not in the package")),
    ("evidence under another name", in_index("bilag.pdf", "andet.pdf"),
     ("evidence.csv, evidence 1 (bilag.pdf)", "column filename: is not what rows.jsonl says")),
    ("evidence of something else", in_index("review_review", "review_risk"), ("column subject_type",)),
    ("an event gone", on_events(lambda rows: rows.remove(finding_event(rows))),
     ("finding_finding", "is not told by event", "events.jsonl: ")),
    ("an event twice", on_events(lambda rows: rows.append(rows[-1])), ("stands twice",)),
    ("events switched", on_events(lambda rows: rows.insert(0, rows.pop(3))), ("not in the order of the log",)),
    ("a payload", on_events(word), ("payload: does not fit its digest", "finding_finding", "column condition")),
    ("a salt", on_events(lambda rows: finding_event(rows).update(salt="00" * 16)), ("payload: does not fit",)),
    ("a leaf", on_events(lambda rows: finding_event(rows).update(leaf="00" * 32)), ("leaf: does not fit",)),
    ("who did it", on_events(name_of), ("leaf: does not fit the event's own contents",)),
    ("an event made anew", on_events(whole), ("leaf: is not the leaf in the log's tree", "column condition")),
    ("a payload taken away", on_events(hidden), ("payload: is gone, but no event", "finding_finding")),
    ("a row's cell", on_rows(lambda rows: row_of(rows, "finding_finding")["state"].update(condition="Intet")),
     ("rows.jsonl, finding_finding 1, column condition: is not what event",)),
    ("a row's number for a text", on_rows(lambda rows: row_of(rows, "wheel_cycle")["state"].update(year="2026")),
     ("rows.jsonl, wheel_cycle 1, column year",)),
    ("1.0 for 1", on_rows(lambda rows: row_of(rows, "wheel_cycle")["state"].update(version=1.0)),
     ("rows.jsonl, wheel_cycle 1, column version",)),
    ("a column gone", on_rows(lambda rows: row_of(rows, "review_risk")["state"].pop("cause")),
     ("review_risk 1, column cause",)),
    ("a row gone", on_rows(lambda rows: rows.remove(row_of(rows, "review_risk"))),
     ("sheet 03 Risks: has 2 rows; rows.jsonl has 1",)),
    ("a row twice", on_rows(lambda rows: rows.append(rows[-1])), ("is there twice",)),
    ("a row's event", on_rows(stale), ("finding_finding 1: is told again by the later event",)),
    ("a row of no event", on_rows(lambda rows: row_of(rows, "review_risk").update(seq=0)),
     ("review_risk 1: is told by no event",)),
    ("a row and its event put back", to_older, ("events.jsonl: ",)),
    ("not canonical", lambda h: h.update({"rows.jsonl": h["rows.jsonl"].replace(b'"id":1,', b'"id": 1,', 1)}),
     ("rows.jsonl, line", "is not in the form in which it was written")),
    ("no JSON", lambda h: h.update({EVENT: b"{\n" + h[EVENT]}), ("events.jsonl, line 1: is not in the form",)),
    ("the checkpoint's size", lambda h: note_line(h, 1, "3"), ("point.txt: is not signed", "the checkpoint says 3")),
    ("the checkpoint's root", lambda h: note_line(h, 2, base64.b64encode(bytes(32)).decode()),
     ("checkpoint.txt: is not signed", "root is not the checkpoint's")),
    ("the checkpoint's time", lambda h: note_line(h, 3, "time 2020-01-01T00:00:00Z"), ("point.txt: is not signed",)),
    ("the checkpoint's signature", bad_signature("checkpoint.txt"), ("checkpoint.txt: is not signed",)),
    ("the checkpoint is none", lambda h: h.update({"checkpoint.txt": b"hej\n"}), ("point.txt: is not in the form",)),
    ("the key", other_key, ("checkpoint.txt: is not signed", "manifest.note: is not signed")),
    ("the key is none", lambda h: h.update({"public.key": b"hej"}), ("public.key: is not a public key",)),
    ("leaves cut", lambda h: h.update({"leaves.bin": h["leaves.bin"][:-32]}), ("leaves.bin: has", "is not in the log")),
    ("leaves cut within one", lambda h: h.update({"leaves.bin": h["leaves.bin"][:-5]}), ("whole number of hashes",)),
    ("a byte of the leaves", byte("leaves.bin", 70), ("leaves.bin: the tree's root is not", "event 3, leaf")),
    ("a workbook's cell", cell_in_workbook, ("audit-extract-STAR-2026.xlsx, sheet 02 Assessments: the sheet is not",)),
    ("a workbook that is none", lambda h: h.update({"audit-extract-STAR-2026.xlsx": b"PK"}), ("xlsx: is damaged",)),
]  # fmt: skip
"""Tamperings by somebody who makes manifest and signature anew: only the check itself finds them."""


def test_a_sound_package_raises_no_alarm(app: Any, tmp_path: Path) -> None:
    path = Small().pack(tmp_path)
    for lang, sound in (("en", "Sound: nothing"), ("da", "Alt stemmer")):
        ran = check(tmp_path, path, lang=lang)
        assert ran.status == 0 and sound in ran.said, ran.said
    assert "3 stykker dokumentation" in ran.said and "RFC 8032" in ran.said
    held = unpacked(path)
    assert held["check.py"] == Path(checker.__file__).read_bytes()
    assert len(evidence_names(held)) == 2 and held["evidence.csv"].decode("utf-8-sig").count("\r\n") == 4
    assert "'=note.txt" in held["evidence.csv"].decode()
    (tmp_path / "ud").mkdir()
    with ZipFile(path) as archive:
        archive.extractall(tmp_path / "ud")
    (tmp_path / "ud" / ".DS_Store").write_bytes(b"x")
    assert check(tmp_path, tmp_path / "ud").status == 0
    run = subprocess.run(
        [sys.executable, "-I", "-S", "check.py", "--lang", "en"], cwd=tmp_path / "ud", capture_output=True
    )
    assert run.returncode == 0 and b"Sound" in run.stdout
    key = tmp_path / "noegle"
    key.write_bytes(held["public.key"])
    assert "the one you gave" in check(tmp_path, path, "--key", key).said
    assert checker.main([str(path), "--lang", "en"]) == 0


@pytest.mark.only("sqlite")  # a package is files
def test_every_tampering_is_named(app: Any, tmp_path: Path) -> None:
    sound = unpacked(Small().pack(tmp_path))
    wrong = []
    for keyed, cases in ((False, BARE), (True, KEYED)):
        for name, turn, words in cases:
            held = dict(sound)
            turn(held)
            if keyed:
                signed_anew(held)
            assert held != sound, name
            ran = check(tmp_path, packed(tmp_path / "x.zip", held))
            if ran.status != 1 or not all(word in ran.said for word in words):
                wrong.append(f"{name} (keyed: {keyed}): {ran.status}\n{ran.said}")
    assert not wrong, "\n".join(wrong)
    print(f"{len(BARE) + len(KEYED)} tamperings, all named")


@pytest.mark.half("postgresql")  # a package is files
def test_packages_in_sequence(app: Any, tmp_path: Path) -> None:
    year = Small()
    first = year.pack(tmp_path)
    year.change("Endnu et forhold")
    second = year.pack(tmp_path, minutes=5, since=package.checkpoint_in(first))
    ran = check(tmp_path, second, "--older", first)
    assert ran.status == 0 and ran.said.count("this log goes on from it") == 2, ran.said
    point = tmp_path / "point.txt"
    point.write_bytes(unpacked(first)["checkpoint.txt"])
    assert check(tmp_path, second, "--older", point).status == 0
    back = check(tmp_path, first, "--older", second)
    assert back.status == 1 and "events are gone, or the two were switched" in back.said
    told = unpacked(first)
    told["README.txt"] += b"!"
    signed_anew(told)
    other = check(tmp_path, second, "--older", packed(tmp_path / "andet.zip", told))
    assert other.status == 1 and "taken out with this manifest" in other.said
    key = tmp_path / "noegle"
    other_key(told)
    key.write_bytes(told["public.key"])
    assert "is another key than the one you gave" in check(tmp_path, second, "--key", key).said
    assert "is another key than the older" in check(tmp_path, second, "--older", packed(tmp_path / "b.zip", told)).said


@pytest.mark.half("sqlite")  # a package is files
def test_history_rewritten_with_the_key_is_found_by_the_older_package(app: Any, tmp_path: Path) -> None:
    year = Small()
    first = year.pack(tmp_path)
    rewrite(year)
    second = year.pack(tmp_path, minutes=5)
    assert check(tmp_path, second).status == 0
    ran = check(tmp_path, second, "--older", first)
    assert ran.status == 1 and "this log does not go on from the older one" in ran.said
    with pytest.raises(Refused) as refused:
        year.pack(tmp_path, minutes=6, since=package.checkpoint_in(first))
    assert refused.value.status == 409


def rewrite(year: Year) -> None:
    """Somebody with database and key makes the whole log anew around another finding."""
    folder, frontier = settings.current().keys, list[bytes]()
    key = keys.mac_key(folder)
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE finding_finding SET condition = 'Alt i orden'"))
        rows = connection.execute(select(EventRow.__table__).order_by(EventRow.seq)).all()
    for size, held in enumerate(rows):
        row = EventRow(**held._mapping)
        row.payload = row.payload.replace("Et nyt forhold", "Alt i orden")
        row.payload_digest = merkle.payload_digest(row.salt, row.payload)
        row.leaf = merkle.leaf_hash(audit.leaf_entry(row))
        merkle.append(frontier, size, row.leaf)
        changed = {"payload": row.payload, "payload_digest": row.payload_digest, "leaf": row.leaf,
                   "mac": audit.event_code(key, row.leaf)}  # fmt: skip
        with db.engine.begin() as connection:
            connection.execute(update(EventRow).where(EventRow.seq == row.seq).values(changed))
    with db.engine.begin() as connection:
        connection.execute(update(audit.HEAD).values(audit._head(key, len(rows), frontier)))
    for _, path in checkpoint.kept(folder):
        path.unlink()


def test_what_was_redacted_stays_provable(app: Any, tmp_path: Path) -> None:
    year = Small()
    with transaction() as session:
        row = session.get_one(Finding, year.finding.id)
        cleaned = redaction.clear(session, row, "condition", "[slettet]")
        audit.record(make.by(year.auditor), audit.EVENTS[redaction.ACTION], row, cleaned=cleaned)
    path = year.pack(tmp_path)
    ran = check(tmp_path, path)
    assert ran.status == 0 and "(2 redacted)" in ran.said, ran.said
    held = unpacked(path)
    assert "Et nyt forhold" not in held["events.jsonl"].decode()
    lines(held, "rows.jsonl", lambda rows: row_of(rows, "review_risk")["state"].update(cause="Ingen"))
    signed_anew(held)
    ran = check(tmp_path, packed(tmp_path / "x.zip", held))
    assert ran.status == 1 and "review_risk 1, column cause: is not what event" in ran.said


def test_who_may_not_read_the_log_gets_the_events_of_the_rows_only(app: Any, tmp_path: Path) -> None:
    year = Small()
    year.change("Og et til")
    paths = [year.pack(tmp_path, who, minutes=at) for at, who in enumerate((year.auditor, year.group))]
    assert [check(tmp_path, path).status for path in paths] == [0, 0]
    told = [[json.loads(line)["entry"] for line in unpacked(path)["events.jsonl"].splitlines()] for path in paths]
    assert [sum(entry["action"] == "test.changed" for entry in entries) for entries in told] == [2, 1]
    assert check(tmp_path, paths[1], "--older", paths[0]).status == 0


def test_changed_in_the_database_or_the_store(app: Any, tmp_path: Path) -> None:
    year = Small()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE review_risk SET cause = 'Ingen' WHERE id = 1"))
    name = hashlib.sha256(PDF).hexdigest()
    stored = next(path for path in settings.current().evidence.rglob(name))
    stored.chmod(0o600)
    stored.write_bytes(PDF + b"x")
    changed = year.pack(tmp_path)
    stored.unlink()
    gone = year.pack(tmp_path, minutes=1)
    stored.write_bytes(PDF)
    ran = check(tmp_path, changed)
    assert ran.status == 1
    assert "rows.jsonl, review_risk 1, column cause: is not what event" in ran.said
    assert "bilag.pdf" in ran.said and "do not have the SHA-256" in ran.said
    ran = check(tmp_path, gone, lang="da")
    assert ran.status == 1 and "filen var ikke i lageret" in ran.said


def test_a_column_that_came_after_the_event(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    year = Small()
    with monkeypatch.context() as before:
        whole = audit.state
        before.setattr(
            audit, "state", lambda row: {k: v for k, v in whole(row).items() if k not in ("repeat_of_id", "number")}
        )
        year.change("Fra før kolonnerne")
    ran = check(tmp_path, year.pack(tmp_path))
    assert ran.status == 1 and "finding_finding 1, column number: is not what event" in ran.said
    assert "repeat_of_id" not in ran.said


def test_what_was_disposed_of_is_only_a_line(app: Any, tmp_path: Path) -> None:
    year = Small()
    with transaction() as session:
        row = session.scalars(select(Evidence).where(Evidence.filename == "=note.txt")).one()
        row.disposed_at = make.NOW
        audit.record(make.by(year.auditor), CHANGED, row)
    path = year.pack(tmp_path)
    ran, held = check(tmp_path, path), unpacked(path)
    assert ran.status == 0 and len(evidence_names(held)) == 1, ran.said
    assert f"{row.id};;disposed;'=note.txt" in held["evidence.csv"].decode()


@pytest.mark.only("sqlite")  # a package is files
def test_hostile_packages(app: Any, tmp_path: Path) -> None:
    """Nothing is unpacked, whatever a zip says: names that lead out, links, bombs, no zip at all."""
    held = unpacked(Small().pack(tmp_path))
    path = tmp_path / "x.zip"
    outside = ("../ud.txt", "/tmp/ud.txt", "a/../../ud.txt", "c:ud.txt", "a\\ud.txt")
    ran = check(tmp_path, packed(path, {**held, **dict.fromkeys(outside, b"x")}))
    assert ran.status == 1 and ran.said.count("leads out of the package") == len(outside)
    assert not (tmp_path / "ud.txt").exists() and sorted(p.name for p in (tmp_path / "alone").iterdir()) == ["check.py"]
    with ZipFile(path, "w") as archive:
        link = ZipInfo("evidence/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, b"/etc/passwd")
        for name, data in held.items():
            archive.writestr(name, data)
    ran = check(tmp_path, path)
    assert ran.status == 1 and "evidence/link: is a link" in ran.said
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * 150_000_000)
    ran = check(tmp_path, path)
    assert ran.status == 2 and "would unpack to far more" in ran.said
    for data, words in ((b"", "neither a folder nor a zip"), (b"PK\x05\x06" + bytes(18), "there is no manifest.json")):
        path.write_bytes(data)
        ran = check(tmp_path, path)
        assert ran.status == 2 and words in ran.said
    for told in (b"[]", b"{", b'{"format": "andet"}', b"[" * 100_000):
        ran = check(tmp_path, packed(path, {"manifest.json": told}))
        assert ran.status == 2, ran.said
    assert check(tmp_path, tmp_path / "findes-ikke").status == 2
    cut = (tmp_path / "pakke-0.zip").read_bytes()
    path.write_bytes(cut[: len(cut) // 2])
    assert check(tmp_path, path).status == 2
    path.write_bytes(cut[:2000] + bytes(2000) + cut[4000:])
    assert check(tmp_path, path).status == 1


@pytest.mark.parametrize("bits", [b"", b"K", bytes(range(256))])
def test_own_arithmetic_signs_like_the_library(bits: bytes) -> None:
    key = keys.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(bits).digest())
    public, good = key.public_key().public_bytes_raw(), key.sign(bits)
    assert checker.own_ed25519(public, bits, good) and checker.signed(public, bits, good)
    order = checker.ORDER.to_bytes(32, "little")
    bad = (good[:-1], bytes(64), good[32:] + good[:32], good[:32] + order, b"\xff" * 64,
           bytes([good[0] ^ 1]) + good[1:], good[:40] + bytes([good[40] ^ 4]) + good[41:])  # fmt: skip
    for one in bad:
        assert not checker.own_ed25519(public, bits, one) and not keys.signed(public, bits, one)
    assert not checker.own_ed25519(public, bits + b"x", good)
    assert not checker.own_ed25519(b"\xff" * 32, bits, good) and not checker.own_ed25519(b"", bits, good)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 21, 64, 100])
def test_the_tree_is_the_logs(size: int) -> None:
    leaves = [hashlib.sha256(bytes([at])).digest() for at in range(size)]
    assert checker.root(b"".join(leaves), size) == merkle.root(leaves)


def test_the_checker_speaks_danish_and_old_python() -> None:
    source = Path(checker.__file__).read_text()
    ast.parse(source, feature_version=(3, 9))
    names = {a.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for a in node.names}
    assert names <= sys.stdlib_module_names
    said = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("say", "self.fault"):
            at = 0 if ast.unparse(node.func) == "say" else 2
            said |= {
                c.value for c in ast.walk(node.args[at]) if isinstance(c, ast.Constant) and isinstance(c.value, str)
            }
    said = {word for word in said | {checker.OWN, checker.COMPARE} if word}
    assert not said - checker.DANISH.keys()
    for english, danish in checker.DANISH.items():
        fields = [f"{{{at}}}" for at in range(7)]
        assert [f for f in fields if f in english] == [f for f in fields if f in danish], english


@pytest.mark.parametrize(
    ("role", "status"),
    [
        pytest.param(role, status, marks=pytest.mark.half(("sqlite", "postgresql")[at % 2]))
        for at, (role, status) in enumerate(
            [(Role.OWN, 403), (Role.CTL, 403), (Role.ADM, 403), (Role.VDM, 403), (Role.GRP, 200), (Role.VDC, 200),
             (Role.SEC, 200), (Role.AUD, 200)]
        )
    ],
)  # fmt: skip
def test_who_may_take_it_out(client: Any, role: Role, status: int) -> None:
    year = Small()
    make.organisation("SKAT")
    make.signed_in(client, make.person("nogen", role, year.organisation))
    answer = client.get("/reports/package/2026?org=STAR")
    assert answer.status_code == status
    answer.close()
    assert client.get("/reports/package/2026?org=SKAT").status_code == (404 if status == 200 else 403)
    assert client.get("/reports/package/2025?org=STAR").status_code == (404 if status == 200 else 403)
    shown = client.get("/reports")
    assert ("/reports/package/2026?org=STAR" in shown.text) == (status == 200)
    with pytest.raises(Refused):
        package.write(make.by(year.owner), year.organisation, 2026, "en", BytesIO())


def test_the_download_is_checked_and_logged(client: Any, tmp_path: Path) -> None:
    year = Small()
    make.signed_in(client, year.auditor)
    answer = client.get("/reports/package/2026?org=STAR")
    path = tmp_path / "hentet.zip"
    path.write_bytes(answer.data)
    assert "revisionspakke-STAR-2026-" in answer.headers["Content-Disposition"]
    answer.close()
    assert check(tmp_path, path).status == 0
    event = db.session.scalars(select(EventRow).where(EventRow.action == "papers.package_exported")).one()
    told = json.loads(event.payload or "")["fields"]
    assert told["digest"] == hashlib.sha256(unpacked(path)["manifest.json"]).hexdigest()
    assert (told["evidence"], told["missing"], told["year"]) == (3, 0, 2026)
    page = client.get("/reports").text
    assert "Revisionspakke STAR 2026" in page and told["digest"] in page


def test_the_command(app: Any, tmp_path: Path) -> None:
    Small()
    run, first, second = app.test_cli_runner(), tmp_path / "a.zip", tmp_path / "b.zip"
    words = ["export", "package", "--organisation", "STAR", "--year", "2026", "--out"]
    answer = run.invoke(args=[*words, str(first)])
    assert answer.exit_code == 0 and "manifest SHA-256" in answer.output, answer.output
    answer = run.invoke(args=[*words, str(second), "--since", str(first)])
    assert answer.exit_code == 0, answer.output
    assert check(tmp_path, second, "--older", first).status == 0
    (tmp_path / "c.txt").write_text("hej")
    answer = run.invoke(args=[*words, str(second), "--since", str(tmp_path / "c.txt")])
    assert answer.exit_code == 1 and "neither an audit package nor a checkpoint" in answer.output
    answer = run.invoke(args=[*words[:5], "1999", "--out", str(tmp_path / "d.zip")])
    assert answer.exit_code == 1 and "1999" in answer.output
    assert sorted(path.name for path in tmp_path.glob("*.zip")) == ["a.zip", "b.zip"]
