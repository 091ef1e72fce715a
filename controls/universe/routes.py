"""The list of processes, the facts of a process, and the import of a catalogue."""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.db import transaction
from controls.base.why import Reason, Refused
from controls.identity import queries as people
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.universe import actions, forms, queries, rules
from controls.web import answer, guard, lists
from controls.web.words import name

bp = Blueprint("universe", __name__)
FILTERS = ("area", "owner", "q")


@bp.get("/processes", endpoint="list")
@guard.allows(Permission.CATALOGUE_READ)
def processes() -> ResponseReturnValue:
    """Areas, processes and sub-processes of the organisation and those below it."""
    here, ids, today = guard.organisation(), guard.organisations(), guard.by().today
    asked = lists.asked(("code",), FILTERS)
    figures = queries.figures(ids, today, asked.filters)
    rows = queries.listed(
        ids, today, asked.filters, descending=asked.descending, offset=asked.offset(), limit=asked.limit()
    )
    return answer.page(
        "universe/list.html", here=here, rows=rows, figures=figures, asked=asked, several=len(ids) > 1,
        page=lists.Page(rows, figures.matching, figures.subprocesses, asked), chips=_chips(here, asked, figures),
        beside=[(_(column.heading), column.values(ids, today.year)) for column in queries.BESIDE],
        may_import=guard.by().may(Permission.CATALOGUE_EDIT, here.id), address=_address(here, asked),
    )  # fmt: skip


def _address(here: Organisation, asked: lists.Asked) -> str:
    """The address of the list with its filters, ready for one more word."""
    return _list(here, asked.filters) + "&"


def _list(here: Organisation, filters: dict[str, Any] | None = None) -> str:
    return url_for("universe.list", org=here.code, **(filters or {}))


def _chips(here: Organisation, asked: lists.Asked, figures: queries.Figures) -> list[tuple[str, str]]:
    """Each filter in words, with the address without it."""
    owners = {str(id): owner for id, owner in figures.owner_choices}
    labels = {"area": _("Area"), "owner": _("Process owner"), "q": _("Text")}
    return [
        (
            f"{labels[key]}: {owners.get(value, value) if key == 'owner' else value}",
            _list(here, {k: v for k, v in asked.filters.items() if k != key}),
        )
        for key, value in asked.filters.items()
    ]


def _process(code: str) -> Any:
    row = queries.process_by_code(guard.organisation().id, code)
    if row is None:
        abort(404)
    guard.by().must(Permission.CATALOGUE_EDIT, row.organisation_id)
    return row


def _filled(form: forms.EditProcess, row: Any) -> forms.EditProcess:
    """The form with the people who work here, and those who stand there already."""
    staff = people.people(frozenset({row.organisation_id}), on=guard.by().today)
    found = {person.id: f"{person.name}, {person.unit}" if person.unit else person.name for person in staff}
    absent = people.names({row.owner_id, row.deputy_id} - set(found))
    return form.choose_from([*found.items(), *absent.items()], _("Nobody yet"))


@bp.get("/processes/<code>/edit")
@guard.allows(Permission.CATALOGUE_EDIT)
def edit(code: str) -> ResponseReturnValue:
    """The facts of a process, as a form."""
    row = _process(code)
    return answer.page(
        "universe/edit.html", _filled(forms.EditProcess(obj=row), row), process=row, here=guard.organisation()
    )


@bp.post("/processes/<code>/edit")
@guard.allows(Permission.CATALOGUE_EDIT)
def save(code: str) -> ResponseReturnValue:
    """Save the facts of a process."""
    row, here = _process(code), guard.organisation()
    form, refused = _filled(forms.EditProcess(request.form), row), None
    if form.validate():
        try:
            with transaction():
                actions.edit_process(guard.by(), row.id, form.version.data or 0, form.facts())
                return answer.done(_page_of(here, code), _("The facts of %(code)s were saved.", code=code))
        except Refused as why:
            refused = why
    saved = _filled(forms.EditProcess(obj=row), row)
    return answer.failed("universe/edit.html", form, refused, saved=saved, process=row, here=here)


def _page_of(here: Organisation, code: str) -> str:
    """The process's own page, which stands to the right of this slice."""
    path, _mark, query = url_for("universe.edit", code=code, org=here.code).partition("?")
    return f"{path.removesuffix('/edit')}?{query}"


@bp.get("/import")
@guard.allows(Permission.CATALOGUE_EDIT)
def upload() -> ResponseReturnValue:
    """Choose a catalogue file, or the proposed catalogue when there are no processes yet."""
    return answer.page("universe/import.html", forms.Upload(), **_upload(guard.organisation()))


@bp.post("/import")
@guard.allows(Permission.CATALOGUE_EDIT)
def read() -> ResponseReturnValue:
    """Read a catalogue file, or say which rows are in the way."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _refused(Refused([rules.NO_FILE("file")]))
    return _keep(file.read(), file.filename)


def _upload(here: Organisation, faults: list[Reason] | None = None) -> dict[str, Any]:
    """What stands on the page of the import."""
    by = guard.by()
    by.must(Permission.CATALOGUE_EDIT, here.id)
    return {
        "here": here, "faults": faults or [], "drafts": queries.drafts(here.id),
        "propose": not queries.has_processes(here.id),
        "others": [o for o in guard.reached_organisations()
                   if o.id != here.id and by.may(Permission.CATALOGUE_EDIT, o.id)],
    }  # fmt: skip


def _keep(data: bytes, filename: str) -> ResponseReturnValue:
    here, by = guard.organisation(), guard.by()
    by.must(Permission.CATALOGUE_EDIT, here.id)
    try:
        file = queries.read_file(data, filename)
        with transaction():
            id = actions.keep_draft(by, here.id, file).id
            return answer.done(url_for("universe.preview", id=id))
    except Refused as refused:
        return _refused(refused)


def _refused(refused: Refused) -> ResponseReturnValue:
    """The page again: what concerns the file stands above it, what concerns rows in a list below it."""
    faults = [reason for reason in refused.reasons if "row" in reason.params]
    whole = Refused(reason.at("file") for reason in refused.reasons if "row" not in reason.params)
    return answer.failed("universe/import.html", forms.Upload(), whole, **_upload(guard.organisation(), faults))


@bp.get("/import/<int:id>")
@guard.allows(Permission.CATALOGUE_EDIT)
def preview(id: int) -> ResponseReturnValue:
    """What a file would change, row by row, before it is taken."""
    return answer.page("universe/preview.html", **_preview(id))


@bp.post("/import/<int:id>/take")
@guard.allows(Permission.CATALOGUE_EDIT)
def take(id: int) -> ResponseReturnValue:
    """Take the file as the preview showed it."""
    form, here = forms.Take(request.form), _organisation(id)
    try:
        with transaction():
            done = actions.take_draft(guard.by(), id, form.seen.data or "")
            n, m = done.new, done.changed
            text = _("The catalogue was imported: %(new)s new, %(changed)s changed.", new=n, changed=m)
            return answer.done(_list(here), text)
    except Refused as refused:
        return answer.failed("universe/preview.html", form, refused, **_preview(id))


@bp.post("/import/<int:id>/drop")
@guard.allows(Permission.CATALOGUE_EDIT)
def drop(id: int) -> ResponseReturnValue:
    """Drop the file; the catalogue stays as it is."""
    here = _organisation(id)
    with transaction():
        actions.drop_draft(guard.by(), id)
        return answer.done(url_for("universe.upload", org=here.code), _("The file was dropped. Nothing was changed."))


def _draft(id: int) -> Any:
    row = queries.draft(id)
    if row is None or not guard.by().may(Permission.CATALOGUE_EDIT, row.organisation_id):
        abort(404)
    return row


def _organisation(id: int) -> Organisation:
    found = people.organisation_by_id(_draft(id).organisation_id)
    assert found is not None
    return found


def _preview(id: int) -> dict[str, Any]:
    """The differences, one page of them, perhaps only those of one kind."""
    draft = _draft(id)
    found, asked = queries.preview(draft), lists.asked(("code",), ("change",))
    lines = rules.in_reading_order(found, asked.filters.get("change", ""))
    here = _organisation(id)
    filters: dict[str, Any] = {**asked.filters}
    address = url_for("universe.preview", id=id, **filters)
    return {
        "draft": draft, "found": found, "page": lists.cut(lines, asked, len(found.lines)), "here": here,
        "seen": rules.fingerprint(found), "why_not_take": queries.why_not_take(guard.by(), draft),
        "labels": rules.LABELS, "changes": list(rules.Change), "asked": asked,
        "unused": rules.unpacked(draft.rows)[1], "address": address + ("&" if asked.filters else "?"),
        "title": _("Import for %(organisation)s", organisation=name(here)),
    }  # fmt: skip
