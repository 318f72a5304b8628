"""JSON routes of clients and their care providers."""

from typing import Annotated

from fastapi import Query, Request, Response

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.domain.client_records import way_of_asking
from app.domain.dates import uk_date
from app.domain.errors import NotAllowed
from app.features.clients import care_providers, queries, service
from app.features.clients.schemas import (
    AccessReason,
    AddedClient,
    CareProviderBody,
    CareProviderChange,
    ClientBody,
    ClientChange,
    ClientLine,
    EquipmentLine,
    NewCareProvider,
    NewClient,
)
from app.features.clients.search import cursor
from app.web.auth import Actor, secret_of
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, page_of
from app.web.who import who_can

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
    """Clients by reference, or those like `q`, the likeliest first; that somebody asked is logged, and by what.

    `q`: a reference in any case, an NHS number with or without blanks, a postcode or its beginning, a date of birth
    (27/3/1944, 1944-03-27), or a name, in which mistakes are forgiven.
    """
    rows = await queries.list_clients(session, q=q, after=after, limit=limit)
    page = page_of(rows, limit=limit, cursor=lambda row: cursor(row.rank, row.client_ref))
    facts = {"by": way_of_asking(q), "found": len(page.items)}
    await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, **facts)
    return page


@router.post("/clients", status_code=201)
async def add_client(
    request: Request, session: Session, actor: Actor, now: Now, response: Response, body: NewClient
) -> AddedClient:
    """Add a client with the least data that will do. `possible_duplicates` names who may be the same person."""
    alike = await queries.find_duplicates(
        session, name=body.name, born=body.date_of_birth, postcode=body.postcode, other_than=body.client_ref
    )
    await service.add_client(session, body, secret=secret_of(request), actor=actor.username, at=now)
    client = await service.read_client(session, body.client_ref, actor=actor.username, at=now)
    response.headers["ETag"] = etag(client.version)
    return AddedClient(**dict(client), possible_duplicates=[one.client_ref for one in alike])


@router.get("/clients/{client_ref}")
async def get_client(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    response: Response,
    client_ref: str,
    access_reason: AccessReason | None = None,
) -> ClientBody:
    """One client; the reading is logged. The ETag is wanted by PATCH.

    `access_reason`: shows the access notes to those who deliver, and is logged with the look at them.
    """
    if access_reason and not actor.may(Permission.SEE_ACCESS_NOTES):
        who = await who_can(session, Permission.SEE_ACCESS_NOTES, today=uk_date(now))
        raise NotAllowed("not-allowed", f"How to get in is shown to those who deliver, and to nobody else. {who}")
    client = await service.read_client(
        session, client_ref, secret=secret_of(request), reason=access_reason, actor=actor.username, at=now
    )
    response.headers["ETag"] = etag(client.version)
    return client


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
    client = await service.read_client(session, client_ref, actor=actor.username, at=now)
    response.headers["ETag"] = etag(client.version)
    return client


@router.get("/clients/{client_ref}/equipment")
async def equipment(session: Session, actor: Actor, now: Now, client_ref: str) -> list[EquipmentLine]:
    """What the client has now; the reading is logged. What must not be used any more comes first."""
    await service.read_client(session, client_ref, actor=actor.username, at=now)
    return await queries.list_equipment(session, client_ref, today=uk_date(now))


@router.get("/care-providers")
async def list_care_providers(session: Session, actor: Actor) -> list[CareProviderBody]:
    """All care providers, by name."""
    return list(await queries.list_care_providers(session))


@router.post("/care-providers", status_code=201)
async def add_care_provider(
    session: Session, actor: Actor, now: Now, response: Response, body: NewCareProvider
) -> CareProviderBody:
    """Add one. The ETag is wanted by PATCH."""
    provider = await care_providers.add_care_provider(session, body, actor=actor.username, at=now)
    response.headers["ETag"] = etag(care_providers.version_of(provider))
    return provider


@router.get("/care-providers/{care_provider_id}")
async def get_care_provider(
    session: Session, actor: Actor, response: Response, care_provider_id: Id
) -> CareProviderBody:
    """One care provider. The ETag is wanted by PATCH."""
    provider = await queries.get_care_provider(session, care_provider_id)
    response.headers["ETag"] = etag(care_providers.version_of(provider))
    return provider


@router.patch("/care-providers/{care_provider_id}")
async def change_care_provider(
    session: Session,
    actor: Actor,
    now: Now,
    response: Response,
    care_provider_id: Id,
    version: Version,
    body: CareProviderChange,
) -> CareProviderBody:
    """Change what the body names; the rest stays."""
    provider = await care_providers.change_care_provider(
        session, care_provider_id, body, version=version, actor=actor.username, at=now
    )
    response.headers["ETag"] = etag(care_providers.version_of(provider))
    return provider
