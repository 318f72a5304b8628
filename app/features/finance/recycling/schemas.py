"""Bodies of the reports about recycling."""

from datetime import date, datetime

from app.domain.recycling import Basis, Measured, Rate, Ratio
from app.web.shapes import Shape


class RatioBody(Shape):
    """A numerator, a denominator, and what they come to in percent; None where there is nothing to divide by."""

    numerator: int
    denominator: int
    percent: float | None

    @classmethod
    def of(cls, ratio: Ratio) -> "RatioBody":
        """As the rules have it."""
        percent = ratio.percent
        return cls(
            numerator=ratio.numerator,
            denominator=ratio.denominator,
            percent=None if percent is None else float(percent),
        )


class MeasuredBody(Shape):
    """By count in items, by value in pence."""

    by_count: RatioBody
    by_value: RatioBody

    @classmethod
    def of(cls, measured: Measured) -> "MeasuredBody":
        """As the rules have it."""
        return cls(by_count=RatioBody.of(measured.by_count), by_value=RatioBody.of(measured.by_value))


class PublicFigureBody(Shape):
    """What others have published, and where."""

    words: str
    link: str


class Drill(Shape):
    """Where the barcodes of both parts are listed."""

    numerator: str
    denominator: str


class RateBody(Shape):
    """One rate in the whole period, of all items and of those that cost the economic floor or more."""

    rate: Rate
    name: str
    formula: str
    definition: str
    all_items: MeasuredBody
    above_floor: MeasuredBody
    compares_with: list[PublicFigureBody]
    drill: Drill


class MonthBody(Shape):
    """The rates of one month: of all items, and of those that cost the economic floor or more."""

    month: str
    all_items: dict[Rate, MeasuredBody]
    above_floor: dict[Rate, MeasuredBody]


class RatesReport(Shape):
    """The four rates. The same `as_at` gives the same figures for ever."""

    since: date
    until: date
    as_at: datetime
    basis: Basis
    basis_words: str
    value_words: str
    floor_pence: int
    events: dict[str, str]
    rates: list[RateBody]
    months: list[MonthBody]


class CountedItem(Shape):
    """One item that counts: what happened to it, when that was recorded, and what was paid for it."""

    id: int
    barcode: str
    product_code: str
    product: str
    category: str
    happened_on: date
    pence: int


class AvoidedSum(Shape):
    """Recycled issues: what new ones would have cost, what these cost, and the difference. `unpriced`: pieces of work
    that have no rate, and count as nothing. `name`: the category or the month; empty in all. `drill`: where each of its
    issues is listed."""

    name: str
    issues: int
    new_pence: int
    cost_pence: int
    avoided_pence: int
    unpriced: int
    drill: str


class AvoidedReport(Shape):
    """What recycling has avoided in the period."""

    since: date
    until: date
    as_at: datetime
    definition: str
    in_all: AvoidedSum
    by_category: list[AvoidedSum]
    by_month: list[AvoidedSum]
    drill: str


class AvoidedItem(Shape):
    """One recycled issue. `new_from`: where the price of a new one is from, `order` or `item`."""

    id: int
    barcode: str
    product_code: str
    product: str
    category: str
    happened_on: date
    new_pence: int
    new_from: str
    cost_pence: int
    avoided_pence: int
    unpriced: int
