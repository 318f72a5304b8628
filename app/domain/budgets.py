"""Budgets: how a year's money is spread over its months, how far it is spent, and what the year is likely to come to.

A year is a financial one, from April; its months are numbered from 0 (April). Money is whole pence, net of VAT.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from app.domain.authority import in_pounds
from app.domain.errors import BadValue
from app.domain.panel_settings import FIRST_MONTH, financial_year, year_in_words

MONTHS: Final = 12
MOST_PENCE: Final = 100_000_000_000
"""A thousand million pounds for a year: more is a slip of the hand."""
YEARS_AHEAD: Final = 10
"""Budgets are made for so many years after this one at most: what is later is a slip of the hand."""
ALERT_PERCENT: Final = 80
"""From this part of the year's budget on, finance is told."""
NAMES: Final = (
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "January",
    "February",
    "March",
)


class Level(StrEnum):
    """What finance is told of a budget, once each."""

    MOST_USED = "most_used"
    ALL_USED = "all_used"
    FORECAST_OVER = "forecast_over"

    @property
    def text(self) -> str:
        """The level as people read it."""
        return _LEVEL_TEXT[self]


_LEVEL_TEXT: Final = {
    Level.MOST_USED: f"{ALERT_PERCENT} % used",
    Level.ALL_USED: "Used up",
    Level.FORECAST_OVER: "Forecast over",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a year has gone: `over` months have ended, `begun` ones have begun; `start`: the first in the books."""

    start: int
    over: int
    begun: int


@dataclass(frozen=True, slots=True)
class Books:
    """What the books say of a year: the net sum of each of its months, and what is approved and not yet delivered."""

    months: tuple[int, ...] = (0,) * MONTHS
    committed: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the year is likely to come to, and how that is reckoned, in words."""

    pence: int
    arithmetic: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stands. `due`: its months that have begun; `left`: after what is spent and committed; `variance`:
    what the forecast leaves of it, below zero where the forecast is more."""

    budget: int
    due: int
    actual: int
    committed: int
    forecast: int
    arithmetic: str

    @property
    def used(self) -> int:
        """What is spent and what is committed."""
        return self.actual + self.committed

    @property
    def left(self) -> int:
        """What nobody has spent or promised yet; below zero where it is too much."""
        return self.budget - self.used

    @property
    def variance(self) -> int:
        """The budget without the forecast."""
        return self.budget - self.forecast

    @property
    def used_percent(self) -> int | None:
        """How much of it is used, in whole percent rounded down; nothing for a budget of nothing."""
        return self.used * 100 // self.budget if self.budget else None

    @property
    def levels(self) -> tuple[Level, ...]:
        """Every level that it has reached."""
        is_used = self.used > 0 and self.used * 100 >= self.budget * ALERT_PERCENT
        is_all = self.used > 0 and self.used >= self.budget
        reached = ((Level.MOST_USED, is_used), (Level.ALL_USED, is_all), (Level.FORECAST_OVER, self.variance < 0))
        return tuple(level for level, is_reached in reached if is_reached)

    @property
    def in_words(self) -> str:
        """How it stands, as people say it."""
        if self.left < 0:
            return "Overspent"
        for level in (Level.ALL_USED, Level.FORECAST_OVER, Level.MOST_USED):
            if level in self.levels:
                return level.text
        return "Within budget"


def check_year(year: int, *, today: date) -> None:
    """Whether a budget can be made for the financial year that begins in this one. Raises BadValue
    `budget-year-out-of-range`."""
    last = financial_year(today) + YEARS_AHEAD
    if year > last:
        detail = (
            f"{year_in_words(year)} is too far ahead for a budget. Give a financial year up to {year_in_words(last)}."
        )
        raise BadValue("budget-year-out-of-range", detail, field="year")


def profile(pence: int | None, months: Sequence[int] | None) -> tuple[int, ...]:
    """The months of a budget: as they are given, or the year's sum in equal twelfths.

    Raises BadValue `no-amount`, `twelve-months`, `negative-month`, `months-do-not-add-up`, `budget-too-large`.
    """
    if months is None:
        if pence is None:
            raise BadValue("no-amount", "Say how much it is for the year, or for each of its months.", field="pence")
        if pence < 0:
            raise BadValue("negative-budget", "A budget cannot be below zero.", field="pence")
        return twelfths(pence)
    if len(months) != MONTHS:
        detail = f"{len(months)} months are given. Give all twelve, from April to March, with 0 where there is nothing."
        raise BadValue("twelve-months", detail, field="months")
    if min(months) < 0:
        raise BadValue("negative-month", "A month of a budget cannot be below zero.", field="months")
    if pence is not None and sum(months) != pence:
        detail = f"The months come to {_pounds(sum(months))}, and the year to {_pounds(pence)}. They must be the same."
        raise BadValue("months-do-not-add-up", detail, field="months")
    if sum(months) > MOST_PENCE:
        detail = f"The months come to {_pounds(sum(months))}. A year has {_pounds(MOST_PENCE)} at most."
        raise BadValue("budget-too-large", detail, field="months")
    return tuple(months)


def twelfths(pence: int) -> tuple[int, ...]:
    """A year's sum in equal twelfths; the pennies that are left over go to its first months, so that none is lost."""
    each, left = divmod(pence, MONTHS)
    return tuple(each + (place < left) for place in range(MONTHS))


def months_of(year: int) -> tuple[date, ...]:
    """The first days of the months of a financial year, from April on."""
    return tuple(
        date(year + (FIRST_MONTH - 1 + place) // MONTHS, (FIRST_MONTH - 1 + place) % MONTHS + 1, 1)
        for place in range(MONTHS)
    )


def progress_at(year: int, today: date, *, books_since: date | None) -> Progress:
    """How far a year has gone on that day. `books_since`: the first month in which anything was charged at all."""
    months = months_of(year)
    begun = sum(month <= today for month in months)
    is_running = (today.year, today.month) in {(month.year, month.month) for month in months}
    over = begun - is_running
    before = sum(month < books_since for month in months) if books_since else 0
    return Progress(min(before, over), over, begun)


def forecast(months: Sequence[int], books: Books, progress: Progress) -> Forecast:
    """What is spent, what is committed, and for each month to come the mean of those that are over.

    What is committed stands for the rest of the month that has begun. Where no month is over yet, the months to come
    are taken as the budget has them.
    """
    spent, to_come = sum(books.months), MONTHS - progress.begun
    parts = [f"{_pounds(spent)} spent", f"{_pounds(books.committed)} committed"]
    counted = books.months[progress.start : progress.over]
    rest = 0
    if to_come and counted:
        rate = int((Decimal(sum(counted)) / len(counted)).quantize(Decimal(1), ROUND_HALF_UP))
        rest = rate * to_come
        of = _span(progress.start, progress.over)
        parts.append(f"{to_come} times {_pounds(rate)} for the months to come, the mean of {of}")
    elif to_come:
        rest = sum(months[progress.begun :])
        parts.append(f"{_pounds(rest)} for the months to come, as budgeted, because no month is over yet")
    total = spent + books.committed + rest
    return Forecast(total, f"{' + '.join(parts)} = {_pounds(total)}")


def standing_of(months: Sequence[int], books: Books, progress: Progress) -> Standing:
    """How a budget of these months stands."""
    likely = forecast(months, books, progress)
    return Standing(
        budget=sum(months),
        due=sum(months[: progress.begun]),
        actual=sum(books.months),
        committed=books.committed,
        forecast=likely.pence,
        arithmetic=likely.arithmetic,
    )


def overlap(whole: int | None, teams: Sequence[int]) -> str | None:
    """What is to be said of the budgets of teams against that of their funder, of which they are parts."""
    parts = sum(teams)
    if whole is None or parts <= whole:
        return None
    return (
        f"The budgets of its teams come to {_pounds(parts)}, which is {_pounds(parts - whole)} more than its own of "
        f"{_pounds(whole)}. A team's budget is a part of its funder's."
    )


def _span(start: int, end: int) -> str:
    return NAMES[start] if end - start == 1 else f"{NAMES[start]} to {NAMES[end - 1]}"


def _pounds(pence: int) -> str:
    return f"-{in_pounds(-pence)}" if pence < 0 else in_pounds(pence)
