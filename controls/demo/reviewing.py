"""The detailed reviews: planned, walked through, concluded, heard, approved and archived."""

from datetime import date, datetime
from functools import partial

from controls.demo.describing import owner
from controls.demo.stage import Row, Stage, add_working_days, day, number, on_or_after, rows, text
from controls.review import actions, queries
from controls.review.rules import ConclusionValues, DesignValues, Plan
from controls.review.words import DesignOutcome, Outcome, OverallClass
from controls.rotation.words import Form

WAITING = "Svar fra procesejeren afventes."
SUSPENDED_ON = {"G-2023-16": "2023-09-15"}
ARCHIVED_AFTER = 5


def enter(stage: Stage) -> None:
    """Each review goes as far as its row tells."""
    for row in rows("reviews"):
        name, state = f"review {row['review_id']}", row["state"]
        stage.on(row["planned_on"], 11, f"plan of {name}", partial(_plan, stage, row))
        if row["independence_declared_on"]:
            stage.on(row["independence_declared_on"], 12, f"independence in {name}", partial(_declare, stage, row))
            stage.on(row["independence_declared_on"], 12.5, f"scope of {name}", partial(_scope, stage, row))
        if row["walkthrough_on"]:
            stage.on(row["walkthrough_on"], 9, f"start of {name}", partial(_start, stage, row))
            stage.on(row["walkthrough_on"], 13, f"walkthrough of {name}", partial(_walk, stage, row))
        if state == "suspended":
            stage.on(SUSPENDED_ON[row["review_id"]], 10, f"suspension of {name}", partial(_suspend, stage, row))
        if row["draft_on"]:
            stage.on(row["draft_on"], 13, f"draft of {name}", partial(_conclude, stage, row))
        if row["hearing_from"]:
            stage.on(row["hearing_from"], 9, f"quality review of {name}", partial(_quality, stage, row))
            stage.on(row["hearing_from"], 10, f"hearing of {name}", partial(_hear, stage, row))
            if row["owner_reply"] != WAITING:
                stage.on(row["hearing_to"], 11, f"answer to {name}", partial(_answer, stage, row))
        if row["approved_on"]:
            stage.on(row["approved_on"], 14, f"approval of {name}", partial(_approve, stage, row))
        if state == "archived":
            archived = add_working_days(date.fromisoformat(row["approved_on"]), ARCHIVED_AFTER)
            stage.on(archived, 14, f"archiving of {name}", partial(_archive, stage, row))
    for row in (row for row in rows("tests") if row["kind"] == "design"):
        stage.on(row["tested_on"], 9.5, f"design test {row['test_id']}", partial(_design, stage, row))
        stage.on(row["reviewed_on"], 11, f"review of {row['test_id']}", partial(_review_design, stage, row))


def review(stage: Stage, id: str) -> int:
    """The id of a review by the number that the files give it: the review that its decision led to."""
    if ("review", id) not in stage.ids:
        row = next(row for row in rows("reviews") if row["review_id"] == id)
        decision = stage.kept("decision", row["decision_no"])
        stage.keep("review", id, queries.of_decisions([decision])[decision].id)
    return stage.kept("review", id)


def _plan(stage: Stage, row: Row, at: datetime) -> None:
    """A coordinator names lead, tester and quality reviewer, and when it is to be done."""
    begin = day(row["independence_declared_on"]) or on_or_after(date(at.year, 8, 10))
    values = Plan(
        stage.person(row["lead"]), stage.person(row["tester"]), stage.person(row["quality_reviewer"]),
        int(row["hours_planned"]), start_on=max(begin, at.date()), form=Form(row["form"]),
    )  # fmt: skip
    actions.plan(stage.by("bemo", at), review(stage, row["review_id"]), None, values)


def _start(stage: Stage, row: Row, at: datetime) -> None:
    actions.start(stage.by(row["lead"], at), review(stage, row["review_id"]), None)


def _declare(stage: Stage, row: Row, at: datetime) -> None:
    actions.declare_independence(stage.by(row["lead"], at), review(stage, row["review_id"]), None)


def _scope(stage: Stage, row: Row, at: datetime) -> None:
    actions.describe_scope(
        stage.by(row["lead"], at), review(stage, row["review_id"]), None, row["scope"], day(row["period_from"]),
        day(row["period_to"]),
    )  # fmt: skip


def _walk(stage: Stage, row: Row, at: datetime) -> None:
    used = None if row["draft_on"] else number(row["hours_used"])
    actions.describe_walkthrough(
        stage.by(row["lead"], at), review(stage, row["review_id"]), None, at.date(), text("walked"), used
    )


def _suspend(stage: Stage, row: Row, at: datetime) -> None:
    actions.suspend(
        stage.by("bemo", at), review(stage, row["review_id"]), None, row["conclusion"], number(row["hours_used"])
    )


def _design(stage: Stage, row: Row, at: datetime) -> None:
    made = actions.test_design(
        stage.by(row["tester"], at), review(stage, row["review_id"]), stage.kept("control", row["control_id"]),
        DesignValues(DesignOutcome(row["outcome"]), row["conclusion"], int(row["hours"])), number=row["test_id"],
    )  # fmt: skip
    stage.keep("design", row["test_id"], made.id)


def _review_design(stage: Stage, row: Row, at: datetime) -> None:
    actions.review_design(stage.by(row["reviewer"], at), stage.kept("design", row["test_id"]), None)


def _conclude(stage: Stage, row: Row, at: datetime) -> None:
    values = ConclusionValues(
        DesignOutcome(row["conclusion_design"]) if row["conclusion_design"] else None,
        Outcome(row["conclusion_operating"]) if row["conclusion_operating"] else None,
        OverallClass(row["overall_class"]) if row["overall_class"] else None, row["conclusion"],
        number(row["hours_used"]),
    )  # fmt: skip
    actions.conclude(stage.by(row["lead"], at), review(stage, row["review_id"]), None, values)


def _quality(stage: Stage, row: Row, at: datetime) -> None:
    actions.quality_review(
        stage.by(row["quality_reviewer"], at), review(stage, row["review_id"]), None,
        text("quality"),
    )  # fmt: skip


def _hear(stage: Stage, row: Row, at: datetime) -> None:
    actions.send_to_hearing(stage.by(row["lead"], at), review(stage, row["review_id"]), None, day(row["hearing_to"]))


def _answer(stage: Stage, row: Row, at: datetime) -> None:
    actions.answer_hearing(stage.by(owner(row), at), review(stage, row["review_id"]), None, row["owner_reply"])


def _approve(stage: Stage, row: Row, at: datetime) -> None:
    actions.approve(stage.by(row["approved_by"], at), review(stage, row["review_id"]), None)


def _archive(stage: Stage, row: Row, at: datetime) -> None:
    actions.archive(stage.by(row["approved_by"], at), review(stage, row["review_id"]), None)
