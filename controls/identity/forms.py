"""Forms of own settings."""

from controls.base.form import BaseForm, Pick
from controls.base.why import N_


class Language(BaseForm):
    """The language of the pages."""

    language = Pick(N_("Language"), choices=[("da", "Dansk"), ("en", "English")])
