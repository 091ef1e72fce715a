"""Words of staffing: the acts of the year that take people, why they are not there, the steps of the first day."""

from controls.base.why import N_, Labelled


class Task(Labelled):
    """What somebody must be able to do in each process."""

    FILL = "fill", N_("Fill in the assessment")
    APPROVE = "approve", N_("Approve the assessment")
    TEST = "test", N_("Test the controls")
    QUALITY = "quality", N_("Quality-review the test")


class Act(Labelled):
    """What takes three different people in each year."""

    WRITE = "write", N_("Write the recommendation")
    RECORD = "record", N_("Record the decisions")
    CONFIRM = "confirm", N_("Confirm the decisions")


class Lack(Labelled):
    """Why nobody is there for a task."""

    NOBODY = "nobody", N_("Nobody holds the role.")
    LINE = "line", N_("All who hold the role have line duty in the process (S4).")
    SAME = "same", N_("One person would have to do both.")


class Asked(Labelled):
    """The steps of the first day that are answered rather than done."""

    HISTORY = "history", N_("Earlier reviews")
    STAFFING = "staffing", N_("Staffing")
