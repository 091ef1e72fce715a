"""Every route and form with seeded random requests: no answer of 500 or above.

    python -m tests.long.fuzz [--database sqlite|postgresql|both] [--requests 20000] [--seed 1]

Half of the requests are made up from the address map (hostile ids, names, texts, types, headers, bodies); the other
half fetch a real page, change some fields of one of its forms and send it. Each is sent by one of the roles or by
nobody. Afterwards the log must be sound. The counts of each status are printed, and each fault with what caused it.
"""

import argparse
import io
import logging
import random
import re
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lxml import html
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule
from wtforms import Form

from controls.base import verify
from controls.base.db import db, transaction
from controls.base.form import BaseForm
from controls.identity import actions as identity
from controls.identity import queries
from controls.identity.permissions import Role
from controls.identity.tables import Person
from tests import make
from tests.evidence.builders import PDF, PNG, workbook
from tests.long.kill import World, build, each, place

CONTROLS = Path(__file__).parents[2] / "controls"
TEXTS = (
    "", " ", "a", "1", "0", "-1", "2026", "x" * 300, "æ" * 12_000, "a\0b", "\x0b", "\ufeff\u200b", "\ud800",
    "\U0001f600", "=1+1", "<script>alert(1)</script>", "{{7*7}}", "${7*7}", "%s%n", "' OR 1=1 --",
    "Robert'); DROP TABLE x;--",
    "../../etc/passwd", "..\\..\\x", "//evil.example", "javascript:alert(1)", "a\r\nSet-Cookie: x=1", "nan", "inf",
    "1e400", "12345678901234567890", "99999999999999999999999", "2147483647", "2147483648", "-2147483649",
    "9223372036854775808", "1.234.567,89", "1,5", "31-02-2025", "01-01-2099", "0001-01-01", "9999-12-31", "30.4.2026",
    "2026-04-30", "None", "null", "true", "[]", "STAR", "SKAT", "DEP", "KRE-1", "KRE-1.1", "KRE-3.1", "chosen",
    "review", "yes", "effective", "٣", "é", "e\u0301", "\u202ecod.exe", "%00", "%ff", "+", "&", ";", "#", "?",
    "|", "\t", "\n",
)  # fmt: skip
NUMBERS = (0, 1, 2, 3, 4, 5, 2026, 2025, -1, 2**31 - 1, 2**31, 2**63, 10**30)
TYPES = ("application/json", "text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=x",
         "application/x-www-form-urlencoded; charset=utf-16", "application/octet-stream", "", "\xff")  # fmt: skip
HEADERS = (("Accept-Language", "xx;q=9, \0"), ("Referer", "\xff"), ("Origin", "http://127.0.0.1"),
           ("Range", "bytes=9-1"),
           ("X-Forwarded-For", "' OR 1"), ("If-None-Match", "\""), ("Cookie", "kontrolrul=AAAA"),
           ("Host", "evil.example"),
           ("Accept", ";;;"), ("Content-Length", "-1"), ("Transfer-Encoding", "chunked"))  # fmt: skip
APART = ("/logout",)


def names() -> tuple[list[str], list[str]]:
    """Every name of a field that a form or a route reads, and of an argument in an address."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in CONTROLS.rglob("*.py"))
    fields = set(re.findall(r'request\.form(?:\.get|\.getlist)?[(\[]"(\w+)"', source)) | {"request_key", "csrf_token"}

    def below(kind: type[Form]) -> None:
        for one in kind.__subclasses__():
            fields.update(name for name in vars(one) if hasattr(getattr(one, name), "field_class"))
            below(one)

    below(BaseForm)
    return sorted(fields), sorted(set(re.findall(r'request\.args(?:\.get|\.getlist)?[(\[]"(\w+)"', source)) | {"page"})


class Fuzz:
    """The browsers of all roles, and chance."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.app, self.chance = world, world.app, random.Random(seed)
        self.app.config["SHOW_ERRORS"] = True
        self.fields, self.arguments = names()
        self.rules = [rule for rule in self.app.url_map.iter_rules() if rule.endpoint != "static"]
        self.counted: Counter[int] = Counter()
        self.faults: list[str] = []
        self.last = ""
        self.clients: dict[str, Any] = {}
        with self.app.app_context():
            where = {one.code: one for one in queries.organisations()}
            for role in (role for role in Role if role is not Role.SYS):
                for code in ("STAR", "DEP"):
                    make.person(f"f{role}{code}".lower(), role, where[code])
            self.people = {person.username: person.id for person in db.session.scalars(select(Person))}
            db.session.remove()
        for who in self.people:
            self.sign_in(who)
        self.clients["nobody"] = self.app.test_client()
        handler = logging.Handler()
        handler.emit = self.caught  # type: ignore[method-assign]
        self.app.logger.handlers = [handler]
        logging.getLogger("kontrolrul.security").disabled = True

    def caught(self, record: logging.LogRecord) -> None:
        """Remember what lay behind the fault that is answered next."""
        if record.exc_info and record.exc_info[1]:
            self.last = "".join(traceback.format_exception(record.exc_info[1])[-3:])

    def sign_in(self, who: str) -> None:
        """A new browser with a new sign-in."""
        client = self.app.test_client()
        with self.app.app_context():
            with transaction():
                person = queries.person_by_id(self.people[who])
                assert person is not None
                token = identity.sign_in(make.by(person, make.NOW), person, "test").token
            db.session.remove()
        with client.session_transaction(base_url="http://127.0.0.1") as session:
            session["sign_in"] = token
        self.clients[who] = client

    def text(self) -> str:
        """Something to type."""
        if self.chance.random() < 0.15:
            return "".join(chr(self.chance.randrange(1, 0x2FF)) for _ in range(self.chance.randrange(40)))
        return self.chance.choice(TEXTS)

    def address(self, rule: Rule) -> str:
        """An address of this rule, with arguments that are sometimes there."""
        path = re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", self._part, rule.rule)
        given = [(self.chance.choice(self.arguments), self.text()) for _ in range(self.chance.choice((0, 0, 1, 2, 3)))]
        if self.chance.random() < 0.5:
            given.append(("org", self.chance.choice(("STAR", "SKAT", "DEP"))))
        return path + ("?" + "&".join(f"{name}={_quoted(value)}" for name, value in given) if given else "")

    def _part(self, found: re.Match[str]) -> str:
        if found[1] == "int":
            return str(self.chance.choice(NUMBERS))
        return _quoted(self.text() or "x").replace("/", "%2F") if self.chance.random() < 0.5 else self.chance.choice(
            ("KRE-1.1", "KRE-3", "KRE-3.1", "LON-1", "2026", "1"))  # fmt: skip

    def file(self) -> tuple[io.BytesIO, str]:
        """A file that is what it says, or not."""
        data = self.chance.choice((PDF, PNG, b"", b"MZ", workbook(), PDF[:20], self.text().encode("utf-8", "replace")))
        return io.BytesIO(data), self.chance.choice(
            ("a.pdf", "a.png", "a.xlsx", "a.csv", "a.zip", "a", "../a.pdf", "x.exe")
        )

    def made_up(self, who: str) -> Any:
        """A request out of the blue."""
        rule = self.chance.choice(self.rules)
        path, client = self.address(rule), self.clients[who]
        if rule.rule in APART or (rule.rule.startswith("/login") and self.chance.random() < 0.9):
            return None
        usual = sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})
        method = self.chance.choice(usual * 9 + ["POST", "GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
        headers = [self.chance.choice(HEADERS)] if self.chance.random() < 0.08 else []
        if method in ("GET", "HEAD"):
            return client.open(path, method=method, headers=headers, base_url="http://127.0.0.1")
        if self.chance.random() < 0.1:
            body = self.chance.choice(
                (b"", b"{", b"\xff\xfe", b"--x\r\n", b"a=%ff&b=%zz", self.text().encode("utf-8", "replace"))
            )
            kind = self.chance.choice(TYPES)
            return client.open(path, method=method, data=body, content_type=kind, base_url="http://127.0.0.1")
        data: MultiDict[str, Any] = MultiDict()
        for _ in range(self.chance.randrange(12)):
            name = self.chance.choice(self.fields)
            for _again in range(1 if self.chance.random() < 0.97 else 2):
                data.add(name, _wire(self.text()))
        if self.chance.random() < 0.2:
            data.add(self.chance.choice(("file", "files", "document")), self.file())
        return client.open(path, method=method, data=data, headers=headers, base_url="http://127.0.0.1")

    def changed(self, who: str) -> Any:
        """A page's own form with some fields changed."""
        client = self.clients[who]
        rule = self.chance.choice([rule for rule in self.rules if "GET" in (rule.methods or ())])
        page = client.get(self.address(rule), base_url="http://127.0.0.1")
        self.judge(page, who, "GET", page.request.path)
        if page.mimetype != "text/html" or not page.data:
            return None
        forms = [one for one in html.fromstring(page.data).iter("form") if one.get("method", "get").lower() == "post"]
        own = [one for one in forms if one.get("action") not in (*APART, "/me/language")]
        forms = own if own or self.chance.random() < 0.95 else forms
        if not forms:
            return None
        form = self.chance.choice(forms)
        data: MultiDict[str, Any] = MultiDict()
        for field in form.iter("input", "select", "textarea"):
            name = field.get("name")
            if not name or self.chance.random() < 0.05:
                continue
            if field.get("type") == "file":
                data.add(name, self.file())
                continue
            options = [option.get("value") or "" for option in field.iter("option")]
            value = self.chance.choice(options) if options else field.get("value") or (field.text or "")
            data.add(name, _wire(self.text() if self.chance.random() < 0.25 else value or "2"))
        action = form.get("action") or page.request.path
        return client.post(action, data=data, base_url="http://127.0.0.1")

    def judge(self, answer: Any, who: str, method: str, path: str) -> None:
        """Count the answer; a fault is told with what lay behind it."""
        self.counted[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code != 501:
            self.faults.append(f"{answer.status_code} {who} {method} {path[:200]!r}\n{self.last}")
        answer.close()

    def run(self, requests: int) -> None:
        """Send them."""
        while sum(self.counted.values()) < requests:
            who = self.chance.choice(list(self.clients))
            answer = (self.made_up if self.chance.random() < 0.5 else self.changed)(who)
            if answer is None:
                continue
            self.judge(answer, who, answer.request.method, answer.request.path)
            if answer.status_code == 401 and who != "nobody":
                self.sign_in(who)


def _quoted(text: str) -> str:
    return text if text.startswith("%") else quote(text.encode("utf-8", "surrogatepass"))


def _wire(text: str) -> str:
    """What can be put on the wire (a lone surrogate has no bytes)."""
    return text.encode("utf-8", "replace").decode()


def main() -> int:
    """Print the counts; 1 when there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()

    def one(database: str) -> int:
        began = time.monotonic()
        with place(database) as (folder, url, server):
            world = build(folder, url, server)
            fuzz = Fuzz(world, given.seed)
            fuzz.run(given.requests)
            with world.app.app_context():
                unsound = verify.faults(db.session(), world.app.config["KONTROLRUL"].keys)
                db.session.remove()
                db.engine.dispose()
        total = sum(fuzz.counted.values())
        print(f"{database}: {total} requests, {dict(sorted(fuzz.counted.items()))}, {time.monotonic() - began:.0f} s")
        print(f"{database}: {len(fuzz.faults)} answers of 500 or above, {len(unsound)} faults in the log")
        for fault, times in Counter(one.partition("\n")[2] or one for one in fuzz.faults).most_common(10):
            example = next(one for one in fuzz.faults if fault in one)
            print(f"--- {times} times, for example {example}")
        print(*map(str, unsound[:10]), sep="\n")
        return 1 if fuzz.faults or unsound else 0

    return each(given.database, one)


if __name__ == "__main__":
    raise SystemExit(main())
