"""All forms and routes with everything that can be sent to them: no answer of 500 or above, nothing from inside.

    python -m tests.long.fuzz [--database sqlite|postgresql|both] [--requests 20000] [--seed 1]

Forms are taken from the pages with their token and request key, filled in as a person would, then 0..n fields are
mutated; routes come from the URL map with ids that are there, missing and impossible; everything as every role and as
nobody. An answer is a fault when it is 500 or above, tells of the inside, lacks the content policy, gives a mark back
unescaped, or leaves a connection open; and the log must be sound at the end.
"""

import argparse
import io
import logging
import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from shutil import copytree
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from flask import Flask, request, request_started
from lxml import html
from lxml.html import HtmlElement
from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from werkzeug.exceptions import HTTPException
from werkzeug.routing import AnyConverter, IntegerConverter, Rule
from werkzeug.test import EnvironBuilder

from controls.accounts.actions import SAME
from controls.base import demo, settings, verify
from controls.base.audit import EventRow
from controls.base.db import db, transaction
from controls.identity import actions, queries
from controls.identity.tables import Person
from tests.long import hostile

NOBODY = "nobody"
INSIDE = re.compile(
    rb'Traceback \(most recent|File "/|sqlalchemy\.|psycopg\.|sqlite3\.|jinja2\.|werkzeug\.|\[SQL:|<[a-z_.]+ object at'
)
SLOW = {"history.verify_now": 12, "papers.download_package": 12, "papers.download": 12, "signin.enter": 300,
        "credential.change_password": 100}  # fmt: skip
"""Costly steps, and how often they are taken at most."""
PART = re.compile(r"<[^>]*?(\w+)>")


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    endpoint: str


@dataclass
class Actor:
    """One person's browser (or nobody's): cookies, and the token that its pages carry."""

    role: str
    person_id: int | None
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    out: bool = True
    turn: int = 0


class Field(NamedTuple):
    """A field as it stands on a page."""

    name: str
    value: str
    kind: str
    options: tuple[str, ...] = ()


class Form(NamedTuple):
    """A form as it stands on a page: whose page, where it was, where it goes, what it holds."""

    actor: Actor
    page: str
    endpoint: str
    method: str
    action: str
    fields: tuple[Field, ...]
    files: tuple[str, ...]


@dataclass
class Fuzzer:
    """Everybody, what their pages have shown so far, and what was answered."""

    app: Flask
    chance: random.Random
    actors: dict[str, list[Actor]]
    most: int
    forms: dict[tuple[str, str], deque[Form]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=8)))
    paths: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    own: dict[tuple[int | None, str], dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    values: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    names: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    sent: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reached: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    slowest: list[tuple[float, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    caught: list[str] = field(default_factory=list)
    endpoint: str = "-"

    def __post_init__(self) -> None:
        self.map = self.app.url_map.bind("localhost")
        self.rules = [rule for rule in self.app.url_map.iter_rules() if rule.endpoint != "static"]
        self.reads = [rule for rule in self.rules if "GET" in (rule.methods or ())]

    # --- one request ---------------------------------------------------------------------------------------------

    def send(
        self,
        actor: Actor,
        method: str,
        target: str,
        kind: str = "",
        body: bytes = b"",
        extra: dict[str, str] | None = None,
    ) -> Answer:
        """Send it, look at the answer, keep what its page shows."""
        self._come_in(actor)
        path, _, query = target.partition("?")
        raw = unquote_to_bytes(path.encode("utf-8", "surrogatepass")).decode("latin-1")
        environ = EnvironBuilder(method="POST" if body else "GET", base_url="http://localhost").get_environ()
        environ |= {
            "REQUEST_METHOD": method, "PATH_INFO": raw, "QUERY_STRING": query, "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in actor.cookies.items()), **(extra or {}),
        }  # fmt: skip
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], None]:
            told[:] = [int(status[:3]), headers]
            return lambda data: None

        self.caught.clear()
        self.endpoint = "-"
        begun, escaped, data = time.perf_counter(), "", b""
        with self.app.app_context():
            try:
                found = self.app.wsgi_app(environ, start)
                data = b"".join(found)
                getattr(found, "close", lambda: None)()
            except Exception:
                escaped = traceback.format_exc()
                told[:] = told or [599, []]
        answer = Answer(told[0], dict(told[1]), data, self.endpoint)
        self._count(actor, method, target, answer, time.perf_counter() - begun)
        self._judge(actor, method, target, kind, body, answer, escaped)
        self._cookies(actor, told[1])
        if actor.role != NOBODY and (answer.status == 401 or answer.headers.get("Location", "").startswith("/login")):
            actor.out = True
        if answer.headers.get("Content-Type", "").startswith("text/html") and answer.body:
            self._learn(actor, target, answer)
        return answer

    def heard(self, app: Flask) -> None:
        """Which route a request has come to."""
        self.endpoint = request.endpoint or "-"

    def _come_in(self, actor: Actor) -> None:
        """Sign in, when that has never been done or has run out."""
        if not actor.out:
            return
        actor.cookies.clear()
        actor.token, actor.out = "", False
        if actor.person_id is None:
            return
        with self.app.app_context():
            person, at = db.session.get_one(Person, actor.person_id), demo.now()
            if not queries.admitted(person, at.date()):
                return
            with transaction():
                token = actions.sign_in(queries.by_of(person, at, at.date()), person, "fuzz").token
            serializer: Any = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
            actor.cookies[self.app.config["SESSION_COOKIE_NAME"]] = serializer.dumps({"sign_in": token})

    def _cookies(self, actor: Actor, headers: list[tuple[str, str]]) -> None:
        for name, value in headers:
            if name != "Set-Cookie":
                continue
            try:
                actor.cookies |= {key: one.value for key, one in SimpleCookie(value).items()}
            except CookieError:
                self.faults.append(f"a cookie that is none: {value[:200]}")

    def _count(self, actor: Actor, method: str, target: str, answer: Answer, spent: float) -> None:
        self.sent += 1
        for kind, value in (("role", actor.role), ("method", method), ("status", str(answer.status))):
            self.counts[kind][value] += 1
        self.reached[answer.endpoint][answer.status] += 1
        self.slowest = sorted([*self.slowest, (spent, f"{method} {target[:80]}")], reverse=True)[:5]

    def _judge(
        self, actor: Actor, method: str, target: str, kind: str, body: bytes, answer: Answer, escaped: str
    ) -> None:
        page = answer.headers.get("Content-Type", "").startswith("text/html")
        leaks = INSIDE.search(answer.body)
        with self.app.app_context():
            left = getattr(db.engine.pool, "checkedout", lambda: 0)()
        problems = [
            text for wrong, text in (
                (answer.status >= 500, f"answered {answer.status}"), (bool(escaped), "an exception left the product"),
                (leaks, f"tells of the inside: {leaks[0]!r}" if leaks else ""),
                (page and hostile.MARK.encode() in answer.body, "gives a mark back unescaped"),
                ("Content-Security-Policy" not in answer.headers, "no content policy"),
                (left, f"{left} connections are left open"),
            ) if wrong
        ]  # fmt: skip
        if problems:
            inside = escaped or "\n".join(self.caught)
            self.faults.append(
                f"{'; '.join(problems)}: request {self.sent}, {actor.role} {method} {target[:300]} {kind[:60]} "
                f"{body[:600]!r}\n{_end(inside)}"
            )

    # --- what pages show -----------------------------------------------------------------------------------------

    def _learn(self, actor: Actor, target: str, answer: Answer) -> None:
        try:
            tree = html.document_fromstring(answer.body.decode())
        except (ValueError, html.etree.ParserError) as error:
            self.faults.append(f"a page that cannot be read: {target[:300]}: {error}")
            return
        for href in tree.xpath("//main//@href | //nav//@href"):
            self._path(actor, str(href))
        for element in tree.iter("form"):
            form = _form(actor, target, element, self._endpoint)
            if form is None:
                continue
            actor.token = next((one.value for one in form.fields if one.name == "csrf_token"), actor.token)
            self.names[form.endpoint] |= dict.fromkeys(one.name for one in form.fields)
            if answer.status == 200:
                self.forms[actor.role, form.endpoint].append(form)

    def _endpoint(self, path: str, method: str) -> str:
        try:
            return str(self.map.match(urlsplit(path).path, method)[0])
        except (HTTPException, ValueError):
            return ""

    def _path(self, actor: Actor, href: str) -> None:
        """A link, by its route; what stands in it is what is there."""
        if not href.startswith("/") or href.startswith("/static"):
            return
        path = href.partition("#")[0]
        try:
            endpoint, values = self.map.match(urlsplit(path).path, "GET")
        except HTTPException:
            return
        if len(self.paths[endpoint]) < 300:
            self.paths[endpoint][path] = None
        if len(self.own[actor.person_id, endpoint]) < 40:
            self.own[actor.person_id, endpoint][path] = None
        for name, value in values.items():
            if len(self.values[name]) < 300:
                self.values[name][str(value)] = None
        self.names[endpoint] |= dict.fromkeys(name for name, _ in parse_qsl(urlsplit(path).query))

    # --- what is sent --------------------------------------------------------------------------------------------

    def address(self, rule: Rule, actor: Actor) -> str:
        """A route's address with something in each of its parts; mostly one that somebody was shown."""
        own, turn = list(self.own[actor.person_id, rule.endpoint]), self.chance.random()
        if own and turn < 0.5:
            return self.chance.choice(own)
        seen = list(self.paths[rule.endpoint])
        if seen and turn < 0.7:
            return self.chance.choice(seen)
        return PART.sub(lambda part: hostile.quoted(self._part(rule, part[1])), rule.rule)

    def _part(self, rule: Rule, name: str) -> str:
        kind, turn = rule._converters[name], self.chance.random()
        if turn < 0.15:
            return hostile.text(self.chance)[:3000]
        if isinstance(kind, AnyConverter):
            return self.chance.choice(sorted(kind.items))
        if isinstance(kind, IntegerConverter):
            if turn < 0.3:
                return self.chance.choice(("0", "-1", "999999", "2147483647", "2147483648", "9" * 30, "01", "1.0"))
            if turn < 0.6 or not self.values[name]:
                return str(
                    self.chance.choice((2026, 2025, 2024, 1, 9999)) if name == "year" else self.chance.randint(1, 60)
                )
        seen = list(self.values[name])
        return self.chance.choice(seen) if seen else "KRE-1"

    def someone(self, role: str = "") -> Actor:
        """Somebody with a role, each role as often as the others."""
        actor = self.chance.choice(self.actors[role or self.chance.choice(sorted(self.actors))])
        if self.chance.random() < (0.2 if actor.role == NOBODY else 0.005):
            actor.out = True
        return actor

    def read(self) -> None:
        """A page, perhaps with an odd query."""
        rule, actor = self.chance.choice(self.reads), self.someone()
        shown = sorted(endpoint for whose, endpoint in self.own if whose == actor.person_id)
        if shown and self.chance.random() < 0.6:
            wanted = self.chance.choice(shown)
            rule = next((one for one in self.reads if one.endpoint == wanted), rule)
        target = self.address(rule, actor)
        if self.chance.random() < 0.4:
            target = target.partition("?")[0] + "?" + hostile.query(self.chance, list(self.names[rule.endpoint]))
        if self._allowed(rule.endpoint):
            self.send(actor, "GET", target, extra=hostile.headers(self.chance) if self.chance.random() < 0.1 else None)

    def fill(self) -> None:
        """A form from a page, filled in as a person would or with fields changed."""
        known = sorted(self.forms)
        if not known:
            return self.read()
        form = self.chance.choice(self.forms[self.chance.choice(known)])
        if self.chance.random() < 0.4:
            self.send(form.actor, "GET", form.page)
            form = self.chance.choice(self.forms[form.actor.role, form.endpoint])
        if not self._allowed(form.endpoint):
            return None
        fields = list(self._typed(form))
        files = hostile.files(self.chance, form.files)
        if self.chance.random() < 0.65:
            fields = hostile.mutated(self.chance, fields)
        if form.method == "GET":
            self.send(form.actor, "GET", form.action.partition("?")[0] + "?" + hostile.form(fields, [])[1].decode())
            return None
        kind, body = hostile.form(fields, files)
        if self.chance.random() < 0.07:
            kind, body = hostile.wrong(self.chance, kind, body, fields)
        extra = hostile.headers(self.chance) if self.chance.random() < 0.05 else None
        self.send(form.actor, "POST", form.action, kind, body, extra)

    def _typed(self, form: Form) -> Iterator[tuple[str, str]]:
        """What a person would type; the token and the key as they stand, now and then the same key twice."""
        for one in form.fields:
            if one.kind in ("hidden", "submit"):
                again = one.name == "request_key" and self.chance.random() < 0.9
                yield one.name, f"{self.chance.getrandbits(120):030x}" if again else one.value
            elif one.options and one.kind in ("radio", "select"):
                yield one.name, self.chance.choice(one.options)
            elif one.options:
                yield from ((one.name, option) for option in one.options if self.chance.random() < 0.4)
            elif one.kind in ("numeric", "decimal"):
                yield one.name, self.chance.choice((one.value, "40", "3", "1.250"))
            elif one.value and self.chance.random() < 0.5:
                yield one.name, one.value
            else:
                yield one.name, self.chance.choice((*hostile.SENTENCES, "30.6.2026", "31-12-2026", "12"))

    def route(self) -> None:
        """A route of the map by any method, with the names that its forms have and anything behind them."""
        rule, actor = self.chance.choice(self.rules), self.someone()
        method = self.chance.choice(sorted(rule.methods or ())) if self.chance.random() < 0.8 else (
            self.chance.choice(hostile.METHODS))  # fmt: skip
        if not self._allowed(rule.endpoint):
            return
        names = list(self.names[rule.endpoint]) or ["text", "reason", "version"]
        fields = [(name, hostile.text(self.chance)) for name in names if self.chance.random() < 0.9]
        fields = [pair for pair in fields if pair[0] != "csrf_token"] + [("csrf_token", actor.token)]
        files = hostile.files(self.chance, ["file"]) if self.chance.random() < 0.1 else []
        kind, body = hostile.form(fields, files)
        if self.chance.random() < 0.1:
            kind, body = hostile.wrong(self.chance, kind, body, fields)
        target = self.address(rule, actor).partition("?")[0]
        self.send(actor, method, target, kind, body if method not in ("GET", "HEAD") else b"")

    def stray(self) -> None:
        """An address that nobody made."""
        tail = hostile.quoted(hostile.text(self.chance)[:3000])
        start = self.chance.choice(
            ("/", "/static/", "/evidence/1/", "/processes/", "//", "/%2e%2e/", "/static/%2e%2e/")
        )
        extra = hostile.headers(self.chance) if self.chance.random() < 0.3 else None
        self.send(self.someone(), self.chance.choice(hostile.METHODS), start + tail, extra=extra)

    def _allowed(self, endpoint: str) -> bool:
        most = SLOW.get(endpoint)
        return most is None or self.reached[endpoint].total() < most * self.most / 20_000 + 1

    def run(self) -> None:
        """Every page without parts for every role, then at random until the number is reached."""
        for role in sorted(self.actors):
            for rule in self.reads:
                if not rule.arguments and self.sent < self.most / 10:
                    self.send(self.someone(role), "GET", rule.rule)
        turns = (self.read, self.fill, self.route, self.stray)
        while self.sent < self.most:
            self.chance.choices(turns, (25, 50, 21, 4))[0]()

    def show(self, name: str, spent: float) -> None:
        """Print the counts."""
        print(f"\n{name}: {self.sent:,} requests, {len(self.faults)} faults, {spent:.0f} s")
        for kind, counted in self.counts.items():
            print(f"  {kind}: " + ", ".join(f"{value} {number:,}" for value, number in sorted(counted.items())))
        here = {rule.endpoint for rule in self.rules}
        done = {end for end in here if any(status < 400 for status in self.reached[end])}
        print(f"  routes: {len(here & set(self.reached))} of {len(here)} reached, {len(done)} answered below 400")
        print(f"  never below 400: {', '.join(sorted(here - done)) or 'none'}")
        print("  slowest: " + ", ".join(f"{spent:.1f} s {what}" for spent, what in self.slowest))
        for fault in self.faults[:40]:
            print("  FAULT", fault.replace("\n", "\n    "))
        sys.stdout.flush()


def _end(inside: str) -> str:
    return "\n".join(inside.strip().splitlines()[-14:])


def _form(actor: Actor, target: str, element: HtmlElement, endpoint: Callable[[str, str], str]) -> Form | None:
    method = element.get("method", "get").upper()
    actor.turn += 1
    buttons = [one for one in element.iter("button") if one.get("disabled") is None]
    button = buttons[actor.turn % len(buttons)] if buttons else None
    action = (button.get("formaction") if button is not None else None) or element.get("action") or target
    found = endpoint(action, method)
    if not found:
        return None
    fields, files, boxes = [], [], dict[str, list[str]]()
    for one in element.iter("input", "select", "textarea"):
        name, kind, value = one.get("name"), one.get("type", "text"), one.get("value", "")
        if not name:
            continue
        if kind == "file":
            files.append(name)
        elif one.tag == "select":
            options = tuple(str(value) for value in one.xpath(".//option/@value"))
            fields.append(Field(name, "", "select", options))
        elif kind in ("radio", "checkbox"):
            boxes.setdefault(f"{kind} {name}", []).append(value or "on")
        elif one.tag == "textarea":
            fields.append(Field(name, (one.text or "").removeprefix("\n"), "text"))
        else:
            fields.append(Field(name, value, one.get("inputmode") or kind))
    for named, values in boxes.items():
        kind, _, name = named.partition(" ")
        fields.append(Field(name, "", kind, tuple(values)))
    if button is not None and button.get("name"):
        fields.append(Field(button.get("name"), button.get("value", ""), "submit"))
    return Form(actor, target, found, method, action, tuple(fields), tuple(files))


class _Caught(logging.Handler):
    """Keeps the traceback that the application logs for an incident."""

    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.kept.append("".join(traceback.format_exception(*record.exc_info)))


@contextmanager
def listening(app: Flask, kept: list[str]) -> Iterator[None]:
    """Hear of every exception that the application answers for; as in production otherwise."""
    heard, before = _Caught(kept), app.config.copy()
    app.logger.addHandler(heard)
    app.config.update(SHOW_ERRORS=True, WTF_CSRF_ENABLED=True, PROPAGATE_EXCEPTIONS=False)
    try:
        yield
    finally:
        app.logger.removeHandler(heard)
        app.config.update({key: before.get(key) for key in ("SHOW_ERRORS", "WTF_CSRF_ENABLED", "PROPAGATE_EXCEPTIONS")})


def fuzzed(app: Flask, number: int, seed: int) -> tuple[Fuzzer, list[verify.Fault]]:
    """So many requests to one installation, and what the verification says of it afterwards."""
    with app.app_context():
        actors: dict[str, list[Actor]] = {NOBODY: [Actor(NOBODY, None)]}
        for person in db.session.scalars(select(Person).order_by(Person.id)):
            if queries.admitted(person, demo.now().date()):
                for role in sorted({str(grant.role) for grant in queries.grants(person.id)}):
                    actors.setdefault(role, []).append(Actor(role, person.id))
        begun = db.session.scalar(select(func.max(EventRow.seq))) or 0
    fuzzer = Fuzzer(app, random.Random(seed), actors, number)
    with listening(app, fuzzer.caught), request_started.connected_to(fuzzer.heard, app):
        fuzzer.run()
    with app.app_context():
        found, one = verify.faults(db.session(), settings.current().keys), _told_to_be_one(begun)
        told = [fault for fault in found if fault.why is queries.BOTH_SIDES and fault.facts["name"] in one]
        if told:
            print(f"  told of people whose two accounts this run told to be one person's: {len(told)}")
        return fuzzer, [fault for fault in found if fault not in told]


def _told_to_be_one(begun: int) -> set[str]:
    """People of whom this run told that two accounts are theirs: what both have done is looked at anew, and told."""
    second, first = aliased(Person), aliased(Person)
    told = select(EventRow.object_id).where(EventRow.action == SAME.name, EventRow.seq > begun)
    query = select(second.name, first.name).join(first, first.id == second.same_person_as_id)
    return {name for pair in db.session.execute(query.where(second.id.in_(told))) for name in pair}


def run(app: Flask, number: int, seed: int) -> int:
    """Send, print; how many faults there were."""
    begun = time.monotonic()
    fuzzer, unsound = fuzzed(app, number, seed)
    with app.app_context():
        name = db.engine.dialect.name
        db.session.remove()
        db.engine.dispose()
    fuzzer.show(name, time.monotonic() - begun)
    print(f"  audit verify: {'sound' if not unsound else [str(fault) for fault in unsound[:5]]}", flush=True)
    return len(fuzzer.faults) + len(unsound)


def main() -> None:
    """Build the demo, send, print the counts; exit 1 at any fault."""
    from tests.speed.pages import built, copied, postgresql

    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    ask.add_argument("--requests", type=int, default=20_000)
    ask.add_argument("--seed", type=int, default=1)
    given, faults = ask.parse_args(), 0
    logging.getLogger("kontrolrul.security").disabled = True
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "demo"
        app = built(data)
        go = partial(run, number=given.requests, seed=given.seed)
        if given.database != "sqlite":
            with postgresql(Path(folder) / "pg") as url:
                # Keys and checkpoints tell of one database; the two write different histories.
                own = copytree(data, Path(folder) / "own")
                faults += go(copied(app, own, url))
        if given.database != "postgresql":
            faults += go(app)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
