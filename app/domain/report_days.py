"""The days that a report is about, and as at which instant it is told. Days are those of the UK."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from app.domain.dates import UK, in_words, uk_date
from app.domain.errors import BadValue

MOST_MONTHS: Final = 61
"""Five years and one month: five financial years, and the month beside them."""
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2999


def check_report_days(since: date, until: date) -> None:
    """Raises BadValue `no-such-years`, `ends-before-it-starts`, `period-too-long`."""
    _check_year(since, "from")
    _check_year(until, "to")
    if until < since:
        detail = "The last day is before the first. Give the same day or a later one."
        raise BadValue("ends-before-it-starts", detail, field="to")
    months = (until.year - since.year) * 12 + until.month - since.month
    if months > MOST_MONTHS or (months == MOST_MONTHS and until.day >= since.day):
        detail = (
            "That is too long for one report. Choose five years and a month at most, and ask for the rest after it."
        )
        raise BadValue("period-too-long", detail, field="to")


def standing_at(asked: date | datetime | None, *, since: date, now: datetime) -> datetime:
    """The instant up to which what was recorded counts: a day counts whole, nothing said is now.

    Raises BadValue `no-such-years`, `as-at-in-the-future`, `as-at-before-it-starts`.
    """
    if asked is None:
        return now
    _check_year(asked, "as_at")
    if isinstance(asked, datetime):
        at, day = asked, uk_date(asked)
    else:
        day = asked
        at = now if day == uk_date(now) else midnight(day + timedelta(days=1)) - timedelta(microseconds=1)
    if at > now:
        detail = "Nobody knows yet what will be recorded by then. Give today or an earlier day."
        raise BadValue("as-at-in-the-future", detail, field="as_at")
    if day < since:
        detail = f"By then nothing of these days had happened. Give {in_words(since)} or a later day."
        raise BadValue("as-at-before-it-starts", detail, field="as_at")
    return at


def midnight(day: date) -> datetime:
    """The instant at which a day begins in the UK."""
    return datetime.combine(day, time(), UK)


def months_between(since: date, until: date) -> Iterator[str]:
    """Every month that the days touch, as `YYYY-MM`."""
    for number in range(since.year * 12 + since.month - 1, until.year * 12 + until.month):
        yield f"{number // 12:04}-{number % 12 + 1:02}"


def _check_year(day: date | datetime, field: str) -> None:
    # A datetime is a date; at either end of the calendar there is no day beside it, and no other zone.
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadValue("no-such-years", f"Choose days from {FIRST_YEAR} to {LAST_YEAR}.", field=field)
