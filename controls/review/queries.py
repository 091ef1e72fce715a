"""Reads of reviews, risks, controls, the matrix and tests of design."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from controls.base import held, task
from controls.base.audit import state
from controls.base.by import By, Place
from controls.base.db import db, within
from controls.base.merkle import canonical
from controls.base.why import N_, Labelled, Reason, Why
from controls.evidence import queries as evidence
from controls.evidence.tables import Binding
from controls.forum import queries as forum
from controls.forum.tables import Decision as Decision
from controls.forum.tables import Meeting as Meeting
from controls.forum.words import Decided
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission, Role
from controls.identity.tables import Organisation, Person
from controls.identity.visits import VisitTask
from controls.review import rules
from controls.review.tables import Control, DesignTest, Review, Risk, RiskControl
from controls.review.words import DesignOutcome, Outcome, OverallClass, State
from controls.rotation.queries import stands
from controls.rotation.rules import PlanKind
from controls.rotation.tables import Coverage
from controls.rotation.words import Degree, Form
from controls.universe import queries as universe
from controls.universe.tables import Area, Process, Subprocess
from controls.wheel.queries import GoalOf
from controls.wheel.tables import Cycle

L = TypeVar("L", bound=Labelled)

GATES_TO_APPROVE: list[Callable[[Review], list[Reason]]] = []
"""Filled by wiring: what the later slices still miss before a review may be approved."""

OPERATED: list[Callable[[int], ColumnElement[Any]]] = []
"""Filled by wiring: for a review, the outcome of a control's operating test once it is concluded, as SQL."""

FINDINGS: list[Callable[[By, int], list[rules.FindingRow]]] = []
"""Filled by wiring: the findings of a review."""

EVIDENCE: list[Callable[[int], Mapping[str, Iterable[int]]]] = []
"""Filled by wiring: the subjects on which a review's evidence lies, its own and those of its tests."""

FINAL: list[Callable[[int], Mapping[str, list[Any]]]] = []
"""Filled by wiring: the later slices' rows that a version of a review is kept with, by table."""

CHOSEN = (Decided.CHOSEN, Decided.CHOSEN_WITH_CONDITION)


@dataclass(frozen=True)
class Head:
    """A review with what its pages say about it."""

    review: Review
    subprocess: Subprocess
    process: Process
    organisation: str
    lead: str
    tester: str
    quality_reviewer: str
    approver: str
    owner: str
    decision: str
    risks: int
    homes: tuple[int | None, int | None, int | None]
    asked: bool
    broken: Binding | None

    @property
    def owners(self) -> frozenset[int]:
        """The process owner and the deputy."""
        return frozenset(id for id in (self.process.owner_id, self.process.deputy_id) if id is not None)

    @property
    def doers(self) -> frozenset[int]:
        """The lead and the tester."""
        return frozenset(id for id in (self.review.lead_id, self.review.tester_id) if id is not None)

    @property
    def team(self) -> frozenset[int]:
        """Lead, tester and quality reviewer."""
        reviewer = self.review.quality_reviewer_id
        return self.doers | (frozenset([reviewer]) if reviewer is not None else frozenset())


@dataclass(frozen=True)
class ControlRow:
    """A control of a review with its test of design and the outcome of its operating test."""

    control: Control
    test: DesignTest | None
    tester: str
    reviewer: str
    operating: Outcome | None
    own: bool
    broken: Binding | None

    @property
    def key(self) -> bool:
        """Whether this review must test it: a key control of its own sub-process (a shared one is tested elsewhere)."""
        return self.own and self.control.key_control

    @property
    def changed(self) -> bool:
        """Whether the control was changed after its design was tested."""
        return self.test is not None and self.test.control_copy != rules.frozen(self.control)

    @property
    def tested(self) -> rules.Tested:
        """What the rules need to know."""
        outcome = self.test.outcome if self.test else None
        return rules.Tested(self.control.number, outcome, self.changed, self.operating)


@dataclass(frozen=True)
class ListRow:
    """One review in the list."""

    id: int
    number: str
    year: int
    state: State
    coverage: Degree | None
    form: Form
    organisation: str
    code: str
    name_da: str
    name_en: str
    lead: str | None
    hearing_to: date | None
    draft_due: date | None


def review(id: int) -> Review | None:
    """A review by id, whoever asks."""
    return db.session.get(Review, id) if 0 < id < 2**31 else None


def control(id: int) -> Control | None:
    """A control by id."""
    return db.session.get(Control, id) if 0 < id < 2**31 else None


def risk(id: int) -> Risk | None:
    """A risk by id."""
    return db.session.get(Risk, id) if 0 < id < 2**31 else None


def _readable(by: By) -> ColumnElement[bool]:
    return within(
        by, Permission.CONTENT_READ, Review.organisation_id, Review.lead_id, Review.tester_id,
        Review.quality_reviewer_id, Process.owner_id, Process.deputy_id, **visited(),
    )  # fmt: skip


def visited() -> dict[str, Any]:
    """The columns of a review by which a visitor may see it: itself, its process, its year's cycle."""
    cycle = select(Cycle.id).where(Cycle.organisation_id == Review.organisation_id, Cycle.year == Review.year)
    return {"review": Review.id, "process": Process.id, "cycle": cycle.correlate(Review).scalar_subquery()}


def places(row: Review) -> Iterator[Place]:
    """Where a visitor must be lent to for a review; asks only as far as it is read."""
    yield "review", row.id
    process = db.session.scalar(select(Subprocess.process_id).where(Subprocess.id == row.subprocess_id))
    yield "process", process or 0
    cycle = select(Cycle.id).where(Cycle.organisation_id == row.organisation_id, Cycle.year == row.year)
    yield "cycle", db.session.scalar(cycle) or 0


def process_of(subprocess_id: int) -> Process:
    """The process of a sub-process."""
    query = select(Process).join(Subprocess, Subprocess.process_id == Process.id).where(Subprocess.id == subprocess_id)
    return db.session.scalars(query).one()


def period_of(row: Review) -> tuple[date, date]:
    """The period in which line duty in the process bars from testing and signing a review (S4)."""
    return row.period_from or date(row.year, 1, 1), row.period_to or date(row.year, 12, 31)


def why_not_sign(by: By, row: Review, process: Process) -> list[Reason]:
    """Why the reader may not quality-review or approve: S3 and S4."""
    may, period = Permission.REVIEW_APPROVE, period_of(row)
    parts = universe.standing(process.id, *period, (row.__tablename__, row.id))
    named = [id for id in (row.lead_id, row.tester_id) if id is not None]
    return people.why_not_part(
        by, Duty.S3, row, Side.SECOND, permission=may, parts=parts, besides=named
    ) + universe.why_not_off_line(by, process, *period, may, parts)


def why_not_test(by: By, row: Review, control: Control, process: Process) -> list[Reason]:
    """Why the reader may not test a control: S2, S3 and S4."""
    may, period = Permission.CONTROL_TEST, period_of(row)
    parts = universe.standing(
        process.id, *period, (row.__tablename__, row.id), (control.__tablename__, control.id)
    )  # fmt: skip
    return (
        people.why_not_part(by, Duty.S2, control, Side.SECOND, permission=may, parts=parts)
        + people.why_not_part(by, Duty.S3, row, Side.FIRST, permission=may, parts=parts)
        + universe.why_not_off_line(by, process, *period, may, parts)
    )


def able(row: Review, on: date) -> tuple[dict[int, str], dict[int, str]]:
    """Who may lead or test, and who may quality-review: by a role over the organisation, or lent to it that day."""
    held = people.holders(row.organisation_id, (Role.CTL, Role.GRP), on)
    lent = people.visitors(places(row), on)
    reviewers = held[Role.CTL] | held[Role.GRP] | lent[VisitTask.QUALITY_REVIEWER]
    return held[Role.CTL] | lent[VisitTask.TESTER], reviewers


def places_of_part(subprocess_id: int) -> Iterator[Place]:
    """Where a visitor must be lent to for the risks and controls of a sub-process: its process, a live review of it."""
    query = select(Review).where(Review.subprocess_id == subprocess_id, Review.state.in_(rules.LIVE))
    for row in db.session.scalars(query):
        yield from places(row)


def by_id(by: By, id: int) -> Review | None:
    """A review that this reader may read."""
    found = head(by, id)
    return found.review if found else None


Lead, Tester, Quality, Approver, Owner = (aliased(Person) for _ in range(5))


def head(by: By | None, id: int) -> Head | None:
    """A review with sub-process, process and names, in one query; None when it is not for this reader."""
    risks = select(func.count()).where(Risk.subprocess_id == Review.subprocess_id, Risk.valid_to.is_(None))
    query = (
        select(Review, Subprocess, Process, Organisation.code, Lead.name, Tester.name, Quality.name, Approver.name,
               Owner.name, Decision.number, risks.scalar_subquery(), Lead.organisation_id, Tester.organisation_id,
               Quality.organisation_id, people.asked_to_reopen(Review), Binding)
        .join(Subprocess, Subprocess.id == Review.subprocess_id)
        .join(Process, Process.id == Subprocess.process_id)
        .join(Organisation, Organisation.id == Review.organisation_id)
        .outerjoin(Lead, Lead.id == Review.lead_id).outerjoin(Tester, Tester.id == Review.tester_id)
        .outerjoin(Quality, Quality.id == Review.quality_reviewer_id)
        .outerjoin(Approver, Approver.id == Review.approved_by_id).outerjoin(Owner, Owner.id == Process.owner_id)
        .outerjoin(Decision, Decision.id == Review.decision_id).outerjoin(Binding, evidence.broken(Review))
        .where(Review.id == (id if 0 < id < 2**31 else 0))
    )  # fmt: skip
    if by is not None:
        query = query.where(_readable(by))
    found = db.session.execute(query).first()
    if found is None:
        return None
    row, part, process, code, *names, risk_count, lead_home, tester_home, quality_home, asked, broken = found
    lead_name, tester_name, quality_name, approver_name, owner_name, decision = (name or "" for name in names)
    return Head(row, part, process, code, lead_name, tester_name, quality_name, approver_name, owner_name, decision,
                risk_count, (lead_home, tester_home, quality_home), asked, broken)  # fmt: skip


@dataclass(frozen=True)
class Borrowed:
    """Who in a review's team comes from another organisation, and the review in which that one's process is tested.

    `mutual` holds number and id when people of this organisation do the same there in the same year.
    """

    name: str
    code: str
    mutual: tuple[str, int] | None


def borrowed(found: Head) -> list[Borrowed]:
    """The team's people from other organisations; asks nothing when there are none."""
    row, here = found.review, found.review.organisation_id
    team = zip((found.lead, found.tester, found.quality_reviewer), found.homes, strict=True)
    away = {name: home for name, home in team if home is not None and home != here}
    if not away:
        return []
    same = (
        select(Review.organisation_id, func.min(Review.id).label("id"))
        .join(Subprocess, Subprocess.id == Review.subprocess_id).join(Process, Process.id == Subprocess.process_id)
        .outerjoin(Lead, Lead.id == Review.lead_id).outerjoin(Tester, Tester.id == Review.tester_id)
        .where(Review.year == row.year, Process.code == found.process.code)
        .where(or_(Lead.organisation_id == here, Tester.organisation_id == here), Review.organisation_id != here)
        .group_by(Review.organisation_id).subquery()
    )  # fmt: skip
    rows = db.session.execute(
        select(Organisation.id, Organisation.code, Review.number, Review.id)
        .outerjoin(same, same.c.organisation_id == Organisation.id).outerjoin(Review, Review.id == same.c.id)
        .where(Organisation.id.in_(set(away.values())))
    )  # fmt: skip
    homes = {id: (code, (number, other) if other is not None else None) for id, code, number, other in rows}
    tests = {home for home in found.homes[:2] if home is not None}
    return [
        Borrowed(name, homes[home][0], homes[home][1] if home in tests else None) for name, home in away.items()
    ]  # fmt: skip


HOURS_OWN, HOURS_BORROWED = N_("Hours in own reviews"), N_("Of these with borrowed people")
HOURS_LENT = N_("Hours lent to others' reviews")


def hours(organisation_id: int, year: int) -> list[tuple[str, int]]:
    """Hours of a review year: in own reviews, those of them with borrowed people, and those lent to others.

    Borrowed hours count in both capacities: in the review's organisation and in that of who leads or tests.
    """
    rows = db.session.execute(
        select(Review.organisation_id, func.coalesce(Review.hours_used, Review.hours_planned), Lead.organisation_id,
               Tester.organisation_id)
        .outerjoin(Lead, Lead.id == Review.lead_id).outerjoin(Tester, Tester.id == Review.tester_id)
        .where(Review.year == year, Review.state.in_((*rules.LIVE, *rules.DONE)))
        .where(or_(Review.organisation_id == organisation_id, Lead.organisation_id == organisation_id,
                   Tester.organisation_id == organisation_id))
    ).all()  # fmt: skip
    own = [(used, {lead, tester} - {None, organisation_id}) for at, used, lead, tester in rows if at == organisation_id]
    lent = sum(used for at, used, *_ in rows if at != organisation_id)
    found = sum(used for used, _ in own), sum(used for used, away in own if away), lent
    return [(HOURS_OWN, found[0]), (HOURS_BORROWED, found[1]), (HOURS_LENT, lent)]


def _day(row: Review) -> date | None:
    """The day as of which the review's controls are read: that of the draft, once there is one."""
    return row.draft_on


def _valid(row: Review) -> ColumnElement[bool]:
    day = _day(row)
    if day is None:
        return Control.valid_to.is_(None) | (Control.valid_to >= (row.planned_on or date.min))
    return and_(Control.valid_from <= day, Control.valid_to.is_(None) | (Control.valid_to >= day))


def _covering(subprocess_id: int) -> ColumnElement[bool]:
    """Controls that cover a risk of the sub-process, wherever they are described (shared controls)."""
    return Control.id.in_(
        select(RiskControl.control_id).join(Risk, Risk.id == RiskControl.risk_id)
        .where(Risk.subprocess_id == subprocess_id, RiskControl.degree.is_not(None))
    )  # fmt: skip


def controls(row: Review) -> list[Control]:
    """The controls that belong to a review: those of the sub-process, and shared ones that cover its risks."""
    here = or_(Control.subprocess_id == row.subprocess_id, _covering(row.subprocess_id))
    query = select(Control).where(here, _valid(row))
    return sorted(db.session.scalars(query), key=lambda found: _natural(found.number))


def key_controls(row: Review) -> list[Control]:
    """The key controls that a review must test: those of its own sub-process."""
    mine = Control.subprocess_id == row.subprocess_id
    query = select(Control).where(mine, Control.key_control.is_(True), _valid(row))
    return sorted(db.session.scalars(query), key=lambda found: _natural(found.number))


def _natural(number: str) -> tuple[int, str]:
    return len(number), number


def control_rows(row: Review) -> list[ControlRow]:
    """Controls of a review with tests of design and outcomes of operating tests, in one query."""
    here = or_(Control.subprocess_id == row.subprocess_id, _covering(row.subprocess_id))
    found = db.session.execute(
        select(Control, DesignTest, Tester.name, Quality.name, OPERATED[0](row.id), Binding)
        .outerjoin(DesignTest, and_(DesignTest.control_id == Control.id, DesignTest.review_id == row.id))
        .outerjoin(Tester, Tester.id == DesignTest.tester_id).outerjoin(Quality, Quality.id == DesignTest.reviewer_id)
        .outerjoin(Binding, evidence.broken(DesignTest))
        .where(or_(here, DesignTest.id.is_not(None)), or_(_valid(row), DesignTest.id.is_not(None)))
    ).all()  # fmt: skip
    rows = [ControlRow(c, test, who or "", signed or "", outcome, c.subprocess_id == row.subprocess_id, broken)
            for c, test, who, signed, outcome, broken in found]  # fmt: skip
    return sorted(rows, key=lambda one: (not one.own, _natural(one.control.number)))


def findings(by: By, review_id: int) -> list[rules.FindingRow]:
    """The findings of a review."""
    return [row for ask in FINDINGS for row in ask(by, review_id)]


def standing(found: Head, rows: Iterable[ControlRow], listed: Iterable[rules.FindingRow] = ()) -> rules.Standing:
    """What a review has so far, for the rules."""
    row, shown = found.review, list(listed)
    complete = bool(row.conclusion and row.conclusion_design and row.overall_class)
    return rules.Standing(
        scope=bool(row.scope and row.period_from and row.period_to), declared=row.independence_declared_on is not None,
        walkthrough=row.walkthrough_on is not None, risks=found.risks,
        keys=[one.tested for one in rows if one.key], key_controls_reason=row.key_controls_reason,
        concluded=complete, heard=bool(row.owner_reply), quality_reviewed=row.quality_reviewed_at is not None,
        finished=row.state in rules.DONE, findings=len(shown),
        open_findings=sum(not one.settled for one in shown),
    )  # fmt: skip


def degree_of(rows: Iterable[ControlRow]) -> Degree:
    """How far the tests of a review's key controls carry."""
    rows = list(rows)
    keys = {one.control.id for one in rows if one.key}
    design = {one.control.id: one.test.outcome for one in rows if one.test is not None}
    return rules.degree(keys, design, {one.control.id: one.operating for one in rows})


def missing_to_approve(row: Review) -> list[Reason]:
    """What the later slices still miss."""
    return [reason for gate in GATES_TO_APPROVE for reason in gate(row)]


def design_tests(review_id: int) -> dict[int, DesignTest]:
    """Tests of design of a review by control."""
    found = db.session.scalars(select(DesignTest).where(DesignTest.review_id == review_id))
    return {test.control_id: test for test in found}


def design_test(review_id: int, control_id: int) -> DesignTest | None:
    """The test of design of one control in a review."""
    return db.session.scalar(
        select(DesignTest).where(DesignTest.review_id == review_id, DesignTest.control_id == control_id)
    )


def design_test_by_id(id: int) -> DesignTest | None:
    """A test of design by id."""
    return db.session.get(DesignTest, id) if 0 < id < 2**31 else None


def controls_of(subprocess_id: int, on: date | None = None) -> list[Control]:
    """Controls of a sub-process (that hold on a day; all without one)."""
    query = select(Control).where(Control.subprocess_id == subprocess_id)
    if on is not None:
        query = query.where(Control.valid_from <= on, Control.valid_to.is_(None) | (Control.valid_to >= on))
    return sorted(db.session.scalars(query), key=lambda found: _natural(found.number))


def risks_of(subprocess_id: int, on: date | None = None) -> list[Risk]:
    """Risks of a sub-process (that hold on a day; all without one)."""
    query = select(Risk).where(Risk.subprocess_id == subprocess_id)
    if on is not None:
        query = query.where(Risk.valid_to.is_(None) | (Risk.valid_to >= on))
    return sorted(db.session.scalars(query), key=lambda found: _natural(found.number))


def links_of(subprocess_id: int) -> list[RiskControl]:
    """The cells of a sub-process' matrix, those that were emptied too."""
    query = (
        select(RiskControl).join(Risk, Risk.id == RiskControl.risk_id)
        .where(Risk.subprocess_id == subprocess_id).order_by(RiskControl.id)
    )  # fmt: skip
    return list(db.session.scalars(query))


def link(risk_id: int, control_id: int) -> RiskControl | None:
    """One cell of the matrix."""
    return db.session.scalar(
        select(RiskControl).where(RiskControl.risk_id == risk_id, RiskControl.control_id == control_id)
    )


def numbers(model: type[Risk] | type[Control] | type[Review], organisation_id: int, stem: str) -> list[str]:
    """Numbers already used that begin with a stem."""
    query = select(model.number).where(model.organisation_id == organisation_id, model.number.startswith(stem))
    return list(db.session.scalars(query))


def has_key_control(process_id: int) -> bool:
    """Whether a key control is registered in the process."""
    return bool(db.session.scalar(_HAS_KEY_CONTROL, {"process": process_id}))


_HAS_KEY_CONTROL = select(exists().where(
    Control.subprocess_id == Subprocess.id, Subprocess.process_id == bindparam("process"),
    Control.key_control.is_(True), Control.valid_to.is_(None),
))  # fmt: skip
"""Asked at each submission."""


def describers(subprocess_id: int) -> tuple[int, frozenset[int]] | None:
    """Organisation of a sub-process, and who may describe it: owner, deputy, lead and tester of a live review."""
    return _describers(_of_describers().where(Subprocess.id == subprocess_id))


def _of_describers() -> Select[*tuple[Any, ...]]:
    live = Review.state.in_([State.PLANNED, State.IN_PROGRESS])
    return (
        select(Subprocess.organisation_id, Process.owner_id, Process.deputy_id, Review.lead_id, Review.tester_id)
        .join(Process, Process.id == Subprocess.process_id)
        .outerjoin(Review, and_(Review.subprocess_id == Subprocess.id, live))
    )  # fmt: skip


def _describers(query: Select[*tuple[Any, ...]]) -> tuple[int, frozenset[int]] | None:
    rows = db.session.execute(query).all()
    return (rows[0][0], frozenset(id for row in rows for id in row[1:] if id is not None)) if rows else None


def owners(subprocess_id: int) -> frozenset[int]:
    """The process owner and deputy of a sub-process."""
    found = db.session.execute(
        select(Process.owner_id, Process.deputy_id).join(Subprocess, Subprocess.process_id == Process.id)
        .where(Subprocess.id == subprocess_id)
    ).one()  # fmt: skip
    return frozenset(id for id in found if id is not None)


UNDER_WAY = Why(
    "review.under_way",
    N_("{number} of {code} is under way. Finish the review, or let the VD-forum change its choice first."), 409,
)  # fmt: skip


def under_way(subprocess_ids: Iterable[int]) -> list[Reason]:
    """The reviews of these sub-processes that are neither approved nor given up: they keep the sub-process open."""
    query = (
        select(Review.number, Subprocess.code).join(Subprocess, Subprocess.id == Review.subprocess_id)
        .where(Review.subprocess_id.in_(list(subprocess_ids)), Review.state.in_(rules.LIVE)).order_by(Review.id)
    )  # fmt: skip
    return [UNDER_WAY(number=number, code=code) for number, code in db.session.execute(query)]


def control_ids(subprocess_id: int) -> list[int]:
    """The controls of a sub-process that are not closed."""
    query = select(Control.id).where(Control.subprocess_id == subprocess_id, Control.valid_to.is_(None))
    return list(db.session.scalars(query.order_by(Control.id)))


def of_decisions(decision_ids: Iterable[int]) -> dict[int, Review]:
    """Reviews by the decision that chose them."""
    found = db.session.scalars(select(Review).where(Review.decision_id.in_(list(decision_ids))))
    return {row.decision_id: row for row in found if row.decision_id is not None}


def of_subprocess(by: By, subprocess_id: int) -> list[Review]:
    """Reviews of a sub-process that this reader may read, newest first."""
    query = (
        select(Review).join(Subprocess, Subprocess.id == Review.subprocess_id)
        .join(Process, Process.id == Subprocess.process_id)
        .where(Review.subprocess_id == subprocess_id, _readable(by)).order_by(Review.year.desc(), Review.id.desc())
    )  # fmt: skip
    return list(db.session.scalars(query))


SORTS = {"number": Review.number, "code": Subprocess.sort_key, "year": Review.year, "state": Review.state}


@dataclass(frozen=True)
class Listed:
    """A page of the list, how many match, how many there are, and what can be filtered by."""

    rows: list[ListRow]
    matching: int
    total: int
    years: list[int]
    leads: list[tuple[int, str]]


def listed(
    by: By, organisations: frozenset[int], filters: dict[str, str], sort: str, descending: bool, offset: int, limit: int
) -> Listed:
    """Reviews with filters by year, state and lead, a page at a time (three queries)."""
    mine = [Review.organisation_id.in_(organisations), _readable(by)]
    base = (
        select(Review.id, Review.number, Review.year, Review.state, Review.coverage, Review.form, Organisation.code,
               Subprocess.code, Subprocess.name_da, Subprocess.name_en, Person.name, Review.hearing_to,
               Review.draft_due)
        .join(Subprocess, Subprocess.id == Review.subprocess_id).join(Process, Process.id == Subprocess.process_id)
        .join(Organisation, Organisation.id == Review.organisation_id)
        .outerjoin(Person, Person.id == Review.lead_id).where(*mine)
    )  # fmt: skip
    query = _filtered(base, filters)
    matching = db.session.scalar(_filtered(_counting(mine), filters)) or 0
    column = SORTS[sort]
    order = column.desc() if descending else column.asc()
    rows = db.session.execute(query.order_by(order, Review.number, Review.id).limit(limit).offset(offset))
    choices = db.session.execute(
        select(Review.year, Review.lead_id, Person.name, func.count()).select_from(Review)
        .join(Subprocess, Subprocess.id == Review.subprocess_id).join(Process, Process.id == Subprocess.process_id)
        .outerjoin(Person, Person.id == Review.lead_id).where(*mine).group_by(Review.year, Review.lead_id, Person.name)
    ).all()  # fmt: skip
    years = sorted({year for year, *_ in choices}, reverse=True)
    leads = sorted({(name, id) for _, id, name, _ in choices if id is not None})
    total = sum(count for *_, count in choices)
    return Listed([ListRow(*row) for row in rows], matching, total, years, [(id, name) for name, id in leads])


def _counting(where: list[ColumnElement[bool]]) -> Select[Any]:
    return (
        select(func.count()).select_from(Review).join(Subprocess, Subprocess.id == Review.subprocess_id)
        .join(Process, Process.id == Subprocess.process_id).where(*where)
    )  # fmt: skip


def _filtered(query: Any, filters: dict[str, str]) -> Any:
    year, lead, state = filters.get("year", ""), filters.get("lead", ""), filters.get("state", "")
    if year.isascii() and year.isdigit() and len(year) == 4:
        query = query.where(Review.year == int(year))
    if lead.isascii() and lead.isdigit() and len(lead) < 10:
        query = query.where(Review.lead_id == int(lead))
    wanted = next((one for one in State if one.value == state), None)
    if wanted is not None:
        query = query.where(Review.state == wanted)
    return query


GOAL_B = N_("Goal B: reviews approved")


def goal_b(organisation_id: int, year: int) -> GoalOf:
    """Goal B: reviews approved of those the forum chose for the review year."""
    where = [*forum.standing_where(organisation_id, year), Decision.decided.in_(list(CHOSEN))]
    chosen = select(func.count(Decision.id)).join(Meeting, Meeting.id == Decision.meeting_id).where(*where)
    # Not the bare column: from the decisions to their reviews, never from all that are approved to decisions.
    approved = func.coalesce(Review.state, State.CHOSEN).in_(rules.DONE)
    done = (
        select(func.count(Review.id)).join(Decision, Decision.id == Review.decision_id)
        .join(Meeting, Meeting.id == Decision.meeting_id).where(*where, approved)
    )  # fmt: skip
    return GoalOf(GOAL_B, done, chosen, "review.index")


def progress(organisation_id: int) -> list[Select[*tuple[Any, ...]]]:
    """Reviews under way, for the five-year roll."""
    plan = (Review.subprocess_id, Review.year, literal(PlanKind.PROGRESS.value), Review.hours_planned, null(),
            type_coerce(Review.form, String))  # fmt: skip
    return [select(*plan).where(Review.organisation_id == organisation_id, Review.state.in_(rules.LIVE[1:]))]


def of_ended(organisation_id: int) -> Select[*tuple[Any, ...]]:
    """Sub-process, year, hours and area of the reviews of sub-processes with an end, for the plan's load.

    No review is under way when a sub-process ends; one that was given up has the hours that were used.
    """
    spent = case((Review.state == State.SUSPENDED, func.coalesce(Review.hours_used, 0)), else_=Review.hours_planned)
    return (
        select(Review.subprocess_id, Review.year, spent, Area.code)
        .join(Subprocess, Subprocess.id == Review.subprocess_id).join(Process, Process.id == Subprocess.process_id)
        .join(Area, Area.id == Process.area_id).where(Review.organisation_id == organisation_id)
        .where(Review.state.in_((*rules.DONE, State.SUSPENDED)), Subprocess.valid_to.is_not(None))
    )  # fmt: skip


def _belongs() -> Select[*tuple[Any, ...]]:
    return (
        select(Review, Subprocess.code, Process.owner_id, Process.deputy_id)
        .join(Subprocess, Subprocess.id == Review.subprocess_id).join(Process, Process.id == Subprocess.process_id)
    )  # fmt: skip


def _subject(row: Review, owners: Iterable[int | None], words: str, link: str) -> evidence.Subject:
    people = {row.lead_id, row.tester_id, row.quality_reviewer_id, *owners}
    return evidence.Subject(row.organisation_id, frozenset(id for id in people if id is not None), words, link)


def subject_of_review(id: int) -> evidence.Subject | None:
    """A review as what evidence proves; it belongs to lead, tester, quality reviewer, process owner and deputy."""
    found = db.session.execute(_belongs().where(Review.id == id)).first()
    if found is None:
        return None
    row, code, *owners = found
    return _subject(row, owners, f"{row.number} {code}", f"/reviews/{id}")


def subject_of_design_test(id: int) -> evidence.Subject | None:
    """A test of design; it belongs to the people of its review."""
    query = _belongs().add_columns(DesignTest).join(DesignTest, DesignTest.review_id == Review.id)
    found = db.session.execute(query.where(DesignTest.id == id)).first()
    if found is None:
        return None
    row, _code, *owners, test = found
    return _subject(row, owners, test.number, f"/reviews/{row.id}/design/{test.control_id}")


def subject_of_control(id: int) -> evidence.Subject | None:
    """A control; it belongs to who may describe it."""
    query = _of_describers().join(Control, Control.subprocess_id == Subprocess.id).where(Control.id == id)
    found = _describers(query)
    return evidence.Subject(*found) if found else None


def places_of_review(id: int) -> Iterator[Place]:
    """Where a visitor must be lent to for the evidence of a review."""
    found = review(id)
    yield from places(found) if found else ()


def places_of_control(id: int) -> Iterator[Place]:
    """The same for a control."""
    found = control(id)
    yield from places_of_part(found.subprocess_id) if found else ()


def places_of_design_test(id: int) -> Iterator[Place]:
    """The same for a test of design."""
    found = design_test_by_id(id)
    yield from places_of_review(found.review_id) if found else ()


def evidence_subjects(review_id: int) -> dict[str, list[int]]:
    """The subjects whose evidence a signature on a review binds to."""
    found: dict[str, list[int]] = {}
    for published in EVIDENCE:
        for name, ids in published(review_id).items():
            found.setdefault(name, []).extend(ids)
    return found


def workers(row: Review) -> list[int]:
    """Who led, tested, quality-reviewed or approved a review, or is named to: none of them lets it be reopened."""
    kind = (row.__tablename__, row.id)
    known = people.taken(kind)
    found = {id for side in Side for id in known.get((Duty.S3, *kind, 0, side), ())}
    named = (row.lead_id, row.tester_id, row.quality_reviewer_id, row.approved_by_id)
    return sorted(found | {id for id in named if id is not None})


def snapshot(row: Review) -> str:
    """A review as it stands with its tests, findings and files: canonical JSON (RFC 8785) by table."""
    tests = sorted(design_tests(row.id).values(), key=lambda test: test.id)
    rows: dict[str, list[Any]] = {Review.__tablename__: [row], DesignTest.__tablename__: tests}
    for published in FINAL:
        rows.update(published(row.id))
    told: dict[str, Any] = {name: [state(one) for one in some] for name, some in rows.items()}
    told["files"] = [list(pair) for pair in evidence.proofs(evidence_subjects(row.id))]
    told["approver"] = people.names({row.approved_by_id}).get(row.approved_by_id or 0, "")
    return canonical(told)


@dataclass(frozen=True)
class Earlier:
    """A version of a review that was reopened, as it was approved."""

    number: int
    approver: str
    approved_at: datetime
    design: DesignOutcome | None
    operating: Outcome | None
    overall: OverallClass | None
    coverage: Degree | None
    conclusion: str
    asked: people.Reopened


def earlier(asked: Iterable[people.Reopened]) -> list[Earlier]:
    """The versions that were kept, oldest first, read from what was kept of them."""
    kept = [(one, json.loads(one.row.snapshot)) for one in asked if one.row.snapshot]
    return [_earlier(one, whole["approver"], whole[Review.__tablename__][0]) for one, whole in kept]


def _earlier(asked: people.Reopened, approver: str, was: Mapping[str, Any]) -> Earlier:
    return Earlier(
        asked.row.number, approver, datetime.fromisoformat(was["approved_at"]),
        _word(DesignOutcome, was["conclusion_design"]), _word(Outcome, was["conclusion_operating"]),
        _word(OverallClass, was["overall_class"]), _word(Degree, was["coverage"]), was["conclusion"], asked,
    )  # fmt: skip


def _word(words: type[L], value: str | None) -> L | None:
    return None if value is None else words(value)


def working(review_id: Any) -> ColumnElement[bool]:
    """Whether the review of this id is still being worked on, as a predicate."""
    return exists().where(Review.id == review_id, Review.state.in_(rules.LIVE))


def last_full(review_id: Any) -> ColumnElement[bool]:
    """Whether no full coverage of the sub-process came after the review of this id, as a predicate."""
    own, later = aliased(Coverage), aliased(Coverage)
    newer = exists().where(
        later.subprocess_id == Review.subprocess_id,
        later.degree == Degree.FULL,
        later.covered_on > own.covered_on,
        stands(later),
    )
    return exists().where(
        Review.id == review_id, Review.state.in_(rules.DONE), own.subprocess_id == Review.subprocess_id,
        own.organisation_id == Review.organisation_id, own.review_number == Review.number, stands(own), ~newer,
    )  # fmt: skip


Export = Iterable[int]


def reviews_for_export(organisation_ids: Export) -> list[tuple[Review, str]]:
    """Reviews with the code of the sub-process, in order of number."""
    query = select(Review, Subprocess.code).join(Subprocess, Subprocess.id == Review.subprocess_id)
    rows = db.session.execute(query.where(Review.organisation_id.in_(list(organisation_ids))).order_by(Review.number))
    return [(row, code) for row, code in rows]


def risks_for_export(organisation_ids: Export) -> list[tuple[Risk, str]]:
    """Risks with the code of the sub-process."""
    query = select(Risk, Subprocess.code).join(Subprocess, Subprocess.id == Risk.subprocess_id)
    query = query.where(Risk.organisation_id.in_(list(organisation_ids)))
    return [(row, code) for row, code in db.session.execute(query.order_by(Subprocess.sort_key, Risk.id))]


def controls_for_export(organisation_ids: Export) -> list[tuple[Control, str]]:
    """Controls with the code of the sub-process."""
    query = select(Control, Subprocess.code).join(Subprocess, Subprocess.id == Control.subprocess_id)
    query = query.where(Control.organisation_id.in_(list(organisation_ids)))
    return [(row, code) for row, code in db.session.execute(query.order_by(Subprocess.sort_key, Control.id))]


def links_for_export(organisation_ids: Export) -> list[tuple[RiskControl, str, str]]:
    """Filled cells of the matrices with the numbers of risk and control."""
    query = (
        select(RiskControl, Risk.number, Control.number).join(Risk, Risk.id == RiskControl.risk_id)
        .join(Control, Control.id == RiskControl.control_id)
        .where(RiskControl.organisation_id.in_(list(organisation_ids)), RiskControl.degree.is_not(None))
        .order_by(Risk.number, Control.number)
    )  # fmt: skip
    return [(row, risk, control) for row, risk, control in db.session.execute(query)]


def design_tests_for_export(organisation_ids: Export) -> list[tuple[DesignTest, str, str]]:
    """Tests of design with the numbers of review and control."""
    query = (
        select(DesignTest, Review.number, Control.number).join(Review, Review.id == DesignTest.review_id)
        .join(Control, Control.id == DesignTest.control_id)
        .where(DesignTest.organisation_id.in_(list(organisation_ids))).order_by(DesignTest.id)
    )  # fmt: skip
    return [(row, review, control) for row, review, control in db.session.execute(query)]


HELD = held.declare("review_control", N_("Control"), N_("Controls"), "overview.control", by_code=True)


def held_controls(on: date) -> Select[*tuple[Any, ...]]:
    """The controls in force on a day, with who owns each; the process owner takes over unless somebody is chosen."""
    return (
        held.rows(
            HELD, id=Control.id, organisation_id=Control.organisation_id, code=Control.number, name_da=Control.text,
            name_en=Control.text, owner_id=Control.owner_id, above_id=Process.owner_id,
            deputy_id=Process.deputy_id,
        )
        .join(Subprocess, Subprocess.id == Control.subprocess_id).join(Process, Process.id == Subprocess.process_id)
        .where(or_(Control.valid_to.is_(None), Control.valid_to > on), universe.active(Subprocess, on))
    )  # fmt: skip


PLAN = task.declare("review.plan", N_("Plan the review of {code} {name}"), N_("Plan review"), "review.planning")
START = task.declare("review.start", N_("Start the review of {code} {name}"), N_("Open review"), "review.show")
WORK = task.declare("review.work", N_("Test and conclude {code} {name}"), N_("Open review"), "review.show")
DRAFT = task.declare(
    "review.draft", N_("Send the draft on {code} {name} to hearing"), N_("Open draft"), "review.hearing"
)
ANSWER = task.declare(
    "review.answer", N_("Answer the hearing on {code} {name}"), N_("Answer hearing"), "review.hearing"
)
QUALITY = task.declare("review.quality", N_("Quality-review {code} {name}"), N_("Quality-review"), "review.conclusion")
APPROVE = task.declare(
    "review.approve", N_("Approve the review of {code} {name}"), N_("Approve review"), "review.conclusion"
)

REOPEN = task.declare(
    "review.reopen", N_("Decide whether the review of {code} {name} is reopened"), N_("Open review"), "review.show"
)  # fmt: skip


def tasks(by: By) -> list[Select[Any]]:
    """What a person must do in reviews now."""
    me, state = by.own_id, Review.state
    approves = within(by, Permission.REVIEW_APPROVE, Review.organisation_id, **visited())
    heard = or_(Review.owner_reply != "", Review.hearing_to < by.today)
    stranger = and_(Review.lead_id != me, Review.tester_id != me)
    wanted = [
        (PLAN, None, [state == State.CHOSEN, Review.organisation_id.in_(list(by.everywhere(Permission.REVIEW_PLAN)))]),
        (START, Review.start_on, [state == State.PLANNED, Review.lead_id == me]),
        (WORK, Review.draft_due, [state == State.IN_PROGRESS, or_(Review.lead_id == me, Review.tester_id == me)]),
        (DRAFT, Review.draft_due, [state == State.DRAFT, Review.lead_id == me]),
        (ANSWER, Review.hearing_to, [state == State.IN_HEARING, Review.owner_reply == "",
                                     or_(Process.owner_id == me, Process.deputy_id == me)]),
        (QUALITY, Review.hearing_to, [state.in_([State.DRAFT, State.IN_HEARING]), Review.quality_reviewed_at.is_(None),
                                      Review.quality_reviewer_id == me]),
        (APPROVE, Review.hearing_to, [state == State.IN_HEARING, Review.quality_reviewed_at.is_not(None), heard,
                                      stranger, approves]),
    ]  # fmt: skip
    part = Subprocess
    asked = people.to_reopen(by, Review)
    wanted.append((REOPEN, None, [asked]))
    return [
        task.rows(kind, id=Review.id, code=part.code, name_da=part.name_da, name_en=part.name_en, due=due)
        .join(Subprocess, Subprocess.id == Review.subprocess_id).join(Process, Process.id == Subprocess.process_id)
        .where(*where)
        for kind, due, where in wanted
    ]  # fmt: skip
