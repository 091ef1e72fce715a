"""What is typed in the parts of a review."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from wtforms import BooleanField, HiddenField, IntegerField, SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from controls.base.form import BaseForm, Day, Line, Pick, Whole, Words, said
from controls.base.why import N_, Labelled, Reason
from controls.review import rules
from controls.review.words import (
    Assertion,
    Category,
    Cover,
    DesignOutcome,
    Execution,
    Frequency,
    Kind,
    Outcome,
    OverallClass,
)  # fmt: skip
from controls.rotation.words import Form as ReviewForm

L = TypeVar("L", bound=Labelled)


def options(words: type[Labelled], empty: bool = True) -> Callable[[], list[tuple[str, str]]]:
    """The choices of an enum in the reader's language."""
    first = [("", N_("Choose"))] if empty else []
    return lambda: [(value, _shown(text)) for value, text in [*first, *((m.value, m.label) for m in words)]]


def _shown(text: str) -> str:
    """A marked word in the reader's language."""
    return said(Reason("word", text))


def chosen(words: type[L], value: str | None) -> L | None:
    """The member that was chosen."""
    return next((member for member in words if member.value == value), None)


class Seen(BaseForm):
    """A form that carries the version of the row it was made from."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class Ticks(SelectMultipleField):
    """Several tick boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def process_data(self, value: object) -> None:
        """Assertions are kept as one text: FUL;NOJ."""
        super().process_data([code for code in value.split(";") if code] if isinstance(value, str) else value)


class Plan(Seen):
    """Team, hours and dates."""

    lead_id = Pick(N_("Lead"), required=True)
    tester_id = Pick(N_("Tester"), required=True)
    quality_reviewer_id = Pick(N_("Quality reviewer"), required=True, description=N_("Neither leads nor tests."))
    hours = Whole(N_("Hours planned"), most=10_000)
    start_on = Day(N_("Starts on"))
    draft_due = Day(N_("Draft ready by"))
    form = Pick(N_("Form"), choices=options(ReviewForm, empty=False))

    def values(self) -> rules.Plan:
        """The plan as the rules take it."""
        lead, tester, quality = (int(f.data or 0) for f in (self.lead_id, self.tester_id, self.quality_reviewer_id))
        form = chosen(ReviewForm, self.form.data)
        return rules.Plan(lead, tester, quality, self.hours.data or 0, self.start_on.data, self.draft_due.data, form)


class Scope(Seen):
    """What the review covers."""

    scope = Words(rules.SCOPE, required=True, description=N_("What is covered, and what is left out."))
    period_from = Day(rules.PERIOD_FROM, required=True)
    period_to = Day(rules.PERIOD_TO, required=True)


class Walkthrough(Seen):
    """How one transaction was followed from start to finish."""

    walkthrough_on = Day(rules.WALKTHROUGH_ON, required=True)
    walkthrough_note = Words(
        N_("What was seen"), description=N_("Who showed what, on which transaction, step by step.")
    )
    hours_used = Whole(N_("Hours used so far"), most=10_000)


class Risk(Seen):
    """A risk: cause, event and consequence."""

    cause = Words(rules.CAUSE, required=True, limit=2000)
    event = Words(rules.EVENT, required=True, limit=2000)
    consequence = Words(rules.CONSEQUENCE, required=True, limit=2000)
    category = Pick(N_("Category"), required=True, choices=options(Category))
    assertions = Ticks(N_("Assertions"), choices=options(Assertion, empty=False))

    def values(self, owner_id: int | None = None) -> rules.RiskValues:
        """The risk as the rules take it."""
        category = chosen(Category, self.category.data) or Category.ACCOUNTS
        texts = (self.cause.data or "", self.event.data or "", self.consequence.data or "")
        return rules.RiskValues(*texts, category, ticked(self.assertions), owner_id)


def ticked(field: Ticks) -> tuple[Assertion, ...]:
    """The assertions that were ticked."""
    return tuple(one for one in Assertion if one.value in (field.data or []))


def _id(typed: str | None) -> int | None:
    return int(typed) if typed else None


class Control(Seen):
    """A control: who, what, when, how, if it fails, where documented."""

    text = Words(
        rules.TEXT, required=True, limit=4000,
        description=N_("Who does what, when and how, what happens if it fails, and where it is documented."),
    )  # fmt: skip
    key_control = BooleanField(N_("Key control"))
    key_reason = Words(rules.KEY_REASON, limit=2000, description=N_("Needed for a key control."))
    kind = Pick(N_("Kind"), required=True, choices=options(Kind))
    execution = Pick(N_("Carried out"), required=True, choices=options(Execution))
    frequency = Pick(N_("Frequency"), required=True, choices=options(Frequency))
    occurrences_a_year = Whole(rules.OCCURRENCES, least=1, most=1_000_000_000)
    owner_role = Line(N_("Control owner"), limit=200)
    performer_role = Line(N_("Control performer"), limit=200)
    owner_id = Pick(N_("Control owner by name"), description=N_("Does not test the control."))
    performer_id = Pick(N_("Control performer by name"), description=N_("Does not test the control."))
    system = Line(N_("System"), limit=200)
    shared_number = Line(N_("Part of shared control"), limit=40)

    def values(self) -> rules.ControlValues:
        """The control as the rules take it."""
        return rules.ControlValues(
            text=self.text.data or "", key_control=bool(self.key_control.data),
            kind=chosen(Kind, self.kind.data) or Kind.PREVENTIVE,
            execution=chosen(Execution, self.execution.data) or Execution.MANUAL,
            frequency=chosen(Frequency, self.frequency.data) or Frequency.EVENT,
            key_reason=self.key_reason.data or "", occurrences_a_year=self.occurrences_a_year.data,
            owner_role=self.owner_role.data or "", performer_role=self.performer_role.data or "",
            system=self.system.data or "", shared_number=self.shared_number.data or "",
            owner_id=_id(self.owner_id.data), performer_id=_id(self.performer_id.data),
        )  # fmt: skip


class Link(BaseForm):
    """How far a control covers a risk."""

    risk_id = Pick(N_("Risk"), required=True)
    control_id = Pick(N_("Control"), required=True)
    degree = Pick(N_("Cover"), choices=lambda: [("", _shown(N_("Does not cover"))), *options(Cover, empty=False)()])
    assertions = Ticks(N_("Assertions"), choices=options(Assertion, empty=False))
    comment = Line(N_("Comment"), limit=500)
    seen = HiddenField()
    """The version of each cell when the page was read ("risk.control.version"): which is meant is chosen afterwards."""

    def see(self, versions: Mapping[tuple[int, int], int]) -> None:
        """Carry the cells as they are now."""
        self.seen.data = " ".join(f"{risk}.{control}.{version}" for (risk, control), version in versions.items())

    def version(self) -> int:
        """The version of the chosen cell when the page was read; 0 when it had none."""
        cell = f"{self.risk_id.data}.{self.control_id.data}."
        found = [one.removeprefix(cell) for one in (self.seen.data or "").split() if one.startswith(cell)]
        return int(found[0]) if found and found[0].isascii() and found[0].isdigit() and len(found[0]) < 10 else 0

    def values(self) -> rules.LinkValues:
        """The cell as the rules take it."""
        return rules.LinkValues(chosen(Cover, self.degree.data), ticked(self.assertions), self.comment.data or "")


class Design(BaseForm):
    """Result of a test of design."""

    version = HiddenField()
    outcome = Pick(rules.DESIGN_LABEL, required=True, choices=options(DesignOutcome))
    conclusion = Words(rules.CONCLUSION, required=True, description=N_("What was looked at, and what it showed."))
    hours = Whole(N_("Hours"), most=10_000)

    def values(self) -> rules.DesignValues:
        """The result as the rules take it."""
        outcome = chosen(DesignOutcome, self.outcome.data) or DesignOutcome.NOT
        return rules.DesignValues(outcome, self.conclusion.data or "", self.hours.data or 0)


class Conclusion(Seen):
    """The conclusion of a review."""

    conclusion_design = Pick(N_("Design of the controls"), required=True, choices=options(DesignOutcome))
    conclusion_operating = Pick(N_("Operation of the controls"), choices=options(Outcome))
    overall_class = Pick(N_("Overall class"), choices=options(OverallClass))
    conclusion = Words(rules.CONCLUSION, required=True)
    key_controls_reason = Words(rules.KEY_CONTROLS_REASON, limit=2000)
    hours_used = Whole(N_("Hours used"), most=10_000)

    def values(self) -> rules.ConclusionValues:
        """The conclusion as the rules take it."""
        return rules.ConclusionValues(
            chosen(DesignOutcome, self.conclusion_design.data), chosen(Outcome, self.conclusion_operating.data),
            chosen(OverallClass, self.overall_class.data), self.conclusion.data or "", self.hours_used.data,
            self.key_controls_reason.data or "",
        )  # fmt: skip


class Because(Seen):
    """Why a review is put aside, taken up or taken back, or why a risk or control is closed."""

    reason = Words(rules.REASON, required=True, limit=2000)


class Answer(Seen):
    """The second person's answer to a request to reopen."""

    answer = Words(N_("Answer"), limit=2000)


class Hearing(Seen):
    """Until when the owner may answer."""

    hearing_to = Day(N_("Answer by"), required=True, description=N_("At least ten working days from today."))


class Reply(Seen):
    """The owner's answer."""

    owner_reply = Words(rules.REPLY, required=True)


class Quality(Seen):
    """What the quality reviewer notes."""

    quality_note = Words(rules.NOTE, limit=4000)
