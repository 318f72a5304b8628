"""When the monthly pack of finance is due."""

from collections.abc import Set as AbstractSet
from datetime import date, timedelta

from app.domain.promises import working_days_after


def pack_due(today: date, nth: int, holidays: AbstractSet[date]) -> date | None:
    """The first day of the month whose pack is due: last month's, from this month's `nth` working day on."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1) if today >= working_days_after(last, nth, holidays) else None
