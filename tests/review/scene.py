"""A review with its people, sub-process, risk and controls, made through actions."""

from dataclasses import dataclass, field
from datetime import date, datetime
from types import ModuleType
from typing import Any

from sqlalchemy import case, null, type_coerce

from controls.base import audit
from controls.base.db import Choice, db, saved, transaction
from controls.identity.permissions import Role
from controls.review import actions, rules
from controls.review.tables import Control, Review
from controls.review.words import (
    Assertion,
    Category,
    Cover,
    DesignOutcome,
    Execution,
    Frequency,
    Kind,
    Outcome,
    OverallClass,
    State,
)  # fmt: skip
from controls.rotation.words import Form
from controls.universe.tables import Area, Process, Subprocess
from tests.photograph import photographed

MADE = audit.EVENTS.get("test.review_made") or audit.declare("test.review_made", "Made")
RISK = rules.RiskValues("Travlhed", "En betaling går to gange", "Tab", Category.LOSS, (Assertion.ACCURACY,))
CONTROL = rules.ControlValues(
    "To personer frigiver hver betaling.", True, Kind.PREVENTIVE, Execution.MANUAL, Frequency.MONTHLY,
    key_reason="Sidste led før banken.", performer_role="Betalinger", system="Navision",
)  # fmt: skip
GOOD = rules.DesignValues(DesignOutcome.APPROPRIATE, "Vist på en sag.", 4)
CONCLUSION = rules.ConclusionValues(
    DesignOutcome.APPROPRIATE, Outcome.EFFECTIVE, OverallClass.NONE, "Ingen afvigelser.", 38
)


def operated(found: dict[int, Outcome | None]) -> Any:
    """What a test gives as outcomes of operating tests, as `OPERATED` publishes them."""

    def as_sql(_review_id: int) -> Any:
        known = {id: outcome.value for id, outcome in found.items() if outcome}
        return type_coerce(case(known, value=Control.id) if known else null(), Choice(Outcome))

    return as_sql


@dataclass
class Scene:
    """Who and what a test works with."""

    make: ModuleType
    people: dict[str, Any]
    organisation: Any
    subprocess: Any
    review_id: int
    risks: list[int] = field(default_factory=list)
    controls: list[int] = field(default_factory=list)

    def by(self, name: str, at: datetime | None = None) -> Any:
        """One of the people as author."""
        return self.make.by(self.people[name], at or self.make.NOW)

    def do(self, act: Any, name: str, *args: Any, at: datetime | None = None, **kw: Any) -> Any:
        """One action in a transaction of its own."""
        author = self.by(name, at)
        with transaction():
            return act(author, *args, **kw)

    @property
    def review(self) -> Review:
        """The review as it is now."""
        db.session.expire_all()
        return db.session.get_one(Review, self.review_id)


@photographed
def chosen(make: ModuleType) -> Scene:
    """A review that the forum has chosen."""
    star = make.organisation("STAR")
    roles = {"owner": Role.OWN, "lead": Role.CTL, "tester": Role.CTL, "reviewer": Role.CTL, "group": Role.GRP,
             "other": Role.CTL, "admin": Role.ADM, "auditor": Role.AUD}  # fmt: skip
    people = {name: make.person(name, role, star) for name, role in roles.items()}
    author = make.by(people["group"])
    with transaction():
        area = _put(author, Area(organisation_id=star.id, code="KRE", name_da="Kreditorer", sort_key="KRE"))
        process = _put(author, Process(
            organisation_id=star.id, area_id=area.id, code="KRE-3", name_da="Betaling", sort_key="KRE-3",
            valid_from=date(2020, 1, 1), owner_id=people["owner"].id))  # fmt: skip
        part = _put(author, Subprocess(
            organisation_id=star.id, process_id=process.id, code="KRE-3.1", name_da="Frigivelse", name_en="Release",
            sort_key="KRE-3.1", valid_from=date(2020, 1, 1)))  # fmt: skip
        review = _put(author, Review(
            organisation_id=star.id, number="G-2026-01", year=2026, subprocess_id=part.id, state=State.CHOSEN,
            form=Form.ORDINARY))  # fmt: skip
    return Scene(make, people, star, part, review.id)


def _put(by: Any, row: Any) -> Any:
    saved(by, row)
    db.session.add(row)
    audit.record(by, MADE, row)
    return row


@photographed
def planned(make: ModuleType) -> Scene:
    """A review with its team."""
    scene = chosen(make)
    ids = (scene.people[name].id for name in ("lead", "tester", "reviewer"))
    scene.do(actions.plan, "group", scene.review_id, None, rules.Plan(*ids, hours=42))
    return scene


@photographed
def started(make: ModuleType) -> Scene:
    """A review in progress with a risk and two key controls."""
    scene = planned(make)
    scene.do(actions.declare_independence, "lead", scene.review_id, None)
    days = (date(2025, 1, 1), date(2025, 12, 31))
    scene.do(actions.describe_scope, "lead", scene.review_id, None, "Alle betalinger.", *days)
    scene.do(actions.start, "lead", scene.review_id, None)
    scene.do(actions.describe_walkthrough, "tester", scene.review_id, None, date(2026, 3, 16), "Bilag 1021.")
    scene.risks.append(scene.do(actions.add_risk, "owner", scene.subprocess.id, RISK).id)
    for _ in range(2):
        scene.controls.append(scene.do(actions.add_control, "tester", scene.subprocess.id, CONTROL).id)
    scene.do(actions.put_link, "tester", scene.risks[0], scene.controls[0], rules.LinkValues(Cover.FULL))
    return scene


@photographed
def drafted(make: ModuleType) -> Scene:
    """A review concluded in draft, its designs tested."""
    scene = started(make)
    for control in scene.controls:
        scene.do(actions.test_design, "tester", scene.review_id, control, GOOD)
    scene.do(actions.conclude, "lead", scene.review_id, None, CONCLUSION)
    return scene
