"""Pictures of the main pages, for eyes: `python -m tests.ui.pictures OUTDIR [--data FOLDER] [--only WORD]`.

Danish and English at 1280 and 820 px, the form and the lists at 320 px too. OUTDIR gets one PNG a picture.
"""

import argparse
import tempfile
from itertools import groupby
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.ui import pages, standing
from tests.ui.pages import Page

WIDTHS = (1280, 820, 320)


def take(browser: Browser, page: Page, language: str, width: int, base: str, app: standing.Flask, out: Path) -> str:
    """One picture; a line about it when the page is not as it should be."""
    with standing.signed_in(browser, app, base, page.person, language, width) as window:
        tab = window.new_page()
        answer = tab.goto(page.path)
        tab.screenshot(path=out / f"{page.name}-{language}-{width}.png", full_page=True)
        scroll = tab.evaluate("document.documentElement.scrollWidth")
        status = answer.status if answer else 0
    faults = [f"status {status}"] if status != page.status else []
    faults += [f"{scroll} px wide"] if scroll > width else []
    return ", ".join(faults)


def main() -> None:
    """Read the arguments, serve the demo, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, help="folder of a demo that is built already (used, not copied)")
    parser.add_argument("--only", default="", help="only pages whose name contains this")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh, sync_playwright() as playwright:
        app = standing.stand(given.data or Path(fresh))
        listed = [page for page in pages.main_pages(app) if given.only in page.name]
        browser = standing.launch(playwright)
        with standing.serving(app) as base:
            for name, same in groupby(listed, key=lambda page: page.name):
                for page in same:
                    for language in ("da", "en"):
                        for width in WIDTHS[: 3 if page.narrow else 2]:
                            fault = take(browser, page, language, width, base, app, given.out)
                            print(f"{name} {language} {width}: {fault or 'ok'}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
