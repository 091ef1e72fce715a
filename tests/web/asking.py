"""Every route asked for by every role in every situation: addresses from the URL map, bodies from the pages' forms."""

import logging
import re
import uuid
from binascii import crc32
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from controls.base import db as base
from controls.identity.permissions import Role
from tests import make
from tests.speed.counting import counted
from tests.web.matrix import (
    FORBIDDEN,
    HIDDEN,
    IN,
    IN_BODY,
    MATRIX,
    PAGE,
    PEOPLE,
    REFUSED,
    Case,
    Kind,
    Situation,
    expected,
    kind_of,
)  # fmt: skip
from tests.web.town import Town

SAME_PERSON = ("Samme person må ikke både", "Den samme person må ikke både", "The same person may not both")
NO_ACCESS = "Du har ikke adgang til dette"
SHARE = 16
"""The short form asks every sixteenth of the requests that the matrix lets through the door, each database its own."""

OPEN = "open"
LEFT_OUT = {"signin.logout": "ends the sign-in that all others need", "signin.again": "proves the sign-in itself"}
BODY = "Teksten er lang nok til enhver regel, og den siger hvorfor."


def rules(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Rule, method and permission of every route that asks for a permission."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: (one.endpoint, one.rule)):
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        if rule.endpoint == "static" or permission == OPEN or rule.endpoint in LEFT_OUT:
            continue
        for method in sorted(rule.methods & {"GET", "POST", "PUT", "DELETE"}):
            yield rule, method, str(getattr(permission, "value", permission))


def situations(kind: Kind, short: bool, forbidden: bool) -> tuple[str, ...]:
    """Which situations differ for a kind; the short form asks a forbidden route once."""
    if kind is PAGE:
        found: tuple[str, ...] = (Situation.OWN, Situation.ELSEWHERE)
    elif not kind.owned:
        found = (Situation.OWN, Situation.ELSEWHERE, Situation.MISSING, Situation.CLOSED)
    else:
        found = Situation.ALL
    found = tuple(one for one in found if one != Situation.CLOSED or kind.closes)
    return found[:1] if short and forbidden else found


class _Forms(HTMLParser):
    """The forms of a page: where they go, and a value for each field as a reader would fill it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form" and at.get("method", "").lower() == "post":
            self.found.append((at.get("action", ""), {}))
        if not self.found:
            return
        fields, name = self.found[-1][1], at.get("name", "")
        if tag == "input" and name:
            kind = at.get("type", "text")
            if kind in ("radio", "checkbox"):
                fields.setdefault(name, at.get("value", "y")) if kind == "radio" else None
            elif kind != "file":
                fields[name] = at.get("value") or _typed(name, at)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and at.get("value"):
            fields.setdefault(self._select, at["value"])
        elif tag == "textarea":
            fields[name] = BODY
        elif tag == "button" and name:
            fields.setdefault(name, at.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select


def _typed(name: str, at: dict[str, str]) -> str:
    if at.get("inputmode") in ("numeric", "decimal"):
        return "1"
    return "1.10.2026" if re.search(r"(_on|_to|_from|_due|until|deadline|date|day)$", name) else BODY[:40]


class Asking:
    """The town's people at their browsers; nothing that they do is kept."""

    def __init__(self, app: Flask, monkeypatch: Any) -> None:
        self.app, self.town = app, Town()
        self.lite = base.db.engine.dialect.name == "sqlite"
        self.browsers: dict[Role, FlaskClient] = {}
        for role in PEOPLE:
            self.browsers[role] = make.signed_in(app.test_client(), self.town.people[role])
        for row in list(make.db.session):
            make.db.session.refresh(row)
        make.db.session.expunge_all()  # nothing is kept, so the town's rows need not be read again after each request
        monkeypatch.setattr(base, "_commit", _forget)
        monkeypatch.setattr(base, "AFTER_COMMIT", [])
        monkeypatch.setattr(logging.getLogger("kontrolrul.security"), "disabled", True)
        self.bodies: dict[str, dict[str, str]] = {}
        self.queries: dict[str, int] = {}

    def path(self, rule: Rule, kind: Kind, role: Role, permission: str, situation: str) -> str:
        """The address of a route for an object in a situation."""
        given = self.town.arguments(kind.name, role, permission, situation)
        values = {name: given.get(name, _missing(rule, name)) for name in rule.arguments}
        if situation == Situation.MISSING:
            values = {name: _missing(rule, name) for name in rule.arguments}
        with self.app.test_request_context():
            more = {name: given[name] for name in ("org", "code") if name in given and name not in values}
            return url_for(rule.endpoint, **values, **more)

    def learn(self, everybody: bool) -> None:
        """Read the forms of all pages as those who may see them do, so that POSTs carry whole bodies.

        What a page asks of the database is noted on the way; a file that is fetched is no page. Both databases are
        asked the same, so the short form lets everybody read every page on one of them only.
        """
        for rule, method, permission in rules(self.app):
            kind = kind_of(rule.rule, rule.endpoint)
            if method != "GET" or kind is None:
                continue
            for role, browser in self.browsers.items():
                if MATRIX[permission][role] == "-":
                    continue
                address = self.path(rule, kind, role, permission, Situation.OWN)
                with counted(base.db.engine) as seen:
                    answer = browser.get(address)
                if answer.status_code == 200 and answer.mimetype != "text/html":
                    break  # a file, for whomever
                if answer.status_code == 200:
                    if "Content-Disposition" not in answer.headers:
                        self.queries[rule.rule] = max(len(seen), self.queries.get(rule.rule, 0))
                    self._read(answer.get_data(as_text=True), address)
                    if not everybody:
                        break

    def _read(self, page: str, address: str) -> None:
        reader = _Forms()
        reader.feed(page)
        adapter = self.app.url_map.bind("localhost")
        for action, fields in reader.found:
            target = (action or address).split("?")[0]
            try:
                endpoint, _values = adapter.match(target, method="POST")
            except HTTPException:
                continue
            if len(fields) > len(self.bodies.get(endpoint, {})):
                self.bodies[endpoint] = fields

    def ask(self, case: Case, path: str) -> tuple[int, str]:
        """Status and page of one request."""
        body = dict(self.bodies.get(case.endpoint, {})) if case.method != "GET" else {}
        body |= {name: "1" for name in ("version", "row_version") if name in body}
        if "request_key" in body:
            body["request_key"] = uuid.uuid4().hex
        answer = self.browsers[case.role].open(path, method=case.method, data=body | case.extra if body else case.extra)
        text = answer.get_data(as_text=True) if answer.status_code == 403 else ""
        answer.close()
        return answer.status_code, text

    def cases(self, short: bool) -> Iterator[tuple[Case, str]]:
        """All requests with their paths; the short form asks a forbidden route once, and a share of the others.

        What is forbidden to a role is told before the database is asked: one of the two says it.
        """
        mine = 0 if self.lite else SHARE // 2
        for rule, method, permission in rules(self.app):
            kind = kind_of(rule.rule, rule.endpoint)
            assert kind is not None, f"{rule.rule}: tell its kind of object in tests/web/matrix.py"
            for role in PEOPLE:
                first = Case(role, rule.endpoint, method, permission, kind, Situation.OWN)
                never = expected(first) == FORBIDDEN
                for situation in situations(kind, short, never):
                    extra = self._subject(rule.endpoint, situation)
                    case = Case(role, rule.endpoint, method, permission, kind, situation, extra)
                    if short and not (never and self.lite) and crc32(str(case).encode()) % SHARE != mine:
                        continue
                    yield case, self.path(rule, kind, role, permission, situation)

    def _subject(self, endpoint: str, situation: str) -> dict[str, str]:
        """The object that a body names."""
        if endpoint not in IN_BODY:
            return {}
        id = 999_999 if situation == Situation.MISSING else self.town.rows[situation]["review"].id
        return {"subject_type": "review_review", "subject_id": str(id)}


def _missing(rule: Rule, name: str) -> Any:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)[0]
    return 999_999 if isinstance(converter, IntegerConverter) else "XYZ-9.9"


def _forget(session: Session) -> None:
    """Instead of a commit: all is written and sealed, and nothing is kept."""
    for step in base.BEFORE_COMMIT:
        step(session)
    session.flush()
    session.rollback()


def deviation(case: Case, status: int, text: str) -> str | None:
    """How an answer differs from what the matrix says, in words; None when it does not."""
    wanted = expected(case)
    same = status == 403 and any(words in text for words in SAME_PERSON)
    fits = {
        FORBIDDEN: status == 403 and NO_ACCESS in text,
        HIDDEN: status == 404,
        IN: status < 500 and status not in (401, 404) and (status != 403 or same),
        REFUSED: status in (400, 403, 404, 409, 422),
    }[wanted]
    return None if fits else f"{case}: {status}, the matrix says {wanted}"


def count(asking: Asking, short: bool) -> tuple[int, list[str]]:
    """How many requests were made, and each deviation in words."""
    asking.learn(everybody=asking.lite or not short)
    asked, deviations = 0, []
    for case, path in asking.cases(short):
        found = deviation(case, *asking.ask(case, path))
        asked += 1
        deviations += [] if found is None else [found]
    return asked, deviations
