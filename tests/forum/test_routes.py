"""The forum in the browser: announce, paper, minutes, deviation, chair, lock."""

from typing import Any

import pytest
from lxml import html

from controls.forum import actions, queries
from controls.forum.words import State
from tests.forum.test_actions import announced, conditional, locked, recorded
from tests.recommendation import scene as stage
from tests.recommendation.test_actions import handed

DECISION = {"decided": "chosen", "review_year": "2026", "form": "ordinary", "hours": "40", "version": ""}


@pytest.fixture
def scene(app: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    stage.wire(monkeypatch)
    monkeypatch.setattr(actions, "ON_LOCK", [])
    built = handed(make)
    monkeypatch.setattr(make, "NOW", stage.JUNE)
    return built


def get(client: Any, url: str, status: int = 200) -> Any:
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    return html.fromstring(answer.text)


def test_the_whole_way(client: Any, make: Any, scene: Any) -> None:
    stage.sign_in(client, scene, "secretary")
    about = get(client, "/forum/new").xpath("//select[@name='about']/option/@value")[1]
    answer = client.post("/forum/new", data={"about": about, "held_on": "12.6.2026", "form": "meeting"})
    assert answer.status_code == 303
    here = answer.location
    paper = get(client, here)
    assert "KRE-1.1" in paper.text_content() and len(paper.xpath("//h1")) == 1
    minutes = f"{here}/minutes"
    rows = get(client, f"{minutes}/presence")
    version = rows.xpath("//input[@name='version']/@value")[0]
    who = {name: person.id for name, person in scene.people.items()}
    present = {f"present-{who[name]}": "1" for name in ("chair", "member", "secretary")}
    functions = {
        f"function-{who[name]}": kind
        for name, kind in [("chair", "chair"), ("member", "member"), ("other", "member"), ("secretary", "secretary")]
    }
    stand = {f"stand-{who['member']}": who["other"]}
    assert (
        client.post(f"{minutes}/presence", data={**functions, **present, **stand, "version": version}).status_code
        == 303
    )
    refused = client.post(f"{minutes}/lines/KRE-1.1/decide", data={**DECISION, "decided": "not_chosen"})
    assert refused.status_code == 422 and html.fromstring(refused.text).xpath("//*[@id='reason-e']")
    added = {**DECISION, "reason": "Ny lov.", "added_by": str(who["member"])}
    assert get(client, f"{minutes}/lines?code=LON-1.1").xpath("//select[@name='added_by']")
    assert client.post(f"{minutes}/lines/LON-1.1/decide", data=added).status_code == 303
    assert client.post(f"{minutes}/agree").status_code == 303
    version = get(client, minutes).xpath("//form[contains(@action,'note')]//input[@name='version']/@value")[0]
    assert client.post(f"{minutes}/note", data={"note": "Enigt.", "version": version}).status_code == 303
    version = get(client, minutes).xpath("//form[contains(@action,'send')]//input[@name='version']/@value")[0]
    assert client.post(f"{minutes}/send", data={"version": version}).status_code == 303
    assert client.post(f"{minutes}/lock").status_code == 403
    chair = client.application.test_client()
    stage.sign_in(chair, scene, "chair")
    page = get(chair, minutes)
    version = page.xpath("//form[contains(@action,'lock')]//input[@name='version']/@value")[0]
    assert chair.post(f"{minutes}/lock", data={"version": version}).status_code == 303
    done = get(chair, minutes)
    (shown,) = queries.meetings(scene.by("chair"))
    assert shown.meeting.state is State.LOCKED and shown.meeting.hash[:4] in done.text_content()
    assert "B-2026-01 – B-2026-03" in done.text_content()
    assert "LON-1.1" in get(chair, f"{minutes}?lines=all").text_content()
    assert len(get(chair, "/forum").xpath("//tbody/tr")) == 1


def test_draft_minutes_are_for_secretary_and_chair(client: Any, make: Any, scene: Any) -> None:
    id = recorded(scene)
    for who, status in [
        ("secretary", 200),
        ("chair", 200),
        ("member", 403),
        ("group", 403),
        ("auditor", 403),
        ("admin", 403),
    ]:
        reader = client.application.test_client()
        stage.sign_in(reader, scene, who)
        assert reader.get(f"/forum/{id}/minutes").status_code == status, who


def test_locked_minutes_are_for_all_readers(client: Any, make: Any, scene: Any) -> None:
    id = locked(scene)
    for who, status in [
        ("member", 200),
        ("group", 200),
        ("auditor", 200),
        ("controller", 200),
        ("owner", 404),
        ("admin", 403),
    ]:
        reader = client.application.test_client()
        stage.sign_in(reader, scene, who)
        assert reader.get(f"/forum/{id}/minutes").status_code == status, who
        assert reader.get(f"/forum/{id}").status_code == status, who


def test_the_chair_returns(client: Any, make: Any, scene: Any) -> None:
    id = recorded(scene)
    secretary = client.application.test_client()
    stage.sign_in(secretary, scene, "secretary")
    assert secretary.post(f"/forum/{id}/minutes/send").status_code == 303
    stage.sign_in(client, scene, "chair")
    assert client.post(f"/forum/{id}/minutes/return", data={"comment": ""}).status_code == 422
    assert client.post(f"/forum/{id}/minutes/return", data={"comment": "Ret navnet."}).status_code == 303
    assert "Ret navnet." in get(secretary, f"/forum/{id}/minutes").text_content()


def test_two_secretaries_keep_what_they_typed(client: Any, make: Any, scene: Any) -> None:
    id = announced(scene)
    stage.sign_in(client, scene, "secretary")
    url = f"/forum/{id}/minutes/lines/KRE-1.1/decide"
    assert client.post(url, data=DECISION).status_code == 303
    answer = client.post(url, data={**DECISION, "decided": "not_chosen", "reason": "Min grund."})
    assert answer.status_code == 409
    found = html.fromstring(answer.text)
    assert "Min grund." in found.xpath("string(//textarea[@name='reason'])") and found.xpath("//*[@id='conflict']")


def test_move_and_wrong_dates(client: Any, make: Any, scene: Any) -> None:
    id = announced(scene)
    stage.sign_in(client, scene, "secretary")
    assert client.post(f"/forum/{id}/move", data={"held_on": "32.6.2026", "version": "1"}).status_code == 422
    assert client.post(f"/forum/{id}/move", data={"held_on": "15.6.2026", "version": "99"}).status_code == 409
    assert client.post(f"/forum/{id}/move", data={"held_on": "15.6.2026", "version": "1"}).status_code == 303
    assert client.post("/forum/new", data={"about": "", "held_on": "", "form": "x"}).status_code == 422
    get(client, "/forum/999", 404)
    get(client, f"/forum/{id}/minutes/lines/NO-1", 404)


def test_a_condition_and_a_supplementary_decision(
    client: Any, make: Any, scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = conditional(scene)
    made = next(row for row in queries.decisions(id) if row.condition)
    stage.sign_in(client, scene, "secretary")
    url = f"/forum/{id}/minutes/conditions/{made.id}/met"
    assert client.post(url, data={"on": "", "version": str(made.version)}).status_code == 422
    assert client.post(url, data={"on": "12.6.2026", "version": str(made.version)}).status_code == 303
    about = get(client, "/forum/new").xpath("//select[@name='about']/option/@value")[1]
    answer = client.post("/forum/new", data={"about": about, "held_on": "12.6.2026", "form": "written"})
    minutes = f"{answer.location}/minutes"
    assert "B-2026-01" in get(client, minutes).text_content()
    page = get(client, f"{minutes}/lines/KRE-1.1")
    replaces = page.xpath("//input[@name='replaces']/@value")[0]
    assert replaces == str(made.id)
    changed = {**DECISION, "decided": "not_chosen", "reason": "Systemet lukkes.", "replaces": replaces}
    assert client.post(f"{minutes}/lines/KRE-1.1/decide", data=changed).status_code == 303
    get(client, f"{minutes}/lines/LON-1.1", 404)
    get(client, answer.location)
