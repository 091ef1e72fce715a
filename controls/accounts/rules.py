"""Rules of role requests, stand-ins, exceptions of the chair and the register of keepers."""

from collections.abc import Collection
from datetime import date, timedelta

from controls.base.why import FIELD_REQUIRED, N_, WRONG_STATE, Reason, Why
from controls.identity.duties import RULES, Duty, Side
from controls.identity.permissions import Role
from controls.identity.words import KeeperKind, RequestState

LONGEST = timedelta(days=366)
REASON, UNTIL = N_("Why"), N_("Until")
DATE_ORDER = Why("accounts.date_order", N_("The last day cannot be before the first."))
PAST = Why("accounts.past", N_("The last day must lie ahead."))
TOO_LONG = Why("accounts.too_long", N_("A year at most; it can be given again."))
HELD = Why("accounts.role_held", N_("{name} holds this role already."))
ASKED_ALREADY = Why("accounts.asked_already", N_("This role has been asked for already."), 409)
OWN_STAND_IN = Why("accounts.own_stand_in", N_("Choose another person than {name}."))
MIXED = Why(
    "accounts.mixed", N_("Who administers the system stands in for administrators only, and only they for them.")
)  # fmt: skip
ENDED = Why("accounts.ended", N_("This has ended already."), 409)
FIXED = Why("accounts.fixed", N_("There is no exemption from {duty}."))
OWN_EXCEPTION = Why("accounts.own_exception", N_("The chair cannot grant an exemption to himself or herself."), 403)
OWN_ACCOUNT = Why("accounts.own_account", N_("You cannot close your own account."), 403)
NOT_ROOT = Why("accounts.not_root", N_("Choose the first account of a person: {name} is itself a second one."))
HAS_SECOND = Why("accounts.has_second", N_("Other accounts name this one as the first."))
NOT_TOLD = Why(
    "accounts.not_told", N_("{name} answers for {n} things. See what they are before you close the account."), 409
)  # fmt: skip
CLOSED = Why("accounts.closed", N_("The account of {name} is closed."), 409)


def _required(**values: tuple[str, str | date | None]) -> list[Reason]:
    return [FIELD_REQUIRED(name, label=label) for name, (label, value) in values.items() if not value]


def _period(first: date | None, last: date | None, today: date) -> list[Reason]:
    if first is None or last is None:
        return []
    reasons = [DATE_ORDER("valid_to")] if last < first else []
    reasons += [PAST("valid_to")] if not reasons and last < today else []
    return reasons + ([TOO_LONG("valid_to")] if last - first > LONGEST else [])


def why_not_ask(
    role: Role, name: str, open_: bool, holds: bool, asked: bool, valid_to: date | None, reason: str, today: date
) -> list[Reason]:
    """A role is asked for with a reason, for somebody who can sign in and does not hold it."""
    reasons = _required(reason=(REASON, reason.strip()))
    reasons += [] if open_ else [CLOSED(name=name)]
    reasons += [HELD("role", name=name)] if holds else []
    reasons += [ASKED_ALREADY("role")] if asked else []
    return reasons + ([PAST("valid_to")] if valid_to is not None and valid_to < today else [])


def why_not_answer(state: RequestState) -> list[Reason]:
    """A request is answered once."""
    return [] if state is RequestState.ASKED else [WRONG_STATE(state=state)]


def why_not_stand_in(
    name: str, same: bool, first: date | None, last: date | None, reason: str, today: date,
    roles: Collection[Role], others: Collection[Role],
) -> list[Reason]:  # fmt: skip
    """Another person, for a year at most and with a reason; administrators only among themselves (S9)."""
    reasons = [OWN_STAND_IN("stand_in_id", name=name)] if same else []
    reasons += _required(reason=(REASON, reason.strip()), valid_to=(UNTIL, last)) + _period(first, last, today)
    business = bool(set(others) - {Role.ADM})
    mixed = (Role.ADM in roles and business) or (Role.ADM in others and bool(set(roles) - {Role.ADM}))
    return reasons + ([MIXED("stand_in_id")] if mixed else [])


def why_not_end(ended: bool) -> list[Reason]:
    """What has ended is not ended again."""
    return [ENDED()] if ended else []


def why_not_except(
    duty: Duty, own: bool, first: date | None, last: date | None, reason: str, today: date
) -> list[Reason]:  # fmt: skip
    """An exception of the chair: never from a fixed rule, never for oneself, a year at most, with a reason."""
    reasons = [FIXED("duty", duty=duty.value)] if RULES[duty].fixed else []
    reasons += [OWN_EXCEPTION("person_id")] if own else []
    return reasons + _required(reason=(REASON, reason.strip()), valid_to=(UNTIL, last)) + _period(first, last, today)


def why_not_same_person(name: str, first_is_second: bool, has_second: bool, own: bool) -> list[Reason]:
    """A second account names a first one, one step deep."""
    reasons = [NOT_ROOT("first_id", name=name)] if first_is_second else []
    reasons += [OWN_STAND_IN("first_id", name=name)] if own else []
    return reasons + ([HAS_SECOND("first_id")] if has_second else [])


def why_not_disable(own: bool, closed: bool, name: str) -> list[Reason]:
    """Nobody closes his own account, and none is closed twice."""
    return ([OWN_ACCOUNT()] if own else []) + ([CLOSED(name=name)] if closed else [])


def why_not_untold(owned: int, told: int | None, name: str) -> list[Reason]:
    """Whoever ends an account was told what the person answers for; it stands in the hand-over queue from then."""
    return [] if owned == (told or 0) else [NOT_TOLD(name=name, n=owned)]


def why_not_keeper(name: str) -> list[Reason]:
    """The register names people."""
    return _required(name=(N_("Name"), name))


def side(kind: KeeperKind) -> Side:
    """Which side of S16 an entry in the register is."""
    return Side.FIRST if kind is KeeperKind.DATABASE else Side.SECOND
