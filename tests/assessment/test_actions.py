"""What the actions of an assessment do, refuse and log."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from controls.assessment import actions, queries
from controls.assessment.actions import Kept
from controls.assessment.rules import Scores
from controls.assessment.scales import STANDARD
from controls.assessment.tables import Draft, Line, Replaced
from controls.assessment.words import Band, Copied, Moved, State
from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import Refused
from controls.identity import actions as identity
from controls.identity.permissions import Role
from controls.universe import queries as universe
from controls.wheel import actions as wheel
from controls.wheel.words import State as Phase
from tests.assessment.year import APRIL, GOOD, SCORES, WHY, Year, own_line

LOWER = Scores(2, 2, 4, 2, 2)
HIGHER = replace(SCORES, inherent_impact=5)


def events() -> list[EventRow]:
    return list(db.session.scalars(select(EventRow).order_by(EventRow.seq)))


def refusal(call: Any) -> Refused:
    with pytest.raises(Refused) as caught, transaction():
        call()
    return caught.value


def codes(refused: Refused) -> list[str]:
    return [reason.code.split(".")[-1] for reason in refused.reasons]


def test_start_sends_out_one_form_a_process_and_is_idempotent(year: Year) -> None:
    assert [len(queries.of_cycle(year.cycle.id)), len(queries.lines_of_cycle(year.cycle.id))] == [3, 4]
    assert json.loads(events()[-1].payload)["fields"] == {"forms": 3}
    with transaction():
        actions.start(year.by(year.first), year.cycle)
    assert len(queries.of_cycle(year.cycle.id)) == 3


def test_submit_stores_answers_lines_and_bands(year: Year) -> None:
    form = year.submit(answers=own_line(year.form(), LOWER), who=year.owner)
    assert (form.state, form.submitted_scores, form.inherent_band) == (State.SUBMITTED, "3 4 4 3 4", Band.ELEVATED)
    assert (form.author_id, form.submitted_at) == (year.owner.id, year.by(year.owner).at)
    own, follows = queries.lines(form.id)
    assert (own.inherited, own.inherent_band, own.reason) == (False, Band.LOW, WHY)
    assert (follows.inherited, Scores.of(follows)) == (True, SCORES)
    assert events()[-1].action == "assessment.submitted" and events()[-1].object_id == form.id
    rows = json.loads(events()[-1].payload)["rows"]
    assert {row["table"] for row in rows} == {"assessment_assessment", "assessment_line", "identity_part"}


def test_only_owner_deputy_or_controller_fills_in(year: Year) -> None:
    form = year.form()
    for person in (year.first, year.auditor):
        assert refusal(lambda p=person: actions.submit(year.by(p), form.id, None, GOOD)).status == 403
    other = year.form("KRE-3")
    assert refusal(lambda: actions.submit(year.by(year.owner), other.id, None, GOOD)).status == 403
    assert year.submit(who=year.deputy).author_id == year.deputy.id


def test_submit_is_refused_with_every_reason_and_changes_nothing(year: Year) -> None:
    form, before = year.form(), len(events())
    refused = refusal(lambda: actions.submit(year.by(year.owner), form.id, None, replace(GOOD, reason="", fraud=None)))
    assert codes(refused) == ["choice_missing", "reason_short"] and refused.status == 422
    assert year.form().state is State.NOT_STARTED and len(events()) == before


def save(year: Year, who: Any, version: int | None, **more: Any) -> Kept:
    window = more.pop("window", "")
    with transaction():
        return actions.save_draft(year.by(who), year.form().id, version, more, window=window)


def test_draft_is_kept_outside_the_log_and_gone_when_submitted(year: Year) -> None:
    before = len(events())
    kept = save(year, year.owner, 0, reason=["På vej "], change_kinds=["law"], fraud=[""])
    assert queries.typed(kept.draft) == {"change_kinds": ["law"], "reason": ["På vej "]} and len(events()) == before
    assert save(year, year.owner, kept.draft.version, reason=["Mere"]).draft.version == 2
    assert save(year, year.owner, 2, reason=["Mere"]).draft.version == 2
    assert [json.loads(row.was) for row in queries.draft_history(year.form().id)] == [["På vej "], [], []]
    year.submit(who=year.owner)
    assert db.session.scalar(select(Draft)) is None and db.session.scalar(select(Replaced)) is None


def test_two_people_on_one_draft(year: Year) -> None:
    """Answers that one changed are merged; what both changed stays the first's, and the second's is kept beside it."""
    save(year, year.owner, 0, reason=["Annes"], window="a")
    kept = save(year, year.deputy, 0, reason=["Bos"], fraud=["no"], window="b")
    assert kept.merge.fields == {"reason": ["Annes"], "fraud": ["no"]} and kept.draft.version == 2
    assert [(one.field, one.who) for one in kept.merge.clashes] == [("reason", "Anne")]
    told = queries.draft_history(year.form().id)
    assert [(row.who, json.loads(row.was), row.clashed) for row in told] == [
        ("Bo", ["Bos"], True), ("Bo", [], False), ("Anne", [], False),
    ]  # fmt: skip
    assert [one.field for one in save(year, year.owner, 1, control_level=["3"], window="a").merge.taken] == ["fraud"]
    assert save(year, year.deputy, 2, reason=["Bos alligevel"], window="b").merge.fields["reason"] == ["Bos alligevel"]
    assert save(year, year.owner, 3, reason=["Annes nye"], window="a").merge.clashes


def test_a_submission_of_a_draft_that_moved_on_is_refused(year: Year) -> None:
    form, _kept = year.form(), save(year, year.owner, 0, reason=["Annes"])
    refused = refusal(lambda: actions.submit(year.by(year.deputy), form.id, form.version, GOOD, draft_version=0))
    assert isinstance(refused, Stale) and refused.status == 409 and refused.row.saved_by == "Anne"
    assert queries.typed(queries.draft(form.id)) == {"reason": ["Annes"]}


def test_a_draft_of_a_returned_form_begins_with_its_answers(year: Year) -> None:
    form = year.submit(answers=own_line(year.form(), LOWER))
    with transaction():
        actions.return_to_author(year.by(year.first), form.id, None, WHY)
    first = queries.lines(form.id)[0].subprocess_id
    fields = save(year, year.owner, 0, reason=["Nyt"]).merge.fields
    assert fields["reason"] == ["Nyt"] and fields["inherent_impact"] == ["4"] and fields["fraud"] == ["no"]
    assert fields[f"line-{first}-own"] == ["y"] and fields[f"line-{first}-residual_impact"] == ["2"]


def test_a_risk_that_only_followed_is_not_answered_again(year: Year) -> None:
    scores = Scores(3, 4, 2, 3, 4)
    form = year.submit(answers=replace(GOOD, scores=scores))
    assert "residual_impact" not in queries.answered(form, queries.lines(form.id))
    other = year.submit("KRE-3", answers=replace(GOOD, scores=replace(scores, residual_impact=5)))
    assert queries.answered(other, queries.lines(other.id))["residual_impact"] == ["5"]


def test_who_may_save_a_draft(year: Year) -> None:
    for person in (year.first, year.auditor):
        assert refusal(lambda p=person: actions.save_draft(year.by(p), year.form().id, 0, {})).status == 403
    assert refusal(lambda: actions.save_draft(year.by(year.owner), 99, 0, {})).status == 404
    stale = year.form().version
    year.submit(who=year.deputy)
    refused = refusal(lambda: actions.save_draft(year.by(year.owner), year.form().id, 0, {}, stale))
    assert isinstance(refused, Stale) and refused.row.saved_by == "Bo"
    assert codes(refusal(lambda: actions.save_draft(year.by(year.owner), year.form().id, 0, {}))) == ["wrong_state"]


def test_the_facts_of_a_submission_are_kept(year: Year) -> None:
    form = year.submit(answers=replace(GOOD, copied=tuple(Copied)))
    assert (form.seen_amount_ore, form.seen_owner_id) == (10**9, year.owner.id)
    assert (form.copied, form.copied_answers) == (False, ""), "there is no last year"
    process = universe.process(form.process_id)
    assert process is not None and queries.beside(process, 2027, form) == ([], [])
    process.systems, process.yearly_amount_ore, process.owner_id = "SAP", 2 * 10**9, None
    assert queries.beside(process, 2027, form) == ([], [Moved.SYSTEM, Moved.OWNER, Moved.AMOUNT])
    db.session.rollback()


def test_a_stale_form_is_refused(year: Year) -> None:
    version = year.form().version
    year.submit()
    refused = refusal(lambda: actions.submit(year.by(year.owner), year.form().id, version, GOOD))
    assert isinstance(refused, Stale) and refused.row.saved_by == "Mette"


def test_reasons_against_last_year(year: Year) -> None:
    last = year.form()
    with transaction():
        actions.submit(year.by(year.controller), last.id, None, own_line(last, LOWER))
    before, other = last.id, year.open(2027)
    db.session.execute(last.__table__.update().values(year=2025, cycle_id=other.id))
    db.session.commit()
    with transaction():
        actions.start(year.by(year.first), year.cycle)
    found = queries.submitting(year.form().id)
    assert found is not None and found.last is not None and found.last.id == before
    held = queries.before(found.last, queries.lines(before), found.process.id, queries.scales_of(found.scale_set))
    assert held.scores == SCORES and LOWER in held.lines.values() and not held.key_control


def test_take_back_until_calibrated_and_only_by_the_author(year: Year) -> None:
    form = year.submit(who=year.owner)
    assert codes(refusal(lambda: actions.take_back(year.by(year.deputy), form.id, None))) == ["not_the_author"]
    with transaction():
        assert actions.take_back(year.by(year.owner), form.id, form.version).state is State.DRAFT
    assert events()[-1].action == "assessment.taken_back"


def test_return_and_submit_again(year: Year) -> None:
    form = year.submit(who=year.owner)
    short = refusal(lambda: actions.return_to_author(year.by(year.first), form.id, None, "kort"))
    assert codes(short) == ["comment_short"] and short.reasons[0].field == "comment"
    assert refusal(lambda: actions.return_to_author(year.by(year.owner), form.id, None, WHY)).status == 403
    with transaction():
        actions.return_to_author(year.by(year.first), form.id, form.version, WHY)
    row = year.form()
    assert (row.state, row.return_comment, row.returned_by_id) == (State.RETURNED, WHY, year.first.id)
    assert events()[-1].reason == WHY
    again = year.submit(who=year.owner)
    assert again.state is State.SUBMITTED and again.return_comment == WHY


def test_the_gate_lists_what_is_not_submitted_but_lets_returned_through(year: Year) -> None:
    year.submit("KRE-1")
    refused = refusal(lambda: wheel.advance(year.by(year.first), year.cycle.id, None))
    assert refused.reasons[0].params == {"n": 2, "codes": "KRE-3, LON-1"}
    year.submit("KRE-3")
    form = year.submit("LON-1")
    with transaction():
        actions.return_to_author(year.by(year.first), form.id, None, WHY)
    year.go_to(Phase.CALIBRATING)
    assert [r.params["codes"] for r in queries.uncalibrated(year.cycle)] == ["KRE-1, KRE-3, LON-1"]


def test_calibration_waits_for_its_time(year: Year) -> None:
    form = year.submit()
    assert codes(refusal(lambda: actions.calibrate(year.by(year.first), form.id, None, None))) == ["not_calibrating"]


def test_agree_then_another_approves(year: Year) -> None:
    year.submit_all()
    form = year.form()
    with transaction():
        actions.calibrate(year.by(year.first, APRIL), form.id, form.version, None)
    assert not year.form().calibration_changed and year.form().calibrated_at == APRIL
    with transaction():
        actions.approve(year.by(year.first, APRIL), form.id, None)
    assert (year.form().state, year.form().approver_id) == (State.APPROVED, year.first.id)
    assert [e.action for e in events()[-2:]] == ["assessment.calibrated", "assessment.approved"]


def test_who_changes_a_score_may_not_approve(year: Year) -> None:
    year.submit("KRE-1", own_line(year.form(), LOWER))
    year.submit("KRE-3")
    year.submit("LON-1")
    year.go_to(Phase.CALIBRATING)
    form = year.form()
    assert codes(refusal(lambda: actions.calibrate(year.by(year.first), form.id, None, HIGHER))) == ["change_why"]
    with transaction():
        actions.calibrate(year.by(year.first), form.id, None, HIGHER, WHY)
    row = year.form()
    assert (row.calibration_changed, row.submitted_scores, row.inherent_impact) == (True, "3 4 4 3 4", 5)
    own, follows = queries.lines(row.id)
    assert (Scores.of(own), Scores.of(follows), follows.inherent_band) == (LOWER, HIGHER, Band.HIGH)
    refused = refusal(lambda: actions.approve(year.by(year.first), form.id, None))
    assert codes(refused) == ["sod_conflict"] and refused.status == 403
    with transaction():
        actions.calibrate(year.by(year.second), form.id, None, None)
    assert refusal(lambda: actions.approve(year.by(year.first), form.id, None)).status == 403
    with transaction():
        assert actions.approve(year.by(year.second), form.id, None).state is State.APPROVED


def test_the_author_may_not_approve_though_in_the_group(year: Year, make: Any) -> None:
    with transaction():
        identity.grant_role(make.system(), year.controller.id, Role.GRP, year.organisation.id)
    year.submit_all()
    form = year.form()
    with transaction():
        actions.calibrate(year.by(year.first), form.id, None, None)
    assert codes(refusal(lambda: actions.approve(year.by(year.controller), form.id, None))) == ["sod_conflict"]


def test_the_owner_objects_until_approved(year: Year) -> None:
    form = year.submit(who=year.controller)
    assert refusal(lambda: actions.object_to(year.by(year.controller), form.id, None, WHY)).status == 403
    with transaction():
        actions.object_to(year.by(year.owner), form.id, None, WHY)
    assert year.form().owner_objection == WHY


def test_approved_bands_goal_and_lock(year: Year) -> None:
    assert queries.bands(year.organisation.id, 2026) == {} and queries.counts_a(year.organisation.id, 2026) == (0, 3)
    year.submit_all()
    for code in ("KRE-1", "KRE-3", "LON-1"):
        id = year.form(code).id
        with transaction():
            actions.calibrate(year.by(year.first), id, None, None)
        if code != "LON-1":
            with transaction():
                actions.approve(year.by(year.second), id, None)
    assert queries.counts_a(year.organisation.id, 2026) == (2, 3)
    assert [r.params["codes"] for r in queries.unapproved(year.cycle)] == ["LON-1"]
    standing = queries.bands(year.organisation.id, 2030)
    assert len(standing) == 3
    assert {s[:3] for s in standing.values()} == {(Band.ELEVATED, 12, 2026)}
    assert queries.bands(year.organisation.id, 2025) == {}
    last = year.form("LON-1").id
    with transaction():
        actions.approve(year.by(year.second), last, None)
    assert queries.counts_a(year.organisation.id, 2026) == (3, 3)
    year.go_to(Phase.RECOMMENDED)
    assert {form.state for form in queries.of_cycle(year.cycle.id)} == {State.LOCKED}
    assert len(queries.bands(year.organisation.id, 2026)) == 4
    assert codes(refusal(lambda: actions.return_to_author(year.by(year.first), last, None, WHY))) == [
        "not_open", "wrong_state",
    ]  # fmt: skip


def test_fraud_by_process(year: Year) -> None:
    form = year.submit(answers=replace(GOOD, fraud=True, fraud_reason=WHY))
    assert queries.fraud(year.organisation.id, 2026) == set()
    year.submit("KRE-3")
    year.submit("LON-1")
    year.go_to(Phase.CALIBRATING)
    with transaction():
        actions.calibrate(year.by(year.first), form.id, None, None)
    with transaction():
        actions.approve(year.by(year.second), form.id, None)
    assert queries.fraud(year.organisation.id, 2026) == {form.process_id}


def kinds(year: Year, person: Any) -> list[str]:
    rows = [row for query in queries.tasks(year.by(person)) for row in db.session.execute(query)]
    return sorted(f"{row.kind.split('.')[1]} {row.code} {row.due}" for row in rows)


def test_tasks_follow_the_form(year: Year) -> None:
    assert kinds(year, year.owner) == kinds(year, year.deputy) == ["fill KRE-1 2026-03-27"]
    assert kinds(year, year.first) == kinds(year, year.auditor) == []
    year.submit_all()
    assert kinds(year, year.owner) == []
    assert kinds(year, year.first)[0] == "calibrate KRE-1 2026-04-30" and len(kinds(year, year.first)) == 3
    id = year.form().id
    with transaction():
        actions.calibrate(year.by(year.first), id, None, HIGHER, WHY)
    assert "approve KRE-1 2026-04-30" in kinds(year, year.second)
    assert not any(kind.startswith("approve") for kind in kinds(year, year.first))
    with transaction():
        actions.return_to_author(year.by(year.second), id, None, WHY)
    assert kinds(year, year.owner) == ["correct KRE-1 2026-04-30"]


def test_forms_are_read_through_the_filter(year: Year) -> None:
    mine, other = year.form().id, year.form("KRE-3").id
    assert queries.by_id(year.by(year.owner), mine) is not None
    assert queries.by_id(year.by(year.owner), other) is None and queries.by_id(year.by(year.auditor), other) is not None
    assert queries.by_id(year.by(year.auditor), 2**40) is None
    assert db.session.scalar(select(Line).where(Line.assessment_id == mine)) is not None


def test_a_year_begins_with_its_own_scales(year: Year) -> None:
    row = queries.scale_set(year.cycle.id)
    assert row is not None and queries.used(year.cycle.id) == STANDARD and row.saved_by == year.first.name
    assert queries.used_in(frozenset({year.organisation.id}), 2026) == {year.organisation.id: STANDARD}
    assert queries.used_in(frozenset({year.organisation.id}), 2025) == {}
    assert queries.scales_of(None) == STANDARD  # a cycle from before scales were kept
