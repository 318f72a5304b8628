"""JSON route of an item's whole-life ledger."""

from app.db import Session
from app.domain.dates import uk_date
from app.features.finance.items import queries
from app.features.finance.items.schemas import ItemLedger
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import api_router
from app.web.tags import Tag

router = api_router("finance")


@router.get("/finance/items/{barcode}")
async def get_item(session: Session, actor: Actor, now: Now, barcode: Tag) -> ItemLedger:
    """What an item cost in its whole life, whom, for how many nights, and whether to refurbish or replace it."""
    return await queries.read_ledger(session, barcode, on=uk_date(now))
