"""The long list: the order in which candidates press, their reasons, and what is taken over into the draft."""

from dataclasses import replace
from typing import Any

import pytest
from lxml import html

from controls.assessment.words import Band, Change
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.planning import actions as plans
from controls.recommendation import actions, longlist, queries, rules
from controls.recommendation.longlist import long_list
from controls.recommendation.rules import LineValues
from controls.recommendation.words import ReasonCode, Recommended
from controls.rotation.rules import PlanKind, Planned, RollRow
from controls.rotation.words import Form
from tests.recommendation import scene as stage
from tests.rotation.test_rules import entry, row
from tests.speed.counting import counted

WHY = "Planen er lagt om efter mødet."
HERE = "/cycles/2026/recommendation/long-list"


def part(id: int, made: RollRow | None = None, **facts: Any) -> RollRow:
    return replace(made or row(band=Band.LOW), subprocess_id=id, **{"score": 4, "band_year": 2026} | facts)


@pytest.mark.parametrize(
    ("made", "codes", "sentences"),
    [
        (part(1, row(due=2025, band=Band.LOW)), ["overdue"], ["Overdue since 2025; never covered."]),
        (part(1, row((entry(2021),), due=2026, band=Band.LOW)), ["due"], ["Due in 2026; last covered in 2021."]),
        (part(1, fraud=True), ["fraud"], ["Special risk of fraud."]),
        (part(1, changed=True), ["event"], ["Essentially changed, and not reviewed since."]),
        (part(1, changes=(Change.SYSTEM, Change.LAW)), ["event"], ["Changed since last year: "]),
        (part(1, changes=(Change.SYSTEM,), band_year=2025), [], []),  # last year's ticks are no news
        (part(1, row(), score=16), ["high_risk"], ["High risk before controls: 16 of 25."]),
        (part(1, band=Band.MODERATE, band_before=Band.LOW), ["high_risk"], ["The risk has risen from "]),
        (part(1, band=Band.MODERATE, band_before=Band.HIGH), [], []),
        (part(1, row(due=2025), fraud=True, changed=True), ["overdue", "fraud", "event", "high_risk"], None),
    ],
)
def test_each_reason_is_a_fact(made: RollRow, codes: list[str], sentences: list[str] | None) -> None:
    found = longlist.facts(made, 2026)
    assert list(longlist.codes(made, 2026)) == codes
    if sentences is not None:
        assert all(str(reason).startswith(text) for (_code, reason), text in zip(found, sentences, strict=True))


def test_the_most_pressing_stands_first() -> None:
    rows = [
        part(1, score=4), part(2, row(), score=16), part(3, changes=(Change.LAW,)), part(4, fraud=True),
        part(5, row(due=2026, band=Band.LOW)), part(6, row(due=2026)), part(7, row(due=2025, band=Band.LOW)),
        part(8, row(due=2024, band=Band.LOW)),
    ]  # fmt: skip
    found = long_list(rows, set(), set(), 2026)
    assert [one.row.subprocess_id for one in found] == [8, 7, 6, 5, 4, 3, 2]
    assert [one.pressing for one in found] == [True] * 4 + [False] * 3
    assert long_list(rows[::-1], set(), set(), 2026) == found


def test_hours_and_forms_follow_the_rules_and_add_up() -> None:
    light, fraud, twice = part(1, row(due=2026, band=Band.LOW)), part(2, fraud=True), part(
        3, row((entry(2021, form=Form.LIGHT),), due=2026, band=Band.LOW))  # fmt: skip
    found = long_list([light, fraud, twice], set(), set(), 2026, 100)
    assert {one.row.subprocess_id: (one.form, one.hours) for one in found} == {
        1: (Form.LIGHT, 15), 2: (Form.ORDINARY, 42), 3: (Form.ORDINARY, 42),
    }  # fmt: skip
    assert [one.total for one in found] == [115, 157, 199]


def test_what_is_said_or_settled_is_not_on_the_list() -> None:
    chosen = part(1, row(due=2026, plans=(Planned(1, 2026, PlanKind.PLANNED),)))
    rows = [chosen, part(2, row(due=2026)), part(3, row(due=2026))]
    assert [one.row.subprocess_id for one in long_list(rows, {2}, set(), 2026)] == [3]


def test_one_of_each_area_that_has_none() -> None:
    rows = [
        part(1, row(due=2026)), part(2), part(3, area_code="LON", due=2029), part(4, area_code="LON", due=2028),
        part(5, area_code="REJ", band=Band.MODERATE), part(6, area_code="REJ"), part(7, area_code="TIL"),
    ]  # fmt: skip
    found = long_list(rows, {7}, {7}, 2026)
    assert [(one.row.subprocess_id, one.codes[0]) for one in found] == [
        (1, ReasonCode.DUE), (5, ReasonCode.OTHER), (4, ReasonCode.OTHER),
    ]  # fmt: skip
    assert str(found[-1].reasons[0]).startswith("No other sub-process of the area")


def test_what_the_plan_has_in_the_year_stands_after_what_presses() -> None:
    rows = [part(1), part(2, row(), score=16), part(3, area_code="LON", due=2028), part(4, row(due=2026))]
    found = long_list(rows, set(), set(), 2026, planned={1, 4})
    assert [one.row.subprocess_id for one in found] == [4, 2, 1, 3]
    assert [str(found[at].reasons[-1]) for at in (0, 2)] == ["The standing plan has it in 2026."] * 2
    assert found[2].codes == (ReasonCode.OTHER,) and not found[2].pressing


def test_the_text_of_a_line_is_never_too_long() -> None:
    sentences = ["Et to tre fire fem seks syv otte ni ti."] * 9
    assert longlist.words(sentences) == " ".join(sentences[:6])
    one = long_list([part(1, row(due=2026))], set(), set(), 2026)[0]
    assert rules.why_not_put(longlist.line(one, longlist.words(sentences)), one.row, 2026) == []


def test_before_the_draft_is_begun_it_can_be_seen(client: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    built = stage.build(make, monkeypatch)
    stage.sign_in(client, built, "second")
    assert "recommendation/long-list" in client.get("/cycles/2026/recommendation").text
    page = client.get(HERE).text
    assert "KRE-1.1" in page and "godkendt indtil nu" in page and 'name="pick"' not in page
    assert client.post(f"{HERE}/take-over", data={"pick": ["1"]}).status_code == 404


@pytest.fixture
def scene(app: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    built = stage.build(make, monkeypatch)
    monkeypatch.setattr(make, "NOW", stage.MAY)
    with transaction():
        actions.start(built.by("second"), built.cycle_id)
    return built


def draft(scene: Any) -> dict[int, Any]:
    return {line.subprocess_id: line for line in queries.lines(queries.current(scene.cycle_id).id)}


def test_taken_over_with_one_press(client: Any, scene: Any) -> None:
    stage.sign_in(client, scene, "second")
    assert "recommendation/long-list" in client.get("/cycles/2026/recommendation").text
    page = html.fromstring(client.get(HERE).text)
    ids = [int(value) for value in page.xpath("//input[@name='pick']/@value")]
    assert not page.xpath("//input[@name='pick'][@checked]")
    ticked = html.fromstring(client.get(f"{HERE}?tick=due").text).xpath("//input[@name='pick'][@checked]/@value")
    due = [scene.part["KRE-1.1"], scene.part["KRE-1.2"]]
    assert ids[:2] == due and ticked == [str(id) for id in due] and len(ids) == 3  # and one of LON, for the spread
    assert client.post(f"{HERE}/take-over").status_code == 422
    answer = client.post(f"{HERE}/take-over", data={"pick": ticked}, follow_redirects=True)
    assert "2 delprocesser er taget over i kladden." in answer.text
    line = draft(scene)[due[0]]
    assert (line.recommended, line.reason_codes, line.hours) == (Recommended.REVIEW, "due;high_risk", 42)
    assert line.text == "Forfalder i 2026; aldrig dækket. Høj risiko før kontroller: 16 af 25."
    again = client.post(f"{HERE}/take-over", data={"pick": [ids[2], due[0]]})
    assert again.status_code == 409 and "ikke længere på listen" in again.text and ids[2] not in draft(scene)
    assert len(html.fromstring(client.get(HERE).text).xpath("//input[@name='pick']")) == 1


def test_the_year_of_the_standing_plan_is_a_reason(client: Any, scene: Any) -> None:
    stage.sign_in(client, scene, "second")
    group, here, part_id = scene.by("group"), scene.agency.id, scene.part["LON-1.2"]
    for base, year in enumerate((2026, 2027)):
        with transaction():
            plans.save_draft(group, here, plans.Move(part_id, year - 1 if base else None, year, WHY))
        with transaction():
            plans.keep(group, here, base, WHY)
        with counted(db.engine) as seen:
            page = client.get(HERE).text
        assert ("Planen har den i 2026." in page) == (year == 2026) and len(seen) <= 8


def test_a_position_taken_meanwhile_stands(scene: Any) -> None:
    id, part_id = queries.current(scene.cycle_id).id, scene.part["KRE-1.1"]
    with transaction():
        line = actions.put_line(scene.by("group"), id, LineValues(part_id, Recommended.NOT, text="Lukkes i år."))
    values = [LineValues(part_id), LineValues(scene.part["KRE-1.2"])]
    with pytest.raises(Refused, match="KRE-1.1: somebody has taken a position"), transaction():
        actions.take_over(scene.by("second"), id, values)
    assert list(draft(scene)) == [part_id]
    with transaction():
        actions.take_out_line(scene.by("group"), line.id)
    with transaction():
        assert len(actions.take_over(scene.by("second"), id, values)) == 2
    assert draft(scene)[part_id].recommended is Recommended.REVIEW


@pytest.mark.parametrize(("who", "status"), [("controller", 403), ("auditor", 403), ("chair", 403), ("group", 200)])
def test_who_sees_it(client: Any, scene: Any, who: str, status: int) -> None:
    stage.sign_in(client, scene, who)
    assert client.get(f"{HERE}?org=STAR").status_code == status
