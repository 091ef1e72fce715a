"""The factory: settings, wiring of slices, nothing else."""

import importlib
from collections.abc import MutableMapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Flask, g, request, session
from flask.templating import Environment
from flask_babel import Babel, get_babel
from flask_migrate import Migrate
from jinja2 import StrictUndefined
from werkzeug.routing import IntegerConverter, Map

from controls import wiring
from controls.base import place, settings
from controls.base.db import db
from controls.web import errors, guard, headers, navigation, once, security, words

ROOT = Path(__file__).resolve().parent.parent
SLICES = (
    "identity", "credential", "signin", "evidence", "universe", "wheel", "assessment", "planning", "recommendation",
    "forum", "review", "effectiveness", "finding", "calibration", "reminder", "visiting", "accounts", "staffing",
    "overview", "history", "papers", "jobs",
)  # fmt: skip


class Number(IntegerConverter):
    """A number in an address, as large as an id can be in both databases; a larger one is no page (404)."""

    def __init__(self, map: Map, max: int = 2**31 - 1) -> None:
        super().__init__(map, max=max)


class Templates(Environment):
    """All templates have the same globals: one map, since each import on a page looks all of them up."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


def create_app(read: settings.Settings | None = None) -> Flask:
    """The application; refuses to start when a route has no permission."""
    app = Flask("controls", root_path=str(ROOT / "controls"), template_folder=str(ROOT / "templates"))
    kept = read or settings.read()
    place.refuse_network(kept.database_url)
    app.config.update(
        KONTROLRUL=kept, SECRET_KEY=kept.secret_key, SQLALCHEMY_DATABASE_URI=kept.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": not kept.database_url.startswith("sqlite")},
        MAX_CONTENT_LENGTH=kept.upload_limit + 1024 * 1024, MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=20_000, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=kept.https, SESSION_COOKIE_NAME="__Host-kontrolrul" if kept.https else "kontrolrul",
        WTF_CSRF_TIME_LIMIT=None, BABEL_DEFAULT_LOCALE="da", 
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "controls" / "translations"),
        BABEL_DEFAULT_TIMEZONE="Europe/Copenhagen",
    )  # fmt: skip
    app.url_map.converters["int"] = Number
    app.jinja_environment = Templates
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    db.init_app(app)
    for name in SLICES:
        if find_spec(f"controls.{name}.tables"):
            importlib.import_module(f"controls.{name}.tables")
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    Babel(app, locale_selector=_language)
    get_babel(app).instance.domain_instance = words.Catalogue()
    headers.register(app)
    security.register(app)
    guard.register(app)
    once.register(app)
    errors.register(app)
    words.register(app)
    navigation.register(app)
    for name in SLICES:
        pages = [path.stem for path in sorted((ROOT / "controls" / name).glob("routes*.py"))]
        found = [importlib.import_module(f"controls.{name}.{page}") for page in pages]
        if found:
            app.register_blueprint(found[0].bp)  # `routes` comes first; `routes_…` add their pages to it
    wiring.connect()
    guard.refuse_unguarded(app)
    if find_spec("controls.cli"):
        importlib.import_module("controls.cli").register(app)
    return app


def _language() -> str:
    if "person" in g:
        return str(g.person.language)
    chosen = session.get("language") or request.accept_languages.best_match(["da", "en"]) or "da"
    return chosen if chosen in ("da", "en") else "da"
