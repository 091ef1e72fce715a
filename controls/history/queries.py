"""Reads of the log: its page, one event, one record's history; every record through its own slice's filtered read."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from time import monotonic
from typing import Any

from sqlalchemy import Select, String, and_, cast, func, literal, or_, select, union, union_all
from sqlalchemy.orm import aliased

from controls.accounts import queries as accounts
from controls.assessment import queries as assessments
from controls.assessment.tables import Assessment, Challenge, Line, ScaleSet
from controls.base import checkpoint, keys, settings, verify
from controls.base.audit import EVENTS as EVENTS
from controls.base.audit import EventRow, ToldRow
from controls.base.by import By
from controls.base.clock import COPENHAGEN
from controls.base.db import Choice, UtcTime, db
from controls.base.redaction import ACTION as ACTION
from controls.base.redaction import retold
from controls.base.why import Reason, Why
from controls.credential.tables import Passkey, RecoveryCode, Totp
from controls.effectiveness import queries as operating
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.evidence import queries as evidence
from controls.evidence.tables import Binding, Evidence, Hold, Request, Retention
from controls.evidence.tables import Check as FileCheck
from controls.finding import queries as findings
from controls.finding.tables import Action, Extension, Finding
from controls.forum import queries as forum
from controls.forum.tables import Decision, Impartiality, Meeting, Presence
from controls.history import labels, rules
from controls.history import texts as texts_of
from controls.history.kinds import BY_TABLE, Kind
from controls.history.rules import CAP, PER_PAGE, Asked, Cell, Entry, Event, Named, Show, entries
from controls.history.tables import Check, Redaction
from controls.history.words import State
from controls.identity import queries as identity
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.tables import (
    DutyException,
    Keeper,
    Organisation,
    Part,
    Person,
    Reopening,
    RoleGrant,
    RoleRequest,
    SignIn,
    StandIn,
    VisitingGrant,
)  # fmt: skip
from controls.overview import queries as overview
from controls.planning.tables import Capacity as PlannedHours
from controls.planning.tables import Line as PlanLine
from controls.planning.tables import Plan, Scenario, Team
from controls.recommendation.tables import Line as RecommendedLine
from controls.recommendation.tables import Recommendation
from controls.reminder.tables import Receipt, Reminder
from controls.review import queries as reviews
from controls.review.tables import Control, DesignTest, Review, Risk, RiskControl
from controls.rotation.tables import Coverage
from controls.signin.tables import Account, ClaimedGrant, ClaimsMap, Emergency
from controls.staffing.tables import Answer
from controls.universe.tables import Area, Import, Lineage, LineDuty, Process, Structure, Subprocess
from controls.wheel.tables import Cycle, Step

Names = dict[tuple[str, int], Named]
Key = tuple[str, int]
MOST_ID = 2**31


def _text(value: Any) -> Any:
    return cast(value, String)


def _name(table: Any, code: Any, da: Any = None, en: Any = None, *, join: Any = None) -> Select[Any]:
    empty = literal("")
    columns = (_text(code), _text(da) if da is not None else empty, _text(en) if en is not None else empty)
    query = select(literal(table.__tablename__).label("what"), table.id.label("id"), columns[0].label("code"),
                   columns[1].label("da"), columns[2].label("en"))  # fmt: skip
    return query.select_from(table) if join is None else query.select_from(table).join(*join)


_A, _B = aliased(Subprocess), aliased(Process)
NAMES: dict[str, Select[Any]] = {
    "assessment_assessment": _name(
        Assessment, _B.code + " " + _text(Assessment.year), join=(_B, _B.id == Assessment.process_id)),
    "assessment_challenge": _name(Challenge, _B.code + " " + _text(Assessment.year), join=(
        Assessment, Assessment.id == Challenge.assessment_id)).join(_B, _B.id == Assessment.process_id),
    "assessment_line": _name(Line, _A.code, _A.name_da, _A.name_en, join=(_A, _A.id == Line.subprocess_id)),
    "assessment_scale_set": _name(ScaleSet, _text(Cycle.year), join=(Cycle, Cycle.id == ScaleSet.cycle_id)),
    "credential_passkey": _name(Passkey, Passkey.name),
    "credential_recovery_code": _name(RecoveryCode, RecoveryCode.id),
    "credential_totp": _name(Totp, Totp.id),
    "effectiveness_item": _name(SampleItem, SampleItem.rank, SampleItem.item_key, SampleItem.item_key),
    "effectiveness_test": _name(OperatingTest, OperatingTest.number),
    "evidence_binding": _name(Binding, Binding.id),
    "evidence_check": _name(FileCheck, FileCheck.id),
    "evidence_evidence": _name(Evidence, Evidence.filename),
    "evidence_hold": _name(Hold, Evidence.filename, join=(Evidence, Evidence.id == Hold.evidence_id)),
    "evidence_request": _name(Request, Evidence.filename, join=(Evidence, Evidence.id == Request.evidence_id)),
    "evidence_retention": _name(Retention, Retention.id),
    "finding_action": _name(Action, Action.number),
    "finding_extension": _name(Extension, Finding.number + " " + _text(Extension.number),
                               join=(Finding, Finding.id == Extension.finding_id)),
    "finding_finding": _name(Finding, Finding.number),
    "forum_decision": _name(Decision, Decision.number),
    "forum_impartiality": _name(Impartiality, Person.name, join=(Person, Person.id == Impartiality.person_id)),
    "forum_meeting": _name(Meeting, func.coalesce(func.nullif(Meeting.number, ""), _text(Meeting.held_on))),
    "forum_presence": _name(Presence, Person.name, join=(Person, Person.id == Presence.person_id)),
    "history_check": _name(Check, Check.id),
    "history_redaction": _name(Redaction, Redaction.id),
    "identity_organisation": _name(Organisation, Organisation.code, Organisation.name_da, Organisation.name_en),
    "identity_person": _name(Person, Person.name),
    "identity_exception": _name(DutyException, DutyException.duty),
    "identity_keeper": _name(Keeper, Keeper.name),
    "identity_role_request": _name(RoleRequest, Person.name, join=(Person, Person.id == RoleRequest.person_id)),
    "identity_part": _name(Part, Part.duty),
    "identity_reopening": _name(Reopening, Reopening.id),
    "identity_stand_in": _name(StandIn, Person.name, join=(Person, Person.id == StandIn.person_id)),
    "identity_visiting_grant": _name(VisitingGrant, Person.name, join=(Person, Person.id == VisitingGrant.visitor_id)),
    "identity_role_grant": _name(RoleGrant, Person.name, join=(Person, Person.id == RoleGrant.person_id)),
    "planning_capacity": _name(PlannedHours, _text(PlannedHours.year)),
    "planning_line": _name(PlanLine, _A.code, _A.name_da, _A.name_en, join=(_A, _A.id == PlanLine.subprocess_id)),
    "planning_plan": _name(Plan, _text(Plan.number)),
    "planning_scenario": _name(Scenario, Scenario.name),
    "planning_team": _name(Team, Team.name),
    "recommendation_line": _name(RecommendedLine, _A.code, _A.name_da, _A.name_en,
                                 join=(_A, _A.id == RecommendedLine.subprocess_id)),
    "recommendation_recommendation": _name(
        Recommendation, _text(Recommendation.year) + "-" + _text(Recommendation.number)),
    "reminder_receipt": _name(Receipt, _B.code + " " + _text(Assessment.year), join=(
        Assessment, Assessment.id == Receipt.assessment_id)).join(_B, _B.id == Assessment.process_id),
    "reminder_reminder": _name(Reminder, Reminder.id),
    "review_control": _name(Control, Control.number),
    "review_design_test": _name(DesignTest, DesignTest.number),
    "review_review": _name(Review, Review.number),
    "review_risk": _name(Risk, Risk.number),
    "review_risk_control": _name(RiskControl, Control.number, join=(Control, Control.id == RiskControl.control_id)),
    "rotation_coverage": _name(Coverage, _A.code, _A.name_da, _A.name_en, join=(_A, _A.id == Coverage.subprocess_id)),
    "signin_account": _name(Account, Account.subject),
    "signin_claimed_grant": _name(ClaimedGrant, ClaimedGrant.id),
    "signin_claims_map": _name(ClaimsMap, ClaimsMap.id),
    "signin_emergency": _name(Emergency, Person.name, join=(Person, Person.id == Emergency.person_id)),
    "staffing_answer": _name(Answer, _text(Answer.year)),
    "universe_area": _name(Area, Area.code, Area.name_da, Area.name_en),
    "universe_import": _name(Import, Import.filename),
    "universe_lineage": _name(Lineage, Lineage.id),
    "universe_line_duty": _name(LineDuty, Person.name, join=(Person, Person.id == LineDuty.person_id)),
    "universe_process": _name(Process, Process.code, Process.name_da, Process.name_en),
    "universe_structure": _name(Structure, Structure.id),
    "universe_subprocess": _name(Subprocess, Subprocess.code, Subprocess.name_da, Subprocess.name_en),
    "wheel_cycle": _name(Cycle, Cycle.year),
    "wheel_step": _name(Step, Cycle.year, join=(Cycle, Cycle.id == Step.cycle_id)),
}  # fmt: skip
"""How a row of each table is named: number or code, and the Danish and English title where it has one."""


def publish(table: Any, code: Any) -> None:
    """Tell how a row of a later slice's table is named."""
    NAMES[table.__tablename__] = _name(table, code)


def names(wanted: Iterable[Key]) -> Names:
    """Code and title of these rows, in one query."""
    ids: dict[str, set[int]] = {}
    for table, id in wanted:
        if table in NAMES and 0 < id < MOST_ID:
            ids.setdefault(table, set()).add(id)
    if not ids:
        return {}
    parts = [NAMES[table].where(db.metadata.tables[table].c.id.in_(some)) for table, some in sorted(ids.items())]
    return {(row[0], row[1]): Named(*row[2:]) for row in db.session.execute(union_all(*parts))}


def to_redact(number: str, kind: Kind, organisations: frozenset[int]) -> list[Key]:
    """The records of a kind with this number, code or name, in these organisations; case is no matter."""
    query = NAMES[kind.table]
    said = func.lower(query.selected_columns["code"]) == number.lower()
    rows = db.session.execute(query.where(said, home(kind.table).in_(organisations)).limit(CAP))
    return [(row[0], row[1]) for row in rows]


def numbered(number: str, table: str, organisations: frozenset[int]) -> list[Key]:
    """The records with this number, code or name, of one table or of any; case is no matter."""
    found = []
    for name, query in sorted(NAMES.items()):
        if name not in BY_TABLE or table not in ("", name):
            continue
        own = db.metadata.tables[name].c.get("organisation_id")
        said = query.selected_columns["code"]
        query = query.where(func.lower(said) == number.lower())
        found.append(query if own is None else query.where(own.in_(organisations)))
    if not found:
        return []
    rows = select(union_all(*found).subquery()).limit(CAP)
    return [(row[0], row[1]) for row in db.session.execute(rows)]


@lru_cache(2000)
def cell(table: str, column: str) -> Cell:
    """What a column holds, from the table itself."""
    found = db.metadata.tables[table].c.get(column) if table in db.metadata.tables else None
    if found is None:
        return Cell(Show.TEXT)
    if found.info.get("secret"):
        return Cell(Show.SECRET)
    for kind, listed in ((Show.PEOPLE, labels.PEOPLE), (Show.SHARE, labels.SHARES), (Show.CODE, labels.CODES),
                         (Show.WHOLE, labels.WHOLES), (Show.YEAR, labels.YEARS)):  # fmt: skip
        if column in listed:
            return Cell(kind)
    if column in labels.LISTS:
        return Cell(Show.LIST, words=labels.LISTS[column])
    if column in labels.WORDS:
        return Cell(Show.WORD, words=labels.WORDS[column])
    if isinstance(found.type, Choice):
        return Cell(Show.WORD, words=found.type.words)
    if column in labels.POINTERS:
        return Cell(Show.POINTER, table=labels.POINTERS[column])
    if column in labels.POINTERS.values():
        return Cell(Show.TABLE)
    target = next(iter(found.foreign_keys), None)
    if target is not None:
        return Cell(Show.ROW, table=target.target_fullname.split(".")[0])
    if isinstance(found.type, UtcTime):
        return Cell(Show.MOMENT)
    kinds = {"BOOLEAN": Show.YES_NO, "DATE": Show.DAY, "TEXT": Show.LONG, "INTEGER": Show.NUMBER,
             "BIGINT": Show.NUMBER}  # fmt: skip
    kind = kinds.get(str(found.type).split("(")[0], Show.TEXT)
    return Cell(Show.ORE if column.endswith("_ore") else kind)


def free_texts(table: str, id: int) -> list[str]:
    """The fields of a record in which people have written freely: what a redaction may take, copies kept included."""
    found = db.metadata.tables[table]
    row = db.session.execute(select(found).where(found.c.id == id)).mappings().one_or_none()
    return texts_of.fields(table, row) if row is not None else []  # type: ignore[arg-type]


def field_name(table: str, field: str) -> list[str]:
    """What a field is called, from the outside in (to be translated): a copy in a column tells whose text it is."""
    column, path = texts_of.split(field)
    told = [labels.label(table, column)]
    for key in path:
        if key in labels.TABLES:
            table = key
            told.append(labels.TABLES[key])
        else:
            table = {"lines": "recommendation_line", "control_copy": "review_control"}.get(key, table)
            told.append(str(int(key) + 1) if key.isdigit() else labels.TABLES[table] if key == "lines"
                        else labels.label(table, key))  # fmt: skip
    return told


# One record, through its own slice's read.


def _catalogue(model: Any) -> Callable[[By, int], Any]:
    def read(by: By, id: int) -> Any:
        row = db.session.get(model, id)
        return row if row is not None and by.may(Permission.CATALOGUE_READ, row.organisation_id) else None

    return read


def _process(by: By, id: int) -> Process | None:
    row = db.session.get(Process, id)
    return row if row is not None and overview.may_see(by, row) else None


def _beneath(model: Any, may: Callable[[By, Process], bool]) -> Callable[[By, int], Any]:
    def read(by: By, id: int) -> Any:
        query = select(model, Process)
        if model is not Subprocess:
            query = query.join(Subprocess, Subprocess.id == model.subprocess_id)
        row = db.session.execute(query.join(Process, Process.id == Subprocess.process_id).where(model.id == id)).first()
        return row[0] if row is not None and may(by, row[1]) else None

    return read


def _of(model: Any, whole: str, read: Callable[[By, int], Any]) -> Callable[[By, int], Any]:
    """A row that is read by who may read what it belongs to."""

    def part(by: By, id: int) -> Any:
        row = db.session.get(model, id)
        return row if row is not None and read(by, getattr(row, whole)) is not None else None

    return part


def _recommendation(by: By, id: int) -> Recommendation | None:
    row = db.session.get(Recommendation, id)
    return row if row is not None and by.may(Permission.CONTENT_READ, row.organisation_id) else None


def _meeting(by: By, id: int) -> Meeting | None:
    shown = forum.by_id(by, id)
    return shown.meeting if shown else None


def _test(by: By, id: int) -> OperatingTest | None:
    return db.session.get(OperatingTest, id) if operating.address(by, id) else None


def _finding(by: By, id: int) -> Finding | None:
    page = findings.show(by, id)
    return page.finding if page else None


def _evidence(by: By, id: int) -> Evidence | None:
    row = evidence.by_id(id)
    return row if row is not None and evidence.may_read(by, row) else None


def _person(by: By, id: int) -> Person | None:
    """Oneself, and others for who may read the accounts or the log there."""
    row = db.session.get(Person, id)
    if row is not None and (row.id == by.person_id or by.may(Permission.LOG_READ, row.organisation_id)):
        return row
    return accounts.account(by, id)


def _organisation(by: By, id: int) -> Organisation | None:
    row = db.session.get(Organisation, id)
    reads = row is not None and (by.may(Permission.LOG_READ, id) or by.may(Permission.CATALOGUE_READ, id))
    return row if reads else None


def _redaction(by: By, id: int) -> Redaction | None:
    row = db.session.get(Redaction, id)
    asks = (Permission.REDACTION_ASK, Permission.REDACTION_APPROVE, Permission.LOG_READ)
    return row if row is not None and any(by.may(one, row.organisation_id) for one in asks) else None


READERS: dict[str, Callable[[By, int], Any]] = {
    "universe_area": _catalogue(Area), "universe_process": _process,
    "universe_subprocess": _beneath(Subprocess, overview.may_see), "wheel_cycle": _catalogue(Cycle),
    "assessment_assessment": assessments.by_id, "planning_plan": _catalogue(Plan),
    "recommendation_recommendation": _recommendation,
    "forum_meeting": _meeting, "forum_decision": _of(Decision, "meeting_id", _meeting),
    "review_review": reviews.by_id, "review_risk": _beneath(Risk, overview.may_see_content),
    "review_control": _beneath(Control, overview.may_see_content),
    "review_design_test": _of(DesignTest, "review_id", reviews.by_id), "effectiveness_test": _test,
    "finding_finding": _finding, "finding_action": _of(Action, "finding_id", _finding),
    "evidence_evidence": _evidence, "identity_organisation": _organisation, "identity_person": _person,
    "history_redaction": _redaction,
}  # fmt: skip


def readable(by: By, kind: Kind, id: int) -> Any:
    """The record, when this reader may read it."""
    return READERS[kind.table](by, id) if 0 < id < MOST_ID else None


# The events.


def _mine(kind: Kind, id: int) -> Any:
    """The record's own row and its parts, as a condition on what events tell."""
    own = [and_(ToldRow.table_name == kind.table, ToldRow.row_id == id)]
    for table, column in kind.parts:
        part = db.metadata.tables[table].c
        own.append(and_(ToldRow.table_name == table, ToldRow.row_id.in_(select(part.id).where(part[column] == id))))
    return or_(*own)


def _in_order(table: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """A state in the order of the table's columns; what the table has no longer comes last."""
    known = db.metadata.tables[table].c.keys() if table in db.metadata.tables else []
    return {
        name: state[name] for name in (*(name for name in known if name in state), *sorted(set(state) - set(known)))
    }


def _event(row: EventRow, taken: Mapping[int, Any]) -> Event:
    gone = taken.get(row.seq)
    held = json.loads(row.payload) if row.payload is not None else gone.payload if gone else {"rows": []}
    payload = {"rows": [{**one, "state": _in_order(one["table"], one["state"])} for one in held["rows"]]}
    return Event(row.seq, row.at, row.person_name, row.role, row.on_behalf_of, row.reason, row.action,
                 (row.object_type, row.object_id or 0), payload, gone.by if gone else None)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """Events with what they changed, newest first, the names they need, and where the next page begins."""

    entries: list[Entry]
    names: Names
    next: int | None
    organisation_id: int | None = None
    proof: tuple[str, str] = ("", "")
    """Of one event: its leaf and the digest of its payload, in hex."""


def history(kind: Kind, id: int, before: int | None = None, most: int = PER_PAGE) -> Told:
    """What happened to a record: its events and what each changed against the event before."""
    told = union(
        select(ToldRow.seq).where(_mine(kind, id)),
        select(EventRow.seq).where(EventRow.object_type == kind.table, EventRow.object_id == id),
    )
    query = select(EventRow).where(EventRow.seq.in_(told)).order_by(EventRow.seq.desc()).limit(most + 1)
    rows = list(db.session.scalars(query if before is None else query.where(EventRow.seq < before)))
    more, rows = len(rows) > most, rows[:most]
    if not rows:
        return Told([], {}, None)
    oldest = rows[-1].seq
    earlier = (
        select(func.max(ToldRow.seq)).join(EventRow, EventRow.seq == ToldRow.seq)
        .where(_mine(kind, id), ToldRow.seq < oldest, EventRow.action != ACTION)
        .group_by(ToldRow.table_name, ToldRow.row_id)
    )  # fmt: skip
    previous = list(db.session.scalars(select(EventRow).where(EventRow.seq.in_(earlier)).order_by(EventRow.seq)))
    mine = {(kind.table, id)}
    tables = dict(kind.parts)

    def own(table: str, row: int, state: Mapping[str, Any]) -> bool:
        return (table, row) in mine or (table in tables and state.get(tables[table]) == id)

    found = _told(rows, previous, own, oldest if more else None)
    for entry in found.entries:
        entry.rows.sort(key=lambda row: row.table != kind.table)
    return found


@dataclass(frozen=True)
class Typed:
    """An answer of a draft that another took the place of, or that came second and was not taken."""

    subprocess: int | None
    column: str
    value: Any
    who: str
    at: datetime
    clashed: bool


def draft_of(assessment_id: int) -> list[Typed]:
    """What was replaced in an assessment's draft, newest first."""
    found = []
    for row in assessments.draft_history(assessment_id):
        part, column = rules.field_of(row.field)
        was = rules.as_stored(json.loads(row.was))
        found += [Typed(part, column, was, row.who, row.at, row.clashed)] if was is not None else []
    return found


def one(by: By, seq: int) -> Told | None:
    """One event of the log with everything it changed."""
    row = db.session.get(EventRow, seq) if 0 < seq < 2**62 else None
    if row is None or not _reads(by, row.organisation_id):
        return None
    these = select(ToldRow.table_name, ToldRow.row_id).where(ToldRow.seq == seq).subquery()
    earlier = (
        select(func.max(ToldRow.seq)).join(EventRow, EventRow.seq == ToldRow.seq)
        .join(these, and_(these.c.table_name == ToldRow.table_name, these.c.row_id == ToldRow.row_id))
        .where(ToldRow.seq < seq, EventRow.action != ACTION).group_by(ToldRow.table_name, ToldRow.row_id)
    )  # fmt: skip
    previous = list(db.session.scalars(select(EventRow).where(EventRow.seq.in_(earlier)).order_by(EventRow.seq)))
    told = _told([row], previous, lambda table, row, state: True, None)
    return replace(told, organisation_id=row.organisation_id, proof=(row.leaf.hex(), row.payload_digest.hex()))


def _told(rows: list[EventRow], previous: list[EventRow], own: Callable[[str, int, Mapping[str, Any]], bool],
          more: int | None) -> Told:  # fmt: skip
    gone = any(row.payload is None for row in (*rows, *previous))
    taken = retold(db.session()) if gone else {}
    found = entries([_event(row, taken) for row in rows], [_event(row, taken) for row in previous], own, cell)
    wanted = {key for entry in found for key in entry.wanted()}
    return Told(found, names(wanted), more)


# The log page.


@dataclass(frozen=True)
class LogLine:
    """One line of the log, without what it changed."""

    seq: int
    at: datetime
    person_name: str
    role: str
    on_behalf_of: int | None
    reason: str
    action: str
    object_type: str
    object_id: int | None
    organisation_id: int | None
    removed: bool


LINE = (
    EventRow.seq, EventRow.at, EventRow.person_name, EventRow.role, EventRow.on_behalf_of, EventRow.reason,
    EventRow.action, EventRow.object_type, EventRow.object_id, EventRow.organisation_id, EventRow.payload.is_(None),
)  # fmt: skip


def _reads(by: By, organisation: int | None) -> bool:
    """Whether the reader reads the log there; what concerns no organisation is read from the top."""
    if organisation is not None:
        return by.may(Permission.LOG_READ, organisation)
    top = db.session.scalars(select(Organisation.id).where(Organisation.parent_id.is_(None)))
    return any(by.may(Permission.LOG_READ, id) for id in top)


def _unindexed(column: Any) -> Any:
    """A condition on this column that leaves the choice of index to another: the newest lines must come first, fast."""
    return func.coalesce(column, column)


def _days(asked: Asked, at: Any) -> list[Any]:
    """The days that are asked for, in Danish time, as conditions on a moment."""
    parts = [at >= _midnight(asked.first)] if asked.first is not None else []
    return parts + ([at < _midnight(asked.last + timedelta(days=1))] if asked.last is not None else [])


def _bounds(asked: Asked) -> list[Any] | None:
    """The days as conditions on the number, by which the log is read; None when nothing happened then."""
    days = _days(asked, EventRow.at)
    if not days:
        return []
    first, last = db.session.execute(select(func.min(EventRow.seq), func.max(EventRow.seq)).where(*days)).one()
    if first is None:
        return None
    return [EventRow.seq >= first, EventRow.seq <= last, *_days(asked, _unindexed(EventRow.at))]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=COPENHAGEN)


def _selects(asked: Asked, organisations: frozenset[int | None], of: list[Key], where: list[Any]) -> list[Any]:
    """One or more conditions, each with an index that gives the newest lines first; together they are the filter."""
    inside = [_unindexed(EventRow.organisation_id).in_([id for id in organisations if id is not None])]
    if None in organisations:
        inside.append(EventRow.organisation_id.is_(None))
    here = or_(*inside)
    if asked.number:
        told = union(
            *(select(ToldRow.seq).where(ToldRow.table_name == table, ToldRow.row_id == id) for table, id in of),
            *(select(EventRow.seq).where(EventRow.object_type == table, EventRow.object_id == id) for table, id in of),
        )
        return [and_(EventRow.seq.in_(told), here, *_rest(asked, ""), *where)]
    if asked.person:
        return [and_(EventRow.person_id == asked.person, here, *_rest(asked, "person"), *where)]
    if asked.action:
        return [and_(EventRow.action == asked.action, here, *_rest(asked, "action"), *where)]
    if asked.table:
        return [and_(EventRow.object_type == asked.table, here, *where)]
    return [
        and_(EventRow.organisation_id.is_(None) if id is None else EventRow.organisation_id == id, *where)
        for id in sorted(organisations, key=lambda id: id or 0)
    ]


def _rest(asked: Asked, driver: str) -> list[Any]:
    """The conditions that are not the one whose index is used."""
    parts = []
    if asked.person and driver != "person":
        parts.append(_unindexed(EventRow.person_id) == asked.person)
    if asked.action and driver != "action":
        parts.append(_unindexed(EventRow.action) == asked.action)
    if asked.table and not asked.number:
        parts.append(_unindexed(EventRow.object_type) == asked.table)
    return parts


@dataclass(frozen=True)
class Page:
    """One page of the log: lines newest first, how many match (capped), names, and where the next page begins."""

    lines: list[LogLine]
    count: int
    names: Names
    removed: dict[int, int]
    next: int | None


def page(asked: Asked, organisations: frozenset[int | None], most: int = PER_PAGE) -> Page:
    """The page of the log that the address asks for: by number downwards, so that a deep page costs no more."""
    there = frozenset(id for id in organisations if id is not None)
    rows_of = numbered(asked.number, asked.table, there) if asked.number else []
    where = _bounds(asked)
    if where is None or (asked.number and not rows_of) or not organisations:
        return Page([], 0, {}, {}, None)
    counted = _newest(asked, organisations, rows_of, where, CAP + 1).subquery()
    count = db.session.scalar(select(func.count()).select_from(counted)) or 0
    if asked.before is not None:
        where = [*where, EventRow.seq < asked.before]
    newest = _newest(asked, organisations, rows_of, where, most + 1)
    query = select(*LINE).where(EventRow.seq.in_(newest)).order_by(EventRow.seq.desc())
    rows = [LogLine(*row) for row in db.session.execute(query)]
    shown = rows[:most]
    removed = {seq: one.by for seq, one in retold(db.session()).items()} if any(row.removed for row in shown) else {}
    wanted = {(row.object_type, row.object_id) for row in shown if row.object_id}
    wanted |= {("identity_person", row.on_behalf_of) for row in shown if row.on_behalf_of}
    return Page(shown, count, names(wanted), removed, shown[-1].seq if len(rows) > most else None)


def _newest(asked: Asked, organisations: frozenset[int | None], of: list[Key], days: list[Any], most: int) -> Any:
    """The numbers of the newest lines, at most so many."""
    parts = [
        select(EventRow.seq).where(part).order_by(EventRow.seq.desc()).limit(most).subquery()
        for part in _selects(asked, organisations, of, days)
    ]
    if len(parts) == 1:
        return select(parts[0].c.seq)
    every = union_all(*(select(part.c.seq) for part in parts)).subquery()
    return select(every.c.seq).order_by(every.c.seq.desc()).limit(most)


def people(organisations: frozenset[int]) -> list[tuple[str, str]]:
    """Who may be chosen in the filter: everybody of these organisations, by name."""
    query = select(Person.id, Person.name, Person.unit).where(Person.organisation_id.in_(organisations))
    rows = db.session.execute(query.order_by(Person.name, Person.id))
    return [(str(id), f"{name}, {unit}" if unit else name) for id, name, unit in rows]


def tops(organisations: Iterable[Any]) -> bool:
    """Whether one of these organisations is at the top, from where events without an organisation are read."""
    return any(organisation.parent_id is None for organisation in organisations)


# Verification and redaction.


@dataclass(frozen=True)
class Verified:
    """A run of the verification: all that was found, in how many events, from when to when."""

    started_at: datetime
    finished_at: datetime
    events: int
    faults: list[verify.Fault]


def verified(at: datetime) -> Verified:
    """Verify the log, its head and every logged row, now; `at` is the moment by the installation's own clock."""
    begun = monotonic()
    found = verify.faults(db.session(), settings.current().keys)
    return Verified(at, at + timedelta(seconds=monotonic() - begun), size(), found)


def latest_check() -> Check | None:
    """The last run of the verification."""
    return db.session.scalars(select(Check).order_by(Check.id.desc()).limit(1)).first()


def faults_of(row: Check | None) -> list[verify.Fault]:
    """The faults that were kept with a run."""
    told = json.loads(row.found) if row else []
    return [verify.Fault(Why(one.pop("code"), one.pop("text")), **one) for one in told]


def startup_fault() -> verify.Fault | None:
    """What the start of this process found when it compared the log with its last checkpoint."""
    return checkpoint.startup_fault()


@dataclass(frozen=True)
class Newest:
    """The newest checkpoint: size, root, time and key, and its text."""

    size: int
    root: str
    at: datetime
    key: str
    text: str


def newest_checkpoint() -> Newest | None:
    """The newest checkpoint that is kept in the key folder."""
    found = list(checkpoint.kept(settings.current().keys))
    if not found:
        return None
    made = checkpoint.read(found[-1][1])
    return Newest(made.size, made.root.hex(), made.at, made.key.hex(), made.text)


def public_key() -> str:
    """The public key by which checkpoints are checked; empty before the first event."""
    try:
        return checkpoint.verifier(settings.current().keys)
    except keys.Unusable:
        return ""


def size() -> int:
    """How many events the log has."""
    return db.session.scalar(select(func.max(EventRow.seq))) or 0


def redactions(organisations: frozenset[int], most: int = 200) -> list[Redaction]:
    """Redactions of these organisations, those that wait first, then newest first."""
    query = select(Redaction).where(Redaction.organisation_id.in_(organisations))
    return list(db.session.scalars(query.order_by(Redaction.decided_at.is_not(None), Redaction.id.desc()).limit(most)))


def waiting(table: str, id: int, column: str) -> bool:
    """Whether this removal is asked already."""
    query = select(Redaction.id).where(Redaction.object_type == table, Redaction.object_id == id,
                                       Redaction.column_name == column, Redaction.state == State.ASKED)  # fmt: skip
    return db.session.scalar(query.limit(1)) is not None


def redactions_by_event(seqs: Iterable[int]) -> dict[int, Redaction]:
    """The redactions that these events tell of."""
    query = (
        select(EventRow.seq, Redaction)
        .join(ToldRow, ToldRow.seq == EventRow.seq)
        .join(Redaction, and_(ToldRow.table_name == "history_redaction", Redaction.id == ToldRow.row_id))
        .where(EventRow.seq.in_(list(seqs)))
    )
    return {row[0]: row[1] for row in db.session.execute(query.order_by(Redaction.id))}


def why_not_decide(by: By, row: Redaction) -> list[Reason]:
    """Why this reader may not decide on a removal: the rules' own reasons, and S13."""
    state = rules.why_not_decide(row.state)
    return state or identity.why_not_part(by, Duty.S13, row, Side.SECOND)


def texts(table: str, id: int, column: str) -> tuple[str, int]:
    """The text as it stands now, and how many events tell of the record: what the approver must see."""
    name = texts_of.split(column)[0]
    row = db.session.execute(select(db.metadata.tables[table].c[name]).where(db.metadata.tables[table].c.id == id))
    told = select(func.count()).where(ToldRow.table_name == table, ToldRow.row_id == id)
    return texts_of.text_at(column, row.scalar()), db.session.scalar(told) or 0


def organisation_of(table: str, id: int) -> int | None:
    """The organisation a record belongs to; None when there is no such record."""
    found = db.metadata.tables[table].c
    return db.session.scalar(select(home(table)).where(found.id == id))


OF_PERSON = {"credential_passkey": "person_id", "identity_stand_in": "person_id", "signin_emergency": "person_id"}
"""Tables whose rows belong where a person belongs."""


def home(table: str) -> Any:
    """The organisation that a row of a table belongs to, as a column."""
    found = db.metadata.tables[table].c
    if table in OF_PERSON:
        whose = aliased(Person)
        return select(whose.organisation_id).where(whose.id == found[OF_PERSON[table]]).scalar_subquery()
    return found["host_organisation_id" if table == "identity_visiting_grant" else "organisation_id"]


# What is stored about one person.


@dataclass(frozen=True)
class OwnData:
    """All that is stored about a person (GDPR art. 15): profile, roles, sign-ins, events, records that name him."""

    profile: Person
    roles: list[RoleGrant]
    sign_ins: list[SignIn]
    events: list[Any]
    named_in: list[tuple[str, int, str]]
    names: Names


def own_data(by: By) -> OwnData:
    """Everything about the reader; texts of records stay where they are, he is told where he is named."""
    me = by.person_id or 0
    columns = (EventRow.seq, EventRow.at, EventRow.action, EventRow.object_type, EventRow.object_id, EventRow.reason,
               EventRow.person_id, EventRow.person_name)  # fmt: skip
    about = and_(EventRow.object_type == "identity_person", EventRow.object_id == me)
    seqs = union(select(EventRow.seq).where(EventRow.person_id == me), select(EventRow.seq).where(about),
                 select(EventRow.seq).where(_unindexed(EventRow.on_behalf_of) == me))  # fmt: skip
    events = list(db.session.execute(select(*columns).where(EventRow.seq.in_(seqs)).order_by(EventRow.seq)))
    places = [(str(table), int(id), str(column)) for table, id, column in db.session.execute(_naming(me))]
    roles = list(db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == me).order_by(RoleGrant.id)))
    wanted = {(table, id) for table, id, _ in places} | {(row.object_type, row.object_id or 0) for row in events}
    profile = db.session.get_one(Person, me)
    wanted |= {
        ("identity_organisation", id) for id in (profile.organisation_id, *(row.organisation_id for row in roles))
    }
    sign_ins = list(db.session.scalars(select(SignIn).where(SignIn.person_id == me).order_by(SignIn.id)))
    return OwnData(profile, roles, sign_ins, events, places, names(wanted))


def _naming(person: int) -> Any:
    """Every cell that names a person, from the tables' own foreign keys."""
    parts = []
    for name in sorted(labels.TABLES):
        for column in db.metadata.tables[name].c:
            if cell(name, column.name) == Cell(Show.ROW, table="identity_person"):
                found = select(literal(name), db.metadata.tables[name].c.id, literal(column.name))
                parts.append(found.where(column == person))
            elif column.name in labels.PEOPLE:
                found = select(literal(name), db.metadata.tables[name].c.id, literal(column.name))
                parts.append(found.where(column.contains(f";{person};")))
    return union_all(*parts)
