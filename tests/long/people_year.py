"""The acts of a control year, each by whoever tries it: what the state machine of different persons plays with.

A step is one of the year's own actions by the author it is given; people whom an act names are given too.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from controls.accounts import actions as accounts
from controls.assessment import actions as assessing
from controls.assessment import queries as assessments
from controls.assessment.rules import Scores
from controls.assessment.words import State as Form
from controls.base.audit import EventRow
from controls.base.by import By
from controls.base.db import db, transaction
from controls.base.why import NOT_FOUND, Refused
from controls.effectiveness import actions as testing
from controls.effectiveness import queries as tests_of
from controls.effectiveness import rules as tested
from controls.effectiveness.words import Result
from controls.evidence import actions as evidence
from controls.finding import actions as finding
from controls.finding import rules as found
from controls.finding.words import Severity
from controls.forum import actions as forum
from controls.forum.rules import Attendance
from controls.forum.words import Declared, Function, Ruling
from controls.history import actions as history
from controls.history.kinds import BY_SLUG
from controls.history.words import LegalBasis
from controls.identity import actions as identity
from controls.identity import queries as people
from controls.identity.permissions import Role
from controls.identity.tables import Person
from controls.identity.visits import Visited, VisitTask
from controls.identity.words import KeeperKind
from controls.papers import actions as papers
from controls.recommendation import actions as recommending
from controls.recommendation.rules import LineValues
from controls.recommendation.words import DeferCode, ReasonCode, Recommended
from controls.review import actions as reviewing
from controls.review import rules as reviewed
from controls.review.tables import Review
from controls.review.words import Cover
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.universe.rules import Facts
from controls.visiting import actions as visiting
from controls.visiting.rules import Asked
from controls.wheel import actions as wheel
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from controls.wheel.tables import Cycle
from tests import make
from tests.assessment.year import CATALOGUE, GOOD
from tests.effectiveness import setting
from tests.effectiveness.test_actions import FINE
from tests.evidence.builders import PDF
from tests.papers.filled import whole
from tests.recommendation import scene as stage
from tests.review import scene as scenes

EARLY = datetime(2024, 1, 5, 9, 0, tzinfo=stage.AT.tzinfo)
LATE = datetime(2026, 9, 1, 9, 0, tzinfo=stage.AT.tzinfo)
WHY = "Rettes, fordi perioden var forkert."
BUSINESS = (Role.GRP, Role.CTL, Role.OWN, Role.SEC, Role.VDM, Role.VDC)
ACTS, NAMES = (Role.GRP, Role.CTL, Role.SEC), (Role.CTL, Role.VDC)
"""The roles that suffice for acting, and for being named."""
HIGH = replace(GOOD, scores=stage.HIGH, reason_no_key_control="Nøglekontrol: to godkender.")
CHANGED = Scores(4, 4, 4, 3, 3)
HUMANS, ADMINS = 4, 3


@dataclass(frozen=True)
class Named:
    """Whom an act names (three), and which of two ways it goes."""

    all: tuple[int, ...]
    flag: bool = False

    @property
    def one(self) -> int:
        """The first of them."""
        return self.all[0]

    @property
    def two(self) -> int:
        """The second."""
        return self.all[1]

    @property
    def three(self) -> int:
        """The third."""
        return self.all[2]


Do = Callable[["Year", By, Named], Any]


@dataclass(frozen=True)
class Step:
    """One act of the year: when, who naturally does it, and what lets a person without part do it."""

    do: Do
    at: datetime
    natural: Callable[["Year"], Sequence[int | None]] | None = None
    admin: bool = False
    ready: Callable[["Year", Named], None] | None = None
    done: Callable[["Year"], bool] | None = None
    names: bool = False
    """Whether the humans it names take a side too."""
    once: bool = False
    """Whether doing it again would take the year off its way."""


STEPS: list[Step] = []


def step(at: datetime, **more: Any) -> Callable[[Do], Do]:
    """The next act of the year."""

    def keep(do: Do) -> Do:
        STEPS.append(Step(do, at, **more))
        return do

    return keep


class Year:
    """A ministry with two agencies, everybody in random trouble, and the year of one of them."""

    def __init__(self, patch: Any) -> None:
        scene = stage.build(make, patch, opened=False)
        self.ministry, self.agency, self.part = scene.ministry.id, scene.agency.id, scene.part
        self.other = make.organisation("ALS", "DEP").id
        self.number = 0
        self.cast: list[tuple[int, int]] = []
        for human in range(HUMANS + ADMINS):
            roles = BUSINESS if human < HUMANS else (Role.ADM,)
            first = self.person(*roles)
            second = self.person(*((*ACTS, Role.VDM) if human < HUMANS else ()), home=self.other)
            self.cast.append((first, second))
        self.clerk, self.chair = self.person(Role.ADM), self.person(Role.VDC)
        for first, second in self.cast:
            self.do(accounts.tell_same_person, self.clerk, second, None, first, at=EARLY)
        clerk = self.person(Role.GRP)
        self.cycle = self.do(
            wheel.open_cycle, clerk, self.agency, 2026, Parameters(100, 3, 5, 5, 5), default_dates(2026), at=stage.AT
        ).id
        for _ in range(2):
            self.do(wheel.advance, clerk, self.cycle, None, at=stage.AT)
        self.process = self._process("KRE-1")
        self.at, self.bringers = stage.AT, set[int]()
        self.draft: Any = None
        self.recommendation = self.meeting = self.told = self.review = self.risk = self.control = self.test = 0
        self.finding = self.action = self.file = self.request = self.role = self.grant = self.redaction = 0
        self.chaired = self.member = self.guest = self.nobody = 0
        self.seen, self.returned, self.sent_back = list[str](), False, False

    def person(self, *roles: Role, home: int = 0) -> int:
        """Somebody new with these roles over both agencies."""
        self.number += 1
        by = make.system(EARLY)
        with transaction():
            row = identity.add_person(by, f"p{self.number}", f"Person {self.number}", home or self.agency)
            db.session.flush()
            for role in roles:
                identity.grant_role(by, row.id, role, self.ministry)
            id = row.id
        return id

    def system(self) -> By:
        """The command line."""
        return make.system(self.at)

    def someone(self) -> Named:
        """Three who have done nothing yet."""
        return Named(tuple(self.person(*NAMES) for _ in range(3)))

    def do(self, act: Any, who: int, *args: Any, at: datetime | None = None) -> Any:
        """An act of somebody in a transaction of his own."""
        by = make.by(db.session.get_one(Person, who), at or self.at)
        with transaction():
            return act(by, *args)

    def _process(self, code: str) -> int:
        row = universe.process_by_code(self.agency, code)
        assert row is not None
        return row.id

    def form(self, code: str) -> Any:
        """The assessment of a process."""
        return assessments.of_process(self.cycle, self._process(code))

    def state(self) -> Review:
        """The review as it is now."""
        return db.session.get_one(Review, self.review)

    def team(self) -> tuple[int | None, ...]:
        """Who leads and tests."""
        row = db.session.get(Review, self.review)
        return (row.lead_id, row.tester_id) if row else ()

    def owner(self) -> tuple[int | None, ...]:
        """Who owns the process."""
        row = universe.process(self.process)
        return (row.owner_id, row.deputy_id) if row else ()

    def owner_of(self, table: str, id: int) -> tuple[int | None, ...]:
        """Who owns a finding or an action."""
        of = db.metadata.tables[table]
        return tuple(db.session.scalars(select(of.c.owner_id).where(of.c.id == id)))

    def seats(self, chair: int, member: int, third: int) -> list[Attendance]:
        """Three there; who wrote the recommendation has no vote (S5), so the chair is another and the rest listen."""
        told = select(EventRow.person_id, EventRow.on_behalf_of).where(EventRow.action.startswith("recommendation."))
        wrote = set(people.roots(id for row in db.session.execute(told) for id in row).values())
        root = people.roots((chair, member, third))
        chair = next((id for id in (chair, member, third) if root[id] not in wrote), chair)
        rest = [one for one in (member, third) if one != chair]
        return [Attendance(chair, Function.CHAIR, root[chair] not in wrote)] + [
            Attendance(one, Function.OTHER if root[one] in wrote else Function.MEMBER, True) for one in rest
        ]


# --- The catalogue and the assessments ---


@step(stage.AT, once=True)
def bring(year: Year, by: By, named: Named) -> None:
    """Bring a catalogue file."""
    year.draft = papers.save_draft(by, year.other, CATALOGUE, "katalog.csv")
    year.seen = whole(by, year.draft)
    year.bringers = {id for id in (by.person_id, by.on_behalf_of) if id is not None}


@step(stage.AT)
def take(year: Year, by: By, named: Named) -> None:
    """Confirm it (S15)."""
    papers.take_catalogue(by, year.draft or 0, year.seen)


@step(stage.AT, names=True)
def own_process(year: Year, by: By, named: Named) -> None:
    """Say who owns the process and deputises (S4)."""
    row = universe.process(year.process)
    assert row is not None
    catalogue.edit_process(by, row.id, row.version, Facts(named.one, named.two if named.flag else None))


def _assess(code: str) -> Do:
    """The next act on a form: filled in, sent back once, calibrated with or without change, approved (S1, S4)."""

    def act(year: Year, by: By, named: Named) -> None:
        form = year.form(code)
        if form.state in (Form.NOT_STARTED, Form.DRAFT, Form.RETURNED):
            answers = HIGH if code == "KRE-1" else replace(HIGH, scores=stage.LOW)
            assessing.submit(by, form.id, None, answers)
        elif form.state is Form.SUBMITTED and named.flag and not year.returned:
            assessing.return_to_author(by, form.id, None, WHY)
            year.returned = True
        elif form.state is Form.SUBMITTED:
            change = CHANGED if named.one % 2 and code == "KRE-1" else None
            assessing.calibrate(by, form.id, None, change, "Vi har ikke haft fejl i året." if change else "")
        else:
            assessing.approve(by, form.id, None)

    return act


STEPS += [
    Step(_assess(code), stage.AT, once=True, done=lambda year, code=code: year.form(code).state is Form.SUBMITTED)  # type: ignore[misc]
    for code in ("KRE-1", "LON-1")
]


@step(stage.AT, once=True)
def go_on(year: Year, by: By, named: Named) -> None:
    """The year's next step."""
    wheel.advance(by, year.cycle, None)


STEPS += [
    Step(_assess(code), stage.AT, done=lambda year, code=code: year.form(code).state is Form.APPROVED)  # type: ignore[misc]
    for code in ("KRE-1", "LON-1")
]


# --- The recommendation and the forum ---


@step(stage.MAY)
def begin(year: Year, by: By, named: Named) -> None:
    """Begin the recommendation (S5)."""
    year.recommendation = recommending.start(by, year.cycle).id


@step(stage.MAY)
def put(year: Year, by: By, named: Named) -> None:
    """Recommend a review."""
    values = LineValues(
        year.part["KRE-1.1"], Recommended.REVIEW, (ReasonCode.DUE,), "Forfald i år.", 40, proposed_lead_id=named.one
    )
    recommending.put_line(by, year.recommendation, values)


@step(stage.MAY)
def put_off(year: Year, by: By, named: Named) -> None:
    """Recommend to defer the other."""
    values = LineValues(
        year.part["KRE-1.2"], Recommended.DEFER, (ReasonCode.DUE,), "Forfald i år.", 40, defer_to=2027,
        defer_code=DeferCode.CAPACITY, compensating_measure="Loggen læses hver uge.",
    )  # fmt: skip
    recommending.put_line(by, year.recommendation, values)


@step(stage.MAY)
def hand_over(year: Year, by: By, named: Named) -> None:
    """Hand it over."""
    recommending.hand_over(by, year.recommendation)


@step(stage.MAY)
def announce(year: Year, by: By, named: Named) -> None:
    """Call the forum together."""
    year.meeting = forum.announce(by, year.agency, 2026, date(2026, 6, 12), organisation_id=year.ministry).id


@step(stage.JUNE, once=True)
def seat(year: Year, by: By, named: Named) -> None:
    """Say who is there (S5, S6)."""
    seats = year.seats(named.one, named.two, named.three)
    forum.set_presence(by, year.meeting, None, seats)
    year.chaired = seats[0].person_id
    year.member = [seat.person_id for seat in seats if seat.function is not Function.OTHER][-1]


@step(stage.JUNE, natural=lambda year: [year.member])
def tell(year: Year, by: By, named: Named) -> None:
    """A member tells of a matter of his own (S7)."""
    what = "Min ægtefælle er ansat hos leverandøren."
    year.told = forum.declare(by, year.meeting, year.part["KRE-1.1"], None, Declared.DISCLOSED, what).id


def _others(year: Year, named: Named) -> None:
    """Somebody new leads the meeting in which the member stays."""
    clerk = year.person(Role.SEC)
    seats = year.seats(named.one, year.member, named.three)
    year.do(forum.set_presence, clerk, year.meeting, None, seats)
    year.chaired = seats[0].person_id


@step(stage.JUNE, ready=_others, names=True)
def judge(year: Year, by: By, named: Named) -> None:
    """The others rule on it (S7)."""
    forum.rule(by, year.told, None, Ruling.RULED_IMPARTIAL, {year.chaired})


@step(stage.JUNE)
def agree(year: Year, by: By, named: Named) -> None:
    """Record the decisions (S5, S6)."""
    forum.agree_with_rest(by, year.meeting)


@step(stage.JUNE)
def note(year: Year, by: By, named: Named) -> None:
    """Write the minutes."""
    forum.write_note(by, year.meeting, None, "Mødet blev holdt.")


@step(stage.JUNE)
def send(year: Year, by: By, named: Named) -> None:
    """Send them to the chair."""
    forum.send_to_chair(by, year.meeting)


def _new_chair(year: Year, named: Named) -> None:
    """The minutes come back, and another is noted as the chair."""
    year.do(forum.return_to_secretary, year.chair, year.meeting, None, "Formanden er en anden.")
    _others(year, named)
    clerk = year.person(Role.SEC)
    year.do(forum.rule, clerk, year.told, None, Ruling.RULED_IMPARTIAL, {named.one})
    year.do(forum.send_to_chair, clerk, year.meeting)


@step(stage.JUNE, natural=lambda year: [year.chaired], ready=_new_chair)
def lock(year: Year, by: By, named: Named) -> None:
    """The chair approves the minutes (S6, S5); the review begins."""
    forum.lock(by, year.meeting)
    year.review = db.session.scalars(
        select(Review.id).where(Review.organisation_id == year.agency).order_by(Review.id)
    ).one()


# --- The review ---


@step(LATE)
def plan(year: Year, by: By, named: Named) -> None:
    """Name lead, tester and quality reviewer."""
    reviewing.plan(by, year.review, None, reviewed.Plan(named.one, named.two, named.three))


def _team(year: Year, named: Named) -> None:
    """Another team, of people who have done nothing."""
    clerk = year.person(Role.GRP)
    year.do(reviewing.plan, clerk, year.review, None, reviewed.Plan(named.one, named.two, named.three))


TEAM: dict[str, Any] = {"natural": Year.team, "ready": _team}


@step(LATE, natural=lambda year: year.team()[:1], ready=_team)
def declare(year: Year, by: By, named: Named) -> None:
    """The lead declares independence (S3)."""
    reviewing.declare_independence(by, year.review, None)


@step(LATE, **TEAM)
def scope(year: Year, by: By, named: Named) -> None:
    """Describe the scope."""
    reviewing.describe_scope(by, year.review, None, "Alle betalinger.", date(2026, 1, 1), date(2026, 12, 31))


@step(LATE, **TEAM)
def start(year: Year, by: By, named: Named) -> None:
    """Begin the work."""
    reviewing.start(by, year.review, None)


@step(LATE, **TEAM)
def walk(year: Year, by: By, named: Named) -> None:
    """Walk through."""
    reviewing.describe_walkthrough(by, year.review, None, LATE.date(), "Bilag 1021.")


@step(LATE, **TEAM)
def describe_risk(year: Year, by: By, named: Named) -> None:
    """Describe a risk."""
    year.risk = reviewing.add_risk(by, year.part["KRE-1.1"], scenes.RISK).id


@step(LATE, **TEAM, names=True, once=True)
def describe_control(year: Year, by: By, named: Named) -> None:
    """Describe a control with its owner, perhaps its performer (S2, S4)."""
    values = replace(scenes.CONTROL, owner_id=named.two, performer_id=named.three if named.flag else None)
    year.control = reviewing.add_control(by, year.part["KRE-1.1"], values).id


@step(LATE, **TEAM)
def link(year: Year, by: By, named: Named) -> None:
    """Say that the control covers the risk."""
    reviewing.put_link(by, year.risk, year.control, reviewed.LinkValues(Cover.FULL))


@step(LATE, **TEAM)
def test_design(year: Year, by: By, named: Named) -> None:
    """Test the design (S2, S3, S4)."""
    reviewing.test_design(by, year.review, year.control, scenes.GOOD)


@step(LATE, **TEAM)
def plan_test(year: Year, by: By, named: Named) -> None:
    """Plan the test of operation."""
    year.test = testing.plan_test(by, year.review, year.control, setting.PLAN).id


@step(LATE, **TEAM)
def count(year: Year, by: By, named: Named) -> None:
    """Confirm the population."""
    testing.confirm_population(by, year.test, None, setting.population())


@step(LATE, **TEAM)
def draw(year: Year, by: By, named: Named) -> None:
    """Draw the sample."""
    testing.draw(by, year.test, None)


@step(LATE, **TEAM)
def record(year: Year, by: By, named: Named) -> None:
    """Record the results."""
    line = tests_of.in_line(tests_of.items(year.test))
    testing.record_items(by, year.test, [tested.ItemValue(one.rank, Result.PASS) for one in line])


@step(LATE, **TEAM)
def conclude_test(year: Year, by: By, named: Named) -> None:
    """Conclude the test."""
    testing.conclude(by, year.test, None, FINE)


@step(LATE, **TEAM, once=True)
def raise_finding(year: Year, by: By, named: Named) -> None:
    """Raise a finding, whose owner is named."""
    values = found.Values(
        year.agency, year.part["KRE-1.1"], "To af tre mangler underskrift", "Instruksen kræver to", "Ferie",
        "Uberettiget betaling", Severity.SIGNIFICANT, review_id=year.review, control_id=year.control,
        owner_id=named.one,
    )  # fmt: skip
    year.finding = finding.raise_finding(by, values).id


@step(LATE, **TEAM)
def upload(year: Year, by: By, named: Named) -> None:
    """Add evidence to the review (S10)."""
    given = (year.agency, "review_review", year.review, "bilag.pdf", io.BytesIO(PDF), "Godkendt bilag")
    year.file = evidence.add(by, *given).id


@step(LATE, **TEAM)
def conclude(year: Year, by: By, named: Named) -> None:
    """Write the draft."""
    reviewing.conclude(by, year.review, None, scenes.CONCLUSION)


@step(LATE, natural=Year.team)
def hear(year: Year, by: By, named: Named) -> None:
    """Send it to the owner."""
    reviewing.send_to_hearing(by, year.review, None)


def _new_owner(year: Year, named: Named) -> None:
    """The process has another owner."""
    row, clerk = universe.process(year.process), year.person(Role.GRP)
    assert row is not None
    year.do(catalogue.edit_process, clerk, row.id, row.version, Facts(named.one, None))


@step(LATE, natural=Year.owner, ready=_new_owner)
def answer(year: Year, by: By, named: Named) -> None:
    """The owner answers."""
    reviewing.answer_hearing(by, year.review, None, "Enig.")


def _reviewer(year: Year) -> list[int | None]:
    row = db.session.get(Review, year.review)
    return [row.quality_reviewer_id] if row else []


@step(LATE, natural=_reviewer)
def send_back(year: Year, by: By, named: Named) -> None:
    """Send the test back, or sign it (S3, S4)."""
    if named.flag and not year.sent_back:
        testing.send_back(by, year.test, None, WHY)
        testing.conclude(make.by(db.session.get_one(Person, year.state().tester_id), by.at), year.test, None, FINE)
        year.sent_back = True
        return
    testing.quality_review(by, year.test, None)


@step(LATE, natural=_reviewer)
def quality(year: Year, by: By, named: Named) -> None:
    """Quality-review the whole (S3, S4)."""
    reviewing.quality_review(by, year.review, None, "Gennemgået.")


# --- What the review found ---


@step(LATE)
def hear_finding(year: Year, by: By, named: Named) -> None:
    """Ask the owner of the finding."""
    finding.send_to_hearing(by, year.finding, None)


@step(LATE)
def confirm_finding(year: Year, by: By, named: Named) -> None:
    """Confirm the finding (S12)."""
    finding.confirm(by, year.finding, None, "Enig. Blanketten bliver låst.", date(2026, 12, 1), named.two)


@step(LATE, names=True, once=True)
def agree_action(year: Year, by: By, named: Named) -> None:
    """Agree on an action with its owner (S12)."""
    values = found.ActionValues("Lås blanketten", named.one, date(2026, 12, 1), named.two)
    year.action = finding.agree_action(by, year.finding, values).id


def _action_owner(year: Year) -> tuple[int | None, ...]:
    return year.owner_of("finding_action", year.action)


@step(LATE, natural=_action_owner)
def start_action(year: Year, by: By, named: Named) -> None:
    """Begin the action."""
    finding.start_action(by, year.action, None)


@step(LATE, natural=_action_owner)
def report_done(year: Year, by: By, named: Named) -> None:
    """Report it done (S12)."""
    finding.report_done(by, year.action, None, "Låst 1. september")


@step(LATE, natural=_action_owner)
def prove(year: Year, by: By, named: Named) -> None:
    """Add evidence to the action."""
    given = (year.agency, "finding_action", year.action, "log.pdf", io.BytesIO(PDF), "Log")
    evidence.add(by, *given)


@step(LATE)
def verify(year: Year, by: By, named: Named) -> None:
    """Verify it (S12), or reject it."""
    finding.verify(by, year.action, None, "Set")


@step(LATE)
def approve(year: Year, by: By, named: Named) -> None:
    """Approve the review (S3, S4)."""
    reviewing.approve(by, year.review, None)


@step(LATE, natural=Year.owner, ready=_new_owner, names=True)
def hand_on(year: Year, by: By, named: Named) -> None:
    """The control has another owner from now (S2, S4)."""
    values = replace(scenes.CONTROL, owner_id=named.two, performer_id=named.three if named.flag else None)
    reviewing.edit_control(by, year.control, None, values)


@step(LATE)
def close(year: Year, by: By, named: Named) -> None:
    """Close the finding (S12)."""
    finding.close(by, year.finding, None, "Blanketten er låst.")


@step(LATE, natural=Year.team)
def ask_again(year: Year, by: By, named: Named) -> None:
    """Ask that the finding be taken up again (S11)."""
    finding.ask_reopening(by, year.finding, None, WHY)


@step(LATE)
def take_up(year: Year, by: By, named: Named) -> None:
    """Let it be taken up again (S11)."""
    finding.approve_reopening(by, year.finding, None)


@step(LATE, natural=Year.team)
def ask_review(year: Year, by: By, named: Named) -> None:
    """Ask that the review be reopened (S11)."""
    reviewing.ask_reopening(by, year.review, None, WHY)


@step(LATE)
def reopen(year: Year, by: By, named: Named) -> None:
    """Let it be reopened, or not (S11)."""
    if named.flag:
        reviewing.refuse_reopening(by, year.review, None, "Den står ved magt.")
    else:
        reviewing.approve_reopening(by, year.review, None)


# --- Files, texts, visitors, roles, keepers ---


@step(LATE, natural=Year.team)
def ask_withdrawal(year: Year, by: By, named: Named) -> None:
    """Ask that a file no longer counts (S10)."""
    year.request = evidence.ask_withdrawal(by, year.file, WHY).id


@step(LATE)
def withdraw(year: Year, by: By, named: Named) -> None:
    """Approve it (S10)."""
    evidence.approve(by, year.request, None)


@step(LATE, admin=True)
def ask_redaction(year: Year, by: By, named: Named) -> None:
    """Ask that a text be removed (S13)."""
    given = (BY_SLUG["finding"], year.finding, "cause", LegalBasis.UNLAWFUL, "Helbredsoplysning")
    year.redaction = history.ask_redaction(by, *given).id


@step(LATE)
def redact(year: Year, by: By, named: Named) -> None:
    """Approve it (S13)."""
    history.approve_redaction(by, year.redaction, None)


def _visitor(year: Year, named: Named) -> None:
    """Somebody new of the other agency may be lent."""
    year.guest = year.person(Role.CTL, home=year.other)


@step(LATE, ready=_visitor, names=True)
def ask_visitor(year: Year, by: By, named: Named) -> None:
    """Ask for a visitor (S8, S9)."""
    guest, year.guest = year.guest or named.one, 0
    asked = Asked(
        guest, VisitTask.TESTER, Visited.PROCESS, year.process, by.today, by.today + timedelta(days=60), WHY
    )  # fmt: skip
    year.grant = visiting.ask(by, asked).id


@step(LATE)
def lend(year: Year, by: By, named: Named) -> None:
    """Lend him."""
    visiting.lend(by, year.grant, None)


@step(LATE, admin=True)
def prepare(year: Year, by: By, named: Named) -> None:
    """Ask for his role (S8)."""
    visiting.prepare(by, year.grant, None)


@step(LATE, admin=True)
def grant(year: Year, by: By, named: Named) -> None:
    """Grant it (S8, S9)."""
    visiting.grant(by, year.grant, None)


def _nobody(year: Year, named: Named) -> None:
    """Somebody without any role may get one."""
    year.nobody = year.person()


@step(LATE, admin=True, names=True, ready=_nobody)
def ask_role(year: Year, by: By, named: Named) -> None:
    """Ask for a role for somebody (S8, S9)."""
    whom, year.nobody = year.nobody or named.one, 0
    role = Role.ADM if named.flag else Role.AUD
    year.role = accounts.ask_role(by, whom, role, year.ministry, WHY).id


@step(LATE, admin=True)
def approve_role(year: Year, by: By, named: Named) -> None:
    """Approve it (S8, S9)."""
    accounts.approve_role(by, year.role, None)


def _keep(kind: KeeperKind) -> Do:
    def act(year: Year, by: By, named: Named) -> None:
        """Enter somebody in the register (S16)."""
        accounts.add_keeper(by, year.ministry, kind, "", "Boks i banken", named.one)

    return act


STEPS += [Step(_keep(kind), LATE, admin=True, names=True) for kind in (KeeperKind.DATABASE, KeeperKind.CHECKPOINTS)]


# --- The end of the year ---

STEPS += [Step(go_on, LATE, once=True) for _ in range(2)]


@step(LATE)
def propose_close(year: Year, by: By, named: Named) -> None:
    """Propose to close the year (S14)."""
    wheel.propose_close(by, year.cycle, None, "Året er afsluttet efter planen.")


@step(LATE)
def close_year(year: Year, by: By, named: Named) -> None:
    """Close it (S14)."""
    if not db.session.get_one(Cycle, year.cycle).close_proposed_by_id:
        raise Refused([NOT_FOUND()])
    wheel.advance(by, year.cycle, None)


__all__ = ["ACTS", "ADMINS", "HUMANS", "LATE", "Named", "STEPS", "Step", "Year"]
