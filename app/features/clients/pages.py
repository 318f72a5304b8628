"""Pages of clients: every page that shows a person's data writes down who read it."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.features.clients import queries, service
from app.features.clients.schemas import ClientForm
from app.web.auth import Actor, secret_of
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import page_of
from app.web.templating import render

CLIENTS_ON_A_PAGE = 50

router = page_router()


@router.get("/clients")
async def list_clients(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    q: Annotated[str, Query(max_length=100)] = "",
    after: After = None,
) -> HTMLResponse:
    """Clients by reference; looking for them is logged."""
    words = q.strip()
    rows = await queries.list_clients(session, q=words or None, after=after or "", limit=CLIENTS_ON_A_PAGE)
    page = page_of(rows, limit=CLIENTS_ON_A_PAGE, cursor=lambda row: row.client_ref)
    await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, found=len(page.items))
    context = {
        "clients": page.items,
        "q": words,
        "next_page_href": page.next and f"/clients?{urlencode({'q': words, 'after': page.next})}",
    }
    return render(request, "clients/list.html", context)


@router.get("/clients/new")
async def client_form(request: Request, actor: Actor) -> HTMLResponse:
    """A new client."""
    return render(request, "clients/new.html", {"form": Form()})


@router.post("/clients/new")
async def add_client(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Add them."""
    form, body = await read_form(request, ClientForm)
    if body is None:
        return render(request, "clients/new.html", {"form": form}, 422)
    with or_again("clients/new.html", form):
        await service.add_client(session, body, secret=secret_of(request), actor=actor.username, at=now)
    return redirect(request, f"/clients/{body.client_ref}", f"Client {body.client_ref} is added.")


@router.get("/clients/{client_ref}")
async def get_client(request: Request, session: Session, actor: Actor, now: Now, client_ref: str) -> HTMLResponse:
    """One client's record, less how to get in, and what they have."""
    return await _shown(request, session, actor, now, client_ref, access_secret=None)


@router.post("/clients/{client_ref}/access")
async def show_access_notes(
    request: Request, session: Session, actor: Actor, now: Now, client_ref: str
) -> HTMLResponse:
    """The same with how to get in. A POST, because a look at these is an act that is written down."""
    return await _shown(request, session, actor, now, client_ref, access_secret=secret_of(request))


async def _shown(
    request: Request, session: AsyncSession, actor: Person, now: Now, client_ref: str, *, access_secret: str | None
) -> HTMLResponse:
    client = await service.read_client(session, client_ref, access_secret=access_secret, actor=actor.username, at=now)
    equipment = await queries.list_equipment(session, client_ref, today=uk_date(now))
    return render(request, "clients/client.html", {"client": client, "equipment": equipment})
