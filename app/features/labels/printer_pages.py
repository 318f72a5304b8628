"""Pages on which a store keeps its label printers, and the test page to set one by."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.features.labels.answers import file_answer
from app.features.labels.choices import options, symbol_options
from app.features.labels.printers import (
    PrinterRow,
    add_printer,
    change_printer,
    get_printer,
    list_printers,
    remove_printer,
)
from app.features.labels.schemas import DEFAULT_STOCK, PrinterChangeForm, PrinterForm
from app.features.labels.service import check_carried, print_test_page
from app.features.labels.stocks import STOCKS
from app.settings import Settings
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

LIST = "labels/printers.html"
FORM = "labels/printer.html"

router = page_router()


@router.get("/printers")
async def printers(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """The printers of one's stores."""
    return render(request, LIST, {"printers": await list_printers(session, stores=actor.stores), "stocks": STOCKS})


@router.get("/printers/new")
async def printer_form(request: Request, actor: Actor) -> HTMLResponse:
    """A printer to keep."""
    return render(request, FORM, {"form": Form(), **_choices(request, actor)})


@router.post("/printers/new")
async def keep_printer(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Keep it; next is its test page."""
    form, body = await read_form(request, PrinterForm)
    context = _choices(request, actor)
    if body is None:
        return render(request, FORM, {"form": form, **context}, 422)
    with or_again(FORM, form, **context):
        check_carried(body.symbols, request.app.state.settings)
        printer_id = await add_printer(session, body, actor=actor, at=now)
    return redirect(request, f"/printers/{printer_id}", f"{body.name} is kept. Next: print its test page.")


@router.get("/printers/{printer_id}")
async def printer(request: Request, session: Session, actor: Actor, printer_id: Id) -> HTMLResponse:
    """One printer: how to set it, and what is kept of it."""
    row = await get_printer(session, printer_id, actor=actor)
    return render(request, FORM, {"form": Form(), "printer": row, **_choices(request, actor)})


@router.post("/printers/{printer_id}")
async def edit_printer(request: Request, session: Session, actor: Actor, now: Now, printer_id: Id) -> Response:
    """Change it."""
    row = await get_printer(session, printer_id, actor=actor)
    form, body = await read_form(request, PrinterChangeForm)
    context = {"printer": row, **_choices(request, actor)}
    if body is None:
        return render(request, FORM, {"form": form, **context}, 422)
    with or_again(FORM, form.against(_as_typed(row)), **context):
        check_carried(body.symbols, request.app.state.settings)
        await change_printer(session, printer_id, body, version=body.version, actor=actor, at=now)
    return redirect(request, f"/printers/{printer_id}", "The changes are kept. Print the test page again to see them.")


@router.post("/printers/{printer_id}/remove")
async def forget_printer(request: Request, session: Session, actor: Actor, now: Now, printer_id: Id) -> Response:
    """Forget it."""
    row = await remove_printer(session, printer_id, actor=actor, at=now)
    return redirect(request, "/printers", f"{row.name} is removed.")


@router.get("/printers/{printer_id}/test-page")
async def test_page(session: Session, actor: Actor, printer_id: Id) -> Response:
    """Outlines and rulers, moved as this printer's labels are."""
    row = await get_printer(session, printer_id, actor=actor)
    return file_answer(await print_test_page(row.target, name=row.name), inline=not row.kind.is_zebra)


def _as_typed(row: PrinterRow) -> dict[str, list[str]]:
    """The printer as somebody would have typed it."""
    shown: dict[str, object] = {"name": row.name, "store": row.store.code, "stock": row.choice, "symbols": row.symbols}
    shown |= {"offset_x": row.offset.x, "offset_y": row.offset.y, "version": row.version}
    return {name: [str(value)] for name, value in shown.items()}


def _choices(request: Request, actor: Actor) -> dict[str, Any]:
    settings: Settings = request.app.state.settings
    return {
        "stocks": options(settings.tag_prefix),
        "symbols": symbol_options(settings),
        "default_stock": DEFAULT_STOCK,
        "stores": [(store.code, store.name) for store in actor.stores],
    }
