"""The state every row had before, kept in a private file of SQLite's own so that a long log needs little memory."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from controls.base.db import Base

UNTOLD = frozenset({"id", "version", "saved_at", "saved_by", "organisation_id"})


def _secrets() -> frozenset[tuple[str, str]]:
    """Table and column of everything that the log tells by its digest only."""
    tables = Base.metadata.tables.values()
    return frozenset((table.name, column.name) for table in tables for column in table.columns
                     if column.info.get("secret"))  # fmt: skip


class Before:
    """Takes each row's new state in turn and tells what changed since the one before."""

    def __init__(self) -> None:
        self.secrets = _secrets()
        self.kept = sqlite3.connect("")
        self.kept.execute("CREATE TABLE kept (what TEXT, id INTEGER, state TEXT, PRIMARY KEY (what, id)) WITHOUT ROWID")

    def changes(self, table: str, id: int, state: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Field, before and after of every field that is not as it was (a new row: of every field that is filled)."""
        found = self.kept.execute("SELECT state FROM kept WHERE what = ? AND id = ?", (table, id)).fetchone()
        old = json.loads(found[0]) if found else {}
        self.kept.execute(
            "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
            (table, id, json.dumps(state)),
        )
        for field, value in state.items():
            if field in UNTOLD or value == old.get(field) or (not found and value in (None, "")):
                continue
            if (table, field) in self.secrets:
                yield field, "***" if old.get(field) else "", "***" if value else ""
            else:
                yield field, told(old.get(field)), told(value)

    def close(self) -> None:
        """Let the file go."""
        self.kept.close()


def told(value: Any) -> str:
    """A stored value as text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
