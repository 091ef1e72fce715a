"""Reads of job runs."""

from datetime import date

from sqlalchemy import func, select

from controls.base import outbox
from controls.base.db import db
from controls.identity.tables import Person
from controls.jobs import rules
from controls.jobs.rules import Job, Run, State
from controls.jobs.tables import JobRun


def runs_of(key: str) -> dict[Job, Run]:
    """The runs of a day."""
    query = select(JobRun.job, JobRun.state, JobRun.started_at, JobRun.tries).where(JobRun.key == key)
    return {job: Run(state, at, tries) for job, state, at, tries in db.session.execute(query)}


def run(job: Job, key: str) -> JobRun | None:
    """A day's run of a job, held until the transaction ends."""
    query = select(JobRun).where(JobRun.job == job, JobRun.key == key).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


def last_done(job: Job) -> date | None:
    """The last day on which a job was done."""
    found = db.session.scalar(select(func.max(JobRun.key)).where(JobRun.job == job, JobRun.state == State.DONE))
    return rules.day(found) if found else None


def mails(at_once: bool, on: date) -> list[tuple[Person, list[outbox.Message]]]:
    """What waits to be sent, by person; who has no address or has left is sent nothing."""
    found: dict[int, list[outbox.Message]] = {}
    for row in outbox.waiting(at_once):
        found.setdefault(row.person_id, []).append(row)
    people = db.session.scalars(select(Person).where(Person.id.in_(found), Person.email != "").order_by(Person.id))
    return [(person, found[person.id]) for person in people if person.valid_to is None or person.valid_to >= on]


def latest(limit: int) -> list[JobRun]:
    """The latest runs, newest first."""
    return list(db.session.scalars(select(JobRun).order_by(JobRun.started_at.desc(), JobRun.id.desc()).limit(limit)))
