"""Forms of staffing: what is given over to whom and why, owners row by row, what is kept of the proposed catalogue."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from wtforms import HiddenField, SelectMultipleField

from controls.base.form import BaseForm, Line, Pick, Words, said
from controls.base.why import N_, Reason
from controls.staffing.rules import PROPOSED, Key, named

REASON_LIMIT = 1000


def _shown(text: str) -> str:
    return said(Reason("word", text))


class Many(SelectMultipleField):
    """Tick boxes; what is no longer offered is the action's to refuse, with its reason."""

    def pre_validate(self, form: Any) -> None:
        """Anything of the right form is read."""


class GiveOver(BaseForm):
    """What is given over, to whom, and why."""

    keys = Many(N_("Give over"), choices=[])
    to = Pick(N_("New owner"), choices=[], description=N_("Of a process the deputy is proposed, else its owner."))
    reason = Words(N_("Why"), limit=REASON_LIMIT, description=N_("It stands in the history of each."))

    def __init__(self, formdata: Any = None, people: Iterable[tuple[int, str]] = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        first = [("", _shown(N_("Choose"))), (PROPOSED, _shown(N_("The proposed person of each")))]
        self.to.choices = [*first, *((str(id), name) for id, name in people)]
        self.names: dict[str, str] = {}

    def chosen(self) -> list[Key]:
        """What is ticked."""
        return [key for key in map(Key.read, dict.fromkeys(self.keys.data or ())) if key is not None]

    def take(self, reasons: list[Reason]) -> list[tuple[str, str]]:
        """A reason that belongs to one object names it, and leads to its row."""
        rows = [(reason.field, f"{self.names.get(reason.field, '')}: {said(reason)}") for reason in reasons
                if Key.read(reason.field)]  # fmt: skip
        return rows + super().take([reason for reason in reasons if not Key.read(reason.field)])


LISTED = {"list": "people", "autocomplete": "off"}
"""The page lists everybody who works here."""


class OwnerRow(BaseForm):
    """Who owns one process and who is deputy, by name."""

    version = HiddenField()
    owner = Line(N_("Process owner"), limit=200, render_kw=LISTED)
    deputy = Line(N_("Deputy"), limit=200, render_kw=LISTED)


class Owners(BaseForm):
    """A row for each process, saved together, and who fills the empty ones; what was typed is kept as it was typed."""

    owner = Line(N_("Owner of every process that has none"), limit=200, render_kw=LISTED)
    deputy = Line(N_("Deputy of every process that has none"), limit=200, render_kw=LISTED)

    def __init__(self, formdata: Any, processes: Iterable[Any]) -> None:
        super().__init__(formdata)
        self.rows: dict[int, OwnerRow] = {}
        self.process_codes: dict[int, str] = {}
        for one in processes:
            stored = {"version": one.version, "owner": one.owner, "deputy": one.deputy}
            self.rows[one.id] = OwnerRow(formdata, prefix=f"r{one.id}-", data=stored)
            self.process_codes[one.id] = one.code

    def validate(self, extra_validators: Any = None) -> bool:
        """Every row must be readable."""
        readable = [super().validate(extra_validators), *(row.validate() for row in self.rows.values())]
        return all(readable)

    def problems(self) -> list[tuple[str, str]]:
        """The problems of all rows, each with the code of its process."""
        rows = [(self.process_codes[id], row.problems()) for id, row in self.rows.items()]
        return super().problems() + [(cell, f"{code}: {text}") for code, found in rows for cell, text in found]

    def take(self, reasons: list[Reason]) -> list[tuple[str, str]]:
        """Put each reason at its row and cell (named r<id>-<cell>)."""
        loose = []
        for reason in reasons:
            id, _dash, cell = reason.field.removeprefix("r").partition("-")
            row = self.rows.get(int(id)) if id.isdigit() else None
            name = CELLS.get(cell, cell)
            loose += row.take([reason.at(name if name in row else "owner")]) if row else super().take([reason])
        return loose

    def named(self, people: Sequence[tuple[int, str, str]]) -> list[tuple[int, int, int | None, int | None]]:
        """Id, version, owner and deputy of each row; who is not found is refused beside the cell."""
        found = []
        others = [_meant(cell, people) for cell in (self.owner, self.deputy)]
        for id, row in self.rows.items():
            ids = [
                _meant(cell, people) if cell.data else other
                for cell, other in zip((row.owner, row.deputy), others, strict=True)
            ]
            if not row.deputy.data and ids[0] == ids[1]:
                ids[1] = None  # whoever owns it is no deputy of it
            version = str(row.version.data or "")
            read = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
            found.append((id, read, ids[0], ids[1]))
        return found


def _meant(cell: Line, people: Sequence[tuple[int, str, str]]) -> int | None:
    person, reasons = named(cell.data or "", people)
    cell.errors = [*cell.errors, *(said(reason) for reason in reasons)]
    return person


CELLS = {"owner_id": "owner", "deputy_id": "deputy"}
"""The cell that each reason of the catalogue's rule is about."""


class Keep(BaseForm):
    """Which sub-processes of the proposed catalogue the organisation has."""

    keep = Many(N_("Sub-processes"), choices=[])
    show = HiddenField()

    def kept(self, known: Collection[str]) -> set[str]:
        """What is ticked, of what is proposed."""
        return set(self.keep.data or ()) & set(known)
