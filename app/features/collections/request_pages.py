"""Pages on which a collection is asked for: from a client's equipment list, by phone, and after a death."""

from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.client_records import way_of_asking
from app.domain.dates import uk_date
from app.features.collections import find_queries, queries, service
from app.features.collections.schemas import CollectForm
from app.web.auth import Actor
from app.web.client_search import ClientSearchForm
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.tags import Prefix, sort_tags
from app.web.templating import day, render

CALLERS_SHOWN = 10
FIND_CALLER = "collections/find_caller.html"

router = page_router()

Words = Annotated[str, Query(max_length=100)]


@router.get("/collections/new")
async def find_caller_form(request: Request, actor: Actor) -> HTMLResponse:
    """Whose equipment somebody rings about: by the client, or by the label on the equipment."""
    return render(request, FIND_CALLER, {"form": Form(), "q": "", "found": []})


@router.post("/collections/new")
async def find_caller(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix) -> HTMLResponse:
    """The same with those who are found. A POST that changes nothing: the words name people."""
    form, body = await read_form(request, ClientSearchForm)
    q = body.q if body else ""
    found = await find_queries.find_callers(session, q, prefix=prefix, limit=CALLERS_SHOWN) if q else []
    if q:
        facts = {"by": way_of_asking(q), "found": len(found)}
        await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, **facts)
    context = {"form": form, "q": q, "found": found, "most": CALLERS_SHOWN}
    return render(request, FIND_CALLER, context, 200 if body else 422)


@router.get("/clients/{client_ref}/collect")
async def collect_form(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    client_ref: str,
    barcode: Words = "",
    bereavement: bool | None = None,
) -> HTMLResponse:
    """What is to be fetched from a client; `barcode` is ticked already, and after a death all of it."""
    context = await _collectable(session, client_ref, actor, now)
    bereavement = bereavement or context["has_died"]
    ticked = [loan.barcode for loan in context["loans"]] if bereavement else [barcode] if barcode else []
    form = Form({"barcodes": ticked, "is_bereavement": ["true"] if bereavement else []})
    return render(request, "collections/collect.html", {"form": form, **context})


@router.post("/clients/{client_ref}/collect")
async def collect(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, client_ref: str
) -> Response:
    """Ask for it."""
    form, body = await read_form(request, CollectForm)
    context = await _collectable(session, client_ref, actor, now)
    if not context["loans"]:
        return render(request, "collections/collect.html", {"form": Form(), **context}, 409)
    if body is None:
        return render(request, "collections/collect.html", {"form": form, **context}, 422)
    with or_again("collections/collect.html", form, **context):
        tags, errors = sort_tags(body.barcodes, prefix=prefix)
        for error in errors.values():
            raise error
        number = await service.request_collection(
            session,
            client_ref,
            list(dict.fromkeys(tags.values())),
            reason=body.reason,
            speed=body.speed,
            contact=body.contact,
            actor=actor.username,
            at=now,
        )
    said = f"Collection {number} is requested."
    if body.is_bereavement and not context["has_died"]:
        which = day(body.died_on) if body.died_on else f"{day(uk_date(now))}, the day it was told"
        said += f" The death is recorded for {which}, and what had not come yet is called off."
    return redirect(request, f"/collections/{number}", said)


async def _collectable(session: AsyncSession, client_ref: str, actor: Person, now: Now) -> dict[str, Any]:
    """The client and what can be fetched from them; the reading is logged."""
    await service.find_client(session, client_ref)
    loans = await queries.list_collectable(session, client_ref)
    await audit.record(session, "loans_listed", f"client:{client_ref}", actor=actor.username, at=now, found=len(loans))
    return {"client_ref": client_ref, "loans": loans, "has_died": await queries.has_died(session, client_ref)}
