"""Different persons: the separation rules S1 to S16 as data, and the one function that answers with reasons.

Who took which side of a rule on which object stands in a ledger (`identity_part`), on the person and over the
object's whole life; its index lets no one stand on both sides. A stand-in counts as himself and as the one he stands
in for.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from controls.base.why import N_, SAME_PERSON, Labelled, Reason, Why


class Duty(StrEnum):
    """The separation rules, by the numbers they are known under."""

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"
    S5 = "S5"
    S6 = "S6"
    S7 = "S7"
    S8 = "S8"
    S9 = "S9"
    S10 = "S10"
    S11 = "S11"
    S12 = "S12"
    S13 = "S13"
    S14 = "S14"
    S15 = "S15"
    S16 = "S16"


class Side(Labelled):
    """Which of the two acts of a rule."""

    FIRST = "first", N_("The first of the two")
    SECOND = "second", N_("The second of the two")

    @property
    def other(self) -> "Side":
        """The act that the same person may not do as well."""
        return Side.SECOND if self is Side.FIRST else Side.FIRST


@dataclass(frozen=True)
class Rule:
    """Two acts that one person may not both do on the same object, and the tables whose rows are such objects."""

    first: str
    second: str
    binds: tuple[str, ...]
    fixed: bool = False


RULES = {
    Duty.S1: Rule(N_("assess a process"), N_("approve its assessment"), ("assessment_assessment",), fixed=True),
    Duty.S2: Rule(N_("own or perform a control"), N_("test it"), ("review_control",)),
    Duty.S3: Rule(
        N_("lead a review or test in it"), N_("quality-review or approve it"), ("review_review",), fixed=True
    ),
    Duty.S4: Rule(
        N_("have line duty in a process"), N_("approve, test or review in it"), ("universe_process",)
    ),
    Duty.S5: Rule(
        N_("write the recommendation"), N_("decide, record or confirm its lines"), ("recommendation_recommendation",)
    ),
    Duty.S6: Rule(N_("record the decisions"), N_("confirm them"), ("forum_meeting",), fixed=True),
    Duty.S7: Rule(N_("tell of a matter of one's own"), N_("rule on it or decide the line"), ("forum_impartiality",)),
    Duty.S8: Rule(
        N_("ask for a role or receive it"), N_("approve it"), ("identity_role_request", "identity_visiting_grant")
    ),
    Duty.S9: Rule(N_("administer the system"), N_("hold a role in the control year"), ("identity_person",), fixed=True),
    Duty.S10: Rule(N_("add evidence or ask to withdraw it"), N_("approve the withdrawal"), ("evidence_request",)),
    Duty.S11: Rule(
        N_("ask to reopen a record, test or review it"), N_("approve the reopening"), ("identity_reopening",)
    ),
    Duty.S12: Rule(N_("own an action"), N_("verify it"), ("finding_action", "finding_finding")),
    Duty.S13: Rule(
        N_("ask for a disposal or a redaction"), N_("approve it"), ("evidence_request", "history_redaction")
    ),
    Duty.S14: Rule(N_("propose to close the year"), N_("confirm it"), ("wheel_cycle",)),
    Duty.S15: Rule(N_("import a catalogue"), N_("confirm the import"), ("universe_import", "papers_intake")),
    Duty.S16: Rule(
        N_("administer the database"), N_("keep checkpoints outside the house"), ("identity_organisation",)
    ),
}  # fmt: skip
"""S1, S3, S6 and S9 are fixed: no exception of the chair reaches them."""

FIXED = tuple(duty for duty, rule in RULES.items() if rule.fixed)
NAMED = 3
"""How many people a refusal names as those who may instead."""

INSTEAD = Why(
    "sod_conflict", N_("The same person may not both {a} and {b}. These may do it instead: {names}."), 403
)  # fmt: skip


def why_not_same(
    duty: Duty, persons: Iterable[int | None], others: Iterable[int | None], excepted: Collection[int] = (),
    instead: Collection[str] = (),
) -> list[Reason]:  # fmt: skip
    """Reasons when one of `persons` did the other act of the rule on this object; names who may instead.

    `excepted` are those with an exception of the chair, which no fixed rule knows.
    """
    rule = RULES[duty]
    both = {person for person in persons if person is not None} & {other for other in others if other is not None}
    if not (both if rule.fixed else both - set(excepted)):
        return []
    if instead:
        return [INSTEAD(a=rule.first, b=rule.second, names=", ".join(instead))]
    return [SAME_PERSON(a=rule.first, b=rule.second)]
