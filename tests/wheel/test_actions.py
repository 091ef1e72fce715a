"""What the actions of the cycle do, refuse and log."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import literal, select

from controls.base import checkpoint, settings
from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import N_, Refused, Why
from controls.identity.permissions import Role
from controls.wheel import actions, queries
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from controls.wheel.words import State
from tests.assessment.year import Year
from tests.photograph import photographed

LONG = "En begrundelse, der er lang nok."
MISSING = Why("test.missing", N_("Something is missing."), 409)


def logged() -> list[str]:
    return list(db.session.scalars(select(EventRow.action).order_by(EventRow.seq)))


def refusal(call: Any) -> Refused:
    with pytest.raises(Refused) as caught, transaction():
        call()
    return caught.value


@pytest.fixture
def created(app: Any, wired: None) -> Year:
    return photographed(Year)(State.CREATED)


def advance(year: Year, reason: str = "", version: int | None = None) -> State:
    with transaction():
        return actions.advance(year.by(year.first), year.cycle.id, version, reason)


def test_open_plans_nine_steps(created: Year) -> None:
    cycle, steps = queries.with_steps(created.organisation.id, 2026) or pytest.fail("no cycle")
    assert [step.state for step in steps] == list(State) and queries.dates(steps) == default_dates(2026)
    assert queries.parameters(cycle) == Parameters(950) and cycle.opened_by_id == created.first.id
    assert [step.taken_at is not None for step in steps] == [True] + [False] * 8
    assert logged()[-2:] == ["wheel.cycle_opened", "assessment.scales_taken_over"]
    assert queries.deadline(cycle.id, State.ASSESSING) == default_dates(2026).assess_deadline


def test_open_refuses_a_year_twice_skipped_or_without_processes(created: Year, make: Any) -> None:
    def opening(year: int, organisation_id: int, who: Any = created.first) -> Refused:
        return refusal(lambda: actions.open_cycle(
            created.by(who), organisation_id, year, Parameters(950), default_dates(year)))  # fmt: skip

    here = created.organisation.id
    assert [r.code for r in opening(2026, here).reasons] == ["wheel.year_exists"]
    assert [r.code for r in opening(2028, here).reasons] == ["wheel.not_next_year"]
    assert opening(2027, here, created.owner).status == 403
    empty = make.organisation("ALS")
    other = make.person("erik", Role.GRP, empty)
    assert [r.code for r in opening(2026, empty.id, other).reasons] == ["wheel.no_processes"]
    assert created.open(2027).year == 2027
    assert [cycle.year for cycle in queries.cycles(frozenset({here}))] == [2027, 2026]
    latest = queries.latest(here)
    assert latest is not None and latest.year == 2027


def test_configure_until_frozen(created: Year) -> None:
    cycle, moved = created.cycle, replace(default_dates(2026), meeting_on=default_dates(2026).decided_on)
    with transaction():
        actions.configure(created.by(created.first), cycle.id, cycle.version, Parameters(1100, 3, 5), moved)
    found = queries.cycle_by_id(cycle.id)
    assert found is not None and queries.parameters(found) == Parameters(1100, 3, 5)
    assert queries.dates(queries.steps(cycle.id)).meeting_on == moved.meeting_on
    stale = refusal(lambda: actions.configure(created.by(created.first), cycle.id, 1, Parameters(1), moved))
    assert isinstance(stale, Stale) and stale.row.saved_by == "Carl"
    advance(created)
    frozen = refusal(
        lambda: actions.configure(created.by(created.first), cycle.id, found.version, Parameters(900), moved)
    )
    assert [r.code for r in frozen.reasons] == ["wheel.frozen"]


def test_advance_steps_one_at_a_time_and_says_who(created: Year) -> None:
    assert advance(created) is State.PARAMETERS_LOCKED
    step = queries.step(created.cycle.id, State.PARAMETERS_LOCKED)
    assert step is not None and (step.taken_by_id, step.taken_at) == (created.first.id, created.by(created.first).at)
    assert advance(created) is State.ASSESSING
    assert logged()[-2:] == ["wheel.cycle_advanced", "assessment.started"]


def test_advance_is_refused_to_others_and_with_a_stale_page(created: Year) -> None:
    for person in (created.owner, created.controller, created.auditor):
        assert refusal(lambda p=person: actions.advance(created.by(p), created.cycle.id, None)).status == 403
    version = created.cycle.version
    advance(created)
    assert isinstance(refusal(lambda: actions.advance(created.by(created.first), created.cycle.id, version)), Stale)
    assert refusal(lambda: actions.advance(created.by(created.first), 999, None)).status == 404


def test_gates_are_listed_and_nothing_moves(created: Year) -> None:
    queries.GATES[State.PARAMETERS_LOCKED] = [lambda cycle: [MISSING()], lambda cycle: [MISSING()]]
    before = len(logged())
    refused = refusal(lambda: actions.advance(created.by(created.first), created.cycle.id, None))
    assert [r.code for r in refused.reasons] == ["test.missing"] * 2
    assert created.phase is State.CREATED and len(logged()) == before


def test_decided_is_the_chairs_step(created: Year) -> None:
    queries.GATES.update({state: [] for state in State})
    actions.ON_ENTER.update({state: [] for state in State})
    created.go_to(State.RECOMMENDED)
    assert refusal(lambda: actions.advance(created.by(created.first), created.cycle.id, None)).status == 403


def test_go_back(created: Year) -> None:
    assert refusal(lambda: actions.go_back(created.by(created.first), created.cycle.id, None, LONG)).status == 409
    advance(created)
    assert refusal(lambda: actions.go_back(created.by(created.first), created.cycle.id, None, "")).status == 422
    with transaction():
        assert actions.go_back(created.by(created.first), created.cycle.id, None, LONG) is State.CREATED
    event = db.session.scalars(select(EventRow).order_by(EventRow.seq.desc())).first()
    assert event is not None and (event.action, event.reason) == ("wheel.cycle_went_back", LONG)
    assert advance(created) is State.PARAMETERS_LOCKED


def test_closing_short_of_a_goal(created: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    queries.GATES.update({state: [] for state in State})
    monkeypatch.setattr(
        queries,
        "GOALS",
        [lambda organisation_id, year: queries.GoalOf("B", select(literal(21)), select(literal(22)), "x")],
    )
    cycle = queries.cycle_by_id(created.cycle.id)
    assert cycle is not None
    cycle.state = State.REPORTED
    db.session.commit()
    db.session.info.pop("changed", None)
    first, second, id = created.by(created.first), created.by(created.second), created.cycle.id
    refused = refusal(lambda: actions.advance(first, id, None))
    assert [r.code for r in refused.reasons] == ["wheel.not_proposed"]
    refused = refusal(lambda: actions.propose_close(first, id, None))
    assert [r.code for r in refused.reasons] == ["wheel.goal_short"]
    with transaction():
        actions.propose_close(first, id, None, LONG)
    refused = refusal(lambda: actions.advance(first, id, None))
    assert [r.code for r in refused.reasons] == ["sod_conflict"]
    with transaction():
        assert actions.advance(second, id, None) is State.CLOSED
    assert [checkpoint.read(path).cycle for _, path in checkpoint.kept(settings.current().keys)] == [
        f"{created.organisation.code} {cycle.year}"
    ]
