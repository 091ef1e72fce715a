"""The coverage certificate as a file: on paper and as a workbook, the same bytes whenever they are made."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from flask_babel import force_locale, gettext

from controls.base.why import N_
from controls.papers import workbook
from controls.papers.certificate import Certificate, Certified, Line, moment
from controls.papers.certificate_words import Table, Words, written
from controls.papers.columns import ORGANISATION, SUBPROCESS, Column, Kind, Sheet
from controls.papers.rules import LANGUAGES, Contents
from controls.papers.typesetting import pdf
from controls.papers.workbook_out import HEADING, LEFT, STRONG, TITLE, Book, Page
from controls.recommendation.words import DeferCode
from controls.rotation.ledger import Totals
from controls.rotation.words import Cover, Degree, Form, Status
from controls.universe.words import Kind as Change

PDF, XLSX = "pdf", "xlsx"
FORMS = {PDF: "application/pdf", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
"""The forms it leaves in."""
AUTHOR = "Kontrolrul"

LINE = (
    *SUBPROCESS, Column(N_("subprocess_da"), width=56), Column(N_("subprocess_en"), width=56),
    Column(N_("area_code"), width=11), Column(N_("covered"), Kind.WORD, 30, Cover), Column(N_("review_id")),
    Column(N_("last_covered"), Kind.DATE, 14), Column(N_("coverage"), Kind.WORD, 14, Degree),
    Column(N_("form"), Kind.WORD, 14, Form), Column(N_("imported"), Kind.YES_NO),
    Column(N_("partial_review")), Column(N_("inherited_from"), width=18),
    Column(N_("inherited_by"), Kind.WORD, 30, Change), Column(N_("inherited_on"), Kind.DATE, 14),
    Column(N_("due_by_interval"), Kind.NUMBER, 13), Column(N_("due_by_floor"), Kind.NUMBER, 13),
    Column(N_("due_year"), Kind.NUMBER, 11), Column(N_("roll_state"), Kind.WORD, words=Status),
    Column(N_("covered_in_block"), Kind.YES_NO, 13), Column(N_("deferrals"), Kind.NUMBER, 11),
    Column(N_("deferred_to"), Kind.NUMBER, 11), Column(N_("defer_code"), Kind.WORD, 24, DeferCode),
    Column(N_("decision_no")), ORGANISATION,
)  # fmt: skip
MISSING = Sheet("01", N_("Missing"), LINE, "subprocess_id")
LISTED = Sheet("02", N_("Sub-processes"), LINE, "subprocess_id")
TOTALS = Sheet(
    "03", N_("Totals"),
    (
        Column(N_("area_code"), width=11), Column(N_("area_da"), width=46), Column(N_("area_en"), width=46),
        *(Column(label, Kind.NUMBER, 16) for label in (
            N_("active"), N_("covered_ordinary"), N_("covered_light"), N_("partly_covered"), N_("not_in_five_years"),
            N_("never_covered"), N_("overdue"), N_("due_this_year"), N_("due_later"), N_("covered_in_block"),
            N_("inherited"), N_("imported"),
        )), ORGANISATION,
    ), "active",
)  # fmt: skip
NAMES = {"da": "daekningsattest", "en": "coverage-certificate"}
PRELIMINARY = {"da": "foreloebig-", "en": "preliminary-"}


def filename(made: Certified) -> str:
    """What the file is called: of whom, of which day, and whether that day lasts still."""
    code = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in made.organisation_code)
    return f"{PRELIMINARY[made.lang] * made.running}{NAMES[made.lang]}-{code}-{made.day.isoformat()}.{made.form}"


def made(found: Certificate, form: str, lang: str) -> tuple[bytes, Certified]:
    """The file and what is to be told of it; the caller records it."""
    with force_locale(lang):
        said = written(found, lang)
        data = _paper(found, said, lang) if form == PDF else _workbook(found, said, lang)
    totals = found.totals
    return data, Certified(
        found.code, found.day, form, lang, found.running, totals.active, totals.missing, found.digest,
        sha256(data).hexdigest(),
    )  # fmt: skip


def _paper(found: Certificate, said: Words, lang: str) -> bytes:
    heads = {"missing": gettext("What is missing"), "totals": gettext("Totals"), "rules": gettext("How it is counted"),
             "stamp": gettext("How it is checked")}  # fmt: skip
    data = {
        "lang": lang, "title": said.title, "of": said.of, "day": said.day, "running": said.running,
        "digest": found.digest,
        "headings": heads, "missing": said.missing, "lacking": said.lacking and _table(said.lacking),
        "totals": [_table(one) for one in said.totals], "parts": _table(said.parts),
        "lists": [_table(one) for one in said.lists], "rules": said.rules, "stamp": said.stamp, "lines": said.lines,
    }  # fmt: skip
    return pdf("certificate.typ", data, moment(found.day))


def _table(one: Table) -> dict[str, Any]:
    return {
        "caption": one.caption, "heads": one.heads, "numbers": sorted(one.numbers),
        "groups": [{"name": name, "rows": [asdict(row) for row in rows]} for name, rows in one.groups],
        "sum": one.sum and asdict(one.sum),
    }  # fmt: skip


def _workbook(found: Certificate, said: Words, lang: str) -> bytes:
    out = io.BytesIO()
    with Book(f"{said.title} {found.code}", AUTHOR, moment(found.day), gettext) as book:
        cover = book.page(f"00 {gettext(workbook.COVER)}", (50, 22, 34, 18, 74), frozen=False)
        parts = ((MISSING, _lines(found.missing)), (LISTED, _lines(found.lines)), (TOTALS, _totals(found)))
        sums = [one for sheet, rows in parts for one in book.write(sheet, rows)]
        _cover(cover, found, said, lang)
        workbook.contents(cover, Contents(found.code, lang, tuple(sums), found.digest))
        cover.close()
        book.save(out)
    return out.getvalue()


def _cover(page: Page, found: Certificate, said: Words, lang: str) -> None:
    """The cover: of whom and of which day, what is missing, the sums, and the log's checkpoint."""
    page.line([said.title], TITLE)
    page.line([said.of])
    page.line([gettext("As of"), found.day], LEFT, ("", "dd-mm-yyyy"))
    page.line([gettext("Language"), gettext(LANGUAGES[lang])], LEFT)
    if said.running:
        page.line([said.running], STRONG)
    page.line([])
    for sentence in said.missing:
        page.line([sentence])
    for table in said.totals:
        page.line([])
        page.line([table.caption, table.heads[-1]], HEADING)
        for _name, rows in table.groups:
            for row in rows:
                page.line([row.name, int(row.cells[0])])
        if table.sum is not None:
            page.line([table.sum.name, int(table.sum.cells[0])], STRONG)
    page.line([])
    for sentence in (*said.rules, *said.stamp):
        page.line([sentence])
    for line in said.lines:
        page.line([None, line])
    page.line([])


def _lines(lines: Iterable[Line]) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        part, stands, last = line.part, line.standing, line.deferrals[-1] if line.deferrals else None
        review = stands.review
        yield (
            part.id, part.code, part.name_da, part.name_en, part.area_code, stands.cover,
            *((review.review_number, review.covered_on, review.degree, review.form, review.imported) if review
              else (None,) * 5),
            stands.partial.review_number if stands.partial else None, line.source,
            line.by.kind if line.by else None, line.by.on if line.by else None, stands.due_interval, stands.due_floor,
            stands.due, stands.status, stands.in_block, len(line.deferrals),
            *((last.until, last.code, last.number) if last else (None,) * 3), line.organisation,
        )  # fmt: skip


def _totals(found: Certificate) -> Iterator[tuple[Any, ...]]:
    for section in found.sections:
        for part, one in section.areas:
            yield part.area_code, part.area_name_da, part.area_name_en, *_figures(one), section.code


def _figures(one: Totals) -> tuple[int, ...]:
    return (
        one.active, *(one.covers[cover] for cover in Cover), one.statuses[Status.OVERDUE], one.statuses[Status.DUE],
        one.later, one.in_block, one.inherited, one.imported,
    )  # fmt: skip
