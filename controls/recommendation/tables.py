"""Recommendations and their lines."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.assessment.words import Band
from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.recommendation.words import DeferCode, Recommended, State
from controls.rotation.words import Form


class Recommendation(Versioned, Model):
    """One version of a cycle's recommendation."""

    __tablename__ = "recommendation_recommendation"
    __table_args__ = (UniqueConstraint("cycle_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("wheel_cycle.id"))
    year: Mapped[int]
    number: Mapped[int]
    state: Mapped[State] = mapped_column(Choice(State))
    capacity_hours: Mapped[int]
    introduction: Mapped[str] = mapped_column(Text, default="")
    prepared_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    handed_over_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    handed_over_at: Mapped[datetime | None] = mapped_column(UtcTime)
    rule_set: Mapped[int] = mapped_column(default=1)
    snapshot: Mapped[str] = mapped_column(Text, default="")
    snapshot_hash: Mapped[str] = mapped_column(String(64), default="")


class Line(Versioned, Model):
    """What is recommended for one sub-process; band, score and due year are as they stood at handing over."""

    __tablename__ = "recommendation_line"
    __table_args__ = (UniqueConstraint("recommendation_id", "subprocess_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    recommendation_id: Mapped[int] = mapped_column(ForeignKey("recommendation_recommendation.id"))
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"), index=True)
    recommended: Mapped[Recommended] = mapped_column(Choice(Recommended))
    reason_codes: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    hours: Mapped[int] = mapped_column(default=0)
    form: Mapped[Form] = mapped_column(Choice(Form), default=Form.ORDINARY)
    proposed_lead_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    dissent: Mapped[str] = mapped_column(Text, default="")
    review_year: Mapped[int]
    defer_to: Mapped[int | None]
    defer_code: Mapped[DeferCode | None] = mapped_column(Choice(DeferCode))
    compensating_measure: Mapped[str] = mapped_column(Text, default="")
    inherent_band: Mapped[Band | None] = mapped_column(Choice(Band))
    inherent_score: Mapped[int | None]
    due_year: Mapped[int | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
