"""Build the demo: mark the empty database, then let five years happen in the order of time."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select

from controls.base import demo
from controls.base.audit import EventRow
from controls.base.clock import COPENHAGEN, local_day
from controls.base.db import db, transaction
from controls.demo import (
    assessing,
    changing,
    deciding,
    describing,
    following,
    keeping,
    people,
    planning,
    recommending,
    reviewing,
    testing,
    visiting,
    years,
)
from controls.demo.stage import Stage
from controls.identity import queries as identity

OPENS = datetime(2026, 6, 8, 8, 0, tzinfo=COPENHAGEN)
"""The moment the demo's clock starts: Monday morning, four days before the forum meets."""

GUIDES = [
    ("Bente Mørk", "coordinator of the working group in STAR"),
    ("Karen Riis", "the group's member in the department, hands over the recommendation"),
    ("Henrik Bundgaard", "chair of the VD-forum"),
    ("Susanne Holm", "secretary of the VD-forum"),
    ("Flemming Krogh", "process owner in STAR, with findings to answer"),
    ("Mette Lindgaard", "controller in STAR, leads and tests reviews"),
    ("Helle Bjerre", "process owner and group in the small agency ALS"),
    ("Birgitte Falk", "auditor, reads everything and the log"),
]

REAL = "This database holds real data; the demo is never written over it. Set KONTROLRUL_DATA to another folder."
HALF = "The demo in this folder was not built to its end. Remove the folder and build the demo again."
PARTS = (
    people, changing, describing, years, assessing, recommending, deciding, reviewing, testing, following, keeping,
    visiting, planning,
)  # fmt: skip


def build(echo: Callable[[str], None]) -> None:
    """Play the demo into an empty database; say so when it is there already, and refuse a real one."""
    stage = Stage()
    for part in PARTS:
        part.enter(stage)
    if db.session.get(demo.DemoMark, 1) is not None:
        if not _complete(stage):
            raise RuntimeError(HALF)
        echo("The demo is already built.")
        return
    if identity.organisations() or _last() is not None:
        raise RuntimeError(REAL)
    with transaction():
        demo.mark()
    echo("Building the demo: five years in three organisations.")
    stage.run(echo)
    echo("The demo is built.")


def _last() -> datetime | None:
    return db.session.scalar(select(func.max(EventRow.at)))


def _complete(stage: Stage) -> bool:
    """A day is played whole or not at all, so the demo is complete when its last day is in the log."""
    last = _last()
    return last is not None and local_day(last) >= max(step.on for step in stage.steps)
