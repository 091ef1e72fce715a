"""What a workbook or a package is about."""

from dataclasses import dataclass
from datetime import date

from controls.base.by import By
from controls.identity.permissions import Permission
from controls.rotation.rules import RollRow
from controls.wheel.tables import Cycle


@dataclass(frozen=True)
class Scope:
    """What a workbook is about: organisation, cycle, the reader and the moment; names and roll looked up once."""

    by: By
    organisation: int
    code: str
    cycle: Cycle
    year: int
    people: dict[int | None, str]
    roll: list[RollRow]

    @property
    def first(self) -> date:
        """1 January of the cycle's year."""
        return date(self.year, 1, 1)

    @property
    def last(self) -> date:
        """31 December of the cycle's year."""
        return date(self.year, 12, 31)

    @property
    def reads_log(self) -> bool:
        """Whether the reader may read the log: by role, or as a command on the host."""
        return self.by.person_id is None or self.by.may(Permission.LOG_READ, self.organisation)
