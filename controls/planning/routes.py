"""The five-year grid with its moves, the draft and its differences, versions, what-if and scenarios."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.assessment.words import Band
from controls.base import background
from controls.base.db import transaction
from controls.base.why import Refused, refuse_if
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.planning import actions, ahead, board, changes, grid, queries, rules
from controls.planning.actions import Move, SetHours, TakeOver
from controls.planning.board import HORIZON, Board
from controls.planning.forms import AdoptForm, AskForm, HoursForm, KeepForm, MoveForm, NameForm, TeamForm
from controls.planning.queries import Standing
from controls.planning.words import Asked, Origin, Show
from controls.rotation import queries as rotation
from controls.rotation import rules as roll
from controls.rotation.rules import RollRow
from controls.rotation.warnings import Outside
from controls.rotation.words import Status
from controls.web import answer, guard, lists

bp = Blueprint("planning", __name__)


@dataclass(frozen=True)
class Seen(queries.Seen):
    """The plan as the reader sees it, of the organisation of the page."""

    here: Organisation
    may_plan: bool

    @cached_property
    def outside(self) -> tuple[Outside, ...]:
        """The warning list."""
        return ahead.outside(self.board, self.standing.serious, HORIZON)


def _seen(rows: list[RollRow] | None = None) -> Seen:
    by, here = guard.by(), guard.organisation()
    may_plan = by.may(Permission.RECOMMENDATION_WRITE, here.id)
    found = queries.seen(here.id, by.today, by.person_id if may_plan else None, rows)
    return Seen(found.rows, found.standing, found.board, found.possible, here, may_plan)


@bp.get("/plan")
@guard.allows(Permission.CATALOGUE_READ)
def plan() -> ResponseReturnValue:
    """The roll: a row per sub-process, five years, the hours of each year, due year and status."""
    return _grid(_seen())


def _grid(seen: Seen, form: MoveForm | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    context = _context(seen)
    cell = grid.picked(request.args.get("cell", "") if form is None else form.cell.data or "")
    picked = _picked(seen, *cell) if cell else None
    context |= {"picked": picked}
    if refused is not None and picked is None:
        raise refused
    if form is not None:
        return answer.failed("planning/grid.html", form, refused, **context)
    return answer.page("planning/grid.html", MoveForm(), **context)


def _context(seen: Seen) -> dict[str, Any]:
    asked = lists.asked(("code",), grid.FILTERS)
    block = request.args.get("view") == "block"
    years = grid.shown(request.args.get("from", ""), request.args.get("view", ""), seen.this_year)
    first = years[0]
    sums = board.sums(seen.board, years)
    draft = seen.standing.draft
    kept = grid.chosen(seen.rows, grid.Asked(**asked.filters), sums, seen.possible, draft)
    turned = [code for code in request.args.get("turned", "").split(",") if code][:100]
    owners = seen.standing.owners
    to = _Address(seen.here.code, first, block, asked.filters, ",".join(turned))
    return {
        "seen": seen, "here": seen.here, "first": first, "years": years, "block": block, "to": to, "rows": kept,
        "areas": grid.areas(seen.board, kept, years, turned), "sums": sums, "filters": asked.filters,
        "counts": roll.counts(seen.rows), "history": roll.has_history(seen.rows),
        "all_areas": list({row.area_code: row for row in seen.rows}.values()), "bands": list(Band),
        "statuses": [*Status, *Show], "owners": sorted(owners.items(), key=lambda one: one[1]),
        "cells": lambda row: grid.cells(seen.board, row, years, draft),
        "hours": lambda row: _next_hours(seen.board, row), "loads": _loads(seen.board, years),
        "chips": _chips(to, asked, owners), "may_import": guard.by().may(Permission.CATALOGUE_EDIT, seen.here.id),
        "changed": len(draft.reviews) + len({year for year, _team in draft.hours}),
        "last": seen.this_year + HORIZON - 1, "open_most": grid.OPEN_MOST,
        "others": [one for one in guard.reached_organisations() if one.id != seen.here.id] if not seen.rows else [],
    }  # fmt: skip


def _next_hours(laid: Board, row: RollRow) -> int:
    spots = laid.spots.get(row.subprocess_id, ())
    return next((spot.hours for spot in spots if spot.hours), 0) or board.hours_of(row, False)


def _loads(laid: Board, years: Sequence[int]) -> list[tuple[str, list[board.Load]]]:
    """The hours of all, then of each team; what no team has is told with all."""
    found = [("", [laid.load(year) for year in years])]
    return found + [(team.name, [laid.load(year, team.id) for year in years]) for team in laid.teams]


@dataclass(frozen=True)
class _Address:
    """Addresses of the same grid with something else in them."""

    code: str
    first: int
    block: bool
    filters: dict[str, str]
    turned: str
    paths: dict[str, str] = field(default_factory=dict)

    def __call__(self, endpoint: str = ".plan", _anchor: str = "", **more: Any) -> str:
        path = self.paths.get(endpoint) or self.paths.setdefault(endpoint, url_for(endpoint))
        values = {"org": self.code, "from": self.first, "view": "block" if self.block else None,
                  "turned": self.turned or None, **self.filters, **more}  # fmt: skip
        query = urlencode({name: value for name, value in values.items() if value is not None})
        return f"{path}?{query}#{_anchor}" if _anchor else f"{path}?{query}"

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What a form of the grid carries along."""
        found = {"org": self.code, "from": str(self.first), "view": "block" if self.block else "",
                 "turned": self.turned, **self.filters}  # fmt: skip
        return [(name, value) for name, value in found.items() if value]


def _chips(to: _Address, asked: lists.Asked, owners: dict[int, str]) -> list[tuple[str, str]]:
    labels = {"area": _("Area"), "band": _("Risk band"), "owner": _("Owner"), "status": _("Status")}
    words = {member.value: _(member.label) for member in (*Band, *Status, *Show)}
    words |= {str(id): name for id, name in owners.items()}
    return [
        (f"{labels[key]}: {words.get(value, value)}", to(".plan", "", **{key: None}))
        for key, value in asked.filters.items()
    ]


@dataclass(frozen=True)
class Picked:
    """The review that is looked at: why it is in its year, where it can go, and what was said of it before."""

    row: RollRow
    year: int | None
    spot: board.Spot | None
    why: list[Any]
    choices: list[grid.Choice]
    decided: bool
    stays: bool
    story: list[queries.Told]


def _picked(seen: Seen, id: int, year: int | None) -> Picked | None:
    row = next((one for one in seen.rows if one.subprocess_id == id), None)
    if row is None:
        return None
    spots = seen.board.spots.get(id, ())
    spot = next((one for one in spots if year is not None and one.year == year), None)
    light = board.light_next(row, spots, seen.this_year, seen.standing.serious)
    hours = spot.hours if spot else board.hours_of(row, light)
    stays = spot is not None and spot.kind is roll.PlanKind.PROGRESS
    years = range(seen.this_year, seen.this_year + HORIZON)
    found = grid.choices(seen.board, row, year, hours, years) if seen.may_plan and not stays else []
    return Picked(
        row, year if spot else None, spot, ahead.why(spot) if spot else [], found,
        spot is not None and spot.kind is not None, stays, queries.story(id),
    )  # fmt: skip


@bp.get("/plan/outside")
@guard.allows(Permission.CATALOGUE_READ)
def outside() -> ResponseReturnValue:
    """The warning list: what falls outside the plan, the floor of five calendar years first, and why."""
    seen = _seen()
    rows = {row.subprocess_id: row for row in seen.rows}
    groups = [
        (floor, [(rows[one.id], one) for one in seen.outside if one.floor is floor]) for floor in (True, False)
    ]  # fmt: skip
    return render_template("planning/outside.html", seen=seen, here=seen.here, groups=groups)


@bp.post("/plan/move")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def move() -> ResponseReturnValue:
    """Move a review in one's own draft; a script gets the parts of the page that changed."""
    here, form = guard.organisation(), MoveForm(request.form)
    refused: Refused | None = None
    rows: list[RollRow] | None = None
    if form.validate():
        step = _step(form)
        try:
            with transaction():
                rows = actions.save_draft(guard.by(), here.id, step)
                if not _scripted():
                    text = _("The draft is changed. Keep the plan when you are done.")
                    return answer.done(_back(f"r{step.subprocess_id}"), text)
        except Refused as error:
            refused = error
    seen = _seen(rows)
    if not _scripted():
        return _grid(seen, form, refused)
    if refused is not None or form.errors:
        typed = [text for _id, text in form.problems()]
        return jsonify(reasons=typed + (answer.sentences(refused) if refused else [])), 422
    return jsonify(_parts(seen, _step(form).subprocess_id))


def _step(form: MoveForm) -> Move:
    """The move that was typed; a sub-process that is none is not found."""
    id, at = grid.picked(form.cell.data or "") or (0, None)
    to = form.to.data or ""
    return Move(id, at, int(to) if to.isascii() and to.isdigit() and len(to) == 4 else None, form.reason.data or "")


def _scripted() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _back(place: str = "") -> str:
    """The grid that a form came from, with the same years and filters."""
    names = ("org", "from", "view", "turned", *grid.FILTERS)
    kept: dict[str, Any] = {name: request.args[name] for name in names if name in request.args}
    return url_for(".plan", _anchor=place or None, **kept)


def _parts(seen: Seen, id: int) -> dict[str, Any]:
    """The parts of the grid that a move changes, and the ids of the elements they stand for."""
    row = next((one for one in seen.rows if one.subprocess_id == id), None)
    html = render_template("planning/_parts.html", **_context(seen), row=row)
    return {"html": html, "ids": ["top", "load", "draft", f"r{id}"]}


# --- What if ---------------------------------------------------------------------------------------------------------


@bp.get("/plan/what-if")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def what_if() -> ResponseReturnValue:
    """Choose, drop and postpone, change the hours, add people: and see at once what becomes of the years ahead."""
    return _what_if(HoursForm(), MoveForm())


def _what_if(hours: HoursForm, moving: MoveForm, refused: Refused | None = None) -> ResponseReturnValue:
    seen = _seen()
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
        "seen": seen, "here": seen.here, "now": now, "years": _beside(seen, before, seen.board),
        "possible": seen.possible, "before": ahead.possible(before, now.serious, changes.NONE, HORIZON),
        "lines": rules.told(seen.rows, changes.differences(now.reviews, now.draft)),
        "why": ahead.why_planned, "changed_hours": _hours(seen, now.draft.hours), "teams": now.teams,
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
        return SetHours(years, form.team.data or 0, form.people.data * (form.each.data or 0), more=True)
    return SetHours(years, form.team.data or 0, form.hours.data or 0)


@bp.post("/plan/what-if/move")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def try_move() -> ResponseReturnValue:
    """Choose, postpone or drop a sub-process in one's own draft."""
    here, form = guard.organisation(), MoveForm(request.form)

    return _tried(form.validate(), lambda: _step(form), lambda refused: _what_if(HoursForm(), form, refused), here)


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
                if not _scripted():
                    return answer.done(url_for(".what_if", org=here.code), _("This is how it would be."))
        except Refused as error:
            refused = error
    if _scripted() and valid and refused is None:
        return jsonify(html=render_template("planning/_outcome.html", **_what_if_context(_seen(rows))), ids=["outcome"])
    return again(refused)


# --- Scenarios -------------------------------------------------------------------------------------------------------


@bp.get("/plan/scenarios")
@guard.allows(Permission.CATALOGUE_READ)
def scenarios() -> ResponseReturnValue:
    """The scenarios that are kept, and two plans beside each other."""
    return _scenarios(NameForm())


def _scenarios(form: NameForm | AdoptForm, refused: Refused | None = None, adopting: int = 0) -> ResponseReturnValue:
    seen = _seen()
    kept = queries.scenarios(seen.here.id)
    told = queries.changed_by_scenarios([one.id for one in kept]) if kept else {}
    boards = {"standing": seen.laid(changes.NONE)} | ({"draft": seen.board} if seen.standing.draft else {})
    boards |= {str(one.id): seen.laid(told[one.id]) for one in kept}
    names = {"standing": _("Standing plan"), "draft": _("Draft")} | {str(one.id): one.name for one in kept}
    chosen = [request.args.get(name, "") for name in ("a", "b")]
    pair = [one if one in boards else other for one, other in zip(chosen, _two(list(boards)), strict=True)]
    context: dict[str, Any] = {
        "seen": seen, "here": seen.here, "scenarios": kept, "told": told, "names": {key: names[key] for key in boards},
        "pair": pair, "years": _beside(seen, *(boards[key] for key in pair)), "adopting": adopting,
        "holding": [ahead.possible(boards[key], seen.standing.serious, _of(seen, told, key), HORIZON) for key in pair],
        "apart": _apart(seen.rows, *(boards[key] for key in pair)),
    }  # fmt: skip
    if refused is None:
        return answer.page("planning/scenarios.html", form, **context)
    return answer.failed("planning/scenarios.html", form, refused, **context)


def _two(keys: list[str]) -> tuple[str, str]:
    return keys[0], keys[1] if len(keys) > 1 else keys[0]


def _of(seen: Seen, told: dict[int, changes.Changes], key: str) -> changes.Changes:
    return seen.standing.draft if key == "draft" else told[int(key)] if key.isdigit() else changes.NONE


def _apart(rows: Sequence[RollRow], one: Board, other: Board) -> list[tuple[RollRow, list[int], list[int]]]:
    """The sub-processes whose years differ between two plans."""
    found = [(row, _years_of(one, row), _years_of(other, row)) for row in rows]
    return [(row, years, others) for row, years, others in found if years != others]


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
    if id not in {one.id for one in queries.scenarios(here.id)}:
        abort(404)
    with transaction():
        step = TakeOver(queries.changed_by_scenarios([id])[id], Origin.SCENARIO)
        actions.save_draft(guard.by(), here.id, step)
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


@bp.post("/plan/undo")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def undo() -> ResponseReturnValue:
    """Let one's own changes go."""
    with transaction():
        actions.drop_draft(guard.by(), guard.organisation().id)
        return answer.done(_back(), _("Your changes are gone. The standing plan is as it was."))


# --- Teams -----------------------------------------------------------------------------------------------------------


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


# --- Proposals of the planner ----------------------------------------------------------------------------------------


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
        made.append(actions.ask(by, here.id, years, lambda rows, now: _question(rows, now, years)).id)
        return made[0]

    found = answer.sent(
        form, act, lambda id: url_for(".proposal", id=id, org=here.code), _("The planner is asked."),
        lambda refused: _proposals(form, refused or Refused([])),
    )  # fmt: skip
    if made:
        background.start("plan", "propose")
    return found


def _question(rows: Sequence[RollRow], now: Standing, years: int) -> str:
    """The plan as it stands with the reader's own draft in it, which the planner keeps as much of as it can."""
    reviews, hours = changes.over(now.reviews, now.draft), {**now.hours, **now.draft.hours}
    return ahead.question(board.board(rows, reviews, hours, now.teams, guard.by().today.year), now.serious, years)


@bp.get("/plan/proposals/<int:id>")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def proposal(id: int) -> ResponseReturnValue:
    """How far the planner is; then its plan beside the one that stands, with a reason for each review."""
    seen, row = _seen(), queries.proposal(id)
    if row is None or row.organisation_id != seen.here.id:
        abort(404)
    busy = rules.at_work(row.state, row.asked_at, guard.by().at)
    if _scripted():
        return jsonify(busy=busy, step=row.step)
    context: dict[str, Any] = {"seen": seen, "here": seen.here, "row": row, "busy": busy, "found": None}
    if row.state is Asked.DONE:
        found, told = ahead.answered(row.answer, seen.standing.reviews)
        laid = seen.laid(changes.Changes(found.reviews, seen.standing.draft.hours))
        context |= {
            "found": found, "told": told, "lacking": sum(hours for *_place, hours in told["lacking"]),
            "lines": rules.told(seen.rows, changes.differences(seen.standing.reviews, found)),
            "years": _beside(seen, seen.laid(changes.NONE), laid), "why": ahead.why_planned,
        }  # fmt: skip
    return answer.page("planning/proposal.html", **context)


@bp.post("/plan/proposals/<int:id>/take")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def take_proposal(id: int) -> ResponseReturnValue:
    """Take the planner's plan into one's own draft, where it can be changed and kept."""
    seen, row = _seen(), queries.proposal(id)
    if row is None or row.organisation_id != seen.here.id:
        abort(404)
    refuse_if(rules.why_not_take(row.state))
    with transaction():
        now = queries.standing(seen.here.id, guard.by().person_id)
        found, _told = ahead.answered(row.answer, now.reviews)
        step = TakeOver(changes.Changes(found.reviews, now.draft.hours), Origin.PROPOSAL)
        actions.save_draft(guard.by(), seen.here.id, step)
        return answer.done(url_for(".draft", org=seen.here.code), _("The proposal is in your draft."))


# --- The draft and the versions --------------------------------------------------------------------------------------


@bp.get("/plan/draft")
@guard.allows(Permission.RECOMMENDATION_WRITE)
def draft() -> ResponseReturnValue:
    """What one's own draft would change, before it is kept."""
    return _draft(KeepForm())


def _draft(form: KeepForm, refused: Refused | None = None) -> ResponseReturnValue:
    seen = _seen()
    guard.must(seen.may_plan)
    now = seen.standing
    form.base.data = now.number
    context: dict[str, Any] = {
        "seen": seen, "here": seen.here, "now": now, "hours": _hours(seen, now.draft.hours),
        "lines": rules.told(seen.rows, changes.differences(now.reviews, now.draft)),
        "years": _beside(seen, seen.laid(changes.NONE), seen.board), "possible": seen.possible,
        "why": ahead.why_planned,
    }  # fmt: skip
    if refused is None:
        return answer.page("planning/draft.html", form, **context)
    return answer.failed("planning/draft.html", form, refused, **context)


def _hours(seen: Seen, hours: changes.Hours) -> list[tuple[int, str, int | None, int]]:
    """Changed hours as the list of differences tells them: year, team, before, after."""
    teams, before = {team.id: team.name for team in seen.standing.teams}, seen.laid(changes.NONE)
    return [(year, teams.get(team, ""), before.capacity(year, team), after)
            for (year, team), after in sorted(hours.items())]  # fmt: skip


def _beside(seen: Seen, *boards: Board) -> list[tuple[int, list[board.Effect]]]:
    """What each of these plans does to the years ahead, year by year."""
    last = seen.this_year + HORIZON - 1
    found = [one.effects(last) for one in boards]
    return [(year, [effects[year - seen.this_year] for effects in found]) for year in range(seen.this_year, last + 1)]


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
    here, today = guard.organisation(), guard.by().today
    rows = rotation.roll(here.id, today.year, today)
    teams = {team.id: team.name for team in queries.teams(here.id)}
    return answer.page(
        "planning/versions.html", here=here, versions=_versions(here.id, rows, teams), why=ahead.why_planned
    )


@dataclass(frozen=True)
class Shown:
    """A version with what it changed."""

    plan: Any
    made_by: str | None
    scenario: str | None
    lines: list[rules.Told]
    hours: list[tuple[int, str, int | None, int]]


def _versions(organisation_id: int, rows: Sequence[RollRow], teams: dict[int, str]) -> list[Shown]:
    """Newest first; each is told against the one before it."""
    found, shown = queries.versions(organisation_id), list[Shown]()
    told = queries.changed_by_versions([one.plan.id for one in found])
    reviews: changes.Reviews = {}
    hours: dict[tuple[int, int], int] = {}
    for one in reversed(found):
        now = told[one.plan.id]
        lines = rules.told(rows, changes.differences(reviews, now))
        of = [(year, teams.get(team, ""), hours.get((year, team)), after)
              for (year, team), after in sorted(now.hours.items())]  # fmt: skip
        shown.insert(0, Shown(one.plan, one.made_by, one.scenario, lines, of))
        reviews, hours = changes.over(reviews, now), {**hours, **now.hours}
    return shown
