"""Rows of the audit workbook per CPU second, database reads included, beside bare write-only openpyxl.

    python -m tests.speed.workbook [--subprocesses 400] [--events 30000] [--rounds 3] [--database URL]

Both write the same cells in the same run, alternately; the figure that counts is the ratio (aim: at least 0.8).
"""

import argparse
import gc
import json
import resource
import statistics
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import process_time
from typing import Any

from flask_babel import force_locale, gettext
from openpyxl import LXML, Workbook
from sqlalchemy import insert

from controls.app import create_app
from controls.base import demo
from controls.base.audit import EventRow
from controls.base.clock import COPENHAGEN
from controls.base.db import db
from controls.base.settings import Settings
from controls.papers import queries, running, workbook
from controls.papers.columns import Kind, clean
from tests import make
from tests.papers.sample import Year


def fill(year: Year, events: int) -> None:
    """A long log: each event changes three fields of one of a thousand rows."""
    star, first = year.organisation.id, 1_000_000
    db.session.rollback()
    with db.engine.begin() as connection:
        for at in range(first, first + events, 1000):
            rows = [event(seq, star) for seq in range(at, min(at + 1000, first + events))]
            connection.execute(insert(EventRow), rows)


def event(seq: int, organisation: int) -> dict[str, Any]:
    """One event of the filled log."""
    state = {"id": seq % 1000, "title": f"Udgave {seq}", "hours": seq % 77, "reason": f"Fordi {seq // 1000} er nyt"}
    payload = json.dumps({"fields": {}, "rows": [{"table": "review_review", "id": seq % 1000, "state": state}]})
    return {
        "seq": seq, "at": make.NOW, "person_id": 1, "person_name": "Gruppe Gruppesen", "role": "GRP",
        "on_behalf_of": None, "reason": "", "request_key": "", "action": "review.planned",
        "object_type": "review_review", "object_id": seq % 1000, "object_version": 1, "organisation_id": organisation,
        "payload": payload, "salt": b"0" * 16, "payload_digest": b"0" * 32, "leaf": b"0" * 32,
    }  # fmt: skip


def as_written(value: Any, kind: Kind, words: dict[str, str]) -> Any:
    """The value as a cell holds it."""
    if value in (None, ""):
        return None
    if kind in (Kind.WORD, Kind.WORDS):
        return ", ".join(words.get(part, part) for part in str(value).replace(",", ";").split(";"))
    if kind is Kind.YES_NO:
        return "Ja" if value else "Nej"
    if kind is Kind.ORE:
        return value / 100
    if kind is Kind.SHARE:
        return float(value)
    if isinstance(value, datetime):
        return value.astimezone(COPENHAGEN).replace(tzinfo=None)
    return clean(value) if isinstance(value, str) else value


def cells(year: Year) -> list[list[list[Any]]]:
    """Every data sheet of the workbook as lists of plain values."""
    found = []
    with force_locale("da"), queries.snapshot():
        scope = queries.scope(make.by(year.auditor), year.organisation, 2026)
        sheets = [(sheet, rows(scope)) for sheet, rows in queries.ROWS]
        sheets += [(running.LOG, queries.log(scope, gettext)), (running.PARAMETERS, workbook._parameters(scope)),
                   (running.CODES, workbook._codes(scope))]  # fmt: skip
        for sheet, rows in sheets:
            words = [{m.value: gettext(m.label) for m in column.words or ()} for column in sheet.columns]
            heads = [gettext(column.label) for column in sheet.columns]
            kinds = [column.kind for column in sheet.columns]
            body = [[as_written(*one) for one in zip(row, kinds, words, strict=True)] for row in rows]
            found.append([heads, *body])
    return found


def bare(sheets: list[list[list[Any]]], path: Path) -> None:
    """What openpyxl's write-only mode takes when it is handed the finished values."""
    book = Workbook(write_only=True)
    for at, rows in enumerate(sheets):
        ws = book.create_sheet(f"{at:02}")
        for row in rows:
            ws.append(row)
    book.save(path)


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    gc.collect()
    start = process_time()
    work()
    return process_time() - start


def main() -> None:
    """Fill, measure alternately, print the table."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("subprocesses", 400), ("events", 30_000), ("rounds", 3)):
        ask.add_argument(f"--{name}", type=int, default=usual)
    ask.add_argument("--database", default="")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        url = given.database or f"sqlite:///{data / 'speed.sqlite'}"
        app = create_app(Settings(data, url, "speed", False, ("localhost",)))
        demo.now = lambda: make.NOW
        with app.app_context():
            db.create_all()
            year = Year(given.subprocesses // 2)
            fill(year, given.events)
            measure(year, data, given.rounds, url)
            db.session.remove()
            db.engine.dispose()


def measure(year: Year, data: Path, rounds: int, url: str) -> None:
    """The product and the floor, alternately; memory of the product first, before the floor's lists are made."""
    ours, floor, summaries = [], [], []

    def product() -> None:
        with (data / "ours.xlsx").open("w+b") as file:
            summaries.append(workbook.write(make.by(year.auditor), year.organisation, 2026, "da", file))

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    product()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    sheets = cells(year)
    for _ in range(rounds):
        ours.append(timed(product))
        floor.append(timed(lambda: bare(sheets, data / "bare.xlsx")))
    rows = summaries[-1].rows
    filled = sum(1 for sheet in sheets for row in sheet for cell in row if cell is not None)
    mine, theirs = rows / statistics.median(ours), rows / statistics.median(floor)
    sizes = [(data / name).stat().st_size / 1e6 for name in ("ours.xlsx", "bare.xlsx")]
    print(f"database {url.split(':')[0]}, {rows:,} rows, {filled:,} cells, lxml {LXML}, median of {rounds} rounds")
    print(f"{'':<28}{'rows per CPU s':>16}{'CPU s':>10}{'MB file':>10}")
    print(f"{'audit workbook with reads':<28}{mine:>16,.0f}{statistics.median(ours):>10.2f}{sizes[0]:>10.1f}")
    print(f"{'bare write-only openpyxl':<28}{theirs:>16,.0f}{statistics.median(floor):>10.2f}{sizes[1]:>10.1f}")
    print(f"ratio {mine / theirs:.2f} (aim: at least 0.80)")
    print(f"memory of one workbook: +{memory:.0f} MB (aim: at most 20)")


if __name__ == "__main__":
    main()
