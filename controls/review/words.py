"""States and choices of detailed reviews, risks and controls."""

from controls.base.why import N_, Labelled


class State(Labelled):
    """State of a review."""

    CHOSEN = "chosen", N_("Chosen")
    PLANNED = "planned", N_("Planned")
    IN_PROGRESS = "in_progress", N_("In progress")
    DRAFT = "draft", N_("Draft review")
    IN_HEARING = "in_hearing", N_("In hearing")
    APPROVED = "approved", N_("Approved")
    ARCHIVED = "archived", N_("Archived")
    SUSPENDED = "suspended", N_("Suspended")
    DEFERRED = "deferred", N_("Deferred")


class DesignOutcome(Labelled):
    """Whether the control, done as described, would cover the risk."""

    APPROPRIATE = "appropriate", N_("Appropriate")
    PARTLY = "partly_appropriate", N_("Partly appropriate")
    NOT = "not_appropriate", N_("Not appropriate")


class Category(Labelled):
    """Category of a risk."""

    ACCOUNTS = "accounts", N_("The accounts")
    LEGALITY = "legality", N_("Legality")
    FRAUD = "fraud", N_("Fraud")
    LOSS = "loss", N_("Loss")
    IT = "it", N_("IT")
    LEGAL_CERTAINTY = "legal_certainty", N_("Citizens' legal certainty")


class Kind(Labelled):
    """Preventive or detective."""

    PREVENTIVE = "preventive", N_("Preventive")
    DETECTIVE = "detective", N_("Detective")


class Execution(Labelled):
    """How a control is carried out."""

    MANUAL = "manual", N_("Manual")
    AUTOMATED = "automated", N_("Automated")
    IT_DEPENDENT = "it_dependent", N_("IT-dependent manual")


class Frequency(Labelled):
    """How often a control is carried out."""

    ANNUAL = "annual", N_("Yearly")
    HALF_YEARLY = "half_yearly", N_("Half-yearly")
    QUARTERLY = "quarterly", N_("Quarterly")
    MONTHLY = "monthly", N_("Monthly")
    SEMI_MONTHLY = "semi_monthly", N_("Twice a month")
    WEEKLY = "weekly", N_("Weekly")
    DAILY = "daily", N_("Daily")
    MANY = "many", N_("Many times a day")
    CONTINUOUS = "continuous", N_("Continuous (automated)")
    EVENT = "event", N_("At each event")


class Cover(Labelled):
    """How far a control covers a risk."""

    FULL = "full", N_("Full")
    PARTIAL = "partial", N_("Partial")


class Assertion(Labelled):
    """What the accounts say is true (ISA 315)."""

    COMPLETENESS = "FUL", N_("Completeness")
    OCCURRENCE = "FOR", N_("Occurrence")
    ACCURACY = "NOJ", N_("Accuracy")
    CUT_OFF = "PER", N_("Cut-off")
    CLASSIFICATION = "KLA", N_("Classification")
    PRESENTATION = "PRA", N_("Presentation")


class OverallClass(Labelled):
    """The review's overall class of deficiency."""

    NONE = "none", N_("No deficiency")
    DEFICIENCY = "deficiency", N_("Control deficiency")
    SIGNIFICANT = "significant_deficiency", N_("Significant deficiency")
    MATERIAL = "material_weakness", N_("Material weakness")


class Outcome(Labelled):
    """Conclusion on operating effectiveness."""

    EFFECTIVE = "effective", N_("Effective")
    WITH_OBSERVATION = "effective_with_observation", N_("Effective with observation")
    PARTLY = "partly_effective", N_("Partly effective")
    NOT = "not_effective", N_("Not effective")
    CANNOT_CONCLUDE = "cannot_conclude", N_("Cannot conclude")
