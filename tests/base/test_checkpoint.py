"""Checkpoints: signed, strict to read, made of the committed log only."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from sqlalchemy import func, select, text

from controls.base import audit, checkpoint, keys, merkle
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.settings import current
from tests import make as making


def made(cycle: str = "") -> checkpoint.Checkpoint:
    db.session.rollback()
    try:
        return checkpoint.make(db.session(), current().keys, making.NOW, cycle)
    finally:
        db.session.rollback()


def test_it_tells_size_and_root_and_is_kept(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    make.organisation("STAR")
    note = made("STAR 2026")
    leaves = list(db.session.scalars(select(EventRow.leaf).order_by(EventRow.seq)))
    assert (note.size, note.root, note.cycle) == (2, merkle.root(leaves), "STAR 2026")
    path = current().keys / "checkpoints" / "2.txt"
    assert path.read_text() == note.text and path.stat().st_mode & 0o777 == 0o600
    assert checkpoint.read(path) == note and list(checkpoint.kept(current().keys)) == [(2, path)]
    assert note.text.split("\n")[1] == "2" and "time 2026-03-17T09:00:00Z\ncycle STAR 2026\n" in note.text


def test_a_stranger_can_check_the_signature_with_the_printed_key(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    run = app.test_cli_runner()
    name, id, key = run.invoke(args=["audit", "key"]).output.strip().split("+", 2)
    answer = run.invoke(args=["audit", "checkpoint"])
    body, signatures = answer.output.split("\n\n")
    dash, signer, signed = signatures.strip().split(" ")
    data, public = base64.b64decode(signed), base64.b64decode(key)
    assert (dash, signer, data[:4].hex(), public[:1]) == ("—", name, id, b"\x01")
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(data[4:], (body + "\n").encode())


def test_the_command_writes_a_file(app: Flask, make: Any, tmp_path: Path) -> None:
    run, out = app.test_cli_runner(), tmp_path / "checkpoint.txt"
    empty = run.invoke(args=["audit", "checkpoint", "--out", str(out)])
    assert empty.exit_code == 2 and "Cannot tell" in empty.output and not out.exists()
    make.organisation("DEP")
    assert run.invoke(args=["audit", "checkpoint", "--out", str(out)]).exit_code == 0
    assert checkpoint.read(out).size == 1


@pytest.fixture
def note(tmp_path: Path) -> checkpoint.Checkpoint:
    keys.ensure(tmp_path)
    sealed = audit.Sealed(1234, bytes(range(32)), datetime(2026, 3, 17, 9, tzinfo=UTC))
    return checkpoint._sign(tmp_path, sealed, "STAR 2026")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n1234\n", "\n01234\n"), ("\n1234\n", "\n1234 \n"), ("\n1234\n", "\n١٢٣٤\n"), ("\n1234\n", "\n-1\n"),
        ("AAEC", "AAE"), ("AAEC", " AAEC"), ("Hh8=", "Hh9="), ("Hh8=\n", "Hh8=\r\n"), ("09:00:00Z", "9:00:00Z"),
        ("09:00:00Z", "09:00:00+00:00"), ("cycle STAR 2026", "cycle"), ("cycle STAR", "cyclus STAR"), ("—", "-"),
        ("kontrolrul/", "Kontrolrul/"), ("\n\n", "\n"), ("time ", "tid "), ("\n— ", "\nmore\n\n— "), ("=\n$", "\n"),
        ("=\n$", "=\n\n"), ("=\n$", "="), ("=\n$", "=\n— a b\n"),
    ],
)  # fmt: skip
def test_only_the_one_way_of_writing_is_read(note: checkpoint.Checkpoint, old: str, new: str) -> None:
    text, old = (note.text + "$", old) if old.endswith("$") else (note.text, old)
    assert old in text
    with pytest.raises(checkpoint.Malformed):
        checkpoint.parse(text.replace(old, new, 1))


def test_a_signature_holds_for_its_own_lines_and_key_only(note: checkpoint.Checkpoint, tmp_path: Path) -> None:
    public = keys.public_key(tmp_path)
    assert checkpoint.parse(note.text) == note and note.signed(public)
    for old, new in (("1234", "1235"), ("STAR", "SKAT"), ("Hh8=", "Hg8=")):
        try:
            changed = checkpoint.parse(note.text.replace(old, new, 1))
        except checkpoint.Malformed:
            continue
        assert not changed.signed(public)
    keys.ensure(tmp_path / "other")
    assert not note.by(keys.public_key(tmp_path / "other")) and not note.signed(keys.public_key(tmp_path / "other"))


def test_one_that_is_due_follows_the_commit_and_only_the_commit(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    with pytest.raises(RuntimeError, match="stop"), transaction():
        checkpoint.due("DEP 2026")
        make.actions.add_organisation(make.system(), "STAR", "a", "b", None)
        raise RuntimeError("stop")
    assert not list(checkpoint.kept(current().keys))
    make.organisation("STAR")
    assert not list(checkpoint.kept(current().keys))
    with transaction():
        checkpoint.due("DEP 2026")
        make.actions.add_organisation(make.system(), "ALS", "a", "b", None)
    [(size, path)] = checkpoint.kept(current().keys)
    assert size == 3 == db.session.scalar(select(func.max(EventRow.seq)))
    assert checkpoint.read(path).cycle == "DEP 2026" and made().root == checkpoint.read(path).root
    with pytest.raises(RuntimeError, match="committed"), transaction() as session:
        checkpoint.make(session, current().keys, making.NOW)


def test_a_checkpoint_that_cannot_be_written_does_not_fail_the_write(app: Flask, make: Any, caplog: Any) -> None:
    make.organisation("DEP")
    (current().keys / "checkpoints").write_text("no folder")
    try:
        with transaction():
            checkpoint.due("DEP 2026")
            make.actions.add_organisation(make.system(), "STAR", "a", "b", None)
    finally:
        (current().keys / "checkpoints").unlink()
    assert "no checkpoint could be made at size 2" in caplog.text
    assert db.session.scalar(select(func.max(EventRow.seq))) == 2


def test_the_first_of_a_size_stays_and_a_changed_head_is_not_signed(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    first = made("DEP 2026")
    made("DEP 2027")
    assert checkpoint.read(current().keys / "checkpoints" / "1.txt") == first
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE base_log_head SET size = 7"))
    with pytest.raises(audit.Broken):
        made()


def test_a_lost_key_is_not_made_anew(app: Flask, make: Any) -> None:
    make.organisation("DEP")
    folder = current().keys
    kept = (folder / "log.mac").read_bytes()
    (folder / "log.mac").unlink()
    try:
        with pytest.raises(keys.Unusable):
            make.organisation("STAR")
        assert not (folder / "log.mac").exists()
        assert app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 2
    finally:
        (folder / "log.mac").write_bytes(kept)
