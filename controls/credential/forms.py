"""Forms of one's own page."""

from wtforms import PasswordField

from controls.base.form import BaseForm, Filled, Line
from controls.base.why import N_


class Password(BaseForm):
    """A new password, with the old one."""

    old = PasswordField(N_("Password you have now"), validators=[Filled()])
    new = PasswordField(N_("New password"), validators=[Filled()])
    again = PasswordField(N_("New password once more"), validators=[Filled()])


class Code(BaseForm):
    """The code that an authenticator app shows."""

    code = Line(N_("One-time code"), required=True, limit=20)


class PasskeyName(BaseForm):
    """What a passkey is called."""

    name = Line(N_("Name of the passkey"), required=True, limit=80)
