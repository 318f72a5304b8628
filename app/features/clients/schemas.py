"""Bodies of clients."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.domain.identifiers import check_nhs_number, check_postcode
from app.domain.lifecycle import Move, State, can_move
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Day, Line, OptionalLine, OptionalParagraph, Paragraph

NhsNumber = Annotated[str, AfterValidator(check_nhs_number)]
Postcode = Annotated[str, Field(max_length=20), AfterValidator(check_postcode)]


class ClientDetails(Body):
    """The least that will do. `access_notes` (how to get in) are encrypted apart and shown only to who delivers."""

    nhs_number: NhsNumber | None = None
    name: Line
    date_of_birth: Day | None = None
    address: Paragraph
    postcode: Postcode
    phone: OptionalLine = ""
    access_notes: OptionalParagraph = ""


class NewClient(ClientDetails):
    """A client to add; `client_ref` is the service's own reference."""

    client_ref: Code


_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def _typed_reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text.strip()):
        raise ValueError("Write the reference with up to 40 letters, digits, dots, dashes and underscores.")
    return text.strip()


class ClientForm(NewClient):
    """A client to add, on their page."""

    client_ref: Annotated[str, AfterValidator(_typed_reference), asked("Enter a reference for the client.")] = needed()
    name: Annotated[Line, asked("Enter the name of the client.")] = needed()
    address: Annotated[Paragraph, asked("Enter the address that equipment goes to.")] = needed()
    postcode: Annotated[Postcode, asked("Enter the postcode.")] = needed()


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

    def can(self, move: Move) -> bool:
        """Whether the lifecycle has this move from where the item stands."""
        return can_move(self.state, move)
