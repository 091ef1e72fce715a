"""Two people save the same form: one wins, the other is shown both texts, loses nothing, and may save again."""

import pytest
from flask import Flask
from sqlalchemy import select

from controls.assessment.tables import Draft
from controls.base.db import db
from controls.recommendation.tables import Line
from controls.universe.tables import Process
from tests.journeys import scene as scenes
from tests.journeys.browser import Form, Page, Someone, Value
from tests.journeys.scene import ANSWERS, Scene

YEAR = "/cycles/2026"
MINE, THEIRS = "Min tekst: æøå, “citat” & <b>tegn</b>.", "Den andens tekst, gemt et øjeblik før."


@pytest.fixture
def scene(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """An agency whose year is open, with the three first processes of the catalogue."""
    scene = scenes.set_up(app, monkeypatch, password=None)
    scenes.import_catalogue(scene.coordinator, scene.group, lines=9)
    scenes.open_year(scene).form("/advance").press()
    return scene


def both(first: Form, second: Form, name: str, **rest: Value) -> Page:
    """The first is saved; the second is refused with both texts and everything typed still in its fields."""
    first.fill({name: THEIRS, **rest}).press()
    page = second.fill({name: MINE, **rest}).press(expect=409)
    page.says(MINE, THEIRS, first.page.who.name)
    again = page.form(second.action.partition("?")[0])
    assert again.data[name] == MINE
    for field, value in rest.items():
        assert again.data.getlist(field) == ([value] if isinstance(value, str) else list(value)), field
    return page


def saved_again(page: Page, action: str) -> Page:
    """Saving again is meant, and works."""
    return page.form(action.partition("?")[0]).press()


def forms(path: str, action: str, *people: Someone) -> list[Form]:
    """The same form, opened by each before anybody saves."""
    return [who.get(path).form(action) for who in people]


def test_the_draft_of_an_assessment(scene: Scene) -> None:
    """Owner's deputy and controller write in the same form."""
    address = scene.controller.get(f"{YEAR}/assessments?org=STAR").links(r"^/assessments/\d+$")[0]
    rest = {"inherent_likelihood": "4", "change_kinds": ["system", "people"], "fraud": "no"}
    first, second = forms(address, "/draft", scene.controller, scene.reviewer)
    page = both(first, second, "reason", **rest)
    page.form("/draft").press(expect=422).says(MINE, THEIRS, "Vælg et af de to svar til “Begrundelse”.")
    page.form("/draft").fill({"keep-reason": "mine"}).press()
    kept = db.session.scalars(select(Draft)).one()
    assert MINE in str(scene.controller.get(address).form("/draft").data["reason"])
    assert kept.saved_by == scene.reviewer.name


def test_the_same_assessment_submitted_twice(scene: Scene) -> None:
    """The second who submits is told that it is submitted already, and sees what was typed."""
    address = scene.controller.get(f"{YEAR}/assessments?org=STAR").links(r"^/assessments/\d+$")[0]
    first, second = forms(address, "/submit", scene.controller, scene.reviewer)
    first.fill(ANSWERS).press()
    page = second.fill(ANSWERS | {"reason": MINE + " Og mere, så den er lang nok."}).press(expect=409)
    page.says(MINE, scene.controller.name)


def test_the_facts_of_a_process(scene: Scene) -> None:
    """Two of the group describe the same process."""
    code = db.session.scalars(select(Process.code).order_by(Process.sort_key)).first()
    path = f"/processes/{code}/edit?org=STAR"
    first, second = forms(path, "/edit", scene.coordinator, scene.group)
    owner = first.pick("owner_id", scene.owner.name)
    page = both(first, second, "systems", owner_id=owner, transactions="4.100")
    saved_again(page, second.action)
    row = db.session.scalars(select(Process).where(Process.code == code)).one()
    assert row.systems.split("; ")[0].startswith("Min tekst") and row.transactions == 4100


def test_a_line_of_the_recommendation(scene: Scene) -> None:
    """Two of the group take a position on the same sub-process at the same time, when neither stood there before."""
    addresses = scene.controller.get(f"{YEAR}/assessments?org=STAR").links(r"^/assessments/\d+$")
    for address in addresses:
        scene.controller.get(address).form("/submit").fill(ANSWERS).press()
    scene.coordinator.get(f"{YEAR}?org=STAR").form("/advance").press()
    for address in addresses:
        scene.coordinator.get(address).form("/calibrate").press("agree")
        scene.group.get(address).form("/approve").press()
    draft = scene.coordinator.get(f"{YEAR}/recommendation?org=STAR").form("/start").press()
    path = scene.coordinator.get(f"{draft.path}?org=STAR&show=all").links(r"/recommendation/lines/")[0]
    for _new_then_changed in range(2):
        first, second = forms(path, "/save", scene.coordinator, scene.group)
        page = both(first, second, "text", recommended="review", reason_codes=["event", "other"], hours="40")
        saved_again(page, second.action)
        assert db.session.scalars(select(Line)).one().text == MINE
