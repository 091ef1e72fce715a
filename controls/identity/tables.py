"""Organisations, people, the roles they hold and their sign-ins."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.audit import SECRET, UNLOGGED
from controls.base.db import Choice, Model, UtcTime, Versioned
from controls.identity.duties import FIXED, Duty, Side
from controls.identity.permissions import Role
from controls.identity.visits import Visited, VisitState, VisitTask
from controls.identity.words import KeeperKind, RequestState

FIXED_DUTIES = f"duty NOT IN ({', '.join(repr(duty.value) for duty in FIXED)})"


class Organisation(Versioned, Model):
    """A ministry's department or agency; `path` holds the ids from the root, so that one query finds all below."""

    __tablename__ = "identity_organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name_da: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("identity_organisation.id"))
    path: Mapped[str] = mapped_column(String(200), index=True)


class Person(Versioned, Model):
    """Somebody who can sign in. `username` is what is typed; it is never reused.

    Who has two accounts names the first in the second (`same_person_as_id`): the rules of different persons see one.
    """

    __tablename__ = "identity_person"
    __table_args__ = (Index("ix_identity_person_ended", "valid_to"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(120), default="")
    unit: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    language: Mapped[str] = mapped_column(String(2), default="da")
    password_hash: Mapped[str | None] = mapped_column(String(200), info=SECRET)
    must_change: Mapped[bool | None]
    keys_off: Mapped[bool | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    same_person_as_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))

    @property
    def root_id(self) -> int:
        """The account on which the parts of this person are kept."""
        return self.same_person_as_id or self.id


class RoleGrant(Versioned, Model):
    """A role held by a person in an organisation, from a day and perhaps until one."""

    __tablename__ = "identity_role_grant"
    __table_args__ = (UniqueConstraint("person_id", "role", "organisation_id", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    role: Mapped[Role] = mapped_column(Choice(Role))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    granted_by: Mapped[str] = mapped_column(String(120))


class VisitingGrant(Versioned, Model):
    """A person of one agency lent to another for a task in one process, review or cycle (gæsterolle)."""

    __tablename__ = "identity_visiting_grant"
    __table_args__ = (Index("ix_identity_visiting_grant_object", "object_type", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visitor_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    home_organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    host_organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    task: Mapped[VisitTask] = mapped_column(Choice(VisitTask))
    object_type: Mapped[Visited] = mapped_column(Choice(Visited))
    object_id: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    state: Mapped[VisitState] = mapped_column(Choice(VisitState))
    reason: Mapped[str] = mapped_column(Text)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    asked_on: Mapped[date]
    agreed_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    agreed_on: Mapped[date | None]
    role_asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    role_asked_on: Mapped[date | None]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    granted_on: Mapped[date | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    ended_on: Mapped[date | None]
    end_reason: Mapped[str] = mapped_column(Text, default="")


class SignIn(Model):
    """One sign-in: the cookie holds `token`, this row says whether it still counts and when it was last proven.

    `agent` and `address` are coarse (a browser's name, a network), enough to know one's own sign-ins again.
    """

    __tablename__ = "identity_sign_in"
    __table_args__ = (Index("ix_identity_sign_in_person", "person_id"), {"info": UNLOGGED})

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    how: Mapped[str] = mapped_column(String(20))
    agent: Mapped[str] = mapped_column(String(80), default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    fresh_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    standing_in_id: Mapped[int | None] = mapped_column(ForeignKey("identity_stand_in.id"))


class StandIn(Versioned, Model):
    """Somebody who may act for a person from a day until one; chosen by that person or an administrator."""

    __tablename__ = "identity_stand_in"
    __table_args__ = (
        CheckConstraint("person_id <> stand_in_id", name="another"),
        CheckConstraint("valid_from <= valid_to", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    stand_in_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    chosen_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class DutyException(Versioned, Model):
    """The chair lets a person stand on both sides of a rule in an organisation and those below, for a time."""

    __tablename__ = "identity_exception"
    __table_args__ = (
        CheckConstraint(FIXED_DUTIES, name="never_fixed"),
        CheckConstraint("valid_from <= valid_to", name="order"),
        CheckConstraint("person_id <> granted_by_id", name="granted_by_another"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    duty: Mapped[Duty] = mapped_column(Choice(Duty))
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    granted_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    granted_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))


class Part(Model):
    """A person took one side of a rule on an object; rows are added, never changed.

    Without an exception the index lets nobody stand on both sides, whatever the program does. Tables of the objects
    have a check of their own for the fixed rules only, since a check knows no exception. `within` narrows the object:
    the year of a process (S4), else 0.
    """

    __tablename__ = "identity_part"
    __table_args__ = (
        UniqueConstraint("duty", "object_type", "object_id", "within", "person_id", "side"),
        Index(
            "uq_identity_part_one_side", "duty", "object_type", "object_id", "within", "person_id", unique=True,
            sqlite_where=text("exception_id IS NULL"), postgresql_where=text("exception_id IS NULL"),
        ),
        CheckConstraint(f"exception_id IS NULL OR {FIXED_DUTIES}", name="never_fixed"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    duty: Mapped[Duty] = mapped_column(Choice(Duty))
    object_type: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[int]
    within: Mapped[int] = mapped_column(default=0)
    side: Mapped[Side] = mapped_column(Choice(Side))
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    exception_id: Mapped[int | None] = mapped_column(ForeignKey("identity_exception.id"))
    taken_at: Mapped[datetime] = mapped_column(UtcTime)


class RoleRequest(Versioned, Model):
    """A role asked for by one and approved by another (S8); the grant is made when it is approved."""

    __tablename__ = "identity_role_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    role: Mapped[Role] = mapped_column(Choice(Role))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"), index=True)
    valid_to: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[RequestState] = mapped_column(Choice(RequestState))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    note: Mapped[str] = mapped_column(Text, default="")


class Reopening(Versioned, Model):
    """A final object that one asks to reopen and another lets be reopened (S11): the request, and the version it ends.

    `number` is that version's; `snapshot` keeps it whole (JSON) from the moment it stops being the one in force.
    """

    __tablename__ = "identity_reopening"
    __table_args__ = (
        Index("ix_identity_reopening_object", "object_type", "object_id"),
        Index("ix_identity_reopening_open", "state", "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    object_type: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[int]
    number: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[RequestState] = mapped_column(Choice(RequestState))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    answer: Mapped[str] = mapped_column(Text, default="")
    snapshot: Mapped[str] = mapped_column(Text, default="")


class Keeper(Versioned, Model):
    """Who administers the database, or keeps checkpoints outside the house; `person_id` when he has an account."""

    __tablename__ = "identity_keeper"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("identity_organisation.id"))
    kind: Mapped[KeeperKind] = mapped_column(Choice(KeeperKind))
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(120))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("identity_person.id"))
    place: Mapped[str] = mapped_column(String(200), default="")
    valid_from: Mapped[date]
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
