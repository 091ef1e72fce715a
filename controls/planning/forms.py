"""What is typed about the plan: a move, hours, a reason, a name, a team."""

from wtforms import IntegerField, SelectMultipleField
from wtforms.validators import Optional

from controls.base.form import BaseForm, Line, Pick, Whole, Words
from controls.base.why import N_
from controls.planning.rules import MOST_HOURS, MOST_PEOPLE


class MoveForm(BaseForm):
    """A review of a sub-process goes from its year (none: a new one) to another (none: out of the plan)."""

    cell = Line(N_("Sub-process"), required=True)
    to = Line(N_("Year"), required=True)
    reason = Words(N_("Why does the review leave its year?"), limit=1000)


class HoursForm(BaseForm):
    """Hours of the years from one to another: as many, perhaps divided in halves, or so many people more."""

    first = Whole(N_("From year"), least=2000, most=2100, required=True)
    last = Whole(N_("To year"), least=2000, most=2100)
    team = IntegerField(validators=[Optional()])
    hours = Whole(N_("Hours a year"), most=MOST_HOURS)
    half = Whole(N_("Of these in the first half of the year"), most=MOST_HOURS)
    people = Whole(N_("People more"), most=MOST_PEOPLE)
    each = Whole(N_("Hours a year for each"), most=5000)


class KeepForm(BaseForm):
    """Why the plan is changed, and the version that the differences were read against."""

    base = IntegerField(validators=[Optional()])
    reason = Words(N_("Why is the plan changed?"), limit=1000)


class NameForm(BaseForm):
    """A name for a scenario."""

    name = Line(N_("Name of the scenario"), limit=80)


class AdoptForm(BaseForm):
    """Why a scenario becomes the plan."""

    version = IntegerField(validators=[Optional()])
    reason = Words(N_("Why is it adopted?"), limit=1000)


class AskForm(BaseForm):
    """How many years the planner is asked for."""

    years = Pick(N_("Years ahead"), choices=[(str(n), f"{n}") for n in range(5, 11)], required=True)


class TeamForm(BaseForm):
    """A team's name, and the areas that it reviews."""

    id = IntegerField(validators=[Optional()])
    version = IntegerField(validators=[Optional()])
    name = Line(N_("Name of the team"), limit=80)
    areas = SelectMultipleField(N_("Areas"), validate_choice=False)
