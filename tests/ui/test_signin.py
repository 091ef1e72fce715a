"""Signing in as a person does it: authenticator app, passkey, work account, revocation and the idle limit."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Page as Tab

from controls.app import create_app
from controls.base import clock, demo
from controls.base.db import db
from controls.base.settings import Settings
from controls.identity.permissions import Role
from tests import make
from tests.oidc import standing as oidc
from tests.ui import standing
from tests.ui.test_pages import RULES

pytestmark = [pytest.mark.ui, pytest.mark.long, pytest.mark.xdist_group("ui-en")]
PASSWORD = "langt kodeord 2026"


class House:
    """A real installation that is served, the passing of its time, and its provider's file."""

    def __init__(self, app: Flask, base: str, folder: Path) -> None:
        self.app, self.base, self.folder, self.passed = app, base, folder, timedelta()

    def wait(self, **time: float) -> None:
        self.passed += timedelta(**time)

    def code(self, secret: str) -> str:
        return pyotp.TOTP(secret).at(clock.machine() + self.passed)


@pytest.fixture
def house(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    app = create_app(
        Settings(tmp_path, f"sqlite:///{tmp_path / 'real.sqlite'}", "test", False, ("localhost",), fresh=1)
    )
    with app.app_context():
        upgrade()
        make.organisation("STAR")
        at = clock.machine()
        make.person("anne", Role.AUD, make.queries.organisation("STAR"), at, name="Anne Kirkeby", password=PASSWORD)
    with standing.serving(app) as address:
        served = House(app, address.replace("127.0.0.1", "localhost"), tmp_path)
        monkeypatch.setattr(demo, "now", lambda: clock.machine() + served.passed)
        yield served
    with app.app_context():
        db.engine.dispose()


def window(browser: Browser, house: House, **more: Any) -> BrowserContext:
    return browser.new_context(base_url=house.base, locale="da", **more)


def type_password(tab: Tab, following: str = "/me/sign-in") -> None:
    tab.goto(f"/login?next={following}")
    tab.get_by_label("Brugernavn").fill("anne")
    tab.get_by_label("Adgangskode", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Log ind", exact=True).click()


def press(tab: Tab, name: str) -> None:
    tab.get_by_role("button", name=name, exact=True).click()


def sign_out(tab: Tab) -> None:
    tab.locator("header details summary").click()
    tab.locator("header form[action='/logout'] button").click()
    tab.wait_for_url("**/login")


def accessible(tab: Tab) -> None:
    """No violation that axe finds, and no sideways scrolling at 320 px."""
    hits = Axe().run(tab, options=RULES).response["violations"]
    assert not hits, [(hit["id"], [node["html"][:120] for node in hit["nodes"][:3]]) for hit in hits]
    tab.set_viewport_size({"width": 320, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320, tab.url
    tab.set_viewport_size({"width": 1280, "height": 900})


def test_authenticator_app(browser: Browser, house: House) -> None:
    """Added by hand with its first code, asked for at the next sign-in, and a recovery code in its place."""
    with window(browser, house) as opened:
        tab = opened.new_page()
        type_password(tab)
        accessible(tab)
        press(tab, "Tilføj en godkendelsesapp")
        assert tab.locator("img[alt^=QR]").evaluate("picture => picture.naturalWidth") > 100
        accessible(tab)
        secret = tab.locator("p .kr-mono").inner_text().replace(" ", "")
        tab.get_by_label("Engangskode").fill("000000")
        press(tab, "Brug denne app")
        assert "Koden er forkert eller brugt" in tab.locator("main").inner_text()
        tab.get_by_label("Engangskode").fill(house.code(secret))
        press(tab, "Brug denne app")
        codes = tab.locator("ol .kr-mono").all_inner_texts()
        assert len(codes) == 10
        accessible(tab)
        sign_out(tab)
        house.wait(seconds=60)
        type_password(tab)
        accessible(tab)
        tab.get_by_label("Engangskode").fill(house.code(secret))
        press(tab, "Log ind")
        assert tab.url == f"{house.base}/me/sign-in" and "10 gendannelseskoder" in tab.locator("main").inner_text()
        sign_out(tab)
        type_password(tab)
        tab.get_by_label("Engangskode").fill(codes[3].lower())
        press(tab, "Log ind")
        assert "9 gendannelseskoder" in tab.locator("main").inner_text()


def test_passkey(browser: Browser, house: House) -> None:
    """Made, used to sign in and to confirm, and taken out of use; all in Chromium's virtual authenticator."""
    with window(browser, house) as opened:
        tab = opened.new_page()
        faults: list[str] = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        virtual = opened.new_cdp_session(tab)
        virtual.send("WebAuthn.enable")
        virtual.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }})  # fmt: skip
        type_password(tab)
        press(tab, "Tilføj en adgangsnøgle")
        accessible(tab)
        tab.get_by_label("Navn på adgangsnøglen").fill("Arbejdscomputer")
        press(tab, "Lav adgangsnøglen")
        tab.wait_for_url("**/me/sign-in")
        assert "Arbejdscomputer" in tab.locator("main").inner_text()
        sign_out(tab)
        accessible(tab)
        press(tab, "Log ind med adgangsnøgle")
        tab.wait_for_url(f"{house.base}/")
        house.wait(minutes=11)
        tab.goto("/me/sign-in")
        press(tab, "Tilføj en godkendelsesapp")
        assert "Bekræft, at det er dig" in tab.locator("h1").inner_text()
        accessible(tab)
        press(tab, "Bekræft med adgangsnøgle")
        tab.wait_for_url("**/me/app")
        tab.goto("/me/sign-in")
        press(tab, "Fjern")
        assert "Arbejdscomputer" not in tab.locator("main").inner_text()
        sign_out(tab)
        press(tab, "Log ind med adgangsnøgle")
        tab.get_by_text("Adgangsnøglen blev ikke godtaget").first.wait_for()
        assert not faults


def test_a_page_without_script_offers_the_password_only(browser: Browser, house: House) -> None:
    with window(browser, house, java_script_enabled=False) as opened:
        tab = opened.new_page()
        tab.goto("/login")
        assert not tab.get_by_role("button", name="Log ind med adgangsnøgle").is_visible()
        type_password(tab)
        assert tab.url == f"{house.base}/me/sign-in"


def test_revocation(browser: Browser, house: House) -> None:
    """The second browser is out at its next click."""
    with window(browser, house) as first, window(browser, house) as second:
        here, there = first.new_page(), second.new_page()
        type_password(here)
        type_password(there)
        here.reload()
        press(here, "Log ud alle andre steder")
        there.get_by_role("link", name="Mine indstillinger").first.click()
        assert there.locator("h1").inner_text() == "Du er logget ud"
        accessible(there)
        here.reload()
        assert here.locator("h1").inner_text() == "Mit login"


def test_idle_limit_gives_the_text_back(browser: Browser, house: House) -> None:
    """After half an hour the sign-in is dead; what was sent waits, and goes on after a new sign-in."""
    with window(browser, house) as opened:
        tab = opened.new_page()
        type_password(tab)
        house.wait(minutes=31)
        press(tab, "Tilføj en godkendelsesapp")
        assert tab.locator("h1").inner_text() == "Du er logget ud"
        tab.get_by_label("Brugernavn").fill("anne")
        tab.get_by_label("Adgangskode", exact=True).fill(PASSWORD)
        press(tab, "Log ind")
        assert tab.url == f"{house.base}/me/sign-in"


def pass_time(tab: Tab, house: House, **time: float) -> None:
    """Time goes on for the server and for the page."""
    house.wait(**time)
    tab.clock.fast_forward(int(timedelta(**time).total_seconds() * 1000))


def test_warning_before_idleness_ends_the_sign_in(browser: Browser, house: House) -> None:
    """Two minutes before, one may stay; when it has ended, what was typed still goes along."""
    typed = "Ferie i uge 29: æøå “citat”."
    with window(browser, house) as opened:
        tab = opened.new_page()
        tab.clock.install()
        type_password(tab, "/me/stand-ins")
        warning = tab.get_by_role("alertdialog")
        tab.get_by_label("Hvorfor").fill(typed)
        pass_time(tab, house, minutes=27, seconds=50)
        assert not warning.is_visible()
        pass_time(tab, house, seconds=20)
        warning.get_by_text("Du bliver snart logget ud").wait_for()
        assert tab.evaluate("document.activeElement.innerText") == "Forbliv logget ind"
        accessible(tab)
        press(tab, "Forbliv logget ind")
        warning.wait_for(state="hidden")
        pass_time(tab, house, minutes=27)
        assert not warning.is_visible() and opened.request.get("/me", max_redirects=0).status == 200
        tab.clock.fast_forward("05:00")
        house.wait(minutes=31)
        warning.get_by_text("Du er logget ud").wait_for()
        press(tab, "Luk")
        press(tab, "Vælg stedfortræder")
        assert tab.locator("h1").inner_text() == "Du er logget ud"
        tab.get_by_label("Brugernavn").fill("anne")
        tab.get_by_label("Adgangskode", exact=True).fill(PASSWORD)
        press(tab, "Log ind")
        press(tab, "Send det, jeg skrev")
        assert tab.get_by_label("Hvorfor").input_value() == typed


def test_warning_before_ten_hours_end_the_sign_in(browser: Browser, house: House) -> None:
    """Whoever has worked all day is told, and is offered no more time; another tab's use counts here too."""
    with window(browser, house) as opened:
        tab = opened.new_page()
        tab.clock.install()
        type_password(tab)
        for _visit in range(20):
            house.wait(minutes=29)
            assert opened.request.get("/me/sign-in", max_redirects=0).status == 200
        tab.reload()
        warning = tab.get_by_role("alertdialog")
        pass_time(tab, house, minutes=17)
        assert not warning.is_visible()
        pass_time(tab, house, minutes=1, seconds=10)
        warning.get_by_text("ti timer").wait_for()
        assert not warning.get_by_role("button", name="Forbliv logget ind").is_visible()
        accessible(tab)


def test_work_account(browser: Browser, house: House) -> None:
    """Out to the certified provider and back: the whole way in a browser."""
    with oidc.provider(house.folder, f"{house.base}/login/account/back") as provider:
        provider.know(s1={"name": "Nanna Ravn", "preferred_username": "nanna@example.dk", "groups": ["revision"]})
        roles = {"revision": ["AUD@STAR"]}
        (house.folder / "openid.toml").write_text(provider.settings(provision=True, organisation="STAR", roles=roles))
        with window(browser, house) as opened:
            tab = opened.new_page()
            tab.goto("/me")
            accessible(tab)
            tab.get_by_role("link", name="Log ind med arbejdskonto").click()
            tab.locator("input[name=login]").fill("s1")
            tab.locator("input[name=password]").fill("x")
            tab.locator("button[type=submit]").click()
            tab.wait_for_url(f"{house.base}/me")
            text = tab.locator("main").inner_text()
            assert "Nanna Ravn" in text and "Revisor" in text
            house.wait(seconds=90)  # past the minute of this house, and within what clocks may differ
            tab.goto("/me/sign-in")
            press(tab, "Tilføj en godkendelsesapp")
            accessible(tab)
            press(tab, "Bekræft med arbejdskonto")
            tab.locator("input[name=login]").fill("s1")
            tab.locator("input[name=password]").fill("x")
            tab.locator("button[type=submit]").click()
            tab.wait_for_url("**/login/account/back**")
            accessible(tab)
            press(tab, "Send det, jeg skrev")
            tab.wait_for_url("**/me/app")
