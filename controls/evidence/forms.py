"""What is typed beside an uploaded file."""

from wtforms import HiddenField

from controls.base.form import BaseForm, Day, Words
from controls.base.why import N_
from controls.evidence.rules import SHOWS_LABEL, SHOWS_LIMIT


class Upload(BaseForm):
    """A file, what it shows and the period it covers."""

    subject_type = HiddenField()
    subject_id = HiddenField()
    next = HiddenField()
    shows = Words(SHOWS_LABEL, required=True, limit=SHOWS_LIMIT)
    covers_from = Day(N_("Covers from"))
    covers_to = Day(N_("Covers to"))
