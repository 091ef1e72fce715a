"""A certificate of the past is the same, byte for byte, whatever is reviewed, reopened, changed or undone later."""

from collections.abc import Callable
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest

from controls.base import checkpoint, settings
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity.permissions import Role
from controls.papers import certificate, certificate_out
from controls.review import actions as reviewing
from controls.review import queries as reviews
from controls.review.words import Outcome
from controls.rotation import actions as rotation
from controls.rotation import queries as ledger
from controls.rotation.words import Cover, Degree, Form, Source
from controls.universe import actions as catalogue
from controls.universe.structure import Named, Part, Said
from controls.universe.tables import Area, Process, Subprocess
from controls.universe.words import Level
from controls.wheel import actions as wheel
from controls.wheel import queries as cycles
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from tests.review import scene as scenes
from tests.review.scene import CONCLUSION, Scene

WHY = "En kontrol var testet på den forkerte periode."


class Days:
    """The scene with a clock that goes on by a day for each thing that happens."""

    def __init__(self, scene: Scene, make: ModuleType) -> None:
        self.scene, self.make, self.at = scene, make, make.NOW

    def next(self, *acts: Callable[[Any], Any]) -> date:
        """All that happens on the next day, by the group."""
        self.at += timedelta(days=1)
        for act in acts:
            with transaction():
                act(self.scene.by("group", self.at))
        return self.at.date()

    def part(self, code: str) -> Any:
        return db.session.query(Subprocess).filter_by(code=code).one()

    def said(self) -> Said:
        return Said(self.at.date(), "Opgaven er flyttet til det nye kontor.")

    def certified(self, day: date) -> certificate.Certificate:
        db.session.rollback()
        return certificate.certify(self.make.system(self.at), self.scene.organisation, day)

    def files(self, day: date) -> tuple[bytes, ...]:
        found = self.certified(day)
        return tuple(certificate_out.made(found, *form)[0] for form in (("pdf", "da"), ("xlsx", "en")))

    def covers(self, day: date) -> dict[str, Cover]:
        return {line.part.code: line.standing.cover for line in self.certified(day).lines}


@pytest.fixture
def days(make: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Days:
    """A review in draft, with a second member of the group and the chair."""
    found: dict[int, Outcome | None] = {}
    monkeypatch.setattr(reviews, "OPERATED", [scenes.operated(found)])
    monkeypatch.setattr(reviews, "GATES_TO_APPROVE", [])
    scene = scenes.drafted(make)
    found.update(dict.fromkeys(scene.controls, Outcome.EFFECTIVE))
    scene.people["second"] = make.person("second", Role.GRP, scene.organisation)
    scene.people["chair"] = make.person("chair", Role.VDC, scene.organisation)
    return Days(scene, make)


def approve(days: Days) -> None:
    scene, at = days.scene, days.at
    scene.do(reviewing.send_to_hearing, "lead", scene.review_id, None, at=at)
    scene.do(reviewing.answer_hearing, "owner", scene.review_id, None, "Enig.", at=at)
    scene.do(reviewing.quality_review, "reviewer", scene.review_id, None, "Gennemgået.", at=at)
    scene.do(reviewing.approve, "group", scene.review_id, None, at=at)


def imported(days: Days, on: date) -> Callable[[Any], Any]:
    part, here = days.part("KRE-3.2").id, days.scene.organisation.id
    return lambda by: rotation.record_coverage(
        by, here, part, on, Degree.FULL, Form.LIGHT, Source.IMPORT, f"Rapport {on.year}"
    )  # fmt: skip


def test_later_changes_do_not_reach_a_day(days: Days) -> None:
    scene, here, keys = days.scene, days.scene.organisation.id, settings.current().keys
    dates, kept = default_dates(2026), dict[date, tuple[bytes, ...]]()
    process = db.session.query(Process).filter_by(code="KRE-3").one()

    opened = days.next(lambda by: wheel.open_cycle(by, here, 2026, Parameters(100, 2, 3, 5, 5), dates))
    with pytest.raises(Refused, match="not after today"):
        days.certified(opened + timedelta(days=1))
    running = days.files(opened)
    approved = days.next()
    approve(days)
    kept[opened] = days.files(opened)
    assert kept[opened] != running  # the day is over, and says so no longer
    created = days.next(
        lambda by: catalogue.create(by, Level.SUBPROCESS, process.id, days.said(), Named("KRE-3.2", "Ny del"))
    )
    checkpoint.make(db.session(), keys, days.at)
    kept[approved] = days.files(approved)
    read_in = days.next(imported(days, date(2025, 5, 1)))
    kept[created] = days.files(created)
    reopened = days.next()
    scene.do(reviewing.ask_reopening, "lead", scene.review_id, None, WHY, at=days.at)
    scene.do(reviewing.approve_reopening, "second", scene.review_id, None, at=days.at)
    kept[read_in] = days.files(read_in)
    days.next()
    kept[reopened] = days.files(reopened)

    assert [days.covers(day) for day in kept] == [
        {"KRE-3.1": Cover.NEVER}, {"KRE-3.1": Cover.ORDINARY}, {"KRE-3.1": Cover.ORDINARY, "KRE-3.2": Cover.NEVER},
        {"KRE-3.1": Cover.ORDINARY, "KRE-3.2": Cover.LIGHT}, {"KRE-3.1": Cover.NEVER, "KRE-3.2": Cover.LIGHT},
    ]  # fmt: skip
    stamps = [days.certified(day).stamp for day in kept]
    assert [stamp and stamp.at.date() for stamp in stamps] == [None, None, created, created, created]

    scene.do(reviewing.conclude, "lead", scene.review_id, None, CONCLUSION, at=days.at)
    approve(days)
    cycle, area, part = cycles.cycle(here, 2026), db.session.query(Area).one(), days.part("KRE-3.2")
    assert cycle is not None
    again = days.next(
        imported(days, date(2024, 5, 1)),
        lambda by: catalogue.rename(by, Level.SUBPROCESS, part.id, part.version, days.said(), "Nyt navn", "New"),
        lambda by: catalogue.rename(by, Level.AREA, area.id, area.version, days.said(), "Nyt område", ""),
        lambda by: wheel.configure(by, cycle.id, cycle.version, Parameters(80, 1, 1, 1, 1), dates),
    )
    parts = [Part("KRE-3.3", "Frigivelse", "", True, "Gennemgangen omfattede frigivelsen."), Part("KRE-3.4", "Andet")]
    whole, undone = days.part("KRE-3.1"), next(row.id for row in ledger.ledger(here) if row.covered_on.year == 2024)
    split = days.next(
        lambda by: catalogue.split(by, whole.id, whole.version, days.said(), parts),
        lambda by: rotation.reverse_import(by, undone),
    )
    checkpoint.make(db.session(), keys, days.at)
    other = days.part("KRE-3.4")
    days.next(lambda by: catalogue.close(by, Level.SUBPROCESS, other.id, other.version, days.said()))

    assert days.covers(again) == {"KRE-3.1": Cover.ORDINARY, "KRE-3.2": Cover.LIGHT}
    assert days.covers(split) == {"KRE-3.2": Cover.LIGHT, "KRE-3.3": Cover.ORDINARY, "KRE-3.4": Cover.NEVER}
    for day, files in kept.items():
        assert days.files(day) == files, f"the certificate of {day} has changed"
    assert len(set(kept.values())) == 5
