"""STAR with a small catalogue and a group member who changes its structure."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity.permissions import Role
from controls.universe import actions, queries
from controls.universe.rules import Entry
from controls.universe.structure import Said
from controls.universe.tables import Subprocess
from tests.photograph import photographed

REASON = "Opgaven er flyttet til det nye kontor."
MARCH = date(2026, 3, 17)


@photographed
def built(make: Any) -> "House":
    """STAR with two areas, three processes and five sub-processes, and a group member."""
    make.organisation("DEP")
    here = make.organisation("STAR", "DEP")
    entries = [
        Entry(n, area, f"Område {area}", "", process, f"Proces {process}", "", code, f"Del {code}", "")
        for n, (area, process, code) in enumerate([
            ("KRE", "KRE-1", "KRE-1.1"), ("KRE", "KRE-1", "KRE-1.2"), ("KRE", "KRE-2", "KRE-2.1"),
            ("LON", "LON-1", "LON-1.1"), ("LON", "LON-1", "LON-1.2"),
        ])
    ]  # fmt: skip
    with transaction():
        january = make.system(datetime(2026, 1, 5, 9, tzinfo=UTC))
        actions.import_catalogue(january, here.id, entries, "katalog.csv", "0" * 64)
    return House(make, here)


class House:
    """The organisation, its group member, and short words for what the tests do."""

    def __init__(self, make: Any, here: Any) -> None:
        self.make, self.here = make, here
        self.group = make.person("group", Role.GRP, here)
        self.by = make.by(self.group)

    def row(self, code: str, table: Any = Subprocess) -> Any:
        return db.session.query(table).filter_by(code=code).one()

    def do(self, act: Any, *given: Any) -> Any:
        with transaction():
            return act(self.by, *given)

    def refused(self, act: Any, *given: Any) -> list[tuple[str, str]]:
        with pytest.raises(Refused) as why:
            self.do(act, *given)
        db.session.rollback()
        return [(reason.code.split(".")[-1], reason.field) for reason in why.value.reasons]

    def codes(self, day: date | None = None) -> list[str]:
        if day is None:
            return [row.code for row in queries.active_subprocesses(self.here.id, MARCH)]
        return [row.code for row in queries.as_of(frozenset({self.here.id}), day)]


def said(on: date = MARCH, reason: str = REASON) -> Said:
    return Said(on, reason)
