"""Reads of cycles and their steps, and what later slices tell about a year."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from sqlalchemy import Select, func, select

from controls.base.by import By
from controls.base.db import db
from controls.base.why import Reason
from controls.wheel import rules
from controls.wheel.dates import Dates
from controls.wheel.rules import Course, Goal, Parameters
from controls.wheel.tables import Cycle as Cycle
from controls.wheel.tables import Step
from controls.wheel.words import State

GATES: dict[State, list[Callable[[Cycle], list[Reason]]]] = {state: [] for state in State}
"""What must hold to enter a state; later slices are put in by the factory."""


WAYS: dict[str, tuple[str, str]] = {}
"""By the code of a gate's reason: the words of a link to where it is put right, and its page; filled by the factory."""


class GoalOf(NamedTuple):
    """A goal as later slices publish it: its words, selects of how many are done and of how many, and its page."""

    label: str
    done: Select[int]
    total: Select[int]
    endpoint: str
    shows: str = ""
    """The state that the page's list is filtered by to show exactly the rows that are done."""


GOALS: list[Callable[[int, int], GoalOf]] = []
"""Goal A and goal B by organisation and year; later slices are put in by the factory."""

AS_OF: list[Callable[[int, int, date], GoalOf]] = []
"""The same goals at the end of a day, where a slice can tell."""

COURSES: list[Callable[[By, int, int], Course]] = []
"""How far the assessments are by area, and who is late by owner, for a reader, organisation and year."""

HOURS: list[Callable[[int, int], list[tuple[str, int]]]] = []
"""Label and hours that count in an organisation's capacity of a year; later slices are put in by the factory."""


def cycle(organisation_id: int, year: int) -> Cycle | None:
    """An organisation's cycle of a year."""
    return db.session.scalar(select(Cycle).where(Cycle.organisation_id == organisation_id, Cycle.year == year))


def cycle_by_id(id: int) -> Cycle | None:
    """A cycle by id."""
    return db.session.get(Cycle, id)


def cycles(organisation_ids: frozenset[int]) -> list[Cycle]:
    """Cycles of these organisations, newest first."""
    query = select(Cycle).where(Cycle.organisation_id.in_(organisation_ids))
    return list(db.session.scalars(query.order_by(Cycle.year.desc(), Cycle.organisation_id)))


def newest(organisation_ids: frozenset[int]) -> tuple[Cycle | None, int]:
    """The newest cycle of these organisations, and how many its own has."""
    number = func.count().over(partition_by=Cycle.organisation_id)
    query = select(Cycle, number).where(Cycle.organisation_id.in_(organisation_ids))
    found = db.session.execute(query.order_by(Cycle.year.desc(), Cycle.organisation_id).limit(1)).first()
    return (found[0], found[1]) if found else (None, 0)


def latest(organisation_id: int) -> Cycle | None:
    """The newest cycle of an organisation."""
    query = select(Cycle).where(Cycle.organisation_id == organisation_id).order_by(Cycle.year.desc()).limit(1)
    return db.session.scalar(query)


def steps(cycle_id: int) -> list[Step]:
    """The nine steps of a cycle, in the year's order."""
    return list(db.session.scalars(select(Step).where(Step.cycle_id == cycle_id).order_by(Step.sort)))


def with_steps(organisation_id: int, year: int) -> tuple[Cycle, list[Step]] | None:
    """A cycle and its steps in one query."""
    rows = db.session.execute(
        select(Cycle, Step).join(Step, Step.cycle_id == Cycle.id)
        .where(Cycle.organisation_id == organisation_id, Cycle.year == year).order_by(Step.sort)
    ).all()  # fmt: skip
    return (rows[0][0], [step for _, step in rows]) if rows else None


def step(cycle_id: int, state: State) -> Step | None:
    """One step of a cycle."""
    return db.session.scalar(select(Step).where(Step.cycle_id == cycle_id, Step.state == state))


def deadline(cycle_id: int, state: State) -> date | None:
    """The last day of a state's work, where it has one."""
    return db.session.scalar(select(Step.deadline_on).where(Step.cycle_id == cycle_id, Step.state == state))


def dates(of: list[Step]) -> Dates:
    """The planned days of a year from its steps."""
    return rules.dates_of({step.state: (step.planned_on, step.deadline_on) for step in of})


def parameters(cycle: Cycle) -> Parameters:
    """The parameters of a cycle as a value."""
    return Parameters(
        cycle.capacity_hours, cycle.interval_high, cycle.interval_elevated, cycle.interval_moderate, cycle.interval_low
    )


def missing(cycle: Cycle) -> list[Reason]:
    """What the next step waits for."""
    after = rules.next_state(cycle.state)
    return [reason for gate in GATES[after] for reason in gate(cycle)] if after else []


def hours(organisation_id: int, year: int) -> list[tuple[str, int]]:
    """What counts in the capacity of a year."""
    return [line for lines in HOURS for line in lines(organisation_id, year)]


def goals(organisation_id: int, year: int, on: date | None = None) -> list[Goal]:
    """The goals of a year, A first; then those that can be told at the end of a day, when one is asked for."""
    then = [goal(organisation_id, year, on) for goal in AS_OF] if on else []
    return counted(*(goal(organisation_id, year) for goal in GOALS), *then)


def counted(*goals: GoalOf) -> list[Goal]:
    """These goals as they stand, in one query."""
    if not goals:
        return []
    asked = [number.scalar_subquery() for goal in goals for number in (goal.done, goal.total)]
    numbers = iter(db.session.execute(select(*asked)).one())
    return [Goal(goal.label, next(numbers), next(numbers), goal.endpoint, goal.shows) for goal in goals]
