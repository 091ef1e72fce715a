"""Where a version of the plan comes from, and how far a proposal is."""

from controls.base.why import N_, Labelled


class Origin(Labelled):
    """How a version of the standing plan was made."""

    HAND = "hand", N_("Changed by hand")
    PROPOSAL = "proposal", N_("Proposal of the planner")
    SCENARIO = "scenario", N_("Adopted scenario")


class Asked(Labelled):
    """How far the planner is with a proposal."""

    WAITING = "waiting", N_("Waiting")
    RUNNING = "running", N_("The planner is at work")
    DONE = "done", N_("Done")
    FAILED = "failed", N_("Failed")


class Show(Labelled):
    """Which rows of the grid are asked for, beside those of a status."""

    WITHOUT = "without", N_("Without a year")
    BEYOND = "beyond", N_("Not reviewed in five years")
    LACKING = "lacking", N_("There is no room")
    CHANGED = "changed", N_("Changed in the draft")
