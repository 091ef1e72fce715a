"""How soon the plan answers in a real browser while somebody tries things out, at 110 and at 400 sub-processes.

    python -m tests.speed.whatif [--sizes 110,400] [--rounds 40]

Each figure is from the press of the button (or of Enter in the grid) to the new figures on the screen, in milliseconds;
the ratio is to fetching the smallest page in the same browser in the same run. Aims: 300 ms at 110, 1 s at 400 (p95).
The demo is built first (or copied from the folder in KONTROLRUL_SPEED_DATA).
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import func, insert, select

from controls.assessment.tables import Line as AssessmentLine
from controls.base.db import db
from controls.identity import queries as identity
from controls.rotation.tables import Coverage
from controls.universe.tables import Subprocess
from tests.ui import standing

GOALS = {110: 300, 400: 1000}
SMALLEST = "/accessibility"
FETCHED = """async path => { const begun = performance.now(); await (await fetch(path)).text();
    return performance.now() - begun; }"""
TRIED = """([action, values]) => new Promise(resolve => {
    const form = document.querySelector(`form[data-try][action*="${action}"]`);
    for (const [name, value] of Object.entries(values)) {
        const field = form.elements[name];
        if (field.tagName === "SELECT" && ![...field.options].some(one => one.value === value)) {
            field.add(new Option(value, value));
        }
        field.value = value;
    }
    const old = document.getElementById("outcome"), begun = performance.now();
    const seen = new MutationObserver(() => {
        if (document.getElementById("outcome") === old) { return; }
        seen.disconnect();
        requestAnimationFrame(() => resolve(performance.now() - begun));
    });
    seen.observe(document.body, { childList: true, subtree: true });
    form.requestSubmit();
})"""
MOVED = """id => new Promise(resolve => {
    const old = document.getElementById(id), begun = performance.now();
    const seen = new MutationObserver(() => {
        if (document.getElementById(id) === old) { return; }
        seen.disconnect();
        requestAnimationFrame(() => resolve(performance.now() - begun));
    });
    seen.observe(document.body, { childList: true, subtree: true });
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
})"""


def grown(app: Flask, code: str, size: int) -> None:
    """The agency with so many sub-processes: copies of its own, with their bands and their coverage."""
    with app.app_context():
        here = identity.organisation(code)
        assert here is not None
        first = db.session.scalars(
            select(Subprocess).where(Subprocess.organisation_id == here.id, Subprocess.valid_to.is_(None))
            .order_by(Subprocess.id)
        ).all()  # fmt: skip
        last: dict[Any, int] = {table: db.session.scalar(select(func.max(table.id))) or 0 for table in TABLES}
        for turn in range(max(0, size - len(first))):
            part = first[turn % len(first)]
            last[Subprocess] += 1
            _copied(part, id=last[Subprocess], code=f"{part.code}.{turn}", sort_key=f"{part.sort_key}.{turn}")
            for table in (Coverage, AssessmentLine):
                for row in db.session.scalars(select(table).where(table.subprocess_id == part.id)):
                    last[table] += 1
                    _copied(row, id=last[table], subprocess_id=last[Subprocess])
        db.session.commit()


TABLES: tuple[Any, ...] = (Subprocess, Coverage, AssessmentLine)


def _copied(row: Any, **other: Any) -> None:
    kept = {column.key: getattr(row, column.key) for column in type(row).__mapper__.column_attrs}
    db.session.execute(insert(type(row)).values({**kept, **other}))


def measured(tab: Page, rounds: int) -> dict[str, list[float]]:
    """The times of each thing tried, and of the smallest page, alternately."""
    found: dict[str, list[float]] = {"smallest page": [], "other hours": [], "postponed": [], "moved in the grid": []}
    tab.goto("/plan/what-if?org=STAR")
    cells = [one.get_attribute("value") or "" for one in tab.locator("#cell option").all()]
    cell = next(cell for cell in cells if cell.endswith("-2029"))
    id, at = cell.split("-")[0], 2029
    area = tab.locator(f'#cell option[value="{cell}"]').inner_text().split("-")[0]
    for turn in range(rounds):
        found["smallest page"].append(tab.evaluate(FETCHED, SMALLEST))
        hours = {"first": "2027", "last": "2030", "hours": str(900 + turn)}
        found["other hours"].append(tab.evaluate(TRIED, ["/hours", hours]))
        to = 2030 if at == 2029 else 2029
        found["postponed"].append(tab.evaluate(TRIED, ["/move", {"cell": f"{id}-{at}", "to": str(to)}]))
        at = to
    tab.goto("/plan?org=STAR&from=2026")
    if not tab.locator(f"#r{id}").count():  # with many rows the areas are folded until they are asked for
        tab.goto(f"/plan?org=STAR&from=2026&turned={area}")
    for turn in range(rounds):
        button = tab.locator(f'.kr-pick[value^="{id}-"]').last
        button.focus()
        tab.keyboard.press("ArrowLeft" if turn % 2 else "ArrowRight")
        if tab.evaluate("document.activeElement.value") is None or not tab.locator("[data-told]").inner_text():
            tab.keyboard.press("ArrowRight" if turn % 2 else "ArrowLeft")
        found["moved in the grid"].append(tab.evaluate(MOVED, f"r{id}"))
    return found


def share(times: list[float], at: float) -> float:
    """A percentile."""
    return statistics.quantiles(times, n=100, method="inclusive")[round(at) - 1]


def report(size: int, found: dict[str, list[float]], say: Callable[[str], None] = print) -> None:
    """A line for each thing tried."""
    least = share(found["smallest page"], 50), share(found["smallest page"], 95)
    for name, times in found.items():
        middle, high = share(times, 50), share(times, 95)
        said = f"{size:>5} {name:<20}{middle:>9.0f}{high:>9.0f}{middle / least[0]:>8.1f}{high / least[1]:>8.1f}"
        say(said + (f"   aim {GOALS.get(size, 0)}" if name != "smallest page" else ""))


def main() -> None:
    """Measure, and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--sizes", default="110,400")
    ask.add_argument("--rounds", type=int, default=40)
    given = ask.parse_args()
    built = os.environ.get("KONTROLRUL_SPEED_DATA")
    print(f"{'size':>5} {'tried':<20}{'p50 ms':>9}{'p95 ms':>9}{'ratios':>16}")
    for size in (int(one) for one in given.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            app = standing.stand(Path(folder) / "data", Path(built) if built else None)
            grown(app, "STAR", size)
            with standing.serving(app) as base, sync_playwright() as playwright:
                browser = standing.launch(playwright)
                with standing.signed_in(browser, app, base, "bemo", "da") as window:
                    report(size, measured(window.new_page(), given.rounds))
                browser.close()


if __name__ == "__main__":
    main()
