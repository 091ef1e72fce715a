"""Every main page and every entry of every role's menu in both languages, with all of axe's rules.

    python -m tests.long.pages [--data FOLDER]

FOLDER is a demo that is built already; without it one is built first. The suite asks axe of every page in Danish, and
the shape of every page in English and of the menus in Danish.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.ui import pages, standing
from tests.ui.test_pages import Asked, faults_of, menu_faults_of, told


def main() -> None:
    """Open them all, print the counts, and end with 1 when anything is wrong."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path)
    given, wrong = ask.parse_args(), 0
    with tempfile.TemporaryDirectory() as temp, sync_playwright() as playwright:
        app = standing.stand(Path(temp), given.data)
        browser, listed = standing.launch(playwright), pages.main_pages(app)
        with standing.serving(app) as base:
            for language in ("da", "en"):
                for what, found in (
                    ("main pages", faults_of(browser, app, base, language, Asked.ALL)),
                    ("menus", menu_faults_of(browser, app, base, listed, language)),
                ):
                    wrong += len(found)
                    print(f"{what} in {language}: {len(found)} with faults\n{told(found)}", flush=True)
        browser.close()
    print(f"{len(listed)} main pages in two languages: {wrong} faults")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
