"""The versions of a form side by side, and what was replaced in its draft."""

from dataclasses import replace

from flask.testing import FlaskClient

from controls.assessment import actions, queries
from controls.base.db import transaction
from tests.assessment.test_routes import as_, budget, text
from tests.assessment.year import GOOD, SCORES, WHY, Year, own_line


def test_versions_side_by_side(client: FlaskClient, year: Year) -> None:
    form = year.submit(answers=own_line(year.form(), replace(SCORES, inherent_impact=1)), who=year.owner)
    with transaction():
        actions.return_to_author(year.by(year.first), form.id, None, "Se på konsekvensen igen.")
    other = replace(GOOD, scores=replace(SCORES, inherent_impact=5, residual_impact=5))
    year.submit(answers=other, who=year.deputy)
    id = form.id
    as_(client, year.auditor)
    with budget(9):  # one of them begins
        page = text(client.get(f"/assessments/{id}/history"))
    assert page.count("kr-changed") == 5 and "Anne" in page and "Bo" in page  # impacts, bands, and the line
    assert "3–1–4–3–4" in page and page.count('scope="col"') == 3
    as_(client, year.controller)
    assert client.get(f"/assessments/{id}/history").status_code == 200
    assert client.get("/assessments/999/history").status_code == 404


def test_both_answers_stand_in_the_drafts_history(client: FlaskClient, year: Year) -> None:
    id, line = year.form().id, queries.lines(year.form().id)[0].subprocess_id
    as_(client, year.owner)
    assert "ikke indsendt" in text(client.get(f"/assessments/{id}/history"))
    with transaction():
        actions.save_draft(year.by(year.owner), id, 0, {"reason": ["Annes ord"], f"line-{line}-control_level": ["2"]})
    with transaction():
        actions.save_draft(year.by(year.deputy), id, 0, {"reason": ["Bos ord"], "change_kinds": ["law", "system"]})
    with transaction():
        again = {"reason": ["Bos ord igen"], "change_kinds": [], f"line-{line}-control_level": ["3"]}
        actions.save_draft(year.by(year.deputy), id, 2, again)
    page = text(client.get(f"/assessments/{id}/history"))
    assert all(words in page for words in ("Annes ord", "Bos ord", "blev ikke taget", "Lov", "System", "KRE-1.1"))
    year.submit(who=year.owner)
    page = text(client.get(f"/assessments/{id}/history"))
    assert "Bos ord" not in page and WHY in page
