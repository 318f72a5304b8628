"""JSON routes of months."""

from typing import Annotated

from fastapi import Depends

from app.db import Session
from app.features.finance.asking import Month
from app.features.finance.periods import queries, service
from app.features.finance.periods.schemas import CloseBody, ClosedBody, PeriodBody
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import api_router
from app.web.paging import Page

router = api_router("finance")


@router.get("/finance/periods")
async def list_periods(session: Session, actor: Actor) -> Page[PeriodBody]:
    """Months with charges, the newest first, and how each stands."""
    return Page(items=await queries.list_periods(session), next=None)


@router.post("/finance/periods/{period}/close")
async def close(
    session: Session, actor: Actor, now: Now, period: Annotated[Month, Depends()], body: CloseBody | None = None
) -> ClosedBody:
    """Close a month that is over, for good: it takes no more lines. What comes late is posted in the next open one.

    Without `acknowledge`, what somebody should have seen is kept with who closed it. With it, the closing is refused
    (`not-acknowledged`) when there is more to see than it names.
    """
    seen = body.acknowledge if body else None
    return await service.close(session, period.first_day, seen=seen, actor=actor.username, at=now)
