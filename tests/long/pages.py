"""Every main page as every role that may open it, and every role's menu, in both languages, with all of axe's rules.

    python -m tests.long.pages [--data FOLDER] [--language da|en]

FOLDER is a demo that is built already; without it one is built first. The suite asks axe of every page in Danish, and
the shape of every page in English and of the menus in Danish.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import sync_playwright
from sqlalchemy import select

from controls.base.db import db
from controls.identity.permissions import Role
from controls.identity.tables import Person, RoleGrant
from tests.ui import pages, standing
from tests.ui.pages import Page
from tests.ui.test_pages import Asked, faults_of, menu_faults_of, told

LANGUAGES = ("da", "en")
TRIES = 6
"""People of a role that are tried at a page; who has to do with its agency comes early in one of them."""


def of_roles(app: Flask, listed: list[Page]) -> list[Page]:
    """Each page that is only opened, as one person of every role that may, beside the one who is listed with it."""
    found: list[Page] = []
    with app.app_context():
        people: dict[Role, list[str]] = {}
        grants = select(RoleGrant.role, Person.username).join(Person, Person.id == RoleGrant.person_id)
        for role, name in db.session.execute(grants.order_by(RoleGrant.role, Person.username)):
            people.setdefault(role, []).append(name)
    browsers = {name: _client(app, name) for names in people.values() for name in names}
    for page in (one for one in listed if one.person and one.status == 200 and one.press is None):
        for names in people.values():
            if page.person in names:
                continue
            met = next((name for name in names[:TRIES] if _opens(browsers[name], page)), None)
            if met is not None:
                found.append(replace(page, person=met))
    return found


def _opens(client: FlaskClient, page: Page) -> bool:
    return client.get(page.path, base_url=f"http://{standing.HOST}").status_code == 200


def _client(app: Flask, username: str) -> FlaskClient:
    client, name = app.test_client(), str(app.config["SESSION_COOKIE_NAME"])
    client.set_cookie(name, standing.cookie(app, username, "da"), domain=standing.HOST)
    return client


def main() -> None:
    """Open them all, print the counts, and end with 1 when anything is wrong."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path)
    ask.add_argument("--language", choices=LANGUAGES)
    given, wrong = ask.parse_args(), 0
    with tempfile.TemporaryDirectory() as temp, sync_playwright() as playwright:
        app = standing.stand(Path(temp), given.data)
        browser, listed = standing.launch(playwright), pages.main_pages(app)
        more = of_roles(app, listed)
        print(f"{len(listed)} main pages, {len(more)} times one of them as another role", flush=True)
        with standing.serving(app) as base:
            for language in [given.language] if given.language else LANGUAGES:
                for what, found in (
                    ("main pages", faults_of(browser, app, base, listed, language, Asked.ALL)),
                    ("main pages as other roles", faults_of(browser, app, base, more, language, Asked.ALL)),
                    ("menus", menu_faults_of(browser, app, base, listed, language)),
                ):
                    wrong += len(found)
                    print(f"{what} in {language}: {len(found)} with faults\n{told(found)}", flush=True)
        browser.close()
    print(f"pages with faults: {wrong}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
