"""The door: sign-in, the second step, the question who it is once more, and sign-out."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from ipaddress import ip_address
from math import ceil
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base import demo, openid, passkeys, settings
from controls.base.by import By
from controls.base.db import transaction
from controls.base.form import said
from controls.base.why import Reason, Refused
from controls.credential import queries as credentials
from controls.identity import queries as people
from controls.identity.actions import check_password, sign_in_again, sign_out
from controls.identity.permissions import Role, reach
from controls.identity.rules import LOGIN_FAILED
from controls.signin import actions, forms, queries, rules
from controls.web import answer, guard, security

bp = Blueprint("signin", __name__)
NOWHERE = "192.0.2.0"
"""Stands in for an address that the server does not tell (RFC 5737)."""
PROXY = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
HALF, WAS, WORK, CHALLENGE = "half", "was", "work", "challenge"
"""In the cookie: whose password was right, whose sign-in has died, and what the provider's answer is known by."""
YEAR = 365 * 24 * 60 * 60


def _address() -> str:
    return request.remote_addr or NOWHERE


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
    security.told([reason.code for reason in reasons])
    problems = [(reason.field or "username", said(reason)) for reason in reasons] + form.problems()
    page = answer.page(
        "signin/login.html", form, problems=problems, people=_demo_people(), out=False, files=False, work=_work(),
        passkey=_challenge(),
        **_along(),
    )  # fmt: skip
    return make_response(page, status)


def _work() -> bool:
    """Whether there is an OpenID provider; a file that cannot be used is told in the server's log."""
    try:
        return queries.provider() is not None
    except openid.NotSettled as error:
        current_app.logger.error("openid: %s", error)
        return False


def _along() -> dict[str, Any]:
    """Where to go afterwards, and what is to be sent there."""
    kept = [(name, value) for name, value in request.form.items(multi=True) if name.startswith(rules.KEPT)]
    return {"next": answer.here(request.values.get("next")), "to": request.form.get("to", ""), "kept": kept}


def signed_out(token: str) -> ResponseReturnValue:
    """The answer to a dead sign-in: the sign-in page, which carries back what was typed."""
    was = people.owner(token) if token else None
    if was is not None:
        session[WAS] = was.id
    security.told(["session_expired"])
    posted, here = request.method == "POST", request.full_path.rstrip("?")
    fields = _posted() if posted else []
    page = answer.page(
        "signin/login.html", forms.Login(), people=_demo_people(), out=True, work=_work(), files=bool(request.files),
        passkey=_challenge(),
        next=_back() if posted else here, to=here if posted else "",
        kept=[(rules.KEPT + name, value) for name, value in fields],
    )  # fmt: skip
    return make_response(page, 401)


def _in(person: people.Person, token: str, along: dict[str, Any] | None = None) -> ResponseReturnValue:
    """The cookie of a sign-in that has begun; then home, or back to what was being typed."""
    was, language, along = session.get(WAS), session.get("language"), along or _along()
    session.clear()
    session[guard.COOKIE] = token
    if language:
        session["language"] = language
    if along["kept"] and along["to"] and was in (None, person.id):
        g.person = person
        response = _carry(along["to"], [(name.removeprefix(rules.KEPT), value) for name, value in along["kept"]])
    else:
        response = make_response(redirect(along["next"], 303))
    _know(response, person)
    return response


def _carry(to: str, fields: list[tuple[str, str]], reason: Reason | None = None) -> Response:
    """The page that sends what was typed, by one more press of a button."""
    told = said(reason) if reason else ""
    return make_response(answer.page("signin/carry.html", to=answer.here(to), fields=fields, told=told))


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
    security.told([reason.code] if reason else [])
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
    if how == "passkey":
        return _proven_by_passkey()
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


def _proven_by_passkey() -> ResponseReturnValue | None:
    try:
        with transaction():
            typed = _signed(request.form.get(rules.PASSKEY, ""))
            actions.prove_with_passkey(guard.by(), guard.sign_in_row(), *typed)
    except passkeys.NotProven:
        return _ask(401, rules.WRONG_PASSKEY())
    return None


def _ask(status: int = 401, reason: Reason | None = None) -> Response:
    """The page that asks, with the posted fields in its form; a GET is asked for again afterwards."""
    posted, here, person = request.method == "POST", request.full_path.rstrip("?"), guard.person()
    app = credentials.app(person.id) is not None
    security.told([reason.code] if reason else ["not_fresh"])
    known = [row.credential for row in credentials.passkeys(person.id)]
    first = rules.CODE if app else rules.PASSWORD
    page = answer.page(
        "signin/again.html", to=here if posted else url_for("signin.again"), person=person, back=_back(),
        fields=_posted() if posted else [("next", here)],
        problems=[(reason.field or first, said(reason))] if reason else [], demo=bool(_demo_people()), app=app,
        passkey=_challenge(known) if known else "",
        work=_work() and bool(queries.accounts(person.id)), password=person.password_hash is not None,
        minutes=settings.current().fresh,
        files=bool(request.files), fetches=not posted and not here.startswith("/me"),
    )  # fmt: skip
    return make_response(page, status)


def _posted() -> list[tuple[str, str]]:
    """What was posted and goes along; a new password is typed again, never written into a page."""
    return [] if request.endpoint == "credential.change_password" else rules.carried(request.form.items(multi=True))


def _back() -> str:
    """The page that was left, carried along while a wrong password is mended."""
    if rules.BACK in request.form:
        return answer.here(request.form[rules.BACK])
    return answer.left()


@bp.post("/me/stay")
@guard.signed_in
def stay() -> ResponseReturnValue:
    """Stay signed in: the request itself has moved the idle limit, as each request does."""
    return {"idle": guard.left()[0]}


@bp.post("/login/again")
@guard.signed_in
@guard.fresh
def again() -> ResponseReturnValue:
    """On to what was asked for, once it is proven who asks."""
    return redirect(answer.here(request.form.get("next")), 303)


# --- with a passkey ----------------------------------------------------------------------------------------------


def _challenge(known: Sequence[bytes] = ()) -> str:
    """What the browser is asked for a passkey; its challenge is kept in the cookie and counts once, for minutes."""
    host = answer.domain()
    if not host:
        return ""
    asked = passkeys.ask_to_prove(host, known)
    session[CHALLENGE] = {"challenge": asked.challenge, "at": demo.now().isoformat()}
    return asked.options


def _signed(typed: str) -> tuple[str, str, datetime, str, str]:
    """The browser's answer, what it must have signed, when that was asked, and where."""
    kept = session.pop(CHALLENGE, None) or {"challenge": "", "at": demo.now().isoformat()}
    asked_at = datetime.fromisoformat(kept["at"])
    challenge = kept["challenge"] if demo.now() - asked_at <= rules.HALF else ""
    return typed, challenge, asked_at, answer.domain(), answer.origin()


@bp.post("/login/passkey")
@guard.open_to_all
def enter_with_passkey() -> ResponseReturnValue:
    """Sign in by a passkey."""
    nobody = By(None, "", NOBODY, demo.now())
    scopes = _scopes("passkey")
    seconds, _wrong = _brake(scopes)
    if seconds:
        return _too_many(_door(429, reasons=[rules.waiting(seconds)]), seconds)
    try:
        with transaction():
            row, person = actions.begin_with_passkey(nobody, *_signed(request.form.get("answer", "")), *_from())
            token = row.token
    except passkeys.NotProven:
        with transaction():
            actions.refuse(nobody, "", scopes)
        return _door(401, reasons=[rules.WRONG_PASSKEY()])
    return _in(person, token)


# --- with a work account -----------------------------------------------------------------------------------------


def _provider() -> openid.Provider:
    try:
        return queries.provider() or abort(404)
    except openid.NotSettled as error:
        current_app.logger.error("openid: %s", error)
        abort(404)


def _callback() -> str:
    return url_for("signin.work_back", _external=True, _scheme="https" if settings.current().https else "http")


@bp.get("/login/account")
@guard.open_to_all
def work() -> ResponseReturnValue:
    """On to the provider; signed in already, it is asked once more who it is."""
    provider, again = _provider(), "by" in g
    try:
        begun = openid.begin(provider, _callback(), again=again)
    except openid.Away as error:
        return _work_failed(error, rules.PROVIDER_AWAY())
    session[WORK] = asdict(begun) | {
        "next": answer.here(request.args.get("next")), "parked": request.args.get("parked", ""),
        "again": demo.now().isoformat() if again else "",
    }  # fmt: skip
    return redirect(begun.url, 303)


@bp.post("/login/account")
@guard.open_to_all
def park() -> ResponseReturnValue:
    """Keep what was typed, then on to the provider (by a page: a form may not lead to another host)."""
    _provider()
    to, following = request.form.get("to", ""), request.form.get("next", "")
    writer: people.Person | None
    if "by" in g:
        writer, to = guard.person(), "" if to == url_for(".again") else to
        fields = [pair for pair in rules.carried(request.form.items(multi=True)) if pair[0] != "to"]
    else:
        writer = people.person_by_id(session.get(WAS) or 0)
        fields = [(name.removeprefix(rules.KEPT), value) for name, value in _along()["kept"]]
    parked = ""
    if to and writer is not None:
        with transaction():
            parked = actions.keep_draft(_by(writer), to, fields)
    onward = url_for(".work", next=answer.here(following), parked=parked or None)
    return answer.page("signin/leave.html", onward=onward)


@bp.get("/login/account/back")
@guard.open_to_all
def work_back() -> ResponseReturnValue:
    """Back from the provider: who it is, proven by what it signed."""
    provider, kept = _provider(), session.pop(WORK, None)
    if kept is None:
        return _door(401, reasons=[rules.NOT_PROVEN()])
    begun = openid.Begun(kept["url"], kept["state"], kept["nonce"], kept["verifier"])
    since = datetime.fromisoformat(kept["again"]) if kept["again"] else None
    try:
        claims = openid.finish(provider, begun, _callback(), request.url, demo.now(), proven_since=since)
    except openid.NotProven as error:
        return _work_failed(error, rules.NOT_PROVEN(), kept)
    except openid.Away as error:
        return _work_failed(error, rules.PROVIDER_AWAY(), kept)
    if "by" in g:
        return _confirmed(provider, claims, kept)
    try:
        with transaction():
            row, person = actions.begin_with_work(_system(), provider, claims, *_from())
            token = row.token
    except Refused as refused:
        with transaction():
            codes = ", ".join(reason.code for reason in refused.reasons)
            actions.refuse_work(_system(), provider.issuer, str(claims[provider.subject]), codes)
        return _door(refused.status if refused.status != 422 else 403, reasons=refused.reasons)
    to, fields = _taken_up(person, kept)
    kept_fields = [(rules.KEPT + name, value) for name, value in fields]
    return _in(person, token, {"next": answer.here(kept["next"]), "to": to, "kept": kept_fields})


def _confirmed(provider: openid.Provider, claims: dict[str, Any], kept: dict[str, Any]) -> ResponseReturnValue:
    """The person who is signed in has proven once more who he is; on with what was typed."""
    person = guard.person()
    account = queries.account(provider.issuer, str(claims[provider.subject]))
    if not kept["again"] or account is None or account.person_id != person.id:
        return _back_with(kept, rules.OTHER_PERSON())
    _proven("work")
    return _back_with(kept)


def _back_with(kept: dict[str, Any], reason: Reason | None = None) -> ResponseReturnValue:
    """On with what was typed; when nothing was confirmed, sending it asks again."""
    to, fields = _taken_up(guard.person(), kept)
    if to:
        return _carry(to, fields, reason)
    return answer.onward(answer.here(kept["next"]) if reason is None else "/", said(reason) if reason else "")


def _taken_up(person: people.Person, kept: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """What was typed before the browser left, and where it was to be sent."""
    if not kept["parked"]:
        return "", []
    with transaction():
        return actions.drop_draft(_by(person), kept["parked"])


def _work_failed(error: Exception, reason: Reason, kept: dict[str, Any] | None = None) -> ResponseReturnValue:
    current_app.logger.warning("openid: %s: %s", reason.code, error)
    if "by" in g:
        return _back_with(kept or {"parked": request.args.get("parked", ""), "next": "/"}, reason)
    return _door(reason.status, reasons=[reason])


def _system() -> By:
    """The author of what the provider's word brings about."""
    ids = [organisation.id for organisation in people.organisations()]
    return By(None, "OpenID Connect", Role.SYS.value, demo.now(), reach([(Role.SYS, id) for id in ids]))


# --- in an emergency ---------------------------------------------------------------------------------------------


@bp.get("/login/emergency/<token>")
@guard.open_to_all
def emergency(token: str) -> ResponseReturnValue:
    """The page an emergency link opens: a button, so that nothing that only looks at links uses it up."""
    return answer.page("signin/emergency.html", token_in_link=token, problems=[])


@bp.post("/login/emergency/<token>")
@guard.open_to_all
def enter_in_emergency(token: str) -> ResponseReturnValue:
    """Sign in by an emergency link, once."""
    scopes = _scopes("emergency")
    seconds, _wrong = _brake(scopes)
    if seconds:
        return _too_many(_door(429, reasons=[rules.waiting(seconds)]), seconds)
    try:
        with transaction():
            row, person = actions.begin_in_emergency(_system(), token, *_from())
            begun = row.token
    except Refused as refused:
        with transaction():
            actions.refuse(By(None, "", NOBODY, demo.now()), "", scopes)
        return _door(401, reasons=refused.reasons)
    return _in(person, begun)


# --- out ---------------------------------------------------------------------------------------------------------


@bp.post("/logout")
@guard.signed_in
def logout() -> ResponseReturnValue:
    """End the sign-in."""
    with transaction():
        sign_out(guard.by(), guard.sign_in_row())
    session.clear()
    return answer.onward(url_for(".login"), _("You are signed out."))
