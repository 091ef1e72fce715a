"""How migrations run: one head, forward only, on SQLite and PostgreSQL, with foreign keys checked afterwards."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app

database = current_app.extensions["migrate"].db


def plain_type(kind: str, item: Any, autogen: Any) -> str | bool:
    """Migrations name the database's own types, never our classes."""
    if kind == "type" and isinstance(item, sa.types.TypeDecorator):
        impl = item.impl_instance
        return f"sa.String({impl.length})" if isinstance(impl, sa.String) else f"sa.{type(impl).__name__}()"
    return False


def differs(ctx: Any, inspected: Any, column: Any, inspected_type: Any, own: Any) -> bool | None:
    """Compare what the database stores, not the class that reads it."""
    return False if isinstance(own, sa.types.TypeDecorator) else None


def run() -> None:
    """Run the steps in one transaction; on SQLite without foreign keys, which batch mode would let cascade."""
    with database.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            driver = connection.connection.driver_connection
            driver.execute("PRAGMA journal_mode=WAL")
            driver.execute("PRAGMA foreign_keys=OFF")
        connection = connection.execution_options(writes=True)
        context.configure(
            connection=connection, target_metadata=database.metadata, render_as_batch=sqlite, render_item=plain_type,
            compare_type=differs,
        )  # fmt: skip
        with context.begin_transaction():
            if not sqlite:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            context.run_migrations()
        if sqlite:
            broken = driver.execute("PRAGMA foreign_key_check").fetchall()
            driver.execute("PRAGMA foreign_keys=ON")
            if broken:
                raise RuntimeError(f"foreign keys broken after migration: {broken[:5]}")


run()
