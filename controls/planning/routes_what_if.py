"""Trying things out: what-if, the scenarios that are kept of it, and the teams whose hours it asks of."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import abort, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.db import transaction
from controls.base.why import Refused
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.planning import actions, ahead, board, changes, queries, rules
from controls.planning.actions import SetHours, TakeOver
from controls.planning.board import HORIZON, Board
from controls.planning.changes import When
from controls.planning.forms import AdoptForm, HoursForm, MoveForm, NameForm, TeamForm
from controls.planning.routes import Seen, beside, bp, changed_hours, scripted, seen_here, step_of
from controls.planning.words import Origin
from controls.rotation import queries as rotation
from controls.rotation.rules import RollRow
from controls.web import answer, guard


@bp.get("/plan/what-if")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def what_if() -> ResponseReturnValue:
    """Choose, drop and postpone, change the hours, add people: and see at once what becomes of the years ahead."""
    return _what_if(HoursForm(), MoveForm())


def _what_if(hours: HoursForm, moving: MoveForm, refused: Refused | None = None) -> ResponseReturnValue:
    seen = seen_here()
    guard.must(seen.may_plan)
    context = _what_if_context(seen) | {"hours": hours, "moving": moving}
    failed: Any = hours if hours.errors or (refused and not moving.cell.data) else moving
    if refused is None and not hours.errors and not moving.errors:
        return answer.page("planning/what_if.html", hours, **context)
    return answer.failed("planning/what_if.html", failed, refused, **context)


def _what_if_context(seen: Seen) -> dict[str, Any]:
    now = seen.standing
    before = seen.laid(changes.NONE)
    return {
        "seen": seen, "here": seen.here, "now": now, "years": beside(seen, before, seen.board),
        "possible": seen.possible, "before": ahead.possible(before, now.serious, changes.NONE, HORIZON),
        "lines": rules.told(seen.rows, changes.differences(now.reviews, now.draft)),
        "why": ahead.why_planned, "changed_hours": changed_hours(seen, now.draft.hours), "teams": now.teams,
        "ahead": rules.years_ahead(seen.this_year),
        "parts": [(row, _years_of(seen.board, row)) for row in seen.rows], "teams_over": _teams(seen),
    }  # fmt: skip


def _teams(seen: Seen) -> list[tuple[str, list[board.Load]]]:
    return [(team.name, [seen.board.load(year, team.id) for year in range(seen.this_year, seen.this_year + HORIZON)])
            for team in seen.standing.teams]  # fmt: skip


@bp.post("/plan/what-if/hours")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def set_hours() -> ResponseReturnValue:
    """Other hours of the years ahead, or so many people more, in one's own draft."""
    here, form = guard.organisation(), HoursForm(request.form)
    return _tried(form.validate(), lambda: _hours_of(form), lambda refused: _what_if(form, MoveForm(), refused), here)


def _hours_of(form: HoursForm) -> SetHours:
    first = form.first.data or 0
    years = tuple(range(first, max(first, form.last.data or first) + 1))
    if form.people.data:
        more = form.people.data * (form.each.data or 0)
        return SetHours(years, form.team.data or 0, more, True, form.half.data)
    return SetHours(years, form.team.data or 0, form.hours.data, False, form.half.data)


@bp.post("/plan/what-if/move")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def try_move() -> ResponseReturnValue:
    """Choose, postpone or drop a sub-process in one's own draft."""
    here, form = guard.organisation(), MoveForm(request.form)

    return _tried(form.validate(), lambda: step_of(form), lambda refused: _what_if(HoursForm(), form, refused), here)


def _tried(
    valid: bool, step: Callable[[], Any], again: Callable[[Refused | None], ResponseReturnValue], here: Organisation
) -> ResponseReturnValue:  # fmt: skip
    """A step of the draft; a script gets the effects at once, else the page comes again."""
    refused: Refused | None = None
    rows: list[RollRow] | None = None
    if valid:
        try:
            with transaction():
                rows = actions.save_draft(guard.by(), here.id, step())
                if not scripted():
                    return answer.done(url_for(".what_if", org=here.code), _("This is how it would be."))
        except Refused as error:
            refused = error
    if scripted() and valid and refused is None:
        return jsonify(
            html=render_template("planning/_outcome.html", **_what_if_context(seen_here(rows))), ids=["outcome"]
        )
    return again(refused)


@bp.get("/plan/scenarios")
@guard.allows(Permission.CATALOGUE_READ)
def scenarios() -> ResponseReturnValue:
    """The scenarios that are kept, and two plans beside each other."""
    return _scenarios(NameForm())


def _scenarios(form: NameForm | AdoptForm, refused: Refused | None = None, adopting: int = 0) -> ResponseReturnValue:
    seen = seen_here()
    kept = queries.scenarios(seen.here.id)
    told = {str(one.scenario.id): one.changes for one in kept}
    boards = {"standing": seen.laid(changes.NONE)} | ({"draft": seen.board} if seen.standing.draft else {})
    boards |= {key: seen.laid(wanted) for key, wanted in told.items()}
    names = {"standing": _("Standing plan"), "draft": _("Draft")} | {
        str(one.scenario.id): one.scenario.name for one in kept
    }
    chosen = [request.args.get(name, "") for name in ("a", "b")]
    pair = [one if one in boards else other for one, other in zip(chosen, _two(list(boards)), strict=True)]
    context: dict[str, Any] = {
        "seen": seen, "here": seen.here, "scenarios": [one.scenario for one in kept], "told": told,
        "names": {key: names[key] for key in boards},
        "pair": pair, "years": beside(seen, *(boards[key] for key in pair)), "adopting": adopting,
        "holding": [ahead.possible(boards[key], seen.standing.serious, _of(seen, told, key), HORIZON) for key in pair],
        "apart": _apart(seen.rows, *(boards[key] for key in pair)),
    }  # fmt: skip
    if refused is None:
        return answer.page("planning/scenarios.html", form, **context)
    return answer.failed("planning/scenarios.html", form, refused, **context)


def _two(keys: list[str]) -> tuple[str, str]:
    return keys[0], keys[1] if len(keys) > 1 else keys[0]


def _of(seen: Seen, told: dict[str, changes.Changes], key: str) -> changes.Changes:
    return seen.standing.draft if key == "draft" else told.get(key, changes.NONE)


def _apart(rows: Sequence[RollRow], one: Board, other: Board) -> list[tuple[RollRow, list[When], list[When]]]:
    """The sub-processes whose years, or halves of them, differ between two plans."""
    found = [(row, _whens(one, row), _whens(other, row)) for row in rows]
    return [(row, years, others) for row, years, others in found if years != others]


def _whens(laid: Board, row: RollRow) -> list[When]:
    return [When(spot.year, spot.season) for spot in laid.spots.get(row.subprocess_id, ())]


def _years_of(laid: Board, row: RollRow) -> list[int]:
    """The years in which a sub-process is planned or decided."""
    return [spot.year for spot in laid.spots.get(row.subprocess_id, ())]


@bp.post("/plan/scenarios")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def keep_scenario() -> ResponseReturnValue:
    """Keep the draft under a name."""
    here, form = guard.organisation(), NameForm(request.form)
    return answer.sent(
        form, lambda: actions.keep_scenario(guard.by(), here.id, form.name.data or "").id,
        lambda id: url_for(".scenarios", org=here.code, a="standing", b=id), _("The scenario is kept."),
        lambda refused: _scenarios(form, refused or Refused([])),
    )  # fmt: skip


@bp.post("/plan/scenarios/<int:id>/open")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def open_scenario(id: int) -> ResponseReturnValue:
    """Go on changing a scenario: it becomes one's own draft, and stays as it is itself."""
    here = guard.organisation()
    kept = next((one for one in queries.scenarios(here.id) if one.scenario.id == id), None)
    if kept is None:
        abort(404)
    with transaction():
        actions.save_draft(guard.by(), here.id, TakeOver(kept.changes, Origin.SCENARIO))
        return answer.done(url_for(".plan", org=here.code), _("The scenario is in your draft."))


@bp.post("/plan/scenarios/<int:id>/adopt")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def adopt(id: int) -> ResponseReturnValue:
    """Make a scenario the next version of the standing plan."""
    here, form = guard.organisation(), AdoptForm(request.form)
    return answer.sent(
        form, lambda: actions.adopt(guard.by(), id, form.version.data, form.reason.data or ""),
        url_for(".plan", org=here.code), _("The scenario is the plan now."),
        lambda refused: _scenarios(form, refused or Refused([]), id),
    )  # fmt: skip


@bp.post("/plan/scenarios/<int:id>/remove")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def remove_scenario(id: int) -> ResponseReturnValue:
    """Take a scenario out of the list."""
    here, form = guard.organisation(), AdoptForm(request.form)
    with transaction():
        actions.remove_scenario(guard.by(), id, form.version.data)
        return answer.done(url_for(".scenarios", org=here.code), _("The scenario is removed."))


@bp.get("/plan/teams")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def teams() -> ResponseReturnValue:
    """The teams with their areas; one of them, or a new one, in a form."""
    there = queries.teams(guard.organisation().id)
    chosen = next((one for one in there if str(one.id) == request.args.get("team")), None)
    if chosen is None:
        return _teams_page(TeamForm())
    return _teams_page(TeamForm(data={"id": chosen.id, "version": chosen.version, "name": chosen.name,
                                      "areas": chosen.areas.split(";")}))  # fmt: skip


def _teams_page(form: TeamForm, refused: Refused | None = None) -> ResponseReturnValue:
    by, here = guard.by(), guard.organisation()
    guard.must(by.may(Permission.RECOMMENDATION_WRITE, here.id))
    rows = rotation.roll(here.id, by.today.year, by.today)
    context: dict[str, Any] = {
        "here": here, "teams": queries.teams(here.id), "areas": list({row.area_code: row for row in rows}.values()),
    }  # fmt: skip
    if refused is None:
        return answer.page("planning/teams.html", form, **context)
    return answer.failed("planning/teams.html", form, refused, **context)


@bp.post("/plan/teams")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def put_team() -> ResponseReturnValue:
    """Save a team."""
    here, form = guard.organisation(), TeamForm(request.form)
    return answer.sent(
        form, lambda: actions.put_team(guard.by(), here.id, form.id.data, form.version.data, form.name.data or "",
                                       form.areas.data or []),
        url_for(".teams", org=here.code), _("The team is saved."),
        lambda refused: _teams_page(form, refused or Refused([])),
    )  # fmt: skip
