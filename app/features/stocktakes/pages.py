"""Pages of stocktakes: the list, one count, scanning into it, and finishing it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.access import Actor as Person
from app.domain.errors import BadValue
from app.domain.stocktakes import Correction
from app.features.stocktakes import finishing, queries, service
from app.features.stocktakes.schemas import NewStocktake, StartForm, StocktakeBody, StocktakeState
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.scan_desk import desk_of, read_scan_form
from app.web.tags import Prefix
from app.web.templating import render
from app.web.wording import in_words

ON_A_PAGE = 50
DECISION = "do-"

# Scans are known by their own ids, so `once` has nothing to add.
desk = APIRouter(include_in_schema=False)
router = page_router()


@router.get("/stocktakes")
async def list_stocktakes(request: Request, session: Session, actor: Actor, after: After = None) -> HTMLResponse:
    """Every count, newest first."""
    before = number_cursor(after) or 2**63 - 1
    rows = await queries.list_stocktakes(session, before=before, limit=ON_A_PAGE)
    page = page_of(rows, limit=ON_A_PAGE, cursor=lambda row: int(row.number[1:]))
    next_href = f"/stocktakes?after={page.next}" if page.next else None
    return render(request, "stocktakes/list.html", {"stocktakes": page.items, "next_href": next_href})


@router.get("/stocktakes/new")
async def start_form(
    request: Request, session: Session, actor: Actor, store: Annotated[str, Query(max_length=40)] = ""
) -> HTMLResponse:
    """What is to be counted?"""
    context = {"form": Form(), "store": store, "stores": _stores(actor)}
    return render(request, "stocktakes/new.html", context)


@router.post("/stocktakes/new")
async def start(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Begin."""
    form, body = await read_form(request, StartForm)
    context = {"stores": _stores(actor), "store": ""}
    if body is None:
        return render(request, "stocktakes/new.html", {"form": form, **context}, 422)
    with or_again("stocktakes/new.html", form, **context):
        try:
            new = NewStocktake(store=body.store, bay=body.bay or None)
        except ValidationError as invalid:
            error = invalid.errors()[0]
            raise BadValue("malformed", in_words(error), field=str(error["loc"][0])) from invalid
        number = await service.start_stocktake(session, new, actor=actor, at=now)
    return redirect(request, f"/stocktakes/{number}", "The stocktake has begun. Scan everything that is there.")


@router.get("/stocktakes/{number}")
async def show(request: Request, session: Session, actor: Actor, number: str) -> HTMLResponse:
    """One count: how far it is, and what differs."""
    count = await queries.get_stocktake(session, number)
    return render(request, "stocktakes/stocktake.html", {"count": count, "is_own": _is_own(actor, count)})


@router.post("/stocktakes/{number}/cancel")
async def cancel(request: Request, session: Session, actor: Actor, now: Now, number: str) -> Response:
    """Give it up."""
    await service.cancel_stocktake(session, number, actor=actor, at=now)
    return redirect(request, f"/stocktakes/{number}", "Cancelled. Nothing was corrected.")


@desk.get("/stocktakes/{number}/count")
async def count_page(request: Request, session: Session, actor: Actor, now: Now, number: str) -> HTMLResponse:
    """The scan page of a count."""
    return render(request, "stocktakes/count.html", await _desk(session, actor, number, now))


@desk.post("/stocktakes/{number}/count")
async def count_one(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str
) -> HTMLResponse:
    """One scan from a page without its script."""
    form, body = await read_scan_form(request)
    if body is None:
        return render(request, "stocktakes/count.html", {**await _desk(session, actor, number, now), "form": form}, 422)
    results = await service.scan_into(session, number, [body.as_scan(now)], prefix=prefix, actor=actor, at=now)
    context = await _desk(session, actor, number, now)
    return render(request, "stocktakes/count.html", {**context, "result": results, "done": "Counted"})


@router.get("/stocktakes/{number}/finish")
async def finish_form(request: Request, session: Session, actor: Actor, number: str) -> Response:
    """What is done about each difference?"""
    count = await queries.get_stocktake(session, number)
    if count.state is not StocktakeState.OPEN:
        return redirect(request, f"/stocktakes/{number}")
    return render(request, "stocktakes/finish.html", {"form": Form(), "count": count})


@router.post("/stocktakes/{number}/finish")
async def finish(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str) -> Response:
    """Correct the record, and close the count."""
    count = await queries.get_stocktake(session, number)
    form = Form({name: [str(value)] for name, value in (await request.form()).multi_items()})
    with or_again("stocktakes/finish.html", form, count=count):
        decided = {name.removeprefix(DECISION): _chosen(form, name) for name in form.names if name.startswith(DECISION)}
        done = await finishing.finish_stocktake(session, number, decided, actor=actor, at=now)
    corrected = sum(done.values()) - done[Correction.NONE]
    what = "1 item was corrected" if corrected == 1 else f"{corrected} items were corrected"
    return redirect(request, f"/stocktakes/{number}", f"The stocktake is finished. {what}.")


def _chosen(form: Form, name: str) -> Correction:
    try:
        return Correction(form.value(name))
    except ValueError:
        raise BadValue("unknown-correction", "Choose what is done about each difference.") from None


def _stores(actor: Person) -> list[tuple[str, str]]:
    return [(store.code, store.name) for store in actor.stores]


def _is_own(actor: Person, count: StocktakeBody) -> bool:
    return count.store in {store.code for store in actor.stores}


async def _desk(session: AsyncSession, actor: Person, number: str, at: datetime) -> dict[str, Any]:
    """What the scan page needs. Raises NotFound, BadValue `not-your-store`."""
    count = await queries.get_row(session, number)
    actor.store(count.store)
    path, modes = f"/stocktakes/{number}/count", [("stocktake", "Count")]
    desk = desk_of(path, number, heading=f"Stocktake {number}", modes=modes)
    return {"count": count, "at": at, "form": None, **desk}
