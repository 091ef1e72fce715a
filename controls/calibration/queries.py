"""Reads of the meeting: the year's forms with what each is held against, the facts, and the form that is open."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select, String, and_, func, literal, or_, select, type_coerce, union_all
from sqlalchemy.orm import aliased

from controls.assessment import queries as assessments
from controls.assessment.rules import EDITABLE, Scores
from controls.assessment.scales import STANDARD, Scales
from controls.assessment.tables import Assessment, ScaleSet
from controls.assessment.words import Band, State
from controls.base.by import By
from controls.base.db import IDS, Scope, built, db, inside, load, newest, scope
from controls.calibration.rules import Fact, Form
from controls.finding.tables import Finding
from controls.finding.words import Severity
from controls.finding.words import State as Found
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person
from controls.review.tables import Review
from controls.review.words import DesignOutcome, Outcome
from controls.review.words import State as Reviewed
from controls.universe.rules import parts
from controls.universe.tables import Area, Process, Subprocess
from controls.wheel.tables import Cycle
from controls.wheel.words import State as Phase

BACK = 5
"""Reviews of so many years count among the facts: the roll comes round in five."""

BEGINS = ("moderate_from", "elevated_from", "high_from")

Last, Earlier = aliased(Assessment, name="last"), aliased(Assessment, name="earlier")
Owner, Author, Calibrator = (aliased(Person, name=name) for name in ("owner", "author", "calibrator"))


class Queued(NamedTuple):
    """A form of the year as the meeting lists it."""

    id: int
    version: int
    state: State
    code: str
    name_da: str
    name_en: str
    area: str
    area_da: str
    area_en: str
    process_id: int
    systems: str
    band: Band | None
    before: int | None
    after: int | None
    last_band: Band | None
    before_last: int | None
    after_last: int | None
    calibrated_at: datetime | None
    changed: bool
    calibrator: str | None
    open_questions: int


class Meeting(NamedTuple):
    """The year that is calibrated, and its forms in the order of the catalogue."""

    phase: Phase
    least: dict[Band, int]
    """Where each band begins in this year."""
    forms: list[Queued]


def meeting(by: By, organisation_id: int, year: int) -> Meeting | None:
    """A year's forms that the reader may see, with the state of the year, in one query."""
    reach = scope(by, Permission.CONTENT_READ, frozenset({organisation_id}))
    rows = db.session.execute(_meeting(reach, organisation_id, year)).all()
    if not rows:
        return None
    phase, *begins = rows[0][:4]
    return Meeting(Phase(phase), dict(zip(Band, (1, *begins), strict=True)),
                   [Queued(*row[4:]) for row in rows if row[4] is not None])  # fmt: skip


@built
def _meeting(reach: Scope, organisation_id: int, year: int) -> Select[*tuple[Any, ...]]:
    seen = inside(reach, Cycle.organisation_id, Process.owner_id, Process.deputy_id, Assessment.author_id,
                  process=Process.id, cycle=Cycle.id)  # fmt: skip
    return (
        select(
            type_coerce(Cycle.state, String).label("phase"), *(
                func.coalesce(getattr(ScaleSet, name), getattr(STANDARD, name)) for name in BEGINS
            ), Assessment.id, Assessment.version, Assessment.state,
            Process.code, Process.name_da, Process.name_en, Area.code.label("area"), Area.name_da.label("area_da"),
            Area.name_en.label("area_en"), Process.id.label("process"), Process.systems, Assessment.inherent_band,
            Assessment.inherent_likelihood * Assessment.inherent_impact,
            Assessment.residual_likelihood * Assessment.residual_impact, Last.inherent_band.label("last_band"),
            Last.inherent_likelihood * Last.inherent_impact, Last.residual_likelihood * Last.residual_impact,
            Assessment.calibrated_at, Assessment.calibration_changed, Calibrator.name,
            assessments.questions_of(Assessment.id)[1],
        )
        .select_from(Cycle)
        .outerjoin(ScaleSet, ScaleSet.cycle_id == Cycle.id)
        .outerjoin(Assessment, Assessment.cycle_id == Cycle.id)
        .outerjoin(Process, Process.id == Assessment.process_id)
        .outerjoin(Area, Area.id == Process.area_id)
        .outerjoin(Last, and_(Last.process_id == Assessment.process_id, Last.year == Assessment.year - 1))
        .outerjoin(Calibrator, Calibrator.id == Assessment.calibrated_by_id)
        .where(Cycle.organisation_id == organisation_id, Cycle.year == year, seen)
        .order_by(Process.sort_key)
    )  # fmt: skip


@lru_cache(1000)
def _systems(text: str) -> frozenset[str]:
    """The systems of a process; few texts, read again and again."""
    return frozenset(parts(text))


def forms(rows: Iterable[Queued], facts: dict[int, dict[Fact, int]]) -> list[Form]:
    """The forms that have answers, as the rules want them."""
    return [
        Form(row.id, row.code, row.area, _systems(row.systems), row.before, row.after, row.before_last,
             row.after_last, facts.get(row.process_id, {}))
        for row in rows
        if row.before is not None and row.after is not None and row.state not in EDITABLE
    ]  # fmt: skip


SEVERITIES = {Severity.MATERIAL: Fact.MATERIAL, Severity.SIGNIFICANT: Fact.SIGNIFICANT}
STANDING = [state for state in Found if state not in (Found.DRAFT, Found.CLOSED, Found.RISK_ACCEPTED)]
DESIGNS = {DesignOutcome.NOT: Fact.DESIGN}
OUTCOMES = {Outcome.NOT: Fact.NOT_EFFECTIVE, Outcome.PARTLY: Fact.PARTLY}
COUNTED = tuple(Fact)


def facts(organisation_id: int, year: int) -> dict[int, dict[Fact, int]]:
    """The facts of an organisation's processes, counted, by process: open findings, and each part's last review."""
    found: dict[int, dict[Fact, int]] = defaultdict(dict)
    for process_id, *numbers in db.session.execute(_facts(organisation_id, year)):
        found[process_id] |= {fact: number for fact, number in zip(COUNTED, numbers, strict=True) if number}
    return found


@built
def _facts(organisation_id: int, year: int) -> Select[Any]:
    """A row for each process with findings, and one for each with reviews."""
    latest = (
        select((newest(Review.year, Review.id) % IDS).label("id"))
        .where(Review.organisation_id == organisation_id, Review.year.between(year - BACK, year))
        .where(Review.state.in_([Reviewed.APPROVED, Reviewed.ARCHIVED]))
        .group_by(Review.subprocess_id).subquery()
    )  # fmt: skip

    def counts(facts: Mapping[Fact, ColumnElement[bool]]) -> list[Any]:
        numbers = (func.count().filter(facts[one]) if one in facts else literal(0) for one in COUNTED)
        return [number.label(one.value) for one, number in zip(COUNTED, numbers, strict=True)]

    found = {fact: Finding.severity == severity for severity, fact in SEVERITIES.items()}
    tested = {fact: Review.conclusion_design == word for word, fact in DESIGNS.items()} | {
        fact: Review.conclusion_operating == word for word, fact in OUTCOMES.items()
    }
    return select(union_all(
        select(Subprocess.process_id, *counts(found))
        .join(Finding, Finding.subprocess_id == Subprocess.id)
        .where(Finding.organisation_id == organisation_id, Finding.state.in_(STANDING), or_(*found.values()))
        .group_by(Subprocess.process_id),
        select(Subprocess.process_id, *counts(tested))
        .join(Review, Review.subprocess_id == Subprocess.id)
        .join(latest, latest.c.id == Review.id)
        .where(or_(*tested.values())).group_by(Subprocess.process_id),
    ).subquery())  # fmt: skip


class Opened(NamedTuple):
    """The form that is open in the meeting, with the two years before it and the people behind it."""

    row: Assessment
    process: Process
    cycle: Cycle
    organisation: Organisation
    last: Assessment | None
    earlier: Assessment | None
    owner: str | None
    author: str | None
    calibrator: str | None
    scale_set: ScaleSet | None
    questions: int
    open_questions: int

    @property
    def used(self) -> Scales:
        """The scales of the form's own cycle."""
        return assessments.scales_of(self.scale_set)


def opened(by: By, id: int) -> Opened | None:
    """A form with all that stands beside it, if the reader may see it."""
    found = db.session.execute(
        select(Assessment, Process, Cycle, Organisation, Last, Earlier, Owner.name, Author.name, Calibrator.name,
               ScaleSet, *assessments.questions_of(Assessment.id))
        .join(Process, Process.id == Assessment.process_id)
        .join(Cycle, Cycle.id == Assessment.cycle_id)
        .join(Organisation, Organisation.id == Assessment.organisation_id)
        .outerjoin(Last, and_(Last.process_id == Assessment.process_id, Last.year == Assessment.year - 1))
        .outerjoin(Earlier, and_(Earlier.process_id == Assessment.process_id, Earlier.year == Assessment.year - 2))
        .outerjoin(Owner, Owner.id == Process.owner_id)
        .outerjoin(Author, Author.id == Assessment.author_id)
        .outerjoin(Calibrator, Calibrator.id == Assessment.calibrated_by_id)
        .outerjoin(ScaleSet, ScaleSet.cycle_id == Assessment.cycle_id)
        .where(Assessment.id == id, assessments.readable(by))
    ).first()  # fmt: skip
    return None if found is None else Opened(*cast("tuple[Any, ...]", found))


def scores(id: int, version: int | None) -> Scores:
    """The scores of a form as they stand, when it is the version that was read."""
    return Scores.of(load(Assessment, id, version))
