"""Pages of the risk assessment: the form, the receipt with calibration and approval, the year's list, the matrix."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from controls.assessment import actions, merging, queries, rules
from controls.assessment.actions import Kept
from controls.assessment.facts import offered
from controls.assessment.forms import (
    CHOSEN,
    GRID,
    AnswerForm,
    AskForm,
    AssessmentForm,
    CalibrateForm,
    DecideForm,
    ObjectForm,
    ReopenForm,
    ReturnForm,
    ScalesForm,
    form_for,
    grid_form,
    part_for,
    versions,
)
from controls.assessment.grid import many
from controls.assessment.merging import Before as Was
from controls.assessment.merging import Fields, Merge
from controls.assessment.movement import SIGNS, Way, cells, ways, went
from controls.assessment.queries import GridRow, LineRow, Sheet
from controls.assessment.rules import Before, Scores, line_field
from controls.assessment.scale_rules import EXPLAINED, anchor_field, why_not_scales
from controls.assessment.scales import ANCHORED, FIGURES, NAMES, STANDARD, TITLES, Scales, band, score, shown, spans
from controls.assessment.words import Band, Change, Copied, Measure, Moved, State
from controls.base.by import By
from controls.base.db import Stale, transaction
from controls.base.form import BaseForm, said
from controls.base.why import CHANGED, FIELD_REQUIRED, N_, Reason, Refused
from controls.identity import queries as people
from controls.identity.permissions import Permission
from controls.identity.rules import edition
from controls.identity.words import RequestState
from controls.web import answer, guard, lists, security
from controls.web.words import clock_time, language
from controls.wheel import queries as wheel
from controls.wheel.queries import Cycle
from controls.wheel.words import State as Phase

bp = Blueprint("assessment", __name__)

LETTERS = {Band.LOW: N_("L"), Band.MODERATE: N_("M"), Band.ELEVATED: N_("E"), Band.HIGH: N_("H")}


def _sheet(id: int) -> Sheet:
    return queries.sheet(guard.by(), id) or abort(404)


def _own(sheet: Sheet) -> bool:
    return guard.by().own_id in (sheet.process.owner_id, sheet.process.deputy_id)


def _fills(sheet: Sheet) -> bool:
    return guard.by().may(Permission.ASSESSMENT_FILL, sheet.row.organisation_id, own=_own(sheet))


def _phase(sheet: Sheet) -> Phase:
    return queries.phase_of(sheet.row, sheet.cycle.state)


def _sentences(reasons: list[Reason]) -> list[str]:
    return [said(reason) for reason in reasons]


def _last(sheet: Sheet) -> Any:
    """Last year's form, when it was filled in."""
    return sheet.last if sheet.last is not None and sheet.last.inherent_likelihood is not None else None


# --- the form ------------------------------------------------------------------------------------------------


def _typed(sheet: Sheet, lines: list[LineRow]) -> MultiDict[str, str]:
    """What the form shows at first: the draft, or what was submitted before it came back, or nothing."""
    draft = sheet.draft
    fields = queries.answered(sheet.row, [line.row for line in lines]) if draft is None else queries.typed(draft)
    return _fields(fields)


def _fields(fields: Fields) -> MultiDict[str, str]:
    return MultiDict([(name, value) for name, values in fields.items() for value in values])


def _copies(last: Any, lines: list[LineRow], facts: list[Moved]) -> dict[str, dict[str, str]]:
    """Last year's answers that may be copied, each with the fields it fills."""
    if last is None:
        return {}
    scores = Scores.of(last)
    found = {Copied(name): {name: str(getattr(scores, name))} for name in NAMES}
    found[Copied.FRAUD] = {"fraud": "yes" if last.fraud else "no", "fraud_reason": last.fraud_reason}
    found[Copied.RESIDUAL_LIKELIHOOD]["reason_no_key_control"] = last.reason_no_key_control
    own = [line.last for line in lines if line.last is not None and not line.last.inherited]
    found |= {Copied.LINES: queries.line_fields(own)} if own else {}
    allowed = offered(facts)
    return {answer.value: fields for answer, fields in found.items() if answer in allowed}


def _copy(typed: MultiDict[str, str], what: str, copies: dict[str, dict[str, str]]) -> None:
    """Copy one answer of last year, or all that may be; each is recorded as copied, and no text is written over."""
    wanted = list(copies) if what == "all" else [what] if what in copies else []
    for one in wanted:
        for name, value in copies[one].items():
            if not (rules.is_text(name) and typed.get(name)):
                typed[name] = value
    before = [name for name in typed.get("copied", "").split(";") if name and name not in wanted]
    typed["copied"] = ";".join([*before, *wanted])


def _versions(sheet: Sheet) -> str:
    return f"{sheet.row.version}.{sheet.draft.version if sheet.draft else 0}"


def _ids(lines: list[LineRow]) -> tuple[int, ...]:
    return tuple(line.row.subprocess_id for line in lines)


def _blank(sheet: Sheet, lines: list[LineRow]) -> AssessmentForm:
    form = form_for(_ids(lines))(_typed(sheet, lines))
    form.row_version.data = _versions(sheet)
    return form


def _translated(field: Any) -> list[tuple[str, str]]:
    return [(choice.value, _(choice.label)) for choice in field.choices]


def _edit_context(sheet: Sheet, lines: list[LineRow], form: AssessmentForm) -> dict[str, Any]:
    last, by = _last(sheet), guard.by()
    key_control = queries.has_key_control(sheet.process.id)
    before = Before(
        Scores.of(last) if last else None,
        {line.row.subprocess_id: Scores.of(line.last) for line in lines if line.last is not None}, key_control,
        sheet.used, last.fraud if last else None,
    )  # fmt: skip
    answers = form.answers(_ids(lines))
    facts, moved = queries.beside(sheet.process, sheet.row.year, last)
    return {
        "sheet": sheet, "row": sheet.row, "process": sheet.process, "lines": lines, "last": last,
        "scales": shown(before.used, language()), "used": before.used, "result": answers.scores,
        "before": before, "now": rules.levels(answers.scores, before.used), "asked": rules.asked(answers, before),
        "last_levels": queries.kept_levels(last),
        "facts_beside": facts, "translated": _translated, "moved": moved,
        "copies": _copies(last, lines, moved), "follows": rules.follows(answers.scores, bool(answers.lines)),
        "words": {band.value: f"{_(letter)} {_(band.label)}" for band, letter in LETTERS.items()},
        "line_field": line_field, "key_control": key_control,
        "days": (sheet.due - by.today).days if sheet.due else None, "org": sheet.organisation.code,
        "Scores": Scores, "own_lines": set(answers.lines), "version": _versions(sheet),
        "taken": [], "clashes": [], "person": by.person_id,
        **_questions(sheet),
        **_versions_context(sheet, ReopenForm(), DecideForm()),
    }  # fmt: skip


def _refused(id: int, typed: MultiDict[str, str], refused: Refused | None = None) -> ResponseReturnValue:
    """The form again with all that was typed; when it was submitted meanwhile, what was saved stands beside it."""
    sheet = _sheet(id)
    lines = queries.line_rows(sheet.row)
    form = form_for(_ids(lines))(typed)
    form.validate()
    saved = None
    if isinstance(refused, Stale):
        saved = _blank(sheet, lines)
        form.row_version.data = _versions(sheet)
    context = _edit_context(sheet, lines, form)
    return answer.failed("assessment/edit.html", form, refused, saved=saved, **context)


CHOICES = ("mine", "theirs")


@dataclass(frozen=True)
class Clash:
    """A field that both changed: its name, what it is called, what each answered, who the other is, and the choice."""

    field: str
    label: str
    mine: str
    theirs: str
    who: str
    at: str
    chosen: str


def _clashes(
    form: AssessmentForm, saved: AssessmentForm, found: Iterable[Was], typed: MultiDict[str, str]
) -> list[Clash]:
    return [
        Clash(one.field, _(form[one.field].label.text), answer.shown(form[one.field]), answer.shown(saved[one.field]),
              one.who, clock_time(one.at), typed.get(f"keep-{one.field}", ""))
        for one in found if one.field in form
    ]  # fmt: skip


def _clashed(id: int, typed: MultiDict[str, str], kept: Kept) -> ResponseReturnValue:
    """The form with what both have typed: where both changed a field mine, and both to choose from above it (409)."""
    sheet, merge = _sheet(id), kept.merge
    lines = queries.line_rows(sheet.row)
    fields, make = _fields(merge.fields), form_for(_ids(lines))
    saved = make(fields)
    for one in merge.clashes:
        fields.setlist(one.field, typed.getlist(one.field))
    form = make(fields)
    form.row_version.data = _versions(sheet)
    security.told(["stale_version"])
    both = {"clashes": _clashes(form, saved, merge.clashes, MultiDict()), "taken": _taken(saved, merge)}
    return make_response(answer.page("assessment/edit.html", form, **_edit_context(sheet, lines, form) | both), 409)


def _chosen(id: int, typed: MultiDict[str, str]) -> list[str]:
    """Put the other's answer where it was chosen of the two; the fields where neither was."""
    if "clash" not in typed:
        return []
    security.asks({"clash", "keep"})
    sheet = _sheet(id)
    guard.must(_fills(sheet))
    form, now = form_for(queries.line_ids(id))(), queries.typed(sheet.draft)
    fields = [name for name in typed.getlist("clash") if name in form and name != "row_version"]
    for name in fields:
        if typed.get(f"keep-{name}") == "theirs":
            typed.setlist(name, now.get(name, []))
    return [name for name in fields if typed.get(f"keep-{name}") not in CHOICES]


def _unchosen(id: int, typed: MultiDict[str, str]) -> ResponseReturnValue:
    """The form again with both answers where none was chosen (422)."""
    sheet = _sheet(id)
    lines = queries.line_rows(sheet.row)
    make, was = form_for(_ids(lines)), {one.field: one for one in reversed(queries.replaced(id, 0))}
    form, saved = make(typed), make(_fields(queries.typed(sheet.draft)))
    clashes = _clashes(form, saved, [was[name] for name in typed.getlist("clash") if name in was], typed)
    form.validate()
    security.told(["choice_required"])
    problems = [
        (f"keep-{one.field}", _("Choose one of the two answers to “%(label)s”.", label=one.label))
        for one in clashes if one.chosen not in CHOICES
    ]  # fmt: skip
    context = _edit_context(sheet, lines, form) | {"clashes": clashes, "problems": problems + form.problems()}
    return make_response(answer.page("assessment/edit.html", form, **context), 422)


def _taken(form: AssessmentForm, merge: Merge) -> list[tuple[str, str, str]]:
    """What another changed and I did not: field, who and when."""
    return [(_(form[one.field].label.text), one.who, clock_time(one.at)) for one in merge.taken if one.field in form]


@bp.get("/assessments/<int:id>")
@guard.allows(Permission.CONTENT_READ)
def show(id: int) -> ResponseReturnValue:
    """The one-page form for who may fill it in now; else the receipt, with calibration and approval for the group."""
    sheet = _sheet(id)
    lines = queries.line_rows(sheet.row)
    if _fills(sheet) and not rules.why_not_fill(sheet.row.state, _phase(sheet), sheet.row.year):
        form = _blank(sheet, lines)
        return answer.page("assessment/edit.html", form, **_edit_context(sheet, lines, form))
    return answer.page("assessment/show.html", **_show_context(sheet, lines))


@bp.put("/assessments/<int:id>")
@guard.allows(Permission.ASSESSMENT_FILL)
def autosave(id: int) -> ResponseReturnValue:
    """Save the fields that were changed; 409 tells those that another changed too, with both answers."""
    sent = {name: request.form.getlist(name) for name in request.form}
    ids = queries.line_ids(id) if any(name.startswith("line-") for name in sent) else ()
    form = part_for(frozenset(sent), ids)(MultiDict((n, v) for n, vs in sent.items() for v in vs if v))
    if not form.validate():
        security.told(form.codes())
        return {"errors": form.problems()}, 422
    version, draft = versions(request.form.get("row_version"))
    changed = {field.name: sent[field.name] for field in form}
    try:
        with transaction():
            kept = actions.save_draft(guard.by(), id, draft, changed, version, request.form.get("window", "")[:40])
            return _told(version, kept)
    except Refused as refused:
        if refused.status == 403:
            _sheet(id)
        security.because(refused)
        again = not isinstance(refused, Stale) and any(reason.code == CHANGED.code for reason in refused.reasons)
        return {"reasons": answer.sentences(refused), "again": again}, refused.status


def _told(version: int | None, kept: Kept) -> ResponseReturnValue:
    merge = kept.merge
    taken, clashes = (
        [{"name": one.field, "values": merge.fields.get(one.field, []), "who": one.who, "at": clock_time(one.at)}
         for one in listed]
        for listed in (merge.taken, merge.clashes)
    )  # fmt: skip
    told = {
        "version": f"{version or 0}.{kept.draft.version}", "at": clock_time(kept.draft.saved_at), "taken": taken,
        "clashes": clashes,
    }  # fmt: skip
    return told, 409 if clashes else 200


@bp.post("/assessments/<int:id>/draft")
@guard.allows(Permission.ASSESSMENT_FILL)
def save_draft(id: int) -> ResponseReturnValue:
    """Save all that is typed as a draft, after copying last year's answers when that was asked."""
    typed = MultiDict(request.form)
    what = typed.pop("copy", "")
    if what:
        sheet = _sheet(id)
        lines, last = queries.line_rows(sheet.row), _last(sheet)
        _copy(typed, what, _copies(last, lines, queries.beside(sheet.process, sheet.row.year, last)[1]))
    if _chosen(id, typed):
        return _unchosen(id, typed)
    form = form_for(queries.line_ids(id))(typed)
    if not form.validate():
        return _refused(id, typed)
    anchor = what if what in NAMES else None
    try:
        with transaction():
            kept = _keep(id, form, typed)
            if not kept.merge.clashes:
                return answer.done(url_for(".show", id=id, _anchor=anchor), _saved(form, kept))
    except Refused as refused:
        return _refused(id, typed, refused)
    return _clashed(id, typed, kept)


def _keep(id: int, form: AssessmentForm, typed: MultiDict[str, str]) -> Kept:
    version, draft = form.versions()
    whole = {field.name: typed.getlist(field.name) for field in form if field.name != "row_version"}
    return actions.save_draft(guard.by(), id, draft, whole, assessment_version=version)


def _saved(form: AssessmentForm, kept: Kept) -> str:
    taken = _taken(form, kept.merge)
    if not taken:
        return str(_("The draft is saved."))
    others = "; ".join(_("%(field)s by %(who)s at %(at)s", field=field, who=who, at=at) for field, who, at in taken)
    return str(_("The draft is saved. Changed meanwhile: %(others)s.", others=others))


@bp.post("/assessments/<int:id>/submit")
@guard.allows(Permission.ASSESSMENT_FILL)
def submit(id: int) -> ResponseReturnValue:
    """Submit the form; when the draft has moved on it is saved beside what others typed, and asked for again."""
    typed, ids = MultiDict(request.form), queries.line_ids(id)
    if _chosen(id, typed):
        return _unchosen(id, typed)
    form = form_for(ids)(typed)
    if not form.validate():
        return _refused(id, typed)
    version, draft = form.versions()
    try:
        with transaction():
            actions.submit(guard.by(), id, version, form.answers(ids), draft_version=draft)
            return answer.done(url_for(".show", id=id), _("The assessment is submitted."))
    except Stale as stale:
        if not queries.is_draft(stale.row):
            return _refused(id, typed, stale)
    except Refused as refused:
        return _refused(id, typed, refused)
    try:
        with transaction():
            return _clashed(id, typed, _keep(id, form, typed))
    except Refused as refused:
        return _refused(id, typed, refused)


# --- the receipt ---------------------------------------------------------------------------------------------


def _show_context(sheet: Sheet, lines: list[LineRow]) -> dict[str, Any]:
    row, phase, by = sheet.row, _phase(sheet), guard.by()
    group = by.may(Permission.ASSESSMENT_CALIBRATE, row.organisation_id, places=queries.places(row))
    fills, own = _fills(sheet), _own(sheet)
    may_object = fills and own and not rules.why_not_object(row.state, phase, row.year, "x" * rules.SHORT_LEAST)
    now, used, sent = Scores.of(row), sheet.used, Scores.read(row.submitted_scores)
    names = people.names({
        row.author_id, row.returned_by_id, row.calibrated_by_id, row.approver_id, sheet.process.owner_id,
        sheet.process.deputy_id,
    })  # fmt: skip
    calibrating = rules.why_not_start_calibration(row.state, phase, row.year)
    approving = queries.why_not_approve(by, row, phase, sheet.open_questions)
    return {
        "sheet": sheet, "row": row, "process": sheet.process, "lines": lines, "names": names,
        "scales": shown(used, language()), "used": used, "now_levels": rules.levels(now, used),
        "last": Scores.of(sheet.last) if sheet.last else Scores(), "last_levels": queries.kept_levels(sheet.last),
        "submitted": sent, "sent_levels": rules.levels(sent, used), "kept_levels": queries.kept_levels, "now": now,
        "group": group, "why_not_calibrate": _sentences(calibrating), "may_object": may_object,
        "why_not_approve": _sentences(approving), "org": sheet.organisation.code,
        "facts_beside": queries.beside(sheet.process, row.year, None)[0],
        "may_return": group and not rules.why_not_return(row.state, phase, row.year, "x" * rules.SHORT_LEAST),
        "may_take_back": fills and not rules.why_not_take_back(row.state, phase, row.year, by.person_id, row.author_id),
        "why_not_fill": _sentences(rules.why_not_fill(row.state, phase, row.year)) if fills else [], "fills": fills,
        "calibrate": CalibrateForm(obj=_Text(row)), "send_back": ReturnForm(version=row.version),
        "protest": ObjectForm(version=row.version, text=row.owner_objection),
        "waits": row.state in (State.SUBMITTED, State.CALIBRATED),
        "change_words": {kind.value: _(kind.label) for kind in Change},
        "copied": [_(answer.label) for answer in Copied if answer.value in row.copied_answers.split(";")],
        "leapt": rules.leaps(now, Scores.of(sheet.last), used) if sheet.last and now.complete else [],
        "may_undo": group and not rules.why_not_undo(row.state, phase, row.year),
        "may_ask": group and not rules.why_not_ask(row.state, phase, row.year, "x" * rules.SHORT_LEAST),
        "ask": AskForm(), **_questions(sheet),
        **_versions_context(sheet, ReopenForm(version=row.version), DecideForm()),
    }  # fmt: skip


def _questions(sheet: Sheet, typed: AnswerForm | None = None) -> dict[str, Any]:
    """The group's questions about a form, and for who may answer them a form for each that is open."""
    by, row = guard.by(), sheet.row
    own = _own(sheet) or (by.own_id is not None and by.own_id == row.author_id)
    answers = own and by.may(Permission.ASSESSMENT_FILL, row.organisation_id, own=True) and row.state not in rules.DONE
    asked = queries.questions(row.id) if sheet.questions else []
    return {
        "questions": asked, "replies": {
            one.row.id: typed if typed and typed.question.data == one.row.id
            else AnswerForm(question=one.row.id, version=one.row.version)
            for one in asked if answers and one.row.answered_at is None
        },
        "may_withdraw": by.may(Permission.ASSESSMENT_CALIBRATE, row.organisation_id, places=queries.places(row)),
    }  # fmt: skip


def _versions_context(sheet: Sheet, reopen: ReopenForm, decide: DecideForm) -> dict[str, Any]:
    """The versions that were reopened, the request that waits, and the forms to ask and to decide (S11)."""
    row, by = sheet.row, guard.by()
    asked = people.reopenings(row) if sheet.asked else []
    waiting = next((one for one in asked if one.row.state is RequestState.ASKED), None)
    decides = waiting is not None and by.may(Permission.REOPENING_APPROVE, row.organisation_id)
    if waiting is not None:
        decide.version.data = waiting.row.version
    own = queries.asks(by, row, sheet.process)
    earlier = queries.earlier(asked)
    return {
        "asked_to_reopen": asked, "waiting": waiting, "earlier": earlier, "decides": decides, "reopen": reopen,
        "decide": decide, "edition": edition(one.row.state for one in asked), "final": row.state in rules.DONE,
        "just_reopened": bool(earlier) and earlier[-1].asked.row.decided_at == row.returned_at,
        "asks": waiting is None and row.state in rules.DONE
        and by.may(Permission.REOPENING_ASK, row.organisation_id, own=own),
        "why_decide": _sentences(queries.why_not_reopen(by, waiting.row)) if waiting is not None and decides else [],
        "version_names": people.names({
            id for one in earlier for id in (one.was["author_id"], one.was["calibrated_by_id"], one.was["approver_id"])
        }) if earlier else {},
    }  # fmt: skip


class _Text:
    """The scores of a row as a form's choices want them."""

    def __init__(self, row: Any) -> None:
        for name in NAMES:
            value = getattr(row, name)
            setattr(self, name, None if value is None else str(value))
        self.version, self.reason = row.version, row.calibration_reason


def _again(id: int, which: str, form: Any, refused: Refused | None = None) -> ResponseReturnValue:
    """The receipt again with the one form of it that was refused."""
    sheet = _sheet(id)
    context = _show_context(sheet, queries.line_rows(sheet.row)) | {which: form}
    saved = {"calibrate": CalibrateForm(obj=_Text(sheet.row)), "reopen": ReopenForm(version=sheet.row.version)}.get(
        which
    )
    return answer.failed("assessment/show.html", form, refused, saved=saved, **context)


def _sent(id: int, which: str, form: Any, text: str, act: Callable[..., object], *told: object) -> ResponseReturnValue:
    """One of the receipt's forms: an act on the version that was read with what was told, and the receipt again."""
    return answer.sent(
        form, lambda: act(guard.by(), id, form.version.data, *told), url_for(".show", id=id), text,
        lambda refused: _again(id, which, form, refused),
    )  # fmt: skip


def _read() -> int | None:
    """The version of the form that a bare button carries."""
    return request.form.get("version", type=int) or request.form.get("row_version", type=int)


@bp.post("/assessments/<int:id>/take-back")
@guard.allows(Permission.ASSESSMENT_FILL)
def take_back(id: int) -> ResponseReturnValue:
    """Take a submitted form back to go on with it."""
    _sheet(id)
    with transaction():
        actions.take_back(guard.by(), id, _read())
        return answer.done(url_for(".show", id=id), _("The assessment is yours again. Correct it and submit it."))


@bp.post("/assessments/<int:id>/return")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def return_to_author(id: int) -> ResponseReturnValue:
    """Send the form back with a comment."""
    _sheet(id)
    form = ReturnForm(request.form)
    text = _("The assessment is returned.")
    return _sent(id, "send_back", form, text, actions.return_to_author, form.comment.data or "")


@bp.post("/assessments/<int:id>/calibrate")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def calibrate(id: int) -> ResponseReturnValue:
    """Agree with the form as submitted, or change its scores with a reason."""
    _sheet(id)
    form = CalibrateForm(request.form)
    scores = None if "agree" in request.form else form.scores()
    reason = "" if scores is None else form.reason.data or ""
    return _sent(id, "calibrate", form, _("The assessment is calibrated."), actions.calibrate, scores, reason)


@bp.post("/assessments/<int:id>/undo")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def undo(id: int) -> ResponseReturnValue:
    """Take back what the group agreed on or changed."""
    _sheet(id)
    with transaction():
        actions.undo_calibration(guard.by(), id, _read())
        return answer.done(url_for(".show", id=id), _("The calibration is undone. The form is as its author sent it."))


@bp.post("/assessments/<int:id>/ask")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def ask(id: int) -> ResponseReturnValue:
    """Ask the author a question."""
    _sheet(id)
    form = AskForm(request.form)
    return answer.sent(
        form, lambda: actions.ask(guard.by(), id, form.challenge.data or ""), url_for(".show", id=id),
        _("The question is sent to the author."), lambda refused: _again(id, "ask", form, refused),
    )  # fmt: skip


@bp.post("/assessments/<int:id>/answer")
@guard.allows(Permission.ASSESSMENT_FILL)
def reply(id: int) -> ResponseReturnValue:
    """Answer the group's question."""
    sheet, form = _sheet(id), AnswerForm(request.form)

    def again(refused: Refused | None) -> ResponseReturnValue:
        sheet = _sheet(id)
        context = _show_context(sheet, queries.line_rows(sheet.row)) | _questions(sheet, form)
        return answer.failed("assessment/show.html", form, refused, saved=AnswerForm(), **context)

    return answer.sent(
        form, lambda: actions.answer(guard.by(), sheet.row.id, form.question.data or 0, form.version.data,
                                     form.reply.data or ""),
        url_for(".show", id=id), _("The answer is sent to the group."), again,
    )  # fmt: skip


@bp.post("/assessments/<int:id>/withdraw-question")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def withdraw_question(id: int) -> ResponseReturnValue:
    """Take a question back that is not answered."""
    _sheet(id)
    number, version = request.form.get("question", type=int), request.form.get("version", type=int)
    if number is None:
        raise Refused([FIELD_REQUIRED("question", label=N_("Question"))])
    with transaction():
        actions.withdraw_question(guard.by(), id, number, version)
        return answer.done(url_for(".show", id=id), _("The question is taken back."))


@bp.post("/assessments/<int:id>/object")
@guard.allows(Permission.ASSESSMENT_FILL)
def object_to(id: int) -> ResponseReturnValue:
    """The owner's objection."""
    _sheet(id)
    form = ObjectForm(request.form)
    return _sent(id, "protest", form, _("The objection is saved."), actions.object_to, form.text.data or "")


@bp.post("/assessments/<int:id>/approve")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
@guard.fresh
def approve(id: int) -> ResponseReturnValue:
    """Approve a calibrated form."""
    _sheet(id)
    with transaction():
        actions.approve(guard.by(), id, _read())
        return answer.done(url_for(".show", id=id), _("The assessment is approved."))


# --- reopening -----------------------------------------------------------------------------------------------


@bp.post("/assessments/<int:id>/reopen")
@guard.allows(Permission.REOPENING_ASK)
def ask_reopening(id: int) -> ResponseReturnValue:
    """Ask that an approved form be reopened."""
    sheet, form = _sheet(id), ReopenForm(request.form)
    own = queries.asks(guard.by(), sheet.row, sheet.process)
    guard.must(guard.by().may(Permission.REOPENING_ASK, sheet.row.organisation_id, own=own))
    text = _("The reopening waits for another person's approval.")
    return _sent(id, "reopen", form, text, actions.ask_reopening, form.reason.data or "")


def _decide(id: int, act: Callable[[By, int, int | None, str], object], done: str) -> ResponseReturnValue:
    sheet, form = _sheet(id), DecideForm(request.form)
    guard.must(guard.by().may(Permission.REOPENING_APPROVE, sheet.row.organisation_id))
    return _sent(id, "decide", form, done, act, form.answer.data or "")


@bp.post("/assessments/<int:id>/reopen/approve")
@guard.allows(Permission.REOPENING_APPROVE)
@guard.fresh
def approve_reopening(id: int) -> ResponseReturnValue:
    """Let the form be reopened as a new version."""
    done = _("The assessment is reopened. The earlier version stays readable.")
    return _decide(id, actions.approve_reopening, done)


@bp.post("/assessments/<int:id>/reopen/refuse")
@guard.allows(Permission.REOPENING_APPROVE)
def refuse_reopening(id: int) -> ResponseReturnValue:
    """Do not let the form be reopened, with an answer."""
    return _decide(id, actions.refuse_reopening, _("The reopening was refused."))


# --- the year ------------------------------------------------------------------------------------------------


KEPT = (*queries.FILTERS, "sort", "page", "all", "show", "p", "c", "moved", "arrows")
"""What the two pages of the year keep in their address; anything else that came in it is not passed on."""


def _address(**changes: Any) -> str:
    """This page's address with some of its arguments changed (None leaves one out)."""
    asked = request.args.to_dict()
    arguments = {**{name: asked[name] for name in KEPT if name in asked}, "org": guard.organisation().code, **changes}
    kept = {name: value for name, value in arguments.items() if value not in (None, "")}
    return url_for(f".{str(request.endpoint).split('.')[-1]}", **(request.view_args or {}), **kept)


@bp.get("/cycles/<int:year>/assessments")
@guard.allows(Permission.CONTENT_READ)
def listing(year: int) -> ResponseReturnValue:
    """All assessments of a year, filtered and sorted by the address."""
    by, asked = guard.by(), lists.asked(queries.SORTS, queries.FILTERS)
    guard.organisation(visiting=True)
    here = guard.organisations()
    rows = queries.listing(by, here, year, asked.filters, asked.sort, asked.descending, asked.offset(), asked.limit())
    choices = queries.choices(by, here, year)
    matching = rows[0].matching if rows else 0
    return answer.page(
        "assessment/listing.html", year=year, may_fill=by.may(Permission.ASSESSMENT_FILL),
        rows=rows, choices=choices, asked=asked, matching=matching,
        weighed=_weighed(here, year) if any(row.priority is not None for row in rows) else [],
        chips=_chips(asked, choices), sort=("-" if asked.descending else "") + asked.sort, states=list(State),
        bands=list(Band), here=guard.organisation(),
        filtered=_address(sort=None, page=None, all=None),
        org=guard.organisation().code, address=_address, last=asked.offset() + len(rows),
        clear=_address(**dict.fromkeys((*queries.FILTERS, "page"))),
        page=lists.Page(rows, matching, choices.total, asked),
        pages=_address(page=None, all=None) + "&",
    )  # fmt: skip


def _weighed(here: frozenset[int], year: int) -> list[tuple[str, Scales]]:
    """The scales by which the priority figures of a list are reckoned, each with its organisation's code."""
    codes = {one.id: one.code for one in (guard.organisation(), *guard.reached_organisations())}
    return [(codes.get(id, ""), used) for id, used in queries.used_in(here, year).items() if used.factors]


def _chips(asked: lists.Asked, choices: queries.Choices) -> list[tuple[str, str]]:
    """Each filter in words, with the address without it."""
    words: dict[str, Callable[[], dict[str, str]]] = {
        "area": lambda: {area.code: area.code for area in choices.areas},
        "state": lambda: {state.value: _(state.label) for state in State}
        | {"missing": _("Not submitted"), "done": _("Approved or locked"), "treated": _("Calibrated or further")},
        "owner": lambda: {str(id): name for id, name in choices.owners} | {"none": _("No owner")},
        "band": lambda: {band.value: _(band.label) for band in Band}, "approved_by": dict,
    }  # fmt: skip
    labels = {
        "area": N_("Area"), "state": N_("State"), "owner": N_("Owner"), "band": N_("Risk band"),
        "approved_by": N_("Approved by the end of"),
    }  # fmt: skip
    return [
        (f"{_(labels[name])}: {words[name]().get(value, value)}", _address(**{name: None, "page": None}))
        for name, value in asked.filters.items()
    ]


# --- the grid ------------------------------------------------------------------------------------------------

GRID_ROWS = 50
SHORT = {
    "inherent_likelihood": N_("Likelihood before"), "inherent_impact": N_("Impact before"),
    "control_level": N_("Control level"), "residual_likelihood": N_("Likelihood after"),
    "residual_impact": N_("Impact after"),
    "change_direction": N_("Change"), "change_kinds": N_("What has changed?"), "fraud": N_("Fraud"),
    "certainty": N_("Certainty"), "propose_review": N_("Review"), "reason": N_("Reason"),
    "reason_unchanged": N_("Why unchanged"), "reason_step": N_("Why so large a change"),
    "reason_no_key_control": N_("Which control"), "fraud_reason": N_("Why fraud"),
}  # fmt: skip
"""The heads of the grid's columns."""


def _kinds() -> dict[str, str]:
    """What is written in the cell of changes, in the reader's words or ours."""
    words = {kind.value: kind.value for kind in Change} | {kind.label.casefold(): kind.value for kind in Change}
    return words | {_(kind.label).casefold(): kind.value for kind in Change}


def _grid_page() -> int:
    return max(1, request.args.get("page", 1, type=int))


def _grid_rows(year: int) -> list[GridRow]:
    offset = (min(_grid_page(), 1000) - 1) * GRID_ROWS
    return queries.grid(guard.by(), guard.organisations(), year, offset, GRID_ROWS)


def _grid(
    year: int, rows: list[GridRow], cells: dict[int, Fields], errors: dict[int, dict[str, str]] | None = None,
    skipped: list[tuple[str, list[str]]] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    page, matching, org = _grid_page(), rows[0].matching if rows else 0, guard.organisation().code
    form, words = grid_form()(), {kind.value: _(kind.label) for kind in Change}
    shown = {
        id: fields | {"change_kinds": [words.get(kind, kind) for kind in fields.get("change_kinds", [])]}
        for id, fields in cells.items()
    }
    near = {side: number for side, number in (("previous", page - 1), ("next", page + 1))
            if 1 <= number <= -(-matching // GRID_ROWS)}  # fmt: skip
    return answer.page(
        "assessment/grid.html", year=year, org=org, page=page, rows=rows, cells=shown, errors=errors or {},
        skipped=skipped or [], person=guard.by().person_id, kinds=_kinds(), kind_words=list(words.values()),
        columns=[(name, _(form[name].label.text), _(SHORT[name])) for name in GRID], scales=NAMES,
        choices={name: _translated(form[name]) for name in CHOSEN},
        near={side: url_for(".grid", year=year, org=org, page=number) for side, number in near.items()},
    )  # fmt: skip


@bp.get("/cycles/<int:year>/grid")
@guard.allows(Permission.ASSESSMENT_FILL)
def grid(year: int) -> ResponseReturnValue:
    """The forms of a year as rows of a sheet, for who fills in many."""
    rows = _grid_rows(year)
    return _grid(year, rows, queries.typed_in(rows))


@dataclass
class Sent:
    """The rows of the grid that were sent: what is typed in each, and what is wrong with it."""

    rows: dict[int, GridRow]
    cells: dict[int, Fields]
    changed: dict[int, BaseForm]
    errors: dict[int, dict[str, str]]


def _read_grid(year: int) -> Sent:
    """Read the grid's form: rows that are open and in which something is typed that is not there."""
    rows = {one.row.id: one for one in _grid_rows(year)}
    sent, now = Sent(rows, queries.typed_in(rows.values()), {}, {}), _kinds()
    for id, one in rows.items():
        if f"row_version-{id}" not in request.form:
            continue
        typed = {name: merging.tidy(request.form.getlist(f"{name}-{id}")) for name in GRID}
        kinds, strange = many(", ".join(typed["change_kinds"]), now)
        typed["change_kinds"] = kinds
        if not strange and all(values == sent.cells[id].get(name, []) for name, values in typed.items()):
            continue
        form = grid_form()(_fields(typed | {"row_version": [request.form[f"row_version-{id}"]]}))
        sent.cells[id] = sent.cells[id] | typed | ({"change_kinds": [*kinds, *strange]} if strange else {})
        sent.errors[id] = {} if form.validate() else dict(form.problems())
        if strange:
            about = _("“%(word)s” is none of: %(words)s.", word=strange[0], words=", ".join(_(k.label) for k in Change))
            sent.errors[id]["change_kinds"] = about
        if not one.open:
            why = rules.why_not_fill(one.row.state, one.phase, year)
            sent.errors[id][""] = " ".join(_sentences(why))
        sent.changed[id] = form
    return sent


def _save_row(sent: Sent, id: int) -> None:
    """Save a row as a unit; what is refused is told in it, and what another changed too."""
    form = sent.changed[id]
    version, draft = versions(form["row_version"].data)
    try:
        kept = actions.save_draft(guard.by(), id, draft, {name: sent.cells[id].get(name, []) for name in GRID}, version)
    except Refused as refused:
        sent.errors[id] = {"": " ".join(answer.sentences(refused))}
        return
    for one in kept.merge.clashes:
        words = {"who": one.who, "at": clock_time(one.at), "field": _(form[one.field].label.text)}
        sent.errors[id][one.field] = _("%(who)s also changed “%(field)s” %(at)s. Open the form to compare.", **words)


def _saved_grid(year: int, submits: bool) -> ResponseReturnValue:
    sent = _read_grid(year)
    if not any(one.open or id in sent.changed for id, one in sent.rows.items()):
        raise Refused([rules.NOT_OPEN(year=year)])
    with transaction():
        for id in [id for id in sent.changed if not sent.errors[id]]:
            _save_row(sent, id)
        wrong = {id: texts for id, texts in sent.errors.items() if texts}
        saved = len(sent.changed) - len(wrong)
        skipped, done = _submit_rows(sent, set(wrong)) if submits else ([], 0)
        if not wrong and not skipped:
            text = ngettext("%(num)d row is submitted.", "%(num)d rows are submitted.", done) if submits else (
                ngettext("%(num)d row is saved.", "%(num)d rows are saved.", saved))  # fmt: skip
            return answer.done(url_for(".grid", year=year, org=guard.organisation().code, page=_grid_page()), text)
    rows = _grid_rows(year)
    cells = queries.typed_in(rows) | {id: sent.cells[id] for id in wrong}
    security.told(["grid"])
    return make_response(_grid(year, rows, cells, wrong, skipped), 422)


def _submit_rows(sent: Sent, wrong: set[int]) -> tuple[list[tuple[str, list[str]]], int]:
    """Submit the rows that are begun; the codes of those that lack something, with the reasons, and how many went."""
    skipped, done = [], 0
    for id, one in sent.rows.items():
        draft = queries.draft(id) if one.open and f"row_version-{id}" in request.form else None
        if id in wrong or draft is None:
            continue
        ids = queries.line_ids(id)
        form = form_for(ids)(_fields(queries.typed(draft)))
        try:
            actions.submit(guard.by(), id, None, form.answers(ids), draft_version=draft.version)
            done += 1
        except Refused as refused:
            skipped.append((one.process.code, answer.sentences(refused)))
    return skipped, done


@bp.post("/cycles/<int:year>/grid")
@guard.allows(Permission.ASSESSMENT_FILL)
def save_grid(year: int) -> ResponseReturnValue:
    """Save every row that was changed, each as a unit; those that are wrong are shown again with what was typed."""
    return _saved_grid(year, submits=False)


@bp.post("/cycles/<int:year>/grid/submit")
@guard.allows(Permission.ASSESSMENT_FILL)
def submit_grid(year: int) -> ResponseReturnValue:
    """Save every row that was changed and submit those that are filled in; the others are named with the reasons."""
    return _saved_grid(year, submits=True)


# --- the matrix ----------------------------------------------------------------------------------------------


def _cells(used: Scales, counts: Counter[tuple[int, int]]) -> list[dict[str, Any]]:
    """The 25 cells of the drawing, with the bands that the scales give and how many are in each."""
    return [
        {"likelihood": p, "impact": c, "level": band(used, p, c).value, "product": score(p, c),
         "count": counts[(p, c)]}
        for p in reversed(FIGURES) for c in FIGURES
    ]  # fmt: skip


@bp.get("/cycles/<int:year>/matrix")
@guard.allows(Permission.CONTENT_READ)
def matrix(year: int) -> ResponseReturnValue:
    """The risk matrix of a year, before or after controls, and how it moved, with the sub-processes beneath."""
    by, here, asked = guard.by(), guard.organisations(), lists.asked(("risk",), ("area",), "-risk")
    after, area = request.args.get("show") == "after", asked.filters.get("area", "")
    groups = queries.matrix_groups(by, here, year, after, area)
    p, c = request.args.get("p", 0, type=int), request.args.get("c", 0, type=int)
    cell = (p, c) if p in FIGURES and c in FIGURES else None
    way = next((one for one in Way if one.value == request.args.get("moved")), None)
    rows = queries.matrix(by, here, year, after, area, cell, way, asked.offset(), asked.limit())
    fits = [group for group in groups if cell in (None, (group.likelihood, group.impact)) and way in (None, group.way)]
    matching, total = sum(group.number for group in fits), sum(group.number for group in groups)
    by_place = queries.used_in(here, year)
    used = by_place.get(guard.organisation().id) or next(iter(by_place.values()), STANDARD)
    drawn = request.args.get("arrows") == "1"
    return answer.page(
        "assessment/matrix.html", year=year, after=after, area=area, cells=_cells(used, cells(groups)), rows=rows,
        total=total, matching=matching, cell=cell, way=way, areas=queries.areas_of_year(here, year), drawn=drawn,
        ways=ways(groups), signs=SIGNS, went=went, arrows=queries.arrows(by, here, year, after, area) if drawn else [],
        page=lists.Page(rows, matching, total, asked), pages=_address(page=None, all=None) + "&",
        href=_address(p=None, c=None, page=None, all=None) + "&", address=_address, org=guard.organisation().code,
        spans=spans(used), used=used, letters=LETTERS, several=len(set(by_place.values())) > 1,
    )  # fmt: skip


# --- the year's scales ---------------------------------------------------------------------------------------


def _years(now: int = 0) -> tuple[Cycle | None, Cycle | None]:
    """The cycle that the address names (else that of a year, else the newest), and the one before it."""
    found = {cycle.year: cycle for cycle in wheel.cycles(frozenset({guard.organisation().id}))}
    asked = request.args.get("year", type=int)
    if asked is not None and asked not in found:
        abort(404)
    newest = max(found, default=0)
    year = asked if asked is not None else now if now in found else newest
    return found.get(year), found.get(year - 1)


def _scales_context(cycle: Cycle | None) -> dict[str, Any]:
    """What both pages of the scales show: the scales themselves, of which year, and who saved them."""
    row = queries.scale_set(cycle.id) if cycle else None
    used = queries.scales_of(row)
    return {
        "cycle": cycle, "row": row, "used": used, "scales": shown(used, language()), "spans": spans(used),
        "cells": _cells(used, Counter()), "organisation": guard.organisation(), "titles": TITLES, "anchored": ANCHORED,
    }  # fmt: skip


def _settings(cycle: Cycle, before: Cycle | None) -> dict[str, Any]:
    """The settings page: the form where the reader may change the scales, else why not."""
    frozen = queries.why_not_change_scales(cycle)
    return {
        **_scales_context(cycle), "before": before, "frozen": frozen, "why_not": _sentences(frozen), "effect": None,
        "may": guard.by().may(Permission.CYCLE_CONFIGURE, cycle.organisation_id), "explained": EXPLAINED,
        "measures": list(Measure), "anchor_field": anchor_field, "figures": FIGURES,
    }  # fmt: skip


def _filled(context: dict[str, Any]) -> ScalesForm:
    row = context["row"]
    return ScalesForm(version=row.version if row else 0, **ScalesForm.values(context["used"]))


@bp.get("/settings/scales")
@guard.allows(Permission.CATALOGUE_READ)
def scales() -> ResponseReturnValue:
    """The scales of the newest year, or of the year in the address, to change or to read."""
    cycle, before = _years()
    if cycle is None:
        return answer.page("assessment/scales_none.html", organisation=guard.organisation())
    context = _settings(cycle, before)
    form = _filled(context) if context["may"] and not context["why_not"] else None
    return answer.page("assessment/scales.html", form, **context)


def _scales_again(form: ScalesForm, refused: Refused | None) -> ResponseReturnValue:
    """The settings page with what was typed and why it was not taken."""
    cycle, before = _years()
    if cycle is None:
        abort(404)
    context = _settings(cycle, before)
    saved = _filled(context) if isinstance(refused, Stale) else None
    return answer.failed("assessment/scales.html", form, refused, saved=saved, **context)


def _scales_sent() -> tuple[Cycle, Cycle | None, ScalesForm]:
    """The year whose scales are sent, by somebody who may change them, the one before it, and what was typed."""
    cycle, before = _years()
    if cycle is None:
        abort(404)
    guard.must(guard.by().may(Permission.CYCLE_CONFIGURE, cycle.organisation_id))
    return cycle, before, ScalesForm(request.form)


@bp.post("/settings/scales")
@guard.allows(Permission.CYCLE_CONFIGURE)
def set_scales() -> ResponseReturnValue:
    """Save the year's scales."""
    cycle, _before, form = _scales_sent()
    id, year, by = cycle.id, cycle.year, guard.by()
    return answer.sent(
        form, lambda: actions.set_scales(by, id, form.version.data or None, form.scales()),
        url_for(".scales", year=year, org=guard.organisation().code), _("The scales of %(year)s are saved.", year=year),
        lambda refused: _scales_again(form, refused),
    )  # fmt: skip


@bp.post("/settings/scales/preview")
@guard.allows(Permission.CYCLE_CONFIGURE)
def preview_scales() -> ResponseReturnValue:
    """What the scales that are typed would make of last year's assessments; nothing is saved."""
    cycle, before, form = _scales_sent()
    if not form.validate():
        return _scales_again(form, None)
    wanted = form.scales()
    context = _settings(cycle, before)
    if reasons := context["frozen"] + why_not_scales(wanted):
        return answer.failed("assessment/scales.html", form, Refused(reasons), **context)
    effect = queries.effect(before, wanted) if before else None
    return answer.page("assessment/scales.html", form, **context | {"effect": effect, "previewed": True})


@bp.get("/help/scales")
@guard.allows(Permission.CATALOGUE_READ)
def explain_scales() -> ResponseReturnValue:
    """What the steps and bands of the current year mean, for everybody and for print."""
    cycle, _before = _years(guard.by().today.year)
    return answer.page("assessment/scales_help.html", **_scales_context(cycle))
