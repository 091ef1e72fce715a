"""What may happen to findings and actions: tables of cases, nothing running."""

from datetime import date

import pytest

from controls.finding import rules
from controls.finding.words import ActionState, Severity, State

TODAY, AHEAD = date(2026, 6, 8), date(2026, 9, 30)
A = ActionState
VALUES = rules.Values(1, 2, "Forhold", "Kriterium", "Årsag", "Konsekvens", Severity.DEFICIENCY)


def codes(reasons: list) -> list[str]:
    return [reason.code for reason in reasons]


@pytest.mark.parametrize(
    "state, actions, after",
    [
        (State.CONFIRMED, [], State.CONFIRMED),
        (State.CONFIRMED, [A.AGREED, A.AGREED], State.ACTION_AGREED),
        (State.ACTION_AGREED, [A.IN_PROGRESS, A.AGREED], State.IN_PROGRESS),
        (State.IN_PROGRESS, [A.VERIFIED, A.IN_PROGRESS], State.IN_PROGRESS),
        (State.IN_PROGRESS, [A.REPORTED_DONE, A.VERIFIED], State.REPORTED_DONE),
        (State.REPORTED_DONE, [A.VERIFIED, A.DROPPED], State.RETESTED),
        (State.RETESTED, [A.VERIFIED, A.AGREED], State.IN_PROGRESS),
        (State.IN_PROGRESS, [A.DROPPED], State.IN_PROGRESS),
        (State.RISK_ACCEPTED, [A.VERIFIED], State.RISK_ACCEPTED),
        (State.CLOSED, [A.VERIFIED], State.CLOSED),
    ],
)
def test_a_finding_follows_its_actions(state: State, actions: list[A], after: State) -> None:
    assert rules.after_actions(state, actions) is after


@pytest.mark.parametrize(
    "state, actions, evidence, expected",
    [
        (State.RETESTED, [("H-1", A.VERIFIED)], True, []),
        (State.RETESTED, [("H-1", A.VERIFIED), ("H-2", A.DROPPED)], True, []),
        (State.RETESTED, [("H-1", A.VERIFIED)], False, ["finding.no_evidence"]),
        (State.IN_PROGRESS, [("H-1", A.IN_PROGRESS), ("H-2", A.VERIFIED)], True, ["finding.not_verified"]),
        (State.CONFIRMED, [], True, ["finding.no_action"]),
        (State.IN_PROGRESS, [("H-1", A.DROPPED)], True, ["finding.no_action"]),
        (State.CLOSED, [("H-1", A.VERIFIED)], True, ["wrong_state"]),
    ],
)
def test_closing(state: State, actions: list, evidence: bool, expected: list[str]) -> None:
    assert codes(rules.why_not_close(state, actions, evidence)) == expected


@pytest.mark.parametrize(
    "state, evidence, expected",
    [
        (A.REPORTED_DONE, True, []),
        (A.REPORTED_DONE, False, ["finding.no_evidence"]),
        (A.IN_PROGRESS, True, ["wrong_state"]),
    ],
)
def test_verifying(state: A, evidence: bool, expected: list[str]) -> None:
    assert codes(rules.why_not_verify(state, evidence)) == expected


@pytest.mark.parametrize(
    "state, deadline, late",
    [
        (State.IN_PROGRESS, date(2026, 6, 7), True),
        (State.IN_PROGRESS, TODAY, False),
        (State.CONFIRMED, None, False),
        (State.REPORTED_DONE, date(2026, 5, 29), False),
        (State.CLOSED, date(2020, 1, 1), False),
        (State.RISK_ACCEPTED, date(2023, 6, 30), False),
        (State.ACTION_AGREED, date(2026, 1, 1), True),
    ],
)
def test_overdue(state: State, deadline: date | None, late: bool) -> None:
    assert rules.overdue(state, deadline, TODAY) is late


@pytest.mark.parametrize(
    "person, response, deadline, expected",
    [
        (1, "Enig", AHEAD, []),
        (9, "Enig", AHEAD, ["finding.owner_confirms"]),
        (1, "", AHEAD, ["finding.no_response"]),
        (1, "Enig", None, ["field_required"]),
        (1, "Enig", date(2026, 1, 1), ["finding.past"]),
    ],
)
def test_confirming(person: int, response: str, deadline: date | None, expected: list[str]) -> None:
    assert codes(rules.why_not_confirm(State.IN_HEARING, person, 9, response, deadline, TODAY)) == expected


@pytest.mark.parametrize(
    "new, reason, asked, expected",
    [
        (AHEAD, "Leverandøren", 9, []),
        (TODAY, "Leverandøren", 9, ["finding.not_later"]),
        (AHEAD, "", 9, ["field_required"]),
        (AHEAD, "Leverandøren", 1, ["finding.asked_by_self"]),
    ],
)
def test_extending(new: date, reason: str, asked: int, expected: list[str]) -> None:
    assert codes(rules.why_not_extend(State.IN_PROGRESS, TODAY, new, reason, asked, 1)) == expected


def test_accepting_the_risk() -> None:
    assert rules.why_not_accept_risk(State.IN_PROGRESS, 5, 9, AHEAD, "Nyt system i 2027", TODAY) == []
    found = rules.why_not_accept_risk(State.CLOSED, 9, 9, TODAY, "", TODAY)
    assert codes(found) == ["wrong_state", "field_required", "finding.self_accepted", "finding.past"]


def test_writing() -> None:
    assert rules.why_not_write(VALUES, None) == []
    bare = rules.Values(1, 2, "", "", "", "", Severity.DEFICIENCY, repeat_of_id=4)
    assert [r.field for r in rules.why_not_write(bare, (7, 4))] == [
        "condition",
        "criterion",
        "cause",
        "consequence",
        "repeat_of_id",
    ]
    assert codes(rules.why_not_write(VALUES, None, State.CLOSED)) == ["wrong_state"]
    assert codes(rules.why_not_send_to_hearing(State.DRAFT, None)) == ["finding.no_owner"]
    assert codes(rules.why_not_answer_hearing(State.DRAFT, "")) == ["wrong_state", "field_required"]
    empty = rules.ActionValues("", 0, None)
    assert [r.field for r in rules.why_not_agree_action(State.CONFIRMED, empty, TODAY)] == [
        "text",
        "owner_id",
        "deadline",
    ]
