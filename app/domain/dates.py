"""UK calendar days. Instants are UTC everywhere; a day is a day in the UK."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

UK = ZoneInfo("Europe/London")


def uk_date(at: datetime) -> date:
    """The day in the UK at this instant: 23:30 UTC in July is already tomorrow."""
    return at.astimezone(UK).date()


def in_words(day: date) -> str:
    """The day as people in the UK write it: 2 March 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
