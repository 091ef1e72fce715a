"""A ministry, an agency with four sub-processes, and a cycle in which every assessment is approved."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from controls.assessment import actions as assessment
from controls.assessment import queries as assessments
from controls.assessment.rules import Answers, LineAnswers, Scores
from controls.assessment.words import Certainty, Direction, Proposal
from controls.base.by import By
from controls.base.db import transaction
from controls.forum import queries as forum
from controls.identity import actions as identity
from controls.identity.permissions import Role
from controls.recommendation import queries as recommendation
from controls.rotation import queries as rotation
from controls.universe import actions as universe
from controls.universe import queries as parts
from controls.universe.rules import Entry
from controls.wheel import actions as wheel
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from controls.wheel.words import State
from tests.photograph import photographed

AT = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
MAY = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)
JUNE = datetime(2026, 6, 12, 9, 0, tzinfo=UTC)
HIGH, ELEVATED, LOW = Scores(4, 4, 4, 2, 3), Scores(3, 4, 4, 2, 3), Scores(2, 2, 4, 2, 2)


@dataclass
class Scene:
    """The people and rows that the tests speak of."""

    ministry: Any
    agency: Any
    people: dict[str, Any]
    cycle_id: int
    part: dict[str, int]
    make: ModuleType

    def by(self, who: str, at: datetime = MAY) -> By:
        """The author that a person of the scene is."""
        return self.make.by(self.people[who], at)


def wire(patch: Any) -> None:
    """The published lists as the factory fills them, for one test."""
    patch.setattr(rotation, "PLANNED", [forum.planned])
    patch.setattr(wheel, "ON_ENTER", {state: [] for state in State})
    wheel.ON_ENTER[State.ASSESSING].append(assessment.start)
    wheel.ON_ENTER[State.RECOMMENDED].append(assessment.lock_all)
    gates = {state: [] for state in State}
    gates[State.CALIBRATING].append(assessments.unfinished)
    gates[State.RECOMMENDED] += [assessments.unapproved, recommendation.missing]
    gates[State.DECIDED].append(forum.undecided)
    from controls.wheel import queries as wheel_queries

    patch.setattr(wheel_queries, "GATES", gates)
    patch.setattr(wheel_queries, "GOALS", [])


def sign_in(client: Any, scene: Scene, who: str) -> None:
    """Sign a person of the scene in at the test's own time."""
    with transaction():
        person = scene.people[who]
        token = identity.sign_in(scene.by(who, scene.make.NOW), person, "test").token
    with client.session_transaction() as session:
        session["sign_in"] = token


ROLES = {
    "group": (Role.GRP, "DEP"),
    "second": (Role.GRP, "STAR"),
    "controller": (Role.CTL, "STAR"),
    "owner": (Role.OWN, "STAR"),
    "chair": (Role.VDC, "DEP"),
    "member": (Role.VDM, "STAR"),
    "other": (Role.VDM, "STAR"),
    "secretary": (Role.SEC, "DEP"),
    "auditor": (Role.AUD, "DEP"),
    "admin": (Role.ADM, "DEP"),
}
CODES = ("KRE-1.1", "KRE-1.2", "LON-1.1", "LON-1.2")


def build(make: ModuleType, patch: Any, activated: int = 2024, opened: bool = True) -> Scene:
    """Everything up to and including the approval of two assessments: KRE high, LON low."""
    wire(patch)
    return built(make, activated, opened)


@photographed
def built(make: ModuleType, activated: int = 2024, opened: bool = True) -> Scene:
    """The same, without wiring."""
    ministry = make.organisation("DEP")
    agency = make.organisation("STAR", parent="DEP")
    places = {"DEP": ministry, "STAR": agency}
    early = datetime(activated, 1, 5, 9, 0, tzinfo=UTC)
    people = {who: make.person(who, role, places[code], at=early) for who, (role, code) in ROLES.items()}
    entries = [
        Entry(
            row,
            code[:3],
            code[:3] + " område",
            "",
            code[:5],
            code[:5] + " proces",
            "",
            code,
            code + " delproces",
            "",
            "",
            "",
            None,
            None,
        )
        for row, code in enumerate(CODES, 2)
    ]
    with transaction():
        universe.import_catalogue(make.system(early), agency.id, entries, "catalogue.csv", "0" * 64)
    scene = Scene(ministry, agency, people, 0, {}, make)
    scene.part = {row.code: row.id for row in parts.active_subprocesses(agency.id, AT.date())}
    scene.cycle_id = cycle(scene, 2026, AT) if opened else 0
    return scene


def cycle(scene: Scene, year: int, at: datetime, scores: dict[str, Scores] | None = None) -> int:
    """Open a cycle, fill in, calibrate and approve the assessments of both processes."""
    wanted = scores or {"KRE-1": HIGH, "LON-1": LOW}
    with transaction():
        by = scene.by("group", at)
        id = wheel.open_cycle(by, scene.agency.id, year, Parameters(100, 3, 5, 5, 5), default_dates(year)).id
        wheel.advance(by, id, None)
        wheel.advance(by, id, None)
    with transaction():
        for row in assessments.of_cycle(id):
            process = parts.process(row.process_id)
            assert process is not None
            answers = Answers(
                wanted[process.code],
                False,
                "",
                Direction.UNCHANGED,
                (),
                Certainty.FAIR,
                Proposal.NO,
                "Sagerne ligner dem fra sidste år, og kontrollen virker.",
                False,
                "",
                "Skalaen er ny for os i år.",
                "Nøglekontrol: to godkender.",
                {},
            )
            assessment.submit(scene.by("controller", at), row.id, None, answers)
    with transaction():
        wheel.advance(scene.by("group", at), id, None)
        for row in assessments.of_cycle(id):
            assessment.calibrate(scene.by("group", at), row.id, None, None)
            assessment.approve(scene.by("second", at), row.id, None)
    return id


__all__ = ["AT", "JUNE", "LineAnswers", "MAY", "Scene", "build"]
