"""The overall risk assessments: submitted, returned, calibrated, objected to and approved."""

from datetime import datetime
from functools import partial

from controls.assessment import actions, queries
from controls.assessment.rules import Answers, LineAnswers, Scores
from controls.assessment.words import Certainty, Change, Copied, Direction, Proposal
from controls.demo.stage import Row, Stage, parts, rows

FIGURES = ("inherent_likelihood", "inherent_impact", "control_level", "residual_likelihood", "residual_impact")


def enter(stage: Stage) -> None:
    """Each form goes the way its row tells."""
    for row in rows("assessments"):
        name = f"assessment of {row['organisation']} {row['process_code']} {row['year']}"
        stage.on(row["submitted_on"], 10, name, partial(_submit, stage, row))
        if row["returned_by"]:
            stage.on(row["returned_on"], 10.5, f"return of the {name}", partial(_return, stage, row))
        if row["resubmitted_on"]:
            stage.on(row["resubmitted_on"], 11, name, partial(_submit, stage, row))
        if row["calibrated_by"]:
            stage.on(row["calibrated_on"], 12, f"calibration of the {name}", partial(_calibrate, stage, row))
            if row["owner_objection"]:
                stage.on(row["calibrated_on"], 13, f"objection to the {name}", partial(_object, stage, row))
        if row["approver"]:
            stage.on(row["approved_on"], 14, f"approval of the {name}", partial(_approve, stage, row))


def _form(stage: Stage, row: Row) -> int:
    cycle = stage.cycle(row["organisation"], int(row["year"]))
    found = queries.of_process(cycle, stage.process(row["organisation"], row["process_code"]))
    if found is None:
        raise LookupError(f"{row['process_code']} has no form in {row['year']}")
    return found.id


def scores(row: Row) -> Scores:
    """The five answers of a row."""
    return Scores(*(int(row[name]) for name in FIGURES))


def _lines(stage: Stage, row: Row) -> dict[int, LineAnswers]:
    return {
        stage.subprocess(line["organisation"], line["subprocess_code"]): LineAnswers(
            scores(line), line["reason"], line["reason_step"]
        )
        for line in rows("assessment_lines")
        if (line["organisation"], line["year"], line["process_code"])
        == (row["organisation"], row["year"], row["process_code"])
    }


def _submit(stage: Stage, row: Row, at: datetime) -> None:
    answers = Answers(
        scores=Scores.read(row["submitted_scores"]), fraud=row["fraud"] == "yes", fraud_reason=row["fraud_reason"],
        change_direction=Direction(row["change_direction"]),
        change_kinds=tuple(Change(kind) for kind in parts(row["change_kinds"])),
        certainty=Certainty(row["certainty"]), propose_review=Proposal(row["propose_review"]), reason=row["reason"],
        copied=tuple(Copied) if row["copied"] == "yes" else (), reason_unchanged=row["reason_unchanged"],
        reason_step=row["reason_step"],
        reason_no_key_control=row["reason_no_key_control"], lines=_lines(stage, row),
    )  # fmt: skip
    actions.submit(stage.by(row["author"], at), _form(stage, row), None, answers)


def _return(stage: Stage, row: Row, at: datetime) -> None:
    actions.return_to_author(stage.by(row["returned_by"], at), _form(stage, row), None, row["return_comment"])


def _calibrate(stage: Stage, row: Row, at: datetime) -> None:
    """The group agrees, or sets its own five answers and says why."""
    differ = scores(row) != Scores.read(row["submitted_scores"])
    actions.calibrate(
        stage.by(row["calibrated_by"], at), _form(stage, row), None, scores(row) if differ else None,
        row["calibration_reason"],
    )  # fmt: skip


def _object(stage: Stage, row: Row, at: datetime) -> None:
    """The process owner objects, whoever filled in the form."""
    owner = next(
        one["owner"] for one in rows("owners")
        if (one["organisation"], one["process_code"]) == (row["organisation"], row["process_code"])
    )  # fmt: skip
    actions.object_to(stage.by(owner, at), _form(stage, row), None, row["owner_objection"])


def _approve(stage: Stage, row: Row, at: datetime) -> None:
    actions.approve(stage.by(row["approver"], at), _form(stage, row), None)
