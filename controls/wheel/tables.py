"""The cycle of a year and the steps it has taken."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.wheel.words import State


class Cycle(Versioned, Model):
    """One organisation's control year with its frozen parameters (capacity in hours, intervals in years)."""

    __tablename__ = "wheel_cycle"
    __table_args__ = (UniqueConstraint("organisation_id", "year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    year: Mapped[int]
    state: Mapped[State] = mapped_column(Choice(State))
    rule_set: Mapped[int] = mapped_column(default=1)
    capacity_hours: Mapped[int]
    interval_high: Mapped[int]
    interval_elevated: Mapped[int]
    interval_moderate: Mapped[int]
    interval_low: Mapped[int]
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    close_proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    close_proposed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    close_reason: Mapped[str] = mapped_column(Text, default="")


class Step(Versioned, Model):
    """A state of the cycle: its planned first day, its last day if it has one, and when and by whom it was taken."""

    __tablename__ = "wheel_step"
    __table_args__ = (UniqueConstraint("cycle_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("wheel_cycle.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    state: Mapped[State] = mapped_column(Choice(State))
    planned_on: Mapped[date]
    deadline_on: Mapped[date | None]
    taken_at: Mapped[datetime | None] = mapped_column(UtcTime)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    sort: Mapped[int] = mapped_column(default=0)
