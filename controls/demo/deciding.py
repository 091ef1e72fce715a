"""The forum's meetings: announced, held, decided line by line, and locked by the chair."""

from datetime import date, datetime
from functools import partial

from controls.demo.stage import Row, Stage, add_working_days, day, number, on_or_after, rows
from controls.forum import actions
from controls.forum.rules import Attendance, DecisionValues
from controls.forum.words import Decided, Declared, Function, MeetingForm, Ruling
from controls.recommendation.words import DeferCode
from controls.rotation.words import Form

NOTICE = {MeetingForm.MEETING: -7, MeetingForm.WRITTEN: -5}
"""Working days between the announcement and the meeting, or the day a written procedure ends."""


def enter(stage: Stage) -> None:
    """Each meeting is announced; those that were held are decided and locked."""
    for row in rows("meetings"):
        name, form = f"meeting {row['meeting_id']}", MeetingForm(row["form"])
        announced = _announced(row, form)
        stage.on(announced, 14, name, partial(_announce, stage, row, form))
        for told in _impartiality(row):
            who = f"impartiality of {told['member']} at {name}"
            stage.on(told["declared_on"], 9, who, partial(_declare, stage, row, told))
            if told["ruling"]:
                stage.on(row["date"], 10.2, f"ruling on {who}", partial(_rule, stage, row, told))
        if row["minutes_state"] != "locked":
            continue
        stage.on(row["date"], 10, f"presence of {name}", partial(_presence, stage, row))
        for line in _decisions(row):
            stage.on(row["date"], 10.5, f"decision {line['decision_no']}", partial(_decide, stage, row, line))
        sent = add_working_days(date.fromisoformat(row["date"]), 1)
        stage.on(sent, 11, f"minutes of {name} to the chair", partial(_send, stage, row))
        stage.on(row["confirmed_on"], 13, f"locking of {name}", partial(_lock, stage, row))
        for line in _decisions(row):
            if line["condition_met_on"]:
                stage.on(
                    line["condition_met_on"], 11, f"condition of {line['decision_no']}", partial(_met, stage, row, line)
                )


def _announced(row: Row, form: MeetingForm) -> date:
    """A meeting is announced when the paper has been handed over, a written procedure a week before it ends."""
    handed_over = [
        line["handed_over_on"] for line in rows("recommendations")
        if (line["organisation"], line["year"]) == (row["about_organisation"], row["year"])
    ]  # fmt: skip
    before = add_working_days(date.fromisoformat(row["date"]), NOTICE[form])
    if form is MeetingForm.WRITTEN or not handed_over:
        return before
    return max(before, on_or_after(date.fromisoformat(handed_over[0])))


def _decisions(row: Row) -> list[Row]:
    return [line for line in rows("decisions") if line["meeting_id"] == row["meeting_id"]]


def _impartiality(row: Row) -> list[Row]:
    return [told for told in rows("impartiality") if told["meeting_id"] == row["meeting_id"]]


def _declare(stage: Stage, row: Row, told: Row, at: datetime) -> None:
    part = stage.subprocess(row["about_organisation"], told["subprocess_code"])
    made = actions.declare(stage.by(told["member"], at), stage.kept("meeting", row["meeting_id"]), part, None,
                           Declared(told["declaration"]), told["circumstance"])  # fmt: skip
    stage.keep("declaration", _told_key(told), made.id)


def _rule(stage: Stage, row: Row, told: Row, at: datetime) -> None:
    """The secretary records how the others ruled."""
    ruled_by = [stage.person(one) for one in told["ruled_by"].split(";")]
    id = stage.kept("declaration", _told_key(told))
    actions.rule(stage.by(row["recorder"], at), id, None, Ruling(told["ruling"]), ruled_by)


def _told_key(told: Row) -> str:
    return f"{told['meeting_id']} {told['subprocess_code']} {told['member']}"


def _announce(stage: Stage, row: Row, form: MeetingForm, at: datetime) -> None:
    invited = [
        Attendance(stage.person(one["person"]), Function(one["function"]), False)
        for one in rows("attendance") if one["meeting_id"] == row["meeting_id"]
    ]  # fmt: skip
    made = actions.announce(
        stage.by(row["recorder"], at), stage.organisation(row["about_organisation"]), int(row["year"]),
        date.fromisoformat(row["date"]), form, stage.organisation(row["organisation"]), invited,
    )  # fmt: skip
    stage.keep("meeting", row["meeting_id"], made.id)


def _presence(stage: Stage, row: Row, at: datetime) -> None:
    there = [
        Attendance(
            stage.person(one["person"]), Function(one["function"]), one["present"] == "yes",
            stage.somebody(one["stand_in_for"]),
        )
        for one in rows("attendance") if one["meeting_id"] == row["meeting_id"]
    ]  # fmt: skip
    actions.set_presence(stage.by(row["recorder"], at), stage.kept("meeting", row["meeting_id"]), None, there)


def _decide(stage: Stage, row: Row, line: Row, at: datetime) -> None:
    """One line; what the forum adds itself takes hours, form and lead from the review it led to."""
    organisation, replaces = line["organisation"], line["replaces_decision"]
    added = next((one for one in rows("reviews") if one["decision_no"] == line["decision_no"]), None)
    if line["added_by_forum"] != "yes":
        added = None
    values = DecisionValues(
        subprocess_id=stage.subprocess(organisation, line["subprocess_code"]), decided=Decided(line["decided"]),
        reason=line["reason"], condition=line["condition"], condition_owner_id=stage.somebody(line["condition_owner"]),
        condition_due=day(line["condition_due"]), deferred_to=number(line["deferred_to"]),
        defer_code=DeferCode(line["defer_reason_code"]) if line["defer_reason_code"] else None,
        compensating_measure=line["compensating_measure"], review_year=number(line["review_year"]),
        added_by_id=stage.somebody(line["added_by"]), votes_for=number(line["votes_for"]),
        votes_against=number(line["votes_against"]), votes_abstain=number(line["votes_abstain"]),
        hours=int(added["hours_planned"]) if added else None, form=Form(added["form"]) if added else None,
        lead_id=stage.person(added["lead"]) if added else None,
        replaces_id=stage.kept("decision", replaces) if replaces else None,
    )  # fmt: skip
    made = actions.decide(stage.by(row["recorder"], at), stage.kept("meeting", row["meeting_id"]), values)
    stage.keep("decision", line["decision_no"], made.id)


def _send(stage: Stage, row: Row, at: datetime) -> None:
    actions.send_to_chair(stage.by(row["recorder"], at), stage.kept("meeting", row["meeting_id"]))


def _lock(stage: Stage, row: Row, at: datetime) -> None:
    actions.lock(stage.by(row["confirmed_by"], at), stage.kept("meeting", row["meeting_id"]))


def _met(stage: Stage, row: Row, line: Row, at: datetime) -> None:
    """The secretary notes that a condition was met."""
    actions.meet_condition(stage.by(row["recorder"], at), stage.kept("decision", line["decision_no"]), None, at.date())
