"""The scales of each cycle, assessments, their lines per sub-process, and drafts outside the log."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.assessment.words import Band, Certainty, Direction, Proposal, State
from controls.base.audit import UNLOGGED
from controls.base.db import Choice, Model, UtcTime, Versioned


class ScaleSet(Versioned, Model):
    """The scales of a cycle, column by column as `scales.Scales` has them; a text of anchors holds a line a step."""

    __tablename__ = "assessment_scale_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("wheel_cycle.id"), unique=True)
    likelihood_da: Mapped[str] = mapped_column(Text)
    likelihood_en: Mapped[str] = mapped_column(Text)
    likelihood_help_da: Mapped[str] = mapped_column(Text)
    likelihood_help_en: Mapped[str] = mapped_column(Text)
    impact_da: Mapped[str] = mapped_column(Text)
    impact_en: Mapped[str] = mapped_column(Text)
    impact_help_da: Mapped[str] = mapped_column(Text)
    impact_help_en: Mapped[str] = mapped_column(Text)
    control_da: Mapped[str] = mapped_column(Text)
    control_en: Mapped[str] = mapped_column(Text)
    control_help_da: Mapped[str] = mapped_column(Text)
    control_help_en: Mapped[str] = mapped_column(Text)
    moderate_from: Mapped[int]
    elevated_from: Mapped[int]
    high_from: Mapped[int]
    worst_impact: Mapped[Band] = mapped_column(Choice(Band))
    impact_2_from_ore: Mapped[int] = mapped_column(BigInteger)
    impact_3_from_ore: Mapped[int] = mapped_column(BigInteger)
    impact_4_from_ore: Mapped[int] = mapped_column(BigInteger)
    impact_5_from_ore: Mapped[int] = mapped_column(BigInteger)
    leap_steps: Mapped[int]
    reason_least: Mapped[int]
    reason_most: Mapped[int]
    ask_no_key_control: Mapped[bool]
    ask_unchanged: Mapped[bool]
    ask_copied: Mapped[bool]
    ask_fraud: Mapped[bool]
    weight_likelihood: Mapped[int]
    weight_impact: Mapped[int]
    weight_control: Mapped[int]
    weight_amount: Mapped[int]
    weight_change: Mapped[int]
    weight_fraud: Mapped[int]
    weight_uncertainty: Mapped[int]


class Scores:
    """The five scales, 1 to 5, and the bands that follow from them (stored so that lists need not compute)."""

    inherent_likelihood: Mapped[int | None]
    inherent_impact: Mapped[int | None]
    control_level: Mapped[int | None]
    residual_likelihood: Mapped[int | None]
    residual_impact: Mapped[int | None]
    inherent_band: Mapped[Band | None] = mapped_column(Choice(Band))
    residual_band: Mapped[Band | None] = mapped_column(Choice(Band))


class Assessment(Scores, Versioned, Model):
    """The form of one process in one cycle; `assessors` are the ids of who submitted it or changed a score (;3;7;).

    The columns `seen_…` are facts of the process as they were when it was submitted, which next year's are held
    against; of the systems a checksum.
    `priority` is the figure in hundredths, where the year has one.
    """

    __tablename__ = "assessment_assessment"
    __table_args__ = (
        UniqueConstraint("cycle_id", "process_id"),
        Index("ix_assessment_assessment_list", "organisation_id", "year", "state"),
        Index("ix_assessment_assessment_state", "state", "organisation_id"),
        Index("ix_assessment_assessment_process", "process_id", "year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("wheel_cycle.id"))
    year: Mapped[int]
    process_id: Mapped[int] = mapped_column(ForeignKey("universe_process.id"))
    state: Mapped[State] = mapped_column(Choice(State), default=State.NOT_STARTED)
    submitted_scores: Mapped[str] = mapped_column(String(20), default="")
    fraud: Mapped[bool | None]
    fraud_reason: Mapped[str] = mapped_column(Text, default="")
    change_direction: Mapped[Direction | None] = mapped_column(Choice(Direction))
    change_kinds: Mapped[str] = mapped_column(String(100), default="")
    certainty: Mapped[Certainty | None] = mapped_column(Choice(Certainty))
    propose_review: Mapped[Proposal | None] = mapped_column(Choice(Proposal))
    reason: Mapped[str] = mapped_column(Text, default="")
    copied: Mapped[bool] = mapped_column(default=False)
    copied_answers: Mapped[str] = mapped_column(String(200), default="")
    reason_unchanged: Mapped[str] = mapped_column(Text, default="")
    reason_step: Mapped[str] = mapped_column(Text, default="")
    reason_no_key_control: Mapped[str] = mapped_column(Text, default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    assessors: Mapped[str] = mapped_column(String(400), default="")
    submitted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    returned_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    returned_at: Mapped[datetime | None] = mapped_column(UtcTime)
    return_comment: Mapped[str] = mapped_column(Text, default="")
    calibrated_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    calibrated_at: Mapped[datetime | None] = mapped_column(UtcTime)
    calibration_changed: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int | None]
    calibration_reason: Mapped[str] = mapped_column(Text, default="")
    owner_objection: Mapped[str] = mapped_column(Text, default="")
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcTime)
    locked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    seen_amount_ore: Mapped[int | None] = mapped_column(BigInteger)
    seen_owner_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    seen_systems: Mapped[str] = mapped_column(String(64), default="")


class Line(Scores, Versioned, Model):
    """A sub-process's line: its own answers, or the process's when inherited (copied in when submitted)."""

    __tablename__ = "assessment_line"
    __table_args__ = (
        UniqueConstraint("assessment_id", "subprocess_id"),
        Index("ix_assessment_line_subprocess", "subprocess_id", "assessment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment_assessment.id"))
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"))
    inherited: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    reason_step: Mapped[str] = mapped_column(Text, default="")


class Challenge(Versioned, Model):
    """A question of the group to the author of a form, and the answer; open until answered or taken back."""

    __tablename__ = "assessment_challenge"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment_assessment.id"), index=True)
    question: Mapped[str] = mapped_column(Text)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Draft(Versioned, Model):
    """What somebody has typed and not yet submitted; `answers` is JSON of the form's fields."""

    __tablename__ = "assessment_draft"
    __table_args__ = {"info": UNLOGGED}

    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment_assessment.id"), unique=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    answers: Mapped[str] = mapped_column(Text)


class Replaced(Model):
    """An answer of a draft that another took the place of, until the form is submitted.

    `was` is JSON of what stood there; who, when and in which window of a browser are those of the answer that came.
    `clashed` is an answer that came second and was not taken: then all of it is about that answer.
    """

    __tablename__ = "assessment_replaced_draft"
    __table_args__ = (
        Index("ix_assessment_replaced_draft_version", "assessment_id", "version"), {"info": UNLOGGED},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment_assessment.id"))
    version: Mapped[int]
    field: Mapped[str] = mapped_column(String(80))
    was: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcTime)
    window: Mapped[str] = mapped_column(String(40), default="")
    clashed: Mapped[bool] = mapped_column(default=False)
