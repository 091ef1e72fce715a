"""A person at a browser without script: fetches pages, fills in what stands on them, presses what is there.

Nothing is sent that the page did not offer, so a field or button that is missing is a failed test.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from lxml.html import HtmlElement
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from controls.base import demo
from controls.base.db import transaction
from controls.identity import actions, queries
from controls.identity.tables import Person
from tests import make
from tests.conftest import Browser
from tests.journeys import manners

Value = str | Sequence[str] | tuple[bytes, str]


@dataclass
class Seen:
    """What was looked at: each page's address once, and how many pages in all."""

    pages: int = 0
    forms: int = 0


SEEN = Seen()


class Page:
    """A page as it was fetched by somebody."""

    def __init__(self, who: "Someone", answer: TestResponse) -> None:
        self.who, self.status, self.path = who, answer.status_code, answer.request.path
        self.content = answer.get_data(as_text=True)
        self.tree: HtmlElement = html.document_fromstring(self.content)
        found = manners.faults(self.content, who.language)
        assert not found, f"{who.name} at {self.path}: {found}"
        SEEN.pages += 1

    @property
    def text(self) -> str:
        """The words of the page's main part, spaces squeezed."""
        main = self.tree.find(".//main")
        return " ".join((main if main is not None else self.tree).text_content().split())

    @property
    def title(self) -> str:
        """The heading."""
        return " ".join(self.tree.findtext(".//h1") and self.tree.find(".//h1").text_content().split())

    def links(self, pattern: str) -> list[str]:
        """Addresses on the page that match, in order, each once."""
        found = [str(href) for href in self.tree.xpath("//main//a/@href") if re.search(pattern, str(href))]
        return list(dict.fromkeys(found))

    def forms(self, action: str) -> list["Form"]:
        """The page's POST forms to an address (the end of it), buttons with their own address included."""
        return [form for element in self.tree.iter("form") for form in [Form(self, element)] if form.reaches(action)]

    def form(self, action: str, where: int = 0) -> "Form":
        """The form that posts to an address."""
        found = self.forms(action)
        there = [one.get("action") for one in self.tree.iter("form")]
        assert len(found) > where, f"{self.who.name} sees no form to {action} at {self.path}, but {there}: {self.text}"
        return found[where].to(action)

    def follow(self, pattern: str) -> "Page":
        """Click the first link that matches."""
        found = self.links(pattern)
        assert found, f"{self.who.name} sees no link {pattern} at {self.path}: {self.text}"
        return self.who.get(found[0])

    def says(self, *words: str) -> "Page":
        """The page says all of this."""
        for word in words:
            assert word in self.text, f"{self.path} for {self.who.name} ({self.status}) lacks “{word}”: {self.text}"
        return self


@dataclass
class Form:
    """A form as it stands on the page, with what a browser would send."""

    page: Page
    element: HtmlElement
    action: str = ""
    data: MultiDict[str, Any] = field(default_factory=MultiDict)

    def __post_init__(self) -> None:
        self.action = self.element.get("action") or self.page.path
        self.data = MultiDict(self._standing())
        SEEN.forms += 1

    def _standing(self) -> Iterator[tuple[str, str]]:
        for one in self.element.iter("input", "select", "textarea"):
            kind, name = one.get("type", ""), one.get("name")
            if not name or kind in ("submit", "button", "file", "image"):
                continue
            if kind in ("radio", "checkbox"):
                if one.get("checked") is not None:
                    yield name, one.get("value", "on")
            elif one.tag == "select":
                options = one.findall(".//option")
                chosen = [option for option in options if option.get("selected") is not None] or options[:1]
                yield from ((name, option.get("value", "")) for option in chosen)
            else:
                yield name, (one.text or "").removeprefix("\n") if one.tag == "textarea" else one.get("value", "")

    def _addresses(self) -> list[str]:
        buttons = [str(one) for one in self.element.xpath(".//button/@formaction")]
        return [self.element.get("action") or self.page.path, *buttons]

    def reaches(self, action: str) -> bool:
        """Whether one of its buttons posts there."""
        posts = self.element.get("method", "get").lower() == "post"
        return posts and any(_path(address).endswith(action) for address in self._addresses())

    def to(self, action: str) -> "Form":
        """Use the button that posts there."""
        self.action = next(one for one in self._addresses() if _path(one).endswith(action))
        return self

    def _named(self, name: str) -> list[HtmlElement]:
        found = [one for one in self.element.iter("input", "select", "textarea") if one.get("name") == name]
        names = sorted({one.get("name", "") for one in self.element.iter("input", "select", "textarea")})
        assert found, f"no field {name} at {self.page.path}, but {names}"
        return found

    def options(self, name: str) -> list[str]:
        """The values of a field of choices, the empty one left out."""
        values = [v for one in self._named(name) for v in (one.xpath(".//option/@value") or [one.get("value", "")])]
        return [str(value) for value in values if value]

    def pick(self, name: str, words: str) -> str:
        """The value of the option that says so."""
        for one in self._named(name):
            for option in one.iter("option"):
                if words in option.text_content():
                    return str(option.get("value"))
        raise AssertionError(f"no option “{words}” in {name} at {self.page.path}")

    def fill(self, values: Mapping[str, Value] | None = None, **named: Value) -> "Form":
        """Type or choose, only what the page offers."""
        for name, value in {**(values or {}), **named}.items():
            fields = self._named(name)
            wanted = [value] if isinstance(value, str | tuple) else list(value)
            if fields[0].tag == "select" or fields[0].get("type") in ("radio", "checkbox"):
                offered = [*self.options(name), "" if fields[0].tag == "select" else None]
                assert all(one in offered for one in wanted), f"{name} offers {offered}, not {wanted}"
            if isinstance(value, tuple):
                assert self.element.get("enctype") == "multipart/form-data", "a file cannot be sent by this form"
            self.data.setlist(name, wanted)
        return self

    def press(self, button: str = "", expect: int = 303) -> Page:
        """Press a button (`name` or `name=value`, the first otherwise); the page that comes, after a redirect."""
        name, _, value = button.partition("=")
        if name:
            marks = [one for one in self.element.iter("button") if one.get("name") == name]
            marks = [one for one in marks if not value or one.get("value") == value]
            assert marks, f"no button {button} at {self.page.path}"
            self.data[name] = marks[0].get("value", "")
        assert list(self.element.iter("button")), f"a form without a button at {self.page.path}"
        return self.page.who.post(self.action, self.data, expect)

    def refused(self, status: int, *words: str, button: str = "") -> Page:
        """Press, and be refused with these words."""
        return self.press(button, expect=status).says(*words)

    def sent_by(self, other: "Someone", status: int = 403) -> Page:
        """The same, sent by somebody whose step it is not: refused with a sentence."""
        data = MultiDict(self.data)
        data["csrf_token"] = other.token()
        return other.refused(other.post(self.action, data, status))


class Clock:
    """The time that the product is told."""

    def __init__(self, at: datetime) -> None:
        self.at = at


class Someone:
    """A person at a browser of their own, signed in whenever the sign-in has run out."""

    def __init__(self, app: Flask, clock: Clock, person: Person, language: str = "da", password: str = "") -> None:
        self.app, self.clock, self.language = app, clock, language
        self.id, self.name, self.username, self.password = person.id, person.name, person.username, password
        self.client: FlaskClient = Browser(app, app.response_class, use_cookies=True)
        self.signed_in_at: datetime | None = None

    def _sign_in(self) -> None:
        if self.signed_in_at == self.clock.at:
            return
        first, self.signed_in_at = self.signed_in_at is None, self.clock.at
        if first and self.password:
            page = Page(self, self.client.get("/login"))
            page.form("/login").fill(username=self.username, password=self.password).press()
            return
        with transaction():
            row = queries.person_by_id(self.id)
            assert row is not None
            token = actions.sign_in(make.by(row, demo.now()), row, "test").token
        with self.client.session_transaction() as session:
            session["sign_in"] = token

    def get(self, path: str, status: int = 200) -> Page:
        """Fetch a page (and what it leads to)."""
        self._sign_in()
        answer = self.client.get(path.partition("#")[0], follow_redirects=True)
        assert answer.status_code == status, (
            f"{self.name} at {path}: {answer.status_code}, not {status}: {_main(answer)}"
        )
        return Page(self, answer)

    def download(self, path: str, status: int = 200) -> TestResponse:
        """Fetch a file."""
        self._sign_in()
        answer = self.client.get(path)
        assert answer.status_code == status, f"{self.name} at {path}: {answer.status_code}"
        answer.get_data()
        answer.close()
        return answer

    def post(self, path: str, data: MultiDict[str, Any], expect: int = 303) -> Page:
        """Send a form; follow on to the page it leads to when it was done."""
        if path != "/login":
            self._sign_in()
        sent = MultiDict([(k, (BytesIO(v[0]), v[1]) if isinstance(v, tuple) else v) for k, v in data.items(multi=True)])
        answer = self.client.post(path.partition("#")[0], data=sent)
        assert answer.status_code == expect, (
            f"{self.name} posts {path}: {answer.status_code}, not {expect}: {_main(answer)}"
        )
        return self.get(answer.location) if expect == 303 else Page(self, answer)

    def token(self) -> str:
        """The token of one's own session, from the page of one's own."""
        return str(self.get("/me").tree.xpath("//input[@name='csrf_token']/@value")[0])

    def refused(self, page: Page) -> Page:
        """A refusal is a sentence, not a fault."""
        said = page.text.removeprefix(page.title)
        assert page.status < 500 and re.search(r"\w[^.]{10,}\.", said), f"no sentence for {self.name}: {page.text}"
        return page

    def may_not(self, path: str, status: int = 403) -> Page:
        """A page that is not this person's: refused with a sentence."""
        return self.refused(self.get(path, status))


def _path(address: str) -> str:
    return re.split(r"[?#]", address)[0]


def _main(answer: TestResponse) -> str:
    if answer.mimetype != "text/html":
        return answer.get_data(as_text=True)[:400]
    tree = html.document_fromstring(answer.get_data(as_text=True))
    main = tree.find(".//main")
    return " ".join((main if main is not None else tree).text_content().split())[:1500]
