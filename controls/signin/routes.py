"""The door: sign-in, the second step, the question who it is once more, and sign-out."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base import demo, settings
from controls.base.by import By
from controls.base.db import transaction
from controls.base.form import said
from controls.base.why import Reason
from controls.credential import queries as credentials
from controls.identity import queries as people
from controls.identity.actions import check_password, sign_in_again, sign_out
from controls.identity.permissions import Role
from controls.identity.rules import LOGIN_FAILED
from controls.signin import actions, forms, queries, rules
from controls.web import answer, guard

bp = Blueprint("signin", __name__)
PROXY = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
HALF, WAS = "half", "was"
"""In the cookie: whose password was right while the code is awaited, and whose sign-in has died."""
YEAR = 365 * 24 * 60 * 60


def _address() -> str:
    return request.remote_addr or "0.0.0.0"


def _demo_people() -> list[tuple[people.Person, str, list[Role]]]:
    """Demo people may be chosen only in a demo database, and only from this machine itself."""
    direct = not any(header in request.headers for header in PROXY)
    return list(people.everyone()) if demo.is_demo() and direct and ip_address(_address()).is_loopback else []


def _by(person: people.Person) -> By:
    at = demo.now()
    return people.by_of(person, at, at.date())


NOBODY = "-"


# --- how often it may go wrong -----------------------------------------------------------------------------------


def _device_name() -> str:
    return "__Host-kontrolrul-device" if settings.current().https else "kontrolrul-device"


def _scopes(username: str) -> list[rules.Scope]:
    """What a wrong answer for this name counts for."""
    key = settings.current().secret_key
    device = rules.device(key, username, request.cookies.get(_device_name(), ""))
    return rules.scopes(username, rules.counted_address(_address()), device)


def _brake(scopes: list[rules.Scope]) -> tuple[int, list[rules.Scope]]:
    """Seconds still to wait, and the scopes in which it went wrong lately."""
    counted = queries.counted(scopes)
    return ceil(rules.longest(counted, demo.now()).total_seconds()), list(counted)


def _too_many(page: ResponseReturnValue, seconds: int) -> Response:
    current_app.logger.warning("sign-in throttled: %s", rules.network(_address()))
    response = make_response(page, 429)
    response.headers["Retry-After"] = str(seconds)
    return response


# --- in ----------------------------------------------------------------------------------------------------------


def _door(status: int = 200, form: forms.Login | None = None, reasons: Sequence[Reason] = ()) -> Response:
    """The sign-in page; what was typed before a sign-in died goes along in it."""
    form = form or forms.Login()
    problems = [(reason.field or "username", said(reason)) for reason in reasons] + form.problems()
    page = answer.page(
        "signin/login.html", form, problems=problems, people=_demo_people(), out=False, files=False, **_along()
    )
    return make_response(page, status)


def _along() -> dict[str, Any]:
    """Where to go afterwards, and what is to be sent there."""
    kept = [(name, value) for name, value in request.form.items(multi=True) if name.startswith(rules.KEPT)]
    return {"next": answer.here(request.values.get("next")), "to": request.form.get("to", ""), "kept": kept}


def signed_out(token: str) -> ResponseReturnValue:
    """The answer to a dead sign-in: the sign-in page, which carries back what was typed."""
    was = people.owner(token) if token else None
    if was is not None:
        session[WAS] = was.id
    posted, here = request.method == "POST", request.full_path.rstrip("?")
    fields = rules.carried(request.form.items(multi=True)) if posted else []
    page = answer.page(
        "signin/login.html", forms.Login(), people=_demo_people(), out=True, files=bool(request.files),
        next=_back() if posted else here, to=here if posted else "",
        kept=[(rules.KEPT + name, value) for name, value in fields],
    )  # fmt: skip
    return make_response(page, 401)


def _in(person: people.Person, token: str) -> ResponseReturnValue:
    """The cookie of a sign-in that has begun; then home, or back to what was being typed."""
    was, language = session.get(WAS), session.get("language")
    session.clear()
    session[guard.COOKIE] = token
    if language:
        session["language"] = language
    along = _along()
    if along["kept"] and along["to"] and was in (None, person.id):
        g.person = person
        fields = [(name.removeprefix(rules.KEPT), value) for name, value in along["kept"]]
        response = make_response(answer.page("signin/carry.html", to=answer.here(str(along["to"])), fields=fields))
    else:
        response = make_response(redirect(str(along["next"]), 303))
    _know(response, person)
    return response


def _know(response: Response, person: people.Person) -> None:
    """This browser is known for this person from now on: others' wrong passwords do not make it wait."""
    kept = settings.current()
    if not rules.device(kept.secret_key, person.username, request.cookies.get(_device_name(), "")):
        mark = rules.device_mark(kept.secret_key, person.username, secrets.token_urlsafe(12))
        response.set_cookie(_device_name(), mark, YEAR, secure=kept.https, httponly=True, samesite="Lax")


def _from() -> tuple[str, str]:
    return rules.agent(request.user_agent.string), rules.network(_address())


def _begin(person: people.Person, how: str, wrong: Sequence[rules.Scope] = ()) -> ResponseReturnValue:
    with transaction():
        token = actions.begin(_by(person), person, how, *_from(), wrong).token
    return _in(person, token)


@bp.get("/login")
@guard.open_to_all
def login() -> ResponseReturnValue:
    """The sign-in page."""
    return redirect("/", 303) if "by" in g else _door()


@bp.post("/login")
@guard.open_to_all
def enter() -> ResponseReturnValue:
    """Check name and password; the hash runs outside the write."""
    form = forms.Login(request.form)
    if not form.validate():
        return _door(422, form)
    username = form.username.data or ""
    scopes = _scopes(username)
    seconds, wrong = _brake(scopes)
    if seconds:
        return _too_many(_door(429, form, [rules.waiting(seconds)]), seconds)
    person = check_password(username, form.password.data or "")
    if person is None:
        with transaction():
            actions.refuse(By(None, "", NOBODY, demo.now()), username, scopes)
        return _door(401, form, [LOGIN_FAILED()])
    if credentials.app(person.id) is None:
        return _begin(person, "password", wrong)
    session[HALF] = {"person": person.id, "at": demo.now().isoformat()}
    return _step()


def _step(status: int = 200, reason: Reason | None = None) -> Response:
    """The page that asks for the one-time code."""
    problems = [("code", said(reason))] if reason else []
    return make_response(answer.page("signin/code.html", problems=problems, **_along()), status)


def _half() -> people.Person | None:
    """Whose password was right a moment ago."""
    half = session.get(HALF) or {}
    if not half or demo.now() - datetime.fromisoformat(half["at"]) > rules.HALF:
        return None
    person = people.person_by_id(half["person"])
    return person if person and people.admitted(person, demo.now().date()) else None


@bp.post("/login/code")
@guard.open_to_all
def enter_code() -> ResponseReturnValue:
    """The second step: a code from the app, or a recovery code."""
    person = _half()
    if person is None:
        session.pop(HALF, None)
        return _door(401, reasons=[rules.STEP_TOO_LATE()])
    scopes = _scopes(f"code {person.id}")
    seconds, wrong = _brake(scopes)
    if seconds:
        return _too_many(_step(429, rules.waiting(seconds)), seconds)
    with transaction():
        row = actions.begin_with_code(_by(person), person, request.form.get("code", "")[:40], *_from(), scopes, wrong)
        token = row.token if row is not None else ""
    return _in(person, token) if token else _step(401, rules.WRONG_CODE("code"))


@bp.post("/login/demo")
@guard.open_to_all
def enter_demo() -> ResponseReturnValue:
    """Sign in as one of the demo's people."""
    chosen = request.form.get("person", "")
    found = next((person for person, _code, _roles in _demo_people() if person.username == chosen), None)
    return _begin(found, "demo") if found else abort(404)


# --- once more, for what weighs most -----------------------------------------------------------------------------


def prove() -> ResponseReturnValue | None:
    """Take the proof that came with the form and go on, or ask for it; what was posted goes along."""
    how, person = request.form.get(rules.AGAIN, ""), guard.person()
    app = credentials.app(person.id) is not None
    if how == "demo" and any(one.id == person.id for one, _code, _roles in _demo_people()):
        return _proven(how)
    if how != ("code" if app else "password"):
        return _ask()
    scopes = _scopes(person.username if how == "password" else f"code {person.id}")
    seconds, _wrong = _brake(scopes)
    if seconds:
        return _too_many(_ask(429, rules.waiting(seconds)), seconds)
    if how == "password" and check_password(person.username, request.form.get(rules.PASSWORD, "")):
        return _proven(how)
    with transaction():
        if how == "code" and actions.prove_with_code(guard.by(), guard.sign_in_row(), request.form.get(rules.CODE, "")):
            return None
        actions.refuse(guard.by(), person.username, scopes)
    return _ask(401, rules.WRONG_PASSWORD(rules.PASSWORD) if how == "password" else rules.WRONG_CODE(rules.CODE))


def _proven(how: str) -> ResponseReturnValue | None:
    with transaction():
        sign_in_again(guard.by(), guard.sign_in_row(), how)
    return None


def _ask(status: int = 401, reason: Reason | None = None) -> Response:
    """The page that asks, with the posted fields in its form; a GET is asked for again afterwards."""
    posted, here, person = request.method == "POST", request.full_path.rstrip("?"), guard.person()
    app = credentials.app(person.id) is not None
    first = rules.CODE if app else rules.PASSWORD
    page = answer.page(
        "signin/again.html", to=here if posted else url_for("signin.again"), person=person, back=_back(),
        fields=rules.carried(request.form.items(multi=True)) if posted else [("next", here)],
        problems=[(reason.field or first, said(reason))] if reason else [], demo=bool(_demo_people()), app=app,
        password=person.password_hash is not None, minutes=settings.current().fresh,
        files=bool(request.files), fetches=not posted,
    )  # fmt: skip
    return make_response(page, status)


def _back() -> str:
    """The page that was left, carried along while a wrong password is mended."""
    if rules.BACK in request.form:
        return answer.here(request.form[rules.BACK])
    parts = urlsplit(request.referrer or "")
    return answer.here(parts.path + (f"?{parts.query}" if parts.query else "")) if parts.netloc == request.host else "/"


@bp.post("/login/again")
@guard.signed_in
@guard.fresh
def again() -> ResponseReturnValue:
    """On to what was asked for, once it is proven who asks."""
    return redirect(answer.here(request.form.get("next")), 303)


# --- out ---------------------------------------------------------------------------------------------------------


@bp.post("/logout")
@guard.signed_in
def logout() -> ResponseReturnValue:
    """End the sign-in."""
    with transaction():
        sign_out(guard.by(), guard.sign_in_row())
    session.clear()
    return answer.onward(url_for(".login"), _("You are signed out."))
