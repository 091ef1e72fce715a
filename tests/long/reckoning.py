"""Who did which act of which rule, reckoned from the log and the product's rows alone, never from its own ledger.

A rule's two sides are gathered by human: a stand-in counts as himself and as the one he stands in for, and a second
account as the first. What the chair excepts at that moment is set aside.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from controls.assessment.tables import Assessment
from controls.base.audit import EventRow
from controls.base.db import db
from controls.evidence.tables import Evidence
from controls.forum.tables import Impartiality
from controls.identity.duties import RULES, Duty, Side
from controls.identity.permissions import Role
from controls.identity.tables import DutyException, Keeper, Person, RoleGrant, VisitingGrant
from controls.identity.words import KeeperKind
from controls.papers.tables import Intake

ONE, TWO = Side.FIRST, Side.SECOND
SCORES = ("inherent_likelihood", "inherent_impact", "control_level", "residual_likelihood", "residual_impact")
Key = tuple[Duty, str, int]


@dataclass(frozen=True)
class Act:
    """What an event counts as: the way from its object to the one the rule binds, and who besides the author."""

    duty: Duty
    side: Side
    way: tuple[str, ...] = ()
    whom: tuple[str, ...] = ()
    author: bool = True


LINE, PART = ("process_id",), ("subprocess_id", "process_id")
SIGNS = (Act(Duty.S3, TWO), Act(Duty.S4, TWO, PART))
OF_TEST = ("review_id", "subprocess_id", "process_id")
TESTS = (
    Act(Duty.S3, ONE, ("review_id",)), Act(Duty.S2, TWO, ("control_id",)), Act(Duty.S4, TWO, OF_TEST),
)  # fmt: skip
SIGNS_TEST = (Act(Duty.S3, TWO, ("review_id",)), Act(Duty.S4, TWO, OF_TEST))
DESCRIBES = (
    Act(Duty.S2, ONE, (), ("owner_id", "performer_id"), author=False),
    Act(Duty.S4, ONE, PART, ("owner_id", "performer_id"), author=False),
)
RECORDS = (Act(Duty.S6, ONE), Act(Duty.S5, TWO, ("recommendation_id",)))
OF_MEETING = ("meeting_id",)
RECORDS_LINE = (Act(Duty.S6, ONE, OF_MEETING), Act(Duty.S5, TWO, (*OF_MEETING, "recommendation_id")))
WORKS, WRITES = (Act(Duty.S3, ONE),), (Act(Duty.S5, ONE),)
OWNS = (Act(Duty.S4, ONE, (), ("owner_id", "deputy_id"), author=False),)
ACTS: dict[str, tuple[Act, ...]] = {
    "assessment.submitted": (Act(Duty.S1, ONE),),
    "assessment.approved": (Act(Duty.S1, TWO), Act(Duty.S4, TWO, LINE)),
    "universe.process_edited": OWNS,
    "universe.owner_named": OWNS,
    "recommendation.started": WRITES,
    "recommendation.introduced": WRITES,
    "recommendation.handed_over": WRITES,
    "recommendation.line_put": (Act(Duty.S5, ONE, ("recommendation_id",)),),
    "recommendation.line_taken_out": (Act(Duty.S5, ONE, ("recommendation_id",)),),
    "forum.presence_set": RECORDS,
    "forum.note_written": RECORDS,
    "forum.agreed": RECORDS,
    "forum.minutes_sent": RECORDS,
    "forum.decided": RECORDS_LINE,
    "forum.impartiality_declared": (Act(Duty.S7, ONE),),
    "forum.impartiality_ruled": (Act(Duty.S7, TWO), *RECORDS_LINE),
    "forum.minutes_locked": (Act(Duty.S6, TWO), Act(Duty.S5, TWO, ("recommendation_id",))),
    "review.independence_declared": WORKS,
    "review.scope_described": WORKS,
    "review.started": WORKS,
    "review.walkthrough_described": WORKS,
    "review.concluded": WORKS,
    "review.taken_back": WORKS,
    "review.sent_to_hearing": WORKS,
    "review.quality_reviewed": SIGNS,
    "review.approved": SIGNS,
    "review.control_added": DESCRIBES,
    "review.control_edited": DESCRIBES,
    "review.control_handed_over": DESCRIBES,
    "review.design_tested": TESTS,
    "review.design_signed": SIGNS_TEST,
    "effectiveness.planned": TESTS,
    "effectiveness.population_confirmed": TESTS,
    "effectiveness.sample_drawn": TESTS,
    "effectiveness.results_recorded": TESTS,
    "effectiveness.concluded": TESTS,
    "effectiveness.quality_reviewed": SIGNS_TEST,
    "effectiveness.sent_back": SIGNS_TEST,
    "finding.confirmed": (Act(Duty.S12, ONE, (), ("owner_id",), author=False),),
    "finding.action_agreed": (Act(Duty.S12, ONE, (), ("owner_id",), author=False),),
    "finding.action_handed_over": (Act(Duty.S12, ONE, (), ("owner_id",), author=False),),
    "finding.action_reported_done": (Act(Duty.S12, ONE),),
    "finding.action_verified": (Act(Duty.S12, TWO),),
    "finding.action_rejected": (Act(Duty.S12, TWO),),
    "finding.closed": (Act(Duty.S12, TWO),),
    "identity.role_asked": (Act(Duty.S8, ONE, (), ("person_id",)),),
    "identity.role_approved": (Act(Duty.S8, TWO),),
    "identity.role_refused": (Act(Duty.S8, TWO),),
    "visiting.asked": (Act(Duty.S8, ONE, (), ("visitor_id",)),),
    "visiting.role_asked": (Act(Duty.S8, ONE),),
    "visiting.lent": (Act(Duty.S8, TWO),),
    "visiting.granted": (Act(Duty.S8, TWO),),
    "history.redaction_asked": (Act(Duty.S13, ONE),),
    "history.redaction_rejected": (Act(Duty.S13, TWO),),
    "wheel.close_proposed": (Act(Duty.S14, ONE),),
}
"""Events that count by their author, or by whom their object names; the other ones are read below."""

FOLLOWED = {
    "process_id": "universe_process", "subprocess_id": "universe_subprocess", "review_id": "review_review",
    "control_id": "review_control", "meeting_id": "forum_meeting", "recommendation_id": "recommendation_recommendation",
}  # fmt: skip
"""The table that each column of a way leads to."""


def cell(table: str, id: int, column: str) -> Any:
    """One value of a row as it is now."""
    of = db.metadata.tables[table]
    return db.session.execute(select(of.c[column]).where(of.c.id == id)).scalar()


class Reckoning:
    """The sides of every rule as the log tells them, and where one human came to stand on both."""

    def __init__(self) -> None:
        self.seq = 0
        self.sides: dict[tuple[Key, Side], set[int]] = {}
        self.excepted: dict[int, tuple[Duty, int]] = {}
        self.broken: list[tuple[Key, int]] = []
        self.excused: set[tuple[Key, int]] = set()
        self.brought: dict[int, set[int]] = {}
        self._scores: dict[int, tuple[int, ...]] = {}
        self._added: dict[int, set[int]] = {}

    def read(self) -> None:
        """Take in what was logged since the last time."""
        self.root = {
            id: first or id for id, first in db.session.execute(select(Person.id, Person.same_person_as_id))
        }  # fmt: skip
        rows = db.session.scalars(select(EventRow).where(EventRow.seq > self.seq).order_by(EventRow.seq)).all()
        for row in rows:
            self.seq = row.seq
            self._take(row)

    def humans(self, ids: Iterable[int | None]) -> set[int]:
        """These people, each by the first account."""
        return {self.root[id] for id in ids if id is not None}

    def of(self, key: Key, side: Side) -> set[int]:
        """Who has taken a side."""
        return self.sides.get((key, side), set())

    def may(self, duty: Duty, human: int) -> bool:
        """Whether the chair excepts somebody from a rule now."""
        return not RULES[duty].fixed and (duty, human) in self.excepted.values()

    def _put(self, duty: Duty, side: Side, table: str, id: int, ids: Iterable[int | None]) -> None:
        key, humans = (duty, table, id), self.humans(ids)
        for human in humans & self.of(key, side.other):
            if self.may(duty, human):
                self.excused.add((key, human))
            elif (key, human) not in self.excused:
                self.broken.append((key, human))
        self.sides.setdefault((key, side), set()).update(humans)

    def _take(self, row: EventRow) -> None:
        author = (row.person_id, row.on_behalf_of)
        if row.object_id is None:
            return
        for act in ACTS.get(row.action, ()):
            table, id = row.object_type, row.object_id
            whom = [cell(table, id, name) for name in act.whom]
            for column in act.way:
                table, id = FOLLOWED[column], cell(table, id, column)
            if id is not None:
                self._put(act.duty, act.side, table, id, [*whom, *(author if act.author else ())])
        other = getattr(self, "_" + row.action.replace(".", "_"), None)
        if other is not None:
            other(row, author)

    def _told(self, row: EventRow, table: str) -> list[int]:
        rows = json.loads(row.payload or "{}")["rows"]
        return [one["id"] for one in rows if one["table"] == table]

    def _assessment_submitted(self, row: EventRow, author: Any) -> None:
        self._changed(row)

    def _assessment_calibrated(self, row: EventRow, author: Any) -> None:
        """Who changes the scores when calibrating is an assessor too (S1)."""
        if self._changed(row):
            self._put(Duty.S1, ONE, row.object_type, row.object_id or 0, author)

    def _changed(self, row: EventRow) -> bool:
        id, before = row.object_id or 0, self._scores.get(row.object_id or 0)
        form = db.session.get_one(Assessment, id)
        self._scores[id] = tuple(getattr(form, name) for name in SCORES)
        return before is not None and before != self._scores[id]

    def _finding_handed_over(self, row: EventRow, author: Any) -> None:
        if cell(row.object_type, row.object_id or 0, "confirmed_on") is not None:
            self._put(Duty.S12, ONE, row.object_type, row.object_id or 0,
                      [cell(row.object_type, row.object_id or 0, "owner_id")])  # fmt: skip

    def _forum_impartiality_ruled(self, row: EventRow, author: Any) -> None:
        told = db.session.get_one(Impartiality, row.object_id)
        judges = [int(one) for one in told.ruled_by.split(";") if one]
        self._put(Duty.S7, TWO, row.object_type, told.id, judges)

    def _identity_role_granted(self, row: EventRow, author: Any) -> None:
        grant = db.session.get_one(RoleGrant, row.object_id)
        self._holds(grant.role, grant.person_id, grant.person_id)

    def _holds(self, role: Role, id: int, whom: int) -> None:
        self._put(Duty.S9, ONE if role is Role.ADM else TWO, "identity_person", self.root[id], [whom])

    def _identity_stand_in_chosen(self, row: EventRow, author: Any) -> None:
        """Who stands in holds the roles of the one who is away."""
        person, other = (cell("identity_stand_in", row.object_id or 0, n) for n in ("person_id", "stand_in_id"))
        day = row.at.date()
        for grant in db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == person)):
            if grant.valid_to is None or grant.valid_to >= day:
                self._holds(grant.role, other, other)

    def _visiting_granted(self, row: EventRow, author: Any) -> None:
        visitor = db.session.get_one(VisitingGrant, row.object_id).visitor_id
        self._holds(Role.CTL, visitor, visitor)

    def _evidence_added(self, row: EventRow, author: Any) -> None:
        self._added[row.object_id or 0] = {id for id in author if id is not None}

    def _evidence_asked(self, row: EventRow, author: Any) -> None:
        """Withdrawal (S10): who asked, and who added the file; disposal (S13): who asked."""
        file = cell(row.object_type, row.object_id or 0, "evidence_id")
        disposal = cell(row.object_type, row.object_id or 0, "kind").value == "dispose"
        added = {db.session.get_one(Evidence, file).uploaded_by_id, *self._added.get(file, ())}
        duty = Duty.S13 if disposal else Duty.S10
        self._put(duty, ONE, row.object_type, row.object_id or 0, [*author, *(() if disposal else added)])

    def _evidence_withdrawn(self, row: EventRow, author: Any) -> None:
        for id in self._told(row, "evidence_request"):
            self._put(Duty.S10, TWO, "evidence_request", id, author)

    def _evidence_disposed(self, row: EventRow, author: Any) -> None:
        for id in self._told(row, "evidence_request"):
            self._put(Duty.S13, TWO, "evidence_request", id, author)

    def _history_redacted(self, row: EventRow, author: Any) -> None:
        for id in self._told(row, "history_redaction"):
            self._put(Duty.S13, TWO, "history_redaction", id, author)

    def _identity_reopening_asked(self, row: EventRow, author: Any) -> None:
        """Asker, and whoever led, tested, signed, raised, followed up or closed what is reopened (S11)."""
        table, id = row.object_type, row.object_id or 0
        duty = Duty.S3 if table == "review_review" else Duty.S12
        did = self.of((duty, table, id), ONE) | self.of((duty, table, id), TWO)
        named = ("lead_id", "tester_id", "quality_reviewer_id", "approved_by_id")
        if table == "finding_finding":
            named = ("author_id", "owner_id", "verifier_id", "closed_by_id")
            of = db.metadata.tables["finding_action"]
            for action in db.session.scalars(select(of.c.id).where(of.c.finding_id == id)):
                key = (duty, "finding_action", action)
                did |= self.of(key, ONE) | self.of(key, TWO)
        did |= self.humans([cell(table, id, name) for name in named])
        for asked in self._told(row, "identity_reopening"):
            self._put(Duty.S11, ONE, "identity_reopening", asked, [*author, *did])

    def _identity_reopened(self, row: EventRow, author: Any) -> None:
        for asked in self._told(row, "identity_reopening"):
            self._put(Duty.S11, TWO, "identity_reopening", asked, author)

    _identity_reopening_refused = _identity_reopened

    def _wheel_cycle_advanced(self, row: EventRow, author: Any) -> None:
        if json.loads(row.payload or "{}")["fields"]["entered"] == "closed":
            self._put(Duty.S14, TWO, row.object_type, row.object_id or 0, author)

    def _papers_history_imported(self, row: EventRow, author: Any) -> None:
        """Earlier reviews and rows of the catalogue are brought by one, perhaps for another, and confirmed by a third.

        On whose behalf a file was brought only he knows who saw it.
        """
        made = db.session.get_one(Intake, row.object_id)
        known = self.brought.get(made.organisation_id, set())
        self._put(Duty.S15, ONE, "papers_intake", made.id, [made.imported_by_id, *known])
        self._put(Duty.S15, TWO, "papers_intake", made.id, author)

    _papers_catalogue_imported = _papers_history_imported

    def _identity_keeper_added(self, row: EventRow, author: Any) -> None:
        keeper = db.session.get_one(Keeper, row.object_id)
        side = ONE if keeper.kind is KeeperKind.DATABASE else TWO
        self._put(Duty.S16, side, "identity_organisation", keeper.organisation_id, [keeper.person_id])

    def _identity_exception_granted(self, row: EventRow, author: Any) -> None:
        given = db.session.get_one(DutyException, row.object_id)
        self.excepted[given.id] = (given.duty, self.root[given.person_id])

    def _identity_exception_ended(self, row: EventRow, author: Any) -> None:
        self.excepted.pop(row.object_id or 0, None)
