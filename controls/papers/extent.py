"""Which rows stand behind the workbook of a year: the predicates of its sheets."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from controls.base.audit import EventRow
from controls.base.clock import COPENHAGEN
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.evidence.tables import Evidence
from controls.finding.tables import Action, Finding
from controls.finding.words import State as FindingState
from controls.forum.tables import Meeting
from controls.forum.words import State as MinutesState
from controls.identity.tables import Organisation, RoleGrant
from controls.recommendation.tables import Recommendation
from controls.recommendation.words import State as RecommendationState
from controls.review.tables import Control, DesignTest, Review, Risk
from controls.universe.tables import Subprocess

if TYPE_CHECKING:
    from controls.papers.queries import Scope


def in_force(table: Any, s: "Scope") -> Any:
    """What held at some time in the year."""
    return and_(table.valid_from <= s.last, or_(table.valid_to.is_(None), table.valid_to >= s.first))


def risks(s: "Scope") -> Any:
    """Risks that held at some time in the year."""
    return and_(Risk.organisation_id == s.organisation, or_(Risk.valid_to.is_(None), Risk.valid_to >= s.first))


def controls(s: "Scope") -> Any:
    """Controls that held at some time in the year."""
    return and_(Control.organisation_id == s.organisation, in_force(Control, s))


def subprocesses(s: "Scope") -> Any:
    """Sub-processes that held at some time in the year."""
    return and_(Subprocess.organisation_id == s.organisation, in_force(Subprocess, s))


def handed_over(s: "Scope") -> Any:
    """Every handed-over version of the year's recommendation."""
    r = Recommendation
    return and_(r.organisation_id == s.organisation, r.year == s.year, r.state == RecommendationState.HANDED_OVER)


def locked(s: "Scope") -> Any:
    """Meetings about the organisation whose minutes are locked."""
    return and_(Meeting.about_id == s.organisation, Meeting.state == MinutesState.LOCKED)


def reviews(s: "Scope") -> Any:
    """The reviews of the year."""
    return and_(Review.organisation_id == s.organisation, Review.year == s.year)


def findings(s: "Scope") -> Any:
    """Findings of the year's reviews, those still open, and those closed in the year."""
    open_ones = Finding.state.not_in([FindingState.CLOSED, FindingState.RISK_ACCEPTED])
    return and_(
        Finding.organisation_id == s.organisation,
        or_(reviews(s), open_ones, and_(Finding.closed_on >= s.first, Finding.closed_on <= s.last)),
    )


def bounds(s: "Scope") -> tuple[datetime, datetime]:
    """The year's first moment in Denmark, and the first after it."""
    begins = datetime(s.year, 1, 1, tzinfo=COPENHAGEN)
    return begins, begins.replace(year=s.year + 1)


def evidence(s: "Scope") -> Any:
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


def grants(s: "Scope") -> Any:
    """Roles that held in the organisation, or above it, at some time since the year began."""
    above = select(Organisation.path).where(Organisation.id == s.organisation).scalar_subquery()
    over = select(Organisation.id).where(func.substr(above, 1, func.length(Organisation.path)) == Organisation.path)
    g = RoleGrant
    return and_(
        g.organisation_id.in_(over), g.valid_from <= max(s.last, s.by.today),
        or_(g.valid_to.is_(None), g.valid_to >= s.first),
    )  # fmt: skip


def events(s: "Scope") -> Any:
    """Events of the organisation, and those of meetings about it."""
    about = select(Meeting.id).where(Meeting.about_id == s.organisation)
    meetings = and_(EventRow.object_type == Meeting.__tablename__, EventRow.object_id.in_(about))
    return or_(EventRow.organisation_id == s.organisation, meetings)
