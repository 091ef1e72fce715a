"""Exports: the audit workbook and package; and the workbooks that leave to be filled in and come back."""

import io
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO, Any, TypeVar

from flask import Blueprint, abort, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from controls.base.by import By
from controls.base.db import transaction
from controls.base.why import Refused
from controls.identity import queries as people
from controls.identity.permissions import Permission
from controls.papers import (
    actions,
    certificate,
    certificate_out,
    certificate_words,
    changing,
    coming_back,
    day,
    earlier_reviews,
    package,
    plan_sheet,
    queries,
    risk_forms,
    rules,
    workbook,
)
from controls.papers.changing import State
from controls.papers.coming_back import File
from controls.papers.filling import Column, Holds
from controls.papers.forms import Take, Undo, Upload
from controls.papers.words import Kind
from controls.planning import board, grid
from controls.planning import queries as plans
from controls.universe import queries as universe
from controls.universe.forms import Then
from controls.universe.rules import NO_FILE
from controls.web import answer, guard, lists
from controls.web.words import short_date
from controls.wheel import queries as wheel

bp = Blueprint("papers", __name__)
T = TypeVar("T")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/reports")
@guard.allows(Permission.WORKBOOK_EXPORT)
def reports() -> ResponseReturnValue:
    """The years whose workbook can be taken out, and the latest exports."""
    by = guard.by()
    here = guard.organisations() & by.everywhere(Permission.WORKBOOK_EXPORT)
    return answer.page(
        "papers/reports.html", years=queries.cycles(here), exports=queries.exports(here), language=_language(),
        packages=bool(here & by.everywhere(Permission.PACKAGE_EXPORT)),
    )  # fmt: skip


@bp.get("/reports/workbook/<int:year>")
@guard.allows(Permission.WORKBOOK_EXPORT)
@guard.fresh
def download(year: int) -> ResponseReturnValue:
    """The audit workbook of a year, recorded with its digest before it leaves."""
    by, organisation, lang = guard.by(), guard.organisation(), _language()

    def name(summary: rules.Summary) -> str:
        actions.record_export(by, organisation, summary)
        return rules.filename(summary.organisation_code, year, lang)

    return _taken(lambda file: workbook.write(by, organisation, year, lang, file), name, XLSX)


@bp.get("/reports/package/<int:year>")
@guard.allows(Permission.PACKAGE_EXPORT)
@guard.fresh
def download_package(year: int) -> ResponseReturnValue:
    """The audit package of a year, recorded with its manifest's digest before it leaves."""
    by, organisation, lang = guard.by(), guard.organisation(), _language()

    def name(packed: rules.Packed) -> str:
        actions.record_package(by, organisation, packed)
        return rules.package_name(packed.organisation_code, year, by.at, lang)

    return _taken(lambda file: package.write(by, organisation, year, lang, file), name, "application/zip")


@bp.get("/catalogue/excel")
@guard.allows(Permission.CATALOGUE_READ)
def download_day() -> ResponseReturnValue:
    """The catalogue of a day, recorded with its digest before it leaves; the page says what is wrong with a day."""
    by, here, lang, form = guard.by(), guard.organisation(), _language(), Then(request.args)
    if not form.validate() or form.on.data is None:
        return answer.onward(url_for("universe.then", org=here.code, on=request.args.get("on", "")))
    on = min(form.on.data, by.today)

    def name(summary: rules.OfDay) -> str:
        actions.record_day(by, here, summary)
        return rules.day_name(summary)

    return _taken(lambda file: day.write(by, here, on, lang, file), name, XLSX)


@bp.get("/plan/certificate")
@guard.allows(Permission.CATALOGUE_READ)
def certify() -> ResponseReturnValue:
    """The coverage certificate of a day: today's, or the one that is asked for."""
    by, others = guard.by(), guard.reached_organisations()
    here, form = guard.organisation(), Then(request.args if "on" in request.args else None)
    context: dict[str, Any] = {"here": here, "others": others, "said": None, "day": None}
    if "on" not in request.args:
        form.on.data = by.today
    elif not form.validate() or form.on.data is None:
        return answer.failed("papers/certificate.html", form, **context)
    day = form.on.data or by.today
    try:
        found = certificate.certify(by, here, day, others)
    except Refused as refused:
        return answer.failed(
            "papers/certificate.html", form, Refused(one.at("on") for one in refused.reasons), **context
        )
    said = certificate_words.written(found, _reader())
    return answer.page("papers/certificate.html", form, **context | {"said": said, "day": day, "found": found})


@bp.get("/plan/certificate/file")
@guard.allows(Permission.CATALOGUE_READ)
def download_certificate() -> ResponseReturnValue:
    """The coverage certificate as PDF, or as a workbook, recorded with its digests before it leaves."""
    by, here, form = guard.by(), guard.organisation(), Then(request.args)
    kind = certificate_out.XLSX if request.args.get("form") == certificate_out.XLSX else certificate_out.PDF
    if not form.validate() or form.on.data is None:
        return answer.onward(url_for("papers.certify", org=here.code, on=request.args.get("on", "")))
    data, made = certificate_out.made(certificate.certify(by, here, form.on.data), kind, _language())
    with guard.recorded():
        actions.record_certificate(by, here, made)
    name, media = certificate_out.filename(made), certificate_out.FORMS[kind]
    return send_file(io.BytesIO(data), mimetype=media, as_attachment=True, download_name=name, max_age=0)


@bp.get("/plan/excel")
@guard.allows(Permission.CATALOGUE_READ)
def download_plan() -> ResponseReturnValue:
    """The five-year grid with exactly the rows and years of the page, recorded before it leaves."""
    by, here, lang = guard.by(), guard.organisation(), _language()
    planner = by.may(Permission.RECOMMENDATION_WRITE, here.id)
    seen = plans.seen(here.id, by.today, by.person_id if planner else None)
    years = grid.shown(request.args.get("from", ""), request.args.get("view", ""), seen.this_year)
    asked = lists.asked(("code",), grid.FILTERS).filters
    rows = grid.chosen(
        seen.rows, grid.Asked(**asked), board.sums(seen.board, years), seen.possible, seen.standing.draft
    )  # fmt: skip
    about = plan_sheet.About(here.code, here.name_en if lang == "en" else here.name_da, by.name, by.at, asked)
    made = plan_sheet.write(seen, rows, years, about, lang)
    with guard.recorded():
        actions.record_plan(by, here, made)
    return send_file(io.BytesIO(made.data), mimetype=XLSX, as_attachment=True, download_name=made.filename, max_age=0)


def _taken(write: Callable[[IO[bytes]], T], recorded: Callable[[T], str], kind: str) -> ResponseReturnValue:
    """A file that is written, recorded (which names it), and only then sent."""
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it when it has been sent
    try:
        made = write(file)
        with guard.recorded():
            name = recorded(made)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return send_file(file, mimetype=kind, as_attachment=True, download_name=name, max_age=0)


def _reader() -> str:
    return str(getattr(get_locale(), "language", "da"))


def _language() -> str:
    asked = request.args.get("lang") or _reader()
    return asked if asked in rules.LANGUAGES else "da"


# --- workbooks that leave to be filled in and come back -------------------------------------------------------------


def _year(year: int) -> None:
    """The organisation has opened the year, or there is no such page."""
    if wheel.cycle(guard.organisation().id, year) is None:
        abort(404)


def _fetched(kind: Kind, year: int | None) -> ResponseReturnValue:
    """A workbook to fill in, recorded with its digest before it leaves."""
    by, here, language = guard.by(), guard.organisation(), _language()
    guard.must(by.may(coming_back.NEEDED[kind], here.id, own=True))
    data, rows = coming_back.write(by, kind, here, year, language)
    with guard.recorded():
        actions.record_form(by, here, kind, year, rows, sha256(data).hexdigest())
        name = coming_back.filename(kind, by, year, language)
    return send_file(io.BytesIO(data), mimetype=XLSX, as_attachment=True, download_name=name, max_age=0)


PAGES = {
    Kind.FORMS: "papers/forms.html", Kind.HISTORY: "papers/history.html", Kind.CATALOGUE: "papers/catalogue.html",
}  # fmt: skip


def _upload(kind: Kind, year: int | None, refused: Refused | None = None) -> ResponseReturnValue:
    """Fetch the form, bring it back, and what was brought before."""
    by, here = guard.by(), guard.organisation()
    guard.must(by.may(coming_back.NEEDED[kind], here.id, own=True))
    own = by.person_id if kind is Kind.FORMS else None
    every = own if not by.may(coming_back.NEEDED[kind], here.id) else None
    context: dict[str, Any] = {
        "here": here, "year": year, "kind": kind, "waiting": coming_back.waiting(here.id, kind, year, own),
        "imported": coming_back.imported(here.id, kind, year, every), "page": f".{kind.value}_file",
    }  # fmt: skip
    template = PAGES[kind]
    context |= _catalogue() if kind is Kind.CATALOGUE else {}
    if refused is None:
        return answer.page(template, Upload(), **context)
    rows = [reason for reason in refused.reasons if "row" in reason.params]
    whole = Refused(reason.at("file") for reason in refused.reasons if "row" not in reason.params)
    return answer.failed(template, Upload(), whole, **context | {"faults": rows})


def _catalogue() -> dict[str, Any]:
    """What more stands where a catalogue comes in: whether one is proposed, and where else one may bring one."""
    by, here = guard.by(), guard.organisation()
    reached = [one for one in guard.reached_organisations() if one.id != here.id]
    return {
        "faults": [], "propose": not universe.has_processes(here.id),
        "others": [one for one in reached if by.may(Permission.CATALOGUE_EDIT, one.id)],
    }  # fmt: skip


def _brought(kind: Kind, year: int | None) -> ResponseReturnValue:
    """Read a workbook that came back, or say which sheet and cell are in the way."""
    by, here, file = guard.by(), guard.organisation(), request.files.get("file")
    guard.must(by.may(coming_back.NEEDED[kind], here.id, own=True))
    try:
        if file is None or not file.filename:
            raise Refused([NO_FILE("file")])
        read = coming_back.read(kind, here, year, file.read(), file.filename)
        with transaction():
            id = actions.keep_draft(by, here.id, kind, year, read).id
            return answer.done(url_for(f".{kind.value}_file", id=id))
    except Refused as refused:
        return _upload(kind, year, refused)


@bp.get("/cycles/<int:year>/assessments/excel")
@guard.allows(Permission.ASSESSMENT_FILL)
def fetch_forms(year: int) -> ResponseReturnValue:
    """The year's risk forms, all or one's own, as a workbook to fill in."""
    _year(year)
    return _fetched(Kind.FORMS, year)


@bp.get("/cycles/<int:year>/assessments/import")
@guard.allows(Permission.ASSESSMENT_FILL)
def forms(year: int) -> ResponseReturnValue:
    """Fetch the year's risk forms as a workbook, or bring it back."""
    _year(year)
    return _upload(Kind.FORMS, year)


@bp.post("/cycles/<int:year>/assessments/import")
@guard.allows(Permission.ASSESSMENT_FILL)
def bring_forms(year: int) -> ResponseReturnValue:
    """Read a workbook of risk forms that was filled in."""
    _year(year)
    return _brought(Kind.FORMS, year)


@bp.get("/import/catalogue/excel")
@guard.allows(Permission.CATALOGUE_EDIT)
def fetch_catalogue() -> ResponseReturnValue:
    """The catalogue as it is, as a workbook to correct and add to."""
    return _fetched(Kind.CATALOGUE, None)


@bp.get("/import")
@guard.allows(Permission.CATALOGUE_EDIT)
def catalogue() -> ResponseReturnValue:
    """Fetch the catalogue as a workbook and bring it back, or bring a file of one's own."""
    return _upload(Kind.CATALOGUE, None)


@bp.post("/import")
@guard.allows(Permission.CATALOGUE_EDIT)
def bring_catalogue() -> ResponseReturnValue:
    """Read a catalogue, whichever file it is, or say which rows or cells are in the way."""
    return _brought(Kind.CATALOGUE, None)


@bp.get("/import/catalogue/<int:id>")
@guard.allows(Permission.CATALOGUE_EDIT)
def catalogue_file(id: int) -> ResponseReturnValue:
    """What a workbook would change in the catalogue, row by row."""
    return _page(_file(id, Kind.CATALOGUE))


@bp.post("/import/catalogue/<int:id>/take")
@guard.allows(Permission.CATALOGUE_EDIT)
def take_catalogue(id: int) -> ResponseReturnValue:
    """Confirm the chosen rows of a file that another has brought."""
    file, form = _file(id, Kind.CATALOGUE), Take(request.form)
    return _took(file, form, lambda: actions.take_catalogue(guard.by(), id, form.chosen))


@bp.post("/import/catalogue/<int:id>/drop")
@guard.allows(Permission.CATALOGUE_EDIT)
def drop_catalogue(id: int) -> ResponseReturnValue:
    """Drop a workbook of the catalogue that was not imported."""
    return _dropped(_file(id, Kind.CATALOGUE))


@bp.post("/import/catalogue/<int:id>/undo")
@guard.allows(Permission.CATALOGUE_EDIT)
def undo_catalogue(id: int) -> ResponseReturnValue:
    """Put names and suggestions back as they were before the import, and close what it added."""
    return _undo(Kind.CATALOGUE, id, actions.undo_catalogue)


@bp.get("/import/history/excel")
@guard.allows(Permission.CATALOGUE_EDIT)
def fetch_history() -> ResponseReturnValue:
    """The organisation's sub-processes as a workbook in which to write earlier reviews."""
    return _fetched(Kind.HISTORY, None)


@bp.get("/import/history")
@guard.allows(Permission.CATALOGUE_EDIT)
def history() -> ResponseReturnValue:
    """Fetch the workbook of earlier reviews, or bring it back."""
    return _upload(Kind.HISTORY, None)


@bp.post("/import/history")
@guard.allows(Permission.CATALOGUE_EDIT)
def bring_history() -> ResponseReturnValue:
    """Read a workbook of earlier reviews."""
    return _brought(Kind.HISTORY, None)


def _file(id: int, kind: Kind) -> File:
    return coming_back.file(guard.by(), id, kind) or abort(404)


def _context(file: File) -> dict[str, Any]:
    """What stands on a file's page: its differences while it waits, else what became of it."""
    by, row = guard.by(), file.row
    here = people.organisation_by_id(row.organisation_id)
    context: dict[str, Any] = {
        "file": file, "row": row, "here": here, "year": row.year, "undo": None, "found": None, "unused": [],
    }  # fmt: skip
    if file.intake is not None:
        if file.intake.undone_at is None and row.kind is not Kind.FORMS:
            context["undo"] = Undo()
        return context | {"why": coming_back.why_not_undo(by, file.intake)}
    back: Any
    if row.kind is Kind.FORMS:
        back, there = coming_back.forms(by, row)
        found, why = risk_forms.preview(back, there), []
    elif row.kind is Kind.CATALOGUE:
        back, found, unused = coming_back.catalogue(row)
        why = coming_back.why_not_confirm(by, row)
        context |= {"unused": unused}
    else:
        back, parts = coming_back.history(by, row)
        found, why = earlier_reviews.preview(back, parts, by.today), coming_back.why_not_confirm(by, row)
    only = request.args.get("state", "")
    columns = {column.field: column for column in coming_back.FORMS[row.kind].columns}
    return context | {
        "found": found, "why": why, "only": only, "rows": found.in_reading_order(only), "states": list(State),
        "name": changing.name, "columns": columns, "sheet": back.sheet, "shown": _shown,
        "heading": lambda column: column.heading(coming_back.say(row.kind, _reader())),
        "chosen": {changing.name(one) for one in found.new},
    }  # fmt: skip


def _shown(column: Column, value: str) -> str:
    """A cell's value as pages write it."""
    if column.holds is Holds.DAY and value:
        return short_date(date.fromisoformat(value))
    return coming_back.shown(column, value)


def _page(file: File) -> ResponseReturnValue:
    return answer.page("papers/file.html", Take(), **_context(file))


def _again(file: File, form: Any, refused: Refused | None, **more: Any) -> ResponseReturnValue:
    return answer.failed("papers/file.html", form, refused, **(_context(file) | more))


@bp.get("/import/forms/<int:id>")
@guard.allows(Permission.ASSESSMENT_FILL)
def forms_file(id: int) -> ResponseReturnValue:
    """What a workbook would change in the risk forms, row by row."""
    return _page(_file(id, Kind.FORMS))


@bp.get("/import/history/<int:id>")
@guard.allows(Permission.CATALOGUE_EDIT)
def history_file(id: int) -> ResponseReturnValue:
    """What a workbook would add to the ledger, row by row."""
    return _page(_file(id, Kind.HISTORY))


def _took(file: File, form: Take, take: Callable[[], Any]) -> ResponseReturnValue:
    """The chosen rows, all or none, and the page again when one of them is in the way."""
    try:
        with transaction():
            rows = take().rows
            said = ngettext("%(num)s row was imported.", "%(num)s rows were imported.", rows)
            return answer.done(url_for(f".{file.row.kind.value}_file", id=file.row.id), said)
    except Refused as refused:
        return _again(_file(file.row.id, file.row.kind), form, refused, chosen=set(form.chosen))


@bp.post("/import/forms/<int:id>/take")
@guard.allows(Permission.ASSESSMENT_FILL)
def take_forms(id: int) -> ResponseReturnValue:
    """Put the chosen rows into drafts, or submit the forms they belong to."""
    file, form = _file(id, Kind.FORMS), Take(request.form)
    submit = form.act.data == "submit"
    return _took(file, form, lambda: actions.take_forms(guard.by(), id, form.chosen, submit))


@bp.post("/import/history/<int:id>/take")
@guard.allows(Permission.CATALOGUE_EDIT)
def take_history(id: int) -> ResponseReturnValue:
    """Confirm the chosen reviews of a file that another has brought."""
    file, form = _file(id, Kind.HISTORY), Take(request.form)
    return _took(file, form, lambda: actions.take_history(guard.by(), id, form.chosen))


def _dropped(file: File) -> ResponseReturnValue:
    back, here = _start(file), file.row.id
    with transaction():
        actions.drop_draft(guard.by(), here)
        return answer.done(back, _("The file was dropped. Nothing was changed."))


def _start(file: File) -> str:
    """The page on which such files are fetched and brought back."""
    here = people.organisation_by_id(file.row.organisation_id)
    code = here.code if here else ""
    if file.row.kind is Kind.FORMS:
        return url_for(".forms", year=file.row.year, org=code)
    return url_for(f".{file.row.kind.value}", org=code)


@bp.post("/import/forms/<int:id>/drop")
@guard.allows(Permission.ASSESSMENT_FILL)
def drop_forms(id: int) -> ResponseReturnValue:
    """Drop a workbook of risk forms that was not imported."""
    return _dropped(_file(id, Kind.FORMS))


@bp.post("/import/history/<int:id>/drop")
@guard.allows(Permission.CATALOGUE_EDIT)
def drop_history(id: int) -> ResponseReturnValue:
    """Drop a workbook of earlier reviews that was not imported."""
    return _dropped(_file(id, Kind.HISTORY))


@bp.post("/import/forms/<int:id>/undo")
@guard.allows(Permission.ASSESSMENT_FILL)
def undo_forms(id: int) -> ResponseReturnValue:
    """Put the forms back as they were before the import."""
    file = _file(id, Kind.FORMS)
    try:
        with transaction():
            actions.undo_forms(guard.by(), id)
            return answer.done(url_for(".forms_file", id=id), _("The import was undone."))
    except Refused as refused:
        return _again(file, Take(), refused)


@bp.post("/import/history/<int:id>/undo")
@guard.allows(Permission.CATALOGUE_EDIT)
def undo_history(id: int) -> ResponseReturnValue:
    """Let the imported reviews count no longer."""
    return _undo(Kind.HISTORY, id, actions.undo_history)


def _undo(kind: Kind, id: int, act: Callable[[By, int, str], Any]) -> ResponseReturnValue:
    """Undo an import that two persons made, with a reason."""
    _file(id, kind)
    form = Undo(request.form)
    return answer.sent(
        form, lambda: act(guard.by(), id, form.reason.data or ""), url_for(f".{kind.value}_file", id=id),
        _("The import was undone."), lambda refused: _again(_file(id, kind), form, refused, undo=form),
    )  # fmt: skip
