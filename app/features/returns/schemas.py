"""Bodies of the returns desk. What a batch of scans looks like is in `web/scan_bodies.py`."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.domain.lifecycle import Move, State, can_move
from app.domain.whereabouts import Whereabouts
from app.models import ScanKind
from app.web.asked import asked, needed
from app.web.fields import BIGGEST_ID, Body, Code, Day, Paragraph, Reason
from app.web.shapes import Shape


class ReconcileBody(Body):
    """What was done about the scan."""

    note: Paragraph


class FoundBody(Body):
    """Where it turned up, and how."""

    store: Code
    reason: Paragraph


class FoundItem(Shape):
    """A found item."""

    barcode: str
    state: State


class WhereaboutsBody(Body):
    """What somebody found out about an item whose whereabouts were in question."""

    decision: Whereabouts
    reason: Reason


class SettledItem(Shape):
    """An item whose whereabouts are in question no more."""

    barcode: str
    state: State
    store: str


class WhereaboutsForm(Shape):
    """The same on its page, where each answer has its button."""

    decision: Annotated[Whereabouts, asked("Press the button that says what happened.")] = needed()
    reason: Annotated[Reason, asked("Say how you know.")] = needed()


class ReconcileForm(Shape):
    """What was done about the scans that are ticked, on their page."""

    numbers: Annotated[
        list[Annotated[int, Field(ge=1, le=BIGGEST_ID)]],
        Field(max_length=100),
        asked("Tick the scans that you have dealt with."),
    ] = needed()
    note: Annotated[Paragraph, asked("Say what was done about them.")] = needed()


class UnmatchedForm(Shape):
    """Which scans to reconcile are wanted, on their page: from the first day to the last."""

    store: str | None = None
    since: Day | None = None
    until: Day | None = None


class FoundForm(Shape):
    """Where it turned up, on its page."""

    store: Annotated[str, asked("Choose the store that it is in now.")] = needed()
    reason: Annotated[Paragraph, asked("Say where it was found, and how.")] = needed()


class MissingItem(Shape):
    """An item as far as finding it asks."""

    barcode: str
    product_name: str
    state: State

    def can(self, move: Move) -> bool:
        """Whether the lifecycle has this move from where the item stands."""
        return can_move(self.state, move)


class UnmatchedScan(Shape):
    """A scan to reconcile. `handed_to`, `order_number`: what a delivery was scanned with. `scanned_into`: the
    stocktake or consignment that it was of. `in_question`: the item is held until somebody says where it was.

    `device_scanned_at`: what the device said of `scanned_at`, where its clock was wrong.
    """

    number: int
    kind: ScanKind
    raw: str
    handed_to: str | None
    order_number: str | None
    scanned_into: str | None
    device_scanned_at: datetime | None
    store: str
    received_at: datetime
    received_by: str
    scanned_at: datetime | None
    outcome: str
    code: str | None
    detail: str | None
    barcode: str | None
    product_name: str | None
    in_question: bool
    reconciled_by: str | None
    reconciled_note: str | None
