"""Reads of assessments: one form, lists, matrix, goal A, bands, gates and tasks."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from controls.assessment import facts, rules, scale_rules
from controls.assessment.facts import Residual, Seen
from controls.assessment.merging import Before as Was
from controls.assessment.merging import Fields
from controls.assessment.movement import Arrow, Group, Way
from controls.assessment.rules import DONE, EDITABLE, Before, Level, Levels, Scores, line_field
from controls.assessment.scale_rules import Assessed, Effect
from controls.assessment.scales import FIELDS, NAMES, STANDARD, Scales, score
from controls.assessment.tables import Assessment, Challenge, Draft, Line, Replaced, ScaleSet
from controls.assessment.words import Band, Certainty, Direction, Moved, Proposal, State
from controls.base import audit, task
from controls.base.by import By, Place
from controls.base.clock import iso_day, midnight_after
from controls.base.db import Choice, Scope, built, db, inside, scope, within
from controls.base.merkle import canonical
from controls.base.why import N_, Labelled, Reason, Why
from controls.identity import queries as people
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person
from controls.universe import queries as universe
from controls.universe.tables import Area, Process, Subprocess
from controls.wheel.queries import GoalOf, counted
from controls.wheel.tables import Cycle, Step
from controls.wheel.words import State as Phase

Fact = str | list[Residual]
"""What a fact beside the form says: a text, or what was tested of each sub-process."""


class FactsBeside(NamedTuple):
    """Facts of later slices beside the form: label and text, and how many findings are new since a day."""

    rows: list[tuple[str, Fact]]
    new_findings: int = 0


FACTS: list[Callable[[int, int, date | None], FactsBeside]] = []
"""Facts beside the form by process, year and the day of last year's form; later slices are put in by the factory."""

KEY_CONTROLS: list[Callable[[int], bool]] = []
"""Whether a key control is registered in a process; later slices are put in by the factory."""

NOT_SUBMITTED = Why("assessment.not_submitted", N_("{n} assessments are not submitted: {codes}."), 409)
NOT_CALIBRATED = Why("assessment.not_calibrated", N_("{n} assessments are not calibrated: {codes}."), 409)
NOT_APPROVED = Why("assessment.not_approved", N_("{n} assessments are not approved: {codes}."), 409)

SHOW = "assessment.show"
FILL = task.declare("assessment.fill", N_("Assess {code} {name}"), N_("Assess process"), SHOW)
CORRECT = task.declare(
    "assessment.correct", N_("Correct the assessment of {code} {name}"), N_("Correct assessment"), SHOW
)  # fmt: skip
CALIBRATE = task.declare("assessment.calibrate", N_("Calibrate {code} {name}"), N_("Calibrate form"), SHOW)
APPROVE = task.declare(
    "assessment.approve", N_("Approve the assessment of {code} {name}"), N_("Approve assessment"), SHOW
)  # fmt: skip

ANSWER = task.declare(
    "assessment.answer", N_("Answer the group's question about {code} {name}"), N_("Answer question"), SHOW
)  # fmt: skip
REOPEN = task.declare(
    "assessment.reopen", N_("Decide whether the assessment of {code} {name} is reopened"), N_("Open assessment"), SHOW
)  # fmt: skip

Last = aliased(Assessment, name="last")
LastLine = aliased(Line, name="last_line")
Owner, Author = aliased(Person, name="owner"), aliased(Person, name="author")


def readable(by: By) -> ColumnElement[bool]:
    """Which forms a reader may see: all of the organisations in reach, or own ones."""
    return inside_of(_reach(by))


def _reach(by: By, here: frozenset[int] | None = None) -> Scope:
    """How far the reader may read (in these organisations)."""
    return scope(by, Permission.CONTENT_READ, here)


def inside_of(reach: Scope) -> ColumnElement[bool]:
    """The same for how far somebody reaches."""
    own = (Process.owner_id, Process.deputy_id, Assessment.author_id)
    return inside(reach, Assessment.organisation_id, *own, process=Assessment.process_id, cycle=Assessment.cycle_id)


def places(row: Assessment) -> tuple[Place, ...]:
    """Where a visitor must be lent to for a form."""
    return ("process", row.process_id), ("cycle", row.cycle_id)


# --- the year's scales ---------------------------------------------------------------------------------------


def scale_set(cycle_id: int) -> ScaleSet | None:
    """The row of a cycle's scales; a cycle from before they were kept has none."""
    return db.session.scalar(select(ScaleSet).where(ScaleSet.cycle_id == cycle_id))


def scales_of(row: ScaleSet | None) -> Scales:
    """The scales that a row holds, or the standard ones."""
    return STANDARD if row is None else Scales(**{name: getattr(row, name) for name in FIELDS})


def used(cycle_id: int) -> Scales:
    """The scales by which everything of a cycle is reckoned."""
    return scales_of(scale_set(cycle_id))


def used_in(organisation_ids: frozenset[int], year: int) -> dict[int, Scales]:
    """The scales of a year by organisation, of those that have opened it."""
    rows = db.session.execute(
        select(Cycle.organisation_id, ScaleSet).outerjoin(ScaleSet, ScaleSet.cycle_id == Cycle.id)
        .where(Cycle.organisation_id.in_(organisation_ids), Cycle.year == year).order_by(Cycle.organisation_id)
    )  # fmt: skip
    return {organisation: scales_of(row) for organisation, row in rows}


def why_not_change_scales(cycle: Cycle) -> list[Reason]:
    """Why a year's scales stay as they are."""
    answered = exists().where(Assessment.cycle_id == cycle.id, or_(
        Assessment.inherent_likelihood.is_not(None), exists().where(Draft.assessment_id == Assessment.id)))  # fmt: skip
    return scale_rules.why_not_change_scales(cycle.state, cycle.year, bool(db.session.scalar(select(answered))))


def effect(before: Cycle, wanted: Scales) -> Effect:
    """What other scales would make of a year's assessments, which keep the bands they got."""
    of, line = (
        [getattr(row, name) for name in (*NAMES, "inherent_band", "residual_band")] for row in (Assessment, Line)
    )  # fmt: skip
    answered = (Assessment.cycle_id == before.id, Assessment.inherent_likelihood.is_not(None))
    forms = _assessed(
        select(Process.code, Process.name_da, Process.name_en, *of)
        .join(Assessment, Assessment.process_id == Process.id).where(*answered).order_by(Process.sort_key)
    )  # fmt: skip
    lines = _assessed(
        select(Subprocess.code, Subprocess.name_da, Subprocess.name_en, *line)
        .join(Line, Line.subprocess_id == Subprocess.id).join(Assessment, Assessment.id == Line.assessment_id)
        .where(*answered).order_by(Subprocess.sort_key)
    )  # fmt: skip
    moved = (scale_rules.shifts(rows, wanted) for rows in (forms, lines))
    return Effect(before.year, len(forms), len(lines), *moved)


def _assessed(query: Select[*tuple[Any, ...]]) -> list[Assessed]:
    found = []
    for code, name_da, name_en, *figures, inherent, residual in db.session.execute(query):
        scores = Scores(*figures)
        kept = Levels(Level(inherent, scores.inherent), Level(residual, scores.residual))
        found.append(Assessed(code, name_da, name_en, scores, kept))
    return found


# --- one form ------------------------------------------------------------------------------------------------


class Sheet(NamedTuple):
    """Everything a form's page is made of, from one query."""

    row: Assessment
    process: Process
    cycle: Cycle
    organisation: Organisation
    draft: Draft | None
    last: Assessment | None
    due: date | None
    asked: bool
    """Whether somebody ever asked to reopen it."""
    scale_set: ScaleSet | None
    questions: int
    """How many questions the group has asked its author, those taken back left out."""
    open_questions: int
    """How many of them wait for an answer."""

    @property
    def used(self) -> Scales:
        """The scales of the form's own cycle."""
        return scales_of(self.scale_set)


def sheet(by: By, id: int) -> Sheet | None:
    """A form with its process, cycle, draft and last year's form, if the reader may see it."""
    if not 0 < id < 2**31:
        return None
    found = db.session.execute(
        select(Assessment, Process, Cycle, Organisation, Draft, Last, Step.deadline_on,
               people.asked_to_reopen(Assessment), ScaleSet, *questions_of(Assessment.id))
        .join(Process, Process.id == Assessment.process_id)
        .join(Cycle, Cycle.id == Assessment.cycle_id)
        .join(Organisation, Organisation.id == Assessment.organisation_id)
        .outerjoin(Draft, Draft.assessment_id == Assessment.id)
        .outerjoin(Last, and_(Last.process_id == Assessment.process_id, Last.year == Assessment.year - 1))
        .outerjoin(Step, and_(Step.cycle_id == Assessment.cycle_id, Step.state == Phase.ASSESSING))
        .outerjoin(ScaleSet, ScaleSet.cycle_id == Assessment.cycle_id)
        .where(Assessment.id == id, readable(by))
    ).first()  # fmt: skip
    return None if found is None else Sheet(*found)


def questions_of(id: Any) -> tuple[Any, Any]:
    """How many questions were asked about a form and not taken back, and how many of them are open, as columns."""
    number = select(func.count()).where(Challenge.assessment_id == id, Challenge.withdrawn_at.is_(None))
    return number.scalar_subquery(), number.where(Challenge.answered_at.is_(None)).scalar_subquery()


def open_questions(assessment_id: int) -> int:
    """How many questions about a form wait for an answer."""
    return db.session.scalar(select(questions_of(assessment_id)[1])) or 0


def is_over(asked: Challenge) -> bool:
    """Whether a question is answered or taken back."""
    return asked.answered_at is not None or asked.withdrawn_at is not None


class Question(NamedTuple):
    """A question of the group with the names of who asked and who answered."""

    row: Challenge
    asker: str
    answerer: str | None


def questions(assessment_id: int) -> list[Question]:
    """The group's questions about a form, oldest first, those taken back left out."""
    asker, answerer = aliased(Person), aliased(Person)
    rows = db.session.execute(
        select(Challenge, asker.name, answerer.name)
        .join(asker, asker.id == Challenge.asked_by_id)
        .outerjoin(answerer, answerer.id == Challenge.answered_by_id)
        .where(Challenge.assessment_id == assessment_id, Challenge.withdrawn_at.is_(None))
        .order_by(Challenge.id)
    )
    return [Question(*row) for row in rows]


def by_id(by: By, id: int) -> Assessment | None:
    """A form by id, if the reader may see it."""
    found = sheet(by, id)
    return found.row if found else None


class LineRow(NamedTuple):
    """A sub-process's line with its sub-process and last year's line."""

    row: Line
    subprocess: Subprocess
    last: Line | None


def line_rows(assessment: Assessment) -> list[LineRow]:
    """The lines of a form with last year's beside, in the catalogue's order."""
    found = db.session.execute(
        select(Line, Subprocess, LastLine)
        .join(Subprocess, Subprocess.id == Line.subprocess_id)
        .outerjoin(Last, and_(Last.process_id == assessment.process_id, Last.year == assessment.year - 1))
        .outerjoin(LastLine, and_(LastLine.assessment_id == Last.id, LastLine.subprocess_id == Line.subprocess_id))
        .where(Line.assessment_id == assessment.id)
        .order_by(Subprocess.sort_key)
    )
    return [LineRow(*row) for row in found]


def lines(assessment_id: int) -> list[Line]:
    """The lines of a form, in the catalogue's order."""
    query = select(Line).join(Subprocess, Subprocess.id == Line.subprocess_id)
    return list(db.session.scalars(query.where(Line.assessment_id == assessment_id).order_by(Subprocess.sort_key)))


def line_ids(assessment_id: int) -> tuple[int, ...]:
    """The sub-processes of a form, which name its fields."""
    return tuple(db.session.scalars(_LINE_IDS, {"id": assessment_id}))


_LINE_IDS = select(Line.subprocess_id).where(Line.assessment_id == bindparam("id"))


def of_process(cycle_id: int, process_id: int) -> Assessment | None:
    """The form of a process in a cycle."""
    query = select(Assessment).where(Assessment.cycle_id == cycle_id, Assessment.process_id == process_id)
    return db.session.scalar(query)


def of_cycle(cycle_id: int) -> list[Assessment]:
    """All forms of a cycle, in the catalogue's order."""
    query = select(Assessment).join(Process, Process.id == Assessment.process_id).order_by(Process.sort_key)
    return list(db.session.scalars(query.where(Assessment.cycle_id == cycle_id)))


def lines_of_cycle(cycle_id: int) -> list[Line]:
    """All lines of a cycle, in the catalogue's order."""
    query = (
        select(Line).join(Assessment, Assessment.id == Line.assessment_id)
        .join(Subprocess, Subprocess.id == Line.subprocess_id).order_by(Subprocess.sort_key)
    )  # fmt: skip
    return list(db.session.scalars(query.where(Assessment.cycle_id == cycle_id)))


def draft(assessment_id: int) -> Draft | None:
    """What is typed and not yet submitted on a form."""
    return db.session.scalar(_DRAFT, {"id": assessment_id})


_DRAFT = select(Draft).where(Draft.assessment_id == bindparam("id"))


def has_key_control(process_id: int) -> bool:
    """Whether any later slice knows a key control of the process."""
    return any(known(process_id) for known in KEY_CONTROLS)


def before(last: Assessment | None, of_last: Iterable[Line], process_id: int, scales: Scales) -> Before:
    """What a form's answers are held against: last year's form with its lines, and the year's own scales."""
    scores = Scores.of(last) if last and last.inherent_likelihood else None
    lines = {line.subprocess_id: Scores.of(line) for line in of_last}
    return Before(scores, lines, has_key_control(process_id), scales, last.fraud if last else None)


def kept_levels(row: Assessment | Line | None) -> Levels:
    """The bands that a saved row has: those of its own year's scales."""
    if row is None:
        return Levels()
    scores = Scores.of(row)
    return Levels(Level(row.inherent_band, scores.inherent), Level(row.residual_band, scores.residual))


def is_draft(row: object) -> bool:
    """Whether a row that moved on is a draft, not the form itself."""
    return isinstance(row, Draft)


def typed(of: Draft | None) -> Fields:
    """The fields of a draft as they were typed."""
    return {} if of is None else {name: list(values) for name, values in json.loads(of.answers).items()}


def answered(row: Assessment, lines: Iterable[Line]) -> Fields:
    """The fields of a form as they were submitted before it came back; none when it never was."""
    if row.inherent_likelihood is None:
        return {}
    own = [line for line in lines if not line.inherited]
    found = _score_fields("", row, own=bool(own))
    found["fraud"] = "yes" if row.fraud else "no"
    found |= {name: getattr(row, name) for name in TEXTS}
    for name in ("change_direction", "certainty", "propose_review"):
        found[name] = getattr(row, name).value
    found["copied"] = row.copied_answers
    several = {"change_kinds": row.change_kinds.split(";") if row.change_kinds else []}
    kept = {name: [value] for name, value in (found | line_fields(own)).items() if value}
    return kept | {name: values for name, values in several.items() if values}


TEXTS = ("fraud_reason", "reason", "reason_unchanged", "reason_step", "reason_no_key_control")
LINE_TEXTS = ("reason", "reason_step")


def _score_fields(prefix: str, row: Any, own: bool = True) -> dict[str, str]:
    """The five answers as fields; what only followed (rules.followed) was not answered."""
    scores = Scores.of(row)
    left = ("residual_likelihood", "residual_impact") if rules.follows(scores, own) else ()
    found = {name: getattr(scores, name) for name in NAMES if name not in left}
    return {prefix + name: str(value) for name, value in found.items() if value is not None}


def line_fields(lines: Iterable[Line]) -> dict[str, str]:
    """The fields of lines with their own scores."""
    found: dict[str, str] = {}
    for line in lines:
        id = line.subprocess_id
        found |= _score_fields(line_field(id, ""), line) | {line_field(id, "own"): "y"}
        found |= {line_field(id, name): getattr(line, name) for name in LINE_TEXTS}
    return found


def replaced(assessment_id: int, since: int) -> list[Was]:
    """What was replaced in a draft after a version of it, newest first."""
    query = select(Replaced).where(
        Replaced.assessment_id == assessment_id, Replaced.version > since, Replaced.clashed.is_(False)
    )
    rows = db.session.scalars(query.order_by(Replaced.version.desc(), Replaced.id.desc()))
    return [Was(row.field, json.loads(row.was), row.version, row.who, row.at, row.window) for row in rows]


def draft_history(assessment_id: int) -> list[Replaced]:
    """Every answer that was replaced in a draft or not taken, newest first."""
    query = select(Replaced).where(Replaced.assessment_id == assessment_id)
    return list(db.session.scalars(query.order_by(Replaced.id.desc())))


class Filling(NamedTuple):
    """What a save of a draft asks of its form: the form, who owns the process, and how far the year is."""

    row: Assessment
    owner_id: int | None
    deputy_id: int | None
    phase: Phase


class Submitting(NamedTuple):
    """What submitting asks of a form: the process, how far the year is, last year's form, and the year's scales."""

    row: Assessment
    process: Process
    phase: Phase
    last: Assessment | None
    scale_set: ScaleSet | None


Asked = TypeVar("Asked", bound=tuple[Any, ...])


def filling(id: int) -> Filling | None:
    """A form that is being filled in, from one query; nobody else saves or submits it before this write ends."""
    return _locked(_FILLING, id, Filling)


def submitting(id: int) -> Submitting | None:
    """The same for a form that is being submitted, with all but its draft and its lines."""
    return _locked(_SUBMITTING, id, Submitting)


def _locked(query: Select[Any], id: int, kind: Callable[..., Asked]) -> Asked | None:
    found = db.session.execute(query, {"id": id}).first() if 0 < id < 2**31 else None
    return None if found is None else kind(*found)


def _to_fill(*beside: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(Assessment, *beside)
        .join(Process, Process.id == Assessment.process_id)
        .join(Cycle, Cycle.id == Assessment.cycle_id)
        .where(Assessment.id == bindparam("id"))
        .with_for_update(of=Assessment, key_share=True)
    )


_FILLING = _to_fill(Process.owner_id, Process.deputy_id, Cycle.state)
_SUBMITTING = (
    _to_fill(Process, Cycle.state, Last, ScaleSet)
    .outerjoin(Last, and_(Last.process_id == Assessment.process_id, Last.year == Assessment.year - 1))
    .outerjoin(ScaleSet, ScaleSet.cycle_id == Assessment.cycle_id)
)


def seen(row: Assessment) -> Seen:
    """The facts that were kept when a form was submitted."""
    return Seen(row.seen_amount_ore, row.seen_owner_id, row.seen_systems)


def seen_now(process: Process) -> Seen:
    """The same facts as they are now."""
    return Seen(process.yearly_amount_ore, process.owner_id, facts.checksum(process.systems))


def beside(process: Process, year: int, last: Assessment | None) -> tuple[list[tuple[str, Fact]], list[Moved]]:
    """The facts beside a form, and those that have changed since last year's."""
    since = last.submitted_at.date() if last is not None and last.submitted_at is not None else None
    told = [known(process.id, year, since) for known in FACTS]
    changed = facts.moved(seen(last), seen_now(process), sum(one.new_findings for one in told)) if last else []
    return [pair for one in told for pair in one.rows], changed


# --- the year's list -----------------------------------------------------------------------------------------


class ListRow(NamedTuple):
    """A row of the year's list."""

    id: int
    code: str
    name_da: str
    name_en: str
    owner: str | None
    state: State
    inherent_band: Band | None
    inherent: int | None
    residual_band: Band | None
    residual: int | None
    last_band: Band | None
    last: int | None
    submitted_at: datetime | None
    author: str | None
    priority: int | None
    matching: int


SORTS = ("code", "owner", "state", "before", "after", "last", "submitted", "priority")
FILTERS = ("area", "state", "owner", "band", "approved_by")
STATES = {state.value: state for state in State}
BAND_WORDS = {band.value: band for band in Band}


def shown_state() -> ColumnElement[Any]:
    """The state as shown: a form not started that somebody has begun is a draft."""
    begun = exists().where(Draft.assessment_id == Assessment.id)
    as_draft = literal(State.DRAFT, Choice(State))
    return case((and_(Assessment.state == State.NOT_STARTED, begun), as_draft), else_=Assessment.state)


def matches(filters: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """What the list's filters ask, beside assessments, processes and areas."""
    found: list[ColumnElement[bool]] = []
    if "area" in filters:
        found.append(Area.code == filters["area"])
    if "state" in filters:
        wanted = filters["state"]
        if wanted == "missing":
            found.append(Assessment.state.in_([State.NOT_STARTED, State.DRAFT]))
        elif wanted == "treated":
            found.append(Assessment.state.in_([State.CALIBRATED, *DONE]))
        elif wanted == "done":
            found.append(Assessment.state.in_(list(DONE)))
        elif wanted in STATES:
            found.append(shown_state() == STATES[wanted])
    if (owner := filters.get("owner", "")).isascii() and owner.isdigit():
        found.append(Process.owner_id == int(owner[:9]))
    elif owner == "none":
        found.append(Process.owner_id.is_(None))
    if (day := iso_day(filters.get("approved_by", ""))) is not None:
        found.append(Assessment.approved_at < midnight_after(day))
    if filters.get("band") in BAND_WORDS:
        found.append(Assessment.inherent_band == BAND_WORDS[filters["band"]])
    return found


def listing(
    by: By, organisation_ids: frozenset[int], year: int, filters: Mapping[str, str], sort: str, descending: bool,
    offset: int, limit: int,
) -> list[ListRow]:  # fmt: skip
    """The year's forms that match, one page of them."""
    asked = tuple(filters.items())
    query = _listing(_reach(by, organisation_ids), organisation_ids, year, asked, sort, descending, offset, limit)
    return [ListRow._make(row) for row in db.session.execute(query)]


@built
def _listing(
    reach: Scope, organisation_ids: frozenset[int], year: int, filters: tuple[tuple[str, str], ...], sort: str,
    descending: bool, offset: int, limit: int,
) -> Select[*tuple[Any, ...]]:  # fmt: skip
    product = Assessment.inherent_likelihood * Assessment.inherent_impact
    residual = Assessment.residual_likelihood * Assessment.residual_impact
    last = Last.inherent_likelihood * Last.inherent_impact
    keys: dict[str, Any] = {
        "code": Process.sort_key, "owner": Owner.name, "state": Assessment.state, "before": product, "after": residual,
        "last": last, "submitted": Assessment.submitted_at,
        "priority": Assessment.priority,
    }  # fmt: skip
    key = keys[sort]
    order = [key.is_(None), key.desc() if descending else key, Assessment.organisation_id, Process.sort_key]
    asked = dict(filters)
    query = (
        select(
            Assessment.id, Process.code, Process.name_da, Process.name_en, Owner.name,
            shown_state(), Assessment.inherent_band, product, Assessment.residual_band, residual, Last.inherent_band,
            last, Assessment.submitted_at, Author.name, Assessment.priority, func.count().over(),
        )
        .join(Process, Process.id == Assessment.process_id)
        .outerjoin(Owner, Owner.id == Process.owner_id)
        .outerjoin(Author, Author.id == Assessment.author_id)
        .outerjoin(Last, and_(Last.process_id == Assessment.process_id, Last.year == Assessment.year - 1))
        .where(Assessment.organisation_id.in_(organisation_ids), Assessment.year == year, inside_of(reach))
        .where(*matches(asked)).order_by(*order).offset(offset).limit(limit)
    )  # fmt: skip
    return query.join(Area, Area.id == Process.area_id) if "area" in asked else query


class Choices(NamedTuple):
    """What the year's list can be filtered by, and how many rows it has without a filter."""

    areas: list[Any]
    owners: list[tuple[int, str]]
    total: int


def choices(by: By, organisation_ids: frozenset[int], year: int) -> Choices:
    """Areas and owners of the year's forms, from one query."""
    rows = db.session.execute(_choices(_reach(by, organisation_ids), organisation_ids, year)).all()
    areas = {row.code: AreaName(row.code, row.name, row.other) for row in rows if row.owner is None}
    owners = [(row.owner, row.name) for row in rows if row.owner is not None]
    return Choices(list(areas.values()), sorted(owners, key=lambda o: o[1]), sum(row.number or 0 for row in rows))


@built
def _choices(reach: Scope, organisation_ids: frozenset[int], year: int) -> Select[*tuple[Any, ...]]:
    """A row for each area, with the number of its forms, and one for each owner."""
    forms = (Assessment.organisation_id.in_(organisation_ids), Assessment.year == year, inside_of(reach))
    by_area = (
        select(Area.code, Area.name_da.label("name"), Area.name_en.label("other"),
               literal(None, Integer).label("owner"), func.count().label("number"), Area.sort_key)
        .select_from(Assessment).join(Process, Process.id == Assessment.process_id)
        .join(Area, Area.id == Process.area_id).where(*forms)
        .group_by(Area.sort_key, Area.code, Area.name_da, Area.name_en)
    )  # fmt: skip
    by_owner = (
        select(literal(""), Owner.name, literal(""), Owner.id, literal(None, Integer), literal(""))
        .select_from(Assessment).join(Process, Process.id == Assessment.process_id)
        .join(Owner, Owner.id == Process.owner_id).where(*forms).group_by(Owner.id, Owner.name)
    )  # fmt: skip
    found = union_all(by_area, by_owner).subquery()
    return select(found).order_by(found.c.sort_key)


class AreaName(NamedTuple):
    """An area as a choice."""

    code: str
    name_da: str
    name_en: str


# --- the grid ------------------------------------------------------------------------------------------------


class GridRow(NamedTuple):
    """A form as a row of the grid, with its draft and last year's form."""

    row: Assessment
    process: Process
    phase: Phase
    draft: Draft | None
    last: Assessment | None
    matching: int

    @property
    def open(self) -> bool:
        """Whether it can be filled in."""
        return not rules.why_not_fill(self.row.state, self.phase, self.row.year)


def grid(by: By, organisation_ids: frozenset[int], year: int, offset: int, limit: int) -> list[GridRow]:
    """The year's forms that the reader may fill in, one page of them."""
    reach = scope(by, Permission.ASSESSMENT_FILL, organisation_ids)
    mine = inside(
        reach, Assessment.organisation_id, Process.owner_id, Process.deputy_id, process=Assessment.process_id,
        cycle=Assessment.cycle_id,
    )  # fmt: skip
    found = db.session.execute(
        select(Assessment, Process, Cycle.state, Draft, Last, func.count().over())
        .join(Process, Process.id == Assessment.process_id)
        .join(Cycle, Cycle.id == Assessment.cycle_id)
        .outerjoin(Draft, Draft.assessment_id == Assessment.id)
        .outerjoin(Last, and_(Last.process_id == Assessment.process_id, Last.year == Assessment.year - 1))
        .where(Assessment.organisation_id.in_(organisation_ids), Assessment.year == year, mine)
        .order_by(Assessment.organisation_id, Process.sort_key).offset(offset).limit(limit)
    )  # fmt: skip
    return [GridRow(*row) for row in found]


def lines_of(assessment_ids: Iterable[int]) -> dict[int, list[Line]]:
    """The lines of several forms."""
    found: dict[int, list[Line]] = {}
    for line in db.session.scalars(_LINES_OF, {"ids": list(assessment_ids)}):
        found.setdefault(line.assessment_id, []).append(line)
    return found


_LINES_OF = select(Line).where(Line.assessment_id.in_(bindparam("ids", expanding=True)))


def typed_in(rows: Iterable[GridRow]) -> dict[int, Fields]:
    """What each form holds now: its draft, or what was submitted."""
    kept = list(rows)
    lines = lines_of(one.row.id for one in kept if one.draft is None and one.row.inherent_likelihood is not None)
    return {one.row.id: typed(one.draft) if one.draft else answered(one.row, lines.get(one.row.id, [])) for one in kept}


# --- the matrix ----------------------------------------------------------------------------------------------


class MatrixRow(NamedTuple):
    """A sub-process in the matrix."""

    assessment_id: int
    code: str
    name_da: str
    name_en: str
    likelihood: int
    impact: int
    band: Band
    last_band: Band | None
    last: int | None

    @property
    def product(self) -> int:
        """Likelihood × impact."""
        return score(self.likelihood, self.impact)


Cell = tuple[int, int]


def matrix_groups(by: By, organisation_ids: frozenset[int], year: int, after: bool, area: str = "") -> list[Group]:
    """The scored sub-processes of a year, counted by the cell they stand in and the way they went."""
    rows = db.session.execute(_matrix_groups(_reach(by, organisation_ids), organisation_ids, year, after, area)).all()
    return [Group(likelihood, impact, Way(way), number) for likelihood, impact, way, number in rows]


def arrows(by: By, organisation_ids: frozenset[int], year: int, after: bool, area: str = "") -> list[Arrow]:
    """From which cell to which those went that changed band, and how many."""
    rows = db.session.execute(_arrows(_reach(by, organisation_ids), organisation_ids, year, after, area)).all()
    return [Arrow(*cast("tuple[Any, ...]", row)) for row in rows]


def matrix(
    by: By, organisation_ids: frozenset[int], year: int, after: bool, area: str = "", cell: Cell | None = None,
    way: Way | None = None, offset: int = 0, limit: int = 1000,
) -> list[MatrixRow]:  # fmt: skip
    """The scored sub-processes of a year, before or after controls, highest first: of one cell or movement, or all."""
    query = _matrix(_reach(by, organisation_ids), organisation_ids, year, after, area, cell, way, offset, limit)
    return [MatrixRow._make(row) for row in db.session.execute(query)]


class _Scored(NamedTuple):
    """The columns of a score, this year's or last year's."""

    likelihood: Any
    impact: Any
    band: Any


def _scored(line: Any, after: bool) -> _Scored:
    which = "residual" if after else "inherent"
    return _Scored(*(getattr(line, f"{which}_{name}") for name in ("likelihood", "impact", "band")))


def _in_matrix(query: Any, reach: Scope, organisation_ids: frozenset[int], year: int, now: _Scored, area: str) -> Any:
    query = query.select_from(Line).join(Assessment, Assessment.id == Line.assessment_id)
    if reach.some or area:
        query = query.join(Process, Process.id == Assessment.process_id)
    query = (
        query
        .where(Assessment.organisation_id.in_(organisation_ids), Assessment.year == year, inside_of(reach))
        .where(now.likelihood.is_not(None), now.impact.is_not(None))
    )  # fmt: skip
    return query.where(Process.area_id.in_(select(Area.id).where(Area.code == area))) if area else query


def _with_last(query: Any) -> Any:
    """The same with last year's lines beside."""
    of_line = and_(LastLine.assessment_id == Last.id, LastLine.subprocess_id == Line.subprocess_id)
    return query.outerjoin(
        Last, and_(Last.process_id == Assessment.process_id, Last.year == Assessment.year - 1)
    ).outerjoin(LastLine, of_line)


@built
def _matrix_groups(
    reach: Scope, organisation_ids: frozenset[int], year: int, after: bool, area: str
) -> Select[*tuple[Any, ...]]:
    now, last = _scored(Line, after), _scored(LastLine, after)
    went = case(*((where, literal(way.value)) for way, where in _moved(now.band, last.band).items()))
    query = select(now.likelihood, now.impact, went.label("way"), func.count())
    counted = _with_last(_in_matrix(query, reach, organisation_ids, year, now, area))
    counted = counted.group_by(now.likelihood, now.impact, "way")
    return cast("Select[*tuple[Any, ...]]", counted)


@built
def _arrows(
    reach: Scope, organisation_ids: frozenset[int], year: int, after: bool, area: str
) -> Select[*tuple[Any, ...]]:
    now, last = _scored(Line, after), _scored(LastLine, after)
    ends = (last.impact, last.likelihood, now.impact, now.likelihood)
    query = _with_last(_in_matrix(select(*ends, func.count()), reach, organisation_ids, year, now, area))
    moved = _moved(now.band, last.band)
    query = query.where(or_(moved[Way.UP], moved[Way.DOWN]))
    query = query.where(or_(last.impact != now.impact, last.likelihood != now.likelihood))
    return cast("Select[*tuple[Any, ...]]", query.group_by(*ends).order_by(*ends))


@built
def _matrix(
    reach: Scope, organisation_ids: frozenset[int], year: int, after: bool, area: str, cell: Cell | None,
    way: Way | None, offset: int, limit: int,
) -> Select[*tuple[Any, ...]]:  # fmt: skip
    now, last = _scored(Line, after), _scored(LastLine, after)
    order = ((now.likelihood * now.impact).desc(), now.impact.desc(), Subprocess.sort_key, Line.id)
    query = _in_matrix(select(Line.id), reach, organisation_ids, year, now, area)
    if cell:
        query = query.where(now.likelihood == cell[0], now.impact == cell[1])
    if way:
        query = _with_last(query).where(_moved(now.band, last.band)[way])
    page = query.join(Subprocess, Subprocess.id == Line.subprocess_id).order_by(*order).offset(offset).limit(limit)
    rows = _with_last(
        select(
            Assessment.id, Subprocess.code, Subprocess.name_da, Subprocess.name_en, *now,
            last.band, last.likelihood * last.impact,
        )
        .select_from(Line)
        .join(Assessment, Assessment.id == Line.assessment_id)
        .join(Subprocess, Subprocess.id == Line.subprocess_id)
    ).where(Line.id.in_(select(page.subquery().c.id)))  # fmt: skip
    return cast("Select[*tuple[Any, ...]]", rows.order_by(*order))


def _moved(now: Any, last: Any) -> dict[Way, ColumnElement[bool]]:
    """Each movement as a predicate: bands are compared by their order."""
    order = {band.value: place for place, band in enumerate(Band)}
    apart = case(order, value=now) - case(order, value=last)
    return {Way.UP: apart > 0, Way.DOWN: apart < 0, Way.SAME: apart == 0, Way.NEW: last.is_(None)}


def areas_of_year(organisation_ids: frozenset[int], year: int) -> list[AreaName]:
    """Areas that have forms in a year."""
    return [AreaName(*row) for row in db.session.execute(_areas_of(organisation_ids, year))]


@built
def _areas_of(organisation_ids: frozenset[int], year: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Area.code, Area.name_da, Area.name_en).distinct()
        .where(Area.organisation_id.in_(organisation_ids), exists().where(
            Process.area_id == Area.id, Assessment.process_id == Process.id, Assessment.year == year))
        .order_by(Area.code)
    )  # fmt: skip


# --- what the year waits for ---------------------------------------------------------------------------------


def _codes(cycle: Cycle, states: list[State]) -> list[str]:
    query = (
        select(Process.code).join(Assessment, Assessment.process_id == Process.id)
        .where(Assessment.cycle_id == cycle.id, Assessment.state.in_(states)).order_by(Process.sort_key)
    )  # fmt: skip
    return list(db.session.scalars(query))


def _waits(why: Why, codes: list[str]) -> list[Reason]:
    return [why(n=len(codes), codes=", ".join(codes))] if codes else []


def unfinished(cycle: Cycle) -> list[Reason]:
    """Forms nobody has submitted; a returned one does not hold calibration up."""
    return _waits(NOT_SUBMITTED, _codes(cycle, [State.NOT_STARTED, State.DRAFT]))


def uncalibrated(cycle: Cycle) -> list[Reason]:
    """Forms the group has not calibrated."""
    return _waits(NOT_CALIBRATED, _codes(cycle, [*EDITABLE, State.SUBMITTED]))


def unapproved(cycle: Cycle) -> list[Reason]:
    """Forms that are not approved."""
    return _waits(NOT_APPROVED, _codes(cycle, [state for state in State if state not in DONE]))


def counts_a(organisation_id: int, year: int) -> tuple[int, int]:
    """Approved overall assessments, and active processes, in one query."""
    [goal] = counted(goal_a(organisation_id, year))
    return goal.done, goal.total


def goal_a(organisation_id: int, year: int) -> GoalOf:
    """Goal A: approved overall assessments of active processes."""
    last_day = date(year, 12, 31)
    approved = select(func.count()).where(
        Assessment.organisation_id == organisation_id, Assessment.year == year, Assessment.state.in_(list(DONE))
    )
    active = select(func.count()).where(
        Process.organisation_id == organisation_id, Process.valid_from <= last_day,
        or_(Process.valid_to.is_(None), Process.valid_to >= last_day),
    )  # fmt: skip
    return GoalOf(N_("Goal A: assessments approved"), approved, active, "assessment.listing", "done")


def goal_a_on(organisation_id: int, year: int, day: date) -> GoalOf:
    """Goal A as it stood at the end of a day; a form that was reopened since does not count as approved."""
    approved = select(func.count()).where(
        Assessment.organisation_id == organisation_id, Assessment.year == year, Assessment.state.in_(list(DONE)),
        Assessment.approved_at < midnight_after(day),
    )  # fmt: skip
    active = select(func.count()).where(
        Process.organisation_id == organisation_id, Process.valid_from <= day,
        or_(Process.valid_to.is_(None), Process.valid_to >= day),
    )  # fmt: skip
    return GoalOf(N_("Goal A: assessments approved"), approved, active, "assessment.listing", "done")


# --- for the later slices ------------------------------------------------------------------------------------


class Standing(NamedTuple):
    """The risk of a sub-process as last approved: band and score before controls, the year, and after controls."""

    band: Band
    score: int
    year: int
    residual_band: Band | None
    residual_score: int | None
    fraud: bool


def bands(organisation_id: int, year: int) -> dict[int, Standing]:
    """The standing of each sub-process from its last approved or locked form at or before a year."""
    newest = (
        select(Line.subprocess_id, func.max(Assessment.year).label("year"))
        .join(Assessment, Assessment.id == Line.assessment_id)
        .where(Assessment.organisation_id == organisation_id, Assessment.year <= year, Assessment.state.in_(list(DONE)))
        .group_by(Line.subprocess_id).subquery()
    )  # fmt: skip
    rows = db.session.execute(
        select(
            Line.subprocess_id, Line.inherent_band, Line.inherent_likelihood * Line.inherent_impact, Assessment.year,
            Line.residual_band, Line.residual_likelihood * Line.residual_impact, Assessment.fraud,
        )
        .join(Assessment, Assessment.id == Line.assessment_id)
        .join(newest, and_(newest.c.subprocess_id == Line.subprocess_id, newest.c.year == Assessment.year))
        .where(Assessment.state.in_(list(DONE)), Line.inherent_band.is_not(None))
    )  # fmt: skip
    found: dict[int, Standing] = {}
    for id, level, product, at, residual_band, residual_score, fraud_line in rows:
        if level is not None and product is not None:
            found[id] = Standing(level, product, at, residual_band, residual_score, bool(fraud_line))
    return found


def on_line_of(row: Assessment) -> tuple[Process, date, date]:
    """The process of a form, and the period in which line duty there bars from approving it (S4)."""
    return db.session.get_one(Process, row.process_id), date(row.year, 1, 1), date(row.year, 12, 31)


def why_not_approve(by: By, row: Assessment, phase: Phase, questions: int) -> list[Reason]:
    """Why the reader may not approve a form: its state, an open question, S1 and S4."""
    may = Permission.ASSESSMENT_CALIBRATE
    reasons = rules.why_not_approve(row.state, phase, row.year, questions)
    if reasons:
        return reasons
    process, first, last = on_line_of(row)
    parts = universe.standing(process.id, first, last, (row.__tablename__, row.id))
    return people.why_not_part(by, Duty.S1, row, Side.SECOND, permission=may, parts=parts) + universe.why_not_off_line(
        by, process, first, last, may, parts
    )


# --- reopening -----------------------------------------------------------------------------------------------


def phase_of(row: Assessment, phase: Phase) -> Phase:
    """The phase that counts for a form: a reopened one is calibrated on its own when the year has come further."""
    late = phase not in rules.OPEN and row.state not in DONE
    return Phase.CALIBRATING if late and people.kept_versions(row) else phase


def was_locked(row: Assessment) -> bool:
    """Whether the version before this one was locked when it was reopened."""
    kept = people.kept_versions(row)
    return bool(kept) and json.loads(kept[-1])[Assessment.__tablename__][0]["state"] == State.LOCKED


def asks(by: By, row: Assessment, process: Process | None) -> bool:
    """Whether a form is the author's to ask the reopening of: who assessed it.

    Its owner or deputy may not ask (security.md section 2), so what they submitted is any controller's to ask for.
    """
    line = () if process is None else (process.owner_id, process.deputy_id)
    return bool({by.person_id, by.own_id} & {row.author_id, *rules.ids(row.assessors or "")}) or row.author_id in line


def workers(row: Assessment) -> list[int]:
    """Who assessed, returned, calibrated or approved a form: none of them lets it be reopened (S11)."""
    known = people.taken((row.__tablename__, row.id))
    named = {row.author_id, row.returned_by_id, row.calibrated_by_id, row.approver_id, *rules.ids(row.assessors or "")}
    found = {id for (duty, *_rest), ids in known.items() if duty is Duty.S1 for id in ids}
    return sorted(found | {id for id in named if id is not None})


def snapshot(row: Assessment) -> str:
    """A form as it was approved, with its lines: canonical JSON (RFC 8785) by table."""
    told = [audit.state(line) for line in lines(row.id)]
    return canonical({Assessment.__tablename__: [audit.state(row)], Line.__tablename__: told})


CHOICES: dict[str, type[Labelled]] = {
    "change_direction": Direction, "certainty": Certainty, "propose_review": Proposal,
}  # fmt: skip


class KeptLine(NamedTuple):
    """A sub-process's line in such a version."""

    was: dict[str, Any]
    scores: Scores
    levels: Levels


class Earlier(NamedTuple):
    """A version of a form that was reopened, as it was approved: its columns, its scores and those of its lines."""

    asked: people.Reopened
    was: dict[str, Any]
    scores: Scores
    levels: Levels
    lines: dict[int, KeptLine]

    @property
    def approved_at(self) -> datetime:
        """When it was approved."""
        return datetime.fromisoformat(self.was["approved_at"])

    @property
    def words(self) -> dict[str, Labelled]:
        """The answers that are chosen among words."""
        return {name: word for name, choices in CHOICES.items() for word in choices if word.value == self.was[name]}


def earlier(asked: Iterable[people.Reopened]) -> list[Earlier]:
    """The versions that were kept, oldest first, read from what was kept of them."""

    def scores(told: dict[str, Any]) -> Scores:
        return Scores(*(told[name] for name in NAMES))

    def levels(told: dict[str, Any]) -> Levels:
        at, (inherent, residual) = scores(told), (told["inherent_band"], told["residual_band"])
        return Levels(Level(BAND_WORDS.get(inherent), at.inherent), Level(BAND_WORDS.get(residual), at.residual))

    found = []
    for one in asked:
        if one.row.snapshot:
            told = json.loads(one.row.snapshot)
            was = told[Assessment.__tablename__][0]
            lines = {
                line["subprocess_id"]: KeptLine(line, scores(line), levels(line)) for line in told[Line.__tablename__]
            }
            found.append(Earlier(one, was, scores(was), levels(was), lines))
    return found


def why_not_reopen(by: By, asked: Any) -> list[Reason]:
    """Why the reader may not decide on a reopening (S11)."""
    return people.why_not_part(by, Duty.S11, asked, Side.SECOND, permission=Permission.REOPENING_APPROVE)


def fraud(organisation_id: int, year: int) -> set[int]:
    """Processes with a special risk of fraud in a year's approved forms."""
    query = select(Assessment.process_id).where(
        Assessment.organisation_id == organisation_id, Assessment.year == year, Assessment.fraud.is_(True),
        Assessment.state.in_(list(DONE)),
    )  # fmt: skip
    return set(db.session.scalars(query))


def tasks(by: By) -> list[Select[Any]]:
    """Forms to fill in, to correct, to calibrate, to approve; reopenings to decide on."""
    mine = or_(Process.owner_id == by.own_id, Process.deputy_id == by.own_id)
    fills = Assessment.organisation_id.in_(by.anywhere(Permission.ASSESSMENT_FILL))
    group = within(
        by, Permission.ASSESSMENT_CALIBRATE, Assessment.organisation_id, process=Assessment.process_id,
        cycle=Assessment.cycle_id,
    )  # fmt: skip
    not_mine = people.untaken(by, Duty.S1, Assessment, Side.SECOND)
    asked: list[tuple[task.TaskKind, Phase, list[ColumnElement[bool]]]] = [
        (FILL, Phase.ASSESSING, [fills, mine, Assessment.state.in_([State.NOT_STARTED, State.DRAFT])]),
        (CORRECT, Phase.CALIBRATING,
         [fills, or_(mine, Assessment.author_id == by.own_id), Assessment.state == State.RETURNED]),
        (CALIBRATE, Phase.CALIBRATING, [group, Assessment.state == State.SUBMITTED, Cycle.state != Phase.ASSESSING]),
        (APPROVE, Phase.CALIBRATING,
         [group, Assessment.state == State.CALIBRATED, Cycle.state != Phase.ASSESSING, not_mine]),
        (ANSWER, Phase.CALIBRATING, [
            fills, or_(mine, Assessment.author_id == by.own_id),
            exists().where(Challenge.assessment_id == Assessment.id, Challenge.answered_at.is_(None),
                           Challenge.withdrawn_at.is_(None)),
        ]),
        (REOPEN, Phase.CALIBRATING, [people.to_reopen(by, Assessment)]),
    ]  # fmt: skip
    opened = Cycle.state.in_(list(rules.OPEN))
    live = or_(opened, Assessment.state.in_(list(DONE)), people.reopened(Assessment))
    return [
        task.rows(
            kind, id=Assessment.id, code=Process.code, name_da=Process.name_da, name_en=Process.name_en,
            due=case((and_(opened, Assessment.state.not_in(list(DONE))), Step.deadline_on), else_=None),
        )
        .select_from(Assessment)
        .join(Process, Process.id == Assessment.process_id)
        .join(Cycle, Cycle.id == Assessment.cycle_id)
        .join(Step, and_(Step.cycle_id == Cycle.id, Step.state == phase))
        .where(live, *where)
        for kind, phase, where in asked
    ]  # fmt: skip
