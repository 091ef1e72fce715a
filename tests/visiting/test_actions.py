"""From asking to ending, and what the visitor may do meanwhile: that place, that task, those days, nothing else."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from controls.accounts import actions as accounts
from controls.assessment import actions as assessing
from controls.assessment import queries as assessments
from controls.assessment.rules import Answers, Scores
from controls.assessment.words import Certainty, Direction, Proposal, State
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Role
from controls.identity.tables import Part, VisitingGrant
from controls.identity.visits import VisitState, VisitTask
from controls.overview import queries as overview
from controls.visiting import actions, queries
from controls.visiting import rules as visiting
from controls.wheel import actions as wheel
from tests import make
from tests.photograph import photographed
from tests.visiting.scene import UNTIL, Houses

ANSWERS = Answers(
    Scores(2, 2, 4, 2, 2), False, "", Direction.UNCHANGED, (), Certainty.FAIR, Proposal.NO,
    "Sagerne ligner dem fra sidste år, og kontrollen virker.", False, "", "", "Nøglekontrol: to godkender.", {},
)  # fmt: skip
AFTER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def houses(app: Flask) -> Houses:
    return photographed(Houses)()


def refused(houses: Houses, act: object, name: str, *args: object, **kw: object) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        houses.do(act, name, *args, **kw)
    db.session.rollback()
    return caught.value.status, caught.value.reasons[0].code


def test_the_way_of_a_grant(houses: Houses) -> None:
    """Asked by the borrower, lent by the lender, prepared by one administrator, granted by another."""
    asked = houses.asked("nara", VisitTask.TESTER)
    assert refused(houses, actions.ask, "siho", asked) == (403, "forbidden")
    assert refused(houses, actions.ask, "bemo", asked) == (403, "forbidden")
    id = houses.do(actions.ask, "hebj", asked).id
    assert houses.grant(id).state is VisitState.AWAITING_LENDER
    assert refused(houses, actions.ask, "hebj", asked) == (409, "visiting.twice")
    assert refused(houses, actions.lend, "hebj", id, None) == (403, "forbidden")
    assert refused(houses, actions.lend, "siho", id, None) == (404, "not_found")
    assert refused(houses, actions.prepare, "tomi", id, None) == (409, "wrong_state")
    houses.do(actions.lend, "bemo", id, None)
    assert refused(houses, actions.grant, "tomi", id, None) == (409, "visiting.not_prepared")
    assert refused(houses, actions.grant, "kari", id, None) == (403, "forbidden")
    houses.do(actions.prepare, "tomi", id, None)
    assert refused(houses, actions.grant, "tomi", id, None) == (403, "sod_conflict")
    assert not houses.by("nara").visits
    houses.do(actions.grant, "loos", id, None)
    row = houses.grant(id)
    assert (row.state, row.valid_to) == (VisitState.GRANTED, UNTIL)
    assert houses.by("nara").visits["control:test"] == {("process", row.object_id): "own"}
    assert not houses.by("nara", AFTER).visits, "it ends on its date by itself"


def test_who_asked_does_not_lend(houses: Houses) -> None:
    """The ministry's coordinator reaches both houses, and still may not be both."""
    id = houses.do(actions.ask, "kari", houses.asked("nara", VisitTask.TESTER)).id
    assert refused(houses, actions.lend, "kari", id, None) == (403, "sod_conflict")
    houses.do(actions.lend, "miaa", id, None)


def test_who_is_asked_for_does_not_lend(houses: Houses) -> None:
    id = houses.do(actions.ask, "hebj", houses.asked("clen", VisitTask.APPROVER)).id
    assert refused(houses, actions.lend, "clen", id, None) == (403, "sod_conflict")


def test_nor_by_another_account_of_his(houses: Houses) -> None:
    first, second = (houses.people[name].id for name in ("kari", "miaa"))
    houses.do(accounts.tell_same_person, "tomi", second, None, first)
    id = houses.do(actions.ask, "miaa", houses.asked("nara", VisitTask.TESTER)).id
    for name in ("kari", "miaa"):
        assert refused(houses, actions.lend, name, id, None) == (403, "sod_conflict")
    houses.do(actions.lend, "bemo", id, None)


@pytest.mark.parametrize("column", ["asked_by_id", "role_asked_by_id", "visitor_id"])
def test_the_database_keeps_the_granter_apart(houses: Houses, column: str) -> None:
    """S8 in plain SQL, on both databases: none of the first side enters the ledger as granter."""
    id = houses.lend(houses.asked("nara", VisitTask.TESTER))
    part = {
        "duty": Duty.S8, "object_type": VisitingGrant.__tablename__, "object_id": id, "within": 0, "side": Side.SECOND,
        "person_id": getattr(houses.grant(id), column), "taken_at": make.NOW,
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="identity_part"):
        db.session.execute(insert(Part).values(part))
    db.session.rollback()


def test_ending_early_and_refusing(houses: Houses) -> None:
    id = houses.lend(houses.asked("nara", VisitTask.TESTER))
    assert refused(houses, actions.end, "siho", id, None, "Slut") == (404, "not_found")
    assert refused(houses, actions.end, "bemo", id, None, " ") == (422, "field_required")
    houses.do(actions.end, "bemo", id, None, "Nadia er syg.")
    assert houses.grant(id).state is VisitState.ENDED
    assert not houses.by("nara").visits
    other = houses.do(actions.ask, "hebj", houses.asked("juth", VisitTask.TESTER)).id
    houses.do(actions.end, "bemo", other, None, "Vi har ingen at undvære.")
    assert houses.grant(other).state is VisitState.REFUSED
    third = houses.do(actions.ask, "hebj", houses.asked("juth", VisitTask.TESTER)).id
    houses.do(actions.end, "hebj", third, None, "Vi klarer det selv.")
    assert houses.grant(third).state is VisitState.ENDED
    expired = houses.lend(houses.asked("nara", VisitTask.TESTER))
    assert refused(houses, actions.end, "bemo", expired, None, "Slut", at=AFTER) == (409, "wrong_state")


def test_tasks_go_to_the_lender_then_to_administrators(houses: Houses) -> None:
    def kinds(name: str) -> list[str]:
        return [task.kind for task in overview.tasks(houses.by(name)) if task.kind.startswith("visiting.")]

    id = houses.do(actions.ask, "hebj", houses.asked("nara", VisitTask.TESTER)).id
    assert kinds("bemo") == ["visiting.lend"]
    assert kinds("hebj") == [] and kinds("tomi") == []
    houses.do(actions.lend, "bemo", id, None)
    assert kinds("bemo") == [] and kinds("tomi") == kinds("loos") == ["visiting.prepare"]
    houses.do(actions.prepare, "tomi", id, None)
    assert kinds("tomi") == [] and kinds("loos") == ["visiting.grant"]
    houses.do(actions.grant, "loos", id, None)
    assert kinds("loos") == []


def test_who_sees_the_list(houses: Houses) -> None:
    id = houses.lend(houses.asked("nara", VisitTask.TESTER))
    for name in ("hebj", "bemo", "kari", "tomi", "nara"):
        assert [row.grant.id for row in queries.listing(houses.by(name))] == [id], name
    for name in ("juth", "siho", "peny"):
        assert queries.listing(houses.by(name)) == [], name


def _calibrated(houses: Houses) -> dict[str, int]:
    """The year's forms, submitted by the small agency's people and calibrated by the ministry."""
    cycle = houses.cycles["ALS"]
    houses.do(wheel.advance, "hebj", cycle, None)
    houses.do(wheel.advance, "hebj", cycle, None)
    forms = {code: assessments.of_process(cycle, houses.process("ALS", code)) for code in ("KRE-1", "KRE-2", "LON-1")}
    ids = {code: form.id for code, form in forms.items() if form is not None}
    for name, code in (("siho", "KRE-1"), ("kiro", "KRE-2"), ("peny", "LON-1")):
        houses.do(assessing.submit, name, ids[code], None, ANSWERS)
    houses.do(wheel.advance, "hebj", cycle, None)
    for id in ids.values():
        houses.do(assessing.calibrate, "kari", id, None, None)
    return ids


def test_an_approver_approves_in_that_process_only(houses: Houses) -> None:
    ids = _calibrated(houses)
    assert assessments.sheet(houses.by("clen"), ids["KRE-2"]) is None
    assert refused(houses, assessing.approve, "clen", ids["KRE-2"], None) == (403, "forbidden")
    houses.lend(houses.asked("clen", VisitTask.APPROVER))
    assert assessments.sheet(houses.by("clen"), ids["KRE-2"]) is not None
    assert assessments.sheet(houses.by("clen"), ids["KRE-1"]) is None
    kinds = [task.kind for task in overview.tasks(houses.by("clen"))]
    assert [kind for kind in kinds if kind.startswith("assessment")] == ["assessment.approve"]
    assert refused(houses, assessing.approve, "clen", ids["KRE-1"], None) == (403, "forbidden")
    assert refused(houses, assessing.approve, "clen", ids["KRE-2"], None, at=AFTER) == (403, "forbidden")
    houses.do(assessing.approve, "clen", ids["KRE-2"], None)
    db.session.expire_all()
    form = assessments.by_id(houses.by("hebj"), ids["KRE-2"])
    assert form is not None and form.state is State.APPROVED and form.approver_id == houses.people["clen"].id


def test_s1_follows_the_visitor(houses: Houses) -> None:
    """A visitor who changes a score while calibrating is an assessor and may not approve."""
    ids = _calibrated(houses)
    houses.lend(houses.asked("clen", VisitTask.APPROVER))
    changed = Scores(3, 2, 4, 2, 2)
    houses.do(assessing.calibrate, "clen", ids["KRE-2"], None, changed, "Gruppen ser flere sager end forfatteren.")
    assert refused(houses, assessing.approve, "clen", ids["KRE-2"], None) == (403, "sod_conflict")


def test_a_grant_for_the_year_covers_all_its_forms(houses: Houses) -> None:
    ids = _calibrated(houses)
    asked = houses.asked("clen", VisitTask.APPROVER)
    year = visiting.Asked(asked.visitor_id, asked.task, visiting.Visited.CYCLE, houses.cycles["ALS"],
                          asked.valid_from, asked.valid_to, asked.reason)  # fmt: skip
    houses.lend(year)
    for id in ids.values():
        houses.do(assessing.approve, "clen", id, None)
    assert refused(houses, actions.ask, "hebj", year) == (409, "visiting.twice")


def test_a_closed_place_is_not_borrowed_for(houses: Houses) -> None:
    id = houses.process("ALS", "KRE-2")
    with transaction():
        db.session.execute(text(f"UPDATE universe_process SET valid_to = '2026-01-01' WHERE id = {id}"))
    db.session.expire_all()
    assert refused(houses, actions.ask, "hebj", houses.asked("nara", VisitTask.TESTER)) == (409, "visiting.not_open")


def test_a_missing_place_or_person_is_not_found(houses: Houses) -> None:
    asked = houses.asked("nara", VisitTask.TESTER)
    for wrong in ({"object_id": 2**40}, {"visitor_id": 0}):
        other = visiting.Asked(**{**asked.__dict__, **wrong})
        assert refused(houses, actions.ask, "hebj", other) == (404, "not_found")
    assert date(2026, 11, 30) == UNTIL


def test_a_visitor_never_administers_the_system(app: Flask) -> None:
    """S9 follows the person: the visit alone is enough, whatever is known of the role at home."""
    houses = Houses(years=False)
    nara, id = houses.people["nara"].id, houses.do(actions.ask, "hebj", houses.asked("nara", VisitTask.TESTER)).id
    houses.do(actions.lend, "bemo", id, None)
    houses.do(actions.prepare, "tomi", id, None)
    of_nara = {"person": nara}
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM identity_part WHERE duty = 'S9' AND person_id = :person"), of_nara)
    houses.do(actions.grant, "loos", id, None)
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM identity_role_grant WHERE person_id = :person"), of_nara)
    assert refused(houses, accounts.ask_role, "tomi", nara, Role.ADM, houses.id("STAR"), "Vikar") == (
        403, "sod_conflict")  # fmt: skip
