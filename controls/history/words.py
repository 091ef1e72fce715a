"""States and legal bases of a redaction."""

from controls.base.why import N_, Labelled


class State(Labelled):
    """State of a redaction."""

    ASKED = "asked", N_("Awaiting approval")
    APPROVED = "approved", N_("Removed")
    REJECTED = "rejected", N_("Rejected")


class LegalBasis(Labelled):
    """Why a personal text must go (GDPR, Regulation (EU) 2016/679)."""

    MINIMISATION = "gdpr_5_1_c", N_("Not necessary for the purpose (GDPR art. 5(1)(c))")
    STORAGE = "gdpr_5_1_e", N_("Kept longer than necessary (GDPR art. 5(1)(e))")
    UNLAWFUL = "gdpr_17_1_d", N_("Processed unlawfully (GDPR art. 17(1)(d))")
    OBLIGATION = "gdpr_17_1_e", N_("To be erased by law (GDPR art. 17(1)(e))")
    OBJECTION = "gdpr_17_1_c", N_("Objection by the person (GDPR art. 17(1)(c))")
