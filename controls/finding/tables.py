"""Findings and the actions agreed for them."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, Versioned
from controls.finding.words import ActionState, Severity, State


class Finding(Versioned, Model):
    """A weakness that has been established: condition, criterion, cause, consequence.

    `verifier_id` is the person asked to follow it up; anybody with the permission may close it but the owner.
    """

    __tablename__ = "finding_finding"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        Index("ix_finding_finding_list", "organisation_id", "state"),
        Index("ix_finding_finding_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    number: Mapped[str] = mapped_column(String(20))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review_review.id"), index=True)
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"), index=True)
    control_id: Mapped[int | None] = mapped_column(ForeignKey("review_control.id"))
    condition: Mapped[str] = mapped_column(Text)
    criterion: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    consequence: Mapped[str] = mapped_column(Text)
    severity: Mapped[Severity] = mapped_column(Choice(Severity))
    compensating_control: Mapped[str] = mapped_column(Text, default="")
    recommendation: Mapped[str] = mapped_column(Text, default="")
    management_response: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    verifier_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    confirmed_on: Mapped[date | None]
    deadline_original: Mapped[date | None]
    deadline_current: Mapped[date | None]
    extensions: Mapped[int] = mapped_column(default=0)
    state: Mapped[State] = mapped_column(Choice(State))
    repeat_of_id: Mapped[int | None] = mapped_column(ForeignKey("finding_finding.id"))
    closed_on: Mapped[date | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    closing_note: Mapped[str] = mapped_column(Text, default="")
    risk_accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    risk_accepted_until: Mapped[date | None]
    risk_acceptance_reason: Mapped[str] = mapped_column(Text, default="")


class Action(Versioned, Model):
    """An agreed measure with owner and deadline."""

    __tablename__ = "finding_action"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    number: Mapped[str] = mapped_column(String(20))
    finding_id: Mapped[int] = mapped_column(ForeignKey("finding_finding.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    deadline_original: Mapped[date]
    deadline_current: Mapped[date]
    state: Mapped[ActionState] = mapped_column(Choice(ActionState))
    done_on: Mapped[date | None]
    done_note: Mapped[str] = mapped_column(Text, default="")
    verifier_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    verified_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    verified_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")


class Extension(Versioned, Model):
    """A later deadline for a finding: asked by its owner, approved by the group, counted."""

    __tablename__ = "finding_extension"
    __table_args__ = (
        UniqueConstraint("finding_id", "number"),
        CheckConstraint("approved_by_id <> asked_by_id", name="approved_by_another"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    finding_id: Mapped[int] = mapped_column(ForeignKey("finding_finding.id"))
    number: Mapped[int]
    old_deadline: Mapped[date]
    new_deadline: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    approved_on: Mapped[date]
