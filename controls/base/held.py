"""What people answer for: each slice publishes a select of one shape, read together in one query (hand-over queue)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, literal, select


@dataclass(frozen=True)
class HeldKind:
    """A kind of object that has an owner: its table, its words, and its page, found by code or by the id `page`."""

    name: str
    label: str
    many: str
    endpoint: str
    by_code: bool = False


KINDS: dict[str, HeldKind] = {}


def declare(name: str, label: str, many: str, endpoint: str, *, by_code: bool = False) -> HeldKind:
    """Declare a kind of object once, in a slice's `queries.py`."""
    KINDS[name] = HeldKind(name, label, many, endpoint, by_code)
    return KINDS[name]


def rows(
    kind: HeldKind, *, id: Any, organisation_id: Any, code: Any, name_da: Any, name_en: Any, owner_id: Any,
    deputy_id: Any, above_id: Any = None, page: Any = None,
) -> Select[*tuple[Any, ...]]:  # fmt: skip
    """A select with the columns every such object has.

    Unless somebody is chosen, who owns what it belongs to (`above_id`) takes over, else the process's deputy. The slice
    adds its joins, and `where` for what still needs an owner.
    """
    return select(
        literal(kind.name).label("kind"), id.label("id"), organisation_id.label("organisation_id"), code.label("code"),
        name_da.label("name_da"), name_en.label("name_en"), owner_id.label("owner_id"),
        (deputy_id if above_id is None else above_id).label("above_id"), deputy_id.label("deputy_id"),
        (id if page is None else page).label("page"),
    )  # fmt: skip
