"""Findings and actions: order of states, S12, evidence before closing, extensions, numbers, gates, events."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import Refused
from controls.effectiveness import actions as tests_of
from controls.effectiveness import rules as testing
from controls.effectiveness.words import Method, Nature, Result
from controls.finding import actions, queries, rules
from controls.finding.tables import Extension
from controls.finding.words import ActionState, Severity, State
from controls.identity.permissions import Role
from controls.review.words import DesignOutcome, Outcome
from tests.effectiveness import setting

DEADLINE = date(2026, 9, 30)


def codes(caught: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


def values(s: setting.Setting, **other: Any) -> rules.Values:
    facts = {"review_id": s.review.id, "control_id": s.control.id, "owner_id": s.owner.id, **other}
    return rules.Values(
        s.organisation.id,
        s.subprocess.id,
        "To af tre mangler underskrift",
        "Instruksen kræver to",
        "Ferie",
        "Uberettiget betaling",
        Severity.SIGNIFICANT,
        **facts,
    )


def raised(s: setting.Setting, make: Any, **other: Any) -> Any:
    with transaction():
        return actions.raise_finding(make.by(s.tester), values(s, **other))


def confirmed(s: setting.Setting, make: Any) -> Any:
    finding = raised(s, make)
    with transaction():
        actions.send_to_hearing(make.by(s.tester), finding.id, finding.version)
        actions.answer_hearing(make.by(s.owner), finding.id, None, "Enig. Blanketten bliver låst.")
        actions.confirm(make.by(s.tester), finding.id, None, deadline=DEADLINE, verifier_id=s.other.id)
    return finding


def agreed(s: setting.Setting, make: Any, **other: Any) -> tuple[Any, Any]:
    finding = confirmed(s, make)
    with transaction():
        action = actions.agree_action(
            make.by(s.owner),
            finding.id,
            rules.ActionValues("Lås blanketten", s.owner.id, DEADLINE, s.other.id, **other),
        )
    return finding, action


def done(s: setting.Setting, make: Any) -> tuple[Any, Any]:
    finding, action = agreed(s, make)
    with transaction():
        actions.start_action(make.by(s.owner), action.id, action.version)
        assert finding.state is State.IN_PROGRESS
        actions.report_done(make.by(s.owner), action.id, None, "Låst 1. marts")
    return finding, action


def test_from_draft_to_closed(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    finding, action = done(s, make)
    assert (finding.number, action.number) == ("F-2026-01", "H-2026-01")
    assert finding.state is State.REPORTED_DONE and action.done_on == date(2026, 3, 17)
    verifier = make.by(s.other)
    with pytest.raises(Refused) as caught, transaction():
        actions.verify(verifier, action.id, action.version, "Set")
    assert codes(caught) == ["finding.no_evidence"]
    with transaction():
        setting.evidence(make.by(s.owner), s.organisation.id, "finding_action", action.id)
    with transaction():
        actions.verify(verifier, action.id, action.version, "Set i systemet")
    assert finding.state is State.RETESTED and action.verified_by_id == s.other.id
    with transaction():
        actions.close(verifier, finding.id, finding.version, "Gentestet uden afvigelser")
    assert (finding.state, finding.closed_by_id, finding.closed_on) == (State.CLOSED, s.other.id, date(2026, 3, 17))
    told = list(
        db.session.scalars(select(EventRow.action).where(EventRow.action.startswith("finding.")).order_by(EventRow.seq))
    )
    assert told == [
        f"finding.{verb}"
        for verb in (
            "raised",
            "sent_to_hearing",
            "hearing_answered",
            "confirmed",
            "action_agreed",
            "action_started",
            "action_reported_done",
            "action_verified",
            "closed",
        )
    ]
    steps = queries.history(finding.id, [action.id])
    assert len(steps) == 9 and steps[1].what == "H-2026-01" and steps[0].who == "Other"


def test_the_owner_neither_verifies_nor_closes_nor_confirms(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    with transaction():
        from controls.identity import actions as identity

        identity.grant_role(make.system(), s.owner.id, Role.GRP, s.organisation.id)
    finding = raised(s, make)
    owner = make.by(s.owner)
    with transaction():
        actions.send_to_hearing(make.by(s.tester), finding.id, None)
    with pytest.raises(Refused) as caught, transaction():
        actions.confirm(owner, finding.id, None, "Enig", DEADLINE)
    assert codes(caught) == ["finding.owner_confirms"] and caught.value.status == 403
    with transaction():
        actions.confirm(make.by(s.tester), finding.id, None, "Enig", DEADLINE)
        action = actions.agree_action(owner, finding.id, rules.ActionValues("Lås", s.owner.id, DEADLINE))
        actions.report_done(owner, action.id, None, "Låst")
        setting.evidence(owner, s.organisation.id, "finding_finding", finding.id)
    with pytest.raises(Refused) as caught, transaction():
        actions.verify(owner, action.id, None, "Set")
    assert codes(caught) == ["sod_conflict"] and caught.value.status == 403
    with transaction():
        actions.verify(make.by(s.group), action.id, None, "Set")
    with pytest.raises(Refused) as caught, transaction():
        actions.close(owner, finding.id, None, "Lukket")
    assert codes(caught) == ["sod_conflict"]


def test_who_may(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    for person in (s.other, s.owner):
        with pytest.raises(Refused) as caught, transaction():
            actions.raise_finding(make.by(person), values(s))
        assert codes(caught) == ["forbidden"]
    finding, action = agreed(s, make)
    for refused in (
        lambda: actions.report_done(make.by(s.other), action.id, None, "Låst"),
        lambda: actions.confirm(make.by(s.owner), finding.id, None, "Enig", DEADLINE),
        lambda: actions.extend(make.by(s.tester), finding.id, None, date(2027, 1, 1), "Senere"),
        lambda: actions.accept_risk(make.by(s.tester), finding.id, None, s.group.id, DEADLINE, "Grund"),
    ):
        with pytest.raises(Refused) as caught, transaction():
            refused()
        assert codes(caught) == ["forbidden"]


def test_extensions_are_counted_and_carry_the_actions_along(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    finding, action = agreed(s, make)
    with transaction():
        early = actions.agree_action(
            make.by(s.group), finding.id, rules.ActionValues("Vejledning", s.owner.id, date(2026, 5, 1))
        )
    group = make.by(s.group)
    for new in (date(2026, 12, 18), date(2027, 2, 26)):
        with transaction():
            actions.extend(group, finding.id, None, new, "Leverandøren er forsinket")
    assert (finding.extensions, finding.deadline_original, finding.deadline_current) == (2, DEADLINE, date(2027, 2, 26))
    assert action.deadline_current == date(2027, 2, 26) and early.deadline_current == date(2026, 5, 1)
    rows = list(db.session.scalars(select(Extension).order_by(Extension.number)))
    assert [(r.number, r.old_deadline, r.asked_by_id, r.approved_by_id) for r in rows] == [
        (1, DEADLINE, s.owner.id, s.group.id),
        (2, date(2026, 12, 18), s.owner.id, s.group.id),
    ]
    with pytest.raises(Refused) as caught, transaction():
        actions.extend(group, finding.id, None, date(2027, 3, 1), "Igen", asked_by_id=s.group.id)
    assert codes(caught) == ["finding.asked_by_self"]
    assert "18.12.2026 → 26.2.2027" in {step.what for step in queries.history(finding.id, [])}


def test_accepted_risk_drops_what_is_open(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    finding, action = agreed(s, make)
    with transaction():
        actions.accept_risk(
            make.by(s.group), finding.id, finding.version, s.lead.id, date(2026, 12, 31), "Nyt system i 2027"
        )
    assert finding.state is State.RISK_ACCEPTED and action.state is ActionState.DROPPED
    assert queries.open_counts(s.organisation.id) == {}


def test_rejected_and_dropped_actions(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    finding, action = done(s, make)
    with transaction():
        actions.reject(make.by(s.other), action.id, None, "Logudskriften mangler")
    assert action.state is ActionState.IN_PROGRESS and finding.state is State.IN_PROGRESS and action.done_on is None
    with transaction():
        actions.drop_action(make.by(s.tester), action.id, None, "Erstattet af ny handling")
    with pytest.raises(Refused) as caught, transaction():
        actions.close(make.by(s.other), finding.id, None, "Lukket")
    assert codes(caught) == ["finding.no_action", "finding.no_evidence"]


def test_two_people_on_one_finding(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    finding = raised(s, make)
    with transaction():
        actions.edit(make.by(s.lead), finding.id, 1, replace(values(s), cause="Ferie og sygdom"))
    with pytest.raises(Stale) as caught, transaction():
        actions.edit(make.by(s.tester), finding.id, 1, replace(values(s), cause="Glemt"))
    assert caught.value.status == 409 and caught.value.row.cause == "Ferie og sygdom"


def test_numbers_and_repeats(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    first = raised(s, make, number="F-2026-09")
    second = raised(s, make, repeat_of_id=first.id)
    assert second.number == "F-2026-10" and second.repeat_of_id == first.id
    with pytest.raises(Refused) as caught, transaction():
        actions.raise_finding(make.by(s.tester), values(s, repeat_of_id=999))
    assert codes(caught) == ["finding.own_repeat"]


def test_drafts_block_approval_and_hearings_do_not(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    finding = raised(s, make)
    assert [r.code for r in queries.unfinished(s.review)] == ["finding.not_ready"]
    with transaction():
        actions.send_to_hearing(make.by(s.tester), finding.id, None)
    assert queries.unfinished(s.review) == []


def test_a_failed_design_needs_a_finding(database: Any, make: Any) -> None:
    s = setting.prepared(make, DesignOutcome.PARTLY)
    assert [str(r) for r in queries.unfinished(s.review)] == ["KRE-3.1-K2: partly_appropriate. Raise a finding on it."]
    finding = raised(s, make)
    with transaction():
        actions.send_to_hearing(make.by(s.tester), finding.id, None)
    assert queries.unfinished(s.review) == []


def test_a_failed_test_needs_a_finding(database: Any, make: Any) -> None:
    s = setting.prepared(make)
    by = make.by(s.tester)
    with transaction():
        test = tests_of.plan_test(by, s.review.id, s.control.id, testing.Plan(Method.FULL))
        tests_of.confirm_population(by, test.id, None, setting.population(1))
        tests_of.draw(by, test.id, None)
        tests_of.record_item(by, test.id, 1, None, Result.EXCEPTION, Nature.SYSTEMATIC, None, "Ikke udført")
        tests_of.conclude(by, test.id, None, testing.Verdict(Outcome.NOT, "Ikke udført"))
    assert setting.outcomes(s.review) == {s.control.id: Outcome.NOT}
    assert [r.code for r in queries.unfinished(s.review)] == ["finding.no_finding"]
