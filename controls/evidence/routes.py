"""Pages of evidence: add a file, read about it, fetch it."""

from io import BytesIO
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.db import transaction
from controls.base.form import said
from controls.base.why import NOT_FOUND, Reason, Refused
from controls.evidence import actions, forms, queries, rules
from controls.identity.permissions import Permission
from controls.web import answer, guard
from controls.web.words import short_date

bp = Blueprint("evidence", __name__)
HANDED_OUT = "default-src 'none'; sandbox"


def _back(path: str | None) -> str:
    """A path on this host, or home."""
    parts = urlsplit(path or "")
    inside = path and path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return path if path and inside else "/"


def _subject(form: forms.Upload) -> tuple[str, int]:
    number = form.subject_id.data or ""
    known = number.isascii() and number.isdigit() and len(number) < 10
    return form.subject_type.data or "", int(number) if known else 0


@bp.post("/evidence")
@guard.allows(Permission.EVIDENCE_ADD)
def add() -> ResponseReturnValue:
    """Receive a file; on refusal the form again on a page of its own, with what was typed."""
    form = forms.Upload(request.form)
    file = request.files.get("file")
    subject_type, subject_id = _subject(form)
    party = queries.party(subject_type, subject_id)
    if party is None:
        raise Refused([NOT_FOUND()])
    reasons: list[Reason] = [] if file and file.filename else [rules.EMPTY("file")]
    if not form.validate() or file is None or reasons:
        return _again(form, Refused(reasons))
    text = _("The file was received.")
    try:
        with transaction():
            row = actions.add(
                guard.by(), party[0], subject_type, subject_id, file.filename or "", file.stream,
                form.shows.data or "", form.covers_from.data, form.covers_to.data,
            )  # fmt: skip
            if row.uploaded_at != guard.by().at:
                text = _("This was already done: the file is here already.")
            return answer.done(_back(form.next.data), text)
    except Refused as refused:
        return _again(form, refused)


def _again(form: forms.Upload, refused: Refused) -> ResponseReturnValue:
    about_file = [said(reason) for reason in refused.reasons if reason.field == "file"]
    rest = Refused([reason for reason in refused.reasons if reason.field != "file"])
    loose = [("file", text) for text in about_file] + form.take(rest.reasons)
    page = render_template(
        "evidence/add.html", form=form, conflict=None, file_error=" ".join(about_file), back=_back(form.next.data),
        types=rules.SHOWN_TYPES, accept=rules.ACCEPT, problems=loose + form.problems(),
    )  # fmt: skip
    return page, refused.status if refused.reasons else 422


@bp.get("/evidence/<int:id>")
@guard.allows(Permission.EVIDENCE_READ)
def show(id: int) -> ResponseReturnValue:
    """What a file is, its checksum, who and when, where it is used."""
    row = queries.by_id(id)
    if row is None or not queries.may_read(guard.by(), row):
        abort(404)
    return answer.page(
        "evidence/show.html", row=row, uploader=queries.uploader(row), place=queries.place(row),
        others=queries.elsewhere(row), size=rules.readable(row.size),
    )  # fmt: skip


@bp.get("/evidence/<int:id>/file")
@guard.allows(Permission.EVIDENCE_READ)
def download(id: int) -> ResponseReturnValue:
    """Fetch the file as an attachment, hashed again; a changed file is refused and told in the log."""
    with guard.recorded():
        row, data = actions.open_file(guard.by(), id)
        name, media_type, day, sha256 = row.filename, row.media_type, row.uploaded_at, row.sha256
    if data is None:
        raise Refused([rules.CHANGED_ON_DISK(name=name, day=short_date(day))])
    response: Response = send_file(BytesIO(data), mimetype=media_type, as_attachment=True, download_name=name)
    response.headers["Content-Security-Policy"] = HANDED_OUT
    response.headers["X-Checksum-SHA256"] = sha256
    return response
