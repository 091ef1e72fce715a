"""The pages of staffing without script: what they offer, refuse and keep, and what they ask of the database."""

import html
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controls.base.db import db
from controls.staffing import queries
from controls.staffing.rules import PROPOSED
from tests import make
from tests.photograph import photographed
from tests.speed.counting import counted
from tests.staffing.scene import WHY, Scene

TODAY = make.NOW.date()
QUEUE, OWNERS, CHECK = "/settings/handover?org=STAR", "/settings/owners?org=STAR", "/settings/staffing?org=STAR"


@pytest.fixture
def scene(app: Flask) -> Scene:
    return photographed(Scene)()


@pytest.fixture
def carl(scene: Scene, client: FlaskClient) -> FlaskClient:
    return make.signed_in(client, scene.people["carl"])


def text(answer: Any) -> str:
    return html.unescape(answer.get_data(as_text=True))


def test_the_queue_page(scene: Scene, carl: FlaskClient) -> None:
    """Ticks and texts are kept when it is refused, each row tells why, and the deputy is proposed."""
    scene.leave("anne")
    page = text(carl.get(QUEUE))
    assert (
        page.count('name="keys"') == 7
        and "konto lukket 16.3.2026" in page
        and "Ingen er udpeget" not in page.split("<form")[2]
    )
    assert 'value="proposed"' in page and "KRE-1.1-K1" in page and "checked" not in page
    assert text(carl.get(f"{QUEUE}&tick=all")).count(" checked") == 7
    mine = text(carl.get(f"{QUEUE}&person={scene.id('anne')}"))
    assert mine.count(" checked") == 6 and "Det ejer Anne" in mine
    assert f"handover?org=STAR&person={scene.id('anne')}" in text(carl.get(f"/users/{scene.id('anne')}"))
    keys = [row.key.value for row in queries.queue(scene.agency.id, TODAY)]
    bare = carl.post(QUEUE, data={"reason": "kort"})
    assert bare.status_code == 422
    for words in (
        "Sæt flueben ved det, der overdrages.",
        "Skriv med mindst 10 tegn",
        "Ny ejer",
        ">kort</textarea>".strip(">"),
    ):
        assert words in text(bare)
    lacks = carl.post(QUEUE, data={"keys": keys[:3], "to": PROPOSED, "reason": WHY})
    assert lacks.status_code == 422 and "KRE-2: Der er ingen at foreslå." in text(lacks) and WHY in text(lacks)
    assert text(lacks).count(" checked") == 3 and f'href="#{keys[1]}"' in text(lacks)
    done = carl.post(QUEUE, data={"keys": keys[:1], "to": PROPOSED, "reason": WHY})
    assert done.status_code == 303 and "Overdraget: 1." in text(carl.get(done.location))
    rest = carl.post(QUEUE, data={"keys": keys[1:], "to": str(scene.id("bo")), "reason": WHY})
    assert rest.status_code == 303 and "Alt har en ejer." in text(carl.get(rest.location))
    assert "står i historikken" not in text(carl.get(QUEUE))


def test_owners_row_by_row(scene: Scene, carl: FlaskClient) -> None:
    """By name, user name or the list; a wrong name is told with its process, and what was typed stays."""
    rows = queries.owners(scene.agency.id, TODAY)
    page = text(carl.get(OWNERS))
    assert '<option value="Anne (anne)">' in page and 'value="Bo (bo)"' in page and "2 af 3 processer" in page
    typed = {f"r{row.id}-version": str(row.version) for row in rows}
    first, second, third = (f"r{row.id}" for row in rows)
    typed |= {f"{first}-owner": "Anne (anne)", f"{first}-deputy": "mette", f"{second}-owner": "Ingen Hansen",
              f"{third}-owner": "BO", f"{third}-deputy": "Bo"}  # fmt: skip
    wrong = carl.post(OWNERS, data=typed)
    assert wrong.status_code == 422 and "KRE-2: Ingen her hedder “Ingen Hansen”." in text(wrong)
    assert 'value="Ingen Hansen"' in text(wrong) and 'value="mette"' in text(wrong)
    typed[f"{second}-owner"] = "Anne"
    same = carl.post(OWNERS, data=typed)
    assert same.status_code == 422 and "LON-1: Stedfortræderen skal være en anden" in text(same)
    typed[f"{third}-deputy"] = ""
    done = carl.post(OWNERS, data=typed)
    assert done.status_code == 303 and "2 processer er ændret." in text(carl.get(done.location))
    filled = text(carl.post(OWNERS, data={"owner": "Ukendt", "deputy": "bo"}))
    assert "Ingen her hedder “Ukendt”." in filled and 'value="Ukendt"' in filled
    now = {f"r{row.id}-version": str(row.version) for row in queries.owners(scene.agency.id, TODAY)}
    now |= {f"{first}-owner": "anne", f"{first}-deputy": "mette", f"{second}-owner": "bo", f"{second}-deputy": ""}
    now |= {f"{third}-owner": "", f"{third}-deputy": "", "owner": "anne", "deputy": "bo"}
    assert carl.post(OWNERS, data=now).status_code == 303
    assert [(row.owner, row.deputy) for row in queries.owners(scene.agency.id, TODAY)] == [
        ("Anne (anne)", "Mette (mette)"), ("Bo (bo)", ""), ("Anne (anne)", "Bo (bo)"),
    ]  # fmt: skip
    stale = carl.post(OWNERS, data=typed | {f"{first}-deputy": "nina"})
    assert stale.status_code == 409 and "KRE-1: Carl" in text(stale) and 'value="nina"' in text(stale)


def test_the_check_page(scene: Scene, carl: FlaskClient, client: FlaskClient) -> None:
    """A gap tells whom to borrow and leads to the form that asks for it; everybody who reads the catalogue sees it."""
    scene.leave("mette")
    scene.leave("nina")
    page = text(carl.get(CHECK))
    assert (
        "Der mangler nogen i 3 af 3 processer" in page
        and "ALS: Clen" in page
        and "Årets beslutning mangler folk" in page
    )
    link = page.split('href="/visiting/new')[1].split('"')[0]
    asked = text(carl.get("/visiting/new" + link))
    assert f'<option selected value="process-{scene.process("KRE-1").id}">' in asked
    assert "Bed om en gæst til hele året" not in page, "no year is opened yet"
    year = scene.open()
    whole = f"place=cycle-{year}&task=tester"
    assert whole in text(carl.get(CHECK))
    done = carl.post(CHECK)
    assert done.status_code == 303 and "Set 17.3.2026" in text(carl.get(CHECK))
    make.signed_in(client, scene.people["bo"])
    seen = text(client.get(CHECK))
    assert "Lån fra:" in seen and "Bed om en gæst" not in seen and client.post(CHECK).status_code == 403


def test_few_queries_however_many_rows(scene: Scene, carl: FlaskClient) -> None:
    scene.leave("anne")
    for path in (QUEUE, OWNERS, CHECK, "/?org=STAR", "/settings/proposed?org=STAR"):
        carl.get(path)
        with counted(db.engine) as asked:
            assert carl.get(path).status_code == 200, path
        assert len(asked) <= 8, (path, len(asked), asked)


def test_closing_an_account_tells_what_is_owned_first(scene: Scene, client: FlaskClient) -> None:
    make.signed_in(client, scene.people["adam"])
    path = f"/users/{scene.id('anne')}"
    page = text(client.get(f"{path}/close"))
    assert "Det ejer Anne" in page and 'name="told" type="hidden" value="6"' in page
    assert "KRE-1" not in page, "an administrator reads no content"
    again = client.post(f"{path}/close", data={"version": "1", "told": "0"})
    assert again.status_code == 409 and "Anne står som ejer 6 steder" in text(again)
    assert client.post(f"{path}/close", data={"version": "1", "told": "6"}).status_code == 303
    assert "Det hele går" not in text(client.get(f"/users/{scene.id('nina')}/close"))
