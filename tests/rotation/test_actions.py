"""The ledger: what may be written, and the roll recomputed from it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from controls.assessment.words import Band
from controls.base.audit import EventRow
from controls.base.db import transaction
from controls.base.why import Refused
from controls.rotation import actions, queries
from controls.rotation.words import Cover, Degree, Form, Source, Status
from tests.recommendation import scene as stage


@pytest.fixture
def scene(app: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    return stage.build(make, monkeypatch)


def cover(
    scene: Any, code: str, on: date, degree: Degree = Degree.FULL, who: str = "group", at: Any = stage.MAY
) -> Any:
    with transaction():
        return actions.record_coverage(
            scene.by(who, at), scene.agency.id, scene.part[code], on, degree, Form.ORDINARY, Source.REVIEW, "G-2024-01"
        )


def places(scene: Any, year: int = 2026) -> dict[str, Any]:
    return {row.code: row for row in queries.roll(scene.agency.id, year, date(year, 12, 31))}


def test_the_roll_follows_the_ledger_only(scene: Any) -> None:
    found = places(scene)
    assert list(found) == list(stage.CODES)
    assert (found["KRE-1.1"].due, found["KRE-1.1"].status) == (2026, Status.DUE)  # high: 2024 + 3 - 1
    assert (found["LON-1.1"].due, found["LON-1.1"].status) == (2028, Status.NEVER)
    assert found["KRE-1.1"].score == 16 and found["KRE-1.1"].area_code == "KRE"
    cover(scene, "KRE-1.1", date(2025, 11, 3))
    cover(scene, "KRE-1.2", date(2025, 11, 3), Degree.PARTIAL)
    found = places(scene)
    assert (found["KRE-1.1"].due, found["KRE-1.1"].status) == (2028, Status.COVERED)
    assert (found["KRE-1.2"].due, found["KRE-1.2"].status) == (2026, Status.DUE)
    assert places(scene, 2024)["KRE-1.1"].entries == ()
    assert queries.last_full(set(scene.part.values())).keys() == {scene.part["KRE-1.1"]}
    assert len(queries.coverages(scene.agency.id)) == 2
    assert len(queries.of_subprocess(scene.part["KRE-1.2"])) == 1


def test_a_line_of_the_ledger_is_logged(scene: Any, database: Any) -> None:
    row = cover(scene, "KRE-1.1", date(2025, 11, 3))
    events = database.query(EventRow).filter_by(action="rotation.coverage_recorded").all()
    assert [(event.object_id, event.organisation_id) for event in events] == [(row.id, scene.agency.id)]


@pytest.mark.parametrize(
    ("who", "on", "code"),
    [("owner", date(2025, 11, 3), "forbidden"), ("group", date(2026, 6, 1), "rotation.not_yet")],
)
def test_refused(scene: Any, who: str, on: date, code: str) -> None:
    with pytest.raises(Refused) as refused:
        cover(scene, "KRE-1.1", on, who=who)
    assert [reason.code for reason in refused.value.reasons] == [code]
    assert queries.coverages(scene.agency.id) == []


def test_another_organisation_is_refused(scene: Any) -> None:
    with pytest.raises(Refused) as refused, transaction():
        actions.record_coverage(
            scene.by("group"),
            scene.ministry.id,
            scene.part["KRE-1.1"],
            date(2025, 1, 1),
            Degree.FULL,
            Form.LIGHT,
            Source.REVIEW,
            "G",
        )
    assert refused.value.reasons[0].code == "rotation.elsewhere"


def test_imported_history_counts_too(scene: Any) -> None:
    with transaction():
        actions.record_coverage(
            scene.by("group", datetime(2026, 1, 9, tzinfo=UTC)),
            scene.agency.id,
            scene.part["LON-1.1"],
            date(2023, 5, 1),
            Degree.FULL,
            Form.LIGHT,
            Source.IMPORT,
            "Rapport 12/2023",
        )
    row = places(scene)["LON-1.1"]
    assert (row.due, row.covered.form) == (2028, Form.LIGHT)


def test_a_day_stands_as_it_was_recorded_by_its_end(scene: Any) -> None:
    """What is written later, though it counts from before, does not reach the day; the day itself has it all."""
    with transaction():
        actions.record_coverage(
            scene.by("group"), scene.agency.id, scene.part["LON-1.1"], date(2023, 5, 1), Degree.FULL, Form.LIGHT,
            Source.IMPORT, "Rapport 12/2023",
        )  # fmt: skip

    def day(on: date) -> tuple[Any, ...]:
        row = next(row for row in queries.recorded(frozenset({scene.agency.id}), on) if row.part.code == "LON-1.1")
        return row.standing(on).cover, row.bands and row.bands[-1][0].band

    assert day(date(2026, 3, 16)) == (Cover.NEVER, [])
    assert day(date(2026, 5, 19)) == (Cover.NEVER, Band.LOW)
    assert day(date(2026, 5, 20)) == (Cover.LIGHT, Band.LOW)
    was = queries.roll(scene.agency.id, 2025, stage.MAY.date())
    assert len(was) == 4 and not any(row.entries or row.band for row in was)
