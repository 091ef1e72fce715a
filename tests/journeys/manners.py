"""How every page behaves, whatever stands on it."""

import re
from collections import Counter
from collections.abc import Iterator

from lxml import html
from lxml.html import HtmlElement

PRODUCT = "Kontrolrul"
UNFILLED = re.compile(r"%\(\w+\)|\{\w*\}|\{\{|\}\}|\{%")
BESIDE_TEXT = ("title", "alt", "placeholder", "aria-label")
UNLABELLED = frozenset({"hidden", "submit", "button", "reset", "image"})
Faults = Iterator[str]


def faults(text: str, language: str) -> list[str]:
    """What is wrong with a page, in the order of the checks; empty when it behaves."""
    page = html.document_fromstring(text)
    checks = (_heading, _title, _labels, _tokens, _inline, _ids)
    found = [fault for check in checks for fault in check(page)]
    spoken = page.get("lang")
    return found + ([f"lang is {spoken}, not {language}"] if spoken != language else []) + list(_words(page))


def _heading(page: HtmlElement) -> Faults:
    headings = page.findall(".//h1")
    if len(headings) != 1:
        yield f"{len(headings)} h1"
    if any(not heading.text_content().strip() for heading in headings):
        yield "an empty h1"


def _title(page: HtmlElement) -> Faults:
    title = (page.findtext(".//title") or "").strip()
    if not title.endswith(f" – {PRODUCT}") or title == f"– {PRODUCT}":
        yield f"title “{title}”"


def _labels(page: HtmlElement) -> Faults:
    named = {label.get("for") for label in page.iter("label") if label.text_content().strip()}
    for field in page.iter("input", "select", "textarea"):
        if field.get("type") in UNLABELLED:
            continue
        inside = any(True for _ in field.iterancestors("label"))
        if not (field.get("id") in named or inside or field.get("aria-label") or field.get("aria-labelledby")):
            yield f"no label: {field.tag} {field.get('name')}"
    for button in page.iter("button"):
        if not (button.text_content().strip() or button.get("aria-label")):
            yield f"no words: button {button.get('name')}"


def _tokens(page: HtmlElement) -> Faults:
    for form in page.iter("form"):
        token = form.xpath(".//input[@type='hidden'][@name='csrf_token']/@value")
        if form.get("method", "get").lower() == "post" and not (token and token[0]):
            yield f"no token: form {form.get('action')}"
    keys = Counter(page.xpath("//form[@method='post']//input[@name='request_key']/@value"))
    if len(keys) != len(page.xpath("//form[@method='post']")) or max(keys.values(), default=1) > 1:
        yield "forms without a request key of their own"


def _inline(page: HtmlElement) -> Faults:
    yield from (f"inline script: {(one.text or '')[:40]}" for one in page.iter("script") if not one.get("src"))
    yield from ("a style element" for _ in page.iter("style"))
    for one in page.iter():
        if isinstance(one.tag, str):
            yield from (f"{name} on {one.tag}" for name in one.attrib if name == "style" or name.startswith("on"))


def _ids(page: HtmlElement) -> Faults:
    counted = Counter(page.xpath("//@id"))
    yield from (f"id {id} {times} times" for id, times in counted.items() if times > 1)
    for name in ("for", "aria-describedby", "aria-labelledby"):
        for value in page.xpath(f"//@{name}"):
            yield from (f"{name} {id} points nowhere" for id in str(value).split() if id not in counted)


def _words(page: HtmlElement) -> Faults:
    for script in page.xpath("//script"):
        script.drop_tree()
    texts = [page.text_content(), *(str(v) for name in BESIDE_TEXT for v in page.xpath(f"//@{name}"))]
    for text in texts:
        yield from (f"unfilled {hit[0]} in “{text[max(0, hit.start() - 30):hit.end() + 30].strip()}”"
                    for hit in UNFILLED.finditer(text))  # fmt: skip
