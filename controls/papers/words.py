"""What kinds of workbooks come back, and how a line of the catalogue stands on a day."""

from controls.base.why import N_, Labelled


class Standing(Labelled):
    """Whether a line of the catalogue is in force on a day."""

    IN_FORCE = "in_force", N_("In force")
    CLOSED = "closed", N_("Closed")
    AHEAD = "ahead", N_("Not begun")


class Kind(Labelled):
    """What a workbook that came back holds."""

    FORMS = "forms", N_("Risk forms")
    CATALOGUE = "catalogue", N_("Catalogue")
    HISTORY = "history", N_("Earlier reviews")
