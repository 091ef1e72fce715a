"""Random sound histories: whatever people do through the product, the verification raises no alarm.

    python -m tests.long.histories [--database sqlite|postgresql|both] [--number 1000] [--seed 1]

A history is people, roles, a catalogue, forms' changes, refusals, files with new versions, withdrawals, holds and
disposals, redactions, and checkpoints on the way, in random order. Every step asks the product; refused ones stay
refused. After each history everything is verified against all checkpoints made, the first one given from outside.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import Any

from flask import Flask
from sqlalchemy import select, text

from controls.base import audit, checkpoint, redaction, settings, verify
from controls.base.by import By
from controls.base.db import db, saved, transaction
from controls.base.why import Refused
from controls.evidence import actions as evidence
from controls.evidence import queries as files
from controls.evidence.rules import DataClass
from controls.evidence.tables import Evidence, Request
from controls.history.actions import REDACTED
from controls.identity import actions as identity
from controls.identity.permissions import Role
from controls.identity.tables import Organisation, Person
from tests import empty as tables
from tests import make
from tests.evidence.builders import padded

CHANGED = audit.EVENTS.get("test.person_changed") or audit.declare("test.person_changed", "Changed for a test")
SUBJECT = "test_history"
REASON = "En begrundelse, der er lang nok til at blive godtaget."
WORDS = (
    "Økonomi",
    "æ ø å",
    "  mellemrum ",
    "Ærø\u00a0🙂",
    "0",
    "1.0",
    "true",
    "NULL",
    "",
    "x" * 59,
    "[]",
    '{"a":1}',
    "ß",
)


class History:
    """One installation's life, a step at a time."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.at, self.done = chance, make.NOW, Counter[str]()
        self.dep = make.organisation("DEP")
        cast = {"first": Role.GRP, "second": Role.GRP, "controller": Role.CTL, "admin": Role.ADM}
        self.cast = {name: make.person(name, role, self.dep).id for name, role in cast.items()}
        self.ids = list(self.cast.values())
        self.steps: list[Callable[[], Any]] = [
            self.organisation, self.person, self.role, self.language, self.change, self.change, self.refused, self.file,
            self.file, self.version, self.withdraw, self.decide, self.decide, self.hold, self.dispose, self.dispose,
            self.redact, self.redact, self.redact, self.note, self.several,
        ]  # fmt: skip
        self.outside: list[tuple[str, checkpoint.Checkpoint]] = []

    def by(self, name: str = "", late: bool = False) -> By:
        """One of the cast, a little later than before; perhaps by a clock that was set back, or years later."""
        self.at += timedelta(seconds=self.chance.randint(0, 90_000) - (600 if self.chance.random() < 0.1 else 0))
        person = db.session.get_one(Person, self.cast[name or self.chance.choice(list(self.cast))])
        return make.by(person, self.at + (timedelta(days=4_000) if late else timedelta()))

    def word(self) -> str:
        """Some text."""
        return self.chance.choice(WORDS)

    def organisation(self) -> None:
        identity.add_organisation(
            make.system(self.at), f"A{self.chance.randint(1, 99)}", self.word() or "A", "B", "DEP"
        )

    def person(self) -> None:
        at = self.chance.choice(list(db.session.scalars(select(Organisation).order_by(Organisation.id))))
        row = identity.add_person(make.system(self.at), f"q{self.chance.randint(1, 999)}", "Q " + self.word(), at.id)
        self.ids.append(row.id)

    def role(self) -> None:
        at = self.chance.choice(list(db.session.scalars(select(Organisation).order_by(Organisation.id))))
        role = self.chance.choice([Role.OWN, Role.CTL, Role.AUD, Role.ADM])
        identity.grant_role(make.system(self.at), self.chance.choice(self.ids), role, at.id)

    def language(self) -> None:
        identity.choose_language(self.by(), self.chance.choice(["da", "en"]))

    def change(self) -> None:
        by = self.by()
        row = db.session.get_one(Person, self.chance.choice(self.ids))
        setattr(row, self.chance.choice(["title", "unit", "email"]), self.word())
        saved(by, row)
        audit.record(by.because(f"{self.word()} {row.title}"), CHANGED, row)

    def several(self) -> None:
        """Several events in one transaction, and a row changed twice in it."""
        for _ in range(self.chance.randint(2, 4)):
            self.change()

    def refused(self) -> None:
        identity.add_organisation(make.system(self.at), "DEP", "a", "b", None)

    def file(self) -> None:
        data, by = padded(self.chance.randint(600, 5000)), self.by("controller")
        evidence.add(by, self.dep.id, SUBJECT, 1, "bilag.pdf", BytesIO(data), self.word() or "x")

    def one(self) -> Evidence:
        """A file, if there is one."""
        rows = list(db.session.scalars(select(Evidence).order_by(Evidence.id)))
        if not rows:
            raise Refused([])
        return self.chance.choice(rows)

    def version(self) -> None:
        row, by, data = self.one(), self.by("controller"), padded(self.chance.randint(600, 5000))
        with files.received("bilag.pdf", BytesIO(data)) as file:
            evidence.replace(by, row.id, file, "ny", None, None, DataClass.INTERNAL, False, REASON)

    def withdraw(self) -> None:
        evidence.ask_withdrawal(self.by("controller"), self.one().id, REASON)

    def dispose(self) -> None:
        evidence.ask_disposal(self.by("admin", late=True), [self.one().id], REASON)

    def decide(self) -> None:
        rows = list(db.session.scalars(select(Request).where(Request.decided_at.is_(None)).order_by(Request.id)))
        if not rows:
            raise Refused([])
        row = self.chance.choice(rows)
        by = self.by(self.chance.choice(["first", "second"]), late=True)
        if self.chance.random() < 0.15:
            evidence.refuse(by, row.id, None, REASON)
        elif evidence.approve(by, row.id, None).kind.value == "dispose":
            self.gone = row.evidence_id

    def hold(self) -> None:
        evidence.hold(self.by("first"), self.one().id, None, REASON)

    def redact(self) -> None:
        asker, approver = self.by("first"), self.by("second")
        row = db.session.get_one(Person, self.chance.choice(self.ids))
        column = self.chance.choice([name for name in ("title", "unit", "email") if getattr(row, name)] or ["title"])
        cleaned = redaction.clear(db.session(), row, column, f"[R-{self.chance.randint(1, 9)}]")
        saved(approver, row)
        audit.record(approver, REDACTED, row, asked_by_id=asker.person_id, cleaned=cleaned)

    def note(self) -> None:
        checkpoint.due("DEP 2026")
        self.change()

    def live(self, steps: int) -> None:
        """Take these many steps; a refusal leaves what it should."""
        for _ in range(steps):
            step = self.chance.choice(self.steps)
            self.gone: int | None = None
            try:
                with transaction():
                    step()
                if self.gone is not None:
                    self._remove(self.gone)
                self.done[step.__name__] += 1
            except Refused:
                self.done["refused"] += 1
            db.session.rollback()
            if len(self.outside) < 2 and self.chance.random() < 0.1:
                made = checkpoint.of(db.session(), settings.current().keys, self.at)
                self.outside.append((f"outside-{made.size}.txt", made))
                db.session.rollback()

    def _remove(self, id: int) -> None:
        """The bytes of what was disposed of go after the commit."""
        with transaction():
            evidence.remove_bytes(make.system(self.at), id)
        self.done["bytes removed"] += 1


@contextmanager
def subjects() -> Iterator[None]:
    """Subject 1 belongs to everybody in the history."""

    def subject(id: int) -> files.Subject:
        first = db.session.scalars(select(Organisation.id).order_by(Organisation.id)).first()
        return files.Subject(first or 0, frozenset(db.session.scalars(select(Person.id))))

    files.SUBJECTS[SUBJECT] = subject
    try:
        yield
    finally:
        del files.SUBJECTS[SUBJECT]


def lived(chance: random.Random, most: int = 60) -> tuple[History, list[verify.Fault]]:
    """A history, and what the verification says of it."""
    with subjects():
        history = History(chance)
        history.live(chance.randint(5, most))
        db.session.rollback()
        found = verify.faults(db.session(), settings.current().keys, history.outside)
    return history, found


def empty(folder: Path) -> None:
    """A new installation in the same place."""
    db.session.remove()
    tables.empty(but=("alembic_version",))
    for name in ("keys", "evidence"):
        rmtree(folder / name, ignore_errors=True)


def run(app: Flask, number: int, seed: int) -> int:
    """These many histories on one database; false alarms."""
    alarms, done, events, begun = 0, Counter[str](), 0, time.monotonic()
    with app.app_context():
        for turn in range(number):
            empty(settings.current().data)
            history, found = lived(random.Random(f"{seed}/{turn}"))
            done += history.done
            events += db.session.scalar(text("SELECT count(*) FROM base_event"))
            alarms += bool(found)
            for fault in found[:3]:
                print(f"  FALSE ALARM seed {seed} history {turn}: {fault}", flush=True)
        name = db.engine.dialect.name
        db.session.remove()
        db.engine.dispose()
    told = ", ".join(f"{step} {times:,}" for step, times in sorted(done.items()))
    print(f"{name}: {number:,} histories, {events:,} events, {alarms} false alarms, {time.monotonic() - begun:.0f} s")
    print(f"  {told}", flush=True)
    return alarms


def main() -> None:
    """Live and verify; exit 1 on any false alarm."""
    from tests.speed.pages import application, postgresql

    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    ask.add_argument("--number", type=int, default=1000)
    ask.add_argument("--seed", type=int, default=1)
    given, alarms = ask.parse_args(), 0

    def of(folder: Path, url: str) -> int:
        app = application(folder, url)
        with app.app_context():
            db.create_all()
        return run(app, given.number, given.seed)

    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        for name in ("sqlite", "postgresql"):
            (folder / name).mkdir()
        if given.database != "postgresql":
            alarms += of(folder / "sqlite", f"sqlite:///{folder / 'sqlite' / 'h.sqlite'}")
        if given.database != "sqlite":
            with postgresql(folder / "pg") as url:
                alarms += of(folder / "postgresql", url)
    sys.exit(1 if alarms else 0)


if __name__ == "__main__":
    main()
