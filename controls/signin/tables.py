"""Work accounts, what their groups mean here, emergency sign-ins, and what needs no log: counts and parked texts."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.audit import SECRET, UNLOGGED
from controls.base.db import Model, UtcTime


class Throttle(Model):
    """How often it went wrong for a name, an address or both; `key` is a keyed digest, so no name typed is kept."""

    __tablename__ = "signin_throttle"
    __table_args__ = {"info": UNLOGGED}

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class Account(Model):
    """A person's work account: what the provider calls him, and nothing else, is what he is known by."""

    __tablename__ = "signin_account"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[datetime] = mapped_column(UtcTime)


class ClaimsMap(Model):
    """What the provider's groups mean here, as it stood in the file when it was first used."""

    __tablename__ = "signin_claims_map"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime] = mapped_column(UtcTime)


class ClaimedGrant(Model):
    """A role that a person holds because of a group, and the map that says so."""

    __tablename__ = "signin_claimed_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("signin_account.id"), index=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("identity_role_grant.id"), index=True)
    claims_map_id: Mapped[int] = mapped_column(ForeignKey("signin_claims_map.id"))
    given_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Emergency(Model):
    """A sign-in made on the host for whoever cannot get in; it opens once, within minutes."""

    __tablename__ = "signin_emergency"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ParkedDraft(Model):
    """What was typed before the browser left for the provider; it is taken up once and thrown away."""

    __tablename__ = "signin_parked_draft"
    __table_args__ = {"info": UNLOGGED}

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"))
    address: Mapped[str] = mapped_column(Text)
    fields: Mapped[str] = mapped_column(Text)
    parked_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
