"""The long list: which sub-processes press for a detailed review this year, in what order, and why.

Every reason is a fact of the roll, of the year's approved assessment or of the standing plan; what becomes of it the
group judges.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from controls.assessment.words import Band
from controls.base.why import N_, Reason, Why
from controls.planning.board import hours_of
from controls.recommendation.rules import WORDS, LineValues, why_not_light
from controls.recommendation.words import ReasonCode, Recommended
from controls.rotation.rules import RollRow
from controls.rotation.words import Form, Status

OVERDUE = Why("longlist.overdue", N_("Overdue since {due}; last covered in {covered}."))
NEVER_OVERDUE = Why("longlist.never_overdue", N_("Overdue since {due}; never covered."))
DUE = Why("longlist.due", N_("Due in {due}; last covered in {covered}."))
NEVER_DUE = Why("longlist.never_due", N_("Due in {due}; never covered."))
FRAUD = Why("longlist.fraud", N_("Special risk of fraud."))
CHANGED = Why("longlist.changed", N_("Essentially changed, and not reviewed since."))
EVENT = Why("longlist.event", N_("Changed since last year: {changes}."))
HIGH = Why("longlist.high", N_("High risk before controls: {score} of 25."))
RISEN = Why("longlist.risen", N_("The risk has risen from {before} to {now}."))
PLANNED = Why("longlist.planned", N_("The standing plan has it in {year}."))
SPREAD = Why("longlist.spread", N_("No other sub-process of the area {area} is on the list."))

FIRST = (ReasonCode.OVERDUE, ReasonCode.DUE, ReasonCode.FRAUD, ReasonCode.EVENT, ReasonCode.HIGH_RISK, ReasonCode.OTHER)
"""The order in which the reasons press; a candidate stands by the first that it has."""
BANDS = tuple(Band)


@dataclass(frozen=True)
class Candidate:
    """A sub-process that presses, with why, how it could be reviewed, and the year's hours with it and those above."""

    row: RollRow
    codes: tuple[ReasonCode, ...]
    reasons: tuple[Reason, ...]
    form: Form
    hours: int
    total: int = 0

    @property
    def pressing(self) -> bool:
        """Overdue or due: it must be recommended, deferred or given a reason."""
        return self.row.status in (Status.OVERDUE, Status.DUE)


def facts(row: RollRow, year: int, planned: Collection[int] = ()) -> list[tuple[ReasonCode, Reason]]:
    """Why a sub-process presses, each reason with its code, the most pressing first; `planned`: in the plan now."""
    covered, found = row.covered, list[tuple[ReasonCode, Reason]]()
    known = {"due": str(row.due)} | ({"covered": str(covered.covered_on.year)} if covered else {})
    if row.status is Status.OVERDUE:
        found.append((ReasonCode.OVERDUE, (OVERDUE if covered else NEVER_OVERDUE)(**known)))
    if row.status is Status.DUE:
        found.append((ReasonCode.DUE, (DUE if covered else NEVER_DUE)(**known)))
    if row.fraud:
        found.append((ReasonCode.FRAUD, FRAUD()))
    if row.changed:
        found.append((ReasonCode.EVENT, CHANGED()))
    if row.changes and row.band_year == year:
        found.append((ReasonCode.EVENT, EVENT(changes=row.changes)))
    if row.band is Band.HIGH:
        found.append((ReasonCode.HIGH_RISK, HIGH(score=str(row.score))))
    if row.band and row.band_before and row.band_year == year and _place(row.band) > _place(row.band_before):
        found.append((ReasonCode.HIGH_RISK, RISEN(before=row.band_before, now=row.band)))
    if row.subprocess_id in planned:
        found.append((ReasonCode.OTHER, PLANNED(year=str(year))))
    return found


def _place(band: Band | None) -> int:
    return BANDS.index(band) if band else -1


def codes(row: RollRow, year: int) -> tuple[ReasonCode, ...]:
    """The codes of what presses."""
    return _codes(facts(row, year))


def _codes(found: Iterable[tuple[ReasonCode, Reason]]) -> tuple[ReasonCode, ...]:
    return tuple(dict.fromkeys(code for code, _reason in found))


def long_list(
    roll: Sequence[RollRow], said: Collection[int], chosen: Collection[int], year: int, hours: int = 0,
    planned: Collection[int] = (),
) -> list[Candidate]:  # fmt: skip
    """What presses and is neither settled by the forum nor `said`, ranked; then one of each area that has none.

    Overdue stands first, then due, fraud, events, risk and what is only `planned` for the year; within these what has
    more reasons, is due earlier, and has the higher risk. `chosen` are recommended already; `hours` are asked for
    already.
    """
    open_rows = [row for row in roll if row.subprocess_id not in said and not row.settled(year)]
    told = [(row, facts(row, year, planned)) for row in open_rows]
    pressing = [_candidate(row, found) for row, found in told if found]
    spread = _spread(open_rows, {one.row.area_code for one in pressing} | _reviewed(roll, chosen, year))
    listed = sorted(pressing, key=_rank) + sorted(spread, key=_rank)
    found, total = list[Candidate](), hours
    for one in listed:
        total += one.hours
        found.append(replace(one, total=total))
    return found


def _candidate(row: RollRow, found: Sequence[tuple[ReasonCode, Reason]]) -> Candidate:
    light = not why_not_light(row)
    form = Form.LIGHT if light else Form.ORDINARY
    return Candidate(row, _codes(found), tuple(reason for _code, reason in found), form, hours_of(row, light))


def _rank(one: Candidate) -> tuple[int, int, int, int, int]:
    row = one.row
    return FIRST.index(one.codes[0]), -len(one.reasons), row.due, -_place(row.band), -(row.score or 0)


def _reviewed(roll: Iterable[RollRow], chosen: Collection[int], year: int) -> set[str]:
    """The areas of which something is reviewed this year already."""
    return {row.area_code for row in roll if row.subprocess_id in chosen or row.ahead(year) is not None}


def _spread(rows: Iterable[RollRow], there: set[str]) -> list[Candidate]:
    """Of each other area the sub-process of the highest risk, and of these the one that has waited longest."""
    best: dict[str, RollRow] = {}
    for row in rows:
        if row.area_code not in there:
            best[row.area_code] = min(best.get(row.area_code, row), row, key=_waits)
    return [_candidate(row, [(ReasonCode.OTHER, SPREAD(area=code))]) for code, row in best.items()]


def _waits(row: RollRow) -> tuple[int, int, int]:
    return -_place(row.band), -(row.score or 0), row.due


def words(sentences: Iterable[str]) -> str:
    """The sentences as the text of a line, as many as it may hold."""
    kept, count = list[str](), 0
    for sentence in sentences:
        count += len(sentence.split())
        if count > WORDS:
            break
        kept.append(sentence)
    return " ".join(kept)


def line(one: Candidate, text: str) -> LineValues:
    """A candidate as the line that the group takes over and may correct."""
    return LineValues(
        one.row.subprocess_id, Recommended.REVIEW, one.codes, text, hours=one.hours, form=one.form,
    )  # fmt: skip
