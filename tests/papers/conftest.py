"""The year of the workbooks that come back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest
from flask import Flask

from controls.papers import coming_back
from tests.assessment import year as making
from tests.assessment.year import Year
from tests.photograph import photographed


@pytest.fixture
def year(app: Flask) -> Iterator[Year]:
    """A year in which the forms are out, with the assessments' own parts in the published lists.

    Two hundred empty rows in each workbook cost more than all else; four are as good.
    """
    short = {kind: replace(form, adds=min(form.adds, 4)) for kind, form in coming_back.FORMS.items()}
    with contextmanager(making.wired)(), patch.dict(coming_back.FORMS, short):
        yield photographed(Year)()
