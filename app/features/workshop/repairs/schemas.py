"""Bodies of repairs, of the advice, and of the parts bin."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from app.domain.disposal import PartCondition
from app.domain.lifecycle import State
from app.domain.refurbishing import Advice, RepairOutcome
from app.features.workshop.repairs.parts_bin import Harvested
from app.features.workshop.repairs.service import Labour, NewPart
from app.features.workshop.schemas import WayBack
from app.web.asked import asked, needed
from app.web.fields import BIGGEST_ID, Body, Day, Line, OptionalLine, OptionalParagraph, Pence, Reason, no_truth
from app.web.results import Step
from app.web.shapes import Shape
from app.web.typed import pence_from
from app.web.waste import Waste

MOST_ALIKE = 20
MOST_PARTS = 100
Quantity = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=999)]
Minutes = Annotated[int, BeforeValidator(no_truth), Field(ge=0, le=10_000)]
PartId = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=BIGGEST_ID)]
Pounds = Annotated[int, BeforeValidator(pence_from)]


class PartBody(Body):
    """A part that was fitted; `cost_pence` is of one. One from the parts bin is named by `harvested_part_id`, which
    says the rest."""

    part_number: OptionalLine = ""
    description: OptionalLine = ""
    quantity: Quantity = 1
    cost_pence: Pence | None = None
    fitted_on: Day
    harvested_part_id: PartId | None = None

    @model_validator(mode="after")
    def is_whole(self) -> "PartBody":
        """A new part has its description and its price; one from the bin comes alone."""
        if self.harvested_part_id:
            if self.quantity != 1:
                raise ValueError("Each part of the bin is by itself. Give a quantity of 1.")
        elif not self.description:
            raise ValueError("Say what the part is (description), or which one of the bin (harvested_part_id).")
        elif self.cost_pence is None:
            raise ValueError("Say what one of them cost (cost_pence); 0 if it cost nothing.")
        return self

    def part(self) -> NewPart:
        """As the verb takes it."""
        return NewPart(
            fitted_on=self.fitted_on,
            description=self.description,
            part_number=self.part_number,
            quantity=self.quantity,
            cost_pence=self.cost_pence or 0,
            harvested_part_id=self.harvested_part_id,
        )


Parts = Annotated[list[PartBody], Field(max_length=MOST_PARTS)]


class RepairBody(Waste, Body):
    """How the repair ended; `notes` say what was done, or why it is beyond repair.

    What is beyond repair is scrapped: it wants notes, `waste_stream`, and a reference or `reference_follows`.
    """

    outcome: RepairOutcome
    notes: OptionalParagraph = ""
    parts: Parts = []
    labour_minutes: Minutes | None = None
    labour_pence: Pence | None = None

    @property
    def labour(self) -> Labour:
        """The work, as the verb takes it."""
        return Labour(self.labour_minutes, self.labour_pence)


class RepairEnded(Shape):
    """The item, as it stands now; `scrap_request`: another person must agree to its scrap."""

    barcode: str
    product_name: str
    state: State
    is_clear: bool
    next_step: Step
    scrap_request: int | None = None


class NewParts(Body):
    """Parts to record."""

    parts: Annotated[list[PartBody], Field(min_length=1, max_length=MOST_PARTS)]


class NewEstimate(Body):
    """What a repair will cost."""

    parts_pence: Pence
    labour_pence: Pence
    notes: OptionalParagraph = ""


class WhyBody(Body):
    """Why."""

    reason: Reason


class AdviceLine(Shape):
    """One line of the arithmetic: pence, or words for what is no amount or not known."""

    label: str
    pence: int | None
    words: str


class AdviceBody(Shape):
    """Repair or scrap, why, and the arithmetic."""

    advice: Advice
    why: str
    lines: list[AdviceLine]


class RepairPart(Shape):
    """A part of a repair; `withdrawn_because`: the line was wrong."""

    id: int
    part_number: str
    description: str
    quantity: int
    cost_pence: int
    fitted_on: date
    harvested_from: str | None
    recorded_by: str
    withdrawn_because: str | None
    withdrawn_by: str | None


class EstimateBody(Shape):
    """An estimate."""

    parts_pence: int
    labour_pence: int
    notes: str
    made_at: datetime
    made_by: str


class RepairShown(Shape):
    """One repair: begun by whom and why, its parts and estimates, how it ended (None: it has not)."""

    number: int
    started_at: datetime
    started_by: str
    why: str
    finished_at: datetime | None
    finished_by: str | None
    outcome: RepairOutcome | None
    notes: str
    labour_minutes: int | None
    labour_pence: int | None
    parts: list[RepairPart]
    estimates: list[EstimateBody]


class BinPart(Shape):
    """A part in the bin, and the item that it came from."""

    id: int
    part_number: str
    description: str
    condition: PartCondition
    store: str
    store_name: str
    harvested_from: str
    product_name: str
    taken_at: datetime
    taken_by: str
    on_hold: bool


class HarvestedBody(Body):
    """A part that was taken off, or several alike. `another_like_it`: one was taken before, and this is another."""

    description: Line
    condition: PartCondition
    part_number: OptionalLine = ""
    quantity: Annotated[int, Field(ge=1, le=MOST_ALIKE)] = 1
    another_like_it: bool = False

    def part(self) -> Harvested:
        """As the verb takes it."""
        return Harvested(self.description, self.condition, self.part_number, self.quantity, self.another_like_it)


class NewHarvest(Body):
    """The parts that were taken off one item."""

    parts: Annotated[list[HarvestedBody], Field(min_length=1, max_length=MOST_PARTS)]


class PartsTaken(Shape):
    """The numbers of the parts in the bin."""

    ids: list[int]


class RepairForm(WayBack):
    """That it is mended: what was done, and the work it took. Here and below in the order of the page."""

    notes: OptionalParagraph = ""
    labour_minutes: Annotated[int, Field(ge=0, le=10_000)] | None = None
    labour_pounds: Pounds | None = None


class PartForm(WayBack):
    """A part that was fitted, new or from the bin."""

    harvested_part_id: PartId | None = None
    description: OptionalLine = ""
    part_number: OptionalLine = ""
    quantity: Annotated[int, Field(ge=1, le=999)] = 1
    cost: Pounds | None = None
    fitted_on: Annotated[date, asked("Enter the day on which it was fitted.")] = needed()


class EstimateForm(WayBack):
    """What a repair will cost."""

    parts: Annotated[Pounds, asked("Enter what the parts will cost; 0 for none.")] = needed()
    labour: Annotated[Pounds, asked("Enter what the work will cost; 0 for none.")] = needed()
    notes: OptionalParagraph = ""


class WithdrawForm(Shape):
    """Why a line was wrong, or a part is thrown away."""

    reason: Annotated[Reason, asked("Say why. It stays on record.")] = needed()


class HarvestForm(Shape):
    """One part that was taken off."""

    description: Annotated[Line, asked("Say what the part is.")] = needed()
    part_number: OptionalLine = ""
    quantity: Annotated[int, Field(ge=1, le=MOST_ALIKE)] = 1
    condition: Annotated[PartCondition, asked("Choose how it is.")] = needed()
    another_like_it: bool = False
