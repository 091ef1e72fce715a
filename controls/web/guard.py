"""Who is at the door: sign-in, permission on every route, and the author every action is given."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect, generate_csrf
from sqlalchemy.orm import Session

from controls.base import checkpoint, demo, settings
from controls.base.by import By
from controls.base.db import db, transaction
from controls.base.why import FORBIDDEN, Refused
from controls.identity import actions, queries
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person, SignIn

F = TypeVar("F", bound=Callable[..., Any])

csrf = CSRFProtect()
COOKIE = "sign_in"
SEEN_EVERY = timedelta(minutes=1)


def allows(permission: Permission) -> Callable[[F], F]:
    """Let in whoever holds the permission anywhere; the action asks again about the object."""

    def mark(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if "by" not in g:
                return _to_login()
            if not by().may(permission):
                raise Refused([FORBIDDEN()])
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return mark


def signed_in(view: F) -> F:
    """Let in everybody who is signed in (home, tasks, own settings)."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs) if "by" in g else _to_login()

    guarded.permission = "signed in"  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def open_to_all(view: F) -> F:
    """The short list of pages that need no sign-in."""
    view.permission = "open"  # type: ignore[attr-defined]
    return view


PROOF: list[Callable[[], ResponseReturnValue | None]] = []
"""Filled by the door: takes the proof that came with the form (None), or answers with the page that asks for one."""


def fresh(view: F) -> F:
    """Ask who it is once more when that was proven too long ago (RFC 9470); stands below the permission.

    What was posted goes along with the question, so nothing that was typed is lost.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        asked = None if is_fresh() else PROOF[0]()
        return view(*args, **kwargs) if asked is None else asked

    guarded.fresh = True  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def is_fresh() -> bool:
    """Whether this sign-in was proven within the limit."""
    return by().at - sign_in_row().fresh_at <= timedelta(minutes=settings.current().fresh)


SIGNED_OUT: list[Callable[[str], ResponseReturnValue]] = []
"""Filled by the door: the sign-in page in answer to a dead sign-in (its token), with what was posted."""


def _to_login() -> ResponseReturnValue:
    """With no cookie at all on to the sign-in page; a dead or damaged one is told, and the text is kept."""
    damaged = str(current_app.config["SESSION_COOKIE_NAME"]) in request.cookies and not session
    if request.method != "GET" or damaged or COOKIE in session:
        return SIGNED_OUT[0](session.pop(COOKIE, ""))
    return redirect(url_for("signin.login", next=request.full_path.rstrip("?")), 303)


def by() -> By:
    """The author of what this request does."""
    found: By = g.by
    return found


def person() -> Person:
    """The signed-in person."""
    found: Person = g.person
    return found


def sign_in_row() -> SignIn:
    """The row of this sign-in."""
    found: SignIn = g.sign_in
    return found


def organisation(visiting: bool = False) -> Organisation:
    """The organisation a page is about: `?org=CODE`, or the reader's own (404 outside the reader's reach).

    `visiting` lets a visitor in whichever it is; such a page shows only what its own permission filter lets through.
    """
    if "organisation" not in g:
        own, code = g.own_organisation, request.args.get("org", "")
        found = own if code in ("", own.code) else next((one for one in _at_or_below(code) if one.code == code), None)
        if found is None and visiting and by().visits and code.isprintable():
            found = queries.organisation(code)
        g.organisation = found or abort(404)
    here: Organisation = g.organisation
    return here


def organisations() -> frozenset[int]:
    """Ids for lists: the organisation of the page and those below it that the reader reaches."""
    here = organisation()
    below = [one.id for one in _at_or_below(here.code) if one.path.startswith(here.path)] if reaches_several() else ()
    return frozenset({here.id, *below})


def _at_or_below(code: str) -> list[Organisation]:
    """Those of the reader's reach that an organisation holds, itself first; all are asked for only where they are told.

    What PostgreSQL cannot store it cannot compare with either, so it is the code of none.
    """
    if "reached" in g:
        found: list[Organisation] = g.reached
        return found
    if g.get("below", ("",))[0] != code:
        rows = queries.at_or_below(code) if code.isprintable() else []
        g.below = code, [one for one in rows if one.id in _reached()]
    found = g.below[1]
    return found


def reached_organisations() -> list[Organisation]:
    """Every organisation the reader reaches, parents first."""
    if "reached" not in g:
        g.reached = queries.within(_reached())
    found: list[Organisation] = g.reached
    return found


def reaches(code: str) -> bool:
    """Whether the pages of an organisation are the reader's; a visitor is let into few of the host's."""
    return not by().visits or any(one.code == code for one in reached_organisations())


def reaches_several() -> bool:
    """Whether the reader reaches more than one organisation."""
    return len(_reached()) > 1


def _reached() -> frozenset[int]:
    if "reach" not in g:
        g.reach = frozenset({g.own_organisation.id}.union(*by().reach.values()))
    found: frozenset[int] = g.reach
    return found


@contextmanager
def recorded() -> Iterator[Session]:
    """The one way a GET may write: a read of evidence, an export, the minute a sign-in was last seen."""
    with transaction() as opened:
        yield opened


def begin() -> None:
    """Before the first page: does the log fit its last checkpoint."""
    if request.endpoint != "static":
        checkpoint.begin()


CHANGE_FIRST = (
    "credential.password",
    "credential.change_password",
    "signin.again",
    "signin.stay",
    "signin.logout",
    "identity.language",
)
"""All that is open to whoever has been given a password by somebody else."""


def load() -> ResponseReturnValue | None:
    """Find who is signed in, before each request; move the idle limit at most once a minute."""
    token = session.get(COOKIE)
    if not token or request.endpoint == "static":
        return None
    at = demo.now()
    found = queries.live_sign_in(token, at, at.date())
    if found is None:
        return None
    row = found.sign_in
    g.sign_in, g.person, g.own_organisation = row, found.person, found.organisation
    g.by = queries.by_of(found.person, at, at.date(), found.roles, found.visiting, found.principal)
    moved = at - row.seen_at > SEEN_EVERY
    g.left = (queries.IDLE if moved else row.seen_at + queries.IDLE - at, row.started_at + queries.ABSOLUTE - at)
    if moved:
        with recorded():
            actions.seen(g.by, row)
            db.session.flush()
    if found.person.must_change and request.endpoint not in CHANGE_FIRST:
        return redirect(url_for("credential.password"), 303)
    return None


def left() -> tuple[int, int]:
    """Seconds until this sign-in ends when nothing happens, and at the latest."""
    idle, whole = g.left
    return int(idle.total_seconds()), int(whole.total_seconds())


def must(may: bool) -> None:
    """Refuse (403) what is not the reader's before what was typed is looked at."""
    if not may:
        raise Refused([FORBIDDEN()])


def refuse_unguarded(app: Flask) -> None:
    """The app does not start when a route has no permission."""
    bare = [
        rule.endpoint for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not hasattr(app.view_functions[rule.endpoint], "permission")
    ]  # fmt: skip
    if bare:
        raise RuntimeError(f"routes without a permission: {sorted(set(bare))}")


def _form_token() -> str:
    """The token of the page's forms; every form of a page asks, and Flask-WTF reads its settings each time."""
    return str(g.get("csrf_token") or generate_csrf())


def register(app: Flask) -> None:
    """Put the guard at the door."""
    app.jinja_env.globals["reaches"] = reaches
    app.before_request(begin)
    app.before_request(load)  # before the token is looked at, so that a refused form is told to whoever sent it
    csrf.init_app(app)
    app.jinja_env.globals["csrf_token"] = _form_token
