"""The catalogue of a day in Excel: as it was then, closed lines and changes too, and no later change reaches it."""

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity import actions as accounts
from controls.identity.permissions import Role
from controls.papers import day
from controls.universe import actions
from controls.universe.rules import Entry
from controls.universe.structure import Named, Part
from controls.universe.tables import Process
from controls.universe.words import Level
from tests.photograph import photographed
from tests.universe.house import MARCH, REASON, House, built, said

FORMULA = '=HYPERLINK("http://x")'


@pytest.fixture
def house(app: Flask, make: Any) -> House:
    return changed(make)


@photographed
def changed(make: Any) -> House:
    """A catalogue with one change of each kind that leaves a trace, and one more on the day after."""
    house = built(make)
    there, owner = make.organisation("ALS", "DEP"), make.person("owner", Role.OWN, house.here, name="Anne Ejer")
    with transaction():
        entry = Entry(2, "LON", "Løn", "", "LON-7", "Lønninger", "", "LON-7.7", "Satser", "")
        actions.import_catalogue(make.system(), there.id, [entry], "als.csv", "0" * 64)
        accounts.grant_role(make.system(), house.group.id, Role.GRP, there.id)
    house.by = make.by(house.group)
    process = house.row("KRE-1", Process)
    house.do(actions.name_owner, process.id, process.version, owner.id, None)
    house.do(actions.rename, Level.SUBPROCESS, house.row("KRE-1.1").id, 1, said(), FORMULA, "")
    house.do(actions.recode, Level.SUBPROCESS, house.row("KRE-1.2").id, 1, said(), "KRE-1.9")
    parts = [Part("KRE-2.2", "Rykkere", "", True, "Rykkerne blev efterprøvet i 2024."), Part("KRE-2.3", "Afdrag")]
    house.do(actions.split, house.row("KRE-2.1").id, 1, said(), parts)
    elsewhere = house.row("LON-7", Process).id
    house.do(actions.transfer, Level.SUBPROCESS, house.row("LON-1.2").id, 1, said(), elsewhere)
    house.do(actions.create, Level.SUBPROCESS, process.id, said(date(2026, 4, 1)), Named("KRE-1.3", "Fra april"))
    house.by = replace(house.by, at=house.by.at + timedelta(days=1))
    late = house.row("KRE-1.9")
    house.do(actions.recode, Level.SUBPROCESS, late.id, late.version, said(), "KRE-1.10")
    return house


def sheets(house: House, on: date, lang: str = "en") -> dict[str, list[dict[str, Any]]]:
    """Every data sheet's rows by heading."""
    out = BytesIO()
    day.write(house.by, house.here, on, lang, out)
    return read(out)


def read(out: BytesIO) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for sheet in load_workbook(out).worksheets[1:]:
        head, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(head, row, strict=True)) for row in rows]
    return found


def test_the_day_stands_as_it_was_recorded(house: House) -> None:
    found = sheets(house, MARCH)
    parts = {row["subprocess_code"]: row for row in found["02 Sub-processes"]}
    assert {code: row["state"] for code, row in parts.items()} == {
        "KRE-1.1": "In force", "KRE-1.3": "Not begun", "KRE-1.9": "In force", "KRE-2.1": "Closed",
        "KRE-2.2": "In force", "KRE-2.3": "In force", "LON-1.1": "In force", "LON-1.2": "Closed",
    }  # fmt: skip
    assert parts["KRE-1.9"]["earlier_codes"] == "KRE-1.2" and parts["KRE-1.9"]["process_owner"] == "Anne Ejer"
    assert parts["KRE-2.1"]["became"] == "KRE-2.2; KRE-2.3" and parts["KRE-2.3"]["came_from"] == "KRE-2.1"
    assert parts["LON-1.2"]["became"] == "ALS LON-1.2" and parts["KRE-2.1"]["valid_to"].date() == date(2026, 3, 16)
    assert [row["process_owner"] for row in found["01 Processes"]] == ["Anne Ejer", None, None]
    names = ("change", "code_before", "code_after", "name_or_place_before", "coverage_kept", "recorded_by")
    assert [tuple(row[name] for name in names) for row in found["03 Changes"]] == [
        ("Renamed", "KRE-1.1", "KRE-1.1", "Del KRE-1.1", None, "Group"),
        ("Given another code", "KRE-1.2", "KRE-1.9", None, None, "Group"),
        ("Split into several", "KRE-2.1", "KRE-2.2", None, "Yes", "Group"),
        ("Split into several", "KRE-2.1", "KRE-2.3", None, "No", "Group"),
        ("Transferred to another organisation", "LON-1.2", "ALS LON-1.2", None, "Yes", "Group"),
        ("Added to the catalogue", None, "KRE-1.3", None, None, "Group"),
    ]
    assert {row["reason"] for row in found["03 Changes"]} == {REASON}
    later = {row["subprocess_code"]: row for row in sheets(house, MARCH + timedelta(days=1))["02 Sub-processes"]}
    assert later["KRE-1.10"]["earlier_codes"] == "KRE-1.2; KRE-1.9" and "KRE-1.9" not in later
    before = sheets(house, date(2026, 3, 16))
    assert len(before["02 Sub-processes"]) == 5 and [list(row.values()) for row in before["03 Changes"]] == []
    with pytest.raises(Refused, match=r"Nothing was recorded in STAR by 01-01-2026"):
        sheets(house, date(2026, 1, 1))


def test_fetched_from_the_page(house: House, client: Any, make: Any) -> None:
    make.signed_in(client, make.person("ejer", Role.OWN, house.here))
    assert "/catalogue/excel?org=STAR&amp;on=2026-03-17" in client.get("/catalogue?on=17.3.2026").text
    answer = client.get("/catalogue/excel?org=STAR&on=2026-03-17")
    assert "filename=katalog-STAR-2026-03-17.xlsx" in answer.headers["Content-Disposition"]
    book = load_workbook(BytesIO(answer.data))
    assert book.sheetnames == ["00 Forside", "01 Processer", "02 Delprocesser", "03 Ændringer"]
    (cell,) = [cell for row in book["02 Delprocesser"].iter_rows() for cell in row if cell.value == FORMULA]
    assert cell.data_type == "s" and cell.quotePrefix
    event = db.session.query(EventRow).order_by(EventRow.seq.desc()).first()
    assert event is not None and event.action == "papers.day_exported" and '"day":"2026-03-17"' in event.payload
    cover = [cell for row in book["00 Forside"].iter_rows(values_only=True) for cell in row]
    assert any(str(cell) in event.payload for cell in cover if len(str(cell)) == 64) and FORMULA not in cover
    wrong = client.get("/catalogue/excel?org=STAR&on=i+fjor", follow_redirects=True)
    assert wrong.status_code == 422 and "i fjor" in wrong.text
    assert client.get("/catalogue/excel?org=STAR&on=1.1.2026").status_code == 404
    make.signed_in(client, make.person("drift", Role.ADM, house.here))
    assert client.get("/catalogue/excel?on=2026-03-17").status_code == 403


def test_written_by_the_command(app: Flask, house: House, tmp_path: Path) -> None:
    out = tmp_path / "day.xlsx"
    words = ["export", "catalogue", "--organisation", "STAR", "--on", "2026-03-17", "--out", str(out), "--lang", "en"]
    done = app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0 and "3 sheets, 17 rows" in done.output
    assert len(read(BytesIO(out.read_bytes()))["02 Sub-processes"]) == 8
    words[5] = "2020-01-01"
    refused = app.test_cli_runner().invoke(args=words)
    assert refused.exit_code == 1 and "The catalogue came later" in refused.output
