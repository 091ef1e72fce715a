"""The versions of the standing plan with what each changed, scenarios, drafts, teams, and proposals of the planner."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.audit import UNLOGGED
from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.planning.words import Asked, Origin


class Plan(Model):
    """A version of an organisation's standing plan; never changed."""

    __tablename__ = "planning_plan"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    number: Mapped[int]
    origin: Mapped[Origin] = mapped_column(Choice(Origin))
    scenario_id: Mapped[int | None] = mapped_column(ForeignKey("planning_scenario.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcTime)


class Line(Model):
    """A review that a version or a scenario plans; without a year: the sub-process has none, or leaves a decision.

    Of a sub-process only the lines of the newest version that has any for it stand.
    """

    __tablename__ = "planning_line"
    __table_args__ = (Index("ix_planning_line_standing", "organisation_id", "subprocess_id", "plan_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("planning_plan.id"), index=True)
    scenario_id: Mapped[int | None] = mapped_column(ForeignKey("planning_scenario.id"), index=True)
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"))
    year: Mapped[int | None]
    season: Mapped[int] = mapped_column(default=0)
    light: Mapped[bool] = mapped_column(default=False)
    hours: Mapped[int] = mapped_column(default=0)
    instead: Mapped[int | None]
    why: Mapped[str] = mapped_column(String(60), default="")
    told: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")


class Capacity(Model):
    """Hours of a year that a version or a scenario sets: of the whole organisation, or of one of its teams.

    `first_half` of them are of the first half of the year, where they are divided.
    """

    __tablename__ = "planning_capacity"
    __table_args__ = (Index("ix_planning_capacity_standing", "organisation_id", "year", "plan_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("planning_plan.id"), index=True)
    scenario_id: Mapped[int | None] = mapped_column(ForeignKey("planning_scenario.id"), index=True)
    year: Mapped[int]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("planning_team.id"))
    hours: Mapped[int]
    first_half: Mapped[int | None]


class Team(Versioned, Model):
    """Those who review some of the areas, with hours of their own; what no team has is the organisation's."""

    __tablename__ = "planning_team"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    name: Mapped[str] = mapped_column(String(80))
    areas: Mapped[str] = mapped_column(String(400), default="")


class Scenario(Versioned, Model):
    """Changes of the plan kept under a name, to be compared and perhaps adopted."""

    __tablename__ = "planning_scenario"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    name: Mapped[str] = mapped_column(String(80))
    base: Mapped[int]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    gone: Mapped[bool] = mapped_column(default=False)


class Draft(Model):
    """What a person has changed and not kept yet."""

    __tablename__ = "planning_draft"
    __table_args__ = (UniqueConstraint("organisation_id", "person_id"), {"info": UNLOGGED})

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    base: Mapped[int]
    origin: Mapped[Origin] = mapped_column(Choice(Origin), default=Origin.HAND)
    changes: Mapped[str] = mapped_column(Text)


class Proposal(Model):
    """A plan that the planner is asked for; content only once it is taken into a draft and kept."""

    __tablename__ = "planning_proposal"
    __table_args__ = (Index("ix_planning_proposal_organisation", "organisation_id", "id"), {"info": UNLOGGED})

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    base: Mapped[int]
    years: Mapped[int]
    state: Mapped[Asked] = mapped_column(Choice(Asked))
    step: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text, default="")
