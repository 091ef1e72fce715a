"""Rules of credentials: which one-time code counts, how recovery codes look, what a passkey is called."""

import re
from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest

from controls.base.why import N_, Reason, Why

STEP, DRIFT, CODES = 30, 1, 10
"""Seconds of a time step, steps by which a clock may be off (RFC 6238 section 5.2), recovery codes at a time."""
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that cannot be taken for each other (no I, O, 0 or 1)."""
WRONG_CODE = Why("credential.wrong_code", N_("The code is wrong or has been used. Wait for the next one."), 422)
HAS_APP = Why("credential.has_app", N_("You already use an authenticator app. End it first."), 409)
NO_APP = Why("credential.no_app", N_("You use no authenticator app."), 409)
NOT_A_PASSKEY = Why("credential.not_a_passkey", N_("The passkey could not be read. Try again."), 422)
KNOWN_PASSKEY = Why("credential.known_passkey", N_("This passkey has been added already."), 409)

WRONG_OLD = Why("credential.wrong_old", N_("The password you have now is not right."), 422)
SAME_PASSWORD = Why("credential.same_password", N_("The new password must not be the one you have now."), 422)
NOT_TWICE = Why("credential.not_twice", N_("The two new passwords are not the same."), 422)
HOW = {
    "password": N_("Password"), "password+code": N_("Password and one-time code"), "passkey": N_("Passkey"),
    "work": N_("Work account"), "emergency": N_("Emergency sign-in"), "demo": N_("Demo"),
}  # fmt: skip
"""How a sign-in was begun."""


def why_not_change(right: bool, old: str, new: str, again: str) -> list[Reason]:
    """The old password is right, the new one another, and typed twice alike."""
    reasons = [] if right else [WRONG_OLD("old")]
    reasons += [SAME_PASSWORD("new")] if old == new else []
    return reasons + ([NOT_TWICE("again")] if new != again else [])


def step_at(at: datetime) -> int:
    """The time step of a moment."""
    return int(at.timestamp()) // STEP


def steps(at: datetime) -> range:
    """The time steps whose code is taken at a moment."""
    return range(step_at(at) - DRIFT, step_at(at) + DRIFT + 1)


def accepted(codes: Mapping[int, str], typed: str, last: int) -> int | None:
    """The time step whose code was typed, when it is later than the last one used (RFC 6238 section 5.2)."""
    given = re.sub(r"\s", "", typed).encode()
    found = [step for step, code in codes.items() if compare_digest(code.encode(), given)]
    return next((step for step in found if step > last), None)


def tidy(typed: str) -> str:
    """A recovery code as it was shown, however it is typed."""
    letters = re.sub(r"[\s-]", "", typed).upper()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def looks_like_recovery(typed: str) -> bool:
    """Whether a recovery code was typed: twelve signs of the alphabet."""
    letters = re.sub(r"[\s-]", "", typed).upper()
    return len(letters) == 12 and set(letters) <= set(ALPHABET)


def why_not_add_app(has: bool) -> list[Reason]:
    """One authenticator app at a time."""
    return [HAS_APP()] if has else []


def why_not_end_app(has: bool) -> list[Reason]:
    """Only an app in use can be ended, and only it has recovery codes."""
    return [] if has else [NO_APP()]
