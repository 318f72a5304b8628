"""Bodies of months."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.domain.costs import ChargeKind
from app.domain.periods import Finding
from app.web.fields import Body
from app.web.shapes import Shape


class PeriodBody(Shape):
    """A month: `2026-03`. Sums are net of VAT, in pence; of a closed month as they were closed, with the digest."""

    period: str
    state: Literal["open", "closed"]
    lines: int
    net_pence: int
    vat_pence: int
    closed_at: datetime | None = None
    closed_by: str | None = None
    digest: str | None = None


class Part(Shape):
    """What a funder is charged for one kind of thing; no funder: the service's own."""

    funder: str | None
    kind: ChargeKind
    lines: int
    net_pence: int
    vat_pence: int


class NoticedBody(Shape):
    """What was there to be seen before the month was closed."""

    code: Finding
    count: int
    detail: str


class Whole(PeriodBody):
    """A month with its sums by funder and kind."""

    totals: list[Part]


class ClosedBody(Whole):
    """A month that was closed just now, and what was seen before."""

    noticed: list[NoticedBody]


class CloseBody(Body):
    """What was seen of the month before it is closed. Left out: all that is there, and the audit trail says so."""

    acknowledge: list[Finding] | None = Field(default=None, max_length=len(Finding))


class CloseForm(Body):
    """What the page showed before the month was closed."""

    acknowledge: list[Finding] = Field(default=[], max_length=len(Finding))
