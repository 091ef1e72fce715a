"""The recommendation from draft to handed over."""

import hashlib
import json
from typing import Any

import pytest
from sqlalchemy import text

from controls.assessment import queries as assessments
from controls.assessment.words import State as AssessmentState
from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import Refused
from controls.identity import queries as accounts
from controls.identity.duties import Duty, Side
from controls.recommendation import actions, queries, snapshot
from controls.recommendation.rules import LineValues
from controls.recommendation.words import DeferCode, ReasonCode, Recommended, State
from controls.rotation.words import Form
from controls.wheel import queries as wheel
from controls.wheel.words import State as CycleState
from tests.photograph import photographed
from tests.recommendation import scene as stage


@pytest.fixture
def scene(app: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    return stage.build(make, monkeypatch)


def begun(scene: Any) -> int:
    with transaction():
        return int(actions.start(scene.by("group"), scene.cycle_id).id)


def put(scene: Any, id: int, code: str, version: int | None = None, who: str = "group", **values: Any) -> Any:
    facts = {"reason_codes": (ReasonCode.DUE, ReasonCode.HIGH_RISK), "text": "Forfald i år.", "hours": 40, **values}
    with transaction():
        return actions.put_line(scene.by(who), id, LineValues(scene.part[code], **facts), version)


def handed_over(scene: Any) -> int:
    id = begun(scene)
    put(scene, id, "KRE-1.1", proposed_lead_id=scene.people["controller"].id, dissent="1 af 3 vil vente.")
    put(
        scene,
        id,
        "KRE-1.2",
        recommended=Recommended.DEFER,
        defer_to=2027,
        defer_code=DeferCode.CAPACITY,
        compensating_measure="Loggen læses hver uge.",
    )
    with transaction():
        actions.hand_over(scene.by("second"), id)
    return id


@photographed
def handed(make: Any) -> Any:
    """The scene with its recommendation handed over."""
    scene = stage.built(make)
    handed_over(scene)
    return scene


def codes(refused: Any) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


def test_the_whole_way(scene: Any, database: Any) -> None:
    id = handed_over(scene)
    row = queries.by_id(id)
    assert row.state is State.HANDED_OVER and row.handed_over_at == stage.MAY and len(row.snapshot_hash) == 64
    assert wheel.cycle_by_id(scene.cycle_id).state is CycleState.RECOMMENDED
    assert {form.state for form in assessments.of_cycle(scene.cycle_id)} == {AssessmentState.LOCKED}
    first, second = queries.lines(id)
    assert (first.inherent_score, first.due_year, first.review_year, first.reason_codes) == (
        16,
        2026,
        2026,
        "due;high_risk",
    )
    assert (second.defer_to, second.defer_code) == (2027, DeferCode.CAPACITY)
    kept = snapshot.read(row.snapshot)
    assert [line.code for line, _place in kept.review] == ["KRE-1.1"] and kept.review[0][0].lead == "Controller"
    assert [line.code for line, _place in kept.defer] == ["KRE-1.2"]
    assert kept.whole.goal_a.approved == kept.whole.goal_a.active == 2
    names = [
        event.action for event in database.query(EventRow).order_by(EventRow.seq) if event.action.startswith("recom")
    ]
    assert names == [
        "recommendation.started",
        "recommendation.line_put",
        "recommendation.line_put",
        "recommendation.handed_over",
    ]
    at = ("recommendation_recommendation", id)
    assert accounts.taken(at)[Duty.S5, *at, 0, Side.FIRST] == {scene.people["group"].id, scene.people["second"].id}
    assert [code for _head, _line, code in queries.for_export(scene.agency.id, 2026)] == ["KRE-1.1", "KRE-1.2"]


def test_the_hash_is_over_what_is_stored(scene: Any) -> None:
    """Reckoned here: free texts stand as digests with their salts, all else as it is stored."""
    row = queries.by_id(handed_over(scene))
    whole = json.loads(row.snapshot)
    salts = whole.pop("salts")
    assert whole.pop("gone") == {} and {place.split("/")[-1] for place in salts} >= {"text"}
    for place, salt in salts.items():
        *outer, name = place.split("/")
        at = whole["lines"][int(outer[1])] if outer else whole
        at[name] = {"digest": hashlib.sha256(bytes.fromhex(salt) + at[name].encode()).hexdigest()}
    told = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(told.encode()).hexdigest() == row.snapshot_hash


def test_a_basis_that_was_changed_is_told(scene: Any) -> None:
    id = handed_over(scene)
    assert list(queries.unsealed(db.session())) == []
    changed = "UPDATE recommendation_recommendation SET snapshot = replace(snapshot, 'KRE-1.1', 'KRE-9')"
    db.session.execute(text(changed))
    assert [(fault.table, fault.row, fault.column) for fault in queries.unsealed(db.session())] == [
        ("recommendation_recommendation", str(id), "snapshot")
    ]
    db.session.rollback()


def test_handed_over_is_frozen(scene: Any) -> None:
    id = handed_over(scene)
    line = queries.lines(id)[0].id
    for change in (
        lambda: put(scene, id, "LON-1.1"),
        lambda: actions.take_out_line(scene.by("group"), line),
        lambda: actions.introduce(scene.by("group"), id, None, "x"),
        lambda: actions.hand_over(scene.by("group"), id),
    ):
        with pytest.raises(Refused) as refused:
            change()
        assert codes(refused)[0] == "wrong_state" and refused.value.status == 409


def test_what_is_due_must_have_a_position(scene: Any) -> None:
    id = begun(scene)
    put(scene, id, "KRE-1.1")
    with pytest.raises(Refused) as refused, transaction():
        actions.hand_over(scene.by("group"), id)
    assert [(reason.code, reason.params["code"]) for reason in refused.value.reasons] == [
        ("recommendation.unsettled", "KRE-1.2")
    ]
    assert queries.by_id(id).state is State.DRAFT
    assert wheel.cycle_by_id(scene.cycle_id).state is CycleState.CALIBRATING


def test_taken_out_stays_as_a_line_without_reasons(scene: Any) -> None:
    id = begun(scene)
    line = put(scene, id, "KRE-1.1")
    with transaction():
        actions.take_out_line(scene.by("group"), line.id, line.version)
    row = queries.line(id, scene.part["KRE-1.1"])
    assert (row.recommended, row.text, row.hours) == (Recommended.NOT, "", 0)
    put(scene, id, "KRE-1.1")
    assert len(queries.lines(id)) == 1


def test_two_people_at_once(scene: Any) -> None:
    id = begun(scene)
    line = put(scene, id, "KRE-1.1")
    seen = line.version
    put(scene, id, "KRE-1.1", version=seen, who="second", text="Ny tekst.")
    with pytest.raises(Stale):
        put(scene, id, "KRE-1.1", version=seen)
    assert queries.line(id, scene.part["KRE-1.1"]).text == "Ny tekst."


@pytest.mark.parametrize("who", ["controller", "owner", "member", "chair", "secretary", "auditor", "admin"])
def test_only_the_group_writes(scene: Any, who: str) -> None:
    with pytest.raises(Refused) as refused, transaction():
        actions.start(scene.by(who), scene.cycle_id)
    assert codes(refused) == ["forbidden"]


def test_a_line_is_refused_with_its_field(scene: Any) -> None:
    id = begun(scene)
    with pytest.raises(Refused) as refused:
        put(scene, id, "KRE-1.1", form=Form.LIGHT)
    assert [(reason.code, reason.field) for reason in refused.value.reasons] == [("recommendation.light_band", "form")]
    with pytest.raises(Refused) as refused, transaction():
        actions.put_line(scene.by("group"), id, LineValues(99999))
    assert codes(refused) == ["not_found"]


def test_one_recommendation_a_year(scene: Any) -> None:
    begun(scene)
    with pytest.raises(Refused) as refused:
        begun(scene)
    assert codes(refused) == ["recommendation.exists"]


def test_the_cycle_does_not_pass_without_it(scene: Any) -> None:
    from controls.wheel import actions as wheel_actions

    with pytest.raises(Refused) as refused, transaction():
        wheel_actions.advance(scene.by("group"), scene.cycle_id, None)
    assert "recommendation.not_handed_over" in codes(refused)
    assert len(queries.tasks(scene.by("group"))) == 1 and queries.tasks(scene.by("owner")) == []
