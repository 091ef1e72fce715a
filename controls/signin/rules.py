"""Rules of the door: how long to wait after wrong answers, what is kept of a browser, what goes along with a question.

Nobody is locked out by others: wrong passwords from one address make that address wait for that name; a flood from
many addresses makes unknown browsers wait, never one that the person has signed in with before (OWASP, device cookies).
"""

import hmac
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from controls.base.why import N_, Reason, Why
from controls.identity.permissions import Role

EMERGENCY = timedelta(minutes=15)
"""How long an emergency sign-in waits to be used."""
PARKED = timedelta(minutes=30)
"""How long a text waits while its writer is at the provider."""
UNKNOWN_ACCOUNT = Why(
    "signin.unknown_account",
    N_("Your work account is not known here. Ask your administrator to link it with your user name."), 403,
)  # fmt: skip
NAME_IN_USE = Why(
    "signin.name_in_use",
    N_("Your user name is used here by an account that is not linked with your work account. Ask your administrator."),
    403,
)  # fmt: skip
NOT_LET_IN = Why("signin.not_let_in", N_("You may not sign in here. Ask your administrator."), 403)
NO_ROLE = Why("signin.no_role", N_("None of your groups gives you a role here. Ask your administrator."), 403)
OTHER_PERSON = Why("signin.other_person", N_("That was another person's work account. Nothing was confirmed."), 401)
NOT_PROVEN = Why("signin.not_proven", N_("Your work account did not confirm who you are. Try again."), 401)
PROVIDER_AWAY = Why(
    "signin.provider_away", N_("Sign-in with work account does not answer. Try again in a minute."), 503
)
LINK_TAKEN = Why("signin.link_taken", N_("This work account is linked with “{name}” already."), 409)
NO_REASON = Why("signin.no_reason", N_("Say why the emergency sign-in is needed."))
SPENT = Why("signin.spent", N_("This link has been used, or its 15 minutes have passed. Ask for a new one."), 401)
MISREAD = Why("signin.misread", N_("“{role}” is not written as ROLE@ORGANISATION with a role that people hold."))

AGAIN, PASSWORD, CODE, BACK, PASSKEY = "again", "again_password", "again_code", "again_back", "again_passkey"
"""Fields of the question who it is, beside the carried ones of the form that was posted."""
KEPT = "kept-"
"""Before the names of fields that the sign-in page carries for the page whose sign-in died."""
WRONG_PASSWORD = Why("signin.wrong_password", N_("The password is wrong. What you typed is kept."), 401)
WRONG_CODE = Why("signin.wrong_code", N_("The code is wrong or has been used. Wait for the next one."), 401)
WRONG_PASSKEY = Why("signin.wrong_passkey", N_("The passkey was not accepted. Try again, or sign in another way."), 401)
STEP_TOO_LATE = Why("signin.step_too_late", N_("It took too long. Start again with name and password."), 401)
WAIT_SECONDS = Why("too_many_requests", N_("Too many attempts. Wait {wait} seconds, then try again."), 429)
WAIT_MINUTES = Why("too_many_requests", N_("Too many attempts. Wait {wait} minutes, then try again."), 429)
HALF = timedelta(minutes=5)
"""How long the second step waits for its code."""
FORGET = timedelta(hours=24)
"""After this long without a wrong answer the count begins anew."""

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True)
class Brake:
    """How many wrong answers are free, and how long one waits at most (the wait doubles from one second)."""

    free: int
    most: timedelta


BRAKES = {
    "pair": Brake(5, timedelta(minutes=15)),
    "device": Brake(10, timedelta(minutes=15)),
    "address": Brake(50, timedelta(minutes=5)),
    "account": Brake(100, timedelta(seconds=30)),
}
"""Of a name at an address, of a browser known for the name, of an address, of a name from everywhere."""


@dataclass(frozen=True)
class Scope:
    """What is counted together: a kind of brake and what it is about."""

    kind: str
    about: str


def scopes(name: str, address: str, device: str) -> list[Scope]:
    """What a wrong answer counts for: a known browser on its own, an unknown one with its address and the name."""
    if device:
        return [Scope("device", f"{name} {device}")]
    return [Scope("pair", f"{name} {address}"), Scope("address", address), Scope("account", name)]


def wait(scope: Scope, count: int, last: datetime, at: datetime) -> timedelta:
    """How long it is still to wait."""
    brake = BRAKES[scope.kind]
    if count < brake.free or at - last >= FORGET:
        return timedelta()
    long = min(timedelta(seconds=2 ** min(count - brake.free, 20)), brake.most)
    return max(last + long - at, timedelta())


def longest(counted: Mapping[Scope, tuple[int, datetime]], at: datetime) -> timedelta:
    """How long it is to wait for all that is counted."""
    return max((wait(scope, count, last, at) for scope, (count, last) in counted.items()), default=timedelta())


def waiting(seconds: int) -> Reason:
    """How long to wait, in seconds or in minutes; the same whether the name exists or not."""
    return WAIT_SECONDS(wait=seconds) if seconds < 100 else WAIT_MINUTES(wait=-(-seconds // 60))


def device_mark(key: str, username: str, nonce: str) -> str:
    """What the cookie of a browser holds that a person has signed in with: a nonce and its code for the name."""
    return f"{nonce}.{hmac.digest(key.encode(), f'device {username} {nonce}'.encode(), 'sha256').hex()}"


def device(key: str, username: str, cookie: str) -> str:
    """The nonce of a browser that is known for this name, else nothing."""
    nonce = cookie.partition(".")[0]
    return nonce if hmac.compare_digest(device_mark(key, username, nonce).encode(), cookie.encode()) else ""


def agent(header: str) -> str:
    """A browser's name and system, enough for a person to know it again."""
    found = [next((name for mark, name in kinds if mark in header), "") for kinds in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name)


def network(address: str) -> str:
    """The network an address is in (a /24, or a /48 of IPv6), which tells a place and not a machine."""
    parsed = ip_address(address)
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def counted_address(address: str) -> str:
    """The address wrong answers are counted for: all of IPv4, the /64 of IPv6 that one household has."""
    parsed = ip_address(address)
    return address if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))


APART = ("csrf_token", "request_key", AGAIN, PASSWORD, CODE, BACK, PASSKEY)


def carried(posted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The posted fields that go along, in their order: all but the form's tokens and the answer to the question."""
    return [(name, value) for name, value in posted if name not in APART]


def wanted(roles: Mapping[str, Iterable[str]], groups: object) -> tuple[set[tuple[Role, str]], list[Reason]]:
    """The roles (with the code of where) that the groups of a claim give by the map, and what the map misspells."""
    held = {str(group) for group in groups} if isinstance(groups, list | tuple) else {str(groups or "")}
    found, reasons = set(), []
    for given in sorted({given for group in held for given in roles.get(group, ())}):
        name, _, code = given.partition("@")
        if name not in {role.value for role in Role} - {Role.SYS.value} or not code:
            reasons.append(MISREAD(role=given))
        else:
            found.add((Role(name), code))
    return found, reasons


def username_of(claims: Mapping[str, object]) -> str:
    """A user name from what the provider prefers: the part before @, in plain small letters."""
    preferred = str(claims.get("preferred_username") or claims.get("upn") or claims.get("sub") or "")
    plain = unicodedata.normalize("NFKD", preferred.partition("@")[0].lower().translate(LETTERS))
    return re.sub(r"[^a-z0-9.-]", "", plain).lstrip("0123456789.-")[:60]


LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "_": "-", " ": "."})


def why_not_use(ends_at: datetime, used: bool, at: datetime) -> list[Reason]:
    """An emergency sign-in opens once, within its minutes."""
    return [SPENT()] if used or at > ends_at else []
