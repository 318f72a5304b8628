"""JSON routes of clients."""

from typing import Annotated

from fastapi import Query, Request, Response

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.features.clients import queries, service
from app.features.clients.schemas import ClientBody, ClientChange, ClientLine, EquipmentLine, NewClient
from app.web.auth import Actor, secret_of
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import Page, page_of

router = api_router("clients")


@router.get("/clients")
async def list_clients(
    session: Session,
    actor: Actor,
    now: Now,
    q: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[ClientLine]:
    """Clients by reference. `q`: a reference, a name, an NHS number or a postcode."""
    rows = await queries.list_clients(session, q=q, after=after or "", limit=limit)
    await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, found=len(rows))
    return page_of(rows, limit=limit, cursor=lambda row: row.client_ref)


@router.post("/clients", status_code=201)
async def add_client(
    request: Request, session: Session, actor: Actor, now: Now, response: Response, body: NewClient
) -> ClientBody:
    """Add a client with the least data that will do."""
    await service.add_client(session, body, secret=secret_of(request), actor=actor.username, at=now)
    return await _shown(request, session, actor, now, response, body.client_ref)


@router.get("/clients/{client_ref}")
async def get_client(
    request: Request, session: Session, actor: Actor, now: Now, response: Response, client_ref: str
) -> ClientBody:
    """One client; the reading is logged. The ETag is wanted by PATCH."""
    return await _shown(request, session, actor, now, response, client_ref)


@router.patch("/clients/{client_ref}")
async def change_client(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    response: Response,
    client_ref: str,
    version: Version,
    body: ClientChange,
) -> ClientBody:
    """Change what the body names; the rest stays."""
    await service.change_client(
        session, client_ref, body, version=version, secret=secret_of(request), actor=actor.username, at=now
    )
    return await _shown(request, session, actor, now, response, client_ref)


@router.get("/clients/{client_ref}/equipment")
async def equipment(session: Session, actor: Actor, now: Now, client_ref: str) -> list[EquipmentLine]:
    """What the client has now; the reading is logged."""
    await service.read_client(session, client_ref, access_secret=None, actor=actor.username, at=now)
    return await queries.list_equipment(session, client_ref, today=uk_date(now))


async def _shown(
    request: Request, session: Session, actor: Actor, now: Now, response: Response, client_ref: str
) -> ClientBody:
    secret = secret_of(request) if actor.may(Permission.SEE_ACCESS_NOTES) else None
    client = await service.read_client(session, client_ref, access_secret=secret, actor=actor.username, at=now)
    response.headers["ETag"] = etag(client.version)
    return client
