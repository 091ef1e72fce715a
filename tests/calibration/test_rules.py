"""Deviations: each figure by its formula, who is similar, and the order of the queue."""

import pytest

from controls.assessment.scales import STANDARD, spans
from controls.calibration import rules
from controls.calibration.rules import Against, Fact, Form, Order

LEAST = {span.band: span.least for span in spans(STANDARD)}
FORM = Form(1, "KRE-1", "KRE", frozenset({"Navision Stat"}), before=12, after=6, before_last=9, after_last=6)


def test_last_year_counts_where_it_moved_most() -> None:
    before = rules.against_last(FORM)
    assert before is not None and (before.said, before.held, before.after, before.value) == (12, 9, False, 3)
    after = rules.against_last(FORM._replace(after_last=20))
    assert after is not None and (after.said, after.held, after.after, after.value) == (6, 20, True, 14)
    assert rules.against_last(FORM._replace(before_last=None, after_last=None)) is None


def test_the_median_of_similar_processes_two_at_least() -> None:
    others = [FORM._replace(id=n, before=product) for n, product in ((2, 4), (3, 9), (4, 20))]
    figure = rules.against_similar(FORM, others)
    assert figure is not None and (figure.said, figure.held, figure.value) == (12, 9, 3)
    even = rules.against_similar(FORM, others[:2])
    assert even is not None and even.held == 6.5 and even.value == 5.5
    assert rules.against_similar(FORM, others[:1]) is None


@pytest.mark.parametrize(
    ("facts", "after", "value"),
    [({Fact.MATERIAL: 1}, 6, 4), ({Fact.SIGNIFICANT: 3}, 4, 1), ({Fact.SIGNIFICANT: 1, Fact.NOT_EFFECTIVE: 2}, 4, 6),
     ({Fact.DESIGN: 1}, 20, 0), ({Fact.PARTLY: 1}, 5, 0)],
)  # fmt: skip
def test_facts_ask_for_at_least_a_band(facts: dict[Fact, int], after: int, value: int) -> None:
    """10 is where Elevated begins, 5 where Moderate does; a form that says more than the facts ask is never off."""
    figure = rules.against_facts(FORM._replace(after=after, facts=facts), LEAST)
    assert figure is not None and figure.value == value
    assert rules.against_facts(FORM, LEAST) is None


def test_similar_share_area_or_system_and_the_nearest_count() -> None:
    forms = [
        FORM._replace(id=1, code="KRE-1", area="KRE", systems=frozenset({"Bank", "All"})),
        FORM._replace(id=2, code="KRE-2", area="KRE", systems=frozenset({"All"})),
        FORM._replace(id=3, code="LIK-1", area="LIK", systems=frozenset({"Bank", "All"}), before=20),
        FORM._replace(id=4, code="KRE-3", area="KRE", systems=frozenset({"Bank"})),
        FORM._replace(id=5, code="LON-1", area="LON", systems=frozenset({"All"})),
        FORM._replace(id=6, code="REJ-1", area="REJ", systems=frozenset()),
    ]
    found = rules.neighbours(forms)(forms[0])
    assert [(one.code, rules.common(forms[0], one)) for one in found] == [
        ("KRE-3", ["KRE", "Bank"]), ("KRE-2", ["KRE", "All"]), ("LIK-1", ["All", "Bank"]),
    ]  # fmt: skip
    assert rules.neighbours(forms)(forms[5]) == []
    many = [
        FORM._replace(id=n, code=f"KRE-{n}", area="A" if n < 8 else f"B{n}", systems=frozenset()) for n in range(20)
    ]
    assert len(rules.neighbours(many)(many[0])) == rules.NEAREST


def test_the_largest_deviation_stands_first_and_equals_keep_the_order_of_codes() -> None:
    forms = [
        FORM._replace(id=1, before=9, area="A", systems=frozenset()),
        FORM._replace(id=2, before=20, area="B", systems=frozenset()),
        FORM._replace(id=3, before=9, after=4, area="C", systems=frozenset(), after_last=4, facts={Fact.MATERIAL: 1}),
        FORM._replace(id=4, before=9, area="D", systems=frozenset()),
    ]
    found = rules.deviations(forms, LEAST)
    ids = [form.id for form in forms]
    assert rules.ordered(ids, found, Order.LARGEST) == [2, 3, 1, 4]
    assert rules.ordered(ids, found, Order.FACTS) == [3, 2, 1, 4]
    assert rules.ordered(ids, found, Order.CODE) == ids
    assert found[2].largest is found[2].figures[Against.LAST] and found[3].largest is found[3].figures[Against.FACTS]


def test_going_on_takes_the_next_and_begins_again_at_the_end() -> None:
    assert rules.after([1, 2, 3], 1) == 2
    assert rules.after([1, 2, 3], 3) == 1
    assert rules.after([3], 3) is None and rules.after([], 9) is None
    assert rules.after([1, 2], 9) == 1
