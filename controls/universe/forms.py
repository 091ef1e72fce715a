"""Forms of the catalogue: the facts of a process, and the file of an import."""

from collections.abc import Iterable
from typing import Any

from wtforms import FileField, HiddenField
from wtforms.widgets import HiddenInput

from controls.base.form import Amount, BaseForm, Line, Pick, Whole, Words
from controls.base.why import N_
from controls.universe.rules import Facts


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


class Upload(BaseForm):
    """A catalogue file."""

    file = FileField(N_("File"))


class Take(BaseForm):
    """What the reader of the preview has seen."""

    seen = HiddenField()
