"""Bodies of the returns desk."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.domain.lifecycle import Move, State, can_move
from app.web.asked import asked, needed
from app.web.fields import BIGGEST_ID, Body, Code, Day, Paragraph
from app.web.scans import ScanList


class ScansBody(Body):
    """1 to 500 scans at one store."""

    store: Code
    scans: ScanList


class ReconcileBody(Body):
    """What was done about the scan."""

    note: Paragraph


class FoundBody(Body):
    """Where it turned up, and how."""

    store: Code
    reason: Paragraph


class FoundItem(BaseModel):
    """A found item."""

    barcode: str
    state: State


class ReconcileForm(BaseModel):
    """What was done about the scans that are ticked, on their page."""

    numbers: Annotated[
        list[Annotated[int, Field(ge=1, le=BIGGEST_ID)]],
        Field(max_length=100),
        asked("Tick the scans that you have dealt with."),
    ] = needed()
    note: Annotated[Paragraph, asked("Say what was done about them.")] = needed()


class UnmatchedForm(BaseModel):
    """Which scans to reconcile are wanted, on their page: from the first day to the last."""

    store: str | None = None
    since: Day | None = None
    until: Day | None = None


class FoundForm(BaseModel):
    """Where it turned up, on its page."""

    store: Annotated[str, asked("Choose the store that it is in now.")] = needed()
    reason: Annotated[Paragraph, asked("Say where it was found, and how.")] = needed()


class MissingItem(BaseModel):
    """An item as far as finding it asks."""

    barcode: str
    product_name: str
    state: State

    def can(self, move: Move) -> bool:
        """Whether the lifecycle has this move from where the item stands."""
        return can_move(self.state, move)


class UnmatchedScan(BaseModel):
    """A scan to reconcile."""

    number: int
    raw: str
    store: str
    received_at: datetime
    received_by: str
    scanned_at: datetime | None
    outcome: str
    code: str | None
    detail: str | None
    barcode: str | None
    product_name: str | None
    reconciled_by: str | None
    reconciled_note: str | None
