"""Writes of reminders: one sending with its receipt and a message to each who is reminded."""

from collections.abc import Sequence

from controls.base import audit, outbox
from controls.base.by import By
from controls.base.db import CLASHES, db
from controls.base.why import FORBIDDEN, N_, Refused, refuse_if
from controls.reminder import queries, rules
from controls.reminder.queries import Chosen
from controls.reminder.tables import Receipt, Reminder
from controls.reminder.words import Outcome

SENT = audit.declare("reminder.sent", N_("Reminders sent"), "reminded", "not_reminded")

BEFORE = outbox.declare(
    "reminder.before", N_("Assess {codes} by {due_on}"),
    N_("{who} reminds you of {codes}. The deadline is {due_on}. It takes about 5 minutes for each process, and you can "
       "go on where you stopped."), N_("Assess now"),
)  # fmt: skip
LATE = outbox.declare(
    "reminder.late", N_("Send the assessment of {codes} now. The deadline was {due_on}"),
    N_("{who} reminds you that {codes} is not submitted. The group cannot go on without it. It takes about 5 minutes "
       "for each process."), N_("Assess now"),
)  # fmt: skip
UNDATED = outbox.declare(
    "reminder.undated", N_("Assess {codes}"),
    N_("{who} reminds you of {codes}. It takes about 5 minutes for each process."), N_("Assess now"),
)  # fmt: skip


CLASHES["base_outbox"] = lambda values: rules.SENT_TWICE()
"""Two people pressed at the same moment: the database lets a person be reminded once a day."""


def send(by: By, organisation_id: int, year: int, chosen: Sequence[Chosen]) -> Reminder:
    """Remind the holders of these assessments, each at most once a day; the receipt tells of every one."""
    if not {one.organisation_id for one in chosen} <= queries.reminds(by):
        raise Refused([FORBIDDEN()])
    refuse_if(rules.why_not_send(len(chosen)))
    holders = {one.held.holder for one in chosen if one.held.holder is not None}
    before = queries.reminded_on(holders, by.today)
    row = Reminder(organisation_id=organisation_id, year=year, sent_by_id=by.person_id, sent_at=by.at)
    db.session.add(row)
    db.session.flush()
    reminded = []
    for one in chosen:
        found = rules.outcome(one.held, by.today, before)
        reminded += [one.held] if found is Outcome.REMINDED else []
        db.session.add(Receipt(
            organisation_id=one.organisation_id, reminder_id=row.id, assessment_id=one.held.id, sent_on=by.today,
            person_id=one.held.holder, outcome=found,
        ))  # fmt: skip
    for person_id, held in rules.by_holder(reminded).items():
        _tell(by, person_id, held)
    audit.record(by, SENT, row, reminded=len(reminded), not_reminded=len(chosen) - len(reminded))
    return row


def _tell(by: By, person_id: int, held: Sequence[rules.Held]) -> None:
    """One message to one holder, about all that is missing."""
    due = min((one.due_on for one in held if one.due_on), default=None)
    path = f"/assessments/{held[0].id}" if len(held) == 1 else "/tasks"
    words = {"codes": rules.codes([one.code for one in held]), "who": by.name}
    once = f"reminder {person_id} {by.today}"
    if due is None:
        outbox.put(by, person_id, UNDATED, path, once=once, **words)
    else:
        outbox.put(by, person_id, BEFORE if by.today <= due else LATE, path, once=once, due_on=due, **words)
