"""Writes of reviews: from the forum's choice through plan, parts, draft, hearing and approval to the archive."""

from collections.abc import Callable, Sequence
from datetime import date

from controls.base import audit
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import FIELD_REQUIRED, FORBIDDEN, N_, NOT_FOUND, Reason, Refused, refuse_if
from controls.evidence import actions as evidence
from controls.forum.words import Decided
from controls.identity import actions as accounts
from controls.identity import queries as identity
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.review import queries, rules
from controls.review.tables import Control, DesignTest, Review, Risk, RiskControl
from controls.review.words import State
from controls.rotation import actions as rotation
from controls.rotation.words import Degree, Source
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.universe.words import LineKind
from controls.wheel.dates import add_working_days

CREATED = audit.declare("review.created", N_("Review created"))
REPLACED = audit.declare("review.decision_replaced", N_("Review follows a supplementary decision"))
PLANNED = audit.declare("review.planned", N_("Review planned"))
STARTED = audit.declare("review.started", N_("Review started"))
DECLARED = audit.declare("review.independence_declared", N_("Independence declared"))
SCOPED = audit.declare("review.scope_described", N_("Scope described"))
WALKED = audit.declare("review.walkthrough_described", N_("Walkthrough described"))
DESIGN_TESTED = audit.declare("review.design_tested", N_("Design tested"))
DESIGN_SIGNED = audit.declare("review.design_signed", N_("Test of design quality-reviewed"), "evidence")
CONCLUDED = audit.declare("review.concluded", N_("Review concluded in draft"), "evidence")
TAKEN_BACK = audit.declare("review.taken_back", N_("Draft taken back"))
SENT = audit.declare("review.sent_to_hearing", N_("Review sent to hearing"))
ANSWERED = audit.declare("review.hearing_answered", N_("Hearing answered"))
QUALITY = audit.declare("review.quality_reviewed", N_("Review quality-reviewed"), "evidence")
APPROVED = audit.declare("review.approved", N_("Review approved"), "evidence")
ARCHIVED = audit.declare("review.archived", N_("Review archived"))
SUSPENDED = audit.declare("review.suspended", N_("Review suspended"))
RISK_ADDED = audit.declare("review.risk_added", N_("Risk described"))
RISK_EDITED = audit.declare("review.risk_edited", N_("Risk changed"))
RISK_CLOSED = audit.declare("review.risk_closed", N_("Risk closed"))
CONTROL_ADDED = audit.declare("review.control_added", N_("Control described"))
CONTROL_EDITED = audit.declare("review.control_edited", N_("Control changed"))
CONTROL_CLOSED = audit.declare("review.control_closed", N_("Control closed"))
CONTROL_HANDED_OVER = audit.declare("review.control_handed_over", N_("Control given over to another owner"))
LINKED = audit.declare("review.risk_control_linked", N_("Cover of a risk described"))
RESUMED = audit.declare("review.resumed", N_("Review resumed"))

ON_REOPEN: list[Callable[[By, int], None]] = []
"""Filled by wiring: what the later slices put back when a review is reopened."""


def create_chosen(by: By, meeting: queries.Meeting, decisions: Sequence[queries.Decision]) -> list[Review]:
    """Make a review of each sub-process that the locked minutes chose; a supplementary decision moves the old one."""
    by.must(Permission.FORUM_CONFIRM, meeting.organisation_id)
    parts = universe.by_ids(row.subprocess_id for row in decisions)
    known = queries.of_decisions([id for row in decisions for id in (row.id, row.replaces_id) if id is not None])
    made = []
    for row in decisions:
        standing = known.get(row.id) or known.get(row.replaces_id or 0)
        if standing is not None:
            _follow(by, standing, row)
        elif row.decided in queries.CHOSEN:
            made.append(_create(by, row, parts[row.subprocess_id].organisation_id))
    return made


def _create(by: By, decision: queries.Decision, organisation_id: int) -> Review:
    taken = queries.numbers(Review, organisation_id, f"G-{decision.review_year}-")
    row = Review(
        organisation_id=organisation_id, number=rules.review_number(decision.review_year, taken),
        year=decision.review_year, subprocess_id=decision.subprocess_id, decision_id=decision.id, state=State.CHOSEN,
        form=decision.form, lead_id=decision.lead_id, hours_planned=decision.hours,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    audit.record(by, CREATED, row)
    return row


def _follow(by: By, row: Review, decision: queries.Decision) -> None:
    """A supplementary decision chooses again, puts off or takes out a review that is not finished."""
    if row.state in rules.DONE or row.decision_id == decision.id:
        return
    row.decision_id, row.year = decision.id, decision.review_year
    if decision.decided not in queries.CHOSEN:
        row.state_before = row.state if row.state in rules.LIVE else row.state_before
        row.state = State.DEFERRED if decision.decided is Decided.DEFERRED else State.SUSPENDED
        row.state_reason = decision.reason
    elif row.state not in rules.LIVE:
        row.state, row.state_reason, row.state_before = row.state_before or State.CHOSEN, decision.reason, None
    saved(by, row)
    audit.record(by, REPLACED, row)


def _step(row: Review, verb: str) -> None:
    """Move along the table of steps, or refuse."""
    refuse_if(rules.why_not(row.state, verb))
    row.state = rules.STEPS[(row.state, verb)]


def _must_work(by: By, row: Review) -> None:
    """The lead or the tester; whoever works in the review neither quality-reviews nor approves it (S3)."""
    by.must(Permission.CONTROL_TEST, row.organisation_id, own=by.own_id in (row.lead_id, row.tester_id),
            places=queries.places(row))  # fmt: skip
    accounts.take_part(by, Duty.S3, row, Side.FIRST)


def plan(by: By, id: int, version: int | None, values: rules.Plan) -> Review:
    """Name lead, tester and quality reviewer, with hours and dates; the reviewer neither leads nor tests (S3)."""
    row = load(Review, id, version)
    by.must(Permission.REVIEW_PLAN, row.organisation_id)
    refuse_if(rules.why_not(row.state, "plan"))
    testers = [test.tester_id for test in queries.design_tests(id).values()]
    named = {(name, getattr(row, name)) for name in ("lead_id", "tester_id", "quality_reviewer_id")}
    roots = identity.roots([values.lead_id, values.tester_id, values.quality_reviewer_id, *testers])
    refuse_if(rules.why_not_plan(values, *queries.able(row, by.today), testers, named, roots))
    _step(row, "plan")
    row.lead_id, row.tester_id, row.quality_reviewer_id = values.lead_id, values.tester_id, values.quality_reviewer_id
    row.hours_planned, row.start_on, row.draft_due = values.hours, values.start_on, values.draft_due
    row.form, row.planned_on = values.form or row.form, row.planned_on or by.today
    saved(by, row)
    audit.record(by, PLANNED, row)
    return row


def start(by: By, id: int, version: int | None) -> Review:
    """Begin the work."""
    row = load(Review, id, version)
    _must_work(by, row)
    _step(row, "start")
    saved(by, row)
    audit.record(by, STARTED, row)
    return row


def declare_independence(by: By, id: int, version: int | None) -> Review:
    """The lead declares that nobody in the team reviews work of one's own."""
    row = load(Review, id, version)
    by.must(Permission.CONTROL_TEST, row.organisation_id, own=by.own_id == row.lead_id, places=queries.places(row))
    _step(row, "declare")
    accounts.take_part(by, Duty.S3, row, Side.FIRST)
    row.independence_declared_on = by.today
    saved(by, row)
    audit.record(by, DECLARED, row)
    return row


def describe_scope(
    by: By, id: int, version: int | None, scope: str, period_from: date | None, period_to: date | None
) -> Review:
    """Say what the review covers and the period that is tested."""
    row = load(Review, id, version)
    _must_work(by, row)
    refuse_if(rules.why_not(row.state, "scope") or rules.why_not_scope(scope, period_from, period_to))
    row.scope, row.period_from, row.period_to = scope.strip(), period_from, period_to
    saved(by, row)
    audit.record(by, SCOPED, row)
    return row


def describe_walkthrough(
    by: By, id: int, version: int | None, walkthrough_on: date | None, note: str, hours_used: int | None = None
) -> Review:
    """Describe how one transaction was followed from start to finish."""
    row = load(Review, id, version)
    _must_work(by, row)
    refuse_if(rules.why_not(row.state, "walkthrough"))
    refuse_if([] if walkthrough_on else [FIELD_REQUIRED("walkthrough_on", label=rules.WALKTHROUGH_ON)])
    row.walkthrough_on, row.walkthrough_note = walkthrough_on, note.strip()
    row.hours_used = row.hours_used if hours_used is None else hours_used
    saved(by, row)
    audit.record(by, WALKED, row)
    return row


def test_design(
    by: By, review_id: int, control_id: int, values: rules.DesignValues, version: int | None = None, number: str = ""
) -> DesignTest:
    """Judge whether a control, done as described, would cover the risk; keeps a frozen copy of the control."""
    review = load(Review, review_id)
    _must_work(by, review)
    refuse_if(rules.why_not(review.state, "design"))
    control = queries.control(control_id)
    if control is None or by.person_id is None:
        raise Refused([NOT_FOUND() if control is None else FORBIDDEN()])
    here = control.id in {one.id for one in queries.controls(review)}
    refuse_if([] if here else [rules.NOT_VALID(control=control.number)])
    refuse_if([] if values.conclusion.strip() else [FIELD_REQUIRED("conclusion", label=rules.CONCLUSION)])
    take_test(by, review, control)
    row = queries.design_test(review_id, control_id)
    if row is None:
        row = DesignTest(organisation_id=review.organisation_id, review_id=review_id, control_id=control_id)
        row.number = number or f"{review.number}-{control.number}-D"
        db.session.add(row)
    elif version is not None:
        load(DesignTest, row.id, version)
    row.control_version, row.control_copy = control.version, rules.frozen(control)
    row.outcome, row.conclusion, row.hours = values.outcome, values.conclusion.strip(), values.hours
    row.tester_id, row.tested_on, row.reviewer_id, row.reviewed_on = by.person_id, by.today, None, None
    saved(by, row)
    audit.record(by, DESIGN_TESTED, row)
    return row


def take_test(by: By, review: Review, control: Control) -> None:
    """Enter in the ledger who tests a control: not its owner or performer (S2), nobody in line there (S4)."""
    accounts.take_part(by, Duty.S3, review, Side.FIRST)
    accounts.take_part(by, Duty.S2, control, Side.SECOND, permission=Permission.CONTROL_TEST)
    process = queries.process_of(review.subprocess_id)
    catalogue.stay_off_line(by, process, *queries.period_of(review), Permission.CONTROL_TEST)


def take_sign(by: By, review: Review) -> None:
    """Enter in the ledger who quality-reviews or approves: nobody who leads or tests (S3) or is in line there (S4)."""
    named = identity.roots([review.lead_id, review.tester_id]).values()
    may = Permission.REVIEW_APPROVE
    accounts.take_part(by, Duty.S3, review, Side.SECOND, permission=may, besides=named)
    catalogue.stay_off_line(by, queries.process_of(review.subprocess_id), *queries.period_of(review), may)


def _must_sign(by: By, row: Review, verb: str) -> None:
    """The quality reviewer or the group, but nobody who led or tested (S3)."""
    own = by.own_id == row.quality_reviewer_id
    by.must(Permission.REVIEW_APPROVE, row.organisation_id, own=own, places=queries.places(row))
    refuse_if(rules.why_not(row.state, verb))
    take_sign(by, row)


def review_design(by: By, id: int, version: int | None) -> DesignTest:
    """Quality-review one test of design."""
    row = load(DesignTest, id, version)
    review = load(Review, row.review_id)
    _must_sign(by, review, "sign")
    refuse_if([rules.ALREADY_SIGNED()] if row.reviewer_id is not None else [])
    row.reviewer_id, row.reviewed_on = by.person_id, by.today
    saved(by, row)
    seen = evidence.bind(by, row.organisation_id, DesignTest.__tablename__, id, {DesignTest.__tablename__: [id]})
    audit.record(by, DESIGN_SIGNED, row, evidence=seen)
    return row


def _bound(by: By, row: Review) -> list[str]:
    """Bind a signature on the review to its evidence as it is now: the hashes."""
    subjects = queries.evidence_subjects(row.id)
    return evidence.bind(by, row.organisation_id, Review.__tablename__, row.id, subjects)


def conclude(by: By, id: int, version: int | None, values: rules.ConclusionValues) -> Review:
    """Write the conclusion as a draft, when all parts that come before it are there."""
    row = load(Review, id, version)
    _must_work(by, row)
    refuse_if(rules.why_not(row.state, "conclude"))
    refuse_if([] if values.text.strip() else [FIELD_REQUIRED("conclusion", label=rules.CONCLUSION)])
    row.key_controls_reason = values.key_controls_reason.strip()
    if row.state is State.IN_PROGRESS:
        row.draft_on = by.today
    found = queries.head(None, id)
    refuse_if(rules.why_not_conclude(queries.standing(found, queries.control_rows(row))) if found else [])
    _step(row, "conclude")
    row.conclusion_design, row.conclusion_operating = values.design, values.operating
    row.overall_class, row.conclusion = values.overall, values.text.strip()
    row.hours_used = row.hours_used if values.hours_used is None else values.hours_used
    row.quality_reviewed_at, row.quality_note = None, ""
    saved(by, row)
    audit.record(by, CONCLUDED, row, evidence=_bound(by, row))
    return row


def take_back(by: By, id: int, version: int | None, reason: str) -> Review:
    """Take a draft back into work; its quality review and hearing begin again."""
    row = load(Review, id, version)
    _must_work(by, row)
    refuse_if(rules.why_not(row.state, "take_back") or _why_not_reason(reason))
    _step(row, "take_back")
    row.state_reason, row.draft_on, row.quality_reviewed_at, row.quality_note = reason.strip(), None, None, ""
    row.hearing_from, row.hearing_to, row.owner_reply = None, None, ""
    saved(by, row)
    audit.record(by.because(reason.strip()), TAKEN_BACK, row)
    return row


def _why_not_reason(reason: str) -> list[Reason]:
    return [] if reason.strip() else [FIELD_REQUIRED("reason", label=rules.REASON)]


def send_to_hearing(by: By, id: int, version: int | None, hearing_to: date | None = None) -> Review:
    """Send the draft to the process owner, for at least ten working days."""
    row = load(Review, id, version)
    _must_work(by, row)
    refuse_if(rules.why_not(row.state, "hear"))
    until = hearing_to or add_working_days(by.today, rules.HEARING_DAYS)
    complete = bool(row.conclusion and row.conclusion_design and row.overall_class)
    refuse_if(rules.why_not_hear(complete, by.today, until))
    _step(row, "hear")
    row.hearing_from, row.hearing_to = by.today, until
    saved(by, row)
    audit.record(by, SENT, row)
    return row


def answer_hearing(by: By, id: int, version: int | None, reply: str) -> Review:
    """The process owner (or the deputy) answers the draft."""
    row = load(Review, id, version)
    if by.own_id not in queries.owners(row.subprocess_id):
        raise Refused([FORBIDDEN()])
    by.must(Permission.CONTENT_READ, row.organisation_id, own=True)
    refuse_if(rules.why_not(row.state, "answer"))
    refuse_if([] if reply.strip() else [FIELD_REQUIRED("owner_reply", label=rules.REPLY)])
    row.owner_reply = reply.strip()
    saved(by, row)
    audit.record(by, ANSWERED, row)
    return row


def quality_review(by: By, id: int, version: int | None, note: str) -> Review:
    """Another person than lead and tester goes through the whole review and signs its tests of design (S3)."""
    row = load(Review, id, version)
    _must_sign(by, row, "quality")
    refuse_if([rules.ALREADY_SIGNED()] if row.quality_reviewed_at is not None else [])
    row.quality_reviewed_at, row.quality_note = by.at, note.strip()
    for test in queries.design_tests(id).values():
        if test.reviewer_id is None:
            test.reviewer_id, test.reviewed_on = by.person_id, by.today
            saved(by, test)
    saved(by, row)
    audit.record(by, QUALITY, row, evidence=_bound(by, row))
    return row


def approve(by: By, id: int, version: int | None) -> Review:
    """Approve the review: from today the sub-process counts as covered, as far as the tests carry (S3)."""
    row = load(Review, id, version)
    _must_sign(by, row, "approve")
    found = queries.head(None, id)
    rows = queries.control_rows(row)
    if found is not None:
        has = queries.standing(found, rows)
        refuse_if(rules.why_not_approve(has, row.hearing_to, by.today) + rules.design_missing(has.keys)
                  + queries.missing_to_approve(row))  # fmt: skip
    row.coverage = queries.degree_of(rows)
    _step(row, "approve")
    row.approved_by_id, row.approved_at = by.person_id, by.at
    saved(by, row)
    audit.record(by, APPROVED, row, evidence=_bound(by, row))
    if row.coverage is not Degree.NONE:
        rotation.record_coverage(
            by, row.organisation_id, row.subprocess_id, by.today, row.coverage, row.form, Source.REVIEW, row.number,
            queries.places(row),
        )  # fmt: skip
    return row


def archive(by: By, id: int, version: int | None) -> Review:
    """Put an approved review in the archive."""
    row = load(Review, id, version)
    if not by.may(Permission.REVIEW_PLAN, row.organisation_id):
        _must_work(by, row)
    _step(row, "archive")
    saved(by, row)
    audit.record(by, ARCHIVED, row)
    return row


def ask_reopening(by: By, id: int, version: int | None, reason: str) -> Review:
    """The lead or the tester asks that an approved review be reopened, to correct it as a new version (S11)."""
    row = load(Review, id, version)
    own = by.own_id in (row.lead_id, row.tester_id)
    by.must(Permission.REOPENING_ASK, row.organisation_id, own=own, places=queries.places(row))
    final = row.state in rules.DONE
    accounts.ask_reopening(by, row, reason, final=final, others=queries.workers(row))
    return row


def approve_reopening(by: By, id: int, version: int | None, answer: str = "") -> Review:
    """The second person agrees: this version is kept whole, and the review goes back to work with its tests (S11).

    Tests keep their results and are quality-reviewed again; what the review covered is withdrawn from today.
    """
    row, final = _to_reopen(by, id)
    if final:
        covered, snapshot = row.coverage, queries.snapshot(row)
        _put_back(by, row)
        if covered not in (None, Degree.NONE):
            rotation.withdraw_coverage(by, row.organisation_id, row.subprocess_id, row.form, row.number)
    accounts.approve_reopening(by, row, version, answer, final=final, snapshot=snapshot if final else "")
    return row


def refuse_reopening(by: By, id: int, version: int | None, answer: str) -> Review:
    """The second person does not agree, and says why."""
    row, final = _to_reopen(by, id)
    accounts.refuse_reopening(by, row, version, answer, final=final)
    return row


def _to_reopen(by: By, id: int) -> tuple[Review, bool]:
    row = load(Review, id)
    by.must(Permission.REOPENING_APPROVE, row.organisation_id)
    return row, row.state in rules.DONE


def _put_back(by: By, row: Review) -> None:
    row.state, row.coverage, row.approved_by_id, row.approved_at = State.IN_PROGRESS, None, None, None
    row.draft_on, row.quality_reviewed_at, row.quality_note = None, None, ""
    row.hearing_from, row.hearing_to, row.owner_reply = None, None, ""
    saved(by, row)
    for test in queries.design_tests(row.id).values():
        test.reviewer_id, test.reviewed_on = None, None
        saved(by, test)
    for put_back in ON_REOPEN:
        put_back(by, row.id)


def suspend(by: By, id: int, version: int | None, reason: str, hours_used: int | None = None) -> Review:
    """Put a review aside, with the reason."""
    row = load(Review, id, version)
    by.must(Permission.REVIEW_PLAN, row.organisation_id)
    refuse_if(rules.why_not(row.state, "suspend") or _why_not_reason(reason))
    row.state_before = row.state
    _step(row, "suspend")
    row.state_reason, row.coverage = reason.strip(), Degree.NONE
    row.hours_used = row.hours_used if hours_used is None else hours_used
    saved(by, row)
    audit.record(by.because(reason.strip()), SUSPENDED, row)
    return row


def resume(by: By, id: int, version: int | None, reason: str) -> Review:
    """Take a suspended review up again where it was."""
    row = load(Review, id, version)
    by.must(Permission.REVIEW_PLAN, row.organisation_id)
    refuse_if(rules.why_not(row.state, "resume") or _why_not_reason(reason))
    row.state, row.state_before, row.coverage = row.state_before or State.CHOSEN, None, None
    row.state_reason = reason.strip()
    saved(by, row)
    audit.record(by.because(reason.strip()), RESUMED, row)
    return row


def _must_describe(by: By, subprocess_id: int) -> int:
    """The process owner and the deputy, and the lead and tester of a review that is going on."""
    found = queries.describers(subprocess_id)
    if found is None:
        raise Refused([NOT_FOUND()])
    organisation_id, people = found
    places = queries.places_of_part(subprocess_id)
    by.must(Permission.CONTROL_DESCRIBE, organisation_id, own=by.own_id in people, places=places)
    return organisation_id


def _code(subprocess_id: int) -> str:
    part = universe.subprocess(subprocess_id)
    return part.code if part else ""


def add_risk(by: By, subprocess_id: int, values: rules.RiskValues, number: str = "") -> Risk:
    """Describe a risk of a sub-process; it lives on from year to year."""
    organisation_id, code = _must_describe(by, subprocess_id), _code(subprocess_id)
    refuse_if(rules.why_not_risk(values))
    taken = queries.numbers(Risk, organisation_id, f"{code}-R")
    row = Risk(organisation_id=organisation_id, subprocess_id=subprocess_id)
    row.number = number or rules.next_number(code, "R", taken)
    _fill_risk(by, row, values)
    db.session.add(row)
    audit.record(by, RISK_ADDED, row)
    return row


def _fill_risk(by: By, row: Risk, values: rules.RiskValues) -> None:
    row.cause, row.event, row.consequence = values.cause.strip(), values.event.strip(), values.consequence.strip()
    row.category, row.assertions, row.owner_id = values.category, rules.joined(values.assertions), values.owner_id
    saved(by, row)


def edit_risk(by: By, id: int, version: int | None, values: rules.RiskValues) -> Risk:
    """Change the description of a risk."""
    row = load(Risk, id, version)
    _must_describe(by, row.subprocess_id)
    refuse_if(rules.why_not_risk(values) + _why_not_open(row))
    _fill_risk(by, row, values)
    audit.record(by, RISK_EDITED, row)
    return row


def _why_not_open(row: Risk | Control) -> list[Reason]:
    return [] if row.valid_to is None else [rules.ALREADY_CLOSED(number=row.number)]


def close_risk(by: By, id: int, version: int | None, reason: str) -> Risk:
    """A risk that no longer exists is closed, never removed."""
    row = load(Risk, id, version)
    _must_describe(by, row.subprocess_id)
    refuse_if(_why_not_open(row) + _why_not_reason(reason))
    row.valid_to = by.today
    saved(by, row)
    audit.record(by.because(reason.strip()), RISK_CLOSED, row)
    return row


def add_control(
    by: By, subprocess_id: int, values: rules.ControlValues, number: str = "", valid_from: date | None = None,
    valid_to: date | None = None,
) -> Control:  # fmt: skip
    """Describe a control of a sub-process; it lives on from year to year."""
    organisation_id, code = _must_describe(by, subprocess_id), _code(subprocess_id)
    refuse_if(rules.why_not_control(values))
    taken = queries.numbers(Control, organisation_id, f"{code}-K")
    row = Control(organisation_id=organisation_id, subprocess_id=subprocess_id)
    row.number = number or rules.next_number(code, "K", taken)
    row.valid_from, row.valid_to = valid_from or by.today, valid_to
    _fill_control(by, row, values)
    db.session.add(row)
    audit.record(by, CONTROL_ADDED, row)
    return row


def _fill_control(by: By, row: Control, values: rules.ControlValues) -> None:
    row.text, row.key_control, row.key_reason = values.text.strip(), values.key_control, values.key_reason.strip()
    row.kind, row.execution, row.frequency = values.kind, values.execution, values.frequency
    row.occurrences_a_year, row.shared_number = values.occurrences_a_year, values.shared_number.strip()
    row.owner_role, row.performer_role = values.owner_role.strip(), values.performer_role.strip()
    row.system = values.system.strip()
    saved(by, row)
    _set_line(by, row, values)


def _set_line(by: By, row: Control, values: rules.ControlValues) -> None:
    """Who owns or performs a control does not test it (S2), and is in line in its process (S4)."""
    holders = {LineKind.CONTROL_OWNER: values.owner_id, LineKind.PERFORMER: values.performer_id}
    row.owner_id, row.performer_id = values.owner_id, values.performer_id
    db.session.add(row)
    db.session.flush()
    accounts.take_part(by, Duty.S2, row, Side.FIRST, persons=holders.values())
    catalogue.set_line(by, queries.process_of(row.subprocess_id), holders, row.id)


def edit_control(by: By, id: int, version: int | None, values: rules.ControlValues) -> Control:
    """Change the description of a control; tests keep the copy they were made on."""
    row = load(Control, id, version)
    _must_describe(by, row.subprocess_id)
    refuse_if(rules.why_not_control(values) + _why_not_open(row))
    _fill_control(by, row, values)
    audit.record(by, CONTROL_EDITED, row)
    return row


def close_control(by: By, id: int, version: int | None, reason: str, valid_to: date | None = None) -> Control:
    """A control that is no longer done is closed, never removed."""
    row = load(Control, id, version)
    _must_describe(by, row.subprocess_id)
    refuse_if(_why_not_open(row) + _why_not_reason(reason))
    row.valid_to = valid_to or by.today
    saved(by, row)
    ended = dict.fromkeys((LineKind.CONTROL_OWNER, LineKind.PERFORMER))
    catalogue.set_line(by, queries.process_of(row.subprocess_id), ended, row.id)
    audit.record(by.because(reason.strip()), CONTROL_CLOSED, row)
    return row


def hand_over(by: By, id: int, owner_id: int, reason: str) -> Control:
    """Give a control over to another owner, who does not test it (S2) and is in line in its process (S4)."""
    row = load(Control, id)
    by.must(Permission.REVIEW_PLAN, row.organisation_id)
    refuse_if(_why_not_open(row))
    row.owner_id = owner_id
    saved(by, row)
    accounts.take_part(by, Duty.S2, row, Side.FIRST, persons=[owner_id])
    catalogue.set_line(by, queries.process_of(row.subprocess_id), {LineKind.CONTROL_OWNER: owner_id}, row.id)
    audit.record(by.because(reason), CONTROL_HANDED_OVER, row)
    return row


def put_link(
    by: By, risk_id: int, control_id: int, values: rules.LinkValues, version: int | None = None
) -> RiskControl:
    """Say how far a control covers a risk (one cell of the matrix); without a degree it does not."""
    risk, control = load(Risk, risk_id), load(Control, control_id)
    _must_describe(by, risk.subprocess_id)
    here = control.organisation_id == risk.organisation_id
    refuse_if([] if here else [rules.ELSEWHERE(number=control.number)])
    row = queries.link(risk_id, control_id)
    if row is None:
        row = RiskControl(organisation_id=risk.organisation_id, risk_id=risk_id, control_id=control_id)
        db.session.add(row)
    elif version is not None:
        load(RiskControl, row.id, version)
    row.degree, row.comment = values.degree, values.comment.strip()
    row.assertions = rules.joined(values.assertions)
    saved(by, row)
    audit.record(by, LINKED, row)
    return row
