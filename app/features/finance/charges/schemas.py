"""Bodies and forms of charges."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.corrections import Instead
from app.domain.costs import OWN_ACCOUNT, OWN_ACCOUNT_TEXT, ChargeKind
from app.domain.panel_funding import Share
from app.domain.tariffs import variant_in_words
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Reason
from app.web.funding import Percent
from app.web.paging import Page
from app.web.shapes import Shape

DEAREST = 100_000_000
MOST_FUNDERS = 20


class FundingPart(Body):
    """A funder and its part in percent, with two decimals at most. Without a funder: the service itself."""

    funder: Code | None = None
    percent: Percent


class NewInstead(Body):
    """What is charged instead: another sum (net, below zero for a credit), other funders, or both."""

    pence: Annotated[int, Field(ge=-DEAREST, le=DEAREST)] | None = None
    funding: Annotated[list[FundingPart], Field(max_length=MOST_FUNDERS)] | None = None

    def as_rule(self) -> Instead:
        """As the rules have it."""
        if self.funding is None:
            return Instead(self.pence)
        shares = tuple(Share((one.funder or OWN_ACCOUNT).upper(), one.percent) for one in self.funding)
        return Instead(self.pence, shares)


class ReverseCharge(Body):
    """Why a charge is taken back, all lines of it; and what is charged instead, if anything is."""

    reason: Reason
    instead: NewInstead | None = None


class PriceUnpriced(Body):
    """Of which month of the books (`YYYY-MM`) the charges without a rate are priced; of all, if it is left out."""

    period: Annotated[str, Field(max_length=7)] | None = None


class LineBody(Shape):
    """A line: what one funder pays of one charge. The lines of one `posting_id` come to 100 %.

    `funder`: none, where the service itself bears it. `amount_pence`: net, below zero for a credit and for what is
    taken back. `basis`: the arithmetic in words. `reversal_of`: the line that it takes back; `reversed_by`: the line
    that takes it back; `is_provisional`: it stands, and it is not agreed now who pays for its order;
    `corrects_id`: the line that it stands in for. `prescriber`: only for those who may see it;
    to others `posted_by` says only that it was a prescriber.
    """

    id: int
    posting_id: UUID
    kind: ChargeKind
    variant: str
    period: str
    happened_on: date
    posted_at: datetime
    posted_by: str
    funder: str | None
    percent: float
    quantity: int
    amount_pence: int
    vat_pence: int
    tariff_id: int | None
    basis: str
    is_unpriced: bool
    is_issue: bool
    is_provisional: bool
    barcode: str | None
    movement_seq: int | None
    product_code: str | None
    product_name: str | None
    category: str | None
    recycled: bool | None
    store: str | None
    order_number: str | None
    collection_number: str | None
    team: str | None
    prescriber: str | None
    reason: str | None
    district: str | None
    reversal_of: int | None
    reversed_by: int | None
    corrects_id: int | None
    because: str | None

    @property
    def what(self) -> str:
        """The kind, and what it is said more closely for, in words."""
        closer = variant_in_words(self.kind, self.variant)
        return f"{self.kind.text}: {closer}" if closer else self.kind.text

    @property
    def payer(self) -> str:
        """Who pays, as people read it."""
        return self.funder or OWN_ACCOUNT_TEXT

    @property
    def is_live(self) -> bool:
        """Whether it still counts for itself: it takes nothing back, and nothing takes it back."""
        return self.reversal_of is None and self.reversed_by is None


class Totals(Shape):
    """The sums of everything that was asked for, not of one page. `issues`: those that were charged as new or as
    recycled, and stand; counted once however many funders pay, so that lines are more."""

    lines: int
    issues: int
    net_pence: int
    vat_pence: int


class ChargesPage(Page[LineBody]):
    """One page of lines, newest first, and the sums of all. `since`: the first day of them, None where every day
    counts."""

    totals: Totals
    since: date | None


class Reversed(Shape):
    """The lines that took a charge back, and those that came instead."""

    reversed: list[LineBody]
    instead: list[LineBody]


class Priced(Shape):
    """How many charges were priced, what they come to, and how many still have no rate for their day."""

    priced: int
    net_pence: int
    still_unpriced: int


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge with all its lines, what takes them back, and what came instead."""

    asked: LineBody
    lines: list[LineBody]
    reversals: list[LineBody] = field(default_factory=list)
    instead: list[LineBody] = field(default_factory=list)
    before: list[LineBody] = field(default_factory=list)
    """What it came instead of, or takes back."""

    later: list[LineBody] = field(default_factory=list)
    """Of an issue: the credits that were counted by it."""

    @property
    def can_be_reversed(self) -> bool:
        """Whether there is still something to take back."""
        return all(line.is_live for line in self.lines)


class ReverseForm(Shape):
    """A correction, on its page. `what`: whether anything is charged instead."""

    reason: Annotated[Reason, asked("Say why the charge is taken back.")] = needed()
    what: Annotated[str, asked("Choose what is charged instead."), Field(pattern="^(nothing|sum|funding|both)$")] = (
        needed()
    )
