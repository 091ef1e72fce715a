"""What became of each assessment that somebody was to be reminded of."""

from controls.base.why import N_, Labelled


class Outcome(Labelled):
    """Whether its holder was reminded, or why not."""

    REMINDED = "reminded", N_("Reminded")
    TODAY = "today", N_("Already reminded today")
    NO_OWNER = "no_owner", N_("Nobody holds it: the process has no owner or deputy at work")
    YEAR_END = "year_end", N_("Finance is at year-end: owners are not reminded before 16 March")
    NOT_MISSING = "not_missing", N_("Submitted already")
    NOT_OPEN = "not_open", N_("The year is not open for assessments")
