"""The page of an item's whole-life ledger."""

from typing import Annotated

from fastapi import Depends, Request, Response

from app.db import Session
from app.domain.dates import uk_date
from app.features.finance.exports.answers import FileAsked, respond
from app.features.finance.items import queries
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import page_router
from app.web.tags import Tag
from app.web.templating import render

router = page_router()


@router.get("/finance/items/{barcode}")
async def item(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, wanted: Annotated[FileAsked, Depends()]
) -> Response:
    """What it cost, line by line."""
    today = uk_date(now)
    found = await queries.read_ledger(session, tag, on=today)
    if wanted.format:
        return await respond(queries.table_of(found, on=today), wanted.format, with_head=wanted.with_head)
    return render(request, "finance/item.html", {"item": found})
