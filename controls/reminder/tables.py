"""Sendings of reminders, and what became of each assessment in them; rows are added, never changed."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, UtcTime
from controls.reminder.words import Outcome


class Reminder(Model):
    """Somebody sent reminders."""

    __tablename__ = "reminder_reminder"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    year: Mapped[int]
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    sent_at: Mapped[datetime] = mapped_column(UtcTime)


class Receipt(Model):
    """One assessment of a sending: whom it is held by, and whether that one was reminded."""

    __tablename__ = "reminder_receipt"
    __table_args__ = (Index("ix_reminder_receipt_person", "person_id", "sent_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    reminder_id: Mapped[int] = mapped_column(ForeignKey("reminder_reminder.id"), index=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment_assessment.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    sent_on: Mapped[date]
    outcome: Mapped[Outcome] = mapped_column(Choice(Outcome))
