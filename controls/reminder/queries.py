"""Reads of reminders: what is chosen and who holds it, the receipt, who is late by owner, a person's messages."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Integer, Select, and_, case, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from controls.assessment import queries as assessments
from controls.assessment.rules import DONE, EDITABLE
from controls.assessment.tables import Assessment
from controls.assessment.words import State
from controls.base import outbox
from controls.base.by import By
from controls.base.db import Scope, built, db, scope
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person
from controls.reminder.rules import MOST, Held
from controls.reminder.tables import Receipt, Reminder
from controls.reminder.words import Outcome
from controls.universe.tables import Area, Process
from controls.wheel.rules import AreaCount, Course, Late
from controls.wheel.tables import Cycle, Step
from controls.wheel.words import State as Phase

Owner, Deputy, Author = (aliased(Person, name=name) for name in ("owner", "deputy", "author"))


def reminds(by: By) -> frozenset[int]:
    """Organisations in which the reader sends reminders: controllers and the group."""
    return by.everywhere(Permission.ASSESSMENT_FILL) | by.everywhere(Permission.ASSESSMENT_CALIBRATE)


def _at_work(person: Any, on: date) -> ColumnElement[Any]:
    return case((and_(person.valid_from <= on, or_(person.valid_to.is_(None), person.valid_to >= on)), person.id))


class Chosen(NamedTuple):
    """An assessment that somebody is to be reminded of, and where it belongs."""

    organisation_id: int
    held: Held


def chosen(
    by: By, organisation_ids: frozenset[int], year: int, ids: Collection[int] = (), owners: Collection[int] = (),
    filters: Mapping[str, str] | None = None,
) -> list[Chosen]:  # fmt: skip
    """The assessments with these ids, the missing ones of these owners, or all that fit the list's filter."""
    wanted: list[ColumnElement[bool]] = [Assessment.id.in_(ids)] if ids else []
    wanted += [and_(Process.owner_id.in_(owners), Assessment.state.in_(EDITABLE))] if owners else []
    wanted += [and_(*assessments.matches(filters), Assessment.id > 0)] if filters is not None else []
    if not wanted:
        return []
    due = Phase.CALIBRATING
    step = case((Assessment.state == State.RETURNED, due.value), else_=Phase.ASSESSING.value)
    rows = db.session.execute(
        select(
            Assessment.organisation_id, Assessment.id, Process.code, Assessment.state, Cycle.state, Assessment.year,
            Step.deadline_on, _at_work(Author, by.today), _at_work(Owner, by.today), _at_work(Deputy, by.today),
        )
        .join(Process, Process.id == Assessment.process_id)
        .join(Area, Area.id == Process.area_id)
        .join(Cycle, Cycle.id == Assessment.cycle_id)
        .outerjoin(Step, and_(Step.cycle_id == Cycle.id, Step.state == step))
        .outerjoin(Author, Author.id == Assessment.author_id)
        .outerjoin(Owner, Owner.id == Process.owner_id)
        .outerjoin(Deputy, Deputy.id == Process.deputy_id)
        .where(Assessment.organisation_id.in_(organisation_ids), Assessment.year == year, or_(*wanted))
        .where(assessments.readable(by))
        .order_by(Assessment.organisation_id, Process.sort_key).limit(MOST + 1)
    )  # fmt: skip
    return [Chosen(row[0], Held(*row[1:])) for row in rows]


def reminded_on(people: Collection[int], day: date) -> set[int]:
    """Who of these has been reminded that day."""
    query = select(Receipt.person_id).where(Receipt.person_id.in_(people), Receipt.sent_on == day)
    return {id for id in db.session.scalars(query.where(Receipt.outcome == Outcome.REMINDED)) if id is not None}


class Line(NamedTuple):
    """A line of a receipt."""

    assessment_id: int
    outcome: Outcome
    code: str
    name_da: str
    name_en: str
    person: str | None
    email: str | None


class Shown(NamedTuple):
    """A sending with its lines."""

    row: Reminder
    organisation: Organisation
    sender: str | None
    lines: list[Line]


def show(by: By, id: int) -> Shown | None:
    """A sending in an organisation whose assessments the reader reads."""
    head = db.session.execute(
        select(Reminder, Organisation, Person.name)
        .join(Organisation, Organisation.id == Reminder.organisation_id)
        .outerjoin(Person, Person.id == Reminder.sent_by_id)
        .where(Reminder.id == id, Reminder.organisation_id.in_(by.everywhere(Permission.CONTENT_READ)))
    ).first()
    if head is None:
        return None
    rows = db.session.execute(
        select(Receipt.assessment_id, Receipt.outcome, Process.code, Process.name_da, Process.name_en, Person.name,
               Person.email)
        .join(Assessment, Assessment.id == Receipt.assessment_id)
        .join(Process, Process.id == Assessment.process_id)
        .outerjoin(Person, Person.id == Receipt.person_id)
        .where(Receipt.reminder_id == id).order_by(Receipt.id)
    )  # fmt: skip
    return Shown(head[0], head[1], head[2], [Line(*row) for row in rows])


def course(by: By, organisation_id: int, year: int) -> Course:
    """How many of the year's assessments are in each state, by area, and who is late, by owner: in one query."""
    rows = db.session.execute(
        _course(scope(by, Permission.CONTENT_READ, frozenset({organisation_id})), organisation_id, year)
    ).all()
    late = [
        Late(row.owner_id, row.owner, row.not_started + row.draft, row.returned, row.due_on, row.reminded_on)
        for row in rows if row.by_owner
    ]  # fmt: skip
    return Course(
        [AreaCount(*row[1:11]) for row in rows if not row.by_owner],
        sorted((one for one in late if one.missing or one.returned), key=lambda one: -one.missing - one.returned),
    )


@built
def _course(reach: Scope, organisation_id: int, year: int) -> Select[*tuple[Any, ...]]:
    """A row for each area and one for each owner."""
    last = (
        select(Receipt.person_id, func.max(Receipt.sent_on).label("day"))
        .where(Receipt.outcome == Outcome.REMINDED, Receipt.organisation_id == organisation_id)
        .where(Receipt.sent_on >= date(year, 1, 1), Receipt.sent_on <= date(year, 12, 31))
        .group_by(Receipt.person_id).subquery()
    )  # fmt: skip
    forms = (
        select(
            assessments.shown_state().label("state"), Area.code, Area.name_da, Area.name_en, Area.sort_key,
            Process.owner_id, Person.name, Step.deadline_on, last.c.day,
        )
        .select_from(Assessment)
        .join(Process, Process.id == Assessment.process_id)
        .join(Area, Area.id == Process.area_id)
        .outerjoin(Person, Person.id == Process.owner_id)
        .outerjoin(Step, and_(Step.cycle_id == Assessment.cycle_id, Step.state == Phase.ASSESSING))
        .outerjoin(last, last.c.person_id == Process.owner_id)
        .where(Assessment.organisation_id == organisation_id, Assessment.year == year, assessments.inside_of(reach))
        .cte("forms")
    )  # fmt: skip
    at = forms.c

    def number(name: str, *states: State) -> Any:
        return func.count().filter(at.state.in_(states)).label(name)

    counts = (
        func.count().label("issued"), number("not_started", State.NOT_STARTED), number("draft", State.DRAFT),
        number("submitted", State.SUBMITTED), number("returned", State.RETURNED),
        number("calibrated", State.CALIBRATED), number("approved", *DONE),
    )  # fmt: skip
    area = (at.code, at.name_da, at.name_en)
    nobody, nothing = literal(None, Integer), literal(None, Date)
    by_area = select(
        literal(0).label("by_owner"), *area, *counts, nobody.label("owner_id"), literal("").label("owner"),
        nothing.label("due_on"), nothing.label("reminded_on"), at.sort_key.label("sort"),
    ).group_by(at.sort_key, *area)  # fmt: skip
    by_owner = select(
        literal(1), literal(""), literal(""), literal(""), *counts, at.owner_id, at.name, func.min(at.deadline_on),
        func.max(at.day), func.coalesce(at.name, ""),
    ).group_by(at.owner_id, at.name)  # fmt: skip
    found = union_all(by_area, by_owner).subquery()
    columns = [column for column in found.c if column.name != "sort"]
    return select(*columns).order_by(found.c.by_owner, found.c.sort)


KEPT = outbox.KEPT


def messages(by: By, since: datetime, most: int) -> list[tuple[outbox.Message, outbox.Told]]:
    """The reader's own messages since a moment, newest first, in the reader's language."""
    found = [] if by.person_id is None else outbox.of(by.person_id, since, most)
    return [(row, outbox.told(row)) for row in found]
