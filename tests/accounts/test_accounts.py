"""Roles by two, stand-ins with the reach of one, exceptions of the chair, second accounts, the register of keepers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from controls.accounts import actions, queries
from controls.base.audit import EventRow
from controls.base.by import By
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity import actions as identity
from controls.identity import queries as people
from controls.identity.duties import FIXED, Duty
from controls.identity.permissions import Permission, Role
from controls.identity.tables import Part, RoleGrant, RoleRequest, StandIn
from controls.identity.words import KeeperKind, RequestState
from tests import make
from tests.photograph import photographed
from tests.speed.counting import counted

LATER = make.NOW.date() + timedelta(days=100)
PEOPLE = {"adam": Role.ADM, "anna": Role.ADM, "gerd": Role.GRP, "olga": Role.OWN, "viggo": Role.VDC, "aud": Role.AUD}


class House:
    """An agency with people of several roles."""

    def __init__(self) -> None:
        self.home = make.organisation()
        self.people = {name: make.person(name, role, self.home) for name, role in PEOPLE.items()}
        self.people["new"] = make.person("new", None, self.home)

    def by(self, name: str) -> By:
        """The author that a person is."""
        return make.by(self.people[name])

    def id(self, name: str) -> int:
        """The id of a person."""
        return self.people[name].id


@pytest.fixture
def house(app: Flask) -> House:
    """The agency."""
    return photographed(House)()


def do(act: Any, *given: Any, **more: Any) -> Any:
    """An action in a transaction of its own."""
    with transaction():
        return act(*given, **more)


def why(act: Any, *given: Any) -> list[str]:
    """The codes of its refusal."""
    with pytest.raises(Refused) as error:
        do(act, *given)
    return [reason.code for reason in error.value.reasons]


def ask(house: House, who: str, whom: str, role: Role) -> RoleRequest:
    """A request for a role."""
    made: RoleRequest = do(actions.ask_role, house.by(who), house.id(whom), role, house.home.id, "Ny opgave")
    return made


def test_a_role_takes_two(house: House) -> None:
    asked = ask(house, "adam", "new", Role.CTL)
    assert people.held(house.id("new"), make.NOW.date()) == []
    assert why(actions.approve_role, house.by("adam"), asked.id, None) == ["sod_conflict"]
    assert why(actions.approve_role, house.by("gerd"), asked.id, None) == ["forbidden"]
    do(actions.approve_role, house.by("anna"), asked.id, None)
    assert people.held(house.id("new"), make.NOW.date()) == [(Role.CTL, house.home.id)]
    assert why(actions.approve_role, house.by("anna"), asked.id, None) == ["wrong_state"]
    names = db.session.scalars(select(EventRow.action).order_by(EventRow.seq.desc()).limit(2)).all()
    assert names == ["identity.role_approved", "identity.role_granted"]


def test_the_page_of_an_account_asks_once_for_all_requests(client: FlaskClient, house: House) -> None:
    """At most eight queries, however many of the requests the reader may not approve."""
    asked = []
    for role in (Role.CTL, Role.OWN, Role.SEC):
        ask(house, "adam", "new", role)
        make.signed_in(client, house.people["adam"])
        path = f"/users/{house.id('new')}"
        client.get(path)
        with counted(db.engine) as few:
            assert client.get(path).status_code == 200
        asked.append(len(few))
    assert asked == [asked[0]] * 3 and asked[0] <= 8


def test_an_administrator_gets_no_role_he_approves(house: House) -> None:
    """Nobody gives a role alone, and the line asks for none."""
    third = make.person("third", None, house.home)
    asked = do(actions.ask_role, house.by("gerd"), third.id, Role.ADM, house.home.id, "Vagt")
    do(actions.approve_role, house.by("adam"), asked.id, None)
    assert why(identity.grant_role, house.by("adam"), house.id("new"), Role.CTL, house.home.id) == ["forbidden"]
    assert why(actions.ask_role, house.by("gerd"), house.id("anna"), Role.CTL, house.home.id, "x") == ["sod_conflict"]
    assert why(actions.ask_role, house.by("olga"), house.id("new"), Role.CTL, house.home.id, "x") == ["forbidden"]


def test_an_administrator_holds_no_business_role_ever(house: House) -> None:
    """S9 after the role has ended, and on a second account."""
    grant = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == house.id("adam"))).one()
    do(actions.end_role, house.by("anna"), grant.id, None)
    assert people.held(house.id("adam"), make.NOW.date()) == []
    assert why(actions.ask_role, house.by("anna"), house.id("adam"), Role.CTL, house.home.id, "x") == ["sod_conflict"]
    do(actions.tell_same_person, house.by("anna"), house.id("new"), None, house.id("adam"))
    assert why(actions.ask_role, house.by("anna"), house.id("new"), Role.CTL, house.home.id, "x") == ["sod_conflict"]


def test_a_stand_in_has_the_reach_of_one_and_counts_as_both(house: House) -> None:
    row = do(actions.choose_stand_in, house.by("olga"), house.id("olga"), house.id("gerd"), make.NOW.date(), LATER, "x")
    acting = people.by_of(house.people["gerd"], make.NOW, make.NOW.date(), principal=house.people["olga"])
    assert acting.persons == (house.id("gerd"), house.id("olga")) and acting.own_id == house.id("olga")
    assert not acting.may(Permission.ASSESSMENT_CALIBRATE) and acting.may(Permission.ASSESSMENT_FILL)
    assert acting.reach == house.by("olga").reach
    with transaction():
        sign_in = identity.sign_in(house.by("gerd"), house.people["gerd"], "test")
        actions.act_for(house.by("gerd"), sign_in, row.id)
        token = sign_in.token
    live = people.live_sign_in(token, make.NOW, make.NOW.date())
    assert (
        live and live.principal and live.principal.id == house.id("olga") and {r for r, _ in live.roles} == {Role.OWN}
    )
    do(actions.end_stand_in, house.by("olga"), row.id, None)
    live = people.live_sign_in(token, make.NOW, make.NOW.date())
    assert live and live.principal is None and {r for r, _ in live.roles} == {Role.GRP}


def test_nobody_chooses_or_acts_for_others(house: House) -> None:
    given = (house.id("olga"), house.id("gerd"), make.NOW.date(), LATER, "Ferie")
    assert why(actions.choose_stand_in, house.by("gerd"), *given) == ["forbidden"]
    row = do(actions.choose_stand_in, house.by("adam"), *given)
    with transaction():
        sign_in = identity.sign_in(house.by("viggo"), house.people["viggo"], "test")
    assert why(actions.act_for, house.by("viggo"), sign_in, row.id) == ["forbidden"]
    assert why(actions.end_stand_in, house.by("gerd"), row.id, None) == ["not_found"]
    late = (house.id("olga"), house.id("gerd"), make.NOW.date(), make.NOW.date() + timedelta(days=400), "Ferie")
    assert why(actions.choose_stand_in, house.by("olga"), *late) == ["accounts.too_long"]
    assert why(actions.choose_stand_in, house.by("olga"), house.id("olga"), house.id("olga"), make.NOW.date(), LATER,
               "x") == ["accounts.own_stand_in"]  # fmt: skip


def test_administrators_stand_in_among_themselves(house: House) -> None:
    given = (make.NOW.date(), LATER, "Ferie")
    assert why(actions.choose_stand_in, house.by("adam"), house.id("adam"), house.id("gerd"), *given) == [
        "accounts.mixed"
    ]
    assert why(actions.choose_stand_in, house.by("olga"), house.id("olga"), house.id("adam"), *given) == [
        "accounts.mixed"
    ]
    do(actions.choose_stand_in, house.by("adam"), house.id("adam"), house.id("anna"), *given)
    do(actions.choose_stand_in, house.by("adam"), house.id("adam"), house.id("new"), *given)
    assert why(actions.ask_role, house.by("anna"), house.id("new"), Role.CTL, house.home.id, "x") == ["sod_conflict"]


def test_events_tell_on_whose_behalf(house: House) -> None:
    acting = people.by_of(house.people["gerd"], make.NOW, make.NOW.date(), principal=house.people["olga"])
    do(identity.choose_language, acting, "en")
    row = db.session.scalars(select(EventRow).order_by(EventRow.seq.desc()).limit(1)).one()
    assert (row.person_id, row.on_behalf_of, row.role) == (house.id("gerd"), house.id("olga"), "OWN")


@pytest.mark.parametrize("duty", Duty)
def test_the_chair_excepts_for_a_time(house: House, duty: Duty) -> None:
    given = (house.home.id, duty, house.id("gerd"), make.NOW.date(), LATER, "Vi er fire")
    if duty in FIXED:
        assert why(actions.grant_exception, house.by("viggo"), *given) == ["accounts.fixed"]
        return
    assert why(actions.grant_exception, house.by("adam"), *given) == ["forbidden"]
    own = (house.home.id, duty, house.id("viggo"), make.NOW.date(), LATER, "x")
    assert why(actions.grant_exception, house.by("viggo"), *own) == ["accounts.own_exception"]
    row = do(actions.grant_exception, house.by("viggo"), *given)
    assert people.excepted(duty, [house.id("gerd")], house.home.id, make.NOW.date()) == {house.id("gerd"): row.id}
    assert people.excepted(duty, [house.id("gerd")], house.home.id, LATER + timedelta(days=1)) == {}
    do(actions.end_exception, house.by("viggo"), row.id, None)
    assert people.excepted(duty, [house.id("gerd")], house.home.id, make.NOW.date()) == {}


def test_nobody_keeps_what_he_could_rewrite(house: House) -> None:
    """S16, by account and by name."""
    add = actions.add_keeper
    do(add, house.by("adam"), house.home.id, KeeperKind.DATABASE, "", "db1", house.id("new"))
    do(add, house.by("adam"), house.home.id, KeeperKind.CHECKPOINTS, "Revi Sor", "Rigsrevisionen", None)
    assert why(add, house.by("adam"), house.home.id, KeeperKind.CHECKPOINTS, "", "", house.id("new")) == [
        "sod_conflict"
    ]
    assert why(add, house.by("adam"), house.home.id, KeeperKind.DATABASE, "revi  sor", "", None) == ["sod_conflict"]
    assert why(add, house.by("adam"), house.home.id, KeeperKind.DATABASE, " ", "", None) == ["field_required"]
    do(actions.tell_same_person, house.by("adam"), house.id("aud"), None, house.id("new"))
    assert why(add, house.by("adam"), house.home.id, KeeperKind.CHECKPOINTS, "", "", house.id("aud")) == [
        "sod_conflict"
    ]


def test_a_second_account_brings_its_parts(house: House) -> None:
    asked = ask(house, "adam", "new", Role.CTL)
    do(actions.tell_same_person, house.by("anna"), house.id("adam"), None, house.id("anna"))
    assert why(actions.approve_role, house.by("anna"), asked.id, None) == ["sod_conflict"]
    parts = db.session.scalars(select(Part.person_id).where(Part.duty == Duty.S8)).all()
    assert house.id("anna") in parts


def test_a_closed_account_is_out_at_once(client: FlaskClient, house: House) -> None:
    make.signed_in(client, house.people["olga"])
    assert client.get("/me").status_code == 200
    do(actions.close_account, house.by("adam"), house.id("olga"), None)
    assert client.get("/me").status_code == 401
    assert why(actions.close_account, house.by("adam"), house.id("adam"), None) == ["accounts.own_account"]


def test_pages_from_asking_to_acting(client: FlaskClient, house: House) -> None:
    make.signed_in(client, house.people["adam"])
    assert client.get("/users").status_code == 200
    data = {"organisation_id": house.home.id, "name": "Nils Ny", "username": "nils", "password": "mange blade falder"}
    made = client.post("/users/new", data=data)
    assert made.status_code == 303
    assert client.post("/users/new", data=data).status_code == 422
    url = made.location
    asked = {"role": "CTL", "organisation_id": house.home.id, "reason": "Ny opgave"}
    assert client.post(f"{url}/roles", data=asked).status_code == 303
    assert client.post(f"{url}/roles", data={**asked, "reason": ""}).status_code == 422
    request = db.session.scalars(select(RoleRequest)).one()
    assert client.post(f"{url}/requests/{request.id}/approve", data={"row_version": 1}).status_code == 403
    assert "Anna" in client.get(url).text
    make.signed_in(client, house.people["anna"])
    assert client.post(f"{url}/requests/{request.id}/approve", data={"row_version": 1}).status_code == 303
    assert db.session.scalars(select(RoleRequest)).one().state is RequestState.APPROVED
    make.signed_in(client, house.people["olga"])
    chosen = {"stand_in_id": house.id("gerd"), "valid_from": "17.3.2026", "valid_to": "1.5.2026", "reason": "Ferie"}
    assert client.post("/me/stand-ins", data={**chosen, "valid_to": "1.5.2028"}).status_code == 422
    assert client.post("/me/stand-ins", data=chosen).status_code == 303
    make.signed_in(client, house.people["gerd"])
    row = db.session.scalars(select(StandIn)).one()
    assert client.post("/me/acting", data={"stand_in": row.id}).status_code == 303
    page = client.get("/me/stand-ins").text
    assert "Du handler som stedfortræder for Olga." in page
    assert client.get("/users").status_code == 403, "no more than the one stood in for"
    assert client.post("/me/acting", data={}).status_code == 303
    assert client.get("/users").status_code == 200
    make.signed_in(client, house.people["viggo"])
    given = {"duty": "S5", "person_id": house.id("gerd"), "valid_from": "17.3.2026", "valid_to": "1.5.2026",
             "reason": "Sekretariatet skrev"}  # fmt: skip
    assert client.post("/exceptions", data=given).status_code == 303
    assert client.post("/exceptions", data={**given, "duty": "S3"}).status_code == 422
    assert "Sekretariatet skrev" in client.get("/exceptions").text
    (one,) = queries.exceptions(frozenset({house.home.id}))
    assert client.post(f"/exceptions/{one.row.id}/end", data={"row_version": 1}).status_code == 303
    make.signed_in(client, house.people["aud"])
    assert client.get("/keepers").status_code == client.get("/users").status_code == 200


def test_by_of_a_stand_in_is_told_in_replace(house: House) -> None:
    by = replace(house.by("gerd"), reason="x")
    assert by.persons == (house.id("gerd"),)
