"""One's own page, and how one signs in: password, authenticator app, recovery codes, sign-ins that count."""

from typing import Any

from flask import Blueprint, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base import passkeys, passwords, totp
from controls.base.db import transaction
from controls.base.why import Refused
from controls.credential import actions, forms, queries, rules
from controls.identity import actions as accounts
from controls.identity import queries as people
from controls.identity.actions import check_password
from controls.identity.rules import why_not_password
from controls.web import answer, guard

bp = Blueprint("credential", __name__)
SECRET, PASSKEY = "totp", "passkey"
"""In the cookie: the secret of an app that is being added until its first code, the challenge of a new passkey."""


@bp.get("/me")
@guard.signed_in
def me() -> ResponseReturnValue:
    """One's own page: name, roles, language."""
    grants = people.grants(guard.by().person_id or 0)
    codes = {o.id: o for o in guard.reached_organisations()}
    return answer.page("credential/me.html", grants=grants, organisations=codes, person=guard.person())


@bp.post("/me/keys")
@guard.signed_in
def choose_keys() -> ResponseReturnValue:
    """Turn single keys on or off."""
    on = request.form.get("keys") == "on"
    with transaction():
        accounts.choose_keys(guard.by(), on)
        return answer.done(url_for(".me"), _("Keys are turned on.") if on else _("Keys are turned off."))


@bp.get("/me/sign-in")
@guard.signed_in
def show() -> ResponseReturnValue:
    """How I sign in, and where I am signed in."""
    return answer.page("credential/show.html", **_mine())


def _mine() -> dict[str, Any]:
    id = guard.person().id
    return {
        "person": guard.person(), "app": queries.app(id), "left": queries.codes_left(id),
        "keys": queries.passkeys(id), "sign_ins": people.sign_ins(id, guard.by().at),
        "this": guard.sign_in_row().id, "how": rules.HOW, "domain": answer.domain(),
    }  # fmt: skip


# --- the password ------------------------------------------------------------------------------------------------


@bp.get("/me/password")
@guard.signed_in
@guard.fresh
def password() -> ResponseReturnValue:
    """The form for a new password."""
    return answer.page("credential/password.html", forms.Password(), person=guard.person())


@bp.post("/me/password")
@guard.signed_in
@guard.fresh
def change_password() -> ResponseReturnValue:
    """Change the password; the hashes are made outside the write."""
    form, person = forms.Password(request.form), guard.person()
    refused = None
    if form.validate():
        new = form.new.data or ""
        reasons = why_not_password(new, person.username, "new") + rules.why_not_change(
            check_password(person.username, form.old.data or "") is not None, form.old.data or "", new,
            form.again.data or "",
        )  # fmt: skip
        if not reasons:
            hashed = passwords.digest(new)
            with transaction():
                accounts.change_password(guard.by(), hashed, guard.sign_in_row().id)
                return answer.done(url_for(".show"), _("Your password is changed. Your other sign-ins are ended."))
        refused = Refused(reasons)
    return answer.failed("credential/password.html", form, refused, person=person)


# --- the authenticator app ---------------------------------------------------------------------------------------


@bp.post("/me/app/begin")
@guard.signed_in
@guard.fresh
def begin_app() -> ResponseReturnValue:
    """Make a secret and show it."""
    session[SECRET] = totp.new_secret()
    return redirect(url_for(".app"), 303)


@bp.get("/me/app")
@guard.signed_in
def app() -> ResponseReturnValue:
    """The secret as a picture and as text, and a field for the first code."""
    if SECRET not in session or queries.app(guard.person().id) is not None:
        return redirect(url_for(".show"), 303)
    return answer.page("credential/app.html", forms.Code(), **_secret())


def _secret() -> dict[str, Any]:
    secret = str(session[SECRET])
    parts = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return {"picture": totp.picture(secret, guard.person().username), "secret": parts}


@bp.post("/me/app")
@guard.signed_in
@guard.fresh
def add_app() -> ResponseReturnValue:
    """Begin to use the app; the recovery codes are shown this once."""
    if SECRET not in session:
        return redirect(url_for(".show"), 303)
    form, refused = forms.Code(request.form), None
    if form.validate():
        try:
            with transaction():
                codes = actions.add_app(guard.by(), session[SECRET], form.code.data or "", guard.sign_in_row().id)
                session.pop(SECRET)
                return answer.page("credential/codes.html", codes=codes)
        except Refused as error:
            refused = error
    return answer.failed("credential/app.html", form, refused, **_secret())


@bp.post("/me/app/end")
@guard.signed_in
@guard.fresh
def end_app() -> ResponseReturnValue:
    """Stop using the app."""
    with transaction():
        actions.end_app(guard.by(), guard.person().id, guard.sign_in_row().id)
        return answer.done(url_for(".show"), _("The authenticator app and its recovery codes count no more."))


@bp.post("/me/codes")
@guard.signed_in
@guard.fresh
def renew_codes() -> ResponseReturnValue:
    """Ten new recovery codes, shown this once."""
    with transaction():
        return answer.page("credential/codes.html", codes=actions.renew_codes(guard.by(), guard.sign_in_row().id))


# --- passkeys ----------------------------------------------------------------------------------------------------


@bp.post("/me/passkeys/begin")
@guard.signed_in
@guard.fresh
def begin_passkey() -> ResponseReturnValue:
    """The page on which the browser makes a passkey."""
    return _passkey(forms.PasskeyName())


def _passkey(form: forms.PasskeyName, refused: Refused | None = None) -> ResponseReturnValue:
    person, host = guard.person(), answer.domain() or abort(404)
    known = [row.credential for row in queries.passkeys(person.id)]
    asked = passkeys.ask_to_make(host, person.id, person.username, person.name, known)
    session[PASSKEY] = asked.challenge
    if refused or form.errors:
        return answer.failed("credential/passkey.html", form, refused, options=asked.options)
    return answer.page("credential/passkey.html", form, options=asked.options)


@bp.post("/me/passkeys")
@guard.signed_in
@guard.fresh
def add_passkey() -> ResponseReturnValue:
    """Add the passkey that the browser has made."""
    form, challenge = forms.PasskeyName(request.form), session.pop(PASSKEY, "")
    if not form.validate():
        return _passkey(form)
    try:
        made = passkeys.made(request.form.get("answer", ""), challenge, answer.domain(), answer.origin())
        with transaction():
            actions.add_passkey(guard.by(), form.name.data or "", made, guard.sign_in_row().id)
            return answer.done(url_for(".show"), _("The passkey is added. You can sign in with it from now on."))
    except passkeys.NotProven:
        return _passkey(form, Refused([rules.NOT_A_PASSKEY()]))
    except Refused as refused:
        return _passkey(form, refused)


@bp.post("/me/passkeys/<int:id>/end")
@guard.signed_in
@guard.fresh
def end_passkey(id: int) -> ResponseReturnValue:
    """Take a passkey out of use."""
    with transaction():
        actions.end_passkey(guard.by(), id, guard.sign_in_row().id)
        return answer.done(url_for(".show"), _("The passkey counts no more."))


# --- where one is signed in --------------------------------------------------------------------------------------


@bp.post("/me/sign-ins/<int:id>/end")
@guard.signed_in
def end_sign_in(id: int) -> ResponseReturnValue:
    """End one of one's own sign-ins."""
    with transaction():
        accounts.end_sign_in(guard.by(), id)
        return answer.done(url_for(".show"), _("The sign-in is ended."))


@bp.post("/me/sign-ins/end-others")
@guard.signed_in
def end_others() -> ResponseReturnValue:
    """End all of one's own sign-ins but this one."""
    with transaction():
        accounts.end_sign_ins(guard.by(), guard.person().id, guard.sign_in_row().id)
        return answer.done(url_for(".show"), _("Your other sign-ins are ended."))
