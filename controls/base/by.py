"""Who does it: the person, the role and the moment that every write carries."""

from collections.abc import Mapping
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


@dataclass(frozen=True)
class By:
    """The author of a write. `reach` maps a permission to organisations and how far it goes there."""

    person_id: int | None
    name: str
    role: str
    at: datetime
    reach: Mapping[str, Mapping[int, Reach]] = field(default_factory=dict)
    organisation_id: int | None = None
    unit: str = ""
    request_key: str = ""
    reason: str = ""

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

    def may(self, permission: str, organisation_id: int | None = None, *, own: bool = False) -> bool:
        """Whether the permission holds: at all, in an organisation, or there for an own object."""
        if organisation_id is None:
            return bool(self.reach.get(permission))
        reach = self.reach.get(permission, {}).get(organisation_id)
        return reach is Reach.ALL or (reach is not None and own)

    def must(self, permission: str, organisation_id: int | None = None, *, own: bool = False) -> None:
        """Refuse (403) when the permission does not hold."""
        if not self.may(permission, organisation_id, own=own):
            raise Refused([FORBIDDEN()])
