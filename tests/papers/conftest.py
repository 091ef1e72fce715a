"""The year of the workbooks that come back."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from tests.assessment import year as making
from tests.assessment.year import Year
from tests.photograph import photographed


@pytest.fixture
def year(app: Flask) -> Iterator[Year]:
    """A year in which the forms are out, with the assessments' own parts in the published lists."""
    with contextmanager(making.wired)():
        yield photographed(Year)()
