"""The page of an item's whole-life ledger."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.db import Session
from app.domain.dates import uk_date
from app.features.finance.items import queries
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import page_router
from app.web.tags import Tag
from app.web.templating import render

router = page_router()


@router.get("/finance/items/{barcode}")
async def item(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> HTMLResponse:
    """What it cost, line by line."""
    found = await queries.read_ledger(session, tag, on=uk_date(now))
    return render(request, "finance/item.html", {"item": found, "own": queries.OWN})
