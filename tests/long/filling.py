"""Rows in every logged table that is still empty, each told by an event, so that no table is left untried."""

import json
import random
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Integer, LargeBinary, String, TypeDecorator, func, select
from sqlalchemy.exc import IntegrityError

from controls.base import audit, files, seal
from controls.base.db import Base, Choice, db, transaction
from controls.evidence.tables import Evidence
from controls.recommendation.tables import Recommendation
from tests import make

TRIES = 200
FILLED = audit.EVENTS.get("test.row_made") or audit.declare("test.row_made", "Made for a test")


def logged() -> list[Any]:
    """Every class whose table is in the log, parents first."""
    order = {table.name: at for at, table in enumerate(Base.metadata.sorted_tables)}
    classes = [mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__table__.info.get("log", True)]
    return sorted(classes, key=lambda class_: order[class_.__tablename__])


def fill(rows: int = 2, **given: str) -> list[str]:
    """Fill what is empty; what is given stands in columns so named. Names of the tables that were empty."""
    filled = []
    for class_ in logged():
        if db.session.scalar(select(func.count()).select_from(class_)):
            continue
        with transaction():
            by, made = make.system(), 0
            for chance in map(random.Random, range(TRIES + rows)):
                columns = [column for column in class_.__table__.columns if not column.primary_key]
                values = {column.key: _value(column, made + 1, chance) for column in columns}
                values |= {name: text for name, text in given.items() if type(values.get(name)) is str}
                row = class_(**values | (SOUND[class_](made) if class_ in SOUND else {}))
                try:
                    with db.session.begin_nested():
                        db.session.add(row)
                except IntegrityError:  # a rule that the database keeps; other people may fit it
                    db.session.info["changed"].pop(id(row), None)
                    continue
                audit.record(by, FILLED, row)
                made += 1
                if made == rows:
                    break
            assert made, f"no row of {class_.__tablename__} could be made"
        filled.append(class_.__tablename__)
    return filled


def _stored(turn: int) -> dict[str, Any]:
    """A file that lies in the store."""
    with files.received(BytesIO(f"bilag {turn}".encode()), 100) as incoming:
        files.current_store().keep(incoming, date(2031, 1, 1))
    return {"sha256": incoming.sha256, "size": incoming.size, "disposed_at": None}


def _frozen(turn: int) -> dict[str, Any]:
    """A basis with its checksum."""
    whole = {"turn": turn}
    return {"snapshot": json.dumps(whole), "snapshot_hash": seal.checksum(whole)}


SOUND = {Evidence: _stored, Recommendation: _frozen}
"""What the verification checks beyond the log."""


def _value(column: Any, turn: int, chance: random.Random) -> Any:
    for key in column.foreign_keys:
        ids = list(db.session.scalars(select(key.column).order_by(key.column).limit(20)))
        return chance.choice(ids) if ids else None
    kind = column.type
    if isinstance(kind, Choice):
        return chance.choice(list(kind.words))
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    values: list[tuple[type[Any], Any]] = [
        (Boolean, chance.random() < 0.5), (Integer, turn), (DateTime, make.NOW),
        (Date, date(2026, 1, 1) + timedelta(days=turn - 1)),
        (String, f"Værdi {turn}"[: getattr(kind, "length", None) or 99]), (LargeBinary, bytes([turn % 256]) * 32),
    ]  # fmt: skip
    return next(value for type_, value in values if isinstance(kind, type_))
