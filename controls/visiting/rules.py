"""Who may ask for, lend and grant a visitor, and what a request must say."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from controls.base.why import FIELD_REQUIRED, N_, WRONG_STATE, Reason, Why
from controls.identity.permissions import Role
from controls.identity.visits import Visited, VisitState, VisitTask

S = VisitState
STEPS: dict[tuple[VisitState, str], VisitState] = {
    (S.AWAITING_LENDER, "lend"): S.AWAITING_GRANT,
    (S.AWAITING_GRANT, "prepare"): S.AWAITING_GRANT,
    (S.AWAITING_GRANT, "grant"): S.GRANTED,
    (S.AWAITING_LENDER, "end"): S.REFUSED,
    (S.AWAITING_GRANT, "end"): S.REFUSED,
    (S.GRANTED, "end"): S.ENDED,
}
LONGEST = timedelta(days=366)
SUITS = {
    VisitTask.APPROVER: frozenset({Role.GRP}),
    VisitTask.TESTER: frozenset({Role.CTL}),
    VisitTask.QUALITY_REVIEWER: frozenset({Role.CTL, Role.GRP}),
}
"""The role at home that fits a visitor for a task: who approves is of a group, who tests is a controller."""
COUNTS_AS = {VisitTask.APPROVER: Role.GRP, VisitTask.TESTER: Role.CTL, VisitTask.QUALITY_REVIEWER: Role.CTL}
"""The role of the control year that a visit counts as: a visitor never administers the system (S9)."""

OWN_HOUSE = Why("visiting.own_house", N_("{name} belongs to {host}. Borrow a person from another organisation."))
NO_ROLE = {
    VisitTask.APPROVER: Why("visiting.no_role", N_("{name} is in no coordination group and cannot approve.")),
    VisitTask.TESTER: Why("visiting.no_role", N_("{name} is no controller and cannot test.")),
    VisitTask.QUALITY_REVIEWER: Why(
        "visiting.no_role", N_("{name} is neither controller nor in a coordination group and cannot quality-review.")
    ),
}
ADMINISTRATOR = Why("visiting.administrator", N_("{name} administers the system and cannot be borrowed."), 403)
NOT_OPEN = Why("visiting.not_open", N_("{code} is closed. Nobody can be borrowed for it."), 409)
OVER = Why("visiting.over", N_("The last day is past."))
DATE_ORDER = Why("date_order", N_("The end date is before the start date."))
TOO_LONG = Why("visiting.too_long", N_("A person can be borrowed for at most a year at a time."))
TWICE = Why("visiting.twice", N_("{name} is already asked for or lent for this."), 409)
NOT_PREPARED = Why("visiting.not_prepared", N_("An administrator must ask for the role first."), 409)
PREPARED = Why("already_done", N_("This was already done."), 409)

REASON = N_("Why")


@dataclass(frozen=True)
class Asked:
    """A request as typed."""

    visitor_id: int
    task: VisitTask
    kind: Visited
    object_id: int
    valid_from: date
    valid_to: date
    reason: str


@dataclass(frozen=True)
class Facts:
    """What the rules need to know of the person and the place."""

    name: str
    home_id: int
    roles: Collection[Role]
    host_id: int
    host: str
    code: str
    live: bool
    twice: bool


def shown(state: VisitState, valid_to: date, today: date) -> VisitState:
    """A grant expires by itself the day after its last."""
    return S.EXPIRED if state is S.GRANTED and valid_to < today else state


def why_not_ask(asked: Asked, facts: Facts, today: date) -> list[Reason]:
    """A request has a person of another house with a fitting role, a live place, a period and a reason."""
    reasons = [] if asked.reason.strip() else [FIELD_REQUIRED("reason", label=REASON)]
    if facts.home_id == facts.host_id:
        reasons.append(OWN_HOUSE("visitor_id", name=facts.name, host=facts.host))
    if Role.ADM in facts.roles:
        reasons.append(ADMINISTRATOR("visitor_id", name=facts.name))
    elif not SUITS[asked.task] & frozenset(facts.roles):
        reasons.append(NO_ROLE[asked.task]("visitor_id", name=facts.name))
    reasons += [] if facts.live else [NOT_OPEN("place", code=facts.code)]
    reasons += [TWICE("visitor_id", name=facts.name)] if facts.twice else []
    return reasons + _why_not_period(asked.valid_from, asked.valid_to, today)


def _why_not_period(first: date, last: date, today: date) -> list[Reason]:
    if last < today:
        return [OVER("valid_to")]
    if last < first:
        return [DATE_ORDER("valid_to")]
    return [TOO_LONG("valid_to")] if last - first > LONGEST else []


def why_not(state: VisitState, verb: str) -> list[Reason]:
    """A step may be taken only in the states of the table."""
    return [] if (state, verb) in STEPS else [WRONG_STATE(state=state)]
