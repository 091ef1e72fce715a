"""Rows as the database stores them, read raw: a value in another form than the one it was written in is no value.

SQLite keeps 2 in a Boolean and a text in a number; the columns' own types would read over it, so they are not asked.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from math import isfinite
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    TypeDecorator,
    inspect,
    text,
)  # fmt: skip

from controls.base.db import Choice, UtcTime

Form = Callable[[Any], Any]
"""From a stored value (never NULL) to the plain value that the log tells, or `INEXACT`."""

INEXACT = object()
"""What is stored in a form in which it was not written."""

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MOST = 1000
"""Rows that are fetched at a time."""


def _integer(raw: Any) -> Any:
    return raw if type(raw) is int else INEXACT


def _words(raw: Any) -> Any:
    return raw if type(raw) is str else INEXACT


def _number(raw: Any) -> Any:
    return raw if type(raw) is float and isfinite(raw) else INEXACT


def _bytes(raw: Any) -> Any:
    return raw.hex() if type(raw) is bytes else INEXACT


def _yes_no(raw: Any) -> Any:
    return raw if type(raw) is bool else INEXACT


def _yes_no_sqlite(raw: Any) -> Any:
    return raw == 1 if type(raw) is int and raw in (0, 1) else INEXACT


def _day(raw: Any) -> Any:
    return raw if type(raw) is str and DAY.fullmatch(raw) else INEXACT


def _moment(raw: Any) -> Any:
    return f"{raw[:10]}T{raw[11:]}" if type(raw) is str and MOMENT.fullmatch(raw) else INEXACT


def _utc(form: Form) -> Form:
    def read(raw: Any) -> Any:
        found = form(raw)
        return found if found is INEXACT else f"{found}+00:00"

    return read


def _json(raw: Any) -> Any:
    try:
        held = json.loads(raw) if type(raw) is str else INEXACT
    except ValueError:
        return INEXACT
    return held if held is INEXACT or json.dumps(held) == raw else INEXACT


def _secret(form: Form) -> Form:
    """The log tells a secret by its digest only."""

    def read(raw: Any) -> Any:
        found = form(raw)
        return found if found is INEXACT else hashlib.sha256(str(found).encode()).hexdigest()

    return read


def form(column: Column[Any], dialect: str) -> Form:
    """The one form in which a column's values are stored."""
    kind: Any = column.type
    if isinstance(kind, TypeDecorator):
        if not isinstance(kind, UtcTime | Choice):
            raise TypeError(f"{column}: {type(kind).__name__} has no exact form here yet")
        kind = kind.impl_instance
    lite = dialect == "sqlite"
    forms: list[tuple[type[Any], Form]] = [
        (Boolean, _yes_no_sqlite if lite else _yes_no), (Integer, _integer), (String, _words), (Float, _number),
        (LargeBinary, _bytes), (Date, _day), (DateTime, _moment), (JSON, _json),
    ]  # fmt: skip
    found = next((made for type_, made in forms if isinstance(kind, type_)), None)
    if found is None:
        raise TypeError(f"{column}: {type(kind).__name__} has no exact form here yet")
    found = _utc(found) if isinstance(column.type, UtcTime) else found
    return _secret(found) if column.info.get("secret") else found


def _as_text(column: Column[Any], name: str, dialect: str) -> str:
    """SQLite stores days, moments and JSON as text; PostgreSQL, whose infinite days no driver reads, tells them so."""
    kind: Any = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    shown = {Date: "to_char({}, 'YYYY-MM-DD')", DateTime: "to_char({}, 'YYYY-MM-DD HH24:MI:SS.US')", JSON: "{}::text"}
    found = next((how for type_, how in shown.items() if isinstance(kind, type_)), "{}")
    return name if dialect == "sqlite" else found.format(name)


class Cells:
    """A table's columns: their names in the log, and how each is read."""

    def __init__(self, class_: Any, dialect: Any) -> None:
        attributes = list(inspect(class_).column_attrs)
        self.table: Table = class_.__table__
        self.columns: list[Column[Any]] = [attribute.columns[0] for attribute in attributes]
        self.names = [attribute.key for attribute in attributes]
        self.forms = [form(column, dialect.name) for column in self.columns]
        quote = dialect.identifier_preparer.quote
        parts = [_as_text(column, quote(column.name), dialect.name) for column in self.columns]
        self.select = f"SELECT {', '.join(parts)} FROM {quote(self.table.name)}"  # nosec B608
        """Made of the product's own names only."""

    def all(self, connection: Connection, order: str, where: str = "1 = 1", **values: Any) -> Iterator[Any]:
        """Every row raw, or those that a condition of ours lets through, in order, from the database's own cursor."""
        return stream(connection, f"{self.select} WHERE {where} ORDER BY {order}", **values)

    def some(self, connection: Connection, column: str, value: int) -> list[Any]:
        """The rows with a value, raw."""
        return list(connection.execute(_made(f"{self.select} WHERE {column} = :value"), {"value": value}))

    def plain(self, raw: Any) -> list[Any]:
        """The row's values as the log tells them."""
        return [None if value is None else form(value) for value, form in zip(raw, self.forms, strict=True)]


_made = lru_cache(text)
"""A statement that was made before is found compiled."""


AS_IT_IS = (_integer, _words)
"""Forms that only ask for a type: the value itself is what the log tells."""


class Line:
    """Some columns of a raw row as one canonical JSON object (`merkle.canonical`, by a faster writer)."""

    def __init__(self, cells: Cells, left: Collection[str]) -> None:
        places = sorted((name, at) for at, name in enumerate(cells.names) if name not in left)
        self.names = [name for name, _ in places]
        self._pick = itemgetter(*(at for _, at in places))
        self._forms = [cells.forms[at] for _, at in places]
        self._how = [(place, form) for place, form in enumerate(self._forms) if form not in AS_IT_IS]
        self._exact: set[tuple[type, ...]] = set()  # the types of rows whose columns of type alone are in their form

    def of(self, raw: Any) -> bytes:
        """The object in UTF-8; `ValueError` when a value is not in its column's form."""
        values = list(self._pick(raw))
        kinds = tuple(map(type, values))
        known = kinds in self._exact
        for place, form in self._how if known else enumerate(self._forms):
            if (value := values[place]) is not None:
                values[place] = value = form(value)
                if value is INEXACT:
                    raise ValueError
        if not known:
            self._exact.add(kinds)
        return orjson.dumps(dict(zip(self.names, values, strict=True)))


def stream(connection: Connection, sql: str, **values: Any) -> Iterator[Any]:
    """Rows of a statement, a thousand at a time; the option is the statement's, never the shared connection's."""
    found = connection.execute(_made(sql), values, execution_options={"yield_per": MOST})
    return chain.from_iterable(found.partitions(MOST))


@contextmanager
def any_bytes(connection: Connection) -> Iterator[None]:
    """Let texts of SQLite that are no UTF-8 come as bytes (which no column's form accepts) instead of stopping all."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    before, driver.text_factory = driver.text_factory, _text
    try:
        yield
    finally:
        driver.text_factory = before


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
