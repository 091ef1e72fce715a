"""Words of the catalogue."""

from controls.base.why import N_, Labelled


class Level(Labelled):
    """The three levels of the catalogue."""

    AREA = "area", N_("Process area")
    PROCESS = "process", N_("Process")
    SUBPROCESS = "subprocess", N_("Sub-process")


class Kind(Labelled):
    """What may happen to the structure of the catalogue."""

    CREATED = "created", N_("Added to the catalogue")
    RENAMED = "renamed", N_("Renamed")
    RECODED = "recoded", N_("Given another code")
    MOVED = "moved", N_("Moved")
    SPLIT = "split", N_("Split into several")
    MERGED = "merged", N_("Merged")
    CLOSED = "closed", N_("Closed")
    REOPENED = "reopened", N_("Opened again")
    TRANSFERRED = "transferred", N_("Transferred to another organisation")
    CHANGED = "changed", N_("Essentially changed")
    UNDONE = "undone", N_("Import undone")


class LineKind(Labelled):
    """What makes a person part of the line in a process."""

    OWNER = "owner", N_("Process owner")
    DEPUTY = "deputy", N_("Deputy")
    CONTROL_OWNER = "control_owner", N_("Control owner")
    PERFORMER = "performer", N_("Control performer")


DO = {
    Kind.CREATED: N_("Add beneath it"), Kind.RENAMED: N_("Rename"), Kind.RECODED: N_("Give another code"),
    Kind.MOVED: N_("Move"), Kind.SPLIT: N_("Split up"), Kind.MERGED: N_("Merge"), Kind.CLOSED: N_("Close"),
    Kind.REOPENED: N_("Open again"), Kind.TRANSFERRED: N_("Transfer to another organisation"),
    Kind.CHANGED: N_("Mark as essentially changed"),
}  # fmt: skip
"""What is done, as a link and a button say it."""

MEANS = {
    Kind.CREATED: N_("What is new has no coverage. Its first due year is counted from the year it begins."),
    Kind.RENAMED: N_("Code, history and coverage stay. Earlier years keep the name that they had."),
    Kind.RECODED: N_("History and coverage stay. The old code leads here and is never used again."),
    Kind.MOVED: N_("Code, history and coverage stay. Earlier years show it where it was."),
    Kind.SPLIT: N_(
        "The sub-process closes and the new ones begin. A part keeps the coverage only if you write what the earlier "
        "review examined of it; else it keeps the due year."
    ),
    Kind.MERGED: N_(
        "Sub-processes of one process close and a new one begins. It is covered only if all of them are; else it is "
        "due when the first of them would have been."
    ),
    Kind.CLOSED: N_("It leaves the five-year roll from that day. Findings and history stay, and the code is never used "
                    "again."),
    Kind.REOPENED: N_("Within 12 months it keeps its coverage; after that it starts again without any."),
    Kind.TRANSFERRED: N_("It closes here and begins there with the same code and its coverage. The other organisation "
                         "names the owner."),
    Kind.CHANGED: N_("For a new system or a new law. It is due by the end of the second year after."),
}  # fmt: skip
"""What each change does to history and coverage, before one does it."""
