"""The page of the calibration meeting: the queue, one form with what it is held against, and the group's steps."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.assessment import queries as assessments
from controls.assessment import rules as assessed
from controls.assessment.rules import Scores
from controls.assessment.scales import KINDS
from controls.assessment.words import State
from controls.base.form import said
from controls.base.why import Reason, Refused
from controls.calibration import actions, queries, rules
from controls.calibration.forms import QueueForm
from controls.calibration.queries import Opened, Queued
from controls.calibration.rules import Against, Order
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.web import answer, guard
from controls.wheel.words import State as Phase

bp = Blueprint("calibration", __name__)

SHOWN, ABOVE, RECENT = 15, 3, 5
"""Lines of the queue on the page, how many of them before the open one, and how many that were treated last."""
APPROVE = "approve"


@bp.get("/cycles/<int:year>/calibration")
@guard.allows(Permission.CONTENT_READ)
def queue(year: int) -> ResponseReturnValue:
    """The year's forms that wait for the group, the largest deviation first, with one of them open."""
    here = guard.organisation(visiting=True)
    asked = {name: request.args.get(name, "")[:40] for name in ("order", "area", "show", "process")}
    return answer.page("calibration/queue.html", **_context(here, year, asked))


def _context(
    here: Organisation, year: int, asked: dict[str, str], id: int | None = None, form: QueueForm | None = None
) -> dict[str, Any]:
    """The queue, and beside it the form that is asked for, or the first one."""
    by = guard.by()
    meeting = queries.meeting(by, here.id, year) or abort(404)
    order = next((one for one in Order if one.value == asked["order"]), Order.LARGEST)
    approving, area = asked["show"] == APPROVE, asked["area"]
    facts = {} if approving else queries.facts(here.id, year)
    forms, rows = queries.forms(meeting.forms, facts), {row.id: row for row in meeting.forms}
    wanted = State.CALIBRATED if approving else State.SUBMITTED
    ids = [form.id for form in forms if rows[form.id].state is wanted and area in ("", form.area)]
    deviation = {} if approving else rules.deviations(forms, meeting.least)
    ids = ids if approving else rules.ordered(ids, deviation, order)
    named = next((row.id for row in meeting.forms if row.code == asked["process"]), None)
    chosen = id or named or (ids[0] if ids else None)
    deviation = deviation or rules.deviations(forms, meeting.least, chosen)
    opened = queries.opened(by, chosen) if chosen else None
    args = {name: asked[name] for name in ("order", "area", "show") if asked[name]}
    return {
        "year": year, "here": here, "org": here.code, "order": order, "orders": list(Order), "area": area,
        "approving": approving, "areas": {row.area: row for row in meeting.forms}.values(), "rows": rows,
        "shown": _window(ids, chosen), "number": len(ids), "deviation": deviation, "chosen": chosen,
        "against": list(Against), "common": rules.common, "counts": _counts(meeting.forms), "phase": meeting.phase,
        "recent": _recent(meeting.forms), "keys": not guard.person().keys_off,
        "address": lambda **changes: url_for(".queue", year=year, org=here.code, **(args | changes)),
        "facts": facts.get(opened.process.id, {}) if opened else {},
        **(_opened_context(opened, meeting.phase, ids, args, form, approving) if opened else {"opened": None}),
    }  # fmt: skip


def _window(ids: Sequence[int], chosen: int | None) -> Sequence[int]:
    """The lines of the queue around the open form."""
    start = max(0, ids.index(chosen) - ABOVE) if chosen in ids else 0
    start = min(start, max(0, len(ids) - SHOWN))
    return ids[start : start + SHOWN]


def _counts(forms: Sequence[Queued]) -> dict[str, int]:
    """How many forms there are, wait for the group, are calibrated, and are behind it."""
    states = [row.state for row in forms]
    done = sum(state in assessed.DONE for state in states)
    calibrated = states.count(State.CALIBRATED)
    return {
        "all": len(states), "waiting": states.count(State.SUBMITTED), "calibrated": calibrated,
        "treated": calibrated + done,
    }  # fmt: skip


def _recent(forms: Sequence[Queued]) -> list[Queued]:
    """What was calibrated last and can still be undone."""
    found = [row for row in forms if row.state is State.CALIBRATED and row.calibrated_at]
    return sorted(found, key=lambda row: str(row.calibrated_at), reverse=True)[:RECENT]


def _opened_context(
    opened: Opened, phase: Phase, ids: Sequence[int], args: dict[str, str], form: QueueForm | None, approving: bool
) -> dict[str, Any]:
    row, by = opened.row, guard.by()
    phase = assessments.phase_of(row, phase)
    may = by.may(Permission.ASSESSMENT_CALIBRATE, row.organisation_id, places=assessments.places(row))
    why_not = assessed.why_not_start_calibration(row.state, phase, row.year)
    next_id, sent = rules.after(ids, row.id), Scores.read(row.submitted_scores)
    if form is None:
        form = QueueForm(**QueueForm.values(row), order=args.get("order", ""), area=args.get("area", ""))
    waits = row.state in (State.SUBMITTED, State.CALIBRATED)
    return {
        "opened": opened, "row": row, "process": opened.process, "form": form, "scales": KINDS,
        "now": Scores.of(row), "sent": sent if sent.complete else Scores.of(row), "waits": waits, "next_id": next_id,
        "levels": assessed.levels(sent if sent.complete else Scores.of(row), opened.used),
        "kept": assessments.kept_levels,
        "years": [(row.year - 2, opened.earlier), (row.year - 1, opened.last)],
        "may_return": may and not assessed.why_not_return(row.state, phase, row.year, "x" * assessed.SHORT_LEAST),
        "may_undo": may and not assessed.why_not_undo(row.state, phase, row.year),
        "calibrating": may and not why_not and not approving,
        "why_not": _sentences(why_not) if may and waits and not approving else [],
        "lines": [] if approving else assessments.line_rows(row),
        "questions": assessments.questions(row.id) if opened.questions else [],
        "why_not_approve": _sentences(assessments.why_not_approve(by, row, phase, opened.open_questions))
        if may and approving and row.state is State.CALIBRATED else None,
    }  # fmt: skip


def _sentences(reasons: Sequence[Reason]) -> list[str]:
    return [said(reason) for reason in reasons]


def _take(
    id: int, text: str, act: Callable[[QueueForm], object], show: str = "", stay: bool = False
) -> ResponseReturnValue:
    """One step of the meeting with a form, and on to the next one; refused, the same form with all that was typed."""
    found = queries.opened(guard.by(), id) or abort(404)
    form, year, org = QueueForm(request.form), found.row.year, found.organisation.code
    asked = {"order": form.order.data or "", "area": form.area.data or "", "show": show}
    process = found.process.code if stay else form.onward.data or ""
    args: dict[str, Any] = {name: value[:40] for name, value in (asked | {"process": process}).items() if value}

    def again(refused: Refused | None) -> ResponseReturnValue:
        now = queries.opened(guard.by(), id) or abort(404)
        context = _context(now.organisation, year, asked | {"process": ""}, id, form)
        context.pop("form")
        saved = QueueForm(**QueueForm.values(now.row))
        return answer.failed("calibration/queue.html", form, refused, saved=saved, **context)

    done = text.format(code=found.process.code)
    return answer.sent(form, lambda: act(form), url_for(".queue", year=year, org=org, **args), done, again)


@bp.post("/assessments/<int:id>/queue/agree")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def agree(id: int) -> ResponseReturnValue:
    """Agree with the form as it stands, and go on."""
    text = _("{code} is calibrated as its author sent it.")
    return _take(id, text, lambda form: actions.agree(guard.by(), id, form.version.data, form.scores()))


@bp.post("/assessments/<int:id>/queue/change")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def change(id: int) -> ResponseReturnValue:
    """Save the group's scores with a reason, and go on."""
    return _take(
        id, _("{code} is calibrated with the group's scores."),
        lambda form: actions.change(guard.by(), id, form.version.data, form.scores(), form.reason.data or ""),
    )  # fmt: skip


@bp.post("/assessments/<int:id>/queue/return")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def send_back(id: int) -> ResponseReturnValue:
    """Return the form to its author with a comment, and go on."""
    return _take(
        id, _("{code} is returned to its author."),
        lambda form: actions.send_back(guard.by(), id, form.version.data, form.comment.data or ""),
    )  # fmt: skip


@bp.post("/assessments/<int:id>/queue/ask")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def ask(id: int) -> ResponseReturnValue:
    """Ask the author about the form, and go on; it stays in the queue."""
    text = _("The question about {code} is sent. The form stays in the queue.")
    return _take(id, text, lambda form: actions.ask(guard.by(), id, form.comment.data or ""))


@bp.post("/assessments/<int:id>/queue/undo")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
def undo(id: int) -> ResponseReturnValue:
    """Take back what was agreed on; the form stands in the queue again."""
    text = _("The calibration of {code} is undone.")
    return _take(id, text, lambda form: actions.undo(guard.by(), id, form.version.data), stay=True)


@bp.post("/assessments/<int:id>/queue/approve")
@guard.allows(Permission.ASSESSMENT_CALIBRATE)
@guard.fresh
def approve(id: int) -> ResponseReturnValue:
    """Approve what another member calibrated, and go on to the next that waits for it."""
    text = _("{code} is approved.")
    return _take(id, text, lambda form: actions.approve(guard.by(), id, form.version.data), show=APPROVE)
