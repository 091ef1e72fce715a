"""The first day of a new agency, through the pages and without script: five steps, no red wall, then the year opens."""

import pytest
from flask import Flask

from controls.base import verify
from controls.base.db import db
from controls.base.settings import current
from controls.staffing import queries
from tests.journeys import scene as scenes
from tests.journeys.scene import Scene

KEPT = ("KRE", "LON")
WHY = "Claus er ny i huset og overtager efter Anne."


@pytest.fixture
def scene(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return scenes.set_up(app, monkeypatch, password=None)


def test_the_first_day(scene: Scene) -> None:
    """Strike out, name owners, no earlier reviews, staffing, dates: each step says its state, and nothing is late."""
    waiting = "Koordinatoren er ved at gøre systemet klar."
    home = scene.coordinator.get("/").says("Kom godt i gang", "0 af 5 er gjort", "Ingen historik endnu.", "Venter på")
    assert not home.tree.xpath("//*[contains(@class, 'kr-late')]")
    for somebody in (scene.owner, scene.controller, scene.member, scene.auditor):
        somebody.get("/?org=STAR").says(waiting)
    _catalogue(scene)
    _owners(scene)
    home = scene.coordinator.get("/").says("2 af 5 er gjort", "Ellers vælg “Vi har ingen”.")
    scene.owner.may_not("/settings/owners")
    home = home.form("/settings/no-history").press().says("3 af 5 er gjort", "I har svaret, at I ingen har")
    check = home.follow(r"/settings/staffing").says("er der nogen til hver opgave")
    check.form("/settings/staffing").press()
    home = scene.coordinator.get("/").says("4 af 5 er gjort", "Datoerne er foreslået")
    plan = scene.coordinator.get("/plan?org=STAR").says("Ingen historik endnu")
    assert not plan.tree.xpath("//main//*[contains(@class, 'kr-late')]"), "no red wall in the roll"
    opened = home.follow(r"/cycles/new\?").form("/cycles/new").fill(capacity_hours="950").press()
    opened.form("/advance").press().form("/advance").press().says("Vurdering")
    assert waiting not in scene.owner.get("/").text
    scene.coordinator.get("/").says("Ingen historik endnu", "Bemanding 2026", "Der er nogen til hver opgave.")
    _handed_over(scene)
    assert verify.faults(db.session(), current().keys) == []


def _catalogue(scene: Scene) -> None:
    """All but two areas are taken away; what that takes is shown; another confirms (S15)."""
    page = scene.coordinator.get("/").follow(r"/settings/proposed").says("110 delprocesser", "22", "33")
    form = page.form("/settings/proposed")
    kept = [code for code in form.options("keep") if code.startswith(KEPT)]
    assert 0 < len(kept) < 110
    shown = form.fill(keep=kept).press("show", expect=200).says(str(110 - len(kept)), str(-(-len(kept) // 5)))
    assert shown.form("/settings/proposed").data.getlist("keep") == kept, "the ticks stay"
    shown.form("/settings/proposed").fill(keep=[]).refused(422, "Behold mindst én delproces.")
    preview = shown.form("/settings/proposed").press()
    assert not preview.forms("/take")
    scene.coordinator.get("/").says("En fil venter.")
    again = scene.coordinator.get("/settings/proposed?org=STAR").form("/settings/proposed")
    assert again.data.getlist("keep") == kept, "what waits is shown ticked"
    scene.group.get("/").follow(r"/import/catalogue/\d+").form("/take").press()
    scene.coordinator.get("/").says(f"{len(kept)} af 110 foreslåede delprocesser er beholdt.", "1 af 5 er gjort")


def _owners(scene: Scene) -> None:
    """A wrong name is told at its row; then every process has an owner and a deputy."""
    form = scene.coordinator.get("/").follow(r"/settings/owners").form("/settings/owners")
    owners = [name for name in form.data if name.endswith("-owner")]
    deputies = [name for name in form.data if name.endswith("-deputy")]
    values = dict.fromkeys(owners, scene.owner.name) | dict.fromkeys(deputies, scene.controller.username)
    wrong = form.fill(values | {owners[3]: "Ukendt Person"}).refused(422, "Ingen her hedder “Ukendt Person”")
    wrong.form("/settings/owners").fill({owners[3]: scene.owner.name}).press().says(
        f"{len(owners)} processer er ændret."
    )


def _handed_over(scene: Scene) -> None:
    """All of the owner's goes to another at once, with a reason."""
    page = scene.coordinator.get(f"/settings/handover?org=STAR&person={scene.owner.id}")
    form = page.form("/settings/handover")
    form.refused(422, "Skriv med mindst 10 tegn")
    form.fill(to=form.pick("to", "Den foreslåede for hver"), reason=WHY).press().says("Overdraget:", "Alt har en ejer.")
    here = scene.organisation_id
    assert {row.owner for row in queries.owners(here, scene.clock.at.date())} == {"Nadia Rahimi (nadia)"}
