"""The language, and pages that need no sign-in."""

from flask import Blueprint, g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.db import transaction
from controls.identity import actions, forms
from controls.web import answer, guard

bp = Blueprint("identity", __name__)


@bp.post("/me/language")
@guard.open_to_all
def language() -> ResponseReturnValue:
    """Choose the language; kept with the person, or in the cookie before sign-in."""
    form = forms.Language(request.form)
    chosen = form.language.data
    if form.validate() and chosen:
        session["language"] = chosen
        if "by" in g:
            with transaction():
                actions.choose_language(guard.by(), chosen)
    return redirect(answer.here(request.form.get("next")), 303)


@bp.get("/accessibility")
@guard.open_to_all
def accessibility() -> ResponseReturnValue:
    """The accessibility statement."""
    return answer.page("identity/accessibility.html", title=_("Accessibility statement"))


@bp.get("/healthz")
@guard.open_to_all
def alive() -> ResponseReturnValue:
    """Answers without the database, for a load balancer."""
    return "ok", 200, {"Content-Type": "text/plain"}
