"""The page of exports; the audit workbook and the audit package as downloads."""

from tempfile import TemporaryFile

from flask import Blueprint, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from controls.identity.permissions import Permission
from controls.papers import actions, package, queries, rules, workbook
from controls.web import answer, guard

bp = Blueprint("papers", __name__)
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
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it when it has been sent
    try:
        summary = workbook.write(by, organisation, year, lang, file)
        with guard.recorded():
            actions.record_export(by, organisation, summary)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = rules.filename(summary.organisation_code, year, lang)
    return send_file(file, mimetype=XLSX, as_attachment=True, download_name=name, max_age=0)


@bp.get("/reports/package/<int:year>")
@guard.allows(Permission.PACKAGE_EXPORT)
@guard.fresh
def download_package(year: int) -> ResponseReturnValue:
    """The audit package of a year, recorded with its manifest's digest before it leaves."""
    by, organisation, lang = guard.by(), guard.organisation(), _language()
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it when it has been sent
    try:
        packed = package.write(by, organisation, year, lang, file)
        with guard.recorded():
            actions.record_package(by, organisation, packed)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = rules.package_name(packed.organisation_code, year, by.at, lang)
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=name, max_age=0)


def _language() -> str:
    asked = request.args.get("lang") or str(getattr(get_locale(), "language", "da"))
    return asked if asked in rules.LANGUAGES else "da"
