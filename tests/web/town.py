"""A filled scene: for each situation an object of every kind, in an agency, its sister and their ministry."""

import json
import uuid
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Date, Integer, String, Text, func, select

from controls.assessment.tables import Assessment, Line
from controls.assessment.words import State as Assessed
from controls.base import audit
from controls.base.audit import EventRow
from controls.base.db import Choice, UtcTime, db, saved, transaction
from controls.base.intake import Row
from controls.base.intake import Sheet as Given
from controls.credential.tables import Passkey
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.effectiveness.words import State as Operating
from controls.evidence.tables import Evidence, Hold, Request
from controls.finding.tables import Action, Finding
from controls.finding.words import ActionState
from controls.finding.words import State as Found
from controls.forum.tables import Decision, Impartiality, Meeting, Presence
from controls.forum.words import Function
from controls.forum.words import State as Minutes
from controls.history.tables import Redaction
from controls.history.words import State as Removal
from controls.identity.duties import Duty
from controls.identity.permissions import Role
from controls.identity.tables import DutyException, Keeper, RoleGrant, RoleRequest, SignIn, StandIn, VisitingGrant
from controls.identity.visits import Visited, VisitState, VisitTask
from controls.papers.coming_back import FORMS, place
from controls.papers.filling import HEAD, checksum, kept
from controls.papers.tables import IntakeDraft
from controls.papers.words import Kind
from controls.planning.tables import Proposal, Scenario
from controls.planning.words import Asked
from controls.recommendation import snapshot
from controls.recommendation import tables as recommendation
from controls.recommendation.words import State as Written
from controls.reminder.tables import Reminder
from controls.review.rules import frozen
from controls.review.tables import Control, DesignTest, Review, Risk
from controls.review.words import State as Reviewed
from controls.rotation.rules import Intervals
from controls.universe.tables import Area, Process, Subprocess
from controls.wheel.tables import Cycle, Step
from controls.wheel.words import State as Phase
from tests import make
from tests.web.matrix import PEOPLE, Situation

MADE = audit.EVENTS.get("test.row_made") or audit.declare("test.row_made", "Made")
YEAR, CLOSED_YEAR = 2026, 2025
S = Situation
TOWNSPEOPLE = (S.OWN, S.SAME, S.OTHER)


def put(by: Any, table: Any, **facts: Any) -> Any:
    """A row with these facts, and a plain value in every other column that must have one."""
    row = table(**facts)
    for column in table.__table__.columns:
        if column.primary_key or column.nullable or column.default is not None or column.name in facts:
            continue
        if column.name not in ("version", "saved_at", "saved_by"):
            setattr(row, column.name, _plain(column))
    if hasattr(table, "saved_at"):
        saved(by, row)
    db.session.add(row)
    db.session.flush()
    if table.__table__.info.get("log") is not False:
        audit.record(by, MADE, row)
    return row


def _plain(column: Any) -> Any:
    kind = column.type
    if isinstance(kind, Choice):
        return next(iter(kind.words))
    if isinstance(kind, UtcTime):
        return make.NOW
    for type_, value in ((Boolean, False), (Integer, 1), (Date, date(2026, 3, 1)), (Text, "x"), (String, "x")):
        if isinstance(kind, type_):
            return value
    raise TypeError(f"{column} needs a value")


class Town:
    """Who is there, and the arguments of a path for each kind of object and situation."""

    def __init__(self) -> None:
        make.organisation("DEP")
        self.agency = make.organisation("ALFA", "DEP")
        self.sister = make.organisation("BETA", "DEP")
        self.people = {role: self._person(f"r{role.value.lower()}", role, "Et") for role in PEOPLE}
        self.people_of: dict[str, dict[str, Any]] = {
            S.OWN: {"owner": self.people[Role.OWN], "ctl": self.people[Role.CTL]},
            S.SAME: {"owner": self._person("owner2", Role.OWN, "Et"), "ctl": self._person("ctl2", Role.CTL, "Et")},
            S.OTHER: {"owner": self._person("owner3", Role.OWN, "To"), "ctl": self._person("ctl3", Role.CTL, "To")},
            S.ELSEWHERE: {
                "owner": make.person("owner4", Role.OWN, self.sister, unit="Et"),
                "ctl": make.person("ctl4", Role.CTL, self.sister, unit="Et"),
            },
        }
        self.people_of[S.CLOSED] = self.people_of[S.OWN]
        self.fourth = self._person("ctl9", Role.CTL, "Tre")
        self.by = make.by(self.people[Role.GRP])
        self.rows: dict[str, dict[str, Any]] = {}
        with transaction():
            self.cycles = {
                S.OWN: self._cycle(self.agency.id, YEAR, Phase.CALIBRATING),
                S.CLOSED: self._cycle(self.agency.id, CLOSED_YEAR, Phase.CLOSED),
                S.ELSEWHERE: self._cycle(self.sister.id, YEAR, Phase.CALIBRATING),
            }
            self.areas = {id: put(self.by, Area, organisation_id=id, code="KRE", name_da="Område", sort_key="KRE").id
                          for id in (self.agency.id, self.sister.id)}  # fmt: skip
            for number, situation in enumerate((*TOWNSPEOPLE, S.ELSEWHERE, S.CLOSED), 1):
                self.rows[situation] = self._objects(situation, number)
            self.meetings = {
                S.OWN: self._meeting(self.agency.id, S.OWN, Minutes.DRAFT),
                S.CLOSED: self._meeting(self.agency.id, S.CLOSED, Minutes.LOCKED),
                S.ELSEWHERE: self._meeting(self.sister.id, S.ELSEWHERE, Minutes.DRAFT),
            }
            self.form_files = {
                role: {S.OWN: self._file(Kind.FORMS, self.agency, person.id)}
                | {s: self._file(Kind.FORMS, at, self.people_of[s]["ctl"].id)
                   for s, at in ((S.SAME, self.agency), (S.OTHER, self.agency), (S.ELSEWHERE, self.sister))}
                for role, person in self.people.items()
            }  # fmt: skip
            self.files = {
                kind: {
                    situation: self._file(kind, at, self.people[Role.GRP].id)
                    for situation, at in ((S.OWN, self.agency), (S.ELSEWHERE, self.sister))
                }
                for kind in (Kind.HISTORY, Kind.CATALOGUE)
            }
            self.redactions = {
                S.OWN: self._asked(self.agency.id, S.OWN), S.CLOSED: self._asked(self.agency.id, S.CLOSED),
                S.ELSEWHERE: self._asked(self.sister.id, S.ELSEWHERE),
            }  # fmt: skip
            self.sign_ins = {
                role: {S.OWN: self._sign_in(person), S.CLOSED: self._sign_in(person, ended=True)}
                | {s: self._sign_in(self.people_of[s]["owner"]) for s in (S.SAME, S.OTHER, S.ELSEWHERE)}
                for role, person in self.people.items()
            }
            self.passkeys = {
                role: {S.OWN: self._passkey(person)}
                | {s: self._passkey(self.people_of[s]["owner"]) for s in (S.SAME, S.OTHER, S.ELSEWHERE)}
                for role, person in self.people.items()
            }
            self.stand_ins = {
                role: {S.OWN: self._stand_in(person)}
                | {s: self._stand_in(self.people_of[s]["owner"]) for s in (S.SAME, S.OTHER, S.ELSEWHERE)}
                for role, person in self.people.items()
            }
            self.users = {S.OWN: self._user(S.OTHER), S.ELSEWHERE: self._user(S.ELSEWHERE)}
            self.ending = {
                table: {
                    situation: put(self.by, table, organisation_id=at, ended_at=ended, **facts).id
                    for situation, at, ended in (
                        (S.OWN, self.agency.id, None), (S.CLOSED, self.agency.id, make.NOW),
                        (S.ELSEWHERE, self.sister.id, None),
                    )
                }
                for table, facts in (
                    (DutyException, {"duty": Duty.S5, "person_id": self.people[Role.SEC].id,
                                     "granted_by_id": self.people[Role.VDC].id, "valid_to": date(2026, 12, 1)}),
                    (Keeper, {}),
                )
            }  # fmt: skip
            self.visits = {
                S.OWN: self._visit(self.agency.id, S.OWN, VisitState.AWAITING_LENDER),
                S.CLOSED: self._visit(self.agency.id, S.CLOSED, VisitState.REFUSED),
                S.ELSEWHERE: self._visit(self.sister.id, S.ELSEWHERE, VisitState.AWAITING_LENDER),
            }

            self.plans = {
                "scenario": {
                    situation: put(self.by, Scenario, organisation_id=at.id, name=situation, gone=gone).id
                    for situation, at, gone in ((S.OWN, self.agency, False), (S.CLOSED, self.agency, True),
                                                (S.ELSEWHERE, self.sister, False))
                },
                "proposal": {
                    situation: put(self.by, Proposal, organisation_id=at.id, person_id=self.people[Role.GRP].id,
                                   state=Asked.FAILED).id
                    for situation, at in ((S.OWN, self.agency), (S.ELSEWHERE, self.sister))
                },
            }  # fmt: skip

    @property
    def events(self) -> dict[int, int]:
        """An event of each agency."""
        query = select(EventRow.organisation_id, func.max(EventRow.seq)).group_by(EventRow.organisation_id)
        return {row[0]: row[1] for row in db.session.execute(query)}

    def _file(self, kind: Kind, at: Any, person_id: int) -> int:
        year = YEAR if kind is Kind.FORMS else None
        empty = Given("Ark", [Row(1, ["Nøgle", *(column.label for column in FORMS[kind].columns)])])
        if kind is not Kind.HISTORY:
            place_ = place(kind, at, year)
            head = ("kontrolrul", "1", *place_, "da", "", checksum(place_, {}))
            empty.also["_meta"] = [Row(n, [*pair, None]) for n, pair in enumerate(zip(HEAD, head, strict=True), 1)]
        return int(put(self.by, IntakeDraft, organisation_id=at.id, kind=kind, year=year, person_id=person_id,
                       rows=kept(empty)).id)  # fmt: skip

    def _asked(self, at: int, situation: str) -> int:
        row = put(
            self.by, Redaction, organisation_id=at, object_type="finding_finding", column_name="condition",
            object_id=self.rows[situation]["finding"].id, asked_by_id=self.people[Role.ADM].id,
            state=Removal.REJECTED if situation == S.CLOSED else Removal.ASKED,
        )  # fmt: skip
        return int(row.id)

    def _passkey(self, person: Any) -> int:
        return int(put(self.by, Passkey, person_id=person.id, credential=uuid.uuid4().bytes, public_key=b"x").id)

    def _stand_in(self, person: Any) -> int:
        return int(put(self.by, StandIn, person_id=person.id, stand_in_id=self.fourth.id,
                       valid_to=date(2026, 12, 1)).id)  # fmt: skip

    def _user(self, situation: str) -> dict[str, int]:
        person = self.people_of[situation]["ctl"]
        asked = put(self.by, RoleRequest, person_id=person.id, organisation_id=person.organisation_id, role=Role.GRP,
                    asked_by_id=self.people[Role.GRP].id)  # fmt: skip
        grant = put(self.by, RoleGrant, person_id=person.id, organisation_id=person.organisation_id, role=Role.OWN)
        return {"id": person.id, "request_id": asked.id, "grant_id": grant.id}

    def _sign_in(self, person: Any, ended: bool = False) -> int:
        return int(put(self.by, SignIn, person_id=person.id, token=uuid.uuid4().hex,
                       ended_at=make.NOW if ended else None).id)  # fmt: skip

    def _person(self, name: str, role: Role, unit: str) -> Any:
        return make.person(name, role, self.agency, unit=unit)

    def _cycle(self, organisation_id: int, year: int, state: Phase) -> Any:
        cycle = put(self.by, Cycle, organisation_id=organisation_id, year=year, state=state, capacity_hours=200)
        for sort, phase in enumerate(Phase):
            put(self.by, Step, cycle_id=cycle.id, organisation_id=organisation_id, state=phase, sort=sort,
                planned_on=date(year, sort + 1, 1), deadline_on=date(year, sort + 1, 20))  # fmt: skip
        return cycle

    def _objects(self, situation: str, number: int) -> dict[str, Any]:
        """Process, form, review and all that hangs on it, belonging to the people of the situation."""
        by, people = self.by, self.people_of[situation]
        at = self.sister.id if situation == S.ELSEWHERE else self.agency.id
        closed = situation == S.CLOSED
        cycle = self.cycles[S.CLOSED if closed else S.ELSEWHERE if situation == S.ELSEWHERE else S.OWN]
        owner, ctl, code = people["owner"], people["ctl"], f"KRE-{number}"
        process = put(by, Process, organisation_id=at, area_id=self.areas[at], code=code, name_da=f"Proces {number}",
                      sort_key=code, owner_id=owner.id, valid_from=date(2020, 1, 1))  # fmt: skip
        part = put(by, Subprocess, organisation_id=at, process_id=process.id, code=f"{code}.1", sort_key=f"{code}.1",
                   name_da=f"Delproces {number}", valid_from=date(2020, 1, 1))  # fmt: skip
        form = put(
            by, Assessment, organisation_id=at, cycle_id=cycle.id, year=cycle.year, process_id=process.id,
            state=Assessed.LOCKED if closed else Assessed.SUBMITTED, author_id=ctl.id, assessors=f";{ctl.id};",
            inherent_likelihood=3, inherent_impact=3, control_level=3, residual_likelihood=2, residual_impact=3,
            submitted_scores="3 3 3 2 3", fraud=False, change_direction=_first(Assessment, "change_direction"),
            certainty=_first(Assessment, "certainty"), propose_review=_first(Assessment, "propose_review"),
        )  # fmt: skip
        put(by, Line, organisation_id=at, assessment_id=form.id, subprocess_id=part.id)
        state = Reviewed.ARCHIVED if closed else Reviewed.IN_PROGRESS
        review = self._review(at, f"G-{cycle.year}-{number}0", cycle.year, part.id, state, ctl.id, self.fourth.id)
        signing = self._review(at, f"G-{cycle.year}-{number}1", cycle.year, part.id,
                               Reviewed.ARCHIVED if closed else Reviewed.DRAFT, self.fourth.id, ctl.id)  # fmt: skip
        risk = put(by, Risk, organisation_id=at, subprocess_id=part.id, number=f"{code}.1-R1",
                   valid_to=date(2025, 1, 1) if closed else None)  # fmt: skip
        control = put(by, Control, organisation_id=at, subprocess_id=part.id, number=f"{code}.1-K1", key_control=True,
                      valid_from=date(2020, 1, 1), valid_to=date(2025, 1, 1) if closed else None)  # fmt: skip
        tests = {
            row.id: self._tests(at, row, control, f"{number}{place}", closed)
            for place, row in enumerate((review, signing))
        }
        finding = put(
            by, Finding, organisation_id=at, number=f"F-{number}", review_id=review.id, subprocess_id=part.id,
            control_id=control.id, owner_id=owner.id, author_id=ctl.id, verifier_id=ctl.id,
            state=Found.CLOSED if closed else Found.ACTION_AGREED, deadline_original=date(2026, 9, 1),
            deadline_current=date(2026, 9, 1),
        )  # fmt: skip
        action = put(
            by, Action, organisation_id=at, number=f"H-{number}", finding_id=finding.id, owner_id=owner.id,
            verifier_id=ctl.id, state=ActionState.VERIFIED if closed else ActionState.AGREED,
        )  # fmt: skip
        evidence = put(by, Evidence, organisation_id=at, subject_type="review_review", subject_id=review.id,
                       uploaded_by_id=ctl.id, filename="bilag.pdf", media_type="application/pdf",
                       sha256=f"{number:064x}")  # fmt: skip
        request = put(by, Request, organisation_id=at, evidence_id=evidence.id, asked_by_id=ctl.id)
        hold = put(by, Hold, organisation_id=at, evidence_id=evidence.id, set_by_id=self.people[Role.GRP].id)
        reminder = put(by, Reminder, organisation_id=at, year=cycle.year)
        return {
            "reminder": reminder, "process": process, "subprocess": part, "assessment": form, "review": review,
            "signing": signing,
            "risk": risk, "control": control, "tests": tests, "finding": finding, "action": action,
            "evidence": evidence, "request": request, "hold": hold,
        }  # fmt: skip

    def _review(self, at: int, number: str, year: int, part: int, state: Reviewed, doer: int, reviewer: int) -> Review:
        row = put(
            self.by, Review, organisation_id=at, number=number, year=year, subprocess_id=part, state=state,
            lead_id=doer, tester_id=doer, quality_reviewer_id=reviewer, planned_on=date(2020, 1, 1),
        )  # fmt: skip
        assert isinstance(row, Review)
        return row

    def _tests(self, at: int, review: Review, control: Control, number: str, closed: bool) -> OperatingTest:
        put(self.by, DesignTest, organisation_id=at, review_id=review.id, control_id=control.id,
            number=f"D-{number}", control_copy=frozen(control), tester_id=review.tester_id)  # fmt: skip
        signing = review.state is not Reviewed.IN_PROGRESS
        state = Operating.REVIEWED if closed else Operating.CONCLUDED if signing else Operating.TESTING
        test = put(
            self.by, OperatingTest, organisation_id=at, review_id=review.id, control_id=control.id, state=state,
            number=f"T-{number}", control_copy=json.dumps(audit.state(control), default=str), population_size=10,
            sample_size=1, tester_id=review.tester_id, outcome=_first(OperatingTest, "outcome") if signing else None,
            tested_on=date(2026, 3, 1),
        )  # fmt: skip
        put(self.by, SampleItem, organisation_id=at, test_id=test.id, rank=1, item_key="1")
        assert isinstance(test, OperatingTest)
        return test

    def _meeting(self, at: int, situation: str, state: Minutes) -> dict[str, Any]:
        cycle, part = self.cycles[situation], self.rows[situation]["subprocess"]
        empty = snapshot.build("ALFA", cycle.year, 1, "", 1, "", 200, Intervals(), (0, 0), [], [])
        text, digest = snapshot.sealed(empty, lambda: b"0123456789abcdef")
        written = self._written(at, cycle, 1, part.id, Written.HANDED_OVER, snapshot=text, snapshot_hash=digest)
        if situation != S.CLOSED:
            self._written(at, cycle, 2, part.id, Written.DRAFT)
        meeting = put(
            self.by, Meeting, organisation_id=at, about_id=at, cycle_id=cycle.id, year=cycle.year, state=state,
            number=f"{cycle.year}/1", chair_id=self.people[Role.VDC].id, recorder_id=self.people[Role.SEC].id,
            recommendation_id=written.id,
        )  # fmt: skip
        decision = put(
            self.by, Decision, organisation_id=at, meeting_id=meeting.id, subprocess_id=part.id,
            review_year=cycle.year, number=f"B-{cycle.year}-1", condition="Ny aftale",
            condition_due=date(2026, 9, 1), condition_owner_id=self.people[Role.OWN].id,
        )  # fmt: skip
        for role, function in ((Role.VDC, Function.CHAIR), (Role.VDM, Function.MEMBER)):
            put(self.by, Presence, organisation_id=at, meeting_id=meeting.id, person_id=self.people[role].id,
                function=function, present=True)  # fmt: skip
        told = put(self.by, Impartiality, organisation_id=at, meeting_id=meeting.id, subprocess_id=part.id,
                   person_id=self.people[Role.VDM].id)  # fmt: skip
        return {"meeting": meeting, "decision": decision, "told": told, "code": part.code}

    def _written(self, at: int, cycle: Any, number: int, part: int, state: Written, **more: Any) -> Any:
        row = put(self.by, recommendation.Recommendation, organisation_id=at, cycle_id=cycle.id, year=cycle.year,
                  state=state, number=number, prepared_by_id=self.people[Role.GRP].id, **more)  # fmt: skip
        put(self.by, recommendation.Line, organisation_id=at, recommendation_id=row.id, subprocess_id=part,
            review_year=cycle.year)  # fmt: skip
        return row

    def _visit(self, at: int, situation: str, state: VisitState) -> int:
        row = put(
            self.by, VisitingGrant, visitor_id=self.people_of[S.OTHER]["ctl"].id, home_organisation_id=at,
            host_organisation_id=at, task=VisitTask.TESTER, object_type=Visited.PROCESS, state=state,
            object_id=self.rows[situation]["process"].id, asked_by_id=self.fourth.id, valid_to=date(2026, 12, 1),
        )  # fmt: skip
        return int(row.id)

    def arguments(self, kind: str, role: Role, permission: str, situation: str) -> dict[str, Any]:
        """The arguments of a path and its query for an object in a situation; `org` where the path needs it."""
        if kind == "sign_in":
            return {"id": self.sign_ins[role][situation] if situation != S.MISSING else 999_999}
        if kind == "passkey":
            return {"id": self.passkeys[role][situation] if situation != S.MISSING else 999_999}
        if kind == "form_file":
            return {"id": self.form_files[role][situation] if situation != S.MISSING else 999_999}
        if kind == "stand_in":
            return {"id": self.stand_ins[role][situation] if situation != S.MISSING else 999_999}
        if situation == S.MISSING:
            return {"org": self.agency.code}
        org = self.sister.code if situation == S.ELSEWHERE else self.agency.code
        whole = situation if situation in (S.ELSEWHERE, S.CLOSED) else S.OWN
        rows = self.rows[situation]
        if kind in ("page", "year", "recommendation"):
            return {
                "org": org,
                "year": CLOSED_YEAR if whole == S.CLOSED else YEAR,
                "code": self.meetings[whole]["code"],
            }
        if kind == "cycle":
            return {"id": self.cycles[whole].id}
        if kind == "meeting":
            found = self.meetings[whole]
            return {"id": found["meeting"].id, "decision_id": found["decision"].id, "declaration_id": found["told"].id,
                    "code": found["code"]}  # fmt: skip
        if kind in ("history_file", "catalogue_file"):
            files = self.files[Kind(kind.removesuffix("_file"))]
            return {"id": files.get(whole, files[S.OWN])}
        if kind in self.plans:
            return {"id": self.plans[kind].get(whole, self.plans[kind][S.OWN]), "org": org}
        if kind == "visit":
            return {"id": self.visits[whole]}
        if kind == "user":
            return dict(self.users[whole])
        if kind in ("exception", "keeper"):
            return {"id": self.ending[DutyException if kind == "exception" else Keeper][whole]}
        if kind == "event":
            return {"seq": self.events[self.sister.id if whole == S.ELSEWHERE else self.agency.id]}
        if kind == "redaction":
            return {"id": self.redactions[whole]}
        if kind in ("history", "text"):
            return {"kind": "finding", "id": rows["finding"].id}
        if kind == "line":
            return {"level": "subprocess", "code": rows["subprocess"].code, "kind": "renamed", "org": org}
        if kind in ("process", "subprocess"):
            return {"code": rows[kind].code, "org": org}
        if kind == "control":
            return {"code": rows["control"].number, "org": org}
        if kind == "review":
            review = rows["signing" if permission == "review:approve" else "review"]
            return {
                "id": review.id, "review_id": review.id, "control_id": rows["control"].id, "risk_id": rows["risk"].id,
                "kind": "risks", "about_id": rows["risk"].id,
            }  # fmt: skip
        if kind == "test":
            return {"id": rows["tests"][rows["review"].id].id}
        return {"id": rows[kind].id, "action_id": rows["action"].id, "hold_id": rows["hold"].id}


def _first(table: Any, column: str) -> StrEnum:
    words: type[StrEnum] = table.__table__.columns[column].type.words
    return next(iter(words))
