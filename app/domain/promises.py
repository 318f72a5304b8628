"""By which day an order is promised, in working days of England, and whether it is late.

A working day is Monday to Friday and no bank holiday in England (Banking and Financial Dealings Act 1971). The bank
holidays are passed in: they are proclaimed year by year and are not a rule.
"""

from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta

from app.domain.dates import UK
from app.domain.ordering import Speed

CUT_OFF = time(16)
"""In the UK. An order made later than this counts as made on the next working day."""

WORKING_DAYS: dict[Speed, int] = {
    Speed.NEXT_DAY: 1,
    Speed.THREE_DAY: 3,
    Speed.FIVE_DAY: 5,
    Speed.SEVEN_DAY: 7,
}
"""How many working days each speed takes. What is not here is promised for the same calendar day, also at weekends."""

_DAY = timedelta(days=1)
SATURDAY = 5


def is_working_day(day: date, holidays: AbstractSet[date]) -> bool:
    """Whether the store delivers on that day as a rule."""
    return day.weekday() < SATURDAY and day not in holidays


def promised_on(speed: Speed, ordered_at: datetime, holidays: AbstractSet[date]) -> date:
    """The day by which it is promised. `ordered_at` carries its zone; the day and the cut-off are those of the UK.

    An order made on a day off, like one after the cut-off, counts as made on the next working day: otherwise
    Saturday's order would be promised before Friday evening's.
    """
    local = ordered_at.astimezone(UK)
    day = local.date()
    if speed not in WORKING_DAYS:
        return day
    if local.time() > CUT_OFF:
        day += _DAY
    while not is_working_day(day, holidays):
        day += _DAY
    return working_days_after(day, WORKING_DAYS[speed], holidays)


def working_days_after(day: date, count: int, holidays: AbstractSet[date]) -> date:
    """The last of so many working days that follow this day; the day itself for none."""
    while count > 0:
        day += _DAY
        count -= is_working_day(day, holidays)
    return day


def working_days_between(after: date, until: date, holidays: AbstractSet[date]) -> int:
    """How many working days lie after the one day and up to the other, that one included; negative backwards."""
    if until < after:
        return -working_days_between(until, after, holidays)
    days = (after + _DAY * step for step in range(1, (until - after).days + 1))
    return sum(is_working_day(day, holidays) for day in days)


def is_late(promised_on: date, delivered_on: date | None, today: date) -> bool:
    """Whether it came after the promised day, or has not come and that day is over."""
    return (delivered_on or today) > promised_on
