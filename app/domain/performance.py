"""How far orders and collections came in time: what is measured, in words, and the days by which it is judged."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.domain.collecting import collect_by
from app.domain.loans import CollectionSpeed
from app.domain.promises import working_days_after

SEVEN: Final = 7
LOOKED_BACK: Final = timedelta(days=60)
"""What was approved, or asked for, so long before is over its working days, whatever holidays there were."""

PROMISED_WORDS: Final = (
    "Orders whose promised day is in the period, by when the last of their pieces was handed over. One that came "
    "before its promised day counts at once, on the day it came. An order that has not come is late once its promised "
    "day is over. The promised day is the one that stands now: working days by speed, counted from the order where all "
    "of it was on the shelf, otherwise from when it was."
)
SEVEN_WORDS: Final = (
    "Of the pieces handed over in the period, those that came within seven working days of the order's approval (of "
    "its submission, where nobody had to agree): Monday to Friday without England's bank holidays. This was once the "
    "national indicator D54."
)
COLLECTION_WORDS: Final = (
    "Items that were to be fetched in the period, within five working days of the request, or one where it is urgent, "
    "by when they left the client's home. It is due then even where a later day was agreed."
)


class Outcome(StrEnum):
    """How it stands with what was due."""

    ON_TIME = "on_time"
    LATE = "late"
    WAITING = "waiting"

    @property
    def text(self) -> str:
        """The outcome as people read it."""
        return {"on_time": "On time", "late": "Late", "waiting": "Not due yet"}[self.value]


class Grouping(StrEnum):
    """What orders are told apart by."""

    SPEED = "speed"
    STORE = "store"
    TEAM = "team"
    MONTH = "month"

    @property
    def text(self) -> str:
        """The grouping as a heading."""
        return self.value.capitalize()


def seventh_days(since: date, until: date, holidays: AbstractSet[date]) -> Iterator[tuple[date, date]]:
    """For each day, the seventh working day after it."""
    for day in _days(since, until):
        yield day, working_days_after(day, SEVEN, holidays)


def collection_days(
    since: date, until: date, holidays: AbstractSet[date]
) -> Iterator[tuple[date, CollectionSpeed, date]]:
    """For each day of a request and each speed, the last day on which it is fetched in time."""
    for day in _days(since, until):
        for speed in CollectionSpeed:
            yield day, speed, collect_by(speed, day, holidays)


def _days(since: date, until: date) -> Iterator[date]:
    for number in range((until - since).days + 1):
        yield since + timedelta(days=number)
