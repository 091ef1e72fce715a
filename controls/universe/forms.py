"""Forms of the catalogue: the facts of a process, and the file of an import."""

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, SelectMultipleField
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from controls.base.form import Amount, BaseForm, Day, Line, Pick, Whole, Words
from controls.base.why import N_
from controls.universe.rules import CODE_LENGTH, NAME_LENGTH, Facts
from controls.universe.structure import Named, Part, Said
from controls.universe.words import Kind


class EditProcess(BaseForm):
    """Owner, deputy, units, volume, systems and legal basis of a process."""

    owner_id = Pick(N_("Process owner"), choices=[])
    deputy_id = Pick(N_("Deputy"), choices=[])
    unit = Line(N_("Responsible unit"), limit=200)
    performer_unit = Line(N_("Unit that performs the controls"), limit=200)
    yearly_amount_ore = Amount(N_("Amount a year (DKK)"))
    transactions = Whole(N_("Transactions a year"))
    systems = Words(N_("Systems"), limit=2000)
    legal_basis = Words(N_("Legal basis"), limit=2000)
    provider_share = Whole(N_("Share done by a service provider (per cent)"), most=100)
    version = Whole(N_("Version"), widget=HiddenInput(), required=True)

    def choose_from(self, people: Iterable[tuple[int, str]], nobody: str) -> "EditProcess":
        """Give the two lists their people."""
        for pick in (self.owner_id, self.deputy_id):
            pick.choices = [("", nobody), *((str(id), name) for id, name in people)]
        return self

    def facts(self) -> Facts:
        """What was typed, as the action takes it."""
        amount: Any = self.yearly_amount_ore.data
        return Facts(
            owner_id=_id(self.owner_id.data), deputy_id=_id(self.deputy_id.data), unit=self.unit.data or "",
            performer_unit=self.performer_unit.data or "", yearly_amount_ore=amount,
            transactions=self.transactions.data, systems=self.systems.data or "",
            legal_basis=self.legal_basis.data or "", provider_share=self.provider_share.data,
        )  # fmt: skip


def _id(given: Any) -> int | None:
    return int(given) if given else None


class Then(BaseForm):
    """The day as of which the catalogue is shown."""

    on = Day(N_("As of the day"), required=True)


class Change(BaseForm):
    """From what day a change of structure counts, and why."""

    on = Day(N_("Counts from"), required=True)
    reason = Words(N_("Reason"), limit=2000, required=True)
    version = Whole(N_("Version"), widget=HiddenInput(), required=True)

    def problems(self) -> list[tuple[str, str]]:
        """The errors in the order of the page, on which day and reason stand last."""
        return sorted(super().problems(), key=lambda one: one[0] in ("on", "reason"))

    def said(self) -> Said:
        """Day and reason, as the actions take them."""
        assert self.on.data is not None
        return Said(self.on.data, self.reason.data or "")


def _code() -> Line:
    return Line(N_("Code"), limit=CODE_LENGTH, required=True)


def _name_da() -> Line:
    return Line(N_("Danish name"), limit=NAME_LENGTH, required=True)


def _name_en() -> Line:
    return Line(N_("English name"), limit=NAME_LENGTH)


class Rename(Change):
    """Another name."""

    name_da = _name_da()
    name_en = _name_en()


class Recode(Change):
    """Another code."""

    code = _code()


class Place(Change):
    """Where it goes: an area or a process, here or in another organisation."""

    under = Pick(N_("Where it goes"), choices=[], required=True)

    def under_id(self) -> int | None:
        """What was chosen."""
        return _id(self.under.data)


class Make(Change):
    """Code and names of what is made."""

    code = _code()
    name_da = _name_da()
    name_en = _name_en()

    def named(self) -> Named:
        """Code and names, as the action takes them."""
        return Named(self.code.data or "", self.name_da.data or "", self.name_en.data or "")


class Merge(Make):
    """What is merged with it, and into what."""

    others = SelectMultipleField(
        N_("Merge with"), coerce=int, choices=[], widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


PARTS = 4
"""Into how many parts at most a sub-process is split at a time."""


EMPTY: dict[str, Any] = {"code": "", "name_da": "", "name_en": "", "inherits": False, "reason": ""}
"""What stands in a row of a part before anything is typed."""


class _Split(Change):
    """Several sub-processes of one: rows that are left empty are none."""

    def parts(self) -> list[Part]:
        """The rows in which something stands."""
        rows = [
            Part(**{name: self[f"part-{n}-{name}"].data or empty for name, empty in EMPTY.items()})
            for n in range(PARTS)
        ]
        last = max((n for n, row in enumerate(rows) if row.code or row.name_da or row.name_en), default=-1)
        return rows[: last + 1]


Split = type("Split", (_Split,), {
    f"part-{n}-{name}": field
    for n in range(PARTS)
    for name, field in (
        ("code", Line(N_("Code"), limit=CODE_LENGTH)), ("name_da", Line(N_("Danish name"), limit=NAME_LENGTH)),
        ("name_en", _name_en()), ("inherits", BooleanField(N_("Keeps the coverage of the earlier review"))),
        ("reason", Words(N_("What the earlier review examined of this part"), limit=2000)),
    )
})  # fmt: skip

FORMS: dict[Kind, type[Change]] = {
    Kind.CREATED: Make, Kind.RENAMED: Rename, Kind.RECODED: Recode, Kind.MOVED: Place, Kind.SPLIT: Split,
    Kind.MERGED: Merge, Kind.CLOSED: Change, Kind.REOPENED: Change, Kind.TRANSFERRED: Place, Kind.CHANGED: Change,
}  # fmt: skip
"""The form of each change of structure."""
