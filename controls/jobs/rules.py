"""Which jobs there are, and what is due at a moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from controls.base.why import N_, Labelled

TRIES = 3
AGAIN_AFTER = timedelta(minutes=30)
"""A failed run is tried again after so long."""
DEAD_AFTER = timedelta(hours=6)
"""A run that has not ended after so long is taken for dead; a lost lease shows earlier that its process is gone."""


class State(Labelled):
    """Where a run stands."""

    RUNNING = "running", N_("Running")
    DONE = "done", N_("Done")
    FAILED = "failed", N_("Failed")


class Job(Labelled):
    """What is done once a day."""

    CHECKPOINT = "checkpoint", N_("Signed checkpoint of the log")
    REHASH = "rehash", N_("A share of the evidence hashed again")
    VERIFY = "verify", N_("Verification of the log")
    SWEEP = "sweep", N_("Files that belong to nothing removed")
    FORMS = "forms", N_("Keys of forms and old messages forgotten")
    MAIL = "mail", N_("Messages sent by mail")


HOURS = {Job.CHECKPOINT: 1, Job.REHASH: 2, Job.VERIFY: 3, Job.SWEEP: 4, Job.FORMS: 5, Job.MAIL: 7}
"""From which hour of the Danish day each job is due."""


@dataclass(frozen=True)
class Run:
    """What is known of a job's run of a day."""

    state: State
    started_at: datetime
    tries: int


def due(today: date, hour: int, runs: Mapping[Job, Run], now: datetime) -> list[Job]:
    """The jobs to run now, in the order of their hours."""
    jobs = sorted(Job, key=lambda job: HOURS[job])
    return [job for job in jobs if HOURS[job] <= hour and may_run(runs.get(job), now)]


def may_run(run: Run | None, now: datetime) -> bool:
    """Whether a day's run may begin: the first time, or again when it failed or its process died."""
    if run is None:
        return True
    if run.tries >= TRIES or run.state is State.DONE:
        return False
    return now - run.started_at >= (AGAIN_AFTER if run.state is State.FAILED else DEAD_AFTER)


def key(today: date) -> str:
    """What a day's run is known by."""
    return today.isoformat()


def shares(last: date | None, today: date, number: int) -> frozenset[int]:
    """The shares of today and of every day since the last run, so that none is left out when a night was missed."""
    days = number if last is None else min((today - last).days, number)
    return frozenset((today - timedelta(days=back)).toordinal() % number for back in range(max(days, 1)))


class Fact(Labelled):
    """What a run tells of its work, in numbers."""

    EVENTS = "events", N_("events")
    FILES = "files", N_("files")
    BYTES = "bytes", N_("bytes")
    FAULTS = "faults", N_("faults")
    REMOVED = "removed", N_("removed")
    SENT = "sent", N_("mails sent")
    REFUSED = "refused", N_("mails refused")
    WAITING = "waiting", N_("messages wait")


def told(facts: Mapping[Fact, int]) -> str:
    """What a run has done, as it is kept: name=number."""
    return " ".join(f"{name.value}={number}" for name, number in facts.items())


def facts(told: str) -> list[tuple[Fact | None, str]]:
    """What is kept, for the reader; a failure is told by its name alone."""
    pairs = (part.partition("=") for part in told.split())
    return [(Fact(name), number) if sign else (None, name) for name, sign, number in pairs]


def day(key: str) -> date:
    """The day that a run was for."""
    return date.fromisoformat(key)
