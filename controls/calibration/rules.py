"""How far a form lies from last year, from similar processes and from the facts, and the order that follows.

Every figure is a difference of two products of likelihood and impact (1 to 25), so that the three can be compared.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from controls.assessment.words import Band
from controls.base.why import N_, Labelled

NEAREST = 5
"""So many similar processes, those with most in common, are what a form is compared with."""


class Fact(Labelled):
    """What is known of a process that speaks against a low risk after controls."""

    MATERIAL = "material", N_("open finding: material weakness")
    SIGNIFICANT = "significant", N_("open finding: significant deficiency")
    DESIGN = "design", N_("design not appropriate in the last review")
    NOT_EFFECTIVE = "not_effective", N_("controls not effective in the last review")
    PARTLY = "partly", N_("controls partly effective in the last review")


ASKS = {
    Fact.MATERIAL: Band.ELEVATED, Fact.DESIGN: Band.ELEVATED, Fact.NOT_EFFECTIVE: Band.ELEVATED,
    Fact.SIGNIFICANT: Band.MODERATE, Fact.PARTLY: Band.MODERATE,
}  # fmt: skip
"""The lowest band after controls that fits each fact."""


class Against(Labelled):
    """What a form is held against."""

    LAST = "last", N_("Against last year")
    SIMILAR = "similar", N_("Against similar processes")
    FACTS = "facts", N_("Against the facts")


class Order(Labelled):
    """What the queue is ordered by."""

    LARGEST = "largest", N_("Largest deviation")
    LAST = "last", N_("Deviation from last year")
    SIMILAR = "similar", N_("Deviation from similar processes")
    FACTS = "facts", N_("Deviation from the facts")
    CODE = "code", N_("Code")


@dataclass(frozen=True)
class Form:
    """A form with its products before and after controls, this year and last, and what it can be compared by."""

    id: int
    code: str
    area: str
    systems: frozenset[str]
    before: int
    after: int
    before_last: int | None = None
    after_last: int | None = None
    facts: Mapping[Fact, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """A deviation: the product the form says and the one it is held against, before or after controls."""

    against: Against
    said: int
    held: float
    after: bool

    @property
    def value(self) -> float:
        """How far apart; facts only ask for more, never for less."""
        apart = self.held - self.said if self.against is Against.FACTS else abs(self.held - self.said)
        return max(apart, 0)


@dataclass(frozen=True)
class Similar:
    """A process to compare with: its product before controls and what the two have in common."""

    id: int
    code: str
    product: int
    common: tuple[str, ...]


def against_last(form: Form) -> Figure | None:
    """The larger of the differences from last year, before or after controls; none without an answer last year."""
    pairs = ((form.before, form.before_last, False), (form.after, form.after_last, True))
    found = [Figure(Against.LAST, now, last, after) for now, last, after in pairs if last is not None]
    return max(found, key=lambda figure: figure.value, default=None)


def against_similar(form: Form, similar: Sequence[Similar]) -> Figure | None:
    """The difference before controls from the median of the similar processes; one alone is no measure."""
    if len(similar) < 2:
        return None
    return Figure(Against.SIMILAR, form.before, median(one.product for one in similar), False)


def against_facts(form: Form, least: Mapping[Band, int]) -> Figure | None:
    """How far the risk after controls lies below what the weightiest fact asks for; `least` begins each band."""
    if not form.facts:
        return None
    return Figure(Against.FACTS, form.after, max(least[ASKS[fact]] for fact in form.facts), True)


def neighbours(forms: Iterable[Form]) -> Callable[[Form], list[Similar]]:
    """Finds the processes that share most with one: the area, and systems.

    A system that more than half of the processes use tells nothing about likeness and is left out.
    """
    known = {form.id: form for form in forms}
    sharing: dict[str, list[int]] = {}
    for form in known.values():
        for key in (form.area, *form.systems):
            sharing.setdefault(key, []).append(form.id)
    telling = {key: ids for key, ids in sharing.items() if 2 * len(ids) <= len(known) or len(known) < 4}

    def similar(form: Form) -> list[Similar]:
        common: dict[int, list[str]] = {}
        for key in (form.area, *sorted(form.systems)):
            for id in telling.get(key, ()):
                if id != form.id:
                    common.setdefault(id, []).append(key)
        nearest = sorted(common.items(), key=lambda pair: (-len(pair[1]), known[pair[0]].code))[:NEAREST]
        return [Similar(id, known[id].code, known[id].before, tuple(keys)) for id, keys in nearest]

    return similar


@dataclass(frozen=True)
class Deviation:
    """The figures of a form, and the similar processes that one of them was reckoned from."""

    figures: Mapping[Against, Figure]
    similar: tuple[Similar, ...] = ()

    @property
    def largest(self) -> Figure | None:
        """The figure that speaks most; the first of several that are as large."""
        return max(self.figures.values(), key=lambda figure: figure.value, default=None)

    def by(self, order: Order) -> tuple[float, float]:
        """What the queue is ordered by, and all of it together among equals."""
        whole = sum(figure.value for figure in self.figures.values())
        if order is Order.LARGEST:
            return (self.largest.value if self.largest else 0), whole
        figure = self.figures.get(Against(order.value)) if order is not Order.CODE else None
        return (figure.value if figure else 0), whole


def deviations(forms: Sequence[Form], least: Mapping[Band, int]) -> dict[int, Deviation]:
    """The figures of each form, by its id."""
    similar_to, found = neighbours(forms), {}
    for form in forms:
        similar = similar_to(form)
        figures = (against_last(form), against_similar(form, similar), against_facts(form, least))
        found[form.id] = Deviation({one.against: one for one in figures if one is not None}, tuple(similar))
    return found


def ordered(ids: Sequence[int], deviation: Mapping[int, Deviation], order: Order) -> list[int]:
    """The queue: the largest deviation first; what is equal stays in the order of the codes."""
    if order is Order.CODE:
        return list(ids)
    return sorted(ids, key=lambda id: tuple(-value for value in deviation[id].by(order)))


def after(ids: Sequence[int], id: int) -> int | None:
    """The form to go on with: the next in the queue, or the first again at its end; none when it was the last."""
    rest = [one for one in ids if one != id]
    if not rest:
        return None
    return rest[ids.index(id)] if id in ids and ids.index(id) < len(rest) else rest[0]
