"""The five scales of the form: their words, hints and written anchors."""

from dataclasses import dataclass

from controls.base.why import N_


@dataclass(frozen=True)
class Scale:
    """One scale of five steps; `short` is its name in a narrow table."""

    name: str
    label: str
    help: str
    anchors: tuple[str, str, str, str, str]
    hint: str = ""


LIKELIHOOD = (
    N_("less than once in 20 years"), N_("every 5–20 years"), N_("every 1–5 years"), N_("every year"),
    N_("several times a year"),
)  # fmt: skip
IMPACT = (N_("insignificant"), N_("minor"), N_("noticeable"), N_("serious"), N_("very serious"))
CONTROL = (N_("none"), N_("few"), N_("partial"), N_("good"), N_("full"))

SCALES = (
    Scale(
        "inherent_likelihood", N_("Likelihood before controls"),
        N_("How often could it happen if nobody checked? 3 is every 1–5 years."), LIKELIHOOD,
    ),
    Scale(
        "inherent_impact", N_("Impact before controls"),
        N_("How large is the damage when it happens? 3 is DKK 1–10 million, or criticism in an internal report."),
        IMPACT,
    ),
    Scale(
        "control_level", N_("Control level"),
        N_("How much of the risk is covered by controls that are carried out?"), CONTROL, N_("1 = none, 5 = full"),
    ),
    Scale(
        "residual_likelihood", N_("Likelihood after controls"),
        N_("As before controls, but when the controls work."), LIKELIHOOD,
    ),
    Scale(
        "residual_impact", N_("Impact after controls"), N_("As before controls, but when the controls work."), IMPACT,
    ),
)  # fmt: skip
NAMES = tuple(scale.name for scale in SCALES)
LABELS = {scale.name: scale.label for scale in SCALES}
