"""Forms of findings and actions."""

from collections.abc import Iterable
from typing import Any

from wtforms import HiddenField

from controls.base.form import BaseForm, Day, Pick, Words, said
from controls.base.why import N_, Reason
from controls.finding.rules import ActionValues, Values
from controls.finding.words import Severity

People = Iterable[Any]


def spoken(text: str, **params: object) -> str:
    """A marked text in the reader's language."""
    return said(Reason("label", text, params=params))


def read_version(form: BaseForm) -> int:
    """The version the page was read with; a page without one is taken as stale."""
    text = str(form["version"].data or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def of_people(people: People) -> list[tuple[str, Any]]:
    """The empty choice and each person with unit."""
    return [("", spoken(N_("Choose"))), *((str(p.id), f"{p.name}, {p.unit}" if p.unit else p.name) for p in people)]


def chosen(field: Any) -> int | None:
    """The id that was chosen."""
    return int(field.data) if field.data and str(field.data).isdigit() else None


class FindingForm(BaseForm):
    """A finding as written."""

    version = HiddenField()
    condition = Words(N_("Condition"), limit=4000, required=True)
    criterion = Words(N_("Criterion"), limit=4000, required=True)
    cause = Words(N_("Cause"), limit=4000, required=True)
    consequence = Words(N_("Consequence"), limit=4000, required=True)
    severity = Pick(N_("Class"), required=True, choices=[])
    compensating_control = Words(N_("Compensating control"), limit=4000)
    recommendation = Words(N_("Recommended measure"), limit=4000)
    owner_id = Pick(N_("Owner of the finding"), choices=[])
    repeat_of_id = Pick(N_("Repeats finding"), choices=[])

    def __init__(self, formdata: Any = None, people: People = (), earlier: Iterable[Any] = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        self.severity.choices = [("", spoken(N_("Choose"))), *((word.value, spoken(word.label)) for word in Severity)]
        self.owner_id.choices = of_people(people)
        listed = [(str(finding.id), f"{finding.number} {finding.condition[:80]}") for finding in earlier]
        self.repeat_of_id.choices = [("", spoken(N_("None"))), *listed]

    def values(self, organisation_id: int, subprocess_id: int, review_id: int | None, control_id: int | None) -> Values:
        """The finding as typed."""
        severity = next((word for word in Severity if word.value == self.severity.data), Severity.DEFICIENCY)
        return Values(
            organisation_id, subprocess_id, self.condition.data or "", self.criterion.data or "",
            self.cause.data or "", self.consequence.data or "", severity, review_id, control_id,
            self.compensating_control.data or "", self.recommendation.data or "", chosen(self.owner_id),
            chosen(self.repeat_of_id),
        )  # fmt: skip


class AnswerForm(BaseForm):
    """The owner's answer to the hearing."""

    version = HiddenField()
    response = Words(N_("The owner's answer"), limit=4000, required=True)


class ConfirmForm(BaseForm):
    """Deadline and follow-up when a finding is confirmed."""

    version = HiddenField()
    response = Words(N_("The owner's answer"), limit=4000)
    deadline = Day(N_("Deadline"), required=True)
    verifier_id = Pick(N_("Follows up and closes"), choices=[])

    def __init__(self, formdata: Any = None, people: People = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        self.verifier_id.choices = of_people(people)


class ActionForm(BaseForm):
    """A measure with owner and deadline."""

    text = Words(N_("Action"), limit=4000, required=True)
    owner_id = Pick(N_("Owner of the action"), required=True, choices=[])
    deadline = Day(N_("Deadline"), required=True)
    verifier_id = Pick(N_("Verifies"), choices=[])

    def __init__(self, formdata: Any = None, people: People = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        self.owner_id.choices = self.verifier_id.choices = of_people(people)

    def values(self) -> ActionValues:
        """The action as typed."""
        return ActionValues(
            self.text.data or "", chosen(self.owner_id) or 0, self.deadline.data, chosen(self.verifier_id)
        )


class NoteForm(BaseForm):
    """What was done, seen or decided."""

    version = HiddenField()
    note = Words(N_("Note"), limit=4000, required=True)


class ReasonForm(BaseForm):
    """Why something is given up."""

    version = HiddenField()
    reason = Words(N_("Reason"), limit=4000, required=True)


class DecideForm(BaseForm):
    """The second person's answer to a request to reopen."""

    version = HiddenField()
    answer = Words(N_("Answer"), limit=2000)


class ExtendForm(BaseForm):
    """A later deadline."""

    version = HiddenField()
    new_deadline = Day(N_("New deadline"), required=True)
    reason = Words(N_("Reason"), limit=2000, required=True)


class AcceptForm(BaseForm):
    """Who lives with the risk, until when and why."""

    version = HiddenField()
    accepted_by_id = Pick(N_("Accepted by"), required=True, choices=[])
    until = Day(N_("Accepted until"), required=True)
    reason = Words(N_("Reason"), limit=4000, required=True)

    def __init__(self, formdata: Any = None, people: People = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        self.accepted_by_id.choices = of_people(people)


class VersionForm(BaseForm):
    """A button's version."""

    version = HiddenField()
