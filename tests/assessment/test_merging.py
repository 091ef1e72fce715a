"""Field by field: what one changed is kept, what another changed is kept, and what both did is asked about."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from controls.assessment.merging import Before, Fields, merged, rolled_back, tidy

AT = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
NAMES = ("reason", "fraud", "control_level")


def was(field: str, value: str, version: int = 2, window: str = "b") -> Before:
    return Before(field, [value] if value else [], version, "Bo", AT, window)


def test_one_side_each() -> None:
    merge = merged({"reason": ["Bos"], "fraud": ["no"]}, [was("reason", "")], {"fraud": ["yes"]}, "a")
    assert merge.fields == {"reason": ["Bos"], "fraud": ["yes"]} and merge.changed == {"fraud": ["yes"]}
    assert [one.field for one in merge.taken] == ["reason"] and merge.clashes == []


def test_both_changed() -> None:
    merge = merged({"reason": ["Bos"]}, [was("reason", "")], {"reason": ["Mit"]}, "a")
    assert merge.fields == {"reason": ["Bos"]} and merge.changed == {} and merge.taken == []
    assert [(one.field, one.who) for one in merge.clashes] == [("reason", "Bo")]


def test_the_same_answer_is_no_clash() -> None:
    merge = merged({"reason": ["Fælles"]}, [was("reason", "")], {"reason": ["Fælles"]}, "a")
    assert (merge.changed, merge.taken, merge.clashes) == ({}, [], [])


def test_a_whole_form_changes_only_what_differs_from_what_was_read() -> None:
    now = {"reason": ["Bos"], "control_level": ["4"]}
    merge = merged(now, [was("reason", "Gammel")], {"reason": ["Gammel"], "control_level": ["5"], "fraud": []})
    assert merge.fields == {"reason": ["Bos"], "control_level": ["5"]} and [one.field for one in merge.taken] == [
        "reason"
    ]


def test_an_answer_that_was_lost_on_its_way_back_is_ones_own() -> None:
    """The same window sends again, or something newer, or its first answer."""
    mine = [was("reason", "Først", window="a")]
    for text in ("Sendt", "Nyere", "Først"):
        merge = merged({"reason": ["Sendt"]}, mine, {"reason": [text]}, "a")
        assert merge.fields == {"reason": [text]} and merge.clashes == []
    assert merged({"reason": ["Sendt"]}, mine, {"reason": ["Nyere"]}).clashes, "without a window nobody is known again"


def test_what_both_have_copied_both_have() -> None:
    merge = merged({"copied": ["fraud"]}, [was("copied", "")], {"copied": ["control_level"]}, "a")
    assert merge.fields == {"copied": ["fraud;control_level"]} and merge.clashes == []


def test_emptied_and_line_ends() -> None:
    assert merged({"reason": ["x"]}, [], {"reason": [""]}, "a").fields == {}
    assert tidy(["a\r\nb ", ""]) == ["a\nb "]


VALUES = st.lists(st.sampled_from(["1", "2", "3"]), max_size=1)
CHANGES = st.dictionaries(st.sampled_from(NAMES), VALUES)


@given(st.lists(st.tuples(st.sampled_from("ab"), CHANGES), max_size=8), CHANGES)
def test_nothing_is_written_over_unseen(changes: list[tuple[str, Any]], mine: Fields) -> None:
    """Whatever was saved since: a field is written only by who was last to see it; everything else is told."""
    base: Fields = {"reason": ["0"]}
    now, replaced = dict(base), list[Before]()
    for version, (window, fields) in enumerate(changes, 2):
        for name, value in fields.items():
            if now.get(name, []) != value:
                replaced.insert(0, Before(name, now.get(name, []), version, window, AT, window))
                now[name] = value
    now = {name: value for name, value in now.items() if value}
    assert rolled_back(now, replaced) == base
    merge = merged(now, replaced, mine, "a")
    others = {one.field for one in replaced if one.window != "a"}
    assert not set(merge.changed) & others
    told = {one.field for one in merge.taken} | {one.field for one in merge.clashes}
    for name in NAMES:
        after, typed = merge.fields.get(name, []), mine.get(name)
        assert after in (now.get(name, []), typed)
        if typed is not None and after != typed:  # not taken: a clash, or what was read and not changed
            assert name in told
        if typed is None and now.get(name, []) != base.get(name, []) and name in others:
            assert name in told
