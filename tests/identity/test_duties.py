"""The ledger of parts: one person on one side of a rule, on both databases, at once, and by plain SQL."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from controls.base import audit
from controls.base.audit import EventRow
from controls.base.by import By
from controls.base.db import db, saved, transaction
from controls.base.why import Refused
from controls.identity import actions, queries
from controls.identity.duties import FIXED, RULES, Duty, Side
from controls.identity.permissions import Permission, Role
from controls.identity.tables import DutyException, Organisation, Part, Person
from tests import make

ACT = audit.declare("test.act", "Act")
ON_HOME = Part.object_type == "identity_organisation"
HERE = select(Part.exception_id).where(ON_HOME)
SIDES = ((Side.FIRST, Side.SECOND), (Side.SECOND, Side.FIRST))


@pytest.fixture
def home(app: Flask) -> Organisation:
    """An agency with three people."""
    home = make.organisation()
    for name in ("ann", "bo", "chief"):
        make.person(name, Role.VDC if name == "chief" else Role.GRP, home)
    return home


def by(name: str) -> By:
    """The author that a person is."""
    found = queries.person(name)
    assert found
    return make.by(found)


def act(by: By, duty: Duty, row: Any, side: Side, **more: Any) -> None:
    """An act that takes a side of a rule on a row."""
    with transaction():
        actions.take_part(by, duty, row, side, **more)
        audit.record(by, ACT, row)


def refused(*given: Any, **more: Any) -> str:
    """The sentence of the refusal, which must be one of the same person (403)."""
    with pytest.raises(Refused) as error:
        act(*given, **more)
    assert error.value.status == 403 and {reason.code for reason in error.value.reasons} == {"sod_conflict"}
    return str(error.value)


def except_(duty: Duty, person_id: int, organisation: Organisation) -> int:
    """An exception of the chair, as a row."""
    chief = by("chief")
    with transaction() as session:
        row = DutyException(
            organisation_id=organisation.id, duty=duty, person_id=person_id, valid_from=chief.today,
            valid_to=chief.today, reason="Vi er fire", granted_by_id=chief.person_id, granted_at=chief.at,
        )  # fmt: skip
        saved(chief, row)
        session.add(row)
        audit.record(chief, ACT, row)
        return row.id


@pytest.mark.parametrize("duty", Duty)
@pytest.mark.parametrize(("one", "other"), SIDES)
def test_nobody_takes_both_sides(home: Organisation, duty: Duty, one: Side, other: Side) -> None:
    act(by("ann"), duty, home, one)
    act(by("ann"), duty, home, one)
    asked = {"permission": Permission.ASSESSMENT_CALIBRATE, "organisation_id": home.id}
    said = refused(by("ann"), duty, home, other, **asked)
    assert said.endswith(" Bo.") and "Ann" not in said
    act(by("bo"), duty, home, other)
    act(by("ann"), duty, home, other, within=2027)
    assert len(queries.taken(("identity_organisation", home.id))) == 3


@pytest.mark.parametrize("duty", Duty)
def test_a_stand_in_counts_as_both(home: Organisation, duty: Duty) -> None:
    ann, bo = by("ann"), by("bo")
    for_ann = replace(bo, on_behalf_of=ann.person_id, counts_as=(*bo.persons, *ann.persons))
    act(for_ann, duty, home, Side.FIRST)
    refused(ann, duty, home, Side.SECOND)
    refused(bo, duty, home, Side.SECOND)
    refused(replace(by("chief"), counts_as=(*by("chief").persons, *ann.persons)), duty, home, Side.SECOND)


@pytest.mark.parametrize("duty", Duty)
def test_a_second_account_is_the_same_person(home: Organisation, duty: Duty) -> None:
    act(by("ann"), duty, home, Side.FIRST)
    with transaction() as session:
        other = session.scalars(select(Person).where(Person.username == "bo")).one()
        other.same_person_as_id = by("ann").person_id
        audit.record(by("chief"), ACT, other)
    refused(by("bo"), duty, home, Side.SECOND)


@pytest.mark.parametrize("duty", Duty)
def test_an_exception_reaches_all_but_the_fixed_rules(home: Organisation, duty: Duty) -> None:
    ann = by("ann")
    act(ann, duty, home, Side.FIRST)
    if duty in FIXED:
        with pytest.raises(IntegrityError):
            except_(duty, ann.persons[0], home)
        refused(ann, duty, home, Side.SECOND)
        return
    except_(duty, ann.persons[0], make.organisation("OTHER"))
    refused(ann, duty, home, Side.SECOND, organisation_id=home.id)
    id = except_(duty, ann.persons[0], home)
    act(ann, duty, home, Side.SECOND, organisation_id=home.id)
    assert db.session.scalars(HERE.where(Part.side == Side.SECOND)).all() == [id]
    with transaction() as session:
        row = session.get_one(DutyException, id)
        row.ended_at = ann.at
        audit.record(ann, ACT, row)
    act(ann, duty, home, Side.FIRST, within=1)
    refused(ann, duty, home, Side.SECOND, within=1, organisation_id=home.id)


@pytest.mark.parametrize("duty", Duty)
@pytest.mark.parametrize(("one", "other"), SIDES)
def test_the_database_refuses_by_plain_sql(home: Organisation, duty: Duty, one: Side, other: Side) -> None:
    act(by("ann"), duty, home, one)
    person = by("ann").person_id
    values = {
        "duty": duty, "object_type": "identity_organisation", "object_id": home.id, "within": 0, "side": other,
        "person_id": person, "taken_at": make.NOW,
    }  # fmt: skip
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(insert(Part).values(values))
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(insert(Part).values(values | {"person_id": by("bo").person_id}))
        connection.execute(
            update(Part)
            .where(Part.person_id == by("bo").person_id, Part.duty == duty, Part.object_id == home.id)
            .values(person_id=person)
        )
    if duty in FIXED:
        with pytest.raises(IntegrityError), db.engine.begin() as connection:
            connection.execute(insert(Part).values(values | {"exception_id": 1}))


@pytest.mark.parametrize("duty", Duty)
def test_two_requests_at_once(app: Flask, home: Organisation, duty: Duty) -> None:
    """Both have seen that neither side is taken; one gets it, the other is told why not (403), never a fault."""
    ann, start = by("ann"), threading.Barrier(2)
    results: list[object] = []

    def one(side: Side) -> None:
        with app.app_context():
            row = db.session.get_one(Organisation, id)
            start.wait()
            try:
                act(ann, duty, row, side)
                results.append(side)
            except Refused as error:
                results.append(error.status)
            finally:
                db.session.remove()

    id = home.id
    db.session.rollback()
    threads = [threading.Thread(target=one, args=(side,)) for side in Side]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2 and results.count(403) == 1, results
    assert len(queries.taken(("identity_organisation", id))) == 1


def test_an_attempt_is_told_in_the_log(home: Organisation) -> None:
    act(by("ann"), Duty.S1, home, Side.FIRST)
    refused(by("ann"), Duty.S1, home, Side.SECOND)
    row = db.session.scalars(select(EventRow).where(EventRow.action == "identity.same_person_refused")).one()
    assert (row.person_name, row.object_type, row.object_id) == ("Ann", "identity_organisation", home.id)
    assert '"duty":"S1"' in row.payload


def test_every_rule_says_what_it_binds() -> None:
    assert set(RULES) == set(Duty) and all(rule.binds for rule in RULES.values())


def test_the_verifier_names_who_stood_on_both_sides(home: Organisation) -> None:
    """A second account told afterwards may show it; the ledger alone could not hold it."""
    act(by("ann"), Duty.S3, home, Side.FIRST)
    act(by("bo"), Duty.S3, home, Side.SECOND)
    act(by("ann"), Duty.S5, home, Side.FIRST)
    assert list(queries.both_sides(db.session())) == []
    with transaction() as session:
        second = session.scalars(select(Person).where(Person.username == "bo")).one()
        second.same_person_as_id = by("ann").person_id
        audit.record(by("chief"), ACT, second)
    (fault,) = queries.both_sides(db.session())
    assert str(fault) == f"Rule S3: one person stands on both sides of identity_organisation no. {home.id}: Ann."


def test_the_verifier_names_an_exception_that_did_not_cover(home: Organisation) -> None:
    id = except_(Duty.S12, by("bo").persons[0], home)
    act(by("ann"), Duty.S12, home, Side.FIRST)
    assert list(queries.both_sides(db.session())) == []
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(update(Part).where(Part.duty == Duty.S12).values(exception_id=id))
    db.session.rollback()
    (fault,) = queries.both_sides(db.session())
    assert fault.why is queries.LOOSE_EXCEPTION
