"""Queries per page: at most eight on the ten pages that are used most, and no more for 40 processes than for 5."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controls.assessment import actions as assessing
from controls.assessment import queries as assessments
from controls.assessment.rules import Answers, Scores
from controls.assessment.words import Certainty, Direction, Proposal
from controls.base.by import By
from controls.base.db import db, transaction
from controls.forum import actions as deciding
from controls.forum import queries as forum
from controls.forum.rules import Attendance
from controls.identity.permissions import Role
from controls.recommendation import actions as recommending
from controls.recommendation.rules import LineValues
from controls.recommendation.words import ReasonCode
from controls.review import actions as reviewing
from controls.review import queries as reviews
from controls.review import rules as reviewed
from controls.universe import actions as catalogue
from controls.universe import queries as universe
from controls.universe.rules import Facts
from controls.wheel import actions as wheel
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from tests import make
from tests.review.scene import CONTROL, RISK
from tests.speed.counting import counted

MOST, FEW, MANY = 8, 5, 40
MAY, JUNE = datetime(2026, 5, 20, 9, 0, tzinfo=UTC), datetime(2026, 6, 12, 9, 0, tzinfo=UTC)
HEAD = "area_code,area_da,area_en,process_code,process_da,process_en,subprocess_code,subprocess_da,subprocess_en"
ANSWERS = Answers(
    Scores(2, 2, 4, 2, 2), False, "", Direction.UNCHANGED, (), Certainty.FAIR, Proposal.NO,
    "Sagerne ligner dem fra sidste år, og kontrollen virker.", False, "", "Skalaen er ny for os i år.",
    "Nøglekontrol: to godkender.", {},
)  # fmt: skip
ROLES = {
    "group": (Role.GRP, True), "second": (Role.GRP, False), "controller": (Role.CTL, False),
    "owner": (Role.OWN, False), "chair": (Role.VDC, True), "member": (Role.VDM, False), "secretary": (Role.SEC, True),
}  # fmt: skip
"""Who holds what; true is in the ministry above the agency."""


class Agency:
    """An agency with `size` processes and as many sub-processes in the first, taken through its year by actions."""

    def __init__(self, size: int) -> None:
        self.size, self.code = size, f"A{size}"
        above = make.organisation(f"D{size}")
        agency = make.organisation(self.code, above.code)
        self.id = agency.id
        self.people = {
            who: make.person(f"{who}{size}", role, above if high else agency) for who, (role, high) in ROLES.items()
        }
        rows = [f"KRE,Kreditorer,Creditors,KRE-1,Proces 1,,KRE-1.{n},Delproces {n}," for n in range(1, size + 1)]
        rows += [f"LON,Løn,Pay,LON-{n},Proces {n},,LON-{n}.1,Delproces 1," for n in range(2, size + 1)]
        with transaction():
            entries = universe.read_catalogue("\n".join([HEAD, *rows]).encode(), "catalogue.csv")
            catalogue.import_catalogue(make.system(), self.id, entries, "catalogue.csv", "0" * 64)
            facts = Facts(self.people["owner"].id, self.people["controller"].id)
            for process in universe.active_processes(self.id, make.NOW.date()):
                catalogue.edit_process(self.by("group"), process.id, process.version, facts)
        self.parts = [part.id for part in universe.active_subprocesses(self.id, make.NOW.date())]
        with transaction():
            dates = default_dates(2026)
            self.cycle_id = wheel.open_cycle(self.by("group"), self.id, 2026, Parameters(100), dates).id
            self.go_on()
            self.go_on()

    def by(self, who: str, at: datetime = make.NOW) -> By:
        """The author a person is."""
        return make.by(self.people[who], at)

    def go_on(self) -> None:
        """The year's next step."""
        wheel.advance(self.by("group"), self.cycle_id, None)

    def form(self) -> int:
        """The form of the first process."""
        return min(row.id for row in assessments.of_cycle(self.cycle_id))

    def assess(self) -> None:
        """Every form is submitted, calibrated and approved."""
        with transaction():
            rows = [row.id for row in assessments.of_cycle(self.cycle_id)]
            for id in rows:
                assessing.submit(self.by("controller"), id, None, ANSWERS)
            self.go_on()
            for id in rows:
                assessing.calibrate(self.by("group"), id, None, None)
                assessing.approve(self.by("second"), id, None)

    def announce(self) -> int:
        """The recommendation is handed over and the meeting announced."""
        with transaction():
            id = recommending.start(self.by("group", MAY), self.cycle_id).id
            for part in self.parts:
                values = LineValues(part, reason_codes=(ReasonCode.DUE,), text="Forfald i år.", hours=40)
                recommending.put_line(self.by("group", MAY), id, values)
            recommending.hand_over(self.by("second", MAY), id)
            return int(deciding.announce(self.by("secretary", MAY), self.id, 2026, date(2026, 6, 12)).id)

    def review(self, meeting: int) -> int:
        """The forum agrees, and the first review gets as many risks and controls as there are processes."""
        there = [Attendance(one.person_id, one.function, True) for one in forum.presence(meeting)]
        with transaction():
            deciding.set_presence(self.by("secretary", JUNE), meeting, None, there)
            deciding.agree_with_rest(self.by("secretary", JUNE), meeting)
            deciding.send_to_chair(self.by("secretary", JUNE), meeting)
            deciding.lock(self.by("chair", JUNE), meeting)
        id = reviews.of_subprocess(self.by("group", JUNE), self.parts[0])[0].id
        controller, second = (self.people[who].id for who in ("controller", "second"))
        with transaction():
            reviewing.plan(self.by("group", JUNE), id, None, reviewed.Plan(controller, controller, second, 40))
            reviewing.start(self.by("controller", JUNE), id, None)
            for _ in range(self.size):
                reviewing.add_risk(self.by("controller", JUNE), self.parts[0], RISK)
                reviewing.add_control(self.by("controller", JUNE), self.parts[0], CONTROL)
        return int(id)


Count = Callable[[str, str], int]


@pytest.fixture
def queries(app: Flask, client: FlaskClient) -> Callable[[Agency], Count]:
    """How many queries a page takes, by reader and address, in an agency."""

    def of(agency: Agency) -> Count:
        def count(who: str, path: str) -> int:
            make.signed_in(client, agency.people[who])
            client.get(path)  # what is learned once in the life of the application is learned
            with counted(db.engine) as seen:
                answer = client.get(path)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            return len(seen)

        return count

    return of


def pages(agency: Agency, count: Count) -> dict[str, int]:
    """Queries of each of the ten pages, each met in the part of the year in which it is used."""
    found = {"one form": count("controller", f"/assessments/{agency.form()}"), "tasks": count("owner", "/tasks")}
    agency.assess()
    here = f"?org={agency.code}"
    found |= {
        "processes": count("second", f"/processes{here}"), "one process": count("second", f"/processes/KRE-1{here}"),
        "assessments": count("second", f"/cycles/2026/assessments{here}"),
        "matrix": count("second", f"/cycles/2026/matrix{here}"),
    }  # fmt: skip
    meeting = agency.announce()
    found["forum paper"] = count("member", f"/forum/{meeting}")
    review = agency.review(meeting)
    found |= {
        "home": count("second", "/"), "plan": count("second", f"/plan{here}"),
        "one review": count("second", f"/reviews/{review}"),
    }  # fmt: skip
    return found


@pytest.mark.half("postgresql")  # the same statements; tests/web/test_beside.py counts them on the other
def test_ten_pages_ask_little_and_never_more_for_more_rows(
    queries: Callable[[Agency], Count],
) -> None:
    """At most eight queries a page, the same for 5 and for 40 processes, sub-processes, controls and decisions."""
    few = pages(agency := Agency(FEW), queries(agency))
    many = pages(agency := Agency(MANY), queries(agency))
    assert len(few) == 10
    assert few == many
    assert {page: number for page, number in many.items() if number > MOST} == {}
