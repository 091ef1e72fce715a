"""Before and after, word by word, and values as they were."""

from datetime import date, datetime
from typing import Any

import pytest

from controls.assessment.words import Band, Change
from controls.history import labels, rules
from controls.history.rules import Cell, Event, Show
from controls.history.words import State

AT = datetime(2026, 3, 17, 9, 0)


def event(seq: int, *rows: tuple[int, dict[str, Any]]) -> Event:
    payload = {"rows": [{"table": "finding_finding", "id": id, "state": state} for id, state in rows]}
    return Event(seq, AT, "Bente", "GRP", None, "", "finding.edited", ("finding_finding", 1), payload)


def plain(table: str, column: str) -> Cell:
    return Cell(Show.TEXT)


def always(table: str, id: int, state: Any) -> bool:
    return True


def test_each_event_is_held_against_the_one_before() -> None:
    made, changed = event(1, (1, {"cause": "a", "note": ""})), event(2, (1, {"cause": "b", "note": ""}))
    newest, oldest = rules.entries([changed, made], [], always, plain)
    assert [(one.column, one.old, one.new) for one in newest.rows[0].changes] == [("cause", "a", "b")]
    assert oldest.rows[0].new and [one.column for one in oldest.rows[0].changes] == ["cause"]
    alone = rules.entries([changed], [made], always, plain)
    assert alone == [newest] and not alone[0].rows[0].new


def test_an_event_that_changed_nothing_has_no_rows_and_stamps_are_not_told() -> None:
    first, again = event(1, (1, {"cause": "a", "version": 1})), event(2, (1, {"cause": "a", "version": 2}))
    assert [entry.rows for entry in rules.entries([again], [first], always, plain)] == [[]]


def test_only_the_records_own_rows_are_told() -> None:
    found = rules.entries([event(1, (1, {"cause": "a"}), (2, {"cause": "b"}))], [], lambda t, id, s: id == 2, plain)
    assert [row.id for row in found[0].rows] == [2]


@pytest.mark.parametrize(
    ("old", "new", "pieces"),
    [
        ("Et ord her", "Et ord der", [("", "Et ord "), ("-", "her"), ("+", "der")]),
        ("Ens", "Ens", [("", "Ens")]),
        ("a", "a b", [("", "a"), ("+", " b")]),
        ("beløb 1.234", "beløb 1.235", [("", "beløb 1."), ("-", "234"), ("+", "235")]),
    ],
)
def test_changed_words_are_marked(old: str, new: str, pieces: list[tuple[str, str]]) -> None:
    assert rules.marked(old, new) == pieces


def test_marked_text_keeps_both_texts_whole() -> None:
    old, new = "Kontrollen udføres ikke.\nDen mangler.", "Kontrollen udføres nu, men sent.\nDen er ny."
    pieces = rules.marked(old, new)
    assert "".join(text for sign, text in pieces if sign != "+") == old
    assert "".join(text for sign, text in pieces if sign != "-") == new
    assert rules.marked("a " * rules.MOST_WORDS, "b") == [("-", "a " * rules.MOST_WORDS), ("+", "b")]


@pytest.mark.parametrize(
    ("cell", "raw", "value"),
    [
        (Cell(Show.DAY), "2026-03-17", date(2026, 3, 17)),
        (Cell(Show.MOMENT), "2026-03-17T09:00:00.000000", AT),
        (Cell(Show.WORD, words=Band), "high", Band.HIGH),
        (Cell(Show.WORD, words=Band), "gone", "gone"),
        (Cell(Show.LIST, words=Change), "system;law", [Change("system"), Change("law")]),
        (Cell(Show.SHARE), "0.95", 0.95),
        (Cell(Show.PEOPLE), ";3;7;", [3, 7]),
        (Cell(Show.TABLE), "finding_finding", "Finding"),
        (Cell(Show.TABLE), "process", "Process"),
        (Cell(Show.DAY), "[fjernet/removed R-1]", "[fjernet/removed R-1]"),
        (Cell(Show.TEXT), "", None),
        (Cell(Show.YES_NO), False, False),
    ],
)
def test_values_are_made_into_what_they_were(cell: Cell, raw: Any, value: Any) -> None:
    assert rules.typed(cell, raw) == value


def test_why_not() -> None:
    assert [one.field for one in rules.why_not_ask("x", ["cause"], False, "")] == ["column", "explanation"]
    assert [one.status for one in rules.why_not_ask("cause", ["cause"], True, "because")] == [409]
    assert rules.why_not_ask("cause", ["cause"], False, "because") == rules.why_not_decide(State.ASKED) == []
    assert rules.why_not_decide(State.APPROVED) and rules.why_not_reject(State.ASKED, "")
    assert rules.why_not_verify_here(rules.MOST_EVENTS + 1) and not rules.why_not_verify_here(rules.MOST_EVENTS)


def test_words_of_one_table_win() -> None:
    assert labels.label("forum_decision", "condition") != labels.label("finding_finding", "condition") == "Condition"
