"""Forms of visiting grants."""

from typing import Any

from wtforms import IntegerField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from controls.base.form import BaseForm, Day, Pick, Words, said
from controls.base.why import N_, Reason
from controls.identity.visits import Visited, VisitTask
from controls.visiting.rules import Asked

REASON_LIMIT = 1000


def _shown(text: str) -> str:
    return said(Reason("word", text))


class Ask(BaseForm):
    """Whom, as what, for which one place, how long and why."""

    place = Pick(N_("Borrowed for"), required=True, description=N_("The visitor sees only this."), choices=[])
    task = Pick(N_("Borrowed as"), required=True, choices=[])
    visitor_id = Pick(N_("Person"), required=True, choices=[])
    valid_from = Day(N_("From"), required=True)
    valid_to = Day(N_("Until"), required=True, description=N_("The role ends by itself after this day."))
    reason = Words(N_("Why"), limit=REASON_LIMIT, required=True)

    def __init__(self, formdata: Any = None, places: Any = (), people: Any = (), **kw: Any) -> None:
        super().__init__(formdata, **kw)
        first = ("", _shown(N_("Choose")))
        self.place.choices = [first, *places]
        self.visitor_id.choices = [first, *people]
        self.task.choices = [first, *((task.value, _shown(task.label)) for task in VisitTask)]

    def values(self) -> Asked:
        """The request as the rules take it (when it is valid)."""
        kind, _, id = (self.place.data or "").partition("-")
        assert self.valid_from.data and self.valid_to.data
        return Asked(
            int(self.visitor_id.data or 0), VisitTask(self.task.data), Visited(kind), int(id), self.valid_from.data,
            self.valid_to.data, self.reason.data or "",
        )  # fmt: skip


class End(BaseForm):
    """Why a request is refused or a grant is ended."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    reason = Words(N_("Why"), limit=REASON_LIMIT, required=True)
