"""Bodies of panel cases: what comes in, and what is shown. Those of meetings and decisions are beside theirs."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, Strict

from app.domain.ordering import OrderDecision
from app.domain.panel import CaseState, LapseKind, Screening
from app.domain.panel_case import Option, OptionKind, read_option
from app.domain.panel_funding import Share
from app.domain.panel_review import FollowUp
from app.features.panel.attachment_schemas import AttachmentBody
from app.features.panel.came_of_it import CameOfIt
from app.features.panel.decision_schemas import AppealShown, DecisionBody, InterestBody, RecommendationBody
from app.web.fields import BIGGEST_ID, Body, Code, Line, OptionalLine, OptionalParagraph, Pence, Reason
from app.web.shapes import Shape

Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=4, allow_inf_nan=False)]
OrderNumber = Annotated[str, Field(min_length=1, max_length=20)]


class OptionBody(Body):
    """A way to meet the need, its cost, and why it will not do; only the one that is asked for has no `why_not`.

    `option`: standard_stock, recycled_special, adapt_existing, no_equipment, care_package, new_special, or other words.
    """

    option: Line
    cost_pence: Pence = 0
    why_not: OptionalParagraph = ""

    def as_option(self) -> Option:
        """The same as the rules take it."""
        kind, detail = read_option(self.option)
        return Option(kind, detail, self.cost_pence, self.why_not)


class ShareBody(Body):
    """A funder's code and its part in percent, with two decimals at most."""

    funder: Code
    percent: Percent

    def as_share(self) -> Share:
        """The same as the rules take it."""
        return Share(self.funder, self.percent)


class QuoteBody(Body):
    """What a supplier wants for it."""

    supplier: Line
    reference: OptionalLine = ""
    price_pence: Pence


Options = Annotated[list[OptionBody], Field(max_length=20)]
Shares = Annotated[list[ShareBody], Field(max_length=20)]
Quotes = Annotated[list[QuoteBody], Field(max_length=20)]
Trials = Annotated[list[Annotated[int, Strict(), Field(ge=1, le=BIGGEST_ID)]], Field(max_length=20)]
Months = Annotated[int, Strict(), Field(ge=1, le=600)]


class CaseContent(Body):
    """What a case says. `trials`: numbers of the client's trials; item and outcome are taken from them."""

    need: OptionalParagraph = ""
    outcomes: OptionalParagraph = ""
    clinical_reasoning: OptionalParagraph = ""
    risk_assessment: OptionalParagraph = ""
    risk_of_not_providing: OptionalParagraph = ""
    moving_and_handling: OptionalParagraph = ""
    consent_and_capacity: OptionalParagraph = ""
    why_not_equivalents: OptionalParagraph = ""
    size_load_and_surroundings: OptionalParagraph = ""
    lifetime_and_servicing: OptionalParagraph = ""
    lifetime_months: Months | None = None
    servicing_pence_per_year: Pence | None = None
    options: Options = []
    quotes: Quotes = []
    trials: Trials = []
    proposed_funding: Shares = []
    urgent: bool = False


class NewCase(CaseContent):
    """A case about an order that waits for a panel."""

    order_number: OrderNumber


class CaseChange(CaseContent):
    """What to change of a draft; what is not named stays. A list replaces the one before."""


class ScreenBody(Body):
    """What came of screening it; `gaps` names what is missing of one that is incomplete."""

    outcome: Screening = Screening.COMPLETE
    gaps: Annotated[list[Line], Field(max_length=30)] = []
    note: OptionalParagraph = ""


class WithdrawBody(Body):
    """Why it is not put before the panel any more."""

    reason: Reason = "Withdrawn by its prescriber."


class OptionShown(Shape):
    """A way to meet the need that was weighed. `option`: its words, where it is of no kind of ours."""

    kind: OptionKind
    option: str
    cost_pence: int
    why_not: str


class ShareShown(Shape):
    """A funder's part in percent."""

    funder: str
    name: str
    percent: float


class TrialShown(Shape):
    """A trial that the case rests on, as the loan says it."""

    loan_id: int
    barcode: str
    serial_number: str | None
    product: str
    started_on: date
    ended_on: date | None
    goals: str | None
    outcome: str | None
    notes: str | None


class LineShown(Shape):
    """A line of the order."""

    product_code: str
    product: str
    quantity: int
    kind: str
    unit_price_pence: int


class ScreeningShown(Shape):
    """What came of screening it once."""

    outcome: Screening
    gaps: list[str]
    note: str
    screened_at: datetime
    screened_by: str


class GapShown(Shape):
    """Something that a panel would ask for and the case does not say."""

    section: str
    detail: str


class CaseBody(Shape):
    """A case with everything about it. `search`: what the shelves held when it was made or submitted last; `digest`:
    the hash of what was submitted last; `decisions`: the newest first."""

    number: str
    state: CaseState
    panel: str
    panel_name: str
    urgent: bool
    order_number: str
    order_decision: OrderDecision
    client_ref: str
    client_name: str
    made_by: str
    made_by_name: str
    made_at: datetime
    submitted_at: datetime | None
    submitted_by: str | None
    withdrawn_at: datetime | None
    withdrawn_because: str | None
    meeting_id: int | None
    version: int
    need: str
    outcomes: str
    clinical_reasoning: str
    risk_assessment: str
    risk_of_not_providing: str
    moving_and_handling: str
    consent_and_capacity: str
    why_not_equivalents: str
    size_load_and_surroundings: str
    lifetime_and_servicing: str
    lifetime_months: int | None
    servicing_pence_per_year: int | None
    value_pence: int
    lines: list[LineShown]
    options: list[OptionShown]
    quotes: list[QuoteBody]
    trials: list[TrialShown]
    proposed_funding: list[ShareShown]
    attachments: list[AttachmentBody]
    search: dict[str, Any]
    gaps: list[GapShown]
    screenings: list[ScreeningShown]
    interests: list[InterestBody]
    recommendations: list[RecommendationBody]
    decisions: list[DecisionBody]
    appeals: list[AppealShown]
    came_of_it: list[CameOfIt]
    digest: str | None


class CaseRow(Shape):
    """A case in a list."""

    id: int
    number: str
    state: CaseState
    panel: str
    urgent: bool
    order_number: str
    client_ref: str
    made_by: str
    made_by_name: str
    submitted_at: datetime | None
    decision: str | None
    lapsed: LapseKind | None
    review_on: date | None
    held_on: date | None


class FollowUpRow(Shape):
    """A decided case that is still work. `due_on`: the day that was set, or since when something is out without an
    approval; `barcodes`: what is out."""

    number: str
    kind: FollowUp
    due_on: date
    barcodes: list[str]
    client_ref: str
    panel: str
