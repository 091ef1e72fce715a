"""The warning list: what the years ahead leave outside, and why; counted, without an optimiser.

On it is whoever has passed the floor of five calendar years, and whoever the plan does not have in time: without a
year, in a year after the deadline, or in years with more reviews than hours. Of those who miss the floor it says for
which there is no room in any plan that keeps what is decided and those who have theirs. Within a team with reviews of
equal hours, earliest floor first leaves out as few as can be; else what counting proves is told apart from what only
was not found.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from controls.base.why import N_, Reason, Why
from controls.rotation.horizon import Horizon

BEYOND = Why("outside.beyond", N_("The five calendar years to {by} have passed without a full review."))
FORUM = Why("outside.forum", N_("Deadline: {by}. The VD-forum has decided {year}."))
AFTER = Why("outside.after", N_("Deadline: {by}. The plan has it in {year}."))
WITHOUT = Why("outside.without", N_("Deadline: {by}. It has no year in the plan."))
FULL = Why("outside.full", N_("Planned for {year}, but the years to {by} have more reviews than hours."))
ROOM = Why(
    "outside.room",
    N_("No plan has room for all: {number} must be reviewed in {first}–{by}, and there is room for {room}."),
)
HOURS = Why(
    "outside.hours",
    N_("No plan has room for all: {needed} hours are needed in {first}–{by}, and there are {hours}."),
)
UNFOUND = Why("outside.unfound", N_("No room was found for it by {by} beside those who have theirs."))
PROVED = (ROOM.code, HOURS.code)


class Year(NamedTuple):
    """A year in which the plan has a review: its hours there, and whether the VD-forum has decided it."""

    year: int
    hours: int
    decided: bool = False


@dataclass(frozen=True)
class Part:
    """What is asked of a sub-process: its next deadline, and the floor of five calendar years."""

    id: int
    risk: int
    hours: int
    due: int
    floor: int
    interval: int
    team: str = ""
    years: tuple[Year, ...] = ()

    @property
    def next(self) -> Year | None:
        """The first year in which the plan has it."""
        return self.years[0] if self.years else None

    @property
    def takes(self) -> int:
        """Hours of its next review."""
        return self.years[0].hours if self.years else self.hours


@dataclass(frozen=True)
class Outside:
    """A sub-process on the list, and why; `floor` where five calendar years are not kept, not only its interval."""

    id: int
    reasons: tuple[Reason, ...]
    floor: bool

    @property
    def impossible(self) -> bool:
        """Whether no plan has room for it by its floor: proved."""
        return any(reason.code in PROVED for reason in self.reasons)


def outside(parts: Collection[Part], horizon: Horizon, counted: bool = True) -> tuple[Outside, ...]:
    """The warning list: the floor first, and what is due first. Unless hours are `counted`, nobody lacks them."""
    span = range(horizon.first, horizon.last + 1)
    bound = [one for one in parts if one.floor in span]
    planned = {one.id: _window(one, one.next.year) for one in bound if one.next and one.next.year <= one.floor}
    kept, without = set(planned), dict[int, Reason]()
    if counted:
        room = _room(parts, horizon)
        kept = _served(planned.values(), room, span)
        free = [_window(one, one.next.year if one.next and one.next.decided else horizon.first) for one in bound]
        without = _without([one for one in free if one.first <= one.last], planned, kept, room, span)
    found = []
    for one in parts:
        passed, missed = one.floor < horizon.first, one.floor in span and one.id not in kept
        reasons = [BEYOND(by=one.floor)] if passed else []
        late = _late(one, horizon.last)
        if late:
            reasons.append(late)
        if missed and one.next and one.next.year <= one.floor:
            reasons.append(FULL(year=one.next.year, by=one.floor))
        if missed and one.id in without:
            reasons.append(without[one.id])
        if reasons:
            found.append((one, Outside(one.id, tuple(reasons), passed or missed)))
    found.sort(key=lambda pair: (not pair[1].floor, pair[0].floor if pair[1].floor else pair[0].due))
    return tuple(told for _one, told in found)


def _late(one: Part, last: int) -> Reason | None:
    """The first review that the plan has too late, or does not have."""
    due = one.due
    for year in one.years:
        if year.year > due:
            return (FORUM if year.decided else AFTER)(year=year.year, by=due)
        due = year.year + one.interval
    return WITHOUT(by=due) if due <= last else None


class _Window(NamedTuple):
    """The years in which a review keeps the floor, in the order in which they are served."""

    last: int
    urgent: int
    id: int
    first: int
    hours: int
    team: str


_Kind = tuple[int, int, int, str]
"""What makes no difference between two: years, hours and team."""


def _kind(one: _Window) -> _Kind:
    return one.first, one.last, one.hours, one.team


_Room = Mapping[tuple[int, str], int]
"""Hours by year and team."""


def _window(one: Part, first: int) -> _Window:
    return _Window(one.floor, -one.risk, one.id, first, one.takes, one.team)


def _room(parts: Iterable[Part], horizon: Horizon) -> _Room:
    """The hours there are for keeping the floor: what is decided for others, or comes after, has its own."""
    room: dict[tuple[int, str], int] = {}
    for (year, _season, team), hours in horizon.capacity.items():
        room[year, team] = room.get((year, team), 0) + hours
    for one in parts:
        bound = horizon.first <= one.floor <= horizon.last
        for at in one.years:
            if at.decided and not (bound and at is one.next and at.year <= one.floor):
                room[at.year, one.team] = max(0, room.get((at.year, one.team), 0) - at.hours)
    return room


def _served(windows: Iterable[_Window], room: _Room, span: Iterable[int]) -> set[int]:
    """Who is reviewed when each year takes those whose floor comes first, as far as its hours reach."""
    left, waiting, served = dict(room), sorted(windows), set[int]()
    for year in span:
        still = []
        for one in waiting:
            if one.first <= year and left.get((year, one.team), 0) >= one.hours:
                left[year, one.team] = left.get((year, one.team), 0) - one.hours
                served.add(one.id)
            elif one.last > year:
                still.append(one)
        waiting = still
    return served


def _without(
    windows: Sequence[_Window], planned: Mapping[int, _Window], kept: Collection[int], room: _Room, span: range
) -> dict[int, Reason]:
    """Those for whom there is no room beside those whom the plan has in time, however it is made."""
    served = _served(windows, room, span)
    if len(served) < len(windows) and not served.issuperset(kept):
        served, tried = set(kept), set[_Kind]()
        for one in sorted(windows):
            if one.id in served or _kind(one) in tried:
                continue
            more = {*served, one.id}
            free = [other for other in windows if other.id in more]
            as_planned = [planned[other.id] if other.id in kept else other for other in free]
            if any(len(_served(way, room, span)) == len(more) for way in (free, as_planned)):
                served = more
            else:
                tried.add(_kind(one))
    left = [one for one in windows if one.id not in served]
    kinds = {_kind(one): one for one in left}
    proofs = {kind: _proof(one, windows, served, room, span) for kind, one in kinds.items()}
    return {one.id: proofs[_kind(one)] for one in left}


def _proof(one: _Window, windows: Sequence[_Window], served: Collection[int], room: _Room, span: range) -> Reason:
    """The years in which those who have room and this one need more than there is."""
    team = [other for other in windows if other.team == one.team and other.hours]
    for last in range(one.last, span.stop):
        for first in range(one.first, span.start - 1, -1):
            inside = [other for other in team if first <= other.first and other.last <= last]
            taken = [other for other in inside if other.id in served or other.id == one.id]
            hours = [room.get((year, one.team), 0) for year in range(first, last + 1)]
            equal = all(other.hours == one.hours for other in inside)
            places = sum(there // one.hours for there in hours)
            if equal and len(taken) > places:
                return ROOM(number=len(inside), room=places, first=first, by=last)
            needed = sum(other.hours for other in taken)
            if needed > sum(hours):
                return HOURS(needed=sum(other.hours for other in inside), hours=sum(hours), first=first, by=last)
    return UNFOUND(by=one.last)
