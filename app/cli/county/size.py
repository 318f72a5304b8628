"""How big the county is, and on which days it works."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

SHARDS: Final = 2
"""So many parts of the county live side by side, whatever the machine: the same seed makes the same county."""
ISSUES_A_YEAR: Final = 110_000
FIRST_YEAR: Final = 1.4
"""The first year lends more: everybody who has something gets it anew."""
PRODUCTS: Final = 2_000
PRESCRIBERS: Final = 2_000
LEAST, MOST = 0.001, 10.0
"""How large a county can be: 1 is 110,000 issues a year."""
MOST_OF_AN_ORDER: Final = 240_000
"""Pence: what is dearer goes to a panel, and panels are not told of here."""
WEEKDAYS: Final = (1.2, 1.0, 0.95, 0.95, 1.1, 0.0, 0.0)
"""How busy a day of the week is, beside the others."""


@dataclass(frozen=True, slots=True)
class Size:
    """`until`: the day on whose morning the register is opened; nothing has happened on it yet."""

    scale: float
    years: int
    seed: int
    until: date

    @property
    def since(self) -> date:
        """Its first day."""
        return self.until - timedelta(days=round(365.25 * self.years))

    @property
    def products(self) -> int:
        """Lines of the catalogue."""
        return min(max(round(PRODUCTS * self.scale), 60), 5_000)

    @property
    def prescribers(self) -> int:
        """People who may order."""
        return min(max(round(PRESCRIBERS * self.scale), 12), 6_000)

    @property
    def teams(self) -> int:
        """Their teams."""
        return min(max(round(40 * self.scale), 3), 60)

    @property
    def days_of_a_batch(self) -> int:
        """So many days go to the database at once, so that no more than some dozen megabytes wait."""
        return max(1, min(60, int(20 / self.scale)))


def is_working(day: int) -> bool:
    """Whether the stores work on this day (an ordinal): not at weekends, at Christmas and on New Year's Day."""
    return day % 7 in {1, 2, 3, 4, 5} and date.fromordinal(day).strftime("%m%d") not in {"1225", "1226", "0101"}


def calendar(since: int, until: int) -> tuple[list[float], list[int]]:
    """For each day from the first on: how busy it is (0 for a day off), and the first working day from it on."""
    days = range(since, until)
    busy = [WEEKDAYS[date.fromordinal(day).weekday()] if is_working(day) else 0.0 for day in days]
    following: list[int] = []
    working = until
    for day in reversed(days):
        working = day if busy[day - since] else working
        following.append(working)
    return busy, following[::-1]
