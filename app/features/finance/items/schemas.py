"""Bodies of an item's whole-life ledger."""

from datetime import date

from app.domain.costs import ChargeKind
from app.domain.lifecycle import State
from app.web.shapes import Shape


class ItemLine(Shape):
    """One line of what was charged for an item. `funder` None: the service itself bears it.

    `period`: the month of the books, `2026-03`; `basis`: the arithmetic in words; `recycled`: of an issue, whether it
    was used before; `reversal_of`: the line that this one takes back; `because`: why it was corrected.
    """

    id: int
    kind: ChargeKind
    variant: str
    happened_on: date
    period: str
    funder: str | None
    funder_name: str | None
    percent: float
    quantity: int
    amount_pence: int
    vat_pence: int
    basis: str
    recycled: bool | None
    is_unpriced: bool
    is_provisional: bool
    order: str | None
    reversal_of: int | None
    because: str | None


class FunderSum(Shape):
    """What a funder bore of an item, what it was credited with, and what is left."""

    funder: str | None
    name: str
    borne_pence: int
    credited_pence: int
    net_pence: int


class Arithmetic(Shape):
    """One line of the arithmetic: an amount, or in words what is no amount."""

    label: str
    pence: int | None
    words: str


class RefurbishBody(Shape):
    """Whether to make it fit once more or to replace it: the advice in words, why, and the arithmetic."""

    advice: str
    why: str
    lines: list[Arithmetic]


class ItemLedger(Shape):
    """What an item cost in its whole life.

    `nights`: in use at clients', from the day of each issue until it came back or until today. `nights_charged`: of
    hire, one at least each time that it was out; None where none was charged. `spent_pence`: visits,
    cleaning, inspections, repairs, parts and scrap. `cost_per_night_pence`: what it was bought for and what was spent,
    by nights; None before the first night. `book_value_pence`: what it counts for in the service's books today.
    `of_its_price`: what stands paid of that, by whom, and what is left to the service: that is written off when it is
    lost or scrapped. Empty where it went out before charges began.
    `funders`, `lines`: everything that was charged; what happened before charges began is not there, nor is what was
    put aside with its month: then `put_aside` says so.
    """

    barcode: str
    product_code: str
    product_name: str
    state: State
    received_on: date
    bought_for_pence: int
    times_issued: int
    nights: int
    nights_charged: int | None
    spent_pence: int
    cost_per_night_pence: int | None
    book_value_pence: int
    book_value_because: str
    of_its_price: list[Arithmetic]
    put_aside: str
    funders: list[FunderSum]
    lines: list[ItemLine]
    refurbish: RefurbishBody
