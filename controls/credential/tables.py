"""Authenticator apps, recovery codes and passkeys of people."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.audit import SECRET
from controls.base.db import Model, UtcTime


class Totp(Model):
    """An authenticator app (RFC 6238); `secret` is encrypted, `last_step` is the last time step that was used."""

    __tablename__ = "credential_totp"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    secret: Mapped[str] = mapped_column(String(200), info=SECRET)
    last_step: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RecoveryCode(Model):
    """One of the codes for a lost app; only its keyed digest is kept."""

    __tablename__ = "credential_recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), info=SECRET)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Passkey(Model):
    """A passkey (WebAuthn): the public half, and how often the authenticator says that it was used."""

    __tablename__ = "credential_passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("identity_person.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    credential: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
