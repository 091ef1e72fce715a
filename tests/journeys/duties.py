"""The table of different persons: for each rule its two acts by the product's own actions, and what comes between.

A row builds its own small ground. `first` and `second` are the two acts of the rule, each by the author it is given;
`place` names a person where the acts need it, `ready` lets both acts be possible in the same moment.
"""

import io
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from unittest import mock

from sqlalchemy import literal

from controls.accounts import actions as accounts
from controls.assessment import actions as assessing
from controls.assessment.rules import Scores
from controls.base.by import By, Reach
from controls.base.db import Choice, db, transaction
from controls.evidence import actions as evidence
from controls.evidence import queries as files
from controls.finding import actions as finding
from controls.finding.rules import ActionValues
from controls.forum import actions as forum
from controls.forum.rules import Attendance
from controls.forum.words import Declared, Function, Ruling
from controls.history import actions as history
from controls.history.kinds import BY_SLUG
from controls.history.words import LegalBasis
from controls.identity import queries as people
from controls.identity.duties import Duty
from controls.identity.permissions import Role, reach
from controls.identity.visits import Visited, VisitTask, visits
from controls.identity.words import KeeperKind
from controls.papers import actions as papers
from controls.recommendation import actions as recommending
from controls.review import actions as reviewing
from controls.review import queries as reviews
from controls.review import rules as reviewed
from controls.review.words import Outcome
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.universe.rules import Facts
from controls.visiting import actions as visiting
from controls.wheel import actions as wheel
from controls.wheel import queries as cycles
from controls.wheel.tables import Cycle
from controls.wheel.words import State as Phase
from tests import make
from tests.assessment import year as years
from tests.effectiveness import setting
from tests.evidence.builders import PDF
from tests.finding import test_actions as findings
from tests.forum import test_actions as meetings
from tests.papers.filled import whole
from tests.photograph import photographed
from tests.recommendation import scene as stage
from tests.recommendation import test_actions as drafts
from tests.review import scene as scenes
from tests.visiting.scene import Houses

WHY = "Rettes, fordi perioden var forkert."
NO_RACE = "the first act is done, or makes the object, before the second can be tried: the second is sent twice instead"
NAMED = "the first side is being named, which nobody does on another's behalf"


class Row:
    """One line of the table: the rule, the roles of its two acts, and where a way does not apply, why."""

    duty: ClassVar[Duty]
    one: ClassVar[Role]
    two: ClassVar[Role]
    at: ClassVar[datetime] = make.NOW
    later: ClassVar[datetime | None] = None
    """When the second act comes, if not at the same time."""
    named: ClassVar[bool] = False
    lent: ClassVar[bool] = False
    """Whether no person can ever hold both roles (S9): the reach is then lent by hand, so that this rule answers."""
    race: ClassVar[bool] = False
    excused: ClassVar[dict[str, str]] = {}
    check: ClassVar[tuple[str, str, str] | None] = None
    """A table whose own constraint keeps a fixed rule: the column of the second person, and that of the first."""

    def __init__(self, patch: Any, stack: ExitStack) -> None:
        self.home: Any = None
        self.make = make
        self.wire(patch, stack)
        vars(self).update(ground(type(self)))

    def wire(self, patch: Any, stack: ExitStack) -> None:
        """What the factory would have filled."""

    def build(self) -> None:
        """Every row before the first act."""
        raise NotImplementedError

    def place(self, person: Any) -> None:
        """Name a person where the first act needs it."""

    def admit(self, person: Any) -> None:
        """Name a person where the second act needs it."""

    def first(self, by: By) -> Any:
        """The first act of the rule."""
        raise NotImplementedError

    def between(self) -> None:
        """What others do between the acts."""

    def second(self, by: By) -> Any:
        """The second act."""
        raise NotImplementedError

    def ready(self) -> None:
        """Bring it where either act could come first."""

    def race_first(self, by: By) -> Any:
        """The first act in the moment in which the second is possible."""
        return self.first(by)

    def race_second(self, by: By) -> Any:
        """The second act in that moment."""
        return self.second(by)

    def person(self, name: str, *roles: Role, home: Any = None) -> Any:
        """Somebody with roles."""
        row = self.make.person(name, roles[0] if roles else None, home or self.home, self.at)
        for role in roles[1:]:
            self.give(row, role)
        return row

    def give(self, person: Any, role: Role, where: Any = None) -> None:
        """Give a role from the command line."""
        with transaction():
            self.make.actions.grant_role(make.system(self.at), person.id, role, (where or self.home).id)

    def by(self, person: Any, principal: Any = None) -> By:
        """A person as author, perhaps on another's behalf; with the reach of both roles where no one can hold both."""
        found = people.by_of(person, self.at, self.at.date(), principal=principal)
        if self.lent:
            found = replace(found, reach=reach([(role, self.home.id) for role in (self.one, self.two)]))
        return self.widened(found)

    def widened(self, by: By) -> By:
        """The author, with what else he needs."""
        return by

    def do(self, act: Any, who: Any, *args: Any, **kw: Any) -> Any:
        """One action in a transaction of its own, by somebody of the ground."""
        author = who if isinstance(who, By) else self.make.by(who, self.at)
        with transaction():
            return act(author, *args, **kw)


@photographed
def ground(kind: type[Row]) -> dict[str, Any]:
    """What a line of the table has before its first act."""
    row = object.__new__(kind)
    row.make, row.home = make, None
    row.build()
    return vars(row)


class Assessed(Row):
    """S1: who submitted a form or changed its scores does not approve it."""

    duty, one, two, race = Duty.S1, Role.CTL, Role.GRP, True

    def wire(self, patch: Any, stack: ExitStack) -> None:
        stack.enter_context(contextmanager(years.wired)())

    def build(self) -> None:
        self.year = years.Year()
        self.home = self.year.organisation
        self.form = self.year.form().id

    def first(self, by: By) -> None:
        self.do(assessing.submit, by, self.form, None, years.GOOD)

    def between(self) -> None:
        for code in ("KRE-3", "LON-1"):
            self.year.submit(code)
        self.year.go_to(Phase.CALIBRATING)
        self.do(assessing.calibrate, self.year.first, self.form, None, None)

    def second(self, by: By) -> None:
        self.do(assessing.approve, by, self.form, None)

    def ready(self) -> None:
        self.first(make.by(self.year.controller))
        self.between()

    def race_first(self, by: By) -> None:
        self.do(assessing.calibrate, by, self.form, None, Scores(2, 2, 4, 2, 2), "Vi har ikke haft fejl i året.")


class Changed(Assessed):
    """S1: the same for one of the group who changed the scores when calibrating."""

    one = Role.GRP

    def first(self, by: By) -> None:
        if by.person_id == self.year.controller.id:
            super().first(by)
            return
        self.year.submit()
        super().between()
        self.race_first(by)

    def between(self) -> None:
        if self.year.phase is not Phase.CALIBRATING:
            super().between()


class Owned(Row):
    """S2: who owns or performs a control does not test it."""

    duty, one, two, race, named = Duty.S2, Role.OWN, Role.CTL, True, True

    def build(self) -> None:
        self.scene = scenes.started(self.make)
        self.home, self.people = self.scene.organisation, self.scene.people

    def place(self, person: Any) -> None:
        self.owner = person

    def admit(self, person: Any) -> None:
        ids = (self.people["lead"].id, person.id, self.people["reviewer"].id)
        self.do(reviewing.plan, self.people["group"], self.scene.review_id, None, reviewed.Plan(*ids))

    def first(self, by: By) -> None:
        values = replace(scenes.CONTROL, owner_id=self.owner.id)
        self.do(reviewing.edit_control, self.people["owner"], self.scene.controls[0], None, values)

    def second(self, by: By) -> None:
        self.do(reviewing.test_design, by, self.scene.review_id, self.scene.controls[0], scenes.GOOD)

    def ready(self) -> None:
        self.admit(self.owner)


class Tested(Row):
    """S3: who tested in a review does not quality-review it, though another is its tester now."""

    duty, one, two, race = Duty.S3, Role.CTL, Role.GRP, True
    check = ("review_review", "approved_by_id", "lead_id")

    def build(self) -> None:
        self.scene = scenes.started(self.make)
        self.home, self.people = self.scene.organisation, self.scene.people
        self.lend = False

    def _plan(self, tester: Any) -> None:
        ids = (self.people["lead"].id, tester.id, self.people["reviewer"].id)
        self.do(reviewing.plan, self.people["group"], self.scene.review_id, None, reviewed.Plan(*ids))

    def place(self, person: Any) -> None:
        self._plan(person)

    def first(self, by: By) -> None:
        self.do(reviewing.test_design, by, self.scene.review_id, self.scene.controls[0], scenes.GOOD)

    def between(self) -> None:
        self._plan(self.people["tester"])
        self.scene.do(reviewing.test_design, "tester", self.scene.review_id, self.scene.controls[1], scenes.GOOD)
        self.scene.do(reviewing.conclude, "lead", self.scene.review_id, None, scenes.CONCLUSION)

    def second(self, by: By) -> None:
        self.do(reviewing.quality_review, by, self.scene.review_id, None, "Gennemgået.")

    def ready(self) -> None:
        """One of the group who is lent to the review as tester too; the first test waits for its quality review."""
        self._plan(self.people["tester"])
        self.first(make.by(self.people["tester"]))
        self.lend = True

    def widened(self, by: By) -> By:
        there = (VisitTask.TESTER, Visited.REVIEW, self.scene.review_id)
        far = {name: dict.fromkeys(places, Reach.ALL) for name, places in visits([there]).items()}
        return replace(by, visits=far) if self.lend else by

    def race_first(self, by: By) -> None:
        self.do(reviewing.test_design, by, self.scene.review_id, self.scene.controls[1], scenes.GOOD)

    def race_second(self, by: By) -> None:
        test = reviews.design_test(self.scene.review_id, self.scene.controls[0])
        self.do(reviewing.review_design, by, test.id if test else 0, None)


class Led(Tested):
    """S3: who led a review does not approve it, though another leads it now."""

    race, excused = False, {"at_once": NO_RACE}

    def wire(self, patch: Any, stack: ExitStack) -> None:
        patch.setattr(reviews, "OPERATED", [lambda review_id: literal(Outcome.EFFECTIVE, Choice(Outcome))])
        patch.setattr(reviews, "GATES_TO_APPROVE", [])

    def _plan(self, tester: Any) -> None:
        ids = (tester.id, self.people["tester"].id, self.people["reviewer"].id)
        self.do(reviewing.plan, self.people["group"], self.scene.review_id, None, reviewed.Plan(*ids))

    def first(self, by: By) -> None:
        self.do(reviewing.declare_independence, by, self.scene.review_id, None)

    def between(self) -> None:
        self._plan(self.people["lead"])
        for control in self.scene.controls:
            self.scene.do(reviewing.test_design, "tester", self.scene.review_id, control, scenes.GOOD)
        self.scene.do(reviewing.conclude, "lead", self.scene.review_id, None, scenes.CONCLUSION)
        self.scene.do(reviewing.send_to_hearing, "lead", self.scene.review_id, None)
        self.scene.do(reviewing.answer_hearing, "owner", self.scene.review_id, None, "Enig.")
        self.scene.do(reviewing.quality_review, "reviewer", self.scene.review_id, None, "Gennemgået.")

    def second(self, by: By) -> None:
        self.do(reviewing.approve, by, self.scene.review_id, None)


class InLine(Assessed):
    """S4: who has line duty in a process does not approve in it."""

    duty, one, two, named = Duty.S4, Role.OWN, Role.GRP, True

    def place(self, person: Any) -> None:
        self.deputy = person

    def first(self, by: By) -> None:
        process = universe.process_by_code(self.home.id, "KRE-1")
        assert process is not None
        facts = Facts(self.year.owner.id, self.deputy.id)
        self.do(catalogue.edit_process, self.year.second, process.id, process.version, facts)

    def between(self) -> None:
        self.year.submit()
        super().between()

    def ready(self) -> None:
        self.between()

    def race_first(self, by: By) -> None:
        self.first(by)


class Wrote(Row):
    """S5: who wrote in the recommendation does not record the decisions on it."""

    duty, one, two, at = Duty.S5, Role.GRP, Role.SEC, stage.JUNE
    excused = {"at_once": NO_RACE}

    def wire(self, patch: Any, stack: ExitStack) -> None:
        stage.wire(patch)
        patch.setattr(forum, "ON_LOCK", [])

    def build(self) -> None:
        self.scene = stage.built(self.make)
        self.home, self.people = self.scene.ministry, self.scene.people

    def first(self, by: By) -> None:
        draft = drafts.begun(self.scene)
        values = drafts.LineValues(
            self.scene.part["KRE-1.1"], drafts.Recommended.REVIEW, (drafts.ReasonCode.DUE,), "Forfald i år.", 40,
            proposed_lead_id=self.people["controller"].id,
        )  # fmt: skip
        self.do(recommending.put_line, by, draft, values)
        drafts.put(
            self.scene, draft, "KRE-1.2", recommended=drafts.Recommended.DEFER, defer_to=2027,
            defer_code=drafts.DeferCode.CAPACITY, compensating_measure="Loggen læses hver uge.",
        )  # fmt: skip
        self.draft = draft

    def between(self) -> None:
        with transaction():
            recommending.hand_over(self.scene.by("second"), self.draft)
        self.meeting = meetings.announced(self.scene)

    def second(self, by: By) -> None:
        self.do(forum.write_note, by, self.meeting, None, "Mødet blev holdt.")


class Recorded(Row):
    """S6: who recorded the decisions does not confirm them."""

    duty, one, two, at = Duty.S6, Role.SEC, Role.VDC, stage.JUNE
    excused = {"at_once": NO_RACE}

    def wire(self, patch: Any, stack: ExitStack) -> None:
        stage.wire(patch)
        patch.setattr(forum, "ON_LOCK", [])

    def build(self) -> None:
        self.scene = stage.built(self.make)
        self.home, self.people = self.scene.ministry, self.scene.people
        drafts.handed_over(self.scene)
        self.meeting = meetings.recorded(self.scene)

    def place(self, person: Any) -> None:
        self.chair = person

    def first(self, by: By) -> None:
        self.do(forum.write_note, by, self.meeting, None, "Mødet blev holdt.")

    def between(self) -> None:
        self._send(self.chair)

    def _send(self, chair: Any) -> None:
        ids = {name: row.id for name, row in self.people.items()}
        there = [
            Attendance(chair.id, Function.CHAIR, True), Attendance(ids["member"], Function.MEMBER, True),
            Attendance(ids["other"], Function.MEMBER, True), Attendance(ids["secretary"], Function.SECRETARY, True),
        ]  # fmt: skip
        self.do(forum.set_presence, self.people["secretary"], self.meeting, None, there)
        self.do(forum.send_to_chair, self.people["secretary"], self.meeting)

    def admit(self, person: Any) -> None:
        self.do(forum.return_to_secretary, self.people["chair"], self.meeting, None, "Formanden er en anden.")
        self._send(person)

    def second(self, by: By) -> None:
        self.do(forum.lock, by, self.meeting)


class Told(Recorded):
    """S7: who told of a matter of his own does not rule on it, nor write how the others ruled."""

    duty, one, two = Duty.S7, Role.VDM, Role.SEC

    def place(self, person: Any) -> None:
        seats = [*meetings.there(self.scene), Attendance(person.id, Function.MEMBER, True)]
        self.do(forum.set_presence, self.people["secretary"], self.meeting, None, seats)

    def first(self, by: By) -> None:
        part, what = self.scene.part["KRE-1.1"], "Min ægtefælle er ansat hos leverandøren."
        self.told = self.do(forum.declare, by, self.meeting, part, None, Declared.DISCLOSED, what).id

    def between(self) -> None:
        pass

    def admit(self, person: Any) -> None:
        pass

    def second(self, by: By) -> None:
        self.do(forum.rule, by, self.told, None, Ruling.DISQUALIFIED, {self.people["chair"].id})


class Asked(Row):
    """S8: who asked for a role does not approve it."""

    duty, one, two = Duty.S8, Role.ADM, Role.ADM
    excused = {"at_once": NO_RACE}

    def build(self) -> None:
        self.make.organisation("DEP")
        self.home = self.make.organisation("STAR", "DEP")
        self.subject = self.person("subject")

    def first(self, by: By) -> None:
        self.request = self.do(accounts.ask_role, by, self.subject.id, Role.CTL, self.home.id, WHY).id

    def second(self, by: By) -> None:
        self.do(accounts.approve_role, by, self.request, None)


class Receives(Asked):
    """S8: who receives a role does not approve it."""

    named = True

    def build(self) -> None:
        super().build()
        self.asker = self.person("asker", Role.ADM)
        self.top = self.make.organisation("ALS", "DEP")
        self.give(self.asker, Role.ADM, self.top)

    def place(self, person: Any) -> None:
        self.subject = person

    def first(self, by: By) -> None:
        self.request = self.do(accounts.ask_role, self.asker, self.subject.id, Role.ADM, self.top.id, WHY).id

    def second(self, by: By) -> None:
        """The request is answered where the grant would hold, so the receiver's reach is lent for it."""
        self.do(accounts.approve_role, replace(by, reach=reach([(Role.ADM, self.top.id)])), self.request, None)


class Prepared(Row):
    """S8: who asked for a visitor's role does not grant it."""

    duty, one, two = Duty.S8, Role.ADM, Role.ADM
    excused = {"at_once": NO_RACE}

    def build(self) -> None:
        self.houses = Houses(years=False)
        self.home = self.houses.organisations["ALS"]
        asked = self.houses.asked("nara", VisitTask.TESTER)
        self.grant = int(self.houses.do(visiting.ask, "hebj", asked).id)
        self.houses.do(visiting.lend, "bemo", self.grant, None)

    def first(self, by: By) -> None:
        self.do(visiting.prepare, by, self.grant, None)

    def second(self, by: By) -> None:
        self.do(visiting.grant, by, self.grant, None)


class Lends(Row):
    """S8: who asked for a visitor does not lend him, though he is of both houses."""

    duty, one, two = Duty.S8, Role.GRP, Role.GRP
    excused = {"at_once": NO_RACE}

    def build(self) -> None:
        self.houses = Houses(years=False)
        self.home = self.houses.organisations["DEP"]
        self.asked = self.houses.asked("nara", VisitTask.TESTER)

    def first(self, by: By) -> None:
        self.grant = int(self.do(visiting.ask, by, self.asked).id)

    def second(self, by: By) -> None:
        self.do(visiting.lend, by, self.grant, None)


class Visits(Lends):
    """S8: nor does the visitor lend himself."""

    one, named = Role.CTL, True

    def build(self) -> None:
        super().build()
        self.home = self.houses.organisations["STAR"]

    def place(self, person: Any) -> None:
        self.asked = replace(self.asked, visitor_id=person.id)

    def first(self, by: By) -> None:
        super().first(self.houses.by("hebj"))


class Administers(Row):
    """S9: who administers the system, or ever did, holds no role in the control year."""

    duty, one, two, race = Duty.S9, Role.ADM, Role.GRP, True
    excused = {"first_by_stand_in": "a role is held by a person, it is no act that another does for him"}

    def build(self) -> None:
        self.make.organisation("DEP")
        self.home = self.make.organisation("STAR", "DEP")
        self.asker, self.giver = self.person("asker", Role.ADM), self.person("giver", Role.ADM)

    def _ask(self, by: By, role: Role) -> int:
        return int(self.do(accounts.ask_role, self.asker, by.own_id, role, self.home.id, WHY).id)

    def _give(self, request: int) -> None:
        self.do(accounts.approve_role, self.giver, request, None)

    def first(self, by: By) -> None:
        self._give(self._ask(by, Role.ADM))

    def second(self, by: By) -> None:
        self._give(self._ask(by, Role.GRP))

    def ready(self) -> None:
        """Both roles are asked for, and neither is held yet."""
        self.racer = self.person("racer")
        self.requests = [self._ask(self.by(self.racer), role) for role in (Role.ADM, Role.GRP)]

    def race_first(self, by: By) -> None:
        self._give(self.requests[0])

    def race_second(self, by: By) -> None:
        self._give(self.requests[1])


class Withdraws(Row):
    """S10: who asked that a file no longer counts does not approve it."""

    duty, one, two = Duty.S10, Role.CTL, Role.GRP
    excused = {"at_once": NO_RACE}

    def wire(self, patch: Any, stack: ExitStack) -> None:
        patch.setitem(files.SUBJECTS, "test_subject", lambda id: files.Subject(self.place_id, frozenset(self.parties)))

    def build(self) -> None:
        self.home = self.make.organisation("STAR")
        self.place_id = self.home.id
        self.people = {name: self.person(name, Role.CTL) for name in ("tester", "uploader")}
        self.parties = {row.id for row in self.people.values()}

    def place(self, person: Any) -> None:
        self.parties.add(person.id)

    def _add(self, who: Any) -> None:
        given = (self.home.id, "test_subject", 1, "bilag.pdf", io.BytesIO(PDF), "Godkendt bilag")
        self.file = self.do(evidence.add, who, *given).id

    def _ask(self, who: Any) -> None:
        self.request = self.do(evidence.ask_withdrawal, who, self.file, WHY).id

    def first(self, by: By) -> None:
        self._add(self.people["uploader"])
        self._ask(by)

    def second(self, by: By) -> None:
        self.do(evidence.approve, by, self.request, None)


class Uploaded(Withdraws):
    """S10: nor does who added the file."""

    def first(self, by: By) -> None:
        self._add(by)

    def between(self) -> None:
        self._ask(self.people["tester"])


class ReviewReopened(Led):
    """S11: who asked to reopen a review does not let it be reopened."""

    duty, one, two, check = Duty.S11, Role.CTL, Role.GRP, None

    def build(self) -> None:
        super().build()
        Led.between(self)
        self.scene.do(reviewing.approve, "group", self.scene.review_id, None)

    def place(self, person: Any) -> None:
        """A tester by a grant of the review, who is named nowhere in it."""
        self.lend = True

    def first(self, by: By) -> None:
        self.do(reviewing.ask_reopening, by, self.scene.review_id, None, WHY)

    def between(self) -> None:
        self.lend = False

    def second(self, by: By) -> None:
        self.do(reviewing.approve_reopening, by, self.scene.review_id, None)


class AssessmentReopened(Assessed):
    """S11: who submitted a form and asked to reopen it does not let it be reopened."""

    duty, one, two, race = Duty.S11, Role.CTL, Role.GRP, False
    excused = {"at_once": NO_RACE}

    def first(self, by: By) -> None:
        super().first(by)
        Assessed.between(self)
        self.do(assessing.approve, self.year.second, self.form, None)
        self.do(assessing.ask_reopening, by, self.form, None, WHY)

    def between(self) -> None:
        pass

    def second(self, by: By) -> None:
        self.do(assessing.approve_reopening, by, self.form, None)


class FindingReopened(Row):
    """S11: who closed a finding does not let it be reopened."""

    duty, one, two = Duty.S11, Role.CTL, Role.GRP
    excused = {"at_once": NO_RACE}

    def build(self) -> None:
        self.s = setting.prepared(self.make)
        self.home = self.s.organisation
        self.finding, action = (row.id for row in findings.done(self.s, self.make))
        with transaction():
            setting.evidence(make.by(self.s.owner), self.home.id, "finding_action", action)
            finding.verify(make.by(self.s.other), action, None, "Set")

    def place(self, person: Any) -> None:
        """The review's quality reviewer, whose finding it then is."""
        with transaction():
            row = db.session.get_one(type(self.s.review), self.s.review.id)
            row.quality_reviewer_id = person.id
            setting.put(make.by(self.s.group), row)

    def first(self, by: By) -> None:
        self.do(finding.close, by, self.finding, None, "Blanketten er låst.")

    def between(self) -> None:
        self.do(finding.ask_reopening, self.s.tester, self.finding, None, WHY)

    def second(self, by: By) -> None:
        self.do(finding.approve_reopening, by, self.finding, None)


class Acted(Row):
    """S12: who owns an action, or reported it done, does not verify it."""

    duty, one, two = Duty.S12, Role.OWN, Role.GRP
    excused = {"at_once": NO_RACE}

    def build(self) -> None:
        self.s = setting.prepared(self.make)
        self.home = self.s.organisation
        self.finding = findings.confirmed(self.s, self.make).id

    def place(self, person: Any) -> None:
        values = ActionValues("Lås blanketten", person.id, findings.DEADLINE, self.s.other.id)
        self.action = self.do(finding.agree_action, self.s.owner, self.finding, values).id

    def first(self, by: By) -> None:
        self.do(finding.report_done, by, self.action, None, "Låst 1. marts")

    def between(self) -> None:
        with transaction():
            setting.evidence(make.by(self.s.owner), self.home.id, "finding_action", self.action)

    def second(self, by: By) -> None:
        self.do(finding.verify, by, self.action, None, "Set")


class Disposes(Withdraws):
    """S13: who asked that files be disposed of does not approve it."""

    duty, one, two, lent = Duty.S13, Role.ADM, Role.GRP, True
    later = datetime(2032, 2, 1, 10, tzinfo=make.NOW.tzinfo)

    def first(self, by: By) -> None:
        self._add(self.people["uploader"])
        [asked] = self.do(evidence.ask_disposal, replace(by, at=self.later), [self.file], "Fristen er udløbet")
        self.request = asked.id

    def second(self, by: By) -> None:
        super().second(replace(by, at=self.later))


class Redacts(Row):
    """S13: who asked that a text be removed does not approve it."""

    duty, one, two, lent = Duty.S13, Role.ADM, Role.GRP, True
    excused = {"at_once": NO_RACE}

    def build(self) -> None:
        self.s = setting.prepared(self.make)
        self.home = self.s.organisation
        self.finding = findings.raised(self.s, self.make).id

    def first(self, by: By) -> None:
        given = (BY_SLUG["finding"], self.finding, "cause", LegalBasis.UNLAWFUL, "Helbredsoplysning")
        self.request = self.do(history.ask_redaction, by, *given).id

    def second(self, by: By) -> None:
        self.do(history.approve_redaction, by, self.request, None)


class Closes(Row):
    """S14: who proposed to close the year does not confirm it."""

    duty, one, two, race = Duty.S14, Role.GRP, Role.GRP, True

    def wire(self, patch: Any, stack: ExitStack) -> None:
        stack.enter_context(contextmanager(years.wired)())
        stack.enter_context(mock.patch.object(cycles, "GATES", {phase: [] for phase in Phase}))
        stack.enter_context(mock.patch.object(cycles, "GOALS", []))

    def build(self) -> None:
        self.year = years.Year(Phase.CREATED)
        self.home, self.cycle = self.year.organisation, self.year.cycle.id
        with transaction():
            row = db.session.get_one(Cycle, self.cycle)
            row.state = Phase.REPORTED
            setting.put(make.by(self.year.first), row)

    def first(self, by: By) -> None:
        self.do(wheel.propose_close, by, self.cycle, None)

    def second(self, by: By) -> None:
        self.do(wheel.advance, by, self.cycle, None)

    def ready(self) -> None:
        self.first(make.by(self.year.first))


class Imports(Row):
    """S15: who brought a catalogue file does not confirm it."""

    duty, one, two = Duty.S15, Role.GRP, Role.GRP
    excused = {"at_once": NO_RACE}

    def build(self) -> None:
        self.make.organisation("DEP")
        self.home = self.make.organisation("STAR", "DEP")

    def first(self, by: By) -> None:
        self.draft = self.do(papers.save_draft, by, self.home.id, years.CATALOGUE, "katalog.csv")
        self.seen = whole(by, self.draft)

    def second(self, by: By) -> None:
        self.do(papers.take_catalogue, by, self.draft, self.seen)


class Keeps(Row):
    """S16: who administers the database does not keep checkpoints outside the house."""

    duty, one, two, race, named = Duty.S16, Role.AUD, Role.AUD, True, True
    excused = {"second_by_stand_in": "the register names people; nobody acts in it on another's behalf"}

    def build(self) -> None:
        self.make.organisation("DEP")
        self.home = self.make.organisation("STAR", "DEP")
        self.admin = self.person("admin", Role.ADM)

    def _enter(self, by: By, kind: KeeperKind) -> None:
        self.do(accounts.add_keeper, self.admin, self.home.id, kind, "", "Boks i banken", by.person_id)

    def first(self, by: By) -> None:
        self._enter(by, KeeperKind.DATABASE)

    def second(self, by: By) -> None:
        self._enter(by, KeeperKind.CHECKPOINTS)


ROWS: tuple[type[Row], ...] = (
    Assessed, Changed, Owned, Tested, Led, InLine, Wrote, Recorded, Told, Asked, Receives, Prepared, Lends, Visits,
    Administers, Withdraws, Uploaded, ReviewReopened, AssessmentReopened, FindingReopened, Acted, Disposes, Redacts,
    Closes, Imports, Keeps,
)  # fmt: skip
