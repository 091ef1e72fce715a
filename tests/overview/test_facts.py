"""The facts of later slices beside the form of an assessment."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask

from controls.assessment import queries as assessments
from controls.assessment.facts import Residual
from controls.assessment.words import Band
from controls.base.db import db
from controls.overview.queries import facts_beside
from controls.review.tables import Review
from controls.review.words import DesignOutcome, Outcome, State
from controls.rotation.words import Form
from tests.assessment import year as making
from tests.assessment.year import GOOD, WHY, Year


@pytest.fixture(autouse=True)
def wired() -> Iterator[None]:
    """Only the parts of the year that the form asks for."""
    yield from making.wired()


def test_the_residual_is_that_of_the_last_approved_review(app: Flask) -> None:
    year = Year()
    lower = replace(GOOD.scores, residual_likelihood=2)
    row = year.submit(answers=replace(GOOD, scores=lower, reason_no_key_control=WHY))
    first, second = (line.subprocess_id for line in assessments.lines(row.id))

    def reviewed(subprocess: int, month: int, state: State, operating: Outcome) -> None:
        db.session.add(Review(
            organisation_id=row.organisation_id, number=f"G-{month}", year=2026, subprocess_id=subprocess, state=state,
            form=Form.ORDINARY, approved_at=datetime(2026, month, 1, tzinfo=UTC), conclusion_operating=operating,
            conclusion_design=DesignOutcome.APPROPRIATE, saved_at=making.MARCH, saved_by="Carl",
        ))  # fmt: skip

    reviewed(first, 5, State.ARCHIVED, Outcome.EFFECTIVE)
    reviewed(first, 8, State.APPROVED, Outcome.NOT)
    reviewed(first, 9, State.IN_PROGRESS, Outcome.EFFECTIVE)  # reopened
    reviewed(second, 6, State.APPROVED, Outcome.CANNOT_CONCLUDE)
    db.session.flush()
    assert (row.inherent_band, row.residual_band) == (Band.ELEVATED, Band.MODERATE)
    found = dict(facts_beside(row.process_id, 2026, None).rows)
    assert found["Tested residual risk"] == [Residual("KRE-1.1", Band.ELEVATED, 2026)]
    assert dict(facts_beside(row.process_id, 2025, None).rows)["Tested residual risk"] == []
