"""Forms of the risk assessment: the one-page form with its lines, calibration, return, objection."""

from functools import lru_cache
from typing import Any

from wtforms import BooleanField, HiddenField, IntegerField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from controls.assessment.rules import Answers, LineAnswers, Scores, line_field
from controls.assessment.scales import LABELS, NAMES
from controls.assessment.words import Certainty, Change, Direction, Proposal
from controls.base.form import BaseForm, Pick, Words
from controls.base.form import Scale as ScaleField
from controls.base.why import N_

YES_NO = [("yes", N_("Yes")), ("no", N_("No"))]
COPIED_NAMES = (*NAMES, "fraud", "fraud_reason", "reason_no_key_control")


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
    copied = HiddenField()
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
        form, _, draft = str(self.row_version.data or "").partition(".")
        return (_figure(form) or 0, _figure(draft) or 0)

    def answers(self, subprocess_ids: tuple[int, ...]) -> Answers:
        """What is answered, as the rules want it."""
        return Answers(
            scores=self.scores(),
            fraud={"yes": True, "no": False}.get(self.fraud.data or ""),
            fraud_reason=self.fraud_reason.data or "",
            change_direction=_member(Direction, self.change_direction.data),
            change_kinds=tuple(kind for kind in Change if kind.value in (self.change_kinds.data or [])),
            certainty=_member(Certainty, self.certainty.data),
            propose_review=_member(Proposal, self.propose_review.data),
            reason=self.reason.data or "",
            copied=self.copied.data == "yes",
            reason_unchanged=self.reason_unchanged.data or "",
            reason_step=self.reason_step.data or "",
            reason_no_key_control=self.reason_no_key_control.data or "",
            lines={
                id: LineAnswers(
                    self.scores(line_field(id, "")),
                    self[line_field(id, "reason")].data or "",
                    self[line_field(id, "reason_step")].data or "",
                )
                for id in subprocess_ids
                if self[line_field(id, "own")].data
            },
        )


def _figure(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10 else None


def _member(kind: Any, value: str | None) -> Any:
    return next((member for member in kind if member.value == value), None)


@lru_cache(maxsize=2000)
def form_for(subprocess_ids: tuple[int, ...]) -> type[AssessmentForm]:
    """The form of a process with these sub-processes: each has its own five scales and reasons."""
    fields: dict[str, Any] = {}
    for id in subprocess_ids:
        fields[line_field(id, "own")] = BooleanField(N_("Give the sub-process its own scores"))
        fields |= {line_field(id, name): _scale(name) for name in NAMES}
        fields[line_field(id, "reason")] = Words(N_("Why does it have its own scores?"))
        fields[line_field(id, "reason_step")] = Words(N_("Why has it changed since last year?"))
    return type("LinedAssessmentForm", (AssessmentForm,), fields)


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
