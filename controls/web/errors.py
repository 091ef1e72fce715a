"""Error pages: what happened, what is kept, what to do, and a number to tell; never anything from inside."""

import errno

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError
from werkzeug.exceptions import HTTPException

from controls.base.db import Stale, db
from controls.base.once import Repeated
from controls.base.why import MOVED, N_, Refused
from controls.web import once, security
from controls.web.answer import left, sentences
from controls.web.words import language

PAGES = {
    400: (N_("The request could not be understood"), N_("Go back, load the page again and try once more.")),
    401: (N_("You are signed out"), N_("Sign in again; the draft is kept.")),
    403: (N_("You do not have access to this"), N_("Another person or role may do it. Ask your coordinator.")),
    404: (N_("The page or record does not exist"), N_("Check the address, or find the page in the menu.")),
    405: (N_("The method is not allowed here"), N_("Go back and use the page's own buttons.")),
    409: (N_("This cannot be done now"), N_("Nothing was changed. Load the page again to see how things stand.")),
    413: (N_("The file is too large"), N_("The limit is 50 MB. Split the file, or save it in a smaller format.")),
    414: (N_("The address is too long"), N_("Clear some filters and try again.")),
    415: (N_("This file type is not allowed"), N_("Save the file as PDF, Excel or a picture.")),
    422: (N_("This cannot be done"), N_("Nothing was changed. Go back and correct it.")),
    429: (N_("Too many attempts"), N_("Wait a little, then try again.")),
    500: (N_("Something went wrong"), N_("Nothing was saved by this step. Try again, or tell us the number below.")),
    503: (N_("The service is not available"), N_("Try again in a minute.")),
}


def _typed() -> list[tuple[str, str]]:
    """What a page of this site sent with a token that no longer holds, to be sent again; never a password."""
    typed = [(name, text) for name, text in request.form.items(multi=True) if not once.APART.fullmatch(name)]
    return typed if request.endpoint and not any("password" in name for name in request.form) else []


def show(
    status: int, reasons: list[str] | None = None, again: list[tuple[str, str]] | None = None
) -> ResponseReturnValue:
    """The page for a status, with an incident number."""
    title, what_to_do = PAGES.get(status, PAGES[500])
    number = security.incident()
    try:
        page = render_template(
            "errors/error.html", status=status, title=gettext(title), what_to_do=gettext(what_to_do),
            reasons=reasons or [], number=number, back=left(), again=again or [],
        )  # fmt: skip
    except SQLAlchemyError:  # the frame asks the database, which is what failed
        page = bare(status, title, what_to_do, number)
    return page, status


def bare(status: int, title: str, what_to_do: str, number: str) -> str:
    """The page without its frame."""
    reference = gettext("Error %(status)s · reference %(number)s", status=status, number=number)
    return current_app.jinja_env.get_template("errors/bare.html").render(
        language=language(), title=gettext(title), what_to_do=gettext(what_to_do), reference=reference
    )


FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
AWAY = (OperationalError, InterfaceError, TimeoutError)


def status_of(error: Exception) -> int:
    """503 when database or disk is away, slow or full, so that trying again helps; else 500."""
    return 503 if isinstance(error, AWAY) or (isinstance(error, OSError) and error.errno in FULL) else 500


def register(app: Flask) -> None:
    """Answer every error with a page in the reader's language."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> ResponseReturnValue:
        security.because(error)
        told = Refused([MOVED(**error.told)]) if isinstance(error, Stale) else error  # a button has no text to keep
        return show(error.status, sentences(told))

    @app.errorhandler(Repeated)
    def repeated(error: Repeated) -> ResponseReturnValue:
        return show(409)

    @app.errorhandler(CSRFError)
    def token(error: CSRFError) -> ResponseReturnValue:
        g.refused_because = ["csrf_failed"]
        return show(400, [gettext("The page is too old. Your text is kept: send it again.")], again=_typed())

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        return show(error.code or 500)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> ResponseReturnValue:
        if app.testing and not app.config.get("SHOW_ERRORS"):
            raise error
        language()  # while the person can still be read
        current_app.logger.exception("incident %s", security.incident())
        try:
            db.session.rollback()
        except SQLAlchemyError:
            db.session().invalidate()
        g.pop("tasks", None)
        return show(status_of(error))
