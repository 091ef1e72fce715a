"""The custody of the evidence: classes, new editions, withdrawals by two, holds, and how long a class is kept."""

from datetime import date, datetime
from functools import partial

from controls.demo import proofs
from controls.demo.stage import Row, Stage, day, number, rows
from controls.effectiveness import queries as tests
from controls.effectiveness.tables import OperatingTest
from controls.evidence import actions, queries
from controls.evidence.words import DataClass


def enter(stage: Stage) -> None:
    """Each row happens on its day, and what somebody else decides about it on another."""
    for row in rows("custody"):
        name = f"{row['what']} {row['custody_id']} of evidence"
        act = {"retention": _retain, "add": _add, "replace": _replace, "withdraw": _ask, "hold": _hold}[row["what"]]
        stage.on(row["day"], 12.5, name, partial(act, stage, row))
        if row["decided_on"]:
            end = _lift if row["what"] == "hold" else _decide
            stage.on(row["decided_on"], 12.5, f"end of {name}", partial(end, stage, row))


def _retain(stage: Stage, row: Row, at: datetime) -> None:
    by, organisation = stage.by(row["person"], at), stage.organisation(row["on"])
    actions.set_retention(by, organisation, DataClass(row["data_class"]), number(row["until"]), row["reason"])


def _file(stage: Stage, row: Row) -> queries.File:
    """The file that a row is about: one that an earlier row added, or a test's working sheet as it is now."""
    if ("evidence", row["on"]) in stage.ids:
        id = stage.kept("evidence", row["on"])
        found = queries.by_id(id)
        assert found is not None
        files = queries.of(found.subject_type, [found.subject_id])[found.subject_id]
        return next(file for file in files if file.id == id)
    id = stage.kept("test", row["on"])
    return next(file for file in queries.of(OperatingTest.__tablename__, [id])[id] if file.mark is None)


def _test(row: Row) -> Row:
    return next(test for test in rows("tests") if test["test_id"] == row["on"])


def _period(row: Row) -> tuple[date, date, str]:
    """The period and the organisation of the review that a test belongs to."""
    of = next(one for one in rows("reviews") if one["review_id"] == _test(row)["review_id"])
    return date.fromisoformat(of["period_from"]), date.fromisoformat(of["period_to"]), of["organisation"]


def _add(stage: Stage, row: Row, at: datetime) -> None:
    id, (first, last, organisation) = stage.kept("test", row["on"]), _period(row)
    name, stream = proofs.extract(_test(row), [item.item_key for item in tests.items(id)])
    made = actions.add(
        stage.by(row["person"], at), stage.organisation(organisation), OperatingTest.__tablename__, id, name, stream,
        row["reason"], first, last, DataClass(row["data_class"]),
    )  # fmt: skip
    stage.keep("evidence", row["custody_id"], made.id)


def _replace(stage: Stage, row: Row, at: datetime) -> None:
    old, (first, last, _) = _file(stage, row), _period(row)
    items = [(item.rank, item.item_key, item.result, item.note) for item in tests.items(old.subject_id) if item.result]
    name, stream, shows = proofs.sheet(_test(row), items, at.date(), row["reason"])
    with queries.received(name, stream) as file:
        actions.replace(
            stage.by(row["person"], at), old.id, file, shows, first, last, old.data_class or DataClass.INTERNAL, False,
            row["reason"],
        )  # fmt: skip


def _ask(stage: Stage, row: Row, at: datetime) -> None:
    asked = actions.ask_withdrawal(stage.by(row["person"], at), _file(stage, row).id, row["reason"])
    stage.keep("request", row["custody_id"], asked.id)


def _decide(stage: Stage, row: Row, at: datetime) -> None:
    decide = actions.approve if row["decided"] == "approved" else actions.refuse
    decide(stage.by(row["decided_by"], at), stage.kept("request", row["custody_id"]), None, row["answer"])


def _hold(stage: Stage, row: Row, at: datetime) -> None:
    made = actions.hold(stage.by(row["person"], at), _file(stage, row).id, day(row["until"]), row["reason"])
    stage.keep("hold", row["custody_id"], made.id)


def _lift(stage: Stage, row: Row, at: datetime) -> None:
    actions.lift(stage.by(row["person"], at), stage.kept("hold", row["custody_id"]), None, row["answer"])
