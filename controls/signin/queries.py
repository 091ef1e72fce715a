"""Reads of the door: what has gone wrong lately, work accounts, emergency sign-ins."""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from controls.base import openid, settings
from controls.base.db import db
from controls.identity.tables import Organisation, Person, RoleGrant
from controls.signin.rules import Scope
from controls.signin.tables import Account, ClaimedGrant, ClaimsMap, Emergency, ParkedDraft, Throttle


def key(scope: Scope) -> str:
    """Under which key a scope is counted: a keyed digest of what it is about."""
    text = f"{scope.kind} {scope.about}".encode("utf-8", "surrogatepass")
    return hmac.digest(settings.current().secret_key.encode(), text, "sha256").hex()


def counted(scopes: Iterable[Scope]) -> dict[Scope, tuple[int, datetime]]:
    """How often it went wrong in these scopes, and when last; in one query."""
    keys = {key(scope): scope for scope in scopes}
    rows = db.session.execute(select(Throttle.key, Throttle.count, Throttle.last_at).where(Throttle.key.in_(keys)))
    return {keys[key]: (count, last_at) for key, count, last_at in rows}


def provider() -> openid.Provider | None:
    """The OpenID provider of this installation, if there is one."""
    return openid.read(settings.current().openid_file)


def account(issuer: str, subject: str) -> Account | None:
    """A work account by issuer and subject: by nothing else is anybody known."""
    return db.session.scalar(select(Account).where(Account.issuer == issuer, Account.subject == subject))


def accounts(person_id: int) -> Sequence[Account]:
    """A person's work accounts."""
    return db.session.scalars(select(Account).where(Account.person_id == person_id).order_by(Account.id)).all()


def claims_map() -> ClaimsMap | None:
    """The map of groups to roles that was used last."""
    return db.session.scalar(select(ClaimsMap).order_by(ClaimsMap.id.desc()).limit(1))


def claimed(account_id: int) -> Sequence[tuple[ClaimedGrant, RoleGrant, str]]:
    """The roles an account holds because of its groups, with the code of where."""
    query = (
        select(ClaimedGrant, RoleGrant, Organisation.code)
        .join(RoleGrant, RoleGrant.id == ClaimedGrant.grant_id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(ClaimedGrant.account_id == account_id, ClaimedGrant.ended_at.is_(None))
    )
    return [(one[0], one[1], one[2]) for one in db.session.execute(query)]


def emergency(digest: str, *, lock: bool = False) -> Emergency | None:
    """An emergency sign-in by the digest of what its link holds."""
    query = select(Emergency).where(Emergency.digest == digest)
    return db.session.scalar(query.with_for_update() if lock else query)


def emergencies(limit: int = 20) -> Sequence[tuple[Emergency, str]]:
    """The latest emergency sign-ins with the person's name, for those who read the log."""
    query = select(Emergency, Person.name).join(Person, Person.id == Emergency.person_id)
    return [(one[0], one[1]) for one in db.session.execute(query.order_by(Emergency.id.desc()).limit(limit))]


def parked(token: str) -> ParkedDraft | None:
    """A text that waits for its writer."""
    return db.session.get(ParkedDraft, token)
