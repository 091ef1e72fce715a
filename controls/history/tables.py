"""Runs of the verification, and redactions as they were asked and decided."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.history.words import LegalBasis, State


class Check(Model):
    """One run of the verification: when, by whom, how many events, and what was found."""

    __tablename__ = "history_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    finished_at: Mapped[datetime] = mapped_column(UtcTime)
    events: Mapped[int]
    faults: Mapped[int]
    found: Mapped[str] = mapped_column(Text)


class Redaction(Versioned, Model):
    """A personal text that is asked to be removed from a record and its history."""

    __tablename__ = "history_redaction"
    __table_args__ = (Index("ix_history_redaction_object", "object_type", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    object_type: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[int]
    column_name: Mapped[str] = mapped_column(String(60))
    legal_basis: Mapped[LegalBasis] = mapped_column(Choice(LegalBasis))
    explanation: Mapped[str] = mapped_column(Text)
    state: Mapped[State] = mapped_column(Choice(State))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    note: Mapped[str] = mapped_column(Text, default="")
    events: Mapped[int] = mapped_column(default=0)
