"""Facts that have changed, and what they take out of the copy."""

from dataclasses import replace

import pytest

from controls.assessment.facts import TOUCHED, Seen, checksum, moved, offered
from controls.assessment.words import Copied, Moved

THEN = Seen(1_000, 7, checksum("Navision Stat"))


@pytest.mark.parametrize(
    ("now", "findings", "expected"),
    [
        (THEN, 0, []),
        (THEN, 1, [Moved.FINDING]),
        (replace(THEN, systems=checksum(" navision  STAT")), 0, []),
        (replace(THEN, systems=checksum("SAP")), 0, [Moved.SYSTEM]),
        (replace(THEN, owner_id=None), 0, [Moved.OWNER]),
        (replace(THEN, amount_ore=1_250), 0, []),
        (replace(THEN, amount_ore=1_251), 0, [Moved.AMOUNT]),
        (replace(THEN, amount_ore=750), 0, []),
        (replace(THEN, amount_ore=749), 0, [Moved.AMOUNT]),
        (replace(THEN, amount_ore=None), 0, []),
        (Seen(9_000, 8, checksum("SAP")), 2, list(Moved)),
    ],
)
def test_moved(now: Seen, findings: int, expected: list[Moved]) -> None:
    assert moved(THEN, now, findings) == expected


def test_nothing_was_kept_of_the_years_before() -> None:
    assert moved(Seen(None, None, ""), THEN, 0) == []


def test_what_is_offered() -> None:
    assert offered([]) == set(Copied) and offered([Moved.OWNER]) == set() == offered(list(Moved))
    assert offered([Moved.AMOUNT, Moved.FINDING]) == {Copied.INHERENT_LIKELIHOOD}
    assert all(TOUCHED[fact] for fact in Moved)
