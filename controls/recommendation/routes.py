"""The recommendation: candidates beside the chosen set, one page per line, and the frozen whole."""

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from controls.assessment import queries as assessment
from controls.base.db import transaction
from controls.base.form import Pick, said
from controls.base.why import Refused
from controls.identity.permissions import Permission
from controls.planning import queries as planning
from controls.recommendation import actions, forms, longlist, queries, rules, snapshot
from controls.recommendation.words import Recommended, State
from controls.rotation import queries as rotation
from controls.rotation.rules import RollRow
from controls.rotation.words import Form, Status
from controls.web import answer, guard
from controls.wheel import queries as wheel

bp = Blueprint("recommendation", __name__)
PATH = "/cycles/<int:year>/recommendation"
WRITE = Permission.RECOMMENDATION_WRITE


def _of_year(year: int) -> tuple[Any, Any, list[Any]]:
    found = queries.of_year(guard.by(), guard.organisation().id, year)
    if found is None:
        abort(404)
    return found


def _here(year: int) -> str:
    return url_for("recommendation.show", year=year, org=guard.organisation().code)


@bp.get("/recommendations/open/<int:id>")
@guard.allows(Permission.CONTENT_READ)
def open(id: int) -> ResponseReturnValue:
    """From a task to the page of the cycle's recommendation."""
    cycle = wheel.cycle_by_id(id)
    reads = guard.by().everywhere(Permission.CONTENT_READ)
    reached = (o for o in guard.reached_organisations() if o.id in reads)
    place = next((o for o in reached if cycle and o.id == cycle.organisation_id), None)
    if cycle is None or place is None:
        abort(404)
    return redirect(url_for("recommendation.show", year=cycle.year, org=place.code), 303)


@bp.get(PATH)
@guard.allows(Permission.CONTENT_READ)
def show(year: int) -> ResponseReturnValue:
    """The draft, or what was handed over."""
    cycle, head, lines = _of_year(year)
    here = guard.organisation()
    if head is None:
        why = rules.why_not_start(cycle.state, assessment.unapproved(cycle), False, year)
        return answer.page("recommendation/none.html", here=here, cycle=cycle, why=[said(reason) for reason in why])
    if head.state is State.HANDED_OVER:
        kept = snapshot.read(head.snapshot)
        return answer.page("recommendation/frozen.html", here=here, head=head, kept=kept, hours=kept.hours, year=year)
    return _draft(cycle, head, lines)


def _draft(cycle: Any, head: Any, lines: list[Any]) -> ResponseReturnValue:
    here, year = guard.organisation(), head.year
    roll = rotation.roll(here.id, year, guard.by().today)
    places = {row.subprocess_id: row for row in roll}
    said_of = {line.subprocess_id: line for line in lines}
    shown = request.args.get("show", "due")
    candidates = [row for row in rules.rank(roll) if _is_shown(row, said_of, shown, year)]
    why = rules.why_not_hand_over(head.state, queries.puts(lines, places), roll, year)
    asked = rules.hours(((line.recommended, line.review_year, line.hours) for line in lines), roll,
                        _capacity(cycle, head), year)  # fmt: skip
    return answer.page(
        "recommendation/draft.html", forms.Introduction(obj=head), here=here, cycle=cycle, head=head, roll=roll,
        candidates=candidates, said_of=said_of, shown=shown, hours=asked, why=[said(reason) for reason in why],
        review=[(line, places[line.subprocess_id]) for line in lines
                if line.recommended is Recommended.REVIEW and line.subprocess_id in places],
        defer=[(line, places[line.subprocess_id]) for line in lines
               if line.recommended is Recommended.DEFER and line.subprocess_id in places],
        ahead=[row for row in roll if row.ahead(year)], year=year,
    )  # fmt: skip


def _is_shown(row: RollRow, said_of: dict[int, Any], shown: str, year: int) -> bool:
    line = said_of.get(row.subprocess_id)
    if shown == "all":
        return True
    if shown == "chosen":
        return line is not None and line.recommended is not Recommended.NOT
    return row.status in (Status.OVERDUE, Status.DUE)


@bp.post(f"{PATH}/start")
@guard.allows(WRITE)
def start(year: int) -> ResponseReturnValue:
    """Begin the draft."""
    cycle, _head, _lines = _of_year(year)
    with transaction():
        actions.start(guard.by(), cycle.id)
        return answer.done(_here(year), _("The draft has been started."))


@bp.post(f"{PATH}/introduce")
@guard.allows(WRITE)
def introduce(year: int) -> ResponseReturnValue:
    """Save the introduction."""
    _cycle, head, _lines = _of_year(year)
    form = forms.Introduction(request.form)
    if head is None:
        abort(404)
    refused = None
    if form.validate():
        try:
            with transaction():
                actions.introduce(guard.by(), head.id, forms.number(form.version.data), form.introduction.data or "")
                return answer.done(_here(year), _("The introduction has been saved."))
        except Refused as error:
            refused = error
    return answer.failed("recommendation/introduction.html", form, refused, here=guard.organisation(), year=year)


@bp.post(f"{PATH}/hand-over")
@guard.allows(WRITE)
def hand_over(year: int) -> ResponseReturnValue:
    """Hand over to the VD-forum."""
    _cycle, head, _lines = _of_year(year)
    if head is None:
        abort(404)
    with transaction():
        actions.hand_over(guard.by(), head.id, forms.number(request.form.get("version")))
        return answer.done(_here(year), _("The recommendation has been handed over to the VD-forum and is frozen."))


@bp.get(f"{PATH}/long-list")
@guard.allows(WRITE)
def long_list(year: int) -> ResponseReturnValue:
    """What presses this year, ranked, with why; none is chosen beforehand unless the reader asks for it.

    Before the draft is begun there is nothing to take over into, but all to be seen.
    """
    cycle, head, listed = _listed(year)
    ticked = {one.row.subprocess_id for one in listed if one.pressing} if request.args.get("tick") == "due" else set()
    return answer.page("recommendation/long_list.html", forms.TakeOver(), **_around_list(cycle, head, listed, ticked))


@bp.post(f"{PATH}/long-list/take-over")
@guard.allows(WRITE)
def take_over(year: int) -> ResponseReturnValue:
    """Take the chosen candidates over as lines of the draft, with their reasons as the text."""
    cycle, head, listed = _listed(year)
    if head is None:
        abort(404)
    form, refused = forms.TakeOver(request.form), None
    chosen = set(form.pick.data or [])
    if chosen - {one.row.subprocess_id for one in listed}:
        refused = Refused([rules.GONE("pick")])
    elif form.validate():
        lines = [
            longlist.line(one, longlist.words(said(reason) for reason in one.reasons)) for one in listed
            if one.row.subprocess_id in chosen
        ]  # fmt: skip
        try:
            with transaction():
                made = actions.take_over(guard.by(), head.id, lines)
                text = ngettext("%(num)s sub-process was taken over into the draft.",
                                "%(num)s sub-processes were taken over into the draft.", len(made))  # fmt: skip
                return answer.done(_here(year), text)
        except Refused as error:
            refused = error
    return answer.failed("recommendation/long_list.html", form, refused, **_around_list(cycle, head, listed, chosen))


def _listed(year: int) -> tuple[Any, Any, list[longlist.Candidate]]:
    """The year, its draft if begun, and what presses and has no position in it."""
    cycle, head, lines = _of_year(year)
    if head is not None and head.state is not State.DRAFT:
        abort(404)
    roll = rotation.roll(guard.organisation().id, year, guard.by().today)
    positions = {line.subprocess_id for line in lines if rules.positioned(line)}
    chosen = {line.subprocess_id for line in lines if line.recommended is Recommended.REVIEW}
    asked = rules.hours(((line.recommended, line.review_year, line.hours) for line in lines), roll,
                        _capacity(cycle, head), year)  # fmt: skip
    planned = planning.planned_in(guard.organisation().id, year)
    return cycle, head, longlist.long_list(roll, positions, chosen, year, asked.asked, planned)


def _capacity(cycle: Any, head: Any) -> int:
    return int((head or cycle).capacity_hours)


def _around_list(cycle: Any, head: Any, listed: list[longlist.Candidate], ticked: set[int]) -> dict[str, Any]:
    reasons = {one.row.subprocess_id: [said(reason) for reason in one.reasons] for one in listed}
    return {"here": guard.organisation(), "head": head, "year": cycle.year, "listed": listed, "reasons": reasons,
            "ticked": ticked, "capacity": _capacity(cycle, head)}  # fmt: skip


@bp.get(f"{PATH}/lines/<code>")
@guard.allows(WRITE)
def line(year: int, code: str) -> ResponseReturnValue:
    """One sub-process: what the group recommends and why."""
    head, place, known, _roll = _line(year, code)
    form = forms.LineForm(_typed(known, place, year))
    return answer.page("recommendation/line.html", _choices(form, year), **_around(head, place, known, year))


def _line(year: int, code: str) -> tuple[Any, RollRow, Any, list[RollRow]]:
    """Recommendation, place in the roll, what was said of it so far, and the roll."""
    _cycle, head, lines = _of_year(year)
    if head is None:
        abort(404)
    roll = rotation.roll(guard.organisation().id, year, guard.by().today)
    place = next((row for row in roll if row.code == code), None)
    if place is None:
        abort(404)
    return head, place, next((one for one in lines if one.subprocess_id == place.subprocess_id), None), roll


def _typed(known: Any, place: RollRow, year: int) -> MultiDict[str, str]:
    """A saved line as form fields; a new one carries only what is a fact: why it presses, and its hours last time."""
    if known is None:
        facts = [("reason_codes", code.value) for code in longlist.codes(place, year)]
        hours = [("hours", str(place.hours))] if place.hours else []
        return MultiDict([("form", Form.ORDINARY.value), ("review_year", str(year)), *facts, *hours])
    pairs = {
        "recommended": known.recommended.value, "text": known.text, "hours": known.hours or "",
        "form": known.form.value,
        "review_year": known.review_year, "proposed_lead": known.proposed_lead_id or "", "dissent": known.dissent,
        "defer_to": known.defer_to or "", "defer_code": known.defer_code.value if known.defer_code else "",
        "compensating_measure": known.compensating_measure, "version": known.version,
    }  # fmt: skip
    codes = [("reason_codes", code.value) for code in rules.codes(known.reason_codes)]
    return MultiDict([*((key, str(value)) for key, value in pairs.items()), *codes])


def _worded(form: forms.LineForm) -> forms.LineForm:
    """The labels of choices in the reader's language."""
    for field in form:
        if isinstance(field, Pick | forms.Ticks) and field.choices:
            field.choices = forms.choices((one.value, _(one.label) if one.label else "") for one in field.choices)
    return form


def _choices(form: forms.LineForm, year: int) -> forms.LineForm:
    here = guard.organisation()
    people = queries.leads({here.id, here.parent_id} if here.parent_id else {here.id})
    _worded(form)
    form.review_year.choices = forms.choices((y, str(y)) for y in (year, year + 1))
    form.proposed_lead.choices = forms.choices(((person.id, person.name) for person in people), empty=True)
    return form


def _around(head: Any, place: RollRow, known: Any, year: int) -> dict[str, Any]:
    why = rules.why_not_change(head.state)
    light = [said(reason) for reason in rules.why_not_light(place)]
    return {
        "here": guard.organisation(), "head": head, "place": place, "line": known, "year": year, "light": light,
        "why": [said(reason) for reason in why], "words": rules.WORDS,
    }  # fmt: skip


@bp.post(f"{PATH}/lines/<code>/save")
@guard.allows(WRITE)
def save(year: int, code: str) -> ResponseReturnValue:
    """Save the line; “next” goes on to the next due sub-process without a position."""
    head, place, _known, roll = _line(year, code)
    form = _choices(forms.LineForm(request.form), year)
    refused = saved = None
    if form.validate():
        try:
            with transaction():
                version = forms.number(form.version.data) or 0  # a line that another made meanwhile is a conflict
                actions.put_line(guard.by(), head.id, form.values(place.subprocess_id), version)
                return answer.done(_after(head, roll, year), _("%(code)s has been saved.", code=code))
        except Refused as error:
            refused = error
    known = queries.line(head.id, place.subprocess_id)
    if known is not None:
        saved = _choices(forms.LineForm(_typed(known, place, year)), year)
    return answer.failed("recommendation/line.html", form, refused, saved=saved, **_around(head, place, known, year))


def _after(head: Any, roll: list[RollRow], year: int) -> str:
    if "next" not in request.form:
        return _here(year)
    done = {line.subprocess_id for line in queries.lines(head.id)}
    following = rules.next_pressing(roll, done, year)
    if following is None:
        return _here(year)
    return url_for("recommendation.line", year=year, code=following.code, org=guard.organisation().code)


@bp.post(f"{PATH}/lines/<code>/take-out")
@guard.allows(WRITE)
def take_out(year: int, code: str) -> ResponseReturnValue:
    """Take the line out of the draft."""
    head, place, known, _roll = _line(year, code)
    if known is None:
        abort(404)
    with transaction():
        actions.take_out_line(guard.by(), known.id, forms.number(request.form.get("version")))
        return answer.done(_here(year), _("%(code)s has been taken out.", code=code))
