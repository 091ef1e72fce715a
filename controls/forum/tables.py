"""Meetings, who was there, and the decision on each line."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.forum.words import Decided, Declared, Function, MeetingForm, Ruling, State
from controls.recommendation.words import DeferCode, Recommended
from controls.rotation.words import Form


class Meeting(Versioned, Model):
    """A meeting of the forum of `organisation_id` about the recommendation of `about_id`.

    `hash` is the checksum of what was locked; `resealed` that of what stands, once a text was removed from it.
    """

    __tablename__ = "forum_meeting"
    __table_args__ = (Index("ix_forum_meeting_list", "about_id", "held_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    about_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("wheel_cycle.id"), index=True)
    recommendation_id: Mapped[int | None] = mapped_column(ForeignKey("recommendation_recommendation.id"))
    year: Mapped[int]
    number: Mapped[str] = mapped_column(String(20))
    held_on: Mapped[date]
    form: Mapped[MeetingForm] = mapped_column(Choice(MeetingForm))
    state: Mapped[State] = mapped_column(Choice(State))
    chair_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    recorder_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    return_comment: Mapped[str] = mapped_column(Text, default="")
    hash: Mapped[str] = mapped_column(String(64), default="")
    resealed: Mapped[str | None] = mapped_column(String(64))


class Presence(Versioned, Model):
    """Whether a member was there, or who stood in."""

    __tablename__ = "forum_presence"
    __table_args__ = (UniqueConstraint("meeting_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("forum_meeting.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    function: Mapped[Function] = mapped_column(Choice(Function))
    present: Mapped[bool]
    stand_in_for_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))


class Impartiality(Versioned, Model):
    """What a member told about himself and a line, and how the others ruled; `ruled_by` are their ids (;3;7;)."""

    __tablename__ = "forum_impartiality"
    __table_args__ = (UniqueConstraint("meeting_id", "subprocess_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("forum_meeting.id"))
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    declaration: Mapped[Declared] = mapped_column(Choice(Declared))
    circumstance: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime] = mapped_column(UtcTime)
    ruling: Mapped[Ruling | None] = mapped_column(Choice(Ruling))
    ruled_by: Mapped[str] = mapped_column(String(400), default="")
    ruled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    took_part: Mapped[bool | None]


class Decision(Versioned, Model):
    """The forum's decision on one sub-process, beside what was recommended.

    `condition_owner_id` is who was charged with the condition when it was decided, `condition_holder_id` who has taken
    it over since; the locked whole tells the first only.
    """

    __tablename__ = "forum_decision"
    __table_args__ = (UniqueConstraint("meeting_id", "subprocess_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("forum_meeting.id"))
    number: Mapped[str] = mapped_column(String(20))
    subprocess_id: Mapped[int] = mapped_column(ForeignKey("universe_subprocess.id"), index=True)
    recommended: Mapped[Recommended] = mapped_column(Choice(Recommended))
    decided: Mapped[Decided] = mapped_column(Choice(Decided))
    reason: Mapped[str] = mapped_column(Text, default="")
    condition: Mapped[str] = mapped_column(Text, default="")
    condition_owner_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    condition_holder_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    condition_due: Mapped[date | None]
    condition_met_on: Mapped[date | None]
    deferred_to: Mapped[int | None]
    defer_code: Mapped[DeferCode | None] = mapped_column(Choice(DeferCode))
    compensating_measure: Mapped[str] = mapped_column(Text, default="")
    review_year: Mapped[int]
    hours: Mapped[int] = mapped_column(default=0)
    form: Mapped[Form] = mapped_column(Choice(Form), default=Form.ORDINARY)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    added_by_forum: Mapped[bool] = mapped_column(default=False)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    votes_for: Mapped[int | None]
    votes_against: Mapped[int | None]
    votes_abstain: Mapped[int | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("forum_decision.id"), index=True)
