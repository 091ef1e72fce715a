"""What is due: once a day from its hour on, again when it failed, and every share of the files within a month."""

from datetime import UTC, date, datetime, timedelta

import pytest

from controls.jobs.rules import AGAIN_AFTER, DEAD_AFTER, HOURS, TRIES, Job, Run, State, due, may_run, shares

DAY, NOW = date(2026, 3, 17), datetime(2026, 3, 17, 9, tzinfo=UTC)


def test_each_job_from_its_hour_on() -> None:
    assert due(DAY, 0, {}, NOW) == []
    assert due(DAY, 2, {}, NOW) == [Job.CHECKPOINT, Job.REHASH]
    assert due(DAY, 23, {}, NOW) == sorted(Job, key=lambda job: HOURS[job])
    done = {job: Run(State.DONE, NOW, 1) for job in Job}
    assert due(DAY, 23, done, NOW) == []


@pytest.mark.parametrize(
    ("state", "tries", "ago", "may"),
    [(State.DONE, 1, timedelta(days=1), False), (State.FAILED, 1, AGAIN_AFTER, True),
     (State.FAILED, 1, AGAIN_AFTER - timedelta(seconds=1), False), (State.FAILED, TRIES, timedelta(days=1), False),
     (State.RUNNING, 1, AGAIN_AFTER, False), (State.RUNNING, 1, DEAD_AFTER, True)],
)  # fmt: skip
def test_again(state: State, tries: int, ago: timedelta, may: bool) -> None:
    assert may_run(Run(state, NOW - ago, tries), NOW) is may


@pytest.mark.parametrize("gaps", [[1] * 40, [3, 1, 9, 1, 1, 14, 2, 27], [60], [28, 28]])
def test_no_share_is_left_out_when_nights_are_missed(gaps: list[int]) -> None:
    """Whatever nights are missed, each share is seen within 28 days of the last run before, or at the next run."""
    last, seen = DAY, dict.fromkeys(range(28), DAY)
    for gap in gaps:
        today = last + timedelta(days=gap)
        for share in shares(last, today, 28):
            seen[share] = today
        last = today
        assert min(seen.values()) > today - timedelta(days=28)


def test_the_first_run_sees_everything() -> None:
    assert shares(None, DAY, 28) == frozenset(range(28))
    assert len(shares(DAY - timedelta(days=1), DAY, 28)) == 1
