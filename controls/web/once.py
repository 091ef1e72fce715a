"""The request key: a random field of each form, by which a form that arrives twice changes once."""

import hashlib
import re
import secrets
from dataclasses import replace

from flask import Flask, Response, abort, flash, g, request
from sqlalchemy.exc import SQLAlchemyError

from controls.base import once
from controls.web.answer import Onward, onward

FIELD = "request_key"
SHAPE = re.compile(r"[A-Za-z0-9_-]{16,64}")
APART = re.compile("csrf_token|again.*|.*password.*")
"""What is not part of the request's digest: the session's token, and what must not be guessed from a digest."""
SAFE = ("GET", "HEAD", "OPTIONS")


def request_key() -> str:
    """A new key, for one form on one page."""
    return secrets.token_urlsafe(18)


def _digest() -> str:
    """A digest of all that was sent: the same key with other words is another request, not a repeat."""
    hashed = hashlib.sha256()
    parts = [(name, value) for name, value in request.form.items(multi=True) if not APART.fullmatch(name)]
    for part in (request.method, request.full_path, *(text for pair in parts for text in pair)):
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(len(data).to_bytes(8, "big") + data)
    for name, file in request.files.items(multi=True):
        hashed.update(f"\0{name}\0{file.filename}\0".encode("utf-8", "surrogatepass"))
        hashed.update(hashlib.file_digest(file.stream, "sha256").digest())  # type: ignore[arg-type]
        file.stream.seek(0)
    return hashed.hexdigest()


def load() -> None:
    """Tell the author and the database which form this request brings."""
    if request.method in SAFE or "by" not in g or g.by.person_id is None:
        return
    key = request.form.get(FIELD)
    if key is None:
        return
    if not SHAPE.fullmatch(key):
        abort(400)
    g.by = replace(g.by, request_key=key)
    once.begin(once.Sent(g.by.person_id, _digest(), g.by.at))


def finish(response: Response) -> Response:
    """Give a repeat its first answer instead of a refusal; show the status line of what was done."""
    if response.status_code >= 400:
        try:
            answer = once.first()
        except SQLAlchemyError:
            answer = None
        response = onward(*answer) if answer else response
    if isinstance(response, Onward) and response.said:
        flash(response.said)
    return response


def register(app: Flask) -> None:
    """Make the key known to the templates, read it before and settle it after each request."""
    app.jinja_env.globals["request_key"] = request_key
    app.before_request(load)
    app.after_request(finish)
