"""Columns, cells and names of a workbook; no database."""

from datetime import UTC, date, datetime

import pytest

from controls.credential.tables import Totp
from controls.identity.tables import Person
from controls.papers import before, choice, ground, proof, rules, running
from controls.papers.columns import LIMIT, Column, Kind, Sheet, clean, escaped
from controls.papers.workbook_out import TURNS, moment, serial

SHEETS = [
    value for module in (ground, choice, proof, running) for value in vars(module).values() if isinstance(value, Sheet)
]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.title)
def test_every_sheet_has_its_own_headings_and_a_total_that_adds_up(sheet: Sheet) -> None:
    labels = [column.label for column in sheet.columns]
    assert len(labels) == len(set(labels))
    assert labels[-2:] == ["organisation", "cycle"]
    assert sheet.columns[sheet.total_at].kind in (Kind.NUMBER, Kind.ORE)
    assert all((column.words is not None) == (column.kind in (Kind.WORD, Kind.WORDS)) for column in sheet.columns)


def test_text_is_cleaned() -> None:
    assert clean("a\x00b\x1fc\ufffe") == "abc"
    assert clean("en\r\nto\rtre") == "en\nto\ntre"
    assert clean("x" * 40_000) == "x" * (LIMIT - 1) + "…"


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (Kind.DATE, date(1900, 3, 1), 61),
        (Kind.DATE, date(2026, 6, 8), 46181),
        (Kind.ORE, 12345, 123.45),
        (Kind.ORE, 12300, 123),
        (Kind.SHARE, "0.95", 0.95),
    ],
)
def test_values_as_a_workbook_stores_them(kind: Kind, value: object, stored: object) -> None:
    assert TURNS[kind](value) == stored
    if kind is Kind.ORE:
        assert Column("x", kind).reader(str)(stored) == value


def test_moments_are_danish_time() -> None:
    summer = datetime(2026, 6, 8, 22, 30, tzinfo=UTC)
    assert moment(summer) == pytest.approx(46182 + 0.5 / 24)
    assert serial(summer) == moment(summer)


def test_the_name_says_what_it_is() -> None:
    assert rules.filename("STAR", 2026, "da") == "revisionsudtraek-STAR-2026.xlsx"
    assert rules.filename("a/b", 2026, "en") == "audit-extract-a-b-2026.xlsx"


def test_the_state_before_is_remembered() -> None:
    kept = before.Before()
    try:
        assert list(kept.changes("t", 1, {"id": 1, "a": "x", "b": None, "version": 1})) == [("a", "", "x")]
        assert list(kept.changes("t", 2, {"id": 2, "a": "y"})) == [("a", "", "y")]
        assert list(kept.changes("t", 1, {"id": 1, "a": "x", "b": 3, "version": 2})) == [("b", "", "3")]
        assert list(kept.changes("t", 1, {"id": 1, "a": "", "b": 3, "password_hash": "s"})) == [
            ("a", "x", ""), ("password_hash", "", "s"),
        ]  # fmt: skip
        for table, column in ((Person.__tablename__, "password_hash"), (Totp.__tablename__, "secret")):
            assert list(kept.changes(table, 1, {"id": 1, column: "digest"})) == [(column, "", "***")]
    finally:
        kept.close()


def test_what_reads_as_an_escaped_sign_stays_as_it_is_written() -> None:
    """A reader of workbooks makes A of _x0041_, so its line is escaped in turn."""
    assert escaped("_x0041_x0042_ _x00_ x0041_") == "_x005F_x0041_x005F_x0042_ _x00_ x0041_"
    assert escaped("plain_text") == "plain_text"
