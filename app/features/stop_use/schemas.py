"""Bodies and forms of stop-use notices."""

from datetime import datetime
from typing import Annotated

from app.domain.lifecycle import State
from app.domain.stop_use import ItemFault
from app.web.asked import asked, needed
from app.web.fields import Body, Line, Reason
from app.web.shapes import Shape


class StopUseBody(Body):
    """Why the item must not be used any more; `collect`: an urgent collection is asked for at once.

    `item_fault`: whether something is wrong with the item itself. Only `no`, it does not suit this person, leaves it
    without a hold.
    """

    reason: Reason
    item_fault: ItemFault = ItemFault.NOT_KNOWN
    collect: bool = False


class AcknowledgeBody(Body):
    """Who at the care provider's has acknowledged it, and how: by phone, by e-mail."""

    by: Line
    how: Line


class WithdrawBody(Body):
    """Why a notice was a mistake."""

    reason: Reason


class NoticeBody(Shape):
    """A notice. It is open until the item is scanned back (`closed_at`), acknowledged or not, unless it was a mistake
    and is withdrawn.

    `to_phone`: nobody has acknowledged it, and the care provider has no e-mail address, so somebody must phone.
    """

    id: int
    loan_id: int
    barcode: str
    product_name: str
    state: State
    client_ref: str
    reason: str
    item_fault: ItemFault
    order_number: str | None
    given_at: datetime
    given_by: str
    care_provider: str | None
    care_provider_phone: str | None
    told: str | None
    to_phone: bool
    chased_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_how: str | None
    collection_number: str | None
    is_open: bool
    closed_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None


class StoppableLoan(Shape):
    """What a client has, as the page asks about it before its use is stopped."""

    loan_id: int
    barcode: str
    product_name: str
    state: State
    client_ref: str
    care_provider: str | None
    email: str | None
    phone: str | None
    is_open: bool
    notice_id: int | None


class StopUseForm(Shape):
    """Why the item must not be used any more, on its page."""

    reason: Annotated[Reason, asked("Say why it must not be used any more.")] = needed()
    item_fault: Annotated[ItemFault, asked("Choose whether something is wrong with the item itself.")] = needed()
    collect: bool = False


class AcknowledgeForm(Shape):
    """Who has acknowledged it and how, on its page."""

    by: Annotated[Line, asked("Enter who has acknowledged it.")] = needed()
    how: Annotated[Line, asked("Say how they told you.")] = needed()


class WithdrawForm(Shape):
    """Why a notice was a mistake, on its page."""

    reason: Annotated[Reason, asked("Say why it was a mistake.")] = needed()
