"""The only room that asks the machine for the time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def machine() -> datetime:
    """The machine's own time, aware, UTC."""
    return datetime.now(UTC)


def shifted(shift: timedelta) -> datetime:
    """The machine's time moved by a demo database's shift."""
    return machine() + shift


def local_day(at: datetime) -> date:
    """The calendar day in Denmark of a moment."""
    return at.astimezone(COPENHAGEN).date()
