"""Pages to print labels, and the command barcodes of the scan page."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.errors import NotFound
from app.domain.scanning import COMMANDS
from app.features.labels.answers import Resolution, file_answer
from app.features.labels.printing import command_svg
from app.features.labels.schemas import MOST_LABELS, LabelFormat, LabelsForm
from app.features.labels.service import print_labels
from app.web.auth import Actor
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.scan_desk import COMMAND_OF, MODES
from app.web.tags import Tag
from app.web.templating import render

router = page_router()

FORMATS = [
    (LabelFormat.PDF.value, "Sheets of 21 (Avery L7160)", "A PDF. Print it at 100 %, not fitted to the page"),
    (LabelFormat.ZPL.value, "Label printer", "A ZPL file for a Zebra printer of 203 dots an inch"),
]
Barcodes = Annotated[list[str], Query(max_length=MOST_LABELS)]


@router.get("/items/{barcode}/label")
async def label(
    request: Request,
    session: Session,
    actor: Actor,
    tag: Tag,
    format: LabelFormat = LabelFormat.PNG,
    dpi: Resolution = 203,
) -> Response:
    """The label of one item, to look at or to print."""
    file = await print_labels(session, [tag], format, settings=request.app.state.settings, dpi=dpi)
    return file_answer(file, inline=format is not LabelFormat.ZPL)


@router.get("/labels")
async def labels_form(request: Request, actor: Actor, barcode: Barcodes = []) -> HTMLResponse:  # noqa: B006 - copied
    """Which items, and on what."""
    context = {"form": Form(), "barcodes": "\n".join(barcode), "formats": FORMATS}
    return render(request, "labels/labels.html", context)


@router.post("/labels")
async def labels(request: Request, session: Session, actor: Actor) -> Response:
    """The file, or the form again with what is wrong."""
    form, body = await read_form(request, LabelsForm)
    context = {"barcodes": "\n".join(form.values("barcodes")), "formats": FORMATS}
    if body is None:
        return render(request, "labels/labels.html", {"form": form, **context}, 422)
    with or_again("labels/labels.html", form, **context):
        file = await print_labels(
            session, body.barcodes, body.format, settings=request.app.state.settings, skip=body.skip
        )
    return file_answer(file)


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
