"""Every table emptied, and its numbers begun again, between two tests."""

from collections.abc import Container

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
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for statement in told:
            connection.exec_driver_sql(statement)
