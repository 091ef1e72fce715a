"""Writes of credentials: an authenticator app and its recovery codes, begun, used and ended."""

import secrets
from datetime import datetime
from pathlib import Path

from controls.base import audit, keys, passkeys, settings, totp
from controls.base.by import By
from controls.base.db import db, load
from controls.base.why import N_, NOT_FOUND, Refused, refuse_if
from controls.credential import queries, rules
from controls.credential.tables import Passkey, RecoveryCode, Totp
from controls.identity import actions as accounts
from controls.identity import queries as people
from controls.identity.permissions import Permission
from controls.identity.tables import Person

APP_ADDED = audit.declare("credential.app_added", N_("Authenticator app added"))
PASSKEY_ADDED = audit.declare("credential.passkey_added", N_("Passkey added"))
PASSKEY_ENDED = audit.declare("credential.passkey_ended", N_("Passkey ended"))
PASSKEY_USED = audit.declare("credential.passkey_used", N_("Passkey used"))
APP_ENDED = audit.declare("credential.app_ended", N_("Authenticator app ended"))
CODE_USED = audit.declare("credential.code_used", N_("One-time code used"), "kind")
CODES_MADE = audit.declare("credential.codes_made", N_("Recovery codes made"))


def _folder() -> Path:
    return settings.current().keys


def add_app(by: By, secret: str, typed: str, keep: int) -> list[str]:
    """Begin to use an authenticator app whose code was just typed; gives the recovery codes, which are seen once."""
    person = people.person_by_id(by.person_id or 0)
    assert person is not None
    refuse_if(rules.why_not_add_app(queries.app(person.id, lock=True) is not None))
    step = rules.accepted(totp.codes(secret, rules.steps(by.at)), typed, 0)
    refuse_if([] if step else [rules.WRONG_CODE("code")])
    hidden = keys.hide(_folder(), secret)
    db.session.add(Totp(person_id=person.id, secret=hidden, last_step=step, added_at=by.at))
    audit.record(by, APP_ADDED, person)
    return renew_codes(by, keep)


def end_app(by: By, person_id: int, keep: int | None = None) -> None:
    """Stop using the authenticator app and its recovery codes: one's own, or that of whoever has lost it."""
    if person_id != by.person_id:
        by.must(Permission.ACCOUNT_MANAGE)
    row = queries.app(person_id, lock=True)
    refuse_if(rules.why_not_end_app(row is not None))
    assert row is not None
    row.ended_at = by.at
    for code in queries.recovery_codes(person_id, lock=True):
        code.ended_at = by.at
    audit.record(by, APP_ENDED, people.person_by_id(person_id))
    accounts.end_sign_ins(by, person_id, keep)


def renew_codes(by: By, keep: int) -> list[str]:
    """Make ten new recovery codes in place of the old ones; they are shown this once."""
    person_id = by.person_id or 0
    refuse_if(rules.why_not_end_app(queries.app(person_id) is not None))
    for old in queries.recovery_codes(person_id, lock=True):
        old.ended_at = by.at
    made = [rules.tidy("".join(secrets.choice(rules.ALPHABET) for _ in range(12))) for _ in range(rules.CODES)]
    for code in made:
        db.session.add(RecoveryCode(person_id=person_id, digest=_digest(person_id, code), made_at=by.at))
    audit.record(by, CODES_MADE, people.person_by_id(person_id))
    accounts.end_sign_ins(by, person_id, keep)
    return made


def _digest(person_id: int, code: str) -> str:
    key = keys.secret_key(_folder())
    return keys.code(key, b"recovery", person_id.to_bytes(8, "big"), code.encode()).hex()


def use_code(by: By, typed: str) -> bool:
    """Take a one-time code from the app, or a recovery code in its place; each counts once."""
    person = people.person_by_id(by.person_id or 0)
    assert person is not None
    app = queries.app(person.id, lock=True)
    if app is None:
        return False
    step = rules.accepted(totp.codes(keys.show(_folder(), app.secret), rules.steps(by.at)), typed, app.last_step)
    if step is not None:
        app.last_step = step
        audit.record(by, CODE_USED, person, kind="app")
        return True
    if not rules.looks_like_recovery(typed):
        return False
    wanted = _digest(person.id, rules.tidy(typed))
    code = next((row for row in queries.recovery_codes(person.id, lock=True) if row.digest == wanted), None)
    if code is None:
        return False
    code.used_at = by.at
    audit.record(by, CODE_USED, person, kind="recovery")
    return True


def add_passkey(by: By, name: str, made: passkeys.Made, keep: int) -> Passkey:
    """Add a passkey that the browser has made."""
    refuse_if([rules.KNOWN_PASSKEY()] if queries.passkey(made.credential) else [])
    row = Passkey(
        person_id=by.person_id or 0, name=name, credential=made.credential, public_key=made.public_key,
        sign_count=made.sign_count, added_at=by.at,
    )  # fmt: skip
    db.session.add(row)
    audit.record(by, PASSKEY_ADDED, row)
    accounts.end_sign_ins(by, row.person_id, keep)
    return row


def end_passkey(by: By, id: int, keep: int) -> None:
    """Take a passkey of one's own out of use."""
    row = load(Passkey, id)
    if row.person_id != by.person_id or row.ended_at is not None:
        raise Refused([NOT_FOUND()])
    row.ended_at = by.at
    audit.record(by, PASSKEY_ENDED, row)
    accounts.end_sign_ins(by, row.person_id, keep)


def use_passkey(by: By, answer: str, challenge: str, asked_at: datetime, host: str, origin: str) -> Person:
    """Whose passkey signed the challenge; a challenge counts once, since it must be later than the last use."""
    row = queries.passkey(passkeys.credential_of(answer), lock=True)
    if row is None or row.ended_at is not None or (row.used_at is not None and asked_at <= row.used_at):
        raise passkeys.NotProven("no such passkey")
    person = people.person_by_id(row.person_id)
    if person is None or not people.admitted(person, by.today) or by.person_id not in (None, person.id):
        raise passkeys.NotProven("not let in")
    row.sign_count = passkeys.proven(answer, challenge, host, origin, row.public_key, row.sign_count)
    row.used_at = by.at
    audit.record(people.by_of(person, by.at, by.today), PASSKEY_USED, row)
    return person
