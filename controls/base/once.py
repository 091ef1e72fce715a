"""A form sent twice changes once: its first answer is kept under its request key, in the change's own transaction.

A repeat (double click, a browser or a proxy that sends again) does its work anew and is undone at its end, since the
key is taken, or is refused on its way, since the state has moved on; either way it is given the first answer. So a
write costs one insert, a read nothing, and two that run at once wait for each other at the key.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import String, Text, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from controls.base.audit import UNLOGGED
from controls.base.db import AFTERWARDS, BEFORE_COMMIT, Model, UtcTime, db

KEPT = timedelta(hours=48)


class RequestKeyRow(Model):
    """One form that was sent: whose, a digest of its key and all it held, and where its answer led to."""

    __tablename__ = "base_request_key"
    __table_args__ = {"info": UNLOGGED}

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    location: Mapped[str] = mapped_column(Text)
    said: Mapped[str] = mapped_column(Text)


class Sent(NamedTuple):
    """The form this request brings."""

    person_id: int
    digest: str
    at: datetime


class Answer(NamedTuple):
    """Where a change led to, and the status line that says what was done."""

    location: str
    said: str


class Repeated(Exception):
    """The same form has been answered before; what this request did is undone."""


def begin(sent: Sent) -> None:
    """The request that now begins brings this form."""
    db.session().info["sent"] = sent


def keep(answer: Answer) -> None:
    """The answer of the change that is being made; outside a transaction there is none to keep."""
    if db.session().info.get("writing"):
        db.session().info["answer"] = answer


def first() -> Answer | None:
    """The answer that this request's form was given before, if it was."""
    sent: Sent | None = db.session().info.get("sent")
    if sent is None:
        return None
    asked = (RequestKeyRow.person_id == sent.person_id) & (RequestKeyRow.digest == sent.digest)
    db.session.rollback()
    found = db.session.execute(select(RequestKeyRow.location, RequestKeyRow.said).where(asked)).one_or_none()
    return Answer(*found) if found else None


def sweep(before: datetime) -> None:
    """Forget the forms sent before a moment."""
    db.session.execute(delete(RequestKeyRow).where(RequestKeyRow.at < before))


def _store(session: Session) -> None:
    sent, answer = session.info.get("sent"), session.info.get("answer")
    if sent is None or answer is None:
        return
    session.flush()
    try:
        session.execute(insert(RequestKeyRow).values(**sent._asdict(), **answer._asdict()))
    except IntegrityError as error:
        raise Repeated from error


def _forget(session: Session) -> None:
    session.info.pop("answer", None)


BEFORE_COMMIT.insert(0, _store)  # before the log's head is locked, which comes last
AFTERWARDS.append(_forget)
