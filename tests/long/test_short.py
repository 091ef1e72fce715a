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


@pytest.mark.long
@pytest.mark.parametrize("database", DATABASES)
def test_nothing_is_lost_when_the_server_is_killed(database: str) -> None:
    told = ran("tests.long.kill", "--database", database, "--rounds", "3", "--seed", "7")
    assert f"{database}: 0 wrong" in told and "'rounds': 3" in told
