"""The calibration of one process in a real browser: by mouse, by keyboard and without script, counted and printed."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator
from playwright.sync_api import Page as Tab
from sqlalchemy import select

from controls.assessment.tables import Assessment
from controls.assessment.words import State
from controls.base.db import db
from controls.universe.tables import Process
from tests.ui import standing

pytestmark = [pytest.mark.ui, pytest.mark.long, pytest.mark.xdist_group("ui-en")]

QUEUE = "/cycles/2026/calibration?org=ALS&order=code"
FIRST, SECOND = "AAR-2", "LED-2"
"""What waits in the demo's small agency."""


class Hand:
    """Somebody at a browser whose clicks and keys are counted."""

    def __init__(self, tab: Tab) -> None:
        self.tab, self.clicks, self.keys = tab, 0, 0

    def click(self, what: Locator) -> None:
        """One click, and the page that follows."""
        self.clicks += 1
        with self.tab.expect_navigation():
            what.click()

    def key(self, name: str, on: bool = True) -> None:
        """One key, and the page that follows when one does."""
        self.keys += 1
        if not on:
            self.tab.keyboard.press(name)
            return
        with self.tab.expect_navigation():
            self.tab.keyboard.press(name)


def state(app: Flask, code: str) -> State:
    """How a form of the small agency stands."""
    with app.app_context():
        found = db.session.scalar(
            select(Assessment.state).join(Process, Process.id == Assessment.process_id)
            .where(Process.code == code, Assessment.year == 2026, Assessment.state != State.LOCKED)
        )  # fmt: skip
        assert found is not None
        return found


@contextmanager
def meeting(browser: Browser, app: Flask, base: str, script: bool = True) -> Iterator[Tab]:
    """The group's member at the queue, with the first form open; afterwards all is as it was."""
    window = browser.new_context(base_url=base, java_script_enabled=script, locale="da")
    value = standing.cookie(app, "kari", "da")
    window.add_cookies([{"name": str(app.config["SESSION_COOKIE_NAME"]), "value": value, "url": base}])
    tab = window.new_page()
    tab.goto(QUEUE)
    assert tab.locator("#opened").inner_text().startswith(FIRST)
    yield tab
    undo = tab.locator("form[action$='/queue/undo'] button", has_text=FIRST)
    if undo.count():
        undo.click()
        tab.wait_for_url("**/calibration**")
    window.close()
    assert state(app, FIRST) is State.SUBMITTED


def agreed(tab: Tab, app: Flask) -> None:
    """The first form is calibrated, and the meeting has gone on to the second."""
    assert state(app, FIRST) is State.CALIBRATED
    assert tab.locator("#opened").inner_text().startswith(SECOND)
    assert f"{FIRST} er kalibreret" in tab.locator("[role=status]").first.inner_text()


def test_one_process_takes_one_click_one_key_or_one_press_without_script(
    browser: Browser, demo: Flask, base: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Agreed and gone on: by mouse, by keyboard only, and without script by mouse and by keyboard."""
    counts = {}
    with meeting(browser, demo, base) as tab:
        hand = Hand(tab)
        hand.click(tab.locator("[data-agree]"))
        agreed(tab, demo)
        counts["mouse"] = (hand.clicks, hand.keys)
    with meeting(browser, demo, base) as tab:
        hand = Hand(tab)
        hand.key("e")
        agreed(tab, demo)
        counts["keyboard"] = (hand.clicks, hand.keys)
    with meeting(browser, demo, base, script=False) as tab:
        hand = Hand(tab)
        hand.click(tab.locator("[data-agree]"))
        agreed(tab, demo)
        counts["no script, mouse"] = (hand.clicks, hand.keys)
    with meeting(browser, demo, base, script=False) as tab:
        hand = Hand(tab)
        for _ in range(9):
            hand.key("Tab", on=False)
            if tab.evaluate("document.activeElement.matches('[data-agree]')"):
                break
        hand.key("Enter")
        agreed(tab, demo)
        counts["no script, keyboard"] = (hand.clicks, hand.keys)
    with capsys.disabled():
        print(f"\ncalibration of one process when agreed, (clicks, keys): {counts}")
    assert counts["mouse"] == (1, 0) and counts["keyboard"] == (0, 1) and counts["no script, mouse"] == (1, 0)
    assert counts["no script, keyboard"][1] <= 3


def test_keys_act_where_they_should_and_nowhere_else(browser: Browser, demo: Flask, base: str) -> None:
    """A held key agrees once, a letter that is typed is text, arrows move in the queue, and keys can be turned off."""
    with meeting(browser, demo, base) as tab:
        reason = tab.locator("#reason")
        reason.focus()
        tab.keyboard.type("enige")
        assert reason.input_value() == "enige" and state(demo, FIRST) is State.SUBMITTED
        tab.locator(".kr-queue ol a").first.focus()
        tab.keyboard.press("ArrowDown")
        assert tab.evaluate("document.activeElement.textContent").strip().startswith(SECOND)
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
        assert tab.locator("#opened").inner_text().startswith(SECOND)
        tab.goto(QUEUE)
        with tab.expect_navigation():
            for _ in range(4):  # what is down already comes as a repeat
                tab.keyboard.down("e")
        tab.keyboard.down("e")
        tab.keyboard.up("e")
        agreed(tab, demo)
        assert state(demo, SECOND) is State.SUBMITTED
    with meeting(browser, demo, base) as tab:
        for press in ("off", "on"):
            tab.goto("/me")
            tab.locator(f"form:has(input[value={press}]) button").click()
            tab.goto(QUEUE)
            assert tab.locator("[data-keys]").count() == (press == "on")
            if press == "off":
                tab.keyboard.press("e")
                assert state(demo, FIRST) is State.SUBMITTED
