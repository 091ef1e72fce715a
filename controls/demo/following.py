"""Findings and their actions: raised, heard, confirmed, done, verified, extended, accepted and closed."""

from datetime import date, datetime, timedelta
from functools import cache, partial
from io import BytesIO

from controls.demo import proofs
from controls.demo.reviewing import review
from controls.demo.stage import Row, Stage, add_working_days, day, rows, text
from controls.evidence import actions as evidence
from controls.finding import actions
from controls.finding.rules import ActionValues, Values
from controls.finding.tables import Action, Finding
from controls.finding.words import Severity

STARTED_AFTER = 10
ACCEPTED_ON = {"F-2022-05": "2023-06-21"}


def enter(stage: Stage) -> None:
    """Each finding and each action goes as far as its row tells."""
    for row in rows("findings"):
        name, of = f"finding {row['finding_id']}", _review(row["review_id"])
        raised = _test(row)["tested_on"]
        stage.on(raised, 14.5, name, partial(_raise, stage, row, of))
        stage.on(of["hearing_from"], 9.5, f"hearing of {name}", partial(_hear, stage, row, of))
        if row["confirmed_on"]:
            stage.on(of["hearing_to"], 10, f"answer to {name}", partial(_answer, stage, row))
            stage.on(row["confirmed_on"], 9, f"confirmation of {name}", partial(_confirm, stage, row, of))
        if row["finding_id"] in ACCEPTED_ON:
            stage.on(ACCEPTED_ON[row["finding_id"]], 11, f"acceptance of {name}", partial(_accept, stage, row))
        if row["closed_on"]:
            stage.on(row["closed_on"], 13, f"retest of {name}", partial(_retest, stage, row))
            stage.on(row["closed_on"], 14, f"closing of {name}", partial(_close, stage, row))
    for row in rows("actions"):
        _act(stage, row)
    for row in rows("extensions"):
        stage.on(row["approved_on"], 11, f"extension of {row['finding_id']}", partial(_extend, stage, row))


def _act(stage: Stage, row: Row) -> None:
    name = f"action {row['action_id']}"
    confirmed = date.fromisoformat(_finding(row["finding_id"])["confirmed_on"])
    stage.on(confirmed, 9.5, name, partial(_agree, stage, row))
    if row["state"] in ("in_progress", "reported_done", "verified"):
        begun = add_working_days(confirmed, STARTED_AFTER)
        stage.on(begun, 10, f"start of {name}", partial(_start, stage, row))
    if row["done_on"]:
        stage.on(row["done_on"], 10, f"note on {name}", partial(_note, stage, row))
        stage.on(row["done_on"], 10.5, f"report on {name}", partial(_report, stage, row))
    if row["verified_on"]:
        stage.on(row["verified_on"], 11, f"verification of {name}", partial(_verify, stage, row))


@cache
def _review(id: str) -> Row:
    return next(row for row in rows("reviews") if row["review_id"] == id)


@cache
def _finding(id: str) -> Row:
    return next(row for row in rows("findings") if row["finding_id"] == id)


def _test(row: Row) -> Row:
    """The test that failed."""
    return next(test for test in rows("tests") if test["finding_id"] == row["finding_id"])


def _raise(stage: Stage, row: Row, of: Row, at: datetime) -> None:
    repeated = row["repeat_of"]
    values = Values(
        organisation_id=stage.organisation(row["organisation"]),
        subprocess_id=stage.subprocess(row["organisation"], row["subprocess_code"]), condition=row["condition"],
        criterion=row["criterion"], cause=row["cause"], consequence=row["consequence"],
        severity=Severity(row["class"]), review_id=review(stage, row["review_id"]),
        control_id=stage.kept("control", row["control_id"]), compensating_control=row["compensating_control"],
        recommendation=row["recommendation"], owner_id=stage.person(row["owner"]),
        repeat_of_id=stage.kept("finding", repeated) if repeated else None, number=row["finding_id"],
    )  # fmt: skip
    made = actions.raise_finding(stage.by(of["tester"], at), values)
    stage.keep("finding", row["finding_id"], made.id)


def _hear(stage: Stage, row: Row, of: Row, at: datetime) -> None:
    actions.send_to_hearing(stage.by(of["lead"], at), stage.kept("finding", row["finding_id"]), None)


def _answer(stage: Stage, row: Row, at: datetime) -> None:
    by, id = stage.by(row["owner"], at), stage.kept("finding", row["finding_id"])
    actions.answer_hearing(by, id, None, row["management_response"])


def _confirm(stage: Stage, row: Row, of: Row, at: datetime) -> None:
    actions.confirm(
        stage.by(of["lead"], at), stage.kept("finding", row["finding_id"]), None,
        deadline=day(row["deadline_original"]), verifier_id=stage.somebody(row["closed_by"]),
    )  # fmt: skip


def _accept(stage: Stage, row: Row, at: datetime) -> None:
    actions.accept_risk(
        stage.by("bemo", at), stage.kept("finding", row["finding_id"]), None,
        stage.person(row["risk_accepted_by"]), day(row["risk_accepted_until"]), row["risk_acceptance_reason"],
    )  # fmt: skip


def _retest(stage: Stage, row: Row, at: datetime) -> None:
    id = stage.kept("finding", row["finding_id"])
    seen_from = date.fromisoformat(row["confirmed_on"]) + timedelta(days=1)
    _add(stage, row["closed_by"], Finding.__tablename__, id, proofs.retest(row), row, seen_from, at)


def _close(stage: Stage, row: Row, at: datetime) -> None:
    actions.close(stage.by(row["closed_by"], at), stage.kept("finding", row["finding_id"]), None, row["closing_note"])


def _agree(stage: Stage, row: Row, at: datetime) -> None:
    values = ActionValues(
        row["text"], stage.person(row["owner"]), date.fromisoformat(row["deadline_original"]),
        stage.somebody(row["verified_by"]), number=row["action_id"],
    )  # fmt: skip
    finding = _finding(row["finding_id"])
    by = stage.by(_review(finding["review_id"])["lead"], at)
    made = actions.agree_action(by, stage.kept("finding", row["finding_id"]), values)
    stage.keep("action", row["action_id"], made.id)


def _start(stage: Stage, row: Row, at: datetime) -> None:
    actions.start_action(stage.by(row["owner"], at), stage.kept("action", row["action_id"]), None)


def _note(stage: Stage, row: Row, at: datetime) -> None:
    finding, id = _finding(row["finding_id"]), stage.kept("action", row["action_id"])
    _add(stage, row["owner"], Action.__tablename__, id, proofs.done(row), finding, None, at)


def _add(
    stage: Stage, person: str, subject_type: str, id: int, proof: tuple[str, BytesIO, str], finding: Row,
    covers_from: date | None, at: datetime,
) -> None:  # fmt: skip
    name, stream, shows = proof
    evidence.add(
        stage.by(person, at), stage.organisation(finding["organisation"]), subject_type, id, name, stream, shows,
        covers_from, at.date() if covers_from else None,
    )  # fmt: skip


def _report(stage: Stage, row: Row, at: datetime) -> None:
    actions.report_done(stage.by(row["owner"], at), stage.kept("action", row["action_id"]), None, text("done"))


def _verify(stage: Stage, row: Row, at: datetime) -> None:
    actions.verify(stage.by(row["verified_by"], at), stage.kept("action", row["action_id"]), None, text("verified"))


def _extend(stage: Stage, row: Row, at: datetime) -> None:
    actions.extend(
        stage.by(row["approved_by"], at), stage.kept("finding", row["finding_id"]), None, day(row["new_deadline"]),
        row["reason"], stage.person(row["asked_by"]),
    )  # fmt: skip
