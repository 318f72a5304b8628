"""JSON routes of the catalogue."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import AfterValidator

from app.db import Session
from app.domain.catalogue import as_iso_9999_group
from app.features.catalogue import queries, service
from app.features.catalogue.schemas import NewProduct, ProductBody, ProductChange
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import Page, page_of

router = api_router("catalogue")

Words = Annotated[str | None, Query(max_length=100)]


def as_group(text: str | None) -> str | None:
    """The ISO 9999 group that is asked for; nothing asks for all of them."""
    return as_iso_9999_group(text) if text else None


Group = Annotated[str | None, Query(max_length=100), AfterValidator(as_group)]


@router.get("/products")
async def list_products(
    session: Session,
    actor: Actor,
    q: Words = None,
    category: Group = None,
    specialist: bool | None = None,
    available: bool | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[ProductBody]:
    """Products by code. `specialist`: above the standard tier. `available`: at least one is on the shelf, not held."""
    rows = await queries.list_products(
        session, q=q, category=category, specialist=specialist, available=available, after=after or "", limit=limit
    )
    return page_of(rows, limit=limit, cursor=lambda row: row.code)


@router.post("/products", status_code=201)
async def add_product(session: Session, actor: Actor, now: Now, response: Response, body: NewProduct) -> ProductBody:
    """Add a catalogue line."""
    await service.add_product(session, body, actor=actor.username, at=now)
    return await _shown(session, response, body.code)


@router.get("/products/{code}")
async def get_product(session: Session, actor: Actor, response: Response, code: str) -> ProductBody:
    """One product; its ETag is wanted by PATCH."""
    return await _shown(session, response, code)


@router.patch("/products/{code}")
async def change_product(
    session: Session, actor: Actor, now: Now, response: Response, code: str, version: Version, body: ProductChange
) -> ProductBody:
    """Change what the body names; the rest stays."""
    await service.change_product(session, code, body, version=version, actor=actor.username, at=now)
    return await _shown(session, response, code)


async def _shown(session: Session, response: Response, code: str) -> ProductBody:
    product = await queries.get_product(session, code)
    response.headers["ETag"] = etag(product.version)
    return product
