"""Forms of the workbooks that come back: the file, the rows that are chosen, and why an import is undone."""

from wtforms import FileField, HiddenField, SelectMultipleField

from controls.base.form import BaseForm, Words
from controls.base.why import N_


class Upload(BaseForm):
    """A workbook that was filled in."""

    file = FileField(N_("File"))


class Take(BaseForm):
    """The rows that are chosen, and what becomes of the forms they belong to."""

    row = SelectMultipleField(N_("Rows"), choices=[], validate_choice=False)
    act = HiddenField()

    @property
    def chosen(self) -> list[str]:
        """The names of the chosen rows."""
        return list(self.row.data or [])


class Undo(BaseForm):
    """Why an import is undone."""

    reason = Words(N_("Why is the import undone?"), limit=2000, required=True)
