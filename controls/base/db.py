"""The database: one declarative base, one way to write, the same on SQLite and PostgreSQL."""

import fcntl
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Engine,
    MetaData,
    Select,
    String,
    event,
    false,
    func,
    or_,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeDecorator

from controls.base.by import By, Place, Reach
from controls.base.clock import COPENHAGEN
from controls.base.why import CHANGED, NOT_FOUND, STALE, Reason, Refused

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


STATEMENTS = 200
"""Of each kind of statement, how many are kept."""


class Base(DeclarativeBase):
    """All tables share one metadata with named constraints, so that migrations can name them."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)

if TYPE_CHECKING:

    class Model(Base):
        """What a table class inherits (typed for the checker)."""

        __abstract__ = True
else:
    Model = db.Model


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC without zone so that both databases give the same back."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Choice(TypeDecorator[StrEnum]):
    """A column that holds one value of a string enum."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__(40)
        self.words = words
        self.members: dict[str | None, StrEnum | None] = {None: None} | {word.value: word for word in words}

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else str(self.words(value).value)

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[str | None], StrEnum | None]:
        """Straight from the table of words: a page reads hundreds."""
        return self.members.__getitem__


class Versioned:
    """A row that a form edits: the version counter makes a stale form fail instead of winning silently."""

    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime] = mapped_column(UtcTime)
    saved_by: Mapped[str] = mapped_column(String(120))
    if not TYPE_CHECKING:
        __mapper_args__ = {"version_id_col": version}


class Stale(Refused):
    """The row was saved by somebody else since the form was read; `row` is how it is now."""

    def __init__(self, row: Any) -> None:
        at = row.saved_at.astimezone(COPENHAGEN)
        self.row, self.told = row, {"who": row.saved_by, "hour": at.hour, "minute": f"{at:%M}"}
        super().__init__([STALE(**self.told)])


def saved(by: By, row: Any) -> None:
    """Stamp a versioned row with who saved it and when."""
    row.saved_at, row.saved_by = by.at, by.name


class Scope(NamedTuple):
    """How far a permission goes: organisations with every object, those with own ones, who, and places visited."""

    full: frozenset[int]
    some: frozenset[int]
    person_id: int | None
    visits: frozenset[Place] = frozenset()


def scope(by: By, permission: str, here: frozenset[int] | None = None) -> Scope:
    """How far the permission goes for the reader; a page about some organisations need not tell of the others."""
    full, some = by.everywhere(permission), by.anywhere(permission)
    if here is not None:
        full, some = full & here, some & here
    some -= full
    visits = frozenset(place for place, far in by.visits.get(permission, {}).items() if far is Reach.ALL)
    return Scope(full, some, by.own_id if some else None, visits)


def inside(reach: Scope, organisation: Any, *own: Any, **places: Any) -> ColumnElement[bool]:
    """The scope as a predicate in SQL: organisations fully in reach, own rows in the others, rows in places visited.

    `places` names the column that holds the id of each kind of place (process=…, review=…, cycle=…).
    """
    parts: list[ColumnElement[bool]] = [organisation.in_(reach.full)] if reach.full else []
    if reach.some and own:
        parts += [organisation.in_(reach.some) & or_(*(column == reach.person_id for column in own))]
    for kind, column in places.items():
        ids = [id for of, id in reach.visits if of == kind]
        parts += [column.in_(ids)] if ids else []
    return or_(*parts) if parts else false()


def within(by: By, permission: str, organisation: Any, *own: Any, **places: Any) -> ColumnElement[bool]:
    """The permission as a predicate in SQL."""
    return inside(scope(by, permission), organisation, *own, **places)


Given = ParamSpec("Given")
Made = TypeVar("Made")


def built(make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Over a function that makes a statement: the one made before with the same arguments is used again.

    Making a statement and finding it among the compiled ones costs more than running it.
    """
    return cast(Callable[Given, Made], wraps(make)(lru_cache(STATEMENTS)(make)))


def driven(query: Select[Any]) -> tuple[str, Any]:
    """A statement and its parameters in the words and types of the database's driver, for `exec_driver_sql`.

    For one that has hundreds of parameters and is asked again and again: putting them in costs more than it does.
    """
    dialect = db.engine.dialect
    compiled = query.compile(dialect=dialect)
    state = compiled.construct_expanded_state()
    processes = {name: one.type.dialect_impl(dialect).bind_processor(dialect) for name, one in compiled.binds.items()}
    processes |= state.processors
    values = {name: process(value) if (process := processes.get(name)) else value
              for name, value in state.parameters.items()}  # fmt: skip
    if state.positiontup is not None:
        return state.statement, tuple(values[name] for name in state.positiontup)
    numbers = {name for name, value in values.items() if type(value) is int}
    text = NAMED.sub(lambda one: str(values[one[1]]) if one[1] in numbers else one[0], state.statement)
    return text, {name: value for name, value in values.items() if name not in numbers}


NAMED = re.compile(r"%\((\w+)\)s(?:::INTEGER|::BIGINT)?")
"""A named parameter as psycopg takes it: whole numbers are written out, since it reads the whole text for each."""


IDS = 2**32


def newest(year: Any, id: Any) -> ColumnElement[int]:
    """Of grouped rows the id of the newest (of one year, the one made last), as `newest(…) % IDS`.

    A window over the same rows costs a sort of each group.
    """
    return func.max(type_coerce(year, BigInteger) * IDS + id)


PATIENCE = {"lock_timeout": "10s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "5min"}
"""How long PostgreSQL waits, works and is kept waiting before it gives up."""


@event.listens_for(Engine, "connect")
def _connect(connection: Any, record: Any) -> None:
    if "sqlite" not in type(connection).__module__:
        connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in PATIENCE.items()))
        connection.commit()
        return
    connection.isolation_level = None
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        writing = connection.get_execution_options().get("writes", False)
        connection.connection.driver_connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _queue(session: Session) -> Iterator[None]:
    """Writers on SQLite wait in line at a file lock: SQLite's own waiting is unfair."""
    url = session.get_bind().engine.url
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        yield
        return
    with open(f"{url.database}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


BEFORE_COMMIT: list[Callable[[Session], None]] = []
AFTER_COMMIT: list[Callable[[Session], None]] = []
AFTERWARDS: list[Callable[[Session], None]] = []
"""Filled by the log, whose table is made on this module's base: sealing its events, the checkpoint of what is
committed (which never fails the write), and dropping what it gathered."""


MET = {"23505", "40001", "40P01", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
"""Two writers at once: unique value, serialisation, deadlock (PostgreSQL, appendix A; SQLite's result codes)."""


def _met(error: DBAPIError) -> bool:
    """Whether another writer was quicker, so that this one may load the page and try again."""
    return bool({getattr(error.orig, name, None) for name in ("sqlstate", "sqlite_errorname")} & MET)


AFTER_REFUSAL: list[Callable[[Refused], Callable[[], None] | None]] = []
"""Filled by a slice: the write that leaves a line in the log when another write was refused, if there is to be one."""

CLASHES: dict[str, Callable[[Any], Reason]] = {}
"""By table: the reason when two requests at once ran into one of its unique indexes, from the row's values."""


@contextmanager
def transaction() -> Iterator[Session]:
    """Begin a write at once, commit it once with its events, or leave nothing.

    Only routes, the command line and jobs open it; actions never commit.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("a transaction is already open")
    session.rollback()
    with _queue(session):
        session.connection(execution_options={"writes": True})
        session.info["writing"] = True
        try:
            yield session
            _commit(session)
            for step in AFTER_COMMIT:
                step(session)
        except StaleDataError as error:
            session.rollback()
            raise Refused([CHANGED()]) from error
        except DBAPIError as error:
            session.rollback()
            if _met(error):
                raise Refused([_clash(error)]) from error
            raise
        except Refused as error:
            session.rollback()
            _tell(session, error)
            raise
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info.pop("writing", None)
            for step in AFTERWARDS:
                step(session)


def _commit(session: Session) -> None:
    for step in BEFORE_COMMIT:
        step(session)
    session.commit()


def _tell(session: Session, error: Refused) -> None:
    """What a refusal leaves in the log is a write of its own, since the refused one left nothing."""
    writes = [write for step in AFTER_REFUSAL if (write := step(error)) is not None]
    if not writes:
        return
    for forget in AFTERWARDS:
        forget(session)
    session.connection(execution_options={"writes": True})
    for write in writes:
        write()
    _commit(session)


def _clash(error: DBAPIError) -> Reason:
    said = str(error.orig)
    table = next((name for name in CLASHES if f" {name}." in said or f'"uq_{name}_' in said), None)
    return CHANGED() if table is None or not isinstance(error.params, dict) else CLASHES[table](error.params)


@contextmanager
def snapshot() -> Iterator[Session]:
    """Everything read inside is as of one moment: one read transaction, ended at the close."""
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("a snapshot is read outside any write")
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    try:
        yield session
    finally:
        session.rollback()


T = TypeVar("T", bound=Any)


def load(model: type[T], id: int, version: int | None = None) -> T:
    """A row to be changed: 404 when it does not exist, 409 when somebody saved it since the form was read."""
    row = db.session.get(model, id) if 0 < id < 2**31 else None
    if row is None:
        raise Refused([NOT_FOUND()])
    if version is not None and version != row.version:
        raise Stale(row)
    return row
