"""Reads of the door: what has gone wrong lately."""

import hmac
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from controls.base import settings
from controls.base.db import db
from controls.signin.rules import Scope
from controls.signin.tables import Throttle


def key(scope: Scope) -> str:
    """Under which key a scope is counted: a keyed digest of what it is about."""
    text = f"{scope.kind} {scope.about}".encode("utf-8", "surrogatepass")
    return hmac.digest(settings.current().secret_key.encode(), text, "sha256").hex()


def counted(scopes: Iterable[Scope]) -> dict[Scope, tuple[int, datetime]]:
    """How often it went wrong in these scopes, and when last; in one query."""
    keys = {key(scope): scope for scope in scopes}
    rows = db.session.execute(select(Throttle.key, Throttle.count, Throttle.last_at).where(Throttle.key.in_(keys)))
    return {keys[key]: (count, last_at) for key, count, last_at in rows}
