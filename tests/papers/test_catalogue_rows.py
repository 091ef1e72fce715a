"""The catalogue out to a workbook and back: nothing changed is nothing, chosen rows by two persons, undone by name."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from controls.base import settings, verify
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.papers import actions, changing
from controls.papers.changing import State
from controls.papers.words import Kind
from controls.rotation import actions as rotation
from controls.rotation.words import Degree, Source
from controls.rotation.words import Form as ReviewForm
from controls.universe import actions as universe
from controls.universe import queries, rules
from controls.universe.structure import Named, Said
from controls.universe.words import Kind as What
from controls.universe.words import Level
from tests import make
from tests.assessment.year import APRIL, CATALOGUE, MARCH, Year
from tests.papers.filled import Opened, brought, fetched, names, near, seen

NAME, AREA, RISK = "Delproces", "Område", "Typisk risiko"
WHY = "Navnene var fra et gammelt ark."


def workbook(year: Year, language: str = "da") -> Opened:
    return Opened(fetched(year.by(year.first), Kind.CATALOGUE, year.organisation, None, language))


def row(book: Opened, code: str) -> int:
    """The row of a sub-process."""
    return next(cells[7].row for cells in book.sheet.iter_rows() if cells[7].value == code)


def put(book: Opened, code: str, heading: str, value: Any) -> str:
    cell = book.sheet.cell(row(book, code), book.heads[heading])
    cell.value = value
    return str(cell.coordinate)


def add(book: Opened, code: str, process: str = "KRE-1", area: str = "KRE", name: str = "Ny delproces") -> None:
    """Write a new sub-process in the first empty row."""
    number = next(n for n in range(2, 300) if not book.sheet.cell(n, 8).value)
    for heading, value in (("Områdekode", area), ("Proceskode", process), ("Delproceskode", code), (NAME, name)):
        book.sheet.cell(number, book.heads[heading]).value = value


def bring(year: Year, data: bytes) -> int:
    return brought(year.by(year.first), Kind.CATALOGUE, year.organisation, data)


def look(year: Year, id: int) -> Any:
    return seen(year.by(year.first), id, Kind.CATALOGUE)


def take(year: Year, id: int, who: Any = None) -> Any:
    chosen = names(look(year, id))
    with transaction():
        return actions.take_catalogue(year.by(who or year.second), id, chosen)


def undo(year: Year, id: int) -> Any:
    with transaction():
        return actions.undo_catalogue(year.by(year.first), id, WHY)


def there(year: Year) -> dict[str, Any]:
    return {line.code: dict(line.values) for line in queries.existing(year.organisation.id).values()}


@pytest.mark.parametrize("language", ["da", "en"])
def test_an_unchanged_file_changes_nothing_by_either_door(year: Year, language: str) -> None:
    with transaction():
        entries = [
            entry._replace(typical_risk="=1+1 æøå 😀", impact=4) for entry in queries.read_catalogue(CATALOGUE, "a.csv")
        ]
        universe.import_catalogue(make.system(), year.organisation.id, entries, "a.csv", "0" * 64)
    data = workbook(year, language).saved
    assert look(year, bring(year, data)).counts == {State.SAME: 4}
    with near():
        entries = queries.read_catalogue(data, "katalog.xlsx")
    found = rules.difference(rules.lines(entries), queries.existing(year.organisation.id))
    assert (found.new, found.changed, found.absent, found.same) == (0, 0, 0, 9)


def test_chosen_rows_are_taken_by_another_and_put_back(year: Year) -> None:
    before, book = there(year), workbook(year)
    cells = {put(book, "KRE-1.1", NAME, "Modtagelse af e-fakturaer"), put(book, "KRE-1.1", RISK, "To gange betalt"),
             put(book, "LON-1.1", "Løn", 1) if "Løn" in book.heads else put(book, "LON-1.1", AREA, "Løn"),
             put(book, "KRE-3.1", "Iboende konsekvens", 5)}  # fmt: skip
    id = bring(year, book.saved)
    found = look(year, id)
    assert {change.cell for one in found.new for change in one.changes} == cells and found.counts[State.SAME] == 1
    with pytest.raises(Refused, match="Dorte"):
        take(year, id, year.first)
    assert take(year, id).rows == 3
    now = there(year)
    assert now["LON"]["name_da"] == "Løn" and now["KRE-3.1"]["suggested_impact"] == 5
    assert now["KRE-1.1"]["name_da"] == "Modtagelse af e-fakturaer" and now["KRE-1.1"]["name_en"] == "Receipt"
    undo(year, id)
    assert there(year) == before
    newest = db.session.query(EventRow).order_by(EventRow.seq.desc()).first()
    assert newest is not None and (newest.action, newest.reason) == ("papers.catalogue_undone", WHY)
    assert verify.faults(db.session(), settings.current().keys) == []


def test_undo_names_what_was_changed_since_and_what_was_added(year: Year) -> None:
    book = workbook(year)
    put(book, "KRE-1.1", NAME, "Nyt navn")
    first = bring(year, book.saved)
    take(year, first)
    book = workbook(year)
    put(book, "KRE-1.1", NAME, "Nyere navn")
    add(book, "KRE-1.9")
    second = bring(year, book.saved)
    assert look(year, second).counts == {State.NEW: 2, State.SAME: 3}
    take(year, second)
    assert there(year)["KRE-1.9"]["name_da"] == "Ny delproces" and there(year)["KRE-1"]["name_da"] == "Fakturaer"
    with pytest.raises(Refused, match="undone: KRE-1.1 were changed"):
        undo(year, first)
    undo(year, second)
    assert "KRE-1.9" not in there(year) and there(year)["KRE-1.1"]["name_da"] == "Nyt navn"
    undo(year, first)
    assert there(year)["KRE-1.1"]["name_da"] == "Modtagelse"


OWN = """Bemærkning;Områdekode;Område;Proceskode;Proces;Delproceskode;Delproces;Konsekvens
;KRE;Kreditorer;KRE-1;Fakturaer;kre-1.1;Modtagelse af e-fakturaer;4
;KRE;;KRE-1;;KRE-1.9;Kreditnotaer;
;KRE;;KRE-1;;KRE-1.2;Godkendelse;
x;IT;Systemer;IT-1;Adgange;IT-1.1;Oprettelse;
x;IT;;IT-1;;IT-1.2;Lukning;3
"""


def own(year: Year, text: str = OWN, who: Any = None) -> int:
    return brought(year.by(who or year.first), Kind.CATALOGUE, year.organisation, text.encode(), None, "eget.csv")


def take_some(year: Year, id: int, *codes: str) -> Any:
    chosen = [changing.name(one) for one in look(year, id).new if one.code in codes]
    with transaction():
        return actions.take_catalogue(year.by(year.second), id, chosen)


def test_rows_of_a_file_of_ones_own_are_chosen_and_undone(year: Year) -> None:
    before, id = there(year), own(year)
    found = look(year, id)
    assert found.counts == {State.NEW: 4, State.SAME: 1}
    told = {one.code: {change.field: (change.cell, change.now, change.then) for change in one.changes}
            for one in found.new}  # fmt: skip
    assert told["kre-1.1"] == {
        "subprocess_da": ("G2", "Modtagelse", "Modtagelse af e-fakturaer"), "impact": ("H2", "", "4")
    }  # fmt: skip
    assert told["KRE-1.9"].keys() == {"area_code", "process_code", "subprocess_code", "subprocess_da"}
    assert told["IT-1.2"]["process_da"] == ("", "", "Adgange") and told["IT-1.2"]["area_da"] == ("", "", "Systemer")
    assert take_some(year, id, "kre-1.1", "IT-1.2").rows == 2
    now = there(year)
    assert now.keys() - before.keys() == {"IT", "IT-1", "IT-1.2"}, "the row brings its process and area along"
    assert (now["IT-1"]["name_da"], now["IT-1.2"]["suggested_impact"]) == ("Adgange", 3)
    assert now["KRE-1.1"]["name_da"] == "Modtagelse af e-fakturaer" and now["KRE-1.1"]["name_en"] == "Receipt"
    with transaction():
        actions.undo_catalogue(year.by(year.first, APRIL), id, WHY)
    assert there(year) == before | {"IT": now["IT"]}, "an area without anything beneath it is in no list"
    rows = [
        queries.process_by_code(year.organisation.id, "IT-1"),
        queries.subprocess_by_code(year.organisation.id, "IT-1.2"),
    ]
    assert [one and one.valid_to for one in rows] == [APRIL.date() - timedelta(days=1)] * 2, "nothing is deleted"
    march = queries.as_of(frozenset({year.organisation.id}), MARCH.date())
    assert {"IT-1.2", "KRE-1.1"} <= {one.code for one in march}, "what was recorded in March stays"
    told_ = queries.changes_of(Level.SUBPROCESS, rows[1])
    assert [(one.kind, one.reason) for one in told_] == [(What.UNDONE, WHY)]
    assert verify.faults(db.session(), settings.current().keys) == []


def test_a_corrected_file_brings_what_was_undone_again(year: Year) -> None:
    first = own(year)
    take(year, first)
    part = queries.subprocess_by_code(year.organisation.id, "IT-1.2")
    assert part is not None and not queries.under_way([part.id])
    undo(year, first)
    assert "IT-1.2" not in {one.code for one in queries.active_subprocesses(year.organisation.id, MARCH.date())}
    again = own(year, OWN.replace("IT-1;", "IT-2;").replace("Lukning;3", "Nedlukning;"))
    take_some(year, again, "IT-1.2")
    db.session.refresh(part)
    assert (part.name_da, part.suggested_impact, part.valid_to) == ("Nedlukning", None, None)
    assert queries.process_by_code(year.organisation.id, "IT-2").id == part.process_id  # type: ignore[union-attr]
    assert [one.kind for one in queries.changes_of(Level.SUBPROCESS, part)] == [What.REOPENED, What.UNDONE]
    undo(year, again)
    assert "IT-1.2" not in there(year)


def test_what_was_changed_or_used_since_stops_the_undo_and_is_named(year: Year) -> None:
    id = own(year)
    take(year, id)
    process = queries.process_by_code(year.organisation.id, "IT-1")
    part = queries.subprocess_by_code(year.organisation.id, "IT-1.1")
    assert process is not None and part is not None
    with transaction():
        rotation.record_coverage(
            year.by(year.second), year.organisation.id, part.id, date(2024, 5, 1), Degree.FULL, ReviewForm.ORDINARY,
            Source.IMPORT, "J-1",
        )  # fmt: skip
    with pytest.raises(Refused, match="undone: IT-1.1 have been used"):
        undo(year, id)
    with transaction():
        universe.create(
            year.by(year.first), Level.SUBPROCESS, process.id, Said(MARCH.date(), WHY), Named("IT-1.7", "Ny")
        )
    with pytest.raises(Refused, match="undone: IT-1, IT-1.1 have been used"):
        undo(year, id)
    with transaction():
        universe.name_owner(year.by(year.second), process.id, None, year.owner.id, None)
    with pytest.raises(Refused, match="undone: IT-1 were changed"):
        undo(year, id)
    assert there(year)["KRE-1.9"]["name_da"] == "Kreditnotaer", "nothing is undone"


def test_a_file_of_ones_own_is_taken_as_it_was_seen(year: Year) -> None:
    id = own(year)
    chosen = names(look(year, id))
    with transaction():
        entries = queries.read_catalogue(CATALOGUE.replace(b"Modtagelse", b"Tredje"), "a.csv")
        universe.import_catalogue(make.system(), year.organisation.id, entries, "a.csv", "0" * 64)
    with pytest.raises(Refused, match="after you saw them: kre-1.1"), transaction():
        actions.take_catalogue(year.by(year.second), id, chosen)
    part = queries.subprocess_by_code(year.organisation.id, "KRE-1.1")
    assert part is not None
    with transaction():
        universe.close(year.by(year.first), Level.SUBPROCESS, part.id, part.version, Said(APRIL.date(), WHY))
    assert look(year, id).counts == {State.NEW: 3, State.SAME: 1, State.ERROR: 1}
    with pytest.raises(Refused, match="Row 2, column Sub-process: The code is no longer in use"):
        own(year)


def test_rows_that_cannot_be_taken_name_sheet_and_cell(year: Year) -> None:
    book = workbook(year)
    put(book, "KRE-1.1", "Iboende konsekvens", 7)
    book.sheet.cell(row(book, "KRE-1.2"), book.heads["Proceskode"]).value = "KRE-3"
    add(book, "KRE-3.1")
    id = bring(year, book.saved)
    found = look(year, id)
    assert [str(reason) for one in found.rows for reason in one.reasons] == [
        "Sheet Katalog, cell N2: Write a whole number from 1 to 5, or leave the cell empty. The file says “7”.",
        "Sheet Katalog, cell B3: The sub-process stands under another area and process. A file cannot move it.",
        "Sheet Katalog, cell H6: The code is in use already. Correct it in the row that it has.",
    ]
    with pytest.raises(Refused, match="Choose"):
        take(year, id)


def test_stale_rows_are_refused_and_named(year: Year) -> None:
    book = workbook(year)
    put(book, "KRE-1.1", RISK, "Noget")
    put(book, "LON-1.1", RISK, "Noget andet")
    with transaction():
        renamed = CATALOGUE.replace(b"Kontrakter", b"Aftaler")
        entries = queries.read_catalogue(renamed, "a.csv")
        universe.import_catalogue(make.system(), year.organisation.id, entries, "a.csv", "0" * 64)
        process = queries.process_by_code(year.organisation.id, "KRE-1")
        assert process is not None
        universe.name_owner(year.by(year.second), process.id, None, year.owner.id, None)
    found = look(year, bring(year, book.saved))
    assert found.counts == {State.MEANWHILE: 1, State.NEW: 1, State.SAME: 2}
    assert "cell H5: system changed the sub-process" in str(found.in_reading_order()[1].reasons[0])


def test_pages(year: Year, client: FlaskClient) -> None:
    browser = make.signed_in(client, year.first)
    assert "/import/catalogue/excel" in browser.get("/import").text
    answer = browser.get("/import/catalogue/excel")
    assert "katalog-2026-uge12.xlsx" in answer.headers["Content-Disposition"]
    book = Opened(answer.data)
    put(book, "KRE-1.1", NAME, "Et andet navn")
    with near():
        forms = fetched(year.by(year.controller), Kind.FORMS, year.organisation, 2026)
        wrong = browser.post("/import", data={"file": (io.BytesIO(forms), "katalog.xlsx")})
        plain = browser.post("/import", data={"file": (io.BytesIO(OWN.encode()), "eget.csv")})
        page, door = browser.get(plain.location).text, browser.get("/import").text
        sent = browser.post("/import", data={"file": (io.BytesIO(book.saved), "katalog.xlsx")})
    assert wrong.status_code == 422 and "Ark _meta, celle B3" in wrong.text
    assert "Disse kolonner bliver ikke læst: Bemærkning." in page and "IT-1.2" in page and "eget.csv" in door
    page = browser.get(sent.location).text
    assert "Delproces: <del>Modtagelse</del> → <ins>Et andet navn</ins>" in page and "Dorte" in page
    other = make.signed_in(client, year.second)
    value = next(part.split('"')[0] for part in other.get(sent.location).text.split('value="') if part.startswith("2-"))
    done = other.post(f"{sent.location}/take", data={"row": [value], "act": "take"}, follow_redirects=True)
    assert "1 række blev indlæst" in done.text
    undone = other.post(f"{sent.location}/undo", data={"reason": WHY}, follow_redirects=True)
    assert "Indlæsningen er fortrudt" in undone.text


def test_the_other_door_names_sheet_and_cell_too(year: Year) -> None:
    book = workbook(year)
    put(book, "KRE-1.1", "Iboende konsekvens", 7)
    with near(), pytest.raises(Refused, match="Sheet Katalog, cell N2: Write a whole number from 1 to 5"):
        queries.read_catalogue(book.saved, "katalog.xlsx")
