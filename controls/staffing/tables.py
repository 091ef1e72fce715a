"""What the coordinator answered to the steps of the year that are answered rather than done."""

from datetime import date

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, Versioned
from controls.staffing.words import Asked


class Answer(Versioned, Model):
    """In a year: that there are no earlier reviews, or that the staffing was looked at, and in how many processes
    somebody was missing then."""

    __tablename__ = "staffing_answer"
    __table_args__ = (UniqueConstraint("organisation_id", "asked", "year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    asked: Mapped[Asked] = mapped_column(Choice(Asked))
    year: Mapped[int]
    missing: Mapped[int] = mapped_column(default=0)
    answered_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    answered_on: Mapped[date]
