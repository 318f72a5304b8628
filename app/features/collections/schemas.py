"""Bodies and forms of collections."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from app.domain.collecting import FindKind
from app.domain.lifecycle import State
from app.domain.loans import CollectionSpeed, LoanKind
from app.features.collections.service import Contact
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Day, OptionalLine, OptionalParagraph, Paragraph, Reason, ReasonLine
from app.web.shapes import Shape

Barcode = Annotated[str, Field(max_length=2000)]
Label = Annotated[str, Field(max_length=300)]


class CollectionState(StrEnum):
    """A collection is open until none of its lines is."""

    OPEN = "open"
    COLLECTED = "collected"
    CANCELLED = "cancelled"


class Show(StrEnum):
    """Which open collections the worklist shows."""

    OPEN = "open"
    TODAY = "today"
    FAILED = "failed"
    OVERDUE = "overdue"
    MINE = "mine"


class NewCollection(Body):
    """What to fetch from a client, and whom to speak to about it.

    `is_bereavement`: the client has died. It counts as said of whoever's death is recorded. Unless that is recorded
    already, it is recorded as well, and ends their orders and reservations; `died_on`: the day, or left out where it is
    not known: then it is that of this request.
    """

    client_ref: Code
    barcodes: Annotated[list[Barcode], Field(min_length=1, max_length=100)]
    reason: Paragraph
    speed: CollectionSpeed = CollectionSpeed.STANDARD
    contact_name: OptionalLine = ""
    contact_phone: OptionalLine = ""
    is_bereavement: bool = False
    list_agreed: bool = False
    died_on: Day | None = None

    @property
    def contact(self) -> Contact:
        """Whom the store speaks to."""
        who = (self.contact_name, self.contact_phone)
        return Contact(*who, self.is_bereavement, self.list_agreed, self.died_on)


class ReasonBody(Body):
    """Why it is called off."""

    reason: Paragraph


class ScheduleBody(Body):
    """The day of the visit."""

    on: Day


class FailBody(Body):
    """Why a visit came back without what it was to fetch; `visited_at` left out: now."""

    reason: Reason
    visited_at: AwareDatetime | None = None


class FoundBody(Body):
    """A thing that was found there and is not on the list: its label, or what it is like, or both."""

    label: Label = ""
    description: OptionalParagraph = ""


class ReconcileBody(Body):
    """What was found out about a find."""

    note: Reason


class CollectionLineBody(Shape):
    """One item of a collection. `picked_up_at`: since when it is on the van, by whom; open until it is scanned in."""

    barcode: str
    product_name: str
    state: CollectionState
    picked_up_at: datetime | None
    picked_up_by: str | None


class VisitBody(Shape):
    """A visit in vain."""

    visited_at: datetime
    reason: str
    recorded_by: str


class FindBody(Shape):
    """A find. `what` and `lent_to` (whose it was by the record) are those of when it was taken; `state` is today's."""

    id: int
    collection: str
    client_ref: str
    label: str
    description: str
    barcode: str | None
    product_name: str | None
    state: State | None
    what: FindKind
    detail: str
    next_step: str
    lent_to: str | None
    taken_at: datetime
    taken_by: str
    reconciled_at: datetime | None
    reconciled_by: str | None
    reconciled_note: str | None


class CollectionRow(Shape):
    """A collection in a list. `items`: how many are still to be fetched; `due_on`: until when it is in time.
    `has_died`: the client has, perhaps after it was asked for."""

    number: str
    client_ref: str
    reason: str
    speed: CollectionSpeed
    state: CollectionState
    requested_at: datetime
    requested_by: str
    contact_name: str
    contact_phone: str
    is_bereavement: bool
    has_died: bool
    list_agreed_at: datetime | None
    list_agreed_by: str | None
    scheduled_on: date | None
    due_on: date
    is_overdue: bool
    items: int
    failed_visits: int


class CollectionBody(CollectionRow):
    """A collection with its lines, the visits that failed, and what else was found there."""

    lines: list[CollectionLineBody]
    visits: list[VisitBody]
    found: list[FindBody]


class Caller(Shape):
    """A client as somebody who rings about equipment is found: enough to tell them from others."""

    client_ref: str
    name: str
    postcode: str
    open_loans: int


class CollectableLoan(Shape):
    """Something that a client has and that no collection fetches yet."""

    barcode: str
    product_name: str
    serial_number: str | None
    kind: LoanKind
    started_at: datetime


class CollectForm(Shape):
    """What to fetch from a client, on its page."""

    barcodes: Annotated[list[Barcode], Field(max_length=100), asked("Choose what is to be fetched.")] = needed()
    reason: Annotated[Paragraph, asked("Say why it is to be fetched.")] = needed()
    speed: CollectionSpeed = CollectionSpeed.STANDARD
    contact_name: OptionalLine = ""
    contact_phone: OptionalLine = ""
    is_bereavement: bool = False
    list_agreed: bool = False
    died_on: Day | None = None

    @property
    def contact(self) -> Contact:
        """Whom the store speaks to."""
        who = (self.contact_name, self.contact_phone)
        return Contact(*who, self.is_bereavement, self.list_agreed, self.died_on)


class CancelForm(Shape):
    """Why a collection is called off, on its page."""

    reason: Annotated[Paragraph, asked("Say why it is called off.")] = needed()


class ScheduleForm(Shape):
    """The day of the visit, on its page."""

    on: Annotated[Day, asked("Enter the day of the visit.")] = needed()


class FailForm(Shape):
    """Why a visit failed, on its page."""

    reason: Annotated[Reason, asked("Say why the visit came back without it.")] = needed()


class FoundForm(Shape):
    """A thing that was found, on its page."""

    label: Label = ""
    description: OptionalParagraph = ""


class ReconcileFindsForm(Shape):
    """What was found out about some finds, on their page."""

    finds: Annotated[list[int], Field(max_length=100), asked("Tick the things that your note is about.")] = needed()
    note: Annotated[ReasonLine, asked("Say what you found out.")] = needed()
