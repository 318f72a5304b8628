"""JSON routes that answer with labels."""

from typing import Any, Final

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.access import Actor as Who
from app.domain.printers import Symbols
from app.features.labels.answers import Resolution, file_answer
from app.features.labels.printers import PrinterRow, get_printer, list_ready_printers
from app.features.labels.schemas import DEFAULT_STOCK, LabelFormat, LabelsBody, PrinterBody, Stock
from app.features.labels.service import MEDIA_TYPES, Target, find_stock, mark_printed, print_labels
from app.web.auth import Actor
from app.web.clock import Now
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
    now: Now,
    tag: Tag,
    format: LabelFormat = LabelFormat.PNG,
    stock: Stock = DEFAULT_STOCK,
    dpi: Resolution = 203,
    symbols: Symbols = Symbols.CODE_128,
) -> Response:
    """The label of one item."""
    target = Target(find_stock(stock), format, dpi, symbols=symbols)
    settings = request.app.state.settings
    file = await print_labels(session, [tag], target, settings=settings)
    await mark_printed(session, [tag], target, settings=settings, actor=actor.username, at=now)
    return file_answer(file)


@router.post("/labels", response_class=Response, responses=FILES)
async def labels(request: Request, session: Session, actor: Actor, now: Now, body: LabelsBody) -> Response:
    """Labels of many items in one file: sheets as PDF, or ZPL for a label printer. `/label-jobs` makes them behind."""
    target = await target_of_body(session, body, actor)
    settings = request.app.state.settings
    file = await print_labels(session, body.barcodes, target, settings=settings, skip=body.skip)
    await mark_printed(session, body.barcodes, target, settings=settings, actor=actor.username, at=now)
    return file_answer(file)


@router.get("/printers")
async def printers(session: Session, actor: Actor) -> list[PrinterBody]:
    """The saved printers of your stores, by store and name."""
    return [_body(row) for row in await list_ready_printers(session, stores=actor.stores)]


async def target_of_body(session: AsyncSession, body: LabelsBody, actor: Who) -> Target:
    """What the body asks for; what it does not say is as its printer has it."""
    if body.printer is None:
        return Target(find_stock(body.stock), body.format, body.dpi, symbols=body.symbols)
    target = (await get_printer(session, body.printer, actor=actor)).target
    said = body.model_fields_set
    return Target(
        stock=find_stock(body.stock) if "stock" in said else target.stock,
        format=body.format if "format" in said else target.format,
        dpi=body.dpi if "dpi" in said else target.dpi,
        offset=target.offset,
        symbols=body.symbols if "symbols" in said else target.symbols,
    )


def _body(row: PrinterRow) -> PrinterBody:
    target = row.target
    return PrinterBody(
        id=row.id,
        name=row.name,
        store=row.store.code,
        stock=row.stock,
        format=target.format,
        dpi=target.dpi,
        symbols=target.symbols,
        offset_x=row.offset.x,
        offset_y=row.offset.y,
    )
