"""Writes of the annual cycle: open it, set its parameters, take a step, go one back."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date

from controls.base import audit, checkpoint
from controls.base.by import By
from controls.base.db import db, load, saved
from controls.base.why import N_, refuse_if
from controls.identity import queries as identity
from controls.identity.actions import take_part
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.universe import queries as universe
from controls.wheel import queries, rules
from controls.wheel.dates import Dates
from controls.wheel.queries import GATES, GOALS
from controls.wheel.rules import Parameters
from controls.wheel.tables import Cycle, Step
from controls.wheel.words import State

__all__ = [
    "GATES",
    "GOALS",
    "ON_ENTER",
    "advance",
    "configure",
    "go_back",
    "number_rules",
    "open_cycle",
    "propose_close",
]

OPENED = audit.declare("wheel.cycle_opened", N_("Cycle opened"))
NUMBERED = audit.declare("wheel.rules_numbered", N_("Set of rules numbered"))
CONFIGURED = audit.declare("wheel.cycle_configured", N_("Parameters changed"))
ADVANCED = audit.declare("wheel.cycle_advanced", N_("Cycle advanced"), "left", "entered")
PROPOSED = audit.declare("wheel.close_proposed", N_("Closing of the year proposed"))
WENT_BACK = audit.declare("wheel.cycle_went_back", N_("Cycle went one step back"), "left", "entered")

ON_ENTER: dict[State, list[Callable[[By, Cycle], None]]] = {state: [] for state in State}
"""What entering a state sets going; later slices are put in by the factory."""

PERMISSIONS = {State.RECOMMENDED: Permission.RECOMMENDATION_WRITE, State.DECIDED: Permission.FORUM_CONFIRM}
"""Handing over takes the step to recommended, the chair's approval the step to decided; the group takes the others."""


def open_cycle(by: By, organisation_id: int, year: int, parameters: Parameters, dates: Dates) -> Cycle:
    """Open a control year with its parameters and the planned day of each step."""
    latest = queries.latest(organisation_id)
    by.must(Permission.CYCLE_ADVANCE, organisation_id)
    processes = len(universe.active_processes(organisation_id, date(year, 12, 31)))
    refuse_if(
        rules.why_not_open(year, latest.year if latest else None, processes)
        + rules.why_not_parameters(parameters) + rules.why_not_dates(year, dates)
    )  # fmt: skip
    row = Cycle(organisation_id=organisation_id, year=year, state=State.CREATED, opened_by_id=by.person_id,
                rule_set=latest.rule_set if latest else 1, **asdict(parameters))  # fmt: skip
    saved(by, row)
    db.session.add(row)
    db.session.flush()
    for sort, (state, (planned_on, deadline_on)) in enumerate(rules.plan(dates).items()):
        step = Step(cycle_id=row.id, organisation_id=organisation_id, state=state, sort=sort,
                    planned_on=planned_on, deadline_on=deadline_on)  # fmt: skip
        if state is State.CREATED:
            step.taken_at, step.taken_by_id = by.at, by.person_id
        saved(by, step)
        db.session.add(step)
    audit.record(by, OPENED, row)
    for follow in ON_ENTER[row.state]:
        follow(by, row)
    return row


def configure(by: By, cycle_id: int, version: int, parameters: Parameters, dates: Dates) -> Cycle:
    """Change capacity, intervals and planned days while the cycle is only created."""
    row = load(Cycle, cycle_id, version)
    by.must(Permission.CYCLE_CONFIGURE, row.organisation_id)
    refuse_if(
        rules.why_not_configure(row.state)
        + rules.why_not_parameters(parameters) + rules.why_not_dates(row.year, dates)
    )  # fmt: skip
    for name, value in asdict(parameters).items():
        setattr(row, name, value)
    saved(by, row)
    planned = rules.plan(dates)
    for step in queries.steps(row.id):
        step.planned_on, step.deadline_on = planned[step.state]
        saved(by, step)
    audit.record(by, CONFIGURED, row)
    return row


def number_rules(by: By, cycle_id: int, number: int) -> None:
    """Say which set of rules the year follows; a new one carries the next number.

    The year is written each time, so that rules are never set while somebody else locks them.
    """
    row = load(Cycle, cycle_id)
    by.must(Permission.CYCLE_CONFIGURE, row.organisation_id)
    refuse_if(rules.why_not_configure(row.state))
    row.rule_set = number
    saved(by, row)
    audit.record(by, NUMBERED, row)


def propose_close(by: By, cycle_id: int, version: int | None, reason: str = "") -> Cycle:
    """Propose to close the year; another confirms it (S14)."""
    row = load(Cycle, cycle_id, version)
    by.must(Permission.CYCLE_ADVANCE, row.organisation_id)
    goals = queries.goals(row.organisation_id, row.year)
    refuse_if(rules.why_not_propose_close(row.state, queries.missing(row), goals, reason))
    take_part(by, Duty.S14, row, Side.FIRST, permission=Permission.CYCLE_ADVANCE)
    row.close_proposed_by_id, row.close_proposed_at, row.close_reason = by.person_id, by.at, reason.strip()
    saved(by, row)
    audit.record(by.because(reason.strip()) if reason else by, PROPOSED, row)
    return row


def advance(by: By, cycle_id: int, version: int | None, reason: str = "") -> State:
    """Take the next step of the year when nothing is missing; short of a goal the year closes only with a reason.

    A checkpoint of the log follows the closing.
    """
    row = load(Cycle, cycle_id, version)
    after = rules.next_state(row.state)
    by.must(PERMISSIONS.get(after or row.state, Permission.CYCLE_ADVANCE), row.organisation_id)
    goals = queries.goals(row.organisation_id, row.year) if after is State.CLOSED else []
    if after is State.CLOSED:
        reason = reason or row.close_reason
        refuse_if([] if row.close_proposed_by_id is not None else [rules.NOT_PROPOSED()])
        take_part(by, Duty.S14, row, Side.SECOND, permission=Permission.CYCLE_ADVANCE)
    refuse_if(rules.why_not_advance(row.state, queries.missing(row), goals, reason))
    left, row.state = row.state, rules.STEPS[(row.state, "advance")]
    saved(by, row)
    step = queries.step(row.id, row.state)
    if step is not None:
        step.taken_at, step.taken_by_id, step.note = by.at, by.person_id, reason.strip()
        saved(by, step)
    audit.record(by.because(reason.strip()) if reason else by, ADVANCED, row, left=left.value, entered=row.state.value)
    for follow in ON_ENTER[row.state]:
        follow(by, row)
    if row.state is State.CLOSED:
        at = identity.organisation_by_id(row.organisation_id)
        checkpoint.due(f"{at.code if at else row.organisation_id} {row.year}")
    return row.state


def go_back(by: By, cycle_id: int, version: int | None, reason: str) -> State:
    """Go one step back, with a reason."""
    row = load(Cycle, cycle_id, version)
    by.must(Permission.CYCLE_ADVANCE, row.organisation_id)
    refuse_if(rules.why_not_go_back(row.state, reason))
    left, row.state = row.state, rules.STEPS[(row.state, "go_back")]
    row.close_proposed_by_id, row.close_proposed_at, row.close_reason = None, None, ""
    saved(by, row)
    step = queries.step(row.id, left)
    if step is not None:
        step.taken_at, step.taken_by_id, step.note = None, None, reason.strip()
        saved(by, step)
    audit.record(by.because(reason.strip()), WENT_BACK, row, left=left.value, entered=row.state.value)
    return row.state
