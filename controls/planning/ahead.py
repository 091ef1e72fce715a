"""What the planner and the feasibility answer are asked: the rows of the roll as candidates, the hours as a horizon."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from controls.base.why import N_, Reason, Why
from controls.planning.board import (
    EVERYBODY,
    LIGHT_HOURS,
    Board,
    Spot,
    decided,
    done,
    hours_of,
    light_next,
    may_be_light,
)
from controls.planning.changes import Changes, Review, Reviews
from controls.rotation import because, planner, warnings
from controls.rotation.feasibility import Feasibility, feasible
from controls.rotation.horizon import Candidate, Horizon, Place, Turn
from controls.rotation.planner import Plan
from controls.rotation.rules import CHOSEN, PlanKind, RollRow
from controls.rotation.warnings import Outside, Part, Year
from controls.rotation.words import Form

UNKNOWN_RISK = 9
"""The risk of what was never assessed, between moderate and elevated."""

WHYS = {why.code: why for why in vars(because).values() if isinstance(why, Why)}
"""The planner's reasons by code, as the standing plan keeps them."""

DECIDED = Why("plan.decided", N_("The VD-forum has chosen it for {year}."))
IN_PROGRESS = Why("plan.in_progress", N_("The review is under way."))
PROPOSED = Why("plan.proposed", N_("It is recommended to the VD-forum for {year}."))
HALVES = {
    1: Why("plan.first_half", N_("It is placed in the first half of the year.")),
    2: Why("plan.second_half", N_("It is placed in the second half of the year.")),
}  # fmt: skip
DEFERRED = Why("plan.deferred", N_("The VD-forum has deferred it to {year}."))
BY_HAND = Why("plan.by_hand", N_("It was placed by hand."))
LEFT = Why("plan.left", N_("The plan leaves {year}, which is decided or recommended."))
BINDING = (*CHOSEN, PlanKind.DEFERRED)
"""What the VD-forum has decided."""
KINDS = {
    PlanKind.PLANNED: DECIDED, PlanKind.PROGRESS: IN_PROGRESS, PlanKind.PROPOSED: PROPOSED, PlanKind.DEFERRED: DEFERRED,
}  # fmt: skip


def why(spot: Spot) -> list[Reason]:
    """Why a review is in its year."""
    if spot.kind is not None:
        return [KINDS[spot.kind](year=spot.year)]
    one = spot.review
    if one is None:
        return []
    left = [LEFT(year=one.instead)] if one.instead is not None else []
    half = [HALVES[one.season]()] if one.season else []
    return left + (why_planned(one) or [BY_HAND()]) + half


def why_planned(one: Review) -> list[Reason]:
    """The planner's reason for a review; none for what a person has placed."""
    known = WHYS.get(one.why)
    return [known(**dict(one.told))] if known else []


def candidate(row: RollRow, board: Board, serious: Collection[int], placed: Collection[int] = ()) -> Candidate:
    """A row of the roll as the planner knows it; `placed` are years that a draft has put it in."""
    spots = board.spots.get(row.subprocess_id, ())
    made = decided(row, board.this_year) if row.plans else {}
    left = {spot.review.instead for spot in spots if spot.review is not None}
    # A review that its own draft or version takes out of a decided year is not decided there.
    fixed = {year for year in made if year not in left}
    deferred = [year for year, plan in made.items() if plan.kind is PlanKind.DEFERRED]
    planned = frozenset(spot.year for spot in spots if spot.kind is None)
    return Candidate(
        row.subprocess_id, row.score or UNKNOWN_RISK, hours_of(row, False), max([row.due, *deferred]), row.interval,
        _team(board, row), row.area_code, row.owner_id,
        LIGHT_HOURS if may_be_light(row, serious) else None,
        row.covered is not None and row.covered.form is Form.LIGHT, frozenset(fixed) | frozenset(placed),
        planned or None, slots=frozenset((spot.year, spot.season) for spot in spots if spot.season),
    )  # fmt: skip


def _team(board: Board, row: RollRow) -> str:
    team = board.teams_of.get(row.subprocess_id, EVERYBODY)
    return str(team) if team else ""


def candidates(board: Board, serious: Collection[int], draft: Changes) -> list[Candidate]:
    """The rows as candidates; what the draft has placed or dropped is as the draft has it."""
    found = []
    for row in board.rows:
        reviews = draft.reviews.get(row.subprocess_id, ())
        found.append(candidate(row, board, serious, {one.year for one in reviews if one.year is not None}))
    return found


def _left(board: Board, years: int) -> dict[Place, int]:
    """The hours of the years ahead by team; what no team has belongs to all, and what is spent this year is gone.

    Hours that are divided are told for each half; those that are not are one pool, which is told as the first half's.
    """
    hours: dict[Place, int] = {}
    for year in range(board.this_year, board.this_year + years):
        whole = _pools(board, year)
        for team in board.teams:
            own = _pools(board, year, team.id)
            hours |= {(year, season, str(team.id)): pool for season, pool in enumerate(own, 1)}
            # The halves of a team in a year that is not divided itself are taken from its one pool.
            taken = own if len(own) == len(whole) else (sum(own), 0)[: len(whole)]
            whole = tuple(left - pool for left, pool in zip(whole, taken, strict=True))
        hours |= {(year, season, ""): max(0, pool) for season, pool in enumerate(whole, 1)}
    spent = [(of, made) for year, of, made in board.gone if year == board.this_year]
    for row in (row for row in board.rows if row.plans):
        made = dict(done(row, board.this_year)).get(board.this_year, 0)
        spent.append((board.teams_of.get(row.subprocess_id, EVERYBODY), made))
    for of, made in spent:
        place = (board.this_year, 1, str(of) if of else "")
        hours[place] = max(0, hours[place] - made)
    return hours


def _pools(board: Board, year: int, team: int = EVERYBODY) -> tuple[int, ...]:
    return board.halves(year, team) or (board.capacity(year, team) or 0,)


def _scope(board: Board, years: int, hours: Mapping[Place, int]) -> Horizon:
    return Horizon(board.this_year, years, hours, max(season for _year, season, _team in hours))


def horizon(board: Board, given: Sequence[Candidate], years: int) -> Horizon:
    """The hours that the planner may use.

    What is decided has hours of its own: where they are others than a candidate's, the difference is taken here.
    """
    hours = _left(board, years)
    for one in (one for one in given if one.fixed):
        light = one.light_last
        for spot in board.spots.get(one.id, ()):
            light = one.light_hours is not None and not light
            places = [(spot.year, season, one.team) for season in (1, 2) if (spot.year, season, one.team) in hours]
            if spot.kind is not None and spot.year in one.fixed and places:
                place = max(places, key=lambda place: hours[place])
                hours[place] = max(0, hours[place] + one.takes(light) - spot.hours)
    return _scope(board, years, hours)


def possible(board: Board, serious: Collection[int], draft: Changes, years: int) -> Feasibility | None:
    """Whether the years ahead are possible at all; nobody knows before any hours are told."""
    if board.capacity(board.this_year) is None:
        return None
    given = tuple(candidates(board, serious, draft))
    scope = horizon(board, given, years)
    return _feasible(given, scope.first, scope.years, tuple(scope.capacity.items()), scope.seasons)


def _names(board: Board) -> dict[str, str]:
    return {str(team.id): team.name for team in board.teams}


def wanting(board: Board, places: Mapping[Place, int]) -> list[tuple[int, str, int]]:
    """Hours that are wanting, by year and name of the team (none: those of no team)."""
    names, found = _names(board), dict[tuple[int, str], int]()
    for (year, _season, team), hours in places.items():
        key = (year, names.get(team, ""))
        found[key] = found.get(key, 0) + hours
    return [(year, team, hours) for (year, team), hours in sorted(found.items())]


def lacks(board: Board, told: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Why the planner has no plan within the hours there are; nothing when it has one."""
    names = _names(board)
    over = {(year, season, names.get(team, "")): hours for year, season, team, hours in told["lacking"]}
    return planner.why_not(over, told["least"])


def outside(board: Board, serious: Collection[int], years: int) -> tuple[Outside, ...]:
    """The warning list: what the plan leaves outside in the years ahead, and why."""
    parts = [_part(row, board, serious) for row in board.rows]
    scope = _scope(board, years, _left(board, years))
    return warnings.outside(parts, scope, counted=board.capacity(board.this_year) is not None)


def _part(row: RollRow, board: Board, serious: Collection[int]) -> Part:
    spots = board.spots.get(row.subprocess_id, ())
    hours = hours_of(row, light_next(row, spots, row.due, serious))
    years = tuple(Year(spot.year, spot.hours, spot.kind in BINDING) for spot in spots)
    return Part(
        row.subprocess_id, row.score or UNKNOWN_RISK, hours, row.due, row.floor_due, row.interval, _team(board, row),
        years,
    )  # fmt: skip


@lru_cache(64)
def _feasible(
    given: tuple[Candidate, ...], first: int, years: int, capacity: tuple[tuple[Place, int], ...], seasons: int
) -> Feasibility:  # fmt: skip
    """The roll is read far more often than anything in it changes."""
    return feasible(given, Horizon(first, years, dict(capacity), seasons))


def question(board: Board, serious: Collection[int], years: int) -> str:
    """What the planner is asked, as it is stored."""
    given = candidates(board, serious, Changes())
    scope = horizon(board, given, years)
    return json.dumps(
        {
            "first": scope.first, "years": scope.years, "seasons": scope.seasons,
            "hours": [[*place, hours] for place, hours in sorted(scope.capacity.items())],
            "candidates": [_packed(one) for one in given],
        },
        separators=(",", ":"),
    )  # fmt: skip


def _packed(one: Candidate) -> dict[str, Any]:
    found = vars(one) | {
        "fixed": sorted(one.fixed), "standing": None if one.standing is None else sorted(one.standing),
        "seasons": sorted(one.seasons), "slots": sorted(one.slots),
    }  # fmt: skip
    return found


def asked(text: str) -> tuple[list[Candidate], Horizon]:
    """What the planner is asked, from the way it is stored."""
    kept = json.loads(text)
    found = [
        Candidate(**{**one, "fixed": frozenset(one["fixed"]), "seasons": frozenset(one["seasons"]),
                     "slots": frozenset((year, season) for year, season in one["slots"]),
                     "standing": None if one["standing"] is None else frozenset(one["standing"])})
        for one in kept["candidates"]
    ]  # fmt: skip
    hours = {(year, season, team): hours for year, season, team, hours in kept["hours"]}
    return found, Horizon(kept["first"], kept["years"], hours, kept["seasons"])


def answer(plan: Plan, given: Collection[Candidate], scope: Horizon) -> str:
    """What the planner answers, as it is stored: the reviews that are not decided anyway, and how good the plan is."""
    fixed, teams = {one.id: one.fixed for one in given}, {one.id: one.team for one in given}
    reviews: dict[int, list[Review]] = {one.id: [] for one in given}
    for one in plan.placements:
        turn: Turn = one.turn
        if turn.year not in fixed[one.id]:
            told = tuple((name, value) for name, value in one.why.params.items())
            divided = (turn.year, 2, teams[one.id]) in scope.capacity
            season = turn.season if divided else 0
            reviews[one.id].append(Review(turn.year, season, turn.light, one.hours, None, one.why.code, told))
    return json.dumps(
        {
            "gap": plan.gap, "cost": plan.cost, "least": plan.least,
            "lacking": [[*place, hours] for place, hours in sorted(plan.lacking.items())],
            "reviews": [[id, [[r.year, r.season, r.light, r.hours, r.why, dict(r.told)] for r in kept]]
                        for id, kept in sorted(reviews.items())],
        },
        separators=(",", ":"),
    )  # fmt: skip


def answered(text: str, standing: Reviews) -> tuple[Changes, dict[str, Any]]:
    """What the planner's answer would change in the standing plan, and how good it is.

    A review that stays in its year, and in its half, stands as it stood, with the reason it had.
    """
    kept = json.loads(text)
    changed: dict[int, tuple[Review, ...]] = {}
    for id, reviews in kept.pop("reviews"):
        there = {one.year: one for one in standing.get(id, ())}
        stays, has = because.STAYS.code, because.HAS.code
        found = tuple(
            there[year]
            if year in there and (there[year].season, there[year].light, there[year].hours) == (season, light, hours)
            else Review(year, season, light, hours, None, has if code == stays and year not in there else code,
                        tuple(told.items()))
            for year, season, light, hours, code, told in reviews
        )  # fmt: skip
        # What leaves a decided year goes on leaving it: the planner is not asked about decisions.
        found += tuple(one for one in standing.get(id, ()) if one.year is None)
        if found != standing.get(id, ()):
            changed[id] = found
    return Changes(changed), kept
