"""Reads of the roll: always recomputed from the coverage ledger and the bands last approved, nothing else.

What stands now is read from the tables; what stood on an earlier day from what was recorded by the end of it, so that
nothing that comes later reaches it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from controls.assessment.tables import Assessment
from controls.assessment.tables import Line as AssessmentLine
from controls.assessment.words import Change
from controls.assessment.words import State as AssessmentState
from controls.base import told
from controls.base.clock import midnight_after
from controls.base.db import built, db
from controls.identity.tables import Organisation
from controls.rotation import ledger as ledgers
from controls.rotation import past, rules
from controls.rotation.tables import Coverage
from controls.rotation.words import Degree, Form, Source
from controls.universe import queries as universe
from controls.universe.structure import Origin
from controls.universe.tables import Area, Process, Subprocess
from controls.wheel.tables import Cycle

PLANNED: list[Callable[[int], list[Select[*tuple[Any, ...]]]]] = []
"""Filled by wiring: selects of sub-process, year, kind, hours, end and form of what later slices have planned."""

FORMS: dict[str | None, Form | None] = {None: None} | {form.value: form for form in Form}

BANDS_BACK = 10
"""Years of assessments that the due year looks back on: twice the floor."""

FINAL = (AssessmentState.APPROVED, AssessmentState.LOCKED)


def intervals(cycle: Cycle | None) -> rules.Intervals:
    """The intervals a cycle has frozen, or the default ones."""
    if cycle is None:
        return rules.Intervals()
    return rules.Intervals(cycle.interval_high, cycle.interval_elevated, cycle.interval_moderate, cycle.interval_low)


def roll(organisation_id: int, year: int, today: date) -> list[rules.RollRow]:
    """The roll of an organisation as of a year: its active sub-processes with band, coverage, due year and status.

    An earlier year is shown as it was recorded by its end, whatever was reviewed, approved or changed since.
    """
    plans: dict[int, list[rules.Planned]] = {}
    for plan in planned(organisation_id):
        plans.setdefault(plan.subprocess_id, []).append(plan)
    on = date(year, 12, 31)
    if on < today:
        return [
            row_of(one.part, one.counts, one.bands, one.intervals, tuple(plans.get(one.part.id, ())), year)
            for one in recorded(frozenset({organisation_id}), on) if one.part.in_force(on)
        ]  # fmt: skip
    return _rows(organisation_id, year, today, universe.origins(frozenset({organisation_id}), today), plans)


def standing_of(part: Subprocess, today: date) -> rules.RollRow | None:
    """One sub-process in the roll of this year, without what is planned for it; none when it is not in force."""
    origins = universe.origins(frozenset({part.organisation_id}), today)
    reached, new = set[int](), {part.id}
    while new:
        reached |= new
        new = {id for after in new for one in origins.get(after, ()) for id in one.before} - reached
    past_of = {id: origins[id] for id in reached if id in origins}
    rows = _rows(part.organisation_id, today.year, today, past_of, {}, frozenset(reached))
    return next((row for row in rows if row.subprocess_id == part.id), None)


def _rows(
    organisation_id: int, year: int, today: date, origins: dict[int, list[Origin]],
    plans: dict[int, list[rules.Planned]], only: frozenset[int] = frozenset(),
) -> list[rules.RollRow]:  # fmt: skip
    found, ledger, used = _with_ledger(organisation_id, year, only)
    parts = [
        row for row in found.values() if row.valid_from <= today and (row.valid_to is None or row.valid_to >= today)
    ]  # fmt: skip
    elsewhere = frozenset(came_of(origins) - found.keys())
    began = {id: row.valid_from for id, row in found.items()}
    if elsewhere:
        began |= _began(elsewhere, year, ledger)
    bands = _bands(organisation_id, year, elsewhere, only)
    owns = {
        id: past.own(ledger.get(id, ()), day.year, [step for step, *_ in bands.get(id, ())], id)
        for id, day in began.items()
    }  # fmt: skip
    return [
        row_of(
            part, past.past(part.id, owns, origins), bands.get(part.id, []), used, tuple(plans.get(part.id, ())), year
        )
        for part in parts
    ]


def came_of(origins: Mapping[int, list[Origin]]) -> frozenset[int]:
    """The sub-processes, here or elsewhere, that something came of."""
    return frozenset(id for changes in origins.values() for one in changes for id in one.before)


@dataclass(frozen=True)
class Recorded:
    """A sub-process with what counts for it on a day, as everything was recorded by the end of it."""

    part: universe.Placed
    counts: past.Past
    bands: list["Band"]
    intervals: rules.Intervals
    origins: list[Origin]
    came_of: Mapping[int, universe.Placed]

    def standing(self, day: date) -> ledgers.Standing:
        """How it stands in the ledger."""
        return ledgers.standing(self.part.id, self.counts, self.intervals, day)


def recorded(organisation_ids: frozenset[int], day: date) -> list[Recorded]:
    """The ledger of some organisations on a day, in the order of then; what is closed by the day or not begun too."""
    return recorded_in(organisation_ids, day)[2]


def recorded_in(organisation_ids: frozenset[int], day: date) -> tuple[int, frozenset[int], list[Recorded]]:
    """The same, with how many events the log held by the end of the day, and which organisations there were."""
    origins = universe.origins(organisation_ids, day, recorded=True)
    also = came_of(origins)
    rows = {**universe.rows_then(organisation_ids, also), **_assessed_then(organisation_ids, also, day),
            Cycle.__tablename__: select(Cycle.id).where(Cycle.organisation_id.in_(organisation_ids),
                                                        Cycle.year <= day.year),
            Organisation.__tablename__: select(Organisation.id).where(Organisation.id.in_(organisation_ids)),
            }  # fmt: skip
    size, was = told.recorded(db.session(), rows, day)
    parts, bands, used = universe.placed_then(was), _bands_then(was), _intervals_then(was)
    entries = _written(organisation_ids, also, day)
    owns = {
        id: past.own(entries.get(id, ()), part.valid_from.year, [step for step, *_ in bands.get(id, ())], id)
        for id, part in parts.items()
    }  # fmt: skip
    there = frozenset(id for table, id in was if table == Organisation.__tablename__)
    return size, there, [
        Recorded(part, past.past(id, owns, origins), bands.get(id, []),
                 used.get(part.organisation_id, rules.Intervals()), origins.get(id, []), parts)
        for id, part in parts.items() if part.organisation_id in organisation_ids
    ]  # fmt: skip


def _written(organisation_ids: frozenset[int], also: frozenset[int], day: date) -> dict[int, list[rules.Entry]]:
    """What counted in the ledger at the end of a day."""
    here = select(Subprocess.id).where(Subprocess.organisation_id.in_(organisation_ids))
    query = select(
        Coverage.id, Coverage.organisation_id, Coverage.subprocess_id, Coverage.covered_on, Coverage.degree,
        Coverage.form, Coverage.source, Coverage.review_number, Coverage.reverses_id,
    ).where(or_(Coverage.subprocess_id.in_(here), Coverage.subprocess_id.in_(also)))  # fmt: skip
    rows = db.session.execute(query.where(Coverage.recorded_at < midnight_after(day)))
    return ledgers.counting(ledgers.Written(*row) for row in rows)


def _assessed_then(organisation_ids: frozenset[int], also: frozenset[int], day: date) -> dict[str, Select[Any]]:
    """Which rows of the log tell of the bands of some organisations, and of some sub-processes elsewhere."""
    lines = select(AssessmentLine.id, AssessmentLine.assessment_id).join(
        Assessment, Assessment.id == AssessmentLine.assessment_id
    ).where(
        or_(Assessment.organisation_id.in_(organisation_ids), AssessmentLine.subprocess_id.in_(also)),
        Assessment.year <= day.year, Assessment.year > day.year - BANDS_BACK,
    ).subquery()  # fmt: skip
    return {AssessmentLine.__tablename__: select(lines.c.id), Assessment.__tablename__: select(lines.c.assessment_id)}


def _bands_then(was: Mapping[told.Key, told.State]) -> dict[int, list["Band"]]:
    """Inherent band, score and fraud line of each year whose assessment was approved then, oldest first."""
    found: dict[int, list[Band]] = {}
    for (table, _id), line in was.items():
        form = was.get((Assessment.__tablename__, line.get("assessment_id", 0)))
        if table != AssessmentLine.__tablename__ or form is None or form["state"] not in FINAL:
            continue
        band, likelihood, impact = line["inherent_band"], line["inherent_likelihood"], line["inherent_impact"]
        if band is not None and likelihood is not None and impact is not None:
            step = rules.BandStep(form["year"], past.RISING[past.RISING.index(band)])
            known = Band(step, likelihood * impact, bool(form["fraud"]), form["change_kinds"])
            found.setdefault(line["subprocess_id"], []).append(known)
    return {id: sorted(bands, key=lambda one: one.step.year) for id, bands in found.items()}


def _intervals_then(was: Mapping[told.Key, told.State]) -> dict[int, rules.Intervals]:
    """By organisation the intervals of its latest cycle, as they were then."""
    cycles = [state for (table, _id), state in was.items() if table == Cycle.__tablename__]
    return {
        cycle["organisation_id"]: rules.Intervals(
            *(cycle[f"interval_{band}"] for band in ("high", "elevated", "moderate", "low"))
        )
        for cycle in sorted(cycles, key=lambda cycle: cycle["year"])
    }


def planned(organisation_id: int) -> list[rules.Planned]:
    """What later slices have chosen, proposed, deferred or under way in an organisation, in one query."""
    rows = db.session.execute(_planned(organisation_id, tuple(PLANNED))).all() if PLANNED else []
    return [
        rules.Planned(id, year, rules.PlanKind(kind), hours, until, FORMS[form])
        for id, year, kind, hours, until, form in rows
    ]


@built
def _planned(
    organisation_id: int, published: tuple[Callable[[int], list[Select[*tuple[Any, ...]]]], ...]
) -> CompoundSelect[*tuple[Any, ...]]:  # fmt: skip
    return union_all(*(select_ for plans in published for select_ in plans(organisation_id)))


def stands(line: Any, on: date | None = None) -> ColumnElement[bool]:
    """Whether a line of the ledger counts (on a day, else now), as a predicate: neither reopened nor undone since."""
    gone, undone = aliased(Coverage), aliased(Coverage)
    after = [gone.subprocess_id == line.subprocess_id, gone.review_number == line.review_number, gone.id > line.id,
             gone.source == Source.REOPENED, gone.organisation_id == line.organisation_id]  # fmt: skip
    after += [] if on is None else [gone.covered_on <= on]
    reversed_ = [undone.reverses_id == line.id] + ([] if on is None else [undone.covered_on <= on])
    taken = select(gone.id).where(*after).correlate(line).exists()
    back = select(undone.id).where(*reversed_).correlate(line).exists()
    counts = or_(and_(line.source == Source.REVIEW, ~taken), and_(line.source == Source.IMPORT, ~back))
    return counts


def standing(id: int) -> Coverage | None:
    """A line of the ledger by id, if it counts."""
    return db.session.scalar(select(Coverage).where(Coverage.id == id, stands(Coverage)))


def ledger(organisation_id: int) -> list[Coverage]:
    """The lines of an organisation that count now, oldest first."""
    query = select(Coverage).where(Coverage.organisation_id == organisation_id, stands(Coverage))
    return list(db.session.scalars(query.order_by(Coverage.covered_on, Coverage.id)))


def _with_ledger(
    organisation_id: int, year: int, only: frozenset[int]
) -> tuple[dict[int, Row[*tuple[Any, ...]]], dict[int, list[rules.Entry]], rules.Intervals]:
    """Sub-processes (all, or some wherever they belong), their ledger lines of the time, and the cycle's intervals."""
    rows = db.session.execute(_ledger_of(organisation_id, year, bool(only)), _which(only)).all()
    found: dict[int, Row[*tuple[Any, ...]]] = {}
    ledger: dict[int, list[rules.Entry]] = {}
    for row in rows:
        found[row.id] = row
        if row.covered_on is not None:
            ledger.setdefault(row.id, []).append(
                rules.Entry(
                    row.covered_on, row.degree, row.form, row.review_number, row.id, row.source is Source.IMPORT
                )
            )
    years: tuple[Any, ...] = tuple(rows[0])[-4:] if rows else (None,)
    used = rules.Intervals(*years) if years[0] is not None else rules.Intervals()
    return found, ledger, used


def _began(ids: frozenset[int], year: int, ledger: dict[int, list[rules.Entry]]) -> dict[int, date]:
    """The first day of sub-processes of other organisations that were transferred here; adds their ledger lines."""
    end = date(year, 12, 31)
    lines = and_(Coverage.subprocess_id == Subprocess.id, Coverage.covered_on <= end, stands(Coverage, end))
    found: dict[int, date] = {}
    rows: Any = db.session.execute(
        select(Subprocess.id, Subprocess.valid_from, Coverage.covered_on, Coverage.degree, Coverage.form,
               Coverage.review_number, Subprocess.id, Coverage.source == Source.IMPORT)
        .outerjoin(Coverage, lines).where(Subprocess.id.in_(ids)).order_by(Coverage.covered_on, Coverage.id)
    )  # fmt: skip
    for id, day, *line in rows:
        found[id] = day
        if line[0] is not None:
            ledger.setdefault(id, []).append(rules.Entry(*line))
    return found


_ONLY: BindParameter[Any] = bindparam("only", expanding=True)


def _which(only: frozenset[int]) -> dict[str, list[int]]:
    return {"only": sorted(only)} if only else {}


@built
def _ledger_of(organisation_id: int, year: int, only: bool) -> Select[*tuple[Any, ...]]:
    end = date(year, 12, 31)
    latest = (
        select(Cycle.id).where(Cycle.organisation_id == organisation_id, Cycle.year <= year)
        .order_by(Cycle.year.desc()).limit(1).scalar_subquery()
    )  # fmt: skip
    return (
        select(
            Subprocess.id,
            Subprocess.code,
            Subprocess.name_da,
            Subprocess.name_en,
            Subprocess.valid_from,
            Subprocess.valid_to,
            Process.id.label("process_id"),
            Process.code.label("process_code"),
            Process.name_da.label("process_name_da"),
            Process.name_en.label("process_name_en"),
            Process.owner_id,
            Process.yearly_amount_ore,
            Area.code.label("area_code"),
            Area.name_da.label("area_name_da"),
            Area.name_en.label("area_name_en"),
            Coverage.covered_on,
            Coverage.degree,
            Coverage.form,
            Coverage.review_number,
            Coverage.source,
            Cycle.interval_high,
            Cycle.interval_elevated,
            Cycle.interval_moderate,
            Cycle.interval_low,
        )  # fmt: skip
        .join(Process, Process.id == Subprocess.process_id)
        .join(Area, Area.id == Process.area_id)
        .outerjoin(
            Coverage,
            and_(Coverage.subprocess_id == Subprocess.id, Coverage.covered_on <= end, stands(Coverage, end)),
        )
        .outerjoin(Cycle, Cycle.id == latest)
        .where(Subprocess.id.in_(_ONLY) if only else Subprocess.organisation_id == organisation_id)
        .order_by(Area.sort_key, Subprocess.sort_key, Subprocess.id, Coverage.covered_on, Coverage.id)
    )


class Band(NamedTuple):
    """The inherent band of a year, its score, the fraud line, and what was ticked as changed (system;law)."""

    step: rules.BandStep
    score: int
    fraud: bool
    changes: str


def _bands(
    organisation_id: int, year: int, elsewhere: frozenset[int], only: frozenset[int]
) -> dict[int, list[Band]]:  # fmt: skip
    """Inherent band, score and fraud line of each approved year, oldest first."""
    found: dict[int, list[Band]] = {}
    rows = db.session.execute(_bands_of(organisation_id, year, elsewhere, bool(only)), _which(only)).all()
    for subprocess_id, of_year, band, fraud, score, changes in rows:
        if band is None or score is None:
            continue
        found.setdefault(subprocess_id, []).append(Band(rules.BandStep(of_year, band), score, bool(fraud), changes))
    return found


def _assessed(organisation_id: int, elsewhere: frozenset[int]) -> ColumnElement[bool]:
    here = Assessment.organisation_id == organisation_id
    return or_(here, AssessmentLine.subprocess_id.in_(sorted(elsewhere))) if elsewhere else here


@built
def _bands_of(
    organisation_id: int, year: int, elsewhere: frozenset[int], only: bool
) -> Select[*tuple[Any, ...]]:  # fmt: skip
    # Not the bare column where few are asked for: from their lines to the forms, never from all that are done to lines.
    state = func.coalesce(Assessment.state, AssessmentState.NOT_STARTED) if only else Assessment.state
    which = AssessmentLine.subprocess_id.in_(_ONLY) if only else _assessed(organisation_id, elsewhere)
    return (
        select(AssessmentLine.subprocess_id, Assessment.year, AssessmentLine.inherent_band, Assessment.fraud,
               AssessmentLine.inherent_likelihood * AssessmentLine.inherent_impact, Assessment.change_kinds)
        .join(Assessment, Assessment.id == AssessmentLine.assessment_id)
        .where(which, state.in_(FINAL))
        .where(Assessment.year <= year, Assessment.year > year - BANDS_BACK)
        .order_by(Assessment.year)
    )  # fmt: skip


def row_of(
    part: Any, counts: past.Past, bands: list[Band], used: rules.Intervals, plans: tuple[rules.Planned, ...],
    year: int,
) -> rules.RollRow:  # fmt: skip
    """A row of the roll: no table is asked for it. What starts again is not what was planned before."""
    full = rules.last_full(counts.entries)
    covered = full.covered_on.year if full else None
    due = ledgers.due(counts, used, year)
    now = bands[-1] if bands else None
    before = bands[-2] if len(bands) > 1 else None
    return rules.RollRow(
        subprocess_id=part.id, code=part.code, name_da=part.name_da, name_en=part.name_en, process_id=part.process_id,
        process_code=part.process_code, process_name_da=part.process_name_da, process_name_en=part.process_name_en,
        area_code=part.area_code, area_name_da=part.area_name_da, area_name_en=part.area_name_en,
        owner_id=part.owner_id, amount_ore=part.yearly_amount_ore, activated=counts.activated,
        band=now.step.band if now else None,
        score=now.score if now else None, band_year=now.step.year if now else None, fraud=bool(now and now.fraud),
        band_before=before.step.band if before else None, score_before=before.score if before else None,
        entries=counts.entries,
        plans=tuple(plan for plan in plans if plan.year >= counts.activated), due=due,
        status=rules.status(due, covered, year),
        interval=used.of(now.step.band if now else None), changed=counts.latest is not None, clock=counts.clock,
        changes=tuple(Change(kind) for kind in now.changes.split(";") if kind) if now else (),
    )  # fmt: skip


def coverages(organisation_id: int) -> list[tuple[Coverage, str]]:
    """The ledger of an organisation in the order it was written, with the code of each sub-process."""
    rows = db.session.execute(
        select(Coverage, Subprocess.code).join(Subprocess, Subprocess.id == Coverage.subprocess_id)
        .where(Coverage.organisation_id == organisation_id).order_by(Coverage.covered_on, Coverage.id)
    )  # fmt: skip
    return [(coverage, code) for coverage, code in rows]


def of_subprocess(subprocess_id: int) -> list[Coverage]:
    """The ledger lines of a sub-process, latest first."""
    query = select(Coverage).where(Coverage.subprocess_id == subprocess_id)
    return list(db.session.scalars(query.order_by(Coverage.covered_on.desc(), Coverage.id.desc())))


def last_full(subprocess_ids: set[int]) -> dict[int, Coverage]:
    """The latest full coverage of each of these sub-processes."""
    full = (Coverage.subprocess_id.in_(subprocess_ids), Coverage.degree == Degree.FULL, stands(Coverage))
    query = select(Coverage).where(*full)
    return {row.subprocess_id: row for row in db.session.scalars(query.order_by(Coverage.covered_on, Coverage.id))}
