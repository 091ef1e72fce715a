"""A year of three submitted forms that the group calibrates."""

import pytest
from flask import Flask

from controls.wheel.words import State as Phase
from tests.assessment.conftest import wired
from tests.assessment.year import GOOD, Year
from tests.photograph import photographed

__all__ = ["wired"]


def _calibrating() -> Year:
    year = Year()
    year.submit("KRE-1", who=year.controller)
    year.submit("KRE-3")
    year.submit("LON-1", GOOD)
    year.go_to(Phase.CALIBRATING)
    return year


@pytest.fixture
def year(app: Flask, wired: None) -> Year:
    """Three forms wait for the group."""
    return photographed(_calibrating)()
