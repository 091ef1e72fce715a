"""What size costs: the spring's pages with a whole state's rows beside the same pages with one agency's.

    python -m tests.speed.size [--database sqlite|postgresql] [--rounds 30] [--large 50x400x20] [--small 1x110x5]

Two databases are filled by bulk insert with rows that obey the rules: organisations × sub-processes × years. Both are
asked in one run, each followed by the floor, the large one by a floor that lists as many rows as the page shows; a
figure is the median CPU of this process for one request. Aims: large by small at most 1.25 where both show as many
rows, a list at most 3 floors, and at most 8 queries a page.
"""

import argparse
import gc
import statistics
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from sqlalchemy import Boolean, Date, Integer, create_engine, insert, select

from controls.assessment.tables import Assessment, Line
from controls.assessment.words import Band, Certainty, Direction, Proposal, State
from controls.base import demo
from controls.base.db import Choice, Model, UtcTime, db
from controls.finding.tables import Finding
from controls.finding.words import Severity
from controls.finding.words import State as Found
from controls.identity import queries
from controls.identity.permissions import Role
from controls.identity.tables import Person
from controls.review.tables import Review
from controls.review.words import DesignOutcome, Outcome
from controls.review.words import State as Reviewed
from controls.universe.tables import Area, Process, Subprocess
from controls.wheel.dates import default_dates
from controls.wheel.rules import plan
from controls.wheel.tables import Cycle, Step
from controls.wheel.words import State as Phase
from tests import make
from tests.speed import floor
from tests.speed.counting import counted
from tests.speed.pages import WARM, Caller, application, postgresql, signed_in

AREAS, PARTS, OWNED, CHUNK = 16, 2.82, 25, 5_000
"""Areas an organisation, sub-processes a process (the catalogue's 110 by 39), processes of the owner who is listed."""
SYSTEMS = ("Navision Stat", "Statens Lønsystem", "RejsUd", "Tilskudssystemet", "F2", "IndFak", "Banken", "Arkivet")
STATES = (State.SUBMITTED,) * 6 + (State.CALIBRATED, State.APPROVED, State.NOT_STARTED, State.RETURNED)


class Size(NamedTuple):
    """How many of each."""

    organisations: int
    subprocesses: int
    years: int

    @classmethod
    def read(cls, text: str) -> "Size":
        """The size that 50x400x20 names."""
        return cls(*(int(part) for part in text.split("x")))

    @property
    def processes(self) -> int:
        """Processes an organisation."""
        return round(self.subprocesses / PARTS)


def plain(column: Any) -> Any:
    """A value for a column that must have one."""
    kind = column.type
    if isinstance(kind, Choice):
        return next(iter(kind.words))
    if isinstance(kind, UtcTime):
        return datetime(2026, 1, 1, tzinfo=UTC)
    for type_, value in ((Boolean, False), (Integer, 1), (Date, date(2020, 1, 1))):
        if isinstance(kind, type_):
            return value
    return "x"


TABLES: tuple[type[Model], ...] = (
    Person, Area, Process, Subprocess, Cycle, Step, Assessment, Line, Review, Finding,
)  # fmt: skip
"""In the order in which their rows need each other."""


class Pen:
    """Gathers rows of a table, to be written in large pieces; what is not told gets a plain value."""

    def __init__(self, table: type[Model]) -> None:
        self.table, self.rows, self.number = table, list[dict[str, Any]](), 0
        self.plain = {
            column.name: plain(column) for column in table.__table__.columns
            if not column.nullable and column.default is None and not column.primary_key
        }  # fmt: skip

    def __call__(self, **facts: Any) -> int:
        self.number += 1
        self.rows.append(self.plain | {"id": self.number} | facts)
        return self.number


Pens = dict[type[Model], Pen]


def write(pens: Pens) -> None:
    """Write what is gathered."""
    for pen in pens.values():
        for start in range(0, len(pen.rows), CHUNK):
            db.session.execute(insert(pen.table), pen.rows[start : start + CHUNK])
        pen.rows = []
    db.session.commit()


def level(likelihood: int, impact: int) -> Band:
    """The standard band."""
    product = likelihood * impact
    steps = ((15, Band.HIGH), (10, Band.ELEVATED), (5, Band.MODERATE))
    found = next((band for least, band in steps if product >= least), Band.LOW)
    return Band.ELEVATED if impact == 5 and product < 10 else found


def scored(seed: int) -> dict[str, Any]:
    """Five answers with their bands, another for each seed."""
    before, after = (seed % 5 + 1, seed // 5 % 5 + 1), (seed // 3 % 3 + 1, seed // 7 % 4 + 1)
    return {
        "inherent_likelihood": before[0], "inherent_impact": before[1], "control_level": seed % 4 + 2,
        "residual_likelihood": after[0], "residual_impact": after[1], "inherent_band": level(*before),
        "residual_band": level(*after),
    }  # fmt: skip


def fill(app: Flask, size: Size) -> int:
    """Fill an empty database; answers with the last year, in which the group calibrates."""
    with app.app_context():
        db.create_all()
        now = demo.now()
        year = now.year
        ministry = make.organisation("DEP")
        agencies = [make.organisation(f"A{n}", "DEP") for n in range(1, size.organisations + 1)]
        people = {
            name: make.person(name, role, where, at=now).id
            for name, role, where in (
                ("group", Role.GRP, ministry), ("controller", Role.CTL, agencies[0]), ("owner", Role.OWN, agencies[0]),
            )
        }  # fmt: skip
        pens = {table: Pen(table) for table in TABLES}
        pens[Person].number = 10_000
        for place, agency in enumerate([one.id for one in agencies]):
            _agency(pens, size, agency, place, year, people)
            write(pens)
        return year


def _agency(pens: Pens, size: Size, at: int, place: int, year: int, people: dict[str, int]) -> None:
    owners = [pens[Person](username=f"e{at}-{n}", name=f"Ejer {at}-{n}", organisation_id=at) for n in range(9)]
    areas = [
        pens[Area](organisation_id=at, code=f"O{n:02d}", name_da=f"Område {n}", sort_key=f"O{n:02d}")
        for n in range(AREAS)
    ]
    processes, parts = [], list[tuple[int, int]]()
    for n in range(size.processes):
        area, code = n % AREAS, f"O{n % AREAS:02d}-{n // AREAS + 1:02d}"
        owner = people["owner"] if not place and n < OWNED else owners[n % 9]
        process = pens[Process](
            organisation_id=at, area_id=areas[area], code=code, name_da=f"Proces {code} med navn", sort_key=code,
            owner_id=owner, systems=";".join({SYSTEMS[n % 8], SYSTEMS[n * 3 % 8]}), yearly_amount_ore=n * 10**9,
        )  # fmt: skip
        processes.append(process)
        first, last = n * size.subprocesses // size.processes, (n + 1) * size.subprocesses // size.processes
        for m in range(first, last):
            parts.append((process, pens[Subprocess](
                organisation_id=at, process_id=process, code=f"{code}.{m - first + 1}",
                sort_key=f"{code}.{m - first + 1}", name_da=f"Delproces {m} med navn",
            )))  # fmt: skip
    for past in range(size.years - 1, -1, -1):
        _year(pens, at, year - past, past == 0, processes, parts, owners[0])


def _year(
    pens: Pens, at: int, year: int, last: bool, processes: list[int], parts: list[tuple[int, int]],
    author: int,
) -> None:  # fmt: skip
    cycle = pens[Cycle](
        organisation_id=at, year=year, state=Phase.CALIBRATING if last else Phase.CLOSED, capacity_hours=1000
    )
    for sort, (state, (planned, deadline)) in enumerate(plan(default_dates(year)).items()):
        pens[Step](cycle_id=cycle, organisation_id=at, state=state, sort=sort, planned_on=planned, deadline_on=deadline)
    forms = {}
    for n, process in enumerate(processes):
        state, seed = STATES[n % len(STATES)] if last else State.LOCKED, at * 31 + year * 7 + n
        given = scored(seed) if state is not State.NOT_STARTED else {}
        forms[process] = state, seed, pens[Assessment](
            organisation_id=at, cycle_id=cycle, year=year, process_id=process, state=state,
            **dict.fromkeys(scored(0)) | given, submitted_scores=" ".join(str(given[k]) for k in list(given)[:5]),
            fraud=False, change_direction=Direction.UNCHANGED, certainty=Certainty.FAIR, propose_review=Proposal.NO,
            reason="Sagerne ligner dem fra sidste år, og kontrollen virker.", author_id=author, assessors=f";{author};",
            submitted_at=datetime(year, 3, 20, tzinfo=UTC), return_comment="Se på konsekvensen igen.",
        )  # fmt: skip
    for m, (process, part) in enumerate(parts):
        state, seed, form = forms[process]
        given = scored(seed + m % 3) if state is not State.NOT_STARTED else {}
        pens[Line](organisation_id=at, assessment_id=form, subprocess_id=part, **dict.fromkeys(scored(0)) | given)
        if m % 5 == year % 5:
            review = pens[Review](
                organisation_id=at, number=f"G-{at}-{year}-{m}", year=year, subprocess_id=part, state=Reviewed.ARCHIVED,
                lead_id=author, tester_id=author, conclusion_design=list(DesignOutcome)[m % 3],
                conclusion_operating=list(Outcome)[m % 5],
            )  # fmt: skip
            if m % 3 == 0:
                pens[Finding](
                    organisation_id=at, number=f"F-{at}-{year}-{m}", review_id=review, subprocess_id=part,
                    severity=list(Severity)[m % 3], state=Found.IN_PROGRESS if last else Found.CLOSED, owner_id=author,
                    deadline_current=date(year, 9, 1),
                )  # fmt: skip


class Page(NamedTuple):
    """A page as somebody reads it; `same` tells that both sizes show as many rows."""

    name: str
    path: str
    reader: str
    same: bool = True
    list: bool = False


def pages(app: Flask, year: int) -> list[Page]:
    """The spring's pages in the first agency."""
    with app.app_context():
        here = queries.organisation("A1")
        assert here is not None
        form = select(Assessment.id).where(
            Assessment.organisation_id == here.id, Assessment.year == year, Assessment.state == State.RETURNED
        )
        first = db.session.scalar(form.order_by(Assessment.id).limit(1))
        owner = db.session.scalar(select(Person.id).where(Person.username == "owner"))
    year_of = f"/cycles/{year}"
    return [
        Page("assessments, 25 of one owner", f"{year_of}/assessments?org=A1&owner={owner}", "group", list=True),
        Page("assessments, first page", f"{year_of}/assessments?org=A1", "group", same=False, list=True),
        Page("processes, first page", "/processes?org=A1", "group", list=True),
        Page("one form", f"/assessments/{first}", "controller"),
        Page("matrix, first page", f"{year_of}/matrix?org=A1", "group", list=True),
        Page("matrix with movements", f"{year_of}/matrix?org=A1&arrows=1&show=after", "group", list=True),
        Page("calibration queue", f"{year_of}/calibration?org=A1", "group"),
        Page("queue, to be approved", f"{year_of}/calibration?org=A1&show=approve", "group"),
        Page("the year", f"{year_of}?org=A1", "group"),
        Page("home", "/", "controller"),
    ]


def measure(small: Flask, large: Flask, year: int, rounds: int) -> Iterator[str]:
    """The table, line by line."""
    with small.app_context():
        below = Caller(floor.make(db.engine.url.render_as_string(hide_password=False)))
    below("GET", "/login")
    gc.collect()
    gc.freeze()  # as wsgi.py does
    place = iter(range(10**9))

    def listed(shown: int) -> float:
        return below("GET", f"/list?place={next(place) * 7 % floor.PLACES}&rows={shown}")[2]

    heads = ("small ms", "large ms", "floor ms", "l/s", "/floor", "rows", "/of rows", "queries", "kB s", "kB l")
    yield f"{'page':<30}" + "".join(f"{head:>9}" for head in heads)
    for one, other in zip(pages(small, year), pages(large, year), strict=True):
        callers = [signed_in(app, page.reader) for app, page in ((small, one), (large, other))]
        asked, sizes, rows = [], [], 0
        for app, caller, page in zip((small, large), callers, (one, other), strict=True):
            caller("GET", page.path)
            with app.app_context():
                engine = db.engine
            with counted(engine) as seen:
                status, body, _spent = caller("GET", page.path)
            assert status == 200, (page.path, status)
            asked.append(len(seen))
            sizes.append(len(body) / 1000)
            rows = min(max(body.count(b"<tr") - body.count(b"<thead"), floor.SHOWN), floor.ROWS // floor.PLACES)
        # A floor follows a page of the product each time: what comes second of two alike finds all it needs at hand.
        calls = [
            partial(callers[0].cost, one.path), partial(listed, floor.SHOWN), partial(callers[1].cost, other.path),
            partial(listed, rows),
        ]  # fmt: skip
        for _ in range(WARM):
            for call in calls:
                call()
        spent = [[call() for call in calls] for _ in range(rounds)]
        low, least, high, alike = (statistics.median(row[at] for row in spent) * 1000 for at in range(4))
        mark = [] if not one.same or high / low <= 1.25 else ["> 1.25"]
        mark += [] if not one.list or high / least <= 3 else ["> 3 floors"]
        mark += [] if max(asked) <= 8 else ["> 8 queries"]
        figures = (f"{low:.2f}", f"{high:.2f}", f"{least:.2f}", f"{high / low:.2f}", f"{high / least:.2f}",
                   str(rows), f"{high / alike:.2f}", f"{asked[0]}/{asked[1]}",
                   f"{sizes[0]:.0f}", f"{sizes[1]:.0f}")  # fmt: skip
        mark += [] if one.same else ["more rows on the page"]
        yield f"{one.name:<30}" + "".join(f"{figure:>9}" for figure in figures) + "  " + "; ".join(mark)


def main() -> None:
    """Fill, measure, print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    ask.add_argument("--rounds", type=int, default=30)
    ask.add_argument("--large", type=Size.read, default=Size(50, 400, 20))
    ask.add_argument("--small", type=Size.read, default=Size(1, 110, 5))
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.database == "sqlite":
            _run(given, Path(folder), None)
        else:
            with postgresql(Path(folder) / "pg") as url:
                _run(given, Path(folder), url)


def _made(url: str, name: str) -> str:
    """A database of its own on the server."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)


def _run(given: argparse.Namespace, folder: Path, url: str | None) -> None:
    apps = []
    for name in ("small", "large"):
        data = folder / name
        data.mkdir()
        app = application(data, _made(url, name) if url else f"sqlite:///{data / 'size.sqlite'}")
        begun = datetime.now(UTC)
        year = fill(app, getattr(given, name))
        with app.app_context():
            lines = db.session.query(Line.id).count()
            if url:  # PostgreSQL does it by itself, SQLite never
                db.session.execute(db.text("ANALYZE"))
                db.session.commit()
        took = (datetime.now(UTC) - begun).seconds
        print(f"{name}: {getattr(given, name)}, {lines:,} lines, filled in {took} s", flush=True)
        apps.append(app)
    for line in measure(*apps, year, given.rounds):
        print(line, flush=True)
    for app in apps:
        with app.app_context():
            db.engine.dispose()


if __name__ == "__main__":
    main()
