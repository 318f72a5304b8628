"""Bodies of reservations, loans, trials and collections."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.domain.lifecycle import State
from app.domain.loans import CollectionSpeed, LoanKind, TrialOutcome
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Day, Line, OptionalParagraph, Paragraph
from app.web.results import BlockerBody

Barcode = Annotated[str, Field(max_length=2000)]


class NewLoan(Body):
    """An item handed over the counter; a trial needs its end."""

    barcode: Barcode
    client_ref: Code
    kind: LoanKind = LoanKind.LOAN
    trial_ends_on: Day | None = None


class LoanBody(BaseModel):
    """A loan or trial; `ended_at` None: the client has it."""

    id: int
    barcode: str
    product_name: str
    client_ref: str
    kind: LoanKind
    state: State
    started_at: datetime
    started_by: str
    trial_ends_on: date | None
    ended_at: datetime | None


class TrialOutcomeBody(Body):
    """What was decided; `until` only for an extension."""

    outcome: TrialOutcome
    notes: OptionalParagraph = ""
    until: Day | None = None


class TrialReviewLine(BaseModel):
    """One decision about a trial."""

    outcome: TrialOutcome
    until_on: date | None
    notes: str
    reviewed_at: datetime
    reviewed_by: str


class NewReservation(Body):
    """Keep an item (`barcode`), or the best one of a product (`product_code`), for a client."""

    product_code: Code | None = None
    barcode: Barcode | None = None
    client_ref: Code
    from_: Annotated[Day | None, Field(alias="from")] = None
    until: Day


class ReservationBody(BaseModel):
    """A live reservation."""

    id: int
    barcode: str
    client_ref: str
    until: date


class NewCollection(Body):
    """What to fetch from a client."""

    client_ref: Code
    barcodes: Annotated[list[Barcode], Field(min_length=1, max_length=100)]
    reason: Paragraph
    speed: CollectionSpeed = CollectionSpeed.STANDARD


class CollectionLineBody(BaseModel):
    """One item of a collection."""

    barcode: str
    product_name: str
    state: str


class CollectionBody(BaseModel):
    """A collection; `state` is open until none of its lines is."""

    number: str
    client_ref: str
    reason: str
    speed: CollectionSpeed
    state: str
    requested_at: datetime
    requested_by: str
    lines: list[CollectionLineBody]


class FoundClient(BaseModel):
    """Enough of a client to tell them from others."""

    client_ref: str
    name: str
    date_of_birth: date | None
    postcode: str


class Issuable(BaseModel):
    """An item that somebody wants to hand over; `blockers` empty: it may go. `kept_for`: who has it reserved."""

    barcode: str
    product_code: str
    product_name: str
    serial_number: str | None
    state: State
    store: str
    bay: str | None
    times_issued: int
    blockers: list[BlockerBody]
    kept_for: str | None


class CollectableLoan(BaseModel):
    """Something that a client has and that no collection fetches yet."""

    barcode: str
    product_name: str
    serial_number: str | None
    kind: LoanKind
    started_at: datetime


class IssueForm(BaseModel):
    """An item handed over the counter, on its page."""

    client_ref: Annotated[Line, asked("Enter the reference of the client.")] = needed()
    kind: Annotated[LoanKind, asked("Choose whether they have it on loan or on trial.")] = needed()
    trial_ends_on: Day | None = None


class TrialForm(BaseModel):
    """What was decided about a trial, on its page."""

    outcome: Annotated[TrialOutcome, asked("Choose what was decided.")] = needed()
    notes: OptionalParagraph = ""
    until: Day | None = None


class CollectForm(BaseModel):
    """What to fetch from a client, on its page."""

    barcodes: Annotated[list[Barcode], Field(max_length=100), asked("Choose what is to be fetched.")] = needed()
    reason: Annotated[Paragraph, asked("Say why it is to be fetched.")] = needed()
    speed: CollectionSpeed = CollectionSpeed.STANDARD


class CancelForm(BaseModel):
    """Why a collection is called off, on its page."""

    reason: Annotated[Paragraph, asked("Say why it is called off.")] = needed()
