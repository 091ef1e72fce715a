"""A plan in the seasons where the standing plan has its turns: a change of season costs nothing, and helps nobody."""

from collections.abc import Sequence
from itertools import groupby

from controls.rotation.board import Board
from controls.rotation.horizon import Turn

Held = tuple[int, Turn]
"""A turn and the number of its candidate."""


def keep(board: Board) -> None:
    """Let each turn stand in the season that it has, as far as that puts no more hours above capacity.

    A year is filled anew, what stands in it first, where that does; else single turns go back, alone or for another.
    """
    held = [(at, turn) for at, turns in enumerate(board.turns) for turn in turns if board.choice(at)]
    for _key, group in groupby(sorted(held, key=lambda one: _year(board, one)), key=lambda one: _year(board, one)):
        of_year = list(group)
        if any(_away(board, one) for one in of_year) and not _filled_anew(board, of_year):
            _gone_back(board, [at for at, _turn in of_year], of_year[0][1].year)


def _year(board: Board, one: Held) -> tuple[int, str]:
    return one[1].year, board.candidates[one[0]].team


def _home(board: Board, one: Held) -> int:
    """The season in which the standing plan has a turn; 0: none."""
    at, turn = one
    seasons = board.horizon.seasons_of(board.candidates[at])
    return next((season for season in seasons if (turn.year, season) in board.candidates[at].slots), 0)


def _away(board: Board, one: Held) -> bool:
    return _home(board, one) not in (0, one[1].season)


def _over(board: Board, year: int, team: str) -> int:
    return sum(max(0, -board.left[year, season, team]) for season in board.horizon.all_seasons)


def _move(board: Board, at: int, year: int, season: int) -> None:
    board.put(at, tuple(turn._replace(season=season) if turn.year == year else turn for turn in board.turns[at]))


def _filled_anew(board: Board, of_year: Sequence[Held]) -> bool:
    """Whether what stands fits in its seasons, and the rest, the longest first, beside it; else nothing is changed."""
    (year, team), before = _year(board, of_year[0]), _over(board, *_year(board, of_year[0]))
    left = {
        season: board.left[year, season, team]
        + sum(board.candidates[at].takes(turn.light) for at, turn in of_year if turn.season == season)
        for season in board.horizon.all_seasons
    }
    order = sorted(of_year, key=lambda one: (
        not _home(board, one), -board.candidates[one[0]].takes(one[1].light), board.candidates[one[0]].id,
    ))  # fmt: skip
    for at, turn in order:
        one, home = board.candidates[at], _home(board, (at, turn))
        season = home if home and left[home] >= one.takes(turn.light) else max(
            board.horizon.seasons_of(one), key=lambda season: (left[season], -season)
        )  # fmt: skip
        left[season] -= one.takes(turn.light)
        _move(board, at, year, season)
    now = [(at, next(turn for turn in board.turns[at] if turn.year == year)) for at, _turn in of_year]
    fewer = sum(_away(board, one) for one in now) < sum(_away(board, one) for one in of_year)
    if fewer and _over(board, year, team) <= before:
        return True
    for at, turn in of_year:
        _move(board, at, year, turn.season)
    return False


def _gone_back(board: Board, candidates: Sequence[int], year: int) -> None:
    """Single turns go back to their season where there is room, or for one that has no business there."""
    team = board.candidates[candidates[0]].team

    def turn(at: int) -> Turn:
        return next(turn for turn in board.turns[at] if turn.year == year)

    for at in candidates:
        mine, home = turn(at), _home(board, (at, turn(at)))
        if home in (0, mine.season):
            continue
        before = _over(board, year, team)
        _move(board, at, year, home)
        if _over(board, year, team) <= before:
            continue
        for other in candidates:
            theirs = turn(other)
            free = mine.season in board.horizon.seasons_of(board.candidates[other])
            if other != at and theirs.season == home and free and _home(board, (other, theirs)) != home:
                _move(board, other, year, mine.season)
                if _over(board, year, team) <= before:
                    break
                _move(board, other, year, home)
        else:
            _move(board, at, year, mine.season)
