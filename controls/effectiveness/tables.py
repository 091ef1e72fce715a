"""Tests of operating effectiveness and their sample items."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.effectiveness.words import Method, Nature, Result, SampleRisk, State
from controls.review.words import Outcome


class OperatingTest(Versioned, Model):
    """Test of one control's operation in one review, with a frozen copy of the control as tested (JSON).

    Rates and confidence are the decimals as written ("0.95"), so that they are read exactly. A shared control is
    tested once a year: the test of another review then only `refers_to` that one and has no sample of its own.
    """

    __tablename__ = "effectiveness_test"
    __table_args__ = (
        UniqueConstraint("review_id", "control_id"),
        CheckConstraint("reviewer_id <> tester_id", name="s3_reviewer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    number: Mapped[str] = mapped_column(String(40))
    review_id: Mapped[int] = mapped_column(ForeignKey("review_review.id"), index=True)
    control_id: Mapped[int] = mapped_column(ForeignKey("review_control.id"))
    refers_to_id: Mapped[int | None] = mapped_column(ForeignKey("effectiveness_test.id"))
    control_version: Mapped[int]
    control_copy: Mapped[str] = mapped_column(Text)
    state: Mapped[State] = mapped_column(Choice(State))
    method: Mapped[Method] = mapped_column(Choice(Method))
    table_version: Mapped[int | None]
    population: Mapped[str] = mapped_column(Text, default="")
    population_size: Mapped[int | None]
    population_source: Mapped[str] = mapped_column(Text, default="")
    extracted_by: Mapped[str] = mapped_column(String(120), default="")
    extracted_on: Mapped[date | None]
    completeness: Mapped[str] = mapped_column(Text, default="")
    population_hash: Mapped[str] = mapped_column(String(64), default="")
    sample_risk: Mapped[SampleRisk | None] = mapped_column(Choice(SampleRisk))
    confidence: Mapped[str] = mapped_column(String(20), default="")
    tolerable_rate: Mapped[str] = mapped_column(String(20), default="")
    expected_exceptions: Mapped[int | None]
    sample_size: Mapped[int | None]
    seed: Mapped[str] = mapped_column(String(32), default="")
    drawn_at: Mapped[datetime | None] = mapped_column(UtcTime)
    achieved_confidence: Mapped[str] = mapped_column(String(20), default="")
    upper_limit: Mapped[str] = mapped_column(String(20), default="")
    exceptions: Mapped[int | None]
    suggested: Mapped[Outcome | None] = mapped_column(Choice(Outcome))
    outcome: Mapped[Outcome | None] = mapped_column(Choice(Outcome))
    outcome_reason: Mapped[str] = mapped_column(Text, default="")
    conclusion: Mapped[str] = mapped_column(Text, default="")
    tester_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    tested_on: Mapped[date | None]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    reviewed_on: Mapped[date | None]
    hours: Mapped[int] = mapped_column(default=0)


class SampleItem(Versioned, Model):
    """One drawn occurrence of the control: by rank; a reserve stands in line until an item is not applicable."""

    __tablename__ = "effectiveness_item"
    __table_args__ = (UniqueConstraint("test_id", "rank"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("effectiveness_test.id"))
    rank: Mapped[int]
    item_key: Mapped[str] = mapped_column(String(200))
    reserve: Mapped[bool] = mapped_column(default=False)
    result: Mapped[Result | None] = mapped_column(Choice(Result))
    nature: Mapped[Nature | None] = mapped_column(Choice(Nature))
    amount_ore: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text, default="")
    replaces_rank: Mapped[int | None]
    tested_on: Mapped[date | None]
