"""Every table emptied, and its numbers begun again, between two tests; rows put back as they were."""

from collections.abc import Container, Sequence
from typing import Any

from sqlalchemy import Connection

from controls.base.db import db

BEGIN_AGAIN = "SELECT setval(format('%I', sequencename), start_value, false) FROM pg_sequences WHERE last_value > 0"


def empty(but: Container[str] = ()) -> None:
    """Delete all rows: TRUNCATE makes a new file of each table and index, which a handful of rows is not worth."""
    told = [f"DELETE FROM {table.name}" for table in reversed(db.metadata.sorted_tables) if table.name not in but]
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            script = ["SET LOCAL session_replication_role = replica", *told, BEGIN_AGAIN]
            connection.connection.driver_connection.execute("; ".join(script), prepare=False)  # type: ignore[union-attr]
            return
        script = ["BEGIN", "PRAGMA defer_foreign_keys=ON", *told, "COMMIT"]
        connection.connection.driver_connection.executescript("; ".join(script))  # type: ignore[union-attr]


def put_rows(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows as the driver read them, so that no type stands between."""
    sign = "%s" if connection.dialect.name == "postgresql" else "?"
    named = ", ".join(f'"{column}"' for column in columns)  # a name may be a word of SQL
    sql = f"INSERT INTO {table} ({named}) VALUES ({', '.join([sign] * len(columns))})"
    connection.exec_driver_sql(sql, [tuple(row) for row in rows])
