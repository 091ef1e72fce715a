"""Writes of job runs: claimed before the work, ended after it."""

from controls.base import audit
from controls.base.by import By
from controls.base.db import db
from controls.base.why import N_
from controls.jobs import queries, rules
from controls.jobs.rules import Job, State
from controls.jobs.tables import JobRun

FINISHED = audit.declare("jobs.finished", N_("A scheduled job ended"), "job", "key", "state", "told")


def claim(by: By, job: Job, key: str, host: str) -> bool:
    """Take a day's run of a job, unless somebody has; of two who try at once one is refused by the row's key."""
    row = queries.run(job, key)
    known = None if row is None else rules.Run(row.state, row.started_at, row.tries)
    if not rules.may_run(known, by.at):
        return False
    if row is None:
        row = JobRun(job=job, key=key, tries=0)
        db.session.add(row)
    row.state, row.tries, row.host = State.RUNNING, row.tries + 1, host
    row.started_at, row.finished_at, row.told = by.at, None, ""
    return True


def finish(by: By, job: Job, key: str, state: State, told: str) -> None:
    """Say how a run ended."""
    row = queries.run(job, key)
    if row is None:
        raise LookupError(f"{job.value} {key} was not claimed")
    row.state, row.finished_at, row.told = state, by.at, told
    audit.record(by, FINISHED, row, job=job.value, key=key, state=state.value, told=told)
