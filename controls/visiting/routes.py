"""Pages of visiting grants: the list of both houses, one grant with its next step, the short form to ask."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.base.by import By
from controls.base.db import transaction
from controls.base.why import N_, Refused
from controls.identity import queries as identity
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.visits import Visited
from controls.visiting import actions, forms, queries, rules
from controls.web import answer, guard
from controls.web.words import name

bp = Blueprint("visiting", __name__)
ASK, MANAGE = Permission.VISITING_ASK, Permission.ACCOUNT_MANAGE


def address(row: queries.Row) -> str:
    """The page of the place a visitor is lent to."""
    if row.grant.object_type is Visited.REVIEW:
        return url_for("review.show", id=row.grant.object_id)
    if row.grant.object_type is Visited.CYCLE:
        return url_for("assessment.listing", year=row.year, org=row.host.code)
    return url_for("overview.process", code=row.code, org=row.host.code)


@bp.get("/visiting")
@guard.signed_in
def index() -> ResponseReturnValue:
    """Who is lent to whom: coordinators of both houses and administrators see theirs, a visitor the own ones."""
    rows = queries.listing(guard.by())
    return answer.page("visiting/index.html", rows=rows, address=address, here=guard.organisation())


@bp.get("/visiting/<int:id>")
@guard.signed_in
def show(id: int) -> ResponseReturnValue:
    """One grant and its next step."""
    return _shown(id)


def _shown(id: int, form: forms.End | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    by = guard.by()
    row = queries.show(by, id) or abort(404)
    grant, state = row.grant, row.state(by.today)
    lends, manages = by.may(ASK, grant.home_organisation_id), by.may(MANAGE, grant.host_organisation_id)
    prepared = grant.role_asked_by_id
    steps = {
        "lend": lends and not rules.why_not(state, "lend"),
        "prepare": manages and not rules.why_not(state, "prepare") and prepared is None,
        "grant": manages and not rules.why_not(state, "grant") and prepared is not None,
        "end": not rules.why_not(state, "end"),
    }
    may, where = (ASK, grant.home_organisation_id) if steps["lend"] else (MANAGE, row.host.id)
    why = []
    if steps["lend"] or steps["grant"]:
        why = identity.why_not_part(by, Duty.S8, grant, Side.SECOND, permission=may, organisation_id=where)
    context: dict[str, Any] = {
        "row": row, "grant": grant, "state": state, "steps": steps, "why": why, "names": identity.names({
            grant.asked_by_id, grant.agreed_by_id, prepared, grant.granted_by_id, grant.ended_by_id}),
        "href": address(row) if row.stands(by.today) or by.may(Permission.CONTENT_READ, row.host.id) else "",
    }  # fmt: skip
    if form is not None:
        return answer.failed("visiting/show.html", form, refused, **context)
    return answer.page("visiting/show.html", forms.End(version=grant.version), **context)


def _host(place: str) -> identity.Organisation:
    """The organisation that borrows: that of the place the link named, else the page's."""
    kind, _dash, id = place.partition("-")
    known = kind in {one.value for one in Visited} and id.isascii() and id.isdigit() and len(id) < 10
    found = queries.place(Visited(kind), int(id)) if known else None
    if found is None:
        return guard.organisation()
    reached = (one for one in guard.reached_organisations() if one.id == found.organisation_id)
    return next(reached, None) or abort(404)


def _form(host: identity.Organisation, sent: Any = None, given: dict[str, Any] | None = None) -> forms.Ask:
    labels = {kind: _(kind.label) for kind in Visited}
    places = [
        (place.value, f"{labels[place.kind]} {place.code} {name(place)}".rstrip()) for place in queries.places(host.id)
    ]
    borrowed = [
        (str(one.id), f"{one.code}: {one.name} ({', '.join(sorted(role.value for role in one.roles))})")
        for one in queries.lendable(host.id, guard.by().today)
    ]
    return forms.Ask(sent, places, borrowed, data=given)


@bp.get("/visiting/new")
@guard.allows(ASK)
def new() -> ResponseReturnValue:
    """Ask for a person; where somebody lacks, the link has filled in the place and the task."""
    place = request.args.get("place", "")
    host = _host(place)
    given = {"place": place, "task": request.args.get("task"), "valid_from": guard.by().today}
    return _asking(host, _form(host, given=given))


def _asking(host: identity.Organisation, form: forms.Ask, refused: Refused | None = None) -> ResponseReturnValue:
    guard.by().must(ASK, host.id)
    context: dict[str, Any] = {"here": host}
    if refused is not None or form.errors:
        return answer.failed("visiting/new.html", form, refused, **context)
    return answer.page("visiting/new.html", form, **context)


@bp.post("/visiting/new")
@guard.allows(ASK)
def ask() -> ResponseReturnValue:
    """Send the request to the lender."""
    host = guard.organisation()
    form = _form(host, request.form)
    if not form.validate():
        return _asking(host, form)
    try:
        with transaction():
            id = actions.ask(guard.by(), form.values()).id
            return answer.done(url_for(".show", id=id), _("The request is sent to the lender."))
    except Refused as refused:
        return _asking(host, form, refused)


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else abort(400)


def _button(
    verb: str, permission: Permission, act: Callable[[By, int, int | None], object], done: str, fresh: bool = False
) -> None:
    """A step that asks for nothing but the press of a button (and, where it weighs, for a fresh sign-in)."""

    def press(id: int) -> ResponseReturnValue:
        if queries.show(guard.by(), id) is None:
            abort(404)
        version = _version()
        with transaction():
            act(guard.by(), id, version)
            return answer.done(url_for(".show", id=id), _(done))

    press.__name__ = verb
    press.__doc__ = act.__doc__
    bp.post(f"/visiting/<int:id>/{verb}", endpoint=verb)(
        guard.allows(permission)(guard.fresh(press) if fresh else press)
    )


_button("lend", ASK, actions.lend, N_("The person is lent. Two administrators now grant the role."))
_button("prepare", MANAGE, actions.prepare, N_("The role is asked for. Another administrator grants it."))
_button("grant", MANAGE, actions.grant, N_("The visiting role is granted."), fresh=True)


@bp.post("/visiting/<int:id>/end")
@guard.signed_in
def end(id: int) -> ResponseReturnValue:
    """Refuse the request, or end the grant early."""
    if queries.show(guard.by(), id) is None:
        abort(404)
    form = forms.End(request.form)
    if not form.validate():
        return _shown(id, form)
    try:
        with transaction():
            actions.end(guard.by(), id, form.version.data, form.reason.data or "")
            return answer.done(url_for(".show", id=id), _("It is ended."))
    except Refused as refused:
        return _shown(id, form, refused)
