"""A whole control year of an agency whose four people all have line duty in every process: it borrows people.

Nothing is excepted by the chair. Before each step that is another's, all four are refused by the number of the rule,
and the visitor is refused without the grant and after its last day.
"""

from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from controls.assessment import actions as assessing
from controls.assessment import queries as assessments
from controls.assessment.rules import Answers, Scores
from controls.assessment.words import Certainty, Direction, Proposal
from controls.base import verify
from controls.base.by import By
from controls.base.db import db, transaction
from controls.base.settings import current
from controls.base.why import Refused
from controls.effectiveness import actions as testing
from controls.effectiveness import queries as tests_of
from controls.effectiveness.rules import ItemValue, Plan, Population, Verdict
from controls.effectiveness.tables import OperatingTest
from controls.effectiveness.words import Method, Result, SampleRisk
from controls.evidence import actions as evidence
from controls.forum import actions as forum
from controls.forum.rules import Attendance
from controls.forum.words import Function
from controls.identity import actions as accounts
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Role
from controls.identity.tables import DutyException, Organisation, Part, Person
from controls.identity.visits import Visited, VisitTask
from controls.papers import actions as papers
from controls.recommendation import actions as recommending
from controls.recommendation.rules import LineValues
from controls.recommendation.words import ReasonCode, Recommended
from controls.review import actions as reviewing
from controls.review import rules as reviews
from controls.review.queries import HOURS_BORROWED, HOURS_LENT, HOURS_OWN
from controls.review.tables import Control, Review
from controls.review.words import Cover, DesignOutcome, Outcome, OverallClass
from controls.review.words import State as ReviewState
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.universe import rules as listed
from controls.universe.tables import LineDuty
from controls.visiting import actions as visiting
from controls.visiting.rules import Asked
from controls.wheel import actions as wheel
from controls.wheel import queries as cycles
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from controls.wheel.tables import Cycle
from controls.wheel.words import State
from tests import make
from tests.journeys.scene import at
from tests.papers.filled import whole
from tests.review.scene import CONTROL, GOOD, RISK

FOUR = ("hebj", "siho", "kiro", "peny")
PROCESSES = ("KRE-1", "KRE-2", "LON-1")
LINE = {code: FOUR[number:] + FOUR[:number] for number, code in enumerate(PROCESSES)}
"""Owner, deputy, control owner and performer of each process: all four, in another order each time."""
OTHERS = {
    "tomi": (Role.ADM, "DEP"), "loos": (Role.ADM, "DEP"), "kari": (Role.GRP, "DEP"), "sush": (Role.SEC, "DEP"),
    "pehj": (Role.VDM, "DEP"), "hebu": (Role.VDC, "DEP"), "bemo": (Role.GRP, "STAR"), "clen": (Role.GRP, "STAR"),
    "nara": (Role.CTL, "STAR"), "juth": (Role.CTL, "STAR"),
}  # fmt: skip
HEAD = "area_code,area_da,area_en,process_code,process_da,process_en,subprocess_code,subprocess_da,subprocess_en"
ANSWERS = Answers(
    Scores(2, 2, 4, 2, 2), False, "", Direction.UNCHANGED, (), Certainty.FAIR, Proposal.NO,
    "Sagerne ligner dem fra sidste år, og kontrollen virker.", False, "", "", "", {},
)  # fmt: skip
HOURS, PLANNED = 38, 42
NOT_ALLOWED = "forbidden"


class World:
    """The ministry (DEP), the lender (STAR) and the small agency (ALS) in January, on empty tables."""

    def __init__(self) -> None:
        self.at = at(1, 12)
        self.houses: dict[str, Organisation] = {}
        for code, parent in (("DEP", None), ("STAR", "DEP"), ("ALS", "DEP")):
            with transaction():
                self.houses[code] = accounts.add_organisation(make.system(self.at), code, f"{code} da", code, parent)
        self.people: dict[str, Person] = {
            name: make.person(name, role, self.houses[code], self.at) for name, (role, code) in OTHERS.items()
        }
        for name in FOUR:
            self.people[name] = make.person(name, Role.OWN, self.houses["ALS"], self.at)
            for role in (Role.CTL, Role.GRP):
                with transaction():
                    accounts.grant_role(make.system(self.at), self.people[name].id, role, self.houses["ALS"].id)
        self.agency = int(self.houses["ALS"].id)

    def id(self, name: str) -> int:
        """The id of a person."""
        return int(self.people[name].id)

    def by(self, name: str, day: datetime | None = None) -> By:
        """One of the people as author, today or on a day."""
        return make.by(self.people[name], day or self.at)

    def do(self, act: Any, name: str, *args: Any, day: datetime | None = None) -> Any:
        """One action in a transaction of its own."""
        author = self.by(name, day)
        with transaction():
            return act(author, *args)

    def refused(self, act: Any, name: str, *args: Any, day: datetime | None = None) -> str:
        """Why the action is refused: the rule of different persons by its number, or the code of the reason."""
        with pytest.raises(Refused) as caught:
            self.do(act, name, *args, day=day)
        db.session.rollback()
        assert caught.value.status == 403
        if isinstance(caught.value, accounts.SamePerson):
            return caught.value.duty.value
        return caught.value.reasons[0].code

    def none_of_the_four(self, act: Any, *args: Any, but: dict[str, Duty]) -> None:
        """All four may do it by their roles, and none by S4, but some by a rule that comes before it."""
        assert {name: self.refused(act, name, *args) for name in FOUR} == dict.fromkeys(FOUR, Duty.S4) | but

    def process(self, code: str) -> Any:
        """A process of the small agency."""
        return universe.process_by_code(self.agency, code)

    def part(self, code: str) -> int:
        """The id of the sub-process of a process."""
        found = universe.subprocess_by_code(self.agency, f"{code}.1")
        assert found is not None
        return int(found.id)

    def borrow(self, visitor: str, task: VisitTask, kind: Visited, place: int, last: date) -> None:
        """Asked for by the borrower, lent by the lender, prepared by one administrator, granted by another (S8)."""
        why = "Alle fire har opgaver i processen."
        asked = Asked(self.id(visitor), task, kind, place, self.at.date(), last, why)
        id = int(self.do(visiting.ask, "hebj", asked).id)
        assert self.refused(visiting.lend, "peny", id, None) == NOT_ALLOWED
        self.do(visiting.lend, "bemo", id, None)
        self.do(visiting.prepare, "tomi", id, None)
        assert self.refused(visiting.grant, "tomi", id, None) == Duty.S8
        assert self.refused(visiting.grant, "hebj", id, None) == NOT_ALLOWED
        self.do(visiting.grant, "loos", id, None)

    def cycle(self) -> Cycle:
        """The year as it is now."""
        db.session.expire_all()
        found = cycles.cycle(self.agency, 2026)
        assert found is not None
        return found


@pytest.fixture
def world(app: Flask) -> World:
    return World()


@pytest.mark.long
def test_four_people_get_through_the_year_with_borrowed_people(world: World) -> None:
    """From the catalogue to the closed year: both goals met, no exception, nobody on both sides, a sound log."""
    january(world)
    april(world)
    june(world)
    review = august(world)
    october(world, review)
    december(world)
    afterwards(world)


def january(world: World) -> None:
    """Two of the four import the catalogue (S15); everybody has line duty in every process; the year is opened.

    None of them administers the system (S9): the ministry does.
    """
    for name in FOUR:
        with pytest.raises(Refused) as caught, transaction():
            accounts.grant_role(make.system(world.at), world.id(name), Role.ADM, world.agency)
        assert [reason.code for reason in caught.value.reasons] == ["sod_conflict"]
    rows = [f"{code[:3]},Område,Area,{code},Proces {code},,{code}.1,Delproces {code}.1," for code in PROCESSES]
    draft = world.do(papers.save_draft, "hebj", world.agency, "\n".join([HEAD, *rows]).encode(), "katalog.csv")
    chosen = whole(world.by("peny"), draft)
    assert world.refused(papers.take_catalogue, "hebj", draft, chosen) == Duty.S15
    world.do(papers.take_catalogue, "peny", draft, chosen)
    for code, (owner, deputy, keeper, performer) in LINE.items():
        process = world.process(code)
        facts = listed.Facts(world.id(owner), world.id(deputy))
        world.do(catalogue.edit_process, "hebj", process.id, process.version, facts)
        values = reviews.ControlValues(
            **CONTROL.__dict__ | {"owner_id": world.id(keeper), "performer_id": world.id(performer)}
        )
        control = world.do(reviewing.add_control, owner, world.part(code), values).id
        risk = world.do(reviewing.add_risk, owner, world.part(code), RISK).id
        world.do(reviewing.put_link, deputy, risk, control, reviews.LinkValues(Cover.FULL))
        line = set(db.session.scalars(select(LineDuty.person_id).where(LineDuty.process_id == process.id)))
        assert line == {world.id(name) for name in FOUR}
    year = world.do(wheel.open_cycle, "hebj", world.agency, 2026, Parameters(200), default_dates(2026)).id
    world.do(wheel.advance, "hebj", year, None)


def april(world: World) -> None:
    """None of the four approves any form (S1, S4): one is approved by a visitor, two by the ministry's group."""
    world.at = at(3, 2)
    world.do(wheel.advance, "hebj", world.cycle().id, None)
    forms = {code: assessments.of_process(world.cycle().id, world.process(code).id) for code in PROCESSES}
    ids = {code: form.id for code, form in forms.items() if form is not None}
    world.at = at(3, 16)
    for code, id in ids.items():
        world.do(assessing.submit, LINE[code][0], id, None, ANSWERS)
    world.at = at(4, 7)
    world.do(wheel.advance, "hebj", world.cycle().id, None)
    for code, id in ids.items():
        world.do(assessing.calibrate, "peny", id, None, None)
        world.none_of_the_four(assessing.approve, id, None, but={LINE[code][0]: Duty.S1})
    one, *rest = PROCESSES
    assert world.refused(assessing.approve, "clen", ids[one], None) == NOT_ALLOWED
    world.borrow("clen", VisitTask.APPROVER, Visited.PROCESS, world.process(one).id, date(2026, 4, 20))
    assert world.refused(assessing.approve, "clen", ids[one], None, day=at(4, 21)) == NOT_ALLOWED
    assert world.refused(assessing.approve, "clen", ids[rest[0]], None) == NOT_ALLOWED, "lent to one process only"
    world.at = at(4, 14)
    world.do(assessing.approve, "clen", ids[one], None)
    for code in rest:
        world.do(assessing.approve, "kari", ids[code], None)


def june(world: World) -> None:
    """The group recommends one review; the ministry's forum records and confirms the decision (S5, S6)."""
    world.at = at(5, 20)
    draft = world.do(recommending.start, "hebj", world.cycle().id).id
    for code in PROCESSES:
        values = LineValues(world.part(code), Recommended.NOT, text="Tages i et senere år.")
        if code == PROCESSES[0]:
            values = LineValues(
                world.part(code), Recommended.REVIEW, (ReasonCode.EVENT,), "Ny betalingsløsning fra februar.", PLANNED,
                proposed_lead_id=world.id("siho"),
            )  # fmt: skip
        world.do(recommending.put_line, "peny", draft, values)
    world.at = at(5, 29)
    world.do(recommending.hand_over, "hebj", draft)
    world.at = at(6, 1)
    ministry = world.houses["DEP"].id
    meeting = world.do(
        lambda by: forum.announce(by, world.agency, 2026, date(2026, 6, 12), organisation_id=ministry), "sush"
    ).id
    world.at = at(6, 12, 13)
    there = [
        Attendance(world.id("hebu"), Function.CHAIR, True), Attendance(world.id("pehj"), Function.MEMBER, True),
        Attendance(world.id("sush"), Function.SECRETARY, True),
    ]  # fmt: skip
    for name in FOUR:
        assert world.refused(forum.set_presence, name, meeting, None, there) == NOT_ALLOWED
    world.do(forum.set_presence, "sush", meeting, None, there)
    world.do(forum.agree_with_rest, "sush", meeting)
    world.do(forum.send_to_chair, "sush", meeting)
    world.at = at(6, 17)
    assert world.refused(forum.lock, "sush", meeting) == NOT_ALLOWED
    world.do(forum.lock, "hebu", meeting)
    assert world.cycle().state is State.DECIDED


def august(world: World) -> int:
    """One of the four leads; none of them tests (S2, S4); the borrowed tester does, while the grant lasts."""
    world.at = at(8, 3)
    world.do(wheel.advance, "hebj", world.cycle().id, None)
    (review,) = db.session.scalars(select(Review.id))
    (control,) = db.session.scalars(select(Control.id).where(Control.subprocess_id == world.part(PROCESSES[0])))

    def planned(tester: str) -> None:
        team = reviews.Plan(world.id("siho"), world.id(tester), world.id("juth"), PLANNED)
        world.do(reviewing.plan, "hebj", review, None, team)

    with pytest.raises(Refused) as caught:
        planned("nara")
    assert {reason.field for reason in caught.value.reasons} == {"tester_id", "quality_reviewer_id"}, "not lent yet"
    world.borrow("nara", VisitTask.TESTER, Visited.REVIEW, review, date(2026, 8, 31))
    world.borrow("juth", VisitTask.QUALITY_REVIEWER, Visited.REVIEW, review, date(2026, 10, 30))
    planned("nara")
    world.do(reviewing.declare_independence, "siho", review, None)
    period = date(2026, 1, 1), date(2026, 6, 30)
    world.do(reviewing.describe_scope, "siho", review, None, "Alle betalinger i første halvår.", *period)
    world.do(reviewing.start, "siho", review, None)
    world.do(reviewing.describe_walkthrough, "siho", review, None, date(2026, 8, 3), "Bilag 1021.")
    for name, duty in zip(LINE[PROCESSES[0]], (Duty.S4, Duty.S4, Duty.S2, Duty.S2), strict=True):
        planned(name)
        assert world.refused(reviewing.test_design, name, review, control, GOOD) == duty, name
    planned("nara")
    after = at(9, 1)
    assert world.refused(reviewing.test_design, "nara", review, control, GOOD, day=after) == NOT_ALLOWED
    world.at = at(8, 11)
    world.do(reviewing.test_design, "nara", review, control, GOOD)
    operation(world, review, control, after)
    return int(review)


def operation(world: World, review: int, control: int, after: datetime) -> None:
    """The test of operation with its evidence: the borrowed tester's, and none of the four's."""
    plan = Plan(Method.FREQUENCY_TABLE, SampleRisk.NORMAL, hours=8)
    assert world.refused(testing.plan_test, "siho", review, control, plan) == Duty.S4
    assert world.refused(testing.plan_test, "nara", review, control, plan, day=after) == NOT_ALLOWED
    test = world.do(testing.plan_test, "nara", review, control, plan).id
    months = Population(12, "Måneder", "Navision", "Nadia", date(2026, 8, 11), "Sammenholdt med kalenderen.")
    assert world.refused(testing.confirm_population, "siho", test, None, months) == Duty.S4
    world.do(testing.confirm_population, "nara", test, None, months)
    world.do(testing.draw, "nara", test, None)
    results = [ItemValue(item.rank, Result.PASS) for item in tests_of.in_line(tests_of.items(test))]
    world.do(testing.record_items, "nara", test, results)
    sheet = (world.agency, OperatingTest.__tablename__, test, "arbejdsark.csv")
    shows = "Hvad der blev udtrukket og set."
    text = "nummer;resultat\r\n1;i orden\r\n".encode("utf-8-sig")
    assert world.refused(evidence.add, "nara", *sheet, BytesIO(text), shows, day=after) == NOT_ALLOWED
    world.do(evidence.add, "nara", *sheet, BytesIO(text), shows)
    world.do(testing.conclude, "nara", test, None, Verdict(Outcome.EFFECTIVE, "Ingen afvigelser."))


def october(world: World, review: int) -> None:
    """None of the four quality-reviews or approves (S3, S4); the borrowed reviewer does, while the grant lasts."""
    world.at = at(9, 7)
    conclusion = reviews.ConclusionValues(
        DesignOutcome.APPROPRIATE, Outcome.EFFECTIVE, OverallClass.NONE, "Ingen afvigelser.", HOURS
    )
    world.do(reviewing.conclude, "siho", review, None, conclusion)
    (test,) = db.session.scalars(select(OperatingTest.id))
    signatures = ((testing.quality_review, (test, None)), (reviewing.quality_review, (review, None, "Gennemgået.")))
    for act, args in signatures:
        world.none_of_the_four(act, *args, but={"siho": Duty.S3})
        assert world.refused(act, "nara", *args) == NOT_ALLOWED
    after = at(10, 31)
    for act, args in signatures:
        assert world.refused(act, "juth", *args, day=after) == NOT_ALLOWED
        world.do(act, "juth", *args)
    world.do(reviewing.send_to_hearing, "siho", review, None)
    world.at = at(9, 18)
    world.do(reviewing.answer_hearing, LINE[PROCESSES[0]][0], review, None, "Enig i konklusionen.")
    world.at = at(10, 1)
    world.none_of_the_four(reviewing.approve, review, None, but={"siho": Duty.S3})
    assert world.refused(reviewing.approve, "juth", review, None, day=after) == NOT_ALLOWED
    world.do(reviewing.approve, "juth", review, None)
    assert db.session.get_one(Review, review).state is ReviewState.APPROVED


def december(world: World) -> None:
    """Both goals are met; one of the four proposes to close the year, and another confirms it (S14)."""
    world.at = at(12, 10)
    world.do(wheel.advance, "hebj", world.cycle().id, None)
    world.at = at(12, 16)
    goals = cycles.goals(world.agency, 2026)
    assert [(goal.done, goal.total) for goal in goals] == [(len(PROCESSES), len(PROCESSES)), (1, 1)]
    world.do(wheel.propose_close, "hebj", world.cycle().id, None)
    assert world.refused(wheel.advance, "hebj", world.cycle().id, None) == Duty.S14
    world.do(wheel.advance, "kiro", world.cycle().id, None)
    closed = world.cycle()
    assert closed.state is State.CLOSED and not closed.close_reason, "nothing had to be explained away"


def afterwards(world: World) -> None:
    """No exception of the chair, nobody on both sides, the log sound, and the hours told in both houses."""
    assert db.session.scalar(select(func.count()).select_from(DutyException)) == 0
    parts = list(db.session.scalars(select(Part)))
    assert all(part.exception_id is None for part in parts)
    sides: dict[Any, set[Side]] = {}
    for part in parts:
        key = (part.duty, part.object_type, part.object_id, part.within, part.person_id)
        sides.setdefault(key, set()).add(part.side)
    assert [key for key, both in sides.items() if len(both) > 1] == []
    taken = {(part.duty, part.side) for part in parts}
    for duty in (Duty.S1, Duty.S2, Duty.S3, Duty.S4, Duty.S5, Duty.S6, Duty.S8, Duty.S14, Duty.S15):
        assert {(duty, Side.FIRST), (duty, Side.SECOND)} <= taken, duty
    assert verify.faults(db.session(), current().keys) == []
    assert cycles.hours(world.agency, 2026) == [(HOURS_OWN, HOURS), (HOURS_BORROWED, HOURS), (HOURS_LENT, 0)]
    assert cycles.hours(world.houses["STAR"].id, 2026) == [(HOURS_OWN, 0), (HOURS_BORROWED, 0), (HOURS_LENT, HOURS)]
