"""Reads of tests of operation: the page of one control, its items, what a review still lacks, tasks, exports."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select
from sqlalchemy.orm import aliased

from controls.base import task
from controls.base.by import By, Place
from controls.base.db import db, within
from controls.base.why import N_, Reason
from controls.effectiveness import rules
from controls.effectiveness.tables import OperatingTest, SampleItem
from controls.effectiveness.words import Nature, Result, State
from controls.evidence import queries as evidence
from controls.evidence.tables import Binding, Evidence
from controls.identity.permissions import Permission
from controls.review import queries as reviews
from controls.review.tables import Control, DesignTest, Review
from controls.review.words import DesignOutcome, Frequency, Outcome
from controls.review.words import State as ReviewState
from controls.universe.tables import Process, Subprocess

TEST = task.declare(
    "effectiveness.test", N_("Test the operation of {code} {name}"), N_("Test control"), "effectiveness.by_test"
)
REVIEW = task.declare(
    "effectiveness.review", N_("Quality-review the test of {code} {name}"), N_("Review test"), "effectiveness.by_test"
)
Referred = aliased(OperatingTest)


@dataclass(frozen=True)
class Page:
    """All of one control's test in one review."""

    review: Review
    control: Control
    subprocess: Subprocess
    process: Process
    design: DesignTest | None
    test: OperatingTest | None
    broken: Binding | None


@dataclass(frozen=True)
class TestLine:
    """One control's test in a list."""

    __test__ = False

    id: int
    review_id: int
    control_id: int
    control_number: str
    state: State
    outcome: Outcome | None
    sample_size: int | None
    exceptions: int | None
    refers_to_id: int | None


def own_columns() -> tuple[Any, ...]:
    """Who a review is an own object of: process owner and deputy, lead, tester, quality reviewer."""
    return (Process.owner_id, Process.deputy_id, Review.lead_id, Review.tester_id, Review.quality_reviewer_id)


def _readable(by: By) -> ColumnElement[bool]:
    return within(by, Permission.CONTENT_READ, Review.organisation_id, *own_columns(), **reviews.visited())


def show(by: By, review_id: int, control_id: int) -> Page | None:
    """The page of one control in one review, when the reader may see the review."""
    row = db.session.execute(
        select(Review, Control, Subprocess, Process, DesignTest, OperatingTest, Binding)
        .join(Control, and_(Control.id == control_id, Control.organisation_id == Review.organisation_id))
        .join(Subprocess, Subprocess.id == Review.subprocess_id)
        .join(Process, Process.id == Subprocess.process_id)
        .outerjoin(DesignTest, and_(DesignTest.review_id == Review.id, DesignTest.control_id == Control.id))
        .outerjoin(OperatingTest, and_(OperatingTest.review_id == Review.id, OperatingTest.control_id == Control.id))
        .outerjoin(Binding, evidence.broken(OperatingTest))
        .where(Review.id == review_id, _readable(by))
    ).first()
    return None if row is None else Page(*row)


def facts(review_id: int, control_id: int) -> tuple[Review, Control, DesignOutcome | None] | None:
    """Review, control and what the test of design in this review said."""
    row = db.session.execute(
        select(Review, Control, DesignTest.outcome)
        .join(Control, and_(Control.id == control_id, Control.organisation_id == Review.organisation_id))
        .outerjoin(DesignTest, and_(DesignTest.review_id == Review.id, DesignTest.control_id == Control.id))
        .where(Review.id == review_id)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def review_of(test: OperatingTest) -> Review:
    """The review a test belongs to."""
    return db.session.get_one(Review, test.review_id)


def control_of(test: OperatingTest) -> Control:
    """The control that a test is about."""
    return db.session.get_one(Control, test.control_id)


def why_not_quality_review(by: By, test: OperatingTest, review: Review, process: Process) -> list[Reason]:
    """Why the reader may not quality-review a test: its state, S3 and S4."""
    return rules.why_not_quality_review(test.state) or reviews.why_not_sign(by, review, process)


def address(by: By, test_id: int) -> tuple[int, int] | None:
    """Review and control of a test, for its page."""
    row = db.session.execute(
        select(OperatingTest.review_id, OperatingTest.control_id)
        .join(Review, Review.id == OperatingTest.review_id)
        .join(Subprocess, Subprocess.id == Review.subprocess_id)
        .join(Process, Process.id == Subprocess.process_id)
        .where(OperatingTest.id == test_id)
        .where(_readable(by))
    ).first()
    return None if row is None else (row[0], row[1])


def test_of(review_id: int, control_id: int) -> OperatingTest | None:
    """The test of a control in a review."""
    return db.session.scalar(
        select(OperatingTest).where(OperatingTest.review_id == review_id, OperatingTest.control_id == control_id)
    )


def items(test_id: int) -> list[SampleItem]:
    """The drawn items and reserves, by rank."""
    return list(db.session.scalars(select(SampleItem).where(SampleItem.test_id == test_id).order_by(SampleItem.rank)))


def in_line(listed: Iterable[SampleItem]) -> list[SampleItem]:
    """The items to test: the sample, and each reserve that took the place of one that does not apply."""
    return [item for item in listed if not item.reserve or item.replaces_rank is not None]


def figures(test: OperatingTest, listed: Iterable[SampleItem]) -> rules.Figures:
    """What the results say so far."""
    results: list[tuple[Result | None, Nature | None]] = [(item.result, item.nature) for item in in_line(listed)]
    return rules.figures(plan_of(test), test.population_size or 0, test.sample_size or 0, results)


def plan_of(test: OperatingTest) -> rules.Plan:
    """The plan as it stands on the test."""
    return rules.Plan(
        test.method, test.sample_risk, test.confidence, test.tolerable_rate, test.expected_exceptions, test.hours
    )


def control_copy(test: OperatingTest) -> dict[str, Any]:
    """The control as it was when its test was planned."""
    copy: dict[str, Any] = json.loads(test.control_copy)
    return copy


def frequency_of(test: OperatingTest) -> Frequency:
    """How often the control is carried out, by the test's frozen copy."""
    tested = control_copy(test)["frequency"]
    return next(frequency for frequency in Frequency if frequency.value == tested)


def reference_choices(control_id: int, review_id: int) -> list[tuple[OperatingTest, str]]:
    """Quality-reviewed tests of the same control in other reviews with their reviews' numbers, newest first."""
    rows = db.session.execute(
        select(OperatingTest, Review.number).join(Review, Review.id == OperatingTest.review_id)
        .where(OperatingTest.control_id == control_id, OperatingTest.review_id != review_id)
        .where(OperatingTest.state == State.REVIEWED, OperatingTest.refers_to_id.is_(None))
        .order_by(OperatingTest.tested_on.desc(), OperatingTest.id.desc()).limit(10)
    )  # fmt: skip
    return [(test, number) for test, number in rows]


def numbers_used(organisation_id: int, prefix: str) -> list[str]:
    """Numbers of tests of both kinds that begin so; they share one series."""
    found: list[str] = []
    for table in (OperatingTest, DesignTest):
        query = select(table.number).where(table.organisation_id == organisation_id, table.number.startswith(prefix))
        found += db.session.scalars(query)
    return found


def of_review(review_id: int) -> list[TestLine]:
    """The tests of a review, for its page."""
    rows = db.session.execute(
        select(
            OperatingTest.id, OperatingTest.review_id, OperatingTest.control_id, Control.number, OperatingTest.state,
            OperatingTest.outcome, OperatingTest.sample_size, OperatingTest.exceptions, OperatingTest.refers_to_id,
        ).join(Control, Control.id == OperatingTest.control_id)
        .where(OperatingTest.review_id == review_id).order_by(Control.number)
    )  # fmt: skip
    return [TestLine(*row) for row in rows]


def tests_of(review_id: int) -> list[OperatingTest]:
    """The tests of operation of a review."""
    return list(
        db.session.scalars(select(OperatingTest).where(OperatingTest.review_id == review_id).order_by(OperatingTest.id))
    )


def final_of_review(review_id: int) -> dict[str, list[Any]]:
    """The tests of operation and their items that a version of a review is kept with."""
    tests = tests_of(review_id)
    query = select(SampleItem).where(SampleItem.test_id.in_([test.id for test in tests])).order_by(SampleItem.id)
    return {OperatingTest.__tablename__: list(tests), SampleItem.__tablename__: list(db.session.scalars(query))}


def outcome(review_id: int) -> ColumnElement[Any]:
    """What the test of a control in a review concluded (also one that refers), as SQL on the row of the control."""
    query = select(OperatingTest.outcome).where(
        OperatingTest.review_id == review_id, OperatingTest.control_id == Control.id,
        OperatingTest.state.in_((State.CONCLUDED, State.REVIEWED)),
    )  # fmt: skip
    return query.correlate(Control).scalar_subquery()


def untested(review: Review) -> list[Reason]:
    """Gate for approval: every key control whose design held has a quality-reviewed test of operation."""
    rows = db.session.execute(
        select(Control.number, Control.key_control, DesignTest.outcome, OperatingTest.state)
        .select_from(Control)
        .outerjoin(DesignTest, and_(DesignTest.control_id == Control.id, DesignTest.review_id == review.id))
        .outerjoin(OperatingTest, and_(OperatingTest.control_id == Control.id, OperatingTest.review_id == review.id))
        .where(or_(DesignTest.id.is_not(None), OperatingTest.id.is_not(None)))
        .order_by(Control.number)
    )
    reasons = []
    for number, key, design, state in rows:
        if state is None and key and design is DesignOutcome.APPROPRIATE:
            reasons.append(rules.UNTESTED(control=number))
        elif state is not None and state is not State.REVIEWED:
            reasons.append(rules.UNFINISHED(control=number))
    return reasons


def _belongs() -> Select[*tuple[Any, ...]]:
    return (
        select(OperatingTest, *own_columns()).join(Review, Review.id == OperatingTest.review_id)
        .join(Subprocess, Subprocess.id == Review.subprocess_id).join(Process, Process.id == Subprocess.process_id)
    )  # fmt: skip


def _subject(test: OperatingTest, people: Iterable[int | None], more: str = "", at: str = "") -> evidence.Subject:
    own = frozenset(person for person in (test.tester_id, *people) if person is not None)
    link = f"/reviews/{test.review_id}/controls/{test.control_id}{at}"
    return evidence.Subject(test.organisation_id, own, f"{test.number}{more}", link)


def subject_of_test(test_id: int) -> evidence.Subject | None:
    """A test as what evidence proves; it belongs to its tester and the people of its review."""
    found = db.session.execute(_belongs().where(OperatingTest.id == test_id)).first()
    return None if found is None else _subject(found[0], found[1:])


def subject_of_item(item_id: int) -> evidence.Subject | None:
    """A sample item; it belongs to the people of its test."""
    query = _belongs().add_columns(SampleItem.rank).join(SampleItem, SampleItem.test_id == OperatingTest.id)
    found = db.session.execute(query.where(SampleItem.id == item_id)).first()
    if found is None:
        return None
    test, *people, rank = found
    return _subject(test, people, f", {rank}", f"?item={rank}#files")


def places_of_test(test_id: int) -> Iterator[Place]:
    """Where a visitor must be lent to for the evidence of a test."""
    test = db.session.get(OperatingTest, test_id)
    yield from reviews.places_of_review(test.review_id) if test else ()


def places_of_item(item_id: int) -> Iterator[Place]:
    """The same for a sample item."""
    item = db.session.get(SampleItem, item_id)
    yield from places_of_test(item.test_id) if item else ()


def evidence_of_review(review_id: int) -> dict[str, list[int]]:
    """The subjects on which a review's evidence lies: itself, its tests of design and of operation, their items."""
    design = db.session.scalars(select(DesignTest.id).where(DesignTest.review_id == review_id))
    tests = db.session.scalars(select(OperatingTest.id).where(OperatingTest.review_id == review_id)).all()
    return {
        Review.__tablename__: [review_id], DesignTest.__tablename__: list(design), **evidence_of_tests(tests),
    }  # fmt: skip


def evidence_of_tests(test_ids: Sequence[int]) -> dict[str, list[int]]:
    """The subjects on which the evidence of tests of operation lies."""
    items = db.session.scalars(select(SampleItem.id).where(SampleItem.test_id.in_(test_ids))) if test_ids else ()
    return {OperatingTest.__tablename__: list(test_ids), SampleItem.__tablename__: list(items)}


def _review_of_file() -> Any:
    """The review that a file belongs to, through whatever it is tied to (a scalar subquery on the file's row)."""
    item, by_item = aliased(SampleItem), aliased(OperatingTest)
    parts = {
        DesignTest.__tablename__: select(DesignTest.review_id).where(DesignTest.id == Evidence.subject_id),
        OperatingTest.__tablename__: select(OperatingTest.review_id).where(OperatingTest.id == Evidence.subject_id),
        SampleItem.__tablename__: select(by_item.review_id).join(item, item.test_id == by_item.id)
        .where(item.id == Evidence.subject_id),
    }  # fmt: skip
    whens = {name: query.correlate(Evidence).scalar_subquery() for name, query in parts.items()}
    return case({**whens, Review.__tablename__: Evidence.subject_id}, value=Evidence.subject_type)


def kept_while_working() -> ColumnElement[bool]:
    """Files of a review that is still being worked on."""
    return reviews.working(_review_of_file())


def kept_until_covered() -> ColumnElement[bool]:
    """Files of a review that is the last full coverage of its sub-process."""
    return reviews.last_full(_review_of_file())


def tasks(by: By) -> list[Select[Any]]:
    """Tests to go on with (tester) and tests to quality-review (the review's quality reviewer)."""

    def made(kind: task.TaskKind) -> Select[Any]:
        names = (Subprocess.name_da, Subprocess.name_en)
        return (
            task.rows(kind, id=OperatingTest.id, code=Control.number, name_da=names[0], name_en=names[1])
            .select_from(OperatingTest)
            .join(Control, Control.id == OperatingTest.control_id).join(Review, Review.id == OperatingTest.review_id)
            .join(Subprocess, Subprocess.id == Review.subprocess_id)
        )  # fmt: skip

    working = [State.PLANNED, State.POPULATION_CONFIRMED, State.SAMPLE_DRAWN, State.TESTING]
    return [
        made(TEST).where(
            OperatingTest.tester_id == by.own_id, OperatingTest.state.in_(working),
            Review.state.in_(rules.OPEN_REVIEWS),
        ),
        made(REVIEW).where(
            Review.quality_reviewer_id == by.own_id, OperatingTest.state == State.CONCLUDED,
            Review.state.not_in([ReviewState.SUSPENDED, ReviewState.DEFERRED]),
        ),
    ]  # fmt: skip


def tests_for_export(organisation_ids: Sequence[int] | frozenset[int]) -> Iterator[tuple[OperatingTest, str, str]]:
    """Tests with the numbers of their review and control, in the order of the workbook."""
    query = (
        select(OperatingTest, Review.number, Control.number)
        .join(Review, Review.id == OperatingTest.review_id).join(Control, Control.id == OperatingTest.control_id)
        .where(OperatingTest.organisation_id.in_(organisation_ids)).order_by(OperatingTest.number, OperatingTest.id)
    )  # fmt: skip
    yield from db.session.execute(query.execution_options(yield_per=500)).tuples()


def items_for_export(organisation_ids: Sequence[int] | frozenset[int]) -> Iterator[tuple[SampleItem, str]]:
    """Sample items in line with their test's number, reserves not in use left out."""
    query = (
        select(SampleItem, OperatingTest.number).join(OperatingTest, OperatingTest.id == SampleItem.test_id)
        .where(SampleItem.organisation_id.in_(organisation_ids))
        .where(or_(SampleItem.reserve.is_(False), SampleItem.replaces_rank.is_not(None)))
        .order_by(OperatingTest.number, OperatingTest.id, SampleItem.rank)
    )  # fmt: skip
    yield from db.session.execute(query.execution_options(yield_per=500)).tuples()
