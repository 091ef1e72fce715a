"""States, bands and choices of the overall risk assessment."""

from controls.base.why import N_, Labelled


class State(Labelled):
    """State of an assessment. A not started one with a draft is shown as a draft."""

    NOT_STARTED = "not_started", N_("Not started")
    DRAFT = "draft", N_("Draft")
    SUBMITTED = "submitted", N_("Submitted")
    RETURNED = "returned", N_("Returned")
    CALIBRATED = "calibrated", N_("Calibrated")
    APPROVED = "approved", N_("Approved")
    LOCKED = "locked", N_("Locked")


class Band(Labelled):
    """Risk band of likelihood × impact."""

    LOW = "low", N_("Low")
    MODERATE = "moderate", N_("Moderate")
    ELEVATED = "elevated", N_("Elevated")
    HIGH = "high", N_("High")


class Direction(Labelled):
    """How the risk moved since last year."""

    UP = "up", N_("Up")
    UNCHANGED = "unchanged", N_("Unchanged")
    DOWN = "down", N_("Down")


class Change(Labelled):
    """What changed since last year."""

    SYSTEM = "system", N_("System")
    LAW = "law", N_("Law")
    PEOPLE = "people", N_("People")
    SUPPLIER = "supplier", N_("Supplier")
    REORGANISATION = "reorganisation", N_("Reorganisation")
    ERROR = "error_or_loss", N_("Error or loss")


class Certainty(Labelled):
    """How certain the assessor is."""

    LITTLE = "low", N_("A little")
    FAIR = "fair", N_("Fairly")
    HIGH = "high", N_("Very")


class Proposal(Labelled):
    """Whether the assessor thinks the process should be reviewed this year."""

    YES = "yes", N_("Yes")
    NO = "no", N_("No")
    UNSURE = "unsure", N_("Don't know")


class Measure(Labelled):
    """What may count in the priority figure of a process; each is reckoned as 1 to 5."""

    LIKELIHOOD = "likelihood", N_("Likelihood before controls")
    IMPACT = "impact", N_("Impact before controls")
    CONTROL = "control", N_("Lack of controls")
    AMOUNT = "amount", N_("Yearly amount")
    CHANGE = "change", N_("Changes")
    FRAUD = "fraud", N_("Special risk of fraud")
    UNCERTAINTY = "uncertainty", N_("Uncertainty")
