"""A spring with last year behind it: an agency of thirty processes whose forms are out, served for browsers.

Everything is made through the product's own actions; the clock is given, and goes on as the test says.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from flask import Flask
from playwright.sync_api import Browser, BrowserContext

from controls.app import create_app
from controls.assessment import actions, queries
from controls.assessment.rules import Answers, Scores
from controls.assessment.words import Certainty, Direction, Proposal
from controls.base import demo
from controls.base.by import By
from controls.base.db import db, transaction
from controls.base.settings import Settings
from controls.identity import queries as people
from controls.identity.permissions import Role
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.universe.rules import Facts
from controls.wheel import actions as wheel
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from tests import make
from tests.conftest import careless
from tests.ui import standing

LAST, NOW = datetime(2025, 3, 17, 9, 0, tzinfo=UTC), datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
SIZE = 30
PEOPLE = {"anne": Role.OWN, "bo": Role.OWN, "mette": Role.CTL, "nils": Role.CTL, "carl": Role.GRP, "dorte": Role.GRP}
WHY = "Sagerne ligner dem fra sidste år, og kontrollen virker."
ANSWERS = Answers(
    Scores(3, 3, 4, 2, 3), False, "", Direction.UNCHANGED, (), Certainty.FAIR, Proposal.NO, WHY, (), "", "",
    "To medarbejdere godkender hver betaling.",
)  # fmt: skip
HEAD = "area_code,area_da,area_en,process_code,process_da,process_en,subprocess_code,subprocess_da,subprocess_en"


class Clock:
    """The product's time: it runs, and can be put forward."""

    def __init__(self) -> None:
        self.at, self.begun = NOW, monotonic()

    def __call__(self) -> datetime:
        return self.at + timedelta(seconds=monotonic() - self.begun)

    def wait(self, **time: float) -> None:
        self.at += timedelta(**time)


class Spring:
    """The application with its people, its clock, and where it is served."""

    def __init__(self, folder: Path, clock: Clock, database: str = "") -> None:
        self.clock = clock
        url = database or f"sqlite:///{folder / 'spring.sqlite'}"
        self.app = create_app(Settings(folder, url, "test", False, (standing.HOST,)))
        self.base = ""
        with self.app.app_context():
            careless(db.engine)
            db.create_all()
            self._make()
            db.session.remove()

    def _make(self) -> None:
        house = make.organisation("STAR")
        ids = {name: make.person(name, role, house, LAST).id for name, role in PEOPLE.items()}
        rows = [f"KRE,Kreditorer,Creditors,KRE-{n},Proces {n},Process {n},KRE-{n}.{m},Delproces {n}.{m},Part {n}.{m}"
                for n in range(1, SIZE + 1) for m in (1, 2)]  # fmt: skip
        facts = Facts(ids["anne"], ids["bo"], systems="Navision Stat", yearly_amount_ore=10**9, transactions=4100)
        with transaction():
            entries = universe.read_catalogue("\n".join([HEAD, *rows]).encode(), "catalogue.csv")
            catalogue.import_catalogue(make.system(LAST), house.id, entries, "catalogue.csv", "0" * 64)
        with transaction():
            for process in universe.active_processes(house.id, LAST.date()):
                catalogue.edit_process(self.by("carl", LAST), process.id, process.version, facts)
        self._year(house.id, 2025, LAST)
        with transaction():
            for form in self._forms(2025):
                actions.submit(self.by("mette", LAST), form, None, ANSWERS)
        self._year(house.id, 2026, NOW)
        self.ids = self._forms(2026)

    def _year(self, house: int, year: int, at: datetime) -> None:
        with transaction():
            cycle = wheel.open_cycle(self.by("carl", at), house, year, Parameters(950), default_dates(year))
            id = cycle.id
        for _step in range(2):
            with transaction():
                wheel.advance(self.by("carl", at), id, None)

    def _forms(self, year: int) -> list[int]:
        house = people.organisation("STAR")
        assert house is not None
        rows = queries.listing(self.by("carl"), frozenset({house.id}), year, {}, "code", False, 0, 100)
        return [row.id for row in rows]

    def by(self, username: str, at: datetime = NOW) -> By:
        """A person as author."""
        person = people.person(username)
        assert person is not None
        return make.by(person, at)

    def window(self, browser: Browser, username: str, **more: object) -> BrowserContext:
        """A browser window of a person."""
        context = browser.new_context(base_url=self.base, locale="da", **more)  # type: ignore[arg-type]
        context.set_default_timeout(8000)
        self.sign_in(context, username)
        return context

    def sign_in(self, context: BrowserContext, username: str) -> None:
        """A fresh sign-in in a window, in the way of the door but without its page."""
        value = standing.cookie(self.app, username, "da")
        context.add_cookies([{"name": str(self.app.config["SESSION_COOKIE_NAME"]), "value": value, "url": self.base}])


@contextmanager
def spring(folder: Path, database: str = "") -> Iterator[Spring]:
    """The scene, made and served."""
    clock, real = Clock(), demo.now
    demo.now = clock
    try:
        scene = Spring(folder, clock, database)
        with standing.serving(scene.app) as scene.base:
            yield scene
        with scene.app.app_context():
            db.engine.dispose()
    finally:
        demo.now = real


def draft(app: Flask, id: int) -> dict[str, list[str]]:
    """What the server has of a form's draft."""
    with app.app_context():
        found = queries.typed(queries.draft(id))
        db.session.remove()
        return found
