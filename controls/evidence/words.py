"""The words of evidence: how confidential a file is, and where in it something was found."""

from controls.base.why import N_, Labelled


class DataClass(Labelled):
    """How confidential a file is; decides how long it is kept and who must take care."""

    PUBLIC = "public", N_("Public")
    INTERNAL = "internal", N_("Internal")
    CONFIDENTIAL = "confidential", N_("Confidential")
    PERSONAL = "personal", N_("Personal data")
    SENSITIVE = "sensitive", N_("Sensitive personal data")


PERSONAL = frozenset({DataClass.PERSONAL, DataClass.SENSITIVE})


class Spot(Labelled):
    """Where in a file something was found."""

    LINE = "line", N_("line")
    CELL = "cell", N_("cell")
    SLIDE = "slide", N_("slide")
    FILE = "file", N_("file")
    TEXT = "text", N_("text")


class RequestKind(Labelled):
    """What takes two people."""

    WITHDRAW = "withdraw", N_("Withdrawal")
    DISPOSE = "dispose", N_("Disposal")


class RequestState(Labelled):
    """Where a request stands."""

    ASKED = "asked", N_("Waiting for approval")
    APPROVED = "approved", N_("Approved")
    REFUSED = "refused", N_("Refused")


class CheckKind(Labelled):
    """Which files were looked at."""

    SHARE = "share", N_("A share of the files")
    ALL = "all", N_("All files")
    SWEEP = "sweep", N_("Files that belong to nothing")


class FaultKind(Labelled):
    """What may be wrong with a stored file, or why it was removed from the store."""

    MISSING = "missing", N_("Missing")
    CHANGED = "changed", N_("Changed")
    SIZE = "size", N_("Another size")
    UNRECORDED = "unrecorded", N_("Disposed of without approval")
    ORPHAN = "orphan", N_("Belonged to nothing and was removed")
    PART = "part", N_("Left half received and was removed")


class Mark(Labelled):
    """What became of a file that no longer counts as proof."""

    REPLACED = "replaced", N_("Replaced")
    WITHDRAWN = "withdrawn", N_("Withdrawn")
    DISPOSED = "disposed", N_("Disposed of")
