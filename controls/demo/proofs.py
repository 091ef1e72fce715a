"""The small files that stand as evidence in the demo: readable text that tells what it shows."""

import csv
from collections.abc import Iterable
from datetime import date
from io import BytesIO, StringIO

from controls.demo.stage import Row, text, unfilled
from controls.effectiveness.words import Result
from controls.evidence.words import DataClass

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


CLASSES = {"LON": DataClass.PERSONAL, "ADG": DataClass.CONFIDENTIAL}
"""Areas whose working sheets name people, or tell who may do what in a system."""


def data_class(row: Row) -> DataClass:
    """How confidential the working sheet of a test is."""
    return CLASSES.get(row["control_id"][:3], DataClass.INTERNAL)


def extract(row: Row, items: Iterable[str]) -> tuple[str, BytesIO]:
    """What came out of the system that the items of a test were drawn from."""
    lines = [[key, text("extract_line", {"number": str(n)})] for n, key in enumerate(items, 1)]
    return f"{row['test_id']}-udtraek.csv", _sheet([_line("extract_head", row), *lines])


def sheet(
    row: Row, items: Iterable[tuple[int, str, Result, str]], corrected: date | None = None, why: str = ""
) -> Proof:
    """The working sheet of a test: a line for each item that was drawn; a corrected one says when and why."""
    head = [_line(key, row) for key in ("sheet_test", "sheet_population", "sheet_source", "sheet_head")]
    lines = [[str(rank), key, text(f"result_{result.value}"), note] for rank, key, result, note in items]
    if corrected is not None:
        head.insert(0, [*_line("sheet_corrected", {"day": _written(corrected.isoformat())}), why])
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
