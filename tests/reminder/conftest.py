"""The year of these tests: forms are out, one process has an owner and a deputy, two have none."""

import pytest
from flask import Flask

from tests.assessment.conftest import wired
from tests.assessment.year import Year
from tests.photograph import photographed

__all__ = ["wired"]


@pytest.fixture
def year(app: Flask, wired: None) -> Year:
    """A year in which the forms are out."""
    return photographed(Year)()
