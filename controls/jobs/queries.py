"""Reads of job runs."""

from datetime import date

from sqlalchemy import func, select

from controls.base.db import db
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


def latest(limit: int) -> list[JobRun]:
    """The latest runs, newest first."""
    return list(db.session.scalars(select(JobRun).order_by(JobRun.started_at.desc(), JobRun.id.desc()).limit(limit)))
