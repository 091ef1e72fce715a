"""Writes of the door: a sign-in begun or refused, with its counts."""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, text

from controls.base.by import By
from controls.base.db import UtcTime, db
from controls.credential import actions as credentials
from controls.identity import actions as accounts
from controls.identity.tables import Person, SignIn
from controls.signin import queries, rules
from controls.signin.rules import Scope
from controls.signin.tables import Throttle

_COUNT = text(
    "INSERT INTO signin_throttle (key, count, last_at) VALUES (:key, 1, :at) ON CONFLICT (key) DO UPDATE SET"
    " count = CASE WHEN signin_throttle.last_at < :old THEN 1 ELSE signin_throttle.count + 1 END, last_at = :at"
).bindparams(bindparam("at", type_=UtcTime), bindparam("old", type_=UtcTime))


def begin(by: By, person: Person, how: str, agent: str, address: str, wrong: Iterable[Scope] = ()) -> SignIn:
    """Begin a sign-in, and forget what went wrong before it."""
    keys = [queries.key(scope) for scope in wrong]
    if keys:
        db.session.execute(delete(Throttle).where(Throttle.key.in_(keys)))
    return accounts.sign_in(by, person, how, agent, address)


def begin_with_code(
    by: By, person: Person, typed: str, agent: str, address: str, scopes: Iterable[Scope], wrong: Iterable[Scope]
) -> SignIn | None:
    """Begin a sign-in by a one-time code after the password, or count a wrong one."""
    if credentials.use_code(by, typed):
        return begin(by, person, "password+code", agent, address, wrong)
    refuse(by, person.username, scopes)
    return None


def prove_with_code(by: By, row: SignIn, typed: str) -> bool:
    """Prove once more by a one-time code who is signed in."""
    if not credentials.use_code(by, typed):
        return False
    accounts.sign_in_again(by, row, "code")
    return True


def refuse(by: By, username: str, scopes: Iterable[Scope]) -> None:
    """Count a wrong password or code, and leave a line in the log without what was typed."""
    accounts.refuse_sign_in(by, username)
    old = by.at - rules.FORGET
    for scope in sorted(scopes, key=queries.key):
        db.session.execute(_COUNT, {"key": queries.key(scope), "at": by.at, "old": old})
    db.session.execute(delete(Throttle).where(Throttle.last_at < old))
