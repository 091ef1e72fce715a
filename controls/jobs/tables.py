"""The runs of jobs."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.audit import UNLOGGED
from controls.base.db import Choice, Model, UtcTime
from controls.jobs.rules import Job, State


class JobRun(Model):
    """One run of a job for one day; the unique key lets two schedulers run it once."""

    __tablename__ = "jobs_run"
    __table_args__ = (UniqueConstraint("job", "key"), {"info": UNLOGGED})

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[Job] = mapped_column(Choice(Job))
    key: Mapped[str] = mapped_column(String(20), index=True)
    state: Mapped[State] = mapped_column(Choice(State))
    tries: Mapped[int]
    host: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    told: Mapped[str] = mapped_column(Text, default="")
