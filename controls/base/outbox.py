"""Messages to people: written in the transaction that makes them due, shown for ninety days, sent by mail afterwards.

Most wait for the one mail of the next working morning; what somebody waits for (work returned, a question) goes at
once. A mail holds no scores, findings or amounts. Without a mail server nothing is lost: each message is on the page.
"""

import json
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flask_babel import force_locale, format_date, get_locale, gettext
from sqlalchemy import ForeignKey, Index, String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.audit import UNLOGGED
from controls.base.by import By
from controls.base.db import Model, UtcTime, db
from controls.base.why import N_

KEPT = timedelta(days=90)
TRIES, PATIENCE = 5, 20
"""How often a mail that is refused is tried, and how many seconds a mail server is waited for."""
HELP = N_("Questions? Reply to this mail.")
MANY, LIST = N_("{n} messages today"), N_("Here is what you have to do.")


@dataclass(frozen=True)
class Kind:
    """A kind of message: subject (verb, object, deadline), text, the words of its link, whether it goes at once."""

    name: str
    subject: str
    text: str
    link: str
    at_once: bool = False


KINDS: dict[str, Kind] = {}


def declare(name: str, subject: str, text: str, link: str, *, at_once: bool = False) -> Kind:
    """Declare a kind of message once, at the top of an `actions.py`; {names} stand for parameters, `…_on` for days."""
    if name in KINDS:
        raise ValueError(f"message {name} is declared twice")
    KINDS[name] = Kind(name, subject, text, link, at_once)
    return KINDS[name]


class Message(Model):
    """One message to one person; `once` is what may be said only once (a reminder a day)."""

    __tablename__ = "base_outbox"
    __table_args__ = (Index("ix_base_outbox_person", "person_id", "created_at"), {"info": UNLOGGED})

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    kind: Mapped[str] = mapped_column(String(40))
    params: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(String(300))
    once: Mapped[str | None] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    tries: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(String(80), default="")


def put(by: By, person_id: int, kind: Kind, path: str, *, once: str | None = None, **params: str | date) -> Message:
    """A message that is there when the transaction is; `path` is where its link leads on this host."""
    told = {name: value.isoformat() if isinstance(value, date) else value for name, value in params.items()}
    row = Message(person_id=person_id, kind=kind.name, params=json.dumps(told, ensure_ascii=False), path=path,
                  once=once, created_at=by.at)  # fmt: skip
    db.session.add(row)
    return row


@dataclass(frozen=True)
class Told:
    """A message in a reader's language."""

    subject: str
    text: str
    link: str
    path: str


def told(row: Message) -> Told:
    """The message in the language that is now spoken."""
    kind, given = KINDS[row.kind], json.loads(row.params)
    words = {name: _day(value) if name.endswith("_on") else value for name, value in given.items()}
    return Told(gettext(kind.subject).format(**words), gettext(kind.text).format(**words), gettext(kind.link), row.path)


def _day(value: str) -> str:
    pattern = "d. MMMM y" if str(get_locale())[:2] == "da" else "d MMMM y"
    return str(format_date(date.fromisoformat(value), pattern, False))


def of(person_id: int, since: datetime, most: int) -> list[Message]:
    """A person's messages since a moment, newest first."""
    query = select(Message).where(Message.person_id == person_id, Message.created_at >= since)
    return list(db.session.scalars(query.order_by(Message.created_at.desc(), Message.id.desc()).limit(most)))


def waiting(at_once: bool) -> list[Message]:
    """What has not been sent yet: what goes at once only, or all, oldest first by person."""
    kinds = [kind.name for kind in KINDS.values() if kind.at_once or not at_once]
    query = select(Message).where(Message.sent_at.is_(None), Message.tries < TRIES, Message.kind.in_(kinds))
    return list(db.session.scalars(query.order_by(Message.person_id, Message.id)))


def settle(ids: Sequence[int], at: datetime, fault: str) -> None:
    """A mail went out with these, or was refused."""
    for row in db.session.scalars(select(Message).where(Message.id.in_(ids))):
        row.tries, row.fault = row.tries + 1, fault[:80]
        row.sent_at = None if fault else at


def sweep(before: datetime) -> None:
    """Forget the messages from before a moment."""
    db.session.execute(delete(Message).where(Message.created_at < before))


# --- mail ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """A mail server, read from an address like smtp://user:secret@host:587?from=kontrolrul@agency.dk&starttls=1."""

    host: str
    port: int
    sender: str
    user: str = ""
    secret: str = ""
    tls: bool = False
    starttls: bool = False

    @classmethod
    def read(cls, url: str) -> "Server":
        """The server that an address names; a mistake in it is told at once."""
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        sender = asked.get("from", [""])[0]
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or "@" not in sender:
            raise ValueError("KONTROLRUL_SMTP_URL must be smtp://user:secret@host:port?from=ADDRESS (or smtps://)")
        return cls(
            parts.hostname, parts.port or (465 if parts.scheme == "smtps" else 25), sender,
            unquote(parts.username or ""), unquote(parts.password or ""), parts.scheme == "smtps",
            asked.get("starttls") == ["1"],
        )  # fmt: skip


@contextmanager
def connected(server: Server) -> Iterator[smtplib.SMTP]:
    """A line to the mail server."""
    make = smtplib.SMTP_SSL if server.tls else smtplib.SMTP
    with make(server.host, server.port, timeout=PATIENCE) as line:
        if server.starttls:
            line.starttls()
        if server.user:
            line.login(server.user, server.secret)
        yield line


def letter(server: Server, to: str, language: str, rows: Sequence[Message], base: str, at: datetime) -> EmailMessage:
    """One mail with one or several messages, in plain text and simple HTML (RFC 5322, RFC 3834)."""
    with force_locale(language):
        told_ones = [told(row) for row in rows]
        several = len(told_ones) > 1
        subject = gettext(MANY).format(n=len(told_ones)) if several else told_ones[0].subject
        first, last = ([gettext(LIST)] if several else []), [gettext(HELP)]
    plain = [*first, *(_plain(one, base, several) for one in told_ones), *last]
    rich = [*(f"<p>{escape(text)}</p>" for text in first), *(_rich(one, base, several) for one in told_ones),
            *(f"<p>{escape(text)}</p>" for text in last)]  # fmt: skip
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = server.sender, to, subject
    mail["Date"] = format_datetime(at)
    ids = "-".join(str(row.id) for row in rows[:5])
    mail["Message-ID"] = f"<{ids}.{int(at.timestamp())}@{server.sender.split('@')[1]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(plain) + "\n")
    mail.add_alternative(f'<html lang="{language}"><body>{"".join(rich)}</body></html>', subtype="html")
    return mail


def _plain(one: Told, base: str, several: bool) -> str:
    head = [one.subject] if several else []
    return "\n\n".join([*head, one.text, f"{one.link}: {base}{one.path}"])


def _rich(one: Told, base: str, several: bool) -> str:
    head = f"<h2>{escape(one.subject)}</h2>" if several else ""
    text = escape(one.text).replace("\n", "<br>")
    return f'{head}<p>{text}</p><p><a href="{escape(base + one.path)}">{escape(one.link)}</a></p>'


def send(line: smtplib.SMTP, mail: Any) -> str:
    """Send a mail; the name of the fault when this one was refused. What ends the line itself is raised."""
    try:
        line.send_message(mail)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError, ValueError) as error:
        return type(error).__name__
    return ""
