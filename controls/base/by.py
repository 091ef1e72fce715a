"""Who does it: the person, the role and the moment that every write carries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from controls.base.clock import local_day
from controls.base.why import FORBIDDEN, Refused


class Reach(StrEnum):
    """How far a permission goes: all of the organisations below, the own unit, or own objects only."""

    ALL = "all"
    UNIT = "unit"
    OWN = "own"


Place = tuple[str, int]
"""Something a person can be lent to: its kind (process, review, cycle) and its id."""


@dataclass(frozen=True)
class By:
    """The author of a write. `reach` maps a permission to organisations and how far it goes there.

    `visits` is what visiting grants add: a permission, the places it holds in, and how far it goes there.
    A stand-in acts with the reach of the one he stands in for (`on_behalf_of`), never with more; `counts_as` are the
    persons behind the act: himself and that one, each by the first of the accounts a person may have.
    """

    person_id: int | None
    name: str
    role: str
    at: datetime
    reach: Mapping[str, Mapping[int, Reach]] = field(default_factory=dict)
    visits: Mapping[str, Mapping[Place, Reach]] = field(default_factory=dict)
    organisation_id: int | None = None
    unit: str = ""
    request_key: str = ""
    reason: str = ""
    on_behalf_of: int | None = None
    principal: str = ""
    counts_as: tuple[int, ...] = ()

    @property
    def own_id(self) -> int | None:
        """Whose objects count as own: those of the one he stands in for, else of himself."""
        return self.on_behalf_of or self.person_id

    @property
    def persons(self) -> tuple[int, ...]:
        """The persons that the act counts for in the rules of different persons."""
        return self.counts_as or (() if self.person_id is None else (self.person_id,))

    @property
    def today(self) -> date:
        """The calendar day in Denmark."""
        return local_day(self.at)

    def because(self, reason: str) -> "By":
        """The same author with the reason that goes into the log."""
        return replace(self, reason=reason)

    def everywhere(self, permission: str) -> frozenset[int]:
        """Organisations in which the permission covers every object."""
        return frozenset(o for o, reach in self.reach.get(permission, {}).items() if reach is Reach.ALL)

    def anywhere(self, permission: str) -> frozenset[int]:
        """Organisations in which the permission covers at least own objects."""
        return frozenset(self.reach.get(permission, {}))

    def may(
        self, permission: str, organisation_id: int | None = None, *, own: bool = False, places: Iterable[Place] = ()
    ) -> bool:
        """Whether the permission holds: at all, in an organisation, or there for an own object or in these places.

        `places` are asked for a visitor only, so a generator costs nobody else a query.
        """
        visits = self.visits.get(permission, {})
        if organisation_id is None:
            return bool(self.reach.get(permission) or visits)
        reach = self.reach.get(permission, {}).get(organisation_id)
        if reach is Reach.ALL or (reach is not None and own):
            return True
        return bool(visits) and any(visits[at] is Reach.ALL or own for at in places if at in visits)

    def must(
        self, permission: str, organisation_id: int | None = None, *, own: bool = False, places: Iterable[Place] = ()
    ) -> None:
        """Refuse (403) when the permission does not hold."""
        if not self.may(permission, organisation_id, own=own, places=places):
            raise Refused([FORBIDDEN()])
