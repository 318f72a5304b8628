"""Pages of the returns desk: the scan page, scans to reconcile, a missing item that was found."""

from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.access import Actor as Person
from app.domain.lifecycle import Move
from app.features.returns import queries
from app.features.returns.found import find_item
from app.features.returns.schemas import FoundForm, ReconcileForm
from app.features.returns.service import Scan, reconcile, scan_returns
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.scan_desk import DESK, desk_context, find_mode, read_scan_form, show_desk
from app.web.tags import Prefix, Tag
from app.web.templating import render

SCANS_ON_A_PAGE = 25

# Scans are known by their own ids, so `once` has nothing to add; and it must not be used up here, because the form of
# another feature's mode passes through on its way there.
desk = APIRouter(include_in_schema=False)
router = page_router()


@desk.get("/scan")
async def scan_page(
    request: Request, actor: Actor, mode: Annotated[str, Query(max_length=40)] = "return"
) -> HTMLResponse:
    """The scan page."""
    return show_desk(request, actor, mode=mode, store="")


@desk.post("/scan")
async def scan(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix) -> Response:
    """One scan from a page without its script: a return or a look-up; the workshop's modes are sent on to it."""
    form, body = await read_scan_form(request)
    if body is None:
        return show_desk(request, actor, mode=form.value("mode"), store=form.value("store"), form=form)
    mode = find_mode(actor, body.mode)
    if mode.path != DESK:
        return RedirectResponse(mode.path, 307)
    if mode.value == "look_up":
        one = await queries.look_up(session, body.barcode, prefix=prefix)
        done = one.state.text if one.state else mode.done
        return show_desk(request, actor, mode=mode.value, store=body.store, result=[one], done=done)
    context = desk_context(actor, mode=mode.value, store=body.store)
    with or_again("scan/scan.html", form, **context):
        store = actor.store(body.store)
    scans = [Scan(body.scan_id, body.barcode, now.astimezone(UTC))]
    results = await scan_returns(session, scans, store=store, prefix=prefix, actor=actor.username, at=now)
    return show_desk(request, actor, mode=mode.value, store=body.store, result=results, done=mode.done)


@router.get("/returns/unmatched")
async def unmatched(request: Request, session: Session, actor: Actor, after: After = None) -> HTMLResponse:
    """Scans that nobody could make sense of, oldest first."""
    return render(request, "returns/unmatched.html", {"form": Form(), **await _unmatched(session, after)})


@router.post("/returns/unmatched/{scan_number}")
async def reconcile_scan(request: Request, session: Session, actor: Actor, now: Now, scan_number: Id) -> Response:
    """What was done about one of them."""
    form, body = await read_form(request, ReconcileForm)
    context: dict[str, Any] = {"asked": scan_number, **await _unmatched(session, str(scan_number - 1))}
    if body is None:
        is_listed = any(scan.number == scan_number for scan in context["scans"])
        return render(request, "returns/unmatched.html", {"form": form if is_listed else Form(), **context}, 422)
    with or_again("returns/unmatched.html", form, **context):
        await reconcile(session, scan_number, note=body.note, actor=actor.username, at=now)
    return redirect(request, "/returns/unmatched", "Reconciled. The scan is off the list, and your note is kept.")


@router.get("/items/{barcode}/find")
async def find_form(request: Request, session: Session, actor: Actor, tag: Tag) -> HTMLResponse:
    """Where a missing item turned up."""
    return render(request, "returns/find.html", {"form": Form(), **await _missing(session, actor, tag)})


@router.post("/items/{barcode}/find")
async def find(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """It turned up."""
    form, body = await read_form(request, FoundForm)
    context = await _missing(session, actor, tag)
    if not context["may_be_found"]:
        return render(request, "returns/find.html", {"form": Form(), **context}, 409)
    if body is None:
        return render(request, "returns/find.html", {"form": form, **context}, 422)
    with or_again("returns/find.html", form, **context):
        store = actor.store(body.store)
        await find_item(session, tag, store=store, reason=body.reason, actor=actor.username, at=now)
    return redirect(request, f"/items/{tag}", "Found. It counts as returned, so it goes to decontamination next.")


async def _unmatched(session: AsyncSession, after: str | None) -> dict[str, Any]:
    rows = await queries.list_unmatched(session, after=number_cursor(after), limit=SCANS_ON_A_PAGE)
    page = page_of(rows, limit=SCANS_ON_A_PAGE, cursor=lambda row: row.number)
    return {
        "scans": page.items,
        "total": await queries.count_unmatched(session),
        "next_page_href": page.next and f"/returns/unmatched?after={page.next}",
    }


async def _missing(session: AsyncSession, actor: Person, tag: str) -> dict[str, Any]:
    item = await queries.get_item(session, tag)
    return {
        "item": item,
        "may_be_found": item.can(Move.FIND),
        "stores": [(store.code, store.name) for store in actor.stores],
    }
