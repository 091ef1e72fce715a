"""Pictures of the main pages, for eyes: `python -m tests.ui.pictures OUTDIR [--data FOLDER] [--only PATTERN]`.

Danish and English at 1280 and 820 px, as printed, and the form and the lists at 320 px too. OUTDIR gets one PNG each.
"""

import argparse
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

from tests.ui import pages, standing
from tests.ui.pages import Page

WIDTHS = (1280, 820, 320)
PAPER = 703
"""A4 within its margins, at 96 px an inch."""


def take(window: BrowserContext, page: Page, language: str, out: Path) -> Iterator[str]:
    """The pictures of a page; what is not as it should be."""
    tab = window.new_page()
    status = pages.opened(tab, page)
    if status != page.status:
        yield f"status {status}"
    for width in WIDTHS[: 3 if page.narrow else 2]:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.screenshot(path=out / f"{page.name}-{language}-{width}.png", full_page=True)
        scroll = tab.evaluate("document.documentElement.scrollWidth")
        if scroll > width:
            yield f"{scroll} px wide at {width}"
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": PAPER, "height": 900})
    tab.screenshot(path=out / f"{page.name}-{language}-print.png", full_page=True)
    tab.close()


def main() -> None:
    """Read the arguments, serve the demo, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, help="folder of a demo that is built already (copied)")
    parser.add_argument("--only", default="", help="only pages whose name fits this regular expression")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh, sync_playwright() as playwright:
        app = standing.stand(Path(fresh), given.data)
        listed = [page for page in pages.main_pages(app) if re.search(given.only, page.name)]
        browser = standing.launch(playwright)
        with standing.serving(app) as base:
            for language in ("da", "en"):
                for first, same in pages.by_sign_in(listed):
                    with standing.signed_in(browser, app, base, first.person, language, stale=first.stale) as window:
                        for page in same:
                            faults = ", ".join(take(window, page, language, given.out))
                            print(f"{page.name} {language}: {faults or 'ok'}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
