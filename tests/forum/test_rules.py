"""Quorum, deviations, what each decision needs, and who may lock."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controls.forum import impartiality, rules
from controls.forum.impartiality import Told
from controls.forum.rules import Attendance, DecisionValues, Made
from controls.forum.words import Decided, Function, MeetingForm, Ruling, State
from controls.recommendation.words import DeferCode, Recommended
from controls.wheel.words import State as CycleState

CHAIR, MEMBER, SECRETARY = Function.CHAIR, Function.MEMBER, Function.SECRETARY
FULL = [
    Attendance(1, CHAIR, True),
    Attendance(2, MEMBER, True),
    Attendance(3, MEMBER, True),
    Attendance(4, SECRETARY, True),
]


def codes(reasons: list[rules.Reason]) -> list[str]:
    return [reason.code.removeprefix("forum.") for reason in reasons]


@pytest.mark.parametrize(
    ("people", "figures", "reached"),
    [
        (FULL, (3, 3, 2), True),
        ([], (0, 0, 0), False),
        ([Attendance(1, CHAIR, True), Attendance(2, MEMBER, False), Attendance(3, MEMBER, False)], (3, 1, 2), False),
        ([Attendance(1, CHAIR, True), Attendance(2, MEMBER, False)], (2, 1, 1), True),
        ([Attendance(1, CHAIR, True), Attendance(2, MEMBER, True, 3), Attendance(3, MEMBER, False)], (3, 3, 2), True),
        ([Attendance(1, CHAIR, True), Attendance(4, SECRETARY, True)], (1, 1, 1), True),
    ],
)
def test_quorum(people: list[Attendance], figures: tuple[int, int, int], reached: bool) -> None:
    found = rules.quorum(people)
    assert (found.seats, found.present, found.needed) == figures and found.reached is reached


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_less_than_half_is_never_quorate(there: list[bool]) -> None:
    people = [Attendance(n, CHAIR if n == 0 else MEMBER, present) for n, present in enumerate(there)]
    assert rules.quorum(people).reached == (2 * sum(there) >= len(there))


@pytest.mark.parametrize(
    ("people", "why"),
    [
        (FULL, []),
        (FULL[1:], ["no_chair"]),
        ([*FULL, Attendance(5, CHAIR, True)], ["no_chair"]),
        ([*FULL, Attendance(2, MEMBER, True)], ["twice"]),
        ([FULL[0], Attendance(2, MEMBER, True, 3), Attendance(3, MEMBER, False)], []),
        ([FULL[0], Attendance(2, MEMBER, False, 3), Attendance(3, MEMBER, False)], ["stand_in_absent"]),
        ([FULL[0], Attendance(2, MEMBER, True, 3), Attendance(3, MEMBER, True)], ["stood_in_present"]),
        ([FULL[0], Attendance(2, MEMBER, True, 9)], ["stand_in_unknown"]),
        ([FULL[0], Attendance(2, MEMBER, True, 2)], ["stand_in_unknown"]),
        ([FULL[0], Attendance(2, MEMBER, True, 4), Attendance(4, SECRETARY, False)], ["stand_in_unknown"]),
    ],
)
def test_presence(people: list[Attendance], why: list[str]) -> None:
    assert codes(rules.why_not_presence(people)) == why


REVIEW, NOT, DEFER = Recommended.REVIEW, Recommended.NOT, Recommended.DEFER
CHOSEN, CONDITION, DROPPED, DEFERRED = Decided


@pytest.mark.parametrize(
    ("recommended", "values", "why"),
    [
        (REVIEW, DecisionValues(1, CHOSEN), []),
        (REVIEW, DecisionValues(1, DROPPED), ["reason_deviation"]),
        (REVIEW, DecisionValues(1, DROPPED, reason="  "), ["reason_deviation"]),
        (REVIEW, DecisionValues(1, DROPPED, reason="Lav risiko."), []),
        (REVIEW, DecisionValues(1, CONDITION), ["condition", "condition_owner", "condition_due"]),
        (REVIEW, DecisionValues(1, CONDITION, condition="a", condition_owner_id=1, condition_due=date(2026, 9, 1)), []),
        (REVIEW, DecisionValues(1, DEFERRED), ["reason_deviation", "defer_code", "defer_to", "defer_measure"]),
        (
            DEFER,
            DecisionValues(1, DEFERRED, deferred_to=2027, defer_code=DeferCode.CAPACITY, compensating_measure="x"),
            [],
        ),
        (
            DEFER,
            DecisionValues(1, DEFERRED, deferred_to=2026, defer_code=DeferCode.CAPACITY, compensating_measure="x"),
            ["defer_to"],
        ),
        (DEFER, DecisionValues(1, CHOSEN), ["reason_deviation"]),
        (NOT, DecisionValues(1, CHOSEN), ["reason_added"]),
        (NOT, DecisionValues(1, CHOSEN, reason="Ny lov."), []),
        (NOT, DecisionValues(1, DROPPED, reason="Nej."), ["add_only_chosen"]),
        (REVIEW, DecisionValues(1, CHOSEN, review_year=2029), ["review_year"]),
        (REVIEW, DecisionValues(1, CHOSEN, votes_for=3, votes_against=2), ["too_many_votes"]),
        (REVIEW, DecisionValues(1, CHOSEN, votes_for=3, votes_against=1, votes_abstain=0), []),
    ],
)
def test_a_decision(recommended: Recommended, values: DecisionValues, why: list[str]) -> None:
    assert codes(rules.why_not_decide(State.DRAFT, values, recommended, 2026, 4, supplementary=False)) == why


def test_a_supplementary_decision_refers_and_says_why() -> None:
    bare = DecisionValues(1, CHOSEN)
    assert codes(rules.why_not_decide(State.DRAFT, bare, REVIEW, 2026, 4, supplementary=True)) == [
        "replaces",
        "reason_supplement",
    ]


@given(st.sampled_from(list(Recommended)), st.sampled_from(list(Decided)), st.text(max_size=5))
def test_a_deviation_is_never_without_reason(recommended: Recommended, decided: Decided, reason: str) -> None:
    found = rules.why_not_decide(
        State.DRAFT, DecisionValues(1, decided, reason), recommended, 2026, 4, supplementary=False
    )
    if not found and rules.deviates(recommended, decided):
        assert reason.strip()


@pytest.mark.parametrize("state", list(State))
def test_only_before_the_chair_has_it(state: State) -> None:
    assert (rules.why_not_change(state) == []) == (state in (State.ANNOUNCED, State.DRAFT))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (0, []),
        (1, ["There is no decision on KRE-1.1 yet."]),
        (3, ["3 lines have no decision yet: KRE-1.1, KRE-1.2, KRE-1.3."]),
        (28, ["28 lines have no decision yet: KRE-1.1, KRE-1.2, KRE-1.3, …"]),
    ],
)
def test_lines_without_a_decision_are_told_in_one_sentence(lines: int, told: list[str]) -> None:
    assert [str(reason) for reason in rules.why_undecided([f"KRE-1.{n + 1}" for n in range(lines)])] == told


def test_sending() -> None:
    def why(**other: object) -> list[str]:
        facts = {
            "state": State.DRAFT,
            "form": MeetingForm.MEETING,
            "held_on": date(2026, 6, 12),
            "today": date(2026, 6, 12),
            "people": FULL,
            "undecided": [],
            "decisions": 3,
            **other,
        }
        return codes(rules.why_not_send(**facts))  # type: ignore[arg-type]

    assert why() == []
    assert why(today=date(2026, 6, 11)) == ["not_held"]
    assert why(today=date(2026, 6, 11), form=MeetingForm.WRITTEN) == []
    assert why(undecided=["KRE-1.1"]) == ["undecided"]
    assert why(undecided=["KRE-1.1", "KRE-1.2"]) == ["undecided"]
    assert why(decisions=0) == ["nothing_decided"]
    assert why(people=FULL[1:]) == ["chair_absent"]
    assert why(people=[Attendance(1, CHAIR, True), *(Attendance(n, MEMBER, False) for n in (2, 3))]) == ["not_quorate"]
    assert why(state=State.LOCKED) == ["wrong_state"]


@pytest.mark.parametrize(
    ("state", "acting", "why"),
    [(State.WITH_CHAIR, 1, []), (State.WITH_CHAIR, 2, ["another_chair"]), (State.DRAFT, 1, ["wrong_state"])],
)
def test_locking(state: State, acting: int, why: list[str]) -> None:
    assert codes(rules.why_not_lock(state, acting, 1, "Hanne")) == why


def test_returning_needs_a_comment() -> None:
    assert codes(rules.why_not_return(State.WITH_CHAIR, " ")) == ["comment"]
    assert rules.why_not_return(State.WITH_CHAIR, "Ret navnet.") == []


def test_announcing() -> None:
    assert rules.why_not_announce(CycleState.RECOMMENDED, True, False, 2026) == []
    assert codes(rules.why_not_announce(CycleState.RECOMMENDED, True, True, 2026)) == ["already"]
    assert codes(rules.why_not_announce(CycleState.CALIBRATING, False, False, 2026)) == ["nothing_handed_over"]
    assert rules.why_not_announce(CycleState.REVIEWING, False, False, 2026) == []


def test_numbers_and_summary() -> None:
    assert rules.numbers(2026, 0, 2) == ["B-2026-01", "B-2026-02"] and rules.numbers(2026, 99, 1) == ["B-2026-100"]
    made = [
        Made(REVIEW, CHOSEN, 2026, 40),
        Made(REVIEW, DROPPED, 2026, 30),
        Made(NOT, CHOSEN, 2026, 20),
        Made(REVIEW, CONDITION, 2027, 15),
        Made(DEFER, DEFERRED, 2026, 15),
    ]
    found = rules.summary(made, 2026)
    assert found == rules.Summary(
        proposed=3, agreed=2, added=1, deferred=1, conditions=1, deviations=2, chosen=3, hours=60
    )
    assert rules.reading_minutes(["ord " * 201]) == 2 and rules.reading_minutes([]) == 1


def test_the_disqualified_has_neither_seat_nor_presence_on_a_line() -> None:
    found = rules.quorum(FULL, {2})
    assert (found.seats, found.present, found.needed) == (2, 2, 1)
    stood_for = [FULL[0], Attendance(2, MEMBER, True, 3), Attendance(3, MEMBER, False)]
    assert rules.quorum(stood_for, {2}) == rules.Quorum(2, 1, 1)
    assert rules.quorum(stood_for, {2, 1}) == rules.Quorum(1, 0, 1)


def test_nobody_rules_on_himself_or_on_whom_he_stands_in_for() -> None:
    people = [FULL[0], Attendance(2, MEMBER, True, 3), Attendance(3, MEMBER, False), FULL[3]]
    assert impartiality.judges(people, 1) == [2]
    assert impartiality.judges(people, 2) == [1]
    assert impartiality.judges(people, 3) == [1]


@pytest.mark.parametrize(
    ("state", "member", "text", "ruled", "why"),
    [
        (State.ANNOUNCED, 2, "Min ægtefælle.", False, []),
        (State.WITH_CHAIR, 1, "Min ægtefælle.", False, []),
        (State.LOCKED, 2, "Min ægtefælle.", False, ["wrong_state"]),
        (State.DRAFT, 4, "Min ægtefælle.", False, ["not_seated"]),
        (State.DRAFT, None, "Min ægtefælle.", False, ["not_seated"]),
        (State.DRAFT, 2, " x ", False, ["circumstance"]),
        (State.DRAFT, 2, "Min ægtefælle.", True, ["already_ruled"]),
    ],
)
def test_who_may_tell(state: State, member: int | None, text: str, ruled: bool, why: list[str]) -> None:
    assert codes(impartiality.why_not_declare(state, FULL, member, text, ruled)) == why


@pytest.mark.parametrize(
    ("state", "ruled_by", "why"),
    [
        (State.DRAFT, {1, 3}, []),
        (State.ANNOUNCED, {1}, []),
        (State.WITH_CHAIR, {1}, ["wrong_state"]),
        (State.DRAFT, set(), ["nobody_ruled"]),
        (State.DRAFT, {1, 2}, ["not_a_judge"]),
        (State.DRAFT, {4}, ["not_a_judge"]),
    ],
)
def test_who_may_rule(state: State, ruled_by: set[int], why: list[str]) -> None:
    assert codes(impartiality.why_not_rule(state, FULL, 2, ruled_by)) == why


def test_what_waits_for_a_ruling() -> None:
    told = Told(9, 2, "KRE-1.1", "Per")
    ruled = replace(told, ruling=Ruling.RULED_IMPARTIAL, ruled_by=frozenset({1, 3}))
    assert codes(impartiality.why_unruled(FULL, [told, ruled])) == ["unruled"]
    without_third = [*FULL[:2], Attendance(3, MEMBER, False)]
    assert codes(impartiality.why_unruled(without_third, [ruled])) == ["unruled"]
    assert impartiality.took_part(FULL, 2, Ruling.RULED_IMPARTIAL)
    assert not impartiality.took_part(FULL, 2, Ruling.DISQUALIFIED)
    assert not impartiality.took_part(without_third, 3, Ruling.RULED_IMPARTIAL)


def test_a_line_is_quorate_without_the_disqualified() -> None:
    out = [Told(9, person, "KRE-1.1", "", Ruling.DISQUALIFIED, frozenset({3})) for person in (1, 2)]
    assert impartiality.why_not_quorate(FULL, out, []) == []
    absent = [*FULL[:2], Attendance(3, MEMBER, False)]
    assert codes(impartiality.why_not_quorate(absent, out, [])) == ["line_not_quorate"]
    assert codes(impartiality.why_not_quorate(FULL, out, [(9, 2)])) == ["too_many_votes"]
    assert impartiality.why_not_quorate(FULL, out, [(8, 2), (9, 1)]) == []
    assert impartiality.ids(impartiality.listed({7, 3})) == {3, 7} and impartiality.listed({7, 3}) == ";3;7;"
