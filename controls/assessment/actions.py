"""Writes of assessments: start, draft, submit, return, ask, calibrate, undo, object, approve, lock, reopen."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import NamedTuple

from sqlalchemy import delete, insert

from controls.assessment import queries, rules, scale_rules
from controls.assessment.merging import Merge, merged, tidy
from controls.assessment.rules import Answers, Scores
from controls.assessment.scale_rules import Known
from controls.assessment.scales import STANDARD, Scales
from controls.assessment.tables import Assessment, Challenge, Draft, Line, Replaced, ScaleSet
from controls.assessment.words import State
from controls.base import audit, outbox
from controls.base.by import By
from controls.base.db import Stale, db, load, saved
from controls.base.why import FORBIDDEN, N_, NOT_FOUND, Refused, refuse_if
from controls.identity import actions as accounts
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.wheel import actions as wheeling
from controls.wheel import queries as wheel
from controls.wheel.queries import Cycle
from controls.wheel.words import State as Phase

SCALES_TAKEN_OVER = audit.declare("assessment.scales_taken_over", N_("Scales taken over from the year before"))
SCALES_CHANGED = audit.declare("assessment.scales_changed", N_("Scales changed"))
STARTED = audit.declare("assessment.started", N_("Assessments sent out"), "forms")
SUBMITTED = audit.declare("assessment.submitted", N_("Assessment submitted"))
TAKEN_BACK = audit.declare("assessment.taken_back", N_("Assessment taken back"))
RETURNED = audit.declare("assessment.returned", N_("Assessment returned"))
CALIBRATED = audit.declare("assessment.calibrated", N_("Assessment calibrated"), "changed")
UNDONE = audit.declare("assessment.calibration_undone", N_("Calibration undone"))
ASKED = audit.declare("assessment.question_asked", N_("Question to the author"))
ANSWERED = audit.declare("assessment.question_answered", N_("Question answered"))
WITHDRAWN = audit.declare("assessment.question_withdrawn", N_("Question taken back"))
OBJECTED = audit.declare("assessment.objected", N_("Owner's objection"))
APPROVED = audit.declare("assessment.approved", N_("Assessment approved"))
LOCKED = audit.declare("assessment.locked", N_("Assessments locked"), "forms")


def take_over_scales(by: By, cycle: Cycle) -> None:
    """A cycle that is opened begins with the scales of the year before, or with the standard ones."""
    by.must(Permission.CYCLE_ADVANCE, cycle.organisation_id)
    before = wheel.cycle(cycle.organisation_id, cycle.year - 1)
    taken = queries.used(before.id) if before else STANDARD
    row = ScaleSet(organisation_id=cycle.organisation_id, cycle_id=cycle.id, **vars(taken))
    saved(by, row)
    db.session.add(row)
    audit.record(by, SCALES_TAKEN_OVER, row)


SENT_BACK = outbox.declare(
    "assessment.returned", N_("Correct the assessment of {code}"),
    N_("{who} has returned your assessment of {code} with a comment. Your answers are saved. It takes about 5 minutes "
       "to correct them."), N_("Read and correct"), at_once=True,
)  # fmt: skip
QUESTION = outbox.declare(
    "assessment.asked", N_("Answer the group's question about {code}"),
    N_("{who} asks you about your assessment of {code}. It is not approved before you have answered."),
    N_("Read and answer"), at_once=True,
)  # fmt: skip


def set_scales(by: By, cycle_id: int, version: int | None, wanted: Scales) -> ScaleSet:
    """Give a year other scales, before its parameters are locked; it then follows a new set of rules."""
    cycle = wheel.cycle_by_id(cycle_id)
    if cycle is None:
        raise Refused([NOT_FOUND()])
    by.must(Permission.CYCLE_CONFIGURE, cycle.organisation_id)
    row = queries.scale_set(cycle.id)
    if row is not None and version is not None and row.version != version:
        raise Stale(row)
    refuse_if(queries.why_not_change_scales(cycle) + scale_rules.why_not_scales(wanted))
    if row is None:
        row = ScaleSet(organisation_id=cycle.organisation_id, cycle_id=cycle.id)
        db.session.add(row)
    for name, value in vars(wanted).items():
        setattr(row, name, value)
    saved(by, row)
    audit.record(by, SCALES_CHANGED, row)
    before = wheel.cycle(cycle.organisation_id, cycle.year - 1)
    other = before is not None and queries.used(before.id) != wanted
    wheeling.number_rules(by, cycle.id, before.rule_set + other if before else cycle.rule_set)
    return row


def start(by: By, cycle: Cycle) -> None:
    """Send out the year's forms: one per active process, one line per active sub-process; what is there stays."""
    by.must(Permission.CYCLE_ADVANCE, cycle.organisation_id)
    there = {row.process_id: row for row in queries.of_cycle(cycle.id)}
    lined = {line.subprocess_id for line in queries.lines_of_cycle(cycle.id)}
    new = 0
    for process in universe.active_processes(cycle.organisation_id, by.today):
        if process.id not in there:
            there[process.id] = row = Assessment(
                organisation_id=cycle.organisation_id, cycle_id=cycle.id, year=cycle.year, process_id=process.id,
                state=State.NOT_STARTED,
            )  # fmt: skip
            saved(by, row)
            db.session.add(row)
            new += 1
    db.session.flush()
    for subprocess in universe.active_subprocesses(cycle.organisation_id, by.today):
        form = there.get(subprocess.process_id)
        if form is not None and subprocess.id not in lined and form.state in rules.EDITABLE:
            line = Line(organisation_id=cycle.organisation_id, assessment_id=form.id, subprocess_id=subprocess.id)
            saved(by, line)
            db.session.add(line)
    audit.record(by, STARTED, cycle, forms=new)


def _own(by: By, row: Assessment) -> bool:
    process = universe.process(row.process_id)
    return process is not None and by.own_id is not None and by.own_id in (process.owner_id, process.deputy_id)


def _fills(by: By, row: Assessment) -> None:
    by.must(Permission.ASSESSMENT_FILL, row.organisation_id, own=_own(by, row))


def _phase(row: Assessment) -> Phase:
    found = wheel.cycle_by_id(row.cycle_id)
    if found is None:
        raise Refused([NOT_FOUND()])
    return queries.phase_of(row, found.state)


def _unmoved(row: Assessment, version: int | None) -> Draft | None:
    """The draft of a form, when it is the one that was read (0: there was none)."""
    found = queries.draft(row.id)
    if version is not None and found is not None and found.version != version:
        raise Stale(found)
    return found


class Kept(NamedTuple):
    """A draft that was saved, and what became of the fields that others changed meanwhile."""

    draft: Draft
    merge: Merge


def save_draft(
    by: By, id: int, version: int | None, answers: Mapping[str, Iterable[str]], assessment_version: int | None = None,
    window: str = "",
) -> Kept:  # fmt: skip
    """Keep what is typed, outside the log, until it is submitted; field by field with what others typed meanwhile.

    `version` is the draft that was read (None: the newest). An answer to a field that another changed too is not
    taken, but stands in the draft's history until one of the two is chosen.
    """
    found = queries.filling(id)
    if found is None:
        raise Refused([NOT_FOUND()])
    row = found.row
    own = by.own_id is not None and by.own_id in (found.owner_id, found.deputy_id)
    by.must(Permission.ASSESSMENT_FILL, row.organisation_id, own=own)
    if assessment_version is not None and assessment_version != row.version:
        raise Stale(row)
    refuse_if(rules.why_not_fill(row.state, queries.phase_of(row, found.phase), row.year))
    draft = queries.draft(row.id)
    now = queries.typed(draft) if draft else queries.answered(row, _lines_begun(row))
    at = draft.version if draft else 0
    merge = merged(now, queries.replaced(row.id, version) if version is not None and version != at else [],
                   answers, window)  # fmt: skip
    if draft is None:
        draft = Draft(assessment_id=row.id, answers="{}", author_id=by.person_id)
        db.session.add(draft)
        at = 1
    elif merge.changed:
        at += 1
    if merge.changed or not draft.id:
        draft.answers = json.dumps(merge.fields, ensure_ascii=False, sort_keys=True)
        draft.author_id = by.person_id or draft.author_id
        saved(by, draft)
        db.session.flush()
    _replace(by, row.id, at, window, [(name, now.get(name, []), False) for name in merge.changed]
             + [(one.field, tidy(answers[one.field]), True) for one in merge.clashes])  # fmt: skip
    return Kept(draft, merge)


def keep_draft(
    by: By, id: int, version: int, answers: Mapping[str, Iterable[str]], assessment_version: int | None = None
) -> Draft:
    """Put a whole draft in the place of the one that was read; refused when that has moved on."""
    row = load(Assessment, id)
    draft = _unmoved(row, version)
    now = queries.typed(draft) if draft else queries.answered(row, _lines_begun(row))
    return save_draft(by, id, version, {name: [] for name in now} | dict(answers), assessment_version).draft


def _lines_begun(row: Assessment) -> list[Line]:
    return queries.lines(row.id) if row.inherent_likelihood is not None else []


def _replace(by: By, id: int, version: int, window: str, replaced: list[tuple[str, list[str], bool]]) -> None:
    """Keep in the draft's history what was replaced, and what was not taken."""
    if replaced:
        db.session.execute(insert(Replaced), [
            {"assessment_id": id, "version": version, "field": name, "was": json.dumps(was, ensure_ascii=False),
             "who": by.name, "at": by.at, "window": window, "clashed": clashed}
            for name, was, clashed in replaced
        ])  # fmt: skip


def drop_draft(by: By, id: int, version: int) -> None:
    """Forget what is typed, when it is still what it was; the form itself stays."""
    row = load(Assessment, id)
    _fills(by, row)
    refuse_if(rules.why_not_fill(row.state, _phase(row), row.year))
    _drop(row, _unmoved(row, version))


def _drop(row: Assessment, draft: Draft | None) -> None:
    """The draft with its history, when there is one."""
    if draft is not None:
        db.session.delete(draft)
        db.session.execute(delete(Replaced).where(Replaced.assessment_id == row.id))


def submit(by: By, id: int, version: int | None, answers: Answers, draft_version: int | None = None) -> Assessment:
    """Submit the form with all its lines; the draft is gone."""
    found = queries.submitting(id)
    if found is None:
        raise Refused([NOT_FOUND()])
    row, last, used = found.row, found.last, queries.scales_of(found.scale_set)
    if version is not None and version != row.version:
        raise Stale(row)
    _fills(by, row)
    draft = _unmoved(row, draft_version)
    lines = queries.lines_of([row.id, last.id] if last else [row.id])
    before = queries.before(last, lines.get(last.id, []) if last else [], row.process_id, used)
    refuse_if(rules.why_not_submit(row.state, queries.phase_of(row, found.phase), row.year, answers, before))
    accounts.take_part(by, Duty.S1, row, Side.FIRST)
    now = queries.seen_now(found.process)
    row.seen_amount_ore, row.seen_owner_id, row.seen_systems = now.amount_ore, now.owner_id, now.systems
    for name in (
        "fraud", "fraud_reason", "change_direction", "certainty", "propose_review", "reason",
        "reason_unchanged", "reason_step", "reason_no_key_control",
    ):  # fmt: skip
        value = getattr(answers, name)
        setattr(row, name, value.strip() if isinstance(value, str) and not hasattr(value, "label") else value)
    row.change_kinds = ";".join(kind.value for kind in answers.change_kinds)
    row.copied_answers = ";".join(answer.value for answer in rules.still_copied(answers, before))
    row.copied = bool(row.copied_answers)
    row.submitted_scores = answers.scores.text()
    _score(row, answers.scores, used)
    _prioritise(row, used)
    for line in lines.get(row.id, []):
        own = answers.lines.get(line.subprocess_id)
        line.inherited = own is None
        line.reason, line.reason_step = (own.reason.strip(), own.reason_step.strip()) if own else ("", "")
        _score(line, own.scores if own else answers.scores, used)
        saved(by, line)
    row.state = rules.STEPS[(row.state, "submit")]
    row.author_id, row.submitted_at = by.person_id, by.at
    row.assessors = rules.with_id(row.assessors or "", by.person_id)
    row.owner_objection = ""
    _uncalibrated(row)
    saved(by, row)
    _drop(row, draft)
    audit.record(by, SUBMITTED, row)
    return row


def _prioritise(row: Assessment, used: Scales) -> None:
    """The priority figure by what the form says and the catalogue knows now, where the year has one."""
    process = universe.process(row.process_id) if used.factors else None
    changes = len([kind for kind in row.change_kinds.split(";") if kind])
    amount = process.yearly_amount_ore if process else None
    known = Known(Scores.of(row), amount, changes, bool(row.fraud), row.certainty)
    row.priority = scale_rules.priority(used, known)


def _score(row: Assessment | Line, scores: Scores, used: Scales) -> None:
    """Put scores on a row, with the bands that the scales of its own cycle give."""
    for name, value in asdict(scores).items():
        setattr(row, name, value)
    found = rules.levels(scores, used)
    row.inherent_band, row.residual_band = found.inherent.band, found.residual.band


def _uncalibrated(row: Assessment) -> None:
    row.calibrated_by_id, row.calibrated_at, row.calibration_changed, row.calibration_reason = None, None, False, ""


def take_back(by: By, id: int, version: int | None) -> Assessment:
    """The author takes the form back to go on with it, until it is calibrated."""
    row = load(Assessment, id, version)
    _fills(by, row)
    refuse_if(rules.why_not_take_back(row.state, _phase(row), row.year, by.person_id, row.author_id))
    row.state = rules.STEPS[(row.state, "take_back")]
    saved(by, row)
    audit.record(by, TAKEN_BACK, row)
    return row


def return_to_author(by: By, id: int, version: int | None, comment: str) -> Assessment:
    """The group sends the form back with a comment."""
    row = load(Assessment, id, version)
    by.must(Permission.ASSESSMENT_CALIBRATE, row.organisation_id, places=queries.places(row))
    refuse_if(rules.why_not_return(row.state, _phase(row), row.year, comment))
    row.state = rules.STEPS[(row.state, "return")]
    row.returned_by_id, row.returned_at, row.return_comment = by.person_id, by.at, comment.strip()
    saved(by, row)
    _tell(by, row, SENT_BACK)
    audit.record(by.because(comment.strip()), RETURNED, row)
    return row


def calibrate(by: By, id: int, version: int | None, scores: Scores | None, reason: str = "") -> Assessment:
    """The group agrees with the form, or changes its scores with a reason and so becomes an assessor of it."""
    row = load(Assessment, id, version)
    by.must(Permission.ASSESSMENT_CALIBRATE, row.organisation_id, places=queries.places(row))
    now = Scores.of(row)
    refuse_if(rules.why_not_calibrate(row.state, _phase(row), row.year, now, scores, reason))
    if scores is not None and scores != now:
        accounts.take_part(by, Duty.S1, row, Side.FIRST)
        _rescore(by, row, scores)
        row.assessors = rules.with_id(row.assessors or "", by.person_id)
        row.calibration_reason = reason.strip()
    changed = row.calibration_changed = scores is not None and scores != Scores.read(row.submitted_scores)
    row.state = rules.STEPS[(row.state, "calibrate")]
    row.calibrated_by_id, row.calibrated_at = by.person_id, by.at
    saved(by, row)
    audit.record(by.because(reason.strip()) if reason else by, CALIBRATED, row, changed=changed)
    return row


def _rescore(by: By, row: Assessment, scores: Scores) -> None:
    """Other scores for a form and for the lines that follow it."""
    used = queries.used(row.cycle_id)
    _score(row, scores, used)
    _prioritise(row, used)
    for line in queries.lines(row.id):
        if line.inherited:
            _score(line, scores, used)
            saved(by, line)


def undo_calibration(by: By, id: int, version: int | None) -> Assessment:
    """The group takes back what it agreed on or changed: the form stands as its author sent it.

    Who had changed a score stays an assessor of it (S1).
    """
    row = load(Assessment, id, version)
    by.must(Permission.ASSESSMENT_CALIBRATE, row.organisation_id, places=queries.places(row))
    refuse_if(rules.why_not_undo(row.state, _phase(row), row.year))
    sent = Scores.read(row.submitted_scores)
    if sent.complete and sent != Scores.of(row):
        _rescore(by, row, sent)
    row.state = rules.STEPS[(row.state, "undo")]
    _uncalibrated(row)
    saved(by, row)
    audit.record(by, UNDONE, row)
    return row


def ask(by: By, id: int, question: str) -> Challenge:
    """The group asks the author about the form; approval waits for the answer."""
    row = load(Assessment, id)
    by.must(Permission.ASSESSMENT_CALIBRATE, row.organisation_id, places=queries.places(row))
    refuse_if(rules.why_not_ask(row.state, _phase(row), row.year, question))
    asked = Challenge(organisation_id=row.organisation_id, assessment_id=row.id, question=question.strip(),
                      asked_by_id=by.person_id, asked_at=by.at)  # fmt: skip
    saved(by, asked)
    db.session.add(asked)
    db.session.flush()
    _tell(by, row, QUESTION)
    audit.record(by, ASKED, asked)
    return asked


def _tell(by: By, row: Assessment, kind: outbox.Kind) -> None:
    """A message to the author of a form; who wrote it himself need not be told."""
    process = universe.process(row.process_id)
    if row.author_id is not None and row.author_id != by.person_id and process is not None:
        outbox.put(by, row.author_id, kind, f"/assessments/{row.id}", code=process.code, who=by.name)


def answer(by: By, id: int, question_id: int, version: int | None, text: str) -> Challenge:
    """The author, or the process's owner or deputy, answers the group's question."""
    asked, row = _asked(id, question_id, version)
    if not (_own(by, row) or (by.own_id is not None and by.own_id == row.author_id)):
        raise Refused([FORBIDDEN()])
    by.must(Permission.ASSESSMENT_FILL, row.organisation_id, own=True)
    refuse_if(rules.why_not_answer(queries.is_over(asked), row.state, _phase(row), row.year, text))
    asked.answer, asked.answered_by_id, asked.answered_at = text.strip(), by.person_id, by.at
    saved(by, asked)
    audit.record(by, ANSWERED, asked)
    return asked


def withdraw_question(by: By, id: int, question_id: int, version: int | None) -> Challenge:
    """The group takes a question back that nobody has answered."""
    asked, row = _asked(id, question_id, version)
    by.must(Permission.ASSESSMENT_CALIBRATE, row.organisation_id, places=queries.places(row))
    refuse_if([rules.QUESTION_OVER()] if queries.is_over(asked) else [])
    asked.withdrawn_by_id, asked.withdrawn_at = by.person_id, by.at
    saved(by, asked)
    audit.record(by, WITHDRAWN, asked)
    return asked


def _asked(id: int, question_id: int, version: int | None) -> tuple[Challenge, Assessment]:
    row, asked = load(Assessment, id), load(Challenge, question_id, version)
    if asked.assessment_id != row.id:
        raise Refused([NOT_FOUND()])
    return asked, row


def object_to(by: By, id: int, version: int | None, text: str) -> Assessment:
    """The owner objects to a form filled in or changed by others; it stands beside it."""
    row = load(Assessment, id, version)
    if not _own(by, row):
        raise Refused([FORBIDDEN()])
    by.must(Permission.ASSESSMENT_FILL, row.organisation_id, own=True)
    refuse_if(rules.why_not_object(row.state, _phase(row), row.year, text))
    row.owner_objection = text.strip()
    saved(by, row)
    audit.record(by, OBJECTED, row)
    return row


def approve(by: By, id: int, version: int | None) -> Assessment:
    """A member of the group who is no assessor of the form (S1) and has no line duty in the process (S4) approves.

    A form that was reopened after it had been locked is locked again at once.
    """
    row = load(Assessment, id, version)
    by.must(Permission.ASSESSMENT_CALIBRATE, row.organisation_id, places=queries.places(row))
    refuse_if(rules.why_not_approve(row.state, _phase(row), row.year, queries.open_questions(row.id)))
    accounts.take_part(by, Duty.S1, row, Side.SECOND, permission=Permission.ASSESSMENT_CALIBRATE)
    process, first, last = queries.on_line_of(row)
    catalogue.stay_off_line(by, process, first, last, Permission.ASSESSMENT_CALIBRATE)
    row.state = rules.STEPS[(row.state, "approve")]
    row.approver_id, row.approved_at = by.person_id, by.at
    if queries.was_locked(row):
        row.state, row.locked_at = rules.STEPS[(row.state, "lock")], by.at
    saved(by, row)
    audit.record(by, APPROVED, row)
    return row


def ask_reopening(by: By, id: int, version: int | None, reason: str) -> Assessment:
    """Who assessed it asks that an approved form be taken up again, to correct it as a new version (S11)."""
    row = load(Assessment, id, version)
    own = queries.asks(by, row, universe.process(row.process_id))
    by.must(Permission.REOPENING_ASK, row.organisation_id, own=own)
    accounts.ask_reopening(by, row, reason, final=row.state in rules.DONE, others=queries.workers(row))
    return row


def approve_reopening(by: By, id: int, version: int | None, answer: str = "") -> Assessment:
    """The second person agrees: this version is kept whole, and the form is the author's again (S11)."""
    row, final = _to_reopen(by, id)
    kept = queries.snapshot(row) if final else ""
    if final:
        row.state = rules.STEPS[(row.state, "reopen")]
        row.returned_by_id, row.returned_at = by.person_id, by.at
        row.approver_id, row.approved_at, row.locked_at = None, None, None
        row.return_comment = next((one.row.reason for one in reversed(people.reopenings(row))), "")
        _uncalibrated(row)
        saved(by, row)
    accounts.approve_reopening(by, row, version, answer, final=final, snapshot=kept)
    return row


def refuse_reopening(by: By, id: int, version: int | None, answer: str) -> Assessment:
    """The second person does not agree, and says why."""
    row, final = _to_reopen(by, id)
    accounts.refuse_reopening(by, row, version, answer, final=final)
    return row


def _to_reopen(by: By, id: int) -> tuple[Assessment, bool]:
    row = load(Assessment, id)
    by.must(Permission.REOPENING_APPROVE, row.organisation_id)
    return row, row.state in rules.DONE


def lock_all(by: By, cycle: Cycle) -> None:
    """Handing over the recommendation locks the year's approved forms."""
    by.must(Permission.RECOMMENDATION_WRITE, cycle.organisation_id)
    forms = [row for row in queries.of_cycle(cycle.id) if (row.state, "lock") in rules.STEPS]
    for row in forms:
        row.state, row.locked_at = rules.STEPS[(row.state, "lock")], by.at
        saved(by, row)
    audit.record(by, LOCKED, cycle, forms=len(forms))
