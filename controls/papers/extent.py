"""Which rows stand behind the workbook of a year: the predicates that sheets and package share."""

import json
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import and_, func, or_, select, union

from controls.assessment.tables import Assessment
from controls.assessment.tables import Line as AssessmentLine
from controls.base.audit import EventRow
from controls.base.clock import COPENHAGEN
from controls.base.db import db
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.evidence.tables import Binding, Evidence, Hold, Request, Retention
from controls.finding.tables import Action, Extension, Finding
from controls.finding.words import State as FindingState
from controls.forum.tables import Decision, Impartiality, Meeting, Presence
from controls.forum.words import State as MinutesState
from controls.identity.tables import DutyException, Organisation, Person, Reopening, RoleGrant, VisitingGrant
from controls.papers.scope import Scope
from controls.recommendation.tables import Line, Recommendation
from controls.recommendation.words import State as RecommendationState
from controls.review.tables import Control, DesignTest, Review, Risk, RiskControl
from controls.rotation.tables import Coverage
from controls.universe.tables import Area, Process, Subprocess
from controls.wheel.tables import Cycle, Step


def in_force(table: Any, s: Scope) -> Any:
    """What held at some time in the year: an import undone on its own day added nothing that did."""
    lasted = and_(table.valid_to >= s.first, table.valid_to >= table.valid_from)
    return and_(table.valid_from <= s.last, or_(table.valid_to.is_(None), lasted))


def risks(s: Scope) -> Any:
    """Risks that held at some time in the year."""
    return and_(Risk.organisation_id == s.organisation, or_(Risk.valid_to.is_(None), Risk.valid_to >= s.first))


def controls(s: Scope) -> Any:
    """Controls that held at some time in the year."""
    return and_(Control.organisation_id == s.organisation, in_force(Control, s))


def subprocesses(s: Scope) -> Any:
    """Sub-processes that held at some time in the year."""
    return and_(Subprocess.organisation_id == s.organisation, in_force(Subprocess, s))


def handed_over(s: Scope) -> Any:
    """Every handed-over version of the year's recommendation."""
    r = Recommendation
    return and_(r.organisation_id == s.organisation, r.year == s.year, r.state == RecommendationState.HANDED_OVER)


def locked(s: Scope) -> Any:
    """Meetings about the organisation whose minutes are locked."""
    return and_(Meeting.about_id == s.organisation, Meeting.state == MinutesState.LOCKED)


def reviews(s: Scope) -> Any:
    """The reviews of the year."""
    return and_(Review.organisation_id == s.organisation, Review.year == s.year)


def findings(s: Scope) -> Any:
    """Findings of the year's reviews, those still open, and those closed in the year."""
    open_ones = Finding.state.not_in([FindingState.CLOSED, FindingState.RISK_ACCEPTED])
    return and_(
        Finding.organisation_id == s.organisation,
        or_(reviews(s), open_ones, and_(Finding.closed_on >= s.first, Finding.closed_on <= s.last)),
    )


def reopenings(s: Scope) -> Any:
    """Requests to reopen the year's assessments and reviews and the listed findings."""
    year_findings = select(Finding.id).outerjoin(Review, Review.id == Finding.review_id).where(findings(s))
    year_forms = select(Assessment.id).where(
        Assessment.organisation_id == s.organisation, Assessment.year == s.year
    )  # fmt: skip
    wanted = {
        Assessment.__tablename__: year_forms, Review.__tablename__: select(Review.id).where(reviews(s)),
        Finding.__tablename__: year_findings,
    }  # fmt: skip
    return or_(*(and_(Reopening.object_type == name, Reopening.object_id.in_(ids)) for name, ids in wanted.items()))


def bounds(s: Scope) -> tuple[datetime, datetime]:
    """The year's first moment in Denmark, and the first after it."""
    begins = datetime(s.year, 1, 1, tzinfo=COPENHAGEN)
    return begins, begins.replace(year=s.year + 1)


def evidence(s: Scope) -> Any:
    """Files of the year's reviews, tests and listed findings, and whatever was uploaded in the year."""
    e, (begins, ends) = Evidence, bounds(s)
    year_reviews = select(Review.id).where(reviews(s))
    year_tests = select(OperatingTest.id).where(OperatingTest.review_id.in_(year_reviews))
    year_findings = select(Finding.id).outerjoin(Review, Review.id == Finding.review_id).where(findings(s))
    subjects = {
        Review.__tablename__: year_reviews, OperatingTest.__tablename__: year_tests,
        SampleItem.__tablename__: select(SampleItem.id).where(SampleItem.test_id.in_(year_tests)),
        DesignTest.__tablename__: select(DesignTest.id).where(DesignTest.review_id.in_(year_reviews)),
        Finding.__tablename__: year_findings,
        Action.__tablename__: select(Action.id).where(Action.finding_id.in_(year_findings)),
    }  # fmt: skip
    of_year = [and_(e.subject_type == name, e.subject_id.in_(ids)) for name, ids in subjects.items()]
    return and_(e.organisation_id == s.organisation, or_(and_(e.uploaded_at >= begins, e.uploaded_at < ends), *of_year))


def grants(s: Scope) -> Any:
    """Roles that held in the organisation, or above it, at some time since the year began."""
    above = select(Organisation.path).where(Organisation.id == s.organisation).scalar_subquery()
    over = select(Organisation.id).where(func.substr(above, 1, func.length(Organisation.path)) == Organisation.path)
    g = RoleGrant
    return and_(
        g.organisation_id.in_(over), g.valid_from <= max(s.last, s.by.today),
        or_(g.valid_to.is_(None), g.valid_to >= s.first),
    )  # fmt: skip


def visits(s: Scope) -> Any:
    """Visiting grants that were given for the organisation and held at some time since the year began."""
    v = VisitingGrant
    return and_(
        v.host_organisation_id == s.organisation, v.granted_on.is_not(None), v.valid_from <= max(s.last, s.by.today),
        func.coalesce(v.ended_on, v.valid_to) >= s.first,
    )  # fmt: skip


def exceptions(s: Scope) -> Any:
    """Exceptions of the chair that reached the organisation at some time since the year began."""
    above = select(Organisation.path).where(Organisation.id == s.organisation).scalar_subquery()
    over = select(Organisation.id).where(func.substr(above, 1, func.length(Organisation.path)) == Organisation.path)
    return and_(
        DutyException.organisation_id.in_(over), DutyException.valid_from <= max(s.last, s.by.today),
        DutyException.valid_to >= s.first,
    )  # fmt: skip


def refused(s: Scope) -> Any:
    """Attempts in the organisation since the year began to stand on both sides of a rule."""
    begun = datetime.combine(s.first, time(), COPENHAGEN)
    return and_(
        EventRow.action == "identity.same_person_refused", EventRow.organisation_id == s.organisation,
        EventRow.at >= begun,
    )  # fmt: skip


def events(s: Scope) -> Any:
    """Events of the organisation, and those of meetings about it."""
    about = select(Meeting.id).where(Meeting.about_id == s.organisation)
    meetings = and_(EventRow.object_type == Meeting.__tablename__, EventRow.object_id.in_(about))
    return or_(EventRow.organisation_id == s.organisation, meetings)


@dataclass(frozen=True)
class Part:
    """The rows of one table, and the sheet that has one line for each of them (or none such)."""

    model: Any
    where: Any
    sheet: str = ""


def parts(s: Scope) -> list[Part]:
    """Every row that a cell of the workbook comes from, table by table; people last, since the others name them."""
    year_reviews = select(Review.id).where(reviews(s))
    year_tests = select(OperatingTest.id).where(OperatingTest.review_id.in_(year_reviews))
    year_findings = select(Finding.id).outerjoin(Review, Review.id == Finding.review_id).where(findings(s))
    in_year = select(Subprocess.process_id).where(subprocesses(s))
    forms = and_(Assessment.organisation_id == s.organisation, Assessment.year == s.year)
    meetings, papers = select(Meeting.id).where(locked(s)), select(Recommendation.id).where(handed_over(s))
    files = select(Evidence.id).where(evidence(s))
    year_meetings = meetings.where(Meeting.year == s.year)
    decisions = and_(
        Decision.meeting_id.in_(meetings), or_(Decision.meeting_id.in_(year_meetings), Decision.review_year == s.year)
    )
    found = [
        Part(Organisation, Organisation.id.in_(_organisations(s))),
        Part(Area, Area.id.in_(select(Process.area_id).where(Process.id.in_(in_year)))),
        Part(Process, Process.id.in_(in_year)), Part(Subprocess, subprocesses(s), "01"), Part(Assessment, forms),
        Part(AssessmentLine, AssessmentLine.assessment_id.in_(select(Assessment.id).where(forms)), "02"),
        Part(Risk, risks(s), "03"), Part(Control, controls(s), "04"),
        Part(RiskControl, and_(RiskControl.risk_id.in_(select(Risk.id).where(risks(s))),
                               RiskControl.control_id.in_(select(Control.id).where(controls(s))))),
        Part(Recommendation, handed_over(s)), Part(Line, Line.recommendation_id.in_(papers), "06"),
        Part(Meeting, or_(Meeting.id.in_(year_meetings), Meeting.id.in_(select(Decision.meeting_id).where(decisions)))),
        Part(Decision, decisions, "07"),
        Part(Impartiality, Impartiality.meeting_id.in_(year_meetings), "08"),
        Part(Presence, Presence.meeting_id.in_(year_meetings), "08b"),
        Part(Coverage, Coverage.organisation_id == s.organisation), Part(Review, reviews(s), "10"),
        Part(Reopening, reopenings(s), "10b"),
        Part(DesignTest, DesignTest.review_id.in_(year_reviews), "11"),
        Part(OperatingTest, OperatingTest.review_id.in_(year_reviews), "11"),
        Part(SampleItem, SampleItem.test_id.in_(year_tests), "12"), Part(Evidence, evidence(s), "13"),
        Part(Request, Request.evidence_id.in_(files)), Part(Hold, Hold.evidence_id.in_(files)),
        Part(Binding, Binding.id.in_(_bindings(s))), Part(Retention, Retention.organisation_id == s.organisation),
        Part(Finding, Finding.id.in_(year_findings), "14"),
        Part(Action, Action.finding_id.in_(year_findings), "15"),
        Part(Extension, Extension.finding_id.in_(year_findings)),
        Part(Cycle, Cycle.id == s.cycle.id), Part(Step, Step.cycle_id == s.cycle.id, "17"),
        Part(RoleGrant, grants(s), "18"), Part(VisitingGrant, visits(s), "18"),
        Part(DutyException, exceptions(s), "18b"),
    ]  # fmt: skip
    return [*found, Part(Person, Person.id.in_(_people(found)))]


def _organisations(s: Scope) -> list[int]:
    """The organisation, and those that its roles, visitors and exceptions come from."""
    named = union(
        select(RoleGrant.organisation_id).where(grants(s)), select(VisitingGrant.home_organisation_id).where(visits(s)),
        select(DutyException.organisation_id).where(exceptions(s)),
    )  # fmt: skip
    return sorted({s.organisation, *db.session.scalars(named)})


def _bindings(s: Scope) -> list[int]:
    """The signatures that were given on the year's files."""
    files = set(db.session.scalars(select(Evidence.id).where(evidence(s))))
    query = select(Binding.id, Binding.hashes).where(Binding.organisation_id == s.organisation).order_by(Binding.id)
    return [id for id, hashes in db.session.execute(query) if files.intersection(signed_files(hashes))]


def signed_files(hashes: str) -> list[int]:
    """The files that a signature was given on; none when what is stored was tampered with, which the checks tell."""
    try:
        return [id for id in json.loads(hashes)["ids"] if isinstance(id, int)]
    except (KeyError, TypeError, ValueError):
        return []


def _people(found: list[Part]) -> list[int]:
    """Everybody whom one of the rows names."""
    ids: set[int] = set()
    for part in found:
        for column in part.model.__table__.columns:
            if any(key.target_fullname == "identity_person.id" for key in column.foreign_keys):
                ids.update(db.session.scalars(select(column).where(part.where, column.is_not(None)).distinct()))
    return sorted(ids)
