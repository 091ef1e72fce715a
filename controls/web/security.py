"""The security log: one structured line for each request that is refused, without anything of what was sent.

A refusal of what is not one's own (403) is an event of the audit log too, when somebody is signed in.
"""

import json
import logging
import re
import secrets
from collections.abc import Callable, Collection
from typing import IO, Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, g, has_request_context, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import FormDataParser

from controls.base import form
from controls.base.audit import Broken
from controls.base.why import N_, Refused, Why
from controls.identity import actions
from controls.web import guard

SAFE = ("GET", "HEAD", "OPTIONS")
LOG = logging.getLogger("kontrolrul.security")
BESIDE = re.compile(
    "csrf_token|request_key|row_version|version|next|to|copy|window|agree|answer|id|subject_(id|type)|again.*"
)
"""What forms send beside their fields: tokens, versions, buttons, where to go on."""
NAMES, NAME = 20, 60
OTHER_SITE = Why("cross_site", N_("The request came from another site than this one and was refused."), 403)


class Incoming(Request):
    """A request whose body must be whole: a form that was cut or is no form is refused, not read as far as it goes.

    What was received of its files is closed with it, also when it was refused before they were whole.
    """

    def __init__(self, *told: Any, **more: Any) -> None:
        super().__init__(*told, **more)
        self._received: list[IO[bytes]] = []

    def _get_file_stream(self, *told: Any, **more: Any) -> IO[bytes]:
        self._received.append(super()._get_file_stream(*told, **more))
        return self._received[-1]

    def close(self) -> None:
        super().close()
        for stream in self._received:
            stream.close()

    def make_form_data_parser(self) -> FormDataParser:
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser

    def _load_form_data(self) -> None:
        try:
            super()._load_form_data()
        except ValueError as error:
            raise BadRequest from error
        if None in self.form or None in self.files:  # a part of a multipart body without a name
            raise BadRequest


def incident() -> str:
    """The number of this request's refusal: on the page, and in the line."""
    if "incident" not in g:
        g.incident = secrets.token_hex(4)
    number: str = g.incident
    return number


def because(refused: Refused | None) -> None:
    """The reasons of a refusal, for the line."""
    told([reason.code for reason in refused.reasons] if refused else [])


def told(codes: list[str]) -> None:
    """The codes of a refusal, for the line."""
    if codes:
        g.refused_because = sorted({*g.get("refused_because", ()), *codes})


def _host(address: str) -> str | None:
    """The host of an address; none when it is no address."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return None


def same_origin() -> None:
    """Refuse what a page of another site sends (Fetch Metadata; Origin, RFC 6454; Referer).

    A browser tells at least one of the three; a program that tells none brings no person's cookie along unasked.
    """
    if request.method in SAFE:
        return
    told = [request.headers[name] for name in ("Origin", "Referer") if request.headers.get(name)]
    elsewhere = any(_host(address) != request.host for address in told)
    if elsewhere or request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise Refused([OTHER_SITE()])


def line(status: int) -> str:
    """What the log tells of a refusal."""
    told = {
        "incident": incident(), "status": status, "method": request.method, "endpoint": request.endpoint,
        "person": g.by.person_id if "by" in g else None, "address": request.remote_addr,
        "because": g.get("refused_because", []),
    }  # fmt: skip
    return json.dumps(told)


def asks(names: Collection[str]) -> None:
    """A form of this request asks for these fields."""
    if has_request_context():
        g.asked = g.get("asked", frozenset()) | frozenset(names)


def unasked() -> list[str]:
    """Names that were sent beside the fields of the forms that read them: an attempt to set what no page asks for."""
    asked = g.get("asked")
    if asked is None or request.method in SAFE:
        return []
    beside = {name for name in request.form if not {name, name.partition("-")[0]} & asked}
    return sorted(re.sub(r"[^\w.-]", "?", name[:NAME]) for name in beside if not BESIDE.fullmatch(name))[:NAMES]


def finish(response: Response) -> Response:
    """Leave the line, and the event when somebody who is signed in was refused or sent what no page asks for."""
    extra = unasked() if "by" in g else []
    if extra:
        _told(lambda: actions.ignore(g.by, request.endpoint or "", extra))
    if response.status_code < 400:
        return response
    LOG.log(logging.WARNING if request.method not in SAFE or response.status_code != 404 else logging.INFO,
            line(response.status_code))  # fmt: skip
    if response.status_code == 403 and "by" in g:
        _told(lambda: actions.refuse(g.by, request.endpoint or "", g.get("refused_because", [])))
    return response


def _told(write: Callable[[], None]) -> None:
    try:
        with guard.recorded():
            write()
    except (SQLAlchemyError, Broken):
        LOG.exception("incident %s: the refusal could not be written in the log", incident())


def storable() -> None:
    """Refuse an address that holds what no database stores; what a form holds is told beside its field."""
    if "\0" in request.path:
        abort(404)
    if any("\0" in text for pair in request.args.items(multi=True) for text in pair):
        abort(400)


def register(app: Flask) -> None:
    """Before the form token is asked for, and after everything else is answered."""
    app.request_class = Incoming
    if asks not in form.SENT:
        form.SENT.append(asks)
    app.before_request(same_origin)
    app.before_request(storable)
    app.after_request(finish)
