"""Send reminders from a list, the receipt, and one's own messages."""

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from controls.assessment import queries as assessments
from controls.base import settings
from controls.base.db import transaction
from controls.identity.permissions import Permission
from controls.reminder import actions, queries
from controls.reminder.forms import SendForm
from controls.reminder.words import Outcome
from controls.web import answer, guard, lists

bp = Blueprint("reminder", __name__)
SHOWN = 200


@bp.post("/cycles/<int:year>/remind")
@guard.allows(Permission.CONTENT_READ)
def send(year: int) -> ResponseReturnValue:
    """Remind the holders of what is ticked, of what some owners lack, or of all that the address filters."""
    by, here, form = guard.by(), guard.organisation(), SendForm(request.form)
    guard.must(here.id in queries.reminds(by))
    asked = lists.asked(assessments.SORTS, assessments.FILTERS)
    filters = asked.filters if form.all.data else None
    with transaction():
        chosen = queries.chosen(by, guard.organisations() & queries.reminds(by), year, form.id.data or (),
                                form.owner.data or (), filters)  # fmt: skip
        row = actions.send(by, here.id, year, chosen)
        return answer.done(url_for(".show", id=row.id), _("The reminders are sent. Here is the receipt."))


@bp.get("/reminders/<int:id>")
@guard.allows(Permission.CONTENT_READ)
def show(id: int) -> ResponseReturnValue:
    """The receipt: who was reminded, who was not and why, and what becomes of the mail."""
    found = queries.show(guard.by(), id) or abort(404)
    people: dict[str, list[queries.Line]] = {}
    for line in found.lines:
        if line.outcome is Outcome.REMINDED:
            people.setdefault(line.person or "", []).append(line)
    rest = [line for line in found.lines if line.outcome is not Outcome.REMINDED]
    return answer.page(
        "reminder/show.html", found=found, people=people, rest=rest, mail=bool(settings.current().smtp),
        lead=ngettext("%(num)d person is reminded", "%(num)d people are reminded", len(people)),
    )  # fmt: skip


@bp.get("/notifications")
@guard.signed_in
def notifications() -> ResponseReturnValue:
    """What one has been told in the last 90 days."""
    by = guard.by()
    rows = queries.messages(by, by.at - queries.KEPT, SHOWN)
    return answer.page("reminder/notifications.html", rows=rows, mail=bool(settings.current().smtp))
