"""Forms of a test of operation: plan, population, one row per sample item, conclusion."""

from collections.abc import Iterable
from typing import Any

from wtforms import HiddenField

from controls.base.form import Amount, BaseForm, Day, Line, Pick, Whole, Words, said
from controls.base.why import N_, Labelled, Reason
from controls.effectiveness.rules import ItemValue, Plan, Population, Verdict
from controls.effectiveness.words import Method, Nature, Result, SampleRisk
from controls.review.words import Outcome

CONFIDENCES = ("0.90", "0.95", "0.99")
RATES = ("0.01", "0.02", "0.05", "0.07", "0.10")


def spoken(text: str, **params: object) -> str:
    """A marked text in the reader's language."""
    return said(Reason("label", text, params=params))


def options(words: type[Labelled]) -> list[tuple[str, Any]]:
    """The empty choice and every member of an enum, translated."""
    return [("", spoken(N_("Choose"))), *((member.value, spoken(member.label)) for member in words)]


def shares(values: Iterable[str]) -> list[tuple[str, Any]]:
    """Shares as written, shown in per cent."""
    return [("", spoken(N_("Choose"))), *((v, spoken(N_("{n} per cent"), n=round(float(v) * 100))) for v in values)]


def member(words: type[Labelled], value: str | None) -> Any:
    """The member with this value, or None."""
    return next((word for word in words if word.value == value), None)


def read_version(form: BaseForm, name: str = "version") -> int | None:
    """The version the page was read with; a page without one is taken as stale."""
    text = str(form[name].data or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class PlanForm(BaseForm):
    """How the size of the sample is found."""

    version = HiddenField()
    method = Pick(N_("Method"), required=True, choices=[])
    sample_risk = Pick(N_("Column of the frequency table"), choices=[])
    confidence = Pick(N_("Confidence"), choices=[])
    tolerable_rate = Pick(N_("Tolerable deviation rate"), choices=[])
    expected_exceptions = Whole(N_("Expected exceptions"), most=100)
    hours = Whole(N_("Hours"), most=1000)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.method.choices, self.sample_risk.choices = options(Method), options(SampleRisk)
        self.confidence.choices, self.tolerable_rate.choices = shares(CONFIDENCES), shares(RATES)

    def plan(self) -> Plan:
        """The plan as typed."""
        return Plan(
            member(Method, self.method.data), member(SampleRisk, self.sample_risk.data), self.confidence.data or "",
            self.tolerable_rate.data or "", self.expected_exceptions.data, self.hours.data or 0,
        )  # fmt: skip


class PopulationForm(BaseForm):
    """Every occurrence of the control in the period, as a count with its source."""

    version = HiddenField()
    population = Line(N_("What is counted"), limit=300, required=True)
    size = Whole(N_("Number of items"), required=True)
    source = Line(N_("Source"), limit=300, required=True)
    extracted_by = Line(N_("Extracted by"), limit=120, required=True)
    extracted_on = Day(N_("Extracted on"), required=True)
    completeness = Words(N_("How completeness was checked"), limit=2000, required=True)

    def value(self) -> Population:
        """The population as typed."""
        return Population(
            self.size.data or 0, self.population.data or "", self.source.data or "", self.extracted_by.data or "",
            self.extracted_on.data, self.completeness.data or "",
        )  # fmt: skip


class ItemForm(BaseForm):
    """One row of the sample."""

    version = HiddenField()
    result = Pick(N_("Result"), choices=[])
    nature = Pick(N_("Kind of exception"), choices=[])
    amount = Amount(N_("Amount"))
    note = Line(N_("Note"), limit=2000)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.result.choices, self.nature.choices = options(Result), options(Nature)

    def touched(self) -> bool:
        """Whether anything was typed in the row."""
        cells = (self.result, self.nature, self.amount, self.note)
        return any(cell.data or getattr(cell, "raw", "") for cell in cells)

    def value(self, rank: int) -> ItemValue:
        """The result as typed."""
        return ItemValue(
            rank, member(Result, self.result.data), member(Nature, self.nature.data), self.amount.data,
            self.note.data or "", read_version(self),
        )  # fmt: skip


class SampleForm(BaseForm):
    """All rows that are open, saved together; rows without anything typed are left alone."""

    def __init__(self, formdata: Any, open_items: Iterable[Any]) -> None:
        super().__init__(formdata)
        self.rows: dict[int, ItemForm] = {}
        for item in open_items:
            stored = {
                "version": item.version, "result": item.result, "nature": item.nature, "amount": item.amount_ore,
                "note": item.note,
            }  # fmt: skip
            self.rows[item.rank] = ItemForm(formdata, prefix=f"r{item.rank}-", data=stored)

    def typed(self) -> dict[int, ItemForm]:
        """The rows in which something was typed."""
        return {rank: row for rank, row in self.rows.items() if row.touched()}

    def validate(self, extra_validators: Any = None) -> bool:
        """Every typed row must be readable."""
        readable = [row.validate() for row in self.typed().values()]
        return all(readable)

    def problems(self) -> list[tuple[str, str]]:
        """The problems of all rows, in order."""
        return [problem for row in self.rows.values() for problem in row.problems()]

    def take(self, reasons: list[Reason]) -> list[tuple[str, str]]:
        """Put each reason at its row and field (named r<rank>-<field>)."""
        loose = []
        for reason in reasons:
            rank, _dash, name = reason.field.removeprefix("r").partition("-")
            row = self.rows.get(int(rank)) if rank.isdigit() else None
            loose += row.take([reason.at(name)]) if row else super().take([reason])
        return loose

    def values(self) -> list[ItemValue]:
        """The typed rows' results."""
        return [row.value(rank) for rank, row in self.typed().items()]


class ConclusionForm(BaseForm):
    """The tester's conclusion."""

    version = HiddenField()
    outcome = Pick(N_("Outcome"), required=True, choices=[])
    reason = Words(N_("Reason for another outcome"), limit=2000)
    conclusion = Words(N_("Conclusion"), limit=4000, required=True)
    hours = Whole(N_("Hours"), most=1000)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.outcome.choices = options(Outcome)

    def verdict(self) -> Verdict:
        """The conclusion as typed."""
        return Verdict(
            member(Outcome, self.outcome.data), self.conclusion.data or "", self.reason.data or "", self.hours.data
        )


class ReviewForm(BaseForm):
    """The reviewer's comment when the test goes back."""

    version = HiddenField()
    comment = Words(N_("Comment to the tester"), limit=2000)


class ReferForm(BaseForm):
    """Which test of the shared control counts here too."""

    test_id = Pick(N_("Test of the shared control"), required=True, choices=[])
    conclusion = Words(N_("Conclusion"), limit=2000, required=True)

    def __init__(self, formdata: Any, tests: Iterable[tuple[Any, str]]) -> None:
        super().__init__(formdata)
        listed = [(str(test.id), f"{test.number} · {number}") for test, number in tests]
        self.test_id.choices = [("", spoken(N_("Choose"))), *listed]
