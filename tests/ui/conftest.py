"""One demo, one server and one browser for all tests of this folder; without a browser they are skipped."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright

from tests.ui import standing

NO_BROWSER = "no Chromium: install it (apt-get install chromium-headless-shell) or name its path in CHROMIUM"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if standing.browser_path() is None:
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        opened = standing.launch(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def demo(browser: Browser, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The demo with its scenes, on a copy; DEMO_FOLDER names one that is built already."""
    given = os.environ.get("DEMO_FOLDER")
    built = Path(given) if given else request.getfixturevalue("demo_folder")
    return standing.stand(tmp_path_factory.mktemp("scenes"), built)


@pytest.fixture(scope="session")
def base(demo: Flask) -> Iterator[str]:
    """Where the demo is served."""
    with standing.serving(demo) as address:
        yield address
