"""The states of a cycle, in the order the year runs."""

from controls.base.why import N_, Labelled


class State(Labelled):
    """State of a cycle."""

    CREATED = "created", N_("Created")
    PARAMETERS_LOCKED = "parameters_locked", N_("Parameters locked")
    ASSESSING = "assessing", N_("Assessing")
    CALIBRATING = "calibrating", N_("Calibrating")
    RECOMMENDED = "recommended", N_("Recommended")
    DECIDED = "decided", N_("Decided")
    REVIEWING = "reviewing", N_("Reviewing")
    REPORTED = "reported", N_("Reported")
    CLOSED = "closed", N_("Closed")
