"""What is known about each evidence file and its custody; the bytes lie outside the database."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.evidence.words import CheckKind, DataClass, RequestKind, RequestState


class Evidence(Model):
    """One file tied to one subject (the table and id of what it proves); a new version is a row of its own.

    `scanned_at` is empty for what came while no virus scanner was configured, or before it was kept.
    """

    __tablename__ = "evidence_evidence"
    __table_args__ = (
        Index("ix_evidence_evidence_subject", "subject_type", "subject_id"),
        Index("ix_evidence_evidence_kept", "organisation_id", "disposed_at", "uploaded_at"),
        Index("uq_evidence_evidence_replaces_id", "replaces_id", unique=True),
    )

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
    data_class: Mapped[DataClass | None] = mapped_column(Choice(DataClass))
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcTime)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("evidence_evidence.id"))
    replaces_reason: Mapped[str | None] = mapped_column(Text)
    edition: Mapped[int | None]
    external_reference: Mapped[str | None] = mapped_column(String(200))
    scanned_at: Mapped[datetime | None] = mapped_column(UtcTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTime)
    disposed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Request(Versioned, Model):
    """Asked by one person, decided by another: to withdraw a file (S10) or to dispose of it (S13)."""

    __tablename__ = "evidence_request"
    __table_args__ = (Index("ix_evidence_request_open", "state", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence_evidence.id"), index=True)
    kind: Mapped[RequestKind] = mapped_column(Choice(RequestKind))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[RequestState] = mapped_column(Choice(RequestState))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    answer: Mapped[str] = mapped_column(Text, default="")


class Hold(Versioned, Model):
    """A legal hold on a file until it is lifted, or, with a day, a longer retention."""

    __tablename__ = "evidence_hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence_evidence.id"), index=True)
    until: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)
    set_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    set_at: Mapped[datetime] = mapped_column(UtcTime)
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    lift_reason: Mapped[str] = mapped_column(Text, default="")


class Retention(Versioned, Model):
    """How many years an organisation keeps a class of files after the accounting year."""

    __tablename__ = "evidence_retention"
    __table_args__ = (UniqueConstraint("organisation_id", "data_class"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    data_class: Mapped[DataClass] = mapped_column(Choice(DataClass))
    years: Mapped[int]


class Binding(Model):
    """The files that somebody saw when he signed, by their hashes (JSON); broken when one of them changes after."""

    __tablename__ = "evidence_binding"
    __table_args__ = (Index("ix_evidence_binding_subject", "subject_type", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int]
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    signed_at: Mapped[datetime] = mapped_column(UtcTime)
    hashes: Mapped[str] = mapped_column(Text)
    broken_at: Mapped[datetime | None] = mapped_column(UtcTime)
    broken_by_id: Mapped[int | None] = mapped_column(ForeignKey("evidence_evidence.id"))


class Check(Model):
    """One time that stored files were hashed again or orphans were swept, and what was found (JSON)."""

    __tablename__ = "evidence_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[CheckKind] = mapped_column(Choice(CheckKind))
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    files: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    faults: Mapped[int]
    told: Mapped[str] = mapped_column(Text)
