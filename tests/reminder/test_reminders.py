"""Reminders from the list and by owner, the receipt, never twice a day, one's own messages, and the mail itself."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from controls.base import demo, outbox
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity.tables import Person
from controls.jobs import runner
from controls.jobs.rules import Job, State
from controls.reminder import actions, queries, rules
from controls.reminder.tables import Receipt
from tests import make
from tests.assessment.test_routes import budget, text
from tests.assessment.year import Year
from tests.speed.counting import counted

LIST = "/cycles/2026/assessments?org=STAR&state=missing"


def outcomes(client: FlaskClient, answer: Any) -> dict[str, str]:
    """What the receipt says of each assessment, by process."""
    with budget(8):
        page = text(client.get(answer.location))
    found = dict(re.findall(r'kr-code">([A-Z]+-\d)</span>.*?data-title="Hvorfor ikke">(.*?)</td>', page))
    reminded = page.split("Ikke påmindet</h2>")[0]
    return found | dict.fromkeys(re.findall(r'kr-code">([A-Z]+-\d)</span>', reminded), "påmindet")


def test_remind_all_of_a_list_in_one_press_and_get_a_receipt(client: FlaskClient, year: Year) -> None:
    year.submit("LON-1")
    make.signed_in(client, year.controller)
    with budget(8):
        page = text(client.get(LIST))
    assert "Påmind om alle 2 på listen" in page and page.count('type="checkbox"') == 2
    answer = client.post("/cycles/2026/remind?org=STAR&state=missing", data={"all": "1"})
    assert answer.status_code == 303 and answer.location.startswith("/reminders/")
    assert outcomes(client, answer) == {
        "KRE-1": "påmindet", "KRE-3": "Ingen har den: Processen har ingen ejer eller stedfortræder på arbejde",
    }  # fmt: skip
    event = db.session.scalars(select(EventRow).where(EventRow.action == "reminder.sent")).one()
    assert '"reminded":1' in (event.payload or "") and '"not_reminded":1' in (event.payload or "")
    again = client.post("/cycles/2026/remind?org=STAR", data={"id": [str(year.form().id)]})
    assert outcomes(client, again) == {"KRE-1": "Allerede påmindet i dag"}
    ticked = client.post("/cycles/2026/remind?org=STAR", data={"id": str(year.form("LON-1").id)})
    assert outcomes(client, ticked) == {"LON-1": "Indsendt allerede"}


def test_nothing_chosen_is_told_and_only_who_may_reminds(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    answer = client.post("/cycles/2026/remind?org=STAR", data={})
    assert answer.status_code == 422 and "Vælg mindst én vurdering" in text(answer)
    for person in (year.owner, year.auditor):
        make.signed_in(client, person)
        assert client.post("/cycles/2026/remind?org=STAR", data={"all": "1"}).status_code == 403
        assert "Påmind om" not in text(client.get(LIST))


def test_by_owner_on_the_years_page_and_the_home(client: FlaskClient, year: Year, app: Flask) -> None:
    make.signed_in(client, year.controller)
    client.get("/cycles/2026?org=STAR")
    with counted(db.engine) as seen:
        page = text(client.get("/cycles/2026?org=STAR"))
    assert len(seen) <= 8
    assert f'name="owner" value="{year.owner.id}"' in page and f"state=missing&amp;owner={year.owner.id}" in page
    with counted(db.engine) as seen:
        assert f'name="owner" value="{year.owner.id}"' in text(client.get("/"))
    assert len(seen) <= 8, seen
    answer = client.post("/cycles/2026/remind?org=STAR", data={"owner": str(year.owner.id)})
    assert outcomes(client, answer) == {"KRE-1": "påmindet"}
    assert [one.reminded_on for one in queries.course(year.by(year.first), year.organisation.id, 2026).late] == [
        None, make.NOW.date(),
    ]  # fmt: skip
    rows = text(client.get(f"/cycles/2026/assessments?org=STAR&state=missing&owner={year.owner.id}"))
    assert rows.count('name="id"') == 1


def test_no_owner_is_reminded_before_the_sixteenth_of_march(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "FIRST", (3, 18))  # the day after this year's clock
    by = year.by(year.controller)
    with transaction():
        chosen = queries.chosen(by, frozenset({year.organisation.id}), 2026, ids=[year.form().id])
        actions.send(by, year.organisation.id, 2026, chosen)
    assert [row.outcome.value for row in db.session.scalars(select(Receipt))] == ["year_end"]
    assert db.session.scalars(select(outbox.Message)).all() == []


def test_two_at_once_remind_a_person_once(year: Year) -> None:
    by, ids = year.by(year.controller), [year.form().id]
    chosen = queries.chosen(by, frozenset({year.organisation.id}), 2026, ids=ids)
    with transaction():
        actions.send(by, year.organisation.id, 2026, chosen)
    with pytest.raises(Refused) as refused, transaction():
        db.session.add(
            outbox.Message(
                person_id=year.owner.id,
                kind="reminder.before",
                params="{}",
                path="/",
                once=f"reminder {year.owner.id} {by.today}",
                created_at=by.at,
                tries=0,
                fault="",
            )
        )
    assert refused.value.reasons[0].code in ("reminder.sent_twice", "stale_version")  # SQLite tells no values


def test_the_receiver_sees_it_for_ninety_days(client: FlaskClient, year: Year, monkeypatch: Any) -> None:
    make.signed_in(client, year.controller)
    client.post("/cycles/2026/remind?org=STAR", data={"owner": str(year.owner.id)})
    make.signed_in(client, year.owner)
    page = text(client.get("/notifications"))
    assert "Vurder KRE-1 senest 27. marts 2026" in page and "Mette minder dig om KRE-1" in page
    assert f'href="/assessments/{year.form().id}"' in page and "Der sendes ikke mail" in page
    assert "Vurder KRE-1 senest 27. marts 2026" in text(client.get("/"))
    make.signed_in(client, year.deputy)
    assert "KRE-1" not in text(client.get("/notifications")).split("<main")[1]
    with transaction():
        outbox.sweep(make.NOW + timedelta(days=89) - outbox.KEPT)
    assert len(db.session.scalars(select(outbox.Message)).all()) == 1
    with transaction():
        outbox.sweep(make.NOW + timedelta(days=91) - outbox.KEPT)
    assert db.session.scalars(select(outbox.Message)).all() == []


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as one mail needs; refuses a receiver whose name begins with x."""

    def handle(self) -> None:
        server: Any = self.server
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                kept = []
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    kept.append(part)
                server.mails.append(b"".join(kept))
            if word == b"RCPT" and b"<x" in line:
                self.wfile.write(b"550 nobody\r\n")
                continue
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


@contextmanager
def mail_server() -> Iterator[Any]:
    with socketserver.TCPServer(("127.0.0.1", 0), Mailbox) as server:
        server.mails = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _settings(app: Flask, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    url = f"smtp://127.0.0.1:{port}?from=kontrolrul@agency.dk"
    monkeypatch.setitem(app.config, "KONTROLRUL", replace(app.config["KONTROLRUL"], smtp=url))


def test_mail_goes_in_the_morning_and_at_once_what_was_returned(
    app: Flask, year: Year, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        for person, address in ((year.owner, "anne@agency.dk"), (year.deputy, "x@agency.dk")):
            db.session.execute(Person.__table__.update().where(Person.id == person.id).values(email=address))
        by = year.by(year.controller)
        outbox.put(by, year.owner.id, actions.BEFORE, "/assessments/1", codes="KRE-1", who="Mette", due_on=by.today)
        outbox.put(by, year.owner.id, actions.LATE, "/tasks", codes="KRE-3", who="Mette", due_on=by.today)
        outbox.put(by, year.deputy.id, actions.UNDATED, "/tasks", codes="KRE-3", who="Mette")
    assert runner._mail(by.today) == "waiting=3"  # no server: nothing is sent and nothing is lost
    with mail_server() as server:
        _settings(app, monkeypatch, server.server_address[1])
        assert runner._mail(by.today, at_once=True) == "waiting=0"
        assert runner._mail(make.NOW.date() - timedelta(days=2)) == "waiting=3"  # a Sunday
        assert runner._mail(by.today) == "sent=1 refused=1"
        assert runner._mail(by.today) == "sent=0 refused=1"
    [mail] = server.mails
    assert b"anne@agency.dk" in mail and b"Subject: 2 beskeder i dag" in mail and b"Auto-Submitted" in mail
    assert b"http://localhost/assessments/1" in mail and b"text/html" in mail
    rows = db.session.scalars(select(outbox.Message).order_by(outbox.Message.id)).all()
    assert [(row.sent_at == demo.now(), row.tries, row.fault) for row in rows] == [
        (True, 1, ""), (True, 1, ""), (False, 2, "SMTPRecipientsRefused"),
    ]  # fmt: skip
    _settings(app, monkeypatch, 1)
    assert dict(runner.tick())[Job.MAIL] is State.FAILED  # the server is gone: told, and tried again later


def test_an_address_without_a_sender_is_told_at_once() -> None:
    assert outbox.Server.read("smtps://a:b%40c@mail.dk?from=k@x.dk") == outbox.Server(
        "mail.dk", 465, "k@x.dk", "a", "b@c", True
    )
    for wrong in ("mail.dk", "smtp://mail.dk", "http://mail.dk?from=k@x.dk"):
        with pytest.raises(ValueError, match="KONTROLRUL_SMTP_URL"):
            outbox.Server.read(wrong)
