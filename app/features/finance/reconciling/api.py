"""The JSON route of reconciliations."""

from typing import Annotated

from fastapi import Depends

from app.db import Session
from app.features.finance.asking import MonthAsked
from app.features.finance.reconciling import reading
from app.features.finance.reconciling.schemas import ReconciliationBody
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import api_router

router = api_router("finance")


@router.get("/finance/reconciliation")
async def get_reconciliation(
    session: Session, actor: Actor, now: Now, period: Annotated[MonthAsked, Depends()]
) -> ReconciliationBody:
    """Whether movements, charges, splits and sums agree to the penny: of a month, compared now.

    Without `period`: what came of it last night, of everything; `at` is empty where there was no night yet.
    """
    return await reading.read(session, period.first_day, at=now)
