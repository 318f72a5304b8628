"""JSON routes that answer with labels."""

from typing import Any, Final

from fastapi import Request, Response

from app.db import Session
from app.features.labels.answers import Resolution, file_answer
from app.features.labels.schemas import LabelFormat, LabelsBody
from app.features.labels.service import MEDIA_TYPES, print_labels
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
    dpi: Resolution = 203,
) -> Response:
    """The label of one item."""
    return file_answer(await print_labels(session, [tag], format, settings=request.app.state.settings, dpi=dpi))


@router.post("/labels", response_class=Response, responses=FILES)
async def labels(request: Request, session: Session, actor: Actor, body: LabelsBody) -> Response:
    """Labels of many items in one file: sheets as PDF, or ZPL for a label printer."""
    file = await print_labels(
        session,
        body.barcodes,
        body.format,
        settings=request.app.state.settings,
        stock=body.stock,
        skip=body.skip,
        dpi=body.dpi,
    )
    return file_answer(file)
