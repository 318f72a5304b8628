"""JSON route, and files, of an item's whole-life ledger."""

from typing import Annotated

from fastapi import Depends, Response

from app.db import Session
from app.domain.dates import uk_date
from app.features.finance.exports.answers import REPORTS, FileAsked, answer
from app.features.finance.items import queries
from app.features.finance.items.schemas import ItemLedger
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import api_router
from app.web.tags import Tag

router = api_router("finance")


@router.get("/finance/items/{barcode}", response_model=ItemLedger, responses=REPORTS)
async def get_item(
    session: Session, actor: Actor, now: Now, barcode: Tag, wanted: Annotated[FileAsked, Depends()]
) -> ItemLedger | Response:
    """What an item cost in its whole life, whom, for how many nights, and whether to refurbish or replace it. As a
    file: its lines."""
    today = uk_date(now)
    found = await queries.read_ledger(session, barcode, on=today)
    return await answer(queries.table_of(found, on=today), wanted, found)
