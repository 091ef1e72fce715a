"""Reads of recommendations: the draft with its lines, and the frozen whole."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import Session

from controls.base import seal, task
from controls.base.audit import EventRow
from controls.base.by import By
from controls.base.db import db, within
from controls.base.fault import Fault
from controls.base.why import N_, Reason, Why
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person
from controls.recommendation import rules
from controls.recommendation.tables import Line, Recommendation
from controls.recommendation.words import State
from controls.rotation.rules import RollRow
from controls.universe.tables import Subprocess
from controls.wheel.tables import Cycle, Step
from controls.wheel.words import State as CycleState

DRAFTING = task.declare(
    "recommendation.draft", N_("Recommend sub-processes for {code} {name}"), N_("Recommend"), "recommendation.open"
)


def by_id(id: int) -> Recommendation | None:
    """A recommendation by id."""
    return db.session.get(Recommendation, id)


def current(cycle_id: int) -> Recommendation | None:
    """The latest version of a cycle's recommendation."""
    query = select(Recommendation).where(Recommendation.cycle_id == cycle_id).order_by(Recommendation.number.desc())
    return db.session.scalar(query.limit(1))


def by_number(cycle_id: int, number: int) -> Recommendation | None:
    """A version of a cycle's recommendation."""
    query = select(Recommendation).where(Recommendation.cycle_id == cycle_id, Recommendation.number == number)
    return db.session.scalar(query)


def lines(recommendation_id: int) -> list[Line]:
    """The lines in the order they were put."""
    return list(db.session.scalars(select(Line).where(Line.recommendation_id == recommendation_id).order_by(Line.id)))


def line(recommendation_id: int, subprocess_id: int) -> Line | None:
    """The line of a sub-process."""
    query = select(Line).where(Line.recommendation_id == recommendation_id, Line.subprocess_id == subprocess_id)
    return db.session.scalar(query)


def of_year(by: By, organisation_id: int, year: int) -> tuple[Cycle, Recommendation | None, list[Line]] | None:
    """The cycle of a year with its recommendation (and the lines of a draft), for those who read all content there."""
    draft = and_(Line.recommendation_id == Recommendation.id, Recommendation.state == State.DRAFT)
    found = db.session.execute(
        select(Cycle, Recommendation, Line)
        .outerjoin(Recommendation, Recommendation.cycle_id == Cycle.id)
        .outerjoin(Line, draft)
        .where(Cycle.organisation_id == organisation_id, Cycle.year == year)
        .where(within(by, Permission.CONTENT_READ, Cycle.organisation_id))
        .order_by(Recommendation.number.desc(), Line.id)
    ).all()
    return (found[0][0], found[0][1], [row[2] for row in found if row[2] is not None]) if found else None


def puts(lines: Iterable[Line], places: Mapping[int, RollRow]) -> list[rules.Put]:
    """The lines as the rule of handing over reads them."""
    return [
        rules.Put(places[line.subprocess_id].code, line.recommended, bool(line.reason_codes), line.text, line.hours)
        for line in lines
        if line.subprocess_id in places
    ]


def missing(cycle: Cycle) -> list[Reason]:
    """The gate to the state recommended: the recommendation is handed over."""
    row = current(cycle.id)
    return [] if row is not None and row.state is State.HANDED_OVER else [rules.NOT_HANDED_OVER()]


def leads(organisation_ids: Iterable[int]) -> list[Person]:
    """Those who may be proposed as lead: the people of the organisation and its ministry, by name."""
    query = select(Person).where(Person.organisation_id.in_(list(organisation_ids)), Person.valid_to.is_(None))
    return list(db.session.scalars(query.order_by(Person.name)))


def for_export(organisation_id: int, year: int) -> list[tuple[Recommendation, Line, str]]:
    """Every version of a year with its lines and the code of each sub-process."""
    rows = db.session.execute(
        select(Recommendation, Line, Subprocess.code)
        .join(Line, Line.recommendation_id == Recommendation.id)
        .join(Subprocess, Subprocess.id == Line.subprocess_id)
        .where(Recommendation.organisation_id == organisation_id, Recommendation.year == year)
        .order_by(Recommendation.number, Line.id)
    )
    return [(head, row, code) for head, row, code in rows]


def tasks(by: By) -> list[Select[Any]]:
    """The group drafts the recommendation once the cycle calibrates, until it is handed over."""
    where = by.everywhere(Permission.RECOMMENDATION_WRITE)
    if not where:
        return []
    given = and_(Recommendation.cycle_id == Cycle.id, Recommendation.state == State.HANDED_OVER)
    due = and_(Step.cycle_id == Cycle.id, Step.state == CycleState.RECOMMENDED)
    shown = task.rows(DRAFTING, id=Cycle.id, code=Organisation.code, name_da=func.coalesce(Organisation.name_da, ""),
                      name_en=Organisation.name_en, due=Step.planned_on)  # fmt: skip
    return [
        shown.select_from(Cycle).join(Organisation, Organisation.id == Cycle.organisation_id).outerjoin(Step, due)
        .where(Cycle.organisation_id.in_(where), Cycle.state == CycleState.CALIBRATING)
        .where(~select(Recommendation.id).where(given).exists())
    ]  # fmt: skip


UNSEALED = Why(
    "recommendation.unsealed",
    N_("Recommendation no. {row}: what was handed over does not have its checksum."),
)


def unsealed(session: Session) -> Iterator[Fault]:
    """Recommendations whose frozen basis is not what was handed over, texts that were removed apart.

    One handed over before the texts had salts cannot be told by its checksum once a text was removed; the log tells it.
    """
    redacted = exists().where(
        EventRow.object_type == Recommendation.__tablename__, EventRow.object_id == Recommendation.id,
        EventRow.payload.is_(None),
    )  # fmt: skip
    kept = select(Recommendation.id, Recommendation.snapshot, Recommendation.snapshot_hash, redacted)
    rows = session.execute(kept.where(Recommendation.snapshot != "").order_by(Recommendation.id))
    for id, text, checksum, gone in rows:
        whole = json.loads(text)
        if seal.checksum(whole) != checksum and not (gone and seal.SALTS not in whole):
            yield Fault(UNSEALED, Recommendation.__tablename__, str(id), "snapshot")
