"""People lent between the agencies: asked for, lent, prepared and granted as far as each row tells."""

from datetime import datetime
from functools import partial

from controls.demo.reviewing import review
from controls.demo.stage import Row, Stage, day, rows
from controls.identity.visits import Visited, VisitTask
from controls.visiting import actions
from controls.visiting.rules import Asked


def enter(stage: Stage) -> None:
    """Each grant goes the way its row tells."""
    for row in rows("visiting"):
        name = f"visiting grant {row['grant_id']}"
        stage.on(row["asked_on"], 14, f"request for {name}", partial(_ask, stage, row))
        for column, slot, act in (
            ("agreed", 14.5, actions.lend), ("role_asked", 15, actions.prepare), ("granted", 15.5, actions.grant),
        ):  # fmt: skip
            if row[f"{column}_by"]:
                stage.on(row[f"{column}_on"], slot, f"{column} of {name}", partial(_step, stage, row, column, act))


def _ask(stage: Stage, row: Row, at: datetime) -> None:
    first, last = day(row["valid_from"]), day(row["valid_to"])
    assert first is not None and last is not None
    kind, code = Visited(row["object_type"]), row["object_code"]
    place = review(stage, code) if kind is Visited.REVIEW else stage.process(row["host_organisation"], code)
    asked = Asked(stage.person(row["visitor"]), VisitTask(row["task"]), kind, place, first, last, row["reason"])
    stage.keep("visit", row["grant_id"], actions.ask(stage.by(row["asked_by"], at), asked).id)


def _step(stage: Stage, row: Row, column: str, act: object, at: datetime) -> None:
    assert callable(act)
    act(stage.by(row[f"{column}_by"], at), stage.kept("visit", row["grant_id"]), None)
    stage.visitors.add(row["visitor"])
