"""The standing plan: the planner's proposals that the group has kept, a move by hand, and a scenario."""

from datetime import datetime
from functools import partial

from controls.base.by import By
from controls.demo.stage import Row, Stage, number, rows, text
from controls.planning import actions, ahead, board, queries
from controls.planning.actions import Move, SetHours, TakeOver
from controls.planning.changes import Changes
from controls.planning.words import Asked, Origin
from controls.rotation import planner
from controls.rotation import queries as rotation

YEARS = board.HORIZON


def enter(stage: Stage) -> None:
    """Each row happens on its day."""
    acts = {"proposal": _propose, "move": _move, "scenario": _scenario}
    for row in rows("plans"):
        stage.on(row["day"], 14, f"{row['what']} of {row['organisation']}", partial(acts[row["what"]], stage, row))


def _of(stage: Stage, row: Row, at: datetime) -> tuple[By, int]:
    return stage.by(row["person"], at), stage.organisation(row["organisation"])


def _hours(row: Row, more: bool = False) -> SetHours:
    first, last = int(row["from_year"]), int(row["to_year"])
    years = tuple(range(first, last + 1))
    return SetHours(years, board.EVERYBODY, int(row["hours"]), more, number(row["first_half"]))


def _propose(stage: Stage, row: Row, at: datetime) -> None:
    """The hours of the years ahead, the planner's answer, and the version that the group keeps of it."""
    by, id = _of(stage, row, at)
    actions.save_draft(by, id, _hours(row))
    asked = actions.ask(by, id, YEARS)
    system = stage.system(at)
    actions.claim(system, asked.id)
    given, horizon = ahead.asked(asked.question)
    answer = ahead.answer(planner.plan(given, horizon), given, horizon)
    actions.end_proposal(system, asked.id, Asked.DONE, answer)
    now = queries.standing(id, by.person_id)
    found, _told = ahead.answered(answer, now.reviews)
    actions.save_draft(by, id, TakeOver(Changes(found.reviews, now.draft.hours), Origin.PROPOSAL))
    actions.keep(by, id, now.number, text(row["reason"]))


def _move(stage: Stage, row: Row, at: datetime) -> None:
    """The first review of a year that may as well be in the next one goes there."""
    by, id = _of(stage, row, at)
    year, now = int(row["from_year"]), queries.standing(id, by.person_id)
    parts = rotation.roll(id, by.today.year, by.today)
    wanted = next(
        part.subprocess_id for part in parts
        if part.due > year and any(one.year == year for one in now.reviews.get(part.subprocess_id, ()))
    )  # fmt: skip
    actions.save_draft(by, id, Move(wanted, year, number(row["to_year"]), text(row["reason"])))
    actions.keep(by, id, now.number, text(row["reason"]))


def _scenario(stage: Stage, row: Row, at: datetime) -> None:
    """More hours in the years ahead, kept under a name."""
    by, id = _of(stage, row, at)
    actions.save_draft(by, id, _hours(row, more=True))
    actions.keep_scenario(by, id, text(row["reason"]))
