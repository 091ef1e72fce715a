"""Working days of a Danish office, and the default dates of a control year."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

DAY = timedelta(days=1)
LAST_STORE_BEDEDAG = 2023


def easter(year: int) -> date:
    """Easter Sunday (the Gregorian computus of Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    month = (h + weekday - 7 * m + 90) // 25
    return date(year, month, (h + weekday - 7 * m + 33 * month + 19) % 32)


@cache
def holidays(year: int) -> frozenset[date]:
    """Danish public holidays; store bededag was abolished from 2024 (lov nr. 214 af 6. marts 2023)."""
    sunday = easter(year)
    moving = [-3, -2, 0, 1, 39, 49, 50] + ([26] if year <= LAST_STORE_BEDEDAG else [])
    fixed = [(1, 1), (12, 25), (12, 26)]
    return frozenset([sunday + n * DAY for n in moving] + [date(year, month, day) for month, day in fixed])


def closed_days(year: int) -> frozenset[date]:
    """Days on which a state office is closed although they are no public holidays."""
    return frozenset({date(year, 6, 5), date(year, 12, 24), date(year, 12, 31)})


def working_day(day: date) -> bool:
    """Whether the office is open."""
    return day.weekday() < 5 and day not in holidays(day.year) and day not in closed_days(day.year)


def on_or_after(day: date) -> date:
    """The day itself, or the first working day after it."""
    while not working_day(day):
        day += DAY
    return day


def on_or_before(day: date) -> date:
    """The day itself, or the last working day before it."""
    while not working_day(day):
        day -= DAY
    return day


def add_working_days(day: date, number: int) -> date:
    """So many working days later (or earlier, when the number is negative)."""
    step = DAY if number > 0 else -DAY
    for _ in range(abs(number)):
        day += step
        while not working_day(day):
            day += step
    return day


def working_days_between(first: date, last: date) -> int:
    """Working days after the first day, up to and with the last."""
    return sum(working_day(first + n * DAY) for n in range(1, (last - first).days + 1))


def deadline(day: date) -> date:
    """A deadline on a working day, moved ahead of Easter week when it falls in it."""
    sunday = easter(day.year)
    if sunday - 6 * DAY <= day <= sunday + DAY:
        day = sunday - 9 * DAY
    return on_or_before(day)


@dataclass(frozen=True)
class Dates:
    """The planned days of a control year."""

    opened_on: date
    parameters_locked_on: date
    assessing_from: date
    assess_deadline: date
    calibrating_from: date
    approve_deadline: date
    recommended_on: date
    meeting_on: date
    decided_on: date
    reviewing_from: date
    review_deadline: date
    reported_on: date
    closed_on: date


FIELDS: tuple[str, ...] = tuple(Dates.__dataclass_fields__)


def _weekday_of(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (number - 1)) * DAY


def default_dates(year: int) -> Dates:
    """The year template: risk assessments in March, calibration in April, forum in June, reviews until November."""
    meeting = on_or_before(_weekday_of(year, 6, 4, 2))
    return Dates(
        opened_on=on_or_after(_weekday_of(year, 1, 0, 2)),
        parameters_locked_on=deadline(date(year, 1, 31)),
        assessing_from=on_or_after(date(year, 3, 1)),
        assess_deadline=deadline(date(year, 3, 31)),
        calibrating_from=on_or_after(date(year, 4, 7)),
        approve_deadline=deadline(date(year, 4, 30)),
        recommended_on=min(on_or_before(date(year, 5, 31)), add_working_days(meeting, -5)),
        meeting_on=meeting,
        decided_on=add_working_days(meeting, 3),
        reviewing_from=on_or_after(date(year, 8, 1)),
        review_deadline=deadline(date(year, 11, 30)),
        reported_on=on_or_after(date(year, 12, 10)),
        closed_on=on_or_after(date(year, 12, 16)),
    )
