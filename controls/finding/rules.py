"""What may happen to a finding and its actions, and why not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from controls.base.why import FIELD_REQUIRED, N_, WRONG_STATE, Reason, Why
from controls.finding.words import ActionState, Severity, State

STEPS: dict[str, frozenset[State]] = {
    "edit": frozenset({State.DRAFT, State.IN_HEARING}),
    "send_to_hearing": frozenset({State.DRAFT}),
    "answer_hearing": frozenset({State.IN_HEARING}),
    "confirm": frozenset({State.IN_HEARING}),
    "agree_action": frozenset({
        State.CONFIRMED, State.ACTION_AGREED, State.IN_PROGRESS, State.REPORTED_DONE, State.RETESTED, State.REOPENED,
    }),
    "extend": frozenset({State.CONFIRMED, State.ACTION_AGREED, State.IN_PROGRESS}),
    "accept_risk": frozenset({State.CONFIRMED, State.ACTION_AGREED, State.IN_PROGRESS, State.REOPENED}),
    "close": frozenset({State.RETESTED}),
}  # fmt: skip
ACTION_STEPS: dict[str, frozenset[ActionState]] = {
    "start_action": frozenset({ActionState.AGREED}),
    "report_done": frozenset({ActionState.AGREED, ActionState.IN_PROGRESS}),
    "verify": frozenset({ActionState.REPORTED_DONE}),
    "reject": frozenset({ActionState.REPORTED_DONE}),
    "drop_action": frozenset({ActionState.AGREED, ActionState.IN_PROGRESS}),
}
LIVE = frozenset({
    State.CONFIRMED, State.ACTION_AGREED, State.IN_PROGRESS, State.REPORTED_DONE, State.RETESTED, State.REOPENED,
})  # fmt: skip
FINAL = frozenset({State.CLOSED, State.RISK_ACCEPTED})
OPEN = LIVE | {State.DRAFT, State.IN_HEARING}
LATE = frozenset({State.CONFIRMED, State.ACTION_AGREED, State.IN_PROGRESS, State.REOPENED})
WORKING = frozenset({ActionState.AGREED, ActionState.IN_PROGRESS})
OWNED = WORKING | {ActionState.REPORTED_DONE}
"""Actions that somebody must answer for: a reported one may come back."""
SERIOUS = frozenset({Severity.SIGNIFICANT, Severity.MATERIAL})

NOT_NOW = Why("finding.not_now", N_("This cannot be done in the state “{state}”."), 409)
NO_OWNER = Why("finding.no_owner", N_("Name the owner of the finding first."))
NO_RESPONSE = Why("finding.no_response", N_("The owner has not answered the hearing."))
OWNER_CONFIRMS = Why("finding.owner_confirms", N_("The owner of the finding may not confirm it."), 403)
PAST = Why("finding.past", N_("The deadline must lie in the future."))
NOT_LATER = Why("finding.not_later", N_("The new deadline must be later than {deadline}."))
ASKED_BY_SELF = Why(
    "finding.asked_by_self", N_("Another person than the one who asks must approve the extension."), 403
)
NO_EVIDENCE = Why("finding.no_evidence", N_("Add evidence to the finding or one of its actions first."))
NOT_VERIFIED = Why("finding.not_verified", N_("Action {number} is not verified."), 409)
NO_ACTION = Why("finding.no_action", N_("No action is verified. Agree on an action, or accept the risk."), 409)
OWN_REPEAT = Why("finding.own_repeat", N_("A finding repeats an earlier finding in the same organisation."))
SELF_ACCEPTED = Why("finding.self_accepted", N_("The owner of the finding may not accept the risk alone."), 403)
NOT_READY = Why("finding.not_ready", N_("Finding {number} is still a draft. Send it to hearing."), 409)
NO_FINDING = Why("finding.no_finding", N_("{control}: {outcome}. Raise a finding on it."), 409)
WHAT = {
    "condition": N_("Condition"), "criterion": N_("Criterion"), "cause": N_("Cause"),
    "consequence": N_("Consequence"), "response": N_("The owner's answer"), "deadline": N_("Deadline"),
    "text": N_("Action"), "owner_id": N_("Owner"), "note": N_("Note"), "reason": N_("Reason"),
    "new_deadline": N_("New deadline"), "until": N_("Accepted until"), "accepted_by_id": N_("Accepted by"),
}  # fmt: skip


@dataclass(frozen=True)
class Values:
    """A finding as written: condition, criterion, cause, consequence and its class."""

    organisation_id: int
    subprocess_id: int
    condition: str
    criterion: str
    cause: str
    consequence: str
    severity: Severity
    review_id: int | None = None
    control_id: int | None = None
    compensating_control: str = ""
    recommendation: str = ""
    owner_id: int | None = None
    repeat_of_id: int | None = None
    number: str = ""


@dataclass(frozen=True)
class ActionValues:
    """An agreed measure with owner and deadline, and who is asked to verify it."""

    text: str
    owner_id: int
    deadline: date | None
    verifier_id: int | None = None
    number: str = ""


def _required(**values: object) -> list[Reason]:
    empty = [name for name, value in values.items() if value is None or value == ""]
    return [FIELD_REQUIRED(name, label=WHAT[name]) for name in empty]


def _step(verb: str, state: State) -> list[Reason]:
    return [] if state in STEPS[verb] else [WRONG_STATE(state=state.label)]


def _action_step(verb: str, state: ActionState) -> list[Reason]:
    return [] if state in ACTION_STEPS[verb] else [WRONG_STATE(state=state.label)]


def why_not_write(
    values: Values, repeats: tuple[int, int] | None, state: State = State.DRAFT, id: int = 0
) -> list[Reason]:
    """A finding says what is, what should be, why, and what it leads to (ISSAI 300; GIAS 14.3).

    `repeats` is organisation and id of the earlier finding, when one is named.
    """
    reasons = _step("edit", state) + _required(
        condition=values.condition, criterion=values.criterion, cause=values.cause, consequence=values.consequence
    )
    if values.repeat_of_id and (repeats is None or repeats[0] != values.organisation_id or repeats[1] == id):
        reasons.append(OWN_REPEAT("repeat_of_id"))
    return reasons


def why_not_send_to_hearing(state: State, owner: int | None) -> list[Reason]:
    """A finding goes to hearing with somebody who can answer it."""
    return _step("send_to_hearing", state) + ([] if owner else [NO_OWNER()])


def why_not_answer_hearing(state: State, response: str) -> list[Reason]:
    """The owner answers in words."""
    return _step("answer_hearing", state) + _required(response=response)


def may_confirm(state: State, person: int | None, owner: int | None) -> list[Reason]:
    """Another person than the owner confirms the finding after the hearing."""
    return _step("confirm", state) + ([OWNER_CONFIRMS()] if person is not None and person == owner else [])


def why_not_confirm(
    state: State, person: int | None, owner: int | None, response: str, deadline: date | None, today: date
) -> list[Reason]:
    """Confirmed with the owner's answer and a deadline that lies ahead."""
    reasons = may_confirm(state, person, owner) + ([] if response else [NO_RESPONSE("response")])
    reasons += _required(deadline=deadline)
    return reasons + ([PAST("deadline")] if deadline and deadline < today else [])


def why_not_agree_action(state: State, values: ActionValues, today: date) -> list[Reason]:
    """An action has a text, an owner and a deadline that lies ahead."""
    reasons = _step("agree_action", state)
    reasons += _required(text=values.text, owner_id=values.owner_id or None, deadline=values.deadline)
    return reasons + ([PAST("deadline")] if values.deadline and values.deadline < today else [])


def why_not_start_action(state: ActionState) -> list[Reason]:
    """Work begins on what was agreed."""
    return _action_step("start_action", state)


def why_not_report_done(state: ActionState, note: str) -> list[Reason]:
    """The owner says what was done."""
    return _action_step("report_done", state) + _required(note=note)


def may_verify(state: ActionState) -> list[Reason]:
    """What was reported done is verified."""
    return _action_step("verify", state)


def why_not_verify(state: ActionState, evidence: bool) -> list[Reason]:
    """Verified from evidence."""
    return may_verify(state) + ([] if evidence else [NO_EVIDENCE()])


def why_not_reject(state: ActionState, note: str) -> list[Reason]:
    """What is not good enough goes back to its owner with a note."""
    return _action_step("reject", state) + _required(note=note)


def why_not_drop_action(state: ActionState, reason: str) -> list[Reason]:
    """An action is dropped with a reason; what is done is never dropped."""
    return _action_step("drop_action", state) + _required(reason=reason)


def why_not_close(state: State, actions: Iterable[tuple[str, ActionState]], evidence: bool) -> list[Reason]:
    """Closing needs evidence, and every action verified or dropped."""
    listed = list(actions)
    left = [NOT_VERIFIED(number=n) for n, s in listed if s not in (ActionState.VERIFIED, ActionState.DROPPED)]
    none = [] if any(s is ActionState.VERIFIED for _, s in listed) or left else [NO_ACTION()]
    reasons = left + none or _step("close", state)
    return reasons + ([] if evidence else [NO_EVIDENCE()])


def why_not_ask_reopening(state: State) -> list[Reason]:
    """What was closed, or whose risk was accepted, may be reopened."""
    return [] if state in FINAL else [NOT_NOW(state=state.label)]


def why_not_hand_over(state: State) -> list[Reason]:
    """A finding is given over to another owner until it is closed or its risk accepted."""
    return [] if state not in FINAL else [NOT_NOW(state=state.label)]


def why_not_hand_over_action(state: ActionState) -> list[Reason]:
    """An action is given over until it is verified or dropped."""
    return [] if state in OWNED else [NOT_NOW(state=state.label)]


def why_not_accept_risk(
    state: State, accepted_by: int | None, owner: int | None, until: date | None, reason: str, today: date
) -> list[Reason]:
    """A risk is accepted by a named person other than the owner, until a day, for a reason."""
    reasons = _step("accept_risk", state) + _required(accepted_by_id=accepted_by, until=until, reason=reason)
    reasons += [SELF_ACCEPTED("accepted_by_id")] if accepted_by and accepted_by == owner else []
    return reasons + ([PAST("until")] if until and until <= today else [])


def why_not_extend(
    state: State, current: date | None, new: date | None, reason: str, asked_by: int | None, person: int | None
) -> list[Reason]:
    """A later deadline has a reason and is approved by another person than the one who asks; it is counted."""
    reasons = _step("extend", state) + _required(new_deadline=new, reason=reason)
    if new and current and new <= current:
        reasons.append(NOT_LATER("new_deadline", deadline=f"{current.day}.{current.month}.{current.year}"))
    same = person is not None and person == asked_by
    return reasons + ([ASKED_BY_SELF()] if same else [])


def after_actions(state: State, actions: Iterable[ActionState]) -> State:
    """The finding follows its live actions: agreed, in progress, reported done, retested."""
    live = [s for s in actions if s is not ActionState.DROPPED]
    if state not in LIVE or not live:
        return state
    if all(s is ActionState.VERIFIED for s in live):
        return State.RETESTED
    if all(s in (ActionState.VERIFIED, ActionState.REPORTED_DONE) for s in live):
        return State.REPORTED_DONE
    return State.ACTION_AGREED if all(s is ActionState.AGREED for s in live) else State.IN_PROGRESS


def overdue(state: State, deadline: date | None, today: date) -> bool:
    """Past the deadline and not reported done."""
    return deadline is not None and deadline < today and state in LATE
