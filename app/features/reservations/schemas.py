"""Bodies and forms of reservations."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.domain.lifecycle import State
from app.models import ReservationEnd
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Day
from app.web.shapes import Shape

Barcode = Annotated[str, Field(max_length=2000)]


class NewReservation(Body):
    """Keep an item (`barcode`), or the best one of a product (`product_code`, in a `store`), for a client."""

    product_code: Code | None = None
    barcode: Barcode | None = None
    client_ref: Code
    from_: Annotated[Day | None, Field(alias="from")] = None
    until: Day
    store: Code | None = None


class ReservationBody(Shape):
    """A reservation, live until `ended_at`. `state` is the item's; `order_number`: the order that holds it."""

    id: int
    barcode: str
    product_code: str
    product_name: str
    client_ref: str
    from_: Annotated[date, Field(serialization_alias="from")]
    until: date
    state: State
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_because: ReservationEnd | None
    order_number: str | None


class ReservationChange(Body):
    """A new last day."""

    until: Day


class ReserveForm(Shape):
    """A reservation, on its page: of an item or of a product."""

    barcode: Barcode | None = None
    product_code: Code | None = None
    client_ref: Annotated[Code, asked("Enter the reference of the client.")] = needed()
    first_day: Day | None = None
    last_day: Annotated[Day, asked("Enter the last day.")] = needed()
    store: Code | None = None


class ExtendForm(Shape):
    """A new last day, on its page."""

    last_day: Annotated[Day, asked("Enter the new last day.")] = needed()
