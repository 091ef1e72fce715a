"""The request key: a form that arrives twice changes once and is given the first answer."""

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from controls.base import once
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.once import RequestKeyRow
from controls.evidence.tables import Evidence
from controls.finding.tables import Finding
from tests import make as making
from tests.effectiveness import setting
from tests.evidence.builders import PDF
from tests.finding.test_actions import raised
from tests.finding.test_routes import FORM, as_

KEY, OTHER = "k" * 24, "o" * 24


pytestmark = pytest.mark.usefixtures("client")  # each request in a context of its own


@pytest.fixture
def s(make: Any) -> setting.Setting:
    return setting.prepared(make)


def count(table: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def new(s: setting.Setting) -> str:
    return f"/reviews/{s.review.id}/findings/new"


def test_a_form_sent_twice_changes_once(app: Flask, make: Any, s: setting.Setting) -> None:
    client, form = as_(app, make, s.tester), {**FORM, "request_key": KEY}
    first, events = client.post(new(s), data=form), count(EventRow)
    again = client.post(new(s), data={**form, "csrf_token": "another tab's"})
    assert first.status_code == again.status_code == 303 and first.location == again.location
    assert "Fundet er oprettet." in client.get(again.location).text
    assert count(Finding) == count(RequestKeyRow) == 1 and count(EventRow) == events
    assert db.session.scalars(select(EventRow.request_key).order_by(EventRow.seq.desc())).first() == KEY


def test_a_step_that_was_taken_is_answered_as_the_first_time(app: Flask, make: Any, s: setting.Setting) -> None:
    """The second is refused by the state on its way, and still told what the first was told."""
    finding = raised(s, make, owner_id=s.owner.id)
    client, path = as_(app, make, s.tester), f"/findings/{finding.id}/hearing"
    first = client.post(path, data={"version": "1", "request_key": KEY})
    again = client.post(path, data={"version": "1", "request_key": KEY})
    assert first.status_code == again.status_code == 303 and first.location == again.location
    assert client.post(path, data={"version": "1", "request_key": OTHER}).status_code == 409


def test_other_words_under_the_same_key_are_another_request(app: Flask, make: Any, s: setting.Setting) -> None:
    """Who goes back in the browser, writes something else and sends again loses nothing."""
    client = as_(app, make, s.tester)
    for cause in ("Ferie", "Sygdom"):
        assert client.post(new(s), data={**FORM, "cause": cause, "request_key": KEY}).status_code == 303
    assert count(Finding) == 2


def test_a_refused_form_keeps_no_answer(app: Flask, make: Any, s: setting.Setting) -> None:
    client = as_(app, make, s.tester)
    refused = client.post(new(s), data={**FORM, "cause": "", "request_key": KEY})
    assert refused.status_code == 422 and count(RequestKeyRow) == 0 and KEY not in refused.text
    assert client.post(new(s), data={**FORM, "request_key": KEY}).status_code == 303


def test_a_key_is_its_persons(app: Flask, make: Any, s: setting.Setting) -> None:
    for person in (s.tester, s.lead):
        assert as_(app, make, person).post(new(s), data={**FORM, "request_key": KEY}).status_code == 303
    assert count(Finding) == 2


def test_without_a_key_twice_is_twice(app: Flask, make: Any, s: setting.Setting) -> None:
    client = as_(app, make, s.tester)
    assert [client.post(new(s), data=FORM).status_code for _ in range(2)] == [303, 303] and count(Finding) == 2


@pytest.mark.parametrize("key", ["", "short", "k" * 65, "k" * 20 + "\0", "k" * 20 + "<", "k" * 20 + "ø"])
def test_a_key_is_a_key(app: Flask, make: Any, s: setting.Setting, key: str) -> None:
    assert as_(app, make, s.tester).post(new(s), data={**FORM, "request_key": key}).status_code == 400
    assert count(Finding) == 0


def test_two_at_once_change_once(app: Flask, make: Any, s: setting.Setting) -> None:
    """Both are on their way before either is done: one waits for the other, and both are told the same."""
    clients = [as_(app, make, s.tester) for _ in range(4)]
    path, start, answers = new(s), threading.Barrier(4), []

    def send(client: FlaskClient) -> None:
        start.wait()
        with app.app_context():
            answers.append(client.post(path, data={**FORM, "request_key": KEY}))

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, answers[0].location)}
    assert len(answers) == 4 and count(Finding) == count(RequestKeyRow) == 1


def test_an_upload_sent_twice(app: Flask, make: Any, s: setting.Setting) -> None:
    """The file counts too: the same form with another file is another request."""
    client, kind = as_(app, make, s.tester), "review_design_test"

    def send(data: bytes) -> Any:
        form = {"subject_type": kind, "subject_id": str(s.design.id), "shows": "Bilag", "next": "/me"}
        return client.post("/evidence", data={**form, "request_key": KEY, "file": (io.BytesIO(data), "bilag.pdf")})

    before, first, events = count(Evidence), send(PDF), count(EventRow)
    again = send(PDF)
    assert first.status_code == again.status_code == 303 and first.location == again.location == "/me"
    assert count(Evidence) == before + 1 and count(EventRow) == events
    assert send(PDF + b"\n").status_code == 303 and count(Evidence) == before + 2


def test_keys_are_forgotten(app: Flask, make: Any, s: setting.Setting) -> None:
    as_(app, make, s.tester).post(new(s), data={**FORM, "request_key": KEY})
    for late, left in ((-1, 1), (1, 0)):
        with transaction():
            once.sweep(making.NOW + timedelta(seconds=late))
        assert count(RequestKeyRow) == left
