"""Every write of findings and actions."""

from datetime import date

from controls.base import audit
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import FORBIDDEN, N_, NOT_FOUND, Refused, refuse_if
from controls.finding import queries, rules
from controls.finding.tables import Action, Extension, Finding
from controls.finding.words import ActionState, State
from controls.identity import actions as accounts
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission

RAISED = audit.declare("finding.raised", N_("Finding raised"))
EDITED = audit.declare("finding.edited", N_("Finding changed"))
HEARD = audit.declare("finding.sent_to_hearing", N_("Finding sent to hearing"))
ANSWERED = audit.declare("finding.hearing_answered", N_("Hearing answered"))
CONFIRMED = audit.declare("finding.confirmed", N_("Finding confirmed"))
AGREED = audit.declare("finding.action_agreed", N_("Action agreed"), "finding_id", "action")
STARTED = audit.declare("finding.action_started", N_("Action started"), "finding_id", "action")
REPORTED = audit.declare("finding.action_reported_done", N_("Action reported done"), "finding_id", "action")
VERIFIED = audit.declare("finding.action_verified", N_("Action verified"), "finding_id", "action")
REJECTED = audit.declare("finding.action_rejected", N_("Action sent back to its owner"), "finding_id", "action")
DROPPED = audit.declare("finding.action_dropped", N_("Action dropped"), "finding_id", "action")
EXTENDED = audit.declare("finding.extended", N_("Deadline extended"), "old_deadline", "new_deadline")
ACCEPTED = audit.declare("finding.risk_accepted", N_("Risk accepted"), "until")
CLOSED = audit.declare("finding.closed", N_("Finding closed"))
HANDED_OVER = audit.declare("finding.handed_over", N_("Finding given over to another owner"))
ACTION_HANDED_OVER = audit.declare(
    "finding.action_handed_over", N_("Action given over to another owner"), "finding_id", "action"
)


def raise_finding(by: By, values: rules.Values) -> Finding:
    """Write down a weakness, from a review, a test or a day's work."""
    facts = queries.review_facts(values.review_id) if values.review_id else None
    if values.review_id and (facts is None or facts.organisation_id != values.organisation_id):
        raise Refused([NOT_FOUND()])
    team = (facts.lead_id, facts.tester_id, facts.quality_reviewer_id) if facts else ()
    places = queries.places(values.subprocess_id, values.review_id)
    by.must(Permission.FINDING_MANAGE, values.organisation_id, own=by.own_id in team, places=places)
    finding = Finding(
        organisation_id=values.organisation_id, number=values.number or _next(Finding, values.organisation_id, by, "F"),
        review_id=values.review_id, state=State.DRAFT, author_id=by.person_id,
    )  # fmt: skip
    _write(by, finding, values)
    db.session.add(finding)
    audit.record(by, RAISED, finding)
    return finding


def edit(by: By, id: int, version: int | None, values: rules.Values) -> Finding:
    """Change a finding until it is confirmed."""
    finding = _load(by, id, version, Permission.FINDING_VERIFY)
    _write(by, finding, values)
    audit.record(by, EDITED, finding)
    return finding


def _write(by: By, finding: Finding, values: rules.Values) -> None:
    refuse_if(rules.why_not_write(values, _repeats(values), finding.state, finding.id or 0))
    finding.subprocess_id, finding.control_id = values.subprocess_id, values.control_id
    finding.condition, finding.criterion = values.condition, values.criterion
    finding.cause, finding.consequence = values.cause, values.consequence
    finding.severity, finding.owner_id = values.severity, values.owner_id
    finding.compensating_control, finding.recommendation = values.compensating_control, values.recommendation
    finding.repeat_of_id = values.repeat_of_id
    saved(by, finding)


def _repeats(values: rules.Values) -> tuple[int, int] | None:
    row = db.session.get(Finding, values.repeat_of_id) if values.repeat_of_id else None
    return None if row is None else (row.organisation_id, row.id)


def _next(table: type[Finding] | type[Action], organisation_id: int, by: By, letter: str) -> str:
    prefix = f"{letter}-{by.today.year}-"
    used = [number.removeprefix(prefix) for number in queries.numbers_used(table, organisation_id, prefix)]
    return f"{prefix}{max((int(n) for n in used if n.isdigit()), default=0) + 1:02}"


def _load(by: By, id: int, version: int | None, permission: Permission) -> Finding:
    """The finding, when the person may do this with it."""
    finding: Finding = load(Finding, id, version)
    refuse_if([] if queries.may(by, finding, permission) else [FORBIDDEN()])
    return finding


def _load_action(by: By, id: int, version: int | None, permission: Permission) -> tuple[Action, Finding]:
    action: Action = load(Action, id, version)
    finding = db.session.get_one(Finding, action.finding_id)
    refuse_if([] if queries.may(by, finding, permission, action) else [FORBIDDEN()])
    return action, finding


def send_to_hearing(by: By, id: int, version: int | None) -> Finding:
    """Ask the owner."""
    finding = _load(by, id, version, Permission.FINDING_VERIFY)
    refuse_if(rules.why_not_send_to_hearing(finding.state, finding.owner_id))
    finding.state = State.IN_HEARING
    saved(by, finding)
    audit.record(by, HEARD, finding)
    return finding


def answer_hearing(by: By, id: int, version: int | None, response: str) -> Finding:
    """The owner's answer to the finding."""
    finding = _load(by, id, version, Permission.FINDING_MANAGE)
    refuse_if(rules.why_not_answer_hearing(finding.state, response))
    finding.management_response = response
    saved(by, finding)
    audit.record(by, ANSWERED, finding)
    return finding


def confirm(
    by: By, id: int, version: int | None, response: str = "", deadline: date | None = None,
    verifier_id: int | None = None,
) -> Finding:  # fmt: skip
    """Confirm the finding after the hearing: the owner's answer stands on it, and it has a deadline."""
    finding = _load(by, id, version, Permission.FINDING_VERIFY)
    answer = response or finding.management_response
    refuse_if(rules.why_not_confirm(finding.state, by.person_id, finding.owner_id, answer, deadline, by.today))
    finding.management_response, finding.verifier_id = answer, verifier_id
    finding.deadline_original = finding.deadline_current = deadline
    finding.confirmed_on, finding.state = by.today, State.CONFIRMED
    saved(by, finding)
    accounts.take_part(by, Duty.S12, finding, Side.FIRST, persons=[finding.owner_id])
    audit.record(by, CONFIRMED, finding)
    return finding


def agree_action(by: By, finding_id: int, values: rules.ActionValues) -> Action:
    """Agree on a measure with owner and deadline."""
    finding = _load(by, finding_id, None, Permission.FINDING_MANAGE)
    refuse_if(rules.why_not_agree_action(finding.state, values, by.today))
    number = values.number or _next(Action, finding.organisation_id, by, "H")
    action = Action(
        organisation_id=finding.organisation_id, number=number,
        finding_id=finding.id, text=values.text, owner_id=values.owner_id, deadline_original=values.deadline,
        deadline_current=values.deadline, state=ActionState.AGREED, verifier_id=values.verifier_id,
    )  # fmt: skip
    saved(by, action)
    db.session.add(action)
    accounts.take_part(by, Duty.S12, action, Side.FIRST, persons=[action.owner_id])
    _follow(by, finding)
    audit.record(by, AGREED, action, finding_id=finding.id, action=action.number)
    return action


def _follow(by: By, finding: Finding) -> None:
    """Let the finding's state follow its actions'."""
    db.session.flush()
    state = rules.after_actions(finding.state, [action.state for action in queries.actions_of(finding.id)])
    if state is not finding.state:
        finding.state = state
        saved(by, finding)


def start_action(by: By, id: int, version: int | None) -> Action:
    """Work on an action has begun."""
    action, finding = _load_action(by, id, version, Permission.FINDING_MANAGE)
    refuse_if(rules.why_not_start_action(action.state))
    action.state = ActionState.IN_PROGRESS
    saved(by, action)
    _follow(by, finding)
    audit.record(by, STARTED, action, finding_id=finding.id, action=action.number)
    return action


def report_done(by: By, id: int, version: int | None, note: str) -> Action:
    """The owner reports that an action is done, and how."""
    action, finding = _load_action(by, id, version, Permission.FINDING_MANAGE)
    refuse_if(rules.why_not_report_done(action.state, note))
    action.state, action.done_on, action.done_note = ActionState.REPORTED_DONE, by.today, note
    saved(by, action)
    accounts.take_part(by, Duty.S12, action, Side.FIRST)
    _follow(by, finding)
    audit.record(by, REPORTED, action, finding_id=finding.id, action=action.number)
    return action


def verify(by: By, id: int, version: int | None, note: str = "") -> Action:
    """Another person than the owner sees that it was done, from evidence (S12)."""
    action, finding = _load_action(by, id, version, Permission.FINDING_VERIFY)
    proven = queries.has_evidence(finding.id, [action.id])
    refuse_if(rules.why_not_verify(action.state, proven))
    accounts.take_part(by, Duty.S12, action, Side.SECOND, permission=Permission.FINDING_VERIFY)
    action.state, action.note = ActionState.VERIFIED, note
    action.verified_by_id, action.verified_on = by.person_id, by.today
    saved(by, action)
    _follow(by, finding)
    audit.record(by, VERIFIED, action, finding_id=finding.id, action=action.number)
    return action


def reject(by: By, id: int, version: int | None, note: str) -> Action:
    """Send what is not good enough back to its owner."""
    action, finding = _load_action(by, id, version, Permission.FINDING_VERIFY)
    refuse_if(rules.why_not_reject(action.state, note))
    accounts.take_part(by, Duty.S12, action, Side.SECOND, permission=Permission.FINDING_VERIFY)
    action.state, action.note, action.done_on = ActionState.IN_PROGRESS, note, None
    saved(by, action)
    _follow(by, finding)
    audit.record(by.because(note), REJECTED, action, finding_id=finding.id, action=action.number)
    return action


def drop_action(by: By, id: int, version: int | None, reason: str) -> Action:
    """Give up an action, with a reason."""
    action, finding = _load_action(by, id, version, Permission.FINDING_VERIFY)
    refuse_if(rules.why_not_drop_action(action.state, reason))
    action.state, action.note = ActionState.DROPPED, reason
    saved(by, action)
    _follow(by, finding)
    audit.record(by.because(reason), DROPPED, action, finding_id=finding.id, action=action.number)
    return action


def close(by: By, id: int, version: int | None, note: str) -> Finding:
    """Close a finding: proven, every action verified, by another person than the owner (S12)."""
    finding = _load(by, id, version, Permission.FINDING_VERIFY)
    actions = queries.actions_of(finding.id)
    proven = queries.has_evidence(finding.id, [action.id for action in actions])
    listed = [(action.number, action.state) for action in actions]
    refuse_if(rules.why_not_close(finding.state, listed, proven))
    accounts.take_part(by, Duty.S12, finding, Side.SECOND, permission=Permission.FINDING_VERIFY)
    finding.state, finding.closing_note = State.CLOSED, note
    finding.closed_on, finding.closed_by_id = by.today, by.person_id
    saved(by, finding)
    audit.record(by, CLOSED, finding)
    return finding


def accept_risk(
    by: By, id: int, version: int | None, accepted_by_id: int | None, until: date | None, reason: str
) -> Finding:
    """Record who lives with the risk, until when and why; what was agreed but not done is dropped."""
    finding: Finding = load(Finding, id, version)
    by.must(Permission.FINDING_MANAGE, finding.organisation_id)
    refuse_if(rules.why_not_accept_risk(finding.state, accepted_by_id, finding.owner_id, until, reason, by.today))
    for action in queries.actions_of(finding.id):
        if action.state in rules.WORKING:
            action.state, action.note = ActionState.DROPPED, reason
            saved(by, action)
    finding.state, finding.risk_accepted_by_id = State.RISK_ACCEPTED, accepted_by_id
    finding.risk_accepted_until, finding.risk_acceptance_reason = until, reason
    saved(by, finding)
    audit.record(by.because(reason), ACCEPTED, finding, until=until)
    return finding


def extend(
    by: By, id: int, version: int | None, new_deadline: date | None, reason: str, asked_by_id: int | None = None
) -> Finding:
    """Approve a later deadline for the finding and for open actions that had its deadline; it is counted."""
    finding: Finding = load(Finding, id, version)
    by.must(Permission.FINDING_MANAGE, finding.organisation_id)
    asked, old = asked_by_id or finding.owner_id, finding.deadline_current
    refuse_if(rules.why_not_extend(finding.state, old, new_deadline, reason, asked, by.person_id))
    if new_deadline is None or old is None or asked is None:
        raise Refused([NOT_FOUND()])
    for action in queries.actions_of(finding.id):
        if action.state in rules.WORKING and action.deadline_current == old:
            action.deadline_current = new_deadline
            saved(by, action)
    finding.extensions, finding.deadline_current = finding.extensions + 1, new_deadline
    extension = Extension(
        organisation_id=finding.organisation_id, finding_id=finding.id, number=finding.extensions, old_deadline=old,
        new_deadline=new_deadline, reason=reason, asked_by_id=asked, approved_by_id=by.person_id, approved_on=by.today,
    )  # fmt: skip
    saved(by, finding)
    saved(by, extension)
    db.session.add(extension)
    audit.record(by.because(reason), EXTENDED, finding, old_deadline=old, new_deadline=new_deadline)
    return finding


def hand_over(by: By, id: int, owner_id: int, reason: str) -> Finding:
    """Give a finding over to another owner, who does not close it (S12)."""
    finding: Finding = load(Finding, id)
    by.must(Permission.FINDING_MANAGE, finding.organisation_id)
    refuse_if(rules.why_not_hand_over(finding.state))
    finding.owner_id = owner_id
    finding.verifier_id = None if finding.verifier_id == owner_id else finding.verifier_id
    saved(by, finding)
    if finding.confirmed_on is not None:
        accounts.take_part(by, Duty.S12, finding, Side.FIRST, persons=[owner_id])
    audit.record(by.because(reason), HANDED_OVER, finding)
    return finding


def hand_over_action(by: By, id: int, owner_id: int, reason: str) -> Action:
    """Give an action over to another owner, who does not verify it (S12)."""
    action: Action = load(Action, id)
    finding = db.session.get_one(Finding, action.finding_id)
    by.must(Permission.FINDING_MANAGE, action.organisation_id)
    refuse_if(rules.why_not_hand_over_action(action.state))
    action.owner_id = owner_id
    action.verifier_id = None if action.verifier_id == owner_id else action.verifier_id
    saved(by, action)
    accounts.take_part(by, Duty.S12, action, Side.FIRST, persons=[owner_id])
    audit.record(by.because(reason), ACTION_HANDED_OVER, action, finding_id=finding.id, action=action.number)
    return action


def ask_reopening(by: By, id: int, version: int | None, reason: str) -> Finding:
    """Who raised or follows up a finding asks that it be taken up again, after it was closed or its risk accepted."""
    finding = _load(by, id, version, Permission.REOPENING_ASK)
    final, others = finding.state in rules.FINAL, queries.workers(finding)
    accounts.ask_reopening(by, finding, reason, final=final, others=others)
    return finding


def approve_reopening(by: By, id: int, version: int | None, answer: str = "") -> Finding:
    """The second person agrees: the finding is open again, and is closed anew; how it was closed is kept (S11)."""
    finding = _load(by, id, None, Permission.REOPENING_APPROVE)
    final = finding.state in rules.FINAL
    kept = queries.snapshot(finding) if final else ""
    if final:
        finding.state, finding.closing_note = State.REOPENED, ""
        finding.closed_on, finding.closed_by_id = None, None
        finding.risk_accepted_by_id, finding.risk_accepted_until, finding.risk_acceptance_reason = None, None, ""
        saved(by, finding)
    accounts.approve_reopening(by, finding, version, answer, final=final, snapshot=kept)
    return finding


def refuse_reopening(by: By, id: int, version: int | None, answer: str) -> Finding:
    """The second person does not agree, and says why."""
    finding = _load(by, id, None, Permission.REOPENING_APPROVE)
    accounts.refuse_reopening(by, finding, version, answer, final=finding.state in rules.FINAL)
    return finding
