"""States of minutes and what the forum can decide."""

from controls.base.why import N_, Labelled


class State(Labelled):
    """State of a meeting and its minutes."""

    ANNOUNCED = "announced", N_("Announced")
    DRAFT = "draft", N_("Draft minutes")
    WITH_CHAIR = "with_chair", N_("With the chair")
    LOCKED = "locked", N_("Locked")


class MeetingForm(Labelled):
    """How the forum decides."""

    MEETING = "meeting", N_("Meeting")
    WRITTEN = "written", N_("Written procedure")


class Function(Labelled):
    """What a person does at the meeting."""

    CHAIR = "chair", N_("Chair")
    MEMBER = "member", N_("Member")
    SECRETARY = "secretary", N_("Secretary")
    OTHER = "other", N_("Other participant")


class Declared(Labelled):
    """What a member tells about himself and a line; who tells nothing has no interest in it."""

    DISCLOSED = "disclosed", N_("Matter disclosed")
    DISCLOSED_OWN_AREA = "disclosed_own_area", N_("Own area disclosed")


class Ruling(Labelled):
    """How the other members rule on it."""

    RULED_IMPARTIAL = "ruled_impartial", N_("Ruled impartial")
    DISQUALIFIED = "disqualified", N_("Disqualified")


class Decided(Labelled):
    """What the forum decides about a sub-process."""

    CHOSEN = "chosen", N_("Chosen")
    CHOSEN_WITH_CONDITION = "chosen_with_condition", N_("Chosen with a condition")
    NOT_CHOSEN = "not_chosen", N_("Not chosen")
    DEFERRED = "deferred", N_("Deferred")
