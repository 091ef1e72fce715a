"""The staffing check against trying every assignment of people, the queue's rules, the first day's steps."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from controls.assessment.words import Band
from controls.rotation.rules import Intervals
from controls.staffing import check, estimate, rules
from controls.staffing.check import Gap, Place, Staff
from controls.staffing.rules import Answered, FirstDay, Key, Step
from controls.staffing.words import Act, Lack, Task

IDS = some.frozensets(some.integers(1, 4), max_size=4)
STAFF = some.builds(
    Staff, owners=IDS, fill=IDS, approve=IDS, test=IDS, quality=IDS, off_s2=IDS, off_s4=IDS, off_s5=IDS,
    acts=some.dictionaries(some.sampled_from(Act), IDS),
)  # fmt: skip
PLACES = some.builds(
    Place, id=some.just(1), owners=IDS, line=IDS, keepers=IDS, visitors=some.dictionaries(some.sampled_from(Task), IDS)
)


def may(place: Place, staff: Staff, task: Task, person: int) -> bool:
    """The rules as security.md says them, one person at a time."""
    role = {
        Task.FILL: person in staff.fill or (person in place.owners and person in staff.owners),
        Task.APPROVE: person in staff.approve, Task.TEST: person in staff.test, Task.QUALITY: person in staff.quality,
    }[task]  # fmt: skip
    visits = task is not Task.FILL and person in (place.visitors or {}).get(task, ())
    line = person in place.owners or person in place.line or person in place.keepers
    s4 = task is not Task.FILL and line and person not in staff.off_s4
    s2 = task is Task.TEST and person in place.keepers and person not in staff.off_s2
    return (role or visits) and not s4 and not s2


@settings(max_examples=60)
@given(PLACES, STAFF)
def test_a_process_lacks_somebody_exactly_when_no_assignment_works(place: Place, staff: Staff) -> None:
    able = check.able(place, staff)
    people = range(1, 5)
    for task in Task:
        assert able.may[task] == {person for person in people if may(place, staff, task, person)}
    works = any(
        all(may(place, staff, task, who) for task, who in zip(Task, team, strict=True))
        and team[0] != team[1] and team[2] != team[3]
        for team in product(people, repeat=4)
    )  # fmt: skip
    assert works == (not able.gaps)
    assert len({gap.task for gap in able.gaps}) == len(able.gaps)


@settings(max_examples=60)
@given(STAFF)
def test_the_year_lacks_somebody_exactly_when_no_three_work(staff: Staff) -> None:
    acts = staff.acts or {}
    works = any(
        record != confirm and (write not in (record, confirm) or write in staff.off_s5)
        for write, record, confirm in product(*(acts.get(act, frozenset()) for act in Act))
    )
    assert works == (not check.lacking(staff))


def test_why_somebody_is_missing() -> None:
    staff = Staff(owners=frozenset({1}), approve=frozenset({2}), test=frozenset({3}), quality=frozenset({3}))
    place = Place(1, owners=frozenset({1, 2}))
    assert check.able(place, staff).gaps == (
        Gap(Task.APPROVE, Lack.LINE), Gap(Task.QUALITY, Lack.SAME, 3),
    )  # fmt: skip
    lent = replace(place, visitors={Task.APPROVE: frozenset({9}), Task.QUALITY: frozenset({9})})
    assert check.able(lent, staff).gaps == ()
    assert check.able(Place(1), staff).gap(Task.FILL) == Gap(Task.FILL, Lack.NOBODY)
    assert check.short([check.able(place, staff), check.able(lent, staff)]) == 1
    assert check.often([check.able(place, staff)] * 3) == [(Task.APPROVE, 3), (Task.QUALITY, 3)]


def test_what_the_proposed_catalogue_takes() -> None:
    """The rule of thumb: 22 a year at least, about 33 by the intervals, 1,400 hours, or 1,050 with light reviews."""
    bands = [Band.HIGH] * 20 + [Band.ELEVATED] * 34 + [Band.MODERATE] * 44 + [Band.LOW] * 12
    assert estimate.estimate(estimate.load(band) for band in bands) == estimate.Estimate(110, 22, 33, 1370, 1060)
    assert estimate.estimate([]) == estimate.Estimate(0, 0, 0, 0, 0)
    assert estimate.load(None) == estimate.Load(12, False) and estimate.load(Band.HIGH, Intervals(high=3)).parts == 20


@pytest.mark.parametrize("text", ["", "reason", "a-b-c", "a-1", "a-1-2-3", "-1-2", "a-٣-1", "a-99999999999-1"])
def test_what_is_no_key(text: str) -> None:
    assert Key.read(text) is None
    assert Key.read(Key("review_control", 7, 0).value) == Key("review_control", 7, 0)


def test_giving_over_needs_something_somebody_and_a_reason() -> None:
    assert rules.why_not_give(1, True, True, "Hun er rejst.") == []
    found = rules.why_not_give(0, False, False, "kort")
    assert [reason.field for reason in found] == ["keys", "to", "reason"]
    assert [r.code for r in rules.why_not_give(1, True, False, "Hun er rejst.")] == ["staffing.not_here"]
    told = [
        rules.why_not_take_over(*case)[0].code for case in ((False, 1, 2, ""), (True, None, 2, ""), (True, 2, 2, ""))
    ]
    assert told == ["staffing.moved", "staffing.no_proposal", "staffing.same_owner"]
    assert rules.why_not_take_over(True, 1, None, "Anne") == []


def test_the_gate_names_the_processes() -> None:
    assert rules.why_not_assess([]) == []
    assert "KRE-1, LON-2" in str(rules.why_not_assess(["KRE-1", "LON-2"])[0])
    many = str(rules.why_not_assess([f"KRE-{n}" for n in range(20)])[0])
    assert many.startswith("20 processes") and "KRE-11 …" in many and "KRE-12" not in many


PEOPLE = [(1, "Anne Koch", "anko"), (2, "Bo Ny", "bony"), (3, "Bo Ny", "bony2")]


@pytest.mark.parametrize(
    ("text", "id", "code"),
    [
        ("", None, ""), ("Anne Koch (anko)", 1, ""), ("  anne   koch ", 1, ""), ("ANKO", 1, ""), ("bony2", 3, ""),
        ("Bo Ny", None, "staffing.two_called"), ("Carl", None, "staffing.no_such_person"),
    ],
)  # fmt: skip
def test_who_is_meant(text: str, id: int | None, code: str) -> None:
    found, reasons = rules.named(text, PEOPLE)
    assert found == id and [reason.code for reason in reasons] == ([code] if code else [])


def test_the_five_steps_in_their_order() -> None:
    new = FirstDay(0, 0, 110, 0, 0, 0, 0, 0, None, None)
    assert new.now is Step.CATALOGUE and new.left == [Step.CATALOGUE, Step.OWNERS, Step.HISTORY, Step.STAFFING]
    taken = replace(new, processes=2, subprocesses=3, kept=3, owned=1)
    assert taken.now is Step.OWNERS
    owned = replace(taken, owned=2, history=Answered(date(2026, 1, 12)))
    assert owned.now is Step.STAFFING and owned.done(Step.HISTORY)
    assert replace(owned, history=None, reviews=4).done(Step.HISTORY)
    ready = replace(owned, staffing=Answered(date(2026, 1, 12), 3))
    assert ready.left == [] and ready.now is Step.OPEN and not ready.done(Step.OPEN)
