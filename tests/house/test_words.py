"""Every logged table and column has the reader's words, so that no history shows a name from the machine's room."""

from controls import app, wiring
from controls.base.db import db
from controls.history import labels, queries


def test_every_logged_table_and_column_has_words() -> None:
    """A new table or column gets its words in `history/labels.py`, a table its name in `history/queries.NAMES`."""
    assert "history" in app.SLICES
    wiring.connect()
    logged = [table for table in db.metadata.sorted_tables if table.info.get("log", True)]
    tables = {table.name for table in logged}
    assert not tables - set(labels.TABLES), "labels.TABLES: say what a row of each table is called"
    assert not tables - set(queries.NAMES), "history.queries.NAMES: say how a row is named"
    columns = {(table.name, column.name) for table in logged for column in table.c}
    lacking = {f"{table}.{name}" for table, name in columns if name not in {*labels.UNTOLD, *labels.COLUMNS}}
    assert not lacking, f"labels.COLUMNS lacks {sorted(lacking)}"
    left = set(labels.COLUMNS) - {name for _, name in columns}
    assert not left and not set(labels.OWN) - columns, f"labels of columns that are gone: {left}"
