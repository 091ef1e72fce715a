"""The page of exports and the download."""

from io import BytesIO
from typing import Any
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from controls.base.audit import EventRow
from controls.base.db import db
from controls.identity.permissions import Role
from tests import make
from tests.papers.sample import filled


def test_download_is_the_workbook_and_is_logged(client: Any) -> None:
    year = filled()
    make.signed_in(client, year.auditor)
    answer = client.get("/reports/workbook/2026?org=STAR")
    assert answer.status_code == 200
    assert "filename=revisionsudtraek-STAR-2026.xlsx" in unquote(answer.headers["Content-Disposition"])
    assert "attachment" in answer.headers["Content-Disposition"]
    book = load_workbook(BytesIO(answer.data))
    answer.close()
    assert book.sheetnames[0] == "00 Forside"
    event = db.session.scalar(select(EventRow).where(EventRow.action == "papers.workbook_exported"))
    assert event is not None
    shown = [cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row if isinstance(cell, str)]
    assert any(cell in event.payload for cell in shown if len(cell) == 64)
    english = client.get("/reports/workbook/2026?org=STAR&lang=en")
    assert "audit-extract-STAR-2026.xlsx" in english.headers["Content-Disposition"]
    english.close()


def test_page_lists_years_and_exports(client: Any) -> None:
    year = filled()
    make.signed_in(client, year.auditor)
    empty = client.get("/reports").text
    assert "Der er endnu ikke hentet noget." in empty
    client.get("/reports/workbook/2026?org=STAR").close()
    page = client.get("/reports").text
    assert "/reports/workbook/2026?org=STAR" in page
    assert "Hent revisionsudtræk" in page
    assert "Revisor Revisen" in page


def test_a_year_that_is_not_there(client: Any) -> None:
    make.signed_in(client, filled().auditor)
    assert client.get("/reports/workbook/2025?org=STAR").status_code == 404
    assert client.get("/reports/workbook/2026?org=NOPE").status_code == 404


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OWN, 403), (Role.CTL, 403), (Role.ADM, 403), (Role.VDM, 200), (Role.SEC, 200)]
)
def test_who_may_take_it_out(client: Any, role: Role, status: int) -> None:
    year = filled()
    make.signed_in(client, make.person("nogen", role, year.organisation))
    for path in ("/reports", "/reports/workbook/2026?org=STAR"):
        answer = client.get(path)
        assert answer.status_code == status
        answer.close()
