"""The five-year grid: which rows and areas are shown, what each cell says, and what a move does to a year."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from controls.planning.board import Board, Load, Spot, Sums
from controls.planning.changes import Changes
from controls.planning.words import Show
from controls.rotation import ledger, rules
from controls.rotation.feasibility import Feasibility
from controls.rotation.rules import PlanKind, RollRow

OPEN_MOST = 200
"""With more rows than this the areas are folded until they are asked for."""
ALL = "*"
"""Every area, among those that stand otherwise than at first."""
OUT = "none"
"""What a move says instead of a year: out of the plan."""
COVERED = ("covered", "light", "partial")


@dataclass(frozen=True)
class Cell:
    """A sub-process in a year: what the cell says, and whether there is a review that can be asked about."""

    year: int
    now: bool
    word: str
    spot: bool = False
    changed: bool = False
    ask: bool = False
    """Nothing is planned for it: here a year can be asked for."""
    season: int = 0
    """The half of the year that is chosen for it."""


def cells(board: Board, row: RollRow, years: Sequence[int], draft: Changes) -> list[Cell]:
    """The years of a sub-process."""
    spots = {spot.year: spot for spot in board.spots.get(row.subprocess_id, ()) if spot.of in (0, spot.year)}
    if spots:
        moved = {one.year for one in draft.reviews.get(row.subprocess_id, ())} if draft else set()
        return [_cell(board, row, year, spots.get(year), year in moved) for year in years]
    now, told, asked, found = board.this_year, _told(row, board.this_year), False, []
    for year in years:
        word = rules.cell(row, year, now) if year in told else ""
        ask = not asked and year >= now and word not in COVERED
        asked = asked or ask
        found.append(Cell(year, year == now, word, ask=ask))
    return found


def _told(row: RollRow, this_year: int) -> set[int]:
    """The years of which anything can be told: most rows have few."""
    found = {entry.covered_on.year for entry in row.entries} | {plan.year for plan in row.plans}
    return found | {this_year}


def _cell(board: Board, row: RollRow, year: int, spot: Spot | None, changed: bool) -> Cell:
    word = rules.cell(row, year, board.this_year) if year in _told(row, board.this_year) else ""
    if spot is None or word in COVERED:
        return Cell(year, year == board.this_year, word)
    planned = spot.kind is None or spot.kind is PlanKind.DEFERRED
    moved = changed and spot.kind is None
    return Cell(year, year == board.this_year, "planned" if planned else word, True, moved, season=spot.season)


@dataclass(frozen=True)
class Asked:
    """Which rows the address asks for."""

    area: str = ""
    band: str = ""
    owner: str = ""
    status: str = ""


def chosen(
    rows: Sequence[RollRow], asked: Asked, sums: Sums, possible: Feasibility | None, draft: Changes
) -> list[RollRow]:  # fmt: skip
    """The rows that pass the filters."""
    found = rules.chosen(rows, asked.area, asked.band)
    if asked.owner:
        found = [row for row in found if str(row.owner_id or "") == asked.owner]
    sets: Mapping[str, Collection[int]] = {
        Show.WITHOUT: sums.without, Show.BEYOND: sums.beyond, Show.CHANGED: draft.reviews.keys(),
        Show.LACKING: possible.lacking if possible else (),
    }  # fmt: skip
    if asked.status in sets:
        ids = set(sets[asked.status])
        return [row for row in found if row.subprocess_id in ids]
    return rules.chosen(found, status=asked.status) if asked.status else found


@dataclass(frozen=True)
class Area:
    """An area of the grid with its rows; a folded one is told by the number of reviews of each year."""

    row: RollRow
    rows: Sequence[RollRow]
    folded: bool
    numbers: Sequence[int]
    turned: str
    """The areas that stand otherwise than at first when this one is folded or opened."""


def areas(board: Board, rows: Sequence[RollRow], years: Sequence[int], turned: Collection[str]) -> list[Area]:
    """The rows by area; of many rows each area is folded at first."""
    found: dict[str, list[RollRow]] = {}
    for row in rows:
        found.setdefault(row.area_code, []).append(row)
    many = len(rows) > OPEN_MOST
    shown = []
    for code, of_area in found.items():
        folded = many != ((code in turned) != (ALL in turned))
        shown.append(Area(
            of_area[0], of_area, folded, _numbers(board, of_area, years) if folded else (),
            ",".join(sorted(set(turned) ^ {code})),
        ))  # fmt: skip
    return shown


def _numbers(board: Board, rows: Sequence[RollRow], years: Sequence[int]) -> list[int]:
    """How many of the rows are reviewed, or to be, in each year."""
    return [
        sum(
            any(spot.year == year for spot in board.spots.get(row.subprocess_id, ()))
            or any(entry.covered_on.year == year for entry in row.entries)
            for row in rows
        )
        for year in years
    ]


@dataclass(frozen=True)
class Choice:
    """A year, or a half of it, that a review can go to: the hours it would have there, against what there is."""

    year: int
    hours: int
    capacity: int | None
    season: int = 0

    @property
    def value(self) -> str:
        """As a move says it."""
        return f"{self.year}-{self.season}" if self.season else f"{self.year}"

    @property
    def over(self) -> int:
        """Hours above capacity."""
        return Load(self.year, 0, self.hours, self.capacity).over


def choices(board: Board, row: RollRow, at: int | None, hours: int, years: Sequence[int]) -> list[Choice]:
    """The years that have no review of the sub-process, each with its hours after the move; halves where divided."""
    spots, found = board.spots.get(row.subprocess_id, ()), list[Choice]()
    team = board.teams_of.get(row.subprocess_id, 0)
    there = next((spot.season for spot in spots if spot.year == at and spot.kind is None), None)
    taken = {spot.year for spot in spots}
    for year in years:
        load, halves = board.load(year), board.load(year, team).halves
        if year not in taken and not halves:
            found.append(Choice(year, load.hours + hours, load.capacity))
        elif year not in taken or (year == at and there is not None):
            found += [Choice(year, half.hours + hours, half.capacity, season)
                      for season, half in enumerate(halves, 1) if year != at or season != there]  # fmt: skip
    return found


FILTERS = ("area", "band", "owner", "status")


def shown(given: str, view: str, this_year: int) -> list[int]:
    """The years of the grid that an address asks for: from a year, else the fixed block, else rolling ones."""
    known = len(given) == 4 and given.isascii() and given.isdigit() and 2000 <= int(given) <= 2090
    first = int(given) if known else ledger.block(this_year)[0] if view == "block" else this_year - 2
    return list(range(first, first + rules.FLOOR))


def aimed(text: str) -> tuple[int | None, int]:
    """The year and the half of it (0: none is chosen) that a move goes to; no year: out of the plan; 0: it is none."""
    year, _, season = text.partition("-")
    if text == OUT:
        return None, 0
    known = len(year) == 4 and year.isascii() and year.isdigit() and season in ("", "1", "2")
    return (int(year), int(season or 0)) if known else (0, 0)


def picked(text: str) -> tuple[int, int | None] | None:
    """The sub-process and the year of the cell that was chosen; without a year a new review is asked for."""
    id, _, year = text.partition("-")
    if not id.isascii() or not id.isdigit() or len(id) > 9:
        return None
    return int(id), int(year) if len(year) == 4 and year.isascii() and year.isdigit() else None
