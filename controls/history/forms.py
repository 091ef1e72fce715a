"""Forms of redaction."""

from wtforms import HiddenField

from controls.base.form import BaseForm, Pick, Words
from controls.base.why import N_
from controls.history.words import LegalBasis


class Ask(BaseForm):
    """What is to be removed, on what legal basis, and why."""

    column = Pick(N_("Field"), required=True)
    legal_basis = Pick(N_("Legal basis"), required=True)
    explanation = Words(N_("Explanation"), limit=2000, required=True)

    def basis(self) -> LegalBasis:
        """The legal basis that was chosen."""
        return LegalBasis(str(self.legal_basis.data))


class Reject(BaseForm):
    """Why the text stays."""

    version = HiddenField()
    note = Words(N_("Reason for the rejection"), limit=2000, required=True)


class Step(BaseForm):
    """A step without words."""

    version = HiddenField()
