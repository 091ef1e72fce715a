"""What the demo has not: disposals, removals, roles, reopenings and a verification in the states that their pages show.

All through the product's own actions, by people of the demo who may; played on a demo that nobody keeps, since its
clock would go on from the disposals.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from controls.accounts import actions as accounts
from controls.assessment import actions as assessing
from controls.assessment.tables import Assessment
from controls.assessment.words import State as Assessed
from controls.base import demo
from controls.base.by import By
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.evidence import actions as custody
from controls.evidence import queries as evidence
from controls.evidence.tables import Evidence
from controls.finding import actions as following
from controls.finding.tables import Finding
from controls.finding.words import State as Found
from controls.history import actions as history
from controls.history import queries as events
from controls.history.kinds import BY_SLUG
from controls.history.words import LegalBasis
from controls.identity import queries as identity
from controls.identity.duties import Duty
from controls.identity.permissions import Role
from controls.identity.tables import StandIn
from controls.identity.words import KeeperKind
from controls.jobs import runner
from controls.jobs.rules import State
from controls.papers import coming_back
from controls.papers.words import Kind
from controls.reminder import actions as reminding
from controls.reminder import queries as reminders
from controls.review import actions as reviewing
from controls.review.tables import Review
from controls.review.words import State as Reviewed
from controls.visiting import actions as visiting
from controls.wheel import actions as wheel
from controls.wheel import queries as years
from controls.wheel.dates import default_dates
from tests.papers.filled import Opened, brought, fetched

GROUP = ("dova", "clen", "bemo", "kari", "hebu")
LATER = timedelta(days=600)
"""Past the retention of the demo's first files: a disposal is asked for and approved then."""


def by(username: str, later: timedelta = timedelta()) -> By:
    """A person of the demo as author."""
    found, at = identity.person(username), demo.now() + later
    assert found is not None, username
    return identity.by_of(found, at, at.date())


def play() -> None:
    """Play the scenes."""
    organisation = identity.organisation("STAR")
    assert organisation is not None
    scenes = (
        _reminders, _draft, _keepers, _roles, _visits, _removals, _disposal, _reviews, _findings, _acting, _workbooks,
        _jobs, _next_year,
    )  # fmt: skip
    for scene in scenes:
        scene(organisation.id)


def _reminders(_here: int) -> None:
    """The department reminds the small agency of what was returned and of what is submitted already."""
    small = identity.organisation("ALS")
    assert small is not None
    who = by("kari")
    chosen = reminders.chosen(who, frozenset({small.id}), 2026, filters={})
    _do(lambda: reminding.send(who, small.id, 2026, chosen[:8]))


def _draft(_here: int) -> None:
    """The deputy has begun to correct the form that came back."""
    returned = db.session.scalar(select(Assessment).where(Assessment.state == Assessed.RETURNED))
    assert returned is not None
    answers = {"reason": ["Adgange lukkes samme dag."], "control_level": ["4"]}
    _do(lambda: assessing.save_draft(by("peny"), returned.id, None, answers))


def _do(*acts: Callable[[], Any]) -> Any:
    made = None
    for act in acts:
        with transaction():
            made = act()
            db.session.flush()
            made = getattr(made, "id", made)
    return made


def _someone(act: Callable[[By], Any]) -> None:
    """The first of the group and the chair whom the rules on different persons let act."""
    for username in GROUP:
        try:
            _do(lambda username=username: act(by(username)))  # type: ignore[misc]
            return
        except Refused:
            db.session.rollback()
    raise AssertionError("nobody may")


def _id(username: str) -> int:
    return by(username).person_id or 0


def _keepers(here: int) -> None:
    """The register, and an exception of the chair that stands, one that is over and one that has not begun."""
    admin, today = by("tomi"), demo.now().date()
    _do(
        lambda: accounts.add_keeper(admin, here, KeeperKind.DATABASE, "Statens It, driftsvagten", "Ballerup", None),
        lambda: accounts.add_keeper(admin, here, KeeperKind.CHECKPOINTS, "", "Rigsarkivets postkasse", _id("bifa")),
    )
    ended = _do(lambda: accounts.add_keeper(admin, here, KeeperKind.CHECKPOINTS, "Ane Bech", "Egen bankboks", None))
    _do(lambda: accounts.end_keeper(admin, ended, None))
    why = "Sekretariatet skrev indstillingen i år, fordi gruppens to medlemmer var på orlov samtidig."
    grant = lambda duty, who, first, last: accounts.grant_exception(  # noqa: E731
        by("hebu"), here, duty, _id(who), first, last, why)  # fmt: skip
    _do(lambda: grant(Duty.S5, "suho", today, date(2026, 12, 31)),
        lambda: grant(Duty.S2, "meli", today + timedelta(days=40), date(2026, 11, 30)))  # fmt: skip
    over = _do(lambda: grant(Duty.S12, "rako", today, date(2026, 9, 30)))
    _do(lambda: accounts.end_exception(by("hebu"), over, None))


def _roles(here: int) -> None:
    """A role that waits, asked by one who cannot approve it, and one that was refused."""
    ask = lambda who, role, last: accounts.ask_role(  # noqa: E731
        by("tomi"), _id(who), role, here, "Skal hjælpe Intern Kontrol med test i efteråret.", last)  # fmt: skip
    _do(lambda: ask("hapo", Role.CTL, date(2026, 12, 31)))
    no = _do(lambda: ask("hapo", Role.GRP, None))
    _do(lambda: accounts.refuse_role(by("loos"), no, None, "Gruppen er fuldtallig. Søg igen til nytår."))


def _visits(_here: int) -> None:
    """The demo has grants asked for, lent and granted; one of them ends early."""
    _do(lambda: visiting.end(by("bemo"), 4, None, "Nadia Rahimi skal bruges i eget hus fra august."))


def _removals(_here: int) -> None:
    """A removal that waits, one that was approved and one that was rejected."""
    kind = BY_SLUG["finding"]
    note = "Teksten nævner kun en funktion, ikke en person."
    for number, id in enumerate(db.session.scalars(select(Finding.id).order_by(Finding.id).limit(3)).all()):
        asked = _do(lambda id=id: history.ask_redaction(  # type: ignore[misc]
            by("tomi"), kind, id, "cause", LegalBasis.MINIMISATION,
            "Teksten nævner en medarbejders sygdom. Den er ikke nødvendig for fundet."))  # fmt: skip
        if number == 0:
            _someone(lambda who, asked=asked: history.approve_redaction(who, asked, None))  # type: ignore[misc]
        if number == 1:
            _someone(lambda who, asked=asked: history.reject_redaction(who, asked, None, note))  # type: ignore[misc]


def _disposal(_here: int) -> None:
    """Of the first files whose retention has passed, one is disposed of and one waits."""
    rows, _total = evidence.due(by("tomi", LATER), 2)
    ids = [row.id for row, _code in rows]
    _do(lambda: custody.ask_disposal(by("tomi", LATER), ids, "Opbevaringsfristen er udløbet, og ingen bruger filen."))
    request = evidence.custody_of(db.session.get_one(Evidence, ids[0])).requests[0].request.id
    _someone(lambda who: custody.approve(by(identity.person_by_id(who.person_id or 0).username, LATER),  # type: ignore[union-attr]
                                         request, None))  # fmt: skip
    _do(lambda: custody.remove_bytes(by("tomi", LATER), ids[0]))


def _reviews(here: int) -> None:
    """A review that was reopened, one whose reopening was refused, and one that waits for an answer."""
    rows = db.session.scalars(
        select(Review)
        .where(Review.state == Reviewed.ARCHIVED, Review.organisation_id == here)
        .order_by(Review.id.desc())
    ).all()
    opened, refused, waiting = [row.id for row in rows][-3:]
    why = "Populationen manglede december. Testen skal gøres om, før vi kan bruge konklusionen."
    for id in (opened, refused, waiting):
        _do(lambda id=id: reviewing.ask_reopening(_lead(id), id, None, why))  # type: ignore[misc]
    _someone(lambda who: reviewing.approve_reopening(who, opened, None, "Enig. December skal med."))
    _someone(lambda who: reviewing.refuse_reopening(who, refused, None, "December er testet i G-2023-04."))


def _lead(id: int) -> By:
    lead = identity.person_by_id(db.session.get_one(Review, id).lead_id or 0)
    assert lead is not None
    return by(lead.username)


def _findings(_here: int) -> None:
    """The same of findings."""
    rows = db.session.scalars(select(Finding).where(Finding.state == Found.CLOSED).order_by(Finding.id)).all()
    opened, refused, waiting = [row.id for row in rows][:3]
    why = "Fejlen kom igen i april: tre betalinger gik uden om listen."
    for id in (opened, refused, waiting):
        _someone_who_tests(lambda who, id=id: following.ask_reopening(who, id, None, why))  # type: ignore[misc]
    _someone(lambda who: following.approve_reopening(who, opened, None, "Enig."))
    _someone(lambda who: following.refuse_reopening(who, refused, None, "De tre betalinger hører til et andet fund."))


def _someone_who_tests(act: Callable[[By], Any]) -> None:
    for username in ("meli", "rako", "nara", "juth"):
        try:
            _do(lambda username=username: act(by(username)))  # type: ignore[misc]
            return
        except Refused:
            db.session.rollback()
    raise AssertionError("nobody may")


def _next_year(_here: int) -> None:
    """The small agency opens its next year, whose scales can still be changed."""
    small = identity.organisation("ALS")
    assert small is not None
    before = years.latest(small.id)
    assert before is not None
    year = before.year + 1
    _do(lambda: wheel.open_cycle(by("hebj"), small.id, year, years.parameters(before), default_dates(year)))


def _acting(_here: int) -> None:
    """The demo has stand-ins; one is over."""
    row = db.session.scalars(select(StandIn).where(StandIn.person_id == _id("flkr"))).one()
    _do(lambda: accounts.end_stand_in(by("flkr"), row.id, None),
        lambda: accounts.choose_stand_in(by("flkr"), _id("flkr"), _id("hapo"), demo.now().date(), date(2026, 8, 31),
                                         "Ferie og derefter orlov."))  # fmt: skip


def _workbooks(here: int) -> None:
    """Workbooks that came back and wait: the catalogue with two rows corrected, a review from before, a locked form."""
    star = identity.organisation_by_id(here)
    assert star is not None
    told: list[tuple[Kind, str, int | None, dict[str, Any]]] = [
        (Kind.CATALOGUE, "bemo", None, {"I2": "Modtagelse og registrering af ansøgninger", "K3": "Ét bilag to gange"}),
        (Kind.HISTORY, "bemo", None, {"F2": date(2019, 5, 7), "G2": "Fuld", "H2": "Almindelig", "I2": "J.nr. 2019-44",
                                      "F3": date(2019, 6, 3)}),
        (Kind.FORMS, "nara", 2026, {"X2": "En anden begrundelse end den, der blev godkendt."}),
    ]  # fmt: skip
    for kind, who, year, cells in told:
        book = Opened(fetched(by(who), kind, star, year))
        for cell, value in cells.items():
            book.sheet[cell] = value
        brought(by(who), kind, star, book.saved, year, coming_back.filename(kind, by(who), year, "da"))


def _jobs(_here: int) -> None:
    """A night of the scheduler: checkpoint, files hashed again, and the log with all of this in it verified."""
    done = runner.tick()
    assert done and {state for _job, state in done} == {State.DONE}, done
    last = events.latest_check()
    assert last is not None and not last.faults, events.faults_of(last)
