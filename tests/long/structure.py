"""Ten years of random changes of structure: the past stays as it was, codes stay taken, coverage follows the rules.

    python -m tests.long.structure [HISTORIES] [--seed N]

Each history has two organisations. In every year sub-processes and processes are renamed, recoded, moved, split,
merged, closed, opened again, transferred, essentially changed and covered, all through the product's own actions. A
small model beside it carries forward what product.md section 4 says of coverage; roll and catalogue are held to it.
"""

import argparse
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity import actions as accounts
from controls.identity.permissions import Role
from controls.rotation import actions as ledger
from controls.rotation import queries as rotation
from controls.rotation.words import Degree, Form, Source
from controls.universe import actions, queries
from controls.universe.rules import Entry
from controls.universe.structure import Named, Part, Said, starts_again
from controls.universe.tables import Area, Process, Subprocess
from controls.universe.words import Level
from tests import make
from tests.empty import empty

FIRST, YEARS, A_YEAR = 2020, 10, 7
REASON = "Opgaven er lagt om efter aftale med kontoret."


@dataclass
class Known:
    """What the model knows of a sub-process: full coverages, the year the interval runs from, the day it is due by."""

    covered: list[date] = field(default_factory=list)
    clock: int | None = None
    activated: int = FIRST
    latest: int | None = None
    closed: date | None = None

    def due(self) -> int:
        """The floor alone: there are no assessments here."""
        due = self.activated + 4 if self.clock is None else self.clock + 5
        return due if self.latest is None else min(due, self.latest)


class History:
    """One history in an empty database; `checked` counts what was compared."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.at = datetime(FIRST, 1, 2, 9, tzinfo=UTC)
        self.counts: Counter[str] = Counter()
        self.model: dict[int, Known] = {}
        self.codes: dict[tuple[int, str, str], int] = {}
        self.seen: dict[tuple[int, int], tuple[Any, ...]] = {}
        self.number = 0
        make.organisation("DEP")
        self.homes = [make.organisation(code, "DEP") for code in ("STAR", "ALS")]
        self.who = make.person("group", Role.GRP, self.homes[0], self.at)
        with transaction():
            accounts.grant_role(make.system(self.at), self.who.id, Role.GRP, self.homes[1].id)
        for home in self.homes:
            self._take(home)

    def _take(self, home: Any) -> None:
        entries = [
            Entry(row, f"{home.code}{a}", f"Område {a}", "", f"{home.code}{a}-{p}", f"Proces {p}", "",
                  f"{home.code}{a}-{p}.{s}", f"Delproces {s}", "")
            for row, (a, p, s) in enumerate((a, p, s) for a in (1, 2) for p in (1, 2) for s in (1, 2))
        ]  # fmt: skip
        with transaction():
            actions.import_catalogue(make.system(self.at), home.id, entries, "katalog.csv", "0" * 64)
        for row in db.session.query(Subprocess).filter_by(organisation_id=home.id):
            self.model[row.id] = Known()
        self._codes()

    def _by(self) -> Any:
        return make.by(self.who, self.at)

    def _codes(self) -> None:
        """No code is ever anything else's."""
        for table in (Area, Process, Subprocess):
            for row in db.session.query(table):
                key = (row.organisation_id, table.__tablename__, row.code.casefold())
                assert self.codes.setdefault(key, row.id) == row.id, f"{row.code} was reused"

    def run(self, years: int = YEARS) -> Counter[str]:
        """All years, each checked at its end and the earlier ones anew."""
        for year in range(FIRST, FIRST + years):
            for turn in range(A_YEAR):
                self.at = datetime(year, 1, 5, 9, tzinfo=UTC) + timedelta(days=turn * 45 + self.chance.randint(0, 30))
                self._one()
            self.at = datetime(year + 1, 1, 2, 9, tzinfo=UTC)
            self._check(year)
        return self.counts

    def _active(self, table: Any = Subprocess) -> list[Any]:
        rows = db.session.query(table).filter(table.valid_to.is_(None)).order_by(table.id)
        return [row for row in rows if row.valid_from < self.at.date()]

    def _new(self, home: int) -> str:
        self.number += 1
        used = [code for (of, _, code) in self.codes if of == home]
        return self.chance.choice(used).upper() if self.chance.random() < 0.1 else f"NY-{home}-{self.number}"

    def _one(self) -> None:
        """One change at random; what the rules refuse (a used code, a closed object) leaves all as it was."""
        do = self.chance.choice([
            self.rename, self.recode, self.move, self.split, self.split, self.merge, self.close, self.reopen,
            self.transfer, self.change, self.cover, self.cover, self.process,
        ])  # fmt: skip
        try:
            with transaction():
                after = do(Said(self.at.date(), REASON))
            after()
            self.counts[do.__name__] += 1
        except Refused:
            self.counts["refused"] += 1
        db.session.expire_all()
        self._codes()

    def _pick(self, rows: list[Any]) -> Any:
        if not rows:
            raise Refused([])
        return self.chance.choice(rows)

    def rename(self, said: Said) -> Any:
        row = self._pick(self._active())
        actions.rename(self._by(), Level.SUBPROCESS, row.id, row.version, said, f"Navn {self.number}", "")
        return lambda: None

    def recode(self, said: Said) -> Any:
        level = self.chance.choice([Level.PROCESS, Level.SUBPROCESS])
        row = self._pick(self._active(queries.TABLES[level]))
        actions.recode(self._by(), level, row.id, row.version, said, self._new(row.organisation_id))
        return lambda: None

    def move(self, said: Said) -> Any:
        row = self._pick(self._active())
        place = self._pick([one for one in self._active(Process) if one.organisation_id == row.organisation_id])
        actions.move(self._by(), Level.SUBPROCESS, row.id, row.version, said, place.id)
        return lambda: None

    def split(self, said: Said) -> Any:
        row = self._pick(self._active())
        parts = [Part(self._new(row.organisation_id), "Del", "", self.chance.random() < 0.5, REASON) for _ in range(2)]
        made = actions.split(self._by(), row.id, row.version, said, parts)

        def after() -> None:
            was = self.model[row.id]
            was.closed = said.on
            for part, one in zip(parts, made, strict=True):
                covered = list(was.covered) if part.inherits else []
                self.model[one.id] = Known(covered, was.clock, was.activated, was.latest)

        return after

    def merge(self, said: Said) -> Any:
        row = self._pick(self._active())
        there = [one for one in self._active() if one.process_id == row.process_id and one.id != row.id]
        others = self.chance.sample(there, min(2, len(there)))
        named = Named(self._new(row.organisation_id), "Samlet")
        made = actions.merge(self._by(), row.id, row.version, said, [one.id for one in others], named)

        def after() -> None:
            parts = [self.model[one.id] for one in (row, *others)]
            for part in parts:
                part.closed = said.on
            first = min(parts, key=lambda one: one.activated - 1 if one.clock is None else one.clock)
            latest = min((part.latest for part in parts if part.latest is not None), default=None)
            if all(part.covered for part in parts):
                oldest = min(max(part.covered) for part in parts)
                self.model[made.id] = Known([oldest], oldest.year, first.activated, latest)
            else:
                self.model[made.id] = Known([], first.clock, first.activated, latest)

        return after

    def close(self, said: Said) -> Any:
        row = self._pick(self._active())
        actions.close(self._by(), Level.SUBPROCESS, row.id, row.version, said)
        return lambda: setattr(self.model[row.id], "closed", said.on)

    def reopen(self, said: Said) -> Any:
        row = self._pick(db.session.query(Subprocess).filter(Subprocess.valid_to.is_not(None)).all())
        closed = row.valid_to
        actions.reopen(self._by(), Level.SUBPROCESS, row.id, row.version, said)

        def after() -> None:
            if starts_again(closed, said.on):
                self.model[row.id] = Known(activated=said.on.year)
            self.model[row.id].closed = None

        return after

    def transfer(self, said: Said) -> Any:
        row = self._pick(self._active())
        place = self._pick([one for one in self._active(Process) if one.organisation_id != row.organisation_id])
        made = actions.transfer(self._by(), Level.SUBPROCESS, row.id, row.version, said, place.id)

        def after() -> None:
            was = self.model[row.id]
            was.closed = said.on
            self.model[made.id] = Known(list(was.covered), was.clock, was.activated, was.latest)

        return after

    def change(self, said: Said) -> Any:
        row = self._pick(self._active())
        actions.mark_changed(self._by(), row.id, row.version, said)
        known = self.model[row.id]

        def after() -> None:
            since = known.covered and max(known.covered) >= said.on
            bound = said.on.year + 2
            known.latest = None if since else bound if known.latest is None else min(known.latest, bound)

        return after

    def cover(self, said: Said) -> Any:
        row = self._pick(self._active())
        home, self.number = row.organisation_id, self.number + 1
        ledger.record_coverage(self._by(), home, row.id, said.on, Degree.FULL, Form.ORDINARY, Source.REVIEW,
                               f"G-{self.number}")  # fmt: skip

        def after() -> None:
            known = self.model[row.id]
            known.covered.append(said.on)
            known.clock, known.latest = said.on.year, None

        return after

    def process(self, said: Said) -> Any:
        """A process with all beneath it closes, or comes back with it."""
        row = self._pick(db.session.query(Process).all())
        beneath = [one.id for one in queries.subprocesses_of(row.id, self.at.date()) if one.valid_to is None]
        if row.valid_to is None:
            actions.close(self._by(), Level.PROCESS, row.id, row.version, said)
            return lambda: [setattr(self.model[id], "closed", said.on) for id in beneath]
        closed = row.valid_to
        back = [one.id for one in queries.subprocesses_of(row.id) if one.valid_to == closed]
        actions.reopen(self._by(), Level.PROCESS, row.id, row.version, said)

        def after() -> None:
            for id in back:
                if starts_again(closed, said.on):
                    self.model[id] = Known(activated=said.on.year)
                self.model[id].closed = None

        return after

    def _check(self, year: int) -> None:
        """The year that ended agrees with the model, and every earlier one is what it was."""
        for home in self.homes:
            for earlier in range(FIRST, year + 1):
                day = date(earlier, 12, 31)
                rows = rotation.roll(home.id, earlier, self.at.date())
                now = (queries.as_of(frozenset({home.id}), day), [(row.code, row.due, row.covered) for row in rows])
                assert self.seen.setdefault((home.id, earlier), now) == now, f"{home.code} {earlier} has changed"
                self.counts["years compared"] += 1
            rows = rotation.roll(home.id, year, self.at.date())
            active = {row.id for row in db.session.query(Subprocess).filter_by(organisation_id=home.id)
                      if self.model[row.id].closed is None}  # fmt: skip
            assert {row.subprocess_id for row in rows} == active, "the denominator is what is in force"
            for row in rows:
                known = self.model[row.subprocess_id]
                covered = max(known.covered, default=None)
                found = (row.covered.covered_on if row.covered else None, row.due)
                assert found == (covered, known.due()), f"{row.code} in {year}: {found}, the model says {known}"
                self.counts["sub-processes compared"] += 1


def run(app: Any, number: int, seed: int) -> None:
    """So many histories in a database, each from empty."""
    counts: Counter[str] = Counter()
    with app.app_context():
        for one in range(seed, seed + number):
            empty()
            counts += History(one).run()
            db.session.remove()
        name = db.engine.dialect.name
    print(f"{name}: {number} histories of {YEARS} years; nothing of the past changed, coverage is as the rules say")
    print(", ".join(f"{what} {count:,}" for what, count in sorted(counts.items())), flush=True)


def main() -> None:
    """Live through them and print the counts; the first deviation ends it."""
    from tests.speed.pages import application, postgresql

    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("histories", type=int, nargs="?", default=100)
    ask.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    ask.add_argument("--seed", type=int, default=1)
    given = ask.parse_args()

    def of(folder: Path, url: str) -> None:
        folder.mkdir()
        app = application(folder, url)
        with app.app_context():
            db.create_all()
        run(app, given.histories, given.seed)

    with tempfile.TemporaryDirectory() as temp:
        if given.database != "postgresql":
            of(Path(temp) / "sqlite", f"sqlite:///{Path(temp) / 'sqlite' / 's.sqlite'}")
        if given.database != "sqlite":
            with postgresql(Path(temp) / "pg") as url:
                of(Path(temp) / "postgresql", url)


if __name__ == "__main__":
    main()
