"""The year of these tests."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.assessment import year as making
from tests.assessment.year import Year
from tests.photograph import photographed


@pytest.fixture(autouse=True)
def wired() -> Iterator[None]:
    """Only this slice's own parts in the published lists."""
    yield from making.wired()


@pytest.fixture
def year(app: Flask, wired: None) -> Year:
    """A year in which the forms are out."""
    return photographed(Year)()
