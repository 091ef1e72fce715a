"""The form of a list: which assessments, or which owners, or all of the list."""

from wtforms import HiddenField, SelectMultipleField

from controls.base.form import BaseForm
from controls.base.why import N_


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class SendForm(BaseForm):
    """What is ticked; `all` is the list as its address filters it."""

    id = SelectMultipleField(N_("Assessments"), coerce=_number, validate_choice=False)
    owner = SelectMultipleField(N_("Owners"), coerce=_number, validate_choice=False)
    all = HiddenField()
