"""Forms of the door: what is typed at sign-in."""

from wtforms import PasswordField
from wtforms.validators import InputRequired

from controls.base.form import BaseForm, Line
from controls.base.why import N_


class Login(BaseForm):
    """Name and password."""

    username = Line(N_("User name"), required=True, limit=80)
    password = PasswordField(N_("Password"), validators=[InputRequired()])
