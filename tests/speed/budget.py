"""What pages cost a browser (ux.md section 19): weight, requests, nodes, and how they feel on a slow processor.

    python -m tests.speed.budget [--sizes 110,400] [--slower 4] [--only PATTERN]

Per page: kilobytes of HTML, own script and the whole first visit (gzip, cold), requests, DOM nodes; then, with the
processor slowed, the medians of the largest paint, the sum of layout shifts, the longest delay before a key or a press
is heard, and the longest time until its answer is drawn (drawing is without a graphics card here).
Limits: 30 KB of HTML, 12 KB of own script, 340 KB and 14 requests, 3,000 nodes (110 rows); 1,200 ms, 0.02, 100 ms.
The demo is built first (or copied from the folder in KONTROLRUL_SPEED_DATA).
"""

import argparse
import os
import re
import statistics
import tempfile
from gzip import compress
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Response, sync_playwright

from tests.speed.whatif import grown
from tests.ui import standing

PAGES = {
    "grid": "/plan?org=STAR&from=2026", "grid, turned": "/plan?org=STAR&from=2026&turned=*",
    "what if": "/plan/what-if?org=STAR", "scenarios": "/plan/scenarios?org=STAR",
    "outside": "/plan/outside?org=STAR", "certificate": "/plan/certificate?org=STAR&on=31.12.2025",
}  # fmt: skip
"""Areas of up to 200 rows are open at first and those of more are folded; turned is the other way round."""
OTHERS = ("htmx", "vendor", "dkfds")
"""What is not our own script."""
ROUNDS = 5
WATCHED = """() => {
    window.felt = { paint: 0, shift: 0, delay: 0, answer: 0 };
    const watch = (type, more, note) => new PerformanceObserver(all => all.getEntries().forEach(note))
        .observe({ type, buffered: true, ...more });
    watch("largest-contentful-paint", {}, one => { felt.paint = Math.max(felt.paint, one.startTime); });
    watch("layout-shift", {}, one => { felt.shift += one.hadRecentInput ? 0 : one.value; });
    watch("event", { durationThreshold: 16 }, one => {
        felt.delay = Math.max(felt.delay, one.processingStart - one.startTime);
        felt.answer = Math.max(felt.answer, one.duration);
    });
}"""


def weight(window: BrowserContext, path: str) -> tuple[float, float, float, int, int]:
    """Kilobytes of HTML, of own script and of all, requests, and nodes of a first visit."""
    tab, answers = window.new_page(), list[Response]()
    tab.on("response", lambda answer: answers.append(answer))
    tab.goto(path, wait_until="networkidle")
    bodies = {answer.url: answer.body() for answer in answers if answer.status == 200}
    packed = {url: len(body if re.search(r"woff2|\.png", url) else compress(body, 6)) for url, body in bodies.items()}
    script = sum(size for url, size in packed.items() if ".js" in url and not any(name in url for name in OTHERS))
    nodes = tab.evaluate("document.querySelectorAll('*').length")
    html = packed[answers[0].url]
    tab.close()
    return html / 1000, script / 1000, sum(packed.values()) / 1000, len(answers), nodes


def feel(window: BrowserContext, path: str, slower: float) -> tuple[float, float, float, float]:
    """Milliseconds to the largest paint, layout shifts, and milliseconds of the longest delay and slowest answer."""
    tab = window.new_page()
    tab.context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    tab.add_init_script(f"({WATCHED})()")
    tab.goto(path, wait_until="networkidle")
    if tab.locator("tbody .kr-pick").count():  # arrows move a review of the grid about; Escape puts it back
        tab.locator("tbody .kr-pick").last.focus()
        for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "Escape"):
            tab.keyboard.press(key)
    elif tab.locator("main summary").count():
        tab.locator("main summary").first.click()
    tab.keyboard.press("Tab")
    tab.wait_for_timeout(300)
    felt = tab.evaluate("felt")
    tab.close()
    return felt["paint"], felt["shift"], felt["delay"], felt["answer"]


def measured(browser: Browser, app: object, base: str, size: int, slower: float, only: str) -> None:
    """A line for each page."""
    for name, path in PAGES.items():
        if not re.search(only, name):
            continue
        with standing.signed_in(browser, app, base, "bemo", "da") as window:  # type: ignore[arg-type]
            html, script, whole, requests, nodes = weight(window, path)
            times = zip(*(feel(window, path, slower) for _ in range(ROUNDS)), strict=True)
            paint, shift, delay, answer = (statistics.median(one) for one in times)
        print(f"{size:>5} {name:<16}{html:>7.1f}{script:>8.1f}{whole:>8.0f}{requests:>6}{nodes:>8,}"
              f"{paint:>9.0f}{shift:>8.3f}{delay:>9.0f}{answer:>10.0f}", flush=True)  # fmt: skip


def main() -> None:
    """Measure, and print."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--sizes", default="110,400")
    ask.add_argument("--slower", type=float, default=4)
    ask.add_argument("--only", default="")
    given = ask.parse_args()
    built = os.environ.get("KONTROLRUL_SPEED_DATA")
    print(f"{'size':>5} {'page':<16}{'html':>7}{'script':>8}{'all KB':>8}{'asks':>6}{'nodes':>8}"
          f"{'paint ms':>9}{'shift':>8}{'delay ms':>9}{'answer ms':>10}")  # fmt: skip
    for size in (int(one) for one in given.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            app = standing.stand(Path(folder) / "data", Path(built) if built else None)
            grown(app, "STAR", size)
            with standing.serving(app) as base, sync_playwright() as playwright:
                browser = standing.launch(playwright)
                measured(browser, app, base, size, given.slower, given.only)
                browser.close()


if __name__ == "__main__":
    main()
