"""Scores, bands, and every refusal of the form."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controls.assessment import rules, scales
from controls.assessment.rules import Answers, Before, LineAnswers, Scores
from controls.assessment.words import Certainty, Change, Copied, Direction, Proposal, State
from controls.wheel.words import State as Phase

#        impact: 1    2    3    4    5
TABLE = {
    5: ("M 5", "E 10", "H 15", "H 20", "H 25"),
    4: ("L 4", "M 8", "E 12", "H 16", "H 20"),
    3: ("L 3", "M 6", "M 9", "E 12", "H 15"),
    2: ("L 2", "L 4", "M 6", "M 8", "E 10"),
    1: ("L 1", "L 2", "L 3", "L 4", "E 5"),
}
WHY = "Ny betalingsløsning fra februar, som vi mangler erfaring med."
GOOD = Answers(
    Scores(3, 4, 4, 3, 4), False, "", Direction.UNCHANGED, (), Certainty.FAIR, Proposal.NO, WHY,
)  # fmt: skip
NOTHING = Before()
SCORES = st.builds(Scores, *[st.integers(1, 5)] * 5)


@pytest.mark.parametrize("likelihood", range(1, 6))
@pytest.mark.parametrize("impact", range(1, 6))
def test_bands(likelihood: int, impact: int) -> None:
    letter, product = TABLE[likelihood][impact - 1].split()
    level, _after = rules.levels(Scores(likelihood, impact, 3, 1, 1), scales.STANDARD)
    assert level.band is not None and (level.band.label[0], level.product) == (letter, int(product))
    assert level.raised == (likelihood == 1 and impact == 5)


@given(SCORES)
def test_scores_are_read_back(scores: Scores) -> None:
    assert Scores.read(scores.text()) == scores and Scores.of(scores) == scores


def test_scores_half_chosen() -> None:
    half = Scores(inherent_likelihood=3)
    assert (half.text(), half.inherent, half.complete) == ("", None, False)
    nothing = rules.Levels()
    assert rules.levels(half, scales.STANDARD) == rules.levels(Scores(0, 5, 1, 9, 9), scales.STANDARD) == nothing
    assert Scores.read("") == Scores()


def fields(answers: Answers, before: Before = NOTHING) -> list[tuple[str, str]]:
    return [(reason.code.split(".")[1], reason.field) for reason in rules.why_not_answers(answers, before)]


def test_a_full_form_goes_in() -> None:
    assert fields(GOOD) == []
    assert rules.why_not_submit(State.NOT_STARTED, Phase.ASSESSING, 2026, GOOD, NOTHING) == []


def test_an_empty_form_names_every_question() -> None:
    empty = Answers(Scores())
    assert fields(empty) == [
        ("step_missing", "inherent_likelihood"), ("step_missing", "inherent_impact"), ("step_missing", "control_level"),
        ("step_missing", "residual_likelihood"), ("step_missing", "residual_impact"),
        ("choice_missing", "change_direction"), ("choice_missing", "fraud"), ("choice_missing", "certainty"),
        ("choice_missing", "propose_review"), ("reason_short", "reason"),
    ]  # fmt: skip


UNCHANGED = replace(GOOD, change_kinds=(Change.SYSTEM,))
LAST = Before(GOOD.scores)


@pytest.mark.parametrize(
    ("answers", "before", "expected"),
    [
        (replace(GOOD, scores=replace(GOOD.scores, control_level=6)), NOTHING, [("step_range", "control_level")]),
        (replace(GOOD, reason="x" * 19), NOTHING, [("reason_short", "reason")]),
        (replace(GOOD, reason="x" * 20), NOTHING, []),
        (replace(GOOD, reason="x" * 1000), NOTHING, []),
        (replace(GOOD, reason="x" * 1001), NOTHING, [("reason_long", "reason")]),
        (replace(GOOD, fraud=True), NOTHING, [("fraud_why", "fraud_reason")]),
        (replace(GOOD, fraud=True, fraud_reason=WHY), NOTHING, []),
        (GOOD, Before(replace(GOOD.scores, control_level=2)), [("step_why", "reason_step")]),
        (GOOD, Before(replace(GOOD.scores, control_level=3)), []),
        (replace(GOOD, reason_step=WHY), Before(replace(GOOD.scores, control_level=2)), []),
        (replace(GOOD, scores=Scores(3, 4, 4, 2, 4)), NOTHING, [("key_control_why", "reason_no_key_control")]),
        (replace(GOOD, scores=Scores(3, 4, 4, 2, 4)), Before(key_control=True), []),
        (replace(GOOD, scores=Scores(3, 4, 4, 2, 4), reason_no_key_control=WHY), NOTHING, []),
        (UNCHANGED, LAST, [("unchanged_why", "reason_unchanged")]),
        (UNCHANGED, Before(Scores(3, 3, 4, 3, 4)), []),
        (UNCHANGED, NOTHING, []),
        (replace(UNCHANGED, reason_unchanged=WHY), LAST, []),
        (replace(GOOD, copied=(Copied.CONTROL_LEVEL,)), LAST, [("copied_why", "reason_unchanged")]),
        (replace(GOOD, copied=(Copied.FRAUD,), reason_unchanged=WHY), replace(LAST, fraud=False), []),
        (replace(GOOD, copied=(Copied.FRAUD,)), replace(LAST, fraud=True), []),
        (replace(GOOD, copied=tuple(Copied)), NOTHING, []),
    ],
)
def test_reasons_of_their_own(answers: Answers, before: Before, expected: list[tuple[str, str]]) -> None:
    assert fields(answers, before) == expected


def test_what_is_asked_is_what_is_refused() -> None:
    asked = replace(GOOD, scores=Scores(3, 4, 4, 1, 1), fraud=True, copied=tuple(Copied))
    before = Before(Scores(1, 1, 1, 1, 1))
    wanted = {"reason_step", "reason_no_key_control", "reason_unchanged", "fraud_reason"}
    assert rules.asked(asked, before) == wanted
    assert wanted <= {field for _, field in fields(asked, before)}


def test_lines_with_own_scores() -> None:
    own = replace(GOOD, lines={7: LineAnswers(Scores(1, 1, None, 1, 1)), 8: LineAnswers(Scores(5, 4, 4, 3, 4), WHY)})
    before = Before(lines={8: Scores(3, 4, 4, 3, 4)})
    assert fields(own, before) == [
        ("step_missing", "line-7-control_level"), ("line_why", "line-7-reason"), ("step_why", "line-8-reason_step"),
    ]  # fmt: skip
    assert "line-8-reason_step" in rules.asked(own, before)


@pytest.mark.parametrize("level", range(1, 6))
@pytest.mark.parametrize("differs", [False, True])
def test_the_risk_after_controls_follows_unless_asked_for(level: int, differs: bool) -> None:
    bare = Scores(3, 4, level)
    asked = differs or level >= 4
    assert rules.asks_residual(level, differs) == asked
    assert rules.followed(bare, differs) == (bare if asked else Scores(3, 4, level, 3, 4))
    assert rules.follows(Scores(3, 4, level, 3, 4), differs) == (not asked)
    for answered in (Scores(3, 4, level, 2), Scores(3, 4, level, 2, 2), Scores(3, 4)):
        assert rules.followed(answered, differs) == answered and not rules.follows(answered, differs)


def test_what_is_still_copied() -> None:
    """An answer that was changed after it was copied is no copy, and a line is one only whole."""
    last = Before(Scores(3, 4, 4, 3, 4), {7: Scores(1, 1, 1, 1, 1)}, fraud=False)
    everything = replace(GOOD, copied=tuple(Copied), lines={7: LineAnswers(Scores(1, 1, 1, 1, 1), WHY)})
    assert rules.still_copied(everything, last) == tuple(Copied)
    other = replace(everything, scores=Scores(3, 5, 4, 3, 4), fraud=True, lines={7: LineAnswers(Scores(1, 1, 1, 1, 2))})
    left = set(Copied) - {Copied.INHERENT_IMPACT, Copied.FRAUD, Copied.LINES}
    assert set(rules.still_copied(other, last)) == left
    assert rules.still_copied(replace(other, copied=()), last) == ()


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("phase", list(Phase))
def test_who_may_act_when(state: State, phase: Phase) -> None:
    is_open, calibrating = phase in (Phase.ASSESSING, Phase.CALIBRATING), phase is Phase.CALIBRATING
    editable = state in (State.NOT_STARTED, State.DRAFT, State.RETURNED)
    waits = state in (State.SUBMITTED, State.CALIBRATED)
    assert (not rules.why_not_fill(state, phase, 2026)) == (is_open and editable)
    assert (not rules.why_not_take_back(state, phase, 2026, 1, 1)) == (is_open and state is State.SUBMITTED)
    assert (not rules.why_not_return(state, phase, 2026, WHY)) == (is_open and waits)
    assert (not rules.why_not_object(state, phase, 2026, WHY)) == (is_open and waits)
    same = GOOD.scores
    assert (not rules.why_not_calibrate(state, phase, 2026, same, None, "")) == (calibrating and waits)
    assert (not rules.why_not_approve(state, phase, 2026)) == (calibrating and state is State.CALIBRATED)


def codes(reasons: list[rules.Reason]) -> list[str]:
    return [reason.code.split(".")[-1] for reason in reasons]


def test_calibration() -> None:
    ask = (State.SUBMITTED, Phase.CALIBRATING, 2026, GOOD.scores)
    other = replace(GOOD.scores, inherent_impact=5)
    assert codes(rules.why_not_calibrate(*ask, GOOD.scores, "")) == []
    assert codes(rules.why_not_calibrate(*ask, other, "")) == ["change_why"]
    assert codes(rules.why_not_calibrate(*ask, other, WHY)) == []
    assert codes(rules.why_not_calibrate(*ask, replace(other, control_level=None), WHY)) == ["step_missing"]


def test_comments_and_the_author() -> None:
    assert codes(rules.why_not_return(State.SUBMITTED, Phase.CALIBRATING, 2026, "kort")) == ["comment_short"]
    assert codes(rules.why_not_object(State.SUBMITTED, Phase.CALIBRATING, 2026, "")) == ["comment_short"]
    assert codes(rules.why_not_take_back(State.SUBMITTED, Phase.ASSESSING, 2026, 2, 1)) == ["not_the_author"]


def test_the_list_of_assessors() -> None:
    assert rules.with_id(rules.with_id("", 3), 7) == ";3;7;" == rules.with_id(";3;7;", 7)
    assert rules.with_id(";3;", None) == ";3;" and rules.ids("") == []


@given(st.lists(st.sampled_from(["submit", "take_back", "return", "calibrate", "approve", "lock"]), max_size=30))
def test_a_legal_step_never_skips_one(verbs: list[str]) -> None:
    """However one walks, nothing is locked before approved, approved before calibrated, calibrated before submitted."""
    state, seen = State.NOT_STARTED, [State.NOT_STARTED]
    for verb in verbs:
        state = rules.STEPS.get((state, verb), state)
        seen.append(state)
    needs = [(State.CALIBRATED, State.SUBMITTED), (State.APPROVED, State.CALIBRATED), (State.LOCKED, State.APPROVED)]
    for later, earlier in needs:
        if later in seen:
            assert earlier in seen[: seen.index(later)]
