"""States and classes of findings and actions."""

from controls.base.why import N_, Labelled


class State(Labelled):
    """State of a finding."""

    DRAFT = "draft", N_("Draft finding")
    IN_HEARING = "in_hearing", N_("In hearing")
    CONFIRMED = "confirmed", N_("Confirmed")
    ACTION_AGREED = "action_agreed", N_("Action plan agreed")
    IN_PROGRESS = "in_progress", N_("In progress")
    REPORTED_DONE = "reported_done", N_("Reported done")
    RETESTED = "retested", N_("Retested")
    CLOSED = "closed", N_("Closed")
    RISK_ACCEPTED = "risk_accepted", N_("Risk accepted")
    REOPENED = "reopened", N_("Reopened")


class Severity(Labelled):
    """Class of a finding (COSO; AS 2201)."""

    DEFICIENCY = "deficiency", N_("Control deficiency")
    SIGNIFICANT = "significant_deficiency", N_("Significant deficiency")
    MATERIAL = "material_weakness", N_("Material weakness")


class ActionState(Labelled):
    """State of an action."""

    AGREED = "agreed", N_("Agreed")
    IN_PROGRESS = "in_progress", N_("In progress")
    REPORTED_DONE = "reported_done", N_("Reported done")
    VERIFIED = "verified", N_("Verified")
    DROPPED = "dropped", N_("Dropped")
