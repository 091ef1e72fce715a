"""Rules of accounts: names, passwords, who may hold which role."""

import re
from collections.abc import Iterable

from controls.base.why import N_, SAME_PERSON, Reason, Why
from controls.identity.duties import RULES, Duty
from controls.identity.permissions import BUSINESS_ROLES, Role

SHORT_PASSWORD = Why("identity.short_password", N_("Use a password of at least {min} characters."))
NAME_TAKEN = Why("identity.name_taken", N_("The user name “{name}” has been used before and cannot be used again."))
BAD_NAME = Why("identity.bad_name", N_("A user name may hold a-z, 0-9, dot and hyphen, and starts with a letter."))
BAD_CODE = Why("identity.bad_code", N_("A code may hold A-Z, 0-9 and hyphen, and starts with a letter."))
CODE_TAKEN = Why("identity.code_taken", N_("The code “{code}” is already used."))
LOGIN_FAILED = Why("login_failed", N_("Wrong user name or password."), 401)
PASSWORD_LENGTH = 12


def why_not_password(password: str) -> list[Reason]:
    """A password is long rather than strange (NIST SP 800-63B section 5.1.1)."""
    return [SHORT_PASSWORD(min=PASSWORD_LENGTH)] if len(password) < PASSWORD_LENGTH else []


def why_not_username(username: str, taken: bool) -> list[Reason]:
    """A user name is plain and never reused."""
    if not re.fullmatch(r"[a-z][a-z0-9.-]{1,60}", username):
        return [BAD_NAME()]
    return [NAME_TAKEN(name=username)] if taken else []


def why_not_code(code: str, taken: bool) -> list[Reason]:
    """An organisation's code is plain and never reused."""
    if not re.fullmatch(r"[A-Z][A-Z0-9-]{0,19}", code):
        return [BAD_CODE()]
    return [CODE_TAKEN(code=code)] if taken else []


def why_not_hold(role: Role, held: Iterable[Role]) -> list[Reason]:
    """S9: who administers the system holds no role in the control year."""
    roles = {role, *held}
    pair = RULES[Duty.S9]
    return [SAME_PERSON(a=pair.first, b=pair.second)] if Role.ADM in roles and roles & BUSINESS_ROLES else []
