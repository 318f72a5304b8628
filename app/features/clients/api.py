"""JSON routes of clients and their care providers."""

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import AfterValidator
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.access_notes import AccessReason
from app.domain.client_records import way_of_asking
from app.domain.dates import uk_date
from app.domain.errors import BadValue, NotAllowed
from app.features.clients import care_providers, looking, queries, service
from app.features.clients.schemas import (
    AddedClient,
    CareProviderBody,
    CareProviderChange,
    ClientBody,
    ClientChange,
    ClientLine,
    ClientSearch,
    EquipmentLine,
    NewCareProvider,
    NewClient,
)
from app.features.clients.search import cursor
from app.web.auth import Actor, secret_of
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Id, Limit, without_controls
from app.web.once import api_router
from app.web.paging import Page, page_of
from app.web.who import who_can

BY_POST = "Addresses are kept by logs. Send the words in the body of POST /api/v1/clients/search instead."

router = api_router("clients")


@router.get("/clients")
async def list_clients(
    session: Session,
    actor: Actor,
    now: Now,
    q: Annotated[str | None, Query(deprecated=True, description=f"Refused (`search-by-post`). {BY_POST}")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[ClientLine]:
    """Clients by reference; that somebody asked is logged. To look for somebody, `POST /api/v1/clients/search`."""
    if q is not None:
        raise BadValue("search-by-post", BY_POST, field="q")
    return await _found(session, actor, now, None, after=after, limit=limit)


@router.post("/clients/search")
async def search_clients(session: Session, actor: Actor, now: Now, body: ClientSearch) -> Page[ClientLine]:
    """Clients like `q`, the likeliest first; that somebody asked is logged, and how, but not the words.

    `q`: a reference in any case, an NHS number with or without blanks, a postcode or its beginning, a date of birth
    (27/3/1944, 1944-03-27), or a name, in which mistakes are forgiven. `after`: the `next` of the page before. No
    answer is kept for an Idempotency-Key, because nothing is changed.
    """
    return await _found(session, actor, now, body.q, after=body.after, limit=body.limit)


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
    access_because: Annotated[str, Query(max_length=500), AfterValidator(without_controls)] = "",
) -> ClientBody:
    """One client; the reading is logged. The ETag is wanted by PATCH.

    `access_reason`: shows the access notes to those who deliver and have an open visit to the client for that reason,
    and is logged with the look at them. `access_because`: in a sentence, why a manager looks without one.
    """
    if access_reason and not actor.may(Permission.SEE_ACCESS_NOTES):
        who = await who_can(session, Permission.SEE_ACCESS_NOTES, today=uk_date(now))
        raise NotAllowed("not-allowed", f"How to get in is shown to those who deliver, and to nobody else. {who}")
    client = await service.read_client(session, client_ref, actor=actor.username, at=now)
    response.headers["ETag"] = etag(client.version)
    if access_reason is None:
        return client
    look = looking.Look(access_reason, access_because, field="access_because")
    notes = await looking.read_access_notes(session, client, look, secret=secret_of(request), actor=actor, at=now)
    return client.model_copy(update={"access_notes": notes})


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


async def _found(
    session: AsyncSession, actor: Person, now: Now, q: str | None, *, after: str | None, limit: int
) -> Page[ClientLine]:
    rows = await queries.list_clients(session, q=q, after=after, limit=limit)
    page = page_of(rows, limit=limit, cursor=lambda row: cursor(row.rank, row.client_ref))
    facts = {"by": way_of_asking(q), "found": len(page.items)}
    await audit.record(session, "clients_listed", "clients", actor=actor.username, at=now, **facts)
    return page
