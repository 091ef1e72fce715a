"""The scheduler on both databases: what ran is told, a failure stops no other, and two at once run each job once."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from controls.base import checkpoint, demo
from controls.base.audit import EventRow
from controls.base.db import db
from controls.base.settings import current
from controls.evidence.tables import Check
from controls.history.tables import Check as LogCheck
from controls.identity.permissions import Role
from controls.jobs import queries, runner
from controls.jobs.rules import Job, State
from controls.jobs.tables import JobRun
from tests import make as making

WITHOUT_LEASE = """
from controls.app import create_app
from controls.base import demo, settings
from controls.jobs import runner
from tests import make
demo.now = lambda: make.NOW
with create_app(settings.read()).app_context():
    print("ready", flush=True)
    input()
    print(*(f"{job.value}:{state.value}" for job, state in runner.tick()))
"""


def environment(app: Flask) -> dict[str, str]:
    kept = app.config["KONTROLRUL"]
    url = db.engine.url.render_as_string(hide_password=False)
    return {**os.environ, "KONTROLRUL_DATA": str(kept.data), "DATABASE_URL": url, "PYTHONPATH": os.getcwd()}


def test_what_ran_is_told(app: Flask, make: Any) -> None:
    make.organisation()
    assert runner.tick() == [
        (job, State.DONE) for job in (Job.CHECKPOINT, Job.REHASH, Job.VERIFY, Job.SWEEP, Job.FORMS, Job.MAIL)
    ]
    assert runner.tick() == []
    assert queries.last_done(Job.REHASH) == making.NOW.date()
    assert [path for _size, path in checkpoint.kept(current().keys)]
    told = db.session.scalars(select(EventRow.action).where(EventRow.action == "jobs.finished")).all()
    assert len(told) == 6 and db.session.scalar(select(func.count()).select_from(Check)) == 2
    verified = db.session.scalars(select(LogCheck)).one()
    assert verified.faults == 0 and verified.events > 0 and verified.person_id is None


def test_a_failure_is_told_and_tried_again(app: Flask, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make.organisation()

    def fails(today: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setitem(runner.WORK, Job.REHASH, fails)
    ran = dict(runner.tick())
    assert ran[Job.REHASH] is State.FAILED and ran[Job.SWEEP] is State.DONE
    assert runner.tick() == []
    monkeypatch.undo()
    monkeypatch.setattr(demo, "now", lambda: making.NOW + timedelta(hours=1))
    assert runner.tick() == [(Job.REHASH, State.DONE)]
    [row] = db.session.scalars(select(JobRun).where(JobRun.job == Job.REHASH))
    assert row.tries == 2 and row.state is State.DONE


def test_two_processes_without_a_lease_run_each_job_once(app: Flask, make: Any) -> None:
    make.organisation()
    db.session.rollback()
    both = [
        subprocess.Popen([sys.executable, "-c", WITHOUT_LEASE], env=environment(app), text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]  # fmt: skip
    for one in both:
        assert one.stdout and one.stdout.readline() == "ready\n", one.communicate()[1]
    said = [one.communicate("\n", timeout=120) for one in both]
    assert all(one.returncode == 0 for one in both), said
    ran = sorted(" ".join(out for out, _err in said).split())
    assert ran == sorted(f"{job.value}:done" for job in Job), said
    assert db.session.scalar(select(func.count()).select_from(JobRun)) == len(Job)
    events = select(func.count()).select_from(EventRow).where(EventRow.action == "jobs.finished")
    assert db.session.scalar(events) == len(Job)


def test_one_lease(app: Flask, make: Any) -> None:
    make.organisation()
    db.session.rollback()
    mine, other = runner.Lease(), runner.Lease()
    try:
        assert mine.held() and mine.held() and not other.held()
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "scheduler", "--once"]
        run = subprocess.run(command, env=environment(app), text=True, capture_output=True, timeout=120, check=False)
        assert run.returncode == 0 and "Another scheduler" in run.stdout, run.stderr
        mine.release()
        assert other.held()
    finally:
        mine.release()
        other.release()


def test_administrators_see_the_runs(app: Flask, make: Any, client: FlaskClient) -> None:
    star = make.organisation()
    runner.tick()
    admin, group = make.person("admin", Role.ADM, star), make.person("group", Role.GRP, star)
    make.signed_in(client, group)
    assert client.get("/jobs").status_code == 403
    make.signed_in(client, admin)
    page = client.get("/jobs")
    assert (
        page.status_code == 200
        and "Planlagte job" in page.text
        and "17.3.2026" in page.text
        and "hændelser" in page.text
    )
