"""What may be said of goods that come in: their dates, and when two serial numbers are the same."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from app.domain.errors import BadValue
from app.domain.labels import normalise

OLDEST = date(1950, 1, 1)

DATES: dict[str, str] = {
    "received_on": "The day it came in",
    "manufactured_on": "The day it was made",
    "dispatched_on": "The day it was sent",
}


def find_date_faults(
    dates: Mapping[str, date | None], *, today: date, precision: str | None = None
) -> Iterator[BadValue]:
    """What is wrong with the dates of goods, by the names in `DATES`; those that are not known are left out or None.

    `precision`: how exactly the day of making is known: day, week, month or year. It is then only held to what was
    said, so that what was made in November may come in on the 20th, though the day that stands for it is the 25th.
    """
    made_on = dates.get("manufactured_on")
    first = first_day(made_on, precision) if made_on else None
    dates = {**dates, "manufactured_on": first}
    for field, words in DATES.items():
        day = dates.get(field)
        if day and day > today:
            yield BadValue("date-in-the-future", f"{words} cannot be after today.", field=field)
        if day and day < OLDEST:
            yield BadValue("date-too-old", f"{words} must be {OLDEST.year} or later.", field=field)
    came, made, sent = (dates.get(field) for field in DATES)
    if came and made and made > came:
        yield BadValue("made-after-it-came", "It cannot have been made after it came in.", field="manufactured_on")
    if came and sent and sent > came:
        yield BadValue("sent-after-it-came", "It cannot have been sent after it came in.", field="dispatched_on")
    if made and sent and made > sent:
        yield BadValue("sent-before-it-was-made", "It cannot have been sent before it was made.", field="dispatched_on")


def first_day(day: date, precision: str | None) -> date:
    """The first day of the week (from Monday), month or year in which the day lies; itself when it is exact."""
    if precision == "week":
        return day - timedelta(days=min(day.weekday(), (day - date.min).days))
    if precision == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if precision == "year" else day


def serial_key(serial_number: str) -> str:
    """The serial number without case, blanks and dashes: two with the same key are the same. Leading zeros count."""
    return normalise(serial_number).casefold()
