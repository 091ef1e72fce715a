"""What kinds of workbooks come back."""

from controls.base.why import N_, Labelled


class Kind(Labelled):
    """What a workbook that came back holds."""

    FORMS = "forms", N_("Risk forms")
    CATALOGUE = "catalogue", N_("Catalogue")
    HISTORY = "history", N_("Earlier reviews")
