"""The stage of the demo: its rows, its people, and its steps in the order of time."""

import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path

from controls.base.by import By
from controls.base.clock import COPENHAGEN
from controls.base.db import transaction
from controls.base.why import Refused
from controls.identity import queries as identity
from controls.identity.permissions import Role, reach
from controls.universe import queries as universe
from controls.wheel import queries as wheel
from controls.wheel.dates import add_working_days, on_or_after, on_or_before

DATA = Path(__file__).parent / "data"
SLOT = timedelta(minutes=28)

Row = dict[str, str]
Act = Callable[[datetime], object]


@cache
def rows(name: str) -> tuple[Row, ...]:
    """The rows of a file of the demo."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def day(text: str) -> date | None:
    """A day, or None where the file has none."""
    return date.fromisoformat(text) if text else None


def number(text: str) -> int | None:
    """A whole number, or None where the file has none."""
    return int(text) if text else None


def parts(text: str) -> list[str]:
    """The parts of a cell that holds several."""
    return [part for part in text.split(";") if part]


@cache
def _texts() -> dict[str, str]:
    return {row["key"]: row["text"] for row in rows("texts")}


def text(key: str, row: Row | None = None) -> str:
    """A sentence that people of the demo write, with the cells of a row in its places."""
    return unfilled(key).format_map(row or {})


def unfilled(key: str) -> str:
    """The same sentence with its places open."""
    return _texts()[key]


@dataclass(frozen=True)
class Step:
    """Something that happens on a day, in a slot of it (9.5 is half past nine)."""

    on: date
    slot: float
    what: str
    act: Act


@dataclass
class Stage:
    """Who and what the steps are about, and the steps themselves."""

    steps: list[Step] = field(default_factory=list)
    ids: dict[tuple[str, ...], int] = field(default_factory=dict)
    people: dict[str, By] = field(default_factory=dict)
    visitors: set[str] = field(default_factory=set)

    def on(self, day: str | date, slot: float, what: str, act: Act) -> None:
        """Something is to happen on a day."""
        self.steps.append(Step(date.fromisoformat(day) if isinstance(day, str) else day, slot, what, act))

    def by(self, person: str, at: datetime) -> By:
        """A person as the author of what happens now."""
        known = self.people.get(person)
        # What a visitor may do begins and ends on days of its own.
        if known is None or (person in self.visitors and known.at.date() != at.date()):
            found = identity.person(person)
            if found is None:
                raise LookupError(f"nobody is called {person}")
            self.people[person] = identity.by_of(found, at, at.astimezone(COPENHAGEN).date())
        return replace(self.people[person], at=at)

    def system(self, at: datetime) -> By:
        """The command line as an author."""
        ids = [one.id for one in identity.organisations()] or [0]
        return By(None, "demo", Role.SYS.value, at, reach([(Role.SYS, id) for id in ids]))

    def _id(self, key: tuple[str, ...], find: Callable[[], object]) -> int:
        if key not in self.ids:
            found = find()
            if found is None:
                raise LookupError(f"there is no {' '.join(key)}")
            self.ids[key] = found.id  # type: ignore[attr-defined]
        return self.ids[key]

    def organisation(self, code: str) -> int:
        """The id of an organisation."""
        return self._id(("organisation", code), lambda: identity.organisation(code))

    def person(self, name: str) -> int:
        """The id of a person."""
        return self._id(("person", name), lambda: identity.person(name))

    def somebody(self, name: str) -> int | None:
        """The id of a person, or None where the file names nobody."""
        return self.person(name) if name else None

    def process(self, organisation: str, code: str) -> int:
        """The id of a process."""
        at = self.organisation(organisation)
        return self._id(("process", organisation, code), lambda: universe.process_by_code(at, code))

    def subprocess(self, organisation: str, code: str) -> int:
        """The id of a sub-process."""
        at = self.organisation(organisation)
        return self._id(("subprocess", organisation, code), lambda: universe.subprocess_by_code(at, code))

    def cycle(self, organisation: str, year: int) -> int:
        """The id of a cycle."""
        at = self.organisation(organisation)
        return self._id(("cycle", organisation, str(year)), lambda: wheel.cycle(at, year))

    def keep(self, kind: str, key: str, id: int) -> None:
        """Remember the id of something that the files call by a key of their own."""
        self.ids[(kind, key)] = id

    def kept(self, kind: str, key: str) -> int:
        """The id of something remembered."""
        return self.ids[(kind, key)]

    def run(self, echo: Callable[[str], None]) -> None:
        """Let everything happen in the order of time: one transaction a day, told year by year."""
        order = sorted(self.steps, key=lambda step: (step.on, step.slot))
        for year, of_year in groupby(order, key=lambda step: step.on.year):
            done = 0
            for on, of_day in groupby(of_year, key=lambda step: step.on):
                with transaction():
                    done += _play(on, list(of_day))
            echo(f"  {year}: {done} steps")


def _play(on: date, steps: Sequence[Step]) -> int:
    """The steps of a day; those of one slot are spread over its minutes."""
    slots: dict[float, list[Step]] = defaultdict(list)
    for step in steps:
        slots[step.slot].append(step)
    for slot, at_once in slots.items():
        begin = datetime.combine(on, time(), COPENHAGEN) + timedelta(hours=slot)
        for turn, step in enumerate(at_once):
            at = begin + timedelta(seconds=int(turn * SLOT.total_seconds() / len(at_once)))
            try:
                step.act(at)
            except Refused as refused:
                raise RuntimeError(f"The demo's {step.what} on {on} was refused: {refused}") from refused
    return len(steps)


__all__ = [
    "Row", "Stage", "Step", "add_working_days", "day", "number", "on_or_after", "on_or_before", "parts", "rows",
    "text", "unfilled",
]  # fmt: skip
