"""Workbooks that came back: what was imported as one step, and the file that waits or can be undone."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.audit import UNLOGGED
from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.papers.words import Kind


class Intake(Versioned, Model):
    """One import: who brought the file, who confirmed it, and who undid it; `taken` is JSON of the rows it changed."""

    __tablename__ = "papers_intake"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    year: Mapped[int | None]
    filename: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    submitted: Mapped[bool] = mapped_column(default=False)
    rows: Mapped[int]
    taken: Mapped[str] = mapped_column(Text)
    imported_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    imported_at: Mapped[datetime] = mapped_column(UtcTime)
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcTime)
    undo_reason: Mapped[str] = mapped_column(Text, default="")


class IntakeDraft(Model):
    """A file that came back and waits to be imported; afterwards what stood in the drafts before it (JSON)."""

    __tablename__ = "papers_intake_draft"
    __table_args__ = {"info": UNLOGGED}

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    year: Mapped[int | None]
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcTime)
    filename: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[str] = mapped_column(Text)
    before: Mapped[str] = mapped_column(Text, default="")
    intake_id: Mapped[int | None] = mapped_column(ForeignKey("papers_intake.id"))
