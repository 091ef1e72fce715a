"""Scores, bands, and what a form needs at each step from not started to locked.

not_started → draft → submitted → returned | calibrated → approved → locked; what is approved or locked is returned
when two persons reopen it
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import NamedTuple

from controls.assessment.scales import FIGURES, LABELS, NAMES, STANDARD, Scales, band, raised, score
from controls.assessment.words import Band, Certainty, Change, Copied, Direction, Proposal, State
from controls.base.why import N_, WRONG_STATE, Reason, Why
from controls.wheel.words import State as Phase

SHORT_LEAST = 10
"""How long the small reasons and comments are at least; that of the form's own reason belongs to the year."""
GOOD_CONTROL = 4
"""From this control level on it is asked what the controls do."""

STEPS: dict[tuple[State, str], State] = {
    (State.NOT_STARTED, "submit"): State.SUBMITTED,
    (State.DRAFT, "submit"): State.SUBMITTED,
    (State.RETURNED, "submit"): State.SUBMITTED,
    (State.SUBMITTED, "take_back"): State.DRAFT,
    (State.SUBMITTED, "return"): State.RETURNED,
    (State.CALIBRATED, "return"): State.RETURNED,
    (State.SUBMITTED, "calibrate"): State.CALIBRATED,
    (State.CALIBRATED, "calibrate"): State.CALIBRATED,
    (State.CALIBRATED, "undo"): State.SUBMITTED,
    (State.CALIBRATED, "approve"): State.APPROVED,
    (State.APPROVED, "lock"): State.LOCKED,
    (State.APPROVED, "reopen"): State.RETURNED,
    (State.LOCKED, "reopen"): State.RETURNED,
}
OPEN = frozenset({Phase.ASSESSING, Phase.CALIBRATING})
DONE = frozenset({State.APPROVED, State.LOCKED})
EDITABLE = frozenset({State.NOT_STARTED, State.DRAFT, State.RETURNED})

NOT_OPEN = Why("assessment.not_open", N_("Assessments of {year} are not open for this now."), 409)
NOT_CALIBRATING = Why("assessment.not_calibrating", N_("Calibration of {year} has not begun, or it is over."), 409)
STEP_MISSING = Why("assessment.step_missing", N_("Choose a step at {question}."))
STEP_RANGE = Why("assessment.step_range", N_("The step at {question} must be 1–5."))
CHOICES_MISSING = {
    "change_direction": Why("assessment.choice_missing", N_("Choose Up, Unchanged or Down at Change since last year.")),
    "fraud": Why("assessment.choice_missing", N_("Choose Yes or No at Special risk of fraud.")),
    "certainty": Why("assessment.choice_missing", N_("Choose how certain you are.")),
    "propose_review": Why("assessment.choice_missing", N_("Choose whether it should be reviewed this year.")),
}
REASON_SHORT = Why("assessment.reason_short", N_("Write a reason of at least {min} characters. You have written {n}."))
REASON_LONG = Why("assessment.reason_long", N_("A reason may be at most {max} characters. You have written {n}."))
FRAUD_WHY = Why("assessment.fraud_why", N_("Write why there is a special risk of fraud."))
STEP_WHY = Why("assessment.step_why", N_("Write why {scales} has changed by {steps} or more steps since last year."))
KEY_CONTROL_WHY = Why(
    "assessment.key_control_why",
    N_("No key control is registered. Name the control that makes the risk lower, or say why it is lower."),
)
UNCHANGED_WHY = Why("assessment.unchanged_why", N_("Write why the scores are unchanged when a change is ticked."))
COPIED_WHY = Why("assessment.copied_why", N_("Write why the risk is unchanged since last year."))
LINE_WHY = Why("assessment.line_why", N_("Write why the sub-process has its own scores."))
COMMENT_SHORT = Why("assessment.comment_short", N_("Write a comment of at least {min} characters."))
CHANGE_WHY = Why("assessment.change_why", N_("Write why the group changes the scores."))
CHANGED_NOT_AGREED = Why(
    "assessment.changed_not_agreed",
    N_("You have changed a score. Save the changed scores, or set them back and agree."),
)
OPEN_QUESTION = Why(
    "assessment.open_question",
    N_("The author has not answered the group's question. Wait for the answer, or take the question back."), 409,
)  # fmt: skip
QUESTION_OVER = Why("assessment.question_over", N_("The question is answered or taken back already."), 409)
NOT_THE_AUTHOR = Why("assessment.not_the_author", N_("Only the person who submitted the form may take it back."), 403)


@dataclass(frozen=True)
class Scores:
    """The five answers, 1 to 5, or None where nothing is chosen."""

    inherent_likelihood: int | None = None
    inherent_impact: int | None = None
    control_level: int | None = None
    residual_likelihood: int | None = None
    residual_impact: int | None = None

    @classmethod
    def read(cls, text: str) -> "Scores":
        """Scores from five figures with spaces between."""
        figures = [int(figure) for figure in text.split()]
        return cls(*figures) if len(figures) == len(NAMES) else cls()

    @classmethod
    def of(cls, row: object) -> "Scores":
        """Scores of anything that has the five answers as attributes."""
        return cls(*(getattr(row, name) for name in NAMES))

    def text(self) -> str:
        """The five figures with spaces between; empty while one is missing."""
        return " ".join(str(figure) for figure in astuple(self)) if self.complete else ""

    @property
    def complete(self) -> bool:
        """Whether all five are chosen."""
        return None not in astuple(self)

    @property
    def inherent(self) -> int | None:
        """Likelihood × impact before controls."""
        return _product(self.inherent_likelihood, self.inherent_impact)

    @property
    def residual(self) -> int | None:
        """Likelihood × impact after controls, as assumed."""
        return _product(self.residual_likelihood, self.residual_impact)


class Level(NamedTuple):
    """Likelihood × impact: its band, the product, and whether the worst impact has raised the band."""

    band: Band | None = None
    product: int | None = None
    raised: bool = False


class Levels(NamedTuple):
    """The risk before and after controls."""

    inherent: Level = Level()
    residual: Level = Level()


def levels(scores: Scores, used: Scales) -> Levels:
    """The bands that a year's scales give."""
    return Levels(
        _level(used, scores.inherent_likelihood, scores.inherent_impact),
        _level(used, scores.residual_likelihood, scores.residual_impact),
    )


def _level(used: Scales, likelihood: int | None, impact: int | None) -> Level:
    if likelihood not in FIGURES or impact not in FIGURES:  # nothing chosen, or nonsense that the form refuses
        return Level()
    return Level(band(used, likelihood, impact), score(likelihood, impact), raised(used, likelihood, impact))


def _product(likelihood: int | None, impact: int | None) -> int | None:
    return None if likelihood is None or impact is None else score(likelihood, impact)


@dataclass(frozen=True)
class LineAnswers:
    """A sub-process's own scores and why it has them."""

    scores: Scores
    reason: str = ""
    reason_step: str = ""


@dataclass(frozen=True)
class Answers:
    """What is answered on the form; `lines` holds only the sub-processes that do not follow the process."""

    scores: Scores
    fraud: bool | None = None
    fraud_reason: str = ""
    change_direction: Direction | None = None
    change_kinds: tuple[Change, ...] = ()
    certainty: Certainty | None = None
    propose_review: Proposal | None = None
    reason: str = ""
    copied: tuple[Copied, ...] = ()
    reason_unchanged: str = ""
    reason_step: str = ""
    reason_no_key_control: str = ""
    lines: Mapping[int, LineAnswers] = field(default_factory=dict)


@dataclass(frozen=True)
class Before:
    """What the answers are held against: last year's, whether a key control exists, and the year's own rules."""

    scores: Scores | None = None
    lines: Mapping[int, Scores] = field(default_factory=dict)
    key_control: bool = False
    used: Scales = STANDARD
    fraud: bool | None = None


def line_field(subprocess_id: int, name: str) -> str:
    """The field of a sub-process's line on the form."""
    return f"line-{subprocess_id}-{name}"


def is_text(name: str) -> bool:
    """Whether a field of the form is a text that somebody writes."""
    return "reason" in name


def asks_residual(control_level: int | None, differs: bool) -> bool:
    """Whether the risk after controls is asked for: controls are good or full, or a sub-process differs."""
    return differs or (control_level is not None and control_level >= GOOD_CONTROL)


def followed(scores: Scores, differs: bool) -> Scores:
    """Where the risk after controls is not asked for and not answered, it is the risk before controls.

    Controls that are none, few or partial are not reckoned with; who thinks that they help says so himself.
    """
    answered = scores.residual_likelihood is not None or scores.residual_impact is not None
    if scores.control_level is None or answered or asks_residual(scores.control_level, differs):
        return scores
    return replace(scores, residual_likelihood=scores.inherent_likelihood, residual_impact=scores.inherent_impact)


def follows(scores: Scores, differs: bool) -> bool:
    """Whether the risk after controls is what it would be if nobody had answered it."""
    bare = replace(scores, residual_likelihood=None, residual_impact=None)
    return scores.complete and followed(bare, differs) == scores


def still_copied(answers: Answers, before: Before) -> tuple[Copied, ...]:
    """The copied answers that are still last year's when the form is submitted."""
    last = before.scores
    if last is None:
        return ()
    own = {id: line.scores for id, line in answers.lines.items()}
    same = {Copied(name) for name in NAMES if getattr(answers.scores, name) == getattr(last, name)}
    same |= {Copied.FRAUD} if answers.fraud == before.fraud else set()
    same |= {Copied.LINES} if own and all(before.lines.get(id) == scores for id, scores in own.items()) else set()
    return tuple(answer for answer in Copied if answer in answers.copied and answer in same)


def leaps(now: Scores, last: Scores | None, used: Scales) -> list[str]:
    """Scales that moved so many steps since last year that a reason is asked for."""
    if last is None:
        return []
    pairs = zip(NAMES, astuple(now), astuple(last), strict=True)
    return [name for name, a, b in pairs if a is not None and b is not None and abs(a - b) >= used.leap_steps]


def lowered(scores: Scores) -> bool:
    """Whether the risk after controls is said to be lower than before."""
    return scores.inherent is not None and scores.residual is not None and scores.residual < scores.inherent


def _empty(text: str, least: int = SHORT_LEAST) -> bool:
    return len(text.strip()) < least


def _steps(scores: Scores, prefix: str = "") -> list[Reason]:
    reasons = []
    for name, value in zip(NAMES, astuple(scores), strict=True):
        if value is None:
            reasons.append(STEP_MISSING(prefix + name, question=LABELS[name]))
        elif not 1 <= value <= 5:
            reasons.append(STEP_RANGE(prefix + name, question=LABELS[name]))
    return reasons


def why_not_answers(answers: Answers, before: Before) -> list[Reason]:
    """All questions answered, and a reason of its own for each answer that asks for one."""
    reasons = _steps(answers.scores)
    reasons += [why(name) for name, why in CHOICES_MISSING.items() if getattr(answers, name) is None]
    length, least, most = len(answers.reason.strip()), before.used.reason_least, before.used.reason_most
    if length < least:
        reasons.append(REASON_SHORT("reason", min=least, n=length))
    elif length > most:
        reasons.append(REASON_LONG("reason", max=most, n=length))
    return reasons + _own_reasons(answers, before) + _lines(answers, before)


def asked(answers: Answers, before: Before) -> set[str]:
    """The reasons of their own that the answers ask for, by field."""
    wanted, used = set(), before.used
    if leaps(answers.scores, before.scores, used):
        wanted.add("reason_step")
    if used.ask_no_key_control and lowered(answers.scores) and not before.key_control:
        wanted.add("reason_no_key_control")
    same = before.scores is not None and answers.scores == before.scores
    if (used.ask_copied and still_copied(answers, before)) or (answers.change_kinds and same and used.ask_unchanged):
        wanted.add("reason_unchanged")
    if answers.fraud and used.ask_fraud:
        wanted.add("fraud_reason")
    return wanted | {
        line_field(id, "reason_step")
        for id, line in answers.lines.items()
        if leaps(line.scores, before.lines.get(id), used)
    }


def _own_reasons(answers: Answers, before: Before) -> list[Reason]:
    wanted, reasons = asked(answers, before), []
    if "reason_step" in wanted and _empty(answers.reason_step):
        reasons.append(STEP_WHY("reason_step", **_leapt(answers.scores, before.scores, before.used)))
    if "reason_no_key_control" in wanted and _empty(answers.reason_no_key_control):
        reasons.append(KEY_CONTROL_WHY("reason_no_key_control"))
    if "reason_unchanged" in wanted and _empty(answers.reason_unchanged):
        reasons.append((COPIED_WHY if still_copied(answers, before) else UNCHANGED_WHY)("reason_unchanged"))
    if "fraud_reason" in wanted and _empty(answers.fraud_reason):
        reasons.append(FRAUD_WHY("fraud_reason"))
    return reasons


def _leapt(now: Scores, last: Scores | None, used: Scales) -> dict[str, object]:
    """Which scale has moved the most, told in the sentence that asks why."""
    return {"scales": LABELS[leaps(now, last, used)[0]], "steps": used.leap_steps}


def _lines(answers: Answers, before: Before) -> list[Reason]:
    reasons = []
    for id, line in answers.lines.items():
        reasons += _steps(line.scores, line_field(id, ""))
        reasons += [LINE_WHY(line_field(id, "reason"))] if _empty(line.reason) else []
        last = before.lines.get(id)
        if leaps(line.scores, last, before.used) and _empty(line.reason_step):
            reasons.append(STEP_WHY(line_field(id, "reason_step"), **_leapt(line.scores, last, before.used)))
    return reasons


def why_not_fill(state: State, phase: Phase, year: int) -> list[Reason]:
    """A form is filled in while the year's assessments are open and it is not with the group."""
    reasons = [] if phase in OPEN else [NOT_OPEN(year=year)]
    return reasons + ([] if (state, "submit") in STEPS else [WRONG_STATE(state=state)])


def why_not_submit(state: State, phase: Phase, year: int, answers: Answers, before: Before) -> list[Reason]:
    """A form is submitted while it is open, with everything answered."""
    return why_not_fill(state, phase, year) or why_not_answers(answers, before)


def why_not_take_back(state: State, phase: Phase, year: int, person: int | None, author: int | None) -> list[Reason]:
    """The author takes a submitted form back until it is calibrated."""
    reasons = [] if phase in OPEN else [NOT_OPEN(year=year)]
    reasons += [] if (state, "take_back") in STEPS else [WRONG_STATE(state=state)]
    return reasons + ([] if person is not None and person == author else [NOT_THE_AUTHOR()])


def why_not_return(state: State, phase: Phase, year: int, comment: str) -> list[Reason]:
    """The group sends a form back with a comment until it is approved."""
    reasons = [] if phase in OPEN else [NOT_OPEN(year=year)]
    reasons += [] if (state, "return") in STEPS else [WRONG_STATE(state=state)]
    return reasons or ([COMMENT_SHORT("comment", min=SHORT_LEAST)] if _empty(comment) else [])


def why_not_start_calibration(state: State, phase: Phase, year: int) -> list[Reason]:
    """Submitted forms are calibrated when the year has come so far."""
    reasons = [] if phase is Phase.CALIBRATING else [NOT_CALIBRATING(year=year)]
    return reasons + ([] if (state, "calibrate") in STEPS else [WRONG_STATE(state=state)])


def why_not_calibrate(
    state: State, phase: Phase, year: int, now: Scores, wanted: Scores | None, reason: str
) -> list[Reason]:
    """The group agrees, or changes scores and says why."""
    reasons = why_not_start_calibration(state, phase, year)
    if reasons or wanted is None or wanted == now:
        return reasons
    return _steps(wanted) + ([CHANGE_WHY("reason")] if _empty(reason) else [])


def why_not_undo(state: State, phase: Phase, year: int) -> list[Reason]:
    """What the group agreed on or changed is taken back until it is approved."""
    reasons = [] if phase is Phase.CALIBRATING else [NOT_CALIBRATING(year=year)]
    return reasons + ([] if (state, "undo") in STEPS else [WRONG_STATE(state=state)])


def why_not_ask(state: State, phase: Phase, year: int, question: str) -> list[Reason]:
    """The group asks the author about a form that it has before it, until it is approved."""
    reasons = [] if phase in OPEN else [NOT_OPEN(year=year)]
    reasons += [] if (state, "return") in STEPS else [WRONG_STATE(state=state)]
    return reasons or ([COMMENT_SHORT("challenge", min=SHORT_LEAST)] if _empty(question) else [])


def why_not_answer(over: bool, state: State, phase: Phase, year: int, text: str) -> list[Reason]:
    """An open question is answered while the year's assessments are open."""
    reasons = [] if phase in OPEN and state not in DONE else [NOT_OPEN(year=year)]
    reasons += [QUESTION_OVER()] if over else []
    return reasons or ([COMMENT_SHORT("reply", min=SHORT_LEAST)] if _empty(text) else [])


def why_not_object(state: State, phase: Phase, year: int, text: str) -> list[Reason]:
    """The owner's objection stands beside the form until it is approved."""
    reasons = [] if phase in OPEN else [NOT_OPEN(year=year)]
    reasons += [] if state in (State.SUBMITTED, State.CALIBRATED) else [WRONG_STATE(state=state)]
    return reasons or ([COMMENT_SHORT("text", min=SHORT_LEAST)] if _empty(text) else [])


def why_not_approve(state: State, phase: Phase, year: int, questions: int = 0) -> list[Reason]:
    """A calibrated form is approved while the year is calibrated, when no question to its author is open."""
    reasons = [] if phase is Phase.CALIBRATING else [NOT_CALIBRATING(year=year)]
    reasons += [] if (state, "approve") in STEPS else [WRONG_STATE(state=state)]
    return reasons or ([OPEN_QUESTION()] if questions else [])


def ids(text: str) -> list[int]:
    """Ids of people from ;3;7;."""
    return [int(id) for id in text.split(";") if id]


def with_id(text: str, id: int | None) -> str:
    """The list ;3;7; with one more person in it."""
    return text if id is None or id in ids(text) else f"{text or ';'}{id};"
