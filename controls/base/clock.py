"""The only room that asks the machine for the time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def machine() -> datetime:
    """The machine's own time, aware, UTC."""
    return datetime.now(UTC)


def shifted(shift: timedelta) -> datetime:
    """The machine's time moved by a demo database's shift."""
    return machine() + shift


def midnight_after(day: date) -> datetime:
    """The moment at which a calendar day ends in Denmark."""
    return datetime.combine(day + timedelta(days=1), time(), COPENHAGEN)


def iso_day(text: str) -> date | None:
    """The day that 2026-04-15 names, None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def local_day(at: datetime) -> date:
    """The calendar day in Denmark of a moment."""
    return at.astimezone(COPENHAGEN).date()
