"""What reports of money may be asked: of which months or days, and counted under what."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.asked_period import FIRST_YEAR, LAST_YEAR, period_or_days, whole_days
from app.domain.catalogue import find_pairs
from app.domain.costs import OWN_ACCOUNT_TEXT
from app.domain.dates import in_words
from app.domain.errors import BadValue
from app.domain.months import MONTH, last_day, month_in_words, months_after, read_month
from app.domain.panel_settings import financial_year, first_day, year_in_words

MOST_GROUPS: Final = 2000
"""So many rows by two dimensions a page can still show; whoever asks for more wants the lines."""
MOST_OF_ONE: Final = 100_000
"""So many rows by one dimension alone, such as every product of a large catalogue, are always answered."""


class Dimension(StrEnum):
    """What charges can be counted under."""

    FUNDER = "funder"
    COST_CENTRE = "cost_centre"
    TEAM = "team"
    PRESCRIBER = "prescriber"
    PRODUCT = "product"
    CATEGORY = "category"
    CATEGORY_SUBCLASS = "category_subclass"
    CATEGORY_CLASS = "category_class"
    KIND = "kind"
    SPEED = "speed"
    REASON = "reason"
    DISTRICT = "district"
    RECYCLED = "recycled"
    STORE = "store"
    PERIOD = "period"

    @property
    def text(self) -> str:
        """The dimension as people read it."""
        return _TEXT.get(self, self.value.replace("_", " ").capitalize())

    @property
    def nothing(self) -> str:
        """What stands where a charge has none."""
        return _NOTHING.get(self, "Not recorded")


_TEXT: Final = {
    Dimension.CATEGORY: "Category (ISO 9999)",
    Dimension.CATEGORY_SUBCLASS: "Category, first four digits",
    Dimension.CATEGORY_CLASS: "Category, first two digits",
    Dimension.KIND: "Kind of charge",
    Dimension.SPEED: "Speed of delivery or collection",
    Dimension.REASON: "Reason for the order",
    Dimension.DISTRICT: "Postcode district",
    Dimension.RECYCLED: "New or recycled",
    Dimension.PERIOD: "Month",
}
_NOTHING: Final = {
    Dimension.FUNDER: OWN_ACCOUNT_TEXT,
    Dimension.COST_CENTRE: "No cost centre",
    Dimension.TEAM: "No team",
    Dimension.PRESCRIBER: "No prescriber",
    Dimension.PRODUCT: "No one product",
    Dimension.CATEGORY: "No category",
    Dimension.CATEGORY_SUBCLASS: "No category",
    Dimension.CATEGORY_CLASS: "No category",
    Dimension.SPEED: "Neither delivery nor collection",
    Dimension.REASON: "No order",
    Dimension.DISTRICT: "No district",
    Dimension.RECYCLED: "Neither",
    Dimension.STORE: "No store",
}


class By(StrEnum):
    """Which day of a charge counts: the month of the books that it is in, or the day it happened."""

    PERIOD = "period"
    HAPPENED = "happened"


class Quick(StrEnum):
    """Periods that are asked for by name."""

    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    THIS_YEAR = "this_year"
    LAST_YEAR = "last_year"

    @property
    def text(self) -> str:
        """The period as people read it."""
        return self.value.replace("_", " ").replace("year", "financial year").capitalize()


@dataclass(frozen=True, slots=True)
class Span:
    """From one day to another, both included, and which day of a charge it goes by."""

    since: date
    until: date
    by: By = By.PERIOD

    @property
    def words(self) -> str:
        """Of when the figures are."""
        if self.by is By.HAPPENED:
            return f"{_days_in_words(self.since, self.until)}, by the day it happened"
        first, last = month_in_words(self.since), month_in_words(self.until)
        return f"{first if first == last else f'{first} to {last}'}, by the month of the books"


def read_grouping(asked: str) -> tuple[Dimension, ...]:
    """One dimension, or two with a comma between. Raises BadValue `unknown-dimension`, `one-or-two-dimensions`."""
    names = [name.strip() for name in asked.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Dimension)]
    known = ", ".join(Dimension)
    if unknown:
        detail = f"Costs are not counted by “{unknown[0][:40]}”. Those known are: {known}."
        raise BadValue("unknown-dimension", detail, field="group_by")
    if not 1 <= len(names) <= 2 or len(set(names)) < len(names):
        detail = f"Name one dimension, or two different ones with a comma between. Those known are: {known}."
        raise BadValue("one-or-two-dimensions", detail, field="group_by")
    return tuple(Dimension(name) for name in names)


def read_span(*, today: date, period: str = "", since: str = "", until: str = "", by: str = "") -> Span:
    """What was asked: a month (`YYYY-MM`) or one by name, or days; this month when nothing was.

    Whole months go by the books, other days by when it happened, unless `by` says. Raises BadValue `period-or-days`,
    `not-a-period`, `bad-by`, `not-whole-months`, `bad-day` and as `whole_days` does.
    """
    if period and (since or until):
        raise period_or_days()
    if by and by not in set(By):
        raise BadValue("bad-by", f"Figures go by one of: {', '.join(By)}.", field="by")
    if since or until:
        typed = (read_day(day, field=field) if day else None for day, field in ((since, "from"), (until, "to")))
        first, last = whole_days(*typed, today=today)
    else:
        first, last = _named(period or Quick.THIS_MONTH, today)
    is_whole = first.day == 1 and last == last_day(last)
    if by == By.PERIOD and not is_whole:
        detail = (
            "The books know whole months. Ask from the first day of a month to the last of one, or by=happened for "
            "the days on which it happened."
        )
        raise BadValue("not-whole-months", detail, field="from")
    return Span(first, last, By(by) if by else By.PERIOD if is_whole else By.HAPPENED)


def check_whole_months(span: Span) -> None:
    """Where groups of few people are put together: whole months of the books only. Figures of some days could be taken
    from those of others; those by the day it happened from those by the books, which leaves what came late. Raises
    BadValue `whole-months-only`, `by-the-books-only`."""
    if span.by is By.HAPPENED:
        detail = (
            "Where groups of few people are put together, costs go by the month of the books only: figures by the day "
            "it happened could be taken from them, and tell of one person. Leave “by” out, or ask with by=period."
        )
        if span.since.day == 1 and span.until == last_day(span.until):
            raise BadValue("by-the-books-only", detail, field="by")
    if span.since.day != 1 or span.until != last_day(span.until):
        detail = (
            "Where groups of few people are put together, whole months only can be asked for: the figures of some days "
            "could be taken from those of others, and tell of one person. Ask from the first day of a month to the "
            "last of one."
        )
        raise BadValue("whole-months-only", detail, field="from")


def year_span(asked: str, *, today: date) -> tuple[int, Span]:
    """A financial year by the year in which it began, as `2025` or `2025/26`; this one when nothing was asked.

    Raises BadValue `bad-year`.
    """
    year = financial_year(today)
    if asked:
        begun = asked[:4]
        is_year = begun.isascii() and begun.isdigit() and len(begun) == 4 and 2000 <= int(begun) <= 2998
        if not is_year or asked.replace("-", "/") not in {begun, year_in_words(int(begun))}:
            detail = "A financial year is named by the year in which it began, such as 2025 or 2025/26."
            raise BadValue("bad-year", detail, field="year")
        year = int(begun)
    return year, Span(first_day(year), date(year + 1, 3, 31))


def read_day(typed: str, *, field: str) -> date:
    """A day as `YYYY-MM-DD`, of this millennium. Raises BadValue `bad-day`."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        day = date.min
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        detail = f"Write a day of the calendar from the year {FIRST_YEAR} to {LAST_YEAR}, such as 2026-03-31."
        raise BadValue("bad-day", detail, field=field)
    return day


def read_as_at(typed: str, *, today: date) -> date:
    """The day as at which something stood; today, when none is said. Raises BadValue `bad-day`, `not-yet`."""
    if not typed:
        return today
    day = read_day(typed, field="as_at")
    if day > today:
        detail = "Nobody knows yet how it will stand on a day to come. Choose today or a day before."
        raise BadValue("not-yet", detail, field="as_at")
    return day


def not_kept_before(first: date, since: date | None) -> str:
    """What is said of a report that begins before charges were kept; nothing of one that does not."""
    if since is None:
        return "No charge has been recorded yet."
    if first >= since:
        return ""
    return f"Charges are kept from {month_in_words(since)} on. What was spent before that is not in these figures."


def read_category(typed: str) -> str:
    """The beginning of an ISO 9999 code in its one form: `12`, `12 36`, `12 36 03`. Raises BadValue `bad-category`."""
    pairs = find_pairs(typed)
    if not pairs:
        detail = "A category has two, four or six digits of ISO 9999, such as 12, 12 36 or 12 36 03."
        raise BadValue("bad-category", detail, field="category")
    return " ".join(pairs)


def _named(period: str, today: date) -> tuple[date, date]:
    this_month = today.replace(day=1)
    year = financial_year(today)
    known = {
        Quick.THIS_MONTH: this_month,
        Quick.LAST_MONTH: months_after(today, -1),
    }
    if period in {Quick.THIS_YEAR, Quick.LAST_YEAR}:
        begun = year - (period == Quick.LAST_YEAR)
        return first_day(begun), date(begun + 1, 3, 31)
    if period not in known and not MONTH.fullmatch(period):
        detail = f"A period is a month, such as 2026-03, or one of: {', '.join(Quick)}."
        raise BadValue("not-a-period", detail, field="period")
    first = known[Quick(period)] if period in known else read_month(period)
    return first, last_day(first)


def _days_in_words(since: date, until: date) -> str:
    return in_words(since) if since == until else f"{in_words(since)} to {in_words(until)}"
