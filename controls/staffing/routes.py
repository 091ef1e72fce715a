"""Pages of staffing: the hand-over queue, owners and deputies, the staffing check, the proposed catalogue."""

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from controls.base.db import transaction
from controls.base.held import KINDS
from controls.base.why import Refused
from controls.identity.permissions import Permission
from controls.planning.board import LIGHT_HOURS, ORDINARY_HOURS
from controls.staffing import actions, check, estimate, forms, queries, rules
from controls.staffing.words import Task
from controls.universe import queries as catalogue
from controls.web import answer, guard, lists

bp = Blueprint("staffing", __name__)
EDIT = Permission.CATALOGUE_EDIT


def _edits() -> Any:
    """The organisation of the page, in which the reader may name owners."""
    here = guard.organisation()
    guard.by().must(EDIT, here.id)
    return here


# --- The hand-over queue -----------------------------------------------------------------------------------------


@bp.get("/settings/handover")
@guard.allows(EDIT)
def handover() -> ResponseReturnValue:
    """What has no owner, and all that one person owns."""
    return _handover()


def _person() -> int | None:
    text = request.args.get("person", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _handover(form: forms.GiveOver | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    here, by, person = _edits(), guard.by(), _person()
    asked = lists.asked(("code",), ("kind", "person"))
    kind = asked.filters.get("kind", "")
    rows = queries.queue(here.id, by.today, person, kind, asked.offset(), asked.limit())
    people = queries.staff(here.id, by.today)
    total = rows[0].total if rows else 0
    context: dict[str, Any] = {
        "here": here, "page": lists.Page(rows, total, total, asked), "kinds": KINDS,
        "counts": queries.counts([here.id], by.today).get(here.id, {}),
        "person": person, "people": [(id, name) for id, name, _username in people], "kind": kind,
        "organisations": [one for one in guard.reached_organisations() if by.may(EDIT, one.id)],
        "href": _href, "address": _address(here.code, asked), "everything": request.args.get("tick") == "all",
    }  # fmt: skip
    if form is None:
        return answer.page("staffing/handover.html", forms.GiveOver(None, context["people"]), **context)
    return answer.failed("staffing/handover.html", form, refused, **context)


def _href(row: queries.Held, org: str) -> str:
    """The page of an object."""
    kind = KINDS[row.kind]
    return url_for(kind.endpoint, code=row.code, org=org) if kind.by_code else url_for(kind.endpoint, id=row.page)


def _address(code: str, asked: lists.Asked, **more: str) -> str:
    filters: dict[str, Any] = {**asked.filters, **more}
    return url_for("staffing.handover", org=code, **filters) + "&"


@bp.post("/settings/handover")
@guard.allows(EDIT)
def give_over() -> ResponseReturnValue:
    """Give over what is ticked."""
    here, by = _edits(), guard.by()
    people = [(id, name) for id, name, _username in queries.staff(here.id, by.today)]
    form = forms.GiveOver(request.form, people)
    if not form.validate():
        return _handover(form)
    keys, to = form.chosen(), form.to.data or ""
    form.names = _names(here.id, keys) if keys else {}
    receiver = int(to) if to.isdigit() else None
    code = here.code
    try:
        with transaction():
            n = actions.give_over(by, here.id, keys, receiver, to == rules.PROPOSED, form.reason.data or "")
            done = ngettext("%(num)d object has a new owner.", "%(num)d objects have a new owner.", n)
            return answer.done(url_for("staffing.handover", org=code), done)
    except Refused as refused:
        return _handover(form, refused)


def _names(organisation_id: int, keys: list[rules.Key]) -> dict[str, str]:
    """What each object is called in a refusal."""
    today = guard.by().today
    owners = {key.owner_id for key in keys if key.owner_id}
    rows = queries.queue(organisation_id, today, limit=queries.EVERYTHING)
    rows += [row for owner in owners for row in queries.queue(organisation_id, today, owner, limit=queries.EVERYTHING)]
    codes = {(row.kind, row.id): row.code for row in rows}
    return {key.value: codes.get((key.kind, key.id), str(key.id)) for key in keys}


# --- Owners and deputies -----------------------------------------------------------------------------------------


@bp.get("/settings/owners")
@guard.allows(EDIT)
def owners() -> ResponseReturnValue:
    """One row for each process: who owns it and who is deputy."""
    here = _edits()
    rows = queries.owners(here.id, guard.by().today)
    return _owners(here, forms.Owners(None, rows), rows)


def _owners(
    here: Any, form: forms.Owners, rows: list[queries.Owned], refused: Refused | None = None, failed: bool = False
) -> ResponseReturnValue:  # fmt: skip
    context: dict[str, Any] = {
        "here": here, "rows": rows, "people": queries.staff(here.id, guard.by().today), "label": rules.label,
        "owned": sum(1 for row in rows if row.owner),
    }  # fmt: skip
    if failed:
        return answer.failed("staffing/owners.html", form, refused, **context)
    return answer.page("staffing/owners.html", form, **context)


@bp.post("/settings/owners")
@guard.allows(EDIT)
def name_owners() -> ResponseReturnValue:
    """Save the rows that differ, all or none."""
    here, by = _edits(), guard.by()
    rows = queries.owners(here.id, by.today)
    form = forms.Owners(request.form, rows)
    readable = form.validate()
    named = form.named(queries.staff(here.id, by.today)) if readable else []
    if not readable or form.problems():
        return _owners(here, form, rows, failed=True)
    code = here.code
    try:
        with transaction():
            n = actions.name_owners(by, here.id, [actions.Named(*row) for row in named])
            done = ngettext("%(num)d process was changed.", "%(num)d processes were changed.", n)
            return answer.done(url_for("staffing.owners", org=code), done)
    except Refused as refused:
        return _owners(_edits(), form, rows, refused, failed=True)


# --- The staffing check ------------------------------------------------------------------------------------------


@bp.get("/settings/staffing")
@guard.allows(Permission.CATALOGUE_READ)
def staffing() -> ResponseReturnValue:
    """Per process, who may fill in, approve, test and quality-review; where nobody may, whom to borrow."""
    here, by = guard.organisation(), guard.by()
    by.must(Permission.CATALOGUE_READ, here.id)
    found = queries.check(here.id, by.today)
    asked = lists.asked(("code",), ("only",))
    seen, cycle = queries.seen(here.id, by.today.year)
    rows = [row for row in found.rows if row.able.gaps] if asked.filters.get("only") else found.rows
    return answer.page(
        "staffing/staffing.html", here=here, found=found, rows=rows, columns=list(Task), asked=asked,
        short=check.short(row.able for row in found.rows), lacking=check.lacking(found.staff),
        seen=seen, borrowed=queries.BORROWED, cycle=cycle,
        often=check.often(row.able for row in found.rows) if cycle else [],
    )  # fmt: skip


@bp.post("/settings/staffing")
@guard.allows(EDIT)
def look_at_staffing() -> ResponseReturnValue:
    """Say that the staffing of the year was looked at."""
    here = _edits()
    code = here.code
    with transaction():
        actions.look_at_staffing(guard.by(), here.id)
        return answer.done(url_for("staffing.staffing", org=code), _("It is noted that you have seen the staffing."))


# --- The proposed catalogue, and earlier reviews -----------------------------------------------------------------


@bp.get("/settings/proposed")
@guard.allows(EDIT)
def proposed() -> ResponseReturnValue:
    """Tick away what the organisation does not have of the proposed catalogue."""
    here, by = _edits(), guard.by()
    offered = queries.offered()
    kept = queries.chosen_before(here.id, by.person_id) or {one.entry.subprocess_code for one in offered}
    return _proposed(here, forms.Keep(), offered, kept)


def _proposed(
    here: Any, form: forms.Keep, offered: list[queries.Offered], kept: set[str], refused: Refused | None = None
) -> ResponseReturnValue:  # fmt: skip
    areas: dict[str, dict[str, list[queries.Offered]]] = {}
    for one in offered:
        areas.setdefault(one.entry.area_code, {}).setdefault(one.entry.process_code, []).append(one)
    context: dict[str, Any] = {
        "here": here, "areas": areas, "kept": kept, "ordinary": ORDINARY_HOURS, "light": LIGHT_HOURS,
        "all": estimate.estimate(one.load for one in offered), "parts": estimate.PARTS,
        "now": estimate.estimate(one.load for one in offered if one.entry.subprocess_code in kept),
        "taken_in": catalogue.has_processes(here.id),
    }  # fmt: skip
    if refused is not None:
        return answer.failed("staffing/proposed.html", form, refused, **context)
    return answer.page("staffing/proposed.html", form, **context)


@bp.post("/settings/proposed")
@guard.allows(EDIT)
def keep_proposed() -> ResponseReturnValue:
    """Show what the choice takes, or let the catalogue wait for another to confirm it."""
    here, form, offered = _edits(), forms.Keep(request.form), queries.offered()
    kept = form.kept({one.entry.subprocess_code for one in offered})
    if form.show.data:
        return _proposed(here, form, offered, kept)
    try:
        with transaction():
            id = actions.keep_draft(guard.by(), here.id, kept)
            return answer.done(url_for("papers.catalogue_file", id=id))
    except Refused as refused:
        return _proposed(_edits(), form, offered, kept, refused)


@bp.post("/settings/no-history")
@guard.allows(EDIT)
def no_history() -> ResponseReturnValue:
    """Say that there are no earlier reviews."""
    here = _edits()
    code = here.code
    with transaction():
        actions.answer_none(guard.by(), here.id)
        return answer.done(f"/?org={code}", _("It is noted that you have no earlier reviews."))
