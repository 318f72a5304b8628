"""JSON route of the “clean” label."""

from fastapi import Response

from app.db import Session
from app.features.labels.answers import Resolution, file_answer
from app.features.labels.api import FILES
from app.features.labels.clean import print_clean_labels
from app.features.labels.schemas import DEFAULT_STOCK, LabelFormat, Stock
from app.features.labels.service import Target, find_stock
from app.web.auth import Actor
from app.web.once import api_router
from app.web.tags import Tag

router = api_router("labels")


@router.get("/items/{barcode}/clean-label", response_class=Response, responses=FILES)
async def clean_label(
    session: Session,
    actor: Actor,
    tag: Tag,
    format: LabelFormat = LabelFormat.PDF,
    stock: Stock = DEFAULT_STOCK,
    dpi: Resolution = 203,
) -> Response:
    """The “clean” label of an item that passed decontamination: pdf or zpl; 409 for one that is not clean."""
    return file_answer(await print_clean_labels(session, [tag], Target(find_stock(stock), format, dpi)))
