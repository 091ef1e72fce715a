"""Proofs, checked as a stranger would: with the text that was printed and SHA-256, nothing of the product."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from controls.base import checkpoint, redaction
from controls.base.db import db, transaction
from controls.identity.permissions import Role
from tests.base.test_redaction import SICK, remove, write


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def included(told: dict[str, Any]) -> bool:
    """RFC 9162 section 2.1.3.2."""
    at, last, found = told["index"], told["size"] - 1, sha(b"\0", told["entry"].encode())
    if found.hex() != told["leaf"]:
        return False
    for one in map(bytes.fromhex, told["inclusion"]):
        if at % 2 or at == last:
            found = sha(b"\1", one, found)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            found = sha(b"\1", found, one)
        at, last = at >> 1, last >> 1
    return last == 0 and found.hex() == told["root"]


def continued(told: dict[str, Any]) -> bool:
    """RFC 9162 section 2.1.4.2."""
    old = told["since"]
    first, second, path = old["size"], told["size"], [bytes.fromhex(one) for one in old["consistency"]]
    if first == second:
        return not path and old["root"] == told["root"]
    if first & (first - 1) == 0:
        path = [bytes.fromhex(old["root"]), *path]
    at, last = first - 1, second - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if at % 2 or at == last:
            before, after = sha(b"\1", one, before), sha(b"\1", one, after)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            after = sha(b"\1", after, one)
        at, last = at >> 1, last >> 1
    return last == 0 and (before.hex(), after.hex()) == (old["root"], told["root"])


@pytest.fixture
def run(app: Flask, make: Any) -> Any:
    """The command on a log of eleven events, with a checkpoint of seven in its file."""
    dep = make.organisation("DEP")
    for name in ("anne", "bente", "carl"):
        make.person(name, Role.OWN, dep)
    runner = app.test_cli_runner()

    def prove(*words: str) -> Any:
        db.session.rollback()
        return runner.invoke(args=["audit", *words])

    return prove


def test_every_event_is_proved_to_a_stranger(run: Any, make: Any, tmp_path: Path) -> None:
    old = tmp_path / "old.txt"
    assert run("checkpoint", "--out", str(old)).exit_code == 0
    make.person("dorte", Role.GRP, make.organisation("STAR", "DEP"))
    size = int(run("checkpoint").output.split("\n")[1])
    assert size > checkpoint.read(old).size
    for seq in range(1, size + 1):
        answer = run("prove", str(seq), "--since", str(old))
        told = json.loads(answer.output)
        assert answer.exit_code == 0 and included(told) and continued(told)
        entry = json.loads(told["entry"])
        assert entry["seq"] == told["event"] == seq
        assert entry["payload_digest"] == sha(bytes.fromhex(told["salt"]), told["payload"].encode()).hex()
        assert not included(told | {"entry": told["entry"].replace("system", "sistem")})
        assert not included(told | {"index": (seq % size)})
    assert checkpoint.parse(told["checkpoint"]).size == size and told["key"] == run("key").output.strip()


def test_a_redacted_event_is_still_proved(run: Any, make: Any) -> None:
    dep = make.organisation("STIL")
    person = make.person("erik", Role.OWN, dep)
    asker, approver = (make.by(make.person(name, Role.GRP, dep)) for name in ("asker", "approver"))
    write(asker, person, title=SICK)
    seq = int(run("checkpoint").output.split("\n")[1])
    assert remove(asker, approver, person, "title", "[R-1]")
    told = json.loads(run("prove", str(seq)).output)
    assert included(told) and told["payload"] is None and told["salt"] is None and "sygemeldt" not in str(told)
    assert redaction.retold(db.session())


def test_what_does_not_hold_is_not_proved(run: Any, make: Any, tmp_path: Path) -> None:
    old = tmp_path / "old.txt"
    run("checkpoint", "--out", str(old))
    assert "There is no event 99" in run("prove", "99", "--lang", "en").output
    assert run("prove", "0").exit_code == run("prove", str(2**70)).exit_code == 1
    made = checkpoint.read(old)
    for size, sentence in ((made.size + 5, "shorter"), (made.size - 1, "rewritten")):
        lines = made.text.split("\n")
        old.write_text("\n".join([lines[0], str(size), *lines[2:]]))
        answer = run("prove", "1", "--since", str(old), "--lang", "en")
        assert answer.exit_code == 1 and sentence in answer.output
    old.write_text("nothing")
    assert run("prove", "1", "--since", str(old)).exit_code == 2
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE base_event SET role = 'GRP' WHERE seq = 2"))
    assert run("prove", "2").exit_code == 1 and run("prove", "3").exit_code == 0
    with transaction() as session:
        session.execute(text("UPDATE base_event SET leaf = mac WHERE seq = 2"))
    assert run("prove", "3").exit_code == 1
