"""The list of findings, one finding with its actions, and a POST for each verb."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.db import Stale, transaction
from controls.base.form import BaseForm
from controls.base.why import Reason, Refused
from controls.finding import actions, forms, queries, rules
from controls.finding.words import Severity, State
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.rules import edition
from controls.identity.words import RequestState
from controls.web import answer, guard, lists

bp = Blueprint("finding", __name__)
PAGE, WRITE = "finding/show.html", "finding/write.html"
STEP_FORMS: dict[str, type[BaseForm]] = {
    "answer": forms.AnswerForm, "confirm": forms.ConfirmForm, "action": forms.ActionForm, "extend": forms.ExtendForm,
    "accept": forms.AcceptForm, "close": forms.NoteForm, "report": forms.NoteForm, "verify": forms.NoteForm,
    "reject": forms.NoteForm, "drop": forms.ReasonForm, "reopen": forms.ReasonForm, "decide": forms.DecideForm,
}  # fmt: skip
WITH_PEOPLE = (forms.ConfirmForm, forms.ActionForm, forms.AcceptForm)
ON_ACTION = ("report", "verify", "reject", "drop")


@bp.get("/findings")
@guard.allows(Permission.CONTENT_READ)
def index() -> ResponseReturnValue:
    """The list of findings, filtered and sorted by the address."""
    by, here = guard.by(), guard.organisation(visiting=True)
    reach = guard.organisations()
    asked = lists.asked(queries.SORTS, queries.FILTERS, "deadline")
    rows, matching, total = queries.listing(
        by, reach, asked.filters, asked.sort, asked.descending, asked.limit(), asked.offset()
    )
    owners, years = queries.choices(by, reach)
    states = [("open", _("All open")), *((word.value, _(word.label)) for word in State)]
    return answer.page(
        "finding/index.html", page=lists.Page(rows, matching, total, asked), owners=owners, states=states,
        years=[(year, year) for year in years], severities=[(word.value, _(word.label)) for word in Severity],
        org=here.code,
    )  # fmt: skip


def _number(text: str) -> int | None:
    """A number in an address; none when it is no number, or larger than an id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@bp.get("/findings/<int:id>")
@guard.allows(Permission.CONTENT_READ)
def show(id: int) -> ResponseReturnValue:
    """One finding; `?do=` opens the form of one step."""
    page = queries.show(guard.by(), id) or abort(404)
    do = request.args.get("do", "")
    on = _number(request.args.get("on", "")) or 0
    context = _context(page, do if do in STEP_FORMS else "", on)
    return answer.page(PAGE, _form(page, do, on, context["actions"]), **context)


@bp.get("/actions/<int:id>")
@guard.allows(Permission.CONTENT_READ)
def by_action(id: int) -> ResponseReturnValue:
    """On to the finding of an action."""
    finding = queries.finding_of(id)
    if finding is None or queries.show(guard.by(), finding) is None:
        abort(404)
    return redirect(url_for("finding.show", id=finding, _anchor=f"action-{id}"), 303)


@bp.route("/reviews/<int:review_id>/findings/new", methods=["GET", "POST"])
@guard.allows(Permission.FINDING_MANAGE)
def new(review_id: int) -> ResponseReturnValue:
    """Raise a finding in a review, on a control when one is named."""
    given = request.values.get("control", "")
    found = queries.raised_in(guard.by(), review_id, _number(given)) or abort(404)
    review, subprocess, control = found
    guard.must(queries.may_raise(guard.by(), review))
    form, refused = _write_form(review.organisation_id, subprocess.id), None
    if request.method == "POST" and form.validate():
        values = form.values(review.organisation_id, subprocess.id, review.id, control.id if control else None)
        try:
            with transaction():
                finding = actions.raise_finding(guard.by(), values)
                return answer.done(url_for("finding.show", id=finding.id), _("The finding is raised."))
        except Refused as error:
            refused = error
    context: dict[str, Any] = {"finding": None, "review": review, "subprocess": subprocess, "control": control}
    if request.method == "GET":
        return answer.page(WRITE, form, **context)
    return answer.failed(WRITE, form, refused, **context)


@bp.route("/findings/<int:id>/edit", methods=["GET", "POST"])
@guard.allows(Permission.FINDING_VERIFY)
def edit(id: int) -> ResponseReturnValue:
    """Change a finding until it is confirmed."""
    page, refused, stored = queries.show(guard.by(), id) or abort(404), None, None
    found = page.finding
    guard.must(queries.may(guard.by(), found, Permission.FINDING_VERIFY))
    form = _write_form(found.organisation_id, found.subprocess_id, found)
    if request.method == "POST" and form.validate():
        values = form.values(found.organisation_id, found.subprocess_id, found.review_id, found.control_id)
        try:
            with transaction():
                actions.edit(guard.by(), id, forms.read_version(form), values)
                return answer.done(url_for("finding.show", id=id), _("The finding is saved."))
        except Refused as error:
            refused = error
            if isinstance(error, Stale):
                stored = _write_form(found.organisation_id, found.subprocess_id, error.row, sent=False)
    context: dict[str, Any] = {
        "finding": found, "review": page.review, "subprocess": page.subprocess, "control": page.control,
    }  # fmt: skip
    if request.method == "GET":
        return answer.page(WRITE, form, **context)
    return answer.failed(WRITE, form, refused, saved=stored, **context)


def _write_form(organisation_id: int, subprocess_id: int, found: Any = None, sent: bool = True) -> forms.FindingForm:
    earlier = queries.earlier_findings(organisation_id, subprocess_id, found.id if found else 0)
    listed = people.people(frozenset({organisation_id}), on=guard.by().today)
    sent_data = request.form if sent and request.method == "POST" else None
    return forms.FindingForm(sent_data, listed, earlier, obj=found)


@bp.post("/findings/<int:id>/hearing")
@guard.allows(Permission.FINDING_VERIFY)
def hearing(id: int) -> ResponseReturnValue:
    """Send to hearing."""
    _must(id, "hearing")
    with transaction():
        actions.send_to_hearing(guard.by(), id, forms.read_version(forms.VersionForm(request.form)))
        return answer.done(url_for("finding.show", id=id), _("The finding is sent to its owner for an answer."))


@bp.post("/findings/<int:id>/answer")
@guard.allows(Permission.FINDING_MANAGE)
def give_answer(id: int) -> ResponseReturnValue:
    """The owner's answer."""
    return _step(id, "answer", _("The answer is sent."), lambda form: actions.answer_hearing(
        guard.by(), id, forms.read_version(form), form.response.data or ""))  # fmt: skip


@bp.post("/findings/<int:id>/confirm")
@guard.allows(Permission.FINDING_VERIFY)
def confirm(id: int) -> ResponseReturnValue:
    """Confirm the finding."""
    return _step(id, "confirm", _("The finding is confirmed."), lambda form: actions.confirm(
        guard.by(), id, forms.read_version(form), form.response.data or "", form.deadline.data,
        forms.chosen(form.verifier_id)))  # fmt: skip


@bp.post("/findings/<int:id>/actions")
@guard.allows(Permission.FINDING_MANAGE)
def agree(id: int) -> ResponseReturnValue:
    """Agree on an action."""
    return _step(id, "action", _("The action is agreed."), lambda form: actions.agree_action(
        guard.by(), id, form.values()))  # fmt: skip


@bp.post("/findings/<int:id>/extend")
@guard.allows(Permission.FINDING_MANAGE)
def extend(id: int) -> ResponseReturnValue:
    """Approve a later deadline."""
    return _step(id, "extend", _("The deadline is extended."), lambda form: actions.extend(
        guard.by(), id, forms.read_version(form), form.new_deadline.data, form.reason.data or ""))  # fmt: skip


@bp.post("/findings/<int:id>/accept")
@guard.allows(Permission.FINDING_MANAGE)
def accept(id: int) -> ResponseReturnValue:
    """Record that the risk is accepted."""
    return _step(id, "accept", _("The accepted risk is recorded."), lambda form: actions.accept_risk(
        guard.by(), id, forms.read_version(form), forms.chosen(form.accepted_by_id), form.until.data,
        form.reason.data or ""))  # fmt: skip


@bp.post("/findings/<int:id>/close")
@guard.allows(Permission.FINDING_VERIFY)
def close(id: int) -> ResponseReturnValue:
    """Close the finding."""
    return _step(id, "close", _("The finding is closed."), lambda form: actions.close(
        guard.by(), id, forms.read_version(form), form.note.data or ""))  # fmt: skip


@bp.post("/findings/<int:id>/actions/<int:action_id>/start")
@guard.allows(Permission.FINDING_MANAGE)
def start_action(id: int, action_id: int) -> ResponseReturnValue:
    """Work on an action has begun."""
    _must(id, "start", action_id)
    with transaction():
        actions.start_action(guard.by(), action_id, forms.read_version(forms.VersionForm(request.form)))
        return answer.done(url_for("finding.show", id=id), _("The action is in progress."))


@bp.post("/findings/<int:id>/actions/<int:action_id>/report")
@guard.allows(Permission.FINDING_MANAGE)
def report(id: int, action_id: int) -> ResponseReturnValue:
    """Report an action done."""
    return _step(id, "report", _("The action is reported done."), lambda form: actions.report_done(
        guard.by(), action_id, forms.read_version(form), form.note.data or ""), action_id)  # fmt: skip


@bp.post("/findings/<int:id>/actions/<int:action_id>/verify")
@guard.allows(Permission.FINDING_VERIFY)
def verify(id: int, action_id: int) -> ResponseReturnValue:
    """Verify an action."""
    return _step(id, "verify", _("The action is verified."), lambda form: actions.verify(
        guard.by(), action_id, forms.read_version(form), form.note.data or ""), action_id)  # fmt: skip


@bp.post("/findings/<int:id>/actions/<int:action_id>/reject")
@guard.allows(Permission.FINDING_VERIFY)
def reject(id: int, action_id: int) -> ResponseReturnValue:
    """Send an action back to its owner."""
    return _step(id, "reject", _("The action is sent back to its owner."), lambda form: actions.reject(
        guard.by(), action_id, forms.read_version(form), form.note.data or ""), action_id)  # fmt: skip


@bp.post("/findings/<int:id>/actions/<int:action_id>/drop")
@guard.allows(Permission.FINDING_VERIFY)
def drop(id: int, action_id: int) -> ResponseReturnValue:
    """Drop an action."""
    return _step(id, "drop", _("The action is dropped."), lambda form: actions.drop_action(
        guard.by(), action_id, forms.read_version(form), form.reason.data or ""), action_id)  # fmt: skip


@bp.post("/findings/<int:id>/reopen")
@guard.allows(Permission.REOPENING_ASK)
def ask_reopening(id: int) -> ResponseReturnValue:
    """Ask that a closed finding be reopened."""
    return _step(id, "reopen", _("The reopening waits for another person's approval."),
                 lambda form: actions.ask_reopening(
                     guard.by(), id, forms.read_version(form), form.reason.data or ""))  # fmt: skip


@bp.post("/findings/<int:id>/reopen/approve")
@guard.allows(Permission.REOPENING_APPROVE)
@guard.fresh
def approve_reopening(id: int) -> ResponseReturnValue:
    """Let the finding be reopened."""
    return _step(id, "decide", _("The finding is reopened. The earlier version stays readable."),
                 lambda form: actions.approve_reopening(
                     guard.by(), id, forms.read_version(form), form.answer.data or ""))  # fmt: skip


@bp.post("/findings/<int:id>/reopen/refuse")
@guard.allows(Permission.REOPENING_APPROVE)
def refuse_reopening(id: int) -> ResponseReturnValue:
    """Do not let the finding be reopened, with an answer."""
    return _step(id, "decide", _("The reopening was refused."), lambda form: actions.refuse_reopening(
        guard.by(), id, forms.read_version(form), form.answer.data or ""))  # fmt: skip


ASKED = {"reopen": Permission.REOPENING_ASK, "decide": Permission.REOPENING_APPROVE}
GROUPS = {"extend", "accept"}
JUDGED = {"hearing", "confirm", "close", "verify", "reject", "drop"}


def _must(id: int, do: str, on: int = 0) -> queries.Page:
    """The finding: 404 when it is not for this reader, 403 when the step is not the reader's."""
    page, by = queries.show(guard.by(), id) or abort(404), guard.by()
    action = queries.action_by_id(on) if on else None
    if on and (action is None or action.finding_id != id):
        abort(404)
    permission = ASKED.get(do) or (Permission.FINDING_VERIFY if do in JUDGED else Permission.FINDING_MANAGE)
    group = do not in GROUPS or by.may(permission, page.finding.organisation_id)
    guard.must(group and queries.may(by, page.finding, permission, action))
    return page


def _step(id: int, do: str, text: str, run: Callable[[Any], Any], on: int = 0) -> ResponseReturnValue:
    """One step with a form: done and on to the finding, or the form again with everything typed."""
    page = _must(id, do, on)
    form, refused = _form(page, do, on, []), None
    if form.validate():
        try:
            with transaction():
                run(form)
                return answer.done(url_for("finding.show", id=id), text)
        except Refused as error:
            refused = error
    page = queries.show(guard.by(), id) or abort(404)
    return answer.failed(PAGE, form, refused, saved=_form(page, do, on, [], sent=False), **_context(page, do, on))


def _form(page: queries.Page, do: str, on: int, listed: list[Any], sent: bool = True) -> Any:
    """The form of one step, from what was sent or with the version that is shown."""
    kind: Any = STEP_FORMS.get(do, forms.VersionForm)
    extra: dict[str, Any] = {}
    if kind in WITH_PEOPLE:
        reach = frozenset({page.finding.organisation_id})
        extra = {"people": people.people(reach, on=guard.by().today)}
    if request.method == "POST" and sent:
        return kind(request.form, **extra)
    row = next((action for action in listed if action.id == on), page.finding) if do in ON_ACTION else page.finding
    return kind(data={"version": row.version, "response": page.finding.management_response}, **extra)


def _context(page: queries.Page, do: str, on: int) -> dict[str, Any]:
    """All the page shows: facts, actions, evidence, history (not while a form is open) and what may be done."""
    finding = page.finding
    listed = queries.actions_of(finding.id)
    ids = [action.id for action in listed]
    files = queries.files(finding.id, ids)
    known = {finding.owner_id, finding.author_id, finding.verifier_id, finding.closed_by_id}
    known.add(finding.risk_accepted_by_id)
    for action in listed:
        known |= {action.owner_id, action.verifier_id, action.verified_by_id}
    asked = people.reopenings(finding) if page.asked else []
    waiting = next((one for one in asked if one.row.state is RequestState.ASKED), None)
    earlier = queries.earlier_versions(asked)
    known |= {was["closed_by_id"] or was["risk_accepted_by_id"] for _one, was in earlier}
    return {
        **_reopening(finding, waiting), "asked": asked, "waiting": waiting, "earlier_versions": earlier,
        "edition": edition(one.row.state for one in asked),
        "page": page, "finding": finding, "actions": listed, "files": files, "names": people.names(known),
        "history": [] if do else queries.history(finding.id, ids), "do": do, "on": on,
        "late": rules.overdue(finding.state, finding.deadline_current, guard.by().today),
        "can": _can(page, listed, any(files.values())), "why_not_verify": _why_not_verify(listed),
        "live": finding.state in rules.OPEN, "working": rules.WORKING,
    }  # fmt: skip


def _reopening(finding: Any, waiting: people.Reopened | None) -> dict[str, Any]:
    """Whether the reader is to decide on a reopening that waits, and why he may not (S11)."""
    by = guard.by()
    decides = waiting is not None and by.may(Permission.REOPENING_APPROVE, finding.organisation_id)
    return {"decides": decides, "why_decide": people.why_not_reopen(by, waiting) if decides and waiting else []}


def _can(page: queries.Page, listed: list[Any], proven: bool) -> dict[str, list[Reason] | None]:
    """For each step of the finding: None when it is not the reader's, otherwise the reasons why not now."""
    by, finding = guard.by(), page.finding
    where, me = finding.organisation_id, by.own_id

    manages, judges = (
        queries.may(by, finding, permission) for permission in (Permission.FINDING_MANAGE, Permission.FINDING_VERIFY)
    )
    group = by.may(Permission.FINDING_MANAGE, where)
    states = [(action.number, action.state) for action in listed]
    steps: dict[str, tuple[bool, list[Reason]]] = {
        "edit": (judges, _if(finding, "edit")),
        "hearing": (judges, rules.why_not_send_to_hearing(finding.state, finding.owner_id)),
        "answer": (manages, _if(finding, "answer_hearing")),
        "confirm": (judges, rules.may_confirm(finding.state, me, finding.owner_id)),
        "action": (manages, _if(finding, "agree_action")),
        "extend": (group, _if(finding, "extend")),
        "accept": (group, _if(finding, "accept_risk")),
        "reopen": (queries.may(by, finding, Permission.REOPENING_ASK), rules.why_not_ask_reopening(finding.state)),
        "close": (judges, rules.why_not_close(finding.state, states, proven)),
    }
    found = {do: why if allowed else None for do, (allowed, why) in steps.items()}
    if found["close"] == []:
        found["close"] = people.why_not_part(by, Duty.S12, finding, Side.SECOND, permission=Permission.FINDING_VERIFY)
    return found


def _why_not_verify(listed: list[Any]) -> dict[int, list[Reason]]:
    """By action: why the reader may not verify it (S12)."""
    done = [action for action in listed if not rules.may_verify(action.state)]
    parts = people.taken(*((action.__tablename__, action.id) for action in done)) if done else {}
    asked = [(Duty.S12, action) for action in done]
    return people.why_not_parts(guard.by(), asked, Side.SECOND, Permission.FINDING_VERIFY, parts)


def _if(finding: Any, verb: str) -> list[Reason]:
    return [] if finding.state in rules.STEPS[verb] else [rules.NOT_NOW(state=finding.state.label)]
