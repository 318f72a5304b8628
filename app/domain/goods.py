"""What may be said of goods that come in: their dates, when two serial numbers are the same, what their label says."""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.domain.dates import in_words
from app.domain.errors import BadValue
from app.domain.labels import normalise
from app.domain.makers_labels import LabelFacts

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


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of goods that have a maker's label; None and empty: nothing was said."""

    quantity: int | None = None
    serial_numbers: Sequence[str] = ()
    lot_number: str | None = None
    udi_di: str | None = None
    manufactured_on: date | None = None
    manufactured_precision: str | None = None


def find_contradictions(said: Said, label: LabelFacts) -> Iterator[BadValue]:
    """Where what was said and what is sure on the label cannot both be true."""
    if said.udi_di and label.udi_di and said.udi_di != label.udi_di:
        yield _contradiction("udi_di", f"the UDI-DI {label.udi_di}", said.udi_di)
    if label.serial_number and said.serial_numbers:
        if serial_key(label.serial_number) not in map(serial_key, said.serial_numbers):
            named = ", ".join(said.serial_numbers[:3])
            yield _contradiction("serial_numbers", f"the serial number {label.serial_number}", named)
    elif label.serial_number and said.quantity and said.quantity > 1:
        detail = f"The label is of one item, {label.serial_number}. Give every serial number, or take in one item."
        yield BadValue("label-contradicts", detail, field="quantity")
    if said.lot_number and label.lot_number and serial_key(said.lot_number) != serial_key(label.lot_number):
        yield _contradiction("lot_number", f"the lot {label.lot_number}", said.lot_number)
    if not _made_at_one_time(said, label):
        made = date_words(label.manufactured_on, label.precision)
        here = date_words(said.manufactured_on, said.manufactured_precision)
        yield _contradiction("manufactured_on", f"that it was made {made}", here)


def fill_in(said: Said, label: LabelFacts) -> Said:
    """What was said, and what is sure on the label where nothing was said."""
    is_dated = said.manufactured_on is not None
    serials = said.serial_numbers or ([label.serial_number] if label.serial_number else [])
    return replace(
        said,
        serial_numbers=serials,
        lot_number=said.lot_number or label.lot_number,
        udi_di=said.udi_di or label.udi_di,
        manufactured_on=said.manufactured_on if is_dated else label.manufactured_on,
        manufactured_precision=said.manufactured_precision if is_dated else label.precision,
    )


def date_words(day: date | None, precision: str | None) -> str:
    """The day of manufacture as far as it is known: 2 March 2026, March 2026."""
    if day is None:
        return ""
    words = in_words(day)
    return {"month": words.split(" ", 1)[1], "year": str(day.year), "week": f"in the week of {words}"}.get(
        precision or "day", words
    )


def span(day: date, precision: str | None) -> tuple[date, date]:
    """The first and the last day that a date of this precision may mean. A week is from Monday to Sunday."""
    if precision == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if precision == "month":
        return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    if precision == "year":
        return date(day.year, 1, 1), date(day.year, 12, 31)
    return day, day


def _made_at_one_time(said: Said, label: LabelFacts) -> bool:
    if said.manufactured_on is None or label.manufactured_on is None:
        return True
    first, last = span(said.manufactured_on, said.manufactured_precision)
    earliest, latest = span(label.manufactured_on, label.precision)
    return first <= latest and earliest <= last


def _contradiction(field: str, on_the_label: str, said: str) -> BadValue:
    detail = f"The maker's label says {on_the_label}, and here it is {said}. Look at the label, and correct this."
    return BadValue("label-contradicts", detail, field=field)
