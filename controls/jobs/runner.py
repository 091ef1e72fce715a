"""The scheduler's process: ticks once a minute while it holds the lease, and runs what is due."""

import fcntl
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from smtplib import SMTPException
from typing import IO

from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from controls.base import audit, checkpoint, demo, keys, once, outbox, settings
from controls.base.by import By
from controls.base.clock import COPENHAGEN
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.evidence import actions as evidence
from controls.evidence import queries as stored
from controls.evidence.words import CheckKind
from controls.history import actions as verification
from controls.history import queries as history
from controls.identity import queries as identity
from controls.identity.permissions import Role, reach
from controls.jobs import actions, queries, rules
from controls.jobs.rules import Fact, Job, State
from controls.planning import actions as plans
from controls.planning import ahead
from controls.planning import queries as proposals
from controls.planning.words import Asked
from controls.rotation import planner
from controls.wheel.dates import working_day

log = logging.getLogger(__name__)
EVERY = timedelta(minutes=1)
LEASE = 7205


class Lease:
    """What only one scheduler holds: a file lock beside SQLite's database, or PostgreSQL's advisory lock.

    Both are free again the moment their process dies.
    """

    def __init__(self) -> None:
        self.file: IO[str] | None = None
        self.connection: Connection | None = None

    def held(self) -> bool:
        """Whether this process holds it; takes it when nobody does."""
        return self._in_database() if db.engine.dialect.name == "postgresql" else self._beside()

    def _beside(self) -> bool:
        if self.file is None:
            file = (settings.current().data / "scheduler.lock").open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            self.file = file
        return True

    def _in_database(self) -> bool:
        try:
            if self.connection is not None:
                self.connection.execute(text("SELECT 1"))
                return True
            opened = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if opened.scalar(text(f"SELECT pg_try_advisory_lock({LEASE})")):
                self.connection = opened
                return True
            opened.close()
        except SQLAlchemyError:
            self.release()
        return False

    def release(self) -> None:
        """Let it go."""
        if self.file is not None:
            self.file.close()
        if self.connection is not None:
            with suppress(SQLAlchemyError):  # the server notices a closed connection later than we close it
                self.connection.execute(text(f"SELECT pg_advisory_unlock({LEASE})"))
            self.connection.invalidate()
            self.connection.close()
        self.file = self.connection = None


def system() -> By:
    """The scheduler as an author."""
    return By(None, f"scheduler@{socket.gethostname()}", Role.SYS.value, demo.now())


def _checkpoint(today: date) -> str:
    made = checkpoint.make(db.session(), settings.current().keys, demo.now())
    return rules.told({Fact.EVENTS: made.size})


def _rehash(today: date) -> str:
    last = queries.last_done(Job.REHASH)
    seen = stored.check_files(rules.shares(last, today, stored.SHARES))
    with transaction():
        evidence.record_check(system(), CheckKind.SHARE, seen)
    return rules.told({Fact.FILES: seen.files, Fact.BYTES: seen.size, Fact.FAULTS: len(seen.amiss)})


def _verify(today: date) -> str:
    found = history.verified(demo.now())
    db.session.rollback()
    everywhere = reach([(Role.SYS, organisation.id) for organisation in identity.organisations()])
    with transaction():
        verification.record_check(replace(system(), reach=everywhere), found)
    return rules.told({Fact.EVENTS: found.events, Fact.FAULTS: len(found.faults)})


def _sweep(today: date) -> str:
    with transaction():
        swept = evidence.sweep(system())
        return rules.told({Fact.FILES: swept.files, Fact.REMOVED: swept.faults})


def _forms(today: date) -> str:
    with transaction():
        once.sweep(demo.now() - once.KEPT)
        outbox.sweep(demo.now() - outbox.KEPT)
    return ""


def _mail(today: date, at_once: bool = False) -> str:
    """One mail a person with all that waits; without a server, and on days off, it goes on waiting.

    Each mail is settled in a transaction of its own: what was sent before a failure is not sent again.
    """
    url, waiting = settings.current().smtp, queries.mails(at_once, today)
    if not url or not waiting or not (at_once or working_day(today)):
        db.session.rollback()
        return rules.told({Fact.WAITING: sum(len(rows) for _person, rows in waiting)})
    server, sent, refused = outbox.Server.read(url), 0, 0
    letters = [
        ([row.id for row in rows],
         outbox.letter(server, person.email, person.language, rows, settings.current().public, demo.now()))
        for person, rows in waiting
    ]  # fmt: skip
    db.session.rollback()
    with outbox.connected(server) as line:
        for ids, letter in letters:
            fault = outbox.send(line, letter)
            with transaction():
                outbox.settle(ids, demo.now(), fault)
            sent, refused = sent + (not fault), refused + bool(fault)
    return rules.told({Fact.SENT: sent, Fact.REFUSED: refused})


WORK: dict[Job, Callable[[date], str]] = {
    Job.CHECKPOINT: _checkpoint, Job.REHASH: _rehash, Job.VERIFY: _verify, Job.SWEEP: _sweep, Job.FORMS: _forms,
    Job.MAIL: _mail,
}  # fmt: skip
"""What each job does; the answer says how much."""


def tick() -> list[tuple[Job, State]]:
    """Run what is due now, each in its own transactions; a job that fails is told and stops no other."""
    now = demo.now()
    today, hour = system().today, now.astimezone(COPENHAGEN).hour
    due = rules.due(today, hour, queries.runs_of(rules.key(today)), now)
    db.session.rollback()
    ran = [(job, _run(job, today)) for job in due]
    if settings.current().smtp:
        _at_once(today)
    propose_waiting()
    return [(job, state) for job, state in ran if state is not None]


def _at_once(today: date) -> None:
    """What somebody waits for goes at once; a mail server that does not answer is tried at the next tick."""
    try:
        _mail(today, at_once=True)
    except (OSError, SMTPException):
        log.exception("no mail could be sent")
        db.session.rollback()


def propose(id: int) -> Asked | None:
    """The planner answers one proposal; None when somebody else has it, or it is answered."""
    with transaction():
        row = plans.claim(system(), id)
        if row is None:
            return None
        question = row.question

    def told(done: int, of: int) -> None:
        with transaction():
            plans.progress(system(), id, done, of)

    try:
        given, horizon = ahead.asked(question)
        state, answer = Asked.DONE, ahead.answer(planner.plan(given, horizon, told=told), given, horizon)
    except Exception:  # whatever happens to it, whoever asked is told
        log.exception("proposal %s failed", id)
        db.session.rollback()
        state, answer = Asked.FAILED, ""
    with transaction():
        plans.end_proposal(system(), id, state, answer)
    return state


def propose_waiting() -> list[Asked]:
    """What waits for the planner, one after the other."""
    waiting = proposals.waiting()
    db.session.rollback()
    return [state for id in waiting if (state := propose(id)) is not None]


def _run(job: Job, today: date) -> State | None:
    """One run: claimed, worked, ended; None when somebody else has it."""
    key = rules.key(today)
    try:
        with transaction():
            if not actions.claim(system(), job, key, socket.gethostname()):
                return None
    except Refused:  # two schedulers met at the row's key: the other one runs it
        return None
    state, told = State.DONE, ""
    try:
        told = WORK[job](today)
    except Exception as error:  # whatever a job does, the others run and its failure is told
        log.exception("the job %s failed", job.value)
        db.session.rollback()
        state, told = State.FAILED, type(error).__name__
    with transaction():
        actions.finish(system(), job, key, state, told)
    return state


UNTOLD = (SQLAlchemyError, audit.Broken, keys.Unusable, OSError)


def run_for_ever(app: Flask) -> None:
    """Tick once a minute until the process is stopped; who does not hold the lease waits for it."""
    lease = Lease()

    def ticked() -> None:
        with app.app_context():
            try:
                if lease.held():
                    tick()
            except UNTOLD:
                log.exception("the scheduler could not tick")

    scheduler = BlockingScheduler(timezone=COPENHAGEN)
    scheduler.add_job(ticked, "interval", seconds=EVERY.total_seconds(), max_instances=1, coalesce=True)
    ticked()
    try:
        scheduler.start()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        with app.app_context():
            lease.release()
