"""A short fuzz: an agency's year with everybody in it, and everything that can be sent to it."""

import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controls.identity import queries
from controls.identity.permissions import Role
from tests.long import fuzz
from tests.web.test_queries import Agency

REQUESTS = 300


@pytest.mark.long
def test_nothing_that_is_sent_gives_a_fault(app: Flask, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer of 500 or above, nothing from inside, all connections given back, and a sound log."""
    monkeypatch.setattr(logging.getLogger("kontrolrul.security"), "disabled", True)
    agency = Agency(3)
    here = queries.organisation(agency.code)
    for who, role in (("admin", Role.ADM), ("auditor", Role.AUD)):
        make.person(who, role, here)
    agency.assess()
    agency.review(agency.announce())
    fuzzer, unsound = fuzz.fuzzed(app, REQUESTS, 1)
    assert not fuzzer.faults, "\n\n".join(fuzzer.faults[:5])
    assert not unsound
    assert fuzzer.sent >= REQUESTS and len(fuzzer.actors) == len(Role)
    assert len(fuzzer.reached) > 70 and fuzzer.counts["status"]["303"] and fuzzer.counts["status"]["422"]


@pytest.mark.parametrize("query", [
    "year=1", "endpoint=x", "_scheme=javascript&_external=1", "self=1", "page=" + "1" * 5000, "page=%C2%B2", "page=0",
    "owner=%C2%B2", "owner=" + "1" * 5000, "state=%00", "area=%00", "sort=-%00",
])  # fmt: skip
def test_odd_addresses_of_lists_are_read(client: FlaskClient, make: Any, query: str) -> None:
    make.signed_in(client, make.person("group", Role.GRP, make.organisation()))
    for path in ("/cycles/2026/assessments", "/cycles/2026/matrix", "/findings", "/reviews", "/processes", "/log"):
        assert client.get(f"{path}?{query}").status_code in (200, 400, 403), path


def test_a_part_without_a_name_is_no_form(client: FlaskClient, make: Any) -> None:
    make.signed_in(client, make.person("group", Role.GRP, make.organisation()))
    body = b"--odd\r\nContent-Disposition: form-data\r\n\r\nx\r\n--odd--"
    answer = client.post("/me/language", data=body, content_type="multipart/form-data; boundary=odd")
    assert answer.status_code == 400


@pytest.mark.parametrize("address", [
    "http://[", "//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example/", "evil", "\0", "",
])  # fmt: skip
def test_the_way_back_never_leaves_this_host(client: FlaskClient, make: Any, address: str) -> None:
    make.signed_in(client, make.person("group", Role.GRP, make.organisation()))
    answer = client.post("/me/language", data={"language": "en", "next": address})
    assert answer.status_code == 303 and answer.location == "/"
    bad = client.get("/cycles/1", headers={"Referer": "http://["})
    assert bad.status_code == 404 and 'href="/"' in bad.text


@pytest.mark.parametrize("blank", [" ", "\t\n", "  "])
def test_blanks_are_no_choice(client: FlaskClient, make: Any, blank: str) -> None:
    person = make.person("group", Role.GRP, make.organisation())
    make.signed_in(client, person)
    client.post("/me/language", data={"language": blank})
    assert client.get("/me").status_code == 200
    assert queries.person("group").language == "da"
