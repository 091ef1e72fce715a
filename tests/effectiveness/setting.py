"""A review in progress with one control whose design held: what tests of operation and findings start from."""

from dataclasses import dataclass
from datetime import date
from types import ModuleType
from typing import Any

from controls.base import audit
from controls.base.by import By
from controls.base.db import db, saved, transaction
from controls.base.merkle import canonical
from controls.effectiveness import rules
from controls.effectiveness.words import Method, SampleRisk
from controls.evidence.tables import Evidence
from controls.identity.permissions import Role
from controls.review import queries as reviews
from controls.review.tables import Control, DesignTest, Review
from controls.review.words import DesignOutcome, Execution, Frequency, Kind, Outcome
from controls.review.words import State as ReviewState
from controls.rotation.words import Form
from controls.universe.tables import Area, Process, Subprocess
from tests.photograph import photographed

SET_UP = audit.EVENTS.get("setting.made") or audit.declare("setting.made", "Set up")
PLAN = rules.Plan(Method.FREQUENCY_TABLE, SampleRisk.NORMAL)


@dataclass
class Setting:
    """The people and rows that tests use."""

    organisation: Any
    owner: Any
    tester: Any
    lead: Any
    reviewer: Any
    group: Any
    other: Any
    subprocess: Any
    review: Any
    control: Any
    design: Any


def put(by: By, *rows: Any) -> None:
    """Store rows with one event."""
    for row in rows:
        if hasattr(row, "saved_at"):
            saved(by, row)
        db.session.add(row)
    audit.record(by, SET_UP, rows[-1])


def outcomes(review: Review) -> dict[int, Outcome | None]:
    """What a review's page says of the operation of each control."""
    return {row.control.id: row.operating for row in reviews.control_rows(review)}


@photographed
def prepared(make: ModuleType, design: DesignOutcome | None = DesignOutcome.APPROPRIATE, **control: Any) -> Setting:
    """An organisation with its people, one review in progress, one monthly key control."""
    star = make.organisation("STAR")
    who = {
        name: make.person(name, role, star)
        for name, role in (
            ("owner", Role.OWN),
            ("tester", Role.CTL),
            ("lead", Role.CTL),
            ("reviewer", Role.CTL),
            ("group", Role.GRP),
            ("other", Role.CTL),
        )
    }
    by = make.by(who["group"])
    with transaction():
        area = Area(organisation_id=star.id, code="KRE", name_da="Kreditorer", name_en="Payables", sort_key="KRE")
        put(by, area)
        process = Process(
            organisation_id=star.id,
            area_id=area.id,
            code="KRE-3",
            name_da="Betaling",
            name_en="Payment",
            sort_key="KRE-3",
            valid_from=date(2020, 1, 1),
            owner_id=who["owner"].id,
        )
        put(by, process)
        subprocess = Subprocess(
            organisation_id=star.id,
            process_id=process.id,
            code="KRE-3.1",
            name_da="Frigivelse",
            name_en="Release",
            sort_key="KRE-3.1",
            valid_from=date(2020, 1, 1),
        )
        put(by, subprocess)
        review = Review(
            organisation_id=star.id,
            number="G-2026-01",
            year=2026,
            subprocess_id=subprocess.id,
            state=ReviewState.IN_PROGRESS,
            form=Form.ORDINARY,
            lead_id=who["lead"].id,
            tester_id=who["tester"].id,
            quality_reviewer_id=who["reviewer"].id,
        )
        facts = {
            "number": "KRE-3.1-K2",
            "text": "To personer frigiver hver betaling.",
            "key_control": True,
            "kind": Kind.PREVENTIVE,
            "execution": Execution.MANUAL,
            "frequency": Frequency.MONTHLY,
        }
        row = Control(
            organisation_id=star.id, subprocess_id=subprocess.id, valid_from=date(2020, 1, 1), **{**facts, **control}
        )
        put(by, review, row)
        held = None
        if design is not None:
            held = design_test(by, review, row, design, who["tester"].id)
    return Setting(star, subprocess=subprocess, review=review, control=row, design=held, **who)


def design_test(by: By, review: Any, control: Any, outcome: DesignOutcome, tester_id: int) -> DesignTest:
    """A test of design with this outcome."""
    test = DesignTest(
        organisation_id=review.organisation_id,
        number="T-2026-0001",
        review_id=review.id,
        control_id=control.id,
        control_version=1,
        control_copy=canonical(audit.state(control)),
        outcome=outcome,
        conclusion="Set på en sag.",
        tester_id=tester_id,
        tested_on=date(2026, 3, 2),
    )
    put(by, test)
    return test


def population(size: int = 12, **other: Any) -> rules.Population:
    """Twelve months."""
    facts = {
        "text": "Måneder i perioden",
        "source": "Navision",
        "extracted_by": "Tester",
        "extracted_on": date(2026, 3, 1),
        "completeness": "Sammenholdt med kalenderen.",
    }
    return rules.Population(size, **{**facts, **other})


def evidence(by: By, organisation_id: int, subject_type: str, subject_id: int) -> None:
    """A file on a subject, as the evidence slice stores it."""
    put(
        by,
        Evidence(
            organisation_id=organisation_id,
            subject_type=subject_type,
            subject_id=subject_id,
            sha256="a" * 64,
            filename="log.pdf",
            media_type="application/pdf",
            size=1,
            shows="Log",
            uploaded_by_id=by.person_id,
            uploaded_at=by.at,
        ),
    )
