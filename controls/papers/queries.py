"""Every row of the workbook, streamed: values in the order of the sheet's columns."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import false, func, literal, null, or_, select
from sqlalchemy.orm import aliased

from controls.assessment.tables import Assessment
from controls.assessment.tables import Line as AssessmentLine
from controls.base.audit import CLEANED, EVENTS, EventRow
from controls.base.by import By
from controls.base.clock import midnight_after
from controls.base.db import db
from controls.base.db import snapshot as snapshot
from controls.base.redaction import Retold, retold
from controls.base.why import Refused
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.effectiveness.words import State as TestState
from controls.evidence.tables import Evidence
from controls.evidence.words import RequestKind
from controls.finding.tables import Action, Finding
from controls.forum import impartiality as impartial
from controls.forum.tables import Decision, Impartiality, Meeting, Presence
from controls.forum.words import Decided
from controls.identity import queries as identity
from controls.identity.duties import RULES, Duty
from controls.identity.tables import DutyException, Organisation, Person, Reopening, RoleGrant
from controls.papers import choice, extent, ground, holders, kept, proof, running
from controls.papers.before import Before, told
from controls.papers.columns import Sheet
from controls.papers.rules import NO_CYCLE
from controls.papers.scope import Scope
from controls.recommendation.tables import Line, Recommendation
from controls.recommendation.words import Recommended
from controls.review.tables import Control, DesignTest, Review, Risk, RiskControl
from controls.rotation import queries as rotation
from controls.rotation.tables import Coverage
from controls.rotation.words import Status
from controls.universe import queries as universe
from controls.universe.tables import Area, Lineage, Process, Structure, Subprocess
from controls.wheel import queries as wheels
from controls.wheel.tables import Cycle, Step
from controls.wheel.words import State as WheelState

Rows = Iterator[tuple[Any, ...]]
EXPORTED, PACKED, CERTIFIED = "papers.workbook_exported", "papers.package_exported", "papers.certificate_exported"


def scope(by: By, organisation: Organisation, year: int) -> Scope:
    """The scope of one workbook or package; 404 when the organisation has no such year."""
    cycle = wheels.cycle(organisation.id, year)
    if cycle is None:
        raise Refused([NO_CYCLE(year=str(year), organisation=organisation.code)])
    people: dict[int | None, str] = {None: ""}
    people.update((id, name) for id, name in db.session.execute(select(Person.id, Person.name)))
    roll = rotation.roll(organisation.id, cycle.year, by.today)
    return Scope(by, organisation.id, organisation.code, cycle, cycle.year, people, roll)


def stream(query: Any) -> Iterable[Any]:
    """Rows a thousand at a time, from a cursor that stays with the database."""
    return db.session.execute(query.execution_options(yield_per=1000))


@dataclass(frozen=True)
class Year:
    """A year whose workbook can be taken out."""

    code: str
    name_da: str
    name_en: str
    year: int
    state: WheelState


def cycles(organisations: frozenset[int]) -> list[Year]:
    """The years of these organisations, newest first within each."""
    rows = db.session.execute(
        select(Organisation.code, Organisation.name_da, Organisation.name_en, Cycle.year, Cycle.state)
        .join(Cycle, Cycle.organisation_id == Organisation.id)
        .where(Organisation.id.in_(organisations)).order_by(Organisation.path, Cycle.year.desc())
    )  # fmt: skip
    return [Year(*row) for row in rows]


@dataclass(frozen=True)
class Export:
    """A workbook or package (no language) that was taken out: when, by whom, and what it held."""

    at: datetime
    person: str
    code: str
    year: int
    language: str
    rows: int
    digest: str
    day: date | None = None


def exports(organisations: frozenset[int], most: int = 20) -> list[Export]:
    """The latest exports of these organisations, newest first."""
    rows = db.session.execute(
        select(EventRow.at, EventRow.person_name, Organisation.code, EventRow.payload)
        .join(Organisation, Organisation.id == EventRow.organisation_id)
        .where(EventRow.action.in_((EXPORTED, PACKED, CERTIFIED)), EventRow.organisation_id.in_(organisations))
        .order_by(EventRow.seq.desc()).limit(most)
    )  # fmt: skip
    found = []
    for at, person, code, payload in rows:
        told = json.loads(payload or "")["fields"]
        day = date.fromisoformat(told["day"]) if "day" in told else None
        number, year = told.get("rows", told.get("subprocesses", 0)), told.get("year", 0)
        found.append(Export(at, person, code, year, told.get("language", ""), number, told["digest"], day))
    return found


def processes(s: Scope) -> Rows:
    """Sheet 01: sub-processes in force at some time in the year."""
    people, end = s.people, (s.code, s.year)
    query = (
        select(Subprocess.id, Subprocess.code, Area.code, Area.name_da, Area.name_en, Process.code, Process.name_da,
               Process.name_en, Subprocess.name_da, Subprocess.name_en, Process.unit, Process.owner_id,
               Process.deputy_id, Process.performer_unit, Process.systems, Process.yearly_amount_ore,
               Process.transactions, Process.legal_basis, Process.provider_share, Subprocess.valid_from,
               Subprocess.valid_to)
        .join(Process, Process.id == Subprocess.process_id).join(Area, Area.id == Process.area_id)
        .where(extent.subprocesses(s))
        .order_by(Area.sort_key, Process.sort_key, Subprocess.sort_key, Subprocess.id)
    )  # fmt: skip
    for row in stream(query):
        yield *row[:11], people[row[11]], people[row[12]], *row[13:], *end


def assessments(s: Scope) -> Rows:
    """Sheet 02: a row per sub-process of each process's form."""
    a, line, people, end = Assessment, AssessmentLine, s.people, (s.code, s.year)
    before = (
        select(AssessmentLine.subprocess_id.label("id"),
               (AssessmentLine.inherent_likelihood * AssessmentLine.inherent_impact).label("score"))
        .join(Assessment, Assessment.id == AssessmentLine.assessment_id)
        .where(Assessment.organisation_id == s.organisation, Assessment.year == s.year - 1).subquery()
    )  # fmt: skip
    query = (
        select(a.id, line.version, line.subprocess_id, Subprocess.code, Process.code, line.inherited, a.state,
               a.author_id, a.submitted_at, a.approver_id, a.approved_at, line.inherent_likelihood,
               line.inherent_impact, line.inherent_band, line.residual_likelihood, line.residual_impact,
               line.residual_band, line.control_level, a.fraud, a.fraud_reason, a.change_direction, a.change_kinds,
               a.reason, line.reason, a.reason_step, line.reason_step, a.reason_no_key_control, before.c.score,
               a.certainty, a.propose_review, a.submitted_scores, a.calibration_changed, a.calibrated_by_id,
               a.calibrated_at, a.calibration_reason, a.owner_objection, a.copied, a.reason_unchanged, a.locked_at)
        .join(line, line.assessment_id == a.id).join(Subprocess, Subprocess.id == line.subprocess_id)
        .join(Process, Process.id == a.process_id).outerjoin(before, before.c.id == line.subprocess_id)
        .where(a.organisation_id == s.organisation, a.year == s.year)
        .order_by(Process.sort_key, Subprocess.sort_key, line.id)
    )  # fmt: skip
    for row in stream(query):
        score, residual, last = _product(row[11], row[12]), _product(row[14], row[15]), row[27]
        moved = None if score is None or last is None else score - last
        yield (
            *row[:7], people[row[7]], row[8], people[row[9]], row[10], row[11], row[12], score, row[13], row[14],
            row[15], residual, row[16], row[17], row[18], row[19], row[20], row[21], row[23] or row[22],
            row[25] or row[24], row[26], last, moved, *row[28:32], people[row[32]], *row[33:], *end,
        )  # fmt: skip


def _product(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a * b


def risks(s: Scope) -> Rows:
    """Sheet 03: risks that held at some time in the year."""
    people, end = s.people, (s.code, s.year)
    query = (
        select(Risk.number, Risk.subprocess_id, Subprocess.code, Risk.cause, Risk.event, Risk.consequence,
               Risk.category, Risk.assertions, Risk.owner_id, Risk.valid_to)
        .join(Subprocess, Subprocess.id == Risk.subprocess_id)
        .where(extent.risks(s)).order_by(Subprocess.sort_key, Risk.number)
    )  # fmt: skip
    for row in stream(query):
        yield *row[:8], people[row[8]], row[9], *end


def controls(s: Scope) -> Rows:
    """Sheet 04: controls that held at some time in the year."""
    c, end = Control, (s.code, s.year)
    query = (
        select(c.number, c.version, c.subprocess_id, Subprocess.code, c.text, c.key_control, c.key_reason, c.kind,
               c.execution, c.frequency, c.occurrences_a_year, c.owner_role, c.performer_role, c.system, c.valid_from,
               c.valid_to, c.saved_by, c.saved_at)
        .join(Subprocess, Subprocess.id == c.subprocess_id)
        .where(extent.controls(s)).order_by(Subprocess.sort_key, c.number)
    )  # fmt: skip
    for row in stream(query):
        yield *row, *end


def matrix(s: Scope) -> Rows:
    """Sheet 05: which control covers which risk, then risks that no control covers and controls that cover none."""
    end = (s.code, s.year)
    both = (
        select(RiskControl.id, Risk.number, Control.number, RiskControl.degree, RiskControl.assertions,
               RiskControl.comment, literal(False), literal(False))
        .join(Risk, Risk.id == RiskControl.risk_id).join(Control, Control.id == RiskControl.control_id)
        .where(extent.risks(s), extent.in_force(Control, s)).order_by(Risk.number, Control.number)
    )  # fmt: skip
    bare = (
        select(null(), Risk.number, literal(""), null(), literal(""), literal(""), literal(True), null())
        .where(extent.risks(s), Risk.id.not_in(
            select(RiskControl.risk_id).join(Control, Control.id == RiskControl.control_id).where(extent.controls(s))
        )).order_by(Risk.number)
    )  # fmt: skip
    idle = (
        select(null(), literal(""), Control.number, null(), literal(""), literal(""), null(), literal(True))
        .where(extent.controls(s), Control.id.not_in(
            select(RiskControl.control_id).join(Risk, Risk.id == RiskControl.risk_id).where(extent.risks(s))
        )).order_by(Control.number)
    )  # fmt: skip
    for query in (both, bare, idle):
        for row in stream(query):
            yield *row, *end


def recommendation(s: Scope) -> Rows:
    """Sheet 06: the lines of every handed-over version."""
    people, end, r = s.people, (s.code, s.year), Recommendation
    query = (
        select(r.id, r.number, func.row_number().over(partition_by=r.id, order_by=(Subprocess.sort_key, Line.id)),
               Line.subprocess_id, Subprocess.code, Line.inherent_band, Line.inherent_score, Line.due_year,
               Line.recommended, Line.reason_codes, Line.text, Line.dissent, Line.hours, Line.form, Line.review_year,
               Line.proposed_lead_id, Line.defer_to, Line.defer_code, Line.compensating_measure, r.snapshot_hash,
               r.prepared_by_id, r.handed_over_by_id, r.handed_over_at)
        .join(Line, Line.recommendation_id == r.id).join(Subprocess, Subprocess.id == Line.subprocess_id)
        .where(extent.handed_over(s))
        .order_by(r.number, Subprocess.sort_key, Line.id)
    )  # fmt: skip
    for row in stream(query):
        yield *row[:15], people[row[15]], *row[16:20], people[row[20]], people[row[21]], row[22], *end


def decisions(s: Scope) -> Rows:
    """Sheet 07: decisions in locked minutes, of the year's meetings or about a review in the year."""
    people, d, m, old = s.people, Decision, Meeting, aliased(Decision)
    query = (
        select(d.number, m.number, m.held_on, m.form, d.subprocess_id, Subprocess.code, d.recommended, d.decided,
               d.reason, d.condition, d.condition_owner_id, d.condition_due, d.condition_met_on, d.deferred_to,
               d.defer_code, d.compensating_measure, d.review_year, d.hours, d.form, d.lead_id, d.added_by_forum,
               d.added_by_id, d.votes_for, d.votes_against, d.votes_abstain, m.state, m.confirmed_by_id,
               m.confirmed_at, m.hash, old.number, m.year)
        .join(m, m.id == d.meeting_id).join(Subprocess, Subprocess.id == d.subprocess_id)
        .outerjoin(old, old.id == d.replaces_id)
        .where(extent.locked(s))
        .where(or_(m.year == s.year, d.review_year == s.year))
        .order_by(m.year, m.held_on, m.id, d.number, d.id)
    )  # fmt: skip
    for row in stream(query):
        yield (
            *row[:8], _deviates(row[6], row[7]), *row[8:10], people[row[10]], *row[11:19], people[row[19]], row[20],
            people[row[21]], *row[22:26], people[row[26]], row[27], row[28], row[29] or "", s.code, row[30],
        )  # fmt: skip


SAME = {
    (Recommended.REVIEW, Decided.CHOSEN), (Recommended.REVIEW, Decided.CHOSEN_WITH_CONDITION),
    (Recommended.NOT, Decided.NOT_CHOSEN), (Recommended.DEFER, Decided.DEFERRED),
}  # fmt: skip


def _deviates(recommended: Recommended, decided: Decided) -> bool:
    return (recommended, decided) not in SAME


def impartiality(s: Scope) -> Rows:
    """Sheet 08: what the members told of themselves at the year's meetings, and how the others ruled."""
    people, end, m, i, d = s.people, (s.code, s.year), Meeting, Impartiality, Decision
    query = (
        select(d.number, m.number, m.held_on, i.subprocess_id, Subprocess.code, i.person_id, i.declaration,
               i.circumstance, i.ruled_by, i.ruling, i.took_part, i.declared_at, i.ruled_at)
        .join(m, m.id == i.meeting_id).join(Subprocess, Subprocess.id == i.subprocess_id)
        .outerjoin(d, (d.meeting_id == i.meeting_id) & (d.subprocess_id == i.subprocess_id))
        .where(extent.locked(s), m.year == s.year)
        .order_by(m.held_on, m.id, Subprocess.sort_key, i.id)
    )  # fmt: skip
    for row in stream(query):
        ruled_by = ", ".join(sorted(people[id] for id in impartial.ids(row[8])))
        yield row[0] or "", *row[1:5], people[row[5]], row[6], row[7], ruled_by, *row[9:], *end


def attendance(s: Scope) -> Rows:
    """Sheet 08b: who was at the year's meetings, once their minutes are locked."""
    people, end, m, p = s.people, (s.code, s.year), Meeting, Presence
    query = (
        select(m.number, m.held_on, p.person_id, p.function, p.present, p.stand_in_for_id)
        .join(p, p.meeting_id == m.id)
        .where(extent.locked(s), m.year == s.year)
        .order_by(m.held_on, m.id, p.id)
    )  # fmt: skip
    for row in stream(query):
        yield row[0], row[1], row[2], people[row[2]], row[3], row[4], people[row[5]], *end


def roll(s: Scope) -> Rows:
    """Sheet 09: the five-year roll as of the year."""
    intervals = {"high": s.cycle.interval_high, "elevated": s.cycle.interval_elevated,
                 "moderate": s.cycle.interval_moderate, "low": s.cycle.interval_low}  # fmt: skip
    for row in s.roll:
        latest = max(row.entries, key=lambda entry: entry.covered_on, default=None)
        yield (
            row.subprocess_id, row.code, row.band, intervals[row.band] if row.band else None,
            latest.covered_on if latest else None, latest.degree if latest else None, row.due, row.status,
            row.status == Status.OVERDUE, s.code, s.year,
        )  # fmt: skip


def _parts(s: Scope) -> tuple[frozenset[int], date, datetime]:
    """The sub-processes elsewhere that something here came of, the roll's day, and the moment at which it ends."""
    on = min(s.last, s.by.today)
    origins = universe.origins(frozenset({s.organisation}), on, recorded=True)
    return rotation.came_of(origins), on, midnight_after(on)


def coverage(s: Scope) -> Rows:
    """Sheet 09b: every line of the coverage ledger that the roll is counted from, those too that count no longer."""
    elsewhere, _on, end = _parts(s)
    query = (
        select(Coverage.id, Coverage.subprocess_id, Subprocess.code, Coverage.covered_on, Coverage.degree,
               Coverage.form, Coverage.source, Coverage.review_number, Coverage.recorded_at, Coverage.reverses_id,
               Organisation.code)
        .join(Subprocess, Subprocess.id == Coverage.subprocess_id)
        .join(Organisation, Organisation.id == Coverage.organisation_id)
        .where(or_(Subprocess.organisation_id == s.organisation, Subprocess.id.in_(elsewhere)))
        .where(Coverage.recorded_at < end).order_by(Coverage.id)
    )  # fmt: skip
    for row in stream(query):
        yield *row, s.year


def structure(s: Scope) -> Rows:
    """Sheet 09c: every change of structure that the roll is counted from, a row for each line that it made."""
    elsewhere, on, end = _parts(s)
    before, after = aliased(Subprocess), aliased(Subprocess)
    query = (
        select(Structure.id, Structure.effective_on, Structure.recorded_at, Structure.kind, Lineage.before_id,
               before.code, Lineage.after_id, after.code, Lineage.inherits, Structure.reason, Organisation.code)
        .join(Structure, Structure.id == Lineage.structure_id)
        .join(Organisation, Organisation.id == Lineage.organisation_id)
        .outerjoin(before, before.id == Lineage.before_id).outerjoin(after, after.id == Lineage.after_id)
        .where(Lineage.object_type == Subprocess.__tablename__)
        .where(or_(Lineage.organisation_id == s.organisation, Lineage.after_id.in_(elsewhere)))
        .where(Structure.recorded_at < end, Structure.effective_on <= on).order_by(Structure.id, Lineage.id)
    )  # fmt: skip
    for row in stream(query):
        yield *row[:5], row[5] or "", row[6], row[7] or "", *row[8:], s.year


def reviews(s: Scope) -> Rows:
    """Sheet 10: the reviews of the year."""
    people, end, r = s.people, (s.code, s.year), Review
    query = (
        select(r.number, r.year, r.subprocess_id, Subprocess.code, Decision.number, r.state, r.state_reason, r.form,
               r.scope, r.period_from, r.period_to, r.lead_id, r.tester_id, r.quality_reviewer_id,
               r.independence_declared_on, r.walkthrough_on, r.hours_planned, r.hours_used, r.draft_on,
               r.hearing_from, r.hearing_to, r.owner_reply, r.quality_reviewed_at, r.approved_by_id, r.approved_at,
               r.conclusion_design, r.conclusion_operating, r.overall_class, r.conclusion, r.coverage,
               identity.edition_of(r))
        .join(Subprocess, Subprocess.id == r.subprocess_id).outerjoin(Decision, Decision.id == r.decision_id)
        .where(extent.reviews(s)).order_by(r.number, r.id)
    )  # fmt: skip
    for row in stream(query):
        yield (
            *row[:4], row[4] or "", *row[5:11], people[row[11]], people[row[12]], people[row[13]], *row[14:23],
            people[row[23]], *row[24:], *end,
        )  # fmt: skip


def reopenings(s: Scope) -> Rows:
    """Sheet 10b: requests to reopen the year's assessments, reviews and findings, with the versions that were ended."""
    o = Reopening
    numbers = [
        select(table.number).where(o.object_type == table.__tablename__, table.id == o.object_id).scalar_subquery()
        for table in (Review, Finding)
    ]
    numbers.append(
        select(Process.code).join(Assessment, Assessment.process_id == Process.id)
        .where(o.object_type == Assessment.__tablename__, Assessment.id == o.object_id).scalar_subquery()
    )  # fmt: skip
    query = select(
        o.id, o.object_type, func.coalesce(*numbers), o.number, o.state, o.asked_by_id, o.asked_at, o.reason,
        o.decided_by_id, o.decided_at, o.answer, o.snapshot,
    ).where(extent.reopenings(s)).order_by(o.id)  # fmt: skip
    for row in stream(query):
        yield *row[:5], s.people[row[5]], *row[6:8], s.people[row[8]], *row[9:], s.code, s.year


def tests(s: Scope) -> Rows:
    """Sheet 11: the year's tests of design, then of operation."""
    people, end, d, t = s.people, (s.code, s.year), DesignTest, OperatingTest
    design = (
        select(d.number, Review.number, Control.number, d.control_version, d.outcome, d.conclusion, d.tester_id,
               d.tested_on, d.reviewer_id, d.reviewed_on, d.hours, Review.period_from, Review.period_to)
        .join(Review, Review.id == d.review_id).join(Control, Control.id == d.control_id)
        .where(extent.reviews(s)).order_by(Review.number, Control.number, d.id)
    )  # fmt: skip
    for row in stream(design):
        state = TestState.REVIEWED if row[9] else TestState.CONCLUDED
        yield (
            *row[:4], proof.TestType.DESIGN, state, None, row[11], row[12], *NOTHING, people[row[6]], row[7], None,
            None, None, row[4], None, None, row[5], people[row[8]], row[9], row[10], *end,
        )  # fmt: skip
    operating = (
        select(t.number, Review.number, Control.number, t.control_version, t.state, t.method, Review.period_from,
               Review.period_to, t.population, t.population_size, t.population_source, t.extracted_by,
               t.extracted_on, t.completeness, t.population_hash, t.sample_risk, t.confidence, t.tolerable_rate,
               t.sample_size, t.achieved_confidence, t.seed, t.drawn_at, t.tester_id, t.tested_on, t.exceptions,
               t.upper_limit, t.outcome, t.outcome_reason, t.conclusion, t.reviewer_id, t.reviewed_on, t.hours)
        .join(Review, Review.id == t.review_id).join(Control, Control.id == t.control_id)
        .where(extent.reviews(s)).order_by(Review.number, Control.number, t.id)
    )  # fmt: skip
    for row in stream(operating):
        rate = row[24] / row[18] if row[24] is not None and row[18] else None
        yield (
            *row[:4], proof.TestType.OPERATING, *row[4:22], people[row[22]], row[23], row[24], rate, row[25], None,
            *row[26:29], people[row[29]], row[30], row[31], *end,
        )  # fmt: skip


NOTHING = (None,) * 14


def samples(s: Scope) -> Rows:
    """Sheet 12: the items of the year's samples."""
    i, end, drawn = SampleItem, (s.code, s.year), (proof.Drawn.CHOSEN, proof.Drawn.RESERVE)
    query = (
        select(OperatingTest.number, i.rank, i.item_key, i.reserve, i.result, i.nature, i.amount_ore, i.tested_on,
               i.note, i.replaces_rank)
        .join(OperatingTest, OperatingTest.id == i.test_id).join(Review, Review.id == OperatingTest.review_id)
        .where(extent.reviews(s)).order_by(OperatingTest.number, OperatingTest.id, i.rank)
    )  # fmt: skip
    for row in stream(query):
        yield *row[:3], drawn[row[3]], *row[4:], *end


def evidence(s: Scope) -> Rows:
    """Sheet 13: files of the year's reviews, tests and listed findings, and whatever was uploaded in the year."""
    newer, custody, nobody = aliased(Evidence), kept.kept(s), ("", "", "")
    query = (
        select(Evidence, newer.id).outerjoin(newer, newer.replaces_id == Evidence.id)
        .where(extent.evidence(s)).order_by(Evidence.id)
    )  # fmt: skip
    for e, newer_id in stream(query):
        yield (
            e.id, e.subject_type, e.subject_id, e.shows, e.covers_from, e.covers_to, e.filename, e.media_type, e.size,
            e.sha256, s.people[e.uploaded_by_id], e.uploaded_at, e.edition or 1, custody.signed.get(e.id), newer_id,
            custody.until(e), e.external_reference or "", e.data_class, e.scanned_at, e.replaces_id,
            e.replaces_reason or "", e.replaced_at, e.withdrawn_at,
            *custody.taken.get((e.id, RequestKind.WITHDRAW), nobody), *custody.held(e), e.disposed_at,
            *custody.taken.get((e.id, RequestKind.DISPOSE), nobody), s.code, s.year,
        )  # fmt: skip
        db.session.expunge(e)


def findings(s: Scope) -> Rows:
    """Sheet 14: findings of the year's reviews, those still open, and those closed in the year."""
    people, end, f, today, old = s.people, (s.code, s.year), Finding, s.by.today, aliased(Finding)
    query = (
        select(f.number, Review.number, f.subprocess_id, Subprocess.code, Control.number, f.condition, f.criterion,
               f.cause, f.consequence, f.severity, f.compensating_control, f.repeat_of_id, old.number,
               f.recommendation, f.management_response, f.owner_id, f.confirmed_on, f.deadline_original,
               f.deadline_current, f.extensions, f.state, f.closed_by_id, f.closed_on, f.closing_note,
               f.risk_accepted_by_id, f.risk_accepted_until, f.risk_acceptance_reason)
        .join(Subprocess, Subprocess.id == f.subprocess_id).outerjoin(Review, Review.id == f.review_id)
        .outerjoin(Control, Control.id == f.control_id).outerjoin(old, old.id == f.repeat_of_id)
        .where(extent.findings(s)).order_by(f.number, f.id)
    )  # fmt: skip
    for row in stream(query):
        age = (min(row[22] or today, today) - row[16]).days if row[16] else None
        yield (
            row[0], row[1] or "", row[2], row[3], row[4] or "", *row[5:11], row[11] is not None, row[12] or "",
            row[13], row[14], people[row[15]], *row[16:21], age, people[row[21]], row[22], row[23], people[row[24]],
            row[25], row[26], *end,
        )  # fmt: skip


def actions(s: Scope) -> Rows:
    """Sheet 15: the actions of the findings on sheet 14."""
    people, end, a = s.people, (s.code, s.year), Action
    query = (
        select(a.number, Finding.number, a.text, a.owner_id, a.deadline_original, a.deadline_current, a.state,
               a.done_on, a.done_note, a.verified_by_id, a.verified_on, a.note, a.id)
        .join(Finding, Finding.id == a.finding_id).outerjoin(Review, Review.id == Finding.review_id)
        .where(extent.findings(s)).order_by(a.number, a.id)
    )  # fmt: skip
    for row in stream(query):
        yield *row[:3], people[row[3]], *row[4:9], people[row[9]], *row[10:], *end


def wheel(s: Scope) -> Rows:
    """Sheet 17: the steps of the cycle, planned and taken."""
    query = select(Step).where(Step.cycle_id == s.cycle.id).order_by(Step.sort, Step.id)
    for number, step in enumerate(db.session.scalars(query), 1):
        late = max((step.taken_at.date() - step.planned_on).days, 0) if step.taken_at else None
        yield (
            number, step.state, step.planned_on, step.taken_at, s.people[step.taken_by_id], late, step.note, s.code,
            s.year,
        )  # fmt: skip


def users(s: Scope) -> Rows:
    """Sheet 18: roles that held in the organisation, or above it, at some time since the year began; then visitors."""
    person = (Person.id, Person.username, Person.name, Person.title, Person.unit)
    query = (
        select(*person, RoleGrant.role, Organisation.code, RoleGrant.valid_from, RoleGrant.valid_to,
               RoleGrant.granted_by)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(extent.grants(s))
        .order_by(Person.name, Person.id, RoleGrant.role, RoleGrant.id)
    )  # fmt: skip
    for row in stream(query):
        yield *row, "", None, "", s.code, s.year
    for one in holders.visitors(s):
        yield *one, s.code, s.year


def incompatible(s: Scope, say: Callable[[str], str]) -> Rows:
    """Sheet 18a: roles of one person that together reach both acts of a rule."""
    for row in holders.incompatible(s):
        rule = RULES[row.duty]
        yield (
            row.one.person_id, s.people[row.one.person_id], row.duty.value, row.one.role, row.one.organisation,
            say(rule.first), row.other.role, row.other.organisation, say(rule.second), row.first, row.last,
            row.exception_id, s.code, s.year,
        )  # fmt: skip


def exceptions(s: Scope) -> Rows:
    """Sheet 18b: exceptions of the chair since the year began."""
    e = DutyException
    query = (
        select(e.id, e.duty, e.person_id, Organisation.code, e.valid_from, e.valid_to, e.granted_by_id, e.granted_at,
               e.ended_at, e.reason)
        .join(Organisation, Organisation.id == e.organisation_id).where(extent.exceptions(s)).order_by(e.id)
    )  # fmt: skip
    for row in stream(query):
        yield row[0], row[1].value, s.people[row[2]], *row[3:6], s.people[row[6]], *row[7:], s.code, s.year


def refused(s: Scope, say: Callable[[str], str]) -> Rows:
    """Sheet 18c: attempts to stand on both sides of a rule that were refused."""
    e = EventRow
    query = select(
        e.seq, e.at, e.person_name, e.on_behalf_of, e.object_type, e.object_id, e.payload
    ).where(extent.refused(s)).order_by(e.seq)  # fmt: skip
    taken = retold(db.session())
    for seq, at, person, behalf, kind, id, payload in stream(query):
        duty = Duty(_held(payload, taken.get(seq))["fields"]["duty"])
        rule = RULES[duty]
        yield (
            seq, at, person, s.people[behalf] if behalf else "", duty.value, say(rule.first), say(rule.second), kind,
            id, s.code, s.year,
        )  # fmt: skip


def standing_exceptions(s: Scope) -> list[tuple[str, str, date]]:
    """Exceptions in force at the moment of the extract: rule, person, last day."""
    e = DutyException
    query = select(e.duty, e.person_id, e.valid_to).where(
        extent.exceptions(s), e.ended_at.is_(None), e.valid_from <= s.by.today, e.valid_to >= s.by.today
    )
    return [(duty.value, s.people[person], until) for duty, person, until in db.session.execute(query.order_by(e.id))]


def log(s: Scope, say: Callable[[str], str]) -> Rows:
    """Sheet 19: a row per changed field, from the events' own record of the rows; for who may read the log."""
    e, end, before = EventRow, (s.code, s.year), Before()
    query = (
        select(e.seq, e.at, e.person_name, e.role, e.on_behalf_of, e.object_type, e.object_id, e.action, e.reason,
               e.leaf, e.payload)
        .where(extent.events(s) if s.reads_log else false()).order_by(e.seq)
    )  # fmt: skip
    labels: dict[str, str] = {}
    taken = retold(db.session())
    try:
        for seq, at, person, role, behalf, what, id, action, reason, leaf, payload in stream(query):
            who = (seq, at, person, role, s.people[behalf])
            if action not in labels:
                labels[action] = say(EVENTS[action].label) if action in EVENTS else action
            told_rows = False
            for about_type, about_id, field, old, new in _changes(before, what, id, _held(payload, taken.get(seq))):
                told_rows = True
                yield (
                    *who, about_type, about_id, labels[action], action, field, old, new, reason, leaf.hex(), *end,
                )  # fmt: skip
            if not told_rows:
                yield *who, what, id, labels[action], action, "", "", "", reason, leaf.hex(), *end
    finally:
        before.close()


def _held(payload: str | None, taken: Retold | None) -> Mapping[str, Any]:
    """What an event tells, or what the redaction that took it away retells."""
    return json.loads(payload) if payload is not None else taken.payload if taken else {}


def _changes(before: Before, what: str, id: int | None, held: Mapping[str, Any]) -> Rows:
    for field, value in held.get("fields", {}).items():
        if field != CLEANED:
            yield what, id, field, "", told(value)
    for row in held.get("rows", ()):
        for field, old, new in before.changes(row["table"], row["id"], row["state"]):
            yield row["table"], row["id"], field, old, new


ROWS: tuple[tuple[Sheet, Callable[[Scope], Rows]], ...] = (
    (ground.PROCESSES, processes), (ground.ASSESSMENTS, assessments), (ground.RISKS, risks),
    (ground.CONTROLS, controls), (ground.MATRIX, matrix), (choice.RECOMMENDATION, recommendation),
    (choice.DECISIONS, decisions), (choice.IMPARTIALITY, impartiality), (choice.ATTENDANCE, attendance),
    (choice.ROLL, roll), (choice.LEDGER, coverage), (choice.STRUCTURE, structure),
    (proof.REVIEWS, reviews), (proof.REOPENINGS, reopenings),
    (proof.TESTS, tests), (proof.SAMPLES, samples), (proof.EVIDENCE, evidence), (proof.FINDINGS, findings),
    (proof.ACTIONS, actions), (running.WHEEL, wheel), (running.USERS, users),
)  # fmt: skip
