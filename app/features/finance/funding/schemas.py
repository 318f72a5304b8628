"""Bodies and forms of who pays: disputes, splits, funders, teams, and top-ups."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.domain.funders import FunderKind
from app.domain.funding import Journal
from app.domain.panel_meeting import Side
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Day, Line, OptionalLine, Pence, Reason
from app.web.funding import Funding
from app.web.shapes import Shape
from app.web.typed import pence_from

OrderNumber = Annotated[str, Field(min_length=1, max_length=20)]


class DisputeState(StrEnum):
    """How a dispute stands: open, open past the day by which it is to be settled, settled, or ended with its order,
    of which nothing was charged."""

    OPEN = "open"
    OVERDUE = "overdue"
    SETTLED = "settled"
    ENDED = "ended"

    @property
    def text(self) -> str:
        """The state as people read it."""
        return self.value.capitalize()


class NewDispute(Body):
    """That it is not agreed who pays for an order. `settle_by`: left out, 28 days from today."""

    order_number: OrderNumber
    reason: Reason
    settle_by: Day | None = None


class Settlement(Body):
    """Who pays from now on, and for all that was charged; and how it was agreed."""

    funding: Annotated[Funding, Field(min_length=1)]
    settlement: Reason


class Preview(Body):
    """A split to look at: nothing is written."""

    funding: Annotated[Funding, Field(min_length=1)]


class NewSplit(Body):
    """Another split for an order of which nothing is charged yet, and why."""

    funding: Annotated[Funding, Field(min_length=1)]
    reason: Reason


class DisputeRow(Shape):
    """A dispute. `days_left`: to settle it, below zero how many it is late; None once it is settled or has
    ended.
    `opened_by`: to who may not see prescribers, only that it was one. `charged_pence`: what stands charged for the
    order, net; `provisional_pence`: how much of it is in dispute: all but what the service itself bears and what a
    person adds, charged before it was opened or since."""

    id: int
    order_number: str
    order_state: str
    team: str
    reason: str
    state: DisputeState
    settle_by: date
    days_left: int | None
    opened_at: datetime
    opened_by: str
    settled_at: datetime | None
    settled_by: str | None
    settlement: str | None
    charged_pence: int
    provisional_pence: int


class OrderPayer(Shape):
    """Who pays for an order (no `funder`: the service itself), its part in percent, and what stands charged to it, net.

    `top_up_pence`: what of it is a person's top-up: theirs, and below zero by how much the others are relieved.
    """

    funder: str | None
    name: str
    percent: float
    pence: int
    top_up_pence: int


class DisputeBody(DisputeRow):
    """A dispute with who pays at present, each in percent and in pence of what is charged."""

    funding: list[OrderPayer]


class OrderFunding(Shape):
    """Who pays for an order: each in percent and in pence of what stands charged. `dispute`: the open one, if any;
    `put_aside`: in words, that it was charged in months that are put aside."""

    order_number: str
    order_state: str
    team: str
    funder: str
    funding: list[OrderPayer]
    charged_pence: int
    is_charged: bool
    put_aside: str
    dispute: int | None


class FunderMoved(Shape):
    """What a funder paid and pays then, net; `pence`: how much more, below zero what it gets back; so of the tax."""

    funder: str
    before_pence: int
    after_pence: int
    pence: int
    vat_pence: int


class JournalBody(Shape):
    """What a settlement posts: so many lines are taken back, so many come instead, and what that means for whom.

    `moved`: those who pay more or get something back; `funders`: everybody who pays for it, or did.
    """

    reversed: int
    posted: int
    moved: list[FunderMoved]
    funders: list[FunderMoved]


class FunderBody(Shape):
    """Who pays. `side`: whose money it is for a panel; `kind`: what it is in the national return."""

    code: str
    name: str
    side: Side
    kind: FunderKind
    cost_centre: str
    version: int


class NewFunder(Body):
    """A funder to add."""

    code: Code
    name: Line
    side: Side
    kind: FunderKind
    cost_centre: OptionalLine = ""


class FunderChange(Body):
    """What to change of a funder; what is not named stays. Its code never changes."""

    name: Line = "?"
    side: Side = Side.SOCIAL_CARE
    kind: FunderKind = FunderKind.OTHER
    cost_centre: OptionalLine = ""


class FunderForm(Shape):
    """A funder, on its page."""

    name: Annotated[Line, asked("Enter the name of the funder.")] = needed()
    side: Annotated[Side, asked("Choose whose money it is.")] = needed()
    kind: Annotated[FunderKind, asked("Choose what it is in the national return.")] = needed()
    cost_centre: OptionalLine = ""
    version: int = 0


class NewFunderForm(FunderForm):
    """The same of a new one."""

    code: Annotated[Code, asked("Enter a code for the funder.")] = needed()


class TeamBody(Shape):
    """A team: who pays for what it hands out over the counter (None: the service itself), and where it is booked."""

    code: str
    name: str
    funder: str | None
    cost_centre: str
    version: int


class TeamChange(Body):
    """What to change of a team; what is not named stays. `funder` null: the service itself pays."""

    funder: Code | None = None
    cost_centre: OptionalLine = ""


SERVICE_PAYS = "none"
"""In place of a funder's code, on a page: that the service itself pays is chosen, and never left out."""


class TeamForm(Shape):
    """A team's money, on its page. `funder`: its code, or SERVICE_PAYS."""

    funder: Annotated[Code, asked("Choose who pays, a funder or the service itself.")] = needed()
    cost_centre: OptionalLine = ""
    version: int = 0


class NewTopUp(Body):
    """What a person adds of their own wish to what an item of an order cost. `funder`: one of the kind `person`.

    `alternative_product_code`: what would meet the need free of charge; they add at most what this item was charged at
    above its price. `agreement`: what was agreed, in words. `confirmed_by`: the username of the prescriber who
    confirmed that the free one meets the need. `told_not_paid_back`: they were told that nothing of it is paid back
    when the item comes back, which is written beside the agreement.
    """

    order_number: OrderNumber
    barcode: Annotated[str, Field(max_length=2000)]
    funder: Code
    alternative_product_code: Code
    pence: Pence
    agreed_on: Day
    agreement: Reason
    confirmed_by: Line
    told_not_paid_back: bool = False


class ReasonBody(Body):
    """Why."""

    reason: Reason


class TopUpBody(Shape):
    """What a person added, to what, and what would have met the need free of charge."""

    id: int
    order_number: str
    barcode: str
    product_name: str
    funder: str
    pence: int
    charged_pence: int
    alternative_product_code: str
    alternative_pence: int
    agreed_on: date
    agreement: str
    confirmed_by: str
    made_at: datetime
    made_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_because: str | None


class DisputeForm(Shape):
    """Why it is not agreed who pays, and until when it is to be settled."""

    not_agreed: Annotated[Reason, asked("Say what is not agreed.")] = needed()
    settle_by: Day | None = None


class SplitForm(Shape):
    """Why another split; the shares are boxes of their own."""

    reason: Annotated[Reason, asked("Say why.")] = needed()


class SettleForm(Shape):
    """How it was agreed; the shares are boxes of their own."""

    settlement: Annotated[Reason, asked("Say how it was agreed, and by whom.")] = needed()


class TopUpForm(Shape):
    """A person's top-up, on its page."""

    barcode: Annotated[str, Field(max_length=200), asked("Enter the asset tag of the item.")] = needed()
    funder: Annotated[Code, asked("Choose whose money it is.")] = needed()
    alternative_product_code: Annotated[
        Code, asked("Enter the code of the product that meets the need free of charge.")
    ] = needed()
    amount: Annotated[int, BeforeValidator(pence_from), asked("Enter how much they add.")] = needed()
    agreed_on: Annotated[Day, asked("Enter the day on which they agreed.")] = needed()
    agreement: Annotated[Reason, asked("Say what was agreed.")] = needed()
    confirmed_by: Annotated[Line, asked("Enter who confirmed that the free one meets the need.")] = needed()
    told_not_paid_back: bool = False


def journal_body(journal: Journal) -> JournalBody:
    """A journal as it is shown."""
    funders = [
        FunderMoved(
            funder=one.funder,
            before_pence=one.before_pence,
            after_pence=one.after_pence,
            pence=one.pence,
            vat_pence=one.vat_pence,
        )
        for one in journal.changes
    ]
    moved = [one for one in funders if one.pence or one.vat_pence]
    return JournalBody(reversed=len(journal.reversed), posted=journal.posted, moved=moved, funders=funders)
