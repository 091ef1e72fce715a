"""Answers: a page, the form again with reasons, or on to the object with a status line."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.utils import redirect

from controls.base import once, settings
from controls.base.db import Stale, transaction
from controls.base.form import BaseForm, said
from controls.base.why import Refused
from controls.web import security
from controls.web.words import clock_time


@dataclass(frozen=True)
class Conflict:
    """What somebody else saved meanwhile, beside what was typed: label, typed, saved."""

    who: str
    at: str
    rows: list[tuple[str, str, str]]


def page(template: str, form: BaseForm | None = None, **context: Any) -> ResponseReturnValue:
    """A page (with a form that has not been sent)."""
    return render_template(template, **{"form": form, "problems": [], "conflict": None, **context})


def failed(
    template: str, form: BaseForm, refused: Refused | None = None, *, saved: BaseForm | None = None, **context: Any
) -> ResponseReturnValue:
    """The form again with everything typed: 422 with reasons, 409 with both texts, 403 when it is not yours.

    `saved` is the form filled from the row as it is now; without it the row's own attributes are read.
    """
    security.because(refused)
    security.told(form.codes())
    loose = form.take(refused.reasons) if refused else []
    conflict = _conflict(form, refused, saved) if isinstance(refused, Stale) else None
    problems = loose + form.problems()
    status = refused.status if refused else 422
    return render_template(template, **{"form": form, "problems": problems, "conflict": conflict, **context}), status


def _conflict(form: BaseForm, stale: Stale, saved: BaseForm | None) -> Conflict:
    if "version" in form:
        form["version"].data = stale.row.version
        form["version"].raw_data = [str(stale.row.version)]
    return _beside(form, saved or type(form)(obj=stale.row), stale.row)


def _beside(form: BaseForm, saved: BaseForm, row: Any) -> Conflict:
    """What was typed beside what the row's last writer saved, where they differ."""
    rows = []
    for field in form:
        listed = field.name not in ("version", "csrf_token")
        if listed and field.name in saved and (typed := shown(field)) != (kept := shown(saved[field.name])):
            rows.append((gettext(field.label.text), typed, kept))
    return Conflict(row.saved_by, clock_time(row.saved_at), rows)


def shown(field: Any) -> str:
    """What a field holds, in the reader's words."""
    chosen = [str(label) for value, label, picked, *_ in field.iter_choices() if picked] if hasattr(
        field, "iter_choices") else None  # fmt: skip
    if chosen is not None:
        return ", ".join(gettext(label) for label in chosen)
    return str(field._value()) if hasattr(field, "_value") else str(field.data or "")


class Onward(Response):
    """On to another page; `said` becomes its status line once the change is committed."""

    said: str = ""


def onward(url: str, text: str = "") -> Onward:
    """On to a page, with a status line that says what was done."""
    response = redirect(url, 303, Onward)
    assert isinstance(response, Onward)
    response.said = text
    return response


def done(url: str, text: str = "") -> ResponseReturnValue:
    """The answer of a change, returned inside its transaction: kept with it, so that a repeat is answered the same."""
    once.keep(once.Answer(url, text))
    return onward(url, text)


def sent(
    form: BaseForm, act: Callable[[], Any], to: str | Callable[[Any], str], text: str,
    again: Callable[[Refused | None], ResponseReturnValue],
) -> ResponseReturnValue:  # fmt: skip
    """What was typed, in one transaction, and on to a page; else the form's page again, with the reasons.

    Where the address of the page is made of what the act gave back, `to` makes it.
    """
    refused: Refused | None = None
    if form.validate():
        try:
            with transaction():
                made = act()
                return done(to if isinstance(to, str) else to(made), text)
        except Refused as error:
            refused = error
    return again(refused)


def told(form: BaseForm, refused: Refused | None) -> ResponseReturnValue:
    """A refusal as a script gets it: its sentences; the codes are for the line in the log, as of a page."""
    security.because(refused)
    security.told(form.codes())
    typed = [text for _id, text in form.problems()]
    return {"reasons": typed + (sentences(refused) if refused else [])}, refused.status if refused else 422


def sentences(refused: Refused) -> list[str]:
    """The reasons of a refusal in the reader's language."""
    return [said(reason) for reason in refused.reasons]


def here(path: str | None) -> str:
    """A path on this host, or home: redirects never leave."""
    safe = path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if path and safe else "/"


def domain() -> str:
    """The host name that passkeys are bound to, or nothing where browsers allow none (a bare address)."""
    name = urlsplit(f"//{request.host}").hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return name
    return ""


def origin() -> str:
    """Where this page came from, as a browser names it."""
    return f"{'https' if settings.current().https else 'http'}://{request.host}"


def left() -> str:
    """The page on this host that the browser comes from, or home."""
    try:
        parts = urlsplit(request.referrer or "")
    except ValueError:  # an address that is none
        return "/"
    return here(parts.path + (f"?{parts.query}" if parts.query else "")) if parts.netloc == request.host else "/"
