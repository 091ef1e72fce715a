"""A short form of each long run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import DATABASES

ROOT = Path(__file__).parents[2]


def ran(module: str, *arguments: str) -> str:
    """What a command prints; it must end well."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-m", module, *arguments], cwd=ROOT, capture_output=True,
                          text=True, timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("database", DATABASES)
def test_nothing_is_lost_when_the_server_is_killed(database: str) -> None:
    told = ran("tests.long.kill", "--database", database, "--rounds", "4", "--seed", "7")
    assert f"{database}: 0 wrong" in told and "'rounds': 4" in told


@pytest.mark.parametrize("database", DATABASES)
def test_no_request_makes_a_fault(database: str) -> None:
    told = ran("tests.long.fuzz", "--database", database, "--requests", "300", "--seed", "7")
    assert f"{database}: 0 answers of 500 or above, 0 faults in the log" in told


def test_bandit_finds_nothing_of_weight() -> None:
    """Nothing medium or high in the product; a `# nosec` names its number and stands where it is plain why."""
    ran("bandit", "-q", "-r", "controls", "-ll")
