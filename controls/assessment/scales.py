"""The scales of a year as a value: anchors of each step, bands, amounts, the reasons that are asked for, factors.

Each cycle has its own, and everything that has to do with a form is reckoned by the scales of the form's own cycle.
Before and after controls are answered on the same steps, else the one could not be held against the other.
"""

import json
from dataclasses import dataclass, fields
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from typing import Any, NamedTuple

from controls.assessment.words import Band, Measure
from controls.base.merkle import canonical
from controls.base.why import N_

FIGURES = (1, 2, 3, 4, 5)
WORST = FIGURES[-1]
PRODUCTS = tuple(sorted({likelihood * impact for likelihood in FIGURES for impact in FIGURES}))
LANGUAGES = ("da", "en")
WHOLE = 100
"""What the weights of the factors add up to, in per cent."""


class Kind(NamedTuple):
    """One of the five scales of the form: its name, its label, whose anchors it has, and a hint beside the label."""

    name: str
    label: str
    anchors: str
    hint: str = ""


KINDS = (
    Kind("inherent_likelihood", N_("Likelihood before controls"), "likelihood"),
    Kind("inherent_impact", N_("Impact before controls"), "impact"),
    Kind("control_level", N_("Control level"), "control", N_("1 = none, 5 = full")),
    Kind("residual_likelihood", N_("Likelihood after controls"), "likelihood"),
    Kind("residual_impact", N_("Impact after controls"), "impact"),
)
NAMES = tuple(kind.name for kind in KINDS)
LABELS = {kind.name: kind.label for kind in KINDS}
ANCHORED = ("likelihood", "impact", "control")
"""What has anchors of its own; the scales before and after controls share them."""
TITLES = {"likelihood": N_("Likelihood"), "impact": N_("Impact"), "control": N_("Control level")}
AFTER = N_("As before controls, but when the controls work.")


@dataclass(frozen=True)
class Scale:
    """One scale as a reader sees it: the anchors of its steps, how to choose, and from which amount each step begins.

    `also` is one of our own sentences, still to be translated; the other texts are the year's own.
    """

    name: str
    label: str
    help: str
    anchors: tuple[str, ...]
    hint: str = ""
    also: str = ""
    from_ore: tuple[int, ...] = ()

    @property
    def options(self) -> list[tuple[int, str]]:
        """Each step with its anchor."""
        return list(enumerate(self.anchors, FIGURES[0]))


@dataclass(frozen=True)
class Factor:
    """What counts in the priority figure, and with how many per cent."""

    measure: Measure
    weight: int


@dataclass(frozen=True)
class Scales:
    """The rules of a year. A text of anchors holds a line for each step."""

    likelihood_da: str
    likelihood_en: str
    likelihood_help_da: str
    likelihood_help_en: str
    impact_da: str
    impact_en: str
    impact_help_da: str
    impact_help_en: str
    control_da: str
    control_en: str
    control_help_da: str
    control_help_en: str
    moderate_from: int = 5
    elevated_from: int = 10
    high_from: int = 15
    worst_impact: Band = Band.ELEVATED
    impact_2_from_ore: int = 100_000_00
    impact_3_from_ore: int = 1_000_000_00
    impact_4_from_ore: int = 10_000_000_00
    impact_5_from_ore: int = 100_000_000_00
    leap_steps: int = 2
    reason_least: int = 20
    reason_most: int = 1000
    ask_no_key_control: bool = True
    ask_unchanged: bool = True
    ask_copied: bool = True
    ask_fraud: bool = True
    weight_likelihood: int = 0
    weight_impact: int = 0
    weight_control: int = 0
    weight_amount: int = 0
    weight_change: int = 0
    weight_fraud: int = 0
    weight_uncertainty: int = 0

    def anchors(self, of: str, language: str) -> tuple[str, ...]:
        """What the five steps are called."""
        return tuple(str(getattr(self, f"{of}_{language}")).split("\n"))

    def help(self, of: str, language: str) -> str:
        """How to choose among the steps."""
        return str(getattr(self, f"{of}_help_{language}"))

    @property
    def from_ore(self) -> tuple[int, ...]:
        """The amount from which each step of impact begins."""
        return (0, self.impact_2_from_ore, self.impact_3_from_ore, self.impact_4_from_ore, self.impact_5_from_ore)

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What counts in the priority figure: nothing, unless the group has given weights."""
        weighed = ((measure, int(getattr(self, f"weight_{measure}"))) for measure in Measure)
        return tuple(Factor(measure, weight) for measure, weight in weighed if weight)

    @property
    def digest(self) -> str:
        """SHA-256 of the whole, by which a paper is bound to it."""
        return sha256(canonical(vars(self)).encode()).hexdigest()


FIELDS = tuple(field.name for field in fields(Scales))


def _standard() -> Scales:
    """The product's own, of which the texts stand in a file beside this one."""
    read: dict[str, Any] = json.loads(resources.files(__package__).joinpath("standard.json").read_text("utf-8"))
    texts: dict[str, Any] = {name: "\n".join(text) if isinstance(text, list) else text for name, text in read.items()}
    return Scales(**texts)


STANDARD = _standard()
"""What a first year begins with. Years from before scales were kept follow it for good, so it is never changed."""


@lru_cache(100)
def shown(used: Scales, language: str) -> tuple[Scale, ...]:
    """The five scales of the form in a language."""
    return tuple(
        Scale(
            kind.name, kind.label, used.help(kind.anchors, language), used.anchors(kind.anchors, language), kind.hint,
            AFTER if kind.name.startswith("residual_") else "", used.from_ore if kind.anchors == "impact" else (),
        )
        for kind in KINDS
    )  # fmt: skip


# --- bands ---------------------------------------------------------------------------------------------------


def score(likelihood: int, impact: int) -> int:
    """Likelihood times impact."""
    return likelihood * impact


class Span(NamedTuple):
    """A band with the lowest and the highest product that is in it."""

    band: Band
    least: int
    most: int


def spans(used: Scales) -> tuple[Span, ...]:
    """The four bands, lowest first; each begins where the one before it ends."""
    begins = (PRODUCTS[0], used.moderate_from, used.elevated_from, used.high_from)
    ends = (*(begin - 1 for begin in begins[1:]), PRODUCTS[-1])
    return tuple(Span(*span) for span in zip(Band, begins, ends, strict=True))


def by_product(used: Scales, product: int) -> Band:
    """The band of a product, before the rule of the worst impact."""
    begins = ((used.high_from, Band.HIGH), (used.elevated_from, Band.ELEVATED), (used.moderate_from, Band.MODERATE))
    return next((found for least, found in begins if product >= least), Band.LOW)


def band(used: Scales, likelihood: int, impact: int) -> Band:
    """The band of likelihood × impact; the worst impact is never below the band that the year has set."""
    found = by_product(used, score(likelihood, impact))
    return used.worst_impact if raised(used, likelihood, impact) else found


def raised(used: Scales, likelihood: int | None, impact: int | None) -> bool:
    """Whether the band is raised because the impact is the worst."""
    if impact != WORST or likelihood is None:
        return False
    order = list(Band)
    return order.index(by_product(used, score(likelihood, impact))) < order.index(used.worst_impact)
