"""The journey's main pages on the demo: name, address, who reads it, and how it is met."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from controls.assessment.tables import Assessment
from controls.assessment.words import State as Assessed
from controls.base.db import db
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.effectiveness.words import State as Tested
from controls.evidence.tables import Evidence
from controls.finding.tables import Finding
from controls.finding.words import State as Found
from controls.forum.tables import Meeting
from controls.forum.words import State as Met
from controls.identity.queries import organisation
from controls.identity.tables import Person
from controls.review.tables import Control, Review
from controls.review.words import State as Reviewed
from controls.universe.tables import Subprocess

STAR_YEAR = "/cycles/2026"


@dataclass(frozen=True)
class Page:
    """A page as a person meets it ("" is nobody signed in)."""

    name: str
    path: str
    person: str
    status: int = 200
    narrow: bool = False
    """Looked at on a telephone too."""


def _first(column: InstrumentedAttribute[int], *where: object) -> int:
    """The newest row that fits; the demo has one of each kind that is asked for."""
    found = db.session.scalar(select(column).where(*where).order_by(column.desc()).limit(1))  # type: ignore[arg-type]
    assert found is not None, f"the demo has no {column.class_.__name__} that fits {[str(one) for one in where]}"
    return found


def _star() -> int:
    found = organisation("STAR")
    assert found is not None
    return found.id


def _review(state: Reviewed) -> int:
    return _first(Review.id, Review.state == state)


def _tested(*states: Tested) -> str:
    """The page of a test of operation, the one with most to show."""
    test = db.session.get_one(
        OperatingTest,
        _first(OperatingTest.id, OperatingTest.state.in_(states), OperatingTest.id.in_(select(SampleItem.test_id))),
    )
    return f"/reviews/{test.review_id}/controls/{test.control_id}"


def _subprocess_code() -> str:
    review = db.session.get_one(Review, _review(Reviewed.ARCHIVED))
    return db.session.get_one(Subprocess, review.subprocess_id).code


def homes() -> list[Page]:
    """The home of each role."""
    people = {
        "owner": "flkr", "controller": "nara", "group": "bemo", "member": "pehj", "chair": "hebu", "secretary": "suho",
        "auditor": "bifa", "administrator": "tomi",
    }  # fmt: skip
    return [Page(f"home-{role}", "/", person, narrow=role == "owner") for role, person in people.items()]


def _before_forum() -> list[Page]:
    code = _subprocess_code()
    form, waiting, locked = (
        _first(Assessment.id, Assessment.state == state)
        for state in (Assessed.RETURNED, Assessed.SUBMITTED, Assessed.LOCKED)
    )
    returned = db.session.get_one(Assessment, form)
    filler = "siho" if returned.author_id is None else _username(returned.author_id)
    process, control = code.split(".")[0], _first(Control.id, Control.organisation_id == _star())
    number = db.session.get_one(Control, control).number
    return [
        Page("login", "/login", ""),
        *homes(),
        Page("tasks", "/tasks", "nara", narrow=True),
        Page("processes", "/processes?org=STAR", "bemo", narrow=True),
        Page("process", f"/processes/{process}?org=STAR", "bemo", narrow=True),
        Page("process-edit", f"/processes/{process}/edit?org=STAR", "bemo"),
        Page("subprocess", f"/subprocesses/{code}?org=STAR", "bemo"),
        Page("control", f"/controls/{number}?org=STAR", "nara"),
        Page("import", "/import?org=DEP", "kari"),
        Page("search", "/search?q=udbetaling", "bemo"),
        Page("cycles", "/cycles", "bemo"),
        Page("cycle", f"{STAR_YEAR}?org=STAR", "bemo", narrow=True),
        Page("wheel", "/wheel/2026?org=STAR", "bemo"),
        Page("assessments", f"{STAR_YEAR}/assessments?org=STAR", "bemo", narrow=True),
        Page("matrix", f"{STAR_YEAR}/matrix?org=STAR", "bemo"),
        Page("form", f"/assessments/{form}", filler, narrow=True),
        Page("calibration", f"/assessments/{waiting}", "kari"),
        Page("receipt", f"/assessments/{locked}", "bifa"),
        Page("plan", "/plan?org=STAR", "bemo", narrow=True),
        Page("recommendation", f"{STAR_YEAR}/recommendation?org=STAR", "bemo"),
    ]


def _username(id: int) -> str:
    return db.session.get_one(Person, id).username


def _from_forum() -> list[Page]:
    meeting, past = _first(Meeting.id, Meeting.state == Met.ANNOUNCED), _first(Meeting.id, Meeting.state == Met.LOCKED)
    working, heard = _review(Reviewed.IN_PROGRESS), _review(Reviewed.IN_HEARING)
    finding = _first(Finding.id, Finding.state == Found.IN_PROGRESS)
    return [
        Page("forum", "/forum", "hebu", narrow=True),
        Page("paper", f"/forum/{meeting}", "hebu", narrow=True),
        Page("minutes", f"/forum/{meeting}/minutes", "suho"),
        Page("presence", f"/forum/{meeting}/minutes/presence", "suho"),
        Page("minutes-locked", f"/forum/{past}/minutes", "hebu"),
        Page("reviews", "/reviews?org=STAR", "nara", narrow=True),
        Page("review", f"/reviews/{working}", "bemo", narrow=True),
        Page("review-plan", f"/reviews/{_review(Reviewed.PLANNED)}/plan", "bemo"),
        Page("review-scope", f"/reviews/{working}/scope", "bemo"),
        Page("review-controls", f"/reviews/{heard}/controls", "bemo"),
        Page("review-design", f"/reviews/{heard}/design", "bemo"),
        Page("review-operation", f"/reviews/{heard}/operation", "bemo"),
        Page("review-hearing", f"/reviews/{heard}/hearing", "bemo"),
        Page("review-conclusion", f"/reviews/{heard}/conclusion", "bemo"),
        Page("test", _tested(Tested.CONCLUDED, Tested.REVIEWED), "bemo"),
        Page("findings", "/findings?org=STAR", "bemo", narrow=True),
        Page("finding", f"/findings/{finding}", "bemo", narrow=True),
        Page("evidence", f"/evidence/{_first(Evidence.id, Evidence.organisation_id == _star())}", "bifa"),
        Page("reports", "/reports", "bifa"),
        Page("me", "/me", "bemo"),
        Page("accessibility", "/accessibility", "bemo"),
        Page("not-found", "/reviews/999999", "bemo", status=404),
        Page("forbidden", "/forum/new", "bemo", status=403),
    ]


def main_pages(app: Flask) -> list[Page]:
    """Every main page, with addresses of this demo."""
    parts: list[Callable[[], list[Page]]] = [_before_forum, _from_forum]
    with app.app_context():
        return [page for part in parts for page in part()]
