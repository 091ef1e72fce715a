"""The recommendation in the browser: draft, line, refusal beside its field, hand over, frozen."""

from typing import Any

import pytest
from lxml import html

from controls.recommendation import queries
from controls.recommendation.words import State
from tests.recommendation import scene as stage

HERE = "/cycles/2026/recommendation"
LINE = {
    "recommended": "review",
    "reason_codes": ["due", "high_risk"],
    "text": "Forfald i år.",
    "hours": "40",
    "form": "ordinary",
    "review_year": "2026",
    "version": "",
}
DEFER = {**LINE, "recommended": "defer", "defer_code": "capacity", "defer_to": "2027", "compensating_measure": "Log."}


@pytest.fixture
def scene(app: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    built = stage.build(make, monkeypatch)
    monkeypatch.setattr(make, "NOW", stage.MAY)
    return built


def get(client: Any, url: str, status: int = 200) -> Any:
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    return html.fromstring(answer.text)


def test_the_whole_way(client: Any, make: Any, scene: Any) -> None:
    stage.sign_in(client, scene, "second")
    assert get(client, HERE).xpath("//form[contains(@action,'start')]")
    assert client.post(f"{HERE}/start?org=STAR").status_code == 303
    found = get(client, HERE)
    assert [a.text_content().strip() for a in found.xpath("//tbody//td//a")] and not found.xpath(
        "//form[contains(@action,'hand-over')]"
    )
    answer = client.post(f"{HERE}/lines/KRE-1.1/save", data={**LINE, "next": "1"})
    assert answer.status_code == 303 and "lines/KRE-1.2" in answer.location
    assert client.post(f"{HERE}/lines/KRE-1.2/save", data=DEFER).status_code == 303
    assert client.post(f"{HERE}/introduce", data={"introduction": "Årets plan.", "version": "1"}).status_code == 303
    found = get(client, HERE)
    version = found.xpath("//form[contains(@action,'hand-over')]//input[@name='version']/@value")[0]
    assert client.post(f"{HERE}/hand-over", data={"version": version}).status_code == 303
    frozen = get(client, HERE)
    assert "Årets plan." in frozen.text_content() and not frozen.xpath("//main//form")
    row = queries.current(scene.cycle_id)
    assert row.state is State.HANDED_OVER and row.snapshot_hash[:4] in frozen.text_content()
    assert client.post(f"{HERE}/lines/LON-1.1/save", data=LINE).status_code == 409


def begun(client: Any, make: Any, scene: Any) -> None:
    stage.sign_in(client, scene, "second")
    assert client.post(f"{HERE}/start").status_code == 303


def test_a_refusal_stands_beside_its_field(client: Any, make: Any, scene: Any) -> None:
    begun(client, make, scene)
    answer = client.post(f"{HERE}/lines/KRE-1.1/save", data={**LINE, "form": "light", "text": "Nyt system."})
    assert answer.status_code == 422
    found = html.fromstring(answer.text)
    assert found.xpath("//*[@id='form-e']") and "Nyt system." in found.xpath("string(//textarea[@name='text'])")
    answer = client.post(f"{HERE}/lines/KRE-1.1/save", data={**LINE, "hours": "mange", "recommended": ""})
    assert answer.status_code == 422
    found = html.fromstring(answer.text)
    assert found.xpath("//a[@href='#hours']") and found.xpath("//a[@href='#recommended']")


def test_a_new_line_carries_facts_but_no_judgement(client: Any, make: Any, scene: Any) -> None:
    begun(client, make, scene)
    found = get(client, f"{HERE}/lines/KRE-1.1")
    assert not found.xpath("//input[@name='recommended'][@checked]")
    assert found.xpath("//input[@name='reason_codes'][@checked]/@value") == ["due", "high_risk"]
    assert get(client, f"{HERE}/lines/NO-1", 404) is not None


def test_two_people_at_once_keep_what_was_typed(client: Any, make: Any, scene: Any) -> None:
    begun(client, make, scene)
    assert client.post(f"{HERE}/lines/KRE-1.1/save", data=LINE).status_code == 303
    answer = client.post(f"{HERE}/lines/KRE-1.1/save", data={**LINE, "text": "Min tekst."})
    assert answer.status_code == 409
    found = html.fromstring(answer.text)
    assert "Min tekst." in found.xpath("string(//textarea[@name='text'])")
    assert found.xpath("//*[@id='conflict']") and "Forfald i år." in found.xpath("string(//*[@id='conflict'])")
    version = found.xpath("//input[@name='version']/@value")[0]
    again = client.post(f"{HERE}/lines/KRE-1.1/save", data={**LINE, "text": "Min tekst.", "version": version})
    assert again.status_code == 303
    row = queries.line(queries.current(scene.cycle_id).id, scene.part["KRE-1.1"])
    assert client.post(f"{HERE}/lines/KRE-1.1/take-out", data={"version": row.version}).status_code == 303


@pytest.mark.parametrize(
    ("who", "read", "write"),
    [
        ("controller", 200, 403),
        ("secretary", 200, 403),
        ("auditor", 200, 403),
        ("owner", 404, 403),
        ("admin", 403, 403),
    ],
)
def test_who_reads_and_who_writes(client: Any, make: Any, scene: Any, who: str, read: int, write: int) -> None:
    stage.sign_in(client, scene, who)
    assert client.get(f"{HERE}?org=STAR").status_code == read
    assert client.post(f"{HERE}/start?org=STAR").status_code == write
    assert client.get(f"{HERE}/start?org=STAR").status_code == 405


def test_from_a_task_to_the_page(client: Any, make: Any, scene: Any) -> None:
    stage.sign_in(client, scene, "group")
    answer = client.get(f"/recommendations/open/{scene.cycle_id}")
    assert answer.status_code == 303 and "org=STAR" in answer.location
    assert client.get("/recommendations/open/999").status_code == 404
    assert client.get("/cycles/2031/recommendation?org=STAR").status_code == 404
