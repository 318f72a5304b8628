"""Pages to print labels, and the command barcodes of the scan page."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import Cookie, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.background import BackgroundTask

from app.db import Session
from app.domain.errors import NotFound
from app.domain.printers import Symbols
from app.domain.scanning import COMMANDS
from app.features.labels import jobs
from app.features.labels.answers import Resolution, file_answer
from app.features.labels.choices import options, symbol_options, target_of
from app.features.labels.printers import PrinterRow, list_ready_printers
from app.features.labels.printing import command_svg
from app.features.labels.schemas import DEFAULT_STOCK, MOST_LABELS, LabelFormat, LabelsForm, Stock
from app.features.labels.service import Target, find_stock, mark_printed, print_labels
from app.settings import Settings
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect, set_cookie
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.scan_desk import COMMAND_OF, MODES
from app.web.tags import Tag
from app.web.templating import render

router = page_router()

TEMPLATE = "labels/labels.html"
LAST_STOCK_COOKIE = "stores_label_stock"
REMEMBERED_SECONDS = 365 * 24 * 60 * 60

Barcodes = Annotated[list[str], Query(max_length=MOST_LABELS)]
LastStock = Annotated[str, Cookie(alias=LAST_STOCK_COOKIE)]


@router.get("/items/{barcode}/label")
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
    """The label of one item, to look at or to print."""
    target = Target(find_stock(stock), format, dpi, symbols=symbols)
    settings = request.app.state.settings
    file = await print_labels(session, [tag], target, settings=settings)
    await mark_printed(session, [tag], target, settings=settings, actor=actor.username, at=now)
    return file_answer(file, inline=format is not LabelFormat.ZPL)


@router.get("/labels")
async def labels_form(
    request: Request,
    session: Session,
    actor: Actor,
    barcode: Barcodes = [],  # noqa: B006 - copied
    last_stock: LastStock = "",
) -> HTMLResponse:
    """Which items, and on what: what this browser printed on last is chosen already."""
    printers = await list_ready_printers(session, stores=actor.stores)
    context = {"form": Form(), "barcodes": "\n".join(barcode), **_choices(request, printers, last_stock)}
    return render(request, TEMPLATE, context)


@router.post("/labels")
async def labels(request: Request, session: Session, actor: Actor, now: Now, last_stock: LastStock = "") -> Response:
    """The file, or the form again with what is wrong."""
    form, body = await read_form(request, LabelsForm)
    printers = await list_ready_printers(session, stores=actor.stores)
    choices = _choices(request, printers, last_stock)
    context = {"barcodes": "\n".join(form.values("barcodes")), **choices}
    if body is None:
        return render(request, TEMPLATE, {"form": form, **context}, 422)
    stock = body.stock or choices["stock"]
    with or_again(TEMPLATE, form, **context):
        target = {_key(row): row.target for row in printers}.get(stock) or target_of(stock)
        if body.symbols is not None:
            target = replace(target, symbols=body.symbols)
        settings = request.app.state.settings
        if len(body.barcodes) > jobs.MOST_AT_ONCE:
            behind = await _make_behind(request, session, body, target, actor=actor.username, at=now)
            return _remember(request, behind, stock)
        file = await print_labels(session, body.barcodes, target, settings=settings, skip=body.skip)
        await mark_printed(session, body.barcodes, target, settings=settings, actor=actor.username, at=now)
    return _remember(request, file_answer(file), stock)


async def _make_behind(
    request: Request, session: Session, body: LabelsForm, target: Target, *, actor: str, at: datetime
) -> Response:
    """Many labels are made once the answer is sent, which leads to a page that shows how far they are."""
    settings = request.app.state.settings
    job_id, contents = await jobs.begin_with(
        session, body.barcodes, target, skip=body.skip, settings=settings, actor=actor, at=at
    )
    answer = redirect(request, f"/labels/made/{job_id}")
    sessions = request.app.state.database.sessions
    answer.background = BackgroundTask(jobs.make, sessions, job_id, contents, target, skip=body.skip)
    return answer


def _remember(request: Request, answer: Response, stock: str) -> Response:
    """What was printed on is chosen already the next time."""
    set_cookie(request, answer, LAST_STOCK_COOKIE, stock, max_age=REMEMBERED_SECONDS)
    return answer


def _key(printer: PrinterRow) -> str:
    return f"printer-{printer.id}"


def _choices(request: Request, printers: Sequence[PrinterRow], last_stock: str) -> dict[str, Any]:
    """Saved printers first, then every stock; the last one chosen, if there still is such a thing."""
    several = len({row.store.code for row in printers}) > 1
    saved = [
        (_key(row), f"{row.name}{f' ({row.store.name})' if several else ''}: {row.target.stock.name}")
        for row in printers
    ]
    settings: Settings = request.app.state.settings
    stocks = saved + options(settings.tag_prefix)
    return {
        "stocks": stocks,
        "stock": last_stock if last_stock in dict(stocks) else stocks[0][0],
        "symbols": symbol_options(settings),
    }


@router.get("/scan/commands")
async def commands(request: Request, actor: Actor) -> HTMLResponse:
    """A sheet of barcodes to hang by the scanner: each changes what the next scans do."""
    known = [(COMMAND_OF[mode.value], mode.text) for mode in MODES if mode.value in COMMAND_OF]
    return render(request, "scan/commands.html", {"commands": known})


@router.get("/scan/commands/{command}.svg")
async def command_barcode(actor: Actor, command: str) -> Response:
    """One of them as a barcode without its text, which stands beside it on the page."""
    if command not in COMMANDS:
        raise NotFound("unknown-command", "There is no command with this name.")
    return Response(command_svg(command, caption=False), media_type="image/svg+xml")
