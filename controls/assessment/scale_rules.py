"""When a year's scales may be changed and what they must hold to, what a change would do, and the priority figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from controls.assessment.rules import Levels, Scores, levels
from controls.assessment.scales import ANCHORED, FIGURES, LANGUAGES, PRODUCTS, WHOLE, Scales, spans
from controls.assessment.words import Band, Certainty, Measure
from controls.base.why import N_, Reason, Why
from controls.wheel.words import State as Phase

ANCHOR_MOST, HELP_MOST, ORE = 60, 500, 100
BEGINS = {Band.MODERATE: "moderate_from", Band.ELEVATED: "elevated_from", Band.HIGH: "high_from"}
AMOUNTS = ("impact_2_from_ore", "impact_3_from_ore", "impact_4_from_ore", "impact_5_from_ore")
LONGEST_REASON = 5000
"""The longest that a year may let a reason be at most."""

FROZEN = Why("assessment.scales_frozen", N_("The scales of {year} were frozen when the parameters were locked."), 409)
ANSWERED = Why(
    "assessment.scales_answered", N_("Forms of {year} are already answered on these scales, so they stay as they are."),
    409,
)  # fmt: skip
BAND_ORDER = Why("assessment.band_order", N_("{band} must begin above {n}, where {before} begins."))
BAND_RANGE = Why("assessment.band_range", N_("{band} must begin between {least} and {most}."))
BAND_EMPTY = Why(
    "assessment.band_empty", N_("Likelihood times impact is never {least}–{most}, so nothing could be {band}.")
)  # fmt: skip
AMOUNT_ORDER = Why("assessment.amount_order", N_("Each step must begin at a higher amount than the step before it."))
AMOUNT_WHOLE = Why("assessment.amount_whole", N_("Write the amount in whole kroner, for example 1.000.000"))
STEP_NAME = Why("assessment.step_name", N_("Write what the step is called, in at most {max} characters."))
STEP_TWICE = Why("assessment.step_twice", N_("Two steps of a scale cannot be called the same."))
HELP_TEXT = Why("assessment.help_text", N_("Write how to choose among the steps, in at most {max} characters."))
LEAP = Why("assessment.leap", N_("Write a number of steps from 1 to 4."))
LEAST = Why("assessment.reason_least", N_("The shortest reason must be 1–500 characters."))
MOST = Why("assessment.reason_most", N_("The longest reason must be above the shortest and at most {max} characters."))
WEIGHT = Why("assessment.weight", N_("A weight must be 0–100 per cent."))
WEIGHTS = Why("assessment.weights", N_("The weights must add up to 100 per cent. They add up to {n}."))


def anchor_field(of: str, language: str, step: int) -> str:
    """The field of a step's name on the settings page."""
    return f"{of}_{language}_{step}"


def why_not_change_scales(state: Phase, year: int, answered: bool) -> list[Reason]:
    """A year's scales are frozen when its parameters are locked, and for good when the first form is answered."""
    reasons = [] if state is Phase.CREATED else [FROZEN(year=year)]
    return reasons or ([ANSWERED(year=year)] if answered else [])


def why_not_scales(wanted: Scales) -> list[Reason]:
    """Bands without holes, in order; amounts that rise; every step named in both languages; weights that make 100."""
    return (
        _bands(wanted) + _amounts(wanted) + [reason for of in ANCHORED for reason in _anchors(wanted, of)]
        + _reasons(wanted) + _weights(wanted)
    )  # fmt: skip


def _bands(wanted: Scales) -> list[Reason]:
    reasons: list[Reason] = []
    first, last = PRODUCTS[0] + 1, PRODUCTS[-1]
    for before, span in pairwise(spans(wanted)):
        field = BEGINS[span.band]
        if not first <= span.least <= last:
            reasons.append(BAND_RANGE(field, band=span.band, least=first, most=last))
        elif span.least <= before.least:
            reasons.append(BAND_ORDER(field, band=span.band, n=before.least, before=before.band))
    if reasons:
        return reasons
    return [
        BAND_EMPTY(BEGINS[span.band], least=span.least, most=span.most, band=span.band)
        for span in spans(wanted)
        if not any(span.least <= product <= span.most for product in PRODUCTS)
    ]


def _amounts(wanted: Scales) -> list[Reason]:
    pairs = zip(AMOUNTS, pairwise(wanted.from_ore), strict=True)
    return [
        (AMOUNT_WHOLE if begins % ORE else AMOUNT_ORDER)(field)
        for field, (before, begins) in pairs
        if begins % ORE or begins <= before
    ]


def _anchors(wanted: Scales, of: str) -> list[Reason]:
    reasons: list[Reason] = []
    for language in LANGUAGES:
        seen: set[str] = set()
        named = wanted.anchors(of, language)
        steps = (*named[:4], "\n".join(named[4:]), *[""] * 4)[: len(FIGURES)] if len(named) > 4 else (*named, *[""] * 4)
        for step, text in zip(FIGURES, steps, strict=False):
            field = anchor_field(of, language, step)
            if not 0 < len(text.strip()) <= ANCHOR_MOST or "\n" in text:
                reasons.append(STEP_NAME(field, max=ANCHOR_MOST))
            elif text.casefold() in seen:
                reasons.append(STEP_TWICE(field))
            seen.add(text.casefold())
        if not 0 < len(wanted.help(of, language).strip()) <= HELP_MOST:
            reasons.append(HELP_TEXT(f"{of}_help_{language}", max=HELP_MOST))
    return reasons


def _reasons(wanted: Scales) -> list[Reason]:
    reasons = [] if 1 <= wanted.leap_steps <= len(FIGURES) - 1 else [LEAP("leap_steps")]
    reasons += [] if 1 <= wanted.reason_least <= 500 else [LEAST("reason_least")]
    fits = wanted.reason_least < wanted.reason_most <= LONGEST_REASON
    return reasons + ([] if fits else [MOST("reason_most", max=LONGEST_REASON)])


def _weights(wanted: Scales) -> list[Reason]:
    weighed = wanted.factors
    wrong = [WEIGHT(f"weight_{factor.measure}") for factor in weighed if not 0 < factor.weight <= WHOLE]
    total = sum(factor.weight for factor in weighed)
    return wrong or ([WEIGHTS(f"weight_{weighed[0].measure}", n=total)] if weighed and total != WHOLE else [])


# --- what a change would do ----------------------------------------------------------------------------------


class Assessed(NamedTuple):
    """A process or sub-process as it was assessed, with the bands that it got."""

    code: str
    name_da: str
    name_en: str
    scores: Scores
    kept: Levels


class Shift(NamedTuple):
    """One that would change band: as it was, and as it would be."""

    row: Assessed
    before: Levels
    after: Levels


@dataclass(frozen=True)
class Effect:
    """What other scales would make of a year that is assessed already (and which keeps its own)."""

    year: int
    processes: int
    subprocesses: int
    shifts: tuple[Shift, ...]
    lines: tuple[Shift, ...]


def shifts(rows: Iterable[Assessed], wanted: Scales) -> tuple[Shift, ...]:
    """Those that would be in another band, before or after controls."""
    found = [Shift(row, row.kept, levels(row.scores, wanted)) for row in rows]
    return tuple(
        one for one in found
        if (one.before.inherent.band, one.before.residual.band) != (one.after.inherent.band, one.after.residual.band)
    )  # fmt: skip


# --- the priority figure -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """What is known of a process when its figure is reckoned."""

    scores: Scores
    amount_ore: int | None = None
    changes: int = 0
    fraud: bool = False
    certainty: Certainty | None = None


EXPLAINED = {
    Measure.LIKELIHOOD: N_("The step that was chosen."),
    Measure.IMPACT: N_("The step that was chosen."),
    Measure.CONTROL: N_("6 less the control level: full is 1, none is 5."),
    Measure.AMOUNT: N_("1–5 by the amounts of the steps of impact. Not known is 1."),
    Measure.CHANGE: N_("1, and one more for each change that is ticked, at most 5."),
    Measure.FRAUD: N_("Yes is 5, no is 1."),
    Measure.UNCERTAINTY: N_("A little certain is 5, fairly is 3, very is 1."),
}
"""How each measure becomes 1 to 5, in words."""

UNSURE = {Certainty.LITTLE: FIGURES[-1], Certainty.FAIR: FIGURES[2], Certainty.HIGH: FIGURES[0]}


def reckoned(measure: Measure, known: Known, used: Scales) -> int:
    """A measure as 1 to 5: the amount by the steps of impact, one more for each change; what is not known is 1."""
    match measure:
        case Measure.LIKELIHOOD:
            return known.scores.inherent_likelihood or 1
        case Measure.IMPACT:
            return known.scores.inherent_impact or 1
        case Measure.CONTROL:
            return len(FIGURES) + 1 - (known.scores.control_level or len(FIGURES))
        case Measure.AMOUNT:
            return max(1, sum(1 for least in used.from_ore if abs(known.amount_ore or 0) >= least))
        case Measure.CHANGE:
            return min(1 + known.changes, len(FIGURES))
        case Measure.FRAUD:
            return FIGURES[-1] if known.fraud else FIGURES[0]
    return UNSURE[known.certainty] if known.certainty else FIGURES[0]


def priority(used: Scales, known: Known) -> int | None:
    """The weighted sum in hundredths, 100 to 500; none when the year weighs nothing. It never moves a band."""
    weighed = used.factors
    return sum(one.weight * reckoned(one.measure, known, used) for one in weighed) if weighed else None
