"""The pages of the cycle: years, one year, opening, parameters, steps, wheel."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from controls.wheel import queries
from controls.wheel.dates import default_dates
from controls.wheel.forms import CycleForm
from controls.wheel.rules import Parameters
from controls.wheel.words import State
from tests import make
from tests.assessment.test_routes import budget, text
from tests.assessment.year import Year
from tests.photograph import photographed

LONG = "En begrundelse, der er lang nok."


@pytest.fixture
def created(app: Any, wired: None) -> Year:
    return photographed(Year)(State.CREATED)


def typed(year: int, **changes: str) -> dict[str, str]:
    values = CycleForm.values(Parameters(950), default_dates(year))
    return {name: str(value) for name, value in values.items()} | {"year": str(year)} | changes


def test_years_and_the_button_of_the_group(client: FlaskClient, created: Year) -> None:
    make.signed_in(client, created.first)
    with budget(8):
        page = text(client.get("/cycles"))
    assert "/cycles/2026?org=STAR" in page and "/cycles/new" in page
    make.signed_in(client, created.owner)
    assert "/cycles/new" not in text(client.get("/cycles"))
    assert client.get("/cycles/new").status_code == 403


def test_open_next_year_proposes_last_years_figures(client: FlaskClient, created: Year) -> None:
    make.signed_in(client, created.first)
    page = text(client.get("/cycles/new"))
    assert 'value="2027"' in page and 'value="950"' in page and 'value="31.3.2027"' in page
    bad = client.post("/cycles/new", data=typed(2027, assess_deadline="27.3.2027", capacity_hours="mange"))
    assert bad.status_code == 422 and 'value="mange"' in text(bad)
    bad = client.post("/cycles/new", data=typed(2027, assess_deadline="27.3.2027"))
    assert bad.status_code == 422 and 'value="27.3.2027"' in text(bad) and 'href="#assess_deadline"' in text(bad)
    answer = client.post("/cycles/new", data=typed(2027))
    assert (answer.status_code, answer.location) == (303, "/cycles/2027?org=STAR")
    assert client.post("/cycles/new", data=typed(2027)).status_code == 409


def test_parameters_until_frozen(client: FlaskClient, created: Year) -> None:
    make.signed_in(client, created.first)
    assert 'name="version" type="hidden" value="1"' in text(client.get("/cycles/2026/parameters"))
    data = typed(2026, capacity_hours="1100", version="1")
    assert client.post("/cycles/2026/parameters", data=data).status_code == 303
    clash = client.post("/cycles/2026/parameters", data=typed(2026, capacity_hours="700", version="1"))
    assert clash.status_code == 409 and "1100" in text(clash) and 'value="700"' in text(clash)
    created.go_to(State.PARAMETERS_LOCKED)
    assert client.get("/cycles/2026/parameters").status_code == 409


def test_the_state_of_the_year(client: FlaskClient, created: Year) -> None:
    created.go_to(State.ASSESSING)
    make.signed_in(client, created.first)
    client.get("/cycles")  # what is learned once in the life of the application is learned
    with budget(8):
        answer = client.get("/cycles/2026")
    page = text(answer)
    assert answer.status_code == 200 and "KRE-1, KRE-3, LON-1" in page and "/cycles/2026/advance" not in page
    assert "/cycles/2026/assessments" in page and page.count("<h1>") == 1
    assert client.get("/cycles/1999").status_code == 404


def test_step_forward_and_back(client: FlaskClient, created: Year) -> None:
    make.signed_in(client, created.first)
    assert "/cycles/2026/advance" in text(client.get("/cycles/2026"))
    answer = client.post("/cycles/2026/advance", data={"version": "1"})
    assert (answer.status_code, answer.location) == (303, "/cycles/2026?org=STAR")
    stale = client.post("/cycles/2026/advance", data={"version": "1"})
    assert stale.status_code == 409
    back = client.post("/cycles/2026/go-back", data={"version": "2", "reason": ""})
    assert back.status_code == 422
    assert client.post("/cycles/2026/go-back", data={"version": "2", "reason": LONG}).status_code == 303
    assert created.phase is State.CREATED


def test_only_the_group_takes_steps(client: FlaskClient, created: Year) -> None:
    for person in (created.owner, created.controller, created.auditor):
        make.signed_in(client, person)
        assert client.get("/cycles/2026").status_code == 200
        assert client.post("/cycles/2026/advance", data={"version": "1"}).status_code == 403


def test_handing_over_takes_its_own_step(client: FlaskClient, created: Year) -> None:
    queries.GATES.update({state: [] for state in State})
    created.go_to(State.CALIBRATING)
    make.signed_in(client, created.first)
    assert "/cycles/2026/recommendation" in text(client.get("/cycles/2026"))
    assert client.post("/cycles/2026/advance", data={}).status_code == 409
    assert created.phase is State.CALIBRATING


def test_the_wheel(client: FlaskClient, created: Year) -> None:
    created.go_to(State.ASSESSING)
    make.signed_in(client, created.auditor)
    with budget(8):
        answer = client.get("/wheel/2026")
    page = text(answer)
    assert answer.status_code == 200 and page.count('class="kr-disc"') == 10 and '<svg class="kr-wheel"' in page
