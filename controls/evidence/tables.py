"""What is known about each evidence file; the bytes lie outside the database."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Model, UtcTime


class Evidence(Model):
    """One file tied to one subject (the table and id of what it proves)."""

    __tablename__ = "evidence_evidence"
    __table_args__ = (Index("ix_evidence_evidence_subject", "subject_type", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    shows: Mapped[str] = mapped_column(Text)
    covers_from: Mapped[date | None]
    covers_to: Mapped[date | None]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcTime)
