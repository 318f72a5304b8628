"""Bodies of clients."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.domain.identifiers import check_nhs_number, check_postcode
from app.domain.lifecycle import State
from app.web.fields import Body, Code, Line, OptionalLine, OptionalParagraph, Paragraph

NhsNumber = Annotated[str, AfterValidator(check_nhs_number)]
Postcode = Annotated[str, Field(max_length=20), AfterValidator(check_postcode)]


class ClientDetails(Body):
    """The least that will do. `access_notes` (how to get in) are encrypted apart and shown only to who delivers."""

    nhs_number: NhsNumber | None = None
    name: Line
    date_of_birth: date | None = None
    address: Paragraph
    postcode: Postcode
    phone: OptionalLine = ""
    access_notes: OptionalParagraph = ""


class NewClient(ClientDetails):
    """A client to add; `client_ref` is the service's own reference."""

    client_ref: Code


class ClientChange(ClientDetails):
    """What to change of a client; what is left out stays."""

    name: Line = ""
    address: Paragraph = ""
    postcode: Postcode = ""


class ClientBody(BaseModel):
    """A client. `access_notes` is None for those who may not see them, and when there are none."""

    client_ref: str
    nhs_number: str | None
    name: str
    date_of_birth: date | None
    address: str
    postcode: str
    phone: str
    has_access_notes: bool
    access_notes: str | None = None
    version: int = Field(exclude=True)
    id: int = Field(exclude=True)


class ClientLine(BaseModel):
    """One client in a list."""

    client_ref: str
    name: str
    date_of_birth: date | None
    postcode: str
    open_loans: int


class EquipmentLine(BaseModel):
    """One item that the client has; `collection` is the number of an open collection that fetches it."""

    loan_id: int
    barcode: str
    product_code: str
    product_name: str
    serial_number: str | None
    kind: str
    state: State
    started_at: datetime
    trial_ends_on: date | None
    is_overdue: bool
    held: bool
    collection: str | None
