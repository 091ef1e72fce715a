"""Areas, processes and sub-processes, who has line duty in them, and what happened to their structure."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.universe.words import Kind, Level, LineKind


class Area(Versioned, Model):
    """A process area, the catalogue's top level."""

    __tablename__ = "universe_area"
    __table_args__ = (UniqueConstraint("organisation_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    code: Mapped[str] = mapped_column(String(40))
    name_da: Mapped[str] = mapped_column(String(300))
    name_en: Mapped[str] = mapped_column(String(300), default="")
    sort_key: Mapped[str] = mapped_column(String(200))


class Process(Versioned, Model):
    """A process: assessed once a year, owned by one person."""

    __tablename__ = "universe_process"
    __table_args__ = (
        UniqueConstraint("organisation_id", "code"), Index("ix_universe_process_list", "organisation_id", "sort_key"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("universe_area.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    name_da: Mapped[str] = mapped_column(String(300))
    name_en: Mapped[str] = mapped_column(String(300), default="")
    sort_key: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"), index=True)
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    unit: Mapped[str] = mapped_column(String(200), default="")
    performer_unit: Mapped[str] = mapped_column(String(200), default="")
    systems: Mapped[str] = mapped_column(Text, default="")
    legal_basis: Mapped[str] = mapped_column(Text, default="")
    yearly_amount_ore: Mapped[int | None] = mapped_column(BigInteger)
    transactions: Mapped[int | None] = mapped_column(BigInteger)
    provider_share: Mapped[int | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class LineDuty(Versioned, Model):
    """Who has or had line duty in a process, from a day and perhaps until one: owner, deputy, or by a control."""

    __tablename__ = "universe_line_duty"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    process_id: Mapped[int] = mapped_column(ForeignKey("universe_process.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    kind: Mapped[LineKind] = mapped_column(Choice(LineKind))
    control_id: Mapped[int | None] = mapped_column(ForeignKey("review_control.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Subprocess(Versioned, Model):
    """A sub-process: the smallest unit that is assessed, chosen and counted in the five-year roll."""

    __tablename__ = "universe_subprocess"
    __table_args__ = (
        UniqueConstraint("organisation_id", "code"),
        Index("ix_universe_subprocess_list", "organisation_id", "sort_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    process_id: Mapped[int] = mapped_column(ForeignKey("universe_process.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    name_da: Mapped[str] = mapped_column(String(300))
    name_en: Mapped[str] = mapped_column(String(300), default="")
    sort_key: Mapped[str] = mapped_column(String(200))
    typical_risk: Mapped[str] = mapped_column(Text, default="")
    typical_key_control: Mapped[str] = mapped_column(Text, default="")
    suggested_likelihood: Mapped[int | None]
    suggested_impact: Mapped[int | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Structure(Model):
    """A change of the catalogue's structure: from what day, why, and who said so; never changed itself."""

    __tablename__ = "universe_structure"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    level: Mapped[Level] = mapped_column(Choice(Level))
    effective_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))


class Lineage(Model):
    """What a change of structure made of what: one line per pair; a line without an end tells of one object only.

    `inherits`: whether the coverage of what was before counts for what came after, with the reason that a split asks.
    `was` is the code or the name until then.
    """

    __tablename__ = "universe_lineage"
    __table_args__ = (
        Index("ix_universe_lineage_after", "object_type", "after_id"),
        Index("ix_universe_lineage_before", "object_type", "before_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    structure_id: Mapped[int] = mapped_column(ForeignKey("universe_structure.id"), index=True)
    object_type: Mapped[str] = mapped_column(String(60))
    before_id: Mapped[int | None]
    after_id: Mapped[int | None]
    was: Mapped[str] = mapped_column(String(300), default="")
    inherits: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(Text, default="")


class Import(Versioned, Model):
    """A catalogue that one took in from a file and another confirmed (S15); only from before rows were chosen."""

    __tablename__ = "universe_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    filename: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    imported_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    imported_at: Mapped[datetime] = mapped_column(UtcTime)
    confirmed_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
