"""The recommendation of each year: begun, its lines put in day after day, handed over."""

from datetime import date, datetime
from functools import partial

from controls.demo.stage import Row, Stage, add_working_days, number, parts, rows
from controls.recommendation import actions, queries
from controls.recommendation.rules import LineValues
from controls.recommendation.words import DeferCode, ReasonCode, Recommended
from controls.rotation.words import Form

DAYS_OF_WRITING, LINES_A_DAY = 8, 5


def enter(stage: Stage) -> None:
    """Each year's lines are written in the days before it is handed over."""
    for handed_over in dict.fromkeys(row["handed_over_on"] for row in rows("recommendations")):
        lines = [row for row in rows("recommendations") if row["handed_over_on"] == handed_over]
        head, begun = lines[0], add_working_days(date.fromisoformat(handed_over), -DAYS_OF_WRITING)
        name = f"recommendation of {head['organisation']} {head['year']}"
        stage.on(begun, 9.5, name, partial(_start, stage, head))
        for row in lines:
            on = add_working_days(begun, (int(row["line"]) - 1) // LINES_A_DAY)
            stage.on(on, 10, f"line {row['line']} of the {name}", partial(_line, stage, row))
        stage.on(handed_over, 13, f"handing over of the {name}", partial(_hand_over, stage, head))


def _start(stage: Stage, row: Row, at: datetime) -> None:
    actions.start(stage.by(row["prepared_by"], at), stage.cycle(row["organisation"], int(row["year"])))


def _current(stage: Stage, row: Row) -> int:
    found = queries.current(stage.cycle(row["organisation"], int(row["year"])))
    if found is None:
        raise LookupError(f"{row['year']} has no recommendation")
    return found.id


def _line(stage: Stage, row: Row, at: datetime) -> None:
    values = LineValues(
        subprocess_id=stage.subprocess(row["organisation"], row["subprocess_code"]),
        recommended=Recommended(row["recommended"]),
        reason_codes=tuple(ReasonCode(code) for code in parts(row["reason_codes"])),
        text=row["text"], hours=int(row["hours"]), form=Form(row["form"]),
        proposed_lead_id=stage.somebody(row["proposed_lead"]), dissent=row["dissent"],
        review_year=int(row["review_year"]), defer_to=number(row["defer_to"]),
        defer_code=DeferCode(row["defer_reason_code"]) if row["defer_reason_code"] else None,
        compensating_measure=row["compensating_measure"],
    )  # fmt: skip
    actions.put_line(stage.by(row["prepared_by"], at), _current(stage, row), values)


def _hand_over(stage: Stage, row: Row, at: datetime) -> None:
    actions.hand_over(stage.by(row["handed_over_by"], at), _current(stage, row))
