"""Reads of the standing plan, of drafts, scenarios and proposals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from json import loads
from typing import Any, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Integer,
    Select,
    String,
    Subquery,
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
from controls.identity.tables import Person
from controls.planning import ahead
from controls.planning.board import EVERYBODY, HORIZON, Board, Made, Team, board
from controls.planning.changes import NONE, Changes, Hours, Review, Reviews, Room, over, unpack
from controls.planning.tables import Capacity, Draft, Line, Plan, Proposal, Scenario
from controls.planning.tables import Team as TeamRow
from controls.planning.words import Asked, Origin
from controls.rotation import queries as rotation
from controls.rotation.feasibility import Feasibility
from controls.rotation.horizon import Place
from controls.rotation.rules import RollRow
from controls.universe.tables import Process
from controls.wheel.tables import Cycle

SERIOUS: list[Callable[[int], Select[Any]]] = []
"""Filled by wiring: selects of the sub-processes of an organisation with an open serious finding."""

ENDED: list[Callable[[int], Select[*tuple[Any, ...]]]] = []
"""Filled by wiring: selects of sub-process, year, hours and area of what was reviewed of sub-processes with an end."""


@dataclass(frozen=True)
class Standing:
    """The standing plan as its newest version left it, and the reader's own draft on it."""

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
    ended: tuple[Made, ...]
    owners: dict[int, str]
    """Those who own processes here."""
    draft: Changes
    base: int
    origin: Origin

    def laid(self, rows: Sequence[RollRow], wanted: Changes, this_year: int) -> Board:
        """The roll with the plan and some changes laid on it."""
        reviews, hours = over(self.reviews, wanted), {**self.hours, **wanted.hours}
        return board(rows, reviews, hours, self.teams, this_year, self.ended)


def standing(organisation_id: int, person_id: int | None) -> Standing:
    """The standing plan, in one query; `person_id` asks for that person's draft too."""
    number, made_at, made_by, reason = 0, None, "", ""
    base, origin, draft = None, Origin.HAND, NONE
    reviews: dict[int, list[Review]] = {}
    hours: dict[tuple[int, int], Room] = {}
    cycles: dict[int, int] = {}
    teams, serious, ended, owners = [], set(), list[Made](), {}
    for kind, id, year, season, light, spent, instead, why, told, said, at in db.session.execute(
        _content(organisation_id, person_id or 0, tuple(SERIOUS), tuple(ENDED))
    ):
        if kind == LINE:
            _read(reviews.setdefault(id, []), year, season, light, spent, instead, why, told, said)
        elif kind == PLAN:
            number, made_at, made_by, reason = id, at, why or "", said
        elif kind == DRAFT:
            base, origin, draft = id, Origin(why), unpack(told)
        elif kind == HOURS:
            hours[year, id] = Room(spent, instead)
        elif kind == CYCLE:
            cycles[year] = spent
        elif kind == TEAM:
            teams.append(Team(id, why, frozenset(told.split(";")) - {""}))
        elif kind == OWNER:
            owners[id] = why
        elif kind == MADE:
            ended.append(Made(id, year, spent, why))
        else:
            serious.add(id)
    placed = {id: tuple(sorted(kept, key=lambda one: (one.year or 0, one.season))) for id, kept in reviews.items()}
    for year, spent in cycles.items():  # a control year has hours of its own, which the plan may divide
        hours[year, EVERYBODY] = hours.get((year, EVERYBODY), Room(spent)).scaled(spent)
    teams.sort(key=lambda team: team.name)
    return Standing(
        number, made_at, made_by, reason, placed, hours, frozenset(cycles), tuple(teams), frozenset(serious),
        tuple(ended), owners, draft, number if base is None else base, origin,
    )  # fmt: skip


def _read(
    kept: list[Review], year: int | None, season: int, light: int, hours: int, instead: int | None, why: str,
    told: str, reason: str,
) -> None:  # fmt: skip
    """A line of the plan; one without a year that leaves nothing only says that there is none."""
    if year is not None or instead is not None:
        given = tuple(loads(told).items()) if told else ()
        kept.append(Review(year, season, bool(light), hours, instead, why, given, reason))


PLAN, DRAFT, LINE, HOURS, CYCLE, TEAM, OWNER, HEAVY, MADE = (
    "plan", "draft", "line", "hours", "cycle", "team", "owner", "heavy", "made",
)  # fmt: skip


@built
def _content(
    organisation_id: int,
    person_id: int,
    serious: tuple[Callable[[int], Select[Any]], ...],
    ended: tuple[Callable[[int], Select[*tuple[Any, ...]]], ...],
) -> CompoundSelect[*tuple[Any, ...]]:
    none, nothing, empty, never = cast(null(), Integer), literal(0), literal("", Text), null()

    def newest(table: Any, *of: Any) -> Any:
        query = select(*of, func.max(table.plan_id).label("plan_id")).where(table.organisation_id == organisation_id)
        return query.group_by(*of).subquery()

    last = select(func.max(Plan.number)).where(Plan.organisation_id == organisation_id).scalar_subquery()
    plan = select(
        literal(PLAN), Plan.number, none, nothing, nothing, nothing, none, cast(Person.name, Text), empty, Plan.reason,
        Plan.made_at,
    ).outerjoin(Person, Person.id == Plan.made_by_id).where(
        Plan.organisation_id == organisation_id, Plan.number == last
    )  # fmt: skip
    own = select(
        literal(DRAFT), Draft.base, none, nothing, nothing, nothing, none,
        cast(type_coerce(Draft.origin, String), Text), Draft.changes, empty, never,
    ).where(Draft.organisation_id == organisation_id, Draft.person_id == person_id)  # fmt: skip
    of_line = newest(Line, Line.subprocess_id)
    team = func.coalesce(Capacity.team_id, EVERYBODY)
    of_hours = newest(Capacity, Capacity.year, team.label("team_id"))
    lines = select(
        literal(LINE), Line.subprocess_id, Line.year, Line.season, case((Line.light, 1), else_=0), Line.hours,
        Line.instead, cast(Line.why, Text), Line.told, Line.reason, never,
    ).join(of_line, and_(of_line.c.subprocess_id == Line.subprocess_id, of_line.c.plan_id == Line.plan_id))  # fmt: skip
    hours = select(
        literal(HOURS), team, Capacity.year, nothing, nothing, Capacity.hours, Capacity.first_half, empty, empty,
        empty, never,
    ).join(
        of_hours,
        and_(of_hours.c.year == Capacity.year, of_hours.c.team_id == team, of_hours.c.plan_id == Capacity.plan_id),
    )  # fmt: skip
    cycles = select(
        literal(CYCLE), Cycle.id, Cycle.year, nothing, nothing, Cycle.capacity_hours, none, empty, empty, empty, never,
    ).where(Cycle.organisation_id == organisation_id)  # fmt: skip
    teams = select(
        literal(TEAM), TeamRow.id, none, nothing, nothing, nothing, none, cast(TeamRow.name, Text),
        cast(TeamRow.areas, Text), empty, never,
    ).where(TeamRow.organisation_id == organisation_id)  # fmt: skip
    owning = select(Process.owner_id).where(Process.organisation_id == organisation_id)
    owners = select(
        literal(OWNER), Person.id, none, nothing, nothing, nothing, none, cast(Person.name, Text), empty, empty, never
    ).where(Person.id.in_(owning))
    found = [plan, own, lines, hours, cycles, teams, owners]
    for publish in serious:
        ids = publish(organisation_id).subquery()
        column = next(iter(ids.c))
        found.append(select(literal(HEAVY), column, none, nothing, nothing, nothing, none, empty, empty, empty, never))
    for publish in ended:
        id, year, spent, area = publish(organisation_id).subquery().c
        told = cast(area, Text)
        found.append(select(literal(MADE), id, year, nothing, nothing, spent, none, told, empty, empty, never))
    return union_all(*found)


def planned_in(organisation_id: int, year: int) -> frozenset[int]:
    """The sub-processes that the standing plan reviews in a year."""
    newest = (
        select(Line.subprocess_id, func.max(Line.plan_id).label("plan_id"))
        .where(Line.organisation_id == organisation_id).group_by(Line.subprocess_id).subquery()
    )  # fmt: skip
    stands = and_(newest.c.subprocess_id == Line.subprocess_id, newest.c.plan_id == Line.plan_id)
    return frozenset(db.session.scalars(select(Line.subprocess_id).join(newest, stands).where(Line.year == year)))


def draft(organisation_id: int, person_id: int) -> Draft | None:
    """A person's draft."""
    query = select(Draft).where(Draft.organisation_id == organisation_id, Draft.person_id == person_id)
    return db.session.scalar(query)


@dataclass(frozen=True)
class Version:
    """A version as the list of them shows it, with what it changed."""

    plan: Plan
    made_by: str | None
    scenario: str | None
    changes: Changes


def versions(organisation_id: int) -> list[Version]:
    """The versions of the standing plan, newest first, in one query."""
    told = _told(organisation_id, "plan_id")
    rows = db.session.execute(
        select(Plan, Person.name, Scenario.name, told).outerjoin(Person, Person.id == Plan.made_by_id)
        .outerjoin(Scenario, Scenario.id == Plan.scenario_id).outerjoin(told, told.c.of == Plan.id)
        .where(Plan.organisation_id == organisation_id).order_by(Plan.number.desc(), told.c.id)
    )  # fmt: skip
    return [
        Version(plan, made_by, scenario, _changes(lines))
        for (plan, made_by, scenario), lines in groupby(rows, lambda row: tuple(row[:3]))
    ]


@dataclass(frozen=True)
class Kept:
    """A scenario with what it would change."""

    scenario: Scenario
    changes: Changes


def scenarios(organisation_id: int) -> list[Kept]:
    """The scenarios that are kept, by name, in one query."""
    told = _told(organisation_id, "scenario_id")
    rows = db.session.execute(
        select(Scenario, told).outerjoin(told, told.c.of == Scenario.id)
        .where(Scenario.organisation_id == organisation_id, Scenario.gone.is_(False))
        .order_by(Scenario.name, told.c.id)
    )  # fmt: skip
    return [Kept(of, _changes(lines)) for of, lines in groupby(rows, lambda row: row[0])]


def _told(organisation_id: int, of: str) -> Subquery:
    """The lines and the hours of an organisation's versions, or of its scenarios."""
    of_line, of_hours, empty = getattr(Line, of), getattr(Capacity, of), literal("", Text)
    return union_all(
        select(
            of_line.label("of"), Line.id.label("id"), Line.subprocess_id, Line.year, Line.season,
            case((Line.light, 1), else_=0).label("light"), Line.hours, Line.instead, cast(Line.why, Text).label("why"),
            Line.told, Line.reason,
        ).where(Line.organisation_id == organisation_id, of_line.is_not(None)),
        select(
            of_hours, Capacity.id, cast(null(), Integer), Capacity.year, func.coalesce(Capacity.team_id, EVERYBODY),
            literal(0), Capacity.hours, Capacity.first_half, empty, empty, empty,
        ).where(Capacity.organisation_id == organisation_id, of_hours.is_not(None)),
    ).subquery()  # fmt: skip


def _changes(rows: Iterable[Any]) -> Changes:
    """What these lines and hours change."""
    reviews: dict[int, list[Review]] = {}
    hours: dict[tuple[int, int], Room] = {}
    for row in rows:
        if row.subprocess_id is not None:
            _read(reviews.setdefault(row.subprocess_id, []), *row[-8:])
        elif row.of is not None:
            hours[row.year, row.season] = Room(row.hours, row.instead)
    return Changes({id: tuple(kept) for id, kept in reviews.items()}, hours)


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

    def wanting(self, places: Mapping[Place, int]) -> list[tuple[int, str, int]]:
        """Hours that are wanting, by year and team."""
        return ahead.wanting(self.board, places)

    def laid(self, wanted: Changes) -> Board:
        """The standing plan with these changes laid on it."""
        return self.standing.laid(self.rows, wanted, self.this_year)


def seen(organisation_id: int, today: date, person_id: int | None, rows: list[RollRow] | None = None) -> Seen:
    """The roll of today (or `rows`, read already) with the plan, and on it the draft of `person_id`, if anybody's."""
    rows = rotation.roll(organisation_id, today.year, today) if rows is None else rows
    now = standing(organisation_id, person_id)
    laid = now.laid(rows, now.draft, today.year)
    return Seen(rows, now, laid, ahead.possible(laid, now.serious, now.draft, HORIZON))
