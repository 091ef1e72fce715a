"""Random rounds on the assessment form in a real Chromium: not one character that was typed is lost.

    python -m tests.long.robust [--rounds 200] [--seed 1] [--database sqlite|postgresql]

Each round types random texts (Danish letters, emoji, line breaks, quotes) in one of thirty forms while something goes
wrong: two browsers change the same answers, the network is cut, the sign-in ends, the page is left and come back to,
reloaded before it is saved, or the form is sent twice. Afterwards every text must stand in the draft, in what was
submitted, or, where two people answered the same and one answer was chosen, in the draft's history.
"""

import argparse
import random
import re
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, sync_playwright
from sqlalchemy import func, select

from controls.assessment import actions, queries
from controls.assessment.tables import Assessment
from controls.assessment.words import State
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from tests.speed.pages import postgresql
from tests.ui import standing
from tests.ui.spring import Spring, spring

LETTERS = "abcdefghijklmnopqrstuvwxyzæøåÆØÅ 0123456789 .,;:!?\"'<>&%=+-@#()[]{}§€é😀🧾\n"
FIELDS = ("reason", "reason_step", "fraud_reason", "reason_unchanged")
CHOICES = {"certainty": ("low", "fair", "high"), "propose_review": ("yes", "no", "unsure"),
           "change_direction": ("up", "unchanged", "down")}  # fmt: skip
SUBMITTED = {
    "inherent_likelihood": 3, "inherent_impact": 3, "control_level": 3, "change_direction": "unchanged", "fraud": "no",
    "certainty": "fair", "propose_review": "no",
}  # fmt: skip
SAVED = re.compile(r"^(Gemt|Saved)")


class Lost(AssertionError):
    """A text is nowhere."""


class Rounds:
    """Two people with a browser each, the forms they share, and what was typed."""

    def __init__(self, scene: Spring, browser: Browser, seed: int, ids: list[int] | None = None) -> None:
        self.scene, self.browser, self.chance, self.ids = scene, browser, random.Random(seed), ids or scene.ids
        self.done: Counter[str] = Counter()
        self.typed = self.lost = 0
        self.windows: dict[str, BrowserContext] = {}
        self.tabs: dict[str, Page] = {}
        for who in ("anne", "bo"):
            self._open(who)

    def _open(self, who: str) -> None:
        if who in self.windows:
            self.windows[who].close()
        self.windows[who] = self.scene.window(self.browser, who)
        self.windows[who].set_default_timeout(45_000)
        self.tabs[who] = self.windows[who].new_page()
        self.tabs[who].on("dialog", lambda asked: asked.accept())

    def text(self) -> str:
        """A text that is like no other; no line ends in blanks only, which the form's own rule would take off."""
        size = self.chance.choice((12, 40, 200, 900))
        return "".join(self.chance.choice(LETTERS) for _ in range(size)).strip() + f" {self.chance.random():.9f}"

    def write(self, tab: Page, name: str, text: str) -> None:
        """Type a text; its field is shown at once or not, as the form likes."""
        self.typed += len(text)
        tab.evaluate(
            """([name, text]) => { const area = document.querySelector(`textarea[name="${name}"]`);
               area.closest("[data-ask]")?.removeAttribute("hidden"); area.focus(); area.value = text;
               area.dispatchEvent(new Event("input", {bubbles: true})); }""",
            [name, text],
        )

    def choose(self, tab: Page, name: str, value: str) -> None:
        """Choose an answer."""
        found = f'input[name="{name}"][value="{value}"]'
        tab.evaluate("found => document.querySelector(found).click()", found)

    def saved(self, tab: Page) -> None:
        """Wait until the status line says that all is saved."""
        self._wait(tab, "/^(Gemt|Saved)/.test(document.querySelector('[data-status]')?.textContent || '')")

    def settled(self, tab: Page) -> None:
        """Wait until nothing is left to be sent."""
        self._wait(tab, "!document.querySelector('dialog[data-clash][open]')")

    def _wait(self, tab: Page, what: str) -> None:
        left = "Object.keys(sessionStorage).some(key => key.startsWith('kontrolrul-draft-'))"
        try:
            tab.wait_for_function(f"() => {what} && !{left}", timeout=45_000)
        except TimeoutError as error:
            spots = "['[data-status]', 'dialog[data-clash]'].map(one => document.querySelector(one)?.innerText)"
            told = tab.evaluate(f"() => [...{spots}, JSON.stringify(sessionStorage)]")
            raise Lost(f"not saved: {told}") from error

    def holds(self, id: int, expected: dict[str, str], beside: str = "") -> None:
        """Each text stands in its field; one that was not chosen stands in the draft's history."""
        with self.scene.app.app_context():
            fields = queries.typed(queries.draft(id))
            history = " ".join(row.was for row in queries.draft_history(id))
            db.session.remove()
        for name, text in expected.items():
            if fields.get(name) != [text]:
                self.lost += len(text)
                raise Lost(f"form {id}: {name} holds {fields.get(name)!r}, not {text!r}")
        if beside and _json(beside) not in history:
            self.lost += len(beside)
            raise Lost(f"form {id}: {beside!r} is not in the draft's history")

    def run(self, rounds: int) -> None:
        """So many rounds, each of a kind drawn at random; the first ones take every kind in turn."""
        kinds = [self.two, self.cut, self.expiry, self.back, self.reload, self.twice]
        for number in range(rounds):
            kind = kinds[number] if number < len(kinds) else self.chance.choice(kinds)
            id = self.chance.choice(self.ids)
            try:
                kind(id)
            except Exception:
                print(f"round {number + 1}, {kind.__name__}, form {id}", file=sys.stderr)
                raise
            self.done[kind.__name__] += 1

    def _begin(self, id: int, who: str = "anne") -> Page:
        tab = self.tabs[who]
        tab.goto(f"/assessments/{id}")
        return tab

    def two(self, id: int) -> None:
        """Both change the same text and each another answer; one text is chosen in the dialog."""
        mine, theirs = self._begin(id), self._begin(id, "bo")
        name = self.chance.choice(FIELDS)
        (first, one), (second, other) = zip(("mine", "theirs"), (self.text(), self.text()), strict=True)
        kinds = self.chance.sample(sorted(CHOICES), 2)
        self.write(theirs, name, other)
        self.choose(theirs, kinds[0], self._other(id, kinds[0]))
        self.saved(theirs)
        self.write(mine, name, one)
        self.choose(mine, kinds[1], self._other(id, kinds[1]))
        mine.locator("dialog[data-clash][open]").wait_for(timeout=20_000)
        pick = self.chance.choice((first, second))
        if self.chance.random() < 0.3:  # close, go on, and come back to the question
            mine.locator("dialog[data-clash] button[type=submit]").click()
            mine.locator("[data-status] button").click()
        mine.locator(f"label[for=keep-{name}-{pick}]").click()
        mine.locator("[data-choose]").click()
        self.saved(mine)
        self.holds(id, {name: one if pick == "mine" else other}, beside=other if pick == "mine" else one)

    def _other(self, id: int, name: str) -> str:
        with self.scene.app.app_context():
            now = queries.typed(queries.draft(id)).get(name)
            db.session.remove()
        return self.chance.choice([value for value in CHOICES[name] if [value] != now])

    def cut(self, id: int) -> None:
        """The network is away while one types, and comes back."""
        tab, window = self._begin(id), self.windows["anne"]
        texts = {name: self.text() for name in self.chance.sample(FIELDS, 2)}
        names = list(texts)
        self.write(tab, names[0], texts[names[0]])
        if self.chance.random() < 0.5:
            time.sleep(self.chance.random())
        window.set_offline(True)
        self.write(tab, names[1], texts[names[1]])
        tab.wait_for_timeout(int(900 + 1500 * self.chance.random()))
        window.set_offline(False)
        self.saved(tab)
        self.holds(id, texts)

    def expiry(self, id: int) -> None:
        """The sign-in ends in mid-form; after a new one the text is back and is sent."""
        tab = self._begin(id)
        texts = {name: self.text() for name in self.chance.sample(FIELDS, 2)}
        self.scene.clock.wait(minutes=31)
        for name, text in texts.items():
            self.write(tab, name, text)
            time.sleep(self.chance.choice((0, 0.3, 1.0)))
        tab.locator("[data-status] a").wait_for(timeout=20_000)
        for who, window in self.windows.items():
            self.scene.sign_in(window, who)
        tab.goto(f"/assessments/{id}")
        self.saved(tab)
        self.holds(id, texts)

    def back(self, id: int) -> None:
        """The page is left before it is saved, and come back to."""
        tab, name, text = self._begin(id), self.chance.choice(FIELDS), self.text()
        self.write(tab, name, text)
        time.sleep(self.chance.choice((0, 0.2, 0.7, 1.2)))
        tab.goto("/tasks")
        tab.go_back()
        tab.locator("form[data-assessment]").wait_for()
        assert tab.locator(f"textarea[name={name}]").input_value() == text
        tab.wait_for_timeout(300)
        self.settled(tab)
        self.holds(id, {name: text})

    def reload(self, id: int) -> None:
        """The page is loaded again before it is saved."""
        tab, name, text = self._begin(id), self.chance.choice(FIELDS), self.text()
        self.write(tab, name, text)
        time.sleep(self.chance.choice((0, 0.2, 0.8, 1.0)))
        tab.reload()
        assert tab.locator(f"textarea[name={name}]").input_value() == text
        self.settled(tab)
        self.holds(id, {name: text})

    def twice(self, id: int) -> None:
        """The form is sent twice at once: submitted once, with the text; then it is taken back."""
        tab, text = self._begin(id), "Indsendt to gange. " + self.text().replace("\n", " ")[:300]
        for name, value in SUBMITTED.items():
            self.choose(tab, name, str(value))
        for name in ("residual_likelihood", "residual_impact"):
            self.choose(tab, name, "3")
        self.write(tab, "reason", text)
        for name in FIELDS[1:]:
            self.write(tab, name, "Skrevet for en sikkerheds skyld.")
        before = self._submissions(id)
        button = tab.locator("button[formaction$='/submit']")
        button.dblclick()
        tab.wait_for_selector("form[action$='/take-back']", timeout=20_000)
        with self.scene.app.app_context():
            row = db.session.get_one(Assessment, id)
            held, state = row.reason, row.state
            db.session.remove()
        if held != text.strip() or state is not State.SUBMITTED or self._submissions(id) != before + 1:
            self.lost += len(text)
            raise Lost(f"form {id}: {held!r} ({state}) instead of {text!r}")
        with self.scene.app.app_context(), transaction():
            actions.take_back(self.scene.by("anne", self.scene.clock()), id, None)

    def _submissions(self, id: int) -> int:
        with self.scene.app.app_context():
            asked = select(func.count()).where(EventRow.action == "assessment.submitted", EventRow.object_id == id)
            found = db.session.scalar(asked) or 0
            db.session.remove()
            return found


def _json(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def main() -> int:
    """Run and print the counts."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rounds", type=int, default=200)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = ask.parse_args()
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = "" if given.database == "sqlite" else stack.enter_context(postgresql(folder / "pg"))
        scene = stack.enter_context(spring(folder, url))
        browser = standing.launch(stack.enter_context(sync_playwright()))
        rounds = Rounds(scene, browser, given.seed)
        try:
            rounds.run(given.rounds)
        finally:
            told = f"{sum(rounds.done.values())} rounds {dict(rounds.done)}, {rounds.typed:,} characters typed"
            took = time.monotonic() - begun
            print(f"{given.database}: {told}, {rounds.lost} characters lost, {took:.0f} s", flush=True)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
