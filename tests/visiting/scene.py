"""Two agencies below one ministry: a small one that borrows and a larger one that lends."""

from datetime import date, datetime
from typing import Any

from controls.base import audit
from controls.base.by import By
from controls.base.db import db, saved, transaction
from controls.identity.permissions import Role
from controls.identity.tables import Person, VisitingGrant
from controls.identity.visits import Visited, VisitTask
from controls.review.tables import Review
from controls.review.words import State
from controls.rotation.words import Form
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.universe.rules import Facts
from controls.visiting import actions, queries
from controls.visiting.rules import Asked
from controls.wheel import actions as wheel
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from tests import make

MADE = audit.EVENTS.get("test.review_made") or audit.declare("test.review_made", "Made")
HEAD = "area_code,area_da,area_en,process_code,process_da,process_en,subprocess_code,subprocess_da,subprocess_en"
PARTS = ("KRE-1", "KRE-2", "LON-1")
WHY = "Alle fire i økonomi har opgaver i kreditorer. Ingen af dem må teste."
UNTIL = date(2026, 11, 30)
PEOPLE = {
    "tomi": (Role.ADM, "DEP"), "loos": (Role.ADM, "DEP"), "kari": (Role.GRP, "DEP"), "miaa": (Role.GRP, "DEP"),
    "bemo": (Role.GRP, "STAR"), "clen": (Role.GRP, "STAR"), "nara": (Role.CTL, "STAR"), "juth": (Role.CTL, "STAR"),
    "hebj": (Role.GRP, "ALS"), "siho": (Role.OWN, "ALS"), "kiro": (Role.OWN, "ALS"), "peny": (Role.OWN, "ALS"),
}  # fmt: skip


class Houses:
    """The ministry (DEP), the lender (STAR) and the borrower (ALS), each agency with a catalogue and an open year."""

    def __init__(self, years: bool = True) -> None:
        self.organisations = {"DEP": make.organisation("DEP")}
        for code in ("STAR", "ALS"):
            self.organisations[code] = make.organisation(code, "DEP")
        self.people: dict[str, Person] = {
            name: make.person(name, role, self.organisations[code]) for name, (role, code) in PEOPLE.items()
        }
        with transaction():
            for code in ("STAR", "ALS"):
                rows = [f"{p[:3]},Område,Area,{p},Proces {p},,{p}.1,Delproces {p}.1," for p in PARTS]
                entries = universe.read_catalogue("\n".join([HEAD, *rows]).encode(), "catalogue.csv")
                catalogue.import_catalogue(make.system(), self.id(code), entries, "catalogue.csv", "0" * 64)
        for name, code in (("siho", "KRE-1"), ("kiro", "KRE-2"), ("peny", "LON-1")):
            row = universe.process_by_code(self.id("ALS"), code)
            assert row is not None
            with transaction():
                catalogue.edit_process(self.by("hebj"), row.id, row.version, Facts(self.people[name].id))
        self.cycles: dict[str, int] = {}
        if years:
            for code, coordinator in (("STAR", "bemo"), ("ALS", "hebj")):
                with transaction():
                    self.cycles[code] = wheel.open_cycle(
                        self.by(coordinator), self.id(code), 2026, Parameters(200), default_dates(2026)
                    ).id

    def id(self, code: str) -> int:
        """The id of an organisation."""
        return int(self.organisations[code].id)

    def by(self, name: str, at: datetime = make.NOW) -> By:
        """One of the people as author."""
        return make.by(self.people[name], at)

    def do(self, act: Any, name: str, *args: Any, at: datetime = make.NOW, **kw: Any) -> Any:
        """One action in a transaction of its own."""
        author = self.by(name, at)
        with transaction():
            return act(author, *args, **kw)

    def process(self, organisation: str, code: str) -> int:
        """The id of a process."""
        row = universe.process_by_code(self.id(organisation), code)
        assert row is not None
        return int(row.id)

    def asked(
        self, visitor: str, task: VisitTask, code: str = "KRE-2", first: date | None = None, last: date = UNTIL
    ) -> Asked:
        """A request for a process of the small agency."""
        place = self.process("ALS", code)
        begin = first or make.NOW.date()
        return Asked(self.people[visitor].id, task, Visited.PROCESS, place, begin, last, WHY)

    def lend(self, asked: Asked, lender: str = "bemo", at: datetime = make.NOW) -> int:
        """The whole way: asked for, lent, prepared and granted."""
        id = int(self.do(actions.ask, "hebj", asked, at=at).id)
        self.do(actions.lend, lender, id, None, at=at)
        self.do(actions.prepare, "tomi", id, None, at=at)
        self.do(actions.grant, "loos", id, None, at=at)
        return id

    def review(self, organisation: str, code: str, lead: str, tester: str, quality: str, number: str = "01") -> int:
        """A review in progress with its team; each control year's forum is another test's business."""
        part = universe.subprocess_by_code(self.id(organisation), f"{code}.1")
        assert part is not None
        author = self.by("hebj" if organisation == "ALS" else "bemo")
        row = Review(
            organisation_id=self.id(organisation), number=f"G-2026-{number}", year=2026, subprocess_id=part.id,
            state=State.IN_PROGRESS, form=Form.ORDINARY, lead_id=self.people[lead].id,
            tester_id=self.people[tester].id, quality_reviewer_id=self.people[quality].id, hours_planned=40,
            planned_on=make.NOW.date(),
        )  # fmt: skip
        with transaction():
            saved(author, row)
            db.session.add(row)
            audit.record(author, MADE, row)
        return int(row.id)

    def grant(self, id: int) -> VisitingGrant:
        """A grant as it is now."""
        db.session.expire_all()
        return db.session.get_one(VisitingGrant, id)


__all__ = ["UNTIL", "WHY", "Houses", "queries"]
