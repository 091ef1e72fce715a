"""Rules of reviews: the table of steps, what is missing, four eyes, the hearing, the matrix and coverage."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controls.review import rules
from controls.review.rules import PartState, Standing
from controls.review.words import Assertion, DesignOutcome, Outcome, State
from controls.rotation.words import Degree

OK, NOT = DesignOutcome.APPROPRIATE, DesignOutcome.NOT
FULL = Standing(
    scope=True, declared=True, walkthrough=True, risks=1, keys=[rules.Tested("K1", OK, False, Outcome.EFFECTIVE)],
    key_controls_reason="", concluded=True, heard=True, quality_reviewed=True, finished=False,
)  # fmt: skip
NOTHING = Standing(False, False, False, 0, [], "", False, False, False, False)


def test_steps_lead_from_choice_to_archive() -> None:
    path = ["plan", "start", "conclude", "hear", "approve", "archive"]
    state = State.CHOSEN
    for verb in path:
        state = rules.STEPS[(state, verb)]
    assert state is State.ARCHIVED
    assert not [verb for found, verb in rules.STEPS if found in (State.ARCHIVED, State.DEFERRED)]


@pytest.mark.parametrize("state", list(State))
def test_only_a_review_in_hearing_is_approved(state: State) -> None:
    codes = [why.code for why in rules.why_not(state, "approve")]
    assert codes == ([] if state is State.IN_HEARING else ["wrong_state"])


def test_what_a_draft_needs() -> None:
    codes = [why.code for why in rules.why_not_conclude(NOTHING)]
    assert codes == ["review.no_scope", "review.no_declaration", "review.no_walkthrough", "review.no_risk",
                     "review.key_controls"]  # fmt: skip
    assert rules.why_not_conclude(FULL) == []


@pytest.mark.parametrize(("number", "asks"), [(0, True), (1, False), (2, False), (5, False), (6, False), (7, True)])
def test_the_number_of_key_controls(number: int, asks: bool) -> None:
    assert rules.asks_reason(number) is asks


@pytest.mark.parametrize(
    ("until", "codes"),
    [(date(2026, 6, 16), ["review.hearing_short"]), (date(2026, 6, 17), []), (date(2026, 7, 1), [])],
)
def test_ten_working_days_skip_constitution_day(until: date, codes: list[str]) -> None:
    assert [why.code for why in rules.why_not_hear(True, date(2026, 6, 2), until)] == codes


def test_approval_waits_for_the_owner_until_the_hearing_ends() -> None:
    silent = Standing(**{**FULL.__dict__, "heard": False})
    last = date(2026, 6, 17)
    assert [why.code for why in rules.why_not_approve(silent, last, last)] == ["review.not_heard"]
    assert rules.why_not_approve(silent, last, date(2026, 6, 18)) == []


@pytest.mark.parametrize(
    ("keys", "design", "operating", "degree"),
    [
        ({1, 2}, {1: OK, 2: OK}, {1: Outcome.EFFECTIVE, 2: Outcome.NOT}, Degree.FULL),
        ({1, 2}, {1: OK, 2: NOT}, {1: Outcome.PARTLY}, Degree.FULL),
        ({1, 2}, {1: OK, 2: OK}, {1: Outcome.EFFECTIVE}, Degree.PARTIAL),
        ({1, 2}, {1: OK, 2: OK}, {1: Outcome.EFFECTIVE, 2: None}, Degree.PARTIAL),
        ({1, 2}, {1: OK, 2: OK}, {1: Outcome.EFFECTIVE, 2: Outcome.CANNOT_CONCLUDE}, Degree.PARTIAL),
        ({1, 2}, {1: OK}, {1: Outcome.EFFECTIVE}, Degree.PARTIAL),
        ({1}, {}, {}, Degree.NONE),
        (set(), {}, {}, Degree.NONE),
        (set(), {5: OK}, {5: Outcome.EFFECTIVE}, Degree.PARTIAL),
    ],
)  # fmt: skip
def test_how_far_a_review_covers(
    keys: set[int], design: dict[int, DesignOutcome], operating: dict[int, Outcome | None], degree: Degree
) -> None:
    assert rules.degree(keys, design, operating) is degree


@given(st.sets(st.integers(1, 6)), st.sets(st.integers(1, 6)), st.sets(st.integers(1, 6)))
def test_full_only_when_all_is_tested(keys: set[int], designed: set[int], operated: set[int]) -> None:
    found = rules.degree(keys, dict.fromkeys(designed, OK), dict.fromkeys(operated, Outcome.EFFECTIVE))
    assert (found is Degree.FULL) == (bool(keys) and keys <= designed and keys <= operated)


def test_the_matrix() -> None:
    links = [(1, 10), (1, 11)]
    assert rules.uncovered([1, 2], links) == [2] and rules.idle([10, 11, 12], links) == [12]


def test_numbers_are_never_used_again() -> None:
    taken = ["KRE-1.1-R1", "KRE-1.1-R9", "KRE-1.10-R12", "KRE-1.1-K3"]
    assert rules.next_number("KRE-1.1", "R", taken) == "KRE-1.1-R10"
    assert rules.review_number(2026, ["G-2026-01", "G-2026-11", "G-2025-40"]) == "G-2026-12"
    assert rules.review_number(2026, []) == "G-2026-01"


def test_the_reviewer_is_another() -> None:
    assert [why.field for why in rules.why_not_plan(rules.Plan(1, 2, 2), {1, 2}, {2})] == ["quality_reviewer_id"]
    assert rules.why_not_plan(rules.Plan(1, 1, 2), {1}, {2}) == []
    assert [why.code for why in rules.why_not_plan(rules.Plan(1, 2, 3), {1, 2}, {3}, [3])] == ["sod_conflict"]
    assert [why.code for why in rules.why_not_plan(rules.Plan(1, 2, 9), {1, 2}, {2})] == ["review.unknown_person"]
    assert [why.code for why in rules.why_not_plan(rules.Plan(1, 2, 3), {1, 2}, {3}, roots={1: 1, 2: 2, 3: 2})] == [
        "sod_conflict"
    ]
    nobody = rules.why_not_plan(rules.Plan(1, 2, 3), (), ())
    assert [why.field for why in nobody] == ["lead_id", "tester_id", "quality_reviewer_id"]
    assert rules.why_not_plan(rules.Plan(1, 2, 3), {1}, {3}, (), {("tester_id", 2)}) == []
    assert [why.field for why in rules.why_not_plan(rules.Plan(1, 2, 3), {1}, {3}, (), {("lead_id", 2)})] == [
        "tester_id"
    ]


def test_parts_of_the_task_list() -> None:
    fresh = rules.parts(NOTHING)
    assert {part.state for part in fresh.values()} == {PartState.NOT_STARTED}
    done = rules.parts(Standing(**{**FULL.__dict__, "finished": True}))
    assert {part.state for part in done.values()} == {PartState.DONE}
    weak = rules.parts(Standing(**{**FULL.__dict__, "keys": [rules.Tested("K1", NOT, False, None)]}))
    assert weak[5].state is PartState.NOT_NEEDED
    changed = rules.parts(Standing(**{**FULL.__dict__, "keys": [rules.Tested("K1", OK, True, None)]}))
    assert [why.code for why in changed[4].missing] == ["review.control_changed"]


def test_assertions_keep_their_order() -> None:
    assert rules.joined([Assertion.ACCURACY, Assertion.COMPLETENESS]) == "FUL;NOJ"
    assert rules.split("NOJ;FUL;XXX") == [Assertion.COMPLETENESS, Assertion.ACCURACY] and rules.split("") == []
