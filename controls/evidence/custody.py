"""Custody of a file after it was received: new versions, withdrawal and disposal by two people, how long it is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from controls.base.why import FIELD_REQUIRED, N_, Reason, Why
from controls.evidence.words import Mark, RequestKind, RequestState
from controls.identity.duties import Duty

LEAST_YEARS, MOST_YEARS = 5, 50
"""Accounting material is kept five years from the end of the accounting year (regnskabsbekendtgørelsen § 45)."""

REASON = N_("Reason")
MARKED = Why("evidence.marked", N_("The file is already marked: {mark}."), 409)
ASKED = Why("already_done", N_("This has been asked for already and waits for approval."), 409)
DECIDED = Why("already_done", N_("The request has been decided already."), 409)
SAME_FILE = Why("evidence.same_file", N_("This is the same file as before: its content is unchanged."))
HELD = Why("evidence.held", N_("The file is on legal hold: {reason}"), 409)
KEPT_UNTIL = Why("evidence.kept_until", N_("The file must be kept until {day}."), 409)
LIFTED = Why("already_done", N_("The hold has been lifted already."), 409)
YEARS = Why("number_out_of_range", N_("“{label}” must be between {min} and {max}."))
YEARS_LABEL = N_("Years after the accounting year")
EARLIER = Why("evidence.until_too_early", N_("The file is kept until {day} already. Choose a later date."))
WORKING = Why("evidence.working", N_("The review that the file belongs to is not finished."), 409)
UNCOVERED = Why(
    "evidence.uncovered", N_("The sub-process has not been fully covered again since the file's review."), 409
)
OPEN_FINDING = Why("evidence.open_finding", N_("The finding that the file belongs to is not closed."), 409)
NOTHING_CHOSEN = Why("evidence.nothing_chosen", N_("Choose at least one file."))


@dataclass(frozen=True)
class Held:
    """A hold in force: without a day it holds until it is lifted."""

    until: date | None
    reason: str


def why_not_reason(reason: str, name: str = "reason") -> list[Reason]:
    """Every step of custody says why."""
    return [] if reason.strip() else [FIELD_REQUIRED(name, label=REASON)]


def why_not_replace(mark: Mark | None, same: bool) -> list[Reason]:
    """Only the version in force is replaced, and by another content."""
    return [MARKED(mark=mark)] if mark else [SAME_FILE("file")] if same else []


def why_not_ask(mark: Mark | None, kind: RequestKind, waiting: Iterable[RequestKind]) -> list[Reason]:
    """A file is withdrawn while it counts, and disposed of once; each is asked for once at a time."""
    stands = mark is None or (kind is RequestKind.DISPOSE and mark is not Mark.DISPOSED)
    return ([] if stands else [MARKED(mark=mark)]) + ([ASKED()] if kind in waiting else [])


def why_not_decide(state: RequestState) -> list[Reason]:
    """A request is decided once; S10 and S13 are asked of the ledger."""
    return [] if state is RequestState.ASKED else [DECIDED()]


DUTIES = {RequestKind.WITHDRAW: Duty.S10, RequestKind.DISPOSE: Duty.S13}
"""The rule of different persons that each kind of request keeps."""


def keep_until(received_on: date, covers_to: date | None, years: int) -> date:
    """The last day of the retention: so many years after the accounting year that the file belongs to."""
    return date(max(received_on.year, covers_to.year if covers_to else 0) + years, 12, 31)


def why_not_dispose(until: date, holds: Sequence[Held], kept: Sequence[Reason], today: date) -> list[Reason]:
    """A file is disposed of after its retention, when nothing holds it and its subject no longer needs it."""
    reasons = [KEPT_UNTIL(day=_shown(until))] if today <= until else []
    for held in holds:
        if held.until is None:
            reasons.append(HELD(reason=held.reason))
        elif today <= held.until:
            reasons.append(KEPT_UNTIL(day=_shown(held.until)))
    return [*reasons, *kept]


def why_not_hold(until: date | None, kept_until: date) -> list[Reason]:
    """A hold with a day makes the retention longer, never shorter."""
    return [EARLIER("until", day=_shown(kept_until))] if until is not None and until <= kept_until else []


def why_not_years(years: int | None) -> list[Reason]:
    """The retention is never shorter than the law's."""
    good = years is not None and LEAST_YEARS <= years <= MOST_YEARS
    return [] if good else [YEARS("years", label=YEARS_LABEL, min=LEAST_YEARS, max=MOST_YEARS)]


def _shown(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"
