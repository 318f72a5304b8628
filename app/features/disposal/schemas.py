"""Bodies of scrap requests and of disposals."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from app.domain.disposal import Batteries, WasteStream
from app.domain.lifecycle import State
from app.web.asked import asked, needed
from app.web.fields import Body, Line, Reason
from app.web.shapes import Shape


class RequestState(StrEnum):
    """How a scrap request stands."""

    OPEN = "open"
    AGREED = "agreed"
    DECLINED = "declined"

    @property
    def text(self) -> str:
        """The state as people read it."""
        return self.value.capitalize()


class DisposalBody(Shape):
    """The scrap of one item, with what its waste is."""

    id: int
    barcode: str
    product_code: str
    product_name: str
    purchase_price_pence: int
    item_state: State
    store: str
    reason: str
    waste_stream: WasteStream
    batteries: Batteries | None
    reference: str
    asked_at: datetime
    asked_by: str
    agreed_at: datetime | None
    agreed_by: str | None
    scrapped_at: datetime | None


class RequestBody(DisposalBody):
    """A scrap that another person agrees to or declines."""

    state: RequestState
    declined_at: datetime | None
    declined_by: str | None
    decline_reason: str | None


class DeclineBody(Body):
    """Why it is not scrapped."""

    reason: Reason


class ReferenceBody(Body):
    """The reference of the waste transfer or consignment note."""

    reference: Line


class DeclineForm(Shape):
    """Why it is not scrapped."""

    reason: Annotated[Reason, asked("Say why it is not to be scrapped. Who asked is told.")] = needed()


class ReferenceForm(Shape):
    """The reference of the waste transfer or consignment note."""

    reference: Annotated[Line, asked("Enter the number of the note.")] = needed()
