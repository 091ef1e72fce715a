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


class Copied(Labelled):
    """An answer of last year that can be copied."""

    INHERENT_LIKELIHOOD = "inherent_likelihood", N_("Likelihood before controls")
    INHERENT_IMPACT = "inherent_impact", N_("Impact before controls")
    CONTROL_LEVEL = "control_level", N_("Control level")
    RESIDUAL_LIKELIHOOD = "residual_likelihood", N_("Likelihood after controls")
    RESIDUAL_IMPACT = "residual_impact", N_("Impact after controls")
    FRAUD = "fraud", N_("Special risk of fraud?")
    LINES = "lines", N_("Own scores of the sub-processes")


class Moved(Labelled):
    """A fact that is another than when last year's form was submitted."""

    FINDING = "finding", N_("new finding")
    SYSTEM = "system", N_("other systems")
    OWNER = "owner", N_("another owner")
    AMOUNT = "amount", N_("the amount has changed by more than 25 per cent")
