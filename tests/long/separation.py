"""A Hypothesis state machine of acts by random people: no history ends with one person on both sides of a rule.

People have second accounts, stand in for one another, change roles and are excepted by the chair. What is allowed is
reckoned here from the humans alone, so a wrong refusal is found as well as a wrong consent.
`python -m tests.long.separation [EXAMPLES]` runs it at full length, and then the one over the year's own acts
(separation_year.py) for a fortieth as many histories, which are as much longer; it prints the counts of both.
"""

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from controls.accounts import actions as accounts
from controls.app import create_app
from controls.base import audit
from controls.base.db import db, transaction
from controls.base.settings import Settings
from controls.base.why import Refused
from controls.identity import actions, queries
from controls.identity.duties import RULES, Duty, Side
from controls.identity.permissions import Role
from controls.identity.tables import Organisation, Person
from tests import make
from tests.long import separation_year

ACT = audit.EVENTS.get("test.act") or audit.declare("test.act", "Act")
HUMANS = 4
COUNTS: Counter[str] = Counter()
_numbers = count(1000)


@dataclass
class Thing:
    """An object of a rule that lives in this test only."""

    id: int
    organisation_id: int
    __tablename__: str = "test_thing"


@dataclass
class House:
    """Four people with two accounts each, of whom the chair is one more."""

    home: Organisation = field(default_factory=make.organisation)
    accounts: list[tuple[Person, Person]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chair = make.person("chair", Role.VDC, self.home)
        admin = make.person("admin", Role.ADM, self.home)
        for n in range(HUMANS):
            pair = make.person(f"p{n}", Role.GRP, self.home), make.person(f"second{n}", Role.CTL, self.home)
            with transaction():
                accounts.tell_same_person(make.by(admin), pair[1].id, None, pair[0].id)
            self.accounts.append(pair)


HOUSE: list[House] = []
humans, seconds = st.integers(0, HUMANS - 1), st.booleans()


class Separation(RuleBasedStateMachine):
    """Random acts on two objects of every rule."""

    def __init__(self) -> None:
        super().__init__()
        self.house = HOUSE[0]
        self.things = [Thing(next(_numbers), self.house.home.id) for _ in range(2)]
        self.sides: dict[tuple[Duty, int, Side], set[int]] = {}
        self.excepted: dict[tuple[Duty, int], int] = {}
        self.broken: set[tuple[Duty, int, int]] = set()

    def person(self, human: int, second: bool) -> Person:
        """One of the accounts of a human, as it is now."""
        return db.session.get_one(Person, self.house.accounts[human][second].id)

    @initialize(duties=st.lists(st.sampled_from(Duty), min_size=2, max_size=3, unique=True))
    def begin(self, duties: list[Duty]) -> None:
        """Each history is about a few rules, so that acts meet."""
        self.duties = duties

    @rule(pick=st.integers(0, 2), thing=st.integers(0, 1), side=st.sampled_from(Side), human=humans, second=seconds,
          other=st.none() | humans)  # fmt: skip
    def act(self, pick: int, thing: int, side: Side, human: int, second: bool, other: int | None) -> None:
        """Somebody takes a side, for himself or as stand-in; it succeeds exactly when the rule lets the humans."""
        duty = self.duties[pick % len(self.duties)]
        principal = None if other in (None, human) else self.person(other or 0, False)
        by = queries.by_of(self.person(human, second), make.NOW, make.NOW.date(), principal=principal)
        who = {human} | ({other} if principal is not None and other is not None else set())
        clash = who & self.sides.get((duty, thing, side.other), set())
        free = {one for one in clash if (duty, one) in self.excepted and not RULES[duty].fixed}
        try:
            with transaction():
                actions.take_part(by, duty, self.things[thing], side)
                audit.record(by, ACT, self.things[thing])
        except Refused as refused:
            assert clash - free and refused.status == 403, (duty, side, who, str(refused))
            COUNTS["refused"] += 1
            return
        assert not clash - free, (duty, side, who)
        self.sides.setdefault((duty, thing, side), set()).update(who)
        self.broken |= {(duty, thing, one) for one in free}
        COUNTS["done"] += 1

    @rule(pick=st.integers(0, 2), human=humans)
    def grant_exception(self, pick: int, human: int) -> None:
        """The chair excepts somebody, from rules that are not fixed."""
        duty = self.duties[pick % len(self.duties)]
        if (duty, human) in self.excepted:
            return
        given = (self.house.home.id, duty, self.person(human, False).id, make.NOW.date(), make.NOW.date(), "Få folk")
        try:
            with transaction():
                self.excepted[duty, human] = accounts.grant_exception(make.by(self.house.chair), *given).id
        except Refused:
            assert RULES[duty].fixed
            return
        assert not RULES[duty].fixed
        COUNTS["exceptions"] += 1

    @rule(pick=st.integers(0, 2), human=humans)
    def end_exception(self, pick: int, human: int) -> None:
        """The chair ends an exception."""
        duty = self.duties[pick % len(self.duties)]
        id = self.excepted.pop((duty, human), None)
        if id is not None:
            with transaction():
                accounts.end_exception(make.by(self.house.chair), id, None)

    @rule(human=humans, second=seconds, role=st.sampled_from([Role.OWN, Role.SEC, Role.VDM, Role.AUD]))
    def change_role(self, human: int, second: bool, role: Role) -> None:
        """A role changes, which changes nothing of what was done."""
        id = self.house.accounts[human][second].id
        held = [grant for grant in queries.grants(id) if grant.valid_to is None]
        try:
            with transaction():
                actions.grant_role(make.system(), id, role, self.house.home.id)
        except Exception as error:  # the same role twice on a day
            assert "unique" in str(error).lower() or isinstance(error, Refused), (held, error)
        COUNTS["roles"] += 1

    @invariant()
    def nobody_stands_on_both_sides(self) -> None:
        """The ledger holds what was done, and nobody on both sides but by an exception that was granted."""
        taken = queries.taken(*((thing.__tablename__, thing.id) for thing in self.things))
        for at, thing in enumerate(self.things):
            for duty in Duty:
                first, second = (taken.get((duty, thing.__tablename__, thing.id, 0, side), set()) for side in Side)
                both = {h for h in range(HUMANS) if self.house.accounts[h][0].id in first & second}
                assert both == {h for d, a, h in self.broken if (d, a) == (duty, at)}
                assert not (both and RULES[duty].fixed)

    def teardown(self) -> None:
        """The verifier finds nothing; the next history begins without exceptions."""
        for duty, human in list(self.excepted):
            id = self.excepted.pop((duty, human))
            with transaction():
                accounts.end_exception(make.by(self.house.chair), id, None)
        assert list(queries.both_sides(db.session())) == []
        COUNTS["histories"] += 1
        db.session.rollback()


def run(examples: int, steps: int = 40, *, same: bool = False) -> Counter[str]:
    """So many histories in the application that is open (the same each time, or new); what was done is counted."""
    HOUSE[:] = [House()]
    COUNTS.clear()
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Separation,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=checks,
            database=None,
            derandomize=same,
        ),
    )
    return COUNTS


def told(counts: Counter[str]) -> str:
    """Counts by name."""
    return ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))


def main(examples: int) -> None:
    """On a SQLite database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        app: Any = create_app(Settings(data, f"sqlite:///{data / 'long.sqlite'}", "test", False, ("localhost",)))
        with app.app_context():
            db.create_all()
            print("ledger:", told(run(examples)), flush=True)
            print("year:", told(separation_year.run(max(1, examples // 40))), flush=True)
            db.session.remove()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
