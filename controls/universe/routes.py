"""The list of processes, the facts of a process, and changes of structure."""

from collections import defaultdict
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.db import transaction
from controls.base.why import Refused, refuse_if
from controls.identity import queries as people
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation
from controls.universe import actions, forms, queries, rules, structure
from controls.universe.words import DO, MEANS, Kind, Level
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
    shown = [part.id for area in rows for listed in area.processes for part in listed.subprocesses]
    return answer.page(
        "universe/list.html", here=here, rows=rows, figures=figures, asked=asked, several=len(ids) > 1,
        page=lists.Page(rows, figures.matching, figures.subprocesses, asked), chips=_chips(here, asked, figures),
        beside=[(_(one.heading), defaultdict(queries.Cell, one.values(shown, today.year))) for one in queries.BESIDE],
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


# --- Changes of structure ---

LEVELS = ", ".join(Level)
KINDS = ", ".join(DO)


def _one(level: str, code: str) -> Any:
    return queries.by_code(guard.organisation().id, Level(level), code) or abort(404)


@bp.get(f"/catalogue/<any({LEVELS}):level>/<code>")
@guard.allows(Permission.CATALOGUE_READ)
def line(level: str, code: str) -> ResponseReturnValue:
    """What has happened to a line of the catalogue, and what can be done with it."""
    here, row = guard.organisation(), _one(level, code)
    standing = queries.standing_of(row)
    may = guard.by().may(Permission.CATALOGUE_EDIT, here.id)
    return answer.page(
        "universe/line.html", here=here, row=row, level=Level(level), standing=standing,
        changes=queries.changes_of(Level(level), row), offered=structure.offered(standing) if may else [],
        do=DO, means=MEANS, beneath=BENEATH,
    )  # fmt: skip


BENEATH = {Level.AREA: Level.PROCESS, Level.PROCESS: Level.SUBPROCESS}


@bp.get(f"/catalogue/<any({LEVELS}):level>/<code>/<any({KINDS}):kind>")
@guard.allows(Permission.CATALOGUE_EDIT)
def change(level: str, code: str, kind: str) -> ResponseReturnValue:
    """One change of structure, as a form that says what it does."""
    row, by = _one(level, code), guard.by()
    by.must(Permission.CATALOGUE_EDIT, row.organisation_id)
    refuse_if(structure.why_not_offered(Kind(kind), queries.standing_of(row)))
    form = forms.FORMS[Kind(kind)](obj=row)
    form.on.data = by.today
    for name_ in ("code", "name_da", "name_en") if kind in (Kind.CREATED, Kind.MERGED) else ():
        form[name_].data = None
    return _change_page(Level(level), row, Kind(kind), form)


@bp.post(f"/catalogue/<any({LEVELS}):level>/<code>/<any({KINDS}):kind>")
@guard.allows(Permission.CATALOGUE_EDIT)
def take_change(level: str, code: str, kind: str) -> ResponseReturnValue:
    """Make the change, or say at its field why not."""
    row, by, at, what = _one(level, code), guard.by(), Level(level), Kind(kind)
    by.must(Permission.CATALOGUE_EDIT, row.organisation_id)
    form = _filled_in(at, row, what, forms.FORMS[what](request.form))
    return answer.sent(
        form, lambda: _act(at, row, what, form), lambda made: _line_of(at, row, made),
        _("The catalogue was changed: %(code)s was %(what)s.", code=code, what=_(what.label).lower()),
        lambda refused: _change_page(at, row, what, form, refused),
    )  # fmt: skip


def _act(level: Level, row: Any, kind: Kind, form: Any) -> Any:
    """The action of a change, with what was typed."""
    by, said, given = guard.by(), form.said(), (level, row.id, form.version.data)
    match kind:
        case Kind.CREATED:
            return actions.create(by, BENEATH[level], row.id, said, form.named())
        case Kind.RENAMED:
            return actions.rename(by, *given, said, form.name_da.data, form.name_en.data or "")
        case Kind.RECODED:
            return actions.recode(by, *given, said, form.code.data)
        case Kind.MOVED:
            return actions.move(by, *given, said, form.under_id())
        case Kind.TRANSFERRED:
            return actions.transfer(by, *given, said, form.under_id())
        case Kind.SPLIT:
            return actions.split(by, *given[1:], said, form.parts())[0]
        case Kind.MERGED:
            return actions.merge(by, *given[1:], said, form.others.data or [], form.named())
        case Kind.CLOSED:
            return actions.close(by, *given, said)
        case Kind.REOPENED:
            return actions.reopen(by, *given, said)
        case _:
            return actions.mark_changed(by, *given[1:], said)


def _line_of(level: Level, row: Any, made: Any) -> str:
    """The page of what came of it; what went to another organisation is followed from where it was."""
    shown = made if made.organisation_id == row.organisation_id else row
    level = queries.standing_of(shown).level
    return url_for("universe.line", level=level, code=shown.code, org=guard.organisation().code)


def _filled_in(level: Level, row: Any, kind: Kind, form: Any) -> Any:
    """The form with its choices: places, or what can be merged."""
    by, here = guard.by(), row.organisation_id
    if kind in (Kind.MOVED, Kind.TRANSFERRED):
        there = {here} if kind is Kind.MOVED else by.everywhere(Permission.CATALOGUE_EDIT) - {here}
        codes = {one.id: one.code for one in guard.reached_organisations()}
        several = kind is Kind.TRANSFERRED
        form.under.choices = [("", ""), *(
            (str(id), f"{codes[of]} · {code} {_named(da, en)}" if several else f"{code} {_named(da, en)}")
            for of, id, code, da, en in queries.places(level, there & codes.keys(), by.today)
        )]  # fmt: skip
    if kind is Kind.MERGED:
        form.others.choices = [
            (one.id, f"{one.code} {name(one)}") for one in queries.subprocesses_of(row.process_id, by.today)
            if one.id != row.id and one.valid_to is None
        ]  # fmt: skip
    return form


def _named(da: str, en: str) -> str:
    return name(queries.Named(0, "", da, en))


def _change_page(level: Level, row: Any, kind: Kind, form: Any, refused: Refused | None = None) -> ResponseReturnValue:
    around = {
        "here": guard.organisation(), "row": row, "level": level, "kind": kind, "do": DO[kind], "means": MEANS[kind],
        "parts": range(forms.PARTS) if kind is Kind.SPLIT else range(0),
    }  # fmt: skip
    form = _filled_in(level, row, kind, form)
    if refused is None and not form.errors:
        return answer.page("universe/change.html", form, **around)
    saved = forms.FORMS[kind](obj=queries.by_code(row.organisation_id, level, row.code))
    return answer.failed("universe/change.html", form, refused, saved=saved, **around)


@bp.get("/catalogue")
@guard.allows(Permission.CATALOGUE_READ)
def then() -> ResponseReturnValue:
    """The catalogue as it was by the end of an earlier day."""
    here, by = guard.organisation(), guard.by()
    form = forms.Then(request.args if "on" in request.args else None)
    if "on" not in request.args:
        form.on.data = rules.last_year_end(by.today)
    elif not form.validate() or form.on.data is None:
        return answer.failed("universe/then.html", form, here=here, rows=[], day=None)
    day = min(form.on.data or by.today, by.today)
    rows = queries.then(here, day)
    count = sum(len(listed.subprocesses) for part in rows for listed in part.processes)
    return answer.page("universe/then.html", form, here=here, rows=rows, day=day, count=count)
