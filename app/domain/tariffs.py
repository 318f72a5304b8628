"""What a rate must be to price anything: one way to price, for something that there is, in months that are open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final

from app.domain.asked_period import FIRST_YEAR
from app.domain.authority import in_pounds
from app.domain.costs import ChargeKind, Step
from app.domain.dates import MONTHS, in_words
from app.domain.errors import BadValue, Conflict
from app.domain.hygiene import Route
from app.domain.inspections import InspectionKind, months_after
from app.domain.loans import CollectionSpeed
from app.domain.ordering import Speed
from app.domain.panel_funding import in_percent

WHOLE: Final = Decimal(100)
MOST_COUNTED: Final = 10_000
"""So many lines of a rate are counted; it stands for more."""
YEARS_AHEAD: Final = 10
"""A rate is agreed for so many years ahead at most. A later day is a slip of the keyboard."""


class FailedVisit(StrEnum):
    """What somebody drove for in vain."""

    DELIVERY = "delivery"
    COLLECTION = "collection"
    INSPECTION = "inspection"


VARIANTS: Final[dict[ChargeKind, type[StrEnum]]] = {
    ChargeKind.DELIVERY: Speed,
    ChargeKind.COLLECTION: CollectionSpeed,
    ChargeKind.FAILED_VISIT: FailedVisit,
    ChargeKind.DECONTAMINATION: Route,
    ChargeKind.INSPECTION: InspectionKind,
}
"""What a rate of a kind can be said more closely for. The others know nothing closer."""
VISITS: Final = frozenset({ChargeKind.DELIVERY, ChargeKind.COLLECTION, ChargeKind.FAILED_VISIT})
"""The kinds that are charged once for a drive, whatever is on the van."""
RATED: Final = tuple(kind for kind in ChargeKind if kind is not ChargeKind.TOP_UP)
"""The kinds that there are rates for: what a person adds is agreed each time."""
HAVE_A_PRICE: Final = frozenset(
    {
        ChargeKind.NEW_PURCHASE,
        ChargeKind.RECYCLED_ISSUE,
        ChargeKind.PARTS,
        ChargeKind.CREDIT,
        ChargeKind.WRITE_OFF,
    }
)
"""The kinds that there is a price to take a percentage of."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate that somebody wants. `product`: a code; `ends_on`: its last day, none for good."""

    kind: ChargeKind
    starts_on: date
    variant: str = ""
    product: str | None = None
    category: str | None = None
    ends_on: date | None = None
    pence: int | None = None
    percent: Decimal | None = None
    taper: tuple[Step, ...] | None = None
    floor_pence: int = 0


@dataclass(frozen=True, slots=True)
class InForce:
    """A rate that there is for the same thing, and its days."""

    id: int
    starts_on: date
    ends_on: date | None


def check_rate(rate: Rate, *, closed: date | None) -> None:
    """Whether the rate can be. `closed`: the newest month that is closed, by its first day.

    Raises BadValue, each at its field, and Conflict `period-closed`.
    """
    if rate.kind not in RATED:
        detail = "What a person adds is agreed each time, and has no rate. Record it as a top-up with the order."
        raise BadValue("no-rate-for-this", detail, field="kind")
    _check_subject(rate)
    _check_price(rate)
    if rate.taper is not None:
        _check_taper(rate.taper)
    if rate.ends_on and rate.ends_on < rate.starts_on:
        detail = "The rate ends before it begins. Its last day must be its first day or later."
        raise BadValue("tariff-ends-before-it-starts", detail, field="ends_on")
    first = first_open_day(closed)
    if first and rate.starts_on < first:
        detail = f"{closed_in_words(closed)} The rate can begin on {in_words(first)} or later."
        raise Conflict("period-closed", detail, field="starts_on")


def check_day(day: date | None, *, today: date, field: str) -> None:
    """Whether a rate can begin or end on that day: from 2000 on, and not more than ten years from now. Raises BadValue
    `tariff-day-out-of-range`."""
    first, last = date(FIRST_YEAR, 1, 1), months_after(today, 12 * YEARS_AHEAD)
    if day is None or first <= day <= last:
        return
    which, otherwise = ("last", ", or none, if it holds for good") if field == "ends_on" else ("first", "")
    detail = (
        f"{in_words(day)} is too {'early' if day < first else 'late'} for the {which} day of a rate. "
        f"Give a day from {in_words(first)} to {in_words(last)}{otherwise}."
    )
    raise BadValue("tariff-day-out-of-range", detail, field=field)


def check_overlap(rate: Rate, others: Iterable[InForce]) -> None:
    """Whether another rate for the same thing is in force on one of its days. Raises Conflict `tariff-overlaps`."""
    for other in sorted(others, key=lambda one: one.starts_on):
        if other.starts_on <= (rate.ends_on or date.max) and rate.starts_on <= (other.ends_on or date.max):
            detail = (
                f"Rate {other.id} for the same thing is in force {days_in_words(other.starts_on, other.ends_on)}. "
                "End it the day before, or replace it."
            )
            raise Conflict("tariff-overlaps", detail, field="starts_on")


def check_end(rate: InForce, ends_on: date, *, closed: date | None) -> None:
    """Whether a rate can end on that day: it is only ever shortened, and never in a month that is closed.

    Raises BadValue `tariff-ends-before-it-starts`, Conflict `tariff-ended` and `period-closed`.
    """
    if ends_on < rate.starts_on:
        detail = f"The rate begins on {in_words(rate.starts_on)}. Its last day must be that day or later."
        raise BadValue("tariff-ends-before-it-starts", detail, field="ends_on")
    if rate.ends_on and ends_on >= rate.ends_on:
        detail = f"The rate ends on {in_words(rate.ends_on)} already. Choose an earlier day, or begin a new rate."
        raise Conflict("tariff-ended", detail, field="ends_on")
    first = first_open_day(closed)
    if first and ends_on < first - timedelta(days=1):
        last = in_words(first - timedelta(days=1))
        detail = f"{closed_in_words(closed)} The rate priced charges in it, so it can end on {last} or later."
        raise Conflict("period-closed", detail, field="ends_on")


def check_withdrawal(rate: InForce, *, today: date, lines: int) -> None:
    """Whether a rate can go as if it had never been: before its first day, and while it has priced nothing.

    Raises Conflict `tariff-began`, `tariff-has-priced`.
    """
    if rate.starts_on <= today:
        detail = (
            f"The rate is in force since {in_words(rate.starts_on)}, and can only be withdrawn before its first day. "
            "End it, or replace it by another one."
        )
        raise Conflict("tariff-began", detail)
    if lines:
        raise Conflict("tariff-has-priced", "The rate has priced charges. End it, or replace it by another one.")


def day_to_replace(rate: InForce, starts_on: date) -> date:
    """The last day of a rate that another one follows on that day. Raises Conflict `starts-the-same-day`."""
    if rate.starts_on == starts_on:
        detail = (
            f"Rate {rate.id} begins on {in_words(starts_on)}, too, and a rate is in force for one day at least. "
            "Let the new one begin a day later."
        )
        raise Conflict("starts-the-same-day", detail, field="starts_on")
    return starts_on - timedelta(days=1)


def end_when_it_goes_on(was_to_end: date | None, following: date | None) -> date | None:
    """The last day of a rate that goes on since the one that replaced it is withdrawn: that which it had, or the day
    before another one for the same thing begins, whichever is first; none for good."""
    before = following - timedelta(days=1) if following else None
    return min((day for day in (was_to_end, before) if day), default=None)


def gap_in_words(ends_on: date, resumes_on: date | None) -> str:
    """The days for which there is no rate, in a sentence."""
    first = in_words(ends_on + timedelta(days=1))
    if resumes_on is None:
        return f"There is no rate from {first} on."
    return f"There is no rate from {first} to {in_words(resumes_on - timedelta(days=1))}."


def staying_in_words(rate: int, lines: int, ends_on: date) -> str:
    """What is said of lines that a rate priced for days after its end, before it was given that end."""
    many = f"{lines:,} {'line' if lines == 1 else 'lines'}{' or more' if lines >= MOST_COUNTED else ''}"
    first = in_words(ends_on + timedelta(days=1))
    return (
        f"{many} of {first} or later {'was' if lines == 1 else 'were'} priced by rate {rate} before it was given its "
        f"end, and {'stays' if lines == 1 else 'stay'} so. To charge the rate that there is now, take each of these "
        "charges back and charge it again, with a reason."
    )


def first_open_day(closed: date | None) -> date | None:
    """The first day that is in no closed month; none where no month is closed."""
    return (closed.replace(day=28) + timedelta(days=4)).replace(day=1) if closed else None


def price_in_words(
    kind: ChargeKind, *, pence: int | None, percent: Decimal | None, taper: Sequence[Step] | None, floor_pence: int
) -> str:
    """The price of a rate as people read it."""
    if pence is not None:
        return f"{in_pounds(pence)}{' a night, one night at least' if kind is ChargeKind.HIRE else ''}"
    if percent is not None:
        said = f"{in_percent(percent)} of {_OF.get(kind, 'the price')}"
    else:
        steps = [
            f"{in_percent(step.percent)} {f'from {step.from_months} months' if step.from_months else 'at first'}"
            for step in taper or ()
        ]
        said = f"{', '.join(steps)}, of {_OF.get(kind, 'the price')}"
    return f"{said}; nothing where the item cost less than {in_pounds(floor_pence)}" if floor_pence else said


def variant_in_words(kind: ChargeKind, variant: str) -> str:
    """The speed, route or kind of inspection, or the first night, as people read it; nothing where it is for all."""
    if not variant:
        return ""
    if kind is ChargeKind.HIRE:
        return f"Nights from {in_words(date.fromisoformat(variant))}"
    known = VARIANTS.get(kind)
    member = next((one for one in known if one.value == variant), None) if known else None
    return str(getattr(member, "text", variant.replace("_", " ").capitalize()))


def days_in_words(starts_on: date, ends_on: date | None) -> str:
    """From one day to another, or for good."""
    return f"from {in_words(starts_on)} {f'to {in_words(ends_on)}' if ends_on else 'on'}"


def closed_in_words(closed: date | None) -> str:
    """Up to which month the books are closed, in a sentence."""
    return f"The books are closed up to {MONTHS[closed.month - 1]} {closed.year}." if closed else ""


_OF: Final = {
    ChargeKind.NEW_PURCHASE: "what the item cost",
    ChargeKind.RECYCLED_ISSUE: "what the item cost",
    ChargeKind.PARTS: "what the parts cost",
    ChargeKind.CREDIT: "what was charged",
    ChargeKind.WRITE_OFF: "what it is worth in the books",
}


def _check_subject(rate: Rate) -> None:
    if rate.product is not None and rate.category is not None:
        detail = "A rate is for a product or for a category, not for both. Leave one of them out."
        raise BadValue("product-or-category", detail, field="category")
    name = rate.kind.text.lower()
    if rate.kind in VISITS and (rate.product is not None or rate.category is not None):
        detail = (
            f"The kind “{name}” is charged once for the drive, whatever is on the van, so its rate is for everything. "
            "Leave product and category out."
        )
        raise BadValue("visit-for-everything", detail, field="category" if rate.product is None else "product_code")
    if rate.kind is ChargeKind.HIRE and rate.product is None:
        detail = "Hire is agreed for a product. Say for which."
        raise BadValue("hire-of-a-product", detail, field="product_code")
    known = [one.value for one in VARIANTS.get(rate.kind, ())]
    if rate.variant and rate.variant not in known:
        right = f"It must be one of {', '.join(known)}, or empty for every one." if known else "Leave it empty."
        detail = f"A rate of the kind “{name}” knows no “{rate.variant}”. {right}"
        raise BadValue("unknown-variant", detail, field="variant")


def _check_price(rate: Rate) -> None:
    ways = sum(one is not None for one in (rate.pence, rate.percent, rate.taper))
    if ways != 1:
        detail = "Say the price in exactly one way: as a fixed amount, as a percentage, or as one that tapers with age."
        raise BadValue("one-way-to-price", detail, field="pence")
    for field in ("pence", "percent", "floor_pence"):
        if (getattr(rate, field) or 0) < 0:
            detail = "A rate is never below zero. Write 0 or more; a credit is counted as one by its kind."
            raise BadValue("tariff-negative", detail, field=field)
    name = rate.kind.text.lower()
    if rate.kind is ChargeKind.HIRE and rate.pence is None:
        raise BadValue("hire-by-the-night", "Hire is a fixed amount for each night. Write it.", field="pence")
    if rate.percent is not None and rate.kind not in HAVE_A_PRICE:
        detail = f"The kind “{name}” has no price to take a percentage of. Write a fixed amount."
        raise BadValue("nothing-to-take-a-percentage-of", detail, field="percent")
    if rate.taper is not None and rate.kind is not ChargeKind.CREDIT:
        detail = f"Only credits taper with age, the kind “{name}” does not. Write a fixed amount."
        raise BadValue("only-credit-tapers", detail, field="taper")
    _check_credit(rate)


def _check_credit(rate: Rate) -> None:
    if rate.kind is ChargeKind.CREDIT and (rate.percent or 0) > WHOLE:
        detail = f"{in_percent(rate.percent or WHOLE)} is more than was charged. A credit is 100 % at most."
        raise BadValue("credit-above-the-charge", detail, field="percent")
    if rate.floor_pence and (rate.kind is not ChargeKind.CREDIT or rate.pence is not None):
        detail = "Only a credit that is a percentage or tapers has a floor. Leave it out."
        raise BadValue("floor-of-credit-only", detail, field="floor_pence")


def _check_taper(taper: Sequence[Step]) -> None:
    if not taper or any(later.from_months <= earlier.from_months for earlier, later in pairwise(taper)):
        detail = "Write each step once, by months, the fewest first: such as 0, 12 and 24 months."
        raise BadValue("taper-not-in-order", detail, field="taper")
    if taper[0].from_months < 0:
        raise BadValue("taper-not-in-order", "Months are counted from 0 on.", field="taper")
    if any(not 0 <= step.percent <= WHOLE for step in taper):
        detail = "Each step of a taper is from 0 % to 100 % of what was charged."
        raise BadValue("bad-percentage", detail, field="taper")
    if any(later.percent >= earlier.percent for earlier, later in pairwise(taper)):
        detail = "Each step must be less than the one before it: what is older is credited less."
        raise BadValue("taper-not-falling", detail, field="taper")
