"""Every figure of the year's page, matrix and goal A leads to exactly the rows it counts, and long lists to pages."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

from controls.assessment import actions, queries
from controls.assessment.tables import Assessment
from controls.assessment.words import Band
from controls.base import audit
from controls.base.db import transaction
from controls.web import lists
from controls.wheel import actions as wheel
from controls.wheel import queries as wheel_queries
from controls.wheel.dates import default_dates
from controls.wheel.rules import Parameters
from controls.wheel.words import State as Phase
from tests import make
from tests.assessment.test_routes import text
from tests.assessment.year import APRIL, Year
from tests.photograph import photographed
from tests.web.town import MADE


def _spring() -> Year:
    """One form is approved, one submitted, one begun."""
    year = Year()
    year.submit("KRE-1", who=year.controller)
    year.submit("KRE-3", who=year.controller)
    with transaction():
        actions.save_draft(year.by(year.controller), year.form("LON-1").id, 0, {"reason": ["På vej"]})
    return year


@pytest.fixture
def year(app: Any, wired: None) -> Year:
    return photographed(_spring)()


def rows(client: FlaskClient, address: str) -> int:
    """How many forms a list shows."""
    return len(set(re.findall(r'href="(/assessments/\d+)"', text(client.get(address)))))


def test_every_figure_of_the_year_leads_to_its_rows(client: FlaskClient, year: Year) -> None:
    make.signed_in(client, year.first)
    found = 0
    for path in ("/cycles/2026?org=STAR", "/?org=STAR"):
        page = html.document_fromstring(text(client.get(path)))
        for link in page.xpath("//main//a[contains(@href, '/assessments?')]"):
            figure = link.text_content().strip()
            if figure.isdigit():
                assert rows(client, link.get("href")) == int(figure), (path, figure, link.get("href"))
                found += 1
    assert found >= 12


def test_goal_a_at_the_end_of_a_day(client: FlaskClient, year: Year) -> None:
    year.submit("LON-1", who=year.controller)
    year.go_to(Phase.CALIBRATING)
    id = year.form("KRE-1").id
    with transaction():
        actions.calibrate(year.by(year.first, APRIL), id, None, None)
        actions.approve(year.by(year.second, APRIL), id, None)
    make.signed_in(client, year.first)
    for day, done in (("14.4.2026", 1), ("2026-04-13", 0)):
        page = html.document_fromstring(text(client.get(f"/cycles/2026?org=STAR&as_of={day}")))
        [link] = page.xpath("//main//a[contains(@href, 'approved_by=')]")
        assert link.text_content() == f"{done} af 3" and rows(client, link.get("href")) == done
    wrong = text(client.get("/cycles/2026?org=STAR&as_of=i+går"))
    assert "Skriv en dato" in wrong and 'value="i går"' in wrong


def test_the_matrix_moves_and_leads_to_its_rows(client: FlaskClient, year: Year) -> None:
    with transaction():
        wheel.open_cycle(year.by(year.first), year.organisation.id, 2027, Parameters(950), default_dates(2027))
        now, then = year.form("KRE-1"), year.form("KRE-1")
        cycle = wheel_queries.cycle(year.organisation.id, 2027)
        assert cycle is not None
        actions.start(year.by(year.first), cycle)
        moved = queries.of_process(cycle.id, now.process_id)
        assert moved is not None
        levels = ((Band.HIGH, 4, 4), (Band.LOW, 1, 1))  # the first sub-process went up, the second down
        for line, (band, likelihood, impact) in zip(queries.lines(moved.id), levels, strict=True):
            line.inherent_band, line.inherent_likelihood, line.inherent_impact = band, likelihood, impact
        assert then.inherent_band is Band.ELEVATED
        _told(year, moved)
    make.signed_in(client, year.auditor)
    page = text(client.get("/cycles/2027/matrix?org=STAR&arrows=1"))
    assert page.count('marker-end="url(#arrow)"') == 2 and "F → H" in page and "F → L" in page
    for way, number in re.findall(r"moved=(\w+)[^>]*>(\d+)</a>", page):
        assert rows_of_matrix(client, f"/cycles/2027/matrix?org=STAR&moved={way}") == int(number) == 1
    assert rows_of_matrix(client, "/cycles/2027/matrix?org=STAR&moved=up&p=1&c=1") == 0


def rows_of_matrix(client: FlaskClient, address: str) -> int:
    """How many sub-processes the table under the drawing shows."""
    return len(re.findall(r'<th scope="row"><a href="/assessments/', text(client.get(address))))


def _told(year: Year, row: Assessment) -> None:
    audit.record(year.by(year.first), MADE, row)


def test_a_list_longer_than_a_page_has_pages(client: FlaskClient, year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PER_PAGE", 2)
    make.signed_in(client, year.auditor)
    assert rows(client, "/cycles/2026/assessments?org=STAR") == 2
    assert rows(client, "/cycles/2026/assessments?org=STAR&page=2") == 1
    page = text(client.get("/cycles/2026/assessments?org=STAR&state=submitted&page=1"))
    assert "page=" not in page.split("<main")[1]
    assert 'rel="next"' in text(client.get("/cycles/2026/matrix?org=STAR"))
    assert "page=2" in text(client.get("/cycles/2026/assessments?org=STAR"))
