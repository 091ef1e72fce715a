"""The five-year grid with its moves and the warning list; and what every page of the plan shares."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.assessment.words import Band
from controls.base.db import transaction
from controls.base.why import Refused
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.planning import actions, ahead, board, changes, grid, queries
from controls.planning.actions import Move
from controls.planning.board import HORIZON, Board
from controls.planning.changes import Room
from controls.planning.forms import MoveForm
from controls.planning.words import Show
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


def seen_here(rows: list[RollRow] | None = None) -> Seen:
    """The plan of the page's organisation as its reader sees it; `rows` when the roll is read already."""
    by, here = guard.by(), guard.organisation()
    may_plan = by.may(Permission.RECOMMENDATION_WRITE, here.id)
    found = queries.seen(here.id, by.today, by.person_id if may_plan else None, rows)
    return Seen(found.rows, found.standing, found.board, found.possible, here, may_plan)


def scripted() -> bool:
    """Whether a script asks, which puts the answer in the page it has."""
    return request.accept_mimetypes.best == "application/json"


def step_of(form: MoveForm) -> Move:
    """The move that was typed; a sub-process that is none is not found."""
    id, at = grid.picked(form.cell.data or "") or (0, None)
    year, season = grid.aimed(form.to.data or "")
    return Move(id, at, year, form.reason.data or "", season)


def back(place: str = "") -> str:
    """The grid that a form came from, with the same years and filters."""
    names = ("org", "from", "view", "turned", *grid.FILTERS)
    kept: dict[str, Any] = {name: request.args[name] for name in names if name in request.args}
    return url_for(".plan", _anchor=place or None, **kept)


def changed_hours(seen: Seen, hours: changes.Hours) -> list[tuple[int, str, Room | None, Room]]:
    """Changed hours as the list of differences tells them: year, team, before, after."""
    teams, before = {team.id: team.name for team in seen.standing.teams}, seen.laid(changes.NONE)
    return [(year, teams.get(team, ""), before.room(year, team), after)
            for (year, team), after in sorted(hours.items())]  # fmt: skip


def beside(seen: Seen, *boards: Board) -> list[tuple[int, list[board.Effect]]]:
    """What each of these plans does to the years ahead, year by year."""
    last = seen.this_year + HORIZON - 1
    found = [one.effects(last) for one in boards]
    return [(year, [effects[year - seen.this_year] for effects in found]) for year in range(seen.this_year, last + 1)]


@bp.get("/plan")
@guard.allows(Permission.CATALOGUE_READ)
def plan() -> ResponseReturnValue:
    """The roll: a row per sub-process, five years, the hours of each year, due year and status."""
    return _grid(seen_here())


def _grid(seen: Seen, form: MoveForm | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    context = _context(seen)
    cell = grid.picked(request.args.get("cell", "") if form is None else form.cell.data or "")
    picked = _picked(seen, *cell) if cell else None
    context |= {"picked": picked}
    if refused is not None and picked is None:
        raise refused
    if form is not None:
        return answer.failed("planning/grid.html", form, refused, **context)
    return answer.page("planning/grid.html", MoveForm(data={"to": request.args.get("to", "")}), **context)


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
    seen = seen_here()
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
        step = step_of(form)
        try:
            with transaction():
                rows = actions.save_draft(guard.by(), here.id, step)
                if not scripted():
                    text = _("The draft is changed. Keep the plan when you are done.")
                    return answer.done(back(f"r{step.subprocess_id}"), text)
        except Refused as error:
            refused = error
    seen = seen_here(rows)
    if not scripted():
        return _grid(seen, form, refused)
    if refused is not None or form.errors:
        return answer.told(form, refused)
    return jsonify(_parts(seen, step_of(form).subprocess_id))


def _parts(seen: Seen, id: int) -> dict[str, Any]:
    """The parts of the grid that a move changes, and the ids of the elements they stand for."""
    row = next((one for one in seen.rows if one.subprocess_id == id), None)
    html = render_template("planning/_parts.html", **_context(seen), row=row)
    return {"html": html, "ids": ["top", "load", "draft", f"r{id}"]}
