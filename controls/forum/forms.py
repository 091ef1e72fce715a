"""Forms of the forum: announce a meeting, a decision, the text, presence."""

from collections.abc import Iterable, Mapping

from wtforms import HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget, RadioInput

from controls.base.form import BaseForm, Day, Line, Pick, Whole, Words
from controls.base.why import N_, Labelled
from controls.forum.rules import Attendance, DecisionValues
from controls.forum.words import Decided, Declared, Function, MeetingForm, Ruling
from controls.recommendation.words import DeferCode
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


def number(text: str | None) -> int | None:
    """The version a form was read at; None when the row did not exist."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


class Announce(BaseForm):
    """Which organisation, which year, when and how."""

    about = Pick(N_("About the recommendation of"), choices=[], required=True)
    held_on = Day(N_("Date of the meeting"), required=True)
    form = Radios(N_("How the forum decides"), choices=labels(MeetingForm), required=True)


class Move(BaseForm):
    """Another day."""

    held_on = Day(N_("Date of the meeting"), required=True)
    version = HiddenField()


class Note(BaseForm):
    """The text of the minutes."""

    note = Words(N_("Text of the minutes"), limit=10_000)
    version = HiddenField()


class Return(BaseForm):
    """What the secretary must correct."""

    comment = Words(N_("Comment to the secretary"), limit=1000, required=True)
    version = HiddenField()


class Met(BaseForm):
    """When a condition was met."""

    on = Day(N_("Condition met on"), required=True)
    version = HiddenField()


class DecisionForm(BaseForm):
    """What the forum decides on one sub-process."""

    decided = Radios(N_("Decision"), choices=labels(Decided), required=True)
    reason = Words(N_("Reason"), limit=2000)
    condition = Words(N_("Condition of the choice"), limit=1000)
    condition_owner = Pick(N_("Responsible for the condition"), choices=[])
    condition_due = Day(N_("Condition to be met by"))
    defer_code = Pick(N_("Why it is deferred"), choices=[SelectChoice("", ""), *labels(DeferCode)])
    deferred_to = Whole(N_("Deferred to year"), least=2000, most=2100)
    compensating_measure = Words(N_("Compensating measure"), limit=1000)
    review_year = Radios(N_("Review year"), choices=[], required=True)
    hours = Whole(N_("Hours"), most=2000)
    form = Radios(N_("Form of review"), choices=labels(Form), required=True)
    added_by = Pick(N_("Proposed by"), choices=[])
    votes_for = Whole(N_("Votes for"), most=100)
    votes_against = Whole(N_("Votes against"), most=100)
    votes_abstain = Whole(N_("Abstentions"), most=100)
    replaces = HiddenField()
    version = HiddenField()

    def values(self, subprocess_id: int) -> DecisionValues:
        """What was typed, as the action takes it."""
        deferred = self.defer_code.data
        return DecisionValues(
            subprocess_id=subprocess_id, decided=Decided(self.decided.data), reason=self.reason.data or "",
            condition=self.condition.data or "", condition_owner_id=number(self.condition_owner.data),
            condition_due=self.condition_due.data, deferred_to=self.deferred_to.data,
            defer_code=DeferCode(deferred) if deferred else None,
            compensating_measure=self.compensating_measure.data or "", review_year=number(self.review_year.data),
            hours=self.hours.data, form=Form(self.form.data), added_by_id=number(self.added_by.data),
            votes_for=self.votes_for.data, votes_against=self.votes_against.data, votes_abstain=self.votes_abstain.data,
            replaces_id=number(self.replaces.data),
        )  # fmt: skip


class Declare(BaseForm):
    """What a member tells of himself and a line."""

    declaration = Radios(N_("What is it about?"), choices=labels(Declared), required=True)
    circumstance = Words(N_("The matter"), limit=1000, required=True)
    version = HiddenField()


class Rule(BaseForm):
    """How the others ruled, and who they are."""

    ruling = Radios(N_("Ruling of the others"), choices=labels(Ruling), required=True)
    ruled_by = Ticks(N_("Who ruled"), choices=[])
    version = HiddenField()


class Presence(BaseForm):
    """Only the version; the rows are read by `attendances`."""

    person = Line(N_("Person"), limit=20)
    version = HiddenField()


def attendances(given: Mapping[str, str], people: Iterable[int]) -> list[Attendance]:
    """A row per person: what he does there, whether he is present, for whom he stands in; the unknown is left out."""
    found = []
    known = set(people)
    for id in sorted(known):
        function = given.get(f"function-{id}", "")
        if function not in {member.value for member in Function}:
            continue
        stand_in = number(given.get(f"stand-{id}"))
        found.append(
            Attendance(id, Function(function), f"present-{id}" in given, stand_in if stand_in in known else None)
        )
    return found
