"""The coverage ledger: one line per approved review or imported earlier review; never changed."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, UtcTime
from controls.rotation.words import Degree, Form, Source


class Coverage(Model):
    """A review of a sub-process that counts (or counts in part) from the day it was approved."""

    __tablename__ = "rotation_coverage"
    __table_args__ = (Index("ix_rotation_coverage_latest", "subprocess_id", "covered_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"))
    covered_on: Mapped[date]
    degree: Mapped[Degree] = mapped_column(Choice(Degree))
    form: Mapped[Form] = mapped_column(Choice(Form))
    source: Mapped[Source] = mapped_column(Choice(Source))
    review_number: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("rotation_coverage.id"), index=True)
