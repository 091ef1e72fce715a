"""Admin commands: help, what they do, and a clear error for each wrong word."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from controls.identity import queries
from controls.universe import queries as universe

ROOT = Path(__file__).resolve().parents[1]
DEP, STAR, PASSWORD = ("--organisation", "DEP"), ("--organisation", "STAR"), ("--password", "x" * 12)
BOTH = ("--role", "ADM", "--role", "GRP")
CATALOGUE = ROOT / "controls" / "universe" / "catalogue.csv"


@pytest.fixture
def run(app: Flask) -> Any:
    runner = app.test_cli_runner()
    return lambda *words, **kw: runner.invoke(args=list(words), **kw)


@pytest.mark.parametrize(
    "words",
    ["demo", "organisation add", "user add", "import catalogue", "export workbook", "assets install"],
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
