"""Every route × role × situation against the matrix kept as data; prints the counts.

    python -m tests.long.matrix [--database sqlite|postgresql|both]

The suite runs a short form of it (tests/web/test_matrix.py).
"""

import argparse
import sys
from typing import Any

import pytest
from flask import Flask

from tests.web.asking import Asking, count, rules


def test_whole_matrix(app: Flask, monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    """Nothing is left out here."""
    asked, deviations = count(Asking(app, monkeypatch), short=False)
    database = app.config["KONTROLRUL"].database_url.split(":")[0]
    routes = len({(rule.rule, method) for rule, method, _permission in rules(app)})
    print(f"\n{database}: {routes} routes, {asked} requests, {len(deviations)} deviations")
    assert not deviations, "\n".join(deviations)


def main() -> int:
    """Run the whole of it on the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    chosen = parser.parse_args().database
    wanted = "sqlite or postgresql" if chosen == "both" else chosen
    return int(pytest.main(["-q", "-n", "0", "-s", "-p", "no:cacheprovider", __file__, "-k", wanted]))


if __name__ == "__main__":
    sys.exit(main())
