"""JSON routes of makers' other names."""

from fastapi import Response

from app.db import Session
from app.features.makers import queries, service
from app.features.makers.schemas import AddedAlias, AliasBody, NewAlias
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of

router = api_router("makers")


@router.get("/maker-aliases")
async def list_aliases(session: Session, actor: Actor, limit: Limit = 50, after: After = None) -> Page[AliasBody]:
    """Makers' other names. Names that resolve to one name are of one maker when a safety notice is matched."""
    rows = await queries.list_aliases(session, after=number_cursor(after), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/maker-aliases", status_code=201)
async def add_alias(session: Session, actor: Actor, now: Now, body: NewAlias) -> AddedAlias:
    """Record another name of a maker, for good or for what was made in some years; safety notices ask again."""
    alias_id, caught = await service.add_alias(session, body.alias(), actor=actor.username, at=now)
    count = len({one.item_id for one in caught})
    return AddedAlias(**dict(await queries.get_alias(session, alias_id)), newly_covered=count)


@router.delete("/maker-aliases/{alias_id}", status_code=204)
async def remove_alias(session: Session, actor: Actor, now: Now, alias_id: Id) -> Response:
    """Take a name away again."""
    await service.remove_alias(session, alias_id, actor=actor.username, at=now)
    return Response(status_code=204)
