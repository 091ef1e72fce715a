"""A Hypothesis state machine over the whole year: anybody tries any act, and nobody ends on both sides of a rule.

What people may do is reckoned from the log and the rows (tests/long/reckoning.py), so that a wrong refusal is found as
well as a wrong consent: a refusal by a rule must name somebody who stands on the other side, and whenever somebody was
refused, one who took no part before is let through and the year goes on.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from controls.accounts import actions as accounts
from controls.base.by import By
from controls.base.db import db, transaction
from controls.base.why import Refused
from controls.identity import actions as identity
from controls.identity import queries as people
from controls.identity.actions import SamePerson
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Role
from controls.identity.tables import DutyException, Person
from controls.universe.tables import LineDuty
from tests.empty import empty
from tests.long.people_year import ACTS, ADMINS, HUMANS, STEPS, Named, Step, Year
from tests.long.reckoning import Reckoning

COUNTS: Counter[str] = Counter()
HELD: list[Callable[[pytest.MonkeyPatch], None]] = []
"""What a test does to the product before each history."""

anybody, seconds = st.integers(0, HUMANS + ADMINS - 1), st.booleans()


@dataclass(frozen=True)
class Try:
    """Somebody tries: any of the cast, or (`natural`) one of those whose act it is, perhaps through a stand-in."""

    human: int
    second: bool
    natural: bool
    stand_in: int | None
    names: tuple[int, int, int]
    name_second: bool
    flag: bool


tries = st.builds(
    Try, anybody, seconds, st.sampled_from([True, True, True, False]), st.none() | st.none() | anybody,
    st.tuples(*([st.integers(0, HUMANS - 1)] * 3)), seconds, seconds,
)  # fmt: skip


class WholeYear(RuleBasedStateMachine):
    """One year, played by few people in all roles."""

    def __init__(self) -> None:
        super().__init__()
        empty()
        db.session.rollback()
        db.session.remove()
        self.patch = pytest.MonkeyPatch()
        self.year = Year(self.patch)
        for hold in HELD:
            hold(self.patch)
        self.reckoning = Reckoning()
        self.reckoning.read()
        self.next = 0

    def account(self, human: int, second: bool) -> int:
        """One of the accounts of a human."""
        return self.year.cast[human][second]

    def author(self, step: Step, one: Try) -> By:
        """Who tries a step."""
        pool = [id for id in step.natural(self.year) if id] if step.natural else []
        human = one.human
        if one.natural and not pool:
            human = HUMANS + human % ADMINS if step.admin else human % HUMANS
        who = pool[one.human % len(pool)] if one.natural and pool else self.account(human, one.second)
        if one.stand_in is None or who in self.year.cast[one.stand_in]:
            return self.by(who)
        return self.by(self.account(one.stand_in, False), who)

    def by(self, id: int, principal: int | None = None) -> By:
        """A person as author, perhaps in another's name."""
        person = db.session.get_one(Person, id)
        other = db.session.get_one(Person, principal) if principal else None
        return people.by_of(person, self.year.at, self.year.at.date(), principal=other)

    def attempt(self, what: str, act: Callable[[], Any], named: tuple[int, ...] = ()) -> Refused | None:
        """Whether an act was refused; a refusal by a rule must be one that the reckoning shares."""
        COUNTS["tried"] += 1
        try:
            with transaction():
                act()
        except SamePerson as refused:
            db.session.rollback()
            COUNTS[f"refused {refused.duty}"] += 1
            self.agree(what, refused, named)
            return refused
        except Refused as refused:
            db.session.rollback()
            COUNTS["refused otherwise"] += 1
            return refused
        finally:
            db.session.rollback()
            self.reckoning.read()
        COUNTS["done"] += 1
        return None

    def agree(self, what: str, refused: SamePerson, named: tuple[int, ...]) -> None:
        """Somebody in the act stands on the other side, or is named to, and the chair did not except him."""
        self.reckoning.read()
        table, id = refused.subject.__tablename__, refused.subject.id
        others = set(self.reckoning.of((refused.duty, table, id), refused.side.other))
        if refused.duty is Duty.S3 and refused.side is Side.SECOND:
            others |= self.reckoning.humans(self.year.team())
        if refused.duty is Duty.S4:
            held = db.session.scalars(select(LineDuty.person_id).where(LineDuty.process_id == id))
            others |= self.reckoning.humans([*held, *self.year.owner()])
        if refused.duty is Duty.S15:
            others = self.reckoning.humans(self.year.bringers)
        acting = self.reckoning.humans([refused.by.person_id, refused.by.on_behalf_of, *named])
        clash = {one for one in acting & others if not self.reckoning.may(refused.duty, one)}
        assert clash, f"{what}: wrongly refused by {refused.duty} {refused.side}: {refused}"

    @initialize(list=st.lists(tries, min_size=15, max_size=40))
    def begin(self, list: list[Try]) -> None:
        """Most of a year has been when the rest of the acts come in any order."""
        self.go_on(list)

    @rule(list=st.lists(tries, min_size=5, max_size=15))
    def go_on(self, list: list[Try]) -> None:
        """The year's next steps, each by somebody; where he is refused, by somebody who took no part."""
        for one in list:
            self._next(one)

    @rule(list=st.lists(tries, min_size=5, max_size=15))
    def go_further(self, list: list[Try]) -> None:
        """The same, so that years end."""
        self.go_on(list)

    def _next(self, one: Try) -> None:
        if self.next == len(STEPS):
            return
        step = STEPS[self.next]
        self.year.at = max(self.year.at, step.at)
        refused = self._try(step, one)
        if refused is not None:
            self._by_another(step)
        if step.done is None or step.done(self.year):
            self.next += 1
            COUNTS["years"] += self.next == len(STEPS)

    def _try(self, step: Step, one: Try) -> Refused | None:
        by = self.author(step, one)
        named = Named(tuple(self.account(human, one.name_second) for human in one.names), one.flag)
        if not step.names and len(set(named.all)) < 3:
            three = [(one.names[0] + n) % HUMANS for n in range(3)]
            named = Named(tuple(self.account(human, one.name_second) for human in three), one.flag)
        self.reckoning.brought[self.year.other] = set(self.year.bringers)
        what = getattr(step.do, "__name__", "?")
        return self.attempt(what, lambda: step.do(self.year, by, named), named.all if step.names else ())

    def _by_another(self, step: Step) -> None:
        """The positive control: people who took no part are let through."""
        fresh = step.names or step.ready is not None
        named = self.year.someone() if fresh else Named(tuple(self.account(human, False) for human in range(3)))
        if step.ready is not None:
            step.ready(self.year, named)
            self.reckoning.read()
        pool = [id for id in step.natural(self.year) if id] if step.natural else []
        who = pool[0] if pool else self.year.person(*((Role.ADM,) if step.admin else ACTS))
        by = self.by(who)
        self.reckoning.brought[self.year.other] = set(self.year.bringers)
        what = getattr(step.do, "__name__", "?")
        refused = self.attempt(what, lambda: step.do(self.year, by, named), named.all if step.names else ())
        assert refused is None, f"{what}: one without part is refused: {refused} {named}"
        COUNTS["let through"] += 1

    @rule(number=st.integers(0, len(STEPS) - 1), one=tries)
    def out_of_order(self, number: int, one: Try) -> None:
        """Any act of before, or the next, at any time; the year goes on with what it had."""
        at = number % (self.next + 1) % len(STEPS)
        step, kept = STEPS[at], dict(self.year.__dict__)
        if step.once or (at == self.next and step.done is None):
            return
        COUNTS["out of order"] += self._try(step, one) is None
        self.year.__dict__.update(kept)

    @rule(duty=st.sampled_from(Duty), human=anybody)
    def grant_exception(self, duty: Duty, human: int) -> None:
        """The chair excepts somebody until the end of the year."""
        by = self.by(self.year.chair)
        given = (self.year.ministry, duty, self.account(human, False), self.year.at.date(), date(2026, 12, 31), "Få")
        self.attempt("except", lambda: accounts.grant_exception(by, *given))

    @rule()
    def end_exceptions(self) -> None:
        """The chair ends all exceptions."""
        for id in sorted(self.reckoning.excepted):
            self._end_exception(id)

    def _end_exception(self, id: int) -> None:
        by = self.by(self.year.chair)
        self.attempt("end", lambda: accounts.end_exception(by, id, None))

    @rule(human=anybody, second=seconds, role=st.sampled_from([Role.AUD, Role.ADM, Role.GRP]))
    def change_role(self, human: int, second: bool, role: Role) -> None:
        """A role is given on the command line (S9)."""
        id = self.account(human, second)
        if role in [grant.role for grant in people.grants(id)]:
            return
        by = self.year.system()
        self.attempt("role", lambda: identity.grant_role(by, id, role, self.year.ministry), (id,))

    @rule(human=anybody, other=anybody, second=seconds)
    def choose_stand_in(self, human: int, other: int, second: bool) -> None:
        """Somebody chooses a stand-in (S9)."""
        one, two = self.account(human, False), self.account(other, second)
        by, today = self.by(one), self.year.at.date()
        self.attempt("stand in", lambda: accounts.choose_stand_in(by, one, two, today, today, "Ferie"), (two,))

    @invariant()
    def nobody_stands_on_both_sides(self) -> None:
        """No human has done both acts of a rule, unless the chair excepted him then."""
        if hasattr(self, "reckoning"):
            assert not self.reckoning.broken, f"on both sides: {self.reckoning.broken}"

    def teardown(self) -> None:
        """The product's own check agrees."""
        try:
            assert list(people.both_sides(db.session())) == []
            COUNTS["histories"] += 1
            COUNTS["excused"] += len(self.reckoning.excused)
            COUNTS["exceptions"] += len(db.session.scalars(select(DutyException.id)).all())
        finally:
            db.session.rollback()
            self.patch.undo()


def run(examples: int, steps: int = 25, *, same: bool = False) -> Counter[str]:
    """So many years in the application that is open (the same each time, or new); what was done is counted."""
    COUNTS.clear()
    COUNTS["steps"] = len(STEPS)
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        WholeYear,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=checks,
            database=None,
            derandomize=same,
            phases=(Phase.generate,),
        ),
    )
    return COUNTS
