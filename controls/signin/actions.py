"""Writes of the door: a sign-in begun or refused, with its counts; work accounts, emergency sign-ins, parked texts."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, text

from controls.base import audit, openid
from controls.base.by import By
from controls.base.db import UtcTime, db
from controls.base.why import N_, Refused, refuse_if
from controls.credential import actions as credentials
from controls.identity import actions as accounts
from controls.identity import queries as people
from controls.identity.permissions import Permission, Role
from controls.identity.tables import Organisation, Person, SignIn
from controls.signin import queries, rules
from controls.signin.rules import Scope
from controls.signin.tables import Account, ClaimedGrant, ClaimsMap, Emergency, ParkedDraft, Throttle

ACCOUNT_LINKED = audit.declare("signin.account_linked", N_("Work account linked"))
CLAIMS_MAP_READ = audit.declare("signin.claims_map_read", N_("Map of groups to roles taken into use"))
CLAIMED_ROLES = audit.declare(
    "signin.claimed_roles", N_("Roles follow the groups of the work account"), "given", "ended"
)
WORK_REFUSED = audit.declare("signin.work_refused", N_("Sign-in with work account refused"), "issuer", "subject", "why")
EMERGENCY_MADE = audit.declare("signin.emergency_made", N_("Emergency sign-in made"))
EMERGENCY_USED = audit.declare("signin.emergency_used", N_("Emergency sign-in used"))

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


def begin_with_passkey(
    by: By, answer: str, challenge: str, asked_at: datetime, host: str, origin: str, agent: str, address: str
) -> tuple[SignIn, Person]:
    """Begin a sign-in by a passkey, which stands for password and code at once."""
    person = credentials.use_passkey(by, answer, challenge, asked_at, host, origin)
    return begin(people.by_of(person, by.at, by.today), person, "passkey", agent, address), person


def prove_with_passkey(
    by: By, row: SignIn, answer: str, challenge: str, asked_at: datetime, host: str, origin: str
) -> None:
    """Prove once more by a passkey who is signed in."""
    credentials.use_passkey(by, answer, challenge, asked_at, host, origin)
    accounts.sign_in_again(by, row, "passkey")


def refuse(by: By, username: str, scopes: Iterable[Scope]) -> None:
    """Count a wrong password or code, and leave a line in the log without what was typed."""
    accounts.refuse_sign_in(by, username)
    old = by.at - rules.FORGET
    for scope in sorted(scopes, key=queries.key):
        db.session.execute(_COUNT, {"key": queries.key(scope), "at": by.at, "old": old})
    db.session.execute(delete(Throttle).where(Throttle.last_at < old))


# --- work accounts -----------------------------------------------------------------------------------------------


def link_account(by: By, person: Person, issuer: str, subject: str) -> Account:
    """Link a work account with a person; it is known by issuer and subject, never by an address."""
    by.must(Permission.ACCOUNT_MANAGE)
    known = queries.account(issuer, subject)
    if known is not None:
        owner = people.person_by_id(known.person_id)
        raise Refused([rules.LINK_TAKEN(name=owner.username if owner else "")])
    row = Account(person_id=person.id, issuer=issuer, subject=subject, linked_at=by.at)
    db.session.add(row)
    audit.record(by, ACCOUNT_LINKED, row, organisation_id=person.organisation_id)
    return row


def begin_with_work(
    by: By, provider: openid.Provider, claims: Mapping[str, Any], agent: str, address: str
) -> tuple[SignIn, Person]:
    """Begin a sign-in by a work account: find or make the person, let the roles follow the groups."""
    wanted, misread = rules.wanted(provider.roles, claims.get(provider.groups))
    refuse_if(misread)
    subject = str(claims[provider.subject])
    account = queries.account(provider.issuer, subject)
    if account is None:
        if not provider.provision:
            raise Refused([rules.UNKNOWN_ACCOUNT()])
        account = _provide(by, provider, claims, subject, bool(wanted))
    person = people.person_by_id(account.person_id)
    assert person is not None
    refuse_if([] if people.admitted(person, by.today) else [rules.NOT_LET_IN()])
    _follow(by, provider, account, person, wanted)
    db.session.flush()
    return begin(people.by_of(person, by.at, by.today), person, "work", agent, address), person


def _provide(by: By, provider: openid.Provider, claims: Mapping[str, Any], subject: str, roles: bool) -> Account:
    """A new person from the claims; a user name in use is never taken over."""
    refuse_if([] if roles else [rules.NO_ROLE()])
    username, home = rules.username_of(claims), people.organisation(provider.organisation)
    refuse_if([rules.NAME_IN_USE()] if people.person(username) else [])
    refuse_if([rules.UNKNOWN_ACCOUNT()] if home is None else [])
    assert home is not None
    person = accounts.add_person(by, username, str(claims.get("name") or username)[:120], home.id)
    return link_account(by, person, provider.issuer, subject)


def _map(by: By, provider: openid.Provider) -> ClaimsMap:
    """The map as it stands in the file: a new wording is taken into use by an event of its own."""
    content = json.dumps(
        {"issuer": provider.issuer, "groups": provider.groups, "roles": provider.roles}, sort_keys=True, indent=1,
        ensure_ascii=False,
    )  # fmt: skip
    digest = hashlib.sha256(content.encode()).hexdigest()
    row = queries.claims_map()
    if row is None or row.digest != digest:
        row = ClaimsMap(digest=digest, content=content, read_at=by.at)
        db.session.add(row)
        audit.record(by, CLAIMS_MAP_READ, row)
    return row


def _follow(by: By, provider: openid.Provider, account: Account, person: Person, wanted: set[tuple[Role, str]]) -> None:
    """Roles that the groups give begin, those that they give no more end; roles given otherwise stay."""
    row = _map(by, provider)
    held = {(grant.role, code): (claimed, grant) for claimed, grant, code in queries.claimed(account.id)}
    ended, given = sorted(held.keys() - wanted), sorted(wanted - held.keys())
    for one in ended:
        claimed, grant = held[one]
        accounts.end_role(by, grant.id)
        claimed.ended_at = by.at
    places: dict[str, Organisation | None] = {code: people.organisation(code) for _role, code in given}
    refuse_if([rules.MISREAD(role=f"{role.value}@{code}") for role, code in given if places[code] is None])
    for role, code in given:
        place = places[code]
        assert place is not None
        today = people.grant_of(person.id, role, place.id, by.today)
        grant = accounts.resume_role(by, today.id) if today else accounts.grant_role(by, person.id, role, place.id)
        db.session.add(ClaimedGrant(account_id=account.id, grant_id=grant.id, claims_map_id=row.id, given_at=by.at))
    if ended or given:
        said = [[f"{role.value}@{code}" for role, code in some] for some in (given, ended)]
        audit.record(by, CLAIMED_ROLES, account, person.organisation_id, given=said[0], ended=said[1])


def refuse_work(by: By, issuer: str, subject: str, why: str) -> None:
    """Leave a line in the log about a work account that was not let in, so that it can be linked."""
    audit.record(by, WORK_REFUSED, people.organisations()[0], issuer=issuer, subject=subject, why=why)


# --- emergency sign-ins ------------------------------------------------------------------------------------------


def _emergency_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_emergency(by: By, person: Person, reason: str) -> str:
    """A sign-in for whoever cannot get in: opens once within fifteen minutes; gives what its link holds."""
    by.must(Permission.ACCOUNT_MANAGE)
    refuse_if([] if reason.strip() else [rules.NO_REASON("reason")])
    refuse_if([] if people.admitted(person, by.today) else [rules.NOT_LET_IN()])
    token = secrets.token_urlsafe(32)
    row = Emergency(
        person_id=person.id, digest=_emergency_digest(token), reason=reason.strip(), made_by=by.name, made_at=by.at,
        ends_at=by.at + rules.EMERGENCY,
    )  # fmt: skip
    db.session.add(row)
    audit.record(by.because(reason.strip()), EMERGENCY_MADE, row, person.organisation_id)
    return token


def begin_in_emergency(by: By, token: str, agent: str, address: str) -> tuple[SignIn, Person]:
    """Begin the sign-in that an emergency link opens."""
    row = queries.emergency(_emergency_digest(token), lock=True)
    if row is None:
        raise Refused([rules.SPENT()])
    refuse_if(rules.why_not_use(row.ends_at, row.used_at is not None, by.at))
    person = people.person_by_id(row.person_id)
    assert person is not None
    refuse_if([] if people.admitted(person, by.today) else [rules.NOT_LET_IN()])
    row.used_at = by.at
    himself = people.by_of(person, by.at, by.today)
    audit.record(himself, EMERGENCY_USED, row, person.organisation_id)
    return begin(himself, person, "emergency", agent, address), person


# --- texts that wait ---------------------------------------------------------------------------------------------


def keep_draft(by: By, address: str, fields: list[tuple[str, str]]) -> str:
    """Keep what was typed while its writer is at the provider."""
    token = secrets.token_urlsafe(32)
    db.session.execute(delete(ParkedDraft).where(ParkedDraft.parked_at < by.at - rules.PARKED))
    db.session.add(
        ParkedDraft(
            token=token, person_id=by.person_id, address=address, fields=json.dumps(fields), parked_at=by.at
        )
    )  # fmt: skip
    return token


def drop_draft(by: By, token: str) -> tuple[str, list[tuple[str, str]]]:
    """Take up what was typed and where it was to be sent, once, and only by its writer."""
    row = queries.parked(token)
    if row is None or row.person_id != by.person_id or by.at - row.parked_at > rules.PARKED:
        return "", []
    address, fields = row.address, [(str(name), str(value)) for name, value in json.loads(row.fields)]
    db.session.delete(row)
    return address, fields
