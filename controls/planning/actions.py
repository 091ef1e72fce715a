"""Writes of the plan: drafts, versions of the standing plan, scenarios, teams, and proposals of the planner."""

from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps

from controls.base import audit
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import FORBIDDEN, N_, NOT_FOUND, Refused, refuse_if
from controls.identity import queries as identity
from controls.identity.permissions import Permission
from controls.planning import ahead, board, changes, queries, rules
from controls.planning.changes import Changes, Review, Room
from controls.planning.queries import Standing
from controls.planning.tables import Capacity, Draft, Line, Plan, Proposal, Scenario, Team
from controls.planning.words import Asked, Origin
from controls.rotation import queries as rotation
from controls.rotation.rules import RollRow

KEPT = audit.declare("planning.kept", N_("Version of the standing plan kept"), "number", "changed")
SCENARIO_KEPT = audit.declare("planning.scenario_kept", N_("Scenario kept"))
SCENARIO_REMOVED = audit.declare("planning.scenario_removed", N_("Scenario removed"))
TEAM_PUT = audit.declare("planning.team_put", N_("Team saved"))
PROPOSED = audit.declare("planning.proposed", N_("The planner ended"), "proposal", "state")
ASKED = audit.declare("planning.asked", N_("Proposal asked of the planner"), "proposal", "years")


@dataclass(frozen=True)
class Move:
    """A review of a sub-process from one year to another; no first year: a new one; no second: out of the plan."""

    subprocess_id: int
    at: int | None
    to: int | None
    reason: str = ""
    season: int = 0
    """The half of the year, where its hours are divided; none is chosen: the one with more hours free."""


@dataclass(frozen=True)
class SetHours:
    """Hours of years, of everybody (0) or of a team, perhaps divided in halves; `more` adds to what there is."""

    years: tuple[int, ...]
    team: int
    hours: int | None
    more: bool = False
    first_half: int | None = None


@dataclass(frozen=True)
class TakeOver:
    """All changes of a scenario, a proposal or an earlier version."""

    changes: Changes
    origin: Origin


def save_draft(by: By, organisation_id: int, step: Move | SetHours | TakeOver) -> list[RollRow] | None:
    """Change one's own draft of the plan; the standing plan stays as it is.

    The answer is the roll that a move was held against, for who wants to show what became of it.
    """
    person_id = _planner(by, organisation_id)
    now = queries.standing(organisation_id, person_id)
    rows = rotation.roll(organisation_id, by.today.year, by.today) if isinstance(step, Move) else None
    if isinstance(step, Move):
        found = _moved(by, rows or [], now, step)
    elif isinstance(step, SetHours):
        found = changes.with_hours(now.draft, now.hours, _wanted(now, step, by.today.year))
    else:
        found = changes.as_now(step.changes, now.reviews, now.hours)
    row = queries.draft(organisation_id, person_id)
    if row is None:
        row = Draft(organisation_id=organisation_id, person_id=person_id)
        db.session.add(row)
    if isinstance(step, TakeOver) or not now.draft:
        row.base = now.number
        row.origin = step.origin if isinstance(step, TakeOver) else Origin.HAND
    row.changes = changes.pack(found)
    return rows


def _planner(by: By, organisation_id: int) -> int:
    by.must(Permission.RECOMMENDATION_WRITE, organisation_id)
    if by.person_id is None:
        raise Refused([FORBIDDEN()])
    return by.person_id


def _wanted(now: Standing, step: SetHours, this_year: int) -> dict[tuple[int, int], Room]:
    """The hours that are set; those that are added are divided as the hours there are."""
    refuse_if(rules.why_not_hours(step.years, step.hours, step.first_half, step.more, this_year))
    hours, there = step.hours or 0, now.laid((), now.draft, this_year)
    if not step.more:
        return {(year, step.team): Room(hours, step.first_half) for year in step.years}
    return {(year, step.team): there.more(year, step.team, hours) for year in step.years}


def _moved(by: By, rows: Sequence[RollRow], now: Standing, step: Move) -> Changes:
    row = next((one for one in rows if one.subprocess_id == step.subprocess_id), None)
    if row is None:
        raise Refused([NOT_FOUND()])
    this_year = by.today.year
    id = step.subprocess_id
    spots = board.spots(row, changes.over(now.reviews, now.draft).get(id, ()), this_year)
    refuse_if(rules.why_not_move(row, spots, step.at, step.to, this_year, step.reason))
    here = next((spot for spot in spots if spot.year == step.at), None)
    light = here.light if here else board.light_next(row, spots, step.to or this_year, now.serious)
    hours = here.hours if here and here.hours else board.hours_of(row, light)
    season = _half(rows, now, row, step, this_year) if step.to is not None else 0
    to = Review(step.to, season, light, hours, reason=step.reason.strip())
    return changes.moved(now.draft, now.reviews, id, step.at, to, here is not None and here.kind is not None)


def _half(rows: Sequence[RollRow], now: Standing, row: RollRow, step: Move, this_year: int) -> int:
    """The half of the year that a move goes to: the chosen one, that where it stood, or that with more hours free."""
    if step.to is None or all(room.first is None for room in {**now.hours, **now.draft.hours}.values()):
        return 0
    there = [one.season for one in now.reviews.get(row.subprocess_id, ()) if one.year == step.to and one.season]
    season = now.laid(rows, now.draft, this_year).roomier(row, step.to)
    return (step.season or next(iter(there), season)) if season else 0


def drop_draft(by: By, organisation_id: int) -> None:
    """Let one's own changes go."""
    row = queries.draft(organisation_id, _planner(by, organisation_id))
    if row is not None:
        db.session.delete(row)


def keep(by: By, organisation_id: int, base: int, reason: str) -> Plan:
    """Keep the draft as the next version of the standing plan.

    `base` is the version that the list of differences was read against.
    """
    person_id = _planner(by, organisation_id)
    now = queries.standing(organisation_id, person_id)
    refuse_if(rules.why_not_keep(now.draft, base, now.number, reason, now.frozen, now.hours))
    row = _version(by, organisation_id, now, now.draft, now.origin, reason, None)
    drop_draft(by, organisation_id)
    return row


def _version(
    by: By, organisation_id: int, now: Standing, wanted: Changes, origin: Origin, reason: str, scenario_id: int | None
) -> Plan:  # fmt: skip
    row = Plan(
        organisation_id=organisation_id, number=now.number + 1, origin=origin, scenario_id=scenario_id,
        reason=reason.strip(), made_by_id=by.person_id, made_at=by.at,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    _put(organisation_id, wanted, plan_id=row.id)
    audit.record(by.because(reason.strip()), KEPT, row, number=row.number, changed=len(wanted.reviews))
    return row


def _put(organisation_id: int, wanted: Changes, **of: int) -> None:
    """The lines of a version or a scenario."""
    for id, reviews in sorted(wanted.reviews.items()):
        for one in reviews or (Review(None),):
            told = dumps(dict(one.told), ensure_ascii=False) if one.told else ""
            db.session.add(Line(
                organisation_id=organisation_id, subprocess_id=id, year=one.year, season=one.season, light=one.light,
                hours=one.hours, instead=one.instead, why=one.why, told=told, reason=one.reason, **of,
            ))  # fmt: skip
    for (year, team), room in sorted(wanted.hours.items()):
        db.session.add(Capacity(
            organisation_id=organisation_id, year=year, team_id=team or None, hours=room.hours, first_half=room.first,
            **of,
        ))  # fmt: skip


def keep_scenario(by: By, organisation_id: int, name: str) -> Scenario:
    """Keep the draft under a name, to be compared; the draft ends."""
    person_id = _planner(by, organisation_id)
    now = queries.standing(organisation_id, person_id)
    kept, used = len(queries.scenarios(organisation_id)), queries.scenario_names(organisation_id)
    refuse_if(rules.why_not_scenario(now.draft, name, used, kept))
    row = Scenario(
        organisation_id=organisation_id, name=name.strip(), base=now.number, made_by_id=by.person_id, made_at=by.at,
        gone=False,
    )  # fmt: skip
    saved(by, row)
    db.session.add(row)
    db.session.flush()
    _put(organisation_id, now.draft, scenario_id=row.id)
    audit.record(by, SCENARIO_KEPT, row)
    drop_draft(by, organisation_id)
    return row


def _scenario(by: By, id: int, version: int | None) -> Scenario:
    row = load(Scenario, id, version)
    by.must(Permission.RECOMMENDATION_WRITE, row.organisation_id)
    refuse_if([rules.GONE()] if row.gone else [])
    return row


def remove_scenario(by: By, id: int, version: int | None) -> Scenario:
    """Take a scenario out of the list; its row stays, as all do."""
    row = _scenario(by, id, version)
    row.gone = True
    saved(by, row)
    audit.record(by, SCENARIO_REMOVED, row)
    return row


def adopt(by: By, id: int, version: int | None, reason: str) -> Plan:
    """Make a scenario the next version of the standing plan."""
    row = _scenario(by, id, version)
    now = queries.standing(row.organisation_id, None)
    kept = next(one.changes for one in queries.scenarios(row.organisation_id) if one.scenario.id == row.id)
    wanted = changes.as_now(kept, now.reviews, now.hours)
    refuse_if(rules.why_not_keep(wanted, now.number, now.number, reason, now.frozen, now.hours))
    return _version(by, row.organisation_id, now, wanted, Origin.SCENARIO, reason, row.id)


def put_team(
    by: By, organisation_id: int, id: int | None, version: int | None, name: str, areas: Sequence[str]
) -> Team:  # fmt: skip
    """Name a team and the areas it reviews; without areas it reviews nothing more."""
    by.must(Permission.RECOMMENDATION_WRITE, organisation_id)
    row = load(Team, id, version) if id else Team(organisation_id=organisation_id)
    if row.organisation_id != organisation_id:
        raise Refused([NOT_FOUND()])
    others = {one.name: one.areas.split(";") for one in queries.teams(organisation_id) if one.id != row.id}
    refuse_if(rules.why_not_team(name, [area for area in areas if area], others))
    row.name, row.areas = name.strip(), ";".join(sorted(areas))
    saved(by, row)
    db.session.add(row)
    audit.record(by, TEAM_PUT, row)
    return row


def ask(by: By, organisation_id: int, years: int) -> Proposal:
    """Ask the planner for a proposal: of the plan with one's own draft in it, of which it keeps as much as it can."""
    person_id = _planner(by, organisation_id)
    here = identity.organisation_by_id(organisation_id)
    now = queries.standing(organisation_id, person_id)
    rows = rotation.roll(organisation_id, by.today.year, by.today)
    busy = any(rules.at_work(one.state, one.asked_at, by.at) for one in queries.proposals(organisation_id))
    refuse_if(rules.why_not_ask(busy, here.code if here else "", len(rows), {**now.hours, **now.draft.hours}))
    row = Proposal(
        organisation_id=organisation_id, person_id=person_id, asked_at=by.at, base=now.number, years=years,
        state=Asked.WAITING, step=0, answer="",
        question=ahead.question(now.laid(rows, now.draft, by.today.year), now.serious, years),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    audit.record(by, ASKED, here, organisation_id=organisation_id, proposal=row.id, years=years)
    return row


def claim(by: By, id: int) -> Proposal | None:
    """Take a proposal that waits; of two processes one gets it."""
    row = queries.proposal(id)
    if row is None or row.state is not Asked.WAITING:
        return None
    row.state = Asked.RUNNING
    return row


def progress(by: By, id: int, done: int, of: int) -> None:
    """How far the planner is, in hundredths."""
    load(Proposal, id).step = 100 * done // max(1, of)


def end_proposal(by: By, id: int, state: Asked, answer: str = "") -> Proposal:
    """The planner has ended, with its answer or without."""
    row = load(Proposal, id)
    row.state, row.answer, row.ended_at = state, answer, by.at
    here = identity.organisation_by_id(row.organisation_id)
    audit.record(by, PROPOSED, here, organisation_id=row.organisation_id, proposal=row.id, state=state.value)
    return row
