"""As at which instant a report is told, and when its days begin. Days are those of the UK."""

from datetime import date, datetime, time, timedelta

from app.domain.asked_period import FIRST_YEAR, LAST_YEAR
from app.domain.dates import UK, in_words, uk_date
from app.domain.errors import BadValue


def standing_at(asked: date | datetime | None, *, since: date, now: datetime) -> datetime:
    """The instant up to which what was recorded counts: a day counts whole, nothing said is now.

    Raises BadValue `bad-day`, `as-at-in-the-future`, `as-at-before-it-starts`.
    """
    if asked is None:
        return now
    check_year(asked, "as_at")
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


def check_year(day: date | datetime, field: str) -> None:
    """Raises BadValue `bad-day`."""
    # A datetime is a date; at either end of the calendar there is no day beside it, and no other zone.
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadValue("bad-day", f"Choose a day from the year {FIRST_YEAR} to {LAST_YEAR}.", field=field)
