"""The five-year roll as a table."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.assessment.words import Band
from controls.identity.permissions import Permission
from controls.rotation import queries, rules
from controls.rotation.words import Status
from controls.web import answer, guard, lists

bp = Blueprint("rotation", __name__)
YEARS = 5


@bp.get("/plan")
@guard.allows(Permission.CATALOGUE_READ)
def plan() -> ResponseReturnValue:
    """The roll: a row per sub-process, five years, due year and status."""
    here, this_year = guard.organisation(), guard.by().today.year
    first = _first(this_year)
    asked = lists.asked(("code",), ("area", "band", "status"))
    rows = queries.roll(here.id, this_year, guard.by().today)
    kept = rules.chosen(rows, **asked.filters)
    history = rules.has_history(rows)
    return answer.page(
        "rotation/plan.html", here=here, first=first, years=list(range(first, first + YEARS)), this_year=this_year,
        rows=kept, all_rows=rows, counts=rules.counts(rows), history=history, filters=asked.filters,
        areas=list({row.area_code: row for row in rows}.values()), bands=list(Band), statuses=list(Status),
        may_import=guard.by().may(Permission.CATALOGUE_EDIT, here.id), groups=_groups(kept),
        cells=_cells(kept, first, this_year), address=_address(here.code, first, asked.filters),
        chips=_chips(here.code, first, asked),
        others=[o for o in guard.reached_organisations() if o.id != here.id] if not rows else [],
    )  # fmt: skip


def _first(this_year: int) -> int:
    given = request.args.get("from", "")
    known = len(given) == 4 and given.isascii() and given.isdigit() and 2000 <= int(given) <= 2090
    return int(given) if known else this_year - 2


def _groups(rows: list[rules.RollRow]) -> list[tuple[rules.RollRow, list[rules.RollRow]]]:
    found: dict[str, list[rules.RollRow]] = {}
    for row in rows:
        found.setdefault(row.area_code, []).append(row)
    return [(of_area[0], of_area) for of_area in found.values()]


def _cells(rows: list[rules.RollRow], first: int, this_year: int) -> dict[int, list[tuple[bool, str]]]:
    """The years of each sub-process: whether it is this year, and what its cell says."""
    years = [(year, year == this_year) for year in range(first, first + YEARS)]
    return {row.subprocess_id: [(now, rules.cell(row, year, this_year)) for year, now in years] for row in rows}


def _address(code: str, first: int, filters: dict[str, str]) -> dict[str, str]:
    """Links to the same page: one per status, and to the years before and after."""

    def to(start: int, **more: str | None) -> str:
        return _url(start, code, {**filters, **more})

    found = {status.value: to(first, status=status.value) for status in Status}
    return {**found, "before": to(first - 1), "after": to(first + 1), "all": to(first, status=None)}


def _url(first: int, code: str, filters: Mapping[str, str | None]) -> str:
    values: dict[str, Any] = {"from": first, "org": code, **filters}
    return url_for("rotation.plan", **values)


def _chips(code: str, first: int, asked: lists.Asked) -> list[tuple[str, str]]:
    labels = {"area": _("Area"), "band": _("Risk band"), "status": _("Status")}
    words = {member.value: _(member.label) for member in (*Band, *Status)}

    def without(key: str) -> str:
        kept = {other: value for other, value in asked.filters.items() if other != key}
        return _url(first, code, kept)

    return [(f"{labels[key]}: {words.get(value, value)}", without(key)) for key, value in asked.filters.items()]
