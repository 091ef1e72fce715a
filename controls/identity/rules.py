"""Rules of accounts: names, passwords, who may hold which role."""

import re
from collections.abc import Collection, Iterable
from datetime import date

from controls.base.why import FIELD_REQUIRED, N_, SAME_PERSON, Reason, Why
from controls.identity.duties import RULES, Duty
from controls.identity.permissions import BUSINESS_ROLES, P, Permission, Role
from controls.identity.words import RequestState

SHORT_PASSWORD = Why("identity.short_password", N_("Use a password of at least {min} characters."))
NAME_TAKEN = Why("identity.name_taken", N_("The user name “{name}” has been used before and cannot be used again."))
BAD_NAME = Why("identity.bad_name", N_("A user name may hold a-z, 0-9, dot and hyphen, and starts with a letter."))
BAD_CODE = Why("identity.bad_code", N_("A code may hold A-Z, 0-9 and hyphen, and starts with a letter."))
CODE_TAKEN = Why("identity.code_taken", N_("The code “{code}” is already used."))
LOGIN_FAILED = Why("login_failed", N_("Wrong user name or password."), 401)
COMMON_PASSWORD = Why("identity.common_password", N_("This password is among those guessed first. Use several words."))
DISABLED = Why("identity.disabled", N_("The person is disabled already."), 409)
ENABLED = Why("identity.enabled", N_("The person is not disabled."), 409)
NOT_FINAL = Why("identity.not_final", N_("Only what is approved or closed can be reopened."), 409)
REOPENING_WAITS = Why("identity.reopening_waits", N_("A reopening is asked for already and waits for approval."), 409)
REOPENING_DECIDED = Why("identity.reopening_decided", N_("No reopening waits for a decision."), 409)
REASON, ANSWER = N_("Reason"), N_("Answer")
PASSWORD_LENGTH = 12
COMMON_WORDS = (
    "password", "passw", "adgangskode", "kodeord", "kontrolrul", "welcome", "velkommen", "letmein", "qwerty",
    "qwertyuiop", "iloveyou", "jegelskerdig", "admin", "administrator", "changeme", "skiftmig", "sommer",
    "vinter", "foraar", "forår",
    "efteraar", "efterår", "danmark", "denmark", "copenhagen", "københavn", "koebenhavn", "football", "fodbold",
    "monkey", "dragon", "sunshine", "princess", "prinsesse", "secret", "hemmelig", "master",
    "login", "test", "testtest", "abc",
    "styrelsen", "ministeriet", "departementet", "oekonomi", "økonomi", "regnskab", "kontrol",
)  # fmt: skip
"""Words of which passwords of twelve signs are made by adding figures or signs; short ones are refused by length."""
ROWS = ("1234567890", "0123456789", "qwertyuiopå", "asdfghjklæø", "zxcvbnm", "abcdefghijklmnopqrstuvwxyzæøå")


def why_not_password(password: str, username: str = "", field: str = "") -> list[Reason]:
    """A password is long rather than strange, and not one that is guessed first (NIST SP 800-63B section 5.1.1)."""
    if len(password) < PASSWORD_LENGTH:
        return [SHORT_PASSWORD(field, min=PASSWORD_LENGTH)]
    return [COMMON_PASSWORD(field)] if guessed_first(password, username) else []


def guessed_first(password: str, username: str = "") -> bool:
    """Whether a password is a common word with a figure, a row of keys, one sign repeated, or the user name."""
    plain = password.casefold()
    letters = re.sub(r"[^a-zæøå]", "", plain)
    known = {*COMMON_WORDS, username.casefold()} - {""}
    repeated = any(plain == plain[:size] * (len(plain) // size) + plain[: len(plain) % size] for size in range(1, 5))
    words = any(letters == word * (len(letters) // len(word)) and letters for word in known)
    rows = any(plain in row * 2 or plain in (row * 2)[::-1] for row in ROWS)
    return repeated or words or rows


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


ACTS: dict[Duty, tuple[frozenset[Permission], frozenset[Permission]]] = {
    Duty.S1: (frozenset({P.ASSESSMENT_FILL}), frozenset({P.ASSESSMENT_CALIBRATE})),
    Duty.S3: (frozenset({P.CONTROL_TEST}), frozenset({P.REVIEW_APPROVE})),
    Duty.S5: (
        frozenset({P.RECOMMENDATION_WRITE}), frozenset({P.FORUM_CONFIRM, P.FORUM_DECLARE, P.FORUM_RECORD}),
    ),
    Duty.S6: (frozenset({P.FORUM_RECORD}), frozenset({P.FORUM_CONFIRM})),
    Duty.S10: (frozenset({P.EVIDENCE_ADD}), frozenset({P.EVIDENCE_JUDGE})),
    Duty.S11: (frozenset({P.REOPENING_ASK}), frozenset({P.REOPENING_APPROVE})),
    Duty.S13: (frozenset({P.EVIDENCE_DISPOSE, P.REDACTION_ASK}), frozenset({P.EVIDENCE_JUDGE, P.REDACTION_APPROVE})),
}  # fmt: skip
"""What the two acts of a rule take, for the rules whose acts come from roles; the others come from tasks and duties."""


def clashes(one: Collection[Permission], other: Collection[Permission]) -> list[Duty]:
    """The rules of which one role gives the first act and another role of the same person the second.

    Nobody gets further by it than to both acts on different objects, but an auditor wants to know who could.
    """
    return [duty for duty, (first, second) in ACTS.items() if first.intersection(one) and second.intersection(other)]


def edition(states: Iterable[RequestState]) -> int:
    """The version in force: the first, and one more for each time it was reopened."""
    return 1 + sum(state is RequestState.APPROVED for state in states)


def why_not_ask_reopening(final: bool, waiting: bool, reason: str) -> list[Reason]:
    """What is final may be reopened, with a reason, and is asked for once at a time."""
    if not final:
        return [NOT_FINAL()]
    if waiting:
        return [REOPENING_WAITS()]
    return [] if reason.strip() else [FIELD_REQUIRED("reason", label=REASON)]


def why_not_decide_reopening(final: bool, state: RequestState, answer: str | None = None) -> list[Reason]:
    """A request is decided once, while its object is still final; a refusal (with its `answer`) says why."""
    if state is not RequestState.ASKED:
        return [REOPENING_DECIDED()]
    if not final:
        return [NOT_FINAL()]
    return [] if answer is None or answer.strip() else [FIELD_REQUIRED("answer", label=ANSWER)]


def why_not_disable(valid_to: date | None, today: date) -> list[Reason]:
    """Whoever is let in no more cannot be disabled again."""
    return [DISABLED()] if valid_to is not None and valid_to < today else []


def why_not_enable(valid_to: date | None) -> list[Reason]:
    """Whoever is let in cannot be let in again."""
    return [ENABLED()] if valid_to is None else []
