"""The roll's page: figures as links, filters in the address, no history, who may read."""

import io
import re
from datetime import date
from typing import Any

import pytest
from lxml import html
from openpyxl import load_workbook

from controls.base import background
from controls.jobs import runner
from controls.planning.words import Asked
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


def at(found: Any, path: str) -> str:
    return " ".join(found.xpath(f"string({path})").split())


def posted(client: Any, make: Any, scene: Any, url: str, status: int = 303, who: str = "group", **data: Any) -> Any:
    stage.sign_in(client, scene, who)
    answer = client.post(url, data=data)
    assert answer.status_code == status, answer.text
    return answer


def test_a_review_is_planned_moved_and_kept_without_script(client: Any, make: Any, scene: Any) -> None:
    id = scene.part["KRE-1.1"]
    found = page(client, make, scene, "group", "/plan?org=STAR&from=2026")
    assert found.xpath(f"//button[@name='cell' and @value='{id}']")
    found = page(client, make, scene, "group", f"/plan?org=STAR&from=2026&cell={id}")
    assert [one.get("value") for one in found.xpath("//section[@id='cell']//input[@name='to']")][:5] == [
        "2026", "2027", "2028", "2029", "2030"]  # fmt: skip
    assert "42 af" in at(found, "//section[@id='cell']")
    answer = posted(client, make, scene, "/plan/move?org=STAR&from=2026", cell=f"{id}", to="2027")
    assert answer.location.endswith(f"/plan?org=STAR&from=2026#r{id}")
    found = page(client, make, scene, "group", "/plan?org=STAR&from=2026&status=changed")
    assert at(found, f"//tr[@id='r{id}']/td[4]").startswith("○") and "1 ændring" in at(found, "//div[@id='draft']")
    posted(client, make, scene, "/plan/move?org=STAR", 409, cell=f"{id}-2029", to="2030")
    posted(client, make, scene, "/plan/move?org=STAR", 422, cell=f"{id}-2027", to="2099")
    posted(client, make, scene, "/plan/move?org=STAR", 404, cell="x", to="2027")
    found = page(client, make, scene, "group", "/plan/draft?org=STAR")
    assert "KRE-1.1" in at(found, "//main//table") and found.xpath("//input[@name='base']/@value") == ["0"]
    assert "Skriv hvorfor" in posted(client, make, scene, "/plan/keep?org=STAR", 422, base="0", reason="kort").text
    posted(client, make, scene, "/plan/keep?org=STAR", base="0", reason="Den skal gennemgås først.")
    found = page(client, make, scene, "auditor", f"/plan?org=STAR&from=2026&cell={id}-2027")
    assert "Den skal gennemgås først." in at(found, "//section[@id='cell']")
    assert "placeret i hånden" in at(found, "//section[@id='cell']") and not found.xpath("//input[@name='to']")
    assert "KRE-1.1" in at(page(client, make, scene, "auditor", "/plan/versions?org=STAR"), "//main")


def test_a_script_gets_the_parts_that_changed(client: Any, make: Any, scene: Any) -> None:
    id = scene.part["KRE-1.1"]
    stage.sign_in(client, scene, "group")
    headers = {"Accept": "application/json"}
    answer = client.post("/plan/move?org=STAR&from=2026", data={"cell": f"{id}", "to": "2028"}, headers=headers)
    assert answer.status_code == 200 and answer.json["ids"] == ["top", "load", "draft", f"r{id}"]
    found = html.fromstring(answer.json["html"])
    assert all(found.xpath(f"//*[@id='{name}']") for name in answer.json["ids"])
    assert "Planlagt" in at(found, f"//tr[@id='r{id}']")
    answer = client.post("/plan/move?org=STAR", data={"cell": f"{id}-2028", "to": "1999"}, headers=headers)
    assert answer.status_code == 422 and "2026" in answer.json["reasons"][0]
    answer = client.post("/plan/move?org=STAR", data={"cell": f"{id}-2029", "to": "2030"}, headers=headers)
    assert answer.status_code == 409 and "Hent siden igen" in answer.json["reasons"][0]
    # The year that a script asked for is chosen on the panel where a reason is written.
    chosen = page(client, make, scene, "group", f"/plan?org=STAR&cell={id}-2028&to=2029")
    assert chosen.xpath("//section[@id='cell']//input[@checked]/@value") == ["2029"]
    posted(client, make, scene, "/plan/undo?org=STAR")
    assert "1 ændring" not in at(page(client, make, scene, "group", "/plan?org=STAR"), "//main")


def test_what_if_and_scenarios(client: Any, make: Any, scene: Any) -> None:
    id = scene.part["LON-1.1"]
    posted(client, make, scene, "/plan/what-if/move?org=STAR", cell=f"{id}", to="2027")
    posted(client, make, scene, "/plan/what-if/hours?org=STAR", first="2027", last="2028", hours="10")
    found = page(client, make, scene, "group", "/plan/what-if?org=STAR")
    assert "15 af 10" in at(found, "//div[@id='outcome']") and "5 timer over" in at(found, "//div[@id='outcome']")
    text = posted(client, make, scene, "/plan/what-if/hours?org=STAR", 422, first="abc", hours="10").text
    assert "abc" in text and "skal være et tal" in text
    answer = client.post("/plan/what-if/hours?org=STAR", data={"first": "2027", "people": "2", "each": "300"},
                         headers={"Accept": "application/json"})  # fmt: skip
    assert "15 af 610" in " ".join(html.fromstring(answer.json["html"]).text_content().split())
    posted(client, make, scene, "/plan/scenarios?org=STAR", 422, name="")
    location = posted(client, make, scene, "/plan/scenarios?org=STAR", name="To mere").location
    found = page(client, make, scene, "group", location)
    assert "LON-1.1" in at(found, "//main") and "To mere" in at(found, "//main//tbody")
    assert page(client, make, scene, "auditor", location).xpath("//form[contains(@action,'adopt')]") == []
    adopt = found.xpath("//form[contains(@action,'adopt')]/@action")[0]
    assert "mindst" in posted(client, make, scene, adopt, 422, version="1", reason="").text
    posted(client, make, scene, adopt.replace("adopt", "open"))
    posted(client, make, scene, adopt, version="1", reason="Vi får to nye medarbejdere.")
    assert "To mere" in at(page(client, make, scene, "group", "/plan/versions?org=STAR"), "//main")
    posted(client, make, scene, adopt.replace("adopt", "remove"), version="1")
    posted(client, make, scene, "/plan/scenarios/999/open?org=STAR", 404)
    posted(client, make, scene, "/plan/undo?org=STAR", 403, who="controller")


def test_the_planner_is_asked_and_its_plan_taken(
    client: Any, make: Any, scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    begun: list[tuple[str, ...]] = []
    monkeypatch.setattr(background, "start", lambda *command: begun.append(command))
    posted(client, make, scene, "/plan/proposals?org=STAR", 422, years="4")
    address = posted(client, make, scene, "/plan/proposals?org=STAR", years="5").location
    assert begun == [("plan", "propose")] and "regner" in at(page(client, make, scene, "group", address), "//main")
    assert client.get(address, headers={"Accept": "application/json"}).json == {"busy": True, "step": 0}
    posted(client, make, scene, address.replace("?", "/take?"), 409)
    posted(client, make, scene, "/plan/proposals?org=STAR", 409, years="5")
    assert runner.propose_waiting() == [Asked.DONE] and runner.propose_waiting() == []
    found = page(client, make, scene, "group", address)
    assert all(text in at(found, "//main") for text in ("LON-1.1", "Frist", "pct."))
    posted(client, make, scene, address.replace("?", "/take?"))
    posted(client, make, scene, "/plan/keep?org=STAR", base="0", reason="Planlæggerens forslag er godt.")
    found = page(client, make, scene, "group", "/plan?org=STAR&from=2026")
    assert len(found.xpath("//tbody//button[@name='cell']")) >= 4
    assert "Bed om et nyt forslag" in at(page(client, make, scene, "group", address), "//main")  # the plan has moved on
    with_no_answer = posted(client, make, scene, "/plan/proposals?org=STAR", years="5").location
    monkeypatch.setattr(runner.planner, "plan", lambda *given, **named: 1 / 0)
    assert runner.propose_waiting() == [Asked.FAILED]
    assert "uden svar" in at(page(client, make, scene, "group", with_no_answer), "//main")
    posted(client, make, scene, "/plan/proposals/999/take?org=STAR", 404)


def test_what_falls_outside_is_told_with_reasons(client: Any, make: Any, scene: Any) -> None:
    cover(scene, "KRE-1.1", date(2020, 11, 3))
    posted(client, make, scene, "/plan/what-if/hours?org=STAR", first="2026", last="2030", hours="42")
    id = scene.part["KRE-1.1"]
    posted(client, make, scene, "/plan/move?org=STAR", cell=f"{id}", to="2027")
    found = page(client, make, scene, "group", "/plan?org=STAR")
    (link,) = [a.get("href") for a in found.xpath("//div[@id='top']//a") if "/plan/outside" in a.get("href")]
    assert "ikke gennemgået inden for fem kalenderår" in at(found, "//div[@id='top']")
    found = page(client, make, scene, "group", link)
    line = at(found, "//tbody/tr[.//span[.='KRE-1.1']]")
    assert "De fem kalenderår til og med 2025" in line and "Planen har den i 2027" in line
    assert "noget år i planen" in at(found, "//main") and f"cell={id}" in found.xpath("//tbody//a/@href")[0]
    # The draft is its maker's own; others see what the standing plan leaves outside.
    found = page(client, make, scene, "auditor", "/plan/outside?org=STAR")
    assert "Planen har den i 2027" not in at(found, "//main") and found.xpath(
        "//tbody//a[contains(@href,'/subprocesses/')]"
    )


def test_teams_have_hours_of_their_own(client: Any, make: Any, scene: Any) -> None:
    posted(client, make, scene, "/plan/teams?org=STAR", name="Lønteam", areas=["LON"])
    found = page(client, make, scene, "group", "/plan/teams?org=STAR")
    link = found.xpath("//main//table//a[contains(@href,'team=')]/@href")[0]
    form = page(client, make, scene, "group", link)
    assert form.xpath("//input[@name='areas' and @checked]/@value") == ["LON"]
    text = posted(client, make, scene, "/plan/teams?org=STAR", 422, name="Andre", areas=["LON"]).text
    assert "Lønteam" in text and 'value="Andre"' in text
    id = link.split("team=")[1]
    posted(client, make, scene, "/plan/what-if/hours?org=STAR", first="2027", team=id, hours="10")
    posted(client, make, scene, "/plan/what-if/move?org=STAR", cell=f"{scene.part['LON-1.1']}", to="2027")
    assert "5 timer over" in at(page(client, make, scene, "group", "/plan?org=STAR"), "//tfoot/tr[2]")


def test_a_year_divided_in_halves(client: Any, make: Any, scene: Any) -> None:
    id, hours = scene.part["KRE-1.1"], "/plan/what-if/hours?org=STAR"
    for wrong in ({"hours": "10", "half": "11"}, {"hours": "10", "half": "x"}, {"half": "4"}, {"first": "2026"}):
        sent = {"first": "2027", **wrong}
        found = html.fromstring(posted(client, make, scene, hours, 422, **sent).text)
        assert at(found, "//*[contains(@class,'form-error-message')]")
        assert all(found.xpath(f"//input[@name='{name}']/@value") == [value] for name, value in sent.items())
    posted(client, make, scene, hours, first="2027", last="2028", hours="100", half="30")
    posted(client, make, scene, "/plan/move?org=STAR", cell=f"{id}", to="2027")  # where there is more room
    found = page(client, make, scene, "group", "/plan?org=STAR&from=2026&cell=" + f"{id}-2027")
    assert "Planlagt, 2. halvår" in at(found, f"//tr[@id='r{id}']/td[4]")
    assert "1. halvår: 0/302. halvår: 42/70" in at(found, "//tfoot/tr[1]/td[2]")
    assert "Den ligger i 2. halvår." in at(found, "//section[@id='cell']")
    assert "2027-1" in found.xpath("//section[@id='cell']//input[@name='to']/@value")
    posted(client, make, scene, "/plan/move?org=STAR", cell=f"{id}-2027", to="2027-1")
    posted(client, make, scene, "/plan/move?org=STAR", 422, cell=f"{id}-2027", to="2027-3")
    found = page(client, make, scene, "group", "/plan?org=STAR&from=2026")
    assert "▲ 1. halvår: 42/30, 12 timer over" in at(found, "//tfoot/tr[1]/td[2]")
    assert "1. halvår: 12 timer over" in at(page(client, make, scene, "group", "/plan/what-if?org=STAR"), "//main")
    found = page(client, make, scene, "group", "/plan/draft?org=STAR")
    assert "2027, 1. halvår" in at(found, "//main//table[1]") and "100 (30 i 1. halvår)" in at(found, "//main")
    posted(client, make, scene, "/plan/keep?org=STAR", base="0", reason="Første halvår har færrest timer.")
    assert "100 (30 i 1. halvår)" in at(page(client, make, scene, "auditor", "/plan/versions?org=STAR"), "//main")
    stage.sign_in(client, scene, "group")
    book: Any = load_workbook(io.BytesIO(client.get("/plan/excel?org=STAR&from=2026&lang=da").data))
    assert "Planlagt, 1. halvår" in [row[8] for row in book["Femårsrul"].values]
    assert ("2027, 1. halvår", 1, 42, 30) in [row[:4] for row in book["Timer"].values]


def test_what_is_not_there_yet_is_said(client: Any, make: Any, scene: Any) -> None:
    """The department has no sub-processes; an agency whose year is not opened has no hours."""
    for path in ("what-if", "teams", "scenarios"):
        found = page(client, make, scene, "group", f"/plan/{path}?org=DEP")
        assert "har ingen egne delprocesser" in at(found, "//main") and not found.xpath("//main//form[@method='post']")
    assert "ingen gældende plan" in at(page(client, make, scene, "group", "/plan/versions?org=DEP"), "//main")
    assert "Intet er ændret" in at(page(client, make, scene, "group", "/plan/draft?org=DEP"), "//main")
    assert "har ingen egne" in posted(client, make, scene, "/plan/proposals?org=DEP", 422, years="5").text


def test_without_hours_nobody_knows(client: Any, make: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage.build(make, monkeypatch, opened=False)
    monkeypatch.setattr(make, "NOW", stage.MAY)
    for path in ("/plan?org=STAR", "/plan/what-if?org=STAR"):
        assert "om rullet holder" in at(page(client, make, scene, "group", path), "//main")
    assert "kendes ikke endnu" in posted(client, make, scene, "/plan/proposals?org=STAR", 422, years="5").text
    posted(client, make, scene, "/plan/what-if/hours?org=STAR", first="2026", last="2030", hours="300")
    assert "Rullet holder:" in at(page(client, make, scene, "group", "/plan?org=STAR"), "//main")


def test_the_fewest_hours_that_are_wanting_are_told(client: Any, make: Any, scene: Any) -> None:
    posted(client, make, scene, "/plan/what-if/hours?org=STAR", first="2026", last="2030", hours="10")
    found = page(client, make, scene, "group", "/plan/what-if?org=STAR")
    said = re.search(
        r"Rullet holder, hvis der kommer (\d+) timer til: (.+?)\. Færre timer er ikke nok\. 20\d\d er med sikkerhed",
        at(found, "//div[@id='outcome']"),
    )
    assert said and sum(int(hours) for hours in re.findall(r"(\d+) i 20\d\d", said[2])) == int(said[1])


def test_the_grid_leaves_as_a_workbook(client: Any, make: Any, scene: Any) -> None:
    posted(client, make, scene, "/plan/move?org=STAR", cell=f"{scene.part['KRE-1.1']}", to="2027")
    stage.sign_in(client, scene, "group")
    answer = client.get("/plan/excel?org=STAR&from=2026&area=KRE&lang=da")
    assert "femaarsrul-STAR-2026-2030.xlsx" in answer.headers["Content-Disposition"]
    book: Any = load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["Femårsrul", "Timer", "Om filen"]
    rows = list(book["Femårsrul"].values)
    assert [row[1] for row in rows[1:]] == ["KRE-1.1", "KRE-1.2"] and rows[0][7:9] == ("2026", "2027")
    assert rows[1][8] == "Planlagt" and rows[1][-1] == "2027: Den er placeret i hånden."
    assert book["Femårsrul"].conditional_formatting and book["Femårsrul"].freeze_panes == "D2"
    assert book["Timer"]["E3"].value == "=MAX(0,C3-D3)" and len(book["Timer"]._charts) == 1
    assert ("Filter", "Område: KRE") in list(book["Om filen"].values)
    assert load_workbook(io.BytesIO(client.get("/plan/excel?org=STAR&lang=en").data)).sheetnames[0] == "Five-year roll"
