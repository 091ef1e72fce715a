"""Route × role × situation, generated from the URL map, against the matrix kept as data: no deviation.

The whole of it, every role at every route in every situation, is `python -m tests.long.matrix`.
"""

from typing import Any

import pytest
from flask import Flask

from controls.identity.permissions import ROLES, Permission, Reach, Role
from tests.web.asking import Asking, count, rules
from tests.web.matrix import KINDS, MATRIX, PEOPLE, kind_of

LETTERS = {Reach.ALL: "x", Reach.UNIT: "u", Reach.OWN: "o"}


def test_the_products_roles_are_the_matrix() -> None:
    """The map of the product and the data of the test are the same, read from two places."""
    differs = []
    for permission in Permission:
        row = MATRIX.get(permission.value)
        assert row is not None, f"{permission.value} has no row in tests/web/matrix.py"
        for role in PEOPLE:
            far = ROLES[role].get(permission)
            letter = "-" if far is None else LETTERS[far]
            wanted = {"m": "x"}.get(row[role], row[role])
            differs += [] if letter == wanted else [f"{permission.value} {role.value}: {letter}, data says {wanted}"]
    assert not differs
    assert set(MATRIX) == {permission.value for permission in Permission} | {"signed in"}
    assert Role.SYS not in PEOPLE


def test_every_route_has_a_row_and_a_kind(app: Flask) -> None:
    """A new route must say whose its objects can be."""
    unknown = [rule.rule for rule, _method, permission in rules(app) if kind_of(rule.rule, rule.endpoint) is None]
    assert not unknown, f"tell in KINDS of tests/web/matrix.py: {unknown}"
    beginnings = {rule.rule for rule in app.url_map.iter_rules()}
    assert not [known for known in KINDS if not any(rule.startswith(known) for rule in beginnings)]


@pytest.mark.long
def test_no_deviation_from_the_matrix(app: Flask, monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    """And no page, whoever of the eight looks at it, asks more than eight queries."""
    asking = Asking(app, monkeypatch)
    asked, deviations = count(asking, short=True)
    assert {page: number for page, number in asking.queries.items() if number > 8} == {}
    assert not deviations, f"{len(deviations)} of {asked}:\n" + "\n".join(deviations)
    assert asked > (1000 if asking.lite else 200)
