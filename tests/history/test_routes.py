"""The log's page, every kind of record's history in words, the verification, one's own data: who sees what."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import func, select, text

from controls.base import audit
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.history import queries
from controls.history.kinds import BY_TABLE, KINDS
from controls.history.tables import Check
from controls.identity.permissions import Role
from controls.identity.tables import Person
from tests import make
from tests.journeys import manners
from tests.papers.sample import Year, filled
from tests.speed.counting import counted

MOST = 8
MACHINE = re.compile(r"\b[a-z]+_[a-z_]+\b")
NOTED = audit.EVENTS.get("test.noted") or audit.declare("test.noted", "Noted for a test")


@pytest.fixture
def year(app: Flask) -> Year:
    """A year with something in every table."""
    return filled()


def page(client: FlaskClient, person: Person, path: str, status: int = 200) -> Any:
    """The main part of a page that behaves, for a signed-in reader."""
    make.signed_in(client, person)
    answer = client.get(path)
    assert answer.status_code == status, f"{path}: {answer.status_code}"
    if status == 200:
        kept = [fault for fault in manners.faults(answer.text, "da") if "token" not in fault]
        assert not kept, f"{path}: {kept}"
    return html.document_fromstring(answer.text).get_element_by_id("main-content")


def words(of: Any) -> str:
    return re.sub(r"\s+", " ", of.text_content())


def test_the_history_of_every_kind_reads_in_words(year: Year, client: FlaskClient) -> None:
    """Each kind's page, in few queries, without a name from the machine's own room."""
    year.change("Forholdet er rettet")
    shown = set()
    for kind in KINDS:
        ids = list(db.session.scalars(select(db.metadata.tables[kind.table].c.id).limit(1)))
        if not ids:
            continue
        path = f"/history/{kind.slug}/{ids[0]}"
        main = page(client, year.auditor, path)
        with counted(db.engine) as seen:
            client.get(path)
        assert len(seen) <= MOST, f"{path}: {len(seen)} queries"
        for label in main.xpath(".//dt | .//tr/th | .//h2 | .//h3 | .//h1"):
            assert not MACHINE.search(label.text_content()), label.text_content()
        for value in main.xpath(".//dd | .//td"):
            assert value.text_content().strip()
        shown.add(kind.slug)
    assert shown == {kind.slug for kind in KINDS} - {"redaction"}


def test_a_findings_history_tells_before_and_after(year: Year, client: FlaskClient) -> None:
    year.change("Forholdet er rettet")
    main = page(client, year.group, f"/history/finding/{year.finding.id}")
    first = main.find_class("kr-panel")[0]
    assert [(one.tag, one.text) for one in first.xpath(".//del | .//ins")] == [
        ("del", "Forhold"), ("ins", "Forholdet er rettet")]  # fmt: skip
    assert "Gruppe Gruppesen" in words(first) and "Begrundelse: Rettet" in words(first)
    made = words(main.find_class("kr-panel")[1])
    assert "Ejer Ejersen" in made and "KRE-1.1" in made
    assert "1. september 2026" in made and "Mangel" in made
    assert "H-2026-01" in made


def test_amounts_shares_choices_and_people_are_read_as_written(year: Year, client: FlaskClient) -> None:
    process = db.session.scalar(text("SELECT min(id) FROM universe_process"))
    assert "123.456.789,01" in words(page(client, year.group, f"/history/process/{process}"))
    test = words(page(client, year.auditor, "/history/test/1"))
    assert "95 pct." in test and "Afvigelse" in test and "1.234,56" in test
    assert "Fuldstændighed" in words(page(client, year.auditor, "/history/risk/1"))


def test_a_secret_is_never_shown(year: Year, client: FlaskClient) -> None:
    someone = make.person("hemmelig", Role.OWN, year.organisation, password="en ret lang sætning")
    event = db.session.scalar(
        select(EventRow).where(EventRow.object_id == someone.id, EventRow.payload.contains("hemmelig"))
    )
    assert event is not None
    for path in (f"/history/person/{someone.id}", f"/log/{event.seq}"):
        shown = words(page(client, year.auditor, path))
        assert "Adgangskode" in shown and "vises ikke" in shown and "argon" not in shown
        assert not re.search(r"[0-9a-f]{64}", shown.split("Bevis")[0])


def test_history_is_for_who_may_read_the_record(year: Year, client: FlaskClient) -> None:
    """Hidden is 404: another organisation, another owner, no content; and what does not exist."""
    elsewhere = make.organisation("ALS")
    stranger = make.person("fremmed", Role.GRP, elsewhere)
    admin = make.person("admin", Role.ADM, year.organisation)
    other = make.person("anden", Role.OWN, year.organisation)
    for person in (stranger, admin, other):
        page(client, person, f"/history/finding/{year.finding.id}", 404)
    page(client, year.owner, f"/history/finding/{year.finding.id}")
    page(client, stranger, f"/history/person/{year.owner.id}", 404)
    page(client, admin, f"/history/person/{year.owner.id}")
    page(client, year.owner, f"/history/person/{year.owner.id}")
    for path in ("/history/finding/999", "/history/nothing/1", "/history/finding/99999999999999", "/log/999999"):
        page(client, year.auditor, path, 404)


def test_a_history_is_paged_and_states_go_on_across_pages(year: Year, client: FlaskClient) -> None:
    for n in range(60):
        year.change(f"Tekst {n}")
    path = f"/history/finding/{year.finding.id}"
    main = page(client, year.auditor, path)
    assert len(main.find_class("kr-panel")) == 50
    older = main.xpath(".//a[@rel='next']/@href")[0]
    with counted(db.engine) as seen:
        client.get(older)
    assert len(seen) <= MOST
    second = page(client, year.auditor, older)
    assert [one.text for one in second.find_class("kr-panel")[0].xpath(".//del | .//ins")] == ["8", "9"]
    assert len(second.find_class("kr-panel")) == 11 and not second.xpath(".//a[@rel='next']")


def lines(main: Any) -> list[str]:
    return [re.sub(r"\s+", " ", row.text_content()).strip() for row in main.xpath(".//tbody/tr")]


def test_the_log_is_filtered_by_the_address(year: Year, client: FlaskClient) -> None:
    year.change("Ny tekst")
    base = "/log?org=STAR"
    everything = lines(page(client, year.auditor, base))
    assert "Gruppe Gruppesen" in everything[1] and "F-2026-01" in everything[1] and "Rettet" in everything[1]
    own = [line for line in everything if "Gruppe Gruppesen, " in line]
    assert lines(page(client, year.auditor, f"{base}&person={year.group.id}")) == own
    only = lines(page(client, year.auditor, f"{base}&kind=finding&number=f-2026-01"))
    assert everything[1] in only and any("Filled for a test" in line for line in only), "it tells of the finding too"
    filled = [line for line in everything if "Filled for a test" in line]
    assert len(filled) == 2 and only[-1] == filled[-1]
    assert lines(page(client, year.auditor, f"{base}&action=test.filled")) == filled
    about = [line for line in everything if " Fund F-2026-01" in line]
    assert lines(page(client, year.auditor, f"{base}&kind=finding")) == about
    assert lines(page(client, year.auditor, f"{base}&from=18.3.2026")) == []
    assert lines(page(client, year.auditor, f"{base}&from=17.3.2026&to=17-03-2026"))[-len(everything) :] == everything
    assert lines(page(client, year.auditor, f"{base}&number=findes-ikke")) == []
    chips = page(client, year.auditor, f"{base}&person={year.group.id}&from=1.3.2026")
    assert [re.sub(r"\s+", " ", one.text_content()) for one in chips.find_class("tag")] == [
        "Person: Gruppe Gruppesenfjern", "Fra dag: 1.3.2026fjern"]  # fmt: skip
    page(client, year.auditor, f"{base}&person=x&kind=x&action=x&from=x&before=x")


def test_the_log_is_for_auditors_and_without_content_for_administrators(year: Year, client: FlaskClient) -> None:
    year.change("Følsom tekst")
    changed = select(EventRow.seq).where(EventRow.action == "test.changed").order_by(EventRow.seq.desc())
    seq = db.session.scalar(changed.limit(1))
    for person in (year.group, year.owner, year.tester):
        page(client, person, "/log", 403)
        page(client, person, f"/log/{seq}", 403)
    admin = make.person("admin", Role.ADM, year.organisation)
    shown = words(page(client, admin, "/log"))
    assert "F-2026-01" in shown and "Rettet" not in shown
    event = page(client, admin, f"/log/{seq}")
    assert "Følsom" not in words(event) and "Rettet" not in words(event) and "vises ikke" in words(event)
    assert not event.xpath(".//del | .//ins")
    whole = words(page(client, year.auditor, f"/log/{seq}"))
    assert "Følsom tekst" in whole and "Begrundelse: Rettet" in whole


def test_the_log_of_another_organisation_is_hidden(year: Year, client: FlaskClient) -> None:
    elsewhere = make.organisation("ALS")
    stranger = make.person("fremmed", Role.AUD, elsewhere)
    seq = db.session.scalar(select(EventRow.seq).where(EventRow.action == "test.filled"))
    page(client, stranger, f"/log/{seq}", 404)
    page(client, stranger, "/log?org=STAR", 404)
    assert "Gruppe Gruppesen" not in words(page(client, stranger, "/log"))
    assert lines(page(client, stranger, "/log?number=F-2026-01&kind=finding")) == []
    assert lines(page(client, stranger, f"/log?person={year.group.id}")) == []


def many(year: Year, number: int) -> None:
    """Events without a change, each a minute after the other."""
    for start in range(0, number, 500):
        with transaction():
            row = db.session.get_one(Person, year.owner.id)
            for n in range(start, min(start + 500, number)):
                audit.record(
                    make.by(year.group, datetime(2026, 3, 18, 9, tzinfo=UTC) + timedelta(minutes=n)), NOTED, row
                )


def test_pages_of_the_log_go_on_where_the_last_ended(year: Year, client: FlaskClient) -> None:
    """Every line once, newest first, however deep; counts are capped and the queries stay as few."""
    many(year, 1100)
    total = db.session.scalar(select(func.count()).where(EventRow.person_id == year.group.id))
    path, seen, budgets = "/log?org=STAR&person=" + str(year.group.id), list[str](), set()
    make.signed_in(client, year.auditor)
    while path:
        client.get(path)
        with counted(db.engine) as asked:
            answer = client.get(path)
        budgets.add(len(asked))
        main = html.document_fromstring(answer.text).get_element_by_id("main-content")
        seen += main.xpath(".//tbody/tr/th/a/text()")
        assert "1.000+ hændelser" in words(main)
        path = next(iter(main.xpath(".//a[@rel='next']/@href")), "")
    numbers = [int(number.replace(".", "")) for number in seen]
    assert len(numbers) == total and numbers == sorted(set(numbers), reverse=True)
    assert max(budgets) <= MOST and len(budgets) == 1


def test_who_verifies_sees_the_result_and_the_faults(app: Flask, client: FlaskClient) -> None:
    auditor = make.person("revisor", Role.AUD, make.organisation("STAR"), name="Revisor Revisen")
    make.signed_in(client, auditor)
    assert "ikke efterprøvet her endnu" in words(page(client, auditor, "/verification"))
    assert client.post("/verification").status_code == 303
    shown = words(page(client, auditor, "/verification"))
    assert "Loggen er i orden" in shown and "Revisor Revisen" in shown
    run = db.session.scalars(select(Check)).one()
    event = db.session.scalars(select(EventRow).where(EventRow.action == "history.verified")).one()
    assert (run.faults, event.object_id) == (0, run.id) and run.events == event.seq - 1
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE identity_person SET title = 'Stille rettet'"))
    assert client.post("/verification").status_code == 303
    main = page(client, auditor, "/verification")
    assert "Loggen er ikke i orden" in words(main)
    assert [cell.text_content().strip() for cell in main.xpath(".//tbody/tr/*")][:3] == ["Person", "1", "Stilling"]
    with counted(db.engine) as seen:
        client.get("/verification")
    assert len(seen) <= MOST


def test_a_checkpoint_is_made_by_a_sound_run_and_can_be_taken_out(app: Flask, client: FlaskClient) -> None:
    auditor = make.person("revisor", Role.AUD, make.organisation("STAR"), name="Revisor Revisen")
    make.signed_in(client, auditor)
    client.post("/verification")
    answer = client.get("/verification/checkpoint")
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.text.split("\n")[1] == str(queries.size())
    assert "Offentlig nøgle" in words(page(client, auditor, "/verification"))


@pytest.mark.parametrize("role", list(Role)[:-1])
def test_verification_is_for_those_of_the_matrix(app: Flask, client: FlaskClient, role: Role) -> None:
    may = role in (Role.ADM, Role.CTL, Role.GRP, Role.VDC, Role.SEC, Role.AUD)
    person = make.person("nogen", role, make.organisation("STAR"))
    page(client, person, "/verification", 200 if may else 403)
    assert client.post("/verification").status_code == (303 if may else 403)
    assert client.get("/verification/checkpoint").status_code == (200 if may else 403)


def test_a_person_takes_out_all_that_is_stored_about_him(year: Year, client: FlaskClient) -> None:
    make.signed_in(client, year.owner)
    with counted(db.engine) as seen:
        answer = client.get("/me/data")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    main = html.document_fromstring(answer.text)
    shown = words(main)
    assert not MACHINE.search(" ".join(main.xpath("//h2/text() | //th/text() | //dt/text()")))
    for told in ("Ejer Ejersen", "ejer", "Procesejer", "Logget ind", "Fund F-2026-01", "KRE-1", "Handling H-2026-01"):
        assert told in shown, told
    assert "Test Testesen" not in shown
    assert db.session.scalars(select(EventRow.action).order_by(EventRow.seq.desc())).first() == "history.own_data_taken"
    assert len(seen) <= 25
    assert FlaskClient(client.application).get("/me/data").status_code == 303


def test_links_to_the_history_stand_on_the_pages(year: Year, client: FlaskClient) -> None:
    finding = page(client, year.group, f"/findings/{year.finding.id}")
    assert f"/history/finding/{year.finding.id}" in finding.xpath(".//a/@href")
    for kind in KINDS:
        assert BY_TABLE[kind.table] is kind
