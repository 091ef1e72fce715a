"""Forms of sign-in and own settings."""

from wtforms import PasswordField
from wtforms.validators import InputRequired

from controls.base.form import BaseForm, Line, Pick
from controls.base.why import N_


class Login(BaseForm):
    """Name and password."""

    username = Line(N_("User name"), required=True, limit=80)
    password = PasswordField(N_("Password"), validators=[InputRequired()])


class Language(BaseForm):
    """The language of the pages."""

    language = Pick(N_("Language"), choices=[("da", "Dansk"), ("en", "English")])
