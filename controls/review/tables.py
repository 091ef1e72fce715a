"""Reviews, risks, controls, the matrix between them, and tests of design."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.review.words import (
    Category,
    Cover,
    DesignOutcome,
    Execution,
    Frequency,
    Kind,
    Outcome,
    OverallClass,
    State,
)  # fmt: skip
from controls.rotation.words import Degree, Form


class Review(Versioned, Model):
    """The detailed review of one sub-process for one review year."""

    __tablename__ = "review_review"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        Index("ix_review_review_list", "organisation_id", "year", "state"),
        Index("ix_review_review_state", "state", "organisation_id"),
        CheckConstraint("quality_reviewer_id <> tester_id AND quality_reviewer_id <> lead_id", name="s3_reviewer"),
        CheckConstraint("approved_by_id <> tester_id AND approved_by_id <> lead_id", name="s3_approver"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    number: Mapped[str] = mapped_column(String(20))
    year: Mapped[int]
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"), index=True)
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("forum_decision.id"), index=True)
    state: Mapped[State] = mapped_column(Choice(State))
    state_reason: Mapped[str] = mapped_column(Text, default="")
    state_before: Mapped[State | None] = mapped_column(Choice(State))
    form: Mapped[Form] = mapped_column(Choice(Form))
    coverage: Mapped[Degree | None] = mapped_column(Choice(Degree))
    scope: Mapped[str] = mapped_column(Text, default="")
    period_from: Mapped[date | None]
    period_to: Mapped[date | None]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"), index=True)
    tester_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"), index=True)
    quality_reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"), index=True)
    independence_declared_on: Mapped[date | None]
    planned_on: Mapped[date | None]
    start_on: Mapped[date | None]
    draft_due: Mapped[date | None]
    walkthrough_on: Mapped[date | None]
    walkthrough_note: Mapped[str] = mapped_column(Text, default="")
    hours_planned: Mapped[int] = mapped_column(default=0)
    hours_used: Mapped[int | None]
    key_controls_reason: Mapped[str] = mapped_column(Text, default="")
    draft_on: Mapped[date | None]
    hearing_from: Mapped[date | None]
    hearing_to: Mapped[date | None]
    owner_reply: Mapped[str] = mapped_column(Text, default="")
    quality_reviewed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    quality_note: Mapped[str] = mapped_column(Text, default="")
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcTime)
    conclusion_design: Mapped[DesignOutcome | None] = mapped_column(Choice(DesignOutcome))
    conclusion_operating: Mapped[Outcome | None] = mapped_column(Choice(Outcome))
    overall_class: Mapped[OverallClass | None] = mapped_column(Choice(OverallClass))
    conclusion: Mapped[str] = mapped_column(Text, default="")


class Risk(Versioned, Model):
    """A risk in a sub-process: cause, event and consequence."""

    __tablename__ = "review_risk"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    number: Mapped[str] = mapped_column(String(40))
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"), index=True)
    cause: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    consequence: Mapped[str] = mapped_column(Text)
    category: Mapped[Category] = mapped_column(Choice(Category))
    assertions: Mapped[str] = mapped_column(String(60), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    valid_to: Mapped[date | None]


class Control(Versioned, Model):
    """A control: who, what, when, how, if it fails, where documented.

    `shared_number` is the number of the shared control that this one is a part of; it is tested once for all.
    """

    __tablename__ = "review_control"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"), Index("ix_review_control_owner", "organisation_id", "owner_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    number: Mapped[str] = mapped_column(String(40))
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    key_control: Mapped[bool]
    key_reason: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    execution: Mapped[Execution] = mapped_column(Choice(Execution))
    frequency: Mapped[Frequency] = mapped_column(Choice(Frequency))
    occurrences_a_year: Mapped[int | None]
    owner_role: Mapped[str] = mapped_column(String(200), default="")
    performer_role: Mapped[str] = mapped_column(String(200), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    performer_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    system: Mapped[str] = mapped_column(String(200), default="")
    shared_number: Mapped[str] = mapped_column(String(40), default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class RiskControl(Versioned, Model):
    """One cell of the risk-control matrix."""

    __tablename__ = "review_risk_control"
    __table_args__ = (UniqueConstraint("risk_id", "control_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    risk_id: Mapped[int] = mapped_column(ForeignKey("review_risk.id"))
    control_id: Mapped[int] = mapped_column(ForeignKey("review_control.id"), index=True)
    degree: Mapped[Cover | None] = mapped_column(Choice(Cover))
    assertions: Mapped[str] = mapped_column(String(60), default="")
    comment: Mapped[str] = mapped_column(Text, default="")


class DesignTest(Versioned, Model):
    """Test of one control's design in one review, with a frozen copy of the control as tested (JSON)."""

    __tablename__ = "review_design_test"
    __table_args__ = (
        UniqueConstraint("review_id", "control_id"),
        CheckConstraint("reviewer_id <> tester_id", name="s3_reviewer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    number: Mapped[str] = mapped_column(String(40))
    review_id: Mapped[int] = mapped_column(ForeignKey("review_review.id"), index=True)
    control_id: Mapped[int] = mapped_column(ForeignKey("review_control.id"))
    control_version: Mapped[int]
    control_copy: Mapped[str] = mapped_column(Text)
    outcome: Mapped[DesignOutcome] = mapped_column(Choice(DesignOutcome))
    conclusion: Mapped[str] = mapped_column(Text)
    tester_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    tested_on: Mapped[date]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    reviewed_on: Mapped[date | None]
    hours: Mapped[int] = mapped_column(default=0)
