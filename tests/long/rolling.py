"""Ten years of a roll in which much happens: nobody is silently uncovered for more than five calendar years.

    python -m tests.long.rolling [SIMULATIONS] [--seed N]

Sub-processes come, close and come back, are split, merged, moved, transferred, renamed and essentially changed; hours
and bands change; the VD-forum follows the plan, but defers; in slow years reviews are not finished. Due years, plans
and the warning list are the product's own, pure functions all. What is beside them here is written anew in plain
words: how long each has gone uncovered, and whether a set of reviews can be done at all (found by augmenting paths, or
by integer optimisation where reviews take unequal hours). Four times a year the list is held to it:

- whoever is not on the list can be reviewed in time: all of them together, none before the year that the plan names;
- whoever is said to have no room really has none beside those, and of them there are as many as there must be;
- whoever is said to be beyond five calendar years, to have no year, or a late one, is and has.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from controls.assessment.words import Band
from controls.planning import ahead, board
from controls.planning.board import HORIZON, Board, Team
from controls.planning.changes import NONE, Review, Room
from controls.rotation import horizon, ledger, past, planner, queries, rules, warnings
from controls.rotation.horizon import Placed
from controls.rotation.ledger import Written
from controls.rotation.rules import BandStep, Intervals, PlanKind, Planned, RollRow
from controls.rotation.warnings import Outside
from controls.rotation.words import Degree, Form, Source
from controls.universe import structure
from controls.universe.structure import Origin, Said, Standing
from controls.universe.words import Kind, Level

FIRST, YEARS, HOURS = 2024, 10, 42
REASON = "Opgaven er lagt om efter aftale med kontoret."
INTERVALS = Intervals()


@dataclass
class Known:
    """What is told here of a sub-process.

    `start` is the year of its last full review, or the year before it began: from there calendar years are counted.
    """

    area: str
    start: int
    since: date
    until: date | None = None
    decided: tuple[int, int] | None = None
    """The year for which the VD-forum has chosen it, or to which it is deferred, and the hours it still takes."""
    chosen: bool = False

    @property
    def floor(self) -> int:
        """The last of the five calendar years in which it must be reviewed."""
        return self.start + 5


class Simulation:
    """One roll for ten years; `equal` where all reviews take the same hours."""

    def __init__(self, seed: int, equal: bool) -> None:
        self.chance = random.Random(seed)
        self.equal, self.year, self.today = equal, FIRST, date(FIRST, 1, 2)
        self.counts: Counter[str] = Counter()
        self.leads: Counter[int] = Counter()
        self.known: dict[int, Known] = {}
        self.origins: dict[int, list[Origin]] = {}
        self.lines: list[Written] = []
        self.bands: dict[int, list[queries.Band]] = {}
        self.plans: dict[int, list[Planned]] = {}
        self.reviews: dict[int, tuple[Review, ...]] = {}
        self.spent: Counter[tuple[int, int]] = Counter()
        """Hours of the finished reviews, by year and sub-process."""
        self.listed: dict[int, tuple[int, int]] = {}
        """Since when it has been on the list without a break, for the floor that it has."""
        self.dated: set[int] = set()
        self.late: set[int] = set()
        """Those whose review ended in the last days of last year without covering, or not at all."""
        self.teams = (Team(1, "Løn", frozenset({"LON"})),) if self.chance.random() < 0.3 else ()
        number = self.chance.randint(5, 40)
        for _ in range(number):
            self._begin(date(FIRST - self.chance.randint(1, 8), 1, 2))
        each = HOURS * number * self.chance.choice((0.1, 0.15, 0.2, 0.25, 0.35, 0.45))
        self.hours: dict[tuple[int, int], int] = {}
        for year in range(FIRST, FIRST + YEARS):
            self.hours[year, 0] = round(each * self.chance.uniform(0.6, 1.3))
            for team in self.teams:
                self.hours[year, team.id] = round(self.hours[year, 0] * self.chance.uniform(0.2, 0.4))
        for id, one in self.known.items():
            for _ in range(self.chance.randint(0, 2)):
                on = one.since + timedelta(days=self.chance.randint(0, (self.today - one.since).days - 5))
                self._cover(id, on, Degree.FULL)

    # --- What there is, as the product sees it -------------------------------------------------------------------

    def rows(self) -> list[RollRow]:
        """The roll today."""
        lines = ledger.counting(self.lines)
        owns = {
            id: past.own(lines.get(id, ()), one.since.year, [step for step, *_ in self.bands.get(id, ())], id)
            for id, one in self.known.items()
        }
        return [
            queries.row_of(SimpleNamespace(
                id=id, code=str(id), name_da="", name_en="", process_id=1, process_code="", process_name_da="",
                process_name_en="", area_code=one.area, area_name_da="", area_name_en="", owner_id=None,
                yearly_amount_ore=None,
            ), past.past(id, owns, self.origins), self.bands.get(id, []), INTERVALS, tuple(self.plans.get(id, ())),
                self.year)
            for id, one in self.active()
        ]  # fmt: skip

    def board(self) -> Board:
        """The roll with the standing plan laid on it."""
        return board.board(
            self.rows(), self.reviews, {at: Room(hours) for at, hours in self.hours.items()}, self.teams, self.year
        )

    def active(self) -> list[tuple[int, Known]]:
        """What is in force today."""
        return [(id, one) for id, one in self.known.items()
                if one.since <= self.today and (one.until is None or one.until >= self.today)]  # fmt: skip

    # --- What happens ----------------------------------------------------------------------------------------------

    def _begin(self, on: date, area: str = "", start: int | None = None) -> int:
        id = len(self.known) + 1
        self.known[id] = Known(
            area or self.chance.choice(("KRE", "LON", "ANL")), on.year - 1 if start is None else start, on
        )
        if self.chance.random() < 0.8:
            self._assess(id, on.year)
        return id

    def _assess(self, id: int, year: int) -> None:
        band = self.chance.choice((Band.HIGH, Band.ELEVATED, *[Band.MODERATE, Band.LOW] * 3))
        score = {Band.HIGH: 20, Band.ELEVATED: 12, Band.MODERATE: 6, Band.LOW: 3}[band] + self.chance.randint(0, 2)
        fraud = self.equal or self.chance.random() < 0.2
        kept = [one for one in self.bands.get(id, []) if one.step.year != year]
        self.bands[id] = sorted(
            [*kept, queries.Band(BandStep(year, band), score, fraud, "")], key=lambda one: one.step.year
        )

    def _cover(self, id: int, on: date, degree: Degree, form: Form = Form.ORDINARY) -> None:
        number = len(self.lines) + 1
        self.lines.append(Written(number, 1, id, on, degree, form, Source.REVIEW, f"G-{number}"))
        if degree is Degree.FULL:
            self.known[id].start = max(self.known[id].start, on.year)

    def run(self) -> "Simulation":
        """Ten years."""
        for self.year in range(FIRST, FIRST + YEARS):
            self._at(1, 2)
            self._new_year()
            self.look()
            if self.chance.random() < 0.85:
                self._plan()
            self.look()
            self._at(3, 15)
            self._forum(self.chance.choice((0.0, 0.05, 0.2)))
            self.look()
            pace = self.chance.choice((0.2, 0.5)) if self.chance.random() < 0.25 else 0.95
            days = [(self.chance.randint(4, 10), self.chance.randint(1, 27)) for _ in range(self.chance.randint(0, 4))]
            for month, day in sorted(days):
                if month > 6 and self.today.month < 7:
                    self._at(6, 30)
                    self._work(pace, 0.4)
                self._at(month, day)
                self._change()
            self._at(11, 1)
            self._forum(0.0)
            self._work(pace, 0.5)
            self.look()
            self._at(12, 20)
            self._work(pace, 1.0)
        return self

    def _at(self, month: int, day: int) -> None:
        self.today = date(self.year, month, day)

    def _new_year(self) -> None:
        self.late = {line.subprocess_id for line in self.lines if line.covered_on == date(self.year - 1, 12, 20)}
        for id, one in self.known.items():
            if one.decided and one.decided[0] < self.year:
                late = one.chosen and one.decided[0] == self.year - 1 and one.decided[1] > 0
                if one.chosen and one.until is None:
                    self.late.add(id)
                # What was chosen last year and is not finished goes on this year, with its hours spent; not further.
                one.decided = (self.year, 0) if late else None
                one.chosen = late
        for id, _one in self.active():
            if self.chance.random() < 0.3:
                self._assess(id, self.year)
        if self.chance.random() < 0.3:
            for year in range(self.year, FIRST + YEARS):
                self.hours[year, 0] = round(self.hours[year, 0] * self.chance.choice((0.7, 0.9, 1.2)))
                for team in self.teams:
                    self.hours[year, team.id] = min(self.hours[year, team.id], self.hours[year, 0])

    def _plan(self) -> None:
        """The planner's plan, or earliest due first, becomes the standing plan."""
        laid = self.board()
        given = ahead.candidates(laid, (), NONE)
        scope = ahead.horizon(laid, given, HORIZON)
        placed: Placed
        if self.chance.random() < 0.1:
            placed = planner.plan(given, scope).placed
            self.counts["plans of the planner"] += 1
        else:
            placed = horizon.earliest_due_first(given, scope).placed
            self.counts["plans by earliest due first"] += 1
        self.reviews = {
            one.id: tuple(Review(turn.year, 0, turn.light, one.takes(turn.light))
                          for turn in placed[one.id] if turn.year not in one.fixed)
            for one in given
        }  # fmt: skip

    def _forum(self, defers: float) -> None:
        """What the plan has this year is chosen, or now and then deferred; in autumn what has come back since."""
        laid = self.board()
        for row in laid.rows:
            spots, id = laid.spots.get(row.subprocess_id, ()), row.subprocess_id
            if not spots or spots[0].year != self.year or spots[0].kind in rules.CHOSEN:
                continue
            one, plans = self.known[id], self.plans.setdefault(id, [])
            if self.chance.random() < defers:
                until = self.year + self.chance.randint(1, 3)
                plans.append(Planned(id, self.year, PlanKind.DEFERRED, None, until))
                one.decided, one.chosen = (until, board.hours_of(row, False)), False
                self.counts["deferrals"] += 1
            else:
                form = Form.LIGHT if spots[0].light else Form.ORDINARY
                plans.append(Planned(id, self.year, PlanKind.PLANNED, spots[0].hours, None, form))
                one.decided, one.chosen = (self.year, spots[0].hours), True

    def _work(self, pace: float, part: float) -> None:
        """The reviews of the year, those whose five years end first, as far as the hours reach."""
        for id, one in sorted(self.active(), key=lambda pair: (pair[1].floor, pair[0])):
            if not (one.chosen and one.decided and one.decided[0] == self.year) or self.chance.random() >= part:
                continue
            hours, team = one.decided[1], self._team(one)
            if self._spent(team, self.known) + hours > self._hours(self.year, team):
                continue
            if self.chance.random() < pace:
                degree = Degree.PARTIAL if self.chance.random() < 0.05 else Degree.FULL
                plan = self.plans[id][-1]
                self._cover(id, self.today, degree, plan.form or Form.ORDINARY)
                self.spent[self.year, id] += hours
                one.decided, one.chosen = None, False
                self.counts["reviews finished"] += 1
            elif part == 1.0:
                self.counts["reviews not finished in their year"] += 1

    def _change(self) -> None:
        """One change of structure, if the rules allow it."""
        pick = self.chance.choice(self.active() or [(0, None)])
        closed = [(id, one) for id, one in self.known.items() if one.until and one.until < self.today]
        kind = self.chance.choice((
            Kind.CREATED, Kind.RENAMED, Kind.MOVED, Kind.SPLIT, Kind.SPLIT, Kind.MERGED, Kind.MERGED, Kind.CLOSED,
            Kind.REOPENED, Kind.REOPENED, Kind.TRANSFERRED, Kind.CHANGED,
        ))  # fmt: skip
        if kind is Kind.REOPENED and closed:
            pick = self.chance.choice(closed)
        id, one = pick
        if one is None or (kind is not Kind.CREATED and not self._allowed(kind, id, one)):
            self.counts["changes refused"] += 1
            return
        self.counts[kind.value] += 1
        if kind is Kind.CREATED:
            self._begin(self.today)
        elif kind is Kind.MOVED:
            one.area = self.chance.choice(("KRE", "LON", "ANL"))
        elif kind is Kind.SPLIT:
            for _ in range(2):
                # Examined or not: coverage, or at least the due year, is the whole's.
                made = self._begin(self.today, one.area, one.start)
                self._came(made, kind, (id,), self.chance.random() < 0.5)
            self._end(one)
        elif kind is Kind.MERGED:
            there = [(other, known) for other, known in self.active() if other != id]
            parts = [(id, one), *self.chance.sample(there, min(len(there), self.chance.randint(1, 2)))]
            # Covered only if all its parts are, and then since the one that has waited longest; else due as that is.
            made = self._begin(self.today, one.area, min(known.start for _id, known in parts))
            self._came(made, kind, tuple(other for other, _known in parts), True)
            for _id, known in parts:
                self._end(known)
        elif kind is Kind.CLOSED:
            self._end(one)
        elif kind is Kind.REOPENED:
            assert one.until
            again = structure.starts_again(one.until, self.today)
            one.until = None
            self._came(id, kind, (), not again)
            if again:
                one.start, one.decided, one.chosen = self.today.year - 1, None, False
        elif kind is Kind.TRANSFERRED:
            self._came(self._begin(self.today, self.chance.choice(("KRE", "LON", "ANL")), one.start), kind, (id,), True)
            self._end(one)
        elif kind is Kind.CHANGED:
            self._came(id, kind, (), False)

    def _allowed(self, kind: Kind, id: int, one: Known) -> bool:
        stands = Standing(Level.SUBPROCESS, str(id), "", "", one.since, one.until)
        return not structure.why_not(kind, Said(self.today, REASON), stands, self.today) and one.since < self.today

    def _came(self, id: int, kind: Kind, before: tuple[int, ...], inherits: bool) -> None:
        self.origins.setdefault(id, []).append(Origin(kind, self.today, before, inherits))

    def _end(self, one: Known) -> None:
        one.until = structure.day_before(self.today)

    # --- The list is held to what is so ----------------------------------------------------------------------------

    def look(self) -> None:
        """The warning list of today, against what is reckoned here."""
        laid = self.board()
        found = {one.id: one for one in ahead.outside(laid, (), HORIZON)}
        active, year = dict(self.active()), self.year
        floors = {row.subprocess_id: row.floor_due for row in laid.rows}
        assert floors == {id: one.floor for id, one in active.items()}, "the product counts the years as they are"
        years = {id: next(iter(self._planned(id, one)), 0) for id, one in active.items()}
        self._facts(laid, found, active)
        bound = {id: one for id, one in active.items() if year <= one.floor < year + HORIZON}
        off = {id for id in bound if id not in found or not found[id].floor}
        self.counts["warned before five years are over"] += len(bound) - len(off)
        room = self._room(active, bound, years)

        def window(id: int, planned: bool) -> tuple[int, int, int, str]:
            decided = years[id] if years[id] and (planned or self._first_is_decided(id, years[id])) else None
            return decided or year, bound[id].floor, self._takes(laid, id), self._team(bound[id])

        assert all(years[id] and years[id] <= bound[id].floor for id in off), (
            "whoever is off the list is planned in time"
        )
        assert possible([window(id, True) for id in off], room, self.equal), "and all of them can be done"
        self.counts["lists checked"] += 1
        hopeless = {id for id in bound if id in found and found[id].impossible}
        free = {id for id in bound if window(id, False)[0] <= bound[id].floor}
        for id in hopeless:
            served = [window(other, False) for other in free - hopeless | {id}]
            assert not possible(served, room, self.equal), f"{id} has room: {found[id]}"
            self.counts["no room in any plan, proved and so"] += 1
        if self.equal:
            most = most_of([window(id, False) for id in free], room)
            assert len(free) - most == len(hopeless), "as many have no room as must be without"
        self._full(found, off, window, room)
        self._trace(found, active)

    def _facts(self, laid: Board, found: Mapping[int, Outside], active: Mapping[int, Known]) -> None:
        for id, one in active.items():
            beyond, said = one.floor < self.year, codes(found[id]) if id in found else set()
            assert beyond == (warnings.BEYOND.code in said), f"{id}: five years ended in {one.floor}, the list: {said}"
            if beyond:
                self.counts["looked at uncovered for more than five years"] += 1
            if warnings.ROOM.code in said:
                told = next(r.params for r in found[id].reasons if r.code == warnings.ROOM.code)
                assert int(str(told["number"])) > int(str(told["room"])), told
        rows = {row.subprocess_id: row for row in laid.rows}
        for id, listed in found.items():
            for reason in listed.reasons:
                told, row, planned = reason.params, rows[id], self._planned(id, active[id])
                by, year = int(str(told["by"])), int(str(told.get("year", 0)))
                if reason.code in (warnings.AFTER.code, warnings.FORUM.code, warnings.WITHOUT.code):
                    before = [one for one in planned if one <= by]
                    assert before == [] and by == row.due or before and before[-1] + row.interval == by, (id, told)
                    assert next((one for one in planned if one > by), 0) == year, (id, told)
                if reason.code == warnings.FORUM.code:
                    decided = active[id].decided
                    assert decided and decided[0] == year, (id, told)
                if reason.code == warnings.FULL.code:
                    assert year == planned[0] <= by == active[id].floor, (id, told)

    def _full(
        self, found: Mapping[int, Outside], off: Collection[int], window: Any, room: Mapping[tuple[int, str], int]
    ) -> None:  # fmt: skip
        """Who is planned where the hours do not reach, or has no room that was found: counted, and held where exact."""
        for id, one in found.items():
            if warnings.UNFOUND.code in codes(one):
                self.counts["no room found, not proved"] += 1
                assert not self.equal, "where all take the same hours, each answer is proved"
            if warnings.FULL.code in codes(one):
                self.counts["planned where the hours do not reach"] += 1
                if self.equal:
                    windows = [window(other, True) for other in off] + [window(id, True)]
                    assert not possible(windows, room, True), f"{id} could be done as planned"

    def _trace(self, found: Mapping[int, Outside], active: Mapping[int, Known]) -> None:
        """Whoever is beyond five years now was on the list before, or was lost in the last days of the year."""
        now = {id: one.floor for id, one in active.items() if id in found and found[id].floor}
        listed = {id: self.listed[id] for id, floor in now.items() if self.listed.get(id, (0, 0))[1] == floor}
        for id, floor in now.items():
            since = listed.setdefault(id, (self.year, floor))[0]
            if floor != self.year - 1 or self.year == FIRST or self.today.month > 1 or id in self.dated:
                continue
            self.dated.add(id)
            self.leads[self.year - since] += 1
            # It could be done until then, and was chosen: only that its review did not end in full has lost it.
            assert since < self.year or id in self.late, f"{id} was uncovered silently in {self.year}"
        self.dated &= now.keys()
        self.listed = listed

    def _planned(self, id: int, one: Known) -> list[int]:
        """The years in which it is to be reviewed; what is deferred is not before, what is made is not again."""
        made = any(line.subprocess_id == id and line.covered_on.year == self.year for line in self.lines)
        begins = one.decided[0] if one.decided and not one.chosen else self.year + made
        years = {review.year for review in self.reviews.get(id, ()) if review.year and review.year >= begins}
        return sorted(years | ({one.decided[0]} if one.decided else set()))

    def _first_is_decided(self, id: int, first: int) -> bool:
        decided = self.known[id].decided
        return decided is not None and decided[0] == first

    def _takes(self, laid: Board, id: int) -> int:
        one = self.known[id]
        first = next(iter(self._planned(id, one)), 0)
        if one.decided and one.decided[0] == first:
            return one.decided[1]
        kept = [review for review in self.reviews.get(id, ()) if review.year == first]
        if kept:
            return kept[0].hours
        row = next(row for row in laid.rows if row.subprocess_id == id)
        last = row.covered is not None and row.covered.form is Form.LIGHT
        return 15 if board.may_be_light(row, ()) and not last else HOURS

    def _team(self, one: Known) -> str:
        return next((str(team.id) for team in self.teams if one.area in team.areas), "")

    def _spent(self, team: str, of: Collection[int]) -> int:
        """This year's hours on what belongs to a team now; what has ended since is not told, as in the product."""
        return sum(self.spent[self.year, id] for id in of if self._team(self.known[id]) == team)

    def _hours(self, year: int, team: str) -> int:
        if team:
            return self.hours[year, int(team)]
        return max(0, self.hours[year, 0] - sum(self.hours[year, one.id] for one in self.teams))

    def _room(
        self, active: Mapping[int, Known], bound: Mapping[int, Known], years: Mapping[int, int]
    ) -> dict[tuple[int, str], int]:  # fmt: skip
        """The hours that are left when what is decided for others has its own."""
        room: dict[tuple[int, str], int] = {}
        for year in range(self.year, self.year + HORIZON):
            for team in ("", *(str(one.id) for one in self.teams)):
                known = max(y for y, _team in self.hours if y <= year)
                room[year, team] = self._hours(known, team) - (self._spent(team, active) if year == self.year else 0)
        for id, one in active.items():
            if one.decided and not (id in bound and years[id] == one.decided[0] <= one.floor):
                place = (one.decided[0], self._team(one))
                room[place] = room.get(place, 0) - one.decided[1]
        return {place: max(0, hours) for place, hours in room.items()}


def codes(one: Outside) -> set[str]:
    """The codes of its reasons."""
    return {reason.code for reason in one.reasons}


Window = tuple[int, int, int, str]
"""First and last year, hours and team."""


def possible(windows: Iterable[Window], room: Mapping[tuple[int, str], int], equal: bool) -> bool:
    """Whether all can be done, each in one of its years."""
    asked = [one for one in windows if one[2]]
    return most_of(asked, room) == len(asked) if equal else packed(asked, room)


def most_of(windows: Collection[Window], room: Mapping[tuple[int, str], int]) -> int:
    """The most reviews of equal hours that can be done: each finds a place, if need be by moving others."""
    asked = [one for one in windows if one[2]]
    index = {place: hours // HOURS for place, hours in room.items()}
    at: dict[int, tuple[int, str]] = {}

    def seat(one: int, seen: set[tuple[int, str]]) -> bool:
        first, last, _hours, team = asked[one]
        for place in [(year, team) for year in range(first, last + 1)]:
            if place in seen:
                continue
            seen.add(place)
            there = [other for other, where in at.items() if where == place]
            if len(there) < index.get(place, 0) or any(seat(other, seen) for other in there):
                at[one] = place
                return True
        return False

    return sum(seat(one, set()) for one in range(len(asked))) + len(windows) - len(asked)


def packed(windows: Collection[Window], room: Mapping[tuple[int, str], int]) -> bool:
    """Whether reviews of unequal hours can all be done: asked of integer optimisation."""
    import highspy

    model: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    uses: dict[tuple[int, str], list[Any]] = {}
    for (first, last, hours, team), number in Counter(windows).items():
        places = [(year, team) for year in range(first, last + 1) if room.get((year, team), 0) >= hours]
        if not places:
            return False
        taken = [model.addIntegral(0, number) for _ in places]
        model.addConstr(sum(taken) == number)
        for place, one in zip(places, taken, strict=True):
            uses.setdefault(place, []).append(hours * one)
    for place, used in uses.items():
        model.addConstr(sum(used) <= room[place])
    model.run()
    return not windows or model.getModelStatus() == highspy.HighsModelStatus.kOptimal


def simulate(number: int, seed: int) -> tuple[Counter[str], Counter[int]]:
    """So many simulations, every other with equal hours; the first deviation ends them."""
    counts: Counter[str] = Counter()
    leads: Counter[int] = Counter()
    for one in range(seed, seed + number):
        try:
            done = Simulation(one, one % 2 == 0).run()
        except AssertionError as error:
            raise AssertionError(f"seed {one}: {error}") from error
        counts += done.counts
        leads += done.leads
    return counts, leads


def main() -> None:
    """Simulate and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("simulations", type=int, nargs="?", default=500)
    ask.add_argument("--seed", type=int, default=1)
    given, begun = ask.parse_args(), time.process_time()
    counts, leads = simulate(given.simulations, given.seed)
    print(f"{given.simulations} simulations of {YEARS} years: nobody was uncovered silently, and no warning was false")
    print("\n".join(f"{count:>9,} {what}" for what, count in sorted(counts.items())))
    told = ", ".join(f"{years} years before: {count:,}" for years, count in sorted(leads.items(), reverse=True))
    print(f"Those whose five years ended uncovered had been on the list ({told}); 0: the year-end itself lost them")
    print(f"{time.process_time() - begun:.0f} s of processor time")


if __name__ == "__main__":
    main()
