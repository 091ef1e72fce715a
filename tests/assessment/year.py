"""A small organisation with a catalogue and an open year, made through the product's own actions."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from controls.assessment import actions, queries
from controls.assessment.rules import Answers, LineAnswers, Scores
from controls.assessment.tables import Assessment
from controls.assessment.words import Certainty, Direction, Proposal
from controls.base.by import By
from controls.base.db import transaction
from controls.identity.permissions import Role
from controls.identity.tables import Organisation, Person
from controls.universe import actions as universe_actions
from controls.universe import queries as universe
from controls.universe.rules import Facts
from controls.wheel import actions as wheel
from controls.wheel import queries as wheel_queries
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from controls.wheel.tables import Cycle
from controls.wheel.words import State as Phase
from tests import make

CATALOGUE = b"""area_code,area_da,area_en,process_code,process_da,process_en,subprocess_code,subprocess_da,subprocess_en
KRE,Kreditorer,Creditors,KRE-1,Fakturaer,Invoices,KRE-1.1,Modtagelse,Receipt
KRE,Kreditorer,Creditors,KRE-1,Fakturaer,Invoices,KRE-1.2,Godkendelse,Approval
KRE,Kreditorer,Creditors,KRE-3,Betalingsfrigivelse,Payment release,KRE-3.1,Frigivelse i bank,Release in bank
LON,Personale,Staff,LON-1,Kontrakter,Contracts,LON-1.1,Oprettelse,Creation
"""
WHY = "Ny betalingsløsning fra februar, som vi mangler erfaring med."
SCORES = Scores(3, 4, 4, 3, 4)
GOOD = Answers(SCORES, False, "", Direction.UNCHANGED, (), Certainty.FAIR, Proposal.NO, WHY)
MARCH = make.NOW
APRIL = datetime(2026, 4, 14, 9, 0, tzinfo=UTC)


class Year:
    """The people and rows a test needs: an owner with a deputy, a controller, two of the group, an auditor."""

    def __init__(self, phase: Phase = Phase.ASSESSING) -> None:
        self.organisation: Organisation = make.organisation()
        self.owner = self._person("anne", Role.OWN)
        self.deputy = self._person("bo", Role.OWN)
        self.controller = self._person("mette", Role.CTL)
        self.first = self._person("carl", Role.GRP)
        self.second = self._person("dorte", Role.GRP)
        self.auditor = self._person("revi", Role.AUD)
        with transaction():
            entries = universe.read_catalogue(CATALOGUE, "catalogue.csv")
            universe_actions.import_catalogue(make.system(), self.organisation.id, entries, "catalogue.csv", "0" * 64)
        process = universe.process_by_code(self.organisation.id, "KRE-1")
        assert process is not None
        facts = Facts(self.owner.id, self.deputy.id, systems="Navision Stat", yearly_amount_ore=10**9)
        with transaction():
            universe_actions.edit_process(self.by(self.first), process.id, process.version, facts)
        self.cycle: Cycle = self.open(2026)
        self.go_to(phase)

    def _person(self, name: str, role: Role) -> Person:
        return make.person(name, role, self.organisation)

    def by(self, person: Person, at: datetime = MARCH) -> By:
        """The author a person is."""
        return make.by(person, at)

    def open(self, year: int) -> Cycle:
        """Open a year with the default dates."""
        with transaction():
            return wheel.open_cycle(
                self.by(self.first), self.organisation.id, year, Parameters(950), default_dates(year)
            )

    def go_to(self, phase: Phase) -> None:
        """Take the year's steps until it is in a phase."""
        while self.phase is not phase:
            with transaction():
                wheel.advance(self.by(self.first), self.cycle.id, None)

    @property
    def phase(self) -> Phase:
        """Where the year is now."""
        cycle = wheel_queries.cycle(self.organisation.id, 2026)
        assert cycle is not None
        return cycle.state

    def form(self, code: str = "KRE-1") -> Assessment:
        """The form of a process."""
        process = universe.process_by_code(self.organisation.id, code)
        assert process is not None
        cycle = wheel_queries.cycle(self.organisation.id, 2026)
        assert cycle is not None
        form = queries.of_process(cycle.id, process.id)
        assert form is not None
        return form

    def submit(self, code: str = "KRE-1", answers: Answers = GOOD, who: Person | None = None) -> Assessment:
        """Submit a form."""
        id = self.form(code).id
        with transaction():
            return actions.submit(self.by(who or self.controller), id, None, answers)

    def submit_all(self) -> None:
        """Submit every form and begin calibration."""
        for code in ("KRE-1", "KRE-3", "LON-1"):
            self.submit(code)
        self.go_to(Phase.CALIBRATING)


def own_line(form: Assessment, scores: Scores) -> Answers:
    """The good answers, with the first sub-process on its own."""
    first = queries.lines(form.id)[0].subprocess_id
    return replace(GOOD, lines={first: LineAnswers(scores, WHY)})


def wired() -> Iterator[None]:
    """Only this slice's own parts in the published lists, whatever later slices put there."""
    empty: dict[Phase, list[Any]] = {phase: [] for phase in Phase}
    gates = empty | {Phase.CALIBRATING: [queries.unfinished], Phase.RECOMMENDED: [queries.unapproved]}
    enter = {phase: [] for phase in Phase} | {
        Phase.CREATED: [actions.take_over_scales], Phase.ASSESSING: [actions.start],
        Phase.RECOMMENDED: [actions.lock_all],
    }  # fmt: skip
    with ExitStack() as stack:
        for where, what in ((wheel_queries.GATES, gates), (wheel.ON_ENTER, enter)):
            stack.enter_context(patch.dict(where, what))  # type: ignore[arg-type]
        stack.enter_context(patch.object(wheel_queries, "GOALS", [queries.goal_a]))
        stack.enter_context(patch.object(queries, "FACTS", []))
        stack.enter_context(patch.object(queries, "KEY_CONTROLS", []))
        yield
