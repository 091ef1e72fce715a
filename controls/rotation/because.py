"""Why each turn of a plan is where it is: one sentence that is true of the data."""

from controls.base.why import N_, Reason, Why
from controls.rotation.board import Board
from controls.rotation.horizon import CHANGE, HOUR, LATE, Candidate, Turn

FIXED = Why("plan.fixed", N_("Decided for {year}."))
OVERDUE = Why("plan.overdue", N_("Was due by {due}: as early as can be."))
DUE = Why("plan.due", N_("Is due by {due}."))
AGAIN = Why("plan.again", N_("Is due again by {due}, {interval} years after {before}."))
RISK = Why("plan.risk", N_("High risk (score {risk}): as early as can be, before it is due by {due}."))
STAYS = Why("plan.stays", N_("Stays in {year}, as in the standing plan; is due by {due}."))
HAS = Why("plan.has", N_("The planner has it in {year}; is due by {due}."))
"""What stayed where it was when the planner was asked, told when the standing plan has it there no longer."""
EVEN = Why("plan.even", N_("Is due by {due}. No year until then is better than {year}."))
FULL = Why("plan.full", N_("Is due by {due}. Not in {best}: {left} hours are left there, and {hours} are needed."))
CROWDED_AREA = Why(
    "plan.crowded_area", N_("Is due by {due}. Not in {best}: its area has {count} reviews there already.")
)
CROWDED_OWNER = Why(
    "plan.crowded_owner", N_("Is due by {due}. Not in {best}: its owner has {count} reviews there already.")
)
TIED = Why("plan.tied", N_("Is due by {due}. Not in {best}: the reviews after it would cost more or find no room."))


def reasons(board: Board) -> dict[int, list[Reason]]:
    """By sub-process: the reason for each of its turns, when the plan is settled."""
    return {
        one.id: [_reason(board, at, number) for number in range(len(board.turns[at]))]
        for at, one in enumerate(board.candidates)
    }


def _reason(board: Board, at: int, number: int) -> Reason:
    one, turns, horizon = board.candidates[at], board.turns[at], board.horizon
    turn, before = turns[number], turns[number - 1].year if number else None
    if turn.year in one.fixed:
        return FIXED(year=turn.year)
    due = one.due if before is None else before + one.interval
    late = due < horizon.first
    years = range(horizon.first if before is None else before + 1, (horizon.last if late else due) + 1)
    best = min((year for year in years), key=lambda year: (wish(one, year, before is None, horizon.first), year))
    if wish(one, best, before is None, horizon.first) < wish(one, turn.year, before is None, horizon.first):
        return _hindrance(board, at, turn, best, due)
    if late and turn.year == horizon.first:
        return OVERDUE(due=due)
    if turn.year == due:
        return DUE(due=due) if before is None else AGAIN(due=due, interval=one.interval, before=before)
    if one.standing is not None and turn.year in one.standing:
        return STAYS(year=turn.year, due=due)
    if before is None and one.risk > HOUR // one.interval:
        return RISK(risk=one.risk, due=due)
    return EVEN(due=due, year=turn.year)


def wish(one: Candidate, year: int, first_turn: bool, first: int) -> int:
    """What a year costs per hour of a turn, as far as the year decides it: waiting, years given away, and change."""
    waiting = (one.risk + (LATE if one.due < first else 0)) * (year - first) if first_turn else 0
    changed = CHANGE if one.standing is not None and year not in one.standing else 0
    return waiting - HOUR // one.interval * (year - first) + changed


def _hindrance(board: Board, at: int, turn: Turn, best: int, due: int) -> Reason:
    one = board.candidates[at]
    hours = one.takes(turn.light)
    left = max(board.left[best, season, one.team] for season in board.horizon.seasons_of(one))
    if left < hours:
        return FULL(due=due, best=best, left=max(0, left), hours=hours)
    for why, kind in zip((CROWDED_AREA, CROWDED_OWNER), (("area", one.area), ("owner", one.owner)), strict=True):
        if kind in board.even and board.met[kind, best] >= board.even[kind]:
            return why(due=due, best=best, count=board.met[kind, best])
    return TIED(due=due, best=best)
