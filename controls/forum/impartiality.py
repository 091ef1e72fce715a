"""Impartiality (S7): a member tells of his own matter on a line, the others rule, the disqualified is not counted.

Forvaltningsloven § 3 says who is disqualified, § 6 that he tells of it himself and takes no part in the ruling.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from controls.base.why import N_, WRONG_STATE, Reason, Why
from controls.forum.rules import STEPS, TOO_MANY_VOTES, Attendance, quorum
from controls.forum.words import Function, Ruling, State

CIRCUMSTANCE_LENGTH = 5
SEATED = (Function.CHAIR, Function.MEMBER)

NOT_SEATED = Why("forum.not_seated", N_("Only a member of this meeting tells of a matter of their own."), 403)
CIRCUMSTANCE = Why("forum.circumstance", N_("Write what the matter is, in at least {min} characters."))
ALREADY_RULED = Why("forum.already_ruled", N_("The others have already ruled on what you told."), 409)
NOBODY_RULED = Why("forum.nobody_ruled", N_("Choose the members who ruled. The member does not rule on himself."))
NOT_A_JUDGE = Why(
    "forum.not_a_judge", N_("Only other members who are present rule, and not the member or a stand-in for the member.")
)
UNRULED = Why("forum.unruled", N_("The members present have not ruled on what {name} told about {code}."))
LINE_NOT_QUORATE = Why(
    "forum.line_not_quorate",
    N_("The forum is not quorate on {code}: {present} of {seats} counted are present, and {needed} are needed."),
)


@dataclass(frozen=True)
class Told:
    """What a member told about a line, and who ruled how."""

    subprocess_id: int
    person_id: int
    code: str
    name: str
    ruling: Ruling | None = None
    ruled_by: frozenset[int] = frozenset()


def ids(text: str) -> frozenset[int]:
    """The people of a stored list (;3;7;)."""
    return frozenset(int(one) for one in text.split(";") if one)


def listed(people: Iterable[int]) -> str:
    """People as they are stored (;3;7;)."""
    return f";{';'.join(str(one) for one in sorted(people))};"


def judges(people: Iterable[Attendance], member: int) -> list[int]:
    """Who may rule on a member: the other members present, but nobody who stands in for that member."""
    return [
        one.person_id for one in people
        if one.function in SEATED and one.present and member not in (one.person_id, one.stand_in_for_id)
    ]  # fmt: skip


def disqualified(told: Iterable[Told], subprocess_id: int) -> frozenset[int]:
    """Who is not counted on a line."""
    return frozenset(
        one.person_id for one in told if one.subprocess_id == subprocess_id and one.ruling is Ruling.DISQUALIFIED
    )


def took_part(people: Iterable[Attendance], member: int, ruling: Ruling) -> bool:
    """Whether the member took part in the line: present, and ruled impartial."""
    there = any(one.present for one in people if one.person_id == member)
    return there and ruling is Ruling.RULED_IMPARTIAL


def why_not_declare(
    state: State, people: Iterable[Attendance], member: int | None, circumstance: str, ruled: bool
) -> list[Reason]:  # fmt: skip
    """A member tells of his own matter until the minutes are locked, and changes it until the others have ruled."""
    reasons = [WRONG_STATE(state=state)] if state is State.LOCKED else []
    seated = any(one.person_id == member and one.function in SEATED for one in people)
    reasons += [] if seated else [NOT_SEATED()]
    reasons += [ALREADY_RULED()] if ruled else []
    enough = len(circumstance.strip()) >= CIRCUMSTANCE_LENGTH
    return reasons + ([] if enough else [CIRCUMSTANCE("circumstance", min=CIRCUMSTANCE_LENGTH)])


def why_not_rule(
    state: State, people: Sequence[Attendance], member: int, ruled_by: Collection[int]
) -> list[Reason]:  # fmt: skip
    """The others rule while the minutes are written; at least one, all of them present."""
    reasons = [] if (state, "decide") in STEPS else [WRONG_STATE(state=state)]
    if not ruled_by:
        return [*reasons, NOBODY_RULED("ruled_by")]
    return reasons + ([] if set(ruled_by) <= set(judges(people, member)) else [NOT_A_JUDGE("ruled_by")])


def why_unruled(people: Sequence[Attendance], told: Iterable[Told]) -> list[Reason]:
    """What waits for a ruling: nobody ruled yet, or whoever did is no longer noted as present."""
    return [
        UNRULED(name=one.name, code=one.code) for one in told
        if one.ruling is None or not one.ruled_by <= set(judges(people, one.person_id))
    ]  # fmt: skip


def why_not_quorate(
    people: Sequence[Attendance], told: Sequence[Told], votes: Sequence[tuple[int, int]]
) -> list[Reason]:  # fmt: skip
    """Each line with somebody disqualified is quorate without him; `votes` are those cast, by sub-process."""
    reasons, cast = [], dict(votes)
    for id, code in dict.fromkeys((one.subprocess_id, one.code) for one in told):
        without = disqualified(told, id)
        found = quorum(people, without)
        if without and not found.reached:
            reasons.append(LINE_NOT_QUORATE(code=code, present=found.present, seats=found.seats, needed=found.needed))
        if without and cast.get(id, 0) > found.present:
            reasons.append(TOO_MANY_VOTES(present=f"{code}: {found.present}"))
    return reasons
