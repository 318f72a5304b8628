"""What is asked of the lists of orders, and their lines: all orders, the pick list, what comes back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from app.domain.loans import LoanKind
from app.domain.ordering import OrderReason, OrderState, Speed
from app.web.shapes import Shape


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list; what is not asked for is not looked at."""

    state: OrderState | None = None
    mine: Annotated[bool, Query(description="Those that you made.")] = False
    client_ref: Annotated[str | None, Query(max_length=40)] = None
    awaiting_me: Annotated[bool, Query(description="Those that you can authorise now.")] = False
    late: Annotated[bool, Query(description="Submitted, not delivered, and the promised day is over.")] = False
    due_on: Annotated[date | None, Query(description="Still to be delivered, and promised for this day.")] = None
    undated: Annotated[bool, Query(description="Still to be delivered, and promised for no day yet.")] = False
    failed_visit: Annotated[bool, Query(description="Still to be delivered, and the last visit failed.")] = False


class OrderLineRow(Shape):
    """An order in a list."""

    id: Annotated[int, Field(exclude=True)]
    number: str
    state: OrderState
    client_ref: str
    client_name: str
    funder: str
    team: str
    store: str
    speed: Speed
    reason: OrderReason
    made_at: datetime
    made_by: str
    made_by_name: str
    submitted_at: datetime | None
    promised_on: date | None
    delivered_on: date | None
    is_late: bool
    last_visit_failed: bool
    products: str
    pieces: int
    value_pence: int


class ComingBack(Shape):
    """One piece that is with the driver and is not to be handed over, and why."""

    number: str
    barcode: str
    product_name: str
    store: str
    because: str


class PickRow(Shape):
    """One piece to pick. `is_allocated`: the store has committed itself to the order. `not_answered`: warnings that
    nobody has answered. `label_wanted`: its label may say more than it carries, so it goes out with a new one."""

    number: str
    client_ref: str
    promised_on: date | None
    is_late: bool
    is_allocated: bool
    speed: Speed
    barcode: str
    product_code: str
    product_name: str
    store: str
    bay: str | None
    kind: LoanKind
    label_wanted: bool
    not_answered: list[str]


class RunRow(Shape):
    """A piece that is with the driver, and for which order."""

    barcode: str
    product_name: str
    order: str
