"""Words of accounts."""

from controls.base.why import N_, Labelled


class RequestState(Labelled):
    """How far a request for a role is."""

    ASKED = "asked", N_("Waiting for approval")
    APPROVED = "approved", N_("Approved")
    REFUSED = "refused", N_("Refused")


class KeeperKind(Labelled):
    """What somebody outside the tool's own roles is trusted with (S16)."""

    DATABASE = "database", N_("Administers the database")
    CHECKPOINTS = "checkpoints", N_("Keeps checkpoints outside the house")
