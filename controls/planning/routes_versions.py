"""The draft before it is kept, and the versions of the standing plan."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.db import transaction
from controls.base.why import Refused
from controls.identity.permissions import Permission
from controls.planning import actions, ahead, changes, queries, rules
from controls.planning.changes import Room
from controls.planning.forms import KeepForm
from controls.planning.routes import back, beside, bp, changed_hours, seen_here
from controls.universe import queries as universe
from controls.web import answer, guard


@bp.get("/plan/draft")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def draft() -> ResponseReturnValue:
    """What one's own draft would change, before it is kept."""
    return _draft(KeepForm())


def _draft(form: KeepForm, refused: Refused | None = None) -> ResponseReturnValue:
    seen = seen_here()
    guard.must(seen.may_plan)
    now = seen.standing
    form.base.data = now.number
    context: dict[str, Any] = {
        "seen": seen, "here": seen.here, "now": now, "hours": changed_hours(seen, now.draft.hours),
        "lines": rules.told(seen.rows, changes.differences(now.reviews, now.draft)),
        "years": beside(seen, seen.laid(changes.NONE), seen.board), "possible": seen.possible,
        "why": ahead.why_planned,
    }  # fmt: skip
    if refused is None:
        return answer.page("planning/draft.html", form, **context)
    return answer.failed("planning/draft.html", form, refused, **context)


@bp.post("/plan/keep")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def keep() -> ResponseReturnValue:
    """Keep the draft as the next version of the standing plan."""
    here, form = guard.organisation(), KeepForm(request.form)
    return answer.sent(
        form, lambda: actions.keep(guard.by(), here.id, form.base.data or 0, form.reason.data or "").number,
        url_for(".plan", org=here.code), _("The plan is kept."), lambda refused: _draft(form, refused or Refused([])),
    )  # fmt: skip


@bp.get("/plan/versions")
@guard.allows(Permission.CATALOGUE_READ)
def versions() -> ResponseReturnValue:
    """The versions of the standing plan: who made them, why, and what each changed."""
    here = guard.organisation()
    return answer.page("planning/versions.html", here=here, versions=_versions(here.id), why=ahead.why_planned)


@dataclass(frozen=True)
class Shown:
    """A version with what it changed."""

    plan: Any
    made_by: str | None
    scenario: str | None
    lines: list[rules.Told]
    hours: list[tuple[int, str, Room | None, Room]]


def _versions(organisation_id: int) -> list[Shown]:
    """Newest first; each is told against the one before it, also of what has left the roll since."""
    found, shown = queries.versions(organisation_id), list[Shown]()
    parts = universe.by_ids(id for one in found for id in one.changes.reviews)
    named = sorted(parts.values(), key=lambda part: (part.sort_key, part.id))
    teams = {team.id: team.name for team in queries.teams(organisation_id)}
    reviews: changes.Reviews = {}
    hours: dict[tuple[int, int], Room] = {}
    for one in reversed(found):
        now = one.changes
        found_ = {difference.subprocess_id: difference for difference in changes.differences(reviews, now)}
        lines = [rules.Told(part, found_[part.id]) for part in named if part.id in found_]
        of = [(year, teams.get(team, ""), hours.get((year, team)), after)
              for (year, team), after in sorted(now.hours.items())]  # fmt: skip
        shown.insert(0, Shown(one.plan, one.made_by, one.scenario, lines, of))
        reviews, hours = changes.over(reviews, now), {**hours, **now.hours}
    return shown


@bp.post("/plan/undo")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def undo() -> ResponseReturnValue:
    """Let one's own changes go."""
    with transaction():
        actions.drop_draft(guard.by(), guard.organisation().id)
        return answer.done(back(), _("Your changes are gone. The standing plan is as it was."))
