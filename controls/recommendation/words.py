"""What a line of the recommendation can say, and why."""

from controls.base.why import N_, Labelled


class State(Labelled):
    """State of a recommendation."""

    DRAFT = "draft", N_("Draft recommendation")
    HANDED_OVER = "handed_over", N_("Handed over")


class Recommended(Labelled):
    """What the group recommends for a sub-process."""

    REVIEW = "review", N_("Review in detail")
    NOT = "not_recommended", N_("Do not review")
    DEFER = "defer", N_("Defer")


class ReasonCode(Labelled):
    """Why a sub-process is recommended."""

    OVERDUE = "overdue", N_("Overdue")
    DUE = "due", N_("Due")
    HIGH_RISK = "high_risk", N_("High risk")
    EVENT = "event", N_("Event")
    FRAUD = "fraud", N_("Risk of fraud")
    LARGE_EXPENDITURE = "large_expenditure", N_("Large expenditure")
    LEGAL_CERTAINTY = "legal_certainty", N_("Citizens' legal certainty")
    ESSENTIAL_LAW = "essential_law", N_("Essential law")
    POLITICAL_ATTENTION = "political_attention", N_("Political attention")
    GROUPS_AT_RISK = "groups_at_risk", N_("Groups at risk of maladministration")
    OTHER = "other", N_("Other")


class DeferCode(Labelled):
    """Why a due sub-process waits."""

    CAPACITY = "capacity", N_("Lack of capacity")
    SYSTEM_CHANGE = "system_change", N_("Change of system")
    LOW_RISK = "low_risk", N_("Low risk")
    EXTERNAL_REVIEW = "external_review", N_("Reviewed by others")
    REORGANISATION = "reorganisation", N_("Reorganisation of the unit")
    OTHER = "other", N_("Other")
