"""Pages of consignments: the list, one, scanning out and in, what is missing; minimum levels and what stores lack."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.features.transfers import queries, replenishment, service
from app.features.transfers.schemas import (
    LevelBody,
    LevelForm,
    LostForm,
    NewConsignment,
    StartForm,
    WantBody,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.scan_desk import desk_of, read_scan_form
from app.web.tags import Prefix, Tag
from app.web.templating import render

ON_A_PAGE = 50
MOST_WANTED = 100
SEND, RECEIVE = "send_consignment", "receive_consignment"
DONE = {SEND: "Sent", RECEIVE: "Received"}

# Scans are known by their own ids, so `once` has nothing to add.
desk = APIRouter(include_in_schema=False)
router = page_router()


@router.get("/transfers")
async def list_consignments(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    show: Annotated[str, Query(max_length=10)] = "",
    after: After = None,
) -> HTMLResponse:
    """Consignments, newest first; `show=late`: those of which something should have arrived."""
    before = number_cursor(after) or 2**63 - 1
    late = show == "late"
    rows = await queries.list_consignments(session, today=uk_date(now), only_late=late, before=before, limit=ON_A_PAGE)
    page = page_of(rows, limit=ON_A_PAGE, cursor=lambda row: int(row.number[1:]))
    more = f"/transfers?after={page.next}{'&show=late' if late else ''}" if page.next else None
    context = {"consignments": page.items, "late": late, "next_href": more}
    return render(request, "transfers/list.html", context)


@router.get("/transfers/new")
async def start_form(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """From where, and to where?"""
    return render(request, "transfers/new.html", {"form": Form(), "stores": await _stores(session)})


@router.post("/transfers/new")
async def start(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Begin a consignment, empty."""
    form, body = await read_form(request, StartForm)
    context = {"stores": await _stores(session)}
    if body is None:
        return render(request, "transfers/new.html", {"form": form, **context}, 422)
    with or_again("transfers/new.html", form, **context):
        new = NewConsignment(from_store=body.from_store, to_store=body.to_store)
        number = await service.make_consignment(session, new, actor=actor, at=now)
    return redirect(request, f"/transfers/{number}", "The consignment has begun. Scan out what goes with it.")


@router.get("/transfers/replenish")
async def replenish(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """What each store lacks, and who can spare it."""
    return render(request, "transfers/replenish.html", {"form": Form(), **await _replenishment(session, actor, now)})


@router.post("/transfers/replenish")
async def make_list(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """A consignment with everything that one store can spare for another, as it stands now."""
    form, body = await read_form(request, StartForm)
    context = await _replenishment(session, actor, now)
    if body is None:
        return render(request, "transfers/replenish.html", {"form": form, **context}, 422)
    with or_again("transfers/replenish.html", form, **context):
        wanted = [
            WantBody(product_code=one.product_code, quantity=one.quantity)
            for one in context["suggestions"]
            if (one.from_store, one.to_store) == (body.from_store, body.to_store)
        ]
        if not wanted:
            raise BadValue("nothing-to-send", "Nothing is suggested between these two stores any more.")
        new = NewConsignment(from_store=body.from_store, to_store=body.to_store, wanted=wanted[:MOST_WANTED])
        number = await service.make_consignment(session, new, actor=actor, at=now)
    return redirect(request, f"/transfers/{number}", "The list is made. Scan out what goes with it.")


@router.get("/transfers/levels")
async def levels(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """How many of what each store should have."""
    return render(request, "transfers/levels.html", {"form": Form(), **await _levels(session, actor, now)})


@router.post("/transfers/levels")
async def set_level(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """One minimum."""
    form, body = await read_form(request, LevelForm)
    context = await _levels(session, actor, now)
    if body is None:
        return render(request, "transfers/levels.html", {"form": form, **context}, 422)
    with or_again("transfers/levels.html", form, **context):
        await replenishment.set_level(session, LevelBody(**body.model_dump()), actor=actor, at=now)
    return redirect(request, "/transfers/levels", "The minimum is set." if body.minimum else "It has no minimum now.")


@router.get("/transfers/{number}")
async def show(request: Request, session: Session, actor: Actor, now: Now, number: str) -> HTMLResponse:
    """One consignment."""
    consignment = await queries.get_consignment(session, number, today=uk_date(now))
    own = {store.code for store in actor.stores}
    context = {"consignment": consignment, "sends": consignment.from_store in own}
    return render(request, "transfers/consignment.html", context | {"receives": consignment.to_store in own})


@router.post("/transfers/{number}/cancel")
async def cancel(request: Request, session: Session, actor: Actor, now: Now, number: str) -> Response:
    """Give it up."""
    await service.cancel_consignment(session, number, actor=actor, at=now)
    return redirect(request, f"/transfers/{number}", "Cancelled. Nothing was sent with it.")


@router.get("/transfers/{number}/missing/{barcode}")
async def missing_form(
    request: Request, session: Session, actor: Actor, now: Now, number: str, tag: Tag
) -> HTMLResponse:
    """Did it really never arrive?"""
    consignment = await queries.get_row(session, number, today=uk_date(now))
    return render(request, "transfers/missing.html", {"form": Form(), "consignment": consignment, "barcode": tag})


@router.post("/transfers/{number}/missing/{barcode}")
async def declare_missing(
    request: Request, session: Session, actor: Actor, now: Now, number: str, tag: Tag
) -> Response:
    """It never arrived."""
    form, body = await read_form(request, LostForm)
    consignment = await queries.get_row(session, number, today=uk_date(now))
    context = {"consignment": consignment, "barcode": tag}
    if body is None:
        return render(request, "transfers/missing.html", {"form": form, **context}, 422)
    with or_again("transfers/missing.html", form, **context):
        await service.declare_missing(session, number, tag, reason=body.reason, actor=actor, at=now)
    return redirect(request, f"/transfers/{number}", "It is recorded as missing.")


@desk.get("/transfers/{number}/scan")
async def scan_page(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    number: str,
    mode: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """The scan page of a consignment."""
    context = await _desk(session, actor, number, mode, now)
    # The part of the page that asks again every few seconds has no use for it.
    if context["mode"] == SEND and "HX-Request" not in request.headers:
        context["known"] = await queries.list_known_here(session, number)
    return render(request, "transfers/scan.html", context)


@desk.post("/transfers/{number}/scan")
async def scan_one(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str
) -> HTMLResponse:
    """One scan from a page without its script."""
    form, body = await read_scan_form(request)
    context = await _desk(session, actor, number, form.value("mode"), now)
    if body is None:
        return render(request, "transfers/scan.html", {**context, "form": form}, 422)
    verb = service.send if context["mode"] == SEND else service.receive
    results = await verb(session, number, [body.as_scan(now)], prefix=prefix, actor=actor, at=now)
    context["consignment"] = await queries.get_row(session, number, today=uk_date(now))
    return render(request, "transfers/scan.html", {**context, "result": results, "done": DONE[context["mode"]]})


async def _stores(session: AsyncSession) -> list[tuple[str, str]]:
    rows = await session.execute(text("SELECT code, name FROM store ORDER BY code"))
    return [(row.code, row.name) for row in rows]


async def _replenishment(session: AsyncSession, actor: Person, now: Now) -> dict[str, Any]:
    stock = await replenishment.list_stock(session, today=uk_date(now))
    found = replenishment.suggestions_for(stock)
    own = {store.code for store in actor.stores}
    pairs = sorted({(one.from_store, one.to_store) for one in found if one.from_store})
    names = dict(await _stores(session))
    ways = [pair for pair in pairs if own & set(pair)]
    return {"stock": stock, "suggestions": found, "ways": ways, "names": names}


async def _levels(session: AsyncSession, actor: Person, now: Now) -> dict[str, Any]:
    rows = await session.execute(text("SELECT code, name FROM product ORDER BY code LIMIT 1000"))
    stock = await replenishment.list_stock(session, today=uk_date(now))
    return {
        "products": [(row.code, f"{row.code}: {row.name}") for row in rows],
        "stores": [(store.code, store.name) for store in actor.stores],
        "stock": [row for row in stock if row.minimum],
    }


async def _desk(session: AsyncSession, actor: Person, number: str, mode: str, at: datetime) -> dict[str, Any]:
    """What the scan page needs.

    Raises BadValue `not-your-store` for who works in neither store.
    """
    consignment = await queries.get_row(session, number, today=uk_date(at))
    own = {store.code for store in actor.stores}
    both = ((SEND, "Send", consignment.from_store), (RECEIVE, "Receive", consignment.to_store))
    modes = [(value, words) for value, words, store in both if store in own]
    if not modes:
        actor.store(consignment.to_store)
    # Who asked to scan in is not to send, so the other is then not offered.
    modes = [one for one in modes if one[0] == mode] or modes
    desk = desk_of(f"/transfers/{number}/scan", number, heading=f"Consignment {number}", modes=modes)
    return {"consignment": consignment, "at": at, "form": None, **desk}
