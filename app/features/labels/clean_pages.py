"""“Clean” labels on what this browser printed on last."""

from typing import Annotated

from fastapi import Cookie, Query, Response

from app.db import Session
from app.domain.errors import BadValue
from app.features.labels.answers import file_answer
from app.features.labels.choices import options, target_of
from app.features.labels.clean import print_clean_labels
from app.features.labels.pages import LAST_STOCK_COOKIE
from app.features.labels.printers import list_ready_printers
from app.features.labels.schemas import MOST_LABELS, LabelFormat, Skip
from app.web.auth import Actor
from app.web.once import page_router
from app.web.tags import Prefix, sort_tags

router = page_router()


@router.get("/clean-labels")
async def clean_labels(
    session: Session,
    actor: Actor,
    prefix: Prefix,
    barcode: Annotated[list[str], Query(min_length=1, max_length=MOST_LABELS)],
    skip: Annotated[Skip, Query(le=200)] = 0,
    last_stock: Annotated[str, Cookie(alias=LAST_STOCK_COOKIE)] = "",
) -> Response:
    """Those of several items, in one file."""
    tags, errors = sort_tags(barcode, prefix=prefix)
    for error in errors.values():
        raise error
    printers = {f"printer-{row.id}": row.target for row in await list_ready_printers(session, stores=actor.stores)}
    try:
        target = printers.get(last_stock) or target_of(last_stock)
    except BadValue:
        target = next(iter(printers.values()), None) or target_of(options(prefix)[0][0])
    wanted = list(dict.fromkeys(tags[raw] for raw in barcode))
    file = await print_clean_labels(session, wanted, target, skip=skip)
    return file_answer(file, inline=target.format is LabelFormat.PDF)
