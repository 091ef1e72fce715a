"""The demo's mark: one row that only an empty database can be given, with the clock the demo runs by."""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, mapped_column

from controls.base import clock
from controls.base.audit import UNLOGGED, EventRow
from controls.base.db import Model, db


class DemoMark(Model):
    """Present only in a demo database."""

    __tablename__ = "base_demo"
    __table_args__ = {"info": UNLOGGED}

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_seconds: Mapped[int]


def _known() -> dict[str, timedelta | None]:
    known: dict[str, timedelta | None] = current_app.extensions.setdefault("kontrolrul.demo", {})
    if "shift" not in known:
        row = db.session.get(DemoMark, 1)
        known["shift"] = None if row is None else timedelta(seconds=row.shift_seconds)
    return known


def is_demo() -> bool:
    """Whether this database carries the demo's mark."""
    return _known()["shift"] is not None


def now() -> datetime:
    """The moment by the database's own clock: the machine's, or the demo's."""
    return clock.shifted(_known()["shift"] or timedelta())


def mark() -> None:
    """Mark an empty database as a demo; a database with any event is real for ever."""
    if db.session.scalar(select(func.count()).select_from(EventRow)):
        raise RuntimeError("only an empty database can become a demo")
    db.session.add(DemoMark(id=1, shift_seconds=0))
    current_app.extensions.pop("kontrolrul.demo", None)


def start_clock(at: datetime) -> None:
    """Let the demo's clock begin at a moment, but never before the last event of the log."""
    last = db.session.scalar(select(func.max(EventRow.at)))
    row = db.session.get_one(DemoMark, 1)
    row.shift_seconds = int((max(at, last or at) - clock.machine()).total_seconds()) + 1
    current_app.extensions.pop("kontrolrul.demo", None)
