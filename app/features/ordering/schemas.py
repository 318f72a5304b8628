"""Bodies of orders: what comes in, and what is shown."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, Strict

from app.domain.authority import Tier
from app.domain.combinations import Severity
from app.domain.lifecycle import State
from app.domain.loans import LoanKind
from app.domain.offers import Offer
from app.domain.ordering import Act, OrderDecision, OrderReason, OrderState, Speed, SupersedeAction, UnitState
from app.domain.stop_use import ItemFault
from app.web.answers import Answers
from app.web.fields import BIGGEST_ID, Body, Code, Line, OptionalParagraph, Paragraph, Pence, Reason
from app.web.funding import Funding, ShareOfOrder
from app.web.old_equipment import OldItems
from app.web.results import BlockerBody
from app.web.shapes import Shape

Barcode = Annotated[str, Field(max_length=2000)]


class NewLine(Body):
    """A product and how many of it, on loan or on trial."""

    product_code: Code
    quantity: Annotated[int, Strict(), Field(ge=1, le=50)] = 1
    kind: LoanKind = LoanKind.LOAN
    trial_days: Annotated[int, Strict(), Field(ge=1, le=366)] | None = None
    trial_goals: OptionalParagraph = ""
    accept_equivalent: bool = False
    prefer_new: bool = False
    reason_for_new: OptionalParagraph = ""


Lines = Annotated[list[NewLine], Field(min_length=1, max_length=50)]


class NewOrder(Body):
    """An order to draw up. `store`: the one that delivers; without it the first one.

    `funder` leads; `funding`: who pays which part, the lead among them; without it the lead pays for everything.
    `funding_not_agreed`: why it is not agreed who pays. It is provided now, and settled later.
    """

    client_ref: Code
    funder: Code
    funding: Funding = []
    funding_not_agreed: OptionalParagraph = ""
    speed: Speed
    reason: OrderReason
    clinical_reasoning: Paragraph
    store: Code | None = None
    lines: Lines
    supersedes: OldItems = []
    answers: Answers = []


class OrderChange(Body):
    """What to change of a draft; what is not named stays. A list replaces the one before."""

    client_ref: Code = ""
    funder: Code = ""
    funding: Funding = []
    funding_not_agreed: OptionalParagraph = ""
    speed: Speed = Speed.FIVE_DAY
    reason: OrderReason = OrderReason.OTHER
    clinical_reasoning: Paragraph = ""
    store: Code | None = None
    lines: Lines = []
    supersedes: OldItems = []
    answers: Answers = []


class OfferBody(Body):
    """What one line of a draft would get now: recycled and new items of a shelf, and at which price each."""

    position: Annotated[int, Field(ge=1, le=BIGGEST_ID)]
    product_code: Code
    quantity: Annotated[int, Field(ge=1, le=50)]
    recycled: Annotated[int, Field(ge=0, le=50)]
    new: Annotated[int, Field(ge=0, le=50)]
    unit_price_pence: Pence

    def as_offer(self) -> Offer:
        """The same as the rules take it."""
        return Offer(**dict(self))


class SubmitBody(Body):
    """The answers to the warnings that have none yet. Left out, a weight that nobody knows is not asked about (ADR 29).

    `offer`: the draft's, as it was shown. With it the order is refused when it would get less than that now
    (`recycled-went`, `price-went-up`, `order-changed`); without it, it is submitted whatever it gets.
    """

    answers: Answers = []
    offer: Annotated[list[OfferBody], Field(max_length=50)] | None = None


class SignatureBody(Body):
    """A note beside a signature, and answers to what is warned of since the order was submitted."""

    note: OptionalParagraph = ""
    answers: Answers = []


class AnswersBody(Body):
    """Answers to warnings that were left without one."""

    answers: Annotated[Answers, Field(min_length=1)]


class ReasonBody(Body):
    """Why."""

    reason: Reason


class AllocateBody(Body):
    """Why items go to this order although their thorough examination falls due soon."""

    due_soon_reason: OptionalParagraph = ""


class DispatchBody(Body):
    """Which pieces leave; without it all that are held. `due_soon_reason`: why one goes although its thorough
    examination falls due soon, where nobody decided that when it was allocated."""

    barcodes: Annotated[list[Barcode], Field(min_length=1, max_length=500)] | None = None
    due_soon_reason: OptionalParagraph = ""


class DeliverBody(Body):
    """Proof of delivery. `delivered_at`: now, when it is not said. `barcodes`: all that are with the driver.
    `handed_over_already`: before anybody saw that an item is on hold or not clear."""

    received_by: Line
    delivered_at: datetime | None = None
    note: OptionalParagraph = ""
    barcodes: Annotated[list[Barcode], Field(min_length=1, max_length=500)] | None = None
    handed_over_already: bool = False


class FailedVisitBody(Body):
    """A visit that could not deliver."""

    reason: Reason
    visited_at: datetime | None = None
    note: OptionalParagraph = ""


class LineCost(Shape):
    """What one line costs, in pence."""

    position: int
    product_code: str
    unit_price_pence: int
    value_pence: int
    recycled_saving_pence: int
    to_buy_pence: int


class Cost(Shape):
    """At catalogue prices: the value, what recycled stock saves of it, and what is left to buy."""

    value_pence: int
    recycled_saving_pence: int
    to_buy_pence: int
    lines: list[LineCost]


class WarningBody(Shape):
    """A warning, and its answer if it has one; a note needs none.

    Once submitted: those answered, in their words, and those that a short form of the API left out (`needs_answer`).
    """

    code: str
    subject: str
    severity: Severity | None
    detail: str
    source: str | None
    needs_answer: bool
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None


class ReasonLine(Shape):
    """A reason: a stable code and a sentence."""

    code: str
    detail: str


class ItemReason(ReasonLine):
    """What was decided about one item."""

    barcode: str


class ExplanationBody(Shape):
    """Which items were chosen and why, why not the others, and how many there were for each reason."""

    chosen: list[ItemReason] = []
    others: list[ItemReason] = []
    counted: dict[str, int] = {}


class EquivalentBody(Shape):
    """A close technical equivalent that is on the shelf."""

    product_code: str
    name: str
    recycled: int
    new: int
    unit_price_pence: int


class UnitBody(Shape):
    """One wanted piece. `blockers`: why what is held for it may not go out at present. `due_soon_on`: when its thorough
    examination falls due, if that is so soon that somebody must decide whether it goes."""

    id: int
    state: UnitState
    barcode: str | None
    product_code: str | None
    item_state: State | None
    store: str | None
    bay: str | None
    loan_id: int | None
    blockers: list[BlockerBody] = []
    due_soon_on: date | None = None


class LineBody(Shape):
    """A line. Of a draft, `explanation` is what would be chosen now."""

    position: int
    product_code: str
    product_name: str
    tier: Tier
    quantity: int
    kind: LoanKind
    trial_days: int | None
    trial_goals: str
    accept_equivalent: bool
    prefer_new: bool
    reason_for_new: str
    needs_reason_for_new: bool = False
    unit_price_pence: int
    units: list[UnitBody]
    explanation: ExplanationBody
    equivalents: list[EquivalentBody] = []


class OldItemBody(Shape):
    """An item at the client's that the order must, or does, say something about. `action` None: not said yet.

    `item_fault`: whether something is wrong with the item itself, as this order or the notice that stopped its use
    says; None: nobody was asked.
    """

    barcode: str
    product_code: str
    product_name: str
    state: State
    must_be_decided: bool
    is_under_notice: bool
    action: SupersedeAction | None = None
    reason: str | None = None
    item_fault: ItemFault | None = None
    collection: str | None = None


class MissingLine(Shape):
    """What nothing is held for, and what is known of when there may be something. `free`: so many that fit are free on
    a shelf at this moment, which the store holds when it looks for what is missing."""

    position: int
    product_code: str
    product_name: str
    quantity: int
    free: int = 0
    detail: str


class PersonBody(Shape):
    """Somebody who can sign."""

    username: str
    name: str


class PanelLine(Shape):
    """The panel that decides an order, at once or once it is signed, and why."""

    code: str
    name: str
    reasons: list[ReasonLine]


class AuthorityBody(Shape):
    """Where the order goes, or went, when it is submitted, and every reason. `signers`: who can sign it at present;
    `panel`: the one that decides it, now or once it is signed; `panel_stopped`: why it lets nothing be handed over any
    more, so that what is dispatched comes back."""

    decision: OrderDecision | None
    reasons: list[ReasonLine]
    panel: PanelLine | None = None
    signers: list[PersonBody]
    signed_by: str | None = None
    on_behalf_of: str | None = None
    note: str | None = None
    panel_conditions: list[str]
    panel_stopped: str | None = None


class VisitBody(Shape):
    """A visit with the order: delivered or failed."""

    visited_at: datetime
    barcodes: list[str]
    received_by: str | None
    failed_because: str | None
    note: str
    recorded_by: str


class EventBody(Shape):
    """One line of the order's history."""

    at: datetime
    actor: str
    action: str
    detail: dict[str, str | int | bool | None]


class PanelCaseLine(Shape):
    """The newest case about the order before a panel."""

    number: str
    state: str


class DisputeLine(Shape):
    """That it is not agreed who pays, why, and how many days are left to settle it; below zero, how many it is late."""

    id: int
    reason: str
    settle_by: date
    days_left: int


class OrderBody(Shape):
    """An order with everything about it. Of a draft: all that its prescriber must know before submitting it.

    `promised_on`: None until something is held for all of it; `missing` then says what is known. None again when an
    item that was held for it is gone or on hold, and no other takes its place.
    `offer`: of a draft, what each line would get now; sent back with `submit`, it makes sure that it gets no less.
    `acts`: what whoever asks would be allowed to do with it now.
    `client_died_on`: nothing is handed over any more; what is dispatched comes back.
    `funding`: who pays which part, in pence of its value; `funding_dispute`: it is not agreed, and to be settled.
    """

    number: str
    state: OrderState
    client_ref: str
    client_name: str
    client_died_on: date | None
    funder: str
    funder_name: str
    funding: list[ShareOfOrder]
    funding_dispute: DisputeLine | None
    team: str
    store: str
    store_name: str
    speed: Speed
    reason: OrderReason
    clinical_reasoning: str
    made_at: datetime
    made_by: str
    made_by_name: str
    submitted_at: datetime | None
    promised_on: date | None
    is_late: bool
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None
    allocated_at: datetime | None
    version: int
    acts: list[Act]
    cost: Cost
    lines: list[LineBody]
    warnings: list[WarningBody]
    supersedes: list[OldItemBody]
    missing: list[MissingLine]
    offer: list[OfferBody]
    authority: AuthorityBody
    panel_case: PanelCaseLine | None
    visits: list[VisitBody]
    history: list[EventBody]
