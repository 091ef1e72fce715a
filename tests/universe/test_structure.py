"""Changes of structure: what each does, what it refuses at which field, and that no earlier day is changed by it."""

from datetime import date
from typing import Any

import pytest
from flask import Flask

from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import WRONG_STATE, Refused
from controls.identity import actions as accounts
from controls.identity.permissions import Role
from controls.universe import actions, queries
from controls.universe.rules import Entry
from controls.universe.structure import Named, Part, Said, starts_again
from controls.universe.tables import Area, LineDuty, Process, Structure
from controls.universe.words import Kind, Level
from tests.long.structure import History
from tests.universe.house import MARCH, REASON, House, built, said


@pytest.fixture
def house(app: Flask, make: Any) -> House:
    """The small catalogue of STAR."""
    return built(make)


def test_a_new_name_leaves_earlier_days_with_the_old(house: House) -> None:
    row = house.row("KRE-1.1")
    house.do(actions.rename, Level.SUBPROCESS, row.id, 1, said(), "Et andet navn", "Another name")
    names = {row.code: row.name_da for row in queries.as_of(frozenset({house.here.id}), date(2026, 3, 16))}
    assert names["KRE-1.1"] == "Del KRE-1.1" and house.row("KRE-1.1").name_da == "Et andet navn"
    event = db.session.query(EventRow).order_by(EventRow.seq.desc()).first()
    assert event is not None and (event.action, event.reason) == ("universe.structure_changed", REASON)
    (told,) = queries.changes_of(Level.SUBPROCESS, row)
    assert (told.kind, told.was, told.who) == (Kind.RENAMED, "Del KRE-1.1", "Group")


def test_a_new_code_sorts_anew_and_the_old_stays_taken(house: House) -> None:
    row = house.row("KRE", Area)
    house.do(actions.recode, Level.AREA, row.id, 1, said(), "ZZ")
    assert house.codes()[:2] == ["LON-1.1", "LON-1.2"], "the area is last now, with all beneath it"
    part = house.row("KRE-1.1")
    house.do(actions.recode, Level.SUBPROCESS, part.id, part.version, said(), "KRE-9.9")
    other = house.row("KRE-1.2")
    for taken in ("kre-1.1", "KRE-9.9"):
        assert house.refused(actions.recode, Level.SUBPROCESS, other.id, other.version, said(), taken) == [
            ("code_used", "code")
        ]
    assert queries.by_old_code(house.here.id, Level.SUBPROCESS, "KRE-1.1").id == part.id
    entry = Entry(2, "ZZ", "Område", "", "KRE-1", "Proces", "", "KRE-1.1", "Igen", "")
    with pytest.raises(Refused, match="no longer in use"), transaction():
        actions.import_catalogue(house.make.system(), house.here.id, [entry], "a.csv", "0" * 64)


def test_a_code_may_change_its_letters_only(house: House) -> None:
    row = house.row("KRE-1.1")
    house.do(actions.recode, Level.SUBPROCESS, row.id, 1, said(), "kre-1.1")
    assert house.row("kre-1.1").id == row.id


def test_moved_to_another_process_and_area(house: House) -> None:
    part, process = house.row("KRE-1.2"), house.row("KRE-2", Process)
    house.do(actions.move, Level.SUBPROCESS, part.id, 1, said(), house.row("LON-1", Process).id)
    assert house.codes() == ["KRE-1.1", "KRE-2.1", "KRE-1.2", "LON-1.1", "LON-1.2"]
    assert house.codes(date(2026, 3, 16)) == ["KRE-1.1", "KRE-1.2", "KRE-2.1", "LON-1.1", "LON-1.2"]
    house.do(actions.move, Level.PROCESS, process.id, 1, said(), house.row("LON", Area).id)
    assert house.codes()[0] == "KRE-1.1" and house.codes()[-1] == "LON-1.2" and "KRE-2.1" in house.codes()[1:3]
    assert house.refused(
        actions.move, Level.PROCESS, process.id, process.version, said(), house.row("LON", Area).id
    ) == [("same_place", "under")]
    assert house.refused(actions.move, Level.PROCESS, process.id, process.version, said(), 999) == [
        ("no_place", "under")
    ]


PARTS = [Part("KRE-1.3", "Første", "", True, "Rykkerne blev efterprøvet i 2024."), Part("KRE-1.4", "Anden")]


def test_split_closes_one_and_begins_the_others(house: House) -> None:
    row = house.row("KRE-1.1")
    made = house.do(actions.split, row.id, 1, said(), PARTS)
    assert house.codes()[:3] == ["KRE-1.2", "KRE-1.3", "KRE-1.4"] and row.valid_to == date(2026, 3, 16)
    origins = queries.origins(frozenset({house.here.id}), MARCH)
    found = [(one.before, one.inherits) for part in made for one in origins[part.id]]
    assert found == [((row.id,), True), ((row.id,), False)]
    assert house.refused(actions.split, row.id, 2, said(), PARTS) == [("closed", "")]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([PARTS[0]], [("two_parts", "part-0-code")]),
        ([PARTS[1], Part("KRE-1.4", "Samme")], [("code_used", "part-1-code")]),
        ([Part("", ""), PARTS[1]], [("field_required", "part-0-code"), ("field_required", "part-0-name_da")]),
        ([Part("KRE-1.3", "Del", "", True, "for kort"), PARTS[1]], [("document", "part-0-reason")]),
        ([Part("KRE/1", "Del"), PARTS[1]], [("code_signs", "part-0-code")]),
    ],
)
def test_a_split_is_refused_at_the_field(house: House, parts: list[Part], expected: list[tuple[str, str]]) -> None:
    assert house.refused(actions.split, house.row("KRE-1.1").id, 1, said(), parts) == expected


def test_merged_into_one(house: House) -> None:
    one, other = house.row("KRE-1.1"), house.row("KRE-1.2")
    assert house.refused(actions.merge, one.id, 1, said(), [one.id, 999], Named("KRE-1.5", "Samlet")) == [
        ("two_merged", "others")
    ]
    made = house.do(actions.merge, one.id, 1, said(), [other.id], Named("KRE-1.5", "Samlet"))
    assert house.codes()[:2] == ["KRE-1.5", "KRE-2.1"]
    assert queries.origins(frozenset({house.here.id}), MARCH)[made.id][0].before == (one.id, other.id)


def test_a_process_closes_and_opens_with_all_beneath(house: House, make: Any) -> None:
    process, owner = house.row("LON-1", Process), make.person("owner", Role.OWN, house.here)
    house.do(actions.name_owner, process.id, 1, owner.id, None)
    closed = house.do(actions.close, Level.PROCESS, process.id, process.version, said())
    assert house.codes() == ["KRE-1.1", "KRE-1.2", "KRE-2.1"]
    assert db.session.query(LineDuty).one().valid_to == MARCH, "nobody has line duty in what is over"
    part = house.row("LON-1.1")
    assert house.refused(actions.reopen, Level.SUBPROCESS, part.id, part.version, said()) == [("beneath", "")]
    house.do(actions.reopen, Level.PROCESS, closed.id, closed.version, said(MARCH))
    assert house.codes()[-2:] == ["LON-1.1", "LON-1.2"]


@pytest.mark.parametrize(("opened", "again"), [(date(2027, 3, 16), False), (date(2027, 3, 17), True)])
def test_after_twelve_months_it_starts_again(opened: date, again: bool) -> None:
    assert starts_again(date(2026, 3, 16), opened) is again


def test_transferred_with_all_beneath(house: House, make: Any) -> None:
    there, process = make.organisation("ALS", "DEP"), house.row("KRE-1", Process)
    with transaction():
        entry = Entry(1, "KRE", "Kreditor", "", "KRE-7", "Proces", "", "KRE-1.2", "Optaget kode", "")
        actions.import_catalogue(make.system(), there.id, [entry], "a.csv", "0" * 64)
        area = db.session.query(Area).filter_by(organisation_id=there.id).one()
    assert house.refused(actions.transfer, Level.PROCESS, process.id, 1, said(), area.id) == [("no_place", "under")]
    with transaction():
        accounts.grant_role(make.system(), house.group.id, Role.GRP, there.id)
    house.by = make.by(house.group)
    assert house.refused(actions.transfer, Level.PROCESS, process.id, 1, said(), area.id) == [("code_used", "code")]
    part, place = house.row("KRE-1.1"), house.row("KRE-7", Process)
    made = house.do(actions.transfer, Level.SUBPROCESS, part.id, 1, said(), place.id)
    assert (made.organisation_id, made.code, part.valid_to) == (there.id, "KRE-1.1", date(2026, 3, 16))
    assert queries.origins(frozenset({there.id}), MARCH)[made.id][0].before == (part.id,)


def test_put_in_beneath_what_is_open_only(house: House) -> None:
    process = house.row("KRE-2", Process)
    made = house.do(actions.create, Level.SUBPROCESS, process.id, said(), Named("KRE-2.2", "Ny"))
    assert "KRE-2.2" in house.codes() and "KRE-2.2" not in house.codes(date(2026, 3, 16)) and made.valid_from == MARCH
    house.do(actions.close, Level.PROCESS, process.id, 1, said(date(2026, 3, 18)))
    beneath = (Level.SUBPROCESS, process.id, said(), Named("KRE-2.3", "Ny"))
    assert house.refused(actions.create, *beneath) == [("beneath", "")]


@pytest.mark.parametrize(
    ("on", "reason", "expected"),
    [
        (date(2025, 12, 31), REASON, [("too_early", "on")]),
        (date(2026, 3, 18), REASON, [("too_late", "on")]),
        (MARCH, "kort", [("reason_short", "reason")]),
    ],
)
def test_day_and_reason(house: House, on: date, reason: str, expected: list[tuple[str, str]]) -> None:
    assert house.refused(actions.mark_changed, house.row("KRE-1.1").id, 1, Said(on, reason)) == expected


def test_what_ends_may_be_said_ahead(house: House) -> None:
    row = house.row("KRE-1.1")
    assert house.refused(actions.close, Level.SUBPROCESS, row.id, 1, said(date(2028, 1, 1))) == [("too_far", "on")]
    assert house.refused(actions.close, Level.SUBPROCESS, row.id, 1, said(date(2026, 1, 5))) == [("before_start", "on")]
    house.do(actions.close, Level.SUBPROCESS, row.id, 1, said(date(2027, 1, 1)))
    assert "KRE-1.1" in house.codes()


def test_two_browsers_and_the_wrong_role(house: House, make: Any) -> None:
    row = house.row("KRE-1.1")
    house.do(actions.rename, Level.SUBPROCESS, row.id, 1, said(), "Nyt navn", "")
    with pytest.raises(Stale), transaction():
        actions.close(house.by, Level.SUBPROCESS, row.id, 1, said())
    house.by = make.by(make.person("owner", Role.OWN, house.here))
    assert house.refused(actions.close, Level.SUBPROCESS, row.id, 2, said()) == [("forbidden", "")]


def test_what_is_under_way_keeps_it_open(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "UNDER_WAY", [lambda ids: [WRONG_STATE(state="x")] if ids else []])
    row = house.row("KRE-1.1")
    assert house.refused(actions.close, Level.SUBPROCESS, row.id, 1, said()) == [("wrong_state", "")]
    assert house.refused(actions.split, row.id, 1, said(), PARTS) == [("wrong_state", "")]
    assert db.session.query(Structure).count() == 0


def test_pages_from_the_line_to_the_change(house: House, client: Any, make: Any) -> None:
    make.signed_in(client, house.group)
    page = client.get("/catalogue/subprocess/KRE-1.1").get_data(as_text=True)
    assert "Opdel<" in page and "/catalogue/subprocess/KRE-1.1/split" in page
    for level, code, kinds in (("area", "KRE", 3), ("process", "KRE-1", 6), ("subprocess", "KRE-1.1", 8)):
        page = client.get(f"/catalogue/{level}/{code}").get_data(as_text=True)
        assert page.count(f"/catalogue/{level}/{code}/") == kinds
        for kind in {one for one in Kind if f"/{code}/{one.value}?" in page}:
            assert client.get(f"/catalogue/{level}/{code}/{kind.value}").status_code == 200
    sent = {"version": "1", "on": "17.3.2026", "reason": REASON, "part-0-code": "A", "part-0-name_da": "Del A"}
    answer = client.post("/catalogue/subprocess/KRE-1.1/split", data=sent)
    assert answer.status_code == 422 and "mindst to nye" in answer.get_data(as_text=True)
    assert 'value="Del A"' in answer.get_data(as_text=True)
    sent |= {"part-1-code": "B", "part-1-name_da": "Del B"}
    answer = client.post("/catalogue/subprocess/KRE-1.1/split", data=sent)
    assert answer.status_code == 303 and answer.location.endswith("/catalogue/subprocess/A?org=STAR")
    page = client.get(answer.location).get_data(as_text=True)
    assert "KRE-1.1" in page and REASON in page
    assert client.get("/catalogue/subprocess/KRE-1.1/split").status_code == 409
    assert client.get("/catalogue/process/KRE-1/split").status_code == 409


def test_an_old_code_leads_to_the_new(house: House, client: Any, make: Any) -> None:
    process, part = house.row("KRE-2", Process), house.row("KRE-1.1")
    house.do(actions.recode, Level.PROCESS, process.id, 1, said(), "KRE-8")
    house.do(actions.recode, Level.SUBPROCESS, part.id, 1, said(), "KRE-1.8")
    make.signed_in(client, house.group)
    assert client.get("/processes/KRE-2").location == "/processes/KRE-8?org=STAR"
    assert client.get("/subprocesses/KRE-1.1").location == "/subprocesses/KRE-1.8?org=STAR"
    assert client.get("/processes/NIX").status_code == 404


def test_the_catalogue_of_an_earlier_day(house: House, client: Any, make: Any) -> None:
    house.do(actions.close, Level.SUBPROCESS, house.row("KRE-1.1").id, 1, said())
    make.signed_in(client, house.group)
    for day, there in (("16.3.2026", True), ("17.3.2026", False), ("31.12.2025", False)):
        page = client.get(f"/catalogue?on={day}").get_data(as_text=True)
        assert ("KRE-1.1" in page) is there
    assert "Intet var registreret" in client.get("/catalogue").get_data(as_text=True)
    assert client.get("/catalogue?on=i+fjor").status_code == 422


def test_ten_years_of_changes_leave_the_past_alone(app: Flask) -> None:
    """Half of them here; all of them are `python -m tests.long.structure`."""
    counts = History(5).run(years=5)
    assert counts["years compared"] == 30 and counts["sub-processes compared"] > 40
