"""Faults of disk, clock and commit: nothing acknowledged is lost, nothing is half done, and the log stays sound."""

import errno
import io
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from werkzeug import formparser

from controls.base import demo, files, verify
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.settings import current
from controls.evidence.tables import Evidence
from controls.finding.tables import Finding
from controls.identity import actions
from tests.effectiveness import setting
from tests.evidence.builders import PDF
from tests.finding.test_routes import FORM, as_

pytestmark = pytest.mark.usefixtures("client")  # each request in a context of its own
KEY = {"request_key": "k" * 24}


@pytest.fixture
def s(app: Flask, make: Any, monkeypatch: pytest.MonkeyPatch) -> setting.Setting:
    monkeypatch.setitem(app.config, "SHOW_ERRORS", True)  # as its users meet it
    return setting.prepared(make)


def count(table: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def sound() -> bool:
    db.session.rollback()
    db.session.expire_all()
    found = verify.faults(db.session(), current().keys)
    return not [one for one in found if one.table != "evidence_evidence"]


def upload(client: Any, s: setting.Setting, data: bytes = PDF) -> Any:
    form = {"subject_type": "review_design_test", "subject_id": str(s.design.id), "shows": "Bilag", "next": "/me"}
    return client.post("/evidence", data={**form, **KEY, "file": (io.BytesIO(data), "bilag.pdf")})


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "link"])
def test_the_evidence_disk_is_full_or_fails(
    app: Flask, make: Any, s: setting.Setting, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    """No row without its file: the upload is refused as away (503), no part of it is left, and it works later."""
    client, before = as_(app, make, s.tester), count(Evidence)

    def fail(*args: Any, **kw: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, call, fail)
        answer = upload(client, s)
    assert answer.status_code == 503 and str(current().data) not in answer.text
    assert count(Evidence) == before and sound() and not list(current().evidence.glob(".*.part"))
    assert upload(client, s).status_code == 303 and count(Evidence) == before + 1 and sound()


def test_the_folder_for_temporary_files_is_full(
    app: Flask, make: Any, s: setting.Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, before = as_(app, make, s.tester), count(Evidence)

    def full(*args: Any, **kw: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("werkzeug.formparser.SpooledTemporaryFile", full)
        assert upload(client, s).status_code == 503
    assert count(Evidence) == before and upload(client, s).status_code == 303 and sound()


def test_a_cut_upload_leaves_no_open_file(
    app: Flask, make: Any, s: setting.Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has come of a large file waits in a temporary file, closed also when the rest never comes."""
    client, opened = as_(app, make, s.tester), []
    real = formparser.SpooledTemporaryFile

    def noted(*args: Any, **kw: Any) -> Any:
        opened.append(real(*args, **kw))
        return opened[-1]

    monkeypatch.setattr(formparser, "SpooledTemporaryFile", noted)
    part = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="bilag.pdf"\r\n\r\n'
    body = part + PDF + b"x" * 1_000_000
    answer = client.post("/evidence", input_stream=io.BytesIO(body), content_type="multipart/form-data; boundary=cut",
                         environ_overrides={"CONTENT_LENGTH": str(2 * len(body))})  # fmt: skip
    assert answer.status_code == 400 and [file.closed for file in opened] == [True]


FILLING = """
import resource, signal, sys
from pathlib import Path
from controls.app import create_app
from controls.base import demo, verify
from controls.base.db import db
from controls.base.settings import Settings
from sqlalchemy import func, select
from tests import make
from tests.effectiveness import setting
from tests.finding.test_routes import FORM, as_
from controls.finding.tables import Finding

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
demo.now = lambda: make.NOW
folder = Path(sys.argv[1])
app = create_app(Settings(folder, f"sqlite:///{folder / 'x.sqlite'}", "test", False, ("localhost",)))
app.config["WTF_CSRF_ENABLED"] = False
with app.app_context():
    db.create_all()
    s = setting.prepared(make)
    path = f"/reviews/{s.review.id}/findings/new"
    client = as_(app, make, s.tester)
    db.session.remove()
size = max(p.stat().st_size for p in folder.glob("x.sqlite*"))
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 60_000, resource.RLIM_INFINITY))
statuses = []
for n in range(60):
    statuses.append(client.post(path, data={**FORM, "condition": f"Fund {n} " + "x" * 3000}).status_code)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
statuses.append(client.post(path, data={**FORM, "condition": "Efter"}).status_code)
with app.app_context():
    there = db.session.scalar(select(func.count()).select_from(Finding))
    faults = verify.faults(db.session(), folder / "keys")
    print(sorted(set(statuses)), statuses.count(303), there, statuses[-1], len(faults))
"""


@pytest.mark.long
@pytest.mark.only("sqlite")  # a process of its own with a file of its own, whatever the other tests run on
def test_the_databases_disk_is_full(tmp_path: Path) -> None:
    """A real limit on the size of SQLite's files: saves are refused as away (503), and go on when there is room."""
    command = [sys.executable, "-W", "ignore", "-c", FILLING, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    statuses, saved, there, last, faults = done.stdout.strip().splitlines()[-1].rsplit(" ", 4)
    assert statuses == "[303, 503]" and saved == there and last == "303" and faults == "0", done.stdout


def test_a_connection_that_breaks_at_commit(
    app: Flask, make: Any, s: setting.Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit went through but its answer was lost: the form sent again is told what was done, once."""
    client, path = as_(app, make, s.tester), f"/reviews/{s.review.id}/findings/new"
    real = db.session.session_factory.class_.commit  # type: ignore[attr-defined]

    def lost(session: Any) -> None:
        real(session)
        raise OperationalError("COMMIT", {}, ConnectionResetError("reset by peer"))

    with monkeypatch.context() as patch:
        patch.setattr(db.session.session_factory.class_, "commit", lost)  # type: ignore[attr-defined]
        first = client.post(path, data={**FORM, **KEY})
    events = count(EventRow)
    again = client.post(path, data={**FORM, **KEY})
    assert first.status_code == again.status_code == 303 and first.location == again.location
    assert count(Finding) == 1 and count(EventRow) == events and sound()


def test_a_commit_that_fails_leaves_nothing(
    app: Flask, make: Any, s: setting.Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, path = as_(app, make, s.tester), f"/reviews/{s.review.id}/findings/new"

    def fails(session: Any) -> None:
        raise OperationalError("COMMIT", {}, OSError(errno.EIO, "fsync"))

    events = count(EventRow)
    with monkeypatch.context() as patch:
        patch.setattr(db.session.session_factory.class_, "commit", fails)  # type: ignore[attr-defined]
        assert client.post(path, data={**FORM, **KEY}).status_code == 503
    assert count(Finding) == 0 and count(EventRow) == events and sound()
    assert client.post(path, data={**FORM, **KEY}).status_code == 303 and count(Finding) == 1


@pytest.mark.parametrize("hours", [-2, -1, 1, 7])
def test_the_clock_is_set_back_and_forward(
    app: Flask, make: Any, s: setting.Setting, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Saves go on, in the order of the log and not of the clock."""
    path = f"/reviews/{s.review.id}/findings/new"
    for step, moved in enumerate((0, hours, 0)):
        at = make.NOW + timedelta(hours=moved, minutes=step)
        monkeypatch.setattr(demo, "now", lambda at=at: at)
        client = as_(app, make, s.tester)
        with client.session_transaction() as session:
            session["sign_in"] = _sign_in(make, s.tester, at)
        assert client.post(path, data={**FORM, "condition": f"Fund {step}"}).status_code == 303
    assert count(Finding) == 3 and sound()
    told = db.session.execute(select(EventRow.seq, EventRow.at).order_by(EventRow.seq)).all()
    assert [seq for seq, _ in told] == list(range(1, len(told) + 1))


def _sign_in(make: Any, person: Any, at: Any) -> str:
    with transaction():
        return actions.sign_in(make.by(person, at), person, "test").token
