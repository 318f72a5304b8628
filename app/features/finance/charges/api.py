"""JSON routes of charges."""

from typing import Annotated

from fastapi import Depends

from app.db import Session
from app.domain.dates import uk_date
from app.features.finance.charges import queries, service
from app.features.finance.charges.asking import Wanted
from app.features.finance.charges.schemas import ChargesPage, LineBody, Priced, PriceUnpriced, ReverseCharge, Reversed
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import number_cursor, page_of

router = api_router("finance")


@router.get("/finance/charges")
async def list_charges(
    session: Session,
    actor: Actor,
    now: Now,
    wanted: Annotated[Wanted, Depends()],
    limit: Limit = 50,
    after: After = None,
) -> ChargesPage:
    """Lines, newest first, with the sums of everything that was asked for. `from`, `to`: the days on which it happened,
    both included; `period`: the month of the books, `YYYY-MM`; `funder`: a code, or `none` for the service's own;
    `unpriced`, `provisional`, `nobodys` (what in
    open months nobody is said to pay for, and somebody should): those that still count. Where nothing says
    which days, which month, which order, item or rate, it is the last twelve months (`since`)."""
    wanted = wanted.bounded(uk_date(now))
    rows = await queries.list_lines(session, wanted, before=number_cursor(after), limit=limit, actor=actor)
    page = page_of(rows, limit=limit, cursor=lambda row: row.id)
    return ChargesPage(
        items=page.items,
        next=page.next,
        totals=await queries.add_up(session, wanted, today=uk_date(now)),
        since=wanted.since,
    )


@router.get("/finance/charges/{charge_id}")
async def get_charge(session: Session, actor: Actor, charge_id: Id) -> LineBody:
    """One line."""
    return (await queries.get_charge(session, charge_id, actor=actor)).asked


@router.post("/finance/charges/{charge_id}/reverse", status_code=201)
async def reverse_charge(session: Session, actor: Actor, now: Now, charge_id: Id, body: ReverseCharge) -> Reversed:
    """Take back the whole charge that this line is of, and charge something instead where that is said. The credit that
    was counted by an issue is taken back with it, and counted anew by what comes instead. What belongs to a month that
    is closed is posted to the first one that is open."""
    gone, coming = await service.reverse(session, charge_id, body, actor=actor.username, at=now)
    lines = await queries.list_postings(session, [*gone, *coming], actor=actor)
    return Reversed(
        reversed=[line for line in lines if line.posting_id in gone],
        instead=[line for line in lines if line.posting_id in coming],
    )


@router.post("/finance/charges/price-unpriced")
async def price_unpriced(session: Session, actor: Actor, now: Now, body: PriceUnpriced | None = None) -> Priced:
    """Price charges that had no rate by those that there are now for their day, of one month of the books or all."""
    period = body.period if body else None
    return await service.price_unpriced(session, period, actor=actor.username, at=now)
