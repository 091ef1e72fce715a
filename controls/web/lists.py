"""Lists: filters, order and page live in the address, so that a link shows the same to the next reader."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flask import request

PER_PAGE, ALL_LIMIT = 100, 1000
T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """What the address asks of a list."""

    sort: str
    descending: bool
    page: int
    show_all: bool
    filters: dict[str, str]

    def offset(self) -> int:
        """Rows before this page."""
        return 0 if self.show_all else (self.page - 1) * PER_PAGE

    def limit(self) -> int:
        """Rows on this page."""
        return ALL_LIMIT if self.show_all else PER_PAGE


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of rows, how many match the filter, and how many there are without it."""

    rows: Sequence[T]
    matching: int
    total: int
    asked: Asked
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """Number of pages."""
        return 1 if self.asked.show_all else max(1, math.ceil(self.matching / PER_PAGE))


def asked(sorts: tuple[str, ...], filters: tuple[str, ...] = (), default: str = "code") -> Asked:
    """Read sort, page and filters; what is not known is ignored, never an error."""
    wanted = request.args.get("sort", default)
    descending = wanted.startswith("-")
    name = wanted.lstrip("-")
    if name not in sorts:
        name, descending = default.lstrip("-"), default.startswith("-")
    number = request.args.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    given = {key: request.args[key].strip()[:200] for key in filters if request.args.get(key, "").strip()}
    return Asked(name, descending, max(page, 1), request.args.get("all") == "1", given)


def cut(rows: Sequence[T], wanted: Asked, total: int | None = None) -> Page[T]:
    """A page of rows that are already all there (short lists)."""
    return Page(rows[wanted.offset() : wanted.offset() + wanted.limit()], len(rows), total or len(rows), wanted)
