"""Bodies and forms of consignments and minimum levels."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.domain.lifecycle import State
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Paragraph
from app.web.shapes import Shape

Quantity = Annotated[int, Field(ge=1, le=500)]


class ConsignmentState(StrEnum):
    """How far a consignment is, by what is on it."""

    PACKING = "packing"
    ON_ITS_WAY = "on_its_way"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class LineState(StrEnum):
    """What became of one item of a consignment."""

    ON_ITS_WAY = "on_its_way"
    ARRIVED = "arrived"
    CAME_ALONG = "came_along"
    MISSING = "missing"


class WantBody(Body):
    """So many of a product."""

    product_code: Code
    quantity: Quantity


class NewConsignment(Body):
    """From where, to where, and what is wanted on it. Anything may be scanned out; the list is to pack by."""

    from_store: Code
    to_store: Code
    wanted: Annotated[list[WantBody], Field(max_length=100)] = []


class LostBody(Body):
    """An item that never arrived, and what is known of it."""

    barcode: str
    reason: Paragraph


class LevelBody(Body):
    """How many of a product a store should have on its shelf; 0: no minimum."""

    store: Code
    product_code: Code
    minimum: Annotated[int, Field(ge=0, le=500)]


class ConsignmentRow(Shape):
    """One consignment in a list. `late`: how many of those on their way should have arrived."""

    number: str
    from_store: str
    from_name: str
    to_store: str
    to_name: str
    state: ConsignmentState
    made_at: datetime
    made_by: str
    wanted: int
    sent: int
    on_its_way: int
    arrived: int
    late: int


class LineBody(Shape):
    """One item of a consignment. `sent_contaminated`: it was not clean when it left; none where nobody knows.

    `is_wanted`: its product is on the consignment's list, or there is no list.
    """

    barcode: str
    product_code: str
    product_name: str
    line_state: LineState
    state: State
    store: str
    sent_at: datetime | None
    sent_by: str | None
    sent_contaminated: bool | None
    is_wanted: bool
    arrived_at: datetime | None
    arrived_by: str | None
    arrived_store: str | None
    missing_reason: str | None
    is_late: bool


class WantLine(Shape):
    """A product that is wanted on a consignment, and how many were scanned out."""

    product_code: str
    product_name: str
    quantity: int
    sent: int


class ToTake(Shape):
    """A recycled item that may be taken for it, the one whose next examination is furthest away first."""

    barcode: str
    product_name: str
    bay: str | None


class ConsignmentBody(ConsignmentRow):
    """One consignment with everything on it."""

    wants: list[WantLine]
    lines: list[LineBody]
    to_take: list[ToTake]


class StockRow(Shape):
    """A product that has a minimum in a store. `blocked`: on the shelf there, but it may not go out today."""

    store: str
    product_code: str
    product_name: str
    minimum: int
    free: int
    recycled: int
    coming: int
    blocked: int
    store_name: str


class SuggestionBody(Shape):
    """What could go from one store to another; `from_store` None: no store has recycled ones to spare, and `because`
    says what there is."""

    from_store: str | None
    to_store: str
    product_code: str
    product_name: str
    quantity: int
    because: str


class StartForm(Shape):
    """From where and to where, on its page."""

    from_store: Annotated[Code, asked("Choose the store that sends.")] = needed()
    to_store: Annotated[Code, asked("Choose the store that it goes to.")] = needed()


class LostForm(Shape):
    """What is known of an item that never arrived, on its page."""

    barcode: str = ""
    reason: Annotated[Paragraph, asked("Say what was done to find it.")] = needed()


class LevelForm(Shape):
    """A minimum, on its page."""

    store: Annotated[Code, asked("Choose the store.")] = needed()
    product_code: Annotated[Code, asked("Choose the product.")] = needed()
    minimum: Annotated[int, Field(ge=0, le=500), asked("Enter how many, or 0 for no minimum.")] = needed()
