"""The grid: rows that are saved as units, what cannot be read, submission of what is filled in."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from controls.assessment import actions, queries
from controls.assessment.grid import many
from controls.assessment.words import State
from controls.base.db import transaction
from tests.assessment.test_routes import as_, budget, text
from tests.assessment.year import WHY, Year

GRID = "/cycles/2026/grid"
CELLS = {
    "inherent_likelihood": "3", "inherent_impact": "4", "control_level": "2", "change_direction": "up",
    "change_kinds": "System, lov", "fraud": "no", "certainty": "fair", "propose_review": "yes", "reason": WHY,
}  # fmt: skip


def sheet(year: Year, **rows: dict[str, str]) -> dict[str, str]:
    """The grid's form with what is typed in some rows."""
    found = {}
    for code in ("KRE-1", "KRE-3", "LON-1"):
        form = year.form(code)
        draft = queries.draft(form.id)
        found[f"row_version-{form.id}"] = f"{form.version}.{draft.version if draft else 0}"
        for name, value in rows.get(code.replace("-", ""), {}).items():
            found[f"{name}-{form.id}"] = value
    return found


@pytest.mark.parametrize(
    ("typed", "values", "strange"),
    [("", [], []), ("Lov; system,  LOV", ["law", "system"], []), ("lov, vejret", ["law"], ["vejret"])],
)
def test_words_of_a_cell(typed: str, values: list[str], strange: list[str]) -> None:
    assert many(typed, {"lov": "law", "system": "system"}) == (values, strange)


def test_a_row_for_each_form(client: FlaskClient, year: Year) -> None:
    year.submit("KRE-3")
    as_(client, year.controller)
    with budget(9):  # one of them begins
        page = text(client.get(GRID))
    assert page.count("data-row=") == 3 and page.count('name="row_version-') == 2 and page.count(" readonly") == 11
    assert text(as_(client, year.owner).get(GRID)).count("data-row=") == 1
    assert as_(client, year.auditor).get(GRID).status_code == 403


def test_rows_are_saved_and_submitted(client: FlaskClient, year: Year) -> None:
    as_(client, year.controller)
    data = sheet(year, KRE1=CELLS, KRE3={"reason": "Kun lidt"})
    assert client.post(GRID, data=data).status_code == 303
    fields = queries.typed(queries.draft(year.form().id))
    assert fields["change_kinds"] == ["system", "law"] and fields["inherent_likelihood"] == ["3"]
    assert queries.draft(year.form("LON-1").id) is None, "a row in which nothing is typed is left alone"
    answer = client.post(f"{GRID}/submit", data=sheet(year, KRE1=CELLS, KRE3={"reason": "Kun lidt"}))
    page = text(answer)
    assert answer.status_code == 422 and "KRE-3" in page and "Vælg et trin" in page
    row = year.form()
    assert row.state is State.SUBMITTED and (row.residual_likelihood, row.residual_impact) == (3, 4)
    assert year.form("KRE-3").state is State.NOT_STARTED and year.form("LON-1").state is State.NOT_STARTED


def test_what_cannot_be_read_is_told_in_its_row_and_kept(client: FlaskClient, year: Year) -> None:
    as_(client, year.controller)
    answer = client.post(GRID, data=sheet(year, KRE1=CELLS | {"inherent_impact": "7", "change_kinds": "vejret"},
                                          KRE3=CELLS))  # fmt: skip
    page = text(answer)
    assert answer.status_code == 422 and 'value="7"' in page and "vejret" in page and page.count("kr-bad") == 2
    assert queries.draft(year.form().id) is None and queries.draft(year.form("KRE-3").id) is not None


def test_what_another_changed_meanwhile(client: FlaskClient, year: Year) -> None:
    as_(client, year.controller)
    data: dict[str, Any] = sheet(year, KRE1=CELLS)
    with transaction():
        actions.save_draft(year.by(year.owner), year.form().id, 0, {"reason": ["Annes"], "control_level": ["2"]})
    answer = client.post(GRID, data=data)
    page = text(answer)
    assert answer.status_code == 422 and "Anne har også ændret" in page and WHY in page
    fields = queries.typed(queries.draft(year.form().id))
    assert fields["reason"] == ["Annes"] and fields["inherent_likelihood"] == ["3"]
    year.submit(who=year.owner)
    answer = client.post(GRID, data=data | {f"reason-{year.form().id}": "Skrevet for sent, men ikke væk."})
    assert answer.status_code == 422 and "Skrevet for sent" in text(answer) and "Indsendt" in text(answer)
