"""The people of the journeys, each at a browser of their own, and the days on which things happen."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

import controls.universe
from controls.base import demo
from controls.identity.permissions import Role
from tests import make
from tests.journeys.browser import Clock, Page, Someone

CATALOGUE = Path(controls.universe.__file__).with_name("catalogue.csv")
PASSWORD = "en lang sætning til prøver"


def at(month: int, day: int, hour: int = 9) -> datetime:
    """A moment of the year of the journey."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


@dataclass
class Scene:
    """Everybody, and the clock."""

    clock: Clock
    organisation_id: int
    coordinator: Someone
    group: Someone
    owner: Someone
    controller: Someone
    reviewer: Someone
    secretary: Someone
    member: Someone
    chair: Someone
    auditor: Someone

    def on(self, month: int, day: int, hour: int = 9) -> None:
        """Let it be that day."""
        self.clock.at = at(month, day, hour)


def set_up(app: Flask, monkeypatch: pytest.MonkeyPatch, password: str | None = PASSWORD) -> Scene:
    """A ministry with an agency, nine people, and the clock in the second week of January."""
    clock = Clock(at(1, 12))
    monkeypatch.setattr(demo, "now", lambda: clock.at)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    ministry, agency = make.organisation("DEP"), make.organisation("STAR", "DEP")

    def somebody(name: str, role: Role, where: object) -> Someone:
        username = name.split()[0].lower()
        row = make.person(username, role, where, clock.at, name=name, password=password)  # type: ignore[arg-type]
        return Someone(app, clock, row, password=password or "")

    return Scene(
        clock, agency.id,
        coordinator=somebody("Bente Mørk", Role.GRP, agency), group=somebody("Claus Engberg", Role.GRP, agency),
        owner=somebody("Anne Kirkeby", Role.OWN, agency), controller=somebody("Nadia Rahimi", Role.CTL, agency),
        reviewer=somebody("Mette Lindgaard", Role.CTL, agency), secretary=somebody("Susanne Holm", Role.SEC, ministry),
        member=somebody("Peter Hjort", Role.VDM, ministry), chair=somebody("Henrik Bundgaard", Role.VDC, ministry),
        auditor=somebody("Birgitte Falk", Role.AUD, ministry),
    )  # fmt: skip


def import_catalogue(who: Someone, confirmer: Someone, lines: int | None = None) -> Page:
    """Send the shipped catalogue (or its first lines) as a file; another confirms it (S15); the list then."""
    data = b"".join(CATALOGUE.read_bytes().splitlines(keepends=True)[: None if lines is None else lines + 1])
    preview = who.get("/import?org=STAR").form("/import").fill(file=(data, "katalog.csv")).press()
    assert not preview.forms("/take")
    waiting = confirmer.get("/import?org=STAR").links(r"^/import/catalogue/\d+$")[0]
    confirmer.get(waiting).form("/take").press()
    return confirmer.get("/processes?org=STAR")


SCORES = {
    "inherent_likelihood": "3", "inherent_impact": "4", "control_level": "4", "residual_likelihood": "2",
    "residual_impact": "4",
}  # fmt: skip
ANSWERS = SCORES | {
    "change_direction": "unchanged", "fraud": "no", "certainty": "fair", "propose_review": "no",
    "reason": "Processen er uændret, og vi har ikke haft fejl i året der gik.",
    "reason_no_key_control": "Nøglekontrol: en anden end den, der registrerer, godkender.",
}  # fmt: skip


def name_owners(scene: Scene) -> Page:
    """Every process that nobody owns is given to the owner, in one page."""
    form = scene.coordinator.get("/settings/owners?org=STAR").form("/settings/owners")
    free = [name for name, value in form.data.items() if name.endswith("-owner") and not value]
    return form.fill(dict.fromkeys(free, scene.owner.username)).press()


def open_year(scene: Scene, capacity: str = "950") -> Page:
    """Open 2026 and lock its parameters; every process has an owner by then."""
    name_owners(scene)
    opened = scene.coordinator.get("/cycles").follow(r"/cycles/new\?").form("/cycles/new").fill(capacity_hours=capacity)
    return opened.press().form("/advance").press()
