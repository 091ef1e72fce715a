"""Every rule of different persons, refused by its own number on every way, and another person let through.

The ways: directly, through a stand-in (either act), after a role change, by two requests at once, under an exception
of the chair, and by plain SQL where the index of the ledger or a table's own constraint keeps the rule.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import column, func, insert, select, table, update
from sqlalchemy.exc import IntegrityError

from controls.accounts import actions as accounts
from controls.base.audit import EventRow
from controls.base.by import By
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity import actions as identity
from controls.identity.duties import FIXED, RULES, Duty, Side
from controls.identity.permissions import Role, reach
from controls.identity.tables import Part, RoleGrant
from tests import make
from tests.journeys.duties import NAMED, ROWS, Row

Built = Callable[[type[Row]], Row]


@pytest.fixture
def built(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Built]:
    """A row of the table on its own ground."""
    with ExitStack() as stack:
        yield lambda row: row(monkeypatch, stack)


DIVIDED = ("second_by_stand_in", "first_by_stand_in", "role_change", "excepted")
"""Ways that nothing but our own code keeps: every row is asked two of them on one database and two on the other."""


def rows(way: str) -> Any:
    """The rows to which a way applies; the others tell why not in the table."""
    named = [
        pytest.param(row, id=f"{row.duty}-{row.__name__}", marks=_half(at, way))
        for at, row in enumerate(ROWS)
        if way not in row.excused and not (row.named and way == "first_by_stand_in")
    ]
    return pytest.mark.parametrize("row", named)


def _half(at: int, way: str) -> list[pytest.MarkDecorator]:
    if way not in DIVIDED:
        return []
    return [pytest.mark.half(("sqlite", "postgresql")[(at + DIVIDED.index(way)) % 2])]


def refused(row: Row, act: Callable[[By], Any], by: By) -> None:
    """The act is refused by this rule and no other."""
    db.session.rollback()
    with pytest.raises(Refused) as caught:
        act(by)
    told(row.duty, caught.value)


def told(duty: Duty, error: Refused) -> None:
    """The refusal is one of different persons (403), of this rule's two acts."""
    pair = RULES[duty]
    said = [(one.code, one.params.get("a"), one.params.get("b")) for one in error.reasons]
    assert error.status == 403 and ("sod_conflict", pair.first, pair.second) in said, (duty, str(error))


def logged(row: Row) -> int:
    """How many attempts against the rule the log tells of."""
    query = select(func.count()).where(EventRow.action == "identity.same_person_refused")
    return db.session.scalar(query.where(EventRow.payload.contains(f'"duty":"{row.duty}"'))) or 0


def another_may(row: Row) -> None:
    """A person who did not do the first act does the second."""
    other = row.person("cecilie", *([] if row.duty is Duty.S9 else [row.two]))
    row.admit(other)
    row.second(row.by(other))
    db.session.rollback()


def ann(row: Row) -> Any:
    """A person with the roles of both acts, named where they need it."""
    roles = dict.fromkeys((row.one, row.two))
    found = row.person("astrid", *([] if row.lent or row.duty is Duty.S9 else roles))
    row.place(found)
    return found


def test_the_table_holds_every_rule() -> None:
    assert {row.duty for row in ROWS} == set(Duty)
    assert all(why for row in ROWS for why in row.excused.values()) and NAMED


@rows("directly")
def test_directly(built: Built, row: type[Row]) -> None:
    it = built(row)
    one = ann(it)
    it.first(it.by(one))
    it.between()
    if row.named:
        it.admit(one)
    refused(it, it.second, it.by(one))
    assert logged(it) == 1
    another_may(it)


@rows("second_by_stand_in")
def test_the_second_act_through_a_stand_in(built: Built, row: type[Row]) -> None:
    """Who stands in for the one who did the first act does not do the second in that name."""
    it = built(row)
    one, two = ann(it), it.person("bjarne", *([] if row.lent or row.duty is Duty.S9 else [row.two]))
    it.first(it.by(one))
    it.between()
    if row.duty is Duty.S9:
        business = it.person("business", Role.GRP)
        for grant in db.session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == one.id)).all():
            it.do(accounts.end_role, it.asker, grant, None)  # type: ignore[attr-defined]
        refused(it, lambda by: stand_in(it, business, one), it.by(business))
        stand_in(it, business, two)
        return
    if not row.lent:
        stand_in(it, one, two)
    if row.named:
        it.admit(one)
    refused(it, it.second, it.by(two, one))
    assert logged(it) == 1
    another_may(it)


def stand_in(row: Row, person: Any, other: Any) -> None:
    """Somebody chooses who stands in for him."""
    author = row.make.by(person, row.at)
    with transaction():
        accounts.choose_stand_in(author, person.id, other.id, author.today, author.today, "Ferie")


@rows("first_by_stand_in")
def test_the_first_act_through_a_stand_in(built: Built, row: type[Row]) -> None:
    """Neither the stand-in nor the one he stood in for does the second act."""
    it = built(row)
    one, two = ann(it), it.person("bjarne", *([] if row.lent else [row.two]))
    if not row.lent:
        stand_in(it, one, two)
    it.first(it.by(two, one))
    it.between()
    refused(it, it.second, it.by(one))
    it.admit(two)
    refused(it, it.second, it.by(two))
    assert logged(it) == 2
    another_may(it)


@rows("role_change")
def test_after_a_role_change(built: Built, row: type[Row]) -> None:
    """The role of the first act has ended and that of the second is another; the person is the same."""
    it = built(row)
    one = it.person("astrid", *([] if row.lent or row.duty is Duty.S9 else [row.one]))
    it.place(one)
    it.first(it.by(one))
    it.between()
    change_role(it, one)
    if row.named:
        it.admit(one)
    refused(it, it.second, it.by(one))
    another_may(it)


@rows("excepted")
def test_under_an_exception(built: Built, row: type[Row]) -> None:
    """Whom the chair has excepted does both, and the ledger says under which exception; never from a fixed rule."""
    it = built(row)
    one = ann(it)
    it.first(it.by(one))
    it.between()
    if row.named:
        it.admit(one)
    if row.duty in FIXED:
        with pytest.raises(Refused) as caught:
            excepted(it, one)
        assert [why.code for why in caught.value.reasons] == ["accounts.fixed"]
        refused(it, it.second, it.by(one))
        return
    ids = excepted(it, one)
    it.second(it.by(one))
    under = select(Part.exception_id).where(
        Part.duty == row.duty, Part.person_id == one.id, Part.exception_id.is_not(None)
    )
    assert set(db.session.scalars(under)) <= set(ids) and db.session.scalar(under.limit(1))
    assert not list(identity.queries.both_sides(db.session()))


def excepted(row: Row, person: Any) -> list[int]:
    """The chair excepts a person from the rule, on the day of the second act, in every house of the ground."""
    houses, at = identity.queries.organisations(), row.later or row.at
    chair = row.make.by(row.person("formand", Role.VDC), at)
    chair = replace(chair, reach=reach([(Role.VDC, house.id) for house in houses]))
    with transaction():
        return [
            accounts.grant_exception(chair, house.id, row.duty, person.id, chair.today, chair.today, "Få folk").id
            for house in houses
        ]


def change_role(row: Row, person: Any) -> None:
    """The role of the first act ends, and the person gets that of the second, or the same from above."""
    if row.lent:
        return
    above = identity.queries.organisation("DEP") or row.home
    if row.one is not row.two or above is not row.home:
        for grant in db.session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == person.id)).all():
            with transaction():
                identity.end_role(make.system(row.at), grant)
    if row.duty is not Duty.S9:
        row.give(person, row.two if row.one is not row.two or above is not row.home else Role.AUD, above)


RACES = [row for row in ROWS if row.race]


@pytest.mark.parametrize("row", RACES, ids=lambda row: f"{row.duty}-{row.__name__}")
def test_two_requests_at_once(engine_app: Flask, built: Built, row: type[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have seen that neither side is taken; one gets it, the other is refused by the rule."""
    it = built(row)
    one = ann(it)
    it.ready()
    author = it.by(getattr(it, "racer", one))
    acts = (lambda: it.race_first(author), lambda: it.race_second(author))
    done = together(engine_app, row.duty, monkeypatch, *acts)
    assert done.count(None) == 1, done
    told(row.duty, next(one for one in done if isinstance(one, Refused)))


@pytest.mark.parametrize("row", [row for row in ROWS if not row.race], ids=lambda row: f"{row.duty}-{row.__name__}")
def test_the_second_act_twice_at_once(
    engine_app: Flask, built: Built, row: type[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the second act waits for the first, sending it twice at the same moment does not help."""
    it = built(row)
    assert row.excused["at_once"]
    one = ann(it)
    it.first(it.by(one))
    it.between()
    if row.named:
        it.admit(one)
    author = it.by(one)
    done = together(engine_app, None, monkeypatch, lambda: it.second(author), lambda: it.second(author))
    for error in done:
        assert isinstance(error, Refused), done
        told(row.duty, error)
    another_may(it)


def together(
    app: Flask, duty: Duty | None, patch: pytest.MonkeyPatch, *acts: Callable[[], Any]
) -> list[Exception | None]:  # fmt: skip
    """Two acts in two connections, both past their reading of the ledger where the database lets two write.

    Where it lets one, the second waits in line behind the first.
    """
    concurrent = db.engine.dialect.name == "postgresql"
    inside, both = threading.Event(), threading.Barrier(2)
    done: list[Exception | None] = []

    def part(**values: Any) -> Part:
        if values["duty"] is duty:
            inside.set()
            if concurrent:
                both.wait(20)
        return Part(**values)

    def run(number: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            if number and duty and not concurrent:
                inside.wait(20)
            try:
                act()
                done.append(None)
            except Exception as error:
                done.append(error)
            finally:
                db.session.remove()

    for known in list(db.session):  # read now, so that neither thread reads through this test's own session
        db.session.refresh(known)
    db.session.expunge_all()
    db.session.rollback()
    with patch.context() as within:
        within.setattr(identity, "Part", part)
        threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return done


@rows("plain_sql")
def test_plain_sql(built: Built, row: type[Row]) -> None:
    """The ledger's index refuses the other side, and lets another person take it; so does the table's own check."""
    it = built(row)
    one, other = ann(it), it.person("bjarne")
    it.first(it.by(one))
    it.between()
    if row.duty is Duty.S15:
        another_may(it)
    parts = select(Part).where(Part.duty == row.duty, Part.side == Side.FIRST, Part.person_id == one.id)
    part = db.session.scalars(parts.order_by(Part.id)).first()
    assert part is not None
    values = {
        "duty": part.duty, "object_type": part.object_type, "object_id": part.object_id, "within": part.within,
        "side": Side.SECOND, "taken_at": part.taken_at,
    }  # fmt: skip
    db.session.rollback()
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(insert(Part).values(values | {"person_id": one.id}))
    if row.duty in FIXED:
        with pytest.raises(IntegrityError), db.engine.begin() as connection:
            connection.execute(insert(Part).values(values | {"person_id": one.id, "exception_id": 1}))
    with db.engine.connect() as connection:
        connection.execute(insert(Part).values(values | {"person_id": other.id}))
        connection.rollback()
    if row.check is not None:
        name, second, first = row.check
        own = table(name, column(second), column(first))
        with pytest.raises(IntegrityError), db.engine.begin() as connection:
            connection.execute(update(own).values({second: column(first)}))
        with db.engine.connect() as connection:
            connection.execute(update(own).values({second: other.id}))
            connection.rollback()
