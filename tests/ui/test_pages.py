"""Every main page in a real browser, in both languages: quiet, accessible, narrow enough, and all from this host."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Request, ViewportSize
from playwright.sync_api import Page as Tab

from tests.ui import pages, standing
from tests.ui.pages import Page

pytestmark = [pytest.mark.ui, pytest.mark.long]

ONE, OTHER = pytest.mark.xdist_group("ui-da"), pytest.mark.xdist_group("ui-en")
"""Two groups, each with a demo of its own, so that both workers have pages to open."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
CONTRAST = "color-contrast"
FEW_OF_EACH_ROW = """few => {
  const seen = {}, kind = row => [...row.querySelectorAll('*')].map(
    one => one.tagName + (one.getAttribute('class') || '') + (one.getAttribute('fill') || '')).join() + row.className;
  document.querySelectorAll('tbody tr').forEach(row => {
    const one = kind(row);
    seen[one] = (seen[one] || 0) + 1;
    if (seen[one] > few) { row.remove(); }
  });
}"""
"""Rows with the same elements and classes have the same colours; the page's style knows no others (no style=). What
two rows of a kind must not share, as an id, two of them show."""
NARROW: ViewportSize = {"width": 320, "height": 800}
WIDE: ViewportSize = {"width": 1280, "height": 900}


class Asked(Enum):
    """How much is asked of a page that is looked at."""

    SHAPE = "status, one heading, quiet, narrow enough"
    ACCESS = "all rules of axe too, of two table rows of each kind; contrast of one, and of each person's frame, once"
    ALL = "all rules of axe on all of every page, but for rows of one kind"


class Watched:
    """A tab, and what went wrong in it: console, errors of scripts, requests to other hosts."""

    def __init__(self, window: BrowserContext, base: str, asked: Asked) -> None:
        self.tab: Tab = window.new_page()
        self.asked, self.framed = asked, False
        self.faults: list[str] = []
        self.tab.on(
            "console", lambda said: said.type in ("error", "warning") and self.faults.append(f"console: {said.text}")
        )
        self.tab.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.tab.on(
            "request", lambda sent: sent.url.startswith((base, "data:")) or self.faults.append(f"asks {sent.url}")
        )
        self.tab.on("requestfailed", self._failed)

    def _failed(self, sent: Request) -> None:
        """A request that failed; one the browser gave up because the test went on to the next page did not."""
        if sent.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {sent.url}: {sent.failure}")

    def look(self, page: Page, language: str) -> list[str]:
        """Open a page; everything that is wrong with it."""
        self.faults.clear()
        status = pages.opened(self.tab, page)
        if status != 200:  # the browser itself notes every refusal in its console
            self.faults[:] = [fault for fault in self.faults if f"status of {page.status}" not in fault]
        found = [f"status {status}, not {page.status}"] if status != page.status else []
        found += self._shape(language)
        if self.asked is not Asked.SHAPE:
            self.tab.set_viewport_size(WIDE)
            found += self._access()
        return found + self.faults

    def _shape(self, language: str) -> list[str]:
        tab = self.tab
        found = [] if tab.locator("h1").count() == 1 else [f"{tab.locator('h1').count()} h1"]
        found += [] if tab.title().endswith("– Kontrolrul") else [f"title {tab.title()}"]
        spoken = tab.evaluate("document.documentElement.lang")
        found += [] if spoken == language else [f"lang {spoken}"]
        tab.set_viewport_size(NARROW)
        wide = tab.evaluate("document.documentElement.scrollWidth")
        return found + ([f"{wide} px wide at {NARROW['width']}"] if wide > NARROW["width"] else [])

    def _access(self) -> list[str]:
        self.tab.evaluate(AXE_SCRIPT)
        if self.asked is Asked.ACCESS:
            self.tab.evaluate(FEW_OF_EACH_ROW, 2)
        found = self._axe("document", RULES | {"rules": {CONTRAST: {"enabled": False}}})
        self.tab.evaluate(FEW_OF_EACH_ROW, 1)
        part = "'main'" if self.framed and self.asked is Asked.ACCESS else "document"
        self.framed = True
        return found + self._axe(part, RULES | {"runOnly": [CONTRAST]})

    def _axe(self, part: str, options: dict[str, Any]) -> list[str]:
        hits = self.tab.evaluate(f"options => axe.run({part}, options).then(found => found.violations)", options)
        return [f"axe {hit['id']}: {node['target']} {node['html'][:120]}" for hit in hits for node in hit["nodes"][:3]]


@pytest.fixture(scope="module")
def listed(demo: Flask) -> list[Page]:
    """The main pages of this demo."""
    return pages.main_pages(demo)


@pytest.fixture(params=[pytest.param("da", marks=ONE), pytest.param("en", marks=OTHER)])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Danish, then English."""
    yield str(request.param)


def faults_of(
    browser: Browser, demo: Flask, base: str, listed: list[Page], language: str, asked: Asked
) -> dict[str, list[str]]:  # fmt: skip
    """By page, what is wrong with it in a language."""
    wrong: dict[str, list[str]] = {}
    for first, same in pages.by_sign_in(listed):
        with standing.signed_in(browser, demo, base, first.person, language, stale=first.stale) as window:
            watched = Watched(window, base, asked)
            for page in same:
                faults = watched.look(page, language)
                if faults:
                    wrong[f"{page.name} ({page.path}, {page.person or 'nobody'})"] = faults
    return wrong


def told(wrong: dict[str, list[str]]) -> str:
    """Each page with its faults."""
    return "\n".join(f"{name}:\n    " + "\n    ".join(faults) for name, faults in wrong.items())


def test_every_main_page_behaves(browser: Browser, demo: Flask, base: str, listed: list[Page], language: str) -> None:
    """Status, one heading, no console line, no foreign host, 320 px, and no violation that axe finds.

    Both languages have the same elements and the same stylesheet: axe is asked in Danish here, in both by
    `python -m tests.long.pages`.
    """
    wrong = faults_of(browser, demo, base, listed, language, Asked.ACCESS if language == "da" else Asked.SHAPE)
    assert not wrong, told(wrong)


@OTHER
def test_every_entry_of_every_roles_menu_opens(browser: Browser, demo: Flask, base: str, listed: list[Page]) -> None:
    """Whoever sees an entry can open it; the page behaves, at 320 px too (in English by tests.long.pages)."""
    wrong = menu_faults_of(browser, demo, base, listed, "da")
    assert not wrong, told(wrong)


def menu_faults_of(
    browser: Browser, demo: Flask, base: str, listed: list[Page], language: str
) -> dict[str, list[str]]:  # fmt: skip
    """By role and entry of its menu, what is wrong with the page that it opens."""
    wrong: dict[str, list[str]] = {}
    for home in (page for page in listed if page.name.startswith("home-")):
        with standing.signed_in(browser, demo, base, home.person, language) as window:
            watched = Watched(window, base, Asked.SHAPE)
            watched.tab.goto("/")
            links = watched.tab.locator("nav a.nav-link").evaluate_all("all => all.map(a => a.getAttribute('href'))")
            for path in [*links, "/tasks", "/me"]:
                if faults := watched.look(Page(home.name, path, home.person), language):
                    wrong[f"{path} as {home.name}"] = faults
    return wrong


@ONE
def test_a_person_of_the_demo_signs_in_and_out_by_hand(browser: Browser, demo: Flask, base: str) -> None:
    """Choose a person, see the home, change the language, sign out."""
    standing.cookie(demo, "anki", "da")  # whatever language the tests before left her with
    window = browser.new_context(base_url=base, locale="da")
    tab = window.new_page()
    tab.goto("/processes")
    tab.locator("button[name=person][value=anki]").click()
    assert tab.url == f"{base}/processes" and "Anne Kirkeby" in tab.locator("header").inner_text()
    tab.locator("header details summary").click()
    tab.locator("header form[action='/me/language'] button").first.click()
    tab.locator("html[lang=en]").wait_for()
    assert tab.url == f"{base}/processes"
    tab.locator("header details summary").click()
    tab.locator("header form[action='/me/language'] button").first.click()
    tab.locator("html[lang=da]").wait_for()
    tab.locator("header details summary").click()
    tab.locator("header form[action='/logout'] button").click()
    assert tab.url.startswith(f"{base}/login")
    window.close()


@ONE
def test_everything_works_without_script(browser: Browser, demo: Flask, base: str, listed: list[Page]) -> None:
    """The form of an assessment is filled in and saved by a browser that runs no script."""
    page = next(one for one in listed if one.name == "form")
    window = browser.new_context(base_url=base, java_script_enabled=False, locale="da")
    value = standing.cookie(demo, page.person, "da")
    window.add_cookies([{"name": str(demo.config["SESSION_COOKIE_NAME"]), "value": value, "url": base}])
    tab = window.new_page()
    tab.goto(page.path)
    tab.locator("textarea[name=reason]").fill("Skrevet uden script: æøå “citat” & <mærke>.")
    tab.locator("form[data-assessment] .kr-actions button.button-secondary").last.click()
    assert tab.locator("[role=status]").count() >= 1
    assert tab.locator("textarea[name=reason]").input_value() == "Skrevet uden script: æøå “citat” & <mærke>."
    window.close()
