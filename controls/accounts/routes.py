"""Pages of accounts: users and roles, stand-ins, exceptions of the chair, the register of keepers."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from controls.accounts import actions, forms, queries
from controls.base.db import transaction
from controls.base.form import BaseForm
from controls.base.why import Refused
from controls.identity import actions as identity
from controls.identity import queries as people
from controls.identity.actions import end_sign_ins as end_sign_ins_of
from controls.identity.duties import RULES, Duty
from controls.identity.permissions import Permission, Role
from controls.identity.words import KeeperKind
from controls.web import answer, guard
from controls.web.words import name

bp = Blueprint("accounts", __name__)
P = Permission
Pairs = list[tuple[str, str]]


def _organisations(permission: Permission) -> Pairs:
    reach = guard.by().everywhere(permission)
    return [(str(one.id), f"{one.code} {name(one)}") for one in guard.reached_organisations() if one.id in reach]


def _people(reach: frozenset[int], without: int | None = None) -> Pairs:
    listed = people.people(reach, on=guard.by().today)
    return [(str(p.id), f"{p.name}, {p.unit}" if p.unit else p.name) for p in listed if p.id != without]


def _house() -> frozenset[int]:
    """The organisations of the reader's house: the own one, those above it and those below."""
    own = guard.organisation()
    return frozenset(
        one.id for one in people.organisations()
        if one.path.startswith(own.path) or own.path.startswith(one.path)
    )  # fmt: skip


def _version() -> int:
    typed = request.form.get("row_version") or request.form.get("version") or "0"
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _do(act: Callable[[], object], to: str, text: str) -> ResponseReturnValue:
    with transaction():
        act()
        return answer.done(to, text)


# --- users and roles ---------------------------------------------------------------------------------------------


@bp.get("/users")
@guard.allows(P.ACCOUNT_READ)
def users() -> ResponseReturnValue:
    """Who can sign in and holds what; requests that wait come first."""
    by = guard.by()
    return answer.page("accounts/users.html", accounts=queries.accounts(by), requests=queries.requests(by))


@bp.get("/users/new")
@guard.allows(P.ACCOUNT_MANAGE)
def new_user() -> ResponseReturnValue:
    """A new account."""
    return answer.page("accounts/new.html", forms.NewPerson(None, _organisations(P.ACCOUNT_MANAGE)))


@bp.post("/users/new")
@guard.allows(P.ACCOUNT_MANAGE)
@guard.fresh
def add_user() -> ResponseReturnValue:
    """Save the account; its roles are asked for afterwards."""
    form = forms.NewPerson(request.form, _organisations(P.ACCOUNT_MANAGE))

    def act() -> int:
        return identity.add_person(
            guard.by(), form.username.data or "", form.name.data or "", int(form.organisation_id.data or 0),
            password=form.password.data or None, title=form.title.data or "", unit=form.unit.data or "",
            email=form.email.data or "",
        ).id  # fmt: skip

    return answer.sent(
        form, act, lambda id: url_for(".user", id=id), _("The account was made. Ask for its roles now."),
        lambda refused: answer.failed("accounts/new.html", form, refused),
    )  # fmt: skip


@bp.get("/users/<int:id>")
@guard.allows(P.ACCOUNT_READ)
def user(id: int) -> ResponseReturnValue:
    """One person: roles, requests, stand-ins, second account."""
    return _user(id)


def _user(id: int, sent: BaseForm | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    by = guard.by()
    person, first, sign_ins, grants = queries.account_in_full(by, id) or abort(404)
    manages, asks = by.may(P.ACCOUNT_MANAGE, person.organisation_id), by.may(P.ROLE_ASK, person.organisation_id)
    given = {type(sent): sent}
    here = _people(frozenset({person.organisation_id}), person.id) if manages else []
    asked, why_not = queries.requests_for(by, person.id)
    context: dict[str, Any] = {
        "person": person, "manages": manages, "asks": asks, "grants": grants, "asked": asked,
        "home": next((one.code for one in guard.reached_organisations() if one.id == person.organisation_id), ""),
        "closed": person.valid_to is not None and person.valid_to < by.today, "why_not": why_not,
        "stand_ins": queries.stand_ins(person.id),
        "sign_ins": sign_ins if manages else [], "first": first,
        "ask": given.get(forms.AskRole) or forms.AskRole(None, _organisations(P.ROLE_ASK)),
        "same": given.get(forms.SamePerson) or forms.SamePerson(None, here, version=person.version),
        "stand_in": given.get(forms.ChooseStandIn) or forms.ChooseStandIn(None, here, valid_from=by.today),
    }  # fmt: skip
    if sent is not None:
        return answer.failed("accounts/user.html", sent, refused, **context)
    return answer.page("accounts/user.html", **context)


def _on_user(id: int, form: BaseForm, act: Callable[[], object], text: str) -> ResponseReturnValue:
    return answer.sent(form, act, url_for(".user", id=id), text, lambda refused: _user(id, form, refused))


@bp.post("/users/<int:id>/roles")
@guard.allows(P.ROLE_ASK)
def ask_role(id: int) -> ResponseReturnValue:
    """Ask for a role for this person."""
    form = forms.AskRole(request.form, _organisations(P.ROLE_ASK))
    return _on_user(
        id, form,
        lambda: actions.ask_role(guard.by(), id, Role(form.role.data), int(form.organisation_id.data or 0),
                                 form.reason.data or "", form.valid_to.data),
        _("The role was asked for. Another administrator approves it."),
    )  # fmt: skip


@bp.post("/users/<int:id>/requests/<int:request_id>/approve")
@guard.allows(P.ACCOUNT_MANAGE)
@guard.fresh
def approve_role(id: int, request_id: int) -> ResponseReturnValue:
    """Approve a role as the second person."""
    queries.account(guard.by(), id) or abort(404)
    act = lambda: actions.approve_role(guard.by(), request_id, _version())  # noqa: E731
    return _do(act, url_for(".user", id=id), _("The role was approved. It holds from now."))


@bp.post("/users/<int:id>/requests/<int:request_id>/refuse")
@guard.allows(P.ACCOUNT_MANAGE)
def refuse_role(id: int, request_id: int) -> ResponseReturnValue:
    """Say no to a request."""
    queries.account(guard.by(), id) or abort(404)
    act = lambda: actions.refuse_role(guard.by(), request_id, _version(), request.form.get("note", "")[:1000])  # noqa: E731
    return _do(act, url_for(".user", id=id), _("The request was refused."))


@bp.post("/users/<int:id>/roles/<int:grant_id>/end")
@guard.allows(P.ACCOUNT_MANAGE)
@guard.fresh
def end_role(id: int, grant_id: int) -> ResponseReturnValue:
    """End a role."""
    queries.account(guard.by(), id) or abort(404)
    return _do(
        lambda: actions.end_role(guard.by(), grant_id, _version()), url_for(".user", id=id), _("The role has ended.")
    )


@bp.post("/users/<int:id>/sign-ins/end")
@guard.allows(P.ACCOUNT_MANAGE)
@guard.fresh
def end_sign_ins(id: int) -> ResponseReturnValue:
    """End all sign-ins of a person."""
    queries.account(guard.by(), id) or abort(404)
    return _do(
        lambda: end_sign_ins_of(guard.by(), id), url_for(".user", id=id), _("The person is signed out everywhere.")
    )


@bp.get("/users/<int:id>/close")
@guard.allows(P.ACCOUNT_MANAGE)
def closing(id: int) -> ResponseReturnValue:
    """What closing an account leads to, and what the person answers for."""
    return _closing(id)


def _closing(id: int, sent: forms.Close | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    by = guard.by()
    person = queries.account(by, id) or abort(404)
    by.must(P.ACCOUNT_MANAGE, person.organisation_id)
    owned = queries.owned(id, by.today)
    number = sum(of_kind for _kind, of_kind in owned)
    form = forms.Close(version=person.version, told=number)
    if sent is not None:
        return answer.failed("accounts/close.html", sent, refused, person=person, owned=owned, close=form)
    return answer.page("accounts/close.html", form, person=person, owned=owned, close=form)


@bp.post("/users/<int:id>/close")
@guard.allows(P.ACCOUNT_MANAGE)
@guard.fresh
def close_account(id: int) -> ResponseReturnValue:
    """Close an account, told what the person answers for."""
    queries.account(guard.by(), id) or abort(404)
    form = forms.Close(request.form)
    return answer.sent(
        form, lambda: actions.close_account(guard.by(), id, form.version.data, form.told.data or 0),
        url_for(".user", id=id), _("The account is closed."), lambda refused: _closing(id, form, refused),
    )  # fmt: skip


@bp.post("/users/<int:id>/same-person")
@guard.allows(P.ACCOUNT_MANAGE)
@guard.fresh
def same_person(id: int) -> ResponseReturnValue:
    """Tell whose second account this is."""
    person = queries.account(guard.by(), id) or abort(404)
    form = forms.SamePerson(request.form, _people(frozenset({person.organisation_id}), id))
    act = lambda: actions.tell_same_person(guard.by(), id, form.version.data, int(form.first_id.data or 0))  # noqa: E731
    return _on_user(id, form, act, _("The two accounts count as one person from now."))


@bp.post("/users/<int:id>/stand-in")
@guard.allows(P.ACCOUNT_MANAGE)
@guard.fresh
def stand_in_for(id: int) -> ResponseReturnValue:
    """Choose a stand-in for somebody who is away."""
    person = queries.account(guard.by(), id) or abort(404)
    form = forms.ChooseStandIn(request.form, _people(frozenset({person.organisation_id}), id))
    return _on_user(id, form, lambda: _choose(id, form), _("The stand-in was chosen."))


def _choose(person_id: int, form: forms.ChooseStandIn) -> object:
    return actions.choose_stand_in(
        guard.by(), person_id, int(form.stand_in_id.data or 0), form.valid_from.data or guard.by().today,
        form.valid_to.data, form.reason.data or "",
    )  # fmt: skip


# --- one's own stand-ins -----------------------------------------------------------------------------------------


@bp.get("/me/stand-ins")
@guard.signed_in
def stand_ins() -> ResponseReturnValue:
    """Who stands in for me, and for whom I stand in."""
    return _stand_ins()


def _stand_ins(form: forms.ChooseStandIn | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    by, me = guard.by(), guard.person()
    context: dict[str, Any] = {
        "mine": queries.stand_ins(me.id), "others": queries.stand_ins(me.id, of=False),
        "acting": guard.sign_in_row().standing_in_id,
    }  # fmt: skip
    if form is not None:
        return answer.failed("accounts/stand_ins.html", form, refused, **context)
    choices = _people(frozenset({me.organisation_id}), me.id)
    return answer.page("accounts/stand_ins.html", forms.ChooseStandIn(None, choices, valid_from=by.today), **context)


@bp.post("/me/stand-ins")
@guard.signed_in
@guard.fresh
def choose_stand_in() -> ResponseReturnValue:
    """Choose who stands in for me."""
    me = guard.person()
    form = forms.ChooseStandIn(request.form, _people(frozenset({me.organisation_id}), me.id))
    act, text = lambda: _choose(me.id, form), _("The stand-in was chosen.")
    return answer.sent(form, act, url_for(".stand_ins"), text, lambda refused: _stand_ins(form, refused))


@bp.post("/me/stand-ins/<int:id>/end")
@guard.signed_in
def end_stand_in(id: int) -> ResponseReturnValue:
    """End a stand-in."""
    to = answer.here(request.form.get("next") or url_for(".stand_ins"))
    return _do(lambda: actions.end_stand_in(guard.by(), id, _version()), to, _("The stand-in has ended."))


@bp.post("/me/acting")
@guard.signed_in
def act_for() -> ResponseReturnValue:
    """Act as somebody's stand-in, or as oneself again."""
    typed = request.form.get("stand_in", "")
    id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None
    text = _("You act as stand-in now.") if id else _("You act for yourself again.")
    return _do(lambda: actions.act_for(guard.by(), guard.sign_in_row(), id), "/", text)


# --- exceptions of the chair -------------------------------------------------------------------------------------


@bp.get("/exceptions")
@guard.allows(P.CONTENT_READ)
def exceptions() -> ResponseReturnValue:
    """Who is excepted from which rule, until when, and the form by which the chair grants it."""
    return _exceptions()


def _exceptions(form: forms.Except | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    by, here = guard.by(), guard.organisation()
    grants = by.may(P.EXCEPTION_GRANT, here.id)
    context: dict[str, Any] = {
        "rows": queries.exceptions(guard.organisations()), "grants": grants, "rules": RULES, "here": here,
    }  # fmt: skip
    if form is not None:
        return answer.failed("accounts/exceptions.html", form, refused, **context)
    form = forms.Except(None, _people(_house(), by.person_id), valid_from=by.today) if grants else forms.Except()
    return answer.page("accounts/exceptions.html", form, **context)


@bp.post("/exceptions")
@guard.allows(P.EXCEPTION_GRANT)
@guard.fresh
def grant_exception() -> ResponseReturnValue:
    """Grant an exception."""
    by, here = guard.by(), guard.organisation()
    form = forms.Except(request.form, _people(_house(), by.person_id))
    at = here.id
    return answer.sent(
        form, lambda: actions.grant_exception(
            by, at, Duty(form.duty.data), int(form.person_id.data or 0), form.valid_from.data or by.today,
            form.valid_to.data, form.reason.data or ""),
        url_for(".exceptions", org=here.code), _("The exemption was granted."),
        lambda refused: _exceptions(form, refused),
    )  # fmt: skip


@bp.post("/exceptions/<int:id>/end")
@guard.allows(P.EXCEPTION_GRANT)
@guard.fresh
def end_exception(id: int) -> ResponseReturnValue:
    """End an exception."""
    act = lambda: actions.end_exception(guard.by(), id, _version())  # noqa: E731
    return _do(act, url_for(".exceptions"), _("The exemption has ended."))


# --- the register of keepers -------------------------------------------------------------------------------------


@bp.get("/keepers")
@guard.allows(P.ACCOUNT_READ)
def keepers() -> ResponseReturnValue:
    """Who administers the database and who keeps checkpoints outside the house."""
    return _keepers()


def _keepers(form: forms.NewKeeper | None = None, refused: Refused | None = None) -> ResponseReturnValue:
    by, here = guard.by(), guard.organisation()
    manages = by.may(P.ACCOUNT_MANAGE, here.id)
    context: dict[str, Any] = {"rows": queries.keepers(guard.organisations()), "manages": manages, "here": here}
    if form is not None:
        return answer.failed("accounts/keepers.html", form, refused, **context)
    return answer.page("accounts/keepers.html", forms.NewKeeper(None, _people(_house())), **context)


@bp.post("/keepers")
@guard.allows(P.ACCOUNT_MANAGE)
@guard.fresh
def add_keeper() -> ResponseReturnValue:
    """Enter somebody in the register."""
    here, form = guard.organisation(), forms.NewKeeper(request.form, _people(_house()))
    at = here.id
    return answer.sent(
        form, lambda: actions.add_keeper(
            guard.by(), at, KeeperKind(form.kind.data), form.name.data or "", form.place.data or "",
            int(form.person_id.data) if form.person_id.data else None),
        url_for(".keepers", org=here.code), _("The register was changed."), lambda refused: _keepers(form, refused),
    )  # fmt: skip


@bp.post("/keepers/<int:id>/end")
@guard.allows(P.ACCOUNT_MANAGE)
@guard.fresh
def end_keeper(id: int) -> ResponseReturnValue:
    """End an entry of the register."""
    act = lambda: actions.end_keeper(guard.by(), id, _version())  # noqa: E731
    return _do(act, url_for(".keepers"), _("The register was changed."))
