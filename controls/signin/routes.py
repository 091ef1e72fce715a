"""Sign-in, sign-out and one's own page."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, abort, g, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from controls.base import demo, settings
from controls.base.by import By
from controls.base.db import transaction
from controls.base.form import said
from controls.base.why import Reason
from controls.identity import actions, queries
from controls.identity.permissions import Role
from controls.identity.rules import LOGIN_FAILED
from controls.signin import forms, rules
from controls.web import answer, guard

bp = Blueprint("signin", __name__)
PROXY = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


def _demo_people() -> list[tuple[queries.Person, str, list[Role]]]:
    """Demo people may be chosen only in a demo database, and only from this machine itself."""
    direct = not any(header in request.headers for header in PROXY)
    local = ip_address(_address()).is_loopback
    return list(queries.everyone()) if demo.is_demo() and direct and local else []


def _address() -> str:
    return request.remote_addr or "0.0.0.0"


def _begin(person: queries.Person, how: str) -> ResponseReturnValue:
    at = demo.now()
    by = queries.by_of(person, at, at.date())
    with transaction():
        row = actions.sign_in(by, person, how, rules.agent(request.user_agent.string), rules.network(_address()))
        token = row.token
    session.clear()
    session[guard.COOKIE] = token
    return redirect(answer.here(request.form.get("next")), 303)


@bp.get("/login")
@guard.open_to_all
def login() -> ResponseReturnValue:
    """The sign-in page."""
    if "by" in g:
        return redirect("/", 303)
    return answer.page(
        "signin/login.html", forms.Login(), people=_demo_people(), next=answer.here(request.args.get("next"))
    )


@bp.post("/login")
@guard.open_to_all
def enter() -> ResponseReturnValue:
    """Check name and password; the hash runs outside the write."""
    form = forms.Login(request.form)
    people, following = _demo_people(), answer.here(request.form.get("next"))
    if not form.validate():
        return answer.failed("signin/login.html", form, people=people, next=following)
    person = actions.check_password(form.username.data or "", form.password.data or "")
    if person is not None:
        return _begin(person, "password")
    with transaction():
        actions.refuse_sign_in(By(None, "", "-", demo.now()), form.username.data or "")
    problem = [("username", said(LOGIN_FAILED()))]
    page = answer.page("signin/login.html", form, people=people, next=following, problems=problem)
    return make_response(page, 401)


@bp.post("/login/demo")
@guard.open_to_all
def enter_demo() -> ResponseReturnValue:
    """Sign in as one of the demo's people."""
    chosen = request.form.get("person", "")
    found = next((person for person, _code, _roles in _demo_people() if person.username == chosen), None)
    return _begin(found, "demo") if found else abort(404)


# --- once more, for what weighs most ---------------------------------------------------------------------------


def prove() -> ResponseReturnValue | None:
    """Take the proof that came with the form and go on, or ask for it; what was posted goes along."""
    how = request.form.get(rules.AGAIN, "")
    if not _proves(how):
        return _ask(rules.WRONG_PASSWORD() if how else None)
    with transaction():
        actions.sign_in_again(guard.by(), guard.sign_in_row(), how)
    return None


def _proves(how: str) -> bool:
    person = guard.person()
    if how == "password":
        return actions.check_password(person.username, request.form.get(rules.PASSWORD, "")) is not None
    return how == "demo" and any(one.id == person.id for one, _code, _roles in _demo_people())


def _ask(reason: Reason | None) -> ResponseReturnValue:
    """The page that asks, with the posted fields in its form; a GET is asked for again afterwards."""
    posted = request.method == "POST"
    fields = rules.carried(request.form.items(multi=True)) if posted else [("next", request.full_path.rstrip("?"))]
    page = answer.page(
        "signin/again.html", to=request.full_path.rstrip("?") if posted else url_for("signin.again"), fields=fields,
        problems=[(rules.PASSWORD, said(reason))] if reason else [], demo=bool(_demo_people()),
        password=guard.person().password_hash is not None, minutes=settings.current().fresh,
        person=guard.person(), back=_back(), files=bool(request.files), fetches=not posted,
    )  # fmt: skip
    return make_response(page, 401)


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


@bp.post("/logout")
@guard.signed_in
def logout() -> ResponseReturnValue:
    """End the sign-in."""
    with transaction():
        actions.sign_out(guard.by(), guard.sign_in_row())
    session.clear()
    return redirect(url_for(".login"), 303)


@bp.get("/me")
@guard.signed_in
def me() -> ResponseReturnValue:
    """One's own page: name, roles, language."""
    grants = queries.grants(guard.by().person_id or 0)
    codes = {o.id: o for o in guard.reached_organisations()}
    return answer.page("signin/me.html", grants=grants, organisations=codes, person=guard.person())
