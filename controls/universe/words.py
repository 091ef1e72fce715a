"""Words of the catalogue."""

from controls.base.why import N_, Labelled


class LineKind(Labelled):
    """What makes a person part of the line in a process."""

    OWNER = "owner", N_("Process owner")
    DEPUTY = "deputy", N_("Deputy")
    CONTROL_OWNER = "control_owner", N_("Control owner")
    PERFORMER = "performer", N_("Control performer")
