"""The tests of operation: planned, population frozen, sample drawn, items tested, concluded, quality-reviewed."""

import hashlib
from datetime import date, datetime
from functools import partial

from controls.demo import proofs
from controls.demo.reviewing import review
from controls.demo.stage import Row, Stage, add_working_days, number, parts, rows
from controls.effectiveness import actions, queries
from controls.effectiveness.rules import ItemValue, Plan, Population, Verdict
from controls.effectiveness.tables import OperatingTest
from controls.effectiveness.words import Method, Nature, Result, SampleRisk
from controls.evidence import actions as evidence
from controls.identity import queries as identity
from controls.review.words import Outcome


def enter(stage: Stage) -> None:
    """Each test has its day; a shared one refers to another when that has been quality-reviewed."""
    own = [row for row in rows("tests") if row["kind"] == "operating"]
    for row in own:
        name = f"test {row['test_id']}"
        stage.on(row["tested_on"], 10, f"plan of {name}", partial(_plan, stage, row))
        stage.on(row["tested_on"], 10.5, f"population of {name}", partial(_population, stage, row))
        stage.on(row["tested_on"], 11, f"sample of {name}", partial(_draw, stage, row))
        stage.on(row["tested_on"], 13, f"results of {name}", partial(_results, stage, row))
        stage.on(row["tested_on"], 13.5, f"evidence of {name}", partial(_evidence, stage, row))
        stage.on(row["tested_on"], 14, f"conclusion of {name}", partial(_conclude, stage, row))
        stage.on(row["reviewed_on"], 11.5, f"quality review of {name}", partial(_review, stage, row))
    by_id, reviews = {row["test_id"]: row for row in own}, {row["review_id"]: row for row in rows("reviews")}
    for row in (row for row in rows("tests") if row["kind"] == "shared"):
        review_row, referred = reviews[row["review_id"]], by_id[row["refers_to_test_id"]]
        ready = add_working_days(date.fromisoformat(referred["reviewed_on"]), 1)
        on = max(ready, add_working_days(date.fromisoformat(review_row["walkthrough_on"]), 1))
        stage.on(on, 12, f"shared test {row['test_id']}", partial(_refer, stage, row, review_row))


def _plan(stage: Stage, row: Row, at: datetime) -> None:
    plan = Plan(
        Method(row["method"]), SampleRisk(row["sample_risk"]) if row["sample_risk"] else None, row["confidence"],
        row["tolerable_rate"], number(row["expected_exceptions"]), int(row["hours"]),
    )  # fmt: skip
    made = actions.plan_test(
        stage.by(row["tester"], at), review(stage, row["review_id"]), stage.kept("control", row["control_id"]), plan,
        number=row["test_id"],
    )  # fmt: skip
    stage.keep("test", row["test_id"], made.id)


def _population(stage: Stage, row: Row, at: datetime) -> None:
    extractor = identity.person_by_id(stage.person(row["extracted_by"]))
    population = Population(
        int(row["population_size"]), row["population"], row["population_source"], extractor.name if extractor else "",
        at.date(), row["completeness"],
    )  # fmt: skip
    actions.confirm_population(stage.by(row["tester"], at), stage.kept("test", row["test_id"]), None, population)


def _draw(stage: Stage, row: Row, at: datetime) -> None:
    """The demo's seed comes from the test's number, so that every demo database draws alike."""
    seed = hashlib.sha256(row["test_id"].encode()).hexdigest()[:32]
    test = actions.draw(stage.by(row["tester"], at), stage.kept("test", row["test_id"]), None, seed=seed)
    expected = number(row["expected_sample_size"])
    if test.sample_size != expected:
        raise RuntimeError(f"{row['test_id']} drew {test.sample_size} items, {expected} were expected")


def _results(stage: Stage, row: Row, at: datetime) -> None:
    failed = {int(rank) for rank in parts(row["exception_items"])}
    values = [
        ItemValue(rank, Result.EXCEPTION, Nature(row["exception_nature"]), None, row["exception_note"])
        if rank in failed
        else ItemValue(rank, Result.PASS)
        for rank in range(1, int(row["expected_sample_size"]) + 1)
    ]
    actions.record_items(stage.by(row["tester"], at), stage.kept("test", row["test_id"]), values)


def _evidence(stage: Stage, row: Row, at: datetime) -> None:
    """The tester's working sheet: what was drawn and what was seen."""
    id = stage.kept("test", row["test_id"])
    items = [(item.rank, item.item_key, item.result, item.note) for item in queries.items(id) if item.result]
    name, stream, shows = proofs.sheet(row, items)
    period = next(one for one in rows("reviews") if one["review_id"] == row["review_id"])
    evidence.add(
        stage.by(row["tester"], at), stage.organisation(period["organisation"]), OperatingTest.__tablename__, id, name,
        stream, shows, date.fromisoformat(period["period_from"]), date.fromisoformat(period["period_to"]),
        proofs.data_class(row),
    )  # fmt: skip


def _conclude(stage: Stage, row: Row, at: datetime) -> None:
    verdict = Verdict(Outcome(row["outcome"]), row["conclusion"], reason=row["conclusion"], hours=int(row["hours"]))
    actions.conclude(stage.by(row["tester"], at), stage.kept("test", row["test_id"]), None, verdict)


def _review(stage: Stage, row: Row, at: datetime) -> None:
    actions.quality_review(stage.by(row["reviewer"], at), stage.kept("test", row["test_id"]), None)


def _refer(stage: Stage, row: Row, review_row: Row, at: datetime) -> None:
    actions.refer(
        stage.by(review_row["tester"], at), review(stage, row["review_id"]), stage.kept("control", row["control_id"]),
        stage.kept("test", row["refers_to_test_id"]), row["conclusion"], number=row["test_id"],
    )  # fmt: skip
