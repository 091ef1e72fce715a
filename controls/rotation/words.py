"""Degrees of coverage, forms of review and the roll's states."""

from controls.base.why import N_, Labelled


class Degree(Labelled):
    """How far a review covers: only full resets the clock."""

    FULL = "full", N_("Full")
    PARTIAL = "partial", N_("Partial")
    NONE = "none", N_("None")


class Form(Labelled):
    """Ordinary or light detailed review."""

    ORDINARY = "ordinary", N_("Ordinary")
    LIGHT = "light", N_("Light")


class Source(Labelled):
    """Where a line of the ledger comes from."""

    REVIEW = "review", N_("Approved review")
    IMPORT = "import", N_("Imported history")
    REOPENED = "reopened", N_("Review reopened")
    REVERSED = "reversed", N_("Imported history undone")


class Status(Labelled):
    """State of a sub-process in the roll, as of a year."""

    COVERED = "covered", N_("Covered")
    DUE = "due", N_("Due this year")
    OVERDUE = "overdue", N_("Overdue")
    NEVER = "never", N_("Not yet covered")


class Cover(Labelled):
    """Whether a full review of five calendar years covers a sub-process; the last three do not."""

    ORDINARY = "ordinary", N_("Covered")
    LIGHT = "light", N_("Covered (light)")
    PARTIAL = "partial", N_("Partly covered only")
    LAPSED = "lapsed", N_("Not covered in the last five years")
    NEVER = "never", N_("Never covered")
