"""Days, weeks, months and years as safety notices write them. Nothing is guessed."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.domain.dates import in_words
from app.domain.goods import span

OLDEST_DAY, NEWEST_DAY = date(1900, 1, 1), date(2199, 12, 31)
_FORMS: Final = (
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "{}", "day"),
    (re.compile(r"[0-9]{4}-W[0-9]{2}"), "{}-1", "week"),
    (re.compile(r"[0-9]{4}-[0-9]{2}"), "{}-01", "month"),
    (re.compile(r"[0-9]{4}"), "{}-01-01", "year"),
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, week, month or year as the notice says it: its first and last day, and how it was written."""

    first: date
    last: date
    written: str

    def text(self) -> str:
        """As people read it."""
        if self.first == self.last:
            return in_words(self.first)
        if len(self.written) == 4:
            return self.written
        words = in_words(self.first)
        return f"the week of {words}" if "W" in self.written else words.split(" ", 1)[1]


def read_day(raw: str) -> Day | None:
    """`2008-05-12`, `2008-05`, `2008-W20` or `2008`; None for all else, and for what lies centuries away."""
    written = raw.strip()
    for form, whole, precision in _FORMS:
        if form.fullmatch(written):
            try:
                first, last = span(date.fromisoformat(whole.format(written)), precision)
            except ValueError:
                return None
            return Day(first, last, written) if first >= OLDEST_DAY and last <= NEWEST_DAY else None
    return None


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 28 February for 29 February where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
