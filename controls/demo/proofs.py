"""The small files that stand as evidence in the demo: readable text that tells what it shows."""

import csv
from collections.abc import Iterable
from io import BytesIO, StringIO

from controls.demo.stage import Row, text, unfilled
from controls.effectiveness.words import Result

ITEMS_RETESTED = 5

Proof = tuple[str, BytesIO, str]
"""Name, content, and what the file shows."""


def _sheet(lines: Iterable[Iterable[object]]) -> BytesIO:
    """A sheet as a Danish Excel reads it: semicolons, with byte-order mark."""
    out = StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(lines)
    return BytesIO(out.getvalue().encode("utf-8-sig"))


def _line(key: str, row: Row | None = None) -> list[str]:
    """A line of cells, split before they are filled in, so that a semicolon in one stays in it."""
    return [cell.format_map(row or {}) for cell in unfilled(key).split(";")]


def _written(day: str) -> str:
    """A day as it is written in Danish."""
    return ".".join(reversed(day.split("-")))


def sheet(row: Row, items: Iterable[tuple[int, str, Result, str]]) -> Proof:
    """The working sheet of a test: a line for each item that was drawn."""
    head = [_line(key, row) for key in ("sheet_test", "sheet_population", "sheet_source", "sheet_head")]
    lines = [[str(rank), key, text(f"result_{result.value}"), note] for rank, key, result, note in items]
    return f"{row['test_id']}-arbejdsark.csv", _sheet(head + lines), text("sheet_shows")


def done(row: Row) -> Proof:
    """The owner's own note on what was done."""
    note = text("done_note", row | {"done_on": _written(row["done_on"])}).replace("|", "\r\n")
    return f"{row['action_id']}-udfoert.txt", BytesIO(f"{note}\r\n".encode()), text("done_shows")


def retest(row: Row) -> Proof:
    """The sheet of the retest that closes a finding."""
    row = row | {"closed_on": _written(row["closed_on"])}
    head = [_line(key, row) for key in ("retest_finding", "retest_condition", "retest_seen", "retest_head")]
    passed = text(f"result_{Result.PASS.value}")
    lines = [[str(n), text("retest_item", {"number": str(n)}), passed] for n in range(1, ITEMS_RETESTED + 1)]
    return f"{row['finding_id']}-gentest.csv", _sheet(head + lines), text("retest_shows")
