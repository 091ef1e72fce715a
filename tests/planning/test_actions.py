"""Drafts, versions of the standing plan, scenarios and teams: what is kept, told in the log, and refused."""

from typing import Any

import pytest

from controls.base.audit import EventRow
from controls.base.db import transaction
from controls.base.why import Refused
from controls.planning import actions, ahead, changes, queries, rules
from controls.planning.actions import Move, SetHours, TakeOver
from controls.planning.tables import Capacity, Line
from controls.planning.words import Origin
from controls.rotation import queries as rotation
from controls.rotation.rules import PlanKind, Planned
from tests.recommendation import scene as stage

WHY = "Systemet skiftes i 2027."


@pytest.fixture
def scene(app: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    return stage.build(make, monkeypatch)


def step(scene: Any, what: Any, who: str = "group") -> None:
    with transaction():
        actions.save_draft(scene.by(who), scene.agency.id, what)


def move(scene: Any, code: str, at: int | None, to: int | None, reason: str = "") -> None:
    step(scene, Move(scene.part[code], at, to, reason))


def keep(scene: Any, base: int, reason: str = WHY, who: str = "group") -> Any:
    with transaction():
        return actions.keep(scene.by(who), scene.agency.id, base, reason)


def years(scene: Any, number: int | None = None, who: str = "group") -> dict[str, list[int | None]]:
    """The years of each sub-process in somebody's draft, or as a version left them."""
    found = queries.standing(scene.agency.id, scene.people[who].id)
    plan = changes.over(found.reviews, found.draft)
    if number is not None:
        plan = {}
        for version in reversed(queries.versions(scene.agency.id)[-number:]):
            plan = changes.over(plan, version.changes)
    return {code: [one.year for one in reviews] for code, id in scene.part.items() if (reviews := plan.get(id))}


def codes(error: Any) -> list[str]:
    return [reason.code for reason in error.value.reasons]


def test_a_draft_becomes_a_version_and_each_version_can_be_read(scene: Any, database: Any) -> None:
    move(scene, "KRE-1.1", None, 2027)
    move(scene, "LON-1.1", None, 2028)
    step(scene, SetHours((2027, 2028), 0, 500))
    assert years(scene) == {"KRE-1.1": [2027], "LON-1.1": [2028]} and years(scene, who="second") == {}
    first = keep(scene, 0)
    assert first.number == 1 and years(scene, who="second") == {"KRE-1.1": [2027], "LON-1.1": [2028]}
    move(scene, "KRE-1.1", 2027, 2026)
    move(scene, "LON-1.1", 2028, None)
    second = keep(scene, 1)
    assert years(scene) == {"KRE-1.1": [2026]} and years(scene, 1) == {"KRE-1.1": [2027], "LON-1.1": [2028]}
    assert queries.standing(scene.agency.id, None).hours[2028, 0] == (500, None)
    events = database.query(EventRow).filter_by(action="planning.kept").order_by(EventRow.seq).all()
    assert [(event.object_id, event.reason) for event in events] == [(first.id, WHY), (second.id, WHY)]
    assert [(line.year, line.hours) for line in database.query(Line).filter_by(plan_id=first.id)] == [
        (2027, 42),
        (2028, 15),
    ]
    assert [version.plan.number for version in queries.versions(scene.agency.id)] == [2, 1]
    assert len(queries.versions(scene.agency.id)[0].changes.reviews) == 2


def test_what_is_not_kept(scene: Any) -> None:
    with pytest.raises(Refused) as refused:
        keep(scene, 0)
    assert codes(refused) == ["plan.no_changes"]
    move(scene, "KRE-1.1", None, 2027)
    step(scene, SetHours((2026,), 0, 500))  # the control year's own, in a draft only
    with pytest.raises(Refused) as refused:
        keep(scene, 4, "kort")
    assert codes(refused) == ["plan.moved_on", "plan.frozen", "plan.reason_short"]
    for to, code in ((2025, "plan.not_ahead"), (2036, "plan.not_ahead")):
        with pytest.raises(Refused) as refused:
            move(scene, "KRE-1.2", None, to)
        assert codes(refused) == [code]
    with pytest.raises(Refused) as refused:
        move(scene, "KRE-1.1", 2029, 2030)
    assert codes(refused) == ["plan.nothing_there"]
    with pytest.raises(Refused) as refused:
        move(scene, "KRE-1.1", None, 2027)
    assert codes(refused) == ["plan.taken"]
    with pytest.raises(Refused) as refused:
        step(scene, Move(999_999, None, 2027))
    assert codes(refused) == ["not_found"]
    with pytest.raises(Refused) as refused:
        step(scene, Move(scene.part["KRE-1.1"], None, 2027), who="controller")
    assert codes(refused) == ["forbidden"]


def test_a_decided_year_is_left_with_a_reason(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Planned(scene.part["KRE-1.1"], 2026, PlanKind.PLANNED, 46)
    monkeypatch.setattr(rotation, "planned", lambda organisation_id: [plan])
    with pytest.raises(Refused) as refused:
        move(scene, "KRE-1.1", 2026, 2027)
    assert codes(refused) == ["plan.says_why"]
    move(scene, "KRE-1.1", 2026, 2027, WHY)
    keep(scene, 0)
    kept = queries.standing(scene.agency.id, None).reviews[scene.part["KRE-1.1"]]
    assert [(one.year, one.instead, one.hours, one.reason) for one in kept] == [(2027, 2026, 46, WHY)]


def test_what_is_only_recommended_is_not_called_decided(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Planned(scene.part["KRE-1.1"], 2026, PlanKind.PROPOSED, 46)
    monkeypatch.setattr(rotation, "planned", lambda organisation_id: [plan])
    with pytest.raises(Refused) as refused:
        move(scene, "KRE-1.1", 2026, 2027)
    assert codes(refused) == ["plan.says_why"] and "recommended" in refused.value.reasons[0].text
    move(scene, "KRE-1.1", 2026, 2027, WHY)


def test_a_scenario_is_kept_and_adopted(scene: Any, database: Any) -> None:
    move(scene, "KRE-1.1", None, 2027)
    step(scene, SetHours((2028,), 0, 100, more=True))
    with transaction():
        row = actions.keep_scenario(scene.by("group"), scene.agency.id, "En mere")
    assert years(scene) == {}
    move(scene, "KRE-1.1", None, 2029)
    with pytest.raises(Refused) as refused, transaction():
        actions.keep_scenario(scene.by("group"), scene.agency.id, "en MERE")
    assert codes(refused) == ["plan.name_used"]
    with transaction():
        plan = actions.adopt(scene.by("group"), row.id, row.version, WHY)
    assert (plan.number, plan.origin, plan.scenario_id) == (1, Origin.SCENARIO, row.id)
    assert years(scene, 1) == {"KRE-1.1": [2027]}
    assert database.query(Capacity).filter_by(plan_id=plan.id).one().hours > 100
    with pytest.raises(Refused) as refused, transaction():
        actions.adopt(scene.by("group"), row.id, row.version, WHY)
    assert codes(refused) == ["plan.no_changes"]  # it stands already
    wanted = queries.scenarios(scene.agency.id)[0].changes
    with transaction():
        actions.remove_scenario(scene.by("group"), row.id, row.version)
    assert queries.scenarios(scene.agency.id) == [] and queries.scenario_names(scene.agency.id) == ["En mere"]
    with pytest.raises(Refused) as refused, transaction():
        actions.remove_scenario(scene.by("group"), row.id, None)
    assert codes(refused) == ["plan.gone"]
    step(scene, TakeOver(wanted, Origin.SCENARIO))
    with transaction():
        actions.drop_draft(scene.by("group"), scene.agency.id)
    assert queries.draft(scene.agency.id, scene.people["group"].id) is None


def test_teams_have_areas_of_their_own(scene: Any) -> None:
    by, agency = scene.by("group"), scene.agency.id
    with transaction():
        team = actions.put_team(by, agency, None, None, "Løn", ["LON"])
    with pytest.raises(Refused) as refused, transaction():
        actions.put_team(by, agency, None, None, "løn", ["LON", "KRE"])
    assert codes(refused) == ["plan.name_used", "plan.area_taken"]
    with transaction():
        actions.put_team(by, agency, team.id, team.version, "Lønteam", ["LON"])
    assert [(one.name, one.areas) for one in queries.standing(agency, None).teams] == [("Lønteam", {"LON"})]


def test_one_proposal_at_a_time(scene: Any, database: Any) -> None:
    def ask() -> Any:
        with transaction():
            return actions.ask(scene.by("group"), scene.agency.id, 5)

    asked = ask()
    assert len(ahead.asked(asked.question)[0]) == 4 and asked.base == 0
    assert queries.waiting() == [asked.id] and queries.proposal(asked.id) is asked
    with pytest.raises(Refused) as refused:
        ask()
    assert codes(refused) == ["plan.at_work"]
    assert not rules.at_work(asked.state, asked.asked_at, asked.asked_at + rules.DEAD_AFTER)
    assert database.query(EventRow).filter_by(action="planning.asked").count() == 1
