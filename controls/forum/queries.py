"""Reads of meetings, presence and decisions, and the decisions as they stand."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, String, and_, case, func, inspect, literal, or_, select, type_coerce
from sqlalchemy.orm import aliased

from controls.base import held, task
from controls.base.by import By
from controls.base.db import db, within
from controls.base.why import N_, Reason
from controls.forum import impartiality, rules
from controls.forum.tables import Decision, Impartiality, Meeting, Presence
from controls.forum.words import Decided, State
from controls.identity import queries as identity
from controls.identity.duties import Duty, Side
from controls.identity.permissions import Permission
from controls.identity.tables import Organisation, Person
from controls.recommendation import queries as recommendation
from controls.recommendation.tables import Line, Recommendation
from controls.recommendation.words import DeferCode, Recommended
from controls.recommendation.words import State as RecommendationState
from controls.rotation.rules import PlanKind
from controls.universe.tables import Process, Subprocess
from controls.wheel.tables import Cycle
from controls.wheel.words import State as CycleState

RECORD = task.declare(
    "forum.record", N_("Record the decisions of the VD-forum about {code} {name}"), N_("Write minutes"), "forum.minutes"
)
CONFIRM = task.declare(
    "forum.confirm",
    N_("Approve the minutes of the VD-forum about {code} {name}"),
    N_("Read and approve"),
    "forum.minutes",
)
READ = task.declare(
    "forum.read", N_("Read the recommendation about {code} {name}"), N_("Read the recommendation"), "forum.show"
)


@dataclass(frozen=True)
class Shown:
    """A meeting with the organisation it is about, its recommendation and the names its page shows."""

    meeting: Meeting
    about: Organisation
    cycle: Cycle
    recommendation: Recommendation | None
    chair: str
    recorder: str
    confirmed_by: str


@dataclass(frozen=True)
class DecisionRow:
    """A decision with its sub-process and the names it mentions."""

    decision: Decision
    code: str
    name_da: str
    name_en: str
    condition_owner: str
    condition_holder: str
    added_by: str
    replaces: str


def _readable(by: By) -> Any:
    return or_(
        within(by, Permission.CONTENT_READ, Meeting.organisation_id),
        within(by, Permission.CONTENT_READ, Meeting.about_id),
    )


def meeting(id: int) -> Meeting | None:
    """A meeting by id."""
    return db.session.get(Meeting, id)


Chair, Recorder, Confirmer = aliased(Person), aliased(Person), aliased(Person)


def _shown() -> Any:
    return (
        select(Meeting, Organisation, Cycle, Recommendation, Chair.name, Recorder.name, Confirmer.name)
        .join(Organisation, Organisation.id == Meeting.about_id)
        .join(Cycle, Cycle.id == Meeting.cycle_id)
        .outerjoin(Recommendation, Recommendation.id == Meeting.recommendation_id)
        .outerjoin(Chair, Chair.id == Meeting.chair_id)
        .outerjoin(Recorder, Recorder.id == Meeting.recorder_id)
        .outerjoin(Confirmer, Confirmer.id == Meeting.confirmed_by_id)
    )


def by_id(by: By, id: int) -> Shown | None:
    """A meeting that the reader may read, with everything its page's head shows."""
    row = db.session.execute(_shown().where(Meeting.id == id, _readable(by))).first()
    return Shown(row[0], row[1], row[2], row[3], *(name or "" for name in row[4:])) if row else None


def meetings(by: By) -> list[Shown]:
    """Meetings that the reader may read, newest first."""
    rows = db.session.execute(_shown().where(_readable(by)).order_by(Meeting.held_on.desc(), Meeting.id.desc()))
    return [Shown(row[0], row[1], row[2], row[3], *(name or "" for name in row[4:])) for row in rows]


def open_meeting(recommendation_id: int) -> bool:
    """Whether a meeting about this recommendation exists."""
    return db.session.scalar(select(Meeting.id).where(Meeting.recommendation_id == recommendation_id)) is not None


def decisions(meeting_id: int) -> list[Decision]:
    """The decisions of a meeting in the order they were put."""
    return list(db.session.scalars(select(Decision).where(Decision.meeting_id == meeting_id).order_by(Decision.id)))


def decision(meeting_id: int, subprocess_id: int) -> Decision | None:
    """The decision of a meeting about a sub-process."""
    query = select(Decision).where(Decision.meeting_id == meeting_id, Decision.subprocess_id == subprocess_id)
    return db.session.scalar(query)


def decision_rows(meeting_id: int) -> list[DecisionRow]:
    """The decisions of a meeting with codes and names: by number, or in the order they were put."""
    return _rows(_decision_rows().where(Decision.meeting_id == meeting_id).order_by(Decision.number, Decision.id))


Owner, Holder, Adder, Earlier = aliased(Person), aliased(Person), aliased(Person), aliased(Decision)


def _decision_rows() -> Any:
    return (
        select(Decision, Subprocess.code, Subprocess.name_da, Subprocess.name_en, Owner.name, Holder.name,
               Adder.name, Earlier.number)
        .join(Subprocess, Subprocess.id == Decision.subprocess_id)
        .outerjoin(Owner, Owner.id == Decision.condition_owner_id)
        .outerjoin(Holder, Holder.id == Decision.condition_holder_id)
        .outerjoin(Adder, Adder.id == Decision.added_by_id)
        .outerjoin(Earlier, Earlier.id == Decision.replaces_id)
    )  # fmt: skip


def _rows(query: Any) -> list[DecisionRow]:
    return [DecisionRow(*row[:4], *(name or "" for name in row[4:])) for row in db.session.execute(query)]


def presence(meeting_id: int) -> list[Presence]:
    """Who was invited to a meeting, and who came."""
    return list(db.session.scalars(select(Presence).where(Presence.meeting_id == meeting_id).order_by(Presence.id)))


def presence_rows(meeting_id: int) -> list[tuple[Presence, str, str]]:
    """Presence with each person's name and title."""
    rows = db.session.execute(
        select(Presence, Person.name, Person.title).join(Person, Person.id == Presence.person_id)
        .where(Presence.meeting_id == meeting_id).order_by(Presence.id)
    )  # fmt: skip
    return [(row, name, title) for row, name, title in rows]


def attendances(rows: Iterable[Presence]) -> list[rules.Attendance]:
    """Presence as the rules read it."""
    return [rules.Attendance(row.person_id, row.function, row.present, row.stand_in_for_id) for row in rows]


@dataclass(frozen=True)
class Declaration:
    """What a member told about a line, with the names that it mentions."""

    row: Impartiality
    code: str
    name_da: str
    name_en: str
    member: str

    @property
    def told(self) -> impartiality.Told:
        """The same as the rules read it."""
        row = self.row
        return impartiality.Told(
            row.subprocess_id, row.person_id, self.code, self.member, row.ruling, impartiality.ids(row.ruled_by)
        )


def declarations(meeting_id: int) -> list[Declaration]:
    """What the members told at a meeting, by sub-process."""
    rows = db.session.execute(
        select(Impartiality, Subprocess.code, Subprocess.name_da, Subprocess.name_en, Person.name)
        .join(Subprocess, Subprocess.id == Impartiality.subprocess_id)
        .join(Person, Person.id == Impartiality.person_id)
        .where(Impartiality.meeting_id == meeting_id).order_by(Subprocess.sort_key, Impartiality.id)
    )  # fmt: skip
    return [Declaration(*row) for row in rows]


def declared(meeting_id: int, subprocess_id: int, person_id: int | None) -> Impartiality | None:
    """What a member told about a line."""
    return db.session.scalar(select(Impartiality).where(
        Impartiality.meeting_id == meeting_id, Impartiality.subprocess_id == subprocess_id,
        Impartiality.person_id == person_id))  # fmt: skip


def is_seated(meeting_id: int, person_id: int | None) -> bool:
    """Whether a person is a member of the meeting or its chair."""
    query = select(Presence.id).where(Presence.meeting_id == meeting_id, Presence.person_id == person_id)
    return db.session.scalar(query.where(Presence.function.in_(impartiality.SEATED))) is not None


def _cast(made: Iterable[Decision]) -> list[tuple[int, int]]:
    return [(one.subprocess_id, (one.votes_for or 0) + (one.votes_against or 0) + (one.votes_abstain or 0))
            for one in made]  # fmt: skip


def why_not_counted(
    people: list[rules.Attendance], declared: Iterable[Declaration], made: Iterable[Decision]
) -> list[Reason]:  # fmt: skip
    """S7: what waits for a ruling, and lines that are not quorate without the disqualified."""
    told = [one.told for one in declared]
    return impartiality.why_unruled(people, told) + impartiality.why_not_quorate(people, told, _cast(made))


def lines(recommendation_id: int | None) -> list[tuple[Line, Subprocess]]:
    """The lines the forum decides about (to review or to defer), each with its sub-process, as they were put."""
    rows = db.session.execute(
        select(Line, Subprocess).join(Subprocess, Subprocess.id == Line.subprocess_id)
        .where(Line.recommendation_id == recommendation_id, Line.recommended != Recommended.NOT).order_by(Line.id)
    )  # fmt: skip
    return [(line, part) for line, part in rows]


def place(shown: Shown, code: str) -> tuple[Subprocess, Line | None, Decision | None] | None:
    """A sub-process by code with its line of the recommendation and the meeting's decision on it so far."""
    meeting = shown.meeting
    row = db.session.execute(
        select(Subprocess, Line, Decision)
        .outerjoin(Line, and_(Line.recommendation_id == meeting.recommendation_id, Line.subprocess_id == Subprocess.id,
                              Line.recommended != Recommended.NOT))
        .outerjoin(Decision, and_(Decision.meeting_id == meeting.id, Decision.subprocess_id == Subprocess.id))
        .where(Subprocess.organisation_id == meeting.about_id, Subprocess.code == code)
    ).first()  # fmt: skip
    return (row[0], row[1], row[2]) if row else None


def written(row: Meeting) -> Recommendation | None:
    """The recommendation that the meeting is about, whose authors neither record nor confirm (S5)."""
    return recommendation.by_id(row.recommendation_id) if row.recommendation_id else None


def why_not_decide_on(by: By, row: Meeting, permission: Permission) -> list[Reason]:
    """S5: who wrote the recommendation neither records nor confirms the decisions on it."""
    basis = written(row)
    return identity.why_not_part(by, Duty.S5, basis, Side.SECOND, permission=permission) if basis else []


def why_not_vote(by: By, row: Meeting, people: Sequence[rules.Attendance]) -> list[Reason]:
    """S5: who wrote the recommendation does not vote on it; names each of them."""
    basis, voters = written(row), rules.voters(people)

    def wrote(persons: Iterable[int]) -> bool:
        return bool(identity.why_not_part(by, Duty.S5, basis, Side.SECOND, persons=persons))

    roots = identity.roots(voters)
    if basis is None or not wrote(roots.values()):
        return []
    names = identity.names(set(voters))
    return [rules.WROTE("people", name=names[id]) for id in voters if wrote([roots[id]])]


def in_order(row: Meeting) -> list[Decision]:
    """Decisions in the order of the recommendation's lines, then what the forum added."""
    places = {line.subprocess_id: place for place, (line, _part) in enumerate(lines(row.recommendation_id))}
    return sorted(decisions(row.id), key=lambda made: (places.get(made.subprocess_id, len(places)), made.id))


def why_not_send(row: Meeting, today: date) -> list[Reason]:
    """What is missing before the minutes can go to the chair."""
    rows = decisions(row.id)
    made = {decision.subprocess_id for decision in rows}
    undecided = [part.code for line, part in lines(row.recommendation_id) if line.subprocess_id not in made]
    people = attendances(presence(row.id))
    return (
        rules.why_not_send(row.state, row.form, row.held_on, today, people, undecided, len(made))
        + why_not_counted(people, declarations(row.id), rows)
    )  # fmt: skip


def why_not_lock(by: By, row: Meeting) -> list[Reason]:
    """Why the reader may not approve these minutes: their state, the chair, S6, S5 and S7."""
    chair = identity.names({row.chair_id}).get(row.chair_id or 0, "")
    may = Permission.FORUM_CONFIRM
    return (
        rules.why_not_lock(row.state, by.own_id, row.chair_id, chair)
        + identity.why_not_part(by, Duty.S6, row, Side.SECOND, permission=may) + why_not_decide_on(by, row, may)
        + why_not_settled(row)
    )  # fmt: skip


def why_not_settled(row: Meeting) -> list[Reason]:
    """S7: the minutes are locked when every matter told of has been ruled on."""
    declared = declarations(row.id)
    return why_not_counted(attendances(presence(row.id)), declared, decisions(row.id)) if declared else []


NOT_SEALED = frozenset({
    "version", "saved_at", "saved_by", "hash", "resealed", "condition_met_on", "condition_holder_id",
})  # fmt: skip
"""What is no part of the locked whole: stamps, the checksums themselves, and what happens later to a condition."""


def whole_hash(row: Meeting) -> str:
    """The SHA-256 of the minutes with presence and decisions, computed from the rows."""
    basis = recommendation.by_id(row.recommendation_id) if row.recommendation_id else None

    def kept(of: Any) -> dict[str, Any]:
        names = [column.key for column in inspect(of).mapper.column_attrs]
        return {name: getattr(of, name) for name in names if name not in NOT_SEALED}

    told = [kept(one.row) for one in declarations(row.id)]
    return rules.sealed({
        "minutes": kept(row),
        "basis": basis.snapshot_hash if basis else "",
        "rule_set": basis.rule_set if basis else None,
        "presence": [kept(seat) for seat in presence(row.id)],
        "decisions": [kept(decision) for decision in in_order(row)],
        **({"impartiality": told} if told else {}),
    })  # fmt: skip


def minutes_of(row: Any) -> Meeting | None:
    """The meeting whose minutes a row is part of."""
    if isinstance(row, Decision | Impartiality):
        return db.session.get(Meeting, row.meeting_id)
    return row if isinstance(row, Meeting) else None


def taken(about_id: int, year: int) -> tuple[int, int]:
    """How many decisions and how many minutes of an organisation's year have numbers."""
    used = db.session.scalars(
        select(Decision.number).join(Meeting, Meeting.id == Decision.meeting_id)
        .where(Meeting.about_id == about_id, Meeting.year == year, Decision.number != "")
    )  # fmt: skip
    locked = db.session.scalars(
        select(Meeting.id).where(Meeting.about_id == about_id, Meeting.year == year, Meeting.state == State.LOCKED)
    )
    return max((int(number.rsplit("-", 1)[1]) for number in used), default=0), len(list(locked))


Later, ItsMeeting = aliased(Decision), aliased(Meeting)
_REPLACED = (
    select(Later.id).join(ItsMeeting, ItsMeeting.id == Later.meeting_id)
    .where(Later.replaces_id == Decision.id, ItsMeeting.state == State.LOCKED).exists()
)  # fmt: skip


def _is_replaced() -> Any:
    return _REPLACED


def standing(about_id: int, review_year: int | None = None) -> list[Decision]:
    """The locked decisions that no later locked decision has replaced (of a review year, or all)."""
    query = (
        select(Decision).join(Meeting, Meeting.id == Decision.meeting_id)
        .where(Meeting.about_id == about_id, Meeting.state == State.LOCKED, ~_is_replaced()).order_by(Decision.id)
    )  # fmt: skip
    if review_year is not None:
        query = query.where(Decision.review_year == review_year)
    return list(db.session.scalars(query))


def standing_where(about_id: int, review_year: int) -> list[Any]:
    """What a decision joined with its meeting fulfils when it stands, for counting in SQL."""
    return [Meeting.about_id == about_id, Meeting.state == State.LOCKED, ~_is_replaced(),
            Decision.review_year == review_year]  # fmt: skip


def replaceable(about_id: int, year: int) -> list[DecisionRow]:
    """The standing decisions of a year, for a supplementary meeting to change."""
    query = _decision_rows().join(Meeting, Meeting.id == Decision.meeting_id)
    query = query.where(Meeting.about_id == about_id, Meeting.year == year, Meeting.state == State.LOCKED)
    return _rows(query.where(~_is_replaced()).order_by(Decision.number))


def planned(about_id: int) -> list[Select[*tuple[Any, ...]]]:
    """For the roll: the forum's standing choices and deferrals, and what is handed over and not decided yet."""
    kind = case((Decision.decided == Decided.DEFERRED, PlanKind.DEFERRED.value), else_=PlanKind.PLANNED.value)
    decided = (
        select(Decision.subprocess_id, Decision.review_year, kind, Decision.hours, Decision.deferred_to,
               type_coerce(Decision.form, String))
        .join(Meeting, Meeting.id == Decision.meeting_id)
        .where(Meeting.about_id == about_id, Meeting.state == State.LOCKED, ~_is_replaced())
        .where(Decision.decided != Decided.NOT_CHOSEN)
    )  # fmt: skip
    handed_over = (
        select(Line.subprocess_id, Line.review_year, literal(PlanKind.PROPOSED.value), Line.hours, Line.defer_to,
               type_coerce(Line.form, String))
        .join(Recommendation, Recommendation.id == Line.recommendation_id)
        .join(Cycle, Cycle.id == Recommendation.cycle_id)
        .where(Recommendation.organisation_id == about_id, Recommendation.state == RecommendationState.HANDED_OVER)
        .where(Cycle.state == CycleState.RECOMMENDED, Line.recommended == Recommended.REVIEW)
    )  # fmt: skip
    return [decided, handed_over]


class Deferral(NamedTuple):
    """A deferral of a sub-process, by which decision, of what day, until which year and why."""

    subprocess_id: int
    number: str
    on: date
    until: int
    code: DeferCode


def deferrals(about_ids: Collection[int], before: datetime) -> dict[int, list[Deferral]]:
    """By sub-process the deferrals that stood at a moment, oldest first: locked then, and not replaced by then."""
    replaced = select(Later.id).join(ItsMeeting, ItsMeeting.id == Later.meeting_id).where(
        Later.replaces_id == Decision.id, ItsMeeting.state == State.LOCKED, ItsMeeting.confirmed_at < before
    )  # fmt: skip
    rows: Any = db.session.execute(
        select(Decision.subprocess_id, Decision.number, Meeting.held_on, Decision.deferred_to, Decision.defer_code)
        .join(Meeting, Meeting.id == Decision.meeting_id)
        .where(Meeting.about_id.in_(about_ids), Meeting.state == State.LOCKED, Meeting.confirmed_at < before)
        .where(Decision.decided == Decided.DEFERRED, ~replaced.exists()).order_by(Meeting.confirmed_at, Decision.id)
    )  # fmt: skip
    found: dict[int, list[Deferral]] = {}
    for row in rows:
        found.setdefault(row.subprocess_id, []).append(Deferral(*row))
    return found


def decision_by_number(about_id: int, number: str) -> Decision | None:
    """A locked decision of an organisation by its number."""
    query = select(Decision).join(Meeting, Meeting.id == Decision.meeting_id)
    return db.session.scalar(query.where(Meeting.about_id == about_id, Decision.number == number))


def for_export(about_id: int, year: int) -> list[tuple[Meeting, Decision, str]]:
    """The locked decisions of an organisation's year with their meetings and the code of each sub-process."""
    rows = db.session.execute(
        select(Meeting, Decision, Subprocess.code).join(Decision, Decision.meeting_id == Meeting.id)
        .join(Subprocess, Subprocess.id == Decision.subprocess_id)
        .where(Meeting.about_id == about_id, Meeting.year == year, Meeting.state == State.LOCKED)
        .order_by(Decision.number)
    )  # fmt: skip
    return [(row, made, code) for row, made, code in rows]


def undecided(cycle: Cycle) -> list[Reason]:
    """The gate to the state decided: the minutes of the meeting are locked."""
    query = select(Meeting.id).where(Meeting.cycle_id == cycle.id, Meeting.state == State.LOCKED)
    return [] if db.session.scalar(query.limit(1)) is not None else [rules.NOT_DECIDED()]


def tasks(by: By) -> list[Select[Any]]:
    """The secretary records, the chair approves, and the members read the paper until the meeting is held."""
    return [
        _task(RECORD).where(Meeting.organisation_id.in_(by.everywhere(Permission.FORUM_RECORD)),
                            Meeting.state.in_((State.ANNOUNCED, State.DRAFT))),
        _task(CONFIRM).where(Meeting.chair_id == by.own_id, Meeting.state == State.WITH_CHAIR),
        _task(READ).join(Presence, Presence.meeting_id == Meeting.id).where(
            Presence.person_id == by.own_id, Presence.function.in_(("chair", "member")),
            Meeting.state == State.ANNOUNCED, Meeting.held_on >= by.today),
    ]  # fmt: skip


HELD = held.declare("forum_decision", N_("Condition of a decision"), N_("Conditions of decisions"), "forum.minutes")


def held_conditions(on: date) -> Select[*tuple[Any, ...]]:
    """The conditions of standing decisions that are not met, with who must meet each, or has taken it over."""
    return (
        held.rows(
            HELD, id=Decision.id, organisation_id=Meeting.about_id, code=Decision.number,
            name_da=Decision.condition, name_en=Decision.condition,
            owner_id=func.coalesce(Decision.condition_holder_id, Decision.condition_owner_id),
            above_id=Process.owner_id, deputy_id=Process.deputy_id, page=Decision.meeting_id,
        )
        .join(Meeting, Meeting.id == Decision.meeting_id).join(Subprocess, Subprocess.id == Decision.subprocess_id)
        .join(Process, Process.id == Subprocess.process_id)
        .where(Decision.condition != "", Decision.condition_met_on.is_(None), Meeting.state == State.LOCKED)
        .where(~_is_replaced())
    )  # fmt: skip


def _task(kind: task.TaskKind) -> Select[Any]:
    shown = task.rows(kind, id=Meeting.id, code=Organisation.code, name_da=Organisation.name_da,
                      name_en=Organisation.name_en, due=Meeting.held_on)  # fmt: skip
    return shown.select_from(Meeting).join(Organisation, Organisation.id == Meeting.about_id)
