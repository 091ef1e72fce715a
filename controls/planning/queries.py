"""Reads of the standing plan, of drafts, scenarios and proposals."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from json import loads
from typing import Any, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Integer,
    Select,
    String,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from controls.base.db import built, db
from controls.identity.tables import Organisation, Person
from controls.planning import ahead
from controls.planning.board import EVERYBODY, HORIZON, Board, Team, board
from controls.planning.changes import NONE, Changes, Hours, Review, Reviews, Room, over, unpack
from controls.planning.tables import Capacity, Draft, Line, Plan, Proposal, Scenario
from controls.planning.tables import Team as TeamRow
from controls.planning.words import Asked, Origin
from controls.rotation import queries as rotation
from controls.rotation.feasibility import Feasibility
from controls.rotation.rules import RollRow
from controls.universe.tables import Process
from controls.wheel.tables import Cycle
from controls.wheel.words import State as CycleState

SERIOUS: list[Callable[[int], Select[Any]]] = []
"""Filled by wiring: selects of the sub-processes of an organisation with an open serious finding."""


@dataclass(frozen=True)
class Standing:
    """The standing plan as its newest version (or an earlier one) left it, and the reader's own draft on it."""

    number: int
    made_at: datetime | None
    made_by: str
    reason: str
    reviews: Reviews
    hours: Hours
    """By year and team, 0 for all: those of the control years, and those that the plan has set."""
    frozen: frozenset[int]
    teams: tuple[Team, ...]
    serious: frozenset[int]
    owners: dict[int, str]
    """Those who own processes here."""
    draft: Changes
    base: int
    origin: Origin


def standing(organisation_id: int, person_id: int | None, number: int | None = None) -> Standing:
    """The standing plan, in two queries; `person_id` asks for that person's draft too."""
    newest, made_at, made_by, reason, base, origin, changes = db.session.execute(
        _head(organisation_id, person_id or 0, number)
    ).one()
    reviews: dict[int, list[Review]] = {}
    hours: dict[tuple[int, int], Room] = {}
    cycles: dict[int, int] = {}
    frozen, teams, serious, owners = set(), [], set(), {}
    for kind, id, year, season, light, spent, instead, why, told, said in db.session.execute(
        _content(organisation_id, number, tuple(SERIOUS))
    ):
        if kind == LINE:
            kept = reviews.setdefault(id, [])
            if year is not None or instead is not None:
                given = tuple(loads(told).items()) if told else ()
                kept.append(Review(year, season, bool(light), spent, instead, why, given, said))
        elif kind == HOURS:
            hours[year, id] = Room(spent, instead)
        elif kind == CYCLE:
            cycles[year] = spent
            if why != CycleState.CREATED.value:
                frozen.add(year)
        elif kind == TEAM:
            teams.append(Team(id, why, frozenset(told.split(";")) - {""}))
        elif kind == OWNER:
            owners[id] = why
        else:
            serious.add(id)
    placed = {id: tuple(sorted(kept, key=lambda one: (one.year or 0, one.season))) for id, kept in reviews.items()}
    for year, spent in cycles.items():  # a control year has hours of its own, which the plan may divide
        first = hours.get((year, EVERYBODY), Room(0)).first
        hours[year, EVERYBODY] = Room(spent, first if first is None else min(first, spent))
    teams.sort(key=lambda team: team.name)
    return Standing(
        newest or 0, made_at, made_by or "", reason or "", placed, hours, frozenset(frozen), tuple(teams),
        frozenset(serious), owners, unpack(changes) if changes else NONE, newest or 0 if base is None else base,
        origin or Origin.HAND,
    )  # fmt: skip


@built
def _head(organisation_id: int, person_id: int, number: int | None) -> Select[*tuple[Any, ...]]:
    last = select(func.max(Plan.number)).where(Plan.organisation_id == organisation_id)
    last = last if number is None else last.where(Plan.number <= number)
    return (
        select(Plan.number, Plan.made_at, Person.name, Plan.reason, Draft.base, Draft.origin, Draft.changes)
        .select_from(Organisation)
        .outerjoin(Plan, and_(Plan.organisation_id == Organisation.id, Plan.number == last.scalar_subquery()))
        .outerjoin(Person, Person.id == Plan.made_by_id)
        .outerjoin(Draft, and_(Draft.organisation_id == Organisation.id, Draft.person_id == person_id))
        .where(Organisation.id == organisation_id)
    )


LINE, HOURS, CYCLE, TEAM, OWNER, HEAVY = "line", "hours", "cycle", "team", "owner", "heavy"


@built
def _content(
    organisation_id: int, number: int | None, serious: tuple[Callable[[int], Select[Any]], ...]
) -> CompoundSelect[*tuple[Any, ...]]:
    until = select(Plan.id).where(Plan.organisation_id == organisation_id)
    until = until if number is None else until.where(Plan.number <= number)
    none, nothing, empty = cast(null(), Integer), literal(0), literal("", Text)

    def newest(table: Any, *of: Any) -> Any:
        query = select(*of, func.max(table.plan_id).label("plan_id")).where(table.organisation_id == organisation_id)
        return (query if number is None else query.where(table.plan_id.in_(until))).group_by(*of).subquery()

    of_line = newest(Line, Line.subprocess_id)
    team = func.coalesce(Capacity.team_id, EVERYBODY)
    of_hours = newest(Capacity, Capacity.year, team.label("team_id"))
    lines = select(
        literal(LINE), Line.subprocess_id, Line.year, Line.season, case((Line.light, 1), else_=0), Line.hours,
        Line.instead, cast(Line.why, Text), Line.told, Line.reason,
    ).join(of_line, and_(of_line.c.subprocess_id == Line.subprocess_id, of_line.c.plan_id == Line.plan_id))  # fmt: skip
    hours = select(
        literal(HOURS), team, Capacity.year, nothing, nothing, Capacity.hours, Capacity.first_half, empty, empty, empty
    ).join(
        of_hours,
        and_(of_hours.c.year == Capacity.year, of_hours.c.team_id == team, of_hours.c.plan_id == Capacity.plan_id),
    )
    cycles = select(
        literal(CYCLE), Cycle.id, Cycle.year, nothing, nothing, Cycle.capacity_hours, none,
        cast(type_coerce(Cycle.state, String), Text), empty, empty,
    ).where(Cycle.organisation_id == organisation_id)  # fmt: skip
    teams = select(
        literal(TEAM), TeamRow.id, none, nothing, nothing, nothing, none, cast(TeamRow.name, Text),
        cast(TeamRow.areas, Text), empty,
    ).where(TeamRow.organisation_id == organisation_id)  # fmt: skip
    owning = select(Process.owner_id).where(Process.organisation_id == organisation_id)
    owners = select(
        literal(OWNER), Person.id, none, nothing, nothing, nothing, none, cast(Person.name, Text), empty, empty
    ).where(Person.id.in_(owning))
    found = [lines, hours, cycles, teams, owners]
    for publish in serious:
        ids = publish(organisation_id).subquery()
        column = next(iter(ids.c))
        found.append(select(literal(HEAVY), column, none, nothing, nothing, nothing, none, empty, empty, empty))
    return union_all(*found)


def draft(organisation_id: int, person_id: int) -> Draft | None:
    """A person's draft."""
    query = select(Draft).where(Draft.organisation_id == organisation_id, Draft.person_id == person_id)
    return db.session.scalar(query)


def newest(organisation_id: int) -> int:
    """The number of the newest version; 0 before the first."""
    return db.session.scalar(select(func.max(Plan.number)).where(Plan.organisation_id == organisation_id)) or 0


class Version(NamedTuple):
    """A version as the list of them shows it."""

    plan: Plan
    made_by: str | None
    scenario: str | None


def versions(organisation_id: int, number: int | None = None) -> list[Version]:
    """The versions of the standing plan, newest first, or one of them."""
    query = (
        select(Plan, Person.name, Scenario.name).outerjoin(Person, Person.id == Plan.made_by_id)
        .outerjoin(Scenario, Scenario.id == Plan.scenario_id).where(Plan.organisation_id == organisation_id)
    )  # fmt: skip
    query = query if number is None else query.where(Plan.number == number)
    return [Version(*row) for row in db.session.execute(query.order_by(Plan.number.desc()))]


def changed_by_versions(ids: Collection[int]) -> dict[int, Changes]:
    """What each of these versions changed."""
    return _changed("plan_id", ids)


def changed_by_scenarios(ids: Collection[int]) -> dict[int, Changes]:
    """What each of these scenarios would change."""
    return _changed("scenario_id", ids)


def _changed(name: str, ids: Collection[int]) -> dict[int, Changes]:
    reviews: dict[int, dict[int, list[Review]]] = {id: {} for id in ids}
    hours: dict[int, dict[tuple[int, int], Room]] = {id: {} for id in ids}
    for row in db.session.scalars(select(Line).where(getattr(Line, name).in_(ids)).order_by(Line.id)):
        kept = reviews[getattr(row, name)].setdefault(row.subprocess_id, [])
        if row.year is not None or row.instead is not None:
            told = tuple(loads(row.told).items()) if row.told else ()
            kept.append(Review(row.year, row.season, row.light, row.hours, row.instead, row.why, told, row.reason))
    for one in db.session.scalars(select(Capacity).where(getattr(Capacity, name).in_(ids)).order_by(Capacity.id)):
        hours[getattr(one, name)][one.year, one.team_id or EVERYBODY] = Room(one.hours, one.first_half)
    return {id: Changes({part: tuple(kept) for part, kept in reviews[id].items()}, hours[id]) for id in ids}


def scenarios(organisation_id: int) -> list[Scenario]:
    """The scenarios that are kept, by name."""
    query = select(Scenario).where(Scenario.organisation_id == organisation_id, Scenario.gone.is_(False))
    return list(db.session.scalars(query.order_by(Scenario.name)))


def scenario_names(organisation_id: int) -> list[str]:
    """Every name that a scenario has or had."""
    return list(db.session.scalars(select(Scenario.name).where(Scenario.organisation_id == organisation_id)))


def teams(organisation_id: int) -> list[TeamRow]:
    """The teams by name."""
    return list(
        db.session.scalars(select(TeamRow).where(TeamRow.organisation_id == organisation_id).order_by(TeamRow.name))
    )


def proposal(id: int) -> Proposal | None:
    """A proposal of the planner."""
    return db.session.get(Proposal, id) if 0 < id < 2**31 else None


def proposals(organisation_id: int) -> list[Proposal]:
    """The latest proposals, newest first."""
    query = select(Proposal).where(Proposal.organisation_id == organisation_id)
    return list(db.session.scalars(query.order_by(Proposal.id.desc()).limit(5)))


def waiting() -> list[int]:
    """The proposals that nobody works on yet."""
    return list(db.session.scalars(select(Proposal.id).where(Proposal.state == Asked.WAITING).order_by(Proposal.id)))


class Told(NamedTuple):
    """What a version said of a sub-process."""

    number: int
    made_at: datetime
    made_by: str | None
    reason: str
    year: int | None
    season: int
    instead: int | None
    own: str


def story(subprocess_id: int) -> list[Told]:
    """What the versions have said of a sub-process, newest first."""
    query = (
        select(Plan.number, Plan.made_at, Person.name, Plan.reason, Line.year, Line.season, Line.instead, Line.reason)
        .join(Line, Line.plan_id == Plan.id).outerjoin(Person, Person.id == Plan.made_by_id)
        .where(Line.subprocess_id == subprocess_id).order_by(Plan.id.desc(), Line.year)
    )  # fmt: skip
    return [Told(*row) for row in db.session.execute(query.limit(20))]


@dataclass(frozen=True)
class Seen:
    """The plan of an organisation as somebody sees it: the standing one, with his own draft laid on it."""

    rows: list[RollRow]
    standing: Standing
    board: Board
    possible: Feasibility | None

    @property
    def this_year(self) -> int:
        """The calendar year."""
        return self.board.this_year

    def laid(self, wanted: Changes) -> Board:
        """The standing plan with these changes laid on it."""
        now = self.standing
        reviews, hours = over(now.reviews, wanted), {**now.hours, **wanted.hours}
        return board(self.rows, reviews, hours, now.teams, self.this_year)


def seen(organisation_id: int, today: date, person_id: int | None, rows: list[RollRow] | None = None) -> Seen:
    """The roll of today (or `rows`, read already) with the plan, and on it the draft of `person_id`, if anybody's."""
    rows = rotation.roll(organisation_id, today.year, today) if rows is None else rows
    now = standing(organisation_id, person_id)
    hours = {**now.hours, **now.draft.hours}
    laid = board(rows, over(now.reviews, now.draft), hours, now.teams, today.year)
    return Seen(rows, now, laid, ahead.possible(laid, now.serious, now.draft, HORIZON))
