"""Reads of credentials."""

from collections.abc import Sequence

from sqlalchemy import func, select

from controls.base.db import db
from controls.credential.tables import Passkey as Passkey
from controls.credential.tables import RecoveryCode, Totp


def app(person_id: int, *, lock: bool = False) -> Totp | None:
    """The authenticator app in use; `lock` lets no other request use the same code meanwhile."""
    query = select(Totp).where(Totp.person_id == person_id, Totp.ended_at.is_(None))
    return db.session.scalar(query.with_for_update() if lock else query)


def recovery_codes(person_id: int, *, lock: bool = False) -> Sequence[RecoveryCode]:
    """The recovery codes that can still be used."""
    query = select(RecoveryCode).where(
        RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None), RecoveryCode.ended_at.is_(None)
    )
    return db.session.scalars(query.with_for_update() if lock else query).all()


def codes_left(person_id: int) -> int:
    """How many recovery codes are left."""
    query = select(func.count()).select_from(RecoveryCode).where(
        RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None), RecoveryCode.ended_at.is_(None)
    )  # fmt: skip
    return db.session.scalar(query) or 0


def passkeys(person_id: int) -> Sequence[Passkey]:
    """The passkeys in use, oldest first."""
    query = select(Passkey).where(Passkey.person_id == person_id, Passkey.ended_at.is_(None)).order_by(Passkey.id)
    return db.session.scalars(query).all()


def passkey(credential: bytes, *, lock: bool = False) -> Passkey | None:
    """A passkey by what its authenticator calls it, ended or not."""
    query = select(Passkey).where(Passkey.credential == credential)
    return db.session.scalar(query.with_for_update() if lock else query)
