"""The form of the queue: the group's scores with a reason, and words to the author."""

from wtforms import HiddenField, IntegerField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from controls.assessment.rules import Scores
from controls.assessment.scales import LABELS, NAMES
from controls.base.form import BaseForm, Scale, Words
from controls.base.why import N_


class QueueForm(BaseForm):
    """One form of the queue; `order`, `area` and `onward` say where the meeting goes on."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    inherent_likelihood = Scale(LABELS["inherent_likelihood"])
    inherent_impact = Scale(LABELS["inherent_impact"])
    control_level = Scale(LABELS["control_level"])
    residual_likelihood = Scale(LABELS["residual_likelihood"])
    residual_impact = Scale(LABELS["residual_impact"])
    reason = Words(N_("Why does the group change the scores?"), limit=2000)
    comment = Words(N_("To the author: what should be corrected, or what do you ask?"), limit=2000)
    order = HiddenField()
    area = HiddenField()
    onward = HiddenField()

    def scores(self) -> Scores:
        """The five scores chosen."""
        return Scores(*(int(self[name].data) if self[name].data else None for name in NAMES))

    @staticmethod
    def values(row: object) -> dict[str, object]:
        """What the form shows at first."""
        found = {name: str(value) for name in NAMES if (value := getattr(row, name)) is not None}
        return {**found, "version": getattr(row, "version")}  # noqa: B009 - any row with scores and a version
