"""The page of exports; the audit workbook and the audit package as downloads."""

from collections.abc import Callable
from tempfile import TemporaryFile
from typing import IO, TypeVar

from flask import Blueprint, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from controls.identity.permissions import Permission
from controls.papers import actions, package, queries, rules, workbook
from controls.web import answer, guard

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


def _language() -> str:
    asked = request.args.get("lang") or str(getattr(get_locale(), "language", "da"))
    return asked if asked in rules.LANGUAGES else "da"
