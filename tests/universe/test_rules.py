"""Codes in order, sheets into entries, differences: no fixture."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from controls.base.why import Refused
from controls.universe import rules, sheet
from controls.universe.rules import Change, Entry, Facts, Level, Line


@dataclass
class Row:
    number: int
    cells: list[Any] = field(default_factory=list)


HEAD = ["area_code", "area_en", "subprocess_code", "subprocess_en"]


def rows(*body: list[Any], head: list[Any] = HEAD) -> list[Row]:
    width = len(head)
    return [Row(1, head), *(Row(i, [*cells, *[None] * (width - len(cells))]) for i, cells in enumerate(body, 2))]


def refused(*body: list[Any], head: list[Any] = HEAD) -> list[str]:
    with pytest.raises(Refused) as why:
        sheet.entries(rows(*body, head=head))
    return [str(reason) for reason in why.value.reasons]


def test_codes_sort_as_people_sort_them() -> None:
    codes = ["KRE", "KRE-1", "KRE-1.1", "KRE-1.2", "KRE-1.10", "KRE-2", "KRE-10", "kre-11", "Z", "Æ", "Ø", "Å"]
    assert sorted(set(codes), key=rules.sort_key) == codes
    assert sorted(["10", "9", "1.10", "1.9"], key=rules.sort_key) == ["1.9", "1.10", "9", "10"]


def test_a_level_sorts_below_the_one_above() -> None:
    key = rules.sort_key
    assert key("A") < key("A", "A-1") < key("A", "A-1", "9") < key("A", "A-2", "1") < key("AA") < key("B")
    assert len(key(*["1-" * 20] * 3)) <= 200
    assert set(key("Åæø ÉÜ/漢-1.2")) <= set("0123456789abcdefghijklmnopqrstuvwxyz")


def test_two_levels_get_a_process_from_the_area() -> None:
    found = sheet.entries(rows(["1", "Payroll", "1.1", "Changes, and errors"], ["1", "", "1.10", "Pay - monthly"]))
    assert [e.process_code for e in found] == ["1", "1"]
    assert found[1].process_en == "Payroll" and found[1].area_en == "Payroll" and found[1].area_da == ""
    assert [line.level for line in rules.lines(found)].count(Level.PROCESS) == 1


@pytest.mark.parametrize("head", [
    ["Delproces", "Delproceskode", "OMRÅDE", "områdekode", "Proces", "Proceskode", "Typisk risiko", "Sandsynlighed"],
    ["subprocess_da", "Sub-process code", "area (Danish)", "AREA CODE", "process_da", "process code", "typical risk",
     "inherent_likelihood_1_5"],
])  # fmt: skip
def test_headings_in_both_languages_and_any_order(head: list[str]) -> None:
    entry = sheet.entries(rows(["Løn", "A-1.1", "Område", "A", "Proces", "A-1", "Fejl", 3.0], head=head))[0]
    assert entry[1:] == ("A", "Område", "", "A-1", "Proces", "", "A-1.1", "Løn", "", "Fejl", "", 3, None)


def test_whole_numbers_of_a_workbook_are_codes() -> None:
    assert sheet.entries(rows([1, "Payroll", 1.1, "Changes"], [2.0, "Travel", 2, "Trips"]))[1].area_code == "2"


def test_missing_columns_are_named_in_danish_and_english() -> None:
    found = refused(["x"], head=["Proces"])
    assert len(found) == 4
    assert found[2] == "The sheet lacks the column “Delproceskode / Sub-process code”."


def test_the_same_column_twice() -> None:
    assert refused(["1"], head=[*HEAD, "Area code"]) == [
        "The sheet has the column “Områdekode / Area code” twice: A and E."
    ]


def test_heading_alone() -> None:
    assert refused() == ["The sheet has a heading but no rows."]


@pytest.mark.parametrize(("cells", "says"), [
    (["", "P", "1.9", "N"], "Row 3, column A “area_code”: The code is missing."),
    (["2", "P", None, "N"], "Row 3, column C “subprocess_code”: The code is missing."),
    (["2", "P", "1/1", "N"], "Row 3, column C “subprocess_code”: A code starts"),
    (["2", "P", "=1", "N"], "The file says “=1”."),
    (["2", "P", "..", "N"], "Row 3, column C"),
    (["2", "P", "x" * 41, "N"], "at most 40 characters"),
    (["2", "P", "2.1", ""], "Row 3, column D “subprocess_en”: The name is missing in both Danish and English."),
    (["2", "", "2.1", "N"], "Row 3, column B “area_en”: The name is missing"),
    (["2", "P", "2.1", "=1+1"], "may not begin with an equals sign"),
    (["2", "P", "2.1", "n" * 301], "at most 300 characters"),
])  # fmt: skip
def test_a_bad_cell_is_named(cells: list[Any], says: str) -> None:
    found = refused(["1", "Payroll", "1.1", "Changes"], cells)
    assert found[0] == "1 row has errors. Nothing was imported. See the list."
    assert any(says in text for text in found[1:]), found


@pytest.mark.parametrize("score", [0, 6, 7, "high", 2.5, "-1", True])
def test_a_score_is_one_to_five(score: Any) -> None:
    found = refused(["1", "P", "1.1", "N", score], head=[*HEAD, "Impact"])
    assert found[1].startswith("Row 2, column E “Impact”: Write a whole number from 1 to 5")


def test_a_duplicate_code_names_both_rows() -> None:
    found = refused(["1", "P", "1.1", "N"], ["1", "P", "1.2", "N"], ["1", "P", "1.1", "M"])
    assert [text[:6] for text in found] == ["2 rows", "Row 2,", "Row 4,"]


def test_one_code_with_two_names() -> None:
    found = refused(["1", "Payroll", "1.1", "N"], ["1", "Pay roll", "1.2", "N"])
    assert found[1] == (
        "Row 2, column B “area_en”: The same code has different names in different rows. The file says “Payroll”."
    )


def test_a_process_under_two_areas_and_a_name_without_code() -> None:
    head = [*HEAD, "process_code", "process_en"]
    found = refused(["1", "P", "1.1", "N", "X", "Pro"], ["2", "Q", "2.1", "N", "X", "Pro"], head=head)
    assert sum("different areas" in text for text in found) == 2
    assert any("has a name but no code" in text for text in refused(["1", "P", "1.1", "N", "", "Pro"], head=head))


def test_every_bad_row_is_listed() -> None:
    body = [["1", "P", f"1.{i}", "N" if i % 2 else ""] for i in range(500)]
    found = refused(*body)
    assert len(found) == 251 and found[0].startswith("250 rows have errors.")


ENTRY = Entry(2, "A", "Område", "", "A-1", "Proces", "", "A-1.1", "Delproces", "Sub", "Risiko", "", 2, 3)


def there(*entries: Entry) -> dict[rules.Key, Line]:
    return {line.key: line for line in rules.lines(entries)}


def test_difference_of_nothing_and_of_the_same() -> None:
    first = rules.difference(rules.lines([ENTRY]), {})
    assert (first.new, first.changed, first.same, first.absent) == (3, 0, 0, 0)
    again = rules.difference(rules.lines([ENTRY]), there(ENTRY))
    assert (again.new, again.changed, again.same) == (0, 0, 3)


def test_an_empty_cell_never_removes() -> None:
    blank = ENTRY._replace(subprocess_en="", typical_risk="", likelihood=None)
    assert rules.difference(rules.lines([blank]), there(ENTRY)).changed == 0


def test_a_changed_name_and_what_is_absent() -> None:
    other = ENTRY._replace(subprocess_code="A-1.2")
    found = rules.difference(rules.lines([ENTRY._replace(subprocess_da="Nyt")]), there(ENTRY, other))
    changed = next(line for line in found.lines if line.change is Change.CHANGED)
    assert changed.fields == (("name_da", "Delproces", "Nyt"),)
    assert [line.code for line in found.lines if line.change is Change.ABSENT] == ["A-1.2"] and found.absent == 1


def test_a_name_that_only_one_of_the_chosen_rows_changes_is_not_lost() -> None:
    first, second = ENTRY._replace(area_da=""), ENTRY._replace(subprocess_code="A-1.2", area_da="Nyt område")
    assert rules.lines([first, second])[0].values["name_da"] == "Nyt område"


def test_a_file_moves_nothing_and_reuses_no_closed_code() -> None:
    other = there(ENTRY._replace(process_code="A-2"))
    assert [r.params.get("row") for r in rules.why_not_import(rules.lines([ENTRY]), other)] == [None, 2]
    assert rules.why_not_import(rules.lines([ENTRY]), there(ENTRY)) == []
    closed = Line(Level.SUBPROCESS, "a-1.1", "A-1", {}, closed=True)
    assert rules.CLOSED in str(rules.why_not_import(rules.lines([ENTRY]), {closed.key: closed})[1])


def test_facts() -> None:
    here = frozenset({1, 2})
    assert rules.why_not_facts(Facts(owner_id=1, deputy_id=2, provider_share=100), here) == []
    assert [r.field for r in rules.why_not_facts(Facts(owner_id=1, deputy_id=1), here)] == ["deputy_id"]
    bad = Facts(owner_id=3, yearly_amount_ore=-1, transactions=-1, provider_share=101)
    assert len(rules.why_not_facts(bad, here)) == 4
    assert rules.parts("Navision Stat; SLS\n F2 ;;") == ["Navision Stat", "SLS", "F2"]
