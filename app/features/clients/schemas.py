"""Bodies of clients and of their care providers. What their pages ask for is in `forms.py`."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from app.domain.dates import uk_date
from app.domain.identifiers import check_nhs_number, check_postcode
from app.domain.inspections import InspectionKind
from app.domain.lifecycle import Move, State, can_move
from app.domain.loans import LoanKind
from app.domain.ordering import OrderState
from app.web.client_search import Behind, SearchWords
from app.web.fields import (
    BIGGEST_ID,
    Body,
    Code,
    Day,
    Email,
    Line,
    OptionalLine,
    OptionalParagraph,
    Paragraph,
    no_truth,
)
from app.web.shapes import Shape

SHOWN_AFTER_A_MISTAKE: Final = timedelta(days=60)
"""So long a client's page says what was called off by a death that was recorded by mistake."""

NhsNumber = Annotated[str, AfterValidator(check_nhs_number)]
Postcode = Annotated[str, Field(max_length=20), AfterValidator(check_postcode)]
Weight = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=600)]
CareProviderId = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=BIGGEST_ID)]


class ClientDetails(Body):
    """The least that will do. `access_notes` (how to get in) are encrypted apart and shown only to who delivers."""

    nhs_number: NhsNumber | None = None
    name: Line
    date_of_birth: Day | None = None
    address: Paragraph
    postcode: Postcode
    phone: OptionalLine = ""
    weight_kg: Weight | None = None
    weighed_on: Day | None = None
    died_on: Day | None = None
    care_provider_id: CareProviderId | None = None
    access_notes: OptionalParagraph = ""


class NewClient(ClientDetails):
    """A client to add; `client_ref` is the service's own reference."""

    client_ref: Code


class ClientChange(ClientDetails):
    """What to change of a client; what is left out stays. A weight and the day of weighing are sent together."""

    name: Line = ""
    address: Paragraph = ""
    postcode: Postcode = ""


class ClientSearch(Body):
    """Whom to look for, and which page of what is found."""

    q: Annotated[SearchWords, Field(min_length=1)]
    after: Behind | None = None
    limit: Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=500)] = 50


class NewCareProvider(Body):
    """An agency or home to add: whom to tell when an item must not be used any more."""

    name: Line
    email: Email | None = None
    phone: OptionalLine = ""


class CareProviderChange(NewCareProvider):
    """What to change of a care provider; what is left out stays."""

    name: Line = ""


class CareProviderBody(Shape):
    """A care provider."""

    id: int
    name: str
    email: str | None
    phone: str


class ClientBody(Shape):
    """A client. `access_notes` is None unless somebody who may see them says why they ask."""

    client_ref: str
    nhs_number: str | None
    name: str
    date_of_birth: date | None
    address: str
    postcode: str
    phone: str
    weight_kg: int | None
    weighed_on: date | None
    died_on: date | None
    care_provider: CareProviderBody | None
    has_access_notes: bool
    access_notes: str | None = None
    version: int = Field(exclude=True)
    id: int = Field(exclude=True)


class ClientLine(Shape):
    """One client in a list: the least that tells them from others. `rank`: how far off what was asked; 0 is exact."""

    client_ref: str
    name: str
    date_of_birth: date | None
    postcode: str
    rank: int = Field(default=0, exclude=True)


class AddedClient(ClientBody):
    """A client who was added, and the references of those who may be the same person."""

    possible_duplicates: list[str]


class EquipmentLine(Shape):
    """One item that the client has.

    `collection` is the number of an open collection that fetches it; `must_not_be_used`: why, from its stop-use notice.
    `safe_working_load_kg`: what this item carries. `too_weak`: why it must not bear the client, where nobody stopped
    its use. `weight_wanted`: it carries less than it did, and nobody knows what the client weighs; why, in a sentence.
    `not_answered`: what was warned of at the counter and nobody has answered.
    """

    loan_id: int
    barcode: str
    product_code: str
    product_name: str
    serial_number: str | None
    kind: LoanKind
    state: State
    started_at: datetime
    trial_ends_on: date | None
    is_overdue: bool
    held: bool
    collection: str | None
    next_inspection: InspectionKind | None
    next_inspection_on: date | None
    must_not_be_used: str | None
    must_not_be_used_since: datetime | None
    safe_working_load_kg: int | None
    too_weak: str | None
    weight_wanted: str | None
    not_answered: list[str]
    model: str = Field(exclude=True)

    def can(self, move: Move) -> bool:
        """Whether the lifecycle has this move from where the item stands."""
        return can_move(self.state, move)


class ReservationLine(Shape):
    """An item that is kept for the client."""

    barcode: str
    product_name: str
    from_on: date
    until_on: date


class OrderSummary(Shape):
    """An order for the client."""

    number: str
    state: OrderState
    made_at: datetime
    promised_on: date | None


class CollectionSummary(Shape):
    """A collection from the client, and how many of its items are still to be fetched."""

    number: str
    requested_at: datetime
    scheduled_on: date | None
    is_bereavement: bool
    items: int
    still_open: int


class PastLoan(Shape):
    """Something that the client had and gave back."""

    barcode: str
    product_name: str
    started_at: datetime
    ended_at: datetime


class Thing(Shape):
    """An item and what it is."""

    barcode: str
    product_name: str


class CalledOff(Shape):
    """What the record of a death ended; `is_withdrawn`: it was a mistake, and that was put right `at` that time."""

    is_withdrawn: bool
    at: datetime
    orders: list[str]
    with_the_driver: list[str]
    reserved: list[Thing]

    def is_to_be_shown(self, today: date) -> bool:
        """Whether there is anything to say; after a mistake for so long as something may still have to be ordered."""
        is_recent = not self.is_withdrawn or uk_date(self.at) >= today - SHOWN_AFTER_A_MISTAKE
        return bool(self.orders or self.with_the_driver or self.reserved) and is_recent


class Dealings(Shape):
    """What else goes on with a client; of each kind the newest only."""

    reservations: list[ReservationLine]
    orders: list[OrderSummary]
    collections: list[CollectionSummary]
    past_loans: list[PastLoan]
    called_off: CalledOff | None = None
