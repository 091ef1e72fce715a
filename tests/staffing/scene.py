"""A small agency below its ministry, a sister to borrow from, and something of everything that has an owner."""

from datetime import date, datetime
from typing import Any

from controls.base.by import By
from controls.base.db import db, transaction
from controls.finding.tables import Action, Finding
from controls.finding.words import ActionState
from controls.finding.words import State as Found
from controls.forum.tables import Decision, Meeting
from controls.forum.words import State as Minutes
from controls.identity import actions as accounts
from controls.identity.permissions import Role
from controls.review import actions as reviewing
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.universe.rules import Facts
from controls.wheel import actions as wheel
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from controls.wheel.tables import Cycle
from tests import make
from tests.review.scene import CONTROL
from tests.web.town import put

HEAD = "area_code,area_da,area_en,process_code,process_da,process_en,subprocess_code,subprocess_da,subprocess_en"
CODES = ("KRE-1", "KRE-2", "LON-1")
PEOPLE = {
    "anne": Role.OWN, "bo": Role.OWN, "carl": Role.GRP, "dorte": Role.GRP, "mette": Role.CTL, "nina": Role.CTL,
    "adam": Role.ADM,
}  # fmt: skip
WHY = "Anne er rejst til et andet ministerium."


class Scene:
    """Anne owns it all but the last process, which nobody owns; Bo is deputy in the first."""

    def __init__(self) -> None:
        self.ministry = make.organisation("DEP")
        self.agency, self.sister = make.organisation("STAR", "DEP"), make.organisation("ALS", "DEP")
        self.people = {name: make.person(name, role, self.agency) for name, role in PEOPLE.items()}
        self.people |= {
            "kari": make.person("kari", Role.GRP, self.ministry), "clen": make.person("clen", Role.CTL, self.sister),
            "dova": make.person("dova", Role.GRP, self.sister),
        }  # fmt: skip
        rows = [f"{code[:3]},Område,,{code},Proces {code},,{code}.1,Delproces {code}.1," for code in CODES]
        entries = universe.read_catalogue("\n".join([HEAD, *rows]).encode(), "catalogue.csv")
        with transaction():
            catalogue.import_catalogue(make.system(), self.agency.id, entries, "catalogue.csv", "0" * 64)
        for code, owner, deputy in (("KRE-1", "anne", "bo"), ("KRE-2", "anne", None)):
            facts = Facts(self.id(owner), self.id(deputy) if deputy else None)
            self.do(catalogue.edit_process, "carl", self.process(code).id, None, facts)
        values = type(CONTROL)(**CONTROL.__dict__ | {"owner_id": self.id("anne")})
        self.control = int(self.do(reviewing.add_control, "anne", self.part("KRE-1"), values).id)
        by, here = self.by("carl"), self.agency.id
        with transaction():
            self.finding = put(by, Finding, organisation_id=here, number="F-1", subprocess_id=self.part("KRE-1"),
                               condition="Bilag mangler", owner_id=self.id("anne"), state=Found.ACTION_AGREED,
                               confirmed_on=date(2026, 2, 2), verifier_id=self.id("mette")).id  # fmt: skip
            self.action = put(by, Action, organisation_id=here, number="H-1", finding_id=self.finding,
                              owner_id=self.id("anne"), text="Find bilag", state=ActionState.AGREED).id  # fmt: skip
            year = put(by, Cycle, organisation_id=here, year=2025, capacity_hours=100).id
            meeting = put(by, Meeting, organisation_id=self.ministry.id, about_id=here, cycle_id=year, year=2025,
                          number="2025/1", state=Minutes.LOCKED).id  # fmt: skip
            self.decision = put(by, Decision, organisation_id=here, meeting_id=meeting, number="B-2025-1",
                                subprocess_id=self.part("KRE-2"), condition="Ny aftale", review_year=2025,
                                condition_owner_id=self.id("anne"), condition_due=date(2026, 9, 1)).id  # fmt: skip

    def id(self, name: str) -> int:
        """The id of a person."""
        return int(self.people[name].id)

    def by(self, name: str, at: datetime = make.NOW) -> By:
        """One of the people as author."""
        return make.by(self.people[name], at)

    def do(self, act: Any, name: str, *given: Any) -> Any:
        """One action in a transaction of its own."""
        author = self.by(name)
        with transaction():
            return act(author, *given)

    def process(self, code: str) -> Any:
        """A process."""
        return universe.process_by_code(self.agency.id, code)

    def part(self, code: str) -> int:
        """The sub-process of a process."""
        found = universe.subprocess_by_code(self.agency.id, f"{code}.1")
        assert found is not None
        return int(found.id)

    def leave(self, name: str) -> None:
        """Somebody's account ends."""
        id = self.id(name)
        with transaction():
            accounts.disable_person(make.system(), id)
        db.session.expire_all()

    def open(self) -> int:
        """The year 2026, opened."""
        return int(self.do(wheel.open_cycle, "carl", self.agency.id, 2026, Parameters(100), default_dates(2026)).id)
