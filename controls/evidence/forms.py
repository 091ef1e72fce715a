"""What is typed beside an uploaded file, and what its custody asks for."""

from wtforms import BooleanField, HiddenField

from controls.base.form import BaseForm, Day, Line, Pick, Whole, Words, said
from controls.base.why import N_, Reason
from controls.evidence.custody import REASON, YEARS_LABEL
from controls.evidence.rules import NAME_LIMIT, REFERENCE_LABEL, SHOWS_LABEL, SHOWS_LIMIT
from controls.evidence.words import DataClass


def _classes() -> list[tuple[str, str]]:
    return [(word.value, said(Reason("label", word.label))) for word in DataClass]


class Version(HiddenField):
    """The version of the row that the form was read from, as a number or None."""

    def number(self) -> int | None:
        """What came back, when it is a number."""
        text = self.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


class About(BaseForm):
    """What a file shows, the period it covers and how confidential it is."""

    shows = Words(SHOWS_LABEL, required=True, limit=SHOWS_LIMIT)
    covers_from = Day(N_("Covers from"))
    covers_to = Day(N_("Covers to"))
    data_class = Pick(N_("Data class"), choices=_classes, default=DataClass.INTERNAL.value)
    external_reference = Line(REFERENCE_LABEL, limit=NAME_LIMIT)
    cpr_confirmed = BooleanField(N_("The CPR numbers belong in the file: they are needed as proof"))

    def chosen_class(self) -> DataClass:
        """The class, internal when none was chosen."""
        return DataClass(self.data_class.data or DataClass.INTERNAL)

    def asks_about_cpr(self) -> bool:
        """Whether the confirmation is to be shown: it was asked for, or given."""
        return bool(self.cpr_confirmed.errors or self.cpr_confirmed.data)


class Upload(About):
    """A file and the subject it proves."""

    subject_type = HiddenField()
    subject_id = HiddenField()
    next = HiddenField()


class Replacement(About):
    """A new version of a file, and why."""

    reason = Words(N_("Why is it replaced?"), required=True, limit=SHOWS_LIMIT)


class Because(BaseForm):
    """A reason."""

    version = Version()
    reason = Words(REASON, required=True, limit=SHOWS_LIMIT)


class Answer(BaseForm):
    """The second person's answer."""

    version = Version()
    answer = Words(N_("Answer"), limit=SHOWS_LIMIT)


class Keep(BaseForm):
    """A hold, perhaps until a day."""

    until = Day(N_("Keep until"))
    reason = Words(REASON, required=True, limit=SHOWS_LIMIT)


class Years(BaseForm):
    """The retention of one class."""

    data_class = Pick(N_("Data class"), choices=_classes, required=True)
    years = Whole(YEARS_LABEL, required=True)
    reason = Words(REASON, required=True, limit=SHOWS_LIMIT)
