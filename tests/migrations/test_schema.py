"""Migrations on both databases: from nothing to head the schema is what the tables say, and rows survive."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from controls.app import create_app
from controls.base.db import db
from controls.base.settings import Settings
from tests.conftest import DATABASES, own_database


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database without tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'm.sqlite'}"
    else:
        url = own_database(request.getfixturevalue("postgresql"), f"migrate_{os.getpid()}")
    app = create_app(Settings(tmp_path, url, "test", False, ("localhost",)))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def test_the_schema_is_what_the_tables_say(empty: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, db.metadata) == []


def test_migrations_only_go_forward(empty: Flask, caplog: pytest.LogCaptureFixture) -> None:
    upgrade()
    with pytest.raises(SystemExit):
        downgrade()
    assert "restore the backup" in caplog.text


def test_upgrading_again_keeps_rows(empty: Flask) -> None:
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("INSERT INTO base_demo (id, shift_seconds) VALUES (1, 7)"))
    upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT shift_seconds FROM base_demo")).scalar() == 7
