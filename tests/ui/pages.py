"""The journey's main pages on the demo: name, address, who reads it, and how it is met."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from flask import Flask
from playwright.sync_api import Page as Tab
from playwright.sync_api import Response
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from controls.assessment.tables import Assessment
from controls.assessment.words import State as Assessed
from controls.base.audit import EventRow
from controls.base.db import db
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.effectiveness.words import State as Tested
from controls.evidence.tables import Evidence, Hold, Request
from controls.evidence.words import RequestKind
from controls.evidence.words import RequestState as Waits
from controls.finding.tables import Finding
from controls.finding.words import State as Found
from controls.forum.tables import Impartiality, Meeting
from controls.forum.words import State as Met
from controls.history.tables import Redaction
from controls.history.words import State as Removal
from controls.identity.queries import organisation
from controls.identity.tables import Person, Reopening, StandIn, VisitingGrant
from controls.identity.visits import VisitState
from controls.identity.words import RequestState
from controls.papers.tables import IntakeDraft
from controls.papers.words import Kind
from controls.planning.tables import Line, Proposal, Scenario
from controls.reminder.tables import Reminder
from controls.review.tables import Control, Review
from controls.review.words import State as Reviewed
from controls.universe.tables import Process, Subprocess

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
    press: Callable[[Tab], object] | None = None
    """What is done on the page to come to the one that is looked at."""
    stale: bool = False
    """The sign-in was proven too long ago for what weighs most."""


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
    both = f"{returned.version}.0"
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
        Page("catalogue-line", "/catalogue/subprocess/KRE-3.1?org=STAR", "bemo", narrow=True),
        Page("catalogue-split", f"/catalogue/subprocess/{code}/split?org=STAR", "bemo", narrow=True),
        Page("catalogue-merge", f"/catalogue/subprocess/{code}/merged?org=STAR", "bemo"),
        Page("catalogue-then", "/catalogue?org=STAR&on=31.12.2024", "bifa", narrow=True),
        Page("control", f"/controls/{number}?org=STAR", "nara"),
        Page("import", "/import?org=DEP", "kari"),
        Page("forms-excel", f"{STAR_YEAR}/assessments/import?org=STAR", "nara"),
        *(
            Page(
                f"{kind.value}-differences",
                f"/import/{kind.value}/"
                f"{_first(IntakeDraft.id, IntakeDraft.kind == kind, IntakeDraft.intake_id.is_(None))}",
                "nara" if kind is Kind.FORMS else "kari",
                narrow=True,
            )
            for kind in Kind
        ),
        Page("history-excel", "/import/history?org=STAR", "bemo"),
        Page("catalogue-excel", "/import?org=STAR", "bemo"),
        Page("search", "/search?q=udbetaling", "bemo"),
        Page("first-day", "/?org=DEP", "kari", narrow=True),
        Page("proposed", "/settings/proposed?org=DEP", "kari", narrow=True),
        Page("handover", f"/settings/handover?org=STAR&person={_person('anki')}", "bemo", narrow=True),
        Page("owners", "/settings/owners?org=STAR", "bemo", narrow=True),
        Page("staffing", "/settings/staffing?org=ALS", "hebj", narrow=True),
        Page("close-account", f"/users/{_person('anki')}/close", "tomi"),
        Page("cycles", "/cycles", "bemo"),
        Page("cycle", f"{STAR_YEAR}?org=STAR", "bemo", narrow=True),
        Page("wheel", "/wheel/2026?org=STAR", "bemo"),
        Page("scales-help", "/help/scales?org=STAR", "flkr", narrow=True),
        Page("scales", "/settings/scales?org=STAR", "bemo", narrow=True),
        Page("scales-effect", "/settings/scales?org=ALS", "hebj", narrow=True, press=_effect),
        Page("assessments", f"{STAR_YEAR}/assessments?org=STAR", "bemo", narrow=True),
        Page("matrix", f"{STAR_YEAR}/matrix?org=STAR", "bemo"),
        Page("form", f"/assessments/{form}", filler, narrow=True),
        Page(
            "form-conflict",
            f"/assessments/{form}",
            filler,
            status=409,
            narrow=True,
            press=lambda tab: sent(
                tab,
                f"/assessments/{form}/draft",
                row_version=both,
                reason="Adgange lukkes ugen efter.",
                control_level="2",
            ),
        ),
        Page("versions", f"/assessments/{locked}/history", "bifa", narrow=True),
        Page("sheet", "/cycles/2026/grid?org=ALS", "siho", narrow=True),
        Page("calibration", f"/assessments/{waiting}", "kari"),
        Page("calibration-queue", f"{STAR_YEAR}/calibration?org=ALS", "kari", narrow=True),
        Page("calibration-approve", f"{STAR_YEAR}/calibration?org=ALS&show=approve", "kari"),
        Page("calibration-locked", f"{STAR_YEAR}/calibration?org=STAR", "bifa"),
        Page("cycle-spring", f"{STAR_YEAR}?org=ALS&as_of=15.4.2026", "kari", narrow=True),
        Page("home-spring", "/?org=ALS", "kari"),
        Page("matrix-moved", f"{STAR_YEAR}/matrix?org=STAR&arrows=1&moved=up", "bemo", narrow=True),
        Page("assessments-missing", f"{STAR_YEAR}/assessments?org=ALS&state=returned", "kari", narrow=True),
        Page("reminded", f"/reminders/{_first(Reminder.id)}", "kari", narrow=True),
        Page("messages", "/notifications", filler, narrow=True),
        Page("receipt", f"/assessments/{locked}", "bifa"),
        Page("plan", "/plan?org=STAR", "bemo", narrow=True),
        Page("plan-outside", "/plan/outside?org=STAR", "bemo", narrow=True),
        Page("plan-ahead", f"/plan?org=STAR&from=2026&cell={_planned()}", "bemo", narrow=True),
        Page("plan-read", "/plan?org=STAR&from=2026&view=block", "bifa"),
        Page("what-if", "/plan/what-if?org=STAR", "bemo", narrow=True),
        Page("plan-scenarios", f"/plan/scenarios?org=STAR&b={_first(Scenario.id)}", "bemo", narrow=True),
        Page("plan-versions", "/plan/versions?org=STAR", "bifa", narrow=True),
        Page(
            "plan-proposal",
            f"/plan/proposals/{_first(Proposal.id, Proposal.organisation_id == _star())}?org=STAR",
            "bemo",
        ),
        Page("plan-proposals", "/plan/proposals?org=STAR", "bemo", narrow=True),
        Page("certificate", "/plan/certificate?org=STAR&on=31.12.2025", "bifa", narrow=True),
        Page("certificate-ministry", "/plan/certificate?org=DEP&on=7.6.2026", "bifa", narrow=True),
        Page("long-list", "/cycles/2026/recommendation/long-list?org=ALS", "hebj", narrow=True),
        Page("recommendation", f"{STAR_YEAR}/recommendation?org=STAR", "bemo"),
    ]


def _planned() -> str:
    """The cell of a review that the standing plan has."""
    line = db.session.get_one(Line, _first(Line.id, Line.year == 2028, Line.organisation_id == _star()))
    return f"{line.subprocess_id}-{line.year}"


def _person(username: str) -> int:
    return _first(Person.id, Person.username == username)


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


def _of_log() -> list[Page]:
    """Log, history, verification and removals."""
    returned = _first(Assessment.id, Assessment.state == Assessed.RETURNED)
    process = _first(Process.id, Process.organisation_id == _star())
    written = _first(EventRow.seq, EventRow.action == "assessment.submitted")
    asked, approved, rejected = (_first(Redaction.id, Redaction.state == state) for state in Removal)
    finding = db.session.get_one(Finding, _first(Finding.id))
    return [
        Page("log", "/log", "bifa", narrow=True),
        Page("log-filtered", "/log?kind=finding&from=1.1.2026", "bifa"),
        Page("log-empty", "/log?number=XYZ-9", "bifa"),
        Page("log-administrator", "/log", "tomi"),
        Page("event", f"/log/{written}", "bifa", narrow=True),
        Page("event-administrator", f"/log/{written}", "tomi"),
        Page("history-assessment", f"/history/assessment/{returned}", "bifa", narrow=True),
        Page("history-review", f"/history/review/{_review(Reviewed.IN_HEARING)}", "bifa", narrow=True),
        Page("history-finding", f"/history/finding/{_first(Finding.id, Finding.state == Found.CLOSED)}", "bifa"),
        Page("history-removed", f"/history/finding/{_first(Redaction.object_id, Redaction.id == approved)}", "bifa"),
        Page("history-process", f"/history/process/{process}", "bifa"),
        Page("verification", "/verification", "bifa", narrow=True),
        Page("removals", "/redactions", "bifa", narrow=True),
        Page("removal-asked", f"/redactions/{asked}", "dova", narrow=True),
        Page("removal-approved", f"/redactions/{approved}", "bifa"),
        Page("removal-rejected", f"/redactions/{rejected}", "bifa"),
        Page("removal-find", f"/redactions/new?kind=finding&number={finding.number}", "tomi", narrow=True),
        Page("removal-ask", f"/redactions/new?kind=finding&id={finding.id}", "tomi", narrow=True),
    ]


def _person(username: str) -> int:
    return _first(Person.id, Person.username == username)


def _of_people() -> list[Page]:
    """Accounts, stand-ins, visitors, jobs, and what a person has of his own."""
    granted, lent, asked = (
        _first(VisitingGrant.id, VisitingGrant.state == state)
        for state in (VisitState.GRANTED, VisitState.AWAITING_GRANT, VisitState.AWAITING_LENDER)
    )
    ended = _first(VisitingGrant.id, VisitingGrant.ended_by_id.is_not(None))
    stood = _first(StandIn.id, StandIn.stand_in_id == _person("rako"))
    meeting = _first(Meeting.id, Meeting.state == Met.ANNOUNCED)
    told = _first(Impartiality.id, Impartiality.ruling.is_(None))
    return [
        Page("users", "/users", "tomi", narrow=True),
        Page("users-read", "/users", "bifa"),
        Page("user-new", "/users/new", "tomi"),
        Page("user-request", f"/users/{_person('hapo')}", "loos", narrow=True),
        Page("user-request-own", f"/users/{_person('hapo')}", "tomi"),
        Page("keepers", "/keepers?org=STAR", "tomi", narrow=True),
        Page("exceptions", "/exceptions?org=STAR", "hebu", narrow=True),
        Page("exceptions-read", "/exceptions?org=STAR", "bifa"),
        Page("stand-ins", "/me/stand-ins", "flkr", narrow=True),
        Page("acting", "/me/stand-ins", "rako", narrow=True,
             press=lambda tab: sent(tab, "/me/acting", stand_in=str(stood))),
        Page("visits", "/visiting", "hebj", narrow=True),
        Page("visit-new", "/visiting/new?org=ALS", "hebj", narrow=True),
        Page("visit-asked", f"/visiting/{asked}", "bemo", narrow=True),
        Page("visit-lent", f"/visiting/{lent}", "tomi", narrow=True),
        Page("visit-granted", f"/visiting/{granted}", "hebj"),
        Page("visit-ended", f"/visiting/{ended}", "hebj"),
        Page("jobs", "/jobs", "tomi", narrow=True),
        Page("sign-in-own", "/me/sign-in", "anki", narrow=True),
        Page("app-new", "/me/sign-in", "anki", narrow=True, press=lambda tab: sent(tab, "/me/app/begin")),
        Page("password", "/me/password", "anki"),
        Page("fresh", f"/visiting/{lent}", "tomi", status=401, narrow=True, stale=True,
             press=lambda tab: sent(tab, f"/visiting/{lent}/grant", version="3")),
        Page("signed-out", "/me/stand-ins", "jofr", status=401, narrow=True, press=_after_the_end),
        Page("impartiality", f"/forum/{meeting}/lines/KRE-1.1/impartiality", "pehj", narrow=True),
        Page("impartiality-ruling", f"/forum/{meeting}/minutes/impartiality/{told}", "suho", narrow=True),
        Page("moved-on", f"/visiting/{granted}", "hebj", status=409, press=lambda tab: sent(
            tab, f"/visiting/{granted}/lend", version="1")),
        Page("unreadable", "/me", "anki", status=400, narrow=True,
             press=lambda tab: sent(tab, "/me/stand-ins", csrf_token="", reason="Ferie")),
    ]  # fmt: skip


def _after_the_end(tab: Tab) -> Response:
    """A form that is sent when its sign-in has ended elsewhere."""
    kept = tab.context.cookies()
    token = tab.locator("input[name=csrf_token]").first.input_value()
    tab.context.request.post("/logout", form={"csrf_token": token}, headers={"Origin": tab.url.split("/me")[0]})
    tab.context.add_cookies(kept)  # type: ignore[arg-type]
    return sent(tab, "/me/stand-ins", reason="Ferie i uge 29 og 30")


def _of_custody() -> list[Page]:
    """A file in each state of custody, what waits for the group, and a file with what looks like a CPR number."""

    def state(*where: object) -> str:
        return f"/evidence/{_first(Evidence.id, *where)}"

    asked = Evidence.id.in_(select(Request.evidence_id).where(
        Request.state == Waits.ASKED, Request.kind == RequestKind.WITHDRAW))  # fmt: skip
    held = Evidence.id.in_(select(Hold.evidence_id))
    working = db.session.get_one(Review, _review(Reviewed.IN_PROGRESS))
    lead = _username(working.lead_id or 0)
    return [
        Page("file-versions", state(Evidence.replaces_id.is_not(None)), "bifa", narrow=True),
        Page("file-replaced", state(Evidence.replaced_at.is_not(None)), "bemo"),
        Page("file-asked", state(asked), "dova", narrow=True),
        Page("file-withdrawn", state(Evidence.withdrawn_at.is_not(None)), "bemo", narrow=True),
        Page("file-held", state(held), "bemo", narrow=True),
        Page("file-disposed", state(Evidence.disposed_at.is_not(None)), "bifa", narrow=True),
        Page("file-replace", state(asked) + "/replace", _sender(_first(Evidence.id, asked)), narrow=True),
        Page("custody", "/evidence/requests?org=STAR", "dova", narrow=True),
        Page("disposal", "/evidence/disposal", "tomi", narrow=True),
        Page("file-personal", f"/reviews/{working.id}", lead, status=422, narrow=True, press=_personal),
    ]  # fmt: skip


def _sender(id: int) -> str:
    return _username(db.session.get_one(Evidence, id).uploaded_by_id)


def _personal(tab: Tab) -> Response:
    """Send a file that holds what looks like a CPR number."""
    box = tab.locator("details:has(form[action='/evidence'])").first
    box.locator("summary").click()
    box.locator("input[type=file]").set_input_files(
        [{"name": "løn.txt", "mimeType": "text/plain", "buffer": b"Medarbejder 010190-1239 fik for meget udbetalt."}]
    )
    box.locator("textarea[name=shows]").fill("Udtræk af lønkørslen for maj.")
    with tab.expect_navigation() as going:
        box.locator("button[type=submit]").click()
    return _arrived(going.value)


def _reopened() -> list[Page]:
    """Reviews and findings whose reopening waits, was refused, was approved, or can be asked for."""
    pages = []
    for name, model in (("review", Review), ("finding", Finding)):
        by_state = {
            state: _first(Reopening.object_id, Reopening.object_type == model.__tablename__, Reopening.state == state)
            for state in RequestState
        }
        for state, id in by_state.items():
            pages.append(Page(f"{name}-reopening-{state.value}", f"/{name}s/{id}", "dova", narrow=True))
    review = db.session.get_one(Review, _review(Reviewed.ARCHIVED))
    finding = db.session.get_one(Finding, _first(Finding.id, Finding.state == Found.CLOSED))
    return [
        *pages,
        Page("review-reopening-to-ask", f"/reviews/{review.id}", _username(review.lead_id or 0), narrow=True),
        Page("finding-reopening-to-ask", f"/findings/{finding.id}", _username(finding.author_id or 0), narrow=True),
    ]


def sent(tab: Tab, path: str, **fields: str) -> Response:
    """Send a form of this site's own making from the page one is on."""
    with tab.expect_navigation() as going:
        tab.evaluate(
            """([path, fields]) => {
                const form = document.createElement("form");
                form.method = "post"; form.action = path;
                const token = document.querySelector("input[name=csrf_token]");
                for (const [name, value] of Object.entries({csrf_token: token ? token.value : "", ...fields})) {
                    const input = document.createElement("input");
                    input.name = name; input.value = value; form.append(input);
                }
                document.body.append(form); form.submit();
            }""",
            [path, fields],
        )
    return _arrived(going.value)


def _effect(tab: Tab) -> Response:
    """Look at what other risk bands would do before they are saved."""
    tab.locator("#high_from").fill("12")
    with tab.expect_navigation() as going:
        tab.locator("button[formaction*='/preview']").click()
    return _arrived(going.value)


def _arrived(answer: Response | None) -> Response:
    assert answer is not None
    return answer


def by_sign_in(pages: Iterable[Page]) -> Iterator[tuple[Page, list[Page]]]:
    """Pages that one sign-in can look at; what is pressed may change it, so such a page has one of its own."""
    groups: dict[tuple[str, str], list[Page]] = {}
    for page in pages:
        groups.setdefault((page.person, page.name if page.press else ""), []).append(page)
    return ((same[0], same) for same in groups.values())


def opened(tab: Tab, page: Page) -> int:
    """Come to the page; its status."""
    answer = _arrived(tab.goto(page.path))
    if page.press is not None:
        found = page.press(tab)
        assert isinstance(found, Response)
        answer = found
    return answer.status


def main_pages(app: Flask) -> list[Page]:
    """Every main page, with addresses of this demo."""
    parts: list[Callable[[], list[Page]]] = [_before_forum, _from_forum, _of_log, _of_people, _of_custody, _reopened]
    with app.app_context():
        return [page for part in parts for page in part()]
