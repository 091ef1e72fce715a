"""The demo, built once and served on a free port of 127.0.0.1, with everybody's cookie at hand."""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_migrate import upgrade
from playwright.sync_api import Browser, BrowserContext, Playwright
from werkzeug.serving import make_server

from controls.app import create_app
from controls.base import demo
from controls.base.db import transaction
from controls.base.settings import Settings
from controls.demo import play
from controls.identity import actions, queries
from controls.web import guard
from tests.ui import scenes

HOST = "127.0.0.1"


def browser_path() -> str | None:
    """Debian's Chromium, or the one that CHROMIUM names; the package without windows is the quicker one."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else shutil.which("chromium-headless-shell") or shutil.which("chromium")


def launch(playwright: Playwright) -> Browser:
    """A browser that calls nobody on its own."""
    return playwright.chromium.launch(
        executable_path=browser_path(),
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--font-render-hinting=none"],
    )


def stand(folder: Path, built: Path | None = None) -> Flask:
    """The application on the demo with its scenes in a new folder; `built` is a folder of the demo to begin from."""
    if built:
        shutil.copytree(built, folder, dirs_exist_ok=True)
    app = create_app(Settings(folder, f"sqlite:///{folder / 'kontrolrul.sqlite'}", "test", False, (HOST,)))
    with app.app_context():
        upgrade()
        play.build(lambda text: None)
        with transaction():
            demo.start_clock(play.OPENS)
        scenes.play()
    return app


def _whole(app: Flask) -> Callable[[Any, Any], list[bytes]]:
    """Each answer in one piece: of a file on its way to a browser that goes away, the server would forget to let go."""

    def answer(environ: Any, start: Any) -> list[bytes]:
        parts = app.wsgi_app(environ, start)
        try:
            return [b"".join(parts)]
        finally:
            parts.close()  # type: ignore[attr-defined]

    return answer


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The address of the application while it is served from a thread."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(HOST, 0, _whole(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def cookie(app: Flask, username: str, language: str, stale: bool = False) -> str:
    """The cookie of a person who has signed in (just now, or an hour ago) and chosen a language."""
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    if not username:
        return str(signer.dumps({"language": language}))
    with app.app_context():
        person = queries.person(username)
        assert person is not None, username
        at = demo.now()
        by = queries.by_of(person, at, at.date())
        with transaction():
            row = actions.sign_in(by, person, "demo")
            token = row.token
            row.fresh_at -= timedelta(hours=stale)
            if person.language != language:
                actions.choose_language(by, language)
    return str(signer.dumps({guard.COOKIE: token, "language": language}))


@contextmanager
def signed_in(
    browser: Browser, app: Flask, base: str, username: str, language: str, width: int = 1280, stale: bool = False
) -> Iterator[BrowserContext]:
    """A browser window of a person ("" is nobody) in a language."""
    context = browser.new_context(base_url=base, viewport={"width": width, "height": 900}, locale=language)
    value = cookie(app, username, language, stale)
    context.add_cookies([{"name": str(app.config["SESSION_COOKIE_NAME"]), "value": value, "url": base}])
    yield context
    context.close()
