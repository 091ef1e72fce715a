"""Forms of the recommendation: a line, and the introduction."""

from collections.abc import Iterable

from wtforms import HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget, RadioInput

from controls.base.form import BaseForm, Pick, Whole, Words
from controls.base.why import N_, Labelled
from controls.recommendation.rules import LineValues
from controls.recommendation.words import DeferCode, ReasonCode, Recommended
from controls.rotation.words import Form


def labels(words: type[Labelled]) -> list[SelectChoice]:
    """The choices of an enum; the labels are translated by the page."""
    return [SelectChoice(member.value, member.label) for member in words]


def choices(pairs: Iterable[tuple[object, str]], *, empty: bool = False) -> list[SelectChoice]:
    """Choices from values and texts, with an empty one first where nothing need be chosen."""
    return ([SelectChoice("", "")] if empty else []) + [SelectChoice(str(value), text) for value, text in pairs]


class Radios(Pick):
    """One of a few values, all visible."""

    widget = ListWidget(prefix_label=False)
    option_widget = RadioInput()


class Ticks(SelectMultipleField):
    """Several of a few values, all visible."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class LineForm(BaseForm):
    """What the group says about one sub-process."""

    recommended = Radios(N_("Recommendation to the forum"), choices=labels(Recommended), required=True)
    reason_codes = Ticks(N_("Reasons"), choices=labels(ReasonCode))
    text = Words(N_("Why"), limit=1000)
    hours = Whole(N_("Hours"), most=2000)
    form = Radios(N_("Form of review"), choices=labels(Form), required=True)
    review_year = Radios(N_("Review year"), choices=[], required=True)
    proposed_lead = Pick(N_("Proposed lead"), choices=[])
    dissent = Words(N_("Disagreement in the group"), limit=1000)
    defer_to = Whole(N_("Deferred to year"), least=2000, most=2100)
    defer_code = Pick(N_("Why it is deferred"), choices=[SelectChoice("", ""), *labels(DeferCode)])
    compensating_measure = Words(N_("Compensating measure"), limit=1000)
    version = HiddenField()

    def values(self, subprocess_id: int) -> LineValues:
        """What was typed, as the action takes it."""
        deferred = self.defer_code.data
        return LineValues(
            subprocess_id=subprocess_id, recommended=Recommended(self.recommended.data),
            reason_codes=tuple(ReasonCode(code) for code in self.reason_codes.data or []), text=self.text.data or "",
            hours=self.hours.data or 0, form=Form(self.form.data),
            proposed_lead_id=int(self.proposed_lead.data) if self.proposed_lead.data else None,
            dissent=self.dissent.data or "", review_year=int(self.review_year.data), defer_to=self.defer_to.data,
            defer_code=DeferCode(deferred) if deferred else None,
            compensating_measure=self.compensating_measure.data or "",
        )  # fmt: skip


class TakeOver(BaseForm):
    """The candidates of the long list that become lines."""

    pick = SelectMultipleField(N_("Sub-processes"), coerce=int, choices=[], validate_choice=False)


class Introduction(BaseForm):
    """The text before the lines."""

    introduction = Words(N_("Introduction"), limit=4000)
    version = HiddenField()


def number(text: str | None) -> int | None:
    """The version a form was read at; None when the row did not exist."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
