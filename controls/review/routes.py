"""Pages of detailed reviews: the list, the task list of seven parts, and a page for each part."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.by import By
from controls.base.db import Stale, transaction
from controls.base.form import BaseForm
from controls.base.why import N_, Refused
from controls.evidence import queries as evidence
from controls.identity import queries as identity
from controls.identity.permissions import Permission
from controls.identity.rules import edition
from controls.identity.words import RequestState
from controls.review import actions, forms, queries, rules
from controls.review.words import State
from controls.web import answer, guard, lists
from controls.wheel.dates import add_working_days

bp = Blueprint("review", __name__)
P = Permission
PARTS = {
    1: ("review.scope", N_("Scope and team")),
    2: ("review.walkthrough", N_("Walkthrough of the process")),
    3: ("review.controls", N_("Risks and controls")),
    4: ("review.design", N_("Test of design")),
    5: ("review.operation", N_("Test of operation")),
    6: ("review.hearing", N_("Findings and hearing")),
    7: ("review.conclusion", N_("Conclusion and quality review")),
}


def _head(id: int, need: str = "") -> queries.Head:
    """The review: 404 when this reader may not see it, 403 when it is not the reader's for what is asked."""
    found = queries.head(guard.by(), id) or abort(404)
    guard.must(not need or _may(guard.by(), found)[need])
    return found


def _may(by: By, head: queries.Head) -> dict[str, bool]:
    """What this reader may do with this review at all, whatever its state."""
    me = by.own_id
    live = head.review.state in (State.PLANNED, State.IN_PROGRESS)

    def may(permission: Permission, own: bool = False) -> bool:
        return by.may(permission, head.review.organisation_id, own=own, places=queries.places(head.review))

    return {
        "plan": may(P.REVIEW_PLAN),
        "work": may(P.CONTROL_TEST, me in head.doers),
        "lead": may(P.CONTROL_TEST, me == head.review.lead_id),
        "describe": may(P.CONTROL_DESCRIBE, me in head.owners or (live and me in head.doers)),
        "sign": may(P.REVIEW_APPROVE, me == head.review.quality_reviewer_id),
        "answer": me in head.owners,
        "add_evidence": may(P.EVIDENCE_ADD, me in head.team | head.owners),
        "find": may(P.FINDING_MANAGE, me in head.doers),
        "ask_reopening": may(P.REOPENING_ASK, me in head.doers),
        "decide_reopening": may(P.REOPENING_APPROVE),
        "archive": may(P.REVIEW_PLAN) or may(P.CONTROL_TEST, me in head.doers),
    }


def _common(head: queries.Head, number: int) -> dict[str, Any]:
    """What every page of a part needs."""
    titles = {n: (url_for(endpoint, id=head.review.id), _(title)) for n, (endpoint, title) in PARTS.items()}
    return {"head": head, "row": head.review, "can": _may(guard.by(), head), "number": number, "titles": titles}


def _do(
    id: int, form: BaseForm | None, act: Callable[[], object], done: tuple[str, str],
    again: Callable[[BaseForm, Refused | None], ResponseReturnValue] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    """Validate, act in one transaction, go on to the page; on refusal the same page with what was typed."""
    if form is not None and not form.validate():
        return again(form, None) if again else abort(422)
    try:
        with transaction():
            act()
            return answer.done(url_for(done[0], id=id), _(done[1]))
    except Refused as refused:
        if form is None or again is None:
            raise
        return again(form, refused)


def _version() -> int:
    """The version a button was pressed on."""
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else abort(400)


@bp.get("/reviews")
@guard.allows(P.CONTENT_READ)
def index() -> ResponseReturnValue:
    """Reviews by year, state and lead."""
    asked = lists.asked(tuple(queries.SORTS), ("year", "state", "lead"), "-number")
    here = guard.organisation(visiting=True)
    found = queries.listed(
        guard.by(), guard.organisations(), asked.filters, asked.sort, asked.descending, asked.offset(), asked.limit()
    )
    page: lists.Page[queries.ListRow] = lists.Page(found.rows, found.matching, found.total, asked)
    several = len(guard.organisations()) > 1
    return answer.page("review/index.html", page=page, found=found, here_org=here, several=several, states=list(State))


@bp.get("/reviews/<int:id>")
@guard.allows(P.CONTENT_READ)
def show(id: int) -> ResponseReturnValue:
    """The task list of a review."""
    return _shown(_head(id), forms.Because(version=0))


def _shown(
    head: queries.Head, form: BaseForm, refused: Refused | None = None, do: str = ""
) -> ResponseReturnValue:  # fmt: skip
    asked = identity.reopenings(head.review) if head.asked else []
    waiting = next((one for one in asked if one.row.state is RequestState.ASKED), None)
    decide = waiting is not None and guard.by().may(P.REOPENING_APPROVE, head.review.organisation_id)
    rows = queries.control_rows(head.review)
    findings = queries.findings(guard.by(), head.review.id)
    parts = rules.parts(queries.standing(head, rows, findings))
    files = evidence.of("review_review", [head.review.id])[head.review.id]
    following = next((n for n, part in parts.items() if part.state in (rules.PartState.NOT_STARTED,
                      rules.PartState.IN_PROGRESS)), 7)  # fmt: skip
    context = _common(head, 0) | {
        "parts": parts, "findings": findings, "files": files, "rows": rows, "following": following,
        "may_verb": {verb for state, verb in rules.STEPS if state is head.review.state},
        "borrowed": queries.borrowed(head), "do": do, "asked": asked, "waiting": waiting,
        "plain": form if not do else forms.Because(version=0),
        "earlier": queries.earlier(asked), "edition": edition(one.row.state for one in asked),
        "final": head.review.state in rules.DONE,
        "why_decide": identity.why_not_reopen(guard.by(), waiting) if waiting is not None and decide else [],
        "broken": head.broken,
    }  # fmt: skip
    if refused is not None or form.errors:
        return answer.failed("review/show.html", form, refused, **context)
    return answer.page("review/show.html", form, **context)


@bp.get("/reviews/<int:id>/plan")
@guard.allows(P.REVIEW_PLAN)
def planning(id: int) -> ResponseReturnValue:
    """Name the team, hours and dates."""
    head = _head(id)
    return _planned(head, _people(forms.Plan(obj=head.review), head))


@bp.post("/reviews/<int:id>/plan")
@guard.allows(P.REVIEW_PLAN)
def plan(id: int) -> ResponseReturnValue:
    """Save the plan."""
    head = _head(id)
    form = _people(forms.Plan(request.form), head)
    act = lambda: actions.plan(guard.by(), id, form.version.data, form.values())  # noqa: E731
    saved = _people(forms.Plan(obj=head.review), head)
    return _do(id, form, act, ("review.show", N_("The plan was saved.")), lambda f, r: _planned(head, f, r, saved))


def _planned(head: queries.Head, form: BaseForm, refused: Refused | None = None, saved: BaseForm | None = None
             ) -> ResponseReturnValue:  # fmt: skip
    if refused is not None or form.errors:
        return answer.failed("review/plan.html", form, refused, saved=saved, **_common(head, 0))
    return answer.page("review/plan.html", form, **_common(head, 0))


def _people(form: forms.Plan, head: queries.Head) -> forms.Plan:
    """Who may be chosen: who holds the role over the organisation, and who is lent to this review or its process."""
    row = head.review
    testers, reviewers = queries.able(row, guard.by().today)
    named = {row.lead_id: head.lead, row.tester_id: head.tester, row.quality_reviewer_id: head.quality_reviewer}
    kept = {id: name for id, name in named.items() if id is not None}
    for field, people in ((form.lead_id, testers), (form.tester_id, testers), (form.quality_reviewer_id, reviewers)):
        found = sorted((people | kept).items(), key=lambda pair: pair[1])
        field.choices = [("", _("Choose")), *((str(id), name) for id, name in found)]
    return form


def _button(
    verb: str, permission: Permission, need: str, act: Callable[[By, int, int], object], done: tuple[str, str], *,
    fresh: bool = False,
) -> None:  # fmt: skip
    """A step that asks for nothing but the press of a button (and, where it weighs, for a fresh sign-in)."""

    def press(id: int) -> ResponseReturnValue:
        _head(id, need)
        version = _version()
        return _do(id, None, lambda: act(guard.by(), id, version), done)

    press.__name__ = verb
    press.__doc__ = act.__doc__
    view = guard.fresh(press) if fresh else press
    bp.post(f"/reviews/<int:id>/{verb}", endpoint=verb.replace("-", "_"))(guard.allows(permission)(view))


_button("start", P.CONTROL_TEST, "work", actions.start, ("review.show", N_("The review was started.")))
_button("declare", P.CONTROL_TEST, "lead", actions.declare_independence,
        ("review.scope", N_("Independence was declared.")))  # fmt: skip
_button(
    "approve", P.REVIEW_APPROVE, "sign", actions.approve, ("review.show", N_("The review was approved.")), fresh=True
)
_button("archive", P.CONTENT_READ, "archive", actions.archive, ("review.show", N_("The review was archived.")))


def _with_reason(
    verb: str, permission: Permission, need: str, act: Callable[[By, int, int, str], object], done: str
) -> None:  # fmt: skip
    """A step that asks for a reason."""

    def step(id: int) -> ResponseReturnValue:
        head = _head(id, need)
        form = forms.Because(request.form)
        return _do(
            id, form, lambda: act(guard.by(), id, form.version.data, form.reason.data or ""), ("review.show", done),
            lambda f, r: _shown(head, f, r),
        )  # fmt: skip

    step.__name__ = verb
    step.__doc__ = act.__doc__
    bp.post(f"/reviews/<int:id>/{verb}", endpoint=verb.replace("-", "_"))(guard.allows(permission)(step))


@bp.post("/reviews/<int:id>/reopen")
@guard.allows(P.REOPENING_ASK)
def ask_reopening(id: int) -> ResponseReturnValue:
    """Ask that an approved review be reopened."""
    head, form = _head(id, "ask_reopening"), forms.Because(request.form)
    return _do(
        id, form, lambda: actions.ask_reopening(guard.by(), id, form.version.data, form.reason.data or ""),
        ("review.show", N_("The reopening waits for another person's approval.")),
        lambda f, r: _shown(head, f, r, "reopen"),
    )  # fmt: skip


def _decide(
    id: int, act: Callable[[By, int, int | None, str], object], done: str
) -> ResponseReturnValue:  # fmt: skip
    head, form = _head(id, "decide_reopening"), forms.Answer(request.form)
    return _do(
        id, form, lambda: act(guard.by(), id, form.version.data, form.answer.data or ""), ("review.show", done),
        lambda f, r: _shown(head, f, r, "decide"),
    )  # fmt: skip


@bp.post("/reviews/<int:id>/reopen/approve")
@guard.allows(P.REOPENING_APPROVE)
@guard.fresh
def approve_reopening(id: int) -> ResponseReturnValue:
    """Let the review be reopened as a new version."""
    return _decide(id, actions.approve_reopening, N_("The review is reopened. The earlier version stays readable."))


@bp.post("/reviews/<int:id>/reopen/refuse")
@guard.allows(P.REOPENING_APPROVE)
def refuse_reopening(id: int) -> ResponseReturnValue:
    """Do not let the review be reopened, with an answer."""
    return _decide(id, actions.refuse_reopening, N_("The reopening was refused."))


_with_reason("suspend", P.REVIEW_PLAN, "plan", actions.suspend, N_("The review was suspended."))
_with_reason("resume", P.REVIEW_PLAN, "plan", actions.resume, N_("The review was taken up again."))
_with_reason("take-back", P.CONTROL_TEST, "work", actions.take_back, N_("The draft was taken back."))


def _part(number: int, template: str, head: queries.Head, form: BaseForm | None, refused: Refused | None = None,
          **context: Any) -> ResponseReturnValue:  # fmt: skip
    context = _common(head, number) | context
    if form is not None and (refused is not None or form.errors):
        return answer.failed(template, form, refused, **context)
    return answer.page(template, form, **context)


def _scope(head: queries.Head, form: BaseForm, refused: Refused | None = None) -> ResponseReturnValue:
    return _part(1, "review/scope.html", head, form, refused)


@bp.get("/reviews/<int:id>/scope")
@guard.allows(P.CONTENT_READ)
def scope(id: int) -> ResponseReturnValue:
    """Part 1: scope, period, team and independence."""
    head = _head(id)
    return _scope(head, forms.Scope(obj=head.review))


@bp.post("/reviews/<int:id>/scope/save")
@guard.allows(P.CONTROL_TEST)
def save_scope(id: int) -> ResponseReturnValue:
    """Save scope and period."""
    head, form = _head(id, "work"), forms.Scope(request.form)
    return _do(
        id, form, lambda: actions.describe_scope(
            guard.by(), id, form.version.data, form.scope.data or "", form.period_from.data, form.period_to.data),
        ("review.scope", N_("Scope and period were saved.")), lambda f, r: _scope(head, f, r),
    )  # fmt: skip


def _walked(head: queries.Head, form: BaseForm, refused: Refused | None = None) -> ResponseReturnValue:
    files = evidence.of("review_review", [head.review.id])[head.review.id]
    return _part(2, "review/walkthrough.html", head, form, refused, files=files)


@bp.get("/reviews/<int:id>/walkthrough")
@guard.allows(P.CONTENT_READ)
def walkthrough(id: int) -> ResponseReturnValue:
    """Part 2: one transaction followed from start to finish."""
    head = _head(id)
    return _walked(head, forms.Walkthrough(obj=head.review))


@bp.post("/reviews/<int:id>/walkthrough/save")
@guard.allows(P.CONTROL_TEST)
def save_walkthrough(id: int) -> ResponseReturnValue:
    """Save the walkthrough."""
    head, form = _head(id, "work"), forms.Walkthrough(request.form)
    return _do(
        id, form, lambda: actions.describe_walkthrough(
            guard.by(), id, form.version.data, form.walkthrough_on.data, form.walkthrough_note.data or "",
            form.hours_used.data),
        ("review.walkthrough", N_("The walkthrough was saved.")), lambda f, r: _walked(head, f, r),
    )  # fmt: skip


@bp.get("/reviews/<int:id>/controls")
@guard.allows(P.CONTENT_READ)
def controls(id: int) -> ResponseReturnValue:
    """Part 3: risks, controls and the matrix between them."""
    head = _head(id)
    return _matrix(head, forms.Link())


def _matrix(head: queries.Head, form: forms.Link, refused: Refused | None = None) -> ResponseReturnValue:
    risks = queries.risks_of(head.review.subprocess_id, guard.by().today)
    found = queries.controls(head.review)
    cells = queries.links_of(head.review.subprocess_id)
    links = {(cell.risk_id, cell.control_id): cell for cell in cells if cell.degree is not None}
    stale = refused.row if isinstance(refused, Stale) else None
    if stale is not None or form.seen.data is None:
        form.see({(cell.risk_id, cell.control_id): cell.version for cell in cells})
    form.risk_id.choices = [(str(risk.id), f"{risk.number} {risk.event}"[:90]) for risk in risks]
    form.control_id.choices = [(str(control.id), f"{control.number} {control.text}"[:90]) for control in found]
    shown = [key for key in links if key[0] in {r.id for r in risks} and key[1] in {c.id for c in found}]
    more = {} if stale is None else {"saved": _cell(form, stale)}
    return _part(
        3, "review/controls.html", head, form, refused, **more, risks=risks, controls=found, links=links,
        uncovered=set(rules.uncovered([risk.id for risk in risks], shown)),
        idle=set(rules.idle([control.id for control in found], shown)), split=rules.split,
        keys=sum(c.key_control and c.subprocess_id == head.review.subprocess_id for c in found),
    )  # fmt: skip


def _cell(form: forms.Link, row: Any) -> forms.Link:
    """A cell as it is now, of the risk and the control that the form is about."""
    now = forms.Link(obj=row)
    now.risk_id.choices, now.control_id.choices = form.risk_id.choices, form.control_id.choices
    now.seen.data = form.seen.data
    return now


@bp.post("/reviews/<int:id>/matrix/save")
@guard.allows(P.CONTROL_DESCRIBE)
def save_matrix(id: int) -> ResponseReturnValue:
    """Save one cell of the matrix."""
    head, form = _head(id, "describe"), forms.Link(request.form)
    risks = queries.risks_of(head.review.subprocess_id, guard.by().today)
    form.risk_id.choices = [(str(risk.id), risk.number) for risk in risks]
    form.control_id.choices = [(str(control.id), control.number) for control in queries.controls(head.review)]
    return _do(
        id, form, lambda: actions.put_link(
            guard.by(), int(form.risk_id.data or 0), int(form.control_id.data or 0), form.values(), form.version()),
        ("review.controls", N_("The matrix was saved.")), lambda f, r: _matrix(head, form, r),
    )  # fmt: skip


def _owned(subprocess_id: int, head: queries.Head) -> None:
    """A risk or control is shown under the review of its own sub-process only."""
    if subprocess_id != head.review.subprocess_id:
        abort(404)


@bp.get("/reviews/<int:id>/risks/new")
@guard.allows(P.CONTROL_DESCRIBE)
def new_risk(id: int) -> ResponseReturnValue:
    """Describe a risk."""
    return _risk(_head(id, "describe"), forms.Risk(version=0))


@bp.post("/reviews/<int:id>/risks/new")
@guard.allows(P.CONTROL_DESCRIBE)
def add_risk(id: int) -> ResponseReturnValue:
    """Save a new risk."""
    head, form = _head(id, "describe"), forms.Risk(request.form)
    return _do(
        id, form, lambda: actions.add_risk(guard.by(), head.review.subprocess_id, form.values(head.process.owner_id)),
        ("review.controls", N_("The risk was saved.")), lambda f, r: _risk(head, f, r),
    )  # fmt: skip


def _risk(head: queries.Head, form: BaseForm, refused: Refused | None = None, about: Any = None) -> ResponseReturnValue:
    return _part(3, "review/risk.html", head, form, refused, about=about)


@bp.get("/reviews/<int:id>/risks/<int:risk_id>")
@guard.allows(P.CONTROL_DESCRIBE)
def risk(id: int, risk_id: int) -> ResponseReturnValue:
    """Change a risk."""
    head, about = _head(id, "describe"), queries.risk(risk_id) or abort(404)
    _owned(about.subprocess_id, head)
    return _risk(head, forms.Risk(obj=about), about=about)


@bp.post("/reviews/<int:id>/risks/<int:risk_id>")
@guard.allows(P.CONTROL_DESCRIBE)
def edit_risk(id: int, risk_id: int) -> ResponseReturnValue:
    """Save a changed risk."""
    head, form, about = _head(id, "describe"), forms.Risk(request.form), queries.risk(risk_id) or abort(404)
    _owned(about.subprocess_id, head)
    return _do(
        id, form, lambda: actions.edit_risk(guard.by(), risk_id, form.version.data, form.values(about.owner_id)),
        ("review.controls", N_("The risk was saved.")), lambda f, r: _risk(head, f, r, queries.risk(risk_id)),
    )  # fmt: skip


@bp.get("/reviews/<int:id>/controls/new")
@guard.allows(P.CONTROL_DESCRIBE)
def new_control(id: int) -> ResponseReturnValue:
    """Describe a control."""
    head = _head(id, "describe")
    return _control(head, _named(forms.Control(version=0), head))


@bp.post("/reviews/<int:id>/controls/new")
@guard.allows(P.CONTROL_DESCRIBE)
def add_control(id: int) -> ResponseReturnValue:
    """Save a new control."""
    head = _head(id, "describe")
    form = _named(forms.Control(request.form), head)
    return _do(
        id, form, lambda: actions.add_control(guard.by(), head.review.subprocess_id, form.values()),
        ("review.controls", N_("The control was saved.")), lambda f, r: _control(head, f, r),
    )  # fmt: skip


def _named(form: forms.Control, head: queries.Head) -> forms.Control:
    """People of the agency who may own or perform a control."""
    listed = identity.people(frozenset({head.review.organisation_id}), on=guard.by().today)
    names = [(str(one.id), f"{one.name}, {one.unit}" if one.unit else one.name) for one in listed]
    form.owner_id.choices = form.performer_id.choices = [("", _("Nobody named")), *names]
    return form


def _control(
    head: queries.Head, form: BaseForm, refused: Refused | None = None, about: Any = None
) -> ResponseReturnValue:
    return _part(3, "review/control.html", head, form, refused, about=about)


@bp.get("/reviews/<int:id>/controls/<int:control_id>/edit")
@guard.allows(P.CONTROL_DESCRIBE)
def control(id: int, control_id: int) -> ResponseReturnValue:
    """Change a control."""
    head, about = _head(id, "describe"), queries.control(control_id) or abort(404)
    _owned(about.subprocess_id, head)
    return _control(head, _named(forms.Control(obj=about), head), about=about)


@bp.post("/reviews/<int:id>/controls/<int:control_id>/edit")
@guard.allows(P.CONTROL_DESCRIBE)
def edit_control(id: int, control_id: int) -> ResponseReturnValue:
    """Save a changed control."""
    head, about = _head(id, "describe"), queries.control(control_id) or abort(404)
    form = _named(forms.Control(request.form), head)
    _owned(about.subprocess_id, head)
    return _do(
        id, form, lambda: actions.edit_control(guard.by(), control_id, form.version.data, form.values()),
        ("review.controls", N_("The control was saved.")),
        lambda f, r: _control(head, f, r, queries.control(control_id)),
    )  # fmt: skip


@bp.route("/reviews/<int:id>/<any(risks,controls):kind>/<int:about_id>/close", methods=["GET", "POST"])
@guard.allows(P.CONTROL_DESCRIBE)
def close(id: int, kind: str, about_id: int) -> ResponseReturnValue:
    """Close a risk or a control that no longer exists, with the reason."""
    head = _head(id, "describe")
    about = (queries.risk(about_id) if kind == "risks" else queries.control(about_id)) or abort(404)
    _owned(about.subprocess_id, head)
    act = actions.close_risk if kind == "risks" else actions.close_control
    if request.method == "GET":
        return _part(3, "review/close.html", head, forms.Because(version=about.version), about=about, kind=kind)
    form = forms.Because(request.form)
    return _do(
        id, form, lambda: act(guard.by(), about_id, form.version.data, form.reason.data or ""),
        ("review.controls", N_("It was closed.")),
        lambda f, r: _part(3, "review/close.html", head, f, r, about=about, kind=kind),
    )  # fmt: skip


@bp.get("/reviews/<int:id>/design")
@guard.allows(P.CONTENT_READ)
def design(id: int) -> ResponseReturnValue:
    """Part 4: would each control, done as described, cover the risk?"""
    head = _head(id)
    return _part(4, "review/design.html", head, None, rows=queries.control_rows(head.review))


@bp.get("/reviews/<int:id>/design/<int:control_id>")
@guard.allows(P.CONTENT_READ)
def design_test(id: int, control_id: int) -> ResponseReturnValue:
    """The test of design of one control."""
    head = _head(id)
    one = _row(head, control_id)
    form = forms.Design(obj=one.test) if one.test else forms.Design()
    return _designed(head, one, form)


def _row(head: queries.Head, control_id: int) -> queries.ControlRow:
    rows = queries.control_rows(head.review)
    return next((one for one in rows if one.control.id == control_id), None) or abort(404)


def _designed(head: queries.Head, one: queries.ControlRow, form: BaseForm, refused: Refused | None = None
              ) -> ResponseReturnValue:  # fmt: skip
    files = evidence.of("review_design_test", [one.test.id])[one.test.id] if one.test else []
    by, verbs = guard.by(), _verbs(head)
    can = _may(by, head)
    signs, tests = one.test and can["sign"] and "sign" in verbs, can["work"] and "design" in verbs
    context = {
        "one": one, "files": files, "verbs": verbs, "broken": one.broken,
        "why_sign": queries.why_not_sign(by, head.review, head.process) if signs else [],
        "why_test": queries.why_not_test(by, head.review, one.control, head.process) if tests else [],
    }  # fmt: skip
    return _part(4, "review/design_test.html", head, form, refused, **context)


def _verbs(head: queries.Head) -> set[str]:
    return {verb for state, verb in rules.STEPS if state is head.review.state}


@bp.post("/reviews/<int:id>/design/<int:control_id>/save")
@guard.allows(P.CONTROL_TEST)
def save_design(id: int, control_id: int) -> ResponseReturnValue:
    """Save the result of a test of design."""
    head, form = _head(id, "work"), forms.Design(request.form)
    one = _row(head, control_id)
    text = form.version.data or ""
    seen = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if one.test is not None and seen is None:
        seen = 0
    return _do(
        id, form, lambda: actions.test_design(guard.by(), id, control_id, form.values(), seen),
        ("review.design", N_("The test of design was saved.")),
        lambda f, r: _designed(head, _row(head, control_id), f, r),
    )  # fmt: skip


@bp.post("/reviews/<int:id>/design/<int:control_id>/sign")
@guard.allows(P.REVIEW_APPROVE)
def sign_design(id: int, control_id: int) -> ResponseReturnValue:
    """Quality-review a test of design."""
    one, version = _row(_head(id, "sign"), control_id), _version()
    test = one.test or abort(404)
    return _do(id, None, lambda: actions.review_design(guard.by(), test.id, version),
               ("review.design", N_("The test of design was quality-reviewed.")))  # fmt: skip


@bp.get("/reviews/<int:id>/operation")
@guard.allows(P.CONTENT_READ)
def operation(id: int) -> ResponseReturnValue:
    """Part 5: does each control work? Each has a page of its own."""
    head = _head(id)
    return _part(5, "review/operation.html", head, None, rows=queries.control_rows(head.review))


def _heard(head: queries.Head, form: BaseForm | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    findings = queries.findings(guard.by(), head.review.id)
    day = add_working_days(guard.by().today, rules.HEARING_DAYS)
    given = {type(form): form}
    context = {
        "findings": findings, "verbs": _verbs(head),
        "sending": given.get(forms.Hearing) or forms.Hearing(version=head.review.version, hearing_to=day),
        "replying": given.get(forms.Reply) or forms.Reply(version=head.review.version),
        "why_send": [] if _complete(head) else [rules.NO_CONCLUSION()],
    }  # fmt: skip
    return _part(6, "review/hearing.html", head, form, refused, **context)


def _complete(head: queries.Head) -> bool:
    row = head.review
    return bool(row.conclusion and row.conclusion_design and row.overall_class)


@bp.get("/reviews/<int:id>/hearing")
@guard.allows(P.CONTENT_READ)
def hearing(id: int) -> ResponseReturnValue:
    """Part 6: findings, and the owner's answer to the draft."""
    return _heard(_head(id))


@bp.post("/reviews/<int:id>/hearing/send")
@guard.allows(P.CONTROL_TEST)
def send_to_hearing(id: int) -> ResponseReturnValue:
    """Send the draft to the process owner."""
    head, form = _head(id, "work"), forms.Hearing(request.form)
    return _do(
        id, form, lambda: actions.send_to_hearing(guard.by(), id, form.version.data, form.hearing_to.data),
        ("review.hearing", N_("The draft was sent to hearing.")), lambda f, r: _heard(head, f, r),
    )  # fmt: skip


@bp.post("/reviews/<int:id>/hearing/answer")
@guard.allows(P.CONTENT_READ)
def answer_hearing(id: int) -> ResponseReturnValue:
    """The owner's answer."""
    head, form = _head(id, "answer"), forms.Reply(request.form)
    return _do(
        id, form, lambda: actions.answer_hearing(guard.by(), id, form.version.data, form.owner_reply.data or ""),
        ("review.hearing", N_("Your answer was sent.")), lambda f, r: _heard(head, f, r),
    )  # fmt: skip


def _concluded(head: queries.Head, form: BaseForm | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    rows = queries.control_rows(head.review)
    has = queries.standing(head, rows)
    row, by = head.review, guard.by()
    given: Mapping[type, BaseForm | None] = {type(form): form}
    missing = rules.why_not_approve(has, row.hearing_to, by.today) if row.state is State.IN_HEARING else []
    later = queries.missing_to_approve(row) if row.state in (State.DRAFT, State.IN_HEARING) else []
    context = {
        "has": has, "verbs": _verbs(head), "degree": queries.degree_of(rows),
        "asks_reason": rules.asks_reason(len(has.keys)),
        "concluding": given.get(forms.Conclusion) or forms.Conclusion(obj=row),
        "quality": given.get(forms.Quality) or forms.Quality(version=row.version),
        "why_conclude": [] if row.state is not State.IN_PROGRESS else [
            why for why in rules.why_not_conclude(has) if why.field != "key_controls_reason"],
        "why_approve": missing + later,
        "why_sign": queries.why_not_sign(by, row, head.process) if _verbs(head) & {"quality", "approve"} else [],
    }  # fmt: skip
    return _part(7, "review/conclusion.html", head, form, refused, **context)


@bp.get("/reviews/<int:id>/conclusion")
@guard.allows(P.CONTENT_READ)
def conclusion(id: int) -> ResponseReturnValue:
    """Part 7: conclusion, quality review and approval."""
    return _concluded(_head(id))


@bp.post("/reviews/<int:id>/conclusion/save")
@guard.allows(P.CONTROL_TEST)
def save_conclusion(id: int) -> ResponseReturnValue:
    """Save the conclusion as a draft."""
    head, form = _head(id, "work"), forms.Conclusion(request.form)
    return _do(
        id, form, lambda: actions.conclude(guard.by(), id, form.version.data, form.values()),
        ("review.conclusion", N_("The draft was saved.")), lambda f, r: _concluded(head, f, r),
    )  # fmt: skip


@bp.post("/reviews/<int:id>/conclusion/quality")
@guard.allows(P.REVIEW_APPROVE)
def quality_review(id: int) -> ResponseReturnValue:
    """Sign the quality review."""
    head, form = _head(id, "sign"), forms.Quality(request.form)
    return _do(
        id, form, lambda: actions.quality_review(guard.by(), id, form.version.data, form.quality_note.data or ""),
        ("review.conclusion", N_("The review was quality-reviewed.")), lambda f, r: _concluded(head, f, r),
    )  # fmt: skip
