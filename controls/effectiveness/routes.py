"""The page of one control's test in a review, and a POST for each verb."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.clock import COPENHAGEN
from controls.base.db import Stale, transaction
from controls.base.form import BaseForm
from controls.base.why import Refused
from controls.effectiveness import actions, forms, queries, rules
from controls.evidence import queries as evidence
from controls.identity import queries as people
from controls.identity.permissions import Permission
from controls.review import queries as reviews
from controls.web import answer, guard

bp = Blueprint("effectiveness", __name__)
PATH, TEMPLATE = "/reviews/<int:review_id>/controls/<int:control_id>", "effectiveness/show.html"


@bp.get("/tests/<int:id>")
@guard.allows(Permission.CONTENT_READ)
def by_test(id: int) -> ResponseReturnValue:
    """On to the page of the control that a test is about."""
    found = queries.address(guard.by(), id)
    if found is None:
        abort(404)
    return redirect(url_for("effectiveness.show", review_id=found[0], control_id=found[1]), 303)


@bp.get(PATH)
@guard.allows(Permission.CONTENT_READ)
def show(review_id: int, control_id: int) -> ResponseReturnValue:
    """One control in one review: plan, population, sample, conclusion, quality review."""
    return answer.page(TEMPLATE, **_context(_page(review_id, control_id)))


@bp.post(f"{PATH}/plan")
@guard.allows(Permission.CONTROL_TEST)
def plan(review_id: int, control_id: int) -> ResponseReturnValue:
    """Plan the test, or change the plan before the draw."""
    found, form = _page(review_id, control_id, Permission.CONTROL_TEST), forms.PlanForm(request.form)
    version = forms.read_version(form) if found.test else None
    return _sent(
        review_id, control_id, "plan_form", form, _("The test is planned."),
        lambda: actions.plan_test(guard.by(), review_id, control_id, form.plan(), version),
    )  # fmt: skip


@bp.post(f"{PATH}/population")
@guard.allows(Permission.CONTROL_TEST)
def population(review_id: int, control_id: int) -> ResponseReturnValue:
    """Confirm the population."""
    id, form = _test(review_id, control_id).id, forms.PopulationForm(request.form)
    return _sent(
        review_id, control_id, "population_form", form, _("The population is confirmed."),
        lambda: actions.confirm_population(guard.by(), id, forms.read_version(form), form.value()),
    )  # fmt: skip


@bp.post(f"{PATH}/draw")
@guard.allows(Permission.CONTROL_TEST)
def draw(review_id: int, control_id: int) -> ResponseReturnValue:
    """Draw the sample."""
    test, form = _test(review_id, control_id), forms.ReviewForm(request.form)
    with transaction():
        actions.draw(guard.by(), test.id, forms.read_version(form))
        return _done(review_id, control_id, _("The sample is drawn and locked."))


@bp.post(f"{PATH}/save")
@guard.allows(Permission.CONTROL_TEST)
def save(review_id: int, control_id: int) -> ResponseReturnValue:
    """Save the results of all rows in which something was typed."""
    found = _page(review_id, control_id, Permission.CONTROL_TEST)
    test = found.test or abort(404)
    refused: Refused | None = None
    items = queries.items(test.id)
    form = forms.SampleForm(request.form, [i for i in queries.in_line(items) if f"r{i.rank}-version" in request.form])
    if form.validate() and form.values():
        try:
            with transaction():
                actions.record_items(guard.by(), test.id, form.values())
                return _done(review_id, control_id, _("%(n)s results are saved.", n=len(form.values())), "sample")
        except Refused as error:
            refused = error
    elif not form.typed() and found.review.state not in rules.OPEN_REVIEWS:
        refused = Refused([rules.REVIEW_CLOSED()])
    elif not form.typed():
        return _done(review_id, control_id, _("Nothing was typed, so nothing was saved."), "sample")
    if isinstance(refused, Stale):
        context = _context(_page(review_id, control_id), sample_form=form)
        clash = _clash(form, refused)
        return make_response(answer.page(TEMPLATE, form, **{**context, "conflict": clash}), 409)
    return _failed(review_id, control_id, "sample_form", form, refused)


@bp.post(f"{PATH}/conclude")
@guard.allows(Permission.CONTROL_TEST)
def conclude(review_id: int, control_id: int) -> ResponseReturnValue:
    """Conclude the test."""
    id, form = _test(review_id, control_id).id, forms.ConclusionForm(request.form)
    return _sent(
        review_id, control_id, "conclusion_form", form, _("The test is concluded."),
        lambda: actions.conclude(guard.by(), id, forms.read_version(form), form.verdict()),
    )  # fmt: skip


@bp.post(f"{PATH}/review")
@guard.allows(Permission.REVIEW_APPROVE)
def review(review_id: int, control_id: int) -> ResponseReturnValue:
    """Quality-review the test."""
    test, form = _test(review_id, control_id, Permission.REVIEW_APPROVE), forms.ReviewForm(request.form)
    with transaction():
        actions.quality_review(guard.by(), test.id, forms.read_version(form))
        return _done(review_id, control_id, _("The test is quality-reviewed."))


@bp.post(f"{PATH}/return")
@guard.allows(Permission.REVIEW_APPROVE)
def send_back(review_id: int, control_id: int) -> ResponseReturnValue:
    """Send the test back to the tester."""
    id, form = _test(review_id, control_id, Permission.REVIEW_APPROVE).id, forms.ReviewForm(request.form)
    return _sent(
        review_id, control_id, "review_form", form, _("The test is sent back to the tester."),
        lambda: actions.send_back(guard.by(), id, forms.read_version(form), form.comment.data or ""),
    )  # fmt: skip


@bp.post(f"{PATH}/refer")
@guard.allows(Permission.CONTROL_TEST)
def refer(review_id: int, control_id: int) -> ResponseReturnValue:
    """Refer to the year's test of a shared control."""
    _page(review_id, control_id, Permission.CONTROL_TEST)
    form = forms.ReferForm(request.form, queries.reference_choices(control_id, review_id))
    return _sent(
        review_id, control_id, "refer_form", form, _("The test of the shared control counts here too."),
        lambda: actions.refer(
            guard.by(), review_id, control_id, int(form.test_id.data or 0), form.conclusion.data or ""),
    )  # fmt: skip


def _sent(
    review_id: int, control_id: int, name: str, form: BaseForm, text: str, act: Callable[[], object]
) -> ResponseReturnValue:  # fmt: skip
    """One step of the test with what was typed in its form."""
    page = url_for("effectiveness.show", review_id=review_id, control_id=control_id)
    return answer.sent(form, act, page, text, lambda refused: _failed(review_id, control_id, name, form, refused))


def _may(page: queries.Page, permission: Permission) -> bool:
    """Whether the test is the reader's to make, or to review, whatever its state."""
    by, test, review = guard.by(), page.test, page.review
    team = (review.tester_id, review.lead_id, test.tester_id if test else None)
    own = by.own_id in team if permission is Permission.CONTROL_TEST else by.own_id == review.quality_reviewer_id
    return by.may(permission, review.organisation_id, own=own, places=reviews.places(review))


def _page(review_id: int, control_id: int, need: Permission | None = None) -> queries.Page:
    found = queries.show(guard.by(), review_id, control_id) or abort(404)
    guard.must(need is None or _may(found, need))
    return found


def _test(review_id: int, control_id: int, need: Permission = Permission.CONTROL_TEST) -> Any:
    return _page(review_id, control_id, need).test or abort(404)


def _done(review_id: int, control_id: int, text: str, anchor: str | None = None) -> ResponseReturnValue:
    address = url_for("effectiveness.show", review_id=review_id, control_id=control_id, _anchor=anchor)
    return answer.done(address, text)


def _failed(review_id: int, control_id: int, name: str, form: BaseForm, refused: Refused | None) -> ResponseReturnValue:
    saved = _stored(name, refused.row) if isinstance(refused, Stale) else None
    context = _context(_page(review_id, control_id), **{name: form})
    return answer.failed(TEMPLATE, form, refused, saved=saved, **context)


def _clash(form: forms.SampleForm, stale: Stale) -> answer.Conflict:
    """What was typed in a row beside what somebody else saved there; saving again is then meant."""
    item, row = stale.row, form.rows[stale.row.rank]
    row.version.data = str(item.version)
    stored = {"result": item.result, "nature": item.nature, "amount": item.amount_ore, "note": item.note}
    pairs = zip(row, forms.ItemForm(data=stored), strict=True)
    differing = [(a, _text(a), _text(b)) for a, b in pairs if a is not row.version and _text(a) != _text(b)]
    rows = [(f"{item.rank}: {_(cell.label.text)}", typed, kept) for cell, typed, kept in differing]
    return answer.Conflict(item.saved_by, item.saved_at.astimezone(COPENHAGEN).strftime("%H.%M"), rows)


def _text(field: Any) -> str:
    if hasattr(field, "iter_choices"):
        return next((str(label) for value, label, picked, *_rest in field.iter_choices() if picked and value), "")
    return str(field._value())


def _stored(name: str, test: Any) -> BaseForm:
    """The form as the saved test fills it."""
    if name == "population_form":
        return forms.PopulationForm(data={
            "population": test.population, "size": test.population_size, "source": test.population_source,
            "extracted_by": test.extracted_by, "extracted_on": test.extracted_on, "completeness": test.completeness,
            "version": test.version,
        })  # fmt: skip
    if name == "plan_form":
        return forms.PlanForm(obj=test)
    if name == "conclusion_form":
        return forms.ConclusionForm(data={
            "outcome": test.outcome, "reason": test.outcome_reason, "conclusion": test.conclusion,
            "hours": test.hours or None, "version": test.version,
        })  # fmt: skip
    return forms.ReviewForm(data={"version": test.version})


def _context(page: queries.Page, **sent: BaseForm) -> dict[str, Any]:
    """All the page shows: each step's form or the reasons why it is not there."""
    by, test, review = guard.by(), page.test, page.review
    items = queries.items(test.id) if test and test.sample_size else []
    line = queries.in_line(items)
    found = queries.figures(test, items) if test and test.population_size is not None else None
    team = (review.tester_id, review.lead_id, test.tester_id if test else None)
    testing, reviewing = _may(page, Permission.CONTROL_TEST), _may(page, Permission.REVIEW_APPROVE)
    opened = review.state in rules.OPEN_REVIEWS
    why_test = reviews.why_not_test(by, review, page.control, page.process) if testing and opened else []
    testing = testing and not why_test
    why_open = rules.why_not_open(review.state, page.design.outcome if page.design else None)
    references = queries.reference_choices(page.control.id, review.id) if test is None else []
    return {
        "page": page, "review": review, "control": page.control, "test": test, "items": items, "line": line,
        "figures": found, "testing": testing, "reviewing": reviewing, "why_open": why_open,
        "changing": testing and opened,
        "names": people.names({*team, review.quality_reviewer_id, test.reviewer_id if test else None}),
        "why_conclude": _why_conclude(test, found),
        "why_review": (
            queries.why_not_quality_review(by, test, review, page.process) if test is not None and reviewing else []
        ),
        "why_test": why_test,
        "needs_finding": test is not None and test.outcome in rules.NEEDS_FINDING,
        "size": _size(test), "references": references, "broken": page.broken, **_evidence(line),
        **_forms(page, line, references),
        **sent, "usual_rate": float(rules.USUAL_RATE),
        "tested_text": queries.control_copy(test)["text"] if test else page.control.text,
    }  # fmt: skip


def _why_conclude(test: Any, found: rules.Figures | None) -> list[Any]:
    if test is None or found is None:
        return []
    return rules.why_not_conclude(test.state, queries.plan_of(test), test.population_size or 0, found)


def _size(test: Any) -> int | None:
    """How many items the draw will give."""
    if test is None or not test.population_size or test.sample_size:
        return None
    return rules.size_of(queries.plan_of(test), queries.frequency_of(test), test.population_size)


def _evidence(line: list[Any]) -> dict[str, Any]:
    """Files per item, and those of the item that is open for upload."""
    rank = request.args.get("item", "")
    chosen = next((item for item in line if str(item.rank) == rank), None)
    return {"files": evidence.of("effectiveness_item", [item.id for item in line]), "chosen": chosen}


def _forms(page: queries.Page, line: list[Any], references: Any) -> dict[str, BaseForm]:
    """A form for each step, filled from what is saved."""
    test, edit = page.test, request.args.get("edit", "")
    opened = [item for item in line if item.result is None or str(item.rank) == edit]
    proposed = rules.proposed_method(page.control.execution, page.control.frequency)
    plan_form = forms.PlanForm(obj=test) if test else forms.PlanForm(data={"method": proposed})
    made: dict[str, BaseForm] = {"plan_form": plan_form, "sample_form": forms.SampleForm(None, opened)}
    for name in ("population_form", "conclusion_form", "review_form"):
        made[name] = _stored(name, test) if test else forms.ReviewForm()
    made["refer_form"] = forms.ReferForm(None, references)
    return made
