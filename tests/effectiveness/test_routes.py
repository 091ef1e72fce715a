"""The page of a control's test: every step over HTTP, errors beside the row, conflicts, who may, number of queries."""

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from controls.base.db import db, transaction
from controls.effectiveness import queries
from controls.effectiveness.words import Result, State
from controls.evidence import actions as evidence
from controls.evidence import queries as files_of_evidence
from controls.evidence.words import DataClass
from controls.review.words import DesignOutcome
from tests.effectiveness import setting
from tests.speed.counting import counted


@pytest.fixture
def s(make: Any) -> setting.Setting:
    return setting.prepared(make)


def address(s: setting.Setting, verb: str = "") -> str:
    return f"/reviews/{s.review.id}/controls/{s.control.id}{verb}"


def as_(app: Any, make: Any, person: Any) -> FlaskClient:
    return make.signed_in(app.test_client(), person)


PLAN = {"method": "frequency_table", "sample_risk": "normal"}
POPULATION = {
    "population": "Måneder",
    "size": "12",
    "source": "Navision",
    "extracted_by": "Tester",
    "extracted_on": "1.3.2026",
    "completeness": "Kalenderen",
}


def drawn(client: FlaskClient, s: setting.Setting) -> Any:
    for verb, data in (("/plan", PLAN), ("/population", POPULATION), ("/draw", {})):
        test = queries.test_of(s.review.id, s.control.id)
        answer = client.post(address(s, verb), data={**data, "version": test.version if test else ""})
        assert answer.status_code == 303, answer.text
        db.session.expire_all()
    return queries.test_of(s.review.id, s.control.id)


def test_the_whole_way_in_the_browser(app: Any, make: Any, s: setting.Setting) -> None:
    client = as_(app, make, s.tester)
    page = client.get(address(s))
    assert page.status_code == 200 and page.text.count("<h1") == 1 and "KRE-3.1-K2" in page.text
    test = drawn(client, s)
    page = client.get(address(s)).text
    assert "r1-result" in page and "r4-result" not in page and test.seed[:4] in page
    rows = {f"r{rank}-{name}": value for rank in (1, 2, 3) for name, value in (("version", "1"), ("result", "pass"))}
    assert client.post(address(s, "/save"), data=rows).status_code == 303
    db.session.expire_all()
    verdict = {"outcome": "effective", "conclusion": "Ingen afvigelser", "version": test.version}
    assert client.post(address(s, "/conclude"), data=verdict).status_code == 303
    db.session.expire_all()
    reviewer = as_(app, make, s.reviewer)
    assert 'action="' + address(s, "/review") in reviewer.get(address(s)).text
    assert reviewer.post(address(s, "/review"), data={"version": test.version}).status_code == 303
    db.session.expire_all()
    assert test.state is State.REVIEWED
    assert client.get(f"/tests/{test.id}").location.endswith(address(s))


def test_a_row_says_what_is_wrong_and_keeps_what_was_typed(app: Any, make: Any, s: setting.Setting) -> None:
    client = as_(app, make, s.tester)
    drawn(client, s)
    rows = {
        "r1-version": "1",
        "r1-result": "pass",
        "r2-version": "1",
        "r2-result": "exception",
        "r2-note": "Mangler <b>",
        "r3-version": "1",
        "r3-amount": "12,3,4",
    }
    answer = client.post(address(s, "/save"), data=rows)
    assert answer.status_code == 422 and "12,3,4" in answer.text and "Mangler &lt;b&gt;" in answer.text
    assert 'href="#r3-amount"' in answer.text
    rows["r3-amount"] = ""
    answer = client.post(address(s, "/save"), data=rows)
    assert answer.status_code == 422 and 'href="#r2-nature"' in answer.text and 'id="r2-nature-e"' in answer.text
    assert re.search(r'name="r1-result"[^>]*>.*?<option selected value="pass"', answer.text, re.S)
    db.session.expire_all()
    test = queries.test_of(s.review.id, s.control.id)
    assert test and all(item.result is None for item in queries.items(test.id))


def test_two_testers_on_one_row(app: Any, make: Any, s: setting.Setting) -> None:
    first, second = as_(app, make, s.tester), as_(app, make, s.lead)
    test = drawn(first, s)
    assert first.post(address(s, "/save"), data={"r1-version": "1", "r1-result": "pass"}).status_code == 303
    typed = {
        "r1-version": "1",
        "r1-result": "exception",
        "r1-nature": "isolated",
        "r1-note": "Uden underskrift",
        "r2-version": "1",
        "r2-result": "pass",
    }
    answer = second.post(address(s, "/save"), data=typed)
    assert answer.status_code == 409 and "Uden underskrift" in answer.text and 'id="conflict"' in answer.text
    assert 'name="r1-version" type="hidden" value="2"' in answer.text
    again = second.post(address(s, "/save"), data={**typed, "r1-version": "2"})
    assert again.status_code == 303
    db.session.expire_all()
    assert [item.result for item in queries.items(test.id)][:2] == [Result.EXCEPTION, Result.PASS]


def test_a_stale_plan_shows_both_texts(app: Any, make: Any, s: setting.Setting) -> None:
    client = as_(app, make, s.tester)
    client.post(address(s, "/plan"), data=PLAN)
    client.post(address(s, "/plan"), data={**PLAN, "sample_risk": "high", "version": "1"})
    answer = client.post(address(s, "/plan"), data={**PLAN, "sample_risk": "low", "version": "1"})
    assert answer.status_code == 409 and 'id="conflict"' in answer.text


@pytest.mark.parametrize(
    "verb, data, fields",
    [
        ("/plan", {"method": "frequency_table"}, ["sample_risk"]),
        ("/plan", {"method": "nonsense"}, ["method"]),
        ("/plan", {"method": "attribute_binomial", "confidence": "95"}, ["confidence"]),
        ("/population", {**POPULATION, "size": "tolv"}, ["size"]),
        ("/population", {**POPULATION, "source": ""}, ["source"]),
        ("/population", {**POPULATION, "extracted_on": "1.3.2027"}, ["extracted_on"]),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    app: Any, make: Any, s: setting.Setting, verb: str, data: dict[str, str], fields: list[str]
) -> None:
    client = as_(app, make, s.tester)
    if verb != "/plan":
        client.post(address(s, "/plan"), data=PLAN)
    answer = client.post(address(s, verb), data={**data, "version": "1"})
    assert answer.status_code == 422
    for field in fields:
        assert f'href="#{field}"' in answer.text


def test_no_sample_without_an_appropriate_design(app: Any, make: Any) -> None:
    s = setting.prepared(make, DesignOutcome.NOT)
    client = as_(app, make, s.tester)
    page = client.get(address(s)).text
    assert f'action="{address(s, "/plan")}"' not in page and f"/reviews/{s.review.id}/findings/new" in page
    assert client.post(address(s, "/plan"), data=PLAN).status_code == 409


def test_redraw_is_refused(app: Any, make: Any, s: setting.Setting) -> None:
    client = as_(app, make, s.tester)
    test = drawn(client, s)
    assert client.post(address(s, "/draw"), data={"version": test.version}).status_code == 409


def test_who_may(app: Any, make: Any, s: setting.Setting) -> None:
    group, other, owner = (as_(app, make, person) for person in (s.group, s.other, s.owner))
    assert group.get(address(s)).status_code == other.get(address(s)).status_code == 200
    assert address(s, "/plan") not in other.get(address(s)).text
    assert group.post(address(s, "/plan"), data=PLAN).status_code == 403
    assert other.post(address(s, "/plan"), data=PLAN).status_code == 403
    assert owner.get(address(s)).status_code == 200
    assert group.get(f"/reviews/{s.review.id}/controls/999").status_code == 404
    assert group.get(address(s, "/plan")).status_code == 405


def test_queries_do_not_grow(client: FlaskClient, make: Any, s: setting.Setting) -> None:
    make.signed_in(client, s.tester)
    drawn(client, s)
    page = address(s) + "?item=1"
    client.get(page)
    with counted(db.engine) as few:
        assert client.get(page).status_code == 200
    assert len(few) <= 8, few


def test_pages_say_when_evidence_was_changed_after_a_signature(app: Any, make: Any, s: setting.Setting) -> None:
    client = as_(app, make, s.tester)
    test, by = drawn(client, s), make.by(s.tester)
    signed = {"effectiveness_test": test.id, "review_review": s.review.id, "review_design_test": s.design.id}
    with transaction():
        row = evidence.add(by, test.organisation_id, "effectiveness_test", test.id, "a.txt", io.BytesIO(b"a"), "Ark")
        for name, id in signed.items():
            evidence.bind(by, test.organisation_id, name, id, {"effectiveness_test": [test.id]})
        id = row.id
    pages = (address(s), f"/reviews/{s.review.id}", f"/reviews/{s.review.id}/design/{s.control.id}")
    assert not [page for page in pages if "efter underskriften" in client.get(page).text]
    with files_of_evidence.received("b.txt", io.BytesIO(b"b")) as file, transaction():
        evidence.replace(by, id, file, "Ark", None, None, DataClass.INTERNAL, False, "Rettet")
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200 and "efter underskriften" in answer.text, page
