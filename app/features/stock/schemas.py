"""Bodies of stock: goods in, items, histories, holds."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, Strict, ValidationInfo

from app.domain.clearance import HoldKind
from app.domain.disposal import Batteries, WasteStream
from app.domain.errors import BadValue
from app.domain.gs1_text import as_scanned
from app.domain.identifiers import check_gtin
from app.domain.inspections import DueState, InspectionKind, InspectionOutcome
from app.domain.lifecycle import Move, State
from app.domain.loans import TrialOutcome
from app.domain.look_ahead import HandingOut
from app.domain.stop_use import ItemFault
from app.models import Precision
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Day, Line, OptionalLine, Pence, Reason
from app.web.results import BlockerBody, Step
from app.web.shapes import Shape
from app.web.typed import pence_from
from app.web.waste import AskedWaste, Waste

MOST_AT_ONCE = 500


def is_given_or_on_the_label(code: str | None, info: ValidationInfo) -> str | None:
    """The product's code, which only a maker's label may stand for."""
    if code is None and not info.data.get("maker_label", "wrong"):
        raise ValueError("Say which product came in: give product_code, or maker_label.")
    return code


def agrees_with_quantity(serials: list[str], info: ValidationInfo) -> list[str]:
    """The serial numbers, if there are as many as items, or else a quantity is given."""
    quantity = info.data.get("quantity", len(serials))  # Not there: something is wrong with it, and is said there.
    if quantity is None and not serials and not info.data.get("maker_label"):
        raise ValueError("Say how many items came in (quantity), or give their serial numbers.")
    if quantity and serials and quantity != len(serials):
        raise ValueError(f"The quantity is {quantity}, but there are {len(serials)} serial numbers.")
    return serials


def goes_with_its_day(precision: Precision | None, info: ValidationInfo) -> Precision | None:
    """The precision, if it and the day of which it is one are given together or not at all."""
    if "manufactured_on" in info.data and (precision is None) != (info.data["manufactured_on"] is None):
        raise ValueError("Give manufactured_on and manufactured_precision together, or neither.")
    return precision


class GoodsIn(Body):
    """What has come in: `quantity` items without serial numbers, or one item per serial number.

    `maker_label`: the maker's barcode as it was scanned. What is left out (product by its UDI-DI, serial number, lot,
    day of manufacture) is taken from it, if it is not suspect; what is given must not contradict it.
    """

    maker_label: Annotated[str, AfterValidator(as_scanned)] | None = None
    product_code: Annotated[Code | None, Field(validate_default=True), AfterValidator(is_given_or_on_the_label)] = None
    store: Code
    bay: OptionalLine = ""
    quantity: Annotated[int, Strict(), Field(ge=1, le=MOST_AT_ONCE)] | None = None
    serial_numbers: Annotated[
        list[Line], Field(max_length=MOST_AT_ONCE, validate_default=True), AfterValidator(agrees_with_quantity)
    ] = []
    lot_number: OptionalLine = ""
    manufactured_on: Day | None = None
    manufactured_precision: Annotated[
        Precision | None, Field(validate_default=True), AfterValidator(goes_with_its_day)
    ] = None
    received_on: Day
    dispatched_on: Day | None = None
    purchase_price_pence: Pence | None = None
    udi_di: Annotated[str, AfterValidator(check_gtin)] | None = None


def lines_of(texts: object) -> object:
    """Each line that says something, of one text or of several."""
    if not isinstance(texts, list):
        return texts
    return [line for text in texts for line in str(text).splitlines() if line.strip()]


class GoodsInForm(GoodsIn):
    """Goods in as typed on the page: serial numbers one a line, the price in pounds.

    What fields say together is checked by `goods`, which says it in the words of the page.
    """

    product_code: Annotated[Code, asked("Choose the product that came in.")] = needed()
    store: Annotated[Code, asked("Choose the store that it came to.")] = needed()
    received_on: Annotated[date, asked("Enter the day it came in.")] = needed()
    quantity: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] | None = None
    serial_numbers: Annotated[list[Line], BeforeValidator(lines_of), Field(max_length=MOST_AT_ONCE)] = []
    manufactured_precision: Precision | None = None
    price: Annotated[int | None, BeforeValidator(pence_from)] = None

    def goods(self) -> GoodsIn:
        """The goods as the verb takes them. Raises BadValue about the field that does not go with the others."""
        if self.quantity is None and not self.serial_numbers:
            detail = "Say how many items came in, or give their serial numbers."
            raise BadValue("quantity-missing", detail, field="quantity")
        given = len(self.serial_numbers)
        if self.quantity and given and self.quantity != given:
            detail = f"The quantity is {self.quantity}, but there are {given} serial numbers."
            raise BadValue("quantity-differs", detail, field="quantity")
        if self.manufactured_on and not self.manufactured_precision:
            detail = "Choose how exactly the day it was made is known."
            raise BadValue("precision-missing", detail, field="manufactured_precision")
        if self.manufactured_precision and not self.manufactured_on:
            detail = "Enter when it was made, or choose “Not known”."
            raise BadValue("date-missing", detail, field="manufactured_on")
        values = self.model_dump(exclude={"price"}) | {"purchase_price_pence": self.price}
        return GoodsIn.model_validate(values)


class Warned(Shape):
    """Something to look at that does not stop the work."""

    code: str
    detail: str


class HoldBody(Shape):
    """An open hold. `notice_id`: the number of the safety notice that wants it, under which it ends."""

    id: int
    kind: HoldKind
    reason: str
    placed_at: datetime
    placed_by: str
    notice_id: int | None = None


class LoanBody(Shape):
    """The open loan of an item; `client_ref` only for those who may see clients.

    `stop_use_notice`: the notice by which it must not be used there.
    """

    id: int
    kind: str
    client_ref: str | None
    started_at: datetime
    trial_ends_on: date | None
    stop_use_notice: int | None = None


class ReservationBody(Shape):
    """A live reservation of an item; `client_ref` only for those who may see clients.

    `carries_client`: whether the item carries what the client weighs; none where one of the two is not known.
    """

    id: int
    from_: Annotated[date, Field(serialization_alias="from")]
    until: date
    client_ref: str | None
    made_by: str
    order_number: str | None
    carries_client: bool | None


class TrialReviewLine(Shape):
    """One decision about the running trial of an item; `until_on`: its new end."""

    outcome: TrialOutcome
    until_on: date | None
    notes: str
    reviewed_at: datetime
    reviewed_by: str


class DueBody(Shape):
    """An inspection the product asks for; `due_on` None: nobody knows. `last_…`: the last one that stands."""

    kind: InspectionKind
    every_months: int
    due_on: date | None
    state: DueState
    last_on: date | None
    last_outcome: InspectionOutcome | None
    last_id: int | None


class InspectionLine(Shape):
    """An inspection that was made; `is_superseded`: it was wrong, and another one stands in its place."""

    id: int
    kind: InspectionKind
    outcome: InspectionOutcome
    examined_on: date
    inspected_by: str
    next_due_on: date | None
    notes: str
    is_superseded: bool


class DecisionLine(Shape):
    """Why the item went on although its thorough examination fell due soon."""

    handing_out: HandingOut
    due_on: date
    reason: str
    decided_at: datetime
    decided_by: str


class StopLine(Shape):
    """Its use at a client's was stopped. `withdrawn_at`: that was a mistake."""

    given_at: datetime
    given_by: str
    item_fault: ItemFault
    reason: str
    withdrawn_at: datetime | None


class PastHoldBody(Shape):
    """A hold that was lifted."""

    kind: HoldKind
    reason: str
    placed_at: datetime
    placed_by: str
    lifted_at: datetime
    lifted_by: str
    lift_reason: str


class FittedPart(Shape):
    """A part that a repair put into the item; `cost_pence` is of one. `withdrawn_because`: the line was wrong."""

    id: int
    part_number: str
    description: str
    quantity: int
    cost_pence: int
    fitted_on: date
    harvested_from: str | None
    recorded_by: str
    withdrawn_because: str | None


class DisposalBody(Shape):
    """How the item was scrapped, or who asks for it; while `is_open` another person must agree."""

    id: int
    reason: str
    waste_stream: WasteStream
    batteries: Batteries | None
    reference: str
    asked_at: datetime
    asked_by: str
    agreed_by: str | None
    is_open: bool


class RingFenceBody(Shape):
    """For which team a panel keeps the item, and by which case."""

    team: str
    case_number: str
    panel: str


class SerialRead(Shape):
    """A serial number that was read off the item's label for a safety notice. `before`: on record until then."""

    read: str
    before: str | None
    at: datetime
    by: str
    notice: str


class ItemBody(Shape):
    """One item, what blocks it, and what to do with it next.

    `is_clear`: it may go to a client now. What waits for cleaning, inspection, repair or its release is not clear, and
    `blockers` say what is waited for.

    `safe_working_load_kg`: what this item carries: what its product does (`product_load_kg`), or what was certified for
    it at its last thorough examination, if that is less. `label_wanted`: its label may say a higher load, and none was
    printed since.
    """

    barcode: str
    product_code: str
    product_name: str
    safe_working_load_kg: int | None
    product_load_kg: int | None
    certified_load_kg: int | None
    certified_on: date | None
    label_wanted: bool
    product_model: str = Field(exclude=True)
    worth_pence: int = Field(exclude=True)
    serial_number: str | None
    lot_number: str | None
    manufactured_on: date | None
    manufactured_precision: Precision | None
    received_on: date
    dispatched_on: date | None
    purchase_price_pence: int
    udi_di: str | None
    maker_label: str | None
    state: State
    store: str
    bay: str | None
    condition: str
    is_clear: bool
    blockers: list[BlockerBody]
    holds: list[HoldBody]
    loan: LoanBody | None
    reservations: list[ReservationBody]
    next_inspections: list[DueBody]
    times_issued: int
    parts_fitted: list[FittedPart]
    serials_read: list[SerialRead]
    disposal: DisposalBody | None
    moves: list[Move]
    next_step: Step
    ring_fence: RingFenceBody | None = None
    is_certified: bool = Field(False, exclude=True)
    is_releasable: bool = Field(False, exclude=True)


class ItemLine(Shape):
    """One item in a list."""

    barcode: str
    product_code: str
    product_name: str
    serial_number: str | None
    state: State
    store: str
    bay: str | None
    times_issued: int
    held: bool


class Received(Shape):
    """What goods-in made: the new items, and warnings that do not stop the work."""

    items: list[ItemLine]
    warnings: list[Warned]


class HistoryLine(Shape):
    """One movement; `hash` covers the one before."""

    seq: int
    move: Move
    from_state: State | None
    to_state: State
    actor: str
    at: datetime
    store: str
    bay: str | None
    reason: str | None
    reference: str | None
    hash: str


class ReasonBody(Body):
    """Why."""

    reason: Reason


class TransferBody(ReasonBody):
    """Where to, and why."""

    store: Code
    bay: OptionalLine = ""


class ScrapBody(Waste, Body):
    """Why, where the waste goes, and the reference of its transfer note, or that it follows.

    `batteries`: wanted for `weee`. `nowhere` is for what is missing, and wants no reference.
    """

    reason: Reason
    waste_stream: WasteStream


class NewHold(Body):
    """A hold to place."""

    kind: HoldKind
    reason: Reason


Why = Annotated[Reason, asked("Say why. It stays in the history of the item.")]


class WhyForm(Shape):
    """A form that asks why and nothing else."""

    reason: Why = needed()


class TransferForm(Shape):
    """Where to, and why. Here and below in the order of the page, because errors are listed in it."""

    store: Annotated[Code, asked("Choose the store that it goes to.")] = needed()
    bay: OptionalLine = ""
    reason: Why = needed()


class ScrapForm(AskedWaste, WhyForm):
    """Why, where the waste goes, and the reference of its transfer note, or that it follows."""


class HoldForm(Shape):
    """A hold to place."""

    kind: Annotated[HoldKind, asked("Choose what kind of hold it is.")] = needed()
    reason: Why = needed()
