"""Pages of visiting grants over HTTP: the short form, the clicks, and all that a visitor does not see."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controls.base import demo
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity.tables import SignIn
from controls.identity.visits import VisitState, VisitTask
from controls.review import actions as reviewing
from controls.review import queries as reviews
from controls.review import rules as reviewed
from tests import make
from tests.photograph import photographed
from tests.review.scene import CONTROL, GOOD, RISK
from tests.visiting.scene import WHY, Houses

LATER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def houses(app: Flask) -> Houses:
    return photographed(Houses)()


def status(client: FlaskClient, houses: Houses, name: str, path: str) -> int:
    make.signed_in(client, houses.people[name])
    return client.get(path).status_code


def test_borrowed_from_where_somebody_lacks(client: FlaskClient, houses: Houses) -> None:
    """The link has filled in place and task; what is typed stays on refusal; then a click each."""
    place = f"process-{houses.process('ALS', 'KRE-2')}"
    make.signed_in(client, houses.people["hebj"])
    page = client.get(f"/visiting/new?place={place}&task=tester").text
    assert f'<option selected value="{place}"' in page and '<option selected value="tester"' in page
    assert "STAR: Nara (CTL)" in page and "Siho" not in page
    data = {"place": place, "task": "tester", "visitor_id": str(houses.people["clen"].id), "valid_from": "17.3.2026",
            "valid_to": "30.11.2026", "reason": WHY}  # fmt: skip
    again = client.post("/visiting/new", data=data)
    assert again.status_code == 422 and WHY in again.text and "Clen" in again.text
    sent = client.post("/visiting/new", data={**data, "visitor_id": str(houses.people["nara"].id)})
    assert sent.status_code == 303
    path = sent.headers["Location"]
    id = int(path.rsplit("/", 1)[1])
    assert f"{path}/lend" not in client.get(path).text, "who asked does not lend"
    for name, verb in (("bemo", "lend"), ("tomi", "prepare"), ("loos", "grant")):
        make.signed_in(client, houses.people[name])
        page = client.get(path).text
        assert f'action="{path}/{verb}"' in page, (name, verb)
        version = re.search(r'name="version"[^>]*value="(\d+)"', page)
        assert version is not None
        assert client.post(f"{path}/{verb}", data={"version": version[1]}).status_code == 303
    assert houses.grant(id).state is VisitState.GRANTED
    assert "Nara" in client.get("/visiting").text
    make.signed_in(client, houses.people["nara"])
    assert client.post(f"{path}/end", data={"version": "9", "reason": "x"}).status_code == 409
    ended = client.post(f"{path}/end", data={"version": str(houses.grant(id).version), "reason": "Orlov."})
    assert ended.status_code == 303 and houses.grant(id).state is VisitState.ENDED


def test_a_visitor_sees_that_process_only(client: FlaskClient, houses: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    other = houses.review("ALS", "KRE-1", "juth", "nara", "clen", "01")
    mine = houses.review("ALS", "KRE-2", "nara", "nara", "juth", "02")
    seen = ["/processes/KRE-2?org=ALS", "/subprocesses/KRE-2.1?org=ALS", f"/reviews/{mine}",
            f"/reviews/{mine}/conclusion"]  # fmt: skip
    hidden = ["/processes?org=ALS", "/processes/KRE-1?org=ALS", "/subprocesses/KRE-1.1?org=ALS", "/plan?org=ALS",
              "/cycles?org=ALS", "/cycles/2026?org=ALS", "/cycles/2026/matrix?org=ALS", "/wheel/2026?org=ALS",
              f"/reviews/{other}", "/cycles/2026/recommendation?org=ALS", "/reports?org=ALS"]  # fmt: skip
    for path in seen + hidden:
        assert status(client, houses, "nara", path) in (403, 404), f"{path} before the grant"
    id = houses.lend(houses.asked("nara", VisitTask.TESTER))
    for path in seen:
        assert status(client, houses, "nara", path) == 200, path
    for path in hidden:
        assert status(client, houses, "nara", path) in (403, 404), path
    listed = client.get("/reviews?org=ALS").text
    assert "G-2026-02" in listed and "G-2026-01" not in listed
    assert client.get("/findings?org=ALS").status_code == 200
    assert client.get(f"/visiting/{id}").status_code == 200
    monkeypatch.setattr(demo, "now", lambda: LATER)
    for path in seen:
        make.signed_in(client, houses.people["nara"])
        with client.session_transaction() as session:
            token = session["sign_in"]
        db.session.rollback()
        _awake(token)
        assert client.get(path).status_code in (403, 404), f"{path} after its last day"


def _awake(token: str) -> None:
    """The sign-in was used a moment ago."""
    with transaction():
        row = db.session.query(SignIn).filter_by(token=token).one()
        row.started_at = row.seen_at = row.fresh_at = LATER


def test_the_work_of_a_borrowed_team(houses: Houses) -> None:
    """Tester and quality reviewer from another agency do their work there, each by one grant for the process."""
    id = houses.review("ALS", "KRE-2", "nara", "nara", "juth")
    part = reviews.review(id)
    assert part is not None
    houses.do(reviewing.add_risk, "kiro", part.subprocess_id, RISK)
    control = houses.do(reviewing.add_control, "kiro", part.subprocess_id, CONTROL).id
    with pytest.raises(Refused):
        houses.do(reviewing.test_design, "nara", id, control, GOOD)
    houses.lend(houses.asked("nara", VisitTask.TESTER))
    houses.lend(houses.asked("juth", VisitTask.QUALITY_REVIEWER))
    test = houses.do(reviewing.test_design, "nara", id, control, GOOD)
    with pytest.raises(Refused):
        houses.do(reviewing.review_design, "nara", test.id, None)
    houses.do(reviewing.review_design, "juth", test.id, None)
    assert reviews.design_tests(id)[control].reviewer_id == houses.people["juth"].id


def test_the_plan_offers_whoever_is_lent(client: FlaskClient, houses: Houses) -> None:
    id = houses.review("ALS", "KRE-2", "siho", "siho", "hebj")
    make.signed_in(client, houses.people["hebj"])
    assert "Nara" not in client.get(f"/reviews/{id}/plan").text
    houses.lend(houses.asked("nara", VisitTask.TESTER))
    page = client.get(f"/reviews/{id}/plan").text
    assert page.count(">Nara<") == 2, "as lead and as tester, not as quality reviewer"
    assert f"/visiting/new?place=review-{id}&amp;task=tester" in page
    plan = reviewed.Plan(houses.people["nara"].id, houses.people["nara"].id, houses.people["hebj"].id, 40)
    houses.do(reviewing.plan, "hebj", id, None, plan)
    page = client.get(f"/reviews/{id}").text
    assert "STAR" in page


def test_hours_count_in_both_capacities(client: FlaskClient, houses: Houses) -> None:
    houses.review("ALS", "KRE-2", "nara", "nara", "juth")
    houses.review("STAR", "KRE-1", "juth", "juth", "bemo", "05")
    assert [n for _, n in reviews.hours(houses.id("ALS"), 2026)] == [40, 40, 0]
    assert [n for _, n in reviews.hours(houses.id("STAR"), 2026)] == [40, 0, 40]
    make.signed_in(client, houses.people["bemo"])
    with client.session_transaction() as session:
        session["language"] = "da"
    assert "Timer lånt ud" in client.get("/cycles/2026?org=STAR").text


def test_two_agencies_that_test_each_other_are_shown_as_such(client: FlaskClient, houses: Houses) -> None:
    here = houses.review("ALS", "KRE-2", "nara", "nara", "juth")
    assert [one.mutual for one in _borrowed(houses, here)] == [None, None]
    there = houses.review("STAR", "KRE-2", "siho", "siho", "bemo", "07")
    for id, other in ((here, "G-2026-07"), (there, "G-2026-01")):
        assert other in {one.mutual[0] for one in _borrowed(houses, id) if one.mutual}
        make.signed_in(client, houses.people["kari"])
        page = client.get(f"/reviews/{id}").text
        assert "De to organisationer tester hinanden" in page and other in page


def _borrowed(houses: Houses, id: int) -> list[reviews.Borrowed]:
    found = reviews.head(houses.by("kari"), id)
    assert found is not None
    return reviews.borrowed(found)
