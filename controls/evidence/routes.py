"""Pages of evidence: add a file, read about it, fetch it, and every step of its custody."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from controls.base.db import transaction
from controls.base.form import BaseForm, said
from controls.base.why import NOT_FOUND, Refused
from controls.evidence import actions, custody, forms, queries, rules
from controls.evidence.words import DataClass, RequestKind
from controls.identity.permissions import Permission
from controls.web import answer, guard, security
from controls.web.words import short_date

bp = Blueprint("evidence", __name__)
HANDED_OUT = "default-src 'none'; sandbox"
DUE_SHOWN, DISPOSED_SHOWN = 100, 50


@bp.record_once
def _publish(state: BlueprintSetupState) -> None:
    """The classes to choose among, for the upload form that other slices' pages carry."""
    state.app.jinja_env.globals["data_classes"] = lambda: [(word.value, gettext(word.label)) for word in DataClass]


def _subject(form: forms.Upload) -> tuple[str, int]:
    number = form.subject_id.data or ""
    known = number.isascii() and number.isdigit() and len(number) < 10
    return form.subject_type.data or "", int(number) if known else 0


@bp.post("/evidence")
@guard.allows(Permission.EVIDENCE_ADD)
def add() -> ResponseReturnValue:
    """Receive a file; on refusal the form again on a page of its own, with what was typed."""
    form = forms.Upload(request.form)
    subject_type, subject_id = _subject(form)
    found = queries.subject(subject_type, subject_id)
    if found is None or not queries.may_add(guard.by(), found, subject_type, subject_id):
        raise Refused([NOT_FOUND()])
    organisation_id = found.organisation_id

    def keep(file: queries.Received) -> ResponseReturnValue:
        row = actions.add(
            guard.by(), organisation_id, subject_type, subject_id, file.filename, file, form.shows.data or "",
            form.covers_from.data, form.covers_to.data, form.chosen_class(), form.cpr_confirmed.data,
            form.external_reference.data or "",
        )  # fmt: skip
        new = row.uploaded_at == guard.by().at
        text = _("The file was received.") if new else _("This was already done: the file is here already.")
        return answer.done(answer.here(form.next.data), text)

    back = answer.here(form.next.data)
    return _take(form, organisation_id, keep, lambda refused: _again("evidence/add.html", form, refused, back=back))


def _take(
    form: BaseForm, organisation_id: int, keep: Callable[[queries.Received], ResponseReturnValue],
    again: Callable[[Refused], ResponseReturnValue],
) -> ResponseReturnValue:  # fmt: skip
    """Receive the file and look at it before the transaction that keeps it; or the form again."""
    file = request.files.get("file")
    if not (file and file.filename):
        form.validate()
        return again(Refused([rules.EMPTY("file")]))
    if not form.validate():
        return again(Refused([]))
    try:
        with queries.received(file.filename, file.stream) as received, transaction():
            return keep(received)
    except Refused as refused:
        if any(reason.code == rules.MALWARE.code for reason in refused.reasons):
            _tell_malware(organisation_id)
        return again(refused)


def _tell_malware(organisation_id: int) -> None:
    with guard.recorded():
        actions.refuse_malware(guard.by(), organisation_id)


def _again(template: str, form: BaseForm, refused: Refused, **context: Any) -> ResponseReturnValue:
    about_file = [said(reason) for reason in refused.reasons if reason.field == "file"]
    rest = Refused([reason for reason in refused.reasons if reason.field != "file"])
    security.because(refused)
    loose = [("file", text) for text in about_file] + form.take(rest.reasons)
    page = render_template(
        template, form=form, conflict=None, file_error=" ".join(about_file), types=rules.SHOWN_TYPES,
        accept=rules.ACCEPT, problems=loose + form.problems(), **context,
    )  # fmt: skip
    return page, refused.status if refused.reasons else 422


def _seen(id: int) -> tuple[Any, queries.Subject | None]:
    """A file that the reader may see, and what it proves."""
    return queries.seen(guard.by(), id) or abort(404)


def _row(id: int) -> Any:
    """A file that the reader may see."""
    return _seen(id)[0]


@bp.get("/evidence/<int:id>")
@guard.allows(Permission.EVIDENCE_READ)
def show(id: int) -> ResponseReturnValue:
    """What a file is, its checksum, versions and custody, and where it is used; `?do=` opens the form of one step."""
    do = request.args.get("do", "")
    return _shown(id, do, {"withdraw": forms.Because, "hold": forms.Keep}.get(do, forms.Because)())


def _shown(id: int, do: str, form: BaseForm, refused: Refused | None = None) -> ResponseReturnValue:
    row, subject = _seen(id)
    by, found = guard.by(), queries.custody_of(row)
    mark, own = queries.mark(row), by.own_id in queries.parties(row, subject)
    judge = by.may(Permission.EVIDENCE_JUDGE, row.organisation_id)
    context = {
        "row": row, "place": (subject.words, subject.link) if subject and subject.link else None, "mark": mark,
        "uploader": next(one.uploaded_by for one in found.versions if one.id == row.id), "found": found,
        "size": rules.readable(row.size), "do": do, "judge": judge,
        "may_replace": own and mark is None and by.may(Permission.EVIDENCE_ADD, row.organisation_id, own=own),
        "may_withdraw": by.may(Permission.EVIDENCE_WITHDRAW, row.organisation_id, own=own)
        and not custody.why_not_ask(mark, RequestKind.WITHDRAW, found.waiting),
        "why_decide": queries.why_not_decide(by, found) if judge else {}, "answer_form": forms.Answer(),
    }  # fmt: skip
    if refused is not None or form.errors:
        return answer.failed("evidence/show.html", form, refused, **context)
    return answer.page("evidence/show.html", form, **context)


def _step(id: int, do: str, form: BaseForm, step: Callable[[], Any], text: str) -> ResponseReturnValue:
    """Take one step of custody from the file's page, or show the page again with what was typed."""
    _row(id)
    page = url_for("evidence.show", id=id)
    return answer.sent(form, step, page, text, lambda refused: _shown(id, do, form, refused))


@bp.post("/evidence/<int:id>/withdraw")
@guard.allows(Permission.EVIDENCE_WITHDRAW)
def withdraw(id: int) -> ResponseReturnValue:
    """Ask for a file to be withdrawn."""
    form = forms.Because(request.form)
    return _step(
        id, "withdraw", form, lambda: actions.ask_withdrawal(guard.by(), id, form.reason.data or ""),
        _("The withdrawal waits for another person's approval."),
    )  # fmt: skip


@bp.post("/evidence/<int:id>/hold")
@guard.allows(Permission.EVIDENCE_JUDGE)
def hold(id: int) -> ResponseReturnValue:
    """Set a legal hold, or a longer retention."""
    form = forms.Keep(request.form)
    return _step(
        id, "hold", form, lambda: actions.hold(guard.by(), id, form.until.data, form.reason.data or ""),
        _("The file is held."),
    )  # fmt: skip


@bp.post("/evidence/<int:id>/holds/<int:hold_id>/lift")
@guard.allows(Permission.EVIDENCE_JUDGE)
def lift(id: int, hold_id: int) -> ResponseReturnValue:
    """Lift a hold."""
    form = forms.Because(request.form)
    return _step(
        id, f"lift-{hold_id}", form,
        lambda: actions.lift(guard.by(), hold_id, form.version.number(), form.reason.data or ""),
        _("The hold was lifted."),
    )  # fmt: skip


@bp.route("/evidence/<int:id>/replace", methods=["GET", "POST"])
@guard.allows(Permission.EVIDENCE_ADD)
def replace(id: int) -> ResponseReturnValue:
    """Send a new version of a file; the older one stays."""
    row = _row(id)
    organisation_id, facts = row.organisation_id, {"types": rules.SHOWN_TYPES, "accept": rules.ACCEPT}
    queries.must_add(guard.by(), organisation_id, row.subject_type, row.subject_id)
    if request.method == "GET":
        given = forms.Replacement(obj=row, data={"data_class": row.data_class or DataClass.INTERNAL})
        return answer.page("evidence/replace.html", given, file_error="", row=row, **facts)
    form = forms.Replacement(request.form)

    def keep(file: queries.Received) -> ResponseReturnValue:
        made = actions.replace(
            guard.by(), id, file, form.shows.data or "", form.covers_from.data, form.covers_to.data,
            form.chosen_class(), form.cpr_confirmed.data, form.reason.data or "",
            form.external_reference.data or "",
        )  # fmt: skip
        text = _("The new version is in force. The older one stays.")
        return answer.done(url_for("evidence.show", id=made.id), text)

    return _take(
        form, organisation_id, keep, lambda refused: _again("evidence/replace.html", form, refused, row=_row(id))
    )


@bp.get("/evidence/<int:id>/file")
@guard.allows(Permission.EVIDENCE_READ)
def download(id: int) -> ResponseReturnValue:
    """Fetch the file as an attachment, hashed again; a changed file is refused and told in the log."""
    with guard.recorded():
        row, file = actions.open_file(guard.by(), id)
        name, media_type, day, sha256, size = row.filename, row.media_type, row.uploaded_at, row.sha256, row.size
    if file is None:
        raise Refused([rules.CHANGED_ON_DISK(name=name, day=short_date(day))])
    response: Response = send_file(file, mimetype=media_type, as_attachment=True, download_name=name)
    response.content_length = size
    response.headers["Content-Security-Policy"] = HANDED_OUT
    response.headers["X-Checksum-SHA256"] = sha256
    return response


# --- What two people decide ---


@bp.get("/evidence/requests")
@guard.allows(Permission.EVIDENCE_JUDGE)
def requests() -> ResponseReturnValue:
    """Withdrawals and disposals that wait for the group, and how long each class of files is kept."""
    return _requests(forms.Years())


def _requests(form: BaseForm, refused: Refused | None = None) -> ResponseReturnValue:
    by = guard.by()
    waiting = queries.waiting(by)
    here = guard.organisation()
    context: dict[str, Any] = {
        "waiting": waiting, "others": [one for one in guard.reached_organisations() if one.id != here.id],
        "classes": list(DataClass), "rules": queries.retentions(here.id), "here": here,
        "least": custody.LEAST_YEARS, "judge": by.may(Permission.EVIDENCE_JUDGE, here.id),
    }  # fmt: skip
    if refused is not None or form.errors:
        return answer.failed("evidence/requests.html", form, refused, **context)
    return answer.page("evidence/requests.html", form, **context)


@bp.get("/evidence/requests/<int:id>")
@guard.allows(Permission.EVIDENCE_JUDGE)
def by_request(id: int) -> ResponseReturnValue:
    """On to the file that a request is about."""
    asked = queries.asked_by_id(id) or abort(404)
    return redirect(url_for("evidence.show", id=_row(asked.evidence_id).id, _anchor="custody"), 303)


@bp.post("/evidence/requests/<int:id>/approve")
@guard.allows(Permission.EVIDENCE_JUDGE)
@guard.fresh
def approve(id: int) -> ResponseReturnValue:
    """Agree to a withdrawal or disposal; a disposed file's bytes go when the decision is written."""
    form = forms.Answer(request.form)
    asked = queries.asked_by_id(id) or abort(404)
    evidence_id, kind = _row(asked.evidence_id).id, asked.kind
    if not form.validate():
        return _shown(evidence_id, "", form)
    response = _approved(evidence_id, kind, id, form)
    if kind is RequestKind.DISPOSE:
        with guard.recorded():
            actions.remove_bytes(guard.by(), evidence_id)
    return response


def _approved(evidence_id: int, kind: RequestKind, id: int, form: forms.Answer) -> ResponseReturnValue:
    text = _("The file is withdrawn. It stays with its mark.")
    if kind is RequestKind.DISPOSE:
        text = _("The file is disposed of. Its row, checksum and this decision stay.")
    try:
        with transaction():
            actions.approve(guard.by(), id, form.version.number(), form.answer.data or "")
            return answer.done(url_for("evidence.show", id=evidence_id), text)
    except Refused as refused:
        return _shown(evidence_id, "", form, refused)


@bp.post("/evidence/requests/<int:id>/refuse")
@guard.allows(Permission.EVIDENCE_JUDGE)
def refuse(id: int) -> ResponseReturnValue:
    """Do not agree, with an answer."""
    form = forms.Answer(request.form)
    asked = queries.asked_by_id(id) or abort(404)
    return _step(
        asked.evidence_id, "", form,
        lambda: actions.refuse(guard.by(), id, form.version.number(), form.answer.data or ""),
        _("The request was refused."),
    )  # fmt: skip


@bp.post("/evidence/retention")
@guard.allows(Permission.EVIDENCE_JUDGE)
def retention() -> ResponseReturnValue:
    """Decide how long a class of files is kept."""
    form, here = forms.Years(request.form), guard.organisation()
    code, id = here.code, here.id
    return answer.sent(
        form, lambda: actions.set_retention(
            guard.by(), id, DataClass(form.data_class.data), form.years.data, form.reason.data or ""),
        url_for("evidence.requests", org=code), _("The retention was saved."),
        lambda refused: _requests(form, refused),
    )  # fmt: skip


# --- What is due ---


@bp.get("/evidence/disposal")
@guard.allows(Permission.EVIDENCE_DISPOSE)
def disposal() -> ResponseReturnValue:
    """Files past their retention, to be asked for, and the latest disposals; no names, which are content."""
    return _disposal(forms.Because())


def _disposal(
    form: BaseForm, refused: Refused | None = None, chosen: frozenset[int] = frozenset()
) -> ResponseReturnValue:
    rows, total = queries.due(guard.by(), DUE_SHOWN)
    records = queries.disposed(guard.by(), DISPOSED_SHOWN)
    context: dict[str, Any] = {"rows": rows, "total": total, "chosen": chosen, "records": records}
    if refused is not None or form.errors:
        return answer.failed("evidence/disposal.html", form, refused, **context)
    return answer.page("evidence/disposal.html", form, **context)


@bp.post("/evidence/disposal")
@guard.allows(Permission.EVIDENCE_DISPOSE)
def ask_disposal() -> ResponseReturnValue:
    """Ask for the chosen files to be disposed of."""
    form = forms.Because(request.form)
    chosen = frozenset(int(id) for id in request.form.getlist("id") if id.isascii() and id.isdigit() and len(id) < 10)
    if not form.validate():
        return _disposal(form, chosen=chosen)
    try:
        with transaction():
            asked = len(actions.ask_disposal(guard.by(), sorted(chosen), form.reason.data or ""))
            text = _("%(number)s disposals wait for approval.", number=asked)
            return answer.done(url_for("evidence.disposal"), text)
    except Refused as refused:
        return _disposal(form, refused, chosen)
