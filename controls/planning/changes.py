"""What a draft or a scenario changes in the standing plan: reviews by sub-process, and hours of years and teams."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Review:
    """A planned review: when, how, with how many hours, and why then.

    `season` is the half of the year where its hours are divided, else 0. `instead` is the year that the VD-forum has
    decided and the plan leaves; without a `year` it is only left.
    """

    year: int | None
    season: int = 0
    light: bool = False
    hours: int = 0
    instead: int | None = None
    why: str = ""
    told: tuple[tuple[str, Any], ...] = ()
    reason: str = ""


Reviews = Mapping[int, tuple[Review, ...]]
"""The planned reviews of each sub-process, in the order of years."""


class Room(NamedTuple):
    """Hours of a year, and how many of them are of its first half; None: they are not divided."""

    hours: int
    first: int | None = None

    def scaled(self, hours: int) -> "Room":
        """Other hours, divided in the same proportion; of none, evenly."""
        if self.first is None:
            return Room(hours)
        return Room(hours, round(hours * self.first / self.hours) if self.hours else hours // 2)


Hours = Mapping[tuple[int, int], Room]
"""Hours by year and team; team 0 is the whole organisation."""


@dataclass(frozen=True)
class Changes:
    """Of the sub-processes named here these reviews stand, of these years these hours."""

    reviews: Reviews = field(default_factory=dict)
    hours: Hours = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.reviews or self.hours)


NONE = Changes()


def over(reviews: Reviews, changes: Changes) -> Reviews:
    """The plan with the changes in it."""
    return {**reviews, **changes.reviews} if changes.reviews else reviews


def _in_order(reviews: Iterable[Review]) -> tuple[Review, ...]:
    return tuple(sorted(reviews, key=lambda one: (one.year or 0, one.season)))


def placed(changes: Changes, standing: Reviews, id: int, reviews: Iterable[Review]) -> Changes:
    """The changes with these reviews of a sub-process; nothing is told of it when it is as it stands."""
    found = _in_order(reviews)
    same = _years(found) == _years(standing.get(id, ())) and found == standing.get(id, ())
    rest = {other: kept for other, kept in changes.reviews.items() if other != id}
    return replace(changes, reviews=rest if same else rest | {id: found})


def moved(changes: Changes, standing: Reviews, id: int, at: int | None, to: Review, decided: bool) -> Changes:
    """The changes with a sub-process's review of a year (none: a new one) elsewhere, or, without a year, dropped.

    A review that goes back to where it stood is told there as before; what was decided is left with `instead`.
    """
    now = over(standing, changes).get(id, ())
    here = next((one for one in now if at is not None and one.year == at), None)
    others = [one for one in now if one is not here and (to.year is None or one.year != to.year)]
    left = at if decided else here.instead if here else None
    before = next((one for one in standing.get(id, ()) if one.year == to.year and one.year is not None), None)
    if before is not None and left == before.instead and to.season in (0, before.season):
        return placed(changes, standing, id, [*others, before])
    if to.year is not None and to.year == left:
        return placed(changes, standing, id, others)
    if to.year is None and left is None:
        return placed(changes, standing, id, others)
    return placed(changes, standing, id, [*others, replace(to, instead=left)])


def with_hours(changes: Changes, standing: Hours, hours: Hours) -> Changes:
    """The changes with hours of years and teams; those that stand already are not told."""
    found = {**changes.hours, **hours}
    return replace(changes, hours={key: value for key, value in found.items() if standing.get(key) != value})


def as_now(wanted: Changes, reviews: Reviews, hours: Hours) -> Changes:
    """The changes as they differ from the plan that stands now: what has come to be so since is told no more."""
    left = {id: kept for id, kept in wanted.reviews.items() if reviews.get(id, ()) != kept}
    return replace(with_hours(NONE, hours, wanted.hours), reviews=left)


class When(NamedTuple):
    """A year, and its half where one is chosen."""

    year: int
    season: int = 0


@dataclass(frozen=True)
class Difference:
    """A sub-process whose years differ: before and after, with the half of the year; and the decided years left."""

    subprocess_id: int
    before: tuple[When, ...]
    after: tuple[When, ...]
    left: tuple[int, ...]
    reviews: tuple[Review, ...]
    """As they are to be, with their reasons."""


def differences(standing: Reviews, changes: Changes) -> list[Difference]:
    """What the changes would change, by sub-process."""
    found = []
    for id, after in changes.reviews.items():
        before = standing.get(id, ())
        left = tuple(one.instead for one in after if one.instead is not None)
        gone = tuple(one.instead for one in before if one.instead is not None)
        # What is left for the first time stood in its decided year until now.
        was = {*_years(before), *(When(year) for year in left if year not in gone)}
        found.append(Difference(id, tuple(sorted(was)), _years(after), left, after))
    return found


def _years(reviews: Iterable[Review]) -> tuple[When, ...]:
    return tuple(When(one.year, one.season) for one in reviews if one.year is not None)


def pack(changes: Changes) -> str:
    """The changes as they are stored."""
    return json.dumps(
        {
            "reviews": {str(id): [_packed(one) for one in reviews] for id, reviews in sorted(changes.reviews.items())},
            "hours": [[*key, *room] for key, room in sorted(changes.hours.items())],
        },
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip


def _packed(one: Review) -> dict[str, Any]:
    found = {
        "year": one.year, "season": one.season, "light": one.light, "hours": one.hours, "instead": one.instead,
        "why": one.why, "told": dict(one.told), "reason": one.reason,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value or name == "year"}


def unpack(text: str) -> Changes:
    """The changes from the way they are stored."""
    if not text:
        return NONE
    kept = json.loads(text)
    return Changes(
        {int(id): tuple(_unpacked(one) for one in reviews) for id, reviews in kept["reviews"].items()},
        {(year, team): Room(*room) for year, team, *room in kept["hours"]},
    )  # fmt: skip


def _unpacked(one: dict[str, Any]) -> Review:
    return Review(**{**one, "told": tuple(one.get("told", {}).items())})
