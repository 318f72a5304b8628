"""What the benches' queues are answered with, and the form of many items at once."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.domain.hygiene import Outcome, Route
from app.domain.lifecycle import State
from app.domain.refurbishing import Advice
from app.features.workshop.cleaning import Terms
from app.features.workshop.cleaning_schemas import Details, no_dead_end
from app.features.workshop.schemas import Barcode
from app.web.asked import asked, needed
from app.web.fields import Day, OptionalLine, OptionalParagraph
from app.web.results import BlockerBody
from app.web.shapes import Shape
from app.web.waste import Waste

MOST_AT_ONCE = 200


class BenchLine(Shape):
    """One item in a bench's queue. `why`: why it stands where it does; `next_text`: what to do with it.

    `advice`: repair or scrap, on the benches where that is asked.
    """

    barcode: str
    product_name: str
    serial_number: str | None
    state: State
    store: str
    last_outcome: Outcome | None
    since: datetime
    since_days: int
    why: str
    is_waited_for: bool
    next_text: str
    held: bool
    is_inspected: bool
    blockers: list[BlockerBody] = Field(default=[])
    must_be_scrapped: bool = False
    waits_for_scrap: bool = False
    advice: Advice | None = None
    may_be_cleaned_by_order: bool = False
    route_text: str
    contractor: str
    quarantine_until: date | None
    needs_details: bool


class HourDone(Shape):
    """What was done in one hour of the day."""

    hour: int
    cleaned: int
    inspected: int
    repaired: int
    released: int
    scrapped: int

    @property
    def all(self) -> int:
        """All of it."""
        return self.cleaned + self.inspected + self.repaired + self.released + self.scrapped


class Together(StrEnum):
    """What is done with many items at once."""

    START = "start"
    PASSED = "passed"
    FAILED = "failed"
    RELEASE = "release"
    SCRAP = "scrap"

    @property
    def text(self) -> str:
        """The choice as people read it."""
        return TOGETHER_TEXT[self]


TOGETHER_TEXT: dict[Together, str] = {
    Together.START: "Start cleaning",
    Together.PASSED: "Cleaning passed",
    Together.FAILED: "Cleaning failed",
    Together.RELEASE: "Release to the shelf",
    Together.SCRAP: "Scrap what awaits scrap",
}


def tags_of(texts: object) -> object:
    """The tags in one text or in several: each line and each comma begins a new one, blanks around do not count."""
    if not isinstance(texts, list):
        return texts
    lines = (line for text in texts for line in str(text).replace(",", "\n").splitlines())
    return [line.strip() for line in lines if line.strip()]


class TogetherForm(Waste, Details):
    """Many items and what is done with all of them."""

    barcodes: Annotated[
        list[Barcode],
        Field(min_length=1, max_length=MOST_AT_ONCE),
        asked("Scan or type at least one asset tag."),
        BeforeValidator(tags_of),
    ] = needed()
    do: Annotated[Together, asked("Choose what is done with them.")] = needed()
    route: Annotated[Route | None, AfterValidator(lambda route: route and no_dead_end(route))] = None
    quarantine_until: Day | None = None
    bay: OptionalLine = ""
    notes: OptionalParagraph = ""

    @property
    def terms(self) -> Terms:
        """How cleanings are begun."""
        return Terms(self.route, self.infection_risk, self.contractor, self.quarantine_until)
