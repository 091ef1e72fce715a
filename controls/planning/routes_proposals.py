"""Proposals of the planner: asked for, waited for, looked at and taken into a draft."""

from typing import Any

from flask import abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base import background
from controls.base.db import transaction
from controls.base.why import Refused, refuse_if
from controls.identity.permissions import Permission
from controls.planning import actions, ahead, changes, queries, rules
from controls.planning.actions import TakeOver
from controls.planning.board import HORIZON
from controls.planning.forms import AskForm
from controls.planning.routes import beside, bp, scripted, seen_here
from controls.planning.words import Asked, Origin
from controls.web import answer, guard


@bp.get("/plan/proposals")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def proposals() -> ResponseReturnValue:
    """Ask the planner for a plan, and what it has answered."""
    return _proposals(AskForm())


def _proposals(form: AskForm, refused: Refused | None = None) -> ResponseReturnValue:
    here = guard.organisation()
    guard.must(guard.by().may(Permission.RECOMMENDATION_WRITE, here.id))
    context: dict[str, Any] = {"here": here, "asked": queries.proposals(here.id)}
    if refused is None:
        return answer.page("planning/proposals.html", form, **context)
    return answer.failed("planning/proposals.html", form, refused, **context)


@bp.post("/plan/proposals")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def ask() -> ResponseReturnValue:
    """Ask the planner; it answers in a process of its own, and the page tells how far it is."""
    by, here, form = guard.by(), guard.organisation(), AskForm(request.form)
    years, made = int(form.years.data or HORIZON) if form.validate() else HORIZON, list[int]()

    def act() -> int:
        made.append(actions.ask(by, here.id, years).id)
        return made[0]

    found = answer.sent(
        form, act, lambda id: url_for(".proposal", id=id, org=here.code), _("The planner is asked."),
        lambda refused: _proposals(form, refused or Refused([])),
    )  # fmt: skip
    if made:
        background.start("plan", "propose")
    return found


@bp.get("/plan/proposals/<int:id>")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def proposal(id: int) -> ResponseReturnValue:
    """How far the planner is; then its plan beside the one that stands, with a reason for each review."""
    seen, row = seen_here(), queries.proposal(id)
    if row is None or row.organisation_id != seen.here.id:
        abort(404)
    busy = rules.at_work(row.state, row.asked_at, guard.by().at)
    if scripted():
        return jsonify(busy=busy, step=row.step)
    old = row.base != seen.standing.number or row.asked_at.date() < guard.by().today
    context: dict[str, Any] = {
        "seen": seen, "here": seen.here, "row": row, "busy": busy, "old": old, "found": None,
    }  # fmt: skip
    if row.state is Asked.DONE:
        found, told = ahead.answered(row.answer, seen.standing.reviews)
        laid = seen.laid(changes.Changes(found.reviews, seen.standing.draft.hours))
        context |= {
            "found": found, "told": told, "lacks": ahead.lacks(seen.board, told),
            "lines": rules.told(seen.rows, changes.differences(seen.standing.reviews, found)),
            "years": beside(seen, seen.laid(changes.NONE), laid), "why": ahead.why_planned,
        }  # fmt: skip
    return answer.page("planning/proposal.html", **context)


@bp.post("/plan/proposals/<int:id>/take")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def take_proposal(id: int) -> ResponseReturnValue:
    """Take the planner's plan into one's own draft, where it can be changed and kept."""
    seen, row = seen_here(), queries.proposal(id)
    if row is None or row.organisation_id != seen.here.id:
        abort(404)
    refuse_if(rules.why_not_take(row.state))
    with transaction():
        now = queries.standing(seen.here.id, guard.by().person_id)
        found, _told = ahead.answered(row.answer, now.reviews)
        step = TakeOver(changes.Changes(found.reviews, now.draft.hours), Origin.PROPOSAL)
        actions.save_draft(guard.by(), seen.here.id, step)
        return answer.done(url_for(".draft", org=seen.here.code), _("The proposal is in your draft."))
