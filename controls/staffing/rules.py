"""Rules of the hand-over queue, and the five steps of an organisation's first day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from controls.base.why import FIELD_REQUIRED, N_, Reason, Why

REASON_LEAST = 10
NAMED = 12
"""How many processes a gate names; the page behind it shows all."""

PROPOSED = "proposed"
"""The choice that gives each object to whom the system proposes: the deputy, or who owns what it belongs to."""

NOTHING = Why("staffing.nothing", N_("Tick what is given over."))
REASON_SHORT = Why("staffing.reason_short", N_("Write why it is given over, in at least {min} characters."))
NOT_HERE = Why("staffing.not_here", N_("Choose a person who works here today."))
NO_PROPOSAL = Why("staffing.no_proposal", N_("Nobody is proposed. Choose a person."))
SAME_OWNER = Why("staffing.same_owner", N_("{name} owns it already."))
MOVED = Why("staffing.moved", N_("It has been given over or closed meanwhile. Load the page again."), 409)
IN_QUEUE = Why(
    "staffing.in_queue", N_("These processes stand in the hand-over queue, without an owner: {codes}."), 409
)  # fmt: skip
MANY_IN_QUEUE = Why(
    "staffing.in_queue", N_("{n} processes stand in the hand-over queue, without an owner: {codes} …"), 409
)  # fmt: skip
NO_SUCH_PERSON = Why("staffing.no_such_person", N_("Nobody here is called “{text}”. Choose from the list."))
TWO_CALLED = Why("staffing.two_called", N_("Several are called “{text}”. Choose from the list."))
KEEP_SOME = Why("staffing.keep_some", N_("Keep at least one sub-process."))
TAKEN_IN = Why("staffing.taken_in", N_("The organisation has a catalogue already."), 409)
REASON, RECEIVER = N_("Why"), N_("New owner")


@dataclass(frozen=True)
class Key:
    """One object in the queue, and who owned it when the page was read (0 for nobody)."""

    kind: str
    id: int
    owner_id: int

    @property
    def value(self) -> str:
        """As a form carries it."""
        return f"{self.kind}-{self.id}-{self.owner_id}"

    @classmethod
    def read(cls, text: str) -> "Key | None":
        """From a form; None when it is none."""
        kind, _, rest = text.partition("-")
        id, _, owner = rest.partition("-")
        known = all(part.isascii() and part.isdigit() and len(part) < 10 for part in (id, owner))
        return cls(kind, int(id), int(owner)) if kind and known else None


def why_not_give(chosen: int, given: bool, here: bool, reason: str) -> list[Reason]:
    """Something is ticked, goes to a person who works here, and the reason is told."""
    reasons = [] if chosen else [NOTHING("keys")]
    if not given:
        reasons.append(FIELD_REQUIRED("to", label=RECEIVER))
    elif not here:
        reasons.append(NOT_HERE("to"))
    return reasons + ([] if len(reason.strip()) >= REASON_LEAST else [REASON_SHORT("reason", min=REASON_LEAST)])


def why_not_take_over(still: bool, receiver: int | None, owner_id: int | None, name: str) -> list[Reason]:
    """What has moved on meanwhile is not given over, nor what has nobody to go to or goes where it is."""
    if not still:
        return [MOVED()]
    if receiver is None:
        return [NO_PROPOSAL()]
    return [SAME_OWNER(name=name)] if receiver == owner_id else []


def why_not_assess(codes: Sequence[str]) -> list[Reason]:
    """Assessing does not open while a process stands in the queue."""
    if not codes:
        return []
    if len(codes) <= NAMED:
        return [IN_QUEUE(codes=", ".join(codes))]
    return [MANY_IN_QUEUE(n=len(codes), codes=", ".join(codes[:NAMED]))]


def named(text: str, people: Sequence[tuple[int, str, str]]) -> tuple[int | None, list[Reason]]:
    """Who is meant by what was typed or chosen: “Name (user name)”, a user name, or a name that one person has."""
    typed = " ".join(text.split())
    if not typed:
        return None, []
    wanted = typed.casefold()
    for id, name, username in people:
        if wanted in (username.casefold(), label(name, username).casefold()):
            return id, []
    found = [id for id, name, _username in people if name.casefold() == wanted]
    if len(found) == 1:
        return found[0], []
    return None, [(TWO_CALLED if found else NO_SUCH_PERSON)(text=typed[:80])]


def label(name: str, username: str) -> str:
    """How a person stands in the list to choose from; the user name tells two of one name apart."""
    return f"{name} ({username})"


# --- The first day ---


class Step(IntEnum):
    """The five steps, in their order."""

    CATALOGUE = 1
    OWNERS = 2
    HISTORY = 3
    STAFFING = 4
    OPEN = 5


@dataclass(frozen=True)
class Answered:
    """What the coordinator answered to a step, and when."""

    on: date
    missing: int = 0


@dataclass(frozen=True)
class FirstDay:
    """How far an organisation is before its first year is opened."""

    subprocesses: int
    kept: int
    proposed: int
    waiting: int
    processes: int
    owned: int
    deputies: int
    reviews: int
    history: Answered | None
    staffing: Answered | None

    def done(self, step: Step) -> bool:
        """Whether a step is taken; the last one is when the year is opened, and then this page is gone."""
        return {
            Step.CATALOGUE: self.processes > 0,
            Step.OWNERS: self.processes > 0 and self.owned == self.processes,
            Step.HISTORY: self.reviews > 0 or self.history is not None,
            Step.STAFFING: self.staffing is not None,
        }.get(step, False)

    @property
    def left(self) -> list[Step]:
        """The steps that the opening of the year waits for."""
        return [step for step in Step if step is not Step.OPEN and not self.done(step)]

    @property
    def now(self) -> Step:
        """The step to take now."""
        return self.left[0] if self.left else Step.OPEN
