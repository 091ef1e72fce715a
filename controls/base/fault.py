"""A fault in what is stored: where it is, and a sentence about it that is translated where it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controls.base.why import Reason, Why


class Exact:
    """A name or number of the database in a sentence: shown as it stands, never translated."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True)
class Fault:
    """One thing that is not what was written: its sentence, and the table, row, column or file it is about."""

    why: Why
    table: str = ""
    row: str = ""
    column: str = ""
    file: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def reason(self) -> Reason:
        """The sentence with its names."""
        named = {"table": self.table, "row": self.row, "column": self.column, "file": self.file, **self.facts}
        return Reason(self.why.code, self.why.text, params={name: Exact(value) for name, value in named.items()})

    def __str__(self) -> str:
        return str(self.reason)


class CannotTell(Exception):
    """Nothing can be said or done about the log, for this reason."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(str(reason))
