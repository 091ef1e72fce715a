"""Filling in as people do it, with clicks and keys counted: by mouse, by keyboard only, and without script."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from controls.assessment.tables import Assessment
from controls.assessment.words import State
from controls.base.db import db
from tests.long.robust import Rounds
from tests.ui.spring import Spring, draft, spring
from tests.ui.test_pages import RULES

pytestmark = [pytest.mark.ui, pytest.mark.long, pytest.mark.xdist_group("ui-da")]
WHY = "Der er kommet et nyt betalingssystem i februar."
NINE = {
    "inherent_likelihood": 3, "inherent_impact": 3, "control_level": 4, "residual_likelihood": 3, "residual_impact": 3,
    "change_direction": "up", "fraud": "no", "certainty": "fair", "propose_review": "no",
}  # fmt: skip
"""Five scales and four short choices."""


@pytest.fixture(scope="module")
def scene(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spring]:
    """Thirty processes whose forms are out."""
    with spring(tmp_path_factory.mktemp("spring")) as made:
        yield made


class Counted:
    """A person at a page: what he clicks and which keys he presses, and the keys of the texts apart."""

    def __init__(self, tab: Page) -> None:
        self.tab, self.clicks, self.keys, self.letters = tab, 0, 0, 0

    def click(self, what: str) -> None:
        self.clicks += 1
        self.tab.locator(what).first.click()

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.keys += 1
            self.tab.keyboard.press(key)

    def type(self, text: str) -> None:
        self.letters += len(text)
        self.tab.keyboard.type(text)

    def until(self, here: str, key: str = "Tab", most: int = 40) -> None:
        """Press a key until the focus is at an element."""
        for _ in range(most):
            self.press(key)
            if self.tab.evaluate("here => document.activeElement.matches(here)", here):
                return
        raise AssertionError(f"{key} does not lead to {here}")

    def told(self, who: str) -> None:
        print(f"\n{who}: {self.clicks} clicks, {self.keys} keys, {self.letters} letters", end="")


@pytest.fixture
def person(browser: Browser, scene: Spring) -> Iterator[Callable[..., Counted]]:
    """A person of the agency in a window of their own."""
    opened = []

    def come(username: str, **more: Any) -> Counted:
        opened.append(scene.window(browser, username, **more))
        return Counted(opened[-1].new_page())

    yield come
    for window in opened:
        window.close()


def state(scene: Spring, number: int) -> tuple[State, str]:
    with scene.app.app_context():
        row = db.session.get_one(Assessment, scene.ids[number])
        found = row.state, row.reason
        db.session.remove()
    return found


def radio(name: str, value: object) -> str:
    return f"div:has(> input[name={name}][value='{value}']) > label"


def test_one_process_by_mouse(scene: Spring, person: Callable[..., Counted]) -> None:
    """From the task's link: nine choices, one text and the button, and a click to come to each of them."""
    anne = person("anne")
    anne.tab.goto("/tasks")
    anne.click(f"a[href='/assessments/{scene.ids[0]}']")
    for name, value in NINE.items():
        anne.click(radio(name, value))
    anne.click("#reason")
    anne.type(WHY)
    anne.click("button[formaction$='/submit']")
    anne.tab.locator("form[action$='/take-back']").wait_for()
    anne.told("one process by mouse")
    assert state(scene, 0) == (State.SUBMITTED, WHY) and anne.clicks == 1 + 9 + 1 + 1 and anne.keys == 0
    anne.click("form[action$='/take-back'] button")
    assert anne.tab.locator("#reason").input_value() == WHY


def test_one_process_by_keyboard(scene: Spring, person: Callable[..., Counted]) -> None:
    """The same without a mouse: the skip link, Tab and arrows; where controls are few the residual is not asked."""
    bo = person("bo")
    bo.tab.goto(f"/assessments/{scene.ids[1]}")
    bo.press("Tab")
    bo.press("Enter")
    wanted = {**NINE, "control_level": 3}
    for name in (*list(wanted)[:3], *list(wanted)[5:]):
        bo.until(f"input[name={name}]")
        values = bo.tab.locator(f"input[name={name}]").evaluate_all("all => all.map(one => one.value)")
        place = values.index(str(wanted[name]))
        bo.press("ArrowRight", place) if place else bo.press("Space")
    assert bo.tab.locator("[data-residual]").first.is_hidden() and bo.tab.locator("[data-follows]").is_visible()
    assert "3 × konsekvens 3 = 9" in bo.tab.locator("[data-result=residual]").inner_text()
    bo.until("textarea[name=reason]")
    bo.type(WHY)
    bo.until("button[formaction$='/submit']")
    bo.press("Enter")
    bo.tab.locator("form[action$='/take-back']").wait_for()
    bo.told("one process by keyboard")
    assert state(scene, 1) == (State.SUBMITTED, WHY) and bo.clicks == 0 and bo.keys <= 70


def test_one_process_without_script(scene: Spring, person: Callable[..., Counted]) -> None:
    """Everything is open, last year is copied by a button, an error keeps what was typed, and the form goes in."""
    anne = person("anne", java_script_enabled=False)
    anne.tab.goto(f"/assessments/{scene.ids[2]}")
    assert anne.tab.locator("input:checked").count() == 0 and anne.tab.locator(".kr-last").count() == 5
    anne.click("button[name=copy][value=all]")
    assert anne.tab.locator("input:checked").count() == 6
    for name in ("change_direction", "certainty", "propose_review"):
        anne.click(radio(name, NINE[name]))
    anne.click("#reason")
    anne.type(WHY)
    anne.click("button[formaction$='/submit']")
    assert "Hvorfor er risikoen uændret?" in anne.tab.locator("main").inner_text()
    assert anne.tab.locator("#reason").input_value() == WHY
    anne.click("#reason_unchanged")
    anne.type("Det nye system er bygget på det gamle.")
    anne.click("button[formaction$='/submit']")
    anne.told("one process without script, copied from last year")
    assert state(scene, 2) == (State.SUBMITTED, WHY) and anne.clicks <= 12


def cells(control: int = 3) -> list[str]:
    return ["3", "3", str(control), "", "", "Uændret", "", "Nej", "Nogenlunde", "Nej", WHY]


def paste(tab: Page, text: str) -> None:
    tab.evaluate(
        """text => { const data = new DataTransfer(); data.setData("text/plain", text); document.activeElement
           .dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})); }""",
        text,
    )


def test_the_sheet(scene: Spring, person: Callable[..., Counted]) -> None:
    """Rows by paste, by keyboard and without script; what cannot be read stays, and a paste is undone."""
    mette = person("mette")
    mette.tab.goto("/cycles/2026/grid")
    hits = Axe().run(mette.tab, options=RULES).response["violations"]
    assert not hits, [(hit["id"], [node["html"][:120] for node in hit["nodes"][:3]]) for hit in hits]
    tab, summary = mette.tab, mette.tab.locator("[data-summary]")
    row = "tr[data-row='{}'] "
    first = row.format(scene.ids[3]) + "input.kr-step"
    mette.click(first)
    bad = "\n".join("\t".join(line) for line in (cells(), [*cells()[:2], "9", *cells()[3:5], "Sidelæns"]))
    paste(tab, bad)
    assert "2 af 17 celler kan ikke læses" in summary.inner_text() and tab.locator("td.kr-bad").count() == 2
    mette.click("[data-undo]")
    assert tab.locator("td.kr-bad").count() == 0 and not draft(scene.app, scene.ids[3])
    by_paste = Counted(tab)
    by_paste.click(first)
    by_paste.keys += 1  # Ctrl+V
    paste(tab, "\n".join("\t".join(cells()) for _ in range(3, 23)))
    by_paste.click("[data-all]")
    tab.locator("[data-summary]:has-text('Alle rækker er gemt')").wait_for()
    by_paste.told("twenty rows by paste")
    by_keys = Counted(tab)
    tab.locator(row.format(scene.ids[23]) + "input.kr-step").first.focus()
    for number in (23, 24):
        by_keys.type("3")
        by_keys.press("Tab")
        by_keys.type("3")
        by_keys.press("ArrowRight")
        by_keys.type("3")
        by_keys.press("Tab", 3)
        by_keys.type("u")
        by_keys.press("Tab", 2)
        by_keys.type("n")
        by_keys.press("Tab")
        by_keys.type("n")
        by_keys.press("Tab")
        by_keys.type("n")
        by_keys.press("Tab")
        by_keys.type(WHY)
        if number == 23:
            by_keys.press("Enter")
            tab.locator(row.format(scene.ids[24]) + "input.kr-step").first.focus()
    by_keys.press("Control+s")
    tab.locator("[data-summary]:has-text('Alle rækker er gemt')").wait_for()
    by_keys.told("two rows by keyboard")
    assert draft(scene.app, scene.ids[23]) == draft(scene.app, scene.ids[3])
    mette.click("button[formaction*='/submit']")
    tab.locator(".kr-ready, .alert").first.wait_for()  # the drafts of other tests lack something
    assert [state(scene, number)[0] for number in range(3, 25)] == [State.SUBMITTED] * 22
    tab.set_viewport_size({"width": 320, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_sheet_without_script(scene: Spring, person: Callable[..., Counted]) -> None:
    """Fields and buttons only: a row is typed and sent, and the wrong one says why and keeps what was typed."""
    nils = person("nils", java_script_enabled=False)
    nils.tab.goto("/cycles/2026/grid")
    good, bad = scene.ids[25], scene.ids[26]
    for id, step in ((good, "3"), (bad, "8")):
        for name in list(NINE)[:3]:
            nils.tab.fill(f"[name={name}-{id}]", step)
        for name in list(NINE)[5:]:
            nils.tab.select_option(f"[name={name}-{id}]", str(NINE[name]))
        nils.tab.fill(f"[name=reason-{id}]", WHY)
    nils.click("button[formaction*='/submit']")
    nils.tab.locator("td.kr-bad").nth(2).wait_for()
    assert state(scene, 25)[0] is State.SUBMITTED
    assert nils.tab.locator(f"[name=inherent_impact-{bad}]").input_value() == "8"
    nils.told("two rows without script")


def test_the_dialog_and_the_leaving(scene: Spring, person: Callable[..., Counted]) -> None:
    """The dialog passes axe and fits a telephone; a page with unsaved text asks once before it is left."""
    anne, bo = person("anne"), person("bo")
    path = f"/assessments/{scene.ids[27]}"
    anne.tab.goto(path)
    bo.tab.goto(path)
    bo.tab.fill("#reason", "Bos ord")
    bo.tab.locator("[data-status]:has-text('Gemt')").wait_for()
    anne.tab.fill("#reason", "Annes ord")
    anne.tab.locator("dialog[data-clash][open]").wait_for()
    assert anne.tab.locator("dialog[data-clash] input:checked").count() == 0
    hits = Axe().run(anne.tab, options=RULES).response["violations"]
    assert not hits, [(hit["id"], [node["html"][:120] for node in hit["nodes"][:3]]) for hit in hits]
    anne.tab.set_viewport_size({"width": 320, "height": 800})
    assert anne.tab.evaluate("document.documentElement.scrollWidth") <= 320
    anne.click("label[for=keep-reason-theirs]")
    anne.click("[data-choose]")
    assert anne.tab.locator("#reason").input_value() == "Bos ord"
    asked: list[str] = []
    anne.tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    anne.tab.set_viewport_size({"width": 1280, "height": 900})
    no_save = lambda route: route.abort() if route.request.method == "PUT" else route.continue_()  # noqa: E731
    anne.tab.route("**/assessments/*", no_save)
    anne.tab.locator("#reason").press_sequentially("!")
    anne.tab.locator("[data-status]:has-text('prøver igen om 2 sek')").wait_for()
    anne.tab.locator("[data-status]:has-text('prøver igen om 5 sek')").wait_for()
    anne.click("nav a[href='/processes']")
    anne.tab.wait_for_url("**/processes")
    assert asked == ["beforeunload"]
    anne.tab.unroute("**/assessments/*", no_save)
    anne.tab.go_back()
    assert anne.tab.locator("#reason").input_value() == "Bos ord!"
    anne.tab.locator("[data-status]:has-text('Gemt')").wait_for()
    assert draft(scene.app, scene.ids[27])["reason"] == ["Bos ord!"]


def test_nothing_that_was_typed_is_lost(scene: Spring, browser: Browser) -> None:
    """The short form of tests/long/robust.py: one round of each kind."""
    rounds = Rounds(scene, browser, 3, scene.ids[28:])
    rounds.run(6)
    assert (sum(rounds.done.values()), len(rounds.done), rounds.lost) == (6, 6, 0) and rounds.typed > 500
