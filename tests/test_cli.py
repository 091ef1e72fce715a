"""Admin commands: help, what they do, and a clear error for each wrong word."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from controls.base import demo, settings
from controls.base.audit import EventRow
from controls.base.db import db
from controls.identity import queries
from controls.signin import queries as door
from controls.universe import queries as universe

ROOT = Path(__file__).resolve().parents[1]
DEP, STAR, PASSWORD = ("--organisation", "DEP"), ("--organisation", "STAR"), ("--password", "hest batteri klamme")
BOTH = ("--role", "ADM", "--role", "GRP")
CATALOGUE = ROOT / "controls" / "universe" / "catalogue.csv"


@pytest.fixture
def run(app: Flask) -> Any:
    runner = app.test_cli_runner()
    return lambda *words, **kw: runner.invoke(args=list(words), **kw)


@pytest.mark.parametrize(
    "words",
    [
        "demo",
        "organisation add",
        "user add",
        "import catalogue",
        "export workbook",
        "assets install",
        "user list",
        "user roles",
        "user password",
        "user disable",
        "user enable",
        "user end-app",
        "user link",
        "user emergency",
    ],
)
def test_each_command_has_help(run: Any, words: str) -> None:
    answer = run(*words.split(), "--help")
    assert answer.exit_code == 0 and "Usage" in answer.output


def test_from_nothing_to_a_catalogue(run: Any) -> None:
    assert run("organisation", "add", "DEP", "--name-da", "Departement").exit_code == 0
    assert run("organisation", "add", "STAR", "--name-da", "Styrelsen", "--parent", "DEP").exit_code == 0
    answer = run("user", "add", "bente", "--name", "Bente Mørk", *STAR, "--role", "GRP", *PASSWORD)
    assert answer.exit_code == 0, answer.output
    answer = run("import", "catalogue", "--organisation", "STAR", str(CATALOGUE))
    assert answer.exit_code == 0, answer.output
    star = queries.organisation("STAR")
    assert star is not None and len(universe.areas(star.id)) == 16


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("organisation", "add", "star", "--name-da", "x"), "A code may hold"),
        (("organisation", "add", "X", "--name-da", "x", "--parent", "NO"), "There is no organisation NO"),
        (("user", "add", "a.b", "--name", "A", *DEP, "--password", "short"), "at least 12 characters"),
        (("user", "add", "A B", "--name", "A", *DEP, *PASSWORD), "A user name may hold"),
        (("user", "add", "ab", "--name", "A", *DEP, *PASSWORD, *BOTH), "administer the system"),
        (("import", "catalogue", "--organisation", "NO", str(CATALOGUE)), "There is no organisation NO"),
        (("export", "workbook", "--organisation", "DEP", "--year", "1999", "--out", "/tmp/x.xlsx"), "1999"),
    ],
)
def test_errors_are_sentences(run: Any, words: tuple[str, ...], sentence: str) -> None:
    run("organisation", "add", "DEP", "--name-da", "Departement")
    answer = run(*words)
    assert answer.exit_code == 1 and sentence in answer.output and "Traceback" not in answer.output


@pytest.fixture
def bente(run: Any) -> Any:
    run("organisation", "add", "DEP", "--name-da", "Departement")
    assert run("user", "add", "bente", "--name", "Bente Mørk", *DEP, "--role", "GRP", *PASSWORD).exit_code == 0
    return queries.person("bente")


def test_people_and_roles_are_listed(run: Any, bente: Any) -> None:
    assert run("user", "list").output == "bente\tBente Mørk\tDEP\tGRP\n"
    assert run("user", "roles", "bente").output.startswith("GRP\tDEP\t2026-03-17\t-\t")
    assert "nobody with the user name" in run("user", "roles", "xx").output


def test_a_password_is_reset_and_changed_first(run: Any, bente: Any, client: Any) -> None:
    told = run("user", "password", "bente").output
    password = told.split(": ")[1].strip()
    assert len(password) == 24
    assert client.post("/login", data={"username": "bente", "password": PASSWORD[1]}).status_code == 401
    assert client.post("/login", data={"username": "bente", "password": password}).status_code == 303
    assert client.get("/").location == "/me/password"


def test_disabled_and_enabled(run: Any, bente: Any, client: Any, make: Any) -> None:
    make.signed_in(client, bente)
    assert run("user", "disable", "bente").exit_code == 0
    assert client.get("/me").status_code == 401 and run("user", "list").output.endswith("disabled\n")
    assert "already" in run("user", "disable", "bente").output
    assert run("user", "enable", "bente").exit_code == 0
    assert client.post("/login", data={"username": "bente", "password": PASSWORD[1]}).status_code == 303


def test_an_emergency_sign_in_opens_once(
    run: Any, bente: Any, app: Flask, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Say why" in run("user", "emergency", "bente", "--reason", " ").output
    path = run("user", "emergency", "bente", "--reason", "Telefon tabt").output.strip().split("localhost")[1]
    one, two = app.test_client(), app.test_client()
    assert one.get(path).status_code == 200, "looking uses nothing up"
    assert one.post(path).location == "/" and one.get("/me").status_code == 200
    assert two.post(path).status_code == 401
    rows = db.session.scalars(select(EventRow).order_by(EventRow.seq)).all()
    named = [(row.action, row.reason) for row in rows if row.action.startswith("signin.")]
    assert named == [("signin.emergency_made", "Telefon tabt"), ("signin.emergency_used", "")]
    assert path.rsplit("/")[-1] not in "".join(row.payload or "" for row in rows)
    late = run("user", "emergency", "bente", "--reason", "igen").output.strip().split("localhost")[1]
    monkeypatch.setattr(demo, "now", lambda: make.NOW + timedelta(minutes=15, seconds=1))
    assert app.test_client().post(late).status_code == 401
    assert [one.reason for one, _name in door.emergencies()] == ["igen", "Telefon tabt"]


def test_linking_needs_a_provider(run: Any, bente: Any) -> None:
    assert "There is no OpenID provider" in run("user", "link", "bente", "--subject", "s1").output
    file = settings.current().openid_file
    file.write_text('issuer = "https://login.example.dk"\nclient_id = "kontrolrul"\n')
    try:
        assert run("user", "link", "bente", "--subject", "s1").exit_code == 0
        assert "linked with “bente” already" in run("user", "link", "bente", "--subject", "s1").output
    finally:
        file.unlink()
