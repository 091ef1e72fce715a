"""Database → workbook → database loses nothing, whatever people write."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from controls.assessment import actions as assessing
from controls.assessment import queries as assessments
from controls.assessment.rules import line_field
from controls.base import intake
from controls.base.by import By
from controls.base.db import transaction
from controls.base.form import has_bad, tidy
from controls.base.intake import Row, Sheet
from controls.papers import actions, filling, filling_out
from controls.papers.changing import State
from controls.papers.words import Kind
from tests.assessment.year import Year
from tests.make import NOW
from tests.papers.filled import Opened, brought, fetched, names, near, seen

TEXTS = ("reason", "fraud_reason", "reason_unchanged", "reason_step", "reason_no_key_control")
HARD = (
    "=1+1", "+45 33 92 00 00", "-x", "@SUM(A1)", "=HYPERLINK(\"http://x\")", "'=1", "æøåÆØÅ éü ß", "😀👩‍👩‍👧‍👦🇩🇰",
    "a\nb\n\nc", "a\tb", "_x000D_", "_x005F_x0041_", "_x0041_x0042_", "#N/A", "TRUE", "2024-02-30", "1e9", "007", "0,5",
    "<b>&amp;</b> ]]>", "“æ” «ø»", "x" * 10_000, "😀" * 5_000 + "æ" * 5_000, "z\u2028\u0085y", "\u200bskjult",
)  # fmt: skip


def filled(seed: int) -> list[str]:
    """Texts as a form stores them, of every kind of sign that it takes."""
    chance = random.Random(seed)
    pools = [
        "abc æøå ÆØÅ",
        "=+-@\t\n'\"",
        "😀🇩🇰👩‍👧",
        "_x0041_x000D_",
        "&<>;,",
        "".join(map(chr, range(0x80, 0x250))),
        "中文العربية",
    ]

    def one() -> str:
        pool = "".join(chance.sample(pools, chance.randint(1, len(pools))))
        return str(tidy("".join(chance.choices(pool, k=chance.choice((1, 3, 30, 300))))))

    return [text for text in (one() for _ in range(60)) if text and not has_bad(text)]


def write(year: Year, texts: list[str]) -> dict[str, dict[str, list[str]]]:
    """Drafts that hold the texts."""
    left, told = iter(texts * 30), {}
    for code in ("KRE-1", "KRE-3", "LON-1"):
        form = year.form(code)
        answers = {name: [next(left)] for name in TEXTS}
        for id in assessments.line_ids(form.id):
            answers |= {line_field(id, "own"): ["y"], line_field(id, "inherent_impact"): ["3"]}
            answers |= {line_field(id, name): [next(left)] for name in ("reason", "reason_step")}
        with transaction():
            assessing.save_draft(year.by(year.controller), form.id, None, answers)
        told[code] = answers
    return told


def fetch(year: Year) -> bytes:
    return fetched(year.by(year.controller), Kind.FORMS, year.organisation, 2026)


@pytest.mark.parametrize("texts", [list(HARD), filled(1)])
def test_texts_come_back_sign_for_sign(year: Year, texts: list[str]) -> None:
    """Written in, fetched, the drafts emptied, and the workbook taken: the drafts hold what they held."""
    assert [tidy(text) for text in texts] == texts
    told = write(year, texts)
    data = fetch(year)
    by = year.by(year.controller)
    same = seen(by, brought(by, Kind.FORMS, year.organisation, data, 2026), Kind.FORMS)
    assert same.counts == {State.SAME: 7}
    write(year, [""])
    book, then = Opened(fetch(year)), Opened(data)
    for row in then.sheet.iter_rows(min_row=2, min_col=7):
        for cell in row:
            here = book.sheet.cell(cell.row, cell.column)
            here.value, here.data_type = cell.value, cell.data_type
    id = brought(by, Kind.FORMS, year.organisation, book.saved, 2026)
    with transaction():
        actions.take_forms(by, id, names(seen(by, id, Kind.FORMS)), False)
    for code, answers in told.items():
        now: Any = assessments.typed(assessments.draft(year.form(code).id))
        assert {name: now[name] for name in answers} == answers


SIGNS = some.characters(exclude_categories=["Cs", "Co", "Cn"])
WRITTEN = some.one_of(
    some.text(SIGNS, max_size=40), some.text(some.sampled_from("=+-@\t\n'\"_x0041_DFØæ😀👩\u200d🇩🇰"), max_size=40),
    some.builds(lambda text, times: (text * times)[:10_000], some.text(SIGNS, min_size=1, max_size=9),
                some.just(10_000)),
).map(lambda text: str(tidy(text))).filter(lambda text: bool(text) and not has_bad(text))  # fmt: skip
FORM = filling.Form("trial", "Trial", (filling.Column("code", "Code", filling.Holds.SHOWN), filling.Column("a", "A"),
                                       filling.Column("b", "B")))  # fmt: skip
BY, HERE = By(None, "=Nogen", "SYS", NOW, {}), filling.Place("trial", "STAR", "2026")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.lists(some.tuples(WRITTEN, WRITTEN), min_size=1, max_size=8))
def test_whatever_is_written_is_read(pairs: list[tuple[str, str]]) -> None:
    """The writer and the reader of all three workbooks, on whatever texts a form can store."""
    rows = [
        filling.Written(f"R{n}", "1", {"code": f"=C{n}", "a": a, "b": b}, frozenset("ab"))
        for n, (a, b) in enumerate(pairs)
    ]
    data = filling_out.write(BY, FORM, HERE, rows, str, "da", [("=Om", "-filen")])
    with near():
        came = intake.read(data, "a.xlsx", also=(filling.META,))
    back = filling.back(FORM, came, HERE, lambda label: (label,))
    assert [(read.values["a"], read.values["b"]) for read in back.rows] == pairs
    assert all(back.untouched(read) for read in back.rows)


@settings(max_examples=25, deadline=None)
@given(some.lists(some.lists(some.none() | some.booleans() | some.integers() | some.dates() | some.text(), max_size=4)))
def test_a_sheet_that_waits_is_the_one_that_came(rows: list[list[Any]]) -> None:
    """What was read is kept as text until it is taken, and read from it again."""
    came = Sheet("Ark", [Row(n, cells) for n, cells in enumerate(rows, 1)], {"_meta": [Row(1, ["a"])]})
    assert filling.waited(filling.kept(came)) == came
