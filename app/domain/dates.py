"""UK calendar days. Instants are UTC everywhere; a day is a day in the UK."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

UK = ZoneInfo("Europe/London")


def uk_date(at: datetime) -> date:
    """The day in the UK at this instant: 23:30 UTC in July is already tomorrow."""
    return at.astimezone(UK).date()
