"""JSON routes that answer with labels."""

from typing import Any, Final

from fastapi import Request, Response

from app.db import Session
from app.features.labels.answers import Resolution, file_answer
from app.features.labels.schemas import DEFAULT_STOCK, LabelFormat, LabelsBody, Stock
from app.features.labels.service import MEDIA_TYPES, Target, find_stock, print_labels
from app.web.auth import Actor
from app.web.once import api_router
from app.web.tags import Tag

router = api_router("labels")

FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The labels", "content": {media_type: {} for media_type in MEDIA_TYPES.values()}}
}


@router.get("/items/{barcode}/label", response_class=Response, responses=FILES)
async def label(
    request: Request,
    session: Session,
    actor: Actor,
    tag: Tag,
    format: LabelFormat = LabelFormat.PNG,
    stock: Stock = DEFAULT_STOCK,
    dpi: Resolution = 203,
) -> Response:
    """The label of one item."""
    target = Target(find_stock(stock), format, dpi)
    return file_answer(await print_labels(session, [tag], target, settings=request.app.state.settings))


@router.post("/labels", response_class=Response, responses=FILES)
async def labels(request: Request, session: Session, actor: Actor, body: LabelsBody) -> Response:
    """Labels of many items in one file: sheets as PDF, or ZPL for a label printer."""
    target = Target(find_stock(body.stock), body.format, body.dpi)
    settings = request.app.state.settings
    return file_answer(await print_labels(session, body.barcodes, target, settings=settings, skip=body.skip))
