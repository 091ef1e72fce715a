"""Reads over several slices: tasks, the home page's figures, one process, one sub-process, one control, search."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from controls.assessment.facts import Residual
from controls.assessment.queries import Fact, FactsBeside
from controls.assessment.tables import Assessment
from controls.assessment.tables import Line as AssessedLine
from controls.assessment.words import Band
from controls.assessment.words import State as Assessed
from controls.base.by import By
from controls.base.db import IDS, built, db, driven, newest, within
from controls.base.why import N_
from controls.effectiveness.tables import OperatingTest
from controls.finding.tables import Finding
from controls.finding.words import State as Found
from controls.forum.tables import Meeting
from controls.forum.words import State as Minutes
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person, RoleGrant
from controls.overview.rules import MOST, Task, residual_after_tests
from controls.review.rules import DONE as REVIEWED
from controls.review.tables import Control, DesignTest, Review, Risk
from controls.rotation.queries import stands
from controls.rotation.tables import Coverage
from controls.rotation.words import Degree
from controls.universe.queries import Beside, Cell
from controls.universe.tables import Area, Process, Subprocess
from controls.wheel.queries import GoalOf

SOURCES: list[Callable[[By], list[Select[*tuple[Any, ...]]]]] = []
"""Filled by wiring: each slice's selects of what a person must do."""

OVER = (Found.CLOSED, Found.RISK_ACCEPTED)
SEARCHED = 20
LAST_YEAR = 9998
_OWNER, _DEPUTY = aliased(Person), aliased(Person)
BUILT_MOST = 500


class Asked(NamedTuple):
    """The statements of an author and a day: the tasks in order, and their number as far as it is told.

    Every page asks for the number, and its statement has hundreds of parameters: it is kept as the driver takes it.
    """

    tasks: Select[Any]
    number: str
    given: Any


_BUILT: dict[Any, Asked | None] = {}
"""Statements by author and day: they cost more to build than to run."""


def _tasks(by: By) -> Asked | None:
    reach = tuple((permission, *where, " ".join(where.values())) for permission, where in by.reach.items())
    database = db.engine.dialect.name
    key = (by.persons, by.own_id, by.today, by.unit, by.organisation_id, reach, len(SOURCES), database)
    if key not in _BUILT:
        if len(_BUILT) >= BUILT_MOST:
            _BUILT.clear()
        selects = [select_ for source in SOURCES for select_ in source(by)]
        _BUILT[key] = _asked(union_all(*selects).subquery()) if selects else None
    return _BUILT[key]


def _asked(found: Subquery) -> Asked:
    ordered = select(found).order_by(found.c.due.is_(None), found.c.due, found.c.code).limit(MOST)
    return Asked(ordered, *driven(select(func.count()).select_from(select(found.c.id).limit(MOST).subquery())))


def tasks(by: By) -> list[Task]:
    """What the person must do, late first, in one query over all slices."""
    found = _tasks(by)
    return [] if found is None else [Task(*row) for row in db.session.execute(found.tasks)]


def task_count(by: By) -> int:
    """How many things the person must do; no more than `MOST` are counted, since every page asks."""
    found = _tasks(by)
    if found is None:
        return 0
    number: int = db.session.connection().exec_driver_sql(found.number, found.given).scalar_one()
    return number


@dataclass(frozen=True)
class OwnProcess:
    """A process of the reader's with its last approved result."""

    code: str
    name_da: str
    name_en: str
    organisation_id: int
    year: int | None
    band: Band | None
    score: int | None


def own_processes(by: By) -> list[OwnProcess]:
    """The reader's processes with the latest approved overall assessment."""
    of = aliased(Assessment)
    latest = (
        select(of.id).where(of.process_id == Process.id, of.state.in_((Assessed.APPROVED, Assessed.LOCKED)))
        .order_by(of.year.desc()).limit(1).correlate(Process).scalar_subquery()
    )  # fmt: skip
    rows = db.session.execute(
        select(Process.code, Process.name_da, Process.name_en, Process.organisation_id, Assessment.year,
               Assessment.inherent_band, Assessment.inherent_likelihood * Assessment.inherent_impact)
        .outerjoin(Assessment, Assessment.id == latest)
        .where(or_(Process.owner_id == by.own_id, Process.deputy_id == by.own_id))
        .order_by(Process.sort_key)
    )  # fmt: skip
    return [OwnProcess(*row) for row in rows]


def open_findings(organisation_ids: frozenset[int], today: date) -> GoalOf:
    """How many of the open findings are over their deadline, to be counted with the goals."""
    open_ones = [state for state in Found if state not in OVER]  # named, so that an index finds them
    number = select(func.count()).where(Finding.organisation_id.in_(organisation_ids), Finding.state.in_(open_ones))
    return GoalOf("", number.where(Finding.deadline_current < today), number, "finding.index")


@dataclass(frozen=True)
class Upcoming:
    """The forum's next meeting."""

    id: int
    held_on: date
    code: str
    name_da: str
    name_en: str


def next_meeting(by: By) -> Upcoming | None:
    """The next meeting of the forum whose minutes are not locked, about an organisation in the reader's reach."""
    row = db.session.execute(
        select(Meeting.id, Meeting.held_on, Organisation.code, Organisation.name_da, Organisation.name_en)
        .join(Organisation, Organisation.id == Meeting.about_id)
        .where(Meeting.state != Minutes.LOCKED, Meeting.about_id.in_(by.everywhere(Permission.CONTENT_READ)))
        .order_by(Meeting.held_on, Meeting.id)
        .limit(1)
    ).first()
    return Upcoming(*row) if row else None


def people_without_role() -> int:
    """People who hold no role (for the administrator)."""
    held = select(RoleGrant.person_id)
    return db.session.scalar(select(func.count()).where(Person.id.not_in(held))) or 0


@dataclass(frozen=True)
class Head:
    """A process with its area and the names of its owner and deputy."""

    process: Process
    area: Area
    owner: str | None
    deputy: str | None


def head(organisation_id: int, code: str) -> Head | None:
    """A process by its code in an organisation, with what its page's head and facts show, in one query."""
    row = db.session.execute(
        select(Process, Area, _OWNER.name, _DEPUTY.name)
        .join(Area, Area.id == Process.area_id)
        .outerjoin(_OWNER, _OWNER.id == Process.owner_id)
        .outerjoin(_DEPUTY, _DEPUTY.id == Process.deputy_id)
        .where(Process.organisation_id == organisation_id, Process.code == code)
    ).first()
    return Head(*row) if row else None


def years(process_id: int) -> list[Assessment]:
    """The process's overall assessments, newest first."""
    query = select(Assessment).where(Assessment.process_id == process_id).order_by(Assessment.year.desc())
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Beneath:
    """A sub-process with its latest band and coverage."""

    id: int
    code: str
    name_da: str
    name_en: str
    band: Band | None
    score: int | None
    covered: date | None


def _bands(year: Any, *which: Any) -> Subquery:
    """Band and product of the last approved line of each sub-process, at or before a year."""
    # Not the bare column: from the few lines that are asked for to their forms, never from all that are done to lines.
    done = func.coalesce(Assessment.state, Assessed.NOT_STARTED).in_((Assessed.APPROVED, Assessed.LOCKED))
    last = (
        select(AssessedLine.subprocess_id, (newest(Assessment.year, Assessment.id) % IDS).label("form"))
        .join(Assessment, Assessment.id == AssessedLine.assessment_id)
        .where(done, Assessment.year <= year, *which)
        .group_by(AssessedLine.subprocess_id).subquery()
    )  # fmt: skip
    line, of = aliased(AssessedLine), last.c
    score = (line.inherent_likelihood * line.inherent_impact).label("score")
    return (
        select(line.subprocess_id, line.inherent_band, score)
        .join(last, (of.form == line.assessment_id) & (of.subprocess_id == line.subprocess_id))
        .subquery()
    )


def _covered(year: int, *which: Any) -> Subquery:
    """The day each sub-process was last fully covered, at or before a year's end."""
    return (
        select(Coverage.subprocess_id, func.max(Coverage.covered_on).label("day"))
        .where(Coverage.degree == Degree.FULL, Coverage.covered_on <= date(year, 12, 31), *which)
        .where(stands(Coverage, date(year, 12, 31)))
        .group_by(Coverage.subprocess_id)
        .subquery()
    )


def beneath(process_id: int) -> list[Beneath]:
    """The process's sub-processes with the band last approved and the day last fully covered, in one query."""
    ids = select(Subprocess.id).where(Subprocess.process_id == process_id)
    bands = _bands(LAST_YEAR, AssessedLine.subprocess_id.in_(ids))
    covered = _covered(LAST_YEAR, Coverage.subprocess_id.in_(ids))
    rows = db.session.execute(
        select(
            Subprocess.id, Subprocess.code, Subprocess.name_da, Subprocess.name_en,
            bands.c.inherent_band, bands.c.score, covered.c.day,
        )
        .outerjoin(bands, bands.c.subprocess_id == Subprocess.id)
        .outerjoin(covered, covered.c.subprocess_id == Subprocess.id)
        .where(Subprocess.process_id == process_id)
        .order_by(Subprocess.sort_key)
    )  # fmt: skip
    return [Beneath(*row) for row in rows]


def risk_beside() -> Beside:
    """The catalogue list's column of bands."""
    return _RISK


def coverage_beside() -> Beside:
    """The catalogue list's column of last coverage."""
    return _COVERED


_SHOWN: BindParameter[Any] = bindparam("shown", expanding=True)
_RISK_OF = select(_bands(bindparam("year"), AssessedLine.subprocess_id.in_(_SHOWN)))


def _risk_cells(subprocess_ids: Sequence[int], year: int) -> dict[int, Cell]:
    rows = db.session.execute(_RISK_OF, {"shown": list(subprocess_ids), "year": year})
    return {id: Cell(str(score or ""), band.value) for id, band, score in rows if band}


def _covered_cells(subprocess_ids: Sequence[int], year: int) -> dict[int, Cell]:
    rows = db.session.execute(_covered_of(year), {"shown": list(subprocess_ids)})
    return {id: Cell(str(day.year)) for id, day in rows}


@built
def _covered_of(year: int) -> Select[Any]:
    return select(_covered(year, Coverage.subprocess_id.in_(_SHOWN)))


_RISK = Beside(N_("Risk"), _risk_cells)
_COVERED = Beside(N_("Last covered"), _covered_cells)


def facts_beside(process_id: int, year: int, since: date | None) -> FactsBeside:
    """Facts of later slices beside the assessment form: open findings, last coverage, the tested residual of each
    sub-process by its last approved review until that year, and how many findings came since a day."""
    ids = select(Subprocess.id).where(Subprocess.process_id == process_id)
    open_ones = select(func.count()).where(Finding.subprocess_id.in_(ids), Finding.state.not_in(OVER))
    covered = _covered(year, Coverage.subprocess_id.in_(ids))
    latest = select(func.max(covered.c.day))
    new = select(func.count()).where(Finding.subprocess_id.in_(ids), Finding.confirmed_on > (since or date.max))
    reviewed, last = aliased(Review), aliased(Review)
    newest = (
        select(reviewed.id)
        .where(reviewed.subprocess_id == Subprocess.id, reviewed.state.in_(REVIEWED), reviewed.year <= year)
        .order_by(reviewed.approved_at.desc()).limit(1).correlate(Subprocess).scalar_subquery()
    )  # fmt: skip
    rows = db.session.execute(
        select(
            *(one.scalar_subquery() for one in (open_ones, latest, new)), Subprocess.code, last.year,
            last.conclusion_design, last.conclusion_operating, AssessedLine.inherent_band, AssessedLine.residual_band,
        )
        .select_from(Subprocess)
        .outerjoin(last, last.id == newest)
        .outerjoin(Assessment, and_(Assessment.process_id == process_id, Assessment.year == last.year))
        .outerjoin(AssessedLine, and_(AssessedLine.assessment_id == Assessment.id,
                                      AssessedLine.subprocess_id == Subprocess.id))
        .where(Subprocess.process_id == process_id)
        .order_by(Subprocess.sort_key)
    ).all()  # fmt: skip
    found = [Residual(code, band, then) for *_, code, then, design, operating, inherent, residual in rows
             if (band := residual_after_tests(design, operating, inherent, residual))]  # fmt: skip
    open_number, day, new_number = rows[0][:3] if rows else (0, None, 0)
    told: list[tuple[str, Fact]] = [
        (N_("Open findings"), str(open_number)), (N_("Last covered"), str(day.year) if day else "–"),
        (N_("Tested residual risk"), found),
    ]  # fmt: skip
    return FactsBeside(told, new_number)


def _process_of(row: Any) -> Any:
    query = select(Subprocess.process_id).where(Subprocess.id == row.subprocess_id)
    return query.correlate(row).scalar_subquery()


def _open_to(by: By) -> ColumnElement[bool]:
    """The findings that the reader may read."""
    return within(by, Permission.CONTENT_READ, Finding.organisation_id, Finding.owner_id, Finding.author_id,
                  process=_process_of(Finding))  # fmt: skip


LISTED = (Finding.state.in_(OVER), Finding.number.desc())
"""Open findings first."""


def findings_of(by: By, *subprocess_ids: int) -> list[Finding]:
    """Findings in these sub-processes that the reader may read."""
    query = select(Finding).where(Finding.subprocess_id.in_(subprocess_ids), _open_to(by))
    return list(db.session.scalars(query.order_by(*LISTED)))


def may_see_content(by: By, process: Process) -> bool:
    """Whether risks, controls and tests of a process are open to the reader."""
    own = by.own_id in (process.owner_id, process.deputy_id)
    return by.may(Permission.CONTENT_READ, process.organisation_id, own=own, places=[("process", process.id)])


def may_see(by: By, process: Process) -> bool:
    """Whether a process, its sub-processes and its years are open to the reader."""
    return by.may(Permission.CATALOGUE_READ, process.organisation_id, places=[("process", process.id)])


def subprocess_by_code(organisation_id: int, code: str) -> tuple[Subprocess, Process] | None:
    """A sub-process with the process it belongs to."""
    if not code.isprintable():  # PostgreSQL cannot compare with what it cannot store
        return None
    query = select(Subprocess, Process).join(Process, Process.id == Subprocess.process_id)
    row = db.session.execute(
        query.where(Subprocess.organisation_id == organisation_id, Subprocess.code == code)
    ).first()
    return (row[0], row[1]) if row else None


@dataclass(frozen=True)
class Content:
    """Reviews of a sub-process (newest first), its risks and controls (live ones first), and its findings."""

    reviews: list[Review]
    risks: list[Risk]
    controls: list[Control]
    findings: list[Finding]


def content_of(by: By, subprocess_id: int) -> Content:
    """What is known of a sub-process to who may read it, in one query: the four kinds share no column but their id."""
    kinds = (Review, Risk, Control, Finding)
    ids = union_all(*(
        select(*((kind.id if kind is one else literal(None, Integer)).label(kind.__name__) for kind in kinds))
        .where(one.subprocess_id == subprocess_id) for one in kinds
    )).subquery()  # fmt: skip
    query = select(*kinds).select_from(ids)
    for kind in kinds:
        query = query.outerjoin(kind, kind.id == ids.c[kind.__name__])
    query = query.where(or_(Finding.id.is_(None), _open_to(by))).order_by(
        Review.year.desc(), Review.id.desc(), Risk.number, Control.valid_to.is_not(None), Control.number, *LISTED
    )
    rows: list[Any] = list(db.session.execute(query))
    return Content(*([row[at] for row in rows if row[at] is not None] for at in range(len(kinds))))


def control_by_code(organisation_id: int, code: str) -> tuple[Control, Subprocess, Process] | None:
    """A control with the sub-process and process it belongs to."""
    row = db.session.execute(
        select(Control, Subprocess, Process)
        .join(Subprocess, Subprocess.id == Control.subprocess_id).join(Process, Process.id == Subprocess.process_id)
        .where(Control.organisation_id == organisation_id, Control.number == code)
    ).first()  # fmt: skip
    return (row[0], row[1], row[2]) if row else None


@dataclass(frozen=True)
class Tested:
    """What one review found of a control."""

    review_id: int
    review: str
    year: int
    design: Any
    operating: Any
    size: int | None
    exceptions: int | None


def tests_of(control_id: int) -> list[Tested]:
    """Tests of a control by review, newest first."""
    rows = db.session.execute(
        select(Review, DesignTest, OperatingTest)
        .join(DesignTest, (DesignTest.review_id == Review.id) & (DesignTest.control_id == control_id))
        .outerjoin(OperatingTest, (OperatingTest.review_id == Review.id) & (OperatingTest.control_id == control_id))
        .order_by(Review.year.desc())
    )
    return [
        Tested(
            review.id, review.number, review.year, design.outcome, test.outcome if test else None,
            test.sample_size if test else None, test.exceptions if test else None,
        )
        for review, design, test in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """Something a search found."""

    kind: str
    code: str
    name_da: str
    name_en: str
    organisation_id: int
    path: str


def search(by: By, words: str) -> list[Hit]:
    """Areas of the catalogue, controls and findings by code or word, each only where the reader may read it."""
    pattern = "%" + re.sub(r"[\\%_]", "", words) + "%"
    reads = within(by, Permission.CATALOGUE_READ, Process.organisation_id)
    of_process, of_sub = aliased(Process), aliased(Subprocess)
    parts: list[tuple[str, str, Select[*tuple[Any, ...]]]] = [
        (N_("Process"), "/processes/", select(Process.code, Process.name_da, Process.name_en, Process.organisation_id)
         .where(reads, or_(Process.code.ilike(pattern), Process.name_da.ilike(pattern), Process.name_en.ilike(pattern)))
         .order_by(Process.sort_key)),
        (N_("Sub-process"), "/subprocesses/",
         select(Subprocess.code, Subprocess.name_da, Subprocess.name_en, Subprocess.organisation_id)
         .where(within(by, Permission.CATALOGUE_READ, Subprocess.organisation_id),
                or_(*(c.ilike(pattern) for c in (Subprocess.code, Subprocess.name_da, Subprocess.name_en))))
         .order_by(Subprocess.sort_key)),
        (N_("Control"), "/controls/",
         select(Control.number, Control.text, literal(""), Control.organisation_id)
         .join(of_sub, of_sub.id == Control.subprocess_id).join(of_process, of_process.id == of_sub.process_id)
         .where(within(by, Permission.CONTENT_READ, Control.organisation_id, of_process.owner_id, of_process.deputy_id),
                or_(Control.number.ilike(pattern), Control.text.ilike(pattern))).order_by(Control.number)),
        (N_("Finding"), "/findings/",
         select(Finding.number, Finding.condition, literal(""), Finding.organisation_id, Finding.id)
         .where(within(by, Permission.CONTENT_READ, Finding.organisation_id, Finding.owner_id, Finding.author_id),
                or_(Finding.number.ilike(pattern), Finding.condition.ilike(pattern))).order_by(Finding.number)),
    ]  # fmt: skip
    return [
        Hit(kind, row[0], row[1], row[2], row[3], f"{path}{row[4] if len(row) > 4 else row[0]}")
        for kind, path, query in parts
        for row in db.session.execute(query.limit(SEARCHED))
    ]
