"""Pages of the parts bin: what lies in it, taking parts off a scrapped item, throwing one away."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AfterValidator

from app.db import Session
from app.domain.disposal import PartCondition
from app.domain.labels import display
from app.features.workshop.queries import get_bench_item
from app.features.workshop.repairs import parts_bin, queries
from app.features.workshop.repairs.parts_bin import Harvested
from app.features.workshop.repairs.schemas import HarvestForm, WithdrawForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, without_controls
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.tags import Tag
from app.web.templating import render

router = page_router()

HARVEST = "repairs/harvest.html"
DISCARD = "repairs/discard.html"
PARTS_ON_A_PAGE = 50
CONDITIONS = [(one.value, one.text) for one in PartCondition]

Words = Annotated[str, Query(max_length=100), AfterValidator(without_controls), AfterValidator(str.strip)]


@router.get("/parts-bin")
async def show_bin(
    request: Request, session: Session, actor: Actor, store: Words = "", q: Words = "", after: After = None
) -> HTMLResponse:
    """What lies in the parts bin of a store, or of all."""
    place = store if store in {one.code for one in actor.stores} else None
    rows = await queries.list_bin(session, store=place, q=q or None, after=number_cursor(after), limit=PARTS_ON_A_PAGE)
    page = page_of(rows, limit=PARTS_ON_A_PAGE, cursor=lambda row: row.id)
    asked = {name: value for name, value in (("store", place or ""), ("q", q)) if value}
    context = {
        "parts": page.items,
        "store": place or "",
        "stores": [(one.code, one.name) for one in actor.stores],
        "q": q,
        "following": f"/parts-bin?{urlencode(asked | {'after': page.next})}" if page.next else None,
    }
    return render(request, "repairs/bin.html", context)


@router.get("/items/{barcode}/harvest")
async def harvest_form(request: Request, session: Session, actor: Actor, tag: Tag) -> HTMLResponse:
    """Which part is taken off?"""
    context = {"item": await get_bench_item(session, tag), "conditions": CONDITIONS}
    return render(request, HARVEST, {"form": Form(), **context})


@router.post("/items/{barcode}/harvest")
async def harvest(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """A part goes into the bin."""
    form, body = await read_form(request, HarvestForm)
    context = {"item": await get_bench_item(session, tag), "conditions": CONDITIONS}
    if body is None:
        return render(request, HARVEST, {"form": form, **context}, 422)
    with or_again(HARVEST, form, **context):
        part = Harvested(body.description, body.condition, body.part_number, body.quantity, body.another_like_it)
        await parts_bin.harvest(session, tag, [part], actor=actor.username, at=now)
    many = f"{body.quantity} of “{body.description}” of {display(tag)} are in the parts bin."
    said = many if body.quantity > 1 else f"“{body.description}” of {display(tag)} is in the parts bin."
    return redirect(request, f"/items/{tag}", said)


@router.get("/parts-bin/{part_id}/discard")
async def discard_form(request: Request, session: Session, actor: Actor, part_id: Id) -> HTMLResponse:
    """Why is it thrown away?"""
    part = await queries.get_bin_part(session, part_id)
    return render(request, DISCARD, {"form": Form(), "part": part})


@router.post("/parts-bin/{part_id}/discard")
async def discard(request: Request, session: Session, actor: Actor, now: Now, part_id: Id) -> Response:
    """It is thrown away."""
    form, body = await read_form(request, WithdrawForm)
    part = await queries.get_bin_part(session, part_id)
    if body is None:
        return render(request, DISCARD, {"form": form, "part": part}, 422)
    with or_again(DISCARD, form, part=part):
        await parts_bin.discard(session, part_id, reason=body.reason, actor=actor.username, at=now)
    return redirect(request, "/parts-bin", f"“{part.description}” is thrown away.")
