"""Forms of the cycle: its parameters and dates, a step with a reason."""

from typing import Any

from wtforms import IntegerField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from controls.base.form import BaseForm, Day, Whole, Words
from controls.base.why import N_
from controls.wheel.dates import FIELDS, Dates
from controls.wheel.rules import Parameters


class CycleForm(BaseForm):
    """Capacity, intervals and the planned days of a year."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    year = Whole(N_("Year"), least=2000, most=2100, required=True)
    capacity_hours = Whole(N_("Capacity, hours a year"), most=10**6, required=True)
    interval_high = Whole(N_("High: years between reviews"), most=99, required=True)
    interval_elevated = Whole(N_("Elevated: years between reviews"), most=99, required=True)
    interval_moderate = Whole(N_("Moderate: years between reviews"), most=99, required=True)
    interval_low = Whole(N_("Low: years between reviews"), most=99, required=True)
    opened_on = Day(N_("The year is opened"), required=True)
    parameters_locked_on = Day(N_("Parameters are locked"), required=True)
    assessing_from = Day(N_("Assessments begin"), required=True)
    assess_deadline = Day(N_("Last day to submit assessments"), required=True)
    calibrating_from = Day(N_("Calibration begins"), required=True)
    approve_deadline = Day(N_("Goal A: last day to approve"), required=True)
    recommended_on = Day(N_("Recommendation is handed over"), required=True)
    meeting_on = Day(N_("VD-forum meets"), required=True)
    decided_on = Day(N_("Minutes are approved"), required=True)
    reviewing_from = Day(N_("Reviews begin"), required=True)
    review_deadline = Day(N_("Goal B: last day to approve reviews"), required=True)
    reported_on = Day(N_("Annual control report"), required=True)
    closed_on = Day(N_("The year is closed"), required=True)

    def parameters(self) -> Parameters:
        """The parameters typed."""
        names = Parameters.__dataclass_fields__
        return Parameters(**{name: self[name].data for name in names})

    def dates(self) -> Dates:
        """The planned days typed."""
        return Dates(**{name: self[name].data for name in FIELDS})

    @staticmethod
    def values(parameters: Parameters, dates: Dates) -> dict[str, Any]:
        """What the form shows at first."""
        return {**vars(parameters), **vars(dates)}


class StepForm(BaseForm):
    """A step, with a reason where one is asked for."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    reason = Words(N_("Reason"), limit=2000)
