"""What somebody must do now: each slice publishes selects of one shape, read together in one query."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Integer, Select, String, cast, literal, null, select, type_coerce


@dataclass(frozen=True)
class TaskKind:
    """A kind of task: its sentence ({code} and {name}), its button, and the page where it is done.

    The page is found by the task's id, or is a page of the organisation that has the task's code.
    """

    name: str
    text: str
    button: str
    endpoint: str
    of_organisation: bool = False


KINDS: dict[str, TaskKind] = {}


def declare(name: str, text: str, button: str, endpoint: str, *, of_organisation: bool = False) -> TaskKind:
    """Declare a kind of task once, in a slice's `queries.py`."""
    KINDS[name] = TaskKind(name, text, button, endpoint, of_organisation)
    return KINDS[name]


def rows(
    kind: TaskKind, *, id: Any, code: Any, name_da: Any, name_en: Any, due: Any = None
) -> Select[*tuple[Any, ...]]:
    """A select with the columns every task has; the slice adds `where`."""
    return select(
        literal(kind.name).label("kind"), cast(id, Integer).label("id"), cast(code, String).label("code"),
        cast(name_da, String).label("name_da"), cast(name_en, String).label("name_en"),
        (cast(null(), Date) if due is None else type_coerce(due, Date)).label("due"),
    )  # fmt: skip
