"""Forms of the risk assessment: the one-page form with its lines, calibration, return, objection."""

from functools import lru_cache
from typing import Any

from wtforms import BooleanField, HiddenField, IntegerField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from controls.assessment import rules
from controls.assessment.rules import Answers, LineAnswers, Scores, line_field
from controls.assessment.scale_rules import ANCHOR_MOST, HELP_MOST, anchor_field
from controls.assessment.scales import ANCHORED, FIELDS, FIGURES, LABELS, LANGUAGES, NAMES, TITLES, Scales
from controls.assessment.words import Band, Certainty, Change, Copied, Direction, Measure, Proposal
from controls.base.form import Amount, BaseForm, Line, Pick, Whole, Words, said
from controls.base.form import Scale as ScaleField
from controls.base.why import N_, Why

YES_NO = [("yes", N_("Yes")), ("no", N_("No"))]


def _scale(name: str) -> Pick:
    return ScaleField(LABELS[name])


def _words(kind: Any) -> list[tuple[str, str]]:
    return [(member.value, member.label) for member in kind]


class ScoresForm(BaseForm):
    """The five scales."""

    inherent_likelihood = _scale("inherent_likelihood")
    inherent_impact = _scale("inherent_impact")
    control_level = _scale("control_level")
    residual_likelihood = _scale("residual_likelihood")
    residual_impact = _scale("residual_impact")

    def scores(self, prefix: str = "") -> Scores:
        """The five answers, None where nothing (or nonsense) is chosen."""
        return Scores(*(_figure(self[prefix + name].data) for name in NAMES))


class AssessmentForm(ScoresForm):
    """The one-page form; `row_version` holds the versions of the form and of its draft."""

    row_version = HiddenField()
    copied = Line(N_("Answers copied from last year"), limit=200, widget=HiddenInput())
    change_direction = Pick(N_("Change since last year"), choices=_words(Direction))
    change_kinds = SelectMultipleField(
        N_("What has changed?"), choices=[SelectChoice(kind.value, kind.label) for kind in Change]
    )  # fmt: skip
    reason_unchanged = Words(N_("Why is the risk unchanged?"))
    reason_step = Words(N_("Why has it changed since last year?"))
    reason_no_key_control = Words(N_("Which control makes the risk lower?"))
    fraud = Pick(N_("Special risk of fraud?"), choices=YES_NO)
    fraud_reason = Words(N_("Why is there a special risk of fraud?"))
    certainty = Pick(N_("How certain are you?"), choices=_words(Certainty))
    propose_review = Pick(N_("Should it be reviewed this year?"), choices=_words(Proposal))
    reason = Words(N_("Reason"))

    def versions(self) -> tuple[int, int]:
        """The version of the form and of its draft that were read."""
        form, draft = versions(self.row_version.data)
        return form or 0, draft or 0

    def answers(self, subprocess_ids: tuple[int, ...]) -> Answers:
        """What is answered, as the rules want it; the risk after controls follows where it is not asked for."""
        lines = self._lines(subprocess_ids)
        return Answers(
            scores=rules.followed(self.scores(), differs=bool(lines)),
            fraud={"yes": True, "no": False}.get(self.fraud.data or ""),
            fraud_reason=self.fraud_reason.data or "",
            change_direction=_member(Direction, self.change_direction.data),
            change_kinds=tuple(kind for kind in Change if kind.value in (self.change_kinds.data or [])),
            certainty=_member(Certainty, self.certainty.data),
            propose_review=_member(Proposal, self.propose_review.data),
            reason=self.reason.data or "",
            copied=tuple(answer for answer in Copied if answer.value in (self.copied.data or "").split(";")),
            reason_unchanged=self.reason_unchanged.data or "",
            reason_step=self.reason_step.data or "",
            reason_no_key_control=self.reason_no_key_control.data or "",
            lines=lines,
        )

    def _lines(self, subprocess_ids: tuple[int, ...]) -> dict[int, LineAnswers]:
        return {
            id: LineAnswers(
                self.scores(line_field(id, "")),
                self[line_field(id, "reason")].data or "",
                self[line_field(id, "reason_step")].data or "",
            )
            for id in subprocess_ids
            if self[line_field(id, "own")].data
        }


def versions(text: str | None) -> tuple[int | None, int | None]:
    """The version of a form and of its draft, as a page carries them."""
    form, _, draft = str(text or "").partition(".")
    return _figure(form), _figure(draft)


def _figure(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10 else None


def _member(kind: Any, value: str | None) -> Any:
    return next((member for member in kind if member.value == value), None)


def _line_fields(id: int) -> dict[str, Any]:
    fields: dict[str, Any] = {line_field(id, "own"): BooleanField(N_("Give the sub-process its own scores"))}
    fields |= {line_field(id, name): _scale(name) for name in NAMES}
    fields[line_field(id, "reason")] = Words(N_("Why does it have its own scores?"))
    fields[line_field(id, "reason_step")] = Words(N_("Why has it changed since last year?"))
    return fields


@lru_cache(maxsize=2000)
def form_for(subprocess_ids: tuple[int, ...]) -> type[AssessmentForm]:
    """The form of a process with these sub-processes: each has its own five scales and reasons."""
    fields: dict[str, Any] = {}
    for id in subprocess_ids:
        fields |= _line_fields(id)
    return type("LinedAssessmentForm", (AssessmentForm,), fields)


@lru_cache(maxsize=2000)
def part_for(names: frozenset[str], subprocess_ids: tuple[int, ...]) -> type[BaseForm]:
    """Some fields of the form alone, to save what was changed; a name that the form has not is left out."""
    fields = {name: getattr(AssessmentForm, name) for name in SAVED if name in names}
    for id in subprocess_ids:
        fields |= {name: made for name, made in _line_fields(id).items() if name in names}
    return type("AssessmentPart", (BaseForm,), fields)


GRID = (
    *NAMES, "change_direction", "change_kinds", "fraud", "certainty", "propose_review", "reason", "reason_unchanged",
    "reason_step", "reason_no_key_control", "fraud_reason",
)  # fmt: skip
"""The cells of a row of the grid, from left to right: answers, then the texts."""
CHOSEN = ("change_direction", "fraud", "certainty", "propose_review")
"""Cells in which one of a few words is chosen."""


@lru_cache(maxsize=1)
def grid_form() -> type[BaseForm]:
    """A row of the grid."""
    fields = {name: getattr(AssessmentForm, name) for name in (*GRID, "row_version")}
    return type("GridForm", (BaseForm,), fields)


SAVED = (
    *NAMES, "copied", "change_direction", "change_kinds", "reason_unchanged", "reason_step", "reason_no_key_control",
    "fraud", "fraud_reason", "certainty", "propose_review", "reason",
)  # fmt: skip
"""The fields of the process that a draft keeps, in the order of the form."""


class CalibrateForm(ScoresForm):
    """The group's scores and why they differ."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    reason = Words(N_("Why does the group change the scores?"), limit=2000)


class ReturnForm(BaseForm):
    """What the author is asked to correct."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    comment = Words(N_("What should be corrected?"), limit=2000, required=True)


class AskForm(BaseForm):
    """What the group asks the author."""

    challenge = Words(N_("What do you ask the author?"), limit=2000, required=True)


class AnswerForm(BaseForm):
    """The author's answer to a question of the group."""

    question = IntegerField(widget=HiddenInput(), validators=[Optional()])
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    reply = Words(N_("Your answer"), limit=2000, required=True)


class ObjectForm(BaseForm):
    """What the owner objects to."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    text = Words(N_("What do you object to?"), limit=2000, required=True)


class ReopenForm(BaseForm):
    """Why an approved form should be reopened."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    reason = Words(N_("Reason"), limit=2000, required=True)


class DecideForm(BaseForm):
    """The second person's answer to a request to reopen."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    answer = Words(N_("Answer"), limit=2000)


STEP_IN = {"da": Why("", N_("{scale}, step {step}, in Danish")), "en": Why("", N_("{scale}, step {step}, in English"))}
HELP_IN = {
    "da": Why("", N_("{scale}, how to choose, in Danish")), "en": Why("", N_("{scale}, how to choose, in English")),
}  # fmt: skip
WEIGHT_OF = Why("", N_("Weight of “{measure}”, per cent"))


class ScalesForm(BaseForm):
    """A year's scales; the fields of steps and weights are added below, with labels made of the reader's words."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    moderate_from = Whole(N_("Moderate begins at"), most=999, required=True)
    elevated_from = Whole(N_("Elevated begins at"), most=999, required=True)
    high_from = Whole(N_("High begins at"), most=999, required=True)
    worst_impact = Pick(N_("Lowest risk band at impact 5"), choices=_words(Band), required=True)
    impact_2_from_ore = Amount(N_("Impact 2 begins at"), required=True)
    impact_3_from_ore = Amount(N_("Impact 3 begins at"), required=True)
    impact_4_from_ore = Amount(N_("Impact 4 begins at"), required=True)
    impact_5_from_ore = Amount(N_("Impact 5 begins at"), required=True)
    leap_steps = Whole(N_("Steps of change that ask for a reason"), most=999, required=True)
    reason_least = Whole(N_("Shortest reason, characters"), most=99_999, required=True)
    reason_most = Whole(N_("Longest reason, characters"), most=99_999, required=True)
    ask_no_key_control = BooleanField(N_("A reason for a lower risk without a key control"))
    ask_unchanged = BooleanField(N_("A reason for the same scores when a change is ticked"))
    ask_copied = BooleanField(N_("A reason for answers copied from last year"))
    ask_fraud = BooleanField(N_("A reason for a special risk of fraud"))

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.worst_impact.choices = [(band.value, said(Why("", band.label)())) for band in Band]
        for of in ANCHORED:
            for language in LANGUAGES:
                self[f"{of}_help_{language}"].label.text = said(HELP_IN[language](scale=TITLES[of]))
                for step in FIGURES:
                    label = said(STEP_IN[language](scale=TITLES[of], step=step))
                    self[anchor_field(of, language, step)].label.text = label
        for measure in Measure:
            self[f"weight_{measure}"].label.text = said(WEIGHT_OF(measure=measure))

    def scales(self) -> Scales:
        """The scales typed."""
        given = {name: self[name].data for name in FIELDS if name in self}
        steps = {
            f"{of}_{language}": "\n".join(_one_line(self[anchor_field(of, language, step)].data) for step in FIGURES)
            for of in ANCHORED for language in LANGUAGES
        }  # fmt: skip
        weights = {f"weight_{measure}": self[f"weight_{measure}"].data or 0 for measure in Measure}
        return Scales(**{**given, **steps, **weights, "worst_impact": Band(self.worst_impact.data)})

    @staticmethod
    def values(used: Scales) -> dict[str, Any]:
        """What the form shows at first."""
        steps = {
            anchor_field(of, language, step): text
            for of in ANCHORED for language in LANGUAGES
            for step, text in zip(FIGURES, used.anchors(of, language), strict=True)
        }  # fmt: skip
        weights = {f"weight_{measure}": getattr(used, f"weight_{measure}") or None for measure in Measure}
        rest = {
            name: value
            for name, value in vars(used).items()
            if name.removesuffix("_da").removesuffix("_en") not in ANCHORED
        }
        return {**rest, "worst_impact": used.worst_impact.value, **steps, **weights}


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


for _of in ANCHORED:
    for _language in LANGUAGES:
        for _step in FIGURES:
            _field = Line(TITLES[_of], limit=ANCHOR_MOST, required=True)
            setattr(ScalesForm, anchor_field(_of, _language, _step), _field)
        setattr(ScalesForm, f"{_of}_help_{_language}", Words(TITLES[_of], limit=HELP_MOST, required=True))
for _measure in Measure:
    setattr(ScalesForm, f"weight_{_measure}", Whole(_measure.label, most=999))
