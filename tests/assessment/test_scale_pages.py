"""The year's scales: saved while the year is only opened, frozen after, each year its own, and the pages of both."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from controls.assessment import actions, queries
from controls.assessment.forms import ScalesForm
from controls.assessment.rules import Scores
from controls.assessment.scales import STANDARD, Scales
from controls.assessment.words import Band
from controls.base import settings, verify
from controls.base.audit import EventRow
from controls.base.db import Stale, db, transaction
from controls.base.why import Refused
from controls.wheel import actions as wheel
from controls.wheel import queries as wheels
from controls.wheel.dates import default_dates
from controls.wheel.words import State as Phase
from tests import make
from tests.assessment.test_routes import as_, budget, text
from tests.assessment.year import APRIL, GOOD, WHY, Year
from tests.photograph import photographed

LOWER = replace(STANDARD, moderate_from=4, elevated_from=8, high_from=12, worst_impact=Band.HIGH)


class Two(Year):
    """A year in which every form is submitted, and the next one, opened."""

    def __init__(self) -> None:
        super().__init__()
        for code in ("KRE-1", "KRE-3", "LON-1"):
            self.submit(code)
        self.next = self.open(2027)

    def set(self, wanted: Scales, version: int | None = None, id: int | None = None) -> None:
        with transaction():
            actions.set_scales(self.by(self.first), id or self.next.id, version, wanted)


@pytest.fixture
def two(app: Flask, wired: None) -> Two:
    """Two years."""
    return photographed(Two)()


def numbers(two: Two) -> list[int]:
    return [cycle.rule_set for cycle in reversed(wheels.cycles(frozenset({two.organisation.id})))]


def test_each_year_is_reckoned_by_its_own_scales(two: Two) -> None:
    two.set(LOWER)
    assert (queries.used(two.cycle.id), queries.used(two.next.id)) == (STANDARD, LOWER)
    assert numbers(two) == [1, 2] and two.form().inherent_band is Band.ELEVATED
    two.go_to(Phase.CALIBRATING)
    form = two.form("LON-1")
    with transaction():
        actions.calibrate(two.by(two.first), form.id, None, Scores(2, 4, 4, 2, 4), "Færre sager end ventet i år.")
    assert two.form("LON-1").inherent_band is Band.MODERATE  # by LOWER it would be elevated
    two.set(STANDARD)
    assert numbers(two) == [1, 1]
    two.set(LOWER)
    with transaction():
        wheel.advance(two.by(two.first), two.next.id, None)
        wheel.advance(two.by(two.first), two.next.id, None)
    form = queries.of_process(two.next.id, two.form().process_id) or pytest.fail("no form")
    with transaction():
        actions.submit(two.by(two.controller), form.id, None, replace(GOOD, scores=Scores(2, 4, 4, 2, 4)))
    assert (form.inherent_band, two.form().inherent_band) == (Band.ELEVATED, Band.ELEVATED)
    assert queries.lines(form.id)[0].inherent_band is Band.ELEVATED
    with transaction():
        third = wheel.open_cycle(
            two.by(two.first), two.organisation.id, 2028, wheels.parameters(two.next), default_dates(2028)
        )
    assert queries.used(third.id) == LOWER and numbers(two) == [1, 2, 2]
    assert verify.faults(db.session(), settings.current().keys) == []


def refused(two: Two, **given: Any) -> list[str]:
    with pytest.raises(Refused) as raised:
        two.set(given.pop("wanted", LOWER), **given)
    return [f"{reason.code.split('.')[-1]} {reason.field}".strip() for reason in raised.value.reasons]


def test_scales_are_frozen_with_the_parameters(two: Two) -> None:
    assert refused(two, id=two.cycle.id) == ["scales_frozen"]
    assert refused(two, wanted=replace(STANDARD, high_from=9)) == ["band_order high_from"]
    with transaction():
        wheel.advance(two.by(two.first), two.next.id, None)
    assert refused(two) == ["scales_frozen"]
    with transaction():
        wheel.go_back(two.by(two.first), two.next.id, None, "Skalaerne skal rettes til.")
    two.set(LOWER)
    with pytest.raises(Refused), transaction():
        actions.set_scales(two.by(two.controller), two.next.id, None, STANDARD)
    assert queries.used(two.next.id) == LOWER


def test_scales_stay_when_forms_are_answered_on_them_whatever_state_the_year_goes_back_to(two: Two) -> None:
    with transaction():
        for _ in range(2):
            wheel.advance(two.by(two.first), two.next.id, None)
        form = queries.of_process(two.next.id, two.form().process_id) or pytest.fail("no form")
        actions.save_draft(two.by(two.controller), form.id, None, {"reason": "På vej"})
        for _ in range(2):
            wheel.go_back(two.by(two.first), two.next.id, None, "Vi begynder forfra igen.")
    assert wheels.cycle_by_id(two.next.id).state is Phase.CREATED  # type: ignore[union-attr]
    assert refused(two) == ["scales_answered"]


def typed(used: Scales, version: int = 1, **changed: str) -> dict[str, str]:
    """The settings form as a browser sends it."""
    shown = ScalesForm.values(used) | {"version": version}
    sent = {
        name: str(value // 100) if name.endswith("_ore") else "y" if value is True else str(value or "")
        for name, value in shown.items() if value is not False
    }  # fmt: skip
    return {**sent, **changed}


def test_the_group_changes_the_scales_and_sees_before_what_it_would_do(client: FlaskClient, two: Two) -> None:
    as_(client, two.first)
    with budget(8):
        page = text(client.get("/settings/scales"))
    assert 'name="moderate_from"' in page and "Skalaer 2027" in page and "ubetydelig" in page
    sent = typed(LOWER, impact_en_5="catastrophic")
    with budget(8):
        page = text(client.post("/settings/scales/preview", data=sent))
    assert "3 af 3 processer fra 2026" in page and "4 af 4 delprocesser" in page
    assert page.count("→") == 14 and 'value="catastrophic"' in page  # nothing typed is lost, nothing is saved
    assert queries.used(two.next.id) == STANDARD and numbers(two) == [1, 1]
    answer = client.post("/settings/scales?org=STAR", data=sent)
    assert (answer.status_code, answer.location) == (303, "/settings/scales?year=2027&org=STAR")
    assert queries.used(two.next.id) == replace(LOWER, impact_en="\n".join(
        (*STANDARD.anchors("impact", "en")[:4], "catastrophic")))  # fmt: skip
    stale = client.post("/settings/scales", data=typed(STANDARD, impact_en_5="ruinous"))
    assert stale.status_code == 409 and "ruinous" in text(stale) and "catastrophic" in text(stale)
    page = text(client.post("/settings/scales/preview", data=typed(STANDARD, 2)))
    assert "Ingen proces eller delproces fra 2026" in page


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"elevated_from": "3"}, ["elevated_from"]),
        ({"elevated_from": "mange"}, ["elevated_from"]),
        ({"impact_3_from_ore": "ti kroner"}, ["impact_3_from_ore"]),
        ({"impact_3_from_ore": "10,00"}, ["impact_3_from_ore"]),
        ({"likelihood_da_3": ""}, ["likelihood_da_3"]),
        ({"likelihood_da_3": "hvert år"}, ["likelihood_da_4"]),
        ({"weight_amount": "50", "weight_fraud": "49"}, ["weight_amount"]),
        ({"worst_impact": "worst", "leap_steps": ""}, ["worst_impact", "leap_steps"]),
    ],
)
def test_a_faulty_field_is_named_and_what_was_typed_stays(
    client: FlaskClient, two: Two, changed: dict[str, str], fields: list[str]
) -> None:
    as_(client, two.first)
    for path in ("/settings/scales", "/settings/scales/preview"):
        answer = client.post(path, data=typed(STANDARD, **changed, control_en_1="nothing"))
        page = text(answer)
        assert answer.status_code == 422 and re.findall(r'<li><a href="#(\w+)">', page) == fields
        assert 'value="nothing"' in page
    assert queries.used(two.next.id) == STANDARD


def test_after_that_the_scales_are_read_only_with_the_reason(client: FlaskClient, two: Two) -> None:
    as_(client, two.first)
    page = text(client.get("/settings/scales?year=2026"))
    assert "Skalaerne for 2026 blev låst" in page and 'name="moderate_from"' not in page and "noticeable" in page
    answer = client.post("/settings/scales?year=2026", data=typed(STANDARD, control_en_1="nothing"))
    assert answer.status_code == 409 and 'value="nothing"' in text(answer)
    for who, status in ((two.auditor, 403), (two.owner, 403)):
        as_(client, who)
        with budget(8):
            page = text(client.get("/settings/scales"))
        assert "mærkbar" in page and 'name="moderate_from"' not in page
        assert client.post("/settings/scales", data=typed(STANDARD)).status_code == status
    for path in ("/settings/scales?year=2031", "/help/scales?year=2031", "/settings/scales?org=NOPE"):
        assert client.get(path).status_code == 404


def test_the_help_is_that_of_the_current_year(client: FlaskClient, two: Two) -> None:
    two.set(replace(LOWER, weight_amount=70, weight_fraud=30, leap_steps=1))
    as_(client, two.owner)
    with budget(8):
        page = text(client.get("/help/scales"))
    assert "risikoniveauer 2026" in page and "Året har intet prioritetstal" in page and "10–14" in page
    told = re.sub(
        r"<[^>]+>", " ", " ".join(re.findall(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", page.split("<main")[1], re.S))
    )
    words, sentences = re.findall(r"\w+", told), len(re.findall(r"[.?]", told))
    assert len(words) > 60 and len(words) / sentences + 100 * sum(len(w) > 6 for w in words) / len(words) <= 50  # LIX
    page = text(client.get("/help/scales?year=2027"))
    assert "70 pct. × årligt beløb + 30 pct. × særlig risiko for svig" in page
    assert "8–11" in page and "Konsekvens 5 er mindst Høj." in page and "mindst 1 trin" in page


def test_the_form_speaks_the_years_own_words(client: FlaskClient, two: Two) -> None:
    two.set(replace(LOWER, control_da="nul\nlidt\nhalvt\nmeget\nalt <b>"))
    with transaction():
        for _ in range(2):
            wheel.advance(two.by(two.first), two.next.id, None)
    form = queries.of_process(two.next.id, two.form().process_id) or pytest.fail("no form")
    as_(client, two.owner)
    page = text(client.get(f"/assessments/{form.id}"))
    assert "halvt" in page and "alt &lt;b&gt;" in page and "alt <b>" not in page
    assert 'data-bands="4 8 12" data-worst="high" data-leap="2"' in page
    assert "halvt" not in text(client.get(f"/assessments/{two.form().id}"))
    with transaction():
        actions.submit(two.by(two.controller), form.id, None, GOOD)
    as_(client, two.auditor)
    page = text(client.get("/cycles/2027/matrix"))
    assert "M Moderat 4–7" in page and "Konsekvens 5 er mindst Høj." in page and "H 12: 2 delprocesser" in page
    assert "M Moderat 5–9" in text(client.get("/cycles/2026/matrix"))


def test_a_place_without_a_year_sees_the_standard_scales(client: FlaskClient, app: Flask) -> None:
    group = make.person("gro", make.Role.GRP, make.organisation())
    as_(client, group)
    assert "standardskalaerne" in text(client.get("/help/scales"))
    assert client.get("/settings/scales").status_code == 200
    assert client.post("/settings/scales", data=typed(STANDARD)).status_code == 404
    assert db.session.scalar(select(func.count()).where(EventRow.action == actions.SCALES_CHANGED.name)) == 0


def test_scales_are_not_set_while_the_year_is_locked(two: Two) -> None:
    """The year's own row is written too, so of two at once one finds that it has moved on."""
    read = two.next.version
    two.set(LOWER)
    with transaction():  # a month later, and the number of the set stays
        actions.set_scales(two.by(two.first, APRIL), two.next.id, None, replace(LOWER, leap_steps=3))
    now = wheels.cycle_by_id(two.next.id) or pytest.fail("no year")
    assert (now.version, now.rule_set) == (read + 2, 2)
    with pytest.raises(Refused), transaction():
        wheel.advance(two.by(two.first), two.next.id, read)


def test_who_was_later_is_told(two: Two) -> None:
    row = queries.scale_set(two.next.id) or pytest.fail("no scales")
    version = row.version
    two.set(LOWER, version)
    with pytest.raises(Stale):
        two.set(STANDARD, version)


def test_a_priority_figure_stands_with_its_formula(client: FlaskClient, two: Two) -> None:
    two.set(replace(LOWER, weight_amount=70, weight_fraud=30))
    with transaction():
        for _ in range(2):
            wheel.advance(two.by(two.first), two.next.id, None)
        form = queries.of_process(two.next.id, two.form().process_id) or pytest.fail("no form")
        actions.submit(two.by(two.controller), form.id, None, replace(GOOD, fraud=True, fraud_reason=WHY))
    assert form.priority == 70 * 4 + 30 * 5  # ten million kroner is step 4
    assert two.form().priority is None and two.form().inherent_band is Band.ELEVATED
    as_(client, two.auditor)
    with budget(8):
        page = text(client.get("/cycles/2027/assessments?sort=-priority"))
    formula = "Prioritet = 70 pct. × årligt beløb + 30 pct. × særlig risiko for svig"
    assert "4,3" in page and formula in page
    page = text(client.get(f"/assessments/{form.id}"))
    assert "4,3" in page and formula in page
    assert "Prioritet" not in text(client.get("/cycles/2026/assessments"))
