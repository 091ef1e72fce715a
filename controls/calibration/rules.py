"""How far a form lies from last year, from similar processes and from the facts, and the order that follows.

Every figure is a difference of two products of likelihood and impact (1 to 25), so that the three can be compared.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

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


class Form(NamedTuple):
    """A form with its products before and after controls, this year and last, and what it can be compared by."""

    id: int
    code: str
    area: str
    systems: frozenset[str]
    before: int
    after: int
    before_last: int | None = None
    after_last: int | None = None
    facts: Mapping[Fact, int] = MappingProxyType({})


class Figure(NamedTuple):
    """A deviation: the product a form says and the one it is held against, before or after controls, how far apart."""

    against: Against
    said: int
    held: float
    after: bool
    value: float


def against_last(form: Form) -> Figure | None:
    """The larger of the differences from last year, before or after controls; none without an answer last year."""
    found = None
    for now, last, after in ((form.before, form.before_last, False), (form.after, form.after_last, True)):
        if last is not None and (found is None or abs(now - last) > found.value):
            found = Figure(Against.LAST, now, last, after, abs(now - last))
    return found


def against_similar(form: Form, similar: Sequence[Form]) -> Figure | None:
    """The difference before controls from the median of the similar processes; one alone is no measure."""
    if len(similar) < 2:
        return None
    held = median([one.before for one in similar])
    return Figure(Against.SIMILAR, form.before, held, False, abs(form.before - held))


def against_facts(form: Form, least: Mapping[Band, int]) -> Figure | None:
    """How far the risk after controls lies below what the weightiest fact asks for; `least` begins each band."""
    if not form.facts:
        return None
    held = max(least[ASKS[fact]] for fact in form.facts)
    return Figure(Against.FACTS, form.after, held, True, max(held - form.after, 0))


VALUE = attrgetter("value")


def neighbours(forms: Iterable[Form]) -> Callable[[Form], list[Form]]:
    """Finds the processes that share most with one: the area, and systems.

    A system that more than half of the processes use tells nothing about likeness and is left out.
    """
    known = list(forms)
    place = {form.id: 1 << at for at, form in enumerate(known)}
    sharing: dict[str, int] = {}
    for form in known:
        for key in (form.area, *form.systems):
            sharing[key] = sharing.get(key, 0) | place[form.id]
    most = len(known) // 2 if len(known) > 3 else len(known)
    telling = {key: those for key, those in sharing.items() if those.bit_count() <= most}

    def similar(form: Form) -> list[Form]:
        """Sets are whole numbers, a bit for each form: a whole queue is asked on one page."""
        keys = [telling[key] for key in (form.area, *sorted(form.systems)) if key in telling]
        shared = [-1] + [0] * len(keys)  # by a number of keys, who has at least so many of them in common
        for those in keys:
            for number in range(len(keys), 0, -1):
                shared[number] |= shared[number - 1] & those
        # Among equals those of the same area come first, in the order of the catalogue.
        found: list[Form] = []
        left = ~place.get(form.id, 0)
        for those in (nearest & key for nearest in reversed(shared[1:]) for key in keys):
            those &= left
            left ^= those
            while those:
                found.append(known[(those & -those).bit_length() - 1])
                if len(found) == NEAREST:
                    return found
                those &= those - 1
        return found

    return similar


def common(form: Form, other: Form) -> list[str]:
    """What two processes have in common: the area, and systems."""
    return [form.area] * (form.area == other.area) + sorted(form.systems & other.systems)


class Deviation(NamedTuple):
    """The figures of a form, and the similar processes that one of them was reckoned from."""

    form: Form
    figures: Mapping[Against, Figure]
    similar: Sequence[Form] = ()

    @property
    def largest(self) -> Figure | None:
        """The figure that speaks most; the first of several that are as large."""
        return max(self.figures.values(), key=VALUE, default=None)

    def by(self, order: Order) -> tuple[float, float]:
        """What the queue is ordered by, and all of it together among equals."""
        values = [figure.value for figure in self.figures.values()]
        if order is Order.LARGEST:
            return max(values, default=0), sum(values)
        figure = self.figures.get(Against(order.value)) if order is not Order.CODE else None
        return (figure.value if figure else 0), sum(values)


def deviations(forms: Sequence[Form], least: Mapping[Band, int], only: int | None = None) -> dict[int, Deviation]:
    """The figures of each form, or of one alone, by its id."""
    similar_to, found = neighbours(forms), {}
    for form in forms if only is None else (one for one in forms if one.id == only):
        similar = similar_to(form)
        figures = (against_last(form), against_similar(form, similar), against_facts(form, least))
        found[form.id] = Deviation(form, {one.against: one for one in figures if one is not None}, similar)
    return found


def ordered(ids: Sequence[int], deviation: Mapping[int, Deviation], order: Order) -> list[int]:
    """The queue: the largest deviation first; what is equal stays in the order of the codes."""
    if order is Order.CODE:
        return list(ids)
    return sorted(ids, key=lambda id: deviation[id].by(order), reverse=True)


def after(ids: Sequence[int], id: int) -> int | None:
    """The form to go on with: the next in the queue, or the first again at its end; none when it was the last."""
    rest = [one for one in ids if one != id]
    if not rest:
        return None
    return rest[ids.index(id)] if id in ids and ids.index(id) < len(rest) else rest[0]
