"""The cycles: opened, taken from step to step on their days, and closed."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from controls.demo.stage import Row, Stage, day, rows, text
from controls.wheel import actions, queries
from controls.wheel.dates import Dates, default_dates
from controls.wheel.rules import Parameters
from controls.wheel.words import State

DAYS = (
    "opened_on", "parameters_locked_on", "assessing_from", "assess_deadline", "calibrating_from", "approve_deadline",
    "recommended_on", "meeting_on", "decided_on", "reported_on", "closed_on",
)  # fmt: skip
TAKEN = {
    "parameters_locked_on": State.PARAMETERS_LOCKED, "assessing_from": State.ASSESSING,
    "calibrating_from": State.CALIBRATING, "reviewing_from": State.REVIEWING, "reported_on": State.REPORTED,
    "closed_on": State.CLOSED,
}  # fmt: skip
"""The steps that the group takes on the day of a column (the others follow from paper and minutes)."""


def enter(stage: Stage) -> None:
    """Each cycle takes the steps that its row has come to."""
    for row in rows("cycles"):
        name = f"{row['organisation']} {row['year']}"
        stage.on(row["opened_on"], 9, f"opening of {name}", partial(_open, stage, row))
        order = list(State)
        for column, state in TAKEN.items():
            if order.index(state) <= order.index(State(row["state"])):
                stage.on(
                    str(getattr(dates(row), column)), 9.5, f"step of {name} to {state.value}",
                    partial(_take, stage, row, state),
                )  # fmt: skip


def dates(row: Row) -> Dates:
    """The planned days of a cycle: those of its row, and the year's own where the row has none."""
    given = {name: day(row[name]) for name in DAYS if row[name]}
    return replace(default_dates(int(row["year"])), **given)  # type: ignore[arg-type]


def _open(stage: Stage, row: Row, at: datetime) -> None:
    parameters = Parameters(
        int(row["capacity_hours"]), int(row["interval_high"]), int(row["interval_elevated"]),
        int(row["interval_moderate"]), int(row["interval_low"]),
    )  # fmt: skip
    by = stage.by(row["opened_by"], at)
    actions.open_cycle(by, stage.organisation(row["organisation"]), int(row["year"]), parameters, dates(row))


def _take(stage: Stage, row: Row, state: State, at: datetime) -> None:
    closing = state is State.CLOSED
    by = stage.by(row["opened_by"], at)
    organisation, year = stage.organisation(row["organisation"]), int(row["year"])
    short = closing and not all(goal.met for goal in queries.goals(organisation, year))
    cycle, why = stage.cycle(row["organisation"], year), text(f"short_{year}") if short else ""
    if closing:
        actions.propose_close(by, cycle, None, why)
        by = stage.by(row["close_confirmed_by"], at)
    actions.advance(by, cycle, None, why)
