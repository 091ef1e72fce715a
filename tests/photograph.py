"""A scene made through actions is made once for each database; after that its rows are put back as they were."""

from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import inspect, select, text

from controls.base.audit import EventRow
from controls.base.db import Model, db
from tests import make as making
from tests.empty import put_rows

Given = ParamSpec("Given")
Made = TypeVar("Made")

Rows = dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]

ALBUM: dict[tuple[Any, ...], tuple[Rows, Any]] = {}
"""By maker, database, time and arguments: what stood in the tables, and what the maker gave back."""


class Kept(tuple[Any, ...]):
    """Stands for a row of what was given back: its class and its key."""


def photographed(make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Over a maker that begins on empty tables and writes rows only; it gives back rows, values and objects of them."""

    @wraps(make)
    def taken(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        if db.session.scalar(select(EventRow.seq).limit(1)) is not None:
            return make(*args, **kwargs)
        key = (make, str(db.engine.url), making.NOW, args, tuple(kwargs.items()))
        if key in ALBUM:
            rows, given = ALBUM[key]
            db.session.rollback()
            _put_back(rows)
            return _alive(given)  # type: ignore[no-any-return]
        given = make(*args, **kwargs)
        db.session.rollback()
        ALBUM[key] = _rows(), _walked(given, _still)
        return given

    return taken


def _rows() -> Rows:
    found: Rows = {}
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            cursor = connection.exec_driver_sql(f"SELECT * FROM {table.name}")
            rows = [tuple(row) for row in cursor.all()]
            if rows:
                found[table.name] = tuple(cursor.keys()), rows
    return found


def _put_back(rows: Rows) -> None:
    with db.engine.begin() as connection:
        server = connection.dialect.name == "postgresql"
        connection.exec_driver_sql(
            "SET LOCAL session_replication_role = replica" if server else "PRAGMA defer_foreign_keys=ON"
        )
        for name, (columns, kept) in rows.items():
            put_rows(connection, name, columns, kept)
            if server and db.metadata.tables[name].autoincrement_column is not None:
                highest = max(row[columns.index("id")] for row in kept)
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {highest})"))


def _still(value: Any) -> Any:
    return Kept((type(value), inspect(value).identity)) if isinstance(value, Model) else value


def _alive(value: Any) -> Any:
    wanted: dict[type, set[Any]] = {}

    def gather(one: Any) -> Any:
        if isinstance(one, Kept):
            wanted.setdefault(one[0], set()).add(one[1][0])
        return one

    _walked(value, gather)
    found = {
        (kind, row.id): row for kind, ids in wanted.items()
        for row in db.session.scalars(select(kind).where(kind.id.in_(ids)))  # type: ignore[attr-defined]
    }  # fmt: skip
    return _walked(value, lambda one: found[one[0], one[1][0]] if isinstance(one, Kept) else one)


def _walked(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of what was given back, each leaf of it changed."""
    if isinstance(value, (Kept, Model)):
        return change(value)
    if type(value).__module__.startswith("tests."):
        changed = copy(value)
        vars(changed).update({name: _walked(one, change) for name, one in vars(value).items()})
        return changed
    if isinstance(value, dict):
        return {key: _walked(one, change) for key, one in value.items()}
    if isinstance(value, (list, set, frozenset)) or type(value) is tuple:
        return type(value)(_walked(one, change) for one in value)
    return value
