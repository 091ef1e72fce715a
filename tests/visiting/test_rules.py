"""Rules of visiting grants: who, where, how long, and different persons."""

from dataclasses import replace
from datetime import date

import pytest

from controls.base.why import Reason
from controls.identity.permissions import ROLES, Role
from controls.identity.visits import TASKS, Visited, VisitState, VisitTask, visits
from controls.visiting import rules
from controls.visiting.rules import Asked, Facts

TODAY = date(2026, 3, 17)
ASKED = Asked(7, VisitTask.TESTER, Visited.PROCESS, 3, TODAY, date(2026, 11, 30), "Ingen i huset må teste.")
FACTS = Facts("Nadia", 2, {Role.CTL}, 3, "ALS", "KRE-2", True, False)


def codes(reasons: list[Reason]) -> list[str]:
    return [reason.code for reason in reasons]


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        ({}, {}, []),
        ({"reason": "  "}, {}, ["field_required"]),
        ({}, {"home_id": 3}, ["visiting.own_house"]),
        ({}, {"roles": {Role.ADM}}, ["visiting.administrator"]),
        ({}, {"roles": {Role.GRP}}, ["visiting.no_role"]),
        ({"task": VisitTask.APPROVER}, {}, ["visiting.no_role"]),
        ({"task": VisitTask.APPROVER}, {"roles": {Role.GRP}}, []),
        ({"task": VisitTask.QUALITY_REVIEWER}, {"roles": {Role.GRP}}, []),
        ({"task": VisitTask.QUALITY_REVIEWER}, {"roles": {Role.OWN}}, ["visiting.no_role"]),
        ({}, {"live": False}, ["visiting.not_open"]),
        ({}, {"twice": True}, ["visiting.twice"]),
        ({"valid_to": date(2026, 3, 16), "valid_from": date(2026, 3, 1)}, {}, ["visiting.over"]),
        ({"valid_from": date(2026, 12, 1)}, {}, ["date_order"]),
        ({"valid_to": date(2027, 3, 18)}, {}, []),
        ({"valid_to": date(2027, 3, 19)}, {}, ["visiting.too_long"]),
    ],
)
def test_asking(asked: dict[str, object], facts: dict[str, object], expected: list[str]) -> None:
    reasons = rules.why_not_ask(replace(ASKED, **asked), replace(FACTS, **facts), TODAY)  # type: ignore[arg-type]
    assert codes(reasons) == expected


def test_a_grant_expires_by_itself() -> None:
    last = date(2026, 3, 17)
    assert rules.shown(VisitState.GRANTED, last, last) is VisitState.GRANTED
    assert rules.shown(VisitState.GRANTED, last, date(2026, 3, 18)) is VisitState.EXPIRED
    assert rules.shown(VisitState.REFUSED, last, date(2026, 3, 18)) is VisitState.REFUSED


def test_a_task_gives_no_more_than_a_role_would() -> None:
    """A visitor may nothing that no role of the year may, and nothing that moves the year or its people."""
    business = {permission for role in (Role.CTL, Role.GRP) for permission in ROLES[role]}
    for permissions in TASKS.values():
        assert set(permissions) <= business
        assert not [name for name in permissions if name.split(":")[0] in ("account", "cycle", "forum", "visiting")]


def test_the_widest_of_two_grants_counts() -> None:
    both = visits([(VisitTask.TESTER, Visited.REVIEW, 5), (VisitTask.QUALITY_REVIEWER, Visited.REVIEW, 5)])
    assert both["review:approve"] == {("review", 5): "all"}
    assert both["control:test"] == {("review", 5): "own"}
    assert "assessment:calibrate" not in both
