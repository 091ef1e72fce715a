"""The roll's page: figures as links, filters in the address, no history, who may read."""

from datetime import date
from typing import Any

import pytest
from lxml import html

from tests.recommendation import scene as stage
from tests.rotation.test_actions import cover


@pytest.fixture
def scene(app: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    built = stage.build(make, monkeypatch)
    monkeypatch.setattr(make, "NOW", stage.MAY)
    return built


def page(client: Any, make: Any, scene: Any, who: str, url: str, status: int = 200) -> Any:
    stage.sign_in(client, scene, who)
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    return html.fromstring(answer.text)


def test_a_row_per_sub_process_and_figures_that_link(client: Any, make: Any, scene: Any) -> None:
    cover(scene, "KRE-1.1", date(2025, 11, 3))
    found = page(client, make, scene, "controller", "/plan?from=2024")
    assert [row.text for row in found.xpath("//tbody//th//span[@class='kr-code']")] == list(stage.CODES)
    assert len(found.xpath("//h1")) == 1 and "2024–2028" in found.xpath("string(//h1)")
    assert found.xpath("string(//tr[.//span[.='KRE-1.1']]/td[4])").startswith("✓")
    link = next(a.get("href") for a in found.xpath("//dl//a") if "status=due" in a.get("href"))
    kept = page(client, make, scene, "controller", link)
    assert [row.text for row in kept.xpath("//tbody//th//span[@class='kr-code']")] == ["KRE-1.2"]
    assert "org=STAR" in link and "from=2024" in link


def test_without_history_there_is_no_wall_of_overdue(client: Any, make: Any, scene: Any) -> None:
    found = page(client, make, scene, "controller", "/plan")
    assert "▲" not in found.xpath("string(//table)")
    assert found.xpath("//*[contains(@class,'alert-info')]")


def test_filters_and_nonsense(client: Any, make: Any, scene: Any) -> None:
    found = page(client, make, scene, "auditor", "/plan?org=STAR&area=LON&band=low")
    assert [row.text for row in found.xpath("//tbody//th//span[@class='kr-code']")] == ["LON-1.1", "LON-1.2"]
    page(client, make, scene, "auditor", "/plan?org=STAR&from=abc&status=nothing&area=%3Cb%3E")
    page(client, make, scene, "auditor", "/plan?from=99999999999")


def test_the_ministry_is_shown_the_way(client: Any, make: Any, scene: Any) -> None:
    found = page(client, make, scene, "group", "/plan")
    assert any("org=STAR" in a.get("href") for a in found.xpath("//main//a"))


def test_the_owner_reads_and_the_administrator_does_not(client: Any, make: Any, scene: Any) -> None:
    page(client, make, scene, "owner", "/plan")
    page(client, make, scene, "admin", "/plan", 403)
    page(client, make, scene, "owner", "/plan?org=DEP", 404)
